// What the allocator knows of a function before it chooses registers: program points, loops, how often
// each block runs, and for each virtual register where it is live and what its uses want.

package regalloc

import (
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/flow"
)

// Points: instruction number g (numbered through the function, each block beginning with a number for its
// parameters) reads at point 2g and writes at 2g+1. Edits stand in the gap between 2g-1 and 2g.

// seg is a stretch [from, to) of points where v is live, has a machine register, or a spill slot is taken (by anything).
type seg struct {
	from, to int32
	v        VReg
}

// endingAfter returns the index of the first of sorted stretches, which do not overlap, that ends after point.
func endingAfter(segs []seg, point int32) int {
	lo, hi := 0, len(segs)
	for lo < hi {
		if m := (lo + hi) / 2; segs[m].to > point {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// use is a place that wants its register. need: it must have one on [from, to); otherwise a register merely saves work.
type use struct {
	from, to int32
	v        VReg
	weight   float32 // cost of not having a register here
	hint     PReg    // the register that saves a move, or NoReg
	gain     float32 // what that move costs
	need     bool
	edge     bool // passed on to another block: worth something only if it is in a register anyway
}

// affinity is a copy between two virtual registers that one register for both would save.
type affinity struct {
	a, b   VReg
	weight float32
	number int32 // in the order they were met
}

// fixedDef is a definition in a given place, from which it goes to its own location in the next gap.
type fixedDef struct {
	g   int32
	loc Loc
}

type loop struct {
	header, parent, depth int32
}

// clobber is an instruction's end at which machine registers are overwritten.
type clobber struct {
	point int32
	regs  RegSet
}

// live keeps its memory from one function to the next.
type live struct {
	f     *Func
	start []int32 // by block: number of its first (parameter) index; its points are [2*start, 2*end)
	end   []int32
	block []int32 // by number: its block
	preds flow.Preds
	freq  []float32
	level []uint8 // by block: a number for its freq
	loops []loop
	loop  []int32 // by block: innermost loop or -1

	points   []int32 // by level and block: how many points the blocks of that level before it have
	living   flow.Live
	segs     lists[seg]
	uses     lists[use]
	fixed    [64][]seg // ascending once ranges is done, as clobbers
	clobbers []clobber
	fixedDef []fixedDef // by virtual register; g is -1 if none
	defAt    []int32    // by virtual register: number of its definition
	affinity []affinity
	dying    []VReg
	written  RegSet

	// of findLoops, levels and flow
	post, num, work []int32
	order           flow.Preds // by place in reverse postorder
	dominators      flow.Dominators
	home            []int32 // by virtual register: the block that defines it
	seen            []bool
	stack           []visit
	freqs           []float32
}

type visit struct{ b, next int32 }

func (l *live) analyse(f *Func) error {
	l.f = f
	n := int32(0)
	nb := len(f.Blocks)
	l.start, l.end = arena.Fresh(l.start, nb), arena.Fresh(l.end, nb)
	l.preds.Begin(nb)
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		if len(blk.Instrs) == 0 {
			return fmt.Errorf("regalloc: block %d is empty", b)
		}
		l.start[b] = n
		n += int32(len(blk.Instrs)) + 1
		l.end[b] = n
		for _, e := range blk.Succs {
			if e.To == 0 {
				return fmt.Errorf("regalloc: block %d goes to the entry block", b)
			}
			if len(e.Args) != len(f.Blocks[e.To].Params) {
				return fmt.Errorf("regalloc: edge %d->%d has %d arguments for %d parameters", b, e.To, len(e.Args), len(f.Blocks[e.To].Params))
			}
			l.preds.Count(int32(e.To))
		}
	}
	if len(f.EntryFixed) != len(f.Blocks[0].Params) {
		return fmt.Errorf("regalloc: %d places for %d entry parameters", len(f.EntryFixed), len(f.Blocks[0].Params))
	}
	l.preds.Counted()
	for b := range f.Blocks {
		for _, e := range f.Blocks[b].Succs {
			l.preds.Add(int32(b), int32(e.To))
		}
	}
	l.block = arena.Fresh(l.block, int(n))
	for b := range f.Blocks {
		for g := l.start[b]; g < l.end[b]; g++ {
			l.block[g] = int32(b)
		}
	}
	l.findLoops()
	l.levels()
	l.flow()
	return l.ranges()
}

// findLoops finds natural loops (by dominators) and estimates how often each block runs.
func (l *live) findLoops() {
	f := l.f
	nb := len(f.Blocks)
	post := arena.Empty(l.post)
	l.num = arena.Fresh(l.num, nb)
	num := l.num // position in post, -1 if unreachable
	for i := range num {
		num[i] = -1
	}
	l.seen = arena.Fresh(l.seen, nb)
	seen := l.seen
	stack := append(arena.Empty(l.stack), visit{})
	seen[0] = true
	for len(stack) > 0 {
		t := &stack[len(stack)-1]
		succs := f.Blocks[t.b].Succs
		if int(t.next) < len(succs) {
			s := succs[t.next].To
			t.next++
			if !seen[s] {
				seen[s] = true
				stack = append(stack, visit{int32(s), 0})
			}
			continue
		}
		num[t.b] = int32(len(post))
		post = append(post, t.b)
		stack = stack[:len(stack)-1]
	}
	l.post, l.stack = post, stack
	last := int32(len(post)) - 1
	eachEdge := func(visit func(from, to int32)) { // by places in reverse postorder
		for i := range post {
			for _, e := range f.Blocks[post[int(last)-i]].Succs {
				visit(int32(i), last-num[e.To])
			}
		}
	}
	l.order.Begin(len(post))
	eachEdge(func(_, to int32) { l.order.Count(to) })
	l.order.Counted()
	eachEdge(l.order.Add)
	l.dominators.Compute(&l.order)

	l.loops = arena.Empty(l.loops)
	l.loop = arena.Fresh(l.loop, nb)
	for i := range l.loop {
		l.loop[i] = -1
	}
	// Inner loops' headers come before outer ones in post order.
	for _, h := range post {
		work := arena.Empty(l.work)
		for _, p := range l.preds.Of(h) {
			if num[p] >= 0 && l.dominators.Dominates(last-num[h], last-num[p]) {
				work = append(work, p)
			}
		}
		if len(work) == 0 {
			continue
		}
		id := int32(len(l.loops))
		l.loops = append(l.loops, loop{header: h, parent: -1})
		l.loop[h] = id
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if num[b] < 0 {
				continue
			}
			in := l.loop[b]
			if in == id {
				continue
			}
			if in < 0 {
				l.loop[b] = id
				work = append(work, l.preds.Of(b)...)
				continue
			}
			for l.loops[in].parent >= 0 && in != id {
				in = l.loops[in].parent
			}
			if in != id {
				l.loops[in].parent = id
				work = append(work, l.preds.Of(l.loops[in].header)...)
			}
		}
		l.work = work
	}
	for i := len(l.loops) - 1; i >= 0; i-- { // parents have greater numbers
		l.loops[i].depth = 1
		if p := l.loops[i].parent; p >= 0 {
			l.loops[i].depth = l.loops[p].depth + 1
		}
	}
	l.freq = arena.Fresh(l.freq, nb)
	for b := range f.Blocks {
		if l.freq[b] = f.Blocks[b].Freq; l.freq[b] > 0 {
			continue
		}
		depth := 0
		if in := l.loop[b]; in >= 0 {
			depth = int(l.loops[in].depth)
		}
		l.freq[b] = 1
		for range min(depth, 6) {
			l.freq[b] *= 8
		}
		if f.Blocks[b].Cold {
			l.freq[b] /= 256
		}
	}
}

// levels numbers the frequencies.
func (l *live) levels() {
	nb := len(l.freq)
	l.level = arena.Fresh(l.level, nb)
	freqs := arena.Empty(l.freqs)
	for b, f := range l.freq {
		k := slices.Index(freqs, f)
		if k < 0 {
			k = len(freqs)
			freqs = append(freqs, f)
		}
		l.level[b] = uint8(k)
	}
	l.freqs = freqs
	l.points = arena.Fresh(l.points, len(freqs)*(nb+1))
	for k := range freqs {
		p := l.points[k*(nb+1):]
		for b := range nb {
			p[b+1] = p[b]
			if l.level[b] == uint8(k) {
				p[b+1] += 2 * (l.end[b] - l.start[b])
			}
		}
	}
}

// flow finds what lives at the beginning of each block.
func (l *live) flow() {
	f := l.f
	l.home = arena.Fresh(l.home, len(f.VRegs))
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		for _, v := range blk.Params {
			l.home[v] = int32(b)
		}
		for i := range blk.Instrs {
			for k := range blk.Instrs[i].Ops {
				if op := &blk.Instrs[i].Ops[k]; op.Def {
					l.home[op.V] = int32(b)
				}
			}
		}
	}
	l.living.Begin(len(f.VRegs))
	want := func(b int, v VReg) {
		if l.home[v] != int32(b) {
			l.living.Wants(int32(b), int32(v))
		}
	}
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		for _, e := range blk.Succs {
			for _, v := range e.Args {
				want(b, v)
			}
		}
		for i := range blk.Instrs {
			for k := range blk.Instrs[i].Ops {
				if op := &blk.Instrs[i].Ops[k]; !op.Def {
					want(b, op.V)
				}
			}
		}
	}
	l.living.Compute(&l.preds, func(v int32) int32 { return l.home[v] })
}

