package upstream

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// BenchmarkSend sends a usual envelope to a server that costs next to nothing, over kept connections.
func BenchmarkSend(b *testing.B) {
	envelope := strings.Repeat("x", 3000)
	reply := []byte(replyOf(200, strings.Repeat("y", 1000)))
	s := serve(b, func(p *peer) {
		for {
			for line := []byte{0}; len(bytes.TrimSpace(line)) > 0; {
				var err error
				if line, err = p.ReadSlice('\n'); err != nil {
					return
				}
			}
			if _, err := io.CopyN(io.Discard, p.Reader, int64(len(envelope))); err != nil {
				return
			}
			if _, err := p.Write(reply); err != nil {
				return
			}
		}
	})
	c, m := client(b, s.url()), message(envelope)
	send := func(b *testing.B) {
		b.Helper()
		if _, err := try(c, b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("one caller", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			send(b)
		}
	})
	b.Run("32 callers", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := try(c, b.Context(), m); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
