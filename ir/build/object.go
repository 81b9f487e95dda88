// Containers, iteration and attributes: inline for exact lists, tuples and ranges, through the C-API for everything else.

package build

import (
	"math"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

// element gives the address-independent parts of item i of an exact list or tuple: its vector and a checked, fixed-up index.
// It leaves before the bytecode if the index is out of range: the interpreter raises, once; where that was met, nobody comes here.
func (b *builder) element(seq *ir.Value, class ir.Class, index *ir.Value) (base, i *ir.Value, heap ir.Heap) {
	heap = ir.HeapList
	if class == b.classTuple {
		heap = ir.HeapConst
	}
	index = b.within(index, b.load(ir.OpLoadI64, heap, seq, b.abi.ObSize))
	if class == b.classTuple {
		return seq, index, heap
	}
	return b.load(ir.OpLoadPtr, heap, seq, b.abi.ListItem), index, heap
}

// within is an index that is below a length, from the end if it is negative.
func (b *builder) within(index, size *ir.Value) *ir.Value {
	switch {
	case index.Op == ir.OpConstInt && index.Aux >= 0:
	case index.Op == ir.OpConstInt || b.profile(b.ins.At).failed():
		index = b.pure(ir.OpSelect, ir.I64, b.pure(ir.OpILt, ir.Bool, index, b.constInt(0)), b.pure(ir.OpAdd, ir.I64, index, size), index)
	}
	b.require(b.pure(ir.OpULt, ir.Bool, index, size), ir.WhyBounds)
	return index
}

// character is item i of a str whose characters are ASCII: one of the strings that exist once, so that nobody has to own it.
func (b *builder) character(s, index *ir.Value) slot {
	i := b.within(index, b.load(ir.OpLoadI64, ir.HeapConst, s, b.abi.UnicodeLength))
	state := b.pure(ir.OpAnd, ir.I64, b.load(ir.OpLoadU32, ir.HeapConst, s, b.abi.UnicodeState), b.constInt(int64(b.abi.ASCIIMask)))
	b.require(b.pure(ir.OpIEq, ir.Bool, state, b.constInt(int64(b.abi.ASCIIBits))), ir.WhyValue)
	code := b.loadIndexed(ir.OpLoadIdxU8, ir.HeapConst, s, i)
	code.Aux = int64(b.abi.ASCIIData)
	address := b.pure(ir.OpAdd, ir.I64, b.pure(ir.OpMul, ir.I64, code, b.constInt(int64(b.abi.CharStep))), b.constInt(int64(b.abi.Chars)))
	o := b.pure(ir.OpWordObj, ir.Obj, address)
	o.Type.Class = b.classStr
	b.chars[o] = code
	return borrowedSlot(o)
}

// codeOf is the code of a string that is known to be one ASCII character.
func (b *builder) codeOf(s slot) (*ir.Value, bool) {
	if s.kind != ir.SlotObj {
		return nil, false
	}
	if o := b.known(s.v[0]); o != nil && o.Kind == decoder.ObjStr && len(o.Text) == 1 && o.Text[0] < 0x80 && o.Flags&decoder.ObjCut == 0 && ir.Class(o.Class) == b.classStr {
		return b.constInt(int64(o.Text[0])), true
	}
	code := b.chars[s.v[0]]
	return code, code != nil
}

// item loads item i of an exact list or tuple; the reference is borrowed.
func (b *builder) item(seq *ir.Value, class ir.Class, index *ir.Value) *ir.Value {
	base, i, heap := b.element(seq, class, index)
	v := b.loadIndexed(ir.OpLoadIdxObj, heap, base, i)
	if class == b.classTuple {
		v.Aux = int64(b.abi.TupleItem)
	}
	return v
}

func (b *builder) sequence(s *slot) bool {
	return s.kind == ir.SlotObj && (s.class == b.classList || s.class == b.classTuple)
}

func binarySubscr(b *builder) error {
	seq, index := b.peek(1), b.peek(0)
	if b.sequence(&seq) && index.isIntish() && !b.general() && !b.profile(b.ins.At).outOfRange() {
		v := b.item(seq.v[0], seq.class, b.rawInt(index))
		s := borrowedSlot(v)
		s.steady = seq.class == b.classTuple && b.lasting(&seq)
		s.volatile = !s.steady
		if seq.owned { // a temporary: it may take its items with it
			s = b.own(s)
			s.volatile = false
		}
		b.drop(2)
		b.push(s)
		b.define(b.ins.At)
		return nil
	}
	if seq.kind == ir.SlotObj && seq.class == b.classStr && index.isIntish() && !b.general() {
		i := b.rawInt(index)
		if !b.profile(b.ins.At).failed() {
			s := b.character(seq.v[0], i)
			b.drop(2)
			b.push(s)
			return nil
		}
		b.settle()
		b.effect = true
		r := b.helper("gs_str_item", seq.v[0], i)
		r.Type.Class = b.classStr
		b.finish(r, 2, false)
		return nil
	}
	o, i := b.escapeTop(1), b.escapeTop(0)
	if seq.kind == ir.SlotObj && seq.class == b.classDict && (index.isInt() || b.exactClass(&index) == b.classStr) && !b.general() && !b.profile(b.ins.At).outOfRange() {
		// A key that is there, of a class that compares without Python code: nobody looks at the frame.
		v := b.helper("gs_dict_find", o, i)
		v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyBounds, Site: b.ins.At}, v)
		b.settle()
		b.effect = true
		b.drop(2)
		b.push(ownedSlot(v))
		b.define(b.ins.At)
		return nil
	}
	// A list, tuple or str subscript by builtin key runs no Python code, but may raise.
	if (b.quietContainer(&seq) || b.sequence(&seq) && index.isIntish()) && b.builtin(index) {
		b.effect = true
		b.settle()
		b.finish(b.helper("PyObject_GetItem", o, i), 2, false)
		return nil
	}
	b.finish(b.call("PyObject_GetItem", o, i), 2, true)
	return nil
}

