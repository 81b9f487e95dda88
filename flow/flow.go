// Package flow is what ir, the emitter and the register allocator ask of a graph of numbered blocks: dominators, and where variables live.
// Work and memory grow with what is found, not with blocks times variables: generated functions have tens of thousands of both.
package flow

import "github.com/gophersnake/gophersnake/arena"

// Preds lists the predecessors of each block. Whoever fills it counts first, then adds in the same order.
type Preds struct {
	start []int32 // by block: its first index in list
	list  []int32
}

// Begin empties it, for so many blocks.
func (p *Preds) Begin(blocks int) { p.start = arena.Fresh(p.start, blocks+2) }

// Count says that an edge to a block will be added.
func (p *Preds) Count(to int32) { p.start[to+2]++ }

// Counted ends the counting.
func (p *Preds) Counted() {
	for b := 2; b < len(p.start); b++ {
		p.start[b] += p.start[b-1]
	}
	p.list = arena.Fresh(p.list, int(p.start[len(p.start)-1]))
}

// Add adds an edge.
func (p *Preds) Add(from, to int32) {
	at := &p.start[to+1] // where the next goes; in the end where the block's begin
	p.list[*at] = from
	*at++
}

// Of is the predecessors of b, one for each edge.
func (p *Preds) Of(b int32) []int32 { return p.list[p.start[b]:p.start[b+1]] }

// Dominators tell which block dominates which. The zero value is empty.
type Dominators struct {
	Idom  []int32 // of each block the immediate dominator; of the entry, which is 0, itself
	depth []int32
	jump  []int32 // an ancestor some way up, at a depth that depends on the block's own depth alone
	pre   []int32 // a dominates b if pre[a] <= pre[b] < end[a]
	end   []int32
}

// Compute takes blocks that are numbered in reverse postorder, all of them reachable.
//
// Where every loop has one entry, a block's immediate dominator is the nearest common ancestor, in the tree, of its predecessors that come
// before it, whatever comes back to it: one pass finds the tree. If the graph turns out to be another, passes are repeated until nothing
// changes (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001).
func (d *Dominators) Compute(preds *Preds) {
	n := len(preds.start) - 2
	d.Idom, d.depth, d.jump = arena.Fresh(d.Idom, n), arena.Fresh(d.depth, n), arena.Fresh(d.jump, n)
	d.pre, d.end = arena.Fresh(d.pre, n), arena.Fresh(d.end, n)
	for b := int32(1); b < int32(n); b++ {
		up := int32(-1)
		for _, p := range preds.Of(b) {
			switch {
			case p >= b:
			case up < 0:
				up = p
			default:
				up = d.meet(up, p)
			}
		}
		d.Idom[b], d.depth[b] = up, d.depth[up]+1
		if j := d.jump[up]; d.depth[up]-d.depth[j] == d.depth[j]-d.depth[d.jump[j]] {
			d.jump[b] = d.jump[j]
		} else {
			d.jump[b] = up
		}
	}
	d.number()
	for b := int32(1); b < int32(n); b++ {
		for _, p := range preds.Of(b) {
			if p >= b && !d.Dominates(d.Idom[b], p) {
				d.repeat(preds)
				d.number()
				return
			}
		}
	}
}

// meet is the nearest common ancestor. Two blocks of one depth have jumps of one depth.
func (d *Dominators) meet(a, b int32) int32 {
	if d.depth[a] < d.depth[b] {
		a, b = b, a
	}
	for d.depth[a] > d.depth[b] {
		if d.depth[d.jump[a]] >= d.depth[b] {
			a = d.jump[a]
		} else {
			a = d.Idom[a]
		}
	}
	for a != b {
		if d.jump[a] != d.jump[b] {
			a, b = d.jump[a], d.jump[b]
		} else {
			a, b = d.Idom[a], d.Idom[b]
		}
	}
	return a
}

