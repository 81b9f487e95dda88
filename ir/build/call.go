// Calls: of known Python functions natively, of known builtins inline, of everything else by vectorcall.

package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// callOp translates CALL. On the stack: NULL and the callable, in the order of the version, or a method and self; then the arguments.
func callOp(b *builder) error {
	n := int(b.ins.Arg)
	if !b.general() {
		first, second := b.peek(n+1), b.peek(n)
		null, callable, at := first, second, n
		if b.ins.Flags&decoder.FlagNullAbove != 0 {
			null, callable, at = second, first, n+1
		}
		switch {
		case null.kind == ir.SlotNull && callable.kind == ir.SlotObj:
			if o := b.known(callable.v[0]); o != nil {
				if done, err := b.knownCall(o, b.topObject(at), n); done || err != nil {
					return err
				}
			} else if done, err := b.recordedCall(at, n); done || err != nil {
				return err
			}
		case first.kind == ir.SlotObj && second.object() != nil:
			if done, err := b.methodCall(&first, &second, n); done || err != nil {
				return err
			}
		}
	}
	kw := b.keywordNames()
	callable := b.peek(n)
	if first := b.peek(n + 1); first.kind == ir.SlotObj {
		callable = first
	}
	if o := callable.object(); o == nil || o.Op != ir.OpConstObj || b.abi.Name(uint64(o.Aux)) == "" {
		b.countOperands(n + 2)
	}
	// Also where nothing is known of the result: what follows leaves to learn its class, and will not come back here to learn of the callee.
	learns := b.recording() || b.profile(b.ins.At).class() == 0 && b.profile(b.calleeSite()).unmet()
	if learns && b.ins.Kw < 0 && callable.kind == ir.SlotObj && !callable.constant() {
		b.finishCall(b.vector("gs_call_learning", n+2, true, kw, b.constPtr(b.siteAddress(b.calleeSite()))), n+2)
		return nil
	}
	b.finishCall(b.vector("gs_call", n+2, true, kw), n+2)
	return nil
}

// keywordNames is the tuple of a call's keywords, or NULL.
func (b *builder) keywordNames() *ir.Value {
	if b.ins.Kw < 0 {
		return b.null()
	}
	return b.constObj(b.code.Code.Consts[b.ins.Kw].Address, b.classTuple)
}

// countOperands takes the references that the interpreter's stack would hold: an unknown callable may count them, as
// sys.getrefcount does, and code in C that changes in place what nobody else has.
func (b *builder) countOperands(n int) {
	uncounted := make([]bool, n)
	for i := n - 1; i >= 0; i-- {
		if uncounted[i] = b.peek(i).uncounted; b.peek(i).kind != ir.SlotNull {
			b.escapeTop(i)
		}
	}
	for i := range n {
		s := b.peek(i)
		if uncounted[i] {
			b.update(i, b.uncount(s))
		} else {
			b.update(i, b.own(s))
		}
		if s.constant() {
			b.ownLocals(s.object())
		}
	}
}

// uncount gives up the stack's reference to a box that was made of a local, which has one.
func (b *builder) uncount(s slot) slot {
	if s.owned && (s.kind == ir.SlotIntOrigin || s.kind == ir.SlotFloatOrigin) {
		for i := range b.locals {
			if t := &b.locals[i]; t.owned && t.object() == s.object() {
				b.release(s)
				s.owned, s.local = false, i+1
				break
			}
		}
	}
	return s
}

// ownLocals has each local variable that holds the constant hold a reference to it, as in the interpreter.
func (b *builder) ownLocals(constant *ir.Value) {
	for i := range b.locals {
		if t := &b.locals[i]; t.object() == constant && !t.owned {
			*t = b.own(*t)
			if i < len(b.savedLocals) && !b.effect {
				b.savedLocals[i] = *t
				b.beforeState = nil
			}
		}
	}
}

// finishCall is finish for a call, after which the interpreter looks at the eval breaker, but for one of __enter__ on 3.15.
func (b *builder) finishCall(result *ir.Value, operands int) {
	b.drop(operands)
	b.push(ownedSlot(b.raising(result, b.here())))
	b.checkFrame()
	if b.ins.Flags&decoder.FlagNoPoll == 0 {
		b.guard(ir.OpPoll, ir.Type{}, b.here(), ir.ExitInfo{Kind: ir.ExitPoll, Reason: ir.WhyPoll})
	}
	b.define(b.ins.At)
}

// knownCall translates the call of a function or builtin whose identity was guarded.
func (b *builder) knownCall(o *decoder.Object, callable *ir.Value, n int) (bool, error) {
	if o.Func != nil {
		return b.nativeCall(o.Func, callable, n, n+2)
	}
	if t := b.types[o.Address]; o.Kind == decoder.ObjType && t != nil {
		if done, err := b.construct(t, o, n); done || err != nil {
			return done, err
		}
	}
	if b.ins.Kw >= 0 {
		return false, nil
	}
	if f, ok := builtins[b.abi.Name(o.Address)]; ok {
		args := b.clone(b.stack[len(b.stack)-n:])
		if r, ok := f(b, args); ok {
			b.drop(n + 2)
			b.push(r)
			return true, nil
		}
	}
	if n == 0 && b.abi.Name(o.Address) == "type.super" && b.superNext() {
		return true, nil
	}
	if n == 1 && b.abi.Name(o.Address) == "type.tuple" && b.tupleOf() {
		return true, nil
	}
	if name := b.abi.Name(o.Address); quietBuiltins[name] {
		quiet := true
		for i := range n {
			quiet = quiet && b.builtin(b.peek(i))
		}
		switch {
		case quiet:
			kw := b.null()
			b.finish(b.vector("gs_call", n+2, false, kw), n+2, false)
			return true, nil
		case name == "type.str" && n == 1: // as the interpreter's own instruction for it, without a call of the class
			b.finishCall(b.call("PyObject_Str", b.escapeTop(0)), 3)
			return true, nil
		}
	}
	return false, nil
}

// calleeSite is the site that tells what a call without keywords called: the first of its cache entries.
func (b *builder) calleeSite() uint32 { return b.ins.At + 1 }

