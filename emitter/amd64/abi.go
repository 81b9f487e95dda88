// Registers and calls: what is allocatable, where parameters arrive, how a native frame is laid out, entered and left. docs/runtime.md,
// section 4, has the convention.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// The registers with a fixed part: r11 and xmm15 hold no value across instructions, r15 is the thread state.
const (
	scratch  = R11
	scratchX = XMM15
	thread   = R15
)

func preg(r Reg) regalloc.PReg { return regalloc.PReg(r) }

func pregs(rs ...Reg) []regalloc.PReg {
	ps := make([]regalloc.PReg, len(rs))
	for i, r := range rs {
		ps[i] = preg(r)
	}
	return ps
}

func set(rs ...Reg) (s regalloc.RegSet) {
	for _, r := range rs {
		s = s.With(preg(r))
	}
	return s
}

var (
	allXMM = []Reg{XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14}
	// callerSaved are the registers that a C function may change, but for the scratch registers.
	callerSaved = []Reg{RAX, RCX, RDX, RSI, RDI, R8, R9, R10}
	calleeSaved = []Reg{RBX, RBP, R12, R13, R14}
	cArgs       = []Reg{RDI, RSI, RDX, RCX, R8, R9}

	clobberedByC = set(callerSaved...) | set(allXMM...)

	registers = emitter.Registers{
		// Those without a fixed use first, then the caller-saved, so that arguments and quotients find theirs free.
		Avail: [2][]regalloc.PReg{
			pregs(RSI, RDI, R8, R9, R10, RAX, RCX, RDX, RBX, RBP, R12, R13, R14),
			pregs(allXMM...),
		},
		Scratch: [2]regalloc.PReg{preg(scratch), preg(scratchX)},
		Params: [2][]regalloc.PReg{
			pregs(RSI, RDX, RCX, R8, R9, RAX, RBX, R10, R12, R13, R14),
			pregs(XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7),
		},
		Callable:          preg(RDI),
		CArgs:             [2][]regalloc.PReg{pregs(cArgs...), pregs(allXMM[:8]...)},
		Results:           [2]regalloc.PReg{preg(RAX), preg(XMM0)},
		StackPointer:      preg(RSP),
		StubArgs:          preg(RBP),
		Saved:             [2]regalloc.PReg{preg(RBX), preg(RBP)},
		Tag:               preg(RDX),
		ClobberedByC:      clobberedByC,
		ClobberedByNative: clobberedByC | set(calleeSaved...),
	}
)

// Offsets in struct gs_regs (pyext/native/contract.h), which has 16 registers of each class here.
const (
	RegsGPR    = 0
	RegsFPR    = 16 * 8
	regsTail   = 32 * 8
	RegsExit   = regsTail + pyabi.TailExit
	RegsResume = regsTail + pyabi.TailResume
	RegsBuffer = regsTail + pyabi.TailBuffer
	RegsValue  = regsTail + pyabi.TailValue
	RegsTag    = regsTail + pyabi.TailTag
	SizeRegs   = regsTail + pyabi.TailSize
)

// Target is x86-64 (with SSE4.1) and one running interpreter.
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

// FMulAdd tells whether the processor multiplies and adds in one instruction, and the system keeps the registers' upper halves.
func (t *Target) FMulAdd() bool { return hasFMA() }

// Flush has nothing to do: instruction caches see what is written.
func (t *Target) Flush(at uintptr, size int) {}

// Name is the name of the instruction set.
func (t *Target) Name() string { return "amd64" }

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
	refs []dataRef
}

// dataRef is an instruction MOVABSQ at a label whose constant is an address in the data area.
type dataRef struct {
	at   Label
	data int
}

func (m *machine) Registers() *emitter.Registers { return &registers }
func (m *machine) ABI() *pyabi.ABI               { return m.abi }

