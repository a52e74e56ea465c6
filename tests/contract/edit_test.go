package contract_test

import (
	"bytes"
	"cmp"
	"slices"
)

// edit replaces the bytes of a document between two offsets.
type edit struct {
	from, to int
	text     string
}

// apply makes edits that do not overlap.
func apply(document []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b bytes.Buffer
	done := 0
	for _, e := range edits {
		b.Write(document[done:e.from])
		b.WriteString(e.text)
		done = e.to
	}
	b.Write(document[done:])
	return b.Bytes()
}
