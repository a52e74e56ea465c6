package idempotency

import (
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
	"io"

	"github.com/google/uuid"
)

// KeySize is the size of every key, in bytes.
const KeySize = 32

// Key is a sealing key with its id. Ids go into records; they are not secret.
type Key struct {
	ID     string
	Secret []byte // KeySize bytes
}

// Vault turns what must not be read from a store into what may be kept there: names, fingerprints and sealed results. A leaked dump without
// the keys shows neither which PIN was set nor that two calls set the same one.
type Vault struct {
	name  []byte
	keys  map[string]derived
	first string
}

// derived are the two keys and the check value made of a sealing key, since one key must not serve two purposes.
type derived struct {
	fingerprint []byte
	seal        cipher.AEAD
	check       string
}

// ErrUnknownKey reports that a record was made with a key that this process does not have.
var ErrUnknownKey = errors.New("idempotency: the record was made with a key that is not configured")

// NewVault returns a vault. The name key must not change within the retention, or records are no longer found; the first sealing key makes new
// records, the others still open theirs.
func NewVault(name []byte, keys []Key) (*Vault, error) {
	if len(name) != KeySize || len(keys) == 0 {
		return nil, fmt.Errorf("idempotency: a vault needs a name key of %d bytes and at least one sealing key", KeySize)
	}
	v := &Vault{name: name, keys: map[string]derived{}, first: keys[0].ID}
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
		return derived{}, fmt.Errorf("idempotency: the sealing key %q has not %d bytes", k.ID, KeySize)
	}
	fingerprint, err1 := hkdf.Expand(sha256.New, k.Secret, "soapbridge fingerprint v1", KeySize)
	sealing, err2 := hkdf.Expand(sha256.New, k.Secret, "soapbridge result v1", KeySize)
	check, err3 := hkdf.Expand(sha256.New, k.Secret, "soapbridge check v1", checkSize)
	if err := errors.Join(err1, err2, err3); err != nil {
		return derived{}, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return derived{}, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return derived{fingerprint, seal, hex.EncodeToString(check)}, err
}

// checkSize is the size of a check value, in bytes: two keys with the same one do not come by chance.
const checkSize = 16

// KeyChecks are the check values of a vault's keys. They show whether two processes have the same keys, and nothing else of the keys.
type KeyChecks struct {
	Name    string
	Sealing map[string]string // by the key's id
}

// Checks returns the check values of the vault's keys.
func (v *Vault) Checks() KeyChecks {
	mac := hmac.New(sha256.New, v.name)
	writeField(mac, "check")
	c := KeyChecks{Name: hex.EncodeToString(mac.Sum(nil)[:checkSize]), Sealing: map[string]string{}}
	for id, k := range v.keys {
		c.Sealing[id] = k.check
	}
	return c
}

// SealingKey returns the id of the key that makes new records.
func (v *Vault) SealingKey() string { return v.first }

// OperationID names the record of a caller's idempotency key: a UUID of version 8 (RFC 9562), so that a look-up by key and one by id are the
// same read.
func (v *Vault) OperationID(caller, key string) string {
	mac := hmac.New(sha256.New, v.name)
	writeField(mac, "operation")
	writeField(mac, caller)
	writeField(mac, key)
	var id uuid.UUID
	copy(id[:], mac.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// CallerDigest distinguishes callers without naming them.
func (v *Vault) CallerDigest(caller string) []byte {
	mac := hmac.New(sha256.New, v.name)
	writeField(mac, "caller")
	writeField(mac, caller)
	return mac.Sum(nil)
}

// Fingerprint digests what was asked, under a key's id. The content is written by write. A plain hash would let a leaked dump brute-force a
// PIN of four digits. ErrUnknownKey.
func (v *Vault) Fingerprint(keyID, operation string, write func(io.Writer)) ([]byte, error) {
	k, ok := v.keys[keyID]
	if !ok {
		return nil, ErrUnknownKey
	}
	mac := hmac.New(sha256.New, k.fingerprint)
	writeField(mac, operation)
	write(mac)
	return mac.Sum(nil), nil
}

// Seal encrypts a result and binds it to its record. ErrUnknownKey.
func (v *Vault) Seal(r Record, result Result) ([]byte, error) {
	k, ok := v.keys[r.SealingKey]
	if !ok {
		return nil, ErrUnknownKey
	}
	return k.seal.Seal(nil, nil, result.encode(), boundTo(r)), nil //nolint:gosec // derive has made an AEAD that chooses its own nonces
}

// Open decrypts the result of a record. ErrUnknownKey, or an error that says that it was tampered with.
func (v *Vault) Open(r Record) (Result, error) {
	k, ok := v.keys[r.SealingKey]
	if !ok {
		return Result{}, ErrUnknownKey
	}
	plain, err := k.seal.Open(nil, nil, r.Result, boundTo(r))
	if err != nil {
		return Result{}, fmt.Errorf("idempotency: a sealed result does not open: %w", err)
	}
	return decodeResult(plain)
}

// boundTo is what a sealed result cannot be moved away from.
func boundTo(r Record) []byte { return []byte(r.ID + "\x00" + r.Operation) }

// Result is an answer to replay.
type Result struct {
	Status      int // HTTP status code
	ContentType string
	Body        []byte
}

func (r Result) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(r.Status)) //nolint:gosec // an HTTP status code
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

// writeField writes a text with its length before it, so that two fields never read as one.
func writeField(mac hash.Hash, text string) {
	_, _ = mac.Write(binary.AppendUvarint(nil, uint64(len(text)))) // a hash never fails
	_, _ = io.WriteString(mac, text)
}
