// Register numbers and names. One numbering serves the encoder and the register allocator: general registers are 0-30, vector registers 32-63,
// so that the hardware number is the low five bits and a 64-bit set holds both classes. What hardware calls 31 is the stack pointer or zero,
// as the instruction has it: here they are two.

package arm64

import "fmt"

// Reg is a physical register.
type Reg uint8

// The general registers.
const (
	X0 Reg = iota
	X1
	X2
	X3
	X4
	X5
	X6
	X7
	X8
	X9
	X10
	X11
	X12
	X13
	X14
	X15
	X16
	X17
	X18 // the platform's: never touched
	X19
	X20
	X21
	X22
	X23
	X24
	X25
	X26
	X27
	X28
	X29
	X30 // the return address
	SP
)

// The vector registers, of which the lower 64 bits are used.
const (
	D0 Reg = iota + 32
	D1
	D2
	D3
	D4
	D5
	D6
	D7
	D8
	D9
	D10
	D11
	D12
	D13
	D14
	D15
	D16
	D17
	D18
	D19
	D20
	D21
	D22
	D23
	D24
	D25
	D26
	D27
	D28
	D29
	D30
	D31
)

// ZR reads as zero and forgets what is written to it.
const ZR Reg = 64

// NoReg as the index of a Mem says that there is none.
const NoReg Reg = 0xff

// IsGPR says whether r is a general register with a value of its own.
func (r Reg) IsGPR() bool { return r <= X30 }

// IsFPR says whether r is a vector register.
func (r Reg) IsFPR() bool { return r >= D0 && r <= D31 }

// hw is the number of the register within its class, as instructions hold it.
func (r Reg) hw() uint32 {
	if r == ZR {
		return 31
	}
	return uint32(r) & 31
}

func (r Reg) String() string {
	switch {
	case r.IsGPR():
		return fmt.Sprintf("x%d", uint8(r))
	case r == SP:
		return "sp"
	case r.IsFPR():
		return fmt.Sprintf("d%d", r-D0)
	case r == ZR:
		return "xzr"
	case r == NoReg:
		return "noreg"
	}
	return fmt.Sprintf("reg%d?", uint8(r))
}

// Cond is a condition, in hardware order.
type Cond uint8

// The conditions. After a comparison of floats MI, LS, GT and GE are ordered "less" and so on: false if either is nan, as EQ is.
const (
	CondEQ Cond = iota
	CondNE
	CondHS // unsigned
	CondLO
	CondMI
	CondPL
	CondVS // overflow
	CondVC
	CondHI
	CondLS
	CondGE
	CondLT
	CondGT
	CondLE
	CondAL
)

var condNames = [15]string{"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al"}

func (c Cond) String() string { return condNames[c] }

// Negate is the condition that holds exactly where c does not.
func (c Cond) Negate() Cond {
	if c == CondAL {
		panic("BUG: nothing is the opposite of always")
	}
	return c ^ 1
}

// Swap is the condition to test when the operands of the comparison of integers change places.
func (c Cond) Swap() Cond {
	switch c {
	case CondLO:
		return CondHI
	case CondHI:
		return CondLO
	case CondHS:
		return CondLS
	case CondLS:
		return CondHS
	case CondLT:
		return CondGT
	case CondGT:
		return CondLT
	case CondGE:
		return CondLE
	case CondLE:
		return CondGE
	case CondEQ, CondNE:
		return c
	}
	panic("BUG: condition " + c.String() + " does not compare")
}
