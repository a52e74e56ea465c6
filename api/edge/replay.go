package edge

import (
	"bytes"

	"github.com/gin-gonic/gin"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// repeat answers a call whose key has a record already.
func (s *Server) repeat(c *gin.Context, call *call, request translate.Request, r *idempotency.Record) (answer, *problem) {
	result, code := resultInFlight, inFlight // unless the record says more
	switch same, err := s.isSame(call, request, r); {
	case err != nil:
		s.config.Metrics.Idempotency(resultStoreError)
		return answer{}, unreadableRecord(err)
	case !same:
		result, code = resultMismatch, keyReused
		c.Header("Link", "<"+operationsPath+call.env.OperationID+`>; rel="related"`)
	case r.State == idempotency.Done && len(r.Result) == 0:
		result, code = resultSettled, settled
	case r.State == idempotency.Done:
		return s.replay(c, call, r)
	case r.State == idempotency.Unknown:
		result, code = resultUnknown, codeOf(translate.OutcomeUnknown)
	}
	s.config.Metrics.Idempotency(result)
	return answer{}, newProblem(code)
}

// isSame reports whether a record is of this request. The digest is made with the record's own key, which may be an older one.
func (s *Server) isSame(call *call, request translate.Request, r *idempotency.Record) (bool, error) {
	fingerprint, err := s.config.Vault.Fingerprint(r.SealingKey, call.operation.ID, request.Fingerprint)
	return r.Operation == call.operation.ID && bytes.Equal(r.Fingerprint, fingerprint) &&
		bytes.Equal(r.Caller, s.config.Vault.CallerDigest(call.caller.id)), err
}

// replay returns the stored answer again, byte for byte.
func (s *Server) replay(c *gin.Context, call *call, r *idempotency.Record) (answer, *problem) {
	result, err := s.config.Vault.Open(*r)
	if err != nil {
		s.config.Metrics.Idempotency(resultStoreError)
		return answer{}, unreadableRecord(err)
	}
	s.config.Metrics.Idempotency(resultReplayed)
	call.replayed = true
	c.Header("Idempotent-Replayed", "true")
	return answer{status: result.Status, contentType: result.ContentType, body: result.Body}, nil
}

// unreadableRecord is the answer when there is a record that this process has no key for, or that is damaged: the operation may have been
// executed, so it is never said that nothing was sent.
func unreadableRecord(err error) *problem {
	p := newProblem(internalError)
	p.Detail = "There is a record of this operation, and it cannot be read. The operation may have been executed; do not repeat it blindly."
	p.Outcome, p.Retry, p.cause, p.alert = soap.Unknown, retryNever, err, true
	return p
}
