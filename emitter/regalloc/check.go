// The checker: it follows which values each register and slot holds on every path, without regard to how
// the allocator came to its answer. Tests run it on every allocation.

package regalloc

import (
	"errors"
	"fmt"
	"slices"
)

// contents says, for each register (0-63) and slot (64 and on), which virtual registers' values it holds.
type contents [][]VReg

func place(l Loc) int {
	if l.IsReg() {
		return int(l.Reg())
	}
	return 64 + l.Slot()
}

func (c contents) holds(l Loc, v VReg) bool { return slices.Contains(c[place(l)], v) }

func (c contents) clone() contents {
	d := make(contents, len(c))
	for i := range c {
		d[i] = slices.Clone(c[i])
	}
	return d
}

// forget removes v everywhere: it is about to be defined anew.
func (c contents) forget(v VReg) {
	for i := range c {
		if k := slices.Index(c[i], v); k >= 0 {
			c[i] = slices.Delete(c[i], k, k+1)
		}
	}
}

type checker struct {
	f       *Func
	r       *Result
	avail   RegSet
	fixedIn map[Loc]bool // slots of entry parameters
	report  bool         // contents are final: report what is wrong
	errs    []error
}

func (c *checker) failf(format string, args ...any) {
	if c.report && len(c.errs) < 10 {
		c.errs = append(c.errs, fmt.Errorf("regalloc: "+format, args...))
	}
}

// Check proves by symbolic data flow that r is an allocation of f: each use reads its value on every path,
// and constraints are kept.
func Check(f *Func, r *Result) error {
	c := &checker{f: f, r: r, fixedIn: map[Loc]bool{}}
	for _, regs := range f.Avail {
		for _, p := range regs {
			c.avail = c.avail.With(p)
		}
	}
	if err := c.shape(); err != nil {
		return err
	}
	entry := make(contents, 64+r.NumSlots)
	for k, v := range f.Blocks[0].Params {
		l := f.EntryFixed[k]
		entry[place(l)] = append(entry[place(l)], v)
		if l.IsSlot() {
			c.fixedIn[l] = true
		}
	}
	in := make([]contents, len(f.Blocks))
	in[0] = entry
	queued := make([]bool, len(f.Blocks))
	work := []int{0}
	for len(work) > 0 {
		b := work[0]
		work = work[1:]
		queued[b] = false
		out := c.block(b, in[b].clone())
		for k, e := range f.Blocks[b].Succs {
			arrived := c.edge(b, k, out)
			changed := false
			if in[e.To] == nil {
				in[e.To] = arrived
				changed = true
			} else {
				for i := range in[e.To] {
					n := len(in[e.To][i])
					in[e.To][i] = slices.DeleteFunc(in[e.To][i], func(v VReg) bool { return !slices.Contains(arrived[i], v) })
					changed = changed || len(in[e.To][i]) != n
				}
			}
			if changed && !queued[e.To] {
				queued[e.To] = true
				work = append(work, e.To)
			}
		}
	}
	c.report = true
	for b := range f.Blocks {
		if in[b] == nil {
			continue // unreachable
		}
		out := c.block(b, in[b].clone())
		for k := range f.Blocks[b].Succs {
			c.edge(b, k, out)
		}
	}
	return errors.Join(c.errs...)
}

