package page_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/imported"
	"soapbridge/translate/imported/page"
	"soapbridge/translate/shape/wsdl"
)

// sample is one sample of a page, with the header of HTTP.
func sample(version, head, header, body string) string {
	prefix, space, contentType := "soap", "http://schemas.xmlsoap.org/soap/envelope/", "text/xml"
	if version == "1.2" {
		prefix, space, contentType = "soap12", "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml"
	}
	if header != "" {
		header = fmt.Sprintf("<%[1]s:Header>\n%[2]s\n</%[1]s:Header>\n", prefix, header)
	}
	return fmt.Sprintf("%[3]s\nContent-Type: %[5]s; charset=utf-8\nContent-Length: length\n\n<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"+
		"<%[1]s:Envelope xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:%[1]s=\"%[2]s\">\n"+
		"%[4]s<%[1]s:Body>\n%[6]s\n</%[1]s:Body>\n</%[1]s:Envelope>\n", prefix, space, head, header, contentType, body)
}

const namespace = ` xmlns="urn:shop"`

// text is a page of the operation Op with samples of SOAP 1.1 whose elements have this content.
func text(operation, request, response string) string {
	head := "POST /Shop.asmx HTTP/1.1\nHost: shop.invalid\nSOAPAction: \"urn:shop/" + operation + "\""
	return "Shop\nClick here for a complete list of operations.\n" + operation + "\nTest\nThe test form is only available for requests from the local machine.SOAP 1.1\n" +
		sample("1.1", head, "", "<"+operation+namespace+">"+request+"</"+operation+">") +
		sample("1.1", "HTTP/1.1 200 OK", "", "<"+operation+"Response"+namespace+">"+response+"</"+operation+"Response>")
}

func file(text string) page.File { return page.File{Name: "p.txt", Text: []byte(text)} }

// asHTML is a page as ASP.NET writes it, of the text that a browser shows of it.
func asHTML(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	heads := regexp.MustCompile(`(?m)^(POST|HTTP/)`)
	first := heads.FindStringIndex(text)[0]
	lines := strings.FieldsFunc(text[:first], func(r rune) bool { return r == '\n' })
	var b strings.Builder
	fmt.Fprintf(&b, "<html>\n<head><style type=\"text/css\">\nBODY { color: #000000; }\n</style>\n<title>\n\t%s Web Service\n</title></head>\n<body>\n<div id=\"content\">\n"+
		"<p class=\"heading1\">%s</p><br>\n<span><p class=\"intro\">Click <a href=\"x.asmx\">here</a> for a complete list of operations.</p>\n<h2>%s</h2>\n<p class=\"intro\">%s</p>\n<h3>Test</h3>\n",
		lines[0], lines[0], lines[2], html.EscapeString(lines[3]))
	placeholder := regexp.MustCompile(`&gt;(\w+)&lt;/`)
	starts := heads.FindAllStringIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		chunk, _, _ := strings.Cut(text[at[0]:end], "\nSOAP 1.2")
		chunk = placeholder.ReplaceAllString(html.EscapeString(chunk), "&gt;<font class=value>$1</font>&lt;/")
		fmt.Fprintf(&b, "<span><h3>SOAP</h3>\n<p>The following is a sample. The <font class=value>placeholders</font> need to be replaced.</p>\n<pre>%s</pre></span>\n", chunk)
	}
	return b.String() + "</div></body></html>"
}

// TestHTML: a page in HTML, and one in UTF-16 or with other ends of lines, is what its text is.
func TestHTML(t *testing.T) {
	want := string(drafted(t, vendorFiles(t)...).WSDL)
	for name, change := range map[string]func(string) string{
		"HTML":              asHTML,
		"other ends":        func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"no-break spaces":   func(s string) string { return strings.ReplaceAll(s, "  ", "\u00a0\u00a0") },
		"byte order mark":   func(s string) string { return "\ufeff" + s },
		"samples in a line": func(s string) string { return strings.ReplaceAll(s, ":Envelope>\nHTTP/1.1", ":Envelope>HTTP/1.1") },
	} {
		files := vendorFiles(t)
		for i := range files {
			files[i].Text = []byte(change(string(files[i].Text)))
		}
		if diff := cmp.Diff(want, string(drafted(t, files...).WSDL)); diff != "" {
			t.Errorf("%s: (-text +got)\n%s", name, diff)
		}
	}
}