// tiedDef returns the number of the def tied to use k of in, or -1.
func tiedDef(in *Instr, k int) int {
	for d := range in.Ops {
		if o := &in.Ops[d]; o.Def && o.C == Tied && int(o.Tied) == k {
			return d
		}
	}
	return -1
}

// defReg returns the register a def is fixed to, by itself or through the use it is tied to, or NoReg.
func defReg(in *Instr, op *Operand) PReg {
	switch {
	case op.C == Fixed:
		return op.Fixed
	case op.C == Tied && in.Ops[op.Tied].C == Fixed:
		return in.Ops[op.Tied].Fixed
	}
	return NoReg
}

// sharesTied tells whether v, which is the operand of a tied def of in, gives its place up to that def: it
// dies here, and until the defs are written all its uses can read the def's register.
func sharesTied(in *Instr, v VReg, liveAfter bool) bool {
	if liveAfter {
		return false
	}
	tied := false
	for k := range in.Ops {
		o := &in.Ops[k]
		switch {
		case o.Def && o.C == Tied && in.Ops[o.Tied].V == v && in.Ops[o.Tied].C != Fixed:
			if o.Early {
				return false
			}
			tied = true
		case !o.Def && o.V == v && o.Late && o.C != Fixed:
			return false
		}
	}
	return tied
}

