package customercare

import "soapbridge/translate/secret"

// The shapes that several operations share. The CreateWorkFlowManager page prints them whole; on the CreateCallLog page they are cut
// off at the depth where ASP.NET stops [source]. The pages show no optionality, so nothing in them is required [decided].

// BaseRequest goes with every request. What is missing the proxy fills in: the user, the time, and the operation id as message id.
type BaseRequest struct {
	// Id of the user who makes the request. Defaults to the authenticated caller, else to the configured user [decided].
	UserID *string `json:"userId" soap:"UserId" example:"web-frontend"`
	// Time of the request: RFC 3339 with a time zone. Defaults to the time of the call, in UTC [decided].
	MessageDateTime *string `json:"messageDateTime" soap:"MessageDateTime" validate:"omitnil,datetime" example:"2026-11-21T09:30:00Z"`
	// Id of the request. Defaults to the operation id, by which the call is found in the vendor's records [decided].
	MessageID *string `json:"messageId" soap:"MessageId" example:"7f6c2a90-1"`
	// Further values for the vendor, each with its name; the page lists no names.
	NameValues []NameValue `json:"nameValues" soap:"NameValue"`
}

// NameValue is a pair of the vendor's own making.
type NameValue struct {
	// What the value is; the page lists no names.
	Name *string `json:"name" soap:"Name" example:"channel"`
	// The value, as text.
	Value *string `json:"value" soap:"Value" example:"web"`
}

// CodeDescription is a code of the vendor's with its meaning.
type CodeDescription struct {
	// A code of the vendor's; the page lists no values.
	Code *string `json:"code" soap:"Code" example:"ATL"`
	// Meaning of the code, in words.
	Description *string `json:"description" soap:"Description" example:"Atlanta"`
}

// Phone is a telephone or fax number. The page has a PreferredCallbackTime too, a complex type that it does not show: it is not
// offered and never sent [decided].
type Phone struct {
	// Kind of number; the page lists no values.
	PhoneType *string `json:"phoneType" soap:"PhoneType" example:"HOME"`
	// The number, as text: leading zeros matter.
	Phone *string `json:"phone" soap:"Phone" example:"4045550100"`
	// Extension behind the number, as text: leading zeros matter.
	Extension *string `json:"extension" soap:"Extension" example:"012"`
	// Whether this number must not be called.
	DoNotCallFlag *bool `json:"doNotCallFlag" soap:"DoNotCallFlag" example:"false"`
}

// Email is an address with its type. The page prints the type as "bytes", which is how ASP.NET prints an anonymous simple type, in
// practice a hidden enumeration: the token is passed through and is not base64 [source].
type Email struct {
	// Kind of e-mail address. A token of an enumeration that the page does not show: no white space around it, and no runs inside [source].
	EmailType *string `json:"emailType" soap:"EmailType" validate:"omitnil,token" example:"PERSONAL"`
	// The e-mail address; its form is not checked.
	Email *string `json:"email" soap:"Email" example:"jane.doe@example.com"`
}

// DriverLicense is a driving licence.
type DriverLicense struct {
	// Number of the licence, as text. A secret: no log, answer or record holds it [decided].
	Number *secret.Secret `json:"number" soap:"Number" example:"058123456"`
	// State that issued the licence; the page lists no values.
	State *string `json:"state" soap:"State" example:"GA"`
	// Date of birth of the holder: YYYY-MM-DD.
	Birthday *string `json:"birthday" soap:"Birthday" validate:"omitnil,date" example:"1980-02-29"`
	// Day on which the licence was issued: YYYY-MM-DD.
	IssuedDate *string `json:"issuedDate" soap:"IssuedDate" validate:"omitnil,date" example:"2020-01-31"`
	// Day on which the licence expires: YYYY-MM-DD.
	ExpirationDate *string `json:"expirationDate" soap:"ExpirationDate" validate:"omitnil,date" example:"2028-01-31"`
}

