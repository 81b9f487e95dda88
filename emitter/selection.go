// The operands of an instruction while it is being put together: registers asked for, constraints, and frame states of its exits. What may be
// folded into an instruction is the instruction set's question.

package emitter

import (
	"math/bits"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
)

// Selector makes selections. Its memory is used again by the next function.
type Selector struct {
	operands arena.Arena[regalloc.Operand]
	buffer   []regalloc.Operand
	open     *Selection // which has operands, and is not emitted yet
	// CountDown emits a jump to the exit when its word comes to 0, for guards that are forced to fail.
	CountDown func(x *Exit, exit Label)
}

// Reset makes ready for a function.
func (r *Selector) Reset() {
	r.operands.Reset()
	r.open = nil
}

// Selection is one instruction being put together.
type Selection struct {
	F   *Func
	At  *ir.Value // the operation at whose place it will stand, or nil
	Ops []regalloc.Operand

	selector *Selector
	exits    []*Exit
	first    [1]*Exit // memory for exits
}

// Begin is an empty selection.
func (r *Selector) Begin(f *Func, at *ir.Value) Selection {
	return Selection{F: f, At: at, selector: r}
}

// Drop forgets a selection that only asked for registers.
func (r *Selector) Drop() { r.open = nil }

// Add adds an operand, and answers with its number. One selection at a time collects them in the selector's buffer.
func (s *Selection) Add(o regalloc.Operand) int {
	r := s.selector
	if s.Ops == nil && r.open == nil {
		r.open = s
		s.Ops = r.buffer[:0]
	}
	s.Ops = append(s.Ops, o)
	return len(s.Ops) - 1
}

// close gives the operands their final place.
func (s *Selection) close() {
	r := s.selector
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
	if s.F.Unit.Input.Force != nil && len(s.exits) > 0 && (s.At == nil || s.At.Op.Is(ir.Guard)) {
		emit = s.selector.forced(s.exits[0], emit)
	}
	s.F.Add(Inst{Instr: regalloc.Instr{Ops: s.Ops, Clobbers: clobbers}, Value: s.At, Emit: emit})
}

// forced is the instruction of a guard which, for a test, fails once although what it checks holds.
func (r *Selector) forced(x *Exit, emit func(l []regalloc.Loc)) func(l []regalloc.Loc) {
	return func(l []regalloc.Loc) {
		force := x.Forced()
		if force && !x.Late {
			r.CountDown(x, x.Label(l))
		}
		emit(l)
		if force && x.Late {
			r.CountDown(x, x.Label(l))
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

// Divisions are the pairs of a quotient and a remainder of the same operands in one block, each by the other: the first of a pair makes both.
type Divisions map[*ir.Value]*ir.Value

// JoinDivisions finds them.
func (f *Func) JoinDivisions() (joined Divisions) {
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
					joined = Divisions{}
				}
				joined[w], joined[v] = v, w
			} else {
				first[key] = v
			}
		}
	}
	return joined
}

// Wanted tells what a division has to make where v stands: nothing if the other one of its pair, which comes first, makes both.
func (d Divisions) Wanted(f *Func, v *ir.Value) (quotient, remainder *ir.Value, here bool) {
	other := d[v]
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
