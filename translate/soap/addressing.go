package soap

import (
	"strings"

	"soapbridge/translate/secret"
)

// Addressing describes the WS-Addressing 1.0 header blocks of requests.
type Addressing struct {
	On bool
	To string // the address of the service; without one the block is left out
	// Action is that of the operation's request; empty: the binding's.
	Action string
}

// Query returns the query of the address, which may hold a token and is treated as a secret; empty where no address is sent.
func (a Addressing) Query() secret.Secret {
	_, query, _ := strings.Cut(a.To, "?")
	if !a.On {
		return ""
	}
	return secret.Secret(query)
}

// Addressing appends the header blocks of WS-Addressing, if they are on.
//
// A reply goes back over the same connection where no wsa:ReplyTo says otherwise (WS-Addressing 1.0 Core, section 3.2). No block is marked
// mustUnderstand: a service with WS-Addressing reads them anyway (its SOAP Binding, Conformance), and one without it would refuse the message.
func (w *Writer) Addressing(a Addressing, operationID string) {
	if !a.On {
		return
	}
	w.address("Action", a.Action, "")
	w.address("MessageID", "urn:uuid:"+operationID, "")
	if a.To != "" {
		address, _, _ := strings.Cut(a.To, "?")
		w.address("To", address, a.Query())
	}
}

// address appends a header block that holds an address.
func (w *Writer) address(block, address string, query secret.Secret) {
	w.Markup("<wsa:" + block + ` xmlns:wsa="http://www.w3.org/2005/08/addressing">`)
	w.Text(address)
	if query != "" {
		w.Markup("?")
		w.Secret(query)
	}
	w.Markup("</wsa:" + block + ">")
}
