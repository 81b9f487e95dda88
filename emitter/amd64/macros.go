// The common selections' instructions (emitter.Macros, emitter.Objects).

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/pyabi"
)

func (m *machine) Move(dst, src regalloc.PReg)        { m.a.Move(Reg(dst), Reg(src)) }
func (m *machine) MoveImm(dst regalloc.PReg, n int64) { m.a.MoveImm(Reg(dst), n) }
func (m *machine) Load(dst, base regalloc.PReg, offset int) {
	m.a.Load(Reg(dst), At(Reg(base), int32(offset)))
}
func (m *machine) Store(base regalloc.PReg, offset int, src regalloc.PReg) {
	m.a.Store(At(Reg(base), int32(offset)), Reg(src))
}
func (m *machine) StackAddress(dst regalloc.PReg, offset int) {
	m.a.Emit(LEAQ_RM, Reg(dst), At(RSP, int32(offset)))
}
func (m *machine) StoreWord(f *emitter.Func, offset int, w emitter.Word, l []regalloc.Loc) {
	m.storeWord(f, At(RSP, int32(offset)), w, l)
}

func (m *machine) JumpIfZero(r regalloc.PReg, to Label) {
	m.a.Emit(TESTQ_RR, Reg(r), Reg(r))
	m.a.Jcc(CondE, to)
}

func (m *machine) JumpIfFailed(to Label)     { m.a.Jcc(CondE, to) }
func (m *machine) JumpUnlessFailed(to Label) { m.a.Jcc(CondNE, to) }
func (m *machine) JumpIfLast(to Label)       { m.a.Jcc(CondE, to) }
func (m *machine) JumpUnlessLast(to Label)   { m.a.Jcc(CondNE, to) }

func (m *machine) Call(l Label) { m.a.Call(l) }

// CallHelper calls a C function; rsp is a multiple of 16.
func (m *machine) CallHelper(name string) {
	m.a.Emit(CALL_M, m.a.Int64(int64(m.t.Helper(name))))
}

func (m *machine) CallCell(cell uint64) {
	m.a.MoveImm(scratch, int64(cell))
	m.a.Emit(CALL_M, At(scratch, 0))
}

func (m *machine) Incref(o regalloc.PReg) { m.incref(Reg(o)) }

func (m *machine) IncrefBy(o regalloc.PReg, n int64) {
	count := At(Reg(o), int32(m.abi.ObRefcnt))
	switch {
	case m.abi.Immortal != 0:
		m.a.Emit(ADDL_MI, count, Imm(n))
	case n == 1:
		m.a.Emit(INCQ_M, count)
	default:
		m.a.Emit(ADDQ_MI, count, Imm(n))
	}
}

func (m *machine) Decref(o regalloc.PReg, immortal Label) { m.decref(Reg(o), immortal) }

func (m *machine) FreeFloat(o, t regalloc.PReg, done Label) {
	m.freeFloat(Reg(o), Reg(t), done)
}

func (m *machine) TakeFloat(d, t regalloc.PReg, empty Label) {
	m.takeFloat(Reg(d), Reg(t), empty)
}

func (m *machine) StoreFloat(o, n regalloc.PReg) {
	m.a.Store(At(Reg(o), int32(m.abi.FloatVal)), Reg(n))
}

func (m *machine) JumpIfShared(o regalloc.PReg, to Label) {
	m.a.Emit(CMPQ_MI, At(Reg(o), int32(m.abi.ObRefcnt)), Imm(1))
	m.a.Jcc(CondNE, to)
}

func (m *machine) Append(list, item, t regalloc.PReg, full emitter.Label) {
	a, size := m.a, At(Reg(list), int32(m.abi.ObSize))
	a.Emit(MOVQ_RM, Reg(t), size)
	a.Emit(CMPQ_RM, Reg(t), At(Reg(list), int32(m.abi.ListAllocated)))
	a.Jcc(CondGE, Label(full))
	a.Emit(MOVQ_RM, scratch, At(Reg(list), int32(m.abi.ListItem)))
	a.Emit(MOVQ_MR, AtIndex(scratch, Reg(t), 8, 0), Reg(item))
	a.Emit(INCQ_M, size)
}

func (m *machine) SmallInt(n regalloc.PReg, big Label) {
	m.a.Emit(LEAQ_RM, scratch, At(Reg(n), int32(m.abi.SmallIntNeg)))
	m.a.Emit(CMPQ_RI, scratch, Imm(m.abi.SmallIntNeg+m.abi.SmallIntPos))
	m.a.Jcc(CondAE, big)
	m.smallInt(scratch)
}

func (m *machine) UnboxDigit(d, o regalloc.PReg, big Label) {
	m.a.Emit(MOVQ_RM, scratch, At(Reg(o), int32(m.abi.IntSize)))
	m.jumpIfMoreDigits(scratch, big)
	m.signOfOneDigit(scratch)
	m.a.Emit(MOVL_RM, Reg(d), At(Reg(o), int32(m.abi.IntDigits)))
	m.a.Emit(IMULQ_RR, Reg(d), scratch)
}

func (m *machine) LoadTruth(dst, base regalloc.PReg, offset int) {
	m.compareAddress(At(Reg(base), int32(offset)), m.abi.ObjTrue)
	m.a.Emit(SETCC_R, CondE, Reg(dst))
	m.a.Emit(MOVZBL_RR, Reg(dst), Reg(dst))
}

func (m *machine) FindHeld(nargsf, n int, held []int) {
	a, args, others := m.a, Reg(registers.StubArgs), m.a.NewLabel()
	a.Emit(MOVQ_RM, scratch, At(thread, int32(m.abi.FramesAt)))
	a.Emit(TESTQ_RR, scratch, scratch)
	a.Jcc(CondE, others)
	a.Emit(MOVQ_RM, scratch, At(scratch, int32(m.abi.FrameStack)))
	for _, i := range held {
		a.Emit(MOVQ_RM, RAX, At(args, int32(8*i)))
		a.Emit(XORQ_RM, RAX, At(scratch, int32(8*(i-n))))
		a.Emit(CMPQ_RI, RAX, Imm(1)) // the lowest bit says that the stack's reference is not counted
		a.Jcc(CondA, others)
	}
	a.MoveImm(RAX, int64(n)|1<<pyabi.ArgsOwnedBit)
	a.Store(At(RSP, int32(nargsf)), RAX)
	a.Bind(others)
}

func (m *machine) JumpUnlessHeld(nargsf int, to Label) {
	a, args, owned := m.a, Reg(registers.StubArgs), m.a.NewLabel()
	a.Emit(BTQ_MI, At(RSP, int32(nargsf)), Imm(pyabi.ArgsOwnedBit))
	a.Jcc(CondB, owned)
	a.Emit(CMPQ_RM, args, At(thread, int32(m.abi.ThreadStackChunk)))
	a.Jcc(CondB, to)
	a.Emit(CMPQ_RM, args, At(thread, int32(m.abi.ThreadStackLimit)))
	a.Jcc(CondAE, to)
	a.Bind(owned)
}
