// Package decoder reads the snapshot of a code object, which _native writes, and
// turns its bytecode into instructions, blocks and facts (lines, handlers, stack
// depth, liveness) that no longer depend on the CPython version.
//
// Nothing here trusts its input: what is cut off or makes no sense is an error.
// Everything works by lists, so that no input can exhaust the stack.
package decoder

import (
	"fmt"
	"slices"
)

// MaxUnits caps the size of a code object, in code units: what the runtime's policy lets in is less, or the same on the versions with the most caches.
const MaxUnits = 400000

// Handler is a row of the exception table. Offsets are in code units.
type Handler struct {
	Start, End uint32 // the instructions it covers
	Target     uint32
	Depth      uint32 // stack items that stay; the exception, and with Lasti the offset before it, are pushed on them
	Lasti      bool
}

// EntryDepth is the stack depth at the handler's target.
func (h Handler) EntryDepth() int {
	if h.Lasti {
		return int(h.Depth) + 2
	}
	return int(h.Depth) + 1
}

// Edge is a way from one block to another.
type Edge struct {
	To   int  // block
	Jump bool // the target of the last instruction, not its fall-through
	Back bool // goes to a loop header from within its loop
}

// Block is a run of instructions that is entered at its first only.
type Block struct {
	Index       int
	First, Last int    // Instrs[First:Last]
	Start, End  uint32 // code units
	Depth       int    // stack items at its start; -1: cannot be reached
	Succs       []Edge // fall-through first, then the jump
	Preds       []int  // blocks with an edge here; several edges count once, exception edges not at all
	Handler     int    // in Handlers: the row that covers all its instructions; -1: none
	Except      int    // block that an exception here goes to; -1: none
	Throwers    []int  // blocks whose exceptions come here
	LoopHeader  bool
	Loop        int // innermost loop it is in; -1: none
	IsEntry     bool
}

// Loop is a natural loop: what reaches a back edge to the header without leaving through it.
type Loop struct {
	Header int   // block
	Blocks []int // ascending, with the header
	Parent int   // loop around it; -1: none
	Depth  int   // 1: outermost
}

// Func is a decoded code object.
type Func struct {
	Version  Version
	Code     *Code
	Instrs   []Instr
	Handlers []Handler // by Start
	Blocks   []Block   // by Start
	Loops    []Loop    // outer ones first
	// Irreducible: a cycle has two entries, so loops are not all told.
	Irreducible bool
	// Borrowed are the parameters that are never stored to, deleted or made a
	// cell: native code may hold them without a reference.
	Borrowed Bits
	// TagsLasti: what a handler finds of where its exception was raised (Instr.Lastis) is a tagged int in the interpreter's frame.
	TagsLasti bool
	// LastFirst: a frame that ends gives up its last local first.
	LastFirst bool
	// Params is the number of locals that the caller fills.
	Params int

	index    []int32 // instruction by code unit; -1: none begins there
	liveIn   []Bits  // by block
	liveOuts []Bits
	lines    []span
}

// Decode decodes a code object. Blocks also begin at the offsets in splits, so
// that a version may begin there; they must be offsets of instructions.
func Decode(v Version, code *Code, splits ...uint32) (*Func, error) {
	known := languages[v]
	if known == nil {
		return nil, fmt.Errorf("CPython %s is not known", v)
	}
	l := known()
	f := &Func{Version: v, Code: code, TagsLasti: l.tagsLasti, LastFirst: l.lastFirst}
	if err := f.instructions(l); err != nil {
		return nil, err
	}
	var err error
	if f.Handlers, err = parseExceptionTable(code.ExceptionTable, uint32(len(f.index))); err != nil {
		return nil, err
	}
	if f.lines, err = parseLines(code.LineTable, code.FirstLine, len(f.index)); err != nil {
		return nil, err
	}
	f.Params = code.Params()
	if err := f.blocks(splits); err != nil {
		return nil, err
	}
	if err := f.depths(); err != nil {
		return nil, err
	}
	f.loops()
	f.liveness()
	f.borrowed()
	return f, nil
}

