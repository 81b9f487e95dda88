package flow

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// graph is successors by block; all blocks are reachable, and numbered in reverse postorder.
type graph [][]int32

func random(rng *rand.Rand, blocks int) graph {
	succs := make(graph, blocks)
	for b := range succs {
		for range rng.IntN(4) {
			succs[b] = append(succs[b], int32(rng.IntN(blocks)))
		}
		if b+1 < blocks && rng.IntN(8) > 0 {
			succs[b] = append(succs[b], int32(b+1))
		}
	}
	var order []int32
	seen := make([]bool, blocks)
	var visit func(b int32)
	visit = func(b int32) {
		seen[b] = true
		for _, s := range succs[b] {
			if !seen[s] {
				visit(s)
			}
		}
		order = append(order, b)
	}
	visit(0)
	slices.Reverse(order)
	number := make([]int32, blocks)
	for i, b := range order {
		number[b] = int32(i)
	}
	out := make(graph, len(order))
	for i, b := range order {
		for _, s := range succs[b] {
			out[i] = append(out[i], number[s])
		}
	}
	return out
}

func (g graph) preds() *Preds {
	var p Preds
	p.Begin(len(g))
	for _, succs := range g {
		for _, s := range succs {
			p.Count(s)
		}
	}
	p.Counted()
	for b, succs := range g {
		for _, s := range succs {
			p.Add(int32(b), s)
		}
	}
	return &p
}

// reaches reports for each block whether from leads to it by way of blocks other than without.
func (g graph) reaches(from, without int32) []bool {
	seen := make([]bool, len(g))
	if from == without {
		return seen
	}
	seen[from] = true
	for work := []int32{from}; len(work) > 0; {
		b := work[0]
		work = work[1:]
		for _, s := range g[b] {
			if s != without && !seen[s] {
				seen[s] = true
				work = append(work, s)
			}
		}
	}
	return seen
}

func TestDominators(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var d Dominators // one for all: nothing may be left from the graph before
	for range 2000 {
		g := random(rng, 1+rng.IntN(20))
		d.Compute(g.preds())
		for a := range int32(len(g)) {
			reached := g.reaches(0, a)
			for b := range int32(len(g)) {
				require.Equal(t, !reached[b], d.Dominates(a, b), "%d over %d in %v", a, b, g)
			}
			if a > 0 {
				require.NotEqual(t, a, d.Idom[a])
				for b := range a {
					if b != a && d.Dominates(b, a) {
						require.True(t, d.Dominates(b, d.Idom[a]), "%d under %d in %v", d.Idom[a], b, g)
					}
				}
			}
		}
	}
}

func TestLive(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var l Live
	for range 500 {
		g := random(rng, 1+rng.IntN(20))
		home := make([]int32, rng.IntN(10))
		wanted := make([][]bool, len(home))
		l.Begin(len(home))
		for v := range home {
			home[v] = int32(rng.IntN(len(g)))
			wanted[v] = make([]bool, len(g))
			for range rng.IntN(4) {
				b := rng.IntN(len(g))
				wanted[v][b] = true
				l.Wants(int32(b), int32(v))
			}
		}
		l.Compute(g.preds(), func(v int32) int32 { return home[v] })
		for b := range int32(len(g)) {
			var want []int32
			for v := range home {
				if b == home[v] {
					continue
				}
				for to, there := range g.reaches(b, home[v]) {
					if there && wanted[v][to] {
						want = append(want, int32(v))
						break
					}
				}
			}
			require.ElementsMatch(t, want, l.In(b))
			require.True(t, slices.IsSorted(l.In(b)))
		}
	}
}
