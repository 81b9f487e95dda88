// Operands during selection: what an argument may be folded to (an immediate, a place in memory), and how it is written once the allocator has
// placed the rest.

package arm64

import (
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// selection is one instruction being put together.
type selection struct {
	*emitter.Selection
	m *machine
}

func (m *machine) begin(f *emitter.Func, at *ir.Value) selection { return selection{f.Begin(at), m} }

func (s selection) useFixed(v *ir.Value, r Reg) int { return s.UseIn(v, preg(r)) }

func (s selection) defFixed(v *ir.Value, r Reg) int { return s.DefIn(v, preg(r)) }

// use is Use, or UseLate.
func (s selection) use(v *ir.Value, late bool) int {
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

func (m *machine) mem(ad emitter.Address, l []regalloc.Loc) Mem {
	mem := At(SP, ad.Disp())
	if ad.Scratch == nil {
		mem.Base = reg(l[ad.Base])
	}
	if ad.Index < 0 {
		return mem
	}
	if mem.Base == SP { // takes no shifted index
		m.a.AddImm(addressTemp, SP, int64(mem.Disp), NoReg)
		mem.Base, mem.Disp = addressTemp, 0
	}
	mem.Index, mem.Shift = reg(l[ad.Index]), 3
	return mem
}

// Absolute: there is always a base.
func (m *machine) Absolute(int64) bool { return false }

// SplitsIndex: with a displacement there is no room for an index, so it is added anyway.
func (m *machine) SplitsIndex(disp int64) bool { return disp != 0 }

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
func (s selection) addend(v *ir.Value, late bool) source {
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
