// Pass flatten makes a branch in a loop, both ways of which only compute a few numbers, straight code: both ways are computed, and a Select
// takes the result of one. A processor that has foreseen a branch wrongly loses 15 to 20 cycles; a Select costs one.
//
// What leaves on overflow must leave only where the program would have come to it, for its frame state is that of the arm. A product by a
// constant becomes a plain one, behind a guard that its factor is small enough or the other way was chosen: in machine code a comparison, and
// only where that fails the condition. Of sums, one summand is a Select itself, of what the arm adds and of zero, with which nothing overflows.
// In both cases ir.ExitInfo.Chosen tells that the exit is no exit where the other way is chosen.
//
// Which branches are foreseen is not known; what follows from counting is, so those branches stay, as do comparisons for equality, which
// are seldom true. Where one way only adds something to a number, nobody has to wait for more than before, and that is done for all others. The rest
// must be cheap: cheaper where data are compared, which may well come in runs, than where single bits are asked for.

package opt

import (
	"math"
	"math/bits"
	"slices"

	"github.com/gophersnake/gophersnake/ir"
)

// How many cycles what is computed for nothing may take, one after the other, by what the condition asks for; how many operations there may be
// in an arm, and how many results.
const (
	maxForOrder = 2
	maxForBits  = 6
	maxInArm    = 8
	maxSelects  = 2
)

type flattener struct {
	*pass
	loops *ir.Loops
	b     *ir.Block
	cond  *ir.Value
	arms  [2]*ir.Block // where the condition holds, and where not
	zero  []*ir.Value  // what is zero if the other arm is chosen
	sums  []*ir.Value  // what add has found
	at    []int        // which argument of each becomes zero
}

func flatten(p *pass) int {
	f := p.f
	found := false
	for _, b := range f.Blocks {
		found = found || diamond(b)
	}
	if !found {
		return 0
	}
	x := &flattener{pass: p, loops: f.ComputeLoops(f.Dominators())}
	n := 0
	for _, b := range f.Blocks {
		if loop := x.loops.Of(b); loop != nil && !b.Cold && diamond(b) && x.worth(b, loop) {
			x.flatten()
			n++
		}
	}
	if n > 0 {
		f.RemoveUnreachable()
		merge(p)
	}
	return n
}

// diamond reports whether the ways of a branch meet again, and have no other ends.
func diamond(b *ir.Block) bool {
	if b.Ctrl.Op != ir.OpBranch || b.Ctrl.Aux != 0 {
		return false
	}
	yes, no := b.Succs[0].To, b.Succs[1].To
	return isArm(yes) && isArm(no) && yes != no && yes.Succs[0].To == no.Succs[0].To
}

func isArm(b *ir.Block) bool {
	return b.Ctrl.Op == ir.OpJump && len(b.Preds) == 1 && len(b.Params) == 0
}

// worth reports whether the diamond that b begins is to be flattened.
func (x *flattener) worth(b *ir.Block, loop *ir.Loop) bool {
	x.b, x.cond, x.arms = b, b.Ctrl.Args[0], [2]*ir.Block{b.Succs[0].To, b.Succs[1].To}
	limit := x.limit(loop)
	if limit < 0 || !safe(x.arms[0]) || !safe(x.arms[1]) {
		return false
	}
	selects := 0
	for i, v := range x.arms[0].Succs[0].Args {
		w := x.arms[1].Succs[0].Args[i]
		switch {
		case equal(v, w):
			continue
		case v.Type.Kind != ir.I64 || w.Type.Kind != ir.I64:
			return false
		case x.summand(v, w, 0) < 0 && x.summand(w, v, 1) < 0 && max(latency(v, x.arms[0]), latency(w, x.arms[1])) > limit:
			return false
		}
		selects++
	}
	return 0 < selects && selects <= maxSelects
}

func equal(v, w *ir.Value) bool {
	return v == w || v.Op == w.Op && v.Op.Is(ir.Constant) && v.Aux == w.Aux && v.Type == w.Type
}

// limit is how many cycles the results may take, if the branch is not likely to be foreseen, else -1.
func (x *flattener) limit(loop *ir.Loop) int {
	cond := x.cond
	for cond.Op == ir.OpBNot {
		cond = cond.Args[0]
	}
	limit := maxForOrder
	switch cond.Op {
	case ir.OpILt, ir.OpILe, ir.OpIGt, ir.OpIGe, ir.OpULt, ir.OpULe, ir.OpFLt, ir.OpFLe, ir.OpFGt, ir.OpFGe:
	case ir.OpIEq, ir.OpINe:
		bit := cond.Args[0]
		if cond.Args[1].Op != ir.OpConstInt || bit.Op != ir.OpAnd || bit.Args[1].Op != ir.OpConstInt || bits.OnesCount64(uint64(bit.Args[1].Aux)) != 1 {
			return -1
		}
		limit = maxForBits
	default:
		return -1
	}
	if x.counts(cond, loop) {
		return -1
	}
	return limit
}

