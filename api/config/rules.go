package config

import (
	"slices"
	"strings"

	"soapbridge/translate/secret"
)

// checkRules checks the rules between settings. A rule is silent when one of its settings has a problem already: a second message would
// only confuse.
func (l *loader) checkRules(c *Config) {
	l.checkStore(c)
	l.checkCache(c)
	l.checkMetrics(c)
	l.checkRatio(c)
	l.checkSandbox(c)
	l.checkJWT()
	l.checkKeyPair(prefix, c.TLSCert, c.TLSKey)
	for _, s := range c.systems() {
		l.requireTogether(s.prefix+"BASIC_USERNAME", s.prefix+"BASIC_PASSWORD")
		l.requireTogether(s.prefix+"WSSE_USERNAME", s.prefix+"WSSE_PASSWORD")
		l.checkWSHeaders(s)
		l.checkKeyPair(s.prefix, s.TLSCert, s.TLSKey)
		l.checkPlain(s)
		l.checkTimeouts(s)
	}
}

// checkJWT requires all that makes a token safe, and refuses settings that would seem to.
func (l *loader) checkJWT() {
	const issuer, audience, keys = prefix + "JWT_ISSUER", prefix + "JWT_AUDIENCE", prefix + "JWT_JWKS_URL"
	l.requireTogether(issuer, audience, keys)
	if l.isSet(issuer) || l.isSet(audience) || l.isSet(keys) {
		return
	}
	for _, name := range []string{prefix + "JWT_ALGORITHMS", prefix + "JWT_LEEWAY", prefix + "JWT_SCOPE_CLAIM", prefix + "CUSTOMERCARE_ORIGINATING_CLAIM"} {
		if l.isSet(name) && !l.found.anyFailed(name) {
			l.noEffect(name, issuer)
		}
	}
}

// checkStore requires the keys with Redis in every mode: with random keys, a restart would not find its records.
func (l *loader) checkStore(c *Config) {
	const url, memory, mode = recordsName, prefix + "MEMORY_STORE", prefix + "MODE"
	if l.isSet(url) {
		l.require(prefix+"NAME_KEY", "is required with "+url)
		l.require(prefix+"SECRET_KEYS", "is required with "+url)
		return
	}
	if c.Mode == "production" && c.MemoryStore != "accept" && !l.found.anyFailed(mode, memory) {
		l.require(url, "is required in production mode, unless "+memory+" is accept")
	}
	if c.RedisWaitReplicas > 0 {
		l.noEffect(prefix+"REDIS_WAIT_REPLICAS", url)
	}
}

// checkCache refuses the same Redis for cache and records: what the cache evicts could be a record, and its call would be sent again.
func (l *loader) checkCache(c *Config) {
	if shared, database := c.sharesRedis(); shared && database {
		l.found.add(l.variable(cacheName), "is the same database as "+recordsName+"; name another Redis: a cache may evict what it holds, and no idempotency record may be evicted")
	}
}

// require reports a setting without a text, and its valid values.
func (l *loader) require(name, reason string) {
	if !l.isSet(name) {
		l.found.add(name, reason+"; valid: "+l.setting(name).Valid)
	}
}

// noEffect reports a setting that needs another one.
func (l *loader) noEffect(name, without string) {
	l.found.add(l.variable(name), "has no effect without "+without+"; valid: leave it unset, or set "+without)
}

// requireTogether requires all of the settings or none.
func (l *loader) requireTogether(names ...string) {
	for _, present := range names {
		if !l.isSet(present) {
			continue
		}
		for _, name := range names {
			l.require(name, "is required with "+present)
		}
		return
	}
}

func (l *loader) checkMetrics(c *Config) {
	const metrics, listen, profiles = prefix + "METRICS_LISTEN", prefix + "LISTEN", prefix + "PPROF"
	if c.PPROF == "on" {
		l.require(metrics, "is required with "+profiles)
	}
	if c.MetricsListen == c.Listen && c.Listen != "" && !strings.HasSuffix(c.Listen, ":0") {
		l.found.add(metrics, "is the same address as "+listen+"; valid: another "+l.setting(metrics).Valid)
	}
}

// checkSandbox refuses the sandbox banner in production: its readers would not believe that their calls are real.
func (l *loader) checkSandbox(c *Config) {
	const sandbox, mode = prefix + "SANDBOX", prefix + "MODE"
	if c.Sandbox && c.Mode == "production" && !l.found.anyFailed(mode) {
		l.found.add(sandbox, "is refused in production mode; valid: false, or true with "+mode+" development")
	}
}

func (l *loader) checkKeyPair(above, cert string, key secret.Secret) {
	certName, keyName := above+"TLS_CERT", above+"TLS_KEY"
	l.requireTogether(certName, keyName)
	if cert != "" && key != "" && !keyMatches(cert, key) {
		l.found.add(l.variable(keyName), "does not belong to the first certificate in "+certName)
	}
}

