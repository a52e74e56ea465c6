package upstream

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
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
	errCoding  = errors.New("the reply has a content coding other than gzip and deflate, or is not in it")
)

func readReply(resp *http.Response, maxReply int64) (soap.Reply, error) {
	coding, err := contentCoding(resp.Header.Values("Content-Encoding"))
	if err != nil {
		return soap.Reply{}, err
	}
	if resp.ContentLength > maxReply {
		return soap.Reply{}, errTooLong
	}
	body, err := readBody(resp, coding, maxReply)
	if err != nil {
		return soap.Reply{}, err
	}
	return soap.Reply{
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		RetryAfter:  resp.Header.Get("Retry-After"),
		Body:        body,
		Headers:     resp.Header,
	}, nil
}

// contentCoding returns the one coding that a body is in (RFC 9110 section 8.4.1), empty where it is in none. Servers compress without
// being asked, and some name a charset, or that there is no coding.
func contentCoding(headers []string) (coding string, err error) {
	for name := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity", "none", "utf-8", "utf8":
		case "gzip", "x-gzip", "deflate":
			if coding != "" {
				return "", errCoding
			}
			coding = name
		default:
			return "", errCoding
		}
	}
	return coding, nil
}

func readBody(resp *http.Response, coding string, limit int64) ([]byte, error) {
	received := &limited{from: resp.Body, left: limit}
	var buf bytes.Buffer
	if coding == "" {
		buf.Grow(sizeHint(resp.ContentLength) + bytes.MinRead)
		_, err := buf.ReadFrom(received)
		return buf.Bytes(), err
	}
	packed := bufio.NewReader(received)
	if _, err := packed.Peek(1); errors.Is(err, io.EOF) {
		return nil, nil // some servers name the coding of an empty body too
	}
	unpacked, err := unpack(packed, coding)
	if err != nil {
		return nil, err
	}
	if _, err := buf.ReadFrom(&limited{from: unpacked, left: limit}); err != nil {
		return nil, broken(err)
	}
	// gzip goes on through further members to the end; deflate leaves what follows it.
	switch _, err := packed.ReadByte(); {
	case err == nil:
		return nil, errCoding
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return buf.Bytes(), nil
}

// unpack begins to decompress. RFC 9110 section 8.4.1.2 wraps deflate in zlib, which RFC 1950 section 2.2 lets one know; some servers
// leave that out.
func unpack(packed *bufio.Reader, coding string) (io.Reader, error) {
	if coding != "deflate" {
		return gzip.NewReader(packed)
	}
	head, _ := packed.Peek(2) // what is missing, the decompressor finds
	if len(head) == 2 && head[0]&0x0F == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		unpacked, err := zlib.NewReader(packed)
		return unpacked, broken(err)
	}
	return flate.NewReader(packed), nil
}

// broken replaces the errors of zlib, which failure does not know.
func broken(err error) error {
	if errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary) {
		return errCoding
	}
	return err
}

// sizeHint returns the first size of the buffer; a length of -1 is unknown.
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
