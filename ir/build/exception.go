// Raising and handling exceptions. The runtime raises by hand (traceback entry, exception table) and comes back at the handler;
// here is what stands at handlers. RERAISE has no row: the interpreter passes exceptions on.

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

// raise translates RAISE_VARARGS: nothing, an exception, or an exception and its cause.
func raise(b *builder) error {
	n := int(b.ins.Arg)
	if n == 0 {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	args := []*ir.Value{b.escapeTop(n - 1), b.null()}
	if n == 2 {
		args[1] = b.escapeTop(0)
	}
	b.call("gs_raise", args...)
	b.drop(n)
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
	return nil
}

// pushExcInfo makes the exception on top the one being handled; what was handled before goes beneath it.
func pushExcInfo(b *builder) error {
	exc := b.peek(0)
	b.effect = true
	previous := b.helper("gs_push_exc_info", exc.object())
	previous = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.here(), ir.ExitInfo{}, previous)
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
