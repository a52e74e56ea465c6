package shape

// Format names for programs what a value must be: params.expected of a violation, where its rule has a name for that. The list is closed; Formats has
// the words for documents.
type Format string

// The formats: those of JSON types, those of texts, and those of the vendors' rules.
const (
	FormatObject  Format = "object"
	FormatArray   Format = "array"
	FormatString  Format = "string"
	FormatBoolean Format = "boolean"
	FormatNumber  Format = "number"
	FormatInteger Format = "integer"

	FormatDate       Format = "date"
	FormatDateTime   Format = "date-time"
	FormatTime       Format = "time"
	FormatYear       Format = "year"
	FormatYearMonth  Format = "year-month"
	FormatMonth      Format = "month"
	FormatMonthDay   Format = "month-day"
	FormatDay        Format = "day"
	FormatDuration   Format = "duration"
	FormatDecimal    Format = "decimal"
	FormatWords      Format = "words"
	FormatLine       Format = "line"
	FormatBase64     Format = "base64"
	FormatHex        Format = "hex"
	FormatURI        Format = "uri"
	FormatLanguage   Format = "language"
	FormatNameToken  Format = "name-token"
	FormatName       Format = "name"
	FormatPlainName  Format = "plain-name"
	FormatXMLElement Format = "xml-element"

	FormatEmail              Format = "email"
	FormatUserName           Format = "user-name"
	FormatPhone              Format = "phone"
	FormatWebsite            Format = "website"
	FormatAustralianState    Format = "australian-state"
	FormatAustralianPostcode Format = "australian-postcode"
	FormatABN                Format = "abn"
	FormatACN                Format = "acn"
	FormatRBN                Format = "rbn"
	FormatTFN                Format = "tfn"
)

// Formats are all formats, each with what it means.
var Formats = []struct {
	Format Format
	About  string
}{
	{FormatObject, "an object"},
	{FormatArray, "an array"},
	{FormatString, "a string"},
	{FormatBoolean, "true or false"},
	{FormatNumber, `a number, or "INF", "-INF" or "NaN"`},
	{FormatInteger, "a whole number, without a fraction or an exponent"},
	{FormatDate, "YYYY-MM-DD, a day that exists"},
	{FormatDateTime, "RFC 3339 with a zone, an instant that exists"},
	{FormatTime, "hh:mm:ss"},
	{FormatYear, "YYYY"},
	{FormatYearMonth, "YYYY-MM"},
	{FormatMonth, "--MM"},
	{FormatMonthDay, "--MM-DD"},
	{FormatDay, "---DD"},
	{FormatDuration, "as in P1DT12H (XML Schema)"},
	{FormatDecimal, "a decimal number as text, without a plus sign or an exponent"},
	{FormatWords, "words with one space between each two, and no other white space"},
	{FormatLine, "one line, without tabs"},
	{FormatBase64, "RFC 4648 section 4, without white space"},
	{FormatHex, "hexadecimal digits, two for each byte"},
	{FormatURI, "a URI, absolute or relative"},
	{FormatLanguage, "as in en-US"},
	{FormatNameToken, "characters of names of XML"},
	{FormatName, "a name of XML"},
	{FormatPlainName, "a name of XML without a colon"},
	{FormatXMLElement, "one well-formed element of XML, with its tags"},
	{FormatEmail, "one @ with text on both sides"},
	{FormatUserName, "name@domain, with a dotted domain name in ASCII"},
	{FormatPhone, "digits, spaces, + - ( ) and an extension"},
	{FormatWebsite, "an http(s) URL or a host name"},
	{FormatAustralianState, "a name or code of params.list, in any letter case"},
	{FormatAustralianPostcode, "four digits"},
	{FormatABN, "11 digits with check digits; spaces are allowed"},
	{FormatACN, "9 digits with a check digit; spaces are allowed"},
	{FormatRBN, "at most 20 characters"},
	{FormatTFN, "8 or 9 digits with a check digit; spaces are allowed"},
}
