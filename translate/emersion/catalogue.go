package emersion

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// numbered is one line of the page's "Error String" list. The same table numbers the local rules and reads the vendor's faults, so that
// a caller sees the same answer whichever side refused.
type numbered struct {
	number   int
	sentence string // as on the page, without the contact prefix
	// pointer is the place; for a contact's error it is the member of the contact's detail.
	pointer string
	contact bool
	// codes are the local rules that the number stands for at that place.
	codes []record.Code
	// expected is what a text must be there, where the number has one format.
	expected shape.Format
	hint     string // how to fix it; see record.Violation
}

const (
	accountType   = "/accountType"
	userName      = "/primaryContact/cumulusUser/userName"
	password      = "/primaryContact/cumulusUser/password"
	contactType   = "/accountContactType/type"
	orgName       = "/accountOrganisation/orgName"
	orgType       = "/accountOrganisation/orgType"
	primaryDetail = "/primaryContact/detail"
	billingDetail = "/billingContact/detail"
)

var (
	missing  = []record.Code{record.Required}
	wrong    = []record.Code{record.NotInList}
	anything = []record.Code{record.WrongType, record.BadNumber, record.OutOfRange}
)

var catalogue = []numbered{
	{25, "Invalid or Missing Account Type", accountType, false, slices.Concat(missing, wrong), "",
		"Give exactly End User."},
	{26, "Invalid CumulusUser Username", userName, false, nil, shape.FormatUserName,
		"Give one name, one @ and a domain, without spaces, such as jane@example.com.au."},
	{27, `CumulusUser Username does not contain "@"`, userName, false, nil, shape.FormatUserName,
		"Give the name with its domain, such as jane@example.com.au."},
	{28, "CumulusUser Username contains an invalid suffix", userName, false, nil, shape.FormatUserName,
		"Give a domain with a dot behind the @, in ASCII, such as example.com.au."},
	{29, "CumulusUser Username is already in use", userName, false, nil, "",
		"Choose another user name: this one is in use."}, // the vendor alone knows
	{30, "Missing AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'", contactType, false, missing, "",
		"Choose Individual, Organisation or Org."},
	{31, "Invalid AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'", contactType, false, wrong, "",
		"Choose Individual, Organisation or Org, in this letter case."},
	{32, "Missing OrgName. When AccountContactType is 'Organisation' OrgName is required", orgName, false, missing, "",
		"Give the name of the organisation, or choose the type Individual."},
	{33, "Invalid OrgType. If given OrgType value,then it must valid integer. Otherwise leave blank to set default value 29 for org type 'Company'", orgType, false, anything, shape.FormatInteger,
		"Give a whole number, without quotes, or leave it out for a company."},
	{34, "Invalid or Missing Title", "/title", true, missing, "",
		"Give a title, such as Ms."},
	{35, "Invalid or Missing First Name", "/firstName", true, missing, "",
		"Give a first name."},
	{36, "Invalid or Missing Last Name", "/lastName", true, missing, "",
		"Give a last name."},
	{37, "Invalid or Missing Address", "/addressLine1", true, missing, "",
		"Give the first line of the address, such as 1 Main St."},
	{38, "Invalid or Missing Suburb", "/suburb", true, missing, "",
		"Give a suburb, town or city."},
	{39, "Invalid or Missing State", "/state", true, missing, "",
		"Give an Australian state by name or code, such as VIC; for any other country give Other."},
	{40, "Invalid or Missing Postcode", "/postcode", true, missing, "",
		"Give a postcode; in Australia it has four digits, such as 3000."},
	{41, "Invalid or Missing Country", "/country", true, missing, "",
		"Give a country by name or code, such as Australia."},
	{42, "Invalid or Missing Email Address", "/emailAddress", true, missing, shape.FormatEmail,
		"Give an e-mail address with one @ and text on both sides, such as jane@example.com.au."},
	{43, "Invalid or Missing Phone Number", "/phoneNumber", true, missing, shape.FormatPhone,
		"Give a phone number, such as +61 3 9000 0000."},
	{44, "Invalid Website", "/website", true, nil, shape.FormatWebsite,
		"Give an address on the web, such as https://www.example.com.au, or leave it out."},
	{45, "Invalid or Missing CumulusUser Username", userName, false, missing, shape.FormatUserName,
		"Give a user name with its domain, such as jane@example.com.au."},
	{46, "Invalid or Missing Password", password, false, []record.Code{record.Required, record.TooShort}, "",
		"Give a password of at least 6 characters."},
}

// contacts are the two whose errors carry a prefix: the word that a prefix is recognised by, the prefix that is written, the place.
var contacts = []struct{ word, prefix, detail string }{
	{"primary", "PrimaryContact: ", primaryDetail},
	{"billing", "BillingContact: ", billingDetail},
}

// violationAt is the violation of a numbered rule; detail is the place of the contact for a contact's error.
func (n numbered) violationAt(detail string) translate.Violation {
	v := translate.Violation{Code: record.Code(fmt.Sprintf("%s-%d", system, n.number)), Pointer: n.pointer, Detail: n.sentence, Hint: n.hint}.Expecting(n.expected)
	if !n.contact {
		return v
	}
	v.Pointer = ""
	for _, c := range contacts {
		if c.detail == detail {
			v.Pointer, v.Detail = detail+n.pointer, c.prefix+n.sentence
		}
	}
	return v
}

