// The assembler: a code buffer with labels, a constant pool and notes.
//
// A conditional branch reaches 1 MB, a test of a bit 32 KB. Finish finds those that do not reach, and turns each into the opposite branch
// around a far one, which moves what follows. So offsets are final only after Finish, and everything that must be found again needs a label.
// Constants and addresses in the code are reached from everywhere, or the code is too large.

package arm64

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter"
)

// fixup is an instruction whose distance to a label is written by Finish.
type fixup struct {
	at    int32
	label Label
	kind  byte // the operand's letter
	far   bool // it has been turned into a far one
}

type poolKey struct {
	bits uint64
	data bool // an address in the data area
}

// An Assembler writes one piece of code. Reset makes it ready for the next.
type Assembler struct {
	emitter.CodeBuffer[poolKey]
	fixups []fixup
	code   int // length without the pool, after Finish
}

// NewAssembler makes an assembler for at most limit bytes, its pool included.
func NewAssembler(limit int) *Assembler {
	return &Assembler{CodeBuffer: emitter.NewCodeBuffer[poolKey](limit)}
}

// Reset forgets everything but the limit, and keeps the memory. What Finish returned is no longer valid.
func (a *Assembler) Reset() {
	a.CodeBuffer.Reset()
	a.fixups = arena.Empty(a.fixups)
	a.code = 0
}

// Emit writes an instruction. The operands are those of the row.
func (a *Assembler) Emit(op Op, args ...Operand) {
	code, label := encode(op, args)
	if !a.Room(4) {
		return
	}
	if label != 0 {
		letters := insts[op].args
		a.fixups = append(a.fixups, fixup{at: int32(len(a.Code)), label: label, kind: letters[len(letters)-1]})
	}
	a.Code = binary.LittleEndian.AppendUint32(a.Code, code)
}

// Align pads with NOPs to a multiple of n, a power of two up to CodeAlign. It serves speed alone: far branches may undo it.
func (a *Assembler) Align(n int) {
	if n < 1 || n > emitter.CodeAlign || n&(n-1) != 0 {
		panic(fmt.Sprintf("BUG: alignment %d", n))
	}
	for a.Err() == nil && len(a.Code)&(n-1) != 0 {
		a.Emit(NOP)
	}
}

// Int64 is a pool entry.
func (a *Assembler) Int64(v int64) Label { return a.Pooled(poolKey{bits: uint64(v)}) }

// Float64 is a pool entry. Constants of different bits (0.0 and -0.0, NaNs) are different.
func (a *Assembler) Float64(v float64) Label { return a.Pooled(poolKey{bits: math.Float64bits(v)}) }

// Data is a pool entry for the address of the data area and an offset, to be written when that is known.
func (a *Assembler) Data(offset int) Label { return a.Pooled(poolKey{uint64(offset), true}) }

// Jmp jumps to a label.
func (a *Assembler) Jmp(l Label) { a.Emit(B, l) }

// Jcc jumps to a label where c holds.
func (a *Assembler) Jcc(c Cond, l Label) { a.Emit(BCOND, c, l) }

// Call calls a label.
func (a *Assembler) Call(l Label) { a.Emit(BL, l) }

// Move copies 64 bits from register to register of any class, and nothing where they are the same.
func (a *Assembler) Move(dst, src Reg) {
	switch {
	case dst == src:
	case dst == SP || src == SP:
		a.Emit(ADD_I, dst, src, Imm(0))
	case dst.IsFPR() && src.IsFPR():
		a.Emit(FMOV, dst, src)
	case dst.IsFPR():
		a.Emit(FMOV_FR, dst, src)
	case src.IsFPR():
		a.Emit(FMOV_RF, dst, src)
	default:
		a.Emit(ORR, dst, ZR, src)
	}
}

// access are the forms of a load or store.
type access struct{ offset, unscaled, index Op }

var (
	load64   = access{LDR, LDR_U, LDR_X}
	store64  = access{STR, STR_U, STR_X}
	load32   = access{LDRW, LDRW_U, LDRW_X}
	store32  = access{STRW, STRW_U, STRW_X}
	loadS32  = access{LDRSW, LDRSW_U, LDRSW_X}
	load8    = access{LDRB, LDRB_U, LDRB_X}
	store8   = access{STRB, STRB_U, STRB_X}
	loadF64  = access{LDR_F, LDR_FU, LDR_FX}
	storeF64 = access{STR_F, STR_FU, STR_FX}
)

// addressTemp is used for addresses that no instruction has room for.
const addressTemp = X17

