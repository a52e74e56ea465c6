package e2e

import (
	"encoding/json"
	"fmt"
	htmltext "html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/tests/kit"
	"soapbridge/translate/shape"
)

// documents are the files that every proxy serves, with their media types.
var documents = map[string]string{
	"/openapi.json": "application/json; charset=utf-8", "/openapi.yaml": "application/yaml", "/openapi-3.0.json": "application/json; charset=utf-8", "/swagger.json": "application/json; charset=utf-8",
	"/soapbridge.http": "text/plain; charset=utf-8", "/soapbridge.postman_collection.json": "application/json; charset=utf-8",
}

const (
	aBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	aProgram = "application/json"
)

// sharedDemo is a demo for all tests that change nothing in it.
func sharedDemo(t *testing.T) *process {
	t.Helper()
	return shared.get(t, "shared demo", func() (*process, error) {
		d, err := kit.StartDemo(program("shared demo", nil))
		if err != nil {
			return nil, err
		}
		return &process{d.Process}, nil
	})
}

// changedProxy is a proxy where every setting that appears in the documents differs from the generated documents.
func changedProxy(t *testing.T) *process {
	t.Helper()
	return shared.get(t, "changed proxy", func() (*process, error) {
		_, line := kit.NewKey(t, "reader")
		return launchProxy("changed proxy", with(toVendor("127.0.0.1:1"), credentials(), map[string]string{
			"API_KEYS": line, "IDEMPOTENCY": "optional", "IDEMPOTENCY_RETENTION": "36h", "MAX_BODY": "4KiB", "SANDBOX": "true",
			"MDS_SOAP_ACTION": "urn:mds-action", "EMERSION_SOAP_ACTION": "urn:emersion-action", "EMERSION_NAMESPACE": "urn:emersion-namespace",
		}))
	})
}

// look reads a path, with this Accept header and without a key.
func look(t *testing.T, base, path, accept string) answer {
	t.Helper()
	// Compressed, the client would take the length away.
	return send(t, base, call{method: http.MethodGet, path: path, header: header("Accept", accept, "Accept-Encoding", "identity")})
}

func TestDocumentsAreServed(t *testing.T) {
	for name, p := range map[string]*process{"demo": sharedDemo(t), "serve": changedProxy(t)} {
		for path, media := range documents {
			t.Run(name+path, func(t *testing.T) {
				a := look(t, p.URL, path, "*/*")
				if a.status != http.StatusOK {
					t.Fatalf("status %d: %s", a.status, a.body)
				}
				checkUsualHeaders(t, a, media, "no-cache")
				if strings.HasSuffix(path, ".json") && !json.Valid([]byte(a.body)) {
					t.Error("it is not JSON")
				}
				if saved := a.header.Get("Content-Disposition"); strings.HasPrefix(path, "/soapbridge") && saved != `attachment; filename="`+path[1:]+`"` {
					t.Errorf("it is saved as %q", saved)
				}
				again := send(t, p.URL, call{method: http.MethodGet, path: path, header: header("If-None-Match", a.header.Get("ETag"), "Accept-Encoding", "identity")})
				if again.status != http.StatusNotModified || again.body != "" {
					t.Errorf("the same again is answered with %d and %d bytes", again.status, len(again.body))
				}
				head := send(t, p.URL, call{method: http.MethodHead, path: path, header: header("Accept-Encoding", "identity")})
				if head.body != "" || head.header.Get("Content-Length") != strconv.Itoa(len(a.body)) || head.header.Get("Content-Type") != media {
					t.Errorf("HEAD: %v", head.header)
				}
				post := send(t, p.URL, call{path: path})
				if post.status != http.StatusMethodNotAllowed || post.header.Get("Allow") != "GET, HEAD" {
					t.Errorf("POST: %d, %v", post.status, post.header)
				}
			})
		}
	}
}

// leaves lists the values of a JSON document by their places.
func leaves(t *testing.T, text string) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				walk(at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), member)
			}
		case []any:
			for i, element := range v {
				walk(at+"/"+strconv.Itoa(i), element)
			}
		default:
			all[at] = fmt.Sprint(v)
		}
	}
	walk("", v)
	return all
}

// fieldsOf lists the leaves of a shape: JSON Pointer, a space, and the path of the element.
func fieldsOf(s *shape.Shape, pointer, wire string) (list []string) {
	for _, f := range s.Fields {
		at, element := pointer+"/"+f.Name, wire+"/"+f.Wire.Local
		if f.Repeated {
			at += "/*"
		}
		if f.Object != nil {
			list = append(list, fieldsOf(f.Object, at, element)...)
			continue
		}
		if f.Secret {
			element += " secret"
		}
		list = append(list, at+" "+element)
	}
	return list
}

