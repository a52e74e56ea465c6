package config_test

import (
	"testing"

	"soapbridge/api/config"
)

func TestProxy(t *testing.T) {
	for url, test := range map[string]struct {
		want  config.Proxy
		shown string
	}{
		"http://h":               {config.Proxy{Address: "h:80"}, "http://h:80"},
		"http://10.0.0.1:3128":   {config.Proxy{Address: "10.0.0.1:3128"}, "http://10.0.0.1:3128"},
		"http://[::1]":           {config.Proxy{Address: "[::1]:80"}, "http://[::1]:80"},
		"http://u:p@h":           {config.Proxy{Address: "h:80", Username: "u", Password: "p"}, "http://u:***@h:80"},
		"http://%C3%BC:p:q@h:1":  {config.Proxy{Address: "h:1", Username: "ü", Password: "p:q"}, "http://%C3%BC:***@h:1"},
		"http://u:%40%2F%23@r@h": {config.Proxy{Address: "h:80", Username: "u", Password: "@/#@r"}, "http://u:***@h:80"},
	} {
		c := mustLoad(t, variables{"MDS_HTTP_PROXY": url})
		if got := c.MDS.Proxy(); got != test.want || got.Redacted() != test.shown {
			t.Errorf("%s: got %#v, shown as %s", url, got, got.Redacted())
		}
		if got := c.Emersion.Proxy(); got != (config.Proxy{}) {
			t.Errorf("%s: another system has %#v", url, got)
		}
	}
}

func TestProxyRefused(t *testing.T) {
	const (
		scheme  = "does not begin with http://"
		more    = "has a path, a query or a fragment; write / ? # as %2F %3F %23 in a password"
		address = "has no valid host[:port]; reserved characters in a password are written percent-encoded"
		half    = "has only one of user and password"
		control = "has a control character in its user or password"
	)
	for url, want := range map[string]string{
		"proxy:3128":         scheme,
		"https://h":          scheme,
		"socks5://h":         scheme,
		"HTTP://h":           scheme,
		"http://h/":          more,
		"http://h/path":      more,
		"http://h?a=b":       more,
		"http://h#a":         more,
		"http://u:p/w@h":     more,
		"http://":            address,
		"http://:3128":       address,
		"http://u:p@":        address,
		"http://h:0":         address,
		"http://h:":          address,
		"http://h:65536":     address,
		"http://::1":         address,
		"http://h,i":         address,
		"http://u@h":         half,
		"http://u:@h":        half,
		"http://:p@h":        half,
		"http://u%3Av:p@h":   "has a colon in its user",
		"http://u%0Av:p@h":   control,
		"http://u:p%7Fw@h":   control,
		"http://u:p%C2%85@h": control,
		"http://u:p%zz@h":    "has a % that encodes nothing; write it as %25 in a password",
	} {
		_, err := config.Load(variables{"MDS_HTTP_PROXY": url}.environ(), noFiles)
		wantLines(t, err, "SOAPBRIDGE_MDS_HTTP_PROXY: "+want+"; valid: http://[user:password@]host[:port], with port 80 unless it is given")
	}
	_, err := config.Load(variables{"MDS_HTTP_PROXY": "http://u:p\nw@h"}.environ(), noFiles)
	wantLines(t, err, "SOAPBRIDGE_MDS_HTTP_PROXY: has a line break or another character that is not allowed in it")
}
