package edge

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/translate/soap"
)

// brittle is a store whose methods fail while their switch is on.
type brittle struct {
	idempotency.Store

	begin, end atomic.Bool
	beginKeeps bool // Begin fails after it has claimed: its answer was lost
}

func (b *brittle) Begin(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
	if b.begin.Load() {
		if b.beginKeeps {
			_, _, _ = b.Store.Begin(ctx, c)
		}
		return idempotency.Record{}, false, errDown
	}
	return b.Store.Begin(ctx, c)
}

func (b *brittle) Finish(ctx context.Context, id, owner string, result []byte) error {
	if b.end.Load() {
		return errDown
	}
	return b.Store.Finish(ctx, id, owner, result)
}

func (b *brittle) Release(ctx context.Context, id, owner string) error {
	if b.end.Load() {
		return errDown
	}
	return b.Store.Release(ctx, id, owner)
}

func (b *brittle) Withdraw(ctx context.Context, id, owner string) error {
	return b.Release(ctx, id, owner)
}

func (b *brittle) MarkUnknown(ctx context.Context, id, owner string) error {
	if b.end.Load() {
		return errDown
	}
	return b.Store.MarkUnknown(ctx, id, owner)
}

var errDown = &idempotency.Unavailable{Err: errors.New("down")}

func newBrittle() *brittle {
	return &brittle{Store: idempotency.NewMemory(idempotency.Retention{})}
}

// state reads the record that an answer names.
func (b *brittle) state(t *testing.T, w *httptest.ResponseRecorder) idempotency.State {
	t.Helper()
	r, err := b.Get(t.Context(), w.Header().Get("Operation-Id"))
	if errors.Is(err, idempotency.ErrNotFound) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.State
}

func TestEndOfAClaim(t *testing.T) {
	unsent := &soap.SendError{Kind: soap.Unreachable, Err: errors.New("refused")}
	broken := &soap.SendError{Kind: soap.Broken, Err: errors.New("reset")}
	for name, row := range map[string]struct {
		upstream upstreamFunc
		status   int
		state    idempotency.State
	}{
		"a success":                    {answering(success()), http.StatusCreated, idempotency.Done},
		"a panic while sending":        {func(context.Context, soap.Message) (soap.Reply, error) { panic("no text of this") }, http.StatusInternalServerError, idempotency.Unknown},
		"nothing was sent":             {func(context.Context, soap.Message) (soap.Reply, error) { return soap.Reply{}, unsent }, http.StatusServiceUnavailable, "none"},
		"no answer":                    {func(context.Context, soap.Message) (soap.Reply, error) { return soap.Reply{}, broken }, http.StatusBadGateway, idempotency.Unknown},
		"an error of no known kind":    {func(context.Context, soap.Message) (soap.Reply, error) { return soap.Reply{}, errors.New("what") }, http.StatusBadGateway, idempotency.Unknown},
		"an unreadable answer":         {answering(soap.Reply{Certain: true, Status: http.StatusOK, Body: []byte("<html/>")}), http.StatusBadGateway, idempotency.Unknown},
		"a refusal by the transport":   {answering(soap.Reply{Certain: true, Status: http.StatusNotFound}), http.StatusBadGateway, "none"},
		"credentials that are refused": {answering(soap.Reply{Certain: true, Status: http.StatusUnauthorized}), http.StatusBadGateway, "none"},
		"a vendor that limits a rate":  {answering(soap.Reply{Certain: true, Status: http.StatusTooManyRequests}), http.StatusServiceUnavailable, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newBrittle()
			e := newEdge(t, row.upstream, func(c *Config) { c.Store = store })
			w := e.call(note())
			if w.Code != row.status {
				t.Errorf("status %d, want %d: %s", w.Code, row.status, w.Body)
			}
			if got := store.state(t, w); got != row.state {
				t.Errorf("the record is %s, want %s", got, row.state)
			}
		})
	}
}

