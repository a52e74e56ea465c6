package traces

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"soapbridge/api/guard"
)

// exporter sends spans by OTLP over HTTP, in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). The exporter of OpenTelemetry would bring
// gRPC and what it needs into the program, to send the same.
type exporter struct {
	url    string // "http://collector:4318/v1/traces"
	client *http.Client
	guard  *guard.Guard
	failed bool // the last export; the SDK calls from one goroutine at a time
}

// ExportSpans implements sdk.SpanExporter. It repeats nothing: newer spans are worth more than those that were lost. It logs when exports begin to
// fail, and when they succeed again.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.guard.Try("traces", func() error { return e.post(ctx, spans) })
	switch {
	case err != nil && !e.failed:
		e.guard.Log.Warn("traces cannot be sent and are lost", slog.String("cause", err.Error()))
	case err == nil && e.failed:
		e.guard.Log.Info("traces are sent again")
	}
	e.failed = err != nil
	return nil
}

// Shutdown implements sdk.SpanExporter.
func (*exporter) Shutdown(context.Context) error { return nil }

func (e *exporter) post(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	body, err := json.Marshal(requestOf(spans))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(r)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err // without the URL, whose query may hold a credential
	}
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, answer.Body, most) // so that the connection can be used again
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector answers %d", answer.StatusCode)
	}
	return nil
}

// The messages of opentelemetry/proto/collector/trace/v1, as far as they are needed, in the JSON encoding of OTLP: ids are hexadecimal, numbers of
// 64 bits are texts.
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   attributes   `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	attributes struct {
		Attributes []keyValue `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name string `json:"name"`
	}
	span struct {
		TraceID      string     `json:"traceId"`
		SpanID       string     `json:"spanId"`
		ParentSpanID string     `json:"parentSpanId,omitempty"`
		TraceState   string     `json:"traceState,omitempty"`
		Name         string     `json:"name"`
		Kind         int        `json:"kind"`
		Start        string     `json:"startTimeUnixNano"`
		End          string     `json:"endTimeUnixNano"`
		Attributes   []keyValue `json:"attributes,omitempty"`
		Status       status     `json:"status"`
	}
	status struct {
		Code int `json:"code,omitempty"`
	}
	keyValue struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// statusError is STATUS_CODE_ERROR; the numbers of the SDK are others.
const statusError = 2

// requestOf describes spans of one provider: all have its resource.
func requestOf(spans []sdk.ReadOnlySpan) request {
	list := make([]span, len(spans))
	for i, s := range spans {
		ids := s.SpanContext()
		list[i] = span{
			TraceID: ids.TraceID().String(), SpanID: ids.SpanID().String(), TraceState: ids.TraceState().String(),
			Name: s.Name(), Kind: int(s.SpanKind()), // the same numbers
			Start: nanoseconds(s.StartTime()), End: nanoseconds(s.EndTime()), Attributes: keyValues(s.Attributes()),
		}
		if s.Parent().SpanID().IsValid() {
			list[i].ParentSpanID = s.Parent().SpanID().String()
		}
		if s.Status().Code == codes.Error {
			list[i].Status.Code = statusError
		}
	}
	return request{[]resourceSpans{{attributes{keyValues(spans[0].Resource().Attributes())}, []scopeSpans{{scope{name}, list}}}}}
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// keyValues describes attributes that are texts, numbers or truths.
func keyValues(list []attribute.KeyValue) []keyValue {
	described := make([]keyValue, len(list))
	for i, a := range list {
		value := map[string]any{}
		switch a.Value.Type() {
		case attribute.INT64:
			value["intValue"] = a.Value.String()
		case attribute.BOOL:
			value["boolValue"] = a.Value.AsBool()
		default:
			value["stringValue"] = a.Value.String()
		}
		described[i] = keyValue{string(a.Key), value}
	}
	return described
}
