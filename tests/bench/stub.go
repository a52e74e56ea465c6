package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// stub is a SOAP server that costs next to nothing: it reads a request, waits, and writes the reply of the operation that the request names.
type stub struct {
	url     string
	delay   atomic.Int64 // nanoseconds
	replies map[string][]byte

	mu   sync.Mutex
	seen map[string]envelope // what came last, by operation
}

// envelope is a request as the product sent it, for the proxies that only pass it on.
type envelope struct {
	body   []byte
	header http.Header
}

func newStub() (*stub, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	s := &stub{replies: map[string][]byte{}, seen: map[string]envelope{}}
	for operation, f := range files {
		body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.reply)))
		if err != nil {
			return nil, err
		}
		s.replies[operation] = fmt.Appendf(nil,
			"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.url = "http://" + l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s, nil
}

func (s *stub) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for first := true; ; first = false {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		operation := s.operation(body)
		if operation == "" {
			return
		}
		if first {
			s.remember(operation, envelope{body, request.Header})
		}
		if delay := s.delay.Load(); delay > 0 {
			time.Sleep(time.Duration(delay))
		}
		if _, err := conn.Write(s.replies[operation]); err != nil {
			return
		}
	}
}

func (s *stub) operation(body []byte) string {
	for name := range s.replies {
		if bytes.Contains(body, []byte(name)) {
			return name
		}
	}
	return ""
}

func (s *stub) remember(operation string, e envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[operation] = e
}

func (s *stub) last(operation string) (envelope, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, found := s.seen[operation]
	return e, found
}
