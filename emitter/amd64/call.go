// Calls: C functions, native functions, and the frame that the callee may see.

package amd64

import (
	"fmt"

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
			return XMM0 + Reg(fprs-1)
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
			s.defFixed(v, XMM0)
		} else {
			s.defFixed(v, RAX)
		}
	}
	s.Emit(clobberedByC, func(l []regalloc.Loc) {
		if v.NFixed >= 0 {
			base := int32(m.frame.ArrayBase + 8)
			for i, w := range array {
				m.storeWord(f, At(RSP, base+int32(8*i)), w, l)
			}
			a.Emit(LEAQ_RM, address, At(RSP, base))
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
	s.defFixed(v, RAX)
	if tag := f.Tag(v); tag != nil && f.Wanted(tag) {
		s.defFixed(tag, RDX)
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
				m.storeWord(f, At(RSP, int32(m.frame.ArrayBase+8*i)), w, l)
			}
			a.Emit(LEAQ_RM, RDI, At(RSP, int32(m.frame.ArrayBase)))
			a.Call(m.memoryEntry(target))
		case target != nil:
			a.Call(m.registerEntry(target))
		default:
			a.MoveImm(scratch, int64(callee.Addr))
			a.Emit(CALL_M, At(scratch, 0))
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
	done, held, thunk := a.NewLabel(), a.NewLabel(), m.thunk(thunkLetGo, f.Held)
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
			a.Emit(CMPQ_MI, At(RSP, 0), Imm(0))
			a.Jcc(CondE, none)
			a.Bind(done)
			f.Cold(func() {
				a.Bind(none)
				a.Emit(MOVQ_RM, scratch, At(RSP, 8))
				a.Call(push)
				a.Emit(MOVQ_MR, At(RSP, 0), scratch)
				a.Jcc(CondNE, done)
				a.Jmp(Label(x.Label(l)))
			})
		})
		return
	}
	s.useFixed(f.Params[0], RDI)
	s.State(x, true)
	s.Emit(clobberedByC, func(l []regalloc.Loc) {
		a.Emit(MOVQ_MR, At(RSP, 8), RDI)
		m.call("gs_frame_push")
		a.Emit(TESTQ_RR, RAX, RAX)
		a.Jcc(CondE, Label(x.Label(l)))
		a.Emit(MOVQ_MR, At(RSP, 0), RAX)
	})
}
