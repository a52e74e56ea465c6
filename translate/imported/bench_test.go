package imported

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

// serviceWSDL says of CreateService what the built-in operation says.
const serviceWSDL = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:t="http://mdsuk.com/ws/dise3g/services/definition" targetNamespace="http://mdsuk.com/ws/dise3g/services/definition">
<types><xs:schema targetNamespace="http://mdsuk.com/ws/dise3g/services/definition">
 <xs:complexType name="Service"><xs:sequence>
  <xs:element name="CustomerLevel"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="SUBSCRIPTION"/><xs:enumeration value="ACCOUNT"/>
   <xs:enumeration value="AGREEMENT"/></xs:restriction></xs:simpleType></xs:element>
  <xs:element name="CustomerLevelReference" type="t:S8"/><xs:element name="effectiveDate" type="xs:date"/><xs:element name="expiryDate" type="xs:date" minOccurs="0"/>
  <xs:element name="serviceCode" type="t:S8"/><xs:element name="salesPersonId" type="t:I8" minOccurs="0"/><xs:element name="salesAccountReference" type="t:I8" minOccurs="0"/>
  <xs:element name="ServicePrice" type="xs:decimal" minOccurs="0"/><xs:element name="Description" type="t:S120" minOccurs="0"/>
  <xs:element name="LongDescription" type="t:S120" minOccurs="0"/><xs:element name="AccountServiceAgreement" type="t:S8" minOccurs="0"/>
  <xs:element name="SuppressRemainingCharge" type="xs:boolean" minOccurs="0"/><xs:element name="ContractReference" type="t:S120" minOccurs="0"/>
  <xs:element name="PriceConsolidationService" type="t:S8" minOccurs="0"/></xs:sequence></xs:complexType>
 <xs:simpleType name="S8"><xs:restriction base="xs:string"><xs:maxLength value="8"/></xs:restriction></xs:simpleType>
 <xs:simpleType name="S120"><xs:restriction base="xs:string"><xs:maxLength value="120"/></xs:restriction></xs:simpleType>
 <xs:simpleType name="I8"><xs:restriction base="xs:int"><xs:minInclusive value="0"/><xs:maxInclusive value="99999999"/></xs:restriction></xs:simpleType>
 <xs:complexType name="Outer"><xs:sequence><xs:element name="ExternalReference" type="t:S120" minOccurs="0"/><xs:element name="ServiceData" type="t:Service"/>
  <xs:element name="AuditRecord" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="UserID" type="t:S120"/><xs:element name="Program" type="t:S120"/></xs:sequence>
  </xs:complexType></xs:element></xs:sequence></xs:complexType>
 <xs:complexType name="Answer"><xs:sequence><xs:element name="ExternalReference" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>
 <xs:element name="CreateService"><xs:complexType><xs:sequence><xs:element name="ServiceData" type="t:Outer" form="qualified"/></xs:sequence></xs:complexType></xs:element>
 <xs:element name="CreateServiceResponse"><xs:complexType><xs:sequence><xs:element name="Result" type="t:Answer" form="qualified"/></xs:sequence></xs:complexType></xs:element>
</xs:schema></types>
<message name="In"><part name="p" element="t:CreateService"/></message><message name="Out"><part name="p" element="t:CreateServiceResponse"/></message>
<portType name="P"><operation name="CreateService"><input message="t:In"/><output message="t:Out"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="CreateService"><s:operation soapAction=""/>
<input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding></definitions>`

const serviceOverlay = `
  CreateService:
    kind: write
    unwrap: [serviceData, result]
    secret: []
    outcome: faultsOnly
    members:
      serviceData/customerLevel: {anyCase: true}
      serviceData/effectiveDate: {zone: utc}
      serviceData/expiryDate: {zone: utc}
      serviceData/servicePrice: {decimal: "9:2"}
    rules:
      - {in: serviceData, notBefore: {member: expiryDate, other: effectiveDate}}
      - {in: serviceData, forbid: description, when: {customerLevel: AGREEMENT}}
    fill: {externalReference: $operationId}
`

// BenchmarkCall reads, encodes and decodes the same call of a built-in operation and of an imported one, which may cost a tenth more.
func BenchmarkCall(b *testing.B) {
	builtIn, err := mds.Operations(mds.Config{})
	if err != nil {
		b.Fatal(err)
	}
	overlay := "system: parcels\nwsdl: {file: s.wsdl, sha256: " + Hash([]byte(serviceWSDL)) + "}\noperations:" + serviceOverlay
	folder := fstest.MapFS{FileName: {Data: []byte(overlay)}, "s.wsdl": {Data: []byte(serviceWSDL)}}
	system, err := Load("parcels", folder, Config{})
	if err != nil {
		b.Fatal(err)
	}
	var sizes []int
	for _, op := range []*translate.Operation{&builtIn[0], &system.Operations[0]} {
		b.Run(op.System, func(b *testing.B) {
			b.ReportAllocs()
			sizes = append(sizes, benchmarkCall(b, op))
		})
	}
	if len(sizes) > 1 && max(sizes[0], sizes[len(sizes)-1]) > min(sizes[0], sizes[len(sizes)-1])+100 {
		b.Errorf("the envelopes have %d bytes: they are not the same call", sizes)
	}
}

func benchmarkCall(b *testing.B, op *translate.Operation) (size int) {
	b.Helper()
	body, err1 := os.ReadFile("../mds/testdata/CreateService/full.json")
	reply, err2 := os.ReadFile("../mds/testdata/CreateService/reply.xml")
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	env := translate.Env{Now: time.Unix(1795253400, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"}
	for b.Loop() {
		request, refusal := op.Read(body)
		if refusal != nil {
			b.Fatal(refusal, refusal.Violations)
		}
		message, refusal := request.Encode(env)
		if refusal != nil {
			b.Fatal(refusal)
		}
		size = len(message.Envelope)
		message.Free()
		result, refusal := request.Decode(soap.Reply{Certain: true, Status: 200, ContentType: "text/xml", Body: reply}, env)
		if refusal != nil || !strings.Contains(string(result.JSON), "externalReference") {
			b.Fatal(refusal, result)
		}
		request.Free()
	}
	return size
}
