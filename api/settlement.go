package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/validation"
)

// operationView is a record as its owner, or an operator, sees it.
type operationView struct {
	OperationID string `json:"operationId" validate:"required" example:"ab39a2cc-851b-80a8-924b-08c5579c2011" format:"uuid"`
	// The vendor's name of the operation.
	Operation string            `json:"operation" validate:"required" example:"CreateCallLog"`
	State     idempotency.State `json:"state" validate:"required" swaggertype:"string" enums:"in_flight,done,unknown,freed" example:"unknown"`
	StartedAt time.Time         `json:"startedAt" validate:"required" example:"2026-11-21T09:30:00.125Z"`
	// When a call that has not ended becomes unknown.
	Deadline time.Time  `json:"deadline" validate:"required" example:"2026-11-21T09:30:35.125Z"`
	EndedAt  *time.Time `json:"endedAt,omitempty" example:"2026-11-21T09:30:25.127Z"`
	// Names this attempt; a settlement names it, too. A key that was freed and used again has another one.
	Attempt string `json:"attempt" validate:"required" example:"5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	// Whether an operator settled it. One that was settled as executed without a result has none.
	Settled bool        `json:"settled,omitempty" example:"false"`
	Result  *resultView `json:"result,omitempty"`
} //	@name	OperationRecord

// resultView is the stored answer, which a repeated key gets again.
type resultView struct {
	Status int             `json:"status" validate:"required" example:"201"`
	Body   json.RawMessage `json:"body" validate:"required" swaggertype:"object"`
} //	@name	StoredResult

// operationsView is a list of records.
type operationsView struct {
	Operations []operationView `json:"operations" validate:"required"`
	// How many there are; the list may hold fewer.
	Total int `json:"total" validate:"required" example:"1"`
	// Where the next page begins, for the parameter cursor; missing on the last one.
	NextCursor string `json:"nextCursor,omitempty" example:"1795253400125.ab39a2cc-851b-80a8-924b-08c5579c2011"`
} //	@name	OperationRecords

func (s *server) view(r idempotency.Record) (operationView, error) {
	v := operationView{
		OperationID: r.ID, Operation: r.Operation, State: r.State, Attempt: r.Attempt, Settled: r.Settled,
		StartedAt: r.Started.UTC(), Deadline: r.Deadline.UTC(),
	}
	if !r.Ended.IsZero() {
		ended := r.Ended.UTC()
		v.EndedAt = &ended
	}
	if r.State != idempotency.Done || len(r.Result) == 0 {
		return v, nil
	}
	result, err := s.config.Vault.Open(r)
	v.Result = &resultView{Status: result.Status, Body: result.Body}
	return v, err
}

// showOperation answers the owner, and nobody else learns that there is such an operation.
//
//	@ID				ShowOperation
//	@Tags			Operations
//	@Summary		Look an operation up
//	@Description	Tells the state of one of the caller's own operations, and its result once it is known. Anybody else's is `404`.
//	@Produce		json
//	@Param			operationId	path		string			true	"The id from the header Operation-Id"	format(uuid)
//	@Success		200			{object}	operationView	"The record"
//	@Failure		400			{object}	problem			"bad-parameter"
//	@Failure		401			{object}	problem			"unauthenticated"
//	@Failure		404			{object}	problem			"not-found"
//	@Failure		503			{object}	problem			"idempotency-store-unavailable"
//	@Failure		default		{object}	problem			"A problem"
//	@Router			/v1/operations/{operationId} [get]
func (s *server) showOperation(c *gin.Context) {
	who, p := s.identifyCaller(c)
	if p == nil {
		p = noQuery(c)
	}
	if p != nil {
		s.refuse(c, p)
		return
	}
	id := c.Param("operationId")
	if !isOperationID(id) {
		s.refuse(c, noSuchOperation())
		return
	}
	r, err := s.config.Store.Get(c.Request.Context(), id)
	switch {
	case errors.Is(err, idempotency.ErrNotFound), err == nil && !bytes.Equal(r.Caller, s.config.Vault.CallerDigest(who.id)):
		s.refuse(c, noSuchOperation())
	case err != nil:
		s.refuse(c, unreadNow(err))
	default:
		s.showRecord(c, r)
	}
}

func (s *server) showRecord(c *gin.Context, r idempotency.Record) {
	v, err := s.view(r)
	if err != nil {
		s.refuse(c, unreadNow(err))
		return
	}
	s.writeJSON(c, v)
}

func (s *server) writeJSON(c *gin.Context, v any) {
	body, err := marshal(v)
	if err != nil {
		p := newProblem(internalError)
		p.Outcome, p.cause = notSent, err
		s.refuse(c, p)
		return
	}
	c.Data(http.StatusOK, jsonType, body)
}

const (
	defaultList = 100
	largestList = 1000
)

// listOperations shows operators whatever nobody can tell the outcome of.
//
//	@ID				ListOperations
//	@Tags			Operations
//	@Summary		List the operations whose outcome is unknown
//	@Description	For operators (scope `admin`): the operations that somebody has to look for in the vendor's records and settle, the oldest first; page by page with cursor.
//	@Produce		json
//	@Param			state	query		string			true	"The one state that can be listed"							Enums(unknown)
//	@Param			limit	query		int				false	"The most records to list"									minimum(1)	maximum(1000)	default(100)
//	@Param			cursor	query		string			false	"Where to begin: nextCursor of the page before this one"	maxLength(64)
//	@Success		200		{object}	operationsView	"The records"
//	@Failure		400		{object}	problem			"bad-parameter"
//	@Failure		401		{object}	problem			"unauthenticated"
//	@Failure		403		{object}	problem			"forbidden"
//	@Failure		503		{object}	problem			"idempotency-store-unavailable"
//	@Failure		default	{object}	problem			"A problem"
//	@Router			/v1/operations [get]
func (s *server) listOperations(c *gin.Context) {
	if _, p := s.identifyAdmin(c); p != nil {
		s.refuse(c, p)
		return
	}
	after, limit, p := listQuery(c)
	if p != nil {
		s.refuse(c, p)
		return
	}
	// One more than are shown, to know whether there is a next page.
	records, total, err := s.config.Store.Unknowns(c.Request.Context(), after, limit+1)
	if err != nil {
		s.refuse(c, unreadNow(err))
		return
	}
	list := operationsView{Operations: []operationView{}, Total: total}
	for _, r := range records[:min(limit, len(records))] {
		v, _ := s.view(r) // without a result nothing is opened
		list.Operations = append(list.Operations, v)
	}
	if len(records) > limit {
		list.NextCursor = cursorText(idempotency.CursorAt(records[limit-1]))
	}
	s.writeJSON(c, list)
}

// listQuery reads ?state=unknown&limit=n&cursor=place.
func listQuery(c *gin.Context) (after idempotency.Cursor, limit int, p *problem) {
	p = newProblem(badParameter)
	limit = defaultList
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		p.Detail = "The query string is not well-formed."
		return after, 0, p
	}
	for name, values := range query {
		switch {
		case len(values) > 1:
			p.parameter(name, "duplicate-parameter", "Give this parameter once.")
		case name == "state" && values[0] == string(idempotency.Unknown):
		case name == "limit":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 1 || n > largestList {
				p.parameter(name, string(validation.OutOfRange), "An integer from 1 to "+strconv.Itoa(largestList)+".")
			}
			limit = n
		case name == "cursor":
			if after, err = readCursor(values[0]); err != nil {
				p.parameter(name, string(validation.BadFormat), "The nextCursor of another page, as it was given.")
			}
		case name != "state":
			p.parameter(name, "unknown-parameter", "Valid are state, limit and cursor.")
		}
	}
	if c.Query("state") != string(idempotency.Unknown) {
		p.parameter("state", string(validation.NotInList), "The one state that can be listed is unknown.")
	}
	if len(p.Errors) > 0 {
		return after, 0, p
	}
	return after, limit, nil
}

// cursorText spells a place in the list: milliseconds since 1970, a dot, an operation id. Callers take it as it is.
func cursorText(at idempotency.Cursor) string {
	return strconv.FormatInt(at.Started.UnixMilli(), 10) + "." + at.ID
}

func readCursor(text string) (idempotency.Cursor, error) {
	ms, id, _ := strings.Cut(text, ".")
	started, err := strconv.ParseInt(ms, 10, 64)
	if err == nil && !isOperationID(id) {
		err = errors.New("there is no operation id in it")
	}
	return idempotency.Cursor{Started: time.UnixMilli(started), ID: id}, err
}

// resolution is what an operator found out.
type resolution struct {
	// Which attempt was looked into: attempt in the operation's record. A later one with the same key is not settled.
	Attempt string `json:"attempt" validate:"required" example:"5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	// Whether the vendor executed the operation. With false the key may be used again.
	Executed *bool `json:"executed" validate:"required" example:"true"`
	// What a repeated key is answered with, as it is given but for operationId, which is added where it is missing: programs expect the
	// members of the operation's own success. Only with executed true. Without it the answer is the problem settled.
	Result jsontext.Value `json:"result,omitzero" swaggertype:"object"`
} //	@name	Resolution

