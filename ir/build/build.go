// Package build turns bytecode into typed SSA. A bytecode block is translated once for each combination of types
// it is entered with (merge.go); each bytecode has its row in the table of ops.go.
package build

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// Limits of what is worth compiling.
const (
	MaxValues   = 300000 // operations of all functions of a unit; the caller waits for it: 4.4 µs for each were measured from 1,400 to 19,000
	maxBlocks   = 60000
	maxRecorded = 120 // bytecodes of a recording version, which is run for some rounds only; what lies beyond records by itself
	// Bytecodes of a recording version that follow each other without a jump: 100,000 in general code are two seconds and more than a unit may have.
	maxRecordedBlock = 10000
	maxDepth         = 6 // of callees compiled with their callers
	maxUnitFunc      = 24
	maxCallees       = 20000 // values of all callees compiled with a function: what is larger than that is called by way of C, lest its callers are too large, too
)

// ErrTooLarge is for what would take longer to compile than its code can win.
var ErrTooLarge = errors.New("it is too large to be worth it")

// unit is what is built together: the function asked for, and the callees it calls directly.
type unit struct {
	snap    *decoder.Snapshot
	mode    decoder.Mode
	abi     *pyabi.ABI
	memory  *Memory
	version decoder.Version
	decoded map[int]*code
	objects map[uint64]*decoder.Object
	types   map[uint64]*decoder.Type
	funcs   []*ir.Func
	callees map[string]*callee
	keepers map[int]uint64 // of codes: the parameters that some version keeps
	guesses *guesser       // nil: nobody has asked yet
	assumed []ir.Guess     // those that code relies on
	classes
}

type classes struct {
	classInt, classFloat, classBool, classNone, classStr, classBytes, classList, classTuple, classDict, classRange, classRangeIter,
	classListIter, classTupleIter, classSlice, classCell, classFunction, classAttached, classType, classModule ir.Class
}

// callee is a function of the unit that others call.
type callee struct {
	fn       *ir.Func
	building bool
	failed   bool
	linked   bool           // callers link their frame: it has a frame, so it looks
	assumed  bool           // somebody relied on its having no frame while it was being built
	direct   bool           // only native code calls it
	tags     map[int64]bool // of its returns
	relied   int            // somebody took the first so many tags for all, while it was being built; 0: nobody
	keeps    uint64         // parameters of which others may have the object when it has returned (keeps.go)
	trusted  uint64         // parameters that somebody who has them elsewhere, too, passed raw while it was being built
}

// Memory is what functions are built in, for one Unit after another. The zero Memory is empty.
type Memory struct {
	IR       ir.Arena
	slots    arena.Arena[slot]
	versions arena.Arena[version]
}

// DropScratch lets go of what only building needs; the functions stay.
func (m *Memory) DropScratch() {
	m.slots, m.versions = arena.Arena[slot]{}, arena.Arena[version]{}
}

// room is how many items a copy of a state can take without another one.
const room = 4

// clone copies slots into the memory.
func (u *unit) clone(s []slot) []slot {
	c := u.memory.slots.Make(len(s) + room)[:len(s)]
	copy(c, s)
	return c
}

// Unit builds the function that the snapshot asks for, and the callees it calls directly. The first is the one asked for.
// They are made in the memory, which is reset.
func Unit(snap *decoder.Snapshot, abi *pyabi.ABI, memory *Memory) ([]*ir.Func, error) {
	memory.IR.Reset()
	memory.slots.Reset()
	memory.versions.Reset()
	u := &unit{snap: snap, abi: abi, memory: memory, version: snap.Version, decoded: map[int]*code{}, objects: make(map[uint64]*decoder.Object, len(snap.Objects)), types: make(map[uint64]*decoder.Type, len(snap.Types)), callees: map[string]*callee{}, keepers: map[int]uint64{}}
	u.classes = classes{
		classInt: ir.Class(abi.TypeInt), classFloat: ir.Class(abi.TypeFloat), classBool: ir.Class(abi.TypeBool), classNone: ir.Class(abi.TypeNone),
		classStr: ir.Class(abi.TypeStr), classBytes: ir.Class(abi.TypeBytes), classList: ir.Class(abi.TypeList), classTuple: ir.Class(abi.TypeTuple),
		classDict: ir.Class(abi.TypeDict), classRange: ir.Class(abi.TypeRange), classRangeIter: ir.Class(abi.TypeRangeIter),
		classListIter: ir.Class(abi.TypeListIter), classTupleIter: ir.Class(abi.TypeTupleIter), classSlice: ir.Class(abi.TypeSlice),
		classCell: ir.Class(abi.TypeCell), classFunction: ir.Class(abi.TypeFunction), classAttached: ir.Class(abi.TypeAttached), classType: ir.Class(abi.TypeType), classModule: ir.Class(abi.TypeModule),
	}
	for _, o := range snap.Objects {
		u.objects[o.Address] = o
	}
	for _, t := range snap.Types {
		u.types[t.Address] = t
	}
	if snap.Mode != decoder.ModeRecording {
		return u.root(snap.Mode)
	}
	// What needs no recording is compiled as it will stay.
	if funcs, err := u.root(decoder.ModeFinal); err != errUnseen {
		return funcs, err
	}
	u.funcs, u.callees, u.keepers, u.assumed = nil, map[string]*callee{}, map[int]uint64{}, nil
	return u.root(snap.Mode)
}

