package upstream

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateHasOneWinner(t *testing.T) {
	for range 2000 {
		var g gate
		var passes, unsent atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if g.pass() == nil {
					passes.Add(1)
				}
			})
			wg.Go(func() {
				if g.seal() {
					unsent.Add(1)
				}
			})
		}
		wg.Wait()
		if p, u := passes.Load(), unsent.Load(); (p != 1 || u != 0) && (p != 0 || u != 2) {
			t.Fatalf("%d writers passed and %d seals found nothing sent", p, u)
		}
	}
}

func TestGate(t *testing.T) {
	tests := []struct {
		name   string
		do     func(g *gate) error
		want   error
		unsent bool
	}{
		{"untouched", func(*gate) error { return nil }, nil, true},
		{"passed", (*gate).pass, nil, false},
		{"passed twice", func(g *gate) error { return errors.Join(g.pass(), g.pass()) }, errGateShut, false},
		{"sealed before", func(g *gate) error { g.seal(); return g.pass() }, errGateShut, true},
		{"taken back", func(g *gate) error { err := g.pass(); g.takeBack(); return err }, nil, true},
		{"taken back, passed again", func(g *gate) error { _ = g.pass(); g.takeBack(); return g.pass() }, errGateShut, true},
		{"in time", func(g *gate) error { g.before = time.Now().Add(time.Hour); return g.pass() }, nil, false},
		{"late", func(g *gate) error { g.before = time.Now(); return g.pass() }, errTooLate, true},
		{"late, but begun", func(g *gate) error { err := g.pass(); g.before = time.Now(); g.takeBack(); return err }, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var g gate
			if err := test.do(&g); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			for range 2 {
				if got := g.seal(); got != test.unsent {
					t.Errorf("seal reports unsent %t, want %t", got, test.unsent)
				}
			}
		})
	}
}

func TestGateCountsByTheMonotonicClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate{before: time.Now().Add(time.Minute)}
		time.Sleep(time.Minute - 1)
		if g.late() {
			t.Error("late before its time")
		}
		time.Sleep(time.Nanosecond)
		if !g.late() {
			t.Error("not late at its time")
		}
	})
}

// pipe gives a conn and the other end of it.
func pipe(t *testing.T) (*conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	below := &counter{Conn: near}
	c := newConn(below, below)
	t.Cleanup(func() { _ = c.Close(); _ = far.Close() })
	return c, far
}

func TestConnTakesNothingWithoutARequest(t *testing.T) {
	c, _ := pipe(t)
	if n, err := c.Write([]byte("x")); n != 0 || !errors.Is(err, errGateShut) {
		t.Errorf("got %d, %v", n, err)
	}
}

// TestConnHasNoWayAroundWrite: io.Copy, which net/http uses, would prefer a ReadFrom.
func TestConnHasNoWayAroundWrite(t *testing.T) {
	c, _ := pipe(t)
	if _, ok := net.Conn(c).(io.ReaderFrom); ok {
		t.Error("conn has a ReadFrom")
	}
	if _, ok := net.Conn(c.sent).(io.ReaderFrom); ok {
		t.Error("counter has a ReadFrom")
	}
}

func TestFirstWriteWaitsForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t)
		g := new(gate)
		c.attach(g)
		wrote := make(chan error, 1)
		go func() { _, err := c.Write([]byte("x")); wrote <- err }()
		synctest.Wait()
		if g.passed() {
			t.Fatal("written while the reader may hold bytes")
		}
		go func() { _, _ = c.Read(make([]byte, 1)) }()
		if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := <-wrote; err != nil || !g.passed() {
			t.Errorf("got %v", err)
		}
	})
}

func TestFirstWriteEndsWithTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pipe(t)
		g := new(gate)
		c.attach(g)
		wrote := make(chan error, 1)
		go func() { _, err := c.Write([]byte("x")); wrote <- err }()
		synctest.Wait()
		_ = c.Close()
		if err := <-wrote; !errors.Is(err, net.ErrClosed) || !g.seal() {
			t.Errorf("got %v", err)
		}
	})
}

func TestBytesBeforeTheRequestEndTheConnection(t *testing.T) {
	for _, attached := range []bool{false, true} {
		c, far := pipe(t)
		g := new(gate)
		if attached {
			c.attach(g)
		}
		go func() { _, _ = far.Write([]byte("surplus")) }()
		if n, err := c.Read(make([]byte, 10)); n != 0 || !errors.Is(err, errUnsolicited) {
			t.Errorf("attached %t: got %d, %v", attached, n, err)
		}
		c.attach(g)
		if _, err := c.Write([]byte("x")); err == nil || !g.seal() {
			t.Errorf("attached %t: written after unasked bytes", attached)
		}
	}
}

func TestReleaseLeavesTheNextRequestAlone(t *testing.T) {
	c, _ := pipe(t)
	first, second := new(gate), new(gate)
	c.attach(first)
	c.attach(second)
	c.release(first)
	if c.gate != second {
		t.Error("the second request lost its connection")
	}
	c.release(second)
	if c.gate != nil {
		t.Error("the connection is still held")
	}
}
