package translate

import (
	"strings"
	"testing"

	"soapbridge/translate/secret"
)

// FuzzSieve compares a sieve with the search itself: every needle that is found has passed the sieve.
func FuzzSieve(f *testing.F) {
	for _, seed := range [][2]string{
		{"the PIN is 0042.", "0042"}, {"no digits here", "0042"}, {"MDA0Mg==", "0042"}, {"30 30 34 32", "0042"}, {"MAAwADQAMgA=", "0042"}, {"x 4 2", "42"}, {"NDI", "42"},
		{"000 12 3456", "000-12-3456"}, {"MDAwLTEyLTM0NTY", "000-12-3456"}, {"Pa%73sword", "password"}, {"pass&#119;ord", "PASSWORD"}, {"a'b", "a''b"}, {`say "abcd"`, `abcd`},
		{"M\u00fcller", "müller"}, {"TfxsbGVy", "Müller"}, {"straße 12", "STRASSE12"}, {"\u212a12345", "k12345"}, {"\u017fecret", "secret"}, {"e\u0301abc", "éabc"}, {"%c3%a9abc", "éabc"},
		{"a&amp;b", "a&b"}, {"x\\y", "x\\\\y"}, {"1.2.3.4", "1-2-3-4"}, {"ab", ""}, {"", "abc"}, {"\xff\xfe12", "12\xff"}, {"zZ6wQUJD", "鰀ABC"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if len(text)+len(value) > 1<<10 {
			return
		}
		sieve := readingsOf(text).sieve()
		if readingsOf(text).hide(appendValue(nil, value)) && !sieve.passesValue(value) {
			t.Errorf("%q is in %q and does not pass", value, text)
		}
		needles := secretNeedles([]secret.Secret{secret.Secret(value)})
		if readingsOf(text).hide(needles) && (!sieve.passesSecret(value) || !readingsOf(text).hide(sieve.among(needles))) {
			t.Errorf("the secret %q is in %q and does not pass", value, text)
		}
		if everything := everything; !everything.passesValue(value) || !everything.passesSecret(value) || len(everything.among(needles)) != len(needles) {
			t.Errorf("%q does not pass", value)
		}
	})
}

// TestSieve keeps out what a usual text cannot hold: else every reply would be searched for every value of its request.
func TestSieve(t *testing.T) {
	sieve := readingsOf("The work item has been created, and Jane Doe's request is closed").sieve()
	for _, value := range []string{"000-12-3456", "058123456", "jane.doe@example.com", "Hunter2"} {
		if sieve.passesValue(value) || sieve.passesSecret(value) {
			t.Errorf("%s passes", value)
		}
	}
	if sieve.passesValue("zoo") || !sieve.passesSecret("zoo") { // in base64 it has four letters, like many a word
		t.Error("of a short secret more is known than of its letters, or less of a short value")
	}
	if needles := secretNeedles([]secret.Secret{"a-long-configured-token", "Hunter2"}); len(sieve.among(needles)) > 0 {
		t.Error(sieve.among(needles))
	}
}

// FuzzHints finds nothing that an expression matches and that its hints keep out.
func FuzzHints(f *testing.F) {
	for _, seed := range []string{
		"at Dao.Find(Dao.java:42)", "at Dao.Find () [0x00068]", `File "a.py", line 3`, "a.php:12", "x.cs on line 4", "java.lang.NullPointerException", "System.Web.HttpError",
		"SoapException", "jdbc:oracle", "an ODBC driver", "OLE DB", "Server=db;", "SQLSTATE 42000", "SQL0204N", "ora-00942", "Access denied for user 'x'", "SELECT a FROM b",
		"select a from b where c", "\u017felect a from b where c", "insert into a (", "update a set b=1", "delete from a where b", `C:\x`, `\\host\share`, "/etc/passwd", "a/b.php",
		"10.0.0.1:80", "password=x;", `"pwd": "x"`, "pa\u017f\u017fword: a1", "create user a identified by b", "Authorization: Basic x", "<to\u212aen>x<", "#0 a(1): b(c)", "f(x) called at ",
		"bind('a')", "a://b:c@d", "a/b@c", "api-key: a1", "API_KEY=x;", "secret : 1a", "pass: 1a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range internals {
			if p.expression.MatchString(text) && !p.matches(text) {
				t.Errorf("%q is matched by %s and has none of %q", text, p.expression, p.hints)
			}
		}
		if passwords.MatchString(text) && !mayHavePassword(text) {
			t.Errorf("%q holds a password", text)
		}
		if levels := readingsOf(text).all(); !isSpelling(text) && len(levels) > 1 {
			t.Errorf("%q spells %q", text, strings.Join(spelt(text), " "))
		}
	})
}
