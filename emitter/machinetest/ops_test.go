//go:build linux && (amd64 || arm64)

// Every operation on raw values against Go's arithmetic: with operands in registers and as constants, dying and living on, and with
// random choices of the allocator.

package machinetest

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

var someInts = []int64{0, 1, -1, 2, -2, 3, -3, 5, 7, -7, 8, 10, -10, 16, 63, 64, 100, -128, 255, 1000, 1<<31 - 1, 1 << 31, -1 << 31, 1<<32 - 1, 1 << 32,
	-1 << 32, 1<<53 + 1, 1<<62 - 1, 1 << 62, -1 << 62, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 0x123456789abcdef, -0x123456789abcdef}

var someFloats = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e300, -1e300, 5e-324, math.Inf(1), math.Inf(-1), math.NaN(),
	1 << 62, 1 << 63, -1 << 63, 9223372036854774784, -9223372036854777856, 3.7, -3.7, 1e-9, 123456789.125}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y != 0 && (x < 0) != (y < 0) {
		q--
	}
	return q
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func fits(n *big.Int) (int64, bool) {
	if n.IsInt64() {
		return n.Int64(), true
	}
	return 0, false
}

// intOps gives each operation's result, and false if it leaves or must not be asked.
var intOps = []struct {
	op   ir.Op
	want func(x, y int64) (int64, bool)
	// leaves: not ok is an exit, not an operand that is not allowed.
	leaves bool
}{
	{ir.OpAdd, func(x, y int64) (int64, bool) { return x + y, true }, false},
	{ir.OpSub, func(x, y int64) (int64, bool) { return x - y, true }, false},
	{ir.OpMul, func(x, y int64) (int64, bool) { return x * y, true }, false},
	{ir.OpAnd, func(x, y int64) (int64, bool) { return x & y, true }, false},
	{ir.OpOr, func(x, y int64) (int64, bool) { return x | y, true }, false},
	{ir.OpXor, func(x, y int64) (int64, bool) { return x ^ y, true }, false},
	{ir.OpShl, func(x, y int64) (int64, bool) { return x << (y & 63), y >= 0 && y < 64 }, false},
	{ir.OpSar, func(x, y int64) (int64, bool) { return x >> (y & 63), y >= 0 && y < 64 }, false},
	{ir.OpMulHigh, func(x, y int64) (int64, bool) {
		h, _ := bits.Mul64(uint64(x), uint64(y))
		if x < 0 {
			h -= uint64(y)
		}
		if y < 0 {
			h -= uint64(x)
		}
		return int64(h), true
	}, false},
	{ir.OpDivFloor, func(x, y int64) (int64, bool) {
		if y == 0 || y == -1 {
			return 0, false
		}
		return floorDiv(x, y), true
	}, false},
	{ir.OpModFloor, func(x, y int64) (int64, bool) {
		if y == 0 || y == -1 {
			return 0, false
		}
		return x - y*floorDiv(x, y), true
	}, false},
	{ir.OpIEq, func(x, y int64) (int64, bool) { return truth(x == y), true }, false},
	{ir.OpINe, func(x, y int64) (int64, bool) { return truth(x != y), true }, false},
	{ir.OpILt, func(x, y int64) (int64, bool) { return truth(x < y), true }, false},
	{ir.OpILe, func(x, y int64) (int64, bool) { return truth(x <= y), true }, false},
	{ir.OpIGt, func(x, y int64) (int64, bool) { return truth(x > y), true }, false},
	{ir.OpIGe, func(x, y int64) (int64, bool) { return truth(x >= y), true }, false},
	{ir.OpULt, func(x, y int64) (int64, bool) { return truth(uint64(x) < uint64(y)), true }, false},
	{ir.OpULe, func(x, y int64) (int64, bool) { return truth(uint64(x) <= uint64(y)), true }, false},
	{ir.OpAddOvf, func(x, y int64) (int64, bool) { return fits(new(big.Int).Add(big.NewInt(x), big.NewInt(y))) }, true},
	{ir.OpSubOvf, func(x, y int64) (int64, bool) { return fits(new(big.Int).Sub(big.NewInt(x), big.NewInt(y))) }, true},
	{ir.OpMulOvf, func(x, y int64) (int64, bool) { return fits(new(big.Int).Mul(big.NewInt(x), big.NewInt(y))) }, true},
	{ir.OpShlOvf, func(x, y int64) (int64, bool) {
		if y < 0 || y > 63 {
			return 0, false
		}
		return fits(new(big.Int).Lsh(big.NewInt(x), uint(y)))
	}, true},
}

