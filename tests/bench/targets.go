package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"soapbridge/tests/kit"
)

// targets are the programs that are measured.
type targets struct {
	product, plain, gin *kit.Process
	apiKey              string
	envelope            envelope          // of CreateWorkFlowManager
	bodies              map[string][]byte // of requests, by operation
}

// files of the requests and replies of the operations that are measured.
var files = map[string]struct{ body, reply string }{
	"CreateWorkFlowManager": {"tests/bench/workflow.json", "translate/customercare/testdata/replies/ok-workflow.xml"},
	"UpdateCustomerPIN":     {"translate/customercare/testdata/UpdateCustomerPIN/full.json", "translate/customercare/testdata/replies/ok-pin.xml"},
	"CreateComplexAccount":  {"translate/emersion/testdata/CreateComplexAccount/full.json", "translate/emersion/testdata/CreateComplexAccount/reply.xml"},
}

// start builds the product, starts all programs, and takes from the stub the envelope that the product sends.
func start(ctx context.Context, p *processes, s *stub) (*targets, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	t := &targets{bodies: map[string][]byte{}}
	for name, f := range files {
		body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.body)))
		if err != nil {
			return nil, err
		}
		t.bodies[name] = body
	}
	binary := filepath.Join(p.dir, "soapbridge")
	if err := kit.Build(binary, "-tags", "nomsgpack"); err != nil {
		return nil, err
	}
	if err := t.startProduct(ctx, p, s, binary); err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if t.plain, err = p.measured("reverseproxy", nil, own, "pass", "reverseproxy", s.url); err != nil {
		return nil, err
	}
	if t.gin, err = p.measured("gin", nil, own, "pass", "gin", s.url); err != nil {
		return nil, err
	}
	warm := t.write("warm up", "CreateWorkFlowManager", 1)
	if _, err := warm.measure(ctx, 100*time.Millisecond); err != nil {
		return nil, err
	}
	var found bool
	if t.envelope, found = s.last("CreateWorkFlowManager"); !found {
		return nil, errors.New("the product sent no envelope")
	}
	return t, nil
}

// startProduct starts the product as it is run in production: with Redis, an API key, its log and its metrics.
func (t *targets) startProduct(ctx context.Context, p *processes, s *stub, binary string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		return err
	}
	redis := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(redis) // it comes from an address
	server := kit.Command{Name: "redis", Binary: "redis-server", Args: []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"}, Folder: p.dir}
	if _, err := p.add(server.Start()); err != nil {
		return fmt.Errorf("redis-server: %w (apt-get install redis-server)", err)
	}
	out, err := exec.CommandContext(ctx, binary, "keys", "new", "--id", "bench").Output()
	var lines []string // the key, and the setting's line
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "bench") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if err != nil || len(lines) != 2 {
		return fmt.Errorf("keys new: %w: %s", err, out)
	}
	t.apiKey = lines[0]
	settings := map[string]string{
		"MODE": "production", "METRICS_LISTEN": "127.0.0.1:0", "PPROF": "on", "API_KEYS": lines[1], "REDIS_URL": "redis://" + redis, "NAME_KEY": random32(),
		"SECRET_KEYS": "k1:" + random32(), "CUSTOMERCARE_DIRECT_TOKEN": "direct-token",
	}
	for _, system := range []string{"CUSTOMERCARE", "EMERSION"} {
		settings[system+"_URL"], settings[system+"_MAX_IN_FLIGHT"] = s.url+"/"+strings.ToLower(system), "1024"
	}
	t.product, err = p.measured("soapbridge", settings, binary, "serve", "--insecure")
	return err
}

func random32() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// loads are the rows of the table.
func (t *targets) loads() (list []load) {
	const instant, slow = 0, 20 * time.Millisecond
	for _, shape := range []struct {
		connections int
		delay       time.Duration
	}{{64, instant}, {1, instant}, {512, instant}, {16, slow}, {64, slow}} {
		where := fmt.Sprintf("%d connections", shape.connections)
		if shape.delay > 0 {
			where += fmt.Sprintf(", upstream %s", shape.delay)
		}
		plain := t.pass("ReverseProxy, "+where, t.plain, shape.connections)
		gin := t.pass("gin passing, "+where, t.gin, shape.connections)
		write := t.write("CreateWorkFlowManager, "+where, "CreateWorkFlowManager", shape.connections)
		gin.beside, write.beside = plain.name, plain.name
		for _, l := range []load{plain, gin, write} {
			l.delay = shape.delay
			list = append(list, l)
		}
	}
	beside := list[0].name
	replay := t.write("replay", "CreateWorkFlowManager", 64)
	replay.key = 0
	refused := t.refused()
	preview := t.preview()
	for _, l := range []load{t.write("CreateComplexAccount", "CreateComplexAccount", 64), t.write("UpdateCustomerPIN", "UpdateCustomerPIN", 64), replay, refused, preview} {
		l.beside, l.name = beside, l.name+", 64 connections"
		list = append(list, l)
	}
	return list
}

// pass is the envelope, to a proxy that passes it on.
func (t *targets) pass(name string, p *kit.Process, connections int) load {
	h := http.Header{"Host": {"localhost"}, "Content-Type": t.envelope.header["Content-Type"], "Soapaction": t.envelope.header["Soapaction"]}
	return load{name: name, process: p, connections: connections, status: http.StatusOK, request: message("/customercare", h, t.envelope.body)}
}

// write is a request with a key that is new each time.
func (t *targets) write(name, operation string, connections int) load {
	op := kit.Named(operation)
	request := message(op.Path, t.header(), t.bodies[operation])
	return load{
		name: name, process: t.product, connections: connections, status: op.Status, request: request, key: bytes.Index(request, []byte(firstKey)) + len(firstKey) - keyDigits,
	}
}

func (t *targets) refused() load {
	const mistake = `{"operatingCentre":1,`
	l := t.write("validation error", "CreateWorkFlowManager", 64)
	l.request = message(kit.Named("CreateWorkFlowManager").Path, t.header(), append([]byte(mistake), t.bodies["CreateWorkFlowManager"][1:]...))
	l.status = http.StatusUnprocessableEntity
	return l
}

func (t *targets) preview() load {
	l := t.write("preview", "CreateWorkFlowManager", 64)
	l.request = message(kit.Named("CreateWorkFlowManager").Path+"/preview", t.header(), t.bodies["CreateWorkFlowManager"])
	l.status, l.key = http.StatusOK, 0 // it needs no key
	return l
}

// firstKey is an idempotency key whose last digits are counted up.
const firstKey = "6f0c2a51-7b1d-4e7a-9c55-000000000000"

func (t *targets) header() http.Header {
	return http.Header{
		"Host": {"localhost"}, "Content-Type": {"application/json"}, "Authorization": {"Bearer " + t.apiKey}, "Idempotency-Key": {firstKey},
	}
}

// message is a POST request as it goes over the wire.
func message(path string, header http.Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nContent-Length: %d\r\n", path, len(body))
	_ = header.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
