// What Go's runtime and the system would do in the first compile of a process, which its program waits for.

package compile

import (
	"runtime"

	"github.com/gophersnake/gophersnake/cache"
)

// Nobody asks for a profile of the heap: it walked the stack at every 512 KB or so.
func init() { runtime.MemProfileRate = 0 }

const (
	// First compiles of up to 35 lines were seen to write to 300 KB to 1 MB of the heap.
	heapRoom = 1 << 20
	// A piece of this size has pages of its own, which are the first of what is free, and what is allocated after it stands behind it.
	ownPages = 8 << 10
)

// needHeap has pages put behind the part of Go's heap that the first compile will use: one by one, as it comes to them, they were a quarter of
// its time. (Each of Go's processors allocates from half a megabyte of its own, so this serves a compile on another one than the load was on, too,
// where that is the next half.)
func needHeap() {
	free = make([]byte, ownPages)
	cache.Populate(free, heapRoom)
	free = nil
}

// free is a variable of the package because a slice that is used in one function alone would stand on the stack.
var free []byte

// stackRoom, and the frames that are there already, make a stack of 32 KB.
const stackRoom = 28 << 10

// needStack makes room on the stack at once. A goroutine begins with 4 KB or 8, and whenever that does not suffice, all of it is copied to one
// twice as large, frame by frame. Nothing of this frame is touched unless all of it is wanted.
//
//go:noinline
func needStack(all bool) byte {
	if !all {
		return 0
	}
	var frame [stackRoom]byte
	return frame[runtime.NumCPU()%stackRoom]
}
