package edge

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// requestIDSyntax is what a caller may choose; anything else is replaced, because it goes into the log.
var requestIDSyntax = regexp.MustCompile(openapi.RequestIDPattern)

// useMiddleware adds what comes before every handler.
func (s *Server) useMiddleware(e *gin.Engine) {
	e.Use(s.nameRequest, boundReading, s.log, s.recover)
	if s.config.Callers == nil {
		e.Use(s.checkHost)
	}
	if len(s.config.CORSOrigins) > 0 {
		e.Use(s.crossOrigin())
	}
}

// boundReading bounds the time that a client has for the answer to a request that calls no upstream: the server's own limit has room for a call,
// and a stop would wait that long.
func boundReading(c *gin.Context) {
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(readingTimeout)) // a writer without deadlines is that of a test
	}
}

// nameRequest sets the request's id, and the headers that every answer has.
func (s *Server) nameRequest(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestIDSyntax.MatchString(id) {
		id = uuid.Must(uuid.NewV7()).String()
	}
	c.Set(callKey, &call{requestID: id, stopwatch: stopwatch{since: time.Now()}})
	h := c.Writer.Header()
	h["X-Request-Id"], h["Cache-Control"] = []string{id}, noStore
	h["X-Content-Type-Options"], h["Content-Security-Policy"], h["Referrer-Policy"] = noSniff, nothingElse, noReferrer
	if c.Request.TLS != nil {
		h["Strict-Transport-Security"] = httpsOnly
	}
}

// Values that all answers share; net/http copies them. Pages have a Content-Security-Policy and a Referrer-Policy of their own.
// https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
var (
	noStore     = []string{"no-store"}
	noSniff     = []string{"nosniff"}
	nothingElse = []string{"default-src 'none'; frame-ancestors 'none'"}
	noReferrer  = []string{"no-referrer"}
	httpsOnly   = []string{"max-age=31536000"} // a year
)

// log writes one line for each request, of listed attributes only: no body, no header, no query, and of an unknown path nothing.
func (s *Server) log(c *gin.Context) {
	c.Next()
	call := callOf(c)
	total := call.total()
	level, message := slog.LevelInfo, "request"
	const most = 24
	attributes := append(make([]slog.Attr, 0, most),
		slog.String("request_id", call.requestID),
		slog.String("method", knownMethod(c.Request.Method)),
		slog.String("route", c.FullPath()),
		slog.Int("status", c.Writer.Status()),
		slog.Float64("duration_ms", milliseconds(total)),
		slog.Int("bytes", c.Writer.Size()),
		slog.String("client", c.ClientIP()),
	)
	add := func(known bool, more ...slog.Attr) {
		if known {
			attributes = append(attributes, more...)
		}
	}
	add(call.caller.id != "", slog.String("caller", call.caller.id))
	add(call.named, slog.String("operation_id", call.operationID()))
	if call.system != nil {
		attributes = call.appendTo(append(attributes, slog.String("operation", call.operation.ID)))
		s.config.Metrics.call(call, total)
	}
	if call.spans != nil {
		call.spans.end(call, c.Writer.Status())
		add(true, slog.String("trace_id", call.spans.id()))
	}
	add(call.handedOver, slog.Int("ignored_elements", call.ignored))
	add(call.replayed, slog.Bool("replayed", true))
	add(call.cached != "", slog.String("cache", string(call.cached)))
	if p := call.problem; p != nil {
		add(true, slog.String("code", string(p.Code)), slog.String("outcome", string(p.Outcome)))
		if codes := p.vendorCodes(); codes != "" {
			add(true, slog.String("vendor_codes", codes))
		}
		level, message = severity(p), "refused"
		if call.pasted {
			level = slog.LevelInfo
		}
		if p.cause != nil {
			add(true, slog.String("cause", p.cause.Error()))
		}
		add(p.alert && !call.pasted, slog.Bool("alert", true))
	}
	s.config.RequestLog.LogAttrs(c.Request.Context(), level, message, attributes...)
	s.logReply(c, call)
}

