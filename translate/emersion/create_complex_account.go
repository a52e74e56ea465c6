package emersion

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// CreateComplexAccount, on the page "API/Services/CreateAccount", creates an account as a child of the caller's.

// CreateComplexAccountRequest is the account. It gets the provider's default profile (note 15).
type CreateComplexAccountRequest struct {
	// Username of the licencee; the page does not explain it.
	LicenceeUsername *string `json:"licenceeUsername" soap:"LicenceeUsername" example:"reseller@example.com.au"`
	// Kind of account: exactly "End User" [note 8]. Error 25.
	AccountType string `json:"accountType" soap:"AccountType" validate:"required,notblank,oneof='End User'" example:"End User"`
	// Person whom the account is for, and the login of the account.
	PrimaryContact PrimaryContact `json:"primaryContact" soap:"PrimaryContact"`
	// Whether the account is for an individual or an organisation.
	AccountContactType AccountContactType `json:"accountContactType" soap:"AccountContactType"`
	// Organisation that the account is for.
	AccountOrganisation *AccountOrganisation `json:"accountOrganisation" soap:"AccountOrganisation"`
	// Contact for the bills; the vendor ignores one without a title [note 17].
	BillingContact *BillingContact `json:"billingContact" soap:"BillingContact"`
	// Reference of the account, stored with it as visible text [note 14]: the proxy never fills it in.
	AccountReference *string `json:"accountReference" soap:"AccountReference" example:"web-2026-000123"`
}

// PrimaryContact is the person whom the account is for, and the user who may log in.
type PrimaryContact struct {
	// Name, address, phone numbers and e-mail address of the person.
	Detail ContactDetail `json:"detail" soap:"Detail"`
	// Login to Cumulus, the vendor's system.
	CumulusUser CumulusUser `json:"cumulusUser" soap:"CumulusUser"`
}

// CumulusUser is the login of the account.
type CumulusUser struct {
	// Name to log in with, fully qualified as in username@domain.com.au [note 9], with a domain name in ASCII. Errors 45, 27, 26, 28; 29 when it is
	// in use.
	UserName string `json:"userName" soap:"UserName" validate:"required,notblank" example:"j.doe@example.com.au"`
	// Password to log in with: at least 6 characters [note 10]. Error 46.
	Password secret.Secret `json:"password" soap:"Password" validate:"required,notblank,min=6" example:"correct horse"`
}

// BillingContact is optional. The vendor ignores it without a title (note 17), so here the title is required when anything is given;
// then the same list is checked as for the primary contact.
type BillingContact struct {
	// Name, address, phone numbers and e-mail address of the contact.
	Detail ContactDetail `json:"detail" soap:"Detail"`
}

// ContactDetail is a contact. Errors 34 to 44, prefixed with the contact.
type ContactDetail struct {
	// Title before the name, such as Ms. Error 34.
	Title string `json:"title" soap:"Title" validate:"required,notblank" example:"Ms"`
	// Given name of the person. Error 35.
	FirstName string `json:"firstName" soap:"FirstName" validate:"required,notblank" example:"Jane"`
	// Family name of the person. Error 36.
	LastName string `json:"lastName" soap:"LastName" validate:"required,notblank" example:"Doe"`
	// First line of the address, such as the house number and the street. Error 37.
	AddressLine1 string `json:"addressLine1" soap:"AddressLine1" validate:"required,notblank" example:"1 Main St"`
	// Second line of the address.
	AddressLine2 *string `json:"addressLine2" soap:"AddressLine2" example:"Level 2"`
	// Third line of the address.
	AddressLine3 *string `json:"addressLine3" soap:"AddressLine3" example:"Rear"`
	// Suburb, town or city of the address. Error 38.
	Suburb string `json:"suburb" soap:"Suburb" validate:"required,notblank" example:"Melbourne"`
	// State of the address: in Australia a state by name or code (ACT, NSW, NT, QLD, SA, TAS, VIC, WA), in any letter case; Other or oth for any
	// other country [notes 18 to 20]. The vendor checks nothing by country [note 21]; the proxy refuses another state [decided]. Error 39.
	State string `json:"state" soap:"State" validate:"required,notblank" example:"VIC"`
	// Postal code, as text: four digits in Australia, never checked against the state [decided]. Error 40.
	Postcode string `json:"postcode" soap:"Postcode" validate:"required,notblank" example:"3000"`
	// Country of the address: a name or a code [note 18]; Australia, AU and AUS are Australia. Error 41.
	Country string `json:"country" soap:"Country" validate:"required,notblank" example:"Australia"`
	// E-mail address: one @ with text on both sides [decided]. Error 42.
	EmailAddress string `json:"emailAddress" soap:"EmailAddress" validate:"required,notblank" example:"jane.doe@example.com.au"`
	// Phone number: digits, spaces, + - ( ) and an extension [decided]. Error 43.
	PhoneNumber string `json:"phoneNumber" soap:"PhoneNumber" validate:"required,notblank" example:"+61 3 9000 0000"`
	// Mobile phone number; its form is not checked.
	MobileNumber *string `json:"mobileNumber" soap:"MobileNumber" example:"0400 000 000"`
	// Fax number; its form is not checked.
	FaxNumber *string `json:"faxNumber" soap:"FaxNumber" example:"+61 3 9000 0001"`
	// Website of the person or organisation: an http(s) URL or a host name [decided]. Error 44.
	Website *string `json:"website" soap:"Website" example:"https://www.example.com.au"`
}

