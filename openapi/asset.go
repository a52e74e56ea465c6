package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// asset is a file that is kept compressed, since nearly all clients take it so: together the files have 3 MB otherwise. Its tag names its content.
type asset struct {
	mediaType string
	content   []byte
	packed    bool // the content is compressed; else that is not shorter
	tag       string

	unpack   sync.Once
	unpacked []byte // once a client has asked for it: clients that read slowly share it
}

func newAsset(mediaType string, plain []byte) *asset {
	packed, err := zipped(plain)
	if err != nil || len(packed) >= len(plain) {
		return &asset{mediaType: mediaType, content: plain, tag: tagOf(plain)}
	}
	return &asset{mediaType: mediaType, content: packed, packed: true, tag: tagOf(plain)}
}

// plain returns the content as it is.
func (a *asset) plain() []byte {
	if !a.packed {
		return a.content
	}
	a.unpack.Do(func() {
		var err error
		if a.unpacked, err = unzipped(a.content); err != nil {
			panic(err) // it has been compressed here, or was unpacked at the start
		}
	})
	return a.unpacked
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// show answers in the form that the client accepts, or 304 where it has the content already. The caller sets Cache-Control.
func (a *asset) show(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Writer.Header().Add("Vary", "Accept-Encoding") // beside the Origin of CORS
	c.Header("Content-Type", a.mediaType)
	tag, body := a.tag, a.content
	if a.packed && TakesGzip(c.GetHeader("Accept-Encoding")) {
		c.Header("Content-Encoding", "gzip")
		tag += "-gzip"
	} else {
		body = a.plain()
	}
	c.Header("ETag", `"`+tag+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(body))
}

var zeroWeight = regexp.MustCompile(`(?i)^\s*q=0(\.0*)?\s*$`)

// TakesGzip reads Accept-Encoding, in which a weight of 0 refuses (RFC 9110 section 12.5.3).
func TakesGzip(accept string) bool {
	others := false
	for coding := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(coding, ";")
		switch takes := !zeroWeight.MatchString(weight); strings.ToLower(strings.TrimSpace(name)) {
		case "gzip":
			return takes
		case "*":
			others = takes
		}
	}
	return others
}

func zipped(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(content)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

func unzipped(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
