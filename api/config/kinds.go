package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"soapbridge/translate/secret"
)

// kind is the syntax of a setting. A parser's error describes the fault and never quotes the text, which may be a secret in the wrong
// variable. Joined errors are reported one by one.
type kind struct {
	parse     func(s *setting, text string) (any, error) // the value, of the field's type
	valid     string                                     // completes "valid: ..."
	describe  func(s *setting, tag reflect.StructTag) string
	show      func(value any) string // one line for people; fmt.Sprint when nil
	multiline bool
}

// kinds are the values of the tag "kind".
var kinds = map[string]kind{
	"boolean":  {parse: parseBoolean, valid: "true, false"},
	"choice":   {parse: parseChoice, describe: describeChoice},
	"integer":  numberKind[int](parseInteger, nil, "a whole number from %s to %s"),
	"size":     numberKind[int64](parseSize, shows(showSize), "bytes, or a whole number with KB, MB, KiB or MiB, from %s to %s"),
	"duration": numberKind[time.Duration](parseDuration, shows(showDuration), "a duration such as 250ms, 25s or 168h, from %s to %s"),
	"rate":     {parse: parseRate, show: shows(showRate), valid: "calls from 1 to 1000000 in a second, minute or hour, such as 100/s, 600/m or 5/h"},
	"text":     {parse: parseText, valid: "one line of text"},

	"listen":   {parse: plain(checkListen), valid: "host:port, [IPv6]:port or :port, with port 0 to 65535"},
	"ratio":    {parse: parseRatio, valid: "a number from 0 to 1, such as 0.01"},
	"traces":   {parse: plain(checkTraces), show: shows(showURL), valid: "off, on for a collector on this machine (" + localTraces + "), or the http or https URL of one"},
	"url":      {parse: plain(checkURL), show: shows(showURL), valid: "an absolute http or https URL without user name, password and fragment"},
	"keys-url": {parse: plain(checkKeysURL), show: shows(showURL), valid: "an https URL, or an http URL of a loopback address, without user name, password and fragment"},
	"hosts":    {parse: list(checkHost), show: shows(showList), valid: "comma-separated host names such as proxy.example.com, in lower case, without scheme and port"},
	"origins":  {parse: list(checkOrigin), show: shows(showList), valid: "comma-separated origins such as https://app.example.com or capacitor://localhost, in lower case, without path and default port"},
	"networks": {parse: list(checkNetwork), show: shows(showList), valid: "comma-separated IP addresses and networks such as 10.0.0.0/8"},
	"proxy":    {parse: parseProxySetting, show: shows(showProxy), valid: "http://[user:password@]host[:port], with port 80 unless it is given"},
	"redis":    {parse: parseRedisSetting, show: shows(showRedis), valid: "redis:// or rediss://[user:password@]host[:port][,host[:port]...][/database][?master=name]"},

	"key":          {parse: parseKeySetting, valid: "base64 of 32 bytes, as printed by: openssl rand -base64 32"},
	"sealing-keys": {parse: parseSealingKeys, valid: "id:base64 of 32 bytes, then older ones after commas; an id has 1 to 32 of A-Z a-z 0-9 . _ -"},
	"api-keys":     {parse: parseAPIKeys, valid: "one hashed key on each line; blank lines and lines that begin with # are skipped", multiline: true},
	"certificates": {parse: parseCertificates, show: shows(showCertificates), valid: "certificates as PEM text; a path goes into the variable with _FILE", multiline: true},
	"private-key":  {parse: parsePrivateKey, valid: "one unencrypted private key as PEM text; a path goes into the variable with _FILE", multiline: true},

	"algorithms":     {parse: list(checkAlgorithm), show: shows(showList), valid: "comma-separated names of " + strings.Join(algorithms, ", ")},
	"basic-username": {parse: plain(checkBasicUsername), valid: "one line of text without a colon"},
	"list":           {parse: list(func(string) error { return nil }), show: shows(showList), valid: "comma-separated codes"},
	"code-status":    {parse: parseCodeStatus, show: shows(showStatuses), valid: "comma-separated CODE=STATUS, with STATUS from 400 to 599"},
	"directory":      {parse: parseText, valid: "the path of a directory that can be read"},
	"json-object":    {parse: parseJSONObject, valid: "a JSON object", multiline: true},
	"issuer":         {parse: plain(checkIssuer), valid: "one line of text without a vertical bar"},
	"namespace":      {parse: plain(checkNamespace), valid: "an absolute URI"},
	"soap-action":    {parse: plain(checkSOAPAction), valid: "printable ASCII without spaces, quotes and backslashes"},
}

// plain makes a parser that keeps the text as it is once the check accepts it.
func plain(check func(string) error) func(*setting, string) (any, error) {
	return func(_ *setting, text string) (any, error) { return text, check(text) }
}

func list(check func(string) error) func(*setting, string) (any, error) {
	return func(_ *setting, text string) (any, error) { return splitList(text, check) }
}

// splitList splits a comma-separated list. Its error joins those of the items.
func splitList(text string, check func(item string) error) ([]string, error) {
	items := strings.Split(text, ",")
	seen := make(map[string]bool, len(items))
	var wrong []error
	for i, item := range items {
		item = strings.Trim(item, " ")
		switch {
		case item == "":
			wrong = append(wrong, fmt.Errorf("has no text in item %d", i+1))
		case seen[item]:
			wrong = append(wrong, fmt.Errorf("has item %d twice", i+1))
		default:
			if err := check(item); err != nil {
				wrong = append(wrong, fmt.Errorf("item %d %w", i+1, err))
			}
		}
		seen[item] = true
		items[i] = item
	}
	return items, errors.Join(wrong...)
}