// forms are the ways in which an operation's operands are given and used.
var forms = []string{"dying", "living", "constant right", "constant left", "same"}

// others are the values to try for the second parameter: one will do where it is not used.
func others[T any](form string, all []T) []T {
	if form == "constant right" || form == "same" {
		return all[:1]
	}
	return all
}

func TestIntOperations(t *testing.T) {
	for _, op := range intOps {
		for _, form := range forms {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("%v/%s/%d", op.op, form, seed), func(t *testing.T) {
					r := newRig(t)
					r.seed = seed
					constants := []int64{0}
					if form == "constant right" || form == "constant left" {
						constants = someInts
					}
					for _, c := range constants {
						if _, ok := op.want(1, c); !ok && form == "constant right" && !op.leaves {
							continue
						}
						if op.op == ir.OpShlOvf && form == "constant right" && (c < 0 || c > 63) {
							continue
						}
						mark := r.mem.Mark()
						checkIntOperation(t, r, op.op, op.want, op.leaves, form, c)
						r.mem.Release(mark)
					}
				})
			}
		}
	}
}

func checkIntOperation(t *testing.T, r *rig, op ir.Op, want func(x, y int64) (int64, bool), leaves bool, form string, c int64) {
	f := newFn(ir.I64, ir.I64)
	x, y := f.params[0], f.params[1]
	switch form {
	case "constant right":
		y = f.int(c)
	case "constant left":
		x = f.int(c)
	case "same":
		y = x
	}
	v := f.op(op, x, y)
	if leaves {
		v.FS = f.state(x, y, x)
		v.Exit = ir.ExitInfo{Reason: ir.WhyOverflow, Site: 3, SiteSlot: -1}
	}
	if v.Type.Kind == ir.Bool {
		v = f.op(ir.OpBoolToInt, v)
	}
	if form == "living" { // result ^ x ^ y*3
		v = f.op(ir.OpXor, v, f.op(ir.OpXor, x, f.op(ir.OpMul, y, f.int(3))))
	}
	f.ret(v)
	u := r.emit(f.done(t))
	for _, p := range someInts {
		for _, q := range others(form, someInts) {
			x, y := p, q
			switch form {
			case "constant right":
				y = c
			case "constant left":
				if p != 0 {
					continue
				}
				x = c
			case "same":
				y = x
			}
			result, ok := want(x, y)
			if !ok && !leaves || leaves && op == ir.OpShlOvf && (y < 0 || y > 63) {
				continue
			}
			word, tag := u.call(0, p, q)
			what := fmt.Sprintf("%d %v %d", x, op, y)
			if !ok {
				require.Equal(t, uint64(77), tag, what)
				x2, slots := u.exited()
				require.Equal(t, uint32(3), x2.Site)
				require.Equal(t, uint32(7), x2.Off)
				require.Equal(t, [][]uint64{{uint64(x)}, {uint64(y)}, {uint64(x)}}, slots, what)
				require.Equal(t, uint64(0xca11ab1e), u.loc(x2.Callable))
				continue
			}
			if form == "living" {
				result ^= x ^ y*3
			}
			require.Equal(t, uint64(pyabi.Int), tag, what)
			require.Equal(t, result, int64(word), what)
		}
	}
}

