// Package irtest makes random functions, and the worlds they run in, for differential tests: of passes, and of emitted code. A
// function has the builder's shape: every local variable is a parameter of every merge, frame states name them all.
package irtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/gophersnake/gophersnake/ir"
)

// Classes of the objects that random functions meet. Instances of ClassPlain may change their class.
const (
	ClassList  ir.Class = 0x3000
	ClassPlain ir.Class = 0x3100
	ClassOther ir.Class = 0x3200

	lengthAt = 16 // of a list
	itemsAt  = 24
	attrAt   = 16 // of a plain object
)

// Fixed reports whether instances of the class keep it.
func Fixed(c ir.Class) bool { return c != ClassPlain && c != ClassOther }

// Quiet reports whether the end of an instance runs nothing.
func Quiet(c ir.Class) bool { return c == 0x1000 || c == 0x1100 || c == 0x1200 }

var (
	tInt   = ir.Type{Kind: ir.I64}
	tFloat = ir.Type{Kind: ir.F64}
	tBool  = ir.Type{Kind: ir.Bool}
	tObj   = ir.Type{Kind: ir.Obj}
	tPtr   = ir.Type{Kind: ir.Ptr}
)

// Locals of a random function: the types do not change, so the slots have kinds of their own.
const (
	nInts, nFloats, nBools, nLists = 4, 2, 1, 2

	firstFloat = nInts
	firstBool  = firstFloat + nFloats
	firstList  = firstBool + nBools
	plainLocal = firstList + nLists
	itemLocal  = plainLocal + 1 // any object, owned or NULL
	nLocals    = itemLocal + 1
)

type gen struct {
	*rand.Rand
	f        *ir.Func
	b        *ir.Block
	callable *ir.Value
	locals   [nLocals]*ir.Value
	off      uint32
	budget   int
	ranges   bool // only loops and comparisons
	boxes    bool // the item is a new int, not a list's
}

// Random makes a function from the seed, of everything.
func Random(seed uint64) *ir.Func { return random(seed, false) }

// Ranges makes a function of loops that count and comparisons of what they count; all outcomes go into local 0.
func Ranges(seed uint64) *ir.Func { return random(seed, true) }

func random(seed uint64, ranges bool) *ir.Func {
	g := &gen{Rand: rand.New(rand.NewPCG(seed, 1)), f: ir.NewFunc(fmt.Sprintf("random%d", seed)), budget: 60, ranges: ranges, boxes: seed%4 == 3}
	f := g.f
	f.NLocals = nLocals
	g.b = f.NewBlock()
	g.callable = f.AddParam(g.b, tObj)
	for i := range g.locals {
		s := ir.Slot{Kind: slotKind(i)}
		class := ir.Class(0)
		switch {
		case i == itemLocal:
			s = ir.Slot{Kind: ir.SlotNull}
			g.locals[i] = g.f.Add(g.b, ir.OpConstNull, ir.Type{Kind: ir.ObjNull})
		default:
			t := localType(i)
			class = t.Class
			g.locals[i] = f.AddParam(g.b, t)
		}
		f.Key, f.KeyClass = append(f.Key, s), append(f.KeyClass, class)
	}
	f.Entry = g.state()
	f.Entry.Slots[itemLocal] = ir.Slot{Kind: ir.SlotNull}
	// The parameters are borrowed; take references.
	for i := firstList; i <= plainLocal; i++ {
		g.add(ir.OpIncref, ir.Type{}, g.locals[i])
	}
	g.statements(3)
	for i := firstList; i <= plainLocal; i++ {
		g.add(ir.OpDecref, ir.Type{}, g.locals[i])
	}
	g.add(ir.OpXDecref, ir.Type{}, g.locals[itemLocal])
	r := g.f.NewValue(g.b, ir.OpReturn, ir.Type{}, g.locals[0])
	r.Aux = ir.TagInt
	if g.IntN(2) == 0 {
		r.Args[0], r.Aux = g.locals[firstFloat], ir.TagFloat
	}
	g.b.Ctrl = r
	return f
}

