package contract_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"soapbridge/tests/schema"
	"soapbridge/translate/soap"
)

// writeGoldens encodes the requests and decodes the reply as they are now.
func (o operation) writeGoldens(t *testing.T, hasArrays bool) {
	t.Helper()
	for _, v := range o.system.versions {
		for _, each := range o.system.list(t, v) {
			if each.Name != o.Name {
				continue
			}
			for _, request := range requestsOf(hasArrays) {
				writeFile(t, each.goldenPath(request), each.golden(t, request))
			}
		}
	}
	writeFile(t, o.path("reply.json"), o.replyGolden(t))
	if _, err := os.Stat(o.path(fingerprintFile)); errors.Is(err, fs.ErrNotExist) { // written once, and never changed
		writeFile(t, o.path(fingerprintFile), o.fingerprintDigest(t))
	}
}

func (o operation) goldenPath(request string) string {
	return o.path(request + "." + versionName(o.version) + ".xml")
}

// golden returns the envelope of a request document, and a line end for the sake of editors.
func (o operation) golden(tb testing.TB, request string) []byte {
	tb.Helper()
	return append(encode(tb, o.read(tb, readFile(tb, o.path(request+".json")))).Envelope, '\n')
}

// eachRequest runs a test for every request document of every operation in every version.
func eachRequest(t *testing.T, test func(t *testing.T, o operation, request string)) {
	t.Helper()
	each(t, func(t *testing.T, o operation) {
		for _, request := range requestsOf(o.requestShape(t).hasArrays()) {
			t.Run(request, func(t *testing.T) {
				t.Parallel()
				test(t, o, request)
			})
		}
	})
}

func TestEnvelopeIsTheGolden(t *testing.T) {
	eachRequest(t, func(t *testing.T, o operation, request string) {
		want, got := readFile(t, o.goldenPath(request)), o.golden(t, request)
		if !bytes.Equal(want, got) {
			diff(t, "the envelope differs from "+o.goldenPath(request), tagByTag(want), tagByTag(got))
		}
	})
}

// tagByTag breaks an envelope, which is one line, where a tag follows a tag.
func tagByTag(envelope []byte) []string {
	return strings.SplitAfter(strings.ReplaceAll(string(envelope), "><", ">\n<"), "\n")
}

// Every leaf is at the place that the vendor's sample has for it, and nothing else is there.
func TestGoldenCarriesEveryLeafAtItsPlace(t *testing.T) {
	eachRequest(t, func(t *testing.T, o operation, request string) {
		document := readDocument(t, readFile(t, o.path(request+".json")))
		want := o.expected(t, o.sent(document))
		diff(t, "the elements", want, mustParse(t, readFile(t, o.goldenPath(request))).listing())
	})
}

func TestFullRequestHasEveryMember(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		checkFull(t, "", o.requestShape(t), readDocument(t, readFile(t, o.path("full.json"))))
	})
}

func checkFull(t *testing.T, pointer string, s shape, value any) {
	t.Helper()
	object, _ := value.(map[string]any)
	for i := range s {
		f := &s[i]
		at := pointer + "/" + f.member
		if !f.repeated {
			checkPresent(t, at, f, object[f.member])
			continue
		}
		items, _ := object[f.member].([]any)
		if len(items) != 2 {
			t.Errorf("%s has %d items, want 2", at, len(items))
		}
		for n, item := range items {
			checkPresent(t, fmt.Sprintf("%s/%d", at, n), f, item)
		}
	}
}

func checkPresent(t *testing.T, pointer string, f *shapeField, value any) {
	t.Helper()
	if value == nil || value == "" {
		t.Errorf("%s is missing or empty", pointer)
		return
	}
	checkFull(t, pointer, f.object, value)
}

// With two equal values, one could take the other's place unseen.
func TestFullRequestHasDistinctValues(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		seen := map[any]string{}
		texts := ""
		for _, l := range leavesOf("", readDocument(t, readFile(t, o.path("full.json")))) {
			if _, isBool := l.value.(bool); isBool {
				continue
			}
			if first, twice := seen[l.value]; twice {
				t.Errorf("%s and %s have the same value", first, l.pointer)
			}
			seen[l.value] = l.pointer
			texts += fmt.Sprintln(l.value)
		}
		if len(seen) == 0 || !regexp.MustCompile(`[^\x00-\x7F]`).MatchString(texts) || !regexp.MustCompile(`(?m)^0\d`).MatchString(texts) {
			t.Errorf("of %d values none has a character beyond ASCII, or none a leading zero", len(seen))
		}
	})
}

