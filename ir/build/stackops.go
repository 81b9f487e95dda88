// Constants, local variables, cells and the stack itself.

package build

import (
	"math"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

func nop(b *builder) error { return nil }

// constSlot is a constant of the code: raw where it is a number, with the constant's own object as its origin.
func (b *builder) constSlot(o *decoder.Object) slot {
	obj := func() *ir.Value { return b.constObj(o.Address, ir.Class(o.Class)) }
	if b.general() {
		return borrowedSlot(obj())
	}
	switch {
	case o.Kind == decoder.ObjNone:
		return noneSlot()
	case o.Kind == decoder.ObjBool:
		return boolSlot(b.constBool(o.Int != 0))
	case o.Kind == decoder.ObjInt && o.Fits() && ir.Class(o.Class) == b.classInt:
		return slot{kind: ir.SlotIntOrigin, v: [3]*ir.Value{b.constInt(o.Int), obj()}}
	case o.Kind == decoder.ObjFloat && ir.Class(o.Class) == b.classFloat && !math.IsNaN(o.Float):
		return slot{kind: ir.SlotFloatOrigin, v: [3]*ir.Value{b.constFloat(o.Float), obj()}}
	}
	return borrowedSlot(obj())
}

func loadConst(b *builder) error {
	s := b.constSlot(b.code.Code.Consts[b.ins.Arg])
	s.uncounted = b.ins.Flags&decoder.FlagBorrow != 0
	b.push(s)
	return nil
}

func loadSmallInt(b *builder) error {
	n := int64(b.ins.Arg)
	address, ok := b.abi.SmallInt(n)
	if !ok {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	o := b.constObj(address, b.classInt)
	if b.general() {
		b.push(borrowedSlot(o))
	} else {
		b.push(slot{kind: ir.SlotIntOrigin, v: [3]*ir.Value{b.constInt(n), o}})
	}
	return nil
}

// commons are the objects that LOAD_COMMON_CONSTANT loads, as the ABI header names them.
var commons = [decoder.NumCommon]string{
	decoder.CommonAssertionError: "exc.AssertionError", decoder.CommonNotImplementedError: "exc.NotImplementedError",
	decoder.CommonTuple: "type.tuple", decoder.CommonAll: "builtin.all", decoder.CommonAny: "builtin.any", decoder.CommonList: "type.list",
	decoder.CommonSet: "type.set", decoder.CommonEmptyStr: "obj.empty_str",
}

func loadCommon(b *builder) error {
	switch b.ins.Arg {
	case decoder.CommonNone:
		if !b.general() {
			b.push(noneSlot())
			return nil
		}
		b.push(borrowedSlot(b.constObj(b.abi.ObjNone, b.classNone)))
		return nil
	case decoder.CommonTrue, decoder.CommonFalse:
		s := boolSlot(b.constBool(b.ins.Arg == decoder.CommonTrue))
		if b.general() {
			s = b.boxed(s)
		}
		b.push(s)
		return nil
	case decoder.CommonMinusOne:
		b.ins.Arg = -1
		return loadSmallInt(b)
	}
	address, ok := b.abi.Lookup(commons[b.ins.Arg])
	if !ok {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	class := ir.Class(0)
	switch b.ins.Arg {
	case decoder.CommonAll, decoder.CommonAny:
	case decoder.CommonEmptyStr:
		class = b.classStr
	default:
		class = b.classType
	}
	b.push(borrowedSlot(b.constObj(address, class)))
	return nil
}

func loadFast(b *builder) error {
	i := int(b.ins.Arg)
	s := b.local(i)
	switch s.kind {
	case ir.SlotNull:
		b.unbound(i)
		return nil
	case ir.SlotDyn:
		b.exit(ir.ExitInterpret, ir.WhyUnbound, b.before())
		return nil
	case ir.SlotObjNull:
		if b.ins.Flags&decoder.FlagMayBeUnbound != 0 {
			s = b.bound(i)
		} else { // the compiler that made the bytecode knows that it is bound
			v := b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj, Class: s.v[0].Type.Class}, s.v[0])
			s = slot{kind: ir.SlotObj, owned: s.owned, class: s.class, v: [3]*ir.Value{v}}
			b.locals[i] = s
		}
	}
	s.uncounted = b.ins.Flags&decoder.FlagBorrow != 0
	if s.object() != nil {
		s.owned = false // the local's is one reference, also to a constant
		if !s.constant() {
			s.local = i + 1
		}
	}
	b.push(s)
	return nil
}

// unbound raises: the local has no value.
func (b *builder) unbound(local int) {
	b.effect = true
	b.helper("gs_unbound_local", b.codeObject(), b.constInt(int64(local)))
	if h, ok := b.catcher(nil); ok {
		b.catch(h, b.null(), raises)
		return
	}
	b.exit(ir.ExitRaise, ir.WhyRaised, b.here())
}

// codeObject is the code of the activation, which names its variables: the function may have been given another.
func (b *builder) codeObject() *ir.Value { return b.constObj(b.code.Code.Address, 0) }

// bound leaves if the local, an object or NULL, has no value: a version that begins here knows it, and raises. Where that was caught it is code.
func (b *builder) bound(local int) slot {
	s := b.locals[local]
	if h, ok := b.catcher(nil); ok {
		b.orRaise(b.pure(ir.OpPNe, ir.Bool, s.v[0], b.null()), h, func() {
			b.helper("gs_unbound_local", b.codeObject(), b.constInt(int64(local)))
		})
		s = slot{kind: ir.SlotObj, owned: s.owned, class: s.class, v: [3]*ir.Value{b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj, Class: s.v[0].Type.Class}, s.v[0])}}
		b.locals[local] = s
		return s
	}
	v := b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj, Class: s.v[0].Type.Class}, b.before(), ir.ExitInfo{Reason: ir.WhyUnbound}, s.v[0])
	s = slot{kind: ir.SlotObj, owned: s.owned, class: s.class, v: [3]*ir.Value{v}}
	b.locals[local] = s
	return s
}

