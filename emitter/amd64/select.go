// Instruction selection: one case an operation.

package amd64

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Select adds the instructions of v.
func (m *machine) Select(f *emitter.Func, v *ir.Value) {
	a := m.a
	s := m.begin(f, v)
	switch v.Op {
	case ir.OpConstInt, ir.OpConstFloat, ir.OpConstBool, ir.OpConstObj, ir.OpConstNull, ir.OpConstPtr, ir.OpScratch:
		if v.Op == ir.OpScratch {
			f.Frame.NeedScratch(v)
		}
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			if l[d].IsReg() {
				m.constant(f, reg(l[d]), v)
			}
		})

	// Integers.
	case ir.OpAdd:
		m.add(f, v)
	case ir.OpSub:
		if n, ok := immediate(v.Args[1]); ok && fits32(-n) {
			m.addImmediate(f, v, v.Args[0], -n)
			return
		}
		m.binary(f, v, subOp, true)
	case ir.OpAnd:
		for i, x := range v.Args {
			if x = emitter.Resolve(x); x.Op == ir.OpConstInt && x.Aux == math.MaxUint32 {
				n, d := s.Use(v.Args[1-i]), s.Def(v)
				s.Emit(0, func(l []regalloc.Loc) { a.Emit(MOVL_RR, reg(l[d]), reg(l[n])) })
				return
			}
		}
		m.binary(f, v, andOp, true)
	case ir.OpOr:
		m.binary(f, v, orOp, true)
	case ir.OpXor:
		m.binary(f, v, xorOp, true)
	case ir.OpMul:
		m.multiply(f, v)
	case ir.OpNeg:
		m.unary(f, v, NEGQ_R)
	case ir.OpNot:
		m.unary(f, v, NOTQ_R)
	case ir.OpShl:
		m.shift(f, v, SHLQ_RI, SHLQ_RCL)
	case ir.OpSar:
		m.shift(f, v, SARQ_RI, SARQ_RCL)
	case ir.OpDivFloor, ir.OpModFloor:
		m.divide(f, v)
	case ir.OpMulHigh:
		x, y := v.Args[0], v.Args[1]
		s.useFixed(x, RAX)
		b := s.Use(y)
		s.defFixed(v, RDX)
		s.Emit(set(RAX), func(l []regalloc.Loc) { a.Emit(IMULQ_R, reg(l[b])) })
	case ir.OpAddOvf, ir.OpSubOvf:
		m.addOvf(f, v)
	case ir.OpMulOvf:
		m.mulOvf(f, v)
	case ir.OpNegOvf:
		n := s.Use(v.Args[0])
		d := s.DefTied(v, n)
		x := f.NewExit(v)
		if f.Dies(v.Args[0]) {
			x.Instead(f.Reg(v.Args[0]), d) // only the least integer overflows, and it is its own negation
		}
		s.State(x, true)
		s.Emit(0, func(l []regalloc.Loc) {
			if m.b.Input.Force != nil {
				x.Undo = func() { a.Emit(NEGQ_R, reg(l[d])) }
			}
			a.Emit(NEGQ_R, reg(l[d]))
			a.Jcc(CondO, x.Label(l))
		})
	case ir.OpShlOvf:
		m.shlOvf(f, v)

	// Conditions.
	case ir.OpIEq, ir.OpINe, ir.OpILt, ir.OpILe, ir.OpIGt, ir.OpIGe, ir.OpULt, ir.OpULe, ir.OpPEq, ir.OpPNe,
		ir.OpFEq, ir.OpFNe, ir.OpFLt, ir.OpFLe, ir.OpFGt, ir.OpFGe, ir.OpBNot, ir.OpFloatFitsInt, ir.OpUnboxBool:
		m.boolean(f, v)
	case ir.OpSelect:
		m.choose(f, v)

	// Floats.
	case ir.OpFAdd:
		m.binaryFloat(f, v, addsd)
	case ir.OpFSub:
		m.binaryFloat(f, v, subsd)
	case ir.OpFMul:
		m.binaryFloat(f, v, mulsd)
	case ir.OpFDiv:
		m.binaryFloat(f, v, divsd)
	case ir.OpFMin:
		m.binaryFloat(f, v, minsd)
	case ir.OpFMax:
		m.binaryFloat(f, v, maxsd)
	case ir.OpFNeg:
		m.floatMask(f, v, XORPD_XM, 1<<63)
	case ir.OpFAbs:
		m.floatMask(f, v, ANDPD_XM, 1<<63-1)
	case ir.OpFSqrt: // into its own operand, for the instruction waits for its destination
		m.tied(f, v, func(d Reg) { a.Emit(SQRTSD_XX, d, d) })
	case ir.OpFMulAdd:
		m.mulAdd(f, v)
	case ir.OpFFloor:
		m.round(f, v, 9)
	case ir.OpFCeil:
		m.round(f, v, 10)
	case ir.OpFTrunc:
		m.round(f, v, 11)
	case ir.OpIntToFloat:
		n := s.source(v.Args[0], false, false)
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			a.Emit(XORPS_XX, reg(l[d]), reg(l[d])) // the conversion keeps the upper half, and so waits for it
			m.emit2(cvtsi, reg(l[d]), m.operand(f, n, l))
		})
	case ir.OpFloatToInt:
		n, d := s.Use(v.Args[0]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(CVTTSD2SIQ_RX, reg(l[d]), reg(l[n])) })
	case ir.OpFloatBits, ir.OpBitsFloat:
		n, d := s.Use(v.Args[0]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Move(reg(l[d]), reg(l[n])) })

	// Memory.
	case ir.OpLoadI64, ir.OpLoadF64, ir.OpLoadObj, ir.OpLoadObjNull, ir.OpLoadPtr, ir.OpLoadIdxI64, ir.OpLoadIdxF64,
		ir.OpLoadIdxObj, ir.OpLoadIdxObjNull, ir.OpClassOf, ir.OpUnboxFloat:
		ad := s.LoadAddress(v, false)
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Load(reg(l[d]), m.mem(ad, l)) })
	case ir.OpLoadS32:
		m.load(f, v, MOVSLQ_RM)
	case ir.OpLoadU32:
		m.load(f, v, MOVL_RM)
	case ir.OpLoadU8:
		m.load(f, v, MOVZBL_RM)
	case ir.OpLoadIdxU8:
		n, i, d := s.Use(v.Args[0]), s.Use(v.Args[1]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(MOVZBL_RM, reg(l[d]), AtIndex(reg(l[n]), reg(l[i]), 1, int32(v.Aux))) })
	case ir.OpStoreI64, ir.OpStoreF64, ir.OpStoreObj:
		m.store(f, v, nil, v.Args[1])
	case ir.OpStoreIdxI64, ir.OpStoreIdxF64, ir.OpStoreIdxObj:
		m.store(f, v, v.Args[1], v.Args[2])
	case ir.OpStoreU32:
		ad := s.Address(v.Args[0], nil, v.Aux, false)
		x := emitter.Resolve(v.Args[1])
		if x.Op == ir.OpConstInt {
			s.Emit(0, func(l []regalloc.Loc) { a.Emit(MOVL_MI, m.mem(ad, l), Imm(int32(x.Aux))) })
			return
		}
		n := s.Use(x)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(MOVL_MR, m.mem(ad, l), reg(l[n])) })

	// References and boxes.
	case ir.OpBoxBool:
		m.boxBool(f, v)
	case ir.OpIntSign:
		ad := s.Address(v.Args[0], nil, int64(m.abi.IntSize), false)
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			if m.abi.IntTagged != 0 {
				a.Emit(MOVQ_RM, reg(l[d]), m.mem(ad, l))
				m.signOfTag(reg(l[d]))
				return
			}
			// The size's own sign, or 1 if it is positive.
			a.Emit(MOVQ_RM, scratch, m.mem(ad, l))
			a.Move(reg(l[d]), scratch)
			a.Emit(NEGQ_R, scratch)
			a.Emit(SHRQ_RI, scratch, Imm(63))
			a.Emit(SARQ_RI, reg(l[d]), Imm(63))
			a.Emit(ORQ_RR, reg(l[d]), scratch)
		})

	// Guards.
	case ir.OpGuard:
		if holds, other, when, ok := s.Excused(v.Args[0]); ok {
			c, o := s.condition(holds, false), s.condition(other, false)
			x := s.Exit(false)
			s.Emit(0, func(l []regalloc.Loc) {
				fails, on, exit := a.NewLabel(), a.NewLabel(), x.Label(l)
				m.jumpIf(c, l, false, fails)
				a.Bind(on)
				f.Cold(func() {
					a.Bind(fails)
					m.jumpIf(o, l, !when, exit)
					a.Jmp(on)
				})
			})
			return
		}
		c := s.condition(v.Args[0], false)
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			if c.kind != condConst || c.negate {
				m.jumpIf(c, l, false, x.Label(l))
			}
		})
	case ir.OpGuardClass:
		ad := s.Address(v.Args[0], nil, int64(m.abi.ObType), false)
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			if fits32(v.Aux) {
				a.Emit(CMPQ_MI, m.mem(ad, l), Imm(v.Aux))
			} else {
				a.MoveImm(scratch, v.Aux)
				a.Emit(CMPQ_MR, m.mem(ad, l), scratch)
			}
			a.Jcc(CondNE, x.Label(l))
		})
	case ir.OpGuardNotNull, ir.OpRaiseIfNull, ir.OpRaiseIfZero:
		m.testGuard(f, v, CondE)
	case ir.OpRaiseIfNeg:
		m.testGuard(f, v, CondS)
	case ir.OpGuardTag:
		n := s.Use(v.Args[0])
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			a.Emit(CMPL_RI, reg(l[n]), Imm(v.Aux))
			a.Jcc(CondNE, x.Label(l))
		})
	case ir.OpGuardFrame, ir.OpGuardLocals:
		if !f.MayHaveFrame() {
			return
		}
		t := -1
		if m.watchedByWord() {
			t = s.Temp()
		}
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			skip := a.NewLabel()
			a.Emit(MOVQ_RM, scratch, At(RSP, 0))
			if !f.IR.HasFrame {
				a.Emit(TESTQ_RR, scratch, scratch)
				a.Jcc(CondE, skip)
			}
			a.Emit(CMPQ_MI, At(scratch, int32(m.abi.FrameObject)), Imm(0))
			if v.Op == ir.OpGuardFrame {
				a.Jcc(CondNE, x.Label(l))
			} else {
				m.askLocals(f, x, l, skip)
			}
			a.Bind(skip)
			other := NoReg
			if t >= 0 {
				other = reg(l[t])
			}
			m.watched(thread, scratch, other, x.Label(l))
		})
	case ir.OpPoll:
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) { m.Poll(x.Label(l)) })
	case ir.OpTick:
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			m.dataAddress(scratch, emitter.FuncOffset(f.Index)+pyabi.FuncRounds)
			a.Emit(DECL_M, At(scratch, 0))
			a.Jcc(CondLE, x.Label(l))
		})
	case ir.OpRecordClass:
		m.recordClass(f, v)

	// Calls.
	case ir.OpLink:
		m.link(f, v)
	case ir.OpUnlink:
		t := s.Temp()
		s.Emit(0, func(l []regalloc.Loc) {
			a.Emit(MOVQ_RM, reg(l[t]), At(RSP, 0))
			current := m.at(thread, scratch, m.abi.FramesBy, m.abi.FramesAt)
			a.Emit(MOVQ_RM, reg(l[t]), At(reg(l[t]), int32(m.abi.FramePrevious)))
			a.Emit(MOVQ_MR, current, reg(l[t]))
		})
	case ir.OpLetGo:
		s.Emit(0, func(l []regalloc.Loc) { m.dropFrameObject(f) })
	default:
		panic(fmt.Sprintf("BUG: no selection for %v", v.Op))
	}
}

