package imported

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate/rules"
)

const hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// head is the part of an overlay in front of its operations, of three lines.
const head = "system: parcels\nwsdl: {file: parcels.wsdl, sha256: " + hash + "}\noperations:\n"

const full = `
system: parcels
wsdl:
  file: parcels.wsdl
  sha256: ` + hash + `
  files: {schemas/types.xsd: ` + hash + `}
port: ParcelsSoap12
xml: true
operations:
  TrackParcel:
    route: GET /v1/parcels/{trackingNumber}
    kind: read
    cache: 60s
    share: everyone
    status: 202
    summary: Where a parcel is.
    secret: []
    outcome: faultsOnly
  ListHTTPServers:
  BookPickup:
    kind: write
    invalidates: [TrackParcel]
    unwrap: request
    secret: [pin, account/password]
    members:
      userID: {rename: userId}
      price: {decimal: "9:2", required: true, example: 12.50}
      effectiveDate: {zone: utc}
      level: {anyCase: true, oneOf: [A, B]}
      lines: {collapse: true}
      note: {maxLength: 80, pattern: "^[a-z]+$"}
    rules:
      - requireAnyOf: [accountNumber, customerNumber]
      - {in: account, exactlyOneOf: [a, b], detail: One of both.}
      - {require: description, when: urgent}
      - {forbid: description, when: {level: AGREEMENT}}
      - {forbid: description, unless: {level: {notIn: [X, "0"], anyCase: true, spaced: true}}}
      - notBefore: {member: end, other: start}
      - {listWhen: state, when: {country: [AU, NZ]}, then: [VIC], otherwise: [CA]}
      - {patternWhen: postcode, when: {country: {filled: true}}, pattern: "^\\d{4}$"}
    fill: {externalReference: $operationId, at: $now, on: $today, by: $callerId, mode: "7", empty: ""}
    headers: {AuthHeader: settings, Trace: caller}
    outcome: {failedWhen: {path: status/code, notIn: ["0", "00"]}, errors: status/errors, code: code, text: message, pointer: field}
    faults:
      ValidationFault: {outcome: rejected, errors: Errors/Error, code: MessageId, text: MessageText, pointer: Field}
    targets: [accountNumber]
`

