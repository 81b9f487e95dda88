// The verifier: what must hold of a function between passes. Tests run it after each pass; so does GOPHERSNAKE_DUMP=verify.

package ir

import (
	"errors"
	"fmt"

	"github.com/gophersnake/gophersnake/arena"
)

type verifier struct {
	f      *Func
	errs   []error
	tree   *DomTree
	in     *Block      // where value is
	fs     *FrameState // the last one it met there: what is defined there is defined behind it
	where  []int32     // by value ID: place in its block, parameters -1, control last
	owners []*Value    // by value ID: the value that has the ID
}

// maxErrors is how many errors the verifier tells at once.
const maxErrors = 20

func (c *verifier) fail(b *Block, v *Value, format string, args ...any) {
	if len(c.errs) >= maxErrors {
		return
	}
	where := c.f.Name
	if b != nil {
		where += " b" + fmt.Sprint(b.ID)
	}
	text := fmt.Sprintf(format, args...)
	if v != nil {
		text += " in: " + v.LongString()
	}
	c.errs = append(c.errs, fmt.Errorf("%s: %s", where, text))
}

// Verify reports everything that is wrong with the function, or nil. It recomputes Preds.
func (f *Func) Verify() error {
	m := f.memory
	m.where, m.owners = arena.Fresh(m.where, f.NumValues()), arena.Fresh(m.owners, f.NumValues())
	c := &verifier{f: f, where: m.where, owners: m.owners}
	if len(f.Blocks) == 0 {
		return fmt.Errorf("%s: no blocks", f.Name)
	}
	if !c.structure() {
		return errors.Join(c.errs...)
	}
	c.tree = f.Dominators()
	if len(f.Blocks[0].Preds) > 0 {
		c.fail(f.Blocks[0], nil, "the entry has a predecessor")
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			c.value(b, v)
		}
		c.value(b, b.Ctrl)
		c.edges(b)
	}
	c.entry()
	return errors.Join(c.errs...)
}

// structure checks what everything else rests on: IDs, lists, ends of blocks.
func (c *verifier) structure() bool {
	seen := make([]bool, c.f.NumBlocks())
	for _, b := range c.f.Blocks {
		if int(b.ID) >= len(seen) || seen[b.ID] {
			c.fail(b, nil, "two blocks of one ID, or of another function")
			return false
		}
		seen[b.ID] = true
	}
	own := func(b *Block, v *Value, at int) bool {
		switch {
		case v == nil:
			c.fail(b, nil, "a nil value")
		case int(v.ID) >= len(c.owners):
			c.fail(b, v, "of another function")
		case c.owners[v.ID] != nil:
			c.fail(b, v, "listed twice")
		case v.Block != b:
			c.fail(b, v, "its Block is another")
		case v.Op <= OpInvalid || v.Op >= NumOps:
			c.fail(b, nil, "v%d has no operation", v.ID)
		default:
			c.owners[v.ID], c.where[v.ID] = v, int32(at)
			return true
		}
		return false
	}
	for _, b := range c.f.Blocks {
		for _, v := range b.Params {
			if own(b, v, -1) && v.Op != OpParam {
				c.fail(b, v, "a parameter that is none")
			}
		}
		for i, v := range b.Values {
			if own(b, v, i) && (v.Op == OpParam || v.Op.Is(Control)) {
				c.fail(b, v, "%s among the values", v.Op)
			}
		}
		if b.Ctrl == nil {
			c.fail(b, nil, "no control operation")
		} else if own(b, b.Ctrl, len(b.Values)) && !b.Ctrl.Op.Is(Control) {
			c.fail(b, b.Ctrl, "is not a control operation")
		}
		for _, e := range b.Succs {
			if e.To == nil || int(e.To.ID) >= len(seen) || !seen[e.To.ID] {
				c.fail(b, nil, "an edge to a block that is not in the function")
			}
		}
	}
	return len(c.errs) == 0
}

// fits reports whether a value of kind have may stand where want is expected.
func fits(want, have Kind) bool {
	switch want {
	case Void:
		return have != Void
	case ObjNull:
		return have == Obj || have == ObjNull
	}
	return want == have
}

