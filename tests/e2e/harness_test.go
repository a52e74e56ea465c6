package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The checks that every test uses are tested themselves: one that could not fail would prove nothing.

func TestWrongProblemsAreFound(t *testing.T) {
	pointer := "/a"
	good := func() answer {
		return answer{
			status: http.StatusUnprocessableEntity, header: header("X-Request-Id", "r", "Operation-Id", "o"),
			problem: &problem{
				Type: "/problems/x", Code: "x", Title: "T", Detail: "D", Status: http.StatusUnprocessableEntity, RequestID: "r", OperationID: "o",
				Outcome: "not_sent", Retry: "after_fix", Errors: []violation{{Pointer: &pointer, Code: "c", Detail: "d", Source: "request"}},
			},
		}
	}
	if wrong := good().wrongs(); wrong != nil {
		t.Fatalf("a good problem: %q", wrong)
	}
	for name, spoil := range map[string]func(*answer){
		"another status":            func(a *answer) { a.problem.Status = 400 },
		"another type":              func(a *answer) { a.problem.Type = "/problems/y" },
		"no title":                  func(a *answer) { a.problem.Title = "" },
		"another request":           func(a *answer) { a.problem.RequestID = "s" },
		"another operation":         func(a *answer) { a.header.Del("Operation-Id") },
		"no outcome":                func(a *answer) { a.problem.Outcome = "" },
		"no advice":                 func(a *answer) { a.problem.Retry = "maybe" },
		"later without a time":      func(a *answer) { a.problem.Retry = "later" },
		"a time without later":      func(a *answer) { a.header.Set("Retry-After", "1") },
		"repeat the unknown":        func(a *answer) { a.problem.Outcome = "unknown" },
		"an operation too early":    func(a *answer) { a.problem.Type, a.problem.Code = "/problems/validation-failed", "validation-failed" },
		"an error without a place":  func(a *answer) { a.problem.Errors[0].Pointer = nil },
		"an error with two places":  func(a *answer) { a.problem.Errors[0].Header = "X" },
		"an error without a code":   func(a *answer) { a.problem.Errors[0].Code = "" },
		"a source of another":       func(a *answer) { a.problem.Errors[0].Source = "soap-fault" },
		"a detail in several lines": func(a *answer) { a.problem.Errors[0].Detail = "a\nb" },
		"a vendor who says too much": func(a *answer) {
			a.problem.Outcome, a.problem.Errors[0].Source, a.problem.Errors[0].Detail = "rejected", "soap-fault", strings.Repeat("x", 201)
		},
	} {
		a := good()
		spoil(&a)
		if len(a.wrongs()) == 0 {
			t.Errorf("%s is not noticed", name)
		}
	}
}

func TestThePlantedSecretsStandInTheRequests(t *testing.T) {
	var all strings.Builder
	for _, op := range operations() {
		all.WriteString(ask(op, "r", "").body)
	}
	for _, secret := range []string{secretPIN, secretAccessCode, secretSSN, secretLicence, secretPassword, secretIdentifier} {
		if !strings.Contains(all.String(), secret) {
			t.Errorf("%s is in no request", secret)
		}
	}
	if digits := strings.ReplaceAll(secretSSN, "-", ""); len(secretsIn("the digits of "+digits)) != 1 || len(program("", nil).Secrets) != len(planted) {
		t.Error("the digits of a secret are not looked for, or the program may write secrets")
	}
	configured := credentials()
	for _, secret := range []string{secretDirect, secretOriginating, secretBasic, secretWSSE} {
		found := false
		for _, value := range configured {
			found = found || value == secret
		}
		if !found || !slices.Contains(planted, secret) {
			t.Errorf("%s is in no setting, or is not looked for", secret)
		}
	}
}
