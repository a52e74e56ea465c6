package translate_test

import (
	"os"
	"testing"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// benchmarkRequest is a CreateWorkFlowManager request with every member.
func benchmarkRequest(b *testing.B) (translate.Operation, []byte) {
	b.Helper()
	body, err := os.ReadFile("customercare/testdata/CreateWorkFlowManager/full.json")
	if err != nil {
		b.Fatal(err)
	}
	return operations(b)["CreateWorkFlowManager"], body
}

var benchmarkEnv = translate.Env{Now: time.Unix(1795253400, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f", Caller: translate.Caller{UserID: "web"}}

func BenchmarkRead(b *testing.B) {
	op, body := benchmarkRequest(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problem := op.Read(body); problem != nil {
			b.Fatal(problem)
		}
	}
}

// BenchmarkReadRefused is of the same request with one mistake in its last member.
func BenchmarkReadRefused(b *testing.B) {
	op, body := benchmarkRequest(b)
	body = append(body[:len(body)-len("}\n")], `, "operatingCentre": 1}`...)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problem := op.Read(body); problem == nil || problem.Code != translate.ValidationFailed {
			b.Fatal(problem)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	op, body := benchmarkRequest(b)
	request, problem := op.Read(body)
	if problem != nil {
		b.Fatal(problem)
	}
	b.ReportAllocs()
	for b.Loop() {
		message, problem := request.Encode(benchmarkEnv)
		if problem != nil {
			b.Fatal(problem)
		}
		b.SetBytes(int64(len(message.Envelope)))
	}
}

func BenchmarkDecode(b *testing.B) {
	op, body := benchmarkRequest(b)
	reply, err := os.ReadFile("customercare/testdata/replies/ok-workflow.xml")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkDecode(b, op, body, soap.Reply{Certain: true, Status: 200, ContentType: "text/xml; charset=utf-8", Body: reply}, "")
}

// BenchmarkDecodeFault is of a fault, whose text is searched for all values of the request.
func BenchmarkDecodeFault(b *testing.B) {
	op, body := benchmarkRequest(b)
	reply, err := os.ReadFile("customercare/testdata/replies/throw-client.xml")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkDecode(b, op, body, soap.Reply{Certain: true, Status: 500, ContentType: "text/xml; charset=utf-8", Body: reply}, translate.UpstreamRejected)
}

func benchmarkDecode(b *testing.B, op translate.Operation, body []byte, reply soap.Reply, want translate.Code) {
	b.Helper()
	request, problem := op.Read(body)
	if problem != nil {
		b.Fatal(problem)
	}
	b.SetBytes(int64(len(reply.Body)))
	b.ReportAllocs()
	for b.Loop() {
		_, problem := request.Decode(reply, benchmarkEnv)
		if (problem == nil) != (want == "") || problem != nil && problem.Code != want {
			b.Fatal(problem)
		}
	}
}
