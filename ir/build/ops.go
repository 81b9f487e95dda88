// The table of bytecodes: one row each. A bytecode without a row hands over to the interpreter.

package build

import "github.com/gophersnake/gophersnake/decoder"

// row translates the current bytecode: it pops and pushes slots of the abstract machine and appends operations.
type row func(b *builder) error

var rows = [decoder.NumOps]row{}

func init() {
	for op, r := range map[decoder.Op]row{
		decoder.OpNop:                nop,
		decoder.OpResume:             nop,
		decoder.OpPopTop:             popTop,
		decoder.OpPushNull:           pushNull,
		decoder.OpCopy:               copyItem,
		decoder.OpSwap:               swapItems,
		decoder.OpLoadConst:          loadConst,
		decoder.OpLoadFast:           loadFast,
		decoder.OpStoreFast:          storeFast,
		decoder.OpDeleteFast:         deleteFast,
		decoder.OpLoadClosure:        loadClosure,
		decoder.OpLoadDeref:          loadDeref,
		decoder.OpStoreDeref:         storeDeref,
		decoder.OpMakeCell:           makeCell,
		decoder.OpCopyFreeVars:       copyFreeVars,
		decoder.OpLoadGlobal:         loadGlobal,
		decoder.OpStoreGlobal:        storeGlobal,
		decoder.OpLoadAttr:           loadAttr,
		decoder.OpStoreAttr:          storeAttr,
		decoder.OpDeleteAttr:         deleteAttr,
		decoder.OpLoadMethod:         loadMethod,
		decoder.OpBinaryOp:           binaryOp,
		decoder.OpBinarySubscr:       binarySubscr,
		decoder.OpStoreSubscr:        storeSubscr,
		decoder.OpDeleteSubscr:       deleteSubscr,
		decoder.OpUnaryPositive:      unaryPositive,
		decoder.OpUnaryNegative:      unaryNegative,
		decoder.OpUnaryNot:           unaryNot,
		decoder.OpUnaryInvert:        unaryInvert,
		decoder.OpCompare:            compareOp,
		decoder.OpIs:                 isOp,
		decoder.OpContains:           containsOp,
		decoder.OpJump:               jump,
		decoder.OpJumpIfFalse:        conditional,
		decoder.OpJumpIfTrue:         conditional,
		decoder.OpJumpIfNone:         jumpIfNone,
		decoder.OpJumpIfNotNone:      jumpIfNone,
		decoder.OpGetIter:            getIter,
		decoder.OpForIter:            forIter,
		decoder.OpReturnValue:        returnValue,
		decoder.OpCall:               callOp,
		decoder.OpBuildTuple:         buildTuple,
		decoder.OpBuildList:          buildList,
		decoder.OpUnpackSequence:     unpackSequence,
		decoder.OpUnpackEx:           unpackEx,
		decoder.OpBuildSet:           buildSet,
		decoder.OpBuildMap:           buildMap,
		decoder.OpBuildString:        buildString,
		decoder.OpBuildConstKeyMap:   buildConstKeyMap,
		decoder.OpBuildSlice:         buildSlice,
		decoder.OpFormatValue:        formatValue,
		decoder.OpListAppend:         listAppend,
		decoder.OpListExtend:         listExtend,
		decoder.OpSetAdd:             setAdd,
		decoder.OpSetUpdate:          setUpdate,
		decoder.OpDictUpdate:         dictUpdate,
		decoder.OpMapAdd:             mapAdd,
		decoder.OpDictMerge:          dictMerge,
		decoder.OpListToTuple:        listToTuple,
		decoder.OpDeleteGlobal:       deleteGlobal,
		decoder.OpDeleteDeref:        deleteDeref,
		decoder.OpCallEx:             callEx,
		decoder.OpMakeFunction:       makeFunction,
		decoder.OpImportName:         importName,
		decoder.OpImportFrom:         importFrom,
		decoder.OpLoadAssertionError: loadAssertionError,
		decoder.OpRaise:              raise,
		decoder.OpPushExcInfo:        pushExcInfo,
		decoder.OpPopExcept:          popExcept,
		decoder.OpCheckExcMatch:      checkExcMatch,
		decoder.OpBeforeWith:         beforeWith,
		decoder.OpWithExceptStart:    withExceptStart,
	} {
		rows[op] = r
	}
}
