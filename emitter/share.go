// Sharing in a unit's tables: most exits find most of the state where the exit before found it, so locations are written once, and so are
// the slots of exits that agree in all of them. It makes the data area several times smaller.

package emitter

import (
	"slices"

	"github.com/gophersnake/gophersnake/arena"
)

// sharing finds runs of a table's rows by their contents.
type sharing struct {
	cells []sharedRun // a hash table; its length is a power of 2
	used  int
}

// sharedRun is a run of n rows from first on; n is 0 in a free cell.
type sharedRun struct {
	hash     uint32
	first, n int32
}

func (s *sharing) reset() {
	s.cells = arena.Fresh(s.cells, max(len(s.cells), 256))
	s.used = 0
}

// grow doubles the table once it is half full.
func (s *sharing) grow() {
	if 2*s.used < len(s.cells) {
		return
	}
	old := s.cells
	s.cells = make([]sharedRun, 2*len(old))
	mask := uint32(len(s.cells) - 1)
	for _, c := range old {
		if c.n == 0 {
			continue
		}
		i := c.hash & mask
		for s.cells[i].n > 0 {
			i = (i + 1) & mask
		}
		s.cells[i] = c
	}
}

func mix(hash, x uint32) uint32 { return (hash ^ x) * 0x9e3779b1 >> 1 }

// shareRows answers with where the rows from first on stand already, and then takes them off the table.
func shareRows[T comparable](s *sharing, table []T, first int, hash uint32) ([]T, int) {
	s.grow()
	rows := table[first:]
	n := int32(len(rows))
	if n == 0 {
		return table, first
	}
	mask := uint32(len(s.cells) - 1)
	i := hash & mask
	for ; s.cells[i].n > 0; i = (i + 1) & mask {
		if c := &s.cells[i]; c.hash == hash && c.n == n && slices.Equal(table[c.first:c.first+n], rows) {
			return table[:first], int(c.first)
		}
	}
	s.cells[i] = sharedRun{hash, int32(first), n}
	s.used++
	return table, first
}

// shareLocs is shareRows for the unit's locations.
func (m *Memory) shareLocs(u *Unit, first int) int {
	hash := uint32(1)
	for _, l := range u.Locs[first:] {
		hash = mix(mix(mix(hash, uint32(l.Kind)<<28^uint32(l.Where)), uint32(l.Imm)), uint32(l.Imm>>32))
	}
	u.Locs, first = shareRows(&m.sharedLocs, u.Locs, first, hash)
	return first
}

// shareSlots is shareRows for the unit's slots, whose locations are shared already.
func (m *Memory) shareSlots(u *Unit, first int) int {
	hash := uint32(2)
	for i := first; i < len(u.Slots); i++ {
		s := &u.Slots[i]
		owned := uint32(0)
		if s.Owned {
			owned = 1 << 20
		}
		if s.Tagged {
			owned |= 1 << 21
		}
		hash = mix(hash, uint32(s.Kind)<<24^owned^s.FirstLoc)
	}
	u.Slots, first = shareRows(&m.sharedSlots, u.Slots, first, hash)
	return first
}