func TestDivisionByConstants(t *testing.T) {
	r := newRig(t)
	divisors := []int64{1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 25, 60, 64, 100, 125, 625, 641, 1000, 1000003, 1<<31 - 1, 1<<32 + 1, 1000000007, 1<<62 + 1, math.MaxInt64, -2, -3, -10}
	for _, d := range divisors {
		f := newFn(ir.I64)
		y := f.int(d)
		// One instruction makes both, whichever comes first.
		q := f.op(ir.OpDivFloor, f.params[0], y)
		m := f.op(ir.OpModFloor, f.params[0], y)
		f.ret(f.op(ir.OpSub, f.op(ir.OpMul, q, f.int(31)), m))
		mark := r.mem.Mark()
		u := r.emit(f.done(t))
		for _, x := range append(someInts, d, d-1, d+1, -d, 2*d, 2*d-1, -2*d+1, -2*d-1) {
			q := floorDiv(x, d)
			word, _ := u.call(0, x)
			require.Equal(t, q*31-(x-q*d), int64(word), "%d by %d", x, d)
		}
		r.mem.Release(mark)
	}
}

func TestDivModJoined(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.I64, ir.I64)
	m := f.op(ir.OpModFloor, f.params[0], f.params[1])
	q := f.op(ir.OpDivFloor, f.params[0], f.params[1])
	f.ret(f.op(ir.OpSub, f.op(ir.OpMul, q, f.int(31)), m))
	u := r.emit(f.done(t))
	divisions := 0
	for _, line := range u.listing(0, u.Funcs[0].CodeSize-8) {
		if strings.HasPrefix(line, divideMnemonic) {
			divisions++
		}
	}
	require.Equal(t, 1, divisions)
	for _, x := range someInts {
		for _, y := range someInts {
			if y == 0 || y == -1 {
				continue
			}
			q := floorDiv(x, y)
			word, _ := u.call(0, x, y)
			require.Equal(t, q*31-(x-q*y), int64(word), "%d by %d", x, y)
		}
	}
}

func TestUnaryIntOperations(t *testing.T) {
	for _, c := range []struct {
		op   ir.Op
		want func(x int64) (int64, bool)
	}{
		{ir.OpNeg, func(x int64) (int64, bool) { return -x, true }},
		{ir.OpNot, func(x int64) (int64, bool) { return ^x, true }},
		{ir.OpNegOvf, func(x int64) (int64, bool) { return -x, x != math.MinInt64 }},
	} {
		for _, living := range []bool{false, true} {
			r := newRig(t)
			f := newFn(ir.I64)
			x := f.params[0]
			v := f.op(c.op, x)
			if c.op == ir.OpNegOvf {
				v.FS = f.state(x)
			}
			if living {
				v = f.op(ir.OpXor, v, f.op(ir.OpMul, x, f.int(3)))
			}
			f.ret(v)
			u := r.emit(f.done(t))
			for _, x := range someInts {
				want, ok := c.want(x)
				if living {
					want ^= 3 * x
				}
				word, tag := u.call(0, x)
				if !ok {
					require.Equal(t, uint64(77), tag)
					_, slots := u.exited()
					require.Equal(t, [][]uint64{{uint64(x)}}, slots)
					continue
				}
				require.Equal(t, want, int64(word), "%v %d", c.op, x)
			}
		}
	}
}

var floatOps = []struct {
	op   ir.Op
	want func(x, y float64) float64
}{
	{ir.OpFAdd, func(x, y float64) float64 { return x + y }},
	{ir.OpFSub, func(x, y float64) float64 { return x - y }},
	{ir.OpFMul, func(x, y float64) float64 { return x * y }},
	{ir.OpFDiv, func(x, y float64) float64 { return x / y }},
	{ir.OpFNeg, func(x, _ float64) float64 { return -x }},
	{ir.OpFAbs, func(x, _ float64) float64 { return math.Abs(x) }},
	{ir.OpFSqrt, func(x, _ float64) float64 { return math.Sqrt(x) }},
	{ir.OpFFloor, func(x, _ float64) float64 { return math.Floor(x) }},
	{ir.OpFCeil, func(x, _ float64) float64 { return math.Ceil(x) }},
	{ir.OpFTrunc, func(x, _ float64) float64 { return math.Trunc(x) }},
	{ir.OpFMin, math.Min},
	{ir.OpFMax, math.Max},
}

