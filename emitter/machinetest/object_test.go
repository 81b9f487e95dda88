//go:build linux && (amd64 || arm64)

// Objects in memory: counts, boxes, loads and stores, guards.

package machinetest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// pressure makes values that live across what is tested: use them afterwards with relieve.
func (f *fn) pressure(n int) (vs []*ir.Value) {
	for i := range n {
		vs = append(vs, f.op(ir.OpAdd, f.params[0], f.int(int64(i)*7)))
	}
	return vs
}

func (f *fn) relieve(sum *ir.Value, vs []*ir.Value) *ir.Value {
	for _, v := range vs {
		sum = f.op(ir.OpAdd, sum, v)
	}
	return sum
}

func pressureSum(x int64, n int) (sum int64) {
	for i := range int64(n) {
		sum += x + 7*i
	}
	return sum
}

func TestUnboxInt(t *testing.T) {
	for _, floats := range []bool{false, true} {
		for _, n := range []int{0, 4, 14} {
			r := newRig(t)
			f := newFn(ir.I64, ir.Obj, ir.F64)
			vs := f.pressure(n)
			v := f.guard(ir.OpUnboxInt, f.state(f.params...), f.params[1])
			sum := f.relieve(v, vs)
			if floats {
				sum = f.op(ir.OpAdd, sum, f.op(ir.OpFloatToInt, f.params[2]))
			}
			f.ret(sum)
			u := r.emit(f.done(t))
			for _, x := range someInts {
				o := r.newInt(x)
				word, tag := u.call(0, 1000, o, 3.0)
				want := x + pressureSum(1000, n)
				if floats {
					want += 3
				}
				require.Equal(t, uint64(pyabi.Int), tag)
				require.Equal(t, want, int64(word), x)
			}
			for _, size := range []int64{4} {
				o := r.newInt(1)
				*r.word(o + 16) = uint64(size)
				_, tag := u.call(0, 1000, o, 3.0)
				require.Equal(t, uint64(77), tag)
				_, slots := u.exited()
				require.Equal(t, [][]uint64{{1000}, {uint64(o)}, {math.Float64bits(3)}}, slots)
			}
		}
	}
}

func TestBoxes(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.I64)
	vs := f.pressure(12)
	o := f.guard(ir.OpBoxInt, f.state(f.params...), f.params[0])
	count := f.aux(ir.OpLoadI64, 0, o)
	count.Heap = ir.HeapRef
	f.ret(f.op(ir.OpAdd, f.relieve(f.int(0), vs), count))
	g := newFn(ir.I64)
	g.ret(g.guard(ir.OpBoxInt, g.state(g.params...), g.params[0]))
	h := newFn(ir.F64)
	h.ret(h.guard(ir.OpBoxFloat, h.state(h.params...), h.params[0]))
	k := newFn()
	k.ret(k.guard(ir.OpBoxInt, k.state(), k.int(-3)))
	more := newFn(ir.I64)
	box := more.guard(ir.OpBoxInt, more.state(more.params...), more.params[0])
	box.Aux = 2
	more.ret(box)
	u := r.emit(f.done(t), g.done(t), h.done(t), k.done(t), more.done(t))
	three, _ := r.abi.SmallInt(3)
	made := uint64(r.newInt(1)) // what the fake makes of its address less 0x1000
	for _, c := range []struct {
		x, taken int64
		object   uint64
	}{{3, 3, three}, {int64(made) - 0x1000, 2, made}} {
		before := *r.word(uintptr(c.object))
		word, _ := u.call(4, c.x)
		require.Equal(t, c.object, word)
		require.Equal(t, before+uint64(c.taken), *r.word(uintptr(c.object)))
	}
	for _, x := range someInts {
		word, tag := u.call(1, x)
		address, small := r.abi.SmallInt(x)
		switch {
		case small:
			require.Equal(t, address, word)
		case x == -0x1000: // what the fake makes of it is NULL
			require.Equal(t, uint64(77), tag)
		default:
			require.Equal(t, uint64(x+0x1000), word)
		}
		if small {
			*r.word(uintptr(address)) = 41
			word, _ = u.call(0, x)
			require.Equal(t, pressureSum(x, 12)+42, int64(word))
		}
	}
	_, tag := u.call(1, -0x1000)
	require.Equal(t, uint64(77), tag)
	minus3, _ := r.abi.SmallInt(-3)
	word, _ := u.call(3)
	require.Equal(t, minus3, word)

	free := []uintptr{r.newFloat(0), r.newFloat(0)}
	*r.word(free[0] + 8) = uint64(free[1])
	*r.word(free[1] + 8) = 0
	*r.word(r.interp + uintptr(r.abi.FloatsList)) = uint64(free[0])
	*r.mem.Int32(r.interp + uintptr(r.abi.FloatsCount)) = 2
	for i := range free {
		word, tag := u.call(2, 1.25+float64(i))
		require.Equal(t, uint64(free[i]), word)
		require.Equal(t, uint64(pyabi.Obj), tag)
		require.Equal(t, uint64(1), *r.word(free[i]))
		require.Equal(t, r.abi.TypeFloat, *r.word(free[i] + 8))
		require.Equal(t, math.Float64bits(1.25+float64(i)), *r.word(free[i] + 16))
	}
	require.Zero(t, *r.mem.Int32(r.interp + uintptr(r.abi.FloatsCount)))
	word, _ = u.call(2, 2.5)
	require.Equal(t, math.Float64bits(2.5), word) // the fake's box
	_, tag = u.call(2, 0.0)
	require.Equal(t, uint64(77), tag)
}

