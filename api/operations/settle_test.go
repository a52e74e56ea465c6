package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	documents "soapbridge/tests/openapi"
	"soapbridge/translate"
)

// newRecords has all operations of the product.
func newRecords(t *testing.T) *Records {
	t.Helper()
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	r := &Records{
		Store: idempotency.NewMemory(idempotency.Retention{}), Vault: vault, Operations: map[string]*translate.Operation{},
		Log: slog.New(slog.DiscardHandler), Audit: slog.New(slog.DiscardHandler), Guard: &guard.Guard{Log: slog.New(slog.DiscardHandler)},
	}
	list := documents.Operations()
	for i := range list {
		r.Operations[list[i].Name] = &list[i]
	}
	return r
}

// unknown makes a record of a call whose outcome is not known.
func (r *Records) unknown(t *testing.T, operation string, caller []byte) idempotency.Record {
	t.Helper()
	c := idempotency.Claim{ID: uuid.NewString(), Caller: caller, Operation: operation, SealingKey: r.Vault.SealingKey(), Owner: "owner", Lease: time.Minute}
	_, _, err1 := r.Store.Begin(t.Context(), c)
	err2 := r.Store.MarkUnknown(t.Context(), c.ID, c.Owner)
	of, err3 := r.Store.Get(t.Context(), c.ID)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return of
}

// settle sends a settlement; %ID and %ATTEMPT are those of the record.
func (r *Records) settle(ctx context.Context, of idempotency.Record, body string) (Record, error) {
	body = strings.NewReplacer("%ID", of.ID, "%ATTEMPT", of.Attempt).Replace(body)
	return r.Settle(ctx, Operator{}, of.ID, []byte(body))
}

// TestWhereToLook: the list names the caller, where one that is configured has made the call, and the elements that the vendor finds the id in.
func TestWhereToLook(t *testing.T) {
	r := newRecords(t)
	r.CallerIDs = func() []string { return []string{"another", "web"} }
	jwt := r.Vault.CallerDigest("jwt:issuer|subject")
	for operation, want := range map[string]struct {
		caller []byte
		record Record
	}{
		"CreateCallLog":        {r.Vault.CallerDigest("web"), Record{System: "customercare", IDElements: []string{"MessageId"}, Caller: "web"}},
		"CreateService":        {jwt, Record{System: "mds", IDElements: []string{"ExternalReference"}, Caller: fmt.Sprintf("#%x", jwt[:6])}},
		"CreateComplexAccount": {r.Vault.CallerDigest(""), Record{System: "emersion"}},
		"WasOnceHere":          {r.Vault.CallerDigest("web"), Record{Caller: "web"}},
	} {
		of := r.unknown(t, operation, want.caller)
		page, err := r.List(t.Context(), idempotency.Cursor{}, 10)
		i := slices.IndexFunc(page.Operations, func(v Record) bool { return v.OperationID == of.ID })
		if err != nil || i < 0 {
			t.Fatalf("%v: %v", err, page)
		}
		got := page.Operations[i]
		if got.System != want.record.System || got.Caller != want.record.Caller || !slices.Equal(got.IDElements, want.record.IDElements) {
			t.Errorf("%s: %+v, want %+v", operation, got, want.record)
		}
	}
}

func places(problem *translate.Error) (list []string) {
	if problem == nil {
		return nil
	}
	for _, v := range problem.Violations {
		list = append(list, v.Pointer+" "+string(v.Code))
	}
	return list
}

