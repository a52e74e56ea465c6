package soap

import (
	"errors"
	"slices"
	"strings"
)

// Fault is a vendor's answer that it did not do what was asked, or broke while doing it. It came over the wire.
type Fault struct {
	Version  Version
	Code     Name    // faultcode, or Code/Value; Space is empty where the prefix was not declared
	Subcodes []Name  // Subcode/Value of SOAP 1.2, outermost first
	Reason   string  // faultstring, or the English Reason/Text, else the first
	Actor    string  // faultactor, or Role
	Detail   *Detail // nil when absent
}

// Detail is an element of a fault's detail: its own form is the vendor's.
type Detail struct {
	Name     Name
	Text     string // the character data directly inside, as sent
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

// TextOf gives the text of the first child with a local name, without the white space around it; empty when there is none.
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
// decides. The code's namespace does not: services are known to leave its prefix undeclared.
func (f *Fault) Class() FaultClass {
	if isSecurityCode(f.Code) || slices.ContainsFunc(f.Subcodes, isSecurityCode) {
		return FaultAuthentication
	}
	code, refinement, _ := strings.Cut(f.Code.Local, ".")
	switch code {
	case "Client", "Sender":
		if refinement == "Authentication" {
			return FaultAuthentication // the example that SOAP 1.1 section 4.4.1 itself gives
		}
		return FaultClient
	case "Server", "Receiver":
		return FaultServer
	case "VersionMismatch":
		return FaultVersionMismatch
	case "MustUnderstand":
		return FaultMustUnderstand
	case "DataEncodingUnknown":
		return FaultDataEncoding
	}
	return FaultOther
}

// isSecurityCode knows the fault codes of WS-Security 1.0 and 1.1, section 12.
func isSecurityCode(code Name) bool {
	if !strings.HasSuffix(code.Space, "wss-wssecurity-secext-1.0.xsd") {
		return false
	}
	switch code.Local {
	case "InvalidSecurityToken", "InvalidSecurity", "FailedAuthentication", "FailedCheck", "SecurityTokenUnavailable",
		"UnsupportedSecurityToken", "UnsupportedAlgorithm":
		return true
	}
	return false
}

// readFault reads the Fault that has just begun. SOAP 1.1 leaves its children unqualified and SOAP 1.2 qualifies them; services
// mix that up, and nothing else can stand there, so the local names decide.
func readFault(s *Scanner, v Version) (*Fault, error) {
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
	s     *Scanner
	fault *Fault
}

// children calls visit for each element inside the current one. The visit must consume its element.
func (f *faultReader) children(visit func() error) error {
	for {
		kind, err := f.s.Next()
		switch {
		case err != nil:
			return err
		case kind == EndElement:
			return nil
		case kind == StartElement:
			if err := visit(); err != nil {
				return err
			}
		}
	}
}

func (f *faultReader) child() (err error) {
	switch f.s.Name().Local {
	case "faultcode":
		f.fault.Code, err = f.qname()
	case "faultstring":
		f.fault.Reason, err = f.text()
	case "faultactor", "Role":
		f.fault.Actor, err = f.text()
	case "Code":
		err = f.children(f.code)
	case "Reason":
		err = f.children(f.reason)
	case "detail", "Detail":
		f.fault.Detail, err = readDetail(f.s)
	default:
		err = f.s.Skip()
	}
	return err
}

// code reads a child of Code, or of a Subcode inside it.
func (f *faultReader) code() error {
	switch f.s.Name().Local {
	case "Value":
		name, err := f.qname()
		if f.fault.Code.Local == "" {
			f.fault.Code = name
		} else {
			f.fault.Subcodes = append(f.fault.Subcodes, name)
		}
		return err
	case "Subcode":
		return f.children(f.code)
	}
	return f.s.Skip()
}

// reason reads a Text of Reason. The log is read in English.
func (f *faultReader) reason() error {
	english := false
	for _, a := range f.s.Attrs() {
		english = english || a.Name.Local == "lang" && strings.HasPrefix(strings.ToLower(a.Value), "en")
	}
	text, err := f.text()
	if f.fault.Reason == "" || english {
		f.fault.Reason = text
	}
	return err
}

func (f *faultReader) text() (string, error) {
	text, err := leafText(f.s)
	return strings.TrimSpace(text), err
}

// qname reads a qualified name. One whose prefix is not declared still has its local part.
func (f *faultReader) qname() (Name, error) {
	// The prefix must be resolved while the element's namespaces are in scope, so the element's end is read after that.
	var text []byte
	for {
		kind, err := f.s.Next()
		switch {
		case err != nil:
			return Name{}, err
		case kind == StartElement:
			return Name{}, errors.New("soap: the fault has an element where its code belongs")
		case kind == EndElement:
			return qualified(f.s, strings.TrimSpace(string(text))), nil
		case kind == Text:
			text = append(text, f.s.Text()...)
		}
	}
}

func qualified(s *Scanner, value string) Name {
	if name, ok := s.ResolveQName(value); ok {
		return name
	}
	return Name{Local: value[strings.LastIndexByte(value, ':')+1:]}
}

// readDetail reads the element that has just begun and everything inside it. The scanner's limits bound it.
func readDetail(s *Scanner) (*Detail, error) {
	detail := &Detail{Name: s.Name()}
	var text []byte
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return nil, err
		case kind == EndElement:
			detail.Text = string(text)
			return detail, nil
		case kind == StartElement:
			child, err := readDetail(s)
			if err != nil {
				return nil, err
			}
			detail.Children = append(detail.Children, child)
		case kind == Text:
			text = append(text, s.Text()...)
		}
	}
}
