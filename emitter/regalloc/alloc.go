// Package regalloc assigns machine registers and spill slots to the virtual registers of an SSA function.
//
// Why this way: native loops must carry no move and no reload as long as registers suffice, frame states
// (hundreds of operands that may be anywhere) must cost nothing, and compile time is paid while the
// program waits. So it is a priority allocator with live-range splitting, as LLVM's greedy one, cut down:
//
//  1. Live ranges are exact, with holes (live.go). A parameter of a block is joined with the arguments passed
//     to it, a tied definition with its operand, a copy with its source, hottest first, wherever their
//     ranges do not overlap: a joined bundle gets one register, so those copies are gone.
//  2. Pieces (at first whole bundles) are taken longest first. A piece gets a free register, a hinted one if
//     possible; else it evicts pieces that would be missed less per point of their length; else it is split:
//     cold blocks off, the hottest loop off, the ends without uses off, at the first conflict of the register
//     that is free longest, in the end around a single use. Each split makes pieces shorter and evictions only go
//     to lesser weights, so it ends. Places that are fixed by the machine (call arguments, division,
//     clobbers) are stretches of a register taken beforehand, by the value itself: it may live there around them.
//  3. What gets no register is in memory, or nowhere if it is a constant. Operands of frame states make no
//     demand: they read wherever the value is.
//  4. A spilled value is stored once, after its definition, or where it leaves its registers, if those
//     places run less often (an exit path). In SSA a slot never needs a second store.
//  5. Where the place of a value changes between instructions, or between the blocks of an edge, there is a
//     move; those of one gap are parallel (resolve.go, parmove.go).
package regalloc

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
)

// piece is a part of a bundle's live range that has one register.
type piece struct {
	segs   []seg
	uses   []use
	bundle int32
	weight float32 // what is lost without a register, per point; mustHave if it must have one
	size   int32
	number int32
	reg    PReg
	stamp  int32 // last conflict search that met it
	// clobbered are the registers that no value keeps over all of segs; known says whether anybody asked.
	clobbered RegSet
	known     bool
}

// taken is a stretch of a register that a piece has.
type taken struct {
	from, to int32
	p        int32 // number of the piece
	weight   float32
}

