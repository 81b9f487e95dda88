// Pass inline puts a small callee that has no effects in the place of the call. Nothing that it does can be seen, so where one of its guards fails the
// caller leaves as it was before the call, and whoever goes on calls again: no frame state of the callee is needed. Only what such an exit teaches
// counts for the call, so that the next compile of the caller calls (ir/build gives a call no site then).
//
// Nor is recursion tested: the last activations before its limit are interpreted (pyabi.RecursionMargin).

package opt

import "github.com/gophersnake/gophersnake/ir"

// Limits of what is copied: of a callee, and into one caller.
const (
	maxInlined  = 48
	maxInlining = 480
	// How deep calls may be that are replaced: with what an instruction counts, less than pyabi.RecursionMargin.
	maxDepth = 4
)

func inline(p *pass) int {
	f := p.f
	if f.Recording || f.General {
		return 0
	}
	n, room := 0, maxInlining
	var words ir.Replacements
	for i := 0; i < len(f.Blocks); i++ {
		b := f.Blocks[i]
		for at, v := range b.Values {
			if v.Op != ir.OpCallNative {
				continue
			}
			before := stateBefore(b, at)
			callee := f.Callees[v.Aux].Func
			if before == nil || callee == f || !effectless(callee) || callee.Inlined == maxDepth || size(callee) > room {
				continue
			}
			room -= size(callee)
			f.Inlined = max(f.Inlined, callee.Inlined+1)
			n++
			c := &inlined{f: f, b: b, call: v, before: before, copies: make([]*ir.Value, callee.NumValues())}
			c.expand(callee, at)
			for len(words) < f.NumValues() {
				words = append(words, nil)
			}
			words[v.ID] = c.word
			if c.tag != nil {
				words[c.tagged.ID] = c.tag
			}
			break // the rest of the block is in a new one
		}
	}
	if n == 0 {
		return 0
	}
	f.Replace(words)
	splitCritical(f)
	f.RemoveUnreachable()
	return n
}

// stateBefore is the state in which the call can be done again, of the guard that the callee is still the one, or nil.
func stateBefore(b *ir.Block, at int) *ir.FrameState {
	if b.Values[at].Exit.Site == ir.NoSite {
		return nil
	}
	for i := at - 1; i >= 0; i-- {
		switch v := b.Values[i]; {
		case v.Op == ir.OpGuard && v.Exit.Reason == ir.WhyCallee:
			return v.FS
		case v.Stays() || v.Op.Is(ir.Guard):
			return nil
		}
	}
	return nil
}

func size(f *ir.Func) (n int) {
	for _, b := range f.Blocks {
		n += len(b.Values) + 1
	}
	return n
}

// effectless reports whether the function is small, ends, and does nothing but compute, look, and leave.
func effectless(f *ir.Func) bool {
	if f == nil || f.HasFrame || f.Resume || f.Recording || size(f) > maxInlined {
		return false
	}
	met := make([]bool, f.NumBlocks())
	for _, b := range f.ReversePostorder() {
		met[b.ID] = true
		for _, v := range b.Values {
			switch {
			case v.Op == ir.OpPoll, v.Op == ir.OpGuardFrame, v.Op == ir.OpGuardLocals, v.Op == ir.OpScratch, v.Stays():
				return false
			case v.Op.Is(ir.Guard) && v.Exit.Kind != ir.ExitResume:
				return false
			}
		}
		switch c := b.Ctrl; {
		case c.Op == ir.OpReturn && (c.Aux == ir.TagObj || c.Aux == ir.TagError), c.Op == ir.OpReturnRaw:
			return false // a new reference, or what calls have returned
		case c.Op == ir.OpExit && c.Exit.Kind != ir.ExitResume:
			return false
		}
		for _, e := range b.Succs {
			if met[e.To.ID] {
				return false // a loop
			}
		}
	}
	return true
}

// inlined is one call that becomes the callee.
type inlined struct {
	f            *ir.Func
	b            *ir.Block
	call, tagged *ir.Value // the call and its CallTag
	before       *ir.FrameState
	copies       []*ir.Value // by the callee's value ID
	word, tag    *ir.Value   // what the call returned
}

func (c *inlined) of(v *ir.Value) *ir.Value { return c.copies[v.ID] }