// decode decodes a code of the snapshot, once.
func (u *unit) decode(index int, splits ...uint32) (*code, error) {
	if c := u.decoded[index]; c != nil {
		return c, nil
	}
	f, err := decoder.Decode(u.version, u.snap.Codes[index], splits...)
	if err != nil {
		return nil, err
	}
	c := newCode(f)
	if index == 0 {
		c.entry = u.snap.Off
	}
	u.decoded[index] = c
	return c, nil
}

// root builds the function that was asked for.
func (u *unit) root(mode decoder.Mode) ([]*ir.Func, error) {
	s := u.snap
	u.mode = mode
	c, err := u.decode(0, s.Off)
	if err != nil {
		return nil, err
	}
	if c.Code.Flags&(decoder.CoGenerator|decoder.CoCoroutine|decoder.CoAsyncGenerator) != 0 {
		return nil, errors.New("it is a generator or coroutine")
	}
	if c.Irreducible {
		return nil, errors.New("its loops have several entries")
	}
	live := decoder.Bits(nil)
	b := &builder{unit: u, code: c}
	live = b.liveAt(s.Off)
	key := make([]slot, len(s.Slots))
	for i, have := range s.Slots {
		k := slot{kind: ir.SlotKind(have.Kind), owned: have.Owned}
		if have.Object != nil && k.kind == ir.SlotObj && (i >= s.NLocals || live.Has(i)) {
			k.class = ir.Class(have.Object.Class)
		}
		if mode != decoder.ModeGeneral {
			k = u.unboxedForm(k, have.Object)
		}
		key[i] = u.wanted(k, i < s.NLocals, s.Off == 0 || i < s.NLocals && c.Borrowed(i), i >= s.NLocals || live.Has(i))
	}
	ce := &callee{}
	if s.Off == 0 {
		u.callees[keyText(0, key)] = ce
	}
	if err := u.buildInto(ce, c, 0, s.Off, key, 0); err != nil {
		return nil, err
	}
	u.funcs[0].Guesses = u.assumed
	return u.funcs, nil
}

// unboxedForm is the form in which a number that is there as an object is taken over: unboxed.
func (u *unit) unboxedForm(k slot, o *decoder.Object) slot {
	if o == nil || k.kind != ir.SlotObj {
		return k
	}
	switch class := ir.Class(o.Class); {
	case class == u.classInt && o.Fits():
		k.kind, k.class = ir.SlotIntOrigin, 0
	case class == u.classFloat:
		k.kind, k.class = ir.SlotFloatOrigin, 0
	case class == u.classBool:
		k = slot{kind: ir.SlotBool}
	case class == u.classNone:
		k = slot{kind: ir.SlotNone}
	}
	return k
}

