// Memory that one allocation leaves to the next: a compiler allocates registers hundreds of times, and fresh memory would be most of what
// that costs.

package regalloc

import "github.com/gophersnake/gophersnake/arena"

// Memory keeps what an allocation needed. A Result is valid until the next one with the same Memory. The zero Memory is empty.
type Memory struct {
	alloc    alloc
	resolver resolver
}

// lengthen makes n empty slices, in the memory that they had before.
func lengthen[T any](s [][]T, n int) [][]T {
	if n > cap(s) {
		old := s[:cap(s)]
		s = make([][]T, n, n+n/2)
		copy(s, old)
	}
	s = s[:n]
	unused := 0
	for i := range s {
		s[i] = s[i][:0]
		if cap(s[i]) == 0 {
			unused++
		}
	}
	const each = 2 // so that their first elements need no memory of their own
	slab := make([]T, unused*each)
	for i := range s {
		if cap(s[i]) == 0 {
			s[i], slab = slab[:0:each], slab[each:]
		}
	}
	return s
}

// lists are a list for each virtual register, made from their ends.
type lists[T any] struct {
	nodes []node[T] // 0 is none
	heads []int32   // by virtual register
	flat  []T       // after finish: all lists
	start []int32   // and where each begins
}

type node[T any] struct {
	next int32
	item T
}

func (l *lists[T]) reset(n int) {
	l.nodes = append(arena.Empty(l.nodes), node[T]{})
	l.heads = arena.Fresh(l.heads, n)
}

func (l *lists[T]) prepend(v VReg, item T) {
	l.nodes = append(l.nodes, node[T]{l.heads[v], item})
	l.heads[v] = int32(len(l.nodes) - 1)
}

// first is the latest item of v's list, or nil.
func (l *lists[T]) first(v VReg) *T {
	if n := l.heads[v]; n != 0 {
		return &l.nodes[n].item
	}
	return nil
}

// finish puts the lists, less what keep refuses, where of finds them.
func (l *lists[T]) finish(keep func(*T) bool) {
	l.flat = arena.Empty(l.flat)
	l.start = append(arena.Empty(l.start), 0)
	for _, n := range l.heads {
		for ; n != 0; n = l.nodes[n].next {
			if item := &l.nodes[n].item; keep == nil || keep(item) {
				l.flat = append(l.flat, *item)
			}
		}
		l.start = append(l.start, int32(len(l.flat)))
	}
}

// of is v's list.
func (l *lists[T]) of(v VReg) []T { return l.flat[l.start[v]:l.start[v+1]:l.start[v+1]] }
