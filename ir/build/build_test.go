// The builder on recorded snapshots: what it makes is verified, printed, and compared with what it made before.

package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/pyabi"
)

func load(t *testing.T, path string) *decoder.Snapshot {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	snap, err := decoder.ReadSnapshot(data)
	require.NoError(t, err)
	return snap
}

func TestUnit(t *testing.T) {
	abi, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	paths, err := filepath.Glob("testdata/*.snap")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".snap")
		t.Run(name, func(t *testing.T) {
			funcs, err := Unit(load(t, path), abi, &Memory{})
			if name == "generator" {
				require.ErrorContains(t, err, "generator")
				return
			}
			require.NoError(t, err)
			for _, f := range funcs {
				require.NoError(t, f.Verify(), "%s", f)
				if os.Getenv("SHOW") == name {
					t.Log(f.String())
				}
			}
		})
	}
}
