package imported

import (
	"slices"

	"soapbridge/translate/shape/wsdl"
)

// isNamed reports whether an overlay's port names a binding: as a port of a service, or itself. An empty port names all.
func isNamed(d *wsdl.Definitions, b *wsdl.Binding, port string) bool {
	if port == "" || b.Name.Local == port {
		return true
	}
	return slices.ContainsFunc(d.Services, func(s *wsdl.Service) bool {
		return slices.ContainsFunc(s.Ports, func(p *wsdl.Port) bool { return p.Name == port && p.Binding == b })
	})
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
			if op.Problem != nil {
				continue
			}
			k := key{op.Name, b.Binding.Version}
			if bound[k] = append(bound[k], b); !same(bound[k]) {
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