func slotKind(local int) ir.SlotKind {
	switch {
	case local < firstFloat:
		return ir.SlotInt
	case local < firstBool:
		return ir.SlotFloat
	case local < firstList:
		return ir.SlotBool
	case local < itemLocal:
		return ir.SlotObj
	}
	return ir.SlotObjNull
}

func localType(local int) ir.Type {
	t := ir.Type{Kind: slotKind(local).Components()[0]}
	if t.Kind == ir.Obj && local < plainLocal {
		t.Class = ClassList
	}
	return t
}

func (g *gen) state() *ir.FrameState {
	g.off++
	fs := &ir.FrameState{Off: g.off, RaiseOff: g.off, NLocals: nLocals, Callable: g.callable}
	for i, v := range g.locals {
		k := slotKind(i)
		fs.Slots = append(fs.Slots, ir.Slot{Kind: k, Owned: len(k.Components()) == 1 && k.Components()[0].Object(), Vals: [3]*ir.Value{v}})
	}
	return fs
}

func (g *gen) add(op ir.Op, t ir.Type, args ...*ir.Value) *ir.Value {
	return g.f.Add(g.b, op, t, args...)
}

func (g *gen) guard(op ir.Op, t ir.Type, args ...*ir.Value) *ir.Value {
	v := g.add(op, t, args...)
	v.FS = g.state()
	v.Exit.Reason, v.Exit.Site = ir.WhyType, g.off
	return v
}

func (g *gen) int(n int64) *ir.Value {
	v := g.add(ir.OpConstInt, tInt)
	v.Aux = n
	return v
}

var someInts = []int64{0, 1, 2, 3, 7, 8, -1, -2, 10, 63, 64, 1 << 31, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}
var someFloats = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 2, 4, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.NaN(), 3.25, 1 << 53, 5e-324}

func (g *gen) intExpr(depth int) *ir.Value {
	if depth == 0 || g.IntN(4) == 0 {
		if g.IntN(3) == 0 {
			return g.int(someInts[g.IntN(len(someInts))])
		}
		return g.locals[g.IntN(nInts)]
	}
	x := g.intExpr(depth - 1)
	switch g.IntN(16) {
	case 0, 1, 2:
		return g.guard([]ir.Op{ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf}[g.IntN(3)], tInt, x, g.intExpr(depth-1))
	case 3:
		return g.guard(ir.OpNegOvf, tInt, x)
	case 4:
		return g.guard(ir.OpShlOvf, tInt, x, g.int(int64(g.IntN(64))))
	case 5, 6:
		ops := []ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpMulHigh}
		return g.add(ops[g.IntN(len(ops))], tInt, x, g.intExpr(depth-1))
	case 7:
		return g.add([]ir.Op{ir.OpNeg, ir.OpNot}[g.IntN(2)], tInt, x)
	case 8:
		return g.add([]ir.Op{ir.OpShl, ir.OpSar}[g.IntN(2)], tInt, x, g.int(int64(g.IntN(64))))
	case 9:
		y := g.intExpr(depth - 1)
		g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpULt, tBool, g.int(1), g.add(ir.OpAdd, tInt, y, g.int(1))))
		return g.add([]ir.Op{ir.OpDivFloor, ir.OpModFloor}[g.IntN(2)], tInt, x, y)
	case 10:
		n := []int64{1, 2, 3, 8, 10, -3, 1 << 40}[g.IntN(7)]
		return g.add([]ir.Op{ir.OpDivFloor, ir.OpModFloor}[g.IntN(2)], tInt, x, g.int(n))
	case 11:
		return g.add(ir.OpBoolToInt, tInt, g.boolExpr(depth-1))
	case 12:
		return g.add(ir.OpSelect, tInt, g.boolExpr(depth-1), x, g.intExpr(depth-1))
	case 13:
		return g.length(g.list())
	case 14:
		v := g.add(ir.OpLoadI64, tInt, g.plain())
		v.Aux, v.Heap = attrAt, ir.HeapAttr
		return v
	}
	return g.item(x)
}

