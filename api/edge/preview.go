package edge

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
)

// Describer is an Upstream that can say what Send would do with a message: the URL, and the HTTP headers by their names as they are spelled on
// the wire. Whatever is secret in either is masked.
type Describer interface {
	Describe(m soap.Message) (endpoint string, headers http.Header)
}

const previewParameter = "preview"

// PreviewWord returns the word that asks for a preview in a version: "soap11". No version has none.
func PreviewWord(v soap.Version) string {
	if v == 0 {
		return ""
	}
	return "soap" + strings.ReplaceAll(v.String(), ".", "")
}

// previewAsked reads the query of an operation. It returns the version of SOAP that a preview is asked for in, 0 when the call is to be made.
func previewAsked(op *translate.Operation, u *url.URL) (asked soap.Version, p *problem) {
	if u.RawQuery == "" {
		return 0, nil
	}
	versions := map[string]soap.Version{}
	for _, v := range op.Versions {
		versions[PreviewWord(v)] = v
	}
	words := slices.Sorted(maps.Keys(versions))
	p = query{
		known: map[string]func([]string) *violation{previewParameter: func(values []string) *violation {
			asked = versions[values[0]]
			switch {
			case len(values) > 1:
				return wrong("duplicate-parameter", "Give this parameter once.", words...)
			case asked == 0:
				return notListed(words)
			}
			return nil
		}},
		unknown: *wrong("unknown-parameter", "The only query parameter here is preview.", previewParameter),
	}.read(u)
	if p != nil {
		return 0, p
	}
	return asked, nil
}

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

// previewOf answers with what would be sent, and sends nothing. It has no route of its own; this is for the documents:
//
//	@Success	200	{object}	previewView
func previewOf(c *gin.Context, call *call, request translate.Request) (answer, *problem) {
	shown, failure := request.Preview(call.preview, call.env)
	if failure != nil {
		return answer{}, problemOf(failure)
	}
	if prefersXML(c.Request.Header) {
		return answer{status: http.StatusOK, contentType: "text/xml; charset=utf-8", body: shown.Message.Envelope}, nil
	}
	view := previewView{
		Operation: call.operation.Name, SOAPVersion: call.preview.String(), Method: http.MethodPost,
		Envelope: string(shown.Message.Envelope), Namespaces: shown.Namespaces, Fields: shown.Fields,
	}
	view.URL, view.Headers = describe(call.system.Upstream, shown.Message)
	return jsonAnswer(view)
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

// prefersXML negotiates by RFC 9110 section 12.5.1: the answer is JSON unless one of the types of XML is wanted more. A caller who wants neither
// gets JSON too, because an answer that can be read is better than none.
func prefersXML(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	likes := quality(accept, "application/json")
	return slices.ContainsFunc(replyTypes, func(media string) bool {
		return quality(accept, media) > likes
	})
}

// quality returns the weight of a media type, from 0 to 1: that of the most specific range that holds it. Ranges that break the syntax are
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
