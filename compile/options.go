// Options: those of the environment, read once, and the stages to print, which
// Python passes on.
package compile

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/opt"
)

// dumpable are the stages whose result can be printed.
var dumpable = []string{"decode", "build", "opt", "asm"}

type options struct {
	off    []string // passes left out
	verify bool     // check everything between any two passes, and the register allocation
	perf   bool
	force  func(f *ir.Func, n int) uint32 // guards that fail although what they check holds; nil: none
}

// readOptions reads
//
//	GOPHERSNAKE_OPT=-gvn,-licm   passes to leave out
//	GOPHERSNAKE_VERIFY=1         check the compiler's work between any two passes
//	GOPHERSNAKE_PERF=1           name native code for perf
//	GOPHERSNAKE_FORCE_GUARD=7    guard 7 of each unit fails once although what it checks holds; all: each does,
//	                             random:SEED: some do, after some rounds
//
// What is misspelt is told of and ignored: no option may break a program. In the
// extension getenv sees the environment that the process was started with, not
// what Python code changed in it since.
func readOptions(getenv func(string) string, log io.Writer) options {
	flag := func(name string) bool {
		switch value := getenv(name); value {
		case "1":
			return true
		case "", "0":
		default:
			fmt.Fprintf(log, "gophersnake: %s=%s is ignored: it is 0 or 1\n", name, value)
		}
		return false
	}
	o := options{verify: flag("GOPHERSNAKE_VERIFY"), perf: flag("GOPHERSNAKE_PERF")}
	if list := getenv("GOPHERSNAKE_OPT"); list != "" {
		off, err := opt.ParseOff(list)
		if err != nil {
			fmt.Fprintf(log, "gophersnake: GOPHERSNAKE_OPT=%s is ignored: %v\n", list, err)
		}
		o.off = off
	}
	if value := getenv("GOPHERSNAKE_FORCE_GUARD"); value != "" {
		if o.force = parseForce(value); o.force == nil {
			fmt.Fprintf(log, "gophersnake: GOPHERSNAKE_FORCE_GUARD=%s is ignored: it is the number of a guard, all, or random:SEED\n", value)
		}
	}
	return o
}

// parseForce reads which guards fail when; nil if it cannot be read.
func parseForce(value string) func(f *ir.Func, n int) uint32 {
	if value == "all" {
		return func(*ir.Func, int) uint32 { return 1 }
	}
	if seed, ok := strings.CutPrefix(value, "random:"); ok && seed != "" {
		return func(f *ir.Func, n int) uint32 {
			h := fnv.New32a()
			fmt.Fprintf(h, "%s:%s:%d:%d:%d", seed, f.Name, f.Off, f.NumValues(), n)
			rounds := [...]uint32{1, 1, 2, 3, 7, 20}
			if k := h.Sum32() >> 8 % 24; int(k) < len(rounds) {
				return rounds[k]
			}
			return 0
		}
	}
	if number, err := strconv.ParseUint(value, 10, 31); err == nil {
		return func(_ *ir.Func, n int) uint32 {
			if n == int(number) {
				return 1
			}
			return 0
		}
	}
	return nil
}

// SetDump chooses the stages that are printed as they happen, in place of those
// chosen before.
func (d *Driver) SetDump(stages string) error {
	dump := map[string]bool{}
	for _, name := range strings.FieldsFunc(stages, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(dumpable, name) {
			return fmt.Errorf("%q is not a stage; they are %s", name, strings.Join(dumpable, ", "))
		}
		dump[name] = true
	}
	d.dump = dump
	return nil
}

// print prints what a stage made.
func (d *Driver) print(stage string, w *work, text string) {
	fmt.Fprintf(d.log, "---- gophersnake %s: %s ----\n%s\n", stage, w.about, strings.TrimRight(text, "\n"))
}