// quietContainer reports whether subscripting the slot's exact class by a builtin key runs no Python code. (A dict may hold keys
// with a Python __eq__; a string never does.)
func (b *builder) quietContainer(s *slot) bool {
	c := b.exactClass(s)
	return c != 0 && (c == b.classStr || c == b.classBytes)
}

func storeSubscr(b *builder) error {
	seq, index := b.peek(1), b.peek(0)
	if seq.kind == ir.SlotObj && seq.class == b.classList && index.isIntish() && !b.general() && !b.profile(b.ins.At).outOfRange() {
		base, i, heap := b.element(seq.v[0], seq.class, b.rawInt(index))
		old, seen := b.replacedClass(b.loadIndexed(ir.OpLoadIdxObj, heap, base, i))
		if !seen {
			return nil
		}
		b.escapeTop(2)
		b.update(2, b.own(b.peek(2)))
		b.store(ir.OpStoreIdxObj, heap, 0, base, i, b.topObject(2))
		b.stack[len(b.stack)-3].owned = false // the list has it now
		b.drop(3)
		b.settle() // the stack may borrow what was there
		b.release(old)
		return nil
	}
	value, container, key := b.escapeTop(2), b.escapeTop(1), b.escapeTop(0)
	if b.recording() {
		b.helper("gs_record_item", container, key, b.constPtr(b.siteAddress(b.ins.At)))
		b.f.Recording = true
	}
	b.finishStatus(b.call("PyObject_SetItem", container, key, value), 3, true)
	return nil
}

func deleteSubscr(b *builder) error {
	container, key := b.escapeTop(1), b.escapeTop(0)
	b.finishStatus(b.call("PyObject_DelItem", container, key), 2, true)
	return nil
}

