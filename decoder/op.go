package decoder

// Op is a bytecode's meaning, the same for every CPython version.
type Op uint8

const (
	OpInvalid Op = iota
	OpNop
	OpResume // Arg: where (0 function start, 1 after yield, 2 yield from, 3 await)

	// Stack.
	OpPopTop
	OpPushNull
	OpCopy // Arg: which item from the top, 1 is the top
	OpSwap // Arg: with which item from the top

	// Constants, locals, cells, names. Arg of locals and cells: index in localsplus. Arg of names: index in Names.
	OpLoadConst
	OpLoadSmallInt     // Arg: the int
	OpLoadCommon       // Arg: Common…
	OpLoadFast         // FlagMayBeUnbound: raises UnboundLocalError if unbound
	OpLoadFastAndClear // 3.12+: pushes NULL if unbound, leaves the local unbound
	OpStoreFast
	OpDeleteFast
	OpLoadClosure
	OpLoadDeref
	OpStoreDeref
	OpDeleteDeref
	OpLoadClassDeref
	OpMakeCell
	OpCopyFreeVars // Arg: how many
	OpLoadGlobal   // FlagPushNull: with NULL for a call
	OpStoreGlobal
	OpDeleteGlobal
	OpLoadName
	OpStoreName
	OpDeleteName
	OpLoadAttr
	OpStoreAttr
	OpDeleteAttr
	OpLoadMethod    // leaves what OpCall wants: a method and self, or NULL and an attribute
	OpLoadSuperAttr // 3.12+: Arg: name; FlagMethod, FlagTwoArgs

	// Operators.
	OpBinaryOp // Arg: Bin…; FlagInPlace
	OpBinarySubscr
	OpStoreSubscr
	OpDeleteSubscr
	OpBinarySlice
	OpStoreSlice
	OpUnaryPositive
	OpUnaryNegative
	OpUnaryNot
	OpUnaryInvert
	OpToBool
	OpCompare  // Arg: Cmp…; FlagToBool: the result is made a bool (3.13+)
	OpIs       // Arg 1: is not
	OpContains // Arg 1: not in

	// Control.
	OpJump // FlagBackward: polls, unless FlagNoPoll
	OpJumpIfFalse
	OpJumpIfTrue
	OpJumpIfNone
	OpJumpIfNotNone // these four pop the value; with FlagKeep (False, True) it stays if the jump is taken
	OpGetIter       // FlagIndexed (3.15+), as with all that have to do with the iterator: an index, or NULL, lies above it
	OpForIter       // Target: where an exhausted iterator goes, after it was popped; FlagKeep (3.14+): it is still there
	OpReturnValue
	OpReturnConst // Arg: constant
	// Arg: number of arguments, Kw: constant with the keyword names or -1. On the stack: NULL and a callable (FlagNullAbove, 3.13+: a
	// callable and NULL), or a method and self; then the arguments. Polls when it is over, unless FlagNoPoll.
	OpCall
	OpCallEx       // Arg 1: with a mapping (3.14+: or NULL); stack: NULL, callable (FlagNullAbove: callable, NULL), arguments[, mapping]
	OpMakeFunction // Arg: 1 defaults, 2 keyword-only defaults, 16 function that annotates, 4 annotations, 8 closure; in this order, then the code

	// Making and taking apart.
	OpBuildTuple
	OpBuildList
	OpBuildSet
	OpBuildMap
	OpBuildConstKeyMap
	OpBuildString
	OpBuildSlice
	OpListAppend
	OpListExtend
	OpListToTuple
	OpSetAdd
	OpSetUpdate
	OpMapAdd
	OpDictUpdate
	OpDictMerge
	OpFormatValue  // Arg: 1-3 converted by str, repr, ascii; 4: with a format
	OpConvertValue // Arg: 1-3, as OpFormatValue
	OpUnpackSequence
	OpUnpackEx
	OpGetLen
	OpMatchMapping
	OpMatchSequence
	OpMatchKeys
	OpMatchClass
	OpBuildTemplate
	OpBuildInterpolation // Arg 1: with a format

	// Exceptions and with.
	OpRaise // Arg: how many values
	OpReraise
	OpPushExcInfo
	OpPopExcept
	OpCheckExcMatch
	OpCheckEgMatch
	OpPrepReraiseStar
	OpBeforeWith
	OpLoadSpecial     // 3.14+: Arg: 0-3 __enter__, __exit__, __aenter__, __aexit__; leaves what OpCall wants
	OpWithExceptStart // FlagMethod (3.14+): __exit__ is a callable and NULL, or a method and self

	// Generators and coroutines.
	OpReturnGenerator
	OpYieldValue
	OpSend
	OpEndSend
	OpCleanupThrow
	OpEndFor // Arg: items that it pops
	OpGetYieldFromIter
	OpGetAwaitable
	OpGetAiter
	OpGetAnext
	OpEndAsyncFor
	OpAsyncGenWrap
	OpBeforeAsyncWith

	// Modules and classes.
	OpImportName // FlagLazy
	OpImportFrom
	OpImportStar
	OpLoadBuildClass
	OpSetupAnnotations
	OpPrintExpr
	OpLoadLocals
	OpLoadFromDictOrGlobals
	OpLoadFromDictOrDeref
	OpCallIntrinsic1
	OpCallIntrinsic2

	NumOps int = iota
)

