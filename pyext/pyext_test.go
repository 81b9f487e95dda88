// What an export must do whatever the driver does: turn a failure, and a panic,
// into a sentence, and leave the lock free for the next call.
package pyext

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestCallTurnsFailuresIntoSentences(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func() error
		want string
	}{
		{"no failure", func() error { return nil }, ""},
		{"error", func() error { return errors.New("a reason") }, "a reason"},
		{"panic", func() error { panic("BUG: a state") }, "BUG: a state"},
		{"runtime error", func() error { var m map[int]int; m[1] = 1; return nil }, "assignment to entry in nil map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lastError = ""
			got := call(c.f)
			require.Equal(t, got, LastError())
			require.Contains(t, got, c.want)
			require.Equal(t, c.want == "", got == "")
		})
	}
}

func TestJunkIsRefused(t *testing.T) {
	require.NotEmpty(t, Init(0))
	require.Zero(t, Compile(0, 8))
	require.Zero(t, Compile(8, 0))
	require.Zero(t, Compile(8, -1))
	require.NotEmpty(t, LastError())
}

func TestMemoryViewsInPlace(t *testing.T) {
	data := [4]byte{1, 2, 3, 4}
	view := memory(int(uintptr(unsafe.Pointer(&data))), len(data))
	data[2] = 9
	require.Equal(t, []byte{1, 2, 9, 4}, view)
}
