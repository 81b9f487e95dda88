package decoder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// TestDump compares the text of recorded functions with testdata/dump.txtar; UPDATE=1 writes it.
func TestDump(t *testing.T) {
	files, err := filepath.Glob(recorded + "/*.snap")
	require.NoError(t, err)
	var got txtar.Archive
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".snap")
		s := load(t, name)
		f, err := Decode(s.Version, s.Codes[0], s.Off)
		require.NoError(t, err, name)
		text := Dump(f)
		if name == "far" {
			text = text[:strings.Index(text, "BinaryOp")] // the rest is 299 times the same
		}
		got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(DumpSnapshot(s) + text)})
	}
	const golden = "testdata/dump.txtar"
	if os.Getenv("UPDATE") == "1" {
		require.NoError(t, os.WriteFile(golden, txtar.Format(&got), 0o644))
	}
	want, err := txtar.ParseFile(golden)
	require.NoError(t, err)
	require.Len(t, got.Files, len(want.Files))
	for n, file := range want.Files {
		require.Equal(t, file.Name, got.Files[n].Name)
		require.Equal(t, string(file.Data), strings.TrimRight(string(got.Files[n].Data), "\n")+"\n", file.Name)
	}
}

// code builds a code object of 3.11 bytes.
func code(stack int, locals, consts int, units ...byte) *Code {
	c := &Code{StackSize: stack, Bytecode: units, Names: []string{"a", "b"}, FirstLine: 1}
	for range locals {
		c.Locals = append(c.Locals, Local{"x", LocalPlain})
	}
	for range consts {
		c.Consts = append(c.Consts, &Object{Kind: ObjTuple, Items: []*Object{{Kind: ObjStr, Text: "k"}}})
	}
	return c
}

func raw(t *testing.T, ops *[256]rawOp, name string) byte {
	for n, r := range ops {
		if r.name == name {
			return byte(n)
		}
	}
	require.Fail(t, "no opcode "+name)
	return 0
}

// program assembles lines of "NAME arg" with the caches.
func program(t *testing.T, lines ...string) []byte { return programOf(t, Version{3, 11}, lines...) }

func programOf(t *testing.T, v Version, lines ...string) []byte {
	ops := &languages[v]().ops
	var b []byte
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		arg := byte(0)
		for _, c := range rest {
			arg = arg*10 + byte(c-'0')
		}
		n := raw(t, ops, name)
		b = append(b, n, arg)
		b = append(b, make([]byte, 2*int(ops[n].caches))...)
	}
	return b
}

