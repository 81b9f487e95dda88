// Labels, short jumps, alignment, the pool and the notes: random programs are read back instruction by
// instruction, and every edge of what a short jump reaches is tried.

package amd64

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"
)

// fill emits n bytes of instructions.
func fill(a *Assembler, n int) {
	for range n {
		a.Emit(NOP)
	}
}

func finish(t testing.TB, a *Assembler) []byte {
	code, err := a.Finish()
	require.NoError(t, err)
	return code
}

func TestJumpReach(t *testing.T) {
	for _, c := range []struct {
		name    string
		between int // bytes between the jump and its target
		back    bool
		cond    bool
		want    int // length of the jump
	}{
		{"to the next instruction", 0, false, false, 2},
		{"forward at the edge", 127, false, false, 2},
		{"forward behind the edge", 128, false, false, 5},
		{"conditional forward at the edge", 127, false, true, 2},
		{"conditional forward behind the edge", 128, false, true, 6},
		{"to itself", 0, true, false, 2},
		{"backward at the edge", 126, true, false, 2},
		{"backward behind the edge", 127, true, false, 5},
		{"conditional backward at the edge", 126, true, true, 2},
		{"conditional backward behind the edge", 127, true, true, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAssembler(1 << 10)
			target := a.NewLabel()
			if c.back {
				a.Bind(target)
				fill(a, c.between)
			}
			if c.cond {
				a.Jcc(CondLE, target)
			} else {
				a.Jmp(target)
			}
			if !c.back {
				fill(a, c.between)
				a.Bind(target)
			}
			code := finish(t, a)
			require.Equal(t, c.between+c.want, len(code))
			at := 0
			if c.back {
				at = c.between
			}
			inst, err := x86asm.Decode(code[at:], 64)
			require.NoError(t, err)
			require.Equal(t, c.want, inst.Len)
			require.Equal(t, a.Offset(target), at+inst.Len+int(inst.Args[0].(x86asm.Rel)))
			if c.cond {
				require.Equal(t, x86asm.JLE, inst.Op)
			} else {
				require.Equal(t, x86asm.JMP, inst.Op)
			}
		})
	}
}

// TestShorterJumpsBringTargetsNearer: what a backward jump passes over is already short.
func TestShorterJumpsBringTargetsNearer(t *testing.T) {
	a := NewAssembler(1 << 10)
	top := a.Here()
	for range 60 {
		next := a.NewLabel()
		a.Jcc(CondE, next)
		a.Bind(next)
	}
	a.Jmp(top)
	require.Len(t, finish(t, a), 60*2+2)
}

// item is what a random program did at a place, to be found again in the code.
type item struct {
	op     Op
	args   []Operand
	label  Label // its target, if it has one
	pool   []byte
	bind   Label
	align  int
	note   string
	isInst bool
}

// randomProgram emits what the choices say.
func randomProgram(a *Assembler, choices []byte) []item {
	var items []item
	labels := make([]Label, 4+len(choices)/8)
	for i := range labels {
		labels[i] = a.NewLabel()
	}
	unbound := labels
	emit := func(op Op, label Label, pool []byte, args ...Operand) {
		a.Emit(op, args...)
		items = append(items, item{op: op, args: args, label: label, pool: pool, isInst: true})
	}
	bind := func() {
		a.Bind(unbound[0])
		items = append(items, item{bind: unbound[0]})
		unbound = unbound[1:]
	}
	for i := 0; i+1 < len(choices); i += 2 {
		n := int(choices[i+1])
		label := labels[n%len(labels)]
		switch choices[i] % 16 {
		case 0, 1:
			if len(unbound) > 0 {
				bind()
			}
		case 2, 3:
			emit(JMP_L, label, nil, label)
		case 4, 5, 6:
			emit(JCC_L, label, nil, Cond(n%16), label)
		case 7:
			emit(CALL_L, label, nil, label)
		case 8:
			emit(LEAQ_RM, label, nil, Reg(n%16), Mem{Label: label, Disp: int32(n % 3)})
		case 9:
			v := float64(n % 8)
			emit(ADDSD_XM, 0, binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), XMM0+Reg(n%16), a.Float64(v))
		case 10:
			v := int64(n % 8)
			// An immediate stands behind the distance.
			emit(CMPQ_MI, 0, binary.LittleEndian.AppendUint64(nil, uint64(v)), a.Int64(v), Imm(n*16))
		case 11:
			v := uint64(n % 4)
			pool := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, v), 1<<63)
			emit(XORPD_XM, 0, pool, XMM0+Reg(n%16), a.Vec128(v, 1<<63))
		case 12:
			align := 1 << (n % 5)
			a.Align(align)
			items = append(items, item{align: align})
		case 13:
			note := fmt.Sprint("note ", i)
			a.Note(note)
			items = append(items, item{note: note})
		default:
			for range n % 32 {
				emit(MOVABSQ_RI, 0, nil, Reg(n%16), Imm(1<<40+int64(i)))
			}
		}
	}
	for len(unbound) > 0 {
		bind()
	}
	return items
}

