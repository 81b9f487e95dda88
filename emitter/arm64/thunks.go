// Code that a unit has once: the common exit, and calls of the runtime that keep the registers which hold something. Also the bridge from C.

package arm64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/pyabi"
)

// ExitStub leaves with the number of an exit.
func (m *machine) ExitStub(number int) {
	m.a.MoveImm(scratch, int64(number))
	m.a.Jmp(m.b.ExitLabel())
}

// Thunk emits a thunk.
func (m *machine) Thunk(t emitter.Thunk) {
	a := m.a
	if t.Kind == emitter.ThunkUnboxInt {
		m.unboxTwoDigits()
	}
	if t.Kind == emitter.ThunkBoxInt {
		m.boxSpareInt()
	}
	if t.Kind.Reads() {
		m.reading(t)
		return
	}
	var kept []Reg
	for _, regs := range [...][]Reg{callerSaved, callerSavedX} {
		for _, r := range regs {
			if t.Keeps.Has(preg(r)) {
				kept = append(kept, r)
			}
		}
	}
	// One word, the return address, then the registers.
	size := int64(16+8*len(kept)+15) &^ 15
	at := func(i int) Mem { return At(SP, int32(16+8*i)) }
	a.AddImm(SP, SP, -size, NoReg)
	a.Store(At(SP, 8), X30)
	for i, r := range kept {
		a.Store(at(i), r)
	}
	a.Move(X0, scratch)
	switch t.Kind {
	case emitter.ThunkUnboxInt:
		a.Move(X1, SP)
	case emitter.ThunkBoxFloat:
		a.Move(D0, scratchX)
	}
	m.CallHelper(t.Kind.Helper())
	switch {
	case t.Kind == emitter.ThunkUnboxInt:
		a.Load(scratch, At(SP, 0))
		a.Emit(SUBSW_I, ZR, X0, Imm(0))
	case t.Kind.Makes():
		a.Move(scratch, X0)
		a.Emit(SUBS_I, ZR, X0, Imm(0))
	}
	for i, r := range kept {
		a.Load(r, at(i))
	}
	a.Load(X30, At(SP, 8))
	a.AddImm(SP, SP, size, NoReg) // flags stay
	a.Emit(RET)
}

// reading saves registers in a struct gs_regs, where the runtime finds the activation's state, and behind it the
// return address.
func (m *machine) reading(t emitter.Thunk) {
	a := m.a
	const size = SizeRegs + 8
	each := func(of regalloc.RegSet, visit func(at Mem, r Reg)) {
		for _, regs := range [...][]Reg{callerSaved, calleeSaved} {
			for _, r := range regs {
				if of.Has(preg(r)) {
					visit(At(SP, RegsGPR+8*int32(r-X0)), r)
				}
			}
		}
		for r := D0; r <= D31; r++ {
			if of.Has(preg(r)) {
				visit(At(SP, RegsFPR+8*int32(r-D0)), r)
			}
		}
	}
	a.AddImm(SP, SP, -size, NoReg)
	a.Store(At(SP, SizeRegs), X30)
	each(t.Keeps, a.Store)
	a.Move(X0, scratch)
	a.Move(X1, SP)
	if t.Kind == emitter.ThunkLocals {
		a.Store(At(SP, RegsExit), scratch)
		m.dataAddress(X0, 0)
	}
	m.CallHelper(t.Kind.Helper())
	if t.Kind == emitter.ThunkLocals {
		a.Emit(SUBSW_I, ZR, X0, Imm(0))
	}
	each(t.Keeps&clobberedByC, func(at Mem, r Reg) { a.Load(r, at) })
	a.Load(X30, At(SP, SizeRegs))
	a.AddImm(SP, SP, size, NoReg) // flags stay
	a.Emit(RET)
}

// unboxTwoDigits goes on to the next instruction for ints of other sizes.
func (m *machine) unboxTwoDigits() {
	a := m.a
	negative, other := a.NewLabel(), a.NewLabel()
	both := func() {
		a.Access(load32, scratch2, At(scratch, int32(m.abi.IntDigits)+4))
		a.Access(load32, scratch, At(scratch, int32(m.abi.IntDigits)))
		a.Emit(ADD, scratch, scratch, scratch2, Imm(m.abi.IntShift))
	}
	two, minusTwo := int64(2), int64(-2)
	if m.abi.IntTagged != 0 {
		two, minusTwo = 2<<tagShift, 2<<tagShift|tagNegative
	}
	a.Load(scratch2, At(scratch, int32(m.abi.IntSize)))
	a.CompareImm(scratch2, minusTwo, addressTemp)
	a.Jcc(CondEQ, negative)
	a.CompareImm(scratch2, two, addressTemp)
	a.Jcc(CondNE, other)
	both()
	a.Emit(SUBS_I, ZR, scratch, Imm(0)) // not 0: the upper digit is not
	a.Emit(RET)
	a.Bind(negative)
	both()
	a.Emit(SUBS, scratch, ZR, scratch)
	a.Emit(RET)
	a.Bind(other)
}

