// What the tests must know of arm64: registers, the fake runtime's machine code, and what only its code has.

package machinetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/arm64/arm64asm"

	"github.com/gophersnake/gophersnake/emitter"
	. "github.com/gophersnake/gophersnake/emitter/arm64"
	"github.com/gophersnake/gophersnake/emitter/machinetest/calltest"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

const (
	callableReg, threadReg, resultReg, tagReg, stackReg = X0, X28, X0, X1, SP

	regsGPR, regsFPR, regsExit, regsValue = RegsGPR, RegsFPR, RegsExit, RegsValue
	sizeRegs                              = SizeRegs
)

var (
	// intParams take integers and objects at a register entry, cArgs at a C function, which keeps cSaved.
	intParams = []Reg{X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14}
	cArgs     = []Reg{X0, X1, X2, X3}
	cSaved    = []Reg{X19, X20, X21, X22, X23, X24, X25, X26, X27, X28, X29}

	errTooLarge = emitter.ErrTooLarge
)

// Lengths of loops, in instructions.
const sumOfSquaresLoop = 12

const divideMnemonic = "sdiv"

// isaTarget is the instruction set.
type isaTarget = Target

func newTarget(r *emitter.Runtime) *isaTarget { return &Target{Runtime: r} }

// disassemble gives the instruction at an offset, its length, and where it jumps to, or -1.
func disassemble(t testing.TB, code []byte, at int) (text string, n, target int) {
	in, err := arm64asm.Decode(code[at:])
	if err != nil {
		return "pool", 4, -1 // or it reads as something else
	}
	target = -1
	if name := in.Op.String(); name[0] == 'B' || name[0] == 'C' || name[0] == 'T' {
		for _, arg := range in.Args {
			if rel, ok := arg.(arm64asm.PCRel); ok {
				target = at + int(rel)
			}
		}
	}
	return arm64asm.GNUSyntax(in), 4, target
}

// nextStub is a stub that stores the arguments of a C function and two of the registers that C keeps, and returns 0x4444.
func nextStub(t testing.TB, seen uintptr) []byte {
	a := NewAssembler(256)
	a.MoveImm(X16, int64(seen))
	for i, reg := range append(append([]Reg{}, cArgs...), cSaved[:2]...) {
		a.Store(At(X16, int32(8*i)), reg)
	}
	a.MoveImm(X0, 0x4444)
	a.Emit(RET)
	code, err := a.Finish()
	require.NoError(t, err)
	return code
}

// runtimeCode is a runtime of machine code being made.
type runtimeCode struct {
	*Assembler
	labels map[string]Label
}

func newRuntimeCode() *runtimeCode { return &runtimeCode{NewAssembler(1 << 16), map[string]Label{}} }

func (c *runtimeCode) begin(name string) {
	c.Align(16)
	c.labels[name] = c.Here()
}

// spoil changes what a C function may change but x0 and d0, traps if the stack is not aligned, and returns.
func (c *runtimeCode) spoil() {
	aligned := c.NewLabel()
	c.Move(X17, SP)
	c.Emit(ANDS_I, ZR, X17, Imm(15))
	c.Jcc(CondEQ, aligned)
	c.Emit(BRK, Imm(1))
	c.Bind(aligned)
	for reg := X1; reg <= X17; reg++ {
		c.MoveImm(reg, 0x5a5a5a5a)
	}
	for reg := D1; reg <= D31; reg++ {
		if reg < D8 || reg > D15 {
			c.Move(reg, X7)
		}
	}
	c.Emit(ADDS_I, ZR, X7, Imm(1))
	c.Emit(RET)
}

// publish puts the code into memory and its functions into the runtime's table.
func (c *runtimeCode) publish(t testing.TB, r *emitter.Runtime) {
	code, err := c.Finish()
	require.NoError(t, err)
	base := calltest.Code(t, len(code), func(uintptr) []byte { return code })
	for name, l := range c.labels {
		r.Help[name] = uint64(base) + uint64(c.Offset(l))
	}
}

