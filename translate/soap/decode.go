package soap

import (
	"errors"
	"fmt"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// Decoder reads the replies to one operation. It is compiled once and safe for concurrent use.
type Decoder struct {
	binding Binding
	shape   *shape.Shape
	limits  xml.Limits
	oneWay  bool
}

// NewDecoder compiles the reading of replies whose members have a shape.
func NewDecoder(b Binding, s *shape.Shape, limits xml.Limits) *Decoder {
	return &Decoder{binding: b, shape: s, limits: limits}
}

// NewOneWayDecoder returns the reader of what comes back where there is no reply: success is a status of success with no body, or with an envelope
// that is not a fault, whatever its body holds.
func NewOneWayDecoder(limits xml.Limits) *Decoder {
	return &Decoder{shape: &shape.Shape{}, limits: limits, oneWay: true}
}

// ErrNoEnvelope reports a reply that is empty, or a complete HTML page, JSON document or plain text: it is not the vendor's service
// that wrote it. Anything else that is not an envelope, a cut off one above all, is another error.
var ErrNoEnvelope = errors.New("soap: the reply is not a SOAP envelope")

// Decoded is what a readable reply holds: a fault, or the members of the reply element.
type Decoded struct {
	Version Version
	Fault   *Fault // nil for a result
	// Result holds the members of a reply that is not a fault.
	Result *record.Record
	// Ignored counts the elements that no member is declared for. A rising count means that the vendor's service has changed.
	Ignored int
	// Unknown counts the same elements by their path, by local names from the reply element on: "TrackResponse/parcel/new". It is nil without any,
	// and has at most 20 paths of at most 200 bytes, and OtherPaths.
	Unknown map[string]int
}

// Decode reads a reply. The sent version is the one that a result must
// come in; a fault is read in either, because that is how a service shows that it speaks the other one. An error means that the
// reply cannot be understood, and so that the outcome of the call is unknown; ErrNoEnvelope is those that a transport made.
//
// The reply's header is skipped and never looked at: CustomerCare echoes the credentials in it.
func (d *Decoder) Decode(sent Version, r Reply) (Decoded, error) {
	if d.oneWay && r.Succeeded() && isBlank(r.Body) {
		return Decoded{Version: sent, Result: record.New(d.shape)}, nil
	}
	packaged := isMultipart(r.ContentType) && !isBlank(r.Body)
	if packaged {
		var err error
		if r.Body, r.ContentType, err = rootPart(r.Body, r.ContentType); err != nil {
			return Decoded{}, err
		}
	}
	text, err := xml.DecodeCharset(r.Body, r.ContentType)
	if err != nil {
		return Decoded{}, noEnvelope(r, err)
	}
	if packaged && hasInclude(text, d.limits) {
		return Decoded{}, errors.New("soap: a part of the envelope is in another part of the package")
	}
	e := envelope{s: xml.NewScanner(text, d.limits), d: d}
	defer e.s.Free()
	e.out.Result = record.New(d.shape)
	if err := e.read(); err != nil && e.out.Version == 0 {
		return Decoded{}, noEnvelope(r, err)
	} else if err != nil {
		return Decoded{}, err
	}
	if e.out.Fault == nil && e.out.Version != sent && !d.oneWay {
		return Decoded{}, fmt.Errorf("soap: the reply to a SOAP %s request came in SOAP %s", sent, e.out.Version)
	}
	return e.out, nil
}

// noEnvelope distinguishes what is not an envelope from one that is broken before its first tag, or in a way that spoils the whole
// document: a character that XML does not allow, a wrong encoding. When in doubt it is a broken one, and the outcome unknown.
func noEnvelope(r Reply, err error) error {
	if isBare(r.Body, r.ContentType) {
		return fmt.Errorf("%w: %w", ErrNoEnvelope, err)
	}
	return err
}

// envelope reads one document. Its methods are named after the grammar of SOAP 1.1 section 4 and SOAP 1.2 part 1 section 5.
type envelope struct {
	s   *xml.Scanner
	d   *Decoder
	out Decoded
}

func (e *envelope) read() error {
	if err := e.root(); err != nil {
		return err
	}
	bodies := 0
	for {
		kind, err := e.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndDocument && bodies == 1:
			return nil
		case kind == xml.EndDocument:
			return fmt.Errorf("soap: the envelope has %d bodies", bodies)
		case kind != xml.StartElement:
			continue
		}
		if e.s.Name() == (xml.Name{Space: e.out.Version.Namespace(), Local: "Body"}) {
			bodies++
			err = e.body()
		} else {
			err = e.s.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// root reads up to the Envelope's start.
func (e *envelope) root() error {
	kind, err := e.s.Next()
	for err == nil && kind == xml.Text {
		kind, err = e.s.Next()
	}
	if err != nil {
		return err
	}
	name := e.s.Name()
	switch {
	case kind != xml.StartElement || name.Local != "Envelope":
		return errors.New("the root element has another name")
	case name.Space == NamespaceV11:
		e.out.Version = V11
	case name.Space == NamespaceV12:
		e.out.Version = V12
	default:
		return errors.New("the root element is in no namespace of SOAP")
	}
	return nil
}

// body reads the one child that document/literal allows (WS-I Basic Profile 1.1, R2201), and refuses a second. A binding without a reply element is
// one whose members are children of the body; a fault is alone there, too.
func (e *envelope) body() error {
	bare := len(e.d.binding.Reply) == 0
	m := members{s: e.s, byLocalName: e.d.binding.ReplyByLocalName}
	children := 0
	for {
		kind, err := e.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement && (children == 1 || bare):
			e.out.Ignored, e.out.Unknown = m.ignored, m.unknown
			return nil
		case kind == xml.EndElement, kind == xml.StartElement && children > 0 && (!bare || e.out.Fault != nil):
			return errors.New("soap: the body has no child, or several")
		case kind != xml.StartElement:
			continue
		}
		children++
		if err := e.child(&m, children); err != nil {
			return err
		}
	}
}

// child reads a child of the body that has just begun: a fault, a member, or the reply element, through its wrappers to the members.
func (e *envelope) child(m *members, n int) (err error) {
	switch {
	case e.s.Name() == (xml.Name{Space: e.out.Version.Namespace(), Local: "Fault"}) && n > 1:
		return errors.New("soap: the body has a fault behind another child")
	case e.s.Name() == (xml.Name{Space: e.out.Version.Namespace(), Local: "Fault"}):
		e.out.Fault, err = readFault(e.s, e.out.Version)
		return err
	case e.d.oneWay:
		return e.s.Skip()
	case len(e.d.binding.Reply) == 0:
		return m.element(e.out.Result.Root())
	}
	return e.wrapper(0, m)
}

// wrapper reads the wrapper at a depth of Binding.Reply, which has just begun.
func (e *envelope) wrapper(depth int, m *members) error {
	want := e.d.binding.Reply[depth]
	got := e.s.Name()
	if got.Local != want.Local || got.Space != want.Space && !m.byLocalName {
		return fmt.Errorf("soap: the reply has another element where %s belongs", want.Local)
	}
	if depth == len(e.d.binding.Reply)-1 {
		return m.read(e.out.Result.Root())
	}
	found := false
	for {
		kind, err := e.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			return nil // an answer without its inner wrapper has no members: the operation judges what that means
		case kind != xml.StartElement:
			continue
		case e.isWrapper(depth+1, m) && found:
			return fmt.Errorf("soap: the reply has the element %s twice", e.s.Name().Local)
		case e.isWrapper(depth+1, m):
			found = true
			err = e.wrapper(depth+1, m)
		default:
			err = m.skipUnknown()
		}
		if err != nil {
			return err
		}
	}
}

func (e *envelope) isWrapper(depth int, m *members) bool {
	want, got := e.d.binding.Reply[depth], e.s.Name()
	return got.Local == want.Local && (got.Space == want.Space || m.byLocalName)
}
