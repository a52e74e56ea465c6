package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/translate"
	"soapbridge/upstream/sandbox"
)

// TestNoGoroutineIsLeft runs the whole program with all that works in the background, calls it, and looks for what still runs after its stop.
func TestNoGoroutineIsLeft(t *testing.T) {
	redis := redistest.Start(t)
	vendors, stopSandbox, err := startSandbox(t.Context(), "127.0.0.1:0", nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer stopSandbox()
	systems, err1 := systemsOf(config.Config{})
	key, line, err2 := edge.NewAPIKey("tester", scopes(systems), time.Time{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	cert, privateKey := certificate(t)
	secret := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	settings := []string{
		"SOAPBRIDGE_LISTEN=127.0.0.1:0", "SOAPBRIDGE_METRICS_LISTEN=127.0.0.1:0", "SOAPBRIDGE_DRAIN_TIMEOUT=10s", "SOAPBRIDGE_TRACES=http://127.0.0.1:1",
		"SOAPBRIDGE_CUSTOMERCARE_URL=" + vendors + sandbox.CustomerCarePath, "SOAPBRIDGE_MDS_URL=" + vendors + sandbox.MDSPath,
		"SOAPBRIDGE_RATE_LIMIT=1000/s", "SOAPBRIDGE_REDIS_URL=redis://" + redis.Addr(), "SOAPBRIDGE_NAME_KEY=" + secret, "SOAPBRIDGE_SECRET_KEYS=k1:" + secret,
		"SOAPBRIDGE_API_KEYS_FILE=" + file(t, line), "SOAPBRIDGE_TLS_CERT_FILE=" + file(t, cert), "SOAPBRIDGE_TLS_KEY_FILE=" + file(t, privateKey),
	}
	for name, row := range map[string]struct {
		run    func(context.Context, *Process) error
		scheme string
	}{
		"serve": {(&serveCommand{}).Run, "https://"},
		"demo":  {(&demoCommand{Listen: "127.0.0.1:0"}).Run, "http://"},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			ctx, stop := context.WithCancel(t.Context())
			log, ended := &output{}, make(chan error, 1)
			go func() {
				ended <- row.run(ctx, &Process{Environ: settings, Out: io.Discard, Err: log, Signals: func() <-chan os.Signal { return nil }})
			}()
			transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			loads(t, &http.Client{Transport: transport}, row.scheme+log.listening(t), key, systems[1].operations)
			transport.CloseIdleConnections()
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// certificate returns that of httptest, and its key, in PEM.
func certificate(t *testing.T) (cert, privateKey string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loads calls operations at once, each key twice, beside callers who hang up and probes.
func loads(t *testing.T, client *http.Client, url, key string, operations []translate.Operation) {
	t.Helper()
	var callers sync.WaitGroup
	for _, op := range operations {
		for range 10 {
			id := uuid.NewString()
			callers.Go(func() {
				for range 2 {
					if status, err := post(t.Context(), client, url+op.Path, key, id, op.Example); err != nil || status != op.Status {
						t.Errorf("%s: status %d, %v", op.Name, status, err)
					}
				}
			})
			callers.Go(func() {
				ctx, hangUp := context.WithTimeout(t.Context(), time.Millisecond)
				defer hangUp()
				if _, err := post(ctx, client, url+op.Path, key, uuid.NewString(), op.Example); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", op.Name, err)
				}
			})
		}
	}
	callers.Wait()
	if response, err := client.Get(url + "/readyz"); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("not ready: %v", err)
	} else {
		_ = response.Body.Close()
	}
}

func post(ctx context.Context, client *http.Client, url, key, id, body string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {id}, "Authorization": {"Bearer " + key}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
