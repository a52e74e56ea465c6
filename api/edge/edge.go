// Package edge is the HTTP edge: JSON in, JSON or a problem out. It knows operations as data, and nothing of any vendor.
package edge

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"soapbridge/api/cache"
	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/api/operations"
	"soapbridge/api/ratelimit"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// Upstream brings an envelope to a SOAP service and its reply back.
type Upstream interface {
	// Send sends m at most once. When a complete HTTP answer has come, whatever its status, it calls read with it, once, and returns nil. read
	// reports whether that is a readable answer to m: only then may its connection carry another message. Otherwise Send does not call read, and
	// returns a *soap.SendError; an implementation that does not know whether anything was sent must return soap.Broken. Once it has returned, it
	// has no reference to the envelope, whose memory another message gets.
	Send(ctx context.Context, m soap.Message, read func(soap.Reply) (readable bool)) error
	// Describe returns the URL that Send would send m to, and the HTTP headers, by their names as they are spelled on the wire. Whatever is secret
	// in either is masked. It connects to nothing.
	Describe(m soap.Message) (endpoint string, headers http.Header)
}

// The states of an upstream, as /readyz shows them. None makes a process not ready: the other systems can be called.
const (
	UpstreamOK            = "ok"
	UpstreamSuspect       = "suspect" // its last answers were not readable: see upstream.Events
	upstreamBroken        = "broken"  // its last calls had no answer, and none is made for now: see gate
	UpstreamNotConfigured = "not-configured"
)

// System is one vendor's service.
type System struct {
	// Name is the system's name in settings, in the log and in metrics.
	Name       string
	Operations []translate.Operation
	// Upstream is nil where no URL is configured: then the routes answer 503 not-configured.
	Upstream Upstream
	// State returns the state of Upstream; nil is always UpstreamOK.
	State func() string
	// Connections returns how many connections to Upstream are open, without and with a message on its way; nil where that is not known.
	Connections func() (idle, busy int)
	// CallTimeout is the longest that Upstream.Send takes, besides what its read takes and the end of a TLS connection: up to 5 s where the other
	// side takes no more bytes (crypto/tls, Conn.Close). leaseMargin has room for both.
	CallTimeout time.Duration
	Limits      Limits

	gate        *gate
	invalidated map[string]bool // the reads that a write makes stale
}

// Config is what the edge needs.
type Config struct {
	Systems []System
	// MaxBody is the largest request body, in bytes.
	MaxBody int64
	// MaxReply is the largest reply that may be pasted for decoding, in bytes: that of the upstreams.
	MaxReply int64
	// KeyOptional lets a call come without an Idempotency-Key.
	KeyOptional bool
	// Store keeps the records, Vault makes what is in them.
	Store idempotency.Store
	Vault *idempotency.Vault
	// Cache keeps the answers to reads; nil keeps none.
	Cache *cache.Cache
	// Callers are who may call; nil lets everybody do everything, as one anonymous caller.
	Callers *Callers
	// CallerLimit is for the calls of one caller to one operation, TargetLimit for those that change one target: see translate.Request. nil does not
	// limit.
	CallerLimit, TargetLimit *ratelimit.Limiter
	// Metrics counts what happens; nil where no metrics are kept.
	Metrics *Metrics
	// Tracer makes the spans of calls; nil where none are made.
	Tracer trace.Tracer
	// ServerTiming tells callers how long each stage took.
	ServerTiming bool
	// Hosts are the host names, in lower case, that a request may be for where Callers is nil, beside IP addresses and localhost: see isOwnHost.
	Hosts []string
	// CORSOrigins are the origins that browsers may call from: "https://app.example.com". A trailing ":*" means any port.
	CORSOrigins []string
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed, for the log. Empty trusts none.
	TrustedProxies []string
	// Retention is how long the result of a key is replayed, for the documents.
	Retention time.Duration
	// Sandbox reports, for the pages, that the upstreams are a sandbox.
	Sandbox bool
	// Tools adds what only a demo may do: decoding a pasted reply, without any caller.
	Tools bool
	// LogReplies adds a masked copy of the reply to the log, at level debug, for each call that failed.
	LogReplies bool
	Log        *slog.Logger
	// RequestLog takes the line of each request, AuditLog what operators did; nil is Log.
	RequestLog, AuditLog *slog.Logger
}

