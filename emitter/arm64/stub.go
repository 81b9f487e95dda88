// The vectorcall stub: from CPython's calling convention to the register entry and back. docs/runtime.md, section 4.

package arm64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// args holds the arguments' address while the stub prepares the call; it carries no parameter.
const args = X19

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
	a.Emit(CBNZ, X3, miss)
	m.shiftLeft(scratch, X2, 64-pyabi.ArgsOwnedBit) // without PY_VECTORCALL_ARGUMENTS_OFFSET, the uppermost bit, and the next
	a.CompareImm(scratch, int64(n)<<(64-pyabi.ArgsOwnedBit), scratch2)
	a.Jcc(CondNE, miss)
	m.compareAddress(At(X0, int32(m.abi.FuncCode)), f.Code().Object)
	a.Jcc(CondNE, miss)
	state := X8
	loadThread(a, m.abi, state)
	m.watched(state, miss)
	a.Load(scratch, At(state, int32(m.abi.ThreadInterp)))
	a.Load(scratch, At(scratch, int32(m.abi.InterpEvalFrame)))
	a.Emit(CBNZ, scratch, miss)
	a.MoveImm(scratch, int64(m.t.Tracemalloc))
	a.Access(load32, scratch, At(scratch, 0))
	a.Emit(CBNZW, scratch, miss)
	for i := range n {
		m.checkArgument(f.IR, i, miss)
	}

	a.save(X2)
	a.Move(thread, state)
	a.Move(args, X1)
	m.dataAddress(scratch, emitter.FuncOffset(f.Index)+pyabi.FuncCalls)
	m.addTo(At(scratch, 0), 1, true, false)
	held := f.HeldArguments(n)
	room := int64(f.BufferSize() + (8*len(held)+15)&^15)
	a.AddImm(SP, SP, -room, NoReg)
	slow := f.PassArguments(n, held, unfit)
	a.AddImm(SP, SP, room, NoReg)
	m.boxResult()

	a.Bind(miss)
	m.dataAddress(scratch, emitter.FuncOffset(f.Index)+pyabi.FuncNext)
	a.Load(scratch, At(scratch, 0))
	a.Emit(BR, scratch)
	if slow != nil {
		slow()
		a.Bind(unfit)
		a.AddImm(SP, SP, room, NoReg)
		a.Move(X1, args)
		a.restore(X2)
		a.MoveImm(X3, 0)
		a.Jmp(miss)
	}
	return true
}

// checkArgument goes to miss if argument i is not of the class that the key wants.
func (m *machine) checkArgument(f *ir.Func, i int, miss Label) {
	if f.Key[i].Kind == ir.SlotNone {
		m.compareAddress(At(X1, int32(8*i)), m.abi.ObjNone)
		m.a.Jcc(CondNE, miss)
		return
	}
	class := m.t.ArgumentClass(f, i)
	if class == 0 {
		return
	}
	m.a.Load(scratch, At(X1, int32(8*i)))
	m.compareAddress(At(scratch, int32(m.abi.ObType)), class)
	m.a.Jcc(CondNE, miss)
}

// boxResult makes an object of the result and returns it.
func (m *machine) boxResult() {
	a := m.a
	integer, float, boolean, none, done := a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel()
	for _, tag := range []struct {
		n  int64
		to Label
	}{{ir.TagInt, integer}, {ir.TagFloat, float}, {ir.TagNone, none}, {ir.TagBool, boolean}} {
		a.Emit(SUBSW_I, ZR, X1, Imm(tag.n))
		a.Jcc(CondEQ, tag.to)
	}
	a.Emit(SUBSW_I, ZR, X1, Imm(0)) // an object, or 0
	a.Emit(CSEL, X0, ZR, X0, CondEQ)
	a.Bind(done)
	a.restore(X1)
	a.Emit(RET)

	a.Bind(integer)
	big := a.NewLabel()
	m.smallInt(scratch, X0, big)
	a.Move(X0, scratch)
	m.increfConstant(X0)
	a.Jmp(done)
	a.Bind(big)
	m.CallHelper("gs_box_int")
	a.Jmp(done)

	a.Bind(float)
	empty := a.NewLabel()
	a.Move(D0, X0)
	m.takeFloat(X0, X1, empty)
	a.Store(At(X0, int32(m.abi.FloatVal)), D0)
	a.Jmp(done)
	a.Bind(empty)
	m.CallHelper("gs_box_float")
	a.Jmp(done)

	a.Bind(boolean)
	a.Emit(SUBSW_I, ZR, X0, Imm(0))
	a.MoveImm(X0, int64(m.abi.ObjFalse))
	a.MoveImm(scratch, int64(m.abi.ObjTrue))
	a.Emit(CSEL, X0, scratch, X0, CondNE)
	m.increfConstant(X0)
	a.Jmp(done)
	a.Bind(none)
	a.MoveImm(X0, int64(m.abi.ObjNone))
	m.increfConstant(X0)
	a.Jmp(done)
}
