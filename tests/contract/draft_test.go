package contract_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"soapbridge/tests/kit"
)

// draft writes the inputs that an operation lacks, from tags and samples: what only rules say is fixed by hand.
func (o operation) draft(t *testing.T, hasArrays bool) {
	t.Helper()
	s := o.requestShape(t)
	for _, request := range requestsOf(hasArrays) {
		o.draftFile(t, request+".json", func() []byte {
			d := drafters[request]
			return indented(t, d.object("", s))
		})
	}
	o.draftFile(t, "reply.xml", func() []byte {
		row := kit.Named(o.Name)
		reference := kit.Text(readDocument(t, readFile(t, o.path("full.json"))), row.Reference)
		return markLeaves(t, readFile(t, o.samplePath("response")), map[string]string{row.Element: reference})
	})
}

func (o operation) draftFile(t *testing.T, file string, content func() []byte) {
	t.Helper()
	_, err := os.Stat(o.path(file))
	if errors.Is(err, fs.ErrNotExist) {
		writeFile(t, o.path(file), content())
		t.Logf("a draft of %s was written", o.path(file))
	}
}

func indented(t *testing.T, members orderedObject) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, writeDocument(t, members), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var drafters = map[string]drafter{
	"full":    {items: 2, keeps: func(*shapeField) bool { return true }},
	"minimal": {items: 1, keeps: func(f *shapeField) bool { return f.required }},
	"one":     {items: 1, keeps: func(f *shapeField) bool { return f.required || f.repeated || f.object.hasArrays() }},
}

// drafter makes a document along a shape. Every value has a number of its own.
type drafter struct {
	items int // of an array
	keeps func(*shapeField) bool
	count int
	flags int
}

func (d *drafter) object(pointer string, s shape) (members orderedObject) {
	for i := range s {
		if f := &s[i]; d.keeps(f) {
			members = append(members, orderedMember{f.member, d.value(pointer+"/"+f.member, f)})
		}
	}
	for i := range s {
		if f := &s[i]; len(members) == 0 && f.object == nil {
			members = orderedObject{{f.member, d.value(pointer+"/"+f.member, f)}}
		}
	}
	return members
}

func (d *drafter) value(pointer string, f *shapeField) any {
	if !f.repeated {
		return d.single(pointer, f)
	}
	items := make([]any, d.items)
	for i := range items {
		items[i] = d.single(fmt.Sprintf("%s/%d", pointer, i), f)
	}
	return items
}

func (d *drafter) single(pointer string, f *shapeField) any {
	switch {
	case f.object != nil:
		return d.object(pointer, f.object)
	case f.kind == reflect.Bool:
		d.flags++
		return d.flags%2 == 0
	}
	d.count++
	switch {
	case f.kind != reflect.String:
		return d.count
	case len(f.choices()) > 0:
		return f.choices()[0]
	case f.has("datetime"):
		zone := time.FixedZone("", (d.count%27-13)*3600)
		return time.Date(2024, 2, 29, d.count, 1, 2, d.count*100, zone).Format("2006-01-02T15:04:05.0000000Z07:00")
	case f.has("date"):
		return time.Date(2000, 2, 28+d.count, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case f.has("decimal"):
		return fmt.Sprintf("-00%d.%02d", d.count, d.count%100)
	}
	return d.text(pointer, f)
}

// text is the place's number, a character that something might break on, and the place; it has the maximum length where there is a limit.
func (d *drafter) text(pointer string, f *shapeField) string {
	const hard = `éß<&>"'€Ω𝄞я日`
	text := fmt.Sprintf("%04d%c %s", d.count, []rune(hard)[d.count%utf8.RuneCountInString(hard)], pointer[1:])
	if limit := int(f.limit("max", 0)); limit > 0 {
		return cut(text+strings.Repeat(".", limit), limit)
	}
	return text
}

// orderedObject is a JSON object in the order of its members.
type orderedObject []orderedMember

type orderedMember struct {
	name  string
	value any
}

// MarshalJSON writes the object, and HTML's own characters as they are.
func (o orderedObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i, m := range o {
		b.WriteString([]string{"{", ","}[min(i, 1)] + strconv.Quote(m.name) + ":")
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// markLeaves puts a distinct text into every leaf of a sample, or the text that is known of an element of that name.
func markLeaves(t *testing.T, sample []byte, known map[string]string) []byte {
	t.Helper()
	document := xmlComment.ReplaceAll(sample, []byte("<!-- The vendor's sample response, with a distinct text in every element. -->"))
	var edits []edit
	mustParse(t, document).leaves(func(path string, leaf *element) {
		parts := strings.Split(path, "/")
		text := fmt.Sprintf("%04dé %s", len(edits)+1, strings.Join(parts[max(0, len(parts)-2):], "/"))
		if leaf.text == "dateTime" {
			text = time.Date(2026, 11, 21, 9, 30, len(edits)+1, 0, time.UTC).Format(time.RFC3339)
		}
		edits = append(edits, edit{leaf.inside, leaf.close, html.EscapeString(cmp.Or(known[leaf.name.Local], text))})
	})
	return apply(document, edits)
}