func (c *inlined) values(list []*ir.Value) []*ir.Value {
	if list == nil {
		return nil
	}
	out := make([]*ir.Value, len(list))
	for i, v := range list {
		out[i] = c.of(v)
	}
	return out
}

// leaves makes of a guard or exit of the callee one of the caller.
func (c *inlined) leaves(v *ir.Value) {
	v.FS = c.before
	v.Exit.Site, v.Exit.SiteSlot = c.call.Exit.Site, -1
	if v.Exit.Reason != ir.WhyDivisor {
		v.Exit.Reason = ir.WhyOverflow // what a number could not be
	}
}

// expand splits the block at the call, and puts the callee's blocks between.
func (c *inlined) expand(callee *ir.Func, at int) {
	f, b := c.f, c.b
	order := callee.ReversePostorder()
	rest := f.NewBlock()
	rest.Off, rest.Cold = b.Off, b.Cold
	c.word = f.AddParam(rest, ir.Type{Kind: ir.I64})
	rest.Values = b.Values[at+1 : at+1] // in place: a long block is split at many calls
	for _, v := range b.Values[at+1:] {
		if v.Op == ir.OpCallTag && v.Args[0] == c.call {
			c.tagged = v
			c.tag = f.AddParam(rest, ir.Type{Kind: ir.I64})
			continue
		}
		rest.Values = append(rest.Values, v)
		v.Block = rest
	}
	rest.Ctrl, rest.Succs = b.Ctrl, b.Succs
	rest.Ctrl.Block = rest
	b.Values, b.Succs = b.Values[:at:at], nil
	for i, q := range order[0].Params {
		c.copies[q.ID] = c.call.Args[i]
	}
	blocks := make([]*ir.Block, callee.NumBlocks())
	for i, from := range order {
		to := b
		if i > 0 {
			to = f.NewBlock()
			to.Off, to.Cold = b.Off, b.Cold || from.Cold
			for _, q := range from.Params {
				c.copies[q.ID] = f.AddParam(to, q.Type)
			}
		}
		blocks[from.ID] = to
		for _, v := range from.Values {
			to.Values = append(to.Values, c.copy(to, v))
		}
	}
	for _, from := range order {
		to := blocks[from.ID]
		if from.Ctrl.Op == ir.OpReturn {
			c.returns(to, from.Ctrl, rest)
			continue
		}
		to.Ctrl = c.copy(to, from.Ctrl)
		for _, e := range from.Succs {
			to.Succs = append(to.Succs, ir.Edge{To: blocks[e.To.ID], Args: c.values(e.Args)})
		}
	}
}

// copy is a value of the callee in the caller. Its operands have been copied: they dominate it.
func (c *inlined) copy(b *ir.Block, v *ir.Value) *ir.Value {
	w := c.f.NewValue(b, v.Op, v.Type)
	w.Args = c.values(v.Args)
	w.Aux, w.Heap, w.NFixed, w.Exit, w.Line = v.Aux, v.Heap, v.NFixed, v.Exit, c.call.Line
	if v.FS != nil {
		c.leaves(w)
	}
	c.copies[v.ID] = w
	return w
}

// returns goes on behind the call with the word and the tag that the callee would return.
func (c *inlined) returns(b *ir.Block, v *ir.Value, rest *ir.Block) {
	add := func(op ir.Op, args ...*ir.Value) *ir.Value {
		w := c.f.Add(b, op, ir.Type{Kind: ir.Ops[op].Result}, args...)
		w.Line = c.call.Line
		return w
	}
	var word *ir.Value
	switch v.Aux {
	case ir.TagInt:
		word = c.of(v.Args[0])
	case ir.TagFloat:
		word = add(ir.OpFloatBits, c.of(v.Args[0]))
	case ir.TagBool:
		word = add(ir.OpBoolToInt, c.of(v.Args[0]))
	default:
		word = add(ir.OpConstInt)
	}
	args := []*ir.Value{word}
	if c.tag != nil {
		tag := add(ir.OpConstInt)
		tag.Aux = v.Aux
		args = append(args, tag)
	}
	b.Ctrl = c.f.NewValue(b, ir.OpJump, ir.Type{})
	b.Ctrl.Line = c.call.Line
	b.Succs = []ir.Edge{{To: rest, Args: args}}
}