func (m *machine) Align()                  { m.a.Align(16) }
func (m *machine) Jump(l Label)            { m.a.Jmp(l) }
func (m *machine) Offset(l Label) int      { return m.a.Offset(l) }
func (m *machine) Finish() ([]byte, error) { return m.a.Finish() }

// Refs are the constants of MOVABSQ, behind a prefix and an opcode.
func (m *machine) Refs() []emitter.Ref {
	refs := make([]emitter.Ref, len(m.refs))
	for i, r := range m.refs {
		refs[i] = emitter.Ref{Off: m.a.Offset(r.at) + 2, Data: r.data}
	}
	return refs
}

// dataAddress loads the address of something in the data area.
func (m *machine) dataAddress(dst Reg, data int) {
	m.refs = append(m.refs, dataRef{m.a.Here(), data})
	m.a.Emit(MOVABSQ_RI, dst, Imm(0))
}

func (m *machine) slot(f *emitter.Func, l regalloc.Loc) int32 { return int32(f.SlotBase + 8*l.Slot()) }

// Push makes the native frame below the return address.
func (m *machine) Push(f *emitter.Func) {
	if f.FrameSize == 8 {
		m.a.Emit(PUSHQ_R, RAX)
	} else {
		m.a.Emit(SUBQ_RI, RSP, Imm(f.FrameSize))
	}
}

// Return drops it and returns.
func (m *machine) Return(f *emitter.Func) {
	if f.FrameSize == 8 {
		m.a.Emit(POPQ_R, RCX)
	} else {
		m.a.Emit(ADDQ_RI, RSP, Imm(f.FrameSize))
	}
	m.a.Emit(RET)
}

// Count counts the activation as recursion.
func (m *machine) Count() { m.a.Emit(DECL_M, At(thread, int32(m.abi.ThreadRecursion))) }

// Uncount takes it back.
func (m *machine) Uncount() { m.a.Emit(INCL_M, At(thread, int32(m.abi.ThreadRecursion))) }

// CheckRecursion leaves if there is little left.
func (m *machine) CheckRecursion(counted bool, leave Label) {
	left := At(thread, int32(m.abi.ThreadRecursion))
	if counted {
		m.a.Emit(MOVL_RM, scratch, left)
		m.a.Emit(SUBL_RI, scratch, Imm(1))
		m.a.Emit(MOVL_MR, left, scratch)
		m.a.Emit(CMPL_RI, scratch, Imm(pyabi.RecursionMargin))
		m.a.Jcc(CondL, leave)
		return
	}
	m.a.Emit(CMPL_MI, left, Imm(pyabi.RecursionMargin))
	m.a.Jcc(CondLE, leave)
}

// CheckStack: rbp carries no parameter. The cells are those of the thread that last set them: on another thread's stack the difference is out of
// range too, and the exit sets them.
func (m *machine) CheckStack(leave Label) {
	a := m.a
	a.MoveImm(scratch, int64(m.abi.StackLimit))
	a.Move(RBP, RSP)
	a.Emit(SUBQ_RM, RBP, At(scratch, 0))
	if size := int64(m.t.StackSize - m.abi.StackLimit); fits32(size) {
		a.Emit(CMPQ_RM, RBP, At(scratch, int32(size)))
	} else {
		a.MoveImm(scratch, int64(m.t.StackSize))
		a.Emit(CMPQ_RM, RBP, At(scratch, 0))
	}
	a.Jcc(CondA, leave)
}

// CountDown takes the exit when its word comes to 0.
func (m *machine) CountDown(x *emitter.Exit, exit Label) {
	m.dataAddress(scratch, x.ForceOffset())
	m.a.Emit(DECL_M, At(scratch, 0))
	m.a.Jcc(CondE, exit)
}

// Poll leaves if the eval breaker is set.
func (m *machine) Poll(exit Label) {
	compare := CMPL_MI
	if m.abi.BreakerSize == 1 {
		compare = CMPB_MI
	}
	m.a.Emit(compare, m.at(thread, scratch, m.abi.BreakerBy, m.abi.BreakerAt), Imm(0))
	m.a.Jcc(CondNE, exit)
}

