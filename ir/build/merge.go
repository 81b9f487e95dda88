// Block versions: a bytecode block is translated once for every combination of types it is entered with (basic block
// versioning; Chevalier-Boisvert and Feeley, "Simple and effective type check removal through lazy basic block
// versioning", ECOOP 2015), up to a cap, beyond which versions are joined. Types of dead locals are not part of
// the key: numbers among them become DYN slots, which carry their type as a value, objects OBJ_OR_NULL.

package build

import "github.com/gophersnake/gophersnake/ir"

// maxForks is how many calls in a bytecode block are followed by what is translated for each of their results.
const maxForks = 2

// maxVersions is how many versions of a block there may be before they are joined (docs/design.md, section 4).
const maxVersions = 4

// version is one translation of a bytecode block.
type version struct {
	off     uint32
	block   *ir.Block
	locals  []slot
	stack   []slot
	join    bool
	wider   *version    // takes what this one does, and what else may be in dead locals
	single  bool        // entered from one place only: holds its predecessor's values, without parameters
	inFrame []*ir.Value // of a single one: what the frame's slots hold
	rounds  int         // how often its translation was put off
	shown   []shown     // of a single one
	forks   int         // of a single one: how often its bytecode block forked on the way to it
}

// form is the shape that a slot has at a merge.
func (b *builder) form(s *slot, local int, live bool) slot {
	steady := local >= 0 && s.steady
	borrowed := local >= 0 && b.code.Borrowed(local) && !s.owned || steady
	w := slot{kind: s.kind, steady: steady, over: s.over}
	switch s.kind {
	case ir.SlotNull, ir.SlotNone, ir.SlotInt, ir.SlotFloat, ir.SlotBool, ir.SlotDyn:
		switch {
		case live || local < 0:
		case b.general(): // what is no object there is rare, and every local is one in its frame
			w.kind, w.owned = ir.SlotObjNull, true
		default:
			w.kind = ir.SlotDyn
		}
	case ir.SlotIntOrigin, ir.SlotFloatOrigin:
		switch {
		case s.constant() && !live && local >= 0:
			w.kind = ir.SlotDyn
		case s.constant() && s.kind == ir.SlotIntOrigin && b.smallInt(s.v[0]):
			w.kind = ir.SlotInt
		case borrowed && live:
		case steady:
			w.kind = ir.SlotObjNull
		case borrowed:
			w.kind = ir.SlotObj
		case live || local < 0:
			w.owned = true
		default:
			w.kind, w.owned = ir.SlotObjNull, true
		}
	case ir.SlotObj:
		switch {
		case steady && !live:
			w.kind = ir.SlotObjNull
		case borrowed:
		case live || local < 0:
			w.owned = true
		default:
			w.kind, w.owned = ir.SlotObjNull, true
		}
		if live || local < 0 {
			w.class = s.class
		}
	case ir.SlotObjNull:
		w.owned = !steady
	}
	return w
}

// smallInt reports whether boxing the constant gives the one object that there is of it.
func (b *builder) smallInt(v *ir.Value) bool {
	_, small := b.abi.SmallInt(v.Aux)
	return v.Op == ir.OpConstInt && small
}

// accepts reports whether a slot of form have may enter where want is expected, without losing what is known.
func accepts(want, have *slot) bool {
	if want.kind == ir.SlotObjNull && want.owned {
		return have.kind == ir.SlotObjNull || have.kind == ir.SlotNull || have.kind == ir.SlotObj
	}
	return want.kind == have.kind && want.owned == have.owned && want.steady == have.steady && want.over == have.over && want.class == have.class && want.alias == have.alias
}

