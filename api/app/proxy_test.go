package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestCheckAsksTheProxyOfEachSystem: every system has a proxy of its own, with its credentials.
func TestCheckAsksTheProxyOfEachSystem(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
		mu.Lock()
		asked = append(asked, strings.Join([]string{r.Method, r.Host, user, password}, " "))
		mu.Unlock()
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	var environ, want []string
	for _, name := range []string{"CUSTOMERCARE", "MDS", "EMERSION"} {
		environ = append(environ,
			"SOAPBRIDGE_"+name+"_URL=https://"+name+".invalid/service",
			"SOAPBRIDGE_"+name+"_HTTP_PROXY="+strings.Replace(proxy.URL, "//", "//"+name+":PLANTED@", 1))
		want = append(want, "CONNECT "+name+".invalid:443 "+name+" PLANTED")
	}
	out := new(strings.Builder)
	if err := (configCheck{}).Run(t.Context(), &Process{Environ: environ, Out: out, Err: io.Discard}); err == nil {
		t.Error("the check reports no failure")
	}
	if !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked %q, want %q", asked, want)
	}
	if text := out.String(); strings.Count(text, " proxy 407 Proxy Authentication Required\n") != 3 || strings.Contains(text, "PLANTED") {
		t.Errorf("prints:\n%s", text)
	}
}
