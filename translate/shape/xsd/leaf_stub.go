package xsd

import (
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
)

type LeafType struct {
	Kind    shape.Kind
	Facets  shape.Facets
	Example string
	Weaker  []string
}

func Leaf(t *wsdl.SimpleType) LeafType { return LeafType{Kind: shape.String, Example: "x"} }
