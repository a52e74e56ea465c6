package edge

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// mostUnknown bounds the paths that are remembered of one operation: the names in them are whatever the vendor sends.
const mostUnknown = 100

// drift remembers the elements in replies that no shape knows, by which a vendor's silent release becomes visible. What it holds is of this process.
type drift struct {
	log     *slog.Logger
	metrics *Metrics

	mu   sync.Mutex
	seen map[string]map[string]*sighting // by operation and path
}

// sighting is when an element was seen and logged last.
type sighting struct{ seen, logged time.Time }

// note counts the unknown elements of a reply, and logs each path once an hour.
func (d *drift) note(op *translate.Operation, unknown map[string]int) {
	if len(unknown) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, n := range unknown {
		path, last := d.sightingOf(op.ID, path)
		d.metrics.UnknownElements(op.ID, path, n)
		last.seen = time.Now()
		if last.seen.Sub(last.logged) >= time.Hour {
			last.logged = last.seen
			d.log.Warn("a reply has an element that is not known: the vendor's service may have changed", slog.String("operation", op.ID), slog.String("path", path))
		}
	}
}

// sightingOf returns the place of a path, which is that of soap.OtherPaths where there are too many.
func (d *drift) sightingOf(operation, path string) (string, *sighting) {
	paths := d.seen[operation]
	if paths == nil {
		paths = map[string]*sighting{}
		d.seen[operation] = paths
	}
	if paths[path] == nil && len(paths) >= mostUnknown {
		path = soap.OtherPaths
	}
	if paths[path] == nil {
		paths[path] = &sighting{}
	}
	return path, paths[path]
}

// list returns what was seen of each operation, by path.
func (d *drift) list() map[string][]openapi.UnknownElement {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string][]openapi.UnknownElement{}
	for operation, paths := range d.seen {
		for path, last := range paths {
			all[operation] = append(all[operation], openapi.UnknownElement{Path: path, LastSeen: last.seen.UTC().Format(time.DateOnly)})
		}
		slices.SortFunc(all[operation], func(a, b openapi.UnknownElement) int { return strings.Compare(a.Path, b.Path) })
	}
	return all
}
