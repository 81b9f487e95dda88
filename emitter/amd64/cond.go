// Conditions: comparisons fused into the branch, guard or selection that asks for them.

package amd64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

type condKind uint8

const (
	condFlags condKind = iota // one condition code after the comparison
	condEqual                 // of floats: ZF and not PF
	condFits                  // OpFloatFitsInt
	condConst
)

// cond is a truth value that is tested where it is needed.
type cond struct {
	kind    condKind
	cc      Cond
	negate  bool
	compare func(l []regalloc.Loc)
	fits    int // operand of condFits
}

var intConds = map[ir.Op]Cond{
	ir.OpIEq: CondE, ir.OpINe: CondNE, ir.OpILt: CondL, ir.OpILe: CondLE, ir.OpIGt: CondG, ir.OpIGe: CondGE,
	ir.OpULt: CondB, ir.OpULe: CondBE, ir.OpPEq: CondE, ir.OpPNe: CondNE,
}

// condition adds the operands that testing v needs. own: v itself is being made, so it must not be asked for.
func (s selection) condition(v *ir.Value, own bool) cond {
	v, negate, own := s.Negated(v, own)
	c := cond{negate: negate}
	switch {
	case v.Op == ir.OpConstBool:
		c.kind = condConst
		c.negate = negate != (v.Aux == 0)
	case own || s.F.Near(v, s.At):
		if s.comparison(v, &c) {
			return c
		}
		fallthrough
	default:
		n := s.Use(v)
		c.cc = CondNE
		c.compare = func(l []regalloc.Loc) { s.m.a.Emit(TESTL_RR, reg(l[n]), reg(l[n])) }
	}
	return c
}

// comparison makes c the comparison v, if it is one.
func (s selection) comparison(v *ir.Value, c *cond) bool {
	m := s.m
	if cc, ok := intConds[v.Op]; ok {
		c.cc = cc
		s.compareInts(v, c)
		return true
	}
	switch v.Op {
	case ir.OpUnboxBool:
		a := s.Use(v.Args[0])
		c.cc = CondE
		c.compare = func(l []regalloc.Loc) { m.compareWith(reg(l[a]), int64(m.abi.ObjTrue)) }
	case ir.OpFEq, ir.OpFNe:
		c.kind = condEqual
		c.negate = c.negate != (v.Op == ir.OpFNe)
		s.compareFloats(v.Args[0], v.Args[1], c)
	case ir.OpFGt:
		c.cc = CondA
		s.compareFloats(v.Args[0], v.Args[1], c)
	case ir.OpFGe:
		c.cc = CondAE
		s.compareFloats(v.Args[0], v.Args[1], c)
	case ir.OpFLt: // the other way round: below would be true of nan
		c.cc = CondA
		s.compareFloats(v.Args[1], v.Args[0], c)
	case ir.OpFLe:
		c.cc = CondAE
		s.compareFloats(v.Args[1], v.Args[0], c)
	case ir.OpFloatFitsInt:
		c.kind = condFits
		c.fits = s.Use(v.Args[0])
	default:
		return false
	}
	return true
}

func (s selection) compareFloats(x, y *ir.Value, c *cond) {
	a := s.Use(x)
	b := s.source(y, false, false)
	c.compare = func(l []regalloc.Loc) { s.m.emit2(ucomisd, reg(l[a]), s.m.operand(s.F, b, l)) }
}

