package contract_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"soapbridge/translate/soap"
)

// vendorNode is an element of a vendor's sample request and, below the wrappers, the JSON member of the same value. Everything
// about it is read from the sample: the names in JSON follow from those on the wire by rule.
type vendorNode struct {
	local, space string
	member       string // in JSON
	repeated     bool   // the sample shows it twice
	kind         string // of a leaf: the sample's text, "string(1..8)"
	children     []*vendorNode
}

// vendorEnvelope is a sample request.
type vendorEnvelope struct {
	envelope, header, body *vendorNode
	// wrappers are between body and the members, outermost first; the last one's children are the members.
	wrappers []*vendorNode
}

// vendor reads the operation's sample request. SOAP 1.2 differs in the envelope's namespace only.
func (o operation) vendor(tb testing.TB) vendorEnvelope {
	tb.Helper()
	root := vendorTree(mustParse(tb, o.sample(tb)))
	v := vendorEnvelope{envelope: root, header: root.children[0], body: root.children[1]}
	for _, n := range []*vendorNode{v.envelope, v.header, v.body} {
		n.space = o.version.Namespace()
	}
	at := v.body
	for range o.system.requestWrappers {
		if len(at.children) != 1 {
			tb.Fatalf("the sample's %s has %d children", at.local, len(at.children))
		}
		at = at.children[0]
		v.wrappers = append(v.wrappers, at)
	}
	return v
}

// sample returns the sample request in the operation's version: SOAP 1.2 has the pages' other prefix and namespace.
func (o operation) sample(tb testing.TB) []byte {
	tb.Helper()
	return inVersion(readFile(tb, o.samplePath("request")), o.version)
}

// inVersion turns a SOAP 1.1 document with the prefix soap into one of a version, as the pages spell them.
func inVersion(document []byte, v soap.Version) []byte {
	if v == soap.V11 {
		return document
	}
	return []byte(strings.NewReplacer(
		"<soap:", "<soap12:", "</soap:", "</soap12:", "xmlns:soap=", "xmlns:soap12=", soap.NamespaceV11, soap.NamespaceV12,
	).Replace(string(document)))
}

func vendorTree(e *element) *vendorNode {
	n := &vendorNode{local: e.name.Local, space: e.name.Space, member: memberName(e.name.Local)}
	if len(e.children) == 0 {
		n.kind = strings.TrimSpace(e.text)
	}
	for _, c := range e.children {
		if last := len(n.children) - 1; last >= 0 && n.children[last].local == c.name.Local {
			n.children[last].repeated = true
			n.children[last].member = plural(memberName(c.name.Local))
			continue
		}
		n.children = append(n.children, vendorTree(c))
	}
	return n
}

// memberName writes a wire name in lowerCamelCase: CSRId is csrId, UserID is userId, PIN is pin.
func memberName(local string) string {
	name := ""
	for i, word := range words(local) {
		word = strings.ToLower(word)
		if i > 0 {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		name += word
	}
	return name
}

// words splits a name where a word begins: at a capital behind a small letter or a digit, and at the last of several capitals when
// a small letter follows.
func words(local string) (list []string) {
	runes := []rune(local)
	begin := 0
	for i := 1; i < len(runes); i++ {
		if !unicode.IsUpper(runes[i]) {
			continue
		}
		if !unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			list = append(list, string(runes[begin:i]))
			begin = i
		}
	}
	return append(list, string(runes[begin:]))
}

func plural(name string) string {
	if strings.HasSuffix(name, "s") || strings.HasSuffix(name, "x") {
		return name + "es"
	}
	return name + "s"
}

func TestNamesInJSONFollowTheWireNames(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]string{
		"AccountNumber": "accountNumber", "PIN": "pin", "SSN": "ssn", "CSRId": "csrId", "DBA": "dba", "ID": "id", "UserID": "userId",
		"AddressLine1": "addressLine1", "salesPersonId": "salesPersonId", "RuralOrUrbanCode": "ruralOrUrbanCode",
	} {
		if got := memberName(local); got != want {
			t.Errorf("%s is %s, want %s", local, got, want)
		}
	}
	for local, want := range map[string]string{
		"NameValue": "nameValues", "OtherPhone": "otherPhones", "Fax": "faxes", "DriverLicense": "driverLicenses", "Contact": "contacts",
		"Address": "addresses",
	} {
		if got := plural(memberName(local)); got != want {
			t.Errorf("several %s are %s, want %s", local, got, want)
		}
	}
}

// expected returns the listing of the envelope that a document must become. The document is what is sent: defaults filled in.
func (o operation) expected(tb testing.TB, document map[string]any) []string {
	tb.Helper()
	return o.vendor(tb).expected(tb, o.system.header, document)
}

func (v vendorEnvelope) expected(t failer, header map[string]string, document map[string]any) []string {
	t.Helper()
	x := expectation{t: t, header: header}
	x.line("", v.envelope)
	x.headerBlocks("/Envelope", "", v.header)
	path := x.line("/Envelope", v.body)
	for _, w := range v.wrappers {
		path = x.line(path, w)
	}
	x.members(path, "", v.wrappers[len(v.wrappers)-1], document)
	return x.lines
}

type expectation struct {
	t      failer
	header map[string]string
	lines  []string
}

func (x *expectation) line(path string, n *vendorNode) string {
	path += "/" + n.local
	x.lines = append(x.lines, objectLine(path, n.space))
	return path
}

// headerBlocks lists the header's element n and what is inside; below counts from inside the header.
func (x *expectation) headerBlocks(path, below string, n *vendorNode) {
	at := path + "/" + n.local
	if len(n.children) == 0 {
		x.lines = append(x.lines, leafLine(at, n.space, x.header[below]))
		return
	}
	x.line(path, n)
	for _, c := range n.children {
		x.headerBlocks(at, strings.TrimPrefix(below+"/"+c.local, "/"), c)
	}
}

// members lists the members of an object in the sample's order. A member that the sample has no element for fails the test.
func (x *expectation) members(path, pointer string, n *vendorNode, object map[string]any) {
	x.t.Helper()
	known := map[string]bool{}
	for _, c := range n.children {
		known[c.member] = true
		at := pointer + "/" + c.member
		if !c.repeated {
			x.value(path, at, c, object[c.member])
			continue
		}
		items, isArray := object[c.member].([]any)
		if !isArray && object[c.member] != nil {
			x.t.Fatalf("%s is repeated on the wire and no array", at)
		}
		for i, item := range items {
			x.value(path, fmt.Sprintf("%s/%d", at, i), c, item)
		}
	}
	for member := range object {
		if !known[member] {
			x.t.Fatalf("the sample has no element for %s/%s", pointer, member)
		}
	}
}

func (x *expectation) value(path, pointer string, n *vendorNode, value any) {
	x.t.Helper()
	switch v := value.(type) {
	case nil:
	case map[string]any:
		x.members(x.line(path, n), pointer, n, v)
	default:
		if len(n.children) > 0 {
			x.t.Fatalf("%s is an element with children and %T in JSON", pointer, value)
		}
		x.lines = append(x.lines, leafLine(path+"/"+n.local, n.space, wireText(x.t, pointer, n, v)))
	}
}

// wireText returns the text of a leaf: the JSON text, and Z behind a date where the sample wants it.
func wireText(t failer, pointer string, n *vendorNode, value any) string {
	t.Helper()
	switch v := value.(type) {
	case string:
		if n.kind == "YYYY-MM-DDZ" {
			return v + "Z"
		}
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	t.Fatalf("%s is a %T", pointer, value)
	return ""
}
