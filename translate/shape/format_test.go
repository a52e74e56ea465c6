package shape

import (
	"os"
	"regexp"
	"testing"
)

// TestFormatsAreAll: the list is documented whole, each with what it means.
func TestFormatsAreAll(t *testing.T) {
	text, err := os.ReadFile("format.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[Format]string{}
	for _, f := range Formats {
		if listed[f.Format] != "" || f.About == "" {
			t.Errorf("%s is there twice, or means nothing", f.Format)
		}
		listed[f.Format] = f.About
	}
	declared := regexp.MustCompile(`(?m)^\tFormat\w+ +Format = "([^"]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, f := range declared {
		if listed[Format(f[1])] == "" {
			t.Errorf("Formats lacks %s", f[1])
		}
	}
	if len(declared) != len(Formats) {
		t.Errorf("%d formats are declared, %d listed", len(declared), len(Formats))
	}
}
