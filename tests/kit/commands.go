package kit

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Run runs a command to its end. The test fails for what it must not write.
func (c Command) Run(t testing.TB) *Process {
	t.Helper()
	p, err := c.Start()
	if err == nil {
		_, err = p.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Judge(t)
	return p
}

// NewKey makes an API key as an operator does, and the line by which API_KEYS knows it. Without scopes it has those of all built-in operations.
func NewKey(t testing.TB, id string, scopes ...string) (key, line string) {
	t.Helper()
	return Command{}.NewKey(t, id, scopes...)
}

// NewKey is the function of this name with the command's settings: SYSTEMS has scopes of its own.
func (c Command) NewKey(t testing.TB, id string, scopes ...string) (key, line string) {
	t.Helper()
	c.Args = []string{"keys", "new", "--id", id}
	for _, s := range scopes {
		c.Args = append(c.Args, "--scope", s)
	}
	p := c.Run(t)
	for text := range strings.Lines(p.Stdout.String()) {
		switch text = strings.TrimSpace(text); {
		case strings.HasPrefix(text, "sb_"+id+"."):
			key = text
		case strings.HasPrefix(text, id+" sha256:"):
			line = text
		}
	}
	if p.Code() != 0 || key == "" || line == "" || strings.Contains(line, strings.TrimPrefix(key, "sb_"+id+".")) {
		t.Fatalf("exit code %d: %s %s", p.Code(), p.Stdout, p.Stderr)
	}
	return key, line
}

// The first line of the log says where the API listens; metrics come later.
var (
	listening        = regexp.MustCompile(`^.*?(?:"listen":"([^"]+)"|\blisten=(\S+)).*\n`)
	metricsListening = regexp.MustCompile(`"metrics_listen":"([^"]+)"|\bmetrics_listen=(\S+)\s`)
)

// Serve starts a command, serve on a free port unless it says something else, and waits until it listens.
func (c Command) Serve() (*Process, error) {
	c.Settings = With(map[string]string{"LISTEN": "127.0.0.1:0"}, c.Settings)
	if c.Args == nil {
		c.Args = []string{"serve"}
	}
	p, err := c.Start()
	if err != nil {
		return nil, err
	}
	match, err := p.AwaitMatch(p.Stderr, listening)
	if err != nil {
		return nil, err
	}
	p.URL = "http://" + match[1] + match[2]
	if c.Settings["METRICS_LISTEN"] != "" {
		if match, err = p.AwaitMatch(p.Stderr, metricsListening); err != nil {
			return nil, err
		}
		p.Metrics = "http://" + match[1] + match[2] + "/metrics"
	}
	return p, nil
}

var (
	sandboxReady = regexp.MustCompile(`(?s)^.*/sandbox/scenarios\n$`)
	endpoints    = regexp.MustCompile(`(?m)^SOAPBRIDGE_([A-Z]+_URL)=(http://[^/\s]+)(/\S*)$`)
)

// StartSandbox starts the sandbox on a free port, and reads the settings for a proxy in front of it from what it prints.
func StartSandbox(c Command) (*Process, map[string]string, error) {
	c.Args = []string{"sandbox", "--listen", "127.0.0.1:0"}
	p, err := c.Start()
	if err != nil {
		return nil, nil, err
	}
	text, err := p.AwaitMatch(p.Stdout, sandboxReady)
	if err != nil {
		return nil, nil, err
	}
	settings := map[string]string{}
	for _, m := range endpoints.FindAllStringSubmatch(text[0], -1) {
		settings[m[1]], p.URL = m[2]+m[3], m[2]
	}
	if len(settings) != 3 {
		p.Kill()
		return nil, nil, fmt.Errorf("the sandbox prints %d endpoints: %s", len(settings), text[0])
	}
	return p, settings, nil
}

// Demo is the API with a sandbox behind it.
type Demo struct {
	*Process

	Sandbox string // URL
}

// demoReady matches all that a demo prints.
var demoReady = regexp.MustCompile(`(?s)\n *API +(http://\S+)\n +sandbox +(http://\S+).*/sandbox/scenarios\n\n$`)

// StartDemo starts the demo, on a free port unless the command has arguments.
func StartDemo(c Command) (*Demo, error) {
	if c.Args == nil {
		c.Args = []string{"demo", "--listen", "127.0.0.1:0"}
	}
	p, err := c.Start()
	if err != nil {
		return nil, err
	}
	match, err := p.AwaitMatch(p.Stdout, demoReady)
	if err != nil {
		return nil, err
	}
	p.URL = match[1]
	return &Demo{p, match[2]}, nil
}

// RunDemo runs the demo on a free port until the test ends, with further arguments.
func RunDemo(t testing.TB, args ...string) *Demo {
	t.Helper()
	d, err := StartDemo(Command{Args: append([]string{"demo", "--listen", "127.0.0.1:0"}, args...)})
	if err != nil {
		t.Fatal(err)
	}
	d.StopAfter(t)
	return d
}

// Forget empties the sandbox: the calls that it has executed, and the scenarios that wait.
func (d *Demo) Forget(t testing.TB) {
	t.Helper()
	d.control(t, http.MethodDelete, "/sandbox/calls", "")
}

// Queue lets the sandbox answer the next call of an operation as a scenario says.
func (d *Demo) Queue(t testing.TB, operation, scenario string) {
	t.Helper()
	d.control(t, http.MethodPost, "/sandbox/scenarios", `{"operation": "`+operation+`", "scenario": "`+scenario+`", "times": 1}`)
}

// Executed returns how often the sandbox has executed each operation, none left out.
func (d *Demo) Executed(t testing.TB) map[string]int {
	t.Helper()
	var calls struct{ Counts map[string]int }
	text := d.control(t, http.MethodGet, "/sandbox/calls", "")
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return calls.Counts
}

func (d *Demo) control(t testing.TB, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.Sandbox+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s, %v: %s", method, path, response.Status, err, text)
	}
	return text
}
