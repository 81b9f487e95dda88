// Calls: C functions, native functions, and the frame that the callee may see.

package arm64

import (
	"fmt"

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

// callHelper calls a C function; what it returns is a whole word.
func (m *machine) callHelper(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	h := &ir.Helpers[v.Aux]
	fixed := v.Args
	var array []emitter.Word
	if v.NFixed >= 0 {
		fixed = v.Args[:v.NFixed]
	}
	gprs, fprs := 0, 0
	next := func(float bool) Reg {
		if float {
			fprs++
			return D0 + Reg(fprs-1)
		}
		if gprs == len(cArgs) {
			panic(fmt.Sprintf("BUG: too many arguments for %s", h.Name))
		}
		gprs++
		return cArgs[gprs-1]
	}
	for _, x := range fixed {
		s.useFixed(x, next(x.Type.Kind.Float()))
	}
	var address, count Reg
	if v.NFixed >= 0 {
		for _, x := range v.Args[v.NFixed:] {
			array = append(array, s.Word(x))
		}
		address, count = next(false), next(false)
		m.frame.NeedArray(len(array) + 1) // a free word before: PY_VECTORCALL_ARGUMENTS_OFFSET
	}
	if f.Wanted(v) {
		if v.Type.Kind.Float() {
			s.defFixed(v, D0)
		} else {
			s.defFixed(v, X0)
		}
	}
	s.Emit(clobberedByC, func(l []regalloc.Loc) {
		if v.NFixed >= 0 {
			base := int32(m.frame.ArrayBase + 8)
			for i, w := range array {
				m.storeWord(f, At(SP, base+int32(8*i)), w, l)
			}
			a.AddImm(address, SP, int64(base), NoReg)
			a.MoveImm(count, int64(len(array)))
		}
		m.call(h.Name)
	})
}

// callNative calls a native function. Nothing survives in registers. Arguments that do not fit registers go to the memory entry, through a
// buffer in the native frame.
func (m *machine) callNative(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	callee := f.IR.Callees[v.Aux]
	var target *emitter.Func
	if callee.Func != nil {
		target = m.b.Func(callee.Func)
	}
	places, fit := registers.ArgumentRegisters(v.Args)
	if !fit && target == nil {
		m.b.Fail("%s: too many arguments for %s", f.IR.Name, callee.Name)
		return
	}
	if target != nil && target.ByMemory == fit {
		panic("BUG: " + callee.Name + " is not called as it is entered")
	}
	var words []emitter.Word
	for i, x := range v.Args {
		if fit {
			s.UseIn(x, places[i])
			continue
		}
		words = append(words, s.Word(x))
		if i == 0 {
			words = append(words, emitter.Word{Constant: true}) // no frame
		}
	}
	m.frame.NeedArray(len(words))
	s.defFixed(v, X0)
	if tag := f.Tag(v); tag != nil && f.Wanted(tag) {
		s.defFixed(tag, X1)
	}
	var site *emitter.Exit
	if v.FS != nil {
		site = f.NewExit(v)
		s.State(site, true)
	}
	s.Emit(clobberedByNative, func(l []regalloc.Loc) {
		switch {
		case !fit:
			for i, w := range words {
				m.storeWord(f, At(SP, int32(m.frame.ArrayBase+8*i)), w, l)
			}
			a.AddImm(X0, SP, int64(m.frame.ArrayBase), NoReg)
			a.Call(m.memoryEntry(target))
		case target != nil:
			a.Call(m.registerEntry(target))
		default:
			a.MoveImm(scratch, int64(callee.Addr))
			a.Load(scratch, At(scratch, 0))
			a.Emit(BLR, scratch)
		}
		if site != nil {
			site.CallSite(l)
		}
	})
}

// link fills the frame's locals and makes it the current one.
func (m *machine) link(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	words := m.t.words.Make(len(v.Args))
	for i, x := range v.Args {
		words[i] = s.Word(x)
	}
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
	done, held, thunk := a.NewLabel(), a.NewLabel(), m.thunk(thunkLetGo, f.Held)
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

// SelectEntry makes the interpreter's frame where the function needs one, and asks for what the prologue's exits need.
func (m *machine) SelectEntry(f *emitter.Func) {
	if !f.IR.Resume {
		if f.IR.Entry == nil {
			panic("BUG: " + f.IR.Name + " has no state at its entry")
		}
		m.begin(f, nil).State(f.ExitTo(f.IR.Entry, ir.ExitInfo{}), false)
		m.t.selector.Drop() // it only asks
	}
	if !f.IR.HasFrame {
		return
	}
	a := m.a
	s := m.begin(f, nil)
	x := f.ExitTo(f.IR.Entry, ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory, Site: ir.NoSite, SiteSlot: -1})
	x.NoFrame = !f.IR.Resume
	if f.IR.Resume {
		s.State(x, false)
		s.Emit(0, func(l []regalloc.Loc) {
			none, done, push := a.NewLabel(), a.NewLabel(), m.thunk(thunkFramePush, f.Held)
			a.Load(scratch, At(SP, 0))
			a.Emit(CBZ, scratch, none)
			a.Bind(done)
			f.Cold(func() {
				a.Bind(none)
				a.Load(scratch, At(SP, 8))
				a.Call(push)
				a.Store(At(SP, 0), scratch)
				a.Emit(CBNZ, scratch, done)
				a.Jmp(Label(x.Label(l)))
			})
		})
		return
	}
	s.useFixed(f.Params[0], X0)
	s.State(x, true)
	s.Emit(clobberedByC, func(l []regalloc.Loc) {
		a.Store(At(SP, 8), X0)
		m.call("gs_frame_push")
		a.Emit(CBZ, X0, Label(x.Label(l)))
		a.Store(At(SP, 0), X0)
	})
}