// SelectBranch adds a jump to the successor that does not follow.
func (m *machine) SelectBranch(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	c := s.condition(v.Args[0], false)
	s.Emit(0, func(l []regalloc.Loc) {
		other := 1 - f.Fall
		m.jumpIf(c, l, other == 0, f.Succ(other))
	})
}

// tied is an instruction that changes its only operand.
func (m *machine) tied(f *emitter.Func, v *ir.Value, emit func(d Reg)) {
	s := m.begin(f, v)
	d := s.DefTied(v, s.Use(v.Args[0]))
	s.Emit(0, func(l []regalloc.Loc) { emit(reg(l[d])) })
}

func (m *machine) unary(f *emitter.Func, v *ir.Value, op Op) {
	m.tied(f, v, func(d Reg) { m.a.Emit(op, d) })
}

// binary is a two-address instruction.
func (m *machine) binary(f *emitter.Func, v *ir.Value, op alu, imm bool) {
	s := m.begin(f, v)
	x, y := s.Ordered(v, s.foldable)
	n := s.Use(x)
	d := s.DefTied(v, n)
	src := s.source(y, imm, false)
	s.Emit(0, func(l []regalloc.Loc) { m.emit2(op, reg(l[d]), m.operand(f, src, l)) })
}

func (m *machine) binaryFloat(f *emitter.Func, v *ir.Value, op alu) { m.binary(f, v, op, false) }

