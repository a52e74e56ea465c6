package config_test

import (
	"slices"
	"strings"
	"testing"

	"soapbridge/api/config"
)

func TestRules(t *testing.T) {
	const (
		needsNameKey   = "SOAPBRIDGE_NAME_KEY: is required with SOAPBRIDGE_REDIS_URL"
		needsSecretKey = "SOAPBRIDGE_SECRET_KEYS: is required with SOAPBRIDGE_REDIS_URL"
		sameRedis      = "SOAPBRIDGE_CACHE_REDIS_URL: is the same database as SOAPBRIDGE_REDIS_URL; name another Redis: a cache may evict what it holds, and no idempotency record may be evicted"
		needsRedis     = "SOAPBRIDGE_REDIS_URL: is required in production mode, unless SOAPBRIDGE_MEMORY_STORE is accept"
	)
	production := variables{"MODE": "production"}
	basic := variables{"MDS_BASIC_USERNAME": "u", "MDS_BASIC_PASSWORD": "p"}
	tests := []struct {
		name string
		v    variables
		want []string // without "; valid: ..."
	}{
		{"production without Redis", production, []string{needsRedis}},
		{"production with the memory store accepted", production.with(variables{"MEMORY_STORE": "accept"}), nil},
		{"production with Redis", production.with(redis), nil},
		{"production with Redis without keys", production.with(variables{"REDIS_URL": "redis://h"}), []string{needsNameKey, needsSecretKey}},
		{"development with Redis without keys", variables{"REDIS_URL": "redis://h"}, []string{needsNameKey, needsSecretKey}},
		{"development with Redis and a name key", variables{"REDIS_URL": "redis://h", "NAME_KEY": key("n")}, []string{needsSecretKey}},
		{"accepting the memory store does not replace keys", production.with(variables{"MEMORY_STORE": "accept", "REDIS_URL": "redis://h"}), []string{needsNameKey, needsSecretKey}},
		{"a wrong key is not a missing key", redis.with(variables{"NAME_KEY": "x"}), []string{"SOAPBRIDGE_NAME_KEY: is not base64"}},
		{"a sandbox in production", production.with(redis).with(variables{"SANDBOX": "true"}), []string{"SOAPBRIDGE_SANDBOX: is refused in production mode"}},
		{"no sandbox in production", production.with(redis).with(variables{"SANDBOX": "false"}), nil},
		{"a wrong mode is not production", variables{"MODE": "PRODUCTION"}, []string{"SOAPBRIDGE_MODE: has another value"}},
		{"a wrong answer on the memory store is the only problem", production.with(variables{"MEMORY_STORE": "yes"}), []string{"SOAPBRIDGE_MEMORY_STORE: has another value"}},
		{"a wrong Redis URL is not a missing one", production.with(redis).with(variables{"REDIS_URL": "h"}), []string{"SOAPBRIDGE_REDIS_URL: does not begin with redis:// or rediss://"}},
		{"a cache in the database of the records", redis.with(variables{"CACHE_REDIS_URL": "redis://u:p@H:1,127.0.0.1"}), []string{sameRedis}},
		{"a cache in another database", redis.with(variables{"CACHE_REDIS_URL": "redis://127.0.0.1/1"}), nil},
		{"a cache of another master", redis.with(variables{"REDIS_URL": "redis://s?master=a", "CACHE_REDIS_URL": "redis://s?master=b"}), nil},
		{"a cache alone", variables{"CACHE_REDIS_URL": "redis://h"}, nil},
		{"a wrong cache", redis.with(variables{"CACHE_REDIS_URL": "h"}), []string{"SOAPBRIDGE_CACHE_REDIS_URL: does not begin with redis:// or rediss://"}},
		{"replicas with Redis", redis.with(variables{"REDIS_WAIT_REPLICAS": "1"}), nil},

		{"JWT complete", jwt.with(variables{"JWT_ALGORITHMS": "ES256", "JWT_LEEWAY": "0s", "JWT_SCOPE_CLAIM": "scp", "CUSTOMERCARE_ORIGINATING_CLAIM": "c"}), nil},
		{"JWT without issuer", jwt.with(variables{"JWT_ISSUER": ""}), []string{"SOAPBRIDGE_JWT_ISSUER: is required with SOAPBRIDGE_JWT_AUDIENCE"}},
		{"JWT without audience and keys", variables{"JWT_ISSUER": "i", "JWT_LEEWAY": "1s"},
			[]string{"SOAPBRIDGE_JWT_AUDIENCE: is required with SOAPBRIDGE_JWT_ISSUER", "SOAPBRIDGE_JWT_JWKS_URL: is required with SOAPBRIDGE_JWT_ISSUER"}},
		{"keys without TLS", jwt.with(variables{"JWT_JWKS_URL": "http://h/keys"}), []string{"SOAPBRIDGE_JWT_JWKS_URL: begins with http:// and is not of a loopback address"}},
		{"keys that are not of this machine", jwt.with(variables{"JWT_JWKS_URL": "http://localhost.h/keys"}),
			[]string{"SOAPBRIDGE_JWT_JWKS_URL: begins with http:// and is not of a loopback address"}},
		{"keys in a file", jwt.with(variables{"JWT_JWKS_URL": "file:///keys"}), []string{"SOAPBRIDGE_JWT_JWKS_URL: does not begin with http:// or https://"}},
		{"JWT's other settings alone", variables{"JWT_ALGORITHMS": "ES256", "JWT_LEEWAY": "1s", "JWT_SCOPE_CLAIM": "scp", "CUSTOMERCARE_ORIGINATING_CLAIM": "c"}, []string{
			"SOAPBRIDGE_JWT_ALGORITHMS: has no effect without SOAPBRIDGE_JWT_ISSUER", "SOAPBRIDGE_JWT_LEEWAY: has no effect without SOAPBRIDGE_JWT_ISSUER",
			"SOAPBRIDGE_JWT_SCOPE_CLAIM: has no effect without SOAPBRIDGE_JWT_ISSUER", "SOAPBRIDGE_CUSTOMERCARE_ORIGINATING_CLAIM: has no effect without SOAPBRIDGE_JWT_ISSUER"}},
		{"JWT's other settings wrong", variables{"JWT_LEEWAY": "6m"}, []string{"SOAPBRIDGE_JWT_LEEWAY: is out of range"}},
		{"an issuer that could be two callers", jwt.with(variables{"JWT_ISSUER": "https://i.example|x"}), []string{"SOAPBRIDGE_JWT_ISSUER: has a vertical bar"}},

		{"Basic complete", basic, nil},
		{"profiles without metrics", variables{"PPROF": "on"}, []string{"SOAPBRIDGE_METRICS_LISTEN: is required with SOAPBRIDGE_PPROF"}},
		{"a ratio of no traces", variables{"TRACES_RATIO": "0.5"}, []string{"SOAPBRIDGE_TRACES_RATIO: has no effect without SOAPBRIDGE_TRACES"}},
		{"Basic without password", basic.with(variables{"MDS_BASIC_PASSWORD": ""}), []string{"SOAPBRIDGE_MDS_BASIC_PASSWORD: is required with SOAPBRIDGE_MDS_BASIC_USERNAME"}},
		{"Basic without user name", variables{"EMERSION_BASIC_PASSWORD": "p"}, []string{"SOAPBRIDGE_EMERSION_BASIC_USERNAME: is required with SOAPBRIDGE_EMERSION_BASIC_PASSWORD"}},
		{"Basic of two systems does not mix", variables{"MDS_BASIC_USERNAME": "u", "EMERSION_BASIC_PASSWORD": "p"},
			[]string{"SOAPBRIDGE_MDS_BASIC_PASSWORD: is required with SOAPBRIDGE_MDS_BASIC_USERNAME", "SOAPBRIDGE_EMERSION_BASIC_USERNAME: is required with SOAPBRIDGE_EMERSION_BASIC_PASSWORD"}},
		{"WS-Security without password", variables{"CUSTOMERCARE_WSSE_USERNAME": "u"}, []string{"SOAPBRIDGE_CUSTOMERCARE_WSSE_PASSWORD: is required with SOAPBRIDGE_CUSTOMERCARE_WSSE_USERNAME"}},
		{"WS-Security without user name", variables{"MDS_WSSE_PASSWORD": "u"}, []string{"SOAPBRIDGE_MDS_WSSE_USERNAME: is required with SOAPBRIDGE_MDS_WSSE_PASSWORD"}},

		{"WS-Security by a digest and marked", variables{"MDS_WSSE_USERNAME": "u", "MDS_WSSE_PASSWORD": "p", "MDS_WSSE_PASSWORD_TYPE": "digest", "MDS_WSSE_MUST_UNDERSTAND": "on"}, nil},
		{"a digest of no password", variables{"MDS_WSSE_PASSWORD_TYPE": "digest"}, []string{"SOAPBRIDGE_MDS_WSSE_PASSWORD_TYPE: has no effect without SOAPBRIDGE_MDS_WSSE_USERNAME"}},
		{"a digest without user name", variables{"MDS_WSSE_PASSWORD": "p", "MDS_WSSE_PASSWORD_TYPE": "digest"}, []string{"SOAPBRIDGE_MDS_WSSE_USERNAME: is required with SOAPBRIDGE_MDS_WSSE_PASSWORD"}},
		{"no header to understand", variables{"EMERSION_WSSE_MUST_UNDERSTAND": "on"},
			[]string{"SOAPBRIDGE_EMERSION_WSSE_MUST_UNDERSTAND: has no effect without SOAPBRIDGE_EMERSION_WSSE_USERNAME or SOAPBRIDGE_EMERSION_WSSE_TIMESTAMP"}},
		{"a timestamp to understand", variables{"CUSTOMERCARE_WSSE_TIMESTAMP": "on", "CUSTOMERCARE_WSSE_MUST_UNDERSTAND": "on"}, nil},
		{"a wrong timestamp is the only problem", variables{"MDS_WSSE_TIMESTAMP": "yes", "MDS_WSSE_MUST_UNDERSTAND": "on"}, []string{"SOAPBRIDGE_MDS_WSSE_TIMESTAMP: has another value"}},
		{"WS-Addressing without an action", variables{"MDS_WS_ADDRESSING": "on"}, []string{"SOAPBRIDGE_MDS_SOAP_ACTION: is required with SOAPBRIDGE_MDS_WS_ADDRESSING"}},
		{"WS-Addressing with an action", variables{"EMERSION_WS_ADDRESSING": "on", "EMERSION_SOAP_ACTION": "urn:a", "CUSTOMERCARE_WS_ADDRESSING": "on"}, nil},

		{"certificate with its key", variables{"TLS_CERT": pairA.cert, "TLS_KEY": pairA.key}, nil},
		{"certificate without key", variables{"TLS_CERT": pairA.cert}, []string{"SOAPBRIDGE_TLS_KEY: is required with SOAPBRIDGE_TLS_CERT"}},
		{"key without certificate", variables{"EMERSION_TLS_KEY": pairA.key}, []string{"SOAPBRIDGE_EMERSION_TLS_CERT: is required with SOAPBRIDGE_EMERSION_TLS_KEY"}},
		{"certificate with another key", variables{"MDS_TLS_CERT": pairA.cert, "MDS_TLS_KEY": pairB.key}, []string{"SOAPBRIDGE_MDS_TLS_KEY: does not belong to the first certificate in SOAPBRIDGE_MDS_TLS_CERT"}},
		{"certificate behind its issuer", variables{"TLS_CERT": pairB.cert + pairA.cert, "TLS_KEY": pairA.key}, []string{"SOAPBRIDGE_TLS_KEY: does not belong to the first certificate in SOAPBRIDGE_TLS_CERT"}},
		{"authority alone", variables{"CUSTOMERCARE_TLS_CA": pairA.cert}, nil},
		{"certificates for https", variables{"MDS_URL": "https://h/", "MDS_TLS_CA": pairA.cert, "MDS_TLS_CERT": pairA.cert, "MDS_TLS_KEY": pairA.key}, nil},
		{"certificates for http", variables{"MDS_URL": "HTTP://h/", "MDS_TLS_CA": pairA.cert, "MDS_TLS_CERT": pairA.cert, "MDS_TLS_KEY": pairA.key}, []string{
			"SOAPBRIDGE_MDS_TLS_CA: is set although SOAPBRIDGE_MDS_URL begins with http://", "SOAPBRIDGE_MDS_TLS_CERT: is set although SOAPBRIDGE_MDS_URL begins with http://",
			"SOAPBRIDGE_MDS_TLS_KEY: is set although SOAPBRIDGE_MDS_URL begins with http://"}},
		{"a wrong certificate for http", variables{"MDS_URL": "http://h/", "MDS_TLS_CA": "x"}, []string{"SOAPBRIDGE_MDS_TLS_CA: is not PEM text"}},

		{"dial timeout equal to the timeout", variables{"MDS_TIMEOUT": "2s", "MDS_DIAL_TIMEOUT": "2s"}, []string{"SOAPBRIDGE_MDS_TIMEOUT: must be longer than SOAPBRIDGE_MDS_DIAL_TIMEOUT, which is 2s"}},
		{"dial timeout over the default timeout", variables{"CUSTOMERCARE_DIAL_TIMEOUT": "30s"}, []string{"SOAPBRIDGE_CUSTOMERCARE_TIMEOUT: must be longer than SOAPBRIDGE_CUSTOMERCARE_DIAL_TIMEOUT, which is 30s"}},
		{"timeout below the default dial timeout", variables{"EMERSION_TIMEOUT": "1ms"}, nil},
		{"a wrong dial timeout is the only problem", variables{"MDS_TIMEOUT": "1s", "MDS_DIAL_TIMEOUT": "x"}, []string{"SOAPBRIDGE_MDS_DIAL_TIMEOUT: is not a duration"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Load(test.v.environ(), noFiles)
			wantReasons(t, err, test.want)
		})
	}
}

