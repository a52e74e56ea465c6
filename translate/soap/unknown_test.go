package soap_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"soapbridge/translate/soap"
)

// TestUnknownElements counts by path, of bounded length and number, and holds names only.
func TestUnknownElements(t *testing.T) {
	const within = "OpResponse/OpResult/"
	var many strings.Builder
	first := map[string]int{soap.OtherPaths: 6}
	for i := range 23 {
		fmt.Fprintf(&many, `<N%d xmlns=""/><N%[1]d xmlns=""/>`, i)
		if i < 20 {
			first[fmt.Sprintf("%sN%d", within, i)] = 2
		}
	}
	for _, test := range []struct {
		name    string
		binding soap.Binding
		reply   string
		want    map[string]int
	}{
		{"none", replies, result(`<ID xmlns="">x</ID>`), nil},
		{"a member", replies, result(`<New xmlns="" a="secret">secret<Deep/></New><ID xmlns="">x</ID><p:New xmlns:p="urn:p"/>`), map[string]int{within + "New": 2}},
		{"in objects", replies, result(`<Item xmlns=""><Sub><New/></Sub><New/></Item><ItemList xmlns=""><New/></ItemList>`), map[string]int{
			within + "Item/Sub/New": 1, within + "Item/New": 1, within + "ItemList/New": 1,
		}},
		{"beside the inner wrapper", replies, in11(`<OpResponse xmlns="urn:n"><New/><OpResult/></OpResponse>`), map[string]int{"OpResponse/New": 1}},
		{"a bare body", soap.Binding{}, in11(`<ID>x</ID><New/>`), map[string]int{"New": 1}},
		{"in the header", replies, strings.Replace(result(""), "<s:Body>", `<s:Header><New/></s:Header><s:Body>`, 1), nil},
		{"a path of 200 bytes", replies, result(`<` + strings.Repeat("n", 200-len(within)) + ` xmlns=""/>`), map[string]int{within + strings.Repeat("n", 200-len(within)): 1}},
		{"a longer one", replies, result(`<` + strings.Repeat("é", 99) + `x xmlns=""/>`), map[string]int{"…" + strings.Repeat("é", 98) + "x": 1}},
		{"more than are remembered", replies, result(many.String()), first},
	} {
		_, decoded, err := decode(t, decoder(t, test.binding), test.reply)
		if err != nil || !maps.Equal(decoded.Unknown, test.want) {
			t.Errorf("%s: %v, %v, want %v", test.name, err, decoded.Unknown, test.want)
		}
	}
}
