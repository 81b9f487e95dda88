// From a row of the table and operands to 32 bits. The only place that knows where an instruction has what.

package arm64

import (
	"fmt"
	"math/bits"

	"github.com/gophersnake/gophersnake/emitter"
)

// Operand is a Reg, Mem, Imm, Label or Cond.
type Operand interface{ Operand() }

// Label is a place in the code, or a constant of the pool.
type Label = emitter.Label

// Imm is an immediate operand.
type Imm int64

// Mem is a memory operand: Base + Disp, or Base + Index << Shift, or, where Label is set, that place.
type Mem struct {
	Base  Reg
	Index Reg // NoReg: none
	Shift uint8
	Disp  int32
	Label Label
}

func (Reg) Operand()  {}
func (Mem) Operand()  {}
func (Imm) Operand()  {}
func (Cond) Operand() {}

// At is the memory at base + disp.
func At(base Reg, disp int32) Mem { return Mem{Base: base, Index: NoReg, Disp: disp} }

// AtIndex is the memory at base + index << shift.
func AtIndex(base, index Reg, shift uint8) Mem { return Mem{Base: base, Index: index, Shift: shift} }

// encode checks the operands against the row and gives the instruction, with 0 for the distance to its label.
func encode(op Op, args []Operand) (code uint32, label Label) {
	in := &insts[op]
	if in.name == "" {
		panic(fmt.Sprintf("BUG: instruction %d is not in the table", op))
	}
	code = in.bits
	next := 0
	for i := range len(in.args) {
		letter := in.args[i]
		if next == len(args) {
			if letter == 'l' {
				return code, label
			}
			badOperands(op)
		}
		ok := false
		switch a := args[next].(type) {
		case Reg:
			var at int
			if at, ok = place(letter, a); ok {
				code |= a.hw() << at
			}
		case Imm:
			var field uint32
			field, ok = immediateField(letter, int64(a))
			code |= field
		case Cond:
			ok = a <= CondAL
			switch letter {
			case 'c':
				code |= uint32(a) << 12
			case 'C':
				code |= uint32(a)
			default:
				ok = false
			}
		case Label:
			label = a
			ok = a > 0 && (letter == 'L' || letter == 'J' || letter == 'T' || letter == 'A')
		case Mem:
			var field uint32
			field, ok = memoryField(op, letter, &a)
			code |= field
		}
		if !ok {
			badOperands(op)
		}
		next++
	}
	if next != len(args) {
		badOperands(op)
	}
	return code, label
}

// place says where an operand's letter has a register, and whether it may be this one.
func place(letter byte, r Reg) (at int, ok bool) {
	general := r.IsGPR() && r != X18
	switch letter {
	case 'd', 'w':
		return 0, general || r == ZR
	case 'n', 'v':
		return 5, general || r == ZR
	case 'm', 'u':
		return 16, general || r == ZR
	case 'a', 'p':
		return 10, general || r == ZR
	case 'D', 'W':
		return 0, general || r == SP
	case 'N', 'V':
		return 5, general || r == SP
	case 'f':
		return 0, r.IsFPR()
	case 'g':
		return 5, r.IsFPR()
	case 'h':
		return 16, r.IsFPR()
	case 'k', 'q':
		return 10, r.IsFPR()
	}
	return 0, false
}

// immediateField is what an immediate adds to the instruction.
func immediateField(letter byte, v int64) (field uint32, ok bool) {
	u := uint32(v)
	in := func(n int) bool { return v >= 0 && v < 1<<n }
	switch letter {
	case 'l', 'j', 'x':
		return u << 10, in(6)
	case 'i':
		switch {
		case in(12):
			return u << 10, true
		case v&0xfff == 0 && in(24):
			return 1<<22 | u>>12<<10, true
		}
		return 0, false
	case 'b':
		return bitPattern(uint64(v), 64)
	case 'B':
		return bitPattern(uint64(u), 32)
	case 's':
		return u << 5, in(16)
	case 'S':
		return u / 16 << 21, v%16 == 0 && in(6)
	case 'r':
		return u << 16, in(6)
	case '5':
		return u << 16, in(5)
	case 'z':
		return u, in(4)
	case '8':
		return floatPattern(uint64(v))
	case 't':
		return u>>5<<31 | u&31<<19, in(6)
	}
	return 0, false
}

// bitPattern is the field of what logical instructions take as an immediate: ones next to each other, turned around in an element of 2 to
// 64 bits that repeats.
func bitPattern(v uint64, width int) (field uint32, ok bool) {
	if width == 32 {
		v |= v << 32
	}
	if v == 0 || v == ^uint64(0) {
		return 0, false
	}
	size := 64
	for size > 2 {
		half := size / 2
		if (v^v>>half)&(1<<half-1) != 0 {
			break
		}
		size = half
	}
	mask := ^uint64(0) >> (64 - size)
	element := v & mask
	ones := bits.OnesCount64(element)
	low := uint64(1)<<ones - 1
	// The lowest of the ones: above a zero.
	start := bits.TrailingZeros64(element &^ (element<<1 | element>>(size-1)))
	if (low<<start|low>>(size-start))&mask != element {
		return 0, false
	}
	turn := (size - start) & (size - 1)
	length := -2*size&0x3f | (ones - 1)
	field = uint32(turn)<<16 | uint32(length)<<10
	if size == 64 {
		field |= 1 << 22
	}
	return field, true
}

// floatPattern is the field of a float that FMOV takes as an immediate: 4 bits of fraction, 3 of exponent.
func floatPattern(v uint64) (field uint32, ok bool) {
	exponent := v >> 54 & 0x1ff // without its lowest two bits, with the opposite of the uppermost one
	if v&(1<<48-1) != 0 || exponent != 0x100 && exponent != 0xff {
		return 0, false
	}
	return uint32(v>>63<<7|v>>48&0x7f) << 13, true
}

// memoryField is what a memory operand adds.
func memoryField(op Op, letter byte, m *Mem) (field uint32, ok bool) {
	if !m.Base.IsGPR() && m.Base != SP || m.Base == X18 || m.Label != 0 {
		return 0, false
	}
	field = m.Base.hw() << 5
	scale := insts[op].bits >> 30
	if letter == 'X' {
		if !m.Index.IsGPR() || m.Index == X18 || m.Disp != 0 || m.Shift != 0 && uint32(m.Shift) != scale {
			return 0, false
		}
		if m.Shift != 0 {
			field |= 1 << 12
		}
		return field | m.Index.hw()<<16, true
	}
	if m.Index != NoReg {
		return 0, false
	}
	switch letter {
	case 'M':
		units := m.Disp >> scale
		return field | uint32(units)<<10, units<<scale == m.Disp && units >= 0 && units < 1<<12
	case 'U':
		return field | uint32(m.Disp)&0x1ff<<12, m.Disp >= -256 && m.Disp < 256
	case 'P', 'O', 'Q':
		words := m.Disp / 8
		return field | uint32(words)&0x7f<<15, words*8 == m.Disp && words >= -64 && words < 64
	}
	return 0, false
}

func badOperands(op Op) {
	panic(fmt.Sprintf("BUG: %v takes operands %q", op, insts[op].args))
}
