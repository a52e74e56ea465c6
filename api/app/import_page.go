package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"soapbridge/translate/imported"
	"soapbridge/translate/imported/page"
	"soapbridge/translate/shape/wsdl"
)

// checkSource checks that there is a WSDL or a page, and that no flag of the one comes with the other.
func (c *importCommand) checkSource() error {
	if len(c.Page) == 0 {
		if c.WSDL == "" {
			return fmt.Errorf("%w, or help pages with --page", errNoWSDL)
		}
		return nil
	}
	var problems []error
	refuse := func(given bool, format string, args ...any) {
		if given {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(c.WSDL != "", "--page is given together with the WSDL %s: a WSDL says all that pages say, so give it alone", c.WSDL)
	refuse(c.Update, "--update is given together with --page: the draft that pages make has the answers of a person in it, and a new one would lose them; "+
		"import the pages with another --name, and compare the two drafts")
	const only = "%s is for a WSDL, and pages come from files that --page names"
	refuse(c.Root != "", only, "--root")
	refuse(c.AllowHost != "", only, "--allow-host")
	refuse(c.AllowHTTP, only, "--allow-http")
	refuse(c.CA != "", only, "--ca")
	return errors.Join(problems...)
}

// drafted drafts a WSDL of the pages; nil where there are none.
func (c *importCommand) drafted() (*page.Draft, error) {
	if len(c.Page) == 0 {
		return nil, nil //nolint:nilnil // no pages are not a mistake
	}
	files := make([]page.File, 0, len(c.Page))
	var problems []error
	for _, name := range c.Page {
		text, err := readUpTo(name, page.MaxSize+1) // page.Read says what is too long
		files, problems = append(files, page.File{Name: name, Text: text}), append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return page.Read(files)
}

// readUpTo returns the first bytes of a file.
func readUpTo(name string, most int64) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the command line names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(file, most))
}

// createDraft makes the folder of a draft.
func createDraft(out io.Writer, drafted *page.Draft, target, stage string) error {
	if err := makeDirectory(stage); err != nil {
		return err
	}
	directory, err := os.OpenRoot(stage)
	if err != nil {
		return err
	}
	defer func() { _ = directory.Close() }()
	file := filepath.Base(target) + ".wsdl"
	section, questions, err := imported.DraftReport(file, drafted.WSDL)
	if err != nil {
		return err
	}
	s := service{documents: imported.Documents{File: file, Draft: true}}
	// What is open has no meaning to a reader of WSDLs: it is surveyed with answers that make every operation possible.
	if err := writeDocument(directory, file, imported.Provisional(drafted.WSDL)); err != nil {
		return err
	}
	if s.definitions, err = wsdl.Read(directory.FS(), file, wsdl.Limits{}); err != nil {
		return err
	}
	if err := writeDocument(directory, file, drafted.WSDL); err != nil {
		return err
	}
	if err := s.put(out, target, stage, section); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s has %d places with a ?, which the pages do not say. The folder loads when a person has answered them: see %s.\n",
		filepath.Join(target, file), questions, imported.ReportName)
	return err
}
