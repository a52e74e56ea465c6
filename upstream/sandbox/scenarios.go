package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// scenario is one kind of extraordinary answer. It is played in place of the vendor's rules and answer, for a request with a
// valid envelope.
type scenario struct {
	name     string
	sentence string   // its effect, for a person
	systems  []string // that can play it; nil means all
	executes bool     // the request counts as executed, even if the client gets no answer
	rules    bool     // the vendor's rules apply, as without a scenario
	play     func(*exchange)
}

// cue is the scenario to play for a request.
type cue struct {
	*scenario
	delay time.Duration // before the answer; 0 means the scenario's own
}

// ordinary is the default scenario.
var ordinary = scenario{executes: true, rules: true, play: (*exchange).succeed}

// defaultDelay is the one of the scenario delay.
const defaultDelay = time.Second

// maxDelay is the longest allowed delay.
const maxDelay = 5 * time.Minute

// The names of scenarios that are mentioned more than once.
const (
	scenarioDelay = "delay"
	declaredFault = "fault:"     // begins the name of a declared fault's scenario
	redirected    = "redirected" // query parameter that the redirects add: they are played once
)

// scenarios are all of them, in the order in which the control API lists them. Where an answer is hidden, broken or unreadable
// the request counts as executed: that is the worst case for a client.
var scenarios = slices.Concat(connectionScenarios, httpScenarios, faultScenarios, customerCareScenarios, mdsScenarios,
	emersionScenarios(), envelopeScenarios)

var connectionScenarios = []scenario{
	{name: scenarioDelay, executes: true, rules: true, play: (*exchange).succeed,
		sentence: "executes at once and answers as usual after a delay (1s by default)"},
	{name: "stall", executes: true, play: (*exchange).stall,
		sentence: "executes and never answers; ends when the client goes"},
	{name: "stall-before", play: (*exchange).stall,
		sentence: "never answers, without executing; ends when the client goes"},
	{name: "reset-before", play: (*exchange).reset,
		sentence: "resets the TCP connection without executing"},
	{name: "reset-after", executes: true, play: (*exchange).reset,
		sentence: "executes, then resets the TCP connection in place of an answer"},
	{name: "close-before", play: (*exchange).closeConnection,
		sentence: "closes the TCP connection in order, without executing or answering"},
	{name: "close-after", executes: true, play: (*exchange).closeConnection,
		sentence: "executes, then closes the TCP connection in order, without an answer"},
	{name: "truncated-reply", executes: true, play: (*exchange).truncate,
		sentence: "a complete envelope, but Content-Length promises more bytes than come"},
	{name: "drip", executes: true, play: (*exchange).drip,
		sentence: "the ordinary answer, one byte every 100ms"},
	{name: "endless", executes: true, play: (*exchange).endless,
		sentence: "the ordinary answer, followed by white space without end"},
}