// helpers makes the runtime of machine code. gs_exit copies the registers to r.regs and ends the activation with tag 77.
func (r *rig) helpers() {
	a := newRuntimeCode()
	count := func(n int32) {
		a.MoveImm(X16, int64(r.calls))
		a.Load(X17, At(X16, 8*n))
		a.Emit(ADD_I, X17, X17, Imm(1))
		a.Store(At(X16, 8*n), X17)
	}
	a.begin("gs_exit")
	a.MoveImm(X2, int64(r.regs))
	for i := int32(0); i < sizeRegs; i += 8 {
		a.Load(X3, At(X1, i))
		a.Store(At(X2, i), X3)
	}
	a.Store(At(X2, regsValue), X0) // the unit's address
	a.Load(X3, At(X1, regsExit))
	a.MoveImm(X4, pyabi.SizeExit)
	a.Load(X5, At(X0, 48)) // the unit's exits
	a.Emit(MADD, X3, X3, X4, X5)
	a.Emit(LDRW, X3, At(X3, pyabi.ExitRecursion))
	a.Emit(LDRW, X4, At(X28, int32(r.abi.ThreadRecursion)))
	a.Emit(ADDW, X4, X4, X3)
	a.Emit(STRW, X4, At(X28, int32(r.abi.ThreadRecursion)))
	a.Store(At(X1, RegsResume), ZR)
	a.Store(At(X1, RegsValue), ZR)
	a.MoveImm(X3, 77)
	a.Store(At(X1, RegsTag), X3)
	a.spoil()

	a.begin("gs_unbox_int") // of three digits at most; 0 for four, which stand for what does not fit
	count(0)
	three, positive := a.NewLabel(), a.NewLabel()
	a.Load(X2, At(X0, int32(r.abi.ObSize)))
	a.Emit(SUBS_I, ZR, X2, Imm(4))
	a.Jcc(CondNE, three)
	a.MoveImm(X0, 0)
	a.spoil()
	a.Bind(three)
	a.Emit(LDRW, X3, At(X0, int32(r.abi.IntDigits)+8))
	for i := int32(4); i >= 0; i -= 4 {
		a.Emit(LDRW, X4, At(X0, int32(r.abi.IntDigits)+i))
		a.Emit(ADD, X3, X4, X3, Imm(30))
	}
	a.Emit(TBZ, X2, Imm(63), positive)
	a.Emit(SUB, X3, ZR, X3)
	a.Bind(positive)
	a.Store(At(X1, 0), X3)
	a.MoveImm(X0, 1)
	a.spoil()

	a.begin("gs_box_int") // 0x1000 + number: no object, but tests can tell
	count(1)
	a.AddImm(X0, X0, 0x1000, NoReg)
	a.spoil()
	a.begin("gs_box_float")
	count(2)
	a.Move(X0, D0)
	a.spoil()
	a.begin("gs_dealloc")
	count(3)
	a.Store(At(X16, 100), X0)
	a.spoil()
	a.begin("gs_list_room") // one more
	a.Load(X1, At(X0, int32(r.abi.ListAllocated)))
	a.Emit(ADD_I, X1, X1, Imm(1))
	a.Store(At(X0, int32(r.abi.ListAllocated)), X1)
	a.spoil()
	frame := r.mem.Alloc(4096)
	a.begin("gs_frame_push")
	count(4)
	a.Store(At(X16, 108), X0)
	a.MoveImm(X0, int64(frame))
	a.spoil()
	a.begin("gs_frame_pop")
	count(5)
	a.Store(At(X16, 116), X0)
	a.spoil()
	a.begin("gs_locals_changed") // keeps the unit's address and the exit's number; the answer is set beforehand
	count(7)
	a.Store(At(X16, 124), X0)
	a.Load(X2, At(X1, regsExit))
	a.Store(At(X16, 132), X2)
	a.Load(X0, At(X16, 140))
	a.spoil()
	a.begin("mix") // what tests call as any helper: first + 2*second + 3*third
	count(6)
	a.Emit(ADD, X0, X0, X1, Imm(1))
	a.Emit(ADD, X2, X2, X2, Imm(1))
	a.Emit(ADD, X0, X0, X2)
	a.spoil()
	a.begin("sum") // of an array: address, count
	count(6)
	loop, over := a.NewLabel(), a.NewLabel()
	a.Move(X2, X0)
	a.MoveImm(X0, 0)
	a.Bind(loop)
	a.Emit(SUBS_I, X1, X1, Imm(1))
	a.Jcc(CondMI, over)
	a.Emit(LDR_X, X3, AtIndex(X2, X1, 3))
	a.Emit(ADD, X0, X0, X3)
	a.Jmp(loop)
	a.Bind(over)
	a.spoil()
	a.begin("divide") // doubles of two integers
	a.Emit(SCVTF, D0, X0)
	a.Emit(SCVTF, D1, X1)
	a.Emit(FDIV, D0, D0, D1)
	a.spoil()
	a.publish(r.t, r.runtime)
}

