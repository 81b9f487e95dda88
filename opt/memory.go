// Memory that the passes leave to each other and to the next compile. Each pass takes what it needs from the same place, for one is done
// before the next begins; only the lists that become part of a function stay taken until the next compile.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// Memory is used in place of fresh memory. The functions of a Run have parts of it, so they are of no use after the next Run with it. The
// zero Memory is empty.
type Memory struct {
	lists  arena.Arena[*ir.Value]
	out    []*ir.Value     // a block's new list
	values ir.Replacements // by value ID
	marks  []bool          // by value ID
	blocks []bool          // by block ID
	keep   []bool          // by parameter
	work   []*ir.Value
	uses   []int32   // by value ID
	found  []finding // by value ID, of classes
	roles  []int32   // by value ID, of counters

	// of gvn
	entries []entry
	buckets []int32
	factAt  []int32
	facts   []fact
	exits   [][numRegions]int32
	kills   []regions

	// of ranges
	intervals []interval
}

// replacements gives an empty list of replacements.
func (m *Memory) replacements(f *ir.Func) ir.Replacements {
	m.values = arena.Fresh(m.values, f.NumValues())
	return m.values
}

// list gives values a place of their own: in was, the list that they replace, if they fit.
func (m *Memory) list(was, values []*ir.Value) []*ir.Value {
	m.out = values[:0]
	if len(values) > len(was) {
		return m.lists.Keep(values)
	}
	n := copy(was, values)
	clear(was[n:])
	return was[:n]
}
