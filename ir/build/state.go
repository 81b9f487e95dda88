// The state of the abstract machine while a bytecode is translated: the frame states that guards leave through, and the
// little operations of which the bytecodes' translations are made.

package build

import (
	"math"
	"slices"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

// frameState records slots as a frame state at off.
func (b *builder) frameState(off uint32, locals, stack []slot) *ir.FrameState {
	fs := b.f.NewState(len(locals) + len(stack))
	fs.Code, fs.Off, fs.RaiseOff, fs.NLocals, fs.Callable = b.index, off, b.ins.At, len(locals), b.callable
	for i := range locals {
		fs.Slots[i] = locals[i].state()
	}
	for i := range stack {
		fs.Slots[len(locals)+i] = stack[i].state()
	}
	if b.code.TagsLasti {
		b.tagLastis(fs, len(stack))
	}
	b.oneObject(fs.Slots)
	return fs
}

// tagLastis marks the stack items that the interpreter has as tagged ints: what handlers find of where exceptions were raised.
func (b *builder) tagLastis(fs *ir.FrameState, depth int) {
	lastis := b.ins.Lastis // of what was raised in the middle of the bytecode: of what it left
	if i := b.code.InstrAt(fs.Off); i != nil && int(i.Depth) == depth {
		lastis = i.Lastis
	}
	for n := 0; lastis != 0 && n < depth; n++ {
		if lastis&1 != 0 {
			fs.Slots[fs.NLocals+n].Tagged = true
		}
		lastis >>= 1
	}
}

// manySlots is how many it takes for a table to be faster than a search.
const manySlots = 16

// oneObject gives a raw number the object that another slot has of it, as boxElsewhere does: a local that was boxed for the frame is raw
// to what has read it.
func (b *builder) oneObject(slots []ir.Slot) {
	origins := b.origins[:0]
	for i := range slots {
		if k := slots[i].Kind; k == ir.SlotIntOrigin || k == ir.SlotFloatOrigin {
			origins = append(origins, i)
		}
	}
	b.origins = origins
	find := func(v *ir.Value) *ir.Slot {
		for _, i := range origins {
			if slots[i].Vals[0] == v {
				return &slots[i]
			}
		}
		return nil
	}
	if len(origins) > manySlots {
		of := make(map[*ir.Value]*ir.Slot, len(origins))
		for _, i := range origins {
			if v := slots[i].Vals[0]; of[v] == nil {
				of[v] = &slots[i]
			}
		}
		find = func(v *ir.Value) *ir.Slot { return of[v] }
	}
	for i := range slots {
		s := &slots[i]
		if s.Kind != ir.SlotInt && s.Kind != ir.SlotFloat || s.Vals[0].Op.Is(ir.Constant) {
			continue
		}
		if t := find(s.Vals[0]); t != nil {
			*s = ir.Slot{Kind: t.Kind, Vals: t.Vals}
		}
	}
}

// before is the state before the current bytecode: it will be executed again. It may only be used as long as the
// translation had no effect but to take references and make boxes, which update keeps in step.
func (b *builder) before() *ir.FrameState {
	if b.effect || b.ins.Flags&decoder.FlagInner != 0 {
		panic("BUG: the state before " + b.ins.Op.String() + " is used after an effect")
	}
	if b.beforeState == nil {
		b.beforeState = b.frameState(b.ins.Off, b.savedLocals, b.savedStack)
	}
	return b.beforeState
}

// here is the state with what the stack holds now, going on at the next bytecode, or raising what the current one raised.
func (b *builder) here() *ir.FrameState { return b.frameState(b.ins.Next, b.locals, b.stack) }

// update replaces a stack item, counted from the top, by another form of the same value (a box, a reference of its own),
// in the state before the bytecode too.
func (b *builder) update(fromTop int, s slot) {
	i := len(b.stack) - 1 - fromTop
	b.stack[i] = s
	if i < len(b.savedStack) && !b.pushed(i) {
		b.savedStack[i] = s
		b.beforeState = nil
	}
}

// pushed reports whether the stack item at index i was pushed by the current bytecode.
func (b *builder) pushed(i int) bool { return i >= b.kept }

func (b *builder) push(s slot) { b.stack = append(b.stack, s) }

// peek gives the item n below the top.
func (b *builder) peek(n int) slot { return b.stack[len(b.stack)-1-n] }

// drop pops n items and gives up their references, in the interpreter's order.
func (b *builder) drop(n int) {
	var few [4]slot
	dropped := append(few[:0], b.stack[len(b.stack)-n:]...)
	b.forget(n)
	if b.ins.Flags&decoder.FlagBoundsFirst != 0 {
		b.release(dropped[n-2])
		b.release(dropped[n-1])
		dropped = dropped[:n-2]
	}
	if b.ins.Flags&decoder.FlagTopFirst != 0 {
		slices.Reverse(dropped)
	}
	for i := range dropped {
		b.release(dropped[i])
	}
}

// forget pops n items whose references went elsewhere, or that have none.
func (b *builder) forget(n int) {
	b.stack = b.stack[:len(b.stack)-n]
	b.kept = min(b.kept, len(b.stack))
}

// pop takes the top item with its reference.
func (b *builder) pop() slot {
	s := b.peek(0)
	b.forget(1)
	return s
}

// settle takes references for what the stack borrowed from containers: an effect follows that may make them let go.
func (b *builder) settle() {
	for i := range b.stack {
		if b.stack[i].volatile {
			b.update(len(b.stack)-1-i, b.own(b.stack[i]))
		}
	}
}

// add appends an operation to the current block.
func (b *builder) add(op ir.Op, t ir.Type, args ...*ir.Value) *ir.Value {
	v := b.f.Add(b.block, op, t, args...)
	v.Line = b.line
	return v
}

// pure appends an operation whose result has the kind.
func (b *builder) pure(op ir.Op, k ir.Kind, args ...*ir.Value) *ir.Value {
	return b.add(op, ir.Type{Kind: k}, args...)
}

// null is the NULL pointer of objects.
func (b *builder) null() *ir.Value { return b.add(ir.OpConstNull, ir.Type{Kind: ir.ObjNull}) }

func (b *builder) constInt(n int64) *ir.Value {
	v := b.pure(ir.OpConstInt, ir.I64)
	v.Aux = n
	return v
}

func (b *builder) constFloat(x float64) *ir.Value {
	v := b.pure(ir.OpConstFloat, ir.F64)
	v.Aux = int64(math.Float64bits(x))
	return v
}

func (b *builder) constBool(x bool) *ir.Value {
	v := b.pure(ir.OpConstBool, ir.Bool)
	if x {
		v.Aux = 1
	}
	return v
}

// constObj embeds an object; the unit will hold a reference to it.
func (b *builder) constObj(address uint64, class ir.Class) *ir.Value {
	v := b.add(ir.OpConstObj, ir.Type{Kind: ir.Obj, Class: class})
	v.Aux = int64(address)
	if !b.embedded[address] {
		b.embedded[address] = true
		b.f.Objects = append(b.f.Objects, address)
	}
	return v
}

func (b *builder) constPtr(address uint64) *ir.Value {
	v := b.pure(ir.OpConstPtr, ir.Ptr)
	v.Aux = int64(address)
	return v
}

// load reads a field.
func (b *builder) load(op ir.Op, heap ir.Heap, base *ir.Value, offset uint64) *ir.Value {
	v := b.pure(op, ir.Ops[op].Result, base)
	v.Aux, v.Heap = int64(offset), heap
	return v
}

// loadIndexed reads element i of an array of words.
func (b *builder) loadIndexed(op ir.Op, heap ir.Heap, base, i *ir.Value) *ir.Value {
	v := b.pure(op, ir.Ops[op].Result, base, i)
	v.Heap = heap
	return v
}

func (b *builder) store(op ir.Op, heap ir.Heap, offset uint64, args ...*ir.Value) {
	b.effect = true
	v := b.add(op, ir.Type{}, args...)
	v.Aux, v.Heap = int64(offset), heap
}

// guard appends a guard that leaves through fs.
func (b *builder) guard(op ir.Op, t ir.Type, fs *ir.FrameState, exit ir.ExitInfo, args ...*ir.Value) *ir.Value {
	v := b.add(op, t, args...)
	if exit.Site == 0 { // offset 0 never learns: it is where versions begin
		exit.Site = ir.NoSite
	}
	exit.SiteSlot = -1
	v.FS, v.Exit = fs, exit
	return v
}

// require leaves before the bytecode unless the condition holds; the site learns that it did not.
func (b *builder) require(cond *ir.Value, why ir.Reason) {
	if cond.Op == ir.OpConstBool && cond.Aux == 1 {
		return
	}
	g := b.guard(ir.OpGuard, ir.Type{}, b.before(), ir.ExitInfo{Reason: why}, cond)
	g.Exit.Site = b.ins.At
}

// helper calls a function that neither runs Python code nor looks at frames, given these operands.
func (b *builder) helper(name string, args ...*ir.Value) *ir.Value {
	index := ir.HelperIndex(name)
	h := &ir.Helpers[index]
	v := b.f.NewValue(b.block, ir.OpCallHelper, ir.Type{Kind: h.Result}, args...)
	v.Aux, v.Line = index, b.line
	if h.Vector {
		v.NFixed = int32(len(h.Args))
	}
	v.Heap = h.Writes
	if h.Looks {
		v.Heap = ir.HeapRef | ir.HeapOther | h.Writes&ir.HeapScratch
	}
	b.block.Values = append(b.block.Values, v)
	return v
}

// call calls a helper that may run any Python code: the frame is linked meanwhile, and what the stack borrows is owned.
// The caller checks the result, then the frame (checkFrame).
func (b *builder) call(name string, args ...*ir.Value) *ir.Value {
	b.settle()
	b.effect = true
	b.link()
	index := ir.HelperIndex(name)
	h := &ir.Helpers[index]
	v := b.pure(ir.OpCallHelper, h.Result, args...)
	v.Aux, v.Heap = index, h.Writes
	if h.Vector {
		v.NFixed = int32(len(h.Args))
	}
	b.add(ir.OpUnlink, ir.Type{})
	return v
}

// shown is a local that was boxed so that the interpreter's frame can show it. It keeps the box for the calls that follow in its block; to whatever
// else reads the local it is raw, unless that needs the object.
type shown struct {
	local  int
	raw    slot
	object *ir.Value
}

// link stores the locals into the interpreter's frame and makes it current. Until checkFrame has had its look, the locals are what
// the frame shows: a frame object that somebody made may be compared with them, and takes their references over.
func (b *builder) link() {
	b.f.HasFrame = true
	b.hold()
	b.letGo()
	args := b.f.NewList(len(b.locals))[:len(b.locals)]
	for i := range b.locals {
		raw := b.locals[i]
		b.linking = true
		o := b.boxedForFrame(raw)
		b.linking = false
		if o.owned && !raw.owned {
			b.shown = append(slices.Clip(b.shown), shown{i, raw, o.object()})
			b.locals[i] = o
		}
		args[i] = o.object()
		if same := b.inFrame[i]; same != nil && (same == args[i] || same.Op == ir.OpConstNull && args[i].Op == ir.OpConstNull) {
			kept := b.constPtr(ir.LinkKept)
			args[i] = kept
		} else {
			b.inFrame[i] = args[i]
		}
	}
	v := b.add(ir.OpLink, ir.Type{}, args...)
	v.Aux = int64(b.ins.At)
	b.looks = true
}

// boxedForFrame is boxed without a way out before the bytecode: an effect may have happened, so failing is raising.
func (b *builder) boxedForFrame(s slot) slot {
	if s.object() != nil {
		return s
	}
	saved, effect := b.beforeState, b.effect
	b.beforeState, b.effect = b.here(), false
	s = b.boxed(s)
	b.beforeState, b.effect = saved, effect
	return s
}

// hide takes back the boxes that link made for the frame, but for locals that the loop does not change: they keep theirs for
// the calls in the next round.
func (b *builder) hide() {
	for _, s := range b.shown {
		if !b.code.invariant(b.ins.Off, s.local) {
			boxed := b.locals[s.local]
			b.locals[s.local] = s.raw
			b.release(boxed)
		}
	}
	b.shown = nil
}

// local is what a bytecode reads from a local.
func (b *builder) local(i int) slot {
	for _, s := range b.shown {
		if s.local == i {
			return s.raw
		}
	}
	return b.locals[i]
}

// setLocal gives a local another value, and returns what it had.
func (b *builder) setLocal(i int, s slot) slot {
	old := b.locals[i]
	b.locals[i] = s
	b.shown = slices.DeleteFunc(slices.Clone(b.shown), func(s shown) bool { return s.local == i })
	return old
}

// keep makes a box that was made for the frame the value of its locals: others have it now.
func (b *builder) keep(object *ir.Value) {
	if b.linking {
		return
	}
	b.shown = slices.DeleteFunc(slices.Clone(b.shown), func(s shown) bool { return s.object == object })
}

// raising checks a helper's result for NULL and raises through fs.
func (b *builder) raising(v *ir.Value, fs *ir.FrameState) *ir.Value {
	t := ir.Type{Kind: ir.Obj, Class: v.Type.Class}
	if h, ok := b.catcher(fs); ok {
		b.orCatch(b.pure(ir.OpPNe, ir.Bool, v, b.null()), h)
		return b.add(ir.OpWordObj, t, v)
	}
	return b.guard(ir.OpRaiseIfNull, t, fs, ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyRaised}, v)
}

