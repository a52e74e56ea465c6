package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"soapbridge/tests/openapi"
	"soapbridge/translate"
)

var (
	seedFlag  = flag.Uint64("differential.seed", 4, "seed of the instances")
	countFlag = flag.Int("differential.count", 10_000, "instances an operation")
)

// operations are all that the product has.
var operations = openapi.Operations

var load = sync.OnceValues(openapi.Load)

func document(t *testing.T) *openapi.Document {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// duel holds an operation against its schema.
type duel struct {
	document *openapi.Document
	schema   string
	read     openapi.Read
	generator

	made              int
	fresh             any // the last instance that was no mutation
	accepted, refused int // by the API
	explained         map[string]int
	mutated           map[string]int
}

func newDuel(d *openapi.Document, op translate.Operation, seed uint64) *duel {
	stream := fnv.New64a()
	_, _ = stream.Write([]byte(op.Name)) // a hash never fails; a new operation beside this one must not change its instances
	return &duel{
		document: d, schema: d.RequestSchema("POST", op.Path), read: openapi.ReaderOf(op), generator: *newGenerator(d, seed, stream.Sum64()),
		explained: map[string]int{}, mutated: map[string]int{},
	}
}

// next makes an instance: one as the schema wants it, then twice the same with a mutation or two, then another one.
func (d *duel) next() any {
	d.made++
	if d.made%3 == 1 {
		d.fresh = d.value(openapi.Object{"$ref": "#" + d.schema})
		return copyOf(d.fresh)
	}
	v, done := mutate(d.Rand, copyOf(d.fresh), pick(d.Rand, []int{1, 1, 1, 2}))
	for _, name := range done {
		d.mutated[name]++
	}
	return v
}

// judge lets both judge a body. A disagreement without an explanation is wrong.
func (d *duel) judge(body []byte) (violations []openapi.Violation, names []string, wrong error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("the instance is not JSON: %w", err)
	}
	refusal := d.document.Accepts(d.schema, value)
	violations = d.read(body)
	if (refusal == nil) == (len(violations) == 0) {
		return violations, nil, nil
	}
	if names = d.document.Explain(d.schema, body, violations, d.read); names != nil {
		return violations, names, nil
	}
	if refusal != nil {
		return violations, nil, fmt.Errorf("the API accepts what the document refuses: %w", refusal)
	}
	return violations, nil, fmt.Errorf("the document accepts what the API refuses: %+v", violations)
}

// step judges the next instance; its error holds the smallest instance that shows what is wrong.
func (d *duel) step() error {
	v := d.next()
	violations, names, wrong := d.judge(write(v))
	if len(violations) == 0 {
		d.accepted++
	} else {
		d.refused++
	}
	for _, name := range names {
		d.explained[name]++
	}
	if wrong == nil {
		return nil
	}
	isWrong := func(v any) bool { _, _, wrong := d.judge(write(v)); return wrong != nil }
	small := write(minimal(v, isWrong))
	_, _, wrong = d.judge(small)
	return fmt.Errorf("%w\n%s", wrong, small)
}

// TestBodiesThatWereJudgedDifferently keeps what the generator found once. Each row is the value of one member, in the example of the
// operation.
func TestBodiesThatWereJudgedDifferently(t *testing.T) {
	for _, c := range []struct {
		name, operation, pointer, value string
		accepted                        bool
	}{
		{"the year 0000", "CreateService", "/serviceData/effectiveDate", `"0000-01-01"`, false},
		{"a year with zeros", "CreateService", "/serviceData/effectiveDate", `"0010-01-01"`, true},
		{"an object of null", "CreateCallLog", "/customerCallLog/premise", `{"premiseNumber": null}`, false},
		{"an empty array beside a text", "CreateCallLog", "/baseRequest", `{"nameValues": [], "userId": ""}`, true},
		{"a line separator in a URL", "CreateComplexAccount", "/primaryContact/detail/website", `"http://\u00e9.example/\u2028"`, true},
		{"a URL without a host", "CreateComplexAccount", "/primaryContact/detail/website", `"http:///x"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := slices.IndexFunc(operations(), func(op translate.Operation) bool { return op.Name == c.operation })
			d := newDuel(document(t), operations()[i], 0)
			violations, names, wrong := d.judge(around(t, operations()[i].Example, c.pointer, c.value))
			if wrong != nil || names != nil || (violations == nil) != c.accepted {
				t.Errorf("violations %v, exceptions %v: %v", violations, names, wrong)
			}
		})
	}
}

// around puts a value into an example.
func around(t *testing.T, example, pointer, value string) []byte {
	t.Helper()
	var body openapi.Object
	if err := json.Unmarshal([]byte(example), &body); err != nil {
		t.Fatal(err)
	}
	cut := strings.LastIndexByte(pointer, '/')
	openapi.At(body, pointer[:cut]).(openapi.Object)[pointer[cut+1:]] = json.RawMessage(value)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What the operations needed in all.
var (
	sum                sync.Mutex
	explained, mutated = map[string]int{}, map[string]int{}
)

// TestTheDocumentIsTheValidator generates bodies from the schemas, spoils most of them, and wants the schema and the API to agree about each,
// but for the listed exceptions.
func TestTheDocumentIsTheValidator(t *testing.T) {
	t.Run("operations", func(t *testing.T) {
		for _, op := range operations() {
			t.Run(op.Name, func(t *testing.T) {
				t.Parallel()
				testAgreement(t, op)
			})
		}
	})
	for _, e := range openapi.Exceptions {
		if explained[e.Name] == 0 {
			t.Errorf("nothing needed the exception %q: it is stale, or no mutation leads to it", e.Name)
		}
	}
	for _, m := range mutations {
		if mutated[m.name] == 0 {
			t.Errorf("the mutation %q was never made", m.name)
		}
	}
	t.Logf("exceptions: %v", explained)
}

func testAgreement(t *testing.T, op translate.Operation) {
	d := newDuel(document(t), op, *seedFlag)
	for wrongs := 0; wrongs < 3 && d.accepted+d.refused < *countFlag; {
		if wrong := d.step(); wrong != nil {
			t.Errorf("seed %d: %v", *seedFlag, wrong)
			wrongs++
		}
	}
	t.Logf("seed %d: %d accepted, %d refused, %v explained", *seedFlag, d.accepted, d.refused, d.explained)
	if n := d.accepted + d.refused; n < *countFlag || d.accepted < n/5 || d.refused < n/5 {
		t.Errorf("%d instances, %d accepted and %d refused: of %d a fifth at least must be each", n, d.accepted, d.refused, *countFlag)
	}
	sum.Lock()
	defer sum.Unlock()
	for name, n := range d.explained {
		explained[name] += n
	}
	for name, n := range d.mutated {
		mutated[name] += n
	}
}
