//go:build linux && (amd64 || arm64)

// The rig of the code tests: a made-up interpreter in plain memory, helpers in machine code, and units mapped and called.

package machinetest

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/machinetest/calltest"
	"github.com/gophersnake/gophersnake/emitter/regalloc"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// rig is an interpreter with nothing but memory.
type rig struct {
	t       testing.TB
	target  *isaTarget
	runtime *emitter.Runtime
	abi     *pyabi.ABI
	mem     *calltest.Memory
	stack   *calltest.Stack

	tstate, interp, cframe uintptr
	regs                   uintptr // where the fake gs_exit leaves struct gs_regs
	calls                  uintptr // words counted by fake helpers
	seed                   uint64  // of the allocator
	memory                 emitter.Memory
}

func newRig(t testing.TB) *rig {
	abi, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	copied := *abi
	r := &rig{t: t, abi: &copied, mem: calltest.Map(t, 1<<20), stack: calltest.NewStack(t, 1<<20)}
	r.tstate, r.interp, r.cframe = r.mem.Alloc(4096), r.mem.Alloc(8192), r.mem.Alloc(256)
	r.regs, r.calls = r.mem.Alloc(sizeRegs), r.mem.Alloc(256)
	cells := r.mem.Alloc(64)
	r.abi.StackLimit, r.abi.ThreadCurrent = uint64(cells), uint64(cells)+16
	r.abi.SmallInts = uint64(r.mem.Alloc(262 * 32))
	r.abi.SpareInts = uint64(r.mem.Alloc(128)) // none
	for n := range uint64(262) {
		r.setInt(uintptr(r.abi.SmallInts+32*n), int64(n)-5)
	}
	r.runtime = &emitter.Runtime{ABI: r.abi, Help: map[string]uint64{}, StackSize: uint64(cells) + 8,
		Tracemalloc: uint64(cells) + 24}
	r.target = newTarget(r.runtime)
	*r.mem.Word(cells) = uint64(r.stack.Memory.Base) + 4096
	*r.mem.Word(cells + 8) = uint64(r.stack.Top-r.stack.Memory.Base) - 4096
	*r.mem.Word(cells + 16) = uint64(r.tstate)
	*r.mem.Word(r.tstate + uintptr(r.abi.ThreadInterp)) = uint64(r.interp)
	*r.mem.Word(r.tstate + uintptr(r.abi.FramesBy)) = uint64(r.cframe)
	*r.mem.Int32(r.tstate + uintptr(r.abi.ThreadRecursion)) = 1000
	r.helpers()
	for i := range ir.Helpers {
		h := &ir.Helpers[i]
		if r.runtime.Help[h.Name] == 0 {
			name := "mix"
			if h.Vector {
				name = "sum"
			}
			if h.Result == ir.F64 {
				name = "divide"
			}
			r.runtime.Help[h.Name] = r.runtime.Help[name]
		}
	}
	return r
}

func (r *rig) word(at uintptr) *uint64 { return r.mem.Word(at) }

// setInt writes an int object, of any size a test wants.
func (r *rig) setInt(at uintptr, n int64) {
	size, magnitude := int64(0), uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	for i := magnitude; i > 0; i >>= 30 {
		*r.mem.Int32(at + uintptr(r.abi.IntDigits) + uintptr(4*size)) = int32(i & (1<<30 - 1))
		size++
	}
	if n < 0 {
		size = -size
	}
	*r.word(at) = 1
	*r.word(at + uintptr(r.abi.ObType)) = r.abi.TypeInt
	*r.word(at + uintptr(r.abi.ObSize)) = uint64(size)
}

func (r *rig) newInt(n int64) uintptr {
	at := r.mem.Alloc(48)
	r.setInt(at, n)
	return at
}

func (r *rig) newFloat(x float64) uintptr {
	at := r.mem.Alloc(48)
	*r.word(at) = 1
	*r.word(at + 8) = r.abi.TypeFloat
	*r.word(at + uintptr(r.abi.FloatVal)) = math.Float64bits(x)
	return at
}

// unit is a published unit.
type unit struct {
	*emitter.Unit
	r    *rig
	code uintptr
	data uintptr
}

const recordAddress = 0xabc000

func (r *rig) emit(funcs ...*ir.Func) *unit {
	u, err := emitter.Emit(r.target, &emitter.Input{
		Funcs: funcs, Check: true, Regalloc: regalloc.Options{RandomSeed: r.seed}, Memory: &r.memory,
		Codes: []emitter.Code{{Record: recordAddress, Object: 0xc0de00, NArgs: 1}},
	})
	require.NoError(r.t, err)
	return r.publish(u)
}