// counts reports whether a condition only depends on what stays the same in the loop, and on what it counts.
func (x *flattener) counts(cond *ir.Value, loop *ir.Loop) bool {
	work := append(x.mem.work[:0], cond)
	defer func() { x.mem.work = work }()
	for at := 0; at < len(work) && at < 16; at++ {
		v := work[at]
		switch {
		case !x.loops.Has(loop, v.Block):
		case v.Op == ir.OpParam:
			if v.Block != loop.Header || !counter(v, loop, x.loops) {
				return false
			}
		case !v.IsPure() && !v.Op.Is(ir.Guard) || len(v.Args) == 0 && !v.Op.Is(ir.Constant):
			return false
		default:
			for _, a := range v.Args {
				if a.Type.Kind != ir.I64 && a.Type.Kind != ir.F64 && a.Type.Kind != ir.Bool {
					return false // what an object holds
				}
				work = append(work, a)
			}
		}
	}
	return true
}

// counter reports whether every round adds something to a parameter of a loop's header, or takes something away.
func counter(q *ir.Value, loop *ir.Loop, loops *ir.Loops) bool {
	i := paramIndex(q)
	for _, p := range q.Block.Preds {
		if !loops.Has(loop, p) {
			continue
		}
		for j := range p.Succs {
			if e := &p.Succs[j]; e.To == q.Block && e.Args[i] != q {
				switch v := e.Args[i]; v.Op {
				case ir.OpAdd, ir.OpAddOvf, ir.OpSub, ir.OpSubOvf:
					if v.Args[0] != q || loops.Has(loop, v.Args[1].Block) && !v.Args[1].Op.Is(ir.Constant) {
						return false
					}
				default:
					return false
				}
			}
		}
	}
	return true
}

// safe reports whether all that stands in an arm may also be done where the other one is chosen, once flatten has seen to what may leave.
func safe(arm *ir.Block) bool {
	if len(arm.Values) > maxInArm {
		return false
	}
	for _, v := range arm.Values {
		switch v.Op {
		case ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf, ir.OpNegOvf, ir.OpAdd, ir.OpSub, ir.OpNeg, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpNot, ir.OpShl, ir.OpSar, ir.OpMul,
			ir.OpBoolToInt, ir.OpSelect, ir.OpGuard:
		default:
			if !v.Op.Is(ir.Constant) && !(ir.OpIEq <= v.Op && v.Op <= ir.OpFGe) {
				return false
			}
		}
	}
	return true
}

// latency is how many cycles after what comes from outside of the arm a value of it is there.
func latency(v *ir.Value, arm *ir.Block) int {
	var at [maxInArm]int
	for i, w := range arm.Values {
		if w.Op.Is(ir.Constant) {
			continue
		}
		for _, a := range w.Args {
			if j := slices.Index(arm.Values[:i], a); j >= 0 {
				at[i] = max(at[i], at[j])
			}
		}
		at[i]++
		if w.Op == ir.OpMul && !isInt(w.Args[1], 3) && !isInt(w.Args[1], 5) && !isInt(w.Args[1], 9) || w.Op == ir.OpMulOvf {
			at[i] += 2
		}
		if w == v {
			return at[i]
		}
	}
	return 0
}

// summand tells which argument of v, which an arm computes, is added there to w, which the other one brings; -1: v is no such sum.
func (x *flattener) summand(v, w *ir.Value, arm int) int {
	if v.Block != x.arms[arm] {
		return -1
	}
	switch v.Op {
	case ir.OpAdd, ir.OpAddOvf, ir.OpOr, ir.OpXor:
		if v.Args[1] == w {
			return 0
		}
	case ir.OpSub, ir.OpSubOvf:
	default:
		return -1
	}
	if v.Args[0] == w {
		return 1
	}
	return -1
}

// flatten puts both arms into the block, and then what chooses.
func (x *flattener) flatten() {
	f, b := x.f, x.b
	yes, no := &x.arms[0].Succs[0], &x.arms[1].Succs[0]
	x.zero, x.sums, x.at = x.zero[:0], x.sums[:0], x.at[:0]
	result := f.NewList(len(yes.Args)) // nil: to be chosen
	for i, v := range yes.Args {
		w := no.Args[i]
		is := v
		if !equal(v, w) {
			if is = x.add(v, w, 0); is == nil {
				is = x.add(w, v, 1)
			}
		}
		result = append(result, is)
	}
	for k, arm := range x.arms {
		for _, v := range arm.Values {
			x.hoist(v, k)
		}
	}
	for i, v := range yes.Args {
		w := no.Args[i]
		if result[i] != nil {
			continue
		}
		s := x.new(ir.OpSelect, ir.I64, b.Ctrl.Line, x.cond, v, w)
		for j := i; j < len(result); j++ {
			if yes.Args[j] == v && no.Args[j] == w {
				result[j] = s
			}
		}
	}
	b.Succs = f.NewEdges(ir.Edge{To: yes.To, Args: result})
	b.Ctrl.Op, b.Ctrl.Args = ir.OpJump, nil
}