// detach takes references for what the stack borrowed from a local that is about to change.
func (b *builder) detach(local int) {
	for i := range b.stack {
		if s := &b.stack[i]; s.local == local+1 && !s.owned && !s.steady && s.object() != nil {
			b.update(len(b.stack)-1-i, b.own(*s))
		}
	}
}

func storeFast(b *builder) error {
	i := int(b.ins.Arg)
	if b.ins.Flags&decoder.FlagInner == 0 {
		if b.peek(0).isObj() && b.peek(0).class == 0 {
			b.defineBefore()
		}
		// What the same bytecode stores next is looked at now: once something is stored, nobody can go back before it.
		if next := b.code.Inner(b.ins.Off); next != nil && next.Op == decoder.OpStoreFast && !b.ended {
			switch s := b.peek(1); {
			case s.isObj() && s.class == 0:
				b.defineItem(1, next.Site, b.before)
			case s.kind == ir.SlotRange || s.kind == ir.SlotRangeIter:
				b.boxTop(1)
			}
		}
		if b.ended {
			return nil
		}
	}
	switch s := b.peek(0); s.kind {
	case ir.SlotRange, ir.SlotRangeIter:
		b.boxTop(0)
	}
	s := b.pop()
	if s.local != i+1 {
		b.detach(i)
	}
	if (s.object() != nil && !s.constant() || s.kind == ir.SlotObj) && !s.steady {
		s = b.own(s)
	}
	s.local, s.volatile, s.uncounted = 0, false, false
	b.release(b.setLocal(i, s))
	return nil
}

// loadFastAndClear saves what a local of the same name as a comprehension's variable has, if anything, on the stack.
func loadFastAndClear(b *builder) error {
	i := int(b.ins.Arg)
	b.detach(i)
	s := b.setLocal(i, nullSlot())
	s.local = 0
	b.push(b.own(s))
	return nil
}

func deleteFast(b *builder) error {
	i := int(b.ins.Arg)
	switch b.local(i).kind {
	case ir.SlotNull:
		b.unbound(i)
		return nil
	case ir.SlotDyn:
		b.exit(ir.ExitInterpret, ir.WhyUnbound, b.before())
		return nil
	case ir.SlotObjNull:
		b.bound(i)
	}
	b.detach(i)
	b.release(b.setLocal(i, nullSlot()))
	return nil
}

func popTop(b *builder) error {
	if b.ins.Flags&decoder.FlagIndexed != 0 {
		b.drop(1)
	}
	b.drop(1)
	return nil
}

