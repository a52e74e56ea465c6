package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"soapbridge/api/idempotency/redis/redistest"
)

// This test proves that the torture test can fail. It runs against what is usually put in front of a write: SETNX with an expiry, forward,
// store the answer, and delete the key after a failure so that the client can try again.
func TestTheUsualMiddlewareExecutesTwice(t *testing.T) {
	const keys = 200
	s := seed(t)
	server, v := redistest.Start(t), newVendor(t, callTimeout)
	v.behave(func(subject string, nth int) play { return draw(rand.New(rand.NewPCG(s, hash(subject)+uint64(nth)))) })
	var places []*middleware
	for i := range 3 {
		l := newLink(t, server.Addr(), s+uint64(i))
		l.set(rough)
		places = append(places, newMiddleware(t, l.addr(), "http://"+v.addr))
	}
	var entities []*entity
	var running sync.WaitGroup
	free := make(chan struct{}, workers)
	for n := range keys {
		e := &entity{
			number: n, operation: operations[0], caller: &caller{name: "anonymous"},
			key: fmt.Sprintf("torture.%d~%08d", s, n), subject: fmt.Sprintf("%08d", n),
		}
		e.id = e.key
		entities = append(entities, e)
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			newSession(s, e, targets(places)).run(t.Context())
		})
	}
	running.Wait()

	executions, duplicates := map[string]int{}, 0
	var found findings
	for _, e := range entities {
		n := len(v.executions(e.subjects()...))
		executions[fmt.Sprint(n, " executions")]++
		if n > 1 {
			duplicates++
		}
		e.judge(&found, v)
	}
	histogram(t, "executions per key", executions)
	if duplicates == 0 {
		t.Errorf("none of %d keys was executed twice: the torture finds nothing", keys)
	}
	// The same code that judges the product must see it: what ran twice, and results that are not those of the first run.
	for _, invariant := range []string{"I1:", "I3:"} {
		n := found.with(invariant)
		t.Logf("%s is broken in %d places", invariant, n)
		if n == 0 {
			t.Errorf("the judgement does not see that %s is broken", invariant)
		}
	}
}

// findings is what a judgement finds.
type findings struct{ list []string }

func (*findings) Helper() {}

func (f *findings) Errorf(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func (f *findings) with(beginning string) (n int) {
	for _, one := range f.list {
		if strings.HasPrefix(one, beginning) {
			n++
		}
	}
	return n
}

// middleware is the usual one.
type middleware struct {
	server *httptest.Server
	redis  *redis.Client
	vendor string
	client *http.Client
}

func newMiddleware(t *testing.T, redisAddr, vendor string) *middleware {
	t.Helper()
	m := &middleware{
		redis: redis.NewClient(&redis.Options{Addr: redisAddr}), vendor: vendor, client: &http.Client{Timeout: callTimeout},
	}
	m.server = httptest.NewServer(m)
	t.Cleanup(func() {
		m.server.Close()
		_ = m.redis.Close()
	})
	return m
}

// URL implements target.
func (m *middleware) URL() string { return m.server.URL }

func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const (
		processing = "processing"
		expiry     = 2 * callTimeout // of the claim: longer than any call takes, one would think
		retention  = time.Hour
	)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), clientPatience)
	defer cancel()
	key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`)
	w.Header().Set("Operation-Id", key)
	claimed, err := m.redis.SetNX(ctx, key, processing, expiry).Result()
	if err != nil {
		http.Error(w, "try later", http.StatusServiceUnavailable)
		return
	}
	if !claimed {
		m.existing(ctx, w, key, processing)
		return
	}
	answer, err := m.forward(ctx, key, r)
	if err != nil {
		m.redis.Del(ctx, key)
		http.Error(w, "try again", http.StatusBadGateway)
		return
	}
	m.redis.Set(ctx, key, answer, retention)
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}

// existing answers for a key that is there.
func (m *middleware) existing(ctx context.Context, w http.ResponseWriter, key, processing string) {
	stored, err := m.redis.Get(ctx, key).Result()
	if err != nil || stored == processing {
		http.Error(w, "being processed", http.StatusConflict)
		return
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, stored)
}

// forward sends as much of an envelope as the vendor needs.
func (m *middleware) forward(ctx context.Context, key string, r *http.Request) ([]byte, error) {
	var asked struct {
		WorkItemType    struct{ Code string }
		CustomerCallLog struct{ CsrID string } //nolint:tagliatelle // letter case does not count
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`<CreateWorkFlowManager><MessageId>%s</MessageId><Code>%s</Code></CreateWorkFlowManager>`, key, asked.WorkItemType.Code)
	if strings.HasSuffix(r.URL.Path, "call-logs") {
		body = fmt.Sprintf(`<CreateCallLog><MessageId>%s</MessageId><CSRId>%s</CSRId></CreateCallLog>`, key, asked.CustomerCallLog.CsrID)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.vendor, strings.NewReader(envelope("", body)))
	if err != nil {
		return nil, err
	}
	response, err := m.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	_, texts, err := leaves(reply)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || texts["ResponseDescription"] == "" {
		return nil, errors.New("no result")
	}
	return json.Marshal(map[string]any{"operationId": key, "baseResponse": map[string]any{"responseDescription": texts["ResponseDescription"]}})
}
