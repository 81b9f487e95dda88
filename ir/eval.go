// The evaluator: runs a function on concrete words and a made-up heap, so that tests can compare a function before and after a
// pass, and emitted code with what it was made from. It favours plainness over speed.

package ir

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Object is an object of the evaluator's heap.
type Object struct {
	Class Class
	Refs  int
	Raw   uint64 // of a box: int64, bits of a double, 0 or 1
	Big   bool   // an int that does not fit 64 bits; Raw has its sign only
}

// World is what a function runs in: objects by address, words of memory by address, and answers to what the function asks.
type World struct {
	Objects map[uint64]*Object
	Words   map[uint64]uint64
	Trace   []string // effects that others can see, in order

	ClassInt, ClassFloat Class
	True, False          uint64 // the bool objects

	// Poll reports whether the n-th poll (from 0) is taken. Frame reports whether the n-th frame check finds a frame object. nil: never.
	Poll, Frame func(n int) bool
	// Helper runs a helper that is not in the evaluator's own table. Native runs a callee and gives word and tag.
	Helper func(w *World, name string, args []uint64) uint64
	Native func(w *World, callee *Callee, args []uint64) (word uint64, tag int64)
	// Died is called when an object's last reference goes by Decref.
	Died func(w *World, address uint64)

	next          uint64
	polls, frames int
}

// NewWorld makes an empty world with the classes and singletons that boxes need.
func NewWorld() *World {
	w := &World{Objects: map[uint64]*Object{}, Words: map[uint64]uint64{}, ClassInt: 0x1000, ClassFloat: 0x1100, True: 0x2000, False: 0x2100, next: 1 << 30}
	w.Objects[w.True] = &Object{Class: 0x1200, Refs: 1 << 20, Raw: 1}
	w.Objects[w.False] = &Object{Class: 0x1200, Refs: 1 << 20}
	return w
}

// New makes an object with one reference and gives its address.
func (w *World) New(class Class, raw uint64) uint64 {
	w.next += 256
	w.Objects[w.next] = &Object{Class: class, Refs: 1, Raw: raw}
	return w.next
}

// SlotState is a slot of a frame state, evaluated.
type SlotState struct {
	Kind  SlotKind
	Owned bool
	Words []uint64
}

// Outcome is how a run ended.
type Outcome struct {
	Exited   bool
	Guard    *Value // that left
	Exit     ExitInfo
	Off      uint32
	RaiseOff uint32
	Callable uint64
	Slots    [][]SlotState // of the frame state, and of its parents

	Word uint64 // returned
	Tag  int64
}

// Errors that end a run: the function did what must not happen, or did not end.
var (
	ErrSteps  = errors.New("too many steps")
	ErrDead   = errors.New("a dead object was used")
	ErrDivide = errors.New("division by 0 or -1")
)

type evaluator struct {
	w    *World
	f    *Func
	vals []uint64
	tags map[ID]int64
	err  error
}

// Eval runs the function on the components of its entry's parameters.
func (f *Func) Eval(w *World, args []uint64, steps int) (*Outcome, error) {
	if len(args) != len(f.Blocks[0].Params) {
		return nil, fmt.Errorf("%d arguments for %d parameters", len(args), len(f.Blocks[0].Params))
	}
	e := &evaluator{w: w, f: f, vals: make([]uint64, f.NumValues()), tags: map[ID]int64{}}
	b := f.Blocks[0]
	for {
		for i, q := range b.Params {
			e.vals[q.ID] = args[i]
		}
		for _, v := range b.Values {
			if steps--; steps < 0 {
				return nil, ErrSteps
			}
			stay := e.value(v)
			if e.err != nil {
				return nil, fmt.Errorf("%w: b%d %s", e.err, b.ID, v.LongString())
			}
			if !stay {
				return e.leave(v), nil
			}
		}
		c, next := b.Ctrl, 0
		if steps--; steps < 0 {
			return nil, ErrSteps
		}
		switch c.Op {
		case OpExit:
			return e.leave(c), nil
		case OpReturn:
			o := &Outcome{Tag: c.Aux}
			if len(c.Args) > 0 {
				o.Word = e.vals[c.Args[0].ID]
			}
			return o, nil
		case OpReturnRaw:
			return &Outcome{Word: e.vals[c.Args[0].ID], Tag: int64(e.vals[c.Args[1].ID])}, nil
		case OpBranch:
			if e.vals[c.Args[0].ID] == 0 {
				next = 1
			}
		}
		edge := &b.Succs[next]
		args = make([]uint64, len(edge.Args))
		for i, a := range edge.Args {
			args[i] = e.vals[a.ID]
		}
		b = edge.To
	}
}

