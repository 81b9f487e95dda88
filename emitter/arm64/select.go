// Instruction selection: one case an operation.

package arm64

import (
	"fmt"
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
		m.addition(f, v, addOp)
	case ir.OpSub:
		m.addition(f, v, subOp)
	case ir.OpAnd:
		m.logical(f, v, AND, AND_I)
	case ir.OpOr:
		m.logical(f, v, ORR, ORR_I)
	case ir.OpXor:
		m.logical(f, v, EOR, EOR_I)
	case ir.OpMul:
		m.multiply(f, v)
	case ir.OpNeg:
		n, d := s.Use(v.Args[0]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(SUB, reg(l[d]), ZR, reg(l[n])) })
	case ir.OpNot:
		n, d := s.Use(v.Args[0]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(ORN, reg(l[d]), ZR, reg(l[n])) })
	case ir.OpShl:
		m.shift(f, v, LSLV)
	case ir.OpSar:
		m.shift(f, v, ASRV)
	case ir.OpDivFloor, ir.OpModFloor:
		m.divide(f, v)
	case ir.OpMulHigh:
		m.binary(f, v, SMULH)
	case ir.OpAddOvf, ir.OpSubOvf:
		m.addOvf(f, v)
	case ir.OpMulOvf:
		p, q, d := s.UseLate(v.Args[0]), s.UseLate(v.Args[1]), s.Def(v)
		x := s.Exit(true)
		s.Emit(0, func(l []regalloc.Loc) {
			p, q, d := reg(l[p]), reg(l[q]), reg(l[d])
			a.Emit(MADD, d, p, q, ZR)
			a.Emit(SMULH, scratch, p, q)
			a.Emit(SUBS_A, ZR, scratch, d, Imm(63)) // the upper half is the lower one's sign, 64 times
			a.Jcc(CondNE, x.Label(l))
		})
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
				x.Undo = func() { a.Emit(SUB, reg(l[d]), ZR, reg(l[d])) }
			}
			a.Emit(SUBS, reg(l[d]), ZR, reg(l[d]))
			a.Jcc(CondVS, x.Label(l))
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
		m.binary(f, v, FADD)
	case ir.OpFSub:
		m.binary(f, v, FSUB)
	case ir.OpFMul:
		m.binary(f, v, FMUL)
	case ir.OpFDiv:
		m.binary(f, v, FDIV)
	case ir.OpFMin:
		m.binary(f, v, FMIN)
	case ir.OpFMax:
		m.binary(f, v, FMAX)
	case ir.OpFNeg:
		m.unary(f, v, FNEG)
	case ir.OpFAbs:
		m.unary(f, v, FABS)
	case ir.OpFSqrt:
		m.unary(f, v, FSQRT)
	case ir.OpFFloor:
		m.unary(f, v, FRINTM)
	case ir.OpFCeil:
		m.unary(f, v, FRINTP)
	case ir.OpFTrunc:
		m.unary(f, v, FRINTZ)
	case ir.OpIntToFloat:
		m.unary(f, v, SCVTF)
	case ir.OpFloatToInt:
		m.unary(f, v, FCVTZS)
	case ir.OpFMulAdd:
		args, negate := emitter.Negated(v)
		op := [2][2]Op{{FMADD, FNMSUB}, {FMSUB, FNMADD}}[negate[0]][negate[1]]
		x, y, z, d := s.Use(args[0]), s.Use(args[1]), s.Use(args[2]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(op, reg(l[d]), reg(l[x]), reg(l[y]), reg(l[z])) })
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
		m.load(f, v, loadS32)
	case ir.OpLoadU32:
		m.load(f, v, load32)
	case ir.OpLoadU8:
		m.load(f, v, load8)
	case ir.OpLoadIdxU8:
		n, i, d := s.Use(v.Args[0]), s.Use(v.Args[1]), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			at := AtIndex(reg(l[n]), reg(l[i]), 0)
			at.Disp = int32(v.Aux)
			a.Access(load8, reg(l[d]), at)
		})
	case ir.OpStoreI64, ir.OpStoreF64, ir.OpStoreObj:
		m.store(f, v, nil, v.Args[1])
	case ir.OpStoreIdxI64, ir.OpStoreIdxF64, ir.OpStoreIdxObj:
		m.store(f, v, v.Args[1], v.Args[2])
	case ir.OpStoreU32:
		ad := s.Address(v.Args[0], nil, v.Aux, false)
		x := emitter.Resolve(v.Args[1])
		if x.Op == ir.OpConstInt {
			s.Emit(0, func(l []regalloc.Loc) {
				a.MoveImm(scratch, int64(uint32(x.Aux)))
				a.Access(store32, scratch, m.mem(ad, l))
			})
			return
		}
		n := s.Use(x)
		s.Emit(0, func(l []regalloc.Loc) { a.Access(store32, reg(l[n]), m.mem(ad, l)) })

	// References and boxes.
	case ir.OpBoxBool:
		m.boxBool(f, v)
	case ir.OpIntSign:
		ad := s.Address(v.Args[0], nil, int64(m.abi.IntSize), false)
		d := s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) {
			d := reg(l[d])
			a.Load(scratch, m.mem(ad, l))
			if m.abi.IntTagged != 0 {
				m.signOfTag(d, scratch)
				return
			}
			a.Emit(SUBS_I, ZR, scratch, Imm(0))
			a.Emit(CSINC, d, ZR, ZR, CondEQ) // 0 or 1
			a.Emit(CSINV, d, d, ZR, CondGE)  // or -1
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
			m.compareAddress(m.mem(ad, l), uint64(v.Aux))
			a.Jcc(CondNE, x.Label(l))
		})
	case ir.OpGuardNotNull, ir.OpRaiseIfNull, ir.OpRaiseIfZero:
		n := s.Use(v.Args[0])
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(CBZ, reg(l[n]), x.Label(l)) })
	case ir.OpRaiseIfNeg:
		n := s.Use(v.Args[0])
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) { a.Emit(TBNZ, reg(l[n]), Imm(63), x.Label(l)) })
	case ir.OpGuardTag:
		n := s.Use(v.Args[0])
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			a.Emit(SUBSW_I, ZR, reg(l[n]), Imm(v.Aux))
			a.Jcc(CondNE, x.Label(l))
		})
	case ir.OpGuardFrame, ir.OpGuardLocals:
		if !f.MayHaveFrame() {
			return
		}
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			skip := a.NewLabel()
			a.Load(scratch, At(SP, 0))
			if !f.IR.HasFrame {
				a.Emit(CBZ, scratch, skip)
			}
			a.Load(scratch, At(scratch, int32(m.abi.FrameObject)))
			if v.Op == ir.OpGuardFrame {
				a.Emit(CBNZ, scratch, x.Label(l))
			} else {
				m.askLocals(f, x, l, skip)
			}
			a.Bind(skip)
			m.watched(thread, x.Label(l))
		})
	case ir.OpPoll:
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) { m.Poll(x.Label(l)) })
	case ir.OpTick:
		x := s.Exit(false)
		s.Emit(0, func(l []regalloc.Loc) {
			m.dataAddress(scratch, emitter.FuncOffset(f.Index)+pyabi.FuncRounds)
			m.addTo(At(scratch, 0), -1, false, true)
			a.Jcc(CondLE, x.Label(l))
		})
	case ir.OpRecordClass:
		m.recordClass(f, v)

	// Calls.
	case ir.OpLink:
		m.link(f, v)
	case ir.OpUnlink:
		s.Emit(0, func(l []regalloc.Loc) {
			a.Load(scratch2, At(SP, 0))
			a.Load(scratch2, At(scratch2, int32(m.abi.FramePrevious)))
			a.Store(m.at(thread, scratch, m.abi.FramesBy, m.abi.FramesAt), scratch2)
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

func (m *machine) unary(f *emitter.Func, v *ir.Value, op Op) {
	s := m.begin(f, v)
	n, d := s.Use(v.Args[0]), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(op, reg(l[d]), reg(l[n])) })
}

