package customercare

import "soapbridge/translate/secret"

// The shapes that several operations share. The CreateWorkFlowManager page prints them whole; on the CreateCallLog page they are cut
// off at the depth where ASP.NET stops [source]. The pages show no optionality, so nothing in them is required [decided].

// BaseRequest goes with every request. What is missing the proxy fills in: the user, the time, and the operation id as message id.
type BaseRequest struct {
	// Defaults to the authenticated caller, else to the configured user [decided].
	UserID *string `json:"userId" soap:"UserId" example:"web-frontend"`
	// Defaults to the time of the call, in UTC [decided].
	MessageDateTime *string `json:"messageDateTime" soap:"MessageDateTime" validate:"omitnil,datetime" example:"2026-11-21T09:30:00Z"`
	// Defaults to the operation id, by which the call is found in the vendor's records [decided].
	MessageID  *string     `json:"messageId" soap:"MessageId" example:"7f6c2a90-1"`
	NameValues []NameValue `json:"nameValues" soap:"NameValue"`
}

// NameValue is a pair of the vendor's own making.
type NameValue struct {
	Name  *string `json:"name" soap:"Name" example:"channel"`
	Value *string `json:"value" soap:"Value" example:"web"`
}

// CodeDescription is a code of the vendor's with its meaning.
type CodeDescription struct {
	Code        *string `json:"code" soap:"Code" example:"ATL"`
	Description *string `json:"description" soap:"Description" example:"Atlanta"`
}

// Phone is a telephone or fax number. The page has a PreferredCallbackTime too, a complex type that it does not show: it is not
// offered and never sent [decided].
type Phone struct {
	PhoneType     *string `json:"phoneType" soap:"PhoneType" example:"HOME"`
	Phone         *string `json:"phone" soap:"Phone" example:"4045550100"`
	Extension     *string `json:"extension" soap:"Extension" example:"012"`
	DoNotCallFlag *bool   `json:"doNotCallFlag" soap:"DoNotCallFlag" example:"false"`
}

// Email is an address with its type. The page gives the type as "bytes", which is how ASP.NET prints an anonymous simple type, in
// practice a hidden enumeration: the token is passed through and is not base64 [source].
type Email struct {
	// A token of an enumeration that the page does not show: no white space around it, and no runs inside [source].
	EmailType *string `json:"emailType" soap:"EmailType" validate:"omitnil,token" example:"PERSONAL"`
	Email     *string `json:"email" soap:"Email" example:"jane.doe@example.com"`
}

// DriverLicense is a driving licence.
type DriverLicense struct {
	// A secret: no log, answer or record holds it [decided].
	Number         *secret.Secret `json:"number" soap:"Number" example:"058123456"`
	State          *string        `json:"state" soap:"State" example:"GA"`
	Birthday       *string        `json:"birthday" soap:"Birthday" validate:"omitnil,date" example:"1980-02-29"`
	IssuedDate     *string        `json:"issuedDate" soap:"IssuedDate" validate:"omitnil,date" example:"2020-01-31"`
	ExpirationDate *string        `json:"expirationDate" soap:"ExpirationDate" validate:"omitnil,date" example:"2028-01-31"`
}

// Address is a postal address.
type Address struct {
	AddressType        *string `json:"addressType" soap:"AddressType" example:"MAILING"`
	AddressKey         *string `json:"addressKey" soap:"AddressKey" example:"000123"`
	AddressLineCode    *string `json:"addressLineCode" soap:"AddressLineCode" example:"1"`
	PreStreetDirection *string `json:"preStreetDirection" soap:"PreStreetDirection" example:"N"`
	AddressLine1       *string `json:"addressLine1" soap:"AddressLine1" example:"241 Ralph McGill Blvd"`
	AddressLine2       *string `json:"addressLine2" soap:"AddressLine2" example:"Apt 2"`
	AddressLine3       *string `json:"addressLine3" soap:"AddressLine3" example:"c/o Doe"`
	AddressLine4       *string `json:"addressLine4" soap:"AddressLine4" example:"Rear entrance"`
	AddressCompressed  *string `json:"addressCompressed" soap:"AddressCompressed" example:"241RALPHMCGILLBLVD"`
	StreetType         *string `json:"streetType" soap:"StreetType" example:"BLVD"`
	PostStreetDir      *string `json:"postStreetDirection" soap:"PostStreetDirection" example:"NE"`
	City               *string `json:"city" soap:"City" example:"Atlanta"`
	State              *string `json:"state" soap:"State" example:"GA"`
	Zip                *string `json:"zip" soap:"Zip" example:"03030"`
	CountryCode        *string `json:"countryCode" soap:"CountryCode" example:"US"`
	CountyCode         *string `json:"countyCode" soap:"CountyCode" example:"060"`
	CountyName         *string `json:"countyName" soap:"CountyName" example:"Fulton"`
	RuralOrUrbanCode   *string `json:"ruralOrUrbanCode" soap:"RuralOrUrbanCode" example:"U"`
	AddressStatusCode  *string `json:"addressStatusCode" soap:"AddressStatusCode" example:"A"`
	StartDate          *string `json:"startDate" soap:"StartDate" validate:"omitnil,date" example:"2024-01-01"`
	EndDate            *string `json:"endDate" soap:"EndDate" validate:"omitnil,date" example:"2030-12-31"`
	Notes              *string `json:"notes" soap:"Notes" example:"Ring twice"`
}

