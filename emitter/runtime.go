// What every instruction set needs of the running interpreter and of the C runtime: addresses. And the native frame, whose layout is the same
// everywhere.

package emitter

import (
	"fmt"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Runtime is one running interpreter.
type Runtime struct {
	ABI *pyabi.ABI
	// Help are the addresses of the helpers of ir.Helpers and of the runtime's own functions, by name.
	Help map[string]uint64
	// Rows of the header that have no field in pyabi.ABI.
	Tracemalloc    uint64 // cell, an int: whether tracemalloc records allocations
	StackSize      uint64 // cell: native code may run while the stack pointer - the cell stack_limit is not above it
	VectorcallMiss uint64
}

// runtimeHelpers are the runtime's functions that code calls without an OpCallHelper.
var runtimeHelpers = []string{
	"gs_exit", "gs_unbox_int", "gs_box_int", "gs_box_float", "gs_dealloc", "gs_release_in", "gs_locals_changed", "gs_frame_push", "gs_frame_pop",
	"gs_list_room",
}

// NewRuntime looks the addresses up, or tells what the ABI header lacks.
func NewRuntime(abi *pyabi.ABI) (*Runtime, error) {
	if abi.IntShift != 30 {
		return nil, fmt.Errorf("ints have digits of %d bits, not 30", abi.IntShift)
	}
	r := &Runtime{ABI: abi, Help: map[string]uint64{}}
	for _, name := range runtimeHelpers {
		if err := r.needHelp(name); err != nil {
			return nil, err
		}
	}
	for i := range ir.Helpers {
		if err := r.needHelp(ir.Helpers[i].Name); err != nil {
			return nil, err
		}
	}
	for _, row := range []struct {
		name string
		to   *uint64
	}{
		{"cell.gs_stack_size", &r.StackSize}, {"runtime.vectorcall_miss", &r.VectorcallMiss},
		{"runtime.tracemalloc_tracing", &r.Tracemalloc},
	} {
		v, ok := abi.Lookup(row.name)
		if !ok {
			return nil, fmt.Errorf("the ABI header lacks %s", row.name)
		}
		*row.to = v
	}
	return r, nil
}

func (r *Runtime) needHelp(name string) error {
	address, ok := r.ABI.Help(name)
	if !ok {
		return fmt.Errorf("the ABI header lacks help.%s", name)
	}
	r.Help[name] = address
	return nil
}

// Helper is the address of a function of the runtime.
func (r *Runtime) Helper(name string) uint64 {
	address, ok := r.Help[name]
	if !ok {
		panic("BUG: no helper " + name)
	}
	return address
}

// NativeFrame is the layout of a native frame, from the stack pointer up: [interpreter frame, callable] where the function has or may be given
// a frame; the outgoing arrays of vector helpers; OpScratch's words; spill slots; padding; the return address. The stack pointer is a
// multiple of 16 in a body, so that C can be called.
type NativeFrame struct {
	ArrayWords, ArrayBase int
	scratchWords          int
	scratchAt             map[*ir.Value]int // word of an OpScratch
	scratchBase           int
}

// NeedArray asks for an outgoing array of so many words.
func (n *NativeFrame) NeedArray(words int) { n.ArrayWords = max(n.ArrayWords, words) }

// NeedScratch asks for the words of an OpScratch.
func (n *NativeFrame) NeedScratch(v *ir.Value) {
	if n.scratchAt == nil {
		n.scratchAt = map[*ir.Value]int{}
	}
	if _, ok := n.scratchAt[v]; !ok {
		n.scratchAt[v] = n.scratchWords
		n.scratchWords += int(v.Aux)
	}
}

// ScratchOffset is where the words of an OpScratch are.
func (n *NativeFrame) ScratchOffset(v *ir.Value) int { return n.scratchBase + 8*n.scratchAt[v] }

// lay lays the frame out, and tells the function.
func (n *NativeFrame) lay(f *Func) {
	at := 0
	if f.MayHaveFrame() {
		at = 16
	}
	n.ArrayBase = at
	at += 8 * n.ArrayWords
	n.scratchBase = at
	at += 8 * n.scratchWords
	f.SlotBase = at
	at += 8 * f.Alloc.NumSlots
	f.FrameSize = (at+7)&^15 + 8 // with the return address a multiple of 16
}

// StubServes says whether the key of a function is one that n arguments can be turned into: parameters first, then unbound locals.
func StubServes(f *ir.Func, n int) bool {
	if n > len(f.Key) || len(f.Key) > f.NLocals {
		return false
	}
	for i, s := range f.Key {
		switch s.Kind {
		case ir.SlotNull:
			if i < n {
				return false
			}
		case ir.SlotObj, ir.SlotObjNull, ir.SlotInt, ir.SlotFloat, ir.SlotBool, ir.SlotNone, ir.SlotIntOrigin, ir.SlotFloatOrigin:
			if i >= n {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// ArgumentClass is the class that argument i must have exactly for the key, or 0.
func (r *Runtime) ArgumentClass(f *ir.Func, i int) uint64 {
	switch f.Key[i].Kind {
	case ir.SlotInt, ir.SlotIntOrigin:
		return r.ABI.TypeInt
	case ir.SlotFloat, ir.SlotFloatOrigin:
		return r.ABI.TypeFloat
	case ir.SlotBool:
		return r.ABI.TypeBool
	}
	if i < len(f.KeyClass) {
		return uint64(f.KeyClass[i])
	}
	return 0
}

// BufferSize is what the parameters of a function without a register entry take on a stub's stack.
func (f *Func) BufferSize() int {
	if !f.ByMemory {
		return 0
	}
	return (8*(2+len(f.Params)) + 15) &^ 15
}

// HeldArguments are those of n that the function borrows. Code in C is not always careful: it passes on what a container alone holds, or a weak
// reference to its callback, and a function that empties the container would lose its argument. An interpreted one holds its arguments.
func (f *Func) HeldArguments(n int) (held []int) {
	at := 1 // in Params
	for i := range n {
		k := f.IR.Key[i]
		at += len(k.Kind.Components())
		switch k.Kind {
		case ir.SlotObj, ir.SlotObjNull, ir.SlotIntOrigin, ir.SlotFloatOrigin:
			if !k.Owned && f.ParamUsed[at-1] { // the object is the last component
				held = append(held, i)
			}
		}
	}
	return held
}
