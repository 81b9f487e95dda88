// Code that a unit has once: the common exit, and calls of the runtime that keep the registers which hold something. Also the bridge from C.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/pyabi"
)

// ExitStub leaves with the number of an exit.
func (m *machine) ExitStub(number int) {
	m.a.Emit(PUSHQ_I, Imm(number))
	m.a.Jmp(m.b.ExitLabel())
}

// Thunk emits a thunk.
func (m *machine) Thunk(t emitter.Thunk) {
	a := m.a
	if t.Kind == emitter.ThunkUnboxInt {
		m.unboxTwoDigits()
	}
	if t.Kind == emitter.ThunkBoxInt {
		m.boxSpareInt()
	}
	if t.Kind.Reads() {
		m.reading(t)
		return
	}
	var kept []Reg
	for _, regs := range [...][]Reg{callerSaved, allXMM} {
		for _, r := range regs {
			if t.Keeps.Has(preg(r)) {
				kept = append(kept, r)
			}
		}
	}
	// One word, then the registers; with the return address a multiple of 16.
	size := (8+8*len(kept)+7)&^15 + 8
	at := func(i int) Mem { return At(RSP, int32(8+8*i)) }
	a.Emit(LEAQ_RM, RSP, At(RSP, -int32(size)))
	for i, r := range kept {
		a.Store(at(i), r)
	}
	a.Move(RDI, scratch)
	switch t.Kind {
	case emitter.ThunkUnboxInt:
		a.Move(RSI, RSP)
	case emitter.ThunkBoxFloat:
		a.Move(XMM0, scratchX)
	}
	m.CallHelper(t.Kind.Helper())
	switch {
	case t.Kind == emitter.ThunkUnboxInt:
		a.Emit(MOVQ_RM, scratch, At(RSP, 0))
		a.Emit(TESTL_RR, RAX, RAX)
	case t.Kind.Makes():
		a.Move(scratch, RAX)
		a.Emit(TESTQ_RR, RAX, RAX)
	}
	for i, r := range kept {
		a.Load(r, at(i))
	}
	a.Emit(LEAQ_RM, RSP, At(RSP, int32(size))) // flags stay
	a.Emit(RET)
}

// reading saves registers in a struct gs_regs, where the runtime finds the activation's state.
func (m *machine) reading(t emitter.Thunk) {
	a := m.a
	const size = SizeRegs // with the return address, which the runtime finds behind it, a multiple of 16
	each := func(of regalloc.RegSet, visit func(at Mem, r Reg)) {
		for _, regs := range [...][]Reg{callerSaved, calleeSaved} {
			for _, r := range regs {
				if of.Has(preg(r)) {
					visit(At(RSP, RegsGPR+8*int32(r-RAX)), r)
				}
			}
		}
		for _, r := range allXMM {
			if of.Has(preg(r)) {
				visit(At(RSP, RegsFPR+8*int32(r-XMM0)), r)
			}
		}
	}
	a.Emit(LEAQ_RM, RSP, At(RSP, -size))
	each(t.Keeps, a.Store)
	a.Move(RDI, scratch)
	a.Move(RSI, RSP)
	if t.Kind == emitter.ThunkLocals {
		a.Emit(MOVQ_MR, At(RSP, RegsExit), scratch)
		m.dataAddress(RDI, 0)
	}
	m.CallHelper(t.Kind.Helper())
	if t.Kind == emitter.ThunkLocals {
		a.Emit(TESTL_RR, RAX, RAX)
	}
	each(t.Keeps&clobberedByC, func(at Mem, r Reg) { a.Load(r, at) })
	a.Emit(LEAQ_RM, RSP, At(RSP, size)) // flags stay
	a.Emit(RET)
}

// unboxTwoDigits goes on to the next instruction for ints of other sizes.
func (m *machine) unboxTwoDigits() {
	a := m.a
	positive, negative := a.NewLabel(), a.NewLabel()
	size, low, high := At(scratch, int32(m.abi.IntSize)), At(scratch, int32(m.abi.IntDigits)), At(scratch, int32(m.abi.IntDigits)+4)
	two, minusTwo := Imm(2), Imm(-2)
	if m.abi.IntTagged != 0 {
		two, minusTwo = 2<<tagShift, 2<<tagShift|tagNegative
	}
	a.Emit(CMPQ_MI, size, two)
	a.Jcc(CondE, positive)
	a.Emit(CMPQ_MI, size, minusTwo)
	a.Jcc(CondE, negative)
	other := a.NewLabel()
	a.Jmp(other)
	both := func() {
		a.Emit(PUSHQ_R, RAX)
		a.Emit(MOVL_RM, RAX, high)
		a.Emit(SHLQ_RI, RAX, Imm(m.abi.IntShift))
		a.Emit(MOVL_RM, scratch, low)
		a.Emit(ORQ_RR, scratch, RAX) // not 0: the upper digit is not
		a.Emit(POPQ_R, RAX)
	}
	a.Bind(positive)
	both()
	a.Emit(RET)
	a.Bind(negative)
	both()
	a.Emit(NEGQ_R, scratch)
	a.Emit(RET)
	a.Bind(other)
}

