package edge

import (
	"net/http"
	"strings"
)

const keyHeader = "Idempotency-Key"

// KeyToken is the syntax of an idempotency key, a regular expression: long enough that two callers never choose the same one by chance, and without any
// character that a structured field, a log line or a URL would have to escape.
const KeyToken = `[A-Za-z0-9_.:~-]{16,128}` //nolint:gosec // a syntax, not a key

// isKeyToken reports whether a text has that syntax; a regular expression takes as long as all else that admits a call.
func isKeyToken(s string) bool {
	if len(s) < 16 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && !strings.ContainsRune("_.:~-", rune(c)) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// idempotencyKey reads the header after draft-ietf-httpapi-idempotency-key-header: a quoted string of a structured field (RFC 9651), or
// the bare token that most clients send. Both spellings are one key. Without a header, an optional key is empty.
func idempotencyKey(h http.Header, optional bool) (string, *problem) {
	values := h.Values(keyHeader)
	if len(values) == 0 {
		if optional {
			return "", nil
		}
		return "", newProblem(keyMissing).header(keyHeader, "required", "Send a fresh random key with each new operation, and the same key when you repeat it.")
	}
	key := strings.Trim(values[0], " \t")
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = key[1 : n-1]
	}
	switch {
	case len(values) > 1:
		return "", malformedKey("The header appears more than once; send it once.")
	case !isKeyToken(key):
		return "", malformedKey("16 to 128 characters of A-Z a-z 0-9 _ . : ~ -, bare or between double quotes, and no parameters.")
	}
	return key, nil
}

func malformedKey(detail string) *problem {
	return newProblem(keyMalformed).header(keyHeader, "bad-format", detail)
}
