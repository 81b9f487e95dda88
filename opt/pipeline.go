// Package opt improves functions in SSA form. This file has the table of passes: what runs, in which order, and why that order;
// each pass has a file of its own name.
package opt

import (
	"fmt"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/ir"
)

// Options say how to run the passes. The zero value runs all of them.
type Options struct {
	Off        []string                           // names of passes left out
	Dump       func(pass string, f *ir.Func)      // called before the first pass (with the name "") and after each
	Verify     bool                               // check each function before the first pass and after each
	FixedClass func(ir.Class) bool                // classes whose instances never get another class; nil: none is
	QuietClass func(ir.Class) bool                // classes whose instances' end runs nothing (as DecrefQuiet wants); nil: none is
	NearPow    func() bool                        // FMulAdd is an instruction, and pow is as near to the exact power as pass powers wants it; nil: no
	Timing     func(pass string, d time.Duration) // called after each pass
	Memory     *Memory                            // left by the last Run; nil: fresh memory
}

// Stats counts what each pass changed, by its name.
type Stats map[string]int

// pass is one function on its way through one pass.
type pass struct {
	f      *ir.Func
	opts   *Options
	mem    *Memory
	ranged bool // pass ranges has run: what it concluded may rest on a guard on overflow whose result nothing uses any more
}

func (p *pass) fixed(c ir.Class) bool {
	return c != 0 && p.opts.FixedClass != nil && p.opts.FixedClass(c)
}
func (p *pass) quiet(c ir.Class) bool {
	return c != 0 && p.opts.QuietClass != nil && p.opts.QuietClass(c)
}

// passInfo is a row of the table.
type passInfo struct {
	name  string
	run   func(*pass) int // gives the number of changes
	after []string        // passes of which one run at least must come before the first run of this one
	// What a pass would do that it did not do in its last run comes of changes that were made since, by passes that are not these. What runs
	// often is idle most of the time, and need not look.
	ignores []string
}

// passes is the table, by name.
var passes = []passInfo{
	{name: "skip", run: skip},
	{name: "params", run: params, ignores: []string{"params"}},
	{name: "classes", run: classes, after: []string{"params"}},                                  // what is a copy has its value's class
	{name: "fold", run: fold, after: []string{"params"}, ignores: []string{"dce"}},              // the builder makes every slot a parameter of each merge: nothing is constant before
	{name: "polls", run: polls, after: []string{"params", "fold"}},                              // what is no copy has a use, or none
	{name: "inline", run: inline, after: []string{"params"}},                                    // a call's arguments are known
	{name: "gvn", run: gvn, after: []string{"params", "fold"}, ignores: []string{"gvn", "dce"}}, // copies and constants in their simplest form are found to be the same
	{name: "dce", run: dce, after: []string{"fold", "gvn"}, ignores: []string{"dce"}},
	{name: "ranges", run: ranges, after: []string{"gvn", "dce"}},           // two loads of a length must be one value; guards that nobody needs must be gone
	{name: "peel", run: peel, after: []string{"ranges"}},                   // checks that ranges drops need no copy
	{name: "licm", run: licm, after: []string{"peel", "gvn"}},              // the copy of the first round does for most
	{name: "powers", run: powers, after: []string{"fold", "licm"}},         // exponents are constants, and nothing is found out about what it makes
	{name: "flatten", run: flatten, after: []string{"ranges", "licm"}},     // what branches tell has been used
	{name: "counters", run: oneCounter, after: []string{"ranges", "licm"}}, // nobody looks for pairs of counters any more
	{name: "refs", run: refs, after: []string{"gvn"}},                      // the same object must have one name
	{name: "rebox", run: rebox, after: []string{"gvn", "refs"}},            // an object's value is a constant to all the others
}

// order is how the passes run.
var order = []string{"skip", "params", "classes", "fold", "skip", "params", "polls", "inline", "skip", "params", "gvn", "fold", "skip", "params", "dce", "ranges", "fold", "skip", "params", "peel", "gvn", "fold", "skip", "params", "licm", "powers", "flatten", "counters", "refs", "rebox", "dce"}

var passByName = map[string]*passInfo{}

func init() {
	for i := range passes {
		passByName[passes[i].name] = &passes[i]
	}
	ran := map[string]bool{}
	for _, name := range order {
		row := passByName[name]
		if row == nil {
			panic("BUG: no pass " + name)
		}
		for _, a := range row.after {
			if !ran[a] {
				panic(fmt.Sprintf("BUG: pass %s runs before %s", name, a))
			}
		}
		ran[name] = true
	}
	for _, row := range passes {
		if !ran[row.name] {
			panic("BUG: pass " + row.name + " never runs")
		}
	}
}

// Names lists the passes, for messages about options.
func Names() []string {
	names := make([]string, len(passes))
	for i := range passes {
		names[i] = passes[i].name
	}
	return names
}

// ParseOff reads a list like "-gvn,-licm" of passes to leave out.
func ParseOff(list string) ([]string, error) {
	var off []string
	for _, item := range strings.Split(list, ",") {
		name := strings.TrimSpace(item)
		if name == "" {
			continue
		}
		if !strings.HasPrefix(name, "-") || passByName[name[1:]] == nil {
			return nil, fmt.Errorf("%q is not -PASS; passes are %s", name, strings.Join(Names(), ", "))
		}
		off = append(off, name[1:])
	}
	return off, nil
}

// Run takes the functions through the passes. It fails only with Options.Verify, if a function is or becomes wrong.
func Run(funcs []*ir.Func, opts Options) (Stats, error) {
	stats := Stats{}
	if opts.Memory == nil {
		opts.Memory = &Memory{}
	}
	opts.Memory.lists.Reset()
	for i := len(funcs) - 1; i >= 0; i-- { // callees come after who calls them, and are finished first, for pass inline
		if err := runOne(funcs[i], &opts, stats); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

func runOne(f *ir.Func, opts *Options, stats Stats) error {
	check := func(name string) error {
		if opts.Dump != nil {
			opts.Dump(name, f)
		}
		if opts.Verify {
			if err := f.Verify(); err != nil {
				return fmt.Errorf("after pass %q: %w", name, err)
			}
		}
		return nil
	}
	if err := check(""); err != nil {
		return err
	}
	p := &pass{f: f, opts: opts, mem: opts.Memory}
	stale := map[*passInfo]bool{} // there is something new since the last run; a pass that is not in it has not run
	for _, name := range order {
		row := passByName[name]
		if again, ran := stale[row]; contains(opts.Off, name) || ran && !again {
			continue
		}
		var begin time.Time
		if opts.Timing != nil {
			begin = time.Now()
		}
		n := row.run(p)
		stats[name] += n
		stale[row] = false
		if n > 0 {
			for other := range stale {
				stale[other] = stale[other] || !contains(other.ignores, name)
			}
		}
		if opts.Timing != nil {
			opts.Timing(name, time.Since(begin))
		}
		if err := check(name); err != nil {
			return err
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