// converts reports whether a slot of form have can be turned into want at all.
func converts(want, have *slot) bool {
	if accepts(want, have) {
		return true
	}
	if want.steady && !have.steady || want.over && !have.over {
		return false
	}
	switch want.kind {
	case ir.SlotObjNull:
		return true
	case ir.SlotObj:
		if !want.owned {
			origin := have.kind == ir.SlotIntOrigin || have.kind == ir.SlotFloatOrigin
			return (have.kind == ir.SlotObj || origin) && !have.owned && (want.class == 0 || want.class == have.class)
		}
		return have.kind != ir.SlotNull && have.kind != ir.SlotObjNull && have.kind != ir.SlotDyn && (want.class == 0 || have.kind == ir.SlotObj && have.class == want.class)
	case ir.SlotDyn:
		switch have.kind {
		case ir.SlotNull, ir.SlotNone, ir.SlotInt, ir.SlotFloat, ir.SlotBool, ir.SlotDyn:
			return true
		}
		return false
	}
	switch {
	case want.kind == ir.SlotIntOrigin && want.owned:
		return have.kind == ir.SlotIntOrigin || have.kind == ir.SlotInt
	case want.kind == ir.SlotFloatOrigin && want.owned:
		return have.kind == ir.SlotFloatOrigin || have.kind == ir.SlotFloat
	}
	return want.kind == have.kind && want.owned == have.owned && want.alias == have.alias
}

// joined is the form that takes both.
func joined(x, y *slot) slot {
	if x.kind == y.kind && x.owned == y.owned && x.steady == y.steady && x.alias == y.alias {
		j := *x
		j.over = x.over && y.over
		if x.class != y.class {
			j.class = 0
		}
		return j
	}
	origin := func(k ir.SlotKind) ir.SlotKind {
		switch k {
		case ir.SlotInt, ir.SlotIntOrigin:
			return ir.SlotIntOrigin
		case ir.SlotFloat, ir.SlotFloatOrigin:
			return ir.SlotFloatOrigin
		}
		return ir.SlotNull
	}
	if o := origin(x.kind); o != ir.SlotNull && o == origin(y.kind) {
		return slot{kind: o, owned: true}
	}
	refless := func(k ir.SlotKind) bool {
		return k == ir.SlotNull || k == ir.SlotNone || k == ir.SlotInt || k == ir.SlotFloat || k == ir.SlotBool || k == ir.SlotDyn
	}
	nullable := func(k ir.SlotKind) bool { return k == ir.SlotNull || k == ir.SlotObjNull || k == ir.SlotDyn }
	switch {
	case (x.kind == ir.SlotDyn || y.kind == ir.SlotDyn) && refless(x.kind) && refless(y.kind):
		return slot{kind: ir.SlotDyn}
	case nullable(x.kind) || nullable(y.kind):
		return slot{kind: ir.SlotObjNull, owned: true}
	case x.kind == ir.SlotObj && y.kind == ir.SlotObj && x.class == y.class:
		return slot{kind: ir.SlotObj, owned: true, class: x.class}
	}
	return slot{kind: ir.SlotObj, owned: true}
}

// unshare gives the slot that others referred to an object, if slot i is joined with what does not refer to it.
func unshare(forms []slot, i, alias int) {
	if alias > 0 && forms[i].alias != alias {
		switch s := &forms[alias-1]; s.kind {
		case ir.SlotInt:
			s.kind, s.owned = ir.SlotIntOrigin, true
		case ir.SlotFloat:
			s.kind, s.owned = ir.SlotFloatOrigin, true
		}
	}
}

// edge leads from the current block, with the current state, to the version of the bytecode block at target that fits,
// and ends the current block.
func (b *builder) edge(target uint32) {
	if b.code.SinglePredecessor(target) {
		b.alone(target, 0)
		return
	}
	b.hide()
	live := b.liveAt(target)
	nl := len(b.locals)
	for i := range nl + len(b.stack) {
		if s := b.stackOrLocal(i); s.kind == ir.SlotInt || s.kind == ir.SlotFloat {
			if other, ok := b.boxElsewhere(s); ok {
				b.setStackOrLocal(i, other)
			}
		}
	}
	forms := b.memory.slots.Make(nl + len(b.stack))[:0]
	for i := range b.locals {
		forms = append(forms, b.form(&b.locals[i], i, live.Has(i)))
	}
	for i := range b.stack {
		forms = append(forms, b.form(&b.stack[i], -1, true))
	}
	b.alias(forms)
	v := b.versionFor(target, forms, func(i int) bool { return i < nl && !live.Has(i) })
	args := b.f.NewList(len(v.block.Params))
	for i := range forms {
		want := b.slotOf(v, i)
		if want.alias > 0 {
			b.dropOrigin(b.stackOrLocal(i))
			continue
		}
		args = b.convert(args, i, want)
	}
	b.jump(v.block, args...)
}

