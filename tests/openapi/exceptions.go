package openapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"soapbridge/translate"
)

// Violation is one violation that the API reports.
type Violation struct{ Pointer, Code, Detail string }

// Exception is something that the API and JSON Schema must judge differently. It recognizes its violations, or makes a body without it.
type Exception struct {
	Name, Reason string

	covers func(value any, v Violation) bool // value is what is at the violation's pointer; nil for nothing
	plain  func(body []byte) []byte
	// tolerated: the API accepts what the schema refuses, never the other way round.
	tolerated bool
}

// Exceptions are all of them. Whatever else the document and the API judge differently is a mistake in one of them.
var Exceptions = []Exception{
	{"spelling of an integer", "1.0 and 1e2 are integers to JSON Schema (core, section 4.2.3)", func(value any, v Violation) bool {
		n, ok := value.(json.Number)
		return ok && strings.ContainsAny(n.String(), ".eE") && (v.Code == "bad-number" || v.Code == "emersion-33")
	}, nil, false},
	{"character of XML", "every text would need a pattern against what XML 1.0 cannot carry, before the patterns that are specific to it", hasCode("character-not-allowed"), nil, false},
	{"Unicode", "a parser has replaced invalid UTF-8 and halves of surrogate pairs before JSON Schema sees the text", hasCode("invalid-unicode"), nil, false},
	{"order of dates", "JSON Schema compares no members", hasCode("before-other"), nil, false},
	{"check digits", "JSON Schema does not calculate", func(_ any, v Violation) bool {
		return v.Code == "emersion-org-identifier" && strings.HasPrefix(v.Detail, "The check digits ")
	}, nil, false},
	{"length of a host name", "a length holds for a whole text, and this one is in bytes", func(value any, v Violation) bool {
		host, ok := hostOf(value, v)
		return ok && len(host) > 253
	}, nil, false},
	{"letters of a host name", `\p{L} means the letter p to programs that compile patterns without the flag u, so the document takes all that is not ASCII`, func(value any, v Violation) bool {
		host, _ := value.(string)
		return v.Code == "emersion-44" && strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII && !unicode.In(r, unicode.L, unicode.N) })
	}, nil, false},
	{"grammar of a URL", "the grammar would be an unreadable regular expression", func(value any, v Violation) bool {
		text, _ := value.(string)
		scheme, _, isURL := strings.Cut(strings.ToLower(text), "://")
		return v.Code == "emersion-44" && isURL && (scheme == "http" || scheme == "https")
	}, nil, false},
	{"duplicate member", "JSON Schema judges what a parser made of the text, and parsers keep one of two members", nil, firstOfEach, false},
	{"null for absent", "tolerated of clients that write every member, and not advertised: generated types would all have it", nil, withoutNull, true},
	{"letter case of a list", "tolerated as the vendor does, and not advertised: generated types keep their enumeration", nil, inListedCase, true},
	{"object of empty arrays", "[] is absent, and a schema that says so of a whole object is hard to read", func(value any, v Violation) bool {
		o, ok := value.(Object)
		return ok && v.Code == "empty-object" && len(o) > 0
	}, nil, false},
	{"white space", "U+0085 is white space to Unicode alone, U+FEFF to ECMA-262 alone, and neither occurs in practice", nil, withoutOddSpaces, false},
}

func hasCode(code string) func(any, Violation) bool {
	return func(_ any, v Violation) bool { return v.Code == code }
}

// hostOf returns the host name that a violation of the vendor's numbers 28 and 44 is about.
func hostOf(value any, v Violation) (host string, ok bool) {
	text, _ := value.(string)
	switch v.Code {
	case "emersion-28":
		_, host, ok = strings.Cut(text, "@")
		return host, ok
	case "emersion-44":
		return text, true
	}
	return "", false
}

// Read is how the API reads a body: the violations, none for what it accepts. Without one, no body is tried without its exceptions.
type Read func(body []byte) []Violation

// ReaderOf returns an operation's own reading of a body. What is not JSON at all is one violation.
func ReaderOf(op translate.Operation) Read {
	return func(body []byte) (list []Violation) {
		_, refusal := op.Read(body)
		if refusal == nil {
			return nil
		}
		for _, v := range refusal.Violations {
			list = append(list, Violation{Pointer: v.Pointer, Code: string(v.Code), Detail: v.Detail})
		}
		if len(list) == 0 {
			list = []Violation{{Code: string(refusal.Code)}}
		}
		return list
	}
}

