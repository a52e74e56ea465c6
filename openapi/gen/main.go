// Command gen writes the documents of package openapi that are committed. Run it from the module's root, by make generate:
//
//	gen words      writes openapi/words.json: what is written above the operations, the handlers, the types that they name and their members.
//	               A running program has no comments, so it embeds the file.
//	gen documents  writes what a proxy with default settings answers, for those who read it in the repository.
//
// A second argument is another folder, for those who compare. CI fails when what is committed differs.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

func main() {
	folder := "openapi"
	if len(os.Args) > 2 {
		folder = os.Args[2]
	}
	err := errors.New("say what to write: words or documents")
	switch {
	case len(os.Args) < 2:
	case os.Args[1] == "words":
		err = writeWords(filepath.Join(folder, "words.json"))
	case os.Args[1] == "documents":
		err = documents(folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// systems are the operations of each system.
func systems() (care, cmp, cumulus []translate.Operation, err error) {
	care, err1 := customercare.Operations(customercare.Config{Version: soap.V11})
	cmp, err2 := mds.Operations(mds.Config{})
	cumulus, err3 := emersion.Operations(emersion.Config{})
	return care, cmp, cumulus, errors.Join(err1, err2, err3)
}

func writeWords(file string) error {
	care, cmp, cumulus, err := systems()
	if err != nil {
		return err
	}
	words, err := collect(slices.Concat(care, cmp, cumulus))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	if err := to.Encode(words); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644) //nolint:gosec // documents are for everybody
}
