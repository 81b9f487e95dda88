// Raising and handling exceptions. The runtime raises by hand (traceback entry, exception table) and comes back at the handler;
// here is what stands at handlers.

package build

import (
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

// How gs_catch takes what was raised, as enum gs_reraise.
const (
	raises = iota
	raisesBare
	reraises
)

// handling finds the instructions at which an exception is being handled.
func handling(f *decoder.Func) decoder.Bits {
	found := decoder.NewBits(len(f.Instrs))
	depths := make([]int, len(f.Blocks)) // how many are handled where a block begins, and one more: 0 is not known
	depths[0] = 1
	for work := []int{0}; len(work) > 0; {
		block := &f.Blocks[work[len(work)-1]]
		work = work[:len(work)-1]
		depth := depths[block.Index]
		reach := func(to int) {
			if depths[to] == 0 {
				depths[to] = depth
				work = append(work, to)
			}
		}
		if block.Except >= 0 {
			reach(block.Except)
		}
		for i := block.First; i < block.Last; i++ {
			switch f.Instrs[i].Op {
			case decoder.OpPushExcInfo:
				depth++
			case decoder.OpPopExcept:
				depth--
			}
			if depth > 1 {
				found.Set(i)
			}
		}
		for _, e := range block.Succs {
			reach(e.To)
		}
	}
	return found
}

// handles reports whether the bytecode runs while an exception is being handled.
func (b *builder) handles() bool { return b.code.handling.Has(b.code.Index(b.ins.Off)) }

// catcher is the handler of what the current bytecode raises, nil if the activation has none, and whether raising is compiled: the bytecode has
// raised, and fs, where an exit would raise, is no state before it. Else the exit does it; what never happened is not compiled.
func (b *builder) catcher(fs *ir.FrameState) (*decoder.Handler, bool) {
	if fs != nil && fs.Off == b.ins.Off || !b.profile(b.ins.At).raised() {
		return nil, false
	}
	return b.handler(), true
}

// handler is the handler of what the current bytecode raises, or nil.
func (b *builder) handler() *decoder.Handler {
	if n := b.code.HandlerAt(b.ins.At); n >= 0 {
		return &b.code.Handlers[n]
	}
	return nil
}

// orCatch goes on where the condition holds, and else, with the exception that is set, at the handler or out.
func (b *builder) orCatch(cond *ir.Value, h *decoder.Handler) { b.orRaise(cond, h, func() {}) }

// orRaise goes on where the condition holds, and else raises, and goes on at the handler or out.
func (b *builder) orRaise(cond *ir.Value, h *decoder.Handler, raise func()) {
	fine, raised := b.newBlock(), b.newBlock()
	raised.Cold = h == nil
	b.branch(cond, fine, raised, 1)
	locals, stack, kept, effect, looks, seen := b.clone(b.locals), b.clone(b.stack), b.kept, b.effect, b.looks, b.shown
	inFrame := append(b.f.NewList(len(b.inFrame)), b.inFrame...)
	b.block = raised
	raise()
	b.catch(h, b.null(), raises)
	b.locals, b.stack, b.kept, b.effect, b.looks, b.shown, b.block, b.inFrame, b.ended = locals, stack, kept, effect, looks, seen, fine, inFrame, false
}

// catch takes the exception that is set, as the interpreter does on its way to a handler, and goes on there; or leaves with it.
func (b *builder) catch(h *decoder.Handler, lasti *ir.Value, how int64) {
	if h == nil {
		b.escape(lasti, how)
		return
	}
	if b.looks { // what raised may have written a local, too
		b.look(b.here(), ir.ExitRaise)
	}
	b.settle()
	b.effect = true
	b.link()
	out := b.scratch(2)
	index := ir.HelperIndex("gs_catch")
	exc := b.pure(ir.OpCallHelper, ir.ObjNull, lasti, b.constInt(how), out)
	exc.Aux, exc.Heap = index, ir.Helpers[index].Writes
	null := b.null()
	for i := range b.inFrame {
		b.inFrame[i] = null // the frame is hidden: its slots are empty
		if b.code.Code.Locals[i].Kind&decoder.LocalFree != 0 {
			b.inFrame[i] = nil
		}
	}
	b.hide()
	at := b.load(ir.OpLoadObj, ir.HeapScratch, out, 0)
	traced := b.load(ir.OpLoadI64, ir.HeapScratch, out, 8)
	at.Type.Class = b.classInt
	b.cut(h)
	if h.Lasti {
		b.push(ownedSlot(at))
	} else {
		b.add(ir.OpDecrefQuiet, ir.Type{}, at)
	}
	b.push(ownedSlot(b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, exc)))
	fs := b.frameState(h.Target, b.locals, b.stack)
	b.guard(ir.OpGuard, ir.Type{}, fs, ir.ExitInfo{Kind: ir.ExitTouched, Reason: ir.WhyFrame}, b.pure(ir.OpIEq, ir.Bool, traced, b.constInt(0)))
	b.edge(h.Target)
	b.ended = true
}

