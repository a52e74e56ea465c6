package upstream

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/translate/soap"
)

// inBubble runs a test on a fake clock, with a client whose connections are pipes to handle.
func inBubble(t *testing.T, handle func(*peer), test func(t *testing.T, c *Client, s *server), change ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := client(t, "http://soap.example.com/", change...)
		c.dialer.tcp = func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			p := &peer{Conn: far, Reader: bufio.NewReader(far), server: s, number: s.conns.Add(1)}
			s.wg.Go(func() {
				defer s.ended.Add(1)
				defer func() { _ = far.Close() }()
				handle(p)
			})
			return near, nil
		}
		test(t, c, s)
		c.Close()
		s.wg.Wait()
	})
}

func silent(p *peer) { p.request(); p.wait() }

func TestConfiguredTimeout(t *testing.T) {
	inBubble(t, silent, func(t *testing.T, c *Client, s *server) {
		start := time.Now()
		_, err := try(c, t.Context(), message("1"))
		mustFail(t, err, soap.TimedOut)
		if took := time.Since(start); took != 25*time.Second {
			t.Errorf("took %s", took)
		}
		if got := s.executed.Load(); got != 1 {
			t.Errorf("executed %d times", got)
		}
	}, func(cfg *Config) { cfg.Timeout = 25 * time.Second })
}

func TestDeadlineOfTheCaller(t *testing.T) {
	inBubble(t, silent, func(t *testing.T, c *Client, _ *server) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("a cause of their own"))
		defer cancel()
		start := time.Now()
		_, err := try(c, ctx, message("1"))
		mustFail(t, err, soap.TimedOut)
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestDialTimeout(t *testing.T) {
	inBubble(t, silent, func(t *testing.T, c *Client, _ *server) {
		c.dialer.tcp = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		start := time.Now()
		_, err := try(c, t.Context(), message("1"))
		mustFail(t, err, soap.Unreachable)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s", took)
		}
	}, func(cfg *Config) { cfg.DialTimeout = 2 * time.Second })
}

func TestDialTimeoutCoversTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "https://soap.example.com/", func(cfg *Config) { cfg.DialTimeout = 2 * time.Second })
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		c.dialer.tcp = func(context.Context, string, string) (net.Conn, error) { return near, nil }
		start := time.Now()
		_, err := try(c, t.Context(), message("1"))
		if sendErr := mustFail(t, err, soap.Unreachable); !isTimeout(sendErr) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s", took)
		}
		_ = far.Close()
	})
}

func TestIdleConnectionIsGivenUp(t *testing.T) {
	inBubble(t, echo, func(t *testing.T, c *Client, s *server) {
		for range 2 {
			reply, err := try(c, t.Context(), message("1"))
			mustReply(t, reply, err, 200, "1")
			time.Sleep(DefaultIdleTimeout - 1)
		}
		synctest.Wait()
		if got, ended := s.conns.Load(), s.ended.Load(); got != 1 || ended != 0 {
			t.Errorf("got %d connections, %d ended", got, ended)
		}
		time.Sleep(time.Nanosecond + time.Millisecond) // a pipe's last byte is waited for
		synctest.Wait()
		if ended := s.ended.Load(); ended != 1 {
			t.Errorf("%d connections ended", ended)
		}
	}, func(cfg *Config) { cfg.IdleTimeout = 0 })
}

func TestIdleConnectionsAreLimited(t *testing.T) {
	inBubble(t, echoHeld, func(t *testing.T, c *Client, s *server) {
		gather := make(chan struct{})
		s.setHold(func() { <-gather })
		for range 3 {
			go func() { _, _ = try(c, t.Context(), message("1")) }()
		}
		synctest.Wait()
		close(gather)
		synctest.Wait()
		if ended := s.ended.Load(); ended != 1 {
			t.Errorf("%d of 3 connections ended, want 1: one is kept, and one may rest", ended)
		}
	}, func(cfg *Config) { cfg.MaxIdle = 1 })
}

