package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// readEvery is the longest until a key that the issuer withdrew is refused.
	readEvery = 15 * time.Minute
	// readPause is the shortest time between two reads, however many tokens name keys that are not known: anybody can make such tokens.
	readPause = 30 * time.Second
	// readTimeout bounds a read, and so how long a call waits for it.
	readTimeout = 2 * time.Second
	// maxKeySet is far more than the keys of an issuer need.
	maxKeySet = 1 << 20
)

// errKeysUnavailable means that a token may be good: its key is not known, and the keys cannot be read.
var errKeysUnavailable = errors.New("the issuer's keys cannot be read")

// issuerKeys holds the keys that an issuer signs with. keyfunc's own way to read them again is not used: a call that waits for its turn has no
// time left to read, so a flood of unknown keys would keep a new one out.
type issuerKeys struct {
	life   context.Context // not a call's: the one that reads may hang up
	client *http.Client
	url    string
	log    *slog.Logger
	stored keyStore
	lookup jwt.Keyfunc

	reading sync.Mutex // held during a read, so that all who need it wait for it
	last    time.Time  // when the last read began
	failed  error      // the end of the last read
}

func newIssuerKeys(ctx context.Context, url string, log *slog.Logger) *issuerKeys {
	k := &issuerKeys{life: ctx, client: keysClient(), url: url, log: log, stored: keyStore{jwkset.NewMemoryStorage()}}
	found, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: k.stored, UseWhitelist: []jwkset.USE{jwkset.UseSig, ""}})
	if err != nil {
		panic(err) // only without a storage
	}
	k.lookup = found.Keyfunc
	return k
}

// ReadKeys reads an issuer's keys once.
func ReadKeys(ctx context.Context, url string) error {
	return newIssuerKeys(ctx, url, slog.New(slog.DiscardHandler)).read()
}

// keysClient reads from the issuer itself: no proxy of the environment and no redirect leads elsewhere.
func keysClient() *http.Client {
	return &http.Client{
		Transport:     bounded{&http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 16}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts every response off after maxKeySet.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxKeySet)
	}
	return response, err
}

// keyStore keeps the keys that it has when an answer holds none: any JSON object would be an empty set.
type keyStore struct{ *jwkset.MemoryJWKSet }

func (s keyStore) KeyReplaceAll(ctx context.Context, keys []jwkset.JWK) error {
	if len(keys) == 0 {
		return errors.New("the answer holds no key")
	}
	return s.MemoryJWKSet.KeyReplaceAll(ctx, keys)
}

// find returns the key that a token names. It reads the keys again for one that is not known, which may be new.
func (k *issuerKeys) find(token *jwt.Token) (any, error) {
	key, err := k.lookup(token)
	if !errors.Is(err, jwkset.ErrKeyNotFound) {
		return key, err
	}
	if err := k.refresh(); err != nil {
		return nil, err
	}
	return k.lookup(token)
}

// refresh reads the keys, unless they were just read, and returns how the last read ended.
func (k *issuerKeys) refresh() error {
	k.reading.Lock()
	defer k.reading.Unlock()
	if !k.last.IsZero() && time.Since(k.last) < readPause {
		return k.failed
	}
	before, first := k.failed, k.last.IsZero()
	k.last = time.Now()
	k.failed = k.read()
	switch {
	case k.life.Err() != nil: // the process stops
	case k.failed != nil && before == nil:
		k.log.Error("the keys of the tokens' issuer cannot be read; those that are known still hold", slog.String("cause", k.failed.Error()))
	case k.failed == nil && (first || before != nil):
		k.log.Info("the keys of the tokens' issuer have been read")
	}
	return k.failed
}

// read replaces the keys where the answer is a set of them. The URL is not in its error: it may hold a secret.
func (k *issuerKeys) read() error {
	_, err := jwkset.NewStorageFromHTTP(k.url, jwkset.HTTPClientStorageOptions{Client: k.client, Ctx: k.life, HTTPTimeout: readTimeout, Storage: k.stored})
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errKeysUnavailable, err)
	}
	return nil
}

// follow reads the keys at intervals until the process stops, and soon again after a failure.
func (k *issuerKeys) follow() {
	for k.life.Err() == nil {
		wait := readEvery
		if k.refresh() != nil {
			wait = readPause
		}
		select {
		case <-k.life.Done():
		case <-time.After(wait):
		}
	}
}
