// Memory for functions: their values, frame states and what analyses find come from one place, which the next compile takes over.

package ir

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/flow"
)

// Arena is the memory that functions are made in. After Reset none of them may be used any more. The zero Arena is empty.
type Arena struct {
	values  arena.Arena[Value]
	lists   arena.Arena[*Value]
	states  arena.Arena[FrameState]
	slots   arena.Arena[Slot]
	blocks  arena.Arena[Block]
	orders  arena.Arena[*Block]
	edges   arena.Arena[Edge]
	loops   arena.Arena[Loop]
	inLoops arena.Arena[*Loop]

	// Of one analysis at a time.
	seen   []bool
	stack  []visit
	where  []int32
	owners []*Value
	counts []int32
	uses   []int32
	work   []*Block

	tree       DomTree
	preds      flow.Preds
	dominators flow.Dominators
}

// Reset takes the memory of all functions back.
func (m *Arena) Reset() {
	m.values.Reset()
	m.lists.Reset()
	m.states.Reset()
	m.slots.Reset()
	m.blocks.Reset()
	m.orders.Reset()
	m.edges.Reset()
	m.loops.Reset()
	m.inLoops.Reset()
}

// Values is how many values there is memory for.
func (m *Arena) Values() int { return m.values.Size() }

// NewFunc makes an empty function.
func (m *Arena) NewFunc(name string) *Func { return &Func{Name: name, memory: m} }

// NewFunc makes an empty function in memory of its own.
func NewFunc(name string) *Func { return new(Arena).NewFunc(name) }

// NewState makes a frame state with n slots, for the caller to fill.
func (f *Func) NewState(n int) *FrameState {
	fs := f.memory.states.New()
	fs.Slots = f.memory.slots.Make(n)
	clear(fs.Slots)
	return fs
}

// NewList makes an empty list of values with room for n.
func (f *Func) NewList(n int) []*Value { return f.memory.lists.Make(n)[:0] }

// NewEdges makes a list of edges.
func (f *Func) NewEdges(edges ...Edge) []Edge { return f.memory.edges.Keep(edges) }

// add appends to a list of values that is in the memory.
func (m *Arena) add(list []*Value, v *Value) []*Value {
	if len(list) == cap(list) {
		list = append(m.lists.Make(max(4, 2*len(list)))[:0], list...)
	}
	return append(list, v)
}