// recordedCall calls the function that the call has called so far, or is guessed to call, if it has the same code and globals: one that is made anew
// in each round, or that was passed.
func (b *builder) recordedCall(at, n int) (bool, error) {
	p := b.profile(b.calleeSite())
	if b.ins.Kw >= 0 || b.profile(b.ins.At).failed() {
		return false, nil
	}
	fn, class := &decoder.Function{}, b.classFunction
	switch {
	case p.callee():
		index := slices.IndexFunc(b.snap.Codes, func(c *decoder.Code) bool { return c.Record == p.site.Type })
		if index < 0 {
			return false, nil
		}
		fn.Code = b.snap.Codes[index]
		if p.attached() {
			class = b.classAttached
		}
	case p.unmet():
		fn.Code, class = b.guessCallee()
	}
	if fn.Code == nil || fn.Code.Record == 0 {
		return false, nil
	}
	if _, _, ok := b.bindTyped(fn, n); !ok {
		return false, nil
	}
	callable := b.peek(at)
	if callable.class != class {
		v := b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: class}, b.before(), ir.ExitInfo{Reason: ir.WhyCallee, Site: b.ins.At}, callable.v[0])
		v.Aux = int64(class)
		callable.class, callable.v[0] = class, v
		b.update(at, callable)
	}
	for _, same := range [][2]uint64{{b.abi.FuncGlobals, fn.Code.GlobalsDict}, {b.abi.FuncBuiltins, fn.Code.BuiltinsDict}} {
		have := b.load(ir.OpLoadPtr, ir.HeapConst, callable.v[0], same[0])
		b.require(b.pure(ir.OpPEq, ir.Bool, have, b.constPtr(same[1])), ir.WhyCallee)
	}
	if p.unmet() {
		flags := uint32(pyabi.SiteCallee)
		if class == b.classAttached {
			flags |= pyabi.SiteAttached
		}
		b.assumed = append(b.assumed, ir.Guess{Record: b.code.Code.Record, What: fn.Code.Record, Site: b.calleeSite(), Flags: flags})
	}
	return b.nativeCall(fn, callable.v[0], n, n+2)
}

// quietBuiltins run no Python code when all arguments are builtin numbers, strings or None.
var quietBuiltins = map[string]bool{"builtin.divmod": true, "builtin.pow": true, "builtin.round": true, "builtin.abs": true, "builtin.min": true,
	"builtin.max": true, "type.int": true, "type.float": true, "type.bool": true, "type.str": true, "builtin.chr": true, "builtin.ord": true,
	"builtin.hash": true, "builtin.len": true}

// builtins are translated inline where the arguments' types allow. A function that returns false has emitted nothing that matters.
var builtins = map[string]func(b *builder, args []slot) (slot, bool){
	"builtin.len":        lenCall,
	"builtin.abs":        absCall,
	"builtin.min":        func(b *builder, args []slot) (slot, bool) { return b.extremum(args, ir.OpILt, ir.OpFLt) },
	"builtin.max":        func(b *builder, args []slot) (slot, bool) { return b.extremum(args, ir.OpIGt, ir.OpFGt) },
	"builtin.round":      roundCall,
	"type.range":         rangeCall,
	"builtin.isinstance": isinstanceCall,
	"type.int":           intCall,
	"type.float":         floatCall,
	"type.bool":          boolCall,
	"builtin.pow":        powCall,
	"math.pow":           mathPowCall,
	"math.sqrt":          sqrtCall,
	"math.fabs":          fabsCall,
	"math.floor":         func(b *builder, args []slot) (slot, bool) { return b.rounded(args, ir.OpFFloor) },
	"math.ceil":          func(b *builder, args []slot) (slot, bool) { return b.rounded(args, ir.OpFCeil) },
	"math.trunc":         func(b *builder, args []slot) (slot, bool) { return b.rounded(args, ir.OpFTrunc) },
}

// isinstanceCall asks the classes. It leaves where Python code has a say: metaclasses, `__class__` of instances.
func isinstanceCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 2 || b.profile(b.ins.At).failed() {
		return slot{}, false
	}
	is := b.helper("gs_is_instance", b.escapeTop(1), b.escapeTop(0))
	b.require(b.pure(ir.OpIGe, ir.Bool, is, b.constInt(0)), ir.WhyValue)
	return boolSlot(b.pure(ir.OpINe, ir.Bool, is, b.constInt(0))), true
}

// tupleOf makes a tuple of the exact list on top of the stack; one of an exact tuple is that tuple.
func (b *builder) tupleOf() bool {
	s := b.peek(0)
	switch {
	case s.kind != ir.SlotObj:
		return false
	case s.class == b.classTuple:
		r := b.same(s)
		b.drop(3)
		b.push(r)
		return true
	case s.class == b.classList:
		b.listAsTuple(3)
		return true
	}
	return false
}

func lenCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 1 || args[0].kind != ir.SlotObj {
		return slot{}, false
	}
	o := args[0].v[0]
	switch args[0].class {
	case b.classList:
		return intSlot(b.load(ir.OpLoadI64, ir.HeapList, o, b.abi.ObSize)), true
	case b.classTuple, b.classBytes:
		return intSlot(b.load(ir.OpLoadI64, ir.HeapConst, o, b.abi.ObSize)), true
	case b.classStr:
		return intSlot(b.load(ir.OpLoadI64, ir.HeapConst, o, b.abi.UnicodeLength)), true
	case b.classDict:
		return intSlot(b.load(ir.OpLoadI64, ir.HeapDict, o, b.abi.DictUsed)), true
	}
	return slot{}, false
}

