// What the tests must know of x86-64: registers, the fake runtime's machine code, and what only its code has.

package machinetest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"

	"github.com/gophersnake/gophersnake/emitter"
	. "github.com/gophersnake/gophersnake/emitter/amd64"
	"github.com/gophersnake/gophersnake/emitter/machinetest/calltest"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

const (
	callableReg, threadReg, resultReg, tagReg, stackReg = RDI, R15, RAX, RDX, RSP

	regsGPR, regsFPR, regsExit, regsValue = RegsGPR, RegsFPR, RegsExit, RegsValue
	sizeRegs                              = SizeRegs
)

var (
	// intParams take integers and objects at a register entry, cArgs at a C function, which keeps cSaved.
	intParams = []Reg{RSI, RDX, RCX, R8, R9, RAX, RBX, R10, R12, R13, R14}
	cArgs     = []Reg{RDI, RSI, RDX, RCX}
	cSaved    = []Reg{RBX, RBP, R12, R13, R14, R15}

	callerSaved = []Reg{RAX, RCX, RDX, RSI, RDI, R8, R9, R10}
	allXMM      = []Reg{XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14}

	errTooLarge = emitter.ErrTooLarge
)

// Lengths of loops, in instructions.
const sumOfSquaresLoop = 11

const divideMnemonic = "idiv"

// isaTarget is the instruction set.
type isaTarget = Target

func newTarget(r *emitter.Runtime) *isaTarget { return &Target{Runtime: r} }

// disassemble gives the instruction at an offset, its length, and where it jumps to, or -1.
func disassemble(t testing.TB, code []byte, at int) (text string, n, target int) {
	in, err := x86asm.Decode(code[at:], 64)
	require.NoError(t, err)
	target = -1
	if rel, ok := in.Args[0].(x86asm.Rel); ok {
		target = at + in.Len + int(rel)
	}
	return x86asm.GNUSyntax(in, uint64(at), nil), in.Len, target
}

// nextStub is a stub that stores the arguments of a C function and two of the registers that C keeps, and returns 0x4444.
func nextStub(t testing.TB, seen uintptr) []byte {
	a := NewAssembler(256)
	a.MoveImm(RAX, int64(seen))
	for i, reg := range append(append([]Reg{}, cArgs...), cSaved[:2]...) {
		a.Emit(MOVQ_MR, At(RAX, int32(8*i)), reg)
	}
	a.MoveImm(RAX, 0x4444)
	a.Emit(RET)
	code, err := a.Finish()
	require.NoError(t, err)
	return code
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
	for i := int32(0); i < sizeRegs; i += 8 {
		a.Emit(MOVQ_RM, RAX, At(RSI, i))
		a.Emit(MOVQ_MR, At(RDX, i), RAX)
	}
	a.Emit(MOVQ_MR, At(RDX, regsValue), RDI) // the unit's address
	a.Emit(IMULQ_RMI, RAX, At(RSI, regsExit), Imm(pyabi.SizeExit))
	a.Emit(ADDQ_RM, RAX, At(RDI, 48)) // the unit's exits
	a.Emit(MOVL_RM, RAX, At(RAX, pyabi.ExitRecursion))
	a.Emit(ADDL_MR, At(R15, int32(r.abi.ThreadRecursion)), RAX)
	a.Emit(MOVQ_MI, At(RSI, RegsResume), Imm(0))
	a.Emit(MOVQ_MI, At(RSI, regsValue), Imm(0))
	a.Emit(MOVQ_MI, At(RSI, RegsTag), Imm(77))
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
	begin("gs_list_room") // one more
	a.Emit(INCQ_M, At(RDI, int32(r.abi.ListAllocated)))
	a.Move(RAX, RDI)
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
	begin("gs_locals_changed") // keeps the unit's address and the exit's number; the answer is set beforehand
	count(7)
	a.MoveImm(RAX, int64(r.calls))
	a.Emit(MOVQ_MR, At(RAX, 124), RDI)
	a.Emit(MOVQ_RM, RCX, At(RSI, regsExit))
	a.Emit(MOVQ_MR, At(RAX, 132), RCX)
	a.Emit(MOVQ_RM, RAX, At(RAX, 140))
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
		r.runtime.Help[name] = uint64(base) + uint64(a.Offset(l))
	}
}