func TestCatalogueListsEveryField(t *testing.T) {
	configured := map[string][2]string{ // by system
		"mds":      {"urn:mds-action", operation(t, "CreateService").Binding.Namespace},
		"emersion": {"urn:emersion-action", "urn:emersion-namespace"},
	}
	a := look(t, changedProxy(t).URL, openapi.CataloguePath, aProgram)
	read := func(path string) string { // without the places where lines may break
		return strings.ReplaceAll(htmltext.UnescapeString(look(t, changedProxy(t).URL, path, aBrowser).body), "<wbr>", "")
	}
	shown := read(openapi.CataloguePath)
	var catalogue openapi.Catalogue
	if err := json.Unmarshal([]byte(a.body), &catalogue); err != nil {
		t.Fatal(err)
	}
	if len(catalogue.Operations) != len(operations()) {
		t.Fatalf("it has %d operations", len(catalogue.Operations))
	}
	for i, op := range operations() {
		got, page := catalogue.Operations[i], read(openapi.PageOf(op.ID))
		want := configured[op.System]
		if want[1] == "" {
			want = [2]string{op.Binding.Action, op.Binding.Namespace}
		}
		if got.Name != op.Name || got.Path != op.Path || got.Scope != string(api.ScopeOf(op)) || len(got.SOAPVersions) != len(op.Versions) ||
			got.SOAPAction != want[0] || got.Namespace != want[1] {
			t.Errorf("%s is %q %q %q %q %q", op.Name, got.Name, got.Path, got.Scope, got.SOAPAction, got.Namespace)
		}
		var fields []string
		for _, f := range got.Fields {
			text := f.Pointer + " " + f.Wire
			row := f.Pointer + `"`
			if f.Required {
				row += " data-required"
			}
			if f.Secret {
				text, row = text+" secret", row+" data-secret"
			}
			fields = append(fields, text)
			if !strings.Contains(shown, ` id="`+op.Name+row) || !strings.Contains(page, ` id="`+row) || !strings.Contains(shown, f.Wire) || !strings.Contains(shown, f.Beyond()) || !strings.Contains(shown, f.Documentation) {
				t.Errorf("%s: the page lacks %s, or a part of it", op.Name, f.Pointer)
			}
		}
		if diff := cmp.Diff(fieldsOf(op.RequestShape, "", op.Binding.Path()), fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", op.Name, diff)
		}
		for _, text := range []string{"<h1>" + op.Name + "</h1>", want[0], want[1], "POST " + op.Path} {
			if !strings.Contains(page, text) {
				t.Errorf("%s: its page lacks %s", op.Name, text)
			}
		}
	}
}

func TestEveryProblemHasAPage(t *testing.T) {
	base := sharedDemo(t).URL
	components := leaves(t, look(t, base, "/openapi.json", aProgram).body)
	list := look(t, base, "/problems", aBrowser).body
	for _, p := range api.Problems() {
		t.Run(p.Code, func(t *testing.T) {
			path := "/problems/" + p.Code
			text := htmltext.UnescapeString(look(t, base, path, aBrowser).body)
			for _, part := range []string{"<h1>" + p.Title + "</h1>", p.Detail, "<code>" + p.Retry + "</code>", strconv.Itoa(p.Status), `"code": "` + p.Code + `"`} {
				if !strings.Contains(text, part) {
					t.Errorf("the page lacks %s", part)
				}
			}
			if p.Code == "outcome-unknown" && (!strings.Contains(text, "502 Bad Gateway") || !strings.Contains(text, "504 Gateway Timeout")) {
				t.Error("the page lacks one of the two statuses")
			}
			if !strings.Contains(list, `href="`+path+`"`) {
				t.Error("the list does not lead to it")
			}
			if id, there := components["/components/examples/"+p.Code+"/value/requestId"]; there && !strings.Contains(text, id) {
				t.Error("the example is not that of the OpenAPI document")
			}
			for _, accept := range []string{aProgram, "application/problem+json"} {
				var got map[string]any
				if err := json.Unmarshal([]byte(look(t, base, path, accept).body), &got); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{"code": p.Code, "status": float64(p.Status), "title": p.Title, "detail": p.Detail, "retry": p.Retry}
				if p.Outcome != "" {
					want["outcome"] = p.Outcome
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", accept, diff)
				}
			}
		})
	}
	for _, path := range []string{"/problems/unheard-of", "/unheard-of"} {
		if a := look(t, base, path, aProgram); a.status != http.StatusNotFound || codeIn(a) != "not-found" {
			t.Errorf("%s for a program: %d %s", path, a.status, a.body)
		}
		a := look1(t, base, path)
		if a.status != http.StatusNotFound || a.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(a.body, "There is nothing here") {
			t.Errorf("%s for a browser: %d %v %s", path, a.status, a.header, a.body)
		}
		checkPage(t, path, a)
	}
}

