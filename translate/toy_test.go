package translate_test

import (
	"testing"

	"soapbridge/tests/calls"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// toy is a request with a member of every kind.
type toy struct {
	Name    string          `json:"name" soap:"Name" validate:"required,notblank,max=200"`
	PIN     *secret.Secret  `json:"pin" soap:"PIN"`
	Note    *string         `json:"note" soap:"Note"`
	Small   *int32          `json:"small" soap:"Small"`
	Large   *int64          `json:"large" soap:"Large"`
	Flag    *bool           `json:"flag" soap:"Flag"`
	Kind    toyKind         `json:"kind" soap:"Kind"`
	Inner   *toyInner       `json:"inner" soap:"Inner"`
	Tags    []string        `json:"tags" soap:"Tag"`
	Secrets []secret.Secret `json:"secrets" soap:"Secret"`
	Numbers []int64         `json:"numbers" soap:"Number"`
	Inners  []toyInner      `json:"inners" soap:"Inners" validate:"dive"`
	Again   *toy            `json:"again" soap:"Again"`
	Last    string          `json:"last" soap:"Last" validate:"required,notblank"`
}

type toyKind struct {
	Code string  `json:"code" soap:"Code" validate:"required,notblank"`
	Text *string `json:"text" soap:"Text"`
}

type toyInner struct {
	One   string   `json:"one" soap:"One" validate:"required,notblank"`
	Two   *string  `json:"two" soap:"Two"`
	Three string   `json:"three" soap:"Three" validate:"required,notblank"`
	More  []string `json:"more" soap:"More"`
}

type toyAnswer struct {
	translate.Answer `soap:"-"`

	ID *string `json:"id,omitempty" soap:"ID"`
}

const toyRequest = `{"name": "n", "kind": {"code": "c"}, "last": "l"}`

var (
	edit, check, checkFailure          = calls.Edit, calls.Check, calls.CheckFailure
	violationsOf                       = calls.Violations
	required, wrongType, empty, nullIn = calls.Required, calls.WrongType, calls.Empty, calls.NullIn
	noName                             = required("/name").Knowing(map[string]any{"max": 200})
)

// definition describes the toy operation.
func definition() translate.Definition {
	return translate.Definition{
		Request: shapeOf[toy](), Response: shapeOf[toyAnswer](),
		System: "toys", Name: "MakeToy", Path: "/v1/toys", Status: 201, Version: soap.V11,
		Binding: soap.Binding{
			Namespace: "urn:toys", Prefix: "t", EnvelopePrefix: map[soap.Version]string{soap.V11: "s"}, Request: soap.Within("urn:toys", "MakeToy"),
			Reply: []xml.Name{{Space: "urn:toys", Local: "MakeToyResponse"}},
		},
		Example: toyRequest,
	}
}

// shapeOf makes a shape of a struct whose tags are right. Its members are in no namespace.
func shapeOf[T any]() *shape.Shape {
	s, err := shape.From[T]("")
	if err != nil {
		panic(err)
	}
	return s
}

// member finds a member of a toy, "inner/one".
func member(s *shape.Shape, path string) shape.Path {
	p, err := s.Find(path)
	if err != nil {
		panic(err)
	}
	return p
}

func define(t testing.TB, d translate.Definition) translate.Operation {
	t.Helper()
	op, err := translate.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// with adds members in front of the toy request's.
func with(members string) string { return "{" + members + ", " + toyRequest[1:] }

// accepted reads a body that must be right, and returns its values by their JSON Pointers.
func accepted(t testing.TB, op translate.Operation, body string) map[string]string {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil || request == nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	return translate.Values(request)
}

func duplicate(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.DuplicateMember, Detail: "This member appears more than once in its object."}
}

func notUnicode(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.InvalidUnicode, Detail: "The text is not valid Unicode: invalid UTF-8, or half of a surrogate pair."}
}

func notXML(pointer, character string) translate.Violation {
	return translate.Violation{
		Pointer: pointer, Code: record.CharacterNotAllowed, Detail: "The text holds " + character + ", a character that XML cannot carry.",
		Params: map[string]any{"character": character},
	}
}

// unknown is a member that the toy does not have; meant is the one that the caller may have meant.
func unknown(pointer, meant string) translate.Violation {
	v := translate.Violation{
		Pointer: pointer, Code: record.UnknownMember, Detail: "There is no such member here.",
		Params: map[string]any{"members": []string{
			"name", "pin", "note", "small", "large", "flag", "kind", "inner", "tags", "secrets", "numbers", "inners", "again", "last",
		}},
	}
	if meant != "" {
		v.Detail += " "
		v.Detail = "There is no such member here; names are compared with their letter case. Did you mean " + meant + "?"
		v.Params["didYouMean"] = meant
	}
	return v
}
