package translate_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	encodingunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// withSecrets is a toy request with secrets.
func withSecrets(secrets ...string) string {
	list, _ := json.Marshal(secrets)
	return with(`"secrets": ` + string(list))
}

// TestSpellingsOfSecrets hides a secret however a vendor spells it, in the answer and in the log alike. Each text is what the XML decoder
// returns.
func TestSpellingsOfSecrets(t *testing.T) {
	const password, brien, its, accent, spaced, plus, domain = `Wattle&Rd<77>`, `O'Brien99`, `it's`, `caféß77`, `two words`, `a+b=c/d`, `DOM\user.7`
	withSent(t, withSecrets(password, brien, its, accent, spaced, plus, domain, "😀😀ab"), []secret.Secret{"ＦＵＬＬ１２３"}, func(sent *translate.Sent) {
		for _, test := range []struct{ name, spelt string }{
			{"as it is", password},
			{"HTML", `Wattle&amp;Rd&lt;77&gt;`},
			{"HTML by names without semicolons", `Wattle&ampRd&lt77&GT`},
			{"hexadecimal with colons", `57:61:74:74:6c:65:26:52:64:3c:37:37:3e`},
			{"HTML by numbers", `Wattle&#38;Rd&#60;77&#62;`},
			{"HTML by hexadecimal numbers", `Wattle&#x26;Rd&#x3c;77&#X3E;`},
			{"HTML by numbers without semicolons", `Wattle&#38Rd&#x3c&#55;&#55;&#62`},
			{"HTML, twice", `Wattle&amp;amp;Rd&amp;lt;77&amp;gt;`},
			{"HTML, every character", `&#87;&#97;&#116;&#116;&#108;&#101;&#38;&#82;&#100;&#60;&#55;&#55;&#62;`},
			{"HTML in capitals", `WATTLE&AMP;RD&LT;77&GT;`},
			{"half of it in HTML", `Wattle&amp;Rd<77>`},
			{"a URL", `Wattle%26Rd%3C77%3E`},
			{"a URL in a URL", `Wattle%2526Rd%253C77%253E`},
			{"a URL in HTML", `Wattle&#37;26Rd&#37;3C77&#37;3E`},
			{"escape() of JavaScript", `Wattle%u0026Rd%u003C77%u003E`},
			{"JSON", `Wattle\u0026Rd\u003c77\u003e`},
			{"JSON in JSON", `Wattle\\u0026Rd\\u003c77\\u003e`},
			{"JavaScript", `Wattle\x26Rd\x3C77\x3E`},
			{"JavaScript with braces", `Wattle\u{26}Rd\u{3c}77\u{00003E}`},
			{"MySQL", `O\'Brien99`},
			{"SQL", `O''Brien99`},
			{"SQL in SQL", `O''''Brien99`},
			{"HTML of an apostrophe", `O&#39;Brien99`},
			{"HTML's name of an apostrophe", `O&apos;Brien99`},
			{"a typographic apostrophe", "O\u2019Brien99"},
			{"no apostrophe", `OBRIEN99`},
			{"four characters, SQL", `it''s`},
			{"four characters, MySQL", `it\'s`},
			{"four characters, HTML", `it&#x27;s`},
			{"accents, JSON", `caf\u00e9\u00df77`},
			{"accents, a URL", `caf%C3%A9%c3%9f77`},
			{"accents, a URL in Latin-1", `caf%E9%DF77`},
			{"accents, bytes", `caf\xc3\xa9\xc3\x9f77`},
			{"accents, HTML", `caf&eacute;&szlig;77`},
			{"accents, decomposed", "cafe\u0301ß77"},
			{"accents, decomposed and escaped", `cafe\u0301\u00df77`},
			{"accents, taken away", `cafess77`},
			{"accents, in capitals", `CAFÉSS77`},
			{"compatibility forms", "ｃａｆｅ\u0301ß⑦⑦"},
			{"compatibility forms of a configured secret", "full123"},
			{"a space, a form", `two+words`},
			{"a space, a URL", `two%20words`},
			{"a space, HTML", `two&nbsp;words`},
			{"a space, a line end", `two\r\nwords`},
			{"a plus sign, a URL", `a%2Bb%3Dc%2Fd`},
			{"a slash, JSON", `a+b=c\/d`},
			{"a backslash, JSON", `DOM\\user.7`},
			{"a backslash, a URL", `DOM%5Cuser.7`},
			{"beyond the basic plane, JSON", `\ud83d\ude00\uD83D\uDE00ab`},
			{"beyond the basic plane, Python", `\U0001f600\U0001F600ab`},
			{"beyond the basic plane, HTML", `&#128512;&#x1f600;ab`},
			{"beyond the basic plane, a URL", `%F0%9F%98%80%f0%9f%98%80ab`},
			{"base64", base64.StdEncoding.EncodeToString([]byte(password))},
			{"base64 without padding", base64.RawStdEncoding.EncodeToString([]byte(password))},
			{"base64 behind one byte", base64.StdEncoding.EncodeToString([]byte("u" + password + "!"))},
			{"base64 behind two bytes", base64.StdEncoding.EncodeToString([]byte("u:" + password))},
			{"base64 of a login", base64.StdEncoding.EncodeToString([]byte("user:" + plus))},
			{"base64 for URLs", base64.URLEncoding.EncodeToString([]byte("??>" + "😀😀ab" + "??>"))},
			{"base64, the usual alphabet", base64.StdEncoding.EncodeToString([]byte("??>" + "😀😀ab" + "??>"))},
			{"base64 in a URL", url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("😀😀ab?>")))},
			{"base64 in lines", base64.StdEncoding.EncodeToString([]byte(password))[:8] + "\r\n" + base64.StdEncoding.EncodeToString([]byte(password))[8:]},
			{"base64 of Latin-1", "Y2Fm6d83Nw=="},
			{"base64 of UTF-16", "YwBhAGYA6QDfADcANwA="},
			{"base64 of decomposed accents", base64.StdEncoding.EncodeToString([]byte("cafe\u0301ß77"))},
			{"hexadecimal of Latin-1", "636166e9df3737"},
			{"hexadecimal of UTF-16", "00630061006600e900df00370037"},
			{"octal escapes", `caf\303\251\303\23777`},
			{"octal escapes of Latin-1", `caf\351\33777`},
			{"a URL of HTML", `Wattle&amp%3BRd&lt%3B77&gt%3B`},
			{"JSON of HTML", `Wattle&amp\u003bRd&#60\u003b77&gt\x3b`},
			{"hexadecimal", hex.EncodeToString([]byte(password))},
			{"hexadecimal in capitals", strings.ToUpper(hex.EncodeToString([]byte(password)))},
			{"hexadecimal in groups", strings.Join(strings.SplitAfter(hex.EncodeToString([]byte(brien)), "7"), " ")},
		} {
			text := "Value [" + test.spelt + "] is too weak"
			for place, got := range map[string]string{"answer": sent.Safe(text), "log": sent.Logged(text), "result": sent.FreeText(text)} {
				if got != "Value [***] is too weak" {
					t.Errorf("%s, %s: %q comes out as %q", place, test.name, test.spelt, got)
				}
			}
		}
		for _, text := range []string{
			"50% of &amp; 100%25, a+b, O'Neill, C&A, \\o/, 'it' is \"fine\"; &#x; &nosuch; %zz \\u12 \\x1 &", "YWJjZGVmZ2hpamts 77617474",
		} {
			if got := sent.Logged(text); got != text {
				t.Errorf("%q comes out as %q", text, got)
			}
		}
	})
}

