// Pass fold computes what is known at compile time: operations on constants, identities, guards that hold by what is known of
// their operand. One row an operation. Integers are exact: what may overflow (…Ovf) becomes a constant only if it fits.
// Floats are folded only where every bit is the same: no result that is a NaN (its sign differs between machines), and
// identities like x*1.0 only if x is the result of an operation, for only a signalling NaN would tell the difference.

package opt

import (
	"math"
	"math/bits"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

type folder struct {
	*pass
	values ir.Replacements
	out    []*ir.Value // the block's new list
	b      *ir.Block
	n      int
}

// A rule gives the value that v is the same as, or nil. It may change v in place.
type rule func(*folder, *ir.Value) *ir.Value

var rules [ir.NumOps]rule

func fold(p *pass) int {
	f := &folder{pass: p, values: p.mem.replacements(p.f)}
	p.f.Blocks = p.f.ReversePostorder()
	for _, b := range p.f.Blocks {
		f.block(b)
	}
	if f.n > 0 {
		p.f.RemoveUnreachable()
		p.f.Replace(f.values)
	}
	p.mem.values = f.values
	return f.n
}

func (f *folder) block(b *ir.Block) {
	f.b, f.out = b, arena.Empty(f.mem.out)
	for _, v := range b.Values {
		f.args(v)
		switch {
		case v.Op == ir.OpXIncref && v.Args[0].Op == ir.OpConstNull, (v.Op == ir.OpXDecref || v.Op == ir.OpXDecrefQuiet) && v.Args[0].Op == ir.OpConstNull,
			v.Op == ir.OpGuardTag && v.Args[0].Op == ir.OpConstInt && v.Args[0].Aux == v.Aux,
			v.Op == ir.OpGuard && isBool(v.Args[0], true):
			f.n++
			continue
		case v.Op == ir.OpGuard && isBool(v.Args[0], false):
			// It always leaves.
			f.n++
			v.Op, v.Args = ir.OpExit, nil
			b.Ctrl, b.Succs = v, nil
			b.Values = f.mem.list(b.Values, f.out)
			return
		}
		r := rules[v.Op]
		if r == nil {
			f.out = append(f.out, v)
			continue
		}
		op := v.Op
		same := r(f, v)
		for same == nil && v.Op != op && rules[v.Op] != nil {
			f.n++
			op = v.Op
			same = rules[op](f, v)
		}
		if same != nil {
			f.n++
			f.grow()
			f.values[v.ID] = same
			continue
		}
		f.out = append(f.out, v)
	}
	b.Values = f.mem.list(b.Values, f.out)
	f.args(b.Ctrl)
	if c := b.Ctrl; c.Op == ir.OpBranch && c.Args[0].Op == ir.OpBNot {
		c.Args[0] = c.Args[0].Args[0]
		c.Aux = -c.Aux
		b.Succs[0], b.Succs[1] = b.Succs[1], b.Succs[0]
		f.n++
	}
	f.n += foldBranch(f.f, b)
}

func (f *folder) args(v *ir.Value) {
	for i, a := range v.Args {
		v.Args[i] = f.values.Of(a)
	}
	if !v.Op.Is(ir.Commutative) {
		return
	}
	// Constants stand on the right. Of two NaNs the result is the first, so floats change places only if one is a number.
	if x := v.Args[0]; x.Op.Is(ir.Constant) && !v.Args[1].Op.Is(ir.Constant) && (x.Op != ir.OpConstFloat || floatOf(x) == floatOf(x)) {
		v.Args[0], v.Args[1] = v.Args[1], v.Args[0]
	}
}

// grow makes room for values made meanwhile.
func (f *folder) grow() {
	for len(f.values) < f.f.NumValues() {
		f.values = append(f.values, nil)
	}
}

// make appends a new value before the one being folded.
func (f *folder) make(op ir.Op, k ir.Kind, like *ir.Value, args ...*ir.Value) *ir.Value {
	v := f.f.NewValue(f.b, op, ir.Type{Kind: k}, args...)
	v.Line = like.Line
	f.out = append(f.out, v)
	return v
}

func (f *folder) int(n int64, like *ir.Value) *ir.Value {
	v := f.make(ir.OpConstInt, ir.I64, like)
	v.Aux = n
	return v
}

func (f *folder) float(x float64, like *ir.Value) *ir.Value {
	if x != x {
		return nil
	}
	v := f.make(ir.OpConstFloat, ir.F64, like)
	v.Aux = int64(math.Float64bits(x))
	return v
}

func (f *folder) bool(x bool, like *ir.Value) *ir.Value {
	v := f.make(ir.OpConstBool, ir.Bool, like)
	if x {
		v.Aux = 1
	}
	return v
}

// become changes v into another operation in place.
func become(v *ir.Value, op ir.Op, args ...*ir.Value) *ir.Value {
	v.Op, v.Args, v.Aux, v.FS = op, args, 0, nil
	v.Exit = ir.ExitInfo{Site: ir.NoSite, SiteSlot: -1}
	v.Type = ir.Type{Kind: ir.Ops[op].Result}
	return nil
}

func isInt(v *ir.Value, n int64) bool { return v.Op == ir.OpConstInt && v.Aux == n }

// powerOfTwo reports whether dividing by v, towards minus infinity, is shifting, and the remainder the bits that are lost.
func powerOfTwo(v *ir.Value) bool { return v.Op == ir.OpConstInt && v.Aux > 0 && v.Aux&(v.Aux-1) == 0 }

func isBool(v *ir.Value, x bool) bool { return v.Op == ir.OpConstBool && (v.Aux != 0) == x }

func floatOf(v *ir.Value) float64 { return math.Float64frombits(uint64(v.Aux)) }

func isFloat(v *ir.Value, x float64) bool {
	return v.Op == ir.OpConstFloat && uint64(v.Aux) == math.Float64bits(x)
}

// rounded reports whether v is the result of an operation that rounds, so no signalling NaN.
func rounded(v *ir.Value) bool {
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFFloor, ir.OpFCeil, ir.OpFTrunc, ir.OpIntToFloat:
		return true
	}
	return false
}