// Operators of OpBinaryOp.
const (
	BinAdd = iota
	BinAnd
	BinFloorDiv
	BinLShift
	BinMatMul
	BinMul
	BinMod
	BinOr
	BinPow
	BinRShift
	BinSub
	BinTrueDiv
	BinXor
	NumBin
)

var binText = [NumBin]string{"+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"}

// Comparisons of OpCompare, numbered as Py_LT and so on.
const (
	CmpLt = iota
	CmpLe
	CmpEq
	CmpNe
	CmpGt
	CmpGe
	NumCmp
)

var cmpText = [NumCmp]string{"<", "<=", "==", "!=", ">", ">="}

// Flags of an instruction.
type Flags uint16

const (
	FlagInPlace Flags = 1 << iota
	FlagPushNull
	FlagKeep
	FlagBackward
	FlagNoPoll
	FlagMayBeUnbound
	FlagToBool
	FlagMethod
	FlagTwoArgs
	FlagNullAbove // the NULL that a call wants lies above the callable, not beneath it
	FlagLazy      // OpImportName (3.15+): may give a module that is imported later
	FlagIndexed   // an index, or NULL, lies above the iterator
	FlagBorrow    // the stack holds no reference to what is loaded: the local, or the code, has one
	FlagTopFirst  // gives up what it takes from the top of the stack down, not from the lowest item up
	// FlagBoundsFirst: the two on top, which a slice was made of, are given up before the others, the lower one first.
	FlagBoundsFirst
	// FlagInner: the second of two that are one bytecode. It has the first one's offsets, so nobody can resume before it: what it does
	// must not fail once the first one is done.
	FlagInner
)

// Common are the arguments of OpLoadCommon.
const (
	CommonAssertionError = iota
	CommonNotImplementedError
	CommonTuple
	CommonAll
	CommonAny
	CommonList
	CommonSet
	CommonNone
	CommonEmptyStr
	CommonTrue
	CommonFalse
	CommonMinusOne
	NumCommon
)

var commonText = [NumCommon]string{"AssertionError", "NotImplementedError", "tuple", "all", "any", "list", "set", "None", "''", "True", "False", "-1"}

// formatSpec is the bit of OpFormatValue's argument that says that a format is there.
const formatSpec = 4

// Instr is one normalised instruction. Offsets are in code units.
type Instr struct {
	Op    Op
	Flags Flags
	Depth int32 // stack items before it; -1 where it cannot be reached
	Arg   int32
	Kw    int32  // OpCall: constant with the names of keyword arguments, or -1
	Off   uint32 // where to resume before it: its first unit, with prefixes
	At    uint32 // its own unit: what the interpreter's frame points to, where exceptions are raised
	Site  uint32 // where the profile counts: At, but for the second of two stores, which has a site beyond those of the units
	Next  uint32 // the unit after its caches
	// Lastis are the stack items before it, a bit each from the bottom, that say for a handler where its exception was raised.
	Lastis uint64
	// Target is where a jump goes, or NoTarget.
	Target uint32
}

// NoTarget is the Target of what does not jump.
const NoTarget = ^uint32(0)

type opInfo struct {
	name string
	// pop and push are the items taken and left when control falls through; varies: see effect.
	pop, push int8
	flags     opFlags
}

type opFlags uint8

const (
	argLocal  opFlags = 1 << iota // Arg indexes localsplus
	argName                       // Arg indexes Names
	argConst                      // Arg indexes Consts
	jumps                         // has a target
	ends                          // control does not fall through
	quiet                         // cannot raise
	variesPop                     // pop depends on Arg
	variesPush
)

