package edge

import (
	"bytes"
	"errors"
	"net/url"

	"github.com/gin-gonic/gin"

	"soapbridge/api/idempotency"
	"soapbridge/api/operations"
	"soapbridge/translate"
	"soapbridge/translate/record"
)

// showOperation answers the owner only: no other caller learns that there is such an operation.
//
//	@ID				ShowOperation
//	@Tags			Operations
//	@Summary		Look an operation up
//	@Description	Returns the state of one of the caller's own operations, and its result once it is known, to a caller with the operation's scope. Another caller's is `404`.
//	@Produce		json
//	@Param			operationId	path		string			true	"The id from the header Operation-Id"	format(uuid)
//	@Success		200			{object}	operations.Record	"The record"
//	@Failure		400			{object}	problem			"bad-parameter"
//	@Failure		401			{object}	problem			"unauthenticated"
//	@Failure		403			{object}	problem			"forbidden"
//	@Failure		404			{object}	problem			"not-found"
//	@Failure		503			{object}	problem			"idempotency-store-unavailable issuer-unavailable"
//	@Router			/v1/operations/{operationId} [get]
func (s *Server) showOperation(c *gin.Context, call *call) (answer, *problem) {
	p := s.identifyCaller(c, call)
	if p == nil {
		p = noQuery.read(c.Request.URL)
	}
	if p != nil {
		return answer{}, p
	}
	id := c.Param("operationId")
	if !idempotency.ValidID(id) {
		return answer{}, noSuchOperation()
	}
	record, err := s.records.Show(c.Request.Context(), call.caller.id, id)
	if op := s.records.Operations[record.Operation]; op != nil { // a scope that is withdrawn ends replays, and this shows what they would
		p = require(c, call.caller, ScopeOf(*op))
	}
	if p != nil {
		return answer{}, p
	}
	return recordAnswer(record, err)
}

// listOperations shows operators what has an unknown outcome.
//
//	@ID				ListOperations
//	@Tags			Operations
//	@Summary		List the operations whose outcome is unknown
//	@Description	For operators (scope `admin`): the operations that somebody has to look for in the vendor's records and settle, the oldest first; page by page with cursor.
//	@Produce		json
//	@Param			state	query		string			true	"The one state that can be listed"							Enums(unknown)
//	@Param			limit	query		int				false	"The most records to list"									minimum(1)	maximum(1000)	default(100)
//	@Param			cursor	query		string			false	"Where to begin: nextCursor of the page before this one"	maxLength(64)
//	@Success		200		{object}	operations.Page	"The records"
//	@Failure		400		{object}	problem			"bad-parameter"
//	@Failure		401		{object}	problem			"unauthenticated"
//	@Failure		403		{object}	problem			"forbidden"
//	@Failure		503		{object}	problem			"idempotency-store-unavailable issuer-unavailable"
//	@Router			/v1/operations [get]
func (s *Server) listOperations(c *gin.Context, call *call) (answer, *problem) {
	if p := s.authorize(c, call, AdminScope); p != nil {
		return answer{}, p
	}
	after, limit, p := listQuery(c.Request.URL)
	if p != nil {
		return answer{}, p
	}
	return recordAnswer(s.records.List(c.Request.Context(), after, limit))
}

const (
	defaultList = 100
	largestList = 1000
)

// listQuery reads ?state=unknown&limit=n&cursor=place.
func listQuery(u *url.URL) (after idempotency.Cursor, limit int, p *problem) {
	limit = defaultList
	otherState := wrong(record.NotInList, "The one state that can be listed is unknown.")
	p = query{
		known: map[string]func([]string) *violation{
			"state": once(func(value string) *violation {
				if value == string(idempotency.Unknown) {
					return nil
				}
				return otherState
			}),
			"limit": integer(&limit, 1, largestList, ""),
			"cursor": once(func(value string) (found *violation) {
				var err error
				if after, err = operations.ParseCursor(value); err != nil {
					found = wrong(record.BadFormat, "The nextCursor of another page, as it was given.")
				}
				return found
			}),
		},
		unknown:  *wrong(unknownParameter, "Valid are state, limit and cursor."),
		required: "state",
		missing:  *otherState,
	}.read(u)
	return after, limit, p
}