// TestShortSecrets hides a secret of fewer than four code points as a word of its own, and leaves other words whole.
func TestShortSecrets(t *testing.T) {
	withSent(t, withSecrets("qz", "a&b", "é1", "-.-", "7+7"), nil, func(sent *translate.Sent) {
		for text, want := range map[string]string{
			"PIN qz is wrong":              "PIN *** is wrong",
			"(QZ)":                         "(***)",
			"xqz qzx éqz qz1":              "xqz qzx éqz qz1",
			"a&b, a&amp;b, a%26b!":         "***, ***, ***!",
			"%20qz%20":                     "%20***%20",
			"xa&b":                         "xa&b",
			"e\u03011 \\u00e91 E1":         "*** *** E1",
			"cXo= is base64, 717a is hex":  "*** is base64, *** is hex",
			"acXo 717ab":                   "acXo 717ab",
			"-.- and 7+7 and 7 7 and - 77": "*** and *** and *** and - 77",
		} {
			if got := sent.Logged(text); got != want {
				t.Errorf("%q\n got %q\nwant %q", text, got, want)
			}
		}
	})
}

// TestCodesAreWhole shows a code whole or not at all.
func TestCodesAreWhole(t *testing.T) {
	withSent(t, withSecrets("0042", "qz"), []secret.Secret{"direct-token"}, func(sent *translate.Sent) {
		for code, want := range map[string]string{
			"Server.userException": "Server.userException", "{urn:v}System.OddException": "{urn:v}System.OddException", " E\n1 ": "E 1", "": "",
			"n": "n", "l": "l", // values of the request
			"E-0042": "***", "0042": "***", "DirectToken7": "***", "QZ": "***", "E-QZ": "E-QZ", "30303432": "***", strings.Repeat("x", 257): "***",
		} {
			if got := sent.Code(code); got != want {
				t.Errorf("%q: got %q, want %q", code, got, want)
			}
			if got := sent.IsSecret(code); got != (want == "***" && len(code) < 257) {
				t.Errorf("%q is a secret: %t", code, got)
			}
		}
	})
}

