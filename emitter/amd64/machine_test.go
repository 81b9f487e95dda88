//go:build amd64 && linux

// The rig of the code tests: a made-up interpreter in plain memory, helpers in machine code, and units mapped and called.

package amd64

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/amd64/calltest"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// rig is an interpreter with nothing but memory.
type rig struct {
	t      testing.TB
	target *Target
	abi    *pyabi.ABI
	mem    *calltest.Memory
	stack  *calltest.Stack

	tstate, interp, cframe uintptr
	regs                   uintptr // where the fake gs_exit leaves struct gs_regs
	calls                  uintptr // words counted by fake helpers
	seed                   uint64  // of the allocator
	memory                 emitter.Memory
}

func newRig(t testing.TB) *rig {
	abi, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	copied := *abi
	r := &rig{t: t, abi: &copied, mem: calltest.Map(t, 1<<20), stack: calltest.NewStack(t, 1<<20)}
	r.tstate, r.interp, r.cframe = r.mem.Alloc(4096), r.mem.Alloc(8192), r.mem.Alloc(256)
	r.regs, r.calls = r.mem.Alloc(pyabi.SizeRegs), r.mem.Alloc(256)
	cells := r.mem.Alloc(64)
	r.abi.StackLimit, r.abi.ThreadCurrent = uint64(cells), uint64(cells)+16
	r.abi.SmallInts = uint64(r.mem.Alloc(262 * 32))
	for n := range uint64(262) {
		r.setInt(uintptr(r.abi.SmallInts+32*n), int64(n)-5)
	}
	r.target = &Target{Runtime: &emitter.Runtime{ABI: r.abi, Help: map[string]uint64{}, StackSize: uint64(cells) + 8,
		Tracemalloc: uint64(cells) + 24, VectorcallMiss: 0}}
	*r.mem.Word(cells) = uint64(r.stack.Memory.Base) + 4096
	*r.mem.Word(cells + 8) = uint64(r.stack.Top-r.stack.Memory.Base) - 4096
	*r.mem.Word(cells + 16) = uint64(r.tstate)
	*r.mem.Word(r.tstate + uintptr(r.abi.ThreadInterp)) = uint64(r.interp)
	*r.mem.Word(r.tstate + uintptr(r.abi.FramesBy)) = uint64(r.cframe)
	*r.mem.Int32(r.tstate + uintptr(r.abi.ThreadRecursion)) = 1000
	r.helpers()
	return r
}

func (r *rig) word(at uintptr) *uint64 { return r.mem.Word(at) }

// setInt writes an int object, of any size a test wants.
func (r *rig) setInt(at uintptr, n int64) {
	size, magnitude := int64(0), uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	for i := magnitude; i > 0; i >>= 30 {
		*r.mem.Int32(at + uintptr(r.abi.IntDigits) + uintptr(4*size)) = int32(i & (1<<30 - 1))
		size++
	}
	if n < 0 {
		size = -size
	}
	*r.word(at) = 1
	*r.word(at + uintptr(r.abi.ObType)) = r.abi.TypeInt
	*r.word(at + uintptr(r.abi.ObSize)) = uint64(size)
}

func (r *rig) newInt(n int64) uintptr {
	at := r.mem.Alloc(48)
	r.setInt(at, n)
	return at
}

func (r *rig) newFloat(x float64) uintptr {
	at := r.mem.Alloc(48)
	*r.word(at) = 1
	*r.word(at + 8) = r.abi.TypeFloat
	*r.word(at + uintptr(r.abi.FloatVal)) = math.Float64bits(x)
	return at
}

