// Pass ranges finds the interval that each integer lies in, and which integer is less than which, and so drops checks that cannot fail:
// operations that leave on overflow become plain ones, comparisons become constants, guards on them go.
//
// It walks the dominator tree once. On the way down, a branch taken or a guard passed narrows the intervals of what it compared; on the way
// up that is undone. A block parameter gets the union of what the edges into it bring; at a loop header, where the back edges are not known
// yet, induction.go says what can be said. Orders between two variables (i < n) are kept as bounds on differences, as in
// Bodik, Gupta and Sarkar, "ABCD: eliminating array bounds checks on demand" (2000), but only those a dominating condition states.

package opt

import (
	"math"
	"math/bits"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// interval is a set of integers from lo to hi, both included.
type interval struct{ lo, hi int64 }

var full = interval{math.MinInt64, math.MaxInt64}

func (x interval) union(y interval) interval { return interval{min(x.lo, y.lo), max(x.hi, y.hi)} }
func (x interval) meet(y interval) interval  { return interval{max(x.lo, y.lo), min(x.hi, y.hi)} }
func (x interval) empty() bool               { return x.lo > x.hi }

// maxLength is more items than a list or string can have.
const maxLength = math.MaxInt64 / 8

// bound states that x - y <= d, in true integers.
type bound struct {
	x, y ir.ID
	d    int64
}

// maxBounds is how many differences are known at a time; further ones are ignored.
const maxBounds = 40

type narrowed struct {
	id  ir.ID
	was interval
}

type ranger struct {
	*pass
	tree  *ir.DomTree
	loops *ir.Loops

	now    []interval // by value ID, in the current block
	seen   []bool     // by value ID: whether now is set; parameters of blocks not visited yet gather what edges bring
	undo   []narrowed
	bounds []bound
	pairs  []pair      // of loops around, by their left
	scaled []*ir.Value // for boundFirst
	signed []*ir.Value // comparisons with zero of what is not negative
	n      int
}

func ranges(p *pass) int {
	f := p.f
	p.ranged = true
	if !hasIntChecks(f) {
		return 0
	}
	m := p.mem
	m.intervals, m.marks = arena.Fresh(m.intervals, f.NumValues()), arena.Fresh(m.marks, f.NumValues())
	r := &ranger{pass: p, tree: f.Dominators(), now: m.intervals, seen: m.marks}
	r.loops = f.ComputeLoops(r.tree)
	type step struct {
		b            *ir.Block
		undo, bounds int // how much to undo; b is nil then
	}
	work := []step{{b: f.Blocks[0]}}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		if s.b == nil {
			r.restore(s.undo)
			r.bounds = r.bounds[:s.bounds]
			continue
		}
		work = append(work, step{undo: len(r.undo), bounds: len(r.bounds)})
		r.block(s.b)
		// Children in reverse postorder: all edges into a block but back edges have been seen when it is visited.
		first := len(work)
		for c := r.tree.FirstChild(s.b); c != nil; c = r.tree.NextSibling(c) {
			work = append(work, step{b: c})
		}
		for i, j := first, len(work)-1; i < j; i, j = i+1, j-1 {
			work[i], work[j] = work[j], work[i]
		}
	}
	for _, v := range r.scaled {
		boundFirst(f, v)
	}
	for _, v := range r.signed {
		v.Op = ir.OpINe // which pass counters knows
	}
	return r.n
}

// boundFirst makes a product that leaves on overflow, of what is not negative and a small factor, a comparison with the largest number whose
// product fits: the product is then one instruction that makes an address, done in a third of the time of a multiplication, and the comparison
// is waited for by nobody.
func boundFirst(f *ir.Func, v *ir.Value) {
	x, c := v.Args[0], v.Args[1]
	most := f.NewValue(v.Block, ir.OpConstInt, c.Type)
	most.Aux, most.Line = math.MaxInt64/c.Aux, v.Line
	fits := f.NewValue(v.Block, ir.OpILe, ir.Type{Kind: ir.Bool}, x, most)
	fits.Line = v.Line
	guard := f.NewValue(v.Block, ir.OpGuard, ir.Type{}, fits)
	guard.FS, guard.Exit, guard.Line = v.FS, v.Exit, v.Line
	v.Op, v.FS, v.Exit = ir.OpMul, nil, most.Exit
	at := slices.Index(v.Block.Values, v)
	v.Block.Values = slices.Insert(v.Block.Values, at, most, fits, guard)
}