// settle takes the word of an operator who has looked into the vendor's records.
//
//	@ID				SettleOperation
//	@Tags			Operations
//	@Summary		Settle an operation whose outcome is unknown
//	@Description	For operators (scope `admin`), who have looked for the operation id in the vendor's records. May be repeated as it was; written to the log as an audit line.
//	@Accept			json
//	@Produce		json
//	@Param			operationId	path		string			true	"The id of the operation"	format(uuid)
//	@Param			request		body		resolution		true	"What was found out"
//	@Success		200			{object}	operationView	"The record as it is now"
//	@Failure		400			{object}	problem			"malformed-json bad-parameter"
//	@Failure		401			{object}	problem			"unauthenticated"
//	@Failure		403			{object}	problem			"forbidden"
//	@Failure		404			{object}	problem			"not-found"
//	@Failure		409			{object}	problem			"not-unknown"
//	@Failure		413			{object}	problem			"payload-too-large"
//	@Failure		415			{object}	problem			"unsupported-media-type"
//	@Failure		422			{object}	problem			"validation-failed"
//	@Failure		503			{object}	problem			"idempotency-store-unavailable"
//	@Failure		default		{object}	problem			"A problem"
//	@Router			/v1/operations/{operationId}/resolution [post]
func (s *server) settle(c *gin.Context) {
	who, p := s.identifyAdmin(c)
	if p == nil {
		p = checkContentType(c.Request.Header)
	}
	if p == nil {
		p = noQuery(c)
	}
	var body []byte
	if p == nil {
		body, p = s.body(c)
	}
	id := c.Param("operationId")
	var found resolution
	if p == nil {
		found, p = readResolution(body, id)
	}
	if p == nil && !isOperationID(id) {
		p = noSuchOperation()
	}
	if p != nil {
		s.refuse(c, p)
		return
	}
	audit := s.config.Log.With(slog.Bool("audit", true), slog.String("admin", who.id), slog.String("operation_id", id),
		slog.String("attempt", found.Attempt), slog.Bool("executed", *found.Executed), slog.Bool("with_result", found.Result != nil),
		slog.String("request_id", callOf(c).requestID))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), storeTimeout)
	defer cancel()
	r, err := s.applyResolution(ctx, audit, id, found)
	switch {
	case err == nil:
		s.showRecord(c, r)
	case errors.Is(err, idempotency.ErrNotFound):
		s.refuse(c, noSuchOperation())
	case errors.Is(err, idempotency.ErrOtherAttempt):
		s.refuse(c, misfit("This is not the operation's last attempt. Look the operation up, and settle the attempt that it names."))
	case errors.Is(err, errOtherResult):
		s.refuse(c, misfit("This attempt was settled with another result, which stays."))
	case errors.Is(err, idempotency.ErrNotUnknown):
		s.refuse(c, newProblem(notUnknown))
	default:
		s.refuse(c, unreadNow(err))
	}
}

