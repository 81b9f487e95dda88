// Pass gvn gives values that are certainly the same one name: a computation, load or guard that a dominating one has done already
// goes. Blocks are visited as the dominator tree has them, a parent before its children and these in reverse postorder: so a block comes
// after all that precedes it but for back edges, and a hash table holds just what the blocks that dominate this one have computed.
//
// Memory. Each region of memory (regions.go) has a version: the number of the last thing that may have changed it. A load is
// the same as a dominating one if operands and version are. Where ways with different versions meet, a new version begins; at
// a loop header too, for the regions that something in the loop may write. A version is met only through the event that
// began it, so between two points of one version, of which one dominates the other, nothing wrote. A store puts its value in for the loads that follow.
// What stores an item with another index, certainly (distinct.go), is looked through.
//
// Guards. A guard is redundant if a dominating one checked the same: it passed then, and what it looked at is the same now. Rule by rule
// (docs/design.md, section 6): 1. No guard moves and no frame state changes. What a dominating branch or guard decided is used only where it
// dominates. 2. A taken poll leaves for good, so what was known before a poll that was not taken still holds behind it; polls themselves are never merged, for the
// eval breaker is set from outside. 3. A decref that may run code writes every region, by the table of operations, so it begins
// new versions for all loads and for guards on classes that may change; a test derives from the table which operations do.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// entry is something computed: v's operation on v's arguments gives res, or, if that is nil, a truth.
type entry struct {
	v     *ir.Value
	res   *ir.Value
	block *ir.Block
	hash  uint32
	ver   int32
	next  int32 // older one in the same bucket, counted from 1
	op    ir.Op // v's, or what v would be if it were a load
	truth bool
	nargs int8 // of v's arguments, how many count
}

type numbering struct {
	*pass
	tree    *ir.DomTree
	loops   *ir.Loops
	values  ir.Replacements
	entries []entry
	buckets []int32
	// Facts: conditions known to be true or false, by value ID; newest first in facts.
	factAt []int32
	facts  []fact

	stores   []stored // the latest last
	probe    ir.Value
	version  [numRegions]int32
	exits    [][numRegions]int32 // by block ID: versions at the block's end
	counter  int32
	done     []bool // by block ID
	n        int
	out      []*ir.Value
	constant [2]*ir.Value // of the current block
	b        *ir.Block
}

type fact struct {
	block *ir.Block
	truth bool
	cond  int32 // the condition's ID
	next  int32
}

func gvn(p *pass) int {
	f := p.f
	m := p.mem
	m.factAt, m.exits, m.blocks = arena.Fresh(m.factAt, f.NumValues()), arena.Fresh(m.exits, f.NumBlocks()), arena.Fresh(m.blocks, f.NumBlocks())
	g := &numbering{pass: p, tree: f.Dominators(), values: m.replacements(f), factAt: m.factAt, exits: m.exits, done: m.blocks}
	f.Blocks = g.tree.Order
	g.loops = f.ComputeLoops(g.tree)
	size := 64
	for size < f.NumValues() {
		size *= 2
	}
	m.buckets, m.kills = arena.Fresh(m.buckets, size), arena.Fresh(m.kills, f.NumBlocks())
	g.buckets = m.buckets
	g.entries = append(arena.Empty(m.entries), entry{})
	g.facts = append(arena.Empty(m.facts), fact{})
	kills := m.kills
	loopWrites(f, g.loops, kills)
	for b := f.Blocks[0]; b != nil; b = g.following(b) {
		g.leave(b)
		g.enter(b, kills)
		g.block(b)
		g.exits[b.ID] = g.version
		g.done[b.ID] = true
	}
	if g.n > 0 {
		f.Replace(g.values)
	}
	m.entries, m.facts = g.entries, g.facts
	f.ComputePreds()
	return g.n
}

// following is the block after b in a preorder of the dominator tree, nil after the last.
func (g *numbering) following(b *ir.Block) *ir.Block {
	if c := g.tree.FirstChild(b); c != nil {
		return c
	}
	for ; b != nil; b = g.tree.Idom(b) {
		if s := g.tree.NextSibling(b); s != nil {
			return s
		}
	}
	return nil
}

// leave forgets what was computed in blocks that do not dominate b, and no later one either: the latest.
func (g *numbering) leave(b *ir.Block) {
	last := len(g.entries) - 1
	for ; last > 0 && !g.tree.Dominates(g.entries[last].block, b); last-- {
		e := &g.entries[last]
		g.buckets[int(e.hash)&(len(g.buckets)-1)] = e.next
	}
	g.entries = g.entries[:last+1]
	last = len(g.facts) - 1
	for ; last > 0 && !g.tree.Dominates(g.facts[last].block, b); last-- {
		g.factAt[g.facts[last].cond] = g.facts[last].next
	}
	g.facts = g.facts[:last+1]
}

