package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"soapbridge/tests/kit"
)

// growth measures how the cost grows with one quantity at a time, and draws a plot of each into a folder. Each begins with a new product and
// an empty Redis.
func growth(ctx context.Context, p plan, procs *processes) error {
	for _, g := range []struct {
		name    string
		measure func(context.Context, *targets, plan) (figure, error)
	}{{"growth-size.svg", sizes}, {"growth-connections.svg", connections}, {"growth-records.svg", records}} {
		if !strings.Contains(g.name, p.only) {
			continue
		}
		t, err := start(ctx, procs, map[string]string{"MAX_BODY": "2MiB"})
		if err != nil {
			return err
		}
		f, err := g.measure(ctx, t, p)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		procs.stop()
		f.caption += fmt.Sprintf(" The proxy has one core; clients, upstream and Redis share the others. Median of %d, measured by make growth on %s.",
			p.rounds, machine())
		if err := os.WriteFile(filepath.Join(p.growth, g.name), f.svg(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// track is what was measured along a quantity.
type track struct {
	xs      []float64
	samples []sample
}

func (t *track) add(x float64, s sample) { t.xs, t.samples = append(t.xs, x), append(t.samples, s) }

// of returns one figure of the samples.
func (t *track) of(figure func(sample) float64, name string) series {
	s := series{name: name}
	for i, x := range t.xs {
		s.points = append(s.points, point{x, figure(t.samples[i])})
	}
	return s
}

// sampled prints and returns a typical sample of a load. Each load has all its rounds before the next, larger one, whose memory stays for a while.
func (t *targets) sampled(ctx context.Context, p plan, a amount, l load) (sample, error) {
	results, err := t.rounds(ctx, []load{l}, p.rounds, a)
	if err != nil {
		return sample{}, err
	}
	s := typical(results[0])
	fmt.Printf("%s: %.0f/s, p50 %.2f ms, p99 %.2f ms, CPU %.0f µs, %.0f MiB, %.1f%% refused\n",
		l.name, s.rate, s.p50, s.p99, s.cpu, s.resident, 100*s.refused)
	return s, nil
}

func ofCPU(s sample) float64      { return s.cpu }
func ofP50(s sample) float64      { return s.p50 }
func ofP99(s sample) float64      { return s.p99 }
func ofResident(s sample) float64 { return s.resident }

// sizes measures requests with many array items, and with much text.
func sizes(ctx context.Context, t *targets, p plan) (figure, error) {
	f := figure{
		title: "CPU of the proxy for a CreateWorkFlowManager request, against its size",
		caption: "Items of nameValues, 42 bytes each; bodies of this size, nearly all of it one text. 16 connections, instant upstream. " +
			"Dashed: linear between the first and the last point; a cost that grows faster than the size lies below it.",
	}
	for _, c := range []struct {
		x     string
		unit  int
		sizes []int
		body  func(int) string
	}{
		{"array items", 1, []int{1, 10, 100, 1000, 10_000}, items},
		{"body (KiB)", 1 << 10, []int{1, 4, 16, 64, 256, 1024}, text},
	} {
		op := kit.Named("CreateWorkFlowManager")
		var writes track
		for _, x := range c.sizes {
			body := []byte(c.body(x * c.unit))
			s, err := t.sampled(ctx, p, amount{duration: p.duration}, t.call(fmt.Sprintf("%s: %d", c.x, x), op.Path, body, op.Status, newKey, 16))
			if err != nil {
				return f, err
			}
			writes.add(float64(x), s)
		}
		cpu := writes.of(ofCPU, "measured")
		f.panels = append(f.panels, panel{c.x, "CPU a request (µs)", true, []series{cpu, chord(cpu.points)}})
	}
	return f, nil
}

// items is a request with so many items in an array.
func items(n int) string {
	const item = `,{"name":"campaign","value":"spring move"}`
	return `{"accountNumber":"0123456789","workItemType":{"code":"MOVE"},"baseRequest":{"nameValues":[` + strings.Repeat(item, n)[1:] + `]}}`
}

// text is a request of so many bytes, most of them in one text.
func text(size int) string {
	const begin, end = `{"accountNumber":"0123456789","workItemType":{"code":"MOVE"},"requestor":{"memo":"`, `"}}`
	const memo = "Please call before 10 am, the gate is closed & the dog is out. "
	n := size - len(begin) - len(end)
	return begin + strings.Repeat(memo, n/len(memo)+1)[:n] + end
}

// chord is the straight line between the ends, which is a curve on logarithmic axes.
func chord(points []point) series {
	s := series{name: "linear", dashed: true}
	first, last := points[0], points[len(points)-1]
	const steps = 40
	for i := range steps + 1 {
		x := first.x * math.Pow(last.x/first.x, float64(i)/steps)
		s.points = append(s.points, point{x, first.y + (last.y-first.y)*(x-first.x)/(last.x-first.x)})
	}
	return s
}

// connections measures requests over more and more connections.
func connections(ctx context.Context, t *targets, p plan) (figure, error) {
	const most = 4096
	// The clients and the upstream are in this process, with a file for each connection. Go has raised its limit to the hard one.
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return figure{}, err
	}
	if files.Cur < 2*most+100 {
		return figure{}, fmt.Errorf("a process may open %d files, too few for %d connections on both sides: raise ulimit -Hn", files.Cur, most)
	}
	var writes track
	for n := 1; n <= most; n *= 4 {
		l := t.write("CreateWorkFlowManager", n)
		l.name += fmt.Sprintf(", connections: %d", n)
		l.statuses = append(l.statuses, http.StatusServiceUnavailable)   // where its record waits too long for Redis, see the idempotency store
		s, err := t.sampled(ctx, p, amount{duration: 2 * p.duration}, l) // some answers on each of the many
		if err != nil {
			return figure{}, err
		}
		writes.add(float64(n), s)
	}
	return figure{
		title: "CreateWorkFlowManager against the number of connections",
		caption: "Each connection sends its next request as soon as the last one is answered. Instant upstream. " +
			"Refused is what waits too long for Redis: nothing was sent.",
		panels: []panel{
			{"connections", "requests/s", false, []series{
				writes.of(func(s sample) float64 { return s.rate * (1 - s.refused) }, "done"),
				writes.of(func(s sample) float64 { return s.rate * s.refused }, "refused (503)"),
			}},
			{"connections", "latency (ms)", true, []series{writes.of(ofP99, "p99"), writes.of(ofP50, "p50")}},
			{"connections", "memory of the proxy (MiB)", false, []series{writes.of(ofResident, "resident")}},
		},
	}, nil
}

// records measures replays and new writes while Redis retains more and more records.
func records(ctx context.Context, t *targets, p plan) (figure, error) {
	r := retained{targets: t, first: lastKey.Load()}
	var replays, writes, redis track
	for _, n := range []int64{1, 1000, 10_000, 100_000, 1_000_000} {
		if err := r.fill(ctx, n); err != nil {
			return figure{}, err
		}
		before := r.count()
		replay, write := t.replay(64, r.first, r.own()), t.write("CreateWorkFlowManager", 64)
		replay.name += fmt.Sprintf(", records: %d", before)
		replayed, err := t.sampled(ctx, p, amount{duration: p.duration}, replay)
		if err != nil {
			return figure{}, err
		}
		write.name += fmt.Sprintf(", records: from %d", before)
		few := amount{kit.Patience, max(240, min(2*n, 8000))} // so that all rounds stay below the next number
		written, err := t.sampled(ctx, p, few, write)
		if err != nil {
			return figure{}, err
		}
		memory, err := resident(t.redis.PID())
		if err != nil {
			return figure{}, err
		}
		replays.add(float64(before), replayed)
		writes.add(float64(before+r.count())/2, written)
		redis.add(float64(r.count()), sample{resident: memory})
	}
	return figure{
		title: "Replays and new writes of CreateWorkFlowManager, against the records that Redis retains",
		caption: "New writes are at the mean number of records while they were measured. The first 1,000 records, and all new writes, came through the API " +
			"and are replayed in turn; the others are copies of them, made in Redis under names of the same form. 64 connections, instant upstream.",
		panels: []panel{
			{"records", "CPU a request (µs)", false, []series{writes.of(ofCPU, "new write"), replays.of(ofCPU, "replay")}},
			{"records", "latency, p50 (ms)", false, []series{writes.of(ofP50, "new write"), replays.of(ofP50, "replay")}},
			{"records", "resident memory (MiB)", true, []series{redis.of(ofResident, "Redis"), replays.of(ofResident, "proxy")}},
		},
	}, nil
}

// retained are the records that Redis retains.
type retained struct {
	*targets

	first, copies int64
}

// own is the number of records that came through the API, with the keys from the first on.
func (r *retained) own() int64 { return lastKey.Load() - r.first + 1 }

func (r *retained) count() int64 { return r.own() + r.copies }

// fill adds records until there are so many.
func (r *retained) fill(ctx context.Context, n int64) error {
	const most = 1000 // through the API, which would take minutes for all
	if missing := min(n, most) - r.own(); missing > 0 {
		c, err := r.write("CreateWorkFlowManager", 1).connect()
		if err != nil {
			return err
		}
		defer c.close()
		if _, err := c.run(ctx, amount{kit.Patience, missing}); err != nil {
			return err
		}
	}
	for r.count() < n {
		if err := r.copyRecords(ctx, min(n-r.count(), 10_000)); err != nil { // few enough that Redis answers the product in between
			return err
		}
	}
	return nil
}

// copyScript copies a record, with its retention, to names of the same form: see recordKey in api/idempotency/redis.
const copyScript = `
local record
repeat record = redis.call('RANDOMKEY') until string.find(record, '-', 1, true)
for i = ARGV[1], ARGV[2] do
  local shard = string.format('%02x', i % 256)
  redis.call('COPY', record, string.format('sb:{%s}:%s%06x-0000-8000-8000-%012x', shard, shard, math.floor(i / 256), i))
end
return redis.call('DBSIZE')`

func (r *retained) copyRecords(ctx context.Context, n int64) error {
	out, err := exec.CommandContext(ctx, "redis-cli", "-e", "-p", r.redisPort, "EVAL", copyScript, "0",
		strconv.FormatInt(r.copies, 10), strconv.FormatInt(r.copies+n-1, 10)).CombinedOutput()
	r.copies += n
	if err != nil {
		return fmt.Errorf("redis-cli: %w: %s", err, out)
	}
	if size, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64); err != nil || size < r.count() {
		return fmt.Errorf("the keys in Redis are %s, want at least %d", out, r.count())
	}
	return nil
}