// alone leads to a version of the bytecodes at off that nobody else enters.
func (b *builder) alone(off uint32, forks int) {
	v := b.memory.versions.New()
	*v = version{off: off, single: true, forks: forks, block: b.f.NewBlock(), locals: b.clone(b.locals), stack: b.clone(b.stack), inFrame: append(b.f.NewList(len(b.inFrame)), b.inFrame...), shown: b.shown}
	v.block.Off = off
	b.work = append(b.work, v)
	b.jump(v.block)
}

// fork ends one of the ways that the current bytecode goes on in, in the middle of its block.
func (b *builder) fork() {
	if b.ins.Next < b.code.BlockAt(b.ins.Off).End {
		b.alone(b.ins.Next, b.current.forks+1)
	} else {
		b.edge(b.ins.Next)
	}
}

// alias finds raw numbers that lie in several slots, so that they become one object wherever they become objects: in the
// version's key the later slots refer to the first, and share its parameter.
func (b *builder) alias(forms []slot) {
	for i := range forms {
		if k := forms[i].kind; k != ir.SlotInt && k != ir.SlotFloat {
			continue
		}
		raw := b.stackOrLocal(i).v[0]
		for j := range i {
			if forms[j].kind == forms[i].kind && b.stackOrLocal(j).v[0] == raw && !b.smallInt(raw) {
				forms[i].alias = j + 1
				break
			}
		}
	}
}

func (b *builder) stackOrLocal(i int) slot {
	if i < len(b.locals) {
		return b.locals[i]
	}
	return b.stack[i-len(b.locals)]
}

func (b *builder) setStackOrLocal(i int, s slot) {
	if i < len(b.locals) {
		b.locals[i] = s
	} else {
		b.stack[i-len(b.locals)] = s
	}
}

func (b *builder) slotOf(v *version, i int) *slot {
	if i < len(v.locals) {
		return &v.locals[i]
	}
	return &v.stack[i-len(v.locals)]
}

// versionFor finds or makes the version of the block at target for a state of these forms. There are at most two for the same live
// slots, and a few joins.
func (b *builder) versionFor(target uint32, forms []slot, dead func(i int) bool) *version {
	var join, alike *version
	keys, joins := 0, 0
	for _, v := range b.versions[target] {
		if b.fits(v, forms, accepts, nil) {
			return v
		}
		switch {
		case v.join:
			joins++
			if join == nil && b.fits(v, forms, converts, nil) {
				join = v
			}
		case b.fits(v, forms, accepts, dead):
			if b.fits(v, forms, converts, nil) {
				return v
			}
			alike = v
		default:
			keys++
		}
	}
	wide := false
	switch {
	case alike != nil: // only what is dead differs: a second version takes whatever it is
		forms = b.clone(forms)
		for i := range forms {
			if s := b.slotOf(alike, i); dead(i) && (s.kind != forms[i].kind && !forms[i].steady || s.steady) {
				forms[i] = slot{kind: ir.SlotObjNull, owned: true}
			}
		}
	case keys >= maxVersions && join != nil:
		return join
	case keys >= maxVersions:
		wide = true
		narrow := forms
		forms = b.clone(forms)
		for _, v := range b.versions[target] {
			for i := range forms {
				same := forms[i]
				forms[i] = joined(&forms[i], b.slotOf(v, i))
				if joins > 0 && forms[i] != same {
					kind := ir.SlotObjNull
					if i >= len(b.locals) && forms[i].kind != ir.SlotObjNull { // who takes it from the stack wants an object
						kind = ir.SlotObj
					}
					forms[i] = slot{kind: kind, owned: true}
				}
			}
		}
		for i := range forms {
			unshare(forms, i, narrow[i].alias)
			for _, v := range b.versions[target] {
				unshare(forms, i, b.slotOf(v, i).alias)
			}
		}
	}
	v := b.memory.versions.New()
	*v = version{off: target, block: b.f.NewBlock(), join: wide, locals: b.memory.slots.Make(len(b.locals))[:0], stack: b.memory.slots.Make(len(b.stack))[:0]}
	v.block.Off = target
	if alike != nil {
		alike.wider = v
	}
	for i := range forms {
		s := forms[i]
		if s.alias > 0 {
			s.v = b.slotOf(v, s.alias-1).v
		}
		if s.alias == 0 {
			s = b.params(v.block, s)
		}
		if i < len(b.locals) {
			v.locals = append(v.locals, s)
		} else {
			v.stack = append(v.stack, s)
		}
	}
	b.versions[target] = append(b.versions[target], v)
	b.work = append(b.work, v)
	return v
}

