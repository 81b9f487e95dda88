//go:build linux && (amd64 || arm64)

// Loops: that they run, what instructions they have, what their exits tell.

package machinetest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// sumOfSquares is
//
//	s = 0
//	for i in range(n): s += i * i
//	return s
//
// as the optimiser leaves it: rotated, with the induction variable as the only counter.
func sumOfSquares(t testing.TB) *ir.Func {
	f := newFn(ir.I64)
	n := f.params[0]
	zero, one := f.int(0), f.int(1)
	entry := f.b
	loop, exit := f.NewBlock(), f.NewBlock()
	result := f.AddParam(exit, ir.Type{Kind: ir.I64})
	f.control(ir.OpBranch, 1, []*ir.Value{f.op(ir.OpIGt, n, zero)}, ir.Edge{To: loop, Args: []*ir.Value{zero, zero}},
		ir.Edge{To: exit, Args: []*ir.Value{zero}})
	_ = entry
	s, i := f.AddParam(loop, ir.Type{Kind: ir.I64}), f.AddParam(loop, ir.Type{Kind: ir.I64})
	f.b = loop
	f.guard(ir.OpPoll, f.state(n, s, i))
	square := f.guard(ir.OpMulOvf, f.state(n, s, i), i, i)
	s2 := f.guard(ir.OpAddOvf, f.state(n, s, i, square), s, square)
	i2 := f.op(ir.OpAdd, i, one)
	f.control(ir.OpBranch, 1, []*ir.Value{f.op(ir.OpILt, i2, n)}, ir.Edge{To: loop, Args: []*ir.Value{s2, i2}},
		ir.Edge{To: exit, Args: []*ir.Value{s2}})
	f.b = exit
	f.ret(result)
	return f.done(t)
}

func TestSumOfSquares(t *testing.T) {
	r := newRig(t)
	u := r.emit(sumOfSquares(t))
	for _, n := range []int{-3, 0, 1, 2, 10, 1000000} {
		word, tag := u.call(0, n)
		want := int64(0)
		for i := int64(0); i < int64(n); i++ {
			want += i * i
		}
		require.Equal(t, uint64(want), word, n)
		require.Equal(t, uint64(pyabi.Int), tag)
	}
	t.Log("\n" + text(u.loopOf(0)))
	require.Len(t, u.loopOf(0), sumOfSquaresLoop, text(u.loopOf(0)))

	// The sum of the squares below 4e6 does not fit.
	_, tag := u.call(0, 4000000)
	require.Equal(t, uint64(77), tag)
	x, slots := u.exited()
	require.Equal(t, pyabi.WhyOverflow, x.Reason)
	require.Equal(t, uint32(4), x.NLocals)
	s, i := int64(0), int64(0)
	for ; s <= math.MaxInt64-i*i; i++ {
		s += i * i
	}
	require.Equal(t, [][]uint64{{4000000}, {uint64(s)}, {uint64(i)}, {uint64(i * i)}}, slots)
}

func BenchmarkSumOfSquares(b *testing.B) {
	r := newRig(b)
	u := r.emit(sumOfSquares(b))
	for b.Loop() {
		u.call(0, 1000000)
	}
}
