package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestReplyFollowsRequest: the answer has no values for what the request leaves out.
func TestReplyFollowsRequest(t *testing.T) {
	t.Run("no originating token", func(t *testing.T) {
		m := request(t, updateCustomerPIN)
		before, rest, found := strings.Cut(m.envelope, "<OriginatingUserNameToken>")
		_, after, closed := strings.Cut(rest, "</OriginatingUserNameToken>")
		if !found || !closed {
			t.Fatal("the sample has no originating token")
		}
		m.envelope = before + after
		got := start(t).send(t, m)
		if got.status != http.StatusOK || strings.Contains(got.body, "Originating") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("no external reference", func(t *testing.T) {
		m := replace(t, request(t, createService), "<ExternalReference>Ä1</ExternalReference>", "")
		got := start(t).send(t, m)
		if got.status != http.StatusOK || !strings.Contains(got.body, "<ns2:Result></ns2:Result>") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("account ids increase", func(t *testing.T) {
		b := start(t)
		for _, want := range []string{"399301", "399302"} {
			got := b.send(t, replace(t, request(t, createComplexAccount), "pat@example.com.au", "u"+want+"@example.com.au"))
			if !strings.Contains(got.body, "<ns1:AccountID>"+want+"</ns1:AccountID>") {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
	})
}