// AccountContactType says what kind of customer the account is for.
type AccountContactType struct {
	// Kind of customer that the account is for [note 11]. Errors 30 when it is missing, 31 when it is none of these.
	Type string `json:"type" soap:"Type" validate:"required,notblank,oneof=Individual Organisation Org" example:"Individual"`
}

// AccountOrganisation is the organisation that the account is for.
type AccountOrganisation struct {
	// Name of the organisation. Required when accountContactType.type is Organisation or Org. Error 32.
	OrgName *string `json:"orgName" soap:"OrgName" example:"Example Pty Ltd"`
	// Name under which the organisation trades.
	OrgTradingName *string `json:"orgTradingName" soap:"OrgTradingName" example:"Example"`
	// The vendor's number for the kind of organisation. An integer; absent means the vendor's default, 29 for a company [note 16]. Error 33.
	OrgType *int64 `json:"orgType" soap:"OrgType" example:"29"`
	// Identifier of the organisation, of the type that orgIdentifierType names [note 13]; required with orgIdentifierType. The digits of an
	// ABN, ACN or TFN are counted and checked unless this proxy is configured to be lenient, and their spaces are not sent; an RBN has at most
	// 20 characters [decided].
	OrgIdentifier *secret.Secret `json:"orgIdentifier" soap:"OrgIdentifier" example:"51 824 753 556"`
	// Type of orgIdentifier [note 12]; required with orgIdentifier [decided].
	OrgIdentifierType *string `json:"orgIdentifierType" soap:"OrgIdentifierType" validate:"omitnil,oneof=ABN ACN RBN TFN" example:"ABN"`
}

// CreateComplexAccountResponse says which account was created.
type CreateComplexAccountResponse struct {
	translate.Answer `soap:"-"`

	// The vendor's id of the new account.
	AccountID string `json:"accountId" soap:"AccountID" validate:"required" example:"399301"`
}

// An AccountID [decided] is a number, as the 399301 of the page, or a short word. A script writes null, false and errors into the same place.
var (
	accountNumber = regexp.MustCompile(`^[0-9]+$`)
	accountWord   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	noAccount     = regexp.MustCompile(`^(?i:[0._-]+|null|nil|none|false|error)$`)
)

// checkAccountID makes sure that an account is behind the answer.
func checkAccountID(reply record.Object, sent *translate.Sent) *translate.Error {
	switch id := reply.Value(0).Text(); {
	case id == "":
		return translate.Unknown(errors.New("the reply has no AccountID"))
	case noAccount.MatchString(id), !accountNumber.MatchString(id) && !accountWord.MatchString(id):
		return translate.Unknown(fmt.Errorf("the reply's AccountID cannot be one: %q", sent.Safe(id)))
	}
	return nil
}

// rulesBetween are those between members.
func (c Config) rulesBetween() []rules.On {
	return []rules.On{
		{Object: "primaryContact/cumulusUser", Rules: []rules.Rule{userNameRule}},
		{Object: "primaryContact/detail", Rules: contactRules(primaryDetail)},
		// The vendor ignores a billing contact without a title; see ignoredBilling.
		{Object: "billingContact/detail", When: &rules.Condition{Member: "title", Text: true}, Rules: contactRules(billingDetail)},
		{Rules: []rules.Rule{
			rules.RequireWhen("accountOrganisation/orgName", rules.Condition{Member: "accountContactType/type", In: []string{"Organisation", "Org"}}, wordingOf(32, "", "")),
		}},
		{Object: "accountOrganisation", Rules: c.organisationRules()},
	}
}

