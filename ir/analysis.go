// What passes and the emitter ask of a control-flow graph: predecessors, order, dominators, loops, uses. All of it is
// linear or nearly so, in slices indexed by ID, for a function is compiled while its caller waits.

package ir

import (
	"slices"

	"github.com/gophersnake/gophersnake/arena"
)

// ComputePreds fills Block.Preds: one entry for each edge.
func (f *Func) ComputePreds() {
	m := f.memory
	m.counts = arena.Fresh(m.counts, f.NumBlocks())
	for _, b := range f.Blocks {
		for i := range b.Succs {
			m.counts[b.Succs[i].To.ID]++
		}
	}
	for _, b := range f.Blocks {
		if n := int(m.counts[b.ID]); n > cap(b.Preds) {
			b.Preds = m.orders.Make(n)
		}
		b.Preds = b.Preds[:0]
	}
	for _, b := range f.Blocks {
		for i := range b.Succs {
			to := b.Succs[i].To
			to.Preds = append(to.Preds, b)
		}
	}
}

// ReversePostorder lists the reachable blocks so that a block comes before its successors, but for back edges.
func (f *Func) ReversePostorder() []*Block {
	m := f.memory
	m.seen = arena.Fresh(m.seen, f.NumBlocks())
	seen := m.seen
	order := m.orders.Make(len(f.Blocks))
	at := len(order)
	stack := append(arena.Empty(m.stack), visit{b: f.Blocks[0]})
	seen[f.Blocks[0].ID] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		// Later successors first: the first one, the likely or the loop's, then stands next to the block.
		if n := len(top.b.Succs) - 1 - top.next; n >= 0 {
			top.next++
			if to := top.b.Succs[n].To; !seen[to.ID] {
				seen[to.ID] = true
				stack = append(stack, visit{b: to})
			}
			continue
		}
		at--
		order[at] = top.b
		stack = stack[:len(stack)-1]
	}
	m.stack = stack
	return order[at:]
}

// visit is a block on the way of a depth-first walk, and how many of its successors were seen.
type visit struct {
	b    *Block
	next int
}

// RemoveUnreachable drops the blocks that the entry does not lead to, and reports how many. It puts the others in reverse
// postorder and recomputes Preds.
func (f *Func) RemoveUnreachable() int {
	order := f.ReversePostorder()
	n := len(f.Blocks) - len(order)
	f.Blocks = order
	f.ComputePreds()
	return n
}

// DomTree tells which block dominates which.
type DomTree struct {
	Order    []*Block // reverse postorder
	idom     []*Block // by block ID; nil for the entry and unreachable blocks
	rpo      []int32  // by block ID: place in Order, counted from 1; 0: unreachable
	pre, end []int32  // by block ID: a dominates b if pre[a] <= pre[b] < end[a]
	children []*Block // in Order; those of one block are linked by next
	next     []*Block
}

// Dominators computes the dominator tree, and Preds. The tree lasts until the next one is computed, of whichever function in the same memory.
func (f *Func) Dominators() *DomTree {
	f.ComputePreds()
	n := f.NumBlocks()
	m := f.memory
	t := &m.tree
	t.Order = f.ReversePostorder()
	t.idom, t.children, t.next = arena.Fresh(t.idom, n), arena.Fresh(t.children, n), arena.Fresh(t.next, n)
	t.rpo, t.pre, t.end = arena.Fresh(t.rpo, n), arena.Fresh(t.pre, n), arena.Fresh(t.end, n)
	for i, b := range t.Order {
		t.rpo[b.ID] = int32(i) + 1
	}
	m.preds.Begin(len(t.Order))
	for _, b := range t.Order {
		for i := range b.Succs {
			m.preds.Count(t.rpo[b.Succs[i].To.ID] - 1)
		}
	}
	m.preds.Counted()
	for _, b := range t.Order {
		for i := range b.Succs {
			m.preds.Add(t.rpo[b.ID]-1, t.rpo[b.Succs[i].To.ID]-1)
		}
	}
	m.dominators.Compute(&m.preds)
	for i := len(t.Order) - 1; i >= 0; i-- {
		b := t.Order[i]
		t.pre[b.ID], t.end[b.ID] = m.dominators.Span(int32(i))
		if i > 0 {
			d := t.Order[m.dominators.Idom[i]]
			t.idom[b.ID] = d
			t.next[b.ID] = t.children[d.ID]
			t.children[d.ID] = b
		}
	}
	return t
}

