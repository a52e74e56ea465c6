package edge

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/translate"
)

// readRequest reads the body of a call or of a preview, and checks it against every rule of the operation.
func (s *Server) readRequest(c *gin.Context, op *translate.Operation) (translate.Request, *problem) {
	body, p := readBody(c, s.config.MaxBody, codeOf(translate.MalformedJSON))
	if p != nil {
		return nil, p
	}
	request, refusal := op.Read(body)
	if refusal != nil {
		return nil, problemOf(refusal)
	}
	return request, nil
}

func checkContentType(h http.Header) *problem {
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

// readBody reads a body of at most limit bytes, for at most bodyTimeout; incomplete is the problem of one that breaks off. A declared length over
// the limit is refused unread: net/http sends 100 Continue at the first read.
func readBody(c *gin.Context, limit int64, incomplete code) ([]byte, *problem) {
	if c.Request.ContentLength > limit {
		if c.Request.ProtoMajor == 1 {
			c.Header("Connection", "close") // else net/http reads the body, so that another request can follow it
		}
		return nil, tooLarge(limit)
	}
	// A writer without deadlines, as in tests, leaves it to the server's own limit.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var over *http.MaxBytesError
	var p *problem
	switch {
	case err == nil:
		return body, nil
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