// hasIntChecks reports whether there is anything to gain.
func hasIntChecks(f *ir.Func) bool {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			switch v.Op {
			case ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf, ir.OpNegOvf, ir.OpShlOvf, ir.OpULt, ir.OpULe:
				return true
			case ir.OpGuard:
				if c := v.Args[0]; c.Op >= ir.OpIEq && c.Op <= ir.OpULe {
					return true
				}
			}
		}
	}
	return false
}

func (r *ranger) restore(mark int) {
	for i := len(r.undo) - 1; i >= mark; i-- {
		r.now[r.undo[i].id] = r.undo[i].was
	}
	r.undo = r.undo[:mark]
}

// of is the interval of an integer here.
func (r *ranger) of(v *ir.Value) interval {
	if v.Op == ir.OpConstInt {
		return interval{v.Aux, v.Aux}
	}
	if v.Type.Kind != ir.I64 || int(v.ID) >= len(r.now) || !r.seen[v.ID] {
		return full
	}
	return r.now[v.ID]
}

func (r *ranger) set(v *ir.Value, x interval) {
	if x.empty() {
		x = full // only in code that is never reached
	}
	if int(v.ID) < len(r.now) {
		r.now[v.ID], r.seen[v.ID] = x, true
	}
}

// narrow intersects the interval of v until the walk leaves the current block's dominator subtree.
func (r *ranger) narrow(v *ir.Value, x interval) {
	if v.Op == ir.OpConstInt || int(v.ID) >= len(r.now) || !r.seen[v.ID] {
		return
	}
	was := r.now[v.ID]
	is := was.meet(x)
	if is == was || is.empty() {
		return
	}
	r.undo = append(r.undo, narrowed{v.ID, was})
	r.now[v.ID] = is
	// What v was made from lies as much lower or higher.
	if base, c := r.base(v); base != v && c != math.MinInt64 {
		lo, ok1 := subFits(is.lo, c)
		hi, ok2 := subFits(is.hi, c)
		if ok1 && ok2 {
			b := r.now[base.ID]
			if m := b.meet(interval{lo, hi}); m != b && !m.empty() {
				r.undo = append(r.undo, narrowed{base.ID, b})
				r.now[base.ID] = m
			}
		}
	}
}

// base splits v into a value and a constant that was added to it without overflow.
func (r *ranger) base(v *ir.Value) (*ir.Value, int64) {
	sum := int64(0)
	for depth := 0; depth < 4 && len(v.Args) == 2 && v.Args[1].Op == ir.OpConstInt; depth++ {
		c := v.Args[1].Aux
		if c == math.MinInt64 {
			break
		}
		switch v.Op {
		case ir.OpAddOvf:
		case ir.OpSubOvf:
			c = -c
		case ir.OpAdd, ir.OpSub:
			if v.Op == ir.OpSub {
				c = -c
			}
			x := r.of(v.Args[0])
			if _, ok := addFits(x.lo, c); !ok {
				return v, sum
			}
			if _, ok := addFits(x.hi, c); !ok {
				return v, sum
			}
		default:
			return v, sum
		}
		const limit = 1 << 40
		if c > limit || c < -limit || int(v.Args[0].ID) >= len(r.now) {
			break
		}
		v, sum = v.Args[0], sum+c
	}
	return v, sum
}

// less notes that x + slack <= y, in true integers: slack 1 for x < y.
func (r *ranger) less(x, y *ir.Value, slack int64) {
	bx, cx := r.base(x)
	by, cy := r.base(y)
	if bx == by || bx.Op == ir.OpConstInt || by.Op == ir.OpConstInt || len(r.bounds) >= maxBounds {
		return
	}
	r.bounds = append(r.bounds, bound{bx.ID, by.ID, cy - cx - slack})
}