// instructions folds prefixes and resolves jumps.
func (f *Func) instructions(l *language) error {
	raw := f.Code.Bytecode
	if len(raw)%2 != 0 || len(raw) == 0 {
		return fmt.Errorf("the bytecode has %d bytes", len(raw))
	}
	units := len(raw) / 2
	if units > MaxUnits {
		return fmt.Errorf("the code has %d units, more than %d", units, MaxUnits)
	}
	f.index = make([]int32, units)
	for i := range f.index {
		f.index[i] = -1
	}
	f.Instrs = make([]Instr, 0, units/2+1)
	at, stores := 0, 0
	for at < units {
		start, arg, kw := at, uint32(0), int32(-1)
		row, extended := opRow{}, 0
		for done := false; !done; {
			if at >= units {
				return fmt.Errorf("the code ends within the instruction at %d", start)
			}
			row = l.rows[raw[2*at]]
			arg = arg<<8 | uint32(raw[2*at+1])
			switch row.prefix {
			case prefixExtended:
				if extended++; extended > 3 {
					return fmt.Errorf("too many EXTENDED_ARG at %d", start)
				}
				at++
			case prefixKwNames:
				if kw != -1 || arg > maxArg {
					return fmt.Errorf("KW_NAMES twice at %d", start)
				}
				kw, arg, extended = int32(arg), 0, 0
				at++
			case prefixPrecall:
				arg, extended = 0, 0
				at += 1 + int(row.caches)
			case prefixNone:
				if row.op == OpLoadConst && l.namesNext(raw, at+1) {
					kw, arg, extended = int32(min(arg, maxArg)), 0, 0
					at++
					continue
				}
				done = true
			}
		}
		i := Instr{Op: row.op, Flags: row.flags, Depth: -1, Kw: kw, Off: uint32(start), At: uint32(at), Site: uint32(at),
			Next: uint32(at + 1 + int(row.caches)), Target: NoTarget}
		if i.Op == OpInvalid {
			return fmt.Errorf("unknown opcode %d at %d", raw[2*at], at)
		}
		if kw != -1 && i.Op != OpCall || kw == -1 && row.namesOnTop {
			return fmt.Errorf("keyword names at %d, but no call, or a call without", start)
		}
		if int(i.Next) > units {
			return fmt.Errorf("the code ends within the caches of %s at %d", i.Op, at)
		}
		if row.jump == jumpNo {
			if arg > maxArg {
				return fmt.Errorf("%s at %d has the argument %d", i.Op, at, arg)
			}
			i.Arg = int32(arg)
			if row.second.op != OpInvalid {
				i.Arg = int32(arg >> 4)
			}
			if err := l.arguments(&i, l.ops[raw[2*at]].name); err != nil {
				return fmt.Errorf("at %d: %w", at, err)
			}
		} else {
			target := int64(i.Next)
			if row.jump == jumpForward {
				target += int64(arg)
			} else {
				target -= int64(arg)
			}
			if target < 0 || target >= int64(units) {
				return fmt.Errorf("%s at %d jumps to %d", i.Op, at, target)
			}
			i.Target = uint32(target)
		}
		if err := f.check(&i); err != nil {
			return err
		}
		if i.Op == OpCall && l.enterNoPoll && len(f.Instrs) > 0 && f.Instrs[len(f.Instrs)-1].Op == OpLoadSpecial {
			i.Flags |= FlagNoPoll
		}
		if i.Op == OpMakeFunction && l.attributes {
			l.functionAttributes(raw, &i)
		}
		f.index[start] = int32(len(f.Instrs))
		f.Instrs = append(f.Instrs, i)
		if row.second.op != OpInvalid {
			i.Op, i.Flags, i.Arg = row.second.op, row.second.flags|FlagInner, int32(arg&15)
			if i.Op == OpStoreFast {
				i.Site = uint32(units + stores)
				stores++
			}
			if err := f.check(&i); err != nil {
				return err
			}
			f.Instrs = append(f.Instrs, i)
		}
		at = int(i.Next)
	}
	for n := range f.Instrs {
		i := &f.Instrs[n]
		if i.Target == NoTarget {
			continue
		}
		t := f.Index(i.Target)
		if t < 0 {
			return fmt.Errorf("%s at %d jumps into an instruction, to %d", i.Op, i.At, i.Target)
		}
		// 3.12+: an exhausted iterator skips END_FOR, and in 3.13 the POP_TOP after it.
		if i.Op == OpForIter && f.Instrs[t].Op == OpEndFor {
			if t+l.forSkips >= len(f.Instrs) {
				return fmt.Errorf("the code ends with a loop's end at %d", i.Target)
			}
			i.Target = f.Instrs[t+l.forSkips].Off
		}
	}
	if last := f.Instrs[len(f.Instrs)-1]; !last.Op.EndsBlock() {
		return fmt.Errorf("control falls off the end of the code after %s at %d", last.Op, last.At)
	}
	return nil
}

// namesNext reports whether CALL_KW is next, whose names the LOAD_CONST before it gives.
func (l *language) namesNext(raw []byte, at int) bool {
	for n := 0; n < 3 && 2*at < len(raw) && l.rows[raw[2*at]].prefix == prefixExtended; n++ {
		at++
	}
	return 2*at < len(raw) && l.rows[raw[2*at]].namesOnTop
}

// functionAttributes folds the SET_FUNCTION_ATTRIBUTE after MAKE_FUNCTION into it, whose argument they were up to 3.12. They come in
// the order in which it takes what lies on the stack; what does not stays, an opcode without a meaning.
func (l *language) functionAttributes(raw []byte, i *Instr) {
	i.Arg = 0
	for order, last := []int32{8, 4, 16, 2, 1}, -1; 2*int(i.Next) < len(raw) && l.rows[raw[2*i.Next]].attribute; i.Next++ {
		bit := int32(raw[2*i.Next+1])
		n := slices.Index(order, bit)
		if n <= last {
			return
		}
		i.Arg, last = i.Arg|bit, n
	}
}

// maxArg bounds arguments, so that sums of them cannot overflow.
const maxArg = 1 << 24

// check tests that Arg and Kw are within what they index.
func (f *Func) check(i *Instr) error {
	bound := func(what string, n, size int) error {
		if n < 0 || n >= size {
			return fmt.Errorf("%s at %d refers to %s %d of %d", i.Op, i.At, what, n, size)
		}
		return nil
	}
	switch {
	case i.Op.UsesLocal():
		return bound("local", int(i.Arg), len(f.Code.Locals))
	case i.Op.UsesName():
		return bound("name", int(i.Arg), len(f.Code.Names))
	case i.Op.UsesConst():
		return bound("constant", int(i.Arg), len(f.Code.Consts))
	case i.Kw != -1:
		if err := bound("constant", int(i.Kw), len(f.Code.Consts)); err != nil {
			return err
		}
		names := f.Code.Consts[i.Kw]
		if names.Kind != ObjTuple || len(names.Items) > int(i.Arg) {
			return fmt.Errorf("%s at %d has keyword names that are none", i.Op, i.At)
		}
	case i.Op == OpCopy || i.Op == OpSwap:
		if i.Arg < 1 {
			return fmt.Errorf("%s at %d has the argument %d", i.Op, i.At, i.Arg)
		}
	}
	return nil
}

// Index gives the index in Instrs of the instruction whose first unit is at off, or -1.
func (f *Func) Index(off uint32) int {
	if int64(off) >= int64(len(f.index)) {
		return -1
	}
	return int(f.index[off])
}

// InstrAt gives the instruction whose first unit is at off, or nil.
func (f *Func) InstrAt(off uint32) *Instr {
	n := f.Index(off)
	if n < 0 {
		return nil
	}
	return &f.Instrs[n]
}

// Inner gives the second of the two instructions that the one bytecode at off is, or nil.
func (f *Func) Inner(off uint32) *Instr {
	if n := f.Index(off) + 1; n > 0 && n < len(f.Instrs) && f.Instrs[n].Flags&FlagInner != 0 {
		return &f.Instrs[n]
	}
	return nil
}

// Units is the size of the code in code units.
func (f *Func) Units() int { return len(f.index) }

// last is the last of n sorted rows that begins at unit or before, or -1.
func last(n int, unit uint32, start func(int) uint32) int {
	lo, hi := 0, n
	for lo < hi {
		if m := (lo + hi) / 2; start(m) <= unit {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo - 1
}

// HandlerAt gives the index in Handlers of the row that covers a unit, or -1.
func (f *Func) HandlerAt(unit uint32) int {
	// The rows do not overlap and are sorted: the last that starts at or before the unit.
	n := last(len(f.Handlers), unit, func(i int) uint32 { return f.Handlers[i].Start })
	if n >= 0 && unit < f.Handlers[n].End {
		return n
	}
	return -1
}

// BlockAt gives the block that holds the instruction at off, or nil.
func (f *Func) BlockAt(off uint32) *Block {
	n := last(len(f.Blocks), off, func(i int) uint32 { return f.Blocks[i].Start })
	if n < 0 || off >= f.Blocks[n].End {
		return nil
	}
	return &f.Blocks[n]
}

// Depth is the stack depth before the instruction at off; -1: it cannot be
// reached, or none begins there.
func (f *Func) Depth(off uint32) int {
	if i := f.InstrAt(off); i != nil {
		return int(i.Depth)
	}
	return -1
}

// borrowed collects the parameters that no instruction writes.
func (f *Func) borrowed() {
	f.Borrowed = NewBits(len(f.Code.Locals))
	for n := range min(f.Params, len(f.Code.Locals)) {
		f.Borrowed.Set(n)
	}
	for n := range f.Instrs {
		switch i := &f.Instrs[n]; i.Op {
		case OpStoreFast, OpDeleteFast, OpMakeCell, OpLoadFastAndClear:
			f.Borrowed.Clear(int(i.Arg))
		}
	}
}
