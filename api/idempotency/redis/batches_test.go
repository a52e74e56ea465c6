package redis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// TestConcurrentCallsShareRoundTrips: while the server does not answer the first call, many others come. They are one batch.
func TestConcurrentCallsShareRoundTrips(t *testing.T) {
	const many = 50
	server := redistest.Start(t)
	w := &wire{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}})
	warm(t, s)
	w.trips.Store(0)
	server.Pause()
	var all sync.WaitGroup
	failed := make(chan error, 1+many)
	claims := make([]idempotency.Claim, 1+many)
	for i := range claims {
		claims[i] = newClaim()
		all.Go(func() { failed <- begin(t, s, claims[i], true) })
		if i == 0 {
			w.awaitCall(t)
		}
	}
	time.Sleep(100 * time.Millisecond) // some may come later: they make the batches more, not the calls wrong
	server.Continue()
	all.Wait()
	for range claims {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if trips := w.trips.Load(); trips < 2 || trips > many/2 {
		t.Errorf("%d calls took %d round trips", 1+many, trips)
	}
	for _, c := range claims {
		wantState(t, s, c, idempotency.InFlight)
	}
}

// TestCallsThatWaitForAHungServerAreNeverSent: the call that asks the server may have been received, those behind it were not.
func TestCallsThatWaitForAHungServerAreNeverSent(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, redis.Options{Addrs: []string{server.Addr()}})
	warm(t, s)
	server.Pause()
	type outcome struct {
		claim idempotency.Claim
		err   error
	}
	outcomes := make(chan outcome)
	const many = 20
	for range many {
		go func() {
			c := newClaim()
			_, _, err := s.Begin(t.Context(), c)
			outcomes <- outcome{c, err}
		}()
	}
	var sent, unsent []idempotency.Claim
	for range many {
		switch o := <-outcomes; {
		case !unavailable(o.err):
			t.Errorf("a hung server: %v", o.err)
		case errors.Is(o.err, idempotency.ErrUnsent):
			unsent = append(unsent, o.claim)
		default:
			sent = append(sent, o.claim)
		}
	}
	if len(sent) == 0 || len(unsent) < many/2 {
		t.Errorf("%d calls were sent, %d were not", len(sent), len(unsent))
	}
	server.Continue()
	for _, c := range sent { // as the API does
		eventually(t, "the claim is withdrawn", func() error { return s.Withdraw(t.Context(), c.ID, c.Owner) })
	}
	for _, c := range append(sent, unsent...) {
		if r, err := s.Get(t.Context(), c.ID); !errors.Is(err, idempotency.ErrNotFound) {
			t.Errorf("the record is %+v, %v", r, err)
		}
	}
}

// TestAClaimThatArrivesAfterItsWithdrawalFails: a server that hung may execute them in that order. Others may claim the key.
func TestAClaimThatArrivesAfterItsWithdrawalFails(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	late, other := newClaim(), newClaim()
	other.ID = late.ID
	if err := s.Withdraw(t.Context(), late.ID, late.Owner); err != nil {
		t.Fatal(err)
	}
	if _, acquired, err := s.Begin(t.Context(), late); !unavailable(err) || acquired {
		t.Errorf("acquired %v, %v", acquired, err)
	}
	if r, err := s.Get(t.Context(), late.ID); !errors.Is(err, idempotency.ErrNotFound) {
		t.Errorf("the record is %+v, %v", r, err)
	}
	holds(t, s, other)
}

// TestAWithdrawalThatCannotBeNotedFails, so that it is repeated: the claim may still arrive.
func TestAWithdrawalThatCannotBeNotedFails(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	c := newClaim()
	server.ConfigSet("min-replicas-to-write", "1")
	if err := s.Withdraw(t.Context(), c.ID, c.Owner); !unavailable(err) {
		t.Errorf("on a server that writes nothing: %v", err)
	}
	server.ConfigSet("min-replicas-to-write", "0")
	if err := s.Withdraw(t.Context(), c.ID, c.Owner); err != nil {
		t.Error(err)
	}
}

// TestACallerWithLittleTimeLosesNoOthers: the server is only slow for it.
func TestACallerWithLittleTimeLosesNoOthers(t *testing.T) {
	const many = 200 // more than a batch
	server := redistest.Start(t)
	w := &wire{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}})
	warm(t, s)
	w.trips.Store(0)
	server.Pause()
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	left := make(chan error)
	go func() {
		_, err := s.Get(short, newClaim().ID)
		left <- err
	}()
	w.awaitCall(t)
	outcomes := make(chan error)
	for range many {
		go func() { outcomes <- begin(t, s, newClaim(), true) }()
	}
	if err := <-left; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the short call: %v", err)
	}
	server.Continue()
	for range many {
		if err := <-outcomes; err != nil {
			t.Error(err)
		}
	}
}

// TestAPanicFailsItsBatchAlone: its commands may have been sent. Nobody waits for them, and the next ones are sent.
func TestAPanicFailsItsBatchAlone(t *testing.T) {
	server := redistest.Start(t)
	w, log := &wire{}, &syncBuffer{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}, Log: jsonLog(log)})
	warm(t, s)
	w.trips.Store(0)
	server.Pause()
	first, failed := make(chan error), make(chan error)
	go func() { first <- begin(t, s, newClaim(), true) }()
	w.awaitCall(t)
	w.crash.Store(true)
	const many = 20
	for range many {
		go func() { failed <- begin(t, s, newClaim(), true) }()
	}
	time.Sleep(100 * time.Millisecond) // so that they wait for the first
	server.Continue()
	if err := <-first; err != nil {
		t.Error(err)
	}
	crashed := 0
	for range many {
		if err := <-failed; err != nil {
			crashed++
			if !unavailable(err) || errors.Is(err, idempotency.ErrUnsent) {
				t.Errorf("a command of the batch: %v", err)
			}
		}
	}
	if panics := strings.Count(log.String(), `"msg":"panic"`); crashed < many/2 || panics != 1 {
		t.Errorf("%d commands failed, and %d panics are logged", crashed, panics)
	}
	holds(t, s, newClaim())
}
