package app

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"soapbridge/api/config"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/imported"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
	soapxml "soapbridge/translate/xml"
	"soapbridge/upstream/sandbox"
)

// importedSystems makes the systems of the folders in SOAPBRIDGE_SYSTEMS.
func importedSystems(c config.Config, limits soapxml.Limits) (list []system, err error) {
	for _, s := range c.Imported {
		version := map[string]soap.Version{soap.V11.String(): soap.V11, soap.V12.String(): soap.V12}[s.SOAPVersion]
		loaded, wrong := loadSystem(c.Systems, s.Name, imported.Config{
			Version: version, Headers: s.Headers, MadeUp: c.Sandbox, Security: security(s.System), Addressing: addressing(s.System),
			Secrets: transportSecrets(s.System), Limits: limits,
		})
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("SOAPBRIDGE_SYSTEMS: the system %s: %w", s.Name, wrong))
			continue
		}
		list = append(list, system{s.Name, s.Prefix(), s.System, loaded.Operations})
	}
	return list, err
}

// loadSystem reads one folder, and nothing outside of it.
func loadSystem(directory, name string, c imported.Config) (*imported.System, error) {
	root, err := os.OpenRoot(filepath.Join(directory, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	return loadFrom(root.FS(), name, c)
}

// outline is what the overlay of a folder says of its operations.
func outline(directory, name string) ([]translate.Operation, error) {
	root, err := os.OpenRoot(filepath.Join(directory, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	operations, err := imported.Outline(root.FS())
	if err != nil {
		return nil, fmt.Errorf("the system %s: %w", name, err)
	}
	return operations, nil
}

func loadFrom(folder fs.FS, name string, c imported.Config) (*imported.System, error) {
	loaded, err := imported.Load(name, folder, c)
	if err != nil {
		return nil, err
	}
	for i := range loaded.Operations {
		op := &loaded.Operations[i]
		op.Example = minimalRequest(op)
	}
	return loaded, nil
}

// minimalRequest is the smallest request that an operation accepts, with the members that its rules demand beside those of its schema; empty where
// none is found.
func minimalRequest(op *translate.Operation) string {
	var more []string
	for {
		body := openapi.MinimalExample(op.RequestShape, more...)
		if body == nil {
			return ""
		}
		_, refusal := op.Read(body)
		if refusal == nil {
			return string(body)
		}
		before := len(more)
		for _, v := range refusal.Violations {
			if name := strings.TrimPrefix(v.Pointer, "/"); v.Code == record.Required && name != "" && !slices.Contains(more, name) {
				more = append(more, name)
			}
		}
		if len(more) == before || len(more) > mostDemanded {
			return ""
		}
	}
}

// mostDemanded bounds the search for an example.
const mostDemanded = 100

// sandboxed are the imported systems of a directory as the sandbox plays them; none without a directory, and none of which every operation is off.
func sandboxed(directory string) (list []sandbox.ImportedSystem, err error) {
	if directory == "" {
		return nil, nil
	}
	names, err := config.Disk().Systems(directory)
	if err != nil {
		return nil, fmt.Errorf("--systems: %w", err)
	}
	for _, name := range names {
		s, wrong := playedSystem(directory, name)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("--systems: the system %s: %w", name, wrong))
		}
		if len(s.Operations) > 0 {
			list = append(list, s)
		}
	}
	return list, err
}

func playedSystem(directory, name string) (s sandbox.ImportedSystem, err error) {
	root, err := os.OpenRoot(filepath.Join(directory, name))
	if err != nil {
		return s, err
	}
	defer func() { _ = root.Close() }() // it was only read
	loaded, err := loadFrom(root.FS(), name, imported.Config{MadeUp: true})
	if err != nil {
		return s, err
	}
	s.Name = name
	for i := range loaded.Operations {
		op, wrong := played(root.FS(), &loaded.Operations[i], loaded.Faults)
		s.Operations, err = append(s.Operations, op), errors.Join(err, wrong)
	}
	return s, err
}

// played is an operation as the sandbox plays it. The folder may have the content of its reply's Body; otherwise one is made of the schema.
func played(folder fs.FS, op *translate.Operation, faults map[string][]imported.DeclaredFault) (sandbox.ImportedOperation, error) {
	p := sandbox.ImportedOperation{Name: op.Name, Action: op.Binding.Action}
	for _, v := range op.Versions {
		p.Versions = append(p.Versions, v.String())
	}
	if first, ok := op.FirstElement(); ok {
		p.Element = xml.Name{Space: first.Space, Local: first.Local}
	}
	for _, f := range faults[op.Name] {
		p.Faults = append(p.Faults, sandbox.DeclaredFault{Name: f.Name, Detail: f.Detail})
	}
	if op.OneWay {
		return p, nil
	}
	sample := "samples/" + op.Name + ".xml"
	var err error
	if p.Reply, err = fs.ReadFile(folder, sample); !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	if p.Reply, err = op.EncodeReply(openapi.ReplyExample(op.ResponseShape)); err != nil {
		return p, fmt.Errorf("%w; put the content of the reply's Body into %s", err, sample)
	}
	return p, nil
}
