// Reference counts, boxes, and what else knows how CPython lays out its objects. What is seldom needed stands out of the way and calls a
// thunk that keeps every register, so that the likely way stays free of spills.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// reference counts up or down.
func (m *machine) reference(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	x := emitter.Resolve(v.Args[0])
	count := int32(m.abi.ObRefcnt)
	up := v.Op == ir.OpIncref || v.Op == ir.OpXIncref
	if x.Op == ir.OpConstNull || x.Op == ir.OpConstObj && x.Aux == 0 {
		return
	}
	n := -1
	if x.Op != ir.OpConstObj {
		n = s.Use(x)
	}
	t := -1
	if !up && n >= 0 && uint64(v.Args[0].Type.Class) == m.abi.TypeFloat {
		t = s.Temp()
	}
	var site *emitter.Exit
	if v.FS != nil {
		site = f.NewExit(v)
		s.State(site, false)
	}
	s.Emit(0, func(l []regalloc.Loc) {
		o := scratch
		if n >= 0 {
			o = reg(l[n])
		} else {
			a.MoveImm(scratch, x.Aux)
		}
		done := a.NewLabel()
		if v.Op == ir.OpXIncref || v.Op == ir.OpXDecref {
			a.Emit(TESTQ_RR, o, o)
			a.Jcc(CondE, done)
		}
		if up {
			a.Emit(INCQ_M, At(o, count))
		} else {
			a.Emit(DECQ_M, At(o, count))
			dead, dealloc := a.NewLabel(), Label(0)
			if site == nil {
				dealloc = m.thunk(thunkDealloc, f.Held)
			} else {
				dealloc = m.releaseThunk(f.Held, site.Registers(l))
			}
			a.Jcc(CondE, dead)
			f.Cold(func() {
				a.Bind(dead)
				if t >= 0 {
					m.freeFloat(o, reg(l[t]), done)
				}
				a.Move(scratch, o)
				a.Call(dealloc)
				if site != nil {
					site.CallSite(l)
				}
				a.Jmp(done)
			})
		}
		a.Bind(done)
	})
}

// freeFloat puts a dead float on the list of free ones and goes to done, as CPython does while the list is short; else it goes on.
func (m *machine) freeFloat(o, t Reg, done Label) {
	const most = 100 // PyFloat_MAXFREELIST
	a := m.a
	full := a.NewLabel()
	a.Emit(MOVQ_RM, scratch, At(thread, int32(m.abi.TStateInterp)))
	a.Emit(CMPL_MI, At(scratch, int32(m.abi.InterpFloatNumFree)), Imm(most))
	a.Jcc(CondGE, full)
	a.Emit(INCL_M, At(scratch, int32(m.abi.InterpFloatNumFree)))
	a.Emit(MOVQ_RM, t, At(scratch, int32(m.abi.InterpFloatFree)))
	a.Emit(MOVQ_MR, At(o, int32(m.abi.ObType)), t)
	a.Emit(MOVQ_MR, At(scratch, int32(m.abi.InterpFloatFree)), o)
	a.Jmp(done)
	a.Bind(full)
}

// boxInt finds the small ints' objects, and calls for others.
func (m *machine) boxInt(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	if n := emitter.Resolve(v.Args[0]); n.Op == ir.OpConstInt {
		if address, ok := m.abi.SmallInt(n.Aux); ok {
			d := s.Def(v)
			s.Emit(0, func(l []regalloc.Loc) {
				a.MoveImm(reg(l[d]), int64(address))
				a.Emit(INCQ_M, At(reg(l[d]), int32(m.abi.ObRefcnt)))
			})
			return
		}
	}
	n, d := s.Use(v.Args[0]), s.Def(v)
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		d, n := reg(l[d]), reg(l[n])
		big, done, box := a.NewLabel(), a.NewLabel(), m.thunk(thunkBoxInt, f.Held)
		a.Emit(LEAQ_RM, scratch, At(n, int32(m.abi.SmallIntNeg)))
		a.Emit(CMPQ_RI, scratch, Imm(m.abi.SmallIntNeg+m.abi.SmallIntPos))
		a.Jcc(CondAE, big)
		m.smallInt(scratch)
		a.Emit(INCQ_M, At(scratch, int32(m.abi.ObRefcnt)))
		a.Bind(done)
		a.Move(d, scratch)
		f.Cold(func() {
			a.Bind(big)
			a.Move(scratch, n)
			a.Call(box)
			a.Jcc(CondNE, done)
			a.Jmp(Label(x.Label(l)))
		})
	})
}

