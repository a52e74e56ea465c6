package translate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// The steps of a call, hot: read with the rules, fingerprint, encode, and decode with the answer. TestAllocations has their budget.
//
//	GOMAXPROCS=1 go test -run '^$' -bench . -benchmem ./translate

// benchmarked is a CreateWorkFlowManager request: a usual one, and one that has every member.
type benchmarked struct {
	name string
	op   translate.Operation
	body []byte
}

func benchmarks(b testing.TB) []benchmarked {
	b.Helper()
	list := []benchmarked{{name: "usual"}, {name: "full"}}
	for i, path := range []string{"../tests/bench/workflow.json", "customercare/testdata/CreateWorkFlowManager/full.json"} {
		list[i].op, list[i].body = operations(b)[0], file(b, path)
	}
	return list
}

func file(b testing.TB, path string) []byte {
	b.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return content
}

func (r benchmarked) read(b testing.TB) translate.Request {
	b.Helper()
	request, refusal := r.op.Read(r.body)
	if refusal != nil {
		b.Fatal(refusal)
	}
	return request
}

// each measures a step of both requests.
func each(b *testing.B, step func(b *testing.B, r benchmarked)) {
	b.Helper()
	for _, r := range benchmarks(b) {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			step(b, r)
		})
	}
}

var benchmarkEnv = translate.Env{Now: time.Unix(1795253400, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f", Caller: translate.Caller{UserID: "web"}}

func BenchmarkRead(b *testing.B) {
	each(b, func(b *testing.B, r benchmarked) {
		b.SetBytes(int64(len(r.body)))
		for b.Loop() {
			r.read(b)
		}
	})
}

// BenchmarkFingerprint leaves out the keyed digest, which is not of this package.
func BenchmarkFingerprint(b *testing.B) {
	each(b, func(b *testing.B, r benchmarked) {
		request := r.read(b)
		var canonical []byte
		for b.Loop() {
			canonical = request.Fingerprint(canonical[:0])
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	each(b, func(b *testing.B, r benchmarked) {
		request := r.read(b)
		for b.Loop() {
			message, refusal := request.Encode(benchmarkEnv)
			if refusal != nil {
				b.Fatal(refusal)
			}
			b.SetBytes(int64(len(message.Envelope)))
			message.Free()
		}
	})
}

func BenchmarkReply(b *testing.B) { benchmarkReply(b, "ok-workflow", 200, "") }

// BenchmarkReplyFault is of a fault, whose text is searched for all values of the request.
func BenchmarkReplyFault(b *testing.B) {
	benchmarkReply(b, "throw-client", 500, translate.UpstreamRejected)
}

func benchmarkReply(b *testing.B, name string, status int, want translate.Code) {
	b.Helper()
	reply := soap.Reply{Certain: true, Status: status, ContentType: "text/xml; charset=utf-8", Body: file(b, "customercare/testdata/replies/"+name+".xml")}
	each(b, func(b *testing.B, r benchmarked) {
		request := r.read(b)
		b.SetBytes(int64(len(reply.Body)))
		for b.Loop() {
			_, failure := request.Decode(reply, benchmarkEnv)
			if (failure == nil) != (want == "") || failure != nil && failure.Code != want {
				b.Fatal(failure)
			}
		}
	})
}

// BenchmarkRefused is of requests that must not cost much more than the one that BenchmarkRead accepts.
func BenchmarkRefused(b *testing.B) {
	usual := benchmarks(b)[0]
	body := string(usual.body)
	end := strings.LastIndexByte(body, '}')
	for _, refused := range []struct {
		name, body string
		want       translate.Code
	}{
		{"an unknown member", body[:end] + `, "operatingCentre": 1}`, translate.ValidationFailed},
		{"a wrong date", strings.Replace(body, "2026-11-27", "2026-11-31", 1), translate.ValidationFailed},
		{"every date wrong", strings.ReplaceAll(body, "-0", "-9"), translate.ValidationFailed},
		{"only wrong types", strings.NewReplacer(`":"`, `":["`, `",`, `"],`, `"}`, `"]}`).Replace(body), translate.ValidationFailed},
		{"no JSON at its end", body[:end], translate.MalformedJSON},
	} {
		b.Run(refused.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, refusal := usual.op.Read([]byte(refused.body)); refusal == nil || refusal.Code != refused.want {
					b.Fatal(refusal)
				}
			}
		})
	}
}

// BenchmarkItems reads, fingerprints and encodes arrays: the time of an item must not depend on their number.
func BenchmarkItems(b *testing.B) {
	op := operations(b)[0]
	for _, n := range []int{1, 10, 100, 1_000, 10_000} {
		for _, kind := range []struct{ name, item string }{{"accepted", `{"name":"channel","value":"web"}`}, {"refused", `{"name":1,"value":"web"}`}} {
			items := strings.Repeat(kind.item+",", n-1) + kind.item
			body := []byte(`{"accountNumber":"0123456789","workItemType":{"code":"MOVE"},"baseRequest":{"nameValues":[` + items + `]}}`)
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				b.ReportAllocs()
				var canonical []byte
				for b.Loop() {
					request, refusal := op.Read(body)
					if refusal != nil {
						continue
					}
					canonical = request.Fingerprint(canonical[:0])
					message, refusal := request.Encode(benchmarkEnv)
					if refusal != nil {
						b.Fatal(refusal)
					}
					message.Free()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
			})
		}
	}
}
