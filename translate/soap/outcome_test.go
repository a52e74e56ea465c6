package soap_test

import (
	"errors"
	"strings"
	"testing"

	"soapbridge/translate/soap"
)

// TestSendError says of each kind what is known of the call, and keeps its cause.
func TestSendError(t *testing.T) {
	cause := errors.New("the cause")
	for kind, words := range map[soap.SendErrorKind]string{
		soap.Unreachable: "nothing was sent", soap.Broken: "the outcome is unknown", soap.TimedOut: "timed out, the outcome is unknown",
	} {
		err := &soap.SendError{Kind: kind, Err: cause}
		if !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "the cause") || !errors.Is(err, cause) {
			t.Errorf("%d: %v", kind, err)
		}
	}
}