// New returns the handler of the whole API. Stopping it is Stop, and Drain after the last request.
func New(c Config) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false // a redirected POST would lose its body, or be sent twice
	if err := e.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, err
	}
	e.RemoteIPHeaders = []string{"X-Forwarded-For"} // gin believes X-Real-IP, too, which a proxy need not set
	c.RequestLog, c.AuditLog = cmp.Or(c.RequestLog, c.Log), cmp.Or(c.AuditLog, c.Log)
	s := &Server{Handler: refuseEncodedSlashes(e), config: c, stopping: make(chan struct{})}
	s.guard = &guard.Guard{Log: c.Log, Count: c.Metrics.Panicked}
	s.records = operations.Records{Store: c.Store, Vault: c.Vault, Operations: map[string]*translate.Operation{}, Log: c.Log, Audit: c.AuditLog, Guard: s.guard}
	if c.Callers != nil {
		s.records.CallerIDs = c.Callers.ids
	}
	if c.Metrics != nil {
		s.records.Unknowns, s.records.Usable = c.Metrics.Unknowns, c.Metrics.StoreUsable
	}
	s.drift = drift{log: c.Log, metrics: c.Metrics, seen: map[string]map[string]*sighting{}}
	s.callerLimit = newNamedLimit(c.CallerLimit, refusedRate, "of this caller to this operation")
	s.targetLimit = newNamedLimit(c.TargetLimit, refusedTarget, "for this account or customer")
	s.life, s.cutOff = context.WithCancel(context.Background())
	s.useMiddleware(e)
	e.NoRoute(s.notFound)
	e.NoMethod(s.methodNotAllowed)
	e.Match(reading, "/livez", s.alive)
	e.Match(reading, "/healthz", s.alive)
	e.Match(reading, "/readyz", s.ready)
	if err := s.addOperations(e); err != nil {
		return nil, err
	}
	e.Match(reading, "/v1/operations", s.handle(s.listOperations))
	e.Match(reading, operationsPath+":operationId", s.handle(s.showOperation))
	e.POST(operationsPath+":operationId/resolution", s.handle(s.settle))
	if c.Tools {
		if err := s.addTools(e); err != nil {
			return nil, err
		}
	}
	var err error
	if s.site, err = openapi.New(s.documented()); err != nil {
		return nil, err
	}
	s.site.Register(e)
	return s, nil
}

// addOperations adds the routes of all operations.
func (s *Server) addOperations(e *gin.Engine) error {
	inFlight := int64(0)
	for i := range s.config.Systems {
		system := &s.config.Systems[i]
		system.gate = newGate(system.Limits, s.breakerChanged(system.Name))
		s.config.Metrics.addSystem(system)
		if err := system.findInvalidated(); err != nil {
			return err
		}
		inFlight += int64(system.Limits.InFlight)
		for j := range system.Operations {
			op := &system.Operations[j]
			if _, twice := s.records.Operations[op.ID]; twice {
				return fmt.Errorf("two operations are named %s: one key would be the same for both", op.ID)
			}
			if err := s.route(e, op, system); err != nil {
				return fmt.Errorf("%s: %w", op.Name, err)
			}
			s.records.Operations[op.ID] = op
		}
	}
	s.mostWaiting = max(leastWaiting, inFlight)
	return nil
}

// route adds the routes of an operation. gin panics where one has the path of another.
func (s *Server) route(e *gin.Engine, op *translate.Operation, system *System) (err error) {
	defer func() {
		if conflict := recover(); conflict != nil {
			err = fmt.Errorf("its route conflicts with another: %v", conflict)
		}
	}()
	methods, work := []string{http.MethodPost}, s.execute(op, system)
	if op.ReadOnly {
		work = s.executeRead(op, system)
	}
	if op.Method == http.MethodGet {
		methods = reading
	}
	if op.Cache > 0 {
		s.config.Metrics.addCached(op.ID)
	}
	e.Match(methods, ginPath(op.Path), s.handle(work))
	e.Match(methods, ginPath(previewPath(op)), s.handle(s.preview(op, system)))
	return nil
}

