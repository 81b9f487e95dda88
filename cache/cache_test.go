// What the rest relies on: memory is never writable and executable, never shared, what is released is gone, and a failure leaves nothing
// behind.

package cache

import (
	"bufio"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// permissions gives those of the mapping that holds an address; "": none does. It fails on any mapping that is writable and executable.
func permissions(t *testing.T, address uintptr) string {
	file, err := os.Open("/proc/self/maps")
	require.NoError(t, err)
	defer file.Close()
	found := ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		bounds := strings.Split(fields[0], "-")
		start, err := strconv.ParseUint(bounds[0], 16, 64)
		require.NoError(t, err)
		end, err := strconv.ParseUint(bounds[1], 16, 64)
		require.NoError(t, err)
		require.False(t, strings.Contains(fields[1], "w") && strings.Contains(fields[1], "x"), lines.Text())
		if uint64(address) >= start && uint64(address) < end {
			found = fields[1]
		}
	}
	require.NoError(t, lines.Err())
	return found
}

func TestMemoryIsWritableOrExecutable(t *testing.T) {
	c := New(1 << 20)
	page := os.Getpagesize()
	var first Unit
	address, err := c.Publish(page+1, 24, func(u Unit, code, data []byte) {
		first = u
		require.Equal(t, "rw-p", permissions(t, u.Code))
		require.Equal(t, "rw-p", permissions(t, u.Data))
		require.Len(t, code, page+1)
		require.Len(t, data, 24)
		code[page] = 0xc3
		binary.LittleEndian.PutUint64(data, uint64(u.Code))
	})
	require.NoError(t, err)
	u, ok := c.Unit(address)
	require.True(t, ok)
	require.Equal(t, first, u)
	require.Equal(t, u.Data, address)
	require.Equal(t, "r-xp", permissions(t, u.Code))
	require.Equal(t, "r-xp", permissions(t, u.Code+uintptr(page)))
	require.Equal(t, "rw-p", permissions(t, u.Data))
	require.EqualValues(t, 0xc3, View(u.Code, page+1)[page])
	require.EqualValues(t, u.Code, binary.LittleEndian.Uint64(View(u.Data, 8)))
	View(u.Data, 24)[23] = 1
	require.Equal(t, Stats{Units: 1, CodeBytes: page + 1, DataBytes: 24, Mapped: 3 * page, Limit: 1 << 20}, c.Stats())

	require.NoError(t, c.Release(address))
	require.Empty(t, permissions(t, u.Code))
	require.Empty(t, permissions(t, u.Data))
	require.Equal(t, Stats{Limit: 1 << 20}, c.Stats())
	require.ErrorContains(t, c.Release(address), "no unit is at")
	_, ok = c.Unit(address)
	require.False(t, ok)
}

func TestNeighboursKeepTheirPages(t *testing.T) {
	c := New(1 << 20)
	var units []uintptr
	for range 20 {
		address, err := c.Publish(1, 1, func(_ Unit, code, data []byte) { code[0], data[0] = 0xc3, 7 })
		require.NoError(t, err)
		units = append(units, address)
	}
	for i := 0; i < len(units); i += 2 {
		require.NoError(t, c.Release(units[i]))
	}
	for i := 1; i < len(units); i += 2 {
		u, ok := c.Unit(units[i])
		require.True(t, ok)
		require.EqualValues(t, 0xc3, View(u.Code, 1)[0])
		require.EqualValues(t, 7, View(u.Data, 1)[0])
		require.NoError(t, c.Release(units[i]))
	}
	require.Zero(t, c.Stats().Mapped)
}

func TestLimit(t *testing.T) {
	page := os.Getpagesize()
	c := New(3 * page)
	nothing := func(Unit, []byte, []byte) {}
	first, err := c.Publish(1, 1, nothing)
	require.NoError(t, err)
	_, err = c.Publish(1, 1, nothing)
	require.ErrorIs(t, err, ErrFull)
	second, err := c.Publish(1, 0, nothing)
	require.NoError(t, err)
	u, _ := c.Unit(second)
	require.Equal(t, Unit{Code: second, CodeSize: 1}, u)
	require.NoError(t, c.Release(first))
	require.NoError(t, c.Release(second))
	for _, sizes := range [][2]int{{1<<63 - 1, 1}, {1, 1<<63 - 1}, {4 * page, 0}} {
		_, err = c.Publish(sizes[0], sizes[1], nothing)
		require.ErrorIs(t, err, ErrFull)
	}
	for _, sizes := range [][2]int{{0, 1}, {-1, 1}, {1, -1}} {
		_, err = c.Publish(sizes[0], sizes[1], nothing)
		require.ErrorContains(t, err, "a unit of")
	}
}

