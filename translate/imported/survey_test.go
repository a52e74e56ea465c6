package imported

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"soapbridge/translate/shape/wsdl"
)

const corpus = "../shape/wsdl/testdata/corpus/real"

func definitions(t *testing.T, name string) *wsdl.Definitions {
	t.Helper()
	d, err := wsdl.Read(os.DirFS(corpus+"/"+name), name+".wsdl", wsdl.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
func TestX(t *testing.T) {
	for _, n := range []string{"parcels", "ledger"} {
		d := definitions(t, n)
		s := Survey(d)
		t.Logf("%s", Skeleton(n, Documents{File: n + ".wsdl", SHA256: hash, Files: map[string]string{"0.xsd": hash}}, d, s))
		t.Logf("%s", Report(n, d, s))
	}
	_ = regexp.MustCompile
	_ = strings.Join
}