func TestReboxFloat(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.F64, ir.Obj)
	x, old := f.params[0], f.params[1]
	f.ret(f.guard(ir.OpReboxFloat, f.state(x, old), x, old))
	g := newFn(ir.F64, ir.Obj) // the old object lives on, to be stored
	x, old = g.params[0], g.params[1]
	cell := r.mem.Alloc(8)
	v := g.guard(ir.OpReboxFloat, g.state(x, old), x, old)
	store := g.op(ir.OpStoreObj, g.aux(ir.OpConstPtr, int64(cell)), old)
	store.Heap = ir.HeapOther
	g.ret(v)
	for seed := range uint64(6) {
		mark := r.mem.Mark()
		r.seed = seed
		u := r.emit(f.done(t), g.done(t))
		freeList := func(free ...uintptr) {
			*r.word(r.interp + uintptr(r.abi.FloatsList)) = 0
			for _, o := range free {
				*r.word(r.interp + uintptr(r.abi.FloatsList)) = uint64(o)
				*r.word(o + 8) = 0
			}
			*r.mem.Int32(r.interp + uintptr(r.abi.FloatsCount)) = int32(len(free))
		}
		for n := range 2 {
			own, shared, free := r.newFloat(1), r.newFloat(2), r.newFloat(3)
			*r.word(shared) = 2
			freeList(free)
			word, tag := u.call(n, 1.5, own)
			require.Equal(t, []uint64{uint64(own), uint64(pyabi.Obj)}, []uint64{word, tag})
			require.Equal(t, []uint64{1, r.abi.TypeFloat, math.Float64bits(1.5)}, []uint64{*r.word(own), *r.word(own + 8), *r.word(own + 16)})

			word, tag = u.call(n, 2.5, shared)
			require.Equal(t, []uint64{uint64(free), uint64(pyabi.Obj)}, []uint64{word, tag})
			require.Equal(t, []uint64{1, r.abi.TypeFloat, math.Float64bits(2.5)}, []uint64{*r.word(free), *r.word(free + 8), *r.word(free + 16)})
			require.Equal(t, []uint64{1, math.Float64bits(2)}, []uint64{*r.word(shared), *r.word(shared + 16)})
			if n == 1 {
				require.Equal(t, uint64(shared), *r.word(cell))
			}

			*r.word(shared) = 2
			freeList()
			word, tag = u.call(n, 3.5, shared)
			require.Equal(t, []uint64{math.Float64bits(3.5), uint64(pyabi.Obj)}, []uint64{word, tag}) // the fake's box
			require.Equal(t, uint64(1), *r.word(shared))

			*r.word(shared) = 2
			_, tag = u.call(n, 0.0, shared) // the fake has no memory
			require.Equal(t, uint64(77), tag)
			_, slots := u.exited()
			require.Equal(t, [][]uint64{{0}, {uint64(shared)}}, slots)
			require.Equal(t, uint64(2), *r.word(shared))
		}
		r.mem.Release(mark)
	}
}

