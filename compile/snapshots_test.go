// The real stages on recorded snapshots, whole and damaged.

package compile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/pyabi"
)

// stayInterpreted are the recorded functions that nothing is compiled of, and why.
var stayInterpreted = map[string]string{"generator": "it is a generator or coroutine"}

const (
	generally    = " generally"
	snapshotMode = 20 // its offset in the header
)

// TestSnapshots compiles each with all that checks: the verifier between passes, the proof of the register allocation.
func TestSnapshots(t *testing.T) {
	names := snapshotNames(t)
	for _, name := range names {
		if strings.HasPrefix(name, "versions/") { // nothing is recorded there: the whole of it is compiled in general
			names = append(names, name+generally)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			d, log := newDriver(t, "GOPHERSNAKE_VERIFY=1")
			file, general := strings.CutSuffix(name, generally)
			snapshot := readSnapshot(t, file)
			if general {
				snapshot[snapshotMode] = byte(decoder.ModeGeneral)
			}
			given := bytes.Clone(snapshot)
			unit, err := d.Compile(snapshot)
			if why, stays := stayInterpreted[name]; stays {
				require.ErrorContains(t, err, why)
				return
			}
			require.NoError(t, err, log)
			require.Equal(t, given, snapshot)
			clear(snapshot) // its owner frees it: nothing may refer to it
			checkUnit(t, d, unit)
			checkListing(t, d, unit)
			require.NoError(t, d.Release(unit))
			require.Zero(t, d.memory.Stats().Mapped)
		})
	}
}

// checkUnit reads a unit as C does.
func checkUnit(t *testing.T, d *Driver, unit uintptr) {
	at, ok := d.memory.Unit(unit)
	require.True(t, ok)
	data := dataArea{cache.View(at.Data, at.DataSize), at.Data}
	require.EqualValues(t, uint64(pyabi.UnitMagic), data.word(0))
	require.EqualValues(t, at.Code, data.word(8))
	require.EqualValues(t, at.CodeSize, data.word(16))
	require.EqualValues(t, at.DataSize, data.word(24))
	for _, table := range []struct{ off, size int }{
		{32, pyabi.SizeFunc}, {unitExits, pyabi.SizeExit}, {unitSlots, pyabi.SizeSlot}, {80, pyabi.SizeLoc},
		{unitCallSites, pyabi.SizeCallSite}, {112, 8},
	} {
		begin := data.word(table.off) - uint64(at.Data)
		end := begin + data.word(table.off+8)*uint64(table.size)
		require.LessOrEqual(t, uint64(pyabi.SizeUnit), begin)
		require.LessOrEqual(t, end, uint64(at.DataSize))
	}
	p := d.units[unit]
	require.EqualValues(t, len(p.funcs), data.word(40))
	require.EqualValues(t, p.exits, data.word(56))
	for i := range p.funcs {
		f := data.table(32, i, pyabi.SizeFunc)
		entries := 0
		for _, off := range []int{pyabi.FuncRegisterEntry, pyabi.FuncMemoryEntry, pyabi.FuncStub} {
			if entry := binary.LittleEndian.Uint64(f[off:]); entry != 0 {
				require.Less(t, entry-uint64(at.Code), uint64(at.CodeSize))
				entries++
			}
		}
		require.NotZero(t, entries)
	}
	for i := range p.exits {
		e := data.table(unitExits, i, pyabi.SizeExit)
		first, slots := binary.LittleEndian.Uint32(e[24:]), binary.LittleEndian.Uint32(e[16:])+binary.LittleEndian.Uint32(e[20:])
		require.LessOrEqual(t, uint64(first+slots), data.word(unitSlots+8))
		require.NotZero(t, binary.LittleEndian.Uint64(e[exitRecord:]))
	}
	var before uint64
	for i := range int(data.word(unitCallSites + 8)) {
		site := data.table(unitCallSites, i, pyabi.SizeCallSite)
		address := binary.LittleEndian.Uint64(site)
		require.Greater(t, address, before)
		require.Less(t, address-uint64(at.Code), uint64(at.CodeSize))
		before = address
	}
}

// checkListing wants everything of a listing, and that the pipeline made the same code once more.
func checkListing(t *testing.T, d *Driver, unit uintptr) {
	text, err := d.Describe(unit, "listing")
	require.NoError(t, err)
	var l listing
	require.NoError(t, json.Unmarshal([]byte(text), &l))
	require.Empty(t, l.Remark)
	require.True(t, l.Valid)
	require.NotEmpty(t, l.Functions)
	require.NotEmpty(t, l.Guards)
	require.NotEmpty(t, l.Asm)
	notes := 0
	for _, line := range l.Asm {
		require.False(t, strings.HasPrefix(line.Text, "byte 0x"), "offset %#x is no instruction", line.Offset)
		notes += len(line.Notes)
	}
	require.NotZero(t, notes)
	for _, f := range l.Functions {
		require.Contains(t, f.IR, "func ")
	}
	lines := 0
	for _, g := range l.Guards {
		require.NotEmpty(t, g.Op, "%+v", g)
		lines += g.Line // some bytecodes have none
	}
	require.NotZero(t, lines)
	for _, what := range []string{"decode", "build", "opt", "asm"} {
		text, err := d.Describe(unit, what)
		require.NoError(t, err)
		require.Greater(t, strings.Count(text, "\n"), 2)
	}
	ir, err := d.Describe(unit, "ir")
	require.NoError(t, err)
	again, err := d.Describe(unit, "opt")
	require.NoError(t, err)
	require.Equal(t, again, ir)
}

// TestDamagedSnapshots puts each word of a snapshot to numbers that point astray. What comes of it must be an error or a unit, and it
// must come soon.
func TestDamagedSnapshots(t *testing.T) {
	d, _ := newDriver(t)
	for _, name := range []string{"add_int", "adder"} {
		data := readSnapshot(t, name)
		for n := 0; n+4 <= len(data); n += 4 {
			for _, value := range []uint32{0, 1, 0x7fffffff, 0xffffffff} {
				changed := bytes.Clone(data)
				binary.LittleEndian.PutUint32(changed[n:], value)
				compileAndRelease(t, d, changed)
			}
		}
	}
	require.Zero(t, d.memory.Stats().Mapped)
}

func compileAndRelease(t testing.TB, d *Driver, snapshot []byte) {
	unit, err := d.Compile(snapshot)
	require.Equal(t, err == nil, unit != 0)
	if err == nil {
		require.NoError(t, d.Release(unit))
	}
}

func FuzzCompile(f *testing.F) {
	for _, name := range []string{"add_int", "sum_range", "dot", "caller", "method", "catch", "versions/3.12/manager",
		"versions/3.13/swap", "versions/3.14/manager", "versions/3.15/squares"} {
		f.Add(readSnapshot(f, name))
	}
	d, _ := newDriver(f)
	f.Fuzz(func(t *testing.T, snapshot []byte) { compileAndRelease(t, d, snapshot) })
}