func absCall(b *builder, args []slot) (slot, bool) {
	switch {
	case len(args) != 1:
	case args[0].isFloat():
		return floatSlot(b.pure(ir.OpFAbs, ir.F64, args[0].v[0])), true
	case args[0].kind == ir.SlotIntOrigin && !args[0].constant():
		if b.profile(b.ins.At).failed() {
			return slot{}, false
		}
		b.require(b.pure(ir.OpIGe, ir.Bool, args[0].v[0], b.constInt(0)), ir.WhyValue) // then it gives the same object
		return b.same(args[0]), true
	case args[0].isInt() && !b.profile(b.ins.At).overflowed():
		x := args[0].v[0]
		negated := b.numberGuard(ir.OpNegOvf, ir.WhyOverflow, x)
		return intSlot(b.pure(ir.OpSelect, ir.I64, b.pure(ir.OpILt, ir.Bool, x, b.constInt(0)), negated, x)), true
	}
	return slot{}, false
}

// extremum is min or max of ints or of floats: the first argument that no other one beats, the object itself where there is one.
func (b *builder) extremum(args []slot, intOp, floatOp ir.Op) (slot, bool) {
	if len(args) < 2 || len(args) > 4 {
		return slot{}, false
	}
	floats, origins := args[0].isFloat(), false
	for i := range args {
		if !args[i].isInt() && !args[i].isFloat() || args[i].isFloat() != floats {
			return slot{}, false
		}
		origins = origins || args[i].object() != nil && !args[i].literal && !(args[i].isInt() && b.byValue(&args[i]))
	}
	op, kind, result := intOp, ir.I64, ir.SlotInt
	if floats {
		op, kind, result = floatOp, ir.F64, ir.SlotFloat
	}
	n := len(args)
	var objects []*ir.Value
	if origins {
		for i := range args {
			b.escapeTop(n - 1 - i)
		}
		for i := range args {
			objects = append(objects, b.topObject(n-1-i))
		}
	}
	best := slot{kind: result, v: [3]*ir.Value{args[0].v[0]}}
	if origins {
		best.v[1] = objects[0]
	}
	for i := 1; i < n; i++ {
		wins := b.pure(op, ir.Bool, args[i].v[0], best.v[0])
		best.v[0] = b.pure(ir.OpSelect, kind, wins, args[i].v[0], best.v[0])
		if origins {
			best.v[1] = b.add(ir.OpSelect, objects[0].Type, wins, objects[i], best.v[1])
		}
	}
	if origins {
		best.kind = ir.SlotIntOrigin
		if floats {
			best.kind = ir.SlotFloatOrigin
		}
		best = b.own(best)
	}
	return best, true
}

func rangeCall(b *builder, args []slot) (slot, bool) {
	for i := range args {
		if !args[i].isInt() {
			return slot{}, false
		}
	}
	r := slot{kind: ir.SlotRange}
	switch len(args) {
	case 1:
		r.v = [3]*ir.Value{b.constInt(0), args[0].v[0], b.constInt(1)}
	case 2:
		r.v = [3]*ir.Value{args[0].v[0], args[1].v[0], b.constInt(1)}
	case 3:
		step := args[2].v[0]
		switch {
		case nonZeroConst(step):
		case step.Op == ir.OpConstInt || b.profile(b.ins.At).failed():
			return slot{}, false
		default:
			b.require(b.pure(ir.OpINe, ir.Bool, step, b.constInt(0)), ir.WhyRange)
		}
		r.v = [3]*ir.Value{args[0].v[0], args[1].v[0], step}
	default:
		return slot{}, false
	}
	return r, true
}

// same gives the argument itself: the result is the same object.
func (b *builder) same(s slot) slot {
	s.local = 0
	if s.object() != nil && !s.constant() {
		s.owned = false
		s = b.own(s)
	}
	return s
}

func intCall(b *builder, args []slot) (slot, bool) {
	switch {
	case len(args) != 1:
	case args[0].isInt():
		return b.same(args[0]), true
	case args[0].isBool():
		return intSlot(b.rawInt(args[0])), true
	case args[0].isFloat():
		return b.truncated(args[0].v[0])
	}
	return slot{}, false
}

// truncated converts a float to an int that fits, or leaves.
func (b *builder) truncated(x *ir.Value) (slot, bool) {
	if b.profile(b.ins.At).failed() {
		return slot{}, false
	}
	b.require(b.pure(ir.OpFloatFitsInt, ir.Bool, x), ir.WhyValue)
	return intSlot(b.pure(ir.OpFloatToInt, ir.I64, x)), true
}

func (b *builder) rounded(args []slot, op ir.Op) (slot, bool) {
	switch {
	case len(args) != 1:
	case args[0].isInt():
		return b.same(args[0]), true
	case args[0].isFloat():
		return b.truncated(b.pure(op, ir.F64, args[0].v[0]))
	}
	return slot{}, false
}

func roundCall(b *builder, args []slot) (slot, bool) {
	switch {
	case len(args) != 1:
	case args[0].isInt():
		return b.same(args[0]), true
	case args[0].isFloat():
		if b.profile(b.ins.At).failed() {
			return slot{}, false
		}
		return intSlot(b.flagged("gs_float_round", ir.OpLoadI64, args[0].v[0])), true
	}
	return slot{}, false
}

func floatCall(b *builder, args []slot) (slot, bool) {
	switch {
	case len(args) != 1:
	case args[0].isFloat():
		return b.same(args[0]), true
	case args[0].isIntish():
		return floatSlot(b.rawFloat(args[0])), true
	}
	return slot{}, false
}

func boolCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 1 {
		return slot{}, false
	}
	t, ok := b.truth(args[0])
	return boolSlot(t), ok
}

func sqrtCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 1 || !args[0].isNumber() || b.profile(b.ins.At).failed() {
		return slot{}, false
	}
	x := b.rawFloat(args[0])
	b.require(b.pure(ir.OpFGe, ir.Bool, x, b.constFloat(0)), ir.WhyValue) // nan leaves too
	return floatSlot(b.pure(ir.OpFSqrt, ir.F64, x)), true
}

// powCall is ** of two numbers.
func powCall(b *builder, args []slot) (slot, bool) {
	switch {
	case len(args) != 2 || !args[0].isNumber() || !args[1].isNumber():
		return slot{}, false
	case args[0].isFloat() || args[1].isFloat():
		return b.floatBinary(decoder.BinPow, args[0], args[1], b.profile(b.ins.At))
	}
	return b.intBinary(decoder.BinPow, args[0], args[1], b.profile(b.ins.At))
}

