// Raising and handling exceptions. The runtime raises by hand (traceback entry, exception table) and comes back at the handler;
// here is what stands at handlers.

package build

import (
	"github.com/gophersnake/gophersnake/ir"
)

func loadAssertionError(b *builder) error {
	address, ok := b.abi.Lookup("exc.AssertionError")
	if !ok {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	b.push(borrowedSlot(b.constObj(address, b.classType)))
	return nil
}

// raise translates RAISE_VARARGS: nothing (what is being handled is raised again), an exception, or an exception and its cause.
func raise(b *builder) error {
	n := int(b.ins.Arg)
	args := []*ir.Value{b.null(), b.null()}
	if n > 0 {
		args[0] = b.escapeTop(n - 1)
	}
	if n == 2 {
		args[1] = b.escapeTop(0)
	}
	b.call("gs_raise", args...)
	b.drop(n)
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
	return nil
}

// reraise passes on an exception that was caught. The bytecode to blame, if it is not this one, lies deeper in the stack; the runtime finds it.
func reraise(b *builder) error {
	exc := b.escapeTop(0)
	b.settle()
	b.effect = true
	b.helper("gs_reraise", exc)
	b.drop(1)
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
	return nil
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
	b.helper("gs_pop_except", o).Heap = ir.HeapAll // None where nothing was handled before
	b.drop(1)
	return nil
}

func checkExcMatch(b *builder) error {
	exc := b.peek(1)
	r := b.finishStatus(b.call("gs_check_exc_match", exc.object(), b.boxTop(0)), 1, false)
	b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, r, b.constInt(0))))
	b.checkFrame()
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

// withExceptStart calls __exit__, which lies three items below the exception.
func withExceptStart(b *builder) error {
	exit, exc := b.escapeTop(3), b.peek(0)
	b.finish(b.call("gs_with_except_start", exit, exc.object()), 0, true)
	return nil
}
