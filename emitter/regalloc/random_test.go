// Random functions, and a tiny interpreter that runs a function before and after allocation: the second
// proof, independent of the checker.

package regalloc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// generator makes structured SSA functions with constraints of all kinds.
type generator struct {
	r      *rand.Rand
	f      *Func
	cur    int    // block being filled
	vals   []VReg // values that dominate the current point
	budget int    // instructions left
	deep   int
	avail  [numClasses][]PReg
}

func randomFunc(seed uint64, size int) *Func {
	r := rand.New(rand.NewPCG(seed, 7))
	g := &generator{r: r, budget: size}
	g.f = &Func{VRegs: make([]VRegInfo, 1), Scratch: [numClasses]PReg{11, 47}}
	ng, nf := 3+r.IntN(6), 3+r.IntN(4)
	if r.IntN(4) == 0 {
		ng, nf = 10, 12
	}
	for i := range ng {
		g.f.Avail[GPR] = append(g.f.Avail[GPR], PReg(i))
	}
	for i := range nf {
		g.f.Avail[FPR] = append(g.f.Avail[FPR], PReg(32+i))
	}
	g.newBlock()
	for i := range r.IntN(5) {
		c := Class(r.IntN(2))
		v := g.vreg(c)
		g.f.Blocks[0].Params = append(g.f.Blocks[0].Params, v)
		g.vals = append(g.vals, v)
		l := SlotLoc(i)
		if r.IntN(4) > 0 && i < 3 {
			l = RegLoc(g.f.Avail[c][i])
		}
		g.f.EntryFixed = append(g.f.EntryFixed, l)
	}
	for range 4 {
		g.constant(Class(r.IntN(2)))
	}
	for g.budget > 0 {
		g.statement()
	}
	g.control(1)
	g.layout()
	return g.f
}

func (g *generator) vreg(c Class) VReg {
	g.f.VRegs = append(g.f.VRegs, VRegInfo{Class: c})
	return VReg(len(g.f.VRegs) - 1)
}

func (g *generator) newBlock() int {
	g.f.Blocks = append(g.f.Blocks, Block{Cold: g.r.IntN(8) == 0 && len(g.f.Blocks) > 0})
	return len(g.f.Blocks) - 1
}

func (g *generator) add(in Instr) {
	b := &g.f.Blocks[g.cur]
	in.Cold = g.r.IntN(10) == 0
	b.Instrs = append(b.Instrs, in)
	g.budget--
}

func (g *generator) pick(c Class) VReg {
	for range 10 {
		if len(g.vals) == 0 {
			break
		}
		n := len(g.vals)
		if g.r.IntN(2) == 0 {
			n = min(n, 6)
		}
		v := g.vals[len(g.vals)-1-g.r.IntN(n)]
		if g.f.VRegs[v].Class == c {
			return v
		}
	}
	return g.constant(c)
}

func (g *generator) constant(c Class) VReg {
	v := g.vreg(c)
	g.f.VRegs[v].Remat = g.r.IntN(3) > 0
	g.add(Instr{Ops: []Operand{{V: v, Def: true}}})
	g.vals = append(g.vals, v)
	return v
}

// instr adds an instruction with operands of all kinds, within what the registers can hold.
func (g *generator) instr(defs bool) Instr {
	r := g.r
	var in Instr
	var clob RegSet
	var taken [numClasses]RegSet // fixed and clobbered
	var both, uses, results [numClasses]int
	room := func(c Class) int { return len(g.f.Avail[c]) - 1 }
	if r.IntN(6) == 0 {
		for _, regs := range g.f.Avail {
			for _, p := range regs {
				if r.IntN(3) > 0 {
					clob = clob.With(p)
				}
			}
		}
		if r.IntN(2) == 0 { // everything
			for _, regs := range g.f.Avail {
				for _, p := range regs {
					clob = clob.With(p)
				}
			}
		}
		in.Clobbers = clob
		for c := range g.f.Avail {
			for _, p := range g.f.Avail[c] {
				if clob.Has(p) {
					taken[c] = taken[c].With(p)
				}
			}
		}
	}
	count := func(s RegSet) int {
		n := 0
		for p := range PReg(64) {
			if s.Has(p) {
				n++
			}
		}
		return n
	}
	free := func(c Class) int { return room(c) - count(taken[c]) - both[c] }
	used := map[VReg]bool{}
	var fixedUse RegSet
	nuse := r.IntN(5)
	for range nuse {
		c := Class(r.IntN(2))
		v := g.pick(c)
		switch k := r.IntN(8); {
		case k < 3:
			if uses[c]+both[c]+count(taken[c]) < room(c) {
				uses[c]++
				in.Ops = append(in.Ops, Operand{V: v, C: Reg})
				used[v] = true
			}
		case k == 3:
			p := g.f.Avail[c][r.IntN(len(g.f.Avail[c]))]
			if free(c) > max(uses[c], results[c]) && !fixedUse.Has(p) {
				fixedUse = fixedUse.With(p)
				taken[c] = taken[c].With(p)
				in.Ops = append(in.Ops, Operand{V: v, C: Fixed, Fixed: p, Late: r.IntN(4) == 0 && !clob.Has(p)})
			}
		case k == 4:
			if free(c) > max(uses[c], results[c]) {
				both[c]++
				in.Ops = append(in.Ops, Operand{V: v, C: Reg, Late: true})
			}
		default:
			con := AnyLoc
			if k == 7 {
				con = RegOrMem
			}
			in.Ops = append(in.Ops, Operand{V: v, C: con})
		}
	}
	if r.IntN(4) == 0 { // a frame state
		for range r.IntN(12) {
			if len(g.vals) > 0 {
				late := r.IntN(8) == 0
				in.Ops = append(in.Ops, Operand{V: g.vals[r.IntN(len(g.vals))], C: AnyLoc, Late: late})
			}
		}
	}
	var made []VReg
	lateFixed := func(p PReg) bool {
		return slices.ContainsFunc(in.Ops, func(o Operand) bool { return !o.Def && o.C == Fixed && o.Late && o.Fixed == p })
	}
	for range r.IntN(3) {
		c := Class(r.IntN(2))
		k := r.IntN(6)
		if !defs {
			k = 3 // temporaries only
		}
		switch {
		case k < 2:
			if results[c]+both[c]+count(taken[c]) < room(c) {
				results[c]++
				v := g.vreg(c)
				made = append(made, v)
				in.Ops = append(in.Ops, Operand{V: v, Def: true})
			}
		case k == 2:
			p := g.f.Avail[c][r.IntN(len(g.f.Avail[c]))]
			dup := slices.ContainsFunc(in.Ops, func(o Operand) bool { return o.Def && defReg(&in, &o) == p })
			if free(c) > max(uses[c], results[c]) && !dup && !lateFixed(p) {
				taken[c] = taken[c].With(p)
				v := g.vreg(c)
				made = append(made, v)
				in.Ops = append(in.Ops, Operand{V: v, Def: true, C: Fixed, Fixed: p, Early: r.IntN(4) == 0 && !fixedUse.Has(p)})
			}
		case k == 3:
			if free(c) > max(uses[c], results[c]) {
				both[c]++
				v := g.vreg(c)
				if r.IntN(3) == 0 && defs {
					made = append(made, v)
				}
				in.Ops = append(in.Ops, Operand{V: v, Def: true, Early: true})
			}
		default:
			for j, o := range in.Ops {
				dup := slices.ContainsFunc(in.Ops, func(o Operand) bool { return o.Def && o.C == Tied && int(o.Tied) == j })
				if o.Def || o.Late || dup || o.C != Reg && o.C != Fixed || slices.ContainsFunc(in.Ops, func(d Operand) bool {
					return o.C == Fixed && d.Def && d.C == Fixed && d.Fixed == o.Fixed
				}) {
					continue
				}
				tc := g.f.VRegs[o.V].Class
				if o.C == Reg {
					if free(tc) <= max(uses[tc], results[tc]) {
						continue
					}
					both[tc]++
				}
				v := g.vreg(tc)
				made = append(made, v)
				in.Ops = append(in.Ops, Operand{V: v, Def: true, C: Tied, Tied: int8(j), Early: o.C == Reg && r.IntN(5) == 0})
				break
			}
		}
	}
	if r.IntN(3) == 0 { // order is free, as long as ties follow
		in.Ops = reverseOps(in.Ops)
	}
	g.vals = append(g.vals, made...)
	return in
}

func reverseOps(ops []Operand) []Operand {
	n := len(ops)
	out := make([]Operand, n)
	for i, o := range ops {
		if o.C == Tied {
			o.Tied = int8(n - 1 - int(o.Tied))
		}
		out[n-1-i] = o
	}
	return out
}

