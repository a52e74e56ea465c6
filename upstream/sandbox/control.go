package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The control API:
//
//	GET    /                              what this is
//	GET    /sandbox/scenarios             every scenario, the magic values, and those that are queued
//	POST   /sandbox/scenarios             queue one
//	GET    /sandbox/calls                 the executed calls; filters are callFilters
//	GET    /sandbox/calls/{n}/envelope    one of them as it came in
//	DELETE /sandbox/calls                 clear everything
//
// Its errors are controlError.

// controlError is the answer to an invalid control request.
type controlError struct {
	Error string   `json:"error"`
	Valid []string `json:"valid,omitempty"` // the valid values
}

// methods routes a path by method.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handle, allowed := m[r.Method]; allowed {
		handle(w, r)
		return
	}
	valid := slices.Sorted(maps.Keys(m))
	w.Header().Set("Allow", strings.Join(valid, ", "))
	sendJSON(w, http.StatusMethodNotAllowed, controlError{"method " + r.Method + " is not allowed here", valid})
}

func (s *Server) routeControl() {
	s.mux.Handle("/{$}", methods{"GET": s.welcome})
	s.mux.Handle("/sandbox/scenarios", methods{"GET": s.listScenarios, "POST": s.queueScenario})
	s.mux.Handle("/sandbox/calls", methods{"GET": s.listCalls, "DELETE": s.forget})
	s.mux.Handle("/sandbox/calls/{number}/envelope", methods{"GET": s.showEnvelope})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusNotFound, controlError{"no such path", s.paths()})
	})
}

func sendJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) //nolint:errchkjson // fails only when the client has disconnected
}

func (s *Server) paths() []string {
	paths := make([]string, 0, 4+len(s.systems))
	paths = append(paths, "/", "/sandbox/scenarios", "/sandbox/calls", "/sandbox/calls/{number}/envelope")
	for _, sys := range s.systems {
		paths = append(paths, sys.vendor.path)
	}
	return paths
}

func (s *Server) operationNames() []string { return slices.Sorted(maps.Keys(s.operations)) }

// service is one system in the welcome.
type service struct {
	System       string   `json:"system"`
	Path         string   `json:"path"`
	SOAPVersions []string `json:"soapVersions"`
	Operations   []string `json:"operations"`
}

func (s *Server) welcome(w http.ResponseWriter, _ *http.Request) {
	services := make([]service, 0, len(s.systems))
	for _, sys := range s.systems {
		shown := service{System: sys.Name, Path: sys.vendor.path}
		for _, v := range sys.vendor.versions {
			shown.SOAPVersions = append(shown.SOAPVersions, v.name)
		}
		for _, op := range sys.operations {
			shown.Operations = append(shown.Operations, op.key())
		}
		services = append(services, shown)
	}
	sendJSON(w, http.StatusOK, map[string]any{
		"about": "A sandbox: it replaces the vendors' SOAP services and does nothing real. It keeps the envelopes that it receives " +
			"and shows them to every client, so send made-up data only.",
		"services": services,
		"control": map[string]string{
			"GET /sandbox/scenarios":               "what can go wrong on request, by name or by a value, and what is queued",
			"POST /sandbox/scenarios":              `queue a scenario: {"operation": "CreateCallLog", "scenario": "reset-after", "times": 1, "delay": "500ms"}`,
			"GET /sandbox/calls":                   "the executed calls; filters: " + strings.Join(filterNames(), ", "),
			"GET /sandbox/calls/{number}/envelope": "one request as it came in",
			"DELETE /sandbox/calls":                "forget everything: calls, counts, queued scenarios",
		},
		"tokens": "a value like sandbox:reset-after, sandbox:delay=2s or sandbox:fault:NotFound in any field of a request asks for that scenario",
	})
}

// shownScenario is one scenario in the list.
type shownScenario struct {
	Name     string   `json:"name"`
	Token    string   `json:"token"`
	Sentence string   `json:"sentence"`
	Executes bool     `json:"executes"`
	Systems  []string `json:"systems"`
}

// shownQueued is one entry of the queue.
type shownQueued struct {
	Operation string `json:"operation"`
	Scenario  string `json:"scenario"`
	Times     int    `json:"times"`
	Delay     string `json:"delay,omitempty"`
}

func (s *scenario) shown(systems []string) shownScenario {
	return shownScenario{s.name, s.token(), s.sentence, s.executes, systems}
}

func (s *Server) listScenarios(w http.ResponseWriter, _ *http.Request) {
	list := make([]shownScenario, 0, len(scenarios))
	for i := range scenarios {
		systems := []string{}
		for _, sys := range s.systems {
			if scenarios[i].playableBy(sys.Name) {
				systems = append(systems, sys.Name)
			}
		}
		list = append(list, scenarios[i].shown(systems))
	}
	for _, sys := range s.systems {
		for _, op := range sys.operations {
			for i := range op.declared {
				list = append(list, op.declared[i].shown([]string{sys.Name}))
			}
		}
	}
	queue := s.state.waiting()
	waiting := make([]shownQueued, 0, len(queue))
	for _, q := range queue {
		waiting = append(waiting, q.shown())
	}
	sendJSON(w, http.StatusOK, map[string]any{"scenarios": list, "values": s.magicValues(), "queued": waiting})
}