func TestNormalisation(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []Instr
	}{
		{"extended arguments fold, jumps land on the prefix", []string{"EXTENDED_ARG 1", "LOAD_CONST 2", "POP_TOP", "JUMP_BACKWARD 4"}, []Instr{
			{Op: OpLoadConst, Arg: 258, Kw: -1, Off: 0, At: 1, Next: 2, Target: NoTarget},
			{Op: OpPopTop, Depth: 1, Kw: -1, Off: 2, At: 2, Next: 3, Target: NoTarget},
			{Op: OpJump, Flags: FlagBackward, Kw: -1, Off: 3, At: 3, Next: 4, Target: 0},
		}},
		{"keyword calls are one instruction", []string{"PUSH_NULL", "LOAD_CONST 0", "LOAD_CONST 1", "KW_NAMES 0", "PRECALL 1", "CALL 1", "RETURN_VALUE"}, []Instr{
			{Op: OpPushNull, Kw: -1, Off: 0, At: 0, Next: 1, Target: NoTarget},
			{Op: OpLoadConst, Depth: 1, Kw: -1, Off: 1, At: 1, Next: 2, Target: NoTarget},
			{Op: OpLoadConst, Depth: 2, Arg: 1, Kw: -1, Off: 2, At: 2, Next: 3, Target: NoTarget},
			{Op: OpCall, Depth: 3, Arg: 1, Kw: 0, Off: 3, At: 6, Next: 11, Target: NoTarget},
			{Op: OpReturnValue, Depth: 1, Kw: -1, Off: 11, At: 11, Next: 12, Target: NoTarget},
		}},
		{"operators", []string{"LOAD_CONST 0", "LOAD_CONST 0", "BINARY_OP 23", "LOAD_CONST 0", "COMPARE_OP 5", "RETURN_VALUE"}, []Instr{
			{Op: OpLoadConst, Kw: -1, Off: 0, At: 0, Next: 1, Target: NoTarget},
			{Op: OpLoadConst, Depth: 1, Kw: -1, Off: 1, At: 1, Next: 2, Target: NoTarget},
			{Op: OpBinaryOp, Depth: 2, Arg: BinSub, Flags: FlagInPlace, Kw: -1, Off: 2, At: 2, Next: 4, Target: NoTarget},
			{Op: OpLoadConst, Depth: 1, Kw: -1, Off: 4, At: 4, Next: 5, Target: NoTarget},
			{Op: OpCompare, Depth: 2, Arg: CmpGe, Kw: -1, Off: 5, At: 5, Next: 8, Target: NoTarget},
			{Op: OpReturnValue, Depth: 1, Kw: -1, Off: 8, At: 8, Next: 9, Target: NoTarget},
		}},
		{"branches that keep", []string{"LOAD_CONST 0", "JUMP_IF_FALSE_OR_POP 1", "LOAD_CONST 1", "RETURN_VALUE"}, []Instr{
			{Op: OpLoadConst, Kw: -1, Off: 0, At: 0, Next: 1, Target: NoTarget},
			{Op: OpJumpIfFalse, Depth: 1, Flags: FlagKeep, Kw: -1, Off: 1, At: 1, Next: 2, Target: 3},
			{Op: OpLoadConst, Arg: 1, Kw: -1, Off: 2, At: 2, Next: 3, Target: NoTarget},
			{Op: OpReturnValue, Depth: 1, Kw: -1, Off: 3, At: 3, Next: 4, Target: NoTarget},
		}},
		{"globals with NULL", []string{"LOAD_GLOBAL 3", "POP_TOP", "RETURN_VALUE"}, []Instr{
			{Op: OpLoadGlobal, Arg: 1, Flags: FlagPushNull, Kw: -1, Off: 0, At: 0, Next: 6, Target: NoTarget},
			{Op: OpPopTop, Depth: 2, Kw: -1, Off: 6, At: 6, Next: 7, Target: NoTarget},
			{Op: OpReturnValue, Depth: 1, Kw: -1, Off: 7, At: 7, Next: 8, Target: NoTarget},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Decode(Version{3, 11}, code(5, 1, 300, program(t, c.lines...)...))
			require.NoError(t, err)
			for n := range c.want {
				c.want[n].Site = c.want[n].At
			}
			require.Equal(t, c.want, f.Instrs)
		})
	}
}

func TestWrongCodeIsAnError(t *testing.T) {
	for _, c := range []struct {
		want  string
		lines []string
	}{
		{"falls off", []string{"NOP"}},
		{"jumps into", []string{"LOAD_GLOBAL 0", "JUMP_BACKWARD 3"}},
		{"jumps to", []string{"JUMP_BACKWARD 2"}},
		{"jumps to", []string{"JUMP_FORWARD 200"}},
		{"has 0 items", []string{"RETURN_VALUE"}},
		{"of 300", []string{"EXTENDED_ARG 9", "LOAD_CONST 0", "RETURN_VALUE"}},
		{"local 1 of 1", []string{"LOAD_FAST 1", "RETURN_VALUE"}},
		{"name 5 of 2", []string{"LOAD_GLOBAL 10", "RETURN_VALUE"}},
		{"unknown operator", []string{"BINARY_OP 26", "RETURN_VALUE"}},
		{"unknown comparison", []string{"COMPARE_OP 6", "RETURN_VALUE"}},
		{"unknown opcode", []string{"CACHE", "RETURN_VALUE"}},
		{"but no call", []string{"KW_NAMES 0", "NOP", "RETURN_VALUE"}},
		{"names that are none", []string{"KW_NAMES 0", "CALL 0", "RETURN_VALUE"}},
		{"on a stack of 5", []string{"LOAD_CONST 0", "JUMP_BACKWARD 2"}},
		{"on a stack of 5", []string{"LOAD_CONST 0", "LOAD_CONST 0", "LOAD_CONST 0", "LOAD_CONST 0", "LOAD_CONST 0", "LOAD_CONST 0", "RETURN_VALUE"}},
		{"too many EXTENDED_ARG", []string{"EXTENDED_ARG 1", "EXTENDED_ARG 1", "EXTENDED_ARG 1", "EXTENDED_ARG 1", "NOP"}},
		{"has the argument 0", []string{"COPY 0", "RETURN_VALUE"}},
	} {
		_, err := Decode(Version{3, 11}, code(5, 1, 300, program(t, c.lines...)...))
		if c.want == "on a stack of 5" && err != nil && strings.Contains(err.Error(), "deep") {
			continue
		}
		require.ErrorContains(t, err, c.want, "%v", c.lines)
	}
	_, err := Decode(Version{3, 10}, code(1, 0, 1, program(t, "LOAD_CONST 0", "RETURN_VALUE")...))
	require.ErrorContains(t, err, "CPython 3.10")
	_, err = Decode(Version{3, 11}, code(1, 0, 1, program(t, "LOAD_CONST 0", "RETURN_VALUE")...), 7)
	require.ErrorContains(t, err, "no instruction begins at 7")
}

