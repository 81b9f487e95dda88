// Registers and calls: what is allocatable, where parameters arrive, how a native frame is entered and left. docs/runtime.md, section 4, has
// the convention, emitter.NativeFrame the layout. The return address is the uppermost word of the native frame, where x86-64's call would
// have put it, so that the runtime sees one layout.

package arm64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// The registers with a fixed part: x15 and x16 hold no value across instructions, nor does d31; x17 makes addresses that no instruction has
// room for; x28 is the thread state. x18 is the platform's, and x29 stays the frame pointer of the C function below. x30 is free in a body,
// and changed by every call of a thunk.
const (
	scratch  = X16
	scratch2 = X15
	scratchX = D31
	thread   = X28
)

func preg(r Reg) regalloc.PReg { return regalloc.PReg(r) }

// between are the registers from first to last.
func between(first, last Reg) (rs []Reg) {
	for r := first; r <= last; r++ {
		rs = append(rs, r)
	}
	return rs
}

func pregs(groups ...[]Reg) (ps []regalloc.PReg) {
	for _, rs := range groups {
		for _, r := range rs {
			ps = append(ps, preg(r))
		}
	}
	return ps
}

func set(groups ...[]Reg) (s regalloc.RegSet) {
	for _, p := range pregs(groups...) {
		s = s.With(p)
	}
	return s
}

var (
	// callerSaved are the registers that a C function may change, but for the scratch registers.
	callerSaved  = between(X0, X14)
	callerSavedX = append(between(D0, D7), between(D16, D30)...)
	calleeSaved  = between(X19, X27)
	calleeSavedX = between(D8, D15)
	cArgs        = between(X0, X7)

	clobberedByC = set(callerSaved, callerSavedX)

	registers = emitter.Registers{
		// Those without a fixed use first, then those of arguments from the last one on.
		Avail: [2][]regalloc.PReg{
			pregs(between(X8, X14), []Reg{X7, X6, X5, X4, X3, X2, X1, X0}, calleeSaved),
			pregs(between(D16, D30), between(D0, D7), calleeSavedX),
		},
		Scratch: [2]regalloc.PReg{preg(scratch), preg(scratchX)},
		Params: [2][]regalloc.PReg{
			pregs(between(X1, X14)),
			pregs(between(D0, D7), between(D16, D23)),
		},
		Callable:          preg(X0),
		CArgs:             [2][]regalloc.PReg{pregs(cArgs), pregs(between(D0, D7))},
		Results:           [2]regalloc.PReg{preg(X0), preg(D0)},
		StackPointer:      preg(SP),
		StubArgs:          preg(args),
		Saved:             [2]regalloc.PReg{preg(X19), preg(X20)},
		Tag:               preg(X1),
		ClobberedByC:      clobberedByC,
		ClobberedByNative: clobberedByC | set(calleeSaved, calleeSavedX),
	}
)

// Offsets in struct gs_regs (pyext/native/contract.h), which has 32 registers of each class here.
const (
	RegsGPR    = 0
	RegsFPR    = 32 * 8
	regsTail   = 64 * 8
	RegsExit   = regsTail + pyabi.TailExit
	RegsResume = regsTail + pyabi.TailResume
	RegsBuffer = regsTail + pyabi.TailBuffer
	RegsValue  = regsTail + pyabi.TailValue
	RegsTag    = regsTail + pyabi.TailTag
	SizeRegs   = regsTail + pyabi.TailSize
)

// Target is arm64 and one running interpreter.
type Target struct {
	*emitter.Runtime

	// What a unit leaves to the next one: there is one at a time.
	assembler *Assembler
}

// New makes the target for an interpreter, or tells what its ABI header lacks.
func New(abi *pyabi.ABI) (*Target, error) {
	r, err := emitter.NewRuntime(abi)
	if err != nil {
		return nil, err
	}
	return &Target{Runtime: r}, nil
}

// FMulAdd tells that the processor multiplies and adds in one instruction.
func (t *Target) FMulAdd() bool { return true }

// Name is the name of the instruction set.
func (t *Target) Name() string { return "arm64" }

// Unit begins the code of a compile unit. The one before must be finished.
func (t *Target) Unit(b *emitter.Builder) emitter.Machine {
	if t.assembler == nil {
		t.assembler = NewAssembler(emitter.MaxCode)
	} else {
		t.assembler.Reset()
	}
	return &machine{t: t, abi: t.ABI, b: b, a: t.assembler, CodeBuffer: &t.assembler.CodeBuffer}
}

