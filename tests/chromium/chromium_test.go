package chromium

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestFind(t *testing.T) {
	const runs, stub = "#!/bin/sh\necho 'Chromium 1.2.3'\n", "#!/bin/sh\necho 'install the snap' >&2\nexit 1\n"
	for name, c := range map[string]struct {
		programs map[string]string
		own      string // in CHROMIUM
		want     string
		err      string
	}{
		"the first name":            {programs: map[string]string{"chromium": runs, "google-chrome": runs}, want: "chromium"},
		"the last name":             {programs: map[string]string{"google-chrome-stable": runs}, want: "google-chrome-stable"},
		"a stub is none":            {programs: map[string]string{"chromium-browser": stub, "google-chrome": runs}, want: "google-chrome"},
		"nothing but a stub":        {programs: map[string]string{"chromium-browser": stub}, err: "apt-get install chromium"},
		"nothing":                   {err: "apt-get install chromium"},
		"a chosen one":              {programs: map[string]string{"chromium": runs, "mine": runs}, own: "mine", want: "mine"},
		"a chosen one that is none": {programs: map[string]string{"chromium": runs}, own: "mine", err: "CHROMIUM is "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for program, text := range c.programs {
				if err := os.WriteFile(filepath.Join(dir, program), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", dir)
			t.Setenv("CHROMIUM", "")
			if c.own != "" {
				t.Setenv("CHROMIUM", filepath.Join(dir, c.own))
			}
			got, err := find()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q, %v; want an error with %q", got, err, c.err)
				}
				return
			}
			if err != nil || got != filepath.Join(dir, c.want) {
				t.Errorf("%q, %v; want %s", got, err, c.want)
			}
		})
	}
}

// TestInstallerKnowsTheSameNames: what it finds, or installs, the tests must find.
func TestInstallerKnowsTheSameNames(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "install.sh"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(script), "\nchromiums=\"")
	list, _, _ = strings.Cut(list, "\"")
	if got := strings.Fields(list); !slices.Equal(got, names) {
		t.Errorf("install.sh knows %q, the tests know %q", got, names)
	}
}

// TestTheNetworkIsCut: the one name leads to this machine, where no program listens at the port, and no other name resolves.
func TestTheNetworkIsCut(t *testing.T) {
	ctx := Start(t, "intranet.test")
	for address, want := range map[string]string{
		"http://intranet.test:65535/": "ERR_CONNECTION_REFUSED", "http://127.0.0.1:65535/": "ERR_CONNECTION_REFUSED",
		"http://example.com/": "ERR_NAME_NOT_RESOLVED", "http://localhost.test/": "ERR_NAME_NOT_RESOLVED",
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(address)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}