// params gives the slot parameters of the block as its components.
func (b *builder) params(block *ir.Block, s slot) slot {
	for c, kind := range s.kind.Components() {
		t := ir.Type{Kind: kind}
		switch {
		case kind.Object() && s.kind == ir.SlotIntOrigin:
			t.Class = b.classInt
		case kind.Object() && s.kind == ir.SlotFloatOrigin:
			t.Class = b.classFloat
		case kind.Object():
			t.Class = s.class
		}
		s.v[c] = b.f.AddParam(block, t)
	}
	return s
}

// fits applies a rule to all slots but those that skip names.
func (b *builder) fits(v *version, forms []slot, rule func(want, have *slot) bool, skip func(i int) bool) bool {
	for i := range forms {
		if (skip == nil || !skip(i)) && !rule(b.slotOf(v, i), &forms[i]) {
			return false
		}
	}
	return true
}

// convert appends the components of slot i in the form want, taking references and making boxes as needed. The state
// left behind is not used any more.
func (b *builder) convert(args []*ir.Value, i int, want *slot) []*ir.Value {
	have := b.stackOrLocal(i)
	switch want.kind {
	case ir.SlotDyn:
		switch have.kind {
		case ir.SlotDyn:
			return append(args, have.v[0], have.v[1])
		case ir.SlotNull, ir.SlotNone:
			return append(args, b.constInt(int64(have.kind)), b.constInt(0))
		case ir.SlotInt, ir.SlotIntOrigin:
			return append(args, b.constInt(int64(ir.SlotInt)), have.v[0])
		case ir.SlotFloat, ir.SlotFloatOrigin:
			return append(args, b.constInt(int64(ir.SlotFloat)), b.pure(ir.OpFloatBits, ir.I64, have.v[0]))
		case ir.SlotBool:
			return append(args, b.constInt(int64(ir.SlotBool)), b.pure(ir.OpBoolToInt, ir.I64, have.v[0]))
		}
	case ir.SlotInt, ir.SlotFloat, ir.SlotBool:
		b.dropOrigin(have)
		return append(args, have.v[0])
	case ir.SlotNull, ir.SlotNone:
		return args
	case ir.SlotRange, ir.SlotRangeIter:
		return append(args, have.v[0], have.v[1], have.v[2])
	case ir.SlotIntOrigin, ir.SlotFloatOrigin, ir.SlotObj, ir.SlotObjNull:
		have = b.boxedForFrame(have)
		if want.owned {
			have = b.own(have)
		}
		b.setStackOrLocal(i, have) // so that a later slot with the same number takes the same object
		if want.kind == ir.SlotIntOrigin || want.kind == ir.SlotFloatOrigin {
			return append(args, have.v[0], have.v[1])
		}
		return append(args, have.object())
	}
	panic("BUG: converting a slot of kind " + have.kind.String() + " to " + want.kind.String())
}

// dropOrigin gives up the object a raw value came from.
func (b *builder) dropOrigin(s slot) {
	if s.kind == ir.SlotIntOrigin || s.kind == ir.SlotFloatOrigin {
		b.release(s)
	}
}
