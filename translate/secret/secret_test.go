package secret_test

import (
	"bytes"
	"encoding/json"
	stdxml "encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	jsonv2 "github.com/go-json-experiment/json"

	"soapbridge/translate/secret"
)

const planted = secret.Secret("planted\x01\"zq42")

// holder has a secret in every place that a request has one, and in some more.
type holder struct {
	Plain   secret.Secret
	Pointer *secret.Secret
	Slice   []secret.Secret
	Array   [1]secret.Secret
	Map     map[string]secret.Secret
	Any     any
	Inner   struct {
		Deep *struct{ Deeper secret.Secret }
	}
	Empty *secret.Secret
}

func newHolder() *holder {
	pin := planted
	h := &holder{
		Plain: pin, Pointer: &pin, Slice: []secret.Secret{pin}, Array: [1]secret.Secret{pin}, Map: map[string]secret.Secret{"k": pin},
		Any: pin,
	}
	h.Inner.Deep = &struct{ Deeper secret.Secret }{pin}
	return h
}

// leaks reports whether a text shows the secret in any of the forms that encoders make of it.
func leaks(text string) bool {
	text = strings.ToLower(text)
	for _, form := range []string{"planted", "zq42", fmt.Sprintf("%x", "planted"), fmt.Sprintf("% x", "planted"), "[112 108", "cgxhbnrlza"} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// checkMasked fails for a text that shows the secret, or nothing in its place.
func checkMasked(t *testing.T, how, text string) {
	t.Helper()
	if leaks(text) || !strings.Contains(text, "***") {
		t.Errorf("%s: %s", how, text)
	}
}

func TestSecretInFmt(t *testing.T) {
	pin := planted
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%c", "%U", "%o", "%b", "%e", "%10.3s", "%-20v"} {
		for name, value := range map[string]any{"value": pin, "pointer": &pin, "slice": []secret.Secret{pin}, "map": map[string]any{"a": []any{&pin}}} {
			checkMasked(t, verb+" of "+name, fmt.Sprintf(verb, value))
		}
		if text := fmt.Sprintf(verb, pin); text != "***" {
			t.Errorf("%s: %s", verb, text)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%20v"} {
		checkMasked(t, verb+" of struct", fmt.Sprintf(verb, *newHolder()))
		checkMasked(t, verb+" of pointer to struct", fmt.Sprintf(verb, newHolder()))
	}
	checkMasked(t, "Sprint", fmt.Sprint("a", pin, &pin, newHolder()))
	checkMasked(t, "Sprintln", fmt.Sprintln(pin))
	checkMasked(t, "Errorf", fmt.Errorf("pin %v", pin).Error())
	checkMasked(t, "String", pin.String())
	checkMasked(t, "GoString", pin.GoString())
	checkMasked(t, "Append", string(fmt.Append(nil, pin)))
	var none *secret.Secret
	if text := fmt.Sprint(none); text != "<nil>" {
		t.Errorf("no secret: %s", text)
	}
}

func TestSecretInEncoders(t *testing.T) {
	body, err := json.Marshal(newHolder())
	if err != nil {
		t.Fatal(err)
	}
	checkMasked(t, "encoding/json", string(body))
	if n := strings.Count(string(body), `"***"`); n != 7 {
		t.Errorf("%d of 7 secrets are there: %s", n, body)
	}
	body, err = jsonv2.Marshal(newHolder())
	if err != nil {
		t.Fatal(err)
	}
	checkMasked(t, "json/v2", string(body))
	for name, value := range map[string]any{"value": planted, "pointer": new(planted), "slice": []secret.Secret{planted}} {
		body, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		checkMasked(t, "encoding/json of a "+name, string(body))
	}
	type element struct {
		Element   secret.Secret
		Attribute secret.Secret `xml:"a,attr"`
		Data      secret.Secret `xml:",chardata"`
	}
	body, err = stdxml.Marshal(element{planted, planted, planted})
	if err != nil {
		t.Fatal(err)
	}
	checkMasked(t, "encoding/xml", string(body))
}

func TestSecretInLogs(t *testing.T) {
	var out bytes.Buffer
	for name, logger := range map[string]*slog.Logger{
		"slog JSON": slog.New(slog.NewJSONHandler(&out, nil)), "slog text": slog.New(slog.NewTextHandler(&out, nil)),
	} {
		for _, attr := range []any{planted, new(planted), newHolder(), *newHolder(), []secret.Secret{planted}, map[string]secret.Secret{"k": planted}} {
			out.Reset()
			logger.Info("call", "secret", attr, slog.Group("group", slog.Any("secret", attr)))
			logger.With("secret", attr).WithGroup("g").Error("call", slog.Any("again", attr))
			checkMasked(t, fmt.Sprintf("%s of %T", name, attr), out.String())
		}
	}
	out.Reset()
	log.New(&out, "", 0).Printf("%v %v", planted, newHolder())
	checkMasked(t, "log", out.String())
}

func TestSecretInTemplates(t *testing.T) {
	const text = `{{.Plain}} {{.Pointer}} {{.Slice}} {{.Map}} {{.Any}} {{.Inner.Deep.Deeper}} {{printf "%x %q" .Plain .Plain}} {{.}} {{print .Plain}} {{html .Plain}} {{js .Plain}} {{urlquery .Plain}}`
	var out strings.Builder
	if err := template.Must(template.New("").Parse(text)).Execute(&out, newHolder()); err != nil {
		t.Fatal(err)
	}
	checkMasked(t, "text/template", out.String())
	out.Reset()
	if err := htmltemplate.Must(htmltemplate.New("").Parse(`<a title="{{.Plain}}" href="/{{.Plain}}">{{.}}</a><script>x = {{.Plain}}</script>`)).Execute(&out, newHolder()); err != nil {
		t.Fatal(err)
	}
	checkMasked(t, "html/template", out.String())
}

// TestSecretIsAString lets rules and documents treat it as one, and the text itself be had on purpose only.
func TestSecretIsAString(t *testing.T) {
	if reflect.TypeFor[secret.Secret]().Kind() != reflect.String || string(planted) != "planted\x01\"zq42" || len(planted) != 13 {
		t.Error("a secret is not a string")
	}
}
