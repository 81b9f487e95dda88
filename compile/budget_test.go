// What the innermost loops of the kernels hold: instructions, loads, stores and moves, counted in the code for x86-64 and held against
// testdata/budgets.txt. A number that grows is a loss that no measurement of time would show for certain. UPDATE=1 writes them anew.

package compile

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const budgets = "testdata/budgets.txt"

// kernels are functions of the bench set, recorded (testdata/kernels.py): those whose types all follow from their arguments, and others with a profile.
var kernels = []string{"sum_squares", "collatz", "gcd_sum", "accumulate", "leibniz", "count_primes", "mandelbrot", "two_bodies",
	"levenshtein", "sieve", "matmul", "fannkuch", "queens_lists", "spectral_times"}

type cost struct{ instructions, loads, stores, moves int }

func TestBudgets(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the budgets are of x86-64")
	}
	var text strings.Builder
	text.WriteString("# kernel, number of the loop in the unit's code, instructions, loads, stores, moves between registers\n")
	found := map[string]cost{}
	for _, kernel := range kernels {
		d, _ := newDriver(t)
		snapshot, err := os.ReadFile("testdata/" + kernel + ".snap")
		require.NoError(t, err)
		w := &work{d: d, snapshot: snapshot, spent: &spent{}}
		require.NoError(t, w.run())
		for i, c := range innermost(w.disassemble()) {
			name := fmt.Sprintf("%s %d", kernel, i+1)
			found[name] = c
			fmt.Fprintf(&text, "%s: %d %d %d %d\n", name, c.instructions, c.loads, c.stores, c.moves)
		}
		require.Contains(t, found, kernel+" 1", "no loop was found")
	}
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(budgets, []byte(text.String()), 0o644))
		return
	}
	want, err := os.ReadFile(budgets)
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(want)), "\n")[1:] {
		name, numbers, _ := strings.Cut(line, ": ")
		var most cost
		_, err := fmt.Sscan(numbers, &most.instructions, &most.loads, &most.stores, &most.moves)
		require.NoError(t, err, line)
		c, there := found[name]
		delete(found, name)
		if !there {
			t.Errorf("%s: the loop is gone; UPDATE=1 go test ./compile writes the budgets anew", name)
		} else if c.instructions > most.instructions || c.loads > most.loads || c.stores > most.stores || c.moves > most.moves {
			t.Errorf("%s: %+v, more than the budget %+v", name, c, most)
		}
	}
	require.Empty(t, found, "loops without a budget; UPDATE=1 go test ./compile writes the budgets anew")
}

// innermost counts what stands between the targets of backward jumps and the jumps, those that have no other inside, in the code before the first stub.
func innermost(lines []asmLine) (costs []cost) {
	at := map[int]int{} // by offset: the line
	type loop struct{ from, to int }
	var loops []loop
	exits := false
	for i, l := range lines {
		if slices.ContainsFunc(l.Labels, func(s string) bool { return strings.HasSuffix(s, ": vectorcall stub") }) {
			break // how C calls it
		}
		exits = len(l.Labels) == 0 && (exits || strings.HasPrefix(l.Text, "push ") && strings.HasPrefix(l.Comment, "exit "))
		if exits {
			continue // behind a function's code come its exits, which share their ends
		}
		at[l.Offset] = i
		op, target, ok := strings.Cut(l.Text, " ")
		if ok && strings.HasPrefix(op, "j") && !(op == "jmp" && afterThunk(lines[:i])) {
			off, err := strconv.ParseInt(target, 0, 64)
			if from, there := at[int(off)]; err == nil && there && !slices.ContainsFunc(lines[from:i], func(l asmLine) bool { return l.Text == "ret" }) {
				loops = append(loops, loop{from, i})
			}
		}
	}
	// The shortest first: what overlaps one of them is a loop around it, or cold code that goes back into it.
	slices.SortStableFunc(loops, func(x, y loop) int { return x.to - x.from - y.to + y.from })
	var inner []loop
	for _, l := range loops {
		if !slices.ContainsFunc(inner, func(m loop) bool { return l.from <= m.to && m.from <= l.to }) {
			inner = append(inner, l)
		}
	}
	slices.SortFunc(inner, func(x, y loop) int { return x.from - y.from })
	for _, l := range inner {
		var c cost
		for _, line := range lines[l.from : l.to+1] {
			c.count(line.Text)
		}
		costs = append(costs, c)
	}
	return costs
}

// afterThunk reports whether the lines end with a thunk's call, as what is seldom needed does, which then goes back to where it is needed.
func afterThunk(lines []asmLine) bool {
	for i := max(len(lines)-3, 0); i < len(lines); i++ {
		if strings.HasPrefix(lines[i].Text, "call 0x") {
			return true
		}
	}
	return false
}

// count takes an instruction in Intel's syntax in.
func (c *cost) count(text string) {
	op, operands, _ := strings.Cut(text, " ")
	first, rest, _ := strings.Cut(operands, ", ")
	c.instructions++
	moves := strings.HasPrefix(op, "mov")
	switch inMemory := strings.Contains(first, "["); {
	case op == "lea":
	case inMemory && (op == "cmp" || op == "test" || op == "push" || strings.HasPrefix(op, "ucomis")):
		c.loads++
	case inMemory:
		c.stores++
		if !moves {
			c.loads++
		}
	case strings.Contains(rest, "["):
		c.loads++
	case moves && rest != "" && !strings.HasPrefix(rest, "0x") && !strings.HasPrefix(rest, "-0x"):
		c.moves++
	}
}
