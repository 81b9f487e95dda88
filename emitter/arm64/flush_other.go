//go:build !arm64

package arm64

// Flush has nothing to do: this machine does not run the code.
func (t *Target) Flush(at uintptr, size int) {}