// A result that cannot be stored is still answered; the store is asked again until it has it.
func TestResultThatCannotBeStoredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBrittle()
		store.end.Store(true)
		e := newEdge(t, answering(success()), func(c *Config) { c.Store = store })
		w := e.call(note())
		if w.Code != http.StatusCreated || w.Header().Get("Idempotency-Stored") != "false" {
			t.Errorf("status %d, Idempotency-Stored %q", w.Code, w.Header().Get("Idempotency-Stored"))
		}
		if got := store.state(t, w); got != idempotency.InFlight {
			t.Errorf("the record is %s", got)
		}
		store.end.Store(false)
		e.Drain(t.Context())
		again := e.call(note())
		if again.Body.String() != w.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" || again.Header().Get("Idempotency-Stored") != "" {
			t.Errorf("not replayed: %d %v %s", again.Code, again.Header(), again.Body)
		}
	})
}

// panickingStore panics when it is asked for a claim.
type panickingStore struct{ idempotency.Store }

func (panickingStore) Begin(context.Context, idempotency.Claim) (idempotency.Record, bool, error) {
	panic("made up")
}

// TestPanicWhileClaiming: no call stays open, which a stop would wait for.
func TestPanicWhileClaiming(t *testing.T) {
	e := newEdge(t, unreachable(t), func(c *Config) { c.Store = panickingStore{c.Store} })
	if w := e.call(note()); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if open := e.CutOff("the test is over"); open != 0 {
		t.Errorf("%d calls were still open", open)
	}
}

// A claim that may or may not have been made is given back, so that the key is free again: nothing was sent under it.
func TestClaimThatIsNotConfirmed(t *testing.T) {
	for name, made := range map[string]bool{"never made": false, "made, and the answer lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newBrittle()
				store.beginKeeps = made
				store.begin.Store(true)
				sent := 0
				e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
					sent++
					return success(), nil
				}), func(c *Config) { c.Store = store })
				w := e.call(note())
				if p := problemIn(t, w); p["code"] != "idempotency-store-unavailable" || w.Header().Get("Retry-After") == "" || sent != 0 {
					t.Errorf("%v, sent %d times", p, sent)
				}
				store.begin.Store(false)
				e.Drain(t.Context())
				if got := store.state(t, w); got != "none" {
					t.Errorf("the record is %s", got)
				}
				if again := e.call(note()); again.Code != http.StatusCreated || sent != 1 {
					t.Errorf("status %d, sent %d times", again.Code, sent)
				}
			})
		})
	}
}

// The message carries the time from which it may not be sent any more: the lease, counted from before the store was asked.
func TestLeaseBoundsTheSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before time.Time
		e := newEdge(t, upstreamFunc(func(_ context.Context, m soap.Message) (soap.Reply, error) {
			before = m.SendBefore
			return success(), nil
		}))
		start := time.Now()
		e.call(note())
		if want := start.Add(time.Minute + leaseMargin); !before.Equal(want) {
			t.Errorf("it may be sent before %s, want %s", before, want)
		}
	})
}

// Drain waits no longer than its context.
func TestDrainGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBrittle()
		store.end.Store(true)
		e := newEdge(t, answering(success()), func(c *Config) { c.Store = store })
		e.call(note())
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		e.Drain(ctx)
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// earlier stores refusals as the release before this one wrote them.
type earlier struct {
	idempotency.Store

	vault *idempotency.Vault
}

const earlierRefusal = `{"type":"/problems/upstream-rejected","title":"t","status":422,"detail":"d","code":"upstream-rejected","requestId":"r","outcome":"rejected","retry":"after_fix",` +
	`"errors":[{"pointer":"/n","code":"wrong-type","detail":"This must be an integer.","params":{"expected":"an integer"},"source":"soap-fault"}]}`

func (e earlier) Finish(ctx context.Context, id, owner string, _ []byte) error {
	r, err := e.Get(ctx, id)
	if err != nil {
		return err
	}
	sealed, err := e.vault.Seal(r, idempotency.Result{Status: http.StatusUnprocessableEntity, ContentType: "application/problem+json", Body: []byte(earlierRefusal)})
	return errors.Join(err, e.Store.Finish(ctx, id, owner, sealed))
}

// TestRefusalOfAnEarlierReleaseIsReplayedAsItIs: it has no hint, and says in words what is expected.
func TestRefusalOfAnEarlierReleaseIsReplayedAsItIs(t *testing.T) {
	e := newEdge(t, answering(success()), func(c *Config) { c.Store = earlier{idempotency.NewMemory(idempotency.Retention{}), c.Vault} })
	e.call(note())
	w := e.call(note())
	if w.Code != http.StatusUnprocessableEntity || w.Body.String() != earlierRefusal || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
