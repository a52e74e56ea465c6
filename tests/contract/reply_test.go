package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"soapbridge/tests/schema"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// reply returns the operation's readable success in its version.
func (o operation) reply(tb testing.TB) []byte {
	tb.Helper()
	return inVersion(readFile(tb, o.path("reply.xml")), o.version)
}

func (o operation) contentType() string {
	return strings.Split(soap.Message{Version: o.version}.ContentType(), ";")[0]
}

// decode reads a reply with HTTP status 200, as the answer to the request that holds everything: a reply may name it.
func (o operation) decode(tb testing.TB, body []byte, contentType string) (translate.Result, *translate.Error) {
	tb.Helper()
	request := o.read(tb, readFile(tb, o.path("full.json")))
	return request.Decode(soap.Reply{Status: 200, ContentType: contentType, Body: body}, env)
}

func (o operation) replyGolden(tb testing.TB) []byte {
	tb.Helper()
	result, problem := o.decode(tb, o.reply(tb), o.contentType())
	if problem != nil {
		tb.Fatal(problem)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, result.JSON, "", "  "); err != nil {
		tb.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

func TestReplyBecomesTheGolden(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		if want, got := readFile(t, o.path("reply.json")), o.replyGolden(t); !bytes.Equal(want, got) {
			diff(t, "the response body differs from "+o.path("reply.json"), string(want), string(got))
		}
	})
}

func TestReplyFileIsCanonicallyTheSample(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		sample := inVersion(readFile(t, o.samplePath("response")), o.version)
		want, got := blanked(schema.C14N(t, sample)), blanked(schema.C14N(t, o.reply(t)))
		diff(t, "canonical forms without text", tagByTag(want), tagByTag(got))
	})
}

func TestRepliesAreValid(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		if o.hasSchema(t) {
			schema.Validate(t, o.system.replies, o.reply(t))
		}
	})
}

// hidden are the elements of replies that no response body shows, with everything inside.
var hidden = map[string]string{
	"ErrorData": "it becomes a problem, and NativeErrorDetail is the vendor's internals",
}

// answer returns the members that a reply's response body must have, with the reply's texts, by JSON Pointer.
func (o operation) answer(tb testing.TB, reply *element) map[string]string {
	tb.Helper()
	members := map[string]string{"/operationId": operationID}
	for _, c := range reply.child(tb, "Body").wrapped(tb, o.system.replyWrappers).children {
		appendAnswer(members, "", c)
	}
	return members
}

func appendAnswer(members map[string]string, pointer string, e *element) {
	if hidden[e.name.Local] != "" {
		return
	}
	pointer += "/" + memberName(e.name.Local)
	if len(e.children) == 0 {
		members[pointer] = e.text
	}
	for _, c := range e.children {
		appendAnswer(members, pointer, c)
	}
}

// flat returns the texts of a response body by JSON Pointer.
func flat(tb testing.TB, body []byte) map[string]string {
	tb.Helper()
	members := map[string]string{}
	for _, l := range leavesOf("", readDocument(tb, body)) {
		members[l.pointer] = fmt.Sprint(l.value)
	}
	return members
}

func TestResponseBodyHasEveryTextAtItsPlaceAndNothingElse(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		want := o.answer(t, mustParse(t, o.reply(t)))
		diff(t, "the members of the response body", want, flat(t, readFile(t, o.path("reply.json"))))
		seen := map[string]string{}
		for pointer, text := range want {
			if seen[text] != "" || text == "" {
				t.Errorf("%s has no text of its own: %q", pointer, text)
			}
			seen[text] = pointer
		}
	})
}

// secretsOf returns the texts of a reply that must never come out: its header's and the hidden elements'.
func secretsOf(root *element) (texts []string) {
	root.each("", func(path string, e *element) {
		isSecret := strings.HasPrefix(path, "Header/")
		for name := range hidden {
			isSecret = isSecret || strings.Contains(path, "/"+name+"/")
		}
		if isSecret && len(e.children) == 0 && !blank(e.text) {
			texts = append(texts, e.text)
		}
	})
	return texts
}