// TestInvalidResults: they are refused with every violation at once, and nothing is stored.
func TestInvalidResults(t *testing.T) {
	const account, log, pin, service = "CreateComplexAccount", "CreateCallLog", "UpdateCustomerPIN", "CreateService"
	for _, test := range []struct {
		operation, result string
		want              []string
	}{
		{account, `{}`, []string{"/result empty-object", "/result/accountId required"}},
		{account, `{"operationId": "%ID"}`, []string{"/result/accountId required"}},
		{account, `{"operationId": "another", "accountId": " "}`, []string{"/result/operationId not-in-list", "/result/accountId required"}},
		{account, `{"operationId": 1, "accountId": 399301}`, []string{"/result/operationId wrong-type", "/result/accountId wrong-type"}},
		{account, `{"accountId": "1", "AccountId": "1", "x": {}}`, []string{"/result/AccountId unknown-member", "/result/x unknown-member"}},
		{account, `{"accountId": "1", "accountId": "2"}`, []string{"/result/accountId duplicate-member"}},
		{account, `{"accountId": "\u0000"}`, []string{"/result/accountId character-not-allowed"}},
		{account, `"399301"`, []string{"/result wrong-type"}},
		{account, `["399301"]`, []string{"/result wrong-type"}},
		{log, `{"operationId": "%ID"}`, []string{"/result/baseResponse/responseCode required"}},
		{log, `{"baseResponse": {}}`, []string{"/result/baseResponse/responseCode required"}},
		{log, `{"baseResponse": {"responseCode": 0, "errorData": {}}, "accountId": "1"}`, []string{
			"/result/baseResponse/responseCode wrong-type", "/result/baseResponse/errorData unknown-member", "/result/accountId unknown-member",
		}},
		{pin, `{"baseResponse": {"responseCode": "0"}, "sevCode": {}, "explanationCode": {"code": true}}`, []string{"/result/sevCode empty-object", "/result/explanationCode/code wrong-type"}},
		{service, `{}`, []string{"/result empty-object"}},
		{service, `{"externalReference": null}`, []string{"/result empty-object"}},
		{service, `{"operationId": "%ID", "externalReference": ["r"]}`, []string{"/result/externalReference wrong-type"}},
		{"Forgotten", `{"operationId": "%ID"}`, []string{"/result unknown-member"}}, // an operation that the configuration had once
	} {
		r := newRecords(t)
		of := r.unknown(t, test.operation, nil)
		_, err := r.settle(t.Context(), of, `{"attempt": "%ATTEMPT", "executed": true, "result": `+test.result+`}`)
		var problem *translate.Error
		if !errors.As(err, &problem) || problem.Code != translate.ValidationFailed || !slices.Equal(places(problem), test.want) {
			t.Errorf("%s %s: %v, %q", test.operation, test.result, err, places(problem))
		}
		if after, err := r.Store.Get(t.Context(), of.ID); err != nil || after.State != idempotency.Unknown || after.Settled || after.Result != nil {
			t.Errorf("%s %s: it is stored: %v %+v", test.operation, test.result, err, after)
		}
	}
}

// TestResultsAreSuccesses: what is settled is written as the proxy itself writes a success.
func TestResultsAreSuccesses(t *testing.T) {
	r := newRecords(t)
	for _, test := range []struct{ operation, result, want string }{
		{"CreateComplexAccount", `{"accountId": "399301"}`, `{"operationId":"%ID","accountId":"399301"}`},
		{"CreateComplexAccount", ` { "\u0061ccountId" : "\u0033" , "operationId":"%ID" } `, `{"operationId":"%ID","accountId":"3"}`},
		{"CreateService", `{"operationId": "%ID"}`, `{"operationId":"%ID"}`},
		{"CreateService", `{"operationId": null, "externalReference": "r"}`, `{"operationId":"%ID","externalReference":"r"}`},
		{"CreateWorkFlowManager", `{"baseResponse": {"responseCode": "0"}}`, `{"operationId":"%ID","baseResponse":{"responseCode":"0"}}`},
		{
			"UpdateCustomerPIN", `{"sevCode": {"description": "d", "code": "0"}, "explanationCode": null, "baseResponse": {"responseDescription": "Success", "responseCode": "0"}}`,
			`{"operationId":"%ID","baseResponse":{"responseCode":"0","responseDescription":"Success"},"sevCode":{"code":"0","description":"d"}}`,
		},
	} {
		of := r.unknown(t, test.operation, nil)
		settled, err := r.settle(t.Context(), of, `{"result": `+test.result+`, "attempt": "%ATTEMPT", "executed": true}`)
		want := strings.ReplaceAll(test.want, "%ID", of.ID)
		if err != nil || settled.Result == nil || string(settled.Result.Body) != want || settled.Result.Status != r.Operations[test.operation].Status {
			t.Errorf("%s %s: %v %+v", test.operation, test.result, err, settled)
			continue
		}
		again, err := r.settle(t.Context(), of, `{"attempt": "%ATTEMPT", "executed": true, "result": `+want+`}`)
		if err != nil || string(again.Result.Body) != want {
			t.Errorf("%s: repeated: %v %+v", test.operation, err, again)
		}
	}
}

