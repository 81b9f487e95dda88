//go:build linux && (amd64 || arm64)

// Layouts that other versions of CPython have: counts of 32 bits of objects that do not die, ints with tagged sizes, a watch by a word, a
// breaker of one byte, frames in the thread state itself.

package machinetest

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// tag makes the size of an int of these the other layout's.
func (r *rig) tag(o uintptr, flag uint64) uintptr {
	size := r.word(o + uintptr(r.abi.IntSize))
	sign := uint64(0)
	switch n := int64(*size); {
	case n < 0:
		*size, sign = uint64(-n), 2
	case n == 0:
		sign = 1
	}
	*size = *size<<3 | flag<<2 | sign
	return o
}

func TestTaggedInts(t *testing.T) {
	for seed := range uint64(3) {
		r := newRig(t)
		r.seed = seed
		r.abi.IntTagged = 1
		f := newFn(ir.Obj)
		f.ret(f.guard(ir.OpUnboxInt, f.state(f.params...), f.params[0]))
		g := newFn(ir.Obj)
		g.ret(g.op(ir.OpIntSign, g.params[0]))
		h := newFn(ir.Obj)
		h.ret(h.op(ir.OpBoolToInt, h.op(ir.OpILt, h.op(ir.OpIntSign, h.params[0]), h.int(0))))
		u := r.emit(f.done(t), g.done(t), h.done(t))
		for _, x := range []int64{0, 1, -1, 5, -77, 1<<30 - 1, 1 - 1<<30, 1 << 30, -1 << 30, 1<<59 + 3, -1<<59 - 3} {
			for flag := range uint64(2) {
				if flag == 1 && (x >= 1<<30 || x <= -1<<30) {
					continue // the fake runtime knows no tags
				}
				o := r.tag(r.newInt(x), flag)
				word, tag := u.call(0, o)
				require.Equal(t, []int64{x, int64(pyabi.Int)}, []int64{int64(word), int64(tag)})
				sign := int64(0)
				switch {
				case x > 0:
					sign = 1
				case x < 0:
					sign = -1
				}
				word, _ = u.call(1, o)
				require.Equal(t, sign, int64(word), x)
				word, _ = u.call(2, o)
				require.Equal(t, truth(x < 0), int64(word), x)
			}
		}
	}
}

func TestImmortalObjects(t *testing.T) {
	ops := []ir.Op{ir.OpIncref, ir.OpXIncref, ir.OpDecref, ir.OpXDecref, ir.OpDecrefQuiet, ir.OpXDecrefQuiet}
	for _, op := range ops {
		for _, floats := range []bool{false, true} {
			r := newRig(t)
			r.abi.Immortal = 1
			f := newFn(ir.Obj)
			f.op(op, f.params[0])
			if floats {
				f.params[0].Type.Class = ir.Class(r.abi.TypeFloat)
			}
			f.ret(f.int(7))
			u := r.emit(f.done(t))
			up := op == ir.OpIncref || op == ir.OpXIncref
			for _, count := range []uint64{2, 1 << 20, 1<<31 - 2, 1 << 31, 3 << 30, 0x1_0000_0005} {
				o := r.newFloat(1.5)
				*r.word(o) = count
				word, _ := u.call(0, o)
				require.Equal(t, uint64(7), word)
				want := count
				switch {
				case int32(count) < 0:
				case up:
					want++
				default:
					want--
				}
				require.Equal(t, want, *r.word(o), fmt.Sprint(op, count))
			}
			if !up && !floats {
				o := r.newFloat(1.5)
				u.call(0, o)
				require.Zero(t, uint32(*r.word(o)))
				require.Equal(t, uint64(1), *r.word(r.calls + 24), "it died")
			}
		}
	}

	// Constants that do not die are not counted at all.
	r := newRig(t)
	r.abi.Immortal = 1
	f := newFn(ir.I64)
	f.ret(f.guard(ir.OpBoxInt, f.state(f.params...), f.params[0]))
	u := r.emit(f.done(t))
	five, _ := r.abi.SmallInt(5)
	before := *r.word(uintptr(five))
	word, _ := u.call(0, 5)
	require.Equal(t, five, word)
	require.Equal(t, before, *r.word(uintptr(five)))
}

