package config_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/config"
	"soapbridge/translate/secret"
)

func defaults() config.Config {
	system := config.System{
		DialTimeout: 2 * time.Second, Timeout: 25 * time.Second, MaxInFlight: 32, Queue: 64, QueueTimeout: 250 * time.Millisecond, KeepAlive: "on",
		WSSEPasswordType: "text", WSSETimestamp: "off", WSSEMustUnderstand: "off", WSAddressing: "off",
	}
	return config.Config{
		Listen: "127.0.0.1:8080", PPROF: "off", Traces: "off", TracesRatio: 1, ServerTiming: "off", Mode: "development", LogLevel: "info", LogFormat: "json",
		Idempotency: "required", IdempotencyRetention: 168 * time.Hour, MaxBody: 262144, MaxReply: 1048576, DrainTimeout: 40 * time.Second,
		JWTAlgorithms: []string{"RS256", "ES256", "EdDSA"}, JWTLeeway: 30 * time.Second, JWTScopeClaim: "scope",
		CustomerCare: config.CustomerCare{System: system, SOAPVersion: "1.1"},
		MDS:          config.MDS{System: system, SOAPVersion: "1.1"},
		Emersion:     config.Emersion{System: system, SOAPVersion: "1.1", Namespace: "http://emersion.com.au/ServiceObjects", IdentifierCheck: "strict"},
	}
}

func TestDefaults(t *testing.T) {
	if got := mustLoad(t, nil); !reflect.DeepEqual(got, defaults()) {
		t.Errorf("got  %+v\nwant %+v", got, defaults())
	}
}

func TestEmptyMeansDefault(t *testing.T) {
	empty := variables{}
	for _, name := range documented() {
		if name != "MODE" {
			empty[name], empty[name+"_FILE"] = "", ""
		}
	}
	if got := mustLoad(t, empty); !reflect.DeepEqual(got, defaults()) {
		t.Errorf("got  %+v\nwant %+v", got, defaults())
	}
}

func TestFirstOfTwoEntriesHolds(t *testing.T) {
	c, err := config.Load([]string{"SOAPBRIDGE_LISTEN=:1", "SOAPBRIDGE_LISTEN=:2", "SOAPBRIDGE_QUEUE", "=x"}, noFiles)
	if err != nil || c.Listen != ":1" {
		t.Errorf("got %q, %v", c.Listen, err)
	}
}

