// What pass powers makes against exact arithmetic: a result that it computes by itself is so near to the exact power that pow gives it
// too, and what is not so near is left to pow.

package opt

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
)

// exactPower is x to half of twice, with 300 bits.
func exactPower(x float64, twice int) *big.Float {
	float := func() *big.Float { return new(big.Float).SetPrec(300) }
	n := max(twice, -twice)
	factor := float().SetFloat64(x)
	if n&1 != 0 {
		factor.Sqrt(factor)
	} else {
		n /= 2
	}
	r := float().SetInt64(1)
	for range n {
		r.Mul(r, factor)
	}
	if twice < 0 {
		r.Quo(float().SetInt64(1), r)
	}
	return r
}

// units is how far the exact power is from s, in units in the last place on the side of s where it is.
func units(s float64, exact *big.Float) float64 {
	away := new(big.Float).Sub(exact, big.NewFloat(s))
	next := math.Nextafter(s, math.Inf(away.Sign()))
	d, _ := new(big.Float).Quo(away, new(big.Float).Sub(big.NewFloat(next), big.NewFloat(s))).Float64()
	return d
}

// somePowerOperands are random operands, and what is on the border of something.
func somePowerOperands(twice int, r *rand.Rand) []float64 {
	xs := []float64{0, math.Copysign(0, -1), 1, -1, 2, 3, 4, 9, 10, 0.1, -0.5, -7, math.Inf(1), math.Inf(-1), math.NaN(),
		5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e300, math.MaxFloat64, -1e300}
	for e := -220; e <= 220; e++ { // powers of two, which have another unit below than above, and what is next to them
		x := math.Ldexp(1, e)
		xs = append(xs, x, math.Nextafter(x, 0), math.Nextafter(x, 9), math.Nextafter(math.Nextafter(x, 9), 9), math.Sqrt2*x)
	}
	for range 3000 {
		x := math.Ldexp(1+r.Float64(), r.IntN(40)-20)
		xs = append(xs, x, math.Ldexp(x, r.IntN(400)-200))
		if twice&1 == 0 {
			xs = append(xs, -x)
		}
	}
	for range 300 { // integers whose squares have 54 bits, the last one set: halfway between two doubles
		xs = append(xs, float64(94906267+2*r.IntN(10000000)))
	}
	return xs
}

func TestPowers(t *testing.T) {
	for twice := -2 * maxPower; twice <= 2*maxPower; twice++ {
		if twice == 0 || twice == 2 {
			continue
		}
		t.Run(fmt.Sprint(float64(twice)/2), func(t *testing.T) {
			f, err := ir.Parse(fmt.Sprintf(`
b0(v0:obj, v1:f64): off=0
  v2:f64 = ConstFloat [%v]
  v3:ptr = Scratch [1]
  v4:i64 = CallHelper v1 v2 v3 [gs_float_pow] {scratch}
  v5:i64 = ConstInt [0]
  v6:bool = INe v4 v5
  v7:void = Guard v6 !resume/value site=3 @1(code=0 off=3 raise=3 callable=v0: float v1 |)
  v8:f64 = LoadF64 v3 {scratch}
  Return v8 [4]`, float64(twice)/2))
			require.NoError(t, err)
			stats, err := Run([]*ir.Func{f}, testOptions)
			require.NoError(t, err)
			require.Equal(t, 1, stats["powers"])

			const other = 12345.
			near, computed, called := 0, 0, 0
			for _, x := range somePowerOperands(twice, rand.New(rand.NewPCG(uint64(twice), 1))) {
				w := ir.NewWorld()
				calls := 0
				w.Helper = func(w *ir.World, _ string, args []uint64) uint64 {
					calls++
					require.Equal(t, []uint64{math.Float64bits(x), math.Float64bits(float64(twice) / 2)}, args[:2])
					w.Words[args[2]] = math.Float64bits(other)
					return 1
				}
				o, err := f.Eval(w, []uint64{w.New(1, 0), math.Float64bits(x)}, 1000)
				require.NoError(t, err)
				s := math.Float64frombits(o.Word)
				if calls > 0 {
					require.Equal(t, other, s)
				}
				if !(x > 0 || x < 0 && twice&1 == 0) || math.IsInf(x, 0) {
					require.Equal(t, 1, calls, x)
					continue
				}
				exact := exactPower(x, twice)
				rounded, _ := exact.Float64()
				if abs := math.Abs(rounded); abs < 0x1p-100 || abs >= 0x1p100 {
					require.Equal(t, 1, calls, x)
					continue
				}
				distance := units(rounded, exact)
				if distance > 0.486 || rounded < 0 && twice&3 != 2 {
					require.Equal(t, 1, calls, "%v is %v units from %v", x, distance, rounded)
				}
				if calls == 0 {
					computed++
					require.Equal(t, rounded, s, x)
					require.Less(t, distance, 0.4851, x)
				} else {
					called++
				}
				if distance > 0.48 && distance < 0.4845 {
					near++
					require.Zero(t, calls, "%v is %v units from %v", x, distance, rounded)
				}
			}
			require.Greater(t, near, 10)
			require.Greater(t, called, 100)
			require.Greater(t, computed, 10*called)
		})
	}
}
