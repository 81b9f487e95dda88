//go:build linux && (amd64 || arm64)

// Calls, frames and entries: helpers, native functions, the vectorcall stub, continuations.

package machinetest

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/machinetest/calltest"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// helper adds a call; fixed < 0: no array.
func (f *fn) helper(name string, kind ir.Kind, fixed int, args ...*ir.Value) *ir.Value {
	v := f.Add(f.b, ir.OpCallHelper, ir.Type{Kind: kind}, args...)
	v.Aux, v.NFixed, v.Heap = ir.HelperIndex(name), int32(fixed), ir.HeapAll
	return v
}

func TestCallHelper(t *testing.T) {
	for seed := range uint64(4) {
		r := newRig(t)
		r.seed = seed
		f := newFn(ir.I64, ir.Obj, ir.F64)
		vs := f.pressure(12)
		x := f.op(ir.OpFAdd, f.params[2], f.float(1))
		o := f.helper("PyObject_SetItem", ir.I64, -1, f.params[1], f.aux(ir.OpConstObj, 0x7f0000000010), f.params[1])
		q := f.helper("gs_int_truediv", ir.F64, -1, o, f.int(2))
		sum := f.relieve(f.op(ir.OpFloatToInt, f.op(ir.OpFAdd, q, x)), vs)
		f.ret(sum)
		u := r.emit(f.done(t))
		o1 := uint64(r.newInt(1))
		word, _ := u.call(0, 5, o1, 2.5)
		mixed := int64(o1 + 2*0x7f0000000010 + 3*o1)
		require.Equal(t, int64(float64(mixed)/2+3.5)+pressureSum(5, 12), int64(word))
		require.Equal(t, uint64(1), *r.word(r.calls + 48))
	}
}

func TestVectorHelper(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 20} {
		r := newRig(t)
		f := newFn(ir.Obj, ir.Obj)
		var args []*ir.Value
		want := int64(0)
		for i := range n {
			switch i % 3 {
			case 0:
				args = append(args, f.params[i%2])
				want += int64(0x100 + i%2)
			case 1:
				args = append(args, f.aux(ir.OpConstObj, 0x7f0000000010))
				want += 0x7f0000000010
			case 2:
				args = append(args, f.aux(ir.OpConstObj, 0x44))
				want += 0x44
			}
		}
		v := f.guard(ir.OpRaiseIfNull, f.state(f.params...), f.helper("gs_build_tuple", ir.ObjNull, 0, args...))
		f.ret(v)
		u := r.emit(f.done(t))
		word, tag := u.call(0, 0x100, 0x101)
		if n == 0 {
			require.Equal(t, uint64(77), tag) // NULL
			_, slots := u.exited()
			require.Equal(t, [][]uint64{{0x100}, {0x101}}, slots)
			continue
		}
		require.Equal(t, want, int64(word), n)
	}
}

func TestScratch(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.I64)
	a, b := f.aux(ir.OpScratch, 2), f.aux(ir.OpScratch, 1)
	store := func(base *ir.Value, off int64, v *ir.Value) { f.aux(ir.OpStoreI64, off, base, v).Heap = ir.HeapScratch }
	store(a, 0, f.params[0])
	store(a, 8, f.int(2))
	store(b, 0, f.int(3))
	v := f.helper("gs_unpack_sequence", ir.I64, -1, f.aux(ir.OpConstObj, 0), f.int(0), a) // 3 * address
	third := f.op(ir.OpSub, f.op(ir.OpMulHigh, v, f.int(0)), f.int(0))
	load := func(base *ir.Value, off int64) *ir.Value {
		l := f.aux(ir.OpLoadI64, off, base)
		l.Heap = ir.HeapScratch
		return l
	}
	sum := f.op(ir.OpAdd, load(a, 0), f.op(ir.OpMul, load(a, 8), f.int(10)))
	f.ret(f.op(ir.OpAdd, third, f.op(ir.OpAdd, sum, f.op(ir.OpMul, load(b, 0), f.int(100)))))
	u := r.emit(f.done(t))
	word, _ := u.call(0, 7)
	require.Equal(t, uint64(7+20+300), word)
}