func (g *gen) floatExpr(depth int) *ir.Value {
	if depth == 0 || g.IntN(4) == 0 {
		if g.IntN(3) == 0 {
			v := g.add(ir.OpConstFloat, tFloat)
			v.Aux = int64(math.Float64bits(someFloats[g.IntN(len(someFloats))]))
			return v
		}
		return g.locals[firstFloat+g.IntN(nFloats)]
	}
	x := g.floatExpr(depth - 1)
	switch g.IntN(8) {
	case 0, 1, 2, 3:
		ops := []ir.Op{ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv}
		return g.add(ops[g.IntN(4)], tFloat, x, g.floatExpr(depth-1))
	case 4:
		ops := []ir.Op{ir.OpFNeg, ir.OpFAbs, ir.OpFFloor, ir.OpFCeil, ir.OpFTrunc, ir.OpFSqrt}
		return g.add(ops[g.IntN(len(ops))], tFloat, x)
	case 5:
		n := g.intExpr(depth - 1)
		const exact = 1 << 53
		g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpULe, tBool, g.add(ir.OpAdd, tInt, n, g.int(exact)), g.int(2*exact)))
		return g.add(ir.OpIntToFloat, tFloat, n)
	case 6:
		y, z := g.floatExpr(depth-1), g.floatExpr(depth-1)
		if g.IntN(2) == 0 {
			y = g.add(ir.OpFNeg, tFloat, y)
		}
		if g.IntN(2) == 0 {
			z = g.add(ir.OpFNeg, tFloat, z)
		}
		return g.add(ir.OpFMulAdd, tFloat, x, y, z)
	}
	return g.add(ir.OpSelect, tFloat, g.boolExpr(depth-1), x, g.floatExpr(depth-1))
}

func (g *gen) boolExpr(depth int) *ir.Value {
	switch g.IntN(8) {
	case 0:
		return g.locals[firstBool]
	case 1:
		return g.add(ir.OpBNot, tBool, g.boolExpr(max(depth-1, 0)))
	case 2:
		ops := []ir.Op{ir.OpFEq, ir.OpFNe, ir.OpFLt, ir.OpFLe, ir.OpFGt, ir.OpFGe}
		return g.add(ops[g.IntN(len(ops))], tBool, g.floatExpr(max(depth-1, 0)), g.floatExpr(max(depth-1, 0)))
	case 3:
		return g.add([]ir.Op{ir.OpPEq, ir.OpPNe}[g.IntN(2)], tBool, g.list(), g.list())
	}
	ops := []ir.Op{ir.OpIEq, ir.OpINe, ir.OpILt, ir.OpILe, ir.OpIGt, ir.OpIGe, ir.OpULt, ir.OpULe}
	return g.add(ops[g.IntN(len(ops))], tBool, g.intExpr(max(depth-1, 0)), g.intExpr(max(depth-1, 0)))
}

func (g *gen) list() *ir.Value { return g.locals[firstList+g.IntN(nLists)] }

func (g *gen) length(list *ir.Value) *ir.Value {
	v := g.add(ir.OpLoadI64, tInt, list)
	v.Aux, v.Heap = lengthAt, ir.HeapList
	return v
}

func (g *gen) items(list *ir.Value) *ir.Value {
	v := g.add(ir.OpLoadPtr, tPtr, list)
	v.Aux, v.Heap = itemsAt, ir.HeapList
	return v
}

// plain is the plain object with its class guarded: it may have changed.
func (g *gen) plain() *ir.Value {
	v := g.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: ClassPlain}, g.locals[plainLocal])
	v.Aux = int64(ClassPlain)
	return v
}

// near is x, or an int a little beside it.
func (g *gen) near(x *ir.Value) *ir.Value {
	switch g.IntN(4) {
	case 0:
		return g.guard(ir.OpAddOvf, tInt, x, g.int(int64(1+g.IntN(2))))
	case 1:
		return g.guard(ir.OpSubOvf, tInt, x, g.int(int64(1+g.IntN(2))))
	}
	return x
}

// counted is a local variable that counts, a length, or an int beside one.
func (g *gen) counted() *ir.Value {
	switch g.IntN(8) {
	case 0:
		return g.int(int64(g.IntN(9) - 3))
	case 1:
		return g.int(someInts[g.IntN(len(someInts))])
	case 2, 3:
		return g.near(g.length(g.list()))
	}
	return g.near(g.locals[1+g.IntN(nInts-1)])
}

