package schema_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"soapbridge/tests/schema"
)

// instances are whole envelopes: the vendor pages' samples with distinct values, and replies and faults of real ASMX, JAX-WS
// and PHP servers.
var instances = map[string][]string{
	schema.CustomerCare: {
		"workflow-soap11.xml", "workflow-soap12.xml", "call-log-soap11.xml", "call-log-soap12.xml", "pin-change-soap11.xml",
		"pin-change-soap12.xml",
	},
	schema.CustomerCareReply: {
		"workflow-reply-soap11.xml", "workflow-reply-soap12.xml", "call-log-reply-soap11.xml", "call-log-reply-soap12.xml",
		"pin-change-reply-soap11.xml", "pin-change-reply-soap12.xml", "customercare-fault-soap11.xml",
		"customercare-fault-soap12.xml", "customercare-version-mismatch.xml",
	},
	schema.MDS:           {"service.xml", "service-full.xml"},
	schema.MDSReply:      {"service-reply.xml", "service-fault.xml"},
	schema.Emersion:      {"account.xml", "account-security.xml"},
	schema.EmersionReply: {"account-reply.xml", "account-fault.xml"},
}

func TestEveryInstanceIsValidForItsSystem(t *testing.T) {
	t.Parallel()
	for system, files := range instances {
		envelopes := make(map[string][]byte, len(files))
		for _, file := range files {
			envelopes[file] = read(t, file)
			schema.Validate(t, system, envelopes[file])
		}
		schema.ValidateAll(t, system, envelopes)
	}
}

func TestEveryInstanceIsInvalidForEveryOtherSystem(t *testing.T) {
	t.Parallel()
	for system, files := range instances {
		for other := range instances {
			for _, file := range files {
				isFault := strings.Contains(file, "fault") || strings.Contains(file, "mismatch")
				if other == system || isFault && strings.HasSuffix(other, "-reply") {
					continue // a SOAP 1.1 fault belongs to no system
				}
				if err := schema.Check(other, read(t, file)); !errors.Is(err, schema.ErrInvalid) {
					t.Errorf("%s judged %s: %v", other, file, err)
				}
			}
		}
	}
}

const (
	pin      = "pin-change-soap11.xml"
	workflow = "workflow-soap11.xml"
	callLog  = "call-log-soap11.xml"
	service  = "service-full.xml"
	account  = "account.xml"
	s        = "http://ws.southernco.com/CustSvc-iHub"
)

// A declaration that no instance uses is one that nothing has tested, most often a misspelt name.
func TestEveryDeclaredElementOccursInAnInstance(t *testing.T) {
	t.Parallel()
	var all bytes.Buffer
	for _, file := range slices.Concat(slices.Collect(maps.Values(instances))...) {
		all.Write(read(t, file))
	}
	schemas, err := filepath.Glob("*.xsd")
	if err != nil || len(schemas) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	declared := regexp.MustCompile(`<xs:element name="(\w+)"`)
	unused := map[string]bool{"NotUnderstood": true} // only a SOAP 1.2 MustUnderstand fault has it, and no known server sends it
	for _, file := range schemas {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			name := string(m[1])
			if !unused[name] && !regexp.MustCompile(`<(\w[\w-]*:)?`+name+`[ />]`).Match(all.Bytes()) {
				t.Errorf("%s declares %s, which no instance has", file, name)
			}
		}
	}
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
