// From places of pieces to the result: spill slots, where to store, the moves in gaps and on edges, and the location of every operand.

package regalloc

import (
	"math/bits"
	"slices"
)

// gapMove is a move in the gap before instruction number g.
type gapMove struct {
	g int32
	move
}

type resolver struct {
	*alloc
	res    *Result
	memory []Loc  // by virtual register: where it is when it is in no register
	stored []bool // its slot holds the value from the definition on
	split  []uint64
	gaps   []gapMove
	mover  mover
}

// before returns where v is when the gap before instruction g begins.
func (r *resolver) before(v VReg, g int32) Loc {
	if d := r.fixedDef[v]; d.g >= 0 && d.g == g-1 {
		return d.loc
	}
	return r.at(v, 2*g-1)
}

func (a *alloc) resolve() *Result {
	f := a.f
	r := &resolver{alloc: a, res: &Result{Written: a.written}}
	r.mover = mover{vregs: f.VRegs, scratch: f.Scratch, readers: map[Loc]int{}}
	r.split = make([]uint64, a.words)
	for v := range a.places {
		p := a.places[v]
		out := p[:0]
		for _, s := range p {
			if n := len(out); n > 0 && out[n-1].to == s.from && out[n-1].loc == s.loc {
				out[n-1].to = s.to
				continue
			}
			if len(out) > 0 && out[0].loc != s.loc {
				set(r.split, VReg(v))
			}
			out = append(out, s)
		}
		a.places[v] = out
	}
	r.spill()
	r.operands()
	r.changes()
	r.edits()
	return r.res
}

// spill decides where spilled values are stored, and gives them slots.
func (r *resolver) spill() {
	f := r.f
	r.memory = make([]Loc, len(f.VRegs))
	r.stored = make([]bool, len(f.VRegs))
	for _, l := range f.EntryFixed {
		if l.IsSlot() {
			r.res.NumSlots = max(r.res.NumSlots, l.Slot()+1)
		}
	}
	own := r.res.NumSlots // the first slot that is ours
	var slots [][]taken
	slotOf := make([]Loc, len(r.bundles))
	var spilled []VReg
	for v := range r.places {
		inMemory := slices.ContainsFunc(r.places[v], func(p placed) bool { return p.loc == 0 })
		if !inMemory {
			continue
		}
		switch d := r.fixedDef[v]; {
		case f.VRegs[v].Remat:
			r.memory[v] = RematLoc(VReg(v))
		case d.g >= 0 && d.loc.IsSlot():
			r.memory[v] = d.loc
			r.stored[v] = true
		default:
			r.stored[v] = r.storeAtDef(VReg(v))
			spilled = append(spilled, VReg(v))
		}
	}
	// The members of a bundle are never live together: they share a slot, so that passing one on as the other moves nothing.
	members := make([][]placed, len(r.bundles))
	var order []int32
	for _, v := range spilled {
		b := r.bundleOf[v]
		if members[b] == nil {
			order = append(order, b)
			members[b] = r.places[v]
		} else {
			members[b] = append(slices.Clip(members[b]), r.places[v]...)
		}
	}
	for _, b := range order {
		segs := members[b]
		n := 0
		for n < len(slots) && slices.ContainsFunc(segs, func(s placed) bool {
			i := searchTaken(slots[n], s.from)
			return i < len(slots[n]) && slots[n][i].from < s.to
		}) {
			n++
		}
		if n == len(slots) {
			slots = append(slots, nil)
		}
		for _, s := range segs {
			slots[n] = slices.Insert(slots[n], searchTaken(slots[n], s.from), taken{s.from, s.to, nil})
		}
		slotOf[b] = SlotLoc(own + n)
	}
	r.res.NumSlots = own + len(slots)
	for _, v := range spilled {
		r.memory[v] = slotOf[r.bundleOf[v]]
	}
	for v, p := range r.places {
		for i := range p {
			if p[i].loc == 0 {
				p[i].loc = r.memory[v]
			}
		}
	}
}

