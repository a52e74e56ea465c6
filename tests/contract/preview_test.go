package contract_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

const asterisks = "***"

// eachPreview runs a test for every request document of every operation, configured for each version and shown in each.
func eachPreview(t *testing.T, test func(t *testing.T, o operation, request string, shown soap.Version)) {
	t.Helper()
	eachRequest(t, func(t *testing.T, o operation, request string) {
		for _, v := range o.Versions {
			t.Run("as "+versionName(v), func(t *testing.T) {
				t.Parallel()
				test(t, o, request, v)
			})
		}
	})
}

func preview(t failer, request translate.Request, v soap.Version) translate.Preview {
	t.Helper()
	shown, problem := request.Preview(v, env)
	if problem != nil {
		t.Fatalf("%v", problem)
	}
	return shown
}

// TestVersionsAreTheSystems: a preview accepts the versions that have goldens.
func TestVersionsAreTheSystems(t *testing.T) {
	each(t, func(t *testing.T, o operation) { diff(t, "the versions", o.system.versions, o.Versions) })
}

// Whichever version is configured, what is shown is the golden of the version that was asked for, but for the secrets.
func TestPreviewIsTheMaskedGolden(t *testing.T) {
	eachPreview(t, func(t *testing.T, o operation, request string, v soap.Version) {
		shown := preview(t, o.read(t, readFile(t, o.path(request+".json"))), v)
		asked := o
		asked.version = v
		golden := bytes.TrimSuffix(readFile(t, asked.goldenPath(request)), []byte("\n"))
		want := masked(t, o, o.requestShape(t), golden)
		if !bytes.Equal(want, shown.Message.Envelope) {
			diff(t, "the envelope", tagByTag(want), tagByTag(shown.Message.Envelope))
		}
		if o.system.name == "customercare" && bytes.Equal(want, golden) {
			t.Error("the golden has tokens, and nothing was masked")
		}
		message := soap.Message{Version: v, Action: o.system.action(o.Name), Envelope: shown.Message.Envelope}
		diff(t, "the message", message, shown.Message)
	})
}

// masked writes asterisks over the secrets of an envelope: the tokens in its header, and what the shape says in its body.
func masked(t failer, o operation, s shape, envelope []byte) []byte {
	t.Helper()
	root, err := parse(envelope)
	if err != nil || len(root.children) != 2 {
		t.Fatalf("%v: %s", err, envelope)
	}
	var secrets []*element
	root.children[0].leaves(func(path string, leaf *element) {
		if strings.HasSuffix(path, "/BinarySecurityToken/ID") {
			secrets = append(secrets, leaf)
		}
	})
	secrets = append(secrets, secretElements(s, members(root, o))...)
	for _, e := range slices.Backward(secrets) {
		if e.text != "" {
			envelope = slices.Concat(envelope[:e.inside], []byte(asterisks), envelope[e.close:])
		}
	}
	return envelope
}

// members returns the element whose children are the members of the request.
func members(root *element, o operation) *element {
	at := root.children[1]
	for range o.system.requestWrappers {
		at = at.children[0]
	}
	return at
}

// secretElements finds the elements of an object that hold secrets, in document order.
func secretElements(s shape, object *element) (list []*element) {
	for _, c := range object.children {
		i := slices.IndexFunc(s, func(f shapeField) bool { return f.element == c.name.Local })
		switch {
		case i < 0:
		case s[i].secret:
			list = append(list, c)
		default:
			list = append(list, secretElements(s[i].object, c)...)
		}
	}
	return list
}

// Every value that is sent has a row, and every row has a value in the body.
func TestPreviewRowsAreWhatIsSent(t *testing.T) {
	eachPreview(t, func(t *testing.T, o operation, request string, v soap.Version) {
		document := readDocument(t, readFile(t, o.path(request+".json")))
		checkRows(t, o, o.requestShape(t), document, preview(t, o.read(t, writeDocument(t, document)), v))
	})
}

// row is what a row of the table must say, and the text that its element must hold.
type row struct {
	Text     string
	FilledIn bool
}

func checkRows(t failer, o operation, s shape, document map[string]any, shown translate.Preview) {
	t.Helper()
	root, err := parse(shown.Message.Envelope)
	if err != nil {
		t.Fatalf("%v: %s", err, shown.Message.Envelope)
	}
	got, at := map[string]row{}, -1
	var covered []*element
	for _, f := range shown.Fields {
		found := selected(root, shown.Namespaces, f.XPath)
		if len(found) != 1 {
			t.Fatalf("%s selects %d elements in %s", f.XPath, len(found), shown.Message.Envelope)
		}
		if found[0].start <= at {
			t.Errorf("%s is not in the order of the envelope", f.Pointer)
		}
		at = found[0].start
		covered = append(covered, found[0])
		got[f.Pointer] = row{found[0].text, f.FilledIn}
	}
	if len(got) != len(shown.Fields) {
		t.Errorf("%d pointers in %d rows", len(got), len(shown.Fields))
	}
	diff(t, "the rows", o.wantedRows(t, s, document), got)
	members(root, o).leaves(func(path string, leaf *element) {
		if !slices.Contains(covered, leaf) {
			t.Errorf("%s has no row", path)
		}
	})
}