// machine makes the code of a unit.
type machine struct {
	t   *Target
	abi *pyabi.ABI
	b   *emitter.Builder
	a   *Assembler
	*emitter.CodeBuffer[poolKey]
}

func (m *machine) Registers() *emitter.Registers { return &registers }
func (m *machine) ABI() *pyabi.ABI               { return m.abi }

func (m *machine) Align()                  { m.a.Align(16) }
func (m *machine) Jump(l Label)            { m.a.Jmp(l) }
func (m *machine) Offset(l Label) int      { return m.a.Offset(l) }
func (m *machine) Finish() ([]byte, error) { return m.a.Finish() }

// Refs are the pool's addresses in the data area.
func (m *machine) Refs() (refs []emitter.Ref) {
	m.a.DataRefs(func(off, data int) { refs = append(refs, emitter.Ref{Off: off, Data: data}) })
	return refs
}

// dataAddress loads the address of something in the data area.
func (m *machine) dataAddress(dst Reg, data int) { m.a.Pool(dst, m.a.Data(data)) }

// addTo adds to a word of 64 or 32 bits in memory, by way of scratch2, and leaves the sum there. flags: they tell of it.
func (m *machine) addTo(mem Mem, n int64, wide, flags bool) {
	load, store, op := load64, store64, [2][2]Op{{ADD_I, ADDS_I}, {SUB_I, SUBS_I}}
	if !wide {
		load, store, op = load32, store32, [2][2]Op{{ADDW_I, ADDSW_I}, {SUBW_I, SUBSW_I}}
	}
	sign, how := 0, 0
	if n < 0 {
		sign, n = 1, -n
	}
	if flags {
		how = 1
	}
	m.a.Access(load, scratch2, mem)
	m.a.Emit(op[sign][how], scratch2, scratch2, Imm(n))
	m.a.Access(store, scratch2, mem)
}

// compareAddress compares a word in memory with an address, by way of scratch2 and scratch, which the word's address may use.
func (m *machine) compareAddress(mem Mem, address uint64) {
	m.a.Load(scratch2, mem)
	m.compareRegister(scratch2, address)
}

// compareRegister compares a register, not scratch, with an address.
func (m *machine) compareRegister(r Reg, address uint64) { m.a.CompareImm(r, int64(address), scratch) }

// Push makes the native frame, with the return address in its last word.
func (m *machine) Push(f *emitter.Func) {
	a := m.a
	if f.FrameSize == 8 {
		a.Emit(STP_PRE, ZR, X30, At(SP, -16))
		return
	}
	a.AddImm(SP, SP, -int64(f.FrameSize+8), NoReg)
	a.Store(At(SP, int32(f.FrameSize)), X30)
}

// Return drops it and returns.
func (m *machine) Return(f *emitter.Func) {
	a := m.a
	if f.FrameSize == 8 {
		a.Emit(LDP_POST, ZR, X30, At(SP, 16))
	} else {
		a.Load(X30, At(SP, int32(f.FrameSize)))
		a.AddImm(SP, SP, int64(f.FrameSize+8), NoReg)
	}
	a.Emit(RET)
}

func (m *machine) slot(f *emitter.Func, l regalloc.Loc) int32 { return int32(f.SlotBase + 8*l.Slot()) }

// Count counts the activation as recursion.
func (m *machine) Count() { m.addTo(At(thread, int32(m.abi.ThreadRecursion)), -1, false, false) }

// Uncount takes it back.
func (m *machine) Uncount() { m.addTo(At(thread, int32(m.abi.ThreadRecursion)), 1, false, false) }

// CheckRecursion leaves if there is little left.
func (m *machine) CheckRecursion(counted bool, leave Label) {
	left := At(thread, int32(m.abi.ThreadRecursion))
	m.a.Access(load32, scratch, left)
	if counted {
		m.a.Emit(SUBW_I, scratch, scratch, Imm(1))
		m.a.Access(store32, scratch, left)
		m.a.Emit(SUBSW_I, ZR, scratch, Imm(pyabi.RecursionMargin))
		m.a.Jcc(CondLT, leave)
		return
	}
	m.a.Emit(SUBSW_I, ZR, scratch, Imm(pyabi.RecursionMargin))
	m.a.Jcc(CondLE, leave)
}

