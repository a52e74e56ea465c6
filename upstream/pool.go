package upstream

import (
	"sync"
	"time"
)

const (
	// forgetting is the part of the longest answer time that is forgotten with each answer.
	forgetting = 32
	// suspicion is how long no connection is kept after a reply that may have been to another call.
	suspicion = time.Minute
)

// restFor is how long a connection rests between two calls to an upstream that usually takes so long to answer.
func restFor(usual time.Duration) time.Duration { return max(2*time.Millisecond, usual) }

// Events report what an operator should know of an upstream's connections. A function that is nil is not called; they must not block.
type Events struct {
	// Stray is called when bytes came over a connection without a call that asked for them, with the id of the operation that was answered
	// over it last: that answer, or the next one on that connection, may belong to another call.
	Stray func(operationID string)
	// Suspect is called when connections are no longer kept, and when they are kept again.
	Suspect func(suspect bool)
	// Guard runs f, which is work in the background: what becomes of a panic is up to it. Nil runs f as it is.
	Guard func(f func())
}

func (e Events) guard(f func()) {
	if e.Guard == nil {
		f()
		return
	}
	e.Guard(f)
}

// pool keeps the connections that carry no call.
//
// What a server sends after its answer, late or by mistake, must not be taken for the answer to the next call. So a connection rests, once
// it has carried a call, for as long as the upstream usually takes to answer: an answer that is still on its way has come by then, and is
// found before the connection is used. The longest rested one is used first. After a reply that may have been to another call, every call
// gets a connection of its own for a while.
type pool struct {
	idleTimeout time.Duration
	max         int
	off         bool // keep none
	events      Events
	rest        func(usual time.Duration) time.Duration
	suspicion   time.Duration

	mu     sync.Mutex
	idle   []*conn // the longest rested one first
	timer  *time.Timer
	closed bool
	usual  time.Duration // the longest that answers took lately
	// suspect is when the last reply came that may have been to another call; zero: connections are kept.
	suspect time.Time
}

// get returns the connection that has rested longest; nil when none has rested enough.
func (p *pool) get() *conn {
	for {
		c := p.pop(time.Now())
		if c == nil {
			return nil
		}
		switch c.health() {
		case alive:
			return c
		case unsolicited:
			p.stray(c.last)
		case closed:
		}
		_ = c.Close()
	}
}

func (p *pool) pop(now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 || now.Sub(p.idle[0].since) < p.rest(p.usual) {
		return nil
	}
	c := p.idle[0]
	p.idle = p.idle[1:]
	return c
}

// put takes a connection whose reply was readable.
func (p *pool) put(c *conn) {
	if !p.keep(c) {
		_ = c.Close() // not under the lock: TLS sends close_notify, and the server may not be reading
	}
}

func (p *pool) keep(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off || p.closed || !p.suspect.IsZero() || len(p.idle) >= p.max {
		return false
	}
	c.since = time.Now()
	p.idle = append(p.idle, c)
	if len(p.idle) == 1 {
		p.schedule()
	}
	return true
}

// schedule arranges for expire to run when the longest rested connection is due.
func (p *pool) schedule() {
	after := time.Until(p.idle[0].since.Add(p.idleTimeout))
	if p.timer == nil {
		p.timer = time.AfterFunc(after, func() { p.events.guard(p.expire) }) // panics: Guard reports them
	} else {
		p.timer.Reset(after)
	}
}

// expire closes the connections that have been idle for too long. Bytes that a server has sent on them meanwhile are still reported.
func (p *pool) expire() {
	p.mu.Lock()
	var expired []*conn
	for len(p.idle) > 0 && time.Since(p.idle[0].since) >= p.idleTimeout {
		expired = append(expired, p.idle[0])
		p.idle = p.idle[1:]
	}
	if len(p.idle) > 0 {
		p.schedule()
	}
	p.mu.Unlock()
	p.discard(expired)
}

func (p *pool) discard(conns []*conn) {
	for _, c := range conns {
		if c.health() == unsolicited {
			p.stray(c.last)
		}
		_ = c.Close()
	}
}

// stray reports bytes without a call.
func (p *pool) stray(last string) {
	if p.events.Stray != nil {
		p.events.Stray(last)
	}
	p.suspectNow()
}

// answered updates the usual time to answer, and the suspicion.
func (p *pool) answered(readable bool, took time.Duration) {
	if !readable {
		p.suspectNow()
	}
	p.mu.Lock()
	p.usual = max(took, p.usual-p.usual/forgetting)
	trusted := readable && !p.suspect.IsZero() && time.Since(p.suspect) >= p.suspicion
	if trusted {
		p.suspect = time.Time{}
	}
	p.mu.Unlock()
	if trusted && p.events.Suspect != nil {
		p.events.Suspect(false)
	}
}

// suspectNow gives up the connections that are kept.
func (p *pool) suspectNow() {
	p.mu.Lock()
	first := p.suspect.IsZero()
	p.suspect = time.Now()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	if first && p.events.Suspect != nil {
		p.events.Suspect(true)
	}
	p.discard(idle)
}

func (p *pool) suspected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.off && !p.suspect.IsZero()
}

func (p *pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.discard(idle)
}
