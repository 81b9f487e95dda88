// Calls of classes whose instances object makes, and which a plain function initialises: both natively, under a guard on the class's version.

package build

import (
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

const typeIsAbstract = 1 << 20 // of tp_flags

// construct calls the class o with the top n stack items. Its version tells that neither __new__ nor __init__ have changed, nor what is abstract.
func (b *builder) construct(t *decoder.Type, o *decoder.Object, n int) (bool, error) {
	init := t.Attr("__init__")
	if !b.abi.Constructs() || init == nil || init.Value.Func == nil || ir.Class(o.Class) != b.classType || t.Flags&decoder.TypePlainNew == 0 ||
		t.Flags&decoder.TypeVersioned == 0 || t.TPFlags&typeIsAbstract != 0 || b.peek(n).owned || b.profile(b.ins.At).failed() {
		return false, nil
	}
	self := len(b.stack) - 1 - n
	class := b.stack[self]
	b.stack[self].class = ir.Class(t.Address) // what will lie there
	callable := b.constObj(init.Value.Address, ir.Class(init.Value.Class))
	done, err := b.nativeCallOf(init.Value.Func, callable, n+1, n+2, t)
	if !done {
		b.stack[self] = class
	}
	return done, err
}

// instance makes an instance, and puts it where the class lies on the stack. It gives the word that holds the address of the recursion count.
func (b *builder) instance(t *decoder.Type, self int) *ir.Value {
	b.requireVersion(t)
	b.settle()
	b.effect = true
	out := b.scratch(1)
	b.stack[self].class = b.classType
	v := b.helper("gs_new_instance", b.stack[self].v[0], out)
	v.Type.Class = ir.Class(t.Address)
	b.stack[self] = ownedSlot(b.raising(v, b.here()))
	return out
}

// countArguments takes the references that the interpreter has on its way through C to an __init__ that may look: the caller's stack and a tuple
// hold the arguments, and who calls it the instance.
func (b *builder) countArguments(args *arguments) []*ir.Value {
	var counted []*ir.Value
	for i := range args.params {
		if i == args.star || i == args.keywords {
			continue
		}
		if o := args.params[i].object(); o != nil && o.Op != ir.OpConstObj {
			counted = append(counted, o)
			if i > 0 {
				counted = append(counted, o)
			}
		}
	}
	for _, o := range counted {
		b.add(ir.OpIncref, ir.Type{}, o)
	}
	return counted
}

// initialised ends the call of a class after its __init__, which must have returned None.
func (b *builder) initialised(ce *callee, operands, self int, recursion *ir.Value, counted []*ir.Value, tag, v *ir.Value) {
	for _, o := range counted {
		b.add(ir.OpDecrefQuiet, ir.Type{}, o) // it is not the last one
	}
	counter := b.load(ir.OpLoadPtr, ir.HeapScratch, recursion, 0)
	left := b.load(ir.OpLoadS32, ir.HeapOther, counter, 0)
	b.store(ir.OpStoreU32, ir.HeapOther, 0, counter, b.pure(ir.OpAdd, ir.I64, left, b.constInt(1)))
	made := b.stack[self]
	b.stack[self] = nullSlot()
	b.drop(operands)
	b.push(made)
	if h, ok := b.catcher(nil); ok && ce.linked { // frames that the runtime linked are the exit's to take off
		b.orCatch(b.pure(ir.OpINe, ir.Bool, tag, b.constInt(ir.TagError)), h)
	}
	b.push(slot{kind: ir.SlotResult, v: [3]*ir.Value{tag, v}})
	after := b.here()
	after.Slots[len(after.Slots)-1].Tagged = true
	b.guard(ir.OpGuardTag, ir.Type{}, after, ir.ExitInfo{Reason: ir.WhyResult, Site: b.ins.At}, tag).Aux = ir.TagNone
	b.forget(1)
	if ce.linked {
		b.checkFrame()
	}
}
