package openapi

import (
	"bytes"
	"errors"
	"regexp"
	"sync"

	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"
)

// document is one form of what describes the API.
type document struct {
	path, mediaType string
	about           string
	// fileName is the name under which a browser saves the document, instead of showing it; empty shows it.
	fileName string
	content  func(c *gin.Context) *asset
}

func (d document) show(c *gin.Context) {
	if d.fileName != "" {
		c.Header("Content-Disposition", `attachment; filename="`+d.fileName+`"`)
	}
	c.Header("Cache-Control", "no-cache") // a cache may keep it, and asks by its ETag whether it is still the same
	d.content(c).show(c)
}

// JSONType is the media type of every answer in JSON but problems.
const JSONType = "application/json; charset=utf-8"

// makeDocuments makes everything that describes the operations.
func (s *Site) makeDocuments() error {
	words, err := readWords(wordsFile)
	if err != nil {
		return err
	}
	doc, err := build(s.options, words)
	if err != nil {
		return err
	}
	lowered := older(doc)
	newest, err1 := doc.text()
	for30, err2 := lowered.text()
	for20, err3 := swagger(lowered).text()
	s.operations = catalogue(s.options.Operations, words)
	requests, err4 := entries(s.options.Operations, words)
	collection, err5 := postman(requests)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	openapi := newAsset(JSONType, newest)
	s.documents = []document{
		{"/openapi.json", JSONType, "the API in OpenAPI 3.1", "", always(openapi)},
		{"/openapi.yaml", "application/yaml", "the same in YAML", "", inYAML(openapi)},
		{"/openapi-3.0.json", JSONType, "the API in OpenAPI 3.0.3, for generators of clients", "", always(newAsset(JSONType, for30))},
		{"/swagger.json", JSONType, "the API in Swagger 2.0, for older tools", "", always(newAsset(JSONType, for20))},
		{"/soapbridge.http", textType, "requests for the HTTP client of an editor", "soapbridge.http", forHost(textType, httpFile(requests))},
		{"/soapbridge.postman_collection.json", JSONType, "requests for Postman", "soapbridge.postman_collection.json", forHost(JSONType, collection)},
	}
	return nil
}

const textType = "text/plain; charset=utf-8"

func always(a *asset) func(*gin.Context) *asset {
	return func(*gin.Context) *asset { return a }
}

// inYAML writes a document in YAML when it is asked for: that takes a while, and few ask.
func inYAML(document *asset) func(*gin.Context) *asset {
	made := sync.OnceValue(func() *asset {
		text, err := toYAML(document.plain())
		if err != nil {
			panic(err) // of a document that this package wrote
		}
		return newAsset("application/yaml", text)
	})
	return func(*gin.Context) *asset { return made() }
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
func forHost(mediaType string, content []byte) func(*gin.Context) *asset {
	return func(c *gin.Context) *asset {
		scheme := "http://"
		// A proxy that ends TLS in front reports so. A caller who makes it up changes nothing but their own file.
		if c.Request.TLS != nil || c.GetHeader("X-Forwarded-Proto") == "https" {
			scheme = "https://"
		}
		if !hostSyntax.MatchString(c.Request.Host) {
			return newAsset(mediaType, content)
		}
		return newAsset(mediaType, bytes.ReplaceAll(content, []byte(DemoURL), []byte(scheme+c.Request.Host)))
	}
}
