package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	stdxml "encoding/xml"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/api/edge"
	"soapbridge/api/idempotency"
	"soapbridge/tests/openapi"
	"soapbridge/translate"
	"soapbridge/translate/imported"
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

var variantsFlag = flag.Int("variants", maxVariants, "the most full instances of a schema")

// TestGate makes a system of every WSDL, with all operations on. Of each operation, requests that are made of its JSON Schema become envelopes, and
// replies that are made of its schema become XML and JSON again: xmllint judges both by the vendor's schema.
func TestGate(t *testing.T) {
	services, err := os.ReadDir(*corpusFlag)
	if err != nil {
		t.Fatal(err)
	}
	var all tally
	for _, service := range services {
		t.Run(service.Name(), func(t *testing.T) {
			g := newGate(t, service.Name())
			g.run()
			all.add(g.tally)
			t.Logf("%s", g.tally)
		})
	}
	fmt.Printf("all: %s\n", all)
	if isReal := all.operations > 100; isReal && (all.defined*100 < all.operations*85 || all.uncheckable*100 > 6*(all.valid+all.uncheckable)) {
		t.Errorf("the goal is missed: 85 %% of the operations defined, at most 6 %% of the documents not checkable")
	}
}

// tally is the table of one WSDL or of all.
type tally struct {
	operations, encoded, defined int // encoded are rpc/encoded, and not among operations
	valid, invalid, uncheckable  int // documents
}

func (t *tally) add(o tally) {
	t.operations, t.encoded, t.defined = t.operations+o.operations, t.encoded+o.encoded, t.defined+o.defined
	t.valid, t.invalid, t.uncheckable = t.valid+o.valid, t.invalid+o.invalid, t.uncheckable+o.uncheckable
}

func (t tally) String() string {
	return fmt.Sprintf("%d of %d operations defined, %d rpc/encoded; %d documents valid, %d invalid, %d not checkable",
		t.defined, t.operations, t.encoded, t.valid, t.invalid, t.uncheckable)
}

// gate is the way of one WSDL through everything.
type gate struct {
	tally

	t          *testing.T
	name       string
	files      fs.FS
	entry      string
	definition *wsdl.Definitions
	judge      *Judge
	// documented is what callers see, mirrored the same of replies.
	documented, mirrored *openapi.Document
}

func newGate(t *testing.T, name string) *gate {
	t.Helper()
	g := &gate{t: t, name: strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name)), files: os.DirFS(filepath.Join(*corpusFlag, name))}
	g.entry = findEntry(t, g.files)
	var err error
	if g.definition, err = wsdl.Read(g.files, g.entry, wsdl.Limits{}); err != nil {
		t.Fatal(err)
	}
	g.judge = newTestJudge(t, g.files, g.entry)
	return g
}

// folder is the system's folder, with every operation on.
func (g *gate) folder() fs.FS {
	folder, hashes := fstest.MapFS{}, map[string]string{}
	for _, name := range g.definition.Files {
		content, err := fs.ReadFile(g.files, name)
		if err != nil {
			g.t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: content}
		hashes[name] = fmt.Sprintf("%x", sha256.Sum256(content))
	}
	operations := map[string]any{}
	for _, op := range g.definition.Operations {
		headers := map[string]string{}
		for _, b := range op.Bindings {
			if op.Problem != nil || b.Input == nil {
				continue
			}
			for _, h := range b.Input.Headers {
				if h.Part != nil && h.Part.Element != nil {
					headers[h.Part.Element.Name.Local] = "caller"
				}
			}
		}
		operations[op.Name] = map[string]any{"kind": "write", "secret": []string{}, "outcome": "faultsOnly", "headers": headers}
	}
	entryHash := hashes[g.entry]
	delete(hashes, g.entry)
	overlay := map[string]any{
		"system": g.name, "xml": true, "operations": operations, "wsdl": map[string]any{"file": g.entry, "sha256": entryHash, "files": hashes},
	}
	text, err := json.Marshal(overlay) // JSON is YAML
	if err != nil {
		g.t.Fatal(err)
	}
	folder[imported.FileName] = &fstest.MapFile{Data: text}
	return folder
}