// component returns the lines of a draft from one that has a text to the end of what begins there, without indentation.
func component(t *testing.T, draft []byte, begin string) string {
	t.Helper()
	_, rest, found := strings.Cut(string(draft), begin)
	end := regexp.MustCompile(`</xsd:(complexType|simpleType)>`).FindStringIndex(rest)
	if !found || end == nil {
		t.Fatalf("no %q in\n%s", begin, draft)
	}
	return regexp.MustCompile(`\n *`).ReplaceAllString(begin+rest[:end[1]], "")
}

// TestMembers is what a member becomes, by its sample in a request with another parameter beside it.
func TestMembers(t *testing.T) {
	const cut = ` xsi:nil="true" />`
	for name, c := range map[string]struct{ sample, want string }{
		"a type of XML Schema":     {`<A>unsignedByte</A>`, `<xsd:element name="A" type="xsd:unsignedByte" minOccurs="?"/>`},
		"base64Binary":             {`<A>base64Binary</A>`, `<xsd:element name="A" type="xsd:base64Binary" minOccurs="?"/>`},
		"QName":                    {`<A xmlns:q1="http://tempuri.org/SampleNamespace">q1:QName</A>`, `<xsd:element name="A" type="xsd:QName" minOccurs="?"/>`},
		"guid":                     {`<A>guid</A>`, `<xsd:element name="A" type="ns2:guid" minOccurs="?"/>`},
		"char":                     {`<A>char</A>`, `<xsd:element name="A" type="ns2:char" minOccurs="?"/>`},
		"anything":                 {`<A xsi:type="type" />`, `<xsd:element name="A" type="xsd:anyType" minOccurs="?"/>`},
		"an enumeration":           {`<A>New or In progress or Done</A>`, `<xsd:element name="A" type="tns:A" minOccurs="?"/>`},
		"bytes":                    {`<A>bytes</A>`, `<!-- the page says &#34;bytes&#34;: a simple type without a name, such as an enumeration, in which xsd:string lets every text pass; or xsd:base64Binary --><xsd:element name="A" type="?" minOccurs="?"/>`},
		"a value, not a type":      {`<A>4711--</A>`, `<!-- the page says &#34;4711- -&#34; --><xsd:element name="A" type="?" minOccurs="?"/>`},
		"empty":                    {`<A />`, `<!-- the page shows it empty: a simple type without an enumeration, or an object without members --><xsd:element name="A" type="?" minOccurs="?"/>`},
		"cut off":                  {`<A` + cut, `<!-- cut off on the page --><xsd:element name="A" type="?" minOccurs="?"/>`},
		"an array":                 {`<A>int</A><A>int</A>`, `<xsd:element name="A" type="xsd:int" minOccurs="0" maxOccurs="unbounded"/>`},
		"an array that is cut off": {`<A` + cut + `<A` + cut, `<!-- cut off on the page --><xsd:element name="A" type="?" minOccurs="0" maxOccurs="unbounded"/>`},
		"no namespace":             {`<A xmlns="">int</A>`, `<xsd:element name="A" type="xsd:int" minOccurs="?" form="unqualified"/>`},
		"another namespace":        {`<A xmlns="urn:other">int</A>`, `<xsd:element ref="ns2:A" minOccurs="?"/>`},
		"an object":                {`<A><B>int</B></A>`, `<xsd:element name="A" type="tns:A" minOccurs="?"/>`},
	} {
		d := drafted(t, file(text("Buy", "<First>string</First>"+c.sample, "")))
		got := component(t, d.WSDL, `<xsd:element name="Buy">`)
		const before, behind = `<xsd:element name="Buy"><xsd:complexType><xsd:sequence><xsd:element name="First" type="xsd:string" minOccurs="?"/>`, `</xsd:sequence></xsd:complexType>`
		if want := before + strings.ReplaceAll(c.want, "&#34;", `"`) + behind; got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// TestTypes is what the pages of a service show together.
func TestTypes(t *testing.T) {
	const contact = `<Contact><Name>string</Name><Phone>string</Phone><At><Street>string</Street></At></Contact>`
	const cutContact = `<Contact><Name>string</Name><Phone>string</Phone><At xsi:nil="true" /></Contact>`
	for name, c := range map[string]struct {
		requests []string // of Op0, Op1 ...
		begin    string
		want     string
	}{
		"an enumeration": {
			[]string{`<A>X or Y or X</A>`}, `<xsd:simpleType name="A">`,
			`<xsd:simpleType name="A"><xsd:restriction base="xsd:string"><xsd:enumeration value="X"/><xsd:enumeration value="Y"/></xsd:restriction></xsd:simpleType>`,
		},
		"a guid": {
			[]string{`<A>guid</A>`}, `<xsd:simpleType name="guid">`,
			`<xsd:simpleType name="guid"><xsd:restriction base="xsd:string"><xsd:pattern value="[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"/></xsd:restriction></xsd:simpleType>`,
		},
		"a data set": {
			[]string{`<A><xsd:schema>schema</xsd:schema>xml</A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:sequence><xsd:element ref="xsd:schema"/><xsd:any minOccurs="0" processContents="lax"/></xsd:sequence></xsd:complexType>`,
		},
		"attributes and a text": {
			[]string{`<A code="int" kind="">string</A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:simpleContent><xsd:extension base="xsd:string"><xsd:attribute name="code" type="xsd:int" use="?"/><!-- the page says "" -->` +
				`<xsd:attribute name="kind" type="?" use="?"/></xsd:extension></xsd:simpleContent></xsd:complexType>`,
		},
		"attributes and elements": {
			[]string{`<A xmlns:d4="urn:shop" d4:code="X or Y"><B>int</B></A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:sequence><xsd:element name="B" type="xsd:int" minOccurs="?"/></xsd:sequence><xsd:attribute name="code" type="tns:code" form="qualified" use="?"/></xsd:complexType>`,
		},
		"an attribute of XML": {
			[]string{`<A xml:lang="language"><B>int</B></A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:sequence><xsd:element name="B" type="xsd:int" minOccurs="?"/></xsd:sequence><xsd:attribute ref="xml:lang" use="?"/></xsd:complexType>`,
		},
		"an attribute of another namespace": {
			[]string{`<A xmlns:o="urn:other" o:code="int"><B>int</B></A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:sequence><xsd:element name="B" type="xsd:int" minOccurs="?"/></xsd:sequence><xsd:attribute ref="ns2:code" use="?"/></xsd:complexType>`,
		},
		"attributes alone": {
			[]string{`<A code="int" />`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><!-- the type of the text beside the attributes; without any, take simpleContent and extension away --><xsd:simpleContent><xsd:extension base="?">` +
				`<xsd:attribute name="code" type="xsd:int" use="?"/></xsd:extension></xsd:simpleContent></xsd:complexType>`,
		},
		"what is cut off is on a sibling page": {
			[]string{`<Deep>` + cutContact + `</Deep>`, contact}, `<xsd:complexType name="Contact">`,
			`<xsd:complexType name="Contact"><xsd:sequence><xsd:element name="Name" type="xsd:string" minOccurs="?"/><xsd:element name="Phone" type="xsd:string" minOccurs="?"/>` +
				`<xsd:element name="At" type="tns:At" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"what is cut off is one of two": {
			[]string{`<Deep>` + cutContact + `</Deep>`, contact, strings.ReplaceAll(contact, "Street", "Box")}, `<xsd:element name="At" type="?"`,
			`<xsd:element name="At" type="?" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"a name alone is not enough": {
			[]string{`<Where><At xsi:nil="true" /><X>int</X></Where>`, contact}, `<xsd:complexType name="Where">`,
			`<xsd:complexType name="Where"><xsd:sequence><!-- cut off on the page; an element of this name is elsewhere tns:At --><xsd:element name="At" type="?" minOccurs="?"/>` +
				`<xsd:element name="X" type="xsd:int" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"a type in itself": {
			[]string{`<Node><Name>string</Name><Next><Name>string</Name><Next xsi:nil="true" /></Next></Node>`, `<Next><Name>string</Name><Next xsi:nil="true" /></Next>`}, `<xsd:complexType name="Next">`,
			`<xsd:complexType name="Next"><xsd:sequence><xsd:element name="Name" type="xsd:string" minOccurs="?"/><!-- cut off on the page; an element of this name is elsewhere tns:Next -->` +
				`<xsd:element name="Next" type="?" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"a type in itself that was shown": {
			[]string{`<Next><Name>string</Name><Next><Name>string</Name><Next xsi:nil="true" /></Next></Next>`}, `<xsd:complexType name="Next">`,
			`<xsd:complexType name="Next"><xsd:sequence><xsd:element name="Name" type="xsd:string" minOccurs="?"/><xsd:element name="Next" type="tns:Next" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"a type of another namespace": {
			[]string{`<A xmlns="urn:other"><B>int</B><C xmlns="">int</C></A>`}, `<xsd:complexType name="A">`,
			`<xsd:complexType name="A"><xsd:sequence><xsd:element name="B" type="xsd:int" minOccurs="?"/><xsd:element name="C" type="xsd:int" minOccurs="?" form="unqualified"/></xsd:sequence></xsd:complexType>`,
		},
		"equal structures": {
			[]string{`<A><X>int</X></A><B><X>int</X></B><C><X>string</X></C>`}, `<!-- of A, B -->`,
			`<!-- of A, B --><xsd:complexType name="A"><xsd:sequence><xsd:element name="X" type="xsd:int" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"the only parameter": {
			[]string{`<A><X>int</X></A>`}, `<xsd:element name="Op0">`,
			`<xsd:element name="Op0"><xsd:complexType><xsd:sequence><xsd:element name="A" type="tns:A" minOccurs="1"/></xsd:sequence></xsd:complexType>`,
		},
		"the only parameter is a value": {
			[]string{`<A>int</A>`}, `<xsd:element name="Op0">`,
			`<xsd:element name="Op0"><xsd:complexType><xsd:sequence><xsd:element name="A" type="xsd:int" minOccurs="?"/></xsd:sequence></xsd:complexType>`,
		},
		"a reply": {
			[]string{``}, `<xsd:element name="Op0Response">`,
			`<xsd:element name="Op0Response"><xsd:complexType><xsd:sequence><xsd:element name="Result" type="xsd:int" minOccurs="0"/></xsd:sequence></xsd:complexType>`,
		},
	} {
		var files []page.File
		for i, request := range c.requests {
			files = append(files, file(text(fmt.Sprintf("Op%d", i), request, "<Result>int</Result>")))
		}
		d := drafted(t, files...)
		if got := component(t, d.WSDL, c.begin); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if found := usable(t, d.WSDL); len(found) != len(files) {
			t.Errorf("%s: %d operations can be used", name, len(found))
		}
	}
}

// usable returns the operations of a draft that can be used when its questions are answered.
func usable(t testing.TB, draft []byte) (list []imported.Found) {
	t.Helper()
	d, err := wsdl.Read(fstest.MapFS{"d.wsdl": {Data: imported.Provisional(draft)}}, "d.wsdl", wsdl.Limits{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, draft)
	}
	for _, p := range d.Problems {
		t.Errorf("%v in\n%s", p, draft)
	}
	for _, f := range imported.Survey(d) {
		if f.Problem != "" {
			t.Errorf("%s: %s", f.Name, f.Problem)
			continue
		}
		list = append(list, f)
	}
	return list
}

// TestBindings: what is around the samples.
func TestBindings(t *testing.T) {
	post := func(path string) string { return "POST " + path + " HTTP/1.1\nHost: shop.invalid" }
	const action = "\nSOAPAction: \"urn:x#Doit\""
	request := `<Do xmlns="urn:x"><A>int</A></Do>`
	for name, c := range map[string]struct {
		page    string
		service string
		want    []string
		not     string
	}{
		"SOAP 1.1 alone, one-way": {
			"Shop\nDo\nDoes it,\nat once & \"now\"\nTest\n" + sample("1.1", post("/a/Shop.asmx")+action, "", request) + "HTTP/1.1 202 Accepted\n", "Shop",
			[]string{`<soap:operation soapAction="urn:x#Doit"`, `<wsdl:documentation>Does it, at once &amp; &#34;now&#34;</wsdl:documentation>`, `location="https://shop.invalid/a/Shop.asmx"`}, "wsdl:output",
		},
		"SOAP 1.2 alone": {
			sample("1.2", post("/a/Store.asmx"), "", request) + sample("1.2", "HTTP/1.1 200 OK", "", `<DoResponse xmlns="urn:x" />`), "Store",
			[]string{`<soap12:operation soapAction="?"`, `<xsd:complexType/>`, `<wsdl:operation name="Do">`}, "<soap:",
		},
		"a data set in a response": {
			"Shop\nDo\n" + sample("1.1", post("/Shop.asmx")+action, "", request) +
				sample("1.1", "HTTP/1.1 200 OK", "", `<DoResponse xmlns="urn:x"><R><xsd:schema>schema</xsd:schema>xml</R></DoResponse>`),
			"Shop", []string{`<xsd:element ref="xsd:schema" minOccurs="0"/>`}, "nothing like it",
		},
		"a whole URL in the first line": {
			"Shop\nDo\n" + sample("1.1", post("http://other.invalid:81/b/Shop.asmx")+action, "", request), "Shop", []string{`location="https://other.invalid:81/b/Shop.asmx"`}, "shop.invalid",
		},
		"a header in one direction": {
			"Shop\nDo\n" + sample("1.1", post("/Shop.asmx")+action, `<Key xmlns="urn:x" soap:mustUnderstand="1"><Id>string</Id></Key>`, request) +
				sample("1.1", "HTTP/1.1 200 OK", `<Trace xmlns="urn:y">string</Trace>`, `<DoResponse xmlns="urn:x" />`), "Shop",
			[]string{"<soap:header message=\"tns:KeyHeader\" part=\"block\" use=\"literal\"/>\n      </wsdl:input>", "<soap:header message=\"tns:TraceHeaderns2\" part=\"block\" use=\"literal\"/>\n      </wsdl:output>"}, "mustUnderstand",
		},
		"header blocks of one name": {
			"Shop\nDo\n" + sample("1.1", post("/Shop.asmx")+action, `<K xmlns="urn:x">int</K><K xmlns="">string</K><K xmlns="urn:y">string</K>`, request), "Shop",
			[]string{`"tns:KHeader"`, `"tns:KHeaderUnqualified"`, `"tns:KHeaderns3"`}, "wsdl:output",
		},
		"an action with the name of the operation": {
			"Shop\nDoit\n" + sample("1.1", post("/Shop.asmx")+action, "", request), "Shop", []string{`<wsdl:operation name="Doit">`, `<xsd:element name="Do">`}, `name="DoResponse"`,
		},
		"samples without SOAP": {
			"Shop\nDo\n" + sample("1.1", post("/Shop.asmx")+action, "", request) + sample("1.1", "HTTP/1.1 200 OK", "", `<DoResponse xmlns="urn:x" />`) +
				"HTTP GET\nGET /Shop.asmx/Do?A=string HTTP/1.1\nHost: h\nHTTP/1.1 200 OK\n\n<?xml version=\"1.0\"?>\n<string xmlns=\"urn:x\">string</string>\n" +
				"HTTP POST\n" + post("/Shop.asmx/Do") + "\nContent-Type: application/x-www-form-urlencoded\n\nA=string\nHTTP/1.1 200 OK\n\n<?xml version=\"1.0\"?>\n<string xmlns=\"urn:x\">string</string>\n",
			"Shop", []string{`<wsdl:output message="tns:DoSoapOut"/>`}, "urlencoded",
		},
		"no namespace at all": {
			"Shop\nDo\n" + sample("1.1", post("/Shop.asmx")+action, "", `<Do><A>int</A></Do>`), "Shop", []string{`element="Do"`, `<xsd:schema elementFormDefault="qualified">`}, "targetNamespace",
		},
	} {
		d := drafted(t, file(c.page))
		if d.Service != c.service {
			t.Errorf("%s: the service is %q, want %q", name, d.Service, c.service)
		}
		for _, want := range c.want {
			if !strings.Contains(string(d.WSDL), want) {
				t.Errorf("%s: no %s in\n%s", name, want, d.WSDL)
			}
		}
		if strings.Contains(string(d.WSDL), c.not) {
			t.Errorf("%s: %s in\n%s", name, c.not, d.WSDL)
		}
		if found := usable(t, d.WSDL); len(found) != 1 {
			t.Errorf("%s: %d operations can be used", name, len(found))
		}
	}
}

// TestReadRefuses names the file and the line of every mistake.
func TestReadRefuses(t *testing.T) {
	vendor := vendorFiles(t)
	pin := string(vendor[2].Text)
	changed := func(old, with string, number int) string { // the occurrence with a number, from 0
		parts := strings.Split(pin, old)
		return strings.Join(parts[:number+1], old) + with + strings.Join(parts[number+1:], old)
	}
	for name, c := range map[string]struct {
		files []page.File
		want  []string
	}{
		"no page":                  {nil, []string{"there is no page"}},
		"a page of another kind":   {[]page.File{file("CustomerCareService\nThe following operations are supported.")}, []string{"p.txt: is not the page of an operation of an ASMX service", "Service.asmx?op=Operation"}},
		"a WSDL":                   {[]page.File{file(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`)}, []string{"p.txt: is not the page of an operation"}},
		"the versions differ":      {[]page.File{file(changed("<PIN xmlns=\"\">string</PIN>", "<PIN xmlns=\"\">int</PIN>", 1))}, []string{`p.txt:148: the samples of SOAP 1.1 and SOAP 1.2 differ: here is PIN with "int"`, `in line 50 is PIN with "string"`}},
		"a response is missing":    {[]page.File{file(strings.Replace(pin, "HTTP/1.1 200 OK", "HTTP/1.1 202 Accepted\nHTTP/1.1 200 OK", 1))}, []string{"only one of them has a sample of the response"}},
		"two files with mistakes":  {[]page.File{file("x"), {Name: "q.txt", Text: []byte(changed("</PIN>", "</Pin>", 0))}}, []string{"p.txt: is not", "q.txt:50: the sample is not XML: an end tag that does not match"}},
		"a document type":          {[]page.File{file(strings.Replace(pin, "<soap:Envelope", "<!DOCTYPE x [<!ENTITY a \"b\">]>\n<soap:Envelope", 1))}, []string{"p.txt:14: the sample is not XML: a document type declaration"}},
		"items that differ":        {[]page.File{file(text("Buy", "\n<A>int</A>\n<A>string</A>", ""))}, []string{`p.txt:17: A is here again, and differs from the one in line 16, of which it is an item: A with "int", and A with "string"`}},
		"text and elements":        {[]page.File{file(text("Buy", "\n<A>some<B>int</B></A>", ""))}, []string{`p.txt:16: A has elements and the text "some"`}},
		"rpc/encoded":              {[]page.File{file(text("Buy", `<A xsi:type="xsd:int">int</A>`, ""))}, []string{"p.txt:15: the sample is rpc/encoded"}},
		"two elements in the Body": {[]page.File{file(strings.Replace(text("Buy", "", ""), "<Buy", "<Other/><Buy", 1))}, []string{"p.txt:14: the Body has several elements"}},
		"credentials in Host":      {[]page.File{file(strings.Replace(pin, "Host: ", "Host: user:secret@", 1))}, []string{"p.txt:8: the request has no address that can be read"}},
		"no Body":                  {[]page.File{file(strings.NewReplacer("soap:Body", "soap:Boody").Replace(text("Buy", "", "")))}, []string{"Boody is not where a Header or a Body"}},
		"an Envelope of nothing":   {[]page.File{file(strings.Replace(text("Buy", "", ""), "soap/envelope/", "soap/env/", 1))}, []string{"p.txt:13: the sample is not an Envelope of SOAP 1.1 or 1.2"}},
		"one operation twice":      {[]page.File{vendor[0], {Name: "again.txt", Text: vendor[0].Text}}, []string{"again.txt:8: is the page of the operation CreateWorkFlowManager, as CreateWorkFlowManager.txt is"}},
		"two pages in a file":      {[]page.File{file(text("Buy", "", "") + text("Sell", "", ""))}, []string{"is a second sample of a SOAP 1.1 request"}},
		"two services":             {[]page.File{vendor[0], file(text("Buy", "", ""))}, []string{"p.txt:6: is a page of the service Shop at /Shop.asmx", "CustomerCareService"}},
		"a header block in two forms": {[]page.File{vendor[0], {Name: "other.txt", Text: []byte(strings.ReplaceAll(pin, "<Created>string", "<Created>dateTime"))}},
			[]string{`other.txt:16: the element ScCredentials of the namespace "http://ws.southernco.com/CustSvc-iHub" differs from that of CreateWorkFlowManager.txt:16`}},
		"a control character":        {[]page.File{file("Shop\n\x01" + text("Buy", "", ""))}, []string{"p.txt:2: has a character that XML does not allow"}},
		"too many pages":             {make([]page.File, page.MaxPages+1), []string{"over the limit of 200 pages"}},
		"too long":                   {[]page.File{file(strings.Repeat(" ", page.MaxSize+1))}, []string{"p.txt: is over the limit of 4194304 bytes"}},
		"too deep":                   {[]page.File{file(text("Buy", strings.Repeat("<A>", 100), ""))}, []string{"p.txt:15: the sample is over the limit of 64 for depth"}},
		"an action that is a script": {[]page.File{file("POST /a.asmx HTTP/1.1\nSOAPAction: \"<x>\"\n" + sample("1.1", "X: y", "", ""))}, []string{"p.txt:1: does not show the name of its operation"}},
	} {
		_, err := page.Read(c.files)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
	}
}

// TestHostileHTML: what a page has around its samples neither becomes a part of the draft nor hides one.
func TestHostileHTML(t *testing.T) {
	good := asHTML("Shop\n-\nBuy\nBuys.\n" + text("Buy", "<A>int</A>", ""))
	want := string(drafted(t, file(good)).WSDL)
	for name, c := range map[string]string{
		"a script":           strings.Replace(good, "<pre>", "<script>document.write('POST /x HTTP/1.1<soap:Envelope>')</script><pre>", 1),
		"a comment":          strings.Replace(good, "<pre>", "<!--\nPOST /x HTTP/1.1\n<soap:Envelope>\n--><pre>", 1),
		"markup in a sample": strings.Replace(good, "int", "<b onclick=x>i</b>n<i>t</i>", 1),
		"a document type":    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\">" + good,
	} {
		if diff := cmp.Diff(want, string(drafted(t, file(c)).WSDL)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	injected := drafted(t, file(strings.Replace(text("Buy", "<A>int</A>", ""), "\nTest", "\n--><evil a='1' minOccurs=\"?\"/>\nTest", 1)))
	if strings.Contains(string(injected.WSDL), "<evil") || len(usable(t, injected.WSDL)) != 1 {
		t.Errorf("a description is markup in\n%s", injected.WSDL)
	}
}

// FuzzRead looks for a panic, for a draft that cannot be read, and for one that changes from run to run.
func FuzzRead(f *testing.F) {
	for _, each := range vendorFiles(f) {
		f.Add(each.Text, []byte(text("Buy", `<A code="int"><B xmlns="urn:b">guid</B><C xsi:nil="true"/></A>`, "<R><xsd:schema>schema</xsd:schema>xml</R>")))
		f.Add([]byte(asHTML(string(each.Text))), each.Text)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		d, err := page.Read([]page.File{{Name: "a", Text: a}, {Name: "b", Text: b}})
		if err != nil {
			d, err = page.Read([]page.File{{Name: "a", Text: a}})
		}
		if err != nil {
			return
		}
		read, err := wsdl.Read(fstest.MapFS{"d.wsdl": {Data: imported.Provisional(d.WSDL)}}, "d.wsdl", wsdl.Limits{})
		if err != nil || len(read.Problems) > 0 || len(read.Operations) == 0 {
			t.Fatalf("%v %v in\n%s", err, read, d.WSDL)
		}
		if again, err := page.Read([]page.File{{Name: "a", Text: a}, {Name: "b", Text: b}}); err == nil && len(read.Operations) > 1 && !slices.Equal(again.WSDL, d.WSDL) {
			t.Error("the draft differs from run to run")
		}
	})
}
