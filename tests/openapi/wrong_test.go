package openapi_test

import (
	"encoding/json"
	"path"
	"slices"
	"testing"

	"soapbridge/tests/openapi"
)

// wrong is a possible mistake in a schema.
type wrong struct {
	name, operation, schema string
	edit                    func(schema openapi.Object)
}

func property(schema openapi.Object, name string) openapi.Object {
	return openapi.Inside(schema, "properties", name)
}

// change sets a keyword of a property; nil takes it away.
func change(name, keyword string, value any) func(openapi.Object) {
	return func(schema openapi.Object) {
		if name != "" {
			schema = property(schema, name)
		}
		if _, ok := schema[keyword]; !ok {
			panic(keyword + " is not there to be changed")
		}
		if value == nil {
			delete(schema, keyword)
		} else {
			schema[keyword] = value
		}
	}
}

var wrongs = []wrong{
	{"a required member is not", "CreateService", "ServiceData", func(s openapi.Object) {
		s["required"] = slices.DeleteFunc(s["required"].([]any), func(name any) bool { return name == "serviceCode" })
	}},
	{"an optional member is required", "CreateService", "ServiceData", func(s openapi.Object) { s["required"] = append(s["required"].([]any), "servicePrice") }},
	{"a longer text", "CreateService", "AuditRecord", change("userId", "maxLength", json.Number("11"))},
	{"a shorter text", "CreateService", "ServiceData", change("customerLevelReference", "maxLength", json.Number("7"))},
	{"a shorter password", "CreateComplexAccount", "CumulusUser", change("password", "minLength", json.Number("5"))},
	{"any length", "CreateService", "ServiceData", change("contractReference", "maxLength", nil)},
	{"a larger number", "CreateService", "ServiceData", change("salesPersonId", "maximum", json.Number("100000000"))},
	{"a number of 64 bits", "CreateCallLog", "CustomerCallLog", func(s openapi.Object) {
		for _, keyword := range []string{"minimum", "maximum", "format"} {
			delete(property(s, "requestType"), keyword)
		}
	}},
	{"more digits of a fraction", "CreateService", "ServiceData", change("servicePrice", "pattern", `^-?0*[0-9]{1,9}(\.[0-9]{1,3})?$`)},
	{"days that do not exist", "CreateService", "ServiceData", change("effectiveDate", "format", nil)},
	{"a year that does not exist", "CreateService", "ServiceData", change("effectiveDate", "pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)},
	{"an instant without a zone", "CreateWorkFlowManager", "BaseRequest", func(s openapi.Object) {
		delete(property(s, "messageDateTime"), "format")
		property(s, "messageDateTime")["pattern"] = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T`
	}},
	{"a blank text", "CreateCallLog", "CustomerCallLog", change("logText", "pattern", nil)},
	{"an empty token", "UpdateCustomerPIN", "Email", func(s openapi.Object) {
		delete(property(s, "emailType"), "pattern")
		delete(property(s, "emailType"), "minLength")
	}},
	{"a token with white space around it", "UpdateCustomerPIN", "Email", change("emailType", "pattern", `\S`)},
	{"a word more", "UpdateCustomerPIN", "UpdateCustomerPINRequest", change("operationType", "enum", []any{"UPDATE", "DELETE", "UNLOCK", "LOCK", "INSERT"})},
	{"a word less", "UpdateCustomerPIN", "UpdateCustomerPINRequest", change("operationType", "enum", []any{"UPDATE", "DELETE", "UNLOCK"})},
	{"null for a required member", "CreateCallLog", "CustomerCallLog", change("logText", "type", []any{"string", "null"})},
	{"another type", "CreateService", "ServiceData", change("suppressRemainingCharge", "type", "string")},
	{"null in an array", "CreateWorkFlowManager", "BaseRequest", func(s openapi.Object) {
		items := property(s, "nameValues")["items"]
		property(s, "nameValues")["items"] = openapi.Object{"anyOf": []any{items, openapi.Object{"type": "null"}}}
	}},
	{"other members", "CreateWorkFlowManager", "WorkItemType", change("", "additionalProperties", nil)},
	{"an empty object", "CreateCallLog", "Premise", change("", "minProperties", nil)},
	{"a work item without a customer", "CreateWorkFlowManager", "CreateWorkFlowManagerRequest", change("", "allOf", nil)},
	{"an update without a PIN", "UpdateCustomerPIN", "UpdateCustomerPINRequest", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[:1] }},
	{"a description that the vendor ignores", "CreateService", "ServiceData", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[1:] }},
	{"an agreement of any level", "CreateService", "ServiceData", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[:1] }},
	{"an organisation without a name", "CreateComplexAccount", "CreateComplexAccountRequest", change("", "allOf", nil)},
	{"an Australian state anywhere", "CreateComplexAccount", "ContactDetail", func(s openapi.Object) { change("", "else", nil)(s["allOf"].([]any)[0].(openapi.Object)) }},
	{"any state in Australia", "CreateComplexAccount", "ContactDetail", func(s openapi.Object) { change("", "then", nil)(s["allOf"].([]any)[0].(openapi.Object)) }},
	{"any postcode in Australia", "CreateComplexAccount", "ContactDetail", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[:1] }},
	{"an identifier without its type", "CreateComplexAccount", "AccountOrganisation", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[1:] }},
	{"an identifier of any form", "CreateComplexAccount", "AccountOrganisation", func(s openapi.Object) { s["allOf"] = s["allOf"].([]any)[:2] }},
	{"an RBN of any length", "CreateComplexAccount", "AccountOrganisation", func(s openapi.Object) { s["allOf"] = slices.Delete(s["allOf"].([]any), 2, 3) }},
	{"any telephone number", "CreateComplexAccount", "ContactDetail", change("phoneNumber", "pattern", `\S`)},
	{"any address", "CreateComplexAccount", "ContactDetail", change("emailAddress", "pattern", `@`)},
	{"a host name without a dot", "CreateComplexAccount", "CumulusUser", change("userName", "pattern", `^[^@\s]+@[^@\s.]+`)},
}

// general are the mistakes that can be made in the schema of every operation, so that a new one takes part.
func general(t *testing.T) (list []wrong) {
	t.Helper()
	for _, op := range operations() {
		body, _ := openapi.At(document(t).Root, document(t).RequestSchema("POST", op.Path)).(openapi.Object)
		ref, _ := body["$ref"].(string)
		list = append(list, wrong{"other members of " + op.Name, op.Name, path.Base(ref), change("", "additionalProperties", nil)})
	}
	return list
}

// TestAWrongSchemaIsNoticed makes mistakes in the document, of which each must lead to a disagreement. What no instance of the schema can show,
// a member that it lacks, is what TestEveryMemberIsInTheDocument is for.
func TestAWrongSchemaIsNoticed(t *testing.T) {
	const most = 8000
	for _, w := range append(general(t), wrongs...) {
		t.Run(w.name, func(t *testing.T) {
			spoiled, err := document(t).Clone(func(root openapi.Object) { w.edit(openapi.Inside(root, "components", "schemas", w.schema)) })
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range operations() {
				if op.Name != w.operation {
					continue
				}
				for d := newDuel(spoiled, op, *seedFlag); d.accepted+d.refused < most; {
					if found := d.step(); found != nil {
						t.Logf("after %d instances: %v", d.accepted+d.refused, found)
						return
					}
				}
			}
			t.Errorf("not noticed in %d instances", most)
		})
	}
}
