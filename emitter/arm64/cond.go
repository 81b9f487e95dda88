// Conditions: comparisons fused into the branch, guard or selection that asks for them.

package arm64

import (
	"math"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

type condKind uint8

const (
	condFlags condKind = iota // one condition after the comparison
	condZero                  // whether a register is 0 (cc EQ) or not (NE)
	condConst
)

// cond is a truth value that is tested where it is needed.
type cond struct {
	kind    condKind
	cc      Cond
	negate  bool
	compare func(l []regalloc.Loc) // sets the flags; may use both scratch registers
	zero    int                    // operand of condZero
	narrow  bool                   // of which 32 bits count
}

var intConds = map[ir.Op]Cond{
	ir.OpIEq: CondEQ, ir.OpINe: CondNE, ir.OpILt: CondLT, ir.OpILe: CondLE, ir.OpIGt: CondGT, ir.OpIGe: CondGE,
	ir.OpULt: CondLO, ir.OpULe: CondLS, ir.OpPEq: CondEQ, ir.OpPNe: CondNE,
}

// floatConds are false if either is nan, but for the one that must be true then.
var floatConds = map[ir.Op]Cond{
	ir.OpFEq: CondEQ, ir.OpFNe: CondNE, ir.OpFLt: CondMI, ir.OpFLe: CondLS, ir.OpFGt: CondGT, ir.OpFGe: CondGE,
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
		s.isZero(v, CondNE, true, &c)
	}
	return c
}

// isZero makes c a test of v for 0.
func (s selection) isZero(v *ir.Value, cc Cond, narrow bool, c *cond) {
	n := s.Use(v)
	c.kind, c.cc, c.zero, c.narrow = condZero, cc, n, narrow
	c.compare = func(l []regalloc.Loc) {
		if narrow {
			s.m.a.Emit(SUBSW_I, ZR, reg(l[n]), Imm(0))
		} else {
			s.m.a.Emit(SUBS_I, ZR, reg(l[n]), Imm(0))
		}
	}
}

// comparison makes c the comparison v, if it is one.
func (s selection) comparison(v *ir.Value, c *cond) bool {
	m := s.m
	if cc, ok := intConds[v.Op]; ok {
		c.cc = cc
		s.compareInts(v, c)
		return true
	}
	if cc, ok := floatConds[v.Op]; ok {
		c.cc = cc
		x := s.Use(v.Args[0])
		if y := emitter.Resolve(v.Args[1]); y.Op == ir.OpConstFloat && uint64(y.Aux)<<1 == 0 {
			c.compare = func(l []regalloc.Loc) { m.a.Emit(FCMP_Z, reg(l[x])) }
			return true
		}
		y := s.Use(v.Args[1])
		c.compare = func(l []regalloc.Loc) { m.a.Emit(FCMP, reg(l[x]), reg(l[y])) }
		return true
	}
	switch v.Op {
	case ir.OpUnboxBool:
		n := s.Use(v.Args[0])
		c.cc = CondEQ
		c.compare = func(l []regalloc.Loc) { m.compareRegister(reg(l[n]), m.abi.ObjTrue) }
	case ir.OpFloatFitsInt:
		n := s.Use(v.Args[0])
		c.cc = CondMI // less than 2**63 if it is not less than -2**63; else no flag is set
		c.compare = func(l []regalloc.Loc) {
			x := reg(l[n])
			m.a.Pool(scratchX, m.a.Float64(-1<<63))
			m.a.Emit(FCMP, x, scratchX)
			m.a.Pool(scratchX, m.a.Float64(1<<63))
			m.a.Emit(FCCMP, x, scratchX, Imm(0), CondGE)
		}
	default:
		return false
	}
	return true
}

func (s selection) compareInts(v *ir.Value, c *cond) {
	m := s.m
	x, y := emitter.Resolve(v.Args[0]), emitter.Resolve(v.Args[1])
	if isConst(x) {
		x, y = y, x
		c.cc = c.cc.Swap()
	}
	if n, ok := integer(y); ok {
		folded := !s.F.Wanted(x) && s.F.Near(x, s.At)
		switch {
		case n == 0 && x.Op == ir.OpIntSign && m.abi.IntTagged == 0 && s.F.Foldable(x, s.At):
			ad := s.Address(x.Args[0], nil, int64(m.abi.IntSize), false)
			c.compare = func(l []regalloc.Loc) {
				m.a.Load(scratch, m.mem(ad, l))
				m.a.Emit(SUBS_I, ZR, scratch, Imm(0))
			}
			return
		case n == 0 && x.Op == ir.OpAnd && folded && isConst(x.Args[1]) && (c.cc == CondEQ || c.cc == CondNE):
			mask, _ := integer(x.Args[1])
			if _, ok := bitPattern(uint64(mask), 64); ok {
				a := s.Use(x.Args[0])
				c.compare = func(l []regalloc.Loc) { m.a.Emit(ANDS_I, ZR, reg(l[a]), Imm(mask)) }
				return
			}
		case n == 0 && (c.cc == CondEQ || c.cc == CondNE):
			s.isZero(x, c.cc, false, c)
			return
		}
		if fitsAdd(n) && n != math.MinInt64 {
			a := s.Use(x)
			c.compare = func(l []regalloc.Loc) { m.a.CompareImm(reg(l[a]), n, scratch) }
			return
		}
	}
	a, b := s.Use(x), s.Use(y)
	c.compare = func(l []regalloc.Loc) { m.a.Emit(SUBS, ZR, reg(l[a]), reg(l[b])) }
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
	case condZero:
		op := [2][2]Op{{CBNZ, CBZ}, {CBNZW, CBZW}}[truth(c.narrow)][truth(want == (c.cc == CondEQ))]
		a.Emit(op, reg(l[c.zero]), target)
	case condFlags:
		c.compare(l)
		if want {
			a.Jcc(c.cc, target)
		} else {
			a.Jcc(c.cc.Negate(), target)
		}
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// code is the condition after compare, of what is not constant.
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
	d := s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		if c.kind == condConst {
			m.a.MoveImm(reg(l[d]), int64(truth(!c.negate)))
			return
		}
		c.compare(l)
		m.a.Emit(CSINC, reg(l[d]), ZR, ZR, c.code().Negate())
	})
}
