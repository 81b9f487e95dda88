package decoder

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const recorded = "testdata"

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
	compiled, err := filepath.Glob("../ir/build/testdata/*.snap")
	require.NoError(t, err)
	files = append(files, compiled...)
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
	s := load(t, "live")
	require.Equal(t, Version{3, 11}, s.Version)
	require.Equal(t, ModeFinal, s.Mode)
	c := s.Codes[0]
	require.Equal(t, "live", c.QualName)
	require.Same(t, c, s.Function.Code)
	require.Equal(t, 9, c.Params())
	slot := map[string]*Object{}
	for n, l := range c.Locals {
		slot[l.Name] = s.Slots[n].Object
	}
	require.Equal(t, ObjList, slot["items"].Kind)
	require.True(t, slot["items"].Same())
	require.Equal(t, int64(2), slot["items"].Int)
	require.Equal(t, int64(1), slot["items"].Item.Int)
	require.Equal(t, "a", slot["table"].Key.Text)
	require.Equal(t, 1.0, slot["table"].Item.Float)
	require.Equal(t, ObjFloat, slot["rows"].Item.Item.Kind)
	require.False(t, slot["pair"].Same())
	require.Equal(t, ObjNone, slot["pair"].Items[1].Kind)
	require.Equal(t, uint64(8*0), slot["plain"].Type.InstanceAttr("value").Entry)
	require.Nil(t, slot["plain"].Type.Attr("value"))
	point := slot["point"].Type
	require.Equal(t, "Point", point.Name)
	require.Equal(t, ObjMemberDescr, point.Attr("x").Value.Kind)
	require.Equal(t, int64(3), point.Attr("shared").Value.Int)
	require.Equal(t, "Base.method", point.Attr("method").Value.Func.Code.QualName)

	global := map[string]*Name{}
	for _, n := range c.Globals {
		if n != nil {
			global[n.Name] = n
		}
	}
	require.True(t, global["math"].Guardable())
	sqrt := global["math"].Value.Attr("sqrt")
	require.Equal(t, ObjBuiltin, sqrt.Value.Kind)
	require.True(t, sqrt.Guardable())
	require.Equal(t, ObjFloat, global["math"].Value.Attr("pi").Value.Kind)
	require.Equal(t, InBuiltins, global["len"].Where)
	require.Equal(t, Nowhere, global["undefined"].Where)
	require.Nil(t, global["undefined"].Value)
	require.Equal(t, "Plain", global["Plain"].Value.TypeOf.Name)
	helper := global["helper"].Value
	require.Equal(t, ObjFunction, helper.Kind)
	require.Equal(t, 1.5, helper.Func.Defaults[0].Float)
	require.Equal(t, "c", helper.Func.KwDefaultItems[0].Text)
	require.Same(t, helper.Func, helper.Func.Code.Globals[0].Value.Func.Code.Globals[0].Value.Func)

	s = load(t, "middle")
	require.Equal(t, ModeRecording, s.Mode)
	require.EqualValues(t, 12, s.Off)
	require.Equal(t, 3, s.NLocals)
	require.Len(t, s.Slots, 5)
	require.EqualValues(t, 3, s.Slots[1].Kind)
	require.EqualValues(t, 2, s.Slots[1].Words[0])
	require.Equal(t, int64(7), s.Slots[4].Object.Int)
	require.Equal(t, Site{s.Codes[0].Sites[15].Type, 3, 1}, s.Codes[0].Site(15))
	require.Equal(t, Site{}, s.Codes[0].Site(9999))
}

// TestCutSnapshots cuts a snapshot everywhere, and puts each word to numbers that point astray.
func TestCutSnapshots(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(recorded, "middle.snap"))
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
	for _, name := range []string{"middle", "live", "handlers"} {
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

// TestWritersAgree compares the kinds and flags of the writers, in C and Python, with the reader's.
func TestWritersAgree(t *testing.T) {
	c, err := os.ReadFile("../pyext/native/snapshot.c")
	require.NoError(t, err)
	python, err := os.ReadFile("../tools/record_snapshot.py")
	require.NoError(t, err)
	words := regexp.MustCompile(`[A-Z]\w*`)
	group := func(text []byte, pattern string) []string {
		m := regexp.MustCompile("(?s)" + pattern).FindSubmatch(text)
		require.NotNil(t, m, pattern)
		return words.FindAllString(string(m[1]), -1)
	}
	inC := group(c, `enum kind \{(.*?)\}`)
	inPython := group(python, `\n\((OTHER.*?)\) = range`)
	require.Len(t, inC, int(numObjKinds))
	require.Len(t, inPython, int(numObjKinds))
	for n := range inC {
		require.Equal(t, inC[n], strings.TrimSuffix(inPython[n], "_"))
	}
	// Names here that are not spelt as the kinds there.
	spelt := map[string]string{"OBJECT": "OTHER", "METHOD_DESCRIPTOR": "METHOD_DESCR", "MEMBER_DESCRIPTOR": "MEMBER_DESCR"}
	for n, name := range objKinds {
		name = strings.ToUpper(name)
		if other, ok := spelt[name]; ok {
			name = other
		}
		require.Equal(t, name, inC[n])
	}
	require.Equal(t, []string{"NOWHERE", "IN_GLOBALS", "IN_BUILTINS", "IN_MODULE", "IN_TYPE", "IN_INSTANCE"}, group(c, `enum \{ (NOWHERE.*?) \}`))
	require.EqualValues(t, 5, InInstance)
	sizes := regexp.MustCompile(`sizeof\(struct \w+\) == (\d+)`).FindAllSubmatch(c, -1)
	want := []int{recordSizes[secSlots], recordSizes[secObjects], recordSizes[secTypes], recordSizes[secCodes], recordSizes[secFunctions],
		recordSizes[secNames], recordSizes[secSites], SnapshotHeader}
	require.Len(t, sizes, len(want))
	for n, m := range sizes {
		require.Equal(t, strconv.Itoa(want[n]), string(m[1]))
	}
}
