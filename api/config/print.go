package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"soapbridge/translate/secret"
)

// Print writes the effective settings as NAME=value lines, in the order of [Reference], then those of the imported
// systems. Secrets are masked: in the Redis URL the password,
// in another URL the whole query. A line without a value ends in a remark on the meaning of that.
func (c Config) Print(w io.Writer) error {
	err := printAll(w, c, reference)
	for _, s := range c.Imported {
		err = errors.Join(err, printAll(w, s, importedSettings(s.Name)))
	}
	return err
}

// printAll writes the settings of a Config or an ImportedSystem.
func printAll(w io.Writer, of any, settings []setting) error {
	root := reflect.ValueOf(of)
	for _, s := range settings {
		text := s.show(root.FieldByIndex(s.index))
		line := s.Name + "=" + text
		if text == "" && s.Absent != "" {
			line += " # " + s.Absent
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (s *setting) show(field reflect.Value) string {
	switch {
	case field.IsZero() && s.Default == "":
		return ""
	case s.kind.show != nil:
		return printable(s.kind.show(field.Interface()))
	case s.Secret:
		return secret.Mask
	}
	return printable(fmt.Sprint(field.Interface()))
}

// shows adapts a function to the table of kinds; T is the type that the kind's parser makes.
func shows[T any](show func(T) string) func(any) string {
	return func(value any) string { return show(value.(T)) } //nolint:forcetypeassert // the parser of the same kind made it
}

func showList(items []string) string { return strings.Join(items, ",") }

func showStatuses(statuses map[string]int) string {
	items := make([]string, 0, len(statuses))
	for _, code := range slices.Sorted(maps.Keys(statuses)) {
		items = append(items, code+"="+strconv.Itoa(statuses[code]))
	}
	return strings.Join(items, ",")
}

func showSize(n int64) string {
	for _, unit := range []string{"MiB", "KiB"} {
		if n > 0 && n%units[unit] == 0 {
			return strconv.FormatInt(n/units[unit], 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// showDuration leaves out the zero minutes and seconds that time.Duration writes: 168h, not 168h0m0s.
func showDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// showURL masks the query, which may hold an access token.
func showURL(text string) string {
	base, _, found := strings.Cut(text, "?")
	if found {
		base += "?" + secret.Mask
	}
	return base
}

// showRedis masks everything when the URL cannot be read, which a Config from Load never has.
func showRedis(text secret.Secret) string {
	r, err := parseRedis(string(text))
	if err != nil {
		return secret.Mask
	}
	return r.Redacted()
}

// showCertificates names the subject and the end of the validity.
func showCertificates(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return secret.Mask
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return secret.Mask
	}
	shown := fmt.Sprintf("%s, valid until %s", cert.Subject, cert.NotAfter.UTC().Format(time.RFC3339))
	if more := strings.Count(text, "-----BEGIN ") - 1; more > 0 {
		shown += fmt.Sprintf(", and %d more", more)
	}
	return shown
}
