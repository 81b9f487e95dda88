// How a function begins, ends, and ends its blocks: entries, what native code must not run without, and the way back.

package emitter

import (
	"fmt"

	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// entry emits the entries and the prologue.
func (f *Func) entry() {
	m := f.m
	m.Align()
	m.Bind(f.memoryEntry())
	if !f.ByMemory {
		f.loadParams()
		m.Bind(f.registerEntry())
		m.Push(f)
		f.checks()
		return
	}
	m.Push(f)
	if regs := m.Registers(); f.IR.Resume {
		scratch := regs.Scratch[regalloc.GPR]
		m.Load(scratch, regs.Callable, 8)
		m.Store(regs.StackPointer, 0, scratch)
	}
	f.loadParams()
	f.checks()
}

// loadParams loads the parameters from the activation buffer, whose address comes where the callable will be, to where they are wanted.
func (f *Func) loadParams() {
	m, regs := f.m, f.m.Registers()
	for i := range f.Params {
		if i == 0 || !f.Wanted(f.Params[i]) {
			continue
		}
		if l := f.ParamLoc[i]; l.IsReg() {
			m.Load(l.Reg(), regs.Callable, 8+8*i)
		} else {
			scratch := regs.Scratch[regalloc.GPR]
			m.Load(scratch, regs.Callable, 8+8*i)
			m.Store(regs.StackPointer, f.SlotBase+8*l.Slot(), scratch)
		}
	}
	m.Load(regs.Callable, regs.Callable, 0)
	if f.ByMemory && f.MayHaveFrame() {
		m.Store(regs.StackPointer, 8, regs.Callable)
	}
}

// checks tests what native code must not run without, and counts recursion if the entry block is counted. A continuation takes the place of
// code that was counted and tested, and its loop polls: it only counts.
func (f *Func) checks() {
	m := f.m
	counted := f.Counted(f.IR.Blocks[0])
	if f.IR.Resume {
		if counted {
			m.Count()
		}
		return
	}
	if f.IR.Entry == nil {
		panic("BUG: " + f.IR.Name + " has no state at its entry")
	}
	var forced []*Exit
	leave := func(kind ir.ExitKind, why ir.Reason) Label {
		x := f.ExitTo(f.IR.Entry, ir.ExitInfo{Kind: kind, Reason: why, Site: ir.NoSite, SiteSlot: -1})
		x.NoFrame = true
		if x.Forced() {
			forced = append(forced, x)
		}
		return x.entryLabel()
	}
	m.CheckRecursion(counted, leave(ir.ExitInterpret, ir.WhyStack))
	if f.CallsOut {
		m.CheckStack(leave(ir.ExitInterpret, ir.WhyStack))
		m.Poll(leave(ir.ExitPoll, ir.WhyPoll))
	}
	for _, x := range forced {
		m.CountDown(x, x.entryLabel())
	}
}

// leave is the epilogue: the word is in the register of results; the tag is in its own or, if it is given, a constant.
func (f *Func) leave(b *ir.Block, tag int64) {
	m, regs := f.m, f.m.Registers()
	if f.MayHaveFrame() && tag != ir.TagError { // gs_leave_raising has popped it
		result, arg := regs.Results[regalloc.GPR], regs.CArgs[regalloc.GPR][0]
		frame, done := arg, m.NewLabel()
		if arg == result {
			frame = regs.Scratch[regalloc.GPR]
		}
		m.Load(frame, regs.StackPointer, 0)
		if !f.IR.HasFrame {
			m.JumpIfZero(frame, done)
		}
		m.Move(regs.Saved[0], result)
		if tag < 0 {
			m.Move(regs.Saved[1], regs.Tag)
		}
		m.Move(arg, frame)
		m.CallHelper("gs_frame_pop")
		m.Move(result, regs.Saved[0])
		if tag < 0 {
			m.Move(regs.Tag, regs.Saved[1])
		}
		m.Bind(done)
	}
	if tag >= 0 {
		m.MoveImm(regs.Tag, tag)
	}
	if f.Counted(b) {
		m.Uncount()
	}
	m.Return(f)
}

// selectControl adds the instruction that ends the block.
func (f *Func) selectControl(b *ir.Block) {
	v, m, regs := b.Ctrl, f.m, f.m.Registers()
	result := regs.Results[regalloc.GPR]
	s := f.Begin(v)
	switch v.Op {
	case ir.OpJump:
		s.Emit(0, func([]regalloc.Loc) {})
	case ir.OpBranch:
		m.SelectBranch(f, v)
	case ir.OpReturn:
		if len(v.Args) > 0 {
			x := v.Args[0]
			if x.Type.Kind.Float() {
				n := s.Use(x)
				s.Emit(0, func(l []regalloc.Loc) {
					m.Move(result, l[n].Reg())
					f.leave(b, v.Aux)
				})
				return
			}
			s.UseIn(x, result)
		}
		s.Emit(0, func([]regalloc.Loc) { f.leave(b, v.Aux) })
	case ir.OpReturnRaw:
		s.UseIn(v.Args[0], result)
		s.UseIn(v.Args[1], regs.Tag)
		s.Emit(0, func([]regalloc.Loc) { f.leave(b, -1) })
	case ir.OpExit:
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) { m.Jump(x.Label(l)) })
	default:
		panic(fmt.Sprintf("BUG: no selection for %v at the end of a block", v.Op))
	}
}