func (m *machine) binary(f *emitter.Func, v *ir.Value, op Op) {
	s := m.begin(f, v)
	x, y, d := s.Use(v.Args[0]), s.Use(v.Args[1]), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(op, reg(l[d]), reg(l[x]), reg(l[y])) })
}

// operands are those of an operation, a constant one second if they may change places.
func operands(v *ir.Value) (x, y *ir.Value) {
	x, y = emitter.Resolve(v.Args[0]), emitter.Resolve(v.Args[1])
	if v.Op.Is(ir.Commutative) && isConst(x) {
		return y, x
	}
	return x, y
}

func (m *machine) addition(f *emitter.Func, v *ir.Value, op arithmetic) {
	s := m.begin(f, v)
	x, y := operands(v)
	p, q, d := s.Use(x), s.addend(y, false), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.arithmetic(op, reg(l[d]), reg(l[p]), q, l) })
}

func (m *machine) logical(f *emitter.Func, v *ir.Value, register, immediate Op) {
	x, y := operands(v)
	n, ok := integer(y)
	if ok {
		_, ok = bitPattern(uint64(n), 64)
	}
	if !ok {
		m.binary(f, v, register)
		return
	}
	s := m.begin(f, v)
	p, d := s.Use(x), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(immediate, reg(l[d]), reg(l[p]), Imm(n)) })
}