// available checks that v is defined wherever it is used at place at of block b.
func (c *verifier) available(b *Block, at int, v *Value) error {
	switch {
	case v == nil:
		return errors.New("a nil operand")
	case int(v.ID) >= len(c.owners) || c.owners[v.ID] != v:
		return fmt.Errorf("%s is not in the function", v)
	case !c.tree.Reachable(b):
		return nil
	case v.Block == b && int(c.where[v.ID]) < at:
		return nil
	case v.Block != b && c.tree.Reachable(v.Block) && c.tree.Dominates(v.Block, b):
		return nil
	}
	return fmt.Errorf("%s is not defined on every way here", v)
}

func (c *verifier) value(b *Block, v *Value) {
	row := &Ops[v.Op]
	at := int(c.where[v.ID])
	for _, a := range v.Args {
		if err := c.available(b, at, a); err != nil {
			c.fail(b, v, "%v", err)
			return
		}
	}
	if row.NArgs >= 0 && len(v.Args) != int(row.NArgs) {
		c.fail(b, v, "%d arguments, not %d", len(v.Args), row.NArgs)
		return
	}
	for i, k := range row.Args {
		if !fits(k, v.Args[i].Type.Kind) {
			c.fail(b, v, "argument %d is %s, not %s", i, v.Args[i].Type, k)
		}
	}
	if row.Result != v.Type.Kind && (row.Result != Void || v.Op != OpSelect && v.Op != OpCallHelper) {
		c.fail(b, v, "the result is %s, not %s", v.Type.Kind, row.Result)
	}
	if v.Type.Class != 0 && !v.Type.Kind.Object() {
		c.fail(b, v, "a class, but no object")
	}
	switch {
	case row.Flags&Guard != 0 && v.FS == nil:
		c.fail(b, v, "a guard without frame state")
	case row.Flags&Guard == 0 && v.Op != OpCallNative && v.Op != OpDecref && v.Op != OpXDecref && v.FS != nil:
		c.fail(b, v, "a frame state, but no guard")
	}
	if load, store := v.Op.Is(Memory) && v.Op != OpClassOf, v.Op >= OpStoreI64 && v.Op <= OpStoreIdxObj; load || store {
		if v.Heap == 0 {
			c.fail(b, v, "no heap region")
		}
		if k := v.Args[0].Type.Kind; k != Ptr && !k.Object() {
			c.fail(b, v, "the base is %s", k)
		}
	}
	c.special(b, v)
	if v.FS != nil && (b != c.in || v.FS != c.fs) {
		for fs := v.FS; fs != nil; fs = fs.Parent {
			c.state(b, at, v, fs)
		}
		c.in, c.fs = b, v.FS
	}
	if v.FS != nil && int(v.Exit.SiteSlot) >= len(v.FS.Slots) {
		c.fail(b, v, "the site's slot is not in the frame state")
	}
}

// special checks the operations whose shape the table does not tell.
func (c *verifier) special(b *Block, v *Value) {
	switch v.Op {
	case OpSelect:
		if x, y := v.Args[1].Type.Kind, v.Args[2].Type.Kind; !fits(v.Type.Kind, x) || !fits(v.Type.Kind, y) {
			c.fail(b, v, "selects between %s and %s", x, y)
		}
	case OpCallHelper:
		c.helper(b, v)
	case OpCallNative:
		if v.Aux < 0 || v.Aux >= int64(len(c.f.Callees)) {
			c.fail(b, v, "no such callee")
		}
		if len(v.Args) == 0 || v.Args[0].Type.Kind != Obj {
			c.fail(b, v, "the callable is missing")
		}
	case OpCallTag:
		if v.Args[0].Op != OpCallNative {
			c.fail(b, v, "of what is no native call")
		}
	case OpLink:
		for _, a := range v.Args {
			if !a.Type.Kind.Object() && (a.Op != OpConstPtr || uint64(a.Aux) != LinkKept) {
				c.fail(b, v, "links %s", a.Type)
			}
		}
	case OpReturn:
		want := map[int64]Kind{TagObj: Obj, TagInt: I64, TagFloat: F64, TagBool: Bool}
		k, one := want[v.Aux]
		switch {
		case !one && v.Aux != TagNone && v.Aux != TagError:
			c.fail(b, v, "no such tag")
		case one && (len(v.Args) != 1 || v.Args[0].Type.Kind != k):
			c.fail(b, v, "returns what the tag does not say")
		case !one && len(v.Args) != 0:
			c.fail(b, v, "returns a value that the tag has none of")
		}
	}
}

