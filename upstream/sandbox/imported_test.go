package sandbox_test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"soapbridge/upstream/sandbox"
)

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

const (
	parcels = "parcels"
	track   = "parcels/Track"

	trackRequest = `<Track xmlns="urn:p" id="7"><Number>1</Number></Track>`
	trackReply   = `<p:TrackResponse xmlns:p="urn:p"><p:Status>Ä</p:Status></p:TrackResponse>`
)

func element(local string) xml.Name { return xml.Name{Space: "urn:p", Local: local} }

func importedParcels() sandbox.ImportedSystem {
	both := []string{"1.1", "1.2"}
	return sandbox.ImportedSystem{Name: parcels, Operations: []sandbox.ImportedOperation{
		{Name: "Track", Element: element("Track"), Action: "urn:p/Track", Versions: both, Reply: []byte(trackReply), Faults: []sandbox.DeclaredFault{
			{Name: "NotFound", Detail: []byte(`<p:NotFound xmlns:p="urn:p"/>`)}, {Name: "Shop.Closed"},
		}},
		{Name: "TrackAll", Element: element("Track"), Action: "urn:p/TrackAll", Versions: both, Reply: []byte(`<All/><Parts/>`)},
		{Name: "Ping", Action: "urn:p/Ping", Versions: both, Reply: []byte{}},
		{Name: "Forget", Action: "urn:p/Forget", Versions: both},
		{Name: "Any", Element: element("Any"), Versions: []string{"1.2"}, Reply: []byte(`<Any a="/">text</Any>`)},
		{Name: "AnyAlone", Element: element("Any"), Action: "urn:p/Alone", Versions: []string{"1.2"}},
	}}
}

// imported is a request to the imported system.
func imported(version, action, body string) message {
	m := message{method: http.MethodPost, path: "/systems/parcels", envelope: `<soapenv:Envelope xmlns:soapenv="` + ns11 + `"><soapenv:Header>` +
		`<To soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body soapenv:encodingStyle="">` + body + `</soapenv:Body></soapenv:Envelope>`,
		header: http.Header{"Content-Type": {type11}, "Soapaction": {`"` + action + `"`}}}
	if version == "1.2" {
		return in12(m)
	}
	return m
}

// TestImported: the child of the Body and the action decide who answers, with the reply that was handed in, in the version of the request.
func TestImported(t *testing.T) {
	const unknown, unknown12 = "value of HTTP Header SOAPAction: urn:p/Other.", "The action &#39;urn:p/Other&#39; was not recognized."
	tests := []struct {
		name, version, action, body string
		operation                   string // that executed it
		status                      int
		want                        string // the content of the Body, or a part of the fault
	}{
		{"reply", "1.1", "urn:p/Track", trackRequest, track, 200, trackReply},
		{"reply in SOAP 1.2", "1.2", "urn:p/Track", trackRequest, track, 200, trackReply},
		{"another operation with the element", "1.1", "urn:p/TrackAll", trackRequest, "parcels/TrackAll", 200, "<All></All><Parts/>"},
		{"empty Body and reply", "1.1", "urn:p/Ping", "", "parcels/Ping", 200, ""},
		{"empty Body in SOAP 1.2", "1.2", "urn:p/Ping", " ", "parcels/Ping", 200, ""},
		{"one-way", "1.1", "urn:p/Forget", "", "parcels/Forget", 202, ""},
		{"one-way in SOAP 1.2", "1.2", "urn:p/Forget", "", "parcels/Forget", 202, ""},
		{"any action", "1.2", "urn:p/Other", `<Any xmlns="urn:p"/>`, "parcels/Any", 200, `<Any a="/">text</Any>`},
		{"the action before any action", "1.2", "urn:p/Alone", `<Any xmlns="urn:p"/>`, "parcels/AnyAlone", 202, ""},
		{"mixed content", "1.2", "", `<Any xmlns="urn:p">a<b>c<!-- d --></b>e</Any>`, "parcels/Any", 200, `<Any a="/">text</Any>`},
		{"several parts", "1.2", "", `<Any xmlns="urn:p"/><Part/>`, "parcels/Any", 200, `<Any a="/">text</Any>`},

		{"another action", "1.1", "urn:p/Other", trackRequest, "", 500, unknown},
		{"another action in SOAP 1.2", "1.2", "urn:p/Other", trackRequest, "", 400, unknown12},
		{"another action, empty Body", "1.1", "urn:p/Other", "", "", 500, unknown},
		{"no action", "1.1", "", trackRequest, "", 500, "without a valid action parameter"},
		{"another version", "1.1", "", `<Any xmlns="urn:p"/>`, "", 500, "no operation of SOAP 1.1 begins with this element, at /Envelope/Body/Any"},
		{"another namespace", "1.1", "urn:p/Track", `<Track/>`, "", 500, "no operation of SOAP 1.1 begins with this element"},
		{"not well-formed", "1.1", "urn:p/Track", `<Track xmlns="urn:p">`, "", 500, "not well-formed XML"},
		{"a scenario in a text", "1.1", "urn:p/Track", strings.Replace(trackRequest, ">1<", ">sandbox:fault:NotFound<", 1), "", 500, `<detail><p:NotFound xmlns:p="urn:p"/></detail>`},
		{"a scenario in an attribute", "1.2", "urn:p/Track", strings.Replace(trackRequest, `"7"`, `"sandbox:fault:Shop.Closed."`, 1), "", 500, "<soap:Detail></soap:Detail>"},
		{"a fault of another operation", "1.2", "", `<Any xmlns="urn:p">sandbox:fault:NotFound</Any>`, "", 400, "unknown scenario &#34;fault:NotFound&#34; for parcels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			got := b.send(t, imported(test.version, test.action, test.body))
			want := test.want
			if test.status == http.StatusOK {
				namespace := map[string]string{"1.1": ns11, "1.2": ns12}[test.version]
				want = declaration + `<soap:Envelope xmlns:soap="` + namespace + `"><soap:Body>` + want + `</soap:Body></soap:Envelope>`
			}
			if got.status != test.status || !strings.Contains(got.body, want) || (got.status == http.StatusAccepted && got.body != "") {
				t.Errorf("%d %s\nwant %d %s", got.status, got.body, test.status, want)
			}
			var executed []string
			for _, c := range b.calls(t, "?system=parcels").Calls {
				executed = append(executed, c.Operation)
			}
			if strings.Join(executed, " ") != test.operation {
				t.Errorf("executed %q, want %q", executed, test.operation)
			}
		})
	}
}

