package torture

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reporter receives what is wrong: it is the test, or a list where a test expects something to be wrong.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// judge holds one entity against the invariants that are about what was answered. It is asked when nothing runs any more.
func (e *entity) judge(t reporter, v *vendor) {
	t.Helper()
	arrivals, executions := v.of(e.subjects()...), v.executions(e.subjects()...)
	for _, what := range e.wrong {
		t.Errorf("%v: %s", e, what)
	}
	if len(executions) > 1 {
		t.Errorf("I1: %v was executed %d times: %v\n%s", e, len(executions), executions, e.transcript())
	}
	sent := 0
	for _, a := range arrivals {
		if sent > e.freed { // each settlement as not executed allows one more
			t.Errorf("I1: %v was sent again after it had been: %v\n%s", e, arrivals, e.transcript())
			break
		}
		if !a.play.invites {
			sent++
		}
	}
	e.judgeAnswers(t, v, executions)
	e.judgeClaims(t, arrivals)
}

// judgeAnswers checks the successes against the execution.
func (e *entity) judgeAnswers(t reporter, v *vendor, executions []arrival) {
	t.Helper()
	bodies := map[string]int{}
	for _, a := range e.history() {
		if !a.succeeded() {
			continue
		}
		bodies[fmt.Sprint(a.status, " ", string(a.body))]++
		if marker := a.operation.marked(a.body); strings.HasPrefix(marker, strayMarker) {
			if by := v.spoils(marker, e); by != e {
				t.Errorf("one stray result has spoiled %v and %v", by, e)
			}
			continue // at most one call for each, where the vendor's answer does not say which call it is to
		}
		if len(executions) == 0 {
			t.Errorf("I4: %v has a success without an execution: %s\n%s", e, a.body, e.transcript())
			continue
		}
		run := executions[0]
		if a.operation.Name != run.operation || a.variant != run.variant {
			t.Errorf("I5: %v has a success of %s %s, and %s %s was executed\n%s", e, a.operation.Name, a.variant, run.operation, run.variant, e.transcript())
		}
		if marker := a.operation.marked(a.body); marker != run.marker {
			t.Errorf("I3: %v has the result %q, and %q was executed\n%s", e, marker, run.marker, e.transcript())
		}
	}
	if len(bodies) > 1 {
		t.Errorf("I2: %v has %d different successes: %v", e, len(bodies), slices.Collect(maps.Keys(bodies)))
	}
}

// judgeClaims checks that only one request held the key, and that every other was refused.
func (e *entity) judgeClaims(t reporter, arrivals []arrival) {
	t.Helper()
	holders := map[string]bool{}
	for _, a := range arrivals {
		if !a.play.invites {
			holders[a.operation+" "+a.variant] = true
		}
	}
	asked, refused, unsent := map[string]bool{}, false, true
	replays := map[string]bool{}
	for _, a := range e.history() {
		what := a.operation.Name + " " + a.variant
		if a.variant != "" {
			asked[what] = true
		}
		if a.claims() {
			holders[what] = true
		}
		if a.replayed {
			replays[fmt.Sprint(a.status, " ", string(a.body))] = true
		}
		refused = refused || a.problem.Code == "key-reused"
		unsent = unsent && a.unsent()
		if a.intrudes(holders) && a.err == nil && !slices.Contains([]string{"key-reused", "idempotency-store-unavailable"}, a.problem.Code) {
			t.Errorf("I5: %v is used, and %s is answered with %v\n%s", e, what, a, e.transcript())
		}
	}
	if len(holders) > 1 {
		t.Errorf("I5: %v was used for %v\n%s", e, slices.Collect(maps.Keys(holders)), e.transcript())
	}
	if refused && len(asked) == 1 {
		t.Errorf("I5: %v was refused as another request than itself\n%s", e, e.transcript())
	}
	if len(replays) > 1 {
		t.Errorf("I2: %v was replayed in %d ways: %v", e, len(replays), slices.Collect(maps.Keys(replays)))
	}
	if unsent && len(arrivals) > 0 {
		t.Errorf("every answer to %v says that nothing was sent, and %d requests arrived\n%s", e, len(arrivals), e.transcript())
	}
}

// intrudes reports that the call was made after a success of another request under the same key.
func (a attempt) intrudes(holders map[string]bool) bool {
	return a.afterSuccess && a.variant != "" && !holders[a.operation.Name+" "+a.variant]
}

// transcript returns the answers, for the message of a failure.
func (e *entity) transcript() string {
	var b strings.Builder
	for i, a := range e.history() {
		_, _ = fmt.Fprintf(&b, "  %d. %s %s: %v", i+1, a.operation.Name, a.variant, a)
		if a.err != nil {
			_, _ = fmt.Fprintf(&b, " (%v)", a.err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// judgeState checks what the record says against what happened.
func (e *entity) judgeState(t reporter, v *vendor, state string) {
	t.Helper()
	arrivals, executions := v.of(e.subjects()...), v.executions(e.subjects()...)
	closing := slices.ContainsFunc(arrivals, func(a arrival) bool { return !a.play.invites })
	readable := slices.ContainsFunc(arrivals, func(a arrival) bool { return a.play.answers })
	switch {
	case state == "free" && (closing || len(executions) > 0):
		t.Errorf("%v is free, although it was sent: %v\n%s", e, arrivals, e.transcript())
	case state == "done" && !readable && !v.hasSpoiled(e):
		t.Errorf("%v is done, although no answer could be read: %v\n%s", e, arrivals, e.transcript())
	case state == "unknown" && len(executions) > 1:
		t.Errorf("I8: %v is unknown and was executed %d times", e, len(executions))
	case !slices.Contains([]string{"free", "done", "unknown"}, state):
		t.Errorf("%v has settled as %q", e, state)
	}
}

// judgeTwin checks that callers who share a key share nothing else.
func (e *entity) judgeTwin(t reporter) {
	t.Helper()
	if e.twin == nil {
		return
	}
	if e.operationID() == e.twin.operationID() {
		t.Errorf("I6: %v and %v have one operation id", e, e.twin)
	}
	for _, mine := range e.history() {
		for _, theirs := range e.twin.history() {
			if mine.succeeded() && theirs.succeeded() && bytes.Equal(mine.body, theirs.body) {
				t.Errorf("I6: %v and %v have the same answer: %s", e, e.twin, mine.body)
			}
		}
	}
}

// causeOfUnknown returns why the outcome is unknown.
func (e *entity) causeOfUnknown(v *vendor) string {
	arrivals := v.of(e.subjects()...)
	if len(arrivals) == 0 {
		return "nothing arrived: the claim, or its release, was lost"
	}
	last := arrivals[len(arrivals)-1].play
	switch {
	case last.answers && !last.late:
		return "the vendor answered: the result was lost with its proxy, came too late, or could not be stored"
	case last.invites:
		return "the vendor did nothing (" + last.name + "): the release, or a later claim, was lost"
	}
	return "the vendor " + last.name
}
