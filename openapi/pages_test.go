package openapi

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// busyProblem has words and an example.
var busyProblem = Problem{Code: "upstream-busy", Status: 503, Title: "Busy", Detail: "Wait.", Outcome: "rejected", Retry: "later", RetryAfter: true, User: "Nothing."}

// like returns a Quality that accepts one media type and no other.
func like(wanted string) func(string, string) float64 {
	return func(_, media string) float64 {
		if media == wanted {
			return 1
		}
		return 0
	}
}

// having puts a problem in the place of the one with its code.
func having(problems []Problem, p Problem) []Problem {
	problems[slices.IndexFunc(problems, func(other Problem) bool { return other.Code == p.Code })] = p
	return problems
}

// mustSite makes a site of the options of all tests and a change.
func mustSite(t *testing.T, change func(*Options)) *gin.Engine {
	t.Helper()
	o := testOptions(t)
	change(&o)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	e := gin.New()
	s.Register(e)
	return e
}

func visit(e *gin.Engine, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestProblemWithoutExplanationIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Problem){
		"no word for the user": func(p *Problem) { p.User = "" },
		"another outcome":      func(p *Problem) { p.Outcome = "maybe" },
		"another retry":        func(p *Problem) { p.Retry = "" },
		"no example":           func(p *Problem) { p.Code = "no-example" },
	} {
		p, o := busyProblem, testOptions(t)
		change(&p)
		o.Problems = append(o.Problems, p)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), p.Code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextsCannotBreakOutOfAPage(t *testing.T) {
	p := busyProblem
	p.Title, p.Detail = "</title><script>1</script>", `"><img src=x>`
	e := mustSite(t, func(o *Options) {
		o.Problems = having(o.Problems, p)
		o.Operations[0].SOAPAction, o.Operations[0].Namespace = "</code><b>x", `" onclick="x`
	})
	id := testOptions(t).Operations[0].id()
	for _, path := range []string{"/problems/" + p.Code, "/problems", CataloguePath, PageOf(id), searchPath + "?q=%3Cscript%3E1"} {
		body := visit(e, http.MethodGet, path).Body.String()
		for _, broken := range []string{"<script>1", "<img", "</code><b>x", `" onclick`} {
			if strings.Contains(body, broken) {
				t.Errorf("%s holds %s", path, broken)
			}
		}
	}
}

func TestTheBannerIsOnEveryPage(t *testing.T) {
	for _, sandboxed := range []bool{true, false} {
		e := mustSite(t, func(o *Options) { o.Problems, o.Sandbox, o.Demo = having(o.Problems, busyProblem), sandboxed, false })
		for _, path := range []string{"/", CataloguePath, "/problems", "/problems/" + busyProblem.Code, "/docs"} {
			body := strings.ReplaceAll(visit(e, http.MethodGet, path).Body.String(), "&#39;", "'")
			if strings.Contains(body, sandboxSentence) != sandboxed {
				t.Errorf("sandbox %t: the banner is wrong on %s", sandboxed, path)
			}
		}
	}
}

func TestWhatADemoHas(t *testing.T) {
	for _, demo := range []bool{true, false} {
		e := mustSite(t, func(o *Options) { o.Demo = demo })
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := visit(e, method, "/")
			if demo && (w.Code != http.StatusFound || w.Header().Get("Location") != "/docs") || !demo && w.Code != http.StatusOK {
				t.Errorf("demo %t: %s / is %d, to %q", demo, method, w.Code, w.Header().Get("Location"))
			}
		}
		for _, path := range []string{"/openapi.json", "/openapi.yaml", "/swagger.json"} {
			if got := strings.Contains(visit(e, http.MethodGet, path).Body.String(), DecodePath); got != demo {
				t.Errorf("demo %t: %s says that there is %s: %t", demo, path, DecodePath, got)
			}
		}
	}
}

