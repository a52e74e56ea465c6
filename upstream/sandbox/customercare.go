package sandbox

import (
	"net/http"
	"time"
)

// customerCare is an ASMX service. Its texts are those of the .NET Framework.
var customerCare = vendor{
	path:          CustomerCarePath,
	versions:      []version{soap11, soap12},
	prefix:        "soap",
	result:        "BaseResponse",
	action:        func(op *operation) string { return op.body.name.Space + "/" + op.name },
	unknownAction: asmxUnknownAction,
	noAction:      asmxNoAction,
	rules:         []rule{{refuse: accountNotFound}},
	magic:         []magicValue{{"AccountNumber", unknownAccount, "a BaseResponse with the error code 1001, Account not found"}},
	success:       func(r *request, e execution) filling { return baseResponse(r, e.time, succeeded) },
	trace: `System.Web.Services.Protocols.SoapException: Server was unable to process request. ---> System.NullReferenceException: Object reference not set to an instance of an object.
   at SouthernCompany.CustSvc.CustomerCareService.Dispatch(BaseRequest request) in D:\Builds\CustSvc-iHub\CustomerCareService.asmx.cs:line 218
   at SouthernCompany.CustSvc.Data.Session.Open(String connection = "user=ihub;password=Tiger-42") in D:\Builds\CustSvc-iHub\Data\Session.cs:line 41
   --- End of inner exception stack trace ---`,
}

const asmxNoAction = "Unable to handle request without a valid action parameter. Please supply a valid soap action."

// asmxUnknownAction: SOAP 1.1 names the HTTP header, SOAP 1.2 the action.
func asmxUnknownAction(v version, action string) string {
	if v == soap12 {
		return "System.Web.Services.Protocols.SoapException: Unable to handle request. The action '" + action + "' was not recognized."
	}
	return "Server did not recognize the value of HTTP Header SOAPAction: " + action + "."
}

// businessResult is the content of a BaseResponse without its time. No page lists values: these are the sandbox's own.
type businessResult struct {
	code, description           string // ResponseCode, ResponseDescription
	errorCode, errorDescription string // ErrorData; left out when errorCode is empty
	severity                    string // SevCode of UpdateCustomerPIN
}

var (
	succeeded = businessResult{code: "0", description: "Success", severity: "Information"}
	// failedInGeneral is the answer of the scenario failed-base-response.
	failedInGeneral = businessResult{
		code: "1", description: "Failed", severity: "Error",
		errorCode: "2001", errorDescription: "The request could not be completed",
	}
	// failedByCode is a failure in the ResponseCode only, without ErrorData.
	failedByCode = businessResult{code: "99", description: "The request was not accepted", severity: "Error"}
	notFound     = businessResult{
		code: "1", description: "Failed", severity: "Error",
		errorCode: "1001", errorDescription: "Account not found",
	}
)

// unknownAccount is the account number that the sandbox does not know.
const unknownAccount = "0000000000"

func accountNotFound(r *request, now time.Time) *answer {
	found := true
	r.body.leaves(func(leaf *element) bool {
		found = leaf.name.Local != "AccountNumber" || leaf.text != unknownAccount
		return found
	})
	if found {
		return nil
	}
	return failedBaseResponse(r, now, notFound)
}

// failedBaseResponse is a business error: it arrives with HTTP 200.
func failedBaseResponse(r *request, now time.Time, result businessResult) *answer {
	a := envelopeAnswer(r.version, http.StatusOK, r.operation.reply.fill(baseResponse(r, now, result), r.version))
	return &a
}

// baseResponse fills an answer. Its header is the one of the request: ScCredentials goes in and out.
func baseResponse(r *request, now time.Time, result businessResult) filling {
	credentials := r.header.kid("ScCredentials")
	f := filling{
		drop: map[string]bool{},
		values: map[string]string{
			"DirectUserNameToken/BinarySecurityToken/ID":      credentials.at("DirectUserNameToken", "BinarySecurityToken", "ID"),
			"OriginatingUserNameToken/BinarySecurityToken/ID": credentials.at("OriginatingUserNameToken", "BinarySecurityToken", "ID"),
			"ScCredentials/Created":                           credentials.at("Created"),
			"BaseResponse/MessageDateTime":                    xmlTime(now),
			"BaseResponse/ResponseCode":                       result.code,
			"BaseResponse/ResponseDescription":                result.description,
			"ErrorData/ErrorCode":                             result.errorCode,
			"ErrorData/ErrorDescription":                      result.errorDescription,
			"ErrorData/NativeErrorDetail":                     nativeErrorDetail,
			"SevCode/Code":                                    result.severity[:1],
			"SevCode/Description":                             result.severity,
			"ExplanationCode/Code":                            result.code,
			"ExplanationCode/Description":                     result.description,
		},
	}
	if credentials.kid("OriginatingUserNameToken") == nil {
		f.drop["OriginatingUserNameToken"] = true
	}
	if result.errorCode == "" {
		f.drop["ErrorData"] = true
	}
	return f
}

// nativeErrorDetail must never reach a caller of the proxy: internals, and a text that looks like a secret.
const nativeErrorDetail = "ORA-01403: no data found\n   at CUSTSVC.ACCOUNT_PKG line 1187; connection user=ihub;password=Tiger-42"
