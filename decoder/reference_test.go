package decoder

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference reads what testdata/reference.py writes.
type reference struct {
	t *testing.T
	b *bytes.Reader
}

func (r *reference) int() int {
	var word [4]byte
	_, err := r.b.Read(word[:])
	require.NoError(r.t, err)
	return int(int32(binary.LittleEndian.Uint32(word[:])))
}

func (r *reference) blob() []byte {
	b := make([]byte, r.int())
	if len(b) > 0 {
		_, err := r.b.Read(b)
		require.NoError(r.t, err)
	}
	return b
}

// TestStandardLibraryAsDis decodes the whole standard library and compares with dis.
func TestStandardLibraryAsDis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, v := range Versions() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			data := runReference(t, v.String())
			r := &reference{t, bytes.NewReader(data)}
			codes := 0
			for ; r.b.Len() > 0; codes++ {
				compareWithDis(t, r, v)
			}
			require.Greater(t, codes, 1000)
			t.Logf("%d code objects", codes)
		})
	}
}

// python finds a CPython of the version among what TEST_PYTHONS lists, what is on the PATH and what pyenv has; "": there is none.
func python(version string) string {
	list := filepath.SplitList(os.Getenv("TEST_PYTHONS"))
	for _, name := range []string{"python" + version, "python3"} {
		if path, err := exec.LookPath(name); err == nil {
			list = append(list, path)
		}
	}
	home, _ := os.UserHomeDir()
	more, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*", "bin/python3"))
	for _, path := range append(list, more...) {
		is, err := exec.Command(path, "-c", "import sys; print('%d.%d' % sys.version_info[:2], end='')").Output()
		if err == nil && string(is) == version {
			return path
		}
	}
	return ""
}

func runReference(t *testing.T, version string) []byte {
	path := python(version)
	if path == "" {
		t.Skipf("no CPython %s", version)
	}
	out := filepath.Join(t.TempDir(), "reference")
	text, err := exec.Command(path, "testdata/reference.py", out).CombinedOutput()
	require.NoError(t, err, "%s: %s", path, text)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	return data
}

func compareWithDis(t *testing.T, r *reference, v Version) {
	name := string(r.blob())
	c := &Code{QualName: name, Bytecode: r.blob(), ExceptionTable: r.blob(), LineTable: r.blob()}
	c.FirstLine = int32(r.int())
	c.StackSize = r.int()
	c.Flags = uint32(r.int())
	c.ArgCount, c.KwOnly = r.int(), r.int()
	c.Names = make([]string, r.int())
	for _, kind := range r.blob() {
		c.Locals = append(c.Locals, Local{"", LocalKind(kind)})
	}
	for range r.int() {
		o := &Object{}
		if n := r.int(); n >= 0 {
			o.Kind = ObjTuple
			o.Items = make([]*Object, n)
			for i := range o.Items {
				o.Items[i] = &Object{Kind: ObjStr}
			}
		}
		c.Consts = append(c.Consts, o)
	}
	f, err := Decode(v, c)
	require.NoError(t, err, name)
	count := r.int()
	if len(f.Instrs) != count {
		require.Equal(t, count, len(f.Instrs), name)
	}
	for n := range f.Instrs {
		i := &f.Instrs[n]
		p := f.Pos(i.At)
		target := -1
		if i.Target != NoTarget {
			target = int(i.Target)
		}
		inner := 0
		if i.Flags&FlagInner != 0 {
			inner = 1
		}
		got := [...]int{int(i.Off), int(i.At), int(i.Next), target, int(i.Depth), int(p.Line), int(p.EndLine), int(p.Column), int(p.EndColumn), inner}
		var want [len(got)]int
		for k := range want {
			want[k] = r.int()
		}
		if got != want {
			require.Equal(t, want, got, "%s: %s at %d", name, i.Op, i.Off)
		}
	}
	count = r.int()
	require.Len(t, f.Handlers, count)
	for _, h := range f.Handlers {
		lasti := 0
		if h.Lasti {
			lasti = 1
		}
		require.Equal(t, [5]int{r.int(), r.int(), r.int(), r.int(), r.int()}, [5]int{int(h.Start), int(h.End), int(h.Target), int(h.Depth), lasti}, name)
	}
	checkFunc(t, f)
}

// checkFunc tests what must hold of every decoded function.
func checkFunc(t *testing.T, f *Func) {
	units := 0
	for n := range f.Blocks {
		b := &f.Blocks[n]
		if b.Start != uint32(units) || b.Last <= b.First {
			require.Fail(t, "blocks do not cover the code", "%s", f.Code.QualName)
		}
		units = int(b.End)
	}
	live := naiveLiveness(f)
	for n := range f.Instrs {
		i := &f.Instrs[n]
		if i.Depth < 0 || i.Flags&FlagInner != 0 { // no offset is the second half's own
			continue
		}
		for w, bits := range f.LiveAt(i.Off) {
			if bits != live[n][w] {
				require.Fail(t, "liveness differs", "%s at %d", f.Code.QualName, i.Off)
			}
		}
	}
	require.Equal(t, f.Units(), units)
}

// naiveLiveness is the definition, instruction by instruction: a local is live where some way
// leads to a read of it without a write before.
func naiveLiveness(f *Func) []Bits {
	live := make([]Bits, len(f.Instrs))
	for n := range live {
		live[n] = NewBits(len(f.Code.Locals))
	}
	for changed := true; changed; {
		changed = false
		for n := len(f.Instrs) - 1; n >= 0; n-- {
			i := &f.Instrs[n]
			now := NewBits(len(f.Code.Locals))
			if !i.Op.EndsBlock() {
				now.Or(live[n+1])
			}
			if i.Target != NoTarget {
				now.Or(live[f.Index(i.Target)])
			}
			if i.Op == OpStoreFast {
				now.Clear(int(i.Arg))
			} else if i.Op.UsesLocal() {
				now.Set(int(i.Arg))
			} else if i.Op == OpCopyFreeVars {
				for l := range f.Code.Locals {
					if f.Code.Locals[l].Kind == LocalFree {
						now.Clear(l)
					}
				}
			}
			if h := f.HandlerAt(i.At); h >= 0 && !i.Op.Quiet() {
				now.Or(live[f.Index(f.Handlers[h].Target)])
			}
			changed = live[n].Or(now) || changed
		}
	}
	return live
}
