package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProfilesAreServedOnlyWhereConfigured asks for them with and without the setting: they show how the program works inside.
func TestProfilesAreServedOnlyWhereConfigured(t *testing.T) {
	for profiles, want := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/allocs", "/debug/pprof/symbol"} {
			w := httptest.NewRecorder()
			NewMetrics().Handler(profiles).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want {
				t.Errorf("%s, profiles %v: status %d", path, profiles, w.Code)
			}
		}
	}
}

// metric returns the value of a metric, as it is served.
func metric(e *edge, name string) string {
	w := httptest.NewRecorder()
	e.config.Metrics.Handler(false).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, value, _ := strings.Cut(w.Body.String(), "\n"+name+" ")
	value, _, _ = strings.Cut(value, "\n")
	return value
}