func (g *gate) run() {
	system, err := imported.Load(g.name, g.folder(), imported.Config{})
	if err != nil {
		g.t.Logf("left out: %v", err)
	}
	if system == nil {
		return
	}
	for _, op := range g.definition.Operations {
		if slices.ContainsFunc(op.Bindings, func(b *wsdl.BoundOperation) bool { return b.Input != nil && b.Input.Encoded }) {
			g.encoded++
		} else {
			g.operations++
		}
	}
	operations := system.Operations
	g.defined = len(operations)
	g.documented, g.mirrored = g.document(operations), g.document(g.mirrors(operations))
	for i := range operations {
		g.operation(&operations[i])
	}
}

const mirror = "/v1/mirror/"

// mirrors have the replies of other operations as requests: what is documented of a request says everything that the vendor's schema says.
func (g *gate) mirrors(operations []translate.Operation) (list []translate.Operation) {
	for i := range operations {
		op := &operations[i]
		if len(op.ResponseShape.Fields) == 0 {
			continue
		}
		m, err := translate.Define(translate.Definition{
			System: g.name, Name: "Mirror" + op.Name, Path: mirror + op.Name, Status: translate.StatusOK, Version: op.Version,
			Request: op.ResponseShape, Response: &shape.Shape{Name: "Mirror" + op.Name + "Result"}, Binding: soap.Binding{EnvelopePrefix: op.Binding.EnvelopePrefix},
		})
		if err != nil {
			g.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// document is the OpenAPI document that the proxy serves.
func (g *gate) document(operations []translate.Operation) *openapi.Document {
	g.t.Helper()
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		g.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	limits := edge.Limits{InFlight: 1, Queue: 1, QueueTimeout: time.Second}
	server, err := edge.New(edge.Config{
		Systems: []edge.System{{Name: g.name, Operations: operations, Limits: limits}}, MaxBody: 1 << 20, MaxReply: 1 << 20,
		Store: idempotency.NewMemory(idempotency.Retention{Done: time.Hour, Unknown: time.Hour}), Vault: vault, Retention: time.Hour, Log: log, RequestLog: log,
	})
	if err != nil {
		g.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/openapi.json", nil)
	r.Host = "localhost"
	server.ServeHTTP(w, r)
	d, err := openapi.Parse(w.Body.Bytes())
	if err != nil {
		g.t.Fatalf("%d: %v", w.Code, err)
	}
	return d
}

// operation sends requests and replies of one operation through it.
func (g *gate) operation(op *translate.Operation) {
	var docs [][]byte
	var names []string
	keep := func(name string, envelope []byte) {
		headers, body, err := Contents(envelope)
		if err != nil {
			g.t.Errorf("%s: %s: %v", op.Name, name, err)
		}
		for _, doc := range append(headers, body...) {
			docs, names = append(docs, doc), append(names, name)
		}
	}
	for _, i := range g.instances(g.documented, g.documented.RequestSchema("POST", op.Path)) {
		request, refusal := op.Read(i.JSON)
		if refusal != nil {
			g.t.Errorf("%s: its schema accepts %s, and the reader says %v %v", op.Name, i.JSON, refusal, refusal.Violations)
			continue
		}
		message, failure := request.Encode(translate.Env{Now: time.Unix(0, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"})
		if failure != nil {
			g.t.Errorf("%s: %s: %v", op.Name, i.JSON, failure)
			continue
		}
		keep("request "+i.Name, message.Envelope)
	}
	if len(op.ResponseShape.Fields) > 0 {
		g.replies(op, keep)
	}
	g.check(op, docs, names)
}

func (g *gate) instances(document *openapi.Document, pointer string) []Instance {
	list, err := generate(document, pointer, *variantsFlag)
	if err != nil {
		g.t.Errorf("%s: %v", pointer, err)
	}
	return list
}

// replies makes replies and decodes them.
func (g *gate) replies(op *translate.Operation, keep func(string, []byte)) {
	for _, i := range g.instances(g.mirrored, g.mirrored.RequestSchema("POST", mirror+op.Name)) {
		content, err := op.EncodeReply(i.JSON)
		if err != nil {
			g.t.Errorf("%s: %s: %v", op.Name, i.JSON, err)
			continue
		}
		envelope := fmt.Appendf(nil, `<e:Envelope xmlns:e="%s"><e:Body>%s</e:Body></e:Envelope>`, op.Version.Namespace(), content)
		keep("reply "+i.Name, envelope)
		g.back(op, content, envelope)
	}
}

func (g *gate) responseSchema(op *translate.Operation) string {
	_, operation := g.documented.Route("POST", op.Path)
	schema := openapi.Inside(operation, "responses", fmt.Sprint(op.Status), "content", "application/json", "schema")
	return strings.TrimPrefix(schema["$ref"].(string), "#")
}

// back decodes a reply: its JSON must be what callers are told, and make the same reply again.
func (g *gate) back(op *translate.Operation, content, envelope []byte) {
	decoded, err := soap.NewDecoder(op.Binding, op.ResponseShape, xml.Limits{}).Decode(op.Version, soap.Reply{Status: 200, ContentType: "text/xml", Body: envelope})
	if err != nil || decoded.Fault != nil || decoded.Ignored > 0 {
		g.t.Errorf("%s: %s: %v, %d ignored", op.Name, envelope, err, decoded.Ignored)
		return
	}
	got := translate.Respond(decoded.Result.Root(), "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f")
	var value any
	if err := json.Unmarshal(got, &value); err != nil {
		g.t.Fatalf("%s: %v", got, err)
	}
	if err := g.documented.Accepts(g.responseSchema(op), value); err != nil {
		g.t.Errorf("%s: the reply %s: %v", op.Name, got, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got, &members); err != nil {
		g.t.Fatal(err)
	}
	delete(members, "operationId")
	body, _ := json.Marshal(members)
	if again, err := op.EncodeReply(body); err != nil || !bytes.Equal(again, content) {
		g.t.Errorf("%s: %v: the reply comes back as another one\n want %s\n got  %s\n from %s", op.Name, err, content, again, body)
	}
}

// check lets xmllint judge the documents of an operation.
func (g *gate) check(op *translate.Operation, docs [][]byte, names []string) {
	verdicts, err := g.rpc(op.Name).Check(docs)
	if err != nil {
		g.t.Fatal(err)
	}
	for i, v := range verdicts {
		if v.Outcome == Invalid && strings.Contains(v.Reason, "Duplicate key-sequence") {
			v.Outcome = NotCheckable // what is said of several values at once, no JSON Schema says
		}
		switch v.Outcome {
		case Valid:
			g.valid++
		case Invalid:
			g.invalid++
			g.t.Errorf("%s: the %s is invalid: %s\n%s", op.Name, names[i], v.Reason, docs[i])
		case NotCheckable:
			g.uncheckable++
			g.t.Logf("%s: the %s is not checkable: %s", op.Name, names[i], v.Reason)
		}
	}
}

// rpc returns the judge of an operation: for one of the style rpc it knows the elements around the parts, which no schema declares.
func (g *gate) rpc(name string) *Judge {
	j := g.judge
	for _, op := range g.definition.Operations {
		if op.Name != name || !op.Bindings[0].RPC {
			continue
		}
		for suffix, m := range map[string]*wsdl.BoundMessage{"": op.Bindings[0].Input, "Response": op.Bindings[0].Output} {
			if m == nil {
				continue
			}
			var parts []Part
			for _, p := range m.Parts {
				parts = append(parts, Part{p.Name, stdxml.Name(p.Type.TypeName())})
			}
			var err error
			if j, err = j.RPC(stdxml.Name{Space: m.Namespace, Local: name + suffix}, parts); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	return j
}