// TestImportedOfOneName: two systems have an operation of one name; the control API keeps them apart.
func TestImportedOfOneName(t *testing.T) {
	b := start(t, func(cfg *sandbox.Config) {
		cfg.Imported = append(cfg.Imported, sandbox.ImportedSystem{Name: "orders", Operations: importedParcels().Operations[:1]})
	})
	b.queue(t, "orders/Track", "fault:NotFound")
	ofParcels, ofOrders := request(t, track), request(t, track)
	ofOrders.path = sandbox.ImportedPath("orders")
	for i, step := range []struct {
		m    message
		want int
	}{{ofParcels, 200}, {ofOrders, 500}, {ofOrders, 200}, {ofOrders, 200}} {
		if got := b.send(t, step.m); got.status != step.want {
			t.Errorf("step %d: %d %s", i+1, got.status, got.body)
		}
	}
	if list := b.calls(t, "?operation=orders/Track"); list.Matched != 2 || list.Counts[track] != 1 || list.Counts["orders/Track"] != 2 {
		t.Errorf("%+v", list)
	}
}

// TestImportedOneWayScenario: what goes wrong with a reply does so with that of a one-way operation, whose Body is empty.
func TestImportedOneWayScenario(t *testing.T) {
	b := start(t)
	for scenario, want := range map[string]string{"second-root": "<soap:Body></soap:Body></soap:Envelope><Second/>", "html-200": "<html>"} {
		b.queue(t, "parcels/Forget", scenario)
		if got := b.send(t, imported("1.1", "urn:p/Forget", "")); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", scenario, got.status, got.body)
		}
	}
}

func TestImportedCredentials(t *testing.T) {
	const basic = "Basic YTpz" // a:s
	tests := []struct {
		name          string
		usernameToken bool
		authorization string
		security      string
		want          int
	}{
		{"Basic", false, basic, "", 200},
		{"Basic missing", false, "", usernameToken("a", "s"), 401},
		{"UsernameToken", true, "", usernameToken("a", "s"), 200},
		{"UsernameToken wrong", true, "", usernameToken("a", "t"), 500},
		{"UsernameToken missing", true, basic, "", 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t, func(cfg *sandbox.Config) {
				cfg.Imported[0].Username, cfg.Imported[0].Password, cfg.Imported[0].UsernameToken = "a", "s", test.usernameToken
			})
			m := replace(t, request(t, track), "</soapenv:Header>", test.security+"</soapenv:Header>")
			m.header["Authorization"] = []string{test.authorization}
			if got := b.send(t, m); got.status != test.want {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}
