// What allocations must look like: small cases, quality of loops, planted faults, parallel moves.

package regalloc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// x86 is a register file like the first target's.
func x86() *Func {
	f := &Func{VRegs: make([]VRegInfo, 1), Scratch: [numClasses]PReg{11, 47}}
	f.Avail[GPR] = []PReg{0, 1, 2, 6, 7, 8, 9, 10, 3, 5, 12, 13, 14}
	for p := PReg(32); p < 47; p++ {
		f.Avail[FPR] = append(f.Avail[FPR], p)
	}
	return f
}

const (
	rax, rcx, rdx, rdi = PReg(0), PReg(1), PReg(2), PReg(7)
	// calls clobber all but r3, r5, r12-r15
	callClobbers = RegSet(1<<0 | 1<<1 | 1<<2 | 1<<6 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 0xffff<<32)
)

func (f *Func) newVReg(c Class) VReg {
	f.VRegs = append(f.VRegs, VRegInfo{Class: c})
	return VReg(len(f.VRegs) - 1)
}

func (f *Func) newVRegs(n int) []VReg {
	var vs []VReg
	for range n {
		vs = append(vs, f.newVReg(GPR))
	}
	return vs
}

func def(v VReg) Operand              { return Operand{V: v, Def: true} }
func tied(v VReg, k int8) Operand     { return Operand{V: v, Def: true, C: Tied, Tied: k} }
func defIn(v VReg, p PReg) Operand    { return Operand{V: v, Def: true, C: Fixed, Fixed: p} }
func useOf(v VReg) Operand            { return Operand{V: v} }
func useIn(v VReg, p PReg) Operand    { return Operand{V: v, C: Fixed, Fixed: p} }
func anywhere(vs ...VReg) []Operand   { return operands(AnyLoc, vs) }
func fromMemory(vs ...VReg) []Operand { return operands(RegOrMem, vs) }

func operands(c Constraint, vs []VReg) []Operand {
	var ops []Operand
	for _, v := range vs {
		ops = append(ops, Operand{V: v, C: c})
	}
	return ops
}

func op(ops ...Operand) Instr { return Instr{Ops: ops} }
func jump() Instr             { return Instr{} }

// binary is a two-address operation.
func binary(d, x, y VReg) Instr { return op(tied(d, 1), useOf(x), useOf(y)) }

// editsIn counts the edits of blocks and of the edges that leave them.
func editsIn(r *Result, blocks ...int) int {
	n := 0
	for _, b := range blocks {
		n += len(r.Edits[b])
		for _, eb := range r.EdgeBlocks {
			if eb.Pred == b {
				n += len(eb.Edits)
			}
		}
	}
	return n
}

// nest is two nested loops: outer header 1, inner header 2, inner latch 3, outer latch 4, exit 5.
// invariants are live through; states stand in the inner loop's frame state.
func nest(invariants, states int) *Func {
	f := x86()
	inv := f.newVRegs(invariants)
	st := f.newVRegs(states)
	v := f.newVRegs(12)
	n, i0, s0, i, s, j0, j, s1, j1, s2, i1, t := v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11]
	for _, c := range []VReg{i0, s0, j0} {
		f.VRegs[c].Remat = true
	}
	entry := Block{Params: []VReg{n}}
	f.EntryFixed = []Loc{RegLoc(rdi)}
	for _, x := range append(append([]VReg{}, inv...), st...) {
		entry.Instrs = append(entry.Instrs, op(def(x), useOf(n)))
	}
	entry.Instrs = append(entry.Instrs, op(def(i0)), op(def(s0)), jump())
	entry.Succs = []Edge{{1, []VReg{i0, s0}}}
	guard := append([]Operand{useOf(j)}, anywhere(st...)...)
	body := []Instr{op(append(guard, anywhere(i, j, n, s1)...)...)}
	sum := s1
	for _, x := range inv {
		d := f.newVReg(GPR)
		body = append(body, binary(d, sum, x))
		sum = d
	}
	body = append(body, binary(s2, sum, j), binary(j1, j, n), op(useOf(j1), useOf(n)))
	f.Blocks = []Block{
		entry,
		{Params: []VReg{i, s}, Instrs: []Instr{op(def(j0)), jump()}, Succs: []Edge{{2, []VReg{j0, s}}}},
		{Params: []VReg{j, s1}, Instrs: []Instr{jump()}, Succs: []Edge{{3, nil}}},
		{Instrs: body, Succs: []Edge{{2, []VReg{j1, s2}}, {4, nil}}},
		{Instrs: []Instr{binary(i1, i, n), op(def(t), useOf(i1)), op(useOf(t))}, Succs: []Edge{{1, []VReg{i1, s2}}, {5, nil}}},
		{Instrs: []Instr{op(append(anywhere(inv...), anywhere(st...)...)...), op(useIn(s2, rax))}},
	}
	return f
}

