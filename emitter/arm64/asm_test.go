// Labels, branches that do not reach, constants and the pool, alignment and notes.

package arm64

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/stretchr/testify/require"
	"golang.org/x/arch/arm64/arm64asm"
)

func finish(t testing.TB, a *Assembler) []byte {
	code, err := a.Finish()
	require.NoError(t, err)
	return code
}

func decode(t testing.TB, code []byte, at int) arm64asm.Inst {
	in, err := arm64asm.Decode(code[at:])
	require.NoError(t, err)
	return in
}

// target is where the instruction at an offset goes.
func target(t testing.TB, code []byte, at int) int {
	in := decode(t, code, at)
	for _, arg := range in.Args {
		if rel, ok := arg.(arm64asm.PCRel); ok {
			return at + int(rel)
		}
	}
	t.Fatalf("%v goes nowhere", in)
	return 0
}

func TestReach(t *testing.T) {
	const bit, far = 1 << 15, 1 << 20
	emit := map[string]func(a *Assembler, l Label){
		"tbz":  func(a *Assembler, l Label) { a.Emit(TBZ, X3, Imm(40), l) },
		"tbnz": func(a *Assembler, l Label) { a.Emit(TBNZ, X3, Imm(3), l) },
		"cbz":  func(a *Assembler, l Label) { a.Emit(CBZ, X3, l) },
		"cbnz": func(a *Assembler, l Label) { a.Emit(CBNZW, X3, l) },
		"b.eq": func(a *Assembler, l Label) { a.Jcc(CondEQ, l) },
		"b.ge": func(a *Assembler, l Label) { a.Jcc(CondGE, l) },
		"b":    func(a *Assembler, l Label) { a.Jmp(l) },
	}
	opposite := map[string]arm64asm.Op{"tbz": arm64asm.TBNZ, "tbnz": arm64asm.TBZ, "cbz": arm64asm.CBNZ, "cbnz": arm64asm.CBZ, "b.eq": arm64asm.B, "b.ge": arm64asm.B}
	for _, c := range []struct {
		name     string
		distance int // bytes from the branch to its target
		long     bool
	}{
		{"tbz", bit - 4, false}, {"tbz", bit, true}, {"tbz", -bit, false}, {"tbz", -bit - 4, true}, {"tbnz", bit, true}, {"tbnz", far, true},
		{"cbz", far - 4, false}, {"cbz", far, true}, {"cbz", -far, false}, {"cbz", -far - 4, true}, {"cbnz", far, true},
		{"b.eq", far - 4, false}, {"b.eq", far, true}, {"b.eq", -far - 4, true}, {"b.ge", far, true}, {"b", 2 * far, false}, {"b", -2 * far, false},
	} {
		a := NewAssembler(1 << 23)
		l := a.NewLabel()
		fill := func(bytes int) {
			for range bytes / 4 {
				a.Emit(NOP)
			}
		}
		before := 0
		if c.distance < 0 {
			before = -c.distance
			a.Bind(l)
			fill(before)
		}
		behind := a.NewLabel()
		emit[c.name](a, l)
		a.Bind(behind)
		if c.distance > 0 {
			fill(c.distance - 4)
			a.Bind(l)
		}
		a.Emit(RET)
		code := finish(t, a)
		if !c.long {
			require.Equal(t, a.Offset(l), target(t, code, before), c)
			require.Equal(t, before+4, a.Offset(behind))
			continue
		}
		require.Equal(t, opposite[c.name], decode(t, code, before).Op, c)
		require.Equal(t, before+8, target(t, code, before), c)
		require.Equal(t, arm64asm.B, decode(t, code, before+4).Op)
		require.Equal(t, a.Offset(l), target(t, code, before+4), c)
		require.Equal(t, before+8, a.Offset(behind))
		require.Equal(t, arm64asm.RET, decode(t, code, a.CodeLen()-4).Op)
	}
}

// TestLongerBranchesPushOthers: what grows moves targets out of the reach of others, again and again.
func TestLongerBranchesPushOthers(t *testing.T) {
	const n = 1 << 13 // instructions that a test of a bit reaches over
	a := NewAssembler(1 << 20)
	var from, to []Label
	for range n - 1 {
		l := a.NewLabel()
		to = append(to, l)
		from = append(from, a.Here())
		a.Emit(TBZ, X0, Imm(1), l)
	}
	for i := range to {
		a.Bind(to[i])
		a.Emit(NOP)
		if i == 0 {
			a.Emit(NOP) // all but the first one are one too far
		}
	}
	code := finish(t, a)
	long := 0
	for i := range from {
		at := a.Offset(from[i])
		goal := target(t, code, at)
		if goal == at+8 && decode(t, code, at).Op == arm64asm.TBNZ {
			long++
			goal = target(t, code, at+4)
		}
		require.Equal(t, a.Offset(to[i]), goal)
	}
	require.Greater(t, long, n/2)
}

