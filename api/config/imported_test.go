package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/config"
)

// imported has the directory of imported systems.
var imported = variables{"SYSTEMS": "/systems"}

func TestImportedSystems(t *testing.T) {
	v := imported.with(variables{
		"SYSTEM_BOOK_SHOP_URL": "https://h/", "SYSTEM_BOOK_SHOP_TIMEOUT": "3s", "SYSTEM_BOOK_SHOP_SOAP_VERSION": "1.2",
		"SYSTEM_BOOK_SHOP_BASIC_USERNAME": "u", "SYSTEM_BOOK_SHOP_BASIC_PASSWORD": "p", "SYSTEM_BOOK_SHOP_HEADERS_FILE": "/headers",
	})
	c, err := config.Load(v.environ(), files("{\"Auth\":\n{}}\n", "book-shop", "parcels"))
	if err != nil {
		t.Fatal(err)
	}
	shop := config.ImportedSystem{Name: "book-shop", System: defaults().MDS.System, SOAPVersion: "1.2", Headers: "{\"Auth\":\n{}}"}
	shop.URL, shop.DialTimeout, shop.Timeout, shop.BasicUsername, shop.BasicPassword = "https://h/", 1500*time.Millisecond, 3*time.Second, "u", "p"
	want := defaults()
	want.Systems, want.Imported = "/systems", []config.ImportedSystem{shop, {Name: "parcels", System: defaults().MDS.System}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	for _, line := range []string{
		"S=/systems", "_BOOK_SHOP_URL=https://h/", "_BOOK_SHOP_BASIC_PASSWORD=***", "_BOOK_SHOP_SOAP_VERSION=1.2", "_BOOK_SHOP_HEADERS=***",
		"_PARCELS_TIMEOUT=25s", "_PARCELS_SOAP_VERSION= # as the system's folder says",
	} {
		if got := printed(t, c); !strings.Contains(got, "\nSOAPBRIDGE_SYSTEM"+line+"\n") {
			t.Errorf("has no line %s:\n%s", line, got)
		}
	}
	one := config.Only(v.environ(), "SOAPBRIDGE_SYSTEM_BOOK_SHOP_TIMEOUT")
	if c, err := config.Load(one, files("", "book-shop")); err != nil || c.Imported[0].Timeout != 3*time.Second || c.Imported[0].URL != "" {
		t.Errorf("of one setting: %+v, %v", c.Imported, err)
	}
}

func TestImportedSystemsRefused(t *testing.T) {
	const (
		system  = "SOAPBRIDGE_SYSTEM_PARCELS_"
		folder  = "SOAPBRIDGE_SYSTEMS: has the folder "
		letters = ", whose name is not a lower-case letter and then a-z, 0-9 and -; rename it, in its system.yaml too"
		taken   = ", which is the name of a built-in system or of a route of the proxy's own; rename it, in its system.yaml too"
		object  = system + "HEADERS: is not a JSON object"
	)
	tests := []struct {
		name    string
		systems []string
		v       variables
		want    []string // without "; valid: ..."
	}{
		{"another version", []string{"parcels"}, variables{"SYSTEM_PARCELS_SOAP_VERSION": "1.0"}, []string{system + "SOAP_VERSION: has another value"}},
		{"headers in an array", []string{"parcels"}, variables{"SYSTEM_PARCELS_HEADERS": `[{}]`}, []string{object}},
		{"headers of null", []string{"parcels"}, variables{"SYSTEM_PARCELS_HEADERS": `null`}, []string{object}},
		{"two objects of headers", []string{"parcels"}, variables{"SYSTEM_PARCELS_HEADERS": `{}{}`}, []string{object}},
		{"a file that is missing", []string{"parcels"}, variables{"SYSTEM_PARCELS_URL_FILE": "/f"}, []string{system + "URL_FILE: cannot read /f: file does not exist"}},
		{"a user name alone", []string{"parcels"}, variables{"SYSTEM_PARCELS_BASIC_USERNAME": "u"},
			[]string{system + "BASIC_PASSWORD: is required with " + system + "BASIC_USERNAME"}},
		{"certificates for http", []string{"parcels"}, variables{"SYSTEM_PARCELS_URL": "http://h/", "SYSTEM_PARCELS_TLS_CA": pairA.cert},
			[]string{system + "TLS_CA: is set although " + system + "URL begins with http://"}},
		{"in the order of the systems", []string{"a", "parcels"}, variables{"SYSTEM_PARCELS_QUEUE": "x", "SYSTEM_A_URL": "h", "LISTEN": "x"}, []string{
			"SOAPBRIDGE_LISTEN: is not host:port", "SOAPBRIDGE_SYSTEM_A_URL: does not begin with http:// or https://", system + "QUEUE: is not a whole number"}},

		{"an unknown system", []string{"a", "parcels"}, variables{"SYSTEM_LETTERS_HEADERS": "{}"},
			[]string{"SOAPBRIDGE_SYSTEM_LETTERS_HEADERS: is not a setting; the imported systems are a, parcels"}},
		{"a misspelt system", []string{"a", "parcels"}, variables{"SYSTEM_PARCEL_HEADERS": "{}"},
			[]string{"SOAPBRIDGE_SYSTEM_PARCEL_HEADERS: is not a setting; the imported systems are a, parcels; did you mean " + system + "HEADERS?"}},
		{"a misspelt setting", []string{"parcels"}, variables{"SYSTEM_PARCELS_TIMEOT": "1s"}, []string{system + "TIMEOT: is not a setting; the imported systems are parcels; did you mean " + system + "TIMEOUT?"}},
		{"no system", nil, variables{"SYSTEM_PARCELS_URL": "http://h/"}, []string{system + "URL: is not a setting, since SOAPBRIDGE_SYSTEMS has no imported system"}},
		{"no directory", []string{"parcels"}, variables{"SYSTEMS": "", "SYSTEM_PARCELS_URL": "http://h/"}, []string{system + "URL: is not a setting, since SOAPBRIDGE_SYSTEMS is not set"}},

		{"names of another form", []string{".git", "1a", "A", "a_b", "ok", "é\n"}, variables{"SYSTEM_A_URL": "http://h/"},
			[]string{folder + ".git" + letters, folder + "1a" + letters, folder + "A" + letters, folder + "a_b" + letters, folder + `"\u00e9\n"` + letters}},
		{"names of built-in systems", []string{"customercare", "emersion", "mds", "mds-2"}, nil, []string{folder + "customercare" + taken, folder + "emersion" + taken, folder + "mds" + taken}},
		{"names that read alike", []string{"a", "a-dial"}, variables{"SYSTEM_A_DIAL_TIMEOUT": "1s"},
			[]string{folder + "a-dial, whose SOAPBRIDGE_SYSTEM_A_DIAL_TIMEOUT is a setting of another system, too; rename it, in its system.yaml too"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Load(imported.with(test.v).environ(), config.Files{Read: missing, Systems: files("", test.systems...).Systems})
			wantReasons(t, err, test.want)
		})
	}
	t.Run("a directory that cannot be read", func(t *testing.T) {
		_, err := config.Load(imported.with(variables{"SYSTEM_PARCELS_URL": "x"}).environ(), noFiles)
		wantLines(t, err, "SOAPBRIDGE_SYSTEMS: cannot be read: file does not exist; valid: the path of a directory that can be read")
	})
}

// Folders may be links, as in a volume of Kubernetes.
func TestDiskListsSystems(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for _, path := range []string{dir + "/parcels/system.yaml", dir + "/no-system/parcels.wsdl", dir + "/..data/a/system.yaml", elsewhere + "/system.yaml", dir + "/system.yaml"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, dir+"/linked"); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Disk().Systems(dir); err != nil || !slices.Equal(got, []string{"linked", "parcels"}) {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := config.Load(variables{"SYSTEMS": dir + "/system.yaml"}.environ(), config.Disk())
	wantReasons(t, err, []string{"SOAPBRIDGE_SYSTEMS: cannot be read: not a directory"})
}
