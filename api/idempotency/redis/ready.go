package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
)

// Ready implements idempotency.Store, within 300 ms: each master answers, is a master, may not evict, has memory left and the replicas that
// claims wait for, and may run every command of this package; and the checks of the keys are those of this process. The error names what to
// set. When INFO is forbidden, the other checks must do.
func (s *Store) Ready(ctx context.Context) (idempotency.Readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.ready)
	defer cancel()
	groups, err := s.byMaster(ctx, allShards())
	if err != nil {
		return idempotency.Readiness{}, s.unavailable(ctx, err)
	}
	results := make(chan serverReadiness, len(groups))
	for node, shards := range groups {
		go func() { // panics: Run survives them, and the server counts as not ready
			r := serverReadiness{err: guard.ErrPanic}
			s.guard.Run("readiness", func() { r = s.readyServer(ctx, node, shards[0]) })
			results <- r
		}()
	}
	var found idempotency.Readiness
	for range groups {
		r := <-results
		err = errors.Join(err, r.err)
		found.PolicyUnverified = found.PolicyUnverified || !r.verified
	}
	if e, evicts := errors.AsType[*evicting](err); evicts || err == nil {
		s.evicts.Store(e)
	}
	// Another key is reported beside any other error: waiting does not fix it.
	if looked := s.look(ctx, allShards()...); err == nil || errors.As(looked, new(*idempotency.Mismatch)) {
		err = errors.Join(err, looked)
	}
	if err != nil {
		return idempotency.Readiness{}, s.unavailable(ctx, err)
	}
	return found, nil
}

type serverReadiness struct {
	verified bool // INFO has shown how the master keeps records
	err      error
}

func (s *Store) readyServer(ctx context.Context, node *goredis.Client, shard int) (r serverReadiness) {
	if s.cluster != nil {
		if r.err = clusterState(ctx, node); r.err != nil {
			return r
		}
	}
	text, err := node.Info(ctx).Result()
	if r.verified = err == nil; r.verified {
		r.verified, err = s.judge(ctx, node, parseInfo(text))
	}
	if err != nil && !isForbidden(err) {
		r.err = err
		return r
	}
	keys := []string{layout[shard].prefix + "probe"}
	probed, err := scriptProbe.Eval(ctx, node, keys).Text() // as the first claim does
	if err == nil {
		probed, err = scriptProbe.EvalSha(ctx, node, keys).Text() // as the others do
	}
	if err == nil && probed != "ready" {
		err = errors.New("the server returned an answer that no script returns")
	}
	if err == nil && s.replicas > 0 {
		err = node.Wait(ctx, 0, time.Millisecond).Err() // for no replica: it answers at once
	}
	if err != nil {
		r.err = fmt.Errorf("the commands that keep records cannot run: %w", err)
	}
	return r
}

func clusterState(ctx context.Context, node *goredis.Client) error {
	state, err := node.ClusterInfo(ctx).Result()
	if got := parseInfo(state)["cluster_state"]; err == nil && got != "ok" {
		return fmt.Errorf("%s reports that the state of the cluster is %q: see CLUSTER INFO there", node.Options().Addr, got)
	}
	if isForbidden(err) {
		return nil
	}
	return err
}

// isForbidden reports whether this user may not run the command. Managed servers rename commands or remove them, which is not a fault.
func isForbidden(err error) bool {
	return goredis.HasErrorPrefix(err, "NOPERM") || goredis.HasErrorPrefix(err, "ERR unknown command")
}

func (s *Store) judge(ctx context.Context, node *goredis.Client, info map[string]string) (verified bool, err error) {
	s.file.Do(func() {
		const lost = "claims may be lost when it stops, and what was sent could be sent again; set "
		synced, err := node.ConfigGet(ctx, "appendfsync").Result() // which a managed server may refuse
		switch {
		case info["aof_enabled"] == "0":
			s.log.WarnContext(ctx, "redis keeps no append-only file: "+lost+"appendonly yes")
		case err == nil && synced["appendfsync"] != "" && synced["appendfsync"] != "always":
			s.log.WarnContext(ctx, "redis writes its append-only file later: "+lost+"appendfsync always")
		}
	})
	_, verified = info["maxmemory_policy"]
	return verified, errors.Join(s.role(info), eviction(info), room(info))
}

func (s *Store) role(info map[string]string) error {
	switch {
	case info["role"] != "master":
		return fmt.Errorf("the server's role is %q: connect to the master", info["role"])
	case info["redis_mode"] == "cluster" && s.cluster == nil:
		return errors.New("the server belongs to a cluster: configure the addresses of at least two of its nodes")
	case number(info["connected_slaves"]) < int64(s.replicas):
		return fmt.Errorf("%d replicas must confirm a claim, and %s are connected", s.replicas, info["connected_slaves"])
	case info["min_slaves_good_slaves"] == "0": // shown only when the server requires some, without their number
		return errors.New("the server writes nothing without replicas, and none is in step: see its min-replicas-to-write")
	}
	return nil
}

// noEviction is the only policy under which a server never drops a record by itself.
const noEviction = "noeviction"

// evicting is the error for another policy.
type evicting struct{ policy string }

func (e *evicting) Error() string {
	return fmt.Sprintf("the server's maxmemory-policy is %q, which may drop claims: set maxmemory-policy %s", e.policy, noEviction)
}

func eviction(info map[string]string) error {
	if policy, shown := info["maxmemory_policy"]; shown && policy != noEviction {
		return &evicting{policy}
	}
	return nil
}

// room compares as the server does before it writes, without the buffers for replicas and the append-only file.
// https://redis.io/docs/latest/develop/reference/eviction/#maxmem
func room(info map[string]string) error {
	limit, used := number(info["maxmemory"]), number(info["used_memory"])-number(info["mem_not_counted_for_evict"])
	if limit > 0 && used > limit {
		return fmt.Errorf("the server is out of memory: it uses %d bytes of at most %d; raise maxmemory", used, limit)
	}
	return nil
}

// number returns 0 for a missing line or another text: not every server has all lines.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
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
