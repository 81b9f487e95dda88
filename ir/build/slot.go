// The abstract machine's slots while a function is built: what each local variable and stack item is, in which SSA values,
// and who owns the reference. docs/runtime.md, section 3 has the kinds.

package build

import (
	"github.com/gophersnake/gophersnake/ir"
)

// slot is a local variable or stack item. v holds the components of the kind: the raw value first, the object it came from
// after it (INT_ORIGIN, FLOAT_ORIGIN), or the object (OBJ, OBJ_OR_NULL).
type slot struct {
	kind  ir.SlotKind
	owned bool // this slot holds a reference to its object
	// volatile: borrowed from a container, which may let go of it at the next effect; a reference is taken before that.
	volatile bool
	// steady: borrowed from a tuple that lives as long as the activation, because a parameter leads to it; only before something that may count
	// references is one taken.
	steady    bool
	over      bool     // an iterator over a steady tuple
	seen      bool     // a constant or literal whose object others may have: its identity counts
	literal   bool     // borrowed from a native caller that has it as such a constant: native code returns it by its value
	uncounted bool     // the interpreter's stack holds no reference to it: who counts them finds the local's, or the constant's, alone
	local     int      // borrowed from this local variable, whose next store must take a reference first; counted from 1, 0: no
	alias     int      // in a version's key: holds the raw value of an earlier slot, counted from 1; 0: no
	class     ir.Class // exact class of an object, or 0
	v         [3]*ir.Value
}

func nullSlot() slot             { return slot{kind: ir.SlotNull} }
func noneSlot() slot             { return slot{kind: ir.SlotNone} }
func intSlot(v *ir.Value) slot   { return slot{kind: ir.SlotInt, v: [3]*ir.Value{v}} }
func floatSlot(v *ir.Value) slot { return slot{kind: ir.SlotFloat, v: [3]*ir.Value{v}} }
func boolSlot(v *ir.Value) slot  { return slot{kind: ir.SlotBool, v: [3]*ir.Value{v}} }
func ownedSlot(v *ir.Value) slot {
	return slot{kind: ir.SlotObj, owned: true, class: v.Type.Class, v: [3]*ir.Value{v}}
}
func borrowedSlot(v *ir.Value) slot {
	return slot{kind: ir.SlotObj, class: v.Type.Class, v: [3]*ir.Value{v}}
}

// object is the slot's object, if one exists.
func (s slot) object() *ir.Value {
	switch s.kind {
	case ir.SlotObj, ir.SlotObjNull:
		return s.v[0]
	case ir.SlotIntOrigin, ir.SlotFloatOrigin:
		return s.v[1]
	}
	return nil
}

// isInt reports whether a raw int64 is at hand; a bool counts as one where Python says so.
func (s slot) isInt() bool    { return s.kind == ir.SlotInt || s.kind == ir.SlotIntOrigin }
func (s slot) isFloat() bool  { return s.kind == ir.SlotFloat || s.kind == ir.SlotFloatOrigin }
func (s slot) isBool() bool   { return s.kind == ir.SlotBool }
func (s slot) isIntish() bool { return s.isInt() || s.isBool() }
func (s slot) isNumber() bool { return s.isIntish() || s.isFloat() }
func (s slot) isObj() bool    { return s.kind == ir.SlotObj }

// constant reports whether the slot's object is a constant of the code, which nobody needs to count.
func (s slot) constant() bool {
	o := s.object()
	return o != nil && o.Op == ir.OpConstObj
}

// exactClass is the class of what the slot holds, as far as it is known.
func (b *builder) exactClass(s *slot) ir.Class {
	switch s.kind {
	case ir.SlotInt, ir.SlotIntOrigin:
		return b.classInt
	case ir.SlotFloat, ir.SlotFloatOrigin:
		return b.classFloat
	case ir.SlotBool:
		return b.classBool
	case ir.SlotNone:
		return b.classNone
	case ir.SlotRange:
		return b.classRange
	case ir.SlotRangeIter:
		return b.classRangeIter
	case ir.SlotObj:
		return s.class
	}
	return 0
}

// quietClass reports whether the end of an object of the class runs no Python code and frees nothing else.
func (b *builder) quietClass(c ir.Class) bool {
	switch c {
	case 0:
		return false
	case b.classInt, b.classFloat, b.classStr, b.classBytes, b.classBool, b.classNone, b.classRange, b.classRangeIter:
		return true
	}
	return false
}

// own makes sure that the slot holds a reference of its own.
func (b *builder) own(s slot) slot {
	if o := s.object(); o != nil && !s.owned {
		if s.kind == ir.SlotObjNull {
			b.add(ir.OpXIncref, ir.Type{}, o)
		} else {
			b.add(ir.OpIncref, ir.Type{}, o)
		}
		s.owned, s.volatile, s.steady, s.local, s.literal = true, false, false, 0, false
	}
	return s
}

// release gives up the slot's reference.
func (b *builder) release(s slot) {
	o := s.object()
	if o == nil || !s.owned {
		return
	}
	switch {
	case s.kind == ir.SlotIntOrigin, s.kind == ir.SlotFloatOrigin, s.kind == ir.SlotObj && b.quietClass(s.class):
		b.add(ir.OpDecrefQuiet, ir.Type{}, o)
	case s.kind == ir.SlotObjNull:
		b.settle()
		b.effect = true
		b.hold()
		b.decref(ir.OpXDecref, o)
	default:
		b.settle()
		b.effect = true
		if !s.over { // its end is nobody else's
			b.hold()
		}
		b.decref(ir.OpDecref, o)
	}
}