// playHelpers makes the helpers that play events back.
func (p *places) playHelpers() {
	r := p.rig
	a := newRuntimeCode()
	// play does the next event's writes and leaves its result in x0.
	play := a.Here()
	loop, over := a.NewLabel(), a.NewLabel()
	a.MoveImm(X1, int64(p.cursor))
	a.Load(X2, At(X1, 0)) // an event: result, count, (address, word)…
	a.Load(X0, At(X2, 0))
	a.Load(X3, At(X2, 8))
	a.Emit(ADD_I, X2, X2, Imm(16))
	a.Bind(loop)
	a.Emit(SUBS_I, X3, X3, Imm(1))
	a.Jcc(CondMI, over)
	a.Emit(LDP, X4, X5, At(X2, 0))
	a.Store(At(X4, 0), X5)
	a.Emit(ADD_I, X2, X2, Imm(16))
	a.Jmp(loop)
	a.Bind(over)
	a.Store(At(X1, 0), X2)
	a.spoil()

	a.begin("PyObject_IsTrue")
	a.Jmp(play)
	a.begin("gs_range_length")
	up, some, fits := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Emit(TBZ, X2, Imm(63), up)
	a.Emit(SUB, X2, ZR, X2)
	a.Move(X3, X0)
	a.Move(X0, X1)
	a.Move(X1, X3)
	a.Bind(up)
	a.Emit(SUBS, ZR, X0, X1)
	a.Jcc(CondLT, some)
	a.MoveImm(X0, 0)
	a.spoil()
	a.Bind(some)
	a.Emit(SUB_I, X1, X1, Imm(1))
	a.Emit(SUB, X0, X1, X0)
	a.Emit(UDIV, X0, X0, X2)
	a.Emit(ADDS_I, X0, X0, Imm(1))
	a.Jcc(CondGT, fits)
	a.MoveImm(X0, -1)
	a.Bind(fits)
	a.spoil()
	a.begin("gs_dealloc")
	quiet := a.NewLabel()
	a.Load(X1, At(X0, int32(r.abi.ObType)))
	for _, class := range []uint64{r.abi.TypeInt, r.abi.TypeFloat, r.abi.TypeBool} {
		a.CompareImm(X1, int64(class), X2)
		a.Jcc(CondEQ, quiet)
	}
	a.Jmp(play)
	a.Bind(quiet)
	a.Emit(RET)
	a.begin("gs_box_int")
	a.MoveImm(X1, int64(p.next))
	a.Load(X2, At(X1, 0))
	a.Emit(ADD_I, X2, X2, Imm(256))
	a.Store(At(X1, 0), X2)
	a.MoveImm(X3, 1)
	a.Store(At(X2, 0), X3)
	a.MoveImm(X3, 0x1000)
	a.Store(At(X2, 8), X3)
	// Sign, three digits, as CPython would; sizes of fewer digits with zeros above are not normal, so count.
	a.Emit(SUBS_I, ZR, X0, Imm(0))
	a.Emit(CSNEG, X4, X0, X0, CondGE)
	a.MoveImm(X5, 0)
	for i := range int32(3) {
		a.Emit(AND_I, X6, X4, Imm(1<<30-1))
		a.Emit(STRW, X6, At(X2, int32(r.abi.IntDigits)+4*i))
		a.Emit(UBFM, X4, X4, Imm(30), Imm(63))
		a.MoveImm(X7, int64(i+1))
		a.Emit(SUBS_I, ZR, X6, Imm(0))
		a.Emit(CSEL, X5, X7, X5, CondNE)
	}
	a.Emit(SUBS_I, ZR, X0, Imm(0))
	a.Emit(CSNEG, X5, X5, X5, CondGE)
	a.Store(At(X2, int32(r.abi.ObSize)), X5)
	a.Move(X0, X2)
	a.spoil()
	a.begin("gs_frame_push")
	a.MoveImm(X0, int64(p.frame))
	a.spoil()
	a.publish(p.t, r.runtime)
}

// TestNeverFused: a product and a sum are two instructions, each rounded, unless the operation says otherwise.
func TestNeverFused(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.F64, ir.F64, ir.F64)
	f.ret(f.op(ir.OpFAdd, f.op(ir.OpFMul, f.params[0], f.params[1]), f.params[2]))
	g := newFn(ir.F64, ir.F64, ir.F64)
	g.ret(g.op(ir.OpFMulAdd, g.params...))
	u := r.emit(f.done(t), g.done(t))
	has := func(i int, mnemonic string) bool {
		listing := u.listing(u.Funcs[i].CodeOffset, u.Funcs[i].CodeOffset+u.Funcs[i].CodeSize)
		for _, line := range listing {
			if strings.HasPrefix(line, mnemonic+" ") {
				return true
			}
		}
		return false
	}
	require.Equal(t, []bool{true, true, false}, []bool{has(0, "fmul"), has(0, "fadd"), has(0, "fmadd")})
	require.Equal(t, []bool{false, false, true}, []bool{has(1, "fmul"), has(1, "fadd"), has(1, "fmadd")})
}
