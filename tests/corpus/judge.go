// Package corpus judges what is made of real WSDLs by two programs that know nothing of this project: xmllint says whether the vendor's schema
// accepts an XML document, and instances are made of the JSON Schemas that callers see.
package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outcome is what xmllint says of a document.
type Outcome string

// The outcomes. NotCheckable: xmllint refuses the vendor's schema, or what the document needs of it.
const (
	Valid        Outcome = "valid"
	Invalid      Outcome = "invalid"
	NotCheckable Outcome = "not checkable"
)

// Verdict is an outcome with what xmllint says of the document, or of the schema if that is not checkable.
type Verdict struct {
	Outcome Outcome
	Reason  string // empty for what is valid
}

// Judge judges documents by the schemas of a WSDL.
type Judge struct {
	*schemas
	dir     string
	whole   string            // the directory of the driver with everything
	refused map[string]string // why xmllint refuses a driver, by its directory; empty where it does not
	drivers map[string]string // directories by the names of the components
}

// NewJudge reads the schemas of a WSDL. The catalogue holds well-known schemas, in a flat folder, that no file of the WSDL's defines. The
// directory is for files of the judge; it must exist.
func NewJudge(files fs.FS, entry string, catalogue fs.FS, dir string) (*Judge, error) {
	s, err := collect(files, entry, catalogue)
	if err != nil {
		return nil, err
	}
	return newJudge(s, dir)
}

func newJudge(s *schemas, dir string) (*Judge, error) {
	j := &Judge{schemas: s, dir: dir, refused: map[string]string{}, drivers: map[string]string{}}
	all := map[*component]bool{}
	for _, list := range s.global {
		for _, c := range list {
			all[c] = true
		}
	}
	var err error
	j.whole, err = j.driver(all)
	return j, err
}

// Refusal returns why xmllint refuses the schemas as a whole; empty if it does not. Documents may be checkable nevertheless.
func (j *Judge) Refusal() string { return j.refused[j.whole] }

// driver returns the directory of a driver for some components.
func (j *Judge) driver(keep map[*component]bool) (string, error) {
	names := make([]string, 0, len(keep))
	for c := range keep {
		names = append(names, fmt.Sprintf("%v", c.key))
	}
	slices.Sort(names)
	id := strings.Join(names, "\n")
	if dir := j.drivers[id]; dir != "" {
		return dir, nil
	}
	dir := filepath.Join(j.dir, "driver"+strconv.Itoa(len(j.drivers)))
	j.drivers[id] = dir
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := writeDriver(dir, j.documents, keep); err != nil {
		return "", err
	}
	refusal, err := load(dir)
	j.refused[dir] = refusal
	return dir, err
}

// Check judges documents. Where xmllint refuses the schemas as a whole, it judges by the components that a document leads to.
func (j *Judge) Check(docs [][]byte) ([]Verdict, error) {
	verdicts := make([]Verdict, len(docs))
	by := map[string][]int{} // directories of drivers
	for i, doc := range docs {
		root, err := parse(doc)
		if err != nil {
			verdicts[i] = Verdict{Invalid, err.Error()}
			continue
		}
		dir := j.whole
		if j.Refusal() != "" {
			if dir, err = j.driver(j.reach(j.seeds(root))); err != nil {
				return nil, err
			}
		}
		by[dir] = append(by[dir], i)
	}
	for dir, list := range by {
		if err := j.checkBy(dir, docs, list, verdicts); err != nil {
			return nil, err
		}
	}
	return verdicts, nil
}

const atOnce = 200 // files in a call of xmllint

func (j *Judge) checkBy(dir string, docs [][]byte, list []int, verdicts []Verdict) error {
	for batch := range slices.Chunk(list, atOnce) {
		if j.refused[dir] != "" {
			for _, i := range batch {
				verdicts[i] = Verdict{NotCheckable, j.refused[dir]}
			}
			continue
		}
		files := make([]string, len(batch))
		for n, i := range batch {
			files[n] = fmt.Sprintf("%d.xml", i)
			if err := os.WriteFile(filepath.Join(dir, files[n]), docs[i], 0o600); err != nil {
				return err
			}
		}
		report, err := xmllint(dir, files...)
		if err != nil {
			return err
		}
		for n, i := range batch {
			verdicts[i] = verdict(report, files[n])
		}
	}
	return nil
}

// verdict finds what a report says of a file. It says nothing of those that xmllint did not come to.
func verdict(report, file string) Verdict {
	v := Verdict{Outcome: Invalid}
	for line := range strings.Lines(report) {
		if line == file+" validates\n" {
			return Verdict{Outcome: Valid}
		}
		if strings.HasPrefix(line, file+":") {
			v.Reason += line
		}
	}
	if v.Reason == "" {
		return Verdict{NotCheckable, report}
	}
	return v
}

// load returns why xmllint refuses a driver; empty if it does not.
func load(dir string) (string, error) {
	const file = "nothing.xml"
	if err := os.WriteFile(filepath.Join(dir, file), []byte("<nothing/>"), 0o600); err != nil {
		return "", err
	}
	report, err := xmllint(dir, file)
	if err != nil || strings.Contains(report, file+" fails to validate\n") {
		return "", err
	}
	return report, nil
}

// xmllint judges files in a directory by the driver in it, and returns what it says.
func xmllint(dir string, files ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // ends a run that hangs
	defer cancel()
	cmd := exec.CommandContext(ctx, "xmllint", append([]string{"--noout", "--nonet", "--schema", driverFile}, files...)...)
	cmd.Dir = dir
	var report bytes.Buffer
	cmd.Stderr = &report
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: tests/install.sh installs xmllint", err)
	case errors.As(err, &exit):
		return fmt.Sprintf("%sxmllint: %v\n", report.String(), exit), nil // also where it took too long
	}
	return report.String(), err
}
