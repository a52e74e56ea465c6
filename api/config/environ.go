package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Given lists the names that begin with SOAPBRIDGE_ and have a value, settings or not, sorted; without those that an orchestrator injects.
func Given(environ []string) []string {
	var names []string
	all := ours(environ)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" && !isInjected(name, all) {
			names = append(names, printable(name))
		}
	}
	return names
}

// Only returns the part of an environment that sets these settings, so that Load reads them whatever is wrong with others. Names are full. The
// settings of imported systems need the directory, too.
func Only(environ []string, names ...string) []string {
	if slices.ContainsFunc(names, isImported) {
		names = append(slices.Clone(names), systemsName)
	}
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(names, strings.TrimSuffix(name, fileSuffix))
	})
}

// reportUnknown refuses every name that is neither a setting nor injected. Otherwise a misspelt setting would silently keep its default.
// While the directory of the imported systems is wrong, their settings are not known.
func (l *loader) reportUnknown() {
	for _, name := range slices.Sorted(maps.Keys(l.environ)) {
		_, known := l.ranks[strings.TrimSuffix(name, fileSuffix)]
		if known || isInjected(name, l.environ) || isImported(name) && l.found.anyFailed(systemsName) {
			continue
		}
		reason := "is not a setting" + l.whyNoSystem(name)
		if suggestion := l.closest(name); suggestion != "" {
			reason += "; did you mean " + suggestion + "?"
		}
		l.found.add(printable(name), reason)
	}
}

// The variables that Kubernetes makes for a service, and Docker for a link, whose name begins with "soapbridge":
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables,
// https://docs.docker.com/engine/network/links/#environment-variables.
var (
	injectedName = regexp.MustCompile(`^SOAPBRIDGE(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+(_[0-9]+)?_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO|START|END|PORT_START|PORT_END))?)$`)
	portName     = regexp.MustCompile(`^SOAPBRIDGE(_[A-Z0-9_]+)?_PORT$`)
	portURL      = regexp.MustCompile(`^(tcp|udp|sctp)://`)
	linkName     = regexp.MustCompile(`^SOAPBRIDGE(_[A-Z0-9_]+)?_NAME$`)
	linkPath     = regexp.MustCompile(`^/[^/]+/[^/]+$`)
)

// isInjected looks at the value too where a person could have meant the name: SOAPBRIDGE_PORT=8080 is a mistake to report.
func isInjected(name string, environ map[string]string) bool {
	switch {
	case injectedName.MatchString(name):
		return true
	case portName.MatchString(name):
		return portURL.MatchString(environ[name])
	case linkName.MatchString(name):
		return linkPath.MatchString(environ[name])
	}
	// A link passes the other container's own variables on as <ALIAS>_ENV_<NAME>, and always has an <ALIAS>_NAME.
	alias, _, passedOn := strings.Cut(name, "_ENV_")
	link := alias + "_NAME"
	return passedOn && linkName.MatchString(link) && linkPath.MatchString(environ[link])
}

// habits are names that other programs use for the same setting, too different to be found by spelling.
var habits = map[string]string{
	"PORT": "LISTEN", "HOST": "LISTEN", "ADDR": "LISTEN", "ADDRESS": "LISTEN", "BIND": "LISTEN",
	"ENV": "MODE", "ENVIRONMENT": "MODE", "REDIS": "REDIS_URL",
}

// closest returns the known name that a misspelt one most likely means, or "".
func (l *loader) closest(name string) string {
	wanted := strings.TrimPrefix(strings.ToUpper(name), prefix)
	if habit, ok := habits[wanted]; ok {
		return prefix + habit
	}
	best, least := "", maxDistance(wanted)+1
	for _, s := range l.settings {
		for _, candidate := range []string{s.Name, s.Name + fileSuffix} {
			if d := distance(wanted, strings.TrimPrefix(candidate, prefix)); d < least {
				best, least = candidate, d
			}
		}
	}
	return best
}

// maxDistance allows a third of a short name to be wrong and never more than three letters: a far-fetched suggestion is worse than none.
func maxDistance(name string) int { return min(3, (len(name)+2)/3) }

// maxSuggested bounds the work for an absurdly long name.
const maxSuggested = 64

// distance counts the letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
func distance(a, b string) int {
	if len(a) > maxSuggested {
		return len(a)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
