// Counting recursion: on each way through a function once, before the first thing that could look at the count.

package emitter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
)

func counting(f *ir.Func) *Func {
	fn := &Func{IR: f, Memory: &Memory{}}
	fn.rpo, fn.order, _ = blockOrder(f)
	fn.counts()
	return fn
}

// checkCounts follows the count over all edges.
func checkCounts(t *testing.T, fn *Func) (without int) {
	f := fn.IR
	for _, b := range fn.rpo {
		if fn.countsFirst(b) {
			require.True(t, fn.Counted(b))
		}
		ends := fn.Counted(b)
		if fn.countsLast(b) {
			require.False(t, ends)
			ends = true
		}
		for _, e := range b.Succs {
			begins := ends
			if fn.countsFirst(e.To) {
				require.False(t, ends, "counted twice: b%d to b%d\n%v", b.ID, e.To.ID, f)
				begins = true
			}
			require.Equal(t, fn.Counted(e.To), begins, "b%d to b%d\n%v", b.ID, e.To.ID, f)
		}
		for _, v := range b.Values {
			switch v.Op {
			case ir.OpCallNative, ir.OpLink, ir.OpDecref, ir.OpXDecref:
				require.True(t, fn.Counted(b))
			case ir.OpCallHelper:
				require.True(t, fn.Counted(b) || v.IsPure())
			}
		}
		if !fn.Counted(b) {
			without++
		}
	}
	return without
}

func TestCounts(t *testing.T) {
	without := 0
	for seed := range uint64(3000) {
		without += checkCounts(t, counting(irtest.Random(seed)))
	}
	require.Greater(t, without, 3000)
}

func TestCountsOf(t *testing.T) {
	const call = "  v9:i64 = CallNative v0 v1 @1(code=0 off=0 raise=0 callable=v0: int v1 |)\n"
	for _, c := range []struct {
		name, text  string
		counted     []ir.ID // blocks
		first, last []ir.ID
	}{
		{"nothing is called", "b0(v0:obj, v1:i64): off=0\n  Return v1 [3]\n", nil, nil, nil},
		{"at once", "b0(v0:obj, v1:i64): off=0\n" + call + "  Return v9 [3]\n", []ir.ID{0}, nil, nil},
		{"one way", "b0(v0:obj, v1:i64, v2:bool): off=0\n  Branch v2 -> b1(), b2()\nb1(): off=1\n  Return v1 [3]\nb2(): off=2\n" + call + "  Return v9 [3]\n",
			[]ir.ID{2}, []ir.ID{2}, nil},
		{"both meet", "b0(v0:obj, v1:i64, v2:bool): off=0\n  Branch v2 -> b1(), b2()\nb1(): off=1\n  Jump -> b3(v1)\nb2(): off=2\n" + call +
			"  Jump -> b3(v9)\nb3(v3:i64): off=3\n  Return v3 [3]\n", []ir.ID{2, 3}, []ir.ID{2}, []ir.ID{1}},
		{"in a loop", "b0(v0:obj, v1:i64, v2:bool): off=0\n  Branch v2 -> b1(), b4()\nb1(): off=1\n  Jump -> b2()\nb2(): off=2\n" + call +
			"  Branch v2 -> b5(), b3()\nb3(): off=3\n  Return v1 [3]\nb4(): off=4\n  Return v1 [3]\nb5(): off=5\n  Jump -> b2()\n",
			[]ir.ID{2, 3, 5}, nil, []ir.ID{1}},
		{"no place on the edge", "b0(v0:obj, v1:i64, v2:bool): off=0\n  Branch v2 -> b1(), b2()\nb1(): off=1\n" + call +
			"  Jump -> b2()\nb2(): off=2\n  Return v1 [3]\n", []ir.ID{0, 1, 2}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := ir.Parse("func \"f\" code=0 record=0x0 off=0 nlocals=1 stack=1 line=1\ncallee \"f\" addr=0x0 unit\n" + c.text)
			require.NoError(t, err)
			fn := counting(f)
			checkCounts(t, fn)
			var counted, first, last []ir.ID
			for _, b := range f.Blocks {
				if fn.Counted(b) {
					counted = append(counted, b.ID)
				}
				if fn.countsFirst(b) {
					first = append(first, b.ID)
				}
				if fn.countsLast(b) {
					last = append(last, b.ID)
				}
			}
			require.Equal(t, c.counted, counted)
			require.Equal(t, c.first, first)
			require.Equal(t, c.last, last)
			f.HasFrame = true
			fn = counting(f)
			for _, b := range f.Blocks {
				require.True(t, fn.Counted(b))
				require.False(t, fn.countsFirst(b) || fn.countsLast(b))
			}
		})
	}
}
