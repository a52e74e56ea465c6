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
	for kind, want := range map[soap.SendErrorKind]struct {
		outcome soap.Outcome
		words   string
	}{
		soap.Unreachable: {soap.NotSent, "nothing was sent"},
		soap.Broken:      {soap.Unknown, "the outcome is unknown"},
		soap.TimedOut:    {soap.Unknown, "timed out, the outcome is unknown"},
	} {
		err := &soap.SendError{Kind: kind, Err: cause}
		if err.Outcome() != want.outcome || !strings.Contains(err.Error(), want.words) || !strings.Contains(err.Error(), "the cause") || !errors.Is(err, cause) {
			t.Errorf("%d: %s, %v", kind, err.Outcome(), err)
		}
	}
}
