package wsdl

import (
	"strings"

	"soapbridge/translate/xml"
)

// readBinding is WSDL 1.1 sections 2.5 and 3.3. A binding to something else than SOAP has no Version, and no operations.
func (d *document) readBinding(name xml.Name) *Binding {
	b := &Binding{Name: name}
	later(d.reader, &d.portTypes, d.required("type"), func(p *PortType) { b.PortType = p })
	rpc := false
	number := 0
	d.children(func(name xml.Name) {
		switch {
		case name == xml.Name{Space: wsdlSpace, Local: "documentation"}:
			b.Documentation = d.readDocumentation()
		case isSOAP(name, "binding"):
			b.Version, b.Transport, rpc = SOAP11, d.attr("transport"), d.attr("style") == "rpc"
			if name.Space == soap12Space {
				b.Version = SOAP12
			}
		case name == xml.Name{Space: wsdlSpace, Local: "operation"} && b.Version != 0:
			around := d.owner
			d.owner = operationOwner("bound operation", b.Name, number)
			d.readBoundOperation(b, rpc)
			d.owner = around
			number++
		}
	})
	return b
}

// isSOAP reports whether a name is one of the SOAP bindings'. Documents are known to mix the two versions.
func isSOAP(name xml.Name, local string) bool {
	return name.Local == local && (name.Space == soap11Space || name.Space == soap12Space)
}

// bound is a BoundOperation before its names are resolved.
type bound struct {
	*BoundOperation
	at                          place
	name, input                 string
	inputParts, outputParts     *string // soap:body parts; nil means all
	inputHeaders, outputHeaders []boundHeader
	faults                      map[string]Encoding
}

// boundHeader is a Header whose part is still a name.
type boundHeader struct {
	*Header
	part string
	at   place
}

// readBoundOperation is WSDL 1.1 section 3.4.
func (d *document) readBoundOperation(b *Binding, rpc bool) {
	o := &bound{BoundOperation: &BoundOperation{Binding: b, RPC: rpc}, at: d.here(), name: d.attr("name"), faults: map[string]Encoding{}}
	d.children(func(name xml.Name) {
		switch {
		case isSOAP(name, "operation"):
			o.SOAPAction = d.attr("soapAction")
			if style := d.attr("style"); style != "" {
				o.RPC = style == "rpc"
			}
		case name == xml.Name{Space: wsdlSpace, Local: "input"}:
			o.input, o.Input = d.attr("name"), &BoundMessage{}
			d.readBoundMessage(o.Input, &o.inputParts, &o.inputHeaders)
		case name == xml.Name{Space: wsdlSpace, Local: "output"}:
			o.Output = &BoundMessage{}
			d.readBoundMessage(o.Output, &o.outputParts, &o.outputHeaders)
		case name == xml.Name{Space: wsdlSpace, Local: "fault"}:
			d.readBoundFault(o)
		}
	})
	d.finishers = append(d.finishers, func() { d.bind(o) })
}

// readBoundMessage is WSDL 1.1 sections 3.5 and 3.7; in a MIME multipart, section 5.
func (d *document) readBoundMessage(m *BoundMessage, parts **string, headers *[]boundHeader) {
	d.children(func(name xml.Name) {
		switch {
		case isSOAP(name, "body"):
			m.Encoding, *parts = d.readEncoding(), d.optional("parts")
		case isSOAP(name, "header"):
			h := boundHeader{&Header{Encoding: d.readEncoding()}, d.attr("part"), d.here()}
			later(d.reader, &d.messages, d.required("message"), func(m *Message) { h.Message = m })
			*headers = append(*headers, h)
		case name.Space == mimeSpace:
			m.Multipart = true
			d.readBoundMessage(m, parts, headers)
		}
	})
}

func (d *document) readEncoding() Encoding {
	return Encoding{Encoded: d.attr("use") == "encoded", Namespace: d.attr("namespace"), EncodingStyle: d.attr("encodingStyle")}
}

// readBoundFault is WSDL 1.1 section 3.6. The name is the fault's; that of soap:fault repeats it.
func (d *document) readBoundFault(o *bound) {
	name := d.attr("name")
	o.faults[name] = Encoding{}
	d.children(func(child xml.Name) {
		if isSOAP(child, "fault") {
			o.faults[name] = d.readEncoding()
		}
	})
}

// bind joins a bound operation with the operation, once names are resolved.
func (r *reader) bind(o *bound) {
	if o.Binding.PortType == nil {
		return
	}
	op := r.operations[operationKey{o.Binding.PortType, o.name, o.input}]
	if op == nil {
		op = r.operations[operationKey{o.Binding.PortType, o.name, ""}]
	}
	if op == nil {
		r.reportf(o.at, "the port type has no operation %q", cut(o.name, r.limits.Name))
		return
	}
	o.Operation = op
	o.Binding.Operations = append(o.Binding.Operations, o.BoundOperation)
	op.Bindings = append(op.Bindings, o.BoundOperation)
	r.lead(r.places[op].owner, o.at.owner)
	o.Input = r.bindMessage(o, o.Input, op.Input, o.inputParts, o.inputHeaders)
	o.Output = r.bindMessage(o, o.Output, op.Output, o.outputParts, o.outputHeaders)
	for _, f := range op.Faults {
		if encoding, isBound := o.faults[f.Name]; isBound {
			o.Faults = append(o.Faults, &BoundFault{encoding, f})
		}
	}
}

// bindMessage finds the parts of the body and of the headers. Without soap:body parts the body has all parts that are not headers.
func (r *reader) bindMessage(o *bound, b *BoundMessage, m *Message, names *string, headers []boundHeader) *BoundMessage {
	if m == nil {
		return nil
	}
	if b == nil {
		b = &BoundMessage{}
	}
	inHeader := map[*Part]bool{}
	for _, h := range headers {
		if h.Message == nil {
			continue // reported
		}
		if h.Part = h.Message.part(h.part); h.Part == nil {
			r.reportf(h.at, "the message %q has no part %q", h.Message.Name.Local, cut(h.part, r.limits.Name))
		}
		inHeader[h.Part] = true
		b.Headers = append(b.Headers, h.Header)
	}
	if names != nil {
		r.bindParts(o, b, m, strings.Fields(*names))
		return b
	}
	for _, p := range m.Parts {
		if !inHeader[p] {
			b.Parts = append(b.Parts, p)
		}
	}
	return b
}

func (r *reader) bindParts(o *bound, b *BoundMessage, m *Message, names []string) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, p := range m.Parts {
		if wanted[p.Name] {
			b.Parts = append(b.Parts, p)
			delete(wanted, p.Name)
		}
	}
	for _, name := range names {
		if wanted[name] {
			r.reportf(o.at, "the message %q has no part %q", m.Name.Local, cut(name, r.limits.Name))
			return
		}
	}
}

func (m *Message) part(name string) *Part {
	for _, p := range m.Parts {
		if p.Name == name {
			return p
		}
	}
	return nil
}
