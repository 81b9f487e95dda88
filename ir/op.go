// The table of operations: one row an operation. The printer, parser, verifier, value numbering, folding, dead-code
// elimination and evaluator are derived from it; to add an operation, add its row here, then its selection in each
// instruction set's select.go.

package ir

// Op is an operation of the SSA form.
type Op uint8

// OpFlags are properties of an operation.
type OpFlags uint16

const (
	Pure        OpFlags = 1 << iota // result depends on arguments and Aux only, no effect: may be numbered, moved, dropped
	Commutative                     // the first two arguments may change places
	Guard                           // leaves through its frame state if what it checks does not hold; never dropped unless proved
	Effect                          // writes memory or runs code: stays where it is
	Memory                          // a load: pure but for the heap in Value.Heap
	Control                         // ends a block
	Constant                        // no arguments; may be made again anywhere
	Call                            // leaves native code: caller-saved registers are lost
	UsesAux                         // Aux is part of the operation's identity (constants: the value; loads: the offset; …)
	Variadic                        // any number of arguments
)

// OpInfo is a row of the table.
type OpInfo struct {
	Name   string
	NArgs  int8 // -1: any
	Flags  OpFlags
	Args   []Kind // kinds wanted; Void: any
	Result Kind   // Void: none, or told by the value's type
	Reads  Heap
	Writes Heap
}

