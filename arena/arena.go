// Package arena is memory that one compile leaves to the next. A program waits for its compiles, and most of what they cost would be
// fresh memory: allocated, cleared, touched for the first time, collected.
package arena

// Fresh makes a slice of n zeros, in the memory of s if that is enough.
func Fresh[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// Arena gives out slices, and all of its memory again after Reset. The zero Arena is empty.
type Arena[T any] struct {
	chunks [][]T
	chunk  int // the one that is given out
	used   int // of it
}

// The chunks' numbers of items: each is twice the one before, up to the greatest, but for large slices.
const (
	firstChunk = 32
	chunkSize  = 1024
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
		a.chunks = append(a.chunks, make([]T, max(n, min(chunkSize, firstChunk<<min(len(a.chunks), 5)))))
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
