// Pass polls moves the poll of a loop from its header to where the loop jumps back, which is where the interpreter polls. At the header its frame state
// tells what enters the loop and what comes round from what merges there: a local that is not bound before the first round, and is new in each, has two
// parameters for it, the kind and the value, which are set in every round and read nowhere else. Where the loop jumps back both are at hand.
//
// So a loop's poll moves only if it leaves such a parameter without a use, and only while all cycles go on polling: each natural loop must have a poll at its
// header, and there must be no cycle with more than one way in. Then every cycle jumps back to the header of a loop, and polls there or just before.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// maxPolls is at how many places a loop may poll instead.
const maxPolls = 3

func polls(p *pass) int {
	f := p.f
	tree := f.Dominators()
	loops := f.ComputeLoops(tree).List
	if len(loops) == 0 {
		return 0
	}
	for _, loop := range loops {
		if headPoll(loop.Header) < 0 {
			return 0
		}
	}
	for _, b := range tree.Order {
		for _, e := range b.Succs {
			if tree.Index(e.To) <= tree.Index(b) && !tree.Dominates(e.To, b) {
				return 0
			}
		}
	}
	uses := p.mem.countUses(f)
	n := 0
	for _, loop := range loops {
		h := loop.Header
		at := headPoll(h)
		poll := h.Values[at]
		saves := false
		inState := map[*ir.Value]int32{}
		poll.FS.Values(func(v **ir.Value) {
			if w := *v; w.Op == ir.OpParam && w.Block == h {
				inState[w]++
				saves = saves || inState[w] == uses[w.ID]
			}
		})
		backs := 0
		for _, latch := range loop.Latches {
			for i := range latch.Succs {
				if latch.Succs[i].To == h {
					backs++
				}
			}
		}
		if !saves || poll.FS.Parent != nil || backs > maxPolls {
			continue
		}
		h.Values = append(h.Values[:at:at], h.Values[at+1:]...)
		for _, latch := range loop.Latches {
			for i := range latch.Succs {
				e := &latch.Succs[i]
				if e.To != h {
					continue
				}
				b, args := latch, e.Args
				if len(latch.Succs) > 1 {
					b = splitEdge(f, latch, e)
				}
				q := f.Add(b, ir.OpPoll, ir.Type{})
				q.Exit, q.Line, q.FS = poll.Exit, poll.Line, poll.FS.Copy()
				q.FS.Values(func(v **ir.Value) {
					if w := *v; w.Op == ir.OpParam && w.Block == h {
						*v = args[paramIndex(w)]
					}
				})
			}
		}
		n++
	}
	return n
}

// headPoll is the place of a poll with which b begins, but for constants, or -1.
func headPoll(b *ir.Block) int {
	for i, v := range b.Values {
		switch {
		case v.Op == ir.OpPoll:
			return i
		case !v.Op.Is(ir.Constant):
			return -1
		}
	}
	return -1
}

// countUses counts for each value the operations, edges and frame states that mention it.
func (m *Memory) countUses(f *ir.Func) []int32 {
	m.uses = arena.Fresh(m.uses, f.NumValues())
	uses := m.uses
	value := func(v *ir.Value) {
		for _, a := range v.Args {
			uses[a.ID]++
		}
		for fs := v.FS; fs != nil; fs = fs.Parent {
			fs.Values(func(a **ir.Value) { uses[(*a).ID]++ })
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			value(v)
		}
		value(b.Ctrl)
		for _, e := range b.Succs {
			for _, a := range e.Args {
				uses[a.ID]++
			}
		}
	}
	return uses
}
