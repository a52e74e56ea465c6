package ratelimit

import "time"

// SetPatience sets how long a call waits for Redis: a test of counts must not depend on how busy the machine is.
func (l *Limiter) SetPatience(d time.Duration) { l.wait = d }
