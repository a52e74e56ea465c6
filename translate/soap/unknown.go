package soap

import "strings"

// The most that is remembered of the unknown elements of a reply: their number and their names are the vendor's.
const (
	mostPaths   = 20
	longestPath = 200 // in bytes
)

// OtherPaths is what elements are counted under, in place of a path, beyond the most that is remembered.
const OtherPaths = "other"

// skipUnknown counts and skips the element that has just started, which no field names.
func (m *members) skipUnknown() error {
	m.ignored++
	path := m.path()
	if _, known := m.unknown[path]; !known && len(m.unknown) >= mostPaths {
		path = OtherPaths
	}
	if m.unknown == nil {
		m.unknown = map[string]int{}
	}
	m.unknown[path]++
	return m.s.Skip()
}

// path returns the path of the current element inside the body. The end of a long one names the element, so its beginning is left out.
func (m *members) path() string {
	const outside = 2 // the envelope and its body
	path := m.s.AppendPath(nil, outside)
	if len(path) <= longestPath {
		return string(path)
	}
	const cut = "…"
	return cut + strings.ToValidUTF8(string(path[len(path)-longestPath+len(cut):]), "")
}