// loopWrites puts into kills, for each loop header by block ID, the regions that something in the loop may write.
func loopWrites(f *ir.Func, loops *ir.Loops, kills []regions) {
	for _, l := range loops.List {
		for _, b := range l.Blocks {
			if loops.Of(b) != l {
				continue // an inner loop adds its own below
			}
			for _, v := range b.Values {
				kills[l.Header.ID] |= regionsWritten(v)
			}
		}
	}
	for i := len(loops.List) - 1; i >= 0; i-- {
		if l := loops.List[i]; l.Parent != nil {
			kills[l.Parent.Header.ID] |= kills[l.Header.ID]
		}
	}
}

// enter finds the versions at the block's beginning, and what the branch to it decided.
func (g *numbering) enter(b *ir.Block, kills []regions) {
	g.b, g.constant = b, [2]*ir.Value{}
	first := true
	var fresh regions
	for _, p := range b.Preds {
		switch {
		case !g.tree.Reachable(p):
		case g.done[p.ID] && first:
			g.version = g.exits[p.ID]
			first = false
		case g.done[p.ID]:
			for r := range g.version {
				if g.version[r] != g.exits[p.ID][r] {
					fresh |= 1 << r
				}
			}
		case g.tree.Dominates(b, p):
			fresh |= kills[b.ID]
		default:
			fresh = allRegions // a cycle that is no natural loop
		}
	}
	g.kill(fresh)
	if len(b.Preds) != 1 {
		return
	}
	if p := b.Preds[0]; p.Ctrl.Op == ir.OpBranch && p.Succs[0].To != p.Succs[1].To {
		g.learn(p.Ctrl.Args[0], p.Succs[0].To == b)
	}
}

func (g *numbering) kill(r regions) {
	if r == 0 {
		return
	}
	g.counter++
	for i := range g.version {
		if r&(1<<i) != 0 {
			g.version[i] = g.counter
		}
	}
}

// learn notes that a condition is decided from here on.
func (g *numbering) learn(cond *ir.Value, truth bool) {
	for cond.Op == ir.OpBNot {
		g.know(cond, truth)
		cond, truth = cond.Args[0], !truth
	}
	g.know(cond, truth)
	if cond.Op.Is(ir.Pure) && len(cond.Args) > 0 {
		g.insert(entry{v: cond, op: cond.Op, truth: truth, nargs: int8(len(cond.Args))}, 0)
		if inv := inverse[cond.Op]; inv != 0 {
			g.insert(entry{v: cond, op: inv, truth: !truth, nargs: int8(len(cond.Args))}, 0)
		}
	}
}

func (g *numbering) know(cond *ir.Value, truth bool) {
	if int(cond.ID) >= len(g.factAt) || cond.Op == ir.OpConstBool {
		return
	}
	g.facts = append(g.facts, fact{block: g.b, truth: truth, cond: int32(cond.ID), next: g.factAt[cond.ID]})
	g.factAt[cond.ID] = int32(len(g.facts) - 1)
}

// decided gives the constant that a condition is known to be here, or itself.
func (g *numbering) decided(cond *ir.Value) *ir.Value {
	if int(cond.ID) >= len(g.factAt) {
		return cond
	}
	if i := g.factAt[cond.ID]; i != 0 {
		g.n++
		return g.truth(g.facts[i].truth, cond)
	}
	return cond
}

// truth makes a constant in the current block.
func (g *numbering) truth(x bool, like *ir.Value) *ir.Value {
	i := 0
	if x {
		i = 1
	}
	if g.constant[i] == nil {
		v := g.f.NewValue(g.b, ir.OpConstBool, ir.Type{Kind: ir.Bool})
		v.Aux, v.Line = int64(i), like.Line
		g.out = append(g.out, v)
		g.constant[i] = v
	}
	return g.constant[i]
}

func (g *numbering) block(b *ir.Block) {
	g.out = arena.Empty(g.mem.out)
	for _, v := range b.Values {
		g.args(v)
		if v.Op == ir.OpGuard && isBool(v.Args[0], true) {
			g.n++
			continue
		}
		if same := g.number(v); same != nil {
			g.n++
			if same != v {
				g.values[v.ID] = same
			}
			continue
		}
		g.out = append(g.out, v)
		g.after(v)
	}
	g.args(b.Ctrl)
	b.Values = g.mem.list(b.Values, g.out)
}

func (g *numbering) args(v *ir.Value) {
	for i, a := range v.Args {
		a = g.values.Of(a)
		if a.Type.Kind == ir.Bool {
			a = g.decided(a)
		}
		v.Args[i] = a
	}
	if v.Op.Is(ir.Commutative) && v.Type.Kind != ir.F64 { // of two NaNs the result is the first
		x, y := v.Args[0], v.Args[1]
		if !y.Op.Is(ir.Constant) && (x.Op.Is(ir.Constant) || x.ID > y.ID) {
			v.Args[0], v.Args[1] = y, x
		}
	}
}

