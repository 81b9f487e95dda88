// Package pyabi holds what the compiler must know of the CPython it runs in and
// of the C runtime beside it: numbers fixed by the contract (this file, the same
// as pyext/native/contract.h) and facts that _native reports once at import
// (header.go).
package pyabi

import "encoding/binary"

// SlotKind is the kind of a local variable or stack item between two bytecodes.
type SlotKind uint8

const (
	Null        SlotKind = 0
	Obj         SlotKind = 1
	ObjOrNull   SlotKind = 2
	Int         SlotKind = 3
	Float       SlotKind = 4
	Bool        SlotKind = 5
	None        SlotKind = 6
	IntOrigin   SlotKind = 7
	FloatOrigin SlotKind = 8
	Dyn         SlotKind = 9
	Range       SlotKind = 10
	RangeIter   SlotKind = 11
	Result      SlotKind = 12
	NumSlotKind          = 13
)

// TagError is the tag of a native result that is an exception; the other tags
// are slot kinds.
const TagError = 0

// RecursionMargin: the last activations before the recursion limit are interpreted, for there it shows how much an instruction counts for as long
// as it lasts: `range(n)` compares ints, which counts, and native code makes no range. It is more than any instruction that has native code of its own counts.
// It is as much as the interpreter needs to have specialised what it runs there: as it would be by now, `a < b` of ints then counts nothing.
const RecursionMargin = 48

var slotKinds = [NumSlotKind]struct {
	name  string
	words int
}{
	{"NULL", 0}, {"OBJ", 1}, {"OBJ_OR_NULL", 1}, {"INT", 1}, {"FLOAT", 1}, {"BOOL", 1}, {"NONE", 0},
	{"INT_ORIGIN", 2}, {"FLOAT_ORIGIN", 2}, {"DYN", 2}, {"RANGE", 3}, {"RANGE_ITER", 3}, {"RESULT", 2},
}

// Words is the number of 64-bit components of the kind.
func (k SlotKind) Words() int {
	if int(k) >= len(slotKinds) {
		return 0
	}
	return slotKinds[k].words
}

func (k SlotKind) String() string {
	if int(k) >= len(slotKinds) {
		return "?"
	}
	return slotKinds[k].name
}

// ExitKind tells the runtime what an exit wants.
type ExitKind uint32

const (
	ExitResume    ExitKind = 0
	ExitRaise     ExitKind = 1
	ExitPoll      ExitKind = 2
	ExitRecompile ExitKind = 3
	ExitTouched   ExitKind = 4
	ExitInterpret ExitKind = 5
)

var exitKinds = []string{"RESUME", "RAISE", "POLL", "RECOMPILE", "TOUCHED", "INTERPRET"}

func (k ExitKind) String() string { return nameOf(exitKinds, uint32(k)) }

// Reason tells why a guard stands where it does.
type Reason uint32

const (
	WhyType        Reason = 0
	WhyOverflow    Reason = 1
	WhyDivisor     Reason = 2
	WhyBounds      Reason = 3
	WhyGlobal      Reason = 4
	WhyUnseen      Reason = 5
	WhyUnbound     Reason = 6
	WhyShift       Reason = 7
	WhyRange       Reason = 8
	WhyResult      Reason = 9
	WhyRaised      Reason = 10
	WhyPoll        Reason = 11
	WhyStack       Reason = 12
	WhyNotCompiled Reason = 13
	WhyCallee      Reason = 14
	WhyFrame       Reason = 15
	WhyValue       Reason = 16
	WhyRecorded    Reason = 17
	WhyNoMem       Reason = 18
)

var reasons = []string{"TYPE", "OVERFLOW", "DIVISOR", "BOUNDS", "GLOBAL", "UNSEEN", "UNBOUND", "SHIFT", "RANGE", "RESULT",
	"RAISED", "POLL", "STACK", "NOT_COMPILED", "CALLEE", "FRAME", "VALUE", "RECORDED", "NOMEM"}

func (r Reason) String() string { return nameOf(reasons, uint32(r)) }

func nameOf(names []string, n uint32) string {
	if n >= uint32(len(names)) {
		return "?"
	}
	return names[n]
}

// LocKind is where a component of a slot lies at an exit.
type LocKind uint32

const (
	LocNone  LocKind = 0
	LocGPR   LocKind = 1
	LocFPR   LocKind = 2
	LocStack LocKind = 3 // word at the stack pointer + where
	LocImm   LocKind = 4
	LocLess  LocKind = 5 // imm less the word at place where
	LocDiff  LocKind = 6 // the word at the place that imm's lower half tells, less that at place where, and imm's upper half
)

// Place is where a word lies, as LocLess and LocDiff have it: twice the number of a general register, or twice the offset from the stack pointer and one more.
func (l Loc) Place() int32 {
	if l.Kind == LocStack {
		return 2*l.Where + 1
	}
	return 2 * l.Where
}

// Flags of a profile site.
const (
	SitePoly     = 1
	SiteOverflow = 2
	SiteFailed   = 4
	SiteDivisor  = 8
	SiteRange    = 16
	SiteRaised   = 32
	SiteFrame    = 64
	SiteCallee   = 128
	SiteAttached = 256
	SiteEmpty    = 512
	SiteUnseen   = 1024
	SiteGuessed  = 2048
)

// Flags of a native function.
const (
	FuncRecording = 1
	FuncGeneral   = 2
	FuncHasFrame  = 4
	FuncCallee    = 8
)

// NoIndex stands for "no exit, no site, no slot" in descriptors.
const NoIndex = 0xffffffff

// UnitMagic opens a unit's data.
const UnitMagic = 0x6772736e616b6531

