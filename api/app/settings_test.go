package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"soapbridge/api/config"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/upstream/sandbox"
)

// serving runs serve inside the test until its end.
func serving(t *testing.T, environ ...string) (url string, log *output) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	log = &output{}
	process := &Process{
		Environ: append([]string{"SOAPBRIDGE_LISTEN=127.0.0.1:0", "SOAPBRIDGE_DRAIN_TIMEOUT=1s"}, environ...),
		Out:     io.Discard, Err: log, Signals: func() <-chan os.Signal { return nil },
	}
	ended := make(chan error, 1)
	go func() { ended <- (&serveCommand{}).Run(ctx, process) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + log.listening(t), log
}

// vendors is the sandbox behind a door that is open, and remembers what came through it.
type vendors struct {
	*httptest.Server

	mu          sync.Mutex
	closed      chan struct{} // calls wait until it is closed; nil lets them through
	came        int
	connections map[string]bool
	basic       string // user and password of the last call
	body        string // of the last call
	trace       string // its trace context
}

func newVendors(t *testing.T) *vendors {
	t.Helper()
	handler, err := sandbox.New(sandbox.Config{Systems: []sandbox.System{
		{Name: sandbox.CustomerCare, Samples: customercare.Samples},
		{Name: sandbox.MDS, Samples: mds.Samples},
		{Name: sandbox.Emersion, Samples: emersion.Samples},
	}})
	if err != nil {
		t.Fatal(err)
	}
	v := &vendors{connections: map[string]bool{}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the sandbox judges what is missing
		r.Body = io.NopCloser(bytes.NewReader(body))
		user, password, _ := r.BasicAuth()
		v.mu.Lock()
		v.came++
		v.connections[r.RemoteAddr], v.basic, v.body = true, user+" "+password, string(body)
		v.trace = r.Header.Get("traceparent") + " " + r.Header.Get("tracestate")
		closed := v.closed
		v.mu.Unlock()
		if closed != nil {
			<-closed
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		handler.Close()
		v.Close()
	})
	return v
}

