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
	loops, gaps := 0, 0
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
		rpo, layout := blockOrder(f)
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
				for b := range bodyOf(f, e.To, latch) {
					at = append(at, place[b])
				}
				require.Equal(t, place[e.To], slices.Min(at), "the header comes first")
				if slices.Max(at)-slices.Min(at) >= len(bodyOfHeader(f, tree, e.To)) {
					gaps++
				}
			}
		}
	}
	require.NotZero(t, loops)
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
