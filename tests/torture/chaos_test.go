package torture

import (
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"
)

// disaster is one thing that goes wrong, and passes.
type disaster struct {
	name   string
	strike func(*rand.Rand)
}

// chaos lets disasters happen, one after the other, in an order that follows from the seed: all of them before any comes again.
type chaos struct {
	rng       *rand.Rand
	disasters []disaster
	pause     time.Duration // the longest between two

	mu    sync.Mutex
	count map[string]int
	order []int
}

func newChaos(seed uint64, pause time.Duration, disasters ...disaster) *chaos {
	return &chaos{rng: rand.New(rand.NewPCG(seed, 3)), disasters: disasters, pause: pause, count: map[string]int{}}
}

// until lets disasters happen until over is closed.
func (c *chaos) until(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(time.Duration(c.rng.Int64N(int64(c.pause)))):
		}
		if len(c.order) == 0 {
			c.order = c.rng.Perm(len(c.disasters))
		}
		next := c.disasters[c.order[0]]
		c.order = c.order[1:]
		next.strike(c.rng)
		c.mu.Lock()
		c.count[next.name]++
		c.mu.Unlock()
	}
}

// complete reports whether every disaster has happened.
func (c *chaos) complete() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.count) == len(c.disasters)
}

// upTo passes some time, and not too little of it: a disaster has to be long enough to have an effect.
func upTo(rng *rand.Rand, most time.Duration) {
	time.Sleep(most/8 + time.Duration(rng.Int64N(int64(most-most/8))))
}

// onProxies are the disasters of processes. They run beside those of the surroundings.
func (c *cluster) onProxies(t *testing.T) []disaster {
	anyone := func(rng *rand.Rand) *proxy { return c.proxies[rng.IntN(len(c.proxies))] }
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	kill := func(rng *rand.Rand) {
		p := anyone(rng)
		must(p.kill())
		upTo(rng, 300*time.Millisecond)
		must(p.start())
	}
	stop := func(rng *rand.Rand) {
		p := anyone(rng)
		must(p.signal(syscall.SIGSTOP))
		upTo(rng, 1200*time.Millisecond)
		must(p.signal(syscall.SIGCONT))
	}
	return []disaster{
		{"a proxy is killed", kill},
		{"a proxy is killed once more", kill},
		{"a proxy is stopped for a while", stop},
		{"a proxy is stopped for a while once more", stop},
		{"a proxy is terminated", func(rng *rand.Rand) {
			p := anyone(rng)
			must(p.terminate())
			must(p.start())
		}},
	}
}

// onSurroundings are the disasters of Redis, the network and the vendor. They must run on the test's own goroutine.
func (c *cluster) onSurroundings(t *testing.T) []disaster {
	weather := func(name string, w weather, longest time.Duration) disaster {
		return disaster{name, func(rng *rand.Rand) {
			l := c.links[rng.IntN(len(c.links))]
			l.set(w)
			upTo(rng, longest)
			l.set(rough)
		}}
	}
	return []disaster{
		{"Redis is terminated and restarted", func(rng *rand.Rand) {
			c.redis.Stop()
			upTo(rng, 300*time.Millisecond)
			c.redis.Restart()
		}},
		{"Redis is killed and restarted", func(rng *rand.Rand) {
			c.redis.Kill()
			upTo(rng, 300*time.Millisecond)
			c.redis.Restart()
		}},
		{"Redis is stopped for a while", func(rng *rand.Rand) {
			c.redis.Pause()
			upTo(rng, 1200*time.Millisecond)
			c.redis.Continue()
		}},
		{"Redis forgets its scripts", func(*rand.Rand) {
			c.redis.Await(func(reply string) bool { return reply == "OK" }, "SCRIPT", "FLUSH") // it may still be loading
		}},
		{"all connections of a link are reset", func(rng *rand.Rand) { c.links[rng.IntN(len(c.links))].cutAll() }},
		weather("a link is stormy", storm, 2*time.Second),
		weather("a link is stormy once more", storm, 2*time.Second),
		weather("a link is dead", dead, time.Second),
		weather("a link is a black hole", black, 2*time.Second),
		{"the vendor refuses connections", func(rng *rand.Rand) {
			c.vendor.down()
			upTo(rng, 800*time.Millisecond)
			c.vendor.up(t)
		}},
	}
}
