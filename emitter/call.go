// Calls: C functions, native functions, and what a function does before all else where it may have a frame.

package emitter

import (
	"fmt"

	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// callHelper calls a C function; what it returns is a whole word.
func (f *Func) callHelper(v *ir.Value) {
	s, m, regs := f.Begin(v), f.m, f.m.Registers()
	h := &ir.Helpers[v.Aux]
	fixed, vector := v.Args, v.NFixed >= 0
	if vector {
		fixed = v.Args[:v.NFixed]
	}
	var used [2]int
	next := func(class regalloc.Class) regalloc.PReg {
		if used[class] == len(regs.CArgs[class]) {
			panic(fmt.Sprintf("BUG: too many arguments for %s", h.Name))
		}
		used[class]++
		return regs.CArgs[class][used[class]-1]
	}
	for _, x := range fixed {
		s.UseIn(x, next(classOf(x)))
	}
	var array []Word
	var address, count regalloc.PReg
	if vector {
		array = s.Words(v.Args[v.NFixed:])
		address, count = next(regalloc.GPR), next(regalloc.GPR)
		f.Frame.NeedArray(len(array) + 1) // a free word before: PY_VECTORCALL_ARGUMENTS_OFFSET
	}
	if f.Wanted(v) {
		s.DefIn(v, regs.Results[classOf(v)])
	}
	s.Emit(regs.ClobberedByC, func(l []regalloc.Loc) {
		if vector {
			base := f.Frame.ArrayBase + 8
			for i, w := range array {
				m.StoreWord(f, base+8*i, w, l)
			}
			m.StackAddress(address, base)
			m.MoveImm(count, int64(len(array)))
		}
		m.CallHelper(h.Name)
	})
}

// callNative calls a native function. Nothing survives in registers. Arguments that do not fit registers go to the memory entry, through a
// buffer in the native frame.
func (f *Func) callNative(v *ir.Value) {
	s, m, regs := f.Begin(v), f.m, f.m.Registers()
	callee := f.IR.Callees[v.Aux]
	var target *Func
	if callee.Func != nil {
		target = f.Unit.byIR[callee.Func]
	}
	places, fit := regs.ArgumentRegisters(v.Args)
	if !fit && target == nil {
		f.Unit.Fail("%s: too many arguments for %s", f.IR.Name, callee.Name)
		return
	}
	if target != nil && target.ByMemory == fit {
		panic("BUG: " + callee.Name + " is not called as it is entered")
	}
	var words []Word
	for i, x := range v.Args {
		if fit {
			s.UseIn(x, places[i])
			continue
		}
		words = append(words, s.Word(x))
		if i == 0 {
			words = append(words, Word{Constant: true}) // no frame
		}
	}
	f.Frame.NeedArray(len(words))
	s.DefIn(v, regs.Results[regalloc.GPR])
	if tag := f.tags[v.ID]; tag != nil && f.Wanted(tag) {
		s.DefIn(tag, regs.Tag)
	}
	var site *Exit
	if v.FS != nil {
		site = f.NewExit(v)
		s.State(site, true)
	}
	s.Emit(regs.ClobberedByNative, func(l []regalloc.Loc) {
		switch {
		case !fit:
			for i, w := range words {
				m.StoreWord(f, f.Frame.ArrayBase+8*i, w, l)
			}
			m.StackAddress(regs.CArgs[regalloc.GPR][0], f.Frame.ArrayBase)
			m.Call(target.memoryEntry())
		case target != nil:
			m.Call(target.registerEntry())
		default:
			m.CallCell(callee.Addr)
		}
		if site != nil {
			site.CallSite(l)
		}
	})
}

// registerEntry is the label of the register entry, which calls may name before it is emitted.
func (f *Func) registerEntry() Label {
	if f.RegisterEntry == 0 {
		f.RegisterEntry = f.m.NewLabel()
	}
	return f.RegisterEntry
}

// memoryEntry is the same for the memory entry.
func (f *Func) memoryEntry() Label {
	if f.MemoryEntry == 0 {
		f.MemoryEntry = f.m.NewLabel()
	}
	return f.MemoryEntry
}

// selectEntry makes the interpreter's frame where the function needs one, and asks for what the prologue's exits need.
func (f *Func) selectEntry() {
	if !f.IR.Resume {
		if f.IR.Entry == nil {
			panic("BUG: " + f.IR.Name + " has no state at its entry")
		}
		s := f.Begin(nil)
		s.State(f.ExitTo(f.IR.Entry, ir.ExitInfo{}), false)
		s.drop() // it only asks
	}
	if !f.IR.HasFrame {
		return
	}
	m, regs := f.m, f.m.Registers()
	scratch := regs.Scratch[regalloc.GPR]
	s := f.Begin(nil)
	x := f.ExitTo(f.IR.Entry, ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory, Site: ir.NoSite, SiteSlot: -1})
	x.NoFrame = !f.IR.Resume
	if f.IR.Resume {
		s.State(x, false)
		s.Emit(0, func(l []regalloc.Loc) {
			none, done, push := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkFramePush, f.Held)
			m.Load(scratch, regs.StackPointer, 0)
			m.JumpIfZero(scratch, none)
			m.Bind(done)
			f.Cold(func() {
				m.Bind(none)
				m.Load(scratch, regs.StackPointer, 8)
				m.Call(push)
				m.Store(regs.StackPointer, 0, scratch)
				m.JumpUnlessFailed(done)
				m.Jump(x.Label(l))
			})
		})
		return
	}
	result := regs.Results[regalloc.GPR]
	s.UseIn(f.Params[0], regs.Callable)
	s.State(x, true)
	s.Emit(regs.ClobberedByC, func(l []regalloc.Loc) {
		m.Store(regs.StackPointer, 8, regs.Callable)
		m.CallHelper("gs_frame_push")
		m.JumpIfZero(result, x.Label(l))
		m.Store(regs.StackPointer, 0, result)
	})
}
