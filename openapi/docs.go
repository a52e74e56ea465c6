package openapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

//go:embed ui
var ui embed.FS

// docsPolicy is the Content-Security-Policy of the page: everything comes from this origin, no script or style stands in the page, and the
// page is shown in no frame. Swagger UI needs one thing more, images in data: URLs, because the arrows in its style sheet are such. A change
// that needs another hole fails the browser test.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

// assetFolder is a set of files that the page loads.
type assetFolder struct {
	files fs.ReadDirFS
	root  string
	names []string
}

// assetFolders are Swagger UI's own distribution, which the module embeds compressed, and what this package adds to it.
var assetFolders = []assetFolder{
	{static.FS, "", []string{"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"}},
	{ui, "ui", []string{"docs.js", "key.js", "preview.js", "credentials.js", "docs.css", "licenses.txt"}},
}

var docsTemplate = template.Must(template.ParseFS(ui, "ui/index.html"))

// registerDocs adds Swagger UI at /docs. Its assets have the version of their content in their path, so that a browser may keep them for
// good. There is a route for each: any other name is answered like every unknown path.
func (s *Site) registerDocs(e gin.IRouter) {
	base := "/docs/assets/" + assetsVersion()
	for _, folder := range assetFolders {
		server := statigz.FileServer(folder.files, statigz.FSPrefix(folder.root), statigz.EncodeOnInit)
		for _, name := range folder.names {
			e.Match([]string{http.MethodGet, http.MethodHead}, base+"/"+name, immutable, gin.WrapH(http.StripPrefix(base, server)))
		}
	}
	page := s.docsPage(base)
	showDocs := func(c *gin.Context) {
		c.Header("Content-Security-Policy", docsPolicy)
		c.Header("Referrer-Policy", "same-origin")
		c.Header("X-Content-Type-Options", "nosniff")
		show(c, "text/html; charset=utf-8", page)
	}
	get(e, "/docs", showDocs)
	get(e, "/docs/", showDocs) // no redirect: the page names everything by absolute paths
}

// immutable lets browsers keep an asset for a year, the longest that RFC 9111 asks caches to understand. It takes back the API's no-store.
func immutable(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Header("X-Content-Type-Options", "nosniff")
}

func (s *Site) docsPage(assets string) []byte {
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, struct {
		Assets, Word, Sentence string
		Sandbox                bool
	}{assets, sandboxWord, sandboxSentence, s.options.Sandbox}); err != nil {
		panic(err) // the template is embedded: it is wrong for everybody, or for nobody
	}
	return page.Bytes()
}

// assetsVersion names the content of all assets.
func assetsVersion() string {
	sum := sha256.New()
	for _, folder := range assetFolders {
		for _, name := range folder.names {
			content, err := fs.ReadFile(folder.files, path.Join(folder.root, name))
			if err != nil {
				content, err = fs.ReadFile(folder.files, path.Join(folder.root, name+".gz"))
			}
			if err != nil {
				panic(err) // a name above is misspelt, or the module has other files than its version had
			}
			_, _ = sum.Write(content) // a hash never fails
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
