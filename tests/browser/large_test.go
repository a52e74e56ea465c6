package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

// longName is wider than the window of a phone.
var longName = "Tangle" + strings.Repeat("d", 115)

// tangled is a WSDL of which every type has a member of every other one, as those of Exchange nearly have: with the references of its schemas
// resolved, a message has millions of members.
func tangled() string {
	const types = 12
	var b strings.Builder
	b.WriteString(`<definitions name="Tangled" targetNamespace="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
		xmlns:t="urn:t" xmlns:x="http://www.w3.org/2001/XMLSchema"><types><x:schema targetNamespace="urn:t" elementFormDefault="qualified">
		<x:element name="Tangle" type="t:T0"/><x:element name="TangleResponse" type="t:T0"/>`)
	for i := range types {
		fmt.Fprintf(&b, `<x:complexType name="T%d"><x:sequence><x:element name="Label" type="x:string"/>`, i)
		for j := range types {
			fmt.Fprintf(&b, `<x:element name="M%d" type="t:T%d" minOccurs="0"/>`, j, j)
		}
		b.WriteString(`</x:sequence></x:complexType>`)
	}
	b.WriteString(strings.ReplaceAll(`</x:schema></types><message name="In"><part name="p" element="t:Tangle"/></message><message name="Out"><part name="p" element="t:TangleResponse"/></message>
		<portType name="P"><operation name="LongName"><input message="t:In"/><output message="t:Out"/></operation></portType>
		<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="LongName"><s:operation soapAction=""/>
		<input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
		<service name="S"><port name="P" binding="t:B"><s:address location="http://t.example/"/></port></service></definitions>`, "LongName", longName))
	return b.String()
}

// TestLargeSchemas: Swagger UI resolved every reference, and hung.
func TestLargeSchemas(t *testing.T) {
	folder := t.TempDir()
	wsdl, systems := filepath.Join(folder, "tangled.wsdl"), filepath.Join(folder, "systems")
	err := os.WriteFile(wsdl, []byte(tangled()), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if p := (kit.Command{Args: []string{"import", wsdl, "--into", systems}}).Run(t); p.Code() != 0 {
		t.Fatalf("exit code %d: %s", p.Code(), p.Stderr)
	}
	overlay := filepath.Join(systems, "tangled", "system.yaml")
	text, err := os.ReadFile(overlay)
	if err != nil {
		t.Fatal(err)
	}
	answered := strings.NewReplacer("# kind:", "kind:", "# secret:", "secret:", "# outcome:", "outcome:").Replace(string(text))
	if err := os.WriteFile(overlay, []byte(answered), 0o600); err != nil {
		t.Fatal(err)
	}
	page := open(t, kit.RunDemo(t, "--systems", systems).URL+"/docs")
	b := page.expand(operation{tag: "tangled", name: longName, id: "tangled_" + longName, body: []byte("{}")})
	b.press("Schema")
	const schema = ".opblock-section-request-body .json-schema-2020-12"
	await[bool](page, "schema with its first members", fmt.Sprintf(`["label", "m0", "m11"].every((name) => (%s?.innerText ?? "").includes(name))`, b.find(schema)))
	if status, shown := b.execute("operationId"); status != "200" {
		t.Errorf("status %s:\n%s", status, shown)
	}
	page.navigate(page.origin + "/v1/operations-catalogue")
	await[bool](page, "filter", `!document.querySelector("#filter").hidden`)
	page.resize(390, 844)
	page.fits("catalogue with a long name")
}