func (e *evaluator) leave(v *Value) *Outcome {
	o := &Outcome{Exited: true, Guard: v, Exit: v.Exit, Off: v.FS.Off, RaiseOff: v.FS.RaiseOff}
	if v.FS.Callable != nil {
		o.Callable = e.vals[v.FS.Callable.ID]
	}
	for fs := v.FS; fs != nil; fs = fs.Parent {
		slots := make([]SlotState, len(fs.Slots))
		for i, s := range fs.Slots {
			slots[i] = SlotState{Kind: s.Kind, Owned: s.Owned}
			for n := range s.Kind.Components() {
				slots[i].Words = append(slots[i].Words, e.vals[s.Vals[n].ID])
			}
		}
		o.Slots = append(o.Slots, slots)
	}
	return o
}

func (e *evaluator) object(address uint64) *Object {
	o := e.w.Objects[address]
	if o == nil || o.Refs <= 0 {
		e.err = ErrDead
		return &Object{}
	}
	return o
}

func (e *evaluator) trace(format string, args ...any) {
	e.w.Trace = append(e.w.Trace, fmt.Sprintf(format, args...))
}

func (e *evaluator) decref(address uint64) {
	o := e.object(address)
	if o.Refs--; o.Refs == 0 && e.w.Died != nil {
		e.w.Died(e.w, address)
	}
}

// address is where a load or store goes. Aux is the offset; indexed ones add eight times the index.
func (e *evaluator) address(v *Value, a []uint64, indexed bool) uint64 {
	if v.Args[0].Type.Kind.Object() {
		e.object(a[0])
	}
	at := a[0] + uint64(v.Aux)
	if indexed {
		at += 8 * a[1]
	}
	return at
}

// value runs one operation; false: it leaves.
func (e *evaluator) value(v *Value) bool {
	var buf [4]uint64
	a := buf[:0]
	for _, x := range v.Args {
		a = append(a, e.vals[x.ID])
	}
	set := func(word uint64) bool {
		e.vals[v.ID] = word
		return true
	}
	if row := evals[v.Op]; row != nil {
		if (v.Op == OpDivFloor || v.Op == OpModFloor) && a[1]+1 <= 1 {
			e.err = ErrDivide
			return true
		}
		return set(row(a))
	}
	switch v.Op {
	case OpConstInt, OpConstFloat, OpConstBool, OpConstObj, OpConstPtr:
		return set(uint64(v.Aux))
	case OpConstNull:
		return set(0)

	case OpAddOvf, OpSubOvf, OpMulOvf, OpNegOvf, OpShlOvf:
		r, ok := overflowing(v.Op, a)
		return set(r) && ok

	case OpLoadI64, OpLoadF64, OpLoadObj, OpLoadObjNull, OpLoadPtr:
		return set(e.w.Words[e.address(v, a, false)])
	case OpLoadS32:
		return set(uint64(int32(e.w.Words[e.address(v, a, false)])))
	case OpLoadU32:
		return set(uint64(uint32(e.w.Words[e.address(v, a, false)])))
	case OpLoadU8:
		return set(uint64(uint8(e.w.Words[e.address(v, a, false)])))
	case OpLoadIdxU8:
		return set(uint64(uint8(e.w.Words[e.address(v, a, true)])))
	case OpLoadIdxI64, OpLoadIdxF64, OpLoadIdxObj, OpLoadIdxObjNull:
		return set(e.w.Words[e.address(v, a, true)])
	case OpStoreI64, OpStoreF64, OpStoreObj:
		e.w.Words[e.address(v, a, false)] = a[1]
	case OpStoreU32:
		at := e.address(v, a, false)
		e.w.Words[at] = e.w.Words[at]&^math.MaxUint32 | uint64(uint32(a[1]))
	case OpStoreIdxI64, OpStoreIdxF64, OpStoreIdxObj:
		e.w.Words[e.address(v, a, true)] = a[2]
	case OpClassOf:
		return set(uint64(e.object(a[0]).Class))
	case OpScratch:
		e.w.next += 256
		return set(e.w.next)

	case OpXIncref, OpXDecref, OpXDecrefQuiet:
		if a[0] == 0 {
			return true
		}
		if v.Op == OpXIncref {
			e.object(a[0]).Refs++
		} else {
			e.decref(a[0])
		}
	case OpIncref:
		e.object(a[0]).Refs++
	case OpDecref, OpDecrefQuiet:
		e.decref(a[0])

	case OpBoxInt:
		o := e.w.New(e.w.ClassInt, a[0])
		e.object(o).Refs += int(v.Aux)
		return set(o)
	case OpBoxFloat:
		return set(e.w.New(e.w.ClassFloat, a[0]))
	case OpReboxFloat:
		o := e.object(a[1])
		if o.Refs == 1 {
			o.Raw = a[0]
			return set(a[1])
		}
		o.Refs--
		return set(e.w.New(e.w.ClassFloat, a[0]))
	case OpListAppend:
		e.trace("append%v", a)
	case OpBoxBool:
		if a[0] != 0 {
			return set(e.w.True)
		}
		return set(e.w.False)
	case OpIntOf:
		return set(e.object(a[0]).Raw)
	case OpUnboxInt:
		o := e.object(a[0])
		return set(o.Raw) && !o.Big
	case OpUnboxFloat, OpUnboxBool:
		return set(e.object(a[0]).Raw)
	case OpIntSign:
		r := int64(e.object(a[0]).Raw)
		return set(uint64(r>>63 | int64(uint64(-r)>>63)))

	case OpGuard:
		return a[0] != 0
	case OpGuardClass:
		return set(a[0]) && int64(e.object(a[0]).Class) == v.Aux
	case OpGuardNotNull, OpRaiseIfNull:
		return set(a[0]) && a[0] != 0
	case OpGuardTag:
		return int64(a[0]) == v.Aux
	case OpRaiseIfNeg:
		return set(a[0]) && int64(a[0]) >= 0
	case OpRaiseIfZero:
		return set(a[0]) && a[0] != 0
	case OpPoll:
		e.w.polls++
		return e.w.Poll == nil || !e.w.Poll(e.w.polls-1)
	case OpGuardFrame, OpGuardLocals:
		e.w.frames++
		return e.w.Frame == nil || !e.w.Frame(e.w.frames-1)
	case OpTick:
		e.w.Words[uint64(v.Aux)]--
		return e.w.Words[uint64(v.Aux)] != 0

	case OpCallHelper:
		h := v.HelperRow()
		if e.w.Helper == nil {
			e.err = errors.New("no helpers here")
			return true
		}
		if !h.Pure {
			e.trace("%s%v", h.Name, a)
		}
		return set(e.w.Helper(e.w, h.Name, a))
	case OpCallNative:
		if e.w.Native == nil {
			e.err = errors.New("no callees here")
			return true
		}
		c := e.f.Callees[v.Aux]
		e.trace("%s%v", c.Name, a)
		word, tag := e.w.Native(e.w, c, a)
		e.tags[v.ID] = tag
		return set(word)
	case OpCallTag:
		return set(uint64(e.tags[v.Args[0].ID]))
	case OpLink:
		e.trace("link %d %v", v.Aux, a)
	case OpUnlink:
		e.trace("unlink")
	case OpLetGo:
		e.trace("let go")
	case OpRecordClass:
		e.trace("record %#x %#x", v.Aux, uint64(e.object(a[0]).Class))
	default:
		e.err = fmt.Errorf("%s cannot be evaluated", v.Op)
	}
	return true
}