// repeat is for loops that are entered at several blocks.
func (d *Dominators) repeat(preds *Preds) {
	for changed := true; changed; {
		changed = false
		for b := int32(1); b < int32(len(d.Idom)); b++ {
			up := int32(-1)
			for _, p := range preds.Of(b) {
				if up < 0 {
					up = p
				}
				for p != up {
					if p > up {
						p = d.Idom[p]
					} else {
						up = d.Idom[up]
					}
				}
			}
			if up != d.Idom[b] {
				d.Idom[b], changed = up, true
			}
		}
	}
}

// number numbers the tree: a parent comes before its children.
func (d *Dominators) number() {
	size := d.end
	for b := range size {
		size[b] = 1
	}
	for b := len(size) - 1; b > 0; b-- {
		size[d.Idom[b]] += size[b]
	}
	next := d.jump // no longer needed: the number for the next child
	d.pre[0], next[0] = 0, 1
	for b := 1; b < len(size); b++ {
		up := d.Idom[b]
		d.pre[b] = next[up]
		next[up] += size[b]
		next[b] = d.pre[b] + 1
	}
	for b := range size {
		d.end[b] = d.pre[b] + size[b]
	}
}

// Dominates reports whether every way to b leads through a; a block dominates itself.
func (d *Dominators) Dominates(a, b int32) bool { return d.pre[a] <= d.pre[b] && d.pre[b] < d.end[a] }

// Span is the numbers of what b dominates, in an order in which that is a range: from b's own up to end.
func (d *Dominators) Span(b int32) (from, end int32) { return d.pre[b], d.end[b] }

// Live finds where variables live that are defined once. The zero value is empty.
type Live struct {
	heads []int32 // by variable: the blocks that want it
	nodes []node  // 0 is none
	start []int32 // by block: its first index in vars
	vars  []int32
	met   []pair
	last  []int32 // by block: the last variable that was found to live at its beginning, counted from 1
	work  []int32
}

type node struct{ next, block int32 }
type pair struct{ block, v int32 }

// Begin empties it, for so many variables.
func (l *Live) Begin(variables int) {
	l.heads = arena.Fresh(l.heads, variables)
	l.nodes = append(arena.Empty(l.nodes), node{})
}

// Wants says that the block reads v, or passes it on at its end.
func (l *Live) Wants(block, v int32) {
	if at := l.heads[v]; at != 0 && l.nodes[at].block == block {
		return
	}
	l.nodes = append(l.nodes, node{l.heads[v], block})
	l.heads[v] = int32(len(l.nodes) - 1)
}

// Compute goes back from the blocks that want a variable to the one that defines it, which home tells.
func (l *Live) Compute(preds *Preds, home func(v int32) int32) {
	blocks := len(preds.start) - 2
	l.start = arena.Fresh(l.start, blocks+2)
	l.last = arena.Fresh(l.last, blocks)
	met, work := arena.Empty(l.met), arena.Empty(l.work)
	for v := range int32(len(l.heads)) {
		at := l.heads[v]
		if at == 0 {
			continue
		}
		from := home(v)
		for ; at != 0; at = l.nodes[at].next {
			work = append(work, l.nodes[at].block)
		}
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if b == from || l.last[b] == v+1 {
				continue
			}
			l.last[b] = v + 1
			met = append(met, pair{b, v})
			l.start[b+2]++
			work = append(work, preds.Of(b)...)
		}
	}
	for b := 2; b < len(l.start); b++ {
		l.start[b] += l.start[b-1]
	}
	l.vars = arena.Fresh(l.vars, len(met))
	for _, m := range met {
		at := &l.start[m.block+1]
		l.vars[*at] = m.v
		*at++
	}
	l.met, l.work = met, work
}

// In is what lives at the beginning of b and is not made there, ascending.
func (l *Live) In(b int32) []int32 { return l.vars[l.start[b]:l.start[b+1]] }
