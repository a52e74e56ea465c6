package openapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"sync"

	"github.com/gin-gonic/gin"
)

//go:embed templates
var templates embed.FS

// What pages load.
const (
	sharedStylePath = "/shared.css" // of what Swagger UI's page has in common with the others
	stylePath       = "/pages.css"
	scriptPath      = "/pages.js"
	unknownsScript  = "/unknown-outcomes.js"
)

// What every page says where the upstreams are a sandbox.
const (
	sandboxWord     = "Sandbox:"
	sandboxSentence = "the upstream is a sandbox in the vendors' place. Made-up data only, nothing reaches a vendor."
)

// banner is empty where a vendor may be behind the proxy.
func (s *Site) banner() string {
	if !s.options.Sandbox {
		return ""
	}
	return sandboxWord + " " + sandboxSentence
}

// pagePolicy is the Content-Security-Policy of every page that is not Swagger UI: the one script and the one style sheet are files, and the one form
// searches here. The only image is the icon, an empty data: URL that keeps browsers from asking for /favicon.ico.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// unknownsPath is the page of the operations whose outcome is unknown. It asks the API of this origin, with the key that its reader types.
const (
	unknownsPath   = "/docs/unknown-outcomes"
	unknownsPolicy = pagePolicy + "; connect-src 'self'"
)

// HTMLType is the media type of every page.
const HTMLType = "text/html; charset=utf-8"

// page is one text in two forms, for people and for programs.
type page struct{ html, json func() *asset }

// layouts are the templates of whole pages, by the file that defines their content.
var layouts = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, file := range []string{"index.html", "catalogue.html", "unknown-outcomes.html", "operation.html", "search.html", "problems.html", "problem.html", "not-found.html"} {
		all[file] = template.Must(parsed("templates/layout.html", "templates/fields.html", "templates/"+file))
	}
	return all
}()

func parsed(files ...string) (*template.Template, error) {
	steps := func(path string) []string { return stepsBehind.FindAllString(path, -1) }
	return template.New("").Funcs(template.FuncMap{"steps": steps}).ParseFS(templates, files...)
}

// stepsBehind are the parts of a path, between which a line may break: behind a slash, and not in a name.
var stepsBehind = regexp.MustCompile(`/*[^/]+/*|/+`)

// newPage renders a page: people get the content of a template's file, from data, and programs get value.
func (s *Site) newPage(file, title string, data, value any) (page, error) {
	var html bytes.Buffer
	err := layouts[file].ExecuteTemplate(&html, "layout", struct {
		Title, Sandbox string
		Data           any
	}{title, s.banner(), data})
	text, failed := indented(value)
	return page{html: lazily(HTMLType, html.Bytes()), json: lazily(JSONType, text)}, errors.Join(err, failed)
}

// lazily compresses a text when it is first asked for: most are seldom.
func lazily(mediaType string, text []byte) func() *asset {
	return sync.OnceValue(func() *asset { return newAsset(mediaType, text) })
}

// indented writes JSON for people too: nothing is escaped that only HTML needs escaped.
func indented(v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return text.Bytes(), err
}

// serve writes the form that the Accept header prefers.
func (s *Site) serve(c *gin.Context, p page) {
	c.Writer.Header().Add("Vary", "Accept") // beside the Origin of CORS
	if s.likesJSON(c, false) {
		keep(c, p.json())
		return
	}
	protect(c, pagePolicy)
	keep(c, p.html())
}

// keep lets a cache keep what it shows; it asks by its ETag whether it is still the same.
func keep(c *gin.Context, a *asset) {
	c.Header("Cache-Control", "no-cache")
	a.show(c)
}

// likesJSON negotiates by the Accept header (RFC 9110 section 12.5.1). A problem is asked for by either of its names.
func (s *Site) likesJSON(c *gin.Context, byDefault bool) bool {
	accept := c.GetHeader("Accept")
	asJSON := max(s.options.Quality(accept, "application/json"), s.options.Quality(accept, "application/problem+json"))
	asPage := s.options.Quality(accept, "text/html")
	return asJSON > asPage || asJSON == asPage && byDefault
}

// NotFoundPage returns the page that a browser gets for a path that has nothing. wanted reports whether the request asks for a page rather than
// for the problem, which is the answer to everything else; the headers of the answer are set then.
func (s *Site) NotFoundPage(c *gin.Context) (html []byte, wanted bool) {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return nil, false
	}
	c.Writer.Header().Add("Vary", "Accept")
	if s.likesJSON(c, true) {
		return nil, false
	}
	protect(c, pagePolicy)
	return s.notFound.html().plain(), true
}

func protect(c *gin.Context, policy string) {
	c.Header("Content-Security-Policy", policy)
	c.Header("Referrer-Policy", "same-origin")
	c.Header("X-Content-Type-Options", "nosniff")
}

// renderPages makes every page, since they are the same for every caller.
func (s *Site) renderPages() error {
	words, err := readWords(wordsFile)
	if err != nil {
		return err
	}
	links, all := linksOf(s.documents), make([]CatalogueOperation, len(s.options.Operations))
	for i := range all {
		all[i] = outline(&s.options.Operations[i], words)
	}
	var err1, err2, err3, err4 error
	s.index, err1 = s.newPage("index.html", "The API", indexPage{links, all}, indexView(links, all))
	err2 = s.renderProblems()
	s.notFound, err3 = s.newPage("not-found.html", "There is nothing here", nil, nil)
	s.unknowns, err4 = s.newPage("unknown-outcomes.html", "Unknown outcomes", struct{ Callers bool }{s.options.Callers}, nil)
	s.catalogue = sync.OnceValue(func() *asset { return newAsset(JSONType, must(indented(catalogue(s.options.Operations, words)))) })
	s.cataloguePage.render = func(seen map[string][]UnknownElement) *asset {
		all := catalogue(s.options.Operations, words)
		for i := range all.Operations {
			all.Operations[i].unknown = seen[all.Operations[i].id]
		}
		p, err := s.newPage("catalogue.html", "Operations", all, nil)
		if err != nil {
			panic(err) // the template is embedded: it is wrong always, or never
		}
		return p.html()
	}
	s.operationPages(words)
	s.searched = s.newIndex(words)
	return errors.Join(err1, err2, err3, err4)
}

