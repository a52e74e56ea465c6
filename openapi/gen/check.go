package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"soapbridge/translate"
)

// checkAnnotations compares the annotations with the operations, both ways, and names every mistake: what they lack would be missing in the
// documents, without an error.
func checkAnnotations(doc node, ops []translate.Operation) error {
	var problems []error
	paths := in(doc, "paths")
	known, tags := map[string]bool{}, map[string]bool{}
	for _, op := range ops {
		known[op.Path] = true
		operation, ok := posted(paths, op.Path)
		if !ok {
			problems = append(problems, fmt.Errorf("%s: nothing has the annotation @Router %s [post]", op.Name, op.Path))
			continue
		}
		for _, tag := range tagsOf(operation) {
			tags[tag] = true
		}
		problems = append(problems, missingAnnotations(operation, op)...)
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		operation, _ := posted(paths, path)
		if !known[path] && slices.ContainsFunc(tagsOf(operation), func(tag string) bool { return tags[tag] }) {
			problems = append(problems, fmt.Errorf("%s has annotations, and is among no system's Operations", path))
		}
	}
	return errors.Join(problems...)
}

// posted returns the POST operation of a path.
func posted(paths node, path string) (node, bool) {
	operation, ok := in(paths, path)["post"].(node)
	return operation, ok
}

func tagsOf(operation node) (tags []string) {
	for _, tag := range listIn(operation, "tags") {
		tags = append(tags, fmt.Sprint(tag))
	}
	return tags
}

// missingAnnotations lists what the annotations of an operation lack.
func missingAnnotations(operation node, op translate.Operation) (problems []error) {
	want := func(holds bool, annotation string) {
		if !holds {
			problems = append(problems, fmt.Errorf("%s: the annotation %s is missing, or says something else", op.Name, annotation))
		}
	}
	responses, parameters := in(operation, "responses"), listIn(operation, "parameters")
	want(operation["operationId"] == op.Name, "@ID "+op.Name)
	want(len(tagsOf(operation)) == 1, "@Tags, with one tag,")
	want(operation["summary"] != nil, "@Summary")
	want(operation["description"] != nil, "@Description")
	want(len(parameters) == 1 && refersTo(parameters[0], op.RequestShape.Name), "@Param request body "+op.RequestShape.Name+" true")
	want(refersTo(responses[strconv.Itoa(op.Status)], op.ResponseShape.Name), fmt.Sprintf("@Success %d {object} %s", op.Status, op.ResponseShape.Name))
	return problems
}

// refersTo reports whether the schema of a parameter or an answer is the one of a name.
func refersTo(described any, schema string) bool {
	n, _ := described.(node)
	return in(n, "schema")["$ref"] == "#/components/schemas/"+schema
}
