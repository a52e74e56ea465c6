// Package wsdl reads a WSDL 1.1 document, with everything that it imports, into the components of WSDL and of XML Schema 1.0. It knows
// nothing of messages and JSON.
//
// Reading is lenient where real documents are wrong without harm: a name resolves wherever it is defined, whatever a document imported. It
// is strict in what reading may cost, and in what is sent: an operation that reaches anything unresolved or ambiguous is marked as one that
// cannot be used.
package wsdl

import (
	"cmp"
	"fmt"
	"strings"

	"soapbridge/translate/xml"
)

// Definitions are the components of a WSDL document and of the documents that it leads to. Names are resolved to pointers. A pointer is nil
// where the components' comments say so, and where a Problem says that a name did not resolve. What is made of the model must be bounded:
// groups in groups can have more members than the documents have bytes.
type Definitions struct {
	TargetNamespace string
	Documentation   string
	Services        []*Service
	PortTypes       []*PortType
	// Bindings are those of SOAP; others, such as HTTP GET, are left out.
	Bindings []*Binding
	// Operations are those that have a SOAP binding, in the order of the port types.
	Operations []*Operation

	// The global components of all schemas. Built-in schemas are among them as far as names led there.
	Elements   map[xml.Name]*Element
	Attributes map[xml.Name]*Attribute
	Types      map[xml.Name]Type

	// Files are the documents that were read, the entry first; built-in ones are not among them.
	Files []string
	// Problems are what did not resolve or is not supported, in the order of their discovery.
	Problems []*Problem
}

// Problem is something that makes a part of a service unusable.
type Problem struct {
	File string
	Line int // from 1
	Msg  string

	owner owner
}

func (p *Problem) Error() string { return fmt.Sprintf("%s, line %d: %s", p.File, p.Line, p.Msg) }

// Service is WSDL 1.1 section 2.7.
type Service struct {
	Name          xml.Name
	Documentation string
	Ports         []*Port
}

// Port is WSDL 1.1 section 2.6.
type Port struct {
	Name          string
	Documentation string
	Binding       *Binding
	// Address is what the document says. It is a text and no more: calls go to a configured address.
	Address string
}

// PortType is WSDL 1.1 section 2.4.
type PortType struct {
	Name          xml.Name
	Documentation string
	Operations    []*Operation
}

// Operation is WSDL 1.1 sections 2.4.1 to 2.4.4. Two operations of one port type may have the same name: the names of their inputs differ.
// Neither can be used.
type Operation struct {
	Name          string
	Documentation string
	PortType      *PortType
	// Input is nil where the server begins: notification and solicit-response. InputName is empty where the document leaves it to the default;
	// InputAction is what it says of WS-Addressing: the attribute wsam:Action (WS-Addressing 1.0 Metadata, section 4.4.1), or wsaw:Action of the draft.
	Input                  *Message
	InputName, InputAction string
	// Output is nil for one-way operations.
	Output *Message
	Faults []*Fault
	// Bindings are the ways to call it, such as SOAP 1.1 and SOAP 1.2.
	Bindings []*BoundOperation
	// Problem is why the operation cannot be used; nil if it can: then no pointer that can be reached from it is missing.
	Problem *Problem
}

// Fault is a declared fault: WSDL 1.1 section 2.4.2.
type Fault struct {
	Name          string
	Documentation string
	Message       *Message
}

// Message is WSDL 1.1 section 2.3.
type Message struct {
	Name          xml.Name
	Documentation string
	Parts         []*Part
}

// Part is a part of a message: it has an Element or a Type.
type Part struct {
	Name    string
	Element *Element
	Type    Type
}

// Version is a version of SOAP.
type Version uint8

// The versions of SOAP.
const (
	SOAP11 Version = iota + 1
	SOAP12
)

func (v Version) String() string { return [...]string{"", "1.1", "1.2"}[v] }

// Binding is a SOAP binding: WSDL 1.1 section 3.
type Binding struct {
	Name          xml.Name
	Documentation string
	PortType      *PortType
	Version       Version
	Transport     string
	Operations    []*BoundOperation
}

// BoundOperation is how an operation is called by a binding: WSDL 1.1 section 3.4.
type BoundOperation struct {
	Operation *Operation
	Binding   *Binding
	// SOAPAction is empty where none is stated.
	SOAPAction string
	// RPC: the body's element has the operation's name, and its children the names of the parts. Otherwise the parts are the body's
	// elements.
	RPC bool
	// Input and Output are nil where the operation has none.
	Input, Output *BoundMessage
	Faults        []*BoundFault
}

// AddressingAction is the action of WS-Addressing 1.0. Its Metadata says that SOAPAction must not be another one; the attribute wins where it is.
func (b *BoundOperation) AddressingAction() string {
	return cmp.Or(b.Operation.InputAction, b.SOAPAction, b.Operation.defaultAction())
}

// defaultAction is WS-Addressing 1.0 Metadata section 4.4.4, with the default names of inputs of WSDL 1.1 section 2.4.5.
func (o *Operation) defaultAction() string {
	space, input, delimiter := o.PortType.Name.Space, o.InputName, "/"
	if len(space) > 4 && strings.EqualFold(space[:4], "urn:") {
		delimiter = ":"
	}
	if input == "" {
		if input = o.Name; o.Output != nil {
			input += "Request"
		}
	}
	return strings.TrimSuffix(space, delimiter) + delimiter + o.PortType.Name.Local + delimiter + input
}

// BoundMessage is how a message is written.
type BoundMessage struct {
	Encoding
	// Parts are those of the body, in the order of the message.
	Parts   []*Part
	Headers []*Header
	// Multipart: the envelope is one part of a MIME multipart (WSDL 1.1 section 5).
	Multipart bool
}

// Encoding is the attributes that soap:body, soap:header and soap:fault share: WSDL 1.1 section 3.5.
type Encoding struct {
	// Encoded: section 5 of SOAP 1.1 rather than the schema says what is written.
	Encoded bool
	// Namespace is that of the element of an RPC body.
	Namespace     string
	EncodingStyle string
}

// Header is WSDL 1.1 section 3.7.
type Header struct {
	Encoding
	Message *Message
	Part    *Part
}

// BoundFault is WSDL 1.1 section 3.6.
type BoundFault struct {
	Encoding
	Fault *Fault
}
