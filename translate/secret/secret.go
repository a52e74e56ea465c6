// Package secret has the type of everything that must not be seen: passwords and tokens of the settings, PINs and numbers of requests.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask is all that a secret shows.
const Mask = "***"

// Secret is text that must never be shown: a PIN, a social security number, a password. Every formatter, encoder and logger prints the mask,
// whether the secret is empty or not; string(s) is the only way to the text.
//
// It is a plain string type so that validation rules and the generated documents treat it as a string. Three things get around it, and must
// not be done: a Secret in an unexported field, a Secret as the key of a map in encoding/json, and a verb of fmt that does not fit the struct
// around it, which vet refuses, as it refuses %p.
type Secret string

// String returns the mask.
func (Secret) String() string { return Mask }

// GoString returns the mask, for %#v.
func (Secret) GoString() string { return Mask }

// Format writes the mask for every verb, the ones that would show bytes (%x) or a quoted text (%q) included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// MarshalText returns the mask.
func (Secret) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue returns the mask.
func (Secret) LogValue() slog.Value { return slog.StringValue(Mask) }