// origin looks through operations that give their argument back with a better type.
func origin(v *ir.Value) *ir.Value {
	for v.Op == ir.OpGuardClass || v.Op == ir.OpGuardNotNull || v.Op == ir.OpRaiseIfNull {
		v = v.Args[0]
	}
	return v
}

func init() {
	// Integers that wrap.
	rules[ir.OpAdd] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x.Op == ir.OpConstInt && y.Op == ir.OpConstInt:
			return f.int(x.Aux+y.Aux, v)
		case isInt(y, 0):
			return x
		case y.Op == ir.OpConstInt && x.Op == ir.OpAdd && x.Args[1].Op == ir.OpConstInt:
			v.Args[0], v.Args[1] = x.Args[0], f.int(x.Args[1].Aux+y.Aux, v)
			f.n++
		}
		return nil
	}
	rules[ir.OpSub] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x == y:
			return f.int(0, v)
		case y.Op == ir.OpConstInt:
			return become(v, ir.OpAdd, x, f.int(-y.Aux, v))
		case isInt(x, 0):
			return become(v, ir.OpNeg, y)
		}
		return nil
	}
	rules[ir.OpMul] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstInt:
		case x.Op == ir.OpConstInt:
			return f.int(x.Aux*y.Aux, v)
		case y.Aux == 0:
			return y
		case y.Aux == 1:
			return x
		case y.Aux == -1:
			return become(v, ir.OpNeg, x)
		case y.Aux&(y.Aux-1) == 0:
			return become(v, ir.OpShl, x, f.int(int64(bits.TrailingZeros64(uint64(y.Aux))), v))
		}
		return nil
	}
	rules[ir.OpNeg] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstInt:
			return f.int(-x.Aux, v)
		case ir.OpNeg:
			return x.Args[0]
		}
		return nil
	}
	rules[ir.OpNot] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstInt:
			return f.int(^x.Aux, v)
		case ir.OpNot:
			return x.Args[0]
		}
		return nil
	}
	rules[ir.OpAnd] = bitwise(func(x, y int64) int64 { return x & y }, -1, 0)
	rules[ir.OpOr] = bitwise(func(x, y int64) int64 { return x | y }, 0, -1)
	rules[ir.OpXor] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x == y:
			return f.int(0, v)
		case y.Op != ir.OpConstInt:
		case x.Op == ir.OpConstInt:
			return f.int(x.Aux^y.Aux, v)
		case y.Aux == 0:
			return x
		case y.Aux == -1:
			return become(v, ir.OpNot, x)
		}
		return nil
	}
	rules[ir.OpShl] = shift(func(x, n int64) int64 { return x << n })
	rules[ir.OpSar] = shift(func(x, n int64) int64 { return x >> n })
	rules[ir.OpDivFloor] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case isInt(y, 1):
			return x
		case x.Op == ir.OpConstInt && y.Op == ir.OpConstInt && y.Aux != 0 && y.Aux != -1:
			q, _ := floorDivide(x.Aux, y.Aux)
			return f.int(q, v)
		case powerOfTwo(y):
			return become(v, ir.OpSar, x, f.int(int64(bits.TrailingZeros64(uint64(y.Aux))), v))
		}
		return nil
	}
	rules[ir.OpModFloor] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case isInt(y, 1):
			return f.int(0, v)
		case x.Op == ir.OpConstInt && y.Op == ir.OpConstInt && y.Aux != 0 && y.Aux != -1:
			_, r := floorDivide(x.Aux, y.Aux)
			return f.int(r, v)
		case powerOfTwo(y):
			return become(v, ir.OpAnd, x, f.int(y.Aux-1, v))
		}
		return nil
	}
	rules[ir.OpMulHigh] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		if x.Op == ir.OpConstInt && y.Op == ir.OpConstInt {
			return f.int(mulHigh(x.Aux, y.Aux), v)
		}
		return nil
	}

	// Integers that leave on overflow.
	rules[ir.OpAddOvf] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		if isInt(y, 0) {
			return x
		}
		if x.Op == ir.OpConstInt && y.Op == ir.OpConstInt {
			if r, ok := addFits(x.Aux, y.Aux); ok {
				return f.int(r, v)
			}
		}
		return nil
	}
	rules[ir.OpSubOvf] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x == y:
			return f.int(0, v)
		case isInt(y, 0):
			return x
		case x.Op == ir.OpConstInt && y.Op == ir.OpConstInt:
			if r, ok := subFits(x.Aux, y.Aux); ok {
				return f.int(r, v)
			}
		case isInt(x, 0):
			v.Op, v.Args = ir.OpNegOvf, []*ir.Value{y}
		}
		return nil
	}
	rules[ir.OpMulOvf] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstInt:
		case y.Aux == 0:
			return y
		case y.Aux == 1:
			return x
		case x.Op == ir.OpConstInt:
			if r, ok := mulFits(x.Aux, y.Aux); ok {
				return f.int(r, v)
			}
		case y.Aux == -1:
			v.Op, v.Args = ir.OpNegOvf, []*ir.Value{x}
		}
		return nil
	}
	rules[ir.OpNegOvf] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstInt && x.Aux != math.MinInt64 {
			return f.int(-x.Aux, v)
		}
		return nil
	}
	rules[ir.OpShlOvf] = func(f *folder, v *ir.Value) *ir.Value {
		x, n := v.Args[0], v.Args[1]
		switch {
		case isInt(n, 0), isInt(x, 0):
			return x
		case x.Op == ir.OpConstInt && n.Op == ir.OpConstInt && 0 < n.Aux && n.Aux < 64:
			if r := x.Aux << n.Aux; r>>n.Aux == x.Aux {
				return f.int(r, v)
			}
		case isInt(n, 1):
			v.Op, v.Args[1] = ir.OpAddOvf, x
			f.n++
		}
		return nil
	}

	// Comparisons.
	rules[ir.OpIEq] = compare(func(x, y int64) bool { return x == y }, true)
	rules[ir.OpINe] = compare(func(x, y int64) bool { return x != y }, false)
	rules[ir.OpILt] = compare(func(x, y int64) bool { return x < y }, false)
	rules[ir.OpILe] = compare(func(x, y int64) bool { return x <= y }, true)
	rules[ir.OpIGt] = compare(func(x, y int64) bool { return x > y }, false)
	rules[ir.OpIGe] = compare(func(x, y int64) bool { return x >= y }, true)
	rules[ir.OpULt] = compare(func(x, y int64) bool { return uint64(x) < uint64(y) }, false)
	rules[ir.OpULe] = compare(func(x, y int64) bool { return uint64(x) <= uint64(y) }, true)
	rules[ir.OpPEq] = sameAddress(true)
	rules[ir.OpPNe] = sameAddress(false)
	rules[ir.OpFEq] = floatCompare(func(x, y float64) bool { return x == y })
	rules[ir.OpFNe] = floatCompare(func(x, y float64) bool { return x != y })
	rules[ir.OpFLt] = floatCompare(func(x, y float64) bool { return x < y })
	rules[ir.OpFLe] = floatCompare(func(x, y float64) bool { return x <= y })
	rules[ir.OpFGt] = floatCompare(func(x, y float64) bool { return x > y })
	rules[ir.OpFGe] = floatCompare(func(x, y float64) bool { return x >= y })
	rules[ir.OpBNot] = func(f *folder, v *ir.Value) *ir.Value {
		x := v.Args[0]
		switch {
		case x.Op == ir.OpConstBool:
			return f.bool(x.Aux == 0, v)
		case x.Op == ir.OpBNot:
			return x.Args[0]
		case inverse[x.Op] != 0:
			return become(v, inverse[x.Op], x.Args[0], x.Args[1])
		}
		return nil
	}
	rules[ir.OpBoolToInt] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstBool {
			return f.int(x.Aux, v)
		}
		return nil
	}
	rules[ir.OpSelect] = func(f *folder, v *ir.Value) *ir.Value {
		c, x, y := v.Args[0], v.Args[1], v.Args[2]
		switch {
		case x == y, isBool(c, true):
			return x
		case isBool(c, false):
			return y
		case isBool(x, true) && isBool(y, false):
			return c
		case c.Op == ir.OpINe && c.Args[0] == x && isInt(c.Args[1], 0) && isInt(y, 0):
			return x
		case c.Op == ir.OpBNot:
			v.Args[0], v.Args[1], v.Args[2] = c.Args[0], y, x
			f.n++
		}
		return nil
	}

	// Floats.
	rules[ir.OpFAdd] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstFloat:
		case x.Op == ir.OpConstFloat:
			return f.float(floatOf(x)+floatOf(y), v)
		case isFloat(y, math.Copysign(0, -1)) && rounded(x):
			return x
		}
		return nil
	}
	rules[ir.OpFSub] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstFloat:
		case x.Op == ir.OpConstFloat:
			return f.float(floatOf(x)-floatOf(y), v)
		case isFloat(y, 0) && rounded(x):
			return x
		}
		return nil
	}
	rules[ir.OpFMul] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstFloat:
		case x.Op == ir.OpConstFloat:
			return f.float(floatOf(x)*floatOf(y), v)
		case isFloat(y, 1) && rounded(x):
			return x
		case isFloat(y, 2): // the same number, sooner
			return become(v, ir.OpFAdd, x, x)
		}
		return nil
	}
	rules[ir.OpFDiv] = func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		if y.Op != ir.OpConstFloat {
			return nil
		}
		d := floatOf(y)
		switch {
		case x.Op == ir.OpConstFloat:
			return f.float(floatOf(x)/d, v)
		case d == 1 && rounded(x):
			return x
		}
		// A power of two has an exact reciprocal: both round the same real number once.
		if frac, exp := math.Frexp(d); (frac == 0.5 || frac == -0.5) && -1000 < exp && exp < 1000 {
			return become(v, ir.OpFMul, x, f.float(1/d, v))
		}
		return nil
	}
	rules[ir.OpFNeg] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstFloat:
			return f.float(-floatOf(x), v)
		case ir.OpFNeg:
			return x.Args[0]
		}
		return nil
	}
	rules[ir.OpFAbs] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstFloat:
			return f.float(math.Abs(floatOf(x)), v)
		case ir.OpFAbs:
			return x
		case ir.OpFNeg:
			v.Args[0] = x.Args[0]
			f.n++
		}
		return nil
	}
	rules[ir.OpFSqrt] = floatUnary(math.Sqrt)
	rules[ir.OpFFloor] = floatUnary(math.Floor)
	rules[ir.OpFCeil] = floatUnary(math.Ceil)
	rules[ir.OpFTrunc] = floatUnary(math.Trunc)
	rules[ir.OpIntToFloat] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstInt {
			return f.float(float64(x.Aux), v)
		}
		return nil
	}
	rules[ir.OpFloatToInt] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstFloat && fitsInt(floatOf(x)) {
			return f.int(int64(floatOf(x)), v)
		}
		return nil
	}
	rules[ir.OpFloatFitsInt] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; {
		case x.Op == ir.OpConstFloat:
			return f.bool(fitsInt(floatOf(x)), v)
		case x.Op == ir.OpFFloor && x.Args[0].Op == ir.OpConstFloat:
			return f.bool(fitsInt(math.Floor(floatOf(x.Args[0]))), v)
		}
		return nil
	}
	rules[ir.OpFloatBits] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstFloat:
			return f.int(x.Aux, v)
		case ir.OpBitsFloat:
			return x.Args[0]
		}
		return nil
	}
	rules[ir.OpBitsFloat] = func(f *folder, v *ir.Value) *ir.Value {
		switch x := v.Args[0]; x.Op {
		case ir.OpConstInt:
			c := f.make(ir.OpConstFloat, ir.F64, v)
			c.Aux = x.Aux
			return c
		case ir.OpFloatBits:
			return x.Args[0]
		}
		return nil
	}

	// Objects.
	rules[ir.OpXIncref] = notNull(ir.OpIncref)
	rules[ir.OpXDecref] = func(f *folder, v *ir.Value) *ir.Value {
		if f.quiet(v.Args[0].Type.Class) {
			v.Op, v.FS = ir.OpXDecrefQuiet, nil
			return nil
		}
		return notNull(ir.OpDecref)(f, v)
	}
	rules[ir.OpXDecrefQuiet] = notNull(ir.OpDecrefQuiet)
	rules[ir.OpDecref] = func(f *folder, v *ir.Value) *ir.Value {
		if f.quiet(v.Args[0].Type.Class) {
			v.Op, v.FS = ir.OpDecrefQuiet, nil
		}
		return nil
	}
	rules[ir.OpUnboxInt] = unbox(ir.OpBoxInt)
	rules[ir.OpUnboxFloat] = unbox(ir.OpBoxFloat)
	rules[ir.OpUnboxBool] = unbox(ir.OpBoxBool)
	boxDyn := ir.HelperIndex("gs_box_dyn")
	rules[ir.OpCallHelper] = func(f *folder, v *ir.Value) *ir.Value {
		if v.Aux == boxDyn && isInt(v.Args[0], int64(ir.SlotNull)) {
			return f.make(ir.OpConstNull, ir.ObjNull, v)
		}
		return nil
	}
	rules[ir.OpClassOf] = func(f *folder, v *ir.Value) *ir.Value {
		if c := v.Args[0].Type.Class; f.fixed(c) && v.Args[0].Type.Kind == ir.Obj {
			k := f.make(ir.OpConstPtr, ir.Ptr, v)
			k.Aux = int64(c)
			return k
		}
		return nil
	}
	rules[ir.OpGuardClass] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; int64(x.Type.Class) == v.Aux && f.fixed(x.Type.Class) {
			return x
		}
		return nil
	}
	rules[ir.OpGuardNotNull] = known(ir.Obj)
	rules[ir.OpRaiseIfNull] = known(ir.Obj)
	rules[ir.OpRaiseIfNeg] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstInt && x.Aux >= 0 {
			return x
		}
		return nil
	}
	rules[ir.OpRaiseIfZero] = func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstInt && x.Aux != 0 {
			return x
		}
		return nil
	}
}