func TestAccepted(t *testing.T) {
	raw := func(fill string) secret.Secret { return secret.Secret(strings.Repeat(fill, 32)) }
	tests := []struct {
		name, value string
		with        variables
		got         func(config.Config) any
		want        any
	}{
		{"LISTEN", "127.0.0.1:0", nil, func(c config.Config) any { return c.Listen }, "127.0.0.1:0"},
		{"LISTEN", ":8080", nil, func(c config.Config) any { return c.Listen }, ":8080"},
		{"LISTEN", "[::1]:8080", nil, func(c config.Config) any { return c.Listen }, "[::1]:8080"},
		{"LISTEN", "localhost:65535", nil, func(c config.Config) any { return c.Listen }, "localhost:65535"},
		{"LISTEN", "0.0.0.0:8080", nil, func(c config.Config) any { return c.Listen }, "0.0.0.0:8080"},
		{"METRICS_LISTEN", "127.0.0.1:9090", nil, func(c config.Config) any { return c.MetricsListen }, "127.0.0.1:9090"},
		{"METRICS_LISTEN", "127.0.0.1:0", variables{"LISTEN": "127.0.0.1:0"}, func(c config.Config) any { return c.MetricsListen }, "127.0.0.1:0"},
		{"SERVER_TIMING", "on", nil, func(c config.Config) any { return c.ServerTiming }, "on"},
		{"PPROF", "on", variables{"METRICS_LISTEN": "127.0.0.1:9090"}, func(c config.Config) any { return c.PPROF }, "on"},
		{"TRACES", "off", nil, func(c config.Config) any { return c.TracesURL() }, ""},
		{"TRACES", "on", nil, func(c config.Config) any { return c.TracesURL() }, "http://localhost:4318/v1/traces"},
		{"TRACES", "https://collector:4318", nil, func(c config.Config) any { return c.TracesURL() }, "https://collector:4318/v1/traces"},
		{"TRACES", "http://c/otlp?tenant=1", nil, func(c config.Config) any { return c.TracesURL() }, "http://c/otlp?tenant=1"},
		{"TRACES_RATIO", "0.01", variables{"TRACES": "on"}, func(c config.Config) any { return c.TracesRatio }, 0.01},
		{"TRACES_RATIO", "0", variables{"TRACES": "on"}, func(c config.Config) any { return c.TracesRatio }, 0.0},
		{"MODE", "production", redis, func(c config.Config) any { return c.Mode }, "production"},
		{"SANDBOX", "true", nil, func(c config.Config) any { return c.Sandbox }, true},
		{"SANDBOX", "false", redis.with(variables{"MODE": "production"}), func(c config.Config) any { return c.Sandbox }, false},
		{"MODE", "production", variables{"MEMORY_STORE": "accept"}, func(c config.Config) any { return c.Mode }, "production"},
		{"MODE", "development", nil, func(c config.Config) any { return c.Mode }, "development"},
		{"LOG_LEVEL", "debug", nil, func(c config.Config) any { return c.LogLevel }, "debug"},
		{"LOG_LEVEL", "warn", nil, func(c config.Config) any { return c.LogLevel }, "warn"},
		{"LOG_LEVEL", "error", nil, func(c config.Config) any { return c.LogLevel }, "error"},
		{"MODE", "development", nil, func(c config.Config) any { return c.LogsReplies() }, true},
		{"LOG_REPLIES", "off", nil, func(c config.Config) any { return c.LogsReplies() }, false},
		{"LOG_REPLIES", "masked", variables{"MODE": "production", "MEMORY_STORE": "accept"}, func(c config.Config) any { return c.LogsReplies() }, true},
		{"MODE", "production", variables{"MEMORY_STORE": "accept"}, func(c config.Config) any { return c.LogsReplies() }, false},
		{"LOG_FORMAT", "text", nil, func(c config.Config) any { return c.LogFormat }, "text"},
		{"REDIS_URL", "rediss://u:p@h:1/2", redis, func(c config.Config) any { return c.RedisURL }, secret.Secret("rediss://u:p@h:1/2")},
		{"REDIS_WAIT_REPLICAS", "2", redis, func(c config.Config) any { return c.RedisWaitReplicas }, 2},
		{"CACHE_REDIS_URL", "redis://h", nil, func(c config.Config) any { return c.CacheRedisURL }, secret.Secret("redis://h")},
		{"IDEMPOTENCY", "optional", nil, func(c config.Config) any { return c.Idempotency }, "optional"},
		{"IDEMPOTENCY_RETENTION", "1h30m", nil, func(c config.Config) any { return c.IdempotencyRetention }, 90 * time.Minute},
		{"NAME_KEY", key("n"), nil, func(c config.Config) any { return c.NameKey }, raw("n")},
		{"MEMORY_STORE", "accept", nil, func(c config.Config) any { return c.MemoryStore }, "accept"},
		{"MAX_BODY", "1000", nil, func(c config.Config) any { return c.MaxBody }, int64(1000)},
		{"MAX_BODY", "64KB", nil, func(c config.Config) any { return c.MaxBody }, int64(64000)},
		{"MAX_BODY", "1", nil, func(c config.Config) any { return c.MaxBody }, int64(1)},
		{"MAX_REPLY", "64MiB", nil, func(c config.Config) any { return c.MaxReply }, int64(67108864)},
		{"MAX_REPLY", "2MB", nil, func(c config.Config) any { return c.MaxReply }, int64(2000000)},
		{"MAX_REPLY", "4KiB", nil, func(c config.Config) any { return c.MaxReply }, int64(4096)},
		{"DRAIN_TIMEOUT", "0s", nil, func(c config.Config) any { return c.DrainTimeout }, time.Duration(0)},
		{"SECRET_KEYS", "new.2:" + key("a") + ", old_1:" + key("b"), nil, func(c config.Config) any { return c.SecretKeys },
			[]config.SecretKey{{ID: "new.2", Key: raw("a")}, {ID: "old_1", Key: raw("b")}}},
		{"API_KEYS", "# web\r\nweb one\r\n\r\n  app two\r\n", nil, func(c config.Config) any { return c.APIKeys }, []secret.Secret{"", "web one", "", "app two", ""}},
		{"CORS_ORIGINS", "https://a.example.com, http://localhost:3000", nil, func(c config.Config) any { return c.CORSOrigins },
			[]string{"https://a.example.com", "http://localhost:3000"}},
		{"CORS_ORIGINS", "capacitor://localhost, ionic://localhost", nil, func(c config.Config) any { return c.CORSOrigins },
			[]string{"capacitor://localhost", "ionic://localhost"}},
		{"JWT_ISSUER", "https://i.example/", jwt, func(c config.Config) any { return c.JWTIssuer }, "https://i.example/"},
		{"JWT_AUDIENCE", "proxy", jwt, func(c config.Config) any { return c.JWTAudience }, "proxy"},
		{"JWT_JWKS_URL", "http://[::1]:8/keys", jwt, func(c config.Config) any { return c.JWTJWKSURL }, "http://[::1]:8/keys"},
		{"JWT_JWKS_URL", "http://localhost/keys", jwt, func(c config.Config) any { return c.JWTJWKSURL }, "http://localhost/keys"},
		{"JWT_JWKS_URL", "https://h/keys?x=1", jwt, func(c config.Config) any { return c.JWTJWKSURL }, "https://h/keys?x=1"},
		{"JWT_ALGORITHMS", "PS256, EdDSA", jwt, func(c config.Config) any { return c.JWTAlgorithms }, []string{"PS256", "EdDSA"}},
		{"JWT_ALGORITHMS", "", jwt, func(c config.Config) any { return c.JWTAlgorithms }, []string{"RS256", "ES256", "EdDSA"}},
		{"JWT_LEEWAY", "5m", jwt, func(c config.Config) any { return c.JWTLeeway }, 5 * time.Minute},
		{"JWT_SCOPE_CLAIM", "scp", jwt, func(c config.Config) any { return c.JWTScopeClaim }, "scp"},
		{"CUSTOMERCARE_ORIGINATING_CLAIM", "user_token", jwt, func(c config.Config) any { return c.CustomerCare.OriginatingClaim }, "user_token"},
		{"HOSTS", "proxy.example.com, intranet", nil, func(c config.Config) any { return c.Hosts }, []string{"proxy.example.com", "intranet"}},
		{"TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1,2001:db8::/32,::1", nil, func(c config.Config) any { return c.TrustedProxies },
			[]string{"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"}},
		{"TLS_CERT", pairA.cert, variables{"TLS_KEY": pairA.key}, func(c config.Config) any { return c.TLSCert }, pairA.cert},
		{"TLS_KEY", pairA.sec1, variables{"TLS_CERT": pairA.cert}, func(c config.Config) any { return c.TLSKey }, secret.Secret(pairA.sec1)},
		{"MDS_TLS_KEY", pairR.pkcs1, variables{"MDS_TLS_CERT": "Subject: x\n" + pairR.cert + pairA.cert}, func(c config.Config) any { return c.MDS.TLSCert }, pairR.cert + pairA.cert},
		{"EMERSION_TLS_CA", pairA.cert + pairB.cert, nil, func(c config.Config) any { return c.Emersion.TLSCA }, pairA.cert + pairB.cert},

		{"CUSTOMERCARE_URL", "https://cc.example.com/webservices/CustomerCareService.asmx?x=1", nil, func(c config.Config) any { return c.CustomerCare.URL },
			"https://cc.example.com/webservices/CustomerCareService.asmx?x=1"},
		{"MDS_URL", "http://[::1]:8090/ws/dise3g/services/ServicesPort", nil, func(c config.Config) any { return c.MDS.URL }, "http://[::1]:8090/ws/dise3g/services/ServicesPort"},
		{"EMERSION_URL", "http://sandbox_1:8090", nil, func(c config.Config) any { return c.Emersion.URL }, "http://sandbox_1:8090"},
		{"CUSTOMERCARE_SOAP_VERSION", "1.2", nil, func(c config.Config) any { return c.CustomerCare.SOAPVersion }, "1.2"},
		{"MDS_SOAP_VERSION", "1.1", nil, func(c config.Config) any { return c.MDS.SOAPVersion }, "1.1"},
		{"MDS_DIAL_TIMEOUT", "500ms", nil, func(c config.Config) any { return c.MDS.DialTimeout }, 500 * time.Millisecond},
		{"MDS_TIMEOUT", "3s", nil, func(c config.Config) any { return []time.Duration{c.MDS.DialTimeout, c.MDS.Timeout} }, []time.Duration{1500 * time.Millisecond, 3 * time.Second}},
		{"MDS_TIMEOUT", "2001ms", variables{"MDS_DIAL_TIMEOUT": "2s"}, func(c config.Config) any { return c.MDS.DialTimeout }, 2 * time.Second},
		{"MDS_KEEP_ALIVE", "off", nil, func(c config.Config) any { return c.MDS.KeepAlive }, "off"},
		{"EMERSION_MAX_IN_FLIGHT", "1", nil, func(c config.Config) any { return c.Emersion.MaxInFlight }, 1},
		{"EMERSION_QUEUE", "0", nil, func(c config.Config) any { return c.Emersion.Queue }, 0},
		{"EMERSION_QUEUE_TIMEOUT", "0", nil, func(c config.Config) any { return c.Emersion.QueueTimeout }, time.Duration(0)},
		{"MDS_BASIC_USERNAME", "user", variables{"MDS_BASIC_PASSWORD": "p: q"}, func(c config.Config) any { return []string{c.MDS.BasicUsername, string(c.MDS.BasicPassword)} }, []string{"user", "p: q"}},
		{"EMERSION_WSSE_USERNAME", "a:b", variables{"EMERSION_WSSE_PASSWORD": "é☃"}, func(c config.Config) any { return []string{c.Emersion.WSSEUsername, string(c.Emersion.WSSEPassword)} }, []string{"a:b", "é☃"}},
		{"CUSTOMERCARE_DIRECT_TOKEN", "<d>", nil, func(c config.Config) any { return c.CustomerCare.DirectToken }, secret.Secret("<d>")},
		{"CUSTOMERCARE_ORIGINATING_TOKEN", "o", nil, func(c config.Config) any { return c.CustomerCare.OriginatingToken }, secret.Secret("o")},
		{"CUSTOMERCARE_USER_ID", "PROXY 1", nil, func(c config.Config) any { return c.CustomerCare.UserID }, "PROXY 1"},
		{"CUSTOMERCARE_SUCCESS_CODES", "0, 00,OK", nil, func(c config.Config) any { return c.CustomerCare.SuccessCodes }, []string{"0", "00", "OK"}},
		{"CUSTOMERCARE_CODE_STATUS", "1001=404, E 2=599,x=400", nil, func(c config.Config) any { return c.CustomerCare.CodeStatus }, map[string]int{"1001": 404, "E 2": 599, "x": 400}},
		{"MDS_SOAP_ACTION", "urn:create", nil, func(c config.Config) any { return c.MDS.SOAPAction }, "urn:create"},
		{"EMERSION_SOAP_ACTION", "http://x/y#z", nil, func(c config.Config) any { return c.Emersion.SOAPAction }, "http://x/y#z"},
		{"EMERSION_NAMESPACE", "urn:emersion", nil, func(c config.Config) any { return c.Emersion.Namespace }, "urn:emersion"},
		{"EMERSION_IDENTIFIER_CHECK", "lenient", nil, func(c config.Config) any { return c.Emersion.IdentifierCheck }, "lenient"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+strings.Split(test.value, "\n")[0], func(t *testing.T) {
			c := mustLoad(t, test.with.with(variables{test.name: test.value}))
			if got := test.got(c); !reflect.DeepEqual(got, test.want) {
				t.Errorf("another value than the wanted one: %v", reflect.TypeOf(got))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	const (
		listen     = "; valid: host:port, [IPv6]:port or :port, with port 0 to 65535"
		url        = "; valid: an absolute http or https URL without user name, password and fragment"
		size       = "; valid: bytes, or a whole number with KB, MB, KiB or MiB, from 1 to 64MiB"
		timeout    = "; valid: a duration such as 250ms, 25s or 168h, from 1ms to 10m"
		origins    = "; valid: comma-separated origins such as https://app.example.com or capacitor://localhost, in lower case, without path and default port"
		algorithms = "; valid: comma-separated names of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
		hosts      = "; valid: comma-separated host names such as proxy.example.com, in lower case, without scheme and port"
		networks   = "; valid: comma-separated IP addresses and networks such as 10.0.0.0/8"
		base64Key  = "; valid: base64 of 32 bytes, as printed by: openssl rand -base64 32"
		sealing    = "; valid: id:base64 of 32 bytes, then older ones after commas; an id has 1 to 32 of A-Z a-z 0-9 . _ -"
		apiKeys    = "; valid: one hashed key on each line; blank lines and lines that begin with # are skipped"
		certs      = "; valid: certificates as PEM text; a path goes into the variable with _FILE"
		private    = "; valid: one unencrypted private key as PEM text; a path goes into the variable with _FILE"
		statuses   = "; valid: comma-separated CODE=STATUS, with STATUS from 400 to 599"
		action     = "; valid: printable ASCII without spaces, quotes and backslashes"
	)
	garbage := block("CERTIFICATE", []byte("no DER"))
	encrypted := block("ENCRYPTED PRIVATE KEY", []byte("x"))
	tests := []struct {
		name, value string
		want        string // after "SOAPBRIDGE_<name>: "
	}{
		{"LISTEN", "8080", "is not host:port" + listen},
		{"LISTEN", "127.0.0.1", "is not host:port" + listen},
		{"LISTEN", "127.0.0.1:", "has no port number" + listen},
		{"LISTEN", "127.0.0.1:65536", "has no port number" + listen},
		{"LISTEN", "127.0.0.1:http", "has no port number" + listen},
		{"LISTEN", "300.0.0.1:80", "has a host that is neither a name nor an IP address" + listen},
		{"METRICS_LISTEN", "off", "is not host:port" + listen},
		{"METRICS_LISTEN", "127.0.0.1:8080", "is the same address as SOAPBRIDGE_LISTEN; valid: another host:port, [IPv6]:port or :port, with port 0 to 65535"},
		{"MODE", "Production", "has another value; valid: development, production"},
		{"MODE", "", "is set but empty; remove it or set it; valid: development, production"},
		{"SANDBOX", "TRUE", "has another value; valid: true, false"},
		{"LOG_LEVEL", "INFO", "has another value; valid: debug, info, warn, error"},
		{"LOG_REPLIES", "all", "has another value; valid: masked, off"},
		{"TRACES", "collector:4318", "does not begin with http:// or https://; valid: off, on for a collector on this machine (http://localhost:4318/v1/traces), or the http or https URL of one"},
		{"TRACES_RATIO", "1.01", "is out of range; valid: a number from 0 to 1, such as 0.01"},
		{"TRACES_RATIO", "1e-2", "is not a number; valid: a number from 0 to 1, such as 0.01"},
		{"LOG_FORMAT", "logfmt", "has another value; valid: json, text"},
		{"IDEMPOTENCY", "off", "has another value; valid: required, optional"},
		{"IDEMPOTENCY_RETENTION", "7d", "is not a duration; valid: a duration such as 250ms, 25s or 168h, from 1s to 8760h"},
		{"IDEMPOTENCY_RETENTION", "0s", "is out of range; valid: a duration such as 250ms, 25s or 168h, from 1s to 8760h"},
		{"REDIS_WAIT_REPLICAS", "one", "is not a whole number; valid: a whole number from 0 to 16"},
		{"REDIS_WAIT_REPLICAS", "17", "is out of range; valid: a whole number from 0 to 16"},
		{"REDIS_WAIT_REPLICAS", "1", "has no effect without SOAPBRIDGE_REDIS_URL; valid: leave it unset, or set SOAPBRIDGE_REDIS_URL"},
		{"MEMORY_STORE", "yes", "has another value; valid: accept only"},
		{"MAX_BODY", "0", "is out of range" + size},
		{"MAX_BODY", "65MiB", "is out of range" + size},
		{"MAX_BODY", "9223372036854775807MiB", "is out of range" + size},
		{"MAX_BODY", "256kb", "is not a size" + size},
		{"MAX_BODY", "-1", "is not a size" + size},
		{"MAX_REPLY", "1GiB", "is not a size" + size},
		{"DRAIN_TIMEOUT", "-1s", "is out of range; valid: a duration such as 250ms, 25s or 168h, from 0s to 1h"},

		{"NAME_KEY", "not base64!", "is not base64" + base64Key},
		{"NAME_KEY", key("n")[:43], "is not base64" + base64Key},
		{"NAME_KEY", key("n")[:40], "has another length than 32 bytes" + base64Key},
		{"NAME_KEY", key("n") + key("n"), "is not base64" + base64Key},
		{"SECRET_KEYS", key("s"), "item 1 has no valid id"},
		{"SECRET_KEYS", ":" + key("s"), "item 1 has no valid id"},
		{"SECRET_KEYS", "a b:" + key("s"), "item 1 has no valid id"},
		{"SECRET_KEYS", strings.Repeat("i", 33) + ":" + key("s"), "item 1 has no valid id"},
		{"SECRET_KEYS", "k1:" + key("s") + ",k1:" + key("t"), "item 2 has an id again"},
		{"SECRET_KEYS", "k1:" + key("s") + ",k2:AAAA", "item 2 has another length than 32 bytes"},
		{"SECRET_KEYS", "k1:" + key("s") + ",", "has no text in item 2"},
		{"API_KEYS", "# no keys", "holds no key" + apiKeys},
		{"API_KEYS", "a\nb\na", "line 3 is there twice" + apiKeys},
		{"API_KEYS", "a\nbé", "line 2 is too long or not printable ASCII" + apiKeys},
		{"API_KEYS", strings.Repeat("a", 4097), "line 1 is too long or not printable ASCII" + apiKeys},

		{"CORS_ORIGINS", "*", "item 1 allows every origin; name them" + origins},
		{"CORS_ORIGINS", "null", "item 1 does not begin with http:// or https://" + origins},
		{"CORS_ORIGINS", "https://a.example.com,https://b.example.com/", "item 2 has more than scheme, host and port" + origins},
		{"CORS_ORIGINS", "https://A.example.com", "item 1 is not in lower case" + origins},
		{"CORS_ORIGINS", "https://a.example.com:443", "item 1 has the default port, which a browser leaves out" + origins},
		{"CORS_ORIGINS", "https://a.example.com,", "has no text in item 2" + origins},
		{"CORS_ORIGINS", "https://a.b, https://a.b", "has item 2 twice" + origins},
		{"CORS_ORIGINS", "capacitor://localhost/", "item 1 has more than scheme, host and port" + origins},
		{"CORS_ORIGINS", "file://", "item 1 has no valid host" + origins},
		{"JWT_ALGORITHMS", "HS256", "item 1 is not an algorithm with a public key" + algorithms},
		{"JWT_ALGORITHMS", "RS256,none", "item 2 is not an algorithm with a public key" + algorithms},
		{"JWT_LEEWAY", "5m1s", "is out of range; valid: a duration such as 250ms, 25s or 168h, from 0s to 5m"},
		{"HOSTS", "proxy.example.com:8080", "item 1 is not a host name" + hosts},
		{"HOSTS", "https://proxy.example.com", "item 1 is not a host name" + hosts},
		{"HOSTS", "Proxy.example.com", "item 1 is not in lower case" + hosts},
		{"HOSTS", "intranet, 10.0.0.7", "item 2 is an IP address, which is always accepted" + hosts},
		{"TRUSTED_PROXIES", "proxy.local", "item 1 is neither an IP address nor a network" + networks},
		{"TRUSTED_PROXIES", "10.0.0.0/33", "item 1 is neither an IP address nor a network" + networks},
		{"TRUSTED_PROXIES", "fe80::1%eth0", "item 1 is neither an IP address nor a network" + networks},
		{"TRUSTED_PROXIES", "0.0.0.0/0", "item 1 trusts every address" + networks},
		{"TRUSTED_PROXIES", "10.0.0.1,::/0", "item 2 trusts every address" + networks},

		{"MDS_TLS_CA", "/etc/ca.pem", "is not PEM text" + certs},
		{"MDS_TLS_CA", garbage, "has a certificate that cannot be read as block 1" + certs},
		{"MDS_TLS_CA", pairA.cert + garbage, "has a certificate that cannot be read as block 2" + certs},
		{"MDS_TLS_CA", pairA.cert + pairA.key, "has something else than a certificate as block 2" + certs},
		{"MDS_TLS_CA", strings.ReplaceAll(pairA.cert, "\n", `\n`), "has a damaged PEM block; each needs line breaks as in its file" + certs},
		{"MDS_TLS_CA", pairA.cert + pairB.cert[:200], "has a damaged PEM block; each needs line breaks as in its file" + certs},

		{"CUSTOMERCARE_URL", "cc.example.com", "does not begin with http:// or https://" + url},
		{"CUSTOMERCARE_URL", "https:///p", "has no valid host" + url},
		{"CUSTOMERCARE_URL", "https://999.0.0.1/p", "has no valid host" + url},
		{"CUSTOMERCARE_URL", "https://h:0/", "has no valid port" + url},
		{"CUSTOMERCARE_URL", "https://h:70000/", "has no valid port" + url},
		{"CUSTOMERCARE_URL", "https://h/%zz", "is not a URL" + url},
		{"CUSTOMERCARE_URL", "https://u:p@h/", "has a user name or password in it" + url},
		{"CUSTOMERCARE_URL", "https://h/#f", "has a fragment" + url},
		{"CUSTOMERCARE_URL", "https://h/a b", "has a character that a URL cannot have" + url},
		{"CUSTOMERCARE_URL", "https://bücher.example/", "has a character that a URL cannot have" + url},
		{"CUSTOMERCARE_SOAP_VERSION", "1.3", "has another value; valid: 1.1, 1.2"},
		{"MDS_SOAP_VERSION", "1.2", "has another value; valid: 1.1 only"},
		{"EMERSION_SOAP_VERSION", "1.2", "has another value; valid: 1.1 only"},
		{"MDS_DIAL_TIMEOUT", "0s", "is out of range" + timeout},
		{"MDS_TIMEOUT", "11m", "is out of range" + timeout},
		{"MDS_TIMEOUT", "9999999h", "is not a duration" + timeout},
		{"MDS_MAX_IN_FLIGHT", "0", "is out of range; valid: a whole number from 1 to 10000"},
		{"MDS_QUEUE", "100001", "is out of range; valid: a whole number from 0 to 100000"},
		{"MDS_QUEUE", "0x10", "is not a whole number; valid: a whole number from 0 to 100000"},
		{"MDS_QUEUE_TIMEOUT", "61s", "is out of range; valid: a duration such as 250ms, 25s or 168h, from 0s to 1m"},
		{"CUSTOMERCARE_SUCCESS_CODES", "0,", "has no text in item 2; valid: comma-separated codes"},
		{"CUSTOMERCARE_SUCCESS_CODES", "0, 0", "has item 2 twice; valid: comma-separated codes"},
		{"CUSTOMERCARE_CODE_STATUS", "1001", "item 1 is not CODE=STATUS" + statuses},
		{"CUSTOMERCARE_CODE_STATUS", "=404", "item 1 is not CODE=STATUS" + statuses},
		{"CUSTOMERCARE_CODE_STATUS", "a=abc", "item 1 is not CODE=STATUS" + statuses},
		{"CUSTOMERCARE_CODE_STATUS", "1=404,2=200", "item 2 has a status that is out of range" + statuses},
		{"CUSTOMERCARE_CODE_STATUS", "1=399", "item 1 has a status that is out of range" + statuses},
		{"CUSTOMERCARE_CODE_STATUS", "1=404,1=409", "item 2 names a code again" + statuses},
		{"MDS_SOAP_ACTION", `""`, "has a character that it cannot have" + action},
		{"MDS_SOAP_ACTION", "a b", "has a character that it cannot have" + action},
		{"EMERSION_NAMESPACE", "ServiceObjects", "is not an absolute URI; valid: an absolute URI"},
		{"EMERSION_IDENTIFIER_CHECK", "off", "has another value; valid: strict, lenient"},

		{"CUSTOMERCARE_USER_ID", " x", "has white space at its begin or end; remove it"},
		{"CUSTOMERCARE_USER_ID", "x\u00a0", "has white space at its begin or end; remove it"},
		{"CUSTOMERCARE_USER_ID", "x\n", "has a line break or another character that is not allowed in it"},
		{"CUSTOMERCARE_USER_ID", "x\x00y", "has a line break or another character that is not allowed in it"},
		{"CUSTOMERCARE_USER_ID", "x\uffffy", "has a line break or another character that is not allowed in it"},
		{"CUSTOMERCARE_USER_ID", "x\xff", "is not valid UTF-8"},
		{"CUSTOMERCARE_USER_ID", "\ufeffx", "begins with a byte order mark; save it without one"},
		{"API_KEYS", "a\x00b", "has a line break or another character that is not allowed in it"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+strings.Split(test.value, "\n")[0], func(t *testing.T) {
			want := test.want
			if test.name == "SECRET_KEYS" {
				want += sealing
			}
			c, err := config.Load(variables{test.name: test.value}.environ(), noFiles)
			wantLines(t, err, "SOAPBRIDGE_"+test.name+": "+want)
			if !reflect.DeepEqual(c, config.Config{}) {
				t.Error("a refused configuration must be empty")
			}
		})
	}
	keyTests := []struct{ name, key, want string }{
		{"a certificate", pairA.cert, "has more than one private key in it"},
		{"two keys", pairA.key + pairB.key, "has more than one private key in it"},
		{"parameters alone", block("EC PARAMETERS", []byte{6, 1, 1}), "has no private key in it"},
		{"encrypted", encrypted, "is encrypted"},
		{"encrypted in the old way", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "is encrypted"},
		{"no DER", block("PRIVATE KEY", []byte("x")), "has a private key that cannot be read"},
		{"a path", "/etc/key.pem", "is not PEM text"},
	}
	for _, test := range keyTests {
		t.Run("TLS_KEY "+test.name, func(t *testing.T) {
			_, err := config.Load(variables{"TLS_CERT": pairA.cert, "TLS_KEY": test.key}.environ(), noFiles)
			wantLines(t, err, "SOAPBRIDGE_TLS_KEY: "+test.want+private)
		})
	}
}

// TestEveryItemIsReported: an operator who fixes one item of a list must not learn of the next one at the next start.
func TestEveryItemIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		value string
		want  []string // without "; valid: ..."
	}{
		"CUSTOMERCARE_CODE_STATUS": {"1001=200,x,1=404,,1=409,2=999, 1001=200", []string{
			"item 1 has a status that is out of range", "item 2 is not CODE=STATUS", "has no text in item 4", "item 5 names a code again",
			"item 6 has a status that is out of range", "has item 7 twice",
		}},
		"SECRET_KEYS":     {"k1," + "k2:x,a b:" + key("s") + ",k2:" + key("s"), []string{"item 1 has no valid id", "item 2 is not base64", "item 3 has no valid id", "item 4 has an id again"}},
		"CORS_ORIGINS":    {"*,https://a.example.com,https://B.example.com", []string{"item 1 allows every origin; name them", "item 3 is not in lower case"}},
		"TRUSTED_PROXIES": {"10.0.0.0/0,x", []string{"item 1 trusts every address", "item 2 is neither an IP address nor a network"}},
		"API_KEYS":        {"a b\na b\nc \u00e9\na b", []string{"line 2 is there twice", "line 3 is too long or not printable ASCII", "line 4 is there twice"}},
		"MDS_TLS_CA":      {pairA.key + pairA.cert + block("CERTIFICATE", []byte("x")), []string{"has something else than a certificate as block 1", "has a certificate that cannot be read as block 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(variables{name: test.value}.environ(), noFiles)
			for i := range test.want {
				test.want[i] = "SOAPBRIDGE_" + name + ": " + test.want[i]
			}
			wantReasons(t, err, test.want)
			if n := strings.Count(err.Error(), "; valid: "); n != len(test.want) {
				t.Errorf("%d lines name the valid values", n)
			}
		})
	}
}

// TestChecksAreReportedWithTheRest, in order, but for settings that are wrong in themselves.
func TestChecksAreReportedWithTheRest(t *testing.T) {
	check := func(c config.Config) []config.Problem {
		if c.LogLevel != "" || c.LogFormat != "text" {
			t.Errorf("the check gets %+v", c)
		}
		return []config.Problem{{"SOAPBRIDGE_API_KEYS", "one"}, {"SOAPBRIDGE_API_KEYS", "two"}, {"SOAPBRIDGE_LOG_LEVEL", "is empty"}}
	}
	v := variables{"LOG_LEVEL": "loud", "LOG_FORMAT": "text", "LISTEN": ":80", "API_KEYS_FILE": "/keys"}
	_, err := config.LoadServe(v.environ(), files("web hash"), false, check)
	wantReasons(t, err, []string{"SOAPBRIDGE_LOG_LEVEL: has another value", "SOAPBRIDGE_API_KEYS_FILE: one", "SOAPBRIDGE_API_KEYS_FILE: two"})
	_, err = config.Load(variables{"LOG_LEVEL": "loud", "LOG_FORMAT": "text"}.environ(), noFiles, check)
	wantReasons(t, err, []string{"SOAPBRIDGE_LOG_LEVEL: has another value", "SOAPBRIDGE_API_KEYS: one", "SOAPBRIDGE_API_KEYS: two"})
}

func wantLines(t *testing.T, err error, want ...string) {
	t.Helper()
	if got := lines(t, err); !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAllProblemsAtOnceInOneOrder(t *testing.T) {
	environ := variables{
		"LISTEN": "nowhere", "MODE": "prod", "MAX_BODY": "much", "REDIS_URL": "http://x", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a", "TLS_CERT": pairA.cert, "TLS_KEY": pairB.key,
		"CUSTOMERCARE_URL": "x", "MDS_TIMEOUT": "1s", "MDS_DIAL_TIMEOUT": "1s", "MDS_BASIC_USERNAME": "a:b", "EMERSION_WSSE_PASSWORD": "p", "EMERSION_TLS_CA_FILE": "/ca",
		"ZZZ": "1", "LISTN": "1", "LOG_LEVEL": "loud", "LOG_FORMAT": "json", "LOG_FORMAT_FILE": "/f",
	}.environ()
	want := []string{
		"SOAPBRIDGE_LISTEN: is not host:port; valid: host:port, [IPv6]:port or :port, with port 0 to 65535",
		"SOAPBRIDGE_MODE: has another value; valid: development, production",
		"SOAPBRIDGE_LOG_LEVEL: has another value; valid: debug, info, warn, error",
		"SOAPBRIDGE_LOG_FORMAT: is given here and by SOAPBRIDGE_LOG_FORMAT_FILE; keep one of them",
		"SOAPBRIDGE_REDIS_URL: does not begin with redis:// or rediss://; valid: redis:// or rediss://[user:password@]host[:port][,host[:port]...][/database][?master=name]",
		"SOAPBRIDGE_NAME_KEY: is required with SOAPBRIDGE_REDIS_URL; valid: base64 of 32 bytes, as printed by: openssl rand -base64 32",
		"SOAPBRIDGE_MAX_BODY: is not a size; valid: bytes, or a whole number with KB, MB, KiB or MiB, from 1 to 64MiB",
		"SOAPBRIDGE_SECRET_KEYS: is required with SOAPBRIDGE_REDIS_URL; valid: id:base64 of 32 bytes, then older ones after commas; an id has 1 to 32 of A-Z a-z 0-9 . _ -",
		"SOAPBRIDGE_JWT_JWKS_URL: is required with SOAPBRIDGE_JWT_ISSUER; valid: an https URL, or an http URL of a loopback address, without user name, password and fragment",
		"SOAPBRIDGE_TLS_KEY: does not belong to the first certificate in SOAPBRIDGE_TLS_CERT",
		"SOAPBRIDGE_CUSTOMERCARE_URL: does not begin with http:// or https://; valid: an absolute http or https URL without user name, password and fragment",
		"SOAPBRIDGE_MDS_TIMEOUT: must be longer than SOAPBRIDGE_MDS_DIAL_TIMEOUT, which is 1s",
		"SOAPBRIDGE_MDS_BASIC_USERNAME: has a colon; valid: one line of text without a colon",
		"SOAPBRIDGE_MDS_BASIC_PASSWORD: is required with SOAPBRIDGE_MDS_BASIC_USERNAME; valid: one line of text",
		"SOAPBRIDGE_EMERSION_TLS_CA_FILE: cannot read /ca: file does not exist",
		"SOAPBRIDGE_EMERSION_WSSE_USERNAME: is required with SOAPBRIDGE_EMERSION_WSSE_PASSWORD; valid: one line of text",
		"SOAPBRIDGE_LISTN: is not a setting; did you mean SOAPBRIDGE_LISTEN?",
		"SOAPBRIDGE_ZZZ: is not a setting",
	}
	for range 20 {
		rand.Shuffle(len(environ), func(i, j int) { environ[i], environ[j] = environ[j], environ[i] })
		_, err := config.Load(environ, noFiles)
		wantLines(t, err, want...)
	}
}