// nests is count of them, one after the other; the first one's frame-state values stand in all frame states.
func nests(count, invariants, states int) *Func {
	all := nest(invariants, states)
	shared := all.Blocks[5].Instrs[0].Ops
	n := all.Blocks[0].Params[0]
	for range count - 1 {
		f := nest(invariants, 0)
		base := VReg(len(all.VRegs) - 1)
		blocks := len(all.Blocks)
		all.VRegs = append(all.VRegs, f.VRegs[1:]...)
		for b := range f.Blocks {
			blk := &f.Blocks[b]
			for i := range blk.Params {
				blk.Params[i] += base
			}
			for i := range blk.Instrs {
				ops := blk.Instrs[i].Ops
				for k := range ops {
					ops[k].V += base
				}
				if len(ops) > 3 {
					blk.Instrs[i].Ops = append(ops, shared...)
				}
			}
			for k := range blk.Succs {
				blk.Succs[k].To += blocks
				for j := range blk.Succs[k].Args {
					blk.Succs[k].Args[j] += base
				}
			}
			all.Blocks = append(all.Blocks, *blk)
		}
		exit := &all.Blocks[blocks-1]
		exit.Instrs = append(exit.Instrs, jump())
		exit.Succs = []Edge{{blocks, []VReg{n}}}
	}
	return all
}

func TestManyLoopsCarryNoMoves(t *testing.T) {
	f := nests(12, 3, 30)
	r := prove(t, f, 0)
	for b := 0; b < len(f.Blocks); b += 6 {
		require.Zero(t, editsIn(r, b+2, b+3), dump(f, r))
	}
}

func TestLoopsCarryNoMoves(t *testing.T) {
	for _, tc := range []struct {
		name               string
		invariants, states int
	}{
		{"few values", 2, 0},
		{"registers just suffice", 6, 0},
		{"two hundred values in frame states", 2, 200},
		{"both", 5, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := nest(tc.invariants, tc.states)
			r := prove(t, f, 0)
			require.Zero(t, editsIn(r, 2, 3), dump(f, r))
		})
	}
}

func TestDivisionInLoop(t *testing.T) {
	// q = s / n with RAX, RDX; s is the quotient of the last round, so that it lives in RAX.
	f := x86()
	v := f.newVRegs(7)
	n, s0, s, hi, q, rem, k := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	f.EntryFixed = []Loc{RegLoc(rax), RegLoc(rdx), RegLoc(rdi)}
	f.Blocks = []Block{
		{Params: []VReg{n, s0, k}, Instrs: []Instr{jump()}, Succs: []Edge{{1, []VReg{s0}}}},
		{Params: []VReg{s}, Instrs: []Instr{
			op(defIn(hi, rdx), useIn(s, rax)),
			op(defIn(q, rax), defIn(rem, rdx), useIn(s, rax), useIn(hi, rdx), Operand{V: n, Late: true}),
			op(useOf(q), useOf(k)),
		}, Succs: []Edge{{1, []VReg{q}}, {2, nil}}},
		{Instrs: []Instr{op(useIn(q, rax))}},
	}
	r := prove(t, f, 0)
	require.Zero(t, editsIn(r, 1), dump(f, r))
}

