// Which raw parameters a function keeps. It makes an object of a number where it stores it; if the caller has that number elsewhere, too, there must be
// no other object of it. (A callee appends x, then the caller asks `x in l`: True of nan as well, which is found by its identity.)

package build

import "github.com/gophersnake/gophersnake/ir"

// keeps are the raw parameters of a function that was built, as bits, of which somebody may have an object when it has returned, or get one
// where nothing was compiled yet. A function with a frame shows them there. What it only returns it does not keep.
func (u *unit) keeps(ce *callee) (kept uint64) {
	f, at := ce.fn, 1
	raw, mayBe := uint64(0), map[*ir.Value]uint64{} // parameters that a value may be
	for i := range min(len(f.Key), 64) {
		if k := f.Key[i].Kind; k == ir.SlotInt || k == ir.SlotFloat {
			raw |= 1 << i
			mayBe[f.Blocks[0].Params[at]] = 1 << i
		}
		at += len(f.Key[i].Kind.Components())
	}
	if raw == 0 || f.HasFrame {
		return raw
	}
	returns := returning(f)
	for changed := true; changed; {
		changed = false
		add := func(to *uint64, bits uint64) {
			changed = changed || *to|bits != *to
			*to |= bits
		}
		flow := func(to, from *ir.Value) {
			if bits := mayBe[to]; mayBe[from]|bits != bits {
				mayBe[to], changed = mayBe[from]|bits, true
			}
		}
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				switch v.Op {
				case ir.OpSelect, ir.OpFloatBits, ir.OpBitsFloat:
					for _, a := range v.Args {
						flow(v, a)
					}
				case ir.OpBoxInt, ir.OpBoxFloat, ir.OpCallHelper: // numeric helpers take an int or float, gs_box_dyn what is either
					if returns[b] && (v.Op != ir.OpCallHelper || ir.Helpers[v.Aux].Name == "gs_box_dyn") {
						for _, a := range v.Args {
							add(&kept, mayBe[a])
						}
					}
				case ir.OpCallNative:
					at := 1
					for i, s := range f.Callees[v.Aux].Func.Key {
						n := len(s.Kind.Components())
						if n == 1 && i < 64 && u.keepsOf(ce, kept, f.Callees[v.Aux].Func)>>i&1 == 1 {
							add(&kept, mayBe[v.Args[at]])
						}
						at += n
					}
				}
			}
			for _, e := range b.Succs {
				for i, a := range e.Args {
					flow(e.To.Params[i], a)
				}
			}
			if b.Ctrl.Op == ir.OpExit && b.Ctrl.Exit.Reason == ir.WhyUnseen {
				for i := range b.Ctrl.FS.Slots {
					s := &b.Ctrl.FS.Slots[i]
					if i >= b.Ctrl.FS.NLocals || u.decoded[f.Code].LiveAt(b.Ctrl.FS.Off).Has(i) {
						add(&kept, mayBe[s.Vals[0]])
					}
				}
			}
		}
	}
	return kept
}

// keepsOf are the parameters that a callee keeps, as far as is known while ce is being looked at.
func (u *unit) keepsOf(ce *callee, kept uint64, f *ir.Func) uint64 {
	if f == ce.fn {
		return kept
	}
	for _, other := range u.callees {
		if other.fn == f && !other.building {
			return other.keeps
		}
	}
	return ^uint64(0)
}

// returning are the blocks from which the function may return. What is boxed elsewhere is for an exception.
func returning(f *ir.Func) map[*ir.Block]bool {
	found := map[*ir.Block]bool{}
	for changed := true; changed; {
		changed = false
		for i := len(f.Blocks) - 1; i >= 0; i-- {
			b := f.Blocks[i]
			is := b.Ctrl.Op == ir.OpReturn && b.Ctrl.Aux != ir.TagError || b.Ctrl.Op == ir.OpExit && b.Ctrl.Exit.Kind != ir.ExitRaise
			for _, e := range b.Succs {
				is = is || found[e.To]
			}
			if is && !found[b] {
				found[b], changed = true, true
			}
		}
	}
	return found
}
