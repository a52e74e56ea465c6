package config

import (
	"fmt"
	"io"
	"log/slog"
)

// mask is all that a secret ever shows.
const mask = "***"

// Secret is a setting that must not be seen. Every formatter and encoder prints ***, whether the secret is empty or not; string(s) is the only way to its value.
// Two things are out of reach of any string type: the verb %p, which go vet refuses, and the keys of a map in JSON. Never use a secret as a key.
type Secret string

// String returns the mask.
func (Secret) String() string { return mask }

// GoString returns the mask.
func (Secret) GoString() string { return mask }

// Format writes the mask for every verb; without it %x would show the bytes.
func (Secret) Format(f fmt.State, _ rune) {
	// A formatter has nowhere to report a failed write; fmt keeps the writer's error itself.
	_, _ = io.WriteString(f, mask)
}

// MarshalText returns the mask.
func (Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// MarshalJSON returns the mask as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// LogValue returns the mask.
func (Secret) LogValue() slog.Value { return slog.StringValue(mask) }
