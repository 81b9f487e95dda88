// What a vectorcall stub passes on: arguments unboxed into registers or a buffer, and held where the caller may not hold them.

package emitter

import (
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// component is a word to be passed: component number part of argument arg.
type component struct {
	arg, part int
	to        regalloc.PReg // if it does not go to the buffer
	word      int           // of the buffer
}

// components are what n arguments become: numbers to be unboxed, which may turn out to be unfit, and the rest.
func (f *Func) components(n int) (ints, rest []component) {
	at := 1 // in Params
	for i := range n {
		kind := f.IR.Key[i].Kind
		for part := range kind.Components() {
			c := component{arg: i, part: part, word: 1 + at}
			if !f.ByMemory {
				c.to = f.ParamLoc[at].Reg()
			}
			at++
			if part == 0 && (kind == ir.SlotInt || kind == ir.SlotIntOrigin) {
				ints = append(ints, c)
			} else {
				rest = append(rest, c)
			}
		}
	}
	return ints, rest
}

// PassArguments fills the parameters' registers, or a buffer on the stack, calls the function, and lets go of what it held. The arguments'
// address is in Registers.StubArgs, the callable in its register. What it answers with emits code for ints of several digits, out of the way, which
// may turn out to be unfit; nil: there are no ints.
func (f *Func) PassArguments(n int, held []int, unfit Label) (slow func()) {
	m, regs := f.m, f.m.Registers()
	scratch := regs.Scratch
	if f.ByMemory {
		m.Store(regs.StackPointer, 0, regs.Callable)
		m.StoreWord(f, 8, Word{Constant: true}, nil)
	}
	if len(held) > 0 && m.ABI().FrameStack != 0 && n <= mostFound {
		m.FindHeld(f.nargsfOffset(held), n, held)
	}
	ints, rest := f.components(n)
	store := func(c component, r regalloc.PReg) {
		if f.ByMemory {
			m.Store(regs.StackPointer, 8*c.word, r)
		}
	}
	for _, c := range ints {
		d := c.to
		if f.ByMemory {
			d = regs.Results[regalloc.GPR]
		}
		big, done := m.NewLabel(), m.NewLabel()
		m.Load(d, regs.StubArgs, 8*c.arg)
		m.UnboxDigit(d, d, big)
		m.Bind(done)
		store(c, d)
		before := slow
		slow = func() {
			if before != nil {
				before()
			}
			m.Bind(big)
			m.Move(scratch[regalloc.GPR], d)
			m.Call(f.Unit.Thunk(ThunkUnboxInt, general(regs.ClobberedByC)))
			m.JumpIfFailed(unfit)
			m.Move(d, scratch[regalloc.GPR])
			m.Jump(done)
		}
	}
	for i := range n {
		if k := f.IR.Key[i]; k.Owned && k.Kind != ir.SlotNone && k.Kind != ir.SlotBool {
			m.Load(scratch[regalloc.GPR], regs.StubArgs, 8*i)
			m.Incref(scratch[regalloc.GPR])
		}
	}
	f.hold(held)
	for _, c := range rest {
		kind := f.IR.Key[c.arg].Kind
		float := c.part == 0 && (kind == ir.SlotFloat || kind == ir.SlotFloatOrigin)
		to := c.to
		if f.ByMemory {
			to = scratch[regalloc.GPR]
			if float {
				to = scratch[regalloc.FPR]
			}
		}
		switch {
		case float:
			m.Load(scratch[regalloc.GPR], regs.StubArgs, 8*c.arg)
			m.Load(to, scratch[regalloc.GPR], int(m.ABI().FloatVal))
		case kind == ir.SlotBool:
			m.LoadTruth(to, regs.StubArgs, 8*c.arg)
		default:
			m.Load(to, regs.StubArgs, 8*c.arg)
		}
		store(c, to)
	}
	if f.ByMemory {
		m.Move(regs.Callable, regs.StackPointer)
		m.Call(f.MemoryEntry)
	} else {
		m.Call(f.RegisterEntry)
	}
	f.letGo(held)
	return slow
}

// general are the general registers of a set.
func general(s regalloc.RegSet) regalloc.RegSet { return s & (1<<32 - 1) }

// heldOffset is where the stub keeps argument k of those it holds: above the buffer. Of none if the first is 0.
func (f *Func) heldOffset(k int) int { return f.BufferSize() + 8*k }

// mostFound is how many arguments of the interpreter's are looked for on its stack: a frame has more words than that beneath it.
const mostFound = 8

// nargsfOffset is where the stub's nargsf was pushed.
func (f *Func) nargsfOffset(held []int) int { return f.heldOffset((len(held) + 1) &^ 1) }

// hold takes references to those arguments, unless the caller holds them: native code says so, and the interpreter's arguments lie on the
// data stack, or are copies of what lies there.
func (f *Func) hold(held []int) {
	if len(held) == 0 {
		return
	}
	m, regs := f.m, f.m.Registers()
	scratch := regs.Scratch[regalloc.GPR]
	hold, done := m.NewLabel(), m.NewLabel()
	m.JumpUnlessHeld(f.nargsfOffset(held), hold)
	m.StoreWord(f, f.heldOffset(0), Word{Constant: true}, nil)
	m.Jump(done)
	m.Bind(hold)
	for k, i := range held {
		m.Load(scratch, regs.StubArgs, 8*i)
		m.Incref(scratch)
		m.Store(regs.StackPointer, f.heldOffset(k), scratch)
	}
	m.Bind(done)
}

// letGo gives these references up, keeping what the function returned.
func (f *Func) letGo(held []int) {
	if len(held) == 0 {
		return
	}
	m, regs := f.m, f.m.Registers()
	scratch := regs.Scratch[regalloc.GPR]
	none := m.NewLabel()
	for k := range held {
		next := m.NewLabel()
		m.Load(scratch, regs.StackPointer, f.heldOffset(k))
		if k == 0 {
			m.JumpIfZero(scratch, none)
		}
		m.Decref(scratch, next)
		m.JumpUnlessLast(next)
		m.Call(f.Unit.Thunk(ThunkDealloc, general(regs.ClobberedByC)))
		m.Bind(next)
	}
	m.Bind(none)
}