// getIter translates GET_ITER. An iterator over a range that was not made is not made either.
func getIter(b *builder) error {
	s := b.peek(0)
	if s.kind == ir.SlotRange {
		left := b.rangeLength(s.v[0], s.v[1], s.v[2])
		b.drop(1)
		b.pushIterator(slot{kind: ir.SlotRangeIter, v: [3]*ir.Value{s.v[0], s.v[2], left}})
		return nil
	}
	o := b.boxTop(0)
	var class ir.Class
	switch s.class {
	case b.classList:
		class = b.classListIter
	case b.classTuple:
		class = b.classTupleIter
	}
	var r *ir.Value
	if class == 0 {
		r = b.call("PyObject_GetIter", o)
	} else {
		b.settle()
		b.effect = true
		r = b.helper("gs_sequence_iter", o)
		r.Type.Class, r.Heap = class, ir.HeapAll // tracked by the collector, which may start
	}
	over := s.class == b.classTuple && b.lasting(&s)
	b.drop(1)
	iterator := ownedSlot(b.raising(r, b.here()))
	iterator.over = over
	at := b.pushIterator(iterator)
	if class == 0 {
		b.checkFrame()
	}
	b.defineItem(at, b.ins.At, b.here)
	return nil
}

// pushIterator pushes an iterator, with NULL where an index may lie above it: 3.15 counts items of lists and tuples there, and does
// without if it finds an iterator. It says how far below the top the iterator lies.
func (b *builder) pushIterator(s slot) int {
	b.push(s)
	if b.ins.Flags&decoder.FlagIndexed == 0 {
		return 0
	}
	b.push(nullSlot())
	return 1
}

// rangeLength is how many values a range has.
func (b *builder) rangeLength(start, stop, step *ir.Value) *ir.Value {
	var length *ir.Value
	switch {
	case step.Op == ir.OpConstInt && step.Aux == 1:
		length = b.rangeSpan(stop, start)
	case step.Op == ir.OpConstInt && step.Aux == -1:
		length = b.rangeSpan(start, stop)
	default:
		length = b.helper("gs_range_length", start, stop, step)
		b.require(b.pure(ir.OpIGe, ir.Bool, length, b.constInt(0)), ir.WhyRange)
		return length
	}
	return b.pure(ir.OpSelect, ir.I64, b.pure(ir.OpIGt, ir.Bool, length, b.constInt(0)), length, b.constInt(0))
}

func (b *builder) rangeSpan(high, low *ir.Value) *ir.Value {
	if low.Op == ir.OpConstInt && low.Aux == 0 {
		return high
	}
	return b.guard(ir.OpSubOvf, ir.Type{Kind: ir.I64}, b.before(), ir.ExitInfo{Reason: ir.WhyRange}, high, low)
}

// forIter translates FOR_ITER.
func forIter(b *builder) error {
	at := 0
	if b.ins.Flags&decoder.FlagIndexed != 0 {
		at = 1
	}
	s := b.peek(at)
	done := func() {
		b.exhausted()
		b.edge(b.ins.Target)
	}
	switch {
	case s.kind == ir.SlotRangeIter:
		more := b.pure(ir.OpIGt, ir.Bool, s.v[2], b.constInt(0))
		b.split(more, 1, func() {
			next := slot{kind: ir.SlotRangeIter, v: [3]*ir.Value{b.pure(ir.OpAdd, ir.I64, s.v[0], s.v[1]), s.v[1], b.pure(ir.OpSub, ir.I64, s.v[2], b.constInt(1))}}
			b.stack[len(b.stack)-1-at] = next
			b.push(intSlot(s.v[0]))
			b.edge(b.ins.Next)
		}, done)
		return nil
	case s.kind == ir.SlotObj && s.class == b.classRangeIter && !b.general():
		b.forRange(s.v[0], done)
		return nil
	case s.kind == ir.SlotObj && (s.class == b.classListIter || s.class == b.classTupleIter) && !b.general():
		return b.forSequence(s, done)
	}
	return b.forAny(at)
}

