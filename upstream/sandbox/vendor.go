package sandbox

import "time"

// vendor has the peculiarities of one vendor's service.
type vendor struct {
	path     string    // of the service
	versions []version // that it speaks
	prefix   string    // of the envelope in its faults
	// result is the element with the result of an answer, by the end of its path.
	result string
	// action returns the SOAPAction of an operation; nil means that it is empty.
	action func(op *operation) string
	// unknownAction is the text of the fault that answers an action of no operation; nil means the sandbox's own text.
	unknownAction func(v version, action string) string
	// noAction is the text of the fault that answers a request without an action; empty means the sandbox's own text.
	noAction string
	// basic and usernameToken say where the credentials belong, when some are configured: HTTP Basic, WS-Security.
	basic, usernameToken bool
	// rules are the vendor's own, applied in order; the first one that refuses makes the answer.
	rules []rule
	// magic are the values that only the vendor's own data would refuse.
	magic []magicValue
	// success fills the answer to an executed call.
	success func(*request, execution) filling
	// trace is the text of a fault that leaks the insides of this vendor's stack, over several lines.
	trace string
}

// rule is a business rule of a vendor, as far as its pages describe it.
type rule struct {
	// operation is the one that the rule is about; empty means every operation of the system.
	operation string
	// refuse returns the answer to a request that breaks the rule, or nil.
	refuse func(*request, time.Time) *answer
}

// refusal is the answer to a request that breaks a rule, else nil.
func (v *vendor) refusal(r *request, now time.Time) *answer {
	for _, rule := range v.rules {
		if rule.operation != "" && rule.operation != r.operation.name {
			continue
		}
		if refusal := rule.refuse(r, now); refusal != nil {
			return refusal
		}
	}
	return nil
}

// magicValue is a value that the sandbox refuses as if it knew it from earlier: it remembers nothing that would change an answer, so
// that a request is answered in the same way however often it comes.
type magicValue struct {
	Element  string `json:"element"`
	Value    string `json:"value"`
	Sentence string `json:"sentence"` // its effect, for a person
}

// request is one request that passed the judgement of its envelope.
type request struct {
	operation *operation
	version   version
	envelope  []byte
	header    *element // nil without one
	body      *element // the first child of the Body; nil without one, in an imported system
}

// faulted is the answer of a vendor's rule, with a fault.
func (r *request) faulted(f fault) *answer {
	a := f.answer(r.version, r.operation.system.vendor.prefix)
	return &a
}

// execution is what happened when a request was executed.
type execution struct {
	time      time.Time
	accountID string // of Emersion
}

// vendors are the vendors that the sandbox can replace, by the name of their system.
var vendors = map[string]*vendor{
	CustomerCare: &customerCare,
	MDS:          &mds,
	Emersion:     &emersion,
}

// xmlTime is an instant as the answers spell it.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