// Idom is the immediate dominator, nil for the entry.
func (t *DomTree) Idom(b *Block) *Block { return t.idom[b.ID] }

// Reachable reports whether the entry leads to b.
func (t *DomTree) Reachable(b *Block) bool { return int(b.ID) < len(t.rpo) && t.rpo[b.ID] != 0 }

// Dominates reports whether every way to b leads through a; a block dominates itself.
func (t *DomTree) Dominates(a, b *Block) bool {
	return t.pre[a.ID] <= t.pre[b.ID] && t.pre[b.ID] < t.end[a.ID]
}

// Index is the block's place in Order.
func (t *DomTree) Index(b *Block) int { return int(t.rpo[b.ID]) - 1 }

// FirstChild and NextSibling walk the dominator tree.
func (t *DomTree) FirstChild(b *Block) *Block  { return t.children[b.ID] }
func (t *DomTree) NextSibling(b *Block) *Block { return t.next[b.ID] }

// Loop is a natural loop: the blocks from which the header is reached again without leaving what the header dominates.
type Loop struct {
	Header  *Block
	Parent  *Loop // the loop around it
	Depth   int   // 1 for an outermost loop
	Latches []*Block
	Blocks  []*Block // in reverse postorder, inner loops' too; the header first
	Inner   bool     // no loop inside

	size int // how many blocks ComputeLoops found
}

// Loops is what ComputeLoops found.
type Loops struct {
	List []*Loop // outer loops before inner ones; a cycle with more than one way in is none
	of   []*Loop // by block ID: the innermost
}

// Of is the innermost loop around b, or nil.
func (l *Loops) Of(b *Block) *Loop { return l.of[b.ID] }

// Has reports whether b is in the loop or in a loop inside of it.
func (l *Loops) Has(loop *Loop, b *Block) bool {
	for x := l.of[b.ID]; x != nil; x = x.Parent {
		if x == loop {
			return true
		}
	}
	return false
}

// Adopt puts a new block into a loop, or into none (nil).
func (l *Loops) Adopt(b *Block, loop *Loop) {
	for int(b.ID) >= len(l.of) {
		l.of = append(l.of, nil)
	}
	l.of[b.ID] = loop
	for ; loop != nil; loop = loop.Parent {
		loop.Blocks = append(loop.Blocks, b)
	}
}

