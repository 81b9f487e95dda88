// Listings: what people read of units, and of units whose snapshot is no longer kept.

package compile

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/pyabi"
)

func describe(t *testing.T, d *Driver, unit uintptr) *listing {
	text, err := d.Describe(unit, "listing")
	require.NoError(t, err)
	l := &listing{}
	require.NoError(t, json.Unmarshal([]byte(text), l))
	return l
}

func TestListing(t *testing.T) {
	d, _ := newDriver(t)
	unit, err := d.Compile(readSnapshot(t, "sum_range"))
	require.NoError(t, err)
	// C counts in the data area.
	at, _ := d.memory.Unit(unit)
	data := dataArea{cache.View(at.Data, at.DataSize), at.Data}
	binary.LittleEndian.PutUint64(data.table(unitExits, 2, pyabi.SizeExit)[pyabi.ExitCount:], 7)
	binary.LittleEndian.PutUint64(data.b[emitter.FuncOffset(0)+pyabi.FuncCalls:], 5)
	l := describe(t, d, unit)
	require.Equal(t, "sum_range", l.Name)
	require.Equal(t, "final", l.Mode)
	f := l.Functions[0]
	require.EqualValues(t, 5, f.Calls)
	require.Equal(t, "n: int", f.Types)
	require.Equal(t, slotListing{Name: "n", Kind: "INT_ORIGIN", Type: "int"}, f.Key[0])
	require.Contains(t, f.IR, "obj<int>")
	require.False(t, f.Callee)
	require.True(t, f.Register)
	lines := map[int]bool{}
	for _, g := range l.Guards {
		require.Equal(t, g.Exit == 2, g.Count == 7)
		lines[g.Line] = true
	}
	require.Greater(t, len(lines), 2)
	comments := map[string]bool{}
	for _, line := range l.Asm {
		comments[line.Comment] = true
	}
	require.True(t, comments["globals"])
	require.True(t, comments["gs_exit"])

	// Once another unit needs the room, the machine code is what is left.
	d.keepMax = d.keepSize
	other, err := d.Compile(readSnapshot(t, "add_int"))
	require.NoError(t, err)
	require.Nil(t, d.units[unit].snapshot)
	require.NotNil(t, d.units[other].snapshot)
	require.Equal(t, []uintptr{other}, d.keeping)
	old := describe(t, d, unit)
	require.Contains(t, old.Remark, "only its machine code is left")
	require.Len(t, old.Asm, len(l.Asm))
	for i := range l.Asm {
		require.Equal(t, l.Asm[i].Offset, old.Asm[i].Offset)
	}
	require.Equal(t, "INT_ORIGIN", old.Functions[0].Key[0].Kind)
	require.Equal(t, "int", old.Functions[0].Key[0].Type)
	require.Len(t, old.Guards, len(l.Guards))
	require.EqualValues(t, 7, old.Guards[2].Count)
	require.Equal(t, l.Guards[2].Reason, old.Guards[2].Reason)
	text, err := d.Describe(unit, "asm")
	require.NoError(t, err)
	require.Contains(t, text, "sum_range: register entry:")
	_, err = d.Describe(unit, "ir")
	require.ErrorContains(t, err, "only its machine code is left")
	require.Empty(t, describe(t, d, other).Remark)

	d.keepMax = 1
	third, err := d.Compile(readSnapshot(t, "add_int"))
	require.NoError(t, err)
	require.Nil(t, d.units[third].snapshot)
}

func TestDescribeRefuses(t *testing.T) {
	d, _ := newDriver(t)
	_, err := d.Describe(5, "asm")
	require.EqualError(t, err, "no unit is at 0x5")
	_, err = d.Describe(0, "asm")
	require.EqualError(t, err, "no unit is at 0x0")
	unit, err := d.Compile(readSnapshot(t, "add_int"))
	require.NoError(t, err)
	_, err = d.Describe(unit, "stats")
	require.ErrorContains(t, err, `"stats" is not told of units; decode, build, opt, asm`)

	// Code that does not come out the same again is told of, not explained.
	emit := d.stages.emit
	d.stages.emit = func(target emitter.Target, in *emitter.Input) (*emitter.Unit, error) {
		u, err := emit(target, in)
		u.Code[0]++
		return u, err
	}
	require.Equal(t, "the compiler does not make the same code again", describe(t, d, unit).Remark)
}