// raisingNegative checks a helper's status.
func (b *builder) raisingNegative(v *ir.Value, fs *ir.FrameState) *ir.Value {
	if h, ok := b.catcher(fs); ok {
		b.orCatch(b.pure(ir.OpIGe, ir.Bool, v, b.constInt(0)), h)
		return v
	}
	return b.guard(ir.OpRaiseIfNeg, ir.Type{Kind: ir.I64}, fs, ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyRaised}, v)
}

// checkFrame leaves, after a call out whose result is on the stack already, if somebody made a frame object. Where there was one before, or will
// be, for it is a traceback's, it leaves only if somebody has changed locals in it.
func (b *builder) checkFrame() { b.checkFrameAt(b.ins.Next) }

// checkFrameAt is checkFrame where the bytecode at off is next.
func (b *builder) checkFrameAt(off uint32) {
	b.look(b.frameState(off, b.locals, b.stack), ir.ExitTouched)
}

func (b *builder) look(fs *ir.FrameState, kind ir.ExitKind) {
	op := ir.OpGuardFrame
	if b.handles() || b.profile(b.ins.At).framed() {
		op = ir.OpGuardLocals
		clear(b.inFrame) // it is hidden
	}
	b.guard(op, ir.Type{}, fs, ir.ExitInfo{Kind: kind, Reason: ir.WhyFrame, Site: b.ins.At})
	b.looks = false
}

