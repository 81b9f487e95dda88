// Loops whose first round differs from the others only in locals that are not bound yet. Such a round has a version of the loop's header to
// itself, and from where the locals have been stored on it shares the versions of the later rounds: so it enters the loop in its middle, and
// a loop with two entries is none to the passes. It begins at the header of the later rounds instead, with NULL for those locals.

package build

import "github.com/gophersnake/gophersnake/ir"

// widest is the version that takes what all of them do which differ from it in dead locals.
func (v *version) widest() *version {
	for v.wider != nil {
		v = v.wider
	}
	return v
}

// beginAtWider leads the edges to versions that differ in unbound locals only from what their wider versions take to those, if the narrow ones are not
// needed any more then.
func (b *builder) beginAtWider() {
	narrow := map[*ir.Block]*version{}
	for _, list := range b.versions {
		for _, v := range list {
			if v.wider != nil && b.code.BlockAt(v.off).LoopHeader && onlyUnbound(v) {
				narrow[v.block] = v
			}
		}
	}
	for dropped := -1; len(narrow) > 0 && dropped != len(narrow); {
		dropped = len(narrow)
		b.stillReached(narrow)
	}
	if len(narrow) == 0 {
		return
	}
	for _, from := range b.f.Blocks {
		for i := range from.Succs {
			if e := &from.Succs[i]; narrow[e.To] != nil && unboundIn(narrow[e.To], e.Args) {
				v := narrow[e.To]
				e.To, e.Args = v.widest().block, b.widerArgs(from, v, e.Args)
			}
		}
	}
	b.f.RemoveUnreachable()
}

// stillReached takes those out of the narrow versions that are reached although all edges which can go to their wider versions do.
func (b *builder) stillReached(narrow map[*ir.Block]*version) {
	seen := make([]bool, b.f.NumBlocks())
	seen[b.f.Blocks[0].ID] = true
	for work := []*ir.Block{b.f.Blocks[0]}; len(work) > 0; {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		for i := range from.Succs {
			to := from.Succs[i].To
			if v := narrow[to]; v != nil {
				if unboundIn(v, from.Succs[i].Args) {
					to = v.widest().block
				} else {
					delete(narrow, to)
				}
			}
			if !seen[to.ID] {
				seen[to.ID] = true
				work = append(work, to)
			}
		}
	}
}

// onlyUnbound reports whether the version differs from its wider one only in numbers that are objects there.
func onlyUnbound(v *version) bool {
	w := v.widest()
	for i := range v.locals {
		x, y := &v.locals[i], &w.locals[i]
		if !sameForm(x, y) && !mayBeUnbound(x, y) {
			return false
		}
	}
	for i := range v.stack {
		if !sameForm(&v.stack[i], &w.stack[i]) {
			return false
		}
	}
	return true
}

func sameForm(x, y *slot) bool {
	return x.kind == y.kind && x.owned == y.owned && x.class == y.class && x.alias == y.alias
}

func mayBeUnbound(x, y *slot) bool {
	return x.kind == ir.SlotDyn && y.kind == ir.SlotObjNull && y.owned && y.class == 0
}

// unboundIn reports whether the locals in which the version differs from its wider one are unbound in these arguments.
func unboundIn(v *version, args []*ir.Value) bool {
	w, n := v.widest(), 0
	for i := range v.locals {
		x := &v.locals[i]
		if !sameForm(x, &w.locals[i]) && (args[n].Op != ir.OpConstInt || args[n].Aux != int64(ir.SlotNull)) {
			return false
		}
		if x.alias == 0 {
			n += x.kind.Words()
		}
	}
	return true
}

// widerArgs makes the arguments for the wider version of those for v.
func (b *builder) widerArgs(from *ir.Block, v *version, args []*ir.Value) []*ir.Value {
	w, n := v.widest(), 0
	wider := b.f.NewList(len(w.block.Params))
	for i := range v.locals {
		x := &v.locals[i]
		if x.alias > 0 {
			continue
		}
		if sameForm(x, &w.locals[i]) {
			wider = append(wider, args[n:n+x.kind.Words()]...)
		} else {
			null := b.f.Add(from, ir.OpConstNull, ir.Type{Kind: ir.ObjNull})
			wider = append(wider, null)
		}
		n += x.kind.Words()
	}
	return append(wider, args[n:]...)
}
