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
	a.Bind(Label(f.StubLabel))
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
	unboxed := m.passArguments(f, n, held, unfit)
	m.letGo(f, held)
	a.AddImm(SP, SP, room, NoReg)
	m.boxResult()

	a.Bind(miss)
	m.dataAddress(scratch, emitter.FuncOffset(f.Index)+pyabi.FuncNext)
	a.Load(scratch, At(scratch, 0))
	a.Emit(BR, scratch)
	if unboxed {
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

// component is a word to be passed: component number part of argument arg.
type component struct {
	arg, part int
	to        Reg // or NoReg: to the buffer
	word      int // of the buffer
}

// hold takes references to those arguments, unless the caller holds them: native code says so, and the interpreter's arguments lie on the
// data stack.
func (m *machine) hold(f *emitter.Func, held []int) {
	if len(held) == 0 {
		return
	}
	a := m.a
	hold, owned, done := a.NewLabel(), a.NewLabel(), a.NewLabel()
	above := heldAt(f, (len(held)+1)&^1).Disp
	a.Load(scratch, At(SP, above+savedWord)) // nargsf
	a.Emit(TBNZ, scratch, Imm(pyabi.ArgsOwnedBit), owned)
	a.Load(scratch, At(thread, int32(m.abi.ThreadStackChunk)))
	a.Emit(SUBS, ZR, args, scratch)
	a.Jcc(CondLO, hold)
	a.Load(scratch, At(thread, int32(m.abi.ThreadStackLimit)))
	a.Emit(SUBS, ZR, args, scratch)
	a.Jcc(CondHS, hold)
	a.Bind(owned)
	a.Store(heldAt(f, 0), ZR)
	a.Jmp(done)
	a.Bind(hold)
	for k, i := range held {
		a.Load(scratch, At(args, int32(8*i)))
		m.incref(scratch)
		a.Store(heldAt(f, k), scratch)
	}
	a.Bind(done)
}

// letGo gives these references up, keeping what the function returned.
func (m *machine) letGo(f *emitter.Func, held []int) {
	if len(held) == 0 {
		return
	}
	a := m.a
	none := a.NewLabel()
	for k := range held {
		next := a.NewLabel()
		a.Load(scratch, heldAt(f, k))
		if k == 0 {
			a.Emit(CBZ, scratch, none)
		}
		m.decref(scratch, next)
		a.Jcc(CondNE, next)
		a.Call(Label(m.b.Thunk(emitter.ThunkDealloc, set(callerSaved))))
		a.Bind(next)
	}
	a.Bind(none)
}

// heldAt is where the stub keeps argument k of those it holds: above the buffer. Of none if the first is 0.
func heldAt(f *emitter.Func, k int) Mem { return At(SP, int32(f.BufferSize()+8*k)) }

// passArguments fills the parameters' registers, or a buffer on the stack, and calls the function. It says whether anything may turn out to
// be unfit.
func (m *machine) passArguments(f *emitter.Func, n int, held []int, unfit Label) (unboxed bool) {
	a := m.a
	if f.ByMemory {
		a.Emit(STP, X0, ZR, At(SP, 0))
	}
	var ints, rest []component
	at := 1 // in Params
	for i := range n {
		kind := f.IR.Key[i].Kind
		for part := range kind.Components() {
			c := component{arg: i, part: part, to: NoReg, word: 1 + at}
			if !f.ByMemory {
				c.to = Reg(f.ParamLoc[at].Reg())
			}
			at++
			if part == 0 && (kind == ir.SlotInt || kind == ir.SlotIntOrigin) {
				ints = append(ints, c)
			} else {
				rest = append(rest, c)
			}
		}
	}
	store := func(c component, r Reg) {
		if c.to == NoReg {
			a.Store(At(SP, int32(8*c.word)), r)
		}
	}
	for _, c := range ints {
		m.unboxArgument(c, unfit, store)
	}
	for i := range n {
		if k := f.IR.Key[i]; k.Owned && k.Kind != ir.SlotNone && k.Kind != ir.SlotBool {
			a.Load(scratch, At(args, int32(8*i)))
			m.incref(scratch)
		}
	}
	m.hold(f, held)
	for _, c := range rest {
		from := At(args, int32(8*c.arg))
		to := c.to
		kind := f.IR.Key[c.arg].Kind
		float := c.part == 0 && (kind == ir.SlotFloat || kind == ir.SlotFloatOrigin)
		if to == NoReg {
			to = scratch
			if float {
				to = scratchX
			}
		}
		switch {
		case float:
			a.Load(scratch, from)
			a.Load(to, At(scratch, int32(m.abi.FloatVal)))
		case kind == ir.SlotBool:
			m.compareAddress(from, m.abi.ObjTrue)
			a.Emit(CSINC, to, ZR, ZR, CondNE)
		default:
			a.Load(to, from)
		}
		store(c, to)
	}
	if f.ByMemory {
		a.Move(X0, SP)
		a.Call(Label(f.MemoryEntry))
	} else {
		a.Call(Label(f.RegisterEntry))
	}
	return len(ints) > 0
}

// unboxArgument unboxes an int, keeping all registers but its own.
func (m *machine) unboxArgument(c component, unfit Label, store func(component, Reg)) {
	a := m.a
	d := c.to
	if d == NoReg {
		d = X1 // carries no parameter then
	}
	big, done := a.NewLabel(), a.NewLabel()
	a.Load(scratch, At(args, int32(8*c.arg)))
	m.unboxDigit(d, scratch, big)
	a.Jmp(done)
	a.Bind(big)
	a.Call(Label(m.b.Thunk(emitter.ThunkUnboxInt, set(callerSaved))))
	a.Jcc(CondEQ, unfit)
	a.Move(d, scratch)
	a.Bind(done)
	store(c, d)
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
