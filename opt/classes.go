// Pass classes finds the class of block parameters that hold objects: the one that all that comes in on any way has. A parameter that may be
// NULL is one that is dead in the bytecode, and the builder keeps no class for it: a loop lets go of last round's object there in each round. If that is a
// number, its end runs nothing, and nothing need be looked at again behind it.
//
// All parameters are first assumed to be of the class that comes in first, and the assumption is withdrawn where two classes meet (as pass params does it),
// so that a parameter that goes round a loop has the class of what enters the loop. NULL is of any class.

package opt

import (
	"github.com/gophersnake/gophersnake/arena"
	"github.com/gophersnake/gophersnake/ir"
)

// finding is what comes to a parameter.
type finding struct {
	class ir.Class
	state uint8
}

const (
	nothing = iota
	oneClass
	severalClasses
)

func classes(p *pass) int {
	f := p.f
	order := f.ReversePostorder()
	f.ComputePreds()
	p.mem.found = arena.Fresh(p.mem.found, f.NumValues())
	found := p.mem.found
	wanted := func(q *ir.Value) bool { return q.Type.Kind.Object() && q.Type.Class == 0 }
	for _, q := range order[0].Params {
		found[q.ID].state = severalClasses
	}
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			for _, e := range b.Succs {
				for i, q := range e.To.Params {
					to := &found[q.ID]
					if to.state == severalClasses || !wanted(q) {
						continue
					}
					from, v := finding{e.Args[i].Type.Class, oneClass}, e.Args[i]
					switch {
					case v.Op == ir.OpConstNull:
						continue
					case v.Op == ir.OpParam && wanted(v):
						from = found[v.ID]
					case !p.fixed(from.class):
						from.state = severalClasses
					}
					switch {
					case from.state == nothing || *to == from:
						continue
					case to.state == oneClass:
						from.state = severalClasses
					}
					*to, changed = from, true
				}
			}
		}
	}
	n := 0
	for _, b := range order[1:] {
		for _, q := range b.Params {
			if wanted(q) && found[q.ID].state == oneClass {
				q.Type.Class = found[q.ID].class
				n++
			}
		}
	}
	return n
}
