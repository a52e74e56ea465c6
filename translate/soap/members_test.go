package soap_test

import (
	"errors"
	"strings"
	"testing"

	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// answer is what the tests' operation answers.
type answer struct {
	ID    *string        `json:"id" soap:"ID"`
	Plain *string        `json:"plain" soap:"Plain"`
	Token *secret.Secret `json:"token" soap:"Token"`
	Codes []string       `json:"codes" soap:"Code"`
	Item  *item          `json:"item" soap:"Item"`
	Fixed item           `json:"fixed" soap:"Fixed"`
	Items []item         `json:"items" soap:"ItemList"`
	Yes   *bool          `json:"yes" soap:"Yes"`
	Count *int32         `json:"count" soap:"Count"`
	Known *string        `json:"-" soap:"Known"`
}

type item struct {
	Name *string `json:"name" soap:"Name"`
	Sub  *item   `json:"sub" soap:"Sub"`
}

// replies is how the tests' operation answers: members in no namespace, inside a wrapper inside the reply element.
var replies = soap.Binding{Namespace: "urn:n", Request: soap.Within("urn:n", "Op"), Reply: []xml.Name{{Space: "urn:n", Local: "OpResponse"}, {Space: "urn:n", Local: "OpResult"}}}

// decoder reads replies whose members are in no namespace.
func decoder(t testing.TB, b soap.Binding) *soap.Decoder {
	t.Helper()
	return decoderOf(t, b, compile[answer](t, ""))
}

func decoderOf(t testing.TB, b soap.Binding, s *shape.Shape) *soap.Decoder {
	t.Helper()
	return soap.NewDecoder(b, s, xml.Limits{})
}

// in11 puts the children of a body into an envelope of SOAP 1.1; in12 into one of SOAP 1.2.
func in11(body string) string {
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + body + `</s:Body></s:Envelope>`
}

func in12(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + body + `</s:Body></s:Envelope>`
}

// result puts members into the reply element.
func result(members string) string {
	return in11(`<OpResponse xmlns="urn:n"><OpResult>` + members + `</OpResult></OpResponse>`)
}

// decode returns what of a reply is shown, as JSON.
func decode(t testing.TB, d *soap.Decoder, doc string) (string, soap.Decoded, error) {
	t.Helper()
	decoded, err := d.Decode(soap.V11, soap.Reply{Certain: true, Status: 200, Body: []byte(doc)})
	return shown(decoded), decoded, err
}

func shown(d soap.Decoded) string {
	if d.Result == nil {
		return ""
	}
	return "{" + strings.TrimPrefix(string(d.Result.Root().AppendMembers(nil)), ",") + "}"
}

// TestDecodeMembers reads what is there, in no namespace, in any order; all of it is optional.
func TestDecodeMembers(t *testing.T) {
	d := decoder(t, replies)
	for _, test := range []struct {
		name, members, want string
		ignored             int
	}{
		{"nothing", "", `{}`, 0},
		{"a text", `<ID xmlns="">x</ID>`, `{"id":"x"}`, 0},
		{"an empty text", `<ID xmlns=""/><Plain xmlns=""></Plain>`, `{"id":"","plain":""}`, 0},
		{"white space", "<ID xmlns=\"\"> \n x\t</ID>", `{"id":" \n x\t"}`, 0},
		{"another order", `<Plain xmlns="">p</Plain><Token xmlns="">t</Token><ID xmlns="">x</ID>`, `{"id":"x","plain":"p","token":"t"}`, 0},
		{"references and sections", `<ID xmlns="">a&amp;b<![CDATA[<c>]]>&#x64;<!-- no -->e</ID>`, `{"id":"a&b<c>de"}`, 0},
		{"a row", `<Code xmlns="">1</Code><ID xmlns="">x</ID><Code xmlns=""/><Code xmlns="">3</Code>`, `{"id":"x","codes":["1","","3"]}`, 0},
		{"objects", `<Item xmlns=""><Name>a</Name><Sub><Name>b</Name></Sub></Item><Fixed xmlns=""><Name>c</Name></Fixed>`, `{"item":{"name":"a","sub":{"name":"b"}},"fixed":{"name":"c"}}`, 0},
		{"objects in a row", `<ItemList xmlns=""/><ItemList xmlns=""><Name>b</Name></ItemList>`, `{"items":[{},{"name":"b"}]}`, 0},
		{"text between", `a<ID xmlns="">x</ID>b`, `{"id":"x"}`, 0},
		{"nil", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">x</ID><Item xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"><Name>a</Name></Item>`, `{}`, 0},
		{"nil in a row", `<Code xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><Code xmlns="">2</Code>`, `{"codes":["2"]}`, 0},
		{"not nil", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="false">x</ID><Plain xmlns="" nil="true">p</Plain>`, `{"id":"x","plain":"p"}`, 0},
		{"attributes", `<ID xmlns="" a="b" xmlns:x="urn:x" x:c="d">x</ID>`, `{"id":"x"}`, 0},
		{"strangers", `<New xmlns=""><ID>y</ID></New><ID xmlns="">x</ID><New xmlns=""/>`, `{"id":"x"}`, 2},
		{"strangers inside", `<Item xmlns=""><Name>a</Name><New/></Item>`, `{"item":{"name":"a"}}`, 1},
		{"the wrong namespace", `<ID>x</ID><Item xmlns=""><Name xmlns="urn:n">a</Name></Item>`, `{"item":{}}`, 2},
		{"another letter case", `<id xmlns="">x</id>`, `{}`, 1},
		{"a hidden one", `<Known xmlns="">x</Known>`, `{}`, 0},
		{"words of booleans and integers", "<Yes xmlns=\"\">true</Yes><Count xmlns=\"\">\n -7 </Count>", `{"yes":true,"count":-7}`, 0},
		{"other forms of booleans and integers", `<Yes xmlns="">0</Yes><Count xmlns="">+007</Count>`, `{"yes":false,"count":7}`, 0},
	} {
		got, decoded, err := decode(t, d, result(test.members))
		if err != nil || got != test.want || decoded.Ignored != test.ignored {
			t.Errorf("%s: %v, %d ignored, %s, want %s", test.name, err, decoded.Ignored, got, test.want)
		}
	}
	for _, test := range []struct{ name, members string }{
		{"a text twice", `<ID xmlns="">x</ID><ID xmlns="">x</ID>`},
		{"a nil and a text", `<ID xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><ID xmlns="">x</ID>`},
		{"an object twice", `<Item xmlns=""/><Item xmlns=""/>`},
		{"an element in a text", `<ID xmlns="">x<y/></ID>`},
		{"an element in a text of a row", `<Code xmlns=""><y/></Code>`},
		{"another word for true", `<Yes xmlns="">True</Yes>`},
		{"an empty boolean", `<Yes xmlns=""/>`},
		{"an empty integer", `<Count xmlns=""/>`},
		{"two signs", `<Count xmlns="">+-1</Count>`},
		{"a fraction", `<Count xmlns="">1.0</Count>`},
		{"more than an integer can hold", `<Count xmlns="">9223372036854775808</Count>`},
	} {
		if got, _, err := decode(t, d, result(test.members)); err == nil {
			t.Errorf("%s: %+v", test.name, got)
		} else if errors.Is(err, soap.ErrNoEnvelope) {
			t.Errorf("%s: the vendor's service wrote it: %v", test.name, err)
		}
	}
}

// TestDecodeNamespaces reads members and wrappers where the binding has them.
func TestDecodeNamespaces(t *testing.T) {
	local := replies
	local.ReplyByLocalName = true
	unqualified, qualified := compile[answer](t, ""), compile[answer](t, "urn:n")
	for _, test := range []struct {
		name, body string
		binding    soap.Binding
		shape      *shape.Shape
		want       string // empty: an error
	}{
		{"qualified members", `<OpResponse xmlns="urn:n"><OpResult><ID>x</ID></OpResult></OpResponse>`, replies, qualified, `{"id":"x"}`},
		{"unqualified members where they should be qualified", `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x</ID></OpResult></OpResponse>`, replies, qualified, `{}`},
		{"by local name, qualified", `<OpResponse xmlns="urn:n"><OpResult><ID>x</ID></OpResult></OpResponse>`, local, unqualified, `{"id":"x"}`},
		{"by local name, unqualified", `<OpResponse><OpResult><ID>x</ID></OpResult></OpResponse>`, local, unqualified, `{"id":"x"}`},
		{"by local name, mixed", `<a:OpResponse xmlns:a="urn:a"><b:OpResult xmlns:b="urn:b"><c:ID xmlns:c="urn:c">x</c:ID></b:OpResult></a:OpResponse>`, local, unqualified, `{"id":"x"}`},
		{"another reply element", `<OtherResponse xmlns="urn:n"/>`, replies, unqualified, ""},
		{"the reply element in no namespace", `<OpResponse><OpResult/></OpResponse>`, replies, unqualified, ""},
		{"the reply element in another namespace", `<OpResponse xmlns="urn:m"/>`, replies, unqualified, ""},
		{"another reply element by local name", `<OtherResponse xmlns="urn:n"/>`, local, unqualified, ""},
		{"no inner wrapper", `<OpResponse xmlns="urn:n"/>`, replies, unqualified, `{}`},
		{"the inner wrapper in no namespace", `<OpResponse xmlns="urn:n"><OpResult xmlns=""><ID>x</ID></OpResult></OpResponse>`, replies, unqualified, `{}`},
		{"something before the inner wrapper", `<OpResponse xmlns="urn:n">text<Other/><OpResult><ID xmlns="">x</ID></OpResult></OpResponse>`, replies, unqualified, `{"id":"x"}`},
		{"two inner wrappers", `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x</ID></OpResult><OpResult/></OpResponse>`, replies, unqualified, ""},
	} {
		got, _, err := decode(t, decoderOf(t, test.binding, test.shape), in11(test.body))
		if got != test.want || (err == nil) != (test.want != "") || errors.Is(err, soap.ErrNoEnvelope) {
			t.Errorf("%s: %s %v, want %s", test.name, got, err, test.want)
		}
	}
}