// Explain returns the names of the exceptions behind a disagreement of the schema and the API about a body. It returns nil where one of the
// violations is not an exception, or where the schema alone refuses.
func (d *Document) Explain(schema string, body []byte, violations []Violation, read Read) (names []string) {
	value, err := decode(body)
	if err != nil {
		return nil
	}
	for _, v := range violations {
		name := exceptionFor(At(value, v.Pointer), v)
		if name == "" {
			names = nil
			break
		}
		names = append(names, name)
	}
	for _, e := range Exceptions {
		if names == nil && e.plain != nil && (!e.tolerated || len(violations) == 0) && d.agreesOnPlain(e, schema, body, read) {
			return []string{e.Name}
		}
	}
	return names
}

func exceptionFor(value any, v Violation) string {
	for _, e := range Exceptions {
		if e.covers != nil && e.covers(value, v) {
			return e.Name
		}
	}
	return ""
}

// agreesOnPlain reports whether the disagreement is only about the exception, and perhaps about other ones.
func (d *Document) agreesOnPlain(e Exception, schema string, body []byte, read Read) bool {
	plain := e.plain(body)
	value, err := decode(plain)
	if err != nil || read == nil || bytes.Equal(plain, body) {
		return false
	}
	violations := read(plain)
	accepted := d.Accepts(schema, value) == nil
	return accepted == (len(violations) == 0) || d.Explain(schema, plain, violations, read) != nil
}

// oddSpaces replaces the two characters with others that are white space, or not, in Unicode and in ECMA-262. The API follows Unicode.
var oddSpaces = strings.NewReplacer("\u0085", " ", `\u0085`, " ", "\ufeff", "x", `\ufeff`, "x", `\uFEFF`, "x")

func withoutOddSpaces(body []byte) []byte { return []byte(oddSpaces.Replace(string(body))) }

// withoutNull takes away the members that are null.
func withoutNull(body []byte) []byte {
	value, err := decode(body)
	if err != nil {
		return body
	}
	dropNull(value)
	text, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return text
}

func dropNull(v any) {
	switch v := v.(type) {
	case Object:
		maps.DeleteFunc(v, func(_ string, member any) bool { return member == nil })
		for _, member := range v {
			dropNull(member)
		}
	case []any:
		for _, item := range v {
			dropNull(item)
		}
	}
}

var customerLevels = regexp.MustCompile(`(?i)"(subscription|account|agreement)"( *[,}])`)

func inListedCase(body []byte) []byte { return customerLevels.ReplaceAllFunc(body, bytes.ToUpper) }

// firstOfEach leaves the first of each two members of one name, which is the one that the API goes on with. What is not JSON stays as it is.
func firstOfEach(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	opening, err := decoder.Token()
	delim, ok := opening.(json.Delim)
	if err != nil || !ok {
		return body
	}
	var kept [][]byte
	seen := map[string]bool{}
	for decoder.More() {
		var prefix []byte
		name := ""
		if delim == '{' {
			token, err := decoder.Token()
			if err != nil {
				return body
			}
			name, _ = token.(string)
			prefix, _ = json.Marshal(name) // a string always can
			prefix = append(prefix, ':')
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return body
		}
		if delim == '[' || !seen[name] {
			kept = append(kept, append(prefix, firstOfEach(value)...))
		}
		seen[name] = true
	}
	inside := string(bytes.Join(kept, []byte(",")))
	if delim == '{' {
		return []byte("{" + inside + "}")
	}
	return []byte("[" + inside + "]")
}

// decode reads JSON as a client's parser does.
func decode(body []byte) (any, error) { return jsonschema.UnmarshalJSON(bytes.NewReader(body)) }

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// At returns the value at a JSON Pointer; nil where there is none.
func At(value any, pointer string) any {
	if pointer == "" {
		return value
	}
	for name := range strings.SplitSeq(pointer[1:], "/") {
		if strings.Contains(name, "~") {
			name = unescape.Replace(name)
		}
		switch v := value.(type) {
		case Object:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}
