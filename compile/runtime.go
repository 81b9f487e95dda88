// What Go's runtime would do in the first compile of a process, which its program waits for.

package compile

import "runtime"

// Nobody asks for a profile of the heap: it walked the stack at every 512 KB or so.
func init() { runtime.MemProfileRate = 0 }

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
