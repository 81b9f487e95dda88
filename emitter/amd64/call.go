// Calls: C functions, native functions, and the frame that the callee may see.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

const (
	siteType  = pyabi.SiteType
	siteFlags = pyabi.SiteFlags
	siteCount = pyabi.SiteCount
	sitePoly  = pyabi.SitePoly
)

// storeWord leaves the general registers alone.
func (m *machine) storeWord(f *emitter.Func, to Mem, w emitter.Word, l []regalloc.Loc) {
	a := m.a
	switch {
	case w.Constant && fits32(w.N):
		a.Emit(MOVQ_MI, to, Imm(w.N))
	case w.Constant:
		a.Load(scratchX, a.Int64(w.N))
		a.Store(to, scratchX)
	case l[w.Op].IsSlot():
		a.Load(scratchX, At(RSP, m.slot(f, l[w.Op])))
		a.Store(to, scratchX)
	default:
		a.Store(to, reg(l[w.Op]))
	}
}

// link fills the frame's locals and makes it the current one.
func (m *machine) link(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	words := s.Words(v.Args)
	t := s.Temp()
	code := f.Code()
	s.Emit(0, func(l []regalloc.Loc) {
		frame := reg(l[t])
		a.Emit(MOVQ_RM, frame, At(RSP, 0))
		for i, w := range words {
			if x := v.Args[i]; x.Op != ir.OpConstPtr || uint64(x.Aux) != ir.LinkKept {
				m.storeWord(f, At(frame, int32(m.abi.FrameLocals)+int32(8*i)), w, l)
			}
		}
		instruction := int64(code.Object + m.abi.CodeAdaptive + 2*uint64(v.Aux))
		m.storeWord(f, At(frame, int32(m.abi.FrameIP)), emitter.Word{Constant: true, N: instruction}, l)
		current := m.at(thread, scratch, m.abi.FramesBy, m.abi.FramesAt)
		a.Load(scratchX, current)
		a.Store(At(frame, int32(m.abi.FramePrevious)), scratchX)
		a.Emit(MOVQ_MR, current, frame)
	})
}

// dropFrameObject has the runtime drop the frame's object, if there is one.
func (m *machine) dropFrameObject(f *emitter.Func) {
	if !f.MayHaveFrame() {
		return
	}
	a := m.a
	done, held, thunk := a.NewLabel(), a.NewLabel(), m.b.Thunk(emitter.ThunkLetGo, f.Held)
	a.Emit(MOVQ_RM, scratch, At(RSP, 0))
	if !f.IR.HasFrame {
		a.Emit(TESTQ_RR, scratch, scratch)
		a.Jcc(CondE, done)
	}
	a.Emit(CMPQ_MI, At(scratch, int32(m.abi.FrameObject)), Imm(0))
	a.Jcc(CondNE, held)
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
	a.Jcc(CondNE, held)
	f.Cold(func() {
		a.Bind(held)
		a.MoveImm(scratch, int64(number))
		a.Call(thunk)
		a.Jcc(CondE, same)
		a.Jmp(x.Label(l))
	})
}
