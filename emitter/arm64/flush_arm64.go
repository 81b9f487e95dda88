package arm64

// flush makes the code between two addresses visible to the instruction caches of all processors; in flush_arm64.s.
func flush(at, end uintptr)

// Flush is called for code that was written, before it runs.
func (t *Target) Flush(at uintptr, size int) { flush(at, at+uintptr(size)) }
