package docs

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"soapbridge/api/config"
	"soapbridge/tests/kit"
	"soapbridge/tests/parent"
)

const mounted = "/run/secrets/" // where a container has the secrets

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// makeSecrets follows the recipe of docker-compose.yml in a folder, and returns what it makes by name.
func makeSecrets(t *testing.T, dir string) map[string]string {
	t.Helper()
	recipe := regexp.MustCompile(`(?ms)^#   (test -e .*?\))$`).FindStringSubmatch(readFile(t, "../../docker-compose.yml"))
	if recipe == nil {
		t.Fatal("there is no recipe for the secrets")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(recipe[1], "\n#", "\n"))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "secrets", "*"))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, file := range files {
		made[filepath.Base(file)] = readFile(t, file)
	}
	return made
}

// load reads docker-compose.yml as docker compose does, with these profiles.
func load(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithProfiles(profiles), cli.WithName("soapbridge"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// TestComposeSecretsAreMadeOnce follows the recipe twice: with other keys the records that Redis kept would be useless.
func TestComposeSecretsAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first, second := makeSecrets(t, dir), makeSecrets(t, dir)
	for name := range load(t).Secrets {
		if first[name] == "" || first[name] != second[name] {
			t.Errorf("%s is %q, and then %q", name, first[name], second[name])
		}
		info, err := os.Stat(filepath.Join(dir, "secrets", name))
		if err != nil || info.Mode().Perm()&0o004 == 0 {
			t.Errorf("%s cannot be read by the user of a container: %v", name, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "secrets")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others than the owner may open the folder: %v, %v", info, err)
	}
	for _, ignore := range []string{"../../.gitignore", "../../.dockerignore"} {
		if lines := strings.Fields(readFile(t, ignore)); !slices.Contains(lines, "/secrets/") && !slices.Contains(lines, "secrets") {
			t.Errorf("%s does not keep the secrets out", ignore)
		}
	}
}

// proxies returns the names of the services that run serve, sorted.
func proxies(project *types.Project) []string {
	return slices.DeleteFunc(project.ServiceNames(), func(name string) bool {
		command := project.Services[name].Command
		return len(command) == 0 || command[0] != "serve"
	})
}

func TestComposeStartsWhatItSays(t *testing.T) {
	if got := proxies(load(t)); !slices.Equal(got, []string{"proxy"}) {
		t.Errorf("without a profile the proxies are %q", got)
	}
	project := load(t, "replicas")
	got := proxies(project)
	if !slices.Equal(got, []string{"proxy", "proxy-2"}) {
		t.Errorf("with the profile replicas the proxies are %q", got)
	}
	balancer := project.Services["balancer"]
	var behind []string
	for _, server := range regexp.MustCompile(`server (\S+):8080;`).FindAllStringSubmatch(*balancer.Environment["BALANCER"], -1) {
		behind = append(behind, server[1])
	}
	if !slices.Equal(behind, got) {
		t.Errorf("behind the balancer are %q", behind)
	}
	for _, name := range got {
		if trusted, address := *project.Services[name].Environment["SOAPBRIDGE_TRUSTED_PROXIES"], balancer.Networks["default"].Ipv4Address; trusted != address || address == "" {
			t.Errorf("%s trusts %q, and the balancer is %q", name, trusted, address)
		}
	}
}

// TestComposeIsHardened looks at each service with all profiles.
func TestComposeIsHardened(t *testing.T) {
	minor := regexp.MustCompile(`^[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$`)
	for name, s := range load(t, "*").Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.CapAdd != nil || s.Privileged || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may do more than it needs", name)
		}
		if user, _, _ := strings.Cut(s.User, ":"); user == "" || user == "0" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if s.MemLimit == 0 || s.PidsLimit == 0 || s.Logging == nil || s.Logging.Options["max-size"] == "" || s.Logging.Options["max-file"] == "" {
			t.Errorf("%s may take all memory, processes or room on the disk", name)
		}
		if s.Build == nil && !minor.MatchString(s.Image) {
			t.Errorf("%s has the image %s, without a minor version", name, s.Image)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is published for others than this machine", name, port.Published)
			}
		}
	}
}

