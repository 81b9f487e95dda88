package pyabi

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// contract maps each name of contract.h's enums to the number here.
var contract = map[string]uint64{
	"GS_NULL": uint64(Null), "GS_OBJ": uint64(Obj), "GS_OBJ_OR_NULL": uint64(ObjOrNull), "GS_INT": uint64(Int),
	"GS_FLOAT": uint64(Float), "GS_BOOL": uint64(Bool), "GS_NONE": uint64(None), "GS_INT_ORIGIN": uint64(IntOrigin),
	"GS_FLOAT_ORIGIN": uint64(FloatOrigin), "GS_DYN": uint64(Dyn), "GS_RANGE": uint64(Range),
	"GS_RANGE_ITER": uint64(RangeIter), "GS_RESULT": uint64(Result),
	"GS_TAG_ERROR": TagError, "GS_RECURSION_MARGIN": RecursionMargin,

	"GS_EXIT_RESUME": uint64(ExitResume), "GS_EXIT_RAISE": uint64(ExitRaise), "GS_EXIT_POLL": uint64(ExitPoll),
	"GS_EXIT_RECOMPILE": uint64(ExitRecompile), "GS_EXIT_TOUCHED": uint64(ExitTouched), "GS_EXIT_INTERPRET": uint64(ExitInterpret),

	"GS_WHY_TYPE": uint64(WhyType), "GS_WHY_OVERFLOW": uint64(WhyOverflow), "GS_WHY_DIVISOR": uint64(WhyDivisor),
	"GS_WHY_BOUNDS": uint64(WhyBounds), "GS_WHY_GLOBAL": uint64(WhyGlobal), "GS_WHY_UNSEEN": uint64(WhyUnseen),
	"GS_WHY_UNBOUND": uint64(WhyUnbound), "GS_WHY_SHIFT": uint64(WhyShift), "GS_WHY_RANGE": uint64(WhyRange),
	"GS_WHY_RESULT": uint64(WhyResult), "GS_WHY_RAISED": uint64(WhyRaised), "GS_WHY_POLL": uint64(WhyPoll),
	"GS_WHY_STACK": uint64(WhyStack), "GS_WHY_NOT_COMPILED": uint64(WhyNotCompiled), "GS_WHY_CALLEE": uint64(WhyCallee),
	"GS_WHY_FRAME": uint64(WhyFrame), "GS_WHY_VALUE": uint64(WhyValue), "GS_WHY_RECORDED": uint64(WhyRecorded),
	"GS_WHY_NOMEM": uint64(WhyNoMem),

	"GS_LOC_NONE": uint64(LocNone), "GS_LOC_GPR": uint64(LocGPR), "GS_LOC_FPR": uint64(LocFPR),
	"GS_LOC_STACK": uint64(LocStack), "GS_LOC_IMM": uint64(LocImm),
	"GS_LOC_LESS": uint64(LocLess), "GS_LOC_DIFF": uint64(LocDiff),

	"GS_SITE_POLY": SitePoly, "GS_SITE_OVERFLOW": SiteOverflow, "GS_SITE_FAILED": SiteFailed, "GS_SITE_DIVISOR": SiteDivisor,
	"GS_SITE_RANGE": SiteRange, "GS_SITE_RAISED": SiteRaised, "GS_SITE_FRAME": SiteFrame, "GS_SITE_CALLEE": SiteCallee, "GS_SITE_ATTACHED": SiteAttached,
	"GS_SITE_EMPTY": SiteEmpty, "GS_SITE_UNSEEN": SiteUnseen, "GS_SITE_GUESSED": SiteGuessed,

	"GS_FUNC_RECORDING": FuncRecording, "GS_FUNC_GENERAL": FuncGeneral, "GS_FUNC_HAS_FRAME": FuncHasFrame,
	"GS_FUNC_CALLEE": FuncCallee,

	"GS_UNIT_MAGIC": UnitMagic,
}

func readContract(t *testing.T) string {
	text, err := os.ReadFile("../pyext/native/contract.h")
	require.NoError(t, err)
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(text), " ")
}

