// Operands during selection: what an argument may be folded to (an immediate, a place in memory), and how it is written once the allocator has
// placed the rest.

package arm64

import (
	"math"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// selection is one instruction being put together.
type selection struct {
	emitter.Selection
	m *machine
}

func (m *machine) begin(f *emitter.Func, at *ir.Value) *selection {
	s := m.t.selections.New()
	*s = selection{m.t.selector.Begin(f, at), m}
	return s
}

func (s *selection) useFixed(v *ir.Value, r Reg) int { return s.UseIn(v, preg(r)) }

func (s *selection) defFixed(v *ir.Value, r Reg) int { return s.DefIn(v, preg(r)) }

// use is Use, or UseLate.
func (s *selection) use(v *ir.Value, late bool) int {
	if late {
		return s.UseLate(v)
	}
	return s.Use(v)
}

func reg(l regalloc.Loc) Reg { return Reg(l.Reg()) }

func isConst(v *ir.Value) bool { return emitter.Resolve(v).Op.Is(ir.Constant) }

// nothing is folded into arithmetic.
func nothing(*ir.Value) bool { return false }

// integer is the value of a constant that is no float.
func integer(v *ir.Value) (int64, bool) {
	v = emitter.Resolve(v)
	return v.Aux, v.Op.Is(ir.Constant) && !v.Type.Kind.Float()
}

// address is a memory operand: base and index are numbers of operands, or -1.
type address struct {
	base, index int
	scratch     *ir.Value // the words of an OpScratch instead of a base
	disp        int32
}

// address folds constants into the displacement. index may be nil; it counts words.
func (s *selection) address(base, index *ir.Value, disp int64, late bool) address {
	base = emitter.Resolve(base)
	ad := address{base: -1, index: -1}
	if index != nil {
		index = emitter.Resolve(index)
		// With a displacement there is no room for an index, so it is added anyway.
		if index.Op == ir.OpAdd && disp != 0 && !s.F.Wanted(index) && s.F.Near(index, s.At) {
			if n, ok := integer(index.Args[1]); ok && fits32(n) && fits32(disp+8*n) {
				disp += 8 * n
				index = emitter.Resolve(index.Args[0])
			}
		}
		if n, ok := integer(index); ok && fits32(n) && fits32(disp+8*n) {
			disp += 8 * n
			index = nil
		}
	}
	if base.Op == ir.OpScratch {
		ad.scratch = base
		s.m.frame.NeedScratch(base)
	} else {
		ad.base = s.use(base, late)
	}
	if index != nil {
		ad.index = s.use(index, late)
	}
	if !fits32(disp) {
		panic("BUG: displacement out of range")
	}
	ad.disp = int32(disp)
	return ad
}

func fits32(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// loadAddress is the address of a load.
func (s *selection) loadAddress(v *ir.Value, late bool) address {
	switch v.Op {
	case ir.OpClassOf:
		return s.address(v.Args[0], nil, int64(s.m.abi.ObType), late)
	case ir.OpUnboxFloat:
		return s.address(v.Args[0], nil, int64(s.m.abi.FloatVal), late)
	case ir.OpLoadIdxI64, ir.OpLoadIdxF64, ir.OpLoadIdxObj, ir.OpLoadIdxObjNull:
		return s.address(v.Args[0], v.Args[1], v.Aux, late)
	}
	return s.address(v.Args[0], nil, v.Aux, late)
}

func (m *machine) mem(ad address, l []regalloc.Loc) Mem {
	mem := At(SP, ad.disp)
	if ad.scratch != nil {
		mem.Disp += int32(m.frame.ScratchOffset(ad.scratch))
	} else {
		mem.Base = reg(l[ad.base])
	}
	if ad.index < 0 {
		return mem
	}
	if mem.Base == SP { // takes no shifted index
		m.a.AddImm(addressTemp, SP, int64(mem.Disp), NoReg)
		mem.Base, mem.Disp = addressTemp, 0
	}
	mem.Index, mem.Shift = reg(l[ad.index]), 3
	return mem
}

// arithmetic are the forms of an instruction by its second operand, and of the opposite one, for immediates below 0.
type arithmetic struct{ register, immediate, register2, immediate2 Op }

var (
	addOp  = arithmetic{ADD, ADD_I, SUB, SUB_I}
	addsOp = arithmetic{ADDS, ADDS_I, SUBS, SUBS_I}
	subOp  = arithmetic{SUB, SUB_I, ADD, ADD_I}
	subsOp = arithmetic{SUBS, SUBS_I, ADDS, ADDS_I}
)

// source is the second operand of an instruction: an immediate, or the number of an operand.
type source struct {
	imm bool
	n   int64
	op  int
}

// addend is a source of arithmetic.
func (s *selection) addend(v *ir.Value, late bool) source {
	if n, ok := integer(v); ok && fitsAdd(n) {
		return source{imm: true, n: n}
	}
	return source{op: s.use(v, late)}
}

func (m *machine) arithmetic(op arithmetic, dst, x Reg, y source, l []regalloc.Loc) {
	switch {
	case !y.imm:
		m.a.Emit(op.register, dst, x, reg(l[y.op]))
	case y.n < 0:
		m.a.Emit(op.immediate2, dst, x, Imm(-y.n))
	default:
		m.a.Emit(op.immediate, dst, x, Imm(y.n))
	}
}
