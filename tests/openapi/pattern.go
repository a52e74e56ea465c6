package openapi

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The patterns of JSON Schema are regular expressions of ECMA-262, with the flag u. Those of Go differ in few things that the document uses.
const (
	// ecmaSpace is \s inside a class: WhiteSpace and LineTerminator (ECMA-262, section 22.2.2.9).
	ecmaSpace = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	// ecmaDot is what a dot matches: everything but LineTerminator.
	ecmaDot = `[^\n\r\x{2028}\x{2029}]`
)

func compilePattern(pattern string) (jsonschema.Regexp, error) { //nolint:ireturn // what the library's engine returns
	translated, err := GoPattern(pattern)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(translated)
}

// GoPattern spells a pattern of ECMA-262 as Go's package regexp wants it.
func GoPattern(pattern string) (string, error) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c == '\\' && i+1 < len(pattern) {
			i++
			text, err := escape(pattern[i], inClass)
			if err != nil {
				return "", fmt.Errorf("the pattern %s: %w", pattern, err)
			}
			b.WriteString(text)
			continue
		}
		switch {
		case c == '.' && !inClass:
			b.WriteString(ecmaDot)
			continue
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

func escape(c byte, inClass bool) (string, error) {
	switch {
	case c == 's' && inClass:
		return ecmaSpace, nil
	case c == 's':
		return "[" + ecmaSpace + "]", nil
	case c == 'S' && !inClass:
		return "[^" + ecmaSpace + "]", nil
	case strings.IndexByte("SwWbBuxck0123456789", c) >= 0:
		return "", fmt.Errorf(`\%c is not translated into Go's notation`, c)
	}
	return `\` + string(c), nil
}
