//go:build linux && (amd64 || arm64)

// Random functions against the evaluator: the evaluator runs first and what the outside world does to memory is written down; then the
// emitted code runs in real memory at the same addresses, where helpers of machine code play the record back. The way out, the
// frame state, every object and every word must be the same.

package machinetest

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/machinetest/calltest"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

var randomCount = flag.Uint64("random", 150, "how many random functions to run")

// write is a word that the outside world changed.
type write struct{ at, word uint64 }

// event is what happens in one helper call or death.
type event struct {
	writes []write
	result uint64
}

const (
	objectsAt  = 1 << 30 // where ir.World makes objects
	objectsEnd = objectsAt + 3<<20
	itemsAt    = 1 << 32 // where irtest.World puts the items of lists
	itemsSize  = 1 << 22
)

// places are the parts of the world's memory.
type places struct {
	*rig
	objects, items *calltest.Memory
	log            *calltest.Memory
	cursor, next   uintptr // cells: the next event, the next object
	frame          uintptr
}

func (p *places) at(address uint64) *uint64 {
	switch {
	case address >= itemsAt:
		return p.items.Word(uintptr(address))
	default:
		return p.objects.Word(uintptr(address))
	}
}

// newPlaces makes the world's memory and the helpers that play events back.
func newPlaces(t testing.TB) *places {
	r := newRig(t)
	p := &places{rig: r, objects: calltest.MapAt(t, objectsAt, objectsEnd-objectsAt), items: calltest.MapAt(t, itemsAt, itemsSize),
		log: calltest.Map(t, 1<<22), cursor: r.mem.Alloc(8), next: r.mem.Alloc(8)}
	p.frame = r.mem.Alloc(4096)
	r.abi.TypeInt, r.abi.TypeFloat, r.abi.TypeBool = 0x1000, 0x1100, 0x1200
	r.abi.SmallIntNeg, r.abi.SmallIntPos = 0, 0 // the world's boxes are all new

	p.playHelpers()
	return p
}

// words are an object as memory holds it.
func (p *places) words(address uint64, o *ir.Object) []write {
	ws := []write{{address, uint64(int64(o.Refs))}, {address + 8, uint64(o.Class)}}
	if o.Class != 0x1000 {
		return ws
	}
	if o.Big {
		return append(ws, write{address + 16, 4})
	}
	n := int64(o.Raw)
	magnitude, size := uint64(n), uint64(0)
	if n < 0 {
		magnitude = -magnitude
	}
	digits := [4]uint64{magnitude & (1<<30 - 1), magnitude >> 30 & (1<<30 - 1), magnitude >> 60}
	for i, d := range digits {
		if d != 0 {
			size = uint64(i + 1)
		}
	}
	if n < 0 {
		size = -size
	}
	return append(ws, write{address + 16, size}, write{address + 24, digits[0] | digits[1]<<32}, write{address + 32, digits[2]})
}

type snapshot struct {
	objects map[uint64]ir.Object
	words   map[uint64]uint64
}

func takeSnapshot(w *ir.World) snapshot {
	s := snapshot{map[uint64]ir.Object{}, maps.Clone(w.Words)}
	for a, o := range w.Objects {
		s.objects[a] = *o
	}
	return s
}

// difference is what changed between a snapshot and now.
func (p *places) difference(s snapshot, w *ir.World) (ws []write) {
	for a, o := range w.Objects {
		if old, ok := s.objects[a]; !ok || old.Class != o.Class {
			ws = append(ws, p.words(a, o)...)
			if !ok {
				ws = append(ws, write{uint64(p.next), a})
			}
		}
	}
	for a, word := range w.Words {
		if old, ok := s.words[a]; !ok || old != word {
			ws = append(ws, write{a, word})
		}
	}
	return ws
}

func first(when func(n int) bool) int {
	for n := 0; ; n++ {
		if when(n) {
			return n
		}
	}
}

func TestRandomFunctions(t *testing.T) {
	p := newPlaces(t)
	ran, exits := 0, 0
	for seed := range *randomCount {
		f := irtest.Random(seed)
		require.NoError(t, f.Verify())
		for variant := range uint64(4) {
			exited, ok := p.compare(t, seed, seed*10+variant, variant)
			if ok {
				ran++
			}
			if exited {
				exits++
			}
		}
	}
	t.Logf("%d runs compared, %d ended in exits", ran, exits)
}

// random makes the function of a seed: as it comes, or optimised.
func random(t *testing.T, seed, variant uint64) *ir.Func {
	f := irtest.Random(seed)
	if !newTarget(nil).FMulAdd() {
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				if v.Op == ir.OpFMulAdd {
					v.Op, v.Args = ir.OpFSub, v.Args[1:]
				}
			}
		}
	}
	if variant&2 != 0 {
		_, err := opt.Run([]*ir.Func{f}, opt.Options{FixedClass: irtest.Fixed, QuietClass: irtest.Quiet})
		require.NoError(t, err)
	}
	return f
}

