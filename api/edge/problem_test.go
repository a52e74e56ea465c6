package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

func TestEveryRowOfTheTableIsWhole(t *testing.T) {
	outcomes := []soap.Outcome{soap.NotSent, soap.Rejected, soap.Failed, soap.Unknown, soap.Executed, ""}
	retries := []retry{retrySafe, retryLater, afterFix, afterCheck, retryNever}
	titles := map[string]code{}
	for c, r := range table {
		t.Run(string(c), func(t *testing.T) {
			if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(string(c)) {
				t.Error("the code is not in lower-case letters")
			}
			if r.status < 400 || r.status > 599 || http.StatusText(r.status) == "" {
				t.Errorf("status %d", r.status)
			}
			if r.title == "" || r.detail == "" {
				t.Error("the title or the detail is missing")
			}
			if other, taken := titles[r.title]; taken {
				t.Errorf("the title is that of %s too", other)
			}
			titles[r.title] = c
			if !slices.Contains(outcomes, r.outcome) || !slices.Contains(retries, r.retry) {
				t.Errorf("outcome %q, retry %q", r.outcome, r.retry)
			}
			if (r.retry == retryLater) != (r.retryAfter > 0) {
				t.Errorf("retry is %q and Retry-After %d", r.retry, r.retryAfter)
			}
		})
	}
}

// What a client may do next follows from what is known of the execution.
func TestRetryFitsTheOutcome(t *testing.T) {
	fitting := map[soap.Outcome][]retry{
		soap.NotSent:  {afterFix, retryLater, retrySafe, retryNever},
		soap.Rejected: {afterFix, retryLater, retrySafe},
		soap.Failed:   {afterCheck},
		soap.Unknown:  {retryNever},
		"":            {retrySafe, retryLater, afterFix, retryNever},
		soap.Executed: {retryNever},
	}
	for c, r := range table {
		if !slices.Contains(fitting[r.outcome], r.retry) {
			t.Errorf("%s: outcome %s does not allow retry %s", c, r.outcome, r.retry)
		}
	}
}

// A code of the translation without a row would be answered with status 0.
func TestEveryCodeOfTheTranslationHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../translate/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if _, ok := table[code(value)]; !ok {
			t.Errorf("%s has no row", value)
		}
		return true
	})
	if seen < 10 {
		t.Errorf("only %d codes were found", seen)
	}
}

func TestProblemJSON(t *testing.T) {
	pointer, root := "/a~1b/0", ""
	p := newProblem(codeOf(translate.ValidationFailed))
	p.Instance, p.RequestID, p.OperationID = notePath, "r-1", "o-1"
	p.Detail = `<b> & "quotes"` + "\u2028"
	p.Errors = []violation{
		{Pointer: &pointer, Code: "too-long", Detail: "At most 3 characters.", Params: map[string]any{"max": 3}, Source: translate.FromRequest},
		{Pointer: &root, Code: "x", Detail: "The whole body.", Source: translate.FromFault},
	}
	p.header("X-H", "required", "Send it.").parameter("q", wrong("unknown-parameter", "There is none."))
	p.extensions = map[string]any{"sevCode": map[string]string{"code": "E"}, "aFirst": 1}
	body, err := p.json()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"/problems/validation-failed","title":"The request breaks rules","status":422,` +
		`"detail":"<b> & \"quotes\"\u2028","instance":"` + notePath + `","code":"validation-failed","requestId":"r-1","operationId":"o-1",` +
		`"outcome":"not_sent","retry":"after_fix","errors":[` +
		`{"pointer":"/a~1b/0","code":"too-long","detail":"At most 3 characters.","params":{"max":3},"source":"request"},` +
		`{"pointer":"","code":"x","detail":"The whole body.","source":"soap-fault"},` +
		`{"header":"X-H","code":"required","detail":"Send it.","source":"request"},` +
		`{"parameter":"q","code":"unknown-parameter","detail":"There is none.","source":"request"}],` +
		`"aFirst":1,"sevCode":{"code":"E"}}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	if !json.Valid(body) {
		t.Error("it is not JSON")
	}
}

func TestProblemJSONLeavesOutWhatIsNotKnown(t *testing.T) {
	body, err := newProblem(notFound).json()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"/problems/not-found","title":"There is nothing here","status":404,"detail":"Nothing has this path, or it is not yours to see.",` +
		`"code":"not-found","requestId":"","outcome":"not_sent","retry":"after_fix"}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
}

