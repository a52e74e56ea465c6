package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"soapbridge/api/config"
)

func printed(t *testing.T, c config.Config) string {
	t.Helper()
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintDefaults(t *testing.T) {
	got := strings.Split(strings.TrimSuffix(printed(t, mustLoad(t, nil)), "\n"), "\n")
	var want []string
	for _, s := range config.Reference() {
		line := s.Name + "=" + s.Default
		if s.Default == "" {
			line += " # " + s.Absent
		}
		want = append(want, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPrintMasksSecrets(t *testing.T) {
	v := variables{
		"REDIS_URL": "rediss://user:" + planted + "@a,b", "NAME_KEY": key("n"), "SECRET_KEYS": "k1:" + key("s"), "API_KEYS": planted, "TLS_CERT": pairA.cert + pairB.cert, "TLS_KEY": pairA.key,
		"CUSTOMERCARE_DIRECT_TOKEN": planted, "CUSTOMERCARE_ORIGINATING_TOKEN": planted, "MDS_BASIC_USERNAME": "user", "MDS_BASIC_PASSWORD": planted,
		"EMERSION_WSSE_USERNAME": "user\u202e", "EMERSION_WSSE_PASSWORD": planted, "MDS_URL": "https://h/p?token=" + planted, "EMERSION_TLS_CA": pairB.cert,
		"CUSTOMERCARE_CODE_STATUS": "b=404,a=409", "CORS_ORIGINS": "https://a.b, https://c.d", "MAX_BODY": "1000", "MAX_REPLY": "2MiB", "IDEMPOTENCY_RETENTION": "90m",
		"DRAIN_TIMEOUT": "0s", "REDIS_WAIT_REPLICAS": "2", "MDS_HTTP_PROXY": "http://us%40er:" + planted + "@proxy", "EMERSION_HTTP_PROXY": "http://proxy:3128",
	}
	got := printed(t, mustLoad(t, v))
	for _, secret := range []string{planted, key("n"), key("s"), strings.Repeat("n", 32), strings.Repeat("s", 32), strings.Split(pairA.key, "\n")[1], "BEGIN"} {
		if strings.Contains(got, secret) {
			t.Errorf("shows %q:\n%s", secret, got)
		}
	}
	want := []string{
		"REDIS_URL=rediss://user:***@a:6379,b:6379/0", "REDIS_WAIT_REPLICAS=2", "NAME_KEY=***", "SECRET_KEYS=***", "API_KEYS=***",
		"TLS_CERT=CN=a.example.com, valid until 2036-01-01T00:00:00Z, and 1 more", "TLS_KEY=***", "CUSTOMERCARE_DIRECT_TOKEN=***", "CUSTOMERCARE_ORIGINATING_TOKEN=***",
		"MDS_BASIC_USERNAME=user", "MDS_BASIC_PASSWORD=***", `EMERSION_WSSE_USERNAME="user\u202e"`, "EMERSION_WSSE_PASSWORD=***", "MDS_URL=https://h/p?***",
		"EMERSION_TLS_CA=CN=b.example.com, valid until 2036-01-01T00:00:00Z", "CUSTOMERCARE_CODE_STATUS=a=409,b=404", "CORS_ORIGINS=https://a.b,https://c.d",
		"MAX_BODY=1000", "MAX_REPLY=2MiB", "IDEMPOTENCY_RETENTION=1h30m", "DRAIN_TIMEOUT=0s", "MDS_HTTP_PROXY=http://us%40er:***@proxy:80", "EMERSION_HTTP_PROXY=http://proxy:3128",
		"CUSTOMERCARE_HTTP_PROXY= # none: HTTP_PROXY and its like without the prefix are ignored", "MDS_WSSE_PASSWORD= # no WS-Security header",
	}
	for _, line := range want {
		if !strings.Contains("\n"+got, "\nSOAPBRIDGE_"+line+"\n") {
			t.Errorf("has no line %s:\n%s", line, got)
		}
	}
}

func TestPrintOfAConfigMadeByHand(t *testing.T) {
	c := config.Config{RedisURL: planted, TLSCert: planted}
	c.MDS.HTTPProxy = "http://user:" + planted + "@"
	got := printed(t, c)
	if strings.Contains(got, planted) || !strings.Contains(got, "SOAPBRIDGE_MDS_HTTP_PROXY=***\n") || !strings.Contains(got, "SOAPBRIDGE_REDIS_URL=***\n") || !strings.Contains(got, "SOAPBRIDGE_TLS_CERT=***\n") {
		t.Errorf("got:\n%s", got)
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPrintReportsAFailedWrite(t *testing.T) {
	if err := mustLoad(t, nil).Print(full{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