// exhausted drops the iterator, unless that is left to a bytecode at the target.
func (b *builder) exhausted() {
	if b.ins.Flags&decoder.FlagKeep == 0 {
		b.drop(1)
	}
}

// forRange takes the next number of a range iterator that is an object.
func (b *builder) forRange(it *ir.Value, done func()) {
	load := func(field uint64) *ir.Value { return b.load(ir.OpLoadI64, ir.HeapOther, it, field) }
	store := func(field uint64, v *ir.Value) { b.store(ir.OpStoreI64, ir.HeapOther, field, it, v) }
	left := load(b.abi.RangeIterLen)
	if b.abi.RangeIterIndex == 0 {
		b.split(b.pure(ir.OpIGt, ir.Bool, left, b.constInt(0)), 1, func() {
			start := load(b.abi.RangeIterStart)
			store(b.abi.RangeIterStart, b.pure(ir.OpAdd, ir.I64, start, load(b.abi.RangeIterStep)))
			store(b.abi.RangeIterLen, b.pure(ir.OpSub, ir.I64, left, b.constInt(1)))
			b.push(intSlot(start))
			b.edge(b.ins.Next)
		}, done)
		return
	}
	index := load(b.abi.RangeIterIndex)
	b.split(b.pure(ir.OpILt, ir.Bool, index, left), 1, func() {
		start, step := load(b.abi.RangeIterStart), load(b.abi.RangeIterStep)
		store(b.abi.RangeIterIndex, b.pure(ir.OpAdd, ir.I64, index, b.constInt(1)))
		b.push(intSlot(b.pure(ir.OpAdd, ir.I64, start, b.pure(ir.OpMul, ir.I64, index, step))))
		b.edge(b.ins.Next)
	}, done)
}

// forSequence takes the next item of a list or tuple iterator inline.
func (b *builder) forSequence(s slot, done func()) error {
	it := s.v[0]
	heap, class := ir.HeapList, b.classList
	if s.class == b.classTupleIter {
		heap, class = ir.HeapConst, b.classTuple
	}
	seq := b.load(ir.OpLoadObjNull, ir.HeapOther, it, b.abi.ListIterSeq)
	null := b.null()
	have, end, check := b.newBlock(), b.newBlock(), b.newBlock()
	b.branch(b.pure(ir.OpPNe, ir.Bool, seq, null), check, end, 1)
	b.block = check
	index := b.load(ir.OpLoadI64, ir.HeapOther, it, b.abi.ListIterIndex)
	b.branch(b.pure(ir.OpILt, ir.Bool, index, b.load(ir.OpLoadI64, heap, seq, b.abi.ObSize)), have, end, 1)

	locals, stack, kept := b.clone(b.locals), b.clone(b.stack), b.kept
	b.block = end
	if class == b.classList { // where 3.13 and later look
		b.store(ir.OpStoreI64, ir.HeapOther, b.abi.ListIterIndex, it, b.constInt(-1))
	}
	b.store(ir.OpStoreObj, ir.HeapOther, b.abi.ListIterSeq, it, null) // it lets go of the sequence
	if !s.over {
		b.hold()
	}
	b.decref(ir.OpXDecref, seq)
	done()

	b.locals, b.stack, b.kept, b.block, b.effect = locals, stack, kept, have, false
	var item *ir.Value
	if class == b.classTuple {
		item = b.loadIndexed(ir.OpLoadIdxObj, heap, seq, index)
		item.Aux = int64(b.abi.TupleItem)
	} else {
		item = b.loadIndexed(ir.OpLoadIdxObj, heap, b.load(ir.OpLoadPtr, heap, seq, b.abi.ListItem), index)
	}
	b.store(ir.OpStoreI64, ir.HeapOther, b.abi.ListIterIndex, it, b.pure(ir.OpAdd, ir.I64, index, b.constInt(1)))
	x := borrowedSlot(item)
	x.steady, x.volatile = s.over, !s.over
	b.push(x)
	b.define(b.ins.At)
	b.fallThrough()
	return nil
}

