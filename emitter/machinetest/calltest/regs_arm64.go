// The registers of arm64.

package calltest

// Regs are the registers at a call and, afterwards, at its return: x0 to x30 (x16 to x18 are not set, x16 is lost) and one that is not used,
// then the vector registers.
type Regs struct {
	GPR [32]uint64
	FPR [32]float64
}
