package validation

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secret is a string type of its own, as the product's secrets are.
type secret string

type inner struct {
	Name string `json:"name" validate:"required,notblank"`
}

// sample has every word of the vocabulary.
type sample struct {
	Text    string   `json:"text" validate:"required,notblank,max=3"`
	Secret  secret   `json:"secret" validate:"required,notblank,min=2"`
	Short   *string  `json:"short" validate:"omitnil,min=2,max=4"`
	One     *string  `json:"one" validate:"omitnil,min=1"`
	Integer *int64   `json:"integer" validate:"omitnil,min=-1,max=10"`
	List    *string  `json:"list" validate:"omitnil,oneof=A 'B C' D"`
	Folded  *string  `json:"folded" validate:"omitnil,oneofci=KEY SUN"`
	Date    *string  `json:"date" validate:"omitnil,date"`
	Instant *string  `json:"instant" validate:"omitnil,datetime"`
	Decimal *string  `json:"decimal" validate:"omitnil,decimal=3:1"`
	Token   *string  `json:"token" validate:"omitnil,token"`
	Inner   inner    `json:"inner"`
	Other   *inner   `json:"other"`
	Items   []inner  `json:"items" validate:"dive"`
	Loop    *sample  `json:"loop"`
	Loops   []sample `json:"loops" validate:"dive"`
}

func valid() sample {
	return sample{Text: "abc", Secret: "ab", Inner: inner{"n"}}
}

