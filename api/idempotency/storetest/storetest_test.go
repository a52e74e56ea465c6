package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"soapbridge/api/idempotency"
)

// mistake is a fault of a store, with the checks that must find it.
type mistake struct {
	name string
	how  func(*twisted)
	// keeps replaces the retention.
	keeps func(idempotency.Retention) idempotency.Retention
	found []string
}

// mistakes are usual faults of stores, the most usual first.
var mistakes = []mistake{
	{
		name: "a lease that passes frees the key, as SETNX with an expiry does", how: leaseFrees,
		found: []string{
			"transitions: lease passed", "transitions: lease passed and noticed", "transitions: lease passed and swept", "transitions: done late",
			"done and freed records end with their retention", "sweep finds records that are never read", "model",
		},
	},
	{
		name: "a claim repeated by its owner fails, as with SETNX", how: repeatedClaimFails,
		found: []string{
			"transitions: no record", "transitions: in flight", "transitions: claimed again once freed", "one claim made many times at once is acquired", "model",
		},
	},
	{
		name: "a claim reads first and writes later", how: claimReadsFirst,
		found: []string{"one of many claims is acquired", "many at once never execute twice"},
	},
	{
		name: "results and settlements read first and write later", how: endingReadsFirst,
		found: []string{"one of many settlements counts", "finishing and settling at once agree"},
	},
	{
		name: "any owner finishes", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, _ string, result []byte) error {
				return w.Store.Finish(ctx, id, w.holder(id).Owner, result)
			}
		},
		found: []string{
			"transitions: in flight", "transitions: marked unknown", "transitions: done", "transitions: claimed again once freed",
			"a claim on a freed record is a new one", "many at once never execute twice", "model",
		},
	},
	{
		name: "any owner releases", how: func(w *twisted) {
			w.release = func(ctx context.Context, id, _ string) error { return w.Store.Release(ctx, id, w.holder(id).Owner) }
		},
		found: []string{"transitions: in flight", "transitions: marked unknown", "model"},
	},
	{
		name: "withdrawing does nothing", how: func(w *twisted) { w.withdraw = func(context.Context, string, string) error { return nil } },
		found: []string{"a withdrawn claim is released"},
	},
	{
		name: "any owner withdraws", how: func(w *twisted) {
			w.withdraw = func(ctx context.Context, id, _ string) error { return w.Store.Withdraw(ctx, id, w.holder(id).Owner) }
		},
		found: []string{"a withdrawn claim is released"},
	},
	{
		name: "any owner marks", how: func(w *twisted) {
			w.markUnknown = func(ctx context.Context, id, _ string) error { return w.Store.MarkUnknown(ctx, id, w.holder(id).Owner) }
		},
		found: []string{"transitions: in flight", "transitions: marked unknown", "model"},
	},
	{
		name: "the last result counts", how: lastResultCounts,
		found: []string{"transitions: done", "transitions: done late", "model"},
	},
	{
		name: "finishing late fails", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, owner string, result []byte) error {
				if w.state(id) == idempotency.Unknown {
					return idempotency.ErrNotOwner
				}
				return w.Store.Finish(ctx, id, owner, result)
			}
		},
		found: []string{"transitions: marked unknown", "transitions: lease passed", "transitions: done late", "a record that is no longer unknown is not listed", "model"},
	},
	{
		name: "finishing a settled record seems to succeed", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, owner string, result []byte) error {
				err := w.Store.Finish(ctx, id, owner, result)
				if r, _ := w.Store.Get(ctx, id); r.Settled {
					return nil
				}
				return err
			}
		},
		found: []string{"transitions: settled as executed", "transitions: freed", "model"},
	},
	{
		name: "finishing without a record seems to succeed", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, owner string, result []byte) error {
				if w.state(id) == "" {
					return nil
				}
				return w.Store.Finish(ctx, id, owner, result)
			}
		},
		found: []string{"transitions: no record", "transitions: released", "model"},
	},
	{
		name: "a released claim leaves an unknown", how: func(w *twisted) {
			w.release = func(ctx context.Context, id, owner string) error {
				_ = w.Store.MarkUnknown(ctx, id, owner)
				return nil
			}
		},
		found: []string{"transitions: in flight", "transitions: released", "a record that is no longer unknown is not listed", "many at once never execute twice", "model"},
	},
	{
		name: "a restored record is not settled", how: func(w *twisted) {
			var back sync.Map
			w.release = func(ctx context.Context, id, owner string) error {
				err := w.Store.Release(ctx, id, owner)
				back.Store(id, w.state(id) == idempotency.Freed)
				return err
			}
			w.show = func(r *idempotency.Record) {
				if is, _ := back.Load(r.ID); is == true && r.State == idempotency.Freed {
					r.Settled = false
				}
			}
		},
		found: []string{"transitions: claimed again once freed", "transitions: lease passed once freed", "transitions: released once freed"},
	},
	{
		name: "releasing without a record fails", how: func(w *twisted) {
			w.release = func(ctx context.Context, id, owner string) error {
				if w.state(id) == "" {
					return idempotency.ErrNotOwner
				}
				return w.Store.Release(ctx, id, owner)
			}
		},
		found: []string{"transitions: no record", "transitions: in flight", "model"},
	},
	{
		name: "marking twice fails", how: func(w *twisted) {
			w.markUnknown = func(ctx context.Context, id, owner string) error {
				if w.state(id) == idempotency.Unknown {
					return idempotency.ErrNotOwner
				}
				return w.Store.MarkUnknown(ctx, id, owner)
			}
		},
		found: []string{"transitions: in flight", "transitions: marked unknown", "model"},
	},
	{
		name: "a done record may be settled", how: func(w *twisted) {
			w.settle = func(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
				r, err := w.Store.Settle(ctx, id, s)
				if w.state(id) == idempotency.Done {
					return w.Store.Get(ctx, id)
				}
				return r, err
			}
		},
		found: []string{
			"transitions: done", "transitions: done late", "transitions: settled as executed", "model",
		},
	},
	{
		name: "any attempt may be settled", how: func(w *twisted) {
			w.settle = func(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
				r, _ := w.Store.Get(ctx, id)
				s.Attempt = r.Attempt
				return w.Store.Settle(ctx, id, s)
			}
		},
		found: []string{"transitions: marked unknown", "transitions: freed", "transitions: claimed again once freed", "model"},
	},
	{
		name: "a key keeps the id of its first attempt", how: func(w *twisted) {
			var first sync.Map
			w.show = func(r *idempotency.Record) {
				attempt, _ := first.LoadOrStore(r.ID, r.Attempt)
				r.Attempt, _ = attempt.(string)
			}
		},
		found: []string{"a claim on a freed record is a new one", "model"},
	},
	{
		name: "settling twice fails", how: func(w *twisted) {
			w.settle = func(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
				if r, _ := w.Store.Get(ctx, id); r.Settled {
					return idempotency.Record{}, idempotency.ErrNotUnknown
				}
				return w.Store.Settle(ctx, id, s)
			}
		},
		found: []string{
			"transitions: marked unknown", "transitions: settled as executed", "transitions: freed", "settling returns the current record",
			"one of many settlements counts", "model",
		},
	},
	{
		name: "settling returns the earlier record", how: func(w *twisted) {
			w.settle = func(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
				before, _ := w.Store.Get(ctx, id)
				_, err := w.Store.Settle(ctx, id, s)
				return before, err
			}
		},
		found: []string{"transitions: marked unknown", "settling returns the current record", "model"},
	},
	{
		name: "a freed key stays used", how: func(w *twisted) {
			w.begin = func(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
				if w.state(c.ID) == idempotency.Freed {
					r, err := w.Store.Get(ctx, c.ID)
					return r, false, err
				}
				return w.Store.Begin(ctx, c)
			}
		},
		found: []string{"transitions: freed", "transitions: claimed again once freed", "a claim on a freed record is a new one", "one of many claims is acquired", "model"},
	},
	{
		name: "once settled, always settled", how: alwaysSettled,
		found: []string{"transitions: freed", "a claim on a freed record is a new one", "model"},
	},
	{
		name: "a record loses its sealing key", how: func(w *twisted) { w.show = func(r *idempotency.Record) { r.SealingKey = "" } },
		found: []string{"a claim makes a record", "transitions: in flight", "model"},
	},
	{
		name: "a lease passes early", how: func(w *twisted) {
			w.begin = func(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
				c.Lease = min(c.Lease, brief/2)
				return w.Store.Begin(ctx, c)
			}
			w.show = func(r *idempotency.Record) { r.Deadline = r.Started.Add(w.holder(r.ID).Lease) }
		},
		found: []string{"a valid lease changes nothing"},
	},
	{
		name: "every record is kept as long as a done one",
		keeps: func(r idempotency.Retention) idempotency.Retention {
			return idempotency.Retention{Done: r.Done, Unknown: r.Done}
		},
		found: []string{"done and freed records end with their retention", "unknown records end with their retention, valid claims do not"},
	},
	{
		name:  "no retention ever ends",
		keeps: func(idempotency.Retention) idempotency.Retention { return idempotency.Retention{} },
		found: []string{"done and freed records end with their retention", "a release restores no record past its retention", "unknown records end with their retention, valid claims do not"},
	},
	{
		name: "every retention ends too early",
		keeps: func(r idempotency.Retention) idempotency.Retention {
			return idempotency.Retention{Done: r.Done / 4, Unknown: r.Unknown / 4}
		},
		found: []string{"done and freed records end with their retention", "unknown records end with their retention, valid claims do not"},
	},
	{
		name: "unknowns are listed by their deadline", how: func(w *twisted) {
			w.unknowns = rearranged(w, func(a, b idempotency.Record) int { return a.Deadline.Compare(b.Deadline) })
		},
		found: []string{"unknowns are listed by their start, and counted"},
	},
	{
		name: "unknowns are listed by their id", how: func(w *twisted) {
			w.unknowns = rearranged(w, func(a, b idempotency.Record) int { return cmp.Compare(a.ID, b.ID) })
		},
		found: []string{"unknowns are listed by their start, and counted", "the earliest of many unknowns are listed"},
	},
	{
		name: "only the unknowns that are listed are counted", how: func(w *twisted) {
			w.unknowns = func(ctx context.Context, after idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
				list, _, err := w.Store.Unknowns(ctx, after, limit)
				return list, len(list), err
			}
		},
		found: []string{"unknowns are listed by their start, and counted", "the earliest of many unknowns are listed", "unknowns are listed page by page"},
	},
	{
		name: "a page begins behind the start of the last record", how: func(w *twisted) {
			w.unknowns = func(ctx context.Context, after idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
				if after.ID != "" {
					after.ID = "g" // behind every id
				}
				return w.Store.Unknowns(ctx, after, limit)
			}
		},
		found: []string{"unknowns are listed page by page"},
	},
	{
		name: "every page is the first", how: func(w *twisted) {
			w.unknowns = func(ctx context.Context, _ idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
				return w.Store.Unknowns(ctx, idempotency.Cursor{}, limit)
			}
		},
		found: []string{"unknowns are listed page by page"},
	},
	{
		name: "unknowns stay listed", how: unknownsStay,
		found: []string{"a record that is no longer unknown is not listed", "model"},
	},
	{
		name: "a sweep does not count", how: func(w *twisted) {
			w.sweep = func(ctx context.Context) (int, error) { _, err := w.Store.Sweep(ctx); return 0, err }
		},
		found: []string{"sweep finds records that are never read"},
	},
	{
		name: "a sweep does nothing", how: func(w *twisted) {
			w.sweep = func(context.Context) (int, error) { return 0, nil }
		},
		found: []string{"sweep finds records that are never read", "model"},
	},
	{
		name: "bytes end at a zero", how: func(w *twisted) {
			w.show = func(r *idempotency.Record) { r.Fingerprint, _, _ = bytes.Cut(r.Fingerprint, []byte{0}) }
		},
		found: []string{"texts and bytes are opaque"},
	},
	{
		name: "bytes are text", how: func(w *twisted) {
			w.show = func(r *idempotency.Record) { r.Caller = bytes.ToValidUTF8(r.Caller, []byte("\uFFFD")) }
		},
		found: []string{"texts and bytes are opaque"},
	},
	{
		name: "an empty result is dropped", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, owner string, result []byte) error {
				if len(result) == 0 {
					return nil
				}
				return w.Store.Finish(ctx, id, owner, result)
			}
		},
		found: []string{"results of every kind are kept", "texts and bytes are opaque"},
	},
	{
		name: "large results are cut", how: func(w *twisted) {
			w.finish = func(ctx context.Context, id, owner string, result []byte) error {
				return w.Store.Finish(ctx, id, owner, result[:min(len(result), 1<<16)])
			}
		},
		found: []string{"results of every kind are kept"},
	},
	{
		name: "a record has a result before it is done", how: func(w *twisted) {
			w.show = func(r *idempotency.Record) { r.Result = append([]byte{}, r.Result...) }
		},
		found: []string{"transitions: in flight", "a claim makes a record", "model"},
	},
	{
		name: "records share their bytes", how: recordsShare,
		found: []string{"records are copies"},
	},
	{
		name: "the context is ignored", how: func(w *twisted) { w.context = context.WithoutCancel },
		found: []string{"an ended context"},
	},
	{
		name: "it is never ready", how: func(w *twisted) {
			w.ready = func(context.Context) (idempotency.Readiness, error) {
				return idempotency.Readiness{}, &idempotency.Unavailable{Err: errors.New("never")}
			}
		},
		found: []string{"ready"},
	},
	{
		name: "it does not close", how: func(w *twisted) { w.close = func() error { return nil } },
		found: []string{"after Close"},
	},
	{
		name: "closing twice fails", how: func(w *twisted) {
			w.close = func() error {
				_, err := w.Store.Ready(context.Background())
				return errors.Join(err, w.Store.Close())
			}
		},
		found: []string{"after Close"},
	},
}

// leaseFrees releases a record when its lease passes.
func leaseFrees(w *twisted) {
	w.before = func(id string) {
		if r, err := w.Store.Get(context.Background(), id); err == nil && r.State == idempotency.Unknown && r.Ended.Equal(r.Deadline) {
			_ = w.Store.Release(context.Background(), id, w.holder(id).Owner)
		}
	}
	w.sweep = func(context.Context) (int, error) { return 0, nil } // nothing is left to be swept
}

func repeatedClaimFails(w *twisted) {
	w.begin = func(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
		held := w.state(c.ID) == idempotency.InFlight
		r, acquired, err := w.Store.Begin(ctx, c)
		return r, acquired && !held, err
	}
}

// claimReadsFirst leaves time between reading and writing, as a round trip does.
func claimReadsFirst(w *twisted) {
	w.begin = func(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
		free := w.state(c.ID) == "" || w.state(c.ID) == idempotency.Freed
		time.Sleep(time.Millisecond)
		r, acquired, err := w.Store.Begin(ctx, c)
		return r, acquired || free, err
	}
}

// endingReadsFirst accepts every result for a record that was Unknown when it was read.
func endingReadsFirst(w *twisted) {
	w.finish = func(ctx context.Context, id, owner string, result []byte) error {
		open := w.state(id) == idempotency.Unknown
		time.Sleep(time.Millisecond)
		err := w.Store.Finish(ctx, id, owner, result)
		if open {
			return nil
		}
		return err
	}
	w.settle = func(ctx context.Context, id string, s idempotency.Settlement) (idempotency.Record, error) {
		open := w.state(id) == idempotency.Unknown
		time.Sleep(time.Millisecond)
		r, err := w.Store.Settle(ctx, id, s)
		if open {
			return w.Store.Get(ctx, id)
		}
		return r, err
	}
}

