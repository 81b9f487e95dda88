// The assembler: a code buffer with labels, a constant pool and notes.
//
// Jumps are written long. Finish walks the code once from the left and shortens those that reach: a backward
// jump's target has its final place by then, and a forward jump is judged by the long code, which it can only
// fall short of, for everything Finish does removes bytes (alignment is written at its longest, too). So
// offsets are final only after Finish, and everything that must be found again needs a label.

package amd64

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/emitter"
)

type fixupKind uint8

const (
	fixJmp   fixupKind = iota // a jump in its long form
	fixJcc                    // a conditional jump in its long form
	fixRel32                  // four bytes relative to the end of the instruction
	fixRel8                   // one byte, made by Finish
	fixAlign                  // padding
)

// fixup is a range of the code that Finish writes: for jumps the instruction, for fixRel32 from the distance
// to the end of the instruction, for fixAlign the padding.
type fixup struct {
	start, end int32
	label      Label // for fixAlign, the alignment
	kind       fixupKind
}

type poolKey struct {
	low, high uint64
	size      uint8
}

// An Assembler writes one piece of code. Reset makes it ready for the next.
type Assembler struct {
	emitter.CodeBuffer[poolKey]
	fixups []fixup
	final  []int32 // by label: the offset after Finish, or -1
	code   int     // length without the pool, after Finish
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

// Emit writes an instruction. The operands are those of the row, destination first, a condition before all.
func (a *Assembler) Emit(op Op, args ...Operand) {
	var e encoded
	encode(&e, op, args)
	if !a.Room(e.n) {
		return
	}
	start := int32(len(a.Code))
	if cap(a.Code)-len(a.Code) < len(e.bytes) {
		a.Code = slices.Grow(a.Code, len(e.bytes))
	}
	*(*[len(e.bytes)]byte)(a.Code[start : int(start)+len(e.bytes)]) = e.bytes // so many bytes are a few words, without a call
	a.Code = a.Code[:int(start)+e.n]
	if e.relAt == 0 {
		return
	}
	f := fixup{start: start, end: start + int32(e.n), label: e.label}
	switch op {
	case JMP_L:
		f.kind = fixJmp
	case JCC_L:
		f.kind = fixJcc
	default:
		f.kind = fixRel32
		f.start += int32(e.relAt)
	}
	a.fixups = append(a.fixups, f)
}

// Align pads with NOPs to a multiple of n, a power of two up to CodeAlign.
func (a *Assembler) Align(n int) {
	if n < 1 || n > emitter.CodeAlign || n&(n-1) != 0 {
		panic(fmt.Sprintf("BUG: alignment %d", n))
	}
	if n == 1 || !a.Room(n-1) {
		return
	}
	start := int32(len(a.Code))
	a.Code = append(a.Code, make([]byte, n-1)...)
	a.fixups = append(a.fixups, fixup{start: start, end: int32(len(a.Code)), label: Label(n), kind: fixAlign})
}

// Int64 is a pool entry of 8 bytes.
func (a *Assembler) Int64(v int64) Mem { return a.constant(poolKey{uint64(v), 0, 8}) }

// Float64 is a pool entry of 8 bytes. Constants of different bits (0.0 and -0.0, NaNs) are different.
func (a *Assembler) Float64(v float64) Mem { return a.constant(poolKey{math.Float64bits(v), 0, 8}) }

// Vec128 is a pool entry of 16 bytes on 16, as the vector instructions want their memory operands.
func (a *Assembler) Vec128(low, high uint64) Mem { return a.constant(poolKey{low, high, 16}) }

func (a *Assembler) constant(k poolKey) Mem { return Mem{Label: a.Pooled(k)} }

// Jmp jumps to a label.
func (a *Assembler) Jmp(l Label) { a.Emit(JMP_L, l) }

// Jcc jumps to a label where c holds.
func (a *Assembler) Jcc(c Cond, l Label) { a.Emit(JCC_L, c, l) }

// Call calls a label.
func (a *Assembler) Call(l Label) { a.Emit(CALL_L, l) }

// Move copies 64 bits from register to register of any class, and nothing where they are the same.
func (a *Assembler) Move(dst, src Reg) {
	switch {
	case dst == src:
	case dst.IsGPR() && src.IsGPR():
		a.Emit(MOVQ_RR, dst, src)
	case dst.IsGPR():
		a.Emit(MOVQ_RX, dst, src)
	case src.IsGPR():
		a.Emit(MOVQ_XR, dst, src)
	default:
		a.Emit(MOVAPS_XX, dst, src) // shorter than MOVAPD, and the same
	}
}

// Load loads 64 bits into a register of either class; a vector register's upper half becomes zero.
func (a *Assembler) Load(dst Reg, src Mem) {
	if dst.IsXMM() {
		a.Emit(MOVSD_XM, dst, src)
	} else {
		a.Emit(MOVQ_RM, dst, src)
	}
}

// Store stores 64 bits from a register of either class.
func (a *Assembler) Store(dst Mem, src Reg) {
	if src.IsXMM() {
		a.Emit(MOVSD_MX, dst, src)
	} else {
		a.Emit(MOVQ_MR, dst, src)
	}
}

// MoveImm loads a constant by the shortest instruction that leaves the flags alone.
func (a *Assembler) MoveImm(dst Reg, v int64) {
	switch {
	case v == int64(uint32(v)):
		a.Emit(MOVL_RI, dst, Imm(v))
	case v == int64(int32(v)):
		a.Emit(MOVQ_RI, dst, Imm(v))
	default:
		a.Emit(MOVABSQ_RI, dst, Imm(v))
	}
}

// nops are the sequences that the processors' manuals recommend.
var nops = [...]string{
	1: "\x90",
	2: "\x66\x90",
	3: "\x0f\x1f\x00",
	4: "\x0f\x1f\x40\x00",
	5: "\x0f\x1f\x44\x00\x00",
	6: "\x66\x0f\x1f\x44\x00\x00",
	7: "\x0f\x1f\x80\x00\x00\x00\x00",
	8: "\x0f\x1f\x84\x00\x00\x00\x00\x00",
	9: "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
}

// fillNops fills b with as few NOPs as will do.
func fillNops(b []byte) {
	for len(b) > 0 {
		n := min(len(b), len(nops)-1)
		copy(b, nops[n])
		b = b[n:]
	}
}

// Finish shortens jumps, appends the pool, and returns code that may be put at any address that is a multiple
// of CodeAlign. The bytes are the assembler's until Reset; only Offset, Notes and CodeLen make sense until then.
func (a *Assembler) Finish() ([]byte, error) {
	if a.Err() != nil {
		return nil, a.Err()
	}
	a.final = arena.Empty(a.final)
	for range a.Places {
		a.final = append(a.final, -1)
	}
	a.relax()
	a.code = len(a.Code)
	a.appendPool()
	if !a.Room(0) {
		return nil, a.Err()
	}
	for _, f := range a.fixups {
		switch f.kind {
		case fixRel8:
			a.Code[f.start] = byte(a.final[f.label] - f.end)
		case fixRel32:
			field := a.Code[f.start : f.start+4]
			addend := binary.LittleEndian.Uint32(field)
			binary.LittleEndian.PutUint32(field, addend+uint32(a.target(f.label)-f.end))
		}
	}
	return a.Code, nil
}

// target is the final offset of a label that is used.
func (a *Assembler) target(l Label) int32 {
	if a.final[l] < 0 {
		panic(fmt.Sprintf("BUG: label %d is used and not bound", l))
	}
	return a.final[l]
}

// relax moves the code to its final place in the same buffer, and leaves in a.fixups only what needs a
// distance written.
func (a *Assembler) relax() {
	var (
		from, to            int32 // the code before from is done and ends at to
		nextLabel, nextNote int
		distances           = a.fixups[:0]
	)
	// settle copies the code up to an offset and gives the labels and notes there their final offsets.
	settle := func(upTo int32) {
		moved := from - to
		for ; nextLabel < len(a.Bound) && a.Places[a.Bound[nextLabel]] <= upTo; nextLabel++ {
			l := a.Bound[nextLabel]
			a.final[l] = a.Places[l] - moved
		}
		for ; nextNote < len(a.Notes()) && a.Notes()[nextNote].Off <= int(upTo); nextNote++ {
			a.Notes()[nextNote].Off -= int(moved)
		}
		copy(a.Code[to:], a.Code[from:upTo])
		to += upTo - from
		from = upTo
	}
	for _, f := range a.fixups {
		settle(f.start)
		switch f.kind {
		case fixAlign:
			n := -to & (int32(f.label) - 1)
			fillNops(a.Code[to : to+n])
			to += n
			from = f.end
			continue
		case fixJmp, fixJcc:
			if a.reachesShort(f, to) {
				if f.kind == fixJmp {
					a.Code[to] = 0xeb
				} else {
					a.Code[to] = 0x70 | a.Code[f.start+1]&15
				}
				to += 2
				f.start, f.kind = to-1, fixRel8
			} else {
				copy(a.Code[to:], a.Code[f.start:f.end])
				to += f.end - f.start
				f.start, f.kind = to-4, fixRel32
			}
			from = f.end
			f.end = to
		case fixRel32:
			copy(a.Code[to:], a.Code[f.start:f.end])
			from = f.end
			f.start, f.end = to, to+f.end-f.start
			to = f.end
		}
		distances = append(distances, f)
	}
	settle(int32(len(a.Code)))
	a.Code = a.Code[:to]
	a.fixups = distances
}

// reachesShort says whether the short form of a jump that comes to stand at an offset reaches its target.
func (a *Assembler) reachesShort(f fixup, at int32) bool {
	place := a.Places[f.label]
	if place < 0 {
		panic(fmt.Sprintf("BUG: jump to label %d, which is not bound", f.label))
	}
	if place <= f.start {
		return a.final[f.label]-(at+2) >= math.MinInt8
	}
	return place-f.end <= math.MaxInt8
}

// appendPool puts the constants behind the code, those of 16 bytes first.
func (a *Assembler) appendPool() {
	if len(a.Constants) == 0 {
		return
	}
	align := 8
	for _, p := range a.Constants {
		align = max(align, int(p.Key.size))
	}
	for len(a.Code)%align != 0 {
		a.Code = append(a.Code, 0xcc)
	}
	for _, size := range [...]uint8{16, 8} {
		for _, p := range a.Constants {
			if p.Key.size != size {
				continue
			}
			a.final[p.Label] = int32(len(a.Code))
			a.Code = binary.LittleEndian.AppendUint64(a.Code, p.Key.low)
			if size == 16 {
				a.Code = binary.LittleEndian.AppendUint64(a.Code, p.Key.high)
			}
		}
	}
}

// Offset is where a label is in what Finish returned.
func (a *Assembler) Offset(l Label) int { return int(a.target(l)) }

// CodeLen is the length of what Finish returned without the pool: instructions end here.
func (a *Assembler) CodeLen() int { return a.code }
