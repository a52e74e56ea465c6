package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"soapbridge/tests/kit"
)

// load is one row of the table: requests of one kind over so many connections, each as soon as the last is answered.
type load struct {
	name        string
	beside      string // the load that it is compared with; empty for those
	process     *kit.Process
	request     []byte // with a key to be counted up, where it has one
	key         int    // where the key's digits begin; 0 for none, or for one that stays
	connections int
	delay       time.Duration // of the upstream
	status      int           // of every answer
}

// keyDigits are counted up from one request to the next.
const keyDigits = 12

var nextKey int64

// sample is what a load cost in one round.
type sample struct {
	rate, p50, p99 float64 // a second; milliseconds
	cpu            float64 // microseconds of the process a request
	allocations    float64 // a request; 0 where the process does not say
	resident       float64 // MiB, at the end
}

// measure lets the load run for a while before it counts.
func (l load) measure(ctx context.Context, duration time.Duration) (sample, error) {
	c, err := l.connect()
	if err != nil {
		return sample{}, err
	}
	defer c.close()
	if _, err := c.run(ctx, duration/4); err != nil {
		return sample{}, err
	}
	var s sample
	before, err := cpu(l.process.PID())
	if err != nil {
		return s, err
	}
	allocated := mallocs(ctx, l.process.Metrics)
	began := time.Now()
	times, err := c.run(ctx, duration)
	if err != nil {
		return s, err
	}
	took := time.Since(began)
	after, err := cpu(l.process.PID())
	if err != nil {
		return s, err
	}
	n := float64(len(times))
	s.allocations = (mallocs(ctx, l.process.Metrics) - allocated) / n
	s.rate, s.cpu = n/took.Seconds(), float64((after-before).Microseconds())/n
	slices.Sort(times)
	at := func(part float64) float64 { return float64(times[int(part*(n-1))].Microseconds()) / 1000 }
	s.p50, s.p99 = at(0.50), at(0.99)
	s.resident, err = resident(l.process.PID())
	return s, err
}

// clients are the connections of a load.
type clients struct {
	load  load
	conns []net.Conn
	keys  int64 // the first of a thousand million that are for it alone
}

func (l load) connect() (*clients, error) {
	c := &clients{load: l, keys: nextKey}
	nextKey += 1_000_000_000
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

// run sends requests on all connections for a time and returns how long each answer took.
func (c *clients) run(ctx context.Context, duration time.Duration) ([]time.Duration, error) {
	end := time.Now().Add(duration)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	var errs []error
	for i, conn := range c.conns {
		const each = 1_000_000
		first := c.keys + int64(i)*each
		wait.Go(func() {
			times, err := c.load.drive(ctx, conn, first, end)
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, times...); err != nil {
				errs = append(errs, err)
			}
		})
	}
	wait.Wait()
	c.keys += 500_000
	if len(all) == 0 && len(errs) == 0 {
		return nil, errors.New("no answer in all the time")
	}
	return all, errors.Join(errs...)
}

func (l load) drive(ctx context.Context, conn net.Conn, key int64, end time.Time) (times []time.Duration, err error) {
	request, r := bytes.Clone(l.request), bufio.NewReader(conn)
	for began := time.Now(); began.Before(end) && ctx.Err() == nil; key++ {
		if l.key > 0 {
			copy(request[l.key:l.key+keyDigits], fmt.Sprintf("%0*d", keyDigits, key))
		}
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != l.status || response.Close {
			return nil, fmt.Errorf("%s, %w: %.300s", response.Status, err, body)
		}
		now := time.Now()
		times, began = append(times, now.Sub(began)), now
	}
	return times, nil
}

var mallocsLine = regexp.MustCompile(`(?m)^go_memstats_mallocs_total (\S+)`)

// mallocs is how many objects a process has allocated, as its metrics at a URL have it; 0 for one without.
func mallocs(ctx context.Context, url string) float64 {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	m := mallocsLine.FindSubmatch(text)
	if err != nil || m == nil {
		return 0
	}
	n, _ := strconv.ParseFloat(string(m[1]), 64)
	return n
}