func TestPagesForPrograms(t *testing.T) {
	for _, media := range []string{"application/json", "application/problem+json"} {
		e := mustSite(t, func(o *Options) { o.Demo, o.Problems, o.Quality = false, having(o.Problems, busyProblem), like(media) })
		for _, path := range []string{"/", CataloguePath, "/problems", "/problems/" + busyProblem.Code} {
			w := visit(e, http.MethodGet, path)
			if w.Header().Get("Content-Type") != JSONType || !json.Valid(w.Body.Bytes()) || !strings.HasPrefix(strings.Join(w.Header()["Vary"], ","), "Accept") {
				t.Errorf("%s of %s: %v", media, path, w.Header())
			}
		}
		var got map[string]any
		if err := json.Unmarshal(visit(e, http.MethodGet, "/problems/"+busyProblem.Code).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got) != 6 || got["code"] != busyProblem.Code || got["status"] != 503.0 || got["retry"] != "later" || got["outcome"] != "rejected" {
			t.Errorf("the problem is %v", got)
		}
	}
	nothing := mustSite(t, func(o *Options) { o.Demo, o.Problems, o.Quality = false, having(o.Problems, busyProblem), like("") })
	for path, want := range map[string]string{"/": HTMLType, CataloguePath: JSONType, "/problems": HTMLType, "/problems/" + busyProblem.Code: HTMLType} {
		if got := visit(nothing, http.MethodGet, path).Header().Get("Content-Type"); got != want {
			t.Errorf("%s is %s for a client that accepts nothing, want %s", path, got, want)
		}
	}
}

// TestUnknownElements are on the catalogue's page, as they are now, whatever their names are; the catalogue for programs is always the same.
func TestUnknownElements(t *testing.T) {
	var seen map[string][]UnknownElement
	media := "text/html"
	e := mustSite(t, func(o *Options) {
		o.Unknown = func() map[string][]UnknownElement { return seen }
		o.Quality = func(_, asked string) float64 { return like(media)("", asked) }
	})
	show := func(as string) *httptest.ResponseRecorder {
		media = as
		return visit(e, http.MethodGet, CataloguePath)
	}
	page, programs := show("text/html"), show("application/json")
	for _, path := range []string{"Response/new", "<script>"} {
		seen = map[string][]UnknownElement{"CreateService": {{Path: path, LastSeen: "2026-11-28"}}}
		now, want := show("text/html"), "<code>"+html.EscapeString(path)+"</code>, last seen on 2026-11-28"
		if strings.Count(unbroken(now), want) != 1 || strings.Contains(page.Body.String(), want) || now.Header().Get("ETag") == page.Header().Get("ETag") {
			t.Errorf("the page lacks %s, or is the one before", want)
		}
		if got := show("application/json"); got.Body.String() != programs.Body.String() {
			t.Errorf("the catalogue for programs has changed")
		}
	}
}

// unbroken is a page without the places where lines may break.
func unbroken(w *httptest.ResponseRecorder) string {
	return strings.ReplaceAll(w.Body.String(), "<wbr>", "")
}

// TestNameOnce: an operation of a WSDL that says nothing about it has its name as its summary, which no page repeats.
func TestNameOnce(t *testing.T) {
	op := imported(t, "travel", "Book", booking(t))
	e := mustSite(t, func(o *Options) { o.Operations, o.Demo = append(o.Operations, op), false })
	for path, want := range map[string]string{
		PageOf(op.id()): "<h1>Book (travel)</h1>\n\n    <p class=\"lead\"><a", "/": "<code>POST /v1/travel/Book</code></td><td></td>",
		CataloguePath: `<h2>Book (travel)</h2> <span class="marks"><code>POST /v1/travel/Book</code>`, searchPath + "?q=travel/book": "<code>POST /v1/travel/Book</code> </li>",
		"/soapbridge.http": "\n### Book\n",
	} {
		if page := unbroken(visit(e, http.MethodGet, path)); !strings.Contains(page, want) {
			t.Errorf("%s lacks %q:\n%.3000s", path, want, page)
		}
	}
}

