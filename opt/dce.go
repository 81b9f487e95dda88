// Pass dce drops what nothing needs. Needed are effects, control, guards (but see below), and what those use, frame states
// included; a parameter needs what the edges bring only if it is needed itself, so values that only circle through a loop go.
// Integer operations that leave on overflow, and unboxing of ints, go too if nothing uses the result: leaving would
// compute the same unused value as a big int, and an exit changes nothing that a program can see. But not once pass ranges has
// drawn conclusions from their not having left.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

func dce(p *pass) int {
	f := p.f
	f.RemoveUnreachable()
	changed := p.leaveBoxed()
	p.mem.marks = arena.Fresh(p.mem.marks, f.NumValues())
	live := p.mem.marks
	work := arena.Empty(p.mem.work)
	mark := func(v *ir.Value) {
		if !live[v.ID] {
			live[v.ID] = true
			work = append(work, v)
		}
	}
	for _, v := range f.Blocks[0].Params {
		mark(v)
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if needed(v) || p.ranged && v.Op.Is(ir.Guard) {
				mark(v)
			}
		}
		mark(b.Ctrl)
	}
	f.BeginSweep()
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		for _, a := range v.Args {
			mark(a)
		}
		for fs := v.FS; fs != nil && f.FirstVisit(fs); fs = fs.Parent {
			if fs.Callable != nil {
				mark(fs.Callable)
			}
			for i := range fs.Slots {
				for _, x := range fs.Slots[i].Vals {
					if x != nil {
						mark(x)
					}
				}
			}
		}
		if v.Op == ir.OpParam {
			i := paramIndex(v)
			for _, from := range v.Block.Preds {
				for j := range from.Succs {
					if e := &from.Succs[j]; e.To == v.Block {
						mark(e.Args[i])
					}
				}
			}
		}
	}
	p.mem.work = work
	n := changed
	for _, b := range f.Blocks {
		kept := b.Values[:0]
		for _, v := range b.Values {
			if live[v.ID] {
				kept = append(kept, v)
			}
		}
		n += len(b.Values) - len(kept)
		clear(b.Values[len(kept):])
		b.Values = kept
		var keep []bool
		for _, q := range b.Params {
			if live[q.ID] {
				continue
			}
			if keep == nil {
				p.mem.keep = arena.Fresh(p.mem.keep, len(b.Params))
				keep = p.mem.keep
				for j, x := range b.Params {
					keep[j] = live[x.ID]
				}
			}
			n++
		}
		if keep != nil {
			p.mem.dropParams(b, keep)
		}
	}
	return n
}

// onlyStates marks an UnboxInt that only frame states asked for before pass ranges.
const onlyStates = 1

// leaveBoxed makes ints that only frame states ask for, beside the object that they are the value of, a matter of who reads the frame state: an
// item that a program moves from one place of a list to another is no number to native code, and may have any size. Before pass ranges they are
// marked, for it may draw conclusions from the size of others; after all passes they are what they have become.
func (p *pass) leaveBoxed() int {
	f := p.f
	found := false
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			found = found || v.Op == ir.OpUnboxInt
		}
	}
	if !found {
		return 0
	}
	p.mem.marks = arena.Fresh(p.mem.marks, f.NumValues())
	asked := p.mem.marks
	ask := func(values []*ir.Value) {
		for _, a := range values {
			asked[a.ID] = true
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			ask(v.Args)
		}
		ask(b.Ctrl.Args)
		for i := range b.Succs {
			ask(b.Succs[i].Args)
		}
	}
	for _, fs := range f.States() {
		for i := range fs.Slots {
			s := &fs.Slots[i]
			for c, v := range s.Vals {
				if v != nil && v.Op == ir.OpUnboxInt && (s.Kind != ir.SlotIntOrigin || c != 0 || origin(s.Vals[1]) != origin(v.Args[0])) {
					asked[v.ID] = true
				}
			}
		}
	}
	n := 0
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			switch {
			case v.Op != ir.OpUnboxInt || asked[v.ID]:
			case !p.ranged:
				v.Aux = onlyStates
			case v.Aux == onlyStates:
				become(v, ir.OpIntOf, v.Args...)
				n++
			}
		}
	}
	return n
}

// needed reports whether v must stay even if nothing uses its result.
func needed(v *ir.Value) bool {
	switch v.Op {
	case ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf, ir.OpNegOvf, ir.OpShlOvf, ir.OpUnboxInt, ir.OpScratch:
		return false
	}
	return v.Stays() || v.Op.Is(ir.Guard)
}

func paramIndex(v *ir.Value) int {
	for i, q := range v.Block.Params {
		if q == v {
			return i
		}
	}
	panic("BUG: a parameter that is not its block's")
}
