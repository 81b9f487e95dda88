// Reference counts, boxes, and what else knows how CPython lays out its objects. What is seldom needed stands out of the way and calls a
// thunk that keeps every register, so that the likely way stays free of spills.

package arm64

import (
	"math/bits"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// incref takes a reference, by way of scratch2.
func (m *machine) incref(o Reg) {
	count := At(o, int32(m.abi.ObRefcnt))
	if m.abi.Immortal == 0 {
		m.addTo(count, 1, true, false)
		return
	}
	skip := m.a.NewLabel()
	m.a.Access(load32, scratch2, count)
	m.a.Emit(TBNZ, scratch2, Imm(31), skip)
	m.a.Emit(ADDW_I, scratch2, scratch2, Imm(1))
	m.a.Access(store32, scratch2, count)
	m.a.Bind(skip)
}

// decref gives a reference up, by way of scratch2. It leaves the condition EQ if it was the last one, and goes to immortal if there is no
// counting them.
func (m *machine) decref(o Reg, immortal Label) {
	count := At(o, int32(m.abi.ObRefcnt))
	if m.abi.Immortal == 0 {
		m.addTo(count, -1, true, true)
		return
	}
	m.a.Access(load32, scratch2, count)
	m.a.Emit(TBNZ, scratch2, Imm(31), immortal)
	m.a.Emit(SUBSW_I, scratch2, scratch2, Imm(1))
	m.a.Access(store32, scratch2, count)
}

// increfConstant takes a reference to a small int, True, False or None.
func (m *machine) increfConstant(o Reg) {
	if m.abi.Immortal == 0 {
		m.incref(o)
	}
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
			a.Emit(CBZ, o, done)
		}
		if up {
			m.incref(o)
		} else {
			dead, dealloc := a.NewLabel(), Label(0)
			m.decref(o, done)
			if site == nil {
				dealloc = m.thunk(thunkDealloc, f.Held)
			} else {
				dealloc = m.releaseThunk(f.Held, site.Registers(l))
			}
			a.Jcc(CondEQ, dead)
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
	a := m.a
	full := a.NewLabel()
	count, list := m.freeFloats()
	a.Access(load32, scratch2, count)
	a.Emit(SUBSW_I, ZR, scratch2, Imm(m.abi.FloatsMost))
	a.Jcc(CondGE, full)
	a.Emit(ADDW_I, scratch2, scratch2, Imm(1))
	a.Access(store32, scratch2, count)
	a.Load(t, list)
	a.Store(At(o, int32(m.abi.FloatsLink)), t)
	a.Store(list, o)
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
		m.smallInt(scratch, n, big)
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

// smallInt makes the address of the small int n, or goes to big if there is none for n. It changes scratch2.
func (m *machine) smallInt(r, n Reg, big Label) {
	a := m.a
	a.AddImm(r, n, int64(m.abi.SmallIntNeg), scratch2)
	a.CompareImm(r, int64(m.abi.SmallIntNeg+m.abi.SmallIntPos), scratch2)
	a.Jcc(CondHS, big)
	a.MoveImm(scratch2, int64(m.abi.SmallInts))
	if step := m.abi.SmallIntStep; step&(step-1) == 0 {
		a.Emit(ADD, r, scratch2, r, Imm(bits.TrailingZeros64(step)))
	} else {
		a.MoveImm(addressTemp, int64(step))
		a.Emit(MADD, r, r, addressTemp, scratch2)
	}
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
		a.Store(At(d, int32(m.abi.FloatVal)), n)
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
		a.Load(scratch, At(o, int32(m.abi.ObRefcnt)))
		a.Emit(SUBS_I, ZR, scratch, Imm(1))
		a.Jcc(CondNE, shared)
		a.Store(At(o, int32(m.abi.FloatVal)), n)
		a.Bind(done)
		f.Cold(func() {
			empty := a.NewLabel()
			a.Bind(shared)
			a.Move(scratchX, o)
			m.takeFloat(t, o, empty)
			a.Move(o, scratchX)
			m.giveUpShared(o)
			a.Store(At(t, int32(m.abi.FloatVal)), n)
			a.Move(o, t)
			a.Jmp(done)
			a.Bind(empty)
			a.Move(scratchX, n)
			a.Call(box)
			a.Jcc(CondEQ, Label(x.Label(l)))
			m.giveUpShared(o)
			a.Move(o, scratch)
			a.Jmp(done)
		})
	})
}