func TestCallInLoopKeepsValuesInPreservedRegisters(t *testing.T) {
	f := x86()
	v := f.newVRegs(5)
	fn, i, i0, i1, res := v[0], v[1], v[2], v[3], v[4]
	f.EntryFixed = []Loc{RegLoc(rdi), RegLoc(rdx)}
	call := op(defIn(res, rax), useIn(i, rdi), useOf(fn))
	call.Clobbers = callClobbers
	f.Blocks = []Block{
		{Params: []VReg{fn, i0}, Instrs: []Instr{jump()}, Succs: []Edge{{1, []VReg{i0}}}},
		{Params: []VReg{i}, Instrs: []Instr{call, binary(i1, i, res), op(useOf(i1))}, Succs: []Edge{{1, []VReg{i1}}, {2, nil}}},
		{Instrs: []Instr{jump()}},
	}
	r := prove(t, f, 0)
	require.Equal(t, 1, editsIn(r, 1), "only the argument is moved\n%s", dump(f, r))
	require.Zero(t, r.NumSlots)
}

func TestSpillIsStoredOnceOutsideTheLoop(t *testing.T) {
	// x lives through a loop whose calls leave it no register, and is used after it.
	f := x86()
	f.Avail[GPR] = []PReg{0, 1, 2, 6, 7}
	v := f.newVRegs(3)
	x, a, y := v[0], v[1], v[2]
	call := op(defIn(a, rax))
	call.Clobbers = callClobbers
	f.Blocks = []Block{
		{Instrs: []Instr{op(def(x)), jump()}, Succs: []Edge{{1, nil}}},
		{Instrs: []Instr{call, op(anywhere(x)...), op(useOf(a))}, Succs: []Edge{{1, nil}, {2, nil}}},
		{Instrs: []Instr{op(useOf(x), def(y)), op(useOf(y), useOf(x))}},
	}
	r := prove(t, f, 0)
	require.Zero(t, editsIn(r, 1), dump(f, r))
	stores, loads := 0, 0
	for _, edits := range r.Edits {
		for _, e := range edits {
			if e.To.IsSlot() {
				stores++
			}
			if e.From.IsSlot() {
				loads++
			}
		}
	}
	require.Equal(t, 1, stores, dump(f, r))
	require.Equal(t, 1, loads, dump(f, r))
}

func TestColdPathPaysForItself(t *testing.T) {
	// A call on a cold path inside the loop: the hot path has no edit, whatever the call clobbers.
	f := x86()
	f.Avail[GPR] = []PReg{0, 1, 2, 6, 7}
	v := f.newVRegs(6)
	x, i0, i, i1, a, b := v[0], v[1], v[2], v[3], v[4], v[5]
	call := op(defIn(a, rax), useIn(i, rdi))
	call.Clobbers = callClobbers
	f.EntryFixed = []Loc{RegLoc(rdi), RegLoc(rdx)}
	f.Blocks = []Block{
		{Params: []VReg{x, i0}, Instrs: []Instr{jump()}, Succs: []Edge{{1, []VReg{i0}}}},
		{Params: []VReg{i}, Instrs: []Instr{op(useOf(x), useOf(i))}, Succs: []Edge{{4, nil}, {2, []VReg{x}}}},
		{Params: []VReg{b}, Instrs: []Instr{binary(i1, i, x), op(useOf(i1), useOf(b))}, Succs: []Edge{{1, []VReg{i1}}, {3, nil}}},
		{Instrs: []Instr{op(useOf(x))}},
		{Cold: true, Instrs: []Instr{call, jump()}, Succs: []Edge{{2, []VReg{a}}}},
	}
	r := prove(t, f, 0)
	require.Empty(t, r.Edits[1], dump(f, r))
	require.Empty(t, r.Edits[2], dump(f, r))
	require.NotEmpty(t, r.Edits[4])
	for _, eb := range r.EdgeBlocks {
		require.NotEqual(t, 2, eb.Pred, dump(f, r))
	}
}

func TestConstantsAreNeverStored(t *testing.T) {
	f := x86()
	f.Avail[GPR] = []PReg{0, 1, 2}
	cs := f.newVRegs(6)
	d := f.newVReg(GPR)
	var ins []Instr
	for _, c := range cs {
		f.VRegs[c].Remat = true
		ins = append(ins, op(def(c)))
	}
	for i := range cs {
		ins = append(ins, op(useOf(cs[i]), useOf(cs[(i+1)%6])))
	}
	ins = append(ins, op(append(anywhere(cs...), def(d))...), op(useOf(d)))
	f.Blocks = []Block{{Instrs: ins}}
	r := prove(t, f, 0)
	require.Zero(t, r.NumSlots, dump(f, r))
}

