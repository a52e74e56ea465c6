package translate_test

import (
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

// oneWay is the toy operation of a service that sends no reply.
func oneWay() translate.Definition {
	d := definition()
	d.OneWay, d.Binding.Reply, d.Response = true, nil, shapeOf[struct{}]()
	return d
}

// TestOneWay is a success with a 2xx unless a fault, or something that is not an envelope, comes with it.
func TestOneWay(t *testing.T) {
	if op := define(t, oneWay()); op.Status != translate.StatusAccepted {
		t.Errorf("a success has the status %d", op.Status)
	}
	for _, reply := range []soap.Reply{
		{Status: 200}, {Status: 202}, {Status: 204}, {Status: 202, Certain: true},
		{Status: 200, Body: []byte(in11(""))}, {Status: 200, Body: []byte(in11(done))},
	} {
		result, failure := decode(t, oneWay(), toyRequest, reply)
		if failure != nil || string(result.JSON) != `{"operationId":"id"}` || result.Ignored != 0 {
			t.Errorf("%d %s: %+v %s", reply.Status, reply.Body, failure, result.JSON)
		}
	}
	for _, test := range []struct {
		status int
		body   string
		want   translate.Error
	}{
		{200, fault11("s:Client", "Wrong"), rejected("Wrong")},
		{500, fault11("s:Server", "Broken"), failed("Broken")},
		{200, "<html></html>", outcomeUnknown},
		{202, in11(done)[:150], outcomeUnknown},
		{302, "", outcomeUnknown},
		{500, in11(""), outcomeUnknown},
		{404, "", refused},
		{401, "", denied},
	} {
		_, failure := decode(t, oneWay(), toyRequest, soap.Reply{Certain: true, Status: test.status, Body: []byte(test.body)})
		checkFailure(t, failure, test.want)
	}
}

// TestOneWayHasNoResponse: nothing could fill its members.
func TestOneWayHasNoResponse(t *testing.T) {
	for name, response := range map[string]*shape.Shape{"members": definition().Response, "no shape": nil} {
		d := oneWay()
		d.Response = response
		if _, err := translate.Define(d); err == nil {
			t.Errorf("%s: it is defined", name)
		}
	}
}