func (g *generator) control(succs int) {
	in := Instr{}
	if succs != 1 || g.r.IntN(5) == 0 {
		in = g.instr(false)
	}
	g.add(in)
}

func (g *generator) edge(from, to int, args []VReg) {
	g.f.Blocks[from].Succs = append(g.f.Blocks[from].Succs, Edge{to, args})
}

func (g *generator) params(b int) []Class {
	var cs []Class
	for range g.r.IntN(4) {
		c := Class(g.r.IntN(2))
		cs = append(cs, c)
		g.f.Blocks[b].Params = append(g.f.Blocks[b].Params, g.vreg(c))
	}
	return cs
}

func (g *generator) args(cs []Class) []VReg {
	var vs []VReg
	for _, c := range cs {
		vs = append(vs, g.pick(c))
	}
	return vs
}

func (g *generator) body() {
	for range 1 + g.r.IntN(4) {
		g.statement()
	}
}

func (g *generator) statement() {
	r := g.r
	k := r.IntN(12)
	if g.deep > 4 || g.budget < 0 {
		k = 0
	}
	g.deep++
	defer func() { g.deep-- }()
	switch {
	case k < 7:
		g.add(g.instr(true))
	case k == 7:
		c := Class(r.IntN(2))
		u := g.pick(c)
		v := g.vreg(c)
		g.add(Instr{Ops: []Operand{{V: v, Def: true}, {V: u}}, Move: true})
		g.vals = append(g.vals, v)
	case k < 10: // if, with or without else, or two edges to the same block
		n := len(g.vals)
		g.control(2)
		head := g.cur
		sides := r.IntN(3)
		var ends []int
		var tails [][]VReg
		var cs []Class
		for range r.IntN(4) {
			cs = append(cs, Class(r.IntN(2)))
		}
		// Arguments of a direct edge must exist before the control instruction: take from what there is.
		direct := func() []VReg {
			var vs []VReg
			for _, c := range cs {
				found := VReg(0)
				for _, v := range g.vals[:n] {
					if g.f.VRegs[v].Class == c {
						found = v
					}
				}
				if found == 0 {
					return nil
				}
				vs = append(vs, found)
			}
			return vs
		}
		for s := range 2 {
			if s >= sides {
				if d := direct(); d != nil || len(cs) == 0 {
					ends = append(ends, head)
					tails = append(tails, d)
					continue
				}
			}
			b := g.newBlock()
			g.edge(head, b, nil)
			g.cur = b
			keep := len(g.vals)
			g.body()
			tails = append(tails, g.args(cs))
			g.control(1)
			ends = append(ends, g.cur)
			g.vals = g.vals[:keep]
		}
		join := g.newBlock()
		for _, c := range cs {
			g.f.Blocks[join].Params = append(g.f.Blocks[join].Params, g.vreg(c))
		}
		for i, e := range ends {
			g.edge(e, join, tails[i])
		}
		g.cur = join
		g.vals = append(g.vals, g.f.Blocks[join].Params...)
	default: // loop; its latch may also be its exit, and it may be left from the header to a shared exit
		header := g.newBlock()
		cs := g.params(header)
		args := g.args(cs)
		g.control(1)
		g.edge(g.cur, header, args)
		g.cur = header
		g.vals = append(g.vals, g.f.Blocks[header].Params...)
		keep := len(g.vals)
		exit := g.newBlock()
		early := r.IntN(2) == 0
		if early {
			g.control(2)
			b := g.newBlock()
			g.edge(g.cur, exit, nil)
			g.edge(g.cur, b, nil)
			g.cur = b
			keep = len(g.vals)
		}
		g.body()
		args = g.args(cs)
		if !early || r.IntN(2) == 0 {
			n := len(g.vals)
			in := g.instr(false)
			g.vals = g.vals[:n]
			g.add(in)
			if r.IntN(2) == 0 {
				g.edge(g.cur, header, args)
				g.edge(g.cur, exit, nil)
			} else {
				g.edge(g.cur, exit, nil)
				g.edge(g.cur, header, args)
			}
		} else {
			g.control(1)
			g.edge(g.cur, header, args)
		}
		g.vals = g.vals[:keep]
		g.cur = exit
	}
}

