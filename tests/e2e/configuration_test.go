package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

// Exit codes, as the documentation has them.
const (
	exitFailed = 1
	exitUsage  = 2
)

// variablesIn returns the variables that an error names, sorted: one at the beginning of each line.
func variablesIn(stderr string) (names []string) {
	for _, m := range regexp.MustCompile(`(?m)^(?:soapbridge: )?(SOAPBRIDGE_[A-Z0-9_]+): \S`).FindAllStringSubmatch(stderr, -1) {
		names = append(names, strings.TrimPrefix(m[1], "SOAPBRIDGE_"))
	}
	slices.Sort(names)
	return names
}

func TestWrongSettingsAreAllReportedAtOnce(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte(secretWSSE+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		settings map[string]string
		want     []string
	}{
		"of every kind": {map[string]string{
			"LISTEN": secretPIN, "MODE": secretPIN, "LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "MAX_BODY": "lots", "MAX_REPLY": "0", "DRAIN_TIMEOUT": "forever",
			"IDEMPOTENCY": "never", "NAME_KEY": secretBasic, "CORS_ORIGINS": "*", "TRUSTED_PROXIES": "0.0.0.0/0", "TLS_CERT": secretBasic, "TLS_KEY": secretBasic,
			"CUSTOMERCARE_URL": "ftp://" + secretBasic, "CUSTOMERCARE_SOAP_VERSION": "1.3", "CUSTOMERCARE_CODE_STATUS": "1001=200,x,2=404", "CUSTOMERCARE_TIMEOUT": "0s",
			"API_KEYS": "an-id.of-a-hash\nweb sha256:" + strings.Repeat("0", 64) + " admin\n" + secretBasic, "JWT_ALGORITHMS": "HS256",
			"EMERSION_URL": "http://127.0.0.1:1", "EMERSION_TLS_CA": newAuthority(t, "theirs").pem,
			"MDS_URL": "http://user:" + secretBasic + "@example.com", "MDS_SOAP_VERSION": "1.2", "MDS_BASIC_USERNAME": "a:b", "EMERSION_NAMESPACE": "nonsense",
			"EMERSION_IDENTIFIER_CHECK": "maybe", "EMERSION_WSSE_PASSWORD": secretWSSE,
		}, []string{
			"API_KEYS", "API_KEYS", "CORS_ORIGINS", "CUSTOMERCARE_CODE_STATUS", "CUSTOMERCARE_CODE_STATUS", "CUSTOMERCARE_SOAP_VERSION", "CUSTOMERCARE_TIMEOUT", "CUSTOMERCARE_URL", "DRAIN_TIMEOUT",
			"EMERSION_IDENTIFIER_CHECK", "EMERSION_NAMESPACE", "EMERSION_TLS_CA", "EMERSION_WSSE_USERNAME", "IDEMPOTENCY", "JWT_ALGORITHMS", "LISTEN", "LOG_FORMAT", "LOG_LEVEL", "MAX_BODY", "MAX_REPLY",
			"MDS_BASIC_PASSWORD", "MDS_BASIC_USERNAME", "MDS_SOAP_VERSION", "MDS_URL", "MODE", "NAME_KEY", "TLS_CERT", "TLS_KEY", "TRUSTED_PROXIES",
		}},
		"unknown names":              {map[string]string{"LISTNE": secretBasic, "PORT": "8080", "MDS_PIN": "1"}, []string{"LISTNE", "MDS_PIN", "PORT"}},
		"a value and its file":       {map[string]string{"EMERSION_WSSE_PASSWORD": secretWSSE, "EMERSION_WSSE_PASSWORD_FILE": secretFile, "EMERSION_WSSE_USERNAME": "u"}, []string{"EMERSION_WSSE_PASSWORD"}},
		"a file that is not there":   {map[string]string{"EMERSION_WSSE_PASSWORD_FILE": secretFile + "-not", "EMERSION_WSSE_USERNAME": "u"}, []string{"EMERSION_WSSE_PASSWORD_FILE"}},
		"everybody may call":         {map[string]string{"LISTEN": "0.0.0.0:0"}, []string{"LISTEN"}},
		"production without a store": {map[string]string{"MODE": "production"}, []string{"REDIS_URL"}},
		"an issuer without keys":     {map[string]string{"JWT_ISSUER": "https://issuer.example", "JWT_AUDIENCE": "a", "CUSTOMERCARE_ORIGINATING_CLAIM": "c"}, []string{"JWT_JWKS_URL"}},
		"a malformed key line":       {map[string]string{"API_KEYS": "an-id.of-a-hash"}, []string{"API_KEYS"}},
		"an unsupported version":     {map[string]string{"MDS_SOAP_VERSION": "1.2", "EMERSION_SOAP_VERSION": "1.2"}, []string{"EMERSION_SOAP_VERSION", "MDS_SOAP_VERSION"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(t, c.settings, "serve")
			if got.code != exitUsage || got.stdout != "" {
				t.Errorf("exit code %d, stdout %q", got.code, got.stdout)
			}
			if names := variablesIn(got.stderr); !slices.Equal(names, c.want) {
				t.Errorf("the error names %q\nwant            %q\n%s", names, c.want, got.stderr)
			}
		})
	}
}

