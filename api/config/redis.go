package config

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/secret"
)

// Redis holds the parts of a Redis URL.
type Redis struct {
	TLS      bool // rediss://
	Username string
	Password secret.Secret
	Addrs    []string // host:port, at least one
	DB       int      // 0 for a cluster
	Master   string   // name of the master, when the addresses are Sentinels; "" without Sentinel
}

// Redis returns the parts of SOAPBRIDGE_REDIS_URL; ok is false without one, for the memory store.
func (c Config) Redis() (r Redis, ok bool) {
	r, err := parseRedis(string(c.RedisURL))
	return r, err == nil
}

// CacheRedis returns the parts of SOAPBRIDGE_CACHE_REDIS_URL; ok is false without one, for a cache in memory.
func (c Config) CacheRedis() (r Redis, ok bool) {
	r, err := parseRedis(string(c.CacheRedisURL))
	return r, err == nil
}

// Cluster reports whether the addresses are nodes of one Redis Cluster.
func (r Redis) Cluster() bool { return r.Master == "" && len(r.Addrs) > 1 }

// Redacted returns the URL with the password masked.
func (r Redis) Redacted() string {
	var b strings.Builder
	b.WriteString("redis")
	if r.TLS {
		b.WriteString("s")
	}
	b.WriteString("://")
	b.WriteString(redactedCredentials(r.Username, r.Password))
	b.WriteString(strings.Join(r.Addrs, ",") + "/" + strconv.Itoa(r.DB))
	if r.Master != "" {
		b.WriteString("?master=" + url.QueryEscape(r.Master))
	}
	return b.String()
}

// redactedCredentials returns them as a URL has them before its host, with the password masked.
func redactedCredentials(username string, password secret.Secret) string {
	switch {
	case password != "":
		return url.QueryEscape(username) + ":" + secret.Mask + "@"
	case username != "":
		return url.QueryEscape(username) + "@"
	}
	return ""
}

func parseRedisSetting(_ *setting, text string) (any, error) {
	_, err := parseRedis(text)
	return secret.Secret(text), err
}

// parseRedis reads redis://a,b and redis://a,redis://b: both spellings are in use. It does not use package url, which refuses several
// addresses and quotes the text, with the password, in its errors.
func parseRedis(text string) (Redis, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	if scheme != "redis" && scheme != "rediss" {
		return Redis{}, errors.New("does not begin with redis:// or rediss://")
	}
	var r Redis
	for i, part := range strings.Split(rest, ","+scheme+"://") {
		next, err := parseRedisPart(part)
		switch {
		case err != nil:
			return Redis{}, err
		case i == 0:
			r = next
			continue
		case !next.agrees(r):
			return Redis{}, errors.New("has different credentials, databases or masters for its addresses")
		}
		r.Addrs = append(r.Addrs, next.Addrs...)
	}
	r.TLS = scheme == "rediss"
	return r, r.check()
}

// agrees reports whether a further URL contradicts nothing in the first one.
func (r Redis) agrees(first Redis) bool {
	noCredentials := r.Username == "" && r.Password == ""
	sameCredentials := r.Username == first.Username && r.Password == first.Password
	return (noCredentials || sameCredentials) && r.DB == first.DB && r.Master == first.Master
}

func (r Redis) check() error {
	if len(slices.Compact(slices.Sorted(slices.Values(r.Addrs)))) != len(r.Addrs) {
		return errors.New("has an address twice")
	}
	if r.Cluster() && r.DB != 0 {
		return errors.New("has a database number, but a cluster has database 0 only")
	}
	return nil
}

// parseRedisPart reads the text after the scheme.
func parseRedisPart(text string) (Redis, error) {
	switch {
	case strings.Contains(text, "#"):
		return Redis{}, errors.New("has a #; write it as %23 in a password")
	case strings.Contains(text, "://"):
		return Redis{}, errors.New("has another scheme for a further address")
	}
	var r Redis
	text, query, _ := strings.Cut(text, "?")
	authority, database, _ := strings.Cut(text, "/")
	username, password, addresses, err := cutCredentials(authority)
	r.Username, r.Password = username, password
	if err == nil {
		err = r.readQuery(query)
	}
	if err == nil {
		err = r.readDatabase(database)
	}
	if err == nil {
		err = r.readAddresses(addresses)
	}
	return r, err
}

// cutCredentials cuts user:password@ off what a URL has between its scheme and its path.
func cutCredentials(authority string) (username string, password secret.Secret, rest string, err error) {
	at := strings.LastIndex(authority, "@")
	if at < 0 {
		return "", "", authority, nil
	}
	user, word, _ := strings.Cut(authority[:at], ":")
	user, userErr := url.PathUnescape(user)
	word, wordErr := url.PathUnescape(word)
	if userErr != nil || wordErr != nil {
		return "", "", "", errors.New("has a % that encodes nothing; write it as %25 in a password")
	}
	return user, secret.Secret(word), authority[at+1:], nil
}

func (r *Redis) readQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("has a malformed query")
	}
	for name, value := range values {
		if name != "master" || len(value) != 1 || value[0] == "" {
			return errors.New("has a query with something else than one master=name")
		}
		r.Master = value[0]
	}
	return nil
}

func (r *Redis) readDatabase(text string) error {
	if text == "" {
		return nil
	}
	n, err := parseInteger(text)
	if err != nil || n > maxRedisDatabase {
		return errors.New("has a path that is not a database number; write / as %2F in a password")
	}
	r.DB = int(n)
	return nil
}

const (
	// maxRedisDatabase is the largest index that SELECT can take (an int in Redis).
	maxRedisDatabase = 1<<31 - 1

	redisPort    = 6379  // https://redis.io/docs/latest/operate/oss_and_stack/management/config/
	sentinelPort = 26379 // https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
)

func (r *Redis) readAddresses(text string) error {
	port := redisPort
	if r.Master != "" {
		port = sentinelPort
	}
	for i, address := range strings.Split(text, ",") {
		joined, ok := hostPort(strings.Trim(address, " "), port)
		if !ok {
			return errors.New("has no valid host[:port] as address " + strconv.Itoa(i+1) + "; reserved characters in a password are written percent-encoded")
		}
		r.Addrs = append(r.Addrs, joined)
	}
	return nil
}