// Contact is a person or an organisation.
type Contact struct {
	ContactType      *string `json:"contactType" soap:"ContactType" example:"CUSTOMER"`
	Prefix           *string `json:"prefix" soap:"Prefix" example:"Ms"`
	FirstName        *string `json:"firstName" soap:"FirstName" example:"Jane"`
	MiddleInitial    *string `json:"middleInitial" soap:"MiddleInitial" example:"Q"`
	LastName         *string `json:"lastName" soap:"LastName" example:"Doe"`
	Suffix           *string `json:"suffix" soap:"Suffix" example:"Jr"`
	FullName         *string `json:"fullName" soap:"FullName" example:"Jane Q Doe"`
	PrimaryContact   *Phone  `json:"primaryContact" soap:"PrimaryContact"`
	SecondaryContact *Phone  `json:"secondaryContact" soap:"SecondaryContact"`
	Email            *Email  `json:"email" soap:"Email"`
	CreatedDate      *string `json:"createdDate" soap:"CreatedDate" validate:"omitnil,date" example:"2026-11-21"`
	Memo             *string `json:"memo" soap:"Memo" example:"Prefers e-mail"`
	// A secret: no log, answer or record holds it [decided].
	SSN                    *secret.Secret  `json:"ssn" soap:"SSN" example:"000-12-3456"`
	CSRID                  *string         `json:"csrId" soap:"CSRId" example:"CSR042"`
	CriticalContactFlag    *bool           `json:"criticalContactFlag" soap:"CriticalContactFlag" example:"true"`
	StatusCode             *string         `json:"statusCode" soap:"StatusCode" example:"A"`
	CriticalExpirationDate *string         `json:"criticalExpirationDate" soap:"CriticalExpirationDate" validate:"omitnil,date" example:"2027-06-30"`
	Addresses              []Address       `json:"addresses" soap:"Address" validate:"dive"`
	OtherPhones            []Phone         `json:"otherPhones" soap:"OtherPhone"`
	Faxes                  []Phone         `json:"faxes" soap:"Fax"`
	EmployerName           *string         `json:"employerName" soap:"EmployerName" example:"Example Corp"`
	DriverLicenses         []DriverLicense `json:"driverLicenses" soap:"DriverLicense" validate:"dive"`
}

// BaseResponse comes with every answer.
type BaseResponse struct {
	MessageDateTime *string `json:"messageDateTime,omitempty" soap:"MessageDateTime" example:"2026-11-21T09:30:01Z"`
	// An answer without one is not a success [decided].
	ResponseCode        string     `json:"responseCode" soap:"ResponseCode" validate:"required" example:"0"`
	ResponseDescription *string    `json:"responseDescription,omitempty" soap:"ResponseDescription,free" example:"Success"`
	ErrorData           *errorData `json:"-" soap:"ErrorData,anyspace"`
}

// errorData becomes a problem, never part of a result. It counts in whatever namespace it stands, because an error that is overlooked would
// be a success: services are known to put it into their own.
type errorData struct {
	ErrorCode         *string `json:"-" soap:"ErrorCode,anyspace"`
	ErrorDescription  *string `json:"-" soap:"ErrorDescription,anyspace,free"`
	NativeErrorDetail *string `json:"-" soap:"NativeErrorDetail,anyspace,free"`
}

// ReplyCode is a code of the vendor's with its meaning, in an answer.
type ReplyCode struct {
	Code        *string `json:"code,omitempty" soap:"Code" example:"0"`
	Description *string `json:"description,omitempty" soap:"Description,free" example:"None"`
}
