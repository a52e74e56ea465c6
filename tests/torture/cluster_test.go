package torture

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"soapbridge/api/idempotency/redistest"
)

// cluster is a Redis, a vendor, and proxies that share them; each has a link of its own to Redis.
type cluster struct {
	redis   *redistest.Server
	vendor  *vendor
	proxies []*proxy
	links   []*link

	nobody     *caller // of the open proxies: they let everybody in, as one
	alice, bob *caller // of the closed ones
	operator   *caller // who settles
	secrets    []string
	nameKey    string
}

// caller is who calls, and where that can be.
type caller struct {
	name    string
	key     string // API key; empty on open proxies
	proxies []*proxy
	nameKey string // of the proxies: it makes operation ids
}

// plan is what a cluster is made of.
type plan struct {
	seed         uint64
	open, closed int           // number of proxies
	timeout      time.Duration // of their calls; the lease is 10 s longer
	settings     []string
}

const (
	directToken = secretMark + "direct-token"
	wsse        = secretMark + "wsse-password"
	basic       = secretMark + "basic-password"
	drain       = 5 * time.Second
)

func newCluster(t *testing.T, p plan) *cluster {
	t.Helper()
	c := &cluster{redis: redistest.Start(t), vendor: newVendor(t, p.timeout)}
	rng := rand.New(rand.NewPCG(p.seed, 2))
	sealing := random32(rng)
	c.nameKey = random32(rng)
	c.secrets = []string{secretMark, c.nameKey, sealing}
	settings := append([]string{
		"SOAPBRIDGE_LISTEN=127.0.0.1:0", "SOAPBRIDGE_METRICS_LISTEN=127.0.0.1:0",
		"SOAPBRIDGE_NAME_KEY=" + c.nameKey,
		"SOAPBRIDGE_SECRET_KEYS=k1:" + sealing,
		"SOAPBRIDGE_DRAIN_TIMEOUT=" + drain.String(),
	}, vendorSettings("http://"+c.vendor.addr, p.timeout)...)
	settings = append(settings, p.settings...)
	c.nobody = &caller{name: "nobody"}
	for i := range p.open {
		c.add(t, fmt.Sprintf("open-%d", i), p.seed, settings, c.nobody)
	}
	c.operator = c.nobody
	if p.closed > 0 {
		c.addClosed(t, p, settings)
	}
	return c
}

func random32(rng *rand.Rand) string {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(rng.Uint32())
	}
	return base64.StdEncoding.EncodeToString(key)
}

// vendorSettings point the proxies at a vendor, with credentials of every kind.
func vendorSettings(url string, timeout time.Duration) []string {
	list := []string{
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=" + directToken,
		"SOAPBRIDGE_CUSTOMERCARE_USER_ID=torture",
		"SOAPBRIDGE_MDS_BASIC_USERNAME=torture", "SOAPBRIDGE_MDS_BASIC_PASSWORD=" + basic,
		"SOAPBRIDGE_EMERSION_WSSE_USERNAME=torture", "SOAPBRIDGE_EMERSION_WSSE_PASSWORD=" + wsse,
	}
	for _, system := range []string{"CUSTOMERCARE", "MDS", "EMERSION"} {
		list = append(list, "SOAPBRIDGE_"+system+"_URL="+url+"/"+strings.ToLower(system), "SOAPBRIDGE_"+system+"_TIMEOUT="+timeout.String())
	}
	return list
}

// add starts a proxy behind a new link.
func (c *cluster) add(t *testing.T, name string, seed uint64, settings []string, callers ...*caller) *proxy {
	t.Helper()
	l := newLink(t, c.redis.Addr(), seed+uint64(len(c.links)))
	p := newProxy(t, name, append([]string{"SOAPBRIDGE_REDIS_URL=redis://" + l.addr()}, settings...))
	c.links, c.proxies = append(c.links, l), append(c.proxies, p)
	for _, who := range callers {
		who.proxies, who.nameKey = append(who.proxies, p), c.nameKey
	}
	return p
}

