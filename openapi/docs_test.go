package openapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// docsSite serves the page as the API does: with Cache-Control: no-store, unless a handler sets another value.
func docsSite(t *testing.T, change func(*Options)) http.Handler {
	t.Helper()
	o := testOptions(t)
	change(&o)
	site, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.RedirectTrailingSlash = false
	e.Use(func(c *gin.Context) { c.Header("Cache-Control", "no-store") })
	site.registerDocs(e)
	return e
}

func asItIs(*Options) {}

func fetched(t *testing.T, site http.Handler, method, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func contentOf(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var aReference = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

func TestDocsPage(t *testing.T) {
	for _, sandboxed := range []bool{false, true} {
		site := docsSite(t, func(o *Options) { o.Sandbox = sandboxed })
		for _, path := range []string{"/docs", "/docs/"} {
			r := fetched(t, site, http.MethodGet, path, "")
			page := string(contentOf(t, r))
			if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/html; charset=utf-8" || r.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
			}
			if strings.Contains(page, sandboxWord) != sandboxed {
				t.Errorf("%s: sandbox %v, and the page is\n%s", path, sandboxed, page)
			}
			if strings.Contains(page, "style=") || strings.Contains(page, "<style") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(page) {
				t.Errorf("%s: the page has what its own policy forbids:\n%s", path, page)
			}
		}
		if r := fetched(t, site, http.MethodHead, "/docs", ""); r.StatusCode != http.StatusOK || r.Header.Get("Content-Length") == "" {
			t.Errorf("HEAD: %d", r.StatusCode)
		}
	}
}

func TestDocsPolicy(t *testing.T) {
	policy := fetched(t, docsSite(t, asItIs), http.MethodGet, "/docs", "").Header.Get("Content-Security-Policy")
	for _, directive := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
	} {
		if !strings.Contains("; "+policy+";", "; "+directive+";") {
			t.Errorf("the policy lacks %s: %s", directive, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
		t.Errorf("the policy has a hole: %s", policy)
	}
}

// TestDocsAssets follows every reference of the page, and those of its scripts to each other.
func TestDocsAssets(t *testing.T) {
	site := docsSite(t, asItIs)
	page := string(contentOf(t, fetched(t, site, http.MethodGet, "/docs", "")))
	base := regexp.MustCompile(`/docs/assets/[0-9a-f]{16}/`).FindString(page)
	paths := []string{base + "swagger-ui-bundle.js"}
	for _, m := range aReference.FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(m[1], base) {
			paths = append(paths, m[1])
		}
	}
	script := string(contentOf(t, fetched(t, site, http.MethodGet, base+"docs.js", "")))
	for _, m := range regexp.MustCompile(`from "\./(.*)"`).FindAllStringSubmatch(script, -1) {
		paths = append(paths, base+m[1])
	}
	if _, assets := docsAssets(); base == "" || len(paths) != len(assets) {
		t.Fatalf("there are %d assets, and the page loads %q", len(assets), paths)
	}
	types := map[string]string{"js": "application/javascript", "ss": "text/css; charset=utf-8", "ng": "image/png", "xt": "text/plain; charset=utf-8"}
	for _, path := range paths {
		plain := fetched(t, site, http.MethodGet, path, "")
		content := contentOf(t, plain)
		if plain.StatusCode != http.StatusOK || len(content) < 500 || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, %d bytes, %v", path, plain.StatusCode, len(content), plain.Header)
		}
		for name, want := range map[string]string{
			"Content-Type": types[path[len(path)-2:]], "Cache-Control": "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
		} {
			if got := plain.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		zipped := fetched(t, site, http.MethodGet, path, "gzip, br")
		if strings.HasSuffix(path, ".png") {
			continue
		}
		unzipped, err := gzip.NewReader(zipped.Body)
		if err != nil || zipped.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %v, %v", path, err, zipped.Header)
		}
		if same, err := io.ReadAll(unzipped); err != nil || !bytes.Equal(same, content) {
			t.Errorf("%s: compressed it is something else: %v", path, err)
		}
	}
}

