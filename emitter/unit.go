// A compiled unit before it has addresses, and the writer of its data area (pyext/native/contract.h has the structs). compile
// maps memory for both parts, asks for their bytes at those addresses, and copies.

package emitter

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/pyabi"
)

// Unit is the code of one compile with its descriptors. Code is in the target's memory, and valid until its next unit.
type Unit struct {
	Code      []byte
	Refs      []Ref
	Funcs     []UnitFunc
	Exits     []pyabi.Exit
	Slots     []pyabi.Slot
	Locs      []pyabi.Loc
	CallSites []CallSite // by ascending offset
	Objects   []uint64
	Guesses   []pyabi.Guess
	Notes     []Note // if a listing was asked for
	// CompileNS is for the compile driver to fill.
	CompileNS uint64
}

// Ref is a 64-bit word in the code that holds the address of the data area plus Data.
type Ref struct{ Off, Data int }

// Note is a remark on the code from an offset on.
type Note struct {
	Off  int
	Text string
}

// UnitFunc is a native function of the unit. Register, Memory and Stub are offsets in the code, or -1.
type UnitFunc struct {
	Name                       string
	Record                     uint64
	Off, Flags                 uint32
	NLocals, NStack, FirstSlot uint32
	Register, Memory, Stub     int
	Next                       uint64 // the stub's next cell
	CodeOffset, CodeSize       int
}

// CallSite is a native call: the offset it returns to, and the exit that describes the caller's state meanwhile.
type CallSite struct {
	Off  int
	Exit uint32
}

// parts are the offsets of the tables in the data area.
type parts struct{ funcs, exits, slots, locs, callsites, objects, guesses, end uint64 }

func (u *Unit) parts() parts {
	var p parts
	at := uint64(pyabi.SizeUnit)
	place := func(off *uint64, n, size int) {
		*off = at
		at += uint64(n * size)
	}
	place(&p.funcs, len(u.Funcs), pyabi.SizeFunc)
	place(&p.exits, len(u.Exits), pyabi.SizeExit)
	place(&p.slots, len(u.Slots), pyabi.SizeSlot)
	place(&p.locs, len(u.Locs), pyabi.SizeLoc)
	place(&p.callsites, len(u.CallSites), pyabi.SizeCallSite)
	place(&p.objects, len(u.Objects), 8)
	place(&p.guesses, len(u.Guesses), pyabi.SizeGuess)
	p.end = at
	return p
}

// FuncOffset is where function number i has its struct in the data area.
func FuncOffset(i int) int { return pyabi.SizeUnit + i*pyabi.SizeFunc }

// ExitsOffset is where the table of exits is in the data area.
func (b *Builder) ExitsOffset() int { return FuncOffset(len(b.Funcs)) }

// DataSize is the size of the data area.
func (u *Unit) DataSize() int { return int(u.parts().end) }

// recordedRounds is how many rounds a recording version's loops go before it is compiled again with what it saw (docs/design.md, section 4):
// enough for an inner loop to end some times, since each part that was not seen costs a compile of its own, and far less than one takes.
const recordedRounds = 20

// Relocate writes the addresses of the data area into a copy of the code.
func (u *Unit) Relocate(code []byte, data uint64) {
	for _, r := range u.Refs {
		binary.LittleEndian.PutUint64(code[r.Off:], data+uint64(r.Data))
	}
}

// Data is the data area for code and data at these addresses. The unit's struct is at its begin. It is made in the memory of into, if that is
// enough.
func (u *Unit) Data(into []byte, code, data uint64) []byte {
	p := u.parts()
	table := func(off uint64, n int) pyabi.Table { return pyabi.Table{Addr: data + off, Len: uint64(n)} }
	b := (&pyabi.Unit{
		Code: code, CodeSize: uint64(len(u.Code)), DataSize: p.end,
		Funcs: table(p.funcs, len(u.Funcs)), Exits: table(p.exits, len(u.Exits)), Slots: table(p.slots, len(u.Slots)),
		Locs: table(p.locs, len(u.Locs)), CallSites: table(p.callsites, len(u.CallSites)), Objects: table(p.objects, len(u.Objects)),
		CompileNS: u.CompileNS, Valid: 1, Guesses: table(p.guesses, len(u.Guesses)),
	}).Append(slices.Grow(into[:0], int(p.end)))
	address := func(off int) uint64 {
		if off < 0 {
			return 0
		}
		return code + uint64(off)
	}
	for i := range u.Funcs {
		f := &u.Funcs[i]
		b = (&pyabi.Func{
			Record: f.Record, Off: f.Off, Flags: f.Flags, NLocals: f.NLocals, NStack: f.NStack, FirstSlot: f.FirstSlot,
			Rounds: recordedRounds, RegisterEntry: address(f.Register), MemoryEntry: address(f.Memory), Stub: address(f.Stub), Next: f.Next,
			CodeOffset: uint32(f.CodeOffset), CodeSize: uint32(f.CodeSize),
		}).Append(b)
	}
	for i := range u.Exits {
		b = u.Exits[i].Append(b)
	}
	for _, s := range u.Slots {
		b = s.Append(b)
	}
	for _, l := range u.Locs {
		b = l.Append(b)
	}
	for _, c := range u.CallSites {
		b = pyabi.CallSite{ReturnAddress: address(c.Off), Exit: c.Exit}.Append(b)
	}
	for _, o := range u.Objects {
		b = binary.LittleEndian.AppendUint64(b, o)
	}
	for _, g := range u.Guesses {
		b = g.Append(b)
	}
	if uint64(len(b)) != p.end {
		panic(fmt.Sprintf("BUG: data area of %d bytes, %d written", p.end, len(b)))
	}
	return b
}
