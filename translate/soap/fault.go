package soap

import (
	"errors"
	"strings"

	"soapbridge/translate/xml"
)

// Fault is a vendor's answer that it did not do what was asked, or broke while doing it. It came over the wire.
type Fault struct {
	Version  Version
	Code     xml.Name   // faultcode, or Code/Value; Space is empty where the prefix was not declared, but for the usual one of WS-Security
	Subcodes []xml.Name // Subcode/Value of SOAP 1.2, outermost first
	// Undeclared has those of the codes whose prefix was not declared, as they were sent.
	Undeclared map[xml.Name]string
	Reason     string // faultstring, or the English Reason/Text, else the first
	// Translations are the other Reason/Text of SOAP 1.2. They may say something else.
	Translations []string
	Detail       *Detail // nil when absent
	// Extra reports text in a place that no version of SOAP has in a fault.
	Extra bool
}

// Detail is an element of a fault's detail: its own form is the vendor's.
type Detail struct {
	Name     xml.Name
	Text     string // the character data directly inside, as sent; a line feed separates what an element separates
	Children []*Detail
}

// Child finds the first child with a local name; nil when there is none.
func (d *Detail) Child(local string) *Detail {
	if d == nil {
		return nil
	}
	for _, child := range d.Children {
		if child.Name.Local == local {
			return child
		}
	}
	return nil
}

// TextOf returns the text of the first child with a local name, without the white space around it; empty when there is none.
func (d *Detail) TextOf(local string) string {
	child := d.Child(local)
	if child == nil {
		return ""
	}
	return strings.TrimSpace(child.Text)
}

// FaultClass says whose doing a fault is, in the vendor's eyes.
type FaultClass uint8

// The classes of fault. Both versions of SOAP have them, under different names.
const (
	FaultOther           FaultClass = iota // a code of the vendor's own
	FaultClient                            // Client, Sender: the message was wrong
	FaultServer                            // Server, Receiver: the service broke
	FaultVersionMismatch                   // the envelope's namespace
	FaultMustUnderstand                    // a header block
	FaultDataEncoding                      // DataEncodingUnknown of SOAP 1.2
	FaultAuthentication                    // a fault of WS-Security (section 12)
)

// Class sorts the fault by its code. SOAP 1.1 lets a vendor refine a code after a dot ("Client.Authentication"); the part before it
// decides. The code's namespace does not, and neither does letter case: services are known to leave its prefix undeclared, and to write
// "client". A subcode makes a Client fault one of WS-Security; one that says Server contradicts it, and then the service may have broken.
func (f *Fault) Class() FaultClass {
	class := classOf(f.Code)
	for _, subcode := range f.Subcodes {
		switch sub := classOf(subcode); {
		case sub == FaultServer:
			return FaultServer
		case sub == FaultAuthentication && (class == FaultClient || class == FaultOther):
			class = FaultAuthentication
		}
	}
	return class
}

func classOf(code xml.Name) FaultClass {
	if isSecurityCode(code) {
		return FaultAuthentication
	}
	if isAddressingCode(code) {
		return FaultClient // it is below Sender in SOAP 1.2
	}
	class, refinements, _ := strings.Cut(strings.ToLower(code.Local), ".")
	switch class {
	case "client", "sender":
		// SOAP 1.1 section 4.4.1 itself gives the example Authentication; services write authenticationError, too.
		if first, _, _ := strings.Cut(refinements, "."); first == "authentication" || first == "authenticationerror" {
			return FaultAuthentication
		}
		return FaultClient
	case "server", "receiver":
		return FaultServer
	case "versionmismatch":
		return FaultVersionMismatch
	case "mustunderstand":
		return FaultMustUnderstand
	case "dataencodingunknown":
		return FaultDataEncoding
	}
	return FaultOther
}

// wss4jNamespace is that of the one code by which Apache's implementation hides all the others.
const wss4jNamespace = "http://ws.apache.org/wss4j"

// isSecurityCode knows the fault codes of WS-Security 1.0 and 1.1, section 12.
func isSecurityCode(code xml.Name) bool {
	if code.Space == wss4jNamespace {
		return code.Local == "SecurityError"
	}
	if strings.HasSuffix(code.Space, "wss-wssecurity-utility-1.0.xsd") {
		return code.Local == "MessageExpired" // its namespace in 1.0, section 10
	}
	if !strings.HasSuffix(code.Space, "wss-wssecurity-secext-1.0.xsd") {
		return false
	}
	switch code.Local {
	case "InvalidSecurityToken", "InvalidSecurity", "FailedAuthentication", "FailedCheck", "SecurityTokenUnavailable",
		"UnsupportedSecurityToken", "UnsupportedAlgorithm", "MessageExpired":
		return true
	}
	return false
}

// isAddressingCode reports the codes of WS-Addressing for a message without a recipient, in the namespaces of its Recommendation, of its
// submission, and of WCF without addressing.
func isAddressingCode(code xml.Name) bool {
	switch code.Space {
	case "http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing",
		"http://schemas.microsoft.com/ws/2005/05/addressing/none":
		return code.Local == "ActionNotSupported" || code.Local == "DestinationUnreachable"
	}
	return false
}

// readFault reads the Fault that has just begun. SOAP 1.1 leaves its children unqualified and SOAP 1.2 qualifies them; services
// mix that up, and nothing else can be there, so the local names decide.
func readFault(s *xml.Scanner, v Version) (*Fault, error) {
	f := faultReader{s: s, fault: &Fault{Version: v}}
	if err := f.children(f.child); err != nil {
		return nil, err
	}
	if f.fault.Code.Local == "" && f.fault.Reason == "" && f.fault.Detail == nil {
		return nil, errors.New("soap: the fault is empty")
	}
	return f.fault, nil
}

