package redistest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
)

func TestServerKeepsItsDataAndAddressOverRestarts(t *testing.T) {
	s := redistest.Start(t)
	addr := s.Addr()
	ends := map[string]func(){"stop": s.Stop, "kill": s.Kill}
	for name, end := range ends {
		s.Do("SET", name, "kept")
		end()
		s.Restart()
		if got := s.Do("GET", name); got != "kept" {
			t.Errorf("after %s: %v", name, got)
		}
	}
	s.Restart()
	if s.Addr() != addr {
		t.Errorf("moved from %s to %s", addr, s.Addr())
	}
}

func TestPausedServerAcceptsAndDoesNotAnswer(t *testing.T) {
	s := redistest.Start(t)
	s.Pause()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 7)
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(buf); err == nil {
		t.Errorf("answered %q", buf[:n])
	}
	s.Continue()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "+PONG\r\n" {
		t.Errorf("answered %q, %v", buf[:n], err)
	}
}

func TestDirectivesWinOverDefaults(t *testing.T) {
	s := redistest.Start(t, "--appendonly", "no")
	if got := fmt.Sprint(s.Do("CONFIG", "GET", "appendonly")); got != "[appendonly no]" {
		t.Error(got)
	}
	s.ConfigSet("maxmemory", "12345678")
	if got := fmt.Sprint(s.Do("CONFIG", "GET", "maxmemory")); got != "[maxmemory 12345678]" {
		t.Error(got)
	}
}

func TestReplicaFollows(t *testing.T) {
	s := redistest.Start(t)
	r := s.Replicate()
	s.Do("SET", "key", "value")
	r.Await(func(reply string) bool { return reply == "value" }, "GET", "key")
}

func TestTLSServerIsTrustedByItsClientAlone(t *testing.T) {
	_, addr, config := redistest.StartTLS(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if conn, err := (&tls.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("a client without the configuration trusts the certificate")
	}
}

func TestClusterServesEverySlot(t *testing.T) {
	c := redistest.StartCluster(t)
	seen := map[string]bool{}
	for i := range 64 {
		key := fmt.Sprintf("key-%d", i)
		owner := c.Owner(key)
		owner.Do("SET", key, "value")
		seen[owner.Addr()] = true
	}
	if len(seen) != len(c.Addrs()) {
		t.Errorf("%d of %d masters own keys", len(seen), len(c.Addrs()))
	}
	r := c.Replicate(c.Masters[0])
	if role := fmt.Sprint(r.Do("ROLE")); !strings.HasPrefix(role, "[slave") {
		t.Error(role)
	}
}

func TestSentinelFailsOver(t *testing.T) {
	s := redistest.StartSentinel(t)
	before := s.Master.Addr()
	s.Failover()
	if s.Master.Addr() == before {
		t.Error("the master is the same")
	}
	s.Master.Do("SET", "key", "value")
}