func TestOneRequestHasOneItemInEveryArray(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		s := o.requestShape(t)
		if !s.hasArrays() {
			return // filesOf demands no such request
		}
		checkOne(t, "", s, readDocument(t, readFile(t, o.path("one.json"))))
	})
}

func checkOne(t *testing.T, pointer string, s shape, value any) {
	t.Helper()
	object, _ := value.(map[string]any)
	for i := range s {
		f := &s[i]
		at, inside := pointer+"/"+f.member, object[f.member]
		if f.repeated {
			items, _ := inside.([]any)
			if len(items) != 1 {
				t.Errorf("%s has %d items, want 1", at, len(items))
				continue
			}
			inside = items[0]
		}
		checkOne(t, at, f.object, inside)
	}
}

func TestMinimalRequestIsMinimal(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		document := readDocument(t, readFile(t, o.path("minimal.json")))
		leaves := leavesOf("", document)
		if len(leaves) == 0 {
			t.Fatal("there is nothing in it")
		}
		for _, l := range leaves {
			l.remove()
			if _, problem := o.Read(writeDocument(t, document)); problem == nil {
				t.Errorf("%s is not required", l.pointer)
			}
			l.set(l.value)
		}
		o.read(t, writeDocument(t, document))
	})
}

// The order, the names, the namespaces and the prefixes are the vendor's.
func TestFullGoldenIsCanonicallyTheSample(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		want := blanked(schema.C14N(t, o.sample(t)))
		got := blanked(schema.C14N(t, readFile(t, o.goldenPath("full"))))
		if len(want) < 100 {
			t.Fatalf("hardly a sample: %s", want)
		}
		diff(t, "canonical forms without text", tagByTag(want), tagByTag(got))
	})
}

var (
	xmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	textOrGap  = regexp.MustCompile(`>[^<]*<`)
)

// blanked takes texts, white space and comments out of a canonical document. In one there are no CDATA sections, and < and > occur
// in text as references only.
func blanked(canonical []byte) []byte {
	return bytes.TrimSpace(textOrGap.ReplaceAll(xmlComment.ReplaceAll(canonical, nil), []byte("><")))
}

// hasSchema reports whether tests/schema judges the operation, too: its schemas are a second opinion, written by hand, and not of every operation.
func (o operation) hasSchema(tb testing.TB) bool {
	tb.Helper()
	return schema.Has(tb, o.system.requests, o.Binding.Request[0].Local)
}

func TestGoldensAreValid(t *testing.T) {
	t.Parallel()
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			envelopes := map[string][]byte{}
			for _, v := range s.versions {
				for _, o := range s.list(t, v) {
					if !o.hasSchema(t) {
						continue
					}
					for _, request := range requestsOf(o.requestShape(t).hasArrays()) {
						envelopes[o.goldenPath(request)] = readFile(t, o.goldenPath(request))
					}
					envelopes[o.Name+"/example/"+versionName(v)] = encode(t, o.read(t, []byte(o.Example))).Envelope
				}
			}
			schema.ValidateAll(t, s.requests, envelopes)
		})
	}
}

func TestMessageHasTheDocumentedHTTPHeaders(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		message := encode(t, o.read(t, readFile(t, o.path("full.json"))))
		action := o.system.action(o.Name)
		if message.Action != action || message.Version != o.version {
			t.Errorf("action %q in SOAP %s", message.Action, message.Version)
		}
		contentType, header, hasHeader := "text/xml; charset=utf-8", `"`+action+`"`, true
		if o.version == soap.V12 {
			contentType, header, hasHeader = `application/soap+xml; charset=utf-8; action="`+action+`"`, "", false
		}
		gotHeader, gotHas := message.SOAPAction()
		if message.ContentType() != contentType || gotHeader != header || gotHas != hasHeader {
			t.Errorf("Content-Type %s, SOAPAction %q (%t)", message.ContentType(), gotHeader, gotHas)
		}
	})
}