func misfit(detail string) *problem {
	p := newProblem(notUnknown)
	p.Detail = detail
	return p
}

// errOtherResult reports that a settlement was repeated with another result.
var errOtherResult = errors.New("the operation was settled with another result")

// applyResolution settles, unless the same was done before. Only what is settled now is written to the audit.
func (s *server) applyResolution(ctx context.Context, audit *slog.Logger, id string, found resolution) (idempotency.Record, error) {
	before, err := s.config.Store.Get(ctx, id)
	if err != nil {
		return before, err
	}
	settlement := idempotency.Settlement{Attempt: found.Attempt, Executed: *found.Executed}
	if found.Result != nil {
		result := idempotency.Result{Status: http.StatusOK, ContentType: jsonType, Body: found.Result}
		if status, known := s.success[before.Operation]; known {
			result.Status = status
		}
		if settlement.Result, err = s.config.Vault.Seal(before, result); err != nil {
			return before, err
		}
	}
	open := before.State == idempotency.Unknown && before.Attempt == found.Attempt
	if open { // said before it is done: the store may do it and its answer get lost
		audit.Warn("operation is being settled")
	}
	r, err := s.config.Store.Settle(ctx, id, settlement)
	if err == nil {
		err = s.sameResult(r, found)
	}
	if err == nil && open {
		audit.Warn("operation settled", slog.String("operation", r.Operation))
	}
	return r, err
}

