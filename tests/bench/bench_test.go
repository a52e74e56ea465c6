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