// Costs, in units of one executed move or reload.
const (
	costUse   = 1   // a use that needs a register
	costMem   = 0.6 // one that would also take memory
	costFixed = 0.3 // one that is moved to a given register anyway: load against move
	costEdge  = 0.3 // likewise, the parameter of a block
	rematPart = 0.5 // making a constant anew, against loading
	instrCold = 1. / 256
)

// ranges builds segments, uses and fixed ranges, walking backwards.
func (l *live) ranges() error {
	f := l.f
	nv := len(f.VRegs)
	l.segs.reset(nv)
	l.uses.reset(nv)
	for p := range l.fixed {
		l.fixed[p] = l.fixed[p][:0]
	}
	l.clobbers, l.affinity, l.written = arena.Empty(l.clobbers), arena.Empty(l.affinity), 0
	l.fixedDef = arena.Fresh(l.fixedDef, nv)
	l.defAt = arena.Fresh(l.defAt, nv)
	for v := range l.fixedDef {
		l.fixedDef[v].g = -1
		l.defAt[v] = -1
	}
	var avail RegSet
	for _, regs := range f.Avail {
		for _, p := range regs {
			avail = avail.With(p)
		}
	}
	var err error
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf("regalloc: "+format, args...)
		}
	}
	// addFixed records, going backwards, that p is taken.
	addFixed := func(p PReg, from, to int32, owner VReg) {
		if !avail.Has(p) {
			return
		}
		r := l.fixed[p]
		if len(r) > 0 && r[len(r)-1].from < to {
			last := r[len(r)-1]
			if last.v == owner && last.from == from {
				return
			}
			fail("%v is wanted for v%d and for v%d at instruction %d of block %d", p, owner, last.v, from/2-l.start[l.block[from/2]]-1, l.block[from/2])
			return
		}
		if n := len(l.clobbers); n > 0 && l.clobbers[n-1].point < to && l.clobbers[n-1].point >= from && l.clobbers[n-1].regs.Has(p) {
			fail("%v is wanted for v%d and clobbered at instruction %d of block %d", p, owner, from/2-l.start[l.block[from/2]]-1, l.block[from/2])
			return
		}
		l.fixed[p] = append(r, seg{from, to, owner})
	}
	for b := len(f.Blocks) - 1; b >= 0; b-- {
		blk := &f.Blocks[b]
		first, last := 2*l.start[b], 2*l.end[b]
		freq := l.freq[b]
		isLive := func(v VReg) bool {
			s := l.segs.first(v)
			return s != nil && s.from == first
		}
		extend := func(v VReg, to int32) {
			if t := l.segs.first(v); t != nil {
				if t.from == first {
					t.to = max(t.to, to)
					return
				}
				if t.from == to {
					t.from = first
					return
				}
			}
			l.segs.prepend(v, seg{first, to, v})
		}
		for _, e := range blk.Succs {
			weight := min(freq, l.freq[e.To])
			for _, v := range l.living.In(int32(e.To)) {
				extend(VReg(v), last)
			}
			for k, v := range e.Args {
				extend(v, last)
				p := f.Blocks[e.To].Params[k]
				if f.VRegs[v].Class != f.VRegs[p].Class {
					fail("v%d is passed to v%d of another class", v, p)
				}
				l.uses.prepend(v, use{from: last - 1, to: last, v: v, weight: weight * costEdge, hint: NoReg, edge: true})
				l.affinity = append(l.affinity, affinity{a: v, b: p, weight: weight})
			}
		}
		for i := len(blk.Instrs) - 1; i >= 0; i-- {
			in := &blk.Instrs[i]
			g := l.start[b] + 1 + int32(i)
			at := 2 * g
			w := freq
			if in.Cold {
				w *= instrCold
			}
			// Definitions.
			var defRegs RegSet
			hasTied := false
			for k := range in.Ops {
				if op := &in.Ops[k]; op.Def {
					hasTied = hasTied || op.C == Tied
					if p := defReg(in, op); p != NoReg {
						defRegs = defRegs.With(p)
					}
				}
			}
			clobbers := in.Clobbers &^ defRegs
			l.written |= in.Clobbers
			if regs := clobbers & avail; regs != 0 {
				l.clobbers = append(l.clobbers, clobber{at + 1, regs})
			}
			for k := range in.Ops {
				op := &in.Ops[k]
				if !op.Def {
					continue
				}
				v := op.V
				l.defAt[v] = g
				alive := isLive(v)
				if alive && i == len(blk.Instrs)-1 {
					fail("v%d is defined by the control instruction of block %d", v, b)
				}
				if f.VRegs[v].Remat && slices.ContainsFunc(in.Ops, func(o Operand) bool { return !o.Def }) {
					fail("v%d is to be rematerialised, but its definition has uses", v)
				}
				weight := w * costUse
				if p := defReg(in, op); p != NoReg {
					from := at + 1
					if op.Early {
						from = at
					}
					if op.C == Fixed || !op.Early {
						addFixed(p, from, at+2, v)
					} else {
						fail("v%d is tied to a fixed use and early", v)
					}
					l.written = l.written.With(p)
					l.fixedDef[v] = fixedDef{g, RegLoc(p)}
					if alive {
						l.segs.first(v).from = at + 2
						if f.VRegs[v].Remat {
							continue
						}
						l.uses.prepend(v, use{from: at + 2, to: at + 3, v: v, weight: weight, hint: p, gain: w})
					}
					continue
				}
				from := at + 1
				if op.Early || op.C == Tied {
					from = at
				}
				switch {
				case alive:
					l.segs.first(v).from = from
				case f.VRegs[v].Remat:
					continue // made where it is needed, and that is nowhere
				default:
					l.segs.prepend(v, seg{from, at + 2, v})
				}
				if !f.VRegs[v].Remat {
					l.uses.prepend(v, use{from: from, to: at + 2, v: v, weight: weight, hint: NoReg, need: true})
				}
				if op.C == Tied {
					l.affinity = append(l.affinity, affinity{a: v, b: in.Ops[op.Tied].V, weight: w})
				} else if in.Move {
					l.affinity = append(l.affinity, affinity{a: v, b: in.Ops[1].V, weight: w})
				}
			}
			// Uses. Who dies here must be known before the first of them extends its range.
			l.dying = arena.Empty(l.dying)
			for k := range in.Ops {
				if op := &in.Ops[k]; op.Def && op.C == Tied {
					if u := in.Ops[op.Tied].V; sharesTied(in, u, isLive(u)) {
						l.dying = append(l.dying, u)
					}
				}
			}
			for k := range in.Ops {
				op := &in.Ops[k]
				if op.Def {
					continue
				}
				v := op.V
				to := at + 1
				if op.Late {
					to = at + 2
				}
				switch {
				case op.C == Fixed:
					addFixed(op.Fixed, at, to, v)
					extend(v, at)
					l.uses.prepend(v, use{from: at - 1, to: at, v: v, weight: w * costFixed, hint: op.Fixed, gain: w})
					continue
				case hasTied && op.C == Reg && tiedDef(in, k) >= 0:
					extend(v, at)
					l.uses.prepend(v, use{from: at - 1, to: at, v: v, weight: w * costFixed, hint: NoReg})
					continue
				case slices.Contains(l.dying, v):
					extend(v, at)
					continue
				}
				extend(v, to)
				weight := w
				if f.VRegs[v].Remat {
					weight *= rematPart
				}
				switch op.C {
				case Reg:
					l.uses.prepend(v, use{from: at, to: to, v: v, weight: weight * costUse, hint: NoReg, need: true})
				case RegOrMem:
					l.uses.prepend(v, use{from: at, to: to, v: v, weight: weight * costMem, hint: NoReg})
				}
			}
		}
		for k, v := range blk.Params {
			l.defAt[v] = l.start[b]
			if f.VRegs[v].Remat {
				fail("v%d is to be rematerialised, but it is a parameter", v)
			}
			alive := isLive(v)
			if b == 0 {
				loc := f.EntryFixed[k]
				l.fixedDef[v] = fixedDef{l.start[0], loc}
				hint := NoReg
				weight := freq * costUse
				if loc.IsReg() {
					hint = loc.Reg()
					addFixed(hint, first, first+2, v)
				} else {
					weight = 0
				}
				if alive {
					l.segs.first(v).from = first + 2
					if weight > 0 {
						l.uses.prepend(v, use{from: first + 2, to: first + 3, v: v, weight: weight, hint: hint, gain: freq})
					}
				}
				continue
			}
			if alive {
				l.uses.prepend(v, use{from: first, to: first + 1, v: v, weight: freq * costEdge, hint: NoReg, edge: true})
			}
		}
	}
	// From where it is fixed straight to the next instruction, which fixes it too: no place of its own.
	l.segs.finish(func(s *seg) bool { return s.from != s.to })
	l.uses.finish(nil)
	for v := range nv {
		sortUses(l.uses.of(VReg(v)))
	}
	for p := range l.fixed {
		slices.Reverse(l.fixed[p])
	}
	slices.Reverse(l.clobbers)
	return err
}

// sortUses sorts by where they begin. They nearly are.
func sortUses(u []use) {
	for i := 1; i < len(u); i++ {
		for k := i; k > 0 && u[k].from < u[k-1].from; k-- {
			u[k], u[k-1] = u[k-1], u[k]
		}
	}
}
