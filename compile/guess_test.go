// That the kernels need no recording: what their lists hold, and their calls give, is guessed from their code and arguments.

package compile

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir/build"
)

func TestKernelsNeedNoRecording(t *testing.T) {
	for _, kernel := range kernels {
		if kernel == "matmul" {
			continue // its snapshot lacks the comprehension's code
		}
		d, _ := newDriver(t)
		snapshot, err := os.ReadFile("testdata/" + kernel + ".snap")
		require.NoError(t, err)
		s, err := d.stages.read(snapshot)
		require.NoError(t, err)
		s.Mode = decoder.ModeRecording
		for _, c := range s.Codes {
			clear(c.Sites)
		}
		funcs, err := build.Unit(s, d.abi, &build.Memory{})
		require.NoError(t, err)
		for _, f := range funcs {
			require.False(t, f.Recording, "%s: %s is recorded", kernel, f.Name)
		}
	}
}
