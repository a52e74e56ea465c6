package upstream

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// deflated compresses text as RFC 9110 says: in zlib's wrapping.
func deflated(text string) string { return packed(zlib.NewWriter, text) }

// deflatedBare compresses text as some servers do: without it.
func deflatedBare(text string) string {
	return packed(func(to io.Writer) *flate.Writer {
		w, err := flate.NewWriter(to, flate.BestCompression)
		if err != nil {
			panic(err)
		}
		return w
	}, text)
}

func TestContentCodings(t *testing.T) {
	full := strings.Repeat("x", limit)
	withDictionary := func() string {
		var b bytes.Buffer
		w, err := zlib.NewWriterLevelDict(&b, zlib.DefaultCompression, []byte("<ok/>"))
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, "<ok/>")
		_ = w.Close()
		return b.String()
	}
	for _, test := range []struct {
		name, body, want string
		headers          []string
		err              error // of a reply that cannot be read
	}{
		{"none named", "<ok/>", "<ok/>", nil, nil},
		{"an empty name", "<ok/>", "<ok/>", []string{""}, nil},
		{"identity", "<ok/>", "<ok/>", []string{"Identity"}, nil},
		{"none", "<ok/>", "<ok/>", []string{"none"}, nil},
		{"a charset", "<ok/>", "<ok/>", []string{"UTF-8"}, nil},
		{"a charset, misspelled", "<ok/>", "<ok/>", []string{"utf8"}, nil},
		{"a charset beside gzip", zip("<ok/>"), "<ok/>", []string{"utf-8", "gzip"}, nil},
		{"gzip", zip("<ok/>"), "<ok/>", []string{"gzip"}, nil},
		{"x-gzip", zip("<ok/>"), "<ok/>", []string{"X-Gzip"}, nil},
		{"deflate", deflated("<ok/>"), "<ok/>", []string{"deflate"}, nil},
		{"deflate without wrapping", deflatedBare("<ok/>"), "<ok/>", []string{"Deflate"}, nil},
		{"deflate that is stored", "\x01\x05\x00\xfa\xff<ok/>", "<ok/>", []string{"deflate"}, nil}, // RFC 1951 section 3.2.4
		{"deflate of nothing", deflated(""), "", []string{"deflate"}, nil},
		{"deflate of no bytes", "", "", []string{"deflate"}, nil},
		{"deflate at the limit", deflated(full), full, []string{"deflate"}, nil},

		{"deflate over the limit", deflated(full + "x"), "", []string{"deflate"}, errTooLong},
		{"deflate without wrapping, over the limit", deflatedBare(full + "x"), "", []string{"deflate"}, errTooLong},
		{"deflate bomb", deflated(strings.Repeat("\x00", limit*900)), "", []string{"deflate"}, errTooLong},
		{"bytes behind deflate, over the limit as received", deflated("<ok/>") + full, "", []string{"deflate"}, errTooLong},
		{"bytes behind deflate", deflated("<ok/>") + "x", "", []string{"deflate"}, errCoding},
		{"bytes behind deflate without wrapping", deflatedBare("<ok/>") + "x", "", []string{"deflate"}, errCoding},
		{"deflate with a wrong sum", strings.TrimSuffix(deflated("<ok/>"), "\x84") + "x", "", []string{"deflate"}, errCoding},
		{"deflate with a dictionary", withDictionary(), "", []string{"deflate"}, errCoding},
		{"deflate that is none", "<ok/>", "", []string{"deflate"}, io.ErrUnexpectedEOF},
		{"deflate of one byte", "x", "", []string{"deflate"}, io.ErrUnexpectedEOF},
		{"gzip called deflate", zip("<ok/>"), "", []string{"deflate"}, flate.CorruptInputError(1)},
		{"deflate and gzip", zip(deflated("<ok/>")), "", []string{"deflate, gzip"}, errCoding},
		{"deflate twice", deflated(deflated("<ok/>")), "", []string{"deflate", "deflate"}, errCoding},
		{"br", "<ok/>", "", []string{"br"}, errCoding},
	} {
		body, err := readCoded(test.body, test.headers...)
		if string(body) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, error %v, want %q, error %v", test.name, body, err, test.want, test.err)
		}
	}
}

// TestCompressedAndCutOff cuts compressed replies at every byte: no part of one is ever taken for the whole.
func TestCompressedAndCutOff(t *testing.T) {
	text := strings.Repeat("<ok/>", 20) + "<end/>"
	for coding, packed := range map[string]string{"gzip": zip(text), "deflate": deflated(text), "Deflate": deflatedBare(text)} {
		for length := 1; length < len(packed); length++ {
			if body, err := readCoded(packed[:length], coding); err == nil {
				t.Errorf("%s, cut off at %d: %q", coding, length, body)
			}
		}
		if body, err := readCoded(packed, coding); err != nil || string(body) != text {
			t.Errorf("%s: %q, error %v", coding, body, err)
		}
	}
}

// readCoded reads a body with these Content-Encoding headers.
func readCoded(body string, headers ...string) ([]byte, error) {
	coding, err := contentCoding(headers)
	if err != nil {
		return nil, err
	}
	return readBody(&http.Response{Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, coding, limit)
}
