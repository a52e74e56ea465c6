package edge

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"soapbridge/translate/soap"
)

// spans are the trace of a call: a span of the whole call, and below it one for each time that the call is in a stage. The reply is decoded during
// the exchange with the upstream, so the span of the one is below that of the other.
type spans struct {
	tracer   trace.Tracer
	within   context.Context // of the whole call
	call     trace.Span
	stage    trace.Span
	exchange trace.Span // that of the upstream while stage is that of the reply, else nil
}

// traceContext are the headers Traceparent and Tracestate (https://www.w3.org/TR/trace-context/).
var traceContext propagation.TraceContext

// trace begins the trace of a call of an operation, where traces are made. It is part of that of the caller, if there is one.
func (s *Server) trace(c *gin.Context, call *call) {
	if s.config.Tracer == nil {
		return
	}
	t := &spans{tracer: s.config.Tracer}
	parent := traceContext.Extract(context.Background(), propagation.HeaderCarrier(c.Request.Header))
	t.within, t.call = t.tracer.Start(parent, call.operation.Method+" "+call.operation.Path, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(call.since)) //nolint:spancheck // end ends it
	t.stage = t.begin(t.within, call.now, call.since)
	call.spans = t
}

func (t *spans) begin(parent context.Context, of stage, at time.Time) trace.Span {
	kind := trace.SpanKindInternal
	if of == stageUpstream {
		kind = trace.SpanKindClient
	}
	_, span := t.tracer.Start(parent, stageNames[of], trace.WithSpanKind(kind), trace.WithTimestamp(at)) //nolint:spancheck // enter and end end it
	return span                                                                                          //nolint:spancheck // enter and end end it
}

func (t *spans) enter(before, next stage, at time.Time) {
	switch {
	case before == next:
	case before == stageUpstream && next == stageDecode:
		t.exchange = t.stage
		t.stage = t.begin(trace.ContextWithSpan(t.within, t.exchange), next, at)
	case t.exchange != nil: // back from the reply
		t.stage.End(trace.WithTimestamp(at))
		t.stage, t.exchange = t.exchange, nil
	default:
		t.stage.End(trace.WithTimestamp(at))
		t.stage = t.begin(t.within, next, at)
	}
}

// passOn puts the trace into the message: its receiver is below the stage that the call is in. A call that is not traced has no spans.
func (t *spans) passOn(m *soap.Message) {
	if t == nil {
		return
	}
	headers := propagation.MapCarrier{}
	traceContext.Inject(trace.ContextWithSpan(t.within, t.stage), headers)
	m.TraceParent = headers["traceparent"]
	if state := headers["tracestate"]; len(state) <= longestState {
		m.TraceState = state
	}
}

// longestState is what everybody should accept of a Tracestate (https://www.w3.org/TR/trace-context/#tracestate-limits). A longer one, which comes from
// the caller, could make the upstream refuse the message.
const longestState = 512

func (t *spans) id() string { return t.call.SpanContext().TraceID().String() }

// end ends the trace with what the line of the log says, too: no header, no body, no caller.
func (t *spans) end(call *call, status int) {
	at := trace.WithTimestamp(call.since)
	t.stage.End(at)
	t.call.SetAttributes(
		attribute.String("http.request.method", call.operation.Method), attribute.String("http.route", call.operation.Path),
		attribute.Int("http.response.status_code", status),
		attribute.String("soapbridge.operation", call.operation.ID), attribute.String("soapbridge.system", call.operation.System),
		attribute.String("soapbridge.outcome", call.ending()), attribute.String("soapbridge.request_id", call.requestID),
	)
	if call.named {
		t.call.SetAttributes(attribute.String("soapbridge.operation_id", call.operationID()))
	}
	if p := call.problem; p != nil {
		t.call.SetAttributes(attribute.String("soapbridge.code", string(p.Code)))
		if list := p.vendorCodes(); list != "" {
			t.call.SetAttributes(attribute.String("soapbridge.vendor_codes", list))
		}
	}
	if status >= http.StatusInternalServerError {
		t.call.SetStatus(codes.Error, "")
	}
	t.call.End(at)
}