// ComputeLoops finds the natural loops and sets Block.Loop and Block.Header.
func (f *Func) ComputeLoops(t *DomTree) *Loops {
	m := f.memory
	l := &Loops{of: m.inLoops.Make(f.NumBlocks())}
	clear(l.of)
	for _, b := range f.Blocks {
		b.Loop, b.Header = 0, false
	}
	// Headers from the innermost outwards: a dominated header comes later in reverse postorder.
	work := m.work
	for i := len(t.Order) - 1; i >= 0; i-- {
		h := t.Order[i]
		var loop *Loop
		for _, p := range h.Preds {
			if t.Reachable(p) && t.Dominates(h, p) {
				if loop == nil {
					loop = m.loops.New()
					loop.Header, loop.Inner = h, true
				}
				loop.Latches = append(loop.Latches, p)
			}
		}
		if loop == nil {
			continue
		}
		l.List = append(l.List, loop)
		work = append(work[:0], loop.Latches...)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			// The outermost loop known around b so far.
			x := l.of[b.ID]
			for x != nil && x.Parent != nil {
				x = x.Parent
			}
			switch {
			case x == loop:
				continue
			case x != nil:
				x.Parent = loop
				loop.Inner = false
				b = x.Header
			default:
				l.of[b.ID] = loop
			}
			if b == h {
				continue
			}
			for _, p := range b.Preds {
				if t.Reachable(p) {
					work = append(work, p)
				}
			}
		}
		l.of[h.ID] = loop
		h.Header = true
	}
	m.work = work
	for i, j := 0, len(l.List)-1; i < j; i, j = i+1, j-1 {
		l.List[i], l.List[j] = l.List[j], l.List[i]
	}
	for _, loop := range l.List {
		loop.Depth = 1
		if loop.Parent != nil {
			loop.Depth = loop.Parent.Depth + 1
		}
	}
	for _, b := range t.Order {
		for x := l.of[b.ID]; x != nil; x = x.Parent {
			x.size++
		}
	}
	for _, loop := range l.List {
		loop.Blocks = m.orders.Make(loop.size)[:0]
	}
	for _, b := range t.Order {
		for x := l.of[b.ID]; x != nil; x = x.Parent {
			x.Blocks = append(x.Blocks, b)
		}
		if x := l.of[b.ID]; x != nil {
			b.Loop = x.Depth
		}
	}
	return l
}

// BeginSweep begins a walk over frame states, which guards share; FirstVisit tells the first time it meets one.
func (f *Func) BeginSweep() { f.sweep++ }

// FirstVisit reports whether the state is met for the first time since BeginSweep.
func (f *Func) FirstVisit(fs *FrameState) bool {
	first := fs.sweep != f.sweep
	fs.sweep = f.sweep
	return first
}

// States lists the function's frame states, each once, callers' states of inlined code and the entry's too: guards share them.
func (f *Func) States() []*FrameState {
	var list []*FrameState
	f.eachState(func(fs *FrameState) { list = append(list, fs) })
	return list
}

func (f *Func) eachState(visit func(fs *FrameState)) {
	f.BeginSweep()
	add := func(fs *FrameState) {
		for ; fs != nil && f.FirstVisit(fs); fs = fs.Parent {
			visit(fs)
		}
	}
	add(f.Entry)
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.FS != nil {
				add(v.FS)
			}
		}
		if b.Ctrl != nil && b.Ctrl.FS != nil {
			add(b.Ctrl.FS)
		}
	}
}

// Values calls visit with the place of every value of this state, not of its parents'.
func (fs *FrameState) Values(visit func(place **Value)) {
	if fs.Callable != nil {
		visit(&fs.Callable)
	}
	for i := range fs.Slots {
		s := &fs.Slots[i]
		for c := range s.Vals {
			if s.Vals[c] == nil {
				break
			}
			visit(&s.Vals[c])
		}
	}
}

// Copy copies the state, and its parents.
func (fs *FrameState) Copy() *FrameState {
	if fs == nil {
		return nil
	}
	top := new(FrameState)
	for to := top; ; to = to.Parent {
		*to = *fs
		to.sweep = 0
		to.Slots = append([]Slot(nil), fs.Slots...)
		if fs = fs.Parent; fs == nil {
			return top
		}
		to.Parent = new(FrameState)
	}
}

// Uses calls visit with every place of the function where a value is used: arguments, edges, frame states (each once).
func (f *Func) Uses(visit func(place **Value)) {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			for i := range v.Args {
				visit(&v.Args[i])
			}
		}
		if b.Ctrl != nil {
			for i := range b.Ctrl.Args {
				visit(&b.Ctrl.Args[i])
			}
		}
		for i := range b.Succs {
			args := b.Succs[i].Args
			for j := range args {
				visit(&args[j])
			}
		}
	}
	f.eachState(func(fs *FrameState) { fs.Values(visit) })
}

