// From a row of the table and operands to bytes. The only place that knows REX, VEX, ModRM and SIB.

package amd64

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gophersnake/gophersnake/emitter"
)

// Operand is a Reg, Mem, Imm, Label or Cond.
type Operand interface{ Operand() }

// Label is a place in the code, or a constant of the pool.
type Label = emitter.Label

// Imm is an immediate operand. Instructions on 32 bits and fewer take it signed or unsigned.
type Imm int64

// Mem is a memory operand: Base + Index*Scale + Disp, or, where Label is set, Label + Disp relative to the
// instruction pointer. Without an index, Scale is 0; without a base, Base is NoReg.
type Mem struct {
	Base  Reg
	Index Reg
	Scale uint8
	Disp  int32
	Label Label
}

func (Reg) Operand()  {}
func (Mem) Operand()  {}
func (Imm) Operand()  {}
func (Cond) Operand() {}

// At is the memory at base + disp.
func At(base Reg, disp int32) Mem { return Mem{Base: base, Disp: disp} }

// AtIndex is the memory at base + index*scale + disp.
func AtIndex(base, index Reg, scale uint8, disp int32) Mem {
	return Mem{Base: base, Index: index, Scale: scale, Disp: disp}
}

// AtLabel is the memory at a label; LEAQ_RM of it is the label's address.
func AtLabel(l Label) Mem { return Mem{Label: l} }

// maxInst is the length no x86 instruction exceeds.
const maxInst = 15

// inside an instruction, before it is known where it will stand.
type encoded struct {
	bytes [maxInst + 1 + 8]byte // n is at most maxInst, masked for the Go compiler, which then leaves the checks out
	n     int
	// The four bytes at relAt, if it is not 0, are a distance to label.
	relAt int
	label Label
}

func (e *encoded) byte(b byte) {
	e.bytes[e.n&maxInst] = b
	e.n++
}

func (e *encoded) imm(size int, v int64) {
	// What is written beyond its size does not count.
	binary.LittleEndian.PutUint64(e.bytes[e.n&maxInst:], uint64(v))
	e.n += size
}

// encode checks the operands against the row and writes the instruction to e.
func encode(e *encoded, op Op, args []Operand) {
	in := &insts[op]
	var (
		regs    [3]Reg // register operands, in order
		nregs   int
		mem     Mem
		memAt   = -1 // how many registers stand before the memory operand
		imm     int64
		immSize int
		cond    Cond
		rex     byte // 0x40 where an 8-bit register needs a REX prefix to be meant
		next    int
	)
	if in.enc == 0 {
		panic(fmt.Sprintf("BUG: instruction %d is not in the table", op))
	}
	for i := range len(in.args) {
		letter := in.args[i]
		if letter == 'K' {
			continue
		}
		if next == len(args) {
			badOperands(op)
		}
		ok := false
		switch letter {
		case 'q', 'l', 'w', 'b':
			var r Reg
			if r, ok = args[next].(Reg); ok {
				ok = r.IsGPR()
				if letter == 'b' && r >= RSP && r <= RDI {
					rex = 0x40
				}
				regs[nregs] = r
				nregs++
			}
		case 'X':
			var r Reg
			if r, ok = args[next].(Reg); ok {
				ok = r.IsXMM()
				regs[nregs] = r
				nregs++
			}
		case 'M', 'F':
			mem, ok = args[next].(Mem)
			memAt = nregs
		case 'C':
			cond, ok = args[next].(Cond)
			ok = ok && cond <= CondG
		case 'L':
			e.label, ok = args[next].(Label)
			ok = ok && e.label > 0
		default:
			var v Imm
			v, ok = args[next].(Imm)
			imm, immSize = int64(v), int(letter-'0')
		}
		if !ok {
			badOperands(op)
		}
		next++
	}
	if next != len(args) {
		badOperands(op)
	}

	opcode := in.opcode
	if immSize != 0 {
		var narrowed bool
		if imm, narrowed = fitImm(op, imm, immSize); narrowed {
			// The short opcode is always of one byte, and so is the long one it stands for.
			opcode = uint32(in.short)
			if immSize == 1 {
				immSize = 0
			} else {
				immSize = 1
			}
		}
	}

	// reg and rm are what goes to those fields of ModRM; rm is not used for memory.
	var reg, rm byte
	switch in.enc {
	case encMR:
		if memAt >= 0 {
			reg = regs[0].hw()
		} else {
			rm, reg = regs[0].hw(), regs[1].hw()
		}
	case encRM:
		reg = regs[0].hw()
		if memAt < 0 {
			rm = regs[1].hw()
		}
	case encM:
		reg = in.ext
		if memAt < 0 {
			rm = regs[0].hw()
		}
	case encVRM:
		reg = regs[0].hw()
		if memAt < 0 {
			rm = regs[2].hw()
		}
	case encO:
		rm = regs[0].hw()
	}

	if in.prefix != 0 && in.enc != encVRM {
		e.byte(in.prefix)
	}
	rex |= in.w<<3 | reg>>3<<2
	if memAt < 0 {
		rex |= rm >> 3
	} else if mem.Label == 0 {
		if mem.Base != NoReg {
			rex |= mem.Base.hw() >> 3
		}
		if mem.Scale != 0 {
			rex |= mem.Index.hw() >> 3 << 1
		}
	}
	if in.enc == encVRM {
		// The prefix holds REX.RXB inverted, the map of the opcode (0f38 is 2), W, the second operand inverted, and 66 as 1.
		e.byte(0xc4)
		e.byte(^rex<<5 | 2)
		e.byte(in.w<<7 | ^regs[1].hw()&15<<3 | 1)
		opcode &= 0xff
	} else if rex != 0 {
		e.byte(rex | 0x40)
	}
	opcode += uint32(cond)
	if in.enc == encO {
		opcode += uint32(rm & 7)
	}
	if opcode > 0xffff {
		e.byte(byte(opcode >> 16))
	}
	if opcode > 0xff {
		e.byte(byte(opcode >> 8))
	}
	e.byte(byte(opcode))
	switch in.enc {
	case encMR, encRM, encM, encVRM:
		if memAt >= 0 {
			e.mem(op, reg, &mem)
		} else {
			e.byte(0xc0 | reg&7<<3 | rm&7)
		}
	case encD:
		e.relAt = e.n
		e.imm(4, 0)
	}
	e.imm(immSize, imm)
}