// Address is a postal address.
type Address struct {
	// Kind of address; the page lists no values.
	AddressType *string `json:"addressType" soap:"AddressType" example:"MAILING"`
	// The vendor's key of the address.
	AddressKey *string `json:"addressKey" soap:"AddressKey" example:"000123"`
	// Code for the lines of the address; the page lists no values.
	AddressLineCode *string `json:"addressLineCode" soap:"AddressLineCode" example:"1"`
	// Compass direction before the name of the street, such as N.
	PreStreetDirection *string `json:"preStreetDirection" soap:"PreStreetDirection" example:"N"`
	// First line of the address, such as the house number and the street.
	AddressLine1 *string `json:"addressLine1" soap:"AddressLine1" example:"241 Ralph McGill Blvd"`
	// Second line of the address.
	AddressLine2 *string `json:"addressLine2" soap:"AddressLine2" example:"Apt 2"`
	// Third line of the address.
	AddressLine3 *string `json:"addressLine3" soap:"AddressLine3" example:"c/o Doe"`
	// Fourth line of the address.
	AddressLine4 *string `json:"addressLine4" soap:"AddressLine4" example:"Rear entrance"`
	// The address in a compressed form, which the page does not define.
	AddressCompressed *string `json:"addressCompressed" soap:"AddressCompressed" example:"241RALPHMCGILLBLVD"`
	// Kind of street, such as BLVD; the page lists no values.
	StreetType *string `json:"streetType" soap:"StreetType" example:"BLVD"`
	// Compass direction after the name of the street, such as NE.
	PostStreetDir *string `json:"postStreetDirection" soap:"PostStreetDirection" example:"NE"`
	// City or town of the address.
	City *string `json:"city" soap:"City" example:"Atlanta"`
	// State of the address, by name or code; the page lists no values.
	State *string `json:"state" soap:"State" example:"GA"`
	// ZIP code, as text: leading zeros matter.
	Zip *string `json:"zip" soap:"Zip" example:"03030"`
	// Code of the country; the page does not say from which list.
	CountryCode *string `json:"countryCode" soap:"CountryCode" example:"US"`
	// Code of the county; the page lists no values.
	CountyCode *string `json:"countyCode" soap:"CountyCode" example:"060"`
	// Name of the county.
	CountyName *string `json:"countyName" soap:"CountyName" example:"Fulton"`
	// Whether the address is rural or urban, as a code; the page lists no values.
	RuralOrUrbanCode *string `json:"ruralOrUrbanCode" soap:"RuralOrUrbanCode" example:"U"`
	// Status of the address, as a code; the page lists no values.
	AddressStatusCode *string `json:"addressStatusCode" soap:"AddressStatusCode" example:"A"`
	// Day from which the address is used: YYYY-MM-DD.
	StartDate *string `json:"startDate" soap:"StartDate" validate:"omitnil,date" example:"2024-01-01"`
	// Day until which the address is used: YYYY-MM-DD.
	EndDate *string `json:"endDate" soap:"EndDate" validate:"omitnil,date" example:"2030-12-31"`
	// Remarks about the address, as free text.
	Notes *string `json:"notes" soap:"Notes" example:"Ring twice"`
}

