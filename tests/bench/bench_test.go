package main

import (
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	loads := []load{{name: "plain", beside: "plain"}, {name: "own", beside: "plain", connections: 64}}
	results := [][]sample{
		{{rate: 100, p99: 10, cpu: 50}, {rate: 300, p99: 10, cpu: 100}, {rate: 200, p99: 10, cpu: 70}},
		{{rate: 90, p50: 1, p99: 15, cpu: 100, allocations: 7, resident: 40}, {rate: 80, p50: 2, p99: 5, cpu: 50, allocations: 8, resident: 41}, {rate: 70, p50: 3, p99: 20, cpu: 84, allocations: 9, resident: 42}},
	}
	lines := strings.Split(table(loads, results, all), "\n")
	want := []string{
		"| plain | 200 | 0.00 ms | 10.00 ms | 70 µs |  | 0 MiB | 1.00 | 1.00 |",
		"| own | 80 | 2.00 ms | 15.00 ms | 84 µs | 8 | 41 MiB | 1.20 | 1.50 |",
		"",
	}
	if got := lines[2:]; !slices.Equal(got, want) {
		t.Errorf("the rows are\n%q, want\n%q", got, want)
	}
	if short := strings.Split(table(loads, results, load.main), "\n"); !slices.Equal(short[2:], want[1:]) {
		t.Errorf("the main rows are\n%q, want\n%q", short[2:], want[1:])
	}
}

func TestBetween(t *testing.T) {
	const marks = "above\n<!-- bench -->\nold\n<!-- /bench -->\nbelow\n"
	if got, err := between(marks, "new\n"); err != nil || got != strings.Replace(marks, "old", "new", 1) {
		t.Errorf("%v: %q", err, got)
	}
	for _, text := range []string{"", "<!-- bench -->\n", "<!-- /bench --> <!-- bench -->\n"} {
		if got, err := between(text, "new"); err == nil {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestChosen(t *testing.T) {
	loads := []load{{name: "plain, 1", beside: "plain, 1"}, {name: "write, 1", beside: "plain, 1"}, {name: "plain, 64", beside: "plain, 64"}}
	var names []string
	for _, l := range chosen(loads, "write") {
		names = append(names, l.name)
	}
	if want := []string{"plain, 1", "write, 1"}; !slices.Equal(names, want) {
		t.Errorf("chosen are %q, want %q", names, want)
	}
}

func TestAxis(t *testing.T) {
	for name, c := range map[string]struct {
		log    bool
		values []float64
		ticks  []float64
		middle float64 // the value at half of the axis
	}{
		"from 0":         {false, []float64{37, 410}, []float64{0, 100, 200, 300, 400, 500}, 250},
		"small":          {false, []float64{0.3}, []float64{0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3}, 0.15},
		"round numbers":  {true, []float64{13, 900}, []float64{10, 20, 50, 100, 200, 500, 1000}, 100},
		"powers of ten":  {true, []float64{1, 10, 1e6}, []float64{1, 10, 100, 1000, 1e4, 1e5, 1e6}, 1000},
		"between powers": {true, []float64{30, 4096}, []float64{20, 50, 100, 200, 500, 1000, 2000, 5000}, 316.22776},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAxis(c.log, c.values, 100, 0)
			near := func(x, y float64) bool { return x-y < 1e-4 && y-x < 1e-4 }
			if got := a.ticks(); !slices.EqualFunc(got, c.ticks, near) {
				t.Errorf("the ticks are %v, want %v", got, c.ticks)
			}
			if got := a.at(c.middle); !near(got, 50) {
				t.Errorf("%v is at %v, want the middle", c.middle, got)
			}
		})
	}
}

func TestGrown(t *testing.T) {
	for name, c := range map[string]struct {
		states []state
		want   string
	}{
		"flat":              {[]state{{10, 50}, {20, 90}, {60, 100}, {60, 102}, {65, 101}, {66, 102}}, ""},
		"more memory":       {[]state{{10, 50}, {20, 90}, {60, 100}, {60, 102}, {67, 101}, {67, 102}}, "resident memory has grown from 60 MiB in the second third to 67 MiB in the last"},
		"more goroutines":   {[]state{{10, 50}, {20, 90}, {60, 100}, {60, 102}, {60, 103}, {60, 104}}, "goroutines have grown from at most 102 in the second third to at least 103 in the last"},
		"only at the start": {[]state{{10, 50}, {60, 100}, {60, 100}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := grown(c.states); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