func TestFloatOperations(t *testing.T) {
	for _, c := range floatOps {
		for _, form := range forms {
			t.Run(fmt.Sprintf("%v/%s", c.op, form), func(t *testing.T) {
				constants := []float64{0}
				if form == "constant right" || form == "constant left" {
					constants = someFloats
				}
				r := newRig(t)
				for i, k := range constants {
					r.seed = uint64(i)
					mark := r.mem.Mark()
					f := newFn(ir.F64, ir.F64)
					x, y := f.params[0], f.params[1]
					switch form {
					case "constant right":
						y = f.float(k)
					case "constant left":
						x = f.float(k)
					case "same":
						y = x
					}
					args := []*ir.Value{x, y}[:ir.Ops[c.op].NArgs]
					v := f.op(c.op, args...)
					if form == "living" {
						v = f.op(ir.OpFAdd, v, f.op(ir.OpFMul, y, x))
					}
					f.ret(v)
					u := r.emit(f.done(t))
					for _, p := range someFloats {
						for _, q := range others(form, someFloats) {
							x, y := p, q
							switch form {
							case "constant right":
								y = k
							case "constant left":
								if i := math.Float64bits(p); i != 0 {
									continue
								}
								x = k
							case "same":
								y = x
							}
							if (c.op == ir.OpFMin || c.op == ir.OpFMax) && (x != x || y != y || x == 0 && y == 0) {
								continue
							}
							want := c.want(x, y)
							if form == "living" {
								want += float64(y * x)
							}
							word, tag := u.call(0, p, q)
							require.Equal(t, uint64(pyabi.Float), tag)
							sameFloat(t, want, math.Float64frombits(word), "%v %v %v", x, c.op, y)
						}
					}
					r.mem.Release(mark)
				}
			})
		}
	}
}

// TestMulAdd: each operand negated or not, in a register or a constant or in memory, dying or living on, one value in several places.
func TestMulAdd(t *testing.T) {
	if !newTarget(nil).FMulAdd() {
		t.Skip("this processor multiplies and adds in two instructions")
	}
	const register, constant, memory, like0, like1 = 0, 1, 2, 3, 4
	places := [][]int{{register, constant, memory}, {register, constant, memory, like0}, {register, constant, memory, like0, like1}}
	values := []float64{0, 1, -1, 1.5, 0.1, -3.7, 1e300, 5e-324, math.Inf(1), 1 + 0x1p-52, math.NaN()}
	r := newRig(t)
	cell := r.mem.Alloc(24)
	for _, px := range places[0] {
		for _, py := range places[1] {
			for _, pz := range places[2] {
				for variant := range 32 {
					t.Run(fmt.Sprintf("%d%d%d/%d", px, py, pz, variant), func(t *testing.T) {
						mark := r.mem.Mark()
						defer r.mem.Release(mark)
						r.seed = uint64(variant % 3)
						f := newFn(ir.F64, ir.F64, ir.F64)
						var args, bare [3]*ir.Value
						for i, place := range []int{px, py, pz} {
							switch place {
							case register:
								bare[i] = f.params[i]
							case constant:
								bare[i] = f.float(0.7 + float64(i))
							case memory:
								bare[i] = f.aux(ir.OpLoadF64, int64(8*i), f.aux(ir.OpConstPtr, int64(cell)))
								bare[i].Heap = ir.HeapOther
							default:
								bare[i] = bare[place-like0]
							}
							args[i] = bare[i]
							if variant>>i&1 != 0 {
								args[i] = f.op(ir.OpFNeg, bare[i])
							}
						}
						v := f.op(ir.OpFMulAdd, args[:]...)
						living := variant >> 3 // of the operands as they were, and as they were given
						if living&1 != 0 {
							v = f.op(ir.OpFSub, f.op(ir.OpFSub, v, bare[0]), bare[2])
						}
						if living&2 != 0 {
							v = f.op(ir.OpFSub, f.op(ir.OpFSub, v, args[1]), args[2])
						}
						f.ret(v)
						u := r.emit(f.done(t))
						for k := range len(values) * len(values) {
							given := [3]float64{values[k%len(values)], values[k/len(values)], values[(k*7+k/len(values))%len(values)]}
							x := given
							for i, place := range []int{px, py, pz} {
								switch place {
								case constant:
									x[i] = 0.7 + float64(i)
								case memory:
									*r.word(cell + uintptr(8*i)) = math.Float64bits(x[i])
								case like0, like1:
									x[i] = x[place-like0]
								}
							}
							a := x
							for i := range a {
								if variant>>i&1 != 0 {
									a[i] = -a[i]
								}
							}
							want := math.FMA(a[0], a[1], a[2])
							if living&1 != 0 {
								want = want - x[0] - x[2]
							}
							if living&2 != 0 {
								want = want - a[1] - a[2]
							}
							word, _ := u.call(0, given[0], given[1], given[2])
							sameFloat(t, want, math.Float64frombits(word), "%v * %v + %v", a[0], a[1], a[2])
						}
					})
				}
			}
		}
	}
}