// takenAfter is endingAfter for what pieces have. (As one generic function, most of the time was calls of a method for the end.)
func takenAfter(t []taken, point int32) int {
	lo, hi := 0, len(t)
	for lo < hi {
		if m := (lo + hi) / 2; t[m].to > point {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// placed is where a virtual register is on [from, to). The zero Loc is memory until slots are known.
type placed struct {
	from, to int32
	loc      Loc
}

// idle is a stretch whose uses, if any, are not worth a load.
type idle struct {
	seg
	bundle int32
}

type bundle struct {
	segs []seg
	uses []use
	pref PReg // register its last piece got
}

// alloc keeps its memory from one function to the next, as live does.
type alloc struct {
	live
	rng      *rand.Rand
	bundleOf []int32
	bundles  []bundle
	long     map[int32]*longBundle // of join
	queue    queue
	idle     []idle    // to be placed last
	chunks   [][]piece // all pieces by number; those that were split or are in memory have no register
	pieces   int32     // how many there are
	avail    [numClasses]RegSet
	segArena arena.Arena[seg]
	useArena arena.Arena[use]
	partSegs [][]seg // of splitBlocks
	partUses [][]use
	weight   []float32
	part     []int32
	taken    [64][]taken
	evicted  []int32
	places   [][]placed
	friends  [][]affinity
	stamp    int32
}

const mustHave = 1e20

// pieceChunk is how many pieces are made at once. They stay where they are.
const pieceChunk = 128

func (a *alloc) piece(n int32) *piece { return &a.chunks[n/pieceChunk][n%pieceChunk] }

// Allocate assigns a location to every operand of f.
func Allocate(f *Func, opt Options) (*Result, error) { return new(Memory).Allocate(f, opt) }

// Allocate assigns a location to every operand of f.
func (m *Memory) Allocate(f *Func, opt Options) (*Result, error) {
	a := &m.alloc
	if err := a.analyse(f); err != nil {
		return nil, err
	}
	a.rng = nil
	if opt.RandomSeed != 0 {
		a.rng = rand.New(rand.NewPCG(opt.RandomSeed, 1))
	}
	a.begin()
	a.join()
	for b := range a.bundles {
		if bu := &a.bundles[b]; len(bu.segs) > 0 {
			a.push(a.cutStates(bu), bu.uses, int32(b))
		}
	}
	for steps := 0; len(a.queue) > 0; steps++ {
		if steps > 200*(len(f.VRegs)+len(a.block)) {
			return nil, errors.New("regalloc: too hard") // should splitting ever not end, a caller can do without this function
		}
		p := a.piece(a.queue.pop())
		if a.rng != nil && p.weight < mustHave && p.size > 2 && a.rng.IntN(6) == 0 && a.splitAnywhere(p) {
			continue
		}
		if a.assign(p) {
			continue
		}
		if p.weight >= mustHave {
			return nil, fmt.Errorf("regalloc: no register for v%d at instruction %d of block %d", p.segs[0].v,
				p.segs[0].from/2-a.start[a.block[p.segs[0].from/2]]-1, a.block[p.segs[0].from/2])
		}
		a.split(p)
	}
	a.placeIdle()
	return m.resolver.resolve(a), nil
}

// begin empties what the last function left.
func (a *alloc) begin() {
	n := len(a.f.VRegs)
	a.places = lengthen(a.places, n)
	a.friends = lengthen(a.friends, n)
	a.queue, a.idle, a.pieces = arena.Empty(a.queue), arena.Empty(a.idle), 0
	a.segArena.Reset()
	a.useArena.Reset()
	for r := range a.taken {
		a.taken[r] = a.taken[r][:0]
	}
	a.stamp = 0
	for c, regs := range a.f.Avail {
		a.avail[c] = 0
		for _, p := range regs {
			a.avail[c] = a.avail[c].With(p)
		}
	}
}

// join makes bundles of virtual registers that copies connect and whose ranges do not overlap.
func (a *alloc) join() {
	n := len(a.f.VRegs)
	a.bundleOf = arena.Fresh(a.bundleOf, n)
	a.bundles = arena.Fresh(a.bundles, n)
	for v := range n {
		a.bundleOf[v] = int32(v)
		a.bundles[v] = bundle{a.segs.of(VReg(v)), a.uses.of(VReg(v)), NoReg}
	}
	for i := range a.affinity {
		a.affinity[i].number = int32(i)
	}
	slices.SortFunc(a.affinity, func(x, y affinity) int {
		switch {
		case x.weight > y.weight:
			return -1
		case x.weight < y.weight:
			return 1
		}
		return int(x.number - y.number)
	})
	if a.long == nil {
		a.long = map[int32]*longBundle{}
	}
	for _, af := range a.affinity {
		x, y := a.bundleOf[af.a], a.bundleOf[af.b]
		if x == y || len(a.segs.of(af.a)) == 0 || len(a.segs.of(af.b)) == 0 {
			continue
		}
		if a.f.VRegs[af.a].Class != a.f.VRegs[af.b].Class {
			continue
		}
		bx, by := &a.bundles[x], &a.bundles[y]
		if a.rng != nil && a.rng.IntN(3) == 0 || overlap(bx.segs, by.segs) {
			a.friends[af.a] = append(a.friends[af.a], af)
			a.friends[af.b] = append(a.friends[af.b], af)
			continue
		}
		if len(by.segs) > manySegs && len(by.segs) > len(bx.segs) { // the lesser is taken into the greater
			x, y, bx, by = y, x, by, bx
		}
		for i := range by.segs {
			a.bundleOf[by.segs[i].v] = x
		}
		if len(bx.segs) <= manySegs {
			bx.segs = merge(&a.segArena, bx.segs, by.segs, segKey)
			bx.uses = merge(&a.useArena, bx.uses, by.uses, useKey)
		} else {
			l := a.long[x]
			if l == nil {
				l = &longBundle{long[seg]{bx.segs, 0, len(bx.segs)}, long[use]{bx.uses, 0, len(bx.uses)}}
				a.long[x] = l
			}
			bx.segs, bx.uses = l.segs.merge(by.segs, segKey), l.uses.merge(by.uses, useKey)
		}
		*by = bundle{}
		delete(a.long, y)
	}
	clear(a.long)
}

func segKey(s *seg) int32 { return s.from }
func useKey(u *use) int32 { return u.from }

// longBundle is where the lists of a long bundle grow.
type longBundle struct {
	segs long[seg]
	uses long[use]
}

// manySegs is the length from which lists are searched, not walked.
const manySegs = 64

// cutStates cuts off the end of a value's range that only frame states read, so that it does not compete. It
// is placed last, in the same register if that is still free. A range that goes round a loop has no end there.
func (a *alloc) cutStates(bu *bundle) []seg {
	v := bu.segs[0].v
	if len(bu.uses) == 0 || slices.ContainsFunc(bu.segs, func(s seg) bool { return s.v != v }) {
		return bu.segs
	}
	last := int32(0)
	for i := range bu.uses {
		last = max(last, (bu.uses[i].to+1)&^1)
	}
	if last >= bu.segs[len(bu.segs)-1].to {
		return bu.segs
	}
	in := a.loop[a.block[(last-1)/2]]
	if a.commonLoop(in, a.loop[a.block[a.defAt[v]]]) != in {
		return bu.segs
	}
	core, tail := a.cut(bu.segs, last)
	a.push(tail, nil, a.bundleOf[v])
	return core
}

func overlap(x, y []seg) bool {
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x) > manySegs && len(y) < len(x)/8 {
		for _, s := range y {
			if i := endingAfter(x, s.from); i < len(x) && x[i].from < s.to {
				return true
			}
		}
		return false
	}
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i].to <= y[j].from:
			i++
		case y[j].to <= x[i].from:
			j++
		default:
			return true
		}
	}
	return false
}

