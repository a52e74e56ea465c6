package mds

import (
	"soapbridge/translate"
	"soapbridge/translate/rules"
)

// CreateService, on the page "The CreateService web service", puts a service on a subscription or an agreement.

// CreateServiceRequest is the outer ServiceData of the page, the one in the service's namespace. Everything inside is in none.
type CreateServiceRequest struct {
	// Reference by which the caller matches request and response; the vendor returns it unmodified. String69 [page]; the schema wants at least
	// one character [source]. Defaults to the operation id, by which the call is found in the vendor's records [decided].
	ExternalReference *string `json:"externalReference" soap:"ExternalReference" validate:"omitnil,min=1,max=69" example:"web-2026-000123"`
	// The service, and what it is put on.
	ServiceData ServiceData `json:"serviceData" soap:"ServiceData"`
	// Which user and program made the request, for the vendor's records.
	AuditRecord *AuditRecord `json:"auditRecord" soap:"AuditRecord"`
}

// ServiceData is the service. The page's sample writes some names with a small letter and its table all with a capital one: the
// sample is right [source].
type ServiceData struct {
	// What the service is put on. Subscription or Account [page], or Agreement [source], in any letter case; upper case on the wire.
	CustomerLevel string `json:"customerLevel" soap:"CustomerLevel" validate:"required,notblank,oneofci=SUBSCRIPTION ACCOUNT AGREEMENT" example:"ACCOUNT"`
	// Number of what the service is put on. String8 [page]; "Subscription Number or Agreement Number depending on Customer Level value".
	CustomerLevelReference string `json:"customerLevelReference" soap:"CustomerLevelReference" validate:"required,notblank,max=8" example:"00000042"`
	// Day from which the service is effective: YYYY-MM-DD, and YYYY-MM-DDZ on the wire [page].
	EffectiveDate string `json:"effectiveDate" soap:"effectiveDate,utc" validate:"required,notblank,date" example:"2026-12-01"`
	// Day on which the service expires: YYYY-MM-DD, and YYYY-MM-DDZ on the wire [page]; not before effectiveDate [decided].
	ExpiryDate *string `json:"expiryDate" soap:"expiryDate,utc" validate:"omitnil,date" example:"2027-11-30"`
	// Code of the service as it appears on the invoice. String6; mandatory in the page's table, not in its sample
	// [decided].
	ServiceCode string `json:"serviceCode" soap:"serviceCode" validate:"required,notblank,max=6" example:"LINECH"`
	// Sales person or sales channel, such as a dealer or a call centre, that processed the connection. Integer8 [page].
	SalesPersonID *int64 `json:"salesPersonId" soap:"salesPersonId" validate:"omitnil,min=0,max=99999999" example:"1042"`
	// Number of the sales person or sales channel through which the upgrade was ordered. Integer8 [page].
	SalesAccountReference *int64 `json:"salesAccountReference" soap:"salesAccountReference" validate:"omitnil,min=0,max=99999999" example:"77"`
	// Price of the service; absent means the default of the vendor's configuration. "Currency - Decimal" [page]; a string, so that it is
	// carried as written; -999999999.99 to 999999999.99 [decided].
	ServicePrice *string `json:"servicePrice" soap:"ServicePrice" validate:"omitnil,decimal=9:2" example:"19.90"`
	// Description of the service for the subscriber; absent means the default of the vendor's configuration. String30 [page]: the table's 30,
	// where its text says "less than 30". Refused when customerLevel is AGREEMENT: the page says that it would be ignored [decided].
	Description *string `json:"description" soap:"Description" validate:"omitnil,max=30" example:"Line rental"`
	// Longer descriptive text of the service. "120-characters" [page].
	LongDescription *string `json:"longDescription" soap:"LongDescription" validate:"omitnil,max=120" example:"Monthly rental of the line"`
	// Service agreement of the account. String8; "may be supplied when the customer level is Account" [page], and refused otherwise [decided].
	AccountServiceAgreement *string `json:"accountServiceAgreement" soap:"AccountServiceAgreement" validate:"omitnil,max=8" example:"A0000007"`
	// Decides whether the invoice has the contract expiry charge [page]; by its name, true leaves the charge out.
	SuppressRemainingCharge *bool `json:"suppressRemainingCharge" soap:"SuppressRemainingCharge" example:"false"`
	// Reference id of the individual service contract. String12 [page].
	ContractReference *string `json:"contractReference" soap:"ContractReference" validate:"omitnil,max=12" example:"CON-00042"`
	// Name of the discount consolidated service that is applied to the subscription's service. String6 [page].
	PriceConsolidationService *string `json:"priceConsolidationService" soap:"PriceConsolidationService" validate:"omitnil,max=6" example:"CONS01"`
}

// AuditRecord says who did it. Both members are required when it is there [page].
type AuditRecord struct {
	// User id that is added to the records that are created. String10 [page].
	UserID string `json:"userId" soap:"UserID" validate:"required,notblank,max=10" example:"JOHNRY"`
	// Name that identifies the calling application, the same in all its requests. String10 [page].
	Program string `json:"program" soap:"Program" validate:"required,notblank,max=10" example:"WEBSHOP"`
}

// CreateServiceResponse says that the service was created.
type CreateServiceResponse struct {
	translate.Answer `soap:"-"`

	// The externalReference of the request. May be absent, although the page's table says Mandatory [source].
	ExternalReference *string `json:"externalReference,omitempty" soap:"ExternalReference" example:"web-2026-000123"`
}

// serviceRules are those between the members of the service.
var serviceRules = []rules.Rule{
	rules.NotBefore("expiryDate", "effectiveDate", "The expiry date may not be before the effective date."), // [decided]
	// "should not be populated for Agreement Services. If supplied, the value will not be applied" [page]: refused rather than lost [decided].
	rules.ForbidWhen("description", rules.Condition{Member: "customerLevel", In: []string{"AGREEMENT"}, AnyCase: true},
		"The vendor would ignore a description when customerLevel is AGREEMENT. Leave it out."),
	// "May be supplied when the customer level is Account" [page]; refused otherwise [decided].
	rules.ForbidWhen("accountServiceAgreement", rules.Condition{Member: "customerLevel", In: []string{"ACCOUNT"}, AnyCase: true, Not: true},
		"This may be given only when customerLevel is ACCOUNT."),
}

// createService is the operation.
//
//	@ID				CreateService
//	@Tags			MDS
//	@Summary		Put a service on a subscription, an account or an agreement
//	@Description	Creates a service for the customer level and reference that are given. `expiryDate` may not be before `effectiveDate`.
//	@Description	The errors of a ValidationFault become one entry each, with the code `mds-<MessageId>`.
//	@Param			request	body		CreateServiceRequest	true	"The service"
//	@Success		201		{object}	CreateServiceResponse	"The service was created."
//	@Router			/v1/mds/services [post]
func createService(c Config) (translate.Operation, error) {
	return define[CreateServiceRequest, CreateServiceResponse](c, translate.Definition{
		Name:    "CreateService",
		Path:    "/v1/mds/services",
		Status:  translate.StatusCreated,
		Rules:   []rules.On{{Object: "serviceData", Rules: serviceRules}},
		Example: `{"serviceData": {"customerLevel": "SUBSCRIPTION", "customerLevelReference": "00000042", "effectiveDate": "2026-12-01", "serviceCode": "LINECH"}}`,
	}, own{wrapper: "ServiceData", level: "serviceData/customerLevel"})
}