func TestInsecureIsForOtherAddressesOnly(t *testing.T) {
	if got := command(t, map[string]string{"LISTEN": "0.0.0.0:0", "MODE": "production", "MEMORY_STORE": "accept"}, "serve", "--insecure"); got.code != exitUsage ||
		!slices.Equal(variablesIn(got.stderr), []string{"LISTEN"}) {
		t.Errorf("production: exit code %d: %s", got.code, got.stderr)
	}
}

func TestCommandLine(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string // on stdout for code 0, else on stderr
	}{
		"no command":                {nil, exitUsage, "--help"},
		"an unknown command":        {[]string{"dance"}, exitUsage, "--help"},
		"an unknown flag":           {[]string{"serve", "--fast"}, exitUsage, "--help"},
		"help":                      {[]string{"--help"}, 0, "demo"},
		"help of a command":         {[]string{"serve", "--help"}, 0, "SOAPBRIDGE_"},
		"the version":               {[]string{"version"}, 0, "commit " + kit.Commit + ", " + runtime.Version() + "\n"},
		"the version as a flag":     {[]string{"--version"}, 0, "commit " + kit.Commit + ", " + runtime.Version() + "\n"},
		"a demo for everybody":      {[]string{"demo", "--listen", "0.0.0.0:0"}, exitUsage, "loopback"},
		"a demo on all addresses":   {[]string{"demo", "--listen", ":0"}, exitUsage, "loopback"},
		"a demo on a name":          {[]string{"demo", "--listen", "example.com:0"}, exitUsage, "loopback"},
		"a demo without a port":     {[]string{"demo", "--listen", "127.0.0.1"}, exitUsage, "--listen"},
		"health of no URL":          {[]string{"health", "--url", "nonsense"}, exitUsage, "--url"},
		"health of another scheme":  {[]string{"health", "--url", "ftp://127.0.0.1"}, exitUsage, "--url"},
		"an address that is in use": {nil, exitFailed, "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			var settings map[string]string
			if c.code == exitFailed {
				c.args, settings = []string{"serve"}, map[string]string{"LISTEN": strings.TrimPrefix(bridge(t, "1.1").URL, "http://")}
			}
			got := command(t, settings, c.args...)
			text := got.stderr
			if c.code == 0 {
				text = got.stdout
			}
			if got.code != c.code || !strings.Contains(text, c.says) {
				t.Errorf("exit code %d\nstdout: %s\nstderr: %s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

func TestHealthCommand(t *testing.T) {
	p := bridge(t, "1.1")
	address := strings.TrimPrefix(p.URL, "http://")
	closed := closedPort(t)
	for name, c := range map[string]struct {
		settings map[string]string
		args     []string
		code     int
	}{
		"by its setting":         {map[string]string{"LISTEN": address}, nil, 0},
		"by its URL":             {nil, []string{"--url", p.URL}, 0},
		"by a URL with a slash":  {nil, []string{"--url", p.URL + "/"}, 0},
		"by a URL with a path":   {nil, []string{"--url", p.URL + "/livez"}, 0},
		"another path":           {nil, []string{"--url", p.URL + "/nowhere"}, exitFailed},
		"a closed port":          {map[string]string{"LISTEN": closed}, nil, exitFailed},
		"a closed port's URL":    {nil, []string{"--url", "http://" + closed}, exitFailed},
		"TLS where there is one": {nil, []string{"--url", "https://" + address}, exitFailed},
		"a wrong setting":        {map[string]string{"LISTEN": "nonsense"}, nil, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(t, c.settings, append([]string{"health"}, c.args...)...)
			if got.code != c.code || (got.stdout == "ready\n") != (c.code == 0) || (got.stderr == "") != (c.code == 0) {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
			}
		})
	}
}

// TestEveryCommandJudgesKeyLines: an unknown scope is an error for every command that reads the settings to show, check or use them.
func TestEveryCommandJudgesKeyLines(t *testing.T) {
	line := "web sha256:" + strings.Repeat("0", 64) + " no:such:scope"
	for _, args := range [][]string{{"config"}, {"config", "show"}, {"config", "check"}, {"serve"}} {
		for name, lines := range map[string]string{"a line that is none": "an-id.of-a-hash", "a scope that there is not": line} {
			if got := command(t, map[string]string{"API_KEYS": lines}, args...); got.code != exitUsage || !slices.Equal(variablesIn(got.stderr), []string{"API_KEYS"}) {
				t.Errorf("%s, %v: exit code %d: %s", name, args, got.code, got.stderr)
			}
		}
	}
}

func TestConfigCheckConnectsAndSendsNothing(t *testing.T) {
	address := scripted.address(t)
	if got := command(t, toVendor(address), "config", "check"); got.code != 0 || strings.Count(got.stdout, "reachable") != 3 {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	settings := toVendor(address)
	settings["MDS_URL"] = "http://" + closedPort(t) + "/"
	delete(settings, "EMERSION_URL")
	got := command(t, settings, "config", "check")
	if got.code != exitFailed || !regexp.MustCompile(`(?m)^customercare +reachable$`).MatchString(got.stdout) ||
		!regexp.MustCompile(`(?m)^mds +.*connection refused`).MatchString(got.stdout) || !regexp.MustCompile(`(?m)^emersion +not configured$`).MatchString(got.stdout) {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	sandbox, sandboxSettings := sandboxURL(t)
	before := get(t, sandbox+"/sandbox/calls?messageId=none")
	if got := command(t, sandboxSettings, "config", "check"); got.code != 0 {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	refused := regexp.MustCompile(`"refused": \d+`)
	if after := get(t, sandbox+"/sandbox/calls?messageId=none"); refused.FindString(before) != refused.FindString(after) {
		t.Errorf("the sandbox got something:\n%s\n%s", before, after)
	}
}

// TestWarningsAtTheStart: settings that are allowed, but probably mistakes.
func TestWarningsAtTheStart(t *testing.T) {
	p := proxy(t, map[string]string{
		"CUSTOMERCARE_URL": "http://" + closedPort(t) + "/",
	})
	p.mustLog(t, "SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN: is ", `"level":"WARN"`)
	proxy(t, nil).mustLog(t, "SOAPBRIDGE_CUSTOMERCARE_URL, SOAPBRIDGE_MDS_URL, SOAPBRIDGE_EMERSION_URL: no system is configured", `"level":"WARN"`)
	_, settings := sandboxURL(t)
	quiet := proxy(t, with(settings, credentials()))
	if a := send(t, quiet.URL, call{method: http.MethodGet, path: "/readyz"}); a.status != http.StatusOK || strings.Contains(quiet.Stderr.String(), "SOAPBRIDGE_") {
		t.Errorf("status %d, and the log is %s", a.status, quiet.Stderr)
	}
}

func TestNothingIsConfigured(t *testing.T) {
	p := proxy(t, nil)
	if a := send(t, p.URL, call{method: http.MethodGet, path: "/readyz"}); a.status != http.StatusOK {
		t.Errorf("readiness: status %d", a.status)
	}
	for _, op := range operations() {
		a := send(t, p.URL, ask(op, newReference(), ""))
		want{http.StatusServiceUnavailable, "not-configured", "not_sent", "never", "", nil}.check(t, variant{op, "1.1"}, a)
	}
}

func TestOptionalKeys(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), map[string]string{"IDEMPOTENCY": "optional"}))
	ids := map[string]bool{}
	for _, op := range operations() {
		reference := newReference()
		c := ask(op, reference, "")
		c.header = without("Idempotency-Key")
		a := send(t, p.URL, c)
		success.check(t, variant{op, "1.1"}, a)
		if n := len(executions(t, sandbox, op, reference)); n != 1 {
			t.Errorf("%s: executed %d times", op.Name, n)
		}
		if id := a.header.Get("Operation-Id"); ids[id] || id == "" {
			t.Errorf("%s: the operation id %q is that of another call", op.Name, id)
		}
		ids[a.header.Get("Operation-Id")] = true
		c.header = header("Idempotency-Key", "short")
		if a := send(t, p.URL, c); a.status != http.StatusBadRequest {
			t.Errorf("%s: a malformed key: status %d", op.Name, a.status)
		}
	}
}

func TestOtherLimitsAndNames(t *testing.T) {
	scripted.play(t, "names", ok(http.StatusOK))
	p := proxy(t, with(toVendor(scripted.address(t)), map[string]string{
		"MAX_BODY": "2KB", "MDS_SOAP_ACTION": "urn:create?a=b", "EMERSION_SOAP_ACTION": "urn:account", "EMERSION_NAMESPACE": "urn:other:objects", "EMERSION_IDENTIFIER_CHECK": "lenient",
	}))
	for name, c := range map[string]struct{ action, namespace string }{
		"CreateService": {`"urn:create?a=b"`, ""}, "CreateComplexAccount": {`"urn:account"`, `xmlns:ser="urn:other:objects"`},
	} {
		op := operation(t, name)
		number := strconv.FormatInt(references.Add(1), 10)
		o := say(op, refer(op, example(op), "raw-"+number), "raw:names#"+number)
		if name == "CreateComplexAccount" {
			o["accountOrganisation"] = object{"orgIdentifier": "1", "orgIdentifierType": "ABN"} // not even the number of digits is right
		}
		c2 := call{path: op.Path, body: encode(o)}
		success.check(t, variant{op, "1.1"}, send(t, p.URL, c2))
		got := scripted.got(number)
		if len(got) != 1 || got[0].header.Get("SOAPAction") != c.action || !strings.Contains(got[0].body, c.namespace) {
			t.Errorf("%s: sent %+v", name, got)
		}
		c2.body = padded(c2.body, 2001)
		if a := send(t, p.URL, c2); a.status != http.StatusRequestEntityTooLarge || a.problem.Errors[0].Params["maxBytes"] != float64(2000) {
			t.Errorf("%s: a body over the limit: status %d: %s", name, a.status, a.body)
		}
	}
}

func TestTextLogs(t *testing.T) {
	p := proxy(t, map[string]string{"LOG_FORMAT": "text", "LOG_LEVEL": "warn"})
	for path, count := range map[string]int{"/nowhere": http.StatusNotFound, "/livez": http.StatusOK} {
		if a := send(t, p.URL, call{method: http.MethodGet, path: path}); a.status != count {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
	// The address is on the first line at any level: who starts the process needs it.
	if first, rest, _ := strings.Cut(p.Stderr.String(), "\n"); !strings.Contains(first, "listen=127.0.0.1:") || strings.Contains(rest, "level=INFO") {
		t.Errorf("the log is %s", p.Stderr)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	dir := t.TempDir()
	files := map[string]string{}
	for name, value := range map[string]string{"CUSTOMERCARE_DIRECT_TOKEN": secretDirect, "EMERSION_WSSE_PASSWORD": secretWSSE, "CUSTOMERCARE_URL": settings["CUSTOMERCARE_URL"]} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(value+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files[name+"_FILE"] = path
	}
	all := with(settings, files, map[string]string{"EMERSION_WSSE_USERNAME": "wsg"})
	delete(all, "CUSTOMERCARE_URL")
	p := proxy(t, all)
	for name, secret := range map[string]string{"UpdateCustomerPIN": "dtok-9f31-XQ&amp;&lt;<", "CreateComplexAccount": ">" + secretWSSE + "<"} {
		op := operation(t, name)
		reference := newReference()
		success.check(t, variant{op, "1.1"}, send(t, p.URL, ask(op, reference, "")))
		calls := executions(t, sandbox, op, reference)
		if len(calls) != 1 {
			t.Fatalf("%s: executed %d times", name, len(calls))
		}
		if envelope := get(t, fmt.Sprintf("%s/sandbox/calls/%d/envelope", sandbox, calls[0].Number)); !strings.Contains(envelope, secret) {
			t.Errorf("%s: the secret of the file is not there: %s", name, envelope)
		}
	}
}