func (c *cluster) addClosed(t *testing.T, p plan, settings []string) {
	t.Helper()
	var lines [3]string
	c.alice, lines[0] = newCaller(t, "alice")
	c.bob, lines[1] = newCaller(t, "bob")
	c.operator, lines[2] = newCaller(t, "operator", "--scope", "admin")
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("# who may call\n"+strings.Join(lines[:], "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, who := range []*caller{c.alice, c.bob, c.operator} {
		c.secrets = append(c.secrets, strings.TrimPrefix(who.key, who.name+"."))
	}
	for i := range p.closed {
		c.add(t, fmt.Sprintf("closed-%d", i), p.seed, append([]string{"SOAPBRIDGE_API_KEYS_FILE=" + file}, settings...), c.alice, c.bob, c.operator)
	}
}

// newCaller makes an API key as an operator does, and gives the line for the list of keys.
func newCaller(t *testing.T, name string, scopes ...string) (*caller, string) {
	t.Helper()
	out, err := exec.Command(program(t), append([]string{"keys", "new", "--id", name}, scopes...)...).Output()
	if err != nil {
		t.Fatalf("soapbridge keys new: %v", err)
	}
	var printed []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			printed = append(printed, line)
		}
	}
	if len(printed) != 2 || !strings.HasPrefix(printed[0], name+".") {
		t.Fatalf("soapbridge keys new printed %d lines, not a key and its digest", len(printed))
	}
	return &caller{name: name, key: printed[0]}, printed[1]
}

// end stops every proxy in good order and looks through all that was ever written down: metrics, logs, Redis, and what went to Redis.
func (c *cluster) end(t *testing.T) {
	t.Helper()
	for i, p := range c.proxies {
		c.links[i].set(calm)
		c.searchMetrics(t, p)
		if err := p.terminate(); err != nil {
			t.Error(err)
		}
		for _, log := range p.logs() {
			faults, err := faultsOf(log, c.secrets)
			if err != nil {
				t.Error(err)
			}
			for _, fault := range faults {
				t.Error(fault)
			}
		}
		if leaked, _ := c.links[i].seen(); leaked > 0 {
			t.Errorf("I9: %s sent %d chunks with secrets to Redis", p.name, leaked)
		}
	}
	c.searchRedis(t)
	for _, wrong := range c.vendor.wrong {
		t.Errorf("the vendor was sent nonsense: %s", wrong)
	}
}

func (c *cluster) searchMetrics(t *testing.T, p *proxy) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	var a attempt
	a.exchange(request)
	if !a.succeeded() || len(a.body) == 0 {
		t.Errorf("%s has no metrics: %v", p.name, a)
	}
	for _, secret := range c.secrets {
		if strings.Contains(string(a.body), secret) {
			t.Errorf("I9: the metrics of %s hold %q", p.name, secret)
		}
	}
}

// searchRedis looks for secrets in every key, field and value, and in what Redis has written to disk.
func (c *cluster) searchRedis(t *testing.T) {
	t.Helper()
	dump := dumpOf(t, c.redis)
	for _, secret := range c.secrets {
		if strings.Contains(dump, secret) {
			t.Errorf("I9: Redis holds %q", secret)
		}
	}
	dir, ok := c.redis.Do("CONFIG", "GET", "dir").([]any)
	if !ok || len(dir) != 2 {
		t.Fatalf("CONFIG GET dir gives %v", dir)
	}
	files := 0
	err := filepath.WalkDir(fmt.Sprint(dir[1]), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range c.secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("I9: %s holds %q", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("the files of Redis: %d, %v", files, err)
	}
}

// readers are the commands that give all of a value, by its type.
var readers = map[string]func(key string) []any{
	"string": func(key string) []any { return []any{"GET", key} },
	"hash":   func(key string) []any { return []any{"HGETALL", key} },
	"zset":   func(key string) []any { return []any{"ZRANGE", key, 0, -1, "WITHSCORES"} },
	"set":    func(key string) []any { return []any{"SMEMBERS", key} },
	"list":   func(key string) []any { return []any{"LRANGE", key, 0, -1} },
}

// dumpOf gives everything that Redis holds, as text.
func dumpOf(t *testing.T, server *redistest.Server) string {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: patience})
	defer db.Close()
	var text strings.Builder
	keys := db.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		key := keys.Val()
		read, known := readers[db.Type(t.Context(), key).Val()]
		if !known {
			t.Fatalf("what is %q in Redis?", key)
		}
		value, err := db.Do(t.Context(), read(key)...).Result()
		if err != nil {
			t.Fatalf("%q in Redis: %v", key, err)
		}
		_, _ = fmt.Fprintln(&text, key, value)
	}
	if err := keys.Err(); err != nil || text.Len() == 0 {
		t.Fatalf("the dump of Redis has %d bytes: %v", text.Len(), err)
	}
	return text.String()
}
