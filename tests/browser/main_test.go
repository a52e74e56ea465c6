// Package browser opens the pages of the real program in a real browser, the distribution's Chromium, that reaches nothing but this machine.
package browser

import (
	"os"
	"path/filepath"
	"testing"

	"soapbridge/tests/kit"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

// withParcels are the arguments of a demo that has the imported system of docs/parcels, too.
var withParcels = []string{"--systems", filepath.Join("..", "..", "docs")}

// startServe runs a sandbox, and a proxy in front of it that asks for API keys. It returns a key with every scope of an operation.
func startServe(t *testing.T) (d *kit.Demo, key string) {
	t.Helper()
	key, line := kit.NewKey(t, "browser")
	return serve(t, map[string]string{"API_KEYS": line}), key
}

// serve runs a sandbox, and a proxy in front of it with further settings.
func serve(t *testing.T, further map[string]string) *kit.Demo {
	t.Helper()
	vendors, settings, err := kit.StartSandbox(kit.Command{})
	if err != nil {
		t.Fatal(err)
	}
	vendors.StopAfter(t)
	own := map[string]string{"CUSTOMERCARE_DIRECT_TOKEN": "made-up", "CUSTOMERCARE_USER_ID": "browser"}
	proxy, err := kit.Command{Settings: kit.With(settings, own, further)}.Serve()
	if err != nil {
		t.Fatal(err)
	}
	proxy.StopAfter(t)
	return &kit.Demo{Process: proxy, Sandbox: vendors.URL}
}
