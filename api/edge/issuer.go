package edge

import (
	"context"
	"encoding/json"
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
	stored *jwkset.MemoryJWKSet
	lookup jwt.Keyfunc

	reading sync.Mutex // held during a read, so that all who need it wait for it
	last    time.Time  // when the last read began
	failed  error      // the end of the last read
}

func newIssuerKeys(ctx context.Context, url string, log *slog.Logger) *issuerKeys {
	k := &issuerKeys{life: ctx, client: keysClient(), url: url, log: log, stored: jwkset.NewMemoryStorage()}
	found, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: k.stored})
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
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       readTimeout,
	}
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

// read replaces the keys where the answer is a set with some that can verify. The URL is not in its error: it may hold a secret.
func (k *issuerKeys) read() error {
	set, err := k.fetch()
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errKeysUnavailable, err)
	}
	var keys []jwkset.JWK
	for i, raw := range set {
		// A key that is not understood is passed over (RFC 7517, section 5): with it, neither a new key nor the end of an old one would count.
		key, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipUse: true, SkipKeyOps: true, SkipX5UScheme: true})
		if err != nil {
			k.log.Warn("a key of the tokens' issuer is not used", slog.Int("number", i+1), slog.String("cause", err.Error()))
			continue
		}
		if use := key.Marshal().USE; use == "" || use == jwkset.UseSig {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return fmt.Errorf("%w: the answer holds no key that verifies signatures", errKeysUnavailable)
	}
	return k.stored.KeyReplaceAll(k.life, keys)
}

// fetch returns the keys of the answer.
func (k *issuerKeys) fetch() ([]json.RawMessage, error) {
	request, err := http.NewRequestWithContext(k.life, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", response.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	err = json.NewDecoder(http.MaxBytesReader(nil, response.Body, maxKeySet)).Decode(&set)
	return set.Keys, err
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
