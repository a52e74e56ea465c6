package upstream

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"soapbridge/translate/soap"
)

const (
	// usualReply is room for a usual reply of unknown length.
	usualReply = 4 << 10
	// firstBuffer bounds the memory that is set aside on the word of a Content-Length alone.
	firstBuffer = 64 << 10
)

var (
	errTooLong = errors.New("the reply is too long")
	errCoding  = errors.New("the reply has a content coding other than gzip")
)

// readReply reads the body to its end.
func readReply(resp *http.Response, maxReply int64) (soap.Reply, error) {
	zipped, err := isGzip(resp.Header.Values("Content-Encoding"))
	if err != nil {
		return soap.Reply{}, err
	}
	if resp.ContentLength > maxReply {
		return soap.Reply{}, errTooLong
	}
	body, err := readBody(resp, zipped, maxReply)
	if err != nil {
		return soap.Reply{}, err
	}
	return soap.Reply{
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		RetryAfter:  resp.Header.Get("Retry-After"),
		Body:        body,
		Headers:     notable(resp.Header),
	}, nil
}

// notable are the headers that help to find out why a call failed.
func notable(all http.Header) map[string]string {
	found := map[string]string{}
	for _, name := range [...]string{
		"Content-Type", "Content-Encoding", "Content-Length", "Location", "Retry-After", "Server", "Via", "Www-Authenticate",
	} {
		if value := all.Get(name); value != "" {
			found[name] = value
		}
	}
	return found
}

// isGzip reads the content codings of a reply (RFC 9110 section 8.4). Servers compress without being asked.
func isGzip(headers []string) (bool, error) {
	zipped := false
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "", "identity":
		case "gzip", "x-gzip":
			if zipped {
				return false, errCoding
			}
			zipped = true
		default:
			return false, errCoding
		}
	}
	return zipped, nil
}

func readBody(resp *http.Response, zipped bool, limit int64) ([]byte, error) {
	received := &limited{from: resp.Body, left: limit}
	var buf bytes.Buffer
	if !zipped {
		buf.Grow(sizeHint(resp.ContentLength) + bytes.MinRead)
		_, err := buf.ReadFrom(received)
		return buf.Bytes(), err
	}
	unzip, err := gzip.NewReader(received)
	if errors.Is(err, io.EOF) {
		return nil, nil // some servers name the coding of an empty body too
	}
	if err != nil {
		return nil, err
	}
	// The reader goes on through further members to the end of what it reads from, so that nothing stays unread.
	_, err = buf.ReadFrom(&limited{from: unzip, left: limit})
	return buf.Bytes(), err
}

// sizeHint gives the room to begin with; -1 is an unknown length.
func sizeHint(contentLength int64) int {
	if contentLength < 0 {
		return usualReply
	}
	return int(min(contentLength, firstBuffer))
}

// limited fails with errTooLong once more than left bytes were read. (io.LimitReader would end there as if all were read.)
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
