// Package contract_test holds every operation of every system to its vendor's sample envelopes, as data: an operation is covered
// as soon as it is on its system's list and its files are there. The files of an operation are in
// translate/<system>/testdata/<Operation>; files_test.go lists them, and a test names the ones that are missing.
//
// Expectations come from the vendors' samples and not from the tags that the product is compiled from: if both sides of a
// comparison were made from the same tags, a wrong element name would agree with itself.
//
// go test ./tests/contract -update writes the goldens again, and drafts of the inputs that do not exist yet.
package contract_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"soapbridge/tests/kit"
	"soapbridge/tests/schema"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

var update = flag.Bool("update", false, "write the goldens again, and drafts of missing inputs")

// system is a vendor's service, as far as its operations share it.
type system struct {
	name       string
	versions   []soap.Version
	operations func(soap.Version) ([]translate.Operation, error)

	requests, replies string // schemas
	// action returns the SOAPAction of an operation.
	action func(operation string) string
	// header holds the texts of the sample's header, by element path below Header.
	header map[string]string
	// requestWrappers and replyWrappers count the elements between Body and the members.
	requestWrappers, replyWrappers int
	// conduct is what all its operations do beside carrying members.
	conduct conduct
	// decides is the reply's element without which the outcome is unknown; empty where there is none.
	decides string
}

// The environment that all goldens are written in. The clock is not in UTC, and all that is sent is.
const (
	callerID    = "caller-0007 é<&>"
	operationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"
	instant     = "2026-11-21T09:30:00.123Z"

	directToken      = "direct-token-0001 <&>"
	originatingToken = "originating-token-0002 ]]>"
)

var env = translate.Env{
	Now:         time.Date(2026, time.November, 21, 20, 30, 0, 123_999_999, time.FixedZone("AEDT", 11*3600)),
	OperationID: operationID,
	Caller:      translate.Caller{UserID: callerID, OriginatingToken: originatingToken},
}

var systems = []*system{
	{
		name:     "customercare",
		versions: []soap.Version{soap.V11, soap.V12},
		operations: func(v soap.Version) ([]translate.Operation, error) {
			return customercare.Operations(customercare.Config{
				Version: v, DirectToken: directToken, OriginatingToken: "configured-token", UserID: "configured-user",
			})
		},
		requests: schema.CustomerCare, replies: schema.CustomerCareReply,
		action: func(operation string) string { return "http://ws.southernco.com/CustSvc-iHub/" + operation },
		header: map[string]string{
			"ScCredentials/DirectUserNameToken/BinarySecurityToken/ID":      directToken,
			"ScCredentials/OriginatingUserNameToken/BinarySecurityToken/ID": originatingToken,
			"ScCredentials/Created": instant,
		},
		requestWrappers: 2, replyWrappers: 2, decides: "ResponseCode",
		conduct: conduct{defaults: baseRequest, rewritten: named},
	},
	{
		name:     "mds",
		versions: []soap.Version{soap.V11},
		operations: func(soap.Version) ([]translate.Operation, error) {
			return mds.Operations(mds.Config{})
		},
		requests: schema.MDS, replies: schema.MDSReply,
		action:          func(string) string { return "" },
		requestWrappers: 2, replyWrappers: 2,
	},
	{
		name:     "emersion",
		versions: []soap.Version{soap.V11},
		operations: func(soap.Version) ([]translate.Operation, error) {
			return emersion.Operations(emersion.Config{})
		},
		requests: schema.Emersion, replies: schema.EmersionReply,
		action:          func(string) string { return "" },
		requestWrappers: 1, replyWrappers: 1, decides: "AccountID",
	},
}

// operation is an operation in one version of SOAP.
type operation struct {
	translate.Operation
	system  *system
	version soap.Version
}

func versionName(v soap.Version) string {
	if v == soap.V12 {
		return "soap12"
	}
	return "soap11"
}

