package redis_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/api/idempotency/storetest"
)

// TestWaitsForReplicas: when Begin returns, the claim is on the replica.
func TestWaitsForReplicas(t *testing.T) {
	server := redistest.Start(t)
	replica := server.Replicate()
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: 1})
	for range 20 {
		c := newClaim()
		holds(t, s, c)
		if got := replica.Do("HGET", "sb:{"+c.ID[:2]+"}:"+c.ID, "owner"); got != c.Owner {
			t.Fatalf("the replica has owner %v, want %s", got, c.Owner)
		}
	}
}

// TestUnconfirmedClaims: while the replica hangs no claim is acquired, however often it is repeated, but results are replayed; a released
// key is free afterwards.
func TestUnconfirmedClaims(t *testing.T) {
	server := redistest.Start(t)
	replica := server.Replicate()
	o := redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: 1}
	s := open(t, o)
	done, c := newClaim(), newClaim()
	holds(t, s, done)
	if err := s.Finish(t.Context(), done.ID, done.Owner, []byte("result")); err != nil {
		t.Fatal(err)
	}
	replica.Pause()
	for range 2 {
		started := time.Now()
		_, acquired, err := s.Begin(t.Context(), c)
		if took := time.Since(started); acquired || !unavailable(err) || took > soonEnough {
			t.Errorf("acquired %t, %v after %v", acquired, err, took)
		}
	}
	// On a connection that has written nothing, WAIT alone could count a replica that is far behind.
	if _, acquired, err := open(t, o).Begin(t.Context(), c); acquired || !unavailable(err) {
		t.Errorf("on another connection: acquired %t, %v", acquired, err)
	}
	if r, acquired, err := s.Begin(t.Context(), done); err != nil || acquired || string(r.Result) != "result" {
		t.Errorf("replay: %+v, acquired %t, %v", r, acquired, err)
	}
	if err := s.Release(t.Context(), c.ID, c.Owner); err != nil {
		t.Errorf("release: %v", err)
	}
	replica.Continue()
	eventually(t, "the key is claimed by another", func() error {
		rival := c
		rival.Owner = "rival"
		return begin(t, s, rival, true)
	})
}

// TestTooFewReplicas requires more replicas than there are.
func TestTooFewReplicas(t *testing.T) {
	server := redistest.Start(t)
	server.Replicate()
	s := open(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: 2})
	eventually(t, "one of two confirms", func() error {
		_, acquired, err := s.Begin(t.Context(), newClaim())
		if acquired || !unavailable(err) {
			t.Errorf("acquired %t, %v", acquired, err)
		}
		if !strings.Contains(fmt.Sprint(err), "1 of 2 replicas") {
			return err
		}
		return nil
	})
}

// TestRepeatedClaimsAreWrittenAgain: WAIT counts only what its own connection wrote.
func TestRepeatedClaimsAreWrittenAgain(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	warm(t, s)
	c := newClaim()
	for i := range 3 {
		server.Do("CONFIG", "RESETSTAT")
		holds(t, s, c)
		if got := calls(server, "hset"); got != 1 {
			t.Errorf("claim %d wrote %d times, want once", i+1, got)
		}
	}
}

// TestConfirmedAfterRestart: the connections in the pool are dead, and the claim is made on a new one at once.
func TestConfirmedAfterRestart(t *testing.T) {
	server := redistest.Start(t)
	server.Replicate()
	w := &wire{} // hides a dead connection from the library until it is used
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: 1})
	warm(t, s)
	server.Restart()
	eventually(t, "the replica is back", func() error {
		if info := fmt.Sprint(server.Do("INFO", "replication")); !strings.Contains(info, "state=online") {
			return errors.New(info)
		}
		return nil
	})
	holds(t, s, newClaim())
	if n := w.dials.Load(); n != 2 {
		t.Errorf("%d connections, want one before and one after", n)
	}
}

func TestClusterBehaves(t *testing.T) {
	c := redistest.StartCluster(t, "--appendonly", "no")
	storetest.Run(t, func(t *testing.T, r idempotency.Retention) idempotency.Store {
		for _, node := range c.Masters {
			node.Do("FLUSHALL")
		}
		return openPatient(t, redis.Options{Addrs: c.Addrs(), Retention: r})
	})
}

// TestCluster: a master fails over, and claims wait for the right replica.
func TestCluster(t *testing.T) {
	c := redistest.StartCluster(t)
	master := c.Masters[1]
	replica := c.Replicate(master)
	s := openPatient(t, redis.Options{Addrs: c.Addrs()}) // does not reload the nodes unless it must
	confirmed := open(t, redis.Options{Addrs: c.Addrs(), WaitReplicas: 1})

	replicated, alone := claimOn(c, master), claimOn(c, c.Masters[0])
	holds(t, confirmed, replicated)
	if _, acquired, err := confirmed.Begin(t.Context(), alone); acquired || !unavailable(err) {
		t.Errorf("on a master without a replica: acquired %t, %v", acquired, err)
	}
	if err := ready(t, confirmed); !unavailable(err) {
		t.Errorf("ready without replicas: %v", err)
	}
	eventually(t, "the store is ready", func() error { return ready(t, s) })

	master.Kill()
	if err := s.Finish(t.Context(), replicated.ID, replicated.Owner, []byte("result")); !unavailable(err) {
		t.Errorf("Finish on a dead master: %v", err)
	}
	if err := ready(t, s); !unavailable(err) {
		t.Errorf("ready with a dead master: %v", err)
	}
	replica.Await(func(reply string) bool { return reply == "OK" }, "CLUSTER", "FAILOVER", "TAKEOVER")
	eventually(t, "the claim is finished on the new master", func() error {
		return s.Finish(t.Context(), replicated.ID, replicated.Owner, []byte("result"))
	})
	wantState(t, s, replicated, idempotency.Done)
	eventually(t, "the pinned connections find the new master", func() error {
		_, _, err := confirmed.Begin(t.Context(), replicated)
		return err
	})
	eventually(t, "claims are swept on all masters", func() error { _, err := s.Sweep(t.Context()); return err })
	for _, server := range []*redistest.Server{c.Masters[0], replica, c.Masters[2]} {
		if n := calls(server, "command"); n != 0 {
			t.Errorf("the table of commands was fetched %d times", n)
		}
	}
}