// environ returns the settings that a container has: those of the image, and its own.
func environ(t *testing.T, own types.MappingWithEquals) []string {
	t.Helper()
	var list []string
	for _, line := range regexp.MustCompile(`(?m)^ENV (SOAPBRIDGE_\S+)$`).FindAllStringSubmatch(readFile(t, "../../Dockerfile"), -1) {
		list = append(list, line[1])
	}
	for name, value := range own {
		list = append(list, name+"="+*value)
	}
	return list
}

func TestComposeSettingsAreAccepted(t *testing.T) {
	secrets := makeSecrets(t, t.TempDir())
	project := load(t, "replicas")
	for _, name := range proxies(project) {
		s := project.Services[name]
		has := config.Files{Read: func(path string) ([]byte, error) {
			source := strings.TrimPrefix(path, mounted)
			if !slices.ContainsFunc(s.Secrets, func(c types.ServiceSecretConfig) bool { return c.Source == source }) {
				t.Errorf("%s has no secret %s", name, path)
			}
			return []byte(secrets[source]), nil
		}, Systems: config.Disk().Systems}
		c, err := config.LoadServe(environ(t, s.Environment), has, slices.Contains(s.Command, "--insecure"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		redis, shared := c.Redis()
		if !shared || !slices.Equal(redis.Addrs, []string{"redis:6379"}) || "requirepass "+string(redis.Password)+"\n" != secrets["redis.conf"] {
			t.Errorf("%s does not reach Redis", name)
		}
		if grace := time.Duration(*s.StopGracePeriod); grace <= c.DrainTimeout {
			t.Errorf("%s is killed after %s, while it may drain for %s", name, grace, c.DrainTimeout)
		}
		for variable := range s.Environment {
			if slices.ContainsFunc(config.Reference(), func(r config.Setting) bool { return r.Secret && r.Name == variable }) && !strings.HasSuffix(variable, "DIRECT_TOKEN") {
				t.Errorf("%s has the secret %s in its environment", name, variable)
			}
		}
	}
}

// TestKubernetesSettingsAreAccepted: the schema of docs/kubernetes.yaml is judged in tests/kubernetes; here the proxy judges its settings.
func TestKubernetesSettingsAreAccepted(t *testing.T) {
	var deployment struct {
		Spec struct {
			Template struct {
				Spec struct {
					TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
					Containers                    []struct {
						Env       []struct{ Name, Value string }
						Lifecycle struct {
							PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
						}
					}
				}
			}
		}
	}
	text, _, _ := strings.Cut(page(t, "docs/kubernetes.yaml"), "\n---\n")
	if err := yaml.Unmarshal([]byte(text), &deployment); err != nil {
		t.Fatal(err)
	}
	pod := deployment.Spec.Template.Spec
	own := types.MappingWithEquals{}
	for _, variable := range pod.Containers[0].Env {
		own[variable.Name] = &variable.Value
	}
	delete(own, "GOMEMLIMIT")
	secrets := makeSecrets(t, t.TempDir())
	secrets["api-keys"], secrets["direct-token"] = "web hash", "token"
	keys := regexp.MustCompile("--from-file=([a-z-]+)=")
	for _, key := range keys.FindAllStringSubmatch(text, -1) {
		if secrets[key[1]] == "" {
			t.Errorf("nothing is known of the secret %s", key[1])
		}
	}
	c, err := config.LoadServe(environ(t, own), config.Files{Systems: config.Disk().Systems, Read: func(path string) ([]byte, error) {
		name := strings.TrimPrefix(path, "/run/secrets/soapbridge/")
		if !strings.Contains(text, "--from-file="+name+"=") {
			t.Errorf("the Secret has no %s", path)
		}
		return []byte(secrets[name]), nil
	}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if needs := c.DrainTimeout + time.Duration(pod.Containers[0].Lifecycle.PreStop.Sleep.Seconds)*time.Second; time.Duration(pod.TerminationGracePeriodSeconds)*time.Second <= needs {
		t.Errorf("a pod is killed after %d s, and may need %s", pod.TerminationGracePeriodSeconds, needs)
	}
}

// TestImageDemandsCallers: it listens on all interfaces, where serve starts with callers or with an explicit word only.
func TestImageDemandsCallers(t *testing.T) {
	settings := environ(t, nil)
	if c, err := config.Load(settings, config.Disk()); err != nil || c.Listen != "0.0.0.0:8080" {
		t.Fatalf("the image listens on %q: %v", c.Listen, err)
	}
	for name, c := range map[string]struct {
		more     []string
		insecure bool
		starts   bool
	}{
		"nothing":          {nil, false, false},
		"callers":          {[]string{"SOAPBRIDGE_API_KEYS=web hash"}, false, true},
		"an explicit word": {nil, true, true},
	} {
		if _, err := config.LoadServe(slices.Concat(settings, c.more), config.Disk(), c.insecure); (err == nil) != c.starts {
			t.Errorf("with %s: %v", name, err)
		}
	}
}

// TestImageIsStatic builds the program with the flags of the Dockerfile: an empty image has neither a loader nor libraries.
func TestImageIsStatic(t *testing.T) {
	dockerfile := readFile(t, "../../Dockerfile")
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /soapbridge \.$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile does not build the program")
	}
	path := filepath.Join(t.TempDir(), "soapbridge")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", build[1]+" -o "+path+" .")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "GOOS=linux", "COMMIT="+kit.Commit)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is not static: it has a %s", part.Type)
		}
	}
	for _, line := range []string{"FROM scratch\n", "\nUSER 65532:65532\n", "\nENTRYPOINT [\"/soapbridge\"]\n", "\nCMD [\"serve\"]\n", "CMD [\"/soapbridge\", \"health\"]\n"} {
		if !strings.Contains(dockerfile, line) {
			t.Errorf("the Dockerfile lacks %q", line)
		}
	}
}