// cut gives up what a handler does not find on the stack any more, from the top, as the interpreter unwinds.
func (b *builder) cut(h *decoder.Handler) {
	for len(b.stack) > int(h.Depth) {
		b.drop(1)
	}
}

// passOn takes an exception that was caught to another handler of the activation. Nobody is told of that, and the traceback stays what it is: so the thread
// need not have it in between. at, a reference, is what the handler may ask for: where it was raised.
func (b *builder) passOn(h *decoder.Handler, exc, at slot) {
	b.settle()
	if b.ins.Op == decoder.OpReraise && b.ins.Arg > 0 {
		b.position = []slot{borrowedSlot(at.object())}
	}
	b.cut(h)
	b.position = nil
	if h.Lasti {
		b.push(at)
	} else {
		b.release(at)
	}
	b.push(exc)
	b.edge(h.Target)
	b.ended = true
}

// escape returns with the exception that is set, which nobody handles here: who has the traceback has a frame object that takes the locals over.
func (b *builder) escape(lasti *ir.Value, how int64) {
	if b.looks { // what raised may have written a local
		b.look(b.here(), ir.ExitRaise)
	}
	b.settle()
	b.effect = true
	b.link()
	args := []*ir.Value{lasti, b.constInt(how)}
	for n := range b.stack {
		if s := b.peek(n); s.owned {
			args = append(args, s.object())
		}
	}
	b.forget(len(b.stack)) // the runtime gives them up while the frame is there
	index := ir.HelperIndex("gs_leave_raising")
	v := b.add(ir.OpCallHelper, ir.Type{}, args...)
	v.Aux, v.Heap, v.NFixed = index, ir.Helpers[index].Writes, 2
	b.looks = false
	b.unwind()
	b.block.Ctrl = b.f.NewValue(b.block, ir.OpReturn, ir.Type{})
	b.block.Ctrl.Aux, b.block.Ctrl.Line = ir.TagError, b.line
	b.ended = true
}

// letGo drops the frame object that a traceback has left behind, where code has caught exceptions: else each call would be followed by
// an exit, since there is an object that somebody might have used. While the exception is handled the traceback holds it.
func (b *builder) letGo() {
	if b.code.catches && !b.handles() {
		b.add(ir.OpLetGo, ir.Type{})
	}
}

// raise translates RAISE_VARARGS: nothing (what is being handled is raised again), an exception, or an exception and its cause.
func raise(b *builder) error {
	n := int(b.ins.Arg)
	if h, ok := b.catcher(nil); ok && h != nil && n == 0 {
		handled := b.helper("gs_handled")
		some := b.newBlock()
		none := b.newBlock()
		b.branch(b.pure(ir.OpPNe, ir.Bool, handled, b.null()), some, none, 1)
		none.Cold = true
		b.block = none
		b.exit(ir.ExitResume, ir.WhyValue, b.before())
		b.block, b.ended = some, false
		b.effect = true
		b.passOn(h, ownedSlot(b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, handled)), b.instruction())
		return nil
	}
	args := []*ir.Value{b.null(), b.null()}
	if n > 0 {
		args[0] = b.escapeTop(n - 1)
	}
	if n == 2 {
		args[1] = b.escapeTop(0)
	}
	b.call("gs_raise", args...)
	b.drop(n)
	if h, ok := b.catcher(nil); ok || b.handler() == nil {
		how := int64(raises)
		if n == 0 {
			how = raisesBare
		}
		b.catch(h, b.null(), how)
		return nil
	}
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
	return nil
}

