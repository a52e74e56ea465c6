package soap

import "testing"

// TestBufferIsEmpty keeps the secrets of one envelope out of the buffer that another one is written into.
func TestBufferIsEmpty(t *testing.T) {
	w := &Writer{masking: true}
	w.Text("secret\x00")
	w.Text("secret")
	written := w.buf
	w.release()
	if string(written) != "\x00\x00\x00\x00\x00\x00" || len(w.buf) > 0 || w.err != nil || w.masking {
		t.Errorf("%q %+v", written, w)
	}
}
