package arena

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArena(t *testing.T) {
	var a Arena[int]
	for range 3 {
		var given [][]int
		for n := range 100 {
			s := a.Make(n * 7)
			require.Len(t, s, n*7)
			for i := range s {
				s[i] = n
			}
			given = append(given, s)
			p := a.New()
			require.Zero(t, *p)
			*p = -1
			require.Equal(t, []int{n, 2}, append(a.Keep([]int{n}), 2))
		}
		for n, s := range given { // nothing was given twice
			for _, x := range s {
				require.Equal(t, n, x)
			}
		}
		a.Reset()
	}
	chunks := len(a.chunks)
	for range 50 {
		a.Reset()
		a.Make(10000)
		require.GreaterOrEqual(t, a.Size(), 10000)
		a.Make(10)
	}
	require.LessOrEqual(t, len(a.chunks), chunks+2)
}

func TestFresh(t *testing.T) {
	s := Fresh[int](nil, 10)
	require.Equal(t, make([]int, 10), s)
	s[3] = 1
	same := Fresh(s, 5)
	require.Equal(t, make([]int, 5), same)
	require.Same(t, &s[0], &same[0])
	require.Equal(t, make([]int, 100), Fresh(s, 100))
}

func TestEmpty(t *testing.T) {
	s := Empty[int](nil)
	require.Empty(t, s)
	require.NotZero(t, cap(s))
	s = append(s, 1)
	same := Empty(s)
	require.Empty(t, same)
	require.Same(t, &s[0], &same[:1][0])
}

// What is asked for is of few sizes, with room for what Go puts before pointers.
func TestRoom(t *testing.T) {
	for n, want := range map[int]int{0: 504, 1: 504, 504: 504, 505: 1016, 1016: 1016, 5000: 8184} {
		require.Equal(t, want, room[byte](n, leastBytes), n)
	}
	require.Equal(t, 63, room[*int](9, leastBytes))
	require.Equal(t, 3, room[[150]byte](1, leastBytes))
	require.Equal(t, 504, room[struct{}](3, leastBytes))
}
