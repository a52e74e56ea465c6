package redis

import (
	"context"
	"net"
	"time"
)

// DuePerSweep is for a test of the bound.
const DuePerSweep = duePerSweep

// IOTime bounds a read from a server, unless the caller's deadline is earlier.
var IOTime = defaultTiming.io

// Dial makes connections.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// NewPatient returns a store that behaves the same on a machine of any speed. Its connections come from dial, if it is not nil.
func NewPatient(o Options, dial Dial) *Store {
	const patience = 20 * time.Second
	t := timing{call: 4 * patience, list: 4 * patience, ready: patience, dial: patience, io: 2 * patience, pool: patience, replicas: patience,
		topology: time.Hour}
	u := o.universal(t)
	u.Dialer = dial
	return newStore(o, u, t)
}
