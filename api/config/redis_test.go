package config_test

import (
	"reflect"
	"testing"

	"soapbridge/api/config"
)

func TestRedis(t *testing.T) {
	tests := []struct {
		url   string
		want  config.Redis
		shown string
	}{
		{"redis://h", config.Redis{Addrs: []string{"h:6379"}}, "redis://h:6379/0"},
		{"redis://127.0.0.1:6380/", config.Redis{Addrs: []string{"127.0.0.1:6380"}}, "redis://127.0.0.1:6380/0"},
		{"rediss://h:1/3", config.Redis{TLS: true, Addrs: []string{"h:1"}, DB: 3}, "rediss://h:1/3"},
		{"redis://:p@h", config.Redis{Password: "p", Addrs: []string{"h:6379"}}, "redis://:***@h:6379/0"},
		{"redis://u@h", config.Redis{Username: "u", Addrs: []string{"h:6379"}}, "redis://u@h:6379/0"},
		{"redis://u:p%40%2F%23,a@b@h", config.Redis{Username: "u", Password: "p@/#,a@b", Addrs: []string{"h:6379"}}, "redis://u:***@h:6379/0"},
		{"redis://[::1]:7,[::2]", config.Redis{Addrs: []string{"[::1]:7", "[::2]:6379"}}, "redis://[::1]:7,[::2]:6379/0"},
		{"redis://u:p@a:1,b:2,c", config.Redis{Username: "u", Password: "p", Addrs: []string{"a:1", "b:2", "c:6379"}}, "redis://u:***@a:1,b:2,c:6379/0"},
		{"redis://a, b", config.Redis{Addrs: []string{"a:6379", "b:6379"}}, "redis://a:6379,b:6379/0"},
		{"rediss://u:p@a:1,rediss://b:2,rediss://u:p@c", config.Redis{TLS: true, Username: "u", Password: "p", Addrs: []string{"a:1", "b:2", "c:6379"}}, "rediss://u:***@a:1,b:2,c:6379/0"},
		{"redis://s1,s2:5/4?master=my%20master", config.Redis{Addrs: []string{"s1:26379", "s2:5"}, DB: 4, Master: "my master"}, "redis://s1:26379,s2:5/4?master=my+master"},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			c := mustLoad(t, redis.with(variables{"REDIS_URL": test.url}))
			got, ok := c.Redis()
			if !ok || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, %t", got, ok)
			}
			if got.Redacted() != test.shown {
				t.Errorf("shown as %s", got.Redacted())
			}
			if cluster := len(test.want.Addrs) > 1 && test.want.Master == ""; got.Cluster() != cluster {
				t.Errorf("cluster is %t", got.Cluster())
			}
		})
	}
	if _, ok := mustLoad(t, nil).Redis(); ok {
		t.Error("without a URL there must be no Redis")
	}
}

func TestRedisRefused(t *testing.T) {
	const address = "has no valid host[:port] as address 1; reserved characters in a password are written percent-encoded"
	const database = "has a path that is not a database number; write / as %2F in a password"
	tests := []struct{ url, want string }{
		{"localhost:6379", "does not begin with redis:// or rediss://"},
		{"REDIS://h", "does not begin with redis:// or rediss://"},
		{"unix:///run/redis.sock", "does not begin with redis:// or rediss://"},
		{"redis://", address},
		{"redis://h:0", address},
		{"redis://h:", address},
		{"redis://h:65536", address},
		{"redis://::1", address},
		{"redis://[::1", address},
		{"redis://:p/w@h", database},
		{"redis://a,", "has no valid host[:port] as address 2; reserved characters in a password are written percent-encoded"},
		{"redis://a,rediss://b", "has another scheme for a further address"},
		{"redis://a,a:6379", "has an address twice"},
		{"redis://a,redis://a", "has an address twice"},
		{"redis://a,b/1", "has a database number, but a cluster has database 0 only"},
		{"redis://a/1,redis://b/2", "has different credentials, databases or masters for its addresses"},
		{"redis://u:p@a,redis://u:q@b", "has different credentials, databases or masters for its addresses"},
		{"redis://a/x", database},
		{"redis://a/0/1", database},
		{"redis://a/2147483648", database},
		{"redis://a?db=1", "has a query with something else than one master=name"},
		{"redis://a?master=", "has a query with something else than one master=name"},
		{"redis://a?master=x&master=y", "has a query with something else than one master=name"},
		{"redis://a?master=%zz", "has a malformed query"},
		{"redis://:p%zz@h", "has a % that encodes nothing; write it as %25 in a password"},
		{"redis://:p#w@h", "has a #; write it as %23 in a password"},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			_, err := config.Load(redis.with(variables{"REDIS_URL": test.url}).environ(), noFiles)
			wantLines(t, err, "SOAPBRIDGE_REDIS_URL: "+test.want+"; valid: redis:// or rediss://[user:password@]host[:port][,host[:port]...][/database][?master=name]")
		})
	}
}