// boxSpareInt makes an object that waits for it the box of a number of one digit, as gs_box_int does, or goes on to the next instruction.
func (m *machine) boxSpareInt() {
	a := m.a
	magnitude, box := X0, X1
	restore := func() {
		a.Emit(LDP, magnitude, box, At(SP, 0))
		a.AddImm(SP, SP, 16, NoReg)
	}
	slow := a.NewLabel()
	a.AddImm(SP, SP, -16, NoReg)
	a.Emit(STP, magnitude, box, At(SP, 0))
	a.Emit(SUBS, magnitude, ZR, scratch)
	a.Emit(CSEL, magnitude, scratch, magnitude, CondLE)
	a.CompareImm(magnitude, 1<<m.abi.IntShift, addressTemp)
	a.Jcc(CondHS, slow)
	a.MoveImm(scratch2, int64(m.abi.SpareInts))
	a.Load(box, At(scratch2, 0))
	a.Emit(CBZ, box, slow)
	a.Emit(SUB_I, box, box, Imm(1))
	a.Store(At(scratch2, 0), box)
	a.Emit(ADD, scratch2, scratch2, box, Imm(3))
	a.Load(box, At(scratch2, int32(m.abi.SpareIntsFirst)))
	positive, negative := int64(1), int64(-1)
	if m.abi.IntTagged != 0 {
		positive, negative = 1<<tagShift, 1<<tagShift|tagNegative
	}
	a.Emit(SUBS_I, ZR, scratch, Imm(0))
	a.MoveImm(scratch2, positive)
	a.MoveImm(addressTemp, negative)
	a.Emit(CSEL, scratch2, scratch2, addressTemp, CondGE)
	a.Store(At(box, int32(m.abi.IntSize)), scratch2)
	a.Access(store32, magnitude, At(box, int32(m.abi.IntDigits)))
	a.MoveImm(scratch2, 1)
	a.Store(At(box, int32(m.abi.ObRefcnt)), scratch2)
	a.Move(scratch, box)
	a.Emit(SUBS_I, ZR, scratch, Imm(0))
	restore()
	a.Emit(RET)
	a.Bind(slow)
	restore()
}

// CommonExit saves all registers as struct gs_regs and asks the runtime, then drops the native frame, whose size the exit's descriptor has,
// and goes on with the continuation or returns the activation's result. The exit's number is in scratch.
func (m *machine) CommonExit() {
	a := m.a
	const size = SizeRegs + 8
	a.AddImm(SP, SP, -size, NoReg)
	for r := X0; r <= X30; r++ {
		if r < X15 || r > X18 {
			a.Store(At(SP, RegsGPR+8*int32(r)), r)
		}
	}
	for r := D0; r <= D31; r++ {
		a.Store(At(SP, RegsFPR+8*int32(r-D0)), r)
	}
	regs, frame, number := X19, X20, X21
	a.Move(number, scratch)
	a.Store(At(SP, RegsExit), number)
	a.AddImm(frame, SP, size, NoReg)
	a.Store(At(SP, RegsGPR+8*int32(SP)), frame)
	a.Move(regs, SP)
	m.dataAddress(X0, 0)
	a.Move(X1, regs)
	m.CallHelper("gs_exit")
	m.dataAddress(X9, m.b.ExitsOffset())
	a.MoveImm(X10, pyabi.SizeExit)
	a.Emit(MADD, X9, number, X10, X9)
	a.Access(load32, X9, At(X9, emitter.ExitFrameSize))
	a.Load(X8, At(regs, RegsResume))
	a.Load(X2, At(regs, RegsBuffer))
	a.Load(X0, At(regs, RegsValue))
	a.Load(X1, At(regs, RegsTag))
	a.Emit(ADD, frame, frame, X9)
	a.Load(X30, At(frame, 0))
	a.AddImm(SP, frame, 8, NoReg)
	over := a.NewLabel()
	a.Emit(CBZ, X8, over)
	a.Move(X0, X2)
	a.Emit(BR, X8)
	a.Bind(over)
	a.Emit(RET)
}

// What C expects to find unchanged, in pairs, with the return address and a word for the caller's use: savedSize bytes.
const savedSize = 160

// savedWord is the offset of the word for the caller's use.
const savedWord = 88

// save pushes it all.
func (a *Assembler) save(word Reg) {
	a.AddImm(SP, SP, -savedSize, NoReg)
	for r := X19; r < X29; r += 2 {
		a.Emit(STP, r, r+1, At(SP, 8*int32(r-X19)))
	}
	a.Emit(STP, X30, word, At(SP, savedWord-8))
	for r := D8; r < D16; r += 2 {
		a.Emit(STP_F, r, r+1, At(SP, savedWord+8+8*int32(r-D8)))
	}
}

// restore pops it, with the word that was saved in word.
func (a *Assembler) restore(word Reg) {
	for r := X19; r < X29; r += 2 {
		a.Emit(LDP, r, r+1, At(SP, 8*int32(r-X19)))
	}
	a.Emit(LDP, X30, word, At(SP, savedWord-8))
	for r := D8; r < D16; r += 2 {
		a.Emit(LDP_F, r, r+1, At(SP, savedWord+8+8*int32(r-D8)))
	}
	a.AddImm(SP, SP, savedSize, NoReg)
}

// Bridge is the code of gs_call_native(uint64_t entry, uint64_t *buffer, uint64_t *tag): C's way to a memory entry. It is the same for every
// unit, and is published once.
func (t *Target) Bridge() []byte {
	a := NewAssembler(4096)
	a.save(X2)
	loadThread(a, t.ABI, thread)
	a.Move(scratch, X0)
	a.Move(X0, X1)
	a.Emit(BLR, scratch)
	a.Load(X2, At(SP, savedWord))
	a.Store(At(X2, 0), X1)
	a.restore(X2)
	a.Emit(RET)
	code, err := a.Finish()
	if err != nil {
		panic("BUG: the bridge: " + err.Error())
	}
	return append([]byte(nil), code...)
}