func (m *machine) multiply(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	x, y := operands(v)
	n, ok := integer(y)
	power := func(n int64) bool { return n > 0 && n&(n-1) == 0 }
	if !ok || !power(n) && !power(n-1) {
		p, q, d := s.Use(x), s.Use(y), s.Def(v)
		s.Emit(0, func(l []regalloc.Loc) { m.a.Emit(MADD, reg(l[d]), reg(l[p]), reg(l[q]), ZR) })
		return
	}
	p, d := s.Use(x), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		if power(n) {
			m.shiftLeft(reg(l[d]), reg(l[p]), bits.TrailingZeros64(uint64(n)))
		} else {
			m.a.Emit(ADD, reg(l[d]), reg(l[p]), reg(l[p]), Imm(bits.TrailingZeros64(uint64(n-1))))
		}
	})
}

func (m *machine) shiftLeft(d, x Reg, n int) {
	if n == 0 {
		m.a.Move(d, x)
		return
	}
	m.a.Emit(UBFM, d, x, Imm(64-n), Imm(63-n))
}

func (m *machine) shift(f *emitter.Func, v *ir.Value, variable Op) {
	c, constant := integer(v.Args[1])
	if !constant {
		m.binary(f, v, variable)
		return
	}
	s := m.begin(f, v)
	n, d := s.Use(v.Args[0]), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		if variable == LSLV || c&63 == 0 {
			m.shiftLeft(reg(l[d]), reg(l[n]), int(c&63))
		} else {
			m.a.Emit(SBFM, reg(l[d]), reg(l[n]), Imm(c&63), Imm(63))
		}
	})
}

// addOvf adds or subtracts. One operand is usually in the frame state and dies: the result takes its register, and at the exit it is got back
// by the opposite operation, instead of being kept.
func (m *machine) addOvf(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	op, back := addsOp, subOp
	if v.Op == ir.OpSubOvf {
		op, back = subsOp, addOp
	}
	x, y := s.Ordered(v, nothing)
	undo := f.Dies(x) && x != y && !isConst(x)
	n := s.use(x, !undo)
	var d int
	if undo {
		d = s.DefTied(v, n)
	} else {
		d = s.Def(v)
	}
	src := s.addend(y, true)
	exit := f.NewExit(v)
	if undo {
		exit.Instead(f.Reg(x), d)
	}
	s.State(exit, true)
	s.Emit(0, func(l []regalloc.Loc) {
		if undo {
			exit.Undo = func() { m.arithmetic(back, reg(l[d]), reg(l[d]), src, l) }
		}
		m.arithmetic(op, reg(l[d]), reg(l[n]), src, l)
		m.a.Jcc(CondVS, exit.Label(l))
	})
}

// shlOvf shifts and shifts back: what was lost differs.
func (m *machine) shlOvf(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	a := m.a
	n := s.UseLate(v.Args[0])
	c, constant := integer(v.Args[1])
	i := -1
	if !constant {
		i = s.UseLate(v.Args[1])
	}
	d := s.Def(v)
	exit := s.Exit(true)
	s.Emit(0, func(l []regalloc.Loc) {
		d, n := reg(l[d]), reg(l[n])
		if constant {
			m.shiftLeft(d, n, int(c&63))
			a.Emit(SUBS_A, ZR, n, d, Imm(c&63))
		} else {
			a.Emit(LSLV, d, n, reg(l[i]))
			a.Emit(ASRV, scratch, d, reg(l[i]))
			a.Emit(SUBS, ZR, scratch, n)
		}
		a.Jcc(CondNE, exit.Label(l))
	})
}

// choose is a conditional move.
func (m *machine) choose(f *emitter.Func, v *ir.Value) {
	s := m.begin(f, v)
	c := s.condition(v.Args[0], false)
	y, n, d := s.Use(v.Args[1]), s.Use(v.Args[2]), s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) {
		d, y, n := reg(l[d]), reg(l[y]), reg(l[n])
		if c.kind == condConst {
			if c.negate {
				y = n
			}
			m.a.Move(d, y)
			return
		}
		c.compare(l)
		if d.IsFPR() {
			m.a.Emit(FCSEL, d, y, n, c.code())
		} else {
			m.a.Emit(CSEL, d, y, n, c.code())
		}
	})
}

func (m *machine) load(f *emitter.Func, v *ir.Value, how access) {
	s := m.begin(f, v)
	ad := s.LoadAddress(v, false)
	d := s.Def(v)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Access(how, reg(l[d]), m.mem(ad, l)) })
}

// store stores 64 bits.
func (m *machine) store(f *emitter.Func, v, index, x *ir.Value) {
	s := m.begin(f, v)
	x = emitter.Resolve(x)
	ad := s.Address(v.Args[0], index, v.Aux, false)
	if x.Op.Is(ir.Constant) && (x.Aux == 0 || int64(uint16(x.Aux)) == x.Aux) {
		s.Emit(0, func(l []regalloc.Loc) { m.storeConstant(m.mem(ad, l), x.Aux) })
		return
	}
	n := s.Use(x)
	s.Emit(0, func(l []regalloc.Loc) { m.a.Store(m.mem(ad, l), reg(l[n])) })
}