// reraise passes on an exception that was caught. The bytecode to blame, if it is not this one, lies deeper in the stack; the runtime finds it.
func reraise(b *builder) error {
	exc, lasti := b.escapeTop(0), b.null()
	n := int(b.ins.Arg)
	if n > 0 {
		lasti = b.escapeTop(n)
	}
	h, ok := b.catcher(nil)
	if ok && h != nil {
		var at slot
		if n > 0 {
			at = b.own(borrowedSlot(lasti)) // beside the one of the stack
		} else {
			at = b.instruction()
		}
		b.effect = true
		b.passOn(h, b.own(b.pop()), at)
		return nil
	}
	b.settle()
	b.effect = true
	b.helper("gs_reraise", exc)
	b.drop(1)
	if ok {
		b.catch(nil, lasti, reraises)
		return nil
	}
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
	return nil
}

// instruction is the current one's offset as the interpreter keeps it for handlers, a reference.
func (b *builder) instruction() slot {
	return b.own(b.boxedForFrame(intSlot(b.constInt(int64(b.ins.At)))))
}

// pushExcInfo makes the exception on top the one being handled; what was handled before goes beneath it.
func pushExcInfo(b *builder) error {
	exc := b.peek(0)
	b.effect = true
	previous := b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, b.helper("gs_push_exc_info", exc.object()))
	s := b.pop()
	b.push(ownedSlot(previous))
	b.push(b.own(s))
	return nil
}

func popExcept(b *builder) error {
	o := b.boxTop(0)
	b.settle()
	b.effect = true
	handled := b.helper("gs_pop_except", o)
	b.drop(1)
	b.decref(ir.OpXDecref, handled)
	return nil
}

func checkExcMatch(b *builder) error {
	exc := b.peek(1)
	class := b.boxTop(0)
	b.settle()
	b.effect = true
	r := b.finishStatus(b.helper("gs_check_exc_match", exc.object(), class), 1, false) // it looks at MROs only
	b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, r, b.constInt(0))))
	return nil
}

// checkEgMatch translates CHECK_EG_MATCH: of the exception, or of the None that earlier clauses left, what matches goes on top, and the
// rest takes its place.
func checkEgMatch(b *builder) error {
	out := b.scratch(2)
	b.finishStatus(b.call("gs_check_eg_match", b.escapeTop(1), b.escapeTop(0), out), 1, false)
	exc := b.pop()
	b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 0)))
	b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 8)))
	b.release(exc)
	b.checkFrame()
	return nil
}

// prepReraiseStar makes what an except* statement raises of what it did not catch and what its clauses raised; None: nothing. The interpreter
// puts the parts of a group together: what that takes, CPython does not export.
func prepReraiseStar(b *builder) error {
	original, raised := b.escapeTop(1), b.escapeTop(0)
	knows := b.pure(ir.OpINe, ir.Bool, b.helper("gs_star_knows", original, raised), b.constInt(0))
	b.guard(ir.OpGuard, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitInterpret, Reason: ir.WhyNotCompiled}, knows)
	b.finishObject(b.call("gs_prep_reraise_star", original, raised), 2)
	return nil
}

// beforeWith leaves the bound __exit__ and what __enter__ gave.
func beforeWith(b *builder) error {
	out := b.scratch(1)
	r := b.call("gs_before_with", b.escapeTop(0), out)
	b.drop(1)
	r = b.raising(r, b.here())
	b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 0)))
	b.push(ownedSlot(r))
	b.checkFrame()
	return nil
}

// loadSpecial leaves __enter__ or __exit__ of the top item's class for a call.
func loadSpecial(b *builder) error {
	out := b.scratch(2)
	found := b.pure(ir.OpINe, ir.Bool, b.helper("gs_load_special", b.escapeTop(0), b.constInt(int64(b.ins.Arg)), out), b.constInt(0))
	b.guard(ir.OpGuard, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitInterpret, Reason: ir.WhyNotCompiled}, found)
	b.drop(1)
	b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 0)))
	b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 8)))
	return nil
}

// withExceptStart calls __exit__, which lies three items below the exception; as a callable and NULL, or a method and self, four.
func withExceptStart(b *builder) error {
	exc, exit, self := b.peek(0).object(), 3, b.null()
	if b.ins.Flags&decoder.FlagMethod != 0 {
		exit = 4
		if s := b.peek(3); s.kind != ir.SlotNull {
			self = b.escapeTop(3)
		}
	}
	b.finish(b.call("gs_with_except_start", b.escapeTop(exit), exc, self), 0, true)
	return nil
}