// ignoredBilling treats a contact without a title as the vendor does, who ignores it: except that losing it is refused.
func ignoredBilling(s *shape.Shape) (func(*record.Record, *record.Report), error) {
	f := shape.Finder{Shape: s}
	contact, detail, title := f.Find("billingContact"), f.Find("billingContact/detail"), f.Find("billingContact/detail/title")
	return func(r *record.Record, report *record.Report) {
		value := r.Root().Find(title)
		if !r.Root().Find(contact).Present() || value.Unreadable() || !rules.Blank(value.Text()) {
			return
		}
		report.Drop(func(v translate.Violation) bool {
			return v.Code == record.Required && strings.HasPrefix(v.Pointer, billingDetail)
		})
		if isEmpty(r.Root().Find(detail)) && report.Within("/billingContact") {
			return // an empty object, or one whose members are unknown: reported as such
		}
		report.Add(translate.Violation{
			Pointer: billingDetail + "/title", Code: "emersion-billing-ignored",
			Detail: "The vendor silently ignores a billing contact without a title. Give a title, or leave the billing contact out.",
		})
	}, f.Err
}

func isEmpty(object record.Value) bool {
	if !object.Present() {
		return true
	}
	o := object.Object()
	for i := range o.Shape().Fields {
		if v := o.Value(i); v.Present() || v.Unreadable() {
			return false
		}
	}
	return true
}

// createComplexAccount is the operation.
//
//	@ID				CreateComplexAccount
//	@Tags			Emersion
//	@Summary		Create an account with its login
//	@Description	Creates an account as a child of the caller's. The account gets the provider's default profile [note 15].
//	@Description	The vendor's numbered errors 25 to 46 are checked before anything is sent, and read out of its faults: either way a caller gets the same place, number and sentence, such as `emersion-27`.
//	@Param			request	body		CreateComplexAccountRequest		true	"The account"
//	@Success		201		{object}	CreateComplexAccountResponse	"The account was created."
//	@Router			/v1/emersion/accounts [post]
func createComplexAccount(c Config) (translate.Operation, error) {
	request, err1 := shape.From[CreateComplexAccountRequest](c.namespace())
	response, err2 := shape.From[CreateComplexAccountResponse](c.namespace())
	if err := errors.Join(err1, err2); err != nil {
		return translate.Operation{}, err
	}
	billing, err1 := ignoredBilling(request)
	plain, err2 := plainIdentifier(request)
	if err := errors.Join(err1, err2); err != nil {
		return translate.Operation{}, err
	}
	return translate.Define(translate.Definition{
		Request:  request,
		Response: response,
		System:   system,
		Name:     "CreateComplexAccount",
		Path:     "/v1/emersion/accounts",
		Status:   translate.StatusCreated,
		Version:  soap.V11,
		Binding: soap.Binding{
			Namespace:      c.namespace(),
			Prefix:         "ser",
			EnvelopePrefix: map[soap.Version]string{soap.V11: "soapenv"},
			Request:        soap.Within(c.namespace(), "CreateComplexAccount"),
			Action:         c.SOAPAction,
			// Not CreateComplexAccountResponse [page].
			Reply:            []xml.Name{{Space: c.namespace(), Local: "CreateAccountResponse"}},
			ReplyByLocalName: true, // the page's reply is not well-formed, and says nothing certain of namespaces
		},
		Limits:     c.Limits,
		Security:   c.Security,
		Addressing: c.Addressing,
		Rules:      c.rulesBetween(),
		LastRule:   billing,
		Rename:     rename,
		Fill:       plain,
		Judge:      checkAccountID,
		Fault:      fault,
		Errors:     numberedErrors(),
		Secrets:    c.Secrets,
		Example: `{"accountType": "End User",
 "primaryContact": {
  "detail": {"title": "Ms", "firstName": "Jane", "lastName": "Doe", "addressLine1": "1 Main St", "suburb": "Melbourne", "state": "VIC",
   "postcode": "3000", "country": "Australia", "emailAddress": "jane.doe@example.com.au", "phoneNumber": "+61 3 9000 0000"},
  "cumulusUser": {"userName": "jane.doe@example.com.au", "password": "correct horse"}},
 "accountContactType": {"type": "Individual"}}`,
	})
}

// plainIdentifier takes the spaces out of an ABN, ACN or TFN: they are how people write it, not part of it. An RBN is free text.
func plainIdentifier(s *shape.Shape) (func(*record.Record, translate.Env), error) {
	f := shape.Finder{Shape: s}
	identifier, kind := f.Find("accountOrganisation/orgIdentifier"), f.Find("accountOrganisation/orgIdentifierType")
	return func(r *record.Record, _ translate.Env) {
		if v := r.Root().Find(identifier); v.Present() && r.Root().Find(kind).Text() != "RBN" {
			r.SetText(identifier, withoutSpaces(v.Text()))
		}
	}, f.Err
}
