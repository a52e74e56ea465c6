package docs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/tests/kit"
)

// demoURL is the address of a demo in the pages.
const demoURL = "http://127.0.0.1:8080"

// TestFirstAnswer: the two commands exist, and the first call is answered as the README prints.
func TestFirstAnswer(t *testing.T) {
	commands := regexp.MustCompile(`(?m)^(?:go run \. (\w+)|make (\w+))`).FindAllStringSubmatch(blocks(t, "README.md", "start")[0], -1)
	if len(commands) != 2 || commands[0][1] != "demo" || !strings.Contains(page(t, "Makefile"), "\n"+commands[1][2]+": ") {
		t.Errorf("the commands are %q", commands)
	}
	demo := kit.RunDemo(t)
	status, body := curl(t, strings.ReplaceAll(blocks(t, "README.md", "first")[0], demoURL, demo.URL))
	_, printed, _ := strings.Cut(page(t, "README.md"), "```sh first\n")
	var want, got map[string]any
	for text, into := range map[string]*map[string]any{fence.FindStringSubmatch(printed)[3]: &want, body: &got} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	if diff := cmp.Diff(membersOf(want), membersOf(got)); diff != "" || status != http.StatusCreated {
		t.Errorf("status %d; the answer has other members than the README prints (-want +got):\n%s", status, diff)
	}
}

// membersOf lists the members of an object and of those in it.
func membersOf(object map[string]any) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		names = append(names, name)
		if inside, ok := object[name].(map[string]any); ok {
			names = append(names, membersOf(inside)...)
		}
	}
	return names
}

func TestExamples(t *testing.T) {
	url := kit.RunDemo(t).URL
	at := func(command string) string { return strings.ReplaceAll(command, demoURL, url) }
	for _, command := range blocks(t, "docs/calls.md", "example") {
		if status, body := curl(t, at(command)); status != http.StatusOK && status != http.StatusCreated {
			t.Errorf("%s\nstatus %d: %s", command, status, body)
		}
	}
	status, body := curl(t, at(blocks(t, "docs/calls.md", "preview")[0]))
	if status != http.StatusOK || !strings.Contains(body, ">***</PIN>") || !strings.Contains(body, ">0123456789<") {
		t.Errorf("status %d, want an envelope with a masked PIN: %s", status, body)
	}
	t.Run("rejected", func(t *testing.T) { checkRejected(t, at(blocks(t, "docs/errors.md", "rejected")[0])) })
	t.Run("documents", func(t *testing.T) { checkDocuments(t, url) })
}

// checkDocuments asks a demo for every path of the table of documents.
func checkDocuments(t *testing.T, url string) {
	t.Helper()
	_, table, _ := strings.Cut(page(t, "docs/calls.md"), "\n## What a proxy says of itself\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| (`+"`"+`/.*?) \|`).FindAllStringSubmatch(table, -1)
	if len(rows) < 6 {
		t.Fatalf("the table lists %d documents", len(rows))
	}
	for _, row := range rows {
		for path := range strings.SplitSeq(strings.ReplaceAll(row[1], "`", ""), ", ") {
			status, body := curl(t, "curl -i "+url+strings.NewReplacer("{code}", "outcome-unknown", "{operation}", "CreateCallLog").Replace(path))
			if status != http.StatusOK || body == "" {
				t.Errorf("%s: status %d", path, status)
			}
		}
	}
}

// checkRejected compares with the answer that the page prints.
func checkRejected(t *testing.T, command string) {
	t.Helper()
	type shown struct {
		Pointer, Code, Hint string
		Params              struct{ Expected string }
	}
	var got, want struct{ Errors []shown }
	status, body := curl(t, command)
	_, printed, _ := strings.Cut(page(t, "docs/errors.md"), "```sh rejected\n")
	err1, err2 := json.Unmarshal([]byte(body), &got), json.Unmarshal([]byte(fence.FindStringSubmatch(printed)[3]), &want)
	if diff := cmp.Diff(want, got); diff != "" || err1 != nil || err2 != nil || status != http.StatusUnprocessableEntity {
		t.Errorf("status %d, %v, %v; the errors are not those that the page prints (-want +got):\n%s", status, err1, err2, diff)
	}
}

// curl runs a command of a page in a shell.
func curl(t *testing.T, command string) (status int, body string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "curl -i", "curl -sS -i", 1)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	head, body, _ := strings.Cut(string(out), "\r\n\r\n")
	if _, err := fmt.Sscanf(head, "HTTP/1.1 %d", &status); err != nil {
		t.Fatalf("no status: %s", out)
	}
	return status, body
}
