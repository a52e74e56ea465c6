// Package config reads the process's settings from the environment.
//
// Every variable is named SOAPBRIDGE_X. SOAPBRIDGE_X_FILE may be set instead, to the path of a file with the value. The rules for all of
// them:
//
//   - A variable that is set but empty counts as not set, and has its default. SOAPBRIDGE_MODE is the exception: an empty mode would silently
//     turn off the checks of production, so it is refused. An empty file is refused for every variable.
//   - Line breaks at the end of a file are dropped, since editors and echo add them. Other white space around a value is refused, never
//     trimmed, and so are control characters, byte order marks and invalid UTF-8. Certificates, keys in PEM and API keys may have several lines.
//   - Items of a comma-separated list may have spaces around them; empty and repeated items are refused.
//   - Unknown names that begin with SOAPBRIDGE_, in any letter case, are refused, except those that Kubernetes or Docker inject for a service.
//
// All errors are reported together, and no message ever shows a value.
package config

import (
	"time"

	"soapbridge/translate/secret"
)

// Config holds the settings of the process; [Reference] lists them with their defaults. The tags are the one source of names, defaults,
// limits and descriptions: kind is the syntax, min and max are inclusive, absent is the meaning of no value.
type Config struct {
	Listen        string  `env:"LISTEN" envDefault:"127.0.0.1:8080" kind:"listen" about:"address of the API; port 0 picks a free port"`
	MetricsListen string  `env:"METRICS_LISTEN" kind:"listen" absent:"off" about:"address of /metrics"`
	PPROF         string  `env:"PPROF" envDefault:"off" kind:"choice" oneof:"on,off" about:"on serves Go's profiles beside /metrics, under /debug/pprof/"`
	Traces        string  `env:"TRACES" envDefault:"off" kind:"traces" about:"where the traces of calls are sent: an OpenTelemetry collector, by OTLP over HTTP; the upstreams then get traceparent and tracestate"`
	TracesRatio   float64 `env:"TRACES_RATIO" envDefault:"1" kind:"ratio" about:"part of the calls that are traced, of those that come without a traceparent; the others are traced where theirs says so"`
	ServerTiming  string  `env:"SERVER_TIMING" envDefault:"off" kind:"choice" oneof:"on,off" about:"on tells callers how long each stage of their call took, in the header Server-Timing"`
	Mode          string  `env:"MODE" envDefault:"development" kind:"choice" oneof:"development,production" empty:"refused" about:"production refuses the memory store, missing secrets and --insecure off loopback"`
	LogLevel      string  `env:"LOG_LEVEL" envDefault:"info" kind:"choice" oneof:"debug,info,warn,error" about:"least level that is logged"`
	LogFormat     string  `env:"LOG_FORMAT" envDefault:"json" kind:"choice" oneof:"json,text" about:"form of a log line"`
	// LogReplies is the text; LogsReplies interprets it.
	LogReplies string `env:"LOG_REPLIES" kind:"choice" oneof:"masked,off" absent:"masked in development mode, off in production mode" about:"masked logs a copy of the reply to each call that failed, at level debug, without secrets and most other texts"`

	// RedisURL is the text; Redis returns its parts.
	RedisURL          secret.Secret `env:"REDIS_URL" kind:"redis" absent:"memory store" about:"store of the idempotency records: several comma-separated addresses mean a cluster, ?master= means Sentinel"`
	RedisWaitReplicas int           `env:"REDIS_WAIT_REPLICAS" envDefault:"0" kind:"integer" min:"0" max:"16" about:"replicas that must confirm a claim"`
	// CacheRedisURL is the text; CacheRedis returns its parts.
	CacheRedisURL secret.Secret `env:"CACHE_REDIS_URL" kind:"redis" absent:"the memory of each process" about:"cache of reads, which may evict: another Redis than that of the idempotency records"`

	Idempotency          string        `env:"IDEMPOTENCY" envDefault:"required" kind:"choice" oneof:"required,optional" about:"whether a call must have an Idempotency-Key"`
	IdempotencyRetention time.Duration `env:"IDEMPOTENCY_RETENTION" envDefault:"168h" kind:"duration" min:"1s" max:"8760h" about:"how long a finished result is kept"`
	// NameKey holds 32 raw bytes, or nothing.
	NameKey     secret.Secret `env:"NAME_KEY" kind:"key" absent:"made at start with the memory store, else required" about:"names the idempotency records; must not change within the retention"`
	MemoryStore string        `env:"MEMORY_STORE" kind:"choice" oneof:"accept" absent:"the memory store is for development mode only" about:"accept allows the memory store in production mode"`

	// MaxBody and MaxReply are bytes. Bodies are held in memory as a whole, so they have upper limits.
	MaxBody      int64         `env:"MAX_BODY" envDefault:"256KiB" kind:"size" min:"1" max:"64MiB" about:"largest request body"`
	MaxReply     int64         `env:"MAX_REPLY" envDefault:"1MiB" kind:"size" min:"1" max:"64MiB" about:"largest reply that is read from a SOAP service"`
	DrainTimeout time.Duration `env:"DRAIN_TIMEOUT" envDefault:"40s" kind:"duration" min:"0s" max:"1h" about:"how long a stop waits for calls in flight"`

	Sandbox bool `env:"SANDBOX" envDefault:"false" kind:"boolean" about:"whether the URLs lead to a sandbox: the pages then say so in a banner; refused in production mode"`

	// SecretKeys has the sealing key first, then older ones that may still open records.
	SecretKeys []SecretKey `env:"SECRET_KEYS" kind:"sealing-keys" absent:"made at start with the memory store, else required" about:"seal stored results; the first one seals, the others only open"`

	// APIKeys are the lines of the hashed keys. Blank lines and comments are empty.
	APIKeys     []secret.Secret `env:"API_KEYS" kind:"api-keys" absent:"no callers by API key" about:"hashed API keys, usually by SOAPBRIDGE_API_KEYS_FILE"`
	JWTIssuer   string          `env:"JWT_ISSUER" kind:"issuer" absent:"no callers by JWT" about:"issuer that bearer tokens must have"`
	JWTAudience string          `env:"JWT_AUDIENCE" kind:"text" absent:"no callers by JWT" about:"audience that bearer tokens must have"`
	JWTJWKSURL  string          `env:"JWT_JWKS_URL" kind:"keys-url" absent:"no callers by JWT" about:"where the issuer's keys are read"`

	JWTAlgorithms []string      `env:"JWT_ALGORITHMS" envDefault:"RS256,ES256,EdDSA" kind:"algorithms" about:"algorithms that may sign bearer tokens"`
	JWTLeeway     time.Duration `env:"JWT_LEEWAY" envDefault:"30s" kind:"duration" min:"0s" max:"5m" about:"how far the clocks of issuer and proxy may differ"`
	JWTScopeClaim string        `env:"JWT_SCOPE_CLAIM" envDefault:"scope" kind:"text" about:"claim with the scopes: a text with spaces between them, or an array"`

	RateLimit    Rate `env:"RATE_LIMIT" kind:"rate" absent:"no limit" about:"calls that one caller may make to one operation in a period, all at once if need be; with Redis over all processes together"`
	PINRateLimit Rate `env:"PIN_RATE_LIMIT" kind:"rate" absent:"no limit" about:"changes of the PIN of one account or customer in a period, by all callers together"`

	Hosts          []string `env:"HOSTS" kind:"hosts" absent:"IP addresses and localhost only" about:"host names under which a proxy without callers is called; else it answers 421 host-not-allowed"`
	CORSOrigins    []string `env:"CORS_ORIGINS" kind:"origins" absent:"no other origins" about:"origins whose pages may call the API"`
	TrustedProxies []string `env:"TRUSTED_PROXIES" kind:"networks" absent:"none" about:"proxies whose X-Forwarded-For is believed"`
	// TLSCert and every other certificate setting holds PEM text with nothing but certificates in it.
	TLSCert string        `env:"TLS_CERT" kind:"certificates" absent:"plain HTTP" about:"certificate of the API, with its chain"`
	TLSKey  secret.Secret `env:"TLS_KEY" kind:"private-key" absent:"plain HTTP" about:"private key of the API's certificate"`

	CustomerCare CustomerCare `envPrefix:"CUSTOMERCARE_"`
	MDS          MDS          `envPrefix:"MDS_"`
	Emersion     Emersion     `envPrefix:"EMERSION_"`

	Systems string `env:"SYSTEMS" kind:"directory" absent:"no imported systems" about:"directory with a folder for each imported system; the folder's name is the system's"`
	// Imported has the systems of the folders, ordered by name.
	Imported []ImportedSystem
}

