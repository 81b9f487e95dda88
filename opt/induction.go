// What pass ranges can say of the parameters of a loop header before it has seen the loop: variables that only grow or only
// shrink, because each round adds constants of one sign, without overflow; and the pair of variables that an iterator over a range is:
// the next value and how many are left.

package opt

import (
	"math"

	"github.com/gophersnake/gophersnake/ir"
)

// pair is an iterator over a range: while left > 0, next lies in body, and is less than stop (or greater, if it counts down).
type pair struct {
	left, next *ir.Value
	start      *ir.Value // next never comes back before it
	body       interval
	stop       *ir.Value // or nil
	down       bool
}

// induction sets the intervals of a loop header's parameters; what the edges from outside bring is in r.now.
func (r *ranger) induction(h *ir.Block) {
	loop := r.loops.Of(h)
	var entries []interval
	for _, q := range h.Params {
		x := full
		if r.seen[q.ID] {
			x = r.now[q.ID]
		}
		entries = append(entries, x)
	}
	for i, q := range h.Params {
		if q.Type.Kind == ir.I64 {
			x := r.monotone(loop, q, i, entries[i])
			if x == full && entries[i].lo >= 0 && r.neverNegative(loop, q) {
				x.lo = 0
			}
			r.set(q, x)
		}
	}
	for i, q := range h.Params {
		if q.Type.Kind == ir.I64 {
			r.pair(loop, q, i)
		}
	}
}

// maxSteps is how many values between a parameter and what its back edges bring are looked at.
const maxSteps = 24

// monotone follows what the back edges bring for a parameter back to the parameter itself. If constants of one sign are added on the way,
// without overflow, the parameter stays on one side of what it began with. An addition that may wrap counts if a condition on the parameter,
// between the header and the addition, bounds it: then the sum is bounded too.
func (r *ranger) monotone(loop *ir.Loop, q *ir.Value, index int, entry interval) interval {
	var steps [maxSteps]*ir.Value
	n := 0
	add := func(v *ir.Value) bool {
		if v == q {
			return true
		}
		for _, s := range steps[:n] {
			if s == v {
				return true
			}
		}
		if n == maxSteps || !r.loops.Has(loop, v.Block) {
			return false
		}
		steps[n] = v
		n++
		return true
	}
	for _, l := range loop.Latches {
		for i := range l.Succs {
			if e := &l.Succs[i]; e.To == loop.Header && !add(e.Args[index]) {
				return full
			}
		}
	}
	up, down := false, false
	x := entry
	for at := 0; at < n; at++ {
		v := steps[at]
		switch {
		case v.Op == ir.OpParam:
			i := paramIndex(v)
			for _, p := range v.Block.Preds {
				for j := range p.Succs {
					if e := &p.Succs[j]; e.To == v.Block && !add(e.Args[i]) {
						return full
					}
				}
			}
			continue
		case len(v.Args) != 2 || v.Args[1].Op != ir.OpConstInt || v.Args[1].Aux == math.MinInt64 || !add(v.Args[0]):
			return full
		}
		c := v.Args[1].Aux
		switch v.Op {
		case ir.OpSubOvf:
			c = -c
		case ir.OpAddOvf:
		case ir.OpAdd, ir.OpSub:
			if v.Op == ir.OpSub {
				c = -c
			}
			// It may wrap, unless a condition on the parameter bounds it.
			if v.Args[0] != q {
				return full
			}
			b := r.guarded(loop, v.Block, q)
			if c > 0 {
				top, ok := addFits(b.hi, c)
				if !ok {
					return full
				}
				x.hi = max(x.hi, top)
			} else {
				bottom, ok := addFits(b.lo, c)
				if !ok {
					return full
				}
				x.lo = min(x.lo, bottom)
			}
			continue
		default:
			return full
		}
		up, down = up || c > 0, down || c < 0
	}
	if up {
		x.hi = math.MaxInt64
	}
	if down {
		x.lo = math.MinInt64
	}
	return x
}

