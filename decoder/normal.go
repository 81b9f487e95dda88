// What each opcode's name means. The names mean the same in every version but for what the tables changes and layouts
// say of some.
package decoder

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

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

// table is what tools/gen_opcodes.py writes of a CPython version.
type table struct {
	version     Version
	ops         [256]rawOp
	specialised [256]uint8 // of a specialised form of an opcode, that one; else 0
	operators   []string   // arguments of BINARY_OP
	comparisons []string   // of COMPARE_OP
	intrinsics1 []string   // of CALL_INTRINSIC_1
	intrinsics2 []string   // of CALL_INTRINSIC_2
	specials    []string   // of LOAD_SPECIAL
	constants   []string   // of LOAD_COMMON_CONSTANT
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
	"LOAD_FAST_BORROW": {OpLoadFast, FlagBorrow}, "LOAD_SMALL_INT": {OpLoadSmallInt, 0}, "LOAD_COMMON_CONSTANT": {OpLoadCommon, 0},
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
	"UNARY_INVERT": {OpUnaryInvert, 0}, "TO_BOOL": {OpToBool, 0}, "COMPARE_OP": {OpCompare, 0}, "IS_OP": {OpIs, 0}, "CONTAINS_OP": {OpContains, 0},

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
	"POP_ITER": {OpPopTop, 0}, "NOT_TAKEN": {OpNop, 0},
	"RETURN_VALUE": {OpReturnValue, 0}, "RETURN_CONST": {OpReturnConst, 0},
	"CALL": {OpCall, 0}, "CALL_KW": {OpCall, 0}, "CALL_FUNCTION_EX": {OpCallEx, 0}, "MAKE_FUNCTION": {OpMakeFunction, 0},

	"BUILD_TUPLE": {OpBuildTuple, 0}, "BUILD_LIST": {OpBuildList, 0}, "BUILD_SET": {OpBuildSet, 0}, "BUILD_MAP": {OpBuildMap, 0},
	"BUILD_CONST_KEY_MAP": {OpBuildConstKeyMap, 0}, "BUILD_STRING": {OpBuildString, 0}, "BUILD_SLICE": {OpBuildSlice, 0},
	"LIST_APPEND": {OpListAppend, 0}, "LIST_EXTEND": {OpListExtend, 0}, "LIST_TO_TUPLE": {OpListToTuple, 0},
	"SET_ADD": {OpSetAdd, 0}, "SET_UPDATE": {OpSetUpdate, 0}, "MAP_ADD": {OpMapAdd, 0}, "DICT_UPDATE": {OpDictUpdate, 0},
	"DICT_MERGE": {OpDictMerge, 0}, "FORMAT_VALUE": {OpFormatValue, 0}, "FORMAT_SIMPLE": {OpFormatValue, 0}, "FORMAT_WITH_SPEC": {OpFormatValue, 0},
	"CONVERT_VALUE": {OpConvertValue, 0}, "BUILD_TEMPLATE": {OpBuildTemplate, 0}, "BUILD_INTERPOLATION": {OpBuildInterpolation, 0}, "UNPACK_SEQUENCE": {OpUnpackSequence, 0},
	"UNPACK_EX": {OpUnpackEx, 0}, "GET_LEN": {OpGetLen, 0}, "MATCH_MAPPING": {OpMatchMapping, 0},
	"MATCH_SEQUENCE": {OpMatchSequence, 0}, "MATCH_KEYS": {OpMatchKeys, 0}, "MATCH_CLASS": {OpMatchClass, 0},

	"RAISE_VARARGS": {OpRaise, 0}, "RERAISE": {OpReraise, 0}, "PUSH_EXC_INFO": {OpPushExcInfo, 0}, "POP_EXCEPT": {OpPopExcept, 0},
	"CHECK_EXC_MATCH": {OpCheckExcMatch, 0}, "CHECK_EG_MATCH": {OpCheckEgMatch, 0}, "PREP_RERAISE_STAR": {OpPrepReraiseStar, 0},
	"LOAD_ASSERTION_ERROR": {OpLoadCommon, 0}, "LOAD_SPECIAL": {OpLoadSpecial, 0}, "BEFORE_WITH": {OpBeforeWith, 0}, "WITH_EXCEPT_START": {OpWithExceptStart, 0},

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

// pairs are the opcodes that do two things, each with half of the argument.
var pairs = map[string][2]string{
	"LOAD_FAST_LOAD_FAST":               {"LOAD_FAST", "LOAD_FAST"},
	"LOAD_FAST_BORROW_LOAD_FAST_BORROW": {"LOAD_FAST_BORROW", "LOAD_FAST_BORROW"},
	"STORE_FAST_LOAD_FAST":              {"STORE_FAST", "LOAD_FAST"},
	"STORE_FAST_STORE_FAST":             {"STORE_FAST", "STORE_FAST"},
}

// change tells from which version on, and up to which, an opcode means something that its name does not say.
type change struct {
	name        string
	first, last uint8
	flags       Flags
}

var changes = []change{
	{"LOAD_FAST", 11, 11, FlagMayBeUnbound}, // later ones have LOAD_FAST_CHECK where that can be
	{"SEND", 12, 15, FlagKeep},
	{"LOAD_GLOBAL", 13, 15, FlagNullAbove},
	{"LOAD_ATTR", 13, 15, FlagNullAbove},
	{"LOAD_SUPER_ATTR", 13, 15, FlagNullAbove},
	{"DICT_MERGE", 13, 15, FlagNullAbove},
	{"CALL", 13, 15, FlagNullAbove},
	{"CALL_KW", 13, 15, FlagNullAbove},
	{"CALL_FUNCTION_EX", 13, 15, FlagNullAbove},
	{"LOAD_SPECIAL", 14, 15, FlagNullAbove},
	{"FOR_ITER", 14, 15, FlagKeep},
	{"WITH_EXCEPT_START", 14, 15, FlagMethod},
	{"COMPARE_OP", 14, 15, FlagTopFirst},
	{"IS_OP", 14, 15, FlagTopFirst},
	{"CONTAINS_OP", 14, 15, FlagTopFirst},
	{"DELETE_SUBSCR", 14, 15, FlagTopFirst},
	{"STORE_SUBSCR", 14, 15, FlagTopFirst},
	{"STORE_ATTR", 14, 15, FlagTopFirst},
	{"CALL", 14, 15, FlagTopFirst},
	{"CALL_KW", 14, 15, FlagTopFirst},
	{"CALL_FUNCTION_EX", 14, 15, FlagTopFirst},
	{"LOAD_CONST", 15, 15, FlagBorrow},
	{"BINARY_OP", 15, 15, FlagTopFirst},
	{"BINARY_SLICE", 12, 14, FlagBoundsFirst},
	{"BINARY_SLICE", 15, 15, FlagTopFirst},
	{"STORE_SLICE", 12, 13, FlagBoundsFirst},
	{"STORE_SLICE", 14, 15, FlagBoundsFirst | FlagTopFirst},
	{"GET_ITER", 15, 15, FlagIndexed},
	{"FOR_ITER", 15, 15, FlagIndexed},
	{"POP_ITER", 15, 15, FlagIndexed},
	{"SEND", 15, 15, FlagIndexed},
	{"END_SEND", 15, 15, FlagIndexed},
	{"CLEANUP_THROW", 15, 15, FlagIndexed},
}

// layout is how arguments and sequences of instructions look in a version.
type layout struct {
	compareShift uint8 // COMPARE_OP: the comparison lies above these bits
	compareBool  int32 // the bit of it that asks for a bool
	attrMethod   bool  // LOAD_ATTR: its lowest bit says that a method is wanted
	endForPops   int32 // END_FOR
	forSkips     int   // instructions at FOR_ITER's target that an exhausted iterator skips
	exMapping    bool  // CALL_FUNCTION_EX always has a mapping, or NULL
	importLazy   bool  // IMPORT_NAME: its lowest bits are 1 lazy, 2 eager, 0 as the interpreter was told
	tagsLasti    bool  // what a handler finds of where its exception was raised is a tagged int, no object
	attributes   bool  // SET_FUNCTION_ATTRIBUTE follows MAKE_FUNCTION
	lastFirst    bool  // a frame that ends gives up its last local first
	enterNoPoll  bool  // no poll after the call of what LOAD_SPECIAL has just loaded: once __enter__ is through, a signal waits until __exit__ will be called
}

var layouts = map[Version]layout{
	{3, 11}: {},
	{3, 12}: {compareShift: 4, attrMethod: true, endForPops: 2, forSkips: 1},
	{3, 13}: {compareShift: 5, compareBool: 16, attrMethod: true, endForPops: 1, forSkips: 2, attributes: true},
	{3, 14}: {compareShift: 5, compareBool: 16, attrMethod: true, endForPops: 1, forSkips: 1, attributes: true, exMapping: true, tagsLasti: true, lastFirst: true},
	{3, 15}: {compareShift: 5, compareBool: 16, attrMethod: true, endForPops: 1, forSkips: 1, attributes: true, exMapping: true, tagsLasti: true, lastFirst: true, importLazy: true, enterNoPoll: true},
}

// intrinsics are those arguments of CALL_INTRINSIC_1 and CALL_INTRINSIC_2 that other versions have opcodes for.
var intrinsics = map[string]Op{
	"INTRINSIC_UNARY_POSITIVE":    OpUnaryPositive,
	"INTRINSIC_LIST_TO_TUPLE":     OpListToTuple,
	"INTRINSIC_ASYNC_GEN_WRAP":    OpAsyncGenWrap,
	"INTRINSIC_PREP_RERAISE_STAR": OpPrepReraiseStar,
}

// prefixKind tells which opcodes belong to the one after them.
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
	second meaning // of a pair; else OpInvalid
	namesOnTop,
	attribute bool // CALL_KW, SET_FUNCTION_ATTRIBUTE
}

