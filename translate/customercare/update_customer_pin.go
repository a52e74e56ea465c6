package customercare

import (
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
)

// UpdateCustomerPIN, on the page "Update Customer's PIN", changes, deletes, locks or unlocks a PIN.

// UpdateCustomerPINRequest says what to do with whose PIN. At least one of accountNumber and customerNumber says whose [decided].
type UpdateCustomerPINRequest struct {
	// Who sends the request, when and under which id; the proxy fills in what is missing [decided].
	BaseRequest *BaseRequest `json:"baseRequest" soap:"BaseRequest"`
	// What to do with the PIN. "UPDATE or DELETE or UNLOCK or LOCK" on the page: an enumeration, in this letter case [source].
	OperationType string `json:"operationType" soap:"OperationType" validate:"required,notblank,oneof=UPDATE DELETE UNLOCK LOCK" example:"UPDATE"`
	// Number of the account whose PIN it is, as text: leading zeros matter. At least one of accountNumber and customerNumber is required
	// [decided].
	AccountNumber *string `json:"accountNumber" soap:"AccountNumber" example:"0123456789"`
	// Number of the customer whose PIN it is, as text; see accountNumber.
	CustomerNumber *string `json:"customerNumber" soap:"CustomerNumber" example:"0000815"`
	// Access code of the account, as text: leading zeros matter. A secret: no log, answer or record holds it [decided].
	AccountAccessCode *secret.Secret `json:"accountAccessCode" soap:"AccountAccessCode" example:"007007"`
	// The PIN, as text: leading zeros matter. Required when operationType is UPDATE, and then the new one [decided]. A secret: no log, answer
	// or record holds it [decided].
	PIN *secret.Secret `json:"pin" soap:"PIN" example:"0042"`
	// E-mail address of the change; the page does not say what the vendor uses it for.
	Email *Email `json:"email" soap:"Email"`
	// Kind of correspondence; the page lists no values.
	CorrespondenceType *string `json:"correspondenceType" soap:"CorrespondenceType" example:"EMAIL"`
}

// UpdateCustomerPINResponse says that it was done.
type UpdateCustomerPINResponse struct {
	translate.Answer `soap:"-"`

	// The vendor's answer: the time, a code and its meaning.
	BaseResponse *BaseResponse `json:"baseResponse,omitempty" soap:"BaseResponse" validate:"required"`
	// Severity of the result, as a code of the vendor's.
	SevCode *ReplyCode `json:"sevCode,omitempty" soap:"SevCode"`
	// Explanation of the result, as a code of the vendor's.
	ExplanationCode *ReplyCode `json:"explanationCode,omitempty" soap:"ExplanationCode"`
}

// pinRules are those between the members [decided].
var pinRules = []rules.Rule{
	rules.RequireAnyOf("accountNumber", "customerNumber"),
	rules.RequireWhen("pin", rules.Condition{Member: "operationType", In: []string{"UPDATE"}}, rules.Wording{
		Detail: "The PIN is required when operationType is UPDATE, and may not be empty or only white space.",
	}),
}

// codes adds to a refusal what this operation alone answers with: codes whole or not at all, because a part of one would be another code.
func codes(f *shape.Finder) extension {
	type place struct {
		member                  string
		self, code, description shape.Path
	}
	places := make([]place, 0, 2)
	for _, member := range []string{"sevCode", "explanationCode"} {
		places = append(places, place{member, f.Find(member), f.Find(member + "/code"), f.Find(member + "/description")})
	}
	return func(failure *translate.Error, reply record.Object, sent *translate.Sent) {
		failure.Extensions = map[string]any{}
		for _, p := range places {
			if !reply.Find(p.self).Present() {
				continue
			}
			shown := ReplyCode{}
			if code := reply.Find(p.code).Text(); sent.IsPlainCode(code) {
				shown.Code = &code
			}
			if text := reply.Find(p.description).Text(); !rules.Blank(text) {
				safe := sent.Safe(text)
				shown.Description = &safe
			}
			failure.Extensions[p.member] = shown
		}
	}
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
	return define[UpdateCustomerPINRequest, UpdateCustomerPINResponse](c, translate.Definition{
		Name:    "UpdateCustomerPIN",
		Path:    "/v1/customercare/pin-changes",
		Status:  translate.StatusOK,
		Rules:   []rules.On{{Rules: pinRules}},
		Targets: []string{"accountNumber", "customerNumber"},
		Example: `{"operationType": "UPDATE", "accountNumber": "0123456789", "pin": "0042"}`,
	}, own{wrapper: "updateCustomerPINRequest", extend: codes})
}
