package translate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

const withheld = "The vendor gave a reason that is not shown here."

// TestInternals withholds from callers what shows how the vendor's service is made. The log has it, but for passwords.
func TestInternals(t *testing.T) {
	withSent(t, toyRequest, nil, func(sent *translate.Sent) {
		for _, test := range []struct{ said, logged string }{
			{"No route to jdbc:oracle:thin:cmp/Tiger99@db01:1521:CMP", "No route to jdbc:oracle:thin:cmp/***@db01:1521:CMP"},
			{"Login failed: Server=db01;User Id=sa;Password=Hunter22;", "Login failed: Server=db01;User Id=sa;Password=***;"},
			{"pwd=Hunter22", "pwd=***"},
			{"Pwd = 'Hunter 22' is old", "Pwd = '***' is old"},
			{`DB_PASSWORD="Hunter 22"`, `DB_PASSWORD="***"`},
			{"Password=Hunter 22;Timeout=3", "Password=***;Timeout=3"},
			{"no access_token=abc.def-7 here", "no access_token=*** here"},
			{`{"password": "hunter2", "x": 1}`, `{"password": "***", "x": 1}`},
			{"Password%3DHunter22 refused", "Password%3D*** refused"},
			{"&quot;password&quot;:&quot;hunter2&quot;", "&quot;password&quot;:&quot;***&quot;"},
			{"cannot reach amqp://app:hunter2@mq01/%2f", "cannot reach amqp://app:***@mq01/%2f"},
			{"sqlplus cmp/Tig@er99@db01", "sqlplus cmp/***@db01"},
			{"Uncaught x in /srv/Account.php:118\n#0 /srv/Account.php(118): PDO->__construct('mysql:host=(10)', 'cmp', 'Tiger-(42)')\n#1 [internal function]: S->f(Object(stdClass))\n#2 {main}",
				"Uncaught x in /srv/Account.php:118 #0 /srv/Account.php(118): PDO->__construct(***) #1 [internal function]: S->f(***) #2 {main}"},
			{"main::open('cmp', 'Tiger-42') called at /srv/x.pl line 7", "main::open(***) called at /srv/x.pl line 7"},
			{`ldap_bind("cmp", 'Tiger-42') failed`, "ldap_bind(***) failed"},
			{"Password: Hunter22, try again", "Password: *** try again"},
			{"alter user cmp identified by tiger", "alter user cmp identified by ***"},
			{"sent 'Authorization: Basic Y21wOnRpZ2Vy' to it", "sent 'Authorization: Basic *** to it"},
			{"select pin from accounts where id=7", ""},
			{"update accounts set pin = 7", ""},
			{"insert into accounts values (7)", ""},
			{"delete from accounts where 1=1", ""},
			{"no such include: classes/db.php", ""},
			{"cmp\\web.config is broken", ""},
			{`Cannot open C:\inetpub\wwwroot\web.config`, ""},
			{`Cannot open \\files01\share`, ""},
			{"Cannot open '/var/log/cmp.log'", ""},
			{"SQLSTATE[23000]: Integrity constraint violation", ""},
			{"ORA-00001: unique constraint (CMP.PK) violated", ""},
			{"TNS-12541: no listener", ""},
			{"SQL0204N is undefined", ""},
			{"[Microsoft][ODBC SQL Server Driver] down", ""},
			{"near SELECT * FROM accounts", ""},
			{"INSERT INTO accounts VALUES (1)", ""},
			{"Connection to 10.1.2.3:1521 refused", ""},
			{"at Dao&#46;Find&#40;Dao.java:42)", ""}, // a stack frame, spelt
		} {
			if got := sent.Safe(test.said); got != withheld {
				t.Errorf("callers see %q", got)
			}
			if test.logged == "" {
				test.logged = test.said
			}
			if got := sent.Logged(test.said); got != test.logged {
				t.Errorf("%q\n got %q\nwant %q", test.said, got, test.logged)
			}
		}
		for _, said := range []string{
			"The password is too short", "Password: at least 6 characters", "Choose one from the list, then select it", "Use account/site or site@example.com",
			"Order 10.1.2.3 is closed", "Update your address and set a PIN", "Effective 01/02/2026: rates/tariffs apply", "Ratio 3:1; time 12:30",
			"Select the plan from those of the list", "Update address or set a PIN", "Delete from cart failed", "Identified by number", "Authorization: not given",
			"The user is identified by its number", "Password: too short, and too common",
		} {
			if got := sent.Safe(said); got != said {
				t.Errorf("%q is shown as %q", said, got)
			}
			if got := sent.Logged(said); got != said {
				t.Errorf("%q is logged as %q", said, got)
			}
		}
	})
}

// TestLogged keeps the whole chain of causes on one line, within bounds.
func TestLogged(t *testing.T) {
	withSent(t, with(`"pin": "0042", "note": "Jane Doe"`), nil, func(sent *translate.Sent) {
		for said, want := range map[string]string{
			"": "",
			"System.Web.Services.Protocols.SoapException: Broken ---> System.Exception: PIN 0042 of jane doe\r\n   at Dao.Find()\n": "System.Web.Services.Protocols.SoapException: Broken ---> System.Exception: PIN *** of *** at Dao.Find()",
			strings.Repeat("é", 1001):     strings.Repeat("é", 999) + "…",
			strings.Repeat("x", 16<<10+1): "a text of 16385 bytes",
		} {
			if got := sent.Logged(said); got != want {
				t.Errorf("%.80q\n got %.120q\nwant %.120q", said, got, want)
			}
		}
	})
}

