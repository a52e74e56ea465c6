package soap

import "fmt"

// Outcome is what is known of the upstream's execution of a call that did not end well.
type Outcome string

// The outcomes, from the least to the most that may have happened upstream.
const (
	// NotSent: provably nothing left this process.
	NotSent Outcome = "not_sent"
	// Rejected: the vendor answered that it did not do it.
	Rejected Outcome = "rejected"
	// Failed: the vendor answered that it broke; it may have done part of it.
	Failed Outcome = "failed"
	// Unknown: there is no readable answer; it may have executed.
	Unknown Outcome = "unknown"
	// Executed: an operator confirmed that it was done; what the upstream answered is not known.
	Executed Outcome = "executed"
)

// SendErrorKind says how far a message got before its transport failed.
type SendErrorKind uint8

// The kinds of transport failure.
const (
	// Unreachable: no connection was obtained, or none of the message was handed to it. The outcome is NotSent.
	Unreachable SendErrorKind = iota + 1
	// Broken: a connection was obtained, and no complete reply came back over it. The outcome is Unknown.
	Broken
	// TimedOut: as Broken, because the time was up. The outcome is Unknown.
	TimedOut
)

// SendError is a failure to bring a message to the upstream and a reply back. It is made here, on our side of the wire: what
// the vendor answered, however bad, is a Reply.
type SendError struct {
	Kind SendErrorKind
	Err  error // the cause, for the log; it may name the upstream's address
	// Unanswered reports of Broken that a connection that was used before broke without a byte of an answer: a server that closes those that are
	// idle does so. The message may have been executed all the same.
	Unanswered bool
}

// MayRepeat reports whether a message that only reads is worth sending again: the failure is one of connections.
func (e *SendError) MayRepeat() bool { return e.Kind == Unreachable || e.Unanswered }

func (e *SendError) Error() string {
	switch e.Kind {
	case Unreachable:
		return fmt.Sprintf("upstream unreachable, nothing was sent: %v", e.Err)
	case TimedOut:
		return fmt.Sprintf("upstream timed out, the outcome is unknown: %v", e.Err)
	case Broken:
	}
	return fmt.Sprintf("upstream connection broke, the outcome is unknown: %v", e.Err)
}

func (e *SendError) Unwrap() error { return e.Err }
