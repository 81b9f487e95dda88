package amd64

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The system tells the same of the processor.
func TestHasFMA(t *testing.T) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	flags := strings.Fields(string(text))
	require.Equal(t, slices.Contains(flags, "fma") && slices.Contains(flags, "avx"), hasFMA())
}
