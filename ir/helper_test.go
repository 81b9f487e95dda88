// The table of helpers beside the C side of it.

package ir

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var kindOf = map[string]Kind{
	"obj": Obj, "obj_or_null": ObjNull, "i64": I64, "u64": I64, "i32": I64, "f64": F64, "out": Ptr, "inout": Ptr, "i64_out": Ptr,
	"f64_out": Ptr, "site": Ptr, "frame": Ptr, "unit": Ptr, "regs": Ptr,
}

// TestHelpersAreTheRuntimes compares the table with pyext/native/helpers.def, where the C compiler checks the types.
func TestHelpersAreTheRuntimes(t *testing.T) {
	text, err := os.ReadFile("../pyext/native/helpers.def")
	require.NoError(t, err)
	text = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(text, nil)
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^GS_(?:HELPER|WIDE)\((\w+), (\w+), \(([\w, ]*)\), (\w+), (\w+)\)`).FindAllStringSubmatch(string(text), -1) {
		rows[m[1]] = m[2:]
	}
	for i := range Helpers {
		h := &Helpers[i]
		row := rows[h.Name]
		require.NotNil(t, row, h.Name)
		result, args, failure, python := row[0], strings.Split(row[1], ", "), row[2], row[3]

		var want Helper
		if n := len(args); n >= 2 && args[n-2] == "array" {
			want.Vector, args = true, args[:n-2]
		}
		for _, a := range args {
			if a != "none" {
				kind, known := kindOf[a]
				require.True(t, known, "%s: %s", h.Name, a)
				want.Args = append(want.Args, kind)
			}
		}
		want.Result = kindOf[result]
		if want.Result == Obj {
			want.Result = ObjNull // NULL is the error
		}
		want.Error = map[string]HelperError{"null": NullError, "negative": NegError}[failure]
		require.Equal(t, len(want.Args), len(h.Args), h.Name)
		for n, kind := range want.Args {
			require.Equal(t, kind, h.Args[n], "%s: argument %d", h.Name, n)
		}
		require.Equal(t, want.Vector, h.Vector, h.Name)
		require.Equal(t, want.Result, h.Result, h.Name)
		require.Equal(t, want.Error, h.Error, h.Name)
		require.Equal(t, python == "yes", h.Looks, h.Name)
		if python != "no" {
			require.Equal(t, HeapAll, h.Writes&HeapAll, "%s may run Python code", h.Name)
		}
		require.False(t, h.Pure && (h.Writes != 0 || h.Error != NoError), h.Name)
	}
}