func lastResultCounts(w *twisted) {
	var last sync.Map
	w.finish = func(ctx context.Context, id, owner string, result []byte) error {
		err := w.Store.Finish(ctx, id, owner, result)
		if err == nil {
			last.Store(id, bytes.Clone(result))
		}
		return err
	}
	w.show = func(r *idempotency.Record) {
		if b, ok := last.Load(r.ID); ok && r.State == idempotency.Done {
			r.Result, _ = b.([]byte)
		}
	}
}

func alwaysSettled(w *twisted) {
	var settled sync.Map
	w.show = func(r *idempotency.Record) {
		if r.Settled {
			settled.Store(r.ID, true)
		}
		_, r.Settled = settled.Load(r.ID)
	}
}

// rearranged lists in another order, and then cuts the list.
func rearranged(
	w *twisted, order func(a, b idempotency.Record) int,
) func(context.Context, idempotency.Cursor, int) ([]idempotency.Record, int, error) {
	return func(ctx context.Context, _ idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
		list, total, err := w.Store.Unknowns(ctx, idempotency.Cursor{}, 1<<20)
		slices.SortFunc(list, order)
		return list[:min(limit, len(list))], total, err
	}
}

// unknownsStay lists all earlier Unknowns, as an index without deletion does.
func unknownsStay(w *twisted) {
	var ever []idempotency.Record
	w.unknowns = func(ctx context.Context, _ idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
		for id := range w.claims {
			known := slices.ContainsFunc(ever, func(r idempotency.Record) bool { return r.ID == id })
			if r, err := w.Store.Get(ctx, id); err == nil && !known {
				ever = append(ever, r)
			}
		}
		return ever[:min(limit, len(ever))], len(ever), nil
	}
}

// recordsShare returns the same bytes for every call.
func recordsShare(w *twisted) {
	var shared sync.Map
	w.show = func(r *idempotency.Record) {
		if b, ok := shared.LoadOrStore(r.ID, r.Fingerprint); ok {
			r.Fingerprint, _ = b.([]byte)
		}
	}
}