// neverNegative reports whether a parameter of the loop's header that does not begin below zero stays so, because everything that its next values
// are made of keeps the sign. (Each such value is no less than zero if those before it were: so all are, in the order in which they come to be.)
func (r *ranger) neverNegative(loop *ir.Loop, q *ir.Value) bool {
	var steps [maxSteps]*ir.Value
	steps[0] = q
	n := 1
	add := func(v *ir.Value) bool {
		for _, s := range steps[:n] {
			if s == v {
				return true
			}
		}
		if v.Op == ir.OpConstInt || !r.loops.Has(loop, v.Block) {
			return r.of(v).lo >= 0
		}
		if n == maxSteps {
			return false
		}
		steps[n] = v
		n++
		return true
	}
	notNegative := func(v *ir.Value) bool { return v.Op == ir.OpConstInt && v.Aux >= 0 }
	for at := 0; at < n; at++ {
		switch v := steps[at]; v.Op {
		case ir.OpParam:
			i := paramIndex(v)
			for _, p := range v.Block.Preds {
				for j := range p.Succs {
					if e := &p.Succs[j]; e.To == v.Block && !add(e.Args[i]) {
						return false
					}
				}
			}
		case ir.OpAddOvf, ir.OpMulOvf, ir.OpOr, ir.OpXor:
			if !add(v.Args[0]) || !add(v.Args[1]) {
				return false
			}
		case ir.OpDivFloor:
			if !notNegative(v.Args[1]) || !add(v.Args[0]) {
				return false
			}
		case ir.OpModFloor: // which has its divisor's sign
			if !add(v.Args[1]) {
				return false
			}
		case ir.OpAnd:
			if !notNegative(v.Args[1]) && !add(v.Args[0]) {
				return false
			}
		case ir.OpSar, ir.OpShlOvf, ir.OpRaiseIfZero:
			if !add(v.Args[0]) {
				return false
			}
		case ir.OpSelect:
			if !add(v.Args[1]) || !add(v.Args[2]) {
				return false
			}
		case ir.OpBoolToInt, ir.OpLoadU8, ir.OpLoadIdxU8, ir.OpLoadU32, ir.OpRaiseIfNeg:
		default:
			return false
		}
	}
	return true
}

// guarded is the interval that branches inside the loop, between its header and the block, restrict q to.
func (r *ranger) guarded(loop *ir.Loop, b *ir.Block, q *ir.Value) interval {
	x := full
	for b != loop.Header {
		d := r.tree.Idom(b)
		if len(b.Preds) == 1 && d.Ctrl.Op == ir.OpBranch && d.Succs[0].To != d.Succs[1].To {
			x = x.meet(r.condition(d.Ctrl.Args[0], d.Succs[0].To == b, q))
		}
		b = d
	}
	if x.empty() {
		return full
	}
	return x
}

// condition is the interval to which a decided comparison with something known outside the loop restricts q.
func (r *ranger) condition(cond *ir.Value, truth bool, q *ir.Value) interval {
	if cond.Op < ir.OpIEq || cond.Op > ir.OpIGe || len(cond.Args) != 2 {
		return full
	}
	op, y := cond.Op, cond.Args[1]
	if y == q {
		op, y = swapped[op], cond.Args[0]
	} else if cond.Args[0] != q {
		return full
	}
	if !truth {
		op = inverse[op]
	}
	ry := r.of(y)
	if y.Op != ir.OpConstInt && (y.Block == q.Block || !r.tree.Dominates(y.Block, q.Block)) {
		ry = full
	}
	switch op {
	case ir.OpIEq:
		return ry
	case ir.OpILt:
		if ry.hi != math.MinInt64 {
			return interval{math.MinInt64, ry.hi - 1}
		}
	case ir.OpILe:
		return interval{math.MinInt64, ry.hi}
	case ir.OpIGt:
		if ry.lo != math.MaxInt64 {
			return interval{ry.lo + 1, math.MaxInt64}
		}
	case ir.OpIGe:
		return interval{ry.lo, math.MaxInt64}
	}
	return full
}

// onlyEdges gives the argument for parameter i that all edges from outside bring, and that all back edges bring.
func (r *ranger) onlyEdges(loop *ir.Loop, i int) (entry, back *ir.Value) {
	for n, p := range loop.Header.Preds {
		if seenBefore(loop.Header.Preds, n) || !r.tree.Reachable(p) {
			continue
		}
		for j := range p.Succs {
			e := &p.Succs[j]
			if e.To != loop.Header {
				continue
			}
			if r.loops.Has(loop, p) {
				if back != nil && back != e.Args[i] {
					return nil, nil
				}
				back = e.Args[i]
			} else {
				if entry != nil && entry != e.Args[i] {
					return nil, nil
				}
				entry = e.Args[i]
			}
		}
	}
	return entry, back
}

// counts gives the constant that the value adds to q.
func counts(v, q *ir.Value) (int64, bool) {
	if v == nil || len(v.Args) != 2 || v.Args[0] != q || v.Args[1].Op != ir.OpConstInt || v.Args[1].Aux == math.MinInt64 {
		return 0, false
	}
	switch v.Op {
	case ir.OpAdd, ir.OpAddOvf:
		return v.Args[1].Aux, true
	case ir.OpSub, ir.OpSubOvf:
		return -v.Args[1].Aux, true
	}
	return 0, false
}

