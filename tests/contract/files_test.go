package contract_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"

	"soapbridge/translate/soap"
)

// The files of an operation, below its system's folder, each with what it is.
func filesOf(name string, versions []soap.Version, hasArrays bool) map[string]string {
	own := "testdata/" + name + "/"
	files := map[string]string{
		"samples/" + name + ".request.xml":  "the vendor's sample request, curated",
		"samples/" + name + ".response.xml": "the vendor's sample response, curated",
		own + "reply.xml":                   "the sample response with a distinct text in every element, as SOAP 1.1; an outcome that the sample prints as failed, as a success",
		own + "reply.json":                  "golden: the response body for it",
		own + fingerprintFile:               "digest of the fingerprint of minimal.json, which no release may change",
	}
	for _, request := range requestsOf(hasArrays) {
		files[own+request+".json"] = requests[request]
		for _, v := range versions {
			files[own+request+"."+versionName(v)+".xml"] = "golden: the envelope of " + request + ".json"
		}
	}
	return files
}

// requests are the request documents that an operation has goldens of.
var requests = map[string]string{
	"full":    "a valid request with every member, two items in every array, and a distinct value in every place",
	"minimal": "a valid request that no member can be taken out of",
	"one":     "a valid request with one item in every array",
}

func requestsOf(hasArrays bool) []string {
	if hasArrays {
		return []string{"full", "minimal", "one"}
	}
	return []string{"full", "minimal"}
}

// audit compares the files of a system's folder with those that its operations need, both ways.
func audit(system fs.FS, needed map[string]string) (complaints []string) {
	for _, file := range slices.Sorted(maps.Keys(needed)) {
		if info, err := fs.Stat(system, file); err != nil || info.Size() == 0 {
			complaints = append(complaints, fmt.Sprintf("missing: %s (%s)", file, needed[file]))
		}
	}
	for _, root := range []string{"samples", "testdata"} {
		err := fs.WalkDir(system, root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			isFolder := entry.IsDir() && path.Dir(file) == "testdata"
			switch _, isNeeded := needed[file]; {
			case isFolder && !unicode.IsUpper(rune(entry.Name()[0])):
				return fs.SkipDir // some other test's: operations have the vendors' names
			case isFolder && !holdsSome(needed, file+"/"):
				complaints = append(complaints, "orphan: the folder "+file+" belongs to no operation")
				return fs.SkipDir
			case !entry.IsDir() && !isNeeded:
				complaints = append(complaints, "orphan: "+file+" belongs to no operation")
			}
			return nil
		})
		if err != nil {
			complaints = append(complaints, "missing: "+err.Error())
		}
	}
	return complaints
}

func holdsSome(files map[string]string, prefix string) bool {
	for file := range files {
		if strings.HasPrefix(file, prefix) {
			return true
		}
	}
	return false
}

// It runs before the parallel tests, so that with -update they find what it has written.
func TestEveryOperationHasItsFiles(t *testing.T) {
	names := map[string]bool{}
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			needed := map[string]string{}
			for _, o := range s.list(t, s.versions[0]) {
				if names[o.Name] {
					t.Errorf("two operations are called %s", o.Name)
				}
				names[o.Name] = true
				hasArrays := o.requestShape(t).hasArrays()
				maps.Copy(needed, filesOf(o.Name, s.versions, hasArrays))
				if *update {
					t.Run("update "+o.Name, func(t *testing.T) {
						o.draft(t, hasArrays)
						o.writeGoldens(t, hasArrays)
					})
				}
			}
			for _, complaint := range audit(os.DirFS(folder(s)), needed) {
				t.Errorf("translate/%s: %s", s.name, complaint)
			}
		})
	}
	for name := range conducts {
		if !names[name] {
			t.Errorf("there are rules for %s, which is not an operation", name)
		}
	}
}

func TestExampleReads(t *testing.T) {
	each(t, func(t *testing.T, o operation) {
		document := readDocument(t, []byte(o.Example))
		message := encode(t, o.read(t, []byte(o.Example)))
		diff(t, "the example's envelope", o.expected(t, o.sent(document)), mustParse(t, message.Envelope).listing())
	})
}