// TestComposeRedis runs the command of the service redis, and its health check.
func TestComposeRedis(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	makeSecrets(t, dir)
	redis := load(t).Services["redis"]
	socket := filepath.Join(data, "s")
	here := strings.NewReplacer(mounted, filepath.Join(dir, "secrets")+"/", "redis-cli", "redis-cli -s "+socket)
	command := []string{"--dir", data, "--port", "0", "--unixsocket", socket}
	for _, argument := range slices.Backward(redis.Command[1:]) {
		command = slices.Insert(command, 0, here.Replace(argument))
	}
	server := exec.Command(redis.Command[0], command...)
	exited, err := parent.Start(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // nothing in it is worth an orderly end
		<-exited
	})
	check := here.Replace(redis.HealthCheck.Test[1])
	ask := func(script string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
		return string(out), err
	}
	for deadline := time.Now().Add(kit.Patience); ; time.Sleep(10 * time.Millisecond) {
		out, err := ask(check)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is not healthy: %v: %s", err, out)
		}
	}
	without := strings.Replace(check, "REDISCLI_AUTH=", "NOTHING=", 1)
	if out, err := ask(without); err == nil || without == check {
		t.Errorf("without the password it is healthy: %s", out)
	}
	login, _, _ := strings.Cut(check, " ping")
	for name, want := range map[string]string{"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "always"} {
		if out, err := ask(login + " config get " + name); err != nil || out != name+"\n"+want+"\n" {
			t.Errorf("%s is %q: %v", name, out, err)
		}
	}
	out, err := ask(login + " config get maxmemory")
	most, err2 := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(out, "maxmemory\n")), 10, 64)
	if limit := int64(redis.MemLimit); err != nil || err2 != nil || most == 0 || 2*most >= limit {
		t.Errorf("a fork may copy maxmemory, %d, and the limit is %d: %v, %v", most, limit, err, err2)
	}
}
