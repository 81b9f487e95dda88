// Reference counts, boxes, and what else knows how CPython lays out its objects. What is seldom needed stands out of the way and calls a
// thunk that keeps every register, so that the likely way stays free of spills.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

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

// What a tagged size is made of: pyabi.ABI.IntTagged.
const (
	tagShift    = 3
	tagSign     = 3
	tagNegative = 2
)

// jumpIfMoreDigits jumps if an int of this size, in a register, has more than one digit. Then signOfOneDigit makes of the size the number's sign,
// or 0.
func (m *machine) jumpIfMoreDigits(size Reg, to Label) {
	if m.abi.IntTagged != 0 {
		m.a.Emit(CMPQ_RI, size, Imm(2<<tagShift))
		m.a.Jcc(CondAE, to)
		return
	}
	m.a.Emit(INCQ_R, size)
	m.a.Emit(CMPQ_RI, size, Imm(2))
	m.a.Jcc(CondA, to)
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