// checkProgram reads the code back.
func checkProgram(t *testing.T, a *Assembler, items []item) {
	code := finish(t, a)
	at, notes := 0, a.Notes()
	for _, it := range items {
		switch {
		case it.bind != 0:
			require.Equal(t, at, a.Offset(it.bind))
			continue
		case it.note != "":
			require.Equal(t, emitter.Note{Off: at, Text: it.note}, notes[0])
			notes = notes[1:]
			continue
		case it.align != 0:
			end := (at + it.align - 1) &^ (it.align - 1)
			for at < end {
				inst, err := x86asm.Decode(code[at:], 64)
				require.NoError(t, err)
				require.Equal(t, x86asm.NOP, inst.Op)
				at += inst.Len
			}
			require.Equal(t, end, at)
			continue
		}
		inst, err := x86asm.Decode(code[at:], 64)
		require.NoError(t, err)
		at += inst.Len
		switch it.op {
		case JMP_L, JCC_L, CALL_L:
			target := at + int(inst.Args[0].(x86asm.Rel))
			require.Equal(t, a.Offset(it.label), target)
			require.True(t, strings.HasPrefix(gnuText(it.op, it.args), strings.ToLower(inst.Op.String())))
			distance := target - at
			if inst.Len > 2 && it.op != CALL_L && distance < 0 {
				require.Less(t, distance+inst.Len-2, math.MinInt8, "a backward jump that could be short")
			}
			continue
		}
		for i, arg := range inst.Args {
			m, ok := arg.(x86asm.Mem)
			if !ok {
				continue
			}
			require.Equal(t, x86asm.RIP, m.Base)
			target := at + int(int32(m.Disp))
			m.Disp = 0
			if it.label != 0 {
				m.Disp = int64(it.args[1].(Mem).Disp)
				require.Equal(t, a.Offset(it.label)+int(m.Disp), target)
			} else {
				require.GreaterOrEqual(t, target, a.CodeLen())
				require.Zero(t, target%len(it.pool))
				require.Equal(t, it.pool, code[target:target+len(it.pool)])
			}
			inst.Args[i] = m // as gnuText prints it, which knows no distances
		}
		text := x86asm.GNUSyntax(inst, 0, nil)
		require.True(t, sameText(text, it.op, it.args), "%s is not %s", text, gnuText(it.op, it.args))
	}
	require.Equal(t, at, a.CodeLen())
	require.Empty(t, notes)
}

func TestRandomPrograms(t *testing.T) {
	a := NewAssembler(1 << 20)
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		choices := make([]byte, r.IntN(400))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		a.Reset()
		checkProgram(t, a, randomProgram(a, choices))
	}
}

func FuzzProgram(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 12, 4, 14, 31, 2, 0, 4, 1, 11, 3, 9, 1, 10, 7})
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) > 1000 {
			choices = choices[:1000]
		}
		a := NewAssembler(1 << 20)
		checkProgram(t, a, randomProgram(a, choices))
	})
}

