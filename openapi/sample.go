package openapi

import "soapbridge/translate/shape"

// MinimalExample is a request with what must be there.
func MinimalExample(s *shape.Shape) []byte { return requestExample(s) }

// ReplyExample is a response without the operation id.
func ReplyExample(s *shape.Shape) []byte { return requestExample(s) }
