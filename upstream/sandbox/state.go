package sandbox

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// The bounds of the memory; the oldest calls are removed first.
const (
	maxCalls         = 1000
	maxEnvelopeBytes = 64 << 20 // of all envelopes that are kept, together
	maxQueued        = 1000     // entries; each may be played many times
)

// call is one executed call, as the control API shows it.
type call struct {
	Number            int       `json:"number"`
	System            string    `json:"system"`
	Operation         string    `json:"operation"`
	SOAPVersion       string    `json:"soapVersion"`
	Time              time.Time `json:"time"`
	MessageID         string    `json:"messageId,omitempty"`
	ExternalReference string    `json:"externalReference,omitempty"`
	AccountReference  string    `json:"accountReference,omitempty"`
	AccountID         string    `json:"accountId,omitempty"`
	Scenario          string    `json:"scenario,omitempty"`

	envelope []byte
}

// state is the memory of the sandbox.
type state struct {
	mu     sync.Mutex
	memory memory
}

// memory is the part that a reset clears. It is used under the lock of its state.
type memory struct {
	number   int // of the last call
	accounts int // created so far
	calls    []call
	bytes    int // of the envelopes of calls
	executed map[string]int
	refused  int
	queue    []queued
}

func newMemory() memory {
	return memory{executed: map[string]int{}}
}

// reset clears everything: calls, counts, queued scenarios, numbers.
func (s *state) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = newMemory()
}

// refuse counts a request that did not pass the judgement of its envelope.
func (s *state) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory.refused++
}

// record remembers a request as executed.
func (s *state) record(r *request, scenario string, now time.Time) execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.memory
	m.number++
	done := execution{time: now}
	if r.operation.system.Name == Emersion {
		done.accountID = strconv.Itoa(firstAccountID + m.accounts)
		m.accounts++
	}
	m.executed[r.operation.key()]++
	m.calls = append(m.calls, call{
		Number:            m.number,
		System:            r.operation.system.Name,
		Operation:         r.operation.key(),
		SOAPVersion:       r.version.name,
		Time:              now.UTC(),
		MessageID:         r.body.find("MessageId"),
		ExternalReference: r.body.find("ExternalReference"),
		AccountReference:  r.body.find("AccountReference"),
		AccountID:         done.accountID,
		Scenario:          scenario,
		envelope:          r.envelope,
	})
	m.bytes += len(r.envelope)
	for len(m.calls) > maxCalls || (m.bytes > maxEnvelopeBytes && len(m.calls) > 1) {
		m.bytes -= len(m.calls[0].envelope)
		m.calls[0] = call{} // releases the envelope: the array lives on
		m.calls = m.calls[1:]
	}
	return done
}

// queued is a scenario that waits for calls of an operation.
type queued struct {
	operation string // its key
	cue       cue
	times     int // left
}

// enqueue adds a scenario, and reports whether there was room.
func (s *state) enqueue(q queued) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.memory.queue) >= maxQueued {
		return false
	}
	s.memory.queue = append(s.memory.queue, q)
	return true
}

// next takes the oldest scenario that waits for an operation.
func (s *state) next(operation string) (cue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.memory.queue
	i := slices.IndexFunc(queue, func(q queued) bool { return q.operation == operation })
	if i < 0 {
		return cue{}, false
	}
	found := queue[i].cue
	if queue[i].times--; queue[i].times == 0 {
		s.memory.queue = slices.Delete(queue, i, i+1)
	}
	return found, true
}

// waiting returns a copy of the queue.
func (s *state) waiting() []queued {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.memory.queue)
}

// find returns the kept calls that match, oldest first, and the counts at the same time.
func (s *state) find(operations []string, matches func(*call) bool) callList {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := callList{Counts: map[string]int{}, Refused: s.memory.refused, Calls: []call{}}
	for _, name := range operations {
		found.Counts[name] = s.memory.executed[name]
	}
	for i := range s.memory.calls {
		if matches(&s.memory.calls[i]) {
			found.Calls = append(found.Calls, s.memory.calls[i])
		}
	}
	found.Matched = len(found.Calls)
	return found
}
