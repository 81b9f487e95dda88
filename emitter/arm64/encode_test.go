// Every row, with every register and addressing form, is what two independent readers of arm64 take it for: the disassembler of
// golang.org/x/arch and the GNU assembler.

package arm64

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/arm64/arm64asm"
)

func TestEveryRowIsThere(t *testing.T) {
	for op := opInvalid + 1; op < numOps; op++ {
		require.NotEmpty(t, insts[op].name, int(op))
	}
}

// gnuReg is a register as the operand's letter has it printed.
func gnuReg(letter byte, r Reg) string {
	if strings.IndexByte("wvuWV", letter) >= 0 {
		switch r {
		case SP:
			return "wsp"
		case ZR:
			return "wzr"
		}
		return fmt.Sprintf("w%d", r)
	}
	return r.String()
}

// gnuText prints an instruction as the GNU assembler reads it. A label is printed as the place of the instruction.
func gnuText(op Op, args []Operand) string {
	in := &insts[op]
	mnemonic := in.name
	var operands []string
	for i, arg := range args {
		letter := in.args[i]
		switch arg := arg.(type) {
		case Reg:
			operands = append(operands, gnuReg(letter, arg))
		case Imm:
			switch letter {
			case 'j':
				operands = append(operands, fmt.Sprintf("asr #%d", arg))
			case 'l', 'S':
				operands = append(operands, fmt.Sprintf("lsl #%d", arg))
			case '8':
				operands = append(operands, "#"+strconv.FormatFloat(math.Float64frombits(uint64(arg)), 'g', -1, 64))
			case 'b':
				operands = append(operands, fmt.Sprintf("#%#x", uint64(arg)))
			case 'B':
				operands = append(operands, fmt.Sprintf("#%#x", uint32(arg)))
			default:
				operands = append(operands, fmt.Sprintf("#%#x", int64(arg)))
			}
		case Cond:
			if letter == 'C' {
				mnemonic += arg.String()
			} else {
				operands = append(operands, arg.String())
			}
		case Label:
			operands = append(operands, ".")
		case Mem:
			switch {
			case arg.Index != NoReg && arg.Shift != 0:
				operands = append(operands, fmt.Sprintf("[%v, %v, lsl #%d]", arg.Base, arg.Index, arg.Shift))
			case arg.Index != NoReg:
				operands = append(operands, fmt.Sprintf("[%v, %v]", arg.Base, arg.Index))
			case letter == 'Q':
				operands = append(operands, fmt.Sprintf("[%v], #%d", arg.Base, arg.Disp))
			case letter == 'O':
				operands = append(operands, fmt.Sprintf("[%v, #%d]!", arg.Base, arg.Disp))
			default:
				operands = append(operands, fmt.Sprintf("[%v, #%d]", arg.Base, arg.Disp))
			}
		}
	}
	if op == MRS_TP {
		operands = append(operands, "tpidr_el0")
	}
	if op == FCMP_Z {
		operands = append(operands, "#0.0")
	}
	return strings.TrimSpace(mnemonic + " " + strings.Join(operands, ", "))
}

func registersFor(letter byte) (regs []Operand) {
	first, last := X0, X30
	if strings.IndexByte("fghkq", letter) >= 0 {
		first, last = D0, D31
	}
	for r := first; r <= last; r++ {
		if _, ok := place(letter, r); ok {
			regs = append(regs, r)
		}
	}
	for _, r := range []Reg{SP, ZR} {
		if _, ok := place(letter, r); ok {
			regs = append(regs, r)
		}
	}
	return regs
}

func imms(vs ...int64) (all []Operand) {
	for _, v := range vs {
		all = append(all, Imm(v))
	}
	return all
}

// patterns are bit patterns of every element's size, length and turn.
func patterns(width int) (all []Operand) {
	for size := 2; size <= width; size *= 2 {
		for ones := 1; ones < size; ones++ {
			for turn := range size {
				element := uint64(1)<<ones - 1
				element = (element>>turn | element<<(size-turn)) & (^uint64(0) >> (64 - size))
				v := element
				for n := size; n < width; n *= 2 {
					v |= v << n
				}
				all = append(all, Imm(v))
			}
		}
	}
	return all
}

