// Tests of the textual form, the verifier, the analyses and the evaluator, on random functions and on written ones.

package ir_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
)

func TestRandomRoundTrip(t *testing.T) {
	for seed := range uint64(200) {
		f := irtest.Random(seed)
		require.NoError(t, f.Verify(), "seed %d", seed)
		text := f.String()
		again, err := ir.Parse(text)
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, text, again.String(), "seed %d", seed)
		require.NoError(t, again.Verify(), "seed %d", seed)
	}
}

func TestRandomFunctionsDoSomething(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(300) {
		f := irtest.Random(seed)
		w, args := irtest.World(seed)
		o, err := f.Eval(w, args, 20000)
		switch {
		case err == nil && o.Exited:
			ends["exit "+o.Exit.Kind.String()]++
		case err == nil:
			ends["return"]++
		default:
			require.ErrorIs(t, err, ir.ErrSteps, "seed %d\n%s", seed, f)
			ends["steps"]++
		}
	}
	t.Log(ends)
	require.Greater(t, ends["return"], 20)
	require.Greater(t, ends["exit resume"], 20)
	require.Less(t, ends["steps"], 100)
}

const everything = `func "f \"x\"" code=2 record=0x7f00 off=4 nlocals=1 stack=3 line=10 resume frame recording general
key objnull+<0x1000>, rangeiter
callee "g" addr=0x8000
object 0x7fff0000
entry @1(code=0 off=0 raise=0 callable=v0: objnull v1 | rangeiter v2 v3 v4)
b0(v0:obj, v1:objnull<0x1000>, v2:i64, v3:i64, v4:i64): off=0
  v5:obj<0x1000> = GuardNotNull v1 !resume/unbound site=3 slot=0 @2(code=1 off=2 raise=2: | int v2 ^ @1) L12
  v6:f64 = ConstFloat [0.1]
  v7:f64 = ConstFloat [nan:0xfff8000000000001]
  v8:i64 = ConstInt [-9223372036854775808]
  v9:ptr = ConstPtr [0xffffffffff000000]
  v10:i64 = LoadI64 v5 [24] {list const}
  v11:i64 = CallHelper v5 [PyObject_IsTrue] {all}
  v12:objnull = CallHelper v5 v5 v0 [gs_call] {all scratch} /1
  v13:void = Poll !poll/poll @2
  v14:bool = FLt v6 v7
  Branch v14 [-1] -> b1(v10), b2() L13
b1(v15:i64): off=6 cold
  Return v15 [3]
b2(): off=8
  Exit !interpret/not-compiled @3(code=1 off=2 raise=2: null |)
`

func TestParseEverything(t *testing.T) {
	f, err := ir.Parse(everything)
	require.NoError(t, err)
	require.Equal(t, everything, f.String())
	require.NoError(t, f.Verify())
}

// TestBad runs the text files of what must be refused: by the parser or the verifier. UPDATE=1 rewrites what they say.
func TestBad(t *testing.T) {
	const name = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(name)
	require.NoError(t, err)
	for i := 0; i+1 < len(archive.Files); i += 2 {
		input, want := archive.Files[i], &archive.Files[i+1]
		f, err := ir.Parse(string(input.Data))
		if err == nil {
			err = f.Verify()
		}
		got := fmt.Sprintln(err)
		if os.Getenv("UPDATE") != "" {
			want.Data = []byte(got)
		}
		require.Error(t, err, input.Name)
		require.Equal(t, string(want.Data), got, input.Name)
	}
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(name, txtar.Format(archive), 0o644))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add(irtest.Random(3).String())
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := ir.Parse(text)
		if err != nil {
			return
		}
		printed := fn.String()
		again, err := ir.Parse(printed)
		require.NoError(t, err, printed)
		require.Equal(t, printed, again.String())
		_ = fn.Verify()
	})
}

// naive dominance: a dominates b if b cannot be reached without a.
func reachableWithout(f *ir.Func, a, b *ir.Block) bool {
	if a == f.Blocks[0] {
		return false
	}
	seen := map[*ir.Block]bool{f.Blocks[0]: true}
	work := []*ir.Block{f.Blocks[0]}
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if x == b {
			return true
		}
		for _, e := range x.Succs {
			if e.To != a && !seen[e.To] {
				seen[e.To] = true
				work = append(work, e.To)
			}
		}
	}
	return false
}

func TestDominatorsAndLoops(t *testing.T) {
	for seed := range uint64(60) {
		f := irtest.Random(seed)
		tree := f.Dominators()
		for _, a := range tree.Order {
			for _, b := range tree.Order {
				require.Equal(t, a == b || !reachableWithout(f, a, b), tree.Dominates(a, b), "seed %d: b%d b%d", seed, a.ID, b.ID)
			}
			if d := tree.Idom(a); d != nil {
				require.True(t, d != a && tree.Dominates(d, a))
			}
		}
		loops := f.ComputeLoops(tree)
		for _, l := range loops.List {
			require.Equal(t, l.Header, l.Blocks[0])
			for _, b := range l.Blocks {
				require.True(t, tree.Dominates(l.Header, b))
				require.True(t, loops.Has(l, b))
				require.GreaterOrEqual(t, b.Loop, l.Depth)
			}
			if l.Parent != nil {
				require.Equal(t, l.Parent.Depth+1, l.Depth)
				require.True(t, loops.Has(l.Parent, l.Header))
			}
			for _, p := range l.Latches {
				require.True(t, loops.Has(l, p))
			}
		}
		for _, b := range tree.Order {
			for _, e := range b.Succs {
				if tree.Dominates(e.To, b) {
					require.True(t, e.To.Header)
				}
			}
		}
	}
}

func TestRowsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		row := ir.Ops[op]
		require.NotEmpty(t, row.Name, "operation %d", op)
		require.False(t, names[row.Name], row.Name)
		names[row.Name] = true
		if row.NArgs >= 0 {
			require.Len(t, row.Args, int(row.NArgs), row.Name)
		}
		require.Equal(t, row.NArgs < 0, op.Is(ir.Variadic), row.Name)
	}
}

func TestEvaluator(t *testing.T) {
	f, err := ir.Parse(`func "f" code=0 record=0x0 off=0 nlocals=2 stack=0 line=0
key int, int
b0(v0:obj, v1:i64, v2:i64): off=0
  v3:i64 = AddOvf v1 v2 !resume/overflow site=7 @1(code=0 off=2 raise=2 callable=v0: int v1, int v2 |)
  Return v3 [3]
`)
	require.NoError(t, err)
	o, err := f.Eval(ir.NewWorld(), []uint64{0, 3, 4}, 100)
	require.NoError(t, err)
	require.False(t, o.Exited)
	require.Equal(t, uint64(7), o.Word)
	o, err = f.Eval(ir.NewWorld(), []uint64{9, math.MaxInt64, 1}, 100)
	require.NoError(t, err)
	require.True(t, o.Exited)
	require.Equal(t, uint32(2), o.Off)
	require.Equal(t, uint64(9), o.Callable)
	require.Equal(t, []ir.SlotState{{Kind: ir.SlotInt, Words: []uint64{math.MaxInt64}}, {Kind: ir.SlotInt, Words: []uint64{1}}}, o.Slots[0])
	_, err = f.Eval(ir.NewWorld(), []uint64{0, 3, 4}, 1)
	require.ErrorIs(t, err, ir.ErrSteps)
	require.Contains(t, strings.Split(f.String(), "\n")[3], "AddOvf")
}