// The reply's header echoes the credentials, and a failed answer holds the vendor's internals.
func TestCredentialsAndInternalsInRepliesAreNeverShown(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		reply := o.reply(t)
		secrets := secretsOf(mustParse(t, reply))
		if o.system.header != nil && len(secrets) < 3 {
			t.Fatalf("the reply echoes %q only", secrets)
		}
		for name, body := range map[string][]byte{
			"success":     reply,
			"failed":      bytes.ReplaceAll(reply, []byte("<ErrorCode> "), []byte("<ErrorCode>E42")), // CustomerCare's
			"no answer":   bytes.ReplaceAll(reply, []byte("Response>"), []byte("Riposte>")),
			"cut off":     reply[:len(reply)-20],
			"not allowed": append([]byte("<!DOCTYPE x>"), reply...),
		} {
			result, problem := o.decode(t, body, o.contentType())
			shown := string(result.JSON)
			if refused := !bytes.Equal(body, reply); refused != (problem != nil) {
				t.Errorf("%s: %v", name, problem)
			}
			if problem != nil {
				shown += fmt.Sprintf("%s %+v %+v", problem.Detail, problem.Violations, problem.Extensions)
			}
			for _, secret := range secrets {
				if strings.Contains(shown, secret) {
					t.Errorf("%s: %q is in %s", name, secret, shown)
				}
			}
			if problem != nil && strings.Contains(problem.Error(), "SecurityToken/ID") {
				t.Errorf("%s: the log gets the credentials: %v", name, problem)
			}
		}
	})
}

// spelling writes the same reply in another way.
type spelling struct {
	name        string
	contentType string // the version's own where it is empty
	spell       func(t *testing.T, reply []byte) []byte
}

// everyLeaf rewrites the text of every leaf, as it is between the tags.
func everyLeaf(rewrite func(text string) string) func(*testing.T, []byte) []byte {
	return func(t *testing.T, reply []byte) []byte {
		t.Helper()
		var edits []edit
		mustParse(t, reply).leaves(func(_ string, leaf *element) {
			edits = append(edits, edit{leaf.inside, leaf.close, rewrite(string(reply[leaf.inside:leaf.close]))})
		})
		return apply(reply, edits)
	}
}

// swap replaces what a pattern matches; a swap that changes nothing fails the test.
func swap(pattern, replacement string) func(*testing.T, []byte) []byte {
	re := regexp.MustCompile(pattern)
	return func(t *testing.T, reply []byte) []byte {
		t.Helper()
		swapped := re.ReplaceAll(reply, []byte(replacement))
		if bytes.Equal(swapped, reply) {
			t.Fatalf("%s matches nothing in\n%s", pattern, reply)
		}
		return swapped
	}
}

// declareXSI declares the namespace of xsi:nil under a prefix that no sample has.
const declareXSI = ` xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`

func references(format string) func(string) string {
	return func(text string) (spelled string) {
		for _, r := range text {
			spelled += fmt.Sprintf(format, r)
		}
		return spelled
	}
}

// encoded declares an encoding and encodes the reply in it.
func encoded(declared string, e encoding.Encoding) func(*testing.T, []byte) []byte {
	return func(t *testing.T, reply []byte) []byte {
		t.Helper()
		reply = swap(`encoding="utf-8"`, declared)(t, reply)
		out, err := e.NewEncoder().Bytes(reply)
		if err != nil || bytes.Equal(out, reply) {
			t.Fatalf("the encoding does not show: %v", err)
		}
		return out
	}
}

