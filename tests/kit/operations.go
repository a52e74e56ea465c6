package kit

import (
	"slices"
	"strings"
)

// Operation is what a test needs to know of an operation, to make a call and to find it again.
type Operation struct {
	System, Name, Path string
	Versions           []string // of SOAP that its system speaks
	Status             int      // HTTP status of a success
	// Reference is the JSON Pointer of the member of a request by which a call is found again at its vendor, Element the local name of the
	// element that carries it there.
	Reference, Element string
	// Execution is the JSON Pointer of the member of a success that says which execution it is the result of.
	Execution string
	// Optional is the name of a member that may be left out or null, which says the same.
	Optional string
	// Filled are the members that the proxy fills in where they are absent, by JSON Pointer: with the ID or with the time, Now. Upper are those that
	// it sends in upper case.
	Filled map[string]string
	Upper  []string
}

// What the proxy fills in.
const (
	ID  = "the operation id"
	Now = "the time"
)

// Operations are all that the product has; tests/contract compares them with the product. What only one suite needs is kept there, by name.
var Operations = []Operation{
	{
		System: "customercare", Name: "CreateWorkFlowManager", Path: "/v1/customercare/workflows", Versions: []string{"1.1", "1.2"}, Status: 201,
		Reference: "/baseRequest/messageId", Element: "MessageId", Execution: "/baseResponse/responseDescription", Optional: "operatingCenter",
	},
	{
		System: "customercare", Name: "CreateCallLog", Path: "/v1/customercare/call-logs", Versions: []string{"1.1", "1.2"}, Status: 201,
		Reference: "/baseRequest/messageId", Element: "MessageId", Execution: "/baseResponse/responseDescription", Optional: "callerId",
		Filled: map[string]string{"/customerCallLog/createdDateTime": Now},
	},
	{
		System: "customercare", Name: "UpdateCustomerPIN", Path: "/v1/customercare/pin-changes", Versions: []string{"1.1", "1.2"}, Status: 200,
		Reference: "/baseRequest/messageId", Element: "MessageId", Execution: "/baseResponse/responseDescription", Optional: "email",
	},
	{
		System: "mds", Name: "CreateService", Path: "/v1/mds/services", Versions: []string{"1.1"}, Status: 201,
		Reference: "/externalReference", Element: "ExternalReference", Execution: "/externalReference", Optional: "auditRecord",
		Filled: map[string]string{"/externalReference": ID}, Upper: []string{"/serviceData/customerLevel"},
	},
	{
		System: "mds", Name: "UpdateService", Path: "/v1/mds/service-changes", Versions: []string{"1.1"}, Status: 200,
		Reference: "/externalReference", Element: "ExternalReference", Execution: "/externalReference", Optional: "auditRecord",
		Filled: map[string]string{"/externalReference": ID}, Upper: []string{"/customerLevel"},
	},
	{
		System: "emersion", Name: "CreateComplexAccount", Path: "/v1/emersion/accounts", Versions: []string{"1.1"}, Status: 201,
		Reference: "/accountReference", Element: "AccountReference", Execution: "/accountId", Optional: "billingContact",
	},
}

// Named returns an operation. It panics when there is no such row in Operations.
func Named(name string) Operation {
	i := slices.IndexFunc(Operations, func(o Operation) bool { return o.Name == name })
	if i < 0 {
		panic("tests/kit: Operations has no row for " + name)
	}
	return Operations[i]
}

// EverySystem returns settings repeated for each system, whose name goes in front.
func EverySystem(settings map[string]string) map[string]string {
	all := map[string]string{}
	for _, o := range Operations {
		for name, value := range settings {
			all[strings.ToUpper(o.System)+"_"+name] = value
		}
	}
	return all
}

// Text returns the text at a JSON Pointer through objects; empty when there is none.
func Text(document any, pointer string) string {
	for name := range strings.SplitSeq(pointer[1:], "/") {
		members, _ := document.(map[string]any)
		document = members[name]
	}
	text, _ := document.(string)
	return text
}
