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
)

const planted = "PLANTED-7f3a"

// holders are a secret alone and at every place where a Config can have one.
func holders() map[string]any {
	secret := config.Secret(planted)
	c := config.Config{
		RedisURL: secret, NameKey: secret, TLSKey: secret,
		SecretKeys: []config.SecretKey{{ID: "k1", Key: secret}},
		APIKeys:    []config.Secret{secret},
	}
	c.CustomerCare.DirectToken, c.CustomerCare.OriginatingToken = secret, secret
	for _, s := range []*config.System{&c.CustomerCare.System, &c.MDS.System, &c.Emersion.System} {
		s.TLSKey, s.BasicPassword, s.WSSEPassword = secret, secret, secret
	}
	return map[string]any{
		"secret": secret, "pointer": &secret, "slice": []config.Secret{secret}, "map": map[string]config.Secret{"k": secret}, "any": []any{secret},
		"Config": c, "pointer to Config": &c, "System": c.MDS.System, "Redis": config.Redis{Password: secret},
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
	if got := fmt.Sprintf("%s|%v|%#v|%x", config.Secret("a"), config.Secret(""), config.Secret("b"), config.Secret("c")); got != "***|***|***|***" {
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
		A config.Secret `xml:"a,attr"`
		B config.Secret
	}
	encoded, err := xml.Marshal(element{planted, planted})
	if err != nil {
		t.Fatal(err)
	}
	refuseSecret(t, string(encoded))
}

func TestSecretMethods(t *testing.T) {
	s := config.Secret(planted)
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