// smallInt makes the address of a small int of its number in the table.
func (m *machine) smallInt(r Reg) {
	a := m.a
	if step := m.abi.SmallIntStep; step&(step-1) == 0 {
		for ; step > 1; step /= 2 {
		}
		a.Emit(SHLQ_RI, r, Imm(log2(m.abi.SmallIntStep)))
	} else {
		a.Emit(IMULQ_RRI, r, r, Imm(step))
	}
	a.Emit(ADDQ_RM, r, a.Int64(int64(m.abi.SmallInts)))
}

func log2(n uint64) (k int) {
	for ; n > 1; n /= 2 {
		k++
	}
	return k
}

// boxFloat takes an object from the free list, and calls where it is empty.
func (m *machine) boxFloat(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n, d, t := s.Use(v.Args[0]), s.DefEarly(v), s.Temp()
	x := s.Exit(true)
	s.Emit(0, func(l []regalloc.Loc) {
		n, d, t := reg(l[n]), reg(l[d]), reg(l[t])
		empty, done, box := a.NewLabel(), a.NewLabel(), m.thunk(thunkBoxFloat, f.Held)
		m.takeFloat(d, t, empty)
		a.Emit(MOVSD_MX, At(d, int32(m.abi.FloatVal)), n)
		a.Bind(done)
		f.Cold(func() {
			a.Bind(empty)
			a.Move(scratchX, n)
			a.Call(box)
			a.Move(d, scratch)
			a.Jcc(CondNE, done)
			a.Jmp(Label(x.Label(l)))
		})
	})
}

// reboxFloat overwrites the object that is given back, or takes another one where somebody else has that.
func (m *machine) reboxFloat(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n, o := s.Use(v.Args[0]), s.Use(v.Args[1])
	d := s.DefTied(v, o)
	t := s.Temp()
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		n, o, t := reg(l[n]), reg(l[d]), reg(l[t])
		count := At(o, int32(m.abi.ObRefcnt))
		shared, done, box := a.NewLabel(), a.NewLabel(), m.thunk(thunkBoxFloat, f.Held)
		a.Emit(CMPQ_MI, count, Imm(1))
		a.Jcc(CondNE, shared)
		a.Emit(MOVSD_MX, At(o, int32(m.abi.FloatVal)), n)
		a.Bind(done)
		f.Cold(func() {
			empty := a.NewLabel()
			a.Bind(shared)
			a.Move(scratchX, o)
			m.takeFloat(t, o, empty)
			a.Move(o, scratchX)
			a.Emit(DECQ_M, count)
			a.Emit(MOVSD_MX, At(t, int32(m.abi.FloatVal)), n)
			a.Move(o, t)
			a.Jmp(done)
			a.Bind(empty)
			a.Move(scratchX, n)
			a.Call(box)
			a.Jcc(CondE, Label(x.Label(l)))
			a.Emit(DECQ_M, count)
			a.Move(o, scratch)
			a.Jmp(done)
		})
	})
}

