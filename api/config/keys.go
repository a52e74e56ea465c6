package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"soapbridge/translate/secret"
)

// keyBytes is the length of a key for AES-256 and HMAC-SHA256.
const keyBytes = 32

func parseKey(text string) (secret.Secret, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return "", errors.New("is not base64") // the cause counts bytes of the value
	case len(raw) != keyBytes:
		return "", errors.New("has another length than 32 bytes")
	}
	return secret.Secret(raw), nil
}

func parseKeySetting(_ *setting, text string) (any, error) { return parseKey(text) }

// The id is part of every sealed record, so it is short and plain.
var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

func parseSealingKeys(_ *setting, text string) (any, error) {
	var keys []SecretKey
	ids := make(map[string]bool)
	_, err := splitList(text, func(item string) error {
		id, encoded, found := strings.Cut(item, ":")
		if !found || !keyID.MatchString(id) {
			return errors.New("has no valid id")
		}
		if ids[id] {
			return errors.New("has an id again")
		}
		ids[id] = true
		key, err := parseKey(encoded)
		keys = append(keys, SecretKey{ID: id, Key: key})
		return err
	})
	return keys, err
}

// maxAPIKeyLine bounds one hashed key; a hash with its id and scopes is far shorter.
const maxAPIKeyLine = 4096

// parseAPIKeys splits the lines; api/app checks their content. Comments become empty lines, so that errors can name a line by its number. A list
// without keys is refused, since it would let everybody call.
func parseAPIKeys(_ *setting, text string) (any, error) {
	var keys []secret.Secret
	var wrong []error
	seen := make(map[string]bool)
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			line = ""
		}
		keys = append(keys, secret.Secret(line))
		if line == "" {
			continue
		}
		switch {
		case len(line) > maxAPIKeyLine || !isVisible(strings.ReplaceAll(line, " ", ""), ""):
			wrong = append(wrong, fmt.Errorf("line %d is too long or not printable ASCII", i+1))
		case seen[line]:
			wrong = append(wrong, fmt.Errorf("line %d is there twice", i+1))
		}
		seen[line] = true
	}
	if len(seen) == 0 {
		return nil, errors.New("holds no key")
	}
	return keys, errors.Join(wrong...)
}

const certificateBlock = "CERTIFICATE"

// pemBlocks returns every block. The standard decoder skips a block that it cannot read, so the first lines are counted too.
func pemBlocks(text string) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks = append(blocks, block)
	}
	switch begun := strings.Count(text, "-----BEGIN "); {
	case begun == 0:
		return nil, errors.New("is not PEM text")
	case begun != len(blocks):
		return nil, errors.New("has a damaged PEM block; each needs line breaks as in its file")
	}
	return blocks, nil
}

// parseCertificates drops the text around certificates: it may be anything, and the value is shown in part.
func parseCertificates(_ *setting, text string) (any, error) {
	blocks, err := pemBlocks(text)
	if err != nil {
		return nil, err
	}
	var kept strings.Builder
	var wrong []error
	for i, block := range blocks {
		if block.Type != certificateBlock {
			wrong = append(wrong, fmt.Errorf("has something else than a certificate as block %d", i+1))
		} else if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			wrong = append(wrong, fmt.Errorf("has a certificate that cannot be read as block %d", i+1))
		}
		kept.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: block.Bytes}))
	}
	return kept.String(), errors.Join(wrong...)
}

// parsePrivateKey accepts PKCS #8, PKCS #1 and SEC 1, the forms of tls.X509KeyPair.
func parsePrivateKey(_ *setting, text string) (any, error) {
	blocks, err := pemBlocks(text)
	if err != nil {
		return nil, err
	}
	var key *pem.Block
	for _, block := range blocks {
		switch {
		case strings.HasSuffix(block.Type, " PARAMETERS"): // openssl ecparam writes the curve first
		case key != nil || !strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, errors.New("has more than one private key in it")
		default:
			key = block
		}
	}
	switch {
	case key == nil:
		return nil, errors.New("has no private key in it")
	case key.Type == "ENCRYPTED PRIVATE KEY" || key.Headers["DEK-Info"] != "":
		return nil, errors.New("is encrypted")
	case !isPrivateKey(key.Bytes):
		return nil, errors.New("has a private key that cannot be read")
	}
	return secret.Secret(text), nil
}

func isPrivateKey(der []byte) bool {
	_, pkcs8 := x509.ParsePKCS8PrivateKey(der)
	_, pkcs1 := x509.ParsePKCS1PrivateKey(der)
	_, sec1 := x509.ParseECPrivateKey(der)
	return pkcs8 == nil || pkcs1 == nil || sec1 == nil
}

func keyMatches(cert string, key secret.Secret) bool {
	_, err := tls.X509KeyPair([]byte(cert), []byte(key))
	return err == nil
}
