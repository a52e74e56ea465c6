package upstream

import (
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"soapbridge/translate/soap"
)

// treacherous answers like a server whose every connection may end at any moment. What it reads whole, it executes.
func treacherous(p *peer) {
	if rand.IntN(20) == 0 {
		p.reset() // before anything
		return
	}
	for {
		if rand.IntN(20) == 0 {
			_, _ = p.ReadByte() // in the middle of a request
			return
		}
		req, body := p.request()
		if req == nil {
			return
		}
		reply := replyOf(200, string(body))
		switch rand.IntN(12) {
		case 0:
			return // executed, no reply
		case 1:
			p.reset()
			return
		case 2:
			p.say(reply[:rand.IntN(len(reply))])
			return
		case 3:
			p.say(reply) // and close at once: the next request may be on its way
			return
		case 4:
			p.say(reply)
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			p.reset()
			return
		case 5:
			p.say(reply + replyOf(200, "surplus"))
		case 6:
			p.say("HTTP/1.1 307 Go\r\nLocation: /service\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body))
		default:
			p.say(reply)
		}
	}
}

// TestAtMostOnce hammers connections that are used again and break. Whatever happens: no message is executed twice, none that was
// reported unsent is executed at all, and every reply is the message's own.
func TestAtMostOnce(t *testing.T) {
	captureLog(t)
	ca := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS12}
	t.Run("plain", func(t *testing.T) {
		s := serve(t, treacherous)
		hammer(t, s, client(t, s.url()))
	})
	t.Run("TLS", func(t *testing.T) {
		s := serveTLS(t, cfg, treacherous)
		hammer(t, s, client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA = ca.pem }))
	})
}

func hammer(t *testing.T, s *server, c *Client) {
	t.Helper()
	const senders, each = 12, 200
	type result struct {
		kind  soap.SendErrorKind
		reply string
	}
	results := make([][]result, senders)
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for n := range each {
				reply, err := try(c, t.Context(), message(messageID(sender, n)))
				r := result{reply: string(reply.Body)}
				if sendErr := new(soap.SendError); errors.As(err, &sendErr) {
					r.kind = sendErr.Kind
				}
				results[sender] = append(results[sender], r)
			}
		})
	}
	wg.Wait()
	c.Close()
	s.stop()
	seen := map[soap.SendErrorKind]int{}
	for sender, list := range results {
		for n, r := range list {
			id := messageID(sender, n)
			executed := s.ids[id]
			seen[r.kind]++
			switch {
			case executed > 1:
				t.Errorf("%s was executed %d times", id, executed)
			case r.kind == soap.Unreachable && executed != 0:
				t.Errorf("%s was reported unsent, and executed", id)
			case r.kind == soap.TimedOut:
				t.Errorf("%s timed out", id)
			case r.kind == 0 && (executed != 1 || r.reply != id):
				t.Errorf("%s was executed %d times and got reply %q", id, executed, r.reply)
			}
		}
	}
	if conns := s.conns.Load(); seen[0] == 0 || seen[soap.Broken] == 0 || conns >= senders*each {
		t.Errorf("the test proves nothing: %v over %d connections", seen, conns)
	}
}

func messageID(sender, n int) string { return strconv.Itoa(sender) + "/" + strconv.Itoa(n) }

// FuzzReply has the server answer anything. Send ends, with a reply within the limit or with an error that repeats nothing.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		replyOf(200, "<ok/>"), chunked("<ok/>") + lastChunk, coded("gzip", zip("<ok/>")), "HTTP/1.1 100 Continue\r\n\r\n" + replyOf(500, ""),
		"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "", "\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		captureLog(t)
		s := serve(t, func(p *peer) {
			p.request()
			_, _ = p.Write(answer)
			p.finish()
		})
		c := client(t, s.url(), func(cfg *Config) { cfg.MaxReply = limit })
		reply, err := try(c, t.Context(), message("<a/>"))
		if err == nil {
			if len(reply.Body) > limit || reply.Status < 200 {
				t.Errorf("got status %d and %d bytes", reply.Status, len(reply.Body))
			}
		} else {
			mustFail(t, err, soap.Broken)
		}
		s.mustHaveExecuted(1)
	})
}