// finish ends a bytecode that called an object-making helper: operands go, errors raise, the result is pushed and its class
// looked at. looked: the call was linked.
func (b *builder) finish(result *ir.Value, operands int, looked bool) {
	b.drop(operands)
	result = b.raising(result, b.here())
	b.push(ownedSlot(result))
	if looked {
		b.checkFrame()
	}
	b.define(b.ins.At)
}

// finishObject is finish for a result of which nobody asks the class, after a linked call.
func (b *builder) finishObject(result *ir.Value, operands int) {
	b.drop(operands)
	b.push(ownedSlot(b.raising(result, b.here())))
	b.checkFrame()
}

// finishStatus likewise for a helper that returns a status only.
func (b *builder) finishStatus(status *ir.Value, operands int, looked bool) *ir.Value {
	b.drop(operands)
	status = b.raisingNegative(status, b.here())
	if looked {
		b.checkFrame()
	}
	return status
}

// define applies what is known of the class of the object on top of the stack, a value that the bytecode at site just made:
// guard the class that the profile names, and unbox numbers. Where nothing is known, record, or leave: then the block has ended.
func (b *builder) define(site uint32) { b.defineItem(0, site, b.here) }

// defineBefore is define for a value that the bytecode found on the stack.
func (b *builder) defineBefore() { b.defineItem(0, b.ins.Site, b.before) }

