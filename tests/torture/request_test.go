package torture

import (
	"bytes"
	"encoding/json"
	"slices"
)

// secretMark begins every planted secret. It must be found nowhere but in the requests and at the vendor's.
const secretMark = "hush-hush-"

// operation is one of the five, as a client knows it.
type operation struct {
	name   string
	path   string
	status int
	// body is a request that names a subject, tells its variant apart from the other, and holds secrets where there are any.
	body func(subject, variant string) object
	// optional is a member that body does not have: null there changes nothing.
	optional string
	// marker is where the success tells which execution it is the result of.
	marker []string
}

var operations = []*operation{
	{
		name: "CreateWorkFlowManager", path: "/v1/customercare/workflows", status: 201,
		optional: "operatingCenter", marker: []string{"baseResponse", "responseDescription"},
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
	{
		name: "CreateCallLog", path: "/v1/customercare/call-logs", status: 201,
		optional: "callerId", marker: []string{"baseResponse", "responseDescription"},
		body: func(subject, variant string) object {
			return object{{"customerCallLog", object{
				{"csrId", variant}, {"logText", "Asked about the bill"}, {"account", object{{"accountNumber", subject}}},
				{"customer", object{{"contacts", []any{object{{"ssn", secretMark + "ssn-" + subject}}}}}},
			}}}
		},
	},
	{
		name: "UpdateCustomerPIN", path: "/v1/customercare/pin-changes", status: 200,
		optional: "email", marker: []string{"baseResponse", "responseDescription"},
		body: func(subject, variant string) object {
			return object{
				{"operationType", "UPDATE"}, {"accountNumber", subject}, {"correspondenceType", variant},
				{"pin", secretMark + "pin-" + subject}, {"accountAccessCode", secretMark + "access-" + subject},
			}
		},
	},
	{
		name: "CreateService", path: "/v1/mds/services", status: 201,
		optional: "auditRecord", marker: []string{"externalReference"},
		body: func(subject, variant string) object {
			return object{{"serviceData", object{
				{"customerLevel", "SUBSCRIPTION"}, {"customerLevelReference", subject}, {"effectiveDate", "2026-12-01"}, {"serviceCode", variant},
			}}}
		},
	},
	{
		name: "CreateComplexAccount", path: "/v1/emersion/accounts", status: 201,
		optional: "billingContact", marker: []string{"accountId"},
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

// other is the operation that an abuser tries under a key of this one. Its vendor is told the operation id, so that it is found whatever
// the key was for.
func (o *operation) other() *operation {
	if o == operations[0] {
		return operations[1]
	}
	return operations[0]
}

// marked reads from a success which execution it is the result of.
func (o *operation) marked(body []byte) string {
	var at any
	if json.Unmarshal(body, &at) != nil {
		return ""
	}
	for _, name := range o.marker {
		members, _ := at.(map[string]any)
		at = members[name]
	}
	text, _ := at.(string)
	return text
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
