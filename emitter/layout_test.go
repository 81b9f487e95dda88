// The order of blocks, on random graphs: everything reachable once, the entry first, cold blocks last, loops without gaps.

package emitter

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
)

func TestLayout(t *testing.T) {
	loops, gaps, rotated := 0, 0, 0
	for seed := range uint64(300) {
		f := irtest.Random(seed)
		tree := f.Dominators()
		f.ComputeLoops(tree)
		r := rand.New(rand.NewPCG(seed, 9))
		if seed%2 == 1 {
			for _, b := range f.Blocks[1:] {
				b.Cold = r.IntN(8) == 0
			}
		}
		rpo, order, code := blockOrder(f)
		layout := make([]*ir.Block, len(order))
		for i, p := range code {
			layout[i] = order[p.block]
		}
		require.Equal(t, f.Blocks[0], layout[0])
		require.ElementsMatch(t, rpo, layout)
		place := map[*ir.Block]int{}
		for i, b := range layout {
			place[b] = i
		}
		for i, b := range rpo {
			require.True(t, tree.Reachable(b))
			for _, e := range b.Succs {
				if tree.Dominates(e.To, b) {
					loops++
					continue
				}
				require.Greater(t, slices.Index(rpo, e.To), i, "forward edges go forward")
			}
		}
		if seed%2 == 1 {
			cold := slices.IndexFunc(layout, func(b *ir.Block) bool { return b.Cold })
			for _, b := range layout[max(cold, 0):] {
				require.True(t, cold < 0 || b.Cold)
			}
			continue
		}
		// The blocks of each natural loop stand together.
		for _, latch := range rpo {
			for _, e := range latch.Succs {
				if !tree.Dominates(e.To, latch) {
					continue
				}
				var at []int
				all := bodyOfHeader(f, tree, e.To)
				for b := range all {
					at = append(at, place[b])
				}
				first, last := slices.Min(at), slices.Max(at)
				require.True(t, code[first].begins)
				if place[e.To] != first {
					rotated++
					require.Equal(t, last, place[e.To], "the header comes first, or last")
					goesOn := slices.ContainsFunc(layout[last-1].Succs, func(to ir.Edge) bool { return to.To == e.To })
					require.True(t, goesOn, "what is before it goes on to it")
					require.True(t, slices.ContainsFunc(e.To.Succs, func(e ir.Edge) bool { return !all[e.To] }), "it leaves the loop")
				}
				if last-first >= len(all) {
					gaps++
				}
			}
		}
	}
	require.NotZero(t, loops)
	require.NotZero(t, rotated)
	require.Zero(t, gaps)
}

// bodyOf is the natural loop of one back edge.
func bodyOf(f *ir.Func, header, latch *ir.Block) map[*ir.Block]bool {
	preds := map[*ir.Block][]*ir.Block{}
	for _, b := range f.Blocks {
		for _, e := range b.Succs {
			preds[e.To] = append(preds[e.To], b)
		}
	}
	body := map[*ir.Block]bool{header: true}
	for work := []*ir.Block{latch}; len(work) > 0; {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !body[b] {
			body[b] = true
			work = append(work, preds[b]...)
		}
	}
	return body
}

// bodyOfHeader is the loop of all back edges to a header.
func bodyOfHeader(f *ir.Func, tree *ir.DomTree, header *ir.Block) map[*ir.Block]bool {
	all := map[*ir.Block]bool{}
	for _, b := range f.Blocks {
		for _, e := range b.Succs {
			if e.To == header && tree.Reachable(b) && tree.Dominates(header, b) {
				for x := range bodyOf(f, header, b) {
					all[x] = true
				}
			}
		}
	}
	return all
}