func (g *gen) order() *ir.Value {
	ops := []ir.Op{ir.OpIEq, ir.OpINe, ir.OpILt, ir.OpILe, ir.OpIGt, ir.OpIGe, ir.OpULt, ir.OpULe}
	return g.add(ops[g.IntN(len(ops))], tBool, g.counted(), g.counted())
}

// compareStatement is a statement of Ranges.
func (g *gen) compareStatement(depth int) {
	k := g.IntN(12)
	switch {
	case depth == 0:
		k = g.IntN(5)
	case g.budget > 50:
		k = 5 + g.IntN(7)
	}
	switch k {
	case 0, 1, 2, 3:
		g.locals[0] = g.add(ir.OpXor, tInt, g.add(ir.OpMul, tInt, g.locals[0], g.int(3)), g.add(ir.OpBoolToInt, tInt, g.order()))
	case 4:
		x, y := g.counted(), g.counted()
		switch g.IntN(6) {
		case 0:
			x = g.add(ir.OpAnd, tInt, x, y)
		case 1:
			x = g.add(ir.OpSar, tInt, x, g.int(int64(g.IntN(4))))
		case 2:
			x = g.add(ir.OpModFloor, tInt, x, g.int([]int64{2, 3, 8, -3}[g.IntN(4)]))
		case 3:
			x = g.add(ir.OpDivFloor, tInt, x, g.int([]int64{2, 3, 8, -3}[g.IntN(4)]))
		case 4:
			x = g.add(ir.OpSelect, tInt, g.add(ir.OpILt, tBool, x, y), x, y)
		case 5:
			x = g.guard([]ir.Op{ir.OpAddOvf, ir.OpSubOvf, ir.OpMulOvf}[g.IntN(3)], tInt, x, y)
		}
		g.locals[1+g.IntN(nInts-1)] = x
	case 5, 6:
		g.count(depth)
	case 7, 8:
		g.whileLess(depth)
	case 9:
		g.guard(ir.OpGuard, ir.Type{}, g.order())
	default:
		saved, end := g.locals, g.merge()
		yes, no := g.test(g.order())
		g.enter(yes)
		g.statements(depth - 1)
		g.jump(end)
		g.locals = saved
		g.enter(no)
		g.statements(depth - 1)
		g.jump(end)
		g.enter(end)
	}
}

// whileLess is while x < y, or another order, with x counted up or down in it.
func (g *gen) whileLess(depth int) {
	x := 1 + g.IntN(nInts-1)
	if g.IntN(2) == 0 {
		g.locals[x] = g.int(int64(g.IntN(5) - 2))
	}
	end := g.counted()
	head, after := g.merge(), g.merge()
	g.jump(head)
	g.enter(head)
	g.poll()
	step := int64(1 + g.IntN(2))
	op := []ir.Op{ir.OpILt, ir.OpILe, ir.OpINe}[g.IntN(3)]
	if g.IntN(3) == 0 {
		step, op = -step, []ir.Op{ir.OpIGt, ir.OpIGe, ir.OpINe}[g.IntN(3)]
	}
	body, out := g.test(g.add(op, tBool, g.locals[x], end))
	saved := g.locals
	g.enter(body)
	g.statements(depth - 1)
	i := g.locals[x]
	if g.IntN(4) > 0 {
		i = saved[x]
	}
	if g.IntN(3) == 0 && (op == ir.OpILt || op == ir.OpIGt) && step*step == 1 {
		g.locals[x] = g.add(ir.OpAdd, tInt, saved[x], g.int(step)) // cannot wrap: the condition bounds it
	} else {
		g.locals[x] = g.guard(ir.OpAddOvf, tInt, i, g.int(step))
	}
	g.jump(head)
	g.locals = saved
	g.enter(out)
	g.jump(after)
	g.enter(after)
}