// isLess reports whether x + slack <= y is certain.
func (r *ranger) isLess(x, y *ir.Value, slack int64) bool {
	rx, ry := r.of(x), r.of(y)
	if d, ok := subFits(ry.lo, rx.hi); ok && d >= slack || !ok && ry.lo > rx.hi {
		return true
	}
	bx, cx := r.base(x)
	by, cy := r.base(y)
	d := cy - cx - slack
	if bx == by {
		return d >= 0
	}
	for i := range r.bounds {
		if b := &r.bounds[i]; b.x == bx.ID && b.y == by.ID && b.d <= d {
			return true
		}
	}
	return false
}

func (r *ranger) block(b *ir.Block) {
	if len(b.Preds) == 1 {
		if p := b.Preds[0]; p.Ctrl.Op == ir.OpBranch && p.Succs[0].To != p.Succs[1].To {
			r.assume(p.Ctrl.Args[0], p.Succs[0].To == b)
		}
	}
	r.params(b)
	kept := b.Values[:0]
	for _, v := range b.Values {
		if r.value(v) {
			kept = append(kept, v)
		}
	}
	clear(b.Values[len(kept):])
	b.Values = kept
	at := r.tree.Index(b)
	for i := range b.Succs {
		e := &b.Succs[i]
		if r.tree.Index(e.To) <= at {
			continue
		}
		for j, q := range e.To.Params {
			if q.Type.Kind != ir.I64 {
				continue
			}
			x := r.of(e.Args[j])
			if r.seen[q.ID] {
				x = x.union(r.now[q.ID])
			}
			r.set(q, x)
		}
	}
}

// params settles the parameters' intervals: what the edges brought, unless some edge has not been seen.
func (r *ranger) params(b *ir.Block) {
	if b == r.f.Blocks[0] {
		for _, q := range b.Params {
			if q.Type.Kind == ir.I64 {
				r.set(q, full)
			}
		}
		return
	}
	at := r.tree.Index(b)
	back := false
	for _, p := range b.Preds {
		if r.tree.Reachable(p) && r.tree.Index(p) >= at {
			back = true
			if !r.tree.Dominates(b, p) {
				for _, q := range b.Params {
					r.set(q, full)
				}
				return
			}
		}
	}
	if back {
		r.induction(b)
	}
}

// assume narrows by a condition that is known here.
func (r *ranger) assume(cond *ir.Value, truth bool) {
	for cond.Op == ir.OpBNot {
		cond, truth = cond.Args[0], !truth
	}
	if len(cond.Args) != 2 || cond.Op < ir.OpIEq || cond.Op > ir.OpULe {
		return
	}
	op, x, y := cond.Op, cond.Args[0], cond.Args[1]
	if !truth {
		switch op {
		case ir.OpULt: // y <= x
			op, x, y = ir.OpULe, y, x
		case ir.OpULe: // y < x
			op, x, y = ir.OpULt, y, x
		default:
			op = inverse[op]
		}
	}
	switch op {
	case ir.OpIGt:
		op, x, y = ir.OpILt, y, x
	case ir.OpIGe:
		op, x, y = ir.OpILe, y, x
	}
	rx, ry := r.of(x), r.of(y)
	switch op {
	case ir.OpIEq:
		m := rx.meet(ry)
		if m.empty() {
			return
		}
		r.narrow(x, m)
		r.narrow(y, m)
		r.less(x, y, 0)
		r.less(y, x, 0)
	case ir.OpINe:
		r.not(x, ry)
		r.not(y, rx)
	case ir.OpILt:
		if ry.hi != math.MinInt64 {
			r.narrow(x, interval{math.MinInt64, ry.hi - 1})
		}
		if rx.lo != math.MaxInt64 {
			r.narrow(y, interval{rx.lo + 1, math.MaxInt64})
		}
		r.less(x, y, 1)
	case ir.OpILe:
		r.narrow(x, interval{math.MinInt64, ry.hi})
		r.narrow(y, interval{rx.lo, math.MaxInt64})
		r.less(x, y, 0)
	case ir.OpULt, ir.OpULe:
		if ry.lo < 0 {
			break
		}
		// 0 <= x, and less as signed numbers too.
		slack := int64(0)
		if op == ir.OpULt {
			slack = 1
		}
		if ry.hi-slack < 0 {
			break
		}
		r.unsigned(x, ry.hi-slack)
		r.narrow(y, interval{max(r.of(x).lo, 0) + slack, math.MaxInt64})
		r.less(x, y, slack)
	}
	r.inBody()
}