// wantReasons compares without the list of valid values.
func wantReasons(t *testing.T, err error, want []string) {
	t.Helper()
	got := lines(t, err)
	for i, line := range got {
		got[i], _, _ = strings.Cut(line, "; valid: ")
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestServe(t *testing.T) {
	const (
		noCallers  = "SOAPBRIDGE_LISTEN: is not a loopback address, and no callers are configured; set SOAPBRIDGE_API_KEYS or SOAPBRIDGE_JWT_ISSUER"
		noInsecure = "SOAPBRIDGE_LISTEN: is not a loopback address, and production mode refuses --insecure on it; start without it, with SOAPBRIDGE_API_KEYS or SOAPBRIDGE_JWT_ISSUER set"
		hint       = ", or start with --insecure"
	)
	everywhere := variables{"LISTEN": "0.0.0.0:8080"}
	production := variables{"MODE": "production"}.with(redis)
	tests := []struct {
		name     string
		v        variables
		insecure bool
		want     []string
	}{
		{"loopback without callers", nil, false, nil},
		{"loopback in IPv6", variables{"LISTEN": "[::1]:80"}, false, nil},
		{"loopback in IPv4 in IPv6", variables{"LISTEN": "[::ffff:127.0.0.1]:80"}, false, nil},
		{"another loopback", variables{"LISTEN": "127.9.9.9:80"}, false, nil},
		{"localhost", variables{"LISTEN": "LocalHost:80"}, false, nil},
		{"every address", everywhere, false, []string{noCallers + hint}},
		{"every address by empty host", variables{"LISTEN": ":80"}, false, []string{noCallers + hint}},
		{"every address in IPv6", variables{"LISTEN": "[::]:80"}, false, []string{noCallers + hint}},
		{"a name may be anywhere", variables{"LISTEN": "localhost.example.com:80"}, false, []string{noCallers + hint}},
		{"every address with API keys", everywhere.with(callers), false, nil},
		{"every address with JWT", everywhere.with(jwt), false, nil},
		{"every address, insecure", everywhere, true, nil},
		{"every address, insecure with API keys", everywhere.with(callers), true, nil},
		{"production on loopback, insecure", production, true, nil},
		{"production on every address", production.with(everywhere), false, []string{noCallers}},
		{"production on every address, insecure", production.with(everywhere), true, []string{noInsecure}},
		{"production on every address, insecure with API keys", production.with(everywhere).with(callers), true, []string{noInsecure}},
		{"production on every address with API keys", production.with(everywhere).with(callers), false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.LoadServe(test.v.environ(), noFiles, test.insecure)
			wantLines(t, err, test.want...)
		})
	}
}

func TestServeFindingsStandBesideOthers(t *testing.T) {
	everywhere := variables{"LISTEN": ":80"}
	tests := []struct {
		name string
		v    variables
		want []string
	}{
		{"another problem", everywhere.with(variables{"MDS_QUEUE": "x"}), []string{
			"SOAPBRIDGE_LISTEN: is not a loopback address, and no callers are configured; set SOAPBRIDGE_API_KEYS or SOAPBRIDGE_JWT_ISSUER, or start with --insecure",
			"SOAPBRIDGE_MDS_QUEUE: is not a whole number"}},
		{"wrong API keys are not missing ones", everywhere.with(variables{"API_KEYS": "#"}), []string{"SOAPBRIDGE_API_KEYS: holds no key"}},
		{"unreadable API keys are not missing ones", everywhere.with(variables{"API_KEYS_FILE": "/keys"}), []string{"SOAPBRIDGE_API_KEYS_FILE: cannot read /keys: file does not exist"}},
		{"a wrong issuer is not a missing one", everywhere.with(jwt).with(variables{"JWT_ISSUER": " "}), []string{"SOAPBRIDGE_JWT_ISSUER: has white space at its begin or end; remove it"}},
		{"wrong address", variables{"LISTEN": "x"}, []string{"SOAPBRIDGE_LISTEN: is not host:port"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.LoadServe(test.v.environ(), noFiles, false)
			wantReasons(t, err, test.want)
		})
	}
}

func TestWarnings(t *testing.T) {
	const (
		noToken    = "SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN: is not set although SOAPBRIDGE_CUSTOMERCARE_URL is: requests have no DirectUserNameToken, and the service may deny them all"
		sameServer = "SOAPBRIDGE_CACHE_REDIS_URL: is on the same server as SOAPBRIDGE_REDIS_URL; databases share memory and eviction, so a full cache makes the server refuse new idempotency records, or evict old ones"
		noFolder   = "SOAPBRIDGE_SYSTEMS: names a directory without imported systems: no folder in it holds a system.yaml"
		noSystem   = "SOAPBRIDGE_CUSTOMERCARE_URL, SOAPBRIDGE_MDS_URL, SOAPBRIDGE_EMERSION_URL: no system is configured, so every operation answers 503 not-configured; set at least one of them"
	)
	mds, token := variables{"MDS_URL": "http://h/"}, variables{"CUSTOMERCARE_URL": "http://h/", "CUSTOMERCARE_DIRECT_TOKEN": "t"}
	for _, test := range []struct {
		name string
		v    variables
		want []string
	}{
		{"one system", mds, nil},
		{"CustomerCare with its token", token, nil},
		{"CustomerCare without a token", variables{"CUSTOMERCARE_URL": "http://h/"}, []string{noToken}},
		{"no system", nil, []string{noSystem}},
		{"no imported system", mds.with(imported), []string{noFolder}},
		{"a cache on the server of the records", mds.with(redis).with(variables{"CACHE_REDIS_URL": "redis://127.0.0.1/1"}), []string{sameServer}},
		{"a cache on another server", mds.with(redis).with(variables{"CACHE_REDIS_URL": "redis://127.0.0.1:6380"}), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := config.Load(test.v.environ(), files(""))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range c.Warnings() {
				got = append(got, w.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}
