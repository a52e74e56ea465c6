package docs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"soapbridge/api/config"
)

// TestComposeKeysAreMadeOnce follows the recipe of docker-compose.yml twice: with other keys the records that Redis kept would be useless.
func TestComposeKeysAreMadeOnce(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile(`(?m)^#   (test -e \.env .*)$`).FindSubmatch(text)
	if recipe == nil {
		t.Fatal("there is no recipe for .env")
	}
	dir := t.TempDir()
	var made [2]string
	for i := range made {
		cmd := exec.CommandContext(context.Background(), "sh", "-c", string(recipe[1]))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, ".env"))
		if err != nil {
			t.Fatal(err)
		}
		made[i] = string(text)
	}
	if made[0] != made[1] {
		t.Errorf("the keys have changed:\n%s\n%s", made[0], made[1])
	}
	if info, err := os.Stat(filepath.Join(dir, ".env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read .env: %v, %v", info.Mode(), err)
	}
	c, err := config.Load(append(strings.Split(strings.TrimSpace(made[0]), "\n"), "SOAPBRIDGE_REDIS_URL=redis://redis:6379"), config.ReadFile)
	if err != nil || len(c.NameKey) != 32 || len(c.SecretKeys) != 1 {
		t.Errorf("the keys are none: %v", err)
	}
	for _, ignore := range []string{"../../.gitignore", "../../.dockerignore"} {
		text, err := os.ReadFile(ignore)
		if lines := strings.Fields(string(text)); err != nil || !slices.Contains(lines, ".env") && !slices.Contains(lines, "/.env") {
			t.Errorf("%s does not keep the keys out: %v", ignore, err)
		}
	}
}