// item is an int from a list, as the builder translates x = l[i].
func (g *gen) item(index *ir.Value) *ir.Value {
	list := g.list()
	switch g.IntN(4) {
	case 0:
		index = g.add(ir.OpAnd, tInt, index, g.int(3))
	case 1:
		index = g.add(ir.OpSelect, tInt, g.add(ir.OpILt, tBool, index, g.int(0)), g.add(ir.OpAdd, tInt, index, g.length(list)), index)
	}
	g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpULt, tBool, index, g.length(list)))
	o := g.add(ir.OpLoadIdxObj, tObj, g.items(list), index)
	o.Heap = ir.HeapList
	c := g.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: 0x1000}, o)
	c.Aux = 0x1000
	return g.guard(ir.OpUnboxInt, tInt, c)
}

// statements makes some, with blocks nested at most depth deep.
func (g *gen) statements(depth int) {
	for n := 2 + g.IntN(4); n > 0 && g.budget > 0; n-- {
		g.budget--
		if g.ranges {
			g.compareStatement(depth)
			continue
		}
		switch k := g.IntN(20); {
		case k < 6:
			g.locals[g.IntN(nInts)] = g.intExpr(3)
		case k < 9:
			g.locals[firstFloat+g.IntN(nFloats)] = g.floatExpr(3)
		case k == 9:
			g.locals[firstBool] = g.boolExpr(2)
		case k == 10:
			g.storeItem()
		case k == 11:
			g.storeAttr()
		case k == 12:
			g.call()
		case k == 13:
			g.takeItem()
		case k == 14:
			g.swapList()
		case k < 17 && depth > 0:
			g.branch(depth)
		case k < 19 && depth > 0:
			g.loop(depth)
		case depth > 0:
			g.count(depth)
		}
	}
}

// storeItem is l[i] = int: the new box goes in, the old item goes.
func (g *gen) storeItem() {
	list, index := g.list(), g.intExpr(1)
	g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpULt, tBool, index, g.length(list)))
	box := g.guard(ir.OpBoxInt, ir.Type{Kind: ir.Obj, Class: 0x1000}, g.intExpr(1))
	box.Exit.Kind = ir.ExitRaise
	items := g.items(list)
	old := g.add(ir.OpLoadIdxObj, tObj, items, index)
	old.Heap = ir.HeapList
	st := g.add(ir.OpStoreIdxObj, ir.Type{}, items, index, box)
	st.Heap = ir.HeapList
	g.add(ir.OpDecref, ir.Type{}, old)
}

func (g *gen) storeAttr() {
	x := g.intExpr(2)
	o := g.plain()
	v := g.add(ir.OpStoreI64, ir.Type{}, o, x)
	v.Aux, v.Heap = attrAt, ir.HeapAttr
}

// call runs arbitrary code, and looks at the status.
func (g *gen) call() {
	g.add(ir.OpLink, ir.Type{}, g.locals[plainLocal])
	v := g.add(ir.OpCallHelper, tInt, g.locals[plainLocal])
	v.Aux, v.Heap = ir.HelperIndex("PyObject_IsTrue"), ir.HeapAll
	g.add(ir.OpUnlink, ir.Type{})
	v = g.guard(ir.OpRaiseIfNeg, tInt, v)
	v.Exit.Kind = ir.ExitRaise
	g.guard([]ir.Op{ir.OpGuardFrame, ir.OpGuardLocals}[g.IntN(2)], ir.Type{}).Exit.Kind = ir.ExitTouched
	g.locals[g.IntN(nInts)] = v
}

// takeItem keeps an object in a local variable.
func (g *gen) takeItem() {
	o := g.kept()
	old := g.locals[itemLocal]
	g.locals[itemLocal] = o
	g.add(ir.OpXDecref, ir.Type{}, old)
}

// kept is a new reference to what takeItem keeps.
func (g *gen) kept() *ir.Value {
	if g.boxes {
		box := g.guard(ir.OpBoxInt, ir.Type{Kind: ir.Obj, Class: 0x1000}, g.intExpr(1))
		box.Exit.Kind = ir.ExitRaise
		return box
	}
	list, index := g.list(), g.intExpr(1)
	g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpULt, tBool, index, g.length(list)))
	o := g.add(ir.OpLoadIdxObj, tObj, g.items(list), index)
	o.Heap = ir.HeapList
	g.add(ir.OpIncref, ir.Type{}, o)
	return o
}