// CheckStack: the cells are those of the thread that last set them: on another thread's stack the difference is out of range too, and the exit
// sets them.
func (m *machine) CheckStack(leave Label) {
	a := m.a
	a.MoveImm(scratch, int64(m.abi.StackLimit))
	a.Load(scratch2, At(scratch, 0))
	a.Move(addressTemp, SP)
	a.Emit(SUB, scratch2, addressTemp, scratch2)
	if size := int64(m.t.StackSize - m.abi.StackLimit); size >= -256 && size <= 4096 && size%8 == 0 {
		a.Load(scratch, At(scratch, int32(size)))
	} else {
		a.MoveImm(scratch, int64(m.t.StackSize))
		a.Load(scratch, At(scratch, 0))
	}
	a.Emit(SUBS, ZR, scratch2, scratch)
	a.Jcc(CondHI, leave)
}

// CountDown takes the exit when its word comes to 0.
func (m *machine) CountDown(x *emitter.Exit, exit Label) {
	m.dataAddress(scratch, x.ForceOffset())
	m.addTo(At(scratch, 0), -1, false, true)
	m.a.Jcc(CondEQ, exit)
}

// Poll leaves if the eval breaker is set.
func (m *machine) Poll(exit Label) {
	how := load32
	if m.abi.BreakerSize == 1 {
		how = load8
	}
	m.a.Access(how, scratch, m.at(thread, scratch, m.abi.BreakerBy, m.abi.BreakerAt))
	m.a.Emit(CBNZW, scratch, exit)
}

// at is a field of the thread state ts, or of what is found by another field of it, for which t is loaded. pyabi.ABI tells such pairs.
func (m *machine) at(ts, t Reg, by, at uint64) Mem {
	if by == 0 {
		return At(ts, int32(at))
	}
	m.a.Load(t, At(ts, int32(by)))
	return At(t, int32(at))
}

// watched goes to exit if a tool looks at what runs. It changes both scratch registers.
func (m *machine) watched(ts Reg, exit Label) {
	at := m.at(ts, scratch, m.abi.WatchBy, m.abi.WatchAt)
	if m.abi.WatchQuiet == 0 {
		m.a.Access(load8, scratch, at)
		m.a.Emit(CBNZW, scratch, exit)
		return
	}
	m.a.Load(scratch2, at)
	m.a.MoveImm(scratch, int64(m.abi.WatchQuiet))
	m.a.Load(scratch, At(scratch, 0))
	m.a.Emit(SUBS, ZR, scratch, scratch2)
	m.a.Jcc(CondNE, exit)
}

// loadThread loads the running thread's state.
func loadThread(a *Assembler, abi *pyabi.ABI, d Reg) {
	if abi.ThreadCurrent == 0 {
		a.Emit(MRS_TP, d)
		a.Load(d, At(d, int32(abi.ThreadLocal)))
		return
	}
	a.MoveImm(d, int64(abi.ThreadCurrent))
	a.Load(d, At(d, 0))
}

// Edit moves a value.
func (m *machine) Edit(f *emitter.Func, e regalloc.Edit) {
	a := m.a
	switch {
	case e.From.IsRemat() && e.To.IsSlot():
		v := f.Value(e.From.Remat())
		if v.Op == ir.OpScratch {
			a.AddImm(scratch, SP, int64(f.Frame.ScratchOffset(v)), NoReg)
			a.Store(At(SP, m.slot(f, e.To)), scratch)
		} else {
			m.storeConstant(At(SP, m.slot(f, e.To)), v.Aux)
		}
	case e.From.IsRemat():
		m.constant(f, Reg(e.To.Reg()), f.Value(e.From.Remat()))
	case e.From.IsReg() && e.To.IsReg():
		a.Move(Reg(e.To.Reg()), Reg(e.From.Reg()))
	case e.From.IsReg():
		a.Store(At(SP, m.slot(f, e.To)), Reg(e.From.Reg()))
	default:
		a.Load(Reg(e.To.Reg()), At(SP, m.slot(f, e.From)))
	}
}

// storeConstant stores 64 bits, by way of scratch.
func (m *machine) storeConstant(to Mem, n int64) {
	r := ZR
	if n != 0 {
		r = scratch
		m.a.MoveImm(r, n)
	}
	m.a.Store(to, r)
}

// constant makes a constant, or the address of scratch words. It leaves the flags alone.
func (m *machine) constant(f *emitter.Func, dst Reg, v *ir.Value) {
	_, short := floatPattern(uint64(v.Aux))
	switch {
	case v.Op == ir.OpScratch:
		m.a.AddImm(dst, SP, int64(f.Frame.ScratchOffset(v)), NoReg)
	case dst.IsGPR():
		m.a.MoveImm(dst, v.Aux)
	case v.Aux == 0:
		m.a.Move(dst, ZR)
	case short:
		m.a.Emit(FMOV_I, dst, Imm(v.Aux))
	default:
		m.a.Pool(dst, m.a.Int64(v.Aux))
	}
}
