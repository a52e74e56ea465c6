package openapi

import (
	_ "embed"
)

// CataloguePath and DecodePath are routes of this package's and of the demo's own.
const (
	CataloguePath = "/v1/operations-catalogue"
	DecodePath    = "/v1/tools/decode"
)

// Catalogue lists what the proxy speaks, from the vendors' pages to the JSON.
type Catalogue struct {
	Operations []CatalogueOperation `json:"operations" validate:"required"`
}

// CatalogueOperation is one operation of a vendor.
type CatalogueOperation struct {
	// The vendor's name.
	Name string `json:"name" validate:"required" example:"CreateService"`
	// The system's name in routes and settings.
	System  string `json:"system" validate:"required" example:"mds"`
	Summary string `json:"summary" validate:"required" example:"Put a service on a subscription, an account or an agreement"`
	Method  string `json:"method" validate:"required" example:"POST"`
	Path    string `json:"path" validate:"required" example:"/v1/mds/services"`
	// What a caller must be granted.
	Scope string `json:"scope" validate:"required" example:"mds:services:create"`
	// The SOAPAction, without quotes; empty where the vendor documents none.
	SOAPAction string `json:"soapAction" validate:"required"`
	// The versions of SOAP that the service speaks.
	SOAPVersions []string `json:"soapVersions" validate:"required" example:"1.1"`
	// The namespace of the operation element.
	Namespace string           `json:"namespace" validate:"required" example:"http://mdsuk.com/ws/dise3g/services/definition"`
	Fields    []CatalogueField `json:"fields" validate:"required"`
}

// CatalogueField is one value of a request.
type CatalogueField struct {
	// JSON Pointer into the request; * stands for any index of an array.
	Pointer string `json:"pointer" validate:"required" example:"/serviceData/customerLevel"`
	// Path of the element inside the Body, by local names.
	Wire string `json:"wire" validate:"required" example:"CreateService/ServiceData/ServiceData/CustomerLevel"`
	Type string `json:"type" validate:"required" enums:"string,boolean,integer" example:"string"`
	// Required wherever the object that it stands in is given.
	Required bool `json:"required" validate:"required" example:"true"`
	// Never shown in any log, answer or record.
	Secret bool `json:"secret,omitempty" example:"false"`
	// What is checked before anything is sent.
	Rule string `json:"rule,omitempty" example:"required, not blank; one of SUBSCRIPTION, ACCOUNT, AGREEMENT, in any letter case"`
	// The rule as it is documented.
	Documentation string `json:"documentation,omitempty" example:"Subscription or Account [page], or Agreement [source], in any letter case; upper case on the wire."`
	// Where it comes from: page (printed on the vendor's page), source (the vendor's own schema), decided (this product's choice), or a note.
	Sources []string `json:"sources" validate:"required" example:"page,source"`
	// The vendor's numbered errors that are about this value.
	Errors []CatalogueError `json:"errors,omitempty"`
}

// CatalogueError is an error that the vendor numbers.
type CatalogueError struct {
	Code     string `json:"code" validate:"required" example:"emersion-25"`
	Sentence string `json:"sentence" validate:"required" example:"Invalid or Missing Account Type"`
}
