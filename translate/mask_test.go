package translate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// withSent passes a toy request, as it was sent, to what reads its reply.
func withSent(t testing.TB, body string, secrets []secret.Secret, use func(*translate.Sent)) {
	t.Helper()
	d := definition()
	d.Secrets = secrets
	used := false
	d.Judge = func(_ record.Object, sent *translate.Sent) *translate.Error {
		used = true
		use(sent)
		return nil
	}
	op := define(t, d)
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	env := translate.Env{Caller: translate.Caller{OriginatingToken: "caller-token"}}
	if _, failure := request.Decode(soap.Reply{Certain: true, Status: 200, Body: []byte(in11(done))}, env); failure != nil || !used {
		t.Fatalf("%+v", failure)
	}
}

// maskedRequest has secrets and values of every form.
const maskedRequest = `{"name": "Jane Q. Doe", "pin": "0042", "note": "12 High St", "small": 77, "large": 4711, "flag": true, "kind": {"code": "MOVE", "text": "ab"},
	"inner": {"one": "Jane", "three": "naïve"}, "tags": ["first tag", ""], "secrets": ["000-12-3456", "p.(x)+", "", "correct horse", "STRASSE", "0042-0042", "qabq"],
	"numbers": [99999], "inners": [{"one": "item one", "three": "x"}], "last": "Doe"}`

