// Pass rebox lets a new float take the place of one whose reference is given back right after: `l[i] += x` then writes into the object that
// is there, if nobody else has it, instead of allocating one and freeing the other.
//
// Overwriting an object that would be freed changes nothing that anybody can see, as long as nobody looks at it in between: so between the
// box and the reference that is given back may stand stores of the box, and operations on raw values, but nothing that reads an object, takes a
// reference or can leave. Behind it the object would be gone, so nothing reads it there either.

package opt

import "github.com/gophersnake/gophersnake/ir"

// maxReboxDistance is how far behind the box the reference may be given back.
const maxReboxDistance = 8

func rebox(p *pass) int {
	n := 0
	for _, b := range p.f.Blocks {
		for i := 0; i < len(b.Values); i++ {
			v := b.Values[i]
			if v.Op != ir.OpBoxFloat || v.Type.Class == 0 {
				continue
			}
			if j := givenBackBehind(b.Values, i); j > 0 {
				v.Op = ir.OpReboxFloat
				v.Args = []*ir.Value{v.Args[0], b.Values[j].Args[0]}
				b.Values = append(b.Values[:j], b.Values[j+1:]...)
				n++
			}
		}
	}
	return n
}

// givenBackBehind finds where the reference to a float that is older than the box values[i] is given back, or 0.
func givenBackBehind(values []*ir.Value, i int) int {
	box := values[i]
	for j := i + 1; j < len(values) && j <= i+maxReboxDistance; j++ {
		switch v := values[j]; {
		case v.Op == ir.OpDecrefQuiet && v.Args[0].Type.Class == box.Type.Class:
			old := v.Args[0]
			for k := i; k < j; k++ {
				if values[k] == old {
					return 0
				}
			}
			return j
		case v.Op == ir.OpStoreObj && v.Args[1] == box, v.Op == ir.OpStoreIdxObj && v.Args[2] == box, v.Op.Is(ir.Constant), raw(v):
		default:
			return 0
		}
	}
	return 0
}

// raw reports whether v is an operation on numbers and truth values.
func raw(v *ir.Value) bool {
	for _, a := range v.Args {
		if k := a.Type.Kind; k != ir.I64 && k != ir.F64 && k != ir.Bool {
			return false
		}
	}
	return v.Op.Is(ir.Pure) && !v.Type.Kind.Object()
}
