package docs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

const monitoring = "../../docs/monitoring/"

// series are the metrics of a proxy: name, label, and the values of the label that there are.
type series map[string]map[string]map[string]bool

var sample = regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? \S+$`)
var label = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)

func seriesIn(text string) series {
	s := series{}
	for _, line := range sample.FindAllStringSubmatch(text, -1) {
		if s[line[1]] == nil {
			s[line[1]] = map[string]map[string]bool{}
		}
		for _, l := range label.FindAllStringSubmatch(line[2], -1) {
			if s[line[1]][l[1]] == nil {
				s[line[1]][l[1]] = map[string]bool{}
			}
			s[line[1]][l[1]][l[2]] = true
		}
	}
	s["up"] = map[string]map[string]bool{} // Prometheus makes it itself
	for name := range s {
		s[name]["job"], s[name]["instance"] = map[string]bool{"soapbridge": true}, map[string]bool{}
	}
	return s
}

// seen returns the metrics of a proxy as it is run in production, after every operation was called, once with an unknown element in the reply.
func seen(t *testing.T) string {
	t.Helper()
	redis, cache := redistest.Start(t), redistest.Start(t)
	sandbox, settings, err := kit.StartSandbox(kit.Command{})
	if err != nil {
		t.Fatal(err)
	}
	sandbox.StopAfter(t)
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	proxy, err := kit.Command{Settings: kit.With(settings, map[string]string{
		"METRICS_LISTEN": "127.0.0.1:0", "REDIS_URL": "redis://" + redis.Addr(), "CACHE_REDIS_URL": "redis://" + cache.Addr(), "NAME_KEY": key, "SECRET_KEYS": "k1:" + key,
		"CUSTOMERCARE_DIRECT_TOKEN": "sandbox-direct-token", "CUSTOMERCARE_USER_ID": "monitoring", "SYSTEMS": "../../docs", "MAX_REPLY": "4MiB",
	})}.Serve()
	if err != nil {
		t.Fatal(err)
	}
	proxy.StopAfter(t)
	(&kit.Demo{Process: proxy, Sandbox: sandbox.URL}).Queue(t, "CreateService", "huge")
	for _, command := range blocks(t, "docs/calls.md", "example") {
		curl(t, strings.ReplaceAll(command, demoURL, proxy.URL))
	}
	answer, err := http.Get(proxy.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// check parses a query and compares its names with what a proxy has; it returns the labels that its metrics have.
func (s series) check(t *testing.T, query string) (labels map[string]bool) {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", "5m")
	parsed, err := metricsql.Parse(query)
	if err != nil || metricsql.IsLikelyInvalid(parsed) {
		t.Errorf("%s: not a query of Prometheus: %v", query, err)
		return nil
	}
	labels = map[string]bool{}
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		m, ok := e.(*metricsql.MetricExpr)
		if !ok {
			return
		}
		for _, filters := range m.LabelFilterss {
			name := filters[0].Value
			has, known := s[name]
			if filters[0].Label != "__name__" || !known {
				t.Errorf("%s: no metric %s", query, name)
			}
			for l := range has {
				labels[l] = true
			}
			for _, f := range filters[1:] {
				if values, known := has[f.Label]; !known || !f.IsRegexp && !values[f.Value] {
					t.Errorf("%s: %s has no %s=%q", query, name, f.Label, f.Value)
				}
			}
		}
	})
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.AggrFuncExpr:
			for _, by := range e.Modifier.Args {
				if !labels[by] {
					t.Errorf("%s: no label %s", query, by)
				}
			}
		case *metricsql.FuncExpr:
			if !metricsql.IsRollupFunc(e.Name) {
				return
			}
			if !slices.ContainsFunc(e.Args, func(arg metricsql.Expr) bool { // which Prometheus demands
				over, ok := arg.(*metricsql.RollupExpr)
				return ok && over.Window != nil
			}) {
				t.Errorf("%s: %s has no range", query, e.Name)
			}
		}
	})
	return labels
}

// strictly reads YAML into a struct, which has every member of it.
func strictly(t *testing.T, file string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(readFile(t, monitoring+file)))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// placeholder is a label in the text of a rule, or in the legend of a panel.
var placeholder = regexp.MustCompile(`\{\{ ?(?:\$labels\.)?([a-z_]+) ?\}\}`)

// TestMonitoring: the rules and the dashboard can be loaded, and name only what a proxy has; the table in their README names all of it.
func TestMonitoring(t *testing.T) {
	text := seen(t)
	has := seriesIn(text)
	judge := func(query, words string) {
		labels := has.check(t, query)
		for _, l := range placeholder.FindAllStringSubmatch(words, -1) {
			if !labels[l[1]] {
				t.Errorf("%q has the label %s, which is not one of %s", words, l[1], query)
			}
		}
	}

	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr         string
				For                 time.Duration
				Labels, Annotations map[string]string
			}
		}
	}
	strictly(t, "alerts.yaml", &rules)
	for _, rule := range rules.Groups[0].Rules {
		judge(rule.Expr, rule.Annotations["summary"])
		if rule.Alert == "" || rule.Annotations["summary"] == "" || rule.Labels["severity"] != "critical" && rule.Labels["severity"] != "warning" {
			t.Errorf("the rule %q lacks something", rule.Alert)
		}
	}

	var dashboard struct {
		UID        string
		Templating struct{ List []struct{ Name, Type string } }
		Panels     []struct {
			ID      int
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, monitoring+"grafana.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			judge(target.Expr, target.LegendFormat)
		}
		if ids[panel.ID] || panel.Title == "" || len(panel.Targets) == 0 {
			t.Errorf("the panel %d %q has no number of its own, no title or no query", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
	}
	if len(dashboard.Panels) == 0 || dashboard.UID == "" || len(dashboard.Templating.List) != 1 || dashboard.Templating.List[0].Type != "datasource" {
		t.Errorf("the dashboard is not complete: %+v", dashboard)
	}

	served, described := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (soapbridge_\S+)`).FindAllStringSubmatch(text, -1) {
		served[m[1]] = true
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(soapbridge_[a-z_]+)` \\|").FindAllStringSubmatch(readFile(t, monitoring+"README.md"), -1) {
		described[row[1]] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(served)), slices.Sorted(maps.Keys(described))); diff != "" {
		t.Errorf("the table of metrics differs (-served +described):\n%s", diff)
	}
}

// TestComposeMonitoring: Prometheus reads the proxies' metrics, and both it and Grafana have the files of docs/monitoring.
func TestComposeMonitoring(t *testing.T) {
	project := load(t, "*")
	var prometheus struct {
		Global        map[string]string
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName string `yaml:"job_name"`
			DNS     []struct {
				Names           []string
				Type            string
				Port            int
				RefreshInterval string `yaml:"refresh_interval"`
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	strictly(t, "prometheus.yml", &prometheus)
	job := prometheus.ScrapeConfigs[0]
	if job.JobName != "soapbridge" || !slices.Equal(job.DNS[0].Names, proxies(project)) {
		t.Errorf("the job %s is about %q", job.JobName, job.DNS[0].Names)
	}
	for _, name := range proxies(project) {
		if listens := *project.Services[name].Environment["SOAPBRIDGE_METRICS_LISTEN"]; listens != "0.0.0.0:9091" || job.DNS[0].Port != 9091 {
			t.Errorf("%s serves metrics at %s", name, listens)
		}
	}
	mounted := map[string]string{}
	for _, service := range []string{"prometheus", "grafana"} {
		for _, v := range project.Services[service].Volumes {
			if v.Type == "bind" {
				readFile(t, v.Source)
				if mounted[filepath.Base(v.Source)] = v.Target; !v.ReadOnly {
					t.Errorf("%s may write %s", service, v.Source)
				}
			}
		}
	}
	for _, rules := range prometheus.RuleFiles {
		if mounted[rules] != filepath.Join(filepath.Dir(mounted["prometheus.yml"]), rules) {
			t.Errorf("%s is at %q", rules, mounted[rules])
		}
	}
	var datasources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, Type, Access, URL string
			IsDefault               bool `yaml:"isDefault"`
		}
	}
	var dashboards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	strictly(t, "datasource.yaml", &datasources)
	strictly(t, "dashboards.yaml", &dashboards)
	if path := dashboards.Providers[0].Options.Path; filepath.Dir(mounted["grafana.json"]) != path {
		t.Errorf("the dashboard is at %q, and Grafana looks into %s", mounted["grafana.json"], path)
	}
	if port := project.Services["prometheus"].Ports[0].Target; datasources.Datasources[0].URL != "http://prometheus:"+strconv.Itoa(int(port)) {
		t.Errorf("Grafana asks %s, and Prometheus has the port %d", datasources.Datasources[0].URL, port)
	}
}

// TestAlarmsAreInTheRunbook: an engineer who is woken by an alert searches for its name.
func TestAlarmsAreInTheRunbook(t *testing.T) {
	named := func(file, pattern string) (list []string) {
		for _, name := range regexp.MustCompile(pattern).FindAllStringSubmatch(readFile(t, file), -1) {
			list = append(list, name[1])
		}
		return slices.Sorted(slices.Values(list))
	}
	want, got := named(monitoring+"alerts.yaml", `- alert: (\w+)`), named("../../docs/runbook.md", "`(Soapbridge\\w+)`")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the alarms in the runbook (-want +got):\n%s", diff)
	}
}