// TestOperationPage has what a reader needs to call an operation, in this order.
func TestOperationPage(t *testing.T) {
	e := mustSite(t, func(o *Options) {
		for i := range o.Operations {
			o.Operations[i].Envelope = func(body []byte) []byte { return []byte("<a><b>" + string(body[:1]) + " x</b><c/></a>") }
			o.Operations[i].Errors = []NumberedError{{Code: "emersion-25", Sentence: "Invalid or Missing Account Type", Hint: "Send End User.", Pointers: []string{"/accountType"}}}
		}
		o.Callers = true
	})
	page := html.UnescapeString(unbroken(visit(e, http.MethodGet, PageOf("CreateComplexAccount"))))
	at := 0
	for _, part := range []string{
		"<h1>CreateComplexAccount</h1>", `href="/docs#/Emersion/CreateComplexAccount"`, "POST /v1/emersion/accounts", "201 Created", "<code>scope</code>",
		`"accountType": "End User"`, "<a>\n  <b>{ x</b>\n  <c/>\n</a>", "Every member",
		"key=$(openssl rand -hex 16) && curl 'http://example.com/v1/emersion/accounts'", "-H 'Authorization: Bearer <API key>'", `-H "Idempotency-Key: $key"`,
		`const apiKey = "<API key>";`, "const key = crypto.randomUUID();", `fetch("http://example.com/v1/emersion/accounts", {`, "Authorization: `Bearer ${apiKey}`", `"Idempotency-Key": key`,
		"These must be there", `id="/accountType" data-required`, "emersion-25", "Send End User.", `id="/primaryContact/cumulusUser/password" data-required data-secret`,
		"These may be there", `id="/billingContact/detail/title"`,
		"Rules between members", "orgIdentifier is required when orgIdentifierType is given.</li>",
		`id="answer"`, "<code>/accountId</code>", "emersion-25", `<a href="#/accountType">`, `<a href="/problems/outcome-unknown">`,
	} {
		i := strings.Index(page[at:], part)
		if i < 0 {
			t.Fatalf("after %.200s\nthe page lacks %s", page[at:], part)
		}
		at += i
	}
	again := httptest.NewRequest(http.MethodGet, PageOf("CreateComplexAccount"), nil)
	again.Header.Set("If-None-Match", visit(e, http.MethodGet, again.URL.Path).Header().Get("ETag"))
	w := httptest.NewRecorder()
	if e.ServeHTTP(w, again); w.Code != http.StatusNotModified {
		t.Errorf("the page that a browser has already is answered with %d", w.Code)
	}
	if w := visit(e, http.MethodGet, PageOf("Nothing")); strings.Contains(w.Body.String(), "<h1>") {
		t.Error("there is a page of nothing")
	}
}

func TestSearch(t *testing.T) {
	o := testOptions(t)
	for i := range o.Operations {
		o.Operations[i].Errors = []NumberedError{{Code: "emersion-25", Sentence: "Invalid or Missing Account Type", Pointers: []string{"/accountType"}}}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query     string
		operation string // the first of those that are found; empty: there are none
		member    string // one of those that are found
	}{
		"an operation":       {"CREATEserv", "CreateService", ""},
		"a route":            {"/v1/emersion/accounts", "CreateComplexAccount", ""},
		"a member":           {"cumulusUser/password", "", "/primaryContact/cumulusUser/password"},
		"several words":      {"  password   cumulususer ", "", "/primaryContact/cumulusUser/password"},
		"a vendor's error":   {"Emersion-25", "", "/accountType"},
		"nothing":            {"no-such-word", "", ""},
		"white space":        {"  ", "", ""},
		"a word without end": {strings.Repeat("x", 1<<20), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.searched().search(c.query)
			first := ""
			if len(f.Operations) > 0 {
				first = f.Operations[0].ID
			}
			if first != c.operation || c.operation+c.member == "" && len(f.Members) > 0 {
				t.Errorf("found %d operations, first %q, and %d members", len(f.Operations), first, len(f.Members))
			}
			if c.member != "" && !slices.ContainsFunc(f.Members, func(m foundMember) bool { return m.Pointer == c.member && m.Page == PageOf(m.Operation)+"#"+c.member }) {
				t.Errorf("%s is not among %v", c.member, f.Members)
			}
		})
	}
	if f := s.searched().search("e"); len(f.Members) != mostFound || !f.Truncated {
		t.Errorf("%d members, truncated %t", len(f.Members), f.Truncated)
	}
}
