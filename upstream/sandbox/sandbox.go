// Package sandbox is a SOAP server in the place of the vendors' services: for trying the proxy out without a vendor, and for finding its
// bugs. It is stricter than any of them: where a real ASMX service silently loses an element in the wrong namespace, the sandbox answers a
// fault with the reason and the place.
//
// It judges requests with encoding/xml against the curated vendor samples and imports nothing of this module, on purpose: a
// wrong element name in code shared with the translation would agree with itself on both sides. Of an imported system it has no samples: the
// replies are handed in, and requests need only be well-formed.
//
// It keeps the executed envelopes, with their secrets, and shows them to every client: it is for made-up data only.
package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The systems that the sandbox can replace: the values of System.Name.
const (
	CustomerCare = "customercare" // Southern Company CustomerCareService, an ASMX service; SOAP 1.1 and 1.2
	MDS          = "mds"          // MDS Global CMP services, a JAX-WS service; SOAP 1.1
	Emersion     = "emersion"     // Emersion Cumulus services, a PHP-style server; SOAP 1.1
)

// The paths of the services. The first two are the vendors' own; no page prints Emersion's.
const (
	CustomerCarePath = "/webservices/CustomerCareService.asmx"
	MDSPath          = "/ws/dise3g/services/ServicesPort"
	EmersionPath     = "/services/soap"
)

// maxRequest is the largest request, envelope or control, in bytes.
const maxRequest = 1 << 20

// System is one service to replace.
type System struct {
	// Name is CustomerCare, MDS or Emersion.
	Name string
	// Samples holds, in any folder, a pair of files for each operation: <Operation>.request.xml and <Operation>.response.xml,
	// in the form that README.md describes. An operation needs nothing else.
	Samples fs.FS
	// Username and Password are the credentials asked for when Username is not empty: HTTP Basic for MDS, a WS-Security
	// UsernameToken for Emersion. CustomerCare has no such credentials: setting them is an error.
	Username, Password string
}

// Config is the configuration of a Server. It has at least one service to replace.
type Config struct {
	// Systems are those with a vendor that the sandbox knows.
	Systems []System
	// Imported are those that it knows by a description only.
	Imported []ImportedSystem
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is the sandbox: the services, each at its path, and the control API below /sandbox. It is an http.Handler that needs
// a server of HTTP/1.x, for the scenarios that break connections. Its methods may be called from several goroutines.
type Server struct {
	mux        *http.ServeMux
	systems    []*system
	operations map[string]*operation // by key
	state      *state
	now        func() time.Time
	closed     chan struct{}
	closeOnce  sync.Once
}

// system is a System with its samples read and its vendor found, or an imported one.
type system struct {
	System
	vendor     *vendor
	operations []*operation
	imported   bool
}

// New reads the samples of every system. It fails when a system is unknown or repeated, or when a sample or an imported reply is not valid;
// the error names the file or the operation.
func New(cfg Config) (*Server, error) {
	if len(cfg.Systems)+len(cfg.Imported) == 0 {
		return nil, fmt.Errorf("sandbox: no system, valid are %s, %s and %s", CustomerCare, MDS, Emersion)
	}
	s := &Server{
		mux:        http.NewServeMux(),
		operations: map[string]*operation{},
		state:      &state{memory: newMemory()},
		now:        cfg.Now,
		closed:     make(chan struct{}),
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, wanted := range cfg.Systems {
		if err := s.add(wanted); err != nil {
			return nil, fmt.Errorf("sandbox: system %q: %w", wanted.Name, err)
		}
	}
	for _, wanted := range cfg.Imported {
		if err := s.addImported(wanted); err != nil {
			return nil, fmt.Errorf("sandbox: imported system %q: %w", wanted.Name, err)
		}
	}
	s.routeControl()
	return s, nil
}

// add reads one system with a known vendor.
func (s *Server) add(wanted System) error {
	v, known := vendors[wanted.Name]
	switch {
	case !known:
		return fmt.Errorf("unknown, valid are %s, %s and %s", CustomerCare, MDS, Emersion)
	case wanted.Username != "" && !v.basic && !v.usernameToken:
		return errors.New("takes no username: the vendor documents none")
	case wanted.Samples == nil:
		return errors.New("no samples")
	}
	operations, err := readSamples(wanted.Samples)
	if err != nil {
		return err
	}
	if v.action != nil {
		for _, op := range operations {
			op.action = v.action(op)
		}
	}
	return s.register(&system{System: wanted, vendor: v, operations: operations})
}

// register routes the path of a system to it; http.ServeMux would panic on a repeated path.
func (s *Server) register(sys *system) error {
	if slices.ContainsFunc(s.systems, func(other *system) bool { return other.Name == sys.Name }) {
		return errors.New("repeated")
	}
	for _, op := range sys.operations {
		op.system = sys
		if other, taken := s.operations[op.key()]; taken {
			return fmt.Errorf("operation %s belongs to %s already", op.name, other.system.Name)
		}
		s.operations[op.key()] = op
	}
	s.systems = append(s.systems, sys)
	s.mux.HandleFunc(sys.vendor.path, func(w http.ResponseWriter, r *http.Request) { s.serve(sys, w, r) })
	return nil
}

// ServeHTTP serves the services and the control API. Every answer says with a header that this is a sandbox.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(sandboxHeader, sandboxHeaderValue)
	s.mux.ServeHTTP(w, r)
}

// Close ends every answer that a scenario holds back (stall, drip, endless, a delay), so that the http.Server around it can
// shut down. It may be called more than once.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closed) }) }

// The header on every answer, broken ones included, as far as they have headers.
const (
	sandboxHeader      = "X-Sandbox"
	sandboxHeaderValue = "soapbridge"
)
