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
	"sync/atomic"
	"time"
)

// stub is a SOAP server that costs next to nothing: it reads a request, waits, and writes the reply of the operation that the request names.
type stub struct {
	url     string
	delay   atomic.Int64 // nanoseconds
	replies map[string][]byte
	first   atomic.Pointer[envelope] // that it received
}

// envelope is a request as the product sent it, for the proxies that only pass it on.
type envelope struct {
	body   []byte
	header http.Header
}

func newStub(dir string) (*stub, error) {
	s := &stub{replies: map[string][]byte{}}
	for operation, f := range files {
		if err := s.reply(operation, dir, f.reply); err != nil {
			return nil, err
		}
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

// reply lets the stub answer an operation with a file of a folder.
func (s *stub) reply(operation, dir, file string) error {
	body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	s.replies[operation] = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return err
}

func (s *stub) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
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
		if s.first.Load() == nil {
			s.first.Store(&envelope{body, request.Header})
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
