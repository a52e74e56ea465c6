package translate

import (
	"regexp"
	"slices"
	"strings"
)

// markup recognises elements, comments and instructions.
var markup = regexp.MustCompile(`</?[A-Za-z!?]`)

func isMarkup(text string) bool { return markup.MatchString(text) }

// pattern is a regular expression with texts of which one is in whatever it matches, in any letter case. Looking for them costs a fraction
// of matching, and most sentences for people have none. An expression that ignores letter case must have none with a k or an s in it:
// Unicode folds other characters into these two.
type pattern struct {
	expression *regexp.Regexp
	hints      []string
}

func (p *pattern) matches(text string) bool {
	return hasAny(text, p.hints...) && p.expression.MatchString(text)
}

// hasAny reports whether one of the words, which are in lower case, is in a text. Letter case of ASCII does not count.
func hasAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		for i := 0; i+len(word) <= len(text); i++ {
			if c := text[i]; (c == word[0] || c >= 'A' && c <= 'Z' && c+'a'-'A' == word[0]) && strings.EqualFold(text[i:i+len(word)], word) {
				return true
			}
		}
		return false
	})
}

// stackFrames recognise frames of a stack.
var stackFrames = pattern{
	regexp.MustCompile(`\bat [\w.$<>` + "`" + `\[\],]+\(` + // at Dao.Find(Dao.java:42)
		`|\bat \w+(\.[\w.$<>` + "`" + `\[\],]+)+ \(` + // Mono: at Dao.Find () [0x00068]
		`|\bFile ".*", line \d+` + // Python
		`|\.(php|java|cs|vb|py|js)(\(|:| on line |:line )\d`), // PHP, .NET
	[]string{"(", `file "`, ".php", ".java", ".cs", ".vb", ".py", ".js"},
}

// internals recognise what shows how the vendor's service is made, which sentences for people do not hold.
var internals = []pattern{
	stackFrames,
	// Names of exception classes.
	{regexp.MustCompile(`\b\w+(\.\w+)+(Exception|Error)\b|\b[A-Z]\w+Exception\b`), []string{"exception", "error"}},
	// Databases: connection strings, error numbers, statements.
	{regexp.MustCompile(`(?i:\bjdbc:|\bodbc\b|\bole ?db\b)`), []string{"db"}},
	{regexp.MustCompile(`(?i:\b(data source|initial catalog|user id|uid|server|host|dsn|database)\s*=\s*[^\s;]+\s*;)`), []string{"="}},
	{regexp.MustCompile(`\bSQL(STATE|CODE)\b|\bSQL\d{4,5}N\b`), []string{"sql"}},
	{regexp.MustCompile(`(?i:\b(ORA|TNS|PLS|SP2|RMAN))-\d`), []string{"-"}},       // Oracle
	{regexp.MustCompile(`\bAccess denied for user '`), []string{"access denied"}}, // MySQL
	// Statements in lower case need more, because people select and update, too.
	{
		regexp.MustCompile(`\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b|\bDELETE FROM\b|` +
			`(?i:\bselect\b.+\bfrom\s+\S+\s+where\b|\bselect \* from\b|\binsert into \S+ ?(\(|values\b|select\b)|\bupdate \S+ set \S+ ?=|\bdelete from \S+ where\b)`),
		[]string{"elect", "ert into", "update", "delete from"},
	},
	// Files and addresses.
	{
		regexp.MustCompile(`\b[A-Za-z]:[\\/]\w|\\\\[\w.-]+\\\w|(^|[\s'"(=:\[])/(etc|var|srv|usr|opt|home|root|tmp|mnt|proc|app|apps|data|export|Users|u\d\d)/\w|` +
			`\w[\\/][\w.-]+\.(php|java|cs|vb|py|js|pl|rb|as[mpc]x|jsp|config|ini|xml|ya?ml|properties|log|sql)\b`),
		[]string{"/", `\`},
	},
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}:\d`), []string{":"}},
}