func TestProblemJSONThatCannotBeWrittenIsAnError(t *testing.T) {
	bad := map[string]any{"x": func() {}}
	for name, change := range map[string]func(*problem){
		"in a parameter":                     func(p *problem) { p.Errors = []violation{{Params: bad}} },
		"in an extension":                    func(p *problem) { p.extensions = bad },
		"in a parameter beside an extension": func(p *problem) { p.Errors = []violation{{Params: bad}}; p.extensions = map[string]any{"y": 1} },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProblem(notFound)
			change(p)
			if _, err := p.json(); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestProblemOfAnErrorOfTheTranslation(t *testing.T) {
	cause := errors.New("for the log")
	p := problemOf(&translate.Error{
		Code: translate.UpstreamRejected, Outcome: soap.Rejected, Status: http.StatusConflict, Detail: "More precise.",
		Violations: []translate.Violation{{Pointer: "/a", Code: "v-1", Detail: "First."}, {Code: "v-2", Detail: "Second."}},
		Source:     translate.FromResponseCode, Extensions: map[string]any{"sevCode": "E"}, Alert: true, Cause: cause,
	})
	first, second := "/a", ""
	want := &problem{
		Type: "/problems/upstream-rejected", Title: "The vendor rejected the request", Status: http.StatusConflict, Detail: "More precise.",
		Code: "upstream-rejected", Outcome: soap.Rejected, Retry: afterFix,
		Errors: []violation{
			{Pointer: &first, Code: "v-1", Detail: "First.", Source: translate.FromResponseCode},
			{Pointer: &second, Code: "v-2", Detail: "Second.", Source: translate.FromResponseCode},
		},
		extensions: map[string]any{"sevCode": "E"}, keep: keepDone, cause: cause, alert: true,
	}
	if diff := cmp.Diff(want, p, cmp.AllowUnexported(problem{}), cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
		t.Error(diff)
	}
}

func TestProblemOfATruncatedReportSaysSo(t *testing.T) {
	p := problemOf(&translate.Error{Code: translate.ValidationFailed, Truncated: true})
	if p.extensions["errorsTruncated"] != true || p.Status != http.StatusUnprocessableEntity || p.Detail == "" || p.Outcome != soap.NotSent {
		t.Errorf("%+v", p)
	}
}

// The vendor's Retry-After is passed on, an hour of it at most; where it says nothing the table's own holds.
func TestRetryAfterOfTheVendor(t *testing.T) {
	own := table[codeOf(translate.UpstreamBusy)].retryAfter
	for header, want := range map[string]int{
		"7": 7, "007": 7, "3600": 3600, "3601": 3600, "86400": 3600, "99999999999999": 3600, "99999999999999999999": 3600,
		"": own, "0": own, "-5": own, "+5": own, "soon": own, "1.5": own, "1e3": own, "7, 8": own, "-99999999999999999999": own,
		"Sat, 21 Nov 1998 10:00:00 GMT": own, "Sat, 21 Nov 9998 10:00:00 GMT": 3600, "Sat, 21 Nov 2026": own,
	} {
		if p := problemOf(&translate.Error{Code: translate.UpstreamBusy, RetryAfter: header}); p.retryAfter != want {
			t.Errorf("Retry-After %q became %d, want %d", header, p.retryAfter, want)
		}
	}
}

// A date counts from now on, in all three forms that HTTP knows, and a part of a second is one more.
func TestRetryAfterIsADate(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 59, 30, 0, time.UTC)
	for _, date := range []string{"Sat, 21 Nov 2026 10:00:00 GMT", "Saturday, 21-Nov-26 10:00:00 GMT", "Sat Nov 21 10:00:00 2026"} {
		for before, want := range map[time.Duration]int{
			0: 30, 500 * time.Millisecond: 30, -500 * time.Millisecond: 31, 29 * time.Second: 1, 29*time.Second + 999*time.Millisecond: 1,
			30 * time.Second: 0, 31 * time.Second: 0, -time.Hour: 3600,
		} {
			if got := retryAfter(date, now.Add(before)); got != want {
				t.Errorf("%s is %d seconds from %v, want %d", date, got, now.Add(before), want)
			}
		}
	}
	inAMinute := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	if p := problemOf(&translate.Error{Code: translate.UpstreamBusy, RetryAfter: inAMinute}); p.retryAfter < 30 || p.retryAfter > 60 {
		t.Errorf("a date in a minute became %d", p.retryAfter)
	}
}

// TestTableOfErrors compares the table of codes in docs/errors.md with the product's: each code once, with its status and outcome.
func TestTableOfErrors(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "| status | code | outcome | when |")
	text, _, _ = strings.Cut(text, "\n\n")
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(cells[1], "---") {
			continue
		}
		for _, name := range regexp.MustCompile("[a-z-]+").FindAllString(cells[2], -1) {
			seen[name]++
			r := table[code(name)]
			if !strings.Contains(cells[1], strconv.Itoa(r.status)) || strings.Trim(cells[3], " `") != string(r.outcome) {
				t.Errorf("the table has %d and %q: %s", r.status, r.outcome, line)
			}
		}
	}
	for c := range table {
		if seen[string(c)] != 1 {
			t.Errorf("%s is there %d times", c, seen[string(c)])
		}
	}
}

// TestProblemsOfURLs: what a vendor says of a member is about the parameter, too.
func TestProblemsOfURLs(t *testing.T) {
	e := translate.Reject(translate.FromFault, nil,
		translate.Violation{Pointer: "/tags/1", Code: "test-7", Detail: "d"}, translate.Violation{Pointer: "", Code: "test-fault", Detail: "d"},
		translate.Violation{Pointer: "/a~1b~01", Code: record.UnknownMember, Detail: "There is no such member here.", Params: map[string]any{"members": []string{"id", "tags"}, "didYouMean": "tags"}},
	)
	op := &translate.Operation{}
	op.Path = "/v1/test/{id}"
	var got []string
	for _, v := range problemOf(e).inURL(op).header("H", "c", "d").inURL(op).Errors {
		got = append(got, fmt.Sprint(v.Pointer != nil, " ", v.Parameter, v.Header, " ", v.Code, " ", v.Detail, v.Params["list"], v.Params["didYouMean"]))
	}
	want := []string{
		"false tags test-7 d<nil> <nil>", "true  test-fault d<nil> <nil>", "false a/b~1 unknown-parameter There is no such parameter here.[tags]tags", "false H c d<nil> <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
