package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// maxResult bounds the body of a success, in bytes, however long its free texts are: results are kept for a week.
const maxResult = 16 << 10

// result writes the body of a success.
func (o *operation[Req, Res]) result(res *Res, sent *Sent, operationID string) ([]byte, *Error) {
	var texts []*string
	if o.FreeText != nil {
		texts = slices.DeleteFunc(o.FreeText(res), func(text *string) bool { return text == nil })
	}
	for _, text := range texts {
		*text = sent.FreeText(*text)
	}
	if member := o.secretIn(res); member != "" {
		problem := Unknown(fmt.Errorf("the reply's %s holds a configured secret", member))
		problem.Alert = true
		return nil, problem
	}
	body, err := respond(res, operationID)
	for limit := maxFreeText / 2; len(body) > maxResult && limit > 0 && err == nil; limit /= 2 {
		for _, text := range texts {
			*text = cut(*text, limit)
		}
		body, err = respond(res, operationID)
	}
	if err != nil {
		return nil, Unknown(err)
	}
	return body, nil
}

// secretIn returns the JSON Pointer of a member of a result that holds a configured secret: a code, a date or an identifier, since the free
// texts are masked. None is shown in part, and none that holds a secret is what the vendor means to say. Secrets of the request do not count:
// a caller may get back what it sent.
func (o *operation[Req, Res]) secretIn(res *Res) (pointer string) {
	if len(o.unmistakable) == 0 {
		return ""
	}
	leaves := appendLeaves(nil, "", o.decoder.Shape(), reflect.ValueOf(res).Elem())
	shown := make([]string, 0, len(leaves))
	for _, l := range leaves {
		if !strings.Contains(l.pointer, "/-") { // read and never shown
			shown = append(shown, l.text)
		}
	}
	if !readingsOf(strings.Join(shown, "|")).hide(o.unmistakable) { // all at once: nearly no reply has any
		return ""
	}
	for _, l := range leaves {
		if readingsOf(l.text).hide(o.unmistakable) {
			return l.pointer
		}
	}
	return ""
}

// respond writes a response body. Frontends compare and print it, so nothing is escaped that JSON does not demand.
func respond(res any, operationID string) ([]byte, error) {
	if a, ok := res.(interface{ identify(id string) }); ok {
		a.identify(operationID)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(res); err != nil {
		return nil, fmt.Errorf("the response body: %w", err)
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}
