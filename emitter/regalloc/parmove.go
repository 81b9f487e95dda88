// Parallel moves: the moves of one gap read all their sources before any of them writes.

package regalloc

import "github.com/gophersnake/gophersnake/arena"

// move is one of them.
type move struct {
	from, to Loc
	v        VReg
}

// mover puts parallel moves into an order.
type mover struct {
	vregs   []VRegInfo
	scratch [numClasses]PReg
	readers []int32 // by place: moves to come that read it; 0 between two sequences
	done    []bool
	emit    func(from, to Loc, v VReg, class Class)
}

// sequence emits the moves one after the other. Destinations are distinct, save for moves that are the same.
func (m *mover) sequence(moves []move, emit func(from, to Loc, v VReg, class Class)) {
	m.emit = emit
	pending := moves[:0]
	remat := 0
	for _, mv := range moves {
		same := false
		for _, o := range pending {
			same = same || o.to == mv.to
		}
		if same || mv.from == mv.to {
			continue
		}
		pending = append(pending, mv)
		if mv.from.IsRemat() {
			remat++
		}
	}
	if len(pending) == 1 {
		m.one(pending[0], 0)
		return
	}
	for _, mv := range pending {
		if !mv.from.IsRemat() {
			*m.reading(mv.from)++
		}
	}
	var saved Loc // the scratch register that holds a value of a broken cycle
	left := len(pending)
	m.done = arena.Fresh(m.done, len(pending))
	done := m.done
	for left > remat {
		progress := false
		for i, mv := range pending {
			if done[i] || mv.from.IsRemat() || *m.reading(mv.to) > 0 {
				continue
			}
			busy := saved
			if saved == 0 || *m.reading(saved) == 0 {
				busy = 0
			}
			m.one(mv, busy)
			*m.reading(mv.from)--
			done[i] = true
			left--
			progress = true
		}
		if progress {
			continue
		}
		// All that is left are cycles: put one destination's value aside.
		for i, mv := range pending {
			if done[i] || mv.from.IsRemat() {
				continue
			}
			for k := range pending {
				if r := &pending[k]; !done[k] && r.from == mv.to {
					class := m.vregs[r.v].Class
					if s := RegLoc(m.scratch[class]); s != saved || *m.reading(s) == 0 {
						m.emit(mv.to, s, r.v, class)
						saved = s
						*m.reading(mv.to) = 0
					}
					r.from = saved
					*m.reading(saved)++
				}
			}
			break
		}
	}
	for i, mv := range pending {
		if !done[i] {
			m.one(mv, 0)
		}
	}
}

// reading is how many moves to come read a register or slot.
func (m *mover) reading(l Loc) *int32 {
	n := place(l)
	for n >= len(m.readers) {
		m.readers = append(m.readers, 0)
	}
	return &m.readers[n]
}

// one emits a move, through a scratch register if neither end is one, but not through busy, in which a cycle has a value.
func (m *mover) one(mv move, busy Loc) {
	class := m.vregs[mv.v].Class
	if mv.to.IsReg() || mv.from.IsReg() || mv.from.IsRemat() {
		m.emit(mv.from, mv.to, mv.v, class)
		return
	}
	if RegLoc(m.scratch[class]) == busy {
		class ^= 1
	}
	s := RegLoc(m.scratch[class])
	m.emit(mv.from, s, mv.v, class)
	m.emit(s, mv.to, mv.v, class)
}