const (
	OpInvalid Op = iota

	// Constants. Aux is the value, the bits, or the address.
	OpConstInt
	OpConstFloat
	OpConstBool
	OpConstObj
	OpConstNull
	OpConstPtr

	OpParam // a block's parameter

	// Integers. They wrap; shifts want 0 <= count <= 63.
	OpAdd
	OpSub
	OpMul
	OpNeg
	OpAnd
	OpOr
	OpXor
	OpNot
	OpShl
	OpSar
	OpDivFloor // wants divisor not in {0, -1}
	OpModFloor // wants divisor not in {0, -1}
	OpMulHigh  // upper 64 bits of the signed product

	// Integers, leaving if the result does not fit 64 bits.
	OpAddOvf
	OpSubOvf
	OpMulOvf
	OpNegOvf
	OpShlOvf // wants 0 <= count <= 63

	// Comparisons.
	OpIEq
	OpINe
	OpILt
	OpILe
	OpIGt
	OpIGe
	OpULt // unsigned
	OpULe
	OpPEq // addresses
	OpPNe
	OpFEq // false if either is nan
	OpFNe // true if either is nan
	OpFLt
	OpFLe
	OpFGt
	OpFGe
	OpBNot
	OpBoolToInt
	OpSelect // condition, if true, if false

	// Floats, IEEE 754 binary64, never fused but where FMulAdd says so.
	OpFAdd
	OpFSub
	OpFMul
	OpFDiv
	OpFNeg
	OpFAbs
	OpFSqrt
	OpFMulAdd // first * second + third, rounded once
	OpFFloor
	OpFCeil
	OpFTrunc
	OpFMin // of two ordered values that are not both zero
	OpFMax
	OpIntToFloat   // rounds to nearest even, as PyLong_AsDouble
	OpFloatToInt   // truncates; wants a value that fits
	OpFloatFitsInt // -2**63 <= x < 2**63, false for nan
	OpFloatBits
	OpWordObj // a word, or what cannot be NULL here, that is a new reference, as an object
	OpBitsFloat

	// Memory. Aux is the offset in bytes, Value.Heap the region. Loads: base (obj or ptr). Idx: base, index (times 8).
	OpLoadI64
	OpLoadS32
	OpLoadU32
	OpLoadU8
	OpLoadF64
	OpLoadObj
	OpLoadObjNull
	OpLoadPtr
	OpLoadIdxI64
	OpLoadIdxF64
	OpLoadIdxU8 // its index counts bytes
	OpLoadIdxObj
	OpLoadIdxObjNull
	OpStoreI64 // base, value
	OpStoreF64
	OpStoreObj // an ObjNull may be stored too
	OpStoreU32
	OpStoreIdxI64 // base, index, value
	OpStoreIdxF64
	OpStoreIdxObj
	OpClassOf // ob_type of an object, as Ptr
	OpScratch // address of Aux words of the native frame (8-byte words); each OpScratch has its own

	// References. Incref and XIncref never fail. Decref may run any Python code if the object dies, which sees Value.FS, if it is set, as the state
	// of the activation, or with an exit of kind RAISE, where the activation ends, its callers alone; DecrefQuiet and XDecrefQuiet are for
	// exact int, float, str, bytes, bool, None and range, whose end runs nothing.
	OpIncref
	OpXIncref
	OpDecref
	OpXDecref
	OpDecrefQuiet
	OpXDecrefQuiet

	// Between raw values and objects. Boxes are new references. BoxInt gives the small ints' singletons.
	OpBoxInt   // leaves with RAISE (no memory); Aux: how many references it comes with beyond the first
	OpBoxFloat // leaves with RAISE (no memory)
	// ReboxFloat is BoxFloat, and gives back a reference to its second argument, an exact float: that object is the box if nobody else has
	// it. It keeps the reference if it leaves.
	OpReboxFloat
	// ListAppend puts a reference, which the exact list takes over, at the list's end. It leaves with RAISE (no memory).
	OpListAppend
	OpBoxBool  // borrowed: True or False
	OpUnboxInt // of an exact int; leaves if it does not fit 64 bits
	OpUnboxFloat
	OpUnboxBool
	OpIntOf   // what UnboxInt gives; only frame states ask for it, beside the object, and take the object alone if it does not fit
	OpIntSign // of an exact int: -1, 0 or 1, of any size

	// Guards. Their result, where they have one, is the argument with the type refined.
	OpGuard        // condition
	OpGuardClass   // object; Aux: address of the class it must have exactly
	OpGuardNotNull // ObjNull → Obj
	OpGuardTag     // i64 tag; Aux: the tag it must be
	OpGuardFrame   // the activation has no frame object, and no tool has begun to trace
	OpGuardLocals  // no tool has begun to trace, and nobody has changed a local in a frame object that the activation may have; it hides the frame, if there is one
	OpPoll         // the eval breaker is not set
	OpTick         // counts the function's recorded rounds down; leaves when none is left
	OpRaiseIfNull  // ObjNull → Obj
	OpRaiseIfNeg   // i64 → i64
	OpRaiseIfZero  // i64 → i64

	// Calls. CallHelper: Aux is the index in Helpers; the first Value.NFixed arguments go to registers, the rest as an
	// array, whose address and count are two more arguments (Value.NFixed < 0: no array). CallNative: Aux is the index in
	// Func.Callees; the first argument is the callable; result: the raw word; CallTag: its tag. If Value.FS is
	// set on CallNative, it is the state in which the caller is, for the walk over unlinked callers.
	OpCallHelper
	OpCallNative
	OpCallTag
	OpLink   // all locals as objects or NULL (ObjNull), or ConstPtr LinkKept: the slot holds it already; Aux: the instruction's offset in code units
	OpUnlink // takes the frame off again
	OpLetGo  // drops the frame's object, if it has one that nobody else holds
	OpRecordClass

	// Control. Branch: condition, Succs[0] if true, Succs[1] if false; Aux > 0: likely, < 0: unlikely. Return: the value, Aux
	// its tag (TagNone: no argument). ReturnRaw: word, tag. Exit: leaves through the frame state.
	OpJump
	OpBranch
	OpReturn
	OpReturnRaw
	OpExit

	NumOps
)

var any3 = []Kind{Void, Void, Void}

