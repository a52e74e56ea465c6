package xsd

import (
	"strconv"
	"strings"
	"unicode"
)

// MemberName returns the name in JSON of an element or attribute: its words in lower camel case. UserID becomes userId, SSN becomes ssn, and
// account_number becomes accountNumber.
func MemberName(local string) string {
	var b strings.Builder
	for i, word := range words(local) {
		runes := []rune(strings.ToLower(word))
		if i > 0 {
			runes[0] = unicode.ToUpper(runes[0])
		}
		b.WriteString(string(runes))
	}
	return b.String()
}

// typeName returns the name of a schema in documents: words, each with a capital.
func typeName(local string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(local, isSeparator) {
		runes := []rune(part)
		b.WriteString(string(unicode.ToUpper(runes[0])) + string(runes[1:]))
	}
	return b.String()
}

// isSeparator reports the characters of names that no identifier of a programming language has.
func isSeparator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// words splits a name at separators, before a capital behind a small letter or a digit, and before the last capital of several that a small letter
// follows: userID, HTTPServer. The plural of an abbreviation is one word: IDs.
func words(local string) (list []string) {
	for part := range strings.FieldsFuncSeq(local, isSeparator) {
		runes := []rune(part)
		begin := 0
		for i := 1; i < len(runes); i++ {
			lowerBefore := !unicode.IsUpper(runes[i-1])
			lastOfSeveral := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && string(runes[i+1:]) != "s"
			if unicode.IsUpper(runes[i]) && (lowerBefore || lastOfSeveral) {
				list = append(list, string(runes[begin:i]))
				begin = i
			}
		}
		list = append(list, string(runes[begin:]))
	}
	if list == nil { // of separators alone, such as "_"
		return []string{"member"}
	}
	return list
}

// unique returns a name, with the first number behind it that makes it one that is not taken. Last are the numbers that names had before: no name
// becomes free again.
func unique(name string, last map[string]int, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for n := max(last[name], 1) + 1; ; n++ {
		if numbered := name + strconv.Itoa(n); !taken(numbered) {
			last[name] = n
			return numbered
		}
	}
}