// spellers are how others spell a text: they know nothing of the decoder.
var spellers = map[string]func(string) string{
	"HTML":  html.EscapeString,
	"URL":   url.QueryEscape,
	"path":  url.PathEscape,
	"Go":    func(s string) string { return inside(strconv.Quote(s)) },
	"ASCII": func(s string) string { return inside(strconv.QuoteToASCII(s)) },
	"JSON": func(s string) string {
		b, _ := json.Marshal(s)
		return inside(string(b))
	},
	"UTF-16": func(s string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(s)) {
			b.WriteString(`\u` + strconv.FormatUint(uint64(u)+0x10000, 16)[1:])
		}
		return b.String()
	},
	"SQL":     func(s string) string { return strings.ReplaceAll(s, "'", "''") },
	"base64":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64u": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x" + s + "yz")) },
	"base64t": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s)) },
	"UTF-16b": func(s string) string {
		b, _ := encodingunicode.UTF16(encodingunicode.LittleEndian, encodingunicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
		return base64.StdEncoding.EncodeToString(b)
	},
	"hex":    func(s string) string { return hex.EncodeToString([]byte(s)) },
	"NFD":    norm.NFD.String,
	"NFKC":   norm.NFKC.String,
	"upper":  strings.ToUpper,
	"itself": func(s string) string { return s },
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

// twice are those that a spelling may be spelt in again.
var twice = []string{"HTML", "URL", "path", "Go", "ASCII", "JSON", "UTF-16", "SQL", "itself"}

// speltItself recognises secrets that spell another text themselves. An encoder that leaves such a piece as it is and escapes the rest makes a
// text that cannot be decoded; most of the secret is hidden even so.
var speltItself = regexp.MustCompile(`%([0-9A-Fa-f]{2}|u)|&(#|\w+;)|\\[xuUnrt]`)

// TestSecretsNeverSurviveSpellings plants a random secret in a random spelling: it is not in what is shown, and nothing else is gone.
func TestSecretsNeverSurviveSpellings(t *testing.T) {
	character := rapid.OneOf(
		rapid.SampledFrom([]rune(`abcXYZ0189`)), rapid.SampledFrom([]rune(`&<>'"%+\/=;#-._ :,?!@$`)),
		rapid.SampledFrom([]rune("éßñŁø漢字अ한ｆ½ﬁ😀")), rapid.RuneFrom(nil, unicode.Letter, unicode.Digit, unicode.Punct, unicode.Sm),
	)
	// One seed: what only one secret of a million shows must not stop an unrelated change. Another one: -rapid.seed.
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		t.Cleanup(func() { _ = seed.Value.Set("0") })
		if err := seed.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		secret := strings.TrimSpace(string(rapid.SliceOfN(character, 4, 24).Draw(t, "secret")))
		// What is left of a secret without accents and separators must be longer than what any text has by chance.
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, secret)
		if len([]rune(letters)) < 4 || speltItself.MatchString(norm.NFKC.String(secret)+"|"+norm.NFKD.String(secret)) {
			return // too little of a secret, or one that spells another
		}
		names := slices.Sorted(func(yield func(string) bool) {
			for name := range spellers {
				if !yield(name) {
					return
				}
			}
		})
		first, second := rapid.SampledFrom(names).Draw(t, "spelling"), rapid.SampledFrom(twice).Draw(t, "around")
		spelt := spellers[second](spellers[first](secret))
		checkHidden(t, secret, spelt)
	})
}

func checkHidden(t rapid.TB, secret, spelt string) {
	t.Helper()
	d := definition()
	d.Judge = func(_ record.Object, sent *translate.Sent) *translate.Error {
		got := sent.Logged("Field ~ " + spelt + " ~ was refused")
		// A secret may begin or end with separators, which are not hidden: spelt twice, one takes up to sixty characters.
		ends := len([]rune(secret)) - len([]rune(strings.TrimFunc(secret, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })))
		inside, found := strings.CutPrefix(got, "Field ~ ")
		inside, closed := strings.CutSuffix(inside, " ~ was refused")
		left := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, inside)
		if !found || !closed || !strings.Contains(inside, "***") || len([]rune(left)) > 60*ends {
			t.Errorf("%q spelt %q comes out as %q", secret, spelt, got)
		}
		return nil
	}
	op, err := translate.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	request, refusal := op.Read([]byte(withSecrets(secret)))
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	if _, failure := request.Decode(soap.Reply{Certain: true, Status: 200, Body: []byte(in11(done))}, translate.Env{}); failure != nil {
		t.Fatalf("%+v", failure)
	}
}
