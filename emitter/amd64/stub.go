// The vectorcall stub: from CPython's calling convention to the register entry and back. docs/runtime.md, section 4.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Stub emits PyObject *stub(callable, args, nargsf, kwnames). Nothing is changed before all that can be told from the arguments'
// addresses is; what can only be told by unboxing undoes what was saved.
func (m *machine) Stub(f *emitter.Func) bool {
	n := f.Code().NArgs
	if !emitter.StubServes(f.IR, n) {
		return false
	}
	a := m.a
	f.Next = m.t.VectorcallMiss
	miss, unfit := a.NewLabel(), a.NewLabel()
	a.Align(16)
	a.Bind(f.StubLabel)
	a.Emit(TESTQ_RR, RCX, RCX)
	a.Jcc(CondNE, miss)
	a.Move(RAX, RDX)
	a.Emit(SHLQ_RI, RAX, Imm(64-pyabi.ArgsOwnedBit)) // without PY_VECTORCALL_ARGUMENTS_OFFSET, the uppermost bit, and the next
	a.Emit(CMPQ_RI, RAX, Imm(n<<(64-pyabi.ArgsOwnedBit)))
	a.Jcc(CondNE, miss)
	m.compareAddress(At(RDI, int32(m.abi.FuncCode)), f.Code().Object)
	a.Jcc(CondNE, miss)
	loadThread(a, m.abi, R8)
	m.watched(R8, RAX, R9, miss)
	a.Emit(MOVQ_RM, RAX, At(R8, int32(m.abi.ThreadInterp)))
	a.Emit(CMPQ_MI, At(RAX, int32(m.abi.InterpEvalFrame)), Imm(0))
	a.Jcc(CondNE, miss)
	a.MoveImm(RAX, int64(m.t.Tracemalloc))
	a.Emit(CMPL_MI, At(RAX, 0), Imm(0))
	a.Jcc(CondNE, miss)
	for i := range n {
		m.checkArgument(f.IR, i, miss)
	}

	// Seven words: with the return address a multiple of 16.
	for _, r := range savedByBridge {
		a.Emit(PUSHQ_R, r)
	}
	a.Emit(PUSHQ_R, RDX)
	a.Move(thread, R8)
	a.Move(RBP, RSI) // carries no parameter
	m.dataAddress(RAX, emitter.FuncOffset(f.Index)+pyabi.FuncCalls)
	a.Emit(INCQ_M, At(RAX, 0))
	held := f.HeldArguments(n)
	room := f.BufferSize() + (8*len(held)+15)&^15
	if room > 0 {
		a.Emit(SUBQ_RI, RSP, Imm(room))
	}
	slow := f.PassArguments(n, held, unfit)
	if room > 0 {
		a.Emit(ADDQ_RI, RSP, Imm(room))
	}
	m.boxResult()

	a.Bind(miss)
	m.dataAddress(RAX, emitter.FuncOffset(f.Index)+pyabi.FuncNext)
	a.Emit(JMP_M, At(RAX, 0))
	if slow != nil {
		slow()
		a.Bind(unfit)
		if room > 0 {
			a.Emit(ADDQ_RI, RSP, Imm(room))
		}
		a.Move(RSI, RBP)
		a.Emit(POPQ_R, RDX)
		m.popSaved()
		a.Emit(XORL_RR, RCX, RCX)
		a.Jmp(miss)
	}
	return true
}

// compareAddress compares a word in memory with an address; it may use the scratch register.
func (m *machine) compareAddress(mem Mem, address uint64) {
	if fits32(int64(address)) {
		m.a.Emit(CMPQ_MI, mem, Imm(address))
		return
	}
	m.a.MoveImm(scratch, int64(address))
	m.a.Emit(CMPQ_MR, mem, scratch)
}

// checkArgument goes to miss if argument i is not of the class that the key wants.
func (m *machine) checkArgument(f *ir.Func, i int, miss Label) {
	if f.Key[i].Kind == ir.SlotNone {
		m.compareAddress(At(RSI, int32(8*i)), m.abi.ObjNone)
		m.a.Jcc(CondNE, miss)
		return
	}
	class := m.t.ArgumentClass(f, i)
	if class == 0 {
		return
	}
	m.a.Emit(MOVQ_RM, RAX, At(RSI, int32(8*i)))
	m.compareAddress(At(RAX, int32(m.abi.ObType)), class)
	m.a.Jcc(CondNE, miss)
}

// boxResult makes an object of the result and returns it.
func (m *machine) boxResult() {
	a := m.a
	integer, float, boolean, none, done := a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Emit(CMPL_RI, RDX, Imm(ir.TagInt))
	a.Jcc(CondE, integer)
	a.Emit(CMPL_RI, RDX, Imm(ir.TagFloat))
	a.Jcc(CondE, float)
	a.Emit(CMPL_RI, RDX, Imm(ir.TagNone))
	a.Jcc(CondE, none)
	a.Emit(CMPL_RI, RDX, Imm(ir.TagBool))
	a.Jcc(CondE, boolean)
	a.Emit(TESTL_RR, RDX, RDX) // an object, or 0
	a.Emit(CMOVCCQ_RR, CondE, RAX, RDX)
	a.Bind(done)
	a.Emit(POPQ_R, RCX)
	m.popSaved()
	a.Emit(RET)

	a.Bind(integer)
	big := a.NewLabel()
	a.Emit(LEAQ_RM, RCX, At(RAX, int32(m.abi.SmallIntNeg)))
	a.Emit(CMPQ_RI, RCX, Imm(m.abi.SmallIntNeg+m.abi.SmallIntPos))
	a.Jcc(CondAE, big)
	m.smallInt(RCX)
	a.Move(RAX, RCX)
	m.increfConstant(RAX)
	a.Jmp(done)
	a.Bind(big)
	a.Move(RDI, RAX)
	m.CallHelper("gs_box_int")
	a.Jmp(done)

	a.Bind(float)
	empty := a.NewLabel()
	a.Move(XMM0, RAX)
	m.takeFloat(RAX, RCX, empty)
	a.Store(At(RAX, int32(m.abi.FloatVal)), XMM0)
	a.Jmp(done)
	a.Bind(empty)
	m.CallHelper("gs_box_float")
	a.Jmp(done)

	a.Bind(boolean)
	a.Emit(TESTL_RR, RAX, RAX)
	a.MoveImm(RAX, int64(m.abi.ObjFalse))
	a.MoveImm(RCX, int64(m.abi.ObjTrue))
	a.Emit(CMOVCCQ_RR, CondNE, RAX, RCX)
	m.increfConstant(RAX)
	a.Jmp(done)
	a.Bind(none)
	a.MoveImm(RAX, int64(m.abi.ObjNone))
	m.increfConstant(RAX)
	a.Jmp(done)
}

func (m *machine) popSaved() {
	for i := len(savedByBridge) - 1; i >= 0; i-- {
		m.a.Emit(POPQ_R, savedByBridge[i])
	}
}
