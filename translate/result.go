package translate

import (
	"fmt"
	"strings"

	"soapbridge/translate/record"
)

// maxResult bounds the body of a success, in bytes, however long its free texts are: results are kept for a week.
const maxResult = 16 << 10

// result writes the body of a success.
func (o *operation) result(reply *record.Record, sent *Sent, operationID string) ([]byte, *Error) {
	var texts []record.Value
	reply.Leaves(func(_ []byte, v record.Value) bool {
		if v.Field().FreeText && !v.Field().Hidden {
			v.Set(sent.FreeText(v.Text()))
			texts = append(texts, v)
		}
		return true
	})
	if member := o.secretIn(reply); member != "" {
		problem := Unknown(fmt.Errorf("the reply's %s holds a configured secret", member))
		problem.Alert = true
		return nil, problem
	}
	body := Respond(reply.Root(), operationID)
	for limit := maxFreeText / 2; len(body) > maxResult && limit > 0; limit /= 2 {
		for _, text := range texts {
			text.Set(cut(text.Text(), limit))
		}
		body = Respond(reply.Root(), operationID)
	}
	return body, nil
}

// secretIn returns the JSON Pointer of a member of a result that holds a configured secret: a code, a date or an identifier, since the free
// texts are masked. None is shown in part, and none that holds a secret is what the vendor means to say. Secrets of the request do not count:
// a caller may get back what it sent.
func (o *operation) secretIn(reply *record.Record) (pointer string) {
	if len(o.unmistakable) == 0 {
		return ""
	}
	var shown strings.Builder
	reply.Leaves(func(_ []byte, v record.Value) bool {
		if !v.Field().Hidden {
			shown.WriteString(v.Text() + "|")
		}
		return true
	})
	if !readingsOf(shown.String()).hide(o.unmistakable) { // all at once: nearly no reply has any
		return ""
	}
	reply.Leaves(func(at []byte, v record.Value) bool {
		if readingsOf(v.Text()).hide(o.unmistakable) {
			pointer = string(at)
		}
		return pointer == ""
	})
	return pointer
}

// Respond writes the body of a success: the operation id, which no response has, and the response's members.
func Respond(response record.Object, operationID string) []byte {
	b := append(make([]byte, 0, 512), `{"operationId":`...)
	return append(response.AppendMembers(record.AppendString(b, operationID)), '}')
}