// defineItem is define for the item n below the top.
func (b *builder) defineItem(n int, site uint32, state func() *ir.FrameState) {
	s := b.peek(n)
	if s.kind != ir.SlotObj {
		return
	}
	if b.recording() && s.class == 0 {
		v := b.add(ir.OpRecordClass, ir.Type{}, s.v[0])
		v.Aux = int64(b.siteAddress(site))
		b.f.Recording = true
	}
	if b.general() {
		return
	}
	p := b.profile(site)
	if s.class == 0 {
		if p.poly() {
			return
		}
		class, why := b.expected(site)
		index := int32(len(b.locals) + len(b.stack) - 1 - n)
		if class == 0 { // never executed, as far as is known: what it meets is recorded when it is
			b.unseen(state(), site, index)
			return
		}
		v := b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: class}, state(), ir.ExitInfo{Reason: why, Site: site}, s.v[0])
		v.Aux = int64(class)
		v.Exit.SiteSlot = index
		s.class, s.v[0] = class, v
		b.update(n, s)
	}
	b.unboxItem(n, site, state)
}

// unseen ends the block where nothing was recorded yet: the exit teaches the site, and a version that records goes on.
func (b *builder) unseen(fs *ir.FrameState, site uint32, siteSlot int32) {
	b.sawUnseen = true
	b.exit(ir.ExitResume, ir.WhyUnseen, fs)
	b.block.Ctrl.Exit.Site, b.block.Ctrl.Exit.SiteSlot = site, siteSlot
}

