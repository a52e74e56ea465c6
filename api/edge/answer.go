package edge

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"

	"soapbridge/openapi"
)

// answer is what a handler answers a request with.
type answer struct {
	status      int
	contentType string // empty without a body
	body        []byte
	retryAfter  int  // seconds; 0 for no header
	keep        keep // counts only for calls that hold a claim
	unstored    bool // the store does not have it
}

func jsonAnswer(v any) (answer, *problem) {
	body, err := marshal(v)
	if err != nil {
		p := newProblem(internalError)
		p.Outcome, p.cause = notSent, err
		return answer{}, p
	}
	return answer{status: http.StatusOK, contentType: openapi.JSONType, body: body}, nil
}

// problemAnswer completes a problem, keeps it for the log, and returns it as an answer.
func (s *Server) problemAnswer(c *gin.Context, p *problem) answer {
	call := callOf(c)
	p.RequestID, p.OperationID = call.requestID, call.operationID()
	if c.FullPath() != "" && p.Instance == "" { // an unknown path is not repeated
		p.Instance = c.Request.URL.EscapedPath()
	}
	call.problem = p
	body, err := p.json()
	if err != nil {
		s.config.Log.ErrorContext(c.Request.Context(), "a problem could not be written", slog.String("cause", err.Error()))
	}
	return answer{status: p.Status, contentType: "application/problem+json", body: body, retryAfter: p.retryAfter, keep: p.keep}
}

func (s *Server) write(c *gin.Context, a answer) {
	if a.retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(a.retryAfter))
	}
	if a.unstored {
		c.Header("Idempotency-Stored", "false")
	}
	if call := callOf(c); a.status == http.StatusCreated && !call.pasted {
		c.Header("Location", operationsPath+call.env.OperationID)
	}
	c.Abort()
	if a.contentType != "" {
		c.Writer.Header()["Content-Type"] = []string{a.contentType}
	}
	if call := callOf(c); s.config.ServerTiming && call.system != nil {
		call.showTiming(c)
	}
	body := compressed(c, a.body)
	c.Status(a.status)
	_, _ = c.Writer.Write(body) // an error means that the caller has gone
}

// worthCompressing is the least length of a body that is compressed, in bytes: a shorter one fits into a packet anyway.
const worthCompressing = 1 << 10

// compressed returns a body as the caller takes it. Its entity tag is another one then (RFC 9110 section 8.8.3.3).
func compressed(c *gin.Context, body []byte) []byte {
	if len(body) < worthCompressing {
		return body
	}
	h := c.Writer.Header()
	h.Add("Vary", "Accept-Encoding")
	if !openapi.TakesGzip(c.GetHeader("Accept-Encoding")) {
		return body
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.StatelessCompression) // it keeps nothing: the usual writer needs a megabyte
	if err == nil {
		_, err = w.Write(body)
	}
	if err != nil || w.Close() != nil || b.Len() >= len(body) {
		return body
	}
	h["Content-Encoding"] = []string{"gzip"}
	if tag := h.Get("ETag"); tag != "" {
		h["Etag"] = []string{strings.TrimSuffix(tag, `"`) + gzipTag}
	}
	return b.Bytes()
}

// gzipTag is the end of the entity tag of a compressed answer.
const gzipTag = `-gzip"`

func (s *Server) refuse(c *gin.Context, p *problem) { s.write(c, s.problemAnswer(c, p)) }

// marshal writes JSON without escaping what only HTML needs escaped.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}
