// A function on its way to machine code: what selection knows of its values, the instructions it makes, and their emission.

package emitter

import (
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/flow"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Inst is an instruction, or a short sequence, that the allocator sees as one. Emit writes it, given where its operands are.
type Inst struct {
	regalloc.Instr
	Value *ir.Value
	Emit  func(l []regalloc.Loc)
}

// written is the part of an Inst that the allocator knows nothing of.
type written struct {
	value *ir.Value
	emit  func(l []regalloc.Loc)
}

// Func is a function of the unit.
type Func struct {
	IR    *ir.Func
	Unit  *Builder
	Index int

	// Entries; 0: none.
	RegisterEntry, MemoryEntry, StubLabel Label
	// Next is what the stub's next cell holds at first.
	Next uint64

	Frame NativeFrame
	// Layout of the native frame, in bytes from the stack pointer.
	FrameSize int // to the return address
	SlotBase  int // of the allocator's spill slots

	// CallsOut: it may be called again from within itself, by native code or by what a linked call runs. Known before selection.
	CallsOut bool

	// Params are the entry's parameters (the callable first); ParamLoc is where each arrives, ParamUsed whether anybody asked for it.
	Params    []*ir.Value
	ParamLoc  []regalloc.Loc
	ParamUsed []bool
	// ByMemory: there is no register entry.
	ByMemory bool

	Alloc *regalloc.Result

	joined divisions

	*Memory // of this function alone, while it is emitted; nil afterwards, when it is the next one's
	m       Machine
	current int // position of the block being selected
	begun   int // where its instructions begin

	start, end Label
	// Held are the registers that a call in the middle of the instruction being emitted must keep.
	Held regalloc.RegSet
	// Fall is the successor that the control instruction being emitted falls through to, or -1.
	Fall int
}

// Memory is what a unit leaves to the next one. The zero Memory is empty. A Unit's tables are valid until the next unit with the same
// Memory.
type Memory struct {
	regalloc regalloc.Memory
	problem  regalloc.Func

	order     []*ir.Block // as they are laid out
	code      []place     // in the order of the code
	position  []int32     // by block ID: index in order
	rpo       []*ir.Block
	vregs     []regalloc.VReg // by value ID; 0: nobody asked
	infos     []regalloc.VRegInfo
	values    []*ir.Value // by vreg: what defines it; nil for temporaries
	uses      []int32     // by value ID
	computed  []bool      // by value ID: an operation or an edge asks for it, not only frame states
	epoch     []int32     // by value ID: how many effects stand before it in its block
	index     []int32     // by value ID: place in its block
	tags      []*ir.Value // by value ID of a CallNative: its CallTag
	feeds     []int32     // by value ID: the first of the edges that pass it on, in fed, counted from 1
	fed       []feed
	asked     []int32     // by value ID: position of the block that asked for it last, counted from 1
	usedIn    []int32     // by value ID: the block that used it last, counted from 1
	crossing  []int32     // by value ID: its number among those that one block makes and another uses, counted from 1
	crossings []*ir.Value // those
	imports   []imported
	preds     flow.Preds
	living    flow.Live        // of those that cross, less one
	livesOn   []int32          // by number: the last block at whose end it was found to live, by position, counted from 1
	instrs    []regalloc.Instr // of all blocks, as they were selected; a block's own backwards while it is being selected
	written   []written        // beside them
	extents   [][2]int32       // by position: where its instructions are
	cold      []func()
	exits     []*Exit
	labels    []Label // by position
	succs     []succ
	stamps    []int32 // by vreg, for collecting operands without doubles
	stamp     int32
	indexes   []int32           // by vreg
	freq      []float32         // by block ID
	target    []int32           // by position: the block that is written in place of this one
	visited   []bool            // by block ID
	counted   []bool            // by block ID: see counts
	entered   []bool            // by block ID: from a counted block
	edgeBlock []int32           // by position: the first edge block with it as the predecessor, counted from 1
	held      []regalloc.RegSet // beside written
	heldIn    []regalloc.RegSet // by position: before the block
	touched   []touched         // by instruction, as held

	selector selector
	vregArgs arena.Arena[regalloc.VReg]
	edges    arena.Arena[regalloc.Edge]
	newExits arena.Arena[Exit]

	sharedLocs  sharing
	sharedSlots sharing

	unitExits []pyabi.Exit
	unitSlots []pyabi.Slot
	unitLocs  []pyabi.Loc
}

// feed says that an edge passes a value on to a parameter.
type feed struct {
	param *ir.Value
	next  int32
}

// imported says that a block uses a value of another.
type imported struct{ block, crossing int32 }

// begin empties what the last function left.
func (m *Memory) begin(f *ir.Func) {
	n := f.NumValues()
	m.computed = arena.Fresh(m.computed, n)
	m.vregs, m.uses, m.epoch = arena.Fresh(m.vregs, n), arena.Fresh(m.uses, n), arena.Fresh(m.epoch, n)
	m.tags, m.index, m.feeds = arena.Fresh(m.tags, n), arena.Fresh(m.index, n), arena.Fresh(m.feeds, n)
	m.asked, m.usedIn, m.crossing = arena.Fresh(m.asked, n), arena.Fresh(m.usedIn, n), arena.Fresh(m.crossing, n)
	m.crossings, m.imports = arena.Empty(m.crossings), arena.Empty(m.imports)
	m.position = arena.Fresh(m.position, f.NumBlocks())
	m.infos = append(arena.Empty(m.infos), regalloc.VRegInfo{})
	m.values = append(arena.Empty(m.values), nil)
	m.fed, m.instrs, m.written = arena.Empty(m.fed), arena.Empty(m.instrs), arena.Empty(m.written)
	m.cold, m.exits = arena.Empty(m.cold), arena.Empty(m.exits)
	m.stamps, m.stamp, m.indexes = arena.Empty(m.stamps), 0, arena.Empty(m.indexes)
	m.selector.reset()
	m.vregArgs.Reset()
	m.edges.Reset()
	m.newExits.Reset()
}

func newFunc(b *Builder, index int, f *ir.Func) *Func {
	fn := &Func{IR: f, Unit: b, Index: index, m: b.m, Memory: b.memory}
	fn.placeParams()
	return fn
}

// Code is the function's code record.
func (f *Func) Code() *Code { return &f.Unit.Input.Codes[f.IR.Code] }

func (f *Func) emit() error {
	f.rpo, f.order, f.code = blockOrder(f.IR)
	if len(f.order) > 0 && slices.ContainsFunc(f.rpo, func(b *ir.Block) bool {
		return slices.ContainsFunc(b.Succs, func(e ir.Edge) bool { return e.To == f.rpo[0] })
	}) {
		panic("BUG: the entry block of " + f.IR.Name + " has predecessors")
	}
	f.survey()
	f.counts()
	f.joined = f.joinDivisions()
	f.selectBlocks()
	if f.Unit.err != nil {
		return f.Unit.err
	}
	ra := f.allocation()
	result, err := f.regalloc.Allocate(ra, f.Unit.Input.Regalloc)
	if err != nil {
		return err
	}
	if f.Unit.Input.Check {
		if err := regalloc.Check(ra, result); err != nil {
			return err
		}
	}
	f.Alloc = result
	f.write(ra)
	for i, p := range f.Params {
		f.ParamUsed[i] = f.Wanted(p)
	}
	f.Memory = nil
	return nil
}

// Resolve looks through operations whose result is their argument.
func Resolve(v *ir.Value) *ir.Value {
	for {
		switch v.Op {
		case ir.OpGuardClass, ir.OpGuardNotNull, ir.OpRaiseIfNull, ir.OpRaiseIfNeg, ir.OpRaiseIfZero, ir.OpBoolToInt, ir.OpWordObj:
			v = v.Args[0]
		default:
			return v
		}
	}
}

// survey counts uses and effects.
func (f *Func) survey() {
	f.begin(f.IR)
	for i, b := range f.order {
		f.position[b.ID] = int32(i)
	}
	f.findComputed()
	for _, b := range f.rpo {
		effects := int32(0)
		for i, v := range b.Values {
			f.index[v.ID] = int32(i)
			f.epoch[v.ID] = effects
			if barrier(v) {
				effects++
			}
			f.countUses(b, v)
			switch v.Op {
			case ir.OpCallNative, ir.OpLink:
				f.CallsOut = true
			case ir.OpCallTag:
				f.tags[Resolve(v.Args[0]).ID] = v
			}
		}
		if b.Ctrl == nil {
			panic(fmt.Sprintf("BUG: block %d of %s has no control operation", b.ID, f.IR.Name))
		}
		f.epoch[b.Ctrl.ID] = effects
		f.countUses(b, b.Ctrl)
		for _, e := range b.Succs {
			for i, a := range e.Args {
				a = Resolve(a)
				f.use(b, a)
				f.fed = append(f.fed, feed{e.To.Params[i], f.feeds[a.ID]})
				f.feeds[a.ID] = int32(len(f.fed))
			}
		}
	}
	f.flow()
}

// findComputed goes backwards, so that what asks for a sum is seen before it: a sum that only frame states ask for does not ask for its summands.
func (f *Func) findComputed() {
	for i := len(f.rpo) - 1; i >= 0; i-- {
		b := f.rpo[i]
		for _, e := range b.Succs {
			for _, a := range e.Args {
				f.computed[Resolve(a).ID] = true
			}
		}
		if b.Ctrl != nil {
			for _, a := range b.Ctrl.Args {
				f.computed[Resolve(a).ID] = true
			}
		}
		for j := len(b.Values) - 1; j >= 0; j-- {
			v := b.Values[j]
			if !f.computed[v.ID] && (v.Op == ir.OpAdd || v.Op == ir.OpSub) {
				continue
			}
			for _, a := range v.Args {
				f.computed[Resolve(a).ID] = true
			}
		}
	}
}

func (f *Func) countUses(b *ir.Block, v *ir.Value) {
	for _, a := range v.Args {
		f.use(b, Resolve(a))
	}
	for fs := v.FS; fs != nil; fs = fs.Parent {
		for i := range fs.Slots {
			s := &fs.Slots[i]
			for c := range s.Kind.Words() {
				v := word(s.Vals[c])
				if v.Op == ir.OpIntOf {
					continue
				}
				plus, minus, _ := f.parts(v)
				f.use(b, plus)
				if minus != nil {
					f.use(b, minus)
				}
			}
		}
		if fs.Callable != nil {
			f.use(b, Resolve(fs.Callable))
		}
	}
}

// use counts a use in block b, and notes values of other blocks.
func (f *Func) use(b *ir.Block, v *ir.Value) {
	f.uses[v.ID]++
	if v.Block == b || v.Op.Is(ir.Constant) || f.usedIn[v.ID] == int32(b.ID)+1 {
		return
	}
	f.usedIn[v.ID] = int32(b.ID) + 1
	if f.crossing[v.ID] == 0 {
		f.crossings = append(f.crossings, v)
		f.crossing[v.ID] = int32(len(f.crossings))
	}
	f.imports = append(f.imports, imported{int32(b.ID), f.crossing[v.ID]})
}

// flow finds at the beginning of which blocks the values live that cross blocks.
func (f *Func) flow() {
	eachEdge := func(visit func(from, to int32)) {
		for _, b := range f.rpo {
			for _, e := range b.Succs {
				visit(int32(b.ID), int32(e.To.ID))
			}
		}
	}
	f.preds.Begin(f.IR.NumBlocks())
	eachEdge(func(_, to int32) { f.preds.Count(to) })
	f.preds.Counted()
	eachEdge(f.preds.Add)
	f.living.Begin(len(f.crossings))
	for _, u := range f.imports {
		f.living.Wants(u.block, u.crossing-1)
	}
	f.living.Compute(&f.preds, func(k int32) int32 { return int32(f.crossings[k].Block.ID) })
	f.livesOn = arena.Fresh(f.livesOn, len(f.crossings))
}

// barrier says whether a load must not move down across v.
func barrier(v *ir.Value) bool {
	switch v.Op {
	case ir.OpIncref, ir.OpXIncref, ir.OpBoxInt, ir.OpBoxFloat, ir.OpTick, ir.OpCallTag, ir.OpLink, ir.OpUnlink, ir.OpRecordClass, ir.OpScratch:
		return false
	case ir.OpCallHelper:
		return !ir.Helpers[v.Aux].Pure
	}
	return v.Op.Is(ir.Effect | ir.Call)
}

// placeParams tells where the entry's parameters arrive, before any caller in the unit is selected.
func (f *Func) placeParams() {
	regs := f.m.Registers()
	f.Params = f.IR.Blocks[0].Params
	f.ParamLoc = make([]regalloc.Loc, len(f.Params))
	f.ParamUsed = make([]bool, len(f.Params))
	var next [2]int
	slots := 0
	f.ByMemory = f.IR.Resume || f.IR.Off != 0
	for i, p := range f.Params {
		class := classOf(p)
		switch {
		case i == 0:
			f.ParamLoc[i] = regalloc.RegLoc(regs.Callable)
		case next[class] < len(regs.Params[class]):
			f.ParamLoc[i] = regalloc.RegLoc(regs.Params[class][next[class]])
			next[class]++
		default:
			f.ByMemory = true
			f.ParamLoc[i] = regalloc.SlotLoc(slots)
			slots++
		}
	}
}

// selectBlocks makes the instructions. Going backwards through reverse postorder, every use is seen before its definition, so what
// nobody asked for is never made.
func (f *Func) selectBlocks() {
	f.extents = arena.Fresh(f.extents, len(f.order))
	for i := len(f.rpo) - 1; i >= 0; i-- {
		b := f.rpo[i]
		f.current, f.begun = int(f.position[b.ID]), len(f.instrs)
		for _, e := range b.Succs {
			for _, k := range f.living.In(int32(e.To.ID)) {
				f.livesOn[k] = int32(f.current) + 1
			}
			for k, a := range e.Args {
				if f.uses[e.To.Params[k].ID] > 0 {
					f.Reg(a)
				}
			}
		}
		f.selectControl(b)
		for j := len(b.Values) - 1; j >= 0; j-- {
			if v := b.Values[j]; f.wanted(v) {
				f.selectValue(v)
			}
		}
		if i == 0 {
			f.selectEntry()
		}
		slices.Reverse(f.instrs[f.begun:])
		slices.Reverse(f.written[f.begun:])
		f.extents[f.current] = [2]int32{int32(f.begun), int32(len(f.instrs))}
	}
}

// wanted says whether v must be made.
func (f *Func) wanted(v *ir.Value) bool {
	switch v.Op {
	case ir.OpScratch, ir.OpCallTag:
		return f.Wanted(v)
	case ir.OpCallHelper:
		return !ir.Helpers[v.Aux].Pure || f.Wanted(v)
	}
	return f.Wanted(v) || v.Op.Is(ir.Guard|ir.Effect|ir.Call)
}

// Wanted says whether anybody asked for v's register.
func (f *Func) Wanted(v *ir.Value) bool { return f.vregs[v.ID] != 0 }

// Uses is how many operations, edges and frame states mention v.
func (f *Func) Uses(v *ir.Value) int { return int(f.uses[v.ID]) }

// Tag is the CallTag of a native call, or nil.
func (f *Func) Tag(call *ir.Value) *ir.Value { return f.tags[call.ID] }

// Reg asks for the register of v.
func (f *Func) Reg(v *ir.Value) regalloc.VReg {
	v = Resolve(v)
	f.asked[v.ID] = int32(f.current) + 1
	if r := f.vregs[v.ID]; r != 0 {
		return r
	}
	r := f.newVReg(regalloc.VRegInfo{Class: classOf(v), Remat: v.Op.Is(ir.Constant) || v.Op == ir.OpScratch}, v)
	f.vregs[v.ID] = r
	return r
}

// Temp is a register that holds no value.
func (f *Func) Temp(class regalloc.Class) regalloc.VReg {
	return f.newVReg(regalloc.VRegInfo{Class: class}, nil)
}

func (f *Func) newVReg(info regalloc.VRegInfo, v *ir.Value) regalloc.VReg {
	f.infos = append(f.infos, info)
	f.values = append(f.values, v)
	return regalloc.VReg(len(f.infos) - 1)
}

// Value is what a virtual register holds.
func (f *Func) Value(r regalloc.VReg) *ir.Value { return f.values[r] }

func classOf(v *ir.Value) regalloc.Class {
	if v.Type.Kind.Float() {
		return regalloc.FPR
	}
	return regalloc.GPR
}

// Dies says whether v's register is free after the operation being selected: nothing later in the block asked for it, and no other block
// will.
func (f *Func) Dies(v *ir.Value) bool {
	v = Resolve(v)
	if f.asked[v.ID] == int32(f.current)+1 {
		return false
	}
	k := f.crossing[v.ID]
	return k == 0 || f.livesOn[k-1] != int32(f.current)+1
}

// Feeds says whether v goes to the block parameter p on some edge.
func (f *Func) Feeds(v, p *ir.Value) bool {
	p = Resolve(p)
	for i := f.feeds[v.ID]; i > 0; i = f.fed[i-1].next {
		if f.fed[i-1].param == p {
			return true
		}
	}
	return false
}

// Foldable says whether the load v may be made at the place of the operation at, which is its only user.
func (f *Func) Foldable(v, at *ir.Value) bool {
	return f.vregs[v.ID] == 0 && f.uses[v.ID] == 1 && v.Block == at.Block && f.epoch[v.ID] == f.epoch[at.ID]
}

// Near says whether a pure operation without a register of its own may be made again at the place of another operation.
func (f *Func) Near(v, at *ir.Value) bool {
	return v.Block == at.Block || f.uses[v.ID] == 1 && v.Block.Loop == at.Block.Loop
}

// Before says whether v stands before w, of the same block.
func (f *Func) Before(v, w *ir.Value) bool { return f.index[v.ID] < f.index[w.ID] }

// Add puts an instruction before those added so far.
func (f *Func) Add(in Inst) {
	f.instrs = append(f.instrs, in.Instr)
	f.written = append(f.written, written{in.Value, in.Emit})
}

// Cold emits code out of the way, after the function's blocks.
func (f *Func) Cold(emit func()) { f.cold = append(f.cold, emit) }

// Label is where a block begins.
func (f *Func) Label(b *ir.Block) Label { return f.labels[f.position[b.ID]] }

// allocation is the function as the allocator sees it.
func (f *Func) allocation() *regalloc.Func {
	regs := f.m.Registers()
	ra := &f.problem
	*ra = regalloc.Func{
		VRegs: f.infos, Blocks: arena.Fresh(ra.Blocks, len(f.order)), EntryFixed: ra.EntryFixed[:0], Avail: regs.Avail, Scratch: regs.Scratch,
	}
	f.estimate()
	for i, b := range f.order {
		block := &ra.Blocks[i]
		block.Freq, block.Cold = f.freq[b.ID], b.Cold
		at := f.extents[i]
		block.Instrs = f.instrs[at[0]:at[1]:at[1]]
		params := f.vregArgs.Make(len(b.Params))[:0]
		for k, p := range b.Params {
			r := f.vregs[p.ID]
			if r == 0 {
				continue
			}
			params = append(params, r)
			if i == 0 {
				ra.EntryFixed = append(ra.EntryFixed, f.ParamLoc[k])
			}
		}
		block.Params = params
		block.Succs = f.edges.Make(len(b.Succs))
		for n, e := range b.Succs {
			args := f.vregArgs.Make(len(e.Args))[:0]
			for k, a := range e.Args {
				if f.vregs[e.To.Params[k].ID] != 0 {
					args = append(args, f.Reg(a))
				}
			}
			block.Succs[n] = regalloc.Edge{To: int(f.position[e.To.ID]), Args: args}
		}
	}
	return ra
}

// write emits the function.
func (f *Func) write(ra *regalloc.Func) {
	f.labels = arena.Fresh(f.labels, len(f.order))
	for i := range f.labels {
		f.labels[i] = f.m.NewLabel()
	}
	f.start, f.end = f.m.NewLabel(), f.m.NewLabel()
	f.m.Bind(f.start)
	f.Frame.lay(f)
	f.entry()
	f.edgeBlock = arena.Fresh(f.edgeBlock, len(f.order))
	for i := len(f.Alloc.EdgeBlocks) - 1; i >= 0; i-- { // those of one predecessor stand together
		f.edgeBlock[f.Alloc.EdgeBlocks[i].Pred] = int32(i + 1)
	}
	f.findHeld(ra)
	listing := f.Unit.Input.Listing
	f.thread()
	for at, place := range f.code {
		i, b := int(place.block), f.order[place.block]
		if f.target[i] != int32(i) {
			continue
		}
		if place.begins {
			f.m.Align()
		}
		f.m.Bind(f.labels[i])
		if listing {
			f.m.Note(fmt.Sprintf("%s b%d", f.IR.Name, b.ID))
		}
		if f.countsFirst(b) {
			f.m.Count()
		}
		edits := f.Alloc.Edits[i]
		extent := f.extents[i]
		code := f.written[extent[0]:extent[1]]
		for j := range code {
			in := &code[j]
			for len(edits) > 0 && edits[0].Before == j {
				f.m.Edit(f, edits[0])
				edits = edits[1:]
			}
			if listing && in.value != nil {
				f.m.Note(note(in.value))
			}
			f.Held = f.held[int(extent[0])+j]
			if j == len(code)-1 {
				if f.countsLast(b) {
					f.m.Count()
				}
				f.control(i, f.following(at), in)
			} else {
				in.emit(f.Alloc.Locs[i][j])
			}
		}
	}
	for i := 0; i < len(f.cold); i++ {
		f.cold[i]()
	}
	for _, x := range f.exits {
		x.stub()
	}
	f.m.Bind(f.end)
}

// following is the block that is written next in the code, or -1.
func (f *Func) following(at int) int {
	for _, p := range f.code[at+1:] {
		if f.target[p.block] == p.block {
			return int(p.block)
		}
	}
	return -1
}

// control ends a block: the machine's own instruction goes to succLabels, which may be edge blocks. next is the block that follows.
func (f *Func) control(i, next int, in *written) {
	b := f.order[i]
	f.succs = arena.Fresh(f.succs, len(b.Succs))
	succs := f.succs
	for k, e := range b.Succs {
		to := int(f.target[f.position[e.To.ID]])
		succs[k] = succ{label: f.labels[to], next: to == next}
		if eb := f.edge(i, k); eb != nil {
			succs[k].label, succs[k].edits, succs[k].target = f.m.NewLabel(), eb.Edits, f.labels[to]
		}
	}
	// With two ways to go, fall into the one that follows, or into the moves of the likelier edge, or into the unlikelier.
	f.Fall = -1
	for k := range succs {
		if succs[k].next {
			f.Fall = k
		}
	}
	if len(succs) == 2 && f.Fall < 0 {
		likely := 0
		if likelySecond(b) {
			likely = 1
		}
		f.Fall = likely
		if succs[likely].edits == nil {
			f.Fall = 1 - likely // the likely way is one jump
		}
	} else if len(succs) == 2 {
		// The moves of a hot edge stand here, if the other edge, which would fall through, needs a jump less often.
		other := 1 - f.Fall
		if succs[other].edits != nil && b.Succs[other].To.Loop > b.Succs[f.Fall].To.Loop {
			f.Fall = other
		}
	}
	if len(succs) == 1 {
		f.Fall = 0
	}
	in.emit(f.Alloc.Locs[i][len(f.Alloc.Locs[i])-1])
	for k := range succs {
		if k != f.Fall {
			f.outOfLine(&succs[k])
		}
	}
	if f.Fall >= 0 {
		s := &succs[f.Fall]
		if s.edits != nil {
			f.m.Bind(s.label)
			for _, e := range s.edits {
				f.m.Edit(f, e)
			}
			s.label = s.target
		}
		if !s.next {
			f.m.Jump(s.label)
		}
	}
}

// thread finds the blocks that only jump on, with nothing to move or count: they are not written.
func (f *Func) thread() {
	f.target = arena.Fresh(f.target, len(f.order))
	for i := len(f.order) - 1; i >= 0; i-- {
		f.target[i] = int32(i)
		b := f.order[i]
		if i == 0 || f.extents[i][1]-f.extents[i][0] != 1 || b.Ctrl.Op != ir.OpJump || len(f.Alloc.Edits[i]) > 0 || f.edge(i, 0) != nil ||
			f.countsFirst(b) || f.countsLast(b) {
			continue
		}
		// Where it leads is known if that stands behind it; a way back is taken one step at a time.
		to := f.position[b.Succs[0].To.ID]
		if to > int32(i) {
			to = f.target[to]
		} else if e := f.order[to]; f.extents[to][1]-f.extents[to][0] == 1 && e.Ctrl.Op == ir.OpJump {
			continue // perhaps not written itself
		}
		if to != int32(i) {
			f.target[i] = to
		}
	}
}

// edge is what stands between block i and its successor k, or nil.
func (f *Func) edge(i, k int) *regalloc.EdgeBlock {
	for n := int(f.edgeBlock[i]); n > 0 && n <= len(f.Alloc.EdgeBlocks); n++ {
		switch e := &f.Alloc.EdgeBlocks[n-1]; {
		case e.Pred != i:
			return nil
		case e.Succ == k:
			return e
		}
	}
	return nil
}

// succ is a way out of the block being emitted.
type succ struct {
	label  Label
	next   bool // the target follows
	edits  []regalloc.Edit
	target Label // of the edits
}

// Succ is where the control instruction goes for successor k. Control falls through to successor Fall: whoever emits the instruction
// jumps for the others only.
func (f *Func) Succ(k int) Label { return f.succs[k].label }

func (f *Func) outOfLine(s *succ) {
	if s.edits == nil {
		return
	}
	label, edits, target := s.label, s.edits, s.target
	f.Cold(func() {
		f.m.Bind(label)
		for _, e := range edits {
			f.m.Edit(f, e)
		}
		f.m.Jump(target)
	})
}

func note(v *ir.Value) string {
	text := fmt.Sprintf("v%d = %v", v.ID, v.Op)
	for _, a := range v.Args {
		text += fmt.Sprintf(" v%d", a.ID)
	}
	if v.Op.Is(ir.UsesAux) {
		text += fmt.Sprintf(" %#x", v.Aux)
	}
	return fmt.Sprintf("%s ;line %d", text, v.Line)
}