// boxSpareInt makes an object that waits for it the box of a number of one digit, as gs_box_int does, or goes on to the next instruction.
func (m *machine) boxSpareInt() {
	a := m.a
	temps := [...]Reg{RAX, RCX, RDX}
	pop := func() {
		for i := len(temps) - 1; i >= 0; i-- {
			a.Emit(POPQ_R, temps[i])
		}
	}
	none, slow := a.NewLabel(), a.NewLabel()
	for _, r := range temps {
		a.Emit(PUSHQ_R, r)
	}
	sign, magnitude, spare := RAX, RCX, RDX
	a.Move(sign, scratch)
	a.Emit(SARQ_RI, sign, Imm(63))
	a.Move(magnitude, scratch)
	a.Emit(XORQ_RR, magnitude, sign)
	a.Emit(SUBQ_RR, magnitude, sign)
	a.Emit(CMPQ_RI, magnitude, Imm(1<<m.abi.IntShift))
	a.Jcc(CondAE, slow)
	a.MoveImm(spare, int64(m.abi.SpareInts))
	a.Emit(MOVQ_RM, scratch, At(spare, 0))
	a.Emit(SUBQ_RI, scratch, Imm(1))
	a.Jcc(CondS, none)
	a.Emit(MOVQ_MR, At(spare, 0), scratch)
	a.Emit(MOVQ_RM, scratch, AtIndex(spare, scratch, 8, int32(m.abi.SpareIntsFirst)))
	a.Emit(MOVQ_MI, At(scratch, int32(m.abi.ObRefcnt)), Imm(1))
	if m.abi.IntTagged != 0 {
		a.Emit(ANDL_RI, sign, Imm(tagNegative))
		a.Emit(LEAQ_RM, sign, At(sign, 1<<tagShift))
	} else {
		a.Emit(LEAQ_RM, sign, AtIndex(sign, sign, 1, 1)) // 0 and -1 become 1 and -1
	}
	a.Emit(MOVQ_MR, At(scratch, int32(m.abi.IntSize)), sign)
	a.Emit(MOVL_MR, At(scratch, int32(m.abi.IntDigits)), magnitude)
	a.Emit(TESTQ_RR, scratch, scratch)
	pop()
	a.Emit(RET)
	a.Bind(none)
	a.Move(scratch, magnitude)
	a.Emit(XORQ_RR, scratch, sign)
	a.Emit(SUBQ_RR, scratch, sign)
	a.Bind(slow)
	pop()
}

// CommonExit saves all registers as struct gs_regs and asks the runtime, then drops the native frame, whose size the exit's descriptor has,
// and goes on with the continuation or returns the activation's result.
func (m *machine) CommonExit() {
	a := m.a
	const size = SizeRegs
	a.Emit(LEAQ_RM, RSP, At(RSP, -size))
	for r := RAX; r <= R15; r++ {
		if r != RSP {
			a.Store(At(RSP, RegsGPR+8*int32(r)), r)
		}
	}
	for r := XMM0; r <= XMM15; r++ {
		a.Store(At(RSP, RegsFPR+8*int32(r-XMM0)), r)
	}
	a.Emit(MOVQ_RM, R12, At(RSP, size))
	a.Emit(MOVQ_MR, At(RSP, RegsExit), R12)
	a.Emit(LEAQ_RM, RBP, At(RSP, size+8))
	a.Emit(MOVQ_MR, At(RSP, RegsGPR+8*int32(RSP)), RBP)
	a.Move(RBX, RSP)
	a.Emit(ANDQ_RI, RSP, Imm(-16))
	m.dataAddress(RDI, 0)
	a.Move(RSI, RBX)
	m.CallHelper("gs_exit")
	m.dataAddress(RCX, m.b.ExitsOffset())
	a.Emit(IMULQ_RRI, R12, R12, Imm(pyabi.SizeExit))
	a.Emit(MOVL_RM, RCX, AtIndex(RCX, R12, 1, emitter.ExitFrameSize))
	a.Emit(MOVQ_RM, R8, At(RBX, RegsResume))
	a.Emit(MOVQ_RM, RDI, At(RBX, RegsBuffer))
	a.Emit(MOVQ_RM, RAX, At(RBX, RegsValue))
	a.Emit(MOVQ_RM, RDX, At(RBX, RegsTag))
	a.Emit(LEAQ_RM, RSP, AtIndex(RBP, RCX, 1, 0))
	a.Emit(TESTQ_RR, R8, R8)
	over := a.NewLabel()
	a.Jcc(CondE, over)
	a.Emit(JMP_R, R8)
	a.Bind(over)
	a.Emit(RET)
}

var savedByBridge = []Reg{RBX, RBP, R12, R13, R14, R15}

// Bridge is the code of gs_call_native(uint64_t entry, uint64_t *buffer, uint64_t *tag): C's way to a memory entry. It is the same for every
// unit, and is published once.
func (t *Target) Bridge() []byte {
	a := NewAssembler(4096)
	for _, r := range savedByBridge {
		a.Emit(PUSHQ_R, r)
	}
	a.Emit(PUSHQ_R, RDX)
	loadThread(a, t.ABI, thread)
	a.Move(RAX, RDI)
	a.Move(RDI, RSI)
	a.Emit(CALL_R, RAX)
	a.Emit(POPQ_R, RCX)
	a.Emit(MOVQ_MR, At(RCX, 0), RDX)
	for i := len(savedByBridge) - 1; i >= 0; i-- {
		a.Emit(POPQ_R, savedByBridge[i])
	}
	a.Emit(RET)
	code, err := a.Finish()
	if err != nil {
		panic("BUG: the bridge: " + err.Error())
	}
	return append([]byte(nil), code...)
}
