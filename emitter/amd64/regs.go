// Register numbers and names. One numbering serves the encoder and the register allocator:
// general registers are 0-15, vector registers 32-47, so that the hardware number is the low four bits
// and a 64-bit set holds both classes.

package amd64

import "fmt"

// Reg is a physical register.
type Reg uint8

// The general registers, in hardware order.
const (
	RAX Reg = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
)

// The vector registers, in hardware order.
const (
	XMM0 Reg = iota + 32
	XMM1
	XMM2
	XMM3
	XMM4
	XMM5
	XMM6
	XMM7
	XMM8
	XMM9
	XMM10
	XMM11
	XMM12
	XMM13
	XMM14
	XMM15
)

// NoReg as the base of a Mem says that there is none.
const NoReg Reg = 0xff

var regNames = [16]string{
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
}

// IsGPR says whether r is a general register.
func (r Reg) IsGPR() bool { return r <= R15 }

// IsXMM says whether r is a vector register.
func (r Reg) IsXMM() bool { return r >= XMM0 && r <= XMM15 }

// hw is the number of the register within its class, as instructions hold it.
func (r Reg) hw() byte { return byte(r) & 15 }

func (r Reg) String() string {
	switch {
	case r.IsGPR():
		return regNames[r]
	case r.IsXMM():
		return fmt.Sprintf("xmm%d", r-XMM0)
	case r == NoReg:
		return "noreg"
	}
	return fmt.Sprintf("reg%d?", uint8(r))
}

// Cond is a condition of Jcc, SETcc and CMOVcc, in hardware order.
type Cond uint8

// The conditions. Below and above are unsigned and what UCOMISD answers with; less and greater are signed.
const (
	CondO Cond = iota
	CondNO
	CondB
	CondAE
	CondE
	CondNE
	CondBE
	CondA
	CondS
	CondNS
	CondP
	CondNP
	CondL
	CondGE
	CondLE
	CondG
)

var condNames = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"}

func (c Cond) String() string { return condNames[c] }

// Negate is the condition that holds exactly where c does not.
func (c Cond) Negate() Cond { return c ^ 1 }

// Swap is the condition to test when the operands of the comparison change places.
func (c Cond) Swap() Cond {
	switch c {
	case CondB:
		return CondA
	case CondA:
		return CondB
	case CondAE:
		return CondBE
	case CondBE:
		return CondAE
	case CondL:
		return CondG
	case CondG:
		return CondL
	case CondGE:
		return CondLE
	case CondLE:
		return CondGE
	case CondE, CondNE:
		return c
	}
	panic("BUG: condition " + c.String() + " does not compare")
}
