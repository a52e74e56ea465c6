package upstream

import (
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/translate/secret"

	"github.com/google/go-cmp/cmp"
)

func TestNewRefuses(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(time.Now().Add(time.Hour))
	_, otherKey := ca.issue(time.Now().Add(time.Hour))
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("no certificate")}))
	cut := cert[:len(cert)/2]

	tests := []struct {
		name   string
		change func(*Config)
		fields []string // none: accepted
	}{
		{"nothing of a good configuration", func(*Config) {}, nil},
		{"nothing of one with everything", func(cfg *Config) {
			cfg.TLSCA, cfg.TLSCert, cfg.TLSKey = ca.pem, cert+ca.pem, secret.Secret(key)
			cfg.BasicUsername, cfg.BasicPassword = "üser", "pass:word"
			cfg.IdleTimeout, cfg.MaxIdle = time.Second, 1
			cfg.ProxyAddress, cfg.ProxyUsername, cfg.ProxyPassword = "[::1]:3128", "üser", "pass:word"
		}, nil},
		{"everything at once", func(cfg *Config) {
			*cfg = Config{
				URL: "ftp://h", IdleTimeout: -1, MaxIdle: -1, TLSCA: "x", TLSCert: "x", TLSKey: "x",
				BasicUsername: "a:b\x00", BasicPassword: "\n", ProxyAddress: "a", ProxyUsername: "a:b\x00", ProxyPassword: "\n",
			}
		}, []string{
			"URL", "DialTimeout", "Timeout", "IdleTimeout", "MaxIdle", "MaxReply", "BasicUsername", "BasicUsername", "BasicPassword",
			"ProxyAddress", "ProxyUsername", "ProxyUsername", "ProxyPassword", "TLSCA", "TLSCert",
		}},

		{"URL empty", func(cfg *Config) { cfg.URL = "" }, []string{"URL"}},
		{"URL without host", func(cfg *Config) { cfg.URL = "https:///service" }, []string{"URL"}},
		{"URL with user information", func(cfg *Config) { cfg.URL = "https://u:p@example.com/" }, []string{"URL"}},
		{"URL with a fragment", func(cfg *Config) { cfg.URL = "https://example.com/#a" }, []string{"URL"}},
		{"URL with port 65536", func(cfg *Config) { cfg.URL = "https://example.com:65536/" }, []string{"URL"}},
		{"URL with a control character", func(cfg *Config) { cfg.URL = "https://example.com/\n" }, []string{"URL"}},
		{"URL with an IPv6 address", func(cfg *Config) { cfg.URL = "https://[::1]:8443/a" }, nil},

		{"MaxReply over 1 GiB", func(cfg *Config) { cfg.MaxReply = largestMaxReply + 1 }, []string{"MaxReply"}},
		{"MaxReply of 1 GiB", func(cfg *Config) { cfg.MaxReply = largestMaxReply }, nil},
		{"negative times", func(cfg *Config) { cfg.DialTimeout, cfg.Timeout = -1, -1 }, []string{"DialTimeout", "Timeout"}},

		{"TLSCA without certificate", func(cfg *Config) { cfg.TLSCA = "no PEM" }, []string{"TLSCA"}},
		{"TLSCA with a key", func(cfg *Config) { cfg.TLSCA = ca.pem + key }, []string{"TLSCA"}},
		{"TLSCA with a broken certificate", func(cfg *Config) { cfg.TLSCA = ca.pem + broken }, []string{"TLSCA"}},
		{"TLSCA that is cut off", func(cfg *Config) { cfg.TLSCA = ca.pem + cut }, []string{"TLSCA"}},
		{"TLSCert without key", func(cfg *Config) { cfg.TLSCert = cert }, []string{"TLSKey"}},
		{"TLSKey without certificate", func(cfg *Config) { cfg.TLSKey = secret.Secret(key) }, []string{"TLSCert"}},
		{"TLSCert broken, without key", func(cfg *Config) { cfg.TLSCert = broken }, []string{"TLSKey", "TLSCert"}},
		{"TLSCert broken", func(cfg *Config) { cfg.TLSCert, cfg.TLSKey = broken, secret.Secret(key) }, []string{"TLSCert"}},
		{"TLSKey broken", func(cfg *Config) { cfg.TLSCert, cfg.TLSKey = cert, "x" }, []string{"TLSKey"}},
		{"TLSKey of another certificate", func(cfg *Config) { cfg.TLSCert, cfg.TLSKey = cert, secret.Secret(otherKey) }, []string{"TLSKey"}},
		{"TLS for http", func(cfg *Config) {
			cfg.URL, cfg.TLSCA, cfg.TLSCert, cfg.TLSKey = "http://example.com/", ca.pem, cert, secret.Secret(key)
		}, []string{"TLSCA", "TLSCert", "TLSKey"}},

		{"BasicPassword without user name", func(cfg *Config) { cfg.BasicPassword = "p" }, []string{"BasicPassword"}},
		{"BasicUsername without password", func(cfg *Config) { cfg.BasicUsername = "u" }, nil},
		{"BasicUsername with a colon", func(cfg *Config) { cfg.BasicUsername = "u:v" }, []string{"BasicUsername"}},
		{"ProxyAddress that is a URL", func(cfg *Config) { cfg.ProxyAddress = "http://proxy.example.com:3128" }, []string{"ProxyAddress"}},
		{"ProxyAddress without credentials", func(cfg *Config) { cfg.ProxyAddress = "proxy.example.com:3128" }, nil},
		{"ProxyUsername without an address", func(cfg *Config) { cfg.ProxyUsername, cfg.ProxyPassword = "u", "p" }, []string{"ProxyUsername"}},
		{"ProxyPassword without user name", func(cfg *Config) { cfg.ProxyAddress, cfg.ProxyPassword = "h:1", "p" }, []string{"ProxyPassword"}},
		{"BasicPassword with a line end", func(cfg *Config) { cfg.BasicUsername, cfg.BasicPassword = "u", "p\n" }, []string{"BasicPassword"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{URL: "https://example.com/service", DialTimeout: 1, Timeout: 1, MaxReply: 1}
			test.change(&cfg)
			c, err := New(cfg)
			if (c == nil) != (err != nil) {
				t.Fatalf("got client %v and error %v", c, err)
			}
			want, got := slices.Sorted(slices.Values(test.fields)), fieldsOf(err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s\n%v", diff, err)
			}
		})
	}
}