// Access loads or stores, by the shortest form that has room for the displacement.
func (a *Assembler) Access(how access, r Reg, m Mem) {
	if m.Index != NoReg {
		if m.Disp == 0 {
			a.Emit(how.index, r, m)
			return
		}
		a.Emit(ADD, addressTemp, m.Base, m.Index, Imm(m.Shift))
		m = At(addressTemp, m.Disp)
	}
	scale := insts[how.offset].bits >> 30
	units := m.Disp >> scale
	switch {
	case units<<scale == m.Disp && units >= 0 && units < 1<<12:
		a.Emit(how.offset, r, m)
	case m.Disp >= -256 && m.Disp < 256:
		a.Emit(how.unscaled, r, m)
	case m.Base == addressTemp:
		a.AddImm(addressTemp, addressTemp, int64(m.Disp), NoReg)
		a.Emit(how.offset, r, At(addressTemp, 0))
	default:
		a.MoveImm(addressTemp, int64(m.Disp))
		a.Emit(how.index, r, AtIndex(m.Base, addressTemp, 0))
	}
}

// Load loads 64 bits into a register of either class.
func (a *Assembler) Load(dst Reg, m Mem) {
	if dst.IsFPR() {
		a.Access(loadF64, dst, m)
	} else {
		a.Access(load64, dst, m)
	}
}

// Store stores 64 bits from a register of either class.
func (a *Assembler) Store(m Mem, src Reg) {
	if src.IsFPR() {
		a.Access(storeF64, src, m)
	} else {
		a.Access(store64, src, m)
	}
}

// Pool loads a pool entry.
func (a *Assembler) Pool(dst Reg, l Label) {
	if dst.IsFPR() {
		a.Emit(LDR_FL, dst, l)
	} else {
		a.Emit(LDR_L, dst, l)
	}
}

// MoveImm loads a constant into a general register: by up to two instructions, or from the pool. It leaves the flags alone.
func (a *Assembler) MoveImm(dst Reg, v int64) {
	var halves, zeros, ones int // 16-bit parts that differ from 0, from ffff
	for i := range 4 {
		switch uint16(v >> (16 * i)) {
		case 0:
			zeros++
		case 0xffff:
			ones++
		}
		halves++
	}
	_, pattern := bitPattern(uint64(v), 64)
	switch {
	case halves-zeros > 1 && halves-ones > 1 && pattern:
		a.Emit(ORR_I, dst, ZR, Imm(v))
	case halves-zeros <= 2 && zeros >= ones:
		a.moveHalves(MOVZ, dst, uint64(v), 0)
	case halves-ones <= 2:
		a.moveHalves(MOVN, dst, uint64(v), 0xffff)
	default:
		a.Emit(LDR_L, dst, a.Int64(v))
	}
}

// moveHalves loads a constant by a first instruction that sets all but one part to rest, and others for those that differ.
func (a *Assembler) moveHalves(first Op, dst Reg, v uint64, rest uint16) {
	done := false
	for i := range 4 {
		half := uint16(v >> (16 * i))
		switch {
		case half == rest:
		case done:
			a.Emit(MOVK, dst, Imm(half), Imm(16*i))
		default:
			a.Emit(first, dst, Imm(half^rest), Imm(16*i))
			done = true
		}
	}
	if !done {
		a.Emit(first, dst, Imm(0), Imm(0))
	}
}

// fitsAdd says whether additions and comparisons take n, or its negation, as an immediate.
func fitsAdd(n int64) bool {
	if n < 0 {
		n = -n
	}
	return n >= 0 && (n < 1<<12 || n < 1<<24 && n&0xfff == 0)
}

// AddImm adds a constant; where no instruction has room for it, by way of temp, or in two steps if that is NoReg. It leaves the flags alone.
func (a *Assembler) AddImm(dst, src Reg, n int64, temp Reg) {
	op, magnitude := ADD_I, n
	if n < 0 {
		op, magnitude = SUB_I, -n
	}
	switch {
	case n == 0:
		a.Move(dst, src)
	case fitsAdd(n):
		a.Emit(op, dst, src, Imm(magnitude))
	case magnitude > 0 && magnitude < 1<<24 && (temp == NoReg || src == SP || dst == SP):
		a.Emit(op, dst, src, Imm(magnitude&^0xfff))
		a.Emit(op, dst, dst, Imm(magnitude&0xfff))
	case temp == NoReg || src == SP || dst == SP:
		panic(fmt.Sprintf("BUG: %d is added without a register for it", n))
	default:
		a.MoveImm(temp, n)
		a.Emit(ADD, dst, src, temp)
	}
}

// CompareImm compares with a constant, which may need temp.
func (a *Assembler) CompareImm(r Reg, n int64, temp Reg) {
	switch {
	case n >= 0 && fitsAdd(n):
		a.Emit(SUBS_I, ZR, r, Imm(n))
	case fitsAdd(n) && n != math.MinInt64:
		a.Emit(ADDS_I, ZR, r, Imm(-n))
	default:
		a.MoveImm(temp, n)
		a.Emit(SUBS, ZR, r, temp)
	}
}