// TestTheListBeforeSwaggerUI: it leads to every operation but previews, in the document's order; those that callers use have pages of their own.
func TestTheListBeforeSwaggerUI(t *testing.T) {
	var ids, pages []string
	s, err := New(testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range s.docsTags() {
		for _, op := range tag.Operations {
			ids = append(ids, op.ID)
			if op.Page != "" {
				pages = append(pages, op.Page)
			}
		}
	}
	body := string(contentOf(t, fetched(t, docsSite(t, asItIs), http.MethodGet, "/docs", "")))
	for _, id := range ids {
		if strings.HasPrefix(id, "Preview") || !strings.Contains(body, `data-link="#/`) || !strings.Contains(body, "/"+id+`"`) {
			t.Errorf("the list is wrong about %s", id)
		}
	}
	if len(pages) != len(s.options.Operations) || len(ids) <= len(pages) {
		t.Errorf("%q have pages, of %q", pages, ids)
	}
}

func TestTakesGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"gzip": true, "br, GZIP": true, "gzip;q=0.5": true, "gzip ; q=1": true, "gzip;q=0.01": true, "*": true, "br;q=0.5, *": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, br": false, "x-gzip": false, "identity": false, "*;q=0": false, "*, gzip;q=0": false,
	} {
		if TakesGzip(accept) != want {
			t.Errorf("%q: want %v", accept, want)
		}
	}
}

// TestConditionsOfAssets: an answer without a body announces none.
func TestConditionsOfAssets(t *testing.T) {
	site := docsSite(t, asItIs)
	version, _ := docsAssets()
	for _, encoding := range []string{"", "gzip"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs/assets/"+version+"/docs.js", nil)
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("If-Match", `"another"`)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if length := w.Header().Get("Content-Length"); w.Code != http.StatusPreconditionFailed || w.Body.Len() != 0 || length != "" && length != "0" {
			t.Errorf("%q: %d with %d bytes, and %q are announced", encoding, w.Code, w.Body.Len(), length)
		}
	}
}

// TestTagsOfAssets: an entity tag is in quotes (RFC 9110, section 8.8.3), each form has its own, and a client that has it gets a 304.
func TestTagsOfAssets(t *testing.T) {
	site := docsSite(t, asItIs)
	version, assets := docsAssets()
	for name, a := range assets {
		tags := map[string]bool{}
		for _, encoding := range []string{"", "gzip"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs/assets/"+version+"/"+name, nil)
			r.Header.Set("Accept-Encoding", encoding)
			first := httptest.NewRecorder()
			site.ServeHTTP(first, r)
			tag := first.Header().Get("ETag")
			if !regexp.MustCompile(`^"[0-9a-z-]+"$`).MatchString(tag) {
				t.Errorf("%s: the tag is %s", name, tag)
			}
			tags[tag] = true
			r.Header.Set("If-None-Match", `W/"other", `+tag)
			second := httptest.NewRecorder()
			site.ServeHTTP(second, r)
			if second.Code != http.StatusNotModified || second.Body.Len() != 0 || second.Header().Get("ETag") != tag {
				t.Errorf("%s: %d with %d bytes, %v", name, second.Code, second.Body.Len(), second.Header())
			}
		}
		if a.packed != (len(tags) == 2) {
			t.Errorf("%s: its two forms have the tags %v", name, tags)
		}
	}
}

// TestDocsAssetsAreTheListedOnes asks for what must not be there: another version, which a cache would keep for good, and unused files.
func TestDocsAssetsAreTheListedOnes(t *testing.T) {
	site := docsSite(t, asItIs)
	version, _ := docsAssets()
	base := "/docs/assets/" + version
	for _, path := range []string{
		"/docs/assets/0000000000000000/docs.js", base, base + "/", base + "/index.html", base + "/swagger-ui.js", base + "/../docs.js", base + "/oauth2-redirect.html",
	} {
		if r := fetched(t, site, http.MethodGet, path, ""); r.StatusCode != http.StatusNotFound || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", path, r.StatusCode, r.Header)
		}
	}
}

// TestUnlistedTag: the API's own tests have operations whose tag the document does not list. Swagger UI shows those, too.
func TestUnlistedTag(t *testing.T) {
	doc := newAsset(JSONType, []byte(`{"tags":[{"name":"Empty"}],"paths":{"/a":{"get":{"operationId":"A","tags":["Unlisted"]}}}}`))
	s := &Site{documents: []document{{made: func() *asset { return doc }}}}
	if tags := s.docsTags(); len(tags) != 1 || tags[0].Name != "Unlisted" || len(tags[0].Operations) != 1 || tags[0].Operations[0].ID != "A" {
		t.Errorf("the list is %+v", tags)
	}
}