// numberedErrors returns the whole catalogue, each number with its places.
func numberedErrors() []translate.NumberedError {
	list := make([]translate.NumberedError, len(catalogue))
	for i, n := range catalogue {
		v := n.violationAt("")
		list[i] = translate.NumberedError{Code: v.Code, Sentence: v.Detail, Hint: v.Hint, Pointers: []string{n.pointer}}
		if n.contact {
			list[i].Pointers = []string{primaryDetail + n.pointer, billingDetail + n.pointer}
		}
	}
	return list
}

// broken is the violation of the rule with a number; detail as for violationAt.
func broken(number int, detail string) translate.Violation {
	i := slices.IndexFunc(catalogue, func(n numbered) bool { return n.number == number })
	return catalogue[i].violationAt(detail)
}

// wordingOf is what broken says, for a rule by which a text must have a format.
func wordingOf(number int, detail string, expected shape.Format) rules.Wording {
	v := broken(number, detail)
	return rules.Wording{Code: v.Code, Detail: v.Detail, Hint: v.Hint, Expected: expected}
}

// rename replaces the code of a violation of the tags or of the JSON shape by the vendor's number, where the page has one for it.
func rename(v translate.Violation) translate.Violation {
	for _, n := range catalogue {
		detail := ""
		if n.contact {
			detail = strings.TrimSuffix(v.Pointer, n.pointer)
		}
		if at := n.violationAt(detail); at.Pointer == v.Pointer && slices.Contains(n.codes, v.Code) {
			at.Params = v.Params
			return at.Expecting(n.expected)
		}
	}
	return v
}

// sentence is one of the vendor's.
type sentence struct {
	text      string
	violation translate.Violation
	known     bool // to the catalogue
}

// longestLine bounds the line that is taken apart, in bytes: all sentences of the catalogue together are shorter.
const longestLine = 4 << 10

// mostJoined bounds the places where a line is taken apart: there are 22 sentences, and some have a comma.
const mostJoined = 40

var joint = regexp.MustCompile(`[,;] ?`)

// sentences takes a line apart where the vendor joined several sentences. People write commas, too: what the catalogue does not know stays
// together, and so does a numbered sentence with its explanation.
func sentences(line string) (list []sentence) {
	if len(line) > longestLine || len(joint.FindAllStringIndex(line, mostJoined+1)) > mostJoined {
		return []sentence{{text: line}}
	}
	begin := 0 // of the last one in the list
	for from := 0; from < len(line); {
		to, next := len(line), len(line)
		if at := joint.FindStringIndex(line[from:]); at != nil {
			to, next = from+at[0], from+at[1]
		}
		part := sentence{text: line[from:to]}
		part.violation, part.known = recognise(part.text)
		if last := len(list) - 1; last >= 0 && !part.known && list[last].continues(line[begin:to]) {
			list[last].text = line[begin:to]
		} else {
			list, begin = append(list, part), from
		}
		from = next
	}
	return list
}

// continues reports whether a text, which begins with s, is still the same sentence: unknown words behind unknown ones, or the explanation
// behind a numbered sentence's first full stop.
func (s sentence) continues(text string) bool {
	if !s.known {
		return true
	}
	again, ok := recognise(text)
	return ok && again.Code == s.violation.Code && strings.Contains(s.text, ". ")
}

// recognise finds the numbered error that a sentence of the vendor's is. The wording varies: the page's own example leaves
// "CumulusUser" out, and a contact's prefix is whatever the vendor's code calls the contact.
func recognise(sentence string) (translate.Violation, bool) {
	colon := strings.LastIndexByte(sentence, ':')
	prefix, rest := sentence[:max(colon, 0)], sentence[colon+1:]
	detail := contactIn(prefix)
	for _, n := range catalogue {
		if n.contact && n.matches(rest) || detail == "" && n.matches(sentence) {
			return n.violationAt(detail), true
		}
	}
	return translate.Violation{}, false
}

// contactIn returns the place of the contact that a prefix names; empty when it names none, or both.
func contactIn(prefix string) (detail string) {
	for _, c := range contacts {
		switch {
		case !strings.Contains(strings.ToLower(prefix), c.word):
		case detail != "":
			return ""
		default:
			detail = c.detail
		}
	}
	return detail
}

// matches reports whether a text says what the numbered sentence says. Explanations behind its first full stop may differ, and of "Invalid
// or Missing" the vendor may say the half that holds.
func (n numbered) matches(text string) bool {
	first, _, explained := strings.Cut(n.sentence, ".")
	said, known := plain(text), plain(first)
	thing, either := strings.CutPrefix(known, "invalid or missing ")
	return said == known ||
		explained && strings.HasPrefix(said, known+" ") ||
		either && (said == "invalid "+thing || said == "missing "+thing)
}

// plain reduces a sentence to its words, without letter case, punctuation, a number in front, as in "27." and "Error 27 -", and the word
// "CumulusUser".
func plain(sentence string) string {
	words := strings.FieldsFunc(strings.ToLower(sentence), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '@'
	})
	front := 0
	if len(words) > 1 && words[0] == "error" {
		front = 1
	}
	if len(words) > front && strings.Trim(words[front], "0123456789") == "" {
		words = words[front+1:]
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "cumulususer" })
	return strings.Join(words, " ")
}
