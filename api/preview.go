package api

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// Describer is an Upstream that can tell what Send would do with a message: the URL, and the HTTP headers by their names as they are spelled on
// the wire. Whatever is secret in either is masked.
type Describer interface {
	Describe(m soap.Message) (endpoint string, headers http.Header)
}

const previewParameter = "preview"

// PreviewWord gives the word that asks for a preview in a version: "soap11". No version has none.
func PreviewWord(v soap.Version) string {
	if v == 0 {
		return ""
	}
	return "soap" + strings.ReplaceAll(v.String(), ".", "")
}

// previewAsked reads the query of an operation: the version of SOAP that a preview is asked for in, 0 when the call is to be made. It refuses
// whatever else there is, because a misspelt parameter that was ignored would make a call of what was meant to be a look.
func previewAsked(op translate.Operation, u *url.URL) (asked soap.Version, p *problem) {
	if u.RawQuery == "" {
		return 0, nil
	}
	p = newProblem(badParameter)
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		p.Detail = "The query string is not well-formed."
		return 0, p
	}
	versions := map[string]soap.Version{}
	for _, v := range op.Versions {
		versions[PreviewWord(v)] = v
	}
	words := slices.Sorted(maps.Keys(versions))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case name != previewParameter:
			p.choice(name, "unknown-parameter", "The only query parameter here is preview.", []string{previewParameter})
		case len(values[name]) > 1:
			p.choice(name, "duplicate-parameter", "Give this parameter once.", words)
		case versions[values[name][0]] == 0:
			p.choice(name, string(validation.NotInList), "This must be one of: "+strings.Join(words, ", ")+".", words)
		default:
			asked = versions[values[name][0]]
		}
	}
	if len(p.Errors) > 0 {
		return 0, p
	}
	return asked, nil
}

// choice names a parameter and what it may be.
func (p *problem) choice(name, code, detail string, list []string) {
	named := len(p.Errors)
	p.parameter(name, code, detail)
	if len(p.Errors) > named {
		p.Errors[named].Params = map[string]any{"list": list}
	}
}

// previewView is the answer to a preview in JSON.
type previewView struct {
	// The vendor's name of the operation.
	Operation   string `json:"operation" validate:"required" example:"CreateCallLog"`
	SOAPVersion string `json:"soapVersion" validate:"required" enums:"1.1,1.2" example:"1.1"`
	Method      string `json:"method" validate:"required" example:"POST"`
	// Where it would go; absent where no URL is configured.
	URL string `json:"url,omitempty" example:"https://vendor.example/webservices/CustomerCareService.asmx"`
	// The HTTP headers, by name. The Content-Length is that of the masked envelope.
	Headers []headerView `json:"headers" validate:"required"`
	// The whole envelope, with every secret as ***.
	Envelope string `json:"envelope" validate:"required"`
	// The namespaces of the prefixes in the XPaths.
	Namespaces map[string]string `json:"namespaces" validate:"required"`
	// Where each value of the request stands in the envelope.
	Fields []translate.PreviewField `json:"fields" validate:"required"`
} //	@name	Preview

type headerView struct {
	Name  string `json:"name" validate:"required" example:"SOAPAction"`
	Value string `json:"value" validate:"required"`
} //	@name	PreviewHeader

// preview answers with what would be sent, and sends nothing. It has no route of its own; this is for the documents:
//
//	@Success	200	{object}	previewView
func (s *server) preview(c *gin.Context, w *work, request translate.Request) {
	shown, failure := request.Preview(w.preview, w.env)
	if failure != nil {
		s.refuse(c, problemOf(failure))
		return
	}
	if prefersXML(c.Request.Header) {
		s.write(c, answer{status: http.StatusOK, contentType: "text/xml; charset=utf-8", body: shown.Message.Envelope})
		return
	}
	view := previewView{
		Operation: w.operation.Name, SOAPVersion: w.preview.String(), Method: http.MethodPost,
		Envelope: string(shown.Message.Envelope), Namespaces: shown.Namespaces, Fields: shown.Fields,
	}
	view.URL, view.Headers = describe(w.system.Upstream, shown.Message)
	s.writeJSON(c, view)
}

// describe asks the upstream what it would do. Without one that knows, the headers are those that the message itself demands.
func describe(upstream Upstream, m soap.Message) (endpoint string, list []headerView) {
	headers := http.Header{"Content-Type": {m.ContentType()}}
	if action, present := m.SOAPAction(); present {
		headers["SOAPAction"] = []string{action}
	}
	if d, ok := upstream.(Describer); ok {
		endpoint, headers = d.Describe(m)
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[name] {
			list = append(list, headerView{name, value})
		}
	}
	return endpoint, list
}

// prefersXML negotiates by RFC 9110 section 12.5.1: the answer is JSON unless one of the types of XML is wanted more. Who wants neither
// gets JSON too, because an answer that can be read is better than none.
func prefersXML(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	likes := quality(accept, "application/json")
	return slices.ContainsFunc([]string{"text/xml", "application/xml", "application/soap+xml"}, func(media string) bool {
		return quality(accept, media) > likes
	})
}

// quality gives the weight of a media type, from 0 to 1: that of the most specific range that holds it. Ranges that break the syntax are
// ignored, and so are their parameters but for q.
func quality(accept, media string) (weight float64) {
	group, _, _ := strings.Cut(media, "/")
	ranges, best := []string{"*/*", group + "/*", media}, -1
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		specific := slices.Index(ranges, name)
		if err != nil || specific <= best {
			continue
		}
		q := 1.0
		if text, given := params["q"]; given {
			q, err = strconv.ParseFloat(text, 64)
		}
		if err == nil && q >= 0 && q <= 1 {
			weight, best = q, specific
		}
	}
	return weight
}