// fused are the forms of an instruction that multiplies and adds, by the operand that it overwrites: a factor, a factor while the other one
// is in memory, or the summand.
type fused struct{ factor, factorByMemory, summand alu }

// fusedOps are by negate the product, negate the summand.
var fusedOps = [2][2]fused{
	{
		{alu{rr: VFMADD213SD_XXX, rm: VFMADD213SD_XXM}, alu{rr: VFMADD132SD_XXX, rm: VFMADD132SD_XXM}, alu{rr: VFMADD231SD_XXX, rm: VFMADD231SD_XXM}},
		{alu{rr: VFMSUB213SD_XXX, rm: VFMSUB213SD_XXM}, alu{rr: VFMSUB132SD_XXX, rm: VFMSUB132SD_XXM}, alu{rr: VFMSUB231SD_XXX, rm: VFMSUB231SD_XXM}},
	}, {
		{alu{rr: VFNMADD213SD_XXX, rm: VFNMADD213SD_XXM}, alu{rr: VFNMADD132SD_XXX, rm: VFNMADD132SD_XXM}, alu{rr: VFNMADD231SD_XXX, rm: VFNMADD231SD_XXM}},
		{alu{rr: VFNMSUB213SD_XXX, rm: VFNMSUB213SD_XXM}, alu{rr: VFNMSUB132SD_XXX, rm: VFNMSUB132SD_XXM}, alu{rr: VFNMSUB231SD_XXX, rm: VFNMSUB231SD_XXM}},
	},
}

