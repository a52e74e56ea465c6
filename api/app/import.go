package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"soapbridge/api/config"
	"soapbridge/translate/imported"
	"soapbridge/translate/imported/page"
	"soapbridge/translate/shape/wsdl"
)

type importCommand struct {
	WSDL   string   `arg:"" optional:"" name:"wsdl" help:"The WSDL: a file, or a URL together with --allow-host."`
	Page   []string `sep:"none" placeholder:"FILE" help:"In the place of a WSDL: the help page of an operation of an ASMX service, saved as HTML or as text. Give one for each operation. What they do not say is a ? in the folder, for a person to answer."`
	Into   string   `required:"" placeholder:"DIR" help:"Directory of the systems' folders, as SOAPBRIDGE_SYSTEMS names it."`
	Name   string   `help:"Name of the system and of its folder; by default that of the WSDL, or that of the service on the pages."`
	Root   string   `placeholder:"DIR" help:"Directory of files, from which schemas may be read, too; by default that of the WSDL."`
	Update bool     `help:"Replace the documents of a folder that is there. What its system.yaml says stays."`

	remote `embed:""`
}

// remote are the flags of a WSDL that comes over the network.
type remote struct {
	AllowHost string `placeholder:"HOST" help:"The one host that documents are read from; with a port, only that one."`
	AllowHTTP bool   `name:"allow-http" help:"Read them without TLS, too."`
	CA        string `name:"ca" placeholder:"FILE" help:"Authorities that may sign the host's certificate, in PEM; by default those of the operating system."`
}