// System holds the settings that all SOAP services have.
type System struct {
	URL         string        `env:"URL" kind:"url" absent:"the routes of this system answer 503 not-configured" about:"full endpoint URL"`
	DialTimeout time.Duration `env:"DIAL_TIMEOUT" envDefault:"2s" kind:"duration" min:"1ms" max:"10m" about:"limit for making a connection; where only the timeout is given, at most half of it"`
	Timeout     time.Duration `env:"TIMEOUT" envDefault:"25s" kind:"duration" min:"1ms" max:"10m" about:"limit for a whole call; longer than the dial timeout"`

	MaxInFlight  int           `env:"MAX_IN_FLIGHT" envDefault:"32" kind:"integer" min:"1" max:"10000" about:"calls at one time; others wait for their turn"`
	Queue        int           `env:"QUEUE" envDefault:"64" kind:"integer" min:"0" max:"100000" about:"calls that may wait for their turn; others are answered 503 overloaded"`
	QueueTimeout time.Duration `env:"QUEUE_TIMEOUT" envDefault:"250ms" kind:"duration" min:"0s" max:"1m" about:"how long a call may wait for its turn"`

	KeepAlive string `env:"KEEP_ALIVE" envDefault:"on" kind:"choice" oneof:"on,off" about:"off opens a new connection for each call, so that a late answer to one call cannot be taken for that of another"`

	// HTTPProxy is the text; Proxy returns its parts.
	HTTPProxy secret.Secret `env:"HTTP_PROXY" kind:"proxy" absent:"none: HTTP_PROXY and its like without the prefix are ignored" about:"outbound HTTP proxy, reached without TLS; it must allow CONNECT to the endpoint's host and port, for an http URL too"`

	TLSCA   string        `env:"TLS_CA" kind:"certificates" absent:"the roots of the operating system" about:"authorities that may sign the server's certificate"`
	TLSCert string        `env:"TLS_CERT" kind:"certificates" absent:"no client certificate" about:"client certificate, with its chain"`
	TLSKey  secret.Secret `env:"TLS_KEY" kind:"private-key" absent:"no client certificate" about:"private key of the client certificate"`

	BasicUsername string        `env:"BASIC_USERNAME" kind:"basic-username" absent:"no HTTP Basic" about:"user name for HTTP Basic"`
	BasicPassword secret.Secret `env:"BASIC_PASSWORD" kind:"text" absent:"no HTTP Basic" about:"password for HTTP Basic"`
	WSSEUsername  string        `env:"WSSE_USERNAME" kind:"text" absent:"no WS-Security header" about:"user name for the WS-Security UsernameToken"`
	WSSEPassword  secret.Secret `env:"WSSE_PASSWORD" kind:"text" absent:"no WS-Security header" about:"password for the WS-Security UsernameToken"`

	WSSEPasswordType   string `env:"WSSE_PASSWORD_TYPE" envDefault:"text" kind:"choice" oneof:"text,digest" about:"digest sends a PasswordDigest with a nonce and the time, which proves the password and does not show it"`
	WSSETimestamp      string `env:"WSSE_TIMESTAMP" envDefault:"off" kind:"choice" oneof:"on,off" about:"on adds a WS-Security Timestamp, which expires after 5 minutes"`
	WSSEMustUnderstand string `env:"WSSE_MUST_UNDERSTAND" envDefault:"off" kind:"choice" oneof:"on,off" about:"on marks the WS-Security header mustUnderstand: a service that does not know it then refuses the call"`
	WSAddressing       string `env:"WS_ADDRESSING" envDefault:"off" kind:"choice" oneof:"on,off" about:"on adds the WS-Addressing 1.0 headers Action, MessageID (the operation id) and To (the URL)"`
}