func merge[T any](a *arena.Arena[T], x, y []T, key func(*T) int32) []T {
	out := a.Make(len(x) + len(y))
	n := 0
	for len(x) > 0 && len(y) > 0 {
		if key(&x[0]) <= key(&y[0]) {
			out[n], x = x[0], x[1:]
		} else {
			out[n], y = y[0], y[1:]
		}
		n++
	}
	n += copy(out[n:], x)
	copy(out[n:], y)
	return out
}

// long is a list in order with room before and behind. A bundle of a large function grows by a value at a time, mostly at one end: to
// write all of it each time would take the square of its length.
type long[T any] struct {
	room     []T
	from, to int
}

func (l *long[T]) items() []T { return l.room[l.from:l.to:l.to] }

// merge takes y in, behind what has the same key.
func (l *long[T]) merge(y []T, key func(*T) int32) []T {
	if len(y) == 0 {
		return l.items()
	}
	n := l.to - l.from
	search := func(k int32) int { // how many are not behind k
		lo, hi := 0, n
		for lo < hi {
			if m := (lo + hi) / 2; key(&l.room[l.from+m]) <= k {
				lo = m + 1
			} else {
				hi = m
			}
		}
		return lo
	}
	before, behind := search(key(&y[len(y)-1])), n-search(key(&y[0]))
	if before < behind && l.from < len(y) || before >= behind && len(l.room)-l.to < len(y) {
		room := make([]T, 3*(n+len(y)))
		at := n + len(y)
		copy(room[at:], l.items())
		l.room, l.from, l.to = room, at, at+n
	}
	if before < behind {
		i := l.from
		l.from -= len(y)
		for at := l.from; len(y) > 0; at++ {
			if i < l.to && key(&l.room[i]) <= key(&y[0]) {
				l.room[at] = l.room[i]
				i++
			} else {
				l.room[at], y = y[0], y[1:]
			}
		}
		return l.items()
	}
	i := l.to
	l.to += len(y)
	for at := l.to - 1; len(y) > 0; at-- {
		if last := len(y) - 1; i > l.from && key(&l.room[i-1]) > key(&y[last]) {
			i--
			l.room[at] = l.room[i]
		} else {
			l.room[at], y = y[last], y[:last]
		}
	}
	return l.items()
}

// push makes a piece and queues it.
func (a *alloc) push(segs []seg, uses []use, bundle int32) {
	if len(segs) == 0 {
		return
	}
	first := segs[0]
	need, to, top, weight := false, int32(0), 0, float32(0)
	for i := range uses {
		weight += uses[i].weight
		if uses[i].weight > uses[top].weight {
			top = i
		}
		if uses[i].need {
			need = true
			to = max(to, uses[i].to)
		}
	}
	if !need && weight <= a.entryCost(first) {
		for _, s := range segs {
			a.idle = append(a.idle, idle{s, bundle})
		}
		return
	}
	number := a.pieces
	a.pieces++
	if int(number/pieceChunk) == len(a.chunks) {
		a.chunks = append(a.chunks, make([]piece, pieceChunk))
	}
	p := a.piece(number)
	*p = piece{segs: segs, uses: uses, bundle: bundle, number: number, reg: NoReg}
	for _, s := range segs {
		p.size += s.to - s.from
	}
	if need && len(segs) == 1 && first.to == to && first.to-first.from&^1 <= 2 && first.from >= uses[0].from {
		p.weight = mustHave * float32(p.size)
	} else {
		p.weight = a.density(segs, uses, a.level[a.block[uses[top].from/2]])
	}
	a.queue.push(p)
}