func (c *importCommand) Run(ctx context.Context, p *Process) error {
	if err := c.checkSource(); err != nil {
		return usage(err)
	}
	drafted, err := c.drafted()
	if err != nil {
		return usage(err)
	}
	name, err := c.name(drafted)
	if err != nil {
		return usage(err)
	}
	target := filepath.Join(c.Into, name)
	if _, err := os.Stat(target); (err == nil) != c.Update {
		if c.Update {
			return usage(fmt.Errorf("there is no %s to update: leave out --update, or give its --name", target))
		}
		return usage(fmt.Errorf("%s is there: give --update to replace its documents, or another --name", target))
	}
	if err := makeDirectory(c.Into); err != nil {
		return err
	}
	// The folder is made in a hidden one, which serve passes over, and appears when all is done.
	hidden, err := os.MkdirTemp(c.Into, ".import-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(hidden) }()
	stage := filepath.Join(hidden, name)
	if c.Update {
		return c.update(ctx, p.Out, target, stage)
	}
	if drafted != nil {
		return createDraft(p.Out, drafted, target, stage)
	}
	return c.create(ctx, p.Out, target, stage)
}

var errNoWSDL = errors.New("the name of the WSDL is empty: give a file, or a URL together with --allow-host")

// name is that of the system. Without pages the draft is nil.
func (c *importCommand) name(drafted *page.Draft) (string, error) {
	file := filepath.ToSlash(c.WSDL)
	if u, err := url.Parse(c.WSDL); isURL(c.WSDL) && err == nil {
		file = u.Path
	}
	file = path.Base(file)
	name := strings.TrimSuffix(file, path.Ext(file))
	if drafted != nil {
		name = drafted.Service
	}
	name = cmp.Or(c.Name, imported.SystemName(name))
	if reason := config.WhyNotSystem(name); reason != "" {
		return "", fmt.Errorf("--name: the folder would be %q, %s; give another name", name, reason)
	}
	return name, nil
}

func (c *importCommand) create(ctx context.Context, out io.Writer, target, stage string) error {
	s, err := c.read(ctx, c.WSDL, c.Root, stage)
	if err != nil {
		return err
	}
	return s.put(out, target, stage, nil)
}

// put completes a new folder and puts it in its place. More is the end of the report.
func (s *service) put(out io.Writer, target, stage string, more []byte) error {
	if err := imported.CheckCallable(s.definitions); err != nil {
		return err
	}
	name := filepath.Base(target)
	found := imported.Survey(s.definitions)
	overlay := imported.Skeleton(name, s.documents, s.definitions, found)
	if err := s.write(stage, overlay, append(imported.Report(name, s.definitions, found), more...)); err != nil {
		return err
	}
	if err := os.Rename(stage, target); err != nil {
		return err
	}
	unusable := 0
	for _, f := range found {
		if f.Problem != "" {
			unusable++
		}
	}
	_, err := fmt.Fprintf(out, "%s has %d operations, of which %d cannot be used. All are off.\n"+
		"%s says what there is to know of them; give each that is wanted a kind in %s.\n",
		target, len(found), unusable, filepath.Join(target, imported.ReportName), filepath.Join(target, imported.FileName))
	if ports := imported.PortsToChoose(s.definitions); ports != nil {
		_, err = fmt.Fprintf(out, "The WSDL does not say which port is called: there, port must be one of %s.\n", strings.Join(ports, ", "))
	}
	return err
}

func (c *importCommand) update(ctx context.Context, out io.Writer, target, stage string) error {
	old, err := openFolder(target)
	if err != nil {
		return err
	}
	if err := old.copyRest(stage); err != nil {
		return err
	}
	s, err := c.read(ctx, c.WSDL, c.Root, stage)
	if err != nil {
		return err
	}
	if err := imported.CheckCallable(s.definitions); err != nil {
		return err
	}
	overlay, err := imported.WithDocuments(old.text, s.documents)
	if err != nil {
		return usage(err)
	}
	if err := s.write(stage, overlay, imported.Report(old.overlay.System, s.definitions, imported.Survey(s.definitions))); err != nil {
		return err
	}
	if err := replace(target, stage); err != nil {
		return err
	}
	printChanges(out, imported.Drift(old.overlay, old.definitions, s.definitions, false))
	// The folder stays: who answers for it needs the new documents.
	if _, err := loadSystem(c.Into, filepath.Base(target), imported.Config{MadeUp: true}); err != nil {
		return fmt.Errorf("%s has the new documents, and serve refuses it until %s fits them:\n%w", target, imported.FileName, err)
	}
	return nil
}

// replace puts a new folder in the place of an old one.
func replace(target, stage string) error {
	old := stage + ".old"
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(stage, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return nil
}

func printChanges(out io.Writer, changes []imported.Change) {
	for _, change := range changes {
		_, _ = fmt.Fprintln(out, change)
	}
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(out, "nothing changed for callers")
	}
}

// service is a WSDL with its documents.
type service struct {
	definitions *wsdl.Definitions
	documents   imported.Documents
}

// read copies the documents of a WSDL into a directory, and reads them there.
func (r *remote) read(ctx context.Context, from, root, into string) (s service, err error) {
	if from == "" {
		return s, usage(errNoWSDL)
	}
	if err := makeDirectory(into); err != nil {
		return s, err
	}
	directory, err := os.OpenRoot(into)
	if err != nil {
		return s, err
	}
	defer func() { _ = directory.Close() }()
	var entry string
	if isURL(from) {
		entry, err = r.fetch(ctx, from, directory)
	} else {
		entry, err = copyFiles(from, root, directory)
	}
	if err != nil {
		return s, err
	}
	if s.definitions, err = wsdl.Read(directory.FS(), entry, wsdl.Limits{}); err != nil {
		return s, err
	}
	s.documents = imported.Documents{File: entry, Files: map[string]string{}}
	for _, name := range s.definitions.Files {
		content, err := directory.ReadFile(name)
		if err != nil {
			return s, err
		}
		s.documents.Files[name] = imported.Hash(content)
	}
	s.documents.SHA256 = s.documents.Files[entry]
	delete(s.documents.Files, entry)
	return s, nil
}

// makeDirectory makes one that every account can read: the folders hold no secrets, and are committed and mounted.
func makeDirectory(name string) error { return os.MkdirAll(name, 0o755) } //nolint:gosec // see above

func isURL(from string) bool { return strings.Contains(from, "://") }

// copyFiles copies a WSDL and the files that it leads to. None outside of the root is read, whatever the documents name.
func copyFiles(from, root string, into *os.Root) (entry string, err error) {
	if at, err := os.Stat(from); err == nil && at.IsDir() {
		return "", usage(fmt.Errorf("%s is a directory: give the file of the WSDL", from))
	}
	root = cmp.Or(root, filepath.Dir(from))
	above, err1 := filepath.Abs(root)
	file, err2 := filepath.Abs(from)
	entry, err3 := filepath.Rel(above, file)
	if errors.Join(err1, err2, err3) != nil || !filepath.IsLocal(entry) {
		return "", usage(fmt.Errorf("--root: %s is not in %s", from, root))
	}
	entry = filepath.ToSlash(entry)
	source, err := os.OpenRoot(root)
	if err != nil {
		return "", err
	}
	defer func() { _ = source.Close() }()
	d, err := wsdl.Read(source.FS(), entry, wsdl.Limits{})
	if err != nil {
		return "", err
	}
	for _, name := range d.Files {
		content, err := source.ReadFile(name)
		if err == nil {
			err = writeDocument(into, name, content)
		}
		if err != nil {
			return "", err
		}
	}
	return entry, nil
}

// writeDocument writes a document of a system's folder.
func writeDocument(into *os.Root, name string, content []byte) error {
	if slices.ContainsFunc([]string{imported.FileName, imported.ReportName}, func(ours string) bool { return strings.EqualFold(name, ours) }) {
		return fmt.Errorf("a document has the name %s, which is that of a file of ours", name)
	}
	if err := into.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return into.WriteFile(name, content, 0o644)
}

// write writes what is beside the documents.
func (s *service) write(directory string, overlay, report []byte) error {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return errors.Join(
		root.WriteFile(imported.ReportName, report, 0o644),
		root.WriteFile(imported.FileName, overlay, 0o644),
	)
}

// folder is a system's folder.
type folder struct {
	path    string
	text    []byte // of the overlay
	overlay *imported.Overlay
	service
}

// openFolder reads a system's folder, whose documents must be those that were imported.
func openFolder(name string) (*folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, usage(err)
	}
	defer func() { _ = root.Close() }()
	f := &folder{path: name}
	if f.text, err = root.ReadFile(imported.FileName); err != nil {
		return nil, usage(err)
	}
	if f.overlay, err = imported.ParseOverlay(f.text); err != nil {
		return nil, usage(err)
	}
	f.documents = f.overlay.WSDL
	if err := f.documents.Check(root.FS()); err != nil {
		return nil, usage(err)
	}
	f.definitions, err = wsdl.Read(root.FS(), f.documents.File, wsdl.Limits{})
	return f, usage(err)
}