func TestIrreducible(t *testing.T) {
	// 0: if: 1 -> into the middle of the cycle 3..6, else to its beginning
	lines := []string{"LOAD_CONST 0", "POP_JUMP_FORWARD_IF_TRUE 2", "NOP", "NOP", "NOP", "JUMP_BACKWARD 3"}
	f, err := Decode(Version{3, 11}, code(1, 0, 1, program(t, lines...)...))
	require.NoError(t, err)
	require.True(t, f.Irreducible)
	require.Empty(t, f.Loops)
}

// TestNormalisationOfVersions: what a version has two bytecodes for, or one, is what the others have.
func TestNormalisationOfVersions(t *testing.T) {
	for _, c := range []struct {
		minor uint8
		name  string
		lines []string
		want  string // what the operations are, with argument, flags and offsets
	}{
		{12, "keyword names", []string{"PUSH_NULL", "LOAD_CONST 0", "LOAD_CONST 1", "KW_NAMES 0", "CALL 1", "RETURN_VALUE"},
			"PushNull 0@0-0 LoadConst 0@1-1 LoadConst 1@2-2 Call 1@3-4 kw=0 ReturnValue 0@8-8"},
		{13, "keyword names", []string{"LOAD_CONST 0", "PUSH_NULL", "LOAD_CONST 1", "LOAD_CONST 0", "CALL_KW 1", "RETURN_VALUE"},
			"LoadConst 0@0-0 PushNull 0@1-1 LoadConst 1@2-2 Call 1@3-4 kw=0 above ReturnValue 0@5-5"},
		{14, "keyword names have caches after them", []string{"LOAD_CONST 0", "PUSH_NULL", "LOAD_CONST 1", "EXTENDED_ARG 0", "LOAD_CONST 0", "EXTENDED_ARG 0", "CALL_KW 1", "RETURN_VALUE"},
			"LoadConst 0@0-0 PushNull 0@1-1 LoadConst 1@2-2 Call 1@3-6 kw=0 above ReturnValue 0@10-10"},
		{13, "two stores", []string{"LOAD_CONST 0", "LOAD_CONST 1", "STORE_FAST_STORE_FAST 18", "LOAD_FAST_LOAD_FAST 33", "STORE_FAST_STORE_FAST 52", "LOAD_CONST 0", "RETURN_VALUE"},
			"LoadConst 0@0-0 LoadConst 1@1-1 StoreFast 1@2-2 StoreFast 2@2-2 inner site=7 LoadFast 2@3-3 LoadFast 1@3-3 inner " +
				"StoreFast 3@4-4 StoreFast 4@4-4 inner site=8 LoadConst 0@5-5 ReturnValue 0@6-6"},
		{14, "a store and a load", []string{"LOAD_SMALL_INT 200", "STORE_FAST_LOAD_FAST 17", "RETURN_VALUE"},
			"LoadSmallInt 200@0-0 StoreFast 1@1-1 LoadFast 1@1-1 inner ReturnValue 0@2-2"},
		{13, "attributes of functions", []string{"LOAD_CONST 0", "LOAD_CONST 1", "LOAD_CONST 2", "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE 8", "SET_FUNCTION_ATTRIBUTE 1", "RETURN_VALUE"},
			"LoadConst 0@0-0 LoadConst 1@1-1 LoadConst 2@2-2 MakeFunction 9@3-3 ReturnValue 0@6-6"},
		{13, "comparisons as bools", []string{"LOAD_CONST 0", "COPY 1", "COMPARE_OP 92", "RETURN_VALUE"},
			"LoadConst 0@0-0 Copy 1@1-1 Compare 2@2-2 bool ReturnValue 0@4-4"},
		{14, "subscripts", []string{"LOAD_CONST 0", "COPY 1", "BINARY_OP 26", "RETURN_VALUE"},
			"LoadConst 0@0-0 Copy 1@1-1 BinarySubscr 0@2-2 ReturnValue 0@8-8"},
		{12, "intrinsics", []string{"LOAD_CONST 0", "CALL_INTRINSIC_1 5", "CALL_INTRINSIC_1 6", "CALL_INTRINSIC_1 7", "RETURN_VALUE"},
			"LoadConst 0@0-0 UnaryPositive 0@1-1 ListToTuple 0@2-2 CallIntrinsic1 7@3-3 ReturnValue 0@4-4"},
		{12, "a loop's end", []string{"LOAD_CONST 0", "GET_ITER", "FOR_ITER 2", "POP_TOP", "JUMP_BACKWARD 4", "END_FOR", "RETURN_CONST 0"},
			"LoadConst 0@0-0 GetIter 0@1-1 ForIter 0@2-2 ->7 PopTop 0@4-4 Jump 0@5-5 ->2 EndFor 2@6-6 ReturnConst 0@7-7"},
		{13, "a loop's end", []string{"LOAD_CONST 0", "GET_ITER", "FOR_ITER 3", "POP_TOP", "JUMP_BACKWARD 5", "END_FOR", "POP_TOP", "RETURN_CONST 0"},
			"LoadConst 0@0-0 GetIter 0@1-1 ForIter 0@2-2 ->9 PopTop 0@4-4 Jump 0@5-5 ->2 EndFor 1@7-7 PopTop 0@8-8 ReturnConst 0@9-9"},
		{15, "a loop's end", []string{"LOAD_CONST 0", "GET_ITER", "FOR_ITER 3", "POP_TOP", "JUMP_BACKWARD 5", "END_FOR", "POP_ITER", "LOAD_COMMON_CONSTANT 7", "RETURN_VALUE"},
			"LoadConst 0@0-0 GetIter 0@1-1 indexed ForIter 0@3-3 ->9 indexed keep PopTop 0@5-5 Jump 0@6-6 ->3 EndFor 1@8-8 PopTop 0@9-9 indexed LoadCommon 7@10-10 ReturnValue 0@11-11"},
		{15, "imports", []string{"LOAD_CONST 0", "LOAD_CONST 0", "IMPORT_NAME 6", "LOAD_CONST 0", "LOAD_CONST 0", "IMPORT_NAME 4", "RETURN_VALUE"},
			"LoadConst 0@0-0 LoadConst 0@1-1 ImportName 1@2-2 LoadConst 0@3-3 LoadConst 0@4-4 ImportName 1@5-5 lazy ReturnValue 0@6-6"},
	} {
		t.Run(fmt.Sprintf("%s in 3.%d", c.name, c.minor), func(t *testing.T) {
			v := Version{3, c.minor}
			f, err := Decode(v, code(5, 5, 300, programOf(t, v, c.lines...)...))
			require.NoError(t, err)
			var got []string
			for _, i := range f.Instrs {
				text := fmt.Sprintf("%s %d@%d-%d", i.Op, i.Arg, i.Off, i.At)
				if i.Kw >= 0 {
					text += fmt.Sprintf(" kw=%d", i.Kw)
				}
				if i.Target != NoTarget {
					text += fmt.Sprintf(" ->%d", i.Target)
				}
				for _, flag := range []struct {
					bit  Flags
					text string
				}{{FlagNullAbove, "above"}, {FlagToBool, "bool"}, {FlagInner, "inner"}, {FlagIndexed, "indexed"}, {FlagKeep, "keep"}, {FlagLazy, "lazy"}} {
					if i.Flags&flag.bit != 0 {
						text += " " + flag.text
					}
				}
				if i.Site != i.At {
					text += fmt.Sprintf(" site=%d", i.Site)
				}
				got = append(got, text)
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestLoops(t *testing.T) {
	s := load(t, "loops")
	f, err := Decode(s.Version, s.Codes[0])
	require.NoError(t, err)
	require.False(t, f.Irreducible)
	// CPython repeats the inner condition at the loop's end, so the inner loop has two headers, one in the other's loop.
	require.Len(t, f.Loops, 3)
	for n, loop := range f.Loops {
		require.Equal(t, n-1, loop.Parent)
		require.Equal(t, n+1, loop.Depth)
		require.True(t, f.Blocks[loop.Header].LoopHeader)
		require.Equal(t, n, f.Blocks[loop.Header].Loop)
		if n > 0 {
			require.Subset(t, f.Loops[n-1].Blocks, loop.Blocks)
		}
	}
	require.Equal(t, OpForIter, f.Instrs[f.Blocks[f.Loops[0].Header].First].Op)
	back := 0
	for _, b := range f.Blocks {
		for _, e := range b.Succs {
			if e.Back {
				back++
				require.True(t, f.Blocks[e.To].LoopHeader)
			}
		}
	}
	require.Positive(t, back)
}

// TestHandlersKeepLocalsAlive: what a finally clause reads is live in the body, what it overwrites is not.
func TestHandlersKeepLocalsAlive(t *testing.T) {
	s := load(t, "handlers")
	f, err := Decode(s.Version, s.Codes[0])
	require.NoError(t, err)
	local := func(name string) int {
		for n, l := range f.Code.Locals {
			if l.Name == name {
				return n
			}
		}
		return -1
	}
	for n := range f.Instrs {
		i := &f.Instrs[n]
		if i.Op == OpBinarySubscr {
			live := f.LiveAt(i.Off)
			require.True(t, live.Has(local("i")), "finally deletes it")
			require.True(t, live.Has(local("items")), "the with statement reads it")
			require.False(t, live.Has(local("e")))
		}
	}
	require.True(t, f.Borrowed.Has(local("items")))
	require.False(t, f.Borrowed.Has(local("i")), "it is deleted")
}

func TestOpTable(t *testing.T) {
	for n := range NumOps {
		require.NotEmpty(t, opTable[n].name, "operation %d", n)
	}
	for v, made := range languages {
		l := made()
		for n, r := range l.rows {
			if r.op != OpInvalid {
				require.Equal(t, r.op.Jumps(), r.jump != jumpNo, "%s opcode %d", v, n)
			}
		}
	}
	require.Equal(t, []string{"+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"}, binText[:])
	for _, made := range languages {
		l := made()
		for n, text := range l.operators[:2*NumBin] {
			require.Equal(t, text, (binText[n%NumBin] + "=")[:len(text)])
		}
		for _, text := range l.operators[2*NumBin:] {
			require.Equal(t, "[]", text)
		}
		require.Equal(t, l.comparisons, cmpText[:])
		for _, text := range l.constants {
			require.Contains(t, commonText, text)
		}
	}
}

// TestEveryOpcodeHasAMeaning lists what this decoder does not know.
func TestEveryOpcodeHasAMeaning(t *testing.T) {
	// CACHE is skipped, those in the second line are the interpreter's own, the others belong to an opcode before or after them.
	without := map[string]bool{"CACHE": true,
		"INTERPRETER_EXIT": true, "RESERVED": true, "EXIT_INIT_CHECK": true, "ENTER_EXECUTOR": true, "TRACE_RECORD": true,
		"EXTENDED_ARG": true, "KW_NAMES": true, "PRECALL": true, "SET_FUNCTION_ATTRIBUTE": true}
	used := map[string]bool{}
	for _, made := range languages {
		l := made()
		for _, r := range l.ops {
			if r.name == "" {
				continue
			}
			_, known := meanings[r.name]
			_, pair := pairs[r.name]
			require.True(t, known || pair || without[r.name], r.name)
			used[r.name] = true
		}
		for _, names := range [][]string{l.intrinsics1, l.intrinsics2} {
			for _, name := range names {
				used[name] = true
			}
		}
	}
	for name := range meanings {
		require.True(t, used[name], "%s is no opcode's name", name)
	}
	for name := range pairs {
		require.True(t, used[name], "%s is no opcode's name", name)
	}
	for name := range intrinsics {
		require.True(t, used[name], "%s is no intrinsic function's name", name)
	}
	for _, c := range changes {
		require.True(t, used[c.name], "%s is no opcode's name", c.name)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"operators", "keywords", "loops", "handlers", "cells", "generator"} {
		c := load(f, name).Codes[0]
		for minor := range len(Versions()) {
			f.Add(c.Bytecode, c.ExceptionTable, c.LineTable, uint8(minor))
		}
	}
	f.Fuzz(func(t *testing.T, units, exceptions, lines []byte, version uint8) {
		c := code(8, 10, 10, units...)
		c.ExceptionTable, c.LineTable = exceptions, lines
		v := Versions()[int(version)%len(Versions())]
		if f, err := Decode(v, c); err == nil {
			require.NotEmpty(t, Dump(f))
			checkFunc(t, f)
		}
	})
}