func overflowing(op Op, a []uint64) (uint64, bool) {
	x := int64(a[0])
	switch op {
	case OpNegOvf:
		return uint64(-x), x != math.MinInt64
	case OpAddOvf:
		r := x + int64(a[1])
		return uint64(r), (x^r)&(int64(a[1])^r) >= 0
	case OpSubOvf:
		r := x - int64(a[1])
		return uint64(r), (x^int64(a[1]))&(x^r) >= 0
	case OpShlOvf:
		r := x << a[1]
		return uint64(r), r>>a[1] == x
	}
	r := x * int64(a[1])
	return uint64(r), mulHigh(x, int64(a[1])) == r>>63
}

func mulHigh(x, y int64) int64 {
	hi, _ := bits.Mul64(uint64(x), uint64(y))
	return int64(hi) - x>>63&y - y>>63&x
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func ints(eval func(x, y int64) int64) func([]uint64) uint64 {
	return func(a []uint64) uint64 { return uint64(eval(int64(a[0]), int64(a[1]))) }
}

func intOrder(eval func(x, y int64) bool) func([]uint64) uint64 {
	return func(a []uint64) uint64 { return truth(eval(int64(a[0]), int64(a[1]))) }
}

func floats(eval func(x, y float64) float64) func([]uint64) uint64 {
	return func(a []uint64) uint64 {
		return math.Float64bits(eval(math.Float64frombits(a[0]), math.Float64frombits(a[1])))
	}
}

func floatOrder(eval func(x, y float64) bool) func([]uint64) uint64 {
	return func(a []uint64) uint64 {
		return truth(eval(math.Float64frombits(a[0]), math.Float64frombits(a[1])))
	}
}

func float1(eval func(float64) float64) func([]uint64) uint64 {
	return func(a []uint64) uint64 { return math.Float64bits(eval(math.Float64frombits(a[0]))) }
}

// evals has a row for each operation whose result depends on its arguments only.
var evals = [NumOps]func(a []uint64) uint64{
	OpAdd: ints(func(x, y int64) int64 { return x + y }),
	OpSub: ints(func(x, y int64) int64 { return x - y }),
	OpMul: ints(func(x, y int64) int64 { return x * y }),
	OpNeg: func(a []uint64) uint64 { return -a[0] },
	OpAnd: ints(func(x, y int64) int64 { return x & y }),
	OpOr:  ints(func(x, y int64) int64 { return x | y }),
	OpXor: ints(func(x, y int64) int64 { return x ^ y }),
	OpNot: func(a []uint64) uint64 { return ^a[0] },
	OpShl: ints(func(x, y int64) int64 { return x << (y & 63) }),
	OpSar: ints(func(x, y int64) int64 { return x >> (y & 63) }),
	OpDivFloor: ints(func(x, y int64) int64 {
		q := x / y
		if x%y != 0 && (x < 0) != (y < 0) {
			q--
		}
		return q
	}),
	OpModFloor: ints(func(x, y int64) int64 {
		r := x % y
		if r != 0 && (r < 0) != (y < 0) {
			r += y
		}
		return r
	}),
	OpMulHigh: ints(mulHigh),
	OpIEq:     intOrder(func(x, y int64) bool { return x == y }),
	OpINe:     intOrder(func(x, y int64) bool { return x != y }),
	OpILt:     intOrder(func(x, y int64) bool { return x < y }),
	OpILe:     intOrder(func(x, y int64) bool { return x <= y }),
	OpIGt:     intOrder(func(x, y int64) bool { return x > y }),
	OpIGe:     intOrder(func(x, y int64) bool { return x >= y }),
	OpULt:     func(a []uint64) uint64 { return truth(a[0] < a[1]) },
	OpULe:     func(a []uint64) uint64 { return truth(a[0] <= a[1]) },
	OpPEq:     func(a []uint64) uint64 { return truth(a[0] == a[1]) },
	OpPNe:     func(a []uint64) uint64 { return truth(a[0] != a[1]) },
	OpFEq:     floatOrder(func(x, y float64) bool { return x == y }),
	OpFNe:     floatOrder(func(x, y float64) bool { return x != y }),
	OpFLt:     floatOrder(func(x, y float64) bool { return x < y }),
	OpFLe:     floatOrder(func(x, y float64) bool { return x <= y }),
	OpFGt:     floatOrder(func(x, y float64) bool { return x > y }),
	OpFGe:     floatOrder(func(x, y float64) bool { return x >= y }),
	OpBNot:    func(a []uint64) uint64 { return a[0] ^ 1 },
	OpBoolToInt: func(a []uint64) uint64 {
		return a[0]
	},
	OpSelect: func(a []uint64) uint64 {
		if a[0] != 0 {
			return a[1]
		}
		return a[2]
	},
	OpFAdd:  floats(func(x, y float64) float64 { return x + y }),
	OpFSub:  floats(func(x, y float64) float64 { return x - y }),
	OpFMul:  floats(func(x, y float64) float64 { return x * y }),
	OpFDiv:  floats(func(x, y float64) float64 { return x / y }),
	OpFNeg:  func(a []uint64) uint64 { return a[0] ^ 1<<63 },
	OpFAbs:  func(a []uint64) uint64 { return a[0] &^ (1 << 63) },
	OpFSqrt: float1(math.Sqrt),
	OpFMulAdd: func(a []uint64) uint64 {
		return math.Float64bits(math.FMA(math.Float64frombits(a[0]), math.Float64frombits(a[1]), math.Float64frombits(a[2])))
	},
	OpFFloor: float1(math.Floor),
	OpFCeil:  float1(math.Ceil),
	OpFTrunc: float1(math.Trunc),
	OpFMin: floats(func(x, y float64) float64 {
		if x < y {
			return x
		}
		return y
	}),
	OpFMax: floats(func(x, y float64) float64 {
		if x > y {
			return x
		}
		return y
	}),
	OpIntToFloat: func(a []uint64) uint64 { return math.Float64bits(float64(int64(a[0]))) },
	OpFloatToInt: func(a []uint64) uint64 {
		x := math.Float64frombits(a[0])
		if x >= -(1<<63) && x < 1<<63 {
			return uint64(int64(x))
		}
		return 1 << 63
	},
	OpFloatFitsInt: func(a []uint64) uint64 {
		x := math.Float64frombits(a[0])
		return truth(x >= -(1<<63) && x < 1<<63)
	},
	OpFloatBits: func(a []uint64) uint64 { return a[0] },
	OpBitsFloat: func(a []uint64) uint64 { return a[0] },
}
