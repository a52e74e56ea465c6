package idempotency

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Ready implements Store, within 300 ms: each master answers, is one, may not evict, has room, has the replicas that claims wait for, and lets
// every command run that is needed; and the checks of the keys are those of this process. The error names what to set. Where INFO is
// forbidden the rest must do.
func (s *Redis) Ready(ctx context.Context) (Readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.ready)
	defer cancel()
	groups, err := s.byMaster(ctx, allShards())
	if err != nil {
		return Readiness{}, s.unavailable(ctx, err)
	}
	results := make(chan serverReadiness, len(groups))
	for node, shards := range groups {
		go func() { results <- s.readyServer(ctx, node, shards[0]) }()
	}
	var found Readiness
	for range groups {
		r := <-results
		err = errors.Join(err, r.err)
		found.PolicyUnverified = found.PolicyUnverified || !r.verified
	}
	// Another key is reported beside whatever else is wrong: it does not go away.
	if looked := s.look(ctx, allShards()...); err == nil || errors.As(looked, new(*Mismatch)) {
		err = errors.Join(err, looked)
	}
	if err != nil {
		return Readiness{}, s.unavailable(ctx, err)
	}
	return found, nil
}

// serverReadiness is what a master is good for.
type serverReadiness struct {
	verified bool // it could be asked how it keeps records
	err      error
}

func (s *Redis) readyServer(ctx context.Context, node *redis.Client, shard int) (r serverReadiness) {
	if s.cluster != nil {
		if r.err = clusterState(ctx, node); r.err != nil {
			return r
		}
	}
	text, err := node.Info(ctx).Result()
	if r.verified = err == nil; r.verified {
		r.verified, err = s.judge(ctx, parseInfo(text))
	}
	if err != nil && !isForbidden(err) {
		r.err = err
		return r
	}
	prefix, _, _ := redisShard(shard)
	keys := []string{prefix + "probe"}
	probed, err := scriptProbe.Eval(ctx, node, keys).Text() // as the first claim does
	if err == nil {
		probed, err = scriptProbe.EvalSha(ctx, node, keys).Text() // as the others do
	}
	if err == nil && probed != "ready" {
		err = errors.New("the server gave an answer that no script gives")
	}
	if err == nil && s.replicas > 0 {
		err = node.Wait(ctx, 0, time.Millisecond).Err() // for no replica: it answers at once
	}
	if err != nil {
		r.err = fmt.Errorf("the commands that keep records cannot run: %w", err)
	}
	return r
}

func clusterState(ctx context.Context, node *redis.Client) error {
	state, err := node.ClusterInfo(ctx).Result()
	if got := parseInfo(state)["cluster_state"]; err == nil && got != "ok" {
		return fmt.Errorf("%s says that the state of the cluster is %q: see CLUSTER INFO there", node.Options().Addr, got)
	}
	if isForbidden(err) {
		return nil
	}
	return err
}

// isForbidden reports that this user may not ask, which is not wrong. Managed servers rename commands or remove them.
func isForbidden(err error) bool {
	return redis.HasErrorPrefix(err, "NOPERM") || redis.HasErrorPrefix(err, "ERR unknown command")
}

func (s *Redis) judge(ctx context.Context, info map[string]string) (verified bool, err error) {
	if info["aof_enabled"] == "0" {
		s.noFile.Do(func() {
			s.log.WarnContext(ctx, "redis keeps no append-only file: claims may be lost when it restarts, and what was sent could be sent again; set appendonly yes")
		})
	}
	_, verified = info["maxmemory_policy"]
	return verified, errors.Join(s.role(info), eviction(info), room(info))
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
	if got, shown := info["maxmemory_policy"]; shown && got != want {
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

func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}