// mathPowCall is ** of floats: where they differ, neither has a result that is a float.
func mathPowCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 2 || !args[0].isNumber() || !args[1].isNumber() {
		return slot{}, false
	}
	return b.floatBinary(decoder.BinPow, args[0], args[1], b.profile(b.ins.At))
}

func fabsCall(b *builder, args []slot) (slot, bool) {
	if len(args) != 1 || !args[0].isNumber() {
		return slot{}, false
	}
	return floatSlot(b.pure(ir.OpFAbs, ir.F64, b.rawFloat(args[0]))), true
}

// loadMethod translates LOAD_METHOD: a method and self, or NULL and a bound attribute.
func loadMethod(b *builder) error {
	s := b.peek(0)
	if m := b.known(s.object()); m != nil && !b.general() && b.moduleAttr(m) {
		return nil
	}
	if class, ok := strings.CutPrefix(b.abi.Name(uint64(s.class)), "type."); ok && !b.general() && s.kind == ir.SlotObj {
		if address, ok := b.abi.Lookup("method." + class + "." + b.code.Code.Names[b.ins.Arg]); ok {
			self := b.pop()
			b.push(borrowedSlot(b.constObj(address, ir.Class(b.abi.TypeMethodDescr))))
			b.push(self)
			return nil
		}
	}
	if !b.general() && b.classMethod(s) {
		return nil
	}
	out := b.scratch(2)
	o := b.escapeTop(0)
	quiet := s.kind == ir.SlotObj && (s.class == b.classList || s.class == b.classDict || s.class == b.classStr || s.class == b.classTuple)
	var r *ir.Value
	if quiet {
		b.settle()
		b.effect = true
		r = b.helper("gs_load_method", o, b.name(), out)
	} else {
		r = b.call("gs_load_method", o, b.name(), out)
	}
	b.finishStatus(r, 1, false)
	b.pushPair(out)
	if !quiet {
		b.checkFrame()
	}
	return nil
}

// pushPair pushes what a helper left for a call: a method and self, or NULL and an attribute in the order of the version.
func (b *builder) pushPair(out *ir.Value) {
	for i, null := range [2]bool{b.ins.Flags&decoder.FlagNullAbove == 0, b.ins.Flags&decoder.FlagNullAbove != 0} {
		if null {
			b.push(slot{kind: ir.SlotObjNull, owned: true, v: [3]*ir.Value{b.load(ir.OpLoadObjNull, ir.HeapScratch, out, 8*uint64(i))}})
		} else {
			b.push(ownedSlot(b.load(ir.OpLoadObj, ir.HeapScratch, out, 8*uint64(i))))
		}
	}
}

// loadSuperAttr translates super().name and super(class, self).name. What it finds is bound, so a call gets NULL beside it.
func loadSuperAttr(b *builder) error {
	if b.ins.Flags&decoder.FlagMethod != 0 && !b.general() && !b.profile(b.ins.At).failed() && b.superMethod() {
		return nil
	}
	two := int64(0)
	if b.ins.Flags&decoder.FlagTwoArgs != 0 {
		two = 1
	}
	r := b.call("gs_load_super_attr", b.escapeTop(2), b.escapeTop(1), b.escapeTop(0), b.name(), b.constInt(two))
	b.drop(3)
	at := b.pushLoaded(ownedSlot(b.raising(r, b.here())), b.ins.Flags&decoder.FlagMethod != 0)
	b.checkFrame()
	b.defineItem(at, b.ins.At, b.here)
	return nil
}

// superMethod takes a plain method from the builtin super without making an object of it, or leaves before the bytecode.
func (b *builder) superMethod() bool {
	super, class, self := b.peek(2), b.peek(1), b.peek(0)
	if super.kind != ir.SlotObj || !super.constant() || b.abi.Name(uint64(super.v[0].Aux)) != "type.super" || class.kind != ir.SlotObj || self.kind != ir.SlotObj {
		return false
	}
	out := b.scratch(2)
	found := b.helper("gs_super_method", class.v[0], self.v[0], b.name(), out)
	b.require(b.pure(ir.OpINe, ir.Bool, found, b.constInt(0)), ir.WhyValue)
	b.effect = true
	b.drop(3)
	b.pushPair(out)
	return true
}

// superNext translates super() together with the LOAD_METHOD behind it, as bytecode of later versions does: neither a super object is made nor
// a bound method. What is not found so leaves, before the call.
func (b *builder) superNext() bool {
	code, next, class := b.code.Code, b.code.InstrAt(b.ins.Next), -1
	if next == nil || next.Op != decoder.OpLoadMethod || b.code.BlockAt(next.Off) != b.code.BlockAt(b.ins.Off) || b.profile(b.ins.At).failed() {
		return false
	}
	for i := range code.Locals {
		if code.Locals[i].Kind == decoder.LocalFree && code.Locals[i].Name == "__class__" {
			class = i
		}
	}
	if class < 0 || code.ArgCount == 0 || code.Locals[0].Kind&decoder.LocalCell != 0 || b.locals[0].kind != ir.SlotObj {
		return false
	}
	v := b.load(ir.OpLoadObjNull, ir.HeapCell, b.cellAt(class), b.abi.CellRef)
	v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyUnbound, Site: b.ins.At}, v)
	out := b.scratch(2)
	found := b.helper("gs_super_method", v, b.locals[0].v[0], b.constObj(b.nameAddress(int(next.Arg)), b.classStr), out)
	b.require(b.pure(ir.OpINe, ir.Bool, found, b.constInt(0)), ir.WhyValue)
	b.effect = true
	b.drop(2)
	b.ins, b.line, b.fused = *next, int32(b.code.Line(next.At)), true
	b.pushPair(out)
	return true
}

