package customercare

import (
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// UpdateCustomerPIN, on the page "Update Customer's PIN", changes, deletes, locks or unlocks a PIN.

// UpdateCustomerPINRequest says what to do with whose PIN. At least one of accountNumber and customerNumber says whose [decided].
type UpdateCustomerPINRequest struct {
	BaseRequest *BaseRequest `json:"baseRequest" soap:"BaseRequest"`
	// "UPDATE or DELETE or UNLOCK or LOCK" on the page: an enumeration, in this letter case [source].
	OperationType string `json:"operationType" soap:"OperationType" validate:"required,notblank,oneof=UPDATE DELETE UNLOCK LOCK" example:"UPDATE"`
	// At least one of accountNumber and customerNumber is required [decided].
	AccountNumber *string `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	// See accountNumber.
	CustomerNumber    *string      `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	AccountAccessCode *soap.Secret `json:"accountAccessCode" soap:"AccountAccessCode" example:"007007"`
	// Required when operationType is UPDATE [decided].
	PIN                *soap.Secret `json:"pin" soap:"PIN" example:"0042"`
	Email              *Email       `json:"email" soap:"Email"`
	CorrespondenceType *string      `json:"correspondenceType" soap:"CorrespondenceType" example:"EMAIL"`
}

// UpdateCustomerPINResponse says that it was done.
type UpdateCustomerPINResponse struct {
	translate.Answer `soap:"-"`

	BaseResponse    *BaseResponse `json:"baseResponse,omitempty" soap:"BaseResponse" validate:"required"`
	SevCode         *ReplyCode    `json:"sevCode,omitempty" soap:"SevCode"`
	ExplanationCode *ReplyCode    `json:"explanationCode,omitempty" soap:"ExplanationCode"`
}

// SchemaRules says checkPINRules.
func (UpdateCustomerPINRequest) SchemaRules() string {
	return `{"allOf": [` + validation.RequireOneOfSchema("accountNumber", "customerNumber") + `, {
		"if": {"required": ["operationType"], "properties": {"operationType": {"const": "UPDATE"}}},
		"then": ` + validation.HasText("pin") + `}]}`
}

func checkPINRules(r *UpdateCustomerPINRequest, report *validation.Report) {
	report.RequireOneOf("", // [decided]
		validation.Member{Name: "accountNumber", Value: r.AccountNumber},
		validation.Member{Name: "customerNumber", Value: r.CustomerNumber})
	if r.OperationType == "UPDATE" && (r.PIN == nil || validation.Blank(string(*r.PIN))) { // [decided]
		report.Add(translate.Violation{
			Pointer: "/pin", Code: validation.Required,
			Detail: "The PIN is required when operationType is UPDATE, and may not be empty or only white space.",
			Params: map[string]any{"because": "/operationType"},
		})
	}
}

// judgePIN adds to a refusal what this operation alone answers with.
func (c Config) judgePIN(r *UpdateCustomerPINResponse, sent *translate.Sent) *translate.Error {
	problem := c.outcome(r.BaseResponse, sent, r.SevCode.code(), r.ExplanationCode.code())
	if problem == nil || problem.Code == translate.OutcomeUnknown {
		return problem
	}
	problem.Extensions = map[string]any{}
	for member, code := range map[string]*ReplyCode{"sevCode": r.SevCode, "explanationCode": r.ExplanationCode} {
		if code != nil {
			problem.Extensions[member] = ReplyCode{Code: whole(code.Code, sent), Description: safe(code.Description, sent)}
		}
	}
	return problem
}

// whole keeps a code as it is, or leaves it out: a part of one would be another code.
func whole(s *string, sent *translate.Sent) *string {
	if code := strings.TrimSpace(text(s)); sent.IsPlainCode(code) {
		return &code
	}
	return nil
}

func safe(s *string, sent *translate.Sent) *string {
	if validation.Blank(text(s)) {
		return nil
	}
	shown := sent.Safe(*s)
	return &shown
}

// updateCustomerPIN is the operation.
//
//	@ID				UpdateCustomerPIN
//	@Tags			CustomerCare
//	@Summary		Change, delete, lock or unlock a PIN
//	@Description	Says what to do with whose PIN: at least one of `accountNumber` and `customerNumber` says whose, and `pin` is required when `operationType` is `UPDATE`.
//	@Description	A refusal carries the vendor's `sevCode` and `explanationCode` as members of the problem. PIN and access code are secrets: no log, answer or record holds them.
//	@Param			request	body		UpdateCustomerPINRequest	true	"What to do with the PIN"
//	@Success		200		{object}	UpdateCustomerPINResponse	"It was done."
//	@Router			/v1/customercare/pin-changes [post]
func updateCustomerPIN(c Config) (translate.Operation, error) {
	return define(c, translate.Definition[UpdateCustomerPINRequest, UpdateCustomerPINResponse]{
		Name:    "UpdateCustomerPIN",
		Path:    "/v1/customercare/pin-changes",
		Status:  translate.StatusOK,
		Rules:   checkPINRules,
		Fill:    func(r *UpdateCustomerPINRequest, env translate.Env) { fillBase(&r.BaseRequest, c, env) },
		Outcome: c.judgePIN,
		FreeText: func(r *UpdateCustomerPINResponse) []*string {
			return append(r.BaseResponse.freeText(), r.SevCode.freeText(), r.ExplanationCode.freeText())
		},
		Example: `{"operationType": "UPDATE", "accountNumber": "0123456789", "pin": "0042"}`,
	}, "updateCustomerPINRequest")
}
