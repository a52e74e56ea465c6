package sandbox

import (
	"strings"
	"time"
)

// mds is a JAX-WS service.
var mds = vendor{
	path:     MDSPath,
	versions: []version{soap11},
	prefix:   "soapenv",
	result:   "Result/ExternalReference",
	basic:    true,
	rules:    []rule{{operation: "CreateService", refuse: createServiceRules}},
	magic:    []magicValue{{"serviceCode", unknownServiceCodes + "...", "the ValidationFault Service code does not exist"}},
	success: func(r *request, _ execution) filling {
		reference := r.body.find("ExternalReference")
		return filling{
			values: map[string]string{"ExternalReference": reference},
			drop:   map[string]bool{"ExternalReference": reference == ""},
		}
	},
	trace: `java.lang.NullPointerException: Cannot invoke "com.mdsuk.dise3g.Subscription.getTariff()" because "subscription" is null
	at com.mdsuk.dise3g.services.ServicesPortImpl.createService(ServicesPortImpl.java:312)
	at java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
Caused by: java.sql.SQLRecoverableException: Closed Connection (jdbc:oracle:thin:cmp/Tiger-42@10.0.0.17:1521:CMP)`,
}

// mdsMessage is one message of a fault's detail.
type mdsMessage struct{ id, text, extra string }

// createServiceRules checks the rules in the page's table beyond the form; every broken rule is one Error of the fault. The
// message ids are the sandbox's own.
func createServiceRules(r *request, _ time.Time) *answer {
	data := r.body.kid("ServiceData").kid("ServiceData")
	level := data.at("CustomerLevel")
	var broken []mdsMessage
	switch level {
	case "SUBSCRIPTION", "ACCOUNT", "AGREEMENT":
	default:
		broken = append(broken, mdsMessage{"CMP1001", "Customer level is not valid", "CustomerLevel"})
	}
	if strings.HasPrefix(data.at("serviceCode"), unknownServiceCodes) {
		broken = append(broken, mdsMessage{"CMP1002", "Service code does not exist", "serviceCode"})
	}
	if expiry := data.at("expiryDate"); expiry != "" && expiry < data.at("effectiveDate") { // one form: compares as text
		broken = append(broken, mdsMessage{"CMP1003", "Expiry date is before the effective date", "expiryDate"})
	}
	if data.kid("AccountServiceAgreement") != nil && level != "ACCOUNT" {
		broken = append(broken, mdsMessage{"CMP1004", "Agreement may be supplied for customer level Account only", "AccountServiceAgreement"})
	}
	if broken == nil {
		return nil
	}
	return r.faulted(mdsFault("ValidationFault", validationFailed, broken...))
}

// unknownServiceCodes is the prefix of the service codes that the sandbox does not know.
const unknownServiceCodes = "ZZ"

var validationFailed = mdsMessage{"CMP1000", "The request is not valid", ""}

// mdsFault is a declared fault: JAX-WS sends even a ValidationFault with the code Server; the detail shows which fault it is.
func mdsFault(name string, details mdsMessage, broken ...mdsMessage) fault {
	var xml strings.Builder
	xml.WriteString(`<ns4:` + name + ` xmlns:ns4="http://mdsuk.com/ws/dise3g/fault/exception"><Details>` + details.children() + `</Details>`)
	if len(broken) > 0 {
		xml.WriteString(`<Errors>`)
		for _, message := range broken {
			xml.WriteString(`<Error>` + message.children() + `</Error>`)
		}
		xml.WriteString(`</Errors>`)
	}
	xml.WriteString(`</ns4:` + name + `>`)
	return fault{code: codeServer, text: details.text, detail: xml.String()}
}

func (m mdsMessage) children() string {
	children := `<MessageId>` + escape(m.id) + `</MessageId><MessageText>` + escape(m.text) + `</MessageText>`
	if m.extra != "" {
		children += `<ExtraInfo>` + escape(m.extra) + `</ExtraInfo>`
	}
	return children
}
