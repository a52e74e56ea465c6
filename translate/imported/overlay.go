// Package imported makes operations of a system's folder: of a WSDL, and of an overlay that says what no WSDL can say.
package imported

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"soapbridge/translate/rules"
)

// FileName is the name of the overlay in a system's folder.
const FileName = "system.yaml"

// Place is where something is in an overlay; both numbers begin at 1.
type Place struct{ Line, Column int }

// Problem returns a mistake at the place.
func (p Place) Problem(format string, args ...any) *Problem {
	return &Problem{p, fmt.Sprintf(format, args...)}
}

// Problem is a mistake in an overlay.
type Problem struct {
	Place

	Msg string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", FileName, p.Line, p.Column, p.Msg)
}

// Overlay is what a person says about an imported system. It is plain data: whether its names are in the WSDL is not known here.
//
// Paths are names of members in JSON with slashes between them: "address/postcode". They are those that callers see, after Unwrap and
// Rename; only Unwrap itself, Rename, and what is in a fault have the names before it.
type Overlay struct {
	System string // the name of the system and of its folder
	WSDL   Documents
	Port   Word // the port or binding that is called, where there are several
	XML    bool // members may hold elements that the schema does not describe
	// Operations are in the order of the file.
	Operations []*Operation
}

// Documents are the files that an overlay belongs to, with SHA-256 in lower-case hexadecimal digits.
type Documents struct {
	File   string            // the WSDL; like every path relative to the folder
	SHA256 string            // empty: Draft
	Draft  bool              // the WSDL was drafted of help pages: a person answers what they do not say, and changes it
	Files  map[string]string // every other document
}

// Hash returns SHA-256 as an overlay writes it.
func Hash(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// All returns the hashes of all documents by their paths; that of a draft is empty.
func (d *Documents) All() map[string]string {
	all := map[string]string{d.File: d.SHA256}
	maps.Copy(all, d.Files)
	return all
}

// Check reports every document of a folder that is not the one of the overlay, and every question that is open in a draft.
func (d *Documents) Check(folder fs.FS) error {
	all := d.All()
	var open, others []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		content, err := fs.ReadFile(folder, name)
		if err == nil && d.Draft && name == d.File {
			open = checkDraft(name, content)
			continue
		}
		if err == nil && Hash(content) != all[name] {
			err = fmt.Errorf("%s: is not the document that was imported: its SHA-256 differs from that in %s", name, FileName)
		}
		others = append(others, err)
	}
	err := errors.Join(others...)
	if err != nil {
		err = fmt.Errorf("%w\nwhat was imported is not known any more: bring it back, from version control for example, or import the service under another name", err)
	}
	return errors.Join(errors.Join(open...), err)
}

// Kinds of operations.
const (
	Read  = "read"
	Write = "write"
)

// Operation is what is said of one operation.
type Operation struct {
	Place

	Name string // the WSDL's

	Kind        string // Read or Write; empty: the operation is off
	Route       Route
	Cache       time.Duration // of reads; 0: their replies are not kept
	Shared      bool          // all callers share what is kept of a read
	Invalidates []Word        // the reads that a write makes outdated
	Status      int           // HTTP status of success
	Summary     string

	Unwrap  []Word // members whose content takes their place
	Secret  []Word
	Members []Member
	Rules   []Rule
	Fill    []Fill
	Headers []Header
	Outcome Outcome
	Faults  []Fault
	Targets []Word // see translate.Definition
}

// Word is a text with its place.
type Word struct {
	Place

	Text string
}

// Methods of routes.
const (
	Get  = "GET"
	Post = "POST"
)

// Route is the method and the path of an operation.
type Route struct {
	Place

	Method string // Get or Post
	Path   string // "/v1/parcels/{trackingNumber}"; only that of a GET has members in it
}

// Member changes a member of the request, or only renames one of the reply. A field that is zero changes nothing.
type Member struct {
	Path Word

	Rename                        string
	Decimal                       bool // the text is a decimal
	IntegerDigits, FractionDigits int  // the most digits of a Decimal
	UTC                           bool // the zone of what is sent is UTC
	AnyCase, Collapse, Required   bool
	MaxLength                     int
	Pattern                       string
	OneOf                         []string
	Example                       string
}

// The words of rules; see the functions of the same names in package rules. ForbidUnless is ForbidWhen of a condition that does not hold.
const (
	RequireAnyOf = "requireAnyOf"
	ExactlyOneOf = "exactlyOneOf"
	RequireWhen  = "require"
	ForbidWhen   = "forbid"
	NotBefore    = "notBefore"
	ListWhen     = "listWhen"
	PatternWhen  = "patternWhen"
)

// Rule is a rule between the members of one object.
type Rule struct {
	Place

	In      string // the path of the object; empty for the message itself
	Word    string
	Members []string // of NotBefore the later one and the earlier one
	// When is the condition of RequireWhen, ForbidWhen, ListWhen and PatternWhen; ForbidWhen may have Unless in its place.
	When, Unless    *rules.Condition
	Then, Otherwise []string // of ListWhen
	Pattern         string   // of PatternWhen
	Detail          string   // the sentence for a caller; empty: the rule's own
}

// What the proxy fills in.
const (
	OperationID = "$operationId"
	Now         = "$now"
	Today       = "$today"
	CallerID    = "$callerId"
)

// Fill sets a member that the caller left out.
type Fill struct {
	Path  Word
	From  string // OperationID, Now, Today or CallerID; empty: Value
	Value string
}

// Where header blocks come from.
const (
	FromCaller   = "caller"
	FromSettings = "settings"
)

// Header says where a block of the envelope's header comes from.
type Header struct {
	Block Word
	From  string // FromCaller or FromSettings
}

// Outcome says which replies are failures, beside faults.
type Outcome struct {
	Place

	FaultsOnly bool // no others; then nothing else is set
	// Path is the member of the reply that decides. It is a failure when its text is one of In, or none of NotIn, or when it is Present; only
	// one of the three is set. Where the path leads through an array, one of its items is enough.
	Path      string
	In, NotIn []string
	Present   bool
	// Errors is the path of a member that holds one error or several; empty: the reply is the error. Code, Text and Pointer are members of an
	// error, as of a Fault: the vendor's code, its words, and the element of the request that it names; empty where there are none.
	Errors, Code, Text, Pointer string
}

// Outcomes of faults.
const (
	Rejected    = "rejected"
	Failed      = "failed"
	Unavailable = "unavailable"
	Denied      = "denied"
)

// Fault says what a declared fault means.
type Fault struct {
	Name    Word
	Outcome string // Rejected, Failed, Unavailable or Denied
	// Errors is the path of a member of the fault's detail that holds one error or several; empty: the detail is the error. Code, Text and
	// Pointer are members of an error.
	Errors, Code, Text, Pointer string
}

// defaultPath is the path of an operation without a route; empty where its name makes none that a route may have.
func defaultPath(system, operation string) string {
	path := "/v1/" + system + "/" + kebab(operation)
	if !routePattern.MatchString(Post+" "+path) || strings.HasSuffix(path, previewEnd) {
		return ""
	}
	return path
}

// previewEnd is behind the path of a preview.
const previewEnd = "/preview"

// SystemName makes a name of a system of the name of its WSDL.
func SystemName(text string) string { return kebab(text) }
