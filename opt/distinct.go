// What pass gvn knows of the items of a list behind a store into it: those at other indexes are what they were. Two indexes are different if
// they are one value and different constants more, or if a condition says so that holds here, or held wherever their block was come from.

package opt

import "github.com/gophersnake/gophersnake/ir"

// stored is a store of an item, and the versions of the region before it and after it.
type stored struct {
	v             *ir.Value
	before, after int32
}

// maxPast is how many stores are looked through, and looked for.
const maxPast, maxStores = 4, 16

func (g *numbering) indexed(op ir.Op) bool {
	return len(g.stores) > 0 && op >= ir.OpLoadIdxI64 && op <= ir.OpLoadIdxObjNull && op != ir.OpLoadIdxU8
}

// past looks for what a load of an item is the same as before the stores of others.
func (g *numbering) past(e *entry, ver int32) *entry {
	if regionsRead(e.v) != 1<<listItems {
		return nil
	}
	base, index := origin(e.v.Args[0]), e.v.Args[1]
	for range maxPast {
		var s *stored
		for i := len(g.stores) - 1; i >= max(len(g.stores)-maxStores, 0) && s == nil; i-- {
			if g.stores[i].after == ver {
				s = &g.stores[i]
			}
		}
		if s == nil || origin(s.v.Args[0]) != base || s.v.Aux != e.v.Aux || !g.distinct(s.v.Args[1], index) {
			return nil
		}
		ver = s.before
		if old := g.find(e, ver); old != nil {
			return old
		}
	}
	return nil
}

// distinct reports whether two ints are certainly different.
func (g *numbering) distinct(x, y *ir.Value) bool {
	if apart(x, y) || g.holds(ir.OpILt, x, y) || g.holds(ir.OpILt, y, x) || g.holds(ir.OpIGt, x, y) || g.holds(ir.OpIGt, y, x) {
		return true
	}
	if x.Op != ir.OpParam || y.Op != ir.OpParam || x.Block != y.Block || len(x.Block.Preds) == 0 {
		return false
	}
	// Wherever their block is come from, what is brought for them is.
	b := x.Block
	i, j := paramIndex(x), paramIndex(y)
	for _, p := range b.Preds {
		for k := range p.Succs {
			e := &p.Succs[k]
			if e.To != b {
				continue
			}
			x, y := g.values.Of(e.Args[i]), g.values.Of(e.Args[j])
			if !apart(x, y) && !g.branched(p, k, x, y) {
				return false
			}
		}
	}
	return true
}

// apart reports whether two ints are one value and different constants more.
func apart(x, y *ir.Value) bool {
	xb, xc := split(x)
	yb, yc := split(y)
	return xb == yb && xc != yc
}

// branched reports whether the branch that leads to an edge, or to its block, says that two ints differ.
func (g *numbering) branched(p *ir.Block, succ int, x, y *ir.Value) bool {
	if len(p.Succs) == 1 {
		if len(p.Preds) != 1 {
			return false
		}
		to := p
		p = p.Preds[0]
		succ = 0
		if p.Succs[0].To != to {
			succ = 1
		}
	}
	if p.Ctrl.Op != ir.OpBranch || p.Succs[0].To == p.Succs[1].To {
		return false
	}
	cond, truth := p.Ctrl.Args[0], succ == 0
	for cond.Op == ir.OpBNot {
		cond, truth = cond.Args[0], !truth
	}
	if len(cond.Args) != 2 {
		return false
	}
	a, b := g.values.Of(cond.Args[0]), g.values.Of(cond.Args[1])
	if (a != x || b != y) && (a != y || b != x) {
		return false
	}
	op := cond.Op
	if !truth {
		op = inverse[op]
	}
	return op == ir.OpILt || op == ir.OpIGt || op == ir.OpINe
}

// holds reports whether a comparison is known to be true here.
func (g *numbering) holds(op ir.Op, x, y *ir.Value) bool {
	g.probe.Op, g.probe.NFixed = op, -1
	g.probe.Args = append(g.probe.Args[:0], x, y)
	e := entry{v: &g.probe, op: op, nargs: 2}
	old := g.find(&e, 0)
	switch {
	case old == nil:
		return false
	case old.res == nil:
		return old.truth
	}
	if int(old.res.ID) < len(g.factAt) && g.factAt[old.res.ID] != 0 {
		return g.facts[g.factAt[old.res.ID]].truth
	}
	return isBool(old.res, true)
}