// fallThrough goes on at the next bytecode, from a block that is not the one the bytecode began in.
func (b *builder) fallThrough() {
	if !b.ended {
		b.edge(b.ins.Next)
		b.ended = true
	}
}

// quietIterators run no Python code, whatever they iterate over.
var quietIterators = map[string]bool{"type.str_iterator": true, "type.str_ascii_iterator": true, "type.dict_keyiterator": true, "type.dict_valueiterator": true, "type.dict_itemiterator": true,
	"type.longrange_iterator": true}

// forAny asks any iterator, which lies so far below the top.
func (b *builder) forAny(at int) error {
	it := b.peek(at)
	quiet := it.kind == ir.SlotObj && quietIterators[b.abi.Name(uint64(it.class))]
	var v *ir.Value
	if quiet {
		b.settle()
		b.effect = true
		v = b.helper("gs_for_iter", it.v[0])
		v.Heap = ir.HeapAll // items of dicts are tracked by the collector, which may start; an iterator at its end lets go
	} else {
		v = b.call("gs_for_iter", b.boxTop(at))
	}
	null := b.null()
	have, end := b.newBlock(), b.newBlock()
	b.branch(b.pure(ir.OpPNe, ir.Bool, v, null), have, end, 1)
	locals, stack, kept, seen := b.clone(b.locals), b.clone(b.stack), b.kept, b.shown

	b.block = end
	b.raisingNegative(b.helper("gs_error_pending"), b.here())
	b.exhausted()
	b.edgeAfter(b.ins.Target, !quiet)

	b.locals, b.stack, b.kept, b.shown, b.block = locals, stack, kept, seen, have
	b.push(ownedSlot(b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, v)))
	if !quiet {
		b.checkFrame()
	}
	b.define(b.ins.At)
	b.fallThrough()
	return nil
}

// unpackSequence takes an exact tuple or list of the right length apart inline.
func unpackSequence(b *builder) error {
	if s := b.peek(0); s.isObj() && s.class == 0 { // an item of what was just unpacked
		b.defineBefore()
		if b.ended {
			return nil
		}
	}
	s, n := b.peek(0), int(b.ins.Arg)
	if o := b.known(s.object()); o != nil && o.Kind == decoder.ObjTuple && len(o.Items) == n && o.Int == int64(n) && !b.general() {
		b.drop(1)
		for i := n - 1; i >= 0; i-- {
			b.push(b.constSlot(o.Items[i]))
		}
		return nil
	}
	if b.sequence(&s) && !b.general() && !b.profile(b.ins.At).failed() {
		heap := ir.HeapList
		if s.class == b.classTuple {
			heap = ir.HeapConst
		}
		b.require(b.pure(ir.OpIEq, ir.Bool, b.load(ir.OpLoadI64, heap, s.v[0], b.abi.ObSize), b.constInt(int64(n))), ir.WhyValue)
		base, offset := s.v[0], b.abi.TupleItem
		if s.class == b.classList {
			base, offset = b.load(ir.OpLoadPtr, heap, s.v[0], b.abi.ListItem), 0
		}
		items := make([]slot, n)
		for i := range items {
			items[i] = borrowedSlot(b.load(ir.OpLoadObj, heap, base, offset+8*uint64(i)))
			switch {
			case s.class == b.classTuple && b.lasting(&s):
				items[i].steady = true
			case s.owned: // a temporary: it may take its items with it
				items[i] = b.own(items[i])
			default:
				items[i].volatile = true
			}
		}
		b.forget(1)
		for i := n - 1; i >= 0; i-- {
			b.push(items[i])
		}
		b.release(s)
		return nil
	}
	out := b.scratch(int64(n))
	r := b.call("gs_unpack_sequence", b.boxTop(0), b.constInt(int64(n)), out)
	items := make([]*ir.Value, n)
	b.drop(1)
	b.raisingNegative(r, b.here())
	for i := range items {
		items[i] = b.load(ir.OpLoadObj, ir.HeapScratch, out, 8*uint64(i))
	}
	for i := n - 1; i >= 0; i-- {
		b.push(ownedSlot(items[i]))
	}
	b.checkFrame()
	return nil
}

