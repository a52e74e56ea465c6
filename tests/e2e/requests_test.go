package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"soapbridge/tests/kit"
	"soapbridge/tests/openapi"
	"soapbridge/translate"
)

// The planted secrets. None may ever be seen in an answer, a log, or anything that a command prints.
const (
	secretPIN         = "Pn-77120458"
	secretAccessCode  = "Aac-310-8842"
	secretSSN         = "912-84-7301"
	secretLicence     = "Lic-5518-0042-DL"
	secretPassword    = "Wombat*Rosella/7"
	secretIdentifier  = "53 004 085 616" // a valid ABN
	secretDirect      = "dtok-9f31-XQ&<"
	secretOriginating = "otok-77ab-ZV"
	secretBasic       = "bpw-Kestrel-12"
	secretWSSE        = "wpw-Osprey-34"
)

// planted holds every secret in each form in which it could be repeated.
var planted = []string{
	secretPIN, secretAccessCode, secretSSN, "912847301", secretLicence, secretPassword, secretIdentifier, "53004085616",
	secretDirect, "dtok-9f31-XQ&amp;&lt;", "dtok-9f31-XQ", secretOriginating, secretBasic, secretWSSE,
	"YnBnOmJwdy1LZXN0cmVsLTEy", // bpg:bpw-Kestrel-12, as HTTP Basic sends it
	"Tiger-42",                 // a secret of the vendor's, in the sandbox's stack traces and its NativeErrorDetail
}

// credentials are the settings with everything that this proxy must keep to itself, and with the one code by which the sandbox
// says success.
func credentials() map[string]string {
	return map[string]string{
		"CUSTOMERCARE_DIRECT_TOKEN": secretDirect, "CUSTOMERCARE_ORIGINATING_TOKEN": secretOriginating, "CUSTOMERCARE_USER_ID": "e2e",
		"CUSTOMERCARE_BASIC_USERNAME": "bpg", "CUSTOMERCARE_BASIC_PASSWORD": secretBasic,
		"MDS_BASIC_USERNAME": "bpg", "MDS_BASIC_PASSWORD": secretBasic,
		"EMERSION_WSSE_USERNAME": "wsg", "EMERSION_WSSE_PASSWORD": secretWSSE,
		"CUSTOMERCARE_SUCCESS_CODES": "0",
	}
}

// operations are all that the product has.
var operations = openapi.Operations

func operation(t *testing.T, name string) translate.Operation {
	t.Helper()
	for _, op := range operations() {
		if op.Name == name {
			return op
		}
	}
	t.Fatalf("no operation %s", name)
	return translate.Operation{}
}

// variant is an operation in a version of SOAP that its system speaks.
type variant struct {
	translate.Operation

	version string
}

func (v variant) String() string { return v.Name + " in SOAP " + v.version }

// variants are all of them.
func variants() (list []variant) {
	for _, op := range operations() {
		for _, version := range kit.Named(op.Name).Versions {
			list = append(list, variant{op, version})
		}
	}
	return list
}

// one returns a variant of each system and version: for what does not depend on the operation.
func one(t *testing.T) []variant {
	t.Helper()
	return []variant{
		{operation(t, "UpdateCustomerPIN"), "1.1"}, {operation(t, "UpdateCustomerPIN"), "1.2"},
		{operation(t, "CreateService"), "1.1"}, {operation(t, "CreateComplexAccount"), "1.1"},
	}
}

// sandboxURL returns the sandbox that the tests share, and the settings that lead to it.
func sandboxURL(t *testing.T) (url string, settings map[string]string) {
	t.Helper()
	p := shared.get(t, "sandbox", func() (*process, error) {
		p, settings, err := kit.StartSandbox(program("sandbox", nil))
		sandboxSettings = settings
		return &process{p}, err
	})
	return p.URL, sandboxSettings
}

var sandboxSettings map[string]string // written once, before the first process that needs it starts

// bridge returns a shared proxy in front of the sandbox that speaks a version with CustomerCare.
func bridge(t *testing.T, version string) *process {
	t.Helper()
	_, settings := sandboxURL(t)
	return shared.get(t, "proxy for SOAP "+version, func() (*process, error) {
		return launchProxy("proxy for SOAP "+version, with(settings, credentials(), map[string]string{"CUSTOMERCARE_SOAP_VERSION": version}))
	})
}

var references atomic.Int64

// newReference names one request so that the sandbox can be asked for it.
func newReference() string { return fmt.Sprintf("e2e-%05d", references.Add(1)) }

// object is a JSON object in the making.
type object = map[string]any

// at returns the object at a path, made where it is missing.
func at(o object, path ...string) object {
	for _, name := range path {
		inner, there := o[name].(object)
		if !there {
			inner = object{}
			o[name] = inner
		}
		o = inner
	}
	return o
}

// example returns the operation's own example as an object.
func example(op translate.Operation) object {
	var o object
	if err := json.Unmarshal([]byte(op.Example), &o); err != nil {
		panic(fmt.Sprintf("the example of %s: %v", op.Name, err))
	}
	return o
}

// set puts a value at a JSON Pointer.
func set(o object, pointer string, value any) object {
	path := strings.Split(pointer[1:], "/")
	at(o, path[:len(path)-1]...)[path[len(path)-1]] = value
	return o
}

// refer puts a reference into a request where its system carries one.
func refer(op translate.Operation, o object, reference string) object {
	return set(o, kit.Named(op.Name).Reference, reference)
}

// referred returns the reference of a request.
func referred(op translate.Operation, o object) string {
	return kit.Text(o, kit.Named(op.Name).Reference)
}

// longer are the references with a text behind them, by the reference alone.
var longer sync.Map

// free are the members whose text only the sandbox reads, by operation.
var free = map[string]string{
	"CreateWorkFlowManager": "/requestor/memo", "CreateCallLog": "/callerId", "UpdateCustomerPIN": "/correspondenceType",
	"CreateService": "/serviceData/longDescription", "CreateComplexAccount": "/primaryContact/detail/addressLine3",
}

// say puts a text into a member that is free. In an operation that has none here it follows the reference.
func say(op translate.Operation, o object, text string) object {
	if pointer, known := free[op.Name]; known {
		return set(o, pointer, text)
	}
	reference := referred(op, o)
	longer.Store(reference, reference+" "+text)
	return refer(op, o, reference+" "+text)
}

// plantSecrets puts every planted secret that a request can hold into it.
func plantSecrets(op translate.Operation, o object) object {
	contact := func(c object) {
		c["ssn"] = secretSSN
		c["driverLicenses"] = []any{object{"number": secretLicence, "state": "GA"}}
	}
	switch op.Name {
	case "CreateWorkFlowManager":
		contact(at(o, "requestor"))
	case "CreateCallLog":
		contact(at(o, "customerCallLog", "requestor"))
	case "UpdateCustomerPIN":
		o["pin"], o["accountAccessCode"] = secretPIN, secretAccessCode
	case "CreateComplexAccount":
		at(o, "primaryContact", "cumulusUser")["password"] = secretPassword
		maps.Copy(at(o, "accountOrganisation"), object{"orgName": "Example Pty Ltd", "orgIdentifier": secretIdentifier, "orgIdentifierType": "ABN"})
	}
	return o
}

// ask makes the call of an operation: its example, with secrets, a reference, and a text that may ask for a scenario.
func ask(op translate.Operation, reference, text string) call {
	o := refer(op, plantSecrets(op, example(op)), reference)
	if text != "" {
		say(op, o, text)
	}
	return call{path: op.Path, body: encode(o)}
}

func encode(o object) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// full returns the contract tests' request with every member, and with planted secrets in the place of its own.
func full(op translate.Operation) object {
	o := golden(op)
	plantEverywhere(o)
	return refer(op, o, newReference())
}

func plantEverywhere(value any) {
	switch value := value.(type) {
	case object:
		planted := object{"ssn": secretSSN, "pin": secretPIN, "accountAccessCode": secretAccessCode, "password": secretPassword, "orgIdentifier": secretIdentifier, "orgIdentifierType": "ABN"}
		if _, isLicence := value["issuedDate"]; isLicence {
			planted["number"] = secretLicence
		}
		for name, inner := range value {
			if secret, is := planted[name]; is {
				value[name] = secret
			}
			plantEverywhere(inner)
		}
	case []any:
		for _, inner := range value {
			plantEverywhere(inner)
		}
	}
}

// golden returns the contract tests' request with every member.
func golden(op translate.Operation) (o object) {
	text, err := os.ReadFile(filepath.Join("..", "..", "translate", op.System, "testdata", op.Name, "full.json"))
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		panic(fmt.Sprintf("the full request of %s, which go test ./tests/contract -update drafts: %v", op.Name, err))
	}
	return o
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h[http.CanonicalHeaderKey(pairs[i])] = append(h[http.CanonicalHeaderKey(pairs[i])], pairs[i+1])
	}
	return h
}

// without makes a header that takes the usual ones of these names away.
func without(names ...string) http.Header {
	h := http.Header{}
	for _, name := range names {
		h[http.CanonicalHeaderKey(name)] = nil
	}
	return h
}