func TestEnumsAreTheContracts(t *testing.T) {
	text := readContract(t)
	found := map[string]uint64{}
	for _, enum := range regexp.MustCompile(`(?s)enum\s*\w*\s*\{(.*?)\}`).FindAllStringSubmatch(text, -1) {
		for _, m := range regexp.MustCompile(`(\w+)\s*=\s*(\w+)`).FindAllStringSubmatch(enum[1], -1) {
			n, err := strconv.ParseUint(m[2], 0, 64)
			require.NoError(t, err)
			found[m[1]] = n
		}
	}
	magic := regexp.MustCompile(`define GS_UNIT_MAGIC (0x[0-9a-f]+)`).FindStringSubmatch(text)
	require.NotNil(t, magic)
	n, err := strconv.ParseUint(magic[1], 0, 64)
	require.NoError(t, err)
	found["GS_UNIT_MAGIC"] = n
	require.Contains(t, text, fmt.Sprintf("define GS_ARGS_OWNED (1ull << %d)", ArgsOwnedBit))
	require.Equal(t, found, contract)
}

func TestNamesFollowTheContract(t *testing.T) {
	for name, n := range contract {
		switch {
		case strings.HasPrefix(name, "GS_EXIT_"):
			require.Equal(t, strings.TrimPrefix(name, "GS_EXIT_"), ExitKind(n).String())
		case strings.HasPrefix(name, "GS_WHY_"):
			require.Equal(t, strings.TrimPrefix(name, "GS_WHY_"), Reason(n).String())
		case strings.Count(name, "_") >= 1 && n < NumSlotKind && SlotKind(n).String() == strings.TrimPrefix(name, "GS_"):
			require.Less(t, SlotKind(n).Words(), 4)
		}
	}
	for k := SlotKind(0); k < NumSlotKind; k++ {
		require.Equal(t, uint64(k), contract["GS_"+k.String()])
	}
	require.Equal(t, "?", ExitKind(99).String())
	require.Equal(t, 0, SlotKind(99).Words())
}

// field is a member of a C struct with its place.
type field struct{ offset, size int }

// layouts computes sizes and offsets as a C compiler for a 64-bit machine does.
func layouts(t *testing.T) (map[string]int, map[string]map[string]field) { return layoutsWith(t, 16) }

// layoutsWith is layouts for an instruction set with so many registers of each class.
func layoutsWith(t *testing.T, registers int) (map[string]int, map[string]map[string]field) {
	text := strings.ReplaceAll(readContract(t), "[GS_REGS]", fmt.Sprintf("[%d]", registers))
	sizes := map[string]int{"uint8_t": 1, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "double": 8}
	aligns := map[string]int{}
	fields := map[string]map[string]field{}
	for _, s := range regexp.MustCompile(`(?s)struct (\w+)\s*\{(.*?)\}`).FindAllStringSubmatch(text, -1) {
		at, align := 0, 1
		members := map[string]field{}
		for _, decl := range strings.Split(s[2], ";") {
			decl = strings.TrimPrefix(strings.TrimSpace(decl), "struct ")
			if decl == "" {
				continue
			}
			typ, names, ok := strings.Cut(decl, " ")
			require.True(t, ok, decl)
			for _, name := range strings.Split(names, ",") {
				name = strings.TrimSpace(name)
				size, al, n := sizes[typ], aligns[typ], 1
				if strings.HasPrefix(name, "*") {
					size, al, name = 8, 8, name[1:]
				}
				if al == 0 {
					al = size
				}
				if base, rest, array := strings.Cut(name, "["); array {
					var err error
					n, err = strconv.Atoi(strings.TrimSuffix(rest, "]"))
					require.NoError(t, err)
					name = base
				}
				require.NotZero(t, size, decl)
				at = (at + al - 1) / al * al
				members[name] = field{at, size * n}
				at += size * n
				align = max(align, al)
			}
		}
		sizes[s[1]], aligns[s[1]], fields[s[1]] = (at+align-1)/align*align, align, members
	}
	return sizes, fields
}

func TestLayoutsAreTheContracts(t *testing.T) {
	sizes, fields := layouts(t)
	for name, size := range map[string]int{"gs_loc": SizeLoc, "gs_slot": SizeSlot, "gs_site": SizeSite, "gs_exitdesc": SizeExit,
		"gs_callsite": SizeCallSite, "gs_guess": SizeGuess, "gs_func": SizeFunc, "gs_unit": SizeUnit} {
		require.Equal(t, sizes[name], size, name)
	}
	for _, c := range []struct {
		strct, name string
		offset      int
	}{
		{"gs_site", "type", SiteType}, {"gs_site", "flags", SiteFlags}, {"gs_site", "count", SiteCount},
		{"gs_exitdesc", "recursion", ExitRecursion}, {"gs_exitdesc", "count", ExitCount}, {"gs_exitdesc", "force", ExitForce},
		{"gs_func", "register_entry", FuncRegisterEntry}, {"gs_func", "memory_entry", FuncMemoryEntry},
		{"gs_func", "stub", FuncStub}, {"gs_func", "rounds", FuncRounds}, {"gs_func", "next", FuncNext}, {"gs_func", "calls", FuncCalls},
		{"gs_unit", "valid", UnitValid},
	} {
		require.Equal(t, fields[c.strct][c.name].offset, c.offset, "%s.%s", c.strct, c.name)
	}
}

