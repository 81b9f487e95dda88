// Pass peel puts a copy of the first round in front of an innermost loop that checks the same in every round (a class, a global, the
// version of a class, the length of what it indexes): gvn then finds the loop's own checks redundant, for the copy's dominate them. So checks leave loops without
// any of them being moved: each keeps its own frame state, and leaving from one means what it meant (docs/design.md, section 6, rules 1 and
// 2). The scheme is LuaJIT's (lj_opt_loop.c), on blocks instead of traces.
//
// The copy's values stand for the loop's in the first round, so where the loop was left with a value, either may arrive: the uses behind
// the loop get parameters, on demand, as in Braun et al., "Simple and efficient construction of SSA form" (2013); pass params removes the needless ones.

package opt

import (
	"slices"

	"github.com/gophersnake/gophersnake/ir"
)

// Limits of what is copied.
const (
	maxPeelValues = 160
	maxPeelBlocks = 24
)

func peel(p *pass) int {
	f := p.f
	tree := f.Dominators()
	loops := f.ComputeLoops(tree)
	x := &invariants{loops: loops, in: make([]bool, f.NumValues())}
	var chosen []*ir.Loop
	for _, loop := range loops.List {
		if loop.Inner && !loop.Header.Cold && x.worthPeeling(tree, p, loop) {
			chosen = append(chosen, loop)
		}
	}
	for _, loop := range chosen {
		newPeeler(f, loop).run()
	}
	if len(chosen) > 0 {
		splitCritical(f)
		f.RemoveUnreachable()
	}
	return len(chosen)
}

// worthPeeling reports whether a guard in the loop checks the same in every round, in a block that each round passes.
func (x *invariants) worthPeeling(tree *ir.DomTree, p *pass, loop *ir.Loop) bool {
	n := 0
	for _, b := range loop.Blocks {
		n += len(b.Values)
	}
	if n > maxPeelValues || len(loop.Blocks) > maxPeelBlocks {
		return false
	}
	x.begin(loop)
	worth := false
	for _, b := range loop.Blocks {
		always := true
		for _, l := range loop.Latches {
			always = always && tree.Dominates(b, l)
		}
		for _, v := range b.Values {
			guard := v.Op.Is(ir.Guard)
			if v.Stays() || v.Op == ir.OpPoll || v.Op == ir.OpGuardFrame || v.Op == ir.OpGuardLocals || !x.operands(v) || !x.loaded(v) {
				continue
			}
			if v.Op == ir.OpGuardClass && !p.fixed(ir.Class(v.Aux)) && regionsOf(ir.HeapClass)&x.kills != 0 {
				continue
			}
			if v.IsPure() || v.Op.Is(ir.Memory) || guard {
				x.in[v.ID] = true
				worth = worth || guard && always
			}
		}
	}
	return worth
}

// peeler copies one loop.
type peeler struct {
	f      *ir.Func
	loop   *ir.Loop
	blocks []*ir.Block // by block ID: the copy of a block of the loop
	copies []*ir.Value // by value ID: the copy of a value of the loop
	copied []bool      // by block ID: the block is a copy
	states map[*ir.FrameState]*ir.FrameState
}

func newPeeler(f *ir.Func, loop *ir.Loop) *peeler {
	n := f.NumBlocks()
	p := &peeler{f: f, loop: loop, blocks: make([]*ir.Block, n), copies: make([]*ir.Value, f.NumValues()),
		copied: make([]bool, n+len(loop.Blocks)), states: map[*ir.FrameState]*ir.FrameState{}}
	for _, b := range loop.Blocks {
		c := f.NewBlock()
		c.Off, c.Cold = b.Off, b.Cold
		p.blocks[b.ID] = c
		p.copied[c.ID] = true
	}
	return p
}

func (p *peeler) of(v *ir.Value) *ir.Value {
	if int(v.ID) < len(p.copies) && p.copies[v.ID] != nil {
		return p.copies[v.ID]
	}
	return v
}

func (p *peeler) values(list []*ir.Value) []*ir.Value {
	if list == nil {
		return nil
	}
	c := p.f.NewList(len(list))
	for _, v := range list {
		c = append(c, p.of(v))
	}
	return c
}

func (p *peeler) state(fs *ir.FrameState) *ir.FrameState {
	if fs == nil {
		return nil
	}
	if c := p.states[fs]; c != nil {
		return c
	}
	c := fs.Copy()
	p.states[fs] = c
	for s := c; s != nil; s = s.Parent {
		s.Values(func(v **ir.Value) { *v = p.of(*v) })
	}
	return c
}