// shape checks what does not depend on contents.
func (c *checker) shape() error {
	f, r := c.f, c.r
	if len(r.Locs) != len(f.Blocks) || len(r.Edits) != len(f.Blocks) {
		return errors.New("regalloc: not an allocation of this function")
	}
	for b := range f.Blocks {
		if len(r.Locs[b]) != len(f.Blocks[b].Instrs) {
			return fmt.Errorf("regalloc: block %d has locations for %d instructions", b, len(r.Locs[b]))
		}
		for i := range f.Blocks[b].Instrs {
			if len(r.Locs[b][i]) != len(f.Blocks[b].Instrs[i].Ops) {
				return fmt.Errorf("regalloc: block %d instruction %d has %d locations", b, i, len(r.Locs[b][i]))
			}
			for _, l := range r.Locs[b][i] {
				if l.IsNone() || l.IsSlot() && l.Slot() >= r.NumSlots {
					return fmt.Errorf("regalloc: block %d instruction %d: location %v", b, i, l)
				}
			}
		}
		last := 0
		for _, e := range r.Edits[b] {
			if e.Before < last || e.Before >= len(f.Blocks[b].Instrs) {
				return fmt.Errorf("regalloc: block %d: edit %v out of order", b, e)
			}
			last = e.Before
			if err := c.edit(e); err != nil {
				return err
			}
		}
	}
	for _, eb := range r.EdgeBlocks {
		for _, e := range eb.Edits {
			if err := c.edit(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) edit(e Edit) error {
	slot := func(l Loc) bool { return l.IsSlot() && l.Slot() < c.r.NumSlots }
	reg := func(l Loc) bool {
		return l.IsReg() && l.Reg().Class() == e.Class
	}
	switch {
	case reg(e.From) && (reg(e.To) || slot(e.To)):
	case slot(e.From) && reg(e.To):
	case e.From.IsRemat() && (reg(e.To) || slot(e.To)) && e.From.Remat() == e.V && c.f.VRegs[e.V].Remat && c.f.VRegs[e.V].Class == e.Class:
	default:
		return fmt.Errorf("regalloc: edit %v is no move", e)
	}
	if e.To.IsReg() && !c.r.Written.Has(e.To.Reg()) {
		return fmt.Errorf("regalloc: edit %v writes a register that is not in Written", e)
	}
	return nil
}

func (c *checker) apply(s contents, e Edit, where string) {
	if c.fixedIn[e.To] {
		c.failf("%s: edit %v writes an incoming slot", where, e)
	}
	if e.From.IsRemat() {
		if e.To.IsSlot() {
			s[place(RegLoc(c.f.Scratch[e.Class]))] = nil
		}
		s[place(e.To)] = []VReg{e.V}
		return
	}
	if !s.holds(e.From, e.V) {
		c.failf("%s: edit %v moves v%d, but %v holds %v", where, e, e.V, e.From, s[place(e.From)])
	}
	s[place(e.To)] = slices.Clone(s[place(e.From)])
}

// block takes s through block b.
func (c *checker) block(b int, s contents) contents {
	edits := c.r.Edits[b]
	for i := range c.f.Blocks[b].Instrs {
		where := fmt.Sprintf("block %d instruction %d", b, i)
		for len(edits) > 0 && edits[0].Before == i {
			c.apply(s, edits[0], where)
			edits = edits[1:]
		}
		c.instr(s, &c.f.Blocks[b].Instrs[i], c.r.Locs[b][i], where)
	}
	return s
}

func (c *checker) instr(s contents, in *Instr, locs []Loc, where string) {
	var early, defs, fixedDefs RegSet
	for k := range in.Ops {
		op, l := &in.Ops[k], locs[k]
		if !op.Def {
			continue
		}
		if l.IsRemat() {
			if l.Remat() != op.V || !c.f.VRegs[op.V].Remat || op.C != Reg {
				c.failf("%s: v%d defined at %v", where, op.V, l)
			}
			continue
		}
		if !l.IsReg() {
			c.failf("%s: v%d defined at %v", where, op.V, l)
			continue
		}
		p := l.Reg()
		c.register(op, p, where)
		switch {
		case op.C == Fixed:
			fixedDefs = fixedDefs.With(p)
		case op.C == Tied && in.Ops[op.Tied].C == Fixed:
			fixedDefs = fixedDefs.With(p)
		}
		if op.C == Tied && locs[op.Tied] != l {
			c.failf("%s: v%d is at %v, tied to %v", where, op.V, l, locs[op.Tied])
		}
		if defs.Has(p) {
			c.failf("%s: two results in %v", where, p)
		}
		defs = defs.With(p)
		if op.Early {
			early = early.With(p)
			if op.C == Tied {
				for j := range in.Ops {
					if !in.Ops[j].Def && j != int(op.Tied) && locs[j] == l {
						c.failf("%s: early v%d shares %v", where, op.V, l)
					}
				}
			} else {
				for j := range in.Ops {
					if !in.Ops[j].Def && locs[j] == l {
						c.failf("%s: early v%d shares %v", where, op.V, l)
					}
				}
			}
		}
		if !c.r.Written.Has(p) {
			c.failf("%s: %v is not in Written", where, p)
		}
	}
	clobbers := in.Clobbers &^ fixedDefs
	if in.Clobbers&^c.r.Written != 0 {
		c.failf("%s: clobbers not in Written", where)
	}
	if defs&clobbers != 0 {
		c.failf("%s: results in clobbered registers %b", where, defs&clobbers)
	}
	for k := range in.Ops {
		op, l := &in.Ops[k], locs[k]
		if op.Def {
			continue
		}
		switch {
		case l.IsRemat():
			if l.Remat() != op.V || !c.f.VRegs[op.V].Remat {
				c.failf("%s: v%d read at %v", where, op.V, l)
			}
		case !s.holds(l, op.V):
			c.failf("%s: v%d read at %v, which holds %v", where, op.V, l, s[place(l)])
		}
		if op.C != AnyLoc && op.C != RegOrMem && !l.IsReg() {
			c.failf("%s: v%d read at %v", where, op.V, l)
		}
		if l.IsReg() {
			c.register(op, l.Reg(), where)
			if op.Late && (defs | in.Clobbers).Has(l.Reg()) {
				c.failf("%s: v%d at %v is overwritten early", where, op.V, l)
			}
		}
	}
	for k := range in.Ops {
		if in.Ops[k].Def {
			s.forget(in.Ops[k].V)
		}
	}
	for p := range PReg(64) {
		if (clobbers | defs).Has(p) {
			s[p] = nil
		}
	}
	for k := range in.Ops {
		if in.Ops[k].Def && locs[k].IsReg() {
			s[locs[k].Reg()] = []VReg{in.Ops[k].V}
		}
	}
}

// register checks that p may be the register of op.
func (c *checker) register(op *Operand, p PReg, where string) {
	if p.Class() != c.f.VRegs[op.V].Class {
		c.failf("%s: v%d in %v", where, op.V, p)
	}
	if op.C == Fixed && p != op.Fixed {
		c.failf("%s: v%d in %v instead of %v", where, op.V, p, op.Fixed)
	}
	if op.C == Reg && !c.avail.Has(p) {
		c.failf("%s: v%d in %v, which is not to be allocated", where, op.V, p)
	}
}

// edge returns what block b's contents become on its edge k.
func (c *checker) edge(b, k int, out contents) contents {
	e := &c.f.Blocks[b].Succs[k]
	s := out.clone()
	for _, eb := range c.r.EdgeBlocks {
		if eb.Pred == b && eb.Succ == k {
			for _, ed := range eb.Edits {
				c.apply(s, ed, fmt.Sprintf("edge %d->%d", b, e.To))
			}
		}
	}
	params := c.f.Blocks[e.To].Params
	for i := range s {
		var kept []VReg
		for _, v := range s[i] {
			if !slices.Contains(params, v) {
				kept = append(kept, v)
			}
		}
		for j, v := range e.Args {
			if slices.Contains(s[i], v) {
				kept = append(kept, params[j])
			}
		}
		s[i] = kept
	}
	return s
}