// unsigned narrows x, of which is known that it is at most hi as an unsigned number. It is often a sum that may wrap: x - lo <= hi - lo is
// how a range is tested.
func (r *ranger) unsigned(x *ir.Value, hi int64) {
	r.narrow(x, interval{0, hi})
	if x.Op != ir.OpAdd || x.Args[1].Op != ir.OpConstInt || x.Args[1].Aux == math.MinInt64 {
		return
	}
	c := x.Args[1].Aux
	if top, ok := subFits(hi, c); ok {
		r.narrow(x.Args[0], interval{-c, top})
	}
}

// not narrows x, which is none of a single value.
func (r *ranger) not(x *ir.Value, y interval) {
	if y.lo != y.hi {
		return
	}
	switch rx := r.of(x); {
	case rx.lo == y.lo && rx.lo != rx.hi:
		r.narrow(x, interval{rx.lo + 1, rx.hi})
	case rx.hi == y.lo && rx.lo != rx.hi:
		r.narrow(x, interval{rx.lo, rx.hi - 1})
	}
}

// value finds the interval of v, and simplifies it; false: it is a guard that cannot fail.
func (r *ranger) value(v *ir.Value) bool {
	switch v.Op {
	case ir.OpGuard:
		if isBool(v.Args[0], true) {
			r.n++
			return false
		}
		r.assume(v.Args[0], true)
		return true
	case ir.OpGuardTag:
		x := r.of(v.Args[0])
		if x.lo == v.Aux && x.hi == v.Aux {
			r.n++
			return false
		}
		r.narrow(v.Args[0], interval{v.Aux, v.Aux})
		return true
	}
	if v.Type.Kind == ir.Bool {
		r.compare(v)
		return true
	}
	if v.Type.Kind != ir.I64 {
		return true
	}
	x := full
	switch v.Op {
	case ir.OpConstInt:
		x = interval{v.Aux, v.Aux}
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpNeg, ir.OpShl:
		if y, ok := r.arithmetic(v.Op, v); ok {
			x = y
		}
	case ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf, ir.OpNegOvf, ir.OpShlOvf:
		plain := wrapping[v.Op]
		y, ok := r.arithmetic(plain, v)
		x = y
		if ok {
			become(v, plain, v.Args...)
			r.n++
		} else if v.Op == ir.OpMulOvf && r.of(v.Args[0]).lo >= 0 && (isInt(v.Args[1], 3) || isInt(v.Args[1], 5) || isInt(v.Args[1], 9)) {
			r.scaled = append(r.scaled, v)
			r.n++
		}
	case ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpNot, ir.OpSar, ir.OpDivFloor, ir.OpModFloor:
		x = r.bits(v)
	case ir.OpBoolToInt:
		x = interval{0, 1}
	case ir.OpSelect:
		x = r.chosen(v)
		if x.empty() {
			x = full
		}
	case ir.OpLoadU8, ir.OpLoadIdxU8:
		x = interval{0, math.MaxUint8}
	case ir.OpLoadU32:
		x = interval{0, math.MaxUint32}
	case ir.OpLoadS32:
		x = interval{math.MinInt32, math.MaxInt32}
	case ir.OpLoadI64:
		// In this region, the integers of an object itself are a list's length and capacity.
		if v.Heap == ir.HeapList && v.Args[0].Type.Kind.Object() {
			x = interval{0, maxLength}
		}
	case ir.OpIntSign:
		x = interval{-1, 1}
	case ir.OpRaiseIfNeg:
		x = r.of(v.Args[0]).meet(interval{0, math.MaxInt64})
		r.narrow(v.Args[0], interval{0, math.MaxInt64})
	case ir.OpRaiseIfZero:
		r.not(v.Args[0], interval{})
		x = r.of(v.Args[0])
	}
	r.set(v, x)
	if x.lo == x.hi && v.IsPure() && v.Op != ir.OpConstInt {
		become(v, ir.OpConstInt)
		v.Aux = x.lo
		r.n++
	}
	return true
}