// classMethod loads a method that is a plain function of the instance's class, if it can be guarded that the class still has it and
// the instance has nothing of that name.
func (b *builder) classMethod(s slot) bool {
	if s.kind != ir.SlotObj || s.class == 0 || b.profile(b.ins.At).failed() {
		return false
	}
	t, name := b.types[uint64(s.class)], b.code.Code.Names[b.ins.Arg]
	if t == nil || t.Flags&decoder.TypePlainGet == 0 || t.Flags&decoder.TypeVersioned == 0 {
		return false
	}
	attr, lacks := t.Attr(name), t.InstanceLacks(name)
	if attr == nil || attr.Value.Kind != decoder.ObjFunction || lacks == nil {
		return false
	}
	b.requireVersion(t)
	b.values(s.v[0], t, false)
	keys := b.load(ir.OpLoadU32, ir.HeapAttr, b.constPtr(lacks.Dict), b.abi.KeysVersion)
	why := ir.WhyUnseen // the first time: code that was compiled before there was an instance knows none of the attributes
	if b.profile(b.ins.At).missed() {
		why = ir.WhyType
	}
	b.require(b.pure(ir.OpIEq, ir.Bool, keys, b.constInt(int64(lacks.Version))), why)
	self := b.pop()
	b.push(borrowedSlot(b.constObj(attr.Value.Address, ir.Class(attr.Value.Class))))
	b.push(self)
	return true
}

// methodCall translates calls of methods that are known: functions natively, those of builtin classes inline where that is worth it.
func (b *builder) methodCall(method, self *slot, n int) (bool, error) {
	o := method.v[0]
	if c := b.made[o]; c != nil { // a comprehension: what it iterates over lies where a method's self would
		return b.nativeCall(&decoder.Function{Code: c}, o, n+1, n+2)
	}
	if o.Op != ir.OpConstObj {
		return false, nil
	}
	if known := b.known(o); known != nil && known.Func != nil {
		return b.nativeCall(known.Func, o, n+1, n+2)
	}
	if b.abi.Name(uint64(o.Aux)) == "method.list.append" && n == 1 && b.ins.Kw < 0 {
		b.appendTop(self.v[0])
		b.drop(3)
		b.push(noneSlot())
		return true, nil
	}
	return b.strMethod(b.abi.Name(uint64(o.Aux)), n), nil
}

// strMethod calls a method of str that runs no Python code, as they do for builtin arguments, but for codecs.
func (b *builder) strMethod(name string, n int) bool {
	name, ok := strings.CutPrefix(name, "method.str.")
	if !ok || name == "encode" {
		return false
	}
	for i := range n + 1 {
		if !b.builtin(b.peek(i)) {
			return false
		}
	}
	r := b.vector("gs_call", n+2, false, b.keywordNames())
	r.Heap = ir.HeapAll // lists and tuples are tracked by the collector, which may start
	b.finish(r, n+2, false)
	return true
}

// nativeCall calls a known Python function directly, with the top n stack items as its arguments, of the operands that the call takes, with its arguments unboxed where nobody needs the objects.
func (b *builder) nativeCall(fn *decoder.Function, callable *ir.Value, n, operands int) (bool, error) {
	return b.nativeCallOf(fn, callable, n, operands, nil)
}

// nativeCallOf is nativeCall; of an __init__, whose first argument is the instance that is made then, of the class.
func (b *builder) nativeCallOf(fn *decoder.Function, callable *ir.Value, n, operands int, class *decoder.Type) (bool, error) {
	c := fn.Code
	if c == nil || c.Flags&(decoder.CoGenerator|decoder.CoCoroutine|decoder.CoAsyncGenerator) != 0 || c.Record == 0 {
		return false, nil
	}
	dec, err := b.decode(int(c.Index))
	if err != nil {
		return false, nil
	}
	args, key, ok := b.bindTyped(fn, n)
	if !ok {
		return false, nil
	}
	if b.identify(key, &args, n, b.keepers[int(c.Index)]) {
		args, key, _ = b.bindTyped(fn, n)
	}
	ce, err := b.calleeFor(dec, int(c.Index), key)
	if ce == nil || err != nil {
		return false, err
	}
	keeps := ce.keeps
	if ce.building && ce != b.self {
		keeps = ^uint64(0) // who is known when this function will not be built again
	}
	if b.identify(key, &args, n, keeps) {
		args, key, _ = b.bindTyped(fn, n)
		if ce, err = b.calleeFor(dec, int(c.Index), key); ce == nil || err != nil {
			return false, err
		}
	}
	if ce == b.self {
		ce.trusted |= b.shared(key, &args, n)
	}
	// The function must still have the code and the defaults that were compiled.
	same := b.load(ir.OpLoadPtr, ir.HeapOther, callable, b.abi.FuncCode)
	b.require(b.pure(ir.OpPEq, ir.Bool, same, b.constPtr(c.Address)), ir.WhyCallee)
	for _, i := range args.defaults {
		want := fn.Defaults[len(fn.Defaults)-(c.ArgCount-i)]
		tuple := b.load(ir.OpLoadPtr, ir.HeapOther, callable, b.abi.FuncDefaults)
		b.require(b.pure(ir.OpPNe, ir.Bool, tuple, b.constPtr(0)), ir.WhyCallee)
		size := b.load(ir.OpLoadI64, ir.HeapConst, tuple, b.abi.ObSize)
		b.require(b.pure(ir.OpIEq, ir.Bool, size, b.constInt(int64(len(fn.Defaults)))), ir.WhyCallee)
		item := b.load(ir.OpLoadPtr, ir.HeapConst, tuple, b.abi.TupleItem+8*uint64(len(fn.Defaults)-(c.ArgCount-i)))
		b.require(b.pure(ir.OpPEq, ir.Bool, item, b.constPtr(want.Address)), ir.WhyCallee)
	}
	self, recursion, counted := len(b.stack)-n, (*ir.Value)(nil), []*ir.Value(nil)
	if class != nil {
		recursion = b.instance(class, self)
		args.params[0] = b.stack[self]
		args.params[0].owned = false
		if ce.linked || ce.building {
			counted = b.countArguments(&args)
		}
	}
	operands += b.pack(&args)
	values := []*ir.Value{callable}
	for i := range key[:c.Params()] {
		values = append(values, args.params[i].v[:len(key[i].kind.Components())]...)
		if key[i].literal {
			b.handOut(args.params[i])
		}
	}
	b.settle()
	b.effect = true
	b.hold() // also where the callee has no frame: it may leave, and be interpreted
	if ce.linked {
		b.link()
	} else if ce.building {
		ce.assumed = true
	}
	v := b.pure(ir.OpCallNative, ir.I64, values...)
	v.Aux = b.addCallee(ce)
	if p := b.profile(b.ins.At); !p.overflowed() && !p.divided() {
		v.Exit.Site = b.ins.At // pass inline may put the callee here
	}
	tag := b.pure(ir.OpCallTag, ir.I64, v)
	if ce.linked {
		b.add(ir.OpUnlink, ir.Type{})
	} else {
		v.FS = b.frameState(b.ins.At, b.locals, nil)
		clear(b.inFrame) // an exit of the callee shows the frame, and empties it
	}
	if class != nil {
		b.initialised(ce, operands, self, recursion, counted, tag, v)
		return true, nil
	}
	b.drop(operands)
	if ce.building && (ce.relied == 0 || len(ce.tags) < ce.relied) {
		ce.relied = len(ce.tags)
	}
	if h, ok := b.catcher(nil); ok && ce.linked { // frames that the runtime linked are the exit's to take off
		b.orCatch(b.pure(ir.OpINe, ir.Bool, tag, b.constInt(ir.TagError)), h)
	}
	b.push(slot{kind: ir.SlotResult, v: [3]*ir.Value{tag, v}})
	b.takeResult(ce, b.ways(ce), tag, v)
	return true, nil
}