// storeAtDef tells whether storing v after its definition costs no more than where it leaves its registers.
func (r *resolver) storeAtDef(v VReg) bool {
	g := r.defAt[v]
	home := r.block[g]
	if g == r.start[home] && r.fixedDef[v].g < 0 && r.at(v, 2*g) == 0 {
		return true // a parameter that arrives in memory
	}
	cost := float32(0)
	limit := r.freq[home]
	p := r.places[v]
	if r.fixedDef[v].g >= 0 && r.at(v, 2*g+2) == 0 {
		return true
	}
	for i := range p {
		if p[i].loc != 0 {
			continue
		}
		from := p[i].from
		if b := r.block[from/2]; i > 0 && p[i-1].to == from && from > 2*r.start[b] {
			cost += r.freq[b]
		}
		for b := r.block[from/2]; b <= r.block[(p[i].to-1)/2] && cost < limit; b++ {
			first := 2 * r.start[b]
			if from > first || first >= p[i].to {
				continue
			}
			for _, pred := range r.preds[b] {
				if r.at(v, 2*r.end[pred]-1) != 0 {
					cost += min(r.freq[b], r.freq[pred])
				}
			}
		}
		if cost >= limit {
			return true
		}
	}
	return false
}

// operands finds the location of every operand, and the moves to those that are fixed or tied.
func (r *resolver) operands() {
	f := r.f
	total := 0
	for b := range f.Blocks {
		for i := range f.Blocks[b].Instrs {
			total += len(f.Blocks[b].Instrs[i].Ops)
		}
	}
	pool := make([]Loc, total)
	r.res.Locs = make([][][]Loc, len(f.Blocks))
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		r.res.Locs[b] = make([][]Loc, len(blk.Instrs))
		for i := range blk.Instrs {
			in := &blk.Instrs[i]
			g := r.start[b] + 1 + int32(i)
			locs := pool[:len(in.Ops):len(in.Ops)]
			pool = pool[len(in.Ops):]
			r.res.Locs[b][i] = locs
			hasTied := false
			for k := range in.Ops {
				op := &in.Ops[k]
				if !op.Def {
					continue
				}
				hasTied = hasTied || op.C == Tied
				if p := defReg(in, op); p != NoReg {
					locs[k] = RegLoc(p)
					continue
				}
				locs[k] = r.at(op.V, 2*g+1)
				if locs[k].IsNone() && f.VRegs[op.V].Remat {
					locs[k] = RematLoc(op.V)
				}
				if locs[k].IsReg() {
					r.res.Written = r.res.Written.With(locs[k].Reg())
				}
			}
			for k := range in.Ops {
				op := &in.Ops[k]
				switch {
				case op.Def:
				case op.C == Fixed:
					locs[k] = RegLoc(op.Fixed)
					r.gaps = append(r.gaps, gapMove{g, move{r.before(op.V, g), locs[k], op.V}})
				case hasTied && op.C == Reg && tiedDef(in, k) >= 0:
					locs[k] = locs[tiedDef(in, k)]
					r.gaps = append(r.gaps, gapMove{g, move{r.before(op.V, g), locs[k], op.V}})
				case op.Late: // it may leave its register for memory, where it is already, within the instruction
					locs[k] = r.at(op.V, 2*g+1)
				default:
					locs[k] = r.at(op.V, 2*g)
				}
			}
			if !hasTied {
				continue
			}
			for k := range in.Ops { // uses that read where a tied use put the value that dies here
				if locs[k].IsNone() {
					for d := range in.Ops {
						if o := &in.Ops[d]; o.Def && o.C == Tied && in.Ops[o.Tied].V == in.Ops[k].V {
							locs[k] = locs[d]
						}
					}
				}
			}
		}
	}
}