// helpers makes the runtime of machine code. gs_exit copies the registers to r.regs and ends the activation with tag 77.
func (r *rig) helpers() {
	a := NewAssembler(1 << 16)
	labels := map[string]Label{}
	begin := func(name string) { a.Align(16); labels[name] = a.Here() }
	count := func(n int32) {
		a.MoveImm(RAX, int64(r.calls))
		a.Emit(INCQ_M, At(RAX, 8*n))
	}
	// spoil changes what a C function may change, and faults if the stack is not aligned.
	spoil := func() {
		a.Emit(MOVAPS_MX, At(RSP, -24), XMM0)
		for _, reg := range callerSaved {
			if reg != RAX && reg != RDX {
				a.MoveImm(reg, 0x5a5a5a5a)
			}
		}
		for _, x := range allXMM[1:] {
			a.Move(x, R8)
		}
		a.MoveImm(R11, 0x5b5b)
	}
	begin("gs_exit")
	a.MoveImm(RDX, int64(r.regs))
	for i := int32(0); i < pyabi.SizeRegs; i += 8 {
		a.Emit(MOVQ_RM, RAX, At(RSI, i))
		a.Emit(MOVQ_MR, At(RDX, i), RAX)
	}
	a.Emit(MOVQ_MR, At(RDX, pyabi.RegsValue), RDI) // the unit's address
	a.Emit(IMULQ_RMI, RAX, At(RSI, pyabi.RegsExit), Imm(pyabi.SizeExit))
	a.Emit(ADDQ_RM, RAX, At(RDI, 48)) // the unit's exits
	a.Emit(MOVL_RM, RAX, At(RAX, pyabi.ExitRecursion))
	a.Emit(ADDL_MR, At(R15, int32(r.abi.ThreadRecursion)), RAX)
	a.Emit(MOVQ_MI, At(RSI, pyabi.RegsResume), Imm(0))
	a.Emit(MOVQ_MI, At(RSI, pyabi.RegsValue), Imm(0))
	a.Emit(MOVQ_MI, At(RSI, pyabi.RegsTag), Imm(77))
	spoil()
	a.Emit(RET)

	begin("gs_unbox_int") // of three digits at most; 0 for four, which stand for what does not fit
	count(0)
	three, negative, done := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Emit(MOVQ_RM, RDX, At(RDI, int32(r.abi.ObSize)))
	a.Emit(CMPQ_RI, RDX, Imm(4))
	a.Jcc(CondNE, three)
	a.MoveImm(RAX, 0)
	spoil()
	a.Emit(RET)
	a.Bind(three)
	a.Emit(MOVL_RM, RAX, At(RDI, int32(r.abi.IntDigits)+8))
	a.Emit(SHLQ_RI, RAX, Imm(30))
	a.Emit(MOVL_RM, RCX, At(RDI, int32(r.abi.IntDigits)+4))
	a.Emit(ORQ_RR, RAX, RCX)
	a.Emit(SHLQ_RI, RAX, Imm(30))
	a.Emit(MOVL_RM, RCX, At(RDI, int32(r.abi.IntDigits)))
	a.Emit(ORQ_RR, RAX, RCX)
	a.Emit(TESTQ_RR, RDX, RDX)
	a.Jcc(CondS, negative)
	a.Jmp(done)
	a.Bind(negative)
	a.Emit(NEGQ_R, RAX)
	a.Bind(done)
	a.Emit(MOVQ_MR, At(RSI, 0), RAX)
	a.MoveImm(RAX, 1)
	spoil()
	a.Emit(RET)

	begin("gs_box_int") // 0x1000 + number: no object, but tests can tell
	count(1)
	a.Emit(LEAQ_RM, RAX, At(RDI, 0x1000))
	spoil()
	a.Emit(RET)
	begin("gs_box_float")
	count(2)
	a.Move(RAX, XMM0)
	spoil()
	a.Emit(RET)
	begin("gs_dealloc")
	count(3)
	a.MoveImm(RAX, int64(r.calls))
	a.Emit(MOVQ_MR, At(RAX, 100), RDI)
	spoil()
	a.Emit(RET)
	frame := r.mem.Alloc(4096)
	begin("gs_frame_push")
	count(4)
	a.MoveImm(RAX, int64(r.calls))
	a.Emit(MOVQ_MR, At(RAX, 108), RDI)
	a.MoveImm(RAX, int64(frame))
	spoil()
	a.Emit(RET)
	begin("gs_frame_pop")
	count(5)
	a.MoveImm(RAX, int64(r.calls))
	a.Emit(MOVQ_MR, At(RAX, 116), RDI)
	spoil()
	a.Emit(RET)
	begin("mix") // what tests call as any helper: rdi + 2*rsi + 3*rdx
	count(6)
	a.Emit(LEAQ_RM, RAX, AtIndex(RDI, RSI, 2, 0))
	a.Emit(LEAQ_RM, RDX, AtIndex(RDX, RDX, 2, 0))
	a.Emit(ADDQ_RR, RAX, RDX)
	spoil()
	a.Emit(RET)
	begin("sum") // of an array: rdi address, rsi count
	count(6)
	loop, over := a.NewLabel(), a.NewLabel()
	a.MoveImm(RAX, 0)
	a.Bind(loop)
	a.Emit(DECQ_R, RSI)
	a.Jcc(CondS, over)
	a.Emit(ADDQ_RM, RAX, AtIndex(RDI, RSI, 8, 0))
	a.Jmp(loop)
	a.Bind(over)
	spoil()
	a.Emit(RET)
	begin("divide") // doubles of two integers: xmm0 = rdi / rsi
	a.Emit(CVTSI2SDQ_XR, XMM0, RDI)
	a.Emit(CVTSI2SDQ_XR, XMM1, RSI)
	a.Emit(DIVSD_XX, XMM0, XMM1)
	spoil()
	a.Emit(RET)

	code, err := a.Finish()
	require.NoError(r.t, err)
	base := calltest.Code(r.t, len(code), func(uintptr) []byte { return code })
	for name, l := range labels {
		r.target.Help[name] = uint64(base) + uint64(a.Offset(l))
	}
	for i := range ir.Helpers {
		h := &ir.Helpers[i]
		if r.target.Help[h.Name] == 0 {
			name := "mix"
			if h.Vector {
				name = "sum"
			}
			if h.Result == ir.F64 {
				name = "divide"
			}
			r.target.Help[h.Name] = r.target.Help[name]
		}
	}
}