// bindTyped is bind, and the key of the callee's version for such arguments.
func (b *builder) bindTyped(fn *decoder.Function, n int) (arguments, []slot, bool) {
	args, ok := b.bind(fn, n)
	if !ok {
		return args, nil, false
	}
	key := make([]slot, len(fn.Code.Locals))
	for i, a := range args.params {
		switch {
		case args.star == i:
			key[i] = slot{kind: ir.SlotObj, class: b.classTuple}
			continue
		case args.keywords == i:
			key[i] = slot{kind: ir.SlotObj, class: b.classDict}
			continue
		}
		switch a.kind {
		case ir.SlotRange, ir.SlotRangeIter, ir.SlotNull, ir.SlotObjNull, ir.SlotDyn:
			return args, nil, false
		}
		key[i] = slot{kind: a.kind, class: a.class, literal: (a.constant() || a.literal) && !a.seen && (a.isInt() || a.isFloat())}
		if a.constant() && a.kind == ir.SlotIntOrigin && b.smallInt(a.v[0]) {
			key[i].kind, key[i].literal = ir.SlotInt, false
		}
	}
	return args, key, true
}

// shared are the parameters that take a raw number which the caller has elsewhere, too, as bits.
func (b *builder) shared(key []slot, args *arguments, n int) (found uint64) {
	live := b.liveAt(b.ins.Next)
	for i, a := range args.params {
		if i >= 64 || key[i].kind != ir.SlotInt && key[i].kind != ir.SlotFloat || a.v[0].Op.Is(ir.Constant) {
			continue
		}
		uses := 0
		for k := range b.locals {
			if l := &b.locals[k]; live.Has(k) && (l.isInt() || l.isFloat()) && l.v[0] == a.v[0] {
				uses++
			}
		}
		for k := range b.stack {
			if s := &b.stack[k]; (s.isInt() || s.isFloat()) && s.v[0] == a.v[0] {
				uses++
			}
		}
		if uses > 1 { // the argument itself lies on the stack
			found |= 1 << i
		}
	}
	return found
}

// identify makes objects of the raw arguments that the caller has elsewhere and the callee keeps: there must be one object of each. It tells if there
// are any.
func (b *builder) identify(key []slot, args *arguments, n int, keeps uint64) bool {
	keeps &= b.shared(key, args, n)
	for i, a := range args.params {
		for k := range n {
			if s := b.peek(k); keeps>>i&1 == 1 && s.kind == key[i].kind && s.v[0] == a.v[0] {
				b.escapeTop(k)
			}
		}
	}
	return keeps != 0
}

// way is a form in which a callee returns: by this tag. A number may come as an object, too.
type way struct {
	tag      int64
	orObject bool
}

// ways are the forms in which the callee is known to return.
func (b *builder) ways(ce *callee) []way {
	var ways []way
	for _, tag := range []int64{ir.TagInt, ir.TagFloat, ir.TagBool, ir.TagNone} {
		if ce.tags[tag] {
			ways = append(ways, way{tag: tag})
		}
	}
	if !ce.tags[ir.TagObj] && len(ways) > 0 {
		return ways
	}
	if len(ways) > 0 && (ways[0].tag == ir.TagInt || ways[0].tag == ir.TagFloat && b.addedNext()) && !b.profile(b.ins.At).failed() {
		number := way{tag: ways[0].tag, orObject: true}
		return append(ways[1:], number)
	}
	return append(ways, way{tag: ir.TagObj})
}

// takeResult goes on with the result of a call, which is on top of the stack in the callee's form. What follows is translated for each way in which
// the callee returns, unless that was done before in this bytecode block: then it is for an object.
func (b *builder) takeResult(ce *callee, ways []way, tag, v *ir.Value) {
	last := len(ways) - 1
	if last > 0 && b.current.forks >= maxForks {
		b.anyResult(ways, tag, v)
		b.afterCall(ce)
		return
	}
	if last == 0 {
		b.guardWay(ways[0], tag)
		b.pushResult(ways[0], tag, v)
		b.afterCall(ce)
		return
	}
	is := b.pure(ir.OpIEq, ir.Bool, tag, b.constInt(ways[0].tag))
	fork := func(then func()) func() {
		return func() {
			b.ended = false
			then()
			if !b.ended {
				b.fork()
			}
		}
	}
	first := fork(func() {
		b.pushResult(ways[0], tag, v)
		b.afterCall(ce)
	})
	b.split(is, 0, first, fork(func() { b.takeResult(ce, ways[1:], tag, v) }))
}