func (s selection) compareInts(v *ir.Value, c *cond) {
	m, f := s.m, s.F
	x, y := emitter.Resolve(v.Args[0]), emitter.Resolve(v.Args[1])
	if isConst(x) || s.foldable(x) && !s.foldable(y) && !isConst(y) {
		x, y = y, x
		c.cc = c.cc.Swap()
	}
	if n, ok := immediate(y); ok {
		var left emitter.Address
		switch {
		case n == 0 && x.Op == ir.OpIntSign && m.abi.IntTagged == 0 && f.Foldable(x, s.At):
			left = s.Address(x.Args[0], nil, int64(m.abi.IntSize), false)
		case n == 0 && (c.cc == CondE || c.cc == CondNE) && s.masked(x):
			mask, _ := immediate(x.Args[1])
			a := s.Use(x.Args[0])
			c.compare = func(l []regalloc.Loc) { m.testWith(reg(l[a]), mask) }
			return
		case s.foldable(x):
			left = s.LoadAddress(x, false)
		default:
			a := s.Use(x)
			c.compare = func(l []regalloc.Loc) { m.compareWith(reg(l[a]), n) }
			return
		}
		c.compare = func(l []regalloc.Loc) { m.a.Emit(CMPQ_MI, m.mem(left, l), Imm(n)) }
		return
	}
	a := s.Use(x)
	b := s.source(y, true, false)
	c.compare = func(l []regalloc.Loc) { m.emit2(cmpOp, reg(l[a]), m.operand(f, b, l)) }
}

// masked reports whether x is some bits of a value that only the comparison asks for.
func (s selection) masked(x *ir.Value) bool {
	if x.Op != ir.OpAnd || s.F.Wanted(x) || !s.F.Near(x, s.At) {
		return false
	}
	_, ok := immediate(x.Args[1])
	return ok
}

// testWith compares some bits of a register with zero.
func (m *machine) testWith(r Reg, mask int64) {
	switch {
	case 0 <= mask && mask < 1<<7:
		m.a.Emit(TESTB_RI, r, Imm(mask))
	case 0 <= mask:
		m.a.Emit(TESTL_RI, r, Imm(mask))
	default:
		m.a.Emit(TESTQ_RI, r, Imm(mask))
	}
}

// compareWith compares with a constant.
func (m *machine) compareWith(r Reg, n int64) {
	switch {
	case n == 0:
		m.a.Emit(TESTQ_RR, r, r)
	case fits32(n):
		m.a.Emit(CMPQ_RI, r, Imm(n))
	default:
		m.a.Emit(CMPQ_RM, r, m.a.Int64(n))
	}
}

// jumpIf goes to target if the condition is want, and on to the next instruction if not.
func (m *machine) jumpIf(c cond, l []regalloc.Loc, want bool, target Label) {
	a := m.a
	want = want != c.negate
	switch c.kind {
	case condConst:
		if want {
			a.Jmp(target)
		}
	case condFlags:
		c.compare(l)
		if want {
			a.Jcc(c.cc, target)
		} else {
			a.Jcc(c.cc.Negate(), target)
		}
	case condEqual:
		c.compare(l)
		if !want {
			a.Jcc(CondNE, target)
			a.Jcc(CondP, target)
			return
		}
		skip := a.NewLabel()
		a.Jcc(CondP, skip)
		a.Jcc(CondE, target)
		a.Bind(skip)
	case condFits:
		x := reg(l[c.fits])
		outside, skip := target, a.NewLabel()
		if want {
			outside = skip
		}
		a.Emit(UCOMISD_XM, x, a.Float64(-1<<63))
		a.Jcc(CondB, outside) // or unordered
		a.Load(scratchX, a.Float64(1<<63))
		a.Emit(UCOMISD_XX, scratchX, x)
		if want {
			a.Jcc(CondA, target)
		} else {
			a.Jcc(CondBE, target)
		}
		a.Bind(skip)
	}
}

// code is the condition code of a condFlags condition.
func (c *cond) code() Cond {
	if c.negate {
		return c.cc.Negate()
	}
	return c.cc
}

// boolean makes the truth value of v, an operation of a comparison.
func (m *machine) boolean(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	c := s.condition(v, true)
	a := m.a
	if c.kind == condFlags {
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			c.compare(l)
			a.Emit(SETCC_R, c.code(), reg(l[d]))
			a.Emit(MOVZBL_RR, reg(l[d]), reg(l[d]))
		})
		return
	}
	d := s.DefEarly(v)
	s.Emit(0, func(l []regalloc.Loc) {
		skip := a.NewLabel()
		a.MoveImm(reg(l[d]), 0)
		m.jumpIf(c, l, false, skip)
		a.MoveImm(reg(l[d]), 1)
		a.Bind(skip)
	})
}