// checkPlain refuses certificates for an endpoint without TLS, since they would protect nothing.
func (l *loader) checkPlain(s prefixed) {
	u, err := parseURL(s.URL, isHTTP)
	if err != nil || u.Scheme != "http" {
		return
	}
	for _, name := range []string{s.prefix + "TLS_CA", s.prefix + "TLS_CERT", s.prefix + "TLS_KEY"} {
		if l.isSet(name) && !l.found.anyFailed(name) {
			l.found.add(l.variable(name), "is set although "+s.prefix+"URL begins with http://; valid: an https URL, or leave it unset")
		}
	}
}

// checkWSHeaders refuses settings of a WS-Security header that is not sent, and WS-Addressing without the action that it must have.
func (l *loader) checkWSHeaders(s prefixed) {
	username, timestamp, action := s.prefix+"WSSE_USERNAME", s.prefix+"WSSE_TIMESTAMP", s.prefix+"SOAP_ACTION"
	token := l.isSet(username) || l.isSet(s.prefix+"WSSE_PASSWORD") // one without the other is a problem of its own
	if s.WSSEPasswordType == "digest" && !token {
		l.noEffect(s.prefix+"WSSE_PASSWORD_TYPE", username)
	}
	if s.WSSEMustUnderstand == "on" && !token && s.WSSETimestamp != "on" && !l.found.anyFailed(timestamp) {
		l.noEffect(s.prefix+"WSSE_MUST_UNDERSTAND", username+" or "+timestamp)
	}
	if _, configured := l.ranks[action]; configured && s.WSAddressing == "on" { // elsewhere each operation has its own
		l.require(action, "is required with "+s.prefix+"WS_ADDRESSING")
	}
}

// checkTimeouts refuses a call that could end before it is connected. A short timeout also shortens the default dial timeout, so that one
// setting is enough.
func (l *loader) checkTimeouts(s prefixed) {
	dial, timeout := s.prefix+"DIAL_TIMEOUT", s.prefix+"TIMEOUT"
	if l.found.anyFailed(dial, timeout) {
		return
	}
	if !l.isSet(dial) {
		s.DialTimeout = min(s.DialTimeout, s.Timeout/2)
	}
	if s.Timeout <= s.DialTimeout {
		l.found.add(timeout, "must be longer than "+dial+", which is "+s.DialTimeout.String())
	}
}

// LogsReplies reports whether copies of replies may be logged. In production they are about real people, and must be turned on.
func (c Config) LogsReplies() bool {
	return c.LogReplies == "masked" || c.LogReplies == "" && c.Mode != "production"
}

// Warnings lists allowed settings that are probably mistakes.
func (c Config) Warnings() (list []Problem) {
	if c.CustomerCare.URL != "" && c.CustomerCare.DirectToken == "" {
		list = append(list, Problem{prefix + "CUSTOMERCARE_DIRECT_TOKEN", "is not set although " + prefix + "CUSTOMERCARE_URL is: requests have no DirectUserNameToken, and the service may deny them all"})
	}
	if shared, database := c.sharesRedis(); shared && !database {
		list = append(list, Problem{cacheName, "is on the same server as " + recordsName + "; databases share memory and eviction, so a full cache makes the server refuse new idempotency records, or evict old ones"})
	}
	if c.Systems != "" && len(c.Imported) == 0 {
		list = append(list, Problem{systemsName, "names a directory without imported systems: no folder in it holds a system.yaml"})
	}
	systems := c.systems()
	if !slices.ContainsFunc(systems, func(s prefixed) bool { return s.URL != "" }) {
		names := make([]string, len(systems))
		for i, s := range systems {
			names[i] = s.prefix + "URL"
		}
		list = append(list, Problem{strings.Join(names, ", "), "no system is configured, so every operation answers 503 not-configured; set at least one of them"})
	}
	return list
}

// checkServe reports why the command serve must not start: an address other than loopback needs callers or, outside production mode,
// --insecure. The demo listens on loopback only.
func checkServe(c *Config, found *problems, insecure bool) {
	const (
		listen  = prefix + "LISTEN"
		mode    = prefix + "MODE"
		keys    = prefix + "API_KEYS"
		issuer  = prefix + "JWT_ISSUER"
		callers = keys + " or " + issuer
	)
	production, unlessInsecure := c.Mode == "production", ", or start with --insecure"
	if production {
		unlessInsecure = ""
	}
	switch {
	case isLoopback(c.Listen) || found.anyFailed(listen, mode):
	case insecure && production:
		found.add(listen, "is not a loopback address, and production mode refuses --insecure on it; start without it, with "+callers+" set")
	case !insecure && len(c.APIKeys) == 0 && c.JWTIssuer == "" && !found.anyFailed(keys, issuer):
		found.add(listen, "is not a loopback address, and no callers are configured; set "+callers+unlessInsecure)
	}
}