// vector calls a helper with the top n stack items as its array, after the fixed arguments.
func (b *builder) vector(name string, n int, looks bool, fixed ...*ir.Value) *ir.Value {
	args := append([]*ir.Value(nil), fixed...)
	for i := n - 1; i >= 0; i-- {
		args = append(args, b.escapeTop(i))
	}
	// A later box may have given an earlier item its object.
	for i := n - 1; i >= 0; i-- {
		args[len(args)-1-i] = b.topObject(i)
	}
	if looks {
		return b.call(name, args...)
	}
	b.settle()
	b.effect = true
	return b.helper(name, args...)
}

func (b *builder) topObject(n int) *ir.Value {
	s := b.peek(n)
	return s.object()
}

// build makes a container of the top n items; looks: members may be hashed or converted, which runs Python code.
func (b *builder) build(name string, n int, class ir.Class, looks bool, fixed ...*ir.Value) error {
	r := b.vector(name, n, looks, fixed...)
	r.Type.Class = class
	b.finish(r, n, looks)
	return nil
}

// buildTuple hands the stack's references over to the tuple.
func buildTuple(b *builder) error {
	n := int(b.ins.Arg)
	for i := n - 1; i >= 0; i-- {
		b.escapeTop(i)
	}
	b.settle()
	args := make([]*ir.Value, n)
	for i := n - 1; i >= 0; i-- {
		b.update(i, b.own(b.peek(i)))
		args[n-1-i] = b.topObject(i)
	}
	b.effect = true
	r := b.helper("gs_tuple_of", args...)
	r.Type.Class = b.classTuple
	b.forget(n)
	b.finish(r, 0, false)
	return nil
}

func buildList(b *builder) error {
	return b.build("gs_build_list", int(b.ins.Arg), b.classList, false)
}

func buildSet(b *builder) error {
	return b.build("gs_build_set", int(b.ins.Arg), ir.Class(b.abi.TypeSet), true)
}

func buildMap(b *builder) error {
	return b.build("gs_build_map", 2*int(b.ins.Arg), b.classDict, true)
}

func buildString(b *builder) error {
	return b.build("gs_build_string", int(b.ins.Arg), b.classStr, false)
}

// buildConstKeyMap has the tuple of keys on top of the values.
func buildConstKeyMap(b *builder) error {
	keys := b.pop()
	n := int(b.ins.Arg)
	r := b.vector("gs_build_const_key_map", n, true, keys.object())
	r.Type.Class = b.classDict
	b.finish(r, n, true)
	return nil
}

func buildSlice(b *builder) error {
	n := int(b.ins.Arg)
	if n == 2 && b.slicedNext() {
		return nil
	}
	step := b.null()
	for i := range n {
		b.escapeTop(i)
	}
	if n == 3 {
		step = b.topObject(0)
	}
	b.settle()
	b.effect = true
	r := b.helper("gs_build_slice", b.topObject(n-1), b.topObject(n-2), step)
	r.Type.Class = b.classSlice
	b.finish(r, n, false)
	return nil
}

// slicedNext translates x[i:j] of an exact list, tuple or str together with the BINARY_SUBSCR that follows: no slice is made.
func (b *builder) slicedNext() bool {
	next := b.code.InstrAt(b.ins.Next)
	if next == nil || next.Op != decoder.OpBinarySubscr || b.code.BlockAt(next.Off) != b.code.BlockAt(b.ins.Off) || b.general() || len(b.stack) < 3 {
		return false
	}
	saved, line := b.ins, b.line
	b.ins, b.line = *next, int32(b.code.Line(next.At))
	b.fused = b.sliced()
	if !b.fused {
		b.ins, b.line = saved, line
	}
	return b.fused
}

