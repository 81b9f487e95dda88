// Package emitter turns verified SSA into machine code: block layout, selection from the end of each block so that folding an operand into
// its user is one question, register allocation, then code with its exits. The driver here knows no instruction set;
// emitter/amd64 and emitter/arm64 know nothing of layout and descriptors.
package emitter

import (
	"errors"
	"fmt"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// MaxCode is the most code a unit may have, in bytes.
const MaxCode = 1 << 20

// ErrUnsupported wraps the reasons for which a unit cannot be emitted although nothing is wrong with it.
var ErrUnsupported = errors.New("cannot be emitted")

// Input is a compile unit.
type Input struct {
	Funcs   []*ir.Func
	Codes   []Code // by the index of the code record in the snapshot
	Listing bool
	// Check proves every register allocation, for tests.
	Check    bool
	Regalloc regalloc.Options
	// Memory, if it is not nil, is used instead of fresh memory, and the unit's tables are in it.
	Memory *Memory
	// Force, if it is not nil, chooses guards that fail once although what they check holds, so that tests see the exit right: the how-manieth
	// time guard n of a unit, which is f's, fails, or 0.
	Force func(f *ir.Func, n int) uint32
}

// Code is a code record of the snapshot.
type Code struct {
	Record uint64 // the runtime's record
	Object uint64 // the code object
	NArgs  int    // positional arguments that a vectorcall stub may pass on; -1: no stub can serve this code
	Callee bool   // made for native callers only: no stub
}

// Builder is the unit being made.
type Builder struct {
	Input  *Input
	Unit   *Unit
	Funcs  []*Func
	memory *Memory
	byIR   map[*ir.Func]*Func
	m      Machine
	thunks thunks
	exit   Label // the common exit code
	// label of each call's return, until offsets are known
	callSites []callSite
	forcible  int // guards that were asked for by Forced
	err       error
}

type callSite struct {
	label Label
	exit  uint32
}

// Emit makes a unit.
func Emit(t Target, in *Input) (*Unit, error) {
	m := in.Memory
	if m == nil {
		m = &Memory{}
	}
	b := &Builder{
		Input: in, memory: m, Unit: &Unit{Exits: arena.Empty(m.unitExits), Slots: arena.Empty(m.unitSlots), Locs: arena.Empty(m.unitLocs)},
		byIR: make(map[*ir.Func]*Func, len(in.Funcs)),
	}
	b.thunks.labels = map[Thunk]Label{}
	m.sharedLocs.reset()
	m.sharedSlots.reset()
	b.m = t.Unit(b)
	for i, f := range in.Funcs {
		fn := newFunc(b, i, f)
		b.Funcs = append(b.Funcs, fn)
		b.byIR[f] = fn
	}
	for _, f := range b.Funcs {
		if err := f.emit(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.IR.Name, err)
		}
	}
	for _, f := range b.Funcs {
		f.stub()
	}
	b.shared()
	code, err := b.m.Finish()
	if err != nil {
		return nil, err
	}
	if b.err != nil {
		return nil, b.err
	}
	b.finish(code)
	m.unitExits, m.unitSlots, m.unitLocs = b.Unit.Exits, b.Unit.Slots, b.Unit.Locs
	return b.Unit, nil
}

// Fail remembers the first reason for which the unit cannot be emitted.
func (b *Builder) Fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
	}
}

func (b *Builder) finish(code []byte) {
	u := b.Unit
	u.Code = code
	u.Refs = b.m.Refs()
	u.Notes = b.m.Notes()
	for _, c := range b.callSites {
		u.CallSites = append(u.CallSites, CallSite{Off: b.m.Offset(c.label), Exit: c.exit})
	}
	offset := func(l Label) int {
		if l == 0 {
			return -1
		}
		return b.m.Offset(l)
	}
	seen := map[uint64]bool{}
	for _, f := range b.Funcs {
		first := len(u.Slots)
		for i, s := range f.IR.Key {
			slot := pyabi.Slot{Kind: pyabi.SlotKind(s.Kind), Owned: s.Owned, FirstLoc: pyabi.NoIndex}
			if i < len(f.IR.KeyClass) {
				slot.Class = uint64(f.IR.KeyClass[i])
			}
			u.Slots = append(u.Slots, slot)
		}
		start := b.m.Offset(f.start)
		var next uint64
		if f.StubLabel != 0 {
			next = f.Next
		}
		u.Funcs = append(u.Funcs, UnitFunc{
			Name: f.IR.Name, Record: f.IR.Record, Off: f.IR.Off, Flags: f.flags(),
			NLocals: uint32(f.IR.NLocals), NStack: uint32(len(f.IR.Key) - f.IR.NLocals), FirstSlot: uint32(first),
			Register: offset(f.RegisterEntry), Memory: offset(f.MemoryEntry), Stub: offset(f.StubLabel), Next: next,
			CodeOffset: start, CodeSize: b.m.Offset(f.end) - start,
		})
		for _, o := range f.IR.Objects {
			if !seen[o] {
				seen[o] = true
				u.Objects = append(u.Objects, o)
			}
		}
		for _, g := range f.IR.Guesses {
			u.Guesses = append(u.Guesses, pyabi.Guess{Record: g.Record, What: g.What, Site: g.Site, Flags: g.Flags})
		}
	}
}

func (f *Func) flags() uint32 {
	var flags uint32
	if f.IR.Recording {
		flags |= pyabi.FuncRecording
	}
	if f.IR.General {
		flags |= pyabi.FuncGeneral
	}
	if f.IR.HasFrame {
		flags |= pyabi.FuncHasFrame
	}
	if f.Code().Callee {
		flags |= pyabi.FuncCallee
	}
	return flags
}
