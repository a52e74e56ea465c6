package wsdl

import (
	"embed"
	"path"
)

// catalogue holds the built-in schemas: own versions of well-known ones with the components that WSDL documents refer to, by network
// addresses or without any. A schema with the same namespace in the files comes first.
//
//go:embed catalogue
var catalogue embed.FS

// builtIn maps namespaces to files of the catalogue. ONVIF, whose cameras speak SOAP, refers to WS-Notification and WS-Resource;
// government services to XML Signature, whose W3C copy has a document type declaration.
var builtIn = map[string]string{
	XSD:                                    "XMLSchema.xsd",
	"http://www.w3.org/XML/1998/namespace": "xml.xsd",
	"http://schemas.xmlsoap.org/soap/encoding/": "soap-encoding.xsd",
	"http://schemas.xmlsoap.org/soap/envelope/": "soap-envelope-1.1.xsd",
	"http://www.w3.org/2003/05/soap-envelope":   "soap-envelope-1.2.xsd",
	"http://www.w3.org/2005/08/addressing":      "ws-addressing.xsd",
	"http://www.w3.org/2005/05/xmlmime":         "xmlmime.xsd",
	"http://www.w3.org/2004/08/xop/include":     "xop-include.xsd",
	"http://www.w3.org/2000/09/xmldsig#":        "xmldsig.xsd",
	"http://docs.oasis-open.org/wsn/b-2":        "wsn-b-2.xsd",
	"http://docs.oasis-open.org/wsn/bw-2":       "wsn-bw-2.wsdl",
	"http://docs.oasis-open.org/wsn/t-1":        "wsn-t-1.xsd",
	"http://docs.oasis-open.org/wsrf/bf-2":      "wsrf-bf-2.xsd",
	"http://docs.oasis-open.org/wsrf/r-2":       "wsrf-r-2.xsd",
	"http://docs.oasis-open.org/wsrf/rw-2":      "wsrf-rw-2.wsdl",
}

func isBuiltIn(namespace string) bool { return builtIn[namespace] != "" }

// loadBuiltIn reads the built-in schema of a namespace, if there is one that has not been read.
func (r *reader) loadBuiltIn(namespace string) bool {
	file := path.Join("catalogue", builtIn[namespace])
	key := [2]string{"", namespace}
	if !isBuiltIn(namespace) || r.loaded[key] || r.err != nil {
		return false
	}
	r.loaded[key] = true
	text, err := catalogue.ReadFile(file)
	if err != nil {
		r.failf("the built-in %s: %w", file, err)
		return false
	}
	d := newDocument(r, file, text)
	defer d.scan.Free()
	d.builtIn = true
	d.readRoot(source{path: file, from: place{file: "built-in"}})
	return r.err == nil
}