func TestPool(t *testing.T) {
	a := NewAssembler(1 << 10)
	require.Equal(t, a.Float64(1), a.Float64(1))
	require.Equal(t, a.Float64(1), a.Int64(0x3ff0000000000000), "the same bits")
	require.NotEqual(t, a.Float64(0), a.Float64(math.Copysign(0, -1)))
	require.Equal(t, a.Float64(math.NaN()), a.Float64(math.NaN()))
	require.NotEqual(t, a.Vec128(0, 0), a.Float64(0))
	a.Emit(CALL_M, a.Int64(42))
	code := finish(t, a)
	require.Equal(t, 6, a.CodeLen())
	require.Equal(t, "\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc", string(code[6:16]), "what is never run traps")
	require.Len(t, code, 16+16+5*8)
	require.Zero(t, a.Offset(a.Vec128(0, 0).Label)%16)

	a.Reset()
	a.Emit(CALL_M, a.Int64(42))
	require.Len(t, finish(t, a), 16, "on 8 bytes, where nothing needs 16")
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		name string
		emit func(a *Assembler)
	}{
		{"instructions", func(a *Assembler) { fill(a, 101) }},
		{"an instruction over the edge", func(a *Assembler) { fill(a, 99); a.Emit(MOVABSQ_RI, RAX, Imm(1)) }},
		{"padding", func(a *Assembler) { fill(a, 97); a.Align(16) }},
		{"pool", func(a *Assembler) { fill(a, 97); a.Emit(JMP_R, RAX); a.Int64(1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAssembler(100)
			before := a.NewLabel()
			a.Jmp(before)
			a.Bind(before)
			c.emit(a)
			// Whatever else follows does no harm.
			after := a.NewLabel()
			a.Jcc(CondE, after)
			a.Note("after")
			a.Align(8)
			_, err := a.Finish()
			require.ErrorIs(t, err, emitter.ErrTooLarge)
			require.ErrorIs(t, a.Err(), emitter.ErrTooLarge)
			_, err = a.Finish()
			require.ErrorIs(t, err, emitter.ErrTooLarge)

			a.Reset()
			a.Emit(RET)
			require.Equal(t, []byte{0xc3}, finish(t, a))
		})
	}
	a := NewAssembler(100)
	fill(a, 100)
	require.Len(t, finish(t, a), 100)
}

func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func(a *Assembler)
	}{
		{"ADDQ_RR takes operands", func(a *Assembler) { a.Emit(ADDQ_RR, RAX) }},
		{"ADDQ_RR takes operands", func(a *Assembler) { a.Emit(ADDQ_RR, RAX, RCX, RDX) }},
		{"ADDQ_RR takes operands", func(a *Assembler) { a.Emit(ADDQ_RR, RAX, XMM0) }},
		{"ADDQ_RR takes operands", func(a *Assembler) { a.Emit(ADDQ_RR, RAX, Imm(1)) }},
		{"ADDQ_RR takes operands", func(a *Assembler) { a.Emit(ADDQ_RR, RAX, NoReg) }},
		{"ADDSD_XX takes operands", func(a *Assembler) { a.Emit(ADDSD_XX, XMM1, RAX) }},
		{"JMP_L takes operands", func(a *Assembler) { a.Jmp(0) }},
		{"JCC_L takes operands", func(a *Assembler) { a.Jcc(16, a.NewLabel()) }},
		{"does not fit ADDQ_RI", func(a *Assembler) { a.Emit(ADDQ_RI, RAX, Imm(1<<31)) }},
		{"does not fit PUSHQ_I", func(a *Assembler) { a.Emit(PUSHQ_I, Imm(1<<31)) }},
		{"does not fit ADDL_RI", func(a *Assembler) { a.Emit(ADDL_RI, RAX, Imm(1<<32)) }},
		{"does not fit ADDB_RI", func(a *Assembler) { a.Emit(ADDB_RI, RAX, Imm(-129)) }},
		{"cannot address", func(a *Assembler) { a.Emit(INCQ_M, AtIndex(RAX, RSP, 1, 0)) }},
		{"cannot address", func(a *Assembler) { a.Emit(INCQ_M, At(XMM0, 0)) }},
		{"scale 3", func(a *Assembler) { a.Emit(INCQ_M, AtIndex(RAX, RCX, 3, 0)) }},
		{"is not in the table", func(a *Assembler) { a.Emit(opInvalid) }},
		{"label 0 does not exist", func(a *Assembler) { a.Bind(0) }},
		{"label 1 bound twice", func(a *Assembler) { a.Bind(a.Here()) }},
		{"label 1, which is not bound", func(a *Assembler) { a.Jmp(a.NewLabel()); a.Finish() }},
		{"label 1 is used and not bound", func(a *Assembler) { a.Call(a.NewLabel()); a.Finish() }},
		{"alignment 3", func(a *Assembler) { a.Align(3) }},
		{"alignment 32", func(a *Assembler) { a.Align(32) }},
		{"size limit", func(*Assembler) { NewAssembler(0) }},
		{"does not compare", func(*Assembler) { CondO.Swap() }},
	} {
		t.Run(c.want, func(t *testing.T) {
			defer func() {
				message, _ := recover().(string)
				require.Regexp(t, "^BUG: ", message)
				require.Contains(t, message, c.want)
			}()
			c.do(NewAssembler(1 << 10))
		})
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []Cond{CondO, CondS, CondP} {
		require.Equal(t, "n"+c.String(), c.Negate().String())
		require.Equal(t, c, c.Negate().Negate())
	}
	for _, c := range []Cond{CondB, CondAE, CondE, CondNE, CondBE, CondA, CondL, CondGE, CondLE, CondG} {
		require.Equal(t, c, c.Swap().Swap())
		for _, pair := range [][2]int64{{1, 2}, {2, 2}, {-1, 1}} {
			require.Equal(t, holds(c, pair[0], pair[1]), holds(c.Swap(), pair[1], pair[0]))
			require.NotEqual(t, holds(c, pair[0], pair[1]), holds(c.Negate(), pair[0], pair[1]))
		}
	}
}

