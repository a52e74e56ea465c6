package edge

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/openapi"
	"soapbridge/translate/soap"
)

// having is a reply to AddNote with more elements.
func having(elements string) soap.Reply {
	return envelope(`<AddNoteResponse xmlns="urn:test"><ID xmlns="">42</ID>` + elements + `</AddNoteResponse>`)
}

// hear makes a call that is answered with a reply.
func (e *edge) hear(reply *soap.Reply, with soap.Reply, key int) {
	*reply = with
	e.call(note(func(r *http.Request) { r.Header.Set(keyHeader, fmt.Sprintf("key-%020d", key)) }))
}

// newDrift is an API with metrics and tools, whose vendor sends what reply points to.
func newDrift(t *testing.T) (e *edge, reply *soap.Reply) {
	t.Helper()
	reply = new(soap.Reply)
	upstream := upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { return *reply, nil })
	return newEdge(t, upstream, withTools(noteBody), func(c *Config) { c.Metrics = NewMetrics() }), reply
}

func (e *edge) cataloguePage() string {
	r := httptest.NewRequest(http.MethodGet, openapi.CataloguePath, nil)
	r.Header.Set("Accept", "text/html")
	return e.call(r).Body.String()
}

// warned counts the log lines about a path.
func (e *edge) warned(t *testing.T, path string) (n int) {
	t.Helper()
	for _, line := range e.lines(t) {
		if line["path"] == path && line["operation"] == "AddNote" && line["level"] == "WARN" {
			n++
		}
	}
	return n
}

func unknownElements(e *edge, path string) string {
	return metric(e, `soapbridge_unknown_elements_total{operation="AddNote",path="`+path+`"}`)
}

// TestUnknownElements are counted each time, logged once an hour, and shown with the day.
func TestUnknownElements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path, title = "AddNoteResponse/New", "Seen in replies and not known"
		e, reply := newDrift(t)
		e.hear(reply, success(), 0)
		e.call(pasted("?operation=AddNote", having("<New/>"))) // says nothing about the vendor
		if page := e.cataloguePage(); strings.Contains(page, title) || strings.Contains(e.log.String(), path) {
			t.Errorf("something is said of nothing: %s", e.log)
		}
		for i, step := range []struct {
			wait  time.Duration
			lines int
		}{{0, 1}, {59 * time.Minute, 1}, {time.Minute, 2}, {24 * time.Hour, 3}} {
			time.Sleep(step.wait)
			e.hear(reply, having("<New>text</New><New/>"), 1+i)
			if n := e.warned(t, path); n != step.lines {
				t.Errorf("step %d: %d lines, want %d", i, n, step.lines)
			}
			want, page := title+"</h3>", strings.ReplaceAll(e.cataloguePage(), "<wbr>", "")
			if day := "<code>" + path + "</code>, last seen on " + time.Now().UTC().Format(time.DateOnly); !strings.Contains(page, want) || !strings.Contains(page, day) {
				t.Errorf("step %d: the page lacks %s or %s", i, want, day)
			}
		}
		if got := unknownElements(e, path); got != "8" {
			t.Errorf("%s are counted", got)
		}
	})
}

// TestHostileElementNames are bounded in number, and hold no secret of the request.
func TestHostileElementNames(t *testing.T) {
	e, reply := newDrift(t)
	e.hear(reply, having("<"+plantedSecret+"/><x."+plantedSecret+"/>"), 0)
	for i := range 110 {
		e.hear(reply, having(fmt.Sprintf("<N%d/>", i)), 1+i)
	}
	page := e.cataloguePage()
	if n := strings.Count(page, "last seen on"); n != mostUnknown || strings.Contains(page+e.log.String(), plantedSecret) {
		t.Errorf("%d paths are shown, or the secret is", n)
	}
	if got := unknownElements(e, soap.OtherPaths); got != "13" { // the first two, and those beyond 99 paths
		t.Errorf("%s others are counted", got)
	}
}
