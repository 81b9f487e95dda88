// Operators on numbers. Ints that fit 64 bits and floats are computed unboxed with Python's rules; whatever the unboxed operation
// cannot do exactly is guarded, and a site whose guard failed once is translated with objects, or with an exact helper, from then on.

package build

import (
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

var numberHelpers = [decoder.NumBin]string{
	decoder.BinAdd: "Add", decoder.BinAnd: "And", decoder.BinFloorDiv: "FloorDivide", decoder.BinLShift: "Lshift", decoder.BinMatMul: "MatrixMultiply",
	decoder.BinMul: "Multiply", decoder.BinMod: "Remainder", decoder.BinOr: "Or", decoder.BinPow: "Power", decoder.BinRShift: "Rshift",
	decoder.BinSub: "Subtract", decoder.BinTrueDiv: "TrueDivide", decoder.BinXor: "Xor",
}

// binaryOp translates BINARY_OP.
func binaryOp(b *builder) error {
	x, y := b.peek(1), b.peek(0)
	if x.isNumber() && y.isNumber() && !b.general() {
		p := b.profile(b.ins.At)
		var r slot
		var ok bool
		if x.isFloat() || y.isFloat() {
			r, ok = b.floatBinary(int(b.ins.Arg), x, y, p)
		} else {
			r, ok = b.intBinary(int(b.ins.Arg), x, y, p)
		}
		if ok {
			b.drop(2)
			b.push(r)
			return nil
		}
	}
	b.objectBinary()
	return nil
}

// intBinary computes on two int64 (bools count). Not ok: the site needs objects.
func (b *builder) intBinary(op int, xs, ys slot, p profile) (slot, bool) {
	if xs.isBool() && ys.isBool() {
		switch op {
		case decoder.BinAnd, decoder.BinOr, decoder.BinXor:
			r := b.pure([...]ir.Op{decoder.BinAnd: ir.OpAnd, decoder.BinOr: ir.OpOr, decoder.BinXor: ir.OpXor}[op], ir.I64, b.rawInt(xs), b.rawInt(ys))
			return boolSlot(b.pure(ir.OpINe, ir.Bool, r, b.constInt(0))), true
		}
	}
	x, y := b.rawInt(xs), b.rawInt(ys)
	overflowing := func(op ir.Op) (slot, bool) {
		if p.overflowed() {
			return slot{}, false
		}
		return intSlot(b.numberGuard(op, ir.WhyOverflow, x, y)), true
	}
	switch op {
	case decoder.BinAdd:
		return overflowing(ir.OpAddOvf)
	case decoder.BinSub:
		return overflowing(ir.OpSubOvf)
	case decoder.BinMul:
		return overflowing(ir.OpMulOvf)
	case decoder.BinAnd:
		return intSlot(b.pure(ir.OpAnd, ir.I64, x, y)), true
	case decoder.BinOr:
		return intSlot(b.pure(ir.OpOr, ir.I64, x, y)), true
	case decoder.BinXor:
		return intSlot(b.pure(ir.OpXor, ir.I64, x, y)), true
	case decoder.BinFloorDiv, decoder.BinMod:
		if !b.divisor(y, p) {
			return slot{}, false
		}
		if op == decoder.BinFloorDiv {
			return intSlot(b.pure(ir.OpDivFloor, ir.I64, x, y)), true
		}
		return intSlot(b.pure(ir.OpModFloor, ir.I64, x, y)), true
	case decoder.BinTrueDiv:
		if !nonZeroConst(y) {
			if p.divided() {
				return slot{}, false
			}
			b.require(b.pure(ir.OpINe, ir.Bool, y, b.constInt(0)), ir.WhyDivisor)
		}
		if p.failed() {
			return floatSlot(b.helper("gs_int_truediv", x, y)), true
		}
		b.fitsDouble(x)
		b.fitsDouble(y)
		return floatSlot(b.pure(ir.OpFDiv, ir.F64, b.pure(ir.OpIntToFloat, ir.F64, x), b.pure(ir.OpIntToFloat, ir.F64, y))), true
	case decoder.BinLShift:
		if p.overflowed() || p.failed() {
			return slot{}, false
		}
		b.shiftCount(y)
		return intSlot(b.numberGuard(ir.OpShlOvf, ir.WhyOverflow, x, y)), true
	case decoder.BinRShift:
		if xs.kind == ir.SlotIntOrigin && !xs.constant() && (y.Op != ir.OpConstInt || y.Aux == 0) {
			if p.failed() || y.Op == ir.OpConstInt {
				return slot{}, false
			}
			b.require(b.pure(ir.OpINe, ir.Bool, y, b.constInt(0)), ir.WhyShift) // by 0 it gives the same object
		}
		if y.Op == ir.OpConstInt && y.Aux >= 0 {
			return intSlot(b.pure(ir.OpSar, ir.I64, x, b.constInt(min(y.Aux, 63)))), true
		}
		if p.failed() {
			return slot{}, false
		}
		b.shiftCount(y)
		return intSlot(b.pure(ir.OpSar, ir.I64, x, y)), true
	case decoder.BinPow:
		return b.intPower(x, y, p)
	}
	return slot{}, false
}

// numberGuard is an operation that leaves before the bytecode if its result does not fit.
func (b *builder) numberGuard(op ir.Op, why ir.Reason, args ...*ir.Value) *ir.Value {
	v := b.guard(op, ir.Type{Kind: ir.I64}, b.before(), ir.ExitInfo{Reason: why}, args...)
	v.Exit.Site = b.ins.At
	return v
}

func nonZeroConst(v *ir.Value) bool { return v.Op == ir.OpConstInt && v.Aux != 0 }

// divisor makes sure that y is neither 0, which raises, nor -1, whose quotient may not fit.
func (b *builder) divisor(y *ir.Value, p profile) bool {
	if y.Op == ir.OpConstInt {
		return y.Aux != 0 && y.Aux != -1
	}
	if p.divided() {
		return false
	}
	b.require(b.pure(ir.OpULt, ir.Bool, b.constInt(1), b.pure(ir.OpAdd, ir.I64, y, b.constInt(1))), ir.WhyDivisor)
	return true
}

// fitsDouble makes sure that the int converts without rounding, so that a quotient of two is rounded once, as Python's.
func (b *builder) fitsDouble(x *ir.Value) {
	const exact = 1 << 53
	if x.Op == ir.OpConstInt && -exact <= x.Aux && x.Aux <= exact {
		return
	}
	b.require(b.pure(ir.OpULe, ir.Bool, b.pure(ir.OpAdd, ir.I64, x, b.constInt(exact)), b.constInt(2*exact)), ir.WhyRange)
}

func (b *builder) shiftCount(y *ir.Value) {
	if y.Op == ir.OpConstInt && 0 <= y.Aux && y.Aux < 64 {
		return
	}
	b.require(b.pure(ir.OpULt, ir.Bool, y, b.constInt(64)), ir.WhyShift)
}

// maxPower is the largest constant exponent that is multiplied out.
const maxPower = 8

// intPower raises an int to a constant, small, not negative power by multiplying, to others by a helper that tells if the result
// does not fit or is a float.
func (b *builder) intPower(x, y *ir.Value, p profile) (slot, bool) {
	if p.overflowed() || p.failed() {
		return slot{}, false
	}
	if y.Op != ir.OpConstInt || y.Aux < 0 || y.Aux > maxPower {
		return intSlot(b.flagged("gs_int_pow", ir.OpLoadI64, x, y)), true
	}
	r := x
	switch y.Aux {
	case 0:
		r = b.constInt(1)
	case 1:
		return slot{}, false // the same number, but another object
	}
	for range y.Aux - 1 {
		r = b.numberGuard(ir.OpMulOvf, ir.WhyOverflow, r, x)
	}
	return intSlot(r), true
}

// floatBinary computes on two numbers of which one at least is a float.
func (b *builder) floatBinary(op int, xs, ys slot, p profile) (slot, bool) {
	switch op {
	case decoder.BinAdd, decoder.BinSub, decoder.BinMul, decoder.BinTrueDiv, decoder.BinFloorDiv, decoder.BinMod, decoder.BinPow:
	default:
		return slot{}, false
	}
	x, y := b.rawFloat(xs), b.rawFloat(ys)
	switch op {
	case decoder.BinAdd:
		return floatSlot(b.pure(ir.OpFAdd, ir.F64, x, y)), true
	case decoder.BinSub:
		return floatSlot(b.pure(ir.OpFSub, ir.F64, x, y)), true
	case decoder.BinMul:
		return floatSlot(b.pure(ir.OpFMul, ir.F64, x, y)), true
	case decoder.BinPow:
		if p.failed() {
			return slot{}, false
		}
		return floatSlot(b.flagged("gs_float_pow", ir.OpLoadF64, x, y)), true
	}
	if c := y; c.Op == ir.OpIntToFloat && nonZeroConst(c.Args[0]) || c.Op == ir.OpConstFloat && c.Aux<<1 != 0 {
		// The divisor is a constant that is not zero.
	} else {
		if p.divided() {
			return slot{}, false
		}
		b.require(b.pure(ir.OpFNe, ir.Bool, y, b.constFloat(0)), ir.WhyDivisor)
	}
	switch op {
	case decoder.BinTrueDiv:
		return floatSlot(b.pure(ir.OpFDiv, ir.F64, x, y)), true
	case decoder.BinFloorDiv:
		return floatSlot(b.helper("gs_float_floordiv", x, y)), true
	}
	return floatSlot(b.helper("gs_float_mod", x, y)), true
}

// flagged calls exact arithmetic whose result comes in memory, and leaves before the bytecode where the helper says 0: it is the
// interpreter that raises, or gives another class.
func (b *builder) flagged(name string, load ir.Op, args ...*ir.Value) *ir.Value {
	out := b.scratch(1)
	ok := b.helper(name, append(args, out)...)
	b.require(b.pure(ir.OpINe, ir.Bool, ok, b.constInt(0)), ir.WhyValue)
	return b.load(load, ir.HeapScratch, out, 0)
}

// scratch is the address of n words in the native frame.
func (b *builder) scratch(n int64) *ir.Value {
	v := b.pure(ir.OpScratch, ir.Ptr)
	v.Aux = n
	return v
}

// escapeTop is boxTop for an object that others will see: every other slot that holds the same number takes the same
// object as its origin, so that identity is what it is in the interpreter.
func (b *builder) escapeTop(n int) *ir.Value {
	s := b.peek(n)
	b.handOut(s)
	o := b.boxTop(n)
	if s.kind != ir.SlotInt && s.kind != ir.SlotFloat {
		return o
	}
	boxed := b.peek(n)
	if !boxed.owned {
		return o
	}
	shared := func(t *slot) {
		t.kind, t.owned, t.local = boxed.kind, true, 0
		t.v[1] = o
		b.add(ir.OpIncref, ir.Type{}, o)
	}
	for i := range b.locals {
		if t := &b.locals[i]; t.kind == s.kind && t.v[0] == s.v[0] {
			shared(t)
			if i < len(b.savedLocals) && !b.effect {
				b.savedLocals[i] = *t
				b.beforeState = nil
			}
		}
	}
	for i := range b.stack {
		if t := b.stack[i]; t.kind == s.kind && t.v[0] == s.v[0] {
			shared(&t)
			b.update(len(b.stack)-1-i, t)
		}
	}
	return o
}

// boxTop makes the stack item n below the top an object that it owns or borrows.
func (b *builder) boxTop(n int) *ir.Value {
	s := b.peek(n)
	o := b.boxed(s)
	if o.object() != s.object() {
		b.update(n, o)
	}
	return o.object()
}

// builtin reports whether the slot holds an exact number, str or None, whose operators run no Python code.
func (b *builder) builtin(s slot) bool {
	switch b.exactClass(&s) {
	case 0:
		return false
	case b.classInt, b.classFloat, b.classBool, b.classStr, b.classNone, b.classBytes:
		return true
	}
	return false
}

// objectBinary calls the C-API. Between builtin numbers and strings no Python code runs, so no frame is linked.
func (b *builder) objectBinary() {
	name := "PyNumber_" + numberHelpers[b.ins.Arg]
	if b.ins.Flags&decoder.FlagInPlace != 0 {
		name = "PyNumber_InPlace" + numberHelpers[b.ins.Arg]
	}
	xs, ys := b.peek(1), b.peek(0)
	if b.ins.Arg == decoder.BinAdd && b.exactClass(&xs) == b.classStr && b.exactClass(&ys) == b.classStr {
		b.concatenate()
		return
	}
	quiet := b.builtin(xs) && b.builtin(ys)
	class := b.resultClass(&xs, &ys)
	box := b.boxTop
	if !quiet {
		box = b.escapeTop
	}
	args := []*ir.Value{box(1), box(0)}
	if b.ins.Arg == decoder.BinPow {
		args = append(args, b.constObj(b.abi.ObjNone, b.classNone))
	}
	var r *ir.Value
	if quiet {
		b.effect = true
		r = b.helper(name, args...)
	} else {
		r = b.call(name, args...)
	}
	r.Type.Class = class
	b.finish(r, 2, !quiet)
}

// concatenate joins two strings. The left one is extended in place if nobody else has it; so, as the interpreter does, a local that the
// result is about to be stored to gives its reference up first.
func (b *builder) concatenate() {
	left := b.peek(1)
	next := b.code.InstrAt(b.ins.Next)
	if i := left.local - 1; i >= 0 && next != nil && next.Op == decoder.OpStoreFast && int(next.Arg) == i && b.locals[i].owned && b.peek(0).local != left.local {
		left.owned, left.local = true, 0
		b.locals[i] = nullSlot()
		b.stack[len(b.stack)-2] = left
		b.detach(i)
	}
	left = b.own(left)
	b.stack[len(b.stack)-2] = left // or settle would take one more
	b.settle()
	b.effect = true
	out := b.scratch(1)
	b.store(ir.OpStoreObj, ir.HeapScratch, 0, out, left.v[0])
	status := b.helper("gs_str_append", out, b.topObject(0))
	right := b.pop()
	b.forget(1)
	b.release(right)
	b.raisingNegative(status, b.here())
	result := b.load(ir.OpLoadObj, ir.HeapScratch, out, 0)
	result.Type.Class = b.classStr
	b.push(ownedSlot(result))
}

// resultClass is the class of an operator's result on two builtin numbers, where it is certain.
func (b *builder) resultClass(x, y *slot) ir.Class {
	isInt := func(c ir.Class) bool { return c == b.classInt || c == b.classBool }
	cx, cy := b.exactClass(x), b.exactClass(y)
	op := b.ins.Arg
	switch {
	case isInt(cx) && isInt(cy):
		switch op {
		case decoder.BinPow:
			return 0
		case decoder.BinTrueDiv:
			return b.classFloat
		case decoder.BinAnd, decoder.BinOr, decoder.BinXor:
			if cx == b.classBool && cy == b.classBool {
				return b.classBool
			}
		}
		return b.classInt
	case (cx == b.classFloat || isInt(cx)) && (cy == b.classFloat || isInt(cy)):
		if op != decoder.BinPow {
			return b.classFloat
		}
	case cx == b.classStr && cy == b.classStr && op == decoder.BinAdd:
		return b.classStr
	}
	return 0
}

// unaryNegative, unaryPositive and unaryInvert translate -x, +x and ~x.
func unaryNegative(b *builder) error {
	x := b.peek(0)
	switch {
	case b.general():
	case x.isFloat():
		return b.replace(1, floatSlot(b.pure(ir.OpFNeg, ir.F64, x.v[0])))
	case x.isIntish() && !b.profile(b.ins.At).overflowed():
		return b.replace(1, intSlot(b.numberGuard(ir.OpNegOvf, ir.WhyOverflow, b.rawInt(x))))
	}
	return b.objectUnary("PyNumber_Negative")
}

func unaryPositive(b *builder) error {
	x := b.peek(0)
	switch {
	case b.general():
	case x.isInt(), x.isFloat():
		return nil // the same object, if there is one: int and float return themselves
	case x.isBool():
		return b.replace(1, intSlot(b.rawInt(x)))
	}
	return b.objectUnary("PyNumber_Positive")
}

func unaryInvert(b *builder) error {
	x := b.peek(0)
	if x.isInt() && !b.general() {
		return b.replace(1, intSlot(b.pure(ir.OpNot, ir.I64, b.rawInt(x))))
	}
	return b.objectUnary("PyNumber_Invert") // of a bool, too: 3.12 and later warn of it
}

// replace pops n items and pushes a result.
func (b *builder) replace(n int, s slot) error {
	b.drop(n)
	b.push(s)
	return nil
}

func (b *builder) objectUnary(name string) error {
	s := b.peek(0)
	quiet := b.builtin(s) && !(name == "PyNumber_Invert" && b.exactClass(&s) == b.classBool) // warnings run Python code
	o := b.boxTop(0)
	var r *ir.Value
	if quiet {
		b.effect = true
		r = b.helper(name, o)
		if c := b.exactClass(&s); c == b.classInt || c == b.classFloat {
			r.Type.Class = c
		}
	} else {
		r = b.call(name, o)
	}
	b.finish(r, 1, !quiet)
	return nil
}

// truth gives the truth of the top item, which stays; ok is false if it needs Python code.
func (b *builder) truth(s slot) (*ir.Value, bool) {
	switch {
	case s.isBool():
		return s.v[0], true
	case s.isInt():
		return b.pure(ir.OpINe, ir.Bool, s.v[0], b.constInt(0)), true
	case s.isFloat():
		return b.pure(ir.OpFNe, ir.Bool, s.v[0], b.constFloat(0)), true
	case s.kind == ir.SlotNone:
		return b.constBool(false), true
	case s.kind != ir.SlotObj:
		return nil, false
	}
	switch s.class {
	case b.classBool:
		return b.pure(ir.OpUnboxBool, ir.Bool, s.v[0]), true
	case b.classNone:
		return b.constBool(false), true
	case b.classInt:
		size := b.load(ir.OpLoadI64, ir.HeapConst, s.v[0], b.abi.IntSize)
		if b.abi.IntTagged != 0 { // 0 has a sign of its own, and no digits
			return b.pure(ir.OpIGe, ir.Bool, size, b.constInt(8)), true
		}
		return b.pure(ir.OpINe, ir.Bool, size, b.constInt(0)), true
	case b.classList, b.classTuple:
		heap := ir.HeapList
		if s.class != b.classList {
			heap = ir.HeapConst
		}
		return b.pure(ir.OpINe, ir.Bool, b.load(ir.OpLoadI64, heap, s.v[0], b.abi.ObSize), b.constInt(0)), true
	case b.classStr:
		return b.pure(ir.OpINe, ir.Bool, b.load(ir.OpLoadI64, ir.HeapConst, s.v[0], b.abi.UnicodeLength), b.constInt(0)), true
	case b.classDict:
		return b.pure(ir.OpINe, ir.Bool, b.load(ir.OpLoadI64, ir.HeapDict, s.v[0], b.abi.DictUsed), b.constInt(0)), true
	}
	return nil, false
}

// truthOfTop gives the truth of the top item, which stays. looked: Python code was asked, and the value is a status to check
// for an exception, once the item was dropped.
func (b *builder) truthOfTop() (truth *ir.Value, looked bool) {
	if t, ok := b.truth(b.peek(0)); ok {
		return t, false
	}
	return b.call("PyObject_IsTrue", b.boxTop(0)), true
}

func unaryNot(b *builder) error { return b.truthValue(true) }

func toBool(b *builder) error { return b.truthValue(false) }

// truthValue replaces the top item by its truth, or the contrary.
func (b *builder) truthValue(not bool) error {
	t, looked := b.truthOfTop()
	b.drop(1)
	if looked {
		t = b.pure(ir.OpINe, ir.Bool, b.raisingNegative(t, b.here()), b.constInt(0))
	}
	if not {
		t = b.pure(ir.OpBNot, ir.Bool, t)
	}
	b.push(boolSlot(t))
	if looked {
		b.checkFrame()
	}
	return nil
}

var intCompares = [decoder.NumCmp]ir.Op{decoder.CmpLt: ir.OpILt, decoder.CmpLe: ir.OpILe, decoder.CmpEq: ir.OpIEq, decoder.CmpNe: ir.OpINe,
	decoder.CmpGt: ir.OpIGt, decoder.CmpGe: ir.OpIGe}
var floatCompares = [decoder.NumCmp]ir.Op{decoder.CmpLt: ir.OpFLt, decoder.CmpLe: ir.OpFLe, decoder.CmpEq: ir.OpFEq, decoder.CmpNe: ir.OpFNe,
	decoder.CmpGt: ir.OpFGt, decoder.CmpGe: ir.OpFGe}

// compareMixed compares a large int and a float exactly.
func (b *builder) compareMixed(x, y slot, op int32) error {
	i, f := x, y
	if x.isFloat() {
		i, f = y, x
		op = [...]int32{decoder.CmpLt: decoder.CmpGt, decoder.CmpLe: decoder.CmpGe, decoder.CmpEq: decoder.CmpEq, decoder.CmpNe: decoder.CmpNe,
			decoder.CmpGt: decoder.CmpLt, decoder.CmpGe: decoder.CmpLe}[op]
	}
	order := b.helper("gs_compare_int_float", b.rawInt(i), f.v[0]) // -1, 0, 1; 2 if the float is a nan
	r := b.pure(intCompares[op], ir.Bool, order, b.constInt(0))
	if op == decoder.CmpGt || op == decoder.CmpGe {
		nan := b.pure(ir.OpIEq, ir.Bool, order, b.constInt(2))
		r = b.pure(ir.OpSelect, ir.Bool, nan, b.constBool(false), r)
	}
	return b.replace(2, boolSlot(r))
}

// compareOp translates COMPARE_OP.
func compareOp(b *builder) error {
	x, y := b.peek(1), b.peek(0)
	op := b.ins.Arg
	if !b.general() && x.isNumber() && y.isNumber() {
		switch {
		case x.isIntish() && y.isIntish():
			return b.replace(2, boolSlot(b.pure(intCompares[op], ir.Bool, b.rawInt(x), b.rawInt(y))))
		case x.isFloat() && y.isFloat():
			return b.replace(2, boolSlot(b.pure(floatCompares[op], ir.Bool, x.v[0], y.v[0])))
		case b.profile(b.ins.At).failed():
			return b.compareMixed(x, y, op)
		default:
			// An int and a float: exact as long as the int converts without rounding.
			for _, s := range []slot{x, y} {
				if s.isIntish() {
					b.fitsDouble(b.rawInt(s))
				}
			}
			return b.replace(2, boolSlot(b.pure(floatCompares[op], ir.Bool, b.rawFloat(x), b.rawFloat(y))))
		}
	}
	if !b.general() {
		if c, ok := b.codeOf(x); ok {
			if d, ok := b.codeOf(y); ok {
				return b.replace(2, boolSlot(b.pure(intCompares[op], ir.Bool, c, d)))
			}
		}
	}
	if b.builtin(x) && b.builtin(y) {
		left, right := b.boxTop(1), b.boxTop(0)
		b.effect = true
		if b.general() && b.ins.Flags&decoder.FlagToBool == 0 {
			b.finish(b.helper("PyObject_RichCompare", left, right, b.constInt(int64(op))), 2, false)
			return nil
		}
		truth := b.finishStatus(b.helper("gs_compare_bool", left, right, b.constInt(int64(op))), 2, false)
		b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, truth, b.constInt(0))))
		return nil
	}
	if b.ins.Flags&decoder.FlagToBool != 0 {
		truth := b.finishStatus(b.call("gs_compare_bool", b.escapeTop(1), b.escapeTop(0), b.constInt(int64(op))), 2, false)
		b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, truth, b.constInt(0))))
		b.checkFrame()
		return nil
	}
	b.finish(b.call("PyObject_RichCompare", b.escapeTop(1), b.escapeTop(0), b.constInt(int64(op))), 2, true)
	return nil
}
