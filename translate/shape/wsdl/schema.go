package wsdl

import "soapbridge/translate/xml"

// XSD is the namespace of XML Schema. Its built-in types are components like others: each derives from the one that the specification
// derives it from, up to anySimpleType.
const XSD = "http://www.w3.org/2001/XMLSchema"

// Type is a *SimpleType or a *ComplexType. A type never derives from itself, and no chain of types is longer than Limits.Depth.
type Type interface {
	// TypeName returns the name for xsi:type; it is empty for an anonymous type.
	TypeName() xml.Name
}

// SimpleType is XML Schema part 1 section 3.14. It restricts Base, or is a list of Item, or is a union of Members; anySimpleType is none of
// them.
type SimpleType struct {
	Name          xml.Name
	Documentation string
	Base, Item    *SimpleType
	Members       []*SimpleType
	// Facets are those of this restriction; those of Base hold, too.
	Facets []Facet
}

// TypeName returns Name.
func (t *SimpleType) TypeName() xml.Name { return t.Name }

// Facet is XML Schema part 2 section 4.3. Of the patterns of one type any may match, of the enumerations any.
type Facet struct {
	Name          string // as in the schema: "maxLength"
	Value         string
	Documentation string
}

// ComplexType is XML Schema part 1 section 3.4. It has its own content and attributes; what an extension adds them to is in Base.
type ComplexType struct {
	Name          xml.Name
	Documentation string
	Abstract      bool
	Mixed         bool
	// Base is nil where no derivation is stated: a restriction of anyType.
	Base Type
	// Extension: Content and Attributes come behind those of Base. Otherwise Content replaces that of Base; Attributes stay unless they are
	// restated.
	Extension bool
	// Value is the type of the text of a simpleContent; nil for all other types, whose content is elements.
	Value *SimpleType
	// Content is nil for a type without elements of its own.
	Content *Particle
	Attributes
	// Subtypes are the global types that derive directly from this one, which can be sent in its place with xsi:type.
	Subtypes []*ComplexType
}

// TypeName returns Name.
func (t *ComplexType) TypeName() xml.Name { return t.Name }

// Unbounded is a Particle.Max without limit.
const Unbounded = -1

// Particle is XML Schema part 1 section 3.9: an element, a group or a wildcard, between Min and Max times. Exactly one of the three is set.
type Particle struct {
	Min, Max int
	Element  *Element
	Group    *Group
	Any      *Wildcard
}

// Compositor is how the particles of a group follow each other.
type Compositor uint8

// The compositors.
const (
	Sequence Compositor = iota + 1
	Choice
	All
)

// Group is a model group: XML Schema part 1 section 3.8. A named group (section 3.7) is shared by all that refer to it. No group contains
// itself other than through an element.
type Group struct {
	Name       xml.Name // empty for a group that is written in place
	Compositor Compositor
	Particles  []*Particle
}

// Element is XML Schema part 1 section 3.3.
type Element struct {
	Name           xml.Name // on the wire: the namespace is empty where the schema says unqualified
	Documentation  string
	Global         bool
	Type           Type // anyType where none is stated
	Nillable       bool
	Abstract       bool
	Default, Fixed *string
	// Head is the element that this one can be sent in place of; mostly nil.
	Head *Element
	// Substitutes are the elements whose Head this one is.
	Substitutes []*Element
}

// Attributes are those of a complex type or of an attribute group: XML Schema part 1 sections 3.4 and 3.6. No group contains itself.
type Attributes struct {
	Uses         []*AttributeUse
	Groups       []*AttributeGroup
	AnyAttribute *Wildcard // nil: no others are allowed
}

// AttributeGroup is XML Schema part 1 section 3.6.
type AttributeGroup struct {
	Name xml.Name
	Attributes
}

// AttributeUse is XML Schema part 1 section 3.5.
type AttributeUse struct {
	Attribute            *Attribute
	Required, Prohibited bool
	Default, Fixed       *string // of this use; if both are nil, those of Attribute hold
	// ArrayOf and Dimensions are wsdl:arrayType (WSDL 1.1 section 2.2), such as string and "[]"; mostly nil.
	ArrayOf    Type
	Dimensions string
}

// Attribute is XML Schema part 1 section 3.2.
type Attribute struct {
	Name           xml.Name
	Documentation  string
	Type           *SimpleType // anySimpleType where none is stated
	Default, Fixed *string
}

// Wildcard is XML Schema part 1 section 3.10.
type Wildcard struct {
	// Namespace is as written: ##any, ##other, or a list of namespaces, ##targetNamespace and ##local.
	Namespace       string
	ProcessContents string // strict, lax or skip
	// TargetNamespace is what ##other and ##targetNamespace refer to.
	TargetNamespace string
}