func TestFailuresLeaveNothing(t *testing.T) {
	c := New(1 << 20)
	var u Unit
	require.PanicsWithValue(t, "BUG: odd", func() {
		_, _ = c.Publish(1, 1, func(made Unit, _, _ []byte) {
			u = made
			panic("BUG: odd")
		})
	})
	require.Empty(t, permissions(t, u.Code))
	require.Empty(t, permissions(t, u.Data))
	require.Equal(t, Stats{Limit: 1 << 20}, c.Stats())

	huge := New(1<<63 - 1)
	_, err := huge.Publish(1<<46, 1<<61, func(Unit, []byte, []byte) {})
	require.ErrorContains(t, err, "no memory for native code")
	require.Zero(t, huge.Stats().Mapped)
}

func TestCollectorLeavesUnitsAlone(t *testing.T) {
	c := New(1 << 24)
	for range 100 {
		address, err := c.Publish(100, 100, func(u Unit, code, data []byte) {
			for i := range data {
				data[i] = 0xff // no pointer of Go's
			}
		})
		require.NoError(t, err)
		runtime.GC()
		u, _ := c.Unit(address)
		StoreWord(u.Data+8, 5)
		require.EqualValues(t, 5, View(u.Data, 100)[8])
		require.NoError(t, c.Release(address))
	}
}

func TestPerfMap(t *testing.T) {
	c := New(1 << 20)
	require.NoError(t, c.Name(1, 1, "nobody asked"))
	path := filepath.Join(t.TempDir(), "perf.map")
	require.NoError(t, c.perfAt(path))
	require.NoError(t, c.perfAt(path))
	require.NoError(t, c.Name(0x1000, 0x20, "f\ng"))
	require.NoError(t, c.Name(0x2000, 0, "empty"))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "1000 20 f?g\n", string(text))

	link := filepath.Join(t.TempDir(), "link.map")
	require.NoError(t, os.Symlink(path, link))
	require.Error(t, New(1<<20).perfAt(link))
}

// TestFlush: the instruction caches are told of the whole code, once it is written and before it may run.
func TestFlush(t *testing.T) {
	c := New(1 << 20)
	type told struct {
		at          uintptr
		size        int
		first, last byte
		permissions string
	}
	var flushed []told
	c.Flush = func(at uintptr, size int) {
		code := View(at, size)
		flushed = append(flushed, told{at, size, code[0], code[size-1], permissions(t, at)})
	}
	address, err := c.Publish(5000, 24, func(_ Unit, code, _ []byte) {
		code[0], code[4999] = 1, 2
		require.Empty(t, flushed)
	})
	require.NoError(t, err)
	u, _ := c.Unit(address)
	require.Equal(t, []told{{u.Code, 5000, 1, 2, "rw-p"}}, flushed)
	require.NoError(t, c.Release(address))
}

func TestPopulate(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("an emulator does nothing")
	}
	const pages = 256
	page := os.Getpagesize()
	faults := func(populate bool) int64 {
		b, err := unix.Mmap(-1, 0, pages*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		require.NoError(t, err)
		require.NoError(t, unix.Madvise(b, unix.MADV_NOHUGEPAGE))
		if populate {
			Populate(b[1:], len(b)-page)
		}
		var before, after unix.Rusage
		require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &before))
		for n := 0; n < len(b); n += page {
			b[n] = 1
		}
		require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &after))
		require.NoError(t, unix.Munmap(b))
		return after.Minflt - before.Minflt
	}
	if plain := faults(false); plain < pages {
		t.Skipf("%d faults for %d pages: the system fills in several at once", plain, pages)
	}
	if err := unix.Madvise(make([]byte, page), unix.MADV_POPULATE_WRITE); err == unix.EINVAL {
		t.Skip("the system is older than this")
	}
	require.Less(t, faults(true), int64(pages/2))
}
