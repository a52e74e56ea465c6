package customercare

import (
	"soapbridge/translate"
	"soapbridge/translate/rules"
)

// CreateWorkFlowManager, on the page "Create Workflow Manager (WFM)", opens a work item. Its page prints the shared shapes in full.

// CreateWorkFlowManagerRequest asks for a work item. At least one of accountNumber, premiseNumber and customerNumber says for whom
// [decided].
type CreateWorkFlowManagerRequest struct {
	// Who sends the request, when and under which id; the proxy fills in what is missing [decided].
	BaseRequest *BaseRequest `json:"baseRequest" soap:"BaseRequest"`
	// Number of the account that the work is for, as text: leading zeros matter. At least one of accountNumber, customerNumber and
	// premiseNumber is required [decided].
	AccountNumber *string `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	// Number of the premise that the work is for, as text; see accountNumber.
	PremiseNumber *string `json:"premiseNumber" soap:"PremiseNumber" example:"0000004711"`
	// Number of the customer that the work is for, as text; see accountNumber.
	CustomerNumber *string `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	// What is to be done.
	WorkItemType WorkItemType `json:"workItemType" soap:"WorkItemType"`
	// Person or organisation that asks for the work.
	Requestor *Contact `json:"requestor" soap:"Requestor"`
	// The vendor's operating center for the work.
	OperatingCenter *CodeDescription `json:"operatingCenter" soap:"OperatingCenter"`
}

// WorkItemType says what is to be done.
type WorkItemType struct {
	// The vendor's code for the kind of work; the page lists no values. Required: a work item without a type says nothing [decided].
	Code string `json:"code" soap:"Code" validate:"required,notblank" example:"MOVE"`
	// Meaning of the code, in words.
	Description *string `json:"description" soap:"Description" example:"Move of a meter"`
}

// CreateWorkFlowManagerResponse says that the work item was opened.
type CreateWorkFlowManagerResponse struct {
	translate.Answer `soap:"-"`

	// The vendor's answer: the time, a code and its meaning.
	BaseResponse *BaseResponse `json:"baseResponse,omitempty" soap:"BaseResponse" validate:"required"`
}

// createWorkFlowManager is the operation.
//
//	@ID				CreateWorkFlowManager
//	@Tags			CustomerCare
//	@Summary		Open a work item
//	@Description	Opens a work item ("workflow") for an account, a premise or a customer. At least one of `accountNumber`, `customerNumber` and `premiseNumber` says for whom.
//	@Description	A failed BaseResponse is `422` `upstream-rejected` with the code `customercare-<ErrorCode>`, although the service answers it with HTTP 200.
//	@Param			request	body		CreateWorkFlowManagerRequest	true	"The work item"
//	@Success		201		{object}	CreateWorkFlowManagerResponse	"The work item was opened."
//	@Router			/v1/customercare/workflows [post]
func createWorkFlowManager(c Config) (translate.Operation, error) {
	return define[CreateWorkFlowManagerRequest, CreateWorkFlowManagerResponse](c, translate.Definition{
		Name:    "CreateWorkFlowManager",
		Path:    "/v1/customercare/workflows",
		Status:  translate.StatusCreated,
		Rules:   []rules.On{{Rules: []rules.Rule{rules.RequireAnyOf("accountNumber", "customerNumber", "premiseNumber")}}}, // [decided]
		Example: `{"accountNumber": "0123456789", "workItemType": {"code": "MOVE"}, "requestor": {"firstName": "Jane", "lastName": "Doe"}}`,
	}, own{wrapper: "createWFMRequest"})
}