// fib is the recursive function, as speculated: the argument is an int, so is what the callee returns.
func fib(t testing.TB) *ir.Func {
	f := newFn(ir.I64)
	n := f.params[0]
	base, rec := f.NewBlock(), f.NewBlock()
	f.control(ir.OpBranch, -1, []*ir.Value{f.op(ir.OpILt, n, f.int(2))}, ir.Edge{To: base}, ir.Edge{To: rec})
	f.b = base
	base.Cold = true
	f.ret(n)
	f.b = rec
	f.Callees = []*ir.Callee{{Name: "fib", Func: f.Func}}
	call := func(n *ir.Value, state ...*ir.Value) *ir.Value {
		v := f.op(ir.OpCallNative, f.callable, n)
		v.FS = f.state(state...)
		tag := f.op(ir.OpCallTag, v)
		fs := f.state(state...)
		fs.Slots = append(fs.Slots, ir.Slot{Kind: ir.SlotResult, Vals: [3]*ir.Value{tag, v}})
		g := f.guard(ir.OpGuardTag, fs, tag)
		g.Aux = ir.TagInt
		return v
	}
	a := call(f.guard(ir.OpSubOvf, f.state(n), n, f.int(1)), n)
	b := call(f.guard(ir.OpSubOvf, f.state(n), n, f.int(2)), n, a)
	f.ret(f.guard(ir.OpAddOvf, f.state(n, a, b), a, b))
	return f.done(t)
}

func TestFib(t *testing.T) {
	for seed := range uint64(4) {
		r := newRig(t)
		r.seed = seed
		u := r.emit(fib(t))
		for n, want := range []uint64{0, 1, 1, 2, 3, 5, 8, 13, 21} {
			word, tag := u.call(0, n)
			require.Equal(t, want, word)
			require.Equal(t, uint64(ir.TagInt), tag)
		}
		if seed == 0 {
			t.Log("\n" + text(u.listing(u.Funcs[0].CodeOffset, u.Funcs[0].CodeOffset+u.Funcs[0].CodeSize)))
		}
		require.Len(t, u.CallSites, 2)
		for _, c := range u.CallSites {
			x := u.Exits[c.Exit]
			require.Equal(t, uint32(u.Exits[0].FrameSize), x.FrameSize)
			for _, s := range u.Slots[x.FirstSlot:][:x.NLocals+x.NStack] {
				require.Equal(t, pyabi.LocStack, u.Locs[s.FirstLoc].Kind, "survives the call")
			}
		}

		// Short of recursion: the function leaves before it began.
		recursion := r.mem.Int32(r.tstate + uintptr(r.abi.ThreadRecursion))
		*recursion = pyabi.RecursionMargin + 1
		_, tag := u.call(0, 0)
		require.NotEqual(t, uint64(77), tag)
		*recursion = pyabi.RecursionMargin
		_, tag = u.call(0, 20)
		require.Equal(t, uint64(77), tag)
		x, slots := u.exited()
		require.Equal(t, [][]uint64{{20}}, slots)
		require.Equal(t, pyabi.ExitInterpret, x.Kind)
		require.Equal(t, pyabi.WhyStack, x.Reason)
		require.Equal(t, pyabi.LocNone, x.Frame.Kind)
		*recursion = 1000

		// Another thread's stack, and one that is short.
		limit, size := r.word(uintptr(r.abi.StackLimit)), r.word(uintptr(r.runtime.StackSize))
		for _, cells := range [][2]uint64{{*limit + 1<<30, *size}, {*limit - 1<<30, *size}, {uint64(r.stack.Top), *size}} {
			saved := [2]uint64{*limit, *size}
			*limit, *size = cells[0], cells[1]
			_, tag = u.call(0, 20)
			require.Equal(t, uint64(77), tag)
			x, _ = u.exited()
			require.Equal(t, pyabi.WhyStack, x.Reason)
			*limit, *size = saved[0], saved[1]
		}
		breaker := r.mem.Int32(r.interp + uintptr(r.abi.BreakerAt))
		*breaker = 1
		_, tag = u.call(0, 20)
		require.Equal(t, uint64(77), tag)
		x, _ = u.exited()
		require.Equal(t, pyabi.ExitPoll, x.Kind)
		*breaker = 0
	}
}