func (c *verifier) helper(b *Block, v *Value) {
	if v.Aux < 0 || v.Aux >= int64(len(Helpers)) {
		c.fail(b, v, "no such helper")
		return
	}
	h := v.HelperRow()
	fixed := len(v.Args)
	if h.Vector {
		if v.NFixed < 0 || int(v.NFixed) > len(v.Args) {
			c.fail(b, v, "a vector helper called without one")
			return
		}
		fixed = int(v.NFixed)
	} else if v.NFixed >= 0 && int(v.NFixed) != len(v.Args) {
		c.fail(b, v, "an array for a helper that takes none")
	}
	if fixed != len(h.Args) {
		c.fail(b, v, "%d fixed arguments, not %d", fixed, len(h.Args))
		return
	}
	for i, k := range h.Args {
		if !fits(k, v.Args[i].Type.Kind) {
			c.fail(b, v, "argument %d is %s, not %s", i, v.Args[i].Type, k)
		}
	}
	if h.Result != v.Type.Kind {
		c.fail(b, v, "the result is %s, not %s", v.Type.Kind, h.Result)
	}
}

// edges checks that each edge brings what the block it leads to wants.
func (c *verifier) edges(b *Block) {
	want := 0
	switch b.Ctrl.Op {
	case OpJump:
		want = 1
	case OpBranch:
		want = 2
	}
	if len(b.Succs) != want {
		c.fail(b, b.Ctrl, "%d edges, not %d", len(b.Succs), want)
	}
	for i, e := range b.Succs {
		if len(e.Args) != len(e.To.Params) {
			c.fail(b, b.Ctrl, "edge %d has %d arguments for %d parameters", i, len(e.Args), len(e.To.Params))
			continue
		}
		for j, a := range e.Args {
			if err := c.available(b, len(b.Values), a); err != nil {
				c.fail(b, b.Ctrl, "edge %d: %v", i, err)
			} else if p := e.To.Params[j]; p.Type.Kind == Void || !fits(p.Type.Kind, a.Type.Kind) {
				c.fail(b, b.Ctrl, "edge %d: %s is %s, %s wants %s", i, a, a.Type, p, p.Type)
			}
		}
	}
}

// state checks a frame state that is used at place at of block b.
func (c *verifier) state(b *Block, at int, v *Value, fs *FrameState) {
	if fs.NLocals > len(fs.Slots) {
		c.fail(b, v, "the frame state has fewer slots than locals")
	}
	if fs.Callable != nil {
		if err := c.available(b, at, fs.Callable); err != nil {
			c.fail(b, v, "the frame state's callable: %v", err)
		} else if fs.Callable.Type.Kind != Obj {
			c.fail(b, v, "the frame state's callable is %s", fs.Callable.Type)
		}
	}
	for i := range fs.Slots {
		s := &fs.Slots[i]
		if int(s.Kind) >= len(slotKinds) {
			c.fail(b, v, "slot %d has no kind", i)
			continue
		}
		kinds := s.Kind.Components()
		for n, x := range s.Vals {
			switch {
			case n >= len(kinds) && x != nil:
				c.fail(b, v, "slot %d (%s) has a component too many", i, s.Kind)
			case n >= len(kinds):
			case x == nil:
				c.fail(b, v, "slot %d (%s) lacks a component", i, s.Kind)
			default:
				if err := c.available(b, at, x); err != nil {
					c.fail(b, v, "slot %d: %v", i, err)
				} else if !fits(kinds[n], x.Type.Kind) {
					c.fail(b, v, "slot %d (%s): %s is %s", i, s.Kind, x, x.Type)
				}
			}
		}
		if s.Kind == SlotResult && i != len(fs.Slots)-1 {
			c.fail(b, v, "slot %d: a result that is not on top of the stack", i)
		}
	}
}

// entry checks the entry's parameters against the key.
func (c *verifier) entry() {
	b := c.f.Blocks[0]
	for fs := c.f.Entry; fs != nil; fs = fs.Parent {
		c.state(b, 0, nil, fs)
	}
	if c.f.Name == "" && len(c.f.Key) == 0 {
		return // a fragment, in tests
	}
	var want []Kind
	want = append(want, Obj)
	for _, s := range c.f.Key {
		want = append(want, s.Kind.Components()...)
	}
	if len(want) != len(b.Params) {
		c.fail(b, nil, "%d parameters, but the callable and the key have %d components", len(b.Params), len(want))
		return
	}
	for i, k := range want {
		if b.Params[i].Type.Kind != k {
			c.fail(b, nil, "parameter %s is %s, the key says %s", b.Params[i], b.Params[i].Type, k)
		}
	}
}
