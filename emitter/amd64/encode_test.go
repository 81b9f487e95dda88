// Every row, with every register and addressing form, is what two independent readers of x86 take it for: the
// disassembler of golang.org/x/arch and the GNU assembler.

package amd64

import (
	"bufio"
	"bytes"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"
)

// encodeOne is the bytes of an instruction, with 0 for the distance to a label.
func encodeOne(op Op, args ...Operand) []byte {
	var e encoded
	encode(&e, op, args)
	return e.bytes[:e.n]
}

// disassemble is the first instruction of code in GNU syntax, and its length.
func disassemble(code []byte) (string, int, error) {
	old, mnemonic, second, vex := WithoutVEX(code)
	if vex {
		code = old
	}
	inst, err := x86asm.Decode(code, 64)
	if err != nil {
		return "", 0, err
	}
	for i, arg := range inst.Args {
		if m, ok := arg.(x86asm.Mem); ok {
			if m.Index == 0 {
				m.Scale = 0 // it prints R12 without an index as with an index "riz"
			}
			m.Disp = int64(int32(m.Disp)) // it does not sign-extend where there is no base
			inst.Args[i] = m
		}
	}
	text := x86asm.GNUSyntax(inst, 0, nil)
	if vex {
		_, operands, _ := strings.Cut(text, "addsd ")
		at := strings.LastIndex(operands, ",")
		text = fmt.Sprintf("%s %s,%%%v%s", mnemonic, operands[:at], second, operands[at:])
	}
	return text, inst.Len, nil
}

// otherNames are what the disassembler calls what the assembler knows by another name.
var otherNames = map[string]string{
	"cltq": "cdqe", "movabsq": "mov", "movslq": "movsxd",
	"call": "callq", "jmp": "jmpq", "ret": "retq", "leave": "leaveq",
}

var cmpsdNames = []string{"cmpeqsd", "cmpltsd", "cmplesd", "cmpunordsd", "cmpneqsd", "cmpnltsd", "cmpnlesd", "cmpordsd"}

// sameText says whether the disassembler's text means what the assembler's does: it leaves the operand size
// out of the mnemonic where a register says it.
func sameText(disassembled string, op Op, args []Operand) bool {
	text := gnuText(op, args)
	if disassembled == text {
		return true
	}
	mnemonic, operands, _ := strings.Cut(text, " ")
	got, gotOperands, _ := strings.Cut(disassembled, " ")
	if predicate, rest, ok := strings.Cut(operands, ","); ok && mnemonic == "cmpsd" && gotOperands == rest {
		i := int(args[2].(Imm))
		return predicate == fmt.Sprintf("$%#x", i) && got == cmpsdNames[i]
	}
	return gotOperands == operands && (got == mnemonic[:len(mnemonic)-1] || got == otherNames[mnemonic])
}

// checkDecodes checks that the disassembler reads one instruction with these operands.
func checkDecodes(t *testing.T, op Op, args []Operand) {
	code := encodeOne(op, args...)
	text, n, err := disassemble(code)
	if err != nil || n != len(code) || !sameText(text, op, args) {
		t.Fatalf("%v: % x is %q of %d bytes (%v), not %q", op, code, text, n, err, gnuText(op, args))
	}
}

func TestEveryRowDisassembles(t *testing.T) {
	for op := opInvalid + 1; op < numOps; op++ {
		forEach(op, someMems(), func(args []Operand) { checkDecodes(t, op, args) })
	}
}

func TestEveryAddressDisassembles(t *testing.T) {
	for _, op := range []Op{MOVB_MR, ADDQ_MI, ROUNDSD_XMI} {
		forEach(op, allMems(), func(args []Operand) { checkDecodes(t, op, args) })
	}
}

// gnuAssemble is the machine code of lines of assembler.
func gnuAssemble(t *testing.T, lines func(w *bufio.Writer)) []byte {
	as, err := exec.LookPath("as")
	if err != nil {
		t.Skip("no GNU assembler on this machine")
	}
	dir := t.TempDir()
	source, object := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.o")
	f, err := os.Create(source)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	lines(w)
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	out, err := exec.Command(as, "--64", "-o", object, source).CombinedOutput()
	if err != nil && bytes.Contains(out, []byte("unrecognized option")) {
		t.Skip("as is not for x86")
	}
	require.NoError(t, err, "%s", out)
	file, err := elf.Open(object)
	require.NoError(t, err)
	defer file.Close()
	code, err := file.Section(".text").Data()
	require.NoError(t, err)
	return code
}

func TestEveryRowAgainstGNUAssembler(t *testing.T) {
	each := func(f func(op Op, args []Operand)) {
		for op := opInvalid + 1; op < numOps; op++ {
			if insts[op].enc != encD {
				forEach(op, someMems(), func(args []Operand) { f(op, args) })
			}
		}
	}
	theirs := gnuAssemble(t, func(w *bufio.Writer) {
		each(func(op Op, args []Operand) {
			w.WriteString(gnuText(op, args))
			w.WriteByte('\n')
		})
	})
	each(func(op Op, args []Operand) {
		ours := encodeOne(op, args...)
		if bytes.HasPrefix(theirs, ours) {
			theirs = theirs[len(ours):]
			return
		}
		// RAX has opcodes of its own that spare a byte; nothing else may differ.
		our, _, err := disassemble(ours)
		require.NoError(t, err)
		their, n, err := disassemble(theirs)
		exchange := op == XCHGQ_RR || op == XCHGL_RR // either order of operands is the same
		if err != nil || args[0] != RAX && !exchange || our != their && !exchange {
			t.Fatalf("%s: % x is %q, the GNU assembler's % x is %q (%v)", gnuText(op, args), ours, our, theirs[:15], their, err)
		}
		theirs = theirs[n:]
	})
	require.Empty(t, theirs)
}

// FuzzEncode: whatever the row and its operands, it is one instruction with these operands.
func FuzzEncode(f *testing.F) {
	for op := opInvalid + 1; op < numOps; op++ {
		f.Add(uint16(op), uint64(op)*0x9e3779b97f4a7c15, int64(op), int32(-op))
	}
	f.Fuzz(func(t *testing.T, row uint16, pick uint64, imm int64, disp int32) {
		op := Op(row)%(numOps-1) + 1
		checkDecodes(t, op, randomOperands(op, rand.New(rand.NewPCG(pick, 0)), imm, disp))
	})
}

// randomOperands are operands of the row, with that immediate cut to size.
func randomOperands(op Op, r *rand.Rand, imm int64, disp int32) []Operand {
	var args []Operand
	in := &insts[op]
	for i := range len(in.args) {
		switch letter := in.args[i]; letter {
		case 'K':
		case 'q', 'l', 'w', 'b':
			args = append(args, Reg(r.IntN(16)))
		case 'X':
			args = append(args, XMM0+Reg(r.IntN(16)))
		case 'C':
			args = append(args, Cond(r.IntN(16)))
		case 'L':
			args = append(args, Label(1))
		case 'M', 'F':
			m := Mem{Base: Reg(r.IntN(16)), Disp: disp}
			switch r.IntN(4) {
			case 0:
				m.Index, m.Scale = Reg(r.IntN(16)), 1<<r.IntN(4)
				if m.Index == RSP {
					m.Scale = 0
				}
			case 1:
				m.Base, m.Index, m.Scale = NoReg, RBP, 1<<r.IntN(4)
			case 2:
				m = Mem{Label: 1, Disp: disp}
			}
			args = append(args, m)
		default:
			bits := 8 * int(letter-'0')
			args = append(args, Imm(imm<<(64-bits)>>(64-bits)))
		}
	}
	return args
}
