package regalloc

// Allocate assigns a location to every operand of f.
func Allocate(f *Func, opt Options) (*Result, error) { panic("BUG: not yet") }

// Check proves that r is an allocation of f.
func Check(f *Func, r *Result) error { panic("BUG: not yet") }