func TestSmall(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(f *Func)
		edits int // in all; -1: any
	}{
		{"a value in two fixed registers", func(f *Func) {
			v := f.newVReg(GPR)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v)), op(useIn(v, rax), useIn(v, rcx), useOf(v))}}}
		}, 1},
		{"a result computed where it is wanted", func(f *Func) {
			v := f.newVRegs(2)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), op(def(v[1]), useOf(v[0])), op(useIn(v[1], rcx), useIn(v[0], rdi))}}}
		}, 0},
		{"a tied operand that lives on", func(f *Func) {
			v := f.newVRegs(2)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), binary(v[1], v[0], v[0]), op(useOf(v[0]), useOf(v[1]))}}}
		}, 1},
		{"both operands of a tied operation the same", func(f *Func) {
			v := f.newVRegs(2)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), binary(v[1], v[0], v[0]), op(useOf(v[1]))}}}
		}, 0},
		{"a copy is coalesced", func(f *Func) {
			v := f.newVRegs(2)
			mv := op(def(v[1]), useOf(v[0]))
			mv.Move = true
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), mv, op(useOf(v[1]))}}}
		}, 0},
		{"swapped parameters", func(f *Func) {
			v := f.newVRegs(4)
			f.EntryFixed = []Loc{RegLoc(rax), RegLoc(rcx)}
			f.Blocks = []Block{
				{Params: v[:2], Instrs: []Instr{jump()}, Succs: []Edge{{1, []VReg{v[0], v[1]}}}},
				{Params: v[2:], Instrs: []Instr{op(useOf(v[2]), useOf(v[3]))}, Succs: []Edge{{1, []VReg{v[3], v[2]}}, {2, nil}}},
				{Instrs: []Instr{op(useOf(v[2]))}},
			}
		}, 3},
		{"an incoming stack argument used from memory", func(f *Func) {
			v := f.newVReg(GPR)
			f.EntryFixed = []Loc{SlotLoc(2)}
			call := op()
			call.Clobbers = callClobbers | 1<<3 | 1<<5 | 1<<12 | 1<<13 | 1<<14
			f.Blocks = []Block{{Params: []VReg{v}, Instrs: []Instr{call, op(fromMemory(v)...)}}}
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := x86()
			tc.build(f)
			r := prove(t, f, 0)
			n := 0
			for b := range f.Blocks {
				n += editsIn(r, b)
			}
			require.Equal(t, tc.edits, n, dump(f, r))
			for seed := range uint64(50) {
				prove(t, f, seed+1)
			}
		})
	}
}

func TestImpossibleDemandsAreErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(f *Func)
		want  string
	}{
		{"too many operands", func(f *Func) {
			f.Avail[GPR] = []PReg{0, 1}
			v := f.newVRegs(3)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), op(def(v[1])), op(def(v[2])), op(useOf(v[0]), useOf(v[1]), useOf(v[2]))}}}
		}, "no register"},
		{"two values in one register", func(f *Func) {
			v := f.newVRegs(2)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), op(def(v[1])), op(useIn(v[0], rax), useIn(v[1], rax))}}}
		}, "r0 is wanted for v2 and for v1"},
		{"result of a control instruction", func(f *Func) {
			v := f.newVReg(GPR)
			f.Blocks = []Block{{Instrs: []Instr{op(def(v))}, Succs: []Edge{{1, nil}}}, {Instrs: []Instr{op(useOf(v))}}}
		}, "control instruction"},
		{"wrong number of arguments", func(f *Func) {
			v := f.newVReg(GPR)
			f.Blocks = []Block{{Instrs: []Instr{jump()}, Succs: []Edge{{1, nil}}}, {Params: []VReg{v}, Instrs: []Instr{jump()}}}
		}, "0 arguments for 1 parameters"},
		{"a constant with uses", func(f *Func) {
			v := f.newVRegs(2)
			f.VRegs[v[1]].Remat = true
			f.Blocks = []Block{{Instrs: []Instr{op(def(v[0])), op(def(v[1]), useOf(v[0])), op(useOf(v[1]))}}}
		}, "rematerialised"},
		{"no instructions", func(f *Func) { f.Blocks = []Block{{}} }, "empty"},
		{"a loop to the entry", func(f *Func) {
			f.Blocks = []Block{{Instrs: []Instr{jump()}, Succs: []Edge{{0, nil}}}}
		}, "entry block"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := x86()
			tc.build(f)
			_, err := Allocate(f, Options{})
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// TestCheckFindsFaults plants faults in good allocations; wherever one changes what the interpreter sees,
// the checker must object, and each kind of fault must be found somewhere.
func TestCheckFindsFaults(t *testing.T) {
	faults := []struct {
		name  string
		plant func(f *Func, r *Result, rng *rand.Rand) bool
	}{
		{"an edit is missing", func(f *Func, r *Result, rng *rand.Rand) bool {
			b := rng.IntN(len(r.Edits))
			if len(r.Edits[b]) == 0 {
				return false
			}
			k := rng.IntN(len(r.Edits[b]))
			r.Edits[b] = append(append([]Edit{}, r.Edits[b][:k]...), r.Edits[b][k+1:]...)
			return true
		}},
		{"an edge block is missing", func(f *Func, r *Result, rng *rand.Rand) bool {
			if len(r.EdgeBlocks) == 0 {
				return false
			}
			k := rng.IntN(len(r.EdgeBlocks))
			r.EdgeBlocks = append(append([]EdgeBlock{}, r.EdgeBlocks[:k]...), r.EdgeBlocks[k+1:]...)
			return true
		}},
		{"edits in the wrong order", func(f *Func, r *Result, rng *rand.Rand) bool {
			for b := range r.Edits {
				for k := 1; k < len(r.Edits[b]); k++ {
					if e := r.Edits[b]; e[k].Before == e[k-1].Before && e[k].From == e[k-1].To {
						e[k], e[k-1] = e[k-1], e[k]
						return true
					}
				}
			}
			return false
		}},
		{"an operand is elsewhere", func(f *Func, r *Result, rng *rand.Rand) bool {
			b := rng.IntN(len(r.Locs))
			i := rng.IntN(len(r.Locs[b]))
			if len(r.Locs[b][i]) == 0 {
				return false
			}
			k := rng.IntN(len(r.Locs[b][i]))
			if !r.Locs[b][i][k].IsReg() {
				return false
			}
			regs := f.Avail[r.Locs[b][i][k].Reg().Class()]
			l := RegLoc(regs[rng.IntN(len(regs))])
			if l == r.Locs[b][i][k] {
				return false
			}
			r.Locs[b][i][k] = l
			return true
		}},
		{"a slot is another", func(f *Func, r *Result, rng *rand.Rand) bool {
			if r.NumSlots < 2 {
				return false
			}
			for b := range r.Edits {
				for k := range r.Edits[b] {
					if e := &r.Edits[b][k]; e.From.IsSlot() {
						e.From = SlotLoc((e.From.Slot() + 1) % r.NumSlots)
						return true
					}
				}
			}
			return false
		}},
		{"a register is not reported", func(f *Func, r *Result, rng *rand.Rand) bool {
			if r.Written == 0 {
				return false
			}
			r.Written &= r.Written - 1
			return true
		}},
	}
	for _, tc := range faults {
		t.Run(tc.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			planted, found := 0, 0
			for seed := range uint64(300) {
				f := randomFunc(seed, 40)
				r, err := Allocate(f, Options{})
				require.NoError(t, err)
				if !tc.plant(f, r, rng) {
					continue
				}
				planted++
				if Check(f, r) != nil {
					found++
				}
			}
			require.Greater(t, planted, 20)
			// What is not found is in blocks that are never reached, or makes no difference.
			require.Greater(t, found*10, planted*7, "%d of %d", found, planted)
		})
	}
}