// mem writes ModRM, SIB and displacement.
func (e *encoded) mem(op Op, reg byte, m *Mem) {
	reg = reg & 7 << 3
	if m.Label != 0 {
		e.byte(reg | 5)
		e.relAt, e.label = e.n, m.Label
		e.imm(4, int64(m.Disp))
		return
	}
	if m.Base != NoReg && !m.Base.IsGPR() || m.Scale != 0 && (!m.Index.IsGPR() || m.Index == RSP) {
		panic(fmt.Sprintf("BUG: %v cannot address %v", op, *m))
	}
	var sib byte
	switch m.Scale {
	case 0:
		sib = 4 << 3 // no index
	case 1, 2, 4, 8:
		sib = scaleBits[m.Scale]<<6 | m.Index.hw()&7<<3
	default:
		panic(fmt.Sprintf("BUG: %v with scale %d", op, m.Scale))
	}
	if m.Base == NoReg {
		// ModRM's own form without a base means RIP-relative in 64-bit mode.
		e.byte(reg | 4)
		e.byte(sib | 5)
		e.imm(4, int64(m.Disp))
		return
	}
	base := m.Base.hw() & 7
	size, mod := 4, byte(0x80)
	switch {
	case m.Disp == 0 && base != 5: // RBP and R13 without a displacement would mean no base
		size, mod = 0, 0
	case m.Disp == int32(int8(m.Disp)):
		size, mod = 1, 0x40
	}
	if m.Scale == 0 && base != 4 { // RSP and R12 as base need a SIB byte
		e.byte(mod | reg | base)
	} else {
		e.byte(mod | reg | 4)
		e.byte(sib | base)
	}
	e.imm(size, int64(m.Disp))
}

var scaleBits = [9]byte{1: 0, 2: 1, 4: 2, 8: 3}

// fitImm checks that v is what an immediate of that size can say to the instruction, and answers with its
// sign-extended form, and whether the row's short opcode says it too.
func fitImm(op Op, v int64, size int) (imm int64, short bool) {
	in := &insts[op]
	bits := size * 8
	if bits < 64 {
		low, high := int64(-1)<<(bits-1), int64(1)<<bits-1
		if size == 4 && (in.w != 0 || in.enc == encI) {
			high = math.MaxInt32 // sign-extended to 64 bits
		}
		if v < low || v > high {
			panic(fmt.Sprintf("BUG: immediate %#x does not fit %v", v, op))
		}
		v = v << (64 - bits) >> (64 - bits)
	}
	if in.short == 0 {
		return v, false
	}
	if size == 1 {
		return v, v == 1
	}
	return v, v == int64(int8(v))
}

func badOperands(op Op) {
	panic(fmt.Sprintf("BUG: %v takes operands %q", op, insts[op].args))
}

// WithoutVEX is an instruction of this table that has a VEX prefix as an old one of the same length with the same first and last operand,
// for disassemblers that know no VEX, with its own mnemonic and second operand. ok is false if it is no such instruction.
func WithoutVEX(code []byte) (old []byte, mnemonic string, second Reg, ok bool) {
	if len(code) < 5 || code[0] != 0xc4 || code[1]&31 != 2 || code[2]&0x87 != 0x81 {
		return nil, "", 0, false
	}
	for op := opInvalid + 1; op < numOps; op++ {
		if in := &insts[op]; in.enc == encVRM && byte(in.opcode) == code[3] {
			addsd := &insts[ADDSD_XX]
			old = append([]byte{addsd.prefix, 0x40 | ^code[1]>>5, byte(addsd.opcode >> 8), byte(addsd.opcode)}, code[4:min(len(code), maxInst)]...)
			return old, in.name, XMM0 + Reg(^code[2]>>3&15), true
		}
	}
	return nil, "", 0, false
}
