// Package arena is memory that one compile leaves to the next. A program waits for its compiles, and most of what they cost would be
// fresh memory: allocated, cleared, touched for the first time, collected.
package arena

import (
	"math/bits"
	"unsafe"
)

// Go's allocator has some seventy sizes, and the first piece of each costs pages of its own and what tells of them: so what is asked for is a
// power of two, and at least leastBytes. A piece with pointers takes header bytes more than its items.
const (
	leastBytes = 512
	header     = 8
)

// room is how many items a slice for n of them gets, in a piece of so many bytes or more.
func room[T any](n, bytes int) int {
	var item T
	size := max(int(unsafe.Sizeof(item)), 1)
	bytes = max(n*size+header, bytes)
	return (1<<bits.Len(uint(bytes-1)) - header) / size
}

// Fresh makes a slice of n zeros, in the memory of s if that is enough.
func Fresh[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n, room[T](n, leastBytes))
	}
	s = s[:n]
	clear(s)
	return s
}

// Empty makes s empty. It gets some room if it has none, for it will grow.
func Empty[T any](s []T) []T {
	if cap(s) == 0 {
		return make([]T, 0, room[T](0, leastBytes))
	}
	return s[:0]
}

// Arena gives out slices, and all of its memory again after Reset. The zero Arena is empty.
type Arena[T any] struct {
	chunks [][]T
	chunk  int // the one that is given out
	used   int // of it
}

// The chunks' least bytes: twice those of the one before, up to largeChunk.
const (
	firstChunk = 8 << 10
	largeChunk = 128 << 10
)

// Reset takes back all that was given out.
func (a *Arena[T]) Reset() { a.chunk, a.used = 0, 0 }

// Size is how many items it has memory for.
func (a *Arena[T]) Size() (n int) {
	for _, c := range a.chunks {
		n += len(c)
	}
	return n
}

// Make gives n items that hold anything.
func (a *Arena[T]) Make(n int) []T {
	for a.chunk < len(a.chunks) && n > len(a.chunks[a.chunk])-a.used {
		a.chunk, a.used = a.chunk+1, 0
	}
	if a.chunk == len(a.chunks) {
		a.chunks = append(a.chunks, make([]T, room[T](n, min(largeChunk, firstChunk<<min(len(a.chunks), 10)))))
	}
	out := a.chunks[a.chunk][a.used : a.used+n : a.used+n]
	a.used += n
	return out
}

// Keep copies s.
func (a *Arena[T]) Keep(s []T) []T {
	out := a.Make(len(s))
	copy(out, s)
	return out
}

// New gives one item, which is zero.
func (a *Arena[T]) New() *T {
	item := &a.Make(1)[0]
	clear(a.chunks[a.chunk][a.used-1 : a.used])
	return item
}
