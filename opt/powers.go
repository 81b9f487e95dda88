// Pass powers computes powers of floats with small constant exponents without calling the C library, bit for bit as it does.
//
// The library's pow (glibc from 2.28 on) errs by less than 0.515 units in the last place if its result is between 2**-100 and 2**100: 0.511,
// and 1.5*2**-68 of the logarithm of the result (its sources state both; without fused operations, with them less). So where the exact
// power lies within 0.485 units of a double s, every other double is too far off to be its answer, and the answer is s.
//
// The power is computed as s + d, the double next to it and the rest, with an error that is far below the slack between those numbers: each
// step's rounding error is found exactly by a fused operation, up to terms of 2**-100. Adding d*33/32 to s gives s again only if
// d is at most 0.5*32/33 = 0.4848 units, of those below s where s is a power of two. Where it does not, in 3 of 100 cases, or the result is out of
// that range (then or the operand is zero, negative, infinite, a nan, or the steps have lost bits), pow is called, in a cold block.

package opt

import (
	"math"

	"github.com/gophersnake/gophersnake/ir"
)

// maxPower is the greatest exponent for which it is done: each one more takes three operations more, and 2**-104 of error.
const maxPower = 4

var powHelper = ir.HelperIndex("gs_float_pow")

func powers(p *pass) int {
	f := p.f
	n := 0
	var cold []*ir.Block // those that call pow
	var uses []int32
	for i := 0; i < len(f.Blocks); i++ {
		b := f.Blocks[i]
		if b.Cold {
			continue // one of those that this pass has made, or not worth it
		}
		for at, v := range b.Values {
			if v.Op != ir.OpCallHelper || v.Aux != powHelper {
				continue
			}
			y := v.Args[1]
			twice := 2 * floatOf(y)
			if y.Op != ir.OpConstFloat || twice != math.Trunc(twice) || math.Abs(twice) > 2*maxPower || twice == 0 || twice == 2 {
				continue
			}
			if n == 0 && (p.opts.NearPow == nil || !p.opts.NearPow()) {
				return 0
			}
			if uses == nil {
				uses = f.UseCounts()
			}
			if call := findPowCall(b, at, uses); call != nil {
				if n == 0 {
					p.mem.replacements(f)
				}
				cold = append(cold, call.expand(p, int(twice)))
				n++
				break // the rest of the block is in a new one
			}
		}
	}
	if n == 0 {
		return 0
	}
	f.Replace(p.mem.values)
	for _, b := range cold {
		e := &b.Succs[0]
		e.Args[0] = b.Values[len(b.Values)-1] // the replacement concerned all uses
	}
	splitCritical(f)
	f.RemoveUnreachable()
	return n
}

// powCall is how the builder calls pow: the call tells whether there is a result, and the result is in memory.
type powCall struct {
	b                     *ir.Block
	at, end               int // places of call and load
	call, ok, guard, load *ir.Value
}

func findPowCall(b *ir.Block, at int, uses []int32) *powCall {
	c := &powCall{b: b, at: at, call: b.Values[at]}
	for i, v := range b.Values[at+1:] {
		switch {
		case v.Op.Is(ir.Constant):
		case v.Op == ir.OpINe && v.Args[0] == c.call && isInt(v.Args[1], 0) && c.ok == nil:
			c.ok = v
		case v.Op == ir.OpGuard && v.Args[0] == c.ok && c.guard == nil:
			c.guard = v
		case v.Op == ir.OpLoadF64 && v.Args[0] == c.call.Args[2] && c.guard != nil:
			c.load, c.end = v, at+1+i
			if uses[c.call.ID] != 1 || uses[c.ok.ID] != 1 {
				return nil
			}
			return c
		default:
			return nil
		}
	}
	return nil
}

// expand splits the block at the call, and gives the block that calls.
func (c *powCall) expand(p *pass, twice int) *ir.Block {
	f, b := p.f, c.b
	done, slow := f.NewBlock(), f.NewBlock()
	done.Off, slow.Off, done.Cold, slow.Cold = b.Off, b.Off, b.Cold, true
	result := f.AddParam(done, c.load.Type)
	done.Values = append(done.Values, b.Values[c.end+1:]...)
	done.Ctrl, done.Succs = b.Ctrl, b.Succs
	for _, v := range done.Values {
		v.Block = done
	}
	done.Ctrl.Block = done
	between := b.Values[c.at+1 : c.end]
	kept := b.Values[:c.at:c.at]
	for _, v := range between {
		if v.Op.Is(ir.Constant) {
			kept = append(kept, v)
		}
	}
	b.Values, b.Succs = kept, nil
	slow.Values = append(slow.Values, c.call, c.ok, c.guard, c.load)
	for _, v := range slow.Values {
		v.Block = slow
	}
	slow.Ctrl = f.NewValue(slow, ir.OpJump, ir.Type{})
	slow.Ctrl.Line = c.call.Line
	slow.Succs = []ir.Edge{{To: done, Args: []*ir.Value{c.load}}}

	w := &powerWriter{f: f, b: b, line: c.call.Line, slow: slow}
	s := w.power(c.call.Args[0], twice)
	w.b.Ctrl = f.NewValue(w.b, ir.OpJump, ir.Type{})
	w.b.Ctrl.Line = w.line
	w.b.Succs = []ir.Edge{{To: done, Args: []*ir.Value{s}}}
	for len(p.mem.values) < f.NumValues() {
		p.mem.values = append(p.mem.values, nil)
	}
	p.mem.values[c.load.ID] = result
	return slow
}