// playHelpers makes the helpers that play events back.
func (p *places) playHelpers() {
	r, t := p.rig, p.t
	a := NewAssembler(1 << 16)
	labels := map[string]Label{}
	// play does the next event's writes and leaves its result in rax.
	play := a.NewLabel()
	a.Bind(play)
	loop, over := a.NewLabel(), a.NewLabel()
	a.MoveImm(RSI, int64(p.cursor))
	a.Emit(MOVQ_RM, RDI, At(RSI, 0)) // an event: result, count, (address, word)…
	a.Emit(MOVQ_RM, RAX, At(RDI, 0))
	a.Emit(MOVQ_RM, RCX, At(RDI, 8))
	a.Emit(ADDQ_RI, RDI, Imm(16))
	a.Bind(loop)
	a.Emit(DECQ_R, RCX)
	a.Jcc(CondS, over)
	a.Emit(MOVQ_RM, RDX, At(RDI, 0))
	a.Emit(MOVQ_RM, R8, At(RDI, 8))
	a.Emit(MOVQ_MR, At(RDX, 0), R8)
	a.Emit(ADDQ_RI, RDI, Imm(16))
	a.Jmp(loop)
	a.Bind(over)
	a.Emit(MOVQ_MR, At(RSI, 0), RDI)
	a.MoveImm(R9, 0x77)
	a.MoveImm(R10, 0x77)
	a.MoveImm(R11, 0x77)
	for _, x := range allXMM {
		a.Move(x, R9)
	}
	a.Emit(RET)

	a.Align(16)
	labels["PyObject_IsTrue"] = a.Here()
	a.Jmp(play)
	a.Align(16)
	labels["gs_range_length"] = a.Here()
	up, some, fits := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Move(RCX, RDX)
	a.Emit(TESTQ_RR, RCX, RCX)
	a.Jcc(CondNS, up)
	a.Emit(NEGQ_R, RCX)
	a.Emit(XCHGQ_RR, RDI, RSI)
	a.Bind(up)
	a.MoveImm(RAX, 0)
	a.Emit(CMPQ_RR, RDI, RSI)
	a.Jcc(CondL, some)
	a.Emit(RET)
	a.Bind(some)
	a.Emit(LEAQ_RM, RAX, At(RSI, -1))
	a.Emit(SUBQ_RR, RAX, RDI)
	a.MoveImm(RDX, 0)
	a.Emit(DIVQ_R, RCX)
	a.Emit(INCQ_R, RAX)
	a.Jcc(CondG, fits)
	a.MoveImm(RAX, -1)
	a.Bind(fits)
	a.MoveImm(R9, 0x77)
	a.Move(XMM3, R9)
	a.Emit(RET)
	a.Align(16)
	labels["gs_dealloc"] = a.Here()
	quiet := a.NewLabel()
	for _, class := range []uint64{r.abi.TypeInt, r.abi.TypeFloat, r.abi.TypeBool} {
		a.Emit(CMPQ_MI, At(RDI, int32(r.abi.ObType)), Imm(class))
		a.Jcc(CondE, quiet)
	}
	a.Jmp(play)
	a.Bind(quiet)
	a.Emit(RET)
	a.Align(16)
	labels["gs_box_int"] = a.Here()
	a.MoveImm(RSI, int64(p.next))
	a.Emit(ADDQ_MI, At(RSI, 0), Imm(256))
	a.Emit(MOVQ_RM, RAX, At(RSI, 0))
	a.Emit(MOVQ_MI, At(RAX, 0), Imm(1))
	a.Emit(MOVQ_MI, At(RAX, 8), Imm(0x1000))
	// Sign, three digits, as CPython would; sizes of fewer digits with zeros above are not normal, so count.
	positive, sized := a.NewLabel(), a.NewLabel()
	a.Move(RDX, RDI)
	a.MoveImm(RCX, 1)
	a.Emit(TESTQ_RR, RDI, RDI)
	a.Jcc(CondNS, positive)
	a.Emit(NEGQ_R, RDX)
	a.MoveImm(RCX, -1)
	a.Bind(positive)
	for i := range int32(3) {
		a.Move(R8, RDX)
		a.Emit(ANDL_RI, R8, Imm(1<<30-1))
		a.Emit(MOVL_MR, At(RAX, int32(r.abi.IntDigits)+4*i), R8)
		a.Emit(SHRQ_RI, RDX, Imm(30))
	}
	a.MoveImm(R8, 3)
	for i := int32(2); i >= 0; i-- {
		a.Emit(CMPL_MI, At(RAX, int32(r.abi.IntDigits)+4*i), Imm(0))
		a.Jcc(CondNE, sized)
		a.Emit(DECQ_R, R8)
	}
	a.Bind(sized)
	a.Emit(IMULQ_RR, R8, RCX)
	a.Emit(MOVQ_MR, At(RAX, int32(r.abi.ObSize)), R8)
	a.Emit(RET)
	a.Align(16)
	labels["gs_frame_push"] = a.Here()
	a.MoveImm(RAX, int64(p.frame))
	a.Emit(RET)
	code, err := a.Finish()
	require.NoError(t, err)
	base := calltest.Code(t, len(code), func(uintptr) []byte { return code })
	for name, l := range labels {
		r.runtime.Help[name] = uint64(base) + uint64(a.Offset(l))
	}
}