// CustomerCare holds the settings of Southern Company's CustomerCare service.
type CustomerCare struct {
	System

	SOAPVersion      string        `env:"SOAP_VERSION" envDefault:"1.1" kind:"choice" oneof:"1.1,1.2" about:"version of the envelope"`
	DirectToken      secret.Secret `env:"DIRECT_TOKEN" kind:"text" absent:"the element is omitted" about:"this proxy's own token, for ScCredentials/DirectUserNameToken"`
	OriginatingToken secret.Secret `env:"ORIGINATING_TOKEN" kind:"text" absent:"the element is omitted" about:"default end user's token, for ScCredentials/OriginatingUserNameToken"`
	OriginatingClaim string        `env:"ORIGINATING_CLAIM" kind:"text" absent:"the configured token only" about:"claim of the caller's JWT that holds the end user's token"`
	UserID           string        `env:"USER_ID" kind:"text" absent:"the caller's name only" about:"BaseRequest/UserId where neither request nor caller has one"`

	SuccessCodes []string       `env:"SUCCESS_CODES" kind:"list" absent:"only ErrorData decides" about:"response codes that mean success"`
	CodeStatus   map[string]int `env:"CODE_STATUS" kind:"code-status" absent:"422 for every code" about:"HTTP status for the code of a failed BaseResponse"`
}

