package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/guard"
)

// TestFollowedSetting: a value that is wrong, or whose use panics, changes nothing, and the next one is used, whatever is wrong with other settings.
// Each mistake is logged once.
func TestFollowedSetting(t *testing.T) {
	path := file(t, "a.test")
	environ := []string{"SOAPBRIDGE_HOSTS_FILE=" + path}
	withOthers := append([]string{"SOAPBRIDGE_MODE=wrong", "SOAPBRIDGE_TLS_KEY_FILE=/gone"}, environ...)
	synctest.Test(t, func(t *testing.T) {
		log, panics := &output{}, 0
		g := &guard.Guard{Log: slog.New(slog.NewTextHandler(log, nil)), Count: func() { panics++ }}
		ctx, stop := context.WithCancel(t.Context())
		c, err := config.Load(environ, config.Disk())
		if err != nil {
			t.Fatal(err)
		}
		var applied []string
		follow(ctx, g, []string{"SOAPBRIDGE_HOSTS"}, withOthers, c, func(c config.Config) []string { return c.Hosts }, func(hosts []string) error {
			switch hosts[0] {
			case "panic.test":
				panic("made up")
			case "wrong.test":
				return errors.New("it is wrong")
			}
			applied = append(applied, hosts...)
			return nil
		})
		time.Sleep(reloadEvery / 2) // the file is never written and read at one time
		for _, host := range []string{"a.test", "b.test", "panic.test", "wrong.test", "not a host", "b.test", "c.test"} {
			if err := os.WriteFile(path, []byte(host), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * reloadEvery)
		}
		stop()
		synctest.Wait()
		if !slices.Equal(applied, []string{"b.test", "c.test"}) || panics != 2 { // it is tried again
			t.Errorf("applied are %q, with %d panics: %s", applied, panics, &log.text)
		}
		for _, once := range []string{"it is wrong", "SOAPBRIDGE_HOSTS_FILE", "is again what it was"} {
			if n := strings.Count(log.text.String(), once); n != 1 {
				t.Errorf("%q is logged %d times: %s", once, n, &log.text)
			}
		}
	})
}