// TestClusterHungMaster: when a new store first connects, one master hangs, but not the one that decides whose keys are right. Claims there
// fail in time, the others are acquired.
func TestClusterHungMaster(t *testing.T) {
	c := redistest.StartCluster(t)
	deciding := slices.Index(c.Masters, c.Owner("{00}"))
	master := c.Masters[(deciding+1)%len(c.Masters)]
	hung, well := claimOn(c, master), claimOn(c, c.Masters[(deciding+2)%len(c.Masters)])
	master.Pause()
	s := open(t, redis.Options{Addrs: c.Addrs()})
	started := time.Now()
	if _, acquired, err := s.Begin(t.Context(), hung); acquired || !unavailable(err) || time.Since(started) > soonEnough {
		t.Errorf("acquired %t, %v after %v", acquired, err, time.Since(started))
	}
	holds(t, s, well)
	master.Continue()
	holds(t, s, hung)
}

// TestClusterMovedSlot: a pinned connection is redirected to the new server of its slot.
func TestClusterMovedSlot(t *testing.T) {
	c := redistest.StartCluster(t)
	from, to := c.Masters[0], c.Masters[1]
	c.Replicate(to)
	s := open(t, redis.Options{Addrs: c.Addrs(), WaitReplicas: 1})
	claim := claimOn(c, from)
	if _, acquired, err := s.Begin(t.Context(), claim); acquired || !unavailable(err) { // loads the slots; no replica confirms
		t.Fatalf("acquired %t, %v", acquired, err)
	}
	if err := s.Release(t.Context(), claim.ID, claim.Owner); err != nil {
		t.Fatal(err)
	}
	checks := "sb:{" + claim.ID[:2] + "}:keys"
	slot := from.Do("CLUSTER", "KEYSLOT", checks)
	target := to.Do("CLUSTER", "MYID")
	to.Do("CLUSTER", "SETSLOT", slot, "IMPORTING", from.Do("CLUSTER", "MYID"))
	from.Do("MIGRATE", "127.0.0.1", to.Port(), checks, 0, patience.Milliseconds())
	for _, node := range []*redistest.Server{to, from, c.Masters[2]} {
		node.Do("CLUSTER", "SETSLOT", slot, "NODE", target)
	}
	holds(t, s, claim)
}

// TestClusterNodeAlone: the address of one node is not enough, and Ready reports that.
func TestClusterNodeAlone(t *testing.T) {
	c := redistest.StartCluster(t)
	s := open(t, redis.Options{Addrs: c.Addrs()[:1]})
	if err := ready(t, s); !unavailable(err) || !strings.Contains(err.Error(), "at least two of its nodes") {
		t.Errorf("Ready: %v", err)
	}
	if _, acquired, err := s.Begin(t.Context(), claimOn(c, c.Masters[2])); acquired || !unavailable(err) {
		t.Errorf("Begin: acquired %t, %v", acquired, err)
	}
}

// claimOn returns a claim whose record belongs to a master.
func claimOn(c *redistest.Cluster, master *redistest.Server) idempotency.Claim {
	for {
		claim := newClaim()
		if c.Owner("{"+claim.ID[:2]+"}") == master {
			return claim
		}
	}
}

func TestSentinel(t *testing.T) {
	g := redistest.StartSentinel(t)
	o := redis.Options{Addrs: g.Addrs(), Master: g.Name}
	s := open(t, o)
	o.WaitReplicas = 1
	callEveryMethod(t, openPatient(t, o))
	c := newClaim()
	if err := begin(t, s, c, true); err != nil {
		t.Fatal(err)
	}
	g.Failover()
	eventually(t, "the claim is finished on the new master", func() error { return s.Finish(t.Context(), c.ID, c.Owner, []byte("result")) })
	wantState(t, s, c, idempotency.Done)
	holds(t, s, newClaim())

	g.Watcher.Pause() // a store that knows the master goes on
	holds(t, s, newClaim())
	o.WaitReplicas = 0
	late := open(t, o)
	started := time.Now()
	if _, acquired, err := late.Begin(t.Context(), c); acquired || !unavailable(err) || time.Since(started) > soonEnough {
		t.Errorf("acquired %t, %v after %v", acquired, err, time.Since(started))
	}
	g.Watcher.Continue()
	holds(t, late, newClaim())
}