// operations returns all systems, and the settings that lead to these vendors.
func (v *vendors) operations(t *testing.T) (systems []system, environ []string) {
	t.Helper()
	systems, err := systemsOf(config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return systems, []string{
		"SOAPBRIDGE_CUSTOMERCARE_URL=" + v.URL + sandbox.CustomerCarePath, "SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=t",
		"SOAPBRIDGE_MDS_URL=" + v.URL + sandbox.MDSPath, "SOAPBRIDGE_EMERSION_URL=" + v.URL + sandbox.EmersionPath,
	}
}

// named sets settings of a system.
func named(s system, settings ...string) []string {
	for i := range settings {
		settings[i] = "SOAPBRIDGE_" + strings.ToUpper(s.name) + "_" + settings[i]
	}
	return settings
}

// calling makes a call with the operation's example.
func calling(t *testing.T, url string, op translate.Operation, key string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+op.Path, strings.NewReader(op.Example))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	request.Header.Set("X-Forwarded-For", "192.0.2.7")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

// TestConnectionsAndCredentialsOfEachSystem: with KEEP_ALIVE=off each call has its own connection. BASIC_* and WSSE_* are in the call.
func TestConnectionsAndCredentialsOfEachSystem(t *testing.T) {
	for _, keep := range []string{"on", "off"} {
		v := newVendors(t)
		systems, environ := v.operations(t)
		for _, s := range systems {
			environ = append(environ, named(s, "KEEP_ALIVE="+keep, "BASIC_USERNAME=basic-"+s.name, "BASIC_PASSWORD=b-secret-"+s.name,
				"WSSE_USERNAME=wsse-"+s.name, "WSSE_PASSWORD=w-secret-"+s.name)...)
		}
		url, _ := serving(t, environ...)
		for _, s := range systems {
			v.connections = map[string]bool{} // nothing is on its way
			for range 3 {
				calling(t, url, s.operations[0], uuid.NewString()) // the sandbox refuses a header that the vendor's page does not show
				time.Sleep(100 * time.Millisecond)                 // a connection rests before it is used again
			}
			if own := len(v.connections) == 3; own != (keep == "off") {
				t.Errorf("%s, KEEP_ALIVE=%s: three calls came over %d connections", s.name, keep, len(v.connections))
			}
			if v.basic != "basic-"+s.name+" b-secret-"+s.name || !strings.Contains(v.body, ">wsse-"+s.name+"<") || !strings.Contains(v.body, ">w-secret-"+s.name+"<") {
				t.Errorf("%s was called by %q with %s", s.name, v.basic, v.body)
			}
		}
	}
}

// TestWSHeadersOfEachSystem are in the call as the settings say, with a digest of its own each time. The sandbox refuses such calls.
func TestWSHeadersOfEachSystem(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	for _, s := range systems {
		environ = append(environ, named(s, "WSSE_USERNAME=u", "WSSE_PASSWORD=p", "WSSE_PASSWORD_TYPE=digest", "WSSE_TIMESTAMP=on", "WSSE_MUST_UNDERSTAND=on", "WS_ADDRESSING=on")...)
	}
	url, _ := serving(t, append(environ, "SOAPBRIDGE_MDS_SOAP_ACTION=urn:a", "SOAPBRIDGE_EMERSION_SOAP_ACTION=urn:a")...)
	token := regexp.MustCompile(`#PasswordDigest">(.*)</wsse:Password>.*#Base64Binary">(.*)</wsse:Nonce><wsu:Created>(.*)</wsu:Created>`)
	nonces := map[string]bool{}
	for _, s := range systems {
		for range 2 {
			id := calling(t, url, s.operations[0], uuid.NewString()).Header.Get("Operation-Id")
			for _, want := range []string{
				`:mustUnderstand="1"><wsu:Timestamp `, ">" + cmp.Or(s.operations[0].Binding.Action, "urn:a") + "</wsa:Action>",
				">urn:uuid:" + id + "</wsa:MessageID>", ">" + v.URL + "/",
			} {
				if !strings.Contains(v.body, want) {
					t.Errorf("%s: no %s in %s", s.name, want, v.body)
				}
			}
			part := append(token.FindStringSubmatch(v.body), "", "", "", "")
			nonce, err := base64.StdEncoding.DecodeString(part[2])
			digest := sha1.Sum(slices.Concat(nonce, []byte(part[3]+"p")))
			if err != nil || len(nonce) != 16 || part[1] != base64.StdEncoding.EncodeToString(digest[:]) {
				t.Errorf("%s: the digest is wrong in %s", s.name, v.body)
			}
			nonces[part[2]] = true
		}
	}
	if len(nonces) != 2*len(systems) {
		t.Errorf("a nonce is used twice: %v", nonces)
	}
}

// TestTurnsOfEachSystem: of three calls at once one runs, one waits for longer than it would by default, and one is refused.
func TestTurnsOfEachSystem(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	for _, s := range systems {
		environ = append(environ, named(s, "MAX_IN_FLIGHT=1", "QUEUE=1", "QUEUE_TIMEOUT=1m")...)
	}
	url, _ := serving(t, environ...)
	for _, s := range systems {
		door := make(chan struct{})
		v.closed, v.came = door, 0
		statuses := make(chan int, 3)
		for range 3 {
			go func() { statuses <- calling(t, url, s.operations[0], uuid.NewString()).StatusCode }()
		}
		if status := <-statuses; status != http.StatusServiceUnavailable {
			t.Errorf("%s: the first answer is %d", s.name, status)
		}
		time.Sleep(400 * time.Millisecond) // the default is 250ms
		close(door)
		for range 2 {
			if status := <-statuses; status >= http.StatusBadRequest {
				t.Errorf("%s: a call that waited for its turn: %d", s.name, status)
			}
		}
		if v.came != 2 {
			t.Errorf("%s was called %d times", s.name, v.came)
		}
	}
}

// TestRetentionEnds: a repetition after it is a new operation.
func TestRetentionEnds(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	url, _ := serving(t, append(environ, "SOAPBRIDGE_IDEMPOTENCY_RETENTION=1s")...)
	key := uuid.NewString()
	for i, want := range []string{"", "true", ""} {
		if i == 2 {
			time.Sleep(1100 * time.Millisecond)
		}
		if got := calling(t, url, systems[1].operations[0], key).Header.Get("Idempotent-Replayed"); got != want {
			t.Errorf("call %d: replayed %q", i, got)
		}
	}
}

// TestClaimsWaitForReplicas: a Redis without replicas confirms no claim that needs one.
func TestClaimsWaitForReplicas(t *testing.T) {
	server := redistest.Start(t)
	key := "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	v := newVendors(t)
	systems, environ := v.operations(t)
	environ = append(environ, "SOAPBRIDGE_REDIS_URL=redis://"+server.Addr(), "SOAPBRIDGE_NAME_KEY="+key, "SOAPBRIDGE_SECRET_KEYS=k1:"+key)
	for replicas, want := range map[string]int{"0": http.StatusCreated, "1": http.StatusServiceUnavailable} {
		url, _ := serving(t, append(environ, "SOAPBRIDGE_REDIS_WAIT_REPLICAS="+replicas)...)
		if r := calling(t, url, systems[1].operations[0], uuid.NewString()); r.StatusCode != want {
			t.Errorf("with %s replicas: %s", replicas, r.Status)
		}
	}
}

// TestClientInTheLog is the one that a trusted proxy names.
func TestClientInTheLog(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	for trusted, want := range map[string]string{"": "127.0.0.1", "127.0.0.0/8": "192.0.2.7", "198.51.100.1": "127.0.0.1"} {
		url, log := serving(t, append(environ, "SOAPBRIDGE_TRUSTED_PROXIES="+trusted)...)
		calling(t, url, systems[1].operations[0], uuid.NewString())
		if got := log.attribute(t, "request", "client"); got != want {
			t.Errorf("TRUSTED_PROXIES=%s: the client is %s", trusted, got)
		}
	}
}

// TestProfilesAreOff unless they are asked for.
func TestProfilesAreOff(t *testing.T) {
	for setting, want := range map[string]int{"off": http.StatusNotFound, "on": http.StatusOK} {
		_, log := serving(t, "SOAPBRIDGE_METRICS_LISTEN=127.0.0.1:0", "SOAPBRIDGE_PPROF="+setting)
		response, err := http.Get("http://" + log.attribute(t, "serving metrics", "metrics_listen") + "/debug/pprof/")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("PPROF=%s: %s", setting, response.Status)
		}
	}
}

// TestServerTiming is for callers only where it is asked for.
func TestServerTiming(t *testing.T) {
	systems, environ := newVendors(t).operations(t)
	for setting, want := range map[string]bool{"off": false, "on": true} {
		url, _ := serving(t, append(environ, "SOAPBRIDGE_SERVER_TIMING="+setting)...)
		got := calling(t, url, systems[1].operations[0], uuid.NewString()).Header.Get("Server-Timing")
		if strings.HasPrefix(got, "read;dur=") != want {
			t.Errorf("SERVER_TIMING=%s: %q", setting, got)
		}
	}
}

// TestBannerOfASandbox: the pages say so where the setting does, and only there.
func TestBannerOfASandbox(t *testing.T) {
	for setting, want := range map[string]bool{"true": true, "false": false} {
		url, _ := serving(t, "SOAPBRIDGE_SANDBOX="+setting)
		response, err := http.Get(url + "/docs")
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if got := bytes.Contains(page, []byte("sandbox")); err != nil || got != want {
			t.Errorf("SANDBOX=%s: the page names a sandbox: %v, %v", setting, got, err)
		}
	}
}
