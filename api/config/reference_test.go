package config_test

import (
	"slices"
	"strings"
	"testing"

	"soapbridge/api/config"
)

// documented are the settled names; scripts rely on them.
func documented() []string {
	names := strings.Fields(`LISTEN METRICS_LISTEN PPROF TRACES TRACES_RATIO SERVER_TIMING MODE LOG_LEVEL LOG_FORMAT LOG_REPLIES REDIS_URL REDIS_WAIT_REPLICAS CACHE_REDIS_URL IDEMPOTENCY IDEMPOTENCY_RETENTION NAME_KEY RATE_LIMIT PIN_RATE_LIMIT MEMORY_STORE
		MAX_BODY MAX_REPLY DRAIN_TIMEOUT SECRET_KEYS API_KEYS JWT_ISSUER JWT_AUDIENCE JWT_JWKS_URL JWT_ALGORITHMS JWT_LEEWAY JWT_SCOPE_CLAIM HOSTS CORS_ORIGINS TRUSTED_PROXIES TLS_CERT TLS_KEY SANDBOX
		CUSTOMERCARE_DIRECT_TOKEN CUSTOMERCARE_ORIGINATING_TOKEN CUSTOMERCARE_ORIGINATING_CLAIM CUSTOMERCARE_USER_ID CUSTOMERCARE_SUCCESS_CODES
		CUSTOMERCARE_CODE_STATUS EMERSION_NAMESPACE MDS_SOAP_ACTION EMERSION_SOAP_ACTION EMERSION_IDENTIFIER_CHECK SYSTEMS`)
	for _, system := range []string{"CUSTOMERCARE", "MDS", "EMERSION"} {
		for name := range strings.FieldsSeq(`URL SOAP_VERSION DIAL_TIMEOUT TIMEOUT MAX_IN_FLIGHT QUEUE QUEUE_TIMEOUT KEEP_ALIVE HTTP_PROXY TLS_CA TLS_CERT TLS_KEY
			BASIC_USERNAME BASIC_PASSWORD WSSE_USERNAME WSSE_PASSWORD WSSE_PASSWORD_TYPE WSSE_TIMESTAMP WSSE_MUST_UNDERSTAND WS_ADDRESSING`) {
			names = append(names, system+"_"+name)
		}
	}
	return names
}

func TestReferenceHasTheSettledNames(t *testing.T) {
	var got []string
	for _, s := range config.Reference() {
		name, found := strings.CutPrefix(s.Name, "SOAPBRIDGE_")
		if !found {
			t.Errorf("%s has no prefix", s.Name)
		}
		got = append(got, name)
	}
	want := documented()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestReferenceIsComplete(t *testing.T) {
	for _, s := range append(config.Reference(), config.ReferenceImported()...) {
		switch {
		case s.Meaning == "" || s.Valid == "":
			t.Errorf("%s has no meaning or no valid values: %+v", s.Name, s)
		case (s.Default == "") == (s.Absent == ""):
			t.Errorf("%s needs either a default or a remark on having none: %+v", s.Name, s)
		case strings.ContainsAny(s.Meaning+s.Valid+s.Absent, "\n|"):
			t.Errorf("%s does not fit into a table cell: %+v", s.Name, s)
		case strings.HasSuffix(s.Name, "_FILE"):
			t.Errorf("%s would be mistaken for a file", s.Name)
		}
	}
}

func TestReferenceMarksSecrets(t *testing.T) {
	secret := []string{"REDIS_URL", "CACHE_REDIS_URL", "SYSTEM_<NAME>_HEADERS", "NAME_KEY", "SECRET_KEYS", "API_KEYS", "TLS_KEY", "CUSTOMERCARE_DIRECT_TOKEN", "CUSTOMERCARE_ORIGINATING_TOKEN"}
	for _, system := range []string{"CUSTOMERCARE_", "MDS_", "EMERSION_"} {
		secret = append(secret, system+"HTTP_PROXY", system+"TLS_KEY", system+"BASIC_PASSWORD", system+"WSSE_PASSWORD")
	}
	for _, s := range append(config.Reference(), config.ReferenceImported()...) {
		if want := slices.Contains(secret, strings.TrimPrefix(s.Name, "SOAPBRIDGE_")); s.Secret != want {
			t.Errorf("%s: secret is %t, want %t", s.Name, s.Secret, want)
		}
	}
}

func TestReferenceIsACopy(t *testing.T) {
	config.Reference()[0].Name = "changed"
	if config.Reference()[0].Name == "changed" {
		t.Error("a caller can change the reference")
	}
}