func floats8() (all []Operand) {
	for n := range 256 {
		bits := uint64(n>>7)<<63 | uint64(n&0x3f)<<48
		if n&0x40 != 0 {
			bits |= 0xff << 54
		} else {
			bits |= 1 << 62
		}
		all = append(all, Imm(bits))
	}
	return all
}

// choices are the values of each operand of a row.
func choices(op Op) [][]Operand {
	var all [][]Operand
	in := &insts[op]
	scale := in.bits >> 30
	for i := range len(in.args) {
		var c []Operand
		switch letter := in.args[i]; letter {
		case 'l', 'j':
			c = imms(0, 1, 3, 31, 63)
		case 'i':
			c = imms(0, 1, 8, 4095, 4096, 0xfff000, 0x123000)
		case 'b':
			c = patterns(64)
		case 'B':
			c = patterns(32)
		case 's':
			c = imms(0, 1, 0x1234, 0xffff)
		case 'S':
			c = imms(0, 16, 32, 48)
		case 'r', 'x', 't':
			c = imms(0, 1, 31, 32, 62, 63)
		case '5':
			c = imms(0, 1, 31)
		case 'z':
			c = imms(0, 1, 2, 4, 8, 15)
		case '8':
			c = floats8()
		case 'c', 'C':
			for cc := CondEQ; cc < CondAL; cc++ {
				c = append(c, cc)
			}
		case 'L', 'J', 'T', 'A':
			c = []Operand{Label(1)}
		case 'M', 'U', 'P', 'O', 'Q':
			disps := []int32{0, 1 << scale, 3 << scale, 4095 << scale}
			switch letter {
			case 'U':
				disps = []int32{1, -1, 255, -256, -8}
			case 'P', 'O', 'Q':
				disps = []int32{0, 8, -8, 504, -512}
			}
			for _, base := range registersFor('N') {
				for _, d := range disps {
					c = append(c, At(base.(Reg), d))
				}
			}
		case 'X':
			for _, base := range registersFor('N') {
				for _, index := range []Reg{X0, X7, X17, X30} {
					c = append(c, AtIndex(base.(Reg), index, 0))
					if scale != 0 {
						c = append(c, AtIndex(base.(Reg), index, uint8(scale)))
					}
				}
			}
		default:
			c = registersFor(letter)
		}
		all = append(all, c)
	}
	return all
}

// forEach calls f with operands of the row such that every register occurs in every place, in many pairs, and every other choice.
func forEach(op Op, f func(args []Operand)) {
	all := choices(op)
	rounds := 1
	for _, c := range all {
		rounds = max(rounds, len(c))
	}
	shifts := 8
	if len(all) < 2 {
		shifts = 1
	}
	for shift := range shifts {
		for round := range rounds {
			args := make([]Operand, len(all))
			for i, c := range all {
				args[i] = c[(round+shift*i)%len(c)]
			}
			if (op == LDP || op == LDP_POST) && args[0] == args[1] || op == LDP_F && args[0] == args[1] {
				continue // is not defined
			}
			if len(args) == 0 {
				f(args)
				continue
			}
			if m, ok := args[len(args)-1].(Mem); ok && (op == STP_PRE || op == LDP_POST) && (m.Base == args[0] || m.Base == args[1]) {
				continue // nor is that
			}
			f(args)
		}
	}
}

// TestEveryRowDisassembles: what the disassembler reads is, put through the assembler again, the same instruction. So it may call it by another
// name.
func TestEveryRowDisassembles(t *testing.T) {
	var texts []string
	var codes []uint32
	for op := opInvalid + 1; op < numOps; op++ {
		forEach(op, func(args []Operand) {
			code, _ := encode(op, args)
			in, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, code))
			if err != nil {
				t.Fatalf("%#x %q: %v", code, gnuText(op, args), err)
			}
			text := arm64asm.GNUSyntax(in)
			if operands, isMove := strings.CutPrefix(text, "mov "); isMove && (op == ORR_I || op == ORRW_I) {
				// The assembler has shorter names for some, and better instructions.
				dst, imm, _ := strings.Cut(operands, ", ")
				text = fmt.Sprintf("orr %s, %s, %s", dst, gnuReg(insts[op].args[1], ZR), imm)
			}
			texts, codes = append(texts, text), append(codes, code)
		})
	}
	theirs := gnuAssemble(t, func(w *bufio.Writer) {
		for _, text := range texts {
			w.WriteString(text)
			w.WriteByte('\n')
		}
	})
	require.Len(t, theirs, 4*len(codes))
	for i, code := range codes {
		if got := binary.LittleEndian.Uint32(theirs[4*i:]); got != code {
			t.Fatalf("%#x is read as %q, which is %#x", code, texts[i], got)
		}
	}
}

