// Pass params removes block parameters that are the same value on every way in. The builder makes each live slot a parameter
// of each merge, so most are. All parameters are first assumed to be copies and the assumption is withdrawn where two values
// meet (Wegman and Zadeck's optimistic scheme, for copies only): so parameters that circle through several loops, or through
// versions of one loop, go too. Parameters that nothing uses are dce's.
//
// Why a copy's value is defined wherever the parameter was: on any way to the block, the last edge brings the value itself, which is
// defined before that edge, or another copy of it, which the same way reached earlier.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

func params(p *pass) int {
	f := p.f
	order := f.ReversePostorder()
	f.ComputePreds()
	// For each parameter the value it is a copy of: nil as long as no edge is known, itself if it is no copy.
	copies := p.mem.replacements(f)
	p.mem.blocks = arena.Fresh(p.mem.blocks, f.NumBlocks())
	reachable := p.mem.blocks
	for _, b := range order {
		reachable[b.ID] = true
	}
	value := func(v *ir.Value) *ir.Value {
		if v.Op == ir.OpParam && v.Block != order[0] {
			return copies[v.ID]
		}
		return v
	}
	for changed := true; changed; {
		changed = false
		for _, b := range order[1:] {
			for i, q := range b.Params {
				if copies[q.ID] == q {
					continue
				}
				var one *ir.Value
				for _, from := range b.Preds {
					if !reachable[from.ID] {
						continue
					}
					for j := range from.Succs {
						if from.Succs[j].To != b {
							continue
						}
						v := value(from.Succs[j].Args[i])
						switch {
						case v == nil:
						case one == nil:
							one = v
						case one != v:
							one = q
						}
					}
					if one == q {
						break
					}
				}
				if one != copies[q.ID] {
					copies[q.ID] = one
					changed = true
				}
			}
		}
	}
	n := 0
	for _, b := range order[1:] {
		drop := 0
		for _, q := range b.Params {
			if copies[q.ID] != q {
				drop++
			}
		}
		if drop == 0 {
			for _, q := range b.Params {
				copies[q.ID] = nil
			}
			continue
		}
		n += drop
		p.mem.keep = arena.Fresh(p.mem.keep, len(b.Params))
		keep := p.mem.keep
		for i, q := range b.Params {
			if copies[q.ID] == q {
				keep[i] = true
				copies[q.ID] = nil
			}
		}
		p.mem.dropParams(b, keep)
	}
	if n > 0 {
		f.Replace(copies)
	}
	return n
}

// dropParams removes the parameters that are not kept, and the arguments for them. Preds are up to date.
func (m *Memory) dropParams(b *ir.Block, keep []bool) {
	for n, from := range b.Preds {
		if seenBefore(b.Preds, n) {
			continue
		}
		for j := range from.Succs {
			if e := &from.Succs[j]; e.To == b {
				e.Args = m.filter(e.Args, keep)
			}
		}
	}
	b.Params = m.filter(b.Params, keep)
}

// seenBefore reports whether the predecessor at n stands there for a second edge.
func seenBefore(preds []*ir.Block, n int) bool {
	if len(preds[n].Succs) < 2 {
		return false
	}
	for _, x := range preds[:n] {
		if x == preds[n] {
			return true
		}
	}
	return false
}

func (m *Memory) filter(values []*ir.Value, keep []bool) []*ir.Value {
	kept := m.lists.Make(len(values))[:0]
	for i, v := range values {
		if keep[i] {
			kept = append(kept, v)
		}
	}
	return kept
}
