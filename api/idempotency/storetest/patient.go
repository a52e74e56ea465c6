package storetest

import (
	"context"
	"errors"
	"time"

	"soapbridge/api/idempotency"
)

// patient repeats a call whose answer was lost, as the contract allows. A store with a time limit may exceed it on a busy machine, which is
// not a mistake; the checks are about its answers.
type patient struct {
	idempotency.Store
	tb       tb
	patience time.Duration
}

// answered repeats a call until it has an answer, its context has ended, or patience is over.
func (p patient) answered(ctx context.Context, call func() error) error {
	for end := time.Now().Add(p.patience); ; time.Sleep(time.Millisecond) {
		err := call()
		if _, lost := errors.AsType[*idempotency.Unavailable](err); !lost || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		p.tb.Logf("repeated: %v", err)
	}
}

// The methods of idempotency.Store.

func (p patient) Begin(ctx context.Context, c idempotency.Claim) (r idempotency.Record, acquired bool, err error) {
	err = p.answered(ctx, func() (err error) { r, acquired, err = p.Store.Begin(ctx, c); return err })
	return r, acquired, err
}

func (p patient) Finish(ctx context.Context, id, owner string, result []byte) error {
	return p.answered(ctx, func() error { return p.Store.Finish(ctx, id, owner, result) })
}

func (p patient) Release(ctx context.Context, id, owner string) error {
	return p.answered(ctx, func() error { return p.Store.Release(ctx, id, owner) })
}

func (p patient) Withdraw(ctx context.Context, id, owner string) error {
	return p.answered(ctx, func() error { return p.Store.Withdraw(ctx, id, owner) })
}

func (p patient) MarkUnknown(ctx context.Context, id, owner string) error {
	return p.answered(ctx, func() error { return p.Store.MarkUnknown(ctx, id, owner) })
}

func (p patient) Get(ctx context.Context, id string) (r idempotency.Record, err error) {
	err = p.answered(ctx, func() (err error) { r, err = p.Store.Get(ctx, id); return err })
	return r, err
}

func (p patient) Settle(ctx context.Context, id string, s idempotency.Settlement) (r idempotency.Record, err error) {
	err = p.answered(ctx, func() (err error) { r, err = p.Store.Settle(ctx, id, s); return err })
	return r, err
}

func (p patient) Unknowns(ctx context.Context, after idempotency.Cursor, limit int) (list []idempotency.Record, total int, err error) {
	err = p.answered(ctx, func() (err error) { list, total, err = p.Store.Unknowns(ctx, after, limit); return err })
	return list, total, err
}

func (p patient) Sweep(ctx context.Context) (n int, err error) {
	err = p.answered(ctx, func() (err error) { n, err = p.Store.Sweep(ctx); return err })
	return n, err
}

func (p patient) Ready(ctx context.Context) (r idempotency.Readiness, err error) {
	err = p.answered(ctx, func() (err error) { r, err = p.Store.Ready(ctx); return err })
	return r, err
}
