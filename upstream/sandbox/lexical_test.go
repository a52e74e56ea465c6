package sandbox

import (
	"strings"
	"testing"
)

func TestLexicalForms(t *testing.T) {
	tests := []struct {
		placeholder string
		right       []string
		wrong       []string
	}{
		{"string", []string{"", " ", "a", "é"}, nil},
		{"string(1..3)", []string{"a", "äöü"}, []string{"", "abcd"}},
		{"string(0..0)", []string{""}, []string{"a"}},
		{"boolean", []string{"true", "false", "1", "0"}, []string{"", "True", "yes", " true"}},
		{"date", []string{"2024-02-29", "0001-01-01"}, []string{"", "2023-02-29", "2024-2-29", "2024-02-29Z", "24-02-29"}},
		{"YYYY-MM-DDZ", []string{"2024-02-29Z"}, []string{"", "2024-02-29", "2024-02-30Z", "2024-02-29z", "2024-02-29+00:00"}},
		{"dateTime", []string{"2024-02-29T23:59:59Z", "2024-02-29T00:00:00.1234567-14:00", "2024-02-29T00:00:00+14:00", "2024-02-29T00:00:00+13:59"},
			[]string{"", "2024-02-29", "2024-02-29T23:59:59", "2024-02-29T23:59:60Z", "2024-02-29T24:00:00Z", "2024-02-30T00:00:00Z",
				"2024-02-29T00:00:00.12345678Z", "2024-02-29T00:00:00,5Z", "2024-02-29T00:00:00+14:01", "2024-02-29 00:00:00Z", "2024-02-29t00:00:00z", "2024-02-29T00:00:00.Z"}},
		{"int", []string{"0", "-0", "+7", "007", "2147483647", "-2147483648"}, []string{"", "2147483648", "-2147483649", "1.0", "1e2", " 1", "0x1", strings.Repeat("1", 200)}},
		{"int(0..99999999)", []string{"0", "99999999"}, []string{"-1", "100000000"}},
		{"decimal", []string{"1", "-1.5", ".5", "5.", "123456789012345678901234567890.5"}, []string{"", ".", "1e2", "1,5", "NaN"}},
		{"decimal(-9.99..9.99)", []string{"9.99", "-9.99", "9", "0.5"}, []string{"10", "-9.999", "9.990"}},
		{"bytes", []string{"HOME", "a b"}, []string{"", " ", " a", "a  b", "a\nb"}},
		{"A or B or C", []string{"A", "C"}, []string{"", "a", "A or B", "D"}},
	}
	for _, test := range tests {
		t.Run(test.placeholder, func(t *testing.T) {
			form, err := readPlaceholder(test.placeholder)
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range append(test.right, form.example) {
				if what := form.wrong(value); what != "" {
					t.Errorf("%q: %s", value, what)
				}
			}
			for _, value := range test.wrong {
				if form.wrong(value) == "" {
					t.Errorf("%q is taken", value)
				}
			}
			if what := form.wrong("Tiger-42 in a value that may be a secret"); strings.Contains(what, "Tiger") {
				t.Errorf("the complaint repeats the value: %s", what)
			}
		})
	}
}