// add makes v, if an arm makes it by adding something to w, add zero where the other arm is chosen: then v is the result either way.
func (x *flattener) add(v, w *ir.Value, arm int) *ir.Value {
	i := x.summand(v, w, arm)
	if i < 0 {
		return nil
	}
	if !slices.Contains(x.sums, v) {
		x.sums = append(x.sums, v)
		x.at = append(x.at, i)
	}
	return v
}

// new appends a value to the block.
func (x *flattener) new(op ir.Op, k ir.Kind, line int32, args ...*ir.Value) *ir.Value {
	v := x.f.Add(x.b, op, ir.Type{Kind: k}, args...)
	v.Line = line
	return v
}

func (x *flattener) constant(op ir.Op, k ir.Kind, n int64, line int32) *ir.Value {
	c := x.new(op, k, line)
	c.Aux = n
	return c
}

// choose is v where the arm is chosen, else w.
func (x *flattener) choose(arm int, k ir.Kind, v, w *ir.Value) *ir.Value {
	if arm == 1 {
		v, w = w, v
	}
	return x.new(ir.OpSelect, k, v.Line, x.cond, v, w)
}

// orZero is v where the arm is chosen, else zero.
func (x *flattener) orZero(v *ir.Value, arm int, line int32) *ir.Value {
	if isInt(v, 1) {
		chosen := x.cond
		if arm == 1 {
			chosen = x.new(ir.OpBNot, ir.Bool, line, chosen)
		}
		v = x.new(ir.OpBoolToInt, ir.I64, line, chosen)
	} else {
		v = x.choose(arm, ir.I64, v, x.constant(ir.OpConstInt, ir.I64, 0, line))
	}
	x.zero = append(x.zero, v)
	return v
}

func (x *flattener) isZero(v *ir.Value) bool { return isInt(v, 0) || slices.Contains(x.zero, v) }

// hoist puts a value of an arm into the block, so that it does not leave if the other arm is chosen.
func (x *flattener) hoist(v *ir.Value, arm int) {
	if at := slices.Index(x.sums, v); at >= 0 {
		v.Args[x.at[at]] = x.orZero(v.Args[x.at[at]], arm, v.Line)
	}
	switch v.Op {
	case ir.OpGuard:
		v.Args[0] = x.choose(arm, ir.Bool, v.Args[0], x.constant(ir.OpConstBool, ir.Bool, 1, v.Line))
	case ir.OpMulOvf:
		if c := v.Args[1]; c.Op == ir.OpConstInt && c.Aux > 1 && !x.isZero(v.Args[0]) {
			x.boundFirst(v, c.Aux, arm)
		} else if !x.isZero(v.Args[0]) && !x.isZero(c) {
			v.Args[0] = x.orZero(v.Args[0], arm, v.Line)
		}
	case ir.OpAddOvf:
		if !x.isZero(v.Args[0]) && !x.isZero(v.Args[1]) {
			v.Args[1] = x.orZero(v.Args[1], arm, v.Line)
		}
	case ir.OpSubOvf: // zero minus the least integer does not fit
		if !x.isZero(v.Args[1]) {
			v.Args[1] = x.orZero(v.Args[1], arm, v.Line)
		}
	case ir.OpNegOvf:
		if !x.isZero(v.Args[0]) {
			v.Args[0] = x.orZero(v.Args[0], arm, v.Line)
		}
	}
	if v.FS != nil {
		v.Exit.Chosen = true
	}
	zero := false
	switch v.Op {
	case ir.OpMul, ir.OpMulOvf, ir.OpAnd:
		zero = x.isZero(v.Args[0]) || x.isZero(v.Args[1])
	case ir.OpAdd, ir.OpAddOvf, ir.OpSub, ir.OpSubOvf, ir.OpOr, ir.OpXor:
		zero = x.isZero(v.Args[0]) && x.isZero(v.Args[1])
	case ir.OpNeg, ir.OpNegOvf, ir.OpShl, ir.OpSar:
		zero = x.isZero(v.Args[0])
	}
	if zero {
		x.zero = append(x.zero, v)
	}
	v.Block = x.b
	x.b.Values = append(x.b.Values, v)
}

// boundFirst makes a product with a constant a plain one, behind a guard that the other factor is not too large.
func (x *flattener) boundFirst(v *ir.Value, c int64, arm int) {
	least, most := math.MinInt64/c, math.MaxInt64/c
	above := x.new(ir.OpAdd, ir.I64, v.Line, v.Args[0], x.constant(ir.OpConstInt, ir.I64, -least, v.Line))
	fits := x.new(ir.OpULe, ir.Bool, v.Line, above, x.constant(ir.OpConstInt, ir.I64, most-least, v.Line))
	guard := x.f.NewValue(x.b, ir.OpGuard, ir.Type{}, fits)
	guard.FS, guard.Exit, guard.Line = v.FS, v.Exit, v.Line
	x.hoist(guard, arm)
	become(v, ir.OpMul, v.Args...)
}