// sliced takes a part of an exact list, tuple or str by bounds that are ints or None: what is sliced and the bounds are the top three items.
func (b *builder) sliced() bool {
	o, from, to := b.peek(2), b.peek(1), b.peek(0)
	if b.general() || !b.sequence(&o) && (o.kind != ir.SlotObj || o.class != b.classStr) {
		return false
	}
	bound := func(s slot, missing int64) *ir.Value {
		switch {
		case s.isInt():
			return s.v[0]
		case s.kind == ir.SlotNone:
			return b.constInt(missing)
		}
		return nil
	}
	first, last := bound(from, 0), bound(to, math.MaxInt64)
	if first == nil || last == nil {
		return false
	}
	b.settle()
	b.effect = true
	r := b.helper("gs_get_slice", o.v[0], first, last)
	r.Type.Class = o.class
	b.finish(r, 3, false)
	return true
}

func binarySlice(b *builder) error {
	if !b.sliced() {
		b.finish(b.call("gs_binary_slice", b.escapeTop(2), b.escapeTop(1), b.escapeTop(0)), 3, true)
	}
	return nil
}

func storeSlice(b *builder) error {
	value, container := b.escapeTop(3), b.escapeTop(2)
	b.finishStatus(b.call("gs_store_slice", container, b.escapeTop(1), b.escapeTop(0), value), 4, true)
	return nil
}

// convertValue translates !s, !r and !a of an f-string.
func convertValue(b *builder) error {
	name := [...]string{1: "PyObject_Str", 2: "PyObject_Repr", 3: "PyObject_ASCII"}
	if b.ins.Arg < 1 || int(b.ins.Arg) >= len(name) {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	b.finish(b.call(name[b.ins.Arg], b.escapeTop(0)), 1, true)
	return nil
}

func formatValue(b *builder) error {
	spec := b.null()
	n := 1
	if b.ins.Arg&4 != 0 {
		n, spec = 2, b.escapeTop(0)
	}
	value := b.escapeTop(n - 1)
	r := b.call("gs_format_value", value, spec, b.constInt(int64(b.ins.Arg)))
	b.finish(r, n, true)
	return nil
}

// addTo calls a helper that puts the top n items into the container further down the stack.
func (b *builder) addTo(name string, n int, looks bool) error {
	container := b.peek(int(b.ins.Arg) + n - 1)
	args := []*ir.Value{container.object()}
	for i := n - 1; i >= 0; i-- {
		b.escapeTop(i)
	}
	for i := n - 1; i >= 0; i-- {
		args = append(args, b.topObject(i))
	}
	var r *ir.Value
	if looks {
		r = b.call(name, args...)
	} else {
		b.settle()
		b.effect = true
		r = b.helper(name, args...)
	}
	b.finishStatus(r, n, looks)
	return nil
}

func listAppend(b *builder) error {
	b.appendTop(b.topObject(int(b.ins.Arg)))
	b.drop(1)
	return nil
}

// appendTop appends the top of the stack to an exact list, which takes its reference over.
func (b *builder) appendTop(list *ir.Value) {
	b.escapeTop(0)
	b.update(0, b.own(b.peek(0)))
	b.guard(ir.OpListAppend, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitRaise, Reason: ir.WhyNoMemory}, list, b.topObject(0))
	b.effect = true
	b.stack[len(b.stack)-1].owned = false
}

func listExtend(b *builder) error { return b.addTo("gs_list_extend", 1, true) }
func setAdd(b *builder) error     { return b.addTo("PySet_Add", 1, true) }
func setUpdate(b *builder) error  { return b.addTo("_PySet_Update", 1, true) }
func dictUpdate(b *builder) error { return b.addTo("gs_dict_update", 1, true) }
func mapAdd(b *builder) error     { return b.addTo("PyDict_SetItem", 2, true) }

