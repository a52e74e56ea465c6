package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"soapbridge/api/config"
	"soapbridge/translate/secret"
)

const planted = "PLANTED-7f3a"

// holders are a secret alone and at every place where a Config can have one.
func holders() map[string]any {
	hidden := secret.Secret(planted)
	c := config.Config{
		RedisURL: hidden, CacheRedisURL: hidden, NameKey: hidden, TLSKey: hidden,
		SecretKeys: []config.SecretKey{{ID: "k1", Key: hidden}},
		APIKeys:    []secret.Secret{hidden},
		Imported:   []config.ImportedSystem{{Headers: hidden}},
	}
	c.CustomerCare.DirectToken, c.CustomerCare.OriginatingToken = hidden, hidden
	for _, s := range []*config.System{&c.CustomerCare.System, &c.MDS.System, &c.Emersion.System} {
		s.HTTPProxy, s.TLSKey, s.BasicPassword, s.WSSEPassword = hidden, hidden, hidden, hidden
	}
	return map[string]any{
		"secret": hidden, "pointer": &hidden, "slice": []secret.Secret{hidden}, "map": map[string]secret.Secret{"k": hidden}, "any": []any{hidden},
		"Config": c, "pointer to Config": &c, "System": c.MDS.System, "Redis": config.Redis{Password: hidden}, "Proxy": config.Proxy{Password: hidden},
	}
}

func TestSecretIsNeverFormatted(t *testing.T) {
	for name, holder := range holders() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%U", "%c", "%10s", "%.3s", "%-20q", "%z"} {
			t.Run(name+" "+verb, func(t *testing.T) { refuseSecret(t, fmt.Sprintf(verb, holder)) })
		}
		t.Run(name+" Sprint", func(t *testing.T) {
			refuseSecret(t, fmt.Sprint(holder), fmt.Sprintln("x", holder), fmt.Errorf("x: %v", holder).Error())
		})
	}
	if got := fmt.Sprintf("%s|%v|%#v|%x", secret.Secret("a"), secret.Secret(""), secret.Secret("b"), secret.Secret("c")); got != "***|***|***|***" {
		t.Errorf("got %q", got)
	}
}

func TestSecretIsNeverEncoded(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			encoded, err := json.Marshal(holder)
			if err != nil {
				t.Fatal(err)
			}
			refuseSecret(t, string(encoded))
			var logs bytes.Buffer
			for _, h := range []slog.Handler{slog.NewJSONHandler(&logs, nil), slog.NewTextHandler(&logs, nil)} {
				slog.New(h).Info("x", "value", holder, slog.Group("g", "inner", holder))
			}
			refuseSecret(t, logs.String())
			var page strings.Builder
			if err := template.Must(template.New("").Parse("{{.}}")).Execute(&page, holder); err != nil {
				t.Fatal(err)
			}
			refuseSecret(t, page.String())
		})
	}
}

func TestSecretInXML(t *testing.T) {
	type element struct {
		A secret.Secret `xml:"a,attr"`
		B secret.Secret
	}
	encoded, err := xml.Marshal(element{planted, planted})
	if err != nil {
		t.Fatal(err)
	}
	refuseSecret(t, string(encoded))
}

func TestSecretMethods(t *testing.T) {
	s := secret.Secret(planted)
	refuseSecret(t, s.String(), s.GoString(), s.LogValue().String())
	if string(s) != planted {
		t.Error("a conversion must return the value")
	}
}

// refuseSecret also wants the mask, so that a text without any secret in it cannot pass.
func refuseSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%X", planted), fmt.Sprintf("% x", planted), "80 76 65"} {
			if strings.Contains(text, form) {
				t.Errorf("shows the secret: %s", text)
			}
		}
		if !strings.Contains(text, "***") && !strings.Contains(text, "0x") {
			t.Errorf("has no mask: %s", text)
		}
	}
}
