package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"
)

// document is one form of what describes the API.
type document struct {
	path, mediaType string
	about           string
	// fileName is the name under which a browser saves the document, instead of showing it; empty shows it. Its requests go to the proxy that served it.
	fileName string
	write    func(Options) ([]byte, error)
	made     func() *asset
}

func (d document) show(c *gin.Context) {
	if d.fileName != "" {
		c.Header("Content-Disposition", `attachment; filename="`+d.fileName+`"`)
	}
	keep(c, d.content(c))
}

func (d document) content(c *gin.Context) *asset {
	if d.fileName != "" {
		return forHost(c, d.made())
	}
	return d.made()
}

// JSONType is the media type of every answer in JSON but problems.
const JSONType = "application/json; charset=utf-8"

// forms are the documents that there are.
func forms() []document {
	return []document{
		{"/openapi.json", JSONType, "the API in OpenAPI 3.1", "", inForm(func(doc object) object { return doc }), nil},
		{"/openapi.yaml", "application/yaml", "the same in YAML", "", inYAML, nil},
		{"/openapi-3.0.json", JSONType, "the API in OpenAPI 3.0.3, for generators of clients", "", inForm(older), nil},
		{"/swagger.json", JSONType, "the API in Swagger 2.0, for older tools", "", inForm(func(doc object) object { return swagger(older(doc)) }), nil},
		{"/soapbridge.http", textType, "requests for the HTTP client of an editor", "soapbridge.http", httpFile, nil},
		{"/soapbridge.postman_collection.json", JSONType, "requests for Postman", "soapbridge.postman_collection.json", postman, nil},
	}
}

const textType = "text/plain; charset=utf-8"

// makeDocuments prepares the documents. Each is made when it is first asked for: few are, and those of a thousand operations take a second. A mistake
// must be found now, so those of the built-in operations are made once.
func (s *Site) makeDocuments() error {
	builtIn := s.options
	builtIn.Operations = slices.DeleteFunc(slices.Clone(builtIn.Operations), Operation.isImported)
	err := wrong(s.options.Operations)
	s.documents = forms()
	for i := range s.documents {
		d := &s.documents[i]
		if d.path != "/openapi.yaml" { // it is /openapi.json in another style
			_, failed := d.write(builtIn)
			err = errors.Join(err, failed)
		}
		d.made = sync.OnceValue(func() *asset { return newAsset(d.mediaType, must(d.write(s.options))) })
	}
	return err
}

// must returns a text of which the start found nothing wrong.
func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

// wrong says what documents cannot describe: two operations with one name or route, or an example that is not JSON.
func wrong(operations []Operation) (err error) {
	taken := map[string]bool{}
	for _, op := range operations {
		for _, name := range []string{op.operationID(), op.previewID(), op.Path} {
			if taken[name] {
				err = errors.Join(err, fmt.Errorf("openapi: two operations have the name or the route %s", name))
			}
			taken[name] = true
		}
		if op.Example != "" && !json.Valid([]byte(op.Example)) {
			err = errors.Join(err, fmt.Errorf("openapi: the example of %s is not JSON", op.Name))
		}
	}
	return err
}

// inForm writes the document in a format.
func inForm(form func(object) object) func(Options) ([]byte, error) {
	return func(o Options) ([]byte, error) {
		words, err := readWords(wordsFile) // anew: making a document changes them
		if err != nil {
			return nil, err
		}
		doc, err := build(o, words)
		if err != nil {
			return nil, err
		}
		return form(doc).text()
	}
}

// mostYAML bounds the document that is written in another style, in bytes: that takes fifty times its room.
const mostYAML = 2 << 20

func inYAML(o Options) ([]byte, error) {
	text, err := inForm(func(doc object) object { return doc })(o)
	if err != nil || len(text) > mostYAML {
		return text, err // JSON is YAML
	}
	return toYAML(text)
}

// toYAML writes JSON as people write YAML. JSON is YAML already: what changes is the style, and the library quotes what another type could be
// read from, such as the text 0123456789.
func toYAML(document []byte) ([]byte, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(document, &node); err != nil {
		return nil, err
	}
	inBlocks(&node)
	var b bytes.Buffer
	to := yaml.NewEncoder(&b)
	to.SetIndent(2)
	err := to.Encode(&node)
	return b.Bytes(), errors.Join(err, to.Close())
}

func inBlocks(node *yaml.Node) {
	node.Style = 0
	for _, inner := range node.Content {
		inBlocks(inner)
	}
}

// DemoURL is where the requests go that are not served by a proxy: to a demo with its default address.
const DemoURL = "http://127.0.0.1:8080"

// hostSyntax is what may be in a URL without another meaning (RFC 9110 section 7.2).
var hostSyntax = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]{1,5})?$|^\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?$`)

// forHost makes the requests go to the proxy that served them, by the name under which it was called.
func forHost(c *gin.Context, made *asset) *asset {
	scheme := "http://"
	// A proxy that ends TLS in front reports so. A caller who makes it up changes nothing but their own file.
	if c.Request.TLS != nil || c.GetHeader("X-Forwarded-Proto") == "https" {
		scheme = "https://"
	}
	if !hostSyntax.MatchString(c.Request.Host) {
		return made
	}
	return newAsset(made.mediaType, bytes.ReplaceAll(made.plain(), []byte(DemoURL), []byte(scheme+c.Request.Host)))
}