var (
	linked     = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	wellFormed = regexp.MustCompile(`(?s)^<!doctype html>\n<html lang="en">.*<meta name="viewport" content="width=device-width, initial-scale=1">.*<title>[^<]+</title>`)
)

// TestLinksResolve follows every link from the first page on.
func TestLinksResolve(t *testing.T) {
	for name, p := range map[string]*process{"demo": sharedDemo(t), "serve": changedProxy(t)} {
		t.Run(name, func(t *testing.T) {
			start := "/"
			if name == "demo" {
				a := look(t, p.URL, start, aBrowser)
				if a.status != http.StatusFound || a.header.Get("Location") != "/docs" {
					t.Errorf("/ answers %d and leads to %q", a.status, a.header.Get("Location"))
				}
				start = "/docs"
			}
			r := reader{base: p.URL, titles: map[string]string{}, pages: map[string]answer{}}
			seen, queue := map[string]bool{}, []string{start, "/v1/operations-catalogue", "/problems", "/search?q=phone"}
			for len(queue) > 0 {
				path := queue[0]
				queue = queue[1:]
				if !seen[path] {
					seen[path] = true
					queue = append(queue, r.follow(t, path)...)
				}
			}
			if len(r.pages) < 40 {
				t.Errorf("only %d pages and files were reached", len(r.pages))
			}
		})
	}
}

// reader follows links.
type reader struct {
	base   string
	titles map[string]string // the pages' addresses by their titles
	pages  map[string]answer // what was read, by address
}

// follow looks at one address and returns the addresses that it leads to.
func (r reader) follow(t *testing.T, path string) (next []string) {
	t.Helper()
	bare, fragment, _ := strings.Cut(path, "#")
	resp, known := r.pages[bare]
	if !known {
		resp = look1(t, r.base, bare)
		r.pages[bare] = resp
	}
	if bare == "/" && resp.status == http.StatusFound {
		return []string{resp.header.Get("Location")}
	}
	if resp.status != http.StatusOK {
		t.Errorf("%s answers %d", path, resp.status)
		return nil
	}
	if fragment != "" && bare != "/docs" && !strings.Contains(resp.body, `id="`+fragment+`"`) {
		t.Errorf("there is no %s", path)
	}
	if known || !strings.HasPrefix(resp.header.Get("Content-Type"), "text/html") {
		return nil
	}
	checkPage(t, bare, resp)
	title := regexp.MustCompile(`<title>(.*?)</title>`).FindString(resp.body)
	if other, twice := r.titles[title]; twice && !strings.HasPrefix(bare, "/search") {
		t.Errorf("%s and %s have the same title", bare, other)
	}
	r.titles[title] = bare
	for _, m := range linked.FindAllStringSubmatch(resp.body, -1) {
		target, err := url.Parse(htmltext.UnescapeString(m[1]))
		switch {
		case err != nil || target.Host != "" || target.Scheme != "" && target.String() != "data:,":
			t.Errorf("%s leads to %q", path, m[1])
		case target.Scheme == "":
			from, _ := url.Parse(bare) // it was read
			next = append(next, from.ResolveReference(target).String())
		}
	}
	return next
}

// look1 is look for assets too, which browsers may keep.
func look1(t *testing.T, base, path string) answer {
	t.Helper()
	a, err := trySend(base, call{method: http.MethodGet, path: path, header: header("Accept", aBrowser)})
	if err != nil {
		t.Fatal(err)
	}
	if secrets := secretsIn(a.body + fmt.Sprint(a.header)); secrets != nil {
		t.Errorf("%s shows the planted secrets %q", path, secrets)
	}
	return a
}

func checkPage(t *testing.T, path string, a answer) {
	t.Helper()
	if !wellFormed.MatchString(a.body) {
		t.Errorf("%s lacks its language, its viewport or its title", path)
	}
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !slices.Contains(strings.Split(policy, "; "), part) {
			t.Errorf("%s: the policy lacks %s: %q", path, part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: the policy allows too much: %q", path, policy)
	}
	if regexp.MustCompile(`(?i)<[^>]* (style|on[a-z]+)=|<script>|<script[^>]*>[^<]|<style`).MatchString(a.body) {
		t.Errorf("%s has a script or a style in it", path)
	}
	if !strings.Contains(htmltext.UnescapeString(a.body), "the upstream is a sandbox in the vendors' place") {
		t.Errorf("%s does not say that this is a sandbox", path)
	}
}
