// Package operations looks up, lists, settles and sweeps the records of operations. What is wrong is an error here; the edge has the words for it.
package operations

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/translate"
)

// Records are the records of a proxy's operations.
type Records struct {
	Store idempotency.Store
	Vault *idempotency.Vault
	// Operations are those of the proxy, by name. The store may have records of others, from before a change of the configuration.
	Operations map[string]*translate.Operation
	// CallerIDs returns the callers that are configured, whom List can name; nil where there are none.
	CallerIDs func() []string
	// Unknowns takes what Sweep counts; nil where no metrics are kept.
	Unknowns func(total int, oldest time.Duration)
	// Usable takes, at each sweep, whether the store can be used; nil where no metrics are kept.
	Usable     func(usable bool)
	Log, Audit *slog.Logger
	Guard      *guard.Guard
}

// Record is a record as its owner, or an operator, sees it.
type Record struct {
	// Names the operation in logs, in the store and in the vendor's records.
	OperationID string `json:"operationId" validate:"required" example:"ab39a2cc-851b-80a8-924b-08c5579c2011" format:"uuid"`
	// The vendor's name of the operation; that of an imported one has its system in front, as in parcels_BookPickup.
	Operation string `json:"operation" validate:"required" example:"CreateCallLog"`
	// The system that the operation belongs to. Absent where this proxy no longer has the operation.
	System string `json:"system,omitempty" example:"customercare"`
	// The elements of the message in which the operation id went to the vendor. Where the caller gave a value of its own, that is in them, and
	// not the id. Absent where the id is in no element.
	IDElements []string `json:"idElements,omitempty" example:"MessageId"`
	// Who called; only in lists. It is the id of an API key, or, for a caller who is not among the configured ones, such as one with a JWT, the
	// beginning of a digest after a #, the same for all operations of that caller; the log names the caller of each operation. Absent where no
	// callers were configured.
	Caller string `json:"caller,omitempty" example:"web-frontend"`
	// How far the operation is. in_flight: its call has not ended, and may have been sent. done: its answer is final. unknown: it may have
	// executed, and no call waits for its answer any more. freed: an operator found that it was not executed; the key may be used again.
	State idempotency.State `json:"state" validate:"required" swaggertype:"string" enums:"in_flight,done,unknown,freed" example:"unknown"`
	// When the call claimed its key: RFC 3339, in UTC.
	StartedAt time.Time `json:"startedAt" validate:"required" example:"2026-11-21T09:30:00.125Z"`
	// When a call that has not ended becomes unknown: RFC 3339, in UTC.
	Deadline time.Time `json:"deadline" validate:"required" example:"2026-11-21T09:30:35.125Z"`
	// When the operation became done, unknown or freed: RFC 3339, in UTC. Absent while it is in flight.
	EndedAt *time.Time `json:"endedAt,omitempty" example:"2026-11-21T09:30:25.127Z"`
	// Names this attempt; a settlement names it, too. A key that was freed and used again has another one.
	Attempt string `json:"attempt" validate:"required" example:"5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	// Whether an operator settled it. One that was settled as executed without a result has none.
	Settled bool `json:"settled,omitempty" example:"false"`
	// The stored answer, which a repeated key gets again. Absent where there is none.
	Result *Result `json:"result,omitempty"`
} //	@name	OperationRecord

// Result is the stored answer, which a repeated key gets again.
type Result struct {
	// HTTP status of the stored answer.
	Status int `json:"status" validate:"required" example:"201"`
	// JSON body of the stored answer: a success or a problem.
	Body json.RawMessage `json:"body" validate:"required" swaggertype:"object"`
} //	@name	StoredResult

// Page is a part of a list of records.
type Page struct {
	// The operations whose outcome is unknown, the oldest first.
	Operations []Record `json:"operations" validate:"required"`
	// How many there are; the list may hold fewer.
	Total int `json:"total" validate:"required" example:"1"`
	// Where the next page begins, for the parameter cursor; missing on the last one.
	NextCursor string `json:"nextCursor,omitempty" example:"1795253400125.ab39a2cc-851b-80a8-924b-08c5579c2011"`
} //	@name	OperationRecords

func (r *Records) view(stored idempotency.Record) (Record, error) {
	v := Record{
		OperationID: stored.ID, Operation: stored.Operation, State: stored.State, Attempt: stored.Attempt, Settled: stored.Settled,
		StartedAt: stored.Started.UTC(), Deadline: stored.Deadline.UTC(),
	}
	if op := r.Operations[stored.Operation]; op != nil {
		v.System, v.IDElements = op.System, op.IDElements
	}
	if !stored.Ended.IsZero() {
		ended := stored.Ended.UTC()
		v.EndedAt = &ended
	}
	if stored.State != idempotency.Done || len(stored.Result) == 0 {
		return v, nil
	}
	result, err := r.Vault.Open(stored)
	v.Result = &Result{Status: result.Status, Body: result.Body}
	return v, err
}

// Show returns an operation to its own caller. To anybody else it is idempotency.ErrNotFound.
func (r *Records) Show(ctx context.Context, caller, id string) (Record, error) {
	stored, err := r.Store.Get(ctx, id)
	if err == nil && !bytes.Equal(stored.Caller, r.Vault.CallerDigest(caller)) {
		err = idempotency.ErrNotFound
	}
	if err != nil {
		return Record{}, err
	}
	return r.view(stored)
}

// List returns at most limit of the operations whose outcome is unknown, the oldest first.
func (r *Records) List(ctx context.Context, after idempotency.Cursor, limit int) (Page, error) {
	// One more than are shown, to know whether there is a next page.
	stored, total, err := r.Store.Unknowns(ctx, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	page, nameOf := Page{Operations: []Record{}, Total: total}, r.callers()
	for _, each := range stored[:min(limit, len(stored))] {
		v, _ := r.view(each) // without a result nothing is opened
		v.Caller = nameOf(each.Caller)
		page.Operations = append(page.Operations, v)
	}
	if len(stored) > limit {
		last := stored[limit-1]
		page.NextCursor = strconv.FormatInt(last.Started.UnixMilli(), 10) + "." + last.ID
	}
	return page, nil
}

// callers returns what names a caller by the digest in a record.
func (r *Records) callers() func(digest []byte) string {
	names := map[string]string{string(r.Vault.CallerDigest("")): ""}
	if r.CallerIDs != nil {
		for _, id := range r.CallerIDs() {
			names[string(r.Vault.CallerDigest(id))] = id
		}
	}
	return func(digest []byte) string {
		if name, known := names[string(digest)]; known {
			return name
		}
		return "#" + hex.EncodeToString(digest[:min(len(digest), shownDigest)])
	}
}

// shownDigest is how many bytes of a caller's digest are shown: they tell the callers of a proxy apart.
const shownDigest = 6

// ParseCursor reads the NextCursor of a page: milliseconds since 1970, a dot, an operation id.
func ParseCursor(text string) (idempotency.Cursor, error) {
	ms, id, _ := strings.Cut(text, ".")
	started, err := strconv.ParseInt(ms, 10, 64)
	if err == nil && !idempotency.ValidID(id) {
		err = errors.New("there is no operation id in it")
	}
	return idempotency.Cursor{Started: time.UnixMilli(started), ID: id}, err
}

// sweepEvery is how often leases that have passed are looked for. An operation that is never asked for is listed as unknown this much later.
const sweepEvery = 5 * time.Second

// Sweep turns operations whose lease has passed into unknown ones, now and at intervals until ctx ends. Every process of a shared store may do it.
func (r *Records) Sweep(ctx context.Context) {
	r.Guard.Every(ctx, sweepEvery, "sweep", func() { r.sweep(ctx) })
}

func (r *Records) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery)
	defer cancel()
	_, err := r.Store.Ready(ctx) // which a store may need, to learn that it must refuse claims
	if r.Usable != nil {
		r.Usable(err == nil)
	}
	turned, err := r.Store.Sweep(ctx)
	if err != nil {
		r.Log.WarnContext(ctx, "the store could not be swept", slog.String("cause", err.Error()))
		return
	}
	if turned > 0 {
		r.Log.WarnContext(ctx, "operations have become unknown", slog.Int("count", turned))
	}
	if r.Unknowns == nil {
		return
	}
	list, total, err := r.Store.Unknowns(ctx, idempotency.Cursor{}, 1)
	if err != nil {
		return // the next sweep logs it
	}
	oldest := time.Duration(0)
	if len(list) > 0 {
		oldest = time.Since(list[0].Started)
	}
	r.Unknowns(total, oldest)
}
