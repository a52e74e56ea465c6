package torture

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// previous is the commit of the last version. A new version runs beside it for as long as an upgrade takes, and may have to give way to it again.
const previous = "e3aaa73737d6ab49652b6633033e57af069326cd"

// A balancer before two proxies: they are replaced one after the other under load, by the new version, back to the old one, and forward again.
// Every call succeeds at the first proxy that takes it, and what one version has stored is replayed by the other.
func TestUpgradeWithoutDowntime(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 12, open: 2, timeout: slowTimeout, settings: map[string]string{"DRAIN_TIMEOUT": "40s"}})
	older := olderProgram(t)
	replace := func(p *proxy, program string) {
		if err := p.terminate(); err != nil {
			t.Error(err)
		}
		p.Binary = program
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range c.proxies {
		replace(p, older)
	}
	dawdling := answering
	dawdling.perform = (*exchange).dawdle // some calls are in flight when their proxy is told to stop
	c.vendor.behave(func(string, int) play { return dawdling })

	var over atomic.Bool
	var clients sync.WaitGroup
	stop := sync.OnceFunc(func() {
		over.Store(true)
		clients.Wait()
	})
	defer stop()
	const workers = 6
	var made [workers][]*entity
	for worker := range workers {
		clients.Go(func() {
			for n := worker; !over.Load(); n += workers {
				e := c.entity(n)
				made[worker] = append(made[worker], e)
				e.balanced(t, c.proxies, n, e.created())
				earlier := made[worker][len(made[worker])/2]
				earlier.balanced(t, c.proxies, n, earlier.created()+" replayed", earlier.created())
			}
		})
	}
	for _, program := range []string{"", older, ""} { // "" is the version under test
		for _, p := range c.proxies {
			replace(p, program)
			before := c.vendor.totalArrivals()
			eventually(t, "calls go on", func() bool { return c.vendor.totalArrivals() > before+50 })
		}
	}
	stop()
	var list []*entity
	for _, some := range made {
		list = append(list, some...)
	}
	t.Logf("%d calls during six replacements", len(list))
	c.finish(t, list)
}

// balanced calls as through a balancer: the other proxy is asked, with the same key, where one does not answer.
func (e *entity) balanced(t *testing.T, proxies []*proxy, n int, want ...string) {
	t.Helper()
	first, second := proxies[n%2], proxies[(n+1)%2]
	if a := e.do(t.Context(), first, e.proper()); a.err == nil {
		expect(t, e, a, want...)
		return
	}
	e.steadily(t, second, e.proper(), want...)
}

// olderProgram builds the previous version from the history of this repository. A clone that lacks it (git fetch --unshallow) sees the replacements
// alone, and nothing of what two versions make of each other's records.
func olderProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	archive, err := exec.Command("git", "-C", "../..", "archive", previous).Output()
	if err != nil {
		t.Logf("NOT CHECKED with the previous version: git archive %s: %v", previous, err)
		return ""
	}
	unpack := exec.Command("tar", "-x", "-C", dir)
	unpack.Stdin = bytes.NewReader(archive)
	build := exec.Command("go", "build", "-race", "-o", "soapbridge", ".")
	build.Dir = dir
	for _, command := range []*exec.Cmd{unpack, build} {
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	return filepath.Join(dir, "soapbridge")
}
