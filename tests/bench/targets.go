package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"soapbridge/tests/kit"
)

// targets are the programs that are measured.
type targets struct {
	procs               *processes
	stub                *stub
	redis               *kit.Process
	redisPort           string
	product, plain, gin *kit.Process
	apiKey              string
	bodies              map[string][]byte // of requests, by operation
}

// files of the requests and replies of the operations that are measured.
var files = map[string]struct{ body, reply string }{
	"CreateWorkFlowManager": {"tests/bench/workflow.json", "translate/customercare/testdata/replies/ok-workflow.xml"},
	"UpdateCustomerPIN":     {"translate/customercare/testdata/UpdateCustomerPIN/full.json", "translate/customercare/testdata/replies/ok-pin.xml"},
	"CreateCallLog":         {"translate/customercare/testdata/CreateCallLog/full.json", "translate/customercare/testdata/replies/throw-client.xml"}, // a fault
	"CreateComplexAccount":  {"translate/emersion/testdata/CreateComplexAccount/full.json", "translate/emersion/testdata/CreateComplexAccount/reply.xml"},
}

// start builds the product and starts it, with settings beside those of production, with what it needs. One request has been sent.
func start(ctx context.Context, p *processes, settings map[string]string) (*targets, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	t := &targets{procs: p, bodies: map[string][]byte{}}
	for name, f := range files {
		if t.bodies[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.body))); err != nil {
			return nil, err
		}
	}
	if t.stub, err = newStub(dir); err != nil {
		return nil, err
	}
	binary := filepath.Join(p.dir, "soapbridge")
	if err := kit.Build(binary, "-tags", "nomsgpack"); err != nil {
		return nil, err
	}
	if settings["MEMORY_STORE"] == "" {
		url, err := t.startRedis()
		if err != nil {
			return nil, err
		}
		settings = kit.With(settings, map[string]string{"REDIS_URL": url, "NAME_KEY": random32(), "SECRET_KEYS": "k1:" + random32()})
	}
	if err := t.startProduct(ctx, binary, settings); err != nil {
		return nil, err
	}
	first, err := t.write("CreateWorkFlowManager", 1).connect()
	if err != nil {
		return nil, err
	}
	defer first.close()
	_, err = first.run(ctx, amount{kit.Patience, 1})
	return t, err
}

// startOthers starts the proxies that the product is compared with.
func (t *targets) startOthers() error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	if t.plain, err = t.procs.measured("reverseproxy", nil, own, "pass", "reverseproxy", t.stub.url); err != nil {
		return err
	}
	t.gin, err = t.procs.measured("gin", nil, own, "pass", "gin", t.stub.url)
	return err
}

// startRedis returns the server's URL.
func (t *targets) startRedis() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	_ = l.Close()
	_, t.redisPort, _ = net.SplitHostPort(address) // it comes from an address
	args := []string{"--bind", "127.0.0.1", "--port", t.redisPort, "--save", "", "--appendonly", "no"}
	server := kit.Command{Name: "redis", Binary: "redis-server", Args: args, Folder: t.procs.dir}
	if t.redis, err = t.procs.add(server.Start()); err != nil {
		return "", fmt.Errorf("redis-server: %w (apt-get install redis-server)", err)
	}
	return "redis://" + address, nil
}

// startProduct starts the product as it is run in production: with an API key, its log and its metrics.
func (t *targets) startProduct(ctx context.Context, binary string, settings map[string]string) error {
	out, err := exec.CommandContext(ctx, binary, "keys", "new", "--id", "bench").Output()
	if err != nil {
		return fmt.Errorf("keys new: %w", err)
	}
	var line string
	if t.apiKey, err = match(out, `(?m)^\s*(sb_bench\.\S+)`); err == nil {
		line, err = match(out, `(?m)^\s*(bench sha256:.*\S)`)
	}
	if err != nil {
		return fmt.Errorf("keys new: %w", err)
	}
	settings = kit.With(settings, map[string]string{
		"MODE": "production", "METRICS_LISTEN": "127.0.0.1:0", "PPROF": "on", "API_KEYS": line, "CUSTOMERCARE_DIRECT_TOKEN": "direct-token",
		"RATE_LIMIT": "1000000/s", "PIN_RATE_LIMIT": "1000000/s",
	})
	for _, system := range []string{"CUSTOMERCARE", "EMERSION"} {
		settings[system+"_URL"], settings[system+"_MAX_IN_FLIGHT"] = t.stub.url+"/"+strings.ToLower(system), "8192"
	}
	t.product, err = t.procs.measured("soapbridge", settings, binary, "serve", "--insecure")
	return err
}

func random32() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// loads are the rows of the table.
func (t *targets) loads() (list []load) {
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		for _, connections := range []int{1, 16, 64, 512} {
			group := []load{
				t.pass("ReverseProxy", t.plain, connections), t.pass("gin passing", t.gin, connections), t.write("CreateWorkFlowManager", connections),
				t.write("CreateComplexAccount", connections), t.write("UpdateCustomerPIN", connections),
			}
			where := strings.Replace(fmt.Sprintf(", %d connections", connections), " 1 connections", " 1 connection", 1)
			if delay > 0 {
				where += ", 20 ms upstream"
			} else { // the upstream has no part in the others
				group = append(group, t.replay(connections, lastKey.Load(), 1), t.refused(connections), t.preview(connections))
			}
			for _, l := range group {
				l.name, l.beside, l.delay = l.name+where, group[0].name+where, delay
				list = append(list, l)
			}
		}
	}
	return list
}

// pass is the envelope, to a proxy that passes it on.
func (t *targets) pass(name string, p *kit.Process, connections int) load {
	e := t.stub.first.Load()
	h := http.Header{"Host": {"localhost"}, "Content-Type": e.header["Content-Type"], "Soapaction": e.header["Soapaction"]}
	return load{name: name, process: p, connections: connections, statuses: []int{http.StatusOK}, request: message("/customercare", h, e.body)}
}

// write is a request with a key that is new each time.
func (t *targets) write(operation string, connections int) load {
	op := kit.Named(operation)
	return t.call(operation, op.Path, t.bodies[operation], op.Status, newKey, connections)
}

// replay is a request with so many keys in turn, which have results, from a first one on.
func (t *targets) replay(connections int, first, keys int64) load {
	l := t.write("CreateWorkFlowManager", connections)
	var last atomic.Int64
	l.name, l.next = "replay", func() int64 { return first + last.Add(1)%keys }
	return l
}

func (t *targets) refused(connections int) load {
	const mistake = `{"operatingCentre":1,`
	body := append([]byte(mistake), t.bodies["CreateWorkFlowManager"][1:]...)
	return t.call("validation error", kit.Named("CreateWorkFlowManager").Path, body, http.StatusUnprocessableEntity, newKey, connections)
}

func (t *targets) preview(connections int) load {
	path := kit.Named("CreateWorkFlowManager").Path + "/preview"
	return t.call("preview", path, t.bodies["CreateWorkFlowManager"], http.StatusOK, nil, connections) // it needs no key
}

// call is a request to the product with the key of a number.
func (t *targets) call(name, path string, body []byte, status int, next func() int64, connections int) load {
	request := message(path, t.header(), body)
	key := bytes.Index(request, []byte(firstKey)) + len(firstKey) - keyDigits
	return load{name: name, process: t.product, request: request, key: key, next: next, connections: connections, statuses: []int{status}}
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