// TestCalleeElsewhere: through a cell; its result is a float, and the caller exits with it.
func TestCalleeElsewhere(t *testing.T) {
	r := newRig(t)
	g := newFn(ir.F64, ir.I64)
	g.ret(g.op(ir.OpFAdd, g.params[0], g.op(ir.OpIntToFloat, g.params[1])))
	callee := r.emit(g.done(t))
	cell := r.mem.Alloc(8)
	*r.word(cell) = uint64(callee.code) + uint64(callee.Funcs[0].Register)

	f := newFn(ir.I64, ir.F64)
	f.Callees = []*ir.Callee{{Name: "g", Addr: uint64(cell)}}
	v := f.op(ir.OpCallNative, f.callable, f.params[1], f.params[0])
	v.FS = f.state(f.params...)
	tag := f.op(ir.OpCallTag, v)
	fs := f.state(f.params...)
	fs.Slots = append(fs.Slots, ir.Slot{Kind: ir.SlotResult, Vals: [3]*ir.Value{tag, v}})
	guard := f.guard(ir.OpGuardTag, fs, tag)
	guard.Aux = ir.TagInt
	f.ret(v)
	h := newFn(ir.I64, ir.F64)
	h.Callees = f.Callees
	v = h.op(ir.OpCallNative, h.callable, h.params[1], h.params[0])
	tag2 := h.op(ir.OpCallTag, v)
	h.op(ir.OpGuardTag, tag2).Aux = ir.TagFloat
	h.b.Values[len(h.b.Values)-1].FS = h.state(h.params...)
	h.ret(h.op(ir.OpFMul, h.op(ir.OpBitsFloat, v), h.params[1]))
	raw := newFn(ir.I64, ir.F64)
	raw.Callees = f.Callees
	v = raw.op(ir.OpCallNative, raw.callable, raw.params[1], raw.params[0])
	raw.control(ir.OpReturnRaw, 0, []*ir.Value{v, raw.op(ir.OpCallTag, v)})
	u := r.emit(f.done(t), h.done(t), raw.done(t))
	_, got := u.call(0, 3, 1.5)
	require.Equal(t, uint64(77), got)
	x, slots := u.exited()
	require.Equal(t, [][]uint64{{3}, {math.Float64bits(1.5)}, {uint64(ir.TagFloat), math.Float64bits(4.5)}}, slots)
	require.Equal(t, uint32(1), x.NStack)
	word, got := u.call(1, 3, 1.5)
	require.Equal(t, uint64(ir.TagFloat), got)
	require.Equal(t, math.Float64bits(6.75), word)
	word, got = u.call(2, 3, 1.5)
	require.Equal(t, []uint64{math.Float64bits(4.5), uint64(ir.TagFloat)}, []uint64{word, got})
}

// TestManyArguments: more than registers take.
func TestManyArguments(t *testing.T) {
	for seed := range uint64(4) {
		r := newRig(t)
		r.seed = seed
		kinds := make([]ir.Kind, 26)
		for i := range kinds {
			kinds[i] = []ir.Kind{ir.I64, ir.I64, ir.F64}[i%3]
		}
		g := newFn(kinds...)
		sum := g.int(0)
		for _, p := range g.params {
			if p.Type.Kind == ir.F64 {
				p = g.op(ir.OpFloatToInt, p)
			}
			sum = g.op(ir.OpAdd, g.op(ir.OpMul, sum, g.int(3)), p)
		}
		g.ret(sum)
		f := newFn(ir.I64, ir.F64)
		f.Callees = []*ir.Callee{{Name: "g", Func: g.Func}}
		args := []*ir.Value{f.callable}
		want := int64(0)
		for i, k := range kinds {
			n := int64(100 + i)
			switch {
			case k == ir.I64 && i%2 == 0:
				args = append(args, f.op(ir.OpAdd, f.params[0], f.int(int64(i))))
			case k == ir.I64:
				args = append(args, f.int(n))
			case i%2 == 0:
				args = append(args, f.op(ir.OpFAdd, f.params[1], f.float(float64(i))))
			default:
				args = append(args, f.float(float64(n)))
			}
			want = want*3 + n
		}
		v := f.op(ir.OpCallNative, args...)
		v.FS = f.state(f.params...)
		f.ret(f.op(ir.OpAdd, v, f.params[0]))
		u := r.emit(f.done(t), g.done(t))
		word, _ := u.call(0, 100, 100.0)
		require.Equal(t, want+100, int64(word))
	}
}