func TestWatchAndBreaker(t *testing.T) {
	r := newRig(t)
	quiet := r.mem.Alloc(16)
	*r.word(quiet) = 0x1234567890
	r.abi.WatchQuiet, r.abi.WatchBy, r.abi.WatchAt = uint64(quiet), 0, 512
	r.abi.BreakerSize, r.abi.BreakerBy, r.abi.BreakerAt = 1, 0, 520
	watch, breaker := r.word(r.tstate+512), r.word(r.tstate+520)
	f := newFn(ir.I64)
	f.HasFrame = true
	f.guard(ir.OpGuardFrame, f.state(f.params...))
	f.guard(ir.OpPoll, f.state(f.params...))
	f.ret(f.params[0])
	u := r.emit(f.done(t))
	for _, c := range []struct {
		watch, breaker uint64
		leaves         bool
	}{
		{0x1234567890, 0, false}, {0x1234567891, 0, true}, {0, 0, true}, {0x2234567890, 0, true}, {0x1234567890, 1, true}, {0x1234567890, 0x100, false},
		{0x1234567890, 0x80, true},
	} {
		*watch, *breaker = c.watch, c.breaker
		word, tag := u.call(0, 42)
		if c.leaves {
			require.Equal(t, uint64(77), tag, c)
		} else {
			require.Equal(t, []uint64{42, uint64(pyabi.Int)}, []uint64{word, tag}, c)
		}
	}
}

func TestFramesOfTheThread(t *testing.T) {
	r := newRig(t)
	r.abi.FramesBy, r.abi.FramesAt = 0, 640
	current := r.word(r.tstate + 640)
	*current = 0x1111
	f := newFn(ir.Obj)
	f.HasFrame = true
	link := f.op(ir.OpLink, f.params[0])
	link.Aux = 3
	during := f.aux(ir.OpLoadI64, 640, f.aux(ir.OpConstPtr, int64(r.tstate)))
	during.Heap = ir.HeapOther
	f.op(ir.OpUnlink)
	f.ret(during)
	u := r.emit(f.done(t))
	o := r.newInt(7)
	word, _ := u.call(0, o)
	frame := uintptr(word)
	require.Equal(t, uint64(0x1111), *current)
	require.Equal(t, uint64(0x1111), *r.word(frame + uintptr(r.abi.FramePrevious)))
	require.Equal(t, uint64(o), *r.word(frame + uintptr(r.abi.FrameLocals)))
}

// Ints that wait to be boxes are taken from the end of their list; what has another size, or comes when none is left, is made.
func TestSpareInts(t *testing.T) {
	for _, tagged := range []uint64{0, 1} {
		r := newRig(t)
		r.abi.IntTagged = tagged
		f := newFn(ir.I64)
		f.ret(f.guard(ir.OpBoxInt, f.state(f.params...), f.params[0]))
		g := newFn(ir.I64) // with all registers in use
		vs := g.pressure(12)
		digit := g.aux(ir.OpLoadU32, int64(r.abi.IntDigits), g.guard(ir.OpBoxInt, g.state(g.params...), g.params[0]))
		digit.Heap = ir.HeapRef
		g.ret(g.op(ir.OpAdd, g.relieve(g.int(0), vs), digit))
		u := r.emit(f.done(t), g.done(t))
		numbers := []int64{257, -6, 1000, -1000, 1<<30 - 1, 1 - 1<<30}
		size, first := r.word(uintptr(r.abi.SpareInts)), uintptr(r.abi.SpareInts+r.abi.SpareIntsFirst)
		var waiting []uintptr
		for i := range numbers {
			o := r.newInt(1 << 40)
			*r.word(o) = 0
			*r.word(first + uintptr(8*i)) = uint64(o)
			waiting = append(waiting, o)
		}
		*size = uint64(len(numbers))
		for _, x := range []int64{1 << 30, -1 << 30, 1 << 62, math.MinInt64} {
			word, _ := u.call(0, x)
			require.Equal(t, uint64(x+0x1000), word)
		}
		for i, x := range numbers {
			o := waiting[len(waiting)-1-i]
			word, tag := u.call(0, x)
			require.Equal(t, []uint64{uint64(o), uint64(pyabi.Obj)}, []uint64{word, tag})
			require.Equal(t, uint64(1), *r.word(o))
			want, magnitude := int64(1), x
			if x < 0 {
				want, magnitude = -1, -x
			}
			if tagged != 0 {
				want = 1<<3 | 1 - want
			}
			require.Equal(t, want, int64(*r.word(o + uintptr(r.abi.IntSize))), x)
			require.Equal(t, int32(magnitude), *r.mem.Int32(o + uintptr(r.abi.IntDigits)))
			*size++
			word, _ = u.call(1, x)
			require.Equal(t, pressureSum(x, 12)+magnitude, int64(word))
		}
		require.Zero(t, *size)
		for _, x := range numbers {
			word, _ := u.call(0, x)
			require.Equal(t, uint64(x+0x1000), word)
		}
		require.Zero(t, *size)
	}
}
