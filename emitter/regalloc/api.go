// The register allocator's interface. It is a file of its own because instruction selection and the
// code buffer are written against these types alone; they know nothing of how allocation works, and
// the allocator knows nothing of operations or encodings.

package regalloc

import "fmt"

// VReg is a virtual register: an index into Func.VRegs. 0 is invalid. Each is defined once (SSA): by one
// Def operand or as one block parameter, and its definition dominates its uses.
type VReg uint32

// Class is a register file.
type Class uint8

const (
	GPR Class = iota
	FPR
	numClasses
)

// PReg is a machine register: 0-31 general, 32-63 floating point.
type PReg uint8

// NoReg is no register.
const NoReg PReg = 255

// Class returns the register file of p.
func (p PReg) Class() Class { return Class(p >> 5) }

func (p PReg) String() string {
	switch {
	case p < 32:
		return fmt.Sprintf("r%d", uint8(p))
	case p < 64:
		return fmt.Sprintf("f%d", uint8(p)-32)
	}
	return "noreg"
}

// RegSet is a set of machine registers, one bit each.
type RegSet uint64

// Has tells whether p is in the set.
func (s RegSet) Has(p PReg) bool { return p < 64 && s>>p&1 != 0 }

// With returns the set with p added.
func (s RegSet) With(p PReg) RegSet { return s | 1<<p }

// VRegInfo describes a virtual register.
type VRegInfo struct {
	Class Class
	// Remat: its defining instruction has no uses (a constant). It is never stored: where it is needed it
	// is emitted again. If its Def operand gets a Remat location, the defining instruction emits nothing.
	Remat bool
}

// Constraint says where an operand may be.
type Constraint uint8

const (
	// Reg: any register of the class.
	Reg Constraint = iota
	// Fixed: exactly the register Operand.Fixed.
	Fixed
	// Tied (defs only): the register of the use operand number Operand.Tied of the same instruction. That
	// use may be Reg (the usual case: a copy is made where its value lives on) or Fixed.
	Tied
	// AnyLoc (uses only): register, spill slot or rematerialised constant, and it does not matter which:
	// frame states.
	AnyLoc
	// RegOrMem (uses only): allowed locations as for AnyLoc, but the instruction is executed, so that a
	// register is better: operands that can be taken from memory.
	RegOrMem
)

// Operand is one virtual register an instruction reads or writes.
//
// Uses are read first, then defs are written: a def may get the register of a use that dies there.
// A virtual register may stand in several operands of an instruction, Fixed to several registers too.
// A Tied use of a virtual register that dies there shares its register with the other uses of it.
type Operand struct {
	V     VReg
	Def   bool
	C     Constraint
	Fixed PReg
	Tied  int8
	// Late (uses): still read after the defs are written, so it shares no register with a def and is not
	// clobbered.
	Late bool
	// Early (defs): written before the uses are read, so it shares no register with a use. A temporary is
	// an Early def of a virtual register that has no uses.
	Early bool
}

// Instr is an instruction. Clobbers are the registers it overwrites besides its defs; a def that is Fixed
// to a register in Clobbers is kept. The last instruction of a block is the control instruction: it
// may have uses, temporaries and clobbers, but its defs are not seen by other instructions.
type Instr struct {
	Ops      []Operand
	Clobbers RegSet
	Move     bool // Ops[0] (def) is a copy of Ops[1] (use); it emits nothing if both got the same register
	Cold     bool // seldom executed, although its block is hot
}

// Edge goes to block To; Args are the values of its parameters.
type Edge struct {
	To   int
	Args []VReg
}

// Block is a basic block. Freq is how often it runs, compared with the others; one that is 0 is estimated from the loops around it.
type Block struct {
	Params []VReg
	Instrs []Instr
	Succs  []Edge
	Freq   float32
	Cold   bool
}

// Func is a function in SSA form. Blocks are in layout order; Blocks[0] is the entry, which has no
// predecessors.
type Func struct {
	VRegs  []VRegInfo
	Blocks []Block
	// EntryFixed tells where the entry block's parameters arrive: a register, or a slot (an incoming
	// stack argument, say). Slots named here keep their numbers and are never written; the allocator's own are
	// numbered from the greatest of them on.
	EntryFixed []Loc
	// Avail lists the registers that may be allocated, those to be preferred first. Fixed operands may
	// name others.
	Avail [numClasses][]PReg
	// Scratch is one register of each class, not in Avail, in which no value lives: edits use it for moves
	// from memory to memory and for cycles. Between edits it is free for the emitter.
	Scratch [numClasses]PReg
}

// Loc is where a value is: a register, a spill slot (8 bytes), or nowhere because it is a constant to be
// made anew.
type Loc uint32

const (
	locNone Loc = iota << 30
	locReg
	locSlot
	locRemat
	locKind = locRemat
)

// RegLoc is the location p.
func RegLoc(p PReg) Loc { return locReg | Loc(p) }

// SlotLoc is spill slot n.
func SlotLoc(n int) Loc { return locSlot | Loc(n) }

// RematLoc is the constant v.
func RematLoc(v VReg) Loc { return locRemat | Loc(v) }

// IsNone tells whether l is the zero Loc.
func (l Loc) IsNone() bool { return l&locKind == locNone }

// IsReg tells whether l is a register.
func (l Loc) IsReg() bool { return l&locKind == locReg }

// IsSlot tells whether l is a spill slot.
func (l Loc) IsSlot() bool { return l&locKind == locSlot }

// IsRemat tells whether l is a constant.
func (l Loc) IsRemat() bool { return l&locKind == locRemat }

// Reg returns the register.
func (l Loc) Reg() PReg {
	if !l.IsReg() {
		panic("BUG: Reg of " + l.String())
	}
	return PReg(l &^ locKind)
}

// Slot returns the number of the slot.
func (l Loc) Slot() int {
	if !l.IsSlot() {
		panic("BUG: Slot of " + l.String())
	}
	return int(l &^ locKind)
}

// Remat returns the virtual register whose defining instruction makes the value.
func (l Loc) Remat() VReg {
	if !l.IsRemat() {
		panic("BUG: Remat of " + l.String())
	}
	return VReg(l &^ locKind)
}

func (l Loc) String() string {
	switch {
	case l.IsReg():
		return l.Reg().String()
	case l.IsSlot():
		return fmt.Sprintf("s%d", l.Slot())
	case l.IsRemat():
		return fmt.Sprintf("=v%d", l.Remat())
	}
	return "-"
}

// Edit is a move to be inserted before instruction number Before of its block. From is a register, a slot
// or a constant; To is a register or a slot; never both slots. To put a constant into a slot the target may
// use the scratch register of its class. Class
// is the class of the register in it: a general value may pass through the floating-point scratch register, as 8 bytes.
// Edits may stand between any two instructions: moves and re-emitted constants must leave the flags alone where
// the target keeps flags from one Instr to another.
type Edit struct {
	Before   int
	From, To Loc
	V        VReg
	Class    Class
}

func (e Edit) String() string { return fmt.Sprintf("%d: v%d %v->%v", e.Before, e.V, e.From, e.To) }

// EdgeBlock is a critical edge (successor number Succ of block Pred) that needs edits: they go into a
// small block between the two, in this order.
type EdgeBlock struct {
	Pred, Succ int
	Edits      []Edit
}

// Result is an allocation.
type Result struct {
	Locs       [][][]Loc // by block, instruction, operand
	Edits      [][]Edit  // by block, in order of execution (Before ascending)
	EdgeBlocks []EdgeBlock
	NumSlots   int    // slots 0..NumSlots-1 are in use, those of EntryFixed included
	Written    RegSet // every register that defs, clobbers and edits write, for saving the callee-saved ones
}

// Options are settings for tests.
type Options struct {
	// RandomSeed, if not 0, makes every free choice (register, victim, splits) a random one, to reach
	// situations that good choices avoid.
	RandomSeed uint64
}
