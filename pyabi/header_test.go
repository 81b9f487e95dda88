package pyabi

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFixture(t *testing.T) {
	a, err := Fixture("3.11")
	require.NoError(t, err)
	require.EqualValues(t, 11, a.Minor)
	require.EqualValues(t, 16, a.FloatVal)
	require.Equal(t, "type.int", a.Name(a.TypeInt))
	help, ok := a.Help("PyNumber_Add")
	require.True(t, ok)
	require.NotZero(t, help)
	zero, ok := a.SmallInt(0)
	require.True(t, ok)
	require.Equal(t, a.SmallInts+5*a.SmallIntStep, zero)
	_, ok = a.SmallInt(257)
	require.False(t, ok)

	again, err := ReadHeader(AppendHeader(nil, a.rows))
	require.NoError(t, err)
	require.Equal(t, a.rows, again.rows)
	require.Equal(t, a.TypeInt, again.TypeInt)
}

func TestMissingNames(t *testing.T) {
	_, err := New(map[string]uint64{"version.major": 3})
	require.ErrorContains(t, err, "version.minor, version.micro")
}

func FuzzReadHeader(f *testing.F) {
	a, err := Fixture("3.11")
	require.NoError(f, err)
	f.Add(AppendHeader(nil, a.rows))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ReadHeader(b)
	})
}
