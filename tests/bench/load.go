package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soapbridge/tests/kit"
)

// load is one row of the table: requests of one kind over so many connections, each as soon as the last is answered.
type load struct {
	name        string
	beside      string // the load that it is compared with, which is compared with itself
	process     *kit.Process
	request     []byte       // with the digits of a key, where it has one
	key         int          // where these begin
	next        func() int64 // the number for them; nil for a request that stays as it is
	connections int
	delay       time.Duration // of the upstream
	statuses    []int         // of the answers: the one that is wanted, and those that are counted as refused
}

// keyDigits are the digits of an idempotency key that are replaced.
const keyDigits = 12

// lastKey is the number of the last key that was written.
var lastKey atomic.Int64

func newKey() int64 { return lastKey.Add(1) }

// main reports whether the load is of those that docs/performance.md shows.
func (l load) main() bool {
	return l.connections == 64 && l.delay == 0 || strings.HasPrefix(l.name, "CreateWorkFlowManager")
}

func all(load) bool { return true }

// amount is how much of a load runs: for a time, and at most so many requests, where that is not 0.
type amount struct {
	duration time.Duration
	requests int64
}

// sample is what a load cost in one round.
type sample struct {
	rate, p50, p99 float64 // a second; milliseconds
	cpu            float64 // microseconds of the process a request
	allocations    float64 // a request; 0 where the process has no metrics
	resident       float64 // MiB, at the end
	refused        float64 // part of the requests
}

// measure lets a quarter of the amount run before it counts.
func (l load) measure(ctx context.Context, a amount) (s sample, err error) {
	c, err := l.connect()
	if err != nil {
		return s, err
	}
	defer c.close()
	if _, err := c.run(ctx, amount{a.duration / 4, a.requests / 4}); err != nil {
		return s, err
	}
	before, err := l.usage(ctx)
	if err != nil {
		return s, err
	}
	began := time.Now()
	c.refused.Store(0)
	times, err := c.run(ctx, a)
	if err != nil {
		return s, err
	}
	took := time.Since(began)
	after, err := l.usage(ctx)
	if err != nil {
		return s, err
	}
	n := float64(len(times))
	s.rate, s.refused = n/took.Seconds(), float64(c.refused.Load())/n
	s.cpu, s.allocations = float64((after.cpu-before.cpu).Microseconds())/n, (after.mallocs-before.mallocs)/n
	slices.Sort(times)
	at := func(part float64) float64 { return float64(times[int(part*(n-1))].Microseconds()) / 1000 }
	s.p50, s.p99, s.resident = at(0.50), at(0.99), after.resident
	forget(l.process)
	return s, nil
}

// usage is what a process has used up to now.
type usage struct {
	cpu      time.Duration
	mallocs  float64 // 0 where it has no metrics
	resident float64 // MiB
}

func (l load) usage(ctx context.Context) (u usage, err error) {
	if l.process.Metrics != "" {
		if u.mallocs, err = metric(ctx, l.process, "go_memstats_mallocs_total"); err != nil {
			return u, err
		}
	}
	var errs [2]error
	u.cpu, errs[0] = cpu(l.process.PID())
	u.resident, errs[1] = resident(l.process.PID())
	return u, errors.Join(errs[:]...)
}

// clients are the connections of a load.
type clients struct {
	load    load
	conns   []net.Conn
	refused atomic.Int64
}

func (l load) connect() (*clients, error) {
	c := &clients{load: l}
	for range l.connections {
		conn, err := net.Dial("tcp", strings.TrimPrefix(l.process.URL, "http://"))
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, conn)
	}
	return c, nil
}

func (c *clients) close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// run sends requests on all connections and returns how long each answer took.
func (c *clients) run(ctx context.Context, a amount) ([]time.Duration, error) {
	end := time.Now().Add(a.duration)
	var left atomic.Int64
	if left.Store(a.requests); a.requests == 0 {
		left.Store(math.MaxInt64)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	var errs []error
	for _, conn := range c.conns {
		wait.Go(func() {
			_ = conn.SetDeadline(end.Add(kit.Patience)) // on an open connection it cannot fail
			times, err := c.drive(ctx, conn, end, &left)
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, times...); err != nil {
				errs = append(errs, err)
			}
		})
	}
	wait.Wait()
	if errs = append(errs, ctx.Err()); len(all) == 0 {
		errs = append(errs, errors.New("no answer in all the time"))
	}
	return all, errors.Join(errs...)
}

// drive sends requests on one connection until the end, or until none is left.
func (c *clients) drive(ctx context.Context, conn net.Conn, end time.Time, left *atomic.Int64) (times []time.Duration, err error) {
	l := c.load
	request, r := bytes.Clone(l.request), bufio.NewReader(conn)
	for began := time.Now(); began.Before(end) && ctx.Err() == nil && left.Add(-1) >= 0; {
		if l.next != nil {
			copy(request[l.key:l.key+keyDigits], fmt.Sprintf("%0*d", keyDigits, l.next()))
		}
		if _, err := conn.Write(request); err != nil {
			return times, err
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return times, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return times, err
		}
		if !slices.Contains(l.statuses, response.StatusCode) || response.Close {
			return times, fmt.Errorf("%s: %.300s", response.Status, body)
		}
		if response.StatusCode != l.statuses[0] {
			c.refused.Add(1)
		}
		now := time.Now()
		times, began = append(times, now.Sub(began)), now
	}
	return times, nil
}