// changes finds the moves in gaps that follow from values changing their places, and the stores.
func (r *resolver) changes() {
	add := func(g int32, from, to Loc, v int) {
		if from != to {
			r.gaps = append(r.gaps, gapMove{g, move{from, to, VReg(v)}})
		}
	}
	for v, p := range r.places {
		mem := r.memory[v]
		store := mem.IsSlot() && !(r.fixedDef[v].g >= 0 && r.fixedDef[v].loc == mem)
		for i := 1; i < len(p); i++ {
			x := p[i].from
			if p[i-1].to != x || x == 2*r.start[r.block[x/2]] {
				continue
			}
			switch {
			case p[i].loc != mem:
				if x&1 != 0 {
					panic("BUG: a value changes its register within an instruction")
				}
				add(x/2, p[i-1].loc, p[i].loc, v)
			case !store || r.stored[v]:
			case x&1 != 0:
				add(x/2, r.before(VReg(v), x/2), mem, v)
			default:
				add(x/2, p[i-1].loc, mem, v)
			}
		}
		g := r.defAt[v]
		if g < 0 || len(p) == 0 {
			continue
		}
		if d := r.fixedDef[v]; d.g >= 0 {
			if home := r.at(VReg(v), 2*g+2); home != mem {
				add(g+1, d.loc, home, v)
			}
			if store && r.stored[v] {
				add(g+1, d.loc, mem, v)
			}
			continue
		}
		if store && r.stored[v] {
			if from := r.at(VReg(v), 2*g+1); from != mem {
				add(g+1, from, mem, v)
			}
		}
	}
	slices.SortStableFunc(r.gaps, func(x, y gapMove) int { return int(x.g - y.g) })
}

// edits puts all moves into order: what arrives on an edge, gaps, what leaves on an edge.
func (r *resolver) edits() {
	f := r.f
	res := r.res
	res.Edits = make([][]Edit, len(f.Blocks))
	var out *[]Edit
	position := 0
	r.mover.emit = func(from, to Loc, v VReg, class Class) {
		if to.IsReg() {
			res.Written = res.Written.With(to.Reg())
		}
		*out = append(*out, Edit{position, from, to, v, class})
	}
	var moves []move
	ends := make([][]move, len(f.Blocks))
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		for k, e := range blk.Succs {
			moves = r.edgeMoves(moves[:0], b, e)
			if len(moves) == 0 {
				continue
			}
			control := &blk.Instrs[len(blk.Instrs)-1]
			position = 0
			switch {
			case len(blk.Succs) == 1 && len(control.Ops) == 0 && control.Clobbers == 0:
				ends[b] = slices.Clone(moves)
			case len(r.preds[e.To]) == 1:
				out = &res.Edits[e.To]
				r.mover.sequence(moves)
			default:
				res.EdgeBlocks = append(res.EdgeBlocks, EdgeBlock{Pred: b, Succ: k})
				out = &res.EdgeBlocks[len(res.EdgeBlocks)-1].Edits
				r.mover.sequence(moves)
			}
		}
	}
	for i := 0; i < len(r.gaps); {
		g := r.gaps[i].g
		moves = moves[:0]
		for ; i < len(r.gaps) && r.gaps[i].g == g; i++ {
			moves = append(moves, r.gaps[i].move)
		}
		b := r.block[g]
		out = &res.Edits[b]
		position = int(g - r.start[b] - 1)
		r.mover.sequence(moves)
	}
	for b := range ends {
		if ends[b] != nil {
			out = &res.Edits[b]
			position = len(f.Blocks[b].Instrs) - 1
			r.mover.sequence(ends[b])
		}
	}
}

// edgeMoves appends the moves of an edge from block b.
func (r *resolver) edgeMoves(moves []move, b int, e Edge) []move {
	from, to := 2*r.end[b]-1, 2*r.start[e.To]
	add := func(v, w VReg) {
		x, y := r.at(v, from), r.at(w, to)
		if x == y || y.IsNone() {
			return
		}
		if y.IsRemat() || y.IsSlot() && r.stored[v] && r.memory[v] == y {
			return
		}
		moves = append(moves, move{x, y, v})
	}
	for k, w := range r.f.Blocks[e.To].Params {
		add(e.Args[k], w)
	}
	for w, s := range r.liveIn(e.To) {
		for s &= r.split[w]; s != 0; s &= s - 1 {
			v := VReg(w<<6 + bits.TrailingZeros64(s))
			add(v, v)
		}
	}
	return moves
}