// gnuAssemble is the machine code of lines of assembler.
func gnuAssemble(t *testing.T, lines func(w *bufio.Writer)) []byte {
	as, err := exec.LookPath("aarch64-linux-gnu-as")
	if err != nil {
		t.Skip("no GNU assembler for arm64 on this machine")
	}
	dir := t.TempDir()
	source, object := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.o")
	f, err := os.Create(source)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	lines(w)
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	out, err := exec.Command(as, "-o", object, source).CombinedOutput()
	require.NoError(t, err, "%s", out[:min(len(out), 2000)])
	file, err := elf.Open(object)
	require.NoError(t, err)
	defer file.Close()
	code, err := file.Section(".text").Data()
	require.NoError(t, err)
	return code
}

func TestEveryRowAgainstGNUAssembler(t *testing.T) {
	var theirs []byte
	each := func(f func(op Op, args []Operand)) {
		for op := opInvalid + 1; op < numOps; op++ {
			forEach(op, func(args []Operand) { f(op, args) })
		}
	}
	theirs = gnuAssemble(t, func(w *bufio.Writer) {
		each(func(op Op, args []Operand) {
			w.WriteString(gnuText(op, args))
			w.WriteByte('\n')
		})
	})
	n := 0
	each(func(op Op, args []Operand) {
		code, _ := encode(op, args)
		if ours := binary.LittleEndian.AppendUint32(nil, code); !bytes.HasPrefix(theirs, ours) {
			t.Fatalf("%s: % x is not the GNU assembler's % x", gnuText(op, args), ours, theirs[:4])
		}
		theirs = theirs[4:]
		n++
	})
	require.Empty(t, theirs)
	t.Log(n, "instructions")
}

// TestPatterns: nothing else is a bit pattern.
func TestPatterns(t *testing.T) {
	for _, width := range []int{32, 64} {
		all := map[uint64]bool{}
		for _, p := range patterns(width) {
			all[uint64(p.(Imm))] = true
		}
		for v := range uint64(1 << 16) {
			for _, x := range []uint64{v, ^v, v << 16, v | v<<16, v * 0x1000100010001, v << 40} {
				if width == 32 {
					x = uint64(uint32(x))
				}
				if _, ok := bitPattern(x, width); ok != all[x] {
					t.Fatalf("%#x of %d bits", x, width)
				}
			}
		}
	}
}

// TestWrongOperands: what an instruction has no room for is no instruction.
func TestWrongOperands(t *testing.T) {
	for _, c := range []struct {
		op   Op
		args []Operand
	}{
		{ADD, []Operand{X18, X0, X1}},
		{ADD, []Operand{SP, X0, X1}},
		{ADD, []Operand{X0, D0, X1}},
		{ADD, []Operand{X0, X0}},
		{ADD_I, []Operand{ZR, X0, Imm(1)}},
		{ADD_I, []Operand{X0, X0, Imm(-1)}},
		{ADD_I, []Operand{X0, X0, Imm(4097)}},
		{AND_I, []Operand{X0, X0, Imm(5)}},
		{MOVZ, []Operand{X0, Imm(0x10000), Imm(0)}},
		{MOVZ, []Operand{X0, Imm(1), Imm(8)}},
		{LDR, []Operand{X0, At(X1, 4)}},
		{LDR, []Operand{X0, At(X1, 32768)}},
		{LDR, []Operand{X0, At(X1, -8)}},
		{LDR, []Operand{X0, AtIndex(X1, X2, 3)}},
		{LDR_U, []Operand{X0, At(X1, 256)}},
		{LDR_X, []Operand{X0, AtIndex(X1, X2, 2)}},
		{LDR_X, []Operand{X0, AtIndex(X1, SP, 3)}},
		{FADD, []Operand{D0, D1, X2}},
		{FMOV_I, []Operand{D0, Imm(int64(math.Float64bits(0.1)))}},
		{CSEL, []Operand{X0, X1, X2}},
		{B, []Operand{Label(0)}},
	} {
		require.Panics(t, func() { encode(c.op, c.args) }, gnuText(c.op, c.args))
	}
}
