// What passes peel and licm share: which values of a loop are the same in every round, and the block before a loop.

package opt

import "github.com/gophersnake/gophersnake/ir"

// invariants finds what does not change in a loop.
type invariants struct {
	loops *ir.Loops
	loop  *ir.Loop
	kills regions // what the loop may write
	in    []bool  // by value ID: in the loop, but the same in every round
}

// begin turns to another loop.
func (x *invariants) begin(loop *ir.Loop) {
	x.loop, x.kills = loop, 0
	for _, b := range loop.Blocks {
		for _, v := range b.Values {
			x.kills |= regionsWritten(v)
		}
	}
}

// outside reports whether v is defined outside the loop, or known to be the same in every round.
func (x *invariants) outside(v *ir.Value) bool {
	return int(v.ID) < len(x.in) && x.in[v.ID] || !x.loops.Has(x.loop, v.Block)
}

// operands reports whether all arguments are the same in every round. Constants may be made anywhere.
func (x *invariants) operands(v *ir.Value) bool {
	for _, a := range v.Args {
		if !a.Op.Is(ir.Constant) && !x.outside(a) {
			return false
		}
	}
	return true
}

// loaded reports whether memory that v depends on stays the same.
func (x *invariants) loaded(v *ir.Value) bool {
	return !v.Op.Is(ir.Memory) || regionsRead(v)&x.kills == 0
}

// preheader gives the block that the loop is entered from, making one if there is none that leads only there.
func preheader(f *ir.Func, loops *ir.Loops, loop *ir.Loop) *ir.Block {
	h := loop.Header
	var only *ir.Block
	entries := 0
	for _, p := range h.Preds {
		if !loops.Has(loop, p) {
			only = p
			entries++
		}
	}
	if entries == 1 && len(only.Succs) == 1 {
		return only
	}
	pre := f.NewBlock()
	pre.Off, pre.Cold = h.Off, h.Cold
	args := make([]*ir.Value, len(h.Params))
	for i, q := range h.Params {
		args[i] = f.AddParam(pre, q.Type)
	}
	for _, p := range h.Preds {
		if loops.Has(loop, p) {
			continue
		}
		for i := range p.Succs {
			if p.Succs[i].To == h {
				p.Succs[i].To = pre
			}
		}
	}
	pre.Ctrl = f.NewValue(pre, ir.OpJump, ir.Type{})
	pre.Succs = []ir.Edge{{To: h, Args: args}}
	loops.Adopt(pre, loop.Parent)
	f.ComputePreds()
	return pre
}

// splitCritical puts an empty block into each edge from a block with several successors to one with several predecessors.
func splitCritical(f *ir.Func) {
	f.ComputePreds()
	for _, b := range f.Blocks {
		if len(b.Succs) < 2 {
			continue
		}
		for i := range b.Succs {
			e := &b.Succs[i]
			if len(e.To.Preds) < 2 {
				continue
			}
			splitEdge(f, b, e)
		}
	}
}

// splitEdge puts a block on an edge that leaves b.
func splitEdge(f *ir.Func, b *ir.Block, e *ir.Edge) *ir.Block {
	mid := f.NewBlock()
	mid.Off, mid.Cold = e.To.Off, e.To.Cold
	mid.Ctrl = f.NewValue(mid, ir.OpJump, ir.Type{})
	mid.Ctrl.Line = b.Ctrl.Line
	mid.Succs = []ir.Edge{*e}
	*e = ir.Edge{To: mid}
	return mid
}