// layout shuffles blocks sometimes and moves cold ones to the end sometimes.
func (g *generator) layout() {
	n := len(g.f.Blocks)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	switch g.r.IntN(3) {
	case 0:
		slices.SortStableFunc(order, func(a, b int) int {
			return btoi(g.f.Blocks[a].Cold) - btoi(g.f.Blocks[b].Cold)
		})
	case 1:
		g.r.Shuffle(n-1, func(i, j int) { order[i+1], order[j+1] = order[j+1], order[i+1] })
	}
	to := make([]int, n)
	for i, b := range order {
		to[b] = i
	}
	blocks := make([]Block, n)
	for i, b := range order {
		blocks[i] = g.f.Blocks[b]
		for k := range blocks[i].Succs {
			blocks[i].Succs[k].To = to[blocks[i].Succs[k].To]
		}
	}
	g.f.Blocks = blocks
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mix makes a new symbolic value.
func mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = (h ^ p) * 0xff51afd7ed558ccd
		h ^= h >> 29
	}
	return h
}

// constantOf is the value of a constant, wherever it is made.
func constantOf(v VReg) uint64 { return mix(uint64(v), 99) }

// run executes f for a number of blocks along a path drawn from seed: on virtual registers if r is nil,
// else on the locations of r. It returns what each instruction read.
func run(t *testing.T, f *Func, r *Result, seed uint64, steps int) (trace []uint64) {
	path := rand.New(rand.NewPCG(seed, 3))
	virtual := make([]uint64, len(f.VRegs))
	machine := map[Loc]uint64{}
	count := uint64(0)
	for k, v := range f.Blocks[0].Params {
		count++
		virtual[v] = mix(count)
		if r != nil {
			machine[f.EntryFixed[k]] = mix(count)
		}
	}
	move := func(e Edit) {
		if e.From.IsRemat() {
			if e.To.IsSlot() {
				machine[RegLoc(f.Scratch[e.Class])] = mix(1 << 40)
			}
			machine[e.To] = constantOf(e.From.Remat())
		} else {
			machine[e.To] = machine[e.From]
		}
	}
	b := 0
	for range steps {
		blk := &f.Blocks[b]
		var edits []Edit
		if r != nil {
			edits = r.Edits[b]
		}
		for i := range blk.Instrs {
			in := &blk.Instrs[i]
			for len(edits) > 0 && edits[0].Before == i {
				move(edits[0])
				edits = edits[1:]
			}
			var read []uint64
			for k := range in.Ops {
				op := &in.Ops[k]
				if op.Def {
					if r != nil && op.Early { // spoil it
						if l := r.Locs[b][i][k]; l.IsReg() && op.C != Tied {
							machine[l] = 1
						}
					}
					continue
				}
				if r == nil {
					read = append(read, virtual[op.V])
				}
			}
			if r != nil {
				for k := range in.Ops {
					if op := &in.Ops[k]; !op.Def {
						if l := r.Locs[b][i][k]; l.IsRemat() {
							read = append(read, constantOf(l.Remat()))
						} else {
							read = append(read, machine[l])
						}
					}
				}
				for p := range PReg(64) {
					if in.Clobbers.Has(p) {
						machine[RegLoc(p)] = 2
					}
				}
			}
			trace = append(trace, mix(append(read, uint64(b), uint64(i))...))
			count++
			for k := range in.Ops {
				op := &in.Ops[k]
				if !op.Def {
					continue
				}
				value := mix(append(read, count, uint64(k))...)
				if f.VRegs[op.V].Remat {
					value = constantOf(op.V)
				}
				virtual[op.V] = value
				if r != nil && r.Locs[b][i][k].IsReg() {
					machine[r.Locs[b][i][k]] = value
				}
			}
			if r != nil { // late uses are still there
				n := 0
				for k := range in.Ops {
					if op := &in.Ops[k]; !op.Def {
						if l := r.Locs[b][i][k]; op.Late && !l.IsRemat() {
							require.Equal(t, read[n], machine[l], "late v%d in block %d instruction %d", op.V, b, i)
						}
						n++
					}
				}
			}
		}
		if len(blk.Succs) == 0 {
			return trace
		}
		k := path.IntN(len(blk.Succs))
		e := blk.Succs[k]
		if r != nil {
			for _, eb := range r.EdgeBlocks {
				if eb.Pred == b && eb.Succ == k {
					for _, ed := range eb.Edits {
						move(ed)
					}
				}
			}
		}
		var args []uint64
		for _, v := range e.Args {
			args = append(args, virtual[v])
		}
		for j, v := range f.Blocks[e.To].Params {
			virtual[v] = args[j]
		}
		b = e.To
	}
	return trace
}

