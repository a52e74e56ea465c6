package xsd

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate/shape/wsdl"
	wire "soapbridge/translate/xml"
)

// The oracle is libxml2, which shares no code with the product.

const schemaOf = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">%s
<xs:element name="all"><xs:complexType><xs:sequence><xs:element name="v" type="t:T" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element></xs:schema>`

// typeOf reads the declaration of a simple type T, with others beside it.
func typeOf(t *testing.T, declaration string) *wsdl.SimpleType {
	t.Helper()
	document := fmt.Sprintf(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t"><types>%s</types></definitions>`, fmt.Sprintf(schemaOf, declaration))
	d, err := wsdl.Read(fstest.MapFS{"t.wsdl": {Data: []byte(document)}}, "t.wsdl", wsdl.Limits{})
	if err != nil || len(d.Problems) > 0 {
		t.Fatal(declaration, err, d.Problems)
	}
	return d.Types[wire.Name{Space: "urn:t", Local: "T"}].(*wsdl.SimpleType)
}

// restriction declares T as a restriction of a built-in type.
func restriction(base, facets string) string {
	return fmt.Sprintf(`<xs:simpleType name="T"><xs:restriction base="xs:%s">%s</xs:restriction></xs:simpleType>`, base, facets)
}

func patternFacet(pattern string) string { return `<xs:pattern value="` + escaped(pattern) + `"/>` }

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// judge asks libxml2 which texts are values of T.
func judge(t *testing.T, declaration string, texts []string) []bool {
	t.Helper()
	var document strings.Builder
	document.WriteString(`<all xmlns="urn:t">` + "\n")
	for _, text := range texts {
		document.WriteString("<v>" + escaped(text) + "</v>\n")
	}
	document.WriteString("</all>")
	dir := t.TempDir()
	for name, content := range map[string]string{"t.xsd": fmt.Sprintf(schemaOf, declaration), "t.xml": document.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xmllint", "--nonet", "--noout", "--schema", "t.xsd", "t.xml")
	cmd.Dir = dir
	report, err := cmd.CombinedOutput()
	const invalid = 3 // the manual page of xmllint, section Diagnostics
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != invalid) {
		t.Fatalf("xmllint: %v\n%s\n%s", err, report, declaration)
	}
	verdicts := make([]bool, len(texts))
	for i := range verdicts {
		verdicts[i] = true
	}
	for _, line := range lineNumber.FindAllSubmatch(report, -1) {
		n, _ := strconv.Atoi(string(line[1]))
		verdicts[n-2] = false
	}
	return verdicts
}

var lineNumber = regexp.MustCompile(`(?m)^t\.xml:([0-9]+): `)
