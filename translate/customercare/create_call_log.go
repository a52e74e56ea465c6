package customercare

import (
	"soapbridge/translate"
)

// CreateCallLog records a conversation with a customer. Its page cuts the shared shapes off as xsi:nil; they are the ones that the
// CreateWorkFlowManager page prints [source].

// CreateCallLogRequest is a conversation and whom it was about.
type CreateCallLogRequest struct {
	// Who sends the request, when and under which id; the proxy fills in what is missing [decided].
	BaseRequest *BaseRequest `json:"baseRequest" soap:"BaseRequest"`
	// Identifies the caller; the page does not say how.
	CallerID *string `json:"callerId" soap:"CallerId" example:"IVR-7"`
	// The conversation, and the customer, premise and account that it was about.
	CustomerCallLog CustomerCallLog `json:"customerCallLog" soap:"CustomerCallLog"`
}

// CustomerCallLog is the conversation itself.
type CustomerCallLog struct {
	// Person or organisation that made the request.
	Requestor *Contact `json:"requestor" soap:"Requestor"`
	// Id of the customer service representative (CSR).
	CSRID *string `json:"csrId" soap:"CSRId" example:"CSR042"`
	// When the entry was created: RFC 3339 with a time zone. Defaults to the time at which the proxy is called [decided].
	CreatedDateTime *string `json:"createdDateTime" soap:"CreatedDateTime" validate:"omitnil,datetime" example:"2026-11-21T09:30:00-05:00"`
	// What was said, as free text. Required: a log without text records nothing [decided].
	LogText string `json:"logText" soap:"LogText" validate:"required,notblank" example:"Asked about the bill"`
	// The vendor's number for the kind of request; the page lists no values.
	RequestType *int32 `json:"requestType" soap:"RequestType" example:"3"`
	// Customer that the conversation was about.
	Customer *Customer `json:"customer" soap:"Customer"`
	// Place that the conversation was about.
	Premise *Premise `json:"premise" soap:"Premise"`
	// Account that the conversation was about.
	Account *Account `json:"account" soap:"Account"`
}

// Customer is the customer that a call was about.
type Customer struct {
	// Id of the customer; the page does not say how it differs from customerNumber.
	CustomerID *string `json:"customerId" soap:"CustomerId" example:"C-0815"`
	// Name of the customer, in one text.
	CustomerName *string `json:"customerName" soap:"CustomerName" example:"Jane Doe"`
	// Number of the customer, as text: leading zeros matter.
	CustomerNumber *string `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	// Name under which the customer does business ("doing business as").
	DBA *string `json:"dba" soap:"DBA" example:"Doe's Diner"`
	// Persons and organisations to contact for the customer.
	Contacts []Contact `json:"contacts" soap:"Contact" validate:"dive"`
	// Id of a representative; the page does not say of whom.
	RepID *string `json:"repId" soap:"RepId" example:"R-12"`
}

// Premise is the place that a call was about.
type Premise struct {
	// Number of the premise, as text: leading zeros matter.
	PremiseNumber *string `json:"premiseNumber" soap:"PremiseNumber" example:"0000004711"`
	// Where the premise is.
	PremiseAddress *Address `json:"premiseAddress" soap:"PremiseAddress"`
	// Persons and organisations to contact for the premise.
	Contacts []Contact `json:"contacts" soap:"Contact" validate:"dive"`
}

// Account is the account that a call was about.
type Account struct {
	// Number of the account, as text: leading zeros matter.
	AccountNumber *string `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	// Kind of account; the page lists no values.
	AccountType *string `json:"accountType" soap:"AccountType" example:"RES"`
	// Status of the account; the page lists no values.
	AccountStatus *string `json:"accountStatus" soap:"AccountStatus" example:"A"`
	// Address for the bills of the account.
	BillingAddress *Address `json:"billingAddress" soap:"BillingAddress"`
	// Person or organisation to contact first. The page cuts the shape off, and elsewhere the name is that of a phone number too: a Contact
	// [decided].
	PrimaryContact *Contact `json:"primaryContact" soap:"PrimaryContact"`
	// Address for the service of the account.
	ServiceAddress *Address `json:"serviceAddress" soap:"ServiceAddress"`
	// The vendor's operating center for the account.
	OperatingCenter *CodeDescription `json:"operatingCenter" soap:"OperatingCenter"`
}

// CreateCallLogResponse says that the conversation was recorded.
type CreateCallLogResponse struct {
	translate.Answer `soap:"-"`

	// The vendor's answer: the time, a code and its meaning.
	BaseResponse *BaseResponse `json:"baseResponse,omitempty" soap:"BaseResponse" validate:"required"`
}

// createCallLog is the operation.
//
//	@ID				CreateCallLog
//	@Tags			CustomerCare
//	@Summary		Record a conversation with a customer
//	@Description	Records a conversation, and the customer, premise and account that it was about. Only `customerCallLog.logText` is required; `createdDateTime` defaults to the time of the call.
//	@Description	A failed BaseResponse is `422` `upstream-rejected` with the code `customercare-<ErrorCode>`, although the service answers it with HTTP 200.
//	@Param			request	body		CreateCallLogRequest	true	"The conversation"
//	@Success		201		{object}	CreateCallLogResponse	"The conversation was recorded."
//	@Router			/v1/customercare/call-logs [post]
func createCallLog(c Config) (translate.Operation, error) {
	return define[CreateCallLogRequest, CreateCallLogResponse](c, translate.Definition{
		Name:    "CreateCallLog",
		Path:    "/v1/customercare/call-logs",
		Status:  translate.StatusCreated,
		Example: `{"callerId": "IVR-7", "customerCallLog": {"logText": "Asked about the bill", "account": {"accountNumber": "0123456789"}}}`,
	}, own{wrapper: "CreateCallLogRequest", now: "customerCallLog/createdDateTime"})
}
