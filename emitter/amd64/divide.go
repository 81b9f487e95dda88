// Division and remainder with Python's meaning: towards minus infinity.

package amd64

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
	s.useFixed(v.Args[0], RAX)
	n := s.UseLate(v.Args[1])
	if quotient != nil {
		s.defFixed(quotient, RAX)
	}
	if remainder != nil {
		s.defFixed(remainder, RDX)
	}
	s.Emit(set(RAX, RDX), func(l []regalloc.Loc) {
		y := reg(l[n])
		slow, done := a.NewLabel(), a.NewLabel()
		// Numbers from 0 to 2**32-1 divide in a fraction of the time, and need no correction.
		a.Move(scratch, RAX)
		a.Emit(ORQ_RR, scratch, y)
		a.Emit(SHRQ_RI, scratch, Imm(32))
		a.Jcc(CondNE, slow)
		a.Emit(XORL_RR, RDX, RDX)
		a.Emit(DIVL_R, y)
		a.Bind(done)
		f.Cold(func() {
			a.Bind(slow)
			a.Emit(CQTO)
			a.Emit(IDIVQ_R, y)
			a.Emit(TESTQ_RR, RDX, RDX)
			a.Jcc(CondE, done)
			a.Move(scratch, RDX)
			a.Emit(XORQ_RR, scratch, y)
			a.Jcc(CondNS, done)
			a.Emit(DECQ_R, RAX)
			a.Emit(ADDQ_RR, RDX, y)
			a.Jmp(done)
		})
	})
}

// dividePower divides by a power of two.
func (m *machine) dividePower(f *emitter.Func, x *ir.Value, y int64, quotient, remainder *ir.Value) {
	if remainder != nil {
		s := m.begin(f, remainder)
		n := s.Use(x)
		d := s.DefTied(remainder, n)
		src := source{imm: fits32(y - 1), n: y - 1}
		if !src.imm {
			src.pool = m.a.Int64(y - 1)
		}
		s.Emit(0, func(l []regalloc.Loc) { m.emit2(andOp, reg(l[d]), m.operand(f, src, l)) })
	}
	if quotient != nil {
		s := m.begin(f, quotient)
		n := s.Use(x)
		d := s.DefTied(quotient, n)
		s.Emit(0, func(l []regalloc.Loc) {
			if y > 1 {
				m.a.Emit(SARQ_RI, reg(l[d]), Imm(bits.TrailingZeros64(uint64(y))))
			}
		})
	}
}

// divideMagic divides by a positive constant that is no power of two, by multiplication (emitter.Magic).
func (m *machine) divideMagic(f *emitter.Func, v *ir.Value, y int64, quotient, remainder *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	magic, k := emitter.Magic(y)
	n := s.UseLate(v.Args[0])
	if quotient != nil {
		s.defFixed(quotient, RDX)
	}
	if remainder != nil {
		s.defFixed(remainder, RAX)
	}
	s.Emit(set(RAX, RDX), func(l []regalloc.Loc) {
		x := reg(l[n])
		a.Move(scratch, x)
		a.Emit(SARQ_RI, scratch, Imm(63))
		a.Move(RAX, x)
		a.Emit(XORQ_RR, RAX, scratch)
		a.Emit(MULQ_M, a.Int64(int64(magic)))
		a.Emit(SHRQ_RI, RDX, Imm(k))
		a.Emit(XORQ_RR, RDX, scratch)
		if remainder == nil {
			return
		}
		if fits32(y) {
			a.Emit(IMULQ_RRI, RAX, RDX, Imm(y))
		} else {
			a.Move(RAX, RDX)
			a.Emit(IMULQ_RM, RAX, a.Int64(y))
		}
		a.Emit(NEGQ_R, RAX)
		a.Emit(ADDQ_RR, RAX, x)
	})
}