// swapList is a = b.
func (g *gen) swapList() {
	i, x := firstList+g.IntN(nLists), g.list()
	g.add(ir.OpIncref, ir.Type{}, x)
	old := g.locals[i]
	g.locals[i] = x
	g.add(ir.OpDecref, ir.Type{}, old)
}

func (g *gen) jump(to *ir.Block) {
	g.b.Ctrl = g.f.NewValue(g.b, ir.OpJump, ir.Type{})
	g.b.Succs = []ir.Edge{{To: to, Args: append([]*ir.Value(nil), g.locals[:]...)}}
}

// merge makes a block with a parameter for each local.
func (g *gen) merge() *ir.Block {
	b := g.f.NewBlock()
	for i := range g.locals {
		g.f.AddParam(b, localType(i))
	}
	return b
}

func (g *gen) enter(b *ir.Block) {
	g.b = b
	if len(b.Params) > 0 {
		copy(g.locals[:], b.Params[len(b.Params)-nLocals:])
	}
}

func (g *gen) test(cond *ir.Value) (yes, no *ir.Block) {
	yes, no = g.f.NewBlock(), g.f.NewBlock()
	g.b.Ctrl = g.f.NewValue(g.b, ir.OpBranch, ir.Type{}, cond)
	g.b.Succs = []ir.Edge{{To: yes}, {To: no}}
	return yes, no
}

func (g *gen) branch(depth int) {
	yes, no := g.test(g.boolExpr(2))
	saved := g.locals
	end := g.merge()
	g.enter(yes)
	g.statements(depth - 1)
	g.jump(end)
	g.locals = saved
	g.enter(no)
	if g.IntN(2) == 0 {
		g.statements(depth - 1)
	}
	g.jump(end)
	g.enter(end)
}

func (g *gen) poll() {
	p := g.guard(ir.OpPoll, ir.Type{})
	p.Exit.Kind, p.Exit.Reason = ir.ExitPoll, ir.WhyPoll
}

// loop is while cond, sometimes with a break.
func (g *gen) loop(depth int) {
	head := g.merge()
	end := g.merge()
	g.jump(head)
	g.enter(head)
	g.poll()
	body, out := g.test(g.boolExpr(2))
	saved := g.locals
	g.enter(body)
	g.statements(depth - 1)
	if g.IntN(3) == 0 {
		stop, on := g.test(g.boolExpr(1))
		g.enter(stop)
		g.jump(end)
		g.enter(on)
		g.statements(0)
	}
	g.jump(head)
	g.locals = saved
	g.enter(out)
	g.jump(end)
	g.enter(end)
}