// hold takes the references of slots that did without: what follows may count them. An effect has happened, or is about to.
func (b *builder) hold() {
	for i := range b.locals {
		if b.locals[i].steady {
			b.locals[i] = b.own(b.locals[i])
		}
	}
	for i := range b.stack {
		if b.stack[i].steady {
			b.update(len(b.stack)-1-i, b.own(b.stack[i]))
		}
	}
}

// lasting reports whether the object that the slot borrows lives as long as the activation.
func (b *builder) lasting(s *slot) bool {
	return s.steady || s.local > 0 && !s.owned && b.code.Borrowed(s.local-1) && !b.general()
}

// decref gives a reference up; the state is what a destructor sees of the activation, which the released one must not be a part of.
func (b *builder) decref(op ir.Op, o *ir.Value) {
	v := b.add(op, ir.Type{}, o)
	v.FS = b.frameState(b.ins.At, b.locals, b.position)
	if b.unwinding {
		v.Exit.Kind = ir.ExitRaise
	}
}

// raw gives the int64 of a number that is an int or a bool.
func (b *builder) rawInt(s slot) *ir.Value {
	if s.kind == ir.SlotBool {
		return b.pure(ir.OpBoolToInt, ir.I64, s.v[0])
	}
	return s.v[0]
}

// rawFloat gives the double of any number; ints round as PyLong_AsDouble does.
func (b *builder) rawFloat(s slot) *ir.Value {
	if s.isFloat() {
		return s.v[0]
	}
	return b.pure(ir.OpIntToFloat, ir.F64, b.rawInt(s))
}

// boxElsewhere is a raw number with the object that another slot has of the same value: there is one object of it.
func (b *builder) boxElsewhere(s slot) (slot, bool) {
	for _, slots := range [2][]slot{b.locals, b.stack} {
		for i := range slots {
			t := &slots[i]
			if (t.kind == ir.SlotIntOrigin || t.kind == ir.SlotFloatOrigin) && t.v[0] == s.v[0] {
				b.keep(t.v[1])
				return b.own(slot{kind: t.kind, v: t.v}), true
			}
		}
	}
	return slot{}, false
}

// handOut notes that others get the object of a constant: what else holds the constant holds that object.
func (b *builder) handOut(s slot) {
	if !s.constant() && !s.literal {
		return
	}
	for _, slots := range [2][]slot{b.locals, b.stack} {
		for i := range slots {
			if slots[i].object() == s.object() {
				slots[i].seen = true
			}
		}
	}
}

// byValue reports whether native code may return a number without its object: a constant that nobody has got from here, or a small int. That
// the result is another object than the constant can be told by `is` only.
func (b *builder) byValue(s *slot) bool {
	return b.smallInt(s.v[0]) || b.self.direct && (s.constant() || s.literal) && !s.seen
}

// boxed gives a slot that has an object. A fresh box is owned by it.
func (b *builder) boxed(s slot) slot {
	switch s.kind {
	case ir.SlotObj, ir.SlotObjNull, ir.SlotIntOrigin, ir.SlotFloatOrigin:
		return s
	case ir.SlotInt:
		if c := s.v[0]; c.Op == ir.OpConstInt {
			if address, ok := b.abi.SmallInt(c.Aux); ok {
				return slot{kind: ir.SlotIntOrigin, v: [3]*ir.Value{c, b.constObj(address, b.classInt)}}
			}
		}
		if other, ok := b.boxElsewhere(s); ok {
			return other
		}
		o := b.guard(ir.OpBoxInt, ir.Type{Kind: ir.Obj, Class: b.classInt}, b.before(), ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory}, s.v[0])
		return slot{kind: ir.SlotIntOrigin, owned: true, v: [3]*ir.Value{s.v[0], o}}
	case ir.SlotFloat:
		if other, ok := b.boxElsewhere(s); ok {
			return other
		}
		o := b.guard(ir.OpBoxFloat, ir.Type{Kind: ir.Obj, Class: b.classFloat}, b.before(), ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory}, s.v[0])
		return slot{kind: ir.SlotFloatOrigin, owned: true, v: [3]*ir.Value{s.v[0], o}}
	case ir.SlotBool:
		return borrowedSlot(b.add(ir.OpBoxBool, ir.Type{Kind: ir.Obj, Class: b.classBool}, s.v[0]))
	case ir.SlotNone:
		return borrowedSlot(b.constObj(b.abi.ObjNone, b.classNone))
	case ir.SlotNull:
		return slot{kind: ir.SlotObjNull, v: [3]*ir.Value{b.null()}}
	case ir.SlotDyn:
		o := b.helper("gs_box_dyn", s.v[0], s.v[1])
		return slot{kind: ir.SlotObjNull, owned: true, v: [3]*ir.Value{o}}
	case ir.SlotRange:
		o := b.allocated(b.helper("gs_make_range", s.v[0], s.v[1], s.v[2]))
		o.Type.Class = b.classRange
		return ownedSlot(o)
	case ir.SlotRangeIter:
		o := b.allocated(b.helper("gs_make_range_iter", s.v[0], s.v[1], s.v[2]))
		o.Type.Class = b.classRangeIter
		return ownedSlot(o)
	}
	panic("BUG: boxing a slot of kind " + s.kind.String())
}

// allocated leaves if there was no memory for a box. It is not caught here: boxes are made on the way to a handler, too.
func (b *builder) allocated(o *ir.Value) *ir.Value {
	return b.guard(ir.OpRaiseIfNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory}, o)
}

// state turns a slot into what a frame state records.
func (s slot) state() ir.Slot {
	return ir.Slot{Kind: s.kind, Owned: s.owned, Vals: s.v}
}
