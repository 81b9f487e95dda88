// Basic blocks, stack depths and loops.
package decoder

import (
	"fmt"
	"slices"
)

// blocks cuts the instructions where control joins or parts, where another row of
// the exception table begins to hold, and at splits.
func (f *Func) blocks(splits []uint32) error {
	leader := make([]bool, len(f.Instrs)+1)
	leader[0] = true
	mark := func(off uint32, what string) error {
		if int(off) == len(f.index) {
			return nil
		}
		n := f.Index(off)
		if n < 0 {
			return fmt.Errorf("%s %d is no instruction's offset", what, off)
		}
		leader[n] = true
		return nil
	}
	for n := range f.Instrs {
		i := &f.Instrs[n]
		if i.Target != NoTarget {
			leader[f.Index(i.Target)] = true
		}
		if i.Target != NoTarget || i.Op.EndsBlock() {
			leader[n+1] = true
		}
	}
	for _, h := range f.Handlers {
		for _, off := range []uint32{h.Start, h.End, h.Target} {
			if err := mark(off, "the exception table's"); err != nil {
				return err
			}
		}
	}
	for _, off := range splits {
		if f.Index(off) < 0 {
			return fmt.Errorf("no instruction begins at %d", off)
		}
		leader[f.Index(off)] = true
	}
	of := make([]int32, len(f.Instrs))
	for n := 0; n < len(f.Instrs); {
		last := n + 1
		for last < len(f.Instrs) && !leader[last] {
			last++
		}
		b := Block{Index: len(f.Blocks), First: n, Last: last, Start: f.Instrs[n].Off, End: f.Instrs[last-1].Next,
			Depth: -1, Handler: f.HandlerAt(f.Instrs[n].At), Except: -1, Loop: -1}
		for ; n < last; n++ {
			of[n] = int32(b.Index)
		}
		f.Blocks = append(f.Blocks, b)
	}
	f.Blocks[0].IsEntry = true
	for n := range f.Blocks {
		b := &f.Blocks[n]
		last := &f.Instrs[b.Last-1]
		if !last.Op.EndsBlock() {
			b.Succs = append(b.Succs, Edge{To: n + 1})
		}
		if last.Target != NoTarget {
			b.Succs = append(b.Succs, Edge{To: int(of[f.Index(last.Target)]), Jump: true})
		}
		for e, edge := range b.Succs {
			if to := &f.Blocks[edge.To]; e == 0 || edge.To != b.Succs[0].To {
				to.Preds = append(to.Preds, n)
			}
		}
		if b.Handler >= 0 {
			b.Except = int(of[f.Index(f.Handlers[b.Handler].Target)])
			to := &f.Blocks[b.Except]
			to.Throwers = append(to.Throwers, n)
		}
	}
	return nil
}

