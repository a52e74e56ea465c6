package idempotency_test

import (
	"bytes"
	"os"
	"testing"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
)

func benchmarkVault(b *testing.B) *idempotency.Vault {
	b.Helper()
	v, err := idempotency.NewRandomVault()
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// BenchmarkFingerprint digests a CreateWorkFlowManager request with every member.
func BenchmarkFingerprint(b *testing.B) {
	v, request := benchmarkVault(b), workFlowRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Fingerprint(v.SealingKey(), "CreateWorkFlowManager", request.Fingerprint); err != nil {
			b.Fatal(err)
		}
	}
}

func workFlowRequest(b *testing.B) translate.Request {
	b.Helper()
	body, err := os.ReadFile("../../translate/customercare/testdata/CreateWorkFlowManager/full.json")
	if err != nil {
		b.Fatal(err)
	}
	operations, err := customercare.Operations(customercare.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, op := range operations {
		if op.Name != "CreateWorkFlowManager" {
			continue
		}
		request, problem := op.Read(body)
		if problem != nil {
			b.Fatal(problem)
		}
		return request
	}
	b.Fatal("the operation is missing")
	return nil
}

// BenchmarkSeal seals a usual result.
func BenchmarkSeal(b *testing.B) {
	v := benchmarkVault(b)
	r := idempotency.Record{ID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f", Operation: "CreateWorkFlowManager", SealingKey: v.SealingKey()}
	result := idempotency.Result{Status: 201, ContentType: "application/json", Body: bytes.Repeat([]byte("x"), 400)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Seal(r, result); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOperationID names a record by a usual key.
func BenchmarkOperationID(b *testing.B) {
	v := benchmarkVault(b)
	b.ReportAllocs()
	for b.Loop() {
		if id := v.OperationID("web", "0b0f1f4e-3d5c-4a3e-9d2f-6a1b2c3d4e5f"); id == "" {
			b.Fatal("no id")
		}
	}
}
