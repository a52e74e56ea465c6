package edge

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/cache"
	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/translate"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

type findRequest struct {
	Text  string   `json:"text" soap:"Text" validate:"required,notblank,max=20"`
	Count *int32   `json:"count" soap:"Count"`
	Tags  []string `json:"tags" soap:"Tag"`
}

// reads are AddNote, which makes FindNotes stale, and three reads: FindNotes by GET, SearchNotes by POST, with a secret, and ListKinds, which all
// callers share and nothing makes stale.
func reads(t *testing.T) []translate.Operation {
	t.Helper()
	find, err := shape.From[findRequest]("")
	if err != nil {
		t.Fatal(err)
	}
	var list []translate.Operation
	for _, change := range []func(*translate.Definition){
		func(d *translate.Definition) { d.Invalidates = []string{"FindNotes"} },
		func(d *translate.Definition) {
			d.Name, d.Method, d.Path, d.Request, d.Cache = "FindNotes", translate.GET, "/v1/test/notes/{text}", find, time.Minute
		},
		func(d *translate.Definition) {
			d.Name, d.Path, d.Cache = "SearchNotes", "/v1/test/notes/search", time.Minute
		},
		func(d *translate.Definition) {
			d.Name, d.Method, d.Path, d.Request, d.Cache, d.Shared = "ListKinds", translate.GET, "/v1/test/kinds", find, time.Minute, true
		},
	} {
		d := noteDefinition(t)
		if change(&d); d.Name != "AddNote" {
			d.ReadOnly, d.Status = true, http.StatusOK
			d.Binding.Request, d.Binding.Reply = soap.Within("urn:test", d.Name), []xml.Name{{Space: "urn:test", Local: d.Name + "Response"}}
		}
		op, err := translate.Define(d)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, op)
	}
	return list
}

// vendor answers every call with the number of the call, and counts.
type vendor struct {
	calls atomic.Int64
	send  func(ctx context.Context, number int64) error // may be nil
	more  string                                        // elements behind the number
}

func (v *vendor) upstream() upstreamFunc {
	return func(ctx context.Context, m soap.Message) (soap.Reply, error) {
		n := v.calls.Add(1)
		if v.send != nil {
			if err := v.send(ctx, n); err != nil {
				return soap.Reply{}, err
			}
		}
		_, name, _ := strings.Cut(string(m.Envelope), "Body><")
		name, _, _ = strings.Cut(name, " ")
		return envelope(fmt.Sprintf(`<%sResponse xmlns="urn:test"><ID xmlns="">%d</ID>%s</%[1]sResponse>`, name, n, v.more)), nil
	}
}

// newReads is an API with reads and a cache in memory.
func newReads(t *testing.T, v *vendor, change ...func(*Config)) *edge {
	t.Helper()
	return newEdge(t, v.upstream(), append([]func(*Config){func(c *Config) {
		c.Systems[0].Operations = reads(t)
		c.Cache, c.Metrics = cache.NewMemory(c.Vault, c.Log), NewMetrics()
	}}, change...)...)
}

// get asks; each header is "Name: value".
func (e *edge) get(target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return e.call(r)
}

const findHello = "/v1/test/notes/hello"

// mustBe checks the number of the vendor's call in an answer, of any where it is empty, and its Cache-Status.
func mustBe(t *testing.T, what string, w *httptest.ResponseRecorder, number, status string) {
	t.Helper()
	right := number == "" || strings.Contains(w.Body.String(), `"id":"`+number+`"`)
	if w.Code != http.StatusOK || !right || w.Header().Get("Cache-Status") != status {
		t.Errorf("%s: status %d, Cache-Status %q: %s", what, w.Code, w.Header().Get("Cache-Status"), w.Body)
	}
}

func TestReadsAreCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newReads(t, &vendor{})
		const stored = "soapbridge; fwd=uri-miss; stored; ttl=60"
		first := e.get(findHello + "?tags=a&tags=b&count=7")
		mustBe(t, "the first", first, "1", stored)
		time.Sleep(20*time.Second + time.Millisecond)
		second := e.get(findHello + "?count=7&tags=a&tags=b")
		mustBe(t, "the second", second, "1", "soapbridge; hit; ttl=39")
		if second.Body.String() != first.Body.String() || second.Header().Get("Age") != "20" || second.Header().Get("Operation-Id") != "" {
			t.Errorf("the second: %v %s", second.Header(), second.Body)
		}
		if id := first.Header().Get("Operation-Id"); id == "" || !strings.Contains(second.Body.String(), id) || e.lastLine(t)["cache"] != "hit" {
			t.Errorf("the first has the id %q; the line of the second is %v", id, e.lastLine(t))
		}
		mustBe(t, "another order of an array", e.get(findHello+"?count=7&tags=b&tags=a"), "2", stored)
		mustBe(t, "no-cache", e.get(findHello+"?count=7&tags=a&tags=b", "Cache-Control: max-age=3, No-Cache"), "3", "soapbridge; fwd=request; stored; ttl=60")
		time.Sleep(59 * time.Second)
		mustBe(t, "what no-cache has stored", e.get(findHello+"?count=7&tags=a&tags=b"), "3", "soapbridge; hit; ttl=1")
		time.Sleep(time.Second)
		mustBe(t, "after its time", e.get(findHello+"?count=7&tags=a&tags=b"), "4", stored)
		for result, want := range map[string]string{"hit": "2", "miss": "3", "refresh": "1", "bypass": "0"} {
			if got := metric(e, `soapbridge_cache_total{operation="FindNotes",result="`+result+`"}`); got != want {
				t.Errorf("%s is counted %s times, want %s", result, got, want)
			}
		}
	})
}

func TestConditionalReads(t *testing.T) {
	e := newReads(t, &vendor{})
	first := e.get(findHello)
	tag := first.Header().Get("ETag")
	for condition, want := range map[string]int{
		tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200, strings.Trim(tag, `"`): 200,
	} {
		w := e.get(findHello, "If-None-Match: "+condition)
		if w.Code != want || w.Header().Get("ETag") != tag || (w.Body.Len() == 0) != (want == 304) || want == 304 && w.Header().Get("Content-Type") != "" {
			t.Errorf("%s: status %d, %v", condition, w.Code, w.Header())
		}
	}
	kinds := e.get("/v1/test/kinds?text=a")
	for what, got := range map[string][2]string{
		"a read that a write makes stale": {first.Header().Get("Cache-Control"), "private, no-cache"},
		"another":                         {kinds.Header().Get("Cache-Control"), "private, max-age=60"},
		"whom it is for":                  {first.Header().Get("Vary"), "Authorization, X-API-Key"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
}

// TestReadsByPost: their members may be secret, which neither a key nor a condition needs.
func TestReadsByPost(t *testing.T) {
	e := newReads(t, &vendor{})
	search := func(body string) *httptest.ResponseRecorder {
		return e.call(note(func(r *http.Request) {
			*r = *httptest.NewRequest(http.MethodPost, "/v1/test/notes/search", strings.NewReader(body))
			r.Header = http.Header{"Content-Type": {"application/json"}, "If-None-Match": {"*"}}
		}))
	}
	mustBe(t, "the first", search(noteBody), "1", "soapbridge; fwd=uri-miss; stored; ttl=60")
	mustBe(t, "the same, spelt otherwise", search(strings.Replace(noteBody, " ", "\t", 1)), "1", "soapbridge; hit; ttl=59")
	mustBe(t, "another secret", search(strings.Replace(noteBody, plantedSecret, "1", 1)), "2", "soapbridge; fwd=uri-miss; stored; ttl=60")
	if w := search(`{"pin": "1"}`); w.Code != http.StatusUnprocessableEntity || w.Header().Get("Cache-Status") != "" {
		t.Errorf("an invalid one: status %d: %s", w.Code, w.Body)
	}
}

// TestWritesMakeReadsStale where they may have executed.
func TestWritesMakeReadsStale(t *testing.T) {
	var outcome error
	e := newReads(t, &vendor{send: func(context.Context, int64) error { return outcome }})
	kinds := e.get("/v1/test/kinds?text=a").Body.String()
	for _, c := range []struct {
		key     string
		outcome error
		stale   bool
	}{
		{goodKey, nil, true},
		{goodKey, nil, false}, // a replay
		{goodKey + "-1", &soap.SendError{Kind: soap.Unreachable}, false},
		{goodKey + "-2", &soap.SendError{Kind: soap.TimedOut}, true},
		{goodKey + "-3", &soap.SendError{Kind: soap.Broken}, true},
	} {
		before := e.get(findHello).Body.String()
		outcome = c.outcome
		e.call(note(func(r *http.Request) { r.Header.Set(keyHeader, c.key) }))
		outcome = nil
		if after := e.get(findHello).Body.String(); (after != before) != c.stale {
			t.Errorf("%s, %v: %s, and before %s", c.key, c.outcome, after, before)
		}
	}
	if after := e.get("/v1/test/kinds?text=a").Body.String(); after != kinds {
		t.Errorf("a read that no write names: %s, and before %s", after, kinds)
	}
}

// TestAReadDuringAWrite is not kept for after it, and no call after the write waits for it.
func TestAReadDuringAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		early, late := make(chan bool), make(chan *httptest.ResponseRecorder, 1)
		v := &vendor{send: func(_ context.Context, n int64) error {
			if n == 1 {
				<-early
			}
			return nil
		}}
		e := newReads(t, v)
		go func() { late <- e.get(findHello) }()
		synctest.Wait()
		e.call(note())
		const stored = "soapbridge; fwd=uri-miss; stored; ttl=60"
		mustBe(t, "after the write", e.get(findHello), "3", stored)
		close(early)
		mustBe(t, "before the write", <-late, "1", stored)
		if w := e.get(findHello); strings.Contains(w.Body.String(), `"id":"1"`) {
			t.Errorf("what was asked for before the write is given after it: %s", w.Body)
		}
	})
}