func sameFloat(t *testing.T, want, got float64, format string, args ...any) {
	if want != want && got != got {
		return
	}
	require.Equal(t, math.Float64bits(want), math.Float64bits(got), fmt.Sprintf(format, args...))
}

func TestFloatComparisons(t *testing.T) {
	ops := map[ir.Op]func(x, y float64) bool{
		ir.OpFEq: func(x, y float64) bool { return x == y }, ir.OpFNe: func(x, y float64) bool { return x != y },
		ir.OpFLt: func(x, y float64) bool { return x < y }, ir.OpFLe: func(x, y float64) bool { return x <= y },
		ir.OpFGt: func(x, y float64) bool { return x > y }, ir.OpFGe: func(x, y float64) bool { return x >= y },
		ir.OpFloatFitsInt: func(x, _ float64) bool { return x >= -1<<63 && x < 1<<63 },
	}
	for op, want := range ops {
		for _, not := range []bool{false, true} {
			for _, how := range []string{"value", "branch", "guard", "select", "float select", "box", "branch later"} {
				t.Run(fmt.Sprintf("%v/%v/%s", op, not, how), func(t *testing.T) {
					r := newRig(t)
					f := newFn(ir.F64, ir.F64)
					x, y := f.params[0], f.params[1]
					c := f.op(op, []*ir.Value{x, y}[:ir.Ops[op].NArgs]...)
					if not {
						c = f.op(ir.OpBNot, c)
					}
					yes, no := f.int(1), f.int(0)
					switch how {
					case "value":
						f.ret(f.op(ir.OpBoolToInt, c))
					case "branch", "branch later":
						a, b := f.NewBlock(), f.NewBlock()
						if how == "branch later" {
							mid := f.NewBlock()
							f.jump(mid)
							f.b = mid
						}
						f.control(ir.OpBranch, -1, []*ir.Value{c}, ir.Edge{To: a}, ir.Edge{To: b})
						f.b = a
						f.ret(yes)
						f.b = b
						f.ret(no)
					case "guard":
						f.guard(ir.OpGuard, f.state(x, y), c)
						f.ret(yes)
					case "select":
						v := f.op(ir.OpSelect, c, yes, no)
						v.Type = ir.Type{Kind: ir.I64}
						f.ret(v)
					case "float select":
						v := f.op(ir.OpSelect, c, f.op(ir.OpFAdd, x, y), f.float(12.25))
						v.Type = ir.Type{Kind: ir.F64}
						f.ret(v)
					case "box":
						f.ret(f.op(ir.OpBoxBool, c))
					}
					u := r.emit(f.done(t))
					for _, x := range someFloats {
						for _, y := range someFloats {
							want := want(x, y) != not
							word, tag := u.call(0, x, y)
							what := fmt.Sprintf("%v %v %v", x, op, y)
							switch how {
							case "guard":
								require.Equal(t, want, tag != 77, what)
								if !want {
									_, slots := u.exited()
									require.Equal(t, [][]uint64{{math.Float64bits(x)}, {math.Float64bits(y)}}, slots)
								}
							case "float select":
								sum := 12.25
								if want {
									sum = x + y
								}
								sameFloat(t, sum, math.Float64frombits(word), "%s", what)
							case "box":
								object := r.abi.ObjFalse
								if want {
									object = r.abi.ObjTrue
								}
								require.Equal(t, object, word, what)
							default:
								require.Equal(t, truth(want), int64(word), what)
							}
						}
					}
				})
			}
		}
	}
}

