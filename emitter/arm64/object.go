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

// freeFloats are the list of free floats and how many it has, by the scratch register.
func (m *machine) freeFloats() (count, list Mem) {
	list = m.at(thread, scratch, m.abi.FloatsBy, m.abi.FloatsList)
	count = list
	count.Disp = int32(m.abi.FloatsCount)
	return count, list
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
