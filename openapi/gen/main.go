// Command gen writes the documents of package openapi from the annotations above the operations and handlers, the tags of the request types
// and the error table. Run it from the module's root: go run ./openapi/gen. What it writes is committed, and CI fails when it differs.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

func main() {
	folder := "openapi"
	if len(os.Args) > 1 {
		folder = os.Args[1] // for those who compare
	}
	if err := generate(folder); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// operations are those of all systems, in the order of the documents.
func operations() ([]translate.Operation, error) {
	care, err1 := customercare.Operations(customercare.Config{Version: soap.V11})
	cmp, err2 := mds.Operations(mds.Config{})
	cumulus, err3 := emersion.Operations(emersion.Config{})
	return append(append(care, cmp...), cumulus...), errors.Join(err1, err2, err3)
}

// generate writes every document into a folder.
func generate(folder string) error {
	ops, err := operations()
	if err != nil {
		return err
	}
	annotated, err := annotations(ops)
	if err != nil {
		return err
	}
	if err := describe(annotated, ops); err != nil {
		return err
	}
	v31, err := convert(annotated, ops)
	if err != nil {
		return err
	}
	explainProblems(annotated)
	order := orderOf(ops)
	swagger := encode(annotated, order)
	openapi := encode(v31, order)
	if err := check(openapi); err != nil {
		return err
	}
	inYAML, err := yaml.JSONToYAML(openapi)
	if err != nil {
		return fmt.Errorf("YAML: %w", err)
	}
	catalogue, err := json.MarshalIndent(catalogue(v31, ops), "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"swagger.json":                       swagger,
		"openapi.json":                       openapi,
		"openapi.yaml":                       inYAML,
		"catalogue.json":                     catalogue,
		"soapbridge.http":                    httpFile(v31, ops),
		"soapbridge.postman_collection.json": postman(v31, ops),
	}
	for name, content := range files {
		content = append(bytes.TrimRight(content, "\n"), '\n')
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
	}
	return nil
}
