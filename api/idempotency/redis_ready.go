package idempotency

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Ready implements Store, within 300 ms: each master answers, is one, may not evict, has room, and has the replicas that claims wait for.
// The error names what to set. INFO is enough for it; servers of others often refuse CONFIG.
func (s *Redis) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.times.ready)
	defer cancel()
	check := s.readyCluster
	if s.cluster == nil {
		check = func(ctx context.Context) error { return s.readyServer(ctx, s.single) }
	}
	if err := check(ctx); err != nil {
		return s.unavailable(ctx, err)
	}
	return nil
}

func (s *Redis) readyCluster(ctx context.Context) error {
	return s.cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		state, err := node.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		if got := parseInfo(state)["cluster_state"]; got != "ok" {
			return fmt.Errorf("%s says that the state of the cluster is %q: see CLUSTER INFO there", node.Options().Addr, got)
		}
		return s.readyServer(ctx, node)
	})
}

func (s *Redis) readyServer(ctx context.Context, node *redis.Client) error {
	if err := node.Ping(ctx).Err(); err != nil { // refused while the server loads its data or cannot write its file
		return err
	}
	text, err := node.Info(ctx).Result()
	if err != nil {
		return err
	}
	info := parseInfo(text)
	if info["aof_enabled"] == "0" {
		s.noFile.Do(func() {
			s.log.WarnContext(ctx, "redis keeps no append-only file: claims may be lost when it restarts, and what was sent could be sent again; set appendonly yes")
		})
	}
	return errors.Join(s.role(info), eviction(info), room(info))
}

func (s *Redis) role(info map[string]string) error {
	switch {
	case info["role"] != "master":
		return fmt.Errorf("the server's role is %q: connect to the master", info["role"])
	case info["redis_mode"] == "cluster" && s.cluster == nil:
		return errors.New("the server belongs to a cluster: give the addresses of at least two of its nodes")
	case number(info["connected_slaves"]) < int64(s.replicas):
		return fmt.Errorf("%d replicas must confirm a claim, and %s are connected", s.replicas, info["connected_slaves"])
	case info["min_slaves_good_slaves"] == "0": // shown only where some are demanded, without their number
		return errors.New("the server writes nothing without replicas, and none is in step: see its min-replicas-to-write")
	}
	return nil
}

// eviction insists on the one policy under which the server never drops a record of its own accord.
func eviction(info map[string]string) error {
	const want = "noeviction"
	if got := info["maxmemory_policy"]; got != want {
		return fmt.Errorf("the server's maxmemory-policy is %q, by which it may drop claims: set maxmemory-policy %s", got, want)
	}
	return nil
}

// room compares as the server does before it writes: buffers for replicas and the append-only file do not count.
// https://redis.io/docs/latest/develop/reference/eviction/#maxmem
func room(info map[string]string) error {
	limit, used := number(info["maxmemory"]), number(info["used_memory"])-number(info["mem_not_counted_for_evict"])
	if limit > 0 && used > limit {
		return fmt.Errorf("the server is out of memory: it uses %d bytes of at most %d; raise maxmemory", used, limit)
	}
	return nil
}

// number is 0 for what is none: servers of others leave lines out.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// parseInfo reads name:value lines.
func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}
