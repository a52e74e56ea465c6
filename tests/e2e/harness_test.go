package e2e

import (
	"slices"
	"strings"
	"testing"
)

// The checks that every test uses are tested themselves: one that could not fail would prove nothing.

func TestThePlantedSecretsStandInTheRequests(t *testing.T) {
	var all strings.Builder
	for _, op := range operations() {
		all.WriteString(ask(op, "r", "").body)
	}
	for _, secret := range []string{secretPIN, secretAccessCode, secretSSN, secretLicence, secretPassword, secretIdentifier} {
		if !strings.Contains(all.String(), secret) {
			t.Errorf("%s is in no request", secret)
		}
	}
	if digits := strings.ReplaceAll(secretSSN, "-", ""); len(secretsIn("the digits of "+digits)) != 1 || len(program("", nil).Secrets) != len(planted) {
		t.Error("the digits of a secret are not looked for, or the program may write secrets")
	}
	configured := credentials()
	for _, secret := range []string{secretDirect, secretOriginating, secretBasic, secretWSSE} {
		found := false
		for _, value := range configured {
			found = found || value == secret
		}
		if !found || !slices.Contains(planted, secret) {
			t.Errorf("%s is in no setting, or is not looked for", secret)
		}
	}
}