// settle takes the word of an operator who has looked into the vendor's records.
//
//	@ID				SettleOperation
//	@Tags			Operations
//	@Summary		Settle an operation whose outcome is unknown
//	@Description	For operators (scope `admin`), who have looked for the operation id in the vendor's records. May be repeated as it was; written to the log as an audit line.
//	@Accept			json
//	@Produce		json
//	@Param			operationId	path		string			true	"The id of the operation"	format(uuid)
//	@Param			request		body		operations.Resolution	true	"What was found out"
//	@Success		200			{object}	operations.Record	"The record as it is now"
//	@Failure		400			{object}	problem			"malformed-json bad-parameter"
//	@Failure		401			{object}	problem			"unauthenticated"
//	@Failure		403			{object}	problem			"forbidden"
//	@Failure		404			{object}	problem			"not-found"
//	@Failure		409			{object}	problem			"not-unknown"
//	@Failure		413			{object}	problem			"payload-too-large"
//	@Failure		415			{object}	problem			"unsupported-media-type"
//	@Failure		422			{object}	problem			"validation-failed"
//	@Failure		503			{object}	problem			"idempotency-store-unavailable issuer-unavailable"
//	@Router			/v1/operations/{operationId}/resolution [post]
func (s *Server) settle(c *gin.Context, call *call) (answer, *problem) {
	p := s.authorize(c, call, AdminScope)
	if p == nil {
		p = checkContentType(c.Request.Header)
	}
	if p == nil {
		p = noQuery.read(c.Request.URL)
	}
	var body []byte
	if p == nil {
		body, p = readBody(c, new(bytes.Buffer), s.config.MaxBody, codeOf(translate.MalformedJSON))
	}
	if p != nil {
		return answer{}, p
	}
	id := c.Param("operationId")
	if !idempotency.ValidID(id) {
		return answer{}, noSuchOperation()
	}
	return recordAnswer(s.records.Settle(c.Request.Context(), operations.Operator{Caller: call.caller.id, RequestID: call.requestID}, id, body))
}

// recordAnswer answers with what the records return, or with the problem that their error is.
func recordAnswer[T any](view T, err error) (answer, *problem) {
	var refusal *translate.Error
	switch {
	case err == nil:
		return jsonAnswer(view)
	case errors.As(err, &refusal):
		p := problemOf(refusal)
		p.Outcome = "" // the settlement was refused, which says nothing of the operation
		if refusal.Code == translate.ValidationFailed {
			p.Detail = "Fix every place listed in errors; nothing was settled."
		}
		return answer{}, p
	case errors.Is(err, idempotency.ErrNotFound):
		return answer{}, noSuchOperation()
	case errors.Is(err, idempotency.ErrOtherAttempt):
		return answer{}, newProblem(notUnknown).detail("This is not the operation's last attempt. Look the operation up, and settle the attempt that it names.")
	case errors.Is(err, operations.ErrOtherResult):
		return answer{}, newProblem(notUnknown).detail("This attempt was settled with another result, which stays.")
	case errors.Is(err, idempotency.ErrNotUnknown):
		return answer{}, newProblem(notUnknown)
	}
	// It says nothing of what happened upstream.
	p := storeUnavailable(err)
	p.Detail, p.Outcome = "The records cannot be read or written now; ask again, and look before you settle again.", ""
	return answer{}, p
}

func noSuchOperation() *problem {
	p := newProblem(notFound).detail("There is no such operation, or it is not yours, or its record is past its retention.")
	p.Outcome = ""
	return p
}
