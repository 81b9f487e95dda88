// What Go's runtime and the system would do in the first compile of a process, which its program waits for.

package compile

import (
	"runtime"

	"github.com/gophersnake/gophersnake/cache"
)

// Nobody asks for a profile of the heap: it walked the stack at every 512 KB or so.
func init() { runtime.MemProfileRate = 0 }

const (
	// What a compile of some ten lines takes, 270 KB to 900 KB of the heap being what first compiles were seen to take.
	heapRoom = 512 << 10
	// Go's heap grows by 4 MB, and gives them out from below. So what is larger than all of its sizes for small pieces stands, for now, at the
	// beginning of what is free.
	ownPages = 33 << 10
)

// needHeap has pages put behind the part of Go's heap that the first compile will use: one by one, as it comes to them, they were a quarter of
// its time.
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