// powerWriter appends to a block.
type powerWriter struct {
	f    *ir.Func
	b    *ir.Block
	line int32
	slow *ir.Block
}

func (w *powerWriter) add(op ir.Op, args ...*ir.Value) *ir.Value {
	v := w.f.Add(w.b, op, ir.Type{Kind: ir.Ops[op].Result}, args...)
	v.Line = w.line
	return v
}

func (w *powerWriter) float(x float64) *ir.Value {
	v := w.add(ir.OpConstFloat)
	v.Aux = int64(math.Float64bits(x))
	return v
}

func (w *powerWriter) int(n int64) *ir.Value {
	v := w.add(ir.OpConstInt)
	v.Aux = n
	return v
}

func (w *powerWriter) mul(x, y *ir.Value) *ir.Value { return w.add(ir.OpFMul, x, y) }
func (w *powerWriter) neg(x *ir.Value) *ir.Value    { return w.add(ir.OpFNeg, x) }

// fma is x*y + z, rounded once.
func (w *powerWriter) fma(x, y, z *ir.Value) *ir.Value { return w.add(ir.OpFMulAdd, x, y, z) }

// require goes on in a new block if the condition holds, and calls pow if not.
func (w *powerWriter) require(cond *ir.Value) {
	next := w.f.NewBlock()
	next.Off, next.Cold = w.b.Off, w.b.Cold
	w.b.Ctrl = w.f.NewValue(w.b, ir.OpBranch, ir.Type{}, cond)
	w.b.Ctrl.Aux, w.b.Ctrl.Line = 1, w.line
	w.b.Succs = []ir.Edge{{To: next}, {To: w.slow}}
	w.b = next
}

// power is x to half of twice.
func (w *powerWriter) power(x *ir.Value, twice int) *ir.Value {
	if twice == 1 {
		return w.root(x)
	}
	// The power is high + low; low is nil while it is 0.
	var high, low *ir.Value
	n := max(twice, -twice)
	exact := true // low is less than half a unit of high
	if n&1 == 0 {
		high = x
		n = n/2 - 1
	} else {
		// x**0.5 is root + rest/(2*root). Times x that is x*root + rest*root/2, for x/root is root but for a last place of a rest.
		root := w.add(ir.OpFSqrt, x)
		rest := w.fma(w.neg(root), root, x)
		half := w.mul(rest, w.float(0.5))
		if n == 1 {
			// The inverse: 1/root * (1 - rest/2 * (1/root)**2).
			q := w.add(ir.OpFDiv, w.float(1), root)
			missing := w.fma(w.neg(q), root, w.float(1))
			missing = w.fma(w.neg(half), w.mul(q, q), missing)
			return w.result(q, w.mul(q, missing), false, false)
		}
		high = w.mul(x, root)
		low = w.fma(half, root, w.fma(x, root, w.neg(high)))
		exact = false
		n = n/2 - 1
	}
	for ; n > 0; n-- {
		product := w.mul(high, x)
		rest := w.fma(high, x, w.neg(product))
		if low != nil {
			rest = w.fma(low, x, rest)
			exact = false
		}
		high, low = product, rest
	}
	if twice < 0 {
		q := w.add(ir.OpFDiv, w.float(1), high)
		missing := w.fma(w.neg(q), high, w.float(1))
		if low != nil {
			missing = w.fma(w.neg(low), q, missing)
		}
		exact = low == nil
		high, low = q, w.mul(q, missing)
	}
	return w.result(high, low, exact, twice&3 == 2)
}

// result is the double next to high + low, if pow can give nothing else. odd: it may be negative.
func (w *powerWriter) result(high, low *ir.Value, exact, odd bool) *ir.Value {
	s, d := high, low
	if !exact {
		s = w.add(ir.OpFAdd, high, low)
		d = w.add(ir.OpFAdd, w.add(ir.OpFSub, high, s), low)
	}
	bits, _ := w.inRange(s, odd)
	again := w.fma(d, w.float(33./32), s)
	w.require(w.add(ir.OpIEq, w.add(ir.OpFloatBits, again), bits))
	return s
}

// inRange makes sure that a result is between 2**-100 and 2**100 (its exponent of 11 bits stands above 52 others), and gives its bits
// and its exponent. A negative one is not, unless odd.
func (w *powerWriter) inRange(s *ir.Value, odd bool) (bits, exponent *ir.Value) {
	const bias, most = 1023, 100
	bits = w.add(ir.OpFloatBits, s)
	exponent = w.add(ir.OpSar, bits, w.int(52))
	if odd {
		exponent = w.add(ir.OpAnd, exponent, w.int(0x7ff))
	}
	w.require(w.add(ir.OpULt, w.add(ir.OpAdd, exponent, w.int(most-bias)), w.int(2*most)))
	return bits, exponent
}

// root is the square root. What is missing to the exact one is rest/(2*root): instead of dividing, rest is compared with 2*0.485*root units.
// A root that is a power of two is exact or less than the exact one, so that the units above it are those that count.
func (w *powerWriter) root(x *ir.Value) *ir.Value {
	root := w.add(ir.OpFSqrt, x)
	_, exponent := w.inRange(root, false)
	rest := w.fma(w.neg(root), root, x)
	power := w.add(ir.OpBitsFloat, w.add(ir.OpShl, exponent, w.int(52)))
	most := w.mul(w.mul(root, power), w.float(0.97*0x1p-52))
	w.require(w.add(ir.OpFLt, w.add(ir.OpFAbs, rest), most))
	return root
}