func (s *Site) renderProblems() error {
	s.problems = map[string]page{}
	for _, p := range s.options.Problems {
		described, err := describe(p)
		if err != nil {
			return err
		}
		if s.problems[p.Code], err = s.newPage("problem.html", p.Title, described, p); err != nil {
			return err
		}
	}
	var err error
	s.problemList, err = s.newPage("problems.html", "Problems", s.options.Problems, map[string]any{"problems": s.options.Problems})
	return err
}

type link struct {
	Path  string `json:"path"`
	About string `json:"about"`
}

// linksOf lists the documents and pages, beside the operations.
func linksOf(documents []document) []link {
	list := []link{
		{"/docs", "Swagger UI, to read about the operations and to try them"},
		{CataloguePath, "every operation with its fields, rules and places in the envelope"},
		{"/problems", "every kind of problem, and what to do about it"},
		{unknownsPath, "for operators: the operations whose outcome is unknown, to look for and to settle"},
	}
	for _, d := range documents {
		list = append(list, link{d.path, d.about})
	}
	return append(list, link{"/livez", "answers while the process lives"}, link{"/readyz", "answers 200 when calls should come here"})
}

type indexPage struct {
	Links      []link
	Operations []CatalogueOperation
}

func indexView(links []link, all []CatalogueOperation) any {
	type route struct {
		Name    string `json:"name"`
		Method  string `json:"method"`
		Path    string `json:"path"`
		Summary string `json:"summary"`
	}
	view := struct {
		Name       string  `json:"name"`
		Links      []link  `json:"links"`
		Operations []route `json:"operations"`
	}{Name: "soapbridge", Links: links}
	for _, op := range all {
		view.Operations = append(view.Operations, route{op.Name, op.Method, op.Path, op.Summary})
	}
	return view
}

func (s *Site) registerPages(e gin.IRouter) {
	get(e, "/", s.showIndex)
	get(e, searchPath, s.showSearch)
	get(e, operationPath+":operation", s.showOperation)
	for path, a := range pageAssets() {
		get(e, path, func(c *gin.Context) { keep(c, a) })
	}
	get(e, CataloguePath, s.showCatalogue)
	get(e, unknownsPath, func(c *gin.Context) {
		protect(c, unknownsPolicy)
		keep(c, s.unknowns.html())
	})
	get(e, "/problems", func(c *gin.Context) { s.serve(c, s.problemList) })
	get(e, "/problems/:code", s.showProblem)
}

// showIndex leads to Swagger UI in a demo, whose readers want to try the operations.
func (s *Site) showIndex(c *gin.Context) {
	if s.options.Demo {
		protect(c, pagePolicy)
		c.Redirect(http.StatusFound, "/docs")
		return
	}
	s.serve(c, s.index)
}

// showCatalogue answers programs in JSON and browsers with a page.
//
//	@ID				ShowCatalogue
//	@Tags			Operations
//	@Summary		List what the proxy speaks
//	@Description	Each operation with its route, scope, SOAP action and namespace, and every value of its request: JSON Pointer, path in the envelope, rule, source, and the vendor's numbered errors.
//	@Description	A browser gets a page, by its `Accept: text/html`. Needs no caller.
//	@Produce		json
//	@Success		200	{object}	Catalogue	"The catalogue"
//	@Router			/v1/operations-catalogue [get]
func (s *Site) showCatalogue(c *gin.Context) {
	c.Writer.Header().Add("Vary", "Accept")
	if s.likesJSON(c, true) {
		keep(c, s.catalogue())
		return
	}
	protect(c, pagePolicy)
	var seen map[string][]UnknownElement
	if s.options.Unknown != nil {
		seen = s.options.Unknown()
	}
	keep(c, s.cataloguePage.with(seen))
}

// cataloguePage is the catalogue for people. It is large, and made again only when something else was seen in replies, which is seldom: dates are days.
type cataloguePage struct {
	render func(seen map[string][]UnknownElement) *asset

	mu   sync.Mutex
	seen map[string][]UnknownElement
	made *asset
}

func (p *cataloguePage) with(seen map[string][]UnknownElement) *asset {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil || !maps.EqualFunc(seen, p.seen, slices.Equal) {
		p.seen, p.made = seen, p.render(seen)
	}
	return p.made
}

func (s *Site) showProblem(c *gin.Context) {
	p, known := s.problems[c.Param("code")]
	if !known {
		s.options.NotFound(c)
		return
	}
	s.serve(c, p)
}

// pageAssets returns what pages load, by path.
var pageAssets = sync.OnceValue(func() map[string]*asset {
	assets := map[string]*asset{}
	for _, name := range []string{sharedStylePath, stylePath, scriptPath, unknownsScript} {
		assets[name] = newAsset(mediaTypes[path.Ext(name)], must(templates.ReadFile("templates"+name)))
	}
	return assets
})
