package openapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
)

// The generated documents. They describe a proxy with callers, a required key, the default retention, and the demo's tools; openapi.yaml is
// the same as openapi.json, and a running proxy makes its own.
var (
	//go:embed openapi.json
	generatedOpenAPI []byte
	//go:embed swagger.json
	generatedSwagger []byte
	//go:embed catalogue.json
	generatedCatalogue []byte
	//go:embed soapbridge.http
	httpFile []byte
	//go:embed soapbridge.postman_collection.json
	collection []byte
)

type document struct {
	path, mediaType string
	about           string
	// fileName is the name under which a browser saves the document, instead of showing it; empty shows it.
	fileName string
	content  func(c *gin.Context) []byte
}

func (d document) show(c *gin.Context) {
	if d.fileName != "" {
		c.Header("Content-Disposition", `attachment; filename="`+d.fileName+`"`)
	}
	show(c, d.mediaType, d.content(c))
}

// JSONType is the media type of every answer in JSON but problems.
const JSONType = "application/json; charset=utf-8"

func documentsOf(o Options) ([]document, error) {
	editsOfModern, err1 := editsOfOpenAPI(o)
	editsOfOld, err2 := editsOfSwagger(o)
	modern, err3 := vary(generatedOpenAPI, editsOfModern)
	old, err4 := vary(generatedSwagger, editsOfOld)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	// Making YAML takes a while, and few ask for it.
	inYAML := sync.OnceValue(func() []byte {
		text, err := yaml.JSONToYAML(modern)
		if err != nil {
			panic(err) // of a document that was read as JSON a moment ago
		}
		return text
	})
	return []document{
		{"/openapi.json", JSONType, "the API in OpenAPI 3.1", "", same(modern)},
		{"/openapi.yaml", "application/yaml", "the same in YAML", "", func(*gin.Context) []byte { return inYAML() }},
		{"/swagger.json", JSONType, "the API in Swagger 2.0, for older tools", "", same(old)},
		{"/soapbridge.http", "text/plain; charset=utf-8", "requests for the HTTP client of an editor", "soapbridge.http", forHost(httpFile)},
		{"/soapbridge.postman_collection.json", JSONType, "requests for Postman", "soapbridge.postman_collection.json", forHost(collection)},
	}, nil
}

func same(content []byte) func(*gin.Context) []byte {
	return func(*gin.Context) []byte { return content }
}

// DemoURL is where the generated requests go: to a demo with its default address.
const DemoURL = "http://127.0.0.1:8080"

