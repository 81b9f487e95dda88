// Attributes. Of an instance whose class is known and looks attributes up as object does, the value is loaded from, or stored into,
// the instance's values, or the field of a class with __slots__, directly, under a guard on the class's version; everything else asks a helper.

package build

import (
	"slices"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

func loadAttr(b *builder) error {
	s := b.peek(0)
	if !b.general() {
		if m := b.known(s.object()); m != nil && b.moduleAttr(m) {
			return nil
		}
		if p := b.place(s, decoder.TypePlainGet); p.base != nil {
			v := b.load(ir.OpLoadObjNull, ir.HeapAttr, p.base, p.offset)
			v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyType, Site: b.ins.At}, v)
			b.attrsRead = append(b.attrsRead, attrRead{b.peek(0).object(), b.ins.Arg})
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
	b.unguessed = true
	if !b.general() && b.quietAttr(s) {
		o := b.escapeTop(0)
		b.settle()
		b.effect = true
		b.finish(b.helper("gs_get_attr", o, b.name()), 1, false)
		return nil
	}
	b.finish(b.call("gs_get_attr", b.escapeTop(0), b.name()), 1, true)
	return nil
}

const typeIsException = 1 << 30 // of tp_flags

// quietAttr reports whether the attribute is one that a builtin exception has in C, as args: nobody can change that, and to get it runs no Python code.
func (b *builder) quietAttr(s slot) bool {
	t := b.types[uint64(s.class)]
	if s.kind != ir.SlotObj || t == nil || t.Flags&(decoder.TypeHeap|decoder.TypePlainGet) != decoder.TypePlainGet || t.TPFlags&typeIsException == 0 {
		return false
	}
	name := b.code.Code.Names[b.ins.Arg]
	attr := t.Attr(name)
	// Who asks for the traceback goes on to its frame, and what that shows is looked at after each call: such code is better left to the interpreter soon.
	return attr != nil && name != "__traceback__" && (b.abi.Name(attr.Value.Class) == "type.getset_descriptor" || b.abi.Name(attr.Value.Class) == "type.member_descriptor")
}

func storeAttr(b *builder) error {
	owner := b.peek(0)
	if !b.general() {
		if p := b.place(owner, decoder.TypePlainSet); p.base != nil {
			if b.addsValue(p) {
				return nil
			}
			old := b.load(ir.OpLoadObjNull, ir.HeapAttr, p.base, p.offset)
			before := slot{kind: ir.SlotObjNull, owned: true, v: [3]*ir.Value{old}}
			if !p.nullable || b.replacesQuiet() {
				_, why := b.expected(b.ins.At)
				old = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: why, Site: b.ins.At}, old)
				seen := true
				if before, seen = b.replacedClass(old); !seen {
					return nil
				}
			}
			b.escapeTop(1)
			b.update(1, b.own(b.peek(1)))
			b.store(ir.OpStoreObj, ir.HeapAttr, p.offset, p.base, b.topObject(1))
			b.stack[len(b.stack)-2].owned = false // the instance has it now
			b.drop(2)
			b.settle() // the stack may borrow what was there
			b.release(before)
			return nil
		}
	}
	value, o := b.escapeTop(1), b.escapeTop(0)
	if b.recording() {
		b.helper("gs_record_attr", o, b.name(), b.constPtr(b.siteAddress(b.ins.At)))
		b.f.Recording = true
	}
	b.finishStatus(b.call("gs_set_attr", o, b.name(), value), 2, true)
	return nil
}

// replacedClass is the slot of an object that the bytecode is about to replace in a container, which owned it: its class is what
// the profile names, guarded, so that its end is known to run no Python code. Not seen: the block has ended.
func (b *builder) replacedClass(old *ir.Value) (s slot, seen bool) {
	s = slot{kind: ir.SlotObj, owned: true, v: [3]*ir.Value{old}}
	class, why := b.expected(b.ins.At)
	switch {
	case class == 0 && b.code.BlockAt(b.ins.Off).Loop >= 0: // in a loop it pays to know
		b.unseen(b.before(), b.ins.At, -1)
		return s, false
	case !b.profile(b.ins.At).poly() && b.quietClass(class):
		s.class = class
		v := b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: s.class}, b.before(), ir.ExitInfo{Reason: why, Site: b.ins.At}, old)
		v.Aux = int64(s.class)
		s.v[0] = v
	}
	return s, true
}

// attrRead is an attribute that the block has loaded from an instance.
type attrRead struct {
	owner *ir.Value
	name  int32
}

// replacesQuiet reports whether all that the bytecode was seen to replace were of one class, whose objects end quietly.
func (b *builder) replacesQuiet() bool {
	p := b.profile(b.ins.At)
	return !p.poly() && b.quietClass(p.class())
}

// place is where an instance keeps an attribute.
type place struct {
	base     *ir.Value // nil: that cannot be told
	offset   uint64
	nullable bool  // there may be none, and to set it is no more than to store it
	index    int64 // among the instance's values, if it is not nullable
}

