package collections

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// postmanItem is a folder or a request of a Postman collection (v2.1.0).
type postmanItem struct {
	Name    string
	Item    []postmanItem
	Request struct {
		Method string
		URL    struct {
			Raw   string
			Host  []string
			Path  []string
			Query []struct{ Key, Value string }
		}
		Header []struct{ Key, Value string }
		Body   struct{ Raw string }
	}
	Event []struct {
		Listen string
		Script struct{ Exec []string }
	}
}

var expectedStatus = regexp.MustCompile(`pm\.response\.to\.have\.status\((\d+)\)`)

// postman reads a collection. The status that a request must have is in its test.
func postman(t *testing.T, read reader) (requests []request, values map[string]string) {
	t.Helper()
	var collection struct {
		Item     []postmanItem
		Variable []struct{ Key, Value string }
	}
	if err := json.Unmarshal(read(t, "soapbridge.postman_collection.json"), &collection); err != nil {
		t.Fatal(err)
	}
	values = map[string]string{}
	for _, v := range collection.Variable {
		values[v.Key] = v.Value
	}
	document := read.openapi(t)
	for _, folder := range collection.Item {
		for _, item := range folder.Item {
			r := item.request(t)
			if documented := document.success(t, r.method, r.url); r.status != documented {
				t.Errorf("%s expects %d, the document says %d", r.name, r.status, documented)
			}
			requests = append(requests, r)
		}
	}
	return requests, values
}

func (item postmanItem) request(t *testing.T) request {
	t.Helper()
	r := request{name: item.Name, method: item.Request.Method, url: item.Request.URL.Raw, header: map[string]string{}, body: item.Request.Body.Raw}
	for _, h := range item.Request.Header {
		r.header[h.Key] = h.Value
	}
	for _, event := range item.Event {
		if m := expectedStatus.FindStringSubmatch(strings.Join(event.Script.Exec, "\n")); m != nil && event.Listen == "test" {
			r.status, _ = strconv.Atoi(m[1])
		}
	}
	// Postman sends what the parts say, and shows the raw form.
	parts := strings.Join(item.Request.URL.Host, ".") + "/" + strings.Join(item.Request.URL.Path, "/")
	for i, q := range item.Request.URL.Query {
		parts += []string{"?", "&"}[min(i, 1)] + q.Key + "=" + q.Value
	}
	if parts != r.url {
		t.Errorf("%s: the parts of the URL are %s, its raw form is %s", r.name, parts, r.url)
	}
	return r
}

// collectionVariables does what the one script does that sets a variable.
func collectionVariables(_ request, a answer) map[string]string {
	if id := a.header.Get("Operation-Id"); id != "" {
		return map[string]string{"operationId": id}
	}
	return nil
}