func TestStatistics(t *testing.T) {
	d, _ := newDriver(t)
	unit, err := d.Compile(readSnapshot(t, "add_int"))
	require.NoError(t, err)
	_, err = d.Compile(nil)
	require.Error(t, err)
	text, err := d.Describe(0, "stats")
	require.NoError(t, err)
	var s map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	require.EqualValues(t, 1, s["compiles"])
	require.EqualValues(t, 1, s["failures"])
	require.EqualValues(t, 0, s["released"])
	require.EqualValues(t, 1, s["units"])
	require.EqualValues(t, codeLimit, s["limit_bytes"])
	stages := s["stage_ns"].(map[string]any)
	for _, stage := range []string{"decode", "build", "verify", "opt", "emit", "publish"} {
		require.NotZero(t, stages[stage], stage)
	}
	require.NoError(t, d.Release(unit))
	again, err := d.Describe(0, "stats")
	require.NoError(t, err)
	require.NotEqual(t, text, again)
	require.Contains(t, again, `"released":1,"units":0,"code_bytes":0,"data_bytes":0,"mapped_bytes":0`)
}

// TestOffsets compares the offsets that listings read at with what the contract's writers write.
func TestOffsets(t *testing.T) {
	e := pyabi.Exit{Kind: 1, Reason: 2, Off: 3, RaiseOff: 4, Record: 5, Parent: 6, Count: 7}
	b := e.Append(nil)
	for off, want := range map[int]uint32{exitKind: 1, exitReason: 2, exitOff: 3, exitRaiseOff: 4, exitRecord: 5, exitParent: 6, pyabi.ExitCount: 7} {
		require.Equal(t, want, binary.LittleEndian.Uint32(b[off:]), off)
	}
	u := pyabi.Unit{Exits: pyabi.Table{Addr: 1, Len: 2}, Slots: pyabi.Table{Addr: 3, Len: 4}, CallSites: pyabi.Table{Addr: 5, Len: 6}, CompileNS: 7}
	b = u.Append(nil)
	for off, want := range map[int]uint64{unitExits: 1, unitExits + 8: 2, unitSlots: 3, unitSlots + 8: 4, unitCallSites: 5, unitCallSites + 8: 6, unitCompileNS: 7} {
		require.Equal(t, want, binary.LittleEndian.Uint64(b[off:]), off)
	}
}

func TestSlotTypes(t *testing.T) {
	for kind, want := range map[pyabi.SlotKind]string{
		pyabi.Null: "unbound", pyabi.Obj: "list", pyabi.ObjOrNull: "list or unbound", pyabi.Int: "int", pyabi.FloatOrigin: "float", pyabi.Bool: "bool",
		pyabi.None: "None", pyabi.Dyn: "int, float, bool or None", pyabi.Range: "range", pyabi.RangeIter: "range_iterator",
	} {
		require.Equal(t, want, slotType(kind, "list"))
	}
}

func TestNames(t *testing.T) {
	d, _ := newDriver(t)
	s, err := decoder.ReadSnapshot(readSnapshot(t, "method"))
	require.NoError(t, err)
	n := d.names(s)
	require.Equal(t, "int", n.of(d.abi.TypeInt))
	require.Equal(t, "None", n.of(d.abi.ObjNone))
	five, _ := d.abi.SmallInt(5)
	require.Equal(t, "5", n.of(five))
	require.Equal(t, "record of method", n.of(s.Codes[0].Record))
	require.Empty(t, n.of(1))
	require.Equal(t, "object", n.class(0))
	require.Equal(t, "class at 0x1", n.class(1))
	point := s.Slots[0].Object
	require.Equal(t, "Point", n.class(point.Class))
	if c := s.Codes[0]; c.Profile != 0 {
		require.Equal(t, "site 1 of method", n.of(c.Profile+pyabi.SizeSite))
	}
	help, ok := d.abi.Help("gs_exit")
	require.True(t, ok)
	require.Equal(t, "x gs_exit y 0x12 0x7fffffffffffffff", n.replace("x "+hex(help)+" y 0x12 0x7fffffffffffffff"))
	require.Len(t, []rune(cut(string(make([]rune, 100)))), 63)
}

