package docs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// place is a folder in which commands of the pages are executed. There, `go run .` and bin/soapbridge are the program under test.
type place struct{ dir string }

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{t.TempDir()}
	program, err := kit.Program()
	if err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Abs(root + "/docs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.path("bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"bin/soapbridge": program, "docs": docs} {
		if err := os.Symlink(target, p.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

// run executes a script to its first failure, and returns its output.
func (p place) run(t *testing.T, script string) string {
	t.Helper()
	const program = `go() { test "$1 $2" = 'run .' && shift 2 && bin/soapbridge "$@"; }; make() { test "$*" = build; }` + "\n"
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", program+script)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// TestYourOwnService runs the README's lines from a WSDL to its first answers.
func TestYourOwnService(t *testing.T) {
	p := newPlace(t)
	before, after, found := strings.Cut(blocks(t, "README.md", "import")[0], "go run . demo --systems systems &")
	if _, comment, _ := strings.Cut(after, "\n"); !found || strings.Count(before+comment, "\n") != 4 {
		t.Fatalf("these are not five lines: %s%s", before, after)
	}
	p.run(t, before)
	demo := kit.RunDemo(t, "--systems", p.path("systems"))
	want := []string{"HTTP/1.1 200 ", `"state":"ANNOUNCED"`, "HTTP/1.1 201 ", `"pickupId":`}
	_, after, _ = strings.Cut(after, "\n")
	out := p.run(t, strings.ReplaceAll(after, demoURL, demo.URL))
	for _, text := range want {
		if !strings.Contains(out, text) {
			t.Errorf("no answer has %s: %s", text, out)
		}
	}
}

// TestBlocksCanBePasted: a whole block is pasted at once, so what asks a program that the block has started must wait for it.
func TestBlocksCanBePasted(t *testing.T) {
	asked := regexp.MustCompile(`(?m)^[^#\n]+ & *(?:#.*)?\n+curl (.*)`)
	for name, text := range pages(t) {
		for _, curl := range asked.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(curl[1], "--retry 5 --retry-connrefused ") {
				t.Errorf("%s: curl %s", name, curl[1])
			}
		}
	}
}

// TestImport runs the commands of the page about the import, with the documents at an address of this machine.
func TestImport(t *testing.T) {
	p := newPlace(t)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, root+"/docs/parcels/parcels.wsdl")
	}))
	defer vendor.Close()
	here := strings.NewReplacer("https://soap.example.com", vendor.URL, "--allow-host soap.example.com", "--allow-http --allow-host 127.0.0.1",
		"import parcels.wsdl", "import docs/parcels/parcels.wsdl")
	for _, b := range blocks(t, "docs/import.md", "wsdl") {
		p.run(t, here.Replace(b))
	}
	for _, file := range []string{"parcels/REPORT.md", "parcels2/system.yaml"} {
		if _, err := os.Stat(p.path("systems/" + file)); err != nil {
			t.Error(err)
		}
	}
}

func TestKeys(t *testing.T) {
	if out := newPlace(t).run(t, blocks(t, "docs/callers.md", "keys")[0]); !strings.Contains(out, "\nsb_web-frontend.") || !strings.Contains(out, "\nweb-frontend sha256:") {
		t.Errorf("it prints %s", out)
	}
}

// TestSettling settles an unknown outcome of a demo as the page says.
func TestSettling(t *testing.T) {
	demo := kit.RunDemo(t)
	_, body := curl(t, strings.NewReplacer(demoURL, demo.URL, "Asked about the bill", "sandbox:reset-after").Replace(blocks(t, "README.md", "first")[0]))
	var unknown, view struct{ OperationID, Attempt, State string }
	if err := json.Unmarshal([]byte(body), &unknown); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	command := strings.NewReplacer(demoURL, demo.URL, "ab39a2cc-851b-80a8-924b-08c5579c2011", unknown.OperationID).Replace(blocks(t, "docs/idempotency.md", "settle")[0])
	look, settle, _ := strings.Cut(command, "\n")
	p := newPlace(t)
	if err := json.Unmarshal([]byte(p.run(t, strings.Replace(look, "curl", "curl -sS", 1))), &view); err != nil || view.State != "unknown" {
		t.Fatalf("%+v: %v", view, err)
	}
	out := p.run(t, strings.NewReplacer("curl", "curl -sS", "5f0a3c1e9b7d2468ace013579bdf02468ace1357", view.Attempt).Replace(settle))
	if !strings.Contains(out, unknown.OperationID) || !strings.Contains(out, `"settled":true`) {
		t.Errorf("it is not settled: %s", out)
	}
}

// TestProduction runs the production example of the README, with a sandbox in the vendor's place, and then the commands for operators.
func TestProduction(t *testing.T) {
	p, redis := newPlace(t), redistest.Start(t, "--maxmemory-policy", "noeviction")
	redis.Do("ACL", "SETUSER", "default", "resetpass", ">password") // of the example
	sandbox, urls, err := kit.StartSandbox(kit.Command{})
	if err != nil {
		t.Fatal(err)
	}
	sandbox.StopAfter(t)
	here := strings.NewReplacer("https://vendor.example.com/webservices/CustomerCareService.asmx", urls["CUSTOMERCARE_URL"],
		"redis.example.com:6379", redis.Addr())
	before, after, found := strings.Cut(here.Replace(blocks(t, "README.md", "production")[0]), "bin/soapbridge serve &\n")
	if !found {
		t.Fatal("the example does not serve")
	}
	p.run(t, before+"env >settings")
	settings := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^SOAPBRIDGE_(\w+)=(.*)$`).FindAllStringSubmatch(readFile(t, p.path("settings")), -1) {
		settings[line[1]] = line[2]
	}
	metricsURL := "http://" + settings["METRICS_LISTEN"]
	settings["LISTEN"], settings["METRICS_LISTEN"] = "127.0.0.1:0", "127.0.0.1:0"
	proxy, err := kit.Command{Settings: settings}.Serve()
	if err != nil {
		t.Fatal(err)
	}
	proxy.StopAfter(t)
	at := strings.NewReplacer(demoURL, proxy.URL, metricsURL+"/metrics", proxy.Metrics, "soapbridge health", "soapbridge health --url "+proxy.URL+"/readyz")
	if out := p.run(t, at.Replace(after)); !strings.Contains(out, "HTTP/1.1 201 ") {
		t.Errorf("the call is answered with %s", out)
	}
	p.run(t, at.Replace(strings.NewReplacer("Asked about the bill", "sandbox:reset-after", "7a8e8a3e", "8a8e8a3e").Replace(after)))
	exports := regexp.MustCompile(`(?m)^export .*$`).FindAllString(before, -1)
	ids := regexp.MustCompile(`"(operationId|attempt)":"([^"]+)"`)
	for _, b := range append(blocks(t, "docs/operating.md", "operate"), blocks(t, "docs/runbook.md", "operate")...) {
		out := p.run(t, strings.Join(exports, "\n")+"\n"+at.Replace(here.Replace(b)))
		if unknown := ids.FindAllStringSubmatch(out, -1); strings.Contains(b, "state=unknown") && len(unknown) == 2 { // for the next block
			here = strings.NewReplacer("ab39a2cc-851b-80a8-924b-08c5579c2011", unknown[0][2], "5f0a3c1e9b7d2468ace013579bdf02468ace1357", unknown[1][2])
		}
		if strings.Contains(b, "/resolution") && !strings.Contains(out, `"settled":true`) {
			t.Errorf("it is not settled: %s", out)
		}
	}
}
