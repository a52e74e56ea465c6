package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"soapbridge/api/config"
)

// variables are the settings of one test, by their names without SOAPBRIDGE_.
type variables map[string]string

func (v variables) environ() []string {
	list := []string{"PATH=/bin", "HOME=/"}
	for name, value := range v {
		list = append(list, "SOAPBRIDGE_"+name+"="+value)
	}
	return list
}

func (v variables) with(more variables) variables {
	all := make(variables, len(v)+len(more))
	maps.Copy(all, v)
	maps.Copy(all, more)
	return all
}

// noFiles is the file system of tests that name no file.
var noFiles = config.Files{Read: missing, Systems: func(path string) ([]string, error) {
	_, err := missing(path)
	return nil, err
}}

func missing(path string) ([]byte, error) {
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

// files holds the same text in every file, and these systems in every directory.
func files(text string, systems ...string) config.Files {
	return config.Files{
		Read:    func(string) ([]byte, error) { return []byte(text), nil },
		Systems: func(string) ([]string, error) { return systems, nil },
	}
}

func mustLoad(t *testing.T, v variables) config.Config {
	t.Helper()
	c, err := config.Load(v.environ(), noFiles)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return c
}

// lines returns the lines of an error; none for nil.
func lines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var listed *config.Error
	if !errors.As(err, &listed) {
		t.Fatalf("the error is a %T, want *config.Error", err)
	}
	if len(listed.Problems) != len(strings.Split(err.Error(), "\n")) {
		t.Errorf("%d problems, but another number of lines:\n%v", len(listed.Problems), err)
	}
	return strings.Split(err.Error(), "\n")
}

func key(fill string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))
}

// redis has what Redis needs.
var redis = variables{"REDIS_URL": "redis://127.0.0.1:6379", "NAME_KEY": key("n"), "SECRET_KEYS": "k1:" + key("s")}

// jwt has what callers by JWT need.
var jwt = variables{"JWT_ISSUER": "i", "JWT_AUDIENCE": "a", "JWT_JWKS_URL": "https://h/keys"}

var callers = variables{"API_KEYS": "web hash"}

// pair is a certificate with its private key, as PEM.
type pair struct{ cert, key, sec1, pkcs1 string }

var (
	pairA = newPair("a.example.com")
	pairB = newPair("b.example.com")
	pairR = newRSAPair("rsa.example.com")
)

func newPair(name string) pair {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	sec1, err := x509.MarshalECPrivateKey(private)
	check(err)
	p := pair{cert: certificate(name, private, &private.PublicKey), key: pkcs8(private)}
	p.sec1 = block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + block("EC PRIVATE KEY", sec1)
	return p
}

func newRSAPair(name string) pair {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	check(err)
	p := pair{cert: certificate(name, private, &private.PublicKey), key: pkcs8(private)}
	p.pkcs1 = block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private))
	return p
}

func pkcs8(private any) string {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	check(err)
	return block("PRIVATE KEY", der)
}

func certificate(name string, private, public any) string {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	check(err)
	return block("CERTIFICATE", der)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
