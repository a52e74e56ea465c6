package soap_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// answer is what the tests' operation answers.
type answer struct {
	ID    *string      `json:"id" soap:"ID"`
	Plain string       `json:"plain" soap:"Plain"`
	Token *soap.Secret `json:"token" soap:"Token"`
	Codes []string     `json:"codes" soap:"Code"`
	Item  *item        `json:"item" soap:"Item"`
	Fixed item         `json:"fixed" soap:"Fixed"`
	Items []item       `json:"items" soap:"ItemList"`
}

type item struct {
	Name *string `json:"name" soap:"Name"`
	Sub  *item   `json:"sub" soap:"Sub"`
}

// replies is how the tests' operation answers: members in no namespace, inside a wrapper inside the reply element.
var replies = soap.Binding{Namespace: "urn:n", Request: []string{"Op"}, Reply: []xml.Name{{Space: "urn:n", Local: "OpResponse"}, {Space: "urn:n", Local: "OpResult"}}}

func decoder(t testing.TB, b soap.Binding) *soap.Decoder {
	t.Helper()
	d, err := soap.NewDecoder(b, compile[answer](t), xml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// in11 puts the children of a body into an envelope of SOAP 1.1; in12 into one of SOAP 1.2.
func in11(body string) string {
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + body + `</s:Body></s:Envelope>`
}

func in12(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + body + `</s:Body></s:Envelope>`
}

// result puts members into the reply element.
func result(members string) string {
	return in11(`<OpResponse xmlns="urn:n"><OpResult>` + members + `</OpResult></OpResponse>`)
}

func decode(t testing.TB, d *soap.Decoder, doc string) (answer, soap.Decoded, error) {
	t.Helper()
	var a answer
	decoded, err := d.Decode(soap.V11, soap.Reply{Certain: true, Status: 200, Body: []byte(doc)}, &a)
	return a, decoded, err
}

// TestDecodeMembers reads what is there, in no namespace, in any order; all of it is optional.
func TestDecodeMembers(t *testing.T) {
	d := decoder(t, replies)
	for _, test := range []struct {
		name, members string
		want          answer
		ignored       int
	}{
		{"nothing", "", answer{}, 0},
		{"a text", `<ID xmlns="">x</ID>`, answer{ID: new("x")}, 0},
		{"an empty text", `<ID xmlns=""/><Plain xmlns=""></Plain>`, answer{ID: new("")}, 0},
		{"white space", "<ID xmlns=\"\"> \n x\t</ID>", answer{ID: new(" \n x\t")}, 0},
		{"another order", `<Plain xmlns="">p</Plain><Token xmlns="">t</Token><ID xmlns="">x</ID>`, answer{ID: new("x"), Plain: "p", Token: new(soap.Secret("t"))}, 0},
		{"references and sections", `<ID xmlns="">a&amp;b<![CDATA[<c>]]>&#x64;<!-- no -->e</ID>`, answer{ID: new("a&b<c>de")}, 0},
		{"a row", `<Code xmlns="">1</Code><ID xmlns="">x</ID><Code xmlns=""/><Code xmlns="">3</Code>`, answer{ID: new("x"), Codes: []string{"1", "", "3"}}, 0},
		{"objects", `<Item xmlns=""><Name>a</Name><Sub><Name>b</Name></Sub></Item><Fixed xmlns=""><Name>c</Name></Fixed>`, answer{Item: &item{Name: new("a"), Sub: &item{Name: new("b")}}, Fixed: item{Name: new("c")}}, 0},
		{"objects in a row", `<ItemList xmlns=""/><ItemList xmlns=""><Name>b</Name></ItemList>`, answer{Items: []item{{}, {Name: new("b")}}}, 0},
		{"text between", `a<ID xmlns="">x</ID>b`, answer{ID: new("x")}, 0},
		{"nil", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">x</ID><Item xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"><Name>a</Name></Item>`, answer{}, 0},
		{"nil in a row", `<Code xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><Code xmlns="">2</Code>`, answer{Codes: []string{"2"}}, 0},
		{"not nil", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="false">x</ID><Plain xmlns="" nil="true">p</Plain>`, answer{ID: new("x"), Plain: "p"}, 0},
		{"attributes", `<ID xmlns="" a="b" xmlns:x="urn:x" x:c="d">x</ID>`, answer{ID: new("x")}, 0},
		{"strangers", `<New xmlns=""><ID>y</ID></New><ID xmlns="">x</ID><New xmlns=""/>`, answer{ID: new("x")}, 2},
		{"strangers inside", `<Item xmlns=""><Name>a</Name><New/></Item>`, answer{Item: &item{Name: new("a")}}, 1},
		{"the wrong namespace", `<ID>x</ID><Item xmlns=""><Name xmlns="urn:n">a</Name></Item>`, answer{Item: &item{}}, 2},
		{"another letter case", `<id xmlns="">x</id>`, answer{}, 1},
	} {
		got, decoded, err := decode(t, d, result(test.members))
		if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b soap.Secret) bool { return string(a) == string(b) })); err != nil || diff != "" || decoded.Ignored != test.ignored {
			t.Errorf("%s: %v, %d ignored, %s", test.name, err, decoded.Ignored, diff)
		}
	}
	for _, test := range []struct{ name, members string }{
		{"a text twice", `<ID xmlns="">x</ID><ID xmlns="">x</ID>`},
		{"a nil and a text", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><ID xmlns="">x</ID>`},
		{"an object twice", `<Item xmlns=""/><Item xmlns=""/>`},
		{"an element in a text", `<ID xmlns="">x<y/></ID>`},
		{"an element in a text of a row", `<Code xmlns=""><y/></Code>`},
	} {
		if got, _, err := decode(t, d, result(test.members)); err == nil {
			t.Errorf("%s: %+v", test.name, got)
		} else if errors.Is(err, soap.ErrNoEnvelope) {
			t.Errorf("%s: the vendor's service wrote it: %v", test.name, err)
		}
	}
}

// TestDecodeNamespaces reads members and wrappers where the binding has them.
func TestDecodeNamespaces(t *testing.T) {
	qualified, local := replies, replies
	qualified.Qualified = true
	local.ReplyByLocalName = true
	for _, test := range []struct {
		name, body string
		binding    soap.Binding
		id         string // empty: not found; "-": an error
	}{
		{"qualified members", `<OpResponse xmlns="urn:n"><OpResult><ID>x</ID></OpResult></OpResponse>`, qualified, "x"},
		{"unqualified members where they should be qualified", `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x</ID></OpResult></OpResponse>`, qualified, ""},
		{"by local name, qualified", `<OpResponse xmlns="urn:n"><OpResult><ID>x</ID></OpResult></OpResponse>`, local, "x"},
		{"by local name, unqualified", `<OpResponse><OpResult><ID>x</ID></OpResult></OpResponse>`, local, "x"},
		{"by local name, mixed", `<a:OpResponse xmlns:a="urn:a"><b:OpResult xmlns:b="urn:b"><c:ID xmlns:c="urn:c">x</c:ID></b:OpResult></a:OpResponse>`, local, "x"},
		{"another reply element", `<OtherResponse xmlns="urn:n"/>`, replies, "-"},
		{"the reply element in no namespace", `<OpResponse><OpResult/></OpResponse>`, replies, "-"},
		{"the reply element in another namespace", `<OpResponse xmlns="urn:m"/>`, replies, "-"},
		{"another reply element by local name", `<OtherResponse xmlns="urn:n"/>`, local, "-"},
		{"no inner wrapper", `<OpResponse xmlns="urn:n"/>`, replies, ""},
		{"the inner wrapper in no namespace", `<OpResponse xmlns="urn:n"><OpResult xmlns=""><ID>x</ID></OpResult></OpResponse>`, replies, ""},
		{"something before the inner wrapper", `<OpResponse xmlns="urn:n">text<Other/><OpResult><ID xmlns="">x</ID></OpResult></OpResponse>`, replies, "x"},
		{"two inner wrappers", `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x</ID></OpResult><OpResult/></OpResponse>`, replies, "-"},
	} {
		got, _, err := decode(t, decoder(t, test.binding), in11(test.body))
		switch {
		case test.id == "-" && (err == nil || errors.Is(err, soap.ErrNoEnvelope)):
			t.Errorf("%s: %+v %v", test.name, got, err)
		case test.id != "-" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.id != "-" && (got.ID == nil) != (test.id == ""), got.ID != nil && test.id != "-" && *got.ID != test.id:
			t.Errorf("%s: %+v", test.name, got)
		}
	}
}

func TestNewDecoderRefuses(t *testing.T) {
	if _, err := soap.NewDecoder(soap.Binding{}, compile[answer](t), xml.Limits{}); err == nil || !strings.Contains(err.Error(), "reply element") {
		t.Error(err)
	}
	type counted struct {
		N *int32 `json:"n" soap:"N"`
	}
	type outer struct {
		Inner []counted `json:"inner" soap:"Inner"`
	}
	if _, err := soap.NewDecoder(replies, compile[outer](t), xml.Limits{}); err == nil || !strings.Contains(err.Error(), "the member n of a reply is not text") {
		t.Error(err)
	}
}