// ginPath writes the parameters of a path as gin does: "/v1/parcels/:number".
func ginPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// findInvalidated finds the reads that writes of the system make stale.
func (s *System) findInvalidated() error {
	s.invalidated = map[string]bool{}
	for _, write := range s.Operations {
		for _, name := range write.Invalidates {
			if !slices.ContainsFunc(s.Operations, func(op translate.Operation) bool { return op.ReadOnly && op.Name == name }) {
				return fmt.Errorf("%s makes %s stale, which is not a read of the system %s", write.Name, name, s.Name)
			}
			s.invalidated[name] = true
		}
	}
	return nil
}

// reading are the methods of every route that only reads. net/http leaves the body of an answer to HEAD out.
var reading = []string{http.MethodGet, http.MethodHead}

// operationsPath is what the path of an operation's view begins with; the operation id follows.
const operationsPath = "/v1/operations/"

// refuseEncodedSlashes lets no route have a path with an encoded slash: net/url decodes it, and "a%2Fb" would be routed like "a/b", which is
// another resource (RFC 3986, section 2.2).
func refuseEncodedSlashes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F") {
			elsewhere := *r
			elsewhere.URL = &url.URL{RawQuery: r.URL.RawQuery} // an empty path, which no route has
			r = &elsewhere
		}
		next.ServeHTTP(w, r)
	})
}

// documented is what the documents of this proxy describe.
func (s *Server) documented() openapi.Options {
	c := &s.config
	o := openapi.Options{
		Demo: c.Tools, Sandbox: c.Sandbox, Callers: c.Callers != nil, KeyOptional: c.KeyOptional, KeyToken: KeyToken,
		Retention: c.Retention, MaxBody: c.MaxBody, MaxReply: c.MaxReply, Problems: Problems(), ViolationCodes: ViolationCodes(), NotFound: s.notFound, Quality: quality,
		Unknown: s.drift.list,
	}
	for _, system := range c.Systems {
		for i := range system.Operations {
			o.Operations = append(o.Operations, documentedOperation(&system.Operations[i]))
		}
	}
	return o
}

func documentedOperation(op *translate.Operation) openapi.Operation {
	d := openapi.Operation{
		Name: op.Name, ID: op.ID, Prefix: schemaPrefix(op), System: op.System, Summary: op.Summary, Description: op.About,
		Method: op.Method, Path: op.Path, ReadOnly: op.ReadOnly, Cache: op.Cache, Scope: string(ScopeOf(*op)), Status: op.Status, Example: op.Example,
		Accepts: func(body []byte) bool {
			_, refusal := op.Read(body)
			return refusal == nil
		},
		Envelope: func(body []byte) []byte {
			request, refusal := op.Read(body)
			if refusal != nil {
				return nil
			}
			shown, _ := request.Preview(op.Version, environment(caller{}, uuid.Nil.String()))
			return shown.Message.Envelope
		},
		SOAPAction: op.Binding.Action, Namespace: op.Binding.Namespace, Wire: op.Binding.Path(),
		Request: op.RequestShape, Response: op.ResponseShape, Rules: op.Rules,
	}
	for _, v := range op.Versions {
		d.SOAPVersions = append(d.SOAPVersions, v.String())
	}
	for _, e := range op.Errors {
		d.Errors = append(d.Errors, openapi.NumberedError{Code: string(e.Code), Sentence: e.Sentence, Hint: e.Hint, Pointers: e.Pointers})
	}
	return d
}

// schemaPrefix is in front of the names of an imported system's schemas, which are unique in the system alone: "Parcels".
func schemaPrefix(op *translate.Operation) string {
	if op.ID == op.Name {
		return ""
	}
	var b strings.Builder
	for word := range strings.SplitSeq(op.System, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// Sweep turns operations whose lease has passed into unknown ones, at intervals, until ctx ends.
func (s *Server) Sweep(ctx context.Context) { s.records.Sweep(ctx) }

// Server is the API.
type Server struct {
	http.Handler

	config  Config
	guard   *guard.Guard
	site    *openapi.Site
	records operations.Records
	drift   drift
	// callerLimit and targetLimit are nil where there is no limit.
	callerLimit, targetLimit *namedLimit
	open                     openClaims
	// waiting is how many of the open claims are in the background, mostWaiting how many may be.
	waiting     atomic.Int64
	mostWaiting int64
	stopping    chan struct{}
	stopOnce    sync.Once
	// life ends when what has not ended is cut off.
	life   context.Context
	cutOff context.CancelFunc
}