// inverse is the comparison that holds exactly where another does not. Of floats only == and !=: nan is in no order.
var inverse = [ir.NumOps]ir.Op{
	ir.OpIEq: ir.OpINe, ir.OpINe: ir.OpIEq, ir.OpILt: ir.OpIGe, ir.OpIGe: ir.OpILt, ir.OpIGt: ir.OpILe, ir.OpILe: ir.OpIGt,
	ir.OpPEq: ir.OpPNe, ir.OpPNe: ir.OpPEq, ir.OpFEq: ir.OpFNe, ir.OpFNe: ir.OpFEq,
}

// swapped is the comparison with its arguments in the other order.
var swapped = [ir.NumOps]ir.Op{
	ir.OpIEq: ir.OpIEq, ir.OpINe: ir.OpINe, ir.OpILt: ir.OpIGt, ir.OpIGt: ir.OpILt, ir.OpILe: ir.OpIGe, ir.OpIGe: ir.OpILe,
}

func bitwise(eval func(x, y int64) int64, neutral, absorbing int64) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x == y:
			return x
		case y.Op != ir.OpConstInt:
		case x.Op == ir.OpConstInt:
			return f.int(eval(x.Aux, y.Aux), v)
		case y.Aux == neutral:
			return x
		case y.Aux == absorbing:
			return y
		}
		return nil
	}
}

