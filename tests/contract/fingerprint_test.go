package contract_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"pgregory.net/rapid"

	"soapbridge/translate"
)

func fingerprint(request translate.Request) []byte { return request.Fingerprint(nil) }

// once runs a test for every operation in the first version that its system speaks: the fingerprint does not depend on the version.
func once(t *testing.T, test func(t *testing.T, o operation)) {
	t.Helper()
	t.Parallel()
	for _, s := range systems {
		for _, o := range s.list(t, s.versions[0]) {
			t.Run(o.Name, func(t *testing.T) {
				t.Parallel()
				test(t, o)
			})
		}
	}
}

// Two spellings of one request are the same request: white space, the order of members, escapes.
func TestFingerprintIsOfWhatWasAskedNotHow(t *testing.T) {
	once(t, func(t *testing.T, o operation) {
		documents := o.document(o.requestShape(t))
		rapid.Check(t, func(t *rapid.T) {
			document := documents.Draw(t, "document")
			first, problem := o.Read(spell(rapid.Uint64().Draw(t, "first spelling"), document))
			if problem != nil {
				t.Fatalf("%v %+v", problem, problem.Violations)
			}
			second, problem := o.Read(spell(rapid.Uint64().Draw(t, "second spelling"), document))
			if problem != nil {
				t.Fatalf("%v %+v", problem, problem.Violations)
			}
			if !bytes.Equal(fingerprint(first), fingerprint(second)) {
				t.Fatal("two spellings of one request have different fingerprints")
			}
			if _, problem := first.Encode(env); problem != nil {
				t.Fatal(problem)
			}
			if !bytes.Equal(fingerprint(first), fingerprint(second)) {
				t.Fatal("encoding has changed the fingerprint, which must not depend on what the proxy fills in")
			}
		})
	})
}

// Whatever differs in a single leaf, a secret's last character included, or lacks it, is another request.
func TestFingerprintTellsEveryLeafApart(t *testing.T) {
	once(t, func(t *testing.T, o operation) {
		body, err := os.ReadFile(o.path("full.json"))
		if err != nil {
			t.Fatal(err)
		}
		whole := fingerprint(o.read(t, body))
		apart := 0
		original := readDocument(t, body)
		leaves := leavesOf("", original)
		for i, l := range leaves {
			for _, change := range []func(leaf){alter, drop} {
				document := clone(original)
				change(leavesOf("", document)[i])
				other, problem := o.Read(writeDocument(t, document))
				if problem != nil {
					continue // a rule ties this leaf to another, or to a list; the rapid test above meets those values
				}
				apart++
				if bytes.Equal(fingerprint(other), whole) {
					t.Errorf("%s: another value has the same fingerprint", l.pointer)
				}
			}
		}
		if apart < len(leaves) {
			t.Errorf("the API takes only %d changes of single leaves of full.json, which has %d: choose values that can be changed or left out", apart, len(leaves))
		}
	})
}

// alter changes the last character of a text, so that lengths and lists that only look at the rest still hold.
func alter(l leaf) {
	switch v := l.value.(type) {
	case json.Number:
		l.set(json.Number(alterText(string(v))))
	case bool:
		l.set(!v)
	case string:
		l.set(alterText(v))
	}
}

func alterText(v string) string {
	if last := len(v) - 1; v[last] != '1' {
		return v[:last] + "1"
	}
	return v[:len(v)-1] + "2"
}

func drop(l leaf) {
	if l.remove != nil {
		l.remove()
	}
}

const fingerprintFile = "minimal.fingerprint"

func (o operation) fingerprintDigest(tb testing.TB) []byte {
	tb.Helper()
	digest := sha256.Sum256(fingerprint(o.read(tb, readFile(tb, o.path("minimal.json")))))
	return []byte(hex.EncodeToString(digest[:]) + "\n")
}

// The fingerprint of a request must not change between releases, or its repetition after an upgrade would count as another payload. Adding an
// optional member to an operation changes none of these files.
func TestFingerprintIsStable(t *testing.T) {
	once(t, func(t *testing.T, o operation) {
		if got, want := o.fingerprintDigest(t), readFile(t, o.path(fingerprintFile)); !bytes.Equal(got, want) {
			t.Errorf("the digest of the fingerprint is %s, and was %s", got, want)
		}
	})
}
