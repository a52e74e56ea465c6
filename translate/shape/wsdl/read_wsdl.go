package wsdl

import (
	"cmp"
	"fmt"
	"strings"

	"soapbridge/translate/xml"
)

// The namespaces of WSDL 1.1 (section 1.2) and of its bindings; that of SOAP 1.2 is a W3C submission of 2006.
const (
	wsdlSpace   = "http://schemas.xmlsoap.org/wsdl/"
	soap11Space = "http://schemas.xmlsoap.org/wsdl/soap/"
	soap12Space = "http://schemas.xmlsoap.org/wsdl/soap12/"
	mimeSpace   = "http://schemas.xmlsoap.org/wsdl/mime/"
	// Those of the attribute Action: of WS-Addressing 1.0 Metadata, and of its candidate recommendation of 2006, which is more common.
	wsamSpace = "http://www.w3.org/2007/05/addressing/metadata"
	wsawSpace = "http://www.w3.org/2006/05/addressing/wsdl"
)

// wsdlChildren is children for those in the namespace of WSDL.
func (d *document) wsdlChildren(read func(local string)) {
	d.children(func(name xml.Name) {
		if name.Space == wsdlSpace {
			read(name.Local)
		}
	})
}

// readDefinitions is WSDL 1.1 section 2.1.
func (d *document) readDefinitions(entry bool) {
	d.target, d.chameleon = strings.TrimSpace(d.attr("targetNamespace")), false
	if entry {
		d.definitions.TargetNamespace = d.target
	}
	d.wsdlChildren(func(local string) {
		switch local {
		case "documentation":
			if entry {
				d.definitions.Documentation = d.readDocumentation()
			}
		case "import":
			d.locate(d.attr("location"), d.attr("namespace"), "")
		case "types":
			d.readTypes()
		case "message":
			define(d, &d.messages, d.readMessage)
		case "portType":
			define(d, &d.portTypes, d.readPortType)
		case "binding":
			define(d, &d.bindings, d.readBinding)
		case "service":
			define(d, &d.services, d.readService)
		}
	})
}

// readTypes is WSDL 1.1 section 2.2. Some documents have an import here, without a schema around it.
func (d *document) readTypes() {
	d.children(func(name xml.Name) {
		switch {
		case name == xml.Name{Space: XSD, Local: "schema"}:
			d.readSchema()
		case name == xml.Name{Space: XSD, Local: "import"}:
			d.locate(d.attr("schemaLocation"), d.attr("namespace"), "")
		case name.Local == "schema":
			d.reportf(d.here(), "a schema of the namespace %q is not read: it has to be %s", cut(name.Space, d.limits.Name), XSD)
		}
	})
}

// readMessage is WSDL 1.1 section 2.3.
func (d *document) readMessage(name xml.Name) *Message {
	m := &Message{Name: name}
	d.wsdlChildren(func(local string) {
		switch local {
		case "documentation":
			m.Documentation = d.readDocumentation()
		case "part":
			m.Parts = append(m.Parts, d.readPart())
		}
	})
	if len(m.Parts) > d.limits.Parts {
		d.failf("%s, line %d: a message is over the limit of %d parts", d.file, d.here().line, d.limits.Parts)
	}
	return m
}

func (d *document) readPart() *Part {
	p := &Part{Name: d.name("").Local}
	if d.optional("element") == nil && d.optional("type") == nil {
		d.reportf(d.here(), "the part %q has neither an element nor a type", p.Name)
	}
	later(d.reader, &d.elements, d.ref("element"), func(e *Element) { p.Element = e })
	later(d.reader, &d.types, d.ref("type"), func(t Type) { p.Type = t })
	return p
}

// readPortType is WSDL 1.1 section 2.4.
func (d *document) readPortType(name xml.Name) *PortType {
	p := &PortType{Name: name}
	d.wsdlChildren(func(local string) {
		switch local {
		case "documentation":
			p.Documentation = d.readDocumentation()
		case "operation":
			d.readOperation(p)
		}
	})
	return p
}

// readOperation is WSDL 1.1 sections 2.4.1 to 2.4.5.
func (d *document) readOperation(p *PortType) {
	op := &Operation{Name: d.name("").Local, PortType: p}
	around := d.owner
	defer func() { d.owner = around }()
	d.owner = operationOwner("operation", p.Name, len(p.Operations))
	d.note(op)
	p.Operations = append(p.Operations, op)
	d.wsdlChildren(func(local string) {
		switch local {
		case "documentation":
			op.Documentation = d.readDocumentation()
		case "input":
			op.InputName = d.attr("name")
			op.InputAction = strings.TrimSpace(cmp.Or(d.attrIn(wsamSpace, "Action"), d.attrIn(wsawSpace, "Action")))
			later(d.reader, &d.messages, d.required("message"), func(m *Message) { op.Input = m })
		case "output":
			later(d.reader, &d.messages, d.required("message"), func(m *Message) { op.Output = m })
		case "fault":
			f := &Fault{Name: d.attr("name")}
			op.Faults = append(op.Faults, f)
			later(d.reader, &d.messages, d.required("message"), func(m *Message) { f.Message = m })
			f.Documentation = d.readWSDLDocumentation()
			if len(op.Faults) > d.limits.Parts {
				d.failf("%s, line %d: an operation is over the limit of %d faults", d.file, d.here().line, d.limits.Parts)
			}
		}
	})
	if first := d.operations[operationKey{p, op.Name, ""}]; first != nil {
		for _, o := range []*Operation{first, op} {
			if d.broken[d.places[o].owner] == nil {
				d.reportf(d.places[o], "the port type has several operations %q, which is not supported", cut(op.Name, d.limits.Name))
			}
		}
	}
	for _, key := range []operationKey{{p, op.Name, ""}, {p, op.Name, op.InputName}} {
		if d.operations[key] == nil {
			d.operations[key] = op
		}
	}
}

// operationKey finds an operation. Where a port type has several of one name, that of the input decides (WSDL 1.1 section 2.5).
type operationKey struct {
	portType    *PortType
	name, input string
}

func (d *document) readWSDLDocumentation() (text string) {
	d.wsdlChildren(func(local string) {
		if local == "documentation" {
			text = d.readDocumentation()
		}
	})
	return text
}

// operationOwner names an operation, which can have the name of another one, by its number.
func operationOwner(kind string, in xml.Name, number int) owner {
	return owner{kind, xml.Name{Space: in.Space, Local: fmt.Sprintf("%s %d", in.Local, number)}}
}

// readService is WSDL 1.1 section 2.7.
func (d *document) readService(name xml.Name) *Service {
	s := &Service{Name: name}
	d.wsdlChildren(func(local string) {
		switch local {
		case "documentation":
			s.Documentation = d.readDocumentation()
		case "port":
			d.readPort(s)
		}
	})
	return s
}

// readPort is WSDL 1.1 section 2.6.
func (d *document) readPort(s *Service) {
	p := &Port{Name: d.attr("name")}
	later(d.reader, &d.bindings, d.required("binding"), func(b *Binding) {
		if p.Binding = b; b.Version != 0 {
			s.Ports = append(s.Ports, p)
		}
	})
	d.children(func(name xml.Name) {
		switch name.Local {
		case "documentation":
			p.Documentation = d.readDocumentation()
		case "address":
			p.Address = d.attr("location")
		}
	})
}