// mulAdd is x*y + z in one instruction, which takes negated operands as they were before, and overwrites one that dies.
func (m *machine) mulAdd(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	args, negate := emitter.Negated(v)
	x, y, z := args[0], args[1], args[2]
	inMemory := func(v *ir.Value) bool { return isConst(v) || s.foldable(v) }
	if inMemory(x) && !inMemory(y) {
		x, y = y, x
	}
	forms := fusedOps[negate[0]][negate[1]]
	overwritten, second, last, op := x, y, z, forms.factor
	switch {
	case inMemory(z) && !inMemory(y):
		if !f.Dies(x) && f.Dies(y) {
			overwritten, second = y, x
		}
	case f.Dies(z):
		overwritten, second, last, op = z, x, y, forms.summand
	case inMemory(y):
		second, last, op = z, y, forms.factorByMemory
	case !f.Dies(x) && f.Dies(y):
		overwritten, second = y, x
	}
	n := s.Use(overwritten)
	d := s.DefTied(v, n)
	k := s.Use(second)
	src := s.source(last, false, false)
	s.Emit(0, func(l []regalloc.Loc) {
		form := op.rr
		from := m.operand(f, src, l)
		if _, ok := from.(Mem); ok {
			form = op.rm
		}
		m.a.Emit(form, reg(l[d]), reg(l[k]), from)
	})
}

