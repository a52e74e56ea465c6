package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

var demoCommands = regexp.MustCompile(`(?ms)^# (\w+)\n(curl .*?)\n$`)

// startDemo starts a demo with settings that would lead a proxy to a real system: it must not read them.
func startDemo(t *testing.T, listen string) *kit.Demo {
	t.Helper()
	hostile := with(toVendor(closedPort(t)), map[string]string{"LISTEN": "0.0.0.0:1", "MODE": "production", "NONSENSE": "1", "CUSTOMERCARE_DIRECT_TOKEN": secretDirect})
	d, err := kit.StartDemo(program(t.Name(), hostile, "demo", "--listen", listen))
	if err != nil {
		t.Fatal(err)
	}
	d.StopAfter(t)
	// It logs the name of every setting that it ignores, and no value.
	ignored, err := d.AwaitMatch(d.Stderr, regexp.MustCompile(`level=WARN .* ignored="([^"]*)"`))
	if err != nil || len(strings.Fields(ignored[1])) != len(hostile) || !strings.Contains(ignored[1], "SOAPBRIDGE_NONSENSE") {
		t.Errorf("no warning about ignored settings:\n%s", d.Stderr)
	}
	return d
}

// TestDemoPrintsCommandsThatWork executes every command line that the demo prints, with a shell and curl, as a reader would.
func TestDemoPrintsCommandsThatWork(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("%v (apt-get install curl)", err)
	}
	d := startDemo(t, "127.0.0.1:0")
	commands := demoCommands.FindAllStringSubmatch(d.Stdout.String(), -1)
	if len(commands) != len(operations()) {
		t.Fatalf("the demo prints %d commands for %d operations:\n%s", len(commands), len(operations()), d.Stdout)
	}
	for i, op := range operations() {
		t.Run(op.Name, func(t *testing.T) {
			if commands[i][1] != op.Name {
				t.Fatalf("the command is for %s", commands[i][1])
			}
			status, header, body := shell(t, commands[i][2])
			if status != op.Status || header.Get("Operation-Id") == "" || !json.Valid([]byte(body)) {
				t.Errorf("status %d, %v: %s", status, header, body)
			}
		})
	}
	counts := d.Executed(t)
	for _, op := range operations() {
		if counts[op.Name] != 1 {
			t.Errorf("%s was executed %d times", op.Name, counts[op.Name])
		}
	}
	// The sentence at the end: a scenario's name in any text.
	op := operation(t, "CreateCallLog")
	unknown.check(t, variant{op, "1.1"}, send(t, d.URL, ask(op, newReference(), "sandbox:html-200")))
}

// shell executes a command line and reads the HTTP answer that it prints.
func shell(t *testing.T, line string) (status int, header http.Header, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), kit.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, &stderr, line)
	}
	head, body, found := strings.Cut(string(out), "\r\n\r\n")
	first, rest, _ := strings.Cut(head, "\r\n")
	if _, err := fmt.Sscanf(first, "HTTP/1.1 %d", &status); err != nil || !found {
		t.Fatalf("%v: %s", err, out)
	}
	header = http.Header{}
	for headerLine := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(headerLine, ": ")
		header.Add(name, value)
	}
	return status, header, body
}

func TestDemoForBrowsersOnThisMachine(t *testing.T) {
	d := startDemo(t, "localhost:0")
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(d.URL, "http://")); err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("the demo listens at %s", d.URL)
	}
	op := operation(t, "UpdateCustomerPIN")
	for origin, status := range map[string]int{
		"http://localhost:5173": op.Status, "http://localhost": op.Status, "https://localhost:5173": http.StatusForbidden,
		"http://127.0.0.1:5173": http.StatusForbidden, "http://localhost.evil.test": http.StatusForbidden, "null": http.StatusForbidden,
	} {
		c := ask(op, newReference(), "")
		c.header = header("Origin", origin)
		a := send(t, d.URL, c)
		want := ""
		if status == op.Status {
			want = origin
		}
		if a.status != status || a.header.Get("Access-Control-Allow-Origin") != want {
			t.Errorf("%s: status %d, %v", origin, a.status, a.header)
		}
	}
}
