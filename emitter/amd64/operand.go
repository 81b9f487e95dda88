// Operands during selection: what an argument may be folded to (immediate, memory, constant in the pool), and how it is written once the
// allocator has placed the rest.

package amd64

import (
	"math"

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

func reg(l regalloc.Loc) Reg { return Reg(l.Reg()) }

func isConst(v *ir.Value) bool { return emitter.Resolve(v).Op.Is(ir.Constant) }

// immediate is the value of a constant that instructions can hold.
func immediate(v *ir.Value) (int64, bool) {
	v = emitter.Resolve(v)
	return v.Aux, v.Op.Is(ir.Constant) && !v.Type.Kind.Float() && v.Aux == int64(int32(v.Aux))
}

// source is the second operand of an instruction.
type source struct {
	imm  bool
	n    int64
	mem  bool
	addr emitter.Address
	pool Mem // if its Label is set
	op   int // else: number of the operand
}

// source folds v as far as it goes; imm: an immediate will do. late: it is read after results are written.
func (s selection) source(v *ir.Value, imm, late bool) source {
	v = emitter.Resolve(v)
	if v.Op.Is(ir.Constant) {
		if n, ok := immediate(v); ok && imm {
			return source{imm: true, n: n}
		}
		return source{pool: s.m.a.Int64(v.Aux)}
	}
	if s.foldable(v) {
		return source{mem: true, addr: s.LoadAddress(v, late)}
	}
	c := regalloc.RegOrMem
	if v.Op == ir.OpScratch {
		c = regalloc.Reg
	}
	return source{op: s.Add(regalloc.Operand{V: s.F.Reg(v), C: c, Late: late})}
}

// foldable says whether v is a 64-bit load whose only user is the instruction.
func (s selection) foldable(v *ir.Value) bool {
	v = emitter.Resolve(v)
	switch v.Op {
	case ir.OpLoadI64, ir.OpLoadF64, ir.OpLoadObj, ir.OpLoadObjNull, ir.OpLoadPtr, ir.OpLoadIdxI64, ir.OpLoadIdxF64,
		ir.OpLoadIdxObj, ir.OpLoadIdxObjNull, ir.OpClassOf, ir.OpUnboxFloat:
		return s.F.Foldable(v, s.At)
	}
	return false
}

// operand writes a source.
func (m *machine) operand(f *emitter.Func, src source, l []regalloc.Loc) Operand {
	switch {
	case src.imm:
		return Imm(src.n)
	case src.mem:
		return m.mem(src.addr, l)
	case src.pool.Label != 0:
		return src.pool
	}
	return m.place(f, l[src.op])
}

// place is a register or a spill slot.
func (m *machine) place(f *emitter.Func, l regalloc.Loc) Operand {
	if l.IsSlot() {
		return At(RSP, m.slot(f, l))
	}
	return reg(l)
}

func (m *machine) mem(ad emitter.Address, l []regalloc.Loc) Mem {
	mem := Mem{Base: NoReg, Disp: ad.Disp()}
	switch {
	case ad.Scratch != nil:
		mem.Base = RSP
	case ad.Base >= 0:
		mem.Base = reg(l[ad.Base])
	}
	if ad.Index >= 0 {
		mem.Index, mem.Scale = reg(l[ad.Index]), 8
	}
	return mem
}

// Absolute: displacements are signed.
func (m *machine) Absolute(address int64) bool { return fits32(address) }

// SplitsIndex: there is always room for a displacement.
func (m *machine) SplitsIndex(disp int64) bool { return true }

func fits32(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// alu is an instruction with all its forms for the second operand.
type alu struct{ rr, ri, rm Op }

var (
	addOp = alu{ADDQ_RR, ADDQ_RI, ADDQ_RM}
	subOp = alu{SUBQ_RR, SUBQ_RI, SUBQ_RM}
	andOp = alu{ANDQ_RR, ANDQ_RI, ANDQ_RM}
	orOp  = alu{ORQ_RR, ORQ_RI, ORQ_RM}
	xorOp = alu{XORQ_RR, XORQ_RI, XORQ_RM}
	cmpOp = alu{CMPQ_RR, CMPQ_RI, CMPQ_RM}
	mulOp = alu{rr: IMULQ_RR, rm: IMULQ_RM}

	addsd   = alu{rr: ADDSD_XX, rm: ADDSD_XM}
	subsd   = alu{rr: SUBSD_XX, rm: SUBSD_XM}
	mulsd   = alu{rr: MULSD_XX, rm: MULSD_XM}
	divsd   = alu{rr: DIVSD_XX, rm: DIVSD_XM}
	minsd   = alu{rr: MINSD_XX, rm: MINSD_XM}
	maxsd   = alu{rr: MAXSD_XX, rm: MAXSD_XM}
	ucomisd = alu{rr: UCOMISD_XX, rm: UCOMISD_XM}
	cvtsi   = alu{rr: CVTSI2SDQ_XR, rm: CVTSI2SDQ_XM}
)

func (m *machine) emit2(op alu, dst Reg, src Operand) {
	switch src.(type) {
	case Imm:
		m.a.Emit(op.ri, dst, src)
	case Mem:
		m.a.Emit(op.rm, dst, src)
	default:
		m.a.Emit(op.rr, dst, src)
	}
}