// density is what is lost without a register, per point, in the blocks that run as often as those of level: the
// hottest that count. What the rest of a range costs must not make it lighter than its own hot part, else
// the hot parts of equal values would evict each other in a ring.
func (a *alloc) density(segs []seg, uses []use, level uint8) float32 {
	w := float32(0)
	for i := range uses {
		if a.level[a.block[uses[i].from/2]] == level {
			w += uses[i].weight
		}
	}
	points := a.points[int(level)*(len(a.freq)+1):]
	n := int32(0)
	for _, s := range segs {
		b, c := a.block[s.from/2], a.block[(s.to-1)/2]
		n += points[c+1] - points[b]
		if a.level[b] == level {
			n -= s.from - 2*a.start[b]
		}
		if a.level[c] == level {
			n -= 2*a.end[c] - s.to
		}
	}
	return w / float32(max(n, 1))
}

// entryCost is what it costs to load a register for a piece that begins with s, 0 if the value is made there.
func (a *alloc) entryCost(s seg) float32 {
	d := a.fixedDef[s.v]
	inRegister := !a.f.VRegs[s.v].Remat && (d.g < 0 || d.loc.IsReg())
	if inRegister && s.from <= 2*a.defAt[s.v]+2 && s.from >= 2*a.defAt[s.v] {
		return 0
	}
	b := a.block[s.from/2]
	cost := a.freq[b]
	if s.from == 2*a.start[b] {
		for _, p := range a.preds.Of(b) {
			cost = min(cost, a.freq[p])
		}
	}
	return cost
}

// toPlaces records where segs are; 0 is memory.
func (a *alloc) toPlaces(segs []seg, loc Loc) {
	for _, s := range segs {
		a.places[s.v] = append(a.places[s.v], placed{s.from, s.to, loc})
	}
}

// clobbered returns the registers that are overwritten somewhere in p.
func (a *alloc) clobbered(p *piece) RegSet {
	if p.known {
		return p.clobbered
	}
	all := a.avail[a.f.VRegs[p.segs[0].v].Class]
	var met RegSet
	for _, s := range p.segs {
		for i := a.searchClobber(s.from); i < len(a.clobbers) && a.clobbers[i].point < s.to; i++ {
			if met |= a.clobbers[i].regs; met&all == all {
				break
			}
		}
	}
	p.clobbered, p.known = met, true
	return met
}

