package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"soapbridge/api/config"
	"soapbridge/translate/secret"
)

const planted = "PLANTED-7f3a"

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	accepted := []struct{ name, content, want string }{
		{"no line break", "secret", "secret"},
		{"line feed", "secret\n", "secret"},
		{"carriage return and line feed", "secret\r\n", "secret"},
		{"several line breaks", "secret\n\n", "secret"},
	}
	for _, test := range accepted {
		t.Run(test.name, func(t *testing.T) {
			path := file("token", test.content)
			c, err := config.Load(variables{"CUSTOMERCARE_DIRECT_TOKEN_FILE": path, "CUSTOMERCARE_DIRECT_TOKEN": ""}.environ(), config.Disk())
			if err != nil || string(c.CustomerCare.DirectToken) != test.want {
				t.Errorf("got another value, or %v", err)
			}
		})
	}
	t.Run("every kind of setting", func(t *testing.T) {
		c, err := config.Load(variables{
			"TLS_CERT_FILE": file("cert", pairA.cert), "TLS_KEY_FILE": file("key", pairA.key), "LISTEN_FILE": file("listen", "127.0.0.1:0\n"),
			"API_KEYS_FILE": file("keys", "a\nb\n"), "MAX_BODY_FILE": file("size", "7\n"), "MODE_FILE": file("mode", "development"), "MODE": "",
		}.environ(), config.Disk())
		if err != nil {
			t.Fatal(err)
		}
		want := defaults()
		want.Listen, want.TLSCert, want.TLSKey, want.MaxBody = "127.0.0.1:0", pairA.cert, secret.Secret(strings.TrimSuffix(pairA.key, "\n")), 7
		want.APIKeys = []secret.Secret{"a", "b"}
		if !reflect.DeepEqual(c, want) {
			t.Errorf("got  %+v\nwant %+v", c, want)
		}
	})
	missing, empty, blank, large := filepath.Join(dir, "missing"), file("empty", "\n"), file("blank", "x \n"), file("large", strings.Repeat("x", 1<<20+1))
	refused := []struct {
		name string
		v    variables
		want string
	}{
		{"both", variables{"LISTEN": ":1", "LISTEN_FILE": missing}, "SOAPBRIDGE_LISTEN: is given here and by SOAPBRIDGE_LISTEN_FILE; keep one of them"},
		{"missing", variables{"NAME_KEY_FILE": missing}, "SOAPBRIDGE_NAME_KEY_FILE: cannot read " + missing + ": no such file or directory"},
		{"directory", variables{"NAME_KEY_FILE": dir}, "SOAPBRIDGE_NAME_KEY_FILE: cannot read " + dir + ": is a directory"},
		{"empty", variables{"CUSTOMERCARE_USER_ID_FILE": empty}, "SOAPBRIDGE_CUSTOMERCARE_USER_ID_FILE: names " + empty + ", which is empty"},
		{"white space", variables{"MDS_WSSE_PASSWORD_FILE": blank, "MDS_WSSE_USERNAME": "u"}, "SOAPBRIDGE_MDS_WSSE_PASSWORD_FILE: has white space at its begin or end; remove it"},
		{"wrong value", variables{"MAX_BODY_FILE": file("size", "much\n")}, "SOAPBRIDGE_MAX_BODY_FILE: is not a size; valid: bytes, or a whole number with KB, MB, KiB or MiB, from 1 to 64MiB"},
		{"too large", variables{"API_KEYS_FILE": large}, "SOAPBRIDGE_API_KEYS_FILE: cannot read " + large + ": larger than 1 MiB"},
		{"unknown", variables{"LISTN_FILE": missing}, "SOAPBRIDGE_LISTN_FILE: is not a setting; did you mean SOAPBRIDGE_LISTEN_FILE?"},
		{"file of a file", variables{"LISTEN_FILE_FILE": missing}, "SOAPBRIDGE_LISTEN_FILE_FILE: is not a setting"},
		{"key of another certificate", variables{"TLS_CERT_FILE": file("certA", pairA.cert), "TLS_KEY_FILE": file("keyB", pairB.key)},
			"SOAPBRIDGE_TLS_KEY_FILE: does not belong to the first certificate in SOAPBRIDGE_TLS_CERT"},
		{"relative path of an open setting", variables{"TLS_CERT_FILE": "missing.pem", "TLS_KEY": pairA.key}, "SOAPBRIDGE_TLS_CERT_FILE: cannot read missing.pem: no such file or directory"},
		{"the secret instead of its path", variables{"NAME_KEY_FILE": "a" + key("n")[1:]},
			"SOAPBRIDGE_NAME_KEY_FILE: cannot read its path (not shown, it may be the secret itself; a path that begins with / or ./ is shown): no such file or directory"},
	}
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Load(test.v.environ(), config.Disk())
			wantLines(t, err, test.want)
		})
	}
}