// fieldsOf returns the fields that err names, sorted.
func fieldsOf(err error) (fields []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, err := range joined.Unwrap() {
		field := new(FieldError)
		if errors.As(err, &field) {
			fields = append(fields, field.Field)
		}
	}
	slices.Sort(fields)
	return fields
}

func TestErrorsOfNewRepeatNoValue(t *testing.T) {
	const secret = "PLANTED"
	configs := map[string]Config{
		"user information": {URL: "https://u:" + secret + "@example.com/"},
		"port":             {URL: "https://u:" + secret + "/x@example.com/"},
		"escape":           {URL: "https://u:%zz" + secret + "@example.com/"},
		"control":          {URL: "https://example.com/" + secret + "\n"},
		"scheme":           {URL: secret + "://example.com"},
		"key":              {URL: "https://example.com", TLSCert: secret, TLSKey: secret},
		"authority":        {URL: "https://example.com", TLSCA: secret},
		"proxy":            {URL: "https://example.com", ProxyAddress: "u:" + secret + "@h:1:2", ProxyUsername: secret + ":", ProxyPassword: secret + "\n"},
		"password":         {URL: "https://example.com", BasicUsername: secret + ":", BasicPassword: secret + "\n"},
	}
	for name, cfg := range configs {
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestConfigMasksItsSecrets(t *testing.T) {
	cfg := Config{TLSKey: "PLANTED", BasicPassword: "PLANTED", ProxyPassword: "PLANTED"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x"} {
		if got := fmt.Sprintf(verb, cfg); strings.Contains(got, "PLANTED") || strings.Contains(got, "504c414e544544") {
			t.Errorf("%s shows %s", verb, got)
		}
	}
}
