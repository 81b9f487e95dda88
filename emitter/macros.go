// What selections in common are made of: instructions that every machine has, one way or another, and code that a unit has once.

package emitter

import (
	"github.com/gophersnake/gophersnake/emitter/regalloc"
)

// Macros are the common instructions. None but the jumps and calls changes flags, or a register that it does not name.
type Macros interface {
	Move(dst, src regalloc.PReg)
	MoveImm(dst regalloc.PReg, n int64)
	// Load and Store are of words at an offset from a register, for one of either class.
	Load(dst, base regalloc.PReg, offset int)
	Store(base regalloc.PReg, offset int, src regalloc.PReg)
	// StackAddress is the address at an offset from the stack pointer.
	StackAddress(dst regalloc.PReg, offset int)
	// StoreWord stores an argument at such an offset. It leaves all general registers alone but Scratch.
	StoreWord(f *Func, offset int, w Word, l []regalloc.Loc)
	// JumpIfZero jumps if a general register is 0.
	JumpIfZero(r regalloc.PReg, to Label)
	// JumpIfFailed and JumpUnlessFailed are for what a thunk that failed left.
	JumpIfFailed(to Label)
	JumpUnlessFailed(to Label)
	Call(Label)
	CallHelper(name string)
	// CallCell calls a native function whose address is in memory.
	CallCell(cell uint64)
}

// Thunk is a call of the runtime that keeps the registers in Keeps. In Registers.Scratch its argument arrives and its result leaves.
type Thunk struct {
	Kind  ThunkKind
	Keeps regalloc.RegSet
}

// ThunkKind is what a thunk does.
type ThunkKind uint8

// The thunks.
const (
	ThunkUnboxInt  ThunkKind = iota // object → number; fails if it does not fit
	ThunkBoxInt                     // number → object; fails if there is no memory
	ThunkBoxFloat                   // float → object; fails if there is no memory
	ThunkLetGo                      // frame
	ThunkDealloc                    // object
	ThunkRelease                    // the same, at a call site: a destructor may look at the activation
	ThunkLocals                     // an exit's number; fails if a frame object shows other locals than the exit's descriptor has
	ThunkFramePush                  // callable → frame; fails if there is no memory
	ThunkListRoom                   // list → list, which has room for another item; fails if there is no memory
)

// thunks are those that a unit's code has called so far.
type thunks struct {
	labels map[Thunk]Label
	order  []Thunk // as they were asked for
}

// Thunk is the label of a thunk for where these registers are held.
func (b *Builder) Thunk(kind ThunkKind, held regalloc.RegSet) Label {
	return b.thunkLabel(Thunk{kind, held & b.m.Registers().ClobberedByC})
}

// readingThunk is a thunk that reads the activation's state, as the exit's descriptor has it.
func (f *Func) readingThunk(kind ThunkKind, x *Exit, l []regalloc.Loc) Label {
	return f.Unit.thunkLabel(Thunk{kind, f.Held&f.m.Registers().ClobberedByC | x.registers(l)})
}

// LocalsThunk is the thunk of a guard that looks at the locals, and the number of its exit.
func (f *Func) LocalsThunk(x *Exit, l []regalloc.Loc) (thunk Label, number int) {
	x.Label(l)
	return f.readingThunk(ThunkLocals, x, l), x.number
}

func (b *Builder) thunkLabel(t Thunk) Label {
	l, ok := b.thunks.labels[t]
	if !ok {
		l = b.m.NewLabel()
		b.thunks.labels[t] = l
		b.thunks.order = append(b.thunks.order, t)
	}
	return l
}

// ExitLabel is the label of the code that all exits go through.
func (b *Builder) ExitLabel() Label {
	if b.exit == 0 {
		b.exit = b.m.NewLabel()
	}
	return b.exit
}

// shared emits the code that the unit has once.
func (b *Builder) shared() {
	for _, t := range b.thunks.order {
		b.m.Bind(b.thunks.labels[t])
		b.m.Thunk(t)
	}
	if b.exit != 0 {
		b.m.Bind(b.exit)
		b.m.CommonExit()
	}
}

// thunkHelpers are the runtime's functions that thunks call.
var thunkHelpers = [...]string{
	ThunkUnboxInt: "gs_unbox_int", ThunkBoxInt: "gs_box_int", ThunkBoxFloat: "gs_box_float", ThunkLetGo: "gs_let_go", ThunkDealloc: "gs_dealloc",
	ThunkRelease: "gs_release_in", ThunkLocals: "gs_locals_changed", ThunkFramePush: "gs_frame_push", ThunkListRoom: "gs_list_room",
}

// Helper is the runtime's function that does it.
func (k ThunkKind) Helper() string { return thunkHelpers[k] }

// Makes says whether the thunk makes an object, a frame or room.
func (k ThunkKind) Makes() bool {
	return k == ThunkBoxInt || k == ThunkBoxFloat || k == ThunkFramePush || k == ThunkListRoom
}

// Reads says whether the thunk reads the activation's state.
func (k ThunkKind) Reads() bool { return k == ThunkRelease || k == ThunkLocals }

// ExitFrameSize is the offset of gs_exitdesc.frame_size.
const ExitFrameSize = 28