// compare runs the random function of a seed in the world of another. Variants: bit 0 lets the allocator choose at random, and continues
// instead of entering; bit 1 optimises.
func (p *places) compare(t *testing.T, seed, world, variant uint64) (exited, ok bool) {
	what := fmt.Sprintf("function %d, world %d, variant %d", seed, world, variant)
	f := random(t, seed, variant)
	w, args := irtest.World(world)
	start := takeSnapshot(w)
	first0 := slices.Max(slices.Collect(maps.Keys(w.Objects)))

	var events []event
	frameAt, calls := first(w.Frame), 0
	helper, died := w.Helper, w.Died
	w.Helper = func(w *ir.World, name string, args []uint64) uint64 {
		if name == "gs_range_length" { // machine code knows it
			return helper(w, name, args)
		}
		before := takeSnapshot(w)
		e := event{result: helper(w, name, args)}
		e.writes = p.difference(before, w)
		if calls >= frameAt {
			e.writes = append(e.writes, write{uint64(p.frame) + p.abi.FrameObject, 1})
		}
		calls++
		events = append(events, e)
		return e.result
	}
	w.Died = func(w *ir.World, address uint64) {
		if irtest.Quiet(w.Objects[address].Class) {
			return
		}
		before := takeSnapshot(w)
		died(w, address)
		events = append(events, event{writes: p.difference(before, w)})
	}
	want, err := f.Eval(w, args, 20000)
	if errors.Is(err, ir.ErrSteps) || errors.Is(err, ir.ErrDivide) {
		return false, false
	}
	require.NoError(t, err, what)

	// The same in memory.
	p.objects.Clear(objectsEnd - objectsAt)
	for _, words := range []map[uint64]uint64{start.words, w.Words} {
		for a := range words {
			*p.at(a) = start.words[a]
		}
	}
	for a, o := range start.objects {
		if a >= objectsAt {
			for _, x := range p.words(a, &o) {
				*p.at(x.at) = x.word
			}
		}
	}
	at := p.log.Base
	put := func(word uint64) { *p.log.Word(at) = word; at += 8 }
	for _, e := range events {
		put(e.result)
		put(uint64(len(e.writes)))
		for _, x := range e.writes {
			put(x.at)
			put(x.word)
		}
	}
	*p.word(p.cursor), *p.word(p.next) = uint64(p.log.Base), first0
	*p.word(p.frame + uintptr(p.abi.FrameObject)) = 0

	// Polls become ticks, which count.
	g := random(t, seed, variant)
	g.HasFrame, g.Resume = true, variant&1 != 0
	for _, b := range g.Blocks {
		for _, v := range b.Values {
			if v.Op == ir.OpPoll {
				v.Op = ir.OpTick
			}
		}
	}
	g.ComputeLoops(g.Dominators())
	mark := p.mem.Mark()
	defer p.mem.Release(mark)
	p.seed = seed * (variant & 1)
	u := p.emit(g)
	*p.mem.Int32(u.data + uintptr(emitter.FuncOffset(0)+pyabi.FuncRounds)) = int32(first(w.Poll) + 1)
	words := append([]uint64{args[0], 0}, args[1:]...)
	word, tag := u.memory(0, words...)
	require.Equal(t, p.log.Base+(at-p.log.Base), uintptr(*p.word(p.cursor)), "%s: events", what)
	if !want.Exited {
		require.Equal(t, uint64(want.Tag), tag, what)
		if want.Tag == ir.TagFloat && isNaN(want.Word) {
			require.True(t, isNaN(word), what)
		} else {
			require.Equal(t, want.Word, word, what)
		}
	} else {
		require.Equal(t, uint64(77), tag, what)
		x, slots := u.exited()
		require.Equal(t, []uint32{want.Off, want.RaiseOff, uint32(want.Exit.Kind), uint32(want.Exit.Reason)},
			[]uint32{x.Off, x.RaiseOff, uint32(x.Kind), uint32(x.Reason)}, what)
		require.Equal(t, want.Callable, u.loc(x.Callable), what)
		for i, s := range want.Slots[0] {
			for n, word := range s.Words {
				if slots[i][n] == fromObject {
					continue // the object's value, if the object is the same
				}
				if s.Kind == ir.SlotFloat && isNaN(word) {
					require.True(t, isNaN(slots[i][n]), what)
				} else {
					require.Equal(t, word, slots[i][n], "%s: slot %d", what, i)
				}
			}
		}
	}
	for a, o := range w.Objects {
		if a < objectsAt {
			continue
		}
		for _, x := range p.words(a, o) {
			require.Equal(t, x.word, *p.at(x.at), "%s: word %d of object %#x", what, (x.at-a)/8, a)
		}
	}
	for a, word := range w.Words {
		require.Equal(t, word, *p.at(a), "%s: word at %#x", what, a)
	}
	return want.Exited, true
}

func isNaN(bits uint64) bool { return bits&(1<<63-1) > 0x7ff<<52 }