// wanted is the form in which an entry takes a slot that is there in form k.
func (u *unit) wanted(k slot, local, borrowed, live bool) slot {
	if k.kind == ir.SlotObj || k.kind == ir.SlotObjNull || k.kind == ir.SlotIntOrigin || k.kind == ir.SlotFloatOrigin {
		k.owned = k.owned || !borrowed
	}
	refless := k.kind == ir.SlotNull || k.kind == ir.SlotNone || k.kind == ir.SlotInt || k.kind == ir.SlotFloat || k.kind == ir.SlotBool
	switch {
	case u.mode == decoder.ModeGeneral && k.kind == ir.SlotNull:
	case u.mode == decoder.ModeGeneral && k.kind == ir.SlotObjNull:
	case u.mode == decoder.ModeGeneral:
		k = slot{kind: ir.SlotObj, owned: k.owned || refless || k.kind == ir.SlotRange || k.kind == ir.SlotRangeIter}
	case local && !live && refless && u.snap.Off != 0:
		k = slot{kind: ir.SlotDyn}
	}
	return k
}

// buildInto builds a function, again with what turned out if callers in the same cycle of calls relied on the contrary: that it has no
// frame to link their calls for, returns in one way only, or keeps no argument.
func (u *unit) buildInto(ce *callee, c *code, index int, off uint32, key []slot, depth int) error {
	f := &ir.Func{}
	ce.fn, ce.building = f, true
	u.funcs = append(u.funcs, f)
	for first := true; ; first = false {
		*f = *u.memory.IR.NewFunc(c.Code.QualName)
		f.Code, f.Record, f.FirstLine, f.StackSize = index, c.Code.Record, c.Code.FirstLine, c.Code.StackSize
		f.Resume, f.General = off != 0, u.mode == decoder.ModeGeneral
		ce.assumed, ce.relied, ce.trusted = false, 0, 0
		if first {
			ce.tags = map[int64]bool{}
		}
		b := &builder{unit: u, index: index, code: c, f: f, depth: depth, self: ce, embedded: map[uint64]bool{}, made: map[*ir.Value]*decoder.Code{}, chars: map[*ir.Value]*ir.Value{}, versions: map[uint32][]*version{}}
		b.start(off, u.clone(key))
		if err := b.run(); err != nil {
			return err
		}
		b.beginAtWider()
		ce.keeps |= u.keeps(ce)
		u.keepers[index] |= ce.keeps
		unlinked := f.HasFrame && ce.assumed
		if !unlinked && !(first && ce.relied != 0 && ce.relied < len(ce.tags)) && ce.keeps&ce.trusted == 0 {
			break
		}
		ce.linked = ce.linked || f.HasFrame
	}
	ce.building, ce.linked = false, f.HasFrame
	clean(f)
	return nil
}

// clean removes what turned out not to be needed: looks at the frame where there is none, counting rounds where nothing is recorded.
func clean(f *ir.Func) {
	for _, b := range f.Blocks {
		kept := b.Values[:0]
		for _, v := range b.Values {
			if (v.Op == ir.OpGuardFrame || v.Op == ir.OpGuardLocals) && !f.HasFrame && !f.Resume || v.Op == ir.OpTick && !f.Recording {
				continue
			}
			kept = append(kept, v)
		}
		b.Values = kept
	}
}

// calleeFor gives the version of a callee for arguments of these forms; nil: it cannot be called directly.
func (b *builder) calleeFor(c *code, index int, key []slot) (*callee, error) {
	text := keyText(index, key)
	if ce := b.callees[text]; ce != nil {
		if ce.failed {
			return nil, nil
		}
		if ce.building && len(ce.tags) == 0 && !b.lastChance(b.current) {
			return nil, errPostpone
		}
		return ce, nil
	}
	if b.depth >= maxDepth || len(b.funcs) >= maxUnitFunc || c.Irreducible {
		return nil, nil
	}
	first := len(b.funcs)
	ce := &callee{direct: true}
	b.callees[text] = ce
	if err := b.buildInto(ce, c, index, 0, key, b.depth+1); err == errUnseen {
		return nil, err
	} else if err != nil {
		ce.failed = true
		b.leaveOut(len(b.funcs) - first)
		return nil, nil
	}
	return ce, nil
}

// leaveOut forgets the newest n functions: a callee that cannot be compiled, and those that it alone calls. They may be built again for others.
func (u *unit) leaveOut(n int) {
	kept, dropped := u.funcs[:len(u.funcs)-n], u.funcs[len(u.funcs)-n:]
	for text, ce := range u.callees {
		if !ce.failed && slices.Contains(dropped, ce.fn) {
			delete(u.callees, text)
		}
	}
	u.funcs = kept
}