// unit is a published unit.
type unit struct {
	*emitter.Unit
	r    *rig
	code uintptr
	data uintptr
}

const recordAddress = 0xabc000

func (r *rig) emit(funcs ...*ir.Func) *unit {
	u, err := emitter.Emit(r.target, &emitter.Input{
		Funcs: funcs, Check: true, Regalloc: regalloc.Options{RandomSeed: r.seed}, Memory: &r.memory,
		Codes: []emitter.Code{{Record: recordAddress, Object: 0xc0de00, NArgs: 1}},
	})
	require.NoError(r.t, err)
	return r.publish(u)
}

// publish puts a unit into memory.
func (r *rig) publish(u *emitter.Unit) *unit {
	p := &unit{Unit: u, r: r}
	p.data = r.mem.Alloc(u.DataSize())
	p.code = calltest.Code(r.t, len(u.Code), func(at uintptr) []byte {
		code := append([]byte(nil), u.Code...)
		u.Relocate(code, uint64(p.data))
		copy(r.mem.Bytes(p.data, u.DataSize()), u.Data(nil, uint64(at), uint64(p.data)))
		return code
	})
	return p
}

// call calls the register entry of function i: ints and floats go to their registers in order; it gives rax and rdx.
func (u *unit) call(i int, args ...any) (word, tag uint64) {
	var regs calltest.Regs
	regs.GPR[RDI] = 0xca11ab1e
	ints, floats := 0, 0
	for _, a := range args {
		switch a := a.(type) {
		case float64:
			regs.XMM[floats] = a
			floats++
			continue
		case int:
			regs.GPR[registers.Params[0][ints]] = uint64(a)
		case int64:
			regs.GPR[registers.Params[0][ints]] = uint64(a)
		case uint64:
			regs.GPR[registers.Params[0][ints]] = a
		case uintptr:
			regs.GPR[registers.Params[0][ints]] = uint64(a)
		}
		ints++
	}
	return u.enter(u.Funcs[i].Register, &regs)
}