// TestFrame: pushed in the prologue, linked around a call, popped at the return and shown to exits.
func TestFrame(t *testing.T) {
	for _, resume := range []bool{false, true} {
		for _, given := range []bool{false, true} {
			if given && !resume {
				continue
			}
			for seed := range uint64(6) {
				look := []ir.Op{ir.OpGuardFrame, ir.OpGuardLocals}[seed&1]
				t.Run(fmt.Sprintf("%v/%v/%v/%d", resume, given, look, seed), func(t *testing.T) {
					r := newRig(t)
					r.seed = seed
					f := newFn(ir.I64, ir.Obj, ir.ObjNull)
					f.HasFrame, f.Resume = true, resume
					vs := f.pressure(10)
					link := f.op(ir.OpLink, f.params[1], f.params[2], f.aux(ir.OpConstNull, 0), f.aux(ir.OpConstObj, 0x7f0000000077))
					link.Aux = 21
					v := f.helper("PyObject_Hash", ir.I64, -1, f.params[1])
					f.op(ir.OpUnlink)
					v = f.guard(ir.OpRaiseIfNeg, f.state(f.params...), v)
					f.guard(look, f.state(f.params...))
					v = f.relieve(v, vs)
					f.ret(v)
					u := r.emit(f.done(t))
					require.Equal(t, pyabi.FuncHasFrame, int(u.Funcs[0].Flags))
					frame := uintptr(0)
					if given {
						frame = r.mem.Alloc(4096)
					}
					cframe := r.word(r.cframe + uintptr(r.abi.FramesAt))
					*cframe = 0x12345
					run := func() (uint64, uint64) {
						return u.memory(0, 0xca11ab1e, uint64(frame), 5, 0x1000, 0x2000)
					}
					word, tag := run()
					require.Equal(t, uint64(ir.TagInt), tag)
					require.NotZero(t, word)
					require.Equal(t, uint64(0x12345), *cframe, "unlinked")
					if !given {
						require.Equal(t, uint64(1), *r.word(r.calls + 32), "pushed")
						require.Equal(t, uint64(0xca11ab1e), *r.word(r.calls + 108))
						frame = uintptr(*r.word(r.calls + 116))
					} else {
						require.Zero(t, *r.word(r.calls + 32))
					}
					require.Equal(t, uint64(1), *r.word(r.calls + 40), "popped")
					require.Equal(t, uint64(frame), *r.word(r.calls + 116))
					at := func(off uint64) uint64 { return *r.mem.Word(frame + uintptr(off)) }
					require.Equal(t, uint64(0x12345), at(r.abi.FramePrevious))
					require.Equal(t, 0xc0de00+r.abi.CodeAdaptive+2*21, at(r.abi.FrameIP))
					for i, want := range []uint64{0x1000, 0x2000, 0, 0x7f0000000077} {
						require.Equal(t, want, at(r.abi.FrameLocals+uint64(8*i)))
					}

					*r.mem.Word(frame + uintptr(r.abi.FrameObject)) = 1
					if !given {
						frame = 0
					}
					if look == ir.OpGuardLocals {
						again, tag := run()
						require.Equal(t, uint64(ir.TagInt), tag, "nothing has changed")
						require.Equal(t, word, again)
						require.Equal(t, uint64(1), *r.word(r.calls + 56))
						require.Equal(t, uint64(u.data), *r.word(r.calls + 124))
						*r.word(r.calls + 140) = 1
					}
					_, tag = run()
					if look == ir.OpGuardLocals {
						require.Equal(t, *r.word(r.regs + regsExit), *r.word(r.calls + 132), "the same exit")
					}
					require.Equal(t, uint64(77), tag)
					x, slots := u.exited()
					require.Equal(t, [][]uint64{{5}, {0x1000}, {0x2000}}, slots)
					require.Equal(t, pyabi.Loc{Kind: pyabi.LocStack}, x.Frame)
					if given {
						require.Equal(t, uint64(frame), u.loc(x.Frame))
					}
					require.Equal(t, uint64(0xca11ab1e), u.loc(x.Callable))
				})
			}
		}
	}
}