var httpScenarios = []scenario{
	{name: "html-200", executes: true, play: page(http.StatusOK),
		sentence: "executes; an HTML page with status 200 hides the answer"},
	{name: "html-500", executes: true, play: page(http.StatusInternalServerError),
		sentence: "executes; an HTML page with status 500 hides the answer"},
	{name: "html-503", executes: true, play: page(http.StatusServiceUnavailable),
		sentence: "executes; an HTML page with status 503, as a load balancer sends it, hides the answer"},
	{name: "empty-200", executes: true, play: empty(http.StatusOK),
		sentence: "executes; status 200 without a body"},
	{name: "empty-500", executes: true, play: empty(http.StatusInternalServerError),
		sentence: "executes; status 500 without a body"},
	{name: "http-400", play: page(http.StatusBadRequest), sentence: "status 400 without an envelope"},
	{name: "http-401", play: page(http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="sandbox"`),
		sentence: "status 401 without an envelope"},
	{name: "http-403", play: page(http.StatusForbidden), sentence: "status 403 without an envelope"},
	{name: "http-404", play: page(http.StatusNotFound), sentence: "status 404 without an envelope"},
	{name: "http-405", play: page(http.StatusMethodNotAllowed, "Allow", "GET"), sentence: "status 405 without an envelope"},
	{name: "http-413", play: page(http.StatusRequestEntityTooLarge), sentence: "status 413 without an envelope"},
	{name: "http-415", play: page(http.StatusUnsupportedMediaType), sentence: "status 415 without an envelope"},
	{name: "http-429", play: page(http.StatusTooManyRequests, "Retry-After", "2"),
		sentence: "status 429 with Retry-After: 2, without an envelope"},
	{name: "redirect-302", play: redirect(http.StatusFound),
		sentence: "status 302 to the same service; a client that follows it gets the usual answer"},
	{name: "redirect-307", play: redirect(http.StatusTemporaryRedirect),
		sentence: "status 307 to the same service; a client that follows it with the same body executes the call"},
	{name: "redirect-308", play: redirect(http.StatusPermanentRedirect),
		sentence: "status 308 to the same service; a client that follows it with the same body executes the call"},
}

const actionNotRecognized = "a Client fault that says the action is not known"

var faultScenarios = []scenario{
	{name: "fault-client", play: faulting(clientFault), sentence: "a Client (1.2: Sender) fault"},
	{name: "fault-server", executes: true, play: faulting(serverFault),
		sentence: "a Server (1.2: Receiver) fault; part of the work may be done, so it counts as executed"},
	{name: "fault-in-200", play: faultIn200, sentence: "a Client fault with HTTP status 200"},
	{name: "fault-version-mismatch", play: faulting(versionFault), sentence: "a VersionMismatch fault"},
	{name: "fault-must-understand", play: faulting(mustUnderstandFault), sentence: "a MustUnderstand fault"},
	{name: "fault-stack-trace", executes: true, play: faulting(traceFault),
		sentence: "a Server fault whose text is a stack trace of several lines, with a password in it"},
	{name: "fault-echo", play: faulting(echoFault),
		sentence: "a Client fault whose text repeats every value of the request, secrets included"},
}

var customerCareScenarios = []scenario{
	{name: "fault-action-not-recognized", systems: []string{CustomerCare}, play: faulting(actionFault), sentence: actionNotRecognized},
	{name: "fault-unknown-action", systems: []string{CustomerCare}, play: faulting(actionFault),
		sentence: actionNotRecognized + "; the same under a name that fits a field of 30 characters"},
	{name: "fault-unable-to-read", systems: []string{CustomerCare}, play: faulting(unableToReadFault),
		sentence: "a Client fault of an ASMX that could not read the request, naming no type"},
	{name: "fault-unable-enum", systems: []string{CustomerCare}, play: faulting(unableEnumFault),
		sentence: "a Client fault of an ASMX that could not read the request, naming the type OperationType"},
	{name: "failed-base-response", systems: []string{CustomerCare}, play: failing(failedInGeneral),
		sentence: "a business error in a 200: ErrorData with code 2001 and a NativeErrorDetail that must stay inside"},
	{name: "failed-code-only", systems: []string{CustomerCare}, play: failing(failedByCode),
		sentence: "a business error in a 200 that only the ResponseCode 99 shows: no ErrorData"},
}

var mdsScenarios = []scenario{
	{name: "mds-validation", systems: []string{MDS}, sentence: "a ValidationFault with two errors",
		play: faulting(fixed(mdsFault("ValidationFault", validationFailed,
			mdsMessage{"CMP1002", "Service code does not exist", "serviceCode"},
			mdsMessage{"CMP1005", "Sales person is not known", "salesPersonId"})))},
	{name: "mds-validation-bare", systems: []string{MDS}, sentence: "a ValidationFault without errors, Details only",
		play: faulting(fixed(mdsFault("ValidationFault", mdsMessage{"CMP1006", "Subscription is not active", ""})))},
	{name: "mds-system", systems: []string{MDS}, executes: true,
		sentence: "a SystemFault; part of the work may be done, so it counts as executed",
		play:     faulting(fixed(mdsFault("SystemFault", mdsMessage{"CMP9001", "Unexpected system error", "ORA-00600 at node cmp-db-2"})))},
	{name: "mds-security", systems: []string{MDS}, sentence: "a SecurityFault",
		play: faulting(fixed(mdsFault("SecurityFault", mdsMessage{"CMP9002", "User is not authorised", ""})))},
	{name: "mds-unavailable", systems: []string{MDS}, sentence: "a ServiceUnavailableFault",
		play: faulting(fixed(mdsFault("ServiceUnavailableFault", mdsMessage{"CMP9003", "Service is not available", ""})))},
}

// emersionScenarios are one for each numbered error of the page, and two for texts that the list does not have.
func emersionScenarios() []scenario {
	var all []scenario
	for number := range emersionSentences {
		sentence := emersionSentence(number, "PrimaryContact")
		all = append(all, scenario{
			name:     "emersion-" + strconv.Itoa(number),
			sentence: "the Validation Error " + sentence,
			systems:  []string{Emersion},
			play:     faulting(fixed(emersionFault(sentence))),
		})
	}
	slices.SortFunc(all, func(a, b scenario) int { return slices.Compare([]byte(a.name), []byte(b.name)) })
	return append(all,
		scenario{name: "emersion-page-example", systems: []string{Emersion},
			sentence: "the Validation Error of the page's example, whose wording is not the one of its list",
			play:     faulting(fixed(emersionFault(`Username does not contain "@"`)))},
		scenario{name: "emersion-unlisted", systems: []string{Emersion},
			sentence: "a Validation Error with a sentence that is not on the page",
			play:     faulting(fixed(emersionFault("The licencee is not allowed to create accounts")))})
}

var envelopeScenarios = []scenario{
	{name: "wrong-soap-version", executes: true, play: (*exchange).otherVersion, sentence: "success in an envelope of the other SOAP version"},
	{name: "wrong-namespace", executes: true, play: filled(func(x *exchange, f *filling) {
		f.namespaces = map[string]string{x.operation.body.name.Space: "http://sandbox.example/not-the-namespace"}
	}), sentence: "success with the vendor's namespace replaced by another one"},
	{name: "missing-result", executes: true, play: filled(func(x *exchange, f *filling) {
		f.drop[x.system.vendor.result] = true
	}), sentence: "status 200 without the element of the result: BaseResponse, ExternalReference or AccountID; " +
		"of an imported system everything in the reply's element"},
	{name: "duplicate-result", executes: true, play: filled(func(x *exchange, f *filling) { f.double = x.system.vendor.result }),
		sentence: "success with the element of the result twice"},
	{name: "deep-nesting", executes: true, play: filled(func(_ *exchange, f *filling) { f.extra = nested() }),
		sentence: "success with an unknown element nested 50,000 deep in it"},
	{name: "huge", executes: true, play: filled(func(_ *exchange, f *filling) { f.extra = padding() }),
		sentence: "success with an unknown element of 2 MiB in it"},
	{name: "empty-body", executes: true, play: (*exchange).emptyBody, sentence: "status 200 with an envelope whose Body is empty"},
	{name: "truncated-xml", executes: true, play: edited(cut), sentence: "a whole HTTP answer with an envelope cut off in the middle"},
	{name: "doctype", executes: true, play: edited(withDoctype), sentence: "success with a DOCTYPE that declares entities"},
	{name: "processing-instruction", executes: true, play: edited(withInstruction), sentence: "success with a processing instruction before the root"},
	{name: "second-root", executes: true, play: edited(withSecondRoot), sentence: "success followed by a second root element"},
	{name: "gzip", executes: true, play: (*exchange).gzip, sentence: "success compressed with gzip, asked for or not"},
	{name: "gzip-bomb", executes: true, play: (*exchange).gzipBomb,
		sentence: "success and 64 MiB of white space, compressed with gzip to less than 200 KiB"},
	{name: "utf-16", executes: true, play: encoded(utf16Encoding), sentence: "success in UTF-16, declared as such"},
	{name: "latin-1", executes: true, play: encoded(latin1), sentence: "success in ISO-8859-1, declared as such, with letters beyond ASCII"},
	{name: "windows-1252", executes: true, play: encoded(windows1252),
		sentence: "success in windows-1252, declared as such, with letters beyond ISO-8859-1"},
	{name: "bom", executes: true, play: edited(withByteOrderMark), sentence: "success in UTF-8 behind a byte order mark"},
}

// scenario finds a scenario that the operation can play.
func (op *operation) scenario(name string) (*scenario, error) {
	for _, s := range op.scenarios() {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("unknown scenario %q for %s", name, op.system.Name)
}

// scenarios are those that the operation can play: those of its system, and its declared faults.
func (op *operation) scenarios() []*scenario {
	var list []*scenario
	for i := range scenarios {
		if scenarios[i].playableBy(op.system.Name) {
			list = append(list, &scenarios[i])
		}
	}
	for i := range op.declared {
		list = append(list, &op.declared[i])
	}
	return list
}

func (s *scenario) playableBy(system string) bool {
	return s.systems == nil || slices.Contains(s.systems, system)
}

// token matches a scenario in a value of a request: `sandbox:reset-after`, `sandbox:delay=2s`, `sandbox:fault:NotFound`.
var token = regexp.MustCompile(`sandbox:(fault:[\pL\pN_.-]*[\pL\pN_]|[a-z0-9-]{1,40})(?:=([0-9a-z.]{1,20}))?`)

// token returns the text that selects a scenario inside a value.
func (s *scenario) token() string { return "sandbox:" + s.name }

// play answers a request with a valid envelope.
func (x *exchange) play() {
	c, err := x.cue()
	if err != nil {
		x.server.state.refuse()
		x.send(*x.clientFault("Sandbox: " + err.Error() + "; GET /sandbox/scenarios lists the valid ones"))
		return
	}
	now := x.server.now()
	x.execution.time = now
	var refusal *answer
	if c.rules {
		refusal = x.system.vendor.refusal(&x.request, now)
	}
	if c.executes && refusal == nil {
		x.execution = x.server.state.record(&x.request, c.name, now)
	}
	x.wait(c.delay)
	if refusal != nil {
		x.send(*refusal)
		return
	}
	c.play(x)
}

// cue selects the scenario: the one queued for the operation, else the one in the request, else the default.
func (x *exchange) cue() (cue, error) {
	if x.r.URL.Query().Has(redirected) {
		return cue{scenario: &ordinary}, nil
	}
	if c, waiting := x.server.state.next(x.operation.key()); waiting {
		return c, nil
	}
	var asked []string
	x.body.leaves(func(leaf *element) bool {
		asked = token.FindStringSubmatch(leaf.text)
		return asked == nil
	})
	if asked == nil {
		return cue{scenario: &ordinary}, nil
	}
	return x.operation.newCue(asked[1], asked[2])
}

// newCue checks a scenario and a delay; an empty delay means the scenario's own.
func (op *operation) newCue(name, delay string) (cue, error) {
	s, err := op.scenario(name)
	if err != nil {
		return cue{}, err
	}
	c := cue{scenario: s}
	if s.name == scenarioDelay {
		c.delay = defaultDelay
	}
	if delay == "" {
		return c, nil
	}
	c.delay, err = time.ParseDuration(delay)
	if err != nil || c.delay <= 0 || c.delay > maxDelay {
		return cue{}, fmt.Errorf("the delay of %q must be a duration like 500ms or 2s, above 0 and at most %s", name, maxDelay)
	}
	return c, nil
}
