// From places of pieces to the result: spill slots, where to store, the moves in gaps and on edges, and the location of every operand.

package regalloc

import (
	"slices"

	"github.com/gophersnake/gophersnake/arena"
)

// gapMove is a move in the gap before instruction number g.
type gapMove struct {
	g int32
	move
}

// resolver keeps its memory from one function to the next.
type resolver struct {
	*alloc
	res    *Result
	memory []Loc  // by virtual register: where it is when it is in no register
	stored []bool // its slot holds the value from the definition on
	split  []bool
	gaps   []gapMove // unordered
	mover  mover

	slots   [][]seg // by spill slot: when it is taken
	slotOf  []Loc   // by bundle
	spilled []VReg
	members [][]placed // by bundle
	order   []int32
	pool    []Loc     // of all operands
	locs    [][]Loc   // by instruction
	blocks  [][][]Loc // by block
	gapAt   []int32   // by instruction: its first move in sorted
	sorted  []move
	moves   []move
	ends    []blockMoves
	edits   []blockEdit
	inOrder []Edit
	ofBlock [][]Edit
	edges   []Edit
}

// blockMoves are the moves before the last instruction of a block, in moves from first on.
type blockMoves struct{ block, first, end int32 }

type blockEdit struct {
	block int32
	edit  Edit
}

// before returns where v is when the gap before instruction g begins.
func (r *resolver) before(v VReg, g int32) Loc {
	if d := r.fixedDef[v]; d.g >= 0 && d.g == g-1 {
		return d.loc
	}
	return r.at(v, 2*g-1)
}

func (r *resolver) resolve(a *alloc) *Result {
	f := a.f
	r.alloc = a
	r.res = &Result{Written: a.written}
	r.mover.vregs, r.mover.scratch = f.VRegs, f.Scratch
	r.split = arena.Fresh(r.split, len(a.places))
	r.gaps = arena.Empty(r.gaps)
	for v := range a.places {
		p := a.places[v]
		out := p[:0]
		for _, s := range p {
			if n := len(out); n > 0 && out[n-1].to == s.from && out[n-1].loc == s.loc {
				out[n-1].to = s.to
				continue
			}
			if len(out) > 0 && out[0].loc != s.loc {
				r.split[v] = true
			}
			out = append(out, s)
		}
		a.places[v] = out
	}
	r.spill()
	r.operands()
	r.changes()
	r.writeEdits()
	return r.res
}

