package soap

import (
	"fmt"
	"io"
	"log/slog"
)

// masked is what every formatter and encoder shows of a Secret.
const masked = "***"

// Secret is text that must never be shown: a PIN, a social security number, a password. Every formatter, encoder and logger
// gets three asterisks; only the envelope writer and the masking of vendor texts use the text itself, by conversion to string.
//
// It is a plain string type so that validation rules and the generated documents treat it as a string. Three things get around it, and are
// not done: a Secret in an unexported field, a Secret as the key of a map in encoding/json, and a verb of fmt that does not fit the struct
// around it, which vet refuses.
type Secret string

// String masks the secret.
func (Secret) String() string { return masked }

// GoString masks the secret in %#v.
func (Secret) GoString() string { return masked }

// Format masks the secret under every verb, the ones that would show bytes (%x) or a quoted text (%q) included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// MarshalText masks the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue masks the secret in structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }
