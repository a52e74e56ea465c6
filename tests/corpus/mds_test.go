package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/imported"
	"soapbridge/translate/mds"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

const mdsFolder = "../../translate/mds"

// TestCorpusMDS holds an overlay over the vendor's WSDL to the built-in CreateService, which was made of the vendor's page: both must refuse the same
// requests for the same reasons, send the same envelopes and read the same in replies.
func TestCorpusMDS(t *testing.T) {
	if folder := mdsDocuments(t); folder != "" {
		d := mdsDuel{T: t, builtIn: builtInMDS(t), imported: importedMDS(t, os.DirFS(folder)), explained: map[string]int{}}
		bodies := d.bodies()
		for _, body := range bodies {
			d.request(body)
		}
		t.Logf("%d requests, %d envelopes; differences that are explained: %v", len(bodies), d.envelopes, d.explained)
		d.replies()
		for _, difference := range requestDifferences {
			if d.explained[difference.because] == 0 {
				t.Errorf("there is no such difference any more: %s", difference.because)
			}
		}
	}
}

// mdsDocuments returns the folder of the vendor's WSDL; empty where the corpus lacks it, as the repository's own and others do.
func mdsDocuments(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(*corpusFlag, "mds_servicesservice")
	_, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Log("NOT CHECKED: the corpus has no folder mds_servicesservice")
		return ""
	case err != nil:
		t.Fatal(err)
	}
	return folder
}