func shift(eval func(x, n int64) int64) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		x, n := v.Args[0], v.Args[1]
		switch {
		case isInt(n, 0), isInt(x, 0):
			return x
		case x.Op == ir.OpConstInt && n.Op == ir.OpConstInt && 0 < n.Aux && n.Aux < 64:
			return f.int(eval(x.Aux, n.Aux), v)
		}
		return nil
	}
}

func compare(eval func(x, y int64) bool, reflexive bool) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case x == y:
			return f.bool(reflexive, v)
		case x.Op == ir.OpConstInt && y.Op == ir.OpConstInt:
			return f.bool(eval(x.Aux, y.Aux), v)
		case v.Op == ir.OpULt && isInt(y, 0):
			return f.bool(false, v)
		case v.Op == ir.OpULe && isInt(x, 0):
			return f.bool(true, v)
		case x.Op == ir.OpConstInt && swapped[v.Op] != 0:
			return become(v, swapped[v.Op], y, x)
		case v.Op == ir.OpIEq && singleBit(x, y):
			return become(v, ir.OpINe, x, f.int(0, v))
		case v.Op == ir.OpINe && singleBit(x, y):
			return become(v, ir.OpIEq, x, f.int(0, v))
		case x.Op == ir.OpBoolToInt && (v.Op == ir.OpINe && isInt(y, 0) || v.Op == ir.OpIEq && isInt(y, 1)):
			return x.Args[0]
		case x.Op == ir.OpBoolToInt && (v.Op == ir.OpIEq && isInt(y, 0) || v.Op == ir.OpINe && isInt(y, 1)):
			return become(v, ir.OpBNot, x.Args[0])
		}
		return nil
	}
}