// holds says what the comparison of x with y answers.
func holds(c Cond, x, y int64) bool {
	switch c {
	case CondB:
		return uint64(x) < uint64(y)
	case CondAE:
		return uint64(x) >= uint64(y)
	case CondE:
		return x == y
	case CondNE:
		return x != y
	case CondBE:
		return uint64(x) <= uint64(y)
	case CondA:
		return uint64(x) > uint64(y)
	case CondL:
		return x < y
	case CondGE:
		return x >= y
	case CondLE:
		return x <= y
	case CondG:
		return x > y
	}
	panic("BUG: " + c.String() + " does not compare")
}

func TestHelpersTakeTheShortest(t *testing.T) {
	for _, c := range []struct {
		want string
		emit func(a *Assembler)
	}{
		{"mov $0x0,%eax", func(a *Assembler) { a.MoveImm(RAX, 0) }},
		{"mov $-0x1,%r9d", func(a *Assembler) { a.MoveImm(R9, math.MaxUint32) }},
		{"mov $-0x1,%rax", func(a *Assembler) { a.MoveImm(RAX, -1) }},
		{"mov $0x100000000,%rax", func(a *Assembler) { a.MoveImm(RAX, 1<<32) }},
		{"mov $-0x80000001,%rax", func(a *Assembler) { a.MoveImm(RAX, math.MinInt32-1) }},
		{"mov %rcx,%rax", func(a *Assembler) { a.Move(RAX, RCX) }},
		{"movaps %xmm9,%xmm1", func(a *Assembler) { a.Move(XMM1, XMM9) }},
		{"movq %xmm1,%rax", func(a *Assembler) { a.Move(RAX, XMM1) }},
		{"movq %rax,%xmm1", func(a *Assembler) { a.Move(XMM1, RAX) }},
		{"mov 0x8(%rsp),%rax", func(a *Assembler) { a.Load(RAX, At(RSP, 8)) }},
		{"movsd 0x8(%rsp),%xmm2", func(a *Assembler) { a.Load(XMM2, At(RSP, 8)) }},
		{"mov %rax,0x8(%rsp)", func(a *Assembler) { a.Store(At(RSP, 8), RAX) }},
		{"movsd %xmm2,0x8(%rsp)", func(a *Assembler) { a.Store(At(RSP, 8), XMM2) }},
	} {
		a := NewAssembler(1 << 10)
		c.emit(a)
		code := finish(t, a)
		inst, err := x86asm.Decode(code, 64)
		require.NoError(t, err)
		require.Equal(t, len(code), inst.Len)
		require.Equal(t, c.want, x86asm.GNUSyntax(inst, 0, nil))
	}
	a := NewAssembler(1 << 10)
	a.Move(RAX, RAX)
	a.Move(XMM3, XMM3)
	require.Empty(t, finish(t, a))
}

func TestEmitDoesNotAllocate(t *testing.T) {
	a := NewAssembler(1 << 20)
	program := func() {
		a.Reset()
		done := a.NewLabel()
		a.Emit(ADDQ_RM, RAX, AtIndex(RBX, RCX, 8, 16))
		a.Emit(ADDSD_XM, XMM3, a.Float64(1.5))
		a.Jcc(CondNE, done)
		a.Emit(ADDQ_MI, At(RBX, 8), Imm(1000))
		a.Align(16)
		a.Bind(done)
		a.Finish()
	}
	program()
	require.Zero(t, testing.AllocsPerRun(100, program))
}

func BenchmarkEmit(b *testing.B) {
	a := NewAssembler(1 << 20)
	for i := 0; b.Loop(); i++ {
		if i%1024 == 0 {
			a.Reset()
		}
		a.Emit(ADDQ_RM, RAX, At(RBX, 8))
	}
}
