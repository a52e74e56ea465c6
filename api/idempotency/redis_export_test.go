package idempotency

import (
	"context"
	"net"
	"time"
)

// RedisDuePerSweep is for a test of the bound.
const RedisDuePerSweep = redisDuePerSweep

// RedisIOTime is what a read from a server may take when its caller gives it longer.
var RedisIOTime = redisDefaults.io

// Dial makes connections.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// NewPatientRedis gives a store that behaves alike on a machine of any speed. Its connections are those of dial, if there is one.
func NewPatientRedis(o RedisOptions, dial Dial) (*Redis, error) {
	const patience = 20 * time.Second
	times := redisTimes{call: 4 * patience, list: 4 * patience, ready: patience, dial: patience, io: 2 * patience, pool: patience, replicas: patience,
		topology: time.Hour}
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	u := o.universal(times)
	u.Dialer = dial
	return newRedis(o, u, times), nil
}