// singleBit reports whether x has no other bit than y, which is one.
func singleBit(x, y *ir.Value) bool {
	return y.Op == ir.OpConstInt && y.Aux != 0 && y.Aux&(y.Aux-1) == 0 && x.Op == ir.OpAnd && isInt(x.Args[1], y.Aux)
}

func sameAddress(equal bool) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		x, y := origin(v.Args[0]), origin(v.Args[1])
		notNull := func(v *ir.Value) bool { return v.Type.Kind == ir.Obj }
		switch {
		case x == y:
			return f.bool(equal, v)
		case x.Op == ir.OpConstNull && notNull(v.Args[1]), y.Op == ir.OpConstNull && notNull(v.Args[0]):
			return f.bool(!equal, v)
		case (x.Op == ir.OpConstObj || x.Op == ir.OpConstPtr) && (y.Op == ir.OpConstObj || y.Op == ir.OpConstPtr):
			return f.bool((x.Aux == y.Aux) == equal, v)
		}
		return nil
	}
}

func floatCompare(eval func(x, y float64) bool) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		x, y := v.Args[0], v.Args[1]
		switch {
		case y.Op != ir.OpConstFloat:
		case x.Op == ir.OpConstFloat:
			return f.bool(eval(floatOf(x), floatOf(y)), v)
		case x.Op == ir.OpIntToFloat && (v.Op == ir.OpFEq || v.Op == ir.OpFNe) && floatOf(y) == 0: // no other int becomes zero
			op := ir.OpIEq
			if v.Op == ir.OpFNe {
				op = ir.OpINe
			}
			return become(v, op, x.Args[0], f.int(0, v))
		}
		return nil
	}
}