// language is what decoding needs to know of a version.
type language struct {
	*table
	layout
	rows [256]opRow
}

// languages are made when they are asked for: a process has code of one version, and its first call waits.
var languages = map[Version]func() *language{}

func init() {
	for _, t := range []*table{&table311, &table312, &table313, &table314, &table315} {
		languages[t.version] = sync.OnceValue(func() *language { return newLanguage(t) })
	}
}

// newLanguage joins numbers and meanings. An opcode without a meaning (RESERVED, CACHE on its own) stays OpInvalid.
func newLanguage(t *table) *language {
	l := &language{table: t, layout: layouts[t.version]}
	now := slices.DeleteFunc(slices.Clone(changes), func(c change) bool { return t.version.Minor < c.first || c.last < t.version.Minor })
	means := func(name string) meaning {
		m := meanings[name]
		for i := range now {
			if now[i].name == name {
				m.flags |= now[i].flags
			}
		}
		return m
	}
	for n := range t.ops {
		r := &t.ops[n]
		if r.name == "" {
			continue
		}
		row := opRow{meaning: means(r.name), caches: r.caches, jump: r.jump}
		switch r.name {
		case "EXTENDED_ARG":
			row.prefix = prefixExtended
		case "KW_NAMES":
			row.prefix = prefixKwNames
		case "PRECALL":
			row.prefix = prefixPrecall
		case "CALL_KW":
			row.namesOnTop = true
		case "SET_FUNCTION_ATTRIBUTE":
			row.attribute = true
		}
		if both, ok := pairs[r.name]; ok {
			row.meaning, row.second = means(both[0]), means(both[1])
		}
		l.rows[n] = row
	}
	for n, base := range t.specialised {
		if base != 0 {
			l.rows[n] = l.rows[base]
		}
	}
	return l
}

