// What an instruction set must offer. The driver decides what is selected when, where blocks stand, and what an exit's descriptor says;
// the instruction set turns one value at a time into instructions, and knows registers, entries and stubs.

package emitter

import (
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Target is an instruction set for one running interpreter.
type Target interface {
	Name() string
	// Unit begins the code of a compile unit.
	Unit(b *Builder) Machine
}

// Registers are the machine registers as the allocator sees them.
type Registers struct {
	Avail   [2][]regalloc.PReg
	Scratch [2]regalloc.PReg
	// Params hold the components of the parameters at a register entry, in order, by class.
	Params [2][]regalloc.PReg
	// Callable holds the callable there.
	Callable regalloc.PReg
	// CArgs hold the arguments of a C function, and Results, by class, what it returns.
	CArgs        [2][]regalloc.PReg
	Results      [2]regalloc.PReg
	StackPointer regalloc.PReg
	// StubArgs holds the arguments' address while a stub prepares a call; it carries no parameter.
	StubArgs regalloc.PReg
	// Saved are two that C functions keep, and no results.
	Saved [2]regalloc.PReg
	// Tag is the second result of a native function.
	Tag               regalloc.PReg
	ClobberedByC      regalloc.RegSet
	ClobberedByNative regalloc.RegSet
}

// Machine makes the code of one unit.
type Machine interface {
	Registers() *Registers
	ABI() *pyabi.ABI

	// Selection: every Func.Add stands before the ones added earlier, for a block is selected from its end.

	// Select adds the instructions of a value, and asks for the registers of its arguments.
	Select(f *Func, v *ir.Value)
	// SelectBranch adds the instruction that ends a block with two successors, of which one may follow (Func.Fall).
	SelectBranch(f *Func, v *ir.Value)
	// Absolute says whether an address can be a displacement without a base.
	Absolute(address int64) bool
	// SplitsIndex says whether a constant summand of the index is better added to the displacement.
	SplitsIndex(disp int64) bool

	// Emission, in the order of the code.

	NewLabel() Label
	Bind(Label)
	Macros
	Objects
	// Align pads before a function and before a hot loop's header.
	Align()
	// Push makes the native frame, and Return drops it and returns.
	Push(f *Func)
	Return(f *Func)
	// CountDown takes an exit when its word comes to 0, for guards that are forced to fail.
	CountDown(x *Exit, exit Label)
	// Count counts the activation as recursion. It may stand at the begin of a block and before the jump at its end.
	Count()
	Uncount()
	// CheckRecursion leaves if no more than pyabi.RecursionMargin is left, and counts the activation if it is counted.
	CheckRecursion(counted bool, leave Label)
	// CheckStack leaves if the C stack is short, or another thread's. It may change registers that are neither parameters nor the callable.
	CheckStack(leave Label)
	// Poll leaves if somebody waits for his turn.
	Poll(leave Label)
	// Edit moves a value.
	Edit(f *Func, e regalloc.Edit)
	// Jump goes to a label.
	Jump(Label)
	// ExitStub leaves with the number of an exit, through CommonExit.
	ExitStub(number int)
	CommonExit()
	Thunk(Thunk)
	// Stub emits the vectorcall stub of a function; false: it can have none.
	Stub(f *Func) bool
	// Note remarks on the code that follows, for the listing.
	Note(text string)
	// Finish gives the code; offsets are final from then on.
	Finish() ([]byte, error)
	Offset(Label) int
	// Refs are the places in the code that hold addresses in the data area.
	Refs() []Ref
	Notes() []Note
}
