// The table is consistent with the names of its constants; and the printer and the operands by which the
// other tests go through all its rows.

package amd64

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryRowHasItsName(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "inst_table.go", nil, 0)
	require.NoError(t, err)
	var names, keys []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok != token.CONST {
				return true
			}
			if first := n.Specs[0].(*ast.ValueSpec); first.Names[0].Name == "opInvalid" {
				for _, s := range n.Specs {
					names = append(names, s.(*ast.ValueSpec).Names[0].Name)
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				keys = append(keys, key.Name)
			}
		}
		return true
	})
	require.Equal(t, int(numOps)+1, len(names), "opInvalid, the rows, numOps")
	require.Equal(t, names[1:numOps], keys, "rows in the order of their constants")
	for op := opInvalid + 1; op < numOps; op++ {
		require.Equal(t, names[op], op.String())
	}
}

// widths of the operand letters in bits, and the names registers have then.
var gprNames = map[byte][16]string{
	'q': regNames,
	'l': {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"},
	'w': {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
	'b': {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
}

// gnuText prints an instruction as the GNU assembler reads it, its operand size always in the mnemonic.
// A label is printed as the place behind the instruction.
func gnuText(op Op, args []Operand) string {
	in := &insts[op]
	mnemonic := in.name
	var operands []string
	next := 0
	for i := range len(in.args) {
		letter := in.args[i]
		if letter == 'K' {
			operands = append(operands, "%cl")
			continue
		}
		switch arg := args[next].(type) {
		case Cond:
			mnemonic = strings.Replace(mnemonic, "cc", arg.String(), 1)
		case Reg:
			if letter == 'X' {
				operands = append(operands, "%"+arg.String())
			} else {
				operands = append(operands, "%"+gprNames[letter][arg])
			}
		case Imm:
			switch {
			case letter == '1' && in.short != 0 && arg == 1:
				// shifts by one are printed without it
			case letter == '1':
				operands = append(operands, fmt.Sprintf("$%#x", uint8(arg)))
			default:
				operands = append(operands, fmt.Sprintf("$%#x", int64(arg)))
			}
		case Mem:
			segment := ""
			if letter == 'F' {
				segment = "%fs:"
			}
			operands = append(operands, segment+gnuMem(arg))
		case Label:
			operands = append(operands, ".+0x0")
		}
		next++
	}
	for i, j := 0, len(operands)-1; i < j; i, j = i+1, j-1 {
		operands[i], operands[j] = operands[j], operands[i]
	}
	if len(operands) == 0 {
		return mnemonic
	}
	star := ""
	if (in.name == "jmp" || in.name == "call") && in.enc != encD {
		star = "*"
	}
	return mnemonic + " " + star + strings.Join(operands, ",")
}

func gnuMem(m Mem) string {
	disp := ""
	if m.Disp != 0 {
		disp = fmt.Sprintf("%#x", m.Disp)
	}
	if m.Label != 0 {
		return disp + "(%rip)"
	}
	base := ""
	if m.Base != NoReg {
		base = "%" + m.Base.String()
	}
	switch {
	case m.Scale == 0 && base == "":
		return fmt.Sprintf("%#x", m.Disp)
	case m.Scale == 0:
		return disp + "(" + base + ")"
	case m.Scale == 1:
		return fmt.Sprintf("%s(%s,%%%v)", disp, base, m.Index)
	}
	return fmt.Sprintf("%s(%s,%%%v,%d)", disp, base, m.Index, m.Scale)
}

var (
	allGPRs, allXMMs = regsFrom(RAX), regsFrom(XMM0)
	allDisps         = []int32{0, 1, -1, 127, 128, -128, -129, math.MaxInt32, math.MinInt32}
)

func regsFrom(first Reg) []Operand {
	var regs []Operand
	for i := range Reg(16) {
		regs = append(regs, first+i)
	}
	return regs
}

// allMems are every addressing form with every register, and every displacement size.
func allMems() []Operand {
	var mems []Operand
	for _, base := range append(regsFrom(RAX), NoReg) {
		for _, disp := range allDisps {
			if disp != 0 || base != NoReg { // the disassembler prints address 0 as nothing
				mems = append(mems, Mem{Base: base.(Reg), Disp: disp})
			}
			for _, index := range allGPRs {
				if index != RSP {
					for _, scale := range []uint8{1, 2, 4, 8} {
						mems = append(mems, AtIndex(base.(Reg), index.(Reg), scale, disp))
					}
				}
			}
		}
	}
	for _, disp := range allDisps {
		mems = append(mems, Mem{Label: 1, Disp: disp})
	}
	return mems
}

// someMems are the special cases of addressing, and a register of either half in every role.
func someMems() []Operand {
	var mems []Operand
	for _, base := range append(regsFrom(RAX), NoReg) {
		mems = append(mems, Mem{Base: base.(Reg), Disp: -8}, Mem{Base: base.(Reg), Disp: 1000})
		if base != NoReg { // the disassembler prints address 0 as nothing
			mems = append(mems, Mem{Base: base.(Reg)})
		}
		for _, index := range []Reg{RBP, R12, R15} {
			mems = append(mems, AtIndex(base.(Reg), index, 8, 0), AtIndex(base.(Reg), index, 1, 16))
		}
	}
	return append(mems, Mem{Label: 1}, Mem{Label: 1, Disp: -8}, Mem{Label: 1, Disp: 1000})
}

// someImms are the immediates of so many bytes around every limit.
func someImms(size int) []Operand {
	var imms []Operand
	for _, v := range []int64{
		0, 1, 2, 5, 63, 127, -1, -2, -127, -128, 128, 255, -129, math.MaxInt16, math.MinInt16, 1 << 15, 1<<16 - 1,
		math.MaxInt32, math.MinInt32, 1 << 31, 1<<32 - 1, math.MinInt32 - 1, 1 << 32, math.MaxInt64, math.MinInt64,
	} {
		if v == v<<(64-size*8)>>(64-size*8) {
			imms = append(imms, Imm(v))
		}
	}
	return imms
}

// choices are the values of each operand of a row.
func choices(op Op, mems []Operand) [][]Operand {
	var all [][]Operand
	in := &insts[op]
	for i := range len(in.args) {
		switch letter := in.args[i]; letter {
		case 'K':
		case 'q', 'l', 'w', 'b':
			all = append(all, allGPRs)
		case 'X':
			all = append(all, allXMMs)
		case 'M', 'F':
			all = append(all, mems)
		case 'C':
			var conds []Operand
			for c := CondO; c <= CondG; c++ {
				conds = append(conds, c)
			}
			all = append(all, conds)
		case 'L':
			all = append(all, []Operand{Label(1)})
		default:
			all = append(all, someImms(int(letter-'0')))
		}
	}
	return all
}

// forEach calls f with operands of the row such that every pair of registers occurs, and every other choice
// many times. The slice is used again.
func forEach(op Op, mems []Operand, f func(args []Operand)) {
	all := choices(op, mems)
	if len(all) == 0 {
		f(nil)
		return
	}
	rounds := 1
	for _, c := range all {
		rounds = max(rounds, len(c))
	}
	args := make([]Operand, len(all))
	for shift := range 16 {
		for round := range rounds {
			for i, c := range all {
				// The first operand goes around at each round, the others lag behind by another shift each.
				args[i] = c[(round+shift*i)%len(c)]
			}
			f(args)
		}
		if len(all) == 1 {
			return
		}
	}
}