func TestSafe(t *testing.T) {
	withSent(t, maskedRequest, []secret.Secret{"direct-token", "", "qz", "ml"}, func(sent *translate.Sent) {
		for _, test := range []struct{ name, said, want string }{
			{"a sentence", "The account is closed", "The account is closed"},
			{"nothing", "", "The vendor gave no reason."},
			{"white space", " \r\n\t\u00a0", "The vendor gave no reason."},
			{"marks that do not show", "\u200b\u202e\ufeff", "The vendor gave no reason."},
			{"white space around and inside", "\n  The   account\tis \u00a0closed \n", "The account is closed"},

			{"a secret", "PIN 0042 is wrong", "PIN *** is wrong"},
			{"a secret inside of words", "x0042y", "x***y"},
			{"a secret twice", "0042 and 0042", "*** and ***"},
			{"a secret beside itself", "00420042", "***"},
			{"a secret twice, one within the other", "qabqabq", "***"},
			{"a secret with separators", "SSN 000-12-3456", "SSN ***"},
			{"a secret without its separators", "SSN 000123456", "SSN ***"},
			{"a secret with other separators", "SSN 000 12.3456, 000/12/3456, (000) 12-3456", "SSN ***, ***, (***"},
			{"a secret with separators that it had not", "PIN 0-0-4-2", "PIN ***"},
			{"a secret with separators of thousands and of lists", "SSN 000,123,456 or 000_12_3456, PIN [0, 0, 4, 2] or 0;0;4;2 or 0|0|4|2", "SSN *** or ***, PIN [***] or *** or ***"},
			{"a secret in another letter case", "CORRECT Horse", "***"},
			{"a secret in another letter case beyond ASCII", "\u017ftra\u017f\u017fe", "***"},
			{"a secret over line ends", "Password correct\nhorse is weak", "Password *** is weak"},
			{"a secret over line ends inside a word", "Password cor\r\nrect hor\nse is weak", "Password *** is weak"},
			{"a secret with marks between that do not show", "PIN 0\u200b0\u00ad4\u20602!", "PIN ***!"},
			{"a secret with signs", "is p.(x)+ fine", "is *** fine"},
			{"a configured secret", "token DIRECT TOKEN, (qz)", "token ***, (***)"},
			{"the caller's secret", "caller-token", "***"},

			{"a value", "Jane Q. Doe is unknown", "*** is unknown"},
			{"a value in another letter case", "JANE q doe is unknown", "*** is unknown"},
			{"a value that holds another one", "Jane Q. Doe, Jane, Doe", "***, ***, ***"},
			{"a value over a line end", "12 High\nSt is unknown", "*** is unknown"},
			{"a value inside of words", "Janet and Doer", "Janet and Doer"},
			{"a value beside letters beyond ASCII", "éJane", "éJane"},
			{"a value between signs", "'Jane', [naïve]", "'***', [***]"},
			{"a value beyond ASCII", "NAÏVE?", "***?"},
			{"an integer", "77 and 4711 and 99999", "77 and *** and ***"}, // two digits say nothing
			{"a short value", "ab", "ab"},
			{"values in arrays", "first tag, item one", "***, ***"},
			{"a value at both ends", "Doe Doe", "*** ***"},
			{"a flag is not a value", "true", "true"},

			{"two lines", "First line\nsecond line", "First line"},
			{"two lines, CR", "First line\rsecond line", "First line"},
			{"two lines of Unicode", "First\u2028second\u0085third", "First second third"},
			{"control characters", "a\x07b\x1b[31mc", "a b [31mc"},
			{"marks of direction", "a\u202eb", "a b"},
			{"emoji", "no 😀", "no 😀"},

			{"an element", "Bad <b>value</b>", "The vendor gave a reason that is not shown here."},
			{"a comment", "Bad <!-- x -->", "The vendor gave a reason that is not shown here."},
			{"an instruction", "Bad <?php ?>", "The vendor gave a reason that is not shown here."},
			{"an end tag", "Bad </x", "The vendor gave a reason that is not shown here."},
			{"signs that are not markup", "1 < 2 and 3 > 2, a <- b, x<1", "1 < 2 and 3 > 2, a <- b, x<1"},
			{"a frame of .NET", "at System.Web.Services.Invoke(Object o) in C:\\x.cs:line 42", "The vendor gave a reason that is not shown here."},
			{"a frame of Mono", "at System.Xml.XmlConvert.ToBoolean (System.String s) [0x00068]", "The vendor gave a reason that is not shown here."},
			{"a frame that a short secret spoils", "at System.Xml.XmlConvert.ToBoolean(String s)", "The vendor gave a reason that is not shown here."},
			{"a frame of Java", "failed at mds.Server$Impl.create(Server.java:20)", "The vendor gave a reason that is not shown here."},
			{"a frame of Python", `File "/srv/app.py", line 3, in f`, "The vendor gave a reason that is not shown here."},
			{"a frame of PHP", "#0 /srv/soap/Account.php(42): Account->create()", "The vendor gave a reason that is not shown here."},
			{"a file of PHP", "Undefined index in /srv/soap/Account.php on line 42", "The vendor gave a reason that is not shown here."},
			{"a file of .NET", `Failed in C:\src\Dao.cs:line 42`, "The vendor gave a reason that is not shown here."},
			{"an exception", "java.lang.NullPointerException", "The vendor gave a reason that is not shown here."},
			{"an exception with a message", "System.InvalidOperationException: There is an error", "The vendor gave a reason that is not shown here."},
			{"an error's class", "caught psycopg2.errors.DeadlockError: x", "The vendor gave a reason that is not shown here."},
			{"an exception without package", "PDOException in query", "The vendor gave a reason that is not shown here."},
			{"an exception of a nested class", "Outer$FooException", "The vendor gave a reason that is not shown here."},
			{"the word exception", "Exception: no exception was made for you", "Exception: no exception was made for you"},
			{"the word error", "Error: Validation Error. An error occurred at noon", "Error: Validation Error. An error occurred at noon"},
			{"a frame on a later line", "The account is closed\n   at Dao.Find(Dao.java:1)", "The account is closed"},

			{"ASP.NET's wrapping", "System.Web.Services.Protocols.SoapException: The account is closed\n  at X.Y ()", "The account is closed"},
			{"ASP.NET's wrapping of headers", "System.Web.Services.Protocols.SoapHeaderException: Token expired", "Token expired"},
			{"ASP.NET's inner exceptions", "Server was unable to process request. ---> ORA-00942: no table ---> x", "Server was unable to process request."},
			{"another exception in front", "System.Exception: System.Web.Services.Protocols.SoapException: x", "The vendor gave a reason that is not shown here."},
		} {
			if got := sent.Safe(test.said); got != test.want {
				t.Errorf("%s: %q\n got %q\nwant %q", test.name, test.said, got, test.want)
			}
		}
	})
}

