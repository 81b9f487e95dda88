// Liveness of locals. Versions are keyed by the types of live locals only, so a
// local that is wrongly live costs versions, and one that is wrongly dead costs
// its value: an instruction that may raise keeps alive what its handler reads.
package decoder

// liveness solves the backward equations over blocks by a work-list.
func (f *Func) liveness() {
	locals := len(f.Code.Locals)
	f.liveIn = make([]Bits, len(f.Blocks))
	f.liveOuts = make([]Bits, len(f.Blocks))
	for n := range f.Blocks {
		f.liveIn[n], f.liveOuts[n] = NewBits(locals), NewBits(locals)
	}
	queued := make([]bool, len(f.Blocks))
	work := make([]int, 0, len(f.Blocks))
	push := func(n int) {
		if !queued[n] && f.Blocks[n].Depth >= 0 {
			queued[n] = true
			work = append(work, n)
		}
	}
	for n := range f.Blocks {
		push(n)
	}
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		queued[n] = false
		b := &f.Blocks[n]
		for _, e := range b.Succs {
			f.liveOuts[n].Or(f.liveIn[e.To])
		}
		live := f.liveOuts[n].Clone()
		for i := b.Last - 1; i >= b.First; i-- {
			f.liveBefore(b, &f.Instrs[i], live)
		}
		if !f.liveIn[n].Or(live) {
			continue
		}
		for _, p := range b.Preds {
			push(p)
		}
		for _, p := range b.Throwers {
			push(p)
		}
	}
}

// liveBefore turns what lives after an instruction into what lives before it.
func (f *Func) liveBefore(b *Block, i *Instr, live Bits) {
	switch i.Op {
	case OpStoreFast:
		live.Clear(int(i.Arg))
	case OpCopyFreeVars:
		for n, l := range f.Code.Locals {
			if l.Kind == LocalFree {
				live.Clear(n)
			}
		}
	default:
		if i.Op.UsesLocal() {
			live.Set(int(i.Arg))
		}
	}
	if b.Except >= 0 && !i.Op.Quiet() {
		live.Or(f.liveIn[b.Except])
	}
}

// LiveIn gives the locals that are live at a block's start. Not to be changed.
func (f *Func) LiveIn(block int) Bits { return f.liveIn[block] }

// LiveOut gives the locals that are live where control leaves a block by an edge
// other than an exception's. Not to be changed.
func (f *Func) LiveOut(block int) Bits { return f.liveOuts[block] }

// LiveAt gives the locals that are live before the instruction at off, in a set
// of the caller's own; nil if none begins there.
func (f *Func) LiveAt(off uint32) Bits {
	n, b := f.Index(off), f.BlockAt(off)
	if n < 0 || b == nil {
		return nil
	}
	live := f.liveOuts[b.Index].Clone()
	for i := b.Last - 1; i >= n; i-- {
		f.liveBefore(b, &f.Instrs[i], live)
	}
	return live
}