// value is what the instructions of one register come to.
func value(t testing.TB, code []byte, to int) (v uint64) {
	for at := 0; at < to; at += 4 {
		word := binary.LittleEndian.Uint32(code[at:])
		half, shift := uint64(word>>5&0xffff), word>>21&3*16
		switch word >> 23 & 0x1ff {
		case 0x1a5:
			v = half << shift
		case 0x125:
			v = ^(half << shift)
		case 0x1e5:
			v = v&^(0xffff<<shift) | half<<shift
		default:
			if word>>24 == 0x58 {
				return binary.LittleEndian.Uint64(code[at+int(int32(word<<8)>>13)*4:])
			}
			// A bit pattern: the only one that gives the instruction.
			for _, p := range patterns(64) {
				if field, _ := bitPattern(uint64(p.(Imm)), 64); field == word&0x7ffc00 {
					return uint64(p.(Imm))
				}
			}
			t.Fatalf("%#x", word)
		}
	}
	return v
}

func TestMoveImm(t *testing.T) {
	for _, c := range []struct {
		v    uint64
		size int // instructions
		pool bool
	}{
		{0, 1, false}, {1, 1, false}, {0xffff, 1, false}, {0x10000, 1, false}, {0x12345678, 2, false}, {1 << 63, 1, false}, {math.MaxUint64, 1, false},
		{^uint64(5), 1, false}, {^uint64(0x12345), 2, false}, {0x00ff00ff00ff00ff, 1, false}, {0x7ffff, 1, false}, {math.MaxInt64, 1, false},
		{0x1234567890, 1, true}, {0x123456789abcdef0, 1, true}, {0x7f0012345678, 1, true}, {math.Float64bits(1.5), 1, false}, {0xffff0000ffff0000, 1, false},
		{0x1234ffffffff5678, 2, false},
	} {
		a := NewAssembler(1 << 10)
		a.MoveImm(X7, int64(c.v))
		code := finish(t, a)
		require.Equal(t, c.v, value(t, code, 4*c.size), "%#x", c.v)
		require.Equal(t, c.pool, len(code) > a.CodeLen(), "%#x", c.v)
		if !c.pool {
			require.Len(t, code, 4*c.size, "%#x", c.v)
		}
	}
}

// TestAccess: a displacement of any size.
func TestAccess(t *testing.T) {
	for _, c := range []struct {
		m    Mem
		want []string
	}{
		{At(X1, 8), []string{"ldr x0, [x1,#8]"}},
		{At(X1, 32760), []string{"ldr x0, [x1,#32760]"}},
		{At(X1, -8), []string{"ldur x0, [x1,#-8]"}},
		{At(X1, 3), []string{"ldur x0, [x1,#3]"}},
		{At(X1, 32768), []string{"mov x17, #0x8000", "ldr x0, [x1,x17]"}},
		{At(SP, -4096), []string{"mov x17, #0xfffffffffffff000", "ldr x0, [sp,x17]"}},
		{AtIndex(X1, X2, 3), []string{"ldr x0, [x1,x2,lsl #3]"}},
		{Mem{Base: X1, Index: X2, Shift: 3, Disp: 24}, []string{"add x17, x1, x2, lsl #3", "ldr x0, [x17,#24]"}},
		{Mem{Base: X1, Index: X2, Shift: 3, Disp: 1 << 20}, []string{"add x17, x1, x2, lsl #3", "add x17, x17, #0x100, lsl #12", "ldr x0, [x17]"}},
	} {
		a := NewAssembler(1 << 10)
		a.Load(X0, c.m)
		code := finish(t, a)
		var got []string
		for at := 0; at < len(code); at += 4 {
			got = append(got, arm64asm.GNUSyntax(decode(t, code, at)))
		}
		require.Equal(t, c.want, got)
	}
}

func TestPool(t *testing.T) {
	a := NewAssembler(1 << 10)
	one, same, other, data := a.Int64(1), a.Int64(1), a.Float64(math.Copysign(0, -1)), a.Data(1)
	require.Equal(t, one, same)
	require.NotEqual(t, one, data)
	a.Pool(X0, one)
	a.Pool(D0, other)
	a.Pool(X1, data)
	code := finish(t, a)
	require.Equal(t, 12, a.CodeLen())
	require.Equal(t, uint32(insts[BRK].bits), binary.LittleEndian.Uint32(code[12:]))
	words := []uint64{1, 1 << 63, 0}
	for i, w := range words {
		require.Equal(t, 16+8*i, target(t, code, 4*i))
		require.Equal(t, w, binary.LittleEndian.Uint64(code[16+8*i:]))
	}
	a.DataRefs(func(off, offset int) { require.Equal(t, []int{32, 1}, []int{off, offset}) })
}

func TestLimit(t *testing.T) {
	a := NewAssembler(64)
	for range 17 {
		a.Emit(NOP)
	}
	_, err := a.Finish()
	require.ErrorIs(t, err, emitter.ErrTooLarge)
	a.Reset()
	a.Emit(NOP)
	a.Note("x")
	a.Align(16)
	require.Len(t, finish(t, a), 16)
	require.Equal(t, []emitter.Note{{Off: 4, Text: "x"}}, a.Notes())
	require.Panics(t, func() { a.Jmp(a.NewLabel()); _, _ = a.Finish() }, "not bound")
	// A constant is out of reach.
	a = NewAssembler(1 << 22)
	a.Pool(X0, a.Int64(1<<40+1))
	for range 1 << 18 {
		a.Emit(NOP)
	}
	_, err = a.Finish()
	require.ErrorIs(t, err, emitter.ErrTooLarge)
}