func pushNull(b *builder) error {
	b.push(nullSlot())
	return nil
}

func copyItem(b *builder) error {
	s := b.peek(int(b.ins.Arg) - 1)
	if s.kind == ir.SlotRange || s.kind == ir.SlotRangeIter {
		b.boxTop(int(b.ins.Arg) - 1)
		s = b.peek(int(b.ins.Arg) - 1)
	}
	if s.object() != nil && s.owned {
		s.owned = false
		s = b.own(s)
	}
	b.push(s)
	return nil
}

func swapItems(b *builder) error {
	top, other := len(b.stack)-1, len(b.stack)-int(b.ins.Arg)
	b.stack[top], b.stack[other] = b.stack[other], b.stack[top]
	b.kept = min(b.kept, other)
	return nil
}

// copyFreeVars fills the locals of free variables with the cells of the function's closure.
func copyFreeVars(b *builder) error {
	closure := b.load(ir.OpLoadPtr, ir.HeapOther, b.callable, b.abi.FuncClosure)
	first := len(b.locals) - int(b.ins.Arg)
	for n := range int(b.ins.Arg) {
		cell := b.load(ir.OpLoadObj, ir.HeapConst, closure, b.abi.TupleItem+8*uint64(n))
		cell.Type.Class = b.classCell
		b.locals[first+n] = b.own(borrowedSlot(cell))
	}
	return nil
}

func makeCell(b *builder) error {
	i := int(b.ins.Arg)
	initial := b.locals[i]
	content := b.boxedForFrame(initial)
	b.effect = true
	cell := b.raising(b.helper("PyCell_New", content.object()), b.here())
	cell.Type.Class = b.classCell
	b.locals[i] = ownedSlot(cell)
	b.release(content)
	return nil
}

func loadClosure(b *builder) error { return loadFast(b) }

// cell is the cell in a local.
func (b *builder) cell() *ir.Value { return b.cellAt(int(b.ins.Arg)) }

func (b *builder) cellAt(i int) *ir.Value {
	s := b.locals[i]
	if s.kind == ir.SlotObj {
		return s.v[0]
	}
	v := b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj, Class: b.classCell}, b.before(), ir.ExitInfo{Reason: ir.WhyUnbound}, s.v[0])
	b.locals[i] = slot{kind: ir.SlotObj, owned: s.owned, class: b.classCell, v: [3]*ir.Value{v}}
	return v
}

func loadDeref(b *builder) error {
	cell := b.cell()
	if b.profile(b.ins.At).failed() { // it was empty, and may be again
		b.effect = true
		b.finish(b.helper("gs_load_deref", b.codeObject(), cell, b.constInt(int64(b.ins.Arg))), 0, false)
		return nil
	}
	v := b.load(ir.OpLoadObjNull, ir.HeapCell, cell, b.abi.CellRef)
	v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyUnbound, Site: b.ins.At}, v)
	s := borrowedSlot(v)
	s.volatile = true
	b.push(s)
	b.define(b.ins.At)
	return nil
}

func storeDeref(b *builder) error {
	b.escapeTop(0)
	b.update(0, b.own(b.peek(0)))
	cell := b.cell()
	old := b.load(ir.OpLoadObjNull, ir.HeapCell, cell, b.abi.CellRef)
	s := b.pop()
	b.store(ir.OpStoreObj, ir.HeapCell, b.abi.CellRef, cell, s.object())
	b.settle()
	b.decref(ir.OpXDecref, old)
	return nil
}

// unwind gives up the references of all locals, in the interpreter's order.
func (b *builder) unwind() {
	b.unwinding = true
	for k := range b.locals {
		i := k
		if b.code.LastFirst {
			i = len(b.locals) - 1 - k
		}
		s := b.locals[i]
		b.locals[i] = nullSlot()
		b.release(s)
	}
	b.unwinding = false
}

func returnValue(b *builder) error {
	b.letGo()
	b.guard(ir.OpGuardFrame, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitTouched, Reason: ir.WhyFrame})
	b.leave()
	return nil
}

func returnConst(b *builder) error {
	b.letGo()
	b.guard(ir.OpGuardFrame, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitTouched, Reason: ir.WhyFrame})
	b.push(b.constSlot(b.code.Code.Consts[b.ins.Arg]))
	b.leave()
	return nil
}

