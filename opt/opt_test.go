// Tests of passes: random functions do the same before and after each pass, and goldens show what a pass does.

package opt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
)

const steps = 20000

var testOptions = Options{Verify: true, FixedClass: irtest.Fixed, QuietClass: irtest.Quiet, NearPow: func() bool { return true }}

// run reports what the function does in the world of the seed; ok is false if it does not end.
func run(t *testing.T, f *ir.Func, seed uint64) (report string, o *ir.Outcome, ok bool) {
	w, args := irtest.World(seed)
	return runIn(t, f, seed, w, args)
}

func runIn(t *testing.T, f *ir.Func, seed uint64, w *ir.World, args []uint64) (report string, o *ir.Outcome, ok bool) {
	o, err := f.Eval(w, args, steps)
	if errors.Is(err, ir.ErrSteps) {
		return "", nil, false
	}
	require.NoError(t, err, "seed %d\n%s", seed, f)
	return irtest.Report(w, o), o, true
}

// samePoll says whether the function leaves by a later poll, which the world does not take, as the report has it.
func samePoll(t *testing.T, f *ir.Func, seed uint64, report string) bool {
	for k := 0; ; k++ {
		w, args := irtest.World(seed)
		first, polls := w.Poll, 0
		w.Poll = func(n int) bool {
			polls = n + 1
			return n >= k && first(n)
		}
		got, _, ok := runIn(t, f, seed, w, args)
		if ok && got == report {
			return true
		}
		if polls <= k {
			return false
		}
	}
}

// TestRandomPasses takes random functions through the pipeline and compares after each pass what they do.
func TestRandomPasses(t *testing.T) {
	stats := compareRuns(t, irtest.Random, 400)
	for _, name := range Names() {
		if name == "powers" || name == "rebox" || name == "inline" {
			continue // no function of irtest calls pow, or a function of its unit, or stores a new float
		}
		require.Positive(t, stats[name], "pass %s never changed anything", name)
	}
}

// TestRandomRanges does so with functions that count.
func TestRandomRanges(t *testing.T) { compareRuns(t, irtest.Ranges, 600) }

func compareRuns(t *testing.T, random func(seed uint64) *ir.Func, n uint64) Stats {
	if os.Getenv("LONG") != "" {
		n *= 15
	}
	stats := Stats{}
	memory := &Memory{}
	for seed := range n {
		before := random(seed)
		f := random(seed)
		type result struct {
			report string
			guard  *ir.Value // it left through
			ok     bool
		}
		var want [3]result
		for i := range want {
			report, o, ok := run(t, before, seed*3+uint64(i))
			want[i] = result{report: report, ok: ok}
			if ok {
				want[i].guard = o.Guard
			}
		}
		opts := testOptions
		opts.Memory = memory
		text := ""
		opts.Dump = func(name string, f *ir.Func) {
			now := f.String()
			if now == text || name == "" {
				text = now
				return
			}
			for i := range want {
				// dce may drop a guard whose result nothing uses: then the function goes on where it left before.
				if g := want[i].guard; name == "dce" && g != nil && !needed(g) && !hasSite(f, g.Exit.Site) {
					want[i].ok = false
				}
				if !want[i].ok {
					continue
				}
				got, o, ok := run(t, f, seed*3+uint64(i))
				if name == "polls" && want[i].guard != nil && want[i].guard.Op == ir.OpPoll {
					// Those before a loop's first round are gone, so another one is the first that is taken.
					if want[i].ok = ok; ok {
						require.True(t, got == want[i].report || o.Guard == nil || o.Guard.Op != ir.OpPoll || samePoll(t, before, seed*3+uint64(i), got), "seed %d, world %d: no poll leaves like this\n%s\n%s", seed, i, got, now)
						want[i].report, want[i].guard = got, o.Guard
					}
					continue
				}
				require.True(t, ok, "seed %d: after %s it does not end", seed, name)
				if got != want[i].report {
					t.Fatalf("seed %d, world %d: after %s\n--- want\n%s--- got\n%s--- before the pass\n%s--- after it\n%s", seed, i, name, want[i].report, got, text, now)
				}
			}
			text = now
		}
		s, err := Run([]*ir.Func{f}, opts)
		require.NoError(t, err, "seed %d", seed)
		for k, v := range s {
			stats[k] += v
		}
	}
	t.Log(stats)
	return stats
}

// TestLeftOut: passes that are left out, because nothing has changed that they could use, would have changed nothing.
func TestLeftOut(t *testing.T) {
	for name, random := range map[string]func(uint64) *ir.Func{"random": irtest.Random, "ranges": irtest.Ranges} {
		for seed := range uint64(300) {
			f, g := random(seed), random(seed)
			opts := testOptions
			opts.Verify = false
			_, err := Run([]*ir.Func{f}, opts)
			require.NoError(t, err)
			p := &pass{f: g, opts: &opts, mem: &Memory{}}
			for _, name := range order {
				passByName[name].run(p)
			}
			require.Equal(t, g.String(), f.String(), "%s %d", name, seed)
		}
	}
}

func hasSite(f *ir.Func, site uint32) bool {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.FS != nil && v.Exit.Site == site {
				return true
			}
		}
	}
	return false
}

// TestGoldens runs one pass over each function of testdata/PASS.txtar. UPDATE=1 rewrites the results.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			row := passByName[name]
			require.NotNil(t, row)
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			for i := 0; i+1 < len(archive.Files); i += 2 {
				input, want := archive.Files[i], &archive.Files[i+1]
				caller, callee, calls := strings.Cut(string(input.Data), "callee:\n") // behind it: the function that the first callee is
				f, err := ir.Parse(caller)
				require.NoError(t, err, input.Name)
				if calls {
					f.Callees[0].Func, err = ir.Parse(callee)
					require.NoError(t, err, input.Name)
				}
				require.NoError(t, f.Verify(), input.Name)
				n := row.run(&pass{f: f, opts: &testOptions, mem: &Memory{}})
				require.NoError(t, f.Verify(), input.Name)
				got := fmt.Sprintf("# %d changes\n%s", n, f)
				if os.Getenv("UPDATE") != "" {
					want.Data = []byte(got)
				}
				require.Equal(t, string(want.Data), got, input.Name)
			}
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
			}
		})
	}
}

func TestParseOff(t *testing.T) {
	off, err := ParseOff("-fold, -dce,")
	require.NoError(t, err)
	require.Equal(t, []string{"fold", "dce"}, off)
	_, err = ParseOff("fold")
	require.ErrorContains(t, err, "skip, params")
	f := irtest.Random(1)
	stats, err := Run([]*ir.Func{f}, Options{Off: Names()})
	require.NoError(t, err)
	require.Empty(t, stats)
	require.Equal(t, irtest.Random(1).String(), f.String())
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		f := irtest.Random(7)
		b.StartTimer()
		if _, err := Run([]*ir.Func{f}, Options{FixedClass: irtest.Fixed, QuietClass: irtest.Quiet}); err != nil {
			b.Fatal(err)
		}
	}
}
