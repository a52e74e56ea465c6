package imported

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/shape/wsdl"
)

// SelectBinding returns the binding that an overlay's port names: a port of a service, or a binding itself. Without a name it is the only
// one.
func SelectBinding(d *wsdl.Definitions, port string) (*wsdl.Binding, error) {
	if port == "" && len(d.Bindings) == 1 {
		return d.Bindings[0], nil
	}
	for _, s := range d.Services {
		for _, p := range s.Ports {
			if p.Name == port && p.Binding != nil {
				return p.Binding, nil
			}
		}
	}
	for _, b := range d.Bindings {
		if b.Name.Local == port {
			return b, nil
		}
	}
	if names := strings.Join(portNames(d), ", "); names != "" {
		return nil, fmt.Errorf("port must be one of %s", names)
	}
	return nil, errors.New("no port of the WSDL has a binding of SOAP")
}

// PortsToChoose lists the ports of which an overlay has to name one, because an operation is called in different ways in the same version of SOAP;
// none where it is no matter.
func PortsToChoose(d *wsdl.Definitions) []string {
	type key struct {
		operation string
		version   wsdl.Version
	}
	bound := map[key][]*wsdl.BoundOperation{}
	for _, op := range d.Operations {
		for _, b := range op.Bindings {
			k := key{op.Name, b.Binding.Version}
			if bound[k] = append(bound[k], b); op.Problem == nil && !same(bound[k]) {
				return portNames(d)
			}
		}
	}
	return nil
}

// portNames lists the ports of all services, and the bindings that have none.
func portNames(d *wsdl.Definitions) (names []string) {
	var bound []*wsdl.Binding
	for _, s := range d.Services {
		for _, p := range s.Ports {
			if p.Binding != nil {
				names, bound = append(names, p.Name), append(bound, p.Binding)
			}
		}
	}
	for _, b := range d.Bindings {
		if !slices.Contains(bound, b) {
			names = append(names, b.Name.Local)
		}
	}
	return names
}

// boundBy returns how a binding calls an operation; without such a binding, how the first one does.
func boundBy(op *wsdl.Operation, b *wsdl.Binding) *wsdl.BoundOperation {
	for _, each := range op.Bindings {
		if each.Binding == b {
			return each
		}
	}
	return op.Bindings[0]
}
