package openapi

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/swaggest/swgui/v5/static"
)

//go:embed ui
var ui embed.FS

// docsPolicy is the Content-Security-Policy of the page: everything comes from this origin, no script or style is in the page itself, and the
// page is shown in no frame. Swagger UI needs one thing more, images in data: URLs, because the arrows in its style sheet are such. A change
// that needs another hole fails the browser test.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// assetFolder is a set of files that the page loads.
type assetFolder struct {
	files fs.FS
	root  string
	names []string
}

// assetFolders are Swagger UI's own distribution, which the module embeds compressed, and what this package adds to it.
var assetFolders = []assetFolder{
	{static.FS, "", []string{"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"}},
	{ui, "ui", []string{
		"docs.js", "document.js", "layout.js", "fold.js", "answer.js", "access.js", "bounded.js", "key.js", "preview.js", "credentials.js", "docs.css", "licenses.txt",
	}},
}

var docsTemplate = template.Must(template.Must(parsed("templates/layout.html")).ParseFS(ui, "ui/index.html"))

// registerDocs adds Swagger UI at /docs. Its assets have the version of their content in their path, so that a browser may keep them for
// good. There is a route for each: any other name is answered like every unknown path.
func (s *Site) registerDocs(e gin.IRouter) {
	version, assets := docsAssets()
	base := "/docs/assets/" + version
	for name, a := range assets {
		get(e, base+"/"+name, func(c *gin.Context) {
			c.Header("Cache-Control", "public, max-age=31536000, immutable") // a year
			a.show(c)
		})
	}
	page := sync.OnceValue(func() *asset { return newAsset(HTMLType, s.docsPage(base)) }) // when it is first asked for, since it needs the document
	showDocs := func(c *gin.Context) {
		protect(c, docsPolicy)
		keep(c, page())
	}
	get(e, "/docs", showDocs)
	get(e, "/docs/", showDocs) // no redirect: the page names everything by absolute paths
}

// mediaTypes are not asked of the machine: some have another type for scripts, which browsers then do not run.
var mediaTypes = map[string]string{
	".js": "application/javascript", ".css": "text/css; charset=utf-8", ".png": "image/png", ".txt": "text/plain; charset=utf-8",
}

func (s *Site) docsPage(assets string) []byte {
	var page bytes.Buffer
	if err := docsTemplate.ExecuteTemplate(&page, "index.html", struct {
		Assets, Sandbox string
		Callers         bool
		Tags            []docsTag
	}{assets, s.banner(), s.options.Callers, s.docsTags()}); err != nil {
		panic(err) // the template is embedded: it is wrong always, or never
	}
	return page.Bytes()
}

// docsTag is a group of operations in the list that a reader sees before Swagger UI has come, and which Swagger UI replaces: it has the same operations
// in the same order.
type docsTag struct {
	Name, Description string
	Operations        []docsOperation
}

type docsOperation struct {
	Tag, ID, Method, Summary string
	Steps                    []string // of the path: "/v1", "/customercare"
	Page                     string   // the address of the operation's own page, where it has one
}

// docsTags reads the list from the document. Previews are not in it, as in Swagger UI: they have buttons.
func (s *Site) docsTags() []docsTag {
	var doc struct {
		Tags  []docsTag
		Paths object
	}
	if err := json.Unmarshal(s.documents[0].made().plain(), &doc, json.MatchCaseInsensitiveNames(true)); err != nil {
		panic(err) // it is from here
	}
	pages := map[string]string{}
	for i := range s.options.Operations {
		op := &s.options.Operations[i]
		pages[op.operationID()] = PageOf(op.id())
	}
	tags := doc.Tags
	for _, at := range doc.Paths {
		if operation, isPreview := strings.CutSuffix(at.name, PreviewSuffix); isPreview && doc.Paths.get(operation) != nil {
			continue
		}
		for _, method := range asObject(at.value) {
			listed := listedOperation(at.name, method.name, asObject(method.value))
			listed.Page = pages[listed.ID]
			in := slices.IndexFunc(tags, func(t docsTag) bool { return t.Name == listed.Tag })
			if in < 0 {
				in, tags = len(tags), append(tags, docsTag{Name: listed.Tag})
			}
			tags[in].Operations = append(tags[in].Operations, listed)
		}
	}
	return slices.DeleteFunc(tags, func(t docsTag) bool { return len(t.Operations) == 0 })
}

func listedOperation(path, method string, described object) docsOperation {
	text := func(value any) string {
		s, _ := value.(string)
		return s
	}
	listed := docsOperation{
		ID: text(described.get("operationId")), Method: method, Summary: text(described.get("summary")), Steps: steps.FindAllString(path, -1),
	}
	if tags, _ := described.get("tags").(list); len(tags) > 0 {
		listed.Tag = text(tags[0])
	}
	return listed
}

var steps = regexp.MustCompile(`/[^/]*`)

// docsAssets returns all assets by name, and a name for their content.
var docsAssets = sync.OnceValues(func() (version string, assets map[string]*asset) {
	assets = map[string]*asset{}
	var tags []byte
	for _, folder := range assetFolders {
		for _, name := range folder.names {
			a, err := folder.asset(name)
			if err != nil {
				panic(err) // a name above is misspelt, or the module has other files than its version had
			}
			assets[name] = a
			tags = append(tags, a.tag...)
		}
	}
	return tagOf(tags), assets
})

// asset reads a file. Swagger UI's module embeds most of its own compressed.
func (f assetFolder) asset(name string) (*asset, error) {
	file, mediaType := path.Join(f.root, name), mediaTypes[path.Ext(name)]
	if packed, err := fs.ReadFile(f.files, file+".gz"); err == nil {
		plain, err := unzipped(packed)
		return &asset{mediaType: mediaType, content: packed, packed: true, tag: tagOf(plain)}, err
	}
	plain, err := fs.ReadFile(f.files, file)
	return newAsset(mediaType, plain), err
}