// number gives what v is the same as: a value, or v itself if it is a guard without result that may go; nil if it is new.
func (g *numbering) number(v *ir.Value) *ir.Value {
	ver := int32(0)
	switch {
	case v.Op.Is(ir.Memory):
		ver = g.versionOf(regionsRead(v))
	case v.IsPure():
	case v.Op.Is(ir.Guard) && !v.Op.Is(ir.Effect):
		switch v.Op {
		case ir.OpPoll:
			return nil // set from outside
		case ir.OpGuardFrame, ir.OpGuardLocals:
			ver = g.versionOf(regionsOf(ir.HeapThread))
		case ir.OpGuardClass:
			if !g.fixed(ir.Class(v.Aux)) {
				ver = g.versionOf(regionsOf(ir.HeapClass))
			}
		}
	default:
		return nil
	}
	e := entry{v: v, res: v, op: v.Op, nargs: int8(min(len(v.Args), 127))}
	if len(v.Args) > 127 {
		return nil
	}
	old := g.find(&e, ver)
	if old == nil && g.indexed(v.Op) {
		if old = g.past(&e, ver); old == nil {
			e.rehash(ver)
		}
	}
	if old != nil {
		switch {
		case old.res == nil:
			return g.truth(old.truth, v)
		case v.Type.Kind == ir.Void:
			return v
		case old.res.Type.Kind == v.Type.Kind || v.Type.Kind == ir.ObjNull && old.res.Type.Kind == ir.Obj:
			// What is known of v only stays known, if it cannot have changed since.
			if old.res.Type.Class == 0 && g.fixed(v.Type.Class) {
				old.res.Type.Class = v.Type.Class
			}
			return old.res
		}
		return nil
	}
	g.insertHashed(e, ver)
	return nil
}

// after does what v does to memory, and learns from it.
func (g *numbering) after(v *ir.Value) {
	if written := regionsWritten(v); written != 0 {
		before := g.versionOf(written)
		g.kill(written)
		if v.Op >= ir.OpStoreIdxI64 && v.Op <= ir.OpStoreIdxObj && written == 1<<listItems {
			g.stores = append(g.stores, stored{v, before, g.counter})
		}
	}
	switch v.Op {
	case ir.OpGuard:
		g.learn(v.Args[0], true)
	case ir.OpStoreI64:
		g.forward(v, ir.OpLoadI64)
	case ir.OpStoreF64:
		g.forward(v, ir.OpLoadF64)
	case ir.OpStoreIdxI64:
		g.forward(v, ir.OpLoadIdxI64)
	case ir.OpStoreIdxF64:
		g.forward(v, ir.OpLoadIdxF64)
	case ir.OpStoreObj:
		g.forward(v, ir.OpLoadObjNull)
		g.forward(v, ir.OpLoadObj)
	case ir.OpStoreIdxObj:
		g.forward(v, ir.OpLoadIdxObjNull)
		g.forward(v, ir.OpLoadIdxObj)
	}
}

// forward lets a load of what was just stored find the value.
func (g *numbering) forward(st *ir.Value, load ir.Op) {
	value := st.Args[len(st.Args)-1]
	if k := ir.Ops[load].Result; value.Type.Kind == k || k == ir.ObjNull && value.Type.Kind == ir.Obj {
		g.insert(entry{v: st, res: value, op: load, nargs: int8(len(st.Args) - 1)}, g.versionOf(regionsRead(st)))
	}
}

func (g *numbering) versionOf(r regions) int32 {
	ver := int32(0)
	for i := range g.version {
		if r&(1<<i) != 0 {
			ver = max(ver, g.version[i])
		}
	}
	return ver
}

func (e *entry) rehash(ver int32) {
	h := uint32(e.op)*0x9e3779b1 ^ uint32(e.v.Aux)*0x85ebca6b ^ uint32(e.v.Aux>>32)*0xc2b2ae35 ^ uint32(ver)*0x27d4eb2f
	for _, a := range e.v.Args[:e.nargs] {
		h = (h ^ uint32(origin(a).ID)) * 0x01000193
	}
	e.hash, e.ver = h^h>>15, ver
}

func (g *numbering) insert(e entry, ver int32) {
	e.rehash(ver)
	g.insertHashed(e, ver)
}

func (g *numbering) insertHashed(e entry, ver int32) {
	e.block = g.b
	at := &g.buckets[int(e.hash)&(len(g.buckets)-1)]
	e.next = *at
	g.entries = append(g.entries, e)
	*at = int32(len(g.entries) - 1)
}

// find looks for an entry that e is the same as.
func (g *numbering) find(e *entry, ver int32) *entry {
	e.rehash(ver)
	for i := g.buckets[int(e.hash)&(len(g.buckets)-1)]; i != 0; i = g.entries[i].next {
		if o := &g.entries[i]; o.hash == e.hash && o.same(e) {
			return o
		}
	}
	return nil
}

// same compares all that tells operations apart. Objects are compared by where they come from: a guard's result is its argument.
func (e *entry) same(o *entry) bool {
	if e.op != o.op || e.ver != o.ver || e.v.Aux != o.v.Aux || e.nargs != o.nargs || e.v.Heap != o.v.Heap || e.v.NFixed != o.v.NFixed {
		return false
	}
	for i, a := range e.v.Args[:e.nargs] {
		if a != o.v.Args[i] && origin(a) != origin(o.v.Args[i]) {
			return false
		}
	}
	return true
}