// parseText is for plain strings and secrets.
func parseText(s *setting, text string) (any, error) {
	if s.Secret {
		return secret.Secret(text), nil
	}
	return text, nil
}

// parseBoolean accepts one spelling of each: strconv's T, 1 and TRUE would be accepted here and nowhere else.
func parseBoolean(_ *setting, text string) (any, error) {
	if text != "true" && text != "false" {
		return nil, errors.New("has another value")
	}
	return text == "true", nil
}

func parseChoice(s *setting, text string) (any, error) {
	if slices.Contains(s.choices, text) {
		return text, nil
	}
	return nil, errors.New("has another value")
}

func describeChoice(s *setting, _ reflect.StructTag) string {
	if len(s.choices) == 1 {
		return s.choices[0] + " only"
	}
	return strings.Join(s.choices, ", ")
}

// numberKind makes a kind for a field of type T, with the limits of the tags min and max in the syntax of values.
func numberKind[T ~int | ~int64](read func(string) (int64, error), show func(any) string, valid string) kind {
	parse := func(s *setting, text string) (any, error) {
		n, err := read(text)
		switch {
		case err != nil:
			return nil, err
		case n < s.min || n > s.max:
			return nil, errors.New("is out of range")
		}
		return T(n), nil
	}
	describe := func(s *setting, tag reflect.StructTag) string {
		low, high := tag.Get("min"), tag.Get("max")
		s.min, s.max = limit(read, low), limit(read, high)
		return fmt.Sprintf(valid, low, high)
	}
	return kind{parse: parse, describe: describe, show: show}
}

func limit(read func(string) (int64, error), tag string) int64 {
	n, err := read(tag)
	if err != nil {
		panic(fmt.Sprintf("config: a limit in a tag %v", err))
	}
	return n
}

// parseInteger accepts digits only: a sign or 0x would be accepted by strconv and surprise the reader.
func parseInteger(text string) (int64, error) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, errors.New("is not a whole number")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("is out of range")
	}
	return n, nil
}

var units = map[string]int64{"": 1, "KB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20}

func parseSize(text string) (int64, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	unit, known := units[text[digits:]]
	if digits == 0 || !known {
		return 0, errors.New("is not a size")
	}
	n, err := parseInteger(text[:digits])
	if err != nil || n > math.MaxInt64/unit {
		return 0, errors.New("is out of range")
	}
	return n * unit, nil
}

func parseDuration(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("is not a duration") // the cause quotes the value
	}
	return int64(d), nil
}

// parseRatio accepts decimals only: strconv reads NaN and 0x1p-2, too.
func parseRatio(_ *setting, text string) (any, error) {
	ratio, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || strings.Trim(text, "0123456789.") != "":
		return nil, errors.New("is not a number")
	case ratio > 1:
		return nil, errors.New("is out of range")
	}
	return ratio, nil
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

func parseRate(_ *setting, text string) (any, error) {
	digits, unit, _ := strings.Cut(text, "/")
	calls, err := parseInteger(digits)
	period := periods[unit]
	switch {
	case digits == "" || err != nil || period == 0:
		return nil, errors.New("is not a number of calls in a period")
	case calls < 1 || calls > 1e6:
		return nil, errors.New("is out of range")
	}
	return Rate{Calls: int(calls), Period: period}, nil
}

func showRate(r Rate) string {
	for unit, period := range periods {
		if r.Period == period {
			return strconv.Itoa(r.Calls) + "/" + unit
		}
	}
	return ""
}

// checkIssuer refuses the sign that ends the issuer in a caller's name.
func checkIssuer(text string) error {
	if strings.Contains(text, "|") {
		return errors.New("has a vertical bar")
	}
	return nil
}

// algorithms are those of JWTs that can be verified with a public key (RFC 7518, section 3.1, and RFC 8037).
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

func checkAlgorithm(text string) error {
	if !slices.Contains(algorithms, text) {
		return errors.New("is not an algorithm with a public key")
	}
	return nil
}

// parseCodeStatus limits the status to 4xx and 5xx: a failed answer must not look like success or a redirect.
func parseCodeStatus(_ *setting, text string) (any, error) {
	statuses := make(map[string]int)
	_, err := splitList(text, func(item string) error {
		code, digits, _ := strings.Cut(item, "=")
		status, err := parseInteger(digits)
		switch _, twice := statuses[code]; {
		case code == "" || strings.Trim(code, " ") != code || len(digits) != 3 || err != nil:
			return errors.New("is not CODE=STATUS")
		case twice:
			return errors.New("names a code again")
		case status < 400 || status > 599:
			return errors.New("has a status that is out of range")
		}
		statuses[code] = int(status)
		return nil
	})
	return statuses, err
}

// parseJSONObject checks no member: which ones there may be is in the system's folder.
func parseJSONObject(_ *setting, text string) (any, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return nil, errors.New("is not a JSON object") // the cause quotes the value
	}
	return secret.Secret(text), nil
}

// checkBasicUsername refuses a colon, which would end the name on the wire (RFC 7617, section 2).
func checkBasicUsername(text string) error {
	if strings.Contains(text, ":") {
		return errors.New("has a colon")
	}
	return nil
}
