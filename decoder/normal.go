// What each opcode's name means. The names mean the same in every version but
// for their arguments, which normalise handles by version where they differ.
package decoder

import "fmt"

type jumpKind uint8

const (
	jumpNo jumpKind = iota
	jumpForward
	jumpBackward
)

// rawOp is one opcode as a CPython version has it.
type rawOp struct {
	name   string
	caches uint8
	jump   jumpKind
}

// Version is a CPython version without its micro number.
type Version struct{ Major, Minor uint8 }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

type meaning struct {
	op    Op
	flags Flags
}

var meanings = map[string]meaning{
	"NOP": {OpNop, 0}, "RESUME": {OpResume, 0},
	"POP_TOP": {OpPopTop, 0}, "PUSH_NULL": {OpPushNull, 0}, "COPY": {OpCopy, 0}, "SWAP": {OpSwap, 0},
	"LOAD_CONST": {OpLoadConst, 0}, "LOAD_FAST": {OpLoadFast, 0}, "LOAD_FAST_CHECK": {OpLoadFast, FlagMayBeUnbound},
	"LOAD_FAST_AND_CLEAR": {OpLoadFastAndClear, 0}, "STORE_FAST": {OpStoreFast, 0}, "DELETE_FAST": {OpDeleteFast, 0},
	"LOAD_CLOSURE": {OpLoadClosure, 0}, "LOAD_DEREF": {OpLoadDeref, 0}, "STORE_DEREF": {OpStoreDeref, 0},
	"DELETE_DEREF": {OpDeleteDeref, 0}, "LOAD_CLASSDEREF": {OpLoadClassDeref, 0}, "MAKE_CELL": {OpMakeCell, 0},
	"COPY_FREE_VARS": {OpCopyFreeVars, 0},
	"LOAD_GLOBAL":    {OpLoadGlobal, 0}, "STORE_GLOBAL": {OpStoreGlobal, 0}, "DELETE_GLOBAL": {OpDeleteGlobal, 0},
	"LOAD_NAME": {OpLoadName, 0}, "STORE_NAME": {OpStoreName, 0}, "DELETE_NAME": {OpDeleteName, 0},
	"LOAD_ATTR": {OpLoadAttr, 0}, "STORE_ATTR": {OpStoreAttr, 0}, "DELETE_ATTR": {OpDeleteAttr, 0},
	"LOAD_METHOD": {OpLoadMethod, 0}, "LOAD_SUPER_ATTR": {OpLoadSuperAttr, 0},

	"BINARY_OP": {OpBinaryOp, 0}, "BINARY_SUBSCR": {OpBinarySubscr, 0}, "STORE_SUBSCR": {OpStoreSubscr, 0},
	"DELETE_SUBSCR": {OpDeleteSubscr, 0}, "BINARY_SLICE": {OpBinarySlice, 0}, "STORE_SLICE": {OpStoreSlice, 0},
	"UNARY_POSITIVE": {OpUnaryPositive, 0}, "UNARY_NEGATIVE": {OpUnaryNegative, 0}, "UNARY_NOT": {OpUnaryNot, 0},
	"UNARY_INVERT": {OpUnaryInvert, 0}, "COMPARE_OP": {OpCompare, 0}, "IS_OP": {OpIs, 0}, "CONTAINS_OP": {OpContains, 0},

	"JUMP_FORWARD": {OpJump, 0}, "JUMP_BACKWARD": {OpJump, FlagBackward},
	"JUMP_BACKWARD_NO_INTERRUPT": {OpJump, FlagBackward | FlagNoPoll},
	"JUMP_IF_FALSE_OR_POP":       {OpJumpIfFalse, FlagKeep}, "JUMP_IF_TRUE_OR_POP": {OpJumpIfTrue, FlagKeep},
	"POP_JUMP_FORWARD_IF_FALSE": {OpJumpIfFalse, 0}, "POP_JUMP_FORWARD_IF_TRUE": {OpJumpIfTrue, 0},
	"POP_JUMP_FORWARD_IF_NONE": {OpJumpIfNone, 0}, "POP_JUMP_FORWARD_IF_NOT_NONE": {OpJumpIfNotNone, 0},
	"POP_JUMP_BACKWARD_IF_FALSE": {OpJumpIfFalse, FlagBackward}, "POP_JUMP_BACKWARD_IF_TRUE": {OpJumpIfTrue, FlagBackward},
	"POP_JUMP_BACKWARD_IF_NONE": {OpJumpIfNone, FlagBackward}, "POP_JUMP_BACKWARD_IF_NOT_NONE": {OpJumpIfNotNone, FlagBackward},
	"POP_JUMP_IF_FALSE": {OpJumpIfFalse, 0}, "POP_JUMP_IF_TRUE": {OpJumpIfTrue, 0},
	"POP_JUMP_IF_NONE": {OpJumpIfNone, 0}, "POP_JUMP_IF_NOT_NONE": {OpJumpIfNotNone, 0},
	"GET_ITER": {OpGetIter, 0}, "FOR_ITER": {OpForIter, 0}, "END_FOR": {OpEndFor, 0},
	"RETURN_VALUE": {OpReturnValue, 0}, "RETURN_CONST": {OpReturnConst, 0},
	"CALL": {OpCall, 0}, "CALL_FUNCTION_EX": {OpCallEx, 0}, "MAKE_FUNCTION": {OpMakeFunction, 0},

	"BUILD_TUPLE": {OpBuildTuple, 0}, "BUILD_LIST": {OpBuildList, 0}, "BUILD_SET": {OpBuildSet, 0}, "BUILD_MAP": {OpBuildMap, 0},
	"BUILD_CONST_KEY_MAP": {OpBuildConstKeyMap, 0}, "BUILD_STRING": {OpBuildString, 0}, "BUILD_SLICE": {OpBuildSlice, 0},
	"LIST_APPEND": {OpListAppend, 0}, "LIST_EXTEND": {OpListExtend, 0}, "LIST_TO_TUPLE": {OpListToTuple, 0},
	"SET_ADD": {OpSetAdd, 0}, "SET_UPDATE": {OpSetUpdate, 0}, "MAP_ADD": {OpMapAdd, 0}, "DICT_UPDATE": {OpDictUpdate, 0},
	"DICT_MERGE": {OpDictMerge, 0}, "FORMAT_VALUE": {OpFormatValue, 0}, "UNPACK_SEQUENCE": {OpUnpackSequence, 0},
	"UNPACK_EX": {OpUnpackEx, 0}, "GET_LEN": {OpGetLen, 0}, "MATCH_MAPPING": {OpMatchMapping, 0},
	"MATCH_SEQUENCE": {OpMatchSequence, 0}, "MATCH_KEYS": {OpMatchKeys, 0}, "MATCH_CLASS": {OpMatchClass, 0},

	"RAISE_VARARGS": {OpRaise, 0}, "RERAISE": {OpReraise, 0}, "PUSH_EXC_INFO": {OpPushExcInfo, 0}, "POP_EXCEPT": {OpPopExcept, 0},
	"CHECK_EXC_MATCH": {OpCheckExcMatch, 0}, "CHECK_EG_MATCH": {OpCheckEgMatch, 0}, "PREP_RERAISE_STAR": {OpPrepReraiseStar, 0},
	"LOAD_ASSERTION_ERROR": {OpLoadAssertionError, 0}, "BEFORE_WITH": {OpBeforeWith, 0}, "WITH_EXCEPT_START": {OpWithExceptStart, 0},

	"RETURN_GENERATOR": {OpReturnGenerator, 0}, "YIELD_VALUE": {OpYieldValue, 0}, "SEND": {OpSend, 0}, "END_SEND": {OpEndSend, 0},
	"CLEANUP_THROW": {OpCleanupThrow, 0}, "GET_YIELD_FROM_ITER": {OpGetYieldFromIter, 0}, "GET_AWAITABLE": {OpGetAwaitable, 0},
	"GET_AITER": {OpGetAiter, 0}, "GET_ANEXT": {OpGetAnext, 0}, "END_ASYNC_FOR": {OpEndAsyncFor, 0},
	"ASYNC_GEN_WRAP": {OpAsyncGenWrap, 0}, "BEFORE_ASYNC_WITH": {OpBeforeAsyncWith, 0},

	"IMPORT_NAME": {OpImportName, 0}, "IMPORT_FROM": {OpImportFrom, 0}, "IMPORT_STAR": {OpImportStar, 0},
	"LOAD_BUILD_CLASS": {OpLoadBuildClass, 0}, "SETUP_ANNOTATIONS": {OpSetupAnnotations, 0}, "PRINT_EXPR": {OpPrintExpr, 0},
	"LOAD_LOCALS": {OpLoadLocals, 0}, "LOAD_FROM_DICT_OR_GLOBALS": {OpLoadFromDictOrGlobals, 0},
	"LOAD_FROM_DICT_OR_DEREF": {OpLoadFromDictOrDeref, 0},
	"CALL_INTRINSIC_1":        {OpCallIntrinsic1, 0}, "CALL_INTRINSIC_2": {OpCallIntrinsic2, 0},
}