// MDS holds the settings of MDS Global CMP.
type MDS struct {
	System

	SOAPVersion string `env:"SOAP_VERSION" envDefault:"1.1" kind:"choice" oneof:"1.1" about:"version of the envelope: this service speaks no other"`
	SOAPAction  string `env:"SOAP_ACTION" kind:"soap-action" absent:"the quoted empty action" about:"SOAPAction, without its quotes"`
}

// Emersion holds the settings of Emersion Cumulus.
type Emersion struct {
	System

	SOAPVersion     string `env:"SOAP_VERSION" envDefault:"1.1" kind:"choice" oneof:"1.1" about:"version of the envelope: this service speaks no other"`
	SOAPAction      string `env:"SOAP_ACTION" kind:"soap-action" absent:"the quoted empty action" about:"SOAPAction, without its quotes"`
	Namespace       string `env:"NAMESPACE" envDefault:"http://emersion.com.au/ServiceObjects" kind:"namespace" about:"namespace of every request element"`
	IdentifierCheck string `env:"IDENTIFIER_CHECK" envDefault:"strict" kind:"choice" oneof:"strict,lenient" about:"lenient switches digit counts and check digits of orgIdentifier off"`
}

// Rate is a number of calls in a period; the zero value is none given.
type Rate struct {
	Calls  int
	Period time.Duration
}

// SecretKey is a key that seals stored results.
type SecretKey struct {
	ID  string
	Key secret.Secret // 32 raw bytes
}

// systems returns the shared settings with the prefix of their variables.
func (c *Config) systems() []prefixed {
	imported := make([]prefixed, len(c.Imported))
	for i := range c.Imported {
		imported[i] = prefixed{c.Imported[i].Prefix(), &c.Imported[i].System}
	}
	return append([]prefixed{
		{prefix + "CUSTOMERCARE_", &c.CustomerCare.System},
		{prefix + "MDS_", &c.MDS.System},
		{prefix + "EMERSION_", &c.Emersion.System},
	}, imported...)
}

type prefixed struct {
	prefix string
	*System
}