// reach is how far the distance of an instruction goes, in bytes: from -reach up to reach - 4.
func (f *fixup) reach() int32 {
	switch {
	case f.far || f.kind == 'L':
		return 1 << 27
	case f.kind == 'T':
		return 1 << 15
	}
	return 1 << 20
}

// Finish makes branches reach, appends the pool, and returns code that may be put at any address that is a multiple of CodeAlign. The bytes
// are the assembler's until Reset; Offset, Notes and CodeLen make sense from then on.
func (a *Assembler) Finish() ([]byte, error) {
	if a.Err() != nil {
		return nil, a.Err()
	}
	for a.lengthen() {
	}
	a.code = len(a.Code)
	a.appendPool()
	if !a.Room(0) {
		return nil, a.Err()
	}
	for i := range a.fixups {
		f := &a.fixups[i]
		at := f.at
		if f.far {
			at += 4
		}
		distance := a.target(f.label) - at
		if reach := f.reach(); distance < -reach || distance >= reach {
			return nil, a.TooLarge() // a constant
		}
		field := a.Code[at : at+4]
		code := binary.LittleEndian.Uint32(field)
		units := uint32(distance >> 2)
		switch {
		case f.far || f.kind == 'L':
			code |= units & (1<<26 - 1)
		case f.kind == 'J':
			code |= units & (1<<19 - 1) << 5
		case f.kind == 'T':
			code |= units & (1<<14 - 1) << 5
		case f.kind == 'A':
			code |= uint32(distance)&3<<29 | units&(1<<19-1)<<5
		}
		binary.LittleEndian.PutUint32(field, code)
	}
	return a.Code, nil
}

// lengthen turns the branches that do not reach into two, and says whether there were any.
func (a *Assembler) lengthen() bool {
	var grown []int32 // where four bytes go
	for i := range a.fixups {
		f := &a.fixups[i]
		if f.kind != 'J' && f.kind != 'T' || f.far || a.Places[f.label] < 0 {
			continue
		}
		code := binary.LittleEndian.Uint32(a.Code[f.at:])
		if distance, reach := a.Places[f.label]-f.at, f.reach(); distance >= -reach && distance < reach || code>>24&0x3f == 0x18 || code>>24&0x3f == 0x1c {
			continue // it reaches, or loads
		}
		f.far = true
		opposite := uint32(1 << 24) // of CBZ and TBZ
		if code>>24 == 0x54 {
			opposite = 1
		}
		binary.LittleEndian.PutUint32(a.Code[f.at:], code^opposite|2<<5) // around the next instruction
		grown = append(grown, f.at+4)
	}
	if grown == nil {
		return false
	}
	moved := func(at int32) int32 { // from a place to where it comes to be
		n := int32(0)
		for low, high := 0, len(grown); low < high; {
			mid := (low + high) / 2
			if grown[mid] <= at {
				low, n = mid+1, int32(mid+1)
			} else {
				high = mid
			}
		}
		return at + 4*n
	}
	old := a.Code
	a.Code = make([]byte, 0, len(old)+4*len(grown))
	from := int32(0)
	for _, at := range grown {
		a.Code = append(a.Code, old[from:at]...)
		a.Code = binary.LittleEndian.AppendUint32(a.Code, insts[B].bits)
		from = at
	}
	a.Code = append(a.Code, old[from:]...)
	for i := range a.fixups {
		a.fixups[i].at = moved(a.fixups[i].at)
	}
	for _, l := range a.Bound {
		a.Places[l] = moved(a.Places[l])
	}
	for i := range a.Notes() {
		a.Notes()[i].Off = int(moved(int32(a.Notes()[i].Off)))
	}
	return true
}

// target is the offset of a label that is used.
func (a *Assembler) target(l Label) int32 {
	if a.Places[l] < 0 {
		panic(fmt.Sprintf("BUG: label %d is used and not bound", l))
	}
	return a.Places[l]
}

// appendPool puts the constants behind the code.
func (a *Assembler) appendPool() {
	for len(a.Constants) > 0 && len(a.Code)%8 != 0 {
		a.Code = binary.LittleEndian.AppendUint32(a.Code, insts[BRK].bits)
	}
	for _, p := range a.Constants {
		a.Places[p.Label] = int32(len(a.Code))
		word := p.Key.bits
		if p.Key.data {
			word = 0
		}
		a.Code = binary.LittleEndian.AppendUint64(a.Code, word)
	}
}

// DataRefs visits the pool's addresses in the data area, after Finish: where each is, and which offset it is of.
func (a *Assembler) DataRefs(visit func(off, data int)) {
	for _, p := range a.Constants {
		if p.Key.data {
			visit(int(a.Places[p.Label]), int(p.Key.bits))
		}
	}
}

// Offset is where a label is in what Finish returned.
func (a *Assembler) Offset(l Label) int { return int(a.target(l)) }

// CodeLen is the length of what Finish returned without the pool: instructions end here.
func (a *Assembler) CodeLen() int { return a.code }