// place finds where the instance in a slot keeps the attribute that the bytecode names, and guards that it still does.
func (b *builder) place(s slot, plain uint32) place {
	if s.kind != ir.SlotObj || s.class == 0 || b.profile(b.ins.At).failed() {
		return place{}
	}
	t := b.types[uint64(s.class)]
	if t == nil || t.Flags&plain == 0 || t.Flags&decoder.TypeVersioned == 0 {
		return place{}
	}
	name := b.code.Code.Names[b.ins.Arg]
	n, attr := t.InstanceAttr(name), t.Attr(name)
	switch {
	case attr != nil && attr.Value.Kind == decoder.ObjMemberDescr && b.inherits(t, attr.Value.Item) && (plain == decoder.TypePlainGet || attr.Value.Flags&decoder.ObjCut == 0):
		b.requireVersion(t)
		return place{base: s.v[0], offset: attr.Value.Value, nullable: true}
	case n != nil && (attr == nil || plainValue(attr.Value)):
		b.requireVersion(t)
		values, offset := b.values(s.v[0], t, plain == decoder.TypePlainSet)
		return place{base: values, offset: offset + n.Entry, index: int64(n.Entry / 8)}
	}
	return place{}
}

// plainValue reports whether what a class has under a name is no descriptor, so that the instance comes first: the default of a field, say.
func plainValue(o *decoder.Object) bool {
	switch o.Kind {
	case decoder.ObjNone, decoder.ObjBool, decoder.ObjInt, decoder.ObjFloat, decoder.ObjStr, decoder.ObjBytes, decoder.ObjTuple, decoder.ObjList,
		decoder.ObjDict, decoder.ObjSet, decoder.ObjRange, decoder.ObjEllipsis:
		return true
	}
	return false
}

// addsValue stores an attribute that an instance has not had so far, or may not have had: where the profile knows of no other store, that is what it
// does, and where it knows nothing yet, in straight code, either.
func (b *builder) addsValue(p place) bool {
	site := b.profile(b.ins.At)
	loops := b.code.BlockAt(b.ins.Off).Loop >= 0
	read := slices.Contains(b.attrsRead, attrRead{b.peek(0).object(), b.ins.Arg}) // as x.a += 1 has: it is there
	if p.nullable || !site.empty() && (site.class() != 0 || loops || read) {
		return false
	}
	old := b.load(ir.OpLoadObjNull, ir.HeapAttr, p.base, p.offset)
	missing := b.pure(ir.OpPEq, ir.Bool, old, b.null())
	only := site.empty() && site.class() == 0
	if only {
		b.require(missing, ir.WhyType)
	}
	b.escapeTop(1)
	b.update(1, b.own(b.peek(1)))
	b.store(ir.OpStoreObj, ir.HeapAttr, p.offset, p.base, b.topObject(1))
	b.stack[len(b.stack)-2].owned = false // the instance has it now
	owner := b.topObject(0)
	added := func() { b.helper("gs_value_added", owner, b.constInt(p.index)) }
	if only {
		added()
		b.drop(2)
		return true
	}
	add, end := b.newBlock(), b.newBlock()
	b.branch(missing, add, end, 1)
	b.block = add
	added()
	b.jump(end)
	b.block = end
	b.drop(2)
	b.settle() // the stack may borrow what was there
	b.release(slot{kind: ir.SlotObjNull, owned: true, v: [3]*ir.Value{old}})
	return true
}

// values finds the values of an instance whose class manages dicts, at an offset from an address, and guards that they count: it has no
// dict that takes their place, or, where one is to be set, that shares them, for that one tells those who watch it.
func (b *builder) values(o *ir.Value, t *decoder.Type, set bool) (*ir.Value, uint64) {
	switch b.abi.ValuesForm {
	case pyabi.ValuesInline, pyabi.ValuesBehind:
		base := uint64(0)
		if b.abi.ValuesForm == pyabi.ValuesBehind {
			base = uint64(t.BasicSize)
		}
		valid := b.load(ir.OpLoadU8, ir.HeapAttr, o, base+b.abi.ValuesValid)
		b.require(b.pure(ir.OpINe, ir.Bool, valid, b.constInt(0)), ir.WhyType)
		if set {
			b.require(b.pure(ir.OpPEq, ir.Bool, b.load(ir.OpLoadPtr, ir.HeapAttr, o, b.abi.ValuesDict), b.constPtr(0)), ir.WhyType)
		}
		return o, base + b.abi.ValuesAt
	case pyabi.ValuesTagged:
		low := b.pure(ir.OpAnd, ir.I64, b.load(ir.OpLoadU8, ir.HeapAttr, o, b.abi.ValuesAt), b.constInt(1))
		b.require(b.pure(ir.OpINe, ir.Bool, low, b.constInt(0)), ir.WhyType)
		return b.load(ir.OpLoadPtr, ir.HeapAttr, o, b.abi.ValuesAt), 1
	}
	values := b.load(ir.OpLoadPtr, ir.HeapAttr, o, b.abi.ValuesAt)
	b.require(b.pure(ir.OpPNe, ir.Bool, values, b.constPtr(0)), ir.WhyType)
	return values, 0
}

// inherits reports whether instances of t have the layout of the class.
func (b *builder) inherits(t *decoder.Type, class *decoder.Object) bool {
	for ; class != nil && t != nil; t = b.types[t.Base] {
		if t.Address == class.Address {
			return true
		}
	}
	return false
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