// logReply logs what the vendor sent, for those who look for the cause of a failure, where the configuration allows it.
func (s *Server) logReply(c *gin.Context, call *call) {
	if !s.config.LogReplies || call.problem == nil || call.pasted || !s.config.Log.Enabled(c.Request.Context(), slog.LevelDebug) {
		return
	}
	if reply, ok := errors.AsType[*translate.ReplyError](call.problem.cause); ok {
		s.config.Log.DebugContext(c.Request.Context(), "reply", slog.String("request_id", call.requestID), slog.String("operation_id", call.operationID()),
			slog.String("reply", reply.Copy()))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// severity is the level of the log line of a problem.
func severity(p *problem) slog.Level {
	switch {
	case p.alert || p.Outcome == soap.Unknown && p.Retry != retrySafe || p.Status == http.StatusInternalServerError:
		return slog.LevelError
	case p.Status >= http.StatusInternalServerError:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// knownMethod keeps made-up methods out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recover answers for a panic: see call.handedOver.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if isAbort(cause) {
			panic(cause)
		}
		s.guard.Report(c.Request.Context(), cause, slog.String("request_id", callOf(c).requestID))
		p := newProblem(internalError)
		p.Outcome, p.Retry = soap.NotSent, retrySafe
		if callOf(c).handedOver {
			p.Outcome, p.Retry = soap.Unknown, retryNever
		}
		if op := callOf(c).operation; op != nil && op.ReadOnly {
			p = p.ofRead()
		}
		if !c.Writer.Written() {
			s.refuse(c, p)
		}
	}()
	c.Next()
}

// isAbort reports whether a panic is that by which net/http ends a connection without an answer, which is not a fault.
func isAbort(cause any) bool {
	err, ok := cause.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

func (s *Server) identifyCaller(c *gin.Context, call *call) (p *problem) {
	if s.config.Callers == nil {
		call.caller = anonymous
		return nil
	}
	if call.caller, p = s.config.Callers.authenticate(c.Request.Header); p != nil && p.Code == unauthenticated {
		c.Header("WWW-Authenticate", realm+p.challenge)
	}
	return p
}

// authorize finds out who calls, and whether that caller has a scope.
func (s *Server) authorize(c *gin.Context, call *call, scope Scope) *problem {
	p := s.identifyCaller(c, call)
	if p == nil {
		p = require(c, call.caller, scope)
	}
	return p
}

// require refuses a caller without a scope.
func require(c *gin.Context, from caller, scope Scope) *problem {
	if from.may(scope) {
		return nil
	}
	c.Header("WWW-Authenticate", realm+`, error="insufficient_scope", scope="`+string(scope)+`"`)
	return newProblem(forbidden).header("Authorization", string(forbidden), "The scope "+string(scope)+" is needed.")
}

// notFound answers for a path that has nothing: with a page where a browser asks for one, as after a mistyped address.
func (s *Server) notFound(c *gin.Context) {
	a := s.problemAnswer(c, newProblem(notFound))
	if page, wanted := s.site.NotFoundPage(c); wanted {
		a.contentType, a.body = openapi.HTMLType, page
	}
	s.write(c, a)
}

func (s *Server) methodNotAllowed(c *gin.Context) { s.refuse(c, newProblem(methodNotAllowed)) }

// checkHost refuses a request for a host name that is not this proxy's. Without callers everybody who reaches the proxy may do everything, and the
// page of a foreign host reaches it as soon as its owner lets that name resolve to this machine (DNS rebinding): to the browser both are one
// origin then. What cannot be faked is the name, which the browser sends as Host.
func (s *Server) checkHost(c *gin.Context) {
	if !isOwnHost(c.Request.Host, s.config.Hosts) {
		s.refuse(c, newProblem(hostNotAllowed))
	}
}

// isOwnHost reports whether a Host header, with any port, is absent (as in HTTP/1.0), an IP address, localhost or a name below it, or one of
// hosts. DNS decides about none of the first three (RFC 6761, section 6.3).
func isOwnHost(host string, hosts []string) bool {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	} else if inside, bracketed := strings.CutPrefix(host, "["); bracketed {
		name = strings.TrimSuffix(inside, "]")
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(hosts, name)
}

// crossOrigin lets the listed origins call from a browser, and read the headers that this API speaks with. A call from any other origin
// is refused: without that the browser would still send it, and only hide the answer.
func (s *Server) crossOrigin() gin.HandlerFunc {
	origins := s.config.CORSOrigins
	listed := cors.New(cors.Config{
		AllowOriginFunc: func(origin string) bool { return allowed(origin, origins) },
		AllowMethods:    []string{http.MethodGet, http.MethodPost},
		// Traceparent and Tracestate are what tracing libraries put on every call (W3C Trace Context).
		AllowHeaders: []string{"Authorization", "Content-Type", keyHeader, "X-Api-Key", "X-Request-Id", "Traceparent", "Tracestate", "Cache-Control", "If-None-Match"},
		ExposeHeaders: []string{
			"Operation-Id", "X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "Idempotency-Stored", "Decoded-Operation", "WWW-Authenticate", "Link", "Location", "Age", "Cache-Status", "ETag",
		},
		MaxAge: time.Hour,
	})
	return func(c *gin.Context) {
		origin, own := c.GetHeader("Origin"), "://"+c.Request.Host
		if origin == "" || origin == "http"+own || origin == "https"+own || allowed(origin, origins) {
			listed(c)
			return
		}
		s.refuse(c, newProblem(originNotAllowed))
	}
}

var portSyntax = regexp.MustCompile(`^[0-9]{1,5}$`)

// allowed reports whether an origin is on the list. An entry that ends with ":*" means its host with any port.
func allowed(origin string, origins []string) bool {
	return slices.ContainsFunc(origins, func(o string) bool {
		if host, anyPort := strings.CutSuffix(o, ":*"); anyPort {
			port, found := strings.CutPrefix(origin, host+":")
			return origin == host || found && portSyntax.MatchString(port)
		}
		return origin == o
	})
}
