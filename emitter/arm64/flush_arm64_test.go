// That the caches are told: an emulator runs new code without being told, so what the function does is read from its instructions.

package arm64

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestFlush(t *testing.T) {
	const clean, drop, wait, synchronise, ret = 0xd50b7b20, 0xd50b7520, 0xd5033b9f, 0xd5033fdf, 0xd65f03c0
	// A function value is of a wrapper, which calls.
	at := reflect.ValueOf(flush).UnsafePointer()
	for n := 0; ; n++ {
		if word := *(*uint32)(unsafe.Add(at, 4*n)); word>>26 == 0x25 {
			at = unsafe.Add(at, 4*n+int(int32(word<<6)>>4))
			break
		}
		require.Less(t, n, 64, "no call")
	}
	var seen []uint32
	for _, word := range unsafe.Slice((*uint32)(at), 64) {
		switch {
		case word&^31 == clean, word&^31 == drop:
			seen = append(seen, word&^31)
		case word == wait, word == synchronise:
			seen = append(seen, word)
		}
		if word == ret {
			break
		}
	}
	require.Equal(t, []uint32{clean, wait, drop, wait, synchronise}, seen)

	// And that it reaches all lines, whatever it begins and ends with.
	b := make([]byte, 4096)
	for _, at := range []int{0, 1, 60, 64, 4000} {
		for _, size := range []int{1, 63, 64, 65, 96} {
			new(Target).Flush(uintptr(unsafe.Pointer(&b[at])), size)
		}
	}
}