func TestReferences(t *testing.T) {
	r := newRig(t)
	constant := r.newInt(5)
	f := newFn(ir.I64, ir.Obj, ir.ObjNull)
	vs := f.pressure(14)
	f.op(ir.OpIncref, f.params[1])
	f.op(ir.OpXIncref, f.params[2])
	f.op(ir.OpIncref, f.aux(ir.OpConstObj, int64(constant)))
	f.ret(f.relieve(f.int(0), vs))
	g := newFn(ir.I64, ir.Obj, ir.ObjNull)
	vs = g.pressure(14)
	g.op(ir.OpDecref, g.params[1])
	g.op(ir.OpXDecref, g.params[2])
	g.ret(g.relieve(g.int(0), vs))
	u := r.emit(f.done(t), g.done(t))
	o, p := r.newInt(1), r.newInt(2)
	word, _ := u.call(0, 9, o, p)
	require.Equal(t, pressureSum(9, 14), int64(word))
	u.call(0, 9, o, uintptr(0))
	require.Equal(t, []uint64{3, 2, 3}, []uint64{*r.word(o), *r.word(p), *r.word(constant)})
	for i := range 3 {
		word, _ = u.call(1, 9, o, uintptr(0))
		require.Equal(t, pressureSum(9, 14), int64(word))
		require.Equal(t, uint64(2-i), *r.word(o))
	}
	require.Equal(t, uint64(1), *r.word(r.calls + 24), "deallocated once")
	require.Equal(t, uint64(o), *r.word(r.calls + 100))
	*r.word(o) = 5
	u.call(1, 9, o, p)
	u.call(1, 9, o, p)
	require.Equal(t, uint64(2), *r.word(r.calls + 24))
	require.Equal(t, uint64(p), *r.word(r.calls + 100))
}

func TestFreeFloats(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.Obj)
	o := f.params[0]
	o.Type.Class = ir.Class(r.abi.TypeFloat)
	f.op(ir.OpDecrefQuiet, o)
	f.ret(f.int(1))
	u := r.emit(f.done(t))
	a, b := r.newFloat(1), r.newFloat(2)
	free := r.word(r.interp + uintptr(r.abi.FloatsList))
	count := r.mem.Int32(r.interp + uintptr(r.abi.FloatsCount))
	*r.word(a) = 2
	u.call(0, a)
	require.Zero(t, *free)
	u.call(0, a)
	u.call(0, b)
	require.Equal(t, uint64(b), *free)
	require.Equal(t, uint64(a), *r.word(b + 8))
	require.Zero(t, *r.word(a + 8))
	require.Equal(t, int32(2), *count)
	require.Zero(t, *r.word(r.calls + 24))
	*count = 100
	u.call(0, r.newFloat(3))
	require.Equal(t, uint64(1), *r.word(r.calls + 24))
	require.Equal(t, uint64(b), *free)
}

func TestMemoryOperations(t *testing.T) {
	r := newRig(t)
	at := r.mem.Alloc(512)
	f := newFn(ir.Obj, ir.I64, ir.F64)
	p, i, x := f.params[0], f.params[1], f.params[2]
	load := func(op ir.Op, aux int64, args ...*ir.Value) *ir.Value {
		v := f.aux(op, aux, args...)
		v.Heap = ir.HeapOther
		return v
	}
	load(ir.OpStoreI64, 0, p, f.int(-5))
	load(ir.OpStoreI64, 8, p, f.int(1<<40))
	load(ir.OpStoreI64, 16, p, i)
	load(ir.OpStoreF64, 24, p, x)
	load(ir.OpStoreF64, 32, p, f.float(2.5))
	load(ir.OpStoreObj, 40, p, f.aux(ir.OpConstObj, 0x7f0012345678))
	load(ir.OpStoreObj, 48, p, f.aux(ir.OpConstNull, 0))
	load(ir.OpStoreU32, 56, p, f.int(-2))
	load(ir.OpStoreU32, 60, p, i)
	i2 := f.op(ir.OpAdd, i, f.int(1))
	load(ir.OpStoreIdxI64, 64, p, i, f.int(7))
	load(ir.OpStoreIdxI64, 64, p, i2, i)
	load(ir.OpStoreIdxF64, 64, p, f.op(ir.OpAdd, i, f.int(2)), x)
	load(ir.OpStoreIdxObj, 64, p, f.int(9), f.aux(ir.OpConstObj, 0x11))
	sum := load(ir.OpLoadS32, 56, p)
	sum = f.op(ir.OpAdd, sum, load(ir.OpLoadU32, 56, p))
	sum = f.op(ir.OpAdd, sum, load(ir.OpLoadU8, 57, p))
	sum = f.op(ir.OpAdd, sum, load(ir.OpLoadI64, 0, p))
	sum = f.op(ir.OpAdd, sum, load(ir.OpLoadIdxU8, 55, p, i)) // byte 58
	sum = f.op(ir.OpXor, sum, load(ir.OpLoadIdxI64, 64, p, i2))
	sum = f.op(ir.OpAdd, sum, f.op(ir.OpFloatToInt, f.op(ir.OpFMul, x, load(ir.OpLoadF64, 24, p))))
	sum = f.op(ir.OpAdd, sum, f.op(ir.OpFloatToInt, f.op(ir.OpFSub, load(ir.OpLoadIdxF64, 80, p, i), f.float(0.25))))
	f.ret(sum)
	u := r.emit(f.done(t))
	word, _ := u.call(0, at, 3, 4.25)
	words := make([]uint64, 18)
	for i := range words {
		words[i] = *r.word(at + uintptr(8*i))
	}
	bits := math.Float64bits
	require.Equal(t, []uint64{^uint64(4), 1 << 40, 3, bits(4.25), bits(2.5), 0x7f0012345678, 0, 3<<32 | 0xfffffffe,
		0, 0, 0, 7, 3, bits(4.25), 0, 0, 0, 0x11}, words)
	require.Equal(t, int64((-2+0xfffffffe+0xff-5+0xff)^3)+18+4, int64(word))
}

