package contract_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"soapbridge/tests/schema"
	"soapbridge/translate/record"
)

// judged is how many random envelopes of each operation and version xmllint judges too.
const judged = 20

// A valid request arrives whole: each leaf once, at its place, in the vendor's order, with exactly its text, and nothing beside it but
// what the proxy fills in.
func TestRandomRequestArrivesWhole(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		documents, v := o.document(o.requestShape(t)), o.vendor(t)
		envelopes := map[string][]byte{}
		rapid.Check(t, func(t *rapid.T) {
			document := documents.Draw(t, "document")
			body := spell(rapid.Uint64().Draw(t, "spelling"), document)
			request, problem := o.Read(body)
			if problem != nil {
				t.Fatalf("refused, so a rule is missing in rules_test.go, or too much is refused: %v %+v\n%s", problem, problem.Violations, body)
			}
			message, problem := request.Encode(env)
			if problem != nil {
				t.Fatalf("%v\n%s", problem, body)
			}
			checkMarkup(t, message.Envelope)
			root, err := parse(message.Envelope)
			if err != nil {
				t.Fatalf("%v\n%s", err, message.Envelope)
			}
			diff(t, "the elements", v.expected(t, o.system.header, o.sent(document)), root.listing())
			if len(envelopes) < judged {
				envelopes[fmt.Sprintf("%s/%d", o.Name, len(envelopes))] = message.Envelope
			}
		})
		if o.hasSchema(t) {
			schema.ValidateAll(t, o.system.requests, envelopes)
		}
	})
}

// checkMarkup looks for markup that no envelope may have. In text, < is always a reference.
func checkMarkup(t failer, envelope []byte) {
	t.Helper()
	const declaration = `<?xml version="1.0" encoding="utf-8"?>`
	inside, found := bytes.CutPrefix(envelope, []byte(declaration))
	if !found {
		t.Errorf("the XML declaration is missing in %.60s", envelope)
	}
	for _, markup := range []string{"<!", "<?"} { // DTD, comment, CDATA section; processing instruction
		if at := bytes.Index(inside, []byte(markup)); at >= 0 {
			t.Errorf("an envelope with %.40s", inside[at:])
		}
	}
}

// spoiling is something that XML cannot carry, as JSON may spell it.
type spoiling struct {
	spelled string
	code    record.Code
}

var spoilings = func() (all []spoiling) {
	for c := range rune(0x20) {
		if c != '\t' && c != '\n' && c != '\r' {
			all = append(all, spoiling{fmt.Sprintf(`\u%04x`, c), record.CharacterNotAllowed})
		}
	}
	for _, spelled := range []string{`\uFFFE`, `\uffff`, "\uFFFE", "\uFFFF"} {
		all = append(all, spoiling{spelled, record.CharacterNotAllowed})
	}
	for _, spelled := range []string{
		`\ud800`, `\uDBFF`, `\udc00`, `\uDFFF`, `\ud83dx`, `\ude00\ud83d`, // halves of pairs
		"\xED\xA0\x80", "\xED\xBF\xBF", // halves in UTF-8
		"\xFF", "\x80", "\xC0\x80", "\xC3", "\xE2\x82", "\xF4\x90\x80\x80", "\xF0\x9F\x98", // no UTF-8
	} {
		all = append(all, spoiling{spelled, record.InvalidUnicode})
	}
	return all
}()

// One such character in one string is one violation, at that string.
func TestSpoiledStringIsOneViolation(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		documents := o.document(o.requestShape(t))
		rapid.Check(t, func(t *rapid.T) {
			document := documents.Draw(t, "document")
			place := rapid.SampledFrom(stringsOf(document)).Draw(t, "place")
			spoil(t, o, document, place, rapid.SampledFrom(spoilings).Draw(t, "spoiling"))
		})
	})
}

// Random documents seldom try each character in each kind of place, so every string member meets several, and every one of them
// meets several members.
func TestSpoiledFullRequestIsOneViolation(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		full := readDocument(t, readFile(t, o.path("full.json")))
		count := 0
		for _, l := range stringsOf(full) {
			if strings.Contains(l.pointer, "/1/") {
				continue // the second item of an array is as the first
			}
			document, _ := alongside(full, l.pointer).(map[string]any)
			for _, place := range stringsOf(document) {
				if place.pointer == l.pointer {
					checkSpoiled(t, o, document, place, spoilings[count%len(spoilings)], "", fmt.Sprint(place.value), uint64(count))
					count++
				}
			}
		}
		if count < 2 {
			t.Errorf("%d strings were spoiled", count)
		}
	})
}

// alongside copies a value without the arrays that a pointer does not pass through, and with only the first item of the others: a large
// document is read once for every place in it.
func alongside(value any, pointer string) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	copied := map[string]any{}
	for member, inside := range object {
		below, passes := "", strings.HasPrefix(pointer, "/"+member+"/")
		if passes {
			below = strings.TrimPrefix(pointer, "/"+member)
		}
		items, isArray := inside.([]any)
		switch {
		case !isArray:
			copied[member] = alongside(inside, below)
		case passes:
			copied[member] = []any{alongside(items[0], strings.TrimPrefix(below, "/0"))}
		}
	}
	return copied
}

func stringsOf(document map[string]any) (list []leaf) {
	for _, l := range leavesOf("", document) {
		if _, ok := l.value.(string); ok {
			list = append(list, l)
		}
	}
	return list
}

// spoil puts the character somewhere into the text of a place.
func spoil(t *rapid.T, o operation, document map[string]any, place leaf, s spoiling) {
	runes := []rune(fmt.Sprint(place.value))
	at := rapid.IntRange(0, len(runes)).Draw(t, "at")
	checkSpoiled(t, o, document, place, s, string(runes[:at]), string(runes[at:]), rapid.Uint64().Draw(t, "spelling"))
}

// checkSpoiled writes the character between two parts of a text.
func checkSpoiled(t failer, o operation, document map[string]any, place leaf, s spoiling, before, after string, seed uint64) {
	t.Helper()
	place.set(spoiled{before, s.spelled, after})
	body := spell(seed, document)
	place.set(place.value)
	_, problem := o.Read(body)
	if problem == nil || len(problem.Violations) != 1 {
		t.Errorf("%q at %s gave %+v\n%q", s.spelled, place.pointer, problem, body)
		return
	}
	if v := problem.Violations[0]; v.Pointer != place.pointer || v.Code != s.code {
		t.Errorf("%q at %s gave %s at %s\n%q", s.spelled, place.pointer, v.Code, v.Pointer, body)
	}
}