func (p *peeler) run() {
	f, h := p.f, p.loop.Header
	fresh := func(b *ir.Block, v *ir.Value) *ir.Value {
		c := f.NewValue(b, v.Op, v.Type)
		c.Aux, c.Heap, c.NFixed, c.Exit, c.Line = v.Aux, v.Heap, v.NFixed, v.Exit, v.Line
		p.copies[v.ID] = c
		return c
	}
	for _, b := range p.loop.Blocks {
		c := p.blocks[b.ID]
		for _, v := range b.Params {
			c.Params = append(c.Params, fresh(c, v))
		}
		for _, v := range b.Values {
			c.Values = append(c.Values, fresh(c, v))
		}
		c.Ctrl = fresh(c, b.Ctrl)
	}
	for _, b := range p.loop.Blocks {
		c := p.blocks[b.ID]
		for i, v := range b.Values {
			c.Values[i].Args, c.Values[i].FS = p.values(v.Args), p.state(v.FS)
		}
		c.Ctrl.Args, c.Ctrl.FS = p.values(b.Ctrl.Args), p.state(b.Ctrl.FS)
		for _, e := range b.Succs {
			to := e.To
			if to != h && p.inLoop(to) {
				to = p.blocks[to.ID]
			}
			c.Succs = append(c.Succs, ir.Edge{To: to, Args: p.values(e.Args)})
		}
	}
	for _, b := range f.Blocks {
		if p.inLoop(b) || p.isCopy(b) {
			continue
		}
		for i := range b.Succs {
			if b.Succs[i].To == h {
				b.Succs[i].To = p.blocks[h.ID]
			}
		}
	}
	f.ComputePreds()
	p.repair()
}

func (p *peeler) inLoop(b *ir.Block) bool { return int(b.ID) < len(p.blocks) && p.blocks[b.ID] != nil }
func (p *peeler) isCopy(b *ir.Block) bool { return int(b.ID) < len(p.copied) && p.copied[b.ID] }

// mentions reports whether a frame state has a value of the loop in it.
func (p *peeler) mentions(fs *ir.FrameState) bool {
	found := false
	for ; fs != nil && !found; fs = fs.Parent {
		fs.Values(func(place **ir.Value) { found = found || p.of(*place) != *place })
	}
	return found
}

// repair gives the uses behind the loop what arrives there. at[block] is what stands for the value being looked for at a block's beginning.
func (p *peeler) repair() {
	// The uses by the value they name, so that each value is treated once.
	type use struct {
		place **ir.Value
		edge  *ir.Edge // instead of place: argument arg of an edge, whose arguments get more meanwhile
		arg   int
		block *ir.Block
	}
	uses := map[*ir.Value][]use{}
	var order []*ir.Value
	note := func(v *ir.Value, u use) {
		if int(v.ID) >= len(p.copies) || p.copies[v.ID] == nil {
			return
		}
		if uses[v] == nil {
			order = append(order, v)
		}
		uses[v] = append(uses[v], u)
	}
	for _, b := range p.f.Blocks {
		if p.inLoop(b) || p.isCopy(b) {
			continue
		}
		// Guards of other blocks, of the loop too, may share a frame state, and want other values in it.
		var was, is *ir.FrameState
		visit := func(v *ir.Value) {
			for i := range v.Args {
				note(v.Args[i], use{place: &v.Args[i], block: b})
			}
			if v.FS == was && was != nil {
				v.FS = is
				return
			}
			if !p.mentions(v.FS) {
				return
			}
			was, is = v.FS, v.FS.Copy()
			v.FS = is
			for fs := is; fs != nil; fs = fs.Parent {
				fs.Values(func(place **ir.Value) { note(*place, use{place: place, block: b}) })
			}
		}
		for _, v := range b.Values {
			visit(v)
		}
		visit(b.Ctrl)
		for i := range b.Succs {
			for j, v := range b.Succs[i].Args {
				note(v, use{edge: &b.Succs[i], arg: j, block: b})
			}
		}
	}
	at := make([]*ir.Value, p.f.NumBlocks())
	for _, v := range order {
		clear(at)
		var filled []*ir.Block // got a parameter whose arguments are still missing
		// begin finds what stands for v at the beginning of b: up to a block where ways meet, which gets a parameter.
		begin := func(b *ir.Block) *ir.Value {
			if v.Op.Is(ir.Constant) { // made anew: what names no value that can be computed (ir.LinkKept) must stay a constant
				if at[b.ID] == nil {
					c := p.f.NewValue(b, v.Op, v.Type)
					c.Aux, c.Line = v.Aux, v.Line
					at[b.ID] = c
					b.Values = slices.Insert(b.Values, 0, c)
				}
				return at[b.ID]
			}
			var path []*ir.Block
			var found *ir.Value
			for found == nil {
				switch {
				case p.inLoop(b):
					found = v
				case p.isCopy(b):
					found = p.copies[v.ID]
				case at[b.ID] != nil:
					found = at[b.ID]
				case len(b.Preds) == 1:
					path = append(path, b)
					b = b.Preds[0]
				default:
					found = p.f.AddParam(b, v.Type)
					at[b.ID] = found
					filled = append(filled, b)
				}
			}
			for _, x := range path {
				at[x.ID] = found
			}
			return found
		}
		for _, u := range uses[v] {
			if is := begin(u.block); u.edge != nil {
				u.edge.Args[u.arg] = is
			} else {
				*u.place = is
			}
		}
		for len(filled) > 0 {
			b := filled[len(filled)-1]
			filled = filled[:len(filled)-1]
			for n, from := range b.Preds {
				if seenBefore(b.Preds, n) {
					continue
				}
				arg := begin(from)
				for i := range from.Succs {
					if e := &from.Succs[i]; e.To == b {
						e.Args = append(e.Args[:len(e.Args):len(e.Args)], arg)
					}
				}
			}
		}
	}
}
