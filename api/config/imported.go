package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/secret"
)

// ImportedSystem holds the settings of a system that was imported from a WSDL.
type ImportedSystem struct {
	Name string // of the system's folder: a lower-case letter, then a-z, 0-9 and -
	System

	SOAPVersion string        `env:"SOAP_VERSION" kind:"choice" oneof:"1.1,1.2" absent:"as the system's folder says" about:"version of the envelope"`
	Headers     secret.Secret `env:"HEADERS" kind:"json-object" absent:"no header blocks from here" about:"header blocks that the proxy fills in: a JSON object with a member for each header part of the WSDL"`
}

const (
	systemsName    = prefix + "SYSTEMS"
	importedPrefix = prefix + "SYSTEM_"
)

// Prefix is what the names of its settings begin with.
func (s ImportedSystem) Prefix() string { return systemPrefix(s.Name) }

func systemPrefix(name string) string {
	return importedPrefix + strings.ReplaceAll(strings.ToUpper(name), "-", "_") + "_"
}

// isImported reports whether a variable looks like a setting of an imported system.
func isImported(name string) bool { return strings.HasPrefix(strings.ToUpper(name), importedPrefix) }

// importedSettings returns the settings of one system; their index is a path in ImportedSystem.
func importedSettings(name string) []setting {
	return settingsOf(reflect.TypeFor[ImportedSystem](), systemPrefix(name), nil)
}

// ReferenceImported lists the settings of one imported system, whose name is <NAME>; the
// first entry is for all that built-in systems have, too.
func ReferenceImported() []Setting {
	list := []Setting{{
		Name: systemPrefix("<name>") + "*", Absent: "as for a built-in system", Valid: "as for a built-in system",
		Meaning: "an imported system has every setting that all built-in systems have; its name is in upper case, with _ for -",
	}}
	for _, s := range importedSettings("<name>") {
		if own := len(s.index) == 1; own {
			list = append(list, s.Setting)
		}
	}
	return list
}

// listSystems returns the folders of a directory that hold a system.yaml, sorted. Others are ignored: a volume
// may have a lost+found that cannot be read.
func listSystems(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(directory, e.Name(), "system.yaml")); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// addImported adds the settings of the imported systems, which are known only after their directory has been read.
func (l *loader) addImported() {
	directory, set := l.values[systemsName]
	if !set {
		return
	}
	names, err := l.files.Systems(directory)
	if err != nil {
		l.found.add(l.variable(systemsName), "cannot be read: "+fileReason(err)+"; valid: "+l.setting(systemsName).Valid)
	}
	for _, name := range names {
		l.addSystem(name)
	}
}

var systemName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// WhyNotSystem returns why an imported system cannot have a name, as the rest of a sentence about its folder; empty if it can.
func WhyNotSystem(name string) string {
	isBuiltIn := func(s prefixed) bool { return s.prefix == prefix+strings.ToUpper(name)+"_" }
	switch {
	case !systemName.MatchString(name):
		return "whose name is not a lower-case letter and then a-z, 0-9 and -"
	case slices.Contains([]string{"operations", "operations-catalogue", "tools"}, name) || slices.ContainsFunc(new(Config).systems(), isBuiltIn):
		return "which is the name of a built-in system or of a route of the proxy's own"
	}
	return ""
}

func (l *loader) addSystem(name string) {
	refuse := func(reason string) {
		l.found.add(l.variable(systemsName), "has the folder "+printable(name)+", "+reason+"; rename it, in its system.yaml too")
	}
	if reason := WhyNotSystem(name); reason != "" {
		refuse(reason)
		return
	}
	l.imported = append(l.imported, name)
	for _, s := range importedSettings(name) {
		if _, taken := l.ranks[s.Name]; taken { // DIAL_TIMEOUT of parcels is TIMEOUT of parcels-dial
			refuse("whose " + s.Name + " is a setting of another system, too")
			continue
		}
		l.ranks[s.Name] = len(l.settings)
		l.settings = append(l.settings, s)
		l.take(&s)
	}
}

// whyNoSystem adds to the problem of an unknown name, when it looks like a setting of an imported system, which of them there are.
func (l *loader) whyNoSystem(name string) string {
	switch {
	case !isImported(name):
		return ""
	case !l.isSet(systemsName):
		return ", since " + systemsName + " is not set"
	case len(l.imported) == 0:
		return ", since " + systemsName + " has no imported system"
	}
	return "; the imported systems are " + strings.Join(l.imported, ", ")
}
