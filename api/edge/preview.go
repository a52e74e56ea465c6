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
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// previewPath is the path where an operation is previewed.
func previewPath(op *translate.Operation) string { return op.Path + openapi.PreviewSuffix }

// preview answers with what a call of the operation would send, and sends nothing. It asks neither the store nor the upstream, and burns no key.
// The annotation only makes swag read the view's type: the document has a preview for each operation, by openapi.
//
//	@Success	200	{object}	previewView
func (s *Server) preview(op *translate.Operation, system *System) handler {
	return func(c *gin.Context, call *call) (answer, *problem) {
		call.operation = op
		version, p := s.admitPreview(c, call)
		if p != nil {
			return answer{}, p
		}
		request, p := s.readAny(c, op, versionParameter)
		if p != nil {
			return answer{}, p
		}
		shown, failure := request.Preview(version, call.env)
		if failure != nil {
			return answer{}, problemOf(failure)
		}
		if prefersXML(c.Request.Header) {
			return answer{status: http.StatusOK, contentType: "text/xml; charset=utf-8", body: shown.Message.Envelope}, nil
		}
		view := previewView{
			Operation: op.Name, SOAPVersion: version.String(), Method: http.MethodPost,
			Envelope: string(shown.Message.Envelope), Namespaces: shown.Namespaces, Fields: shown.Fields,
		}
		view.URL, view.Headers = describe(system.Upstream, shown.Message)
		return jsonAnswer(view)
	}
}

// admitPreview checks all of a preview but its body. An Idempotency-Key is not needed: it only decides which operation id the envelope shows, so a
// malformed one does not matter.
func (s *Server) admitPreview(c *gin.Context, call *call) (version soap.Version, p *problem) {
	if p = s.authorize(c, call, ScopeOf(*call.operation)); p != nil {
		return 0, p
	}
	if version, p = versionAsked(call.operation, c.Request.URL); p != nil {
		return 0, p
	}
	id := uuid.Nil.String() // which no operation has
	if key, _ := idempotencyKey(c.Request.Header, true); key != "" && !call.operation.ReadOnly {
		id = s.config.Vault.OperationID(call.caller.id, key)
	}
	call.env = environment(call.caller, id)
	if call.operation.Method == http.MethodGet {
		return version, nil
	}
	return version, checkContentType(c.Request.Header)
}

// versionParameter is the query parameter of previews.
const versionParameter = "soap"

// versionAsked reads ?soap=1.1; without it the version is the configured one.
func versionAsked(op *translate.Operation, u *url.URL) (version soap.Version, p *problem) {
	version = op.Version
	if values := u.Query(); op.Method == http.MethodGet { // the others are members of the request
		only := url.Values{versionParameter: values[versionParameter]}
		u = &url.URL{RawQuery: only.Encode()}
	}
	p = query{
		known: map[string]func([]string) *violation{versionParameter: once(func(value string) *violation {
			var names []string
			for _, v := range op.Versions {
				if v.String() == value {
					version = v
					return nil
				}
				names = append(names, v.String())
			}
			return notListed(names)
		})},
		unknown: *wrong(unknownParameter, "The only query parameter here is soap.", versionParameter),
	}.read(u)
	return version, p
}

type previewView struct {
	// The vendor's name of the operation.
	Operation string `json:"operation" validate:"required" example:"CreateCallLog"`
	// The version of SOAP that the preview is in.
	SOAPVersion string `json:"soapVersion" validate:"required" enums:"1.1,1.2" example:"1.1"`
	// The HTTP method with which the envelope would be sent.
	Method string `json:"method" validate:"required" example:"POST"`
	// Where it would go; absent where no URL is configured.
	URL string `json:"url,omitempty" example:"https://vendor.example/webservices/CustomerCareService.asmx"`
	// The HTTP headers, by name. The Content-Length is that of the masked envelope.
	Headers []headerView `json:"headers" validate:"required"`
	// The whole envelope, with every secret as ***.
	Envelope string `json:"envelope" validate:"required"`
	// The namespaces of the prefixes in the XPaths.
	Namespaces map[string]string `json:"namespaces" validate:"required"`
	// Where each value of the request is in the envelope.
	Fields []translate.PreviewField `json:"fields" validate:"required"`
} //	@name	Preview

type headerView struct {
	// Name of the header, as it is spelled on the wire.
	Name string `json:"name" validate:"required" example:"SOAPAction"`
	// Value of the header, with every secret as ***.
	Value string `json:"value" validate:"required"`
} //	@name	PreviewHeader

// describe returns what the upstream would do with a message. Where none is configured, the headers are those that the message itself demands.
func describe(upstream Upstream, m soap.Message) (endpoint string, list []headerView) {
	var headers http.Header
	if upstream != nil {
		endpoint, headers = upstream.Describe(m)
	} else {
		headers = http.Header{"Content-Type": {m.ContentType()}}
		if action, present := m.SOAPAction(); present {
			headers["SOAPAction"] = []string{action}
		}
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
		if text, weighted := params["q"]; weighted {
			q, err = strconv.ParseFloat(text, 64)
		}
		if err == nil && q >= 0 && q <= 1 {
			weight, best = q, specific
		}
	}
	return weight
}
