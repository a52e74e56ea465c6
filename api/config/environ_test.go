package config_test

import (
	"slices"
	"strings"
	"testing"

	"soapbridge/api/config"
)

func TestInjectedNamesAreIgnored(t *testing.T) {
	environ := []string{
		"SOAPBRIDGE_PORT=tcp://10.0.0.1:8080", "SOAPBRIDGE_SERVICE_HOST=10.0.0.1", "SOAPBRIDGE_SERVICE_PORT=8080", "SOAPBRIDGE_SERVICE_PORT_HTTP=8080",
		"SOAPBRIDGE_SERVICE_PORT_HTTP_METRICS=9090", "SOAPBRIDGE_PORT_8080_TCP=tcp://10.0.0.1:8080", "SOAPBRIDGE_PORT_8080_TCP_ADDR=10.0.0.1",
		"SOAPBRIDGE_PORT_8080_TCP_PORT=8080", "SOAPBRIDGE_PORT_8080_TCP_PROTO=tcp", "SOAPBRIDGE_PORT_53_UDP=udp://10.0.0.1:53", "SOAPBRIDGE_PORT_53_UDP_ADDR=10.0.0.1",
		"SOAPBRIDGE_PORT_9_SCTP_PROTO=sctp", "SOAPBRIDGE_REDIS_SERVICE_HOST=10.0.0.2", "SOAPBRIDGE_REDIS_SERVICE_PORT=6379", "SOAPBRIDGE_REDIS_PORT=tcp://10.0.0.2:6379",
		"SOAPBRIDGE_REDIS_PORT_6379_TCP_ADDR=10.0.0.2", "SOAPBRIDGE_MDS_SANDBOX_PORT=udp://10.0.0.3:1", "SOAPBRIDGE_API_V2_PORT_80_TCP=tcp://10.0.0.4:80",
		"SOAPBRIDGE_REDIS_NAME=/web/soapbridge_redis", "SOAPBRIDGE_REDIS_ENV_VERSION=8", "OTHER_SOAPBRIDGE_X=1", "SOAPBRIDGE=1", "SOAPBRIDGES_X=1",
	}
	if _, err := config.Load(environ, noFiles); err != nil {
		t.Error(err)
	}
}

func TestUnknownNames(t *testing.T) {
	tests := []struct{ name, value, suggestion string }{
		{"SOAPBRIDGE_LISTN", "1", "SOAPBRIDGE_LISTEN"},
		{"SOAPBRIDGE_LITSEN", "1", "SOAPBRIDGE_LISTEN"},
		{"SOAPBRIDGE_LOGLEVEL", "1", "SOAPBRIDGE_LOG_LEVEL"},
		{"SOAPBRIDGE_EMERSION_IDENTIFIER_CHEK", "1", "SOAPBRIDGE_EMERSION_IDENTIFIER_CHECK"},
		{"SOAPBRIDGE_CUSTOMER_CARE_URL", "1", "SOAPBRIDGE_CUSTOMERCARE_URL"},
		{"SOAPBRIDGE_NAME_KEY_FIEL", "1", "SOAPBRIDGE_NAME_KEY_FILE"},
		{"SOAPBRIDGE_API_KEY_FILE", "1", "SOAPBRIDGE_API_KEYS_FILE"},
		{"SOAPBRIDGE_CORS_ORIGIN", "1", "SOAPBRIDGE_CORS_ORIGINS"},
		{"soapbridge_listen", "1", "SOAPBRIDGE_LISTEN"},
		{"Soapbridge_Mode", "production", "SOAPBRIDGE_MODE"},
		{"SOAPBRIDGE_PORT", "8080", "SOAPBRIDGE_LISTEN"},
		{"SOAPBRIDGE_PORT", "", "SOAPBRIDGE_LISTEN"},
		{"SOAPBRIDGE_ENVIRONMENT", "production", "SOAPBRIDGE_MODE"},
		{"SOAPBRIDGE_REDIS", "redis://h", "SOAPBRIDGE_REDIS_URL"},
		{"SOAPBRIDGE_REDIS_PORT", "6379", "SOAPBRIDGE_REDIS_URL"},
		{"SOAPBRIDGE_REDIS_NAME", "cache", ""},
		{"SOAPBRIDGE_REDIS_ENV_VERSION", "8", ""},
		{"SOAPBRIDGE_CUSTOMERCARE_SOAP_ACTION", "x", ""},
		{"SOAPBRIDGE_COMPLETELY_DIFFERENT", "x", ""},
		{"SOAPBRIDGE_", "x", ""},
		{"SOAPBRIDGE_FILE", "x", ""},
		{"SOAPBRIDGE_" + strings.Repeat("LISTEN", 1000), "x", ""},
	}
	for _, test := range tests {
		t.Run(test.name[:min(len(test.name), 50)]+"="+test.value, func(t *testing.T) {
			want := test.name + ": is not a setting"
			if test.suggestion != "" {
				want += "; did you mean " + test.suggestion + "?"
			}
			_, err := config.Load([]string{test.name + "=" + test.value}, noFiles)
			wantLines(t, err, want)
		})
	}
}

func TestUnknownNameStaysOnOneLine(t *testing.T) {
	_, err := config.Load([]string{"SOAPBRIDGE_A\nB=1"}, noFiles)
	wantLines(t, err, `"SOAPBRIDGE_A\nB": is not a setting`)
}

// A name that lacks a letter must lead back to the real one.
func TestEveryNameIsSuggested(t *testing.T) {
	for _, s := range config.Reference() {
		typo := s.Name[:len(s.Name)-2] + s.Name[len(s.Name)-1:]
		_, err := config.Load([]string{typo + "=1"}, noFiles)
		wantLines(t, err, typo+": is not a setting; did you mean "+s.Name+"?")
	}
}

func TestGiven(t *testing.T) {
	got := config.Given([]string{
		"SOAPBRIDGE_MODE=production", "SOAPBRIDGE_LISTEN_FILE=/f", "SOAPBRIDGE_NONSENSE=1", "soapbridge_x=1", "SOAPBRIDGE_MDS_URL=", "HOME=/",
		"SOAPBRIDGE_SERVICE_HOST=10.0.0.1", "SOAPBRIDGE_PORT=tcp://10.0.0.1:8080",
	})
	if want := []string{"SOAPBRIDGE_LISTEN_FILE", "SOAPBRIDGE_MODE", "SOAPBRIDGE_NONSENSE", "soapbridge_x"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
