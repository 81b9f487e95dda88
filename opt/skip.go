// Pass skip tidies the graph: branches on constants become jumps, those that choose the less or the greater of two ints a Select, unreachable blocks go, straight lines of blocks become
// one block, blocks that only jump on are gone around, and a jump to a block that only returns is a return. It never makes an edge from a block with several successors to a
// block with several predecessors, so that the register allocator always has a place for the moves of an edge.

package opt

import "github.com/gophersnake/gophersnake/ir"

func skip(p *pass) int {
	f := p.f
	changes := 0
	for _, b := range f.Blocks {
		changes += foldBranch(f, b) + choose(f, b)
	}
	changes += f.RemoveUnreachable()
	if n := bypass(f) + returns(f); n > 0 {
		changes += n + f.RemoveUnreachable()
	}
	return changes + merge(p)
}

// foldBranch makes a branch a jump if it can only go one way, or both ways are the same.
func foldBranch(f *ir.Func, b *ir.Block) int {
	if b.Ctrl.Op != ir.OpBranch {
		return 0
	}
	take := 0
	switch cond := b.Ctrl.Args[0]; {
	case cond.Op == ir.OpConstBool:
		if cond.Aux == 0 {
			take = 1
		}
	case b.Succs[0].To == b.Succs[1].To && sameValues(b.Succs[0].Args, b.Succs[1].Args):
	default:
		return 0
	}
	b.Succs = b.Succs[take : take+1 : take+1]
	b.Ctrl.Op, b.Ctrl.Args, b.Ctrl.Aux = ir.OpJump, nil, 0
	return 1
}

// choose makes a branch a Select if its ways only bring the one or the other of the two ints that it compares: which one is smaller is seldom
// foreseen, and there is nothing else to compute. (Where it is, as in a search for the largest, that costs a cycle.)
func choose(f *ir.Func, b *ir.Block) int {
	if b.Ctrl.Op != ir.OpBranch || b.Ctrl.Aux != 0 {
		return 0
	}
	cond := b.Ctrl.Args[0]
	switch cond.Op {
	case ir.OpILt, ir.OpILe, ir.OpIGt, ir.OpIGe:
	default:
		return 0
	}
	yes, no := b.Succs[0].To, b.Succs[1].To
	if !bringsOnly(yes) || !bringsOnly(no) || yes.Succs[0].To != no.Succs[0].To {
		return 0
	}
	e := &yes.Succs[0]
	differs := -1
	for i, v := range e.Args {
		w := no.Succs[0].Args[i]
		if v == w || v.Op == w.Op && v.Op.Is(ir.Constant) && v.Aux == w.Aux && v.Type == w.Type {
			continue
		}
		x, y := cond.Args[0], cond.Args[1]
		if differs >= 0 || !(v == x && w == y || v == y && w == x) {
			return 0
		}
		differs = i
	}
	args := make([]*ir.Value, len(e.Args))
	for i, v := range e.Args {
		switch {
		case i == differs:
			v = f.Add(b, ir.OpSelect, v.Type, cond, v, no.Succs[0].Args[i])
			v.Line = b.Ctrl.Line
		case v.Block == yes: // a constant
			c := f.Add(b, v.Op, v.Type)
			c.Aux, c.Line = v.Aux, v.Line
			v = c
		}
		args[i] = v
	}
	b.Succs = f.NewEdges(ir.Edge{To: e.To, Args: args})
	b.Ctrl.Op, b.Ctrl.Args = ir.OpJump, nil
	return 1
}

// bringsOnly reports whether a block only brings values to the next one.
func bringsOnly(b *ir.Block) bool {
	for _, v := range b.Values {
		if !v.Op.Is(ir.Constant) {
			return false
		}
	}
	return b.Ctrl.Op == ir.OpJump && len(b.Params) == 0
}