func TestParseOverlay(t *testing.T) {
	got, err := ParseOverlay([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	word := func(text string) Word { return Word{Text: text} }
	want := &Overlay{
		System: "parcels", Port: word("ParcelsSoap12"), XML: true,
		WSDL: Documents{File: "parcels.wsdl", SHA256: hash, Files: map[string]string{"schemas/types.xsd": hash}},
		Operations: []*Operation{
			{
				Name: "TrackParcel", Kind: Read, Route: Route{Method: "GET", Path: "/v1/parcels/{trackingNumber}"}, Cache: time.Minute, Shared: true,
				Status: 202, Summary: "Where a parcel is.", Outcome: Outcome{FaultsOnly: true},
			},
			{Name: "ListHTTPServers", Route: Route{Method: "POST", Path: "/v1/parcels/list-http-servers"}, Status: 200},
			{
				Name: "BookPickup", Kind: Write, Route: Route{Method: "POST", Path: "/v1/parcels/book-pickup"}, Status: 200,
				Invalidates: []Word{word("TrackParcel")}, Unwrap: []Word{word("request")}, Secret: []Word{word("pin"), word("account/password")},
				Members: []Member{
					{Path: word("userID"), Rename: "userId"},
					{Path: word("price"), Decimal: true, IntegerDigits: 9, FractionDigits: 2, Required: true, Example: "12.50"},
					{Path: word("effectiveDate"), UTC: true},
					{Path: word("level"), AnyCase: true, OneOf: []string{"A", "B"}},
					{Path: word("lines"), Collapse: true},
					{Path: word("note"), MaxLength: 80, Pattern: "^[a-z]+$"},
				},
				Rules: []Rule{
					{Word: RequireAnyOf, Members: []string{"accountNumber", "customerNumber"}},
					{Word: ExactlyOneOf, Members: []string{"a", "b"}, In: "account", Detail: "One of both."},
					{Word: RequireWhen, Members: []string{"description"}, When: &rules.Condition{Member: "urgent"}},
					{Word: ForbidWhen, Members: []string{"description"}, When: &rules.Condition{Member: "level", In: []string{"AGREEMENT"}}},
					{Word: ForbidWhen, Members: []string{"description"}, Unless: &rules.Condition{Member: "level", In: []string{"X", "0"}, Not: true, AnyCase: true, Spaced: true}},
					{Word: NotBefore, Members: []string{"end", "start"}},
					{Word: ListWhen, Members: []string{"state"}, When: &rules.Condition{Member: "country", In: []string{"AU", "NZ"}}, Then: []string{"VIC"}, Otherwise: []string{"CA"}},
					{Word: PatternWhen, Members: []string{"postcode"}, When: &rules.Condition{Member: "country", Text: true}, Pattern: `^\d{4}$`},
				},
				Fill: []Fill{
					{Path: word("externalReference"), From: OperationID}, {Path: word("at"), From: Now}, {Path: word("on"), From: Today},
					{Path: word("by"), From: CallerID}, {Path: word("mode"), Value: "7"}, {Path: word("empty")},
				},
				Headers: []Header{{word("AuthHeader"), FromSettings}, {word("Trace"), FromCaller}},
				Outcome: Outcome{Path: "status/code", NotIn: []string{"0", "00"}, Errors: "status/errors", Code: "code", Text: "message", Pointer: "field"},
				Faults:  []Fault{{Name: word("ValidationFault"), Outcome: Rejected, Errors: "Errors/Error", Code: "MessageId", Text: "MessageText", Pointer: "Field"}},
				Targets: []Word{word("accountNumber")},
			},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(Place{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, each := range []struct {
		place Place
		at    string
	}{
		{got.Port.Place, "ParcelsSoap12\n"}, {got.Operations[2].Place, "BookPickup:"}, {got.Operations[0].Route.Place, "GET"},
		{got.Operations[2].Unwrap[0].Place, "request\n"}, {got.Operations[2].Secret[1].Place, "account/password]"},
		{got.Operations[2].Rules[5].Place, "notBefore"}, {got.Operations[2].Faults[0].Name.Place, "ValidationFault"},
	} {
		if line := strings.Split(full, "\n")[each.place.Line-1]; !strings.HasPrefix(line[each.place.Column-1:]+"\n", each.at) {
			t.Errorf("%v is %q, want %q", each.place, line[each.place.Column-1:], each.at)
		}
	}
}

// TestMistakes has one mistake, or several of a kind, for each sentence.
func TestMistakes(t *testing.T) {
	op := func(lines string) string { return head + "  A:\n    " + lines + "\n" }
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":               {"", []string{"1:1: the file is empty"}},
		"not YAML":              {"system: parcels\n  x: [", []string{"2:1: is not YAML: mapping values are not allowed in this context"}},
		"two documents":         {head + "  A:\n---\na: b\n", []string{"5:1: must hold one document, and here is another"}},
		"a list":                {"- a\n", []string{"1:1: must be an object, and is a list"}},
		"what is missing":       {"{}\n", []string{"1:1: system is missing", "1:1: wsdl is missing", "1:1: operations is missing"}},
		"a key of another case": {head + "  A:\nPort: x\n", []string{"5:1: Port: there is no such key; there are system, wsdl, port, xml, operations"}},
		"a key twice":           {op("summary: a\n    summary: b"), []string{"6:5: operations/A/summary: is there twice; the first is in line 5"}},
		"an operation twice":    {head + "  A:\n  A:\n", []string{"5:3: operations/A: is there twice; the first is in line 4"}},
		"an alias": {head + "  A: &a {summary: x}\n  B: *a\n", []string{
			"5:6: operations/B: must be an object, and is an alias, which is not read: write the value out"}},
		"a merge": {head + "  A: &a {summary: x}\n  B: {<<: *a}\n", []string{
			"5:7: operations/B/<<: there is no such key; there are route, kind, cache, share, invalidates, status, summary, unwrap, secret, members, rules, fill, headers, outcome, faults, targets"}},
		"a key that is a list": {head + "  [a]: {}\n", []string{"4:3: operations: must have names for keys, and one is a list"}},
		"names and hashes": {
			"system: Parcels\nwsdl: {file: ../p.wsdl, sha256: ABC, files: {/etc/passwd: 1}}\nxml: yes\noperations: []\n", []string{
				`1:9: system: must be a lower-case letter, then a-z, 0-9 and -, and is "Parcels"`,
				`2:14: wsdl/file: must be the path of a file in the folder, with slashes and without .., and is "../p.wsdl"`,
				`2:33: wsdl/sha256: must be SHA-256 in 64 lower-case hexadecimal digits, and is "ABC"`,
				`2:46: wsdl/files//etc/passwd: must be the path of a file in the folder, with slashes and without .., and is "/etc/passwd"`,
				`2:59: wsdl/files//etc/passwd: must be SHA-256 in 64 lower-case hexadecimal digits, and is "1"`,
				`3:6: xml: must be true or false, and is "yes"`,
				`4:13: operations: must be an object, and is a list`,
			},
		},
		"a kind without answers": {op("kind: read"), []string{
			"5:5: operations/A: secret must be answered, because no WSDL says it: a list of the paths that hold secrets; [] is an answer",
			"5:5: operations/A: outcome must be answered, because no WSDL says it: faultsOnly, or an object with failedWhen"}},
		"an empty answer":      {op("kind: read\n    secret:\n    outcome: faultsOnly"), []string{"6:12: operations/A/secret: must be a list, and is empty"}},
		"another kind":         {op("kind: reed"), []string{`5:11: operations/A/kind: must be one of read, write, and is "reed"`}},
		"off, and checked too": {op("status: 204"), []string{"5:13: operations/A/status: must be one of 200, 201, 202, and is 204"}},
		"what a write has not": {op("kind: write\n    secret: []\n    outcome: faultsOnly\n    cache: 5m\n    share: all\n    route: GET /v1/a"), []string{
			"5:5: operations/A: cache is for the kind read, and this is a write", "5:5: operations/A: share is for the kind read, and this is a write",
			"5:5: operations/A: route: a GET is for the kind read, and this is a write",
			`9:12: operations/A/share: must be one of everyone, and is "all"`}},
		"what a read has not": {op("kind: read\n    secret: []\n    outcome: faultsOnly\n    invalidates: []\n    share: everyone"), []string{
			"5:5: operations/A: invalidates is for the kind write, and this is a read", "5:5: operations/A: share is of what is kept: it needs cache"}},
		"a time": {op("cache: 5"), []string{"5:12: operations/A/cache: must be a time of at least 1s, such as 60s or 5m, and is 5"}},
		"a path": {op("secret: [/pin, a, a, 5, [b]]"), []string{
			`5:14: operations/A/secret: must be names of members with slashes between them, and is "/pin"`, `5:23: operations/A/secret: "a" is there twice`,
			"5:26: operations/A/secret: must be a text, and YAML reads 5 as something else: put it in quotes",
			"5:29: operations/A/secret: must be a text, and is a list"}},
		"a route":               {op("route: PUT /v1/a"), []string{`5:12: operations/A/route: must be a method and a path, "GET /v1/parcels/{trackingNumber}" or "POST /v1/parcels", and is "PUT /v1/a"`}},
		"parameters of a route": {op("route: POST /v1/{a}"), []string{"5:12: operations/A/route: must not have {a}: the members of a POST are in its body"}},
		"a parameter twice":     {op("route: GET /v1/{a}/{a}"), []string{"5:12: operations/A/route: has {a} twice"}},
		"a route of two": {head + "  A: {kind: read, secret: [], outcome: faultsOnly, route: 'GET /v1/{a}'}\n  B: {kind: read, secret: [], outcome: faultsOnly, route: 'GET /v1/{b}'}\n",
			[]string{"5:59: the operation B has the same route GET /v1/{b} as A"}},
		"names without a path": {head + "  Ä: {kind: read, secret: [], outcome: faultsOnly}\n  Preview: {kind: read, secret: [], outcome: faultsOnly}\n", []string{
			"4:3: the operation Ä needs a route, such as POST /v1/parcels/orders: its name cannot be one",
			"5:3: the operation Preview needs a route, such as POST /v1/parcels/orders: its name cannot be one"}},
		"what it invalidates": {op("kind: write\n    secret: []\n    outcome: faultsOnly\n    invalidates: [A, X]"), []string{
			"8:19: the operation A invalidates A, which is not an operation of the kind read", "8:22: the operation A invalidates X, which is not an operation of the kind read"}},
		"members": {op("members: {a/: {}, b: {rename: x/y, decimal: 9, zone: local, required: false, maxLength: 0, pattern: '(', oneOf: [], example: [1]}}"), []string{
			"5:15: operations/A/members/a/: must be names of members with slashes between them",
			`5:35: operations/A/members/b/rename: must be one name, without / and ~, and is "x/y"`,
			"5:49: operations/A/members/b/decimal: must be a text, and YAML reads 9 as something else: put it in quotes",
			`5:58: operations/A/members/b/zone: must be one of utc, and is "local"`,
			"5:75: operations/A/members/b/required: must be true or left out, and is false",
			"5:93: operations/A/members/b/maxLength: must be a whole number of at least 1, and is 0",
			"5:105: operations/A/members/b/pattern: must be a regular expression in the syntax of RE2: error parsing regexp: missing closing ): `(`",
			"5:117: operations/A/members/b/oneOf: must have at least 1, and has 0",
			"5:130: operations/A/members/b/example: must be a text, a number or a boolean, and is a list"}},
		"a rule of no word":   {op("rules: [{when: a}]"), []string{"5:13: operations/A/rules: must have exactly one of requireAnyOf, exactlyOneOf, require, forbid, notBefore, listWhen, patternWhen, and has 0"}},
		"a rule of two words": {op("rules: [{require: a, forbid: a, when: b}]"), []string{"5:13: operations/A/rules: must have exactly one of requireAnyOf, exactlyOneOf, require, forbid, notBefore, listWhen, patternWhen, and has 2"}},
		"a rule without its if": {op("rules: [{forbid: a}, {listWhen: a, when: {b: c}, then: [x]}]"), []string{
			"5:13: operations/A/rules: must have exactly one of when, unless, and has 0", "5:26: operations/A/rules: must have exactly one of otherwise, and has 0"}},
		"a rule with too much": {op("rules: [{require: a, when: b, pattern: c}]"), []string{"5:13: operations/A/rules: pattern is not for require, which has when, in, detail"}},
		"a rule of too few": {op("rules: [{exactlyOneOf: [a]}, {notBefore: {member: a}}]"), []string{
			"5:28: operations/A/rules/exactlyOneOf: must have at least 2, and has 1", "5:46: operations/A/rules/notBefore: other is missing"}},
		"a condition": {op("rules: [{forbid: a, when: {b: 1, c: {in: [x], notIn: [x]}}}]"), []string{
			"5:31: operations/A/rules/when: must be about exactly one member, and is about 2",
			"5:35: operations/A/rules/when/b: must be a text, and YAML reads 1 as something else: put it in quotes",
			"5:41: operations/A/rules/when/c: must have exactly one of in, notIn, filled, and has 2"}},
		"what is filled in": {op("fill: {a: $uuid, b: {}}"), []string{
			`5:15: operations/A/fill/a: must be one of $operationId, $now, $today, $callerId, and is "$uuid"`,
			"5:25: operations/A/fill/b: must be a text, a number or a boolean, and is an object"}},
		"a header": {op("headers: {H: me}"), []string{`5:18: operations/A/headers/H: must be one of caller, settings, and is "me"`}},
		"an outcome": {op("outcome: {failedWhen: {in: [a], present: true}}"), []string{
			"5:27: operations/A/outcome/failedWhen: path is missing", "5:27: operations/A/outcome/failedWhen: must have exactly one of in, notIn, present, and has 2"}},
		"another outcome": {op("outcome: always"), []string{`5:14: operations/A/outcome: must be one of faultsOnly, and is "always"`}},
		"a fault": {op("faults: {F: {outcome: error}, G: {}}"), []string{
			`5:27: operations/A/faults/F/outcome: must be one of rejected, failed, unavailable, denied, and is "error"`, "5:38: operations/A/faults/G: outcome is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseOverlay([]byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			want := "system.yaml:" + strings.Join(c.want, "\nsystem.yaml:")
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestLimits are those that keep a hostile file cheap.
func TestLimits(t *testing.T) {
	many := head
	for i := range 60 {
		many += fmt.Sprintf("  A%d: 1\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"bytes":    {"# " + strings.Repeat("x", MaxSize), "system.yaml: over the limit of 1048576 bytes"},
		"depth":    {strings.Repeat("[", 100_000), "system.yaml:1:1: is not YAML: exceeded max depth of 10000"},
		"problems": {many, "\nsystem.yaml: 10 more problems"},
	} {
		if _, err := ParseOverlay([]byte(c.text)); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// FuzzParseOverlay looks for a panic, and for an overlay that says less than later steps rely on.
func FuzzParseOverlay(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(strings.ReplaceAll(full, "\n", "\r")))
	f.Add([]byte(head + "  A: &a [*a]\n"))
	f.Add([]byte(head + "  ? [x]\n  : !!binary x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := ParseOverlay(text)
		if err != nil {
			return
		}
		if changed, err := WithDocuments(text, Documents{File: "x", SHA256: hash}); err == nil {
			if again := parsed(t, changed); len(again.Operations) != len(o.Operations) || again.WSDL.File != "x" {
				t.Errorf("with other documents it is %s", changed)
			}
		}
		for _, op := range o.Operations {
			if op.Route.Path == "" || op.Line == 0 || op.Kind != "" && !op.Outcome.FaultsOnly && op.Outcome.Path == "" {
				t.Errorf("an operation without a route, a line or an outcome: %+v", op)
			}
			for _, rule := range op.Rules {
				if len(rule.Members) == 0 || rule.Word == PatternWhen && rule.Pattern == "" {
					t.Errorf("a rule without members or a pattern: %+v", rule)
				}
			}
		}
	})
}
