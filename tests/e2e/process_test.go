package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

type process struct{ *kit.Process }

var with = kit.With

// program is a run of the program, which must write none of the planted secrets.
func program(name string, settings map[string]string, args ...string) kit.Command {
	return kit.Command{Name: name, Settings: settings, Args: args, Secrets: planted}
}

// secretsIn returns the planted secrets that a text holds.
func secretsIn(text string) (found []string) {
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

// launchProxy starts serve on a free port.
func launchProxy(name string, settings map[string]string) (*process, error) {
	// Tests of many hold calls up at once, on purpose.
	roomy := kit.EverySystem(map[string]string{"MAX_IN_FLIGHT": "1000"})
	p, err := program(name, with(map[string]string{"DRAIN_TIMEOUT": "4s"}, roomy, settings)).Serve()
	return &process{p}, err
}

// proxy starts a proxy for one test.
func proxy(t *testing.T, settings map[string]string) *process {
	t.Helper()
	p, err := launchProxy(t.Name(), settings)
	if err != nil {
		t.Fatal(err)
	}
	p.StopAfter(t)
	return p
}

type finished struct {
	code           int
	stdout, stderr string
}

// command runs the program to its end.
func command(t *testing.T, settings map[string]string, args ...string) finished {
	t.Helper()
	p := program("", settings, args...).Run(t)
	return finished{p.Code(), p.Stdout.String(), p.Stderr.String()}
}

// logLine waits for the line of a request in the log of a proxy that logs JSON.
func (p *process) logLine(t *testing.T, requestID string) map[string]any {
	t.Helper()
	line, err := p.Await("log line of request "+requestID, func() string {
		for line := range strings.Lines(p.Stderr.String()) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, `"request_id":"`+requestID+`"`) {
				return line
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]any
	if err := json.Unmarshal([]byte(line), &attributes); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return attributes
}