// prefixes are the opcodes that belong to the one after them.
type prefixKind uint8

const (
	prefixNone     prefixKind = iota
	prefixExtended            // EXTENDED_ARG
	prefixKwNames             // KW_NAMES: the CALL's keyword names
	prefixPrecall             // PRECALL: says nothing that CALL does not say again
)

// opRow is one opcode of one version, ready for decoding.
type opRow struct {
	meaning
	prefix prefixKind
	caches uint8
	jump   jumpKind
}

// language is what decoding needs to know of a version.
type language struct {
	version Version
	names   *[256]rawOp
	rows    [256]opRow
}

var languages = map[Version]*language{
	{3, 11}: newLanguage(Version{3, 11}, &raw311),
	{3, 12}: newLanguage(Version{3, 12}, &raw312),
}

// newLanguage joins numbers and meanings. An opcode without a meaning
// (RESERVED, CACHE on its own) stays OpInvalid.
func newLanguage(v Version, raw *[256]rawOp) *language {
	l := &language{version: v, names: raw}
	for n, r := range raw {
		row := opRow{meaning: meanings[r.name], caches: r.caches, jump: r.jump}
		switch r.name {
		case "EXTENDED_ARG":
			row.prefix = prefixExtended
		case "KW_NAMES":
			row.prefix = prefixKwNames
		case "PRECALL":
			row.prefix = prefixPrecall
		}
		if v == (Version{3, 11}) && row.op == OpLoadFast {
			row.flags |= FlagMayBeUnbound // 3.12 has LOAD_FAST_CHECK where that can be
		}
		l.rows[n] = row
	}
	return l
}