// TestContinuation: more parameters than registers, some of them not used.
func TestContinuation(t *testing.T) {
	for seed := range uint64(4) {
		for _, resume := range []bool{false, true} {
			r := newRig(t)
			r.seed = seed
			kinds := make([]ir.Kind, 40)
			for i := range kinds {
				kinds[i] = ir.I64
				if i%3 == 0 {
					kinds[i] = ir.F64
				}
			}
			f := newFn(kinds...)
			f.Resume = resume
			if resume {
				f.Off = 10
			}
			sum := f.int(0)
			for i, p := range f.params {
				if i%5 == 4 {
					continue
				}
				if p.Type.Kind == ir.F64 {
					p = f.op(ir.OpFloatToInt, p)
				}
				sum = f.op(ir.OpAdd, f.op(ir.OpMul, sum, f.int(3)), p)
			}
			f.guard(ir.OpGuard, f.state(f.params...), f.op(ir.OpINe, sum, f.int(-1)))
			f.ret(sum)
			u := r.emit(f.done(t))
			require.Equal(t, -1, u.Funcs[0].Register)
			words := []uint64{1, 0}
			want := int64(0)
			for i, k := range kinds {
				word := uint64(i * i)
				if k == ir.F64 {
					word = math.Float64bits(float64(i * i))
				}
				words = append(words, word)
				if i%5 != 4 {
					want = want*3 + int64(i*i)
				}
			}
			word, _ := u.memory(0, words...)
			require.Equal(t, want, int64(word))
		}
	}
}

func TestMemoryEntryOfRegisterFunction(t *testing.T) {
	r := newRig(t)
	u := r.emit(sumOfSquares(t))
	word, tag := u.memory(0, 0xca11ab1e, 0, 4)
	require.Equal(t, []uint64{14, uint64(ir.TagInt)}, []uint64{word, tag})
}