func TestSendBefore(t *testing.T) {
	const lease = time.Minute
	t.Run("over at the call", func(t *testing.T) {
		inBubble(t, echo, func(t *testing.T, c *Client, s *server) {
			_, err := try(c, t.Context(), before(message("1"), time.Now()))
			if sendErr := mustFail(t, err, soap.Unreachable); !errors.Is(sendErr, errTooLate) {
				t.Errorf("got %v", err)
			}
			if got := s.conns.Load(); got != 0 {
				t.Errorf("got %d connections", got)
			}
		})
	})
	t.Run("over when connected", func(t *testing.T) {
		received := -1
		handle := func(p *peer) {
			all, _ := io.ReadAll(p)
			received = len(all)
		}
		inBubble(t, handle, func(t *testing.T, c *Client, s *server) {
			dial := c.dialer.tcp
			c.dialer.tcp = func(ctx context.Context, network, address string) (net.Conn, error) {
				time.Sleep(lease)
				return dial(ctx, network, address)
			}
			_, err := try(c, t.Context(), before(message("1"), time.Now().Add(lease)))
			if sendErr := mustFail(t, err, soap.Unreachable); !errors.Is(sendErr, errTooLate) {
				t.Errorf("got %v", err)
			}
			s.wg.Wait()
			if received != 0 {
				t.Errorf("the server received %d bytes", received)
			}
		}, func(cfg *Config) { cfg.Timeout, cfg.DialTimeout = time.Hour, time.Hour })
	})
	t.Run("over when a kept connection is stale", func(t *testing.T) {
		inBubble(t, echo, func(t *testing.T, c *Client, s *server) {
			var requests atomic.Int64
			dial := c.dialer.tcp
			c.dialer.tcp = func(ctx context.Context, network, address string) (net.Conn, error) {
				raw, err := dial(ctx, network, address)
				return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) {
					if requests.Add(1) == 1 {
						return pass, nil
					}
					time.Sleep(lease)
					return 0, net.ErrClosed
				}}, err
			}
			reply, err := try(c, t.Context(), message("1"))
			mustReply(t, reply, err, 200, "1")
			_, err = try(c, t.Context(), before(message("2"), time.Now().Add(lease)))
			mustFail(t, err, soap.Unreachable)
			if conns, executed := s.conns.Load(), s.executed.Load(); conns != 1 || executed != 1 {
				t.Errorf("got %d connections and %d executions", conns, executed)
			}
		}, func(cfg *Config) { cfg.Timeout, cfg.IdleTimeout = time.Hour, time.Hour })
	})
	t.Run("over after the first byte", func(t *testing.T) {
		handle := func(p *peer) {
			_, _ = p.Peek(1)
			time.Sleep(lease)
			echo(p)
		}
		inBubble(t, handle, func(t *testing.T, c *Client, _ *server) {
			reply, err := try(c, t.Context(), before(message("1"), time.Now().Add(lease)))
			mustReply(t, reply, err, 200, "1")
		}, func(cfg *Config) { cfg.Timeout = time.Hour })
	})
}

// before limits when a message may be sent.
func before(m soap.Message, t time.Time) soap.Message {
	m.SendBefore = t
	return m
}

// panicking is a connection of which a write panics, once the system has taken its bytes.
type panicking struct{ net.Conn }

func (p panicking) Write(b []byte) (int, error) {
	_, _ = p.Conn.Write(b)
	panic("made up")
}

// TestPanicInTheBackground: a large request is written beside the reading of its reply. A panic there is guarded, and leaves the outcome unknown.
func TestPanicInTheBackground(t *testing.T) {
	var causes []any
	guarded := func(cfg *Config) {
		cfg.Events.Guard = func(f func()) {
			defer func() { causes = append(causes, recover()) }()
			f()
		}
	}
	inBubble(t, silent, func(t *testing.T, c *Client, s *server) {
		dial := c.dialer.tcp
		c.dialer.tcp = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return panicking{conn}, err
		}
		_, err := try(c, t.Context(), message(strings.Repeat("x", writeAlone+1)))
		if mustFail(t, err, soap.TimedOut); len(causes) != 1 || causes[0] != "made up" || s.executed.Load() != 1 {
			t.Errorf("recovered %v, executed %d times", causes, s.executed.Load())
		}
	}, guarded)
}