// memory calls the memory entry with a buffer of these words.
func (u *unit) memory(i int, words ...uint64) (word, tag uint64) {
	buffer := u.r.mem.Alloc(8 * len(words))
	for i, w := range words {
		*u.r.word(buffer + uintptr(8*i)) = w
	}
	var regs calltest.Regs
	regs.GPR[RDI] = uint64(buffer)
	return u.enter(u.Funcs[i].Memory, &regs)
}

func (u *unit) enter(offset int, regs *calltest.Regs) (word, tag uint64) {
	require.GreaterOrEqual(u.r.t, offset, 0, "no such entry")
	regs.GPR[R15] = uint64(u.r.tstate)
	recursion := u.r.mem.Int32(u.r.tstate + uintptr(u.r.abi.ThreadRecursion))
	before := *recursion
	u.r.stack.Call(u.code+uintptr(offset), regs)
	require.Equal(u.r.t, before, *recursion, "recursion")
	require.Equal(u.r.t, uint64(u.r.tstate), regs.GPR[R15])
	return regs.GPR[RAX], regs.GPR[RDX]
}

// exited gives the exit that was taken and the components of its slots.
func (u *unit) exited() (*pyabi.Exit, [][]uint64) {
	r := u.r
	require.Equal(r.t, uint64(u.data), *r.word(r.regs + pyabi.RegsValue), "unit")
	x := &u.Exits[*r.word(r.regs + pyabi.RegsExit)]
	return x, u.slots(x)
}

func (u *unit) slots(x *pyabi.Exit) [][]uint64 {
	var values [][]uint64
	for _, s := range u.Slots[x.FirstSlot:][:x.NLocals+x.NStack] {
		var words []uint64
		for c := range s.Kind.Words() {
			words = append(words, u.loc(u.Locs[int(s.FirstLoc)+c]))
		}
		values = append(values, words)
	}
	return values
}

func (u *unit) loc(l pyabi.Loc) uint64 {
	r := u.r
	switch l.Kind {
	case pyabi.LocGPR:
		return *r.word(r.regs + pyabi.RegsGPR + 8*uintptr(l.Where))
	case pyabi.LocXMM:
		return *r.word(r.regs + pyabi.RegsXMM + 8*uintptr(l.Where))
	case pyabi.LocStack:
		sp := *r.word(r.regs + pyabi.RegsGPR + 8*uintptr(RSP))
		return *r.stack.Memory.Word(uintptr(int64(sp) + int64(l.Where)))
	case pyabi.LocImm:
		return uint64(l.Imm)
	}
	r.t.Fatalf("location of kind %d", l.Kind)
	return 0
}

// listing disassembles code from one offset to another.
func (u *unit) listing(from, to int) []string {
	var lines []string
	for from < to {
		in, err := x86asm.Decode(u.Code[from:], 64)
		require.NoError(u.r.t, err)
		lines = append(lines, x86asm.GNUSyntax(in, uint64(from), nil))
		from += in.Len
	}
	return lines
}

// loopOf gives the instructions from the target of the last backward jump to that jump.
func (u *unit) loopOf(i int) []string {
	f := &u.Funcs[i]
	var best [2]int
	for at := f.CodeOffset; at < f.CodeOffset+f.CodeSize; {
		in, err := x86asm.Decode(u.Code[at:], 64)
		require.NoError(u.r.t, err)
		if rel, ok := in.Args[0].(x86asm.Rel); ok && rel < 0 && best[1] == 0 {
			best = [2]int{at + in.Len + int(rel), at + in.Len}
		}
		at += in.Len
	}
	return u.listing(best[0], best[1])
}

