// docs/coverage.md is made of the table of bytecodes, and must be as it says.

package build

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/decoder"
)

const coverageFile = "../../docs/coverage.md"

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

// opcode is an opcode with the versions that have it.
type opcode struct {
	decoder.Opcode
	versions []decoder.Version
}

// opcodes are those of all versions, by name.
func opcodes() []*opcode {
	byName := map[string]*opcode{}
	var list []*opcode
	for _, v := range decoder.Versions() {
		for _, o := range decoder.Opcodes(v) {
			if o.Op == decoder.OpInvalid && !o.Prefix && !o.Suffix {
				continue // the interpreter's own
			}
			if byName[o.Name] == nil {
				byName[o.Name] = &opcode{Opcode: o}
				list = append(list, byName[o.Name])
			}
			byName[o.Name].versions = append(byName[o.Name].versions, v)
		}
	}
	slices.SortFunc(list, func(a, b *opcode) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// since names the versions that have an opcode.
func (o *opcode) since() string {
	all := decoder.Versions()
	first, last := o.versions[0], o.versions[len(o.versions)-1]
	switch {
	case first == all[0] && last == all[len(all)-1]:
		return "all"
	case first == last:
		return first.String()
	}
	return fmt.Sprintf("%s-%s", first, last)
}

func coverage() string {
	var s strings.Builder
	s.WriteString("# What each bytecode becomes\n\n" +
		"x86-64. Made of the tables in [ir/build/ops.go](../ir/build/ops.go) and `decoder` by `UPDATE=1 go test ./ir/build -run TestCoverage`; a test fails where they differ.\n\n" +
		"*Machine code*: without a call of CPython, for these operands, once their classes are known. *C-API*: native code calls the function of CPython or of the runtime that\n" +
		"does what the interpreter does. *Interpreter*: the function goes on there. What `explain` marks as interpreted in a function is in the last column.\n\n" +
		"| opcode | CPython | machine code | C-API | interpreter |\n|---|---|---|---|---|\n")
	counts := map[decoder.Version]*[3]int{}
	for _, v := range decoder.Versions() {
		counts[v] = &[3]int{}
	}
	for _, o := range opcodes() {
		r, column := &rows[o.Op], 1
		switch {
		case o.Prefix:
			fmt.Fprintf(&s, "| %s | %s | part of the next one | | |\n", o.Name, o.since())
			continue
		case o.Suffix:
			fmt.Fprintf(&s, "| %s | %s | part of the one before it | | |\n", o.Name, o.since())
			continue
		case r.translate == nil:
			column = 2
		case r.native != "":
			column = 0
		}
		for _, v := range o.versions {
			counts[v][column]++
		}
		if o.Pair {
			fmt.Fprintf(&s, "| %s | %s | as the two that it is named for | | |\n", o.Name, o.since())
			continue
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s |\n", o.Name, o.since(), r.native, r.api, r.over)
	}
	s.WriteString("\n| CPython | machine code, always or for some operands | C-API | interpreter |\n|---|---|---|---|\n")
	for _, v := range decoder.Versions() {
		c := counts[v]
		fmt.Fprintf(&s, "| %s | %d | %d | %d |\n", v, c[0], c[1], c[2])
	}
	s.WriteString("\nOf the interpreter's, template strings and declarations of type parameters alone can stand in a function that is compiled.\n")
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