func floatUnary(eval func(float64) float64) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Op == ir.OpConstFloat {
			return f.float(eval(floatOf(x)), v)
		}
		return nil
	}
}

// notNull turns an operation on an object or NULL into the one on an object.
func notNull(op ir.Op) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		if v.Args[0].Type.Kind == ir.Obj {
			v.Op = op
		}
		return nil
	}
}

// known drops a guard whose operand has the kind already.
func known(k ir.Kind) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		if x := v.Args[0]; x.Type.Kind == k {
			return x
		}
		return nil
	}
}

// unbox gives what was put into the box.
func unbox(box ir.Op) rule {
	return func(f *folder, v *ir.Value) *ir.Value {
		if x := origin(v.Args[0]); x.Op == box {
			return x.Args[0]
		}
		return nil
	}
}

func floorDivide(x, y int64) (q, r int64) {
	q, r = x/y, x%y
	if r != 0 && (r < 0) != (y < 0) {
		q--
		r += y
	}
	return q, r
}

func addFits(x, y int64) (int64, bool) {
	r := x + y
	return r, (x^r)&(y^r) >= 0
}

func subFits(x, y int64) (int64, bool) {
	r := x - y
	return r, (x^y)&(x^r) >= 0
}

func mulFits(x, y int64) (int64, bool) {
	r := x * y
	return r, mulHigh(x, y) == r>>63
}

func mulHigh(x, y int64) int64 {
	hi, _ := bits.Mul64(uint64(x), uint64(y))
	return int64(hi) - x>>63&y - y>>63&x
}

func fitsInt(x float64) bool { return -(1<<63) <= x && x < 1<<63 }