// guardWay leaves if the callee returned in another way, which was not known when its caller was built.
func (b *builder) guardWay(w way, tag *ir.Value) {
	if !w.orObject { // rawResult looks
		b.guard(ir.OpGuardTag, ir.Type{}, b.here(), ir.ExitInfo{Reason: ir.WhyResult, Site: b.ins.At}, tag).Aux = w.tag
	}
}

// pushResult replaces the callee's form of the result by a slot, given the way in which it returned.
func (b *builder) pushResult(w way, tag, v *ir.Value) {
	if w.orObject {
		v = b.rawResult(w.tag, tag, v)
	}
	b.forget(1)
	switch w.tag {
	case ir.TagInt:
		b.push(intSlot(v))
	case ir.TagFloat:
		b.push(floatSlot(b.pure(ir.OpBitsFloat, ir.F64, v)))
	case ir.TagBool:
		b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, v, b.constInt(0))))
	case ir.TagNone:
		b.push(noneSlot())
	default:
		b.push(ownedSlot(b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, v)))
	}
}

// anyResult replaces the callee's form of the result by an object, whichever way it returned.
func (b *builder) anyResult(ways []way, tag, v *ir.Value) {
	end, form := b.newBlock(), b.peek(0)
	object := b.f.AddParam(end, ir.Type{Kind: ir.Obj})
	for i, w := range ways {
		others := b.block
		if i == len(ways)-1 {
			b.guardWay(w, tag)
		} else {
			this := b.newBlock()
			others = b.newBlock()
			b.branch(b.pure(ir.OpIEq, ir.Bool, tag, b.constInt(w.tag)), this, others, 0)
			b.block = this
		}
		b.pushResult(w, tag, v)
		b.jump(end, b.own(b.boxedForFrame(b.peek(0))).object())
		b.setTop(form)
		b.block = others
	}
	b.block = end
	b.setTop(ownedSlot(object))
}

// afterCall looks at the frame, and at the result, after a native call.
func (b *builder) afterCall(ce *callee) {
	if ce.linked {
		b.checkFrame()
	}
	b.define(b.ins.At)
}

// arguments are a call's, by parameter.
type arguments struct {
	params         []slot // what *args and **kw take is made by pack
	defaults       []int  // parameters that take their defaults
	star, keywords int    // which parameter takes the rest, -1: none
	rest           []int  // what *args takes: stack items, counted from the top
	named          []named
}

// named is an item for **kw.
type named struct {
	name *decoder.Object
	item int // counted from the top of the stack
}

// bind gives each parameter of a known function its argument, of the top n stack items, as the interpreter does. Not ok: it would
// raise, or that is left to the runtime.
func (b *builder) bind(fn *decoder.Function, n int) (arguments, bool) {
	c := fn.Code
	a := arguments{params: make([]slot, c.Params()), star: -1, keywords: -1}
	if c.Flags&decoder.CoVarArgs != 0 {
		a.star = c.ArgCount + c.KwOnly
	}
	if c.Flags&decoder.CoVarKeywords != 0 {
		a.keywords = c.Params() - 1
	}
	var names []*decoder.Object
	if b.ins.Kw >= 0 {
		tuple := b.code.Code.Consts[b.ins.Kw]
		if names = tuple.Items; tuple.Flags&decoder.ObjCut != 0 {
			return a, false
		}
	}
	given := make([]bool, c.ArgCount+c.KwOnly)
	for i := range n - len(names) {
		switch {
		case i < c.ArgCount:
			a.params[i], given[i] = b.peek(n-1-i), true
		case a.star >= 0:
			a.rest = append(a.rest, n-1-i)
		default:
			return a, false
		}
	}
	for k, name := range names {
		at, item := parameter(c, name.Text), len(names)-1-k
		switch {
		case name.Flags&decoder.ObjCut != 0:
			return a, false
		case at >= 0 && !given[at]:
			a.params[at], given[at] = b.peek(item), true
		case at < 0 && a.keywords >= 0:
			a.named = append(a.named, named{name, item})
		default:
			return a, false
		}
	}
	for i := range given {
		if given[i] {
			continue
		}
		d := len(fn.Defaults) - (c.ArgCount - i)
		if i >= c.ArgCount || d < 0 {
			return a, false
		}
		a.params[i] = b.constSlot(fn.Defaults[d])
		a.defaults = append(a.defaults, i)
	}
	return a, true
}

// parameter is the index of the parameter that a keyword names, or -1.
func parameter(c *decoder.Code, name string) int {
	for i := c.PosOnly; i < c.ArgCount+c.KwOnly; i++ {
		if c.Locals[i].Name == name {
			return i
		}
	}
	return -1
}

// pack makes what *args and **kw take, on top of the stack, and says how many items that are.
func (b *builder) pack(a *arguments) int {
	items := 0
	build := func(name string, class ir.Class, words []*ir.Value) slot {
		b.settle()
		b.effect = true
		v := b.helper(name, words...)
		v.Type.Class = class
		b.push(ownedSlot(b.raising(v, b.here())))
		items++
		s := b.peek(0)
		s.owned = false
		return s
	}
	for _, i := range a.rest {
		b.escapeTop(i)
	}
	for _, n := range a.named {
		b.escapeTop(n.item)
	}
	var rest, pairs []*ir.Value
	for _, i := range a.rest {
		rest = append(rest, b.topObject(i))
	}
	for _, n := range a.named {
		pairs = append(pairs, b.constObj(n.name.Address, b.classStr), b.topObject(n.item))
	}
	switch {
	case a.star >= 0 && len(rest) == 0:
		a.params[a.star] = borrowedSlot(b.constObj(b.abi.ObjEmptyTuple, b.classTuple))
	case a.star >= 0:
		a.params[a.star] = build("gs_build_tuple", b.classTuple, rest)
	}
	if a.keywords >= 0 {
		a.params[a.keywords] = build("gs_build_map", b.classDict, pairs)
	}
	return items
}

