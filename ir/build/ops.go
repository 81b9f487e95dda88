// The table of bytecodes: one row each. docs/coverage.md is made of it (UPDATE=1 go test ./ir/build -run TestCoverage).

package build

import "github.com/gophersnake/gophersnake/decoder"

// row is how a bytecode is translated, and for what operands into what.
type row struct {
	// translate pops and pushes slots of the abstract machine and appends operations; nil: the interpreter goes on from there.
	translate func(b *builder) error
	native    string // for these operands it is machine code, without a call of CPython
	api       string // for these it calls the function of CPython, or of the runtime, that does what the interpreter does
	over      string // when or why the interpreter does it
}

// What several rows say.
const (
	always    = "always"
	others    = "all others"
	unbound   = "not bound: raises"
	classBody = "in bodies of modules and classes only, which run once and are never called as functions"
	suspends  = "in generators and coroutines only, which run interpreted, whole"
	generics  = "in what declares type parameters only, which runs once; what 3.11 has opcodes for is as these"
	loopsOnly = "no loop leads here"
)

var rows [decoder.NumOps]row

func init() {
	rows = [decoder.NumOps]row{
		decoder.OpNop:      {nop, always, "", ""},
		decoder.OpResume:   {nop, always, "", ""},
		decoder.OpPopTop:   {popTop, always, "", ""},
		decoder.OpPushNull: {pushNull, always, "", ""},
		decoder.OpCopy:     {copyItem, always, "", ""},
		decoder.OpSwap:     {swapItems, always, "", ""},

		decoder.OpLoadConst:        {loadConst, always, "", ""},
		decoder.OpLoadSmallInt:     {loadSmallInt, always, "", ""},
		decoder.OpLoadCommon:       {loadCommon, always, "", ""},
		decoder.OpLoadFastAndClear: {loadFastAndClear, always, "", ""},
		decoder.OpLoadFast:         {loadFast, "bound", unbound, ""},
		decoder.OpStoreFast:        {storeFast, always, "", ""},
		decoder.OpDeleteFast:       {deleteFast, "bound", unbound, ""},
		decoder.OpLoadClosure:      {loadClosure, always, "", ""},
		decoder.OpLoadDeref:        {loadDeref, "bound", unbound, ""},
		decoder.OpStoreDeref:       {storeDeref, always, "", ""},
		decoder.OpDeleteDeref:      {deleteDeref, "", always, ""},
		decoder.OpMakeCell:         {makeCell, "", always, ""},
		decoder.OpCopyFreeVars:     {copyFreeVars, always, "", ""},
		decoder.OpLoadGlobal:       {loadGlobal, "in globals or builtins that are plain dicts, and whose keys have not changed", others, ""},
		decoder.OpStoreGlobal:      {storeGlobal, "", always, ""},
		decoder.OpDeleteGlobal:     {deleteGlobal, "", always, ""},
		decoder.OpLoadAttr:         {loadAttr, "instance attributes of classes without `__getattribute__`; attributes of modules", others, ""},
		decoder.OpStoreAttr:        {storeAttr, "instance attributes of classes without `__setattr__` that are bound", others, ""},
		decoder.OpDeleteAttr:       {deleteAttr, "", always, ""},
		decoder.OpLoadMethod:       {loadMethod, "functions of an instance's class; methods of list, str, dict, set, tuple, bytes; attributes of modules", others, ""},
		decoder.OpLoadSuperAttr:    {loadSuperAttr, "", always, ""},

		decoder.OpBinaryOp:      {binaryOp, "int, bool and float", others, ""},
		decoder.OpBinarySubscr:  {binarySubscr, "list and tuple by an index in range", others, ""},
		decoder.OpStoreSubscr:   {storeSubscr, "list by an index in range", others, ""},
		decoder.OpDeleteSubscr:  {deleteSubscr, "", always, ""},
		decoder.OpBinarySlice:   {binarySlice, "", always, ""},
		decoder.OpStoreSlice:    {storeSlice, "", always, ""},
		decoder.OpToBool:        {toBool, "numbers, None, str, list, tuple, dict", others, ""},
		decoder.OpUnaryPositive: {unaryPositive, "int and float", others, ""},
		decoder.OpUnaryNegative: {unaryNegative, "int and float", others, ""},
		decoder.OpUnaryNot:      {unaryNot, "numbers, None, str, list, tuple, dict", others, ""},
		decoder.OpUnaryInvert:   {unaryInvert, "int", others, ""},
		decoder.OpCompare:       {compareOp, "int, bool and float; == of str", others, ""},
		decoder.OpIs:            {isOp, always, "", ""},
		decoder.OpContains:      {containsOp, "", always, ""},

		decoder.OpJump:          {jump, always, "", ""},
		decoder.OpJumpIfFalse:   {conditional, "numbers, None, str, list, tuple, dict", others, ""},
		decoder.OpJumpIfTrue:    {conditional, "numbers, None, str, list, tuple, dict", others, ""},
		decoder.OpJumpIfNone:    {jumpIfNone, always, "", ""},
		decoder.OpJumpIfNotNone: {jumpIfNone, always, "", ""},
		decoder.OpGetIter:       {getIter, "range", others, ""},
		decoder.OpForIter:       {forIter, "range, list, tuple", "others, by `tp_iternext`; str and dicts without a frame", ""},
		decoder.OpReturnValue:   {returnValue, always, "", ""},
		decoder.OpReturnConst:   {returnConst, always, "", ""},
		decoder.OpCall:          {callOp, "Python functions, methods and comprehensions that are known; len, abs, min, max, range, int, float, bool, round and math's functions of numbers and containers", "isinstance, list.append, methods of str without a frame; others by vectorcall", ""},
		decoder.OpCallEx:        {callEx, "", always, ""},
		decoder.OpMakeFunction:  {makeFunction, "", always, ""},

		decoder.OpBuildTuple:       {buildTuple, "", always, ""},
		decoder.OpBuildList:        {buildList, "", always, ""},
		decoder.OpBuildSet:         {buildSet, "", always, ""},
		decoder.OpBuildMap:         {buildMap, "", always, ""},
		decoder.OpBuildConstKeyMap: {buildConstKeyMap, "", always, ""},
		decoder.OpBuildString:      {buildString, "", always, ""},
		decoder.OpBuildSlice:       {buildSlice, "", always, ""},
		decoder.OpFormatValue:      {formatValue, "", always, ""},
		decoder.OpConvertValue:     {convertValue, "", always, ""},
		decoder.OpListAppend:       {listAppend, "", always, ""},
		decoder.OpListExtend:       {listExtend, "", always, ""},
		decoder.OpListToTuple:      {listToTuple, "", always, ""},
		decoder.OpSetAdd:           {setAdd, "", always, ""},
		decoder.OpSetUpdate:        {setUpdate, "", always, ""},
		decoder.OpMapAdd:           {mapAdd, "", always, ""},
		decoder.OpDictUpdate:       {dictUpdate, "", always, ""},
		decoder.OpDictMerge:        {dictMerge, "", always, ""},
		decoder.OpUnpackSequence:   {unpackSequence, "list and tuple of that length", others, ""},
		decoder.OpUnpackEx:         {unpackEx, "", always, ""},

		decoder.OpGetLen:        {getLen, "list, tuple, str, bytes, dict", others, ""},
		decoder.OpMatchMapping:  {matchMapping, always, "", ""},
		decoder.OpMatchSequence: {matchSequence, always, "", ""},
		decoder.OpMatchKeys:     {matchKeys, "", always, ""},
		decoder.OpMatchClass:    {matchClass, "", always, ""},

		decoder.OpRaise:           {raise, "", always, ""},
		decoder.OpReraise:         {reraise, "", always, ""},
		decoder.OpPushExcInfo:     {pushExcInfo, "", always, ""},
		decoder.OpPopExcept:       {popExcept, "", always, ""},
		decoder.OpCheckExcMatch:   {checkExcMatch, "", always, ""},
		decoder.OpCheckEgMatch:    {checkEgMatch, "", always, ""},
		decoder.OpPrepReraiseStar: {prepReraiseStar, "", "what is caught entirely, exceptions that are no groups", "groups of which parts are passed on"},
		decoder.OpBeforeWith:      {beforeWith, "", always, ""},
		decoder.OpLoadSpecial:     {loadSpecial, "", "a method of the class", others},
		decoder.OpWithExceptStart: {withExceptStart, "", always, ""},

		decoder.OpImportName:     {importName, "", "always, unless it may be lazy", "if it may be lazy"},
		decoder.OpImportFrom:     {importFrom, "", always, ""},
		decoder.OpLoadBuildClass: {loadBuildClass, "", always, ""},

		decoder.OpLoadClassDeref:   {over: classBody},
		decoder.OpLoadName:         {over: classBody},
		decoder.OpStoreName:        {over: classBody},
		decoder.OpDeleteName:       {over: classBody},
		decoder.OpImportStar:       {over: classBody},
		decoder.OpSetupAnnotations: {over: classBody},
		decoder.OpPrintExpr:        {over: "at the interactive prompt only"},

		decoder.OpReturnGenerator:  {over: suspends},
		decoder.OpYieldValue:       {over: suspends},
		decoder.OpSend:             {over: suspends},
		decoder.OpGetYieldFromIter: {over: suspends},
		decoder.OpGetAwaitable:     {over: suspends},
		decoder.OpGetAiter:         {over: suspends},
		decoder.OpGetAnext:         {over: suspends},
		decoder.OpEndAsyncFor:      {over: suspends},
		decoder.OpAsyncGenWrap:     {over: suspends},
		decoder.OpBeforeAsyncWith:  {over: suspends},

		decoder.OpInvalid:               {over: "no bytecode"},
		decoder.OpLoadFromDictOrGlobals: {over: classBody},
		decoder.OpLoadFromDictOrDeref:   {over: classBody},
		decoder.OpLoadLocals:            {over: classBody},
		decoder.OpEndFor:                {over: loopsOnly},
		decoder.OpCallIntrinsic1:        {over: generics},
		decoder.OpCallIntrinsic2:        {over: generics},
		decoder.OpEndSend:               {over: suspends},
		decoder.OpCleanupThrow:          {over: suspends},
		decoder.OpBuildTemplate:         {over: "always"},
		decoder.OpBuildInterpolation:    {over: "always"},
	}
}