// TestStub: from CPython's convention to a result object, and to the next cell whatever does not fit.
func TestStub(t *testing.T) {
	r := newRig(t)
	key := func(f *fn, slots ...ir.Slot) {
		f.Key = slots
		f.NLocals = len(slots)
	}
	// f(a: int, b: float, c: bool, d: None, e: exactly a class, g: anything), one more local.
	f := newFn(ir.I64, ir.Obj, ir.F64, ir.Obj, ir.Bool, ir.Obj, ir.Obj)
	p := f.params
	key(f, ir.Slot{Kind: ir.SlotIntOrigin, Owned: true}, ir.Slot{Kind: ir.SlotFloatOrigin}, ir.Slot{Kind: ir.SlotBool}, ir.Slot{Kind: ir.SlotNone},
		ir.Slot{Kind: ir.SlotObj}, ir.Slot{Kind: ir.SlotObj, Owned: true}, ir.Slot{Kind: ir.SlotNull})
	f.KeyClass = []ir.Class{0, 0, 0, 0, 0x7f0011112220, 0, 0}
	f.Entry = &ir.FrameState{NLocals: 7, Callable: f.callable, Slots: []ir.Slot{
		{Kind: ir.SlotIntOrigin, Owned: true, Vals: [3]*ir.Value{p[0], p[1]}}, {Kind: ir.SlotFloatOrigin, Vals: [3]*ir.Value{p[2], p[3]}},
		slotOf(p[4]), {Kind: ir.SlotNone}, slotOf(p[5]), slotOf(p[6]), {}}}
	sum := f.op(ir.OpAdd, p[0], f.op(ir.OpFloatToInt, p[2]))
	sum = f.op(ir.OpAdd, sum, f.op(ir.OpBoolToInt, p[4]))
	for _, o := range []*ir.Value{p[1], p[3], p[5], p[6]} {
		l := f.aux(ir.OpLoadI64, 40, o)
		l.Heap = ir.HeapOther
		sum = f.op(ir.OpAdd, sum, l)
	}
	f.ret(sum)
	// The next version: it gives back what it was called with.
	seen := r.mem.Alloc(64)
	code := nextStub(t, seen)
	next := calltest.Code(t, len(code), func(uintptr) []byte { return code })

	function := r.mem.Alloc(128)
	*r.word(function + uintptr(r.abi.FuncCode)) = 0x7fc0de00
	args := r.mem.Alloc(64)
	instance, other := r.newInt(1), r.newInt(1)
	object := func(i int, o uint64) {
		*r.word(args + uintptr(8*i)) = o
		if o > uint64(r.mem.Base) {
			*r.word(uintptr(o) + 40) = uint64(1000 * i)
		}
	}
	reset := func() {
		object(0, uint64(r.newInt(7)))
		object(1, uint64(r.newFloat(2.5)))
		object(2, r.abi.ObjTrue)
		object(3, r.abi.ObjNone)
		object(4, uint64(instance))
		*r.word(instance + 8) = 0x7f0011112220
		object(5, uint64(other))
	}
	// True and None have no memory here; the classes of arguments are looked at.
	r.abi.ObjTrue, r.abi.ObjFalse, r.abi.ObjNone = uint64(r.mem.Alloc(64)), uint64(r.mem.Alloc(64)), uint64(r.mem.Alloc(64))
	*r.word(uintptr(r.abi.ObjTrue) + 8) = r.abi.TypeBool
	*r.word(uintptr(r.abi.ObjFalse) + 8) = r.abi.TypeBool
	u, err := emitter.Emit(r.target, &emitter.Input{Funcs: []*ir.Func{f.done(t)}, Check: true,
		Codes: []emitter.Code{{Record: recordAddress, Object: 0x7fc0de00, NArgs: 6}}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, u.Funcs[0].Stub, 0)
	un := r.publish(u)
	data := r.mem.Bytes(un.data, u.DataSize())
	binary.LittleEndian.PutUint64(data[emitter.FuncOffset(0)+pyabi.FuncNext:], uint64(next))

	nargsf, kwnames := uint64(6|1<<63), uint64(0)
	call := func() uint64 {
		var regs calltest.Regs
		for i, reg := range cSaved {
			regs.GPR[reg] = uint64(0x8880 + i)
		}
		setArguments(&regs, uint64(function), uint64(args), nargsf, kwnames)
		r.stack.Call(un.code+uintptr(u.Funcs[0].Stub), &regs)
		for i, reg := range cSaved {
			require.Equal(t, uint64(0x8880+i), regs.GPR[reg])
		}
		return regs.GPR[resultReg]
	}
	calls := func() uint64 {
		return binary.LittleEndian.Uint64(data[emitter.FuncOffset(0)+pyabi.FuncCalls:])
	}
	for _, n := range []int64{7, 0, -5, 1 << 29, 1 << 35, -1 << 45, 1<<62 + 3, -1<<62 - 9} {
		reset()
		first := r.newInt(n)
		object(0, uint64(first))
		counts := *r.word(other)
		got := call()
		want := n + 2 + 1 + 1000 + 4000 + 5000
		if small, ok := r.abi.SmallInt(want); ok {
			require.Equal(t, small, got)
		} else {
			require.Equal(t, want+0x1000, int64(got))
		}
		require.Equal(t, counts+1, *r.word(other), "owned")
		require.Equal(t, uint64(2), *r.word(first), "owned")
	}
	require.Equal(t, uint64(8), calls())

	misses := map[string]func(){
		"keywords":       func() { kwnames = 1 },
		"one more":       func() { nargsf = 7 },
		"one less":       func() { nargsf = 5 },
		"other code":     func() { *r.word(function + uintptr(r.abi.FuncCode)) = 1 },
		"tracing":        func() { *r.word(r.cframe + uintptr(r.abi.WatchAt)) = 255 },
		"evaluator":      func() { *r.word(r.interp + uintptr(r.abi.InterpEvalFrame)) = 1 },
		"no int":         func() { object(0, uint64(r.newFloat(1))) },
		"no float":       func() { object(1, uint64(r.newInt(1))) },
		"no bool":        func() { object(2, uint64(r.newInt(1))) },
		"not None":       func() { object(3, uint64(r.newInt(1))) },
		"other class":    func() { *r.word(instance + 8) = 0x7f0011112228 },
		"too big an int": func() { o := r.newInt(1); *r.word(o + 16) = 4; object(0, uint64(o)) },
	}
	for name, spoil := range misses {
		reset()
		nargsf, kwnames = 6|1<<63, 0
		*r.word(function + uintptr(r.abi.FuncCode)) = 0x7fc0de00
		*r.word(r.cframe + uintptr(r.abi.WatchAt)) = 0
		*r.word(r.interp + uintptr(r.abi.InterpEvalFrame)) = 0
		spoil()
		require.Equal(t, uint64(0x4444), call(), name)
		var words []uint64
		for i := range 6 {
			words = append(words, *r.word(seen + uintptr(8*i)))
		}
		require.Equal(t, []uint64{uint64(function), uint64(args), nargsf, kwnames, 0x8880, 0x8881}, words, name)
	}
}

// TestStubResults: every kind of result becomes an object.
func TestStubResults(t *testing.T) {
	r := newRig(t)
	r.abi.ObjTrue, r.abi.ObjFalse, r.abi.ObjNone = uint64(r.mem.Alloc(64)), uint64(r.mem.Alloc(64)), uint64(r.mem.Alloc(64))
	f := newFn(ir.Obj, ir.Obj) // word and tag lie in objects
	word := f.aux(ir.OpLoadI64, 40, f.params[0])
	tag := f.aux(ir.OpLoadI64, 40, f.params[1])
	word.Heap, tag.Heap = ir.HeapOther, ir.HeapOther
	f.control(ir.OpReturnRaw, 0, []*ir.Value{word, tag})
	u := r.publish(func() *emitter.Unit {
		u, err := emitter.Emit(r.target, &emitter.Input{Funcs: []*ir.Func{f.done(t)}, Codes: []emitter.Code{{Object: 0xc0de00, NArgs: 2}}})
		require.NoError(t, err)
		return u
	}())
	function, args := r.mem.Alloc(128), r.mem.Alloc(16)
	*r.word(function + uintptr(r.abi.FuncCode)) = 0xc0de00
	a, b := r.newInt(1), r.newInt(2)
	*r.word(args), *r.word(args + 8) = uint64(a), uint64(b)
	call := func(word uint64, tag int64) uint64 {
		*r.word(a + 40), *r.word(b + 40) = word, uint64(tag)
		var regs calltest.Regs
		setArguments(&regs, uint64(function), uint64(args), 2, 0)
		r.stack.Call(u.code+uintptr(u.Funcs[0].Stub), &regs)
		return regs.GPR[resultReg]
	}
	require.Zero(t, call(0x999, ir.TagError))
	require.Equal(t, uint64(0x999), call(0x999, ir.TagObj))
	five, _ := r.abi.SmallInt(5)
	require.Equal(t, five, call(5, ir.TagInt))
	require.Equal(t, uint64(2), *r.word(uintptr(five)))
	require.Equal(t, uint64(0x1000+257), call(257, ir.TagInt))
	require.Equal(t, math.Float64bits(1.5), call(math.Float64bits(1.5), ir.TagFloat))
	require.Equal(t, []uint64{r.abi.ObjTrue, r.abi.ObjFalse, r.abi.ObjNone}, []uint64{call(1, ir.TagBool), call(0, ir.TagBool), call(0, ir.TagNone)})
	for _, o := range []uint64{r.abi.ObjTrue, r.abi.ObjFalse, r.abi.ObjNone} {
		require.Equal(t, uint64(1), *r.word(uintptr(o)), "a new reference")
	}
}

// TestBridge: from C's convention to a memory entry.
func TestBridge(t *testing.T) {
	r := newRig(t)
	u := r.emit(sumOfSquares(t))
	bridge := r.target.Bridge()
	at := calltest.Code(t, len(bridge), func(uintptr) []byte { return bridge })
	buffer, tag := r.mem.Alloc(24), r.mem.Alloc(8)
	*r.word(buffer + 16) = 4
	var regs calltest.Regs
	setArguments(&regs, uint64(u.code)+uint64(u.Funcs[0].Memory), uint64(buffer), uint64(tag))
	for i, reg := range cSaved {
		regs.GPR[reg] = uint64(0x8880 + i)
	}
	r.stack.Call(at, &regs)
	for i, reg := range cSaved {
		require.Equal(t, uint64(0x8880+i), regs.GPR[reg])
	}
	require.Equal(t, []uint64{14, uint64(ir.TagInt)}, []uint64{regs.GPR[resultReg], *r.word(tag)})
}

// TestInlinedExit: the caller's state follows the callee's.
func TestInlinedExit(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.I64, ir.F64)
	inner := f.state(f.params[0])
	inner.Off = 3
	inner.Callable = f.aux(ir.OpConstObj, 0x5000)
	inner.Code = 1
	inner.Parent = f.state(f.params[1], f.int(-9))
	f.guard(ir.OpGuard, inner, f.op(ir.OpILt, f.params[0], f.int(10)))
	f.ret(f.params[0])
	u, err := emitter.Emit(r.target, &emitter.Input{Funcs: []*ir.Func{f.done(t)}, Check: true,
		Codes: []emitter.Code{{Record: recordAddress, NArgs: -1}, {Record: 0xdef000}}})
	require.NoError(t, err)
	un := r.publish(u)
	require.Equal(t, -1, u.Funcs[0].Stub)
	_, tag := un.call(0, 11, 2.5)
	require.Equal(t, uint64(77), tag)
	x, slots := un.exited()
	require.Equal(t, [][]uint64{{11}}, slots)
	require.Equal(t, uint64(0x5000), un.loc(x.Callable))
	require.Equal(t, uint64(0xdef000), x.Record)
	require.Zero(t, x.Recursion, "nothing is called")
	parent := &u.Exits[x.Parent]
	require.Equal(t, [][]uint64{{math.Float64bits(2.5)}, {^uint64(8)}}, un.slots(parent))
	require.Equal(t, uint64(recordAddress), parent.Record)
	require.Equal(t, uint64(0xca11ab1e), un.loc(parent.Callable))
	require.Equal(t, uint32(pyabi.NoIndex), parent.Parent)
	require.Zero(t, parent.Recursion)
	require.Equal(t, x.FrameSize, parent.FrameSize)
}

func TestTargetOfHeader(t *testing.T) {
	abi, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	runtime, err := emitter.NewRuntime(abi)
	require.NoError(t, err)
	u, err := emitter.Emit(newTarget(runtime), &emitter.Input{Funcs: []*ir.Func{sumOfSquares(t)}, Codes: []emitter.Code{{NArgs: -1}}, Listing: true})
	require.NoError(t, err)
	require.NotEmpty(t, u.Notes)
	other := *abi
	other.IntShift = 15
	_, err = emitter.NewRuntime(&other)
	require.EqualError(t, err, "ints have digits of 15 bits, not 30")
}

func TestTooLarge(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.Obj)
	for i := range 70000 {
		f.aux(ir.OpStoreI64, int64(8*i), f.params[0], f.int(1<<40+int64(i))).Heap = ir.HeapOther
	}
	f.ret(f.params[0])
	_, err := emitter.Emit(r.target, &emitter.Input{Funcs: []*ir.Func{f.done(t)}, Codes: []emitter.Code{{NArgs: -1}}})
	require.ErrorIs(t, err, errTooLarge)
}
