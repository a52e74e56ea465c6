package translate_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// secured is the toy operation of a service that wants every header block.
func secured() (translate.Definition, translate.Env) {
	d := definition()
	d.Binding.Action = "urn:toys/make"
	d.Header = func(w *soap.Writer, _ translate.Env) { w.Markup("<own/>") }
	d.Security = soap.Security{Username: "user", Password: "swordfish", Digest: true, Timestamp: true, MustUnderstand: true}
	d.Addressing = soap.Addressing{On: true, To: "https://toys.example/soap?token=halibut"}
	return d, translate.Env{OperationID: "id", Now: time.Unix(1795252087, 0), Nonce: soap.Nonce{1}}
}

// TestSecurityAndAddressing are behind the service's own blocks, and every message has its own digest.
func TestSecurityAndAddressing(t *testing.T) {
	d, env := secured()
	op := define(t, d)
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for range 2 {
		env.Nonce[0]++
		message, refusal := request.Encode(env)
		if refusal != nil {
			t.Fatal(refusal)
		}
		for _, want := range []string{
			`<s:Header><own/><wsse:Security [^>]* s:mustUnderstand="1"><wsu:Timestamp `,
			`#PasswordDigest">` + regexp.QuoteMeta(string(d.Security.PasswordDigest(env.Now, env.Nonce))) + `</wsse:Password>`,
			`</wsse:Security><wsa:Action [^>]*>urn:toys/make</wsa:Action><wsa:MessageID [^>]*>urn:uuid:id</wsa:MessageID>` +
				`<wsa:To [^>]*>https://toys\.example/soap\?token=halibut</wsa:To></s:Header>`,
		} {
			if !regexp.MustCompile(want).Match(message.Envelope) {
				t.Errorf("no %s in %s", want, message.Envelope)
			}
		}
	}
}

// TestSecretsOfTheHeader are neither in a preview nor in what the service says: the digest, too, with which a message could be sent again.
func TestSecretsOfTheHeader(t *testing.T) {
	d, env := secured()
	digest := string(d.Security.PasswordDigest(env.Now, env.Nonce))
	op := define(t, d)
	shown := string(preview(t, op, soap.V11, toyRequest, env).Message.Envelope)
	for _, want := range []string{`#PasswordDigest">***</`, `<wsse:Nonce EncodingType=`, `>https://toys.example/soap?***</wsa:To>`} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %s in %s", want, shown)
		}
	}
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	said := fault11("s:Client", "bad "+digest+", swordfish at /soap?token=halibut")
	_, failure := request.Decode(soap.Reply{Certain: true, Status: 500, Body: []byte(said)}, env)
	if failure == nil || failure.Code != translate.UpstreamRejected || !strings.Contains(failure.Error(), "bad ***, *** at /soap?***") {
		t.Errorf("the log has %v", failure)
	}
	for _, secret := range []string{digest, "swordfish", "halibut"} {
		if strings.Contains(shown+failure.Violations[0].Detail, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
}

// TestAddressingNeedsAnAction, which WS-Addressing 1.0 requires.
func TestAddressingNeedsAnAction(t *testing.T) {
	d, env := secured()
	d.Binding.Action = ""
	if _, err := translate.Define(d); err == nil || !strings.Contains(err.Error(), "action") {
		t.Error(err)
	}
	d.Addressing.Action = "urn:toys/own" // which is none of HTTP
	op := define(t, d)
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	message, failure := request.Encode(env)
	if failure != nil || message.Action != "" || !strings.Contains(string(message.Envelope), ">urn:toys/own</wsa:Action>") {
		t.Errorf("%v %q %s", failure, message.Action, message.Envelope)
	}
}