// shownMagic is one value in the list of refused values.
type shownMagic struct {
	System string `json:"system"`
	magicValue
}

func (s *Server) magicValues() []shownMagic {
	list := []shownMagic{}
	for _, sys := range s.systems {
		for _, value := range sys.vendor.magic {
			list = append(list, shownMagic{sys.Name, value})
		}
	}
	return list
}

func (q queued) shown() shownQueued {
	shown := shownQueued{Operation: q.operation, Scenario: q.cue.name, Times: q.times}
	if q.cue.delay > 0 {
		shown.Delay = q.cue.delay.String()
	}
	return shown
}

// scenarioOrder is the body of a request that queues a scenario.
type scenarioOrder struct {
	Operation string `json:"operation"` // required
	Scenario  string `json:"scenario"`  // required
	Times     *int   `json:"times"`     // calls to play it for, 1 to maxTimes; default 1
	Delay     string `json:"delay"`     // a Go duration before the answer, up to maxDelay
}

const maxTimes = 1_000_000

func (s *Server) queueScenario(w http.ResponseWriter, r *http.Request) {
	var order scenarioOrder
	if err := decodeStrictly(http.MaxBytesReader(w, r.Body, maxRequest), &order); err != nil {
		sendJSON(w, http.StatusBadRequest, controlError{
			"the body is not what it should be: " + err.Error(), []string{"operation", "scenario", "times", "delay"},
		})
		return
	}
	q, refusal := s.prepare(order)
	if refusal != nil {
		sendJSON(w, http.StatusBadRequest, refusal)
		return
	}
	if !s.state.enqueue(q) {
		sendJSON(w, http.StatusConflict, controlError{Error: fmt.Sprintf("%d entries are queued already, DELETE /sandbox/calls forgets them", maxQueued)})
		return
	}
	sendJSON(w, http.StatusCreated, q.shown())
}

func decodeStrictly(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// prepare checks an order.
func (s *Server) prepare(order scenarioOrder) (queued, *controlError) {
	op, known := s.operations[order.Operation]
	if !known {
		return queued{}, &controlError{fmt.Sprintf("unknown operation %q", order.Operation), s.operationNames()}
	}
	if _, err := op.scenario(order.Scenario); err != nil {
		return queued{}, &controlError{err.Error(), op.playable()}
	}
	c, err := op.newCue(order.Scenario, order.Delay)
	if err != nil {
		return queued{}, &controlError{Error: err.Error()}
	}
	times := 1
	if order.Times != nil {
		times = *order.Times
	}
	if times < 1 || times > maxTimes {
		return queued{}, &controlError{Error: fmt.Sprintf("times must be 1 to %d", maxTimes)}
	}
	return queued{operation: op.key(), cue: c, times: times}, nil
}

// playable lists the names of the scenarios that an operation can play.
func (op *operation) playable() []string {
	list := op.scenarios()
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.name
	}
	return names
}

// callFilters are the query parameters of the list of calls. messageId is the one sent to any system; MDS has its external reference in
// that place.
var callFilters = map[string]func(c *call, value string) bool{
	"system":            func(c *call, value string) bool { return c.System == value },
	"operation":         func(c *call, value string) bool { return c.Operation == value },
	"messageId":         func(c *call, value string) bool { return c.MessageID == value || c.ExternalReference == value },
	"externalReference": func(c *call, value string) bool { return c.ExternalReference == value },
	"accountReference":  func(c *call, value string) bool { return c.AccountReference == value },
}

func filterNames() []string { return slices.Sorted(maps.Keys(callFilters)) }

// callList is the answer to a request for calls.
type callList struct {
	Counts  map[string]int `json:"counts"`  // executed calls of each operation since the last reset, without the filter
	Refused int            `json:"refused"` // requests that did not pass the judgement of their envelope
	Matched int            `json:"matched"` // number of the calls below
	Calls   []call         `json:"calls"`   // oldest first; of very many only the last ones are kept
}

func (s *Server) listCalls(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		sendJSON(w, http.StatusBadRequest, controlError{"the query is malformed", filterNames()})
		return
	}
	for name, values := range query {
		if callFilters[name] == nil || len(values) != 1 {
			sendJSON(w, http.StatusBadRequest, controlError{fmt.Sprintf("filter %q is unknown or repeated", name), filterNames()})
			return
		}
	}
	if operation := query.Get("operation"); query.Has("operation") && s.operations[operation] == nil {
		sendJSON(w, http.StatusBadRequest, controlError{fmt.Sprintf("unknown operation %q", operation), s.operationNames()})
		return
	}
	sendJSON(w, http.StatusOK, s.state.find(s.operationNames(), func(c *call) bool {
		for name := range query {
			if !callFilters[name](c, query.Get(name)) {
				return false
			}
		}
		return true
	}))
}

func (s *Server) showEnvelope(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	found := s.state.find(nil, func(c *call) bool { return err == nil && c.Number == number }).Calls
	if len(found) == 0 {
		sendJSON(w, http.StatusNotFound, controlError{Error: "no executed call of this number is kept; GET /sandbox/calls lists them"})
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(found[0].envelope)
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	s.state.reset()
	w.WriteHeader(http.StatusNoContent)
}
