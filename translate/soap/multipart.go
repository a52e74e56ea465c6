package soap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"regexp"
	"strings"

	"soapbridge/translate/xml"
)

var errPackage = errors.New("soap: the reply is not one whole multipart/related package with a root part")

// isMultipart reports whether a Content-Type announces several parts. It does not parse it, for the sake of all that are not.
func isMultipart(contentType string) bool {
	const prefix = "multipart/"
	return len(contentType) > len(prefix) && strings.EqualFold(contentType[:len(prefix)], prefix)
}

// rootPart returns the root part of a multipart/related package, which holds the envelope (MTOM section 3.2), and its Content-Type. The
// root is the part that the parameter start names, else the first one (RFC 2387 section 3.2). Other parts are not looked at.
func rootPart(body []byte, contentType string) (root []byte, rootType string, err error) {
	mediaType, params, err := xml.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || mediaType != "multipart/related" || !isClosed(body, boundary) {
		return nil, "", errPackage
	}
	start, found := contentID(params["start"]), false
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for first := true; ; first = false {
		part, err := reader.NextRawPart()
		switch {
		case err == io.EOF && found: //nolint:errorlint // where the end is missing, the error wraps io.EOF
			return root, rootType, nil
		case err != nil:
			return nil, "", errPackage
		case start == "" && !first, start != "" && contentID(part.Header.Get("Content-ID")) != start:
			continue
		case found:
			return nil, "", errPackage
		}
		if root, err = io.ReadAll(part); err == nil {
			root, err = decodeTransfer(root, part.Header.Get("Content-Transfer-Encoding"))
		}
		if err != nil {
			return nil, "", errPackage
		}
		rootType, found = part.Header.Get("Content-Type"), true
	}
}

// isClosed reports whether the last boundary is the one that ends the package. The reader does not miss it behind half a part's header.
func isClosed(body []byte, boundary string) bool {
	last := bytes.LastIndex(body, []byte("--"+boundary))
	return boundary != "" && last >= 0 && bytes.HasPrefix(body[last+len("--")+len(boundary):], []byte("--"))
}

// contentID returns an identifier of a part without its angle brackets, which some services leave out of the parameter.
func contentID(value string) string { return strings.Trim(value, "<> ") }

// decodeTransfer undoes a part's Content-Transfer-Encoding (RFC 2045 section 6).
func decodeTransfer(content []byte, coding string) ([]byte, error) {
	switch strings.ToLower(coding) {
	case "", "7bit", "8bit", "binary":
		return content, nil
	case "base64":
		return base64.StdEncoding.DecodeString(string(content))
	case "quoted-printable":
		if !notPrintable.Match(content) {
			return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(content)))
		}
	}
	return nil, errPackage
}

// notPrintable is an equals sign that does not escape anything. The reader of the library would keep it as it is.
var notPrintable = regexp.MustCompile(`=(?:$|[0-9A-Fa-f]?[^0-9A-Fa-f\s]|[0-9A-Fa-f](?:\s|$))`)

// hasInclude reports whether an element refers to another part of the package (XOP section 2.1): what the service says is then not
// whole. A document that is not XML has none.
func hasInclude(text []byte, limits xml.Limits) bool {
	for s := xml.NewScanner(text, limits); ; {
		kind, err := s.Next()
		switch {
		case err != nil || kind == xml.EndDocument:
			return false
		case kind == xml.StartElement && s.Name() == (xml.Name{Space: "http://www.w3.org/2004/08/xop/include", Local: "Include"}):
			return true
		}
	}
}
