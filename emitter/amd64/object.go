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
	up := v.Op == ir.OpIncref || v.Op == ir.OpXIncref
	if x.Op == ir.OpConstNull || x.Op == ir.OpConstObj && (x.Aux == 0 || m.abi.IsImmortal(uint64(x.Aux))) {
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
			m.incref(o)
		} else {
			m.decref(o, done)
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

// incref takes a reference; the flags are changed.
func (m *machine) incref(o Reg) {
	count := At(o, int32(m.abi.ObRefcnt))
	if m.abi.Immortal == 0 {
		m.a.Emit(INCQ_M, count)
		return
	}
	skip := m.a.NewLabel()
	m.a.Emit(CMPL_MI, count, Imm(0))
	m.a.Jcc(CondS, skip)
	m.a.Emit(INCL_M, count)
	m.a.Bind(skip)
}

// decref gives a reference up. It leaves the condition E if it was the last one, and goes to immortal if there is no counting them.
func (m *machine) decref(o Reg, immortal Label) {
	count := At(o, int32(m.abi.ObRefcnt))
	if m.abi.Immortal == 0 {
		m.a.Emit(DECQ_M, count)
		return
	}
	m.a.Emit(CMPL_MI, count, Imm(0))
	m.a.Jcc(CondS, immortal)
	m.a.Emit(DECL_M, count)
}

// increfConstant takes a reference to a small int, True, False or None.
func (m *machine) increfConstant(o Reg) {
	if m.abi.Immortal == 0 {
		m.a.Emit(INCQ_M, At(o, int32(m.abi.ObRefcnt)))
	}
}

// freeFloat puts a dead float on the list of free ones and goes to done, as CPython does while the list is short; else it goes on.
func (m *machine) freeFloat(o, t Reg, done Label) {
	a := m.a
	full := a.NewLabel()
	count, list := m.freeFloats()
	a.Emit(CMPL_MI, count, Imm(m.abi.FloatsMost))
	a.Jcc(CondGE, full)
	a.Emit(INCL_M, count)
	a.Emit(MOVQ_RM, t, list)
	a.Emit(MOVQ_MR, At(o, int32(m.abi.FloatsLink)), t)
	a.Emit(MOVQ_MR, list, o)
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
				m.increfConstant(reg(l[d]))
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
		m.increfConstant(scratch)
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
		shared, done, box := a.NewLabel(), a.NewLabel(), m.thunk(thunkBoxFloat, f.Held)
		a.Emit(CMPQ_MI, At(o, int32(m.abi.ObRefcnt)), Imm(1))
		a.Jcc(CondNE, shared)
		a.Emit(MOVSD_MX, At(o, int32(m.abi.FloatVal)), n)
		a.Bind(done)
		f.Cold(func() {
			empty := a.NewLabel()
			a.Bind(shared)
			a.Move(scratchX, o)
			m.takeFloat(t, o, empty)
			a.Move(o, scratchX)
			m.giveUpShared(o)
			a.Emit(MOVSD_MX, At(t, int32(m.abi.FloatVal)), n)
			a.Move(o, t)
			a.Jmp(done)
			a.Bind(empty)
			a.Move(scratchX, n)
			a.Call(box)
			a.Jcc(CondE, Label(x.Label(l)))
			m.giveUpShared(o)
			a.Move(o, scratch)
			a.Jmp(done)
		})
	})
}

// giveUpShared gives up a reference that is not the last one.
func (m *machine) giveUpShared(o Reg) {
	immortal := m.a.NewLabel()
	m.decref(o, immortal)
	m.a.Bind(immortal)
}

// freeFloats are the list of free floats and how many it has, by the scratch register.
func (m *machine) freeFloats() (count, list Mem) {
	list = m.at(thread, scratch, m.abi.FloatsBy, m.abi.FloatsList)
	count = list
	count.Disp = int32(m.abi.FloatsCount)
	return count, list
}

// takeFloat takes an object from the list of free floats, all but its value; t is for its use. If there is none it goes to empty, with
// d = 0.
func (m *machine) takeFloat(d, t Reg, empty Label) {
	a := m.a
	count, list := m.freeFloats()
	a.Emit(MOVQ_RM, d, list)
	a.Emit(TESTQ_RR, d, d)
	a.Jcc(CondE, empty)
	a.Emit(MOVQ_RM, t, At(d, int32(m.abi.FloatsLink)))
	a.Emit(MOVQ_MR, list, t)
	a.Emit(DECL_M, count)
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
		a.Emit(MOVQ_RM, scratch, At(o, int32(m.abi.IntSize)))
		m.jumpIfMoreDigits(scratch, big)
		m.signOfOneDigit(scratch)
		a.Emit(MOVL_RM, d, At(o, int32(m.abi.IntDigits)))
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

// What a tagged size is made of: pyabi.ABI.IntTagged.
const (
	tagShift    = 3
	tagSign     = 3
	tagNegative = 2
)

// jumpIfOneDigit jumps if an int of this size, in a register, has one digit or none; jumpIfMoreDigits if it has more. Then signOfOneDigit
// makes of the size the number's sign, or 0.
func (m *machine) jumpIfOneDigit(size Reg, to Label) { m.compareDigits(size, CondBE, CondB, to) }

func (m *machine) jumpIfMoreDigits(size Reg, to Label) { m.compareDigits(size, CondA, CondAE, to) }

func (m *machine) compareDigits(size Reg, signed, tagged Cond, to Label) {
	if m.abi.IntTagged != 0 {
		m.a.Emit(CMPQ_RI, size, Imm(2<<tagShift))
		m.a.Jcc(tagged, to)
		return
	}
	m.a.Emit(INCQ_R, size)
	m.a.Emit(CMPQ_RI, size, Imm(2))
	m.a.Jcc(signed, to)
}

func (m *machine) signOfOneDigit(size Reg) {
	if m.abi.IntTagged != 0 {
		m.signOfTag(size)
		return
	}
	m.a.Emit(DECQ_R, size)
}

// signOfTag makes 1, 0 or -1 of a tagged size.
func (m *machine) signOfTag(size Reg) {
	m.a.Emit(ANDL_RI, size, Imm(tagSign))
	m.a.Emit(NEGQ_R, size)
	m.a.Emit(INCQ_R, size)
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