// rawResult makes a number of the result on top of the stack, where the callee may also return a number as an object: a parameter, whose
// identity it keeps. Nobody can tell that the object is dropped here if it is the only one of its value, or about to be added to a number.
func (b *builder) rawResult(expected int64, tag, v *ir.Value) *ir.Value {
	raw, object, end := b.newBlock(), b.newBlock(), b.newBlock()
	result := b.f.AddParam(end, ir.Type{Kind: ir.I64})
	b.branch(b.pure(ir.OpIEq, ir.Bool, tag, b.constInt(expected)), raw, object, 1)
	b.block = raw
	b.jump(end, v)

	b.block = object
	top := b.peek(0)
	why := ir.ExitInfo{Reason: ir.WhyResult, Site: b.ins.At}
	b.guard(ir.OpGuardTag, ir.Type{}, b.here(), why, tag).Aux = ir.TagObj
	class := b.classInt
	if expected == ir.TagFloat {
		class = b.classFloat
	}
	b.setTop(ownedSlot(b.add(ir.OpWordObj, ir.Type{Kind: ir.Obj}, v)))
	o := b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: class}, b.here(), why, b.topObject(0))
	o.Aux = int64(class)
	var n *ir.Value
	if expected == ir.TagFloat {
		n = b.pure(ir.OpFloatBits, ir.I64, b.pure(ir.OpUnboxFloat, ir.F64, o))
	} else {
		n = b.guard(ir.OpUnboxInt, ir.Type{Kind: ir.I64}, b.here(), why, o)
		if !b.addedNext() {
			index := b.pure(ir.OpAdd, ir.I64, n, b.constInt(int64(b.abi.SmallIntNeg)))
			small := b.pure(ir.OpULt, ir.Bool, index, b.constInt(int64(b.abi.SmallIntNeg+b.abi.SmallIntPos)))
			b.guard(ir.OpGuard, ir.Type{}, b.here(), why, small)
			offset := b.pure(ir.OpMul, ir.I64, index, b.constInt(int64(b.abi.SmallIntStep)))
			only := b.pure(ir.OpAdd, ir.I64, offset, b.constInt(int64(b.abi.SmallInts)))
			b.guard(ir.OpGuard, ir.Type{}, b.here(), why, b.pure(ir.OpPEq, ir.Bool, o, only))
		}
	}
	b.add(ir.OpDecrefQuiet, ir.Type{}, o)
	b.jump(end, n)

	b.block = end
	b.setTop(top)
	return result
}

// addedNext reports whether the next bytecode adds, subtracts or multiplies the top of the stack and a number below it.
func (b *builder) addedNext() bool {
	next := b.code.InstrAt(b.ins.Next)
	if next == nil || next.Op != decoder.OpBinaryOp || len(b.stack) < 2 || !b.stack[len(b.stack)-2].isNumber() {
		return false
	}
	return next.Arg == decoder.BinAdd || next.Arg == decoder.BinSub || next.Arg == decoder.BinMul
}

// addCallee gives the index of the callee in the function's table.
func (b *builder) addCallee(ce *callee) int64 {
	for i, c := range b.f.Callees {
		if c.Func == ce.fn {
			return int64(i)
		}
	}
	b.f.Callees = append(b.f.Callees, &ir.Callee{Name: ce.fn.Name, Func: ce.fn})
	return int64(len(b.f.Callees) - 1)
}

// returns notes how a function returns.
func (ce *callee) returns(tag int64) { ce.tags[tag] = true }

// keyText names a callee's version.
func keyText(index int, key []slot) string {
	t := strconv.AppendInt(nil, int64(index), 10)
	for i := range key {
		t = strconv.AppendInt(append(t, ','), int64(key[i].kind), 10)
		t = strconv.AppendUint(append(t, ':'), uint64(key[i].class), 16)
		t = strconv.AppendBool(append(t, ':'), key[i].owned)
		t = strconv.AppendBool(append(t, ':'), key[i].literal)
	}
	return string(t)
}

// callEx translates f(*args, **kwargs). On the stack: NULL and the callable, in the order of the version, arguments, and a mapping if
// there is one, or NULL.
func callEx(b *builder) error {
	n := 3 + int(b.ins.Arg&1)
	kwargs := b.null()
	if n == 4 && b.peek(0).kind != ir.SlotNull {
		kwargs = b.escapeTop(0)
	}
	at := n - 2
	if b.ins.Flags&decoder.FlagNullAbove != 0 {
		at = n - 1
	}
	// The runtime lets go of what a tuple holds that nobody else has, as the interpreter does: a constant or a local counts as somebody.
	b.escapeTop(n - 3)
	b.update(n-3, b.own(b.peek(n-3)))
	callable, args := b.escapeTop(at), b.escapeTop(n-3)
	b.finishCall(b.call("gs_call_ex", callable, args, kwargs), n)
	return nil
}

// makeFunction pops what its argument's bits name, and the code object, which lies on top.
func makeFunction(b *builder) error {
	n := 0
	for bit := int32(1); bit <= 16; bit <<= 1 {
		if b.ins.Arg&bit != 0 {
			n++
		}
	}
	code := b.pop()
	r := b.vector("gs_make_function", n, false, b.callable, code.object(), b.constInt(int64(b.ins.Arg)))
	r.Type.Class = b.classFunction
	b.finish(r, n, false)
	if o := b.known(code.object()); o != nil && o.Code != nil && b.ins.Arg&3 == 0 && !b.ended {
		b.made[b.topObject(0)] = o.Code
	}
	return nil
}

func loadBuildClass(b *builder) error {
	b.finishObject(b.call("gs_load_build_class", b.callable), 0)
	return nil
}

func importName(b *builder) error {
	if b.ins.Flags&decoder.FlagLazy != 0 {
		b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
		return nil
	}
	level, from := b.escapeTop(1), b.escapeTop(0)
	b.finish(b.call("gs_import_name", b.callable, b.name(), from, level), 2, true)
	return nil
}

// importFrom leaves the module on the stack.
func importFrom(b *builder) error {
	b.finish(b.call("gs_import_from", b.escapeTop(0), b.name()), 0, true)
	return nil
}
