package decoder

import "math/bits"

// Bits is a set of small numbers (locals), of fixed size.
type Bits []uint64

// NewBits makes an empty set for numbers below n.
func NewBits(n int) Bits { return make(Bits, (n+63)/64) }

// Has tells whether n is in the set.
func (b Bits) Has(n int) bool { return n>>6 < len(b) && b[n>>6]>>(n&63)&1 != 0 }

// Set puts n into the set.
func (b Bits) Set(n int) { b[n>>6] |= 1 << (n & 63) }

// Clear takes n out of the set.
func (b Bits) Clear(n int) { b[n>>6] &^= 1 << (n & 63) }

// Count is the number of members.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Clone copies the set.
func (b Bits) Clone() Bits { return append(Bits(nil), b...) }

// Or adds the members of c and tells whether that changed the set.
func (b Bits) Or(c Bits) bool {
	changed := false
	for i, w := range c {
		changed = changed || w&^b[i] != 0
		b[i] |= w
	}
	return changed
}
