package soap

import (
	"errors"
	"fmt"
	"strings"

	"soapbridge/translate/xml"
)

// Binding says how the messages of one operation are placed in an envelope. Every name in it comes from the vendor's page or description.
type Binding struct {
	// Namespace is what Prefix spells: that of the operation element; empty where it is in none.
	Namespace string
	// Prefix spells the Namespace. Empty means a default namespace, declared on the operation element.
	Prefix string
	// EnvelopePrefix spells the envelope's namespace. Servers do not care; people who compare with the vendor's page do.
	EnvelopePrefix map[Version]string
	// Request names the operation element and the wrappers inside it, outermost first. Without any the members are the Body's children.
	Request []xml.Name
	// Action is the SOAPAction, or the action parameter in SOAP 1.2. It may be empty.
	Action string
	// Reply names the answer's elements around its members, outermost first. Without any the members are the Body's children.
	Reply []xml.Name
	// ReplyByLocalName reads the answer without regard to namespaces, where a vendor is known to vary them.
	ReplyByLocalName bool
}

// Within returns names in one namespace.
func Within(space string, locals ...string) []xml.Name {
	names := make([]xml.Name, len(locals))
	for i, local := range locals {
		names[i] = xml.Name{Space: space, Local: local}
	}
	return names
}

// Path is the way to the members of a request, by local names: "CreateCallLog/CreateCallLogRequest".
func (b *Binding) Path() string {
	locals := make([]string, len(b.Request))
	for i, name := range b.Request {
		locals[i] = name.Local
	}
	return strings.Join(locals, "/")
}

func (b *Binding) check() error {
	if strings.ContainsAny(b.Namespace+b.Action, "\"<&\r\n") {
		return fmt.Errorf("soap: the namespace %q or the action %q holds a character that an attribute cannot hold as it is", b.Namespace, b.Action)
	}
	if b.Namespace == "" && b.Prefix != "" {
		return errors.New("soap: a binding has a prefix and no namespace")
	}
	return nil
}
