// Where a function counts recursion. The count is a cell that is read, changed and written at each call and each return, so calls wait for
// one another there: five nanoseconds a call of a small recursive function, more than all the rest. What cannot call anything needs no count.
// So a way through the function on which nothing can look at the count only asks, in the prologue, whether one more is allowed.

package emitter

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// counts finds the blocks that run with the activation counted. Every way into one of them counts, and nothing that follows it is without.
func (f *Func) counts() {
	f.counted, f.entered = arena.Fresh(f.counted, f.IR.NumBlocks()), arena.Fresh(f.entered, f.IR.NumBlocks())
	if f.MayHaveFrame() {
		for _, b := range f.order {
			f.counted[b.ID], f.entered[b.ID] = true, true
		}
		return
	}
	for _, b := range f.rpo {
		for _, v := range b.Values {
			if looksAtCount(v) {
				f.counted[b.ID] = true
				break
			}
		}
	}
	for changed := true; changed; {
		changed = false
		f.entered = arena.Fresh(f.entered, f.IR.NumBlocks())
		for _, b := range f.rpo {
			for _, e := range b.Succs {
				if !f.counted[b.ID] {
					continue
				}
				f.entered[e.To.ID] = true
				if !f.counted[e.To.ID] {
					f.counted[e.To.ID] = true
					changed = true
				}
			}
		}
		if changed {
			continue
		}
		// An edge from a branch to a block that others reach counted has no place for it.
		for _, b := range f.rpo {
			for _, e := range b.Succs {
				if len(b.Succs) > 1 && !f.counted[b.ID] && f.entered[e.To.ID] {
					f.counted[b.ID] = true
					changed = true
				}
			}
		}
	}
}

// looksAtCount says whether the operation may run what counts recursion.
func looksAtCount(v *ir.Value) bool {
	switch v.Op {
	case ir.OpDecref, ir.OpXDecref:
		return true
	}
	return v.Op.Is(ir.Call) && !v.IsPure()
}

// Counted says whether the activation is counted in a block.
func (f *Func) Counted(b *ir.Block) bool { return f.counted[b.ID] }

// countsFirst says whether a block begins with counting: all ways to it come without.
func (f *Func) countsFirst(b *ir.Block) bool {
	return b != f.rpo[0] && f.counted[b.ID] && !f.entered[b.ID]
}

// countsLast says whether a block that is not counted itself ends with it.
func (f *Func) countsLast(b *ir.Block) bool {
	return !f.counted[b.ID] && len(b.Succs) == 1 && f.entered[b.Succs[0].To.ID]
}