// TestFreeText leaves a success's texts as they are, but for secrets, stack traces and what is too long.
func TestFreeText(t *testing.T) {
	withSent(t, with(`"pin": "0042", "note": "Jane Doe", "secrets": ["000-12-3456"]`), []secret.Secret{"direct-token"}, func(sent *translate.Sent) {
		long := strings.Repeat("Stored é. ", 2000)
		for _, test := range []struct{ name, said, want string }{
			{"a word", "Success", "Success"},
			{"nothing", "", ""},
			{"lines and white space", " First \n\tsecond ", " First \n\tsecond "},
			{"markup", "Done <b>now</b>", "Done <b>now</b>"},
			{"a value of the request", "Thank you, Jane Doe", "Thank you, Jane Doe"},
			{"secrets", "PIN 0042 of 000123456 by DIRECT TOKEN\n", "PIN *** of *** by ***\n"},
			{"a secret, spelt", "PIN %30%3042, MDA0Mg==", "PIN ***, ***"},
			{"a stack trace", "Success\n   at Dao.Find(Dao.java:42)", withheld},
			{"a stack trace, spelt", "Success at Dao&#46;Find&#40;Dao.java:42)", withheld},
			{"the vendor's files", "Stored in /var/spool/cmp; password=hunter2", "Stored in /var/spool/cmp; password=***"},
			{"exactly 4 KiB", strings.Repeat("x", 4096), strings.Repeat("x", 4096)},
			{"a byte more", strings.Repeat("x", 4097), strings.Repeat("x", 4093) + "…"},
			{"4 KiB in JSON", strings.Repeat(`"`, 2048), strings.Repeat(`"`, 2048)},
			{"more than 4 KiB in JSON", strings.Repeat(`"`, 2049), strings.Repeat(`"`, 2046) + "…"},
			{"line separators", strings.Repeat("\u2028", 683), strings.Repeat("\u2028", 682) + "…"},
			{"a secret across the cut", strings.Repeat("-", 4093) + "0042", strings.Repeat("-", 4093) + "***"},
			{"a secret across the end of what is searched", strings.Repeat("0042", 4095) + "z00042", "***…"},
			{"a megabyte", strings.Repeat(long, 50), long[:strings.LastIndex(long[:4094], " ")+1] + long[strings.LastIndex(long[:4094], " ")+1:4093] + "…"},
		} {
			got := sent.FreeText(test.said)
			if got != test.want {
				t.Errorf("%s:\n got %d %.60q...%q\nwant %d %.60q", test.name, len(got), got, got[max(0, len(got)-20):], len(test.want), test.want)
			}
			if body, err := json.Marshal(got); err != nil || len(body) > 4096+2 && !strings.Contains(test.said, "<") {
				t.Errorf("%s: %d bytes, %v", test.name, len(body), err)
			}
		}
	})
	// Of a text that is too long to be searched whole nothing is shown where a secret may be cut in two.
	withSent(t, withSecrets(strings.Repeat("s3cret ", 3000)), nil, func(sent *translate.Sent) {
		if got := sent.FreeText(strings.Repeat("s3cret ", 2990)); got != withheld {
			t.Errorf("%.40q", got)
		}
	})
}

// TestConfiguredSecretInResult makes a success unknown whose codes and identifiers hold a configured secret: they are never shown in part. What
// the caller sent comes back.
func TestConfiguredSecretInResult(t *testing.T) {
	d := definition()
	d.Secrets = []secret.Secret{"direct-token", "", "7"}
	for id, unknown := range map[string]bool{
		"direct-token": true, "x-Direct Token-y": true, "direct%2Dtoken": true, "ZGlyZWN0LXRva2Vu": true, "direct": false, "0042": false, "7": false, "A-7": false,
	} {
		body := in11(strings.Replace(done, ">7<", ">"+id+"<", 1))
		result, failure := decode(t, d, with(`"pin": "0042"`), soap.Reply{Certain: true, Status: 200, Body: []byte(body)})
		if !unknown {
			if failure != nil || string(result.JSON) != `{"operationId":"id","id":"`+id+`"}` {
				t.Errorf("%s: %+v %s", id, failure, result.JSON)
			}
			continue
		}
		checkFailure(t, failure, translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown, Alert: true})
		if cause := failure.Cause.Error(); !strings.HasPrefix(cause, "the reply's /id holds a configured secret") || strings.Contains(cause, id) {
			t.Error(cause)
		}
	}
}

// TestHostileTextsAreNotLookedAt: of thousands of long texts in one reply only as many are searched as cost little time; the
// same text is searched once.
func TestHostileTextsAreNotLookedAt(t *testing.T) {
	withSent(t, toyRequest, nil, func(sent *translate.Sent) {
		shown := 0
		for i := range 1000 {
			if sent.Safe(fmt.Sprintf("Line %d %s", i, strings.Repeat("x", 1000))) != withheld {
				shown++
			}
		}
		if shown < 50 || shown > 100 || sent.Safe("Something new") != withheld || sent.Safe("Line 0 "+strings.Repeat("x", 1000)) == withheld {
			t.Errorf("%d are shown", shown)
		}
	})
}
