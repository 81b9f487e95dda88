package decoder

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const recorded = "../ir/build/testdata"

func load(t testing.TB, name string) *Snapshot {
	data, err := os.ReadFile(filepath.Join(recorded, name+".snap"))
	require.NoError(t, err)
	s, err := ReadSnapshot(data)
	require.NoError(t, err)
	return s
}

func TestRecordedSnapshotsDecode(t *testing.T) {
	files, err := filepath.Glob(recorded + "/*.snap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		s, err := ReadSnapshot(data)
		require.NoError(t, err, file)
		for _, c := range s.Codes {
			f, err := Decode(s.Version, c)
			require.NoError(t, err, "%s %s", file, c.QualName)
			require.NotEmpty(t, Dump(f))
		}
	}
}

func TestSnapshotTellsWhatTheCompilerAsks(t *testing.T) {
	s := load(t, "caller")
	require.Equal(t, Version{3, 11}, s.Version)
	require.Equal(t, ModeFinal, s.Mode)
	require.Equal(t, "caller", s.Codes[0].QualName)
	require.Same(t, s.Codes[0], s.Function.Code)
	helper := s.Codes[0].Globals[0]
	require.Equal(t, "helper", helper.Name)
	require.Equal(t, InGlobals, helper.Where)
	require.True(t, helper.Guardable())
	require.Equal(t, ObjFunction, helper.Value.Kind)
	require.Equal(t, "helper", helper.Value.Func.Code.QualName)
	require.Equal(t, int64(10), helper.Value.Func.Defaults[0].Int)
	require.Equal(t, int64(5), s.Slots[0].Object.Int)

	s = load(t, "sum_float")
	values := s.Slots[0].Object
	require.Equal(t, ObjList, values.Kind)
	require.True(t, values.Same())
	require.Equal(t, int64(3), values.Int)
	require.Equal(t, 1.0, values.Item.Float)

	s = load(t, "nested")
	require.Equal(t, ObjInt, s.Slots[0].Object.Item.Item.Kind)

	s = load(t, "uses_math")
	require.Equal(t, ObjModule, s.Codes[0].Globals[0].Value.Kind)
	sqrt := s.Codes[0].Globals[0].Value.Attr("sqrt")
	require.Equal(t, ObjBuiltin, sqrt.Value.Kind)
	require.True(t, sqrt.Guardable())

	s = load(t, "method")
	point := s.Slots[0].Object
	require.Equal(t, "Point", point.Type.Name)
	require.Equal(t, ObjFunction, point.Type.Attr("norm").Value.Kind)
	require.Equal(t, "Point.norm", point.Type.Attr("norm").Value.Func.Code.QualName)
	require.Nil(t, point.Type.Attr("x"))

	s = load(t, "adder")
	require.Equal(t, ObjInt, s.Function.Cells[0].Item.Kind)
	require.Equal(t, LocalFree, s.Codes[0].Locals[1].Kind)

	s = load(t, "add_raw")
	require.EqualValues(t, 3, s.Slots[0].Kind)
	require.EqualValues(t, 4, s.Slots[1].Words[0])
}

// TestCutSnapshots cuts a snapshot everywhere, and puts each word to numbers that point astray.
func TestCutSnapshots(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(recorded, "add_int.snap"))
	require.NoError(t, err)
	for n := range data {
		_, err := ReadSnapshot(data[:n])
		require.Error(t, err)
	}
	for n := 0; n+4 <= len(data); n += 4 {
		for _, value := range []uint32{0, 1, 7, 0x7fffffff, 0x80000000, NoIndex - 1, NoIndex} {
			changed := append([]byte(nil), data...)
			binary.LittleEndian.PutUint32(changed[n:], value)
			if s, err := ReadSnapshot(changed); err == nil {
				for _, c := range s.Codes {
					if f, err := Decode(s.Version, c); err == nil {
						Dump(f)
					}
				}
			}
		}
	}
}

func FuzzSnapshot(f *testing.F) {
	for _, name := range []string{"add_int", "caller", "method"} {
		data, err := os.ReadFile(filepath.Join(recorded, name+".snap"))
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadSnapshot(data)
		if err != nil {
			return
		}
		for _, c := range s.Codes {
			if f, err := Decode(s.Version, c); err == nil {
				Dump(f)
			}
		}
	})
}