// TestIntConditions: comparisons fused into what asks for them.
func TestIntConditions(t *testing.T) {
	for _, c := range intOps {
		if ir.Ops[c.op].Result != ir.Bool {
			continue
		}
		for _, how := range []string{"branch", "guard", "select", "box"} {
			for _, constant := range []bool{false, true} {
				r := newRig(t)
				constants := []int64{0}
				if constant {
					constants = someInts
				}
				for _, k := range constants {
					mark := r.mem.Mark()
					f := newFn(ir.I64, ir.I64)
					x, y := f.params[0], f.params[1]
					if constant {
						y = f.int(k)
					}
					b := f.op(c.op, x, y)
					yes, no := f.int(1), f.int(0)
					switch how {
					case "branch":
						p, q := f.NewBlock(), f.NewBlock()
						f.control(ir.OpBranch, 1, []*ir.Value{b}, ir.Edge{To: p}, ir.Edge{To: q})
						f.b = p
						f.ret(yes)
						f.b = q
						f.ret(no)
					case "guard":
						f.guard(ir.OpGuard, f.state(x, y), b)
						f.ret(yes)
					case "select":
						v := f.op(ir.OpSelect, b, x, f.params[1])
						v.Type = ir.Type{Kind: ir.I64}
						f.ret(v)
					case "box":
						f.ret(f.op(ir.OpBoxBool, b))
					}
					u := r.emit(f.done(t))
					for _, x := range someInts {
						for i, y := range someInts {
							if constant && i > 2 {
								break
							}
							right := y
							if constant {
								right = k
							}
							want, _ := c.want(x, right)
							word, tag := u.call(0, x, y)
							switch how {
							case "guard":
								require.Equal(t, want == 1, tag != 77)
							case "select":
								require.Equal(t, map[int64]int64{1: x, 0: y}[want], int64(word))
							case "box":
								require.Equal(t, map[int64]uint64{1: r.abi.ObjTrue, 0: r.abi.ObjFalse}[want], word)
							default:
								require.Equal(t, want, int64(word))
							}
						}
					}
					r.mem.Release(mark)
				}
			}
		}
	}
}

func TestConversions(t *testing.T) {
	r := newRig(t)
	f := newFn(ir.I64)
	f.ret(f.op(ir.OpIntToFloat, f.params[0]))
	g := newFn(ir.F64)
	g.ret(g.op(ir.OpFloatToInt, g.params[0]))
	h := newFn(ir.F64)
	h.ret(h.op(ir.OpBitsFloat, h.op(ir.OpNot, h.op(ir.OpFloatBits, h.params[0]))))
	u := r.emit(f.done(t), g.done(t), h.done(t))
	for _, x := range someInts {
		word, _ := u.call(0, x)
		require.Equal(t, float64(x), math.Float64frombits(word))
	}
	for _, x := range someFloats {
		if x >= -1<<63 && x < 1<<63 {
			word, _ := u.call(1, x)
			require.Equal(t, int64(x), int64(word))
		}
		word, _ := u.call(2, x)
		require.Equal(t, ^math.Float64bits(x), word)
	}
}
