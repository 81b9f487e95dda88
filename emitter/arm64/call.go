// Calls: C functions, native functions, and the frame that the callee may see.

package arm64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// storeWord leaves all but the scratch registers alone.
func (m *machine) storeWord(f *emitter.Func, to Mem, w emitter.Word, l []regalloc.Loc) {
	switch {
	case w.Constant:
		m.storeConstant(to, w.N)
	case l[w.Op].IsSlot():
		m.a.Load(scratch, At(SP, m.slot(f, l[w.Op])))
		m.a.Store(to, scratch)
	default:
		m.a.Store(to, reg(l[w.Op]))
	}
}

// link fills the frame's locals and makes it the current one.
func (m *machine) link(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	words := s.Words(v.Args)
	code := f.Code()
	s.Emit(0, func(l []regalloc.Loc) {
		frame := scratch2
		a.Load(frame, At(SP, 0))
		for i, w := range words {
			if x := v.Args[i]; x.Op != ir.OpConstPtr || uint64(x.Aux) != ir.LinkKept {
				m.storeWord(f, At(frame, int32(m.abi.FrameLocals)+int32(8*i)), w, l)
			}
		}
		m.storeConstant(At(frame, int32(m.abi.FrameIP)), int64(code.Object+m.abi.CodeAdaptive+2*uint64(v.Aux)))
		current := m.at(thread, addressTemp, m.abi.FramesBy, m.abi.FramesAt)
		a.Load(scratch, current)
		a.Store(At(frame, int32(m.abi.FramePrevious)), scratch)
		a.Store(current, frame)
	})
}

// dropFrameObject has the runtime drop the frame's object, if there is one.
func (m *machine) dropFrameObject(f *emitter.Func) {
	if !f.MayHaveFrame() {
		return
	}
	a := m.a
	done, held, thunk := a.NewLabel(), a.NewLabel(), m.b.Thunk(emitter.ThunkLetGo, f.Held)
	a.Load(scratch, At(SP, 0))
	if !f.IR.HasFrame {
		a.Emit(CBZ, scratch, done)
	}
	a.Load(scratch2, At(scratch, int32(m.abi.FrameObject)))
	a.Emit(CBNZ, scratch2, held)
	f.Cold(func() {
		a.Bind(held)
		a.Call(thunk)
		a.Jmp(done)
	})
	a.Bind(done)
}

// askLocals has the runtime look at the locals of a frame object, if there is one, and goes on at same or leaves.
func (m *machine) askLocals(f *emitter.Func, x *emitter.Exit, l []regalloc.Loc, same Label) {
	a := m.a
	held := a.NewLabel()
	thunk, number := f.LocalsThunk(x, l)
	a.Emit(CBNZ, scratch, held)
	f.Cold(func() {
		a.Bind(held)
		a.MoveImm(scratch, int64(number))
		a.Call(thunk)
		a.Jcc(CondEQ, same)
		a.Jmp(x.Label(l))
	})
}