// TestSafeLength keeps 200 code points, and looks at no text that is too long for a sentence.
func TestSafeLength(t *testing.T) {
	withSent(t, toyRequest, nil, func(sent *translate.Sent) {
		for _, character := range []string{"x", "é", "😀"} {
			if got := sent.Safe(strings.Repeat(character, 200)); got != strings.Repeat(character, 200) {
				t.Errorf("200 characters: %q", got)
			}
			if got := sent.Safe(strings.Repeat(character, 201)); got != strings.Repeat(character, 199)+"…" {
				t.Errorf("201 characters: %q", got)
			}
		}
		if got := sent.Safe(strings.Repeat("word ", 1<<20)); got != "The vendor gave a reason that is not shown here." {
			t.Errorf("five megabytes: %q", got)
		}
		if got := sent.Safe("short\n" + strings.Repeat("word ", 1000)); got != "short" {
			t.Errorf("a short line and long ones: %q", got)
		}
	})
	// A secret at the cut is masked before the text is cut.
	withSent(t, with(`"pin": "hunter2hunter2"`), nil, func(sent *translate.Sent) {
		if got := sent.Safe(strings.Repeat("-", 195) + " hunter2hunter2"); strings.Contains(got, "h") {
			t.Error(got)
		}
	})
}

// TestSecretsNeverSurvive plants secrets in random texts, in random spellings.
func TestSecretsNeverSurvive(t *testing.T) {
	secrets := []string{"0042", "hunter2", "000-12-3456", "correct horse", "zoë's p@ss", "😀😀ab"}
	body := with(`"pin": "0042", "secrets": ["hunter2", "000-12-3456", "correct horse", "zoë's p@ss", "😀😀ab"], "note": "Jane Doe", "large": 12345`)
	values := append(slices.Clone(secrets), "Jane Doe", "12345")
	withSent(t, body, nil, func(sent *translate.Sent) {
		rapid.Check(t, func(t *rapid.T) {
			var text strings.Builder
			for range rapid.IntRange(1, 6).Draw(t, "pieces") {
				value := rapid.SampledFrom(values).Draw(t, "value")
				switch rapid.IntRange(0, 4).Draw(t, "spelling") {
				case 1:
					value = strings.ToUpper(value)
				case 2:
					value = strings.Map(func(r rune) rune {
						if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' || r == '\'' || r > unicode.MaxLatin1 {
							return r
						}
						return -1
					}, value)
				case 3:
					value = strings.Join(strings.Split(value, ""), rapid.SampledFrom([]string{"\n", " ", "-", ".", "\u200b", "\r\n"}).Draw(t, "separator"))
				}
				text.WriteString(rapid.SampledFrom([]string{" ", "\n", ": ", " (", "='"}).Draw(t, "before") + value + rapid.SampledFrom([]string{" ", "\n", ".", "' "}).Draw(t, "after"))
			}
			got := condensed(sent.Safe(text.String()))
			for _, value := range values {
				if strings.Contains(got, condensed(value)) {
					t.Fatalf("%q comes out as %q", text.String(), got)
				}
			}
		})
	})
}

// condensed takes letter case and separators out of a text.
func condensed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-./()", r) || !unicode.IsPrint(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// TestSentPlaces finds values by the names of their elements.
func TestSentPlaces(t *testing.T) {
	withSent(t, maskedRequest, nil, func(sent *translate.Sent) {
		named := func(names ...string) func(string) bool {
			return func(element string) bool { return slices.Contains(names, element) }
		}
		for _, test := range []struct {
			element           string
			present, declared []string
		}{
			{"PIN", []string{"/pin"}, []string{"/pin", "/again/pin"}},
			{"One", []string{"/inner/one", "/inners/0/one"}, []string{"/inner/one"}},
			{"Two", nil, []string{"/inner/two"}},
			{"Tag", []string{"/tags/0", "/tags/1"}, nil},
			{"Flag", []string{"/flag"}, []string{"/flag", "/again/flag"}},
			{"Inner", nil, nil},
			{"pin", nil, nil},
			{"Code", []string{"/kind/code"}, []string{"/kind/code"}},
		} {
			if got := sent.Present(named(test.element)); !slices.Equal(got, test.present) {
				t.Errorf("present %s: %v", test.element, got)
			}
			got := sent.Declared(named(test.element))
			if test.element == "PIN" || test.element == "Flag" {
				test.declared = test.declared[:1] // a shape inside itself is not followed
			}
			if !slices.Equal(got, test.declared) {
				t.Errorf("declared %s: %v", test.element, got)
			}
		}
	})
}

// TestRequestIsNotShown puts a request with secrets into every verb of fmt.
func TestRequestIsNotShown(t *testing.T) {
	op := define(t, definition())
	request, refusal := op.Read([]byte(maskedRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, request); got != "request of toys MakeToy" {
			t.Errorf("%s: %s", verb, got)
		}
		if got := fmt.Sprintf(verb, []any{request}); strings.Contains(got, "0042") {
			t.Errorf("%s: %s", verb, got)
		}
	}
}