var opTable = [NumOps]opInfo{
	OpInvalid: {"Invalid", 0, 0, ends},
	OpNop:     {"Nop", 0, 0, quiet},
	OpResume:  {"Resume", 0, 0, 0},

	OpPopTop:   {"PopTop", 1, 0, quiet},
	OpPushNull: {"PushNull", 0, 1, quiet},
	OpCopy:     {"Copy", 0, 1, quiet},
	OpSwap:     {"Swap", 0, 0, quiet},

	OpLoadConst:        {"LoadConst", 0, 1, argConst | quiet},
	OpLoadSmallInt:     {"LoadSmallInt", 0, 1, quiet},
	OpLoadCommon:       {"LoadCommon", 0, 1, quiet},
	OpLoadFast:         {"LoadFast", 0, 1, argLocal},
	OpLoadFastAndClear: {"LoadFastAndClear", 0, 1, argLocal | quiet},
	OpStoreFast:        {"StoreFast", 1, 0, argLocal | quiet},
	OpDeleteFast:       {"DeleteFast", 0, 0, argLocal},
	OpLoadClosure:      {"LoadClosure", 0, 1, argLocal},
	OpLoadDeref:        {"LoadDeref", 0, 1, argLocal},
	OpStoreDeref:       {"StoreDeref", 1, 0, argLocal | quiet},
	OpDeleteDeref:      {"DeleteDeref", 0, 0, argLocal},
	OpLoadClassDeref:   {"LoadClassDeref", 0, 1, argLocal},
	OpMakeCell:         {"MakeCell", 0, 0, argLocal},
	OpCopyFreeVars:     {"CopyFreeVars", 0, 0, quiet},
	OpLoadGlobal:       {"LoadGlobal", 0, 1, argName | variesPush},
	OpStoreGlobal:      {"StoreGlobal", 1, 0, argName},
	OpDeleteGlobal:     {"DeleteGlobal", 0, 0, argName},
	OpLoadName:         {"LoadName", 0, 1, argName},
	OpStoreName:        {"StoreName", 1, 0, argName},
	OpDeleteName:       {"DeleteName", 0, 0, argName},
	OpLoadAttr:         {"LoadAttr", 1, 1, argName},
	OpStoreAttr:        {"StoreAttr", 2, 0, argName},
	OpDeleteAttr:       {"DeleteAttr", 1, 0, argName},
	OpLoadMethod:       {"LoadMethod", 1, 2, argName},
	OpLoadSuperAttr:    {"LoadSuperAttr", 3, 1, argName | variesPush},

	OpBinaryOp:      {"BinaryOp", 2, 1, 0},
	OpBinarySubscr:  {"BinarySubscr", 2, 1, 0},
	OpStoreSubscr:   {"StoreSubscr", 3, 0, 0},
	OpDeleteSubscr:  {"DeleteSubscr", 2, 0, 0},
	OpBinarySlice:   {"BinarySlice", 3, 1, 0},
	OpStoreSlice:    {"StoreSlice", 4, 0, 0},
	OpUnaryPositive: {"UnaryPositive", 1, 1, 0},
	OpUnaryNegative: {"UnaryNegative", 1, 1, 0},
	OpUnaryNot:      {"UnaryNot", 1, 1, 0},
	OpUnaryInvert:   {"UnaryInvert", 1, 1, 0},
	OpToBool:        {"ToBool", 1, 1, 0},
	OpCompare:       {"Compare", 2, 1, 0},
	OpIs:            {"Is", 2, 1, quiet},
	OpContains:      {"Contains", 2, 1, 0},

	OpJump:          {"Jump", 0, 0, jumps | ends},
	OpJumpIfFalse:   {"JumpIfFalse", 1, 0, jumps},
	OpJumpIfTrue:    {"JumpIfTrue", 1, 0, jumps},
	OpJumpIfNone:    {"JumpIfNone", 1, 0, jumps},
	OpJumpIfNotNone: {"JumpIfNotNone", 1, 0, jumps},
	OpGetIter:       {"GetIter", 1, 1, 0},
	OpForIter:       {"ForIter", 1, 2, jumps},
	OpReturnValue:   {"ReturnValue", 1, 0, ends | quiet},
	OpReturnConst:   {"ReturnConst", 0, 0, argConst | ends | quiet},
	OpCall:          {"Call", 2, 1, variesPop},
	OpCallEx:        {"CallEx", 3, 1, variesPop},
	OpMakeFunction:  {"MakeFunction", 1, 1, variesPop},

	OpBuildTuple:         {"BuildTuple", 0, 1, variesPop},
	OpBuildList:          {"BuildList", 0, 1, variesPop},
	OpBuildSet:           {"BuildSet", 0, 1, variesPop},
	OpBuildMap:           {"BuildMap", 0, 1, variesPop},
	OpBuildConstKeyMap:   {"BuildConstKeyMap", 1, 1, variesPop},
	OpBuildString:        {"BuildString", 0, 1, variesPop},
	OpBuildSlice:         {"BuildSlice", 0, 1, variesPop},
	OpListAppend:         {"ListAppend", 1, 0, 0},
	OpListExtend:         {"ListExtend", 1, 0, 0},
	OpListToTuple:        {"ListToTuple", 1, 1, 0},
	OpSetAdd:             {"SetAdd", 1, 0, 0},
	OpSetUpdate:          {"SetUpdate", 1, 0, 0},
	OpMapAdd:             {"MapAdd", 2, 0, 0},
	OpDictUpdate:         {"DictUpdate", 1, 0, 0},
	OpDictMerge:          {"DictMerge", 1, 0, 0},
	OpFormatValue:        {"FormatValue", 1, 1, variesPop},
	OpConvertValue:       {"ConvertValue", 1, 1, 0},
	OpBuildTemplate:      {"BuildTemplate", 2, 1, 0},
	OpBuildInterpolation: {"BuildInterpolation", 2, 1, variesPop},
	OpUnpackSequence:     {"UnpackSequence", 1, 0, variesPush},
	OpUnpackEx:           {"UnpackEx", 1, 1, variesPush},
	OpGetLen:             {"GetLen", 1, 2, 0},
	OpMatchMapping:       {"MatchMapping", 1, 2, 0},
	OpMatchSequence:      {"MatchSequence", 1, 2, 0},
	OpMatchKeys:          {"MatchKeys", 2, 3, 0},
	OpMatchClass:         {"MatchClass", 3, 1, 0},

	OpRaise:           {"Raise", 0, 0, ends | variesPop},
	OpReraise:         {"Reraise", 1, 0, ends},
	OpPushExcInfo:     {"PushExcInfo", 1, 2, quiet},
	OpPopExcept:       {"PopExcept", 1, 0, quiet},
	OpCheckExcMatch:   {"CheckExcMatch", 2, 2, 0},
	OpCheckEgMatch:    {"CheckEgMatch", 2, 2, 0},
	OpPrepReraiseStar: {"PrepReraiseStar", 2, 1, 0},
	OpBeforeWith:      {"BeforeWith", 1, 2, 0},
	OpLoadSpecial:     {"LoadSpecial", 1, 2, 0},
	OpWithExceptStart: {"WithExceptStart", 4, 5, 0},

	OpReturnGenerator:  {"ReturnGenerator", 0, 1, 0},
	OpYieldValue:       {"YieldValue", 1, 1, 0},
	OpSend:             {"Send", 2, 2, jumps},
	OpEndSend:          {"EndSend", 2, 1, quiet},
	OpCleanupThrow:     {"CleanupThrow", 3, 2, 0},
	OpEndFor:           {"EndFor", 0, 0, variesPop | quiet},
	OpGetYieldFromIter: {"GetYieldFromIter", 1, 1, 0},
	OpGetAwaitable:     {"GetAwaitable", 1, 1, 0},
	OpGetAiter:         {"GetAiter", 1, 1, 0},
	OpGetAnext:         {"GetAnext", 1, 2, 0},
	OpEndAsyncFor:      {"EndAsyncFor", 2, 0, 0},
	OpAsyncGenWrap:     {"AsyncGenWrap", 1, 1, 0},
	OpBeforeAsyncWith:  {"BeforeAsyncWith", 1, 2, 0},

	OpImportName:            {"ImportName", 2, 1, argName},
	OpImportFrom:            {"ImportFrom", 1, 2, argName},
	OpImportStar:            {"ImportStar", 1, 0, 0},
	OpLoadBuildClass:        {"LoadBuildClass", 0, 1, 0},
	OpSetupAnnotations:      {"SetupAnnotations", 0, 0, 0},
	OpPrintExpr:             {"PrintExpr", 1, 0, 0},
	OpLoadLocals:            {"LoadLocals", 0, 1, 0},
	OpLoadFromDictOrGlobals: {"LoadFromDictOrGlobals", 1, 1, argName},
	OpLoadFromDictOrDeref:   {"LoadFromDictOrDeref", 1, 1, argLocal},
	OpCallIntrinsic1:        {"CallIntrinsic1", 1, 1, 0},
	OpCallIntrinsic2:        {"CallIntrinsic2", 2, 1, 0},
}