// searchClobber returns the first clobber that is not before point.
func (a *alloc) searchClobber(point int32) int {
	lo, hi := 0, len(a.clobbers)
	for lo < hi {
		if m := (lo + hi) / 2; a.clobbers[m].point >= point {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// fixedConflict returns the first point at which p meets a stretch of r fixed to another value.
func (a *alloc) fixedConflict(p *piece, r PReg) (int32, bool) {
	fixed := a.fixed[r]
	if len(fixed) == 0 {
		return 0, false
	}
	for _, s := range p.segs {
		i := endingAfter(fixed, s.from)
		for ; i < len(fixed) && fixed[i].from < s.to; i++ {
			if fixed[i].v != s.v {
				return max(fixed[i].from, s.from), true
			}
		}
	}
	return 0, false
}

// firstClobber returns the first point at which r is overwritten in p.
func (a *alloc) firstClobber(p *piece, r PReg) (int32, bool) {
	if !a.clobbered(p).Has(r) {
		return 0, false
	}
	for _, s := range p.segs {
		for i := a.searchClobber(s.from); i < len(a.clobbers) && a.clobbers[i].point < s.to; i++ {
			if a.clobbers[i].regs.Has(r) {
				return a.clobbers[i].point, true
			}
		}
	}
	panic("BUG: a register is overwritten nowhere")
}

// heaviest returns the greatest weight of the pieces that p would evict from r, and whether there are any.
// It stops at limit.
func (a *alloc) heaviest(p *piece, r PReg, limit float32) (float32, bool) {
	t := a.taken[r]
	found, w := false, float32(0)
	for _, s := range p.segs {
		for i := takenAfter(t, s.from); i < len(t) && t[i].from < s.to; i++ {
			found = true
			if w = max(w, t[i].weight); w >= limit {
				return w, true
			}
		}
	}
	return w, found
}

// candidates lists the registers for p, hinted ones first.
func (a *alloc) candidates(p *piece, buf []PReg) []PReg {
	avail := a.f.Avail[a.f.VRegs[p.segs[0].v].Class]
	buf = append(buf[:0], avail...)
	if a.rng != nil {
		a.rng.Shuffle(len(buf), func(i, j int) { buf[i], buf[j] = buf[j], buf[i] })
		return buf
	}
	var score [65]float32
	hinted := false
	vote := func(r PReg, w float32) {
		if r != NoReg {
			score[r] += w
			hinted = true
		}
	}
	for i := range p.uses {
		vote(p.uses[i].hint, p.uses[i].gain)
	}
	vote(a.bundles[p.bundle].pref, 0.25)
	last := VReg(0)
	for _, s := range p.segs {
		if s.v == last {
			continue
		}
		last = s.v
		for _, af := range a.friends[s.v] {
			other := af.a
			if other == s.v {
				other = af.b
			}
			vote(a.bundles[a.bundleOf[other]].pref, af.weight)
		}
	}
	if hinted { // those with votes to the front, the most first
		front := 0
		for i := range buf {
			r := buf[i]
			if score[r] == 0 {
				continue
			}
			k := i
			for ; k > front; k-- {
				buf[k] = buf[k-1]
			}
			front++
			for ; k > 0 && score[buf[k-1]] < score[r]; k-- {
				buf[k] = buf[k-1]
			}
			buf[k] = r
		}
	}
	return buf
}

// assign gives p a register if one is free or can be freed.
func (a *alloc) assign(p *piece) bool {
	var buf [64]PReg
	best, limit := NoReg, p.weight
	clobbered := a.clobbered(p)
	for _, r := range a.candidates(p, buf[:0]) {
		if clobbered.Has(r) {
			continue
		}
		if _, conflict := a.fixedConflict(p, r); conflict {
			continue
		}
		w, occupied := a.heaviest(p, r, limit)
		if !occupied {
			a.take(p, r)
			return true
		}
		if w < limit {
			best = r
			if a.rng == nil || a.rng.IntN(2) == 0 {
				limit = w
			}
		}
	}
	if best == NoReg {
		return false
	}
	out := arena.Empty(a.evicted)
	a.stamp++
	t := a.taken[best]
	for _, s := range p.segs {
		for i := takenAfter(t, s.from); i < len(t) && t[i].from < s.to; i++ {
			if q := a.piece(t[i].p); q.stamp != a.stamp {
				q.stamp = a.stamp
				out = append(out, q.number)
			}
		}
	}
	for _, q := range out {
		a.evict(a.piece(q))
	}
	a.evicted = out
	a.take(p, best)
	return true
}

func (a *alloc) take(p *piece, r PReg) {
	p.reg = r
	a.bundles[p.bundle].pref = r
	t := a.taken[r]
	for _, s := range p.segs {
		t = slices.Insert(t, takenAfter(t, s.from), taken{s.from, s.to, p.number, p.weight})
	}
	a.taken[r] = t
}

func (a *alloc) evict(p *piece) {
	t := a.taken[p.reg]
	for _, s := range p.segs {
		i := takenAfter(t, s.from)
		t = slices.Delete(t, i, i+1)
	}
	a.taken[p.reg] = t
	p.reg = NoReg
	a.queue.push(p)
}

// split divides a piece that got no register.
func (a *alloc) split(p *piece) {
	if a.splitBlocks(p) || a.trim(p) {
		return
	}
	a.splitLinear(p)
}

// manyBlocks is the number of blocks beyond which a piece is divided by all its loops at once, to save time.
// Else it is by the hottest alone: the fewer the cuts, the fewer the moves.
const manyBlocks = 32

// splitBlocks separates cold blocks from the others, or the hottest loop from what surrounds it.
func (a *alloc) splitBlocks(p *piece) bool {
	first, last := a.block[p.segs[0].from/2], a.block[(p.segs[len(p.segs)-1].to-1)/2]
	if first == last {
		return false
	}
	// The innermost loop that has all of p, and whether there are both cold and other blocks.
	common, count := int32(-1), 0
	var cold, warm, deeper bool
	seen := int32(-1)
	for _, s := range p.segs {
		for b := a.block[s.from/2]; b <= a.block[(s.to-1)/2]; b++ {
			if b == seen {
				continue
			}
			seen = b
			count++
			if a.f.Blocks[b].Cold {
				cold = true
			} else {
				warm = true
			}
			in := a.loop[b]
			if count == 1 {
				common = in
			} else if in != common {
				common = a.commonLoop(common, in)
				deeper = true
			}
		}
	}
	split := cold && warm
	if !split && !deeper {
		return false
	}
	// part numbers the parts: 0 is the rest. Loops without uses go together.
	part := func(b int32) int32 { return btoi32(a.f.Blocks[b].Cold) }
	parts := int32(2)
	if !split || count > manyBlocks {
		a.weight, a.part = arena.Fresh(a.weight, len(a.loops)), arena.Fresh(a.part, len(a.loops))
		weight, number := a.weight, a.part
		hottest := int32(-1)
		for i := range p.uses {
			in := a.loopUnder(common, a.loop[a.block[p.uses[i].from/2]])
			if in < 0 {
				continue
			}
			weight[in] += p.uses[i].weight
			if hottest < 0 || weight[in] > weight[hottest] {
				hottest = in
			}
		}
		for i := range number {
			number[i] = 1
		}
		switch {
		case count > manyBlocks:
			parts = 3
			for i, w := range weight {
				if w > 0 {
					number[i] = parts
					parts++
				}
			}
		case hottest >= 0:
			clear(number)
			number[hottest] = 1
		}
		part = func(b int32) int32 {
			if split && a.f.Blocks[b].Cold {
				return 2
			}
			if in := a.loopUnder(common, a.loop[b]); in >= 0 {
				return number[in]
			}
			return 0
		}
	}
	for len(a.partSegs) < int(parts) {
		a.partSegs = append(a.partSegs, nil)
		a.partUses = append(a.partUses, nil)
	}
	segs, uses := a.partSegs[:parts], a.partUses[:parts]
	for k := range segs {
		segs[k], uses[k] = arena.Empty(segs[k]), arena.Empty(uses[k])
	}
	for _, s := range p.segs {
		for b := a.block[s.from/2]; b <= a.block[(s.to-1)/2]; b++ {
			k := part(b)
			t := seg{max(s.from, 2*a.start[b]), min(s.to, 2*a.end[b]), s.v}
			if n := len(segs[k]); n > 0 && segs[k][n-1].to == t.from && segs[k][n-1].v == t.v {
				segs[k][n-1].to = t.to
			} else {
				segs[k] = append(segs[k], t)
			}
		}
	}
	for _, u := range p.uses {
		k := part(a.block[u.from/2])
		uses[k] = append(uses[k], u)
	}
	filled := 0
	for k := range segs {
		filled += min(len(segs[k]), 1)
	}
	if filled == 1 {
		return false
	}
	for k := range segs {
		a.push(a.segArena.Keep(segs[k]), a.useArena.Keep(uses[k]), p.bundle)
	}
	return true
}

func btoi32(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// commonLoop returns the innermost loop that contains loops x and y.
func (a *alloc) commonLoop(x, y int32) int32 {
	for x != y {
		if x < 0 || y < 0 {
			return -1
		}
		if a.loops[x].depth >= a.loops[y].depth {
			x = a.loops[x].parent
		} else {
			y = a.loops[y].parent
		}
	}
	return x
}

// loopUnder returns the outermost loop inside outer that contains in, or -1 if in is outer.
func (a *alloc) loopUnder(outer, in int32) int32 {
	for in != outer && in >= 0 && a.loops[in].parent != outer {
		in = a.loops[in].parent
	}
	if in == outer {
		return -1
	}
	return in
}

// cut splits segs, whose owner is done with them, at point.
func (a *alloc) cut(segs []seg, point int32) (before, after []seg) {
	i := 0
	for i < len(segs) && segs[i].to <= point {
		i++
	}
	if i == len(segs) || segs[i].from >= point {
		return segs[:i:i], segs[i:]
	}
	before = a.segArena.Keep(segs[:i+1])
	before[i].to = point
	segs[i].from = point
	return before, segs[i:]
}

// trim cuts off the ends of p that have no uses.
func (a *alloc) trim(p *piece) bool {
	first := p.uses[0].from &^ 1
	last := int32(0)
	for i := range p.uses {
		last = max(last, (p.uses[i].to+1)&^1)
	}
	head, rest := a.cut(p.segs, first)
	for rest[0].to <= p.uses[0].from { // another value's end, before the definition in the same instruction
		head, rest = append(slices.Clip(head), rest[0]), rest[1:]
	}
	core, tail := a.cut(rest, last)
	if len(head) == 0 && len(tail) == 0 {
		return false
	}
	a.push(head, nil, p.bundle)
	a.push(tail, nil, p.bundle)
	a.push(core, p.uses, p.bundle)
	return true
}

// pushPart is push for a piece beside a stretch in memory. Where nothing but edges uses it, it is better in memory too: it stays in the
// register in which it comes, if any, or goes where the other end of the edge is.
func (a *alloc) pushPart(segs []seg, uses []use, bundle int32) {
	first, last := 0, len(uses)-1
	for first < len(uses) && uses[first].edge {
		first++
	}
	for last >= first && uses[last].edge {
		last--
	}
	if first > last {
		a.push(segs, nil, bundle)
		return
	}
	if first > 0 {
		head, rest := a.cut(segs, uses[first].from&^1)
		a.push(head, nil, bundle)
		segs = rest
	}
	if last < len(uses)-1 {
		end := int32(0)
		for i := range uses[:last+1] {
			end = max(end, (uses[i].to+1)&^1)
		}
		core, tail := a.cut(segs, end)
		a.push(tail, nil, bundle)
		segs = core
	}
	a.push(segs, uses[first:last+1], bundle)
}

// splitLinear splits p, which begins at its first use, where the register that is free longest is taken.
func (a *alloc) splitLinear(p *piece) {
	conflict := int32(-1)
	var buf [64]PReg
	for _, r := range a.candidates(p, buf[:0]) {
		conflict = max(conflict, a.firstConflict(p, r))
	}
	// Uses that end before the conflict, but all or none of an instruction.
	n := 0
	for n < len(p.uses) && p.uses[n].to <= conflict {
		n++
	}
	for n > 0 && n < len(p.uses) && p.uses[n-1].from&^1 == p.uses[n].from&^1 {
		n--
	}
	// The cut is in the gap after the last of them, if the conflict leaves that.
	for n > 0 && (p.uses[n-1].to+1)&^1 > conflict {
		at := p.uses[n-1].from &^ 1
		for n > 0 && p.uses[n-1].from&^1 == at {
			n--
		}
	}
	if n > 0 && n < len(p.uses) && p.uses[n].from&^1 > conflict && p.uses[n].from&^1 > p.uses[n-1].from&^1+2 {
		// No register is free up to the next use. Behind the last one before it the value goes to memory, and leaves its register to what
		// the same instruction defines.
		end := int32(0)
		for i := range n {
			end = max(end, p.uses[i].to)
		}
		if a.defAt[p.uses[n-1].v] == p.uses[n-1].from/2 { // a parameter, made there
			end = (end + 1) &^ 1
		}
		// A parameter that the first instruction wants where it came is used before p begins, and nothing is cut.
		if before, rest := a.cut(p.segs, end); len(before) > 0 {
			gap, after := a.cut(rest, p.uses[n].from&^1)
			if len(after) == 0 {
				panic("BUG: nothing to cut") // the next use is in p
			}
			a.pushPart(before, p.uses[:n:n], p.bundle)
			if len(gap) > 0 { // in the order of the code the value may be dead there
				a.toPlaces(gap, 0)
			}
			a.pushPart(after, p.uses[n:], p.bundle)
			return
		}
	}
	if n > 0 {
		end := (p.uses[n-1].to + 1) &^ 1
		before, after := a.cut(p.segs, end)
		if len(before) > 0 && len(after) > 0 {
			a.pushPart(before, p.uses[:n:n], p.bundle)
			a.pushPart(after, p.uses[n:], p.bundle)
			return
		}
	}
	// No register is free through the first instruction that uses p: a piece for that alone, then memory up
	// to the next.
	at := p.uses[0].from &^ 1
	n = 0
	end, need := int32(0), false
	for n < len(p.uses) && p.uses[n].from&^1 == at && p.uses[n].v == p.uses[0].v {
		if p.uses[n].need {
			need = true
			end = max(end, p.uses[n].to)
		}
		n++
	}
	if !need {
		end = at
	}
	own, after := a.cut(p.segs, end) // nothing if there is no need: p begins with this instruction
	a.pushPart(own, p.uses[:n:n], p.bundle)
	if n == len(p.uses) {
		a.toPlaces(after, 0)
		return
	}
	gap, after := a.cut(after, p.uses[n].from&^1)
	a.toPlaces(gap, 0)
	a.pushPart(after, p.uses[n:], p.bundle)
}

// firstConflict returns the first point at which r is fixed or has a piece that p cannot evict.
func (a *alloc) firstConflict(p *piece, r PReg) int32 {
	first := p.segs[len(p.segs)-1].to
	if c, ok := a.fixedConflict(p, r); ok {
		first = c
	}
	if c, ok := a.firstClobber(p, r); ok {
		first = min(first, c)
	}
	t := a.taken[r]
	for _, s := range p.segs {
		if s.from >= first {
			break
		}
		for i := takenAfter(t, s.from); i < len(t) && t[i].from < s.to; i++ {
			if t[i].weight >= p.weight {
				return min(first, max(s.from, t[i].from))
			}
		}
	}
	return first
}

// splitAnywhere splits p at a random gap: only for tests.
func (a *alloc) splitAnywhere(p *piece) bool {
	s := p.segs[a.rng.IntN(len(p.segs))]
	gaps := (s.to-1)/2 - s.from/2
	if gaps <= 0 {
		return false
	}
	at := 2 * (s.from/2 + 1 + a.rng.Int32N(gaps))
	before, after := a.cut(p.segs, at)
	n := 0
	for n < len(p.uses) && p.uses[n].from < at {
		n++
	}
	a.push(before, p.uses[:n:n], p.bundle)
	a.push(after, p.uses[n:], p.bundle)
	return true
}

// placeIdle places the stretches whose uses, if any, are not worth a load. If the value comes in a register, it
// stays in that or any other that is free; if it comes from memory it stays there.
func (a *alloc) placeIdle() {
	for n := range a.pieces {
		if p := a.piece(n); p.reg != NoReg {
			a.toPlaces(p.segs, RegLoc(p.reg))
		}
	}
	for v := range a.places {
		sortPlaced(a.places[v])
	}
	slices.SortFunc(a.idle, func(x, y idle) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.v, y.v)) })
	// One piece stands for all of them: they have no weight, and nothing is evicted any more.
	p := &piece{segs: make([]seg, 1)}
	for _, s := range a.idle {
		r := a.comesIn(s.seg)
		stay := r != NoReg
		if stay {
			a.bundles[s.bundle].pref = r
		}
		if a.rng != nil {
			stay = a.rng.IntN(2) == 0
		}
		p.segs[0], p.bundle, p.known = s.seg, s.bundle, false
		loc := Loc(0)
		if stay && a.assign(p) {
			loc = RegLoc(p.reg)
		}
		places := a.places[s.v]
		a.places[s.v] = slices.Insert(places, searchPlaced(places, s.from), placed{s.from, s.to, loc})
	}
}

// comesIn returns the register that a value is in where control comes to the beginning of s, or NoReg.
func (a *alloc) comesIn(s seg) PReg {
	b := a.block[s.from/2]
	if s.from != 2*a.start[b] {
		if l := a.at(s.v, s.from-1); l.IsReg() {
			return l.Reg()
		}
		return NoReg
	}
	for _, p := range a.preds.Of(b) {
		if l := a.at(s.v, 2*a.end[p]-1); l.IsReg() {
			return l.Reg()
		}
	}
	return NoReg
}

// searchPlaced returns the first element that ends after point.
func searchPlaced(p []placed, point int32) int {
	lo, hi := 0, len(p)
	for lo < hi {
		if m := (lo + hi) / 2; p[m].to > point {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// at returns where v is at a point: 0 if it is not live, or in memory as long as slots are not known.
func (a *alloc) at(v VReg, point int32) Loc {
	p := a.places[v]
	if i := searchPlaced(p, point); i < len(p) && p[i].from <= point {
		return p[i].loc
	}
	return 0
}

// sortPlaced sorts by where they begin.
func sortPlaced(p []placed) {
	if len(p) > 16 {
		slices.SortFunc(p, func(x, y placed) int { return int(x.from - y.from) })
		return
	}
	for i := 1; i < len(p); i++ {
		for k := i; k > 0 && p[k].from < p[k-1].from; k-- {
			p[k], p[k-1] = p[k-1], p[k]
		}
	}
}

// queue is a heap of pieces, longest first, and those of one length as they were made: the size, then the number's complement.
type queue []uint64

func (q *queue) push(p *piece) {
	h := append(*q, uint64(p.size)<<32|uint64(^uint32(p.number)))
	*q = h
	i := len(h) - 1
	for i > 0 && h[(i-1)/2] < h[i] {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		i = (i - 1) / 2
	}
}

// pop takes the first piece out, and gives its number.
func (q *queue) pop() int32 {
	h := *q
	top := h[0]
	last := len(h) - 1
	x := h[last]
	h = h[:last]
	*q = h
	i := 0
	for {
		k := 2*i + 1
		if k >= last {
			break
		}
		if k+1 < last && h[k+1] > h[k] {
			k++
		}
		if h[k] <= x {
			break
		}
		h[i] = h[k]
		i = k
	}
	if last > 0 {
		h[i] = x
	}
	return int32(^uint32(top))
}