func hex(v uint64) string {
	const digits = "0123456789abcdef"
	text := ""
	for ; v != 0; v >>= 4 {
		text = string(digits[v&15]) + text
	}
	return "0x" + text
}

func TestDisassembly(t *testing.T) {
	d, _ := newDriver(t)
	help, _ := d.abi.Help("gs_exit")
	code := []byte{
		0x74, 0x0e, // je 10
		0xff, 0x15, 0x10, 0, 0, 0, // call [rip+0x10] = 18
		0xf2, 0x0f, 0x10, 0x05, 0x10, 0, 0, 0, // movsd xmm0, [rip+0x10] = 20
		0x6a, 0, // push 0
		0xeb, 0xfe, // jmp to itself
		0x06,             // nothing in 64-bit code
		0xcc, 0xcc, 0xcc, // padding
	}
	code = binary.LittleEndian.AppendUint64(code, help)
	code = binary.LittleEndian.AppendUint64(code, 0x3ff8000000000000)
	a := &assembly{
		code: code, names: d.names(nil), exits: []string{"exit 0: RESUME, TYPE"},
		funcs: []emitter.UnitFunc{{Name: "f", Register: 0, Memory: -1, Stub: 2}},
		notes: []emitter.Note{{Off: 0, Text: "f b0"}, {Off: 2, Text: "v3 = Add v1 v2 ;line 7"}, {Off: 2, Text: "v4 = CallHelper v3 0x0 ;line 8"}},
	}
	a.amd64()
	require.Equal(t, `f: register entry:
                ; f b0
     0  je 0x10  ; exit 0: RESUME, TYPE
f: vectorcall stub:
                ; v3 = Add v1 v2
                ; v4 = CallHelper v3 PyNumber_Add
     2  call qword ptr [rip+0x10]  ; gs_exit                 line 8
     8  movsd xmm0, qword ptr [rip+0x10]  ; 1.5
    10  push 0x0  ; exit 0: RESUME, TYPE
    12  jmp 0x12
    14  byte 0x6
`, asmText(a.lines))
	code = nil
	for _, word := range []uint32{
		0x54000080, // b.eq to 10
		0x580000d0, // ldr x16, the word at 1c
		0xd63f0200, // blr x16
		0x5c0000c1, // ldr d1, the word at 24
		0xd2800010, // mov x16, #0
		0x14000000, // b to itself
		0xd4200000, // padding
	} {
		code = binary.LittleEndian.AppendUint32(code, word)
	}
	code = binary.LittleEndian.AppendUint64(code, help)
	code = binary.LittleEndian.AppendUint64(code, 0x3ff8000000000000)
	a = &assembly{code: code, names: d.names(nil), exits: a.exits, funcs: a.funcs}
	a.funcs[0].Stub = 4
	a.arm64()
	require.Equal(t, `f: register entry:
     0  b.eq 0x10  ; exit 0: RESUME, TYPE
f: vectorcall stub:
     4  ldr x16, 0x1c  ; gs_exit
     8  blr x16
     c  ldr d1, 0x24  ; 1.5
    10  mov x16, #0x0  ; exit 0: RESUME, TYPE
    14  b 0x14
`, asmText(a.lines))
	require.Empty(t, (&assembly{code: code, isa: "mips"}).disassemble())
}

func TestNamesOfData(t *testing.T) {
	a := &assembly{funcs: []emitter.UnitFunc{{Name: "f"}, {Name: "g"}}, exits: []string{"", ""}}
	for off, want := range map[int]string{
		0: "the unit", pyabi.UnitValid: "the unit's validity", emitter.FuncOffset(1) + pyabi.FuncCalls: "g: calls",
		emitter.FuncOffset(0) + pyabi.FuncNext: "f: next", emitter.FuncOffset(2) + pyabi.SizeExit + pyabi.ExitForce: "forces exit 1",
		emitter.FuncOffset(2) + 4: "data+0x144", 8: "data+0x8",
	} {
		require.Equal(t, want, a.dataName(off))
	}
}