func builtInMDS(t *testing.T) translate.Operation {
	t.Helper()
	operations, err := mds.Operations(mds.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return operations[0]
}

func importedMDS(t *testing.T, documents fs.FS) translate.Operation {
	t.Helper()
	overlay := readFileOf(t, "testdata/mds/system.yaml")
	parsed, err := imported.ParseOverlay(overlay)
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{imported.FileName: {Data: overlay}}
	for name := range parsed.WSDL.All() {
		content, err := fs.ReadFile(documents, name)
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: content}
	}
	system, err := imported.Load("mds", folder, imported.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return system.Operations[0]
}

// mdsDuel compares two operations.
type mdsDuel struct {
	*testing.T

	builtIn, imported translate.Operation
	envelopes         int
	explained         map[string]int // how often, by the reason
}

var mdsEnv = translate.Env{Now: time.Unix(0, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"}

// request compares what both make of a body.
func (d *mdsDuel) request(body []byte) {
	want, wantRefusal := d.builtIn.Read(body)
	got, gotRefusal := d.imported.Read(body)
	if wantRefusal != nil || gotRefusal != nil {
		d.refusals(body, wantRefusal, gotRefusal)
		return
	}
	d.envelopes++
	if a, b := d.envelope(want), d.envelope(got); a != b {
		d.Errorf("%s\nthe built-in sends %s\nthe imported one   %s", body, a, b)
	}
}

// envelope is what an operation sends, without the choice of prefixes.
func (d *mdsDuel) envelope(request translate.Request) string {
	message, failure := request.Encode(mdsEnv)
	if failure != nil {
		d.Fatal(failure)
	}
	root, err := parse(message.Envelope)
	if err != nil {
		d.Fatal(err)
	}
	return message.Action + message.Version.String() + root.expanded()
}

// expanded spells an element with the namespace of each name.
func (n *node) expanded() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%q", n.name())
	for _, a := range n.attrs {
		if _, ok := declares(a); !ok {
			fmt.Fprintf(&b, " {%s}%s=%q", n.scope[a.Name.Space], a.Name.Local, a.Value)
		}
	}
	for _, child := range n.children {
		if child.local == "" {
			fmt.Fprintf(&b, "%q", child.text)
		} else {
			b.WriteString(child.expanded())
		}
	}
	return b.String() + ">"
}

// difference is one that has a reason.
type difference struct {
	because string
	// applies looks at violations of one place; a zero one is of the side that has none.
	applies func(builtIn, imported translate.Violation) bool
}

var requestDifferences = []difference{
	{
		"the WSDL has eligibilityRules, which the page does not have",
		func(builtIn, imported translate.Violation) bool {
			members, _ := imported.Params["members"].([]string)
			return builtIn.Detail == imported.Detail && imported.Code == record.UnknownMember && slices.Contains(members, "eligibilityRules")
		},
	},
	{
		"an empty element is what the schema's empty object is, so that what it lacks is all that is said of one",
		func(builtIn, imported translate.Violation) bool {
			return builtIn.Code == record.EmptyObject && imported.Code == "" && builtIn.Pointer == "/auditRecord"
		},
	},
}

// refusals compares two refusals: of violations the place, the code, the sentence and the parameters, in their order.
func (d *mdsDuel) refusals(body []byte, want, got *translate.Error) {
	if want == nil || got == nil || want.Code != got.Code || want.Detail != got.Detail || want.Outcome != got.Outcome || want.Truncated != got.Truncated {
		d.Errorf("%s\nthe built-in says %+v\nthe imported one  %+v", body, want, got)
		return
	}
	a, b := want.Violations, got.Violations
	for len(a)+len(b) > 0 {
		v, w := head(a), head(b)
		switch {
		case asJSON(v) == asJSON(w), v.Pointer == w.Pointer && d.explains(v, w):
			a, b = a[1:], b[1:]
		case d.explains(v, translate.Violation{}):
			a = a[1:]
		case d.explains(translate.Violation{}, w):
			b = b[1:]
		default:
			d.Errorf("%s\nthe built-in says %s\nthe imported one  %s", body, asJSON(v), asJSON(w))
			return
		}
	}
}

func head(list []translate.Violation) (first translate.Violation) {
	if len(list) > 0 {
		first = list[0]
	}
	return first
}

func (d *mdsDuel) explains(builtIn, imported translate.Violation) bool {
	for _, difference := range requestDifferences {
		if difference.applies(builtIn, imported) {
			d.explained[difference.because]++
			return true
		}
	}
	return false
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// replyDifferences have reasons, too, by the file. All are what the built-in operation has code for.
var replyDifferences = map[string]string{
	"success.xml":                "only code compares the reply's reference with that of the request: this one answers another call",
	"fault-validation.xml":       "a sentence is searched for the name of a member, where the fault names none in an element",
	"fault-validation-bare.xml":  "Details are taken where a fault has no Errors, and an overlay has one path",
	"fault-validation-empty.xml": "a fault without a number has a code of its own",
}

// replies compares what both make of every reply that the built-in operation is tested with.
func (d *mdsDuel) replies() {
	files, err := filepath.Glob(mdsFolder + "/testdata/replies/*")
	if err != nil || len(files) == 0 {
		d.Fatalf("%d replies: %v", len(files), err)
	}
	for _, file := range files {
		name, body := filepath.Base(file), readFileOf(d.T, file)
		differs := false
		for _, status := range []int{200, 404, 500} {
			reply := soap.Reply{Status: status, ContentType: "text/xml", Body: body}
			want, got := d.decoded(&d.builtIn, reply), d.decoded(&d.imported, reply)
			if differs = differs || want != got; want != got && replyDifferences[name] == "" {
				d.Errorf("%s %d\nthe built-in says %s\nthe imported one  %s", name, status, want, got)
			}
		}
		if !differs && replyDifferences[name] != "" {
			d.Errorf("%s differs no more", name)
		}
	}
}

func (d *mdsDuel) decoded(op *translate.Operation, reply soap.Reply) string {
	request, refusal := op.Read(mdsGolden(d.T, "minimal"))
	if refusal != nil {
		d.Fatal(refusal)
	}
	result, failure := request.Decode(reply, mdsEnv)
	if failure == nil {
		return string(result.JSON) + fmt.Sprint(result.Ignored)
	}
	return fmt.Sprint(failure.Code, failure.Outcome, failure.Source, failure.Detail, asJSON(failure.Violations))
}

func mdsGolden(t *testing.T, name string) []byte {
	t.Helper()
	return readFileOf(t, filepath.Join(mdsFolder, "testdata", "CreateService", name+".json"))
}

func readFileOf(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