var spellings = []spelling{
	{"compact", "", swap(`>\s+<`, "><")},
	{"CRLF", "", swap(`\n`, "\r\n")},
	{"without declaration", "", swap(`^<\?xml.*\?>\s*`, "")},
	{"other envelope prefix", "", swap(`(</?|xmlns:)(soap|soap12|soapenv|SOAP-ENV)([:=])`, "${1}e-1.x${3}")},
	{"CDATA", "", everyLeaf(func(text string) string { return "<![CDATA[" + text + "]]>" })},
	{"half in CDATA", "", everyLeaf(func(text string) string {
		return cut(text, 3) + "<![CDATA[" + strings.TrimPrefix(text, cut(text, 3)) + "]]>"
	})},
	{"comments inside texts", "", everyLeaf(func(text string) string {
		return "<!-- a -->" + cut(text, 2) + "<!--<b>-->" + strings.TrimPrefix(text, cut(text, 2))
	})},
	{"decimal references", "", everyLeaf(references("&#%d;"))},
	{"hexadecimal references", "", everyLeaf(references("&#x%X;"))},
	{"type attributes of rpc", "", swap(`<(\w[\w:-]*)>`, `<${1}`+declareXSI+` xmlns:s="http://www.w3.org/2001/XMLSchema" i:type="s:string">`)},
	{"encodingStyle", "", swap(`<([\w-]+):Body>`, `<${1}:Body ${1}:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`)},
	{"nil false", "", swap(`<(\w[\w:-]*)( [^>]*)?>`, `<${1}${2}`+declareXSI+` i:nil="false">`)},
	{"byte order mark", "", swap(`^`, "\xEF\xBB\xBF")},
	{"UTF-16 little-endian with mark", "", encoded(`encoding="utf-16"`, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))},
	{"UTF-16 big-endian with mark", "", encoded(`encoding="utf-16"`, unicode.UTF16(unicode.BigEndian, unicode.UseBOM))},
	{"UTF-16 by its charset", "text/xml; charset=utf-16be", encoded(`encoding="utf-16"`, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM))},
	{"ISO-8859-1 by its declaration", "", encoded(`encoding="ISO-8859-1"`, charmap.ISO8859_1)},
	{"ISO-8859-1 by its charset", "text/xml; charset=iso-8859-1", encoded(`encoding="utf-8" `, charmap.ISO8859_1)},
	{"windows-1252 by its declaration", "", encoded(`encoding="windows-1252"`, charmap.Windows1252)},
	{"windows-1252 by its charset", `application/soap+xml; charset="windows-1252"`, encoded(`encoding="utf-8" `, charmap.Windows1252)},
}

func TestReplyMayBeSpelledOtherwise(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		for _, s := range spellings {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				reply := o.reply(t)
				if strings.HasPrefix(s.name, "windows-1252") { // a character that ISO-8859-1 has not
					reply = bytes.ReplaceAll(reply, []byte("é"), []byte("€"))
				}
				contentType := s.contentType
				if contentType == "" {
					contentType = o.contentType()
				}
				o.checkReply(t, s.spell(t, reply), contentType, o.answer(t, mustParse(t, reply)), 0)
			})
		}
	})
}

// checkReply decodes a reply and compares the response body's members, and the number of elements that nothing is declared for.
func (o operation) checkReply(t *testing.T, reply []byte, contentType string, want map[string]string, ignored int) {
	t.Helper()
	result, problem := o.decode(t, reply, contentType)
	if problem != nil {
		t.Fatalf("%v\n%s", problem, reply)
	}
	diff(t, "the members of the response body", want, flat(t, result.JSON))
	if result.Ignored != ignored {
		t.Errorf("%d elements were ignored, want %d", result.Ignored, ignored)
	}
}

// A service may grow: unknown elements are ignored and counted, wherever they are below the body's child.
func TestUnknownElementsAreIgnoredAndCounted(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		reply := o.reply(t)
		root := mustParse(t, reply)
		var edits []edit
		var extend func(e *element)
		extend = func(e *element) {
			if len(e.children) > 0 {
				edits = append(edits,
					edit{e.inside, e.inside, `<Unknown xmlns="urn:new"><Deeper a="1">&lt;<Deepest/></Deeper></Unknown>`},
					edit{e.close, e.close, `<Unknown><![CDATA[]]>x</Unknown>`})
			}
			for _, c := range e.children {
				extend(c)
			}
		}
		extend(root.child(t, "Body").children[0])
		if len(edits) < 2 {
			t.Fatal("there is no place for unknown elements")
		}
		o.checkReply(t, apply(reply, edits), o.contentType(), o.answer(t, root), len(edits))
	})
}

// Every element of a reply is optional, but for the one that decides; one that is marked nil counts as absent.
func TestMissingAndNilElements(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		reply := o.reply(t)
		root := mustParse(t, reply)
		answer := root.child(t, "Body").children[0]
		if len(answer.children) == 0 {
			t.Fatal("the reply has no elements")
		}
		answer.each("", func(path string, e *element) {
			open := strings.TrimSuffix(string(reply[e.start:e.inside]), ">")
			for how, instead := range map[string]string{
				"missing":   "",
				"nil true":  open + declareXSI + ` i:nil="true"/>`,
				"nil 1":     open + declareXSI + ` i:nil="1"></` + strings.Fields(open)[0][1:] + ">",
				"commented": "<!--" + string(reply[e.start:e.end]) + "-->",
			} {
				t.Run(strings.ReplaceAll(path, "/", ".")+"/"+how, func(t *testing.T) {
					t.Parallel()
					o.checkWithout(t, root, e, apply(reply, []edit{{e.start, e.end, instead}}), 0)
				})
			}
		})
	})
}

