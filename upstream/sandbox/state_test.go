package sandbox

import (
	"testing"
	"time"
)

// TestCallsAreBounded: of many calls the last ones are kept; the counts are of all.
func TestCallsAreBounded(t *testing.T) {
	const sent = maxCalls + 3
	s := &state{memory: newMemory()}
	r := &request{operation: &operation{name: "Ping", system: &system{System: System{Name: MDS}}}, body: &element{}}
	for range sent {
		s.record(r, "", time.Time{})
	}
	list := s.find([]string{"Ping"}, func(*call) bool { return true })
	if len(list.Calls) != maxCalls || list.Calls[0].Number != 4 || list.Calls[maxCalls-1].Number != sent || list.Counts["Ping"] != sent {
		t.Errorf("%d calls kept, counts %v", len(list.Calls), list.Counts)
	}
}