// count is for i in range(start, stop, step), with the iterator in registers: next and how many are left.
func (g *gen) count(depth int) {
	end := g.int(int64(g.IntN(12) - 3))
	switch g.IntN(4) {
	case 0, 1:
		end = g.length(g.list())
		if g.IntN(2) == 0 {
			end = g.guard(ir.OpSubOvf, tInt, end, g.int(1))
		}
	case 2:
		end = g.intExpr(1)
	}
	start := g.int(0)
	if g.IntN(2) == 0 {
		start = g.int(int64(g.IntN(5) - 2))
		if g.IntN(3) == 0 {
			start = g.locals[g.IntN(nInts)]
		}
	}
	step := []int64{1, 1, 1, -1, -1, 2, 3, -2}[g.IntN(8)]
	stop, zero := end, g.int(0)
	if step < 0 {
		start, stop = stop, start
		if g.IntN(2) == 0 {
			start, stop = g.guard(ir.OpSubOvf, tInt, start, g.int(1)), g.int(-1)
		}
	}
	var left *ir.Value
	high, low := stop, start
	if step < 0 {
		high, low = start, stop
	}
	switch {
	case step*step != 1:
		left = g.add(ir.OpCallHelper, tInt, start, stop, g.int(step))
		left.Aux = ir.HelperIndex("gs_range_length")
		g.guard(ir.OpGuard, ir.Type{}, g.add(ir.OpIGe, tBool, left, zero))
	default:
		n := high
		if !(low.Op == ir.OpConstInt && low.Aux == 0) {
			n = g.guard(ir.OpSubOvf, tInt, high, low)
		}
		left = g.add(ir.OpSelect, tInt, g.add(ir.OpIGt, tBool, n, zero), n, zero)
	}
	head := g.f.NewBlock()
	next, rest := g.f.AddParam(head, tInt), g.f.AddParam(head, tInt)
	for i := range g.locals {
		g.f.AddParam(head, localType(i))
	}
	after := g.merge()
	g.jump(head)
	g.b.Succs[0].Args = append([]*ir.Value{start, left}, g.b.Succs[0].Args...)
	g.enter(head)
	g.poll()
	more := g.add(ir.OpIGt, tBool, rest, g.int(0))
	body, out := g.test(more)
	saved := g.locals
	g.enter(body)
	v := 1 + g.IntN(nInts-1)
	next2, rest2 := g.add(ir.OpAdd, tInt, next, g.int(step)), g.add(ir.OpSub, tInt, rest, g.int(1))
	g.locals[v] = next
	for n := g.IntN(3); n > 0 && !g.ranges; n-- {
		g.locals[(v+1)%nInts] = g.item(g.near(next))
	}
	g.statements(depth - 1)
	g.jump(head)
	g.b.Succs[0].Args = append([]*ir.Value{next2, rest2}, g.b.Succs[0].Args...)
	g.locals = saved
	g.enter(out)
	g.jump(after)
	g.enter(after)
}

// World makes what a random function runs in, and its arguments, from the seed. Two calls make the same.
func World(seed uint64) (*ir.World, []uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	w := ir.NewWorld()
	anyInt := func() uint64 {
		switch r.IntN(6) {
		case 0, 1, 2:
			return uint64(r.IntN(12) - 2)
		case 3:
			return uint64(math.MaxInt64 - int64(r.IntN(4)))
		case 4:
			return uint64(math.MinInt64 + int64(r.IntN(4)))
		}
		return uint64(someInts[r.IntN(len(someInts))])
	}
	args := []uint64{w.New(0x1300, 0)}
	for range nInts {
		args = append(args, anyInt())
	}
	for range nFloats {
		args = append(args, math.Float64bits(someFloats[r.IntN(len(someFloats))]))
	}
	for range nBools {
		args = append(args, uint64(r.IntN(2)))
	}
	var lists []uint64
	for range nLists {
		l := w.New(ClassList, 0)
		items := 1<<32 + uint64(len(lists))<<20
		n := r.IntN(8)
		w.Words[l+lengthAt], w.Words[l+itemsAt] = uint64(n), items
		for i := range n {
			item := w.New(w.ClassInt, uint64(r.IntN(20)-3))
			switch r.IntN(16) {
			case 0:
				w.Objects[item].Big = true
			case 1:
				w.Objects[item].Class = w.ClassFloat
			}
			w.Words[items+uint64(8*i)] = item
		}
		lists = append(lists, l)
		args = append(args, l)
	}
	plain := w.New(ClassPlain, 0)
	w.Words[plain+attrAt] = anyInt()
	args = append(args, plain)

	// What arbitrary code does: change lengths, items, attributes, classes. The same at each run.
	events := 0
	mutate := func(w *ir.World) int {
		events++
		q := rand.New(rand.NewPCG(seed, uint64(100+events)))
		l := lists[q.IntN(nLists)]
		n := int(w.Words[l+lengthAt])
		switch q.IntN(6) {
		case 0:
			if n > 0 {
				w.Words[l+lengthAt] = uint64(n - 1)
			}
		case 1:
			if n > 0 {
				item := w.New(w.ClassInt, uint64(q.IntN(9)))
				w.Objects[item].Big = q.IntN(6) == 0
				w.Words[w.Words[l+itemsAt]+uint64(8*q.IntN(n))] = item // the old one leaks: somebody else holds it
			}
		case 2:
			w.Words[plain+attrAt] = uint64(q.IntN(50))
		case 3:
			if q.IntN(4) == 0 {
				w.Objects[plain].Class = ClassOther
			}
		case 4:
			old := w.Words[l+itemsAt]
			w.Words[l+itemsAt] = old + 1<<16
			for i := range n {
				w.Words[old+1<<16+uint64(8*i)] = w.Words[old+uint64(8*i)]
			}
		}
		return q.IntN(8)
	}
	w.Helper = func(w *ir.World, name string, args []uint64) uint64 {
		switch name {
		case "gs_range_length":
			return uint64(rangeLength(int64(args[0]), int64(args[1]), int64(args[2])))
		case "PyObject_IsTrue":
		default:
			panic("BUG: helper " + name)
		}
		return uint64(int64(mutate(w) - 1))
	}
	w.Died = func(w *ir.World, address uint64) {
		if !Quiet(w.Objects[address].Class) {
			mutate(w)
		}
	}
	pollAt, frameAt := 1+r.IntN(60), 1+r.IntN(60)
	w.Poll = func(n int) bool { return n >= pollAt }
	w.Frame = func(n int) bool { return n >= frameAt }
	return w, args
}