// checkWithout decodes a reply that lacks one element of the root's, with as many unknown ones in its place as are ignored.
func (o operation) checkWithout(t *testing.T, root, gone *element, reply []byte, ignored int) {
	t.Helper()
	lost, texts := gone.name.Local == o.system.decides, []string{gone.text}
	gone.each("", func(_ string, inside *element) {
		lost = lost || inside.name.Local == o.system.decides
		texts = append(texts, inside.text)
	})
	if lost {
		o.checkUnknown(t, reply, o.contentType())
		return
	}
	want := o.answer(t, root)
	maps.DeleteFunc(want, func(_, text string) bool { return slices.Contains(texts, text) })
	o.checkReply(t, reply, o.contentType(), want, ignored)
}

// checkUnknown requires that the outcome of a reply is unknown.
func (o operation) checkUnknown(t *testing.T, reply []byte, contentType string) {
	t.Helper()
	result, problem := o.decode(t, reply, contentType)
	if problem == nil || problem.Code != translate.OutcomeUnknown || problem.Outcome != soap.Unknown {
		t.Errorf("it was read: %v, %s\n%s", problem, result.JSON, reply)
	}
}

// Emersion's elements are found by their local names; the others' namespaces are part of the names.
func (s *system) readsByLocalName() bool { return s.name == "emersion" }

func TestNamespacesOfReplies(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		root := mustParse(t, o.reply(t))
		space := root.child(t, "Body").children[0].name.Space
		if space == "" {
			t.Fatal("the sample reply is in no namespace")
		}
		rows := map[string][]byte{"other namespace": bytes.ReplaceAll(o.reply(t), []byte(space), []byte("urn:release-9"))}
		if o.system.readsByLocalName() {
			rows["qualified"] = o.reply(t)
			rows["no namespace"] = swap(`(</?)ns1:`, "${1}")(t, o.reply(t))
			rows["account id in no namespace"] = swap(`(</?)ns1:AccountID`, "${1}AccountID")(t, o.reply(t))
			rows["default namespace"] = swap(`<CreateAccountResponse`, `<CreateAccountResponse xmlns="`+space+`"`)(t, rows["no namespace"])
		}
		for name, reply := range rows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if o.system.readsByLocalName() {
					o.checkReply(t, reply, o.contentType(), o.answer(t, root), 0)
				} else {
					o.checkUnknown(t, reply, o.contentType())
				}
			})
		}
	})
}

// A member in a namespace that is not its own is an unknown element, as if the known one were missing; but an error is never overlooked.
func TestMembersInAnotherNamespace(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		reply := o.reply(t)
		root := mustParse(t, reply)
		root.child(t, "Body").wrapped(t, o.system.replyWrappers).each("", func(path string, e *element) {
			t.Run(strings.ReplaceAll(path, "/", "."), func(t *testing.T) {
				t.Parallel()
				_, attributes, _ := strings.Cut(strings.TrimSuffix(string(reply[e.start:e.inside]), ">"), " ")
				moved := apply(reply, []edit{
					{e.start, e.inside, "<o:" + e.name.Local + ` xmlns:o="urn:other" ` + attributes + ">"},
					{e.close, e.end, "</o:" + e.name.Local + ">"},
				})
				if o.system.readsByLocalName() || strings.Contains(path, "ErrorData") {
					o.checkReply(t, moved, o.contentType(), o.answer(t, root), 0)
				} else {
					o.checkWithout(t, root, e, moved, 1)
				}
			})
		})
	})
}

// A result must come in the version that was sent.
func TestReplyInTheOtherVersion(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		from, to := o.version.Namespace(), soap.NamespaceV12
		if o.version == soap.V12 {
			to = soap.NamespaceV11
		}
		o.checkUnknown(t, bytes.ReplaceAll(o.reply(t), []byte(from), []byte(to)), o.contentType())
	})
}

func TestTwoAnswersAreNone(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		reply := o.reply(t)
		body := mustParse(t, reply).child(t, "Body")
		for _, e := range append(body.wrapped(t, o.system.replyWrappers).children, body.children[0]) {
			t.Run(e.name.Local, func(t *testing.T) {
				t.Parallel()
				twice := apply(reply, []edit{{e.end, e.end, string(reply[e.start:e.end])}})
				o.checkUnknown(t, twice, o.contentType())
			})
		}
	})
}