// arguments rewrites i.Arg, which is as the bytecode has it, and the flags that are in it.
func (l *language) arguments(i *Instr) error {
	arg := i.Arg
	switch i.Op {
	case OpBinaryOp:
		if arg >= NumBin {
			arg -= NumBin
			i.Flags |= FlagInPlace
		}
		if arg < 0 || arg >= NumBin {
			return fmt.Errorf("unknown operator %d", i.Arg)
		}
	case OpCompare:
		if l.version.Minor >= 12 {
			arg >>= 4
		}
		if arg < 0 || arg >= NumCmp {
			return fmt.Errorf("unknown comparison %d", i.Arg)
		}
	case OpLoadGlobal:
		if arg&1 != 0 {
			i.Flags |= FlagPushNull
		}
		arg >>= 1
	case OpLoadAttr:
		if l.version.Minor >= 12 {
			if arg&1 != 0 {
				i.Op = OpLoadMethod
			}
			arg >>= 1
		}
	case OpLoadSuperAttr:
		if arg&1 != 0 {
			i.Flags |= FlagMethod
		}
		if arg&2 != 0 {
			i.Flags |= FlagTwoArgs
		}
		arg >>= 2
	case OpSend:
		if l.version.Minor >= 12 {
			i.Flags |= FlagKeep // the receiver stays for END_SEND
		}
	}
	i.Arg = arg
	return nil
}

// Opcode is an opcode of a CPython version as the interpreter names it.
type Opcode struct {
	Number int
	Name   string
	Op     Op
	Prefix bool // belongs to the one after it
}

// Opcodes lists the opcodes of a version.
func Opcodes(v Version) []Opcode {
	var list []Opcode
	l := languages[v]
	for n, r := range &l.rows {
		if name := l.names[n].name; name != "" {
			list = append(list, Opcode{n, name, r.op, r.prefix != prefixNone})
		}
	}
	return list
}
