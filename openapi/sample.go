package openapi

import "soapbridge/translate/shape"

// MinimalExample is a request with what must be there, made of a shape alone; nil where none can be made.
func MinimalExample(s *shape.Shape) []byte { return newExamples().request(s, true) }

// ReplyExample is a response with every member, without the operation id; nil where none can be made.
func ReplyExample(s *shape.Shape) []byte { return newExamples().request(s, false) }