// rangeLength is what the helper gives: how many values, or -1 if that does not fit.
func rangeLength(start, stop, step int64) int64 {
	lo, hi, by := start, stop, uint64(step)
	if step < 0 {
		lo, hi, by = stop, start, -uint64(step)
	}
	if lo >= hi {
		return 0
	}
	n := (uint64(hi)-uint64(lo)-1)/by + 1
	if n > math.MaxInt64 {
		return -1
	}
	return int64(n)
}

// Report tells everything of a run that the outside can see, as text: how it ended, with which state, what became of the heap. References
// that an exit hands over are counted as the interpreter would: each slot has one.
func Report(w *ir.World, o *ir.Outcome) string {
	var s strings.Builder
	refs := map[uint64]int{}
	if !o.Exited {
		fmt.Fprintf(&s, "return %d %#x\n", o.Tag, o.Word)
	} else {
		fmt.Fprintf(&s, "exit %s/%s off=%d raise=%d callable=%#x\n", o.Exit.Kind, o.Exit.Reason, o.Off, o.RaiseOff, o.Callable)
		for _, slots := range o.Slots {
			for i, slot := range slots {
				kind, words := slot.Kind, slot.Words
				kinds := kind.Components()
				fmt.Fprintf(&s, " %d:", i)
				for n, k := range kinds {
					switch {
					case k.Object() && words[n] != 0:
						fmt.Fprintf(&s, " %s", describe(w, words[n]))
						if !slot.Owned {
							refs[words[n]]++
						}
					default:
						fmt.Fprintf(&s, " %#x", words[n])
					}
				}
			}
		}
		s.WriteByte('\n')
	}
	var addresses []uint64
	for a := range w.Objects {
		addresses = append(addresses, a)
	}
	sort.Slice(addresses, func(i, j int) bool { return addresses[i] < addresses[j] })
	for _, a := range addresses {
		if x := w.Objects[a]; a != w.True && a != w.False && x.Refs+refs[a] != 0 {
			fmt.Fprintf(&s, "%#x class=%#x refs=%d raw=%#x\n", a, uint64(x.Class), x.Refs+refs[a], x.Raw)
		}
	}
	var at []uint64
	for a := range w.Words {
		at = append(at, a)
	}
	sort.Slice(at, func(i, j int) bool { return at[i] < at[j] })
	for _, a := range at {
		fmt.Fprintf(&s, "[%#x]=%#x\n", a, w.Words[a])
	}
	for _, t := range w.Trace {
		s.WriteString(t + "\n")
	}
	return s.String()
}

func describe(w *ir.World, address uint64) string {
	if x := w.Objects[address]; x != nil && (x.Class == w.ClassInt || x.Class == w.ClassFloat) {
		return fmt.Sprintf("box(%#x %#x)", uint64(x.Class), x.Raw)
	}
	return fmt.Sprintf("%#x", address)
}