func newValidator(t testing.TB) *Validator {
	t.Helper()
	v, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVocabulary(t *testing.T) {
	v := newValidator(t)
	text := func(s string) *string { return &s }
	integer := func(n int64) *int64 { return &n }
	required := Violation{Code: Required, Detail: "This member is required and may not be empty or only white space."}
	long := func(n int) Violation {
		return Violation{Code: TooLong, Detail: "At most " + characters(n), Params: map[string]any{"max": n}}
	}
	short := func(n int) Violation {
		return Violation{Code: TooShort, Detail: "At least " + characters(n), Params: map[string]any{"min": n}}
	}
	list := Violation{Code: NotInList, Detail: "One of A, B C, D, in this letter case.", Params: map[string]any{"list": []string{"A", "B C", "D"}}}
	folded := Violation{Code: NotInList, Detail: "One of KEY, SUN, in any letter case.", Params: map[string]any{"list": []string{"KEY", "SUN"}}}
	decimal := Violation{Code: BadNumber, Detail: "A decimal number with at most 3 digits before the point and at most 1 after it.", Params: map[string]any{"integerDigits": 3, "fractionDigits": 1}}
	token := Violation{Code: TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
	for _, test := range []struct {
		name    string
		edit    func(*sample)
		pointer string // empty: nothing is wrong
		want    Violation
	}{
		{"nothing", func(*sample) {}, "", Violation{}},
		{"required, empty", func(s *sample) { s.Text = "" }, "/text", required},
		{"required, blank", func(s *sample) { s.Text = "\u3000 \n" }, "/text", required},
		{"required secret, empty", func(s *sample) { s.Secret = "" }, "/secret", required},
		{"required secret, blank", func(s *sample) { s.Secret = "  " }, "/secret", required},
		{"max, in code points", func(s *sample) { s.Text = "😀é中" }, "", Violation{}},
		{"max, one over", func(s *sample) { s.Text = "😀😀😀😀" }, "/text", long(3)},
		{"min of a secret, in code points", func(s *sample) { s.Secret = "😀" }, "/secret", short(2)},
		{"min", func(s *sample) { s.Short = text("é") }, "/short", short(2)},
		{"min of one", func(s *sample) { s.One = text("") }, "/one", short(1)},
		{"min met", func(s *sample) { s.Short = text("éé") }, "", Violation{}},
		{"min and max", func(s *sample) { s.Short = text("12345") }, "/short", long(4)},
		{"min of an integer", func(s *sample) { s.Integer = integer(-1) }, "", Violation{}},
		{"below min of an integer", func(s *sample) { s.Integer = integer(-2) }, "/integer", Violation{Code: OutOfRange, Detail: "At least -1.", Params: map[string]any{"min": -1}}},
		{"zero is there", func(s *sample) { s.Integer = integer(0) }, "", Violation{}},
		{"above max of an integer", func(s *sample) { s.Integer = integer(11) }, "/integer", Violation{Code: OutOfRange, Detail: "At most 10.", Params: map[string]any{"max": 10}}},
		{"oneof", func(s *sample) { s.List = text("B C") }, "", Violation{}},
		{"oneof, half a phrase", func(s *sample) { s.List = text("B") }, "/list", list},
		{"oneof, letter case", func(s *sample) { s.List = text("a") }, "/list", list},
		{"oneof, empty", func(s *sample) { s.List = text("") }, "/list", list},
		{"oneofci", func(s *sample) { s.Folded = text("kEy") }, "", Violation{}},
		{"oneofci, a sign that folds to K", func(s *sample) { s.Folded = text("\u212aey") }, "/folded", folded},
		{"oneofci, a letter that folds to s", func(s *sample) { s.Folded = text("\u017fun") }, "/folded", folded},
		{"oneofci, empty", func(s *sample) { s.Folded = text("") }, "/folded", folded},
		{"date", func(s *sample) { s.Date = text("2024-02-30") }, "/date", Violation{Code: BadDate, Detail: "A day that exists, as YYYY-MM-DD."}},
		{"date, empty", func(s *sample) { s.Date = text("") }, "/date", Violation{Code: BadDate, Detail: "A day that exists, as YYYY-MM-DD."}},
		{"datetime", func(s *sample) { s.Instant = text("2024-02-29T00:00:00") }, "/instant", Violation{
			Code:   BadDateTime,
			Detail: "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00).",
		}},
		{"decimal", func(s *sample) { s.Decimal = text("-999.9") }, "", Violation{}},
		{"decimal, too large", func(s *sample) { s.Decimal = text("1000") }, "/decimal", decimal},
		{"token", func(s *sample) { s.Token = text("x") }, "", Violation{}},
		{"token, empty", func(s *sample) { s.Token = text("") }, "/token", token},
		{"token, blank", func(s *sample) { s.Token = text("\t") }, "/token", token},
		{"inside an object", func(s *sample) { s.Inner.Name = "" }, "/inner/name", required},
		{"inside an object that is there", func(s *sample) { s.Other = &inner{} }, "/other/name", required},
		{"inside an array", func(s *sample) { s.Items = []inner{{"n"}, {" "}} }, "/items/1/name", required},
		{"deep inside", func(s *sample) {
			s.Loop = new(valid())
			s.Loop.Loops = []sample{valid(), valid()}
			s.Loop.Loops[1].Items = []inner{{}}
		}, "/loop/loops/1/items/0/name", required},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, r := valid(), &Report{}
			test.edit(&s)
			if err := v.Check(&s, r); err != nil {
				t.Fatal(err)
			}
			var want []Violation
			if test.pointer != "" {
				test.want.Pointer = test.pointer
				want = append(want, test.want)
			}
			if diff := cmp.Diff(want, r.Violations); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEveryWordIsTested fails for a word of the vocabulary that no rule of the sample uses.
func TestEveryWordIsTested(t *testing.T) {
	used := map[string]bool{}
	for _, tag := range tagsOf(reflect.TypeFor[sample](), map[reflect.Type]bool{}) {
		used[tag.Word] = true
	}
	for word := range vocabulary {
		if !used[word] {
			t.Errorf("%s is not tested", word)
		}
	}
}

// TestSelfTest finds mistakes in tags that a request would run into, wherever they hide.
func TestSelfTest(t *testing.T) {
	v := newValidator(t)
	if err := v.SelfTest(&sample{}); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		name, problem string
		request       any
	}{
		{"a word of the library's", `"email" is not in the vocabulary`, &struct {
			A string `json:"a" validate:"email"`
		}{}},
		{"a word of the library's, deep inside", `"omitempty" is not in the vocabulary`, &struct {
			A []struct {
				B *struct {
					C *string `json:"c" validate:"omitempty,date"`
				} `json:"b"`
			} `json:"a" validate:"dive"`
		}{}},
		{"no word", `"dat" is not in the vocabulary`, &struct {
			A string `json:"a" validate:"required,dat"`
		}{}},
		{"a limit that is no number, behind required", "abc", &struct {
			A string `json:"a" validate:"required,max=abc"`
		}{}},
		{"a limit that is no number, of an optional member", "abc", &struct {
			A *string `json:"a" validate:"omitnil,max=abc"`
		}{}},
		{"a limit that is no number, in an array", "abc", &struct {
			A []struct {
				B *int64 `json:"b" validate:"omitnil,min=abc"`
			} `json:"a" validate:"dive"`
		}{}},
		{"digits that are none", "decimal=x", &struct {
			A *string `json:"a" validate:"omitnil,decimal=x"`
		}{}},
		{"a rule of texts on a boolean", "Bad field type", &struct {
			A *bool `json:"a" validate:"omitnil,max=3"`
		}{}},
	} {
		if err := v.SelfTest(test.request); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if err := v.Check(nil, &Report{}); err == nil {
		t.Error("nothing is a request")
	}
}
