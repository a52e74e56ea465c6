package translate_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

func TestDefine(t *testing.T) {
	op := define(t, definition())
	if op.System != "toys" || op.Name != "MakeToy" || op.Path != "/v1/toys" || op.Status != 201 || op.Example != toyRequest {
		t.Errorf("%+v", op)
	}
	check(t, op, op.Example)
}

// TestDefineRefuses names the operation and every mistake in it, before any request runs into one.
func TestDefineRefuses(t *testing.T) {
	type badShape struct {
		A float64 `json:"a" soap:"A"`
		B string  `soap:"B"`
	}
	type badRule struct {
		A *string `json:"a" soap:"A" validate:"omitnil,max=abc"`
	}
	_, err1 := shape.From[badShape]("")
	_, err2 := shape.From[badRule]("")
	d := definition()
	d.Name, d.Binding = "Bad", soap.Binding{Prefix: "p"}
	_, err3 := translate.Define(d)
	d = definition()
	d.Name, d.Rules = "Bad", []rules.On{
		{Rules: []rules.Rule{rules.RequireAnyOf("pin", "nowhere"), rules.NotBefore("kind/none", "name", "")}},
		{Object: "inner", Rules: []rules.Rule{rules.RequireAnyOf("four")}},
		{Object: "stray"},
	}
	_, err4 := translate.Define(d)
	d = definition()
	d.Name, d.Request = "Bad", nil
	_, err5 := translate.Define(d)
	d = definition()
	d.Name, d.Response = "Bad", nil
	_, err6 := translate.Define(d)
	type badAnswer struct {
		A *string `json:"operationId" soap:"A"`
	}
	answer, err7 := shape.From[badAnswer]("")
	d = definition()
	d.Name, d.Response = "Bad", answer
	_, err8 := translate.Define(d)
	const bad, noShape = "toys Bad: ", "needs the shapes of its request and of its response"
	for _, test := range []struct {
		err    error
		pieces []string
	}{
		{err1, []string{"badShape.A: has the type float64", "badShape.B: has no JSON name"}},
		{err2, []string{"badRule.A: has the rule max=abc", "invalid syntax"}},
		{err3, []string{bad, "a prefix and no namespace"}},
		{err4, []string{bad, `toy has no "nowhere"`, `toyKind has no "none"`, `toyInner has no "four"`, `toy has no "stray"`}},
		{err5, []string{bad, noShape}},
		{err6, []string{bad, noShape}},
		{errors.Join(err7, err8), []string{bad, "a member operationId"}},
	} {
		for _, piece := range test.pieces {
			if test.err == nil || !strings.Contains(test.err.Error(), piece) {
				t.Errorf("no %q in %v", piece, test.err)
			}
		}
	}
}

// TestRename lets an operation rename violations of every kind, and leaves the others.
func TestRename(t *testing.T) {
	d := definition()
	d.Rename = func(v translate.Violation) translate.Violation {
		if v.Code == record.Required || v.Code == record.WrongType {
			v.Code = "toys-1"
		}
		return v
	}
	for _, v := range violationsOf(t, define(t, d), `{"name": 1, "x": 1, "kind": {"code": ""}}`) {
		if (v.Code == "toys-1") != (v.Pointer != "/x") {
			t.Errorf("%+v", v)
		}
	}
}

// TestEncode passes the environment on, fills a copy, and distinguishes a mistake of ours from the caller's.
func TestEncode(t *testing.T) {
	d := definition()
	name, note := member(d.Request, "name"), member(d.Request, "note")
	d.Fill = func(r *record.Record, env translate.Env) {
		if !r.Root().Find(note).Present() {
			r.SetText(note, env.OperationID)
		}
		r.SetText(name, strings.ToUpper(r.Root().Find(name).Text()))
	}
	d.Header = func(w *soap.Writer, env translate.Env) { w.Markup("<h>"); w.Text(env.Caller.UserID); w.Markup("</h>") }
	op := define(t, d)
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, id := range []string{"1", "2"} {
		message, refusal := request.Encode(translate.Env{OperationID: id, Caller: translate.Caller{UserID: "u" + id}})
		if refusal != nil || !strings.Contains(string(message.Envelope), "<s:Header><h>u"+id+"</h></s:Header>") ||
			!strings.Contains(string(message.Envelope), "<Name>N</Name><Note>"+id+"</Note>") || message.Version != soap.V11 {
			t.Errorf("%+v %s", refusal, message.Envelope)
		}
	}
	if got := translate.Values(request); len(got) != 3 || got["/name"] != "n" {
		t.Errorf("the request has changed: %v", got)
	}
	message, refusal := request.Encode(translate.Env{OperationID: "\x00"})
	if refusal == nil || refusal.Code != translate.Internal || refusal.Outcome != soap.NotSent || refusal.Cause == nil || message.Envelope != nil {
		t.Errorf("%+v", refusal)
	}
}

// TestAtOnce is for the race detector: an operation and its requests belong to all callers. The secrets have room behind them, which no
// call may take for its own.
func TestAtOnce(t *testing.T) {
	d := definition()
	d.Secrets = append(make([]secret.Secret, 0, 8), "direct-token")
	op := define(t, d)
	shared, refusal := op.Read([]byte(with(`"pin": "0042"`)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			token := fmt.Sprintf("token-of-%d", n)
			env := translate.Env{OperationID: token, Caller: translate.Caller{OriginatingToken: secret.Secret(token)}}
			for range 25 {
				own, refusal := op.Read([]byte(with(`"note": "n"`)))
				if refusal != nil {
					t.Error(refusal)
					return
				}
				for _, request := range []translate.Request{own, shared} {
					if _, refusal := request.Encode(env); refusal != nil {
						t.Error(refusal)
					}
					_, failure := request.Decode(soap.Reply{Certain: true, Status: 500, Body: []byte(fault11("s:Client", "bad "+token+" and direct-token"))}, env)
					if failure == nil || len(failure.Violations) != 1 || failure.Violations[0].Detail != "bad *** and ***" {
						t.Errorf("%+v", failure)
					}
				}
				if _, refusal := op.Read([]byte(`{"name": 1}`)); refusal == nil || len(refusal.Violations) != 3 {
					t.Errorf("%+v", refusal)
				}
			}
		})
	}
	wait.Wait()
}

func TestError(t *testing.T) {
	cause := errors.New("the cause")
	for want, e := range map[string]*translate.Error{
		"internal":                  {Code: translate.Internal},
		"internal: what":            {Code: translate.Internal, Detail: "what"},
		"internal: the cause":       {Code: translate.Internal, Cause: cause},
		"internal: what: the cause": {Code: translate.Internal, Detail: "what", Cause: cause},
	} {
		if e.Error() != want || errors.Is(e, cause) != (e.Cause != nil) {
			t.Errorf("%s, want %s", e, want)
		}
	}
}
