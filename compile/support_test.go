// What the tests share: an ABI header in memory as _native writes it, and recorded snapshots.

package compile

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

const recorded = "../ir/build/testdata"

// testRows are the recorded rows of CPython 3.11, and made-up addresses for what only the C runtime has.
func testRows(t testing.TB) map[string]uint64 {
	text, err := os.ReadFile("../pyabi/testdata/header-3.11.txt")
	require.NoError(t, err)
	rows := map[string]uint64{}
	for _, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) == 2 {
			rows[fields[0]], err = strconv.ParseUint(fields[1], 0, 64)
			require.NoError(t, err)
		}
	}
	fixture, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	need := func(name string) {
		if _, there := rows[name]; !there {
			help, _ := fixture.Help(name)
			rows[name] = help
		}
	}
	for i := range ir.Helpers {
		need("help." + ir.Helpers[i].Name)
	}
	for range 100 {
		abi, err := pyabi.New(rows)
		require.NoError(t, err)
		_, err = newTarget(runtime.GOARCH, abi)
		if err == nil {
			return rows
		}
		_, name, lacks := strings.Cut(err.Error(), "lacks ")
		require.True(t, lacks, err)
		need(name)
	}
	t.Fatal("the target wants more and more rows")
	return nil
}

// newDriver makes a driver that was given a header, with options. What it logs goes to the buffer.
func newDriver(t testing.TB, options ...string) (*Driver, *bytes.Buffer) {
	abi, err := pyabi.New(testRows(t))
	require.NoError(t, err)
	log := &bytes.Buffer{}
	d := New()
	d.log = log
	require.NoError(t, d.use(abi, environment(options...)))
	t.Cleanup(func() {
		for unit := range d.units {
			require.NoError(t, d.Release(unit))
		}
	})
	return d, log
}

// environment looks up NAME=VALUE strings.
func environment(options ...string) func(string) string {
	return func(name string) string {
		for _, o := range options {
			if n, value, _ := strings.Cut(o, "="); n == name {
				return value
			}
		}
		return ""
	}
}

func readSnapshot(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join(recorded, name+".snap"))
	require.NoError(t, err)
	return data
}

func snapshotNames(t testing.TB) []string {
	var names []string
	for _, pattern := range []string{"/*.snap", "/versions/*/*.snap"} {
		files, err := filepath.Glob(recorded + pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, recorded+"/"), ".snap"))
		}
	}
	return names
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }
