// Functions in SSA form: values, blocks with parameters instead of phis, and the frame states that guards leave through.

package ir

// ID numbers values, and blocks, within a function.
type ID int32

// Value is one operation and its result.
type Value struct {
	ID     ID
	Line   int32 // source line, for listings
	Op     Op
	Heap   Heap  // region of a load or store; for CallHelper: what it writes (set by the builder from the helper's row, less where operands are known)
	NFixed int32 // CallHelper: how many arguments go to registers; the others form an array; -1: all to registers
	Type   Type
	Args   []*Value
	Aux    int64
	FS     *FrameState // where a guard leaves to; of CallNative: the state of the caller meanwhile
	Exit   ExitInfo    // of a guard
	Block  *Block
}

// ExitInfo says what kind of exit a guard takes and why it stands there (numbers of the runtime contract).
type ExitInfo struct {
	Kind     ExitKind
	Reason   Reason
	Site     uint32 // code unit whose profile learns from the exit; NoSite: none
	SiteSlot int32  // index in the frame state's slots of the value whose class is the surprise; -1: none
	Chosen   bool   // it is taken only where a Select takes what the guard is part of: pass flatten has put code there that was behind a branch
}

// NoSite marks an exit that teaches the profile nothing.
const NoSite = ^uint32(0)

// Edge leads to a block, with one argument for each of its parameters.
type Edge struct {
	To   *Block
	Args []*Value
}

// Block is a basic block. Its parameters are values of OpParam. Ctrl is its last operation, not in Values.
type Block struct {
	ID     ID
	Params []*Value
	Values []*Value
	Ctrl   *Value
	Succs  []Edge
	Preds  []*Block // one entry for each edge; kept by Func.ComputePreds
	Off    uint32   // bytecode offset it begins at, in code units
	Loop   int      // nesting depth of loops; kept by ComputeLoops
	Header bool     // of a loop; kept by ComputeLoops
	Cold   bool     // only reached by unlikely ways
}

// Slot is a local variable's or a stack item's state (docs/runtime.md, section 3).
type Slot struct {
	Kind  SlotKind
	Owned bool
	// Tagged: an int that is no object in the interpreter's frame (3.14+: where an exception was raised); a RESULT that is an __init__'s, for the
	// instance beneath it.
	Tagged bool
	Vals   [3]*Value // Kind.Components() of them
}

// FrameState is the state of the bytecode machine at an exit: what the interpreter or another version goes on from.
type FrameState struct {
	Code     int    // index of the code record in the snapshot
	Off      uint32 // bytecode to go on at, in code units
	RaiseOff uint32 // bytecode that raised, for exits that raise
	NLocals  int
	Slots    []Slot      // NLocals locals, then the stack, bottom first
	Callable *Value      // the function object
	Parent   *FrameState // of the caller, if inlined

	sweep uint32 // the last round of Func.States that met it
}

// Callee is a native function that this one calls directly.
type Callee struct {
	Name string
	Func *Func  // in the same unit; nil if elsewhere
	Addr uint64 // elsewhere: address of a cell with the register entry
}

// Func is a native function: one entry, one key.
type Func struct {
	Name      string
	Code      int     // index of the code record in the snapshot
	Record    uint64  // address of the runtime's record
	Off       uint32  // bytecode offset of the entry
	Key       []Slot  // wanted slots at the entry (Vals unused); locals then stack
	KeyClass  []Class // for each slot of Key: exact class wanted of an OBJ, or 0
	NLocals   int
	StackSize int      // of the code object
	Blocks    []*Block // entry first; the entry's parameters: the callable, then the components of the key's slots
	Callees   []*Callee
	Objects   []uint64    // objects that the code embeds
	Guesses   []Guess     // what the unit assumes of sites that know nothing; of its first function
	Resume    bool        // a continuation: entered through memory only, may be given a frame
	HasFrame  bool        // calls out, so has an interpreter frame from the prologue on
	Recording bool        // has sites that record classes
	General   bool        // cannot fail a guard on types
	Inlined   int         // how deep calls are that became their callees
	Entry     *FrameState // state at the entry, for exits in the prologue
	FirstLine int32

	nextValue, nextBlock ID
	sweep                uint32 // rounds of States so far
	memory               *Arena
}

// Guess is what code assumes of a site where nothing was recorded: a class, or with flags the record of what a call calls.
type Guess struct {
	Record, What uint64
	Site, Flags  uint32
}

// NewBlock appends a block.
func (f *Func) NewBlock() *Block {
	b := f.memory.blocks.New()
	b.ID = f.nextBlock
	f.nextBlock++
	f.Blocks = append(f.Blocks, b)
	return b
}

// NewValue makes a value that belongs to block b but is not in its list yet.
func (f *Func) NewValue(b *Block, op Op, t Type, args ...*Value) *Value {
	v := f.memory.values.New()
	v.ID, v.Op, v.Type, v.NFixed, v.Block = f.nextValue, op, t, -1, b
	if len(args) > 0 {
		v.Args = f.memory.lists.Keep(args)
	}
	v.Exit.Site, v.Exit.SiteSlot = NoSite, -1
	f.nextValue++
	return v
}

// Add makes a value and appends it to the block.
func (f *Func) Add(b *Block, op Op, t Type, args ...*Value) *Value {
	v := f.NewValue(b, op, t, args...)
	b.Values = f.memory.add(b.Values, v)
	return v
}

// AddParam appends a parameter to the block.
func (f *Func) AddParam(b *Block, t Type) *Value {
	v := f.NewValue(b, OpParam, t)
	b.Params = f.memory.add(b.Params, v)
	return v
}

// NumValues and NumBlocks bound the IDs, for slices indexed by them.
func (f *Func) NumValues() int { return int(f.nextValue) }
func (f *Func) NumBlocks() int { return int(f.nextBlock) }