// wrapping is the operation that does not look at overflow.
var wrapping = [ir.NumOps]ir.Op{ir.OpAddOvf: ir.OpAdd, ir.OpSubOvf: ir.OpSub, ir.OpMulOvf: ir.OpMul, ir.OpNegOvf: ir.OpNeg, ir.OpShlOvf: ir.OpShl}

// arithmetic gives the interval of the true result, cut to 64 bits; ok: it always fits.
func (r *ranger) arithmetic(op ir.Op, v *ir.Value) (x interval, ok bool) {
	a := r.of(v.Args[0])
	var b interval
	if len(v.Args) > 1 {
		b = r.of(v.Args[1])
	}
	cut := func(lo int64, okLo bool, lowSign int64, hi int64, okHi bool, highSign int64) (interval, bool) {
		// What does not fit lies beyond the end that its sign says.
		if !okLo {
			lo = math.MinInt64
			if lowSign > 0 {
				lo = math.MaxInt64
			}
		}
		if !okHi {
			hi = math.MaxInt64
			if highSign < 0 {
				hi = math.MinInt64
			}
		}
		return interval{lo, hi}, okLo && okHi
	}
	switch op {
	case ir.OpAdd:
		lo, ok1 := addFits(a.lo, b.lo)
		hi, ok2 := addFits(a.hi, b.hi)
		return cut(lo, ok1, a.lo, hi, ok2, a.hi)
	case ir.OpSub:
		lo, ok1 := subFits(a.lo, b.hi)
		hi, ok2 := subFits(a.hi, b.lo)
		x, ok = cut(lo, ok1, a.lo, hi, ok2, a.hi)
		if r.isLess(v.Args[1], v.Args[0], 0) && b.lo >= 0 { // 0 <= y <= x
			return x.meet(interval{0, a.hi}), true
		}
		return x, ok
	case ir.OpNeg:
		hi, ok2 := subFits(0, a.lo)
		return cut(-a.hi, true, 0, hi, ok2, 1)
	case ir.OpShl:
		if b.lo < 0 || b.hi > 63 {
			return full, false
		}
		n := uint(b.hi)
		if a.lo<<n>>n != a.lo || a.hi<<n>>n != a.hi {
			return full, false
		}
		return interval{min(a.lo<<b.lo, a.lo<<n), max(a.hi<<b.lo, a.hi<<n)}, true
	}
	if c := b.lo; c > 0 && c == b.hi {
		least, most := math.MinInt64/c, math.MaxInt64/c // what fits, times c
		clip := func(n int64) int64 { return min(max(n, least), most) * c }
		return interval{clip(a.lo), clip(a.hi)}, least <= a.lo && a.hi <= most
	}
	x, ok = interval{math.MaxInt64, math.MinInt64}, true
	for _, p := range [2]int64{a.lo, a.hi} {
		for _, q := range [2]int64{b.lo, b.hi} {
			m, fits := mulFits(p, q)
			if !fits { // it lies beyond the end that its sign says
				ok = false
				m = math.MaxInt64
				if (p < 0) != (q < 0) {
					m = math.MinInt64
				}
			}
			x = x.union(interval{m, m})
		}
	}
	return x, ok
}