func text(lines []string) string { return strings.Join(lines, "\n") }

// fn is a function being built.
type fn struct {
	*ir.Func
	b        *ir.Block
	callable *ir.Value
	params   []*ir.Value
}

// newFn begins a function with parameters of these kinds.
func newFn(kinds ...ir.Kind) *fn {
	f := &fn{Func: ir.NewFunc("f")}
	f.Record = recordAddress
	f.b = f.NewBlock()
	f.callable = f.AddParam(f.b, ir.Type{Kind: ir.Obj})
	fs := &ir.FrameState{NLocals: len(kinds), Callable: f.callable}
	for _, k := range kinds {
		p := f.AddParam(f.b, ir.Type{Kind: k})
		f.params = append(f.params, p)
		slot := slotOf(p)
		f.Key = append(f.Key, ir.Slot{Kind: slot.Kind})
		fs.Slots = append(fs.Slots, slot)
	}
	f.NLocals = len(kinds)
	f.Entry = fs
	return f
}

func slotOf(v *ir.Value) ir.Slot {
	k := map[ir.Kind]ir.SlotKind{ir.I64: ir.SlotInt, ir.F64: ir.SlotFloat, ir.Bool: ir.SlotBool, ir.Obj: ir.SlotObj, ir.ObjNull: ir.SlotObjNull, ir.Ptr: ir.SlotInt}[v.Type.Kind]
	return ir.Slot{Kind: k, Vals: [3]*ir.Value{v}}
}

// state is a frame state with these values as locals.
func (f *fn) state(vs ...*ir.Value) *ir.FrameState {
	fs := &ir.FrameState{Off: 7, RaiseOff: 6, NLocals: len(vs), Callable: f.callable}
	for _, v := range vs {
		fs.Slots = append(fs.Slots, slotOf(v))
	}
	return fs
}

// op adds an operation; its kind comes from the table.
func (f *fn) op(op ir.Op, args ...*ir.Value) *ir.Value {
	return f.Add(f.b, op, ir.Type{Kind: ir.Ops[op].Result}, args...)
}

func (f *fn) aux(op ir.Op, aux int64, args ...*ir.Value) *ir.Value {
	v := f.op(op, args...)
	v.Aux = aux
	return v
}

func (f *fn) int(n int64) *ir.Value { return f.aux(ir.OpConstInt, n) }
func (f *fn) float(x float64) *ir.Value {
	return f.aux(ir.OpConstFloat, int64(math.Float64bits(x)))
}

// guard adds a guard with a frame state.
func (f *fn) guard(op ir.Op, fs *ir.FrameState, args ...*ir.Value) *ir.Value {
	v := f.op(op, args...)
	v.FS = fs
	v.Exit = ir.ExitInfo{Reason: ir.WhyOverflow, Site: 3, SiteSlot: -1}
	return v
}

func (f *fn) control(op ir.Op, aux int64, args []*ir.Value, succs ...ir.Edge) {
	v := f.NewValue(f.b, op, ir.Type{}, args...)
	v.Aux = aux
	f.b.Ctrl = v
	f.b.Succs = succs
}

func (f *fn) jump(to *ir.Block, args ...*ir.Value) {
	f.control(ir.OpJump, 0, nil, ir.Edge{To: to, Args: args})
}

func (f *fn) ret(v *ir.Value) {
	tag := map[ir.Kind]int64{ir.I64: ir.TagInt, ir.F64: ir.TagFloat, ir.Bool: ir.TagBool, ir.Obj: ir.TagObj, ir.ObjNull: ir.TagObj}[v.Type.Kind]
	f.control(ir.OpReturn, tag, []*ir.Value{v})
}

// done checks the function and gives it.
func (f *fn) done(t testing.TB) *ir.Func {
	f.ComputeLoops(f.Dominators())
	require.NoError(t, f.Verify())
	return f.Func
}
