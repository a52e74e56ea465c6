package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/xml"
)

// fetchTime bounds reading all documents of a WSDL over the network.
const fetchTime = time.Minute

// fetcher reads a WSDL, and what it imports, from one host.
type fetcher struct {
	remote

	client *http.Client
	left   int // bytes
	files  map[string]string
	queue  []*url.URL
}

// fetch reads the documents of a WSDL into a directory and returns the name of the WSDL there.
func (r *remote) fetch(ctx context.Context, from string, into *os.Root) (entry string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	u, err := url.Parse(from)
	if err != nil {
		return "", usage(err)
	}
	f := &fetcher{remote: *r, left: wsdl.DefaultLimits().Bytes, files: map[string]string{}}
	if why := f.refuses(u); why != "" {
		return "", usage(errors.New(why))
	}
	if f.client, err = r.client(); err != nil {
		return "", usage(err)
	}
	entry = f.add(u, ".wsdl")
	return entry, f.all(ctx, into)
}

// client follows no redirects and uses no proxy, so that nothing but the host is asked.
func (r *remote) client() (*http.Client, error) {
	var roots *x509.CertPool
	if r.CA != "" {
		text, err := os.ReadFile(r.CA)
		if err != nil {
			return nil, err
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca: %s has no certificate in PEM", r.CA)
		}
	}
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// refuses says why an address is not read; empty when it is.
func (r *remote) refuses(u *url.URL) string {
	switch {
	case r.AllowHost == "":
		return "a URL is read only with --allow-host " + u.Host
	case !strings.EqualFold(u.Hostname(), r.AllowHost) && !strings.EqualFold(u.Host, r.AllowHost):
		return fmt.Sprintf("the host %s is not that of --allow-host, %s", u.Host, r.AllowHost)
	case u.User != nil:
		return "a URL with a user name or a password is not read: download the WSDL, and give the file"
	case u.Scheme == "https" || u.Scheme == "http" && r.AllowHTTP:
		return ""
	case u.Scheme == "http":
		return "http is read only with --allow-http"
	}
	return fmt.Sprintf("the scheme %q is not read: give an https URL", u.Scheme)
}

// add notes a document that is to be read, and returns the name of its file.
func (f *fetcher) add(u *url.URL, extension string) string {
	key := *u
	key.Fragment = ""
	if name, known := f.files[key.String()]; known {
		return name
	}
	name := f.fileName(&key, extension)
	f.files[key.String()] = name
	f.queue = append(f.queue, &key)
	return name
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// fileName makes a name of an address that no other file has: of service?xsd=types it is types.xsd.
func (f *fetcher) fileName(u *url.URL, extension string) string {
	stem := u.Path
	if _, number, found := strings.Cut(u.RawQuery, "="); found {
		stem = number
	}
	stem = path.Base(stem)
	for _, known := range []string{".wsdl", ".xsd"} {
		if strings.EqualFold(path.Ext(stem), known) {
			stem, extension = stem[:len(stem)-len(known)], known
		}
	}
	stem = strings.Trim(notInNames.ReplaceAllString(stem, "-"), ".-")
	if stem == "" {
		stem = "document"
	}
	name := stem + extension
	for n := 2; f.taken(name); n++ {
		name = stem + "-" + strconv.Itoa(n) + extension
	}
	return name
}

// taken compares without case, because some file systems do.
func (f *fetcher) taken(name string) bool {
	for _, other := range f.files {
		if strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}

// all reads the documents in the queue, and those that they lead to.
func (f *fetcher) all(ctx context.Context, into *os.Root) error {
	for len(f.queue) > 0 {
		if most := wsdl.DefaultLimits().Documents; len(f.files) > most {
			return fmt.Errorf("the WSDL has more than %d documents", most)
		}
		u := f.queue[0]
		f.queue = f.queue[1:]
		content, err := f.get(ctx, u)
		if err != nil {
			return err
		}
		if err := writeDocument(into, f.files[u.String()], f.local(u, content)); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetcher) get(ctx context.Context, u *url.URL) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent())
	response, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, fmt.Errorf("%s: redirects are not followed; it leads to %q", u, response.Header.Get("Location"))
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: the answer is %s", u, response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, int64(f.left)+1))
	if f.left -= len(content); err == nil && f.left < 0 {
		err = fmt.Errorf("the documents have more than %d bytes", wsdl.DefaultLimits().Bytes)
	}
	return content, err
}

// located are the attributes with the locations of other documents, by the names of their elements.
var located = map[xml.Name]string{
	{Space: "http://schemas.xmlsoap.org/wsdl/", Local: "import"}: "location",
	{Space: wsdl.XSD, Local: "import"}:                           "schemaLocation",
	{Space: wsdl.XSD, Local: "include"}:                          "schemaLocation",
	{Space: wsdl.XSD, Local: "redefine"}:                         "schemaLocation",
}

// extensions are by the attribute that leads to a document.
var extensions = map[string]string{"location": ".wsdl", "schemaLocation": ".xsd"}

var locationPattern = regexp.MustCompile(`(\s(?:schemaL|l)ocation\s*=\s*)("[^"]*"|'[^']*')`)

// local notes the documents of the host that a document leads to, and returns it with the names of their files as locations. In an encoding
// that is not like ASCII, and in what is not well-formed, nothing is changed.
func (f *fetcher) local(base *url.URL, content []byte) []byte {
	names := map[string]string{}
	for _, location := range locations(content) {
		target, err := base.Parse(strings.TrimSpace(location.uri))
		if err == nil && f.refuses(target) == "" {
			names[location.uri] = f.add(target, location.extension)
		}
	}
	return locationPattern.ReplaceAllFunc(content, func(found []byte) []byte {
		parts := locationPattern.FindSubmatch(found)
		value := string(parts[2])
		if name, known := names[html.UnescapeString(value[1:len(value)-1])]; known {
			return []byte(string(parts[1]) + `"` + name + `"`)
		}
		return found
	})
}

// location is where another document is.
type location struct{ uri, extension string }

// locations lists the documents that one leads to.
func locations(content []byte) (list []location) {
	text, err := xml.DecodeCharset(content, "")
	if err != nil {
		return nil
	}
	limits := wsdl.DefaultLimits()
	scan := xml.NewScanner(text, xml.Limits{Bytes: limits.Bytes, Depth: limits.Depth, Elements: limits.Nodes, Instructions: true})
	defer scan.Free()
	for {
		kind, err := scan.Next()
		if err != nil || kind == xml.EndDocument {
			return list
		}
		for _, attribute := range scan.Attrs() {
			if name := located[scan.Name()]; name != "" && attribute.Name == (xml.Name{Local: name}) && attribute.Value != "" {
				list = append(list, location{strings.Clone(attribute.Value), extensions[name]})
			}
		}
	}
}
