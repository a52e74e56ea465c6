package operations

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/api/idempotency"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/record"
)

// Resolution is what an operator found out.
type Resolution struct {
	// Which attempt was looked into: attempt in the operation's record. A later one with the same key is not settled.
	Attempt string `json:"attempt" validate:"required" example:"5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	// Whether the vendor executed the operation. With false the key may be used again.
	Executed *bool `json:"executed" validate:"required" example:"true"`
	// What a repeated key is answered with, as it is given but for operationId, which is added where it is missing: programs expect the
	// members of the operation's own success. Only with executed true. Without it the answer is the problem settled.
	Result jsontext.Value `json:"result,omitzero" swaggertype:"object"`
} //	@name	Resolution

// ReadResolution reads the body of a settlement as strictly as any request.
func ReadResolution(body []byte, id string) (found Resolution, refusal *translate.Error) {
	if tooDeep(body) {
		return found, &translate.Error{Code: translate.MalformedJSON, Detail: "The body is nested deeper than " + strconv.Itoa(record.MaxDepth) + " levels."}
	}
	err := jsonv2.Unmarshal(body, &found, jsonv2.RejectUnknownMembers(true))
	var syntax *jsontext.SyntacticError
	var semantic *jsonv2.SemanticError
	invalid := &translate.Error{Code: translate.ValidationFailed, Source: translate.FromRequest}
	at := func(pointer string, code record.Code, detail string) {
		invalid.Violations = append(invalid.Violations, translate.Violation{Pointer: pointer, Code: code, Detail: detail})
	}
	const members = `The members are attempt (a text), executed (true or false) and result (an object, only with "executed": true).`
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		at(string(syntax.JSONPointer), record.DuplicateMember, "This member appears more than once in its object.")
	case errors.As(err, &syntax):
		return found, &translate.Error{Code: translate.MalformedJSON}
	case errors.As(err, &semantic) && errors.Is(err, jsonv2.ErrUnknownName):
		at(string(semantic.JSONPointer), record.UnknownMember, members)
	case errors.As(err, &semantic):
		at(string(semantic.JSONPointer), record.WrongType, members)
	case err != nil:
		at("", record.WrongType, "This must be an object.")
	default:
		found.check(at, id)
	}
	if len(invalid.Violations) > 0 {
		return found, invalid
	}
	return found, nil
}

// tooDeep also holds inside result, which is free. What is not JSON is left to the parser.
func tooDeep(body []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return false
		}
		if dec.StackDepth() > record.MaxDepth {
			return true
		}
	}
}

// check adds the rules that are broken, and the operation id to a result without one.
func (f *Resolution) check(at func(pointer string, code record.Code, detail string), id string) {
	if f.Attempt == "" {
		at("/attempt", record.Required, "This member is required: attempt in the operation's record.")
	}
	if f.Executed == nil {
		at("/executed", record.Required, "This member is required: true or false.")
	}
	if f.Result == nil {
		return
	}
	var members map[string]jsontext.Value
	err := jsonv2.Unmarshal(f.Result, &members)
	given, named := members["operationId"]
	var text string
	other := named && (jsonv2.Unmarshal(given, &text) != nil || text != id)
	switch {
	case err != nil || members == nil:
		at("/result", record.WrongType, "This must be an object.")
	case len(members) == 0:
		at("/result", record.EmptyObject, "An object may not be empty. Leave the member out instead.")
	case f.Executed != nil && !*f.Executed:
		at("/result", record.NotAllowedHere, "There is no result of what was not executed.")
	case !named:
		f.Result = append(jsontext.Value(`{"operationId":`+strconv.Quote(id)+`,`), f.Result[1:]...) // an id is the same text in Go and JSON
	case other:
		at("/result/operationId", record.NotInList, "It must be "+id+", or left out.")
	}
}

// ErrOtherResult reports that a settlement was repeated with another result.
var ErrOtherResult = errors.New("the operation was settled with another result")

// Operator is who settles, for the audit.
type Operator struct{ Caller, RequestID string }

// Settle ends an operation whose outcome is unknown, unless the same was done before. Only what is settled now is written to the audit. Besides the
// store's errors there is ErrOtherResult.
func (r *Records) Settle(ctx context.Context, by Operator, id string, found Resolution) (Record, error) {
	audit := r.Log.With(slog.Bool("audit", true), slog.String("admin", by.Caller), slog.String("operation_id", id),
		slog.String("attempt", found.Attempt), slog.Bool("executed", *found.Executed), slog.Bool("with_result", found.Result != nil),
		slog.String("request_id", by.RequestID))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idempotency.CallTimeout)
	defer cancel()
	before, err := r.Store.Get(ctx, id)
	if err != nil {
		return Record{}, err
	}
	settlement := idempotency.Settlement{Attempt: found.Attempt, Executed: *found.Executed}
	if found.Result != nil {
		result := idempotency.Result{Status: http.StatusOK, ContentType: openapi.JSONType, Body: found.Result}
		if status, known := r.Statuses[before.Operation]; known {
			result.Status = status
		}
		if settlement.Result, err = r.Vault.Seal(before, result); err != nil {
			return Record{}, err
		}
	}
	open := before.State == idempotency.Unknown && before.Attempt == found.Attempt
	if open { // logged before it is done: the store may do it and its answer get lost
		audit.Warn("operation is being settled")
	}
	after, err := r.Store.Settle(ctx, id, settlement)
	if err == nil {
		err = r.sameResult(after, found)
	}
	if err != nil {
		return Record{}, err
	}
	if open {
		audit.Warn("operation settled", slog.String("operation", after.Operation))
	}
	return r.view(after)
}

// sameResult compares what a record was settled with. Spelling and order of members do not count.
func (r *Records) sameResult(settled idempotency.Record, found Resolution) error {
	if len(settled.Result) == 0 || found.Result == nil {
		if len(settled.Result) == 0 && found.Result == nil {
			return nil
		}
		return ErrOtherResult
	}
	stored, err := r.Vault.Open(settled)
	if err != nil {
		return err
	}
	a, b := jsontext.Value(stored.Body), found.Result.Clone()
	if err := errors.Join(a.Canonicalize(), b.Canonicalize()); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return ErrOtherResult
	}
	return nil
}
