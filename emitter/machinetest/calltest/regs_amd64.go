// The registers of x86-64.

package calltest

// Regs are the registers at a call and, afterwards, at its return: general ones as numbered by the instruction set (rsp is not used, r11 is
// lost), then the vector registers.
type Regs struct {
	GPR [16]uint64
	FPR [16]float64
}