func TestListAppend(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.Obj, ir.Obj)
	v := f.op(ir.OpListAppend, f.params[0], f.params[1])
	v.FS = f.state(f.params...)
	f.ret(f.params[1])
	u := r.emit(f.done(t))
	list, items := r.mem.Alloc(64), r.mem.Alloc(64)
	word := func(base uintptr, offset uint64) *uint64 { return r.word(base + uintptr(offset)) }
	*word(list, r.abi.ObSize), *word(list, r.abi.ListAllocated), *word(list, r.abi.ListItem) = 1, 2, uint64(items)
	one, other := r.newInt(1), r.newInt(2)
	u.call(0, list, one)
	u.call(0, list, other)
	require.Equal(t, uint64(3), *word(list, r.abi.ObSize))
	require.Equal(t, []uint64{0, uint64(one), uint64(other)}, []uint64{*word(items, 0), *word(items, 8), *word(items, 16)})
}

func TestIntSign(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.Obj)
	f.ret(f.op(ir.OpIntSign, f.params[0]))
	u := r.emit(f.done(t))
	for _, x := range someInts {
		word, _ := u.call(0, r.newInt(x))
		require.Equal(t, truth(x > 0)-truth(x < 0), int64(word))
	}
}

func TestGuards(t *testing.T) {
	r := newRig(t)
	far := uint64(0x7f1234567890)
	classes := map[string]uint64{"near": 0x123450, "far": far}
	for name, class := range classes {
		t.Run(name, func(t *testing.T) {
			f := newFn(ir.Obj, ir.I64)
			v := f.guard(ir.OpGuardClass, f.state(f.params...), f.params[0])
			v.Aux = int64(class)
			f.ret(v)
			u := r.emit(f.done(t))
			o := r.newInt(3)
			*r.word(o + 8) = class
			word, tag := u.call(0, o, 8)
			require.Equal(t, uint64(o), word)
			require.Equal(t, uint64(pyabi.Obj), tag)
			*r.word(o + 8) = class + 8
			_, tag = u.call(0, o, 8)
			require.Equal(t, uint64(77), tag)
			x, slots := u.exited()
			require.Equal(t, [][]uint64{{uint64(o)}, {8}}, slots)
			require.Equal(t, uint64(recordAddress), x.Record)
			require.Zero(t, x.Recursion, "nothing is called")
		})
	}
	for _, c := range []struct {
		op        ir.Op
		kind      ir.Kind
		pass, not []int64
	}{
		{ir.OpGuardNotNull, ir.ObjNull, []int64{1, 16}, []int64{0}},
		{ir.OpRaiseIfNull, ir.ObjNull, []int64{1, 16}, []int64{0}},
		{ir.OpRaiseIfNeg, ir.I64, []int64{0, 1, math.MaxInt64}, []int64{-1, math.MinInt64}},
		{ir.OpRaiseIfZero, ir.I64, []int64{-1, 1 << 32}, []int64{0}},
	} {
		f := newFn(c.kind)
		f.ret(f.guard(c.op, f.state(), f.params[0]))
		u := r.emit(f.done(t))
		for _, n := range c.pass {
			word, tag := u.call(0, n)
			require.NotEqual(t, uint64(77), tag)
			require.Equal(t, n, int64(word))
		}
		for _, n := range c.not {
			_, tag := u.call(0, n)
			require.Equal(t, uint64(77), tag)
		}
	}
	f := newFn(ir.I64)
	v := f.guard(ir.OpGuardTag, f.state(f.params...), f.params[0])
	v.Aux = 4
	f.ret(f.int(1))
	g := newFn()
	g.guard(ir.OpTick, g.state())
	g.ret(g.int(1))
	h := newFn()
	h.guard(ir.OpPoll, h.state())
	h.ret(h.int(1))
	k := newFn(ir.Obj)
	k.ret(k.op(ir.OpUnboxBool, k.params[0]))
	e := newFn(ir.I64)
	leave := e.NewValue(e.b, ir.OpExit, ir.Type{})
	leave.FS = e.state(e.params...)
	e.b.Ctrl = leave
	u := r.emit(f.done(t), g.done(t), h.done(t), k.done(t), e.done(t))
	_, tag := u.call(0, 4)
	require.Equal(t, uint64(pyabi.Int), tag)
	_, tag = u.call(0, 3)
	require.Equal(t, uint64(77), tag)
	for range 19 { // of the 20 rounds of recording code
		_, tag = u.call(1)
		require.Equal(t, uint64(pyabi.Int), tag)
	}
	_, tag = u.call(1)
	require.Equal(t, uint64(77), tag)
	_, tag = u.call(2)
	require.Equal(t, uint64(pyabi.Int), tag)
	*r.mem.Int32(r.interp + uintptr(r.abi.BreakerAt)) = 1
	_, tag = u.call(2)
	require.Equal(t, uint64(77), tag)
	word, _ := u.call(3, r.abi.ObjTrue)
	require.Equal(t, uint64(1), word)
	word, _ = u.call(3, r.abi.ObjFalse)
	require.Zero(t, word)
	_, tag = u.call(4, 12)
	require.Equal(t, uint64(77), tag)
	_, slots := u.exited()
	require.Equal(t, [][]uint64{{12}}, slots)
}

