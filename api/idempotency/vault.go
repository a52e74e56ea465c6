package idempotency

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/google/uuid"
)

// KeySize is the size of every key, in bytes.
const KeySize = 32

// Key is a sealing key with its id. Ids go into records; they are not secret.
type Key struct {
	ID     string
	Secret []byte // KeySize bytes
}

// Vault makes the names, fingerprints and sealed results that a store may keep. A leaked dump without the keys shows neither which PIN was
// set nor that two calls set the same one.
type Vault struct {
	name  *macs
	keys  map[string]derived
	first string
}

// derived are the keys and the check value made of a sealing key, since one key must not serve two purposes.
type derived struct {
	fingerprint *macs
	seal        cipher.AEAD // of results
	cache       cipher.AEAD // of cached answers
	check       string
}

// ErrUnknownKey reports that a record was made with a key that this process does not have.
var ErrUnknownKey = errors.New("idempotency: the record was made with a key that is not configured")

// NewVault returns a vault. When the name key changes within the retention, records are no longer found. The first sealing key makes new
// records, the others open theirs.
func NewVault(name []byte, keys []Key) (*Vault, error) {
	if len(name) != KeySize || len(keys) == 0 {
		return nil, fmt.Errorf("idempotency: a vault needs a name key of %d bytes and at least one sealing key", KeySize)
	}
	v := &Vault{name: newMACs(name), keys: map[string]derived{}, first: keys[0].ID}
	for _, k := range keys {
		d, err := derive(k)
		if err != nil {
			return nil, err
		}
		if _, twice := v.keys[k.ID]; twice || k.ID == "" {
			return nil, fmt.Errorf("idempotency: the sealing key id %q is empty or appears more than once", k.ID)
		}
		v.keys[k.ID] = d
	}
	return v, nil
}

// NewRandomVault returns a vault for a store that does not outlive the process.
func NewRandomVault() (*Vault, error) {
	random := make([]byte, 2*KeySize)
	_, _ = rand.Read(random) // it never fails
	return NewVault(random[:KeySize], []Key{{ID: "random", Secret: random[KeySize:]}})
}

func derive(k Key) (derived, error) {
	if len(k.Secret) != KeySize {
		return derived{}, fmt.Errorf("idempotency: the sealing key %q does not have %d bytes", k.ID, KeySize)
	}
	fingerprint, err1 := hkdf.Expand(sha256.New, k.Secret, "soapbridge fingerprint v1", KeySize)
	seal, err2 := deriveAEAD(k.Secret, "soapbridge result v1")
	cache, err3 := deriveAEAD(k.Secret, "soapbridge cache v1")
	check, err4 := hkdf.Expand(sha256.New, k.Secret, "soapbridge check v1", checkSize)
	return derived{newMACs(fingerprint), seal, cache, hex.EncodeToString(check)}, errors.Join(err1, err2, err3, err4)
}

