package page

import (
	"cmp"
	"fmt"
	"strings"

	"soapbridge/translate/xml"
)

// soapVersion is how a version of SOAP appears in a WSDL.
type soapVersion struct{ version, prefix, suffix string }

var soapVersions = []soapVersion{{"1.1", "soap", "Soap"}, {"1.2", "soap12", "Soap12"}}

// transport is that of both bindings: WSDL 1.1 section 3.3.
const transport = "http://schemas.xmlsoap.org/soap/http"

// messages writes the messages of an operation, and those of its header blocks.
func (d *drafter) messages(b *strings.Builder, p *page) {
	e := p.exchanges[0]
	message := func(name string, parts []*node, part string) {
		fmt.Fprintf(b, "  <wsdl:message name=%s>\n", quote(name))
		for _, n := range parts {
			fmt.Fprintf(b, "    <wsdl:part name=%s element=%s/>\n", quote(part), quote(d.qName(n.name.Space, n.name.Local)))
		}
		b.WriteString("  </wsdl:message>\n")
	}
	message(p.operation+"SoapIn", e.request.body.children, "parameters")
	if e.response != nil {
		message(p.operation+"SoapOut", e.response.body.children, "parameters")
	}
	for _, n := range p.roots() {
		if name := d.headerMessage(n.name); !d.isBody(p, n) && d.globals["message "+name].at == "" {
			d.globals["message "+name] = global{at: p.at(n)}
			message(name, []*node{n}, "block")
		}
	}
}

// isBody reports whether a root is an element of a Body.
func (d *drafter) isBody(p *page, n *node) bool {
	for _, e := range []*envelope{p.exchanges[0].request, p.exchanges[0].response} {
		if e != nil && !isEmpty(e.body) && e.body.children[0] == n {
			return true
		}
	}
	return false
}

// headerMessage is the name of the message with a header block. Blocks of several namespaces may have one name.
func (d *drafter) headerMessage(block xml.Name) string {
	name := block.Local + "Header"
	if block.Space != d.home {
		name += cmp.Or(d.prefix(block.Space), "Unqualified")
	}
	return name
}

// operation writes an operation of the port type.
func (d *drafter) operation(b *strings.Builder, p *page) {
	fmt.Fprintf(b, "    <wsdl:operation name=%s>\n", quote(p.operation))
	if p.about != "" {
		fmt.Fprintf(b, "      <wsdl:documentation>%s</wsdl:documentation>\n", strings.Trim(quote(p.about), `"`))
	}
	fmt.Fprintf(b, "      <wsdl:input message=%s/>\n", quote(d.qName(d.home, p.operation+"SoapIn")))
	if p.exchanges[0].response != nil {
		fmt.Fprintf(b, "      <wsdl:output message=%s/>\n", quote(d.qName(d.home, p.operation+"SoapOut")))
	}
	b.WriteString("    </wsdl:operation>\n")
}

// binding writes the binding of a version and its port, where any page shows the version.
func (d *drafter) binding(b, ports *strings.Builder, v soapVersion) {
	first := d.pages[0]
	var operations strings.Builder
	for _, p := range d.pages {
		if e := p.find(v.version); e != nil {
			d.boundOperation(&operations, p, e, v)
		}
	}
	if operations.Len() == 0 {
		return
	}
	name := first.service + v.suffix
	fmt.Fprintf(b, "  <wsdl:binding name=%s type=%s>\n    <%s:binding transport=\"%s\"/>\n%s  </wsdl:binding>\n",
		quote(name), quote(d.qName(d.home, first.service+"Soap")), v.prefix, transport, operations.String())
	fmt.Fprintf(ports, "    <wsdl:port name=%s binding=%s>\n      <%s:address location=%s/>\n    </wsdl:port>\n",
		quote(name), quote(d.qName(d.home, name)), v.prefix, quote("https://"+first.host+first.path))
}

// boundOperation writes how an operation is called. ASP.NET has one action for both versions, and shows it for SOAP 1.1 alone.
func (d *drafter) boundOperation(b *strings.Builder, p *page, e *exchange, v soapVersion) {
	action := unanswered
	for _, each := range append([]*exchange{e}, p.exchanges...) {
		if each.acted {
			action = each.action
			break
		}
	}
	fmt.Fprintf(b, "    <wsdl:operation name=%s>\n      <%s:operation soapAction=%s style=\"document\"/>\n", quote(p.operation), v.prefix, quote(action))
	direction := func(name string, sample *envelope) {
		if sample == nil {
			return
		}
		fmt.Fprintf(b, "      <wsdl:%s>\n        <%s:body use=\"literal\"/>\n", name, v.prefix)
		for _, block := range sample.header.children {
			fmt.Fprintf(b, "        <%s:header message=%s part=\"block\" use=\"literal\"/>\n", v.prefix, quote(d.qName(d.home, d.headerMessage(block.name))))
		}
		fmt.Fprintf(b, "      </wsdl:%s>\n", name)
	}
	direction("input", e.request)
	direction("output", e.response)
	b.WriteString("    </wsdl:operation>\n")
}
