// Division and remainder with Python's meaning: towards minus infinity. There is no instruction for remainders.

package arm64

import (
	"math/bits"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

func (m *machine) divide(f *emitter.Func, v *ir.Value) {
	quotient, remainder, here := f.Division(v)
	if !here {
		return
	}
	if y := emitter.Resolve(v.Args[1]); y.Op == ir.OpConstInt && y.Aux > 0 {
		if y.Aux&(y.Aux-1) == 0 {
			m.dividePower(f, v.Args[0], y.Aux, quotient, remainder)
		} else {
			m.divideMagic(f, v, y.Aux, quotient, remainder)
		}
		return
	}
	s := m.begin(f, v)
	a := m.a
	x, y := s.UseLate(v.Args[0]), s.UseLate(v.Args[1])
	q, r := -1, -1
	if quotient != nil {
		q = s.Def(quotient)
	}
	if remainder != nil {
		r = s.Def(remainder)
	}
	s.Emit(0, func(l []regalloc.Loc) {
		x, y := reg(l[x]), reg(l[y])
		quotient, remainder := scratch2, scratch
		if q >= 0 {
			quotient = reg(l[q])
		}
		if r >= 0 {
			remainder = reg(l[r])
		}
		a.Emit(SDIV, quotient, x, y)
		a.Emit(MSUB, remainder, quotient, y, x)
		// One less, and the remainder with the divisor's sign, if it has the other one.
		a.Emit(EOR, scratch2, remainder, y)
		a.Emit(SUBS_I, ZR, remainder, Imm(0))
		a.Emit(CCMP_I, scratch2, Imm(0), Imm(0), CondNE)
		if r >= 0 {
			a.Emit(ADD, scratch2, remainder, y)
			a.Emit(CSEL, remainder, scratch2, remainder, CondLT)
		}
		if q >= 0 {
			a.Emit(CSINC, scratch2, ZR, ZR, CondGE)
			a.Emit(SUB, quotient, quotient, scratch2)
		}
	})
}

// dividePower divides by a power of two.
func (m *machine) dividePower(f *emitter.Func, x *ir.Value, y int64, quotient, remainder *ir.Value) {
	if remainder != nil {
		s := m.begin(f, remainder)
		n, d := s.Use(x), s.Def(remainder)
		s.Emit(0, func(l []regalloc.Loc) {
			if y == 1 {
				m.a.Move(reg(l[d]), ZR)
				return
			}
			m.a.Emit(AND_I, reg(l[d]), reg(l[n]), Imm(y-1))
		})
	}
	if quotient != nil {
		s := m.begin(f, quotient)
		n, d := s.Use(x), s.Def(quotient)
		s.Emit(0, func(l []regalloc.Loc) {
			if y == 1 {
				m.a.Move(reg(l[d]), reg(l[n]))
				return
			}
			m.a.Emit(SBFM, reg(l[d]), reg(l[n]), Imm(bits.TrailingZeros64(uint64(y))), Imm(63))
		})
	}
}

// divideMagic divides by a positive constant that is no power of two, by multiplication (emitter.Magic).
func (m *machine) divideMagic(f *emitter.Func, v *ir.Value, y int64, quotient, remainder *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	magic, k := emitter.Magic(y)
	n := s.UseLate(v.Args[0])
	q, r := -1, -1
	if quotient != nil {
		q = s.Def(quotient)
	}
	if remainder != nil {
		r = s.Def(remainder)
	}
	s.Emit(0, func(l []regalloc.Loc) {
		x := reg(l[n])
		quotient := scratch
		if q >= 0 {
			quotient = reg(l[q])
		}
		a.MoveImm(scratch2, int64(magic))
		a.Emit(EOR_A, scratch, x, x, Imm(63))
		a.Emit(UMULH, scratch, scratch, scratch2)
		if k > 0 {
			a.Emit(UBFM, scratch, scratch, Imm(k), Imm(63))
		}
		a.Emit(EOR_A, quotient, scratch, x, Imm(63))
		if r >= 0 {
			a.MoveImm(scratch2, y)
			a.Emit(MSUB, reg(l[r]), quotient, scratch2, x)
		}
	})
}