// at is a field of the thread state ts, or of what is found by another field of it, for which t is loaded. pyabi.ABI tells such pairs.
func (m *machine) at(ts, t Reg, by, at uint64) Mem {
	if by == 0 {
		return At(ts, int32(at))
	}
	m.a.Emit(MOVQ_RM, t, At(ts, int32(by)))
	return At(t, int32(at))
}

// watched goes to exit if a tool looks at what runs. t and u are for its use; u may be NoReg if byWord says that it is not needed.
func (m *machine) watched(ts, t, u Reg, exit Label) {
	at := m.at(ts, t, m.abi.WatchBy, m.abi.WatchAt)
	if m.watchedByWord() {
		m.a.Emit(MOVQ_RM, t, at)
		m.a.MoveImm(u, int64(m.abi.WatchQuiet))
		m.a.Emit(CMPQ_MR, At(u, 0), t)
	} else {
		m.a.Emit(CMPB_MI, at, Imm(0))
	}
	m.a.Jcc(CondNE, exit)
}

func (m *machine) watchedByWord() bool { return m.abi.WatchQuiet != 0 }

// loadThread loads the running thread's state.
func loadThread(a *Assembler, abi *pyabi.ABI, d Reg) {
	if abi.ThreadCurrent == 0 {
		a.Emit(MOVQ_RF, d, Mem{Base: NoReg, Disp: int32(abi.ThreadLocal)})
		return
	}
	a.MoveImm(d, int64(abi.ThreadCurrent))
	a.Emit(MOVQ_RM, d, At(d, 0))
}

// Edit moves a value.
func (m *machine) Edit(f *emitter.Func, e regalloc.Edit) {
	a := m.a
	switch {
	case e.From.IsRemat() && e.To.IsSlot():
		m.constantTo(f, At(RSP, m.slot(f, e.To)), f.Value(e.From.Remat()))
	case e.From.IsRemat():
		m.constant(f, Reg(e.To.Reg()), f.Value(e.From.Remat()))
	case e.From.IsReg() && e.To.IsReg():
		a.Move(Reg(e.To.Reg()), Reg(e.From.Reg()))
	case e.From.IsReg():
		a.Store(At(RSP, m.slot(f, e.To)), Reg(e.From.Reg()))
	default:
		a.Load(Reg(e.To.Reg()), At(RSP, m.slot(f, e.From)))
	}
}

// constantTo stores a constant, or the address of scratch words.
func (m *machine) constantTo(f *emitter.Func, to Mem, v *ir.Value) {
	if v.Op != ir.OpScratch && fits32(v.Aux) {
		m.a.Emit(MOVQ_MI, to, Imm(v.Aux))
		return
	}
	if v.Op == ir.OpScratch {
		m.a.Emit(LEAQ_RM, scratch, At(RSP, int32(f.Frame.ScratchOffset(v))))
	} else {
		m.a.MoveImm(scratch, v.Aux)
	}
	m.a.Emit(MOVQ_MR, to, scratch)
}

// constant makes a constant, or the address of scratch words. No flags live from one instruction of the allocator's to another.
func (m *machine) constant(f *emitter.Func, dst Reg, v *ir.Value) {
	switch {
	case v.Op == ir.OpScratch:
		m.a.Emit(LEAQ_RM, dst, At(RSP, int32(f.Frame.ScratchOffset(v))))
	case dst.IsGPR() && v.Aux == 0:
		m.a.Emit(XORL_RR, dst, dst)
	case dst.IsGPR():
		m.a.MoveImm(dst, v.Aux)
	case v.Aux == 0:
		m.a.Emit(XORPS_XX, dst, dst)
	default:
		m.a.Load(dst, m.a.Int64(v.Aux))
	}
}
