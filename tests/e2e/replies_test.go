package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// TestRepliesInTheLog finds the cause of a failed call at level info, and a copy of the reply at level debug: in development, and in production
// where the setting asks for it. Every proxy of these tests fails when a planted secret is in its log; these replies hold one.
func TestRepliesInTheLog(t *testing.T) {
	t.Parallel()
	asHTML := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	spelt := asHTML(secretDirect) + " " + url.QueryEscape(secretDirect) + " " + base64.StdEncoding.EncodeToString([]byte("user:"+secretDirect))
	text := asHTML("Broken ---> token " + spelt + " by jdbc:oracle:thin:cmp/Tiger99@db01")
	scripted.play(t, "chatty", fault(http.StatusInternalServerError, "Server.userException", text, ""))
	production := map[string]string{"MODE": "production", "MEMORY_STORE": "accept"}
	for name, c := range map[string]struct {
		settings map[string]string
		copied   bool
	}{
		"development":                   {map[string]string{"LOG_LEVEL": "debug"}, true},
		"development, info":             {nil, false},
		"development, off":              {map[string]string{"LOG_LEVEL": "debug", "LOG_REPLIES": "off"}, false},
		"production":                    {with(production, map[string]string{"LOG_LEVEL": "debug"}), false},
		"production, where it is asked": {with(production, map[string]string{"LOG_LEVEL": "debug", "LOG_REPLIES": "masked"}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := proxy(t, with(toVendor(scripted.address(t)), credentials(), c.settings))
			a := send(t, p.URL, ask(operation(t, "UpdateCustomerPIN"), newReference(), "raw:chatty#"+strconv.FormatInt(references.Add(1), 10)))
			if a.status != http.StatusBadGateway || !strings.Contains(a.body, `"Broken"`) {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			id := a.header.Get("X-Request-Id")
			const want = "fault Server.userException: Broken ---> token *** *** *** by jdbc:oracle:thin:cmp/***@db01; HTTP 500, text/xml"
			if cause, _ := p.logLine(t, id)["cause"].(string); !strings.HasPrefix(cause, want) {
				t.Errorf("the cause is %q", cause)
			}
			p.Stop() // by then everything is logged
			var copied string
			for line := range strings.Lines(p.Stderr.String()) {
				var attributes map[string]any
				if json.Unmarshal([]byte(line), &attributes) == nil && attributes["request_id"] == id && attributes["msg"] == "reply" {
					copied, _ = attributes["reply"].(string)
				}
			}
			if c.copied != strings.Contains(copied, `<faultstring xmlns="">Broken ---> token *** *** *** by jdbc:oracle:thin:cmp/***@db01</faultstring>`) {
				t.Errorf("the copy is %q", copied)
			}
		})
	}
}