// arguments rewrites i.Arg, which is as the bytecode has it, and the flags that are in it.
func (l *language) arguments(i *Instr, name string) error {
	arg := i.Arg
	switch i.Op {
	case OpBinaryOp:
		if arg >= NumBin && arg < 2*NumBin {
			arg -= NumBin
			i.Flags |= FlagInPlace
		}
		switch {
		case int(arg) < len(l.operators) && l.operators[arg] == "[]":
			i.Op, arg = OpBinarySubscr, 0
		case arg < 0 || arg >= NumBin:
			return fmt.Errorf("unknown operator %d", i.Arg)
		}
	case OpCompare:
		if arg&l.compareBool != 0 {
			i.Flags |= FlagToBool
		}
		arg >>= l.compareShift
		if arg < 0 || arg >= NumCmp {
			return fmt.Errorf("unknown comparison %d", i.Arg)
		}
	case OpLoadGlobal:
		if arg&1 != 0 {
			i.Flags |= FlagPushNull
		}
		arg >>= 1
	case OpLoadAttr:
		if l.attrMethod {
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
	case OpCallEx:
		if l.exMapping {
			arg = 1
		}
	case OpGetIter:
		if arg != 0 { // 3.15: for yield from
			i.Op, arg = OpGetYieldFromIter, 0
		}
	case OpImportName:
		if l.importLazy {
			if arg&2 == 0 {
				i.Flags |= FlagLazy
			}
			arg >>= 2
		}
	case OpEndFor:
		arg = l.endForPops
	case OpFormatValue:
		switch name {
		case "FORMAT_SIMPLE":
			arg = 0
		case "FORMAT_WITH_SPEC":
			arg = formatSpec
		}
	case OpLoadCommon:
		text := "AssertionError"
		if name == "LOAD_COMMON_CONSTANT" {
			if arg < 0 || int(arg) >= len(l.constants) {
				return fmt.Errorf("unknown constant %d", i.Arg)
			}
			text = l.constants[arg]
		}
		arg = int32(slices.Index(commonText[:], text))
	case OpLoadSpecial:
		if arg < 0 || int(arg) >= len(l.specials) {
			return fmt.Errorf("unknown method %d", i.Arg)
		}
	case OpCallIntrinsic1:
		i.Op, i.Arg = intrinsic(l.intrinsics1, arg, i.Op)
		return nil
	case OpCallIntrinsic2:
		i.Op, i.Arg = intrinsic(l.intrinsics2, arg, i.Op)
		return nil
	}
	i.Arg = arg
	return nil
}

// intrinsic gives the operation that an intrinsic function is in other versions, or the call of it.
func intrinsic(names []string, arg int32, call Op) (Op, int32) {
	if arg >= 0 && int(arg) < len(names) {
		if op, ok := intrinsics[names[arg]]; ok {
			return op, 0
		}
	}
	return call, arg
}

// Opcode is an opcode of a CPython version as the interpreter names it.
type Opcode struct {
	Number int
	Name   string
	Op     Op   // the first of two, if it does two things
	Prefix bool // belongs to the one after it
	Suffix bool // belongs to the one before it
	Pair   bool // does what the two opcodes do that its name is made of
}

// Versions are those that are known, the oldest first.
func Versions() []Version {
	return slices.SortedFunc(maps.Keys(languages), func(a, b Version) int { return int(a.Minor) - int(b.Minor) })
}

// Opcodes lists the opcodes of a version.
func Opcodes(v Version) []Opcode {
	var list []Opcode
	l := languages[v]()
	for n, r := range &l.rows {
		if name := l.ops[n].name; name != "" {
			list = append(list, Opcode{n, name, r.op, r.prefix != prefixNone, r.attribute, r.second.op != OpInvalid})
		}
	}
	return list
}
