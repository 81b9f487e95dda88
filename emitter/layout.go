// The order of blocks: loops contiguous, cold blocks last. Reverse postorder makes every loop's blocks follow its header; sorting by the
// chain of headers around a block keeps others from standing between them. In the code a header that may leave its loop then goes to the loop's
// end: a round takes one jump less, for the header itself jumps back. The allocator has it at the beginning, where it finds better registers.

package emitter

import (
	"math"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// blockOrder gives the reachable blocks in reverse postorder (definitions before uses) and as they are laid out, and in which order the code has
// those that are laid out: their indexes.
func blockOrder(f *ir.Func) (rpo, layout []*ir.Block, code []place) {
	rpo = reversePostorder(f)
	index := make([]int32, f.NumBlocks()) // in rpo
	for i, b := range rpo {
		index[b.ID] = int32(i)
	}
	path := loopPaths(f, rpo, index)
	layout = slices.Clone(rpo)
	slices.SortStableFunc(layout, func(a, b *ir.Block) int {
		if a.Cold != b.Cold && a != rpo[0] && b != rpo[0] {
			if a.Cold {
				return 1
			}
			return -1
		}
		return slices.Compare(path[a.ID], path[b.ID])
	})
	return rpo, layout, rotate(layout, path)
}

// place is a block's in the code.
type place struct {
	block  int32 // its index in the layout
	begins bool  // a loop's code begins here
}

// rotate moves a loop's header behind its last block if the header goes on or leaves the loop, and the last block goes to it and jumps nowhere else
// forwards.
func rotate(layout []*ir.Block, path [][]int32) []place {
	code := make([]place, len(layout))
	for i, b := range layout {
		code[i] = place{int32(i), i > 0 && b.Header && !b.Cold}
	}
	for first := len(layout) - 1; first > 0; first-- { // inner loops before those around them
		h := layout[first]
		if !code[first].begins || len(h.Succs) != 2 {
			continue
		}
		loop := path[h.ID][:len(path[h.ID])-1]
		inside := func(b *ir.Block) bool {
			return !b.Cold && len(path[b.ID]) >= len(loop) && slices.Equal(path[b.ID][:len(loop)], loop)
		}
		end := first + 1
		for end < len(layout) && inside(layout[end]) {
			end++
		}
		last := layout[code[end-1].block]
		back := slices.IndexFunc(last.Succs, func(e ir.Edge) bool { return e.To == h })
		if end-first < 2 || back < 0 || inside(h.Succs[0].To) == inside(h.Succs[1].To) {
			continue
		}
		if len(last.Succs) == 2 && !slices.Contains(layout[first:end], last.Succs[1-back].To) {
			continue
		}
		copy(code[first:], code[first+1:end])
		code[first].begins, code[end-1] = true, place{block: int32(first)}
	}
	return code
}

// reversePostorder visits the least likely successor first, so that the likely one comes next.
func reversePostorder(f *ir.Func) []*ir.Block {
	type visit struct {
		b    *ir.Block
		next int
		swap bool
	}
	seen := make([]bool, f.NumBlocks())
	post := make([]*ir.Block, 0, len(f.Blocks))
	stack := []visit{{b: f.Blocks[0], swap: likelySecond(f.Blocks[0])}}
	seen[f.Blocks[0].ID] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(top.b.Succs) {
			post = append(post, top.b)
			stack = stack[:len(stack)-1]
			continue
		}
		i := len(top.b.Succs) - 1 - top.next
		if top.swap {
			i = top.next
		}
		top.next++
		if s := top.b.Succs[i].To; !seen[s.ID] {
			seen[s.ID] = true
			stack = append(stack, visit{b: s, swap: likelySecond(s)})
		}
	}
	slices.Reverse(post)
	return post
}

// likelySecond says whether the second successor of a branch is the one to go on with.
func likelySecond(b *ir.Block) bool {
	if len(b.Succs) != 2 {
		return false
	}
	x, y := b.Succs[0].To, b.Succs[1].To
	switch {
	case x.Cold != y.Cold:
		return x.Cold
	case b.Ctrl.Aux != 0:
		return b.Ctrl.Aux < 0
	}
	return y.Loop > x.Loop
}

// estimate guesses how often each block runs: the likely one of two ways is taken likelyPart of the times, and as often a loop goes on.
func (f *Func) estimate() {
	const (
		likelyPart = 7. / 8
		coldPart   = 1. / 256
	)
	f.freq = arena.Fresh(f.freq, f.IR.NumBlocks())
	f.visited = arena.Fresh(f.visited, f.IR.NumBlocks())
	f.freq[f.rpo[0].ID] = 1
	for _, b := range f.rpo {
		f.visited[b.ID] = true
		freq := f.freq[b.ID]
		if b.Header {
			freq /= 1 - likelyPart
		}
		for i, e := range b.Succs {
			if f.visited[e.To.ID] {
				continue // a loop goes on
			}
			part := float32(1)
			if len(b.Succs) == 2 {
				other := b.Succs[1-i].To
				switch {
				case b.Ctrl.Aux == 0 && e.To.Loop == other.Loop:
					part = 0.5
				case likelySecond(b) == (i == 1):
					part = likelyPart
				default:
					part = 1 - likelyPart
				}
			}
			f.freq[e.To.ID] += freq * part
		}
		if b.Cold {
			freq *= coldPart
		}
		// Powers of 2 are enough, and few.
		f.freq[b.ID] = float32(math.Ldexp(1, max(-24, min(24, int(math.Round(math.Log2(float64(max(freq, 1e-9)))))))))
	}
}

// loopPaths gives each block the rpo numbers of the headers of the loops around it, outermost first, then its own.
func loopPaths(f *ir.Func, rpo []*ir.Block, index []int32) [][]int32 {
	preds := make([][]int32, len(rpo))
	for i, b := range rpo {
		for _, e := range b.Succs {
			preds[index[e.To.ID]] = append(preds[index[e.To.ID]], int32(i))
		}
	}
	inner := make([]int32, len(rpo)) // header of the innermost loop around the block, itself not counted for a header; -1: none
	for i := range inner {
		inner[i] = -1
	}
	// Innermost loops have the greatest header numbers: from the last header to the first, walk backwards from its latches.
	mark := make([]int32, len(rpo))
	for i := range mark {
		mark[i] = -1
	}
	var work []int32
	for h := int32(len(rpo) - 1); h >= 0; h-- {
		work = work[:0]
		for _, p := range preds[h] {
			if p >= h {
				work = append(work, p)
			}
		}
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if b <= h || mark[b] == h {
				continue
			}
			mark[b] = h
			// The outermost known loop around b is in this one; if there is none, b is.
			top := b
			for inner[top] >= 0 && inner[top] != h {
				top = inner[top]
			}
			if top != h && inner[top] < 0 {
				inner[top] = h
			}
			for _, p := range preds[b] {
				if mark[p] != h {
					work = append(work, p)
				}
			}
		}
	}
	header := make([]bool, len(rpo))
	for _, h := range inner {
		if h >= 0 {
			header[h] = true
		}
	}
	paths := make([][]int32, f.NumBlocks())
	for i, b := range rpo {
		var path []int32
		if header[i] {
			path = append(path, int32(i)) // a header comes first in its loop
		}
		path = append(path, int32(i))
		for h := inner[i]; h >= 0; h = inner[h] {
			path = append(path, h)
		}
		slices.Reverse(path)
		paths[b.ID] = path
	}
	return paths
}