// spill decides where spilled values are stored, and gives them slots.
func (r *resolver) spill() {
	f := r.f
	r.memory = arena.Fresh(r.memory, len(f.VRegs))
	r.stored = arena.Fresh(r.stored, len(f.VRegs))
	for _, l := range f.EntryFixed {
		if l.IsSlot() {
			r.res.NumSlots = max(r.res.NumSlots, l.Slot()+1)
		}
	}
	own := r.res.NumSlots // the first slot that is ours
	slots := r.slots[:0]
	r.slotOf = arena.Fresh(r.slotOf, len(r.bundles))
	spilled := arena.Empty(r.spilled)
	for v := range r.places {
		inMemory := false
		for i := range r.places[v] {
			inMemory = inMemory || r.places[v][i].loc == 0
		}
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
	r.members = arena.Fresh(r.members, len(r.bundles))
	order := arena.Empty(r.order)
	for _, v := range spilled {
		b := r.bundleOf[v]
		if r.members[b] == nil {
			order = append(order, b)
			r.members[b] = r.places[v]
		} else {
			r.members[b] = append(slices.Clip(r.members[b]), r.places[v]...)
		}
	}
	for _, b := range order {
		segs := r.members[b]
		n := 0
		for n < len(slots) && meets(slots[n], segs) {
			n++
		}
		if n == len(slots) {
			if n < cap(slots) {
				slots = slots[:n+1]
				slots[n] = slots[n][:0]
			} else {
				slots = append(slots, nil)
			}
		}
		for _, s := range segs {
			slots[n] = slices.Insert(slots[n], endingAfter(slots[n], s.from), seg{from: s.from, to: s.to})
		}
		r.slotOf[b] = SlotLoc(own + n)
	}
	r.slots, r.spilled, r.order = slots, spilled, order
	r.res.NumSlots = own + len(slots)
	for _, v := range spilled {
		r.memory[v] = r.slotOf[r.bundleOf[v]]
	}
	for v, p := range r.places {
		for i := range p {
			if p[i].loc == 0 {
				p[i].loc = r.memory[v]
			}
		}
	}
}

// meets tells whether a slot is taken somewhere in segs.
func meets(slot []seg, segs []placed) bool {
	for i := range segs {
		if k := endingAfter(slot, segs[i].from); k < len(slot) && slot[k].from < segs[i].to {
			return true
		}
	}
	return false
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
		if b := r.block[from/2]; i > 0 && p[i-1].to == from && from > 2*r.start[b] && !r.loaded(p, i-1) {
			cost += r.freq[b]
		}
		for b := r.block[from/2]; b <= r.block[(p[i].to-1)/2] && cost < limit; b++ {
			first := 2 * r.start[b]
			if from > first || first >= p[i].to {
				continue
			}
			for _, pred := range r.preds.Of(b) {
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

// loaded tells whether the value of p[i], a register, was in its slot before, and came from there in the same block: it still is.
func (r *resolver) loaded(p []placed, i int) bool {
	return i > 0 && p[i-1].to == p[i].from && !p[i-1].loc.IsReg() && p[i].from > 2*r.start[r.block[p[i].from/2]] &&
		r.block[p[i].from/2] == r.block[(p[i].to-1)/2]
}

// operands finds the location of every operand, and the moves to those that are fixed or tied.
func (r *resolver) operands() {
	f := r.f
	total, instrs := 0, 0
	for b := range f.Blocks {
		instrs += len(f.Blocks[b].Instrs)
		for i := range f.Blocks[b].Instrs {
			total += len(f.Blocks[b].Instrs[i].Ops)
		}
	}
	r.pool, r.locs, r.blocks = arena.Fresh(r.pool, total), arena.Fresh(r.locs, instrs), arena.Fresh(r.blocks, len(f.Blocks))
	pool, byInstr := r.pool, r.locs
	r.res.Locs = r.blocks
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		n := len(blk.Instrs)
		r.res.Locs[b], byInstr = byInstr[:n:n], byInstr[n:]
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
			case !store || r.stored[v] || r.loaded(p, i-1):
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
	// By instruction, those of one as they were found.
	r.gapAt = arena.Fresh(r.gapAt, len(r.block)+2)
	for i := range r.gaps {
		r.gapAt[r.gaps[i].g+2]++
	}
	for g := range len(r.block) {
		r.gapAt[g+2] += r.gapAt[g+1]
	}
	r.sorted = arena.Fresh(r.sorted, len(r.gaps))
	for i := range r.gaps {
		at := &r.gapAt[r.gaps[i].g+1] // where the next goes; in the end where the instruction's begin
		r.sorted[*at] = r.gaps[i].move
		*at++
	}
}

// writeEdits puts all moves into order: what arrives on an edge, gaps, what leaves on an edge.
func (r *resolver) writeEdits() {
	f := r.f
	res := r.res
	r.edits, r.edges, r.ends = arena.Empty(r.edits), arena.Empty(r.edges), arena.Empty(r.ends)
	block, position := int32(0), 0
	onEdge := false
	emit := func(from, to Loc, v VReg, class Class) {
		if to.IsReg() {
			res.Written = res.Written.With(to.Reg())
		}
		e := Edit{position, from, to, v, class}
		if onEdge {
			r.edges = append(r.edges, e)
		} else {
			r.edits = append(r.edits, blockEdit{block, e})
		}
	}
	moves := arena.Empty(r.moves)
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		for k, e := range blk.Succs {
			first := len(moves)
			moves = r.edgeMoves(moves, b, e)
			if len(moves) == first {
				continue
			}
			control := &blk.Instrs[len(blk.Instrs)-1]
			switch {
			case len(blk.Succs) == 1 && len(control.Ops) == 0 && control.Clobbers == 0:
				r.ends = append(r.ends, blockMoves{int32(b), int32(first), int32(len(moves))})
				continue // they stay where they are
			case len(r.preds.Of(int32(e.To))) == 1:
				block = int32(e.To)
				r.mover.sequence(moves[first:], emit)
			default:
				onEdge = true
				at := len(r.edges)
				r.mover.sequence(moves[first:], emit)
				res.EdgeBlocks = append(res.EdgeBlocks, EdgeBlock{Pred: b, Succ: k, Edits: r.edges[at:len(r.edges):len(r.edges)]})
				onEdge = false
			}
			moves = moves[:first]
		}
	}
	for g := range len(r.block) {
		first, end := r.gapAt[g], r.gapAt[g+1]
		if first == end {
			continue
		}
		block = r.block[g]
		position = g - int(r.start[block]) - 1
		r.mover.sequence(r.sorted[first:end], emit)
	}
	for _, e := range r.ends {
		block = e.block
		position = len(f.Blocks[block].Instrs) - 1
		r.mover.sequence(moves[e.first:e.end], emit)
	}
	r.moves = moves
	// By block, those of one in the order above.
	r.inOrder = arena.Fresh(r.inOrder, len(r.edits))
	r.gapAt = arena.Fresh(r.gapAt, len(f.Blocks)+2)
	for i := range r.edits {
		r.gapAt[r.edits[i].block+2]++
	}
	for b := range f.Blocks {
		r.gapAt[b+2] += r.gapAt[b+1]
	}
	for i := range r.edits {
		at := &r.gapAt[r.edits[i].block+1]
		r.inOrder[*at] = r.edits[i].edit
		*at++
	}
	r.ofBlock = arena.Fresh(r.ofBlock, len(f.Blocks))
	res.Edits = r.ofBlock
	for b := range f.Blocks {
		res.Edits[b] = r.inOrder[r.gapAt[b]:r.gapAt[b+1]:r.gapAt[b+1]]
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
	for _, v := range r.living.In(int32(e.To)) {
		if r.split[v] {
			add(VReg(v), VReg(v))
		}
	}
	return moves
}