// setTop replaces the top item.
func (b *builder) setTop(s slot) { b.stack[len(b.stack)-1] = s }

// unboxItem gives an object of exact class int, float, bool or NoneType its unboxed form.
func (b *builder) unboxItem(n int, site uint32, state func() *ir.FrameState) {
	s := b.peek(n)
	if s.kind != ir.SlotObj || b.general() {
		return
	}
	switch s.class {
	case b.classInt:
		if b.profile(site).overflowed() {
			return
		}
		v := b.guard(ir.OpUnboxInt, ir.Type{Kind: ir.I64}, state(), ir.ExitInfo{Reason: ir.WhyOverflow, Site: site}, s.v[0])
		b.update(n, slot{kind: ir.SlotIntOrigin, owned: s.owned, volatile: s.volatile, steady: s.steady, local: s.local, v: [3]*ir.Value{v, s.v[0]}})
	case b.classFloat:
		v := b.pure(ir.OpUnboxFloat, ir.F64, s.v[0])
		b.update(n, slot{kind: ir.SlotFloatOrigin, owned: s.owned, volatile: s.volatile, steady: s.steady, local: s.local, v: [3]*ir.Value{v, s.v[0]}})
	case b.classBool:
		v := b.pure(ir.OpUnboxBool, ir.Bool, s.v[0])
		b.release(s)
		b.update(n, boolSlot(v))
	case b.classNone:
		b.release(s)
		b.update(n, noneSlot())
	}
}

// newBlock makes a block and goes on in it.
func (b *builder) newBlock() *ir.Block {
	n := b.f.NewBlock()
	n.Off = b.ins.Off
	return n
}

// jump ends the current block.
func (b *builder) jump(to *ir.Block, args ...*ir.Value) {
	b.block.Ctrl = b.f.NewValue(b.block, ir.OpJump, ir.Type{})
	b.block.Ctrl.Line = b.line
	b.block.Succs = b.f.NewEdges(ir.Edge{To: to, Args: args})
}

// branch ends the current block.
func (b *builder) branch(cond *ir.Value, yes, no *ir.Block, likely int64) {
	b.block.Ctrl = b.f.NewValue(b.block, ir.OpBranch, ir.Type{}, cond)
	b.block.Ctrl.Aux, b.block.Ctrl.Line = likely, b.line
	b.block.Succs = b.f.NewEdges(ir.Edge{To: yes}, ir.Edge{To: no})
}

// exit ends the current block by leaving before the bytecode.
func (b *builder) exit(kind ir.ExitKind, why ir.Reason, fs *ir.FrameState) {
	v := b.f.NewValue(b.block, ir.OpExit, ir.Type{})
	v.FS, v.Line = fs, b.line
	v.Exit = ir.ExitInfo{Kind: kind, Reason: why, Site: ir.NoSite, SiteSlot: -1}
	b.block.Ctrl = v
	b.ended = true
}