// TestFolding: loads go into the instruction that uses them, but not across what may write.
func TestFolding(t *testing.T) {
	r := newRig(t)
	build := func(between func(f *fn)) string {
		f := newFn(ir.Obj, ir.I64, ir.Obj)
		v := f.aux(ir.OpLoadI64, 8, f.params[0])
		v.Heap = ir.HeapOther
		between(f)
		f.ret(f.op(ir.OpAdd, f.params[1], v))
		mark := r.mem.Mark()
		defer r.mem.Release(mark)
		u := r.emit(f.done(t))
		return text(u.listing(u.Funcs[0].Register, u.Funcs[0].CodeOffset+u.Funcs[0].CodeSize))
	}
	require.Contains(t, build(func(*fn) {}), "add 0x8(%rsi),%r")
	require.Contains(t, build(func(f *fn) { f.op(ir.OpIncref, f.params[2]) }), "add 0x8(%rsi),%r")
	require.NotContains(t, build(func(f *fn) {
		f.aux(ir.OpStoreI64, 8, f.params[0], f.int(1)).Heap = ir.HeapOther
	}), "add 0x8(%rsi),%r")
	require.NotContains(t, build(func(f *fn) { f.op(ir.OpDecref, f.params[2]) }), "add 0x8(%rsi),%r")

	f := newFn(ir.Obj, ir.F64)
	f.ret(f.op(ir.OpFMul, f.op(ir.OpUnboxFloat, f.params[0]), f.params[1]))
	g := newFn(ir.Obj)
	sign := g.op(ir.OpIntSign, g.params[0])
	g.ret(g.op(ir.OpIEq, sign, g.int(0)))
	u := r.emit(f.done(t), g.done(t))
	require.Contains(t, text(u.listing(0, u.Funcs[1].CodeOffset)), "mulsd 0x10(%rsi),%xmm0")
	require.Contains(t, text(u.listing(u.Funcs[1].CodeOffset, u.Funcs[1].CodeOffset+u.Funcs[1].CodeSize)), "cmpq $0x0,0x10(%rsi)")
	word, _ := u.call(0, r.newFloat(1.5), 3.0)
	require.Equal(t, math.Float64bits(4.5), word)
}
