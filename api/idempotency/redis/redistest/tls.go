package redistest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// StartTLS starts a server that also listens at addr for TLS, and returns the configuration of a client that trusts only this server.
func StartTLS(tb testing.TB) (s *Server, addr string, client *tls.Config) {
	tb.Helper()
	certificate, key, pool := selfSigned(tb)
	port := strconv.Itoa(freePort(tb))
	s = Start(tb, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate,
		"--tls-auth-clients", "no")
	return s, net.JoinHostPort("127.0.0.1", port), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// selfSigned writes the certificate of httptest for the loopback address, and its key.
func selfSigned(tb testing.TB) (certificate, key string, pool *x509.CertPool) {
	tb.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(s.Certificate())
	dir := tb.TempDir()
	return writePEM(tb, filepath.Join(dir, "cert.pem"), "CERTIFICATE", s.Certificate().Raw), writePEM(tb, filepath.Join(dir, "key.pem"), "PRIVATE KEY", pkcs8), pool
}

func writePEM(tb testing.TB, path, kind string, der []byte) string {
	tb.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
