// References, and boxes of numbers: the common cases here, the others out of the way by calls that keep all registers.

package emitter

import (
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// Objects are the instructions that these selections are made of. They may change scratch registers.
type Objects interface {
	// Incref takes a reference.
	Incref(o regalloc.PReg)
	// IncrefBy takes n references to an object that is counted.
	IncrefBy(o regalloc.PReg, n int64)
	// Decref gives a reference up, and goes on to JumpIfLast; or to immortal if there is no counting them.
	Decref(o regalloc.PReg, immortal Label)
	JumpIfLast(to Label)
	JumpUnlessLast(to Label)
	// FreeFloat puts a dead float on the list of free ones and goes to done, as CPython does while the list is short; else it goes on.
	FreeFloat(o, t regalloc.PReg, done Label)
	// TakeFloat takes an object from the list of free floats, all but its value; t is for its use. If there is none it goes to empty, with d = 0.
	TakeFloat(d, t regalloc.PReg, empty Label)
	// StoreFloat writes the value of a float, and JumpIfShared jumps if an object has other owners.
	StoreFloat(o, n regalloc.PReg)
	JumpIfShared(o regalloc.PReg, to Label)
	// Append puts an item at a list's end, or goes to full if there is no room; t is for its use.
	Append(list, item, t regalloc.PReg, full Label)
	// SmallInt makes in Scratch the object of a number, or goes to big if there is none.
	SmallInt(n regalloc.PReg, big Label)
	// LoadTruth loads whether the object at an offset from a register is True.
	LoadTruth(dst, base regalloc.PReg, offset int)
	// JumpUnlessHeld jumps unless a stub's caller holds the arguments. nargsf was pushed at an offset from the stack pointer.
	JumpUnlessHeld(nargsf int, to Label)
	// FindHeld has nargsf say that the caller holds the arguments if the top n items of the current frame's stack are those n; it looks at these of
	// them. No parameter is in its register yet.
	FindHeld(nargsf, n int, held []int)
	// UnboxDigit unboxes an int of up to one digit, or goes to big before d, which may be o, is written.
	UnboxDigit(d, o regalloc.PReg, big Label)
}

// reference counts up or down.
func (f *Func) reference(v *ir.Value) {
	s, m := f.Begin(v), f.m
	abi, scratch := m.ABI(), m.Registers().Scratch[regalloc.GPR]
	x := Resolve(v.Args[0])
	up := v.Op == ir.OpIncref || v.Op == ir.OpXIncref
	if x.Op == ir.OpConstNull || x.Op == ir.OpConstObj && (x.Aux == 0 || abi.IsImmortal(uint64(x.Aux))) {
		return
	}
	n := -1
	if x.Op != ir.OpConstObj {
		n = s.Use(x)
	}
	t := -1
	if !up && n >= 0 && uint64(v.Args[0].Type.Class) == abi.TypeFloat {
		t = s.Temp()
	}
	var site *Exit
	if v.FS != nil {
		site = f.NewExit(v)
		s.State(site, false)
	}
	s.Emit(0, func(l []regalloc.Loc) {
		o := scratch
		if n >= 0 {
			o = l[n].Reg()
		} else {
			m.MoveImm(scratch, x.Aux)
		}
		done := m.NewLabel()
		if v.Op == ir.OpXIncref || v.Op == ir.OpXDecref || v.Op == ir.OpXDecrefQuiet {
			m.JumpIfZero(o, done)
		}
		if up {
			m.Incref(o)
		} else {
			m.Decref(o, done)
			dead, dealloc := m.NewLabel(), Label(0)
			if site == nil {
				dealloc = f.Unit.Thunk(ThunkDealloc, f.Held)
			} else {
				dealloc = f.readingThunk(ThunkRelease, site, l)
			}
			m.JumpIfLast(dead)
			f.Cold(func() {
				m.Bind(dead)
				if t >= 0 {
					m.FreeFloat(o, l[t].Reg(), done)
				}
				m.Move(scratch, o)
				m.Call(dealloc)
				if site != nil {
					site.CallSite(l)
				}
				m.Jump(done)
			})
		}
		m.Bind(done)
	})
}

// increfSmall takes references to a small int.
func (f *Func) increfSmall(o regalloc.PReg, n int64) {
	if f.m.ABI().Immortal == 0 {
		f.m.IncrefBy(o, n)
	}
}

// boxInt finds the small ints' objects, and calls for others.
func (f *Func) boxInt(v *ir.Value) {
	s, m := f.Begin(v), f.m
	if n := Resolve(v.Args[0]); n.Op == ir.OpConstInt {
		if address, ok := m.ABI().SmallInt(n.Aux); ok {
			d := s.Def(v)
			s.Emit(0, func(l []regalloc.Loc) {
				m.MoveImm(l[d].Reg(), int64(address))
				f.increfSmall(l[d].Reg(), 1+v.Aux)
			})
			return
		}
	}
	n, d := s.Use(v.Args[0]), s.Def(v)
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		d, n, scratch := l[d].Reg(), l[n].Reg(), m.Registers().Scratch[regalloc.GPR]
		big, done, box := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkBoxInt, f.Held)
		m.SmallInt(n, big)
		f.increfSmall(scratch, 1+v.Aux)
		m.Bind(done)
		m.Move(d, scratch)
		f.Cold(func() {
			m.Bind(big)
			m.Move(scratch, n)
			m.Call(box)
			if v.Aux == 0 {
				m.JumpUnlessFailed(done)
				m.Jump(x.Label(l))
				return
			}
			m.JumpIfFailed(x.Label(l))
			m.IncrefBy(scratch, v.Aux)
			m.Jump(done)
		})
	})
}

