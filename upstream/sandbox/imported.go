package sandbox

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// ImportedSystem is a service that the sandbox knows by its description only. It has no samples to judge requests against: they have to be
// well-formed envelopes of a known operation. The answers are handed in.
type ImportedSystem struct {
	// Name is a part of the path: letters, digits, hyphens and underscores.
	Name       string
	Operations []ImportedOperation
	// Username and Password are the credentials asked for when Username is not empty: in a WS-Security UsernameToken if that is wanted,
	// otherwise by HTTP Basic.
	Username, Password string
	UsernameToken      bool
}

// ImportedOperation is how requests of an operation are found, and what answers them.
type ImportedOperation struct {
	Name string
	// Action is the SOAPAction. If it is empty, every action is taken.
	Action string
	// Element is the first child of the request's Body; empty where the Body is.
	Element xml.Name
	// Versions are those of SOAP that it speaks: "1.1", "1.2".
	Versions []string
	// Reply is the content of the reply's Body. Nil means a one-way operation, which is answered by status 202 without a body.
	Reply []byte
	// Faults are the declared ones; each is a scenario of its own.
	Faults []DeclaredFault
}

// DeclaredFault is a fault that the description of an operation names.
type DeclaredFault struct {
	Name   string
	Detail []byte // the content of the detail element
}

// ImportedPath is the path of an imported system.
func ImportedPath(name string) string { return "/systems/" + name }

var importedName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// addImported adds one imported system.
func (s *Server) addImported(wanted ImportedSystem) error {
	if _, builtIn := vendors[wanted.Name]; builtIn || !importedName.MatchString(wanted.Name) {
		return errors.New("the name must be one of letters, digits, hyphens and underscores, and not that of a built-in system")
	}
	if len(wanted.Operations) == 0 {
		return errors.New("no operation")
	}
	sys := &system{
		System:   System{Name: wanted.Name, Username: wanted.Username, Password: wanted.Password},
		vendor:   importedVendor(wanted),
		imported: true,
	}
	for i := range wanted.Operations {
		op, err := wanted.Operations[i].read()
		if err != nil {
			return fmt.Errorf("operation %q: %w", wanted.Operations[i].Name, err)
		}
		sys.operations = append(sys.operations, op)
	}
	for _, v := range versions {
		if slices.ContainsFunc(sys.operations, func(op *operation) bool { return slices.Contains(op.versions, v) }) {
			sys.vendor.versions = append(sys.vendor.versions, v)
		}
	}
	return s.register(sys)
}

// importedVendor is a service of an unknown make, which refuses an action as ASMX does.
func importedVendor(wanted ImportedSystem) *vendor {
	return &vendor{
		path:          ImportedPath(wanted.Name),
		prefix:        importedPrefix,
		result:        wholeContent,
		unknownAction: asmxUnknownAction,
		noAction:      asmxNoAction,
		basic:         !wanted.UsernameToken,
		usernameToken: wanted.UsernameToken && wanted.Username != "",
		success: func(*request, execution) filling {
			return filling{values: map[string]string{}, drop: map[string]bool{}}
		},
		trace: `java.lang.IllegalStateException: pool exhausted (jdbc:postgresql://10.0.0.17:5432/live?user=service&password=Tiger-42)
	at com.example.service.Pool.borrow(Pool.java:87)
	at com.example.service.Endpoint.handle(Endpoint.java:41)`,
	}
}

func (o *ImportedOperation) read() (*operation, error) {
	if o.Name == "" {
		return nil, errors.New("no name")
	}
	op := &operation{name: o.Name, action: o.Action, body: &shape{name: o.Element}, oneWay: o.Reply == nil}
	for _, v := range versions {
		if slices.Contains(o.Versions, v.name) {
			op.versions = append(op.versions, v)
		}
	}
	if len(op.versions) == 0 || len(op.versions) != len(o.Versions) {
		return nil, fmt.Errorf("the versions are %q, must be 1.1, 1.2 or both", o.Versions)
	}
	reply, err := readContent(o.Reply)
	if err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	op.reply = reply
	for _, declared := range o.Faults {
		if _, err := readContent(declared.Detail); err != nil {
			return nil, fmt.Errorf("fault %q: %w", declared.Name, err)
		}
		op.declared = append(op.declared, scenario{
			name:     declaredFault + declared.Name,
			sentence: "the declared fault " + declared.Name + " of " + o.Name,
			play:     faulting(fixed(fault{code: codeServer, text: declared.Name, detail: string(declared.Detail)})),
		})
	}
	return op, nil
}

// takeOperation finds the operation by the child of the Body. The action decides between those that share one, an empty Body included.
func (x *exchange) takeOperation() *answer {
	var element xml.Name
	if x.body != nil {
		element = x.body.name
	}
	sharing := slices.DeleteFunc(slices.Clone(x.system.operations), func(op *operation) bool {
		return op.body.name != element || !slices.Contains(op.versions, x.version)
	})
	for _, action := range []string{x.action, ""} { // an operation without an action takes every one
		if i := slices.IndexFunc(sharing, func(op *operation) bool { return op.action == action }); i >= 0 {
			x.operation = sharing[i]
			return nil
		}
	}
	if len(sharing) > 0 {
		return x.unknownAction()
	}
	return x.refuse(&complaint{"/Envelope/Body/" + element.Local, "no operation of SOAP " + x.version.name + " begins with this element"})
}

func (x *exchange) judgeImportedSecurity() *answer {
	if !x.system.vendor.usernameToken {
		return nil
	}
	return x.judgeSecurity(x.header.kid(wsseSecurity.Local))
}