// depths finds the stack depth everywhere, and so what can be reached, and where on the stack handlers find what Lastis tells.
func (f *Func) depths() error {
	limit := int(f.Code.StackSize)
	work := []int{0}
	f.Blocks[0].Depth = 0
	entry := make([]uint64, len(f.Blocks)) // Lastis
	reach := func(to, depth int, lastis uint64, from string) error {
		b := &f.Blocks[to]
		switch {
		case depth > limit || depth < 0:
			return fmt.Errorf("%s leaves %d items on a stack of %d", from, depth, limit)
		case b.Depth == -1:
			b.Depth, entry[to] = depth, lastis
			work = append(work, to)
		case b.Depth != depth:
			return fmt.Errorf("the stack at %d is %d and %d deep", b.Start, b.Depth, depth)
		case entry[to] != lastis:
			return fmt.Errorf("handlers find different things on the stack at %d", b.Start)
		}
		return nil
	}
	for len(work) > 0 {
		b := &f.Blocks[work[len(work)-1]]
		work = work[:len(work)-1]
		depth, lastis := b.Depth, entry[b.Index]
		if b.Handler >= 0 {
			h := f.Handlers[b.Handler]
			kept := lowest(lastis, int(h.Depth))
			if h.Lasti {
				if h.Depth >= 64 {
					return fmt.Errorf("a handler at %d lies too deep", h.Target)
				}
				kept |= 1 << h.Depth
			}
			if err := reach(b.Except, h.EntryDepth(), kept, "an exception"); err != nil {
				return err
			}
		}
		for n := b.First; n < b.Last; n++ {
			i := &f.Instrs[n]
			i.Depth, i.Lastis = int32(depth), lastis
			pop, push := i.Effect(false)
			if pop > depth || i.needs() > depth {
				return fmt.Errorf("%s at %d has %d items on the stack", i.Op, i.At, depth)
			}
			if i.Target != NoTarget {
				jumpPop, jumpPush := i.Effect(true)
				to := f.Blocks[b.Index].Succs
				if err := reach(to[len(to)-1].To, depth-jumpPop+jumpPush, lowest(lastis, depth-jumpPop), i.Op.String()); err != nil {
					return err
				}
			}
			if b.Handler >= 0 && !i.Op.Quiet() && int(f.Handlers[b.Handler].Depth) > min(depth, depth+push-pop) {
				return fmt.Errorf("the exception table wants %d items of %d at %d", f.Handlers[b.Handler].Depth, depth, i.At)
			}
			lastis = i.lastisAfter(lowest(lastis, depth-pop))
			depth += push - pop
			if depth > limit {
				return fmt.Errorf("%s at %d leaves %d items on a stack of %d", i.Op, i.At, depth, limit)
			}
		}
		if !f.Instrs[b.Last-1].Op.EndsBlock() {
			if err := reach(b.Index+1, depth, lastis, f.Instrs[b.Last-1].Op.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// lowest keeps the lowest n bits.
func lowest(bits uint64, n int) uint64 {
	if n >= 64 {
		return bits
	}
	return bits & (1<<n - 1)
}

// lastisAfter gives Lastis after the instruction, from what it does not pop.
func (i *Instr) lastisAfter(rest uint64) uint64 {
	bit := func(n int32) uint64 {
		if n >= 64 {
			return 0
		}
		return i.Lastis >> n & 1
	}
	switch i.Op {
	case OpCopy:
		if i.Depth < 64 {
			rest |= bit(i.Depth-i.Arg) << i.Depth
		}
	case OpSwap:
		if changed := bit(i.Depth-1) ^ bit(i.Depth-i.Arg); changed != 0 {
			rest ^= changed<<(i.Depth-1) | changed<<(i.Depth-i.Arg)
		}
	case OpWithExceptStart: // leaves what it looks at
		rest = i.Lastis
	}
	return rest
}

// edges lists a block's successors with the handler's block last.
func (b *Block) edges(buf []int) []int {
	buf = buf[:0]
	for _, e := range b.Succs {
		buf = append(buf, e.To)
	}
	if b.Except >= 0 {
		buf = append(buf, b.Except)
	}
	return buf
}

// loops finds the natural loops. Dominators by the iterative algorithm of Cooper, Harvey and
// Kennedy over reverse postorder; an edge to a dominator is a back edge; any other edge that
// goes backwards in a depth-first walk means a cycle with two entries.
func (f *Func) loops() {
	order, postNumber := f.postorder()
	preds := make([][]int, len(f.Blocks))
	for n := range f.Blocks {
		if f.Blocks[n].Depth >= 0 {
			for _, to := range f.Blocks[n].edges(nil) {
				preds[to] = append(preds[to], n)
			}
		}
	}
	idom := make([]int, len(f.Blocks))
	for n := range idom {
		idom[n] = -1
	}
	idom[0] = 0
	for changed := true; changed; {
		changed = false
		for n := len(order) - 1; n >= 0; n-- {
			b := order[n]
			if b == 0 {
				continue
			}
			dom := -1
			for _, p := range preds[b] {
				if idom[p] == -1 {
					continue
				}
				if dom == -1 {
					dom = p
					continue
				}
				for x := p; x != dom; {
					if postNumber[x] < postNumber[dom] {
						x = idom[x]
					} else {
						dom = idom[dom]
					}
				}
			}
			if dom != idom[b] {
				idom[b] = dom
				changed = true
			}
		}
	}
	// Dominator tree intervals, so that "dominates" is two comparisons.
	in, out := f.treeIntervals(idom)
	dominates := func(a, b int) bool { return in[a] <= in[b] && out[b] <= out[a] }

	latches := map[int][]int{}
	for _, b := range order {
		for _, to := range f.Blocks[b].edges(nil) {
			if postNumber[to] < postNumber[b] {
				continue
			}
			if dominates(to, b) {
				latches[to] = append(latches[to], b)
			} else {
				f.Irreducible = true
			}
		}
	}
	var headers []int
	for h := range latches {
		headers = append(headers, h)
	}
	// Outer loops have headers that dominate: a smaller interval start, earlier in reverse postorder.
	slices.SortFunc(headers, func(a, b int) int { return postNumber[b] - postNumber[a] })
	for _, h := range headers {
		f.Blocks[h].LoopHeader = true
		inside := map[int]bool{h: true}
		work := slices.Clone(latches[h])
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if inside[b] {
				continue
			}
			inside[b] = true
			work = append(work, preds[b]...)
		}
		loop := Loop{Header: h, Parent: f.Blocks[h].Loop, Depth: 1}
		if loop.Parent >= 0 {
			loop.Depth = f.Loops[loop.Parent].Depth + 1
		}
		for b := range inside {
			loop.Blocks = append(loop.Blocks, b)
		}
		slices.Sort(loop.Blocks)
		for _, b := range loop.Blocks {
			f.Blocks[b].Loop = len(f.Loops)
		}
		f.Loops = append(f.Loops, loop)
		for _, b := range latches[h] {
			for e := range f.Blocks[b].Succs {
				if f.Blocks[b].Succs[e].To == h {
					f.Blocks[b].Succs[e].Back = true
				}
			}
		}
	}
}

// postorder walks what can be reached depth first.
func (f *Func) postorder() (order, number []int) {
	number = make([]int, len(f.Blocks))
	for n := range number {
		number[n] = -1
	}
	type visit struct {
		block int
		edges []int
	}
	seen := make([]bool, len(f.Blocks))
	seen[0] = true
	stack := []visit{{0, f.Blocks[0].edges(nil)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.edges) == 0 {
			number[top.block] = len(order)
			order = append(order, top.block)
			stack = stack[:len(stack)-1]
			continue
		}
		to := top.edges[0]
		top.edges = top.edges[1:]
		if !seen[to] {
			seen[to] = true
			stack = append(stack, visit{to, f.Blocks[to].edges(nil)})
		}
	}
	return order, number
}

// treeIntervals numbers the dominator tree on the way in and out.
func (f *Func) treeIntervals(idom []int) (in, out []int) {
	children := make([][]int, len(idom))
	for n, d := range idom {
		if n != 0 && d >= 0 {
			children[d] = append(children[d], n)
		}
	}
	in, out = make([]int, len(idom)), make([]int, len(idom))
	clock := 0
	type visit struct{ node, next int }
	stack := []visit{{0, 0}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == 0 {
			in[top.node] = clock
			clock++
		}
		if top.next == len(children[top.node]) {
			out[top.node] = clock
			clock++
			stack = stack[:len(stack)-1]
			continue
		}
		child := children[top.node][top.next]
		top.next++
		stack = append(stack, visit{child, 0})
	}
	return in, out
}
