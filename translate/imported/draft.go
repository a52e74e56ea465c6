package imported

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// Question is an attribute of a draft whose value is ?: what the pages do not say that the draft was made of.
type Question struct {
	Line      int    // from 1
	In        string // the named component around
	Element   string // the name of what the attribute is of
	Attribute string
}

// answers are the attributes that a draft leaves open, with what may be said of each. Those of a type come with the types of the draft.
var answers = map[string]string{
	"minOccurs":  "0 for optional, 1 for required",
	"use":        "optional or required",
	"type":       "a type of XML Schema, such as xsd:string, or one of the draft%s; an optional element that no caller needs can be deleted",
	"base":       "a simple type, such as xsd:string",
	"soapAction": "the SOAPAction that the service expects; empty is an answer",
}

// draft is what is open in a draft, and the types that it has.
type draft struct {
	questions []Question
	types     []string
}

// draftLimits are those of a document that a person edits by hand.
var draftLimits = xml.Limits{Bytes: 16 << 20, Depth: 64, Elements: 500_000, Attributes: 256, Namespaces: 256, Instructions: true}

var prefixPattern = regexp.MustCompile(`xmlns:([\w.-]+)=["']([^"'<]*)["']`)

// readDraft looks for what is open. A document that is not XML is an error.
func readDraft(text []byte) (d draft, err error) {
	decoded, err := xml.DecodeCharset(text, "")
	if err != nil {
		return d, err
	}
	prefixes := map[string]string{}
	for _, m := range prefixPattern.FindAllSubmatch(decoded, -1) {
		prefixes[string(m[2])] = string(m[1]) + ":"
	}
	scan := xml.NewScanner(decoded, draftLimits)
	defer scan.Free()
	var names []string // of the open elements; empty for those without
	target, line, counted := "", 1, 0
	for {
		kind, err := scan.Next()
		switch {
		case err != nil:
			return d, err
		case kind == xml.EndDocument:
			return d, nil
		case kind == xml.EndElement:
			names = names[:len(names)-1]
		case kind == xml.StartElement:
			line += bytes.Count(decoded[counted:scan.Offset()], []byte("\n"))
			counted = scan.Offset()
			name := attribute(scan, "name", "ref")
			if scan.Name().Local == "schema" {
				target = attribute(scan, "targetNamespace")
			}
			for _, a := range scan.Attrs() {
				if answers[a.Name.Local] != "" && a.Name.Space == "" && strings.TrimSpace(a.Value) == "?" {
					d.questions = append(d.questions, Question{line, around(names), name, a.Name.Local})
				}
			}
			if local := scan.Name().Local; name != "" && (local == "complexType" || local == "simpleType") {
				d.types = append(d.types, prefixes[target]+name)
			}
			names = append(names, name)
		default: // texts
		}
	}
}

// attribute returns the first attribute that the current element has.
func attribute(scan *xml.Scanner, names ...string) string {
	for _, name := range names {
		for _, a := range scan.Attrs() {
			if a.Name == (xml.Name{Local: name}) {
				return a.Value
			}
		}
	}
	return ""
}

// around is the innermost name.
func around(names []string) string {
	for _, name := range slices.Backward(names) {
		if name != "" {
			return name
		}
	}
	return ""
}

// answers says what may be said of an attribute.
func (d *draft) answers(attribute string) string {
	if attribute != "type" {
		return answers[attribute]
	}
	types := ""
	if len(d.types) > 0 {
		types = ": " + strings.Join(d.types[:min(len(d.types), mostProblems)], ", ")
	}
	return fmt.Sprintf(answers[attribute], types)
}

// checkDraft returns a problem for every question that is open.
func checkDraft(file string, text []byte) (problems []error) {
	d, err := readDraft(text)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", file, err)}
	}
	for i, q := range d.questions {
		if i == mostLines {
			return append(problems, fmt.Errorf("%s: %d more lines with a ?", file, len(d.questions)-i))
		}
		problems = append(problems, fmt.Errorf("%s:%d: %s: answer the ?: %s", file, q.Line, q.Attribute, d.answers(q.Attribute)))
	}
	return problems
}

var openPattern = regexp.MustCompile(`\b(minOccurs|use|type|base|soapAction)="\?"`)

// Provisional answers every question of a draft, so that it can be surveyed before a person has answered any.
func Provisional(text []byte) []byte {
	return openPattern.ReplaceAllFunc(text, func(found []byte) []byte {
		name, _, _ := strings.Cut(string(found), "=")
		answer := map[string]string{"minOccurs": "0", "use": "optional", "type": "xsd:string", "base": "xsd:string"}[name]
		return []byte(name + `="` + answer + `"`)
	})
}

// DraftReport is the part of the report on a draft that says what is open in it and how to answer. It returns the number of questions, too.
func DraftReport(file string, text []byte) (section []byte, questions int, err error) {
	d, err := readDraft(text)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", file, err)
	}
	r := &report{}
	r.linef("\n## Questions\n\n%s is a draft of what help pages show. It is yours to edit, and the folder does not load while it has a `?`.\n", code(file))
	for _, line := range []string{
		"`minOccurs` is " + answers["minOccurs"] + ". ASP.NET has 0 for texts and objects, whatever the service refuses later. 0 everywhere is a start that refuses nothing:" +
			" `sed -i 's/minOccurs=\"?\"/minOccurs=\"0\"/' " + file + "`. In one operation alone, `required` of a member in " + FileName + " demands it.",
		"`type` is " + d.answers("type") + ". What a page cut off may be of a type that another element shows; a comment above the line says what is known.",
		"`use` of an attribute is " + answers["use"] + "; `base` is " + answers["base"] + "; `soapAction` is " + answers["soapAction"] + ".",
		"A type is made of all elements with the same members, so that each question is asked once. Where the service has two types, take it apart.",
		"Lengths are not asked: no page states them, and a length that is left out is never wrong on the wire. `maxLength` of a member in " + FileName + " sets one.",
		"Members that are in replies alone are optional, which is never wrong when reading. An array may be empty, as ASP.NET declares it.",
		"Pages do not print the alternatives of a choice, nor the members that a type has from its base type. Ask the service's owner whether there are any.",
	} {
		r.linef("- %s", line)
	}
	for _, attribute := range []string{"type", "base", "soapAction", "use", "minOccurs"} {
		r.list("Open: "+attribute, "", d.lines(attribute))
	}
	return []byte(r.String()), len(d.questions), nil
}

// lines lists the questions about an attribute, one line for each component.
func (d *draft) lines(attribute string) (lines []string) {
	last := ""
	for _, q := range d.questions {
		if q.Attribute != attribute {
			continue
		}
		where := fmt.Sprintf("%s (line %d)", code(q.Element), q.Line)
		if q.Element == "" {
			where = fmt.Sprintf("line %d", q.Line)
		}
		if len(lines) > 0 && q.In == last {
			lines[len(lines)-1] += ", " + where
			continue
		}
		lines, last = append(lines, code(q.In)+": "+where), q.In
	}
	return lines
}
