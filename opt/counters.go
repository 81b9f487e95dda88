// Pass counters leaves one counter in a loop where several go up and down in step: the next value of an iterator over a range, how many are
// left of it, and the loop's variable, which is the value before. Each other one is a sum or difference of the one that stays and of what does not
// change in the loop, true of 64 bits even where they wrap. The test whether something is left compares the one that stays with where it ends; frame
// states have the sums, and who reads them computes them: no code does.

package opt

import (
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// counting is a parameter of a loop's header to which each round adds a constant, or which is such a one's value of the round before (base).
type counting struct {
	q, entry, back *ir.Value
	step           int64
	base           *ir.Value // nil: itself
	loop           int
	from           *ir.Block   // where the loop is entered from
	uses           int         // by operations and edges, but for the step and tests
	backUses       int         // of back, but for the edge to q
	tests          []*ir.Value // comparisons with zero
	is             *ir.Value   // what takes its place
}

type counters struct {
	*pass
	list []counting
	role []int32 // by value ID: number in list of the parameter, counted from 1, or of what the back edge brings for it, less than 0
}

func oneCounter(p *pass) int {
	f := p.f
	if !hasLoop(p) {
		return 0
	}
	x := &counters{pass: p}
	loops := f.ComputeLoops(f.Dominators())
	for i, loop := range loops.List {
		x.find(loops, loop, i)
	}
	if len(x.list) == 0 {
		return 0
	}
	x.scan()
	n := 0
	for first := 0; first < len(x.list); {
		end := first + 1
		for end < len(x.list) && x.list[end].loop == x.list[first].loop {
			end++
		}
		n += x.reduce(x.list[first:end], loops.List[x.list[first].loop])
		first = end
	}
	if n == 0 {
		return 0
	}
	x.sink(loops)
	values := p.mem.replacements(f)
	for i := range x.list {
		if c := &x.list[i]; c.is != nil {
			values[c.q.ID] = c.is
		}
	}
	f.Replace(values)
	return n
}

// hasLoop reports whether a block leads to one that stands before it, as in reverse postorder each loop has.
func hasLoop(p *pass) bool {
	p.mem.blocks = arena.Fresh(p.mem.blocks, p.f.NumBlocks())
	seen := p.mem.blocks
	for _, b := range p.f.Blocks {
		seen[b.ID] = true
		for i := range b.Succs {
			if seen[b.Succs[i].To.ID] {
				return true
			}
		}
	}
	return false
}

// sink lets those who ask for a counter behind its loop compute it there.
func (x *counters) sink(loops *ir.Loops) {
	for _, b := range x.f.Blocks {
		var sunk *counting
		var is *ir.Value
		replace := func(args []*ir.Value) {
			for i, a := range args {
				if int(a.ID) >= len(x.role) || x.role[a.ID] <= 0 {
					continue
				}
				c := &x.list[x.role[a.ID]-1]
				if c.is == nil || c.is == c.base || c.is.Op != ir.OpAdd || loops.Has(loops.List[c.loop], b) {
					continue
				}
				if sunk != c {
					sunk, is = c, x.sum(b, c.is.Args[0], c.is.Args[1].Aux)
				}
				args[i] = is
			}
		}
		for i := 0; i < len(b.Values); i++ { // which may grow at its beginning
			replace(b.Values[i].Args)
		}
		replace(b.Ctrl.Args)
		for i := range b.Succs {
			replace(b.Succs[i].Args)
		}
	}
}

// split takes constants out of a sum.
func split(v *ir.Value) (*ir.Value, int64) {
	sum := int64(0)
	for len(v.Args) == 2 && v.Args[1].Op == ir.OpConstInt {
		switch v.Op {
		case ir.OpAdd, ir.OpAddOvf:
			sum += v.Args[1].Aux
		case ir.OpSub, ir.OpSubOvf:
			sum -= v.Args[1].Aux
		default:
			return v, sum
		}
		v = v.Args[0]
	}
	if v.Op == ir.OpConstInt {
		return nil, sum + v.Aux
	}
	return v, sum
}

// find lists the parameters that count in a loop which is entered in one place.
func (x *counters) find(loops *ir.Loops, loop *ir.Loop, number int) {
	h := loop.Header
	var entry *ir.Edge
	var from *ir.Block
	var back []*ir.Edge
	for n, p := range h.Preds {
		if seenBefore(h.Preds, n) {
			return
		}
		for j := range p.Succs {
			switch e := &p.Succs[j]; {
			case e.To != h:
			case loops.Has(loop, p):
				back = append(back, e)
			case entry != nil:
				return
			default:
				entry, from = e, p
			}
		}
	}
	if entry == nil {
		return
	}
	for i, q := range h.Params {
		v := back[0].Args[i]
		if q.Type.Kind != ir.I64 || v == q || slices.ContainsFunc(back, func(e *ir.Edge) bool { return e.Args[i] != v }) {
			continue
		}
		c := counting{q: q, entry: entry.Args[i], back: v, loop: number, from: from}
		base, step := split(v)
		switch {
		case base == q && step != 0:
			c.step = step
		case base != nil && base != q && base.Op == ir.OpParam && base.Block == h:
			c.base, c.step = base, step
		default:
			continue
		}
		x.list = append(x.list, c)
	}
}

// scan counts who uses the parameters, and what the back edges bring for them.
func (x *counters) scan() {
	x.mem.roles = arena.Fresh(x.mem.roles, x.f.NumValues())
	x.role = x.mem.roles
	for i := range x.list {
		c := &x.list[i]
		x.role[c.q.ID] = int32(i) + 1
		if c.base == nil {
			x.role[c.back.ID] = -int32(i) - 1
		}
	}
	use := func(a, by *ir.Value) {
		switch k := x.role[a.ID]; {
		case k < 0:
			x.list[-k-1].backUses++
		case k > 0:
			switch c := &x.list[k-1]; {
			case by != nil && by == c.back && c.base == nil && by.Args[0] == a:
			case by != nil && (by.Op == ir.OpIEq || by.Op == ir.OpINe) && isInt(by.Args[1], 0):
				c.tests = append(c.tests, by)
			default:
				c.uses++
			}
		}
	}
	for _, b := range x.f.Blocks {
		for _, v := range b.Values {
			for _, a := range v.Args {
				use(a, v)
			}
		}
		for _, a := range b.Ctrl.Args {
			use(a, nil)
		}
		for _, e := range b.Succs {
			for i, a := range e.Args {
				if k := x.role[a.ID]; k < 0 && x.list[-k-1].q == e.To.Params[i] {
					continue
				}
				use(a, nil)
			}
		}
	}
}

// reduce makes the counters of a loop sums of one of them.
func (x *counters) reduce(list []counting, loop *ir.Loop) int {
	var stays *counting
	better := func(c, d *counting) bool {
		if (c.uses > 0) != (d.uses > 0) {
			return c.uses > 0
		}
		return len(c.tests) > len(d.tests)
	}
	for i := range list {
		if c := &list[i]; c.base == nil && (stays == nil || better(c, stays)) {
			stays = c
		}
	}
	if stays == nil {
		return 0
	}
	n := 0
	for i := range list {
		c := &list[i]
		if c != stays && c.base == nil && x.inStep(c, stays, loop) {
			n++
		}
	}
	for i := range list {
		c := &list[i]
		if c.base == nil {
			continue
		}
		for j := range list {
			if d := &list[j]; d.q == c.base && d.base == nil && d.is == nil {
				// After a round it is what the other one was before, and a constant: so it is the other one less its step, if it begins so.
				cb, cs := split(c.entry)
				db, ds := split(d.entry)
				if k := c.step - d.step; cb == db && cs == ds+k {
					c.is = x.sum(loop.Header, d.q, k)
					n++
				}
			}
		}
	}
	for i := range list {
		if c := &list[i]; c.base == nil && c.is == nil && x.last(c, loop) {
			n++
		}
	}
	return n
}

// last makes a counter's step the last thing in its loop, if only the next round asks for it: then it needs no other register.
func (x *counters) last(c *counting, loop *ir.Loop) bool {
	if c.backUses > 0 || c.back.Op != ir.OpAdd && c.back.Op != ir.OpSub || c.back.Args[0] != c.q {
		return false
	}
	i := paramIndex(c.q)
	for _, l := range loop.Latches {
		k := x.f.Add(l, ir.OpConstInt, ir.Type{Kind: ir.I64})
		k.Aux = c.step
		v := x.f.Add(l, ir.OpAdd, ir.Type{Kind: ir.I64}, c.q, k)
		v.Line = c.back.Line
		for j := range l.Succs {
			if e := &l.Succs[j]; e.To == loop.Header {
				e.Args[i] = v
			}
		}
	}
	return true
}

// sum is v + k, made where the block begins.
func (x *counters) sum(b *ir.Block, v *ir.Value, k int64) *ir.Value {
	if k == 0 {
		return v
	}
	c := x.f.NewValue(b, ir.OpConstInt, ir.Type{Kind: ir.I64})
	c.Aux = k
	s := x.f.NewValue(b, ir.OpAdd, ir.Type{Kind: ir.I64}, v, c)
	b.Values = slices.Insert(b.Values, 0, c, s)
	return s
}

// inStep makes c a sum of what stays, if nothing but tests and frame states asks for it.
func (x *counters) inStep(c, stays *counting, loop *ir.Loop) bool {
	f, h := x.f, loop.Header
	cb, cs := split(c.entry)
	sb, ss := split(stays.entry)
	switch {
	case c.back.Op != ir.OpAdd && c.back.Op != ir.OpSub || c.backUses > 0 || c.uses > 0:
		return false
	case c.back.Block != stays.back.Block:
		return false
	case c.step == stays.step && cb == sb:
		// c = stays + k
		k := cs - ss
		if len(c.tests) > 0 || !x.before(stays.back, c.back) {
			return false
		}
		c.is = x.sum(h, stays.q, k)
		become(c.back, ir.OpAdd, stays.back, x.constant(c.back, k))
		return true
	case c.step == -stays.step:
		// c = k - stays
		if !x.before(stays.back, c.back) {
			return false
		}
		k := x.total(c, stays)
		c.is = f.NewValue(h, ir.OpSub, ir.Type{Kind: ir.I64}, k, stays.q)
		h.Values = slices.Insert(h.Values, 0, c.is)
		become(c.back, ir.OpSub, k, stays.back)
		for _, t := range c.tests {
			become(t, t.Op, stays.q, k)
		}
		return true
	}
	return false
}

// constant makes a constant before a value.
func (x *counters) constant(before *ir.Value, n int64) *ir.Value {
	b := before.Block
	c := x.f.NewValue(b, ir.OpConstInt, ir.Type{Kind: ir.I64})
	c.Aux = n
	b.Values = slices.Insert(b.Values, slices.Index(b.Values, before), c)
	return c
}

// before sees to it that v, a sum in the same block as w, is made before it.
func (x *counters) before(v, w *ir.Value) bool {
	b := w.Block
	at := slices.Index(b.Values, v)
	if at < slices.Index(b.Values, w) {
		return true
	}
	if v.Op != ir.OpAdd && v.Op != ir.OpSub || v.Args[0].Op != ir.OpParam {
		return false
	}
	b.Values = slices.Delete(b.Values, at, at+1)
	v.Args[1] = x.constant(w, v.Args[1].Aux)
	b.Values = slices.Insert(b.Values, slices.Index(b.Values, w), v)
	return true
}

// total is the sum of what two counters begin with, made where their loop is entered from.
func (x *counters) total(c, d *counting) *ir.Value {
	cb, cs := split(c.entry)
	db, ds := split(d.entry)
	add := func(op ir.Op, args ...*ir.Value) *ir.Value {
		return x.f.Add(c.from, op, ir.Type{Kind: ir.I64}, args...)
	}
	if cb != nil && db != nil {
		return add(ir.OpAdd, c.entry, d.entry)
	}
	if cb == nil {
		cb = db
	}
	if cb != nil && cs+ds == 0 {
		return cb
	}
	n := add(ir.OpConstInt)
	n.Aux = cs + ds
	if cb == nil {
		return n
	}
	return add(ir.OpAdd, cb, n)
}