// Ops is the table.
var Ops = [NumOps]OpInfo{
	OpConstInt:   {Name: "ConstInt", Flags: Pure | Constant | UsesAux, Result: I64},
	OpConstFloat: {Name: "ConstFloat", Flags: Pure | Constant | UsesAux, Result: F64},
	OpConstBool:  {Name: "ConstBool", Flags: Pure | Constant | UsesAux, Result: Bool},
	OpConstObj:   {Name: "ConstObj", Flags: Pure | Constant | UsesAux, Result: Obj},
	OpConstNull:  {Name: "ConstNull", Flags: Pure | Constant, Result: ObjNull},
	OpConstPtr:   {Name: "ConstPtr", Flags: Pure | Constant | UsesAux, Result: Ptr},
	OpParam:      {Name: "Param"},

	OpAdd:      {Name: "Add", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpSub:      {Name: "Sub", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: I64},
	OpMul:      {Name: "Mul", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpNeg:      {Name: "Neg", NArgs: 1, Flags: Pure, Args: []Kind{I64}, Result: I64},
	OpAnd:      {Name: "And", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpOr:       {Name: "Or", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpXor:      {Name: "Xor", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpNot:      {Name: "Not", NArgs: 1, Flags: Pure, Args: []Kind{I64}, Result: I64},
	OpShl:      {Name: "Shl", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: I64},
	OpSar:      {Name: "Sar", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: I64},
	OpDivFloor: {Name: "DivFloor", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: I64},
	OpModFloor: {Name: "ModFloor", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: I64},
	OpMulHigh:  {Name: "MulHigh", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: I64},

	OpAddOvf: {Name: "AddOvf", NArgs: 2, Flags: Guard | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpSubOvf: {Name: "SubOvf", NArgs: 2, Flags: Guard, Args: []Kind{I64, I64}, Result: I64},
	OpMulOvf: {Name: "MulOvf", NArgs: 2, Flags: Guard | Commutative, Args: []Kind{I64, I64}, Result: I64},
	OpNegOvf: {Name: "NegOvf", NArgs: 1, Flags: Guard, Args: []Kind{I64}, Result: I64},
	OpShlOvf: {Name: "ShlOvf", NArgs: 2, Flags: Guard, Args: []Kind{I64, I64}, Result: I64},

	OpIEq:       {Name: "IEq", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: Bool},
	OpINe:       {Name: "INe", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{I64, I64}, Result: Bool},
	OpILt:       {Name: "ILt", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpILe:       {Name: "ILe", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpIGt:       {Name: "IGt", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpIGe:       {Name: "IGe", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpULt:       {Name: "ULt", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpULe:       {Name: "ULe", NArgs: 2, Flags: Pure, Args: []Kind{I64, I64}, Result: Bool},
	OpPEq:       {Name: "PEq", NArgs: 2, Flags: Pure | Commutative, Args: any3[:2], Result: Bool},
	OpPNe:       {Name: "PNe", NArgs: 2, Flags: Pure | Commutative, Args: any3[:2], Result: Bool},
	OpFEq:       {Name: "FEq", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{F64, F64}, Result: Bool},
	OpFNe:       {Name: "FNe", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{F64, F64}, Result: Bool},
	OpFLt:       {Name: "FLt", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: Bool},
	OpFLe:       {Name: "FLe", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: Bool},
	OpFGt:       {Name: "FGt", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: Bool},
	OpFGe:       {Name: "FGe", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: Bool},
	OpBNot:      {Name: "BNot", NArgs: 1, Flags: Pure, Args: []Kind{Bool}, Result: Bool},
	OpBoolToInt: {Name: "BoolToInt", NArgs: 1, Flags: Pure, Args: []Kind{Bool}, Result: I64},
	OpSelect:    {Name: "Select", NArgs: 3, Flags: Pure, Args: []Kind{Bool, Void, Void}},

	OpFAdd:         {Name: "FAdd", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{F64, F64}, Result: F64},
	OpFSub:         {Name: "FSub", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: F64},
	OpFMul:         {Name: "FMul", NArgs: 2, Flags: Pure | Commutative, Args: []Kind{F64, F64}, Result: F64},
	OpFDiv:         {Name: "FDiv", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: F64},
	OpFNeg:         {Name: "FNeg", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFAbs:         {Name: "FAbs", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFSqrt:        {Name: "FSqrt", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFMulAdd:      {Name: "FMulAdd", NArgs: 3, Flags: Pure | Commutative, Args: []Kind{F64, F64, F64}, Result: F64},
	OpFFloor:       {Name: "FFloor", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFCeil:        {Name: "FCeil", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFTrunc:       {Name: "FTrunc", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: F64},
	OpFMin:         {Name: "FMin", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: F64},
	OpFMax:         {Name: "FMax", NArgs: 2, Flags: Pure, Args: []Kind{F64, F64}, Result: F64},
	OpIntToFloat:   {Name: "IntToFloat", NArgs: 1, Flags: Pure, Args: []Kind{I64}, Result: F64},
	OpFloatToInt:   {Name: "FloatToInt", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: I64},
	OpFloatFitsInt: {Name: "FloatFitsInt", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: Bool},
	OpFloatBits:    {Name: "FloatBits", NArgs: 1, Flags: Pure, Args: []Kind{F64}, Result: I64},
	OpWordObj:      {Name: "WordObj", NArgs: 1, Flags: Pure, Args: any3[:1], Result: Obj},
	OpBitsFloat:    {Name: "BitsFloat", NArgs: 1, Flags: Pure, Args: []Kind{I64}, Result: F64},

	OpLoadI64:        {Name: "LoadI64", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: I64},
	OpLoadS32:        {Name: "LoadS32", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: I64},
	OpLoadU32:        {Name: "LoadU32", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: I64},
	OpLoadU8:         {Name: "LoadU8", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: I64},
	OpLoadF64:        {Name: "LoadF64", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: F64},
	OpLoadObj:        {Name: "LoadObj", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: Obj},
	OpLoadObjNull:    {Name: "LoadObjNull", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: ObjNull},
	OpLoadPtr:        {Name: "LoadPtr", NArgs: 1, Flags: Memory | UsesAux, Args: any3[:1], Result: Ptr},
	OpLoadIdxI64:     {Name: "LoadIdxI64", NArgs: 2, Flags: Memory | UsesAux, Args: []Kind{Void, I64}, Result: I64},
	OpLoadIdxF64:     {Name: "LoadIdxF64", NArgs: 2, Flags: Memory | UsesAux, Args: []Kind{Void, I64}, Result: F64},
	OpLoadIdxU8:      {Name: "LoadIdxU8", NArgs: 2, Flags: Memory | UsesAux, Args: []Kind{Void, I64}, Result: I64},
	OpLoadIdxObj:     {Name: "LoadIdxObj", NArgs: 2, Flags: Memory | UsesAux, Args: []Kind{Void, I64}, Result: Obj},
	OpLoadIdxObjNull: {Name: "LoadIdxObjNull", NArgs: 2, Flags: Memory | UsesAux, Args: []Kind{Void, I64}, Result: ObjNull},
	OpStoreI64:       {Name: "StoreI64", NArgs: 2, Flags: Effect | UsesAux, Args: []Kind{Void, I64}},
	OpStoreF64:       {Name: "StoreF64", NArgs: 2, Flags: Effect | UsesAux, Args: []Kind{Void, F64}},
	OpStoreObj:       {Name: "StoreObj", NArgs: 2, Flags: Effect | UsesAux, Args: any3[:2]},
	OpStoreU32:       {Name: "StoreU32", NArgs: 2, Flags: Effect | UsesAux, Args: []Kind{Void, I64}},
	OpStoreIdxI64:    {Name: "StoreIdxI64", NArgs: 3, Flags: Effect | UsesAux, Args: []Kind{Void, I64, I64}},
	OpStoreIdxF64:    {Name: "StoreIdxF64", NArgs: 3, Flags: Effect | UsesAux, Args: []Kind{Void, I64, F64}},
	OpStoreIdxObj:    {Name: "StoreIdxObj", NArgs: 3, Flags: Effect | UsesAux, Args: []Kind{Void, I64, Void}},
	OpClassOf:        {Name: "ClassOf", NArgs: 1, Flags: Memory, Args: any3[:1], Result: Ptr, Reads: HeapClass},
	OpScratch:        {Name: "Scratch", Flags: UsesAux | Effect, Result: Ptr},

	OpIncref:       {Name: "Incref", NArgs: 1, Flags: Effect, Args: []Kind{Obj}, Writes: HeapRef},
	OpXIncref:      {Name: "XIncref", NArgs: 1, Flags: Effect, Args: []Kind{ObjNull}, Writes: HeapRef},
	OpDecref:       {Name: "Decref", NArgs: 1, Flags: Effect, Args: []Kind{Obj}, Writes: HeapAll},
	OpXDecref:      {Name: "XDecref", NArgs: 1, Flags: Effect, Args: []Kind{ObjNull}, Writes: HeapAll},
	OpDecrefQuiet:  {Name: "DecrefQuiet", NArgs: 1, Flags: Effect, Args: []Kind{Obj}, Writes: HeapRef},
	OpXDecrefQuiet: {Name: "XDecrefQuiet", NArgs: 1, Flags: Effect, Args: []Kind{ObjNull}, Writes: HeapRef},

	OpBoxInt:     {Name: "BoxInt", NArgs: 1, Flags: Guard | Effect | UsesAux, Args: []Kind{I64}, Result: Obj, Writes: HeapRef},
	OpBoxFloat:   {Name: "BoxFloat", NArgs: 1, Flags: Guard | Effect, Args: []Kind{F64}, Result: Obj, Writes: HeapRef},
	OpReboxFloat: {Name: "ReboxFloat", NArgs: 2, Flags: Guard | Effect, Args: []Kind{F64, Obj}, Result: Obj, Writes: HeapRef | HeapConst},
	OpListAppend: {Name: "ListAppend", NArgs: 2, Flags: Guard | Effect, Args: []Kind{Obj, Obj}, Writes: HeapRef | HeapList},
	OpBoxBool:    {Name: "BoxBool", NArgs: 1, Flags: Pure, Args: []Kind{Bool}, Result: Obj},
	OpUnboxInt:   {Name: "UnboxInt", NArgs: 1, Flags: Guard, Args: []Kind{Obj}, Result: I64, Reads: HeapConst},
	OpUnboxFloat: {Name: "UnboxFloat", NArgs: 1, Flags: Pure, Args: []Kind{Obj}, Result: F64, Reads: HeapConst},
	OpUnboxBool:  {Name: "UnboxBool", NArgs: 1, Flags: Pure, Args: []Kind{Obj}, Result: Bool},
	OpIntOf:      {Name: "IntOf", NArgs: 1, Flags: Pure, Args: []Kind{Obj}, Result: I64, Reads: HeapConst},
	OpIntSign:    {Name: "IntSign", NArgs: 1, Flags: Pure, Args: []Kind{Obj}, Result: I64, Reads: HeapConst},

	OpGuard:        {Name: "Guard", NArgs: 1, Flags: Guard, Args: []Kind{Bool}},
	OpGuardClass:   {Name: "GuardClass", NArgs: 1, Flags: Guard | UsesAux, Args: []Kind{Obj}, Result: Obj, Reads: HeapClass},
	OpGuardNotNull: {Name: "GuardNotNull", NArgs: 1, Flags: Guard, Args: []Kind{ObjNull}, Result: Obj},
	OpGuardTag:     {Name: "GuardTag", NArgs: 1, Flags: Guard | UsesAux, Args: []Kind{I64}},
	OpGuardFrame:   {Name: "GuardFrame", Flags: Guard, Reads: HeapThread},
	OpGuardLocals:  {Name: "GuardLocals", Flags: Guard, Reads: HeapThread},
	OpPoll:         {Name: "Poll", Flags: Guard, Reads: HeapThread},
	OpTick:         {Name: "Tick", Flags: Guard | Effect},
	OpRaiseIfNull:  {Name: "RaiseIfNull", NArgs: 1, Flags: Guard, Args: []Kind{ObjNull}, Result: Obj},
	OpRaiseIfNeg:   {Name: "RaiseIfNeg", NArgs: 1, Flags: Guard, Args: []Kind{I64}, Result: I64},
	OpRaiseIfZero:  {Name: "RaiseIfZero", NArgs: 1, Flags: Guard, Args: []Kind{I64}, Result: I64},

	OpCallHelper:  {Name: "CallHelper", NArgs: -1, Flags: Call | UsesAux | Variadic},
	OpCallNative:  {Name: "CallNative", NArgs: -1, Flags: Call | Effect | UsesAux | Variadic, Result: I64, Reads: HeapAll, Writes: HeapAll},
	OpCallTag:     {Name: "CallTag", NArgs: 1, Flags: Effect, Args: []Kind{I64}, Result: I64},
	OpLink:        {Name: "Link", NArgs: -1, Flags: Effect | UsesAux | Variadic, Writes: HeapThread},
	OpUnlink:      {Name: "Unlink", Flags: Effect, Writes: HeapThread},
	OpLetGo:       {Name: "LetGo", Flags: Effect, Writes: HeapThread},
	OpRecordClass: {Name: "RecordClass", NArgs: 1, Flags: Effect | UsesAux, Args: []Kind{Obj}},

	OpJump:      {Name: "Jump", Flags: Control},
	OpBranch:    {Name: "Branch", NArgs: 1, Flags: Control | UsesAux, Args: []Kind{Bool}},
	OpReturn:    {Name: "Return", NArgs: -1, Flags: Control | UsesAux | Variadic},
	OpReturnRaw: {Name: "ReturnRaw", NArgs: 2, Flags: Control, Args: []Kind{I64, I64}},
	OpExit:      {Name: "Exit", Flags: Control | Guard},
}

func (o Op) String() string    { return Ops[o].Name }
func (o Op) Is(f OpFlags) bool { return Ops[o].Flags&f != 0 }