// add takes three registers where that saves a copy.
func (m *machine) add(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	x, y := s.Ordered(v, s.foldable)
	if n, ok := immediate(y); ok {
		m.addImmediate(f, v, x, n)
		return
	}
	if isConst(y) || s.foldable(y) {
		m.binary(f, v, addOp, true)
		return
	}
	p, q := s.Use(x), s.Use(y)
	d := s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		switch d, p, q := reg(l[d]), reg(l[p]), reg(l[q]); d {
		case p:
			m.a.Emit(ADDQ_RR, d, q)
		case q:
			m.a.Emit(ADDQ_RR, d, p)
		default:
			m.a.Emit(LEAQ_RM, d, AtIndex(p, q, 1, 0))
		}
	})
}

func (m *machine) addImmediate(f *emitter.Func, v, x *ir.Value, n int64) {
	s := m.begin(f, v)
	p, d := s.Use(x), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		if d, p := reg(l[d]), reg(l[p]); d == p {
			m.a.Emit(ADDQ_RI, d, Imm(n))
		} else {
			m.a.Emit(LEAQ_RM, d, At(p, int32(n)))
		}
	})
}

func (m *machine) multiply(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	x, y := s.Ordered(v, s.foldable)
	n, ok := immediate(y)
	if !ok {
		m.binary(f, v, mulOp, false)
		return
	}
	p, d := s.Use(x), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		d, p := reg(l[d]), reg(l[p])
		switch {
		case n > 0 && n&(n-1) == 0:
			a.Move(d, p)
			a.Emit(SHLQ_RI, d, Imm(bits.TrailingZeros64(uint64(n))))
		case n == 3 || n == 5 || n == 9:
			a.Emit(LEAQ_RM, d, AtIndex(p, p, uint8(n-1), 0))
		default:
			a.Emit(IMULQ_RRI, d, p, Imm(n))
		}
	})
}

func (m *machine) shift(f *emitter.Func, v *ir.Value, constant, variable Op) {
	s := m.begin(f, v)
	n := s.Use(v.Args[0])
	d := s.DefTied(v, n)
	if c, ok := immediate(v.Args[1]); ok {
		s.Emit(0, func(l []regalloc.Loc) {
			if c&63 != 0 {
				m.a.Emit(constant, reg(l[d]), Imm(c&63))
			}
		})
		return
	}
	s.useFixed(v.Args[1], RCX)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(variable, reg(l[d])) })
}

// addOvf adds or subtracts. The operand that is overwritten is usually in the frame state and dies: at the exit it is got back by the
// opposite operation, instead of being kept.
func (m *machine) addOvf(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	op, back := addOp, subOp
	if v.Op == ir.OpSubOvf {
		op, back = subOp, addOp
	}
	x, y := s.Ordered(v, s.foldable)
	dies := f.Dies(x)
	n := s.Use(x)
	d := s.DefTied(v, n)
	src := s.source(y, true, true)
	exit := f.NewExit(v)
	undo := dies && x != y && !isConst(x)
	if undo {
		exit.Instead(f.Reg(x), d)
	}
	s.State(exit, true)
	s.Emit(0, func(l []regalloc.Loc) {
		if undo {
			exit.Undo = func() { m.emit2(back, reg(l[d]), m.operand(f, src, l)) }
		}
		m.emit2(op, reg(l[d]), m.operand(f, src, l))
		m.a.Jcc(CondO, exit.Label(l))
	})
}

func (m *machine) mulOvf(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	x, y := s.Ordered(v, s.foldable)
	if n, ok := immediate(y); ok {
		p := s.Use(x)
		d := s.Def(v)
		exit := s.Exit(true)
		s.Emit(0, func(l []regalloc.Loc) {
			m.a.Emit(IMULQ_RRI, reg(l[d]), reg(l[p]), Imm(n))
			m.a.Jcc(CondO, exit.Label(l))
		})
		return
	}
	n := s.Use(x)
	d := s.DefTied(v, n)
	src := s.source(y, false, false)
	exit := s.Exit(true)
	s.Emit(0, func(l []regalloc.Loc) {
		m.emit2(mulOp, reg(l[d]), m.operand(f, src, l))
		m.a.Jcc(CondO, exit.Label(l))
	})
}