func TestFileErrorStaysOnOneLine(t *testing.T) {
	broken := config.Files{Read: func(string) ([]byte, error) { return nil, errors.New("one\ntwo") }}
	_, err := config.Load(variables{"LISTEN_FILE": "a\nb"}.environ(), broken)
	wantLines(t, err, `SOAPBRIDGE_LISTEN_FILE: cannot read "a\nb": "one\ntwo"`)
}

func TestSecretsAreNeverInErrors(t *testing.T) {
	wrong := []string{
		planted, " " + planted, planted + "\n", planted + "\xff", planted + "," + planted, planted + ":", "k1:" + planted, "-----BEGIN " + planted + "-----",
		"redis://u:" + planted + "@h:x", "redis://" + planted + "/y", "rediss://h/" + planted, "redis://h?password=" + planted, "redis://u:" + planted + "%zz@h", "redis://h,redis://u:" + planted + "@h",
		"https://u:" + planted + "@h/", "https://" + planted + ":x/", "https://h/%zz" + planted, planted + "://h", planted + "=" + planted, "1=" + planted,
		block(planted, []byte(planted)), block("CERTIFICATE", []byte(planted)), block("PRIVATE KEY", []byte(planted)), pairA.cert + planted + "-----BEGIN ",
	}
	refusals := 0
	headers := config.Setting{Name: "SOAPBRIDGE_SYSTEM_PARCELS_HEADERS", Secret: true}
	for _, s := range append(config.Reference(), headers) {
		for _, value := range wrong {
			for _, environ := range [][]string{{s.Name + "=" + value}, {s.Name + "_FILE=/f"}} {
				_, err := config.LoadServe(append(environ, "SOAPBRIDGE_LISTEN=:80", "SOAPBRIDGE_SYSTEMS=/s"), files(value, "parcels"), false)
				for _, line := range lines(t, err) {
					refusals++
					if strings.Contains(strings.ToLower(line), strings.ToLower(planted)) {
						t.Errorf("the error shows what %s holds: %v", s.Name, line)
					}
				}
			}
		}
		if s.Secret {
			_, err := config.Load([]string{s.Name + "_FILE=" + planted, "SOAPBRIDGE_SYSTEMS=/s"}, config.Files{Read: missing, Systems: files("", "parcels").Systems})
			if err == nil || strings.Contains(err.Error(), planted) {
				t.Errorf("a secret in place of its path is accepted or shown: %v", err)
			}
		}
	}
	for _, value := range wrong {
		_, err := config.Load([]string{"SOAPBRIDGE_UNKNOWN=" + value}, noFiles)
		wantLines(t, err, "SOAPBRIDGE_UNKNOWN: is not a setting")
	}
	if refusals < 2000 {
		t.Errorf("only %d refusals: the values no longer test much", refusals)
	}
}

func TestDiskReadsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("x", 1<<20)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Disk().Read(path); err != nil || string(got) != content {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := config.Disk().Read(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := config.Disk().Read("/dev/zero"); err == nil {
		t.Error("an endless file is accepted")
	}
}

func FuzzLoad(f *testing.F) {
	for i := range documented() {
		f.Add(uint(i), "redis://u:", "@h:1,h2/0?master=m", false)
		f.Add(uint(i), "k1:", ",", true)
	}
	reference := config.Reference()
	f.Fuzz(func(t *testing.T, index uint, before, after string, inFile bool) {
		name := reference[index%uint(len(reference))].Name
		value := before + planted + after
		entry := name + "=" + value
		if inFile {
			entry = name + "_FILE=/f"
		}
		c, err := config.LoadServe([]string{entry}, files(value), false)
		if err != nil && strings.Contains(err.Error(), planted) {
			t.Errorf("the error shows the value: %v", err)
		}
		for _, line := range lines(t, err) {
			if !strings.HasPrefix(line, "SOAPBRIDGE_") {
				t.Errorf("a line does not begin with a name: %s", line)
			}
		}
		if err == nil {
			printed := printed(t, c)
			if strings.Count(printed, "\n") != len(reference) {
				t.Errorf("a value broke a line:\n%s", printed)
			}
		}
	})
}