// bits is the interval of operations that never overflow.
func (r *ranger) bits(v *ir.Value) interval {
	a := r.of(v.Args[0])
	if v.Op == ir.OpNot {
		return interval{^a.hi, ^a.lo}
	}
	b := r.of(v.Args[1])
	switch v.Op {
	case ir.OpAnd:
		switch {
		case a.lo >= 0 && b.lo >= 0:
			return interval{0, min(a.hi, b.hi)}
		case a.lo >= 0:
			return interval{0, a.hi}
		case b.lo >= 0:
			return interval{0, b.hi}
		}
	case ir.OpOr, ir.OpXor:
		if a.lo >= 0 && b.lo >= 0 {
			x := interval{0, int64(1)<<bits.Len64(uint64(a.hi|b.hi)) - 1}
			if v.Op == ir.OpOr {
				x.lo = max(a.lo, b.lo)
			}
			return x
		}
	case ir.OpSar:
		if b.lo >= 0 && b.hi <= 63 {
			return interval{min(a.lo>>b.lo, a.lo>>b.hi), max(a.hi>>b.lo, a.hi>>b.hi)}
		}
	case ir.OpDivFloor:
		if b.lo > 0 {
			lo, _ := floorDivide(a.lo, b.lo)
			lo2, _ := floorDivide(a.lo, b.hi)
			hi, _ := floorDivide(a.hi, b.lo)
			hi2, _ := floorDivide(a.hi, b.hi)
			return interval{min(lo, lo2), max(hi, hi2)}
		}
	case ir.OpModFloor:
		switch {
		case b.lo > 0 && a.lo >= 0:
			return interval{0, min(a.hi, b.hi-1)}
		case b.lo > 0:
			return interval{0, b.hi - 1}
		case b.hi < -1:
			return interval{b.lo + 1, 0}
		}
	}
	return full
}

// chosen is the interval of a select: each side under its condition.
func (r *ranger) chosen(v *ir.Value) interval {
	undo, bounds := len(r.undo), len(r.bounds)
	r.assume(v.Args[0], true)
	x := r.of(v.Args[1])
	r.restore(undo)
	r.bounds = r.bounds[:bounds]
	r.assume(v.Args[0], false)
	x = x.union(r.of(v.Args[2]))
	r.restore(undo)
	r.bounds = r.bounds[:bounds]
	return x
}

// compare makes a comparison that is decided a constant.
func (r *ranger) compare(v *ir.Value) {
	if v.Op < ir.OpIEq || v.Op > ir.OpULe {
		return
	}
	x, y := v.Args[0], v.Args[1]
	rx, ry := r.of(x), r.of(y)
	yes, no := false, false
	switch v.Op {
	case ir.OpILt:
		yes, no = r.isLess(x, y, 1), r.isLess(y, x, 0)
	case ir.OpILe:
		yes, no = r.isLess(x, y, 0), r.isLess(y, x, 1)
	case ir.OpIGt:
		yes, no = r.isLess(y, x, 1), r.isLess(x, y, 0)
	case ir.OpIGe:
		yes, no = r.isLess(y, x, 0), r.isLess(x, y, 1)
	case ir.OpIEq:
		yes, no = rx == ry && rx.lo == rx.hi, r.isLess(x, y, 1) || r.isLess(y, x, 1)
	case ir.OpINe:
		yes, no = r.isLess(x, y, 1) || r.isLess(y, x, 1), rx == ry && rx.lo == rx.hi
	case ir.OpULt:
		switch {
		case rx.lo >= 0 && ry.lo >= 0:
			yes, no = r.isLess(x, y, 1), r.isLess(y, x, 0)
		case rx.lo >= 0 && ry.hi < 0:
			yes = true // y is huge
		case rx.hi < 0 && ry.lo >= 0:
			no = true
		}
	case ir.OpULe:
		switch {
		case rx.lo >= 0 && ry.lo >= 0:
			yes, no = r.isLess(x, y, 0), r.isLess(y, x, 1)
		case rx.lo >= 0 && ry.hi < 0:
			yes = true
		case rx.hi < 0 && ry.lo >= 0:
			no = true
		}
	}
	if yes == no {
		if v.Op == ir.OpIGt && isInt(y, 0) && rx.lo >= 0 {
			r.signed = append(r.signed, v)
			r.n++
		}
		return
	}
	become(v, ir.OpConstBool)
	if yes {
		v.Aux = 1
	}
	r.n++
}
