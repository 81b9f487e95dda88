// The table of who may import whom (docs/design.md, section 3), and what follows from running inside another program: no goroutines, and
// few places that touch memory or the system.

package compile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/gophersnake/gophersnake/"

// mayImport is the table.
var mayImport = map[string][]string{
	"arena":            {},
	"decoder":          {},
	"pyabi":            {},
	"flow":             {"arena"},
	"ir":               {"arena", "flow"},
	"ir/build":         {"arena", "decoder", "ir", "pyabi"},
	"opt":              {"arena", "ir"},
	"emitter":          {"arena", "flow", "ir", "emitter/regalloc", "pyabi"},
	"emitter/regalloc": {"arena", "flow"},
	"emitter/amd64":    {"arena", "emitter", "emitter/regalloc", "ir", "pyabi"},
	"emitter/arm64":    {"arena", "emitter", "emitter/regalloc", "ir", "pyabi"},
	"cache":            {},
	"compile":          {"decoder", "pyabi", "ir", "ir/build", "opt", "emitter", "emitter/amd64", "emitter/arm64", "cache"},
	"pyext":            {"compile", "cache"},
}

// reserved are packages that only some may import, of the standard library or of others; what has a dot and is not here nobody may.
var reserved = map[string][]string{
	"C":                                {},
	"unsafe":                           {"arena", "cache", "pyext"},
	"syscall":                          {"cache"},
	"os":                               {"cache", "compile"},
	"os/exec":                          {},
	"net":                              {},
	"net/http":                         {},
	"golang.org/x/sys/unix":            {"cache"},
	"golang.org/x/arch/x86/x86asm":     {"compile"},
	"golang.org/x/arch/arm64/arm64asm": {"compile"},
}

func TestImports(t *testing.T) {
	found := map[string]bool{}
	for path, file := range sources(t) {
		folder := filepath.ToSlash(filepath.Dir(path))
		allowed, known := mayImport[folder]
		if !known {
			t.Errorf("%s: %s has no row in the table of imports", path, folder)
			continue
		}
		found[folder] = true
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			own, ours := strings.CutPrefix(name, module)
			users, special := reserved[name]
			switch {
			case ours && !slices.Contains(allowed, own), special && !slices.Contains(users, folder),
				!ours && !special && strings.Contains(name, "."):
				t.Errorf("%s: %s may not import %s", path, folder, name)
			}
		}
	}
	for folder := range mayImport {
		if !found[folder] && folder != "emitter/arm64" {
			t.Errorf("%s has a row in the table of imports and no file", folder)
		}
	}
}

// A panic in a goroutine ends the Python process, whatever the exports recover.
func TestNoGoroutines(t *testing.T) {
	for path, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if _, starts := n.(*ast.GoStmt); starts {
				t.Errorf("%s starts a goroutine", path)
			}
			return true
		})
	}
}

// sources are the Go files of the extension, tests left out, by their path in the module.
func sources(t *testing.T) map[string]*ast.File {
	const root = ".."
	files := map[string]*ast.File{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" ||
			strings.HasSuffix(name, "test") || // packages for tests: as they have no row, nobody here may import them
			slices.Contains([]string{"build", "dist", "tools", "python", "docs", "tests", "bench"}, filepath.ToSlash(path[len(root)+1:]))) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files[path[len(root)+1:]] = file
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(files), 30)
	return files
}
