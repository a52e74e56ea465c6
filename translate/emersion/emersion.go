// Package emersion speaks the Services API of Emersion's Cumulus, a PHP SOAP server.
//
// Its page is a wiki article with a sample, notes numbered 8 to 24, and errors numbered 25 to 46. Marks: [page] is printed on it,
// [source] is known from the product, [decided] is this product's choice where the page is silent.
package emersion

import (
	"fmt"
	"html"
	"regexp"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

const system = "emersion"

// DefaultNamespace is the namespace of the elements. The page never prints the URI of its prefix "ser"; the reply's "ns1" is this one, and
// they are taken to be the same [decided].
const DefaultNamespace = "http://emersion.com.au/ServiceObjects"

// Config is what the service needs to know of this proxy.
type Config struct {
	Namespace  string        // DefaultNamespace when empty
	SOAPAction string        // empty by default [source]
	Security   soap.Security // a UsernameToken says who calls [source]
	Addressing soap.Addressing
	// LenientIdentifiers turns off the check of an orgIdentifier's digits, which the vendor does not document.
	LenientIdentifiers bool
	Secrets            []secret.Secret // of the transport, to be masked in whatever the service says
	Limits             xml.Limits      // of replies
}

// Operations returns the service's operations.
func Operations(c Config) ([]translate.Operation, error) {
	return translate.All(c,
		createComplexAccount,
	)
}

func (c Config) namespace() string {
	if c.Namespace == "" {
		return DefaultNamespace
	}
	return c.Namespace
}

// validationError is the fault string of a refused input [page].
const validationError = "Validation Error"

// fault reads a refusal. Its sentences are plain text in the detail [page]; where there is none, in the fault string. Each one that the
// catalogue knows becomes the violation that the local rule would have made, and any other keeps the vendor's words. Of a server that
// broke, even they prove nothing.
func fault(f *soap.Fault, sent *translate.Sent) *translate.Error {
	violations, known := read(f, sent)
	declared := strings.EqualFold(f.Reason, validationError)
	switch class := f.Class(); {
	case !declared && !known:
		return nil
	case class == soap.FaultClient, class == soap.FaultOther:
		return translate.Reject(translate.FromFault, cause(f, sent), violations...)
	case class == soap.FaultServer && declared:
		return translate.Fail(translate.UpstreamFailed, cause(f, sent), violations...)
	}
	return nil
}

func cause(f *soap.Fault, sent *translate.Sent) error {
	return fmt.Errorf("detail %q: %w", sent.Logged(allText(f.Detail)), sent.Fault(f))
}

// read returns a violation for each sentence of a fault, and whether the catalogue knows one of them.
func read(f *soap.Fault, sent *translate.Sent) (violations []translate.Violation, known bool) {
	text := allText(f.Detail)
	if rules.Blank(text) {
		text = f.Reason
	}
	for line := range strings.Lines(plainText(text)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		for _, s := range sentences(line) {
			v := s.violation
			if s.known {
				known = true
			} else {
				v = translate.Violation{Code: system + "-validation", Detail: sent.Safe(s.text)}
			}
			if violations = append(violations, v); len(violations) > record.MaxViolations { // one more shows that there are more
				return violations, known
			}
		}
	}
	if violations == nil {
		violations = []translate.Violation{{Code: system + "-validation", Detail: sent.Safe(f.Reason)}}
	}
	return violations, known
}

var lineBreak = regexp.MustCompile(`(?i)<br\s*/?>`)

// plainText turns text that was written for a web page into lines: the service makes its sentences for one, too.
func plainText(text string) string {
	return lineBreak.ReplaceAllString(html.UnescapeString(text), "\n")
}

// allText returns the text of an element and of those inside, a line each.
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
