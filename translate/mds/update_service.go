package mds

import "soapbridge/translate"

// UpdateService, on the page of that name and in the vendor's schema (UpdateServiceType, UpdateServiceBasicType), changes the details of a
// service. No rule between members is checked here: the schema states none.

// UpdateServiceRequest is UpdateServiceData of the schema, in the service's namespace. Everything inside is in none [source].
type UpdateServiceRequest struct {
	// Reference by which the caller matches request and response; the vendor returns it unmodified [page]. 1 to 69 characters [source].
	// Defaults to the operation id, by which the call is found in the vendor's records [decided].
	ExternalReference *string `json:"externalReference" soap:"ExternalReference" validate:"omitnil,min=1,max=69" example:"web-2026-000123"`
	// What the service is on: Subscription, Account or Agreement [source], in any letter case; upper case on the wire.
	CustomerLevel string `json:"customerLevel" soap:"CustomerLevel" validate:"required,notblank,oneofci=ACCOUNT SUBSCRIPTION AGREEMENT" example:"SUBSCRIPTION"`
	// Number of what the service is on. At most 8 characters [source].
	CustomerLevelReference string `json:"customerLevelReference" soap:"CustomerLevelReference" validate:"required,notblank,max=8" example:"00000042"`
	// Code of the service that is changed. At most 6 characters [source].
	ServiceCode string `json:"serviceCode" soap:"ServiceCode" validate:"required,notblank,max=6" example:"LINECH"`
	// Effective date of the service that is changed, by which it is found together with number and code [page]: YYYY-MM-DD, and YYYY-MM-DDZ on
	// the wire, as in CreateService [decided].
	EffectiveDate string `json:"effectiveDate" soap:"EffectiveDate,utc" validate:"required,notblank,date" example:"2026-12-01"`
	// What is changed [source].
	UpdateServiceBasic *UpdateServiceBasic `json:"updateServiceBasic" soap:"UpdateServiceBasic"`
	// Which user and program made the request, for the vendor's records [source].
	AuditRecord *AuditRecord `json:"auditRecord" soap:"AuditRecord"`
}

// UpdateServiceBasic holds the new details. The schema spells every name with a capital letter, unlike that of CreateService [source].
type UpdateServiceBasic struct {
	// New price of the service; a string, so that it is carried as written; -999999999.99 to 999999999.99, at most 2 fraction digits [source].
	ServicePrice *string `json:"servicePrice" soap:"ServicePrice" validate:"omitnil,decimal=9:2" example:"24.90"`
	// New day on which the service expires: YYYY-MM-DD [source]; YYYY-MM-DDZ on the wire, as in CreateService [decided].
	ExpiryDate *string `json:"expiryDate" soap:"ExpiryDate,utc" validate:"omitnil,date" example:"2027-11-30"`
	// New description of the service. Of any length [source], unlike in CreateService.
	Description *string `json:"description" soap:"Description" example:"Line rental"`
	// New longer description. At most 120 characters [source].
	LongDescription *string `json:"longDescription" soap:"LongDescription" validate:"omitnil,max=120" example:"Monthly rental of the line"`
	// Decides whether the invoice has the contract expiry charge; by its name, true leaves the charge out. As in CreateService [source].
	SuppressRemainingCharge *bool `json:"suppressRemainingCharge" soap:"SuppressRemainingCharge" example:"false"`
	// Reference of the individual service contract. At most 12 characters [source].
	ContractReference *string `json:"contractReference" soap:"ContractReference" validate:"omitnil,max=12" example:"CON-00042"`
	// Number of the sales account. 0 to 99999999 [source].
	SalesAccountNumber *int64 `json:"salesAccountNumber" soap:"SalesAccountNumber" validate:"omitnil,min=0,max=99999999" example:"77"`
	// When the service was last amended: RFC 3339 with a zone, carried as written [source].
	LastAmendedDate string `json:"lastAmendedDate" soap:"LastAmendedDate" validate:"required,notblank,datetime" example:"2026-11-21T09:30:00Z"`
}

// UpdateServiceResponse says that the service was changed.
type UpdateServiceResponse struct {
	translate.Answer `soap:"-"`

	// The externalReference of the request. May be absent [source].
	ExternalReference *string `json:"externalReference,omitempty" soap:"ExternalReference" example:"web-2026-000123"`
}

// updateService is the operation.
//
//	@ID				UpdateService
//	@Tags			MDS
//	@Summary		Change a service of a subscription, an account or an agreement
//	@Description	Changes the details of the service that customer level, reference, service code and effective date name.
//	@Description	The errors of a ValidationFault become one entry each, with the code `mds-<MessageId>`.
//	@Param			request	body		UpdateServiceRequest	true	"The service and its new details"
//	@Success		200		{object}	UpdateServiceResponse	"The service was changed."
//	@Router			/v1/mds/service-changes [post]
func updateService(c Config) (translate.Operation, error) {
	return define[UpdateServiceRequest, UpdateServiceResponse](c, translate.Definition{
		Name:   "UpdateService",
		Path:   "/v1/mds/service-changes",
		Status: translate.StatusOK,
		Example: `{"customerLevel": "SUBSCRIPTION", "customerLevelReference": "00000042", "serviceCode": "LINECH", "effectiveDate": "2026-12-01",
 "updateServiceBasic": {"servicePrice": "24.90", "lastAmendedDate": "2026-11-21T09:30:00Z"}}`,
	}, own{wrapper: "UpdateServiceData", level: "customerLevel"})
}
