// The operands of an instruction while it is being put together: registers asked for, constraints, and frame states of its exits. What may be
// folded into an instruction is the instruction set's question.

package emitter

import (
	"math/bits"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// selector makes selections. Its memory is used again by the next function.
type selector struct {
	selections arena.Arena[Selection]
	operands   arena.Arena[regalloc.Operand]
	words      arena.Arena[Word]
	buffer     []regalloc.Operand
	open       *Selection // which has operands, and is not emitted yet
}

func (r *selector) reset() {
	r.selections.Reset()
	r.operands.Reset()
	r.words.Reset()
	r.open = nil
}

// Selection is one instruction being put together.
type Selection struct {
	F   *Func
	At  *ir.Value // the operation at whose place it will stand, or nil
	Ops []regalloc.Operand

	exits []*Exit
	first [1]*Exit // memory for exits
}

// Begin is an empty selection.
func (f *Func) Begin(at *ir.Value) *Selection {
	s := f.selector.selections.New()
	s.F, s.At = f, at
	return s
}

// drop forgets a selection that only asked for registers.
func (s *Selection) drop() { s.F.selector.open = nil }

// Add adds an operand, and answers with its number. One selection at a time collects them in the selector's buffer.
func (s *Selection) Add(o regalloc.Operand) int {
	r := &s.F.selector
	if s.Ops == nil && r.open == nil {
		r.open = s
		s.Ops = arena.Empty(r.buffer)
	}
	s.Ops = append(s.Ops, o)
	return len(s.Ops) - 1
}

// close gives the operands their final place.
func (s *Selection) close() {
	r := &s.F.selector
	ops := r.operands.Keep(s.Ops)
	if r.open == s {
		r.buffer, r.open = s.Ops, nil
	}
	for _, x := range s.exits {
		x.Place(ops)
	}
	s.Ops = ops
}

// Use reads v from any register.
func (s *Selection) Use(v *ir.Value) int { return s.Add(regalloc.Operand{V: s.F.Reg(v)}) }

// UseLate reads v still after the results are written.
func (s *Selection) UseLate(v *ir.Value) int {
	return s.Add(regalloc.Operand{V: s.F.Reg(v), Late: true})
}

// UseIn reads v from this register.
func (s *Selection) UseIn(v *ir.Value, r regalloc.PReg) int {
	return s.Add(regalloc.Operand{V: s.F.Reg(v), C: regalloc.Fixed, Fixed: r})
}

// Def writes v to any register.
func (s *Selection) Def(v *ir.Value) int { return s.Add(regalloc.Operand{V: s.F.Reg(v), Def: true}) }

// DefTied writes v to the register of operand to.
func (s *Selection) DefTied(v *ir.Value, to int) int {
	return s.Add(regalloc.Operand{V: s.F.Reg(v), Def: true, C: regalloc.Tied, Tied: int8(to)})
}

// DefIn writes v to this register.
func (s *Selection) DefIn(v *ir.Value, r regalloc.PReg) int {
	return s.Add(regalloc.Operand{V: s.F.Reg(v), Def: true, C: regalloc.Fixed, Fixed: r})
}

// DefEarly writes v before all operands are read.
func (s *Selection) DefEarly(v *ir.Value) int {
	return s.Add(regalloc.Operand{V: s.F.Reg(v), Def: true, Early: true})
}

// Temp is a general register for the instruction's own use.
func (s *Selection) Temp() int {
	return s.Add(regalloc.Operand{V: s.F.Temp(regalloc.GPR), Def: true, Early: true})
}

// Exit makes the exit of the guard and adds its frame state. late: the instruction may have written its results when it leaves.
func (s *Selection) Exit(late bool) *Exit {
	x := s.F.NewExit(s.At)
	s.State(x, late)
	return x
}

// State adds the frame state of an exit.
func (s *Selection) State(x *Exit, late bool) {
	if s.exits == nil {
		s.exits = s.first[:0]
	}
	s.exits = append(s.exits, x)
	x.Operands(late, s.Add)
}

// Emit adds the instruction.
func (s *Selection) Emit(clobbers regalloc.RegSet, emit func(l []regalloc.Loc)) {
	s.close()
	if s.F.Unit.Input.Force != nil && len(s.exits) > 0 && (s.At == nil || s.At.Op.Is(ir.Guard) && !loses(s.At)) {
		emit = s.exits[0].forced(emit)
	}
	s.F.Add(Inst{Instr: regalloc.Instr{Ops: s.Ops, Clobbers: clobbers}, Value: s.At, Emit: emit})
}

// loses reports whether the exit of a guard that holds would lose a reference: a helper's result, which the frame state takes for NULL, or what
// it has put into words; or would be in an arm of a branch that is not taken.
func loses(guard *ir.Value) bool {
	if guard.Exit.Chosen {
		return true
	}
	switch guard.Op {
	case ir.OpGuardNotNull:
		return guard.Args[0].Op == ir.OpCallHelper
	case ir.OpGuard:
		v := Resolve(guard.Args[0])
		return v.Op == ir.OpINe && v.Args[0].Op == ir.OpCallHelper && v.Args[0].HelperRow().Gives
	}
	return false
}

// forced is the instruction of a guard which, for a test, fails once although what it checks holds.
func (x *Exit) forced(emit func(l []regalloc.Loc)) func(l []regalloc.Loc) {
	return func(l []regalloc.Loc) {
		force := x.Forced()
		if force && !x.Late {
			x.f.m.CountDown(x, x.Label(l))
		}
		emit(l)
		if force && x.Late {
			x.f.m.CountDown(x, x.Label(l))
		}
	}
}

// Word is an argument that goes to memory: a constant, or an operand that may be anywhere.
type Word struct {
	Constant bool
	N        int64
	Op       int
}

// Word adds an argument that goes to memory.
func (s *Selection) Word(v *ir.Value) Word {
	v = Resolve(v)
	if v.Op.Is(ir.Constant) {
		return Word{Constant: true, N: v.Aux}
	}
	c := regalloc.AnyLoc
	if v.Op == ir.OpScratch {
		c = regalloc.Reg
	}
	return Word{Op: s.Add(regalloc.Operand{V: s.F.Reg(v), C: c})}
}

// Ordered gives the operands of a two-address instruction, the one to be overwritten first: a commutative operation takes the one that
// dies, or that goes where the result goes; a constant or an operand that is folded comes second.
func (s *Selection) Ordered(v *ir.Value, foldable func(*ir.Value) bool) (x, y *ir.Value) {
	x, y = Resolve(v.Args[0]), Resolve(v.Args[1])
	if !v.Op.Is(ir.Commutative) {
		return x, y
	}
	f := s.F
	if x.Op.Is(ir.Constant) {
		return y, x
	}
	if y.Op.Is(ir.Constant) || f.Feeds(v, x) && f.Dies(x) {
		return x, y
	}
	switch {
	case f.Feeds(v, y) && f.Dies(y):
		return y, x
	case foldable(y):
		return x, y
	case foldable(x):
		return y, x
	case !f.Dies(x) && f.Dies(y):
		return y, x
	}
	return x, y
}

// Negated strips negations of the operands of a FMulAdd: those of product and summand are told as 0 or 1.
func Negated(v *ir.Value) (args [3]*ir.Value, negate [2]int) {
	for i, a := range v.Args {
		for a = Resolve(a); a.Op == ir.OpFNeg; a = Resolve(a.Args[0]) {
			negate[i/2] ^= 1
		}
		args[i] = a
	}
	return args, negate
}

// Words adds arguments that go to memory.
func (s *Selection) Words(values []*ir.Value) []Word {
	words := s.F.selector.words.Make(len(values))
	for i, v := range values {
		words[i] = s.Word(v)
	}
	return words
}

// Address is a memory operand: base and index are numbers of operands, or -1.
type Address struct {
	Base, Index int
	Scratch     *ir.Value // the words of an OpScratch instead of a base
	disp        int32
	frame       *NativeFrame
}

// Disp is the displacement, from the stack pointer for Scratch.
func (ad *Address) Disp() int32 {
	if ad.Scratch != nil {
		return ad.disp + int32(ad.frame.ScratchOffset(ad.Scratch))
	}
	return ad.disp
}

// Address folds constants into the displacement. index may be nil; it counts words.
func (s *Selection) Address(base, index *ir.Value, disp int64, late bool) Address {
	m := s.F.m
	base = Resolve(base)
	ad := Address{Base: -1, Index: -1, frame: &s.F.Frame}
	constant := func(v *ir.Value) bool { // which counts words in the displacement
		return v.Op.Is(ir.Constant) && fits32(v.Aux) && fits32(disp+8*v.Aux)
	}
	add := func(v *ir.Value) int { return s.Add(regalloc.Operand{V: s.F.Reg(v), Late: late}) }
	if index != nil {
		index = Resolve(index)
		if index.Op == ir.OpAdd && m.SplitsIndex(disp) && !s.F.Wanted(index) && s.F.Near(index, s.At) {
			if n := Resolve(index.Args[1]); constant(n) {
				disp += 8 * n.Aux
				index = Resolve(index.Args[0])
			}
		}
		if constant(index) {
			disp += 8 * index.Aux
			index = nil
		}
	}
	switch {
	case base.Op == ir.OpScratch:
		ad.Scratch = base
		s.F.Frame.NeedScratch(base)
	case base.Op.Is(ir.Constant) && m.Absolute(base.Aux+disp) && fits32(base.Aux):
		disp += base.Aux
	default:
		ad.Base = add(base)
	}
	if index != nil {
		ad.Index = add(index)
	}
	if !fits32(disp) {
		panic("BUG: displacement out of range")
	}
	ad.disp = int32(disp)
	return ad
}

func fits32(n int64) bool { return n == int64(int32(n)) }

// LoadAddress is the address of a load.
func (s *Selection) LoadAddress(v *ir.Value, late bool) Address {
	switch abi := s.F.m.ABI(); v.Op {
	case ir.OpClassOf:
		return s.Address(v.Args[0], nil, int64(abi.ObType), late)
	case ir.OpUnboxFloat:
		return s.Address(v.Args[0], nil, int64(abi.FloatVal), late)
	case ir.OpLoadIdxI64, ir.OpLoadIdxF64, ir.OpLoadIdxObj, ir.OpLoadIdxObjNull:
		return s.Address(v.Args[0], v.Args[1], v.Aux, late)
	}
	return s.Address(v.Args[0], nil, v.Aux, late)
}

// ArgumentRegisters are the registers in which a native function takes its callable and arguments, and whether there are enough.
func (r *Registers) ArgumentRegisters(args []*ir.Value) (places []regalloc.PReg, fit bool) {
	var next [2]int
	for i, x := range args {
		class := regalloc.GPR
		if x.Type.Kind.Float() {
			class = regalloc.FPR
		}
		switch {
		case i == 0:
			places = append(places, r.Callable)
		case next[class] == len(r.Params[class]):
			return nil, false
		default:
			places = append(places, r.Params[class][next[class]])
			next[class]++
		}
	}
	return places, true
}

// divisions are the pairs of a quotient and a remainder of the same operands in one block, each by the other: the first of a pair makes both.
type divisions map[*ir.Value]*ir.Value

// joinDivisions finds them.
func (f *Func) joinDivisions() (joined divisions) {
	type operands struct{ x, y *ir.Value }
	for _, b := range f.IR.Blocks {
		var first map[operands]*ir.Value
		for _, v := range b.Values {
			if v.Op != ir.OpDivFloor && v.Op != ir.OpModFloor {
				continue
			}
			key := operands{Resolve(v.Args[0]), Resolve(v.Args[1])}
			if first == nil {
				first = map[operands]*ir.Value{}
			}
			if w := first[key]; w != nil && w.Op != v.Op && joined[w] == nil {
				if joined == nil {
					joined = divisions{}
				}
				joined[w], joined[v] = v, w
			} else {
				first[key] = v
			}
		}
	}
	return joined
}

// Division tells what a division has to make where v stands: nothing if the other one of its pair, which comes first, makes both.
func (f *Func) Division(v *ir.Value) (quotient, remainder *ir.Value, here bool) {
	other := f.joined[v]
	if other != nil && f.Before(other, v) {
		f.Reg(other)
		return nil, nil, false
	}
	for _, w := range []*ir.Value{v, other} {
		switch {
		case w == nil || !f.Wanted(w):
		case w.Op == ir.OpDivFloor:
			quotient = w
		default:
			remainder = w
		}
	}
	return quotient, remainder, true
}

// Magic are the numbers by which a division by y > 0, no power of two, is a multiplication. For x < 0, floor(x/y) = ~(~x / y), and ~x as
// x ^ (x>>63) is in 0 … 2**63-1 for every x. With k = floor(log2 y) and M = ceil(2**(64+k) / y), which is below 2**64, the error M*y -
// 2**(64+k) is below y < 2**(k+1), so that error times x is below 2**(64+k) and floor(M*x / 2**(64+k)) is the quotient.
func Magic(y int64) (magic uint64, k int) {
	k = bits.Len64(uint64(y)) - 1
	magic, rest := bits.Div64(1<<k, 0, uint64(y))
	if rest != 0 {
		magic++
	}
	return magic, k
}

// selectValue adds the instructions of v.
func (f *Func) selectValue(v *ir.Value) {
	switch v.Op {
	case ir.OpIncref, ir.OpXIncref, ir.OpDecref, ir.OpXDecref, ir.OpDecrefQuiet, ir.OpXDecrefQuiet:
		f.reference(v)
	case ir.OpBoxInt:
		f.boxInt(v)
	case ir.OpBoxFloat:
		f.boxFloat(v)
	case ir.OpReboxFloat:
		f.reboxFloat(v)
	case ir.OpListAppend:
		f.listAppend(v)
	case ir.OpUnboxInt:
		f.unboxInt(v)
	case ir.OpCallHelper:
		f.callHelper(v)
	case ir.OpCallNative:
		f.callNative(v)
	case ir.OpCallTag:
		f.Reg(v.Args[0]) // the call defines both
	default:
		f.m.Select(f, v)
	}
}

// Excused takes apart the condition of a guard that need not hold where another one is when: ok, if v is such a condition, made for
// this guard alone.
func (s *Selection) Excused(v *ir.Value) (holds, other *ir.Value, when, ok bool) {
	v = Resolve(v)
	if v.Op != ir.OpSelect || s.F.Wanted(v) || !s.F.Near(v, s.At) {
		return nil, nil, false, false
	}
	always := func(v *ir.Value) bool { return v.Op == ir.OpConstBool && v.Aux != 0 }
	switch {
	case always(v.Args[2]):
		return v.Args[1], v.Args[0], false, true
	case always(v.Args[1]):
		return v.Args[2], v.Args[0], true, true
	}
	return nil, nil, false, false
}

// Negated is the truth value of which v is the negation, or v: negations that nobody else asks for are part of the test. own: what it returns
// is being made, as v is, and must not be asked for.
func (s *Selection) Negated(v *ir.Value, own bool) (of *ir.Value, negate, itself bool) {
	for {
		v = Resolve(v)
		if v.Op != ir.OpBNot || !own && s.F.Wanted(v) {
			return v, negate, own
		}
		v, negate, own = v.Args[0], !negate, false
	}
}