// dump prints a function and, if r is not nil, its allocation.
func dump(f *Func, r *Result) string {
	var s strings.Builder
	for b := range f.Blocks {
		blk := &f.Blocks[b]
		fmt.Fprintf(&s, "b%d%v cold=%v:\n", b, blk.Params, blk.Cold)
		if b == 0 {
			fmt.Fprintf(&s, "  at %v\n", f.EntryFixed)
		}
		var edits []Edit
		if r != nil {
			edits = r.Edits[b]
		}
		for i := range blk.Instrs {
			in := &blk.Instrs[i]
			for len(edits) > 0 && edits[0].Before == i {
				fmt.Fprintf(&s, "      %v\n", edits[0])
				edits = edits[1:]
			}
			fmt.Fprintf(&s, "  %d:", i)
			for k, o := range in.Ops {
				kind := "use"
				if o.Def {
					kind = "def"
				}
				fmt.Fprintf(&s, " %s v%d", kind, o.V)
				switch o.C {
				case Fixed:
					fmt.Fprintf(&s, "{%v}", o.Fixed)
				case Tied:
					fmt.Fprintf(&s, "{tied %d}", o.Tied)
				case AnyLoc:
					s.WriteString("{any}")
				case RegOrMem:
					s.WriteString("{mem}")
				}
				if o.Late {
					s.WriteString("late")
				}
				if o.Early {
					s.WriteString("early")
				}
				if f.VRegs[o.V].Remat {
					s.WriteString("#")
				}
				if r != nil {
					fmt.Fprintf(&s, "@%v", r.Locs[b][i][k])
				}
			}
			if in.Clobbers != 0 {
				fmt.Fprintf(&s, " clobbers %x", uint64(in.Clobbers))
			}
			s.WriteString("\n")
		}
		for k, e := range blk.Succs {
			fmt.Fprintf(&s, "  -> b%d%v\n", e.To, e.Args)
			if r == nil {
				continue
			}
			for _, eb := range r.EdgeBlocks {
				if eb.Pred == b && eb.Succ == k {
					fmt.Fprintf(&s, "      edge %v\n", eb.Edits)
				}
			}
		}
	}
	return s.String()
}

// prove allocates f and checks it both ways.
func prove(t *testing.T, f *Func, seed uint64) *Result {
	r, err := Allocate(f, Options{RandomSeed: seed})
	require.NoError(t, err, "%s", dump(f, nil))
	if err := Check(f, r); err != nil {
		t.Fatalf("%v\n%s", err, dump(f, r))
	}
	for path := range uint64(2) {
		if want, got := run(t, f, nil, path, 40), run(t, f, r, path, 40); !slices.Equal(want, got) {
			t.Fatalf("runs differ\n%s", dump(f, r))
		}
	}
	return r
}

// TestMemory: what one allocation left changes nothing in the next.
func TestMemory(t *testing.T) {
	var m Memory
	for seed := range uint64(300) {
		f := randomFunc(seed, 10+int(seed*37%200))
		want, err := Allocate(f, Options{})
		require.NoError(t, err)
		got, err := m.Allocate(f, Options{})
		require.NoError(t, err)
		require.Equal(t, dump(f, want), dump(f, got))
		require.Equal(t, want.NumSlots, got.NumSlots)
		require.Equal(t, want.Written, got.Written)
		if seed%5 == 0 {
			_, err = m.Allocate(f, Options{RandomSeed: seed + 1})
			require.NoError(t, err)
		}
	}
}

func TestRandomFunctions(t *testing.T) {
	n := uint64(1500)
	if testing.Short() {
		n = 200
	}
	for seed := range n {
		f := randomFunc(seed, 10+int(seed%90))
		prove(t, f, 0)
		prove(t, f, seed+1)
	}
}

func FuzzAllocate(f *testing.F) {
	f.Add(uint64(1), uint16(40), uint64(0))
	f.Add(uint64(2), uint16(90), uint64(5))
	f.Add(uint64(125), uint16(119), uint64(18)) // a late operand whose value leaves its register within the instruction
	f.Add(uint64(205), uint16(64), uint64(39))  // two values of a bundle within one instruction
	f.Fuzz(func(t *testing.T, seed uint64, size uint16, random uint64) {
		prove(t, randomFunc(seed, int(size%300)), random)
	})
}
