// Pass licm moves what is the same in every round of a loop in front of it: operations on raw values, and loads from memory that
// the loop does not write. Moved up, they are also done where the loop would not have come to them, so only what is safe anywhere
// is moved: no division by what may be 0 or -1; a load only from a field of an object whose class is known, which is alive as long as the
// value can be used, or from an address that is a constant. Guards stay: pass peel has put one round in front of the loop
// where they are worth it, with the right frame states, and gvn has found those in the loop redundant.

package opt

import "github.com/gophersnake/gophersnake/ir"

// maxMoved is how many values are moved out of one loop. There are registers for a tenth of that: more would only be loaded again
// where they are used, and their ranges grow with the loop.
const maxMoved = 128

func licm(p *pass) int {
	f := p.f
	tree := f.Dominators()
	loops := f.ComputeLoops(tree)
	x := &invariants{loops: loops}
	n := 0
	// Inner loops first: what leaves them may leave the next one too.
	for i := len(loops.List) - 1; i >= 0; i-- {
		loop := loops.List[i]
		x.begin(loop)
		var pre *ir.Block
		moved := 0
		for _, b := range loop.Blocks {
			if b.Cold {
				continue
			}
			kept := b.Values[:0]
			for _, v := range b.Values {
				if moved == maxMoved || !movable(v) || !x.operands(v) || !x.loaded(v) {
					kept = append(kept, v)
					continue
				}
				if pre == nil {
					pre = preheader(f, loops, loop)
				}
				for j, a := range v.Args {
					if a.Op.Is(ir.Constant) && loops.Has(loop, a.Block) {
						c := f.Add(pre, a.Op, a.Type)
						c.Aux, c.Line = a.Aux, a.Line
						v.Args[j] = c
					}
				}
				v.Block = pre
				pre.Values = append(pre.Values, v)
				n++
				moved++
			}
			clear(b.Values[len(kept):])
			b.Values = kept
		}
	}
	if n > 0 {
		f.RemoveUnreachable()
	}
	return n
}

// movable reports whether v may be done even where it would not have been.
func movable(v *ir.Value) bool {
	switch v.Op {
	case ir.OpDivFloor, ir.OpModFloor:
		c := v.Args[1]
		return c.Op == ir.OpConstInt && c.Aux != 0 && c.Aux != -1
	case ir.OpUnboxFloat, ir.OpUnboxBool, ir.OpIntSign:
		return v.Args[0].Type.Class != 0
	case ir.OpClassOf:
		return v.Args[0].Type.Kind == ir.Obj
	}
	if v.Op.Is(ir.Memory) {
		base := v.Args[0]
		return len(v.Args) == 1 && (base.Op == ir.OpConstPtr || base.Type.Kind == ir.Obj && base.Type.Class != 0)
	}
	return v.Op.Is(ir.Pure) && !v.Op.Is(ir.Constant)
}
