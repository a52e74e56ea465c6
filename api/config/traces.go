package config

import (
	"net/url"
	"strings"
)

const (
	// tracesPath and localTraces are where a collector receives traces by default:
	// https://opentelemetry.io/docs/specs/otlp/#otlphttp-default-port
	tracesPath  = "/v1/traces"
	localTraces = "http://localhost:4318" + tracesPath
)

func checkTraces(text string) error {
	if text == "on" || text == "off" {
		return nil
	}
	return checkURL(text)
}

// TracesURL returns where traces are sent to; empty where none are made. A URL without a path has the default one.
func (c Config) TracesURL() string {
	switch c.Traces {
	case "", "off":
		return ""
	case "on":
		return localTraces
	}
	u, err := url.Parse(c.Traces)
	if err != nil { // checkTraces has refused it
		return ""
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = tracesPath
	}
	return u.String()
}

func (l *loader) checkRatio(c *Config) {
	const ratio, traces = prefix + "TRACES_RATIO", prefix + "TRACES"
	if c.TracesURL() == "" && l.isSet(ratio) && !l.found.anyFailed(traces, ratio) {
		l.noEffect(ratio, traces)
	}
}