func TestRecordClass(t *testing.T) {
	r := newRig(t)
	site := r.mem.Alloc(16)
	f := newFn(ir.Obj)
	f.aux(ir.OpRecordClass, int64(site), f.params[0])
	f.ret(f.params[0])
	u := r.emit(f.done(t))
	u.call(0, r.newInt(1))
	u.call(0, r.newInt(2))
	require.Equal(t, r.abi.TypeInt, *r.word(site))
	require.Equal(t, uint64(2)<<32, *r.word(site + 8))
	u.call(0, r.newFloat(2))
	require.Equal(t, r.abi.TypeInt, *r.word(site))
	require.Equal(t, uint64(3)<<32|pyabi.SitePoly, *r.word(site + 8))
}

// TestEveryOperationIsSelected: none panics for want of a case. What each does is tested where it belongs.
func TestEveryOperationIsSelected(t *testing.T) {
	r := newRig(t)
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		if op == ir.OpParam || op.Is(ir.Control) || op == ir.OpCallNative || op == ir.OpCallTag || op == ir.OpIntOf {
			continue
		}
		f := newFn(ir.Obj, ir.I64, ir.F64)
		var args []*ir.Value
		for _, k := range ir.Ops[op].Args {
			switch k {
			case ir.I64:
				args = append(args, f.params[1])
			case ir.F64:
				args = append(args, f.params[2])
			case ir.Bool:
				args = append(args, f.op(ir.OpIEq, f.params[1], f.int(0)))
			default:
				args = append(args, f.params[0])
			}
		}
		v := f.op(op, args...)
		switch {
		case op == ir.OpCallHelper:
			v.Aux = ir.HelperIndex("PyNumber_Add")
			v.Args = []*ir.Value{f.params[0], f.params[0]}
			v.Type.Kind = ir.ObjNull
		case op == ir.OpSelect:
			v.Type.Kind = ir.Obj
		case op == ir.OpScratch:
			v.Aux = 2
		}
		if op.Is(ir.Guard) {
			v.FS = f.state(f.params...)
		}
		v.Heap = ir.HeapOther
		f.HasFrame = op == ir.OpLink || op == ir.OpUnlink || op == ir.OpGuardFrame
		switch v.Type.Kind {
		case ir.Void:
			f.control(ir.OpReturn, ir.TagNone, nil)
		case ir.Ptr, ir.ObjNull:
			f.aux(ir.OpStoreObj, 0, f.params[0], v).Heap = ir.HeapOther
			f.control(ir.OpReturn, ir.TagNone, nil)
		default:
			f.ret(v)
		}
		mark := r.mem.Mark()
		r.emit(f.done(t))
		r.mem.Release(mark)
	}
}