// publish puts a unit into memory.
func (r *rig) publish(u *emitter.Unit) *unit {
	p := &unit{Unit: u, r: r}
	p.data = r.mem.Alloc(u.DataSize())
	p.code = calltest.Code(r.t, len(u.Code), func(at uintptr) []byte {
		code := append([]byte(nil), u.Code...)
		u.Relocate(code, uint64(p.data))
		copy(r.mem.Bytes(p.data, u.DataSize()), u.Data(nil, uint64(at), uint64(p.data)))
		return code
	})
	return p
}

// call calls the register entry of function i: ints and floats go to their registers in order; it gives word and tag.
func (u *unit) call(i int, args ...any) (word, tag uint64) {
	var regs calltest.Regs
	regs.GPR[callableReg] = 0xca11ab1e
	ints, floats := 0, 0
	for _, a := range args {
		switch a := a.(type) {
		case float64:
			regs.FPR[floats] = a
			floats++
			continue
		case int:
			regs.GPR[intParams[ints]] = uint64(a)
		case int64:
			regs.GPR[intParams[ints]] = uint64(a)
		case uint64:
			regs.GPR[intParams[ints]] = a
		case uintptr:
			regs.GPR[intParams[ints]] = uint64(a)
		}
		ints++
	}
	return u.enter(u.Funcs[i].Register, &regs)
}

// memory calls the memory entry with a buffer of these words.
func (u *unit) memory(i int, words ...uint64) (word, tag uint64) {
	buffer := u.r.mem.Alloc(8 * len(words))
	for i, w := range words {
		*u.r.word(buffer + uintptr(8*i)) = w
	}
	var regs calltest.Regs
	regs.GPR[callableReg] = uint64(buffer)
	return u.enter(u.Funcs[i].Memory, &regs)
}

// setArguments sets the arguments of a C function.
func setArguments(regs *calltest.Regs, args ...uint64) {
	for i, a := range args {
		regs.GPR[cArgs[i]] = a
	}
}

func (u *unit) enter(offset int, regs *calltest.Regs) (word, tag uint64) {
	require.GreaterOrEqual(u.r.t, offset, 0, "no such entry")
	regs.GPR[threadReg] = uint64(u.r.tstate)
	recursion := u.r.mem.Int32(u.r.tstate + uintptr(u.r.abi.ThreadRecursion))
	before := *recursion
	u.r.stack.Call(u.code+uintptr(offset), regs)
	require.Equal(u.r.t, before, *recursion, "recursion")
	require.Equal(u.r.t, uint64(u.r.tstate), regs.GPR[threadReg])
	return regs.GPR[resultReg], regs.GPR[tagReg]
}

// exited gives the exit that was taken and the components of its slots.
func (u *unit) exited() (*pyabi.Exit, [][]uint64) {
	r := u.r
	require.Equal(r.t, uint64(u.data), *r.word(r.regs + regsValue), "unit")
	x := &u.Exits[*r.word(r.regs + regsExit)]
	return x, u.slots(x)
}

// fromObject stands for an int that is read from the slot's object.
const fromObject = 0xf40f

func (u *unit) slots(x *pyabi.Exit) [][]uint64 {
	var values [][]uint64
	for _, s := range u.Slots[x.FirstSlot:][:x.NLocals+x.NStack] {
		var words []uint64
		for c := range s.Kind.Words() {
			if l := u.Locs[int(s.FirstLoc)+c]; l.Kind == pyabi.LocNone {
				require.Equal(u.r.t, []int{int(pyabi.SlotKind(ir.SlotIntOrigin)), 0}, []int{int(s.Kind), c}, "has a value that lies nowhere")
				words = append(words, fromObject)
			} else {
				words = append(words, u.loc(l))
			}
		}
		values = append(values, words)
	}
	return values
}

func (u *unit) loc(l pyabi.Loc) uint64 {
	r := u.r
	place := func(n int64) uint64 {
		kind := pyabi.LocGPR
		if n&1 != 0 {
			kind = pyabi.LocStack
		}
		return u.loc(pyabi.Loc{Kind: kind, Where: int32(n >> 1)})
	}
	switch l.Kind {
	case pyabi.LocGPR:
		return *r.word(r.regs + regsGPR + 8*uintptr(l.Where)) + uint64(l.Imm)
	case pyabi.LocFPR:
		return *r.word(r.regs + regsFPR + 8*uintptr(l.Where))
	case pyabi.LocStack:
		sp := *r.word(r.regs + regsGPR + 8*uintptr(stackReg))
		return *r.stack.Memory.Word(uintptr(int64(sp) + int64(l.Where))) + uint64(l.Imm)
	case pyabi.LocImm:
		return uint64(l.Imm)
	case pyabi.LocLess:
		return uint64(l.Imm) - place(int64(l.Where))
	case pyabi.LocDiff:
		return place(int64(int32(l.Imm))) - place(int64(l.Where)) + uint64(l.Imm>>32)
	}
	r.t.Fatalf("location of kind %d", l.Kind)
	return 0
}

