package operations

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"

	"soapbridge/api/idempotency"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// Resolution is what an operator found out. It is read along the shape of this type, as requests are; soap is the tag that shapes are made of.
type Resolution struct {
	// Which attempt was looked into: attempt in the operation's record. A later one with the same key is not settled.
	Attempt string `json:"attempt" soap:"attempt" validate:"required,notblank" example:"5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	// Whether the vendor executed the operation. With false the key may be used again.
	Executed *bool `json:"executed" soap:"executed" validate:"required" example:"true"`
	// What a repeated key is answered with: a success of the operation, as its schema has it, where operationId may be left out. Only with executed
	// true, and only of an operation that this proxy still has. Without it the answer is the problem settled.
	Result *success `json:"result" soap:"result" swaggertype:"object"`
} //	@name	Resolution

// success is what all results have.
type success struct {
	OperationID *string `json:"operationId" soap:"operationId"`
}

var resultRule = rules.Checker{
	Members: []string{"result", "executed"},
	Check: func(texts []string) *record.Violation {
		if texts[1] != "false" {
			return nil
		}
		return &record.Violation{Code: record.NotAllowedHere, Detail: "There is no result of what was not executed."}
	},
}.Rule()

// resolution returns what a settlement of a call may hold. It is made for each settlement, because the operation id is a part of it. A result of an
// operation that this proxy no longer has could not be checked: then there is no such member.
func resolution(op *translate.Operation, id string) (*shape.Shape, *rules.Set, error) {
	s, err1 := shape.From[Resolution]("")
	if err1 != nil {
		return nil, nil, err1
	}
	var between []rules.On
	if last := len(s.Fields) - 1; op == nil {
		s.Fields = s.Fields[:last]
		err1 = s.Index()
	} else {
		result := s.Fields[last].Object
		result.Fields[0].Fixed = &id
		result.Fields, result.Choices = append(slices.Clone(op.ResponseShape.Fields), result.Fields...), op.ResponseShape.Choices
		err1 = result.Index()
		between = []rules.On{{Rules: []rules.Rule{resultRule}}}
	}
	set, err2 := rules.Compile(s, between, nil)
	return s, set, errors.Join(err1, err2)
}

// read reads the body of a settlement. A result is encoded again: a repeated key gets what the proxy would have written.
func (r *Records) read(body []byte, of idempotency.Record) (found idempotency.Settlement, result []byte, refusal *translate.Error) {
	s, set, err := resolution(r.Operations[of.Operation], of.ID)
	if err != nil {
		return found, nil, &translate.Error{Code: translate.Internal, Cause: err}
	}
	parsed, refusal := translate.ReadBody(body, s, set)
	if refusal != nil {
		return found, nil, refusal
	}
	root := parsed.Root()
	found.Attempt, found.Executed = root.Value(0).Text(), root.Value(1).Text() == "true"
	if id, err := s.Find("result/operationId"); err == nil && root.Find(id[:1]).Present() {
		parsed.Remove(id) // Respond writes it
		result = translate.Respond(root.Find(id[:1]).Object(), of.ID)
	}
	return found, result, nil
}

// ErrOtherResult reports that a settlement was repeated with another result.
var ErrOtherResult = errors.New("the operation was settled with another result")

// Operator is who settles, for the audit.
type Operator struct{ Caller, RequestID string }

// Settle ends an operation whose outcome is unknown, unless the same was done before. Only what is settled now is written to the audit. Besides the
// store's errors there are ErrOtherResult, and a *translate.Error for a body that is wrong.
func (r *Records) Settle(ctx context.Context, by Operator, id string, body []byte) (Record, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idempotency.ExchangeTimeout)
	defer cancel()
	before, err := r.Store.Get(ctx, id)
	if err != nil {
		return Record{}, err
	}
	found, result, refusal := r.read(body, before)
	if refusal != nil {
		return Record{}, refusal
	}
	if result != nil {
		answer := idempotency.Result{Status: r.Operations[before.Operation].Status, ContentType: openapi.JSONType, Body: result}
		if found.Result, err = r.Vault.Seal(before, answer); err != nil {
			return Record{}, err
		}
	}
	audit := r.Audit.With(slog.Bool("audit", true), slog.String("admin", by.Caller), slog.String("operation_id", id),
		slog.String("attempt", found.Attempt), slog.Bool("executed", found.Executed), slog.Bool("with_result", result != nil),
		slog.String("request_id", by.RequestID))
	open := before.State == idempotency.Unknown && before.Attempt == found.Attempt
	if open { // logged before it is done: the store may do it and its answer get lost
		audit.Warn("operation is being settled")
	}
	after, err := r.Store.Settle(ctx, id, found)
	if err == nil {
		err = r.sameResult(after, result)
	}
	if err != nil {
		return Record{}, err
	}
	if open {
		audit.Warn("operation settled", slog.String("operation", after.Operation))
	}
	return r.view(after)
}

// sameResult compares what a record was settled with.
func (r *Records) sameResult(settled idempotency.Record, result []byte) error {
	var stored idempotency.Result
	if len(settled.Result) > 0 {
		var err error
		if stored, err = r.Vault.Open(settled); err != nil {
			return err
		}
	}
	if !bytes.Equal(stored.Body, result) {
		return ErrOtherResult
	}
	return nil
}