func TestParallelMoves(t *testing.T) {
	regs := []Loc{RegLoc(0), RegLoc(1), RegLoc(2), SlotLoc(0), SlotLoc(1), SlotLoc(2)}
	fregs := []Loc{RegLoc(32), RegLoc(33), RegLoc(34), SlotLoc(3), SlotLoc(4), SlotLoc(5)}
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 5000 {
		vregs := make([]VRegInfo, 1)
		var moves []move
		state := map[Loc]uint64{}
		for c, locs := range [][]Loc{regs, fregs} {
			byLoc := map[Loc]VReg{}
			for i, l := range locs {
				vregs = append(vregs, VRegInfo{Class: Class(c)})
				byLoc[l] = VReg(len(vregs) - 1)
				state[l] = uint64(100*c + i)
			}
			for _, to := range locs {
				from := locs[rng.IntN(len(locs))]
				switch rng.IntN(5) {
				case 0:
					continue
				case 1:
					v := byLoc[from]
					moves = append(moves, move{RematLoc(v), to, v})
				default:
					moves = append(moves, move{from, to, byLoc[from]})
				}
			}
		}
		rng.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
		want := map[Loc]uint64{}
		for l, x := range state {
			want[l] = x
		}
		value := func(l Loc) uint64 {
			if l.IsRemat() {
				return constantOf(l.Remat())
			}
			return state[l]
		}
		for _, mv := range moves {
			want[mv.to] = value(mv.from)
		}
		text := fmt.Sprint(round, moves)
		m := mover{vregs: vregs, scratch: [numClasses]PReg{11, 47}}
		m.sequence(moves, func(from, to Loc, v VReg, class Class) {
			require.True(t, to.IsReg() || from.IsReg() || from.IsRemat(), text)
			if from.IsRemat() && to.IsSlot() {
				state[RegLoc(m.scratch[class])] = ^uint64(0)
			}
			state[to] = value(from)
		})
		for l, x := range want {
			require.Equal(t, x, state[l], "%v in %s", l, text)
		}
	}
}

func BenchmarkAllocate(b *testing.B) {
	for _, size := range []int{60, 600, 3000} {
		f := randomFunc(5, size)
		b.Run(fmt.Sprintf("vregs=%d,blocks=%d", len(f.VRegs), len(f.Blocks)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Allocate(f, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, f := range map[string]*Func{"nest": nest(5, 100), "hundred nests": nests(100, 3, 15)} {
		b.Run(fmt.Sprintf("%s,vregs=%d,blocks=%d", name, len(f.VRegs), len(f.Blocks)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Allocate(f, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestLong merges lists at random places, and at either end, as the bundles of large functions grow.
func TestLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var l long[seg]
		var want []seg
		for v := range VReg(60) {
			var more []seg
			at := rng.Int32N(2000)
			switch rng.IntN(3) {
			case 0:
				at += 3000
			case 1:
				at = 1000 - int32(v)*10
			}
			for range rng.IntN(4) {
				more = append(more, seg{at, at + 1, v})
				at += rng.Int32N(50)
			}
			got := l.merge(more, segKey)
			want = append(want, more...)
			slices.SortStableFunc(want, func(x, y seg) int { return int(x.from - y.from) })
			require.Equal(t, len(want), len(got))
			for i := range want {
				require.Equal(t, want[i].from, got[i].from)
			}
			require.ElementsMatch(t, want, got)
		}
	}
}

func TestOverlap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	list := func(n int) (out []seg, points map[int32]bool) {
		points = map[int32]bool{}
		at := int32(0)
		for range n {
			at += 1 + rng.Int32N(40)
			s := seg{from: at}
			for range 1 + rng.IntN(3) {
				points[at] = true
				at++
			}
			s.to = at
			out = append(out, s)
		}
		return out, points
	}
	for range 3000 {
		x, in := list(rng.IntN(3 * manySegs))
		y, _ := list(rng.IntN(4))
		want := false
		for _, s := range y {
			for at := s.from; at < s.to; at++ {
				want = want || in[at]
			}
		}
		require.Equal(t, want, overlap(x, y))
		require.Equal(t, want, overlap(y, x))
	}
}