// boxFloat takes an object from the free list, and calls where it is empty.
func (f *Func) boxFloat(v *ir.Value) {
	s, m := f.Begin(v), f.m
	n, d, t := s.Use(v.Args[0]), s.DefEarly(v), s.Temp()
	x := s.Exit(true)
	s.Emit(0, func(l []regalloc.Loc) {
		n, d, t, scratch := l[n].Reg(), l[d].Reg(), l[t].Reg(), m.Registers().Scratch
		empty, done, box := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkBoxFloat, f.Held)
		m.TakeFloat(d, t, empty)
		m.StoreFloat(d, n)
		m.Bind(done)
		f.Cold(func() {
			m.Bind(empty)
			m.Move(scratch[regalloc.FPR], n)
			m.Call(box)
			m.Move(d, scratch[regalloc.GPR])
			m.JumpUnlessFailed(done)
			m.Jump(x.Label(l))
		})
	})
}

// reboxFloat overwrites the object that is given back, or takes another one where somebody else has that.
func (f *Func) reboxFloat(v *ir.Value) {
	s, m := f.Begin(v), f.m
	n, o := s.Use(v.Args[0]), s.Use(v.Args[1])
	d := s.DefTied(v, o)
	t := s.Temp()
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		n, o, t, scratch := l[n].Reg(), l[d].Reg(), l[t].Reg(), m.Registers().Scratch
		shared, done, box := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkBoxFloat, f.Held)
		giveUp := func() { // not the last reference
			immortal := m.NewLabel()
			m.Decref(o, immortal)
			m.Bind(immortal)
		}
		m.JumpIfShared(o, shared)
		m.StoreFloat(o, n)
		m.Bind(done)
		f.Cold(func() {
			empty := m.NewLabel()
			m.Bind(shared)
			m.Move(scratch[regalloc.FPR], o)
			m.TakeFloat(t, o, empty)
			m.Move(o, scratch[regalloc.FPR])
			giveUp()
			m.StoreFloat(t, n)
			m.Move(o, t)
			m.Jump(done)
			m.Bind(empty)
			m.Move(scratch[regalloc.FPR], n)
			m.Call(box)
			m.JumpIfFailed(x.Label(l))
			giveUp()
			m.Move(o, scratch[regalloc.GPR])
			m.Jump(done)
		})
	})
}

// listAppend calls where the list must grow, and tries again.
func (f *Func) listAppend(v *ir.Value) {
	s, m := f.Begin(v), f.m
	n, o, t := s.Use(v.Args[0]), s.Use(v.Args[1]), s.Temp()
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		list, item, t, scratch := l[n].Reg(), l[o].Reg(), l[t].Reg(), m.Registers().Scratch[regalloc.GPR]
		again, full, room := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkListRoom, f.Held)
		m.Bind(again)
		m.Append(list, item, t, full)
		f.Cold(func() {
			m.Bind(full)
			m.Move(scratch, list)
			m.Call(room)
			m.JumpUnlessFailed(again)
			m.Jump(x.Label(l))
		})
	})
}

// unboxInt takes ints of up to one digit here. The rest is out of the way.
func (f *Func) unboxInt(v *ir.Value) {
	s, m := f.Begin(v), f.m
	n := s.Use(v.Args[0])
	d := s.Def(v)
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		o, d, scratch := l[n].Reg(), l[d].Reg(), m.Registers().Scratch[regalloc.GPR]
		big, done, unbox := m.NewLabel(), m.NewLabel(), f.Unit.Thunk(ThunkUnboxInt, f.Held)
		m.UnboxDigit(d, o, big)
		m.Bind(done)
		f.Cold(func() {
			m.Bind(big)
			m.Move(scratch, o)
			m.Call(unbox)
			m.JumpIfFailed(x.Label(l))
			m.Move(d, scratch)
			m.Jump(done)
		})
	})
}
