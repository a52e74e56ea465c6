package corpus

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/openapi"
	"soapbridge/tests/kit"
	"soapbridge/translate/imported"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

// The same service is imported twice: its answers are kept for each caller, and for everyone.
const (
	perCaller = "mds-own"
	shared    = "mds-shared"
)

// TestCorpusMDSCachedRead asks the vendor's QuerySubscriptionServices through two proxies: processes of their own, which share a Redis for records and
// another one for the cache.
func TestCorpusMDSCachedRead(t *testing.T) {
	folder := mdsDocuments(t)
	if folder == "" {
		return
	}
	systems := t.TempDir()
	importRead(t, folder, systems, perCaller, "")
	importRead(t, folder, systems, shared, "    share: everyone\n")
	vendor := newCountingVendor(t, filepath.Join(systems, perCaller))
	f := newReaders(t, systems, vendor.URL)

	f.ask(t, perCaller, "alice", 100)
	vendor.must(t, "100 reads of one caller", 1)
	f.ask(t, perCaller, "bob", 100)
	vendor.must(t, "and 100 of another one", 2)
	f.ask(t, perCaller, "alice", 2)
	vendor.must(t, "and two more of the first", 2)
	f.ask(t, shared, "alice", 100)
	vendor.must(t, "100 reads of what all share", 3)
	f.ask(t, shared, "bob", 100)
	vendor.must(t, "and 100 of another caller", 3)
}

// importRead imports the service under a name, and says that the query is a read whose answer is kept.
func importRead(t *testing.T, folder, systems, name, share string) {
	t.Helper()
	c := kit.Command{Args: []string{"import", filepath.Join(folder, "wsdl/services/servicesservice.wsdl"), "--root", folder, "--into", systems, "--name", name}}
	if p := c.Run(t); p.Code() != 0 {
		t.Fatalf("import: exit code %d: %s", p.Code(), p.Stderr)
	}
	file := filepath.Join(systems, name, imported.FileName)
	const operation = "  QuerySubscriptionServices:\n"
	before, behind, found := strings.Cut(string(readFileOf(t, file)), operation)
	if !found {
		t.Fatalf("%s has no %s", file, operation)
	}
	said := "    kind: read\n    route: GET /v1/" + name + "/{subscriptionNumber}\n    cache: 60s\n" + share + "    secret: []\n    unwrap: [request, result]\n    outcome: faultsOnly\n"
	if err := os.WriteFile(file, []byte(before+operation+said+behind), 0o600); err != nil {
		t.Fatal(err)
	}
}

// countingVendor answers the query with an example of the schema that holds the number of the call.
type countingVendor struct {
	*httptest.Server

	calls atomic.Int64
}

func newCountingVendor(t *testing.T, folder string) *countingVendor {
	t.Helper()
	system, err := imported.Load(perCaller, os.DirFS(folder), imported.Config{})
	if err != nil {
		t.Fatal(err)
	}
	op, v := &system.Operations[0], &countingVendor{}
	example := openapi.ReplyExample(op.ResponseShape)
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(asked), ">42<") {
			t.Errorf("%v: the vendor is asked %s", err, asked)
		}
		reference := fmt.Sprintf(`"call-%d"`, v.calls.Add(1))
		body, err := op.EncodeReply(withMember(t, example, []string{"externalReference"}, reference))
		if err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond) // until all others wait
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>`, body)
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *countingVendor) must(t *testing.T, what string, want int64) {
	t.Helper()
	if got := v.calls.Load(); got != want {
		t.Errorf("%s: the vendor has been called %d times, want %d", what, got, want)
	}
}

// readers are callers of two proxies.
type readers struct {
	proxies [2]*kit.Process
	keys    map[string]string // by the caller
}

func newReaders(t *testing.T, systems, vendor string) *readers {
	t.Helper()
	f := &readers{keys: map[string]string{}}
	settings, lines := map[string]string{"SYSTEMS": systems}, ""
	for _, caller := range []string{"alice", "bob"} {
		key, line := kit.Command{Settings: settings}.NewKey(t, caller, perCaller+":read", shared+":read")
		f.keys[caller] = key
		lines += line + "\n"
	}
	key := base64.StdEncoding.EncodeToString([]byte("32 octets that are only for test"))
	records, answers := redistest.Start(t), redistest.Start(t, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru")
	for i := range f.proxies {
		p, err := kit.Command{Args: []string{"serve"}, Settings: kit.With(settings, map[string]string{
			"REDIS_URL": "redis://" + records.Addr(), "CACHE_REDIS_URL": "redis://" + answers.Addr(), "NAME_KEY": key, "SECRET_KEYS": "k1:" + key,
			"API_KEYS": lines, "SYSTEM_MDS_OWN_URL": vendor, "SYSTEM_MDS_SHARED_URL": vendor,
		})}.Serve()
		if err != nil {
			t.Fatal(err)
		}
		p.StopAfter(t)
		f.proxies[i] = p
	}
	return f
}

// ask reads the same many times at once, through both proxies: all get one answer.
func (f *readers) ask(t *testing.T, system, caller string, times int) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]int{}
	for i := range times {
		all.Go(func() {
			body, err := f.get(t.Context(), f.proxies[i%len(f.proxies)].URL+"/v1/"+system+"/42?statusFilter=ALL", f.keys[caller])
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			bodies[body]++
		})
	}
	if all.Wait(); len(bodies) != 1 {
		t.Errorf("%s, %s: %d different answers: %v", system, caller, len(bodies), bodies)
	}
}

func (f *readers) get(ctx context.Context, url, key string) (body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || !strings.Contains(string(text), `"externalReference":"call-`)) {
		err = fmt.Errorf("%s: status %d: %s", url, response.StatusCode, text)
	}
	return string(text), err
}
