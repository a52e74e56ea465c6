package upstream

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"soapbridge/translate/soap"
)

// TestCheckFindsTheWrongScheme at servers of both kinds, none of which may get a request.
func TestCheckFindsTheWrongScheme(t *testing.T) {
	ca := newAuthority(t)
	secure := func(change func(*tls.Config)) func(t *testing.T) *server {
		return func(t *testing.T) *server {
			t.Helper()
			cfg := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}}
			change(cfg)
			return serveTLS(t, cfg, echo)
		}
	}
	plain := func(handle func(*peer)) func(t *testing.T) *server {
		return func(t *testing.T) *server { t.Helper(); return serve(t, handle) }
	}
	refusing := func(p *peer) { _, _ = p.ReadByte(); p.say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n") }
	for name, test := range map[string]struct {
		scheme string
		server func(t *testing.T) *server
		want   string // in the error; empty: none
	}{
		"http to TLS":                              {"http", secure(func(*tls.Config) {}), "begin it with https://"},
		"http to TLS 1.2":                          {"http", secure(func(cfg *tls.Config) { cfg.MaxVersion = tls.VersionTLS12 }), "begin it with https://"},
		"http to TLS that is too old":              {"http", secure(func(cfg *tls.Config) { cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), "begin it with https://"},
		"http to TLS that wants a certificate":     {"http", secure(func(cfg *tls.Config) { cfg.ClientAuth = tls.RequireAnyClientCert }), "begin it with https://"},
		"http to plain that answers":               {"http", plain(refusing), ""},
		"http to plain that hangs up":              {"http", plain(func(p *peer) { _, _ = p.ReadByte(); p.reset() }), ""},
		"http to plain that waits":                 {"http", plain((*peer).wait), ""},
		"http to plain that speaks first, as SMTP": {"http", plain(func(p *peer) { p.say("220 mail\r\n"); p.wait() }), ""},
		"https to TLS":                             {"https", secure(func(*tls.Config) {}), ""},
		"https to plain that answers":              {"https", plain(refusing), "begin it with http://"},
		"https to plain with HTML alone":           {"https", plain(func(p *peer) { _, _ = p.ReadByte(); p.say("<!DOCTYPE html>") }), "begin it with http://"},
		"https to plain that hangs up":             {"https", plain(func(p *peer) { _, _ = p.ReadByte(); p.finish() }), "EOF; a port for plain HTTP may do that"},
		"https to plain that waits":                {"https", plain((*peer).wait), "deadline exceeded; a port for plain HTTP may do that"},
	} {
		t.Run(name, func(t *testing.T) {
			s := test.server(t)
			c := client(t, test.scheme+"://"+s.Addr().String()+"/service", func(cfg *Config) {
				if test.scheme == "https" {
					cfg.TLSCA, cfg.DialTimeout = ca.pem, time.Second
				}
			})
			err := c.Check(t.Context())
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			s.mustHaveExecuted(0)
		})
	}
}

func TestCheckFindsADescription(t *testing.T) {
	s := serve(t, echo)
	for path, want := range map[string]bool{
		"/service.asmx?WSDL": true, "/service?wsdl": true, "/service?wsdl=1": true, "/service.svc?singleWsdl": true, "/service?a=b&wsdl": true, "/ws/service.wsdl": true,
		"/service.asmx": false, "/wsdl": false, "/service?a=wsdl": false, "/service?wsdlx": false,
	} {
		if err := client(t, "http://"+s.Addr().String()+path).Check(t.Context()); errors.Is(err, errDescription) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	// A description that cannot be reached either: both are said.
	err := client(t, "http://127.0.0.1:1/service?WSDL").Check(t.Context())
	if mustFail(t, err, soap.Unreachable); !errors.Is(err, errDescription) {
		t.Errorf("got %v", err)
	}
	s.mustHaveExecuted(0)
}