// takeFloat takes an object from the list of free floats, all but its value; t is for its use. If there is none it goes to empty, with
// d = 0.
func (m *machine) takeFloat(d, t Reg, empty Label) {
	a := m.a
	count, list := m.freeFloats()
	a.Load(d, list)
	a.Emit(CBZ, d, empty)
	a.Load(t, At(d, int32(m.abi.FloatsLink)))
	a.Store(list, t)
	m.addTo(count, -1, false, false)
	a.MoveImm(scratch, int64(m.abi.TypeFloat))
	a.MoveImm(scratch2, 1)
	a.Store(At(d, int32(m.abi.ObRefcnt)), scratch2)
	a.Store(At(d, int32(m.abi.ObType)), scratch)
}

// boxBool chooses between two addresses.
func (m *machine) boxBool(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	c := s.condition(v.Args[0], false)
	d := s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		d := reg(l[d])
		if c.kind == condConst {
			address := m.abi.ObjTrue
			if c.negate {
				address = m.abi.ObjFalse
			}
			a.MoveImm(d, int64(address))
			return
		}
		c.compare(l)
		a.MoveImm(scratch, int64(m.abi.ObjTrue))
		a.MoveImm(scratch2, int64(m.abi.ObjFalse))
		a.Emit(CSEL, d, scratch, scratch2, c.code())
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
		m.unboxDigit(d, o, big)
		a.Bind(done)
		f.Cold(func() {
			a.Bind(big)
			a.Move(scratch, o)
			a.Call(unbox)
			a.Jcc(CondEQ, Label(x.Label(l)))
			a.Move(d, scratch)
			a.Jmp(done)
		})
	})
}

// unboxDigit unboxes an int of up to one digit, or goes to big before d, which may be o, is written.
func (m *machine) unboxDigit(d, o Reg, big Label) {
	a := m.a
	a.Load(scratch2, At(o, int32(m.abi.IntSize)))
	if m.abi.IntTagged != 0 {
		a.Emit(SUBS_I, ZR, scratch2, Imm(2<<tagShift))
		a.Jcc(CondHS, big)
		m.signOfTag(scratch2, scratch2)
	} else {
		a.Emit(ADD_I, addressTemp, scratch2, Imm(1))
		a.Emit(SUBS_I, ZR, addressTemp, Imm(2))
		a.Jcc(CondHI, big)
	}
	a.Access(load32, d, At(o, int32(m.abi.IntDigits)))
	a.Emit(MADD, d, d, scratch2, ZR)
}

// What a tagged size is made of: pyabi.ABI.IntTagged.
const (
	tagShift    = 3
	tagSign     = 3
	tagNegative = 2
)

// signOfTag makes 1, 0 or -1 of a tagged size.
func (m *machine) signOfTag(d, size Reg) {
	m.a.Emit(AND_I, d, size, Imm(tagSign))
	m.a.Emit(SUB, d, ZR, d)
	m.a.Emit(ADD_I, d, d, Imm(1))
}

// recordClass notes the argument's class in a profile site.
func (m *machine) recordClass(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n, t := s.Use(v.Args[0]), s.Temp()
	s.Emit(0, func(l []regalloc.Loc) {
		o, t := reg(l[n]), reg(l[t])
		other, done := a.NewLabel(), a.NewLabel()
		a.Load(t, At(o, int32(m.abi.ObType)))
		a.MoveImm(scratch, v.Aux)
		m.addTo(At(scratch, pyabi.SiteCount), 1, false, false)
		a.Load(scratch2, At(scratch, pyabi.SiteType))
		a.Emit(SUBS, ZR, t, scratch2)
		a.Jcc(CondNE, other)
		a.Bind(done)
		f.Cold(func() {
			first := a.NewLabel()
			a.Bind(other)
			a.Emit(CBZ, scratch2, first)
			a.Access(load32, scratch2, At(scratch, pyabi.SiteFlags))
			a.Emit(ORRW_I, scratch2, scratch2, Imm(pyabi.SitePoly))
			a.Access(store32, scratch2, At(scratch, pyabi.SiteFlags))
			a.Jmp(done)
			a.Bind(first)
			a.Store(At(scratch, pyabi.SiteType), t)
			a.Jmp(done)
		})
	})
}
