// What the processor can do. Not by golang.org/x/sys/cpu, which asks for all there is as soon as it is loaded: each question goes to the
// hypervisor where there is one, and takes more than 10 microseconds.

package amd64

import "sync"

// features is what CPUID gives for leaf 1 in ECX.
func features() uint32

// kept is the lower half of XCR0: which registers the system keeps.
func kept() uint32

var hasFMA = sync.OnceValue(func() bool {
	const fma, osxsave, avx, halves = 1 << 12, 1 << 27, 1 << 28, 6
	return features()&(fma|osxsave|avx) == fma|osxsave|avx && kept()&halves == halves
})
