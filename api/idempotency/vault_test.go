package idempotency

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func testKey(id string, fill byte) Key {
	return Key{ID: id, Secret: bytes.Repeat([]byte{fill}, KeySize)}
}

func newTestVault(t *testing.T, name byte, keys ...Key) *Vault {
	t.Helper()
	v, err := NewVault(bytes.Repeat([]byte{name}, KeySize), keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNewVaultRefuses(t *testing.T) {
	name := make([]byte, KeySize)
	for what, attempt := range map[string]func() (*Vault, error){
		"a short name key":    func() (*Vault, error) { return NewVault(name[1:], []Key{testKey("a", 1)}) },
		"no sealing key":      func() (*Vault, error) { return NewVault(name, nil) },
		"a short sealing key": func() (*Vault, error) { return NewVault(name, []Key{{ID: "a", Secret: name[1:]}}) },
		"a key without an id": func() (*Vault, error) { return NewVault(name, []Key{testKey("", 1)}) },
		"one id twice":        func() (*Vault, error) { return NewVault(name, []Key{testKey("a", 1), testKey("a", 2)}) },
	} {
		if v, err := attempt(); err == nil || v != nil {
			t.Errorf("%s: %v, %v", what, v, err)
		}
	}
}

func TestOperationID(t *testing.T) {
	v := newTestVault(t, 1, testKey("a", 2))
	id := v.OperationID("web", "key")
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.Version() != 8 || parsed.Variant() != uuid.RFC4122 || parsed.String() != id {
		t.Errorf("%s is not a UUID of version 8: %v", id, err)
	}
	if v.OperationID("web", "key") != id {
		t.Error("the same caller and key have two ids")
	}
	if rotated := newTestVault(t, 1, testKey("b", 3), testKey("a", 2)); rotated.OperationID("web", "key") != id {
		t.Error("the id changes when sealing keys rotate: records would be lost")
	}
	for what, other := range map[string]string{
		"another key":                    v.OperationID("web", "kez"),
		"another caller":                 v.OperationID("wec", "key"),
		"a moved border":                 v.OperationID("webk", "ey"),
		"the two exchanged":              v.OperationID("key", "web"),
		"another name key":               newTestVault(t, 9, testKey("a", 2)).OperationID("web", "key"),
		"a key with the caller in front": v.OperationID("", "webkey"),
	} {
		if other == id {
			t.Errorf("%s has the same id", what)
		}
	}
}

func TestKeyChecks(t *testing.T) {
	a, again := newTestVault(t, 1, testKey("k1", 2), testKey("k2", 3)).Checks(), newTestVault(t, 1, testKey("k2", 3), testKey("k1", 2)).Checks()
	other := newTestVault(t, 9, testKey("k1", 3), testKey("k2", 2)).Checks()
	all := []string{a.Name, a.Sealing["k1"], a.Sealing["k2"], other.Name}
	slices.Sort(all)
	if len(slices.Compact(all)) != 4 || again.Name != a.Name || again.Sealing["k1"] != a.Sealing["k1"] ||
		other.Sealing["k1"] != a.Sealing["k2"] || len(a.Sealing["k1"]) != 32 {
		t.Errorf("%+v, %+v, %+v", a, again, other)
	}
}

func TestCallerDigest(t *testing.T) {
	v := newTestVault(t, 1, testKey("a", 2))
	if !bytes.Equal(v.CallerDigest("web"), v.CallerDigest("web")) || bytes.Equal(v.CallerDigest("web"), v.CallerDigest("mobile")) {
		t.Error("digests do not distinguish callers")
	}
	if bytes.Contains(v.CallerDigest("web"), []byte("web")) {
		t.Error("the digest contains the caller")
	}
}

func TestFingerprint(t *testing.T) {
	v := newTestVault(t, 1, testKey("new", 2), testKey("old", 3))
	of := func(v *Vault, key, operation, content string) []byte {
		f, err := v.Fingerprint(key, operation, func(b []byte) []byte { return append(b, content...) })
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := of(v, "new", "Op", "0042")
	if !bytes.Equal(want, of(v, "new", "Op", "0042")) {
		t.Error("one request has two fingerprints")
	}
	for what, other := range map[string][]byte{
		"another content":     of(v, "new", "Op", "0043"),
		"another operation":   of(v, "new", "Or", "0042"),
		"a moved border":      of(v, "new", "Op0", "042"),
		"another sealing key": of(v, "old", "Op", "0042"),
	} {
		if bytes.Equal(want, other) {
			t.Errorf("%s has the same fingerprint", what)
		}
	}
	if same := newTestVault(t, 7, testKey("new", 2)); !bytes.Equal(want, of(same, "new", "Op", "0042")) {
		t.Error("the fingerprint depends on the name key")
	}
	if _, err := v.Fingerprint("gone", "Op", nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestSealedResult(t *testing.T) {
	v := newTestVault(t, 1, testKey("new", 2), testKey("old", 3))
	for name, result := range map[string]Result{
		"usual":         {201, "application/json", []byte(`{"a":1}`)},
		"empty body":    {200, "application/json", []byte{}},
		"no type":       {502, "", []byte("x")},
		"binary":        {422, "a/b", []byte{0, 255, 10, 13}},
		"large":         {201, "application/json", bytes.Repeat([]byte("x"), 1<<20)},
		"a long header": {201, strings.Repeat("t", 300), []byte("x")},
	} {
		for _, key := range []string{"new", "old"} {
			t.Run(name+"/"+key, func(t *testing.T) {
				r := Record{ID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f", Operation: "Op", SealingKey: key}
				sealed, err := v.Seal(r, result)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := v.Seal(r, result); err != nil || bytes.Equal(again, sealed) {
					t.Error("two sealings are equal: the nonce was used twice")
				}
				r.Result = sealed
				got, err := v.Open(r)
				if diff := cmp.Diff(result, got); err != nil || diff != "" {
					t.Errorf("%v\n%s", err, diff)
				}
			})
		}
	}
}

// TestVaultReadsEarlierRecords: with the same keys, every release finds, compares and opens the records of the one before.
func TestVaultReadsEarlierRecords(t *testing.T) {
	v := newTestVault(t, 1, testKey("k", 2))
	fingerprint, err := v.Fingerprint("k", "Op", func(b []byte) []byte { return append(b, "0042"...) })
	if err != nil {
		t.Fatal(err)
	}
	for want, got := range map[string]string{
		"2a442d06-0c40-85d7-8589-a9a654675fdd":                             v.OperationID("web", "key"),
		"48d2e42dc3eaaae43ac01bcf47f5e56ba481b8ce813b826cea2f77bf33c4bdb9": hex.EncodeToString(v.CallerDigest("web")),
		"9802e6f3116a59bfd12fa5a2c6f9f1132a0bbe3f3c5b8bf272cb3e78165d1bd5": hex.EncodeToString(fingerprint),
		"06388491d6306fb6866c8d39508581ef":                                 v.Checks().Name,
		"082bb8eb40976c33eda2ad0539168932":                                 v.Checks().Sealing["k"],
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	r := Record{ID: "id", Operation: "Op", SealingKey: "k"}
	r.Result, _ = hex.DecodeString("cccad84404b2314ef6cfc3e4fc1db510cce6d7b29c13a18b42649b681a06f869e80c6950")
	if got, err := v.Open(r); err != nil || got.Status != 201 || got.ContentType != "t" || string(got.Body) != "body" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestVaultAtOnce: concurrent calls do not mix their states, also when an input is too large for the pool.
func TestVaultAtOnce(t *testing.T) {
	v := newTestVault(t, 1, testKey("k", 2))
	var group sync.WaitGroup
	for caller := range 8 {
		group.Go(func() {
			name := strings.Repeat("c", caller)
			want, large := v.CallerDigest(name), bytes.Repeat([]byte{1}, maxPooledInput*caller/4)
			for range 100 {
				_, _ = v.Fingerprint("k", name, func(b []byte) []byte { return append(b, large...) })
				if !bytes.Equal(v.CallerDigest(name), want) {
					t.Errorf("the digest of %q has changed", name)
				}
			}
		})
	}
	group.Wait()
}

func TestOpenRefuses(t *testing.T) {
	v := newTestVault(t, 1, testKey("k", 2), testKey("other", 3))
	sealed := Record{ID: "id", Operation: "Op", SealingKey: "k"}
	var err error
	if sealed.Result, err = v.Seal(sealed, Result{201, "t", []byte("secret body")}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed.Result, []byte("secret")) {
		t.Error("the result is not sealed")
	}
	for what, change := range map[string]func(*Record){
		"another record":    func(r *Record) { r.ID = "ie" },
		"another operation": func(r *Record) { r.Operation = "Or" },
		"a moved border":    func(r *Record) { r.ID, r.Operation = "id\x00O", "p" },
		"another key":       func(r *Record) { r.SealingKey = "other" },
		"an unknown key":    func(r *Record) { r.SealingKey = "gone" },
		"a changed bit":     func(r *Record) { r.Result[len(r.Result)-1] ^= 1 },
		"a changed nonce":   func(r *Record) { r.Result[0] ^= 1 },
		"a missing end":     func(r *Record) { r.Result = r.Result[:len(r.Result)-1] },
		"almost nothing":    func(r *Record) { r.Result = r.Result[:5] },
		"nothing":           func(r *Record) { r.Result = nil },
	} {
		t.Run(what, func(t *testing.T) {
			r := sealed
			r.Result = slices.Clone(sealed.Result)
			change(&r)
			if got, err := v.Open(r); err == nil {
				t.Errorf("opened: %+v", got)
			}
		})
	}
}

func FuzzDecodeResult(f *testing.F) {
	f.Add(Result{201, "application/json", []byte("{}")}.encode())
	f.Add([]byte{})
	f.Add([]byte{200, 1, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeResult(b)
		if err != nil {
			return
		}
		again, err := decodeResult(r.encode())
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// TestCached: what is cached opens under its own name alone, and with every key that a vault has.
func TestCached(t *testing.T) {
	old, content := newTestVault(t, 1, testKey("a", 2)), func(b []byte) []byte { return append(b, "asked"...) }
	name := old.CacheName(content, "FindToys", "web")
	sealed := old.SealCached(name, []byte("plain"))
	rotated := newTestVault(t, 1, testKey("b", 3), testKey("a", 2))
	if plain, err := rotated.OpenCached(name, sealed); err != nil || string(plain) != "plain" || bytes.Contains(sealed, []byte("plain")) {
		t.Errorf("%q, %v", plain, err)
	}
	if rotated.CacheName(content, "FindToys", "web") != name {
		t.Error("the name changes when sealing keys rotate")
	}
	for what, other := range map[string]string{
		"another caller": old.CacheName(content, "FindToys", "wec"), "a moved border": old.CacheName(content, "FindToysw", "eb"),
		"another content": old.CacheName(nil, "FindToys", "web"), "another name key": newTestVault(t, 9, testKey("a", 2)).CacheName(content, "FindToys", "web"),
	} {
		if _, err := old.OpenCached(other, sealed); other == name || err == nil {
			t.Errorf("%s has the same answer", what)
		}
	}
	sealed[len(sealed)-1]++
	if _, err := old.OpenCached(name, sealed); err == nil {
		t.Error("a changed entry opens")
	}
	if _, err := newTestVault(t, 1, testKey("c", 2)).OpenCached(name, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("with an unknown key: %v", err)
	}
}
