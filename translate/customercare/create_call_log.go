package customercare

import (
	"soapbridge/translate"
)

// CreateCallLog records a conversation with a customer. Its page cuts the shared shapes off as xsi:nil; they are the ones that the
// CreateWorkFlowManager page prints [source].

// CreateCallLogRequest is a conversation and whom it was about.
type CreateCallLogRequest struct {
	BaseRequest     *BaseRequest    `json:"baseRequest" soap:"BaseRequest"`
	CallerID        *string         `json:"callerId" soap:"CallerId" example:"IVR-7"`
	CustomerCallLog CustomerCallLog `json:"customerCallLog" soap:"CustomerCallLog"`
}

// CustomerCallLog is the conversation itself.
type CustomerCallLog struct {
	Requestor *Contact `json:"requestor" soap:"Requestor"`
	CSRID     *string  `json:"csrId" soap:"CSRId" example:"CSR042"`
	// Defaults to the time of the call [decided].
	CreatedDateTime *string `json:"createdDateTime" soap:"CreatedDateTime" validate:"omitnil,datetime" example:"2026-11-21T09:30:00-05:00"`
	// Required: a log without text is none [decided].
	LogText     string    `json:"logText" soap:"LogText" validate:"required,notblank" example:"Asked about the bill"`
	RequestType *int32    `json:"requestType" soap:"RequestType" example:"3"`
	Customer    *Customer `json:"customer" soap:"Customer"`
	Premise     *Premise  `json:"premise" soap:"Premise"`
	Account     *Account  `json:"account" soap:"Account"`
}

// Customer is the customer that a call was about.
type Customer struct {
	CustomerID     *string   `json:"customerId" soap:"CustomerId" example:"C-0815"`
	CustomerName   *string   `json:"customerName" soap:"CustomerName" example:"Jane Doe"`
	CustomerNumber *string   `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	DBA            *string   `json:"dba" soap:"DBA" example:"Doe's Diner"`
	Contacts       []Contact `json:"contacts" soap:"Contact" validate:"dive"`
	RepID          *string   `json:"repId" soap:"RepId" example:"R-12"`
}

// Premise is the place that a call was about.
type Premise struct {
	PremiseNumber  *string   `json:"premiseNumber" soap:"PremiseNumber" example:"0000004711"`
	PremiseAddress *Address  `json:"premiseAddress" soap:"PremiseAddress"`
	Contacts       []Contact `json:"contacts" soap:"Contact" validate:"dive"`
}

// Account is the account that a call was about.
type Account struct {
	AccountNumber  *string  `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	AccountType    *string  `json:"accountType" soap:"AccountType" example:"RES"`
	AccountStatus  *string  `json:"accountStatus" soap:"AccountStatus" example:"A"`
	BillingAddress *Address `json:"billingAddress" soap:"BillingAddress"`
	// The page cuts this one off; elsewhere the name stands for a Phone as well. A Contact [decided].
	PrimaryContact  *Contact         `json:"primaryContact" soap:"PrimaryContact"`
	ServiceAddress  *Address         `json:"serviceAddress" soap:"ServiceAddress"`
	OperatingCenter *CodeDescription `json:"operatingCenter" soap:"OperatingCenter"`
}

// CreateCallLogResponse says that the conversation was recorded.
type CreateCallLogResponse struct {
	translate.Answer `soap:"-"`

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