// dictMerge names the callable, for the error's text.
func dictMerge(b *builder) error {
	container := b.peek(int(b.ins.Arg))
	at := int(b.ins.Arg) + 2
	if b.ins.Flags&decoder.FlagNullAbove != 0 {
		at++
	}
	callable := b.escapeTop(at) // whatever it is that cannot be called
	b.finishStatus(b.call("gs_dict_merge", container.object(), b.escapeTop(0), callable), 1, true)
	return nil
}

func listToTuple(b *builder) error {
	b.listAsTuple(1)
	return nil
}

// listAsTuple puts a tuple of the exact list on top of the stack in the place of the n topmost slots.
func (b *builder) listAsTuple(n int) {
	b.settle()
	b.effect = true
	r := b.helper("PyList_AsTuple", b.boxTop(0))
	r.Type.Class = b.classTuple
	b.finish(r, n, false)
}

// unpackEx translates a, *b, c = x.
func unpackEx(b *builder) error {
	before, after := int(b.ins.Arg&0xff), int(b.ins.Arg>>8)
	n := before + 1 + after
	out := b.scratch(int64(n))
	r := b.call("gs_unpack_ex", b.boxTop(0), b.constInt(int64(before)), b.constInt(int64(after)), out)
	b.drop(1)
	b.raisingNegative(r, b.here())
	for i := n - 1; i >= 0; i-- {
		b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 8*uint64(i))))
	}
	b.checkFrame()
	return nil
}

// isOp translates IS_OP: two slots hold the same object, or the interpreter's would.
func isOp(b *builder) error {
	x, y := b.peek(1), b.peek(0)
	var same *ir.Value
	switch {
	case x.kind == ir.SlotNone && y.kind == ir.SlotNone:
		same = b.constBool(true)
	case x.isBool() && y.isBool():
		same = b.pure(ir.OpIEq, ir.Bool, b.rawInt(x), b.rawInt(y))
	default:
		same = b.pure(ir.OpPEq, ir.Bool, b.escapeTop(1), b.escapeTop(0))
		same.Args = []*ir.Value{b.topObject(1), b.topObject(0)}
	}
	if b.ins.Arg&1 != 0 {
		same = b.pure(ir.OpBNot, ir.Bool, same)
	}
	return b.replace(2, boolSlot(same))
}

// containsOp translates CONTAINS_OP.
func containsOp(b *builder) error {
	item, container := b.escapeTop(1), b.escapeTop(0)
	quiet := b.quietMembers(b.peek(0)) && b.builtin(b.peek(1))
	var r *ir.Value
	if quiet {
		b.settle()
		b.effect = true
		r = b.finishStatus(b.helper("PySequence_Contains", container, item), 2, false)
	} else {
		r = b.finishStatus(b.call("PySequence_Contains", container, item), 2, false)
	}
	op := ir.OpINe
	if b.ins.Arg&1 != 0 {
		op = ir.OpIEq
	}
	b.push(boolSlot(b.pure(op, ir.Bool, r, b.constInt(0))))
	if !quiet {
		b.checkFrame()
	}
	return nil
}

// quietMembers reports whether looking for a builtin in the container runs no Python code: its members are builtin, too.
func (b *builder) quietMembers(s slot) bool {
	if s.kind == ir.SlotObj && s.class == b.classStr {
		return true
	}
	o := b.known(s.object())
	if o == nil || o.Kind != decoder.ObjTuple || o.Flags&decoder.ObjCut != 0 {
		return false
	}
	for _, item := range o.Items {
		if !b.builtin(slot{kind: ir.SlotObj, class: ir.Class(item.Class)}) {
			return false
		}
	}
	return true
}

// name is the name that the bytecode's argument refers to, as a str object.
func (b *builder) name() *ir.Value {
	return b.constObj(b.nameAddress(int(b.ins.Arg)), b.classStr)
}
