package customercare

import (
	"soapbridge/translate"
	"soapbridge/translate/validation"
)

// CreateWorkFlowManager, on the page "Create Workflow Manager (WFM)", opens a work item. Its page prints the shared shapes in full.

// CreateWorkFlowManagerRequest asks for a work item. At least one of accountNumber, premiseNumber and customerNumber says for whom
// [decided].
type CreateWorkFlowManagerRequest struct {
	BaseRequest *BaseRequest `json:"baseRequest" soap:"BaseRequest"`
	// At least one of accountNumber, customerNumber and premiseNumber is required [decided].
	AccountNumber *string `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	// See accountNumber.
	PremiseNumber *string `json:"premiseNumber" soap:"PremiseNumber" example:"0000004711"`
	// See accountNumber.
	CustomerNumber  *string          `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	WorkItemType    WorkItemType     `json:"workItemType" soap:"WorkItemType"`
	Requestor       *Contact         `json:"requestor" soap:"Requestor"`
	OperatingCenter *CodeDescription `json:"operatingCenter" soap:"OperatingCenter"`
}

// WorkItemType says what is to be done.
type WorkItemType struct {
	// Required: a work item without a type is none [decided].
	Code        string  `json:"code" soap:"Code" validate:"required,notblank" example:"MOVE"`
	Description *string `json:"description" soap:"Description" example:"Move of a meter"`
}

// SchemaRules says the rule of createWorkFlowManager.
func (CreateWorkFlowManagerRequest) SchemaRules() string {
	return validation.RequireOneOfSchema("accountNumber", "customerNumber", "premiseNumber")
}

// CreateWorkFlowManagerResponse says that the work item was opened.
type CreateWorkFlowManagerResponse struct {
	translate.Answer `soap:"-"`

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
	return define(c, translate.Definition[CreateWorkFlowManagerRequest, CreateWorkFlowManagerResponse]{
		Name:   "CreateWorkFlowManager",
		Path:   "/v1/customercare/workflows",
		Status: translate.StatusCreated,
		Rules: func(r *CreateWorkFlowManagerRequest, report *validation.Report) {
			report.RequireOneOf("", // [decided]
				validation.Member{Name: "accountNumber", Value: r.AccountNumber},
				validation.Member{Name: "customerNumber", Value: r.CustomerNumber},
				validation.Member{Name: "premiseNumber", Value: r.PremiseNumber})
		},
		Fill: func(r *CreateWorkFlowManagerRequest, env translate.Env) { fillBase(&r.BaseRequest, c, env) },
		Outcome: func(r *CreateWorkFlowManagerResponse, sent *translate.Sent) *translate.Error {
			return c.outcome(r.BaseResponse, sent)
		},
		FreeText: func(r *CreateWorkFlowManagerResponse) []*string { return r.BaseResponse.freeText() },
		Example:  `{"accountNumber": "0123456789", "workItemType": {"code": "MOVE"}, "requestor": {"firstName": "Jane", "lastName": "Doe"}}`,
	}, "createWFMRequest")
}