// pair recognises left, which counts down by one under left > 0, and looks for the next that goes with it: since both change once a round,
// next = start + step * (length - left), and in the body length - left < length.
func (r *ranger) pair(loop *ir.Loop, left *ir.Value, li int) {
	length, leftBack := r.onlyEdges(loop, li)
	if c, ok := counts(leftBack, left); !ok || c != -1 || length == nil || r.of(left).lo < 0 {
		return
	}
	if r.guarded(loop, leftBack.Block, left).lo < 1 {
		return
	}
	for i, next := range loop.Header.Params {
		start, back := r.onlyEdges(loop, i)
		step, ok := counts(back, next)
		if !ok || start == nil || step == 0 || next == left {
			continue
		}
		p := pair{left: left, next: next, start: start, down: step < 0}
		p.stop, p.body = r.stop(start, length, step)
		if p.stop != nil || p.body != full {
			r.pairs = append(r.pairs, p)
		}
	}
}

// stop finds the end of the range that has the length, and the interval of its values.
func (r *ranger) stop(start, length *ir.Value, step int64) (*ir.Value, interval) {
	s := r.of(start)
	// All lengths: the last value is start + step * (length - 1).
	body := full
	if n := r.of(length); n.hi >= 1 {
		if d, ok := mulFits(step, n.hi-1); ok {
			if step > 0 {
				if hi, ok := addFits(s.hi, d); ok {
					body = interval{s.lo, hi}
				}
			} else if lo, ok := addFits(s.lo, d); ok {
				body = interval{lo, s.hi}
			}
		}
	}
	if length.Op == ir.OpCallHelper && length.Aux == rangeLength && same(length.Args[0], start) && isInt(length.Args[2], step) {
		return r.towards(length.Args[1], s, step, body)
	}
	if step != 1 && step != -1 {
		return nil, body
	}
	// For steps of one it is max(n, 0); in the body, where something is left, it is n.
	n := length
	if n.Op == ir.OpSelect && isInt(n.Args[2], 0) {
		c := n.Args[0]
		if isBool(c, true) || c.Op == ir.OpIGt && c.Args[0] == n.Args[1] && isInt(c.Args[1], 0) {
			n = n.Args[1]
		}
	}
	minuend, subtrahend := n, (*ir.Value)(nil)
	switch {
	case n.Op == ir.OpSubOvf, n.Op == ir.OpSub && r.exact(n):
		minuend, subtrahend = n.Args[0], n.Args[1]
	}
	switch {
	case step == 1 && isInt(start, 0):
		return r.towards(n, s, step, body)
	case step == 1 && same(subtrahend, start):
		return r.towards(minuend, s, step, body)
	case step == -1 && same(n, start): // down to 1
		return nil, body.meet(interval{1, s.hi})
	case step == -1 && subtrahend != nil && same(minuend, start):
		return r.towards(subtrahend, s, step, body)
	}
	return nil, body
}

// same reports whether two values are one, or equal constants.
func same(x, y *ir.Value) bool {
	return x == y || x != nil && y.Op == ir.OpConstInt && isInt(x, y.Aux)
}

var rangeLength = ir.HelperIndex("gs_range_length")

// exact reports whether a subtraction never wraps.
func (r *ranger) exact(v *ir.Value) bool {
	_, ok := r.arithmetic(ir.OpSub, v)
	return ok
}

func (r *ranger) towards(stop *ir.Value, start interval, step int64, body interval) (*ir.Value, interval) {
	e := r.of(stop)
	if step > 0 && e.hi != math.MinInt64 {
		return stop, body.meet(interval{start.lo, e.hi - 1})
	}
	if step < 0 && e.lo != math.MaxInt64 {
		return stop, body.meet(interval{e.lo + 1, start.hi})
	}
	return stop, body
}

// inBody states what is known of the iterators whose left has become known to be positive.
func (r *ranger) inBody() {
	for i := range r.pairs {
		p := &r.pairs[i]
		if r.now[p.left.ID].lo < 1 {
			continue
		}
		if !p.body.empty() {
			r.narrow(p.next, p.body)
		}
		high, low := p.stop, p.start
		if p.down {
			high, low = p.start, p.stop
		}
		for _, end := range [2]struct {
			low, high *ir.Value
			stop      bool
		}{{low, p.next, p.down}, {p.next, high, !p.down}} {
			slack := int64(0)
			if end.stop {
				slack = 1
			}
			if end.low != nil && end.high != nil && !r.isLess(end.low, end.high, slack) {
				r.less(end.low, end.high, slack)
			}
		}
	}
}