// TestRegisters: what is behind the registers, for both instruction sets, whose packages have the rest.
func TestRegisters(t *testing.T) {
	require.Contains(t, readContract(t), "#define GS_REGS 32\n#define GS_SP 31\n#else\n#define GS_REGS 16\n#define GS_SP 4\n")
	for _, n := range []int{16, 32} {
		sizes, fields := layoutsWith(t, n)
		require.Equal(t, 16*n+TailSize, sizes["gs_regs"])
		for name, offset := range map[string]int{"gpr": 0, "fpr": 8 * n, "exit": 16*n + TailExit, "resume": 16*n + TailResume,
			"buffer": 16*n + TailBuffer, "value": 16*n + TailValue, "tag": 16*n + TailTag} {
			require.Equal(t, offset, fields["gs_regs"][name].offset, name)
		}
	}
}

// TestWriters fills every field with its own number and looks for it where C would.
func TestWriters(t *testing.T) {
	_, fields := layouts(t)
	expect := func(strct string, b []byte, values map[string]uint64) {
		require.Len(t, values, len(fields[strct]))
		for name, want := range values {
			f := fields[strct][name]
			var word [8]byte
			copy(word[:], b[f.offset:f.offset+min(f.size, 8)])
			require.Equal(t, want, le.Uint64(word[:]), "%s.%s", strct, name)
		}
	}
	expect("gs_loc", Loc{LocStack, 2, 3}.Append(nil), map[string]uint64{"kind": 3, "where": 2, "imm": 3})
	expect("gs_slot", Slot{Kind: IntOrigin, Owned: true, FirstLoc: 5, Class: 6}.Append(nil),
		map[string]uint64{"kind": 7, "owned": 1, "ncomp": 2, "pad": 0, "first_loc": 5, "klass": 6})
	e := Exit{ExitRaise, WhyBounds, 2, 3, 4, 5, 6, 7, 8, 9, 10, Loc{LocStack, 1, 0}, Loc{LocGPR, 2, 0}, 13, 14, 15, 16}
	expect("gs_exitdesc", e.Append(nil), map[string]uint64{"kind": 1, "reason": 3, "off": 2, "raise_off": 3, "nlocals": 4, "nstack": 5,
		"first_slot": 6, "frame_size": 7, "site": 8, "site_slot": 9, "record": 10, "callable": 1<<32 | 3, "frame": 2<<32 | 1,
		"parent": 13, "recursion": 14, "count": 15, "force": 16})
	expect("gs_callsite", CallSite{1, 2}.Append(nil), map[string]uint64{"return_address": 1, "exit": 2, "pad": 0})
	f := Func{1, 2, 3, 4, 5, 6, 14, 7, 8, 9, 10, 11, 12, 13}
	expect("gs_func", f.Append(nil), map[string]uint64{"record": 1, "off": 2, "flags": 3, "nlocals": 4, "nstack": 5, "first_slot": 6,
		"rounds": 14, "register_entry": 7, "memory_entry": 8, "stub": 9, "next": 10, "calls": 11, "code_offset": 12, "code_size": 13})
	u := Unit{1, 2, 3, Table{4, 5}, Table{6, 7}, Table{8, 9}, Table{10, 11}, Table{12, 13}, Table{14, 15}, 16, 17, Table{18, 19}}
	expect("gs_unit", u.Append(nil), map[string]uint64{"magic": UnitMagic, "code": 1, "code_size": 2, "data_size": 3, "funcs": 4, "nfuncs": 5,
		"exits": 6, "nexits": 7, "slots": 8, "nslots": 9, "locs": 10, "nlocs": 11, "callsites": 12, "ncallsites": 13,
		"objects": 14, "nobjects": 15, "compile_ns": 16, "valid": 17, "guesses": 18, "nguesses": 19})
	expect("gs_guess", Guess{1, 2, 3, 4}.Append(nil), map[string]uint64{"record": 1, "what": 2, "site": 3, "flags": 4})
	require.Equal(t, reflect.TypeFor[Unit]().NumField(), 12)
}
