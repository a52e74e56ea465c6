package storetest

import (
	"context"
	"sync"

	"soapbridge/api/idempotency"
)

// twisted is a correct store with one mistake: each function that is set replaces the store's method.
type twisted struct {
	idempotency.Store
	begin       func(context.Context, idempotency.Claim) (idempotency.Record, bool, error)
	finish      func(ctx context.Context, id, owner string, result []byte) error
	release     func(ctx context.Context, id, owner string) error
	withdraw    func(ctx context.Context, id, owner string) error
	markUnknown func(ctx context.Context, id, owner string) error
	settle      func(context.Context, string, idempotency.Settlement) (idempotency.Record, error)
	unknowns    func(context.Context, idempotency.Cursor, int) ([]idempotency.Record, int, error)
	sweep       func(context.Context) (int, error)
	ready       func(context.Context) (idempotency.Readiness, error)
	close       func() error
	// before is called before every call about one record.
	before func(id string)
	// show changes every returned record.
	show func(*idempotency.Record)
	// context replaces the caller's.
	context func(context.Context) context.Context

	mu     sync.Mutex
	claims map[string]idempotency.Claim // the last acquired ones
}

// twist returns a store with a mistake.
func twist(r idempotency.Retention, how func(*twisted)) *twisted {
	s := idempotency.NewMemory(r)
	w := &twisted{
		Store: s, begin: s.Begin, finish: s.Finish, release: s.Release, withdraw: s.Withdraw, markUnknown: s.MarkUnknown, settle: s.Settle, unknowns: s.Unknowns,
		sweep: s.Sweep, ready: s.Ready, close: s.Close, before: func(string) {}, show: func(*idempotency.Record) {},
		context: func(ctx context.Context) context.Context { return ctx }, claims: map[string]idempotency.Claim{},
	}
	how(w)
	return w
}

// holder returns the last acquired claim.
func (w *twisted) holder(id string) idempotency.Claim {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claims[id]
}

// state returns the state of a record, "" when it does not exist.
func (w *twisted) state(id string) idempotency.State {
	r, err := w.Store.Get(context.Background(), id)
	if err != nil {
		return ""
	}
	return r.State
}

func (w *twisted) Begin(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
	w.before(c.ID)
	r, acquired, err := w.begin(w.context(ctx), c)
	if acquired {
		w.mu.Lock()
		w.claims[c.ID] = c
		w.mu.Unlock()
	}
	w.show(&r)
	return r, acquired, err
}

func (w *twisted) Finish(ctx context.Context, id, owner string, result []byte) error {
	w.before(id)
	return w.finish(w.context(ctx), id, owner, result)
}

func (w *twisted) Release(ctx context.Context, id, owner string) error {
	w.before(id)
	return w.release(w.context(ctx), id, owner)
}

func (w *twisted) Withdraw(ctx context.Context, id, owner string) error {
	w.before(id)
	return w.withdraw(w.context(ctx), id, owner)
}

func (w *twisted) MarkUnknown(ctx context.Context, id, owner string) error {
	w.before(id)
	return w.markUnknown(w.context(ctx), id, owner)
}

func (w *twisted) Get(ctx context.Context, id string) (idempotency.Record, error) {
	w.before(id)
	r, err := w.Store.Get(w.context(ctx), id)
	w.show(&r)
	return r, err
}

func (w *twisted) Settle(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
	w.before(id)
	r, err := w.settle(w.context(ctx), id, s)
	w.show(&r)
	return r, err
}

func (w *twisted) Unknowns(ctx context.Context, after idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
	list, total, err := w.unknowns(w.context(ctx), after, limit)
	for i := range list {
		w.show(&list[i])
	}
	return list, total, err
}

func (w *twisted) Sweep(ctx context.Context) (int, error) { return w.sweep(w.context(ctx)) }
func (w *twisted) Ready(ctx context.Context) (idempotency.Readiness, error) {
	return w.ready(w.context(ctx))
}
func (w *twisted) Close() error { return w.close() }