type faultReader struct {
	s     *xml.Scanner
	fault *Fault
	// Which of the parts that decide were there.
	hasCode, hasReason, hasDetail bool
}

// once notes a part that decides, and refuses a second one: two answers to one question contradict each other.
func once(seen *bool, part string) error {
	if *seen {
		return errors.New("soap: the fault has its " + part + " twice")
	}
	*seen = true
	return nil
}

// children calls visit for each element inside the current one. The visit must consume its element.
func (f *faultReader) children(visit func() error) error {
	for {
		kind, err := f.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			return nil
		case kind == xml.StartElement:
			if err := visit(); err != nil {
				return err
			}
		case kind == xml.Text && !isBlank([]byte(f.s.Text())):
			f.fault.Extra = true
		}
	}
}

// extra reads an element that belongs to no fault.
func (f *faultReader) extra() error {
	text, err := f.text()
	f.fault.Extra = f.fault.Extra || text != ""
	return err
}

func (f *faultReader) child() (err error) {
	switch f.s.Name().Local {
	case "faultcode":
		if err = once(&f.hasCode, "code"); err == nil {
			f.fault.Code, err = f.qname()
		}
	case "faultstring":
		if err = once(&f.hasReason, "reason"); err == nil {
			f.fault.Reason, err = f.text()
		}
	case "Code":
		if err = once(&f.hasCode, "code"); err == nil {
			err = f.code(0)
		}
	case "Reason":
		if err = once(&f.hasReason, "reason"); err == nil {
			err = f.children(f.reason)
		}
	case "detail", "Detail":
		if err = once(&f.hasDetail, "detail"); err == nil {
			f.fault.Detail, err = readDetail(f.s)
		}
	case "faultactor", "Role", "Node":
		err = f.s.Skip()
	default:
		err = f.extra()
	}
	return err
}

// code reads Code, or a Subcode at a depth inside it, which has just begun.
func (f *faultReader) code(depth int) error {
	hasValue, hasSubcode := false, false
	return f.children(func() error {
		switch f.s.Name().Local {
		case "Value":
			if err := once(&hasValue, "code"); err != nil {
				return err
			}
			name, err := f.qname()
			if depth == 0 {
				f.fault.Code = name
			} else {
				f.fault.Subcodes = append(f.fault.Subcodes, name)
			}
			return err
		case "Subcode":
			if err := once(&hasSubcode, "subcode"); err != nil {
				return err
			}
			return f.code(depth + 1)
		}
		return f.extra()
	})
}

// reason reads a Text of Reason. The log is read in English.
func (f *faultReader) reason() error {
	english := false
	for _, a := range f.s.Attrs() {
		english = english || a.Name.Local == "lang" && strings.HasPrefix(strings.ToLower(a.Value), "en")
	}
	text, err := f.text()
	if f.fault.Reason == "" || english {
		text, f.fault.Reason = f.fault.Reason, text
	}
	if text != "" {
		f.fault.Translations = append(f.fault.Translations, text)
	}
	return err
}

// text reads all character data of the current element. A service that puts markup where plain text belongs still says what it says, on as
// many lines as a browser would show.
func (f *faultReader) text() (string, error) {
	var text []byte
	for depth := 1; depth > 0; {
		kind, err := f.s.Next()
		switch {
		case err != nil:
			return "", err
		case kind == xml.StartElement:
			depth++
			text = append(text, lineBreak(f.s.Name())...)
		case kind == xml.EndElement:
			depth--
			text = append(text, lineBreak(f.s.Name())...)
		case kind == xml.Text:
			text = append(text, f.s.Text()...)
		}
	}
	return strings.TrimSpace(string(text)), nil
}

// lineBreak returns what an element's tag is in plain text.
func lineBreak(name xml.Name) string {
	switch strings.ToLower(name.Local) {
	case "br", "div", "li", "p":
		return "\n"
	}
	return ""
}

// qname reads a qualified name. One whose prefix is not declared still has its local part.
func (f *faultReader) qname() (xml.Name, error) {
	// The prefix must be resolved while the element's namespaces are in scope, so the element's end is read after that.
	var text []byte
	for {
		kind, err := f.s.Next()
		switch {
		case err != nil:
			return xml.Name{}, err
		case kind == xml.StartElement:
			return xml.Name{}, errors.New("soap: the fault has an element where its code belongs")
		case kind == xml.EndElement:
			return f.qualified(strings.TrimSpace(string(text))), nil
		case kind == xml.Text:
			text = append(text, f.s.Text()...)
		}
	}
}

func (f *faultReader) qualified(value string) xml.Name {
	name, ok := f.s.ResolveQName(value)
	if ok {
		return name
	}
	name.Local = value[strings.LastIndexByte(value, ':')+1:]
	if value == "wsse:"+name.Local {
		name.Space = wsseNamespace // every document about WS-Security writes this prefix
	}
	if value != name.Local {
		if f.fault.Undeclared == nil {
			f.fault.Undeclared = map[xml.Name]string{}
		}
		f.fault.Undeclared[name] = value
	}
	return name
}

// readDetail reads the element that has just begun and everything inside it. The scanner's limits bound it.
func readDetail(s *xml.Scanner) (*Detail, error) {
	detail := &Detail{Name: s.Name()}
	var text []byte
	separated := false
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return nil, err
		case kind == xml.EndElement:
			detail.Text = string(text)
			return detail, nil
		case kind == xml.StartElement:
			child, err := readDetail(s)
			if err != nil {
				return nil, err
			}
			detail.Children = append(detail.Children, child)
			separated = len(text) > 0
		case kind == xml.Text:
			if separated {
				text = append(text, '\n')
			}
			separated = false
			text = append(text, s.Text()...)
		}
	}
}