func sameValues(x, y []*ir.Value) bool {
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// bypass leads jumps to blocks that only jump on to where those lead. Preds are up to date.
func bypass(f *ir.Func) int {
	changes := 0
	var uses []int32
	for _, b := range f.Blocks {
		if len(b.Succs) != 1 {
			continue
		}
		e := &b.Succs[0]
		// The count of rounds guards against blocks that jump in a circle.
		for rounds := 0; rounds < 8; rounds++ {
			mid := e.To
			if len(mid.Values) > 0 || mid.Ctrl.Op != ir.OpJump || mid == f.Blocks[0] || mid.Succs[0].To == mid {
				break
			}
			if uses == nil && len(mid.Params) > 0 {
				uses = f.UseCounts()
			}
			if usedElsewhere(mid, uses) {
				break
			}
			next := &mid.Succs[0]
			args := make([]*ir.Value, len(next.Args))
			for j, a := range next.Args {
				args[j] = a
				for k, q := range mid.Params {
					if a == q {
						args[j] = e.Args[k]
					}
				}
			}
			if uses != nil {
				for _, a := range e.Args {
					uses[a.ID]--
				}
				for _, a := range args {
					uses[a.ID]++
				}
			}
			e.To, e.Args = next.To, args
			changes++
		}
	}
	return changes
}

// returns makes a jump to a block that only returns a return of its own: a few bytes, and the way need not count recursion because another
// one does. A function with a frame has more to do at its end. Preds are up to date, but for edges that bypass moved.
func returns(f *ir.Func) int {
	if f.HasFrame || f.Resume {
		return 0
	}
	changes := 0
	for _, b := range f.Blocks {
		if b.Ctrl.Op != ir.OpJump {
			continue
		}
		e := b.Succs[0]
		end := e.To.Ctrl
		if len(e.To.Values) > 0 || len(e.To.Preds) < 2 || end.Op != ir.OpReturn && end.Op != ir.OpReturnRaw || end.FS != nil {
			continue
		}
		own := f.NewValue(b, end.Op, end.Type, end.Args...)
		own.Aux, own.Line = end.Aux, end.Line
		for i, a := range own.Args {
			for k, q := range e.To.Params {
				if a == q {
					own.Args[i] = e.Args[k]
				}
			}
		}
		b.Ctrl, b.Succs = own, nil
		changes++
	}
	return changes
}

// usedElsewhere reports whether a parameter of a block that only jumps is used by anything but its jump.
func usedElsewhere(b *ir.Block, uses []int32) bool {
	for _, q := range b.Params {
		n := int32(0)
		for _, a := range b.Succs[0].Args {
			if a == q {
				n++
			}
		}
		if uses[q.ID] != n {
			return true
		}
	}
	return false
}

// merge appends a block to its only predecessor where that leads nowhere else.
func merge(p *pass) int {
	f := p.f
	f.ComputePreds()
	var values ir.Replacements
	gone := 0
	for _, b := range f.Blocks {
		if b.Ctrl == nil {
			continue // appended to another already
		}
		for b.Ctrl.Op == ir.OpJump {
			next := b.Succs[0].To
			if next == b || len(next.Preds) != 1 || next == f.Blocks[0] {
				break
			}
			if values == nil {
				values = p.mem.replacements(f)
			}
			for i, q := range next.Params {
				values[q.ID] = values.Of(b.Succs[0].Args[i])
			}
			for _, v := range next.Values {
				v.Block = b
			}
			b.Values = append(b.Values, next.Values...)
			b.Ctrl, b.Succs = next.Ctrl, next.Succs
			b.Ctrl.Block = b
			next.Ctrl, next.Values, next.Params = nil, nil, nil
			gone++
		}
	}
	if gone == 0 {
		return 0
	}
	kept := f.Blocks[:0]
	for _, b := range f.Blocks {
		if b.Ctrl != nil {
			kept = append(kept, b)
		}
	}
	clear(f.Blocks[len(kept):])
	f.Blocks = kept
	f.Replace(values)
	f.ComputePreds()
	return gone
}
