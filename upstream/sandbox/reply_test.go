package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

const credentialsHeader = `<soap:Header><ScCredentials xmlns="http://ws.southernco.com/CustSvc-iHub"><DirectUserNameToken><BinarySecurityToken>` +
	`<ID>Text &amp; more</ID></BinarySecurityToken></DirectUserNameToken><OriginatingUserNameToken><BinarySecurityToken>` +
	`<ID>Text &amp; more</ID></BinarySecurityToken></OriginatingUserNameToken><Created>2026-11-21T10:20:30.5+11:00</Created>` +
	`</ScCredentials></soap:Header>`

const succeededBaseResponse = `<BaseResponse xmlns=""><MessageDateTime>2026-11-21T10:20:30.000Z</MessageDateTime>` +
	`<ResponseCode>0</ResponseCode><ResponseDescription>Success</ResponseDescription></BaseResponse>`

func asmx(namespace, body string) string {
	return declaration + `<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"` +
		` xmlns:soap="` + namespace + `">` + credentialsHeader + `<soap:Body>` + body + `</soap:Body></soap:Envelope>`
}

// TestSamplesAreAccepted: every curated sample, with its placeholders replaced, is executed, and answered in the documented shape.
func TestSamplesAreAccepted(t *testing.T) {
	tests := []struct {
		operation string
		is12      bool
		want      string
	}{
		{createWorkFlowManager, false, asmx(ns11, `<CreateWorkFlowManagerResponse xmlns="http://ws.southernco.com/CustSvc-iHub">`+
			`<CreateWorkFlowManagerResult>`+succeededBaseResponse+`</CreateWorkFlowManagerResult></CreateWorkFlowManagerResponse>`)},
		{createWorkFlowManager, true, asmx(ns12, `<CreateWorkFlowManagerResponse xmlns="http://ws.southernco.com/CustSvc-iHub">`+
			`<CreateWorkFlowManagerResult>`+succeededBaseResponse+`</CreateWorkFlowManagerResult></CreateWorkFlowManagerResponse>`)},
		{createCallLog, false, asmx(ns11, `<CreateCallLogResponse xmlns="http://ws.southernco.com/CustSvc-iHub">`+
			`<CreateCallLogResult>`+succeededBaseResponse+`</CreateCallLogResult></CreateCallLogResponse>`)},
		{createCallLog, true, asmx(ns12, `<CreateCallLogResponse xmlns="http://ws.southernco.com/CustSvc-iHub">`+
			`<CreateCallLogResult>`+succeededBaseResponse+`</CreateCallLogResult></CreateCallLogResponse>`)},
		{updateCustomerPIN, false, asmx(ns11, pinResponse)},
		{updateCustomerPIN, true, asmx(ns12, pinResponse)},
		{createService, false, declaration + `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>` +
			`<ns2:CreateServiceResponse xmlns:ns2="http://mdsuk.com/ws/dise3g/services/definition"` +
			` xmlns:ns3="http://mdsuk.com/ws/dise3g/workflow/definition" xmlns:ns4="http://mdsuk.com/ws/dise3g/fault/exception">` +
			`<ns2:Result><ExternalReference>Ä1</ExternalReference></ns2:Result></ns2:CreateServiceResponse></soapenv:Body></soapenv:Envelope>`},
		{createComplexAccount, false, declaration + `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"` +
			` xmlns:ns1="http://emersion.com.au/ServiceObjects"><SOAP-ENV:Body><ns1:CreateAccountResponse>` +
			`<ns1:AccountID>399301</ns1:AccountID></ns1:CreateAccountResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>`},
	}
	for _, test := range tests {
		name, wantType := test.operation+" in SOAP 1.1", "text/xml; charset=utf-8"
		if test.is12 {
			name, wantType = test.operation+" in SOAP 1.2", "application/soap+xml; charset=utf-8"
		}
		t.Run(name, func(t *testing.T) {
			b := start(t)
			m := request(t, test.operation)
			if test.is12 {
				m = in12(m)
			}
			got := b.send(t, m)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != wantType {
				t.Errorf("status %d, Content-Type %q", got.status, got.header.Get("Content-Type"))
			}
			if got.header.Get("X-Sandbox") != "soapbridge" {
				t.Error("the answer does not say that it comes from a sandbox")
			}
			if diff := cmp.Diff(test.want, got.body); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if n := b.calls(t, "").Counts[test.operation]; n != 1 {
				t.Errorf("executed %d times, want once", n)
			}
		})
	}
}

const pinResponse = `<UpdateCustomerPINResponse xmlns="http://ws.southernco.com/CustSvc-iHub"><UpdateCustomerPINResult>` + succeededBaseResponse +
	`<SevCode xmlns=""><Code>I</Code><Description>Information</Description></SevCode>` +
	`<ExplanationCode xmlns=""><Code>0</Code><Description>Success</Description></ExplanationCode>` +
	`</UpdateCustomerPINResult></UpdateCustomerPINResponse>`

// TestReplyFollowsRequest: the answer has no values for what the request leaves out.
func TestReplyFollowsRequest(t *testing.T) {
	t.Run("no originating token", func(t *testing.T) {
		m := request(t, updateCustomerPIN)
		before, rest, found := strings.Cut(m.envelope, "<OriginatingUserNameToken>")
		_, after, closed := strings.Cut(rest, "</OriginatingUserNameToken>")
		if !found || !closed {
			t.Fatal("the sample has no originating token")
		}
		m.envelope = before + after
		got := start(t).send(t, m)
		if got.status != http.StatusOK || strings.Contains(got.body, "Originating") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("no external reference", func(t *testing.T) {
		m := replace(t, request(t, createService), "<ExternalReference>Ä1</ExternalReference>", "")
		got := start(t).send(t, m)
		if got.status != http.StatusOK || !strings.Contains(got.body, "<ns2:Result></ns2:Result>") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("account ids increase", func(t *testing.T) {
		b := start(t)
		for _, want := range []string{"399301", "399302"} {
			got := b.send(t, replace(t, request(t, createComplexAccount), "pat@example.com.au", "u"+want+"@example.com.au"))
			if !strings.Contains(got.body, "<ns1:AccountID>"+want+"</ns1:AccountID>") {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
	})
}
