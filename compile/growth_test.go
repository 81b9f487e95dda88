// Compiles grow with what is compiled, and no faster: what is counted is memory asked for, not time.

package compile

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGrowth compiles a function and one of eight times its lines (testdata/growth.py). Lists that double as they grow make it up to twice
// as much memory; what takes the square of the lines is far beyond that.
func TestGrowth(t *testing.T) {
	for _, shape := range []string{"straight", "floats", "loops", "ifs", "elifs", "continues", "nested", "calls", "lists"} {
		t.Run(shape, func(t *testing.T) {
			small, large := memoryOf(t, shape+"100"), memoryOf(t, shape+"800")
			require.Less(t, float64(large)/float64(small), 16.0, "%d bytes, then %d", small, large)
			t.Logf("%d bytes, then %d", small, large)
		})
	}
}

// memoryOf is the memory that a compile asks for where no other compile has left any.
func memoryOf(t *testing.T, name string) uint64 {
	d, _ := newDriver(t)
	snapshot, err := os.ReadFile("testdata/" + name + ".snap")
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	unit, err := d.Compile(snapshot)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.NoError(t, d.Release(unit))
	return after.TotalAlloc - before.TotalAlloc
}