// Contact is a person or an organisation.
type Contact struct {
	// Kind of contact; the page lists no values.
	ContactType *string `json:"contactType" soap:"ContactType" example:"CUSTOMER"`
	// Title before the name, such as Ms.
	Prefix *string `json:"prefix" soap:"Prefix" example:"Ms"`
	// Given name of the person.
	FirstName *string `json:"firstName" soap:"FirstName" example:"Jane"`
	// Initial of the middle name.
	MiddleInitial *string `json:"middleInitial" soap:"MiddleInitial" example:"Q"`
	// Family name of the person.
	LastName *string `json:"lastName" soap:"LastName" example:"Doe"`
	// Addition after the name, such as Jr.
	Suffix *string `json:"suffix" soap:"Suffix" example:"Jr"`
	// The whole name, in one text.
	FullName *string `json:"fullName" soap:"FullName" example:"Jane Q Doe"`
	// Phone number to call first.
	PrimaryContact *Phone `json:"primaryContact" soap:"PrimaryContact"`
	// Phone number to call next.
	SecondaryContact *Phone `json:"secondaryContact" soap:"SecondaryContact"`
	// E-mail address, with its type.
	Email *Email `json:"email" soap:"Email"`
	// Day on which the contact was created: YYYY-MM-DD.
	CreatedDate *string `json:"createdDate" soap:"CreatedDate" validate:"omitnil,date" example:"2026-11-21"`
	// Remarks about the contact, as free text.
	Memo *string `json:"memo" soap:"Memo" example:"Prefers e-mail"`
	// Social Security number of the person, as text. A secret: no log, answer or record holds it [decided].
	SSN *secret.Secret `json:"ssn" soap:"SSN" example:"000-12-3456"`
	// Id of the customer service representative (CSR).
	CSRID *string `json:"csrId" soap:"CSRId" example:"CSR042"`
	// Whether the contact is critical; the page does not say what that means.
	CriticalContactFlag *bool `json:"criticalContactFlag" soap:"CriticalContactFlag" example:"true"`
	// Status of the contact, as a code; the page lists no values.
	StatusCode *string `json:"statusCode" soap:"StatusCode" example:"A"`
	// Day on which the contact stops being critical: YYYY-MM-DD.
	CriticalExpirationDate *string `json:"criticalExpirationDate" soap:"CriticalExpirationDate" validate:"omitnil,date" example:"2027-06-30"`
	// Postal addresses of the contact.
	Addresses []Address `json:"addresses" soap:"Address" validate:"dive"`
	// Phone numbers beside primaryContact and secondaryContact.
	OtherPhones []Phone `json:"otherPhones" soap:"OtherPhone"`
	// Fax numbers of the contact.
	Faxes []Phone `json:"faxes" soap:"Fax"`
	// Name of the person's employer.
	EmployerName *string `json:"employerName" soap:"EmployerName" example:"Example Corp"`
	// Driving licences of the person.
	DriverLicenses []DriverLicense `json:"driverLicenses" soap:"DriverLicense" validate:"dive"`
}

// BaseResponse comes with every answer.
type BaseResponse struct {
	// When the vendor answered, as the vendor wrote it: the time zone may be missing.
	MessageDateTime *string `json:"messageDateTime,omitempty" soap:"MessageDateTime" example:"2026-11-21T09:30:01Z"`
	// The vendor's code for the result; the page lists no values. An answer without one is not a success [decided].
	ResponseCode string `json:"responseCode" soap:"ResponseCode" validate:"required" example:"0"`
	// The result in the vendor's words: for people, not for programs.
	ResponseDescription *string    `json:"responseDescription,omitempty" soap:"ResponseDescription,free" example:"Success"`
	ErrorData           *errorData `json:"-" soap:"ErrorData,anyspace"`
}

// errorData becomes a failure, never part of a result. It counts in every namespace, because services are known to put it into their own,
// and an error that is overlooked would be a success.
type errorData struct {
	ErrorCode         *string `json:"-" soap:"ErrorCode,anyspace"`
	ErrorDescription  *string `json:"-" soap:"ErrorDescription,anyspace,free"`
	NativeErrorDetail *string `json:"-" soap:"NativeErrorDetail,anyspace,free"`
}

// ReplyCode is a code of the vendor's with its meaning, in an answer.
type ReplyCode struct {
	// A code of the vendor's; the page lists no values.
	Code *string `json:"code,omitempty" soap:"Code" example:"0"`
	// Meaning of the code, in the vendor's words.
	Description *string `json:"description,omitempty" soap:"Description,free" example:"None"`
}