// calleesTooLarge reports whether the callees built so far, the one being built among them, are more than is worth it.
func (u *unit) calleesTooLarge() bool {
	values := 0
	for _, f := range u.funcs[1:] {
		values += f.NumValues()
	}
	return values > maxCallees
}

// builder builds one function.
type builder struct {
	*unit
	index    int // of the code in the snapshot
	code     *code
	current  *version
	f        *ir.Func
	depth    int
	self     *callee
	callable *ir.Value
	embedded map[uint64]bool

	versions map[uint32][]*version
	work     []*version

	// The bytecode being translated, and the state of the abstract machine.
	ins         decoder.Instr
	line        int32
	block       *ir.Block
	locals      []slot
	stack       []slot
	savedLocals []slot // before the bytecode
	savedStack  []slot
	kept        int                         // stack items that the bytecode has not pushed itself
	effect      bool                        // the bytecode has had an effect: the state before it must not be used any more
	ended       bool                        // the block has its control operation
	made        map[*ir.Value]*decoder.Code // functions that the block has made, by their code
	chars       map[*ir.Value]*ir.Value     // strings that are one ASCII character, to its code
	fused       bool                        // the bytecode was translated together with the next one
	beforeState *ir.FrameState
	translated  int         // bytecodes
	sawUnseen   bool        // a site that nothing is recorded of was met
	attrsRead   []attrRead  // in the block so far
	unguessed   bool        // nor is guessed, of what the bytecode gives
	unwinding   bool        // the activation is over: destructors see its callers only
	position    []slot      // the bytecode that destructors see the activation at, an object, if it is not the one being translated
	inFrame     []*ir.Value // what the frame's slots hold since they were last shown; nil: not known
	linking     bool        // a local is being boxed for the frame
	origins     []int       // of oneObject
	looks       bool        // the bytecode has linked the frame, and nothing has looked since whether somebody has written a local in it
	shown       []shown     // boxes that were made for the frame; the slice is never changed in place
}

// errPostpone puts off a block version: what it needs to know (the result of a callee that is being built) may be known later.
var errPostpone = errors.New("postponed")

// errUnseen ends an attempt to do without recording.
var errUnseen = errors.New("something was never seen")

// general reports whether every value is an object, and every operation on it the C-API's.
func (b *builder) general() bool { return b.mode != decoder.ModeFinal }

// recording reports whether the classes of values are recorded. The code is general: it is run for a few rounds only.
func (b *builder) recording() bool { return b.mode == decoder.ModeRecording }

// start gives the function its entry, from the slots of its key.
func (b *builder) start(off uint32, key []slot) {
	entry := b.f.NewBlock()
	entry.Off = off
	b.block = entry
	b.callable = b.f.AddParam(entry, ir.Type{Kind: ir.Obj})
	b.f.Key, b.f.KeyClass = make([]ir.Slot, len(key)), make([]ir.Class, len(key))
	for i, s := range key {
		s = b.params(entry, s)
		key[i] = s
		b.f.Key[i] = ir.Slot{Kind: s.kind, Owned: s.owned}
		b.f.KeyClass[i] = s.class
	}
	nl := len(b.code.Code.Locals)
	b.locals, b.stack = b.clone(key[:nl]), b.clone(key[nl:])
	b.f.NLocals, b.f.Off = nl, off
	b.begin(b.code.InstrAt(off))
	b.f.Entry = b.before()
	b.inFrame = b.f.NewList(nl)[:nl]
	null := b.null()
	for i := range b.inFrame {
		b.inFrame[i] = null // a frame comes with empty slots
	}
	for i := range b.locals {
		if !b.code.Borrowed(i) && !b.locals[i].owned {
			b.locals[i] = b.own(b.locals[i])
		}
	}
	if b.recording() {
		for _, slots := range [2][]slot{b.locals, b.stack} {
			for i := range slots {
				slots[i] = b.generalised(slots[i])
			}
		}
	}
	b.edge(off)
}

// generalised is the slot as an object, where it may be one.
func (b *builder) generalised(s slot) slot {
	if s.kind == ir.SlotNull || s.kind == ir.SlotObj || s.kind == ir.SlotObjNull {
		return s
	}
	class := b.exactClass(&s)
	s = b.boxedForFrame(s)
	if s.kind == ir.SlotObjNull {
		return s
	}
	return slot{kind: ir.SlotObj, owned: s.owned, class: class, v: [3]*ir.Value{s.object()}}
}

