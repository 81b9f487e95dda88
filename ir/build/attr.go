// Attributes. Of an instance whose class is known and looks attributes up as object does, the value is loaded from, or stored into,
// the instance's values directly, under a guard on the class's version; everything else asks the C-API.

package build

import (
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

func loadAttr(b *builder) error {
	s := b.peek(0)
	if !b.general() {
		if m := b.known(s.object()); m != nil && b.moduleAttr(m) {
			return nil
		}
		if values, n := b.instanceValues(s, decoder.TypePlainGet); n != nil {
			v := b.load(ir.OpLoadObjNull, ir.HeapAttr, values, n.Entry)
			v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyType, Site: b.ins.At}, v)
			item := borrowedSlot(v)
			item.volatile = true
			if s.owned { // a temporary: it may take its attributes with it
				item = b.own(item)
			}
			b.drop(1)
			b.push(item)
			b.define(b.ins.At)
			return nil
		}
	}
	b.finish(b.call("PyObject_GetAttr", b.escapeTop(0), b.name()), 1, true)
	return nil
}

func storeAttr(b *builder) error {
	owner := b.peek(0)
	if values, n := b.instanceValues(owner, decoder.TypePlainSet); n != nil && !b.general() {
		old := b.load(ir.OpLoadObjNull, ir.HeapAttr, values, n.Entry)
		old = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyType, Site: b.ins.At}, old)
		before, seen := b.replacedClass(old)
		if !seen {
			return nil
		}
		b.escapeTop(1)
		b.update(1, b.own(b.peek(1)))
		b.store(ir.OpStoreObj, ir.HeapAttr, n.Entry, values, b.topObject(1))
		b.stack[len(b.stack)-2].owned = false // the instance has it now
		b.drop(2)
		b.settle() // the stack may borrow what was there
		b.release(before)
		return nil
	}
	value := b.escapeTop(1)
	b.finishStatus(b.call("PyObject_SetAttr", b.escapeTop(0), b.name(), value), 2, true)
	return nil
}

// replacedClass is the slot of an object that the bytecode is about to replace in a container, which owned it: its class is what
// the profile names, guarded, so that its end is known to run no Python code. Not seen: the block has ended.
func (b *builder) replacedClass(old *ir.Value) (s slot, seen bool) {
	s = slot{kind: ir.SlotObj, owned: true, v: [3]*ir.Value{old}}
	p := b.profile(b.ins.At)
	switch {
	case p.class() == 0 && b.code.BlockAt(b.ins.Off).Loop >= 0: // in a loop it pays to know
		b.unseen(b.before(), b.ins.At, -1)
		return s, false
	case !p.poly() && b.quietClass(p.class()):
		s.class = p.class()
		v := b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: s.class}, b.before(), ir.ExitInfo{Reason: ir.WhyType, Site: b.ins.At}, old)
		v.Aux = int64(s.class)
		s.v[0] = v
	}
	return s, true
}

// instanceValues gives the address of an instance's values, and where among them the attribute lies; nil if that cannot be told.
func (b *builder) instanceValues(s slot, plain uint32) (*ir.Value, *decoder.Name) {
	if s.kind != ir.SlotObj || s.class == 0 || b.profile(b.ins.At).failed() {
		return nil, nil
	}
	t := b.types[uint64(s.class)]
	if t == nil || t.Flags&plain == 0 || t.Flags&decoder.TypeVersioned == 0 {
		return nil, nil
	}
	name := b.code.Code.Names[b.ins.Arg]
	n := t.InstanceAttr(name)
	if n == nil || t.Attr(name) != nil { // the class has one too, which may be a descriptor
		return nil, nil
	}
	b.requireVersion(t)
	values := b.load(ir.OpLoadPtr, ir.HeapAttr, s.v[0], b.abi.ObjectValues)
	b.require(b.pure(ir.OpPNe, ir.Bool, values, b.constPtr(0)), ir.WhyType)
	return values, n
}

// requireVersion leaves if the class has changed since the snapshot.
func (b *builder) requireVersion(t *decoder.Type) {
	version := b.load(ir.OpLoadU32, ir.HeapAttr, b.constPtr(t.Address), b.abi.TypeVersionTag)
	b.require(b.pure(ir.OpIEq, ir.Bool, version, b.constInt(int64(t.Version))), ir.WhyType)
}

func deleteAttr(b *builder) error {
	b.finishStatus(b.call("gs_del_attr", b.escapeTop(0), b.name()), 1, true)
	return nil
}