// hostSyntax is what may be in a URL without another meaning (RFC 9110 section 7.2).
var hostSyntax = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]{1,5})?$|^\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?$`)

// forHost makes the requests go to the proxy that gave them, by the name under which it was asked.
func forHost(content []byte) func(*gin.Context) []byte {
	return func(c *gin.Context) []byte {
		scheme := "http://"
		// A proxy that ends TLS in front reports so. A caller who makes it up changes nothing but their own file.
		if c.Request.TLS != nil || c.GetHeader("X-Forwarded-Proto") == "https" {
			scheme = "https://"
		}
		if !hostSyntax.MatchString(c.Request.Host) {
			return content
		}
		return bytes.ReplaceAll(content, []byte(DemoURL), []byte(scheme+c.Request.Host))
	}
}

// edit makes another value of a JSON value; nil takes it away.
type edit func(old jsontext.Value) (jsontext.Value, error)

// edits are the changes of a document, by JSON Pointer (RFC 6901).
type edits map[jsontext.Pointer]edit

// vary changes a document and keeps everything else, the order of members included. A place that is not there is an error.
func vary(text []byte, changes edits) ([]byte, error) {
	var out bytes.Buffer
	from, to := jsontext.NewDecoder(bytes.NewReader(text)), jsontext.NewEncoder(&out, jsontext.WithIndent("  "))
	missing := maps.Clone(changes)
	for {
		token, err := from.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var at jsontext.Pointer
		var change edit
		if isName(from) {
			at = from.StackPointer()
			change = changes[at]
		}
		if change == nil {
			err = to.WriteToken(token)
		} else {
			delete(missing, at)
			err = changeMember(from, to, token.String(), change)
		}
		if err != nil {
			return nil, fmt.Errorf("at %q: %w", at, err)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("a generated document lacks %v; go run ./openapi/gen writes it anew", slices.Sorted(maps.Keys(missing)))
	}
	return out.Bytes(), nil
}

// isName reports whether the last token is the name of a member.
func isName(d *jsontext.Decoder) bool {
	kind, tokens := d.StackIndex(d.StackDepth())
	return kind == '{' && tokens%2 == 1
}

// changeMember reads the value behind a name, and writes what the change makes of the member.
func changeMember(from *jsontext.Decoder, to *jsontext.Encoder, name string, change edit) error {
	old, err := from.ReadValue()
	if err != nil {
		return err
	}
	changed, err := change(old)
	if changed == nil || err != nil {
		return err
	}
	return errors.Join(to.WriteToken(jsontext.String(name)), to.WriteValue(changed))
}

func remove(jsontext.Value) (jsontext.Value, error) { return nil, nil }

func replace(text string) edit {
	return func(jsontext.Value) (jsontext.Value, error) { return jsontext.Value(text), nil }
}

// reword changes a text.
func reword(change func(text string) (string, error)) edit {
	return func(old jsontext.Value) (jsontext.Value, error) {
		var text string
		if err := json.Unmarshal(old, &text); err != nil {
			return nil, err
		}
		text, err := change(text)
		if err != nil {
			return nil, err
		}
		return jsontext.AppendQuote(nil, text)
	}
}

// add puts a sentence behind a text.
func add(sentence string) edit {
	return reword(func(text string) (string, error) { return text + sentence, nil })
}

func withoutNamed(name string) edit {
	return takeOut(1, func(object named) bool { return object.Name == name })
}

// takeOut takes objects out of an array: so many, or any number but none when the number is 0.
func takeOut[T any](number int, taken func(T) bool) edit {
	return func(old jsontext.Value) (jsontext.Value, error) {
		var all []jsontext.Value
		if err := json.Unmarshal(old, &all); err != nil {
			return nil, err
		}
		before := len(all)
		all = slices.DeleteFunc(all, func(v jsontext.Value) bool {
			var object T
			return json.Unmarshal(v, &object) == nil && taken(object)
		})
		if n := before - len(all); n == 0 || number != 0 && n != number {
			return nil, fmt.Errorf("%d values there are to be taken out", n)
		}
		return json.Marshal(all)
	}
}

// toolsTag groups the routes that only the demo has.
const toolsTag = "Tools"

// editsOf are the changes of a generated document.
func editsOf(text []byte, o Options) (edits, error) {
	e := edits{}
	if !o.Callers {
		e["/security"] = replace("[]")
	}
	if o.Sandbox {
		e["/info/description"] = add("\n\n**" + sandboxWord + "** " + sandboxSentence)
	}
	if !o.Demo {
		e[jsontext.Pointer("/paths").AppendToken(DecodePath)] = remove
		e["/tags"] = withoutNamed(toolsTag)
	}
	var doc described
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	for path, operations := range doc.Paths {
		if path == DecodePath && !o.Demo {
			continue
		}
		for method, operation := range operations {
			e.describeOperation(jsontext.Pointer("/paths").AppendToken(path).AppendToken(method), operation, o)
		}
	}
	return e, nil
}

func editsOfOpenAPI(o Options) (edits, error) {
	e, err := editsOf(generatedOpenAPI, o)
	if err != nil {
		return nil, err
	}
	if !o.Callers {
		e["/components/securitySchemes"] = remove
	}
	if err := e.turnOff(generatedOpenAPI, o.Off); err != nil {
		return nil, err
	}
	e.describeKey("/components/parameters/IdempotencyKey", o)
	e.describeLimit("/components/responses/PayloadTooLarge", o.MaxBody)
	return e, nil
}

func editsOfSwagger(o Options) (edits, error) {
	e, err := editsOf(generatedSwagger, o)
	if !o.Callers && err == nil {
		e["/securityDefinitions"] = remove
	}
	return e, err
}

// marked is a list of schemas, whose rules may have a mark.
type marked struct {
	Components struct {
		Schemas map[string]struct {
			AllOf []rule `json:"allOf"`
		} `json:"schemas"`
	} `json:"components"`
}

type rule struct {
	Mark string `json:"$comment"`
}

// turnOff takes the rules with one of the marks out of the schemas. A mark that no rule has is an error.
func (e edits) turnOff(text []byte, marks []string) error {
	var doc marked
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	found := map[string]bool{}
	for name, schema := range doc.Components.Schemas {
		for _, r := range schema.AllOf {
			if slices.Contains(marks, r.Mark) {
				found[r.Mark] = true
				e[jsontext.Pointer("/components/schemas").AppendToken(name)+"/allOf"] = takeOut(0, func(r rule) bool { return slices.Contains(marks, r.Mark) })
			}
		}
	}
	for _, mark := range marks {
		if !found[mark] {
			return fmt.Errorf("no rule of the schemas is marked %q", mark)
		}
	}
	return nil
}

// described is what a document says at each operation itself, instead of by a reference to what all share.
type described struct {
	Paths map[string]map[string]describedOperation `json:"paths"`
}

type named struct {
	Name string `json:"name"`
}

type describedOperation struct {
	Parameters []named `json:"parameters"`
	Responses  map[string]struct {
		Description string `json:"description"`
	} `json:"responses"`
}

func (e edits) describeOperation(at jsontext.Pointer, operation describedOperation, o Options) {
	for i, p := range operation.Parameters {
		if p.Name == "Idempotency-Key" {
			e.describeKey(at+"/parameters/"+jsontext.Pointer(strconv.Itoa(i)), o)
		}
	}
	if operation.Responses["413"].Description != "" {
		limit := o.MaxBody
		if strings.HasPrefix(string(at), string(jsontext.Pointer("/paths").AppendToken(DecodePath))) {
			limit = o.MaxReply
		}
		e.describeLimit(at+"/responses/413", limit)
	}
}

// describeKey says of the parameter Idempotency-Key what holds here.
func (e edits) describeKey(parameter jsontext.Pointer, o Options) {
	if o.KeyOptional {
		e[parameter+"/required"] = replace("false")
	}
	if !o.KeyOptional && o.Retention == 0 {
		return
	}
	e[parameter+"/description"] = reword(func(text string) (string, error) {
		if strings.Count(text, DefaultRetention) != 1 {
			return "", fmt.Errorf("%q does not stand there once", DefaultRetention)
		}
		if o.Retention != 0 {
			text = strings.Replace(text, DefaultRetention, inWords(o.Retention), 1)
		}
		if o.KeyOptional {
			text += " This proxy also takes a call without a key, which then cannot be repeated safely."
		}
		return text, nil
	})
}

func (e edits) describeLimit(answer jsontext.Pointer, limit int64) {
	if limit > 0 {
		e[answer+"/description"] = add(" The limit is " + sizeInWords(limit) + ".")
	}
}

// inWords says a duration in the largest unit that divides it: 7 days, 36 hours.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		name string
		long time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		switch {
		case d == unit.long:
			return "1 " + unit.name
		case d%unit.long == 0:
			return strconv.FormatInt(int64(d/unit.long), 10) + " " + unit.name + "s"
		}
	}
	return d.String()
}

// sizeInWords says a number of bytes in the largest unit that divides it: 256 KiB.
func sizeInWords(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n%unit.size == 0 {
			return fmt.Sprintf("%d %s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// catalogueOf returns the catalogue with the names that are configured here.
func catalogueOf(o Options) (all Catalogue, err error) {
	if err := json.Unmarshal(generatedCatalogue, &all); err != nil {
		return all, err
	}
	for i := range all.Operations {
		op := &all.Operations[i]
		if b, configured := o.Bindings[op.Name]; configured {
			op.SOAPAction, op.Namespace = b.SOAPAction, b.Namespace
		}
	}
	return all, nil
}