// takeFloat takes an object from the list of free floats, all but its value; t is for its use. If there is none it goes to empty, with
// d = 0.
func (m *machine) takeFloat(d, t Reg, empty Label) {
	a := m.a
	a.Emit(MOVQ_RM, scratch, At(thread, int32(m.abi.TStateInterp)))
	a.Emit(MOVQ_RM, d, At(scratch, int32(m.abi.InterpFloatFree)))
	a.Emit(TESTQ_RR, d, d)
	a.Jcc(CondE, empty)
	a.Emit(MOVQ_RM, t, At(d, int32(m.abi.ObType))) // the next one, while it is free
	a.Emit(MOVQ_MR, At(scratch, int32(m.abi.InterpFloatFree)), t)
	a.Emit(DECL_M, At(scratch, int32(m.abi.InterpFloatNumFree)))
	a.MoveImm(scratch, int64(m.abi.TypeFloat))
	a.Emit(MOVQ_MI, At(d, int32(m.abi.ObRefcnt)), Imm(1))
	a.Emit(MOVQ_MR, At(d, int32(m.abi.ObType)), scratch)
}

// boxBool chooses between two addresses.
func (m *machine) boxBool(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	c := s.condition(v.Args[0], false)
	d := s.DefEarly(v)
	s.Emit(0, func(l []regalloc.Loc) {
		d := reg(l[d])
		if c.kind == condFlags {
			c.compare(l)
			a.MoveImm(d, int64(m.abi.ObjFalse))
			a.MoveImm(scratch, int64(m.abi.ObjTrue))
			a.Emit(CMOVCCQ_RR, c.code(), d, scratch)
			return
		}
		skip := a.NewLabel()
		a.MoveImm(d, int64(m.abi.ObjFalse))
		m.jumpIf(c, l, false, skip)
		a.MoveImm(d, int64(m.abi.ObjTrue))
		a.Bind(skip)
	})
}

// unboxInt takes ints of up to one digit here: size, which has the number's sign, times the digit. The rest is out of the way.
func (m *machine) unboxInt(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n := s.Use(v.Args[0])
	d := s.Def(v)
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		o, d := reg(l[n]), reg(l[d])
		big, done, unbox := a.NewLabel(), a.NewLabel(), m.thunk(thunkUnboxInt, f.Held)
		a.Emit(MOVQ_RM, scratch, At(o, int32(m.abi.ObSize)))
		a.Emit(INCQ_R, scratch)
		a.Emit(CMPQ_RI, scratch, Imm(2))
		a.Jcc(CondA, big)
		a.Emit(DECQ_R, scratch)
		a.Emit(MOVL_RM, d, At(o, int32(m.abi.LongDigit)))
		a.Emit(IMULQ_RR, d, scratch)
		a.Bind(done)
		f.Cold(func() {
			a.Bind(big)
			a.Move(scratch, o)
			a.Call(unbox)
			a.Jcc(CondE, Label(x.Label(l)))
			a.Move(d, scratch)
			a.Jmp(done)
		})
	})
}

// recordClass notes the argument's class in a profile site.
func (m *machine) recordClass(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n, t := s.Use(v.Args[0]), s.Temp()
	s.Emit(0, func(l []regalloc.Loc) {
		o, t := reg(l[n]), reg(l[t])
		other, done := a.NewLabel(), a.NewLabel()
		a.Emit(MOVQ_RM, t, At(o, int32(m.abi.ObType)))
		a.MoveImm(scratch, v.Aux)
		a.Emit(INCL_M, At(scratch, siteCount))
		a.Emit(CMPQ_RM, t, At(scratch, siteType))
		a.Jcc(CondNE, other)
		a.Bind(done)
		f.Cold(func() {
			first := a.NewLabel()
			a.Bind(other)
			a.Emit(CMPQ_MI, At(scratch, siteType), Imm(0))
			a.Jcc(CondE, first)
			a.Emit(ORL_MI, At(scratch, siteFlags), Imm(sitePoly))
			a.Jmp(done)
			a.Bind(first)
			a.Emit(MOVQ_MR, At(scratch, siteType), t)
			a.Jmp(done)
		})
	})
}
