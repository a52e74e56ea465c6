package contract_test

import (
	"bytes"
	"strings"
	"testing"

	"soapbridge/tests/schema"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// The goldens hold no empty text, so an empty element would mean something absent. MDS and Emersion show an empty header.
func TestGoldensHaveNothingButElementsAndText(t *testing.T) {
	eachRequest(t, func(t *testing.T, o operation, request string) {
		envelope := readFile(t, o.goldenPath(request))
		checkMarkup(t, envelope)
		root := mustParse(t, envelope)
		if len(root.children) != 2 || len(root.children[1].children) != 1 {
			t.Error("an envelope has a header and a body, and the body one child")
		}
		root.each("", func(path string, e *element) {
			if len(e.attrs) > 0 {
				t.Errorf("%s has the attributes %v", path, e.attrs)
			}
			if len(e.children) == 0 && e.text == "" && path != "Header" {
				t.Errorf("%s is empty", path)
			}
		})
		for _, never := range []string{"XMLSchema-instance", "encodingStyle", "PreferredCallbackTime"} {
			if bytes.Contains(envelope, []byte(never)) {
				t.Errorf("%s is never sent", never)
			}
		}
	})
}

// An optional text that is empty is sent as an empty element, and an absent one is not sent.
func TestEmptyIsNotAbsent(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		operation, body string
		count           int // of empty elements
	}{
		"absent":            {"CreateWorkFlowManager", `{"accountNumber": "1", "workItemType": {"code": "M"}}`, 0},
		"null":              {"CreateWorkFlowManager", `{"accountNumber": "1", "premiseNumber": null, "workItemType": {"code": "M", "description": null}}`, 0},
		"empty array":       {"CreateWorkFlowManager", `{"accountNumber": "1", "workItemType": {"code": "M"}, "baseRequest": {"userId": "u", "nameValues": []}}`, 0},
		"empty":             {"CreateWorkFlowManager", `{"accountNumber": "1", "premiseNumber": "", "workItemType": {"code": "M", "description": ""}}`, 2},
		"empty in an array": {"CreateWorkFlowManager", `{"accountNumber": "1", "workItemType": {"code": "M"}, "baseRequest": {"nameValues": [{"name": "", "value": ""}]}}`, 2},
		"empty secret":      {"UpdateCustomerPIN", `{"accountNumber": "1", "operationType": "LOCK", "pin": ""}`, 1},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range systems[0].list(t, soap.V11) {
				if o.Name != row.operation {
					continue
				}
				envelope := encode(t, o.read(t, []byte(row.body))).Envelope
				if n := bytes.Count(envelope, []byte("/>")); n != row.count {
					t.Errorf("%d empty elements, want %d: %s", n, row.count, envelope)
				}
				schema.Validate(t, o.system.requests, envelope)
				return
			}
			t.Fatal("there is no such operation")
		})
	}
}

const lockRequest = `{"operationType": "LOCK", "accountNumber": "0000000001"}`

// encodeWith encodes a request of CustomerCare's; the header and BaseRequest are the same for all its operations.
func encodeWith(t *testing.T, c customercare.Config, e translate.Env) (soap.Message, *translate.Error) {
	t.Helper()
	operations, err := customercare.Operations(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		if o.Name != "UpdateCustomerPIN" {
			continue
		}
		request, problem := o.Read([]byte(lockRequest))
		if problem != nil {
			t.Fatal(problem)
		}
		return request.Encode(e)
	}
	t.Fatal("there is no UpdateCustomerPIN")
	return soap.Message{}, nil
}

func TestCredentialsOfCustomerCare(t *testing.T) {
	t.Parallel()
	const space = "http://ws.southernco.com/CustSvc-iHub"
	token := func(kind, text string) []string {
		at := "/ScCredentials/" + kind + "UserNameToken"
		return []string{
			objectLine(at, space), objectLine(at+"/BinarySecurityToken", space), leafLine(at+"/BinarySecurityToken/ID", space, text),
		}
	}
	rows := map[string]struct {
		configured, caller secret.Secret
		want               []string
	}{
		"of the caller":                {"", "caller's <&>", token("Originating", "caller's <&>")},
		"of the caller, not default":   {"configured", "caller's", token("Originating", "caller's")},
		"configured":                   {"configured", "", token("Originating", "configured")},
		"none, so there is no element": {"", "", nil},
	}
	for name, row := range rows {
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			t.Run(name+"/"+versionName(v), func(t *testing.T) {
				t.Parallel()
				c := customercare.Config{Version: v, DirectToken: directToken, OriginatingToken: row.configured}
				e := env
				e.Caller.OriginatingToken = row.caller
				message, problem := encodeWith(t, c, e)
				if problem != nil {
					t.Fatal(problem)
				}
				want := append([]string{objectLine("/ScCredentials", space)}, token("Direct", directToken)...)
				want = append(append(want, row.want...), leafLine("/ScCredentials/Created", space, instant))
				header := mustParse(t, message.Envelope).child(t, "Header").children[0]
				diff(t, "the header", want, header.listing())
				schema.Validate(t, schema.CustomerCare, message.Envelope)
			})
		}
	}
}

