// The numbers of the runtime contract that frame states use. pyabi/contract.go and pyext/native/contract.h have the same; a test compares.

package ir

// SlotKind says what a local variable or stack item is at an exit or entry.
type SlotKind uint8

const (
	SlotNull SlotKind = iota
	SlotObj
	SlotObjNull
	SlotInt
	SlotFloat
	SlotBool
	SlotNone
	SlotIntOrigin   // raw, object
	SlotFloatOrigin // raw, object
	SlotDyn         // tag, raw
	SlotRange       // start, stop, step
	SlotRangeIter   // next, step, left
	SlotResult      // tag, raw
)

var slotNames = [...]string{"null", "obj", "objnull", "int", "float", "bool", "none", "intorigin", "floatorigin", "dyn", "range", "rangeiter", "result"}
var slotKinds = [...][]Kind{nil, {Obj}, {ObjNull}, {I64}, {F64}, {Bool}, nil, {I64, Obj}, {F64, Obj}, {I64, I64}, {I64, I64, I64}, {I64, I64, I64}, {I64, I64}}

// slotWords are the lengths of slotKinds.
var slotWords = func() (n [len(slotKinds)]uint8) {
	for k, kinds := range slotKinds {
		n[k] = uint8(len(kinds))
	}
	return n
}()

func (k SlotKind) String() string { return slotNames[k] }

// Components gives the kinds of the values that make up a slot.
func (k SlotKind) Components() []Kind { return slotKinds[k] }

// Words is how many components there are.
func (k SlotKind) Words() int { return int(slotWords[k]) }

// ExitKind says what the runtime does at an exit.
type ExitKind uint8

const (
	ExitResume ExitKind = iota
	ExitRaise
	ExitPoll
	ExitRecompile
	ExitTouched
	ExitInterpret
)

var exitNames = [...]string{"resume", "raise", "poll", "recompile", "touched", "interpret"}

func (k ExitKind) String() string { return exitNames[k] }

// Reason says why a guard stands there.
type Reason uint8

const (
	WhyType Reason = iota
	WhyOverflow
	WhyDivisor
	WhyBounds
	WhyGlobal
	WhyUnseen
	WhyUnbound
	WhyShift
	WhyRange
	WhyResult
	WhyRaised
	WhyPoll
	WhyStack
	WhyNotCompiled
	WhyCallee
	WhyFrame
	WhyValue
	WhyRecorded
	WhyNoMemory
)

var reasonNames = [...]string{"type", "overflow", "divisor", "bounds", "global", "unseen", "unbound", "shift", "range", "result", "raised", "poll",
	"stack", "not-compiled", "callee", "frame", "value", "recorded", "no-memory"}

func (r Reason) String() string { return reasonNames[r] }

// LinkKept is the address that stands for a local that need not be stored into the frame again.
const LinkKept = ^uint64(0)

// Tags of a native result: 0 is an error, the others are slot kinds.
const (
	TagError = 0
	TagObj   = int64(SlotObj)
	TagInt   = int64(SlotInt)
	TagFloat = int64(SlotFloat)
	TagBool  = int64(SlotBool)
	TagNone  = int64(SlotNone)
)
