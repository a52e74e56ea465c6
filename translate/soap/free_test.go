package soap

import (
	"bytes"
	"testing"
)

// TestFreeClearsTheEnvelope: the buffer holds secrets, and another message gets it.
func TestFreeClearsTheEnvelope(t *testing.T) {
	w := NewWriter(0)
	w.Text("secret")
	m := Message{Envelope: w.buf, writer: w}
	envelope := m.Envelope
	m.Free()
	if m.Envelope != nil || !bytes.Equal(envelope, make([]byte, len("secret"))) {
		t.Errorf("%q %q", m.Envelope, envelope)
	}
	m.Free()
	(&Message{Envelope: []byte("kept")}).Free()
}