// sameResult compares what a record was settled with. Spelling and order of members do not count.
func (s *server) sameResult(r idempotency.Record, found resolution) error {
	if len(r.Result) == 0 || found.Result == nil {
		if len(r.Result) == 0 && found.Result == nil {
			return nil
		}
		return errOtherResult
	}
	stored, err := s.config.Vault.Open(r)
	if err != nil {
		return err
	}
	a, b := jsontext.Value(stored.Body), found.Result.Clone()
	if err := errors.Join(a.Canonicalize(), b.Canonicalize()); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return errOtherResult
	}
	return nil
}

// readResolution reads the body as strictly as any request.
func readResolution(body []byte, id string) (resolution, *problem) {
	var found resolution
	if tooDeep(body) {
		p := newProblem(codeOf(translate.MalformedJSON))
		p.Detail = "The body is nested deeper than " + strconv.Itoa(translate.MaxDepth) + " levels."
		return found, p
	}
	err := jsonv2.Unmarshal(body, &found, jsonv2.RejectUnknownMembers(true))
	var syntax *jsontext.SyntacticError
	var semantic *jsonv2.SemanticError
	invalid := newProblem(codeOf(translate.ValidationFailed))
	const members = `The members are attempt (a text), executed (true or false) and result (an object, only with "executed": true).`
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		invalid.at(string(syntax.JSONPointer), validation.DuplicateMember, "This member appears more than once in its object.")
	case errors.As(err, &syntax):
		return found, newProblem(codeOf(translate.MalformedJSON))
	case errors.As(err, &semantic) && errors.Is(err, jsonv2.ErrUnknownName):
		invalid.at(string(semantic.JSONPointer), validation.UnknownMember, members)
	case errors.As(err, &semantic):
		invalid.at(string(semantic.JSONPointer), validation.WrongType, members)
	case err != nil:
		invalid.at("", validation.WrongType, "This must be an object.")
	default:
		found.check(invalid, id)
	}
	if len(invalid.Errors) > 0 {
		return found, invalid
	}
	return found, nil
}

// tooDeep also holds inside result, which is free. What is not JSON is said by whoever reads it.
func tooDeep(body []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return false
		}
		if dec.StackDepth() > translate.MaxDepth {
			return true
		}
	}
}

// check adds the rules to a problem, and the operation id to a result without one.
func (f *resolution) check(invalid *problem, id string) {
	if f.Attempt == "" {
		invalid.at("/attempt", validation.Required, "This member is required: attempt in the operation's record.")
	}
	if f.Executed == nil {
		invalid.at("/executed", validation.Required, "This member is required: true or false.")
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
		invalid.at("/result", validation.WrongType, "This must be an object.")
	case len(members) == 0:
		invalid.at("/result", validation.EmptyObject, "An object may not be empty. Leave the member out instead.")
	case f.Executed != nil && !*f.Executed:
		invalid.at("/result", validation.NotAllowedHere, "There is no result of what was not executed.")
	case !named:
		f.Result = append(jsontext.Value(`{"operationId":`+strconv.Quote(id)+`,`), f.Result[1:]...) // an id is spelt alike in Go and JSON
	case other:
		invalid.at("/result/operationId", validation.NotInList, "It must be "+id+", or left out.")
	}
}

// unreadNow is the answer when the store gives no record. It says nothing of what happened upstream.
func unreadNow(err error) *problem {
	p := storeUnavailable(err)
	p.Detail, p.Outcome = "The records cannot be read or written now; ask again, and look before you settle again.", ""
	return p
}

func noSuchOperation() *problem {
	p := newProblem(notFound)
	p.Outcome = ""
	p.Detail = "There is no such operation, or it is not yours, or its record is past its retention."
	return p
}

func noQuery(c *gin.Context) *problem { return checkQuery(c.Request.URL) }

// isOperationID keeps what is no id from reaching the store.
func isOperationID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }
