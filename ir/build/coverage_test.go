// docs/coverage.md is made of the table of bytecodes, and must be as it says.

package build

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/decoder"
)

const coverageFile = "../../docs/coverage.md"

var v311 = decoder.Version{Major: 3, Minor: 11}

func TestEveryOperationHasARow(t *testing.T) {
	for op := range decoder.NumOps {
		r := &rows[op]
		name := decoder.Op(op).String()
		if r.translate == nil {
			require.Empty(t, r.native+r.api, name)
			require.NotEmpty(t, r.over, name)
			continue
		}
		require.NotEmpty(t, r.native+r.api, name)
		require.False(t, r.native == always && r.api != "" || r.api == always && r.native != "", "%s: always one or the other", name)
	}
}

// in311 reports whether some opcode of 3.11 means the operation.
func in311(op decoder.Op) bool {
	for _, o := range decoder.Opcodes(v311) {
		if o.Op == op && !o.Prefix {
			return true
		}
	}
	return false
}

func TestRowsOfLaterVersionsSaySo(t *testing.T) {
	for op := decoder.Op(1); int(op) < decoder.NumOps; op++ {
		require.Equal(t, !in311(op), rows[op].over == later, op.String())
	}
}

func coverage() string {
	var s strings.Builder
	s.WriteString("# What each bytecode becomes\n\n" +
		"CPython 3.11 on x86-64. Made of the table in [ir/build/ops.go](../ir/build/ops.go) by `UPDATE=1 go test ./ir/build -run TestCoverage`; a test fails where the two differ.\n\n" +
		"*Machine code*: without a call of CPython, for these operands, once their classes are known. *C-API*: native code calls the function of CPython or of the runtime that\n" +
		"does what the interpreter does. *Interpreter*: the function goes on there. What `explain` marks as interpreted in a function is in the last column.\n\n" +
		"| opcode | machine code | C-API | interpreter |\n|---|---|---|---|\n")
	counts := [3]int{}
	for _, o := range decoder.Opcodes(v311) {
		r := &rows[o.Op]
		switch {
		case o.Prefix:
			fmt.Fprintf(&s, "| %s | part of the next one | | |\n", o.Name)
			continue
		case o.Op == decoder.OpInvalid:
			continue
		case r.translate == nil:
			counts[2]++
		case r.native != "":
			counts[0]++
		default:
			counts[1]++
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", o.Name, r.native, r.api, r.over)
	}
	fmt.Fprintf(&s, "\n%d are machine code, always or for some operands; %d call the C-API; %d are the interpreter's, none of which can stand in a function that is compiled.\n", counts[0], counts[1], counts[2])
	return s.String()
}

func TestCoverage(t *testing.T) {
	want := coverage()
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(coverageFile, []byte(want), 0o644))
	}
	have, err := os.ReadFile(coverageFile)
	require.NoError(t, err)
	require.Equal(t, want, string(have), "UPDATE=1 go test ./ir/build -run TestCoverage writes it anew")
}
