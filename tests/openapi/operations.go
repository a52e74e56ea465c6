package openapi

import (
	"errors"
	"slices"
	"sync"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

// Operations returns all that the product has, without credentials. The slice is shared.
var Operations = sync.OnceValue(func() []translate.Operation {
	care, err1 := customercare.Operations(customercare.Config{Version: soap.V11})
	cmp, err2 := mds.Operations(mds.Config{})
	cumulus, err3 := emersion.Operations(emersion.Config{})
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err) // they are the same at every start
	}
	return slices.Concat(care, cmp, cumulus)
})
