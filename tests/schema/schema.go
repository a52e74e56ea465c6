// Package schema judges whole SOAP envelopes with libxml2, which shares no code with the product. Its schemas say what the
// vendor pages and the contract say, once more and independently; README.md names the source of each decision.
package schema

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The schemas, by the name of their entry document: the requests of a system, and its replies. CustomerCare's know SOAP
// 1.1 and 1.2, the others 1.1 only.
const (
	CustomerCare      = "customercare"
	CustomerCareReply = "customercare-reply"
	MDS               = "mds"
	MDSReply          = "mds-reply"
	Emersion          = "emersion"
	EmersionReply     = "emersion-reply"
)

// Has reports whether a schema declares an element: a system may have operations that are in no schema here.
func Has(tb testing.TB, system, element string) bool {
	tb.Helper()
	dir, err := directory()
	if err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, system+".xsd"))
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.Contains(text, []byte(`<xs:element name="`+element+`"`))
}

// ErrInvalid is the class of an error that is the envelope's own: not well-formed, not valid, or with markup that SOAP
// forbids. Any other error means that nothing was judged.
var ErrInvalid = errors.New("invalid envelope")

// The exit codes of xmllint (its manual page, section Diagnostics) that speak of the document.
const (
	exitNotWellFormed = 1
	exitInvalid       = 3
)

// A run of xmllint takes some 10 ms; the limit only ends one that hangs.
const timeLimit = time.Minute

// Validate fails the test when envelope is not a valid message of the system, one of the constants above.
func Validate(tb testing.TB, system string, envelope []byte) {
	tb.Helper()
	if err := Check(system, envelope); err != nil {
		tb.Errorf("%v\nthe envelope was:\n%s", err, envelope)
	}
}

// ValidateAll is Validate for many named envelopes in one process: the way for hundreds. The report names those that are
// not valid.
func ValidateAll(tb testing.TB, system string, envelopes map[string][]byte) {
	tb.Helper()
	if len(envelopes) == 0 {
		tb.Fatal("no envelope to judge")
	}
	names := writeFiles(tb, envelopes)
	if len(names) == 0 {
		return
	}
	err := judge(system, nil, slices.Sorted(maps.Keys(names))...)
	switch {
	case err == nil:
	case !errors.Is(err, ErrInvalid):
		tb.Fatal(err)
	default:
		report := err.Error()
		for file, name := range names {
			report = strings.ReplaceAll(report, file, name)
		}
		tb.Error(report)
	}
}

// writeFiles returns the names of the envelopes by the files it wrote them to; one with forbidden markup fails the test.
func writeFiles(tb testing.TB, envelopes map[string][]byte) map[string]string {
	tb.Helper()
	dir := tb.TempDir()
	names := make(map[string]string, len(envelopes))
	for name, envelope := range envelopes {
		if err := forbiddenMarkup(envelope); err != nil {
			tb.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.xml", len(names)))
		if err := os.WriteFile(file, envelope, 0o600); err != nil {
			tb.Fatal(err)
		}
		names[file] = name
	}
	return names
}

// Check returns what is wrong with the envelope, for callers without a testing.TB; see [ErrInvalid].
func Check(system string, envelope []byte) error {
	if err := forbiddenMarkup(envelope); err != nil {
		return err
	}
	return judge(system, bytes.NewReader(envelope), "-")
}

// C14N returns the exclusive canonical form (W3C Exclusive XML Canonicalization 1.0, comments kept): attribute order, quoting,
// empty-element form and unused namespace declarations no longer differ; prefixes, and white space between elements, still do.
func C14N(tb testing.TB, document []byte) []byte {
	tb.Helper()
	canonical, report, err := xmllint(bytes.NewReader(document), "--exc-c14n", "-")
	if err != nil {
		tb.Fatalf("%v: %s", err, report)
	}
	return canonical
}

func judge(system string, stdin io.Reader, files ...string) error {
	dir, err := directory()
	if err != nil {
		return err
	}
	entry := filepath.Join(dir, system+".xsd")
	if _, err := os.Stat(entry); err != nil {
		return fmt.Errorf("no such schema: %w", err)
	}
	_, report, err := xmllint(stdin, append([]string{"--noout", "--schema", entry}, files...)...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && (exit.ExitCode() == exitNotWellFormed || exit.ExitCode() == exitInvalid):
		return fmt.Errorf("%w, judged by %s.xsd:\n%s", ErrInvalid, system, failures(report))
	}
	return fmt.Errorf("%w: %s", err, report)
}

func xmllint(stdin io.Reader, args ...string) (stdout []byte, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	var out, report bytes.Buffer
	cmd := exec.CommandContext(ctx, "xmllint", append([]string{"--nonet"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &report
	err = cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w (apt-get install libxml2-utils)", err)
	}
	return out.Bytes(), report.String(), err
}

// failures drops the lines about the documents that are valid.
func failures(report string) string {
	lines := strings.Split(strings.TrimSpace(report), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasSuffix(l, " validates") }), "\n")
}

// forbiddenMarkup refuses what a schema cannot see: SOAP 1.1 section 3 and SOAP 1.2 part 1 section 5 allow no DTD and no
// processing instruction.
func forbiddenMarkup(envelope []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(envelope))
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: document type declaration", ErrInvalid)
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("%w: processing instruction %s", ErrInvalid, t.Target)
			}
		}
	}
}

// directory finds the schemas from the root of the module, because tests run in the directory of their own package.
var directory = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "tests", "schema"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
})