// UseCounts counts the uses of each value, by ID, until they are counted the next time in the same memory. A frame state that several guards
// share counts once.
func (f *Func) UseCounts() []int32 {
	m := f.memory
	m.uses = arena.Fresh(m.uses, f.NumValues())
	f.Uses(func(p **Value) { m.uses[(*p).ID]++ })
	return m.uses
}

// Replacements says which value stands for another, by ID; nil: itself. Passes fill it and apply it once at the end.
type Replacements []*Value

// Of follows the replacements of v to their end, shortening the way for the next time.
func (r Replacements) Of(v *Value) *Value {
	if int(v.ID) >= len(r) || r[v.ID] == nil {
		return v
	}
	end := r[v.ID]
	for int(end.ID) < len(r) && r[end.ID] != nil {
		end = r[end.ID]
	}
	for int(v.ID) < len(r) && r[v.ID] != nil && r[v.ID] != end {
		v, r[v.ID] = r[v.ID], end
	}
	return end
}

// Replace puts the replacements in everywhere.
func (f *Func) Replace(r Replacements) {
	if !slices.ContainsFunc(r, func(v *Value) bool { return v != nil }) {
		return
	}
	f.BeginSweep()
	state := func(fs *FrameState) {
		for ; fs != nil && f.FirstVisit(fs); fs = fs.Parent {
			if fs.Callable != nil {
				fs.Callable = r.Of(fs.Callable)
			}
			for i := range fs.Slots {
				vals := &fs.Slots[i].Vals
				for c, v := range vals {
					if v == nil {
						break
					}
					if int(v.ID) < len(r) && r[v.ID] != nil {
						vals[c] = r.Of(v)
					}
				}
			}
		}
	}
	state(f.Entry)
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			r.in(v.Args)
			if v.FS != nil {
				state(v.FS)
			}
		}
		if b.Ctrl != nil {
			r.in(b.Ctrl.Args)
			state(b.Ctrl.FS)
		}
		for i := range b.Succs {
			r.in(b.Succs[i].Args)
		}
	}
}

// in puts them into a list.
func (r Replacements) in(list []*Value) {
	for i, v := range list {
		if int(v.ID) < len(r) && r[v.ID] != nil {
			list[i] = r.Of(v)
		}
	}
}

// HelperRow is the row of a CallHelper.
func (v *Value) HelperRow() *Helper { return &Helpers[v.Aux] }

// IsPure reports whether the result depends on the arguments and Aux only, and nothing else happens: v may be numbered, moved, dropped.
func (v *Value) IsPure() bool {
	if v.Op == OpCallHelper {
		return v.HelperRow().Pure
	}
	return Ops[v.Op].Flags&Pure != 0
}

// Reads is the set of regions whose contents the result depends on. HeapConst is not in it where the object is known to be finished.
func (v *Value) Reads() Heap {
	row := &Ops[v.Op]
	h := row.Reads
	if row.Flags&Memory != 0 {
		h |= v.Heap
		if h == 0 {
			h = HeapAll | HeapScratch | HeapConst
		}
	}
	return h
}

// Writes is the set of regions that v may change. A call may always write what it was given the address of, and counts of references.
func (v *Value) Writes() Heap {
	row := &Ops[v.Op]
	switch {
	case v.Op == OpCallHelper:
		if v.HelperRow().Pure {
			return 0
		}
		return v.Heap | HeapRef | HeapScratch
	case row.Flags&Call != 0:
		return row.Writes | HeapScratch
	case row.Flags&Effect != 0 && row.Writes == 0 && row.Flags&UsesAux != 0 && row.NArgs >= 2:
		return v.Heap // a store
	}
	return row.Writes
}

// Stays reports whether v has an effect, so that it is neither dropped nor moved.
func (v *Value) Stays() bool {
	if v.Op == OpCallHelper {
		return !v.HelperRow().Pure
	}
	return Ops[v.Op].Flags&(Effect|Call|Control) != 0
}
