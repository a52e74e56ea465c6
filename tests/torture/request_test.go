package torture

import (
	"bytes"
	"encoding/json"
	"slices"

	"soapbridge/tests/kit"
)

// secretMark begins every planted secret. It must be found nowhere but in the requests and at the vendor's.
const secretMark = "hush-hush-"

// operation is one of the kit's, with what a client asks of it here.
type operation struct {
	kit.Operation

	// variant is the element by which the vendor distinguishes variants of a request; without one it is part of the reference, behind a slash.
	variant string
	// secret is an element that holds a secret, if any does.
	secret string
	// body is a request that names a subject and a variant, and holds secrets where there are any.
	body func(subject, variant string) object
}

var operations = func() (list []*operation) {
	for _, row := range kit.Operations {
		if o, known := requests[row.Name]; known {
			o.Operation = row
			list = append(list, &o)
		}
	}
	return list
}()

// requests are the parts of operations that only these tests need, by name. What has none is not played.
var requests = map[string]operation{
	"CreateWorkFlowManager": {
		variant: "Code", secret: "SSN",
		body: func(subject, variant string) object {
			return object{
				{"accountNumber", subject},
				{"workItemType", object{{"code", variant}, {"description", "Move of a meter"}}},
				{"requestor", object{
					{"firstName", "Jane"}, {"lastName", "Doe"}, {"ssn", secretMark + "ssn-" + subject},
					{"driverLicenses", []any{object{{"number", secretMark + "licence-" + subject}, {"state", "GA"}}}},
				}},
			}
		},
	},
	"CreateCallLog": {
		variant: "CSRId", secret: "SSN",
		body: func(subject, variant string) object {
			return object{{"customerCallLog", object{
				{"csrId", variant}, {"logText", "Asked about the bill"}, {"account", object{{"accountNumber", subject}}},
				{"customer", object{{"contacts", []any{object{{"ssn", secretMark + "ssn-" + subject}}}}}},
			}}}
		},
	},
	"UpdateCustomerPIN": {
		variant: "CorrespondenceType", secret: "PIN",
		body: func(subject, variant string) object {
			return object{
				{"operationType", "UPDATE"}, {"accountNumber", subject}, {"correspondenceType", variant},
				{"pin", secretMark + "pin-" + subject}, {"accountAccessCode", secretMark + "access-" + subject},
			}
		},
	},
	"CreateService": {
		variant: "serviceCode",
		body: func(subject, variant string) object {
			return object{{"serviceData", object{
				{"customerLevel", "SUBSCRIPTION"}, {"customerLevelReference", subject}, {"effectiveDate", "2026-12-01"}, {"serviceCode", variant},
			}}}
		},
	},
	"CreateComplexAccount": {
		secret: "Password",
		body: func(subject, variant string) object {
			return object{
				{"accountType", "End User"},
				{"primaryContact", object{
					{"detail", object{
						{"title", "Ms"}, {"firstName", "Jane"}, {"lastName", "Doe"}, {"addressLine1", "1 Main St"}, {"suburb", "Melbourne"},
						{"state", "VIC"}, {"postcode", "3000"}, {"country", "Australia"}, {"emailAddress", "jane.doe@example.com.au"},
						{"phoneNumber", "+61 3 9000 0000"},
					}},
					{"cumulusUser", object{{"userName", "jane.doe@example.com.au"}, {"password", secretMark + "password-" + subject}}},
				}},
				{"accountContactType", object{{"type", "Organisation"}}},
				{"accountOrganisation", object{
					{"orgName", "Example Pty Ltd"}, {"orgIdentifier", secretMark + subject}, {"orgIdentifierType", "RBN"},
				}},
				// The one thing that travels to this vendor as the client wrote it.
				{"accountReference", subject + "/" + variant},
			}
		},
	},
}

// other is the operation that an abuser tries under a key of this one. Its vendor gets the operation id, so that it is found whatever
// the key was for.
func (o *operation) other() *operation {
	if o == operations[0] {
		return operations[1]
	}
	return operations[0]
}

// marked reads from a success which execution it is the result of.
func (o *operation) marked(body []byte) string {
	var answer any
	_ = json.Unmarshal(body, &answer) // what is not JSON has no text
	return kit.Text(answer, o.Execution)
}

// object is a JSON object whose members have an order, so that it can be changed on purpose.
type object []member

type member struct {
	name  string
	value any
}

// style is how a client writes JSON. Whatever the style, it is the same request.
type style int

const (
	plain style = iota
	reversed
	spacious
	styles
)

func (o object) write(s style, optional string) []byte {
	if s == spacious {
		o = append(slices.Clone(o), member{optional, nil})
	}
	compact := o.encode(s)
	if s != spacious {
		return compact
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, compact, " ", "\t"); err != nil {
		panic(err) // encode writes JSON
	}
	return indented.Bytes()
}

func (o object) encode(s style) []byte {
	members := slices.Clone(o)
	if s == reversed {
		slices.Reverse(members)
	}
	var list [][]byte
	for _, m := range members {
		list = append(list, append(encode(m.name, s), append([]byte(":"), encode(m.value, s)...)...))
	}
	return enclose("{", list, "}")
}

func encode(value any, s style) []byte {
	switch value := value.(type) {
	case object:
		return value.encode(s)
	case []any:
		var list [][]byte
		for _, item := range value {
			list = append(list, encode(item, s))
		}
		return enclose("[", list, "]")
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and nothing else
	}
	return text
}

func enclose(opening string, list [][]byte, closing string) []byte {
	return append(append([]byte(opening), bytes.Join(list, []byte(","))...), closing...)
}
