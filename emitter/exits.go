// Exits: what a guard's frame state becomes for the allocator (operands that may be anywhere), for the code (a stub out of the way), and for
// the runtime (descriptors that say where every component lies).

package emitter

import (
	"fmt"

	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Exit is a way out of native code.
type Exit struct {
	f        *Func
	fs       *ir.FrameState
	info     ir.ExitInfo
	operands []regalloc.Operand // of the instruction, frame state included
	count    int                // of operands, up to the last of the frame state
	// NoFrame: the activation has no frame yet.
	NoFrame bool
	// Undo, if set, is emitted first: it takes back what the instruction did to a register.
	Undo func()
	// instead: the component is in the register of another operand (after Undo).
	value regalloc.VReg
	at    int
	// Late: the instruction may have written its results when it leaves.
	Late  bool
	force uint32
	// counted: the activation is.
	counted bool

	label  Label
	number int
}

// NewExit is the exit of a guard.
func (f *Func) NewExit(v *ir.Value) *Exit {
	if v.FS == nil {
		panic(fmt.Sprintf("BUG: %v v%d of %s has no frame state", v.Op, v.ID, f.IR.Name))
	}
	x := f.ExitTo(v.FS, v.Exit)
	x.counted = f.Counted(v.Block)
	return x
}

// ExitTo is an exit of the prologue or the entry block with this state.
func (f *Func) ExitTo(fs *ir.FrameState, info ir.ExitInfo) *Exit {
	x := f.newExits.New()
	*x = Exit{f: f, fs: fs, info: info, at: -1, counted: f.Counted(f.rpo[0])}
	return x
}

// Instead says that at this exit the value of r is in the register of operand at, once Undo ran.
func (x *Exit) Instead(r regalloc.VReg, at int) { x.value, x.at = r, at }

// Operands adds the frame state's values as uses that may be anywhere. late: the instruction may have written its results when it
// leaves.
func (x *Exit) Operands(late bool, add func(regalloc.Operand) int) {
	f := x.f
	x.Late = late
	f.newStamp()
	if x.at >= 0 {
		f.mark(x.value)
	}
	for fs := x.fs; fs != nil; fs = fs.Parent {
		for i := range fs.Slots {
			s := &fs.Slots[i]
			for c := range s.Kind.Words() {
				x.operand(s.Vals[c], late, add)
			}
		}
		if fs.Callable != nil {
			x.operand(fs.Callable, late, add)
		}
	}
}

// word is the value with the component's 64 bits: those of a float are read where the float is.
func word(v *ir.Value) *ir.Value {
	if v = Resolve(v); v.Op == ir.OpFloatBits {
		return Resolve(v.Args[0])
	}
	return v
}

// parts takes apart a sum or difference that only frame states ask for: it is plus - minus + c, computed at exits by who reads the descriptor; minus may
// be nil. Of any other value it gives the value itself.
func (f *Func) parts(v *ir.Value) (plus, minus *ir.Value, c int64) {
	plus = v
	if v.Op != ir.OpAdd && v.Op != ir.OpSub {
		return plus, nil, 0
	}
	for range maxParts {
		switch {
		case f.expands(plus, minus == nil):
			if plus.Op == ir.OpSub {
				minus = Resolve(plus.Args[1])
			} else {
				c += plus.Args[1].Aux
			}
			plus = Resolve(plus.Args[0])
		case minus != nil && f.expands(minus, false):
			c -= minus.Args[1].Aux
			minus = Resolve(minus.Args[0])
		default:
			return plus, minus, c
		}
	}
	return plus, minus, c
}

// maxParts times the largest constant that is taken out of a sum has room in half a word.
const maxParts, maxPart = 16, 1 << 26

// expands reports whether v is no operand of an exit itself, but its arguments are. two: both may be unknown.
func (f *Func) expands(v *ir.Value, two bool) bool {
	if v.Type.Kind != ir.I64 || f.computed[v.ID] {
		return false
	}
	switch v.Op {
	case ir.OpAdd:
		c := v.Args[1]
		return c.Op == ir.OpConstInt && -maxPart < c.Aux && c.Aux < maxPart
	case ir.OpSub:
		return two
	}
	return false
}

func (x *Exit) operand(v *ir.Value, late bool, add func(regalloc.Operand) int) {
	if v = word(v); v.Op == ir.OpIntOf {
		return
	}
	plus, minus, _ := x.f.parts(v)
	x.register(plus, late, add)
	if minus != nil {
		x.register(minus, late, add)
	}
}

func (x *Exit) register(v *ir.Value, late bool, add func(regalloc.Operand) int) {
	if v.Op.Is(ir.Constant) {
		return
	}
	if r := x.f.Reg(v); x.f.mark(r) {
		x.count = add(regalloc.Operand{V: r, C: regalloc.AnyLoc, Late: late}) + 1
	}
}

// Place tells where the operands of the instruction are, in the order in which they were added.
func (x *Exit) Place(ops []regalloc.Operand) { x.operands = ops[:x.count] }

func (f *Func) newStamp() {
	f.stamp++
}

// mark says whether r is met the first time since newStamp.
func (f *Func) mark(r regalloc.VReg) bool {
	for int(r) >= len(f.stamps) {
		f.stamps = append(f.stamps, 0)
	}
	if f.stamps[r] == f.stamp {
		return false
	}
	f.stamps[r] = f.stamp
	return true
}

// Label writes the descriptor, given where the instruction's operands are, and answers with the stub's label.
func (x *Exit) Label(l []regalloc.Loc) Label {
	if x.label == 0 {
		x.describe(l)
		x.label = x.f.m.NewLabel()
		x.f.exits = append(x.f.exits, x)
	}
	return x.label
}

// Forced says whether the exit is to be taken once although nothing is wrong; it must be asked before Label. What raises has nothing to raise then.
func (x *Exit) Forced() bool {
	b := x.f.Unit
	if b.Input.Force == nil || x.info.Kind == ir.ExitRaise {
		return false
	}
	x.force = b.Input.Force(x.f.IR, b.forcible)
	b.forcible++
	return x.force != 0
}

// ForceOffset is where in the data area the word lies that is counted down to it, once there is a label.
func (x *Exit) ForceOffset() int {
	return x.f.Unit.ExitsOffset() + x.number*pyabi.SizeExit + pyabi.ExitForce
}

// entryLabel is Label for exits of the prologue, where all that lives is parameters.
func (x *Exit) entryLabel() Label {
	f := x.f
	x.operands = nil
	var l []regalloc.Loc
	for i, p := range f.Params {
		if r := f.vregs[p.ID]; r != 0 {
			x.operands = append(x.operands, regalloc.Operand{V: r})
			l = append(l, f.ParamLoc[i])
		}
	}
	return x.Label(l)
}

// registers are those that hold operands of the instruction.
func (x *Exit) registers(l []regalloc.Loc) (set regalloc.RegSet) {
	for i := range x.operands {
		if !x.operands[i].Def && l[i].IsReg() {
			set = set.With(l[i].Reg())
		}
	}
	return set
}

// CallSite writes the descriptor of a native call that returns here.
func (x *Exit) CallSite(l []regalloc.Loc) {
	x.describe(l)
	label := x.f.m.NewLabel()
	x.f.m.Bind(label)
	x.f.Unit.callSites = append(x.f.Unit.callSites, callSite{label, uint32(x.number)})
}

func (x *Exit) stub() {
	x.f.m.Bind(x.label)
	if x.Undo != nil {
		x.Undo()
	}
	x.f.m.ExitStub(x.number)
}

// describe appends the descriptors of the exit and of the callers it was inlined into.
func (x *Exit) describe(l []regalloc.Loc) {
	f, u := x.f, x.f.Unit.Unit
	for int(len(f.indexes)) < len(f.infos) {
		f.indexes = append(f.indexes, 0)
	}
	f.newStamp()
	for i := range x.operands {
		o := &x.operands[i]
		if o.Def {
			continue
		}
		// Frame state operands stand last and are the ones that survive.
		f.mark(o.V)
		f.indexes[o.V] = int32(i)
	}
	if x.at >= 0 {
		f.mark(x.value)
		f.indexes[x.value] = int32(x.at)
	}
	x.number = len(u.Exits)
	for fs := x.fs; fs != nil; fs = fs.Parent {
		innermost := fs == x.fs
		e := pyabi.Exit{
			Kind: pyabi.ExitResume, Off: fs.Off, RaiseOff: fs.RaiseOff, NLocals: uint32(fs.NLocals), NStack: uint32(len(fs.Slots) - fs.NLocals),
			FirstSlot: uint32(len(u.Slots)), FrameSize: uint32(f.FrameSize), Site: pyabi.NoIndex, SiteSlot: pyabi.NoIndex,
			Record: f.Unit.Input.Codes[fs.Code].Record, Parent: pyabi.NoIndex,
		}
		if innermost {
			e.Kind, e.Reason = pyabi.ExitKind(x.info.Kind), pyabi.Reason(x.info.Reason)
			e.Site, e.SiteSlot = x.info.Site, uint32(x.info.SiteSlot)
			e.Force = x.force
			if x.counted {
				e.Recursion = 1
			}
		}
		for i := range fs.Slots {
			s := &fs.Slots[i]
			first := len(u.Locs)
			for c := range s.Kind.Words() {
				u.Locs = append(u.Locs, x.loc(s.Vals[c], l))
			}
			u.Slots = append(u.Slots, pyabi.Slot{Kind: pyabi.SlotKind(s.Kind), Owned: s.Owned, Tagged: s.Tagged, FirstLoc: uint32(f.shareLocs(u, first))})
		}
		e.FirstSlot = uint32(f.shareSlots(u, int(e.FirstSlot)))
		if fs.Callable != nil {
			e.Callable = x.loc(fs.Callable, l)
		}
		if fs.Parent != nil {
			e.Parent = uint32(len(u.Exits) + 1)
		} else if !x.NoFrame && f.MayHaveFrame() {
			e.Frame = pyabi.Loc{Kind: pyabi.LocStack, Where: 0}
		}
		u.Exits = append(u.Exits, e)
	}
}

// MayHaveFrame says whether the native frame holds the address of an interpreter frame, or 0 in functions that continue.
func (f *Func) MayHaveFrame() bool { return f.IR.HasFrame || f.IR.Resume }

// loc is where a component lies, or how it is computed of what lies somewhere.
func (x *Exit) loc(v *ir.Value, l []regalloc.Loc) pyabi.Loc {
	if v = word(v); v.Op == ir.OpIntOf {
		return pyabi.Loc{}
	}
	plus, minus, c := x.f.parts(v)
	at := x.place(plus, l)
	if minus == nil {
		at.Imm += c
		return at
	}
	less := x.place(minus, l)
	switch {
	case less.Kind == pyabi.LocImm:
		at.Imm += c - less.Imm
		return at
	case at.Kind == pyabi.LocImm:
		return pyabi.Loc{Kind: pyabi.LocLess, Where: less.Place(), Imm: at.Imm + c}
	}
	return pyabi.Loc{Kind: pyabi.LocDiff, Where: less.Place(), Imm: c<<32 | int64(uint32(at.Place()))}
}

// place is where a value lies.
func (x *Exit) place(v *ir.Value, l []regalloc.Loc) pyabi.Loc {
	f := x.f
	if v.Op.Is(ir.Constant) {
		return pyabi.Loc{Kind: pyabi.LocImm, Imm: v.Aux}
	}
	r := f.vregs[v.ID]
	if r == 0 || f.stamps[r] != f.stamp {
		panic(fmt.Sprintf("BUG: v%d (%v) is not at hand at an exit of %s", v.ID, v.Op, f.IR.Name))
	}
	at := l[f.indexes[r]]
	switch {
	case at.IsReg() && at.Reg().Class() == regalloc.GPR:
		return pyabi.Loc{Kind: pyabi.LocGPR, Where: int32(at.Reg())}
	case at.IsReg():
		return pyabi.Loc{Kind: pyabi.LocFPR, Where: int32(at.Reg() - 32)}
	case at.IsSlot():
		return pyabi.Loc{Kind: pyabi.LocStack, Where: int32(f.SlotBase + 8*at.Slot())}
	}
	panic(fmt.Sprintf("BUG: v%d at %v at an exit of %s", v.ID, at, f.IR.Name))
}

// stub emits the vectorcall stub of a function that may have one.
func (f *Func) stub() {
	c := f.Code()
	if f.IR.Resume || f.IR.Off != 0 || c.Callee || c.NArgs < 0 {
		return
	}
	label := f.m.NewLabel()
	f.StubLabel = label
	if !f.m.Stub(f) {
		f.StubLabel = 0
	}
}