// isInternal reports whether a text, or what it spells, holds something of the kind.
func isInternal(text string) bool {
	return slices.ContainsFunc(spelt(text), func(spelt string) bool {
		return slices.ContainsFunc(internals, func(p pattern) bool { return p.matches(spelt) }) || hasPassword(spelt)
	})
}

// isStackTrace reports whether a text, or what it spells, holds frames of a stack.
func isStackTrace(text string) bool { return slices.ContainsFunc(spelt(text), stackFrames.matches) }

// secretName is how the names of passwords in settings, connection strings, forms and messages end.
const secretName = `(?:passw(?:or)?d|\bpass|passphrase|passwort|pwd|secret|token|api[_-]?key)` //nolint:gosec // recognises them, and is none

// passwords recognises passwords by what is around them. What its groups match is the password.
var passwords = regexp.MustCompile(`(?i)` + strings.Join([]string{
	secretName + `["']?\s*=\s*(?:"([^"]+)|'([^']+)|([^\s;"'][^;\r\n]{0,80});|([^\s;"']+))`,     // Password=Hunter 22;
	secretName + `["']\s*:\s*["']([^"']+)`,                                                     // "password": "hunter2"
	secretName + `\s*:\s*(\S*[A-Za-z]\S*\d\S*|\S*\d\S*[A-Za-z]\S*)`,                            // Password: hunter2; a word without a digit says what is wrong with one
	`\b(?:create|alter)\s+user\s+\S+\s+identified by\s+(\S+)`,                                  // ALTER USER cmp IDENTIFIED BY hunter2
	`authorization["']?\s*[:=]\s*["']?(?:basic|bearer|digest|ntlm|negotiate|\w*token)\s+(\S+)`, // Authorization: Basic Y21wOmh1bnRlcjI=
	`<(?:\w+:)?\w*` + secretName + `\b[^<>]*>([^<]+)<`,                                         // <Password>hunter2</Password>
	// What a function was called with, which PHP and Perl print in their traces.
	`#\d+ [^\r\n]{0,200}?(?:\(\d+\)|\[internal function\]): [^\s(]{1,200}\(([^\r\n]{1,500})\)`, // #0 Account.php(118): PDO->__construct('mysql:...', 'user', 'hunter2')
	`\w\(([^\r\n]{1,500})\) called at `,                                           // main::open('user', 'hunter2') called at x.pl
	`(?:connect|log[io]n|auth\w*|bind|__construct)\(([^\r\n()]*['"][^\r\n()]*)\)`, // ldap_bind('user', 'hunter2')
	`\w://[^\s:/@]*:(\S+)@`,                                                       // amqp://user:hunter2@host
	`\b[\w.$#-]+/(\S+)@\w`,                                                        // jdbc:oracle:thin:user/hunter2@host
}, "|"))

// hasPassword reports whether something in a text looks like a password.
func hasPassword(text string) bool { return mayHavePassword(text) && passwords.MatchString(text) }

// mayHavePassword is for passwords what hints are for a pattern: secretName with a sign behind it, or what is in the others.
func mayHavePassword(text string) bool {
	return hasAny(text, "(", "<", "@", "identified by", "uthorization") || strings.ContainsAny(text, "=:") && hasAny(text, "pa", "pwd", "ecret", "to", "api")
}

// hidePasswords marks what looks like a password, in every reading.
func (t *readings) hidePasswords() {
	if !isSpelling(t.source) && !mayHavePassword(t.source) {
		return
	}
	for i := range t.all() {
		chars, searched := t.levels[i].chars, t.levels[i].in(plain)
		if !mayHavePassword(searched.text) {
			continue
		}
		for _, match := range passwords.FindAllStringSubmatchIndex(searched.text, -1) {
			for group := 2; group < len(match); group += 2 {
				if start, end := match[group], match[group+1]; end > start {
					t.hideRange(chars[searched.place[start]].start, chars[searched.place[end-1]].end)
				}
			}
		}
	}
}