// TestCallersShareNoAnswers but those of reads that say so.
func TestCallersShareNoAnswers(t *testing.T) {
	v := &vendor{}
	one, oneLine, _ := NewAPIKey("one", []Scope{"test:notes:read", "test:kinds:read"}, time.Time{})
	two, twoLine, _ := NewAPIKey("two", []Scope{"test:notes:read", "test:kinds:read"}, time.Time{})
	poor, poorLine, _ := NewAPIKey("poor", []Scope{"test:notes:create"}, time.Time{})
	callers := &Callers{}
	err := callers.Replace([]secret.Secret{secret.Secret(oneLine), secret.Secret(twoLine), secret.Secret(poorLine)},
		[]Scope{"test:notes:read", "test:kinds:read", "test:notes:create"})
	if err != nil {
		t.Fatal(err)
	}
	e := newReads(t, v, func(c *Config) { c.Callers = callers })
	for _, c := range []struct{ key, target, number string }{
		{one, findHello, "1"}, {two, findHello, "2"}, {one, findHello, "1"}, {two, findHello, "2"},
		{one, "/v1/test/kinds?text=a", "3"}, {two, "/v1/test/kinds?text=a", "3"},
	} {
		if w := e.get(c.target, "Authorization: Bearer "+c.key); !strings.Contains(w.Body.String(), `"id":"`+c.number+`"`) {
			t.Errorf("%s: %s, want %s", c.target, w.Body, c.number)
		}
	}
	if w := e.get(findHello, "Authorization: Bearer "+poor); w.Code != http.StatusForbidden {
		t.Errorf("without the scope: %d", w.Code)
	}
}

func TestReadsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		errs    []error
		calls   int64
		status  int
		outcome string
		retry   string
	}{
		"no connection, once":  {[]error{&soap.SendError{Kind: soap.Unreachable}}, 2, 200, "", ""},
		"no connection, twice": {[]error{&soap.SendError{Kind: soap.Unreachable}, &soap.SendError{Kind: soap.Unreachable}}, 2, 503, "not_sent", "later"},
		"a stale connection":   {[]error{&soap.SendError{Kind: soap.Broken, Unanswered: true}}, 2, 200, "", ""},
		"a broken answer":      {[]error{&soap.SendError{Kind: soap.Broken}}, 1, 502, "unknown", "safe"},
		"no answer in time":    {[]error{&soap.SendError{Kind: soap.TimedOut}}, 1, 504, "unknown", "safe"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &vendor{send: func(_ context.Context, n int64) error {
				if int(n) <= len(c.errs) {
					return c.errs[n-1]
				}
				return nil
			}}
			e := newReads(t, v)
			w := e.get(findHello)
			if w.Code != c.status || v.calls.Load() != c.calls {
				t.Fatalf("status %d after %d calls: %s", w.Code, v.calls.Load(), w.Body)
			}
			if c.status == http.StatusOK {
				return
			}
			d := problemIn(t, w)
			if d["outcome"] != c.outcome || d["retry"] != c.retry || strings.Contains(w.Body.String(), "blindly") {
				t.Errorf("%s", w.Body)
			}
			if w = e.get(findHello); w.Code != http.StatusOK || w.Header().Get("Cache-Status") != "soapbridge; fwd=uri-miss; stored; ttl=60" {
				t.Errorf("a failure is kept: %d, %v", w.Code, w.Header())
			}
		})
	}
	e := newEdge(t, answering(fault("Server", "It broke")), func(c *Config) {
		c.Systems[0].Operations = reads(t)
		c.Cache = cache.NewMemory(c.Vault, c.Log)
	})
	if d := problemIn(t, e.get(findHello)); d["outcome"] != "failed" || d["retry"] != "safe" {
		t.Errorf("a fault: %v", d)
	}
}

func TestMembersOfAGet(t *testing.T) {
	e := newReads(t, &vendor{})
	for target, want := range map[string][]string{
		"/v1/test/notes/" + strings.Repeat("a", 21) + "?count=x&Tags=a": {"text too-long", "Tags unknown-parameter", "count wrong-type", "bad-parameter"},
		findHello + "?text=again": {"text duplicate-parameter", "bad-parameter"},
		findHello + "?count=x":    {"count wrong-type", "validation-failed"},
		"/v1/test/kinds":          {"text required", "validation-failed"},
	} {
		d := problemIn(t, e.get(target))
		got := []string{fmt.Sprint(d["code"])}
		list, _ := d["errors"].([]any)
		for _, v := range list {
			v, _ := v.(map[string]any)
			if got = append(got, fmt.Sprint(v["parameter"], " ", v["code"])); v["pointer"] != nil {
				t.Errorf("%s: a pointer into a body that is not there: %v", target, v)
			}
		}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %q", target, got)
		}
	}
	w := e.get(findHello + "/preview?soap=1.1&count=3")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<Count xmlns=\\\"\\\">3</Count>") {
		t.Errorf("preview: %d %s", w.Code, w.Body)
	}
	if d := problemIn(t, e.get(findHello+"/preview?soap=1.2")); d["code"] != "bad-parameter" {
		t.Errorf("preview of another version: %v", d)
	}
	if d := problemIn(t, e.get(findHello+"?%zz")); d["code"] != "bad-parameter" {
		t.Errorf("not a query: %v", d)
	}
}

// TestReadsNeedNoUpstreamForAKeptAnswer: the breaker is open, and what is kept is given all the same.
func TestReadsNeedNoUpstreamForAKeptAnswer(t *testing.T) {
	v := &vendor{}
	e := newReads(t, v)
	e.get(findHello)
	v.send = func(context.Context, int64) error { return &soap.SendError{Kind: soap.TimedOut} }
	for range breakerFailures {
		e.get(findHello + "?count=1")
	}
	if w := e.get(findHello + "?count=1"); problemIn(t, w)["code"] != "overloaded" {
		t.Errorf("the breaker is closed: %s", w.Body)
	}
	mustBe(t, "a kept answer", e.get(findHello), "1", "soapbridge; hit; ttl=59")
}