// TestRealSuccessesAreResults settles each operation with the body of a success that the proxy itself wrote, and replays its bytes.
func TestRealSuccessesAreResults(t *testing.T) {
	r := newRecords(t)
	for name, op := range r.Operations {
		golden, err := os.ReadFile(filepath.Join("../../translate", op.System, "testdata", name, "reply.json"))
		if err != nil {
			t.Fatal(err)
		}
		of := r.unknown(t, name, nil)
		written := jsontext.Value(regexp.MustCompile(`"operationId": "[^"]*"`).ReplaceAllString(string(golden), `"operationId": "`+of.ID+`"`))
		settled, err := r.settle(t.Context(), of, `{"attempt": "%ATTEMPT", "executed": true, "result": `+string(written)+`}`)
		if err := errors.Join(err, written.Compact()); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if settled.Result == nil || string(settled.Result.Body) != string(written) {
			t.Errorf("%s: %+v, want %s", name, settled.Result, written)
		}
	}
}

// TestForgottenOperations can be settled, and without a result alone.
func TestForgottenOperations(t *testing.T) {
	for executed, state := range map[bool]idempotency.State{true: idempotency.Done, false: idempotency.Freed} {
		r := newRecords(t)
		settled, err := r.settle(t.Context(), r.unknown(t, "Forgotten", nil), fmt.Sprintf(`{"attempt": "%%ATTEMPT", "executed": %v}`, executed))
		if err != nil || settled.State != state || !settled.Settled || settled.Result != nil {
			t.Errorf("executed %v: %v %+v", executed, err, settled)
		}
	}
}

// TestSettlementsAreReadStrictly: whatever is wrong with the body is reported at once.
func TestSettlementsAreReadStrictly(t *testing.T) {
	for body, want := range map[string][]string{
		`{"executed": null, "Attempt": "a", "result": {"accountId": 1}, "attempt": " "}`: {
			"/executed required", "/Attempt unknown-member", "/result/accountId wrong-type", "/attempt required",
		},
		`{"attempt": 1, "executed": "true", "result": {"accountId": "1"}}`:                       {"/attempt wrong-type", "/executed wrong-type"},
		`{"attempt": "%ATTEMPT", "executed": false, "result": {"accountId": ""}}`:                {"/result not-allowed-here", "/result/accountId required"},
		`{"attempt": "%ATTEMPT", "executed": true, "executed": true, "executed": false, "x": 1}`: {"/executed duplicate-member", "/x unknown-member"},
		`{}`:   {"/attempt required", "/executed required"},
		`null`: {" wrong-type"},
	} {
		r := newRecords(t)
		_, err := r.settle(t.Context(), r.unknown(t, "CreateComplexAccount", nil), body)
		var problem *translate.Error
		if !errors.As(err, &problem) || problem.Code != translate.ValidationFailed || !slices.Equal(places(problem), want) {
			t.Errorf("%s: %v, %q", body, err, places(problem))
		}
	}
}

// TestSweepSeesTheStore: an alert must not depend on calls, which a balancer sends elsewhere while the store cannot be used. A process that has just
// started must not look like one that refuses calls.
func TestSweepSeesTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, seen := newRecords(t), []bool{}
		r.Usable = func(usable bool) { seen = append(seen, usable) }
		ctx, stop := context.WithCancel(t.Context())
		go r.Sweep(ctx)
		synctest.Wait()
		if err := r.Store.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(sweepEvery)
		synctest.Wait()
		stop()
		if !slices.Equal(seen, []bool{true, false}) {
			t.Errorf("seen %v", seen)
		}
	})
}
