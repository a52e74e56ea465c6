// Package emersion speaks the Services API of Emersion's Cumulus, a PHP SOAP server.
//
// Its page is a wiki article with a sample, notes numbered 8 to 24, and errors numbered 25 to 46. Marks: [page] is printed on it,
// [source] is known from the product, [decided] is this product's choice where the page is silent.
package emersion

import (
	"fmt"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

const system = "emersion"

// DefaultNamespace is where the elements stand. The page never prints the URI of its prefix "ser"; the reply's "ns1" is this one, and
// they are taken to be the same [decided].
const DefaultNamespace = "http://emersion.com.au/ServiceObjects"

// Config is what the service needs to know of this proxy.
type Config struct {
	Namespace  string // DefaultNamespace when empty
	SOAPAction string // empty by default [source]
	// Username and Password go into a WS-Security UsernameToken; none is sent without a Username [source].
	Username string
	Password soap.Secret
	// LenientIdentifiers turns off the check of an orgIdentifier's digits, which the vendor does not document.
	LenientIdentifiers bool
	Secrets            []soap.Secret // of the transport, to be masked in whatever the service says
	Limits             soap.Limits   // of replies
}

// Operations gives the service's operations.
func Operations(c Config) ([]translate.Operation, error) {
	createComplexAccount, err := createComplexAccount(c)
	return []translate.Operation{createComplexAccount}, err
}

func (c Config) namespace() string {
	if c.Namespace == "" {
		return DefaultNamespace
	}
	return c.Namespace
}

// validationError is the fault string of a refused input [page].
const validationError = "Validation Error"

// fault reads a refusal. Its sentence stands as plain text in the detail [page]; where there is none, in the fault string. Each line that
// the catalogue knows becomes the violation that the local rule would have made, and any other keeps the vendor's words.
func fault(f *soap.Fault, sent *translate.Sent) *translate.Error {
	lines := sentences(f)
	lines = lines[:min(len(lines), validation.MaxViolations+1)] // one more tells that there are more
	declared := strings.EqualFold(f.Reason, validationError)
	violations := make([]translate.Violation, 0, len(lines))
	known := false
	for _, line := range lines {
		v, ok := recognise(line)
		if !ok {
			v = translate.Violation{Code: system + "-validation", Detail: sent.Safe(line)}
		}
		known = known || ok
		violations = append(violations, v)
	}
	if !declared && (!known || f.Class() == soap.FaultServer) {
		return nil // of a server that broke, even a sentence of the list proves nothing
	}
	return translate.Reject(translate.FromFault, cause(f, sent), violations...)
}

func cause(f *soap.Fault, sent *translate.Sent) error {
	return fmt.Errorf("detail %q: %w", sent.Logged(allText(f.Detail)), sent.Fault(f))
}

// sentences gives the lines of a fault's detail, or of its fault string where the detail says nothing.
func sentences(f *soap.Fault) (lines []string) {
	for line := range strings.Lines(allText(f.Detail)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return []string{f.Reason}
	}
	return lines
}

// allText gives the text of an element and of those inside, a line each.
func allText(d *soap.Detail) string {
	if d == nil {
		return ""
	}
	lines := []string{d.Text}
	for _, child := range d.Children {
		lines = append(lines, allText(child))
	}
	return strings.Join(lines, "\n")
}
