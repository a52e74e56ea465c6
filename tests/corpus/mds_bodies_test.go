package corpus

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"soapbridge/translate/shape"
)

// mdsValues are those that the rules of the built-in operation are tested with, and more of their kinds: each is tried in every member.
var mdsValues = slices.Concat(
	strings.Fields(`null {} [] [1] [{}] {"a":1} true false 0 -0 1 -1 99999999 100000000 2147483648 9223372036854775807 9223372036854775808
		-9223372036854775809 20261201 1.0 1.5 1e2 1E2 -1e-2 1e400 "" "1" "true" "false" "JOHNRY" "SUBSCRIPTION" "Subscription" "aGREEMENT" "account" "SUB"
		"SUBSCRIPTIONS" "ſubscription" "AGREEMENT" "0" "-0" "1.50" "-19.90" "007.10" "999999999.99" "-999999999.99" "000000001.99" "1.234" "1.500" "1000000000"
		"0000000001.00" "-1000000000.00" "1e2" "+1" ".5" "5." "-" "--1" "-.5" "." "1.2.3" "1,50" "£1" "0x1" "NaN" "INF" "١" "1_000" "2026-12-01" "0001-01-01"
		"9999-12-31" "2024-02-29" "2026-02-29" "1900-02-29" "2026-13-01" "2026-00-10" "2026-01-32" "0000-01-01" "2026-12-01Z" "2026-12-01+00:00"
		"2026-12-01T00:00:00Z" "2026-12-1" "12026-12-01" "-2026-12-01" "2026/12/01" "20261201" "2026-12-0a" "２０２６-12-01" "<&>]]>'" "\u0000" "\ud800" "\ufffe" "\u0041"`),
	[]string{`" "`, `"\t\r\n\u00a0\u3000"`, `"ACCOUNT "`, `" ACCOUNT"`, `" 1"`, `"1 "`, `" 2026-12-01"`, `"2026-12-01 "`, `"a  b\r\nc"`, "\"\xff\""},
	mdsTexts(),
)

// mdsTexts are of the lengths around every limit, in code points: of letters, and of characters that take four bytes or two units of UTF-16 each.
func mdsTexts() (texts []string) {
	for _, limit := range []int{1, 6, 8, 10, 12, 30, 69, 120} {
		for _, character := range []string{"x", "é", "😀"} {
			texts = append(texts, `"`+strings.Repeat(character, limit)+`"`, `"`+strings.Repeat(character, limit+1)+`"`)
		}
	}
	return texts
}

// mdsMalformed are bodies that are no documents, or documents that no member's value makes.
var mdsMalformed = []string{
	"", "{", "[]", "null", `"x"`, "{}{}", `{"a":}`, `{}`, `{"serviceData": {}}`, `{"serviceData": null, "externalReference": "x"}`, `{"other": 1}`, `{"ExternalReference": "x"}`,
	`{"externalReference": "a", "externalReference": "b"}`, `{"externalReference": null, "externalReference": "b"}`, `{"serviceData": {"a": {"b": [1, 2]}}}`,
	`{"auditRecord": {"userId": "a"}, "auditRecord": {}}`, strings.Repeat(`{"serviceData":`, 200) + "1" + strings.Repeat("}", 200),
}

// bodies are the requests of the contract tests; each of them with every value in every member, at every customer level; and random ones, which break
// several rules at once.
func (d *mdsDuel) bodies() (list [][]byte) {
	paths := pathsOf(d.builtIn.RequestShape)
	for _, name := range []string{"minimal", "full"} {
		golden := mdsGolden(d.T, name)
		list = append(list, golden)
		for _, level := range []string{"SUBSCRIPTION", "Account", "agreement"} {
			body := withMember(d.T, golden, []string{"serviceData", "customerLevel"}, `"`+level+`"`)
			list = append(list, body)
			for _, path := range paths {
				list = append(list, withMember(d.T, body, path, ""))
				for _, value := range mdsValues {
					list = append(list, withMember(d.T, body, path, value))
				}
			}
		}
	}
	for _, text := range mdsMalformed {
		list = append(list, []byte(text))
	}
	goldens, random := [][]byte{mdsGolden(d.T, "minimal"), mdsGolden(d.T, "full")}, rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		body := goldens[random.IntN(2)]
		for range 1 + random.IntN(6) {
			body = withMember(d.T, body, paths[random.IntN(len(paths))], mdsValues[random.IntN(len(mdsValues))])
		}
		list = append(list, body)
	}
	return list
}

// pathsOf lists all members of a shape and one that it does not have, those of objects behind them.
func pathsOf(s *shape.Shape) (paths [][]string) {
	for _, name := range append(s.Names(), "other") {
		paths = append(paths, []string{name})
		if i, known := s.ByName([]byte(name)); known && s.Fields[i].Object != nil {
			for _, inside := range pathsOf(s.Fields[i].Object) {
				paths = append(paths, append([]string{name}, inside...))
			}
		}
	}
	return paths
}

// withMember sets a member of a document; an empty value takes it out. Where there is no object for it, one is made.
func withMember(t *testing.T, document []byte, path []string, value string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if json.Unmarshal(document, &members) != nil || members == nil {
		members = map[string]json.RawMessage{}
	}
	switch {
	case len(path) > 1:
		members[path[0]] = withMember(t, members[path[0]], path[1:], value)
	case value == "":
		delete(members, path[0])
	default:
		members[path[0]] = json.RawMessage(value)
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return text
}