// deriveAEAD returns a cipher that chooses its own nonces.
func deriveAEAD(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, secret, purpose, KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// checkSize is the size of a check value, in bytes: two keys do not have the same one by chance.
const checkSize = 16

// KeyChecks are the check values of a vault's keys. They show whether two processes have the same keys, and nothing else.
type KeyChecks struct {
	Name    string
	Sealing map[string]string // by the key's id
}

// Checks returns the check values of the vault's keys.
func (v *Vault) Checks() KeyChecks {
	c := KeyChecks{Name: hex.EncodeToString(v.name.digest(nil, "check")[:checkSize]), Sealing: map[string]string{}}
	for id, k := range v.keys {
		c.Sealing[id] = k.check
	}
	return c
}

// SealingKey returns the id of the key that makes new records.
func (v *Vault) SealingKey() string { return v.first }

// OperationID returns the id of the record of a caller's idempotency key: a UUID of version 8 (RFC 9562), so that a look-up by key and one
// by id are the same read.
func (v *Vault) OperationID(caller, key string) string {
	var id uuid.UUID
	copy(id[:], v.name.digest(nil, "operation", caller, key))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// CallerDigest distinguishes callers without naming them.
func (v *Vault) CallerDigest(caller string) []byte { return v.name.digest(nil, "caller", caller) }

// LimitName names what a rate limit counts, without the caller or account in it.
func (v *Vault) LimitName(limited string) string {
	return hex.EncodeToString(v.name.digest(nil, "limit", limited))
}

// Fingerprint digests a request with a key's id. The content is appended by a function. With a plain hash, a leaked dump would reveal a PIN
// of four digits to a search. ErrUnknownKey.
func (v *Vault) Fingerprint(keyID, operation string, content func([]byte) []byte) ([]byte, error) {
	k, ok := v.keys[keyID]
	if !ok {
		return nil, ErrUnknownKey
	}
	return k.fingerprint.digest(content, operation), nil
}

// Seal encrypts a result and binds it to its record. ErrUnknownKey.
func (v *Vault) Seal(r Record, result Result) ([]byte, error) {
	k, ok := v.keys[r.SealingKey]
	if !ok {
		return nil, ErrUnknownKey
	}
	return k.seal.Seal(nil, nil, result.encode(), boundTo(r)), nil //nolint:gosec // see deriveAEAD
}

// Open decrypts the result of a record. ErrUnknownKey, or an error when the result was changed.
func (v *Vault) Open(r Record) (Result, error) {
	k, ok := v.keys[r.SealingKey]
	if !ok {
		return Result{}, ErrUnknownKey
	}
	plain, err := k.seal.Open(nil, nil, r.Result, boundTo(r))
	if err != nil {
		return Result{}, fmt.Errorf("idempotency: a sealed result cannot be opened: %w", err)
	}
	return decodeResult(plain)
}

// CacheName names the answer to a read: one name for all requests that append the same content and have the same fields. It shows nothing of them.
func (v *Vault) CacheName(content func([]byte) []byte, fields ...string) string {
	return hex.EncodeToString(v.name.digest(content, append([]string{"cache"}, fields...)...))
}

// SealCached encrypts what is cached under a name.
func (v *Vault) SealCached(name string, plain []byte) []byte {
	head := append([]byte(v.first), 0)
	return v.keys[v.first].cache.Seal(head, nil, plain, []byte(name)) //nolint:gosec // see deriveAEAD
}

// OpenCached decrypts what SealCached has returned for the name. ErrUnknownKey, or an error when it was changed.
func (v *Vault) OpenCached(name string, sealed []byte) ([]byte, error) {
	id, text, _ := bytes.Cut(sealed, []byte{0})
	k, ok := v.keys[string(id)]
	if !ok {
		return nil, ErrUnknownKey
	}
	return k.cache.Open(nil, nil, text, []byte(name))
}

// boundTo returns the additional data that binds a sealed result to its record.
func boundTo(r Record) []byte { return []byte(r.ID + "\x00" + r.Operation) }

// Result is an answer to replay.
type Result struct {
	Status      int // HTTP status code
	ContentType string
	Body        []byte
}

func (r Result) encode() []byte {
	b := make([]byte, 0, 2*binary.MaxVarintLen64+len(r.ContentType)+len(r.Body))
	b = binary.AppendUvarint(b, uint64(r.Status)) //nolint:gosec // an HTTP status code
	b = binary.AppendUvarint(b, uint64(len(r.ContentType)))
	return append(append(b, r.ContentType...), r.Body...)
}

func decodeResult(b []byte) (Result, error) {
	status, n := binary.Uvarint(b)
	length, m := binary.Uvarint(b[max(n, 0):])
	if n <= 0 || m <= 0 || length > uint64(len(b)-n-m) { //nolint:gosec // both were read from b
		return Result{}, errors.New("idempotency: a result is not readable")
	}
	b = b[n+m:]
	return Result{Status: int(status), ContentType: string(b[:length]), Body: b[length:]}, nil //nolint:gosec // written by encode
}

// macs are HMAC-SHA-256 states with one key. A pooled one has hashed the key already.
type macs struct{ pool sync.Pool }

type mac struct {
	hash.Hash
	input []byte
}

// maxPooledInput is far above the input of an ordinary request; a pool would keep the buffers of the largest requests.
const maxPooledInput = 64 << 10

func newMACs(key []byte) *macs {
	return &macs{sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, key)} }}}
}

// digest returns the code of the fields and of the content after them, unless content is nil. Each field has its length before it, so that
// two fields never read as one.
func (m *macs) digest(content func([]byte) []byte, fields ...string) []byte {
	h, _ := m.pool.Get().(*mac)
	defer m.put(h)
	h.Reset()
	for _, field := range fields {
		h.input = append(binary.AppendUvarint(h.input, uint64(len(field))), field...)
	}
	if content != nil {
		h.input = content(h.input)
	}
	_, _ = h.Write(h.input) // it never fails
	return h.Sum(nil)
}

// put returns a state to the pool, without the request in clear.
func (m *macs) put(h *mac) {
	clear(h.input)
	h.input = h.input[:0]
	if cap(h.input) > maxPooledInput {
		h.input = nil
	}
	m.pool.Put(h)
}
