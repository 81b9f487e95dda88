// Pass refs drops pairs of taking and giving back a reference to the same object, next to each other but for operations that touch no
// reference and cannot leave. Taken first, given back later, such a pair changes nothing: the object was alive before it, and
// nothing in between can let go of it. References that are taken to a new box come with the box.

package opt

import "github.com/gophersnake/gophersnake/ir"

// maxPairDistance is how far apart a pair may be.
const maxPairDistance = 16

func refs(p *pass) int {
	n := 0
	for _, b := range p.f.Blocks {
		dropped := 0
		for i, v := range b.Values {
			if v == nil || v.Op != ir.OpIncref && v.Op != ir.OpXIncref {
				continue
			}
			if j := givenBack(b.Values, i); j > 0 {
				b.Values[i], b.Values[j] = nil, nil
				dropped += 2
			}
		}
		dropped += boxes(b.Values)
		if dropped == 0 {
			continue
		}
		kept := b.Values[:0]
		for _, v := range b.Values {
			if v != nil {
				kept = append(kept, v)
			}
		}
		clear(b.Values[len(kept):])
		b.Values = kept
		n += dropped
	}
	return n
}

// boxes has new boxes come with the references that are taken right behind them, and gives how many: they are counted at once.
func boxes(values []*ir.Value) int {
	n := 0
	for i, box := range values {
		if box == nil || box.Op != ir.OpBoxInt {
			continue
		}
		for j := i + 1; j < len(values); j++ {
			v := values[j]
			if v != nil && v.Op == ir.OpIncref && v.Args[0] == box && box.Aux < 100 {
				box.Aux++
				values[j] = nil
				n++
			} else if v != nil && !v.Op.Is(ir.Constant) {
				break
			}
		}
	}
	return n
}

// givenBack finds where the reference that values[i] takes is given back, or 0.
func givenBack(values []*ir.Value, i int) int {
	x := origin(values[i].Args[0])
	for j := i + 1; j < len(values) && j <= i+maxPairDistance; j++ {
		v := values[j]
		switch {
		case v == nil, v.Op == ir.OpIncref, v.Op == ir.OpXIncref:
		case v.Op == ir.OpDecref, v.Op == ir.OpXDecref, v.Op == ir.OpDecrefQuiet, v.Op == ir.OpXDecrefQuiet:
			if origin(v.Args[0]) == x {
				return j
			}
			return 0 // it may be the object's only holder
		case v.Op.Is(ir.Guard) || v.Stays() || regionsRead(v)&regionsOf(ir.HeapRef) != 0 && v.Op.Is(ir.Memory):
			return 0
		}
	}
	return 0
}