// listing disassembles code from one offset to another.
func (u *unit) listing(from, to int) []string {
	var lines []string
	for from < to {
		text, n, _ := disassemble(u.r.t, u.Code, from)
		lines = append(lines, text)
		from += n
	}
	return lines
}

// loopOf gives the instructions from the target of the last backward jump to that jump.
func (u *unit) loopOf(i int) []string {
	f := &u.Funcs[i]
	var best [2]int
	for at := f.CodeOffset; at < f.CodeOffset+f.CodeSize; {
		_, n, target := disassemble(u.r.t, u.Code, at)
		if target >= 0 && target <= at && best[1] == 0 {
			best = [2]int{target, at + n}
		}
		at += n
	}
	return u.listing(best[0], best[1])
}

func text(lines []string) string { return strings.Join(lines, "\n") }

// fn is a function being built.
type fn struct {
	*ir.Func
	b        *ir.Block
	callable *ir.Value
	params   []*ir.Value
}

// newFn begins a function with parameters of these kinds.
func newFn(kinds ...ir.Kind) *fn {
	f := &fn{Func: ir.NewFunc("f")}
	f.Record = recordAddress
	f.b = f.NewBlock()
	f.callable = f.AddParam(f.b, ir.Type{Kind: ir.Obj})
	fs := &ir.FrameState{NLocals: len(kinds), Callable: f.callable}
	for _, k := range kinds {
		p := f.AddParam(f.b, ir.Type{Kind: k})
		f.params = append(f.params, p)
		slot := slotOf(p)
		f.Key = append(f.Key, ir.Slot{Kind: slot.Kind})
		fs.Slots = append(fs.Slots, slot)
	}
	f.NLocals = len(kinds)
	f.Entry = fs
	return f
}

func slotOf(v *ir.Value) ir.Slot {
	k := map[ir.Kind]ir.SlotKind{ir.I64: ir.SlotInt, ir.F64: ir.SlotFloat, ir.Bool: ir.SlotBool, ir.Obj: ir.SlotObj, ir.ObjNull: ir.SlotObjNull, ir.Ptr: ir.SlotInt}[v.Type.Kind]
	return ir.Slot{Kind: k, Vals: [3]*ir.Value{v}}
}

// state is a frame state with these values as locals.
func (f *fn) state(vs ...*ir.Value) *ir.FrameState {
	fs := &ir.FrameState{Off: 7, RaiseOff: 6, NLocals: len(vs), Callable: f.callable}
	for _, v := range vs {
		fs.Slots = append(fs.Slots, slotOf(v))
	}
	return fs
}

// op adds an operation; its kind comes from the table.
func (f *fn) op(op ir.Op, args ...*ir.Value) *ir.Value {
	return f.Add(f.b, op, ir.Type{Kind: ir.Ops[op].Result}, args...)
}

func (f *fn) aux(op ir.Op, aux int64, args ...*ir.Value) *ir.Value {
	v := f.op(op, args...)
	v.Aux = aux
	return v
}

func (f *fn) int(n int64) *ir.Value { return f.aux(ir.OpConstInt, n) }
func (f *fn) float(x float64) *ir.Value {
	return f.aux(ir.OpConstFloat, int64(math.Float64bits(x)))
}

// guard adds a guard with a frame state.
func (f *fn) guard(op ir.Op, fs *ir.FrameState, args ...*ir.Value) *ir.Value {
	v := f.op(op, args...)
	v.FS = fs
	v.Exit = ir.ExitInfo{Reason: ir.WhyOverflow, Site: 3, SiteSlot: -1}
	return v
}

func (f *fn) control(op ir.Op, aux int64, args []*ir.Value, succs ...ir.Edge) {
	v := f.NewValue(f.b, op, ir.Type{}, args...)
	v.Aux = aux
	f.b.Ctrl = v
	f.b.Succs = succs
}

func (f *fn) jump(to *ir.Block, args ...*ir.Value) {
	f.control(ir.OpJump, 0, nil, ir.Edge{To: to, Args: args})
}

func (f *fn) ret(v *ir.Value) {
	tag := map[ir.Kind]int64{ir.I64: ir.TagInt, ir.F64: ir.TagFloat, ir.Bool: ir.TagBool, ir.Obj: ir.TagObj, ir.ObjNull: ir.TagObj}[v.Type.Kind]
	f.control(ir.OpReturn, tag, []*ir.Value{v})
}

// done checks the function and gives it.
func (f *fn) done(t testing.TB) *ir.Func {
	f.ComputeLoops(f.Dominators())
	require.NoError(t, f.Verify())
	return f.Func
}
