// Which machine registers hold something at an instruction: what a call out of the way must keep, where the allocator was not told of a call.

package emitter

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
)

// touched are the registers that an instruction's operands are in. They are found once, however often a block is gone through.
type touched struct{ uses, defs regalloc.RegSet }

// findHeld sets held for each instruction: the registers that are live after it, and its operands. It solves the liveness of registers backwards
// over the blocks, until nothing changes.
func (f *Func) findHeld(ra *regalloc.Func) {
	f.held = arena.Fresh(f.held, len(f.written))
	f.heldIn = arena.Fresh(f.heldIn, len(f.order))
	f.touched = arena.Fresh(f.touched, len(f.written))
	for i := range f.order {
		first := int(f.extents[i][0])
		for j, locs := range f.Alloc.Locs[i] {
			t, ops := &f.touched[first+j], ra.Blocks[i].Instrs[j].Ops
			for n, l := range locs {
				switch {
				case !l.IsReg():
				case ops[n].Def:
					t.defs = t.defs.With(l.Reg())
				default:
					t.uses = t.uses.With(l.Reg())
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(f.order) - 1; i >= 0; i-- {
			if live := f.heldBefore(ra, i); live != f.heldIn[i] {
				f.heldIn[i], changed = live, true
			}
		}
	}
}

// heldBefore goes backwards through block i, and gives the registers that are live before it.
func (f *Func) heldBefore(ra *regalloc.Func, i int) regalloc.RegSet {
	var live regalloc.RegSet
	for k, e := range f.order[i].Succs {
		after := f.heldIn[f.position[e.To.ID]]
		if eb := f.edge(i, k); eb != nil {
			after = beforeEdits(eb.Edits, after)
		}
		live |= after
	}
	edits, instrs, first := f.Alloc.Edits[i], ra.Blocks[i].Instrs, int(f.extents[i][0])
	for j := len(instrs) - 1; j >= 0; j-- {
		t := &f.touched[first+j]
		f.held[first+j] = live | t.uses | t.defs
		live = live&^(t.defs|instrs[j].Clobbers) | t.uses
		n := len(edits)
		for n > 0 && edits[n-1].Before >= j {
			n--
		}
		live = beforeEdits(edits[n:], live)
		edits = edits[:n]
	}
	return live
}

// beforeEdits gives the registers that are live before the edits, from those that are live after them.
func beforeEdits(edits []regalloc.Edit, live regalloc.RegSet) regalloc.RegSet {
	for n := len(edits) - 1; n >= 0; n-- {
		e := &edits[n]
		if e.To.IsReg() {
			live &^= regalloc.RegSet(0).With(e.To.Reg())
		}
		if e.From.IsReg() {
			live = live.With(e.From.Reg())
		}
	}
	return live
}