// wantedRows returns the expected rows by pointer, from the document, the vendor's sample and the operation's conduct.
func (o operation) wantedRows(t failer, s shape, document map[string]any) map[string]row {
	t.Helper()
	written := map[string]string{}
	for _, l := range leavesOf("", document) {
		if l.value != nil {
			written[l.pointer] = fmt.Sprint(l.value)
		}
	}
	rows := map[string]row{}
	for _, l := range leavesOf("", o.sent(document)) {
		f := fieldAt(t, s, l.pointer)
		if l.value == nil {
			continue
		}
		text := fmt.Sprint(l.value)
		old, there := written[l.pointer]
		r := row{text, !there || blank(old) && text != old}
		if f.utc && text != "" {
			r.Text += "Z"
		}
		if f.secret && text != "" {
			r.Text = asterisks
		}
		rows[l.pointer] = r
	}
	return rows
}

// fieldAt finds the field of a pointer.
func fieldAt(t failer, s shape, pointer string) (field shapeField) {
	t.Helper()
	for name := range strings.SplitSeq(pointer[1:], "/") {
		if _, err := strconv.Atoi(name); err == nil {
			continue
		}
		i := slices.IndexFunc(s, func(f shapeField) bool { return f.member == name })
		if i < 0 {
			t.Fatalf("%s is not a member", pointer)
		}
		field = s[i]
		s = field.object
	}
	return field
}

var aStep = regexp.MustCompile(`^(?:([a-z]+):)?([A-Za-z0-9]+)(?:\[([1-9][0-9]*)\])?$`)

// selected evaluates the part of XPath 1.0 that the rows may have: a path from the root, of child steps with a name and perhaps a
// position.
func selected(root *element, namespaces map[string]string, path string) []*element {
	nodes := []*element{{children: []*element{root}}}
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		m := aStep.FindStringSubmatch(step)
		if m == nil || m[1] != "" && namespaces[m[1]] == "" {
			return nil
		}
		var next []*element
		for _, n := range nodes {
			same := slices.DeleteFunc(slices.Clone(n.children), func(c *element) bool {
				return c.name.Local != m[2] || c.name.Space != namespaces[m[1]]
			})
			if m[3] == "" {
				next = append(next, same...)
			} else if at, err := strconv.Atoi(m[3]); err == nil && at <= len(same) {
				next = append(next, same[at-1])
			}
		}
		nodes = next
	}
	return nodes
}

// planted makes a text that is nowhere else.
func planted(n int) string { return fmt.Sprintf("Quokka-%04d-Bilby", n) }

// Of a random request nothing but its secrets is missing, and no secret is there, whole or in part: not in the envelope, not in the table.
func TestRandomPreviewHidesTheSecretsAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		s := o.requestShape(t)
		documents := o.document(s)
		rapid.Check(t, func(t *rapid.T) {
			document := documents.Draw(t, "document")
			var secrets []string
			for i, l := range leavesOf("", document) {
				if l.value == nil || !fieldAt(t, s, l.pointer).secret {
					continue
				}
				text := fmt.Sprint(l.value)
				switch {
				case !strings.HasSuffix(l.pointer, "/orgIdentifier"):
					l.set(text + planted(i))
					text = planted(i)
				case get(document, "/accountOrganisation/orgIdentifierType") == "RBN": // the others have check digits
					text = planted(i)
					l.set(text)
				}
				secrets = append(secrets, text, strings.ReplaceAll(text, " ", ""))
			}
			request, problem := o.Read(spell(rapid.Uint64().Draw(t, "spelling"), document))
			if problem != nil {
				t.Fatalf("%v %+v", problem, problem.Violations)
			}
			sent, problem := request.Encode(env)
			if problem != nil {
				t.Fatalf("%v", problem)
			}
			shown := preview(t, request, o.version)
			if want := masked(t, o, s, sent.Envelope); !bytes.Equal(want, shown.Message.Envelope) {
				diff(t, "the envelope", tagByTag(want), tagByTag(shown.Message.Envelope))
			}
			checkRows(t, o, s, document, shown)
			all := fmt.Sprint(string(shown.Message.Envelope), shown)
			for _, secret := range append(secrets, directToken, originatingToken, "direct-token-0001", "originating-token-0002") {
				if len(secret) >= 8 && strings.Contains(all, secret) {
					t.Errorf("%s is shown: %s", secret, all)
				}
			}
		})
	})
}