// run translates block versions until none is left.
func (b *builder) run() error {
	for len(b.work) > 0 {
		v := b.work[0]
		b.work = b.work[1:]
		if b.f.NumValues() > MaxValues {
			return ErrTooLarge
		}
		if len(b.f.Blocks) > maxBlocks {
			return fmt.Errorf("it is too large: more than %d blocks", maxBlocks)
		}
		if b.depth > 0 && b.calleesTooLarge() {
			return errors.New("it is too large to be compiled with its caller")
		}
		blocks, objects := len(b.f.Blocks), len(b.f.Objects)
		err := b.translate(v)
		if err == errPostpone {
			b.f.Blocks = b.f.Blocks[:blocks]
			for _, o := range b.f.Objects[objects:] {
				delete(b.embedded, o)
			}
			b.f.Objects = b.f.Objects[:objects]
			v.block.Values, v.block.Ctrl, v.block.Succs = nil, nil, nil
			v.rounds++
			b.work = append(b.work, v)
			continue
		}
		if err != nil {
			return err
		}
		if b.sawUnseen && b.snap.Mode == decoder.ModeRecording {
			return errUnseen
		}
	}
	return nil
}

// lastChance reports whether nothing but postponed versions is left, so that no more will be known.
func (b *builder) lastChance(v *version) bool {
	for _, w := range b.work {
		if w.rounds == 0 {
			return false
		}
	}
	return v.rounds > 0
}

// translate translates one block version.
func (b *builder) translate(v *version) error {
	b.block, b.locals, b.stack, b.shown, b.ended = v.block, b.clone(v.locals), b.clone(v.stack), v.shown, false
	b.inFrame = b.f.NewList(len(v.locals))[:len(v.locals)]
	clear(b.inFrame[copy(b.inFrame, v.inFrame):])
	b.current = v
	b.attrsRead = b.attrsRead[:0]
	dec := b.code.BlockAt(v.off)
	first := b.code.Index(v.off)
	recorded := b.recording() && b.translated > maxRecorded && v.off != b.f.Off
	b.translated += dec.Last - dec.First
	for n := first; n < dec.Last; n++ {
		b.begin(&b.code.Instrs[n])
		if recorded || b.recording() && n-first > maxRecordedBlock && len(b.stack) <= len(v.stack) { // between two statements
			b.exit(ir.ExitResume, ir.WhyUnseen, b.before())
			return nil
		}
		if n == dec.First && dec.LoopHeader && !v.single {
			b.loopHeader(dec)
		}
		translate := rows[b.ins.Op].translate
		if translate == nil {
			b.exit(ir.ExitInterpret, ir.WhyNotCompiled, b.before())
			return nil
		}
		if err := translate(b); err != nil {
			return err
		}
		if b.ended {
			return nil
		}
		if b.fused {
			b.fused = false
			n++
		}
	}
	b.begin(&decoder.Instr{Op: decoder.OpNop, Off: b.ins.Next, At: b.ins.At, Next: b.ins.Next})
	b.edge(dec.End)
	return nil
}

// begin makes i the current bytecode.
func (b *builder) begin(i *decoder.Instr) {
	b.ins, b.line = *i, int32(b.code.Line(i.At))
	b.savedLocals = append(b.savedLocals[:0], b.locals...)
	b.savedStack = append(b.savedStack[:0], b.stack...)
	b.kept, b.effect, b.looks, b.beforeState, b.unguessed = len(b.stack), false, false, nil, false
}

// loopHeader polls, and counts rounds while recording. The interpreter polls at the jump back, so that is where signal handlers see it.
func (b *builder) loopHeader(dec *decoder.Block) {
	polled := *b.before()
	for _, p := range dec.Preds {
		if jump := &b.code.Instrs[b.code.Blocks[p].Last-1]; jump.Target == dec.Start && jump.Off > dec.Start {
			polled.RaiseOff = jump.Off
		}
	}
	b.guard(ir.OpPoll, ir.Type{}, &polled, ir.ExitInfo{Kind: ir.ExitPoll, Reason: ir.WhyPoll})
	if b.recording() {
		b.guard(ir.OpTick, ir.Type{}, b.before(), ir.ExitInfo{Kind: ir.ExitRecompile, Reason: ir.WhyRecorded})
	}
}