// copyRest copies what is neither a document nor made by an import, such as samples.
func (f *folder) copyRest(into string) error {
	if err := os.CopyFS(into, os.DirFS(f.path)); err != nil {
		return err
	}
	var err error
	for name := range f.documents.All() {
		err = errors.Join(err, os.Remove(filepath.Join(into, filepath.FromSlash(name))))
	}
	if gone := os.Remove(filepath.Join(into, imported.ReportName)); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

type driftCommand struct {
	Folder string `arg:"" name:"dir" help:"Folder of an imported system."`
	URL    string `name:"url" xor:"newer" required:"" help:"Where the newer WSDL is; give --allow-host, too."`
	File   string `xor:"newer" required:"" help:"The newer WSDL in a file."`
	Root   string `placeholder:"DIR" help:"Directory of files, from which schemas may be read, too; by default that of the WSDL."`
	All    bool   `help:"Compare the operations that are off, too."`

	remote `embed:""`
}

func (c *driftCommand) Run(ctx context.Context, p *Process) error {
	old, err := openFolder(c.Folder)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "soapbridge-drift-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	newer, err := c.read(ctx, cmp.Or(c.URL, c.File), c.Root, temporary)
	if err != nil {
		return err
	}
	changes := imported.Drift(old.overlay, old.definitions, newer.definitions, c.All)
	printChanges(p.Out, changes)
	if slices.ContainsFunc(changes, func(c imported.Change) bool { return c.Breaking }) {
		return errors.New("something changed that breaks callers, or the calls of this folder")
	}
	return nil
}