// list returns the operations of a system in one version.
func (s *system) list(tb testing.TB, v soap.Version) (all []operation) {
	tb.Helper()
	operations, err := s.operations(v)
	if err != nil || len(operations) == 0 {
		tb.Fatalf("%s has %d operations: %v", s.name, len(operations), err)
	}
	for _, o := range operations {
		all = append(all, operation{Operation: o, system: s, version: v})
	}
	return all
}

// each runs a test for every operation in every version that its system speaks.
func each(t *testing.T, test func(t *testing.T, o operation)) {
	t.Helper()
	t.Parallel()
	for _, s := range systems {
		for _, v := range s.versions {
			for _, o := range s.list(t, v) {
				t.Run(o.Name+"/"+versionName(v), func(t *testing.T) {
					t.Parallel()
					test(t, o)
				})
			}
		}
	}
}

// eachOnce runs a test for every operation in the first version, for what does not depend on it.
func eachOnce(t *testing.T, test func(t *testing.T, o operation)) {
	t.Helper()
	t.Parallel()
	for _, s := range systems {
		for _, o := range s.list(t, s.versions[0]) {
			t.Run(o.Name, func(t *testing.T) {
				t.Parallel()
				test(t, o)
			})
		}
	}
}

// TestTheKitListsEveryOperation as it is: the suites that play all of them take them from there.
func TestTheKitListsEveryOperation(t *testing.T) {
	listed := map[string]kit.Operation{}
	for _, row := range kit.Operations {
		listed[row.Name] = row
	}
	eachOnce(t, func(t *testing.T, o operation) {
		row, known := listed[o.Name]
		if !known {
			t.Fatalf("tests/kit/operations.go has no row for %s of %s", o.Name, o.System)
		}
		want := row
		want.System, want.Name, want.Path, want.Status, want.Versions = o.System, o.Name, o.Path, o.Status, nil
		for _, v := range o.Versions {
			want.Versions = append(want.Versions, v.String())
		}
		want.Element = fieldAt(t, o.requestShape(t), row.Reference).element
		diff(t, "the row", want, row)
		if fieldAt(t, o.requestShape(t), "/"+row.Optional).required {
			t.Errorf("%s is not optional", row.Optional)
		}
	})
	there := map[string]bool{}
	for _, s := range systems {
		for _, o := range s.list(t, s.versions[0]) {
			there[o.Name] = true
		}
	}
	for _, row := range kit.Operations {
		if !there[row.Name] {
			t.Errorf("tests/kit/operations.go has a row for %s, which is not in Operations of translate/%s, or has a row already", row.Name, row.System)
		}
		delete(there, row.Name)
	}
}

func folder(s *system) string { return filepath.Join("..", "..", "translate", s.name) }

// path returns the place of one of the operation's own files.
func (o operation) path(file string) string {
	return filepath.Join(folder(o.system), "testdata", o.Name, file)
}

func (o operation) samplePath(kind string) string {
	return filepath.Join(folder(o.system), "samples", o.Name+"."+kind+".xml")
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func writeFile(tb testing.TB, path string, text []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// read reads a request that must be valid.
func (o operation) read(tb testing.TB, body []byte) translate.Request {
	tb.Helper()
	request, problem := o.Read(body)
	if problem != nil {
		tb.Fatalf("refused: %v %+v\n%s", problem, problem.Violations, body)
	}
	return request
}

// encode encodes a valid request in the goldens' environment, after another one and twice: a request never changes.
func encode(tb testing.TB, request translate.Request) soap.Message {
	tb.Helper()
	var messages []soap.Message
	for _, e := range []translate.Env{{Now: time.Unix(0, 0), OperationID: "another"}, env, env} {
		message, problem := request.Encode(e)
		if problem != nil {
			tb.Fatal(problem)
		}
		messages = append(messages, message)
	}
	if !slices.Equal(messages[1].Envelope, messages[2].Envelope) {
		tb.Fatalf("encoding changes the request:\n%s\n%s", messages[1].Envelope, messages[2].Envelope)
	}
	return messages[1]
}
