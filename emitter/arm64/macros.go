// The common selections' instructions (emitter.Macros, emitter.Objects).

package arm64

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
	m.a.AddImm(Reg(dst), SP, int64(offset), NoReg)
}
func (m *machine) StoreWord(f *emitter.Func, offset int, w emitter.Word, l []regalloc.Loc) {
	m.storeWord(f, At(SP, int32(offset)), w, l)
}

func (m *machine) JumpIfZero(r regalloc.PReg, to Label) { m.a.Emit(CBZ, Reg(r), to) }

func (m *machine) JumpIfFailed(to Label)     { m.a.Jcc(CondEQ, to) }
func (m *machine) JumpUnlessFailed(to Label) { m.a.Jcc(CondNE, to) }
func (m *machine) JumpIfLast(to Label)       { m.a.Jcc(CondEQ, to) }
func (m *machine) JumpUnlessLast(to Label)   { m.a.Jcc(CondNE, to) }

func (m *machine) Call(l Label) { m.a.Call(l) }

func (m *machine) CallHelper(name string) {
	m.a.Pool(scratch, m.a.Int64(int64(m.t.Helper(name))))
	m.a.Emit(BLR, scratch)
}

func (m *machine) CallCell(cell uint64) {
	m.a.MoveImm(scratch, int64(cell))
	m.a.Load(scratch, At(scratch, 0))
	m.a.Emit(BLR, scratch)
}

func (m *machine) Incref(o regalloc.PReg) { m.incref(Reg(o)) }

func (m *machine) IncrefBy(o regalloc.PReg, n int64) {
	m.addTo(At(Reg(o), int32(m.abi.ObRefcnt)), n, m.abi.Immortal == 0, false)
}

func (m *machine) Decref(o regalloc.PReg, immortal Label) { m.decref(Reg(o), immortal) }

func (m *machine) FreeFloat(o, t regalloc.PReg, done Label) {
	m.freeFloat(Reg(o), Reg(t), done)
}

func (m *machine) Append(list, item, t regalloc.PReg, full emitter.Label) {
	a, size := m.a, At(Reg(list), int32(m.abi.ObSize))
	a.Load(Reg(t), size)
	a.Load(scratch, At(Reg(list), int32(m.abi.ListAllocated)))
	a.Emit(SUBS, ZR, Reg(t), scratch)
	a.Jcc(CondGE, Label(full))
	a.Load(scratch, At(Reg(list), int32(m.abi.ListItem)))
	a.Access(store64, Reg(item), AtIndex(scratch, Reg(t), 3))
	a.Emit(ADD_I, Reg(t), Reg(t), Imm(1))
	a.Store(size, Reg(t))
}

func (m *machine) TakeFloat(d, t regalloc.PReg, empty Label) {
	m.takeFloat(Reg(d), Reg(t), empty)
}

func (m *machine) StoreFloat(o, n regalloc.PReg) {
	m.a.Store(At(Reg(o), int32(m.abi.FloatVal)), Reg(n))
}

func (m *machine) JumpIfShared(o regalloc.PReg, to Label) {
	m.a.Load(scratch, At(Reg(o), int32(m.abi.ObRefcnt)))
	m.a.Emit(SUBS_I, ZR, scratch, Imm(1))
	m.a.Jcc(CondNE, to)
}

func (m *machine) SmallInt(n regalloc.PReg, big Label) {
	m.smallInt(scratch, Reg(n), big)
}

func (m *machine) UnboxDigit(d, o regalloc.PReg, big Label) {
	m.unboxDigit(Reg(d), Reg(o), big)
}

func (m *machine) LoadTruth(dst, base regalloc.PReg, offset int) {
	m.compareAddress(At(Reg(base), int32(offset)), m.abi.ObjTrue)
	m.a.Emit(CSINC, Reg(dst), ZR, ZR, CondNE)
}

func (m *machine) FindHeld(nargsf, n int, held []int) {
	a, others := m.a, m.a.NewLabel()
	a.Load(X8, At(thread, int32(m.abi.FramesAt)))
	a.Emit(CBZ, X8, others)
	a.Load(X8, At(X8, int32(m.abi.FrameStack)))
	for _, i := range held {
		a.Load(scratch, At(args, int32(8*i)))
		a.Load(scratch2, At(X8, int32(8*(i-n))))
		a.Emit(EOR, scratch, scratch, scratch2)
		a.CompareImm(scratch, 1, scratch2) // the lowest bit says that the stack's reference is not counted
		a.Jcc(CondHI, others)
	}
	a.MoveImm(scratch, int64(n)|1<<pyabi.ArgsOwnedBit)
	a.Store(At(SP, int32(nargsf)+savedWord), scratch)
	a.Bind(others)
}

func (m *machine) JumpUnlessHeld(nargsf int, to Label) {
	a, owned := m.a, m.a.NewLabel()
	a.Load(scratch, At(SP, int32(nargsf)+savedWord))
	a.Emit(TBNZ, scratch, Imm(pyabi.ArgsOwnedBit), owned)
	a.Load(scratch, At(thread, int32(m.abi.ThreadStackChunk)))
	a.Emit(SUBS, ZR, args, scratch)
	a.Jcc(CondLO, to)
	a.Load(scratch, At(thread, int32(m.abi.ThreadStackLimit)))
	a.Emit(SUBS, ZR, args, scratch)
	a.Jcc(CondHS, to)
	a.Bind(owned)
}
