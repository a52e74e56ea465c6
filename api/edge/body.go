package edge

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/translate"
)

// readRequest reads the body of a call or of a preview, and checks it against every rule of the operation.
func (s *Server) readRequest(c *gin.Context, op *translate.Operation) (translate.Request, *problem) {
	room, _ := bodies.Get().(*bytes.Buffer)
	defer keepBody(room)
	body, p := readBody(c, room, s.config.MaxBody, codeOf(translate.MalformedJSON))
	if p != nil {
		return nil, p
	}
	request, refusal := op.Read(body)
	if refusal != nil {
		return nil, problemOf(refusal)
	}
	return request, nil
}

// bodies are the buffers of bodies of which nothing is left once they are read: a request copies its texts.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// mostBody is the largest buffer that is kept, in bytes, and the most that is set aside on the word of a Content-Length alone.
const mostBody = 64 << 10

func keepBody(b *bytes.Buffer) {
	if b.Cap() > mostBody {
		return
	}
	clear(b.Bytes()) // some of it is secret
	b.Reset()
	bodies.Put(b)
}

func checkContentType(h http.Header) *problem {
	if values := h["Content-Type"]; len(values) == 1 && values[0] == "application/json" && len(h["Content-Encoding"]) == 0 {
		return nil // nearly always
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	switch {
	case err != nil || media != "application/json" || len(h.Values("Content-Type")) > 1:
		return newProblem(unsupportedMediaType).header("Content-Type", "unsupported-media-type", "The body must be application/json.")
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return newProblem(unsupportedMediaType).header("Content-Type", "unsupported-media-type", "JSON is UTF-8; no other charset is accepted.")
	case slices.ContainsFunc(h.Values("Content-Encoding"), isCoding):
		return newProblem(unsupportedMediaType).header("Content-Encoding", "unsupported-media-type", "Compressed bodies are not accepted.")
	}
	return nil
}

func isCoding(name string) bool { return name != "" && !strings.EqualFold(name, "identity") }

// readBody reads a body of at most limit bytes into a buffer, for at most bodyTimeout; incomplete is the problem of one that breaks off. A declared
// length over the limit is refused unread: net/http sends 100 Continue at the first read.
func readBody(c *gin.Context, into *bytes.Buffer, limit int64, incomplete code) ([]byte, *problem) {
	if c.Request.ContentLength > limit {
		if c.Request.ProtoMajor == 1 {
			c.Header("Connection", "close") // else net/http reads the body, so that another request can follow it
		}
		return nil, tooLarge(limit)
	}
	// A writer without deadlines, as in tests, leaves it to the server's own limit.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodyTimeout))
	into.Grow(int(min(max(c.Request.ContentLength, 0)+bytes.MinRead, mostBody))) // room to find the end without growing
	_, err := into.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var over *http.MaxBytesError
	var p *problem
	switch {
	case err == nil:
		return into.Bytes(), nil
	case errors.As(err, &over):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		p = newProblem(requestTimeout) // net/http closes the connection: what is left of the body must not be read as a request
	default:
		p = newProblem(incomplete).detail("The body ended before it was complete.")
	}
	p.cause = err
	return nil, p
}

func tooLarge(limit int64) *problem {
	p := newProblem(payloadTooLarge)
	p.Errors = []violation{{
		Pointer: new(""), Code: string(p.Code), Detail: p.Detail, Params: map[string]any{"maxBytes": limit}, Source: translate.FromRequest,
	}}
	return p
}
