package torture

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// session is what the clients of one key do with it. All of it follows from the seed and the key's number, but for the order in which
// things happen that happen at once.
type session struct {
	entity  *entity
	targets []target
	rng     *rand.Rand // of the session itself; each client has its own

	clients int
	rude    bool // retries whatever the answer says
	hasty   float64
	abuse   abuse
}

// abuse is the use of one key for something else.
type abuse int

const (
	none abuse = iota
	lateAbuse
	earlyAbuse // at the same time as the proper use: whichever comes first is the one that holds
)

func newSession(seed uint64, e *entity, targets []target) *session {
	rng := rand.New(rand.NewPCG(seed, uint64(e.number)))
	s := &session{entity: e, targets: targets, rng: rng}
	s.clients = 1 + pick(rng, .5, .3, .2)
	s.rude = rng.Float64() < .4
	s.hasty = .06
	s.abuse = abuse(pick(rng, .7, .22, .08))
	return s
}

// pick returns the index of a share, by chance.
func pick(rng *rand.Rand, shares ...float64) int {
	at := rng.Float64()
	for i, share := range shares {
		if at -= share; at < 0 {
			return i
		}
	}
	return len(shares) - 1
}

func (s *session) run(ctx context.Context) {
	var all sync.WaitGroup
	for range s.clients {
		rng := split(s.rng)
		all.Go(func() { s.use(ctx, rng) })
	}
	if s.abuse == earlyAbuse {
		rng := split(s.rng)
		all.Go(func() { s.misuse(ctx, rng) })
	}
	all.Wait()
	if s.abuse == lateAbuse {
		s.misuse(ctx, s.rng)
	}
}

func split(rng *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }

// use is one client's work: call, and then follow the answer, or not.
func (s *session) use(ctx context.Context, rng *rand.Rand) {
	again := rng.Float64() < .5 // after a success, to see it replayed
	for tries := 3 + rng.IntN(4); tries > 0; tries-- {
		a := s.call(ctx, rng, s.entity.proper())
		pause, goOn := s.next(rng, a)
		if a.succeeded() && again {
			again, goOn = false, true
		}
		if !goOn {
			return
		}
		time.Sleep(pause)
	}
}

// secondsPerSecond is how much faster than Retry-After a client retries: a test has less time than a person.
const secondsPerSecond = 10

// next is what a client makes of an answer.
func (s *session) next(rng *rand.Rand, a attempt) (pause time.Duration, goOn bool) {
	if s.rude {
		return time.Duration(rng.IntN(20)) * time.Millisecond, true
	}
	switch {
	case a.err != nil:
		return time.Duration(10+rng.IntN(50)) * time.Millisecond, true
	case a.succeeded():
		return 0, false
	case a.problem.Retry == "safe":
		return 0, true
	case a.problem.Retry == "later", a.problem.Retry == "" && (a.status == 409 || a.status >= 500):
		seconds, _ := strconv.Atoi(a.retryIn)
		return min(time.Duration(max(seconds, 1))*time.Second/secondsPerSecond, 300*time.Millisecond), true
	}
	return 0, false
}

// call makes one call somewhere. A hasty client does not wait for the answer.
func (s *session) call(ctx context.Context, rng *rand.Rand, with call) attempt {
	with.style, with.quoted = style(rng.IntN(int(styles))), rng.IntN(2) == 0
	if rng.Float64() < s.hasty {
		hurried, cancel := context.WithTimeout(ctx, time.Duration(1+rng.IntN(300))*time.Millisecond)
		defer cancel()
		ctx = hurried
	}
	return s.entity.do(ctx, s.targets[rng.IntN(len(s.targets))], with)
}

// misuse sends another payload, or another operation, under the key.
func (s *session) misuse(ctx context.Context, rng *rand.Rand) {
	with := call{operation: s.entity.operation, variant: another}
	if rng.IntN(3) == 0 {
		with = call{operation: s.entity.operation.other(), variant: meant}
	}
	for range 1 + rng.IntN(2) {
		s.call(ctx, rng, with)
	}
}