// ArgsOwnedBit is the bit of GS_ARGS_OWNED in a stub's nargsf.
const ArgsOwnedBit = 62

// Sizes of the structs of contract.h.
const (
	SizeLoc      = 16
	SizeSlot     = 16
	SizeSite     = 16
	SizeExit     = 96
	SizeCallSite = 16
	SizeFunc     = 80
	SizeGuess    = 24
	SizeUnit     = 160
)

// Offsets of fields that code and data refer to.
const (
	SiteType  = 0
	SiteFlags = 8
	SiteCount = 12

	ExitRecursion = 84 // gs_exitdesc.recursion
	ExitCount     = 88 // gs_exitdesc.count
	ExitForce     = 92 // gs_exitdesc.force

	FuncRegisterEntry = 32
	FuncMemoryEntry   = 40
	FuncStub          = 48
	FuncRounds        = 28
	FuncNext          = 56
	FuncCalls         = 64

	UnitValid = 136

	// In gs_regs, behind the registers, of which an instruction set has as many general ones as others.
	TailExit   = 0
	TailResume = 8
	TailBuffer = 16
	TailValue  = 24
	TailTag    = 32
	TailSize   = 40
)

// Loc is struct gs_loc. Imm is added to what LocGPR and LocStack tell.
type Loc struct {
	Kind  LocKind
	Where int32
	Imm   int64
}

// Slot is struct gs_slot.
type Slot struct {
	Kind     SlotKind
	Owned    bool
	Tagged   bool
	FirstLoc uint32
	Class    uint64
}

// Exit is struct gs_exitdesc.
type Exit struct {
	Kind            ExitKind
	Reason          Reason
	Off, RaiseOff   uint32
	NLocals, NStack uint32
	FirstSlot       uint32
	FrameSize       uint32
	Site, SiteSlot  uint32
	Record          uint64
	Callable, Frame Loc
	Parent          uint32
	Recursion       uint32
	Count, Force    uint32
}

// CallSite is struct gs_callsite.
type CallSite struct {
	ReturnAddress uint64
	Exit          uint32
}

// Guess is struct gs_guess.
type Guess struct {
	Record, What uint64
	Site, Flags  uint32
}

// Func is struct gs_func.
type Func struct {
	Record                           uint64
	Off, Flags                       uint32
	NLocals, NStack, FirstSlot       uint32
	Rounds                           uint32
	RegisterEntry, MemoryEntry, Stub uint64
	Next, Calls                      uint64
	CodeOffset, CodeSize             uint32
}

// Table is the address of an array of structs and its length.
type Table struct{ Addr, Len uint64 }

// Unit is struct gs_unit; its magic is written by Append.
type Unit struct {
	Code, CodeSize, DataSize                      uint64
	Funcs, Exits, Slots, Locs, CallSites, Objects Table
	CompileNS, Valid                              uint64
	Guesses                                       Table
}

var le = binary.LittleEndian

// Append writes the struct as C sees it.
func (l Loc) Append(b []byte) []byte {
	b = le.AppendUint32(b, uint32(l.Kind))
	b = le.AppendUint32(b, uint32(l.Where))
	return le.AppendUint64(b, uint64(l.Imm))
}

// Append writes the struct as C sees it.
func (s Slot) Append(b []byte) []byte {
	owned, tagged := byte(0), byte(0)
	if s.Owned {
		owned = 1
	}
	if s.Tagged {
		tagged = 1
	}
	b = append(b, byte(s.Kind), owned, byte(s.Kind.Words()), tagged)
	b = le.AppendUint32(b, s.FirstLoc)
	return le.AppendUint64(b, s.Class)
}

// Append writes the struct as C sees it.
func (e *Exit) Append(b []byte) []byte {
	b = append32(b, uint32(e.Kind), uint32(e.Reason), e.Off, e.RaiseOff, e.NLocals, e.NStack,
		e.FirstSlot, e.FrameSize, e.Site, e.SiteSlot)
	b = le.AppendUint64(b, e.Record)
	b = e.Callable.Append(b)
	b = e.Frame.Append(b)
	return append32(b, e.Parent, e.Recursion, e.Count, e.Force)
}

// Append writes the struct as C sees it.
func (g Guess) Append(b []byte) []byte {
	b = append64(b, g.Record, g.What)
	return append32(b, g.Site, g.Flags)
}

// Append writes the struct as C sees it.
func (c CallSite) Append(b []byte) []byte {
	b = le.AppendUint64(b, c.ReturnAddress)
	return append32(b, c.Exit, 0)
}

// Append writes the struct as C sees it.
func (f *Func) Append(b []byte) []byte {
	b = le.AppendUint64(b, f.Record)
	b = append32(b, f.Off, f.Flags, f.NLocals, f.NStack, f.FirstSlot, f.Rounds)
	b = append64(b, f.RegisterEntry, f.MemoryEntry, f.Stub, f.Next, f.Calls)
	return append32(b, f.CodeOffset, f.CodeSize)
}

// Append writes the struct as C sees it.
func (u *Unit) Append(b []byte) []byte {
	b = append64(b, UnitMagic, u.Code, u.CodeSize, u.DataSize)
	for _, t := range []Table{u.Funcs, u.Exits, u.Slots, u.Locs, u.CallSites, u.Objects} {
		b = append64(b, t.Addr, t.Len)
	}
	return append64(b, u.CompileNS, u.Valid, u.Guesses.Addr, u.Guesses.Len)
}

func append32(b []byte, words ...uint32) []byte {
	for _, w := range words {
		b = le.AppendUint32(b, w)
	}
	return b
}

func append64(b []byte, words ...uint64) []byte {
	for _, w := range words {
		b = le.AppendUint64(b, w)
	}
	return b
}
