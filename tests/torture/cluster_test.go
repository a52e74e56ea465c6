package torture

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// cluster is a Redis, a vendor, and proxies that share them; each has a link of its own to Redis.
type cluster struct {
	redis   *redistest.Server
	vendor  *vendor
	proxies []*proxy
	links   []*link

	anonymous  *caller // of the open proxies, where every client is this one caller
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
	settings     map[string]string
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
	settings := kit.With(map[string]string{
		"METRICS_LISTEN": "127.0.0.1:0", "NAME_KEY": c.nameKey, "SECRET_KEYS": "k1:" + sealing, "DRAIN_TIMEOUT": drain.String(),
	}, vendorSettings("http://"+c.vendor.addr, p.timeout), p.settings)
	c.anonymous = &caller{name: "anonymous"}
	c.operator = c.anonymous
	var keys map[string]string
	if p.closed > 0 {
		keys = c.newCallers(t)
	}
	for i := range p.open {
		c.add(t, fmt.Sprintf("open-%d", i), p.seed, settings, c.anonymous)
	}
	for i := range p.closed {
		c.add(t, fmt.Sprintf("closed-%d", i), p.seed, kit.With(settings, keys), c.alice, c.bob, c.operator)
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
func vendorSettings(url string, timeout time.Duration) map[string]string {
	settings := map[string]string{
		"CUSTOMERCARE_DIRECT_TOKEN": directToken, "CUSTOMERCARE_USER_ID": "torture", "MDS_BASIC_USERNAME": "torture", "MDS_BASIC_PASSWORD": basic,
		"EMERSION_WSSE_USERNAME": "torture", "EMERSION_WSSE_PASSWORD": wsse,
	}
	for _, system := range []string{"CUSTOMERCARE", "MDS", "EMERSION"} {
		settings[system+"_URL"], settings[system+"_TIMEOUT"] = url+"/"+strings.ToLower(system), timeout.String()
	}
	return settings
}

// add starts a proxy behind a new link.
func (c *cluster) add(t *testing.T, name string, seed uint64, settings map[string]string, callers ...*caller) *proxy {
	t.Helper()
	l := newLink(t, c.redis.Addr(), seed+uint64(len(c.links)))
	p := newProxy(t, name, kit.With(settings, map[string]string{"REDIS_URL": "redis://" + l.addr()}), c.secrets)
	c.links, c.proxies = append(c.links, l), append(c.proxies, p)
	for _, who := range callers {
		who.proxies, who.nameKey = append(who.proxies, p), c.nameKey
	}
	return p
}

// newCallers makes API keys as an operator does, and returns the setting that lets their callers in.
func (c *cluster) newCallers(t *testing.T) map[string]string {
	t.Helper()
	lines := "# who may call\n"
	for _, who := range []struct {
		at     **caller
		name   string
		scopes []string
	}{{&c.alice, "alice", nil}, {&c.bob, "bob", nil}, {&c.operator, "operator", []string{"admin"}}} {
		key, line := kit.NewKey(t, who.name, who.scopes...)
		*who.at = &caller{name: who.name, key: key}
		c.secrets = append(c.secrets, strings.TrimPrefix(key, "sb_"+who.name+"."))
		lines += line + "\n"
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"API_KEYS_FILE": file}
}

// end stops every proxy with SIGTERM and searches everything that was written: metrics, logs, Redis, and what was sent to Redis.
func (c *cluster) end(t *testing.T) {
	t.Helper()
	for i, p := range c.proxies {
		c.links[i].set(calm)
		c.searchMetrics(t, p)
		if err := p.terminate(); err != nil {
			t.Error(err)
		}
		for _, process := range p.all {
			process.Judge(t)
		}
		if leaked, _ := c.links[i].seen(); leaked > 0 {
			t.Errorf("I9: %s sent %d chunks with secrets to Redis", p.Name, leaked)
		}
	}
	c.searchRedis(t)
	for _, wrong := range c.vendor.wrong {
		t.Errorf("the vendor was sent nonsense: %s", wrong)
	}
}

func (c *cluster) searchMetrics(t *testing.T, p *proxy) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.last.Load().Metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	var a attempt
	a.exchange(request)
	if !a.succeeded() || len(a.body) == 0 {
		t.Errorf("%s has no metrics: %v", p.Name, a)
	}
	for _, secret := range c.secrets {
		if strings.Contains(string(a.body), secret) {
			t.Errorf("I9: the metrics of %s hold %q", p.Name, secret)
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
		t.Fatalf("CONFIG GET dir returns %v", dir)
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

// readers are the commands that return all of a value, by its type.
var readers = map[string]func(key string) []any{
	"string": func(key string) []any { return []any{"GET", key} },
	"hash":   func(key string) []any { return []any{"HGETALL", key} },
	"zset":   func(key string) []any { return []any{"ZRANGE", key, 0, -1, "WITHSCORES"} },
	"set":    func(key string) []any { return []any{"SMEMBERS", key} },
	"list":   func(key string) []any { return []any{"LRANGE", key, 0, -1} },
}

// dumpOf returns everything that Redis holds, as text.
func dumpOf(t *testing.T, server *redistest.Server) string {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: kit.Patience})
	defer db.Close()
	var text strings.Builder
	keys := db.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		key := keys.Val()
		kind := db.Type(t.Context(), key).Val()
		read, known := readers[kind]
		if kind == "none" { // it has expired since it was listed
			continue
		}
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
