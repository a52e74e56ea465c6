package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/idempotency"
)

// output can be read while a command writes to it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// listening waits until the log names the address of the API.
func (o *output) listening(t *testing.T) string {
	t.Helper()
	return o.attribute(t, "listening", "listen")
}

// attribute waits for a line of the log, in JSON or as text, and returns an attribute of it.
func (o *output) attribute(t *testing.T, message, name string) string {
	t.Helper()
	line := regexp.MustCompile(`\bmsg"?[=:]"?` + message + `"?[, ].*\b` + name + `"?[=:]"?([^", }\n]+)`)
	for range 500 {
		o.mu.Lock()
		found := line.FindStringSubmatch(o.text.String())
		o.mu.Unlock()
		if found != nil {
			return found[1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the log has no %s of %q: %s", name, message, o.text.String())
	return ""
}

// TestServeStartsAndStops runs the whole program inside a test, twice at once, since it has no global state.
func TestServeStartsAndStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	addresses := map[string]bool{}
	for range 2 {
		log := &output{}
		p := &Process{
			Environ: []string{"SOAPBRIDGE_LISTEN=127.0.0.1:0", "SOAPBRIDGE_METRICS_LISTEN=127.0.0.1:0", "SOAPBRIDGE_DRAIN_TIMEOUT=1s", "SOAPBRIDGE_MDS_URL=http://127.0.0.1:1"},
			Out:     io.Discard, Err: log, Signals: func() <-chan os.Signal { return nil },
		}
		go func() { ended <- (&serveCommand{}).Run(ctx, p) }()
		addresses[log.listening(t)] = true
	}
	for address := range addresses {
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if len(addresses) != 2 {
		t.Errorf("addresses %v", addresses)
	}
}

// TestDefaultRetention: the default of the setting and that of the stores are one.
func TestDefaultRetention(t *testing.T) {
	c, err := config.Load(nil, config.Disk())
	if err != nil || c.IdempotencyRetention != idempotency.DoneRetention {
		t.Errorf("%v, %v", c.IdempotencyRetention, err)
	}
}

// TestHealthNeedsTheAddressAlone: a certificate whose key is not there yet, in the middle of a rotation, does not make a proxy unhealthy.
func TestHealthNeedsTheAddressAlone(t *testing.T) {
	cert, _ := certificate(t)
	_, otherKey := certificate(t)
	environ := []string{"SOAPBRIDGE_LISTEN=:8443", "SOAPBRIDGE_TLS_CERT_FILE=" + file(t, cert), "SOAPBRIDGE_TLS_KEY_FILE=" + file(t, otherKey)}
	if url, _, err := (&healthCommand{}).target(environ); err != nil || url != "https://localhost:8443/readyz" {
		t.Errorf("%s, %v", url, err)
	}
}