// leave returns the top item.
func (b *builder) leave() {
	s := b.peek(0)
	if s.kind == ir.SlotRange || s.kind == ir.SlotRangeIter {
		b.boxTop(0)
	}
	s = b.pop()
	var v *ir.Value
	tag := int64(ir.TagObj)
	switch {
	case s.kind == ir.SlotNone:
		tag = ir.TagNone
	case s.isBool():
		tag, v = ir.TagBool, s.v[0]
	case s.kind == ir.SlotInt, s.kind == ir.SlotIntOrigin && b.byValue(&s):
		tag, v = ir.TagInt, s.v[0]
	case s.kind == ir.SlotFloat, s.kind == ir.SlotFloatOrigin && b.byValue(&s):
		tag, v = ir.TagFloat, s.v[0]
	default:
		v = b.own(s).object()
	}
	b.unwind()
	b.self.returns(tag)
	b.block.Ctrl = b.f.NewValue(b.block, ir.OpReturn, ir.Type{})
	if v != nil {
		b.block.Ctrl.Args = []*ir.Value{v}
	}
	b.block.Ctrl.Aux, b.block.Ctrl.Line = tag, b.line
	b.ended = true
}

func jump(b *builder) error {
	b.edge(b.ins.Target)
	b.ended = true
	return nil
}

// split ends the block with a branch; yes and no go on with the current state in blocks of their own.
func (b *builder) split(cond *ir.Value, likely int64, yes, no func()) {
	y, n := b.newBlock(), b.newBlock()
	b.branch(cond, y, n, likely)
	locals, stack, kept, effect, seen := b.clone(b.locals), b.clone(b.stack), b.kept, b.effect, b.shown
	inFrame := append(b.f.NewList(len(b.inFrame)), b.inFrame...)
	b.block = y
	yes()
	b.locals, b.stack, b.kept, b.effect, b.shown, b.block, b.inFrame = locals, stack, kept, effect, seen, n, inFrame
	no()
	b.ended = true
}

// conditional translates POP_JUMP_IF_TRUE and _FALSE, and JUMP_IF_…_OR_POP, which keep the value where they jump.
func conditional(b *builder) error {
	keep := b.ins.Flags&decoder.FlagKeep != 0
	if keep && b.peek(0).kind == ir.SlotRange {
		b.boxTop(0)
	}
	cond, looked := b.truthOfTop()
	if !keep {
		b.drop(1)
	}
	if looked {
		cond = b.raisingNegative(cond, b.here())
		cond = b.pure(ir.OpINe, ir.Bool, cond, b.constInt(0))
	}
	// After a call out the frame is looked at on both sides, since only there it is known where the interpreter would go on.
	jumps := func() { b.edgeAfter(b.ins.Target, looked) }
	falls := func() {
		if keep {
			b.drop(1)
		}
		b.edgeAfter(b.ins.Next, looked)
	}
	if b.ins.Op == decoder.OpJumpIfTrue {
		b.split(cond, 0, jumps, falls)
	} else {
		b.split(cond, 0, falls, jumps)
	}
	return nil
}

// edgeAfter is edge, after a look at the frame if the bytecode called out.
func (b *builder) edgeAfter(target uint32, looked bool) {
	if looked {
		b.checkFrameAt(target)
	}
	b.edge(target)
}

func jumpIfNone(b *builder) error {
	s := b.peek(0)
	var cond *ir.Value
	switch s.kind {
	case ir.SlotNone:
		cond = b.constBool(true)
	case ir.SlotObj:
		cond = b.pure(ir.OpPEq, ir.Bool, s.v[0], b.constObj(b.abi.ObjNone, b.classNone))
	default:
		cond = b.constBool(false)
	}
	b.drop(1)
	jumps := func() { b.edge(b.ins.Target) }
	falls := func() { b.edge(b.ins.Next) }
	if b.ins.Op == decoder.OpJumpIfNone {
		b.split(cond, 0, jumps, falls)
	} else {
		b.split(cond, 0, falls, jumps)
	}
	return nil
}

func deleteDeref(b *builder) error {
	b.finishStatus(b.call("gs_delete_deref", b.codeObject(), b.cell(), b.constInt(int64(b.ins.Arg))), 0, true)
	return nil
}
