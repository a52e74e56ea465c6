package translate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
)

// toyQuery is a flat request.
type toyQuery struct {
	Name  string   `json:"name" soap:"Name" validate:"required,notblank,max=5"`
	Note  *string  `json:"note" soap:"Note"`
	Count *int64   `json:"count" soap:"Count"`
	Flag  *bool    `json:"flag" soap:"Flag"`
	Tags  []string `json:"tags" soap:"Tag"`
	Sizes []int64  `json:"sizes" soap:"Size"`
}

type optionalQuery struct {
	Name *string `json:"name" soap:"Name"`
}

// finding is the definition of a read by GET.
func finding() translate.Definition {
	d := definition()
	d.Request, d.Name, d.Method, d.Path, d.Status = shapeOf[toyQuery](), "FindToys", translate.GET, "/v1/toys/{name}", translate.StatusOK
	d.ReadOnly, d.Cache = true, time.Minute
	return d
}

// parametersOf reads "name=value" texts.
func parametersOf(texts ...string) (list []translate.Parameter) {
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		list = append(list, translate.Parameter{Name: name, Value: value})
	}
	return list
}

func TestReadParameters(t *testing.T) {
	op := define(t, finding())
	request, refusal := op.ReadParameters(parametersOf("name=true", "tags=a", "count=-0", "flag=false", "tags=b&c", "sizes=7", "note="))
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := map[string]string{"/name": "true", "/tags/0": "a", "/tags/1": "b&c", "/count": "0", "/flag": "false", "/sizes/0": "7", "/note": ""}
	if got := translate.Values(request); !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	d := finding()
	d.Request, d.Path = shapeOf[optionalQuery](), "/v1/toys"
	op = define(t, d)
	if request, refusal := op.ReadParameters(nil); refusal != nil || len(translate.Values(request)) > 0 {
		t.Errorf("without parameters: %v", refusal)
	}
}

// TestParametersAreJudgedAsABody compares with the body that they stand for.
func TestParametersAreJudgedAsABody(t *testing.T) {
	op := define(t, finding())
	for _, c := range []struct {
		parameters []string
		body       string
		want       []record.Code
	}{
		{nil, "", []record.Code{record.Required}},
		{[]string{"name="}, `{"name": ""}`, []record.Code{record.Required}},
		{[]string{"name=abcdef", "count=x"}, `{"name": "abcdef", "count": "x"}`, []record.Code{record.TooLong, record.WrongType}},
		{[]string{"name=a", "count=1.5", "sizes= 1"}, `{"name": "a", "count": 1.5, "sizes": [" 1"]}`, []record.Code{record.BadNumber, record.WrongType}},
		{[]string{"name=a", "count=", "flag=True"}, `{"name": "a", "count": "", "flag": "True"}`, []record.Code{record.WrongType, record.WrongType}},
		{[]string{"name=a", "name=b", "name=c"}, `{"name": "a", "name": "b", "name": "c"}`, []record.Code{record.DuplicateMember}},
		{[]string{"Name=a", "name=b", `"=c`}, `{"Name": "a", "name": "b", "\"": "c"}`, []record.Code{record.UnknownMember, record.UnknownMember}},
		{[]string{"name=\xff", "note=\x00"}, `{"name": "\ud800", "note": "\u0000"}`, []record.Code{record.InvalidUnicode, record.CharacterNotAllowed}},
	} {
		_, refusal := op.ReadParameters(parametersOf(c.parameters...))
		if refusal == nil {
			t.Errorf("%q is accepted", c.parameters)
			continue
		}
		var codes []record.Code
		for _, v := range refusal.Violations {
			codes = append(codes, v.Code)
		}
		if !slices.Equal(codes, c.want) {
			t.Errorf("%q: %v", c.parameters, codes)
		}
		if c.body == "" {
			continue
		}
		if _, same := op.Read([]byte(c.body)); !cmp.Equal(refusal, same) {
			t.Errorf("%q: %s", c.parameters, cmp.Diff(same, refusal))
		}
	}
}

func TestDefineRefusesRoutes(t *testing.T) {
	for want, change := range map[string]func(*translate.Definition){
		"neither GET nor POST": func(d *translate.Definition) { d.Method = "PUT" },
		"a write is a POST":    func(d *translate.Definition) { d.ReadOnly, d.Cache = false, 0 },
		"answered with 200":    func(d *translate.Definition) { d.Status = translate.StatusCreated },
		"neither targets":      func(d *translate.Definition) { d.Invalidates = []string{"FindToys"} },
		"only the answers to a read are kept": func(d *translate.Definition) {
			d.ReadOnly, d.Shared = false, true
		},
		"for a second at least":       func(d *translate.Definition) { d.Cache = time.Millisecond },
		"path of a POST":              func(d *translate.Definition) { d.Method = translate.POST },
		`parameter "tags" of the pat`: func(d *translate.Definition) { d.Path = "/v1/toys/{tags}" },
		`parameter "none" of the pat`: func(d *translate.Definition) { d.Path = "/v1/toys/{none}" },
		"has a meaning in routes":     func(d *translate.Definition) { d.Path = "/v1/toys/:name" },
		"its request has: again, inner, inners, kind, pin, secrets": func(d *translate.Definition) {
			d.Request = shapeOf[toy]()
		},
		"its request has: soap": func(d *translate.Definition) {
			d.Request = shapeOf[struct {
				Name *string        `json:"name" soap:"Name"`
				SOAP *secret.Secret `json:"soap" soap:"SOAP"`
			}]()
		},
	} {
		d := finding()
		change(&d)
		if _, err := translate.Define(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