// shlOvf shifts and shifts back, if it is not by little: what was lost differs.
func (m *machine) shlOvf(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	c, constant := immediate(v.Args[1])
	if constant && c < 31 { // a multiplication says itself whether it fits
		n, d := s.Use(v.Args[0]), s.Def(v)
		exit := s.Exit(true)
		s.Emit(0, func(l []regalloc.Loc) {
			a.Emit(IMULQ_RRI, reg(l[d]), reg(l[n]), Imm(int64(1)<<c))
			a.Jcc(CondO, exit.Label(l))
		})
		return
	}
	n := s.UseLate(v.Args[0])
	if !constant {
		i := s.useFixed(v.Args[1], RCX)
		s.Ops[i].Late = true
	}
	d := s.Def(v)
	exit := s.Exit(true)
	s.Emit(0, func(l []regalloc.Loc) {
		d, n := reg(l[d]), reg(l[n])
		a.Move(d, n)
		if constant {
			a.Emit(SHLQ_RI, d, Imm(c&63))
		} else {
			a.Emit(SHLQ_RCL, d)
		}
		a.Move(scratch, d)
		if constant {
			a.Emit(SARQ_RI, scratch, Imm(c&63))
		} else {
			a.Emit(SARQ_RCL, scratch)
		}
		a.Emit(CMPQ_RR, scratch, n)
		a.Jcc(CondNE, exit.Label(l))
	})
}

// choose is a conditional move, or for floats and what no flag says alone a jump around a move.
func (m *machine) choose(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	n := s.Use(v.Args[2])
	d := s.DefTied(v, n)
	y := s.UseLate(v.Args[1])
	from := len(s.Ops)
	c := s.condition(v.Args[0], false)
	for i := from; i < len(s.Ops); i++ {
		s.Ops[i].Late = true // the result's register already holds the other value when the condition is tested
	}
	s.Emit(0, func(l []regalloc.Loc) {
		if c.kind == condFlags && reg(l[d]).IsGPR() {
			c.compare(l)
			m.a.Emit(CMOVCCQ_RR, c.code(), reg(l[d]), reg(l[y]))
			return
		}
		skip := m.a.NewLabel()
		m.jumpIf(c, l, false, skip)
		m.a.Move(reg(l[d]), reg(l[y]))
		m.a.Bind(skip)
	})
}

func (m *machine) floatMask(f *emitter.Func, v *ir.Value, op Op, mask uint64) {
	m.tied(f, v, func(d Reg) { m.a.Emit(op, d, m.a.Vec128(mask, mask)) })
}

func (m *machine) round(f *emitter.Func, v *ir.Value, mode Imm) {
	m.tied(f, v, func(d Reg) { m.a.Emit(ROUNDSD_XXI, d, d, mode) })
}

func (m *machine) load(f *emitter.Func, v *ir.Value, op Op) {
	s := m.begin(f, v)
	ad := s.LoadAddress(v, false)
	d := s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(op, reg(l[d]), m.mem(ad, l)) })
}

// store stores 64 bits: a register, or a constant as an immediate or through the scratch register.
func (m *machine) store(f *emitter.Func, v, index, x *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	x = emitter.Resolve(x)
	ad := s.Address(v.Args[0], index, v.Aux, false)
	if x.Op.Is(ir.Constant) {
		s.Emit(0, func(l []regalloc.Loc) {
			if fits32(x.Aux) {
				a.Emit(MOVQ_MI, m.mem(ad, l), Imm(x.Aux))
				return
			}
			a.MoveImm(scratch, x.Aux)
			a.Emit(MOVQ_MR, m.mem(ad, l), scratch)
		})
		return
	}
	n := s.Use(x)
	s.Emit(0, func(l []regalloc.Loc) { a.Store(m.mem(ad, l), reg(l[n])) })
}

// testGuard leaves if comparing the argument with 0 answers cc.
func (m *machine) testGuard(f *emitter.Func, v *ir.Value, cc Cond) {
	s := m.begin(f, v)
	src := s.source(v.Args[0], false, false)
	x := s.Exit(false)
	s.Emit(0, func(l []regalloc.Loc) {
		switch o := m.operand(f, src, l).(type) {
		case Reg:
			m.a.Emit(TESTQ_RR, o, o)
		default:
			m.a.Emit(CMPQ_MI, o, Imm(0))
		}
		m.a.Jcc(cc, x.Label(l))
	})
}
