package translate

import (
	"fmt"

	"soapbridge/translate/record"
)

// maxResult bounds the body of a write's success, in bytes, however long its free texts are: results are kept for a week.
const maxResult = 16 << 10

// result writes the body of a success.
func (o *operation) result(reply *record.Record, sent *Sent, operationID string) ([]byte, *Error) {
	changeFreeTexts(reply, sent.FreeText)
	if member := o.secretIn(reply); member != "" {
		failure := Unknown(fmt.Errorf("the reply's %s holds a configured secret", member))
		failure.Alert = true
		return nil, failure
	}
	body := Respond(reply.Root(), operationID)
	for limit := maxFreeText / 2; !o.ReadOnly && len(body) > maxResult && limit > 0; limit /= 2 {
		changeFreeTexts(reply, func(text string) string { return cut(text, limit) })
		body = Respond(reply.Root(), operationID)
	}
	return body, nil
}

// changeFreeTexts replaces the free texts of an answer.
func changeFreeTexts(reply *record.Record, change func(string) string) {
	reply.Leaves(func(v record.Value) bool {
		if f := v.Field(); f.FreeText && !f.Hidden {
			v.Set(change(v.Text()))
		}
		return true
	})
}

// secretIn returns the JSON Pointer of a member of a result that holds a configured secret: a code, a date or an identifier, since the free
// texts are masked. None is shown in part, and none that holds a secret is what the vendor means to say. Secrets of the request do not count:
// a caller may get back what it sent.
func (o *operation) secretIn(reply *record.Record) (pointer string) {
	holdsSecret := func(text string) bool {
		t := readingsOf(text)
		sieve := t.sieve()
		return t.hide(sieve.among(o.unmistakable))
	}
	if reply.Leaves(func(v record.Value) bool { return v.Field().Hidden || !holdsSecret(v.Text()) }) {
		return ""
	}
	reply.LeavesAt(func(at []byte, v record.Value) bool {
		if holdsSecret(v.Text()) {
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
