package emersion

import "embed"

// Samples are the vendor's own envelopes, curated: the sandbox judges requests by them, and so do the tests.
//
//go:embed samples
var Samples embed.FS