func (op Op) String() string {
	if int(op) >= NumOps {
		return "?"
	}
	return opTable[op].name
}

// EndsBlock tells that control never falls through.
func (op Op) EndsBlock() bool { return opTable[op].flags&ends != 0 }

// Jumps tells that the instruction has a target.
func (op Op) Jumps() bool { return opTable[op].flags&jumps != 0 }

// Quiet tells that the instruction cannot raise, whatever its operands are. (Dropping
// a reference may run Python, but what that raises is printed, not raised.)
func (op Op) Quiet() bool { return opTable[op].flags&quiet != 0 }

// UsesLocal tells that Arg is the index of a local (or cell).
func (op Op) UsesLocal() bool { return opTable[op].flags&argLocal != 0 }

// UsesName tells that Arg is an index in Names.
func (op Op) UsesName() bool { return opTable[op].flags&argName != 0 }

// UsesConst tells that Arg is an index in Consts.
func (op Op) UsesConst() bool { return opTable[op].flags&argConst != 0 }

// Effect gives how many stack items the instruction takes and how many it leaves
// instead, when control falls through or, with jump, goes to the target.
func (i *Instr) Effect(jump bool) (pop, push int) {
	info := &opTable[i.Op]
	pop, push = int(info.pop), int(info.push)
	arg := int(i.Arg)
	if i.Flags&FlagIndexed != 0 {
		pop, push = pop+indexed[i.Op].pop, push+indexed[i.Op].push
	}
	switch i.Op {
	case OpLoadGlobal:
		if i.Flags&FlagPushNull != 0 {
			push++
		}
	case OpLoadSuperAttr:
		if i.Flags&FlagMethod != 0 {
			push++
		}
	case OpJumpIfFalse, OpJumpIfTrue:
		if jump && i.Flags&FlagKeep != 0 {
			push = 1
		}
	case OpForIter:
		if jump && i.Flags&FlagKeep == 0 {
			push = 0
		} else if jump {
			push--
		}
	case OpSend:
		if jump && i.Flags&FlagKeep == 0 {
			push = 1
		}
	case OpCall, OpBuildConstKeyMap:
		pop += arg
	case OpBuildTuple, OpBuildList, OpBuildSet, OpBuildString, OpBuildSlice, OpRaise:
		pop = arg
	case OpBuildMap:
		pop = 2 * arg
	case OpCallEx, OpBuildInterpolation:
		pop += arg & 1
	case OpEndFor:
		pop = arg
	case OpWithExceptStart:
		if i.Flags&FlagMethod != 0 {
			pop, push = pop+1, push+1
		}
	case OpMakeFunction:
		for _, bit := range []int{1, 2, 4, 8, 16} {
			if arg&bit != 0 {
				pop++
			}
		}
	case OpFormatValue:
		if arg&formatSpec != 0 {
			pop++
		}
	case OpUnpackSequence:
		push = arg
	case OpUnpackEx:
		push = arg&0xff + arg>>8 + 1
	}
	return pop, push
}

// indexed is what FlagIndexed adds to the effect of an instruction.
var indexed = [NumOps]struct{ pop, push int }{
	OpGetIter: {0, 1}, OpGetYieldFromIter: {0, 1}, OpForIter: {1, 1}, OpPopTop: {1, 0}, OpSend: {1, 1}, OpEndSend: {1, 0}, OpCleanupThrow: {1, 1},
}

// needs is how deep the instruction reaches into the stack beyond what it pops.
func (i *Instr) needs() int {
	switch i.Op {
	case OpCopy, OpSwap:
		return int(i.Arg)
	case OpListAppend, OpListExtend, OpSetAdd, OpSetUpdate, OpDictUpdate, OpDictMerge:
		return int(i.Arg) + 1
	case OpMapAdd:
		return int(i.Arg) + 2
	}
	return 0
}