// sharing is a change that lets an API use the cache and the keys of others.
func sharing(vault *idempotency.Vault, server *redistest.Server) func(*Config) {
	return func(c *Config) {
		c.Vault = vault
		c.Cache = cache.NewRedis(redis.NewCacheClient(redis.Options{Addrs: []string{server.Addr()}, Log: c.Log}), vault, c.Log)
	}
}

// TestOneCallForManyReads: a hundred callers of two proxies that share a Redis.
func TestOneCallForManyReads(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{send: func(context.Context, int64) error { time.Sleep(300 * time.Millisecond); return nil }}
	proxies := [...]*edge{newReads(t, v, sharing(vault, server)), newReads(t, v, sharing(vault, server))}
	statuses, mu, all := map[string]int{}, sync.Mutex{}, sync.WaitGroup{}
	for i := range 100 {
		all.Go(func() {
			w := proxies[i%2].get(findHello)
			mu.Lock()
			defer mu.Unlock()
			status := w.Header().Get("Cache-Status")
			status, _, _ = strings.Cut(status, "; ttl")
			if statuses[status]++; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"id":"1"`) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if n := v.calls.Load(); n != 1 || statuses["soapbridge; fwd=uri-miss; stored"] != 1 || statuses["soapbridge; fwd=uri-miss; collapsed"] < 50 {
		t.Errorf("%d calls: %v", n, statuses)
	}
	if !strings.Contains(proxies[1].get(findHello).Header().Get("Cache-Status"), "hit") {
		t.Error("it is not kept")
	}
	keys := fmt.Sprint(server.Do("KEYS", "*"))
	for key := range strings.FieldsSeq(strings.Trim(keys, "[]")) {
		if strings.Contains(key, "lock") || strings.Contains(fmt.Sprint(server.Do("GET", key)), `"id"`) {
			t.Errorf("%s is left, or in clear", key)
		}
	}
	proxies[0].call(note())
	if w := proxies[1].get(findHello); !strings.Contains(w.Body.String(), `"id":"3"`) {
		t.Errorf("after a write by the other: %s", w.Body)
	}
}

// TestWithoutTheCache: reads are uncached and fast, and nothing is old when the cache is back.
func TestWithoutTheCache(t *testing.T) {
	server := redistest.Start(t)
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	e := newReads(t, &vendor{}, sharing(vault, server))
	mustBe(t, "with it", e.get(findHello), "1", "soapbridge; fwd=uri-miss; stored; ttl=60")
	for _, gone := range []struct{ away, back func() }{{server.Pause, server.Continue}, {server.Stop, server.Restart}} {
		gone.away()
		began := time.Now()
		for range 20 {
			w := e.get(findHello)
			if mustBe(t, "without it", w, "", "soapbridge; fwd=bypass"); w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("without it: %v", w.Header())
			}
		}
		e.call(note(func(r *http.Request) { r.Header.Set(keyHeader, fmt.Sprint("0123456789abcdef", time.Now().UnixNano())) }))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it takes %v", took)
		}
		gone.back()
		deadline := time.Now().Add(20 * time.Second)
		for e.get(findHello).Header().Get("Cache-Status") == "soapbridge; fwd=bypass" && time.Now().Before(deadline) {
			time.Sleep(50 * time.Millisecond)
		}
		w := e.get(findHello)
		if !strings.Contains(w.Header().Get("Cache-Status"), "hit") || strings.Contains(w.Body.String(), `"id":"1"`) {
			t.Errorf("when it is back: %v %s", w.Header(), w.Body)
		}
	}
	if n := strings.Count(e.log.String(), "the cache of reads does not answer"); n < 2 || n > 8 {
		t.Errorf("it is logged %d times", n)
	}
}

// TestAReadOutlivesItsCaller: the first caller hangs up, and the others get what it has asked for.
func TestAReadOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		v := &vendor{send: func(ctx context.Context, _ int64) error {
			<-goOn
			return ctx.Err()
		}}
		e := newReads(t, v)
		ctx, hangUp := context.WithCancel(t.Context())
		go e.call(httptest.NewRequest(http.MethodGet, findHello, nil).WithContext(ctx))
		synctest.Wait()
		hangUp()
		second := make(chan *httptest.ResponseRecorder, 1)
		go func() { second <- e.get(findHello) }()
		synctest.Wait()
		close(goOn)
		mustBe(t, "the second", <-second, "1", "soapbridge; fwd=uri-miss; collapsed; ttl=60")
	})
}

// TestAPanicInAReadIsEverybodys: it is answered to all who wait, and the next one asks again.
func TestAPanicInAReadIsEverybodys(t *testing.T) {
	v := &vendor{}
	v.send = func(_ context.Context, n int64) error {
		if n == 1 {
			panic(errors.New(plantedSecret))
		}
		return nil
	}
	e := newReads(t, v)
	if d := problemIn(t, e.get(findHello)); d["code"] != "internal" || d["retry"] != "safe" || strings.Contains(e.log.String(), plantedSecret) {
		t.Errorf("%v\n%s", d, e.log)
	}
	mustBe(t, "the next", e.get(findHello), "2", "soapbridge; fwd=uri-miss; stored; ttl=60")
}

func TestInvalidatesNamesReads(t *testing.T) {
	list := reads(t)
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	for want, operations := range map[string][]translate.Operation{
		"makes FindNotes stale": list[:1], "conflicts": {list[1], func() translate.Operation { op := list[1]; op.Name, op.ID = "Other", "Other"; return op }()},
	} {
		_, err := New(Config{Vault: vault, Systems: []System{{Name: "test", Operations: operations}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestAGetWithABody is refused: nobody would read it.
func TestAGetWithABody(t *testing.T) {
	v := &vendor{}
	e := newReads(t, v)
	w := e.call(httptest.NewRequest(http.MethodGet, findHello, strings.NewReader(`{"text":"other"}`)))
	if d := problemIn(t, w); w.Code != http.StatusBadRequest || d["code"] != "bad-parameter" || v.calls.Load() != 0 {
		t.Errorf("%d %v, %d calls", w.Code, d, v.calls.Load())
	}
}

// TestLongAnswersAreCompressed for callers who take that, and are the same without it. Both tags are known again.
func TestLongAnswersAreCompressed(t *testing.T) {
	for _, c := range []struct {
		name, accept   string
		more           int // bytes of the answer
		coding, varies string
	}{
		{"a short one", "gzip", 10, "", ""},
		{"a caller who does not ask", "", 2 << 10, "", "Accept-Encoding"},
		{"a caller who refuses", "gzip;q=0, br", 2 << 10, "", "Accept-Encoding"},
		{"a long one", "deflate, gzip", 2 << 10, "gzip", "Accept-Encoding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newReads(t, &vendor{more: strings.Repeat(`<More xmlns="">word</More>`, c.more/len(`"word",`))})
			plain, w := e.get(findHello), e.get(findHello, "Accept-Encoding: "+c.accept)
			h, body := w.Header(), w.Body.Bytes()
			if h.Get("Content-Encoding") != c.coding || !strings.HasSuffix(strings.Join(h["Vary"], ", "), c.varies) {
				t.Fatalf("coding %q, Vary %q", h.Get("Content-Encoding"), h["Vary"])
			}
			if c.coding != "" {
				if len(body) > c.more/2 || h.Get("ETag") == plain.Header().Get("ETag") {
					t.Errorf("%d bytes, with the tag of the plain answer: %t", len(body), h.Get("ETag") == plain.Header().Get("ETag"))
				}
				r, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			if string(body) != plain.Body.String() {
				t.Errorf("%s\nis not %s", body, plain.Body)
			}
			for _, tag := range []string{h.Get("ETag"), plain.Header().Get("ETag")} {
				if again := e.get(findHello, "If-None-Match: "+tag, "Accept-Encoding: "+c.accept); again.Code != http.StatusNotModified {
					t.Errorf("%s is not known again: %d", tag, again.Code)
				}
			}
		})
	}
}
