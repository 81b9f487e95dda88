// The data area as C reads it.

package emitter

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/pyabi"
)

func TestUnitData(t *testing.T) {
	u := &Unit{
		Code: make([]byte, 64), Refs: []Ref{{Off: 10, Data: 7}},
		Funcs: []UnitFunc{
			{Record: 0x111, Off: 3, Flags: 5, NLocals: 1, NStack: 1, FirstSlot: 0, Register: 16, Memory: 0, Stub: 32, Next: 0x999, CodeOffset: 0, CodeSize: 48},
			{Record: 0x222, Register: -1, Memory: 48, Stub: -1},
		},
		Exits:     []pyabi.Exit{{Kind: pyabi.ExitPoll, FrameSize: 24, Parent: pyabi.NoIndex}},
		Slots:     []pyabi.Slot{{Kind: pyabi.Int, FirstLoc: 0}, {Kind: pyabi.Obj, Owned: true, Class: 0x333}},
		Locs:      []pyabi.Loc{{Kind: pyabi.LocStack, Where: -8}, {Kind: pyabi.LocImm, Imm: -2}},
		CallSites: []CallSite{{Off: 20, Exit: 0}},
		Objects:   []uint64{0x444, 0x555},
	}
	const code, data = 0x10000, 0x20000
	b := u.Data(nil, code, data)
	require.Len(t, b, u.DataSize())
	word := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	require.Equal(t, uint64(pyabi.UnitMagic), word(0))
	require.Equal(t, []uint64{code, 64, uint64(len(b))}, []uint64{word(8), word(16), word(24)})
	table := func(i int) (at, n int) { return int(word(32+16*i)) - data, int(word(40 + 16*i)) }

	funcs, n := table(0)
	require.Equal(t, 2, n)
	require.Equal(t, FuncOffset(0), funcs)
	require.Equal(t, []uint64{0x111, code + 16, code, code + 32, 0x999},
		[]uint64{word(funcs), word(funcs + pyabi.FuncRegisterEntry), word(funcs + pyabi.FuncMemoryEntry), word(funcs + pyabi.FuncStub), word(funcs + pyabi.FuncNext)})
	second := FuncOffset(1)
	require.Equal(t, []uint64{0x222, 0, code + 48, 0},
		[]uint64{word(second), word(second + pyabi.FuncRegisterEntry), word(second + pyabi.FuncMemoryEntry), word(second + pyabi.FuncStub)})
	exits, n := table(1)
	require.Equal(t, 1, n)
	require.Equal(t, (&Builder{Funcs: make([]*Func, 2)}).ExitsOffset(), exits)
	require.Equal(t, uint32(24), binary.LittleEndian.Uint32(b[exits+28:]))
	slots, n := table(2)
	require.Equal(t, 2, n)
	require.Equal(t, uint64(0x333), word(slots+16+8))
	locs, n := table(3)
	require.Equal(t, 2, n)
	require.Equal(t, ^uint64(1), word(locs+16+8))
	sites, n := table(4)
	require.Equal(t, 1, n)
	require.Equal(t, uint64(code+20), word(sites))
	objects, n := table(5)
	require.Equal(t, 2, n)
	require.Equal(t, []uint64{0x444, 0x555}, []uint64{word(objects), word(objects + 8)})
	require.Equal(t, uint64(1), word(pyabi.UnitValid))

	u.Relocate(u.Code, data)
	require.Equal(t, uint64(data+7), binary.LittleEndian.Uint64(u.Code[10:]))
}