func TestUserIDOfCustomerCare(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ configured, caller, want string }{
		"of the caller":                {"configured", "caller", "caller"},
		"configured":                   {"configured", "", "configured"},
		"none, so there is no element": {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env
			e.Caller.UserID = row.caller
			message, problem := encodeWith(t, customercare.Config{Version: soap.V11, DirectToken: directToken, UserID: row.configured}, e)
			if problem != nil {
				t.Fatal(problem)
			}
			base := mustParse(t, message.Envelope).child(t, "Body").wrapped(t, 2).child(t, "BaseRequest")
			first := base.children[0]
			if got := first.name.Local == "UserId"; got != (row.want != "") || got && first.text != row.want {
				t.Errorf("BaseRequest begins with %s %q", first.name.Local, first.text)
			}
			schema.Validate(t, schema.CustomerCare, message.Envelope)
		})
	}
}

func TestUsernameTokenOfEmersion(t *testing.T) {
	t.Parallel()
	const (
		space = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
		kind  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
		at    = "/Header/Security/UsernameToken"
	)
	operations, err := emersion.Operations(emersion.Config{Security: soap.Security{Username: "proxy <&>", Password: "pässwörd ]]>"}, Namespace: "urn:other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		request, problem := o.Read([]byte(o.Example))
		if problem != nil {
			t.Fatal(problem)
		}
		root := mustParse(t, encode(t, request).Envelope)
		want := []string{
			objectLine("/Header", soap.NamespaceV11), objectLine("/Header/Security", space), objectLine(at, space),
			leafLine(at+"/Username", space, "proxy <&>"), leafLine(at+"/Password", space, "pässwörd ]]>"),
			at + `/Password has the attribute {}Type = "` + kind + `"`,
		}
		diff(t, "the header", want, root.child(t, "Header").listing())
		if got := root.child(t, "Body").children[0].name.Space; got != "urn:other" {
			t.Errorf("the configured namespace is not used: %s", got)
		}
	}
}

func TestUsernameTokenIsValid(t *testing.T) {
	t.Parallel()
	operations, err := emersion.Operations(emersion.Config{Security: soap.Security{Username: "proxy", Password: "secret"}})
	if err != nil || len(operations) == 0 {
		t.Fatal(err)
	}
	for _, o := range operations {
		request, problem := o.Read([]byte(o.Example))
		if problem != nil {
			t.Fatal(problem)
		}
		schema.Validate(t, schema.Emersion, encode(t, request).Envelope)
	}
}

// A character that no request can hold may come from the environment or the configuration: it is refused, never replaced and never sent.
func TestEncoderRefusesWhatXMLCannotCarry(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"NUL": "a\x00b", "escape": "\x1B[0m", "U+FFFE": "\uFFFE", "U+FFFF": "\uFFFF", "invalid UTF-8": "\xFF", "half a pair": "\xED\xA0\x80",
		"overlong": "\xC0\x80",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			marked := "marker-" + text
			rows := map[string]func() (soap.Message, *translate.Error){
				"user id": func() (soap.Message, *translate.Error) {
					e := env
					e.Caller.UserID = marked
					return encodeWith(t, customercare.Config{Version: soap.V11}, e)
				},
				"originating token": func() (soap.Message, *translate.Error) {
					e := env
					e.Caller.OriginatingToken = secret.Secret(marked)
					return encodeWith(t, customercare.Config{Version: soap.V12}, e)
				},
				"direct token": func() (soap.Message, *translate.Error) {
					return encodeWith(t, customercare.Config{Version: soap.V11, DirectToken: secret.Secret(marked)}, env)
				},
				"operation id": func() (soap.Message, *translate.Error) {
					operations, err := mds.Operations(mds.Config{})
					return encodeExample(t, operations, err, translate.Env{Now: env.Now, OperationID: marked})
				},
				"password": func() (soap.Message, *translate.Error) {
					operations, err := emersion.Operations(emersion.Config{Security: soap.Security{Username: "u", Password: secret.Secret(marked)}})
					return encodeExample(t, operations, err, env)
				},
			}
			for place, encode := range rows {
				message, problem := encode()
				if problem == nil || problem.Code != translate.Internal || problem.Outcome != soap.NotSent {
					t.Errorf("%s: %v", place, problem)
					continue
				}
				if len(message.Envelope) > 0 || strings.Contains(problem.Error(), "marker") {
					t.Errorf("%s: %q with %v", place, message.Envelope, problem)
				}
			}
		})
	}
}

func encodeExample(t *testing.T, operations []translate.Operation, err error, e translate.Env) (soap.Message, *translate.Error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	request, problem := operations[0].Read([]byte(operations[0].Example))
	if problem != nil {
		t.Fatal(problem)
	}
	return request.Encode(e)
}

func TestOperationsThatABindingCannotSpeak(t *testing.T) {
	t.Parallel()
	_, problem := encodeWith(t, customercare.Config{}, env) // no version
	if problem == nil || problem.Code != translate.Internal {
		t.Errorf("encoded in no version: %v", problem)
	}
}
