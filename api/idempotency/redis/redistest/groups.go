package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Replicate starts a replica of the server and waits until it is in step.
func (s *Server) Replicate(directives ...string) *Server {
	s.tb.Helper()
	r := Start(s.tb, append([]string{"--replicaof", "127.0.0.1", s.Port()}, directives...)...)
	s.awaitReplica(r)
	return r
}

// awaitReplica waits until the replica and the server both report that it follows.
func (s *Server) awaitReplica(r *Server) {
	s.tb.Helper()
	r.Await(func(info string) bool { return strings.Contains(info, "master_link_status:up") }, "INFO", "replication")
	s.Await(func(info string) bool { return strings.Contains(info, "port="+r.Port()+",state=online") }, "INFO", "replication")
}

// Cluster is a Redis Cluster on this machine.
type Cluster struct {
	// Masters have a third of the slots each, in ascending order.
	Masters []*Server

	directives []string
}

// clusterSlots is the number of slots of every Redis Cluster:
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
const clusterSlots = 16384

// StartCluster starts a cluster of three masters, each with the directives.
func StartCluster(tb testing.TB, directives ...string) *Cluster {
	tb.Helper()
	const masters = 3
	c := &Cluster{directives: append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "5000"}, directives...)}
	for i := range masters {
		s := Start(tb, c.directives...)
		s.Do("CLUSTER", "SET-CONFIG-EPOCH", i+1)
		s.Do(addSlots(i*clusterSlots/masters, (i+1)*clusterSlots/masters)...)
		c.Masters = append(c.Masters, s)
	}
	for _, s := range c.Masters[1:] {
		s.Do("CLUSTER", "MEET", "127.0.0.1", c.Masters[0].Port())
	}
	for _, s := range c.Masters {
		s.Await(func(info string) bool {
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_size:%d\r\n", masters))
		}, "CLUSTER", "INFO")
	}
	return c
}

// addSlots is CLUSTER ADDSLOTS for [from, to): the form with ranges came with Redis 7.
func addSlots(from, to int) []any {
	args := []any{"CLUSTER", "ADDSLOTS"}
	for slot := from; slot < to; slot++ {
		args = append(args, slot)
	}
	return args
}

// Addrs are the masters' addresses.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Masters))
	for i, s := range c.Masters {
		addrs[i] = s.Addr()
	}
	return addrs
}

// Owner returns the master that has the slot of a key.
func (c *Cluster) Owner(key string) *Server {
	tb := c.Masters[0].tb
	tb.Helper()
	slot, ok := c.Masters[0].Do("CLUSTER", "KEYSLOT", key).(int64)
	if !ok {
		tb.Fatal("the reply to CLUSTER KEYSLOT is not a number")
	}
	for i, s := range c.Masters {
		if int(slot) < (i+1)*clusterSlots/len(c.Masters) {
			return s
		}
	}
	tb.Fatalf("no master has slot %d", slot)
	return nil
}

// Replicate adds a replica of a master to the cluster and waits until it is in step.
func (c *Cluster) Replicate(master *Server) *Server {
	tb := master.tb
	tb.Helper()
	r := Start(tb, c.directives...)
	r.Do("CLUSTER", "MEET", "127.0.0.1", master.Port())
	id := fmt.Sprint(master.Do("CLUSTER", "MYID"))
	r.Await(func(nodes string) bool { return strings.Contains(nodes, id) }, "CLUSTER", "NODES")
	r.Await(func(reply string) bool { return reply == "OK" }, "CLUSTER", "REPLICATE", id)
	master.awaitReplica(r)
	for _, s := range c.Masters { // only when connected to it do they notice that it takes over
		s.Await(func(nodes string) bool { return connected(nodes, r) }, "CLUSTER", "NODES")
	}
	return r
}

// connected reads CLUSTER NODES: https://redis.io/docs/latest/commands/cluster-nodes/#serialization-format
func connected(nodes string, s *Server) bool {
	for line := range strings.Lines(nodes) {
		if fields := strings.Fields(line); len(fields) > 7 && strings.HasPrefix(fields[1], s.Addr()+"@") {
			return fields[7] == "connected"
		}
	}
	return false
}

// Sentinel is a Redis with a replica, watched by one Sentinel.
type Sentinel struct {
	// Name is the Sentinel's name for the master.
	Name    string
	Master  *Server
	Replica *Server
	// Watcher is the Sentinel itself.
	Watcher *Server
}

// StartSentinel starts a master, its replica and a Sentinel that may fail over on its own vote.
func StartSentinel(tb testing.TB) *Sentinel {
	tb.Helper()
	s := &Sentinel{Name: "primary", Master: Start(tb)}
	s.Replica = s.Master.Replicate()
	s.Watcher = startWatcher(tb, s.Name, s.Master)
	s.Watcher.Await(func(reply string) bool { return strings.Contains(reply, s.Replica.Port()) }, "SENTINEL", "REPLICAS", s.Name)
	return s
}

// startWatcher starts a Sentinel with its own configuration file, in which it keeps its state.
func startWatcher(tb testing.TB, name string, master *Server) *Server {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "sentinel.conf")
	conf := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %s 1\nsentinel down-after-milliseconds %[1]s 1000\nsentinel failover-timeout %[1]s 5000\n",
		name, master.Port())
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, port: freePort(tb)}
	tb.Cleanup(s.cleanUp)
	p, err := run([]string{path, "--sentinel", "--port", s.Port(), "--bind", "127.0.0.1", "--daemonize", "no"})
	if err != nil {
		tb.Fatal(err)
	}
	s.process = p
	s.Await(func(reply string) bool { return reply == "PONG" }, "PING")
	return s
}

// Addrs are the addresses of the Sentinels.
func (s *Sentinel) Addrs() []string { return []string{s.Watcher.Addr()} }

// Failover makes the replica the master and waits until the Sentinel reports it.
func (s *Sentinel) Failover() {
	s.Watcher.tb.Helper()
	s.Watcher.Await(func(reply string) bool { return reply == "OK" }, "SENTINEL", "FAILOVER", s.Name)
	s.Watcher.Await(func(reply string) bool { return strings.Contains(reply, s.Replica.Port()) }, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", s.Name)
	s.Replica.Await(func(reply string) bool { return strings.HasPrefix(reply, "[master") }, "ROLE")
	s.Master, s.Replica = s.Replica, s.Master
}
