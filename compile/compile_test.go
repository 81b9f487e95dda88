// The driver with stages of the tests' own: whatever a stage does, the process lives, the answer is a sentence, and nothing is
// published that should not be.

package compile

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/build"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

// small is a function that returns None.
func small() *ir.Func {
	f := ir.NewFunc("small")
	b := f.NewBlock()
	callable := f.AddParam(b, ir.Type{Kind: ir.Obj})
	f.Entry = &ir.FrameState{Callable: callable}
	b.Ctrl = f.NewValue(b, ir.OpReturn, ir.Type{})
	b.Ctrl.Aux = ir.TagNone
	return f
}

// fake gives a driver stages that do next to nothing.
func fake(d *Driver) {
	d.stages.read = func([]byte) (*decoder.Snapshot, error) {
		return &decoder.Snapshot{Codes: []*decoder.Code{{QualName: "small"}}}, nil
	}
	d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) {
		return []*ir.Func{small()}, nil
	}
	d.stages.opt = func([]*ir.Func, opt.Options) (opt.Stats, error) { return nil, nil }
	d.stages.emit = func(emitter.Target, *emitter.Input) (*emitter.Unit, error) {
		return &emitter.Unit{
			Code:  []byte{0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xc3},
			Refs:  []emitter.Ref{{Off: 2, Data: pyabi.UnitValid}},
			Funcs: []emitter.UnitFunc{{Name: "small", Register: 0, Memory: -1, Stub: -1, CodeSize: 11}},
		}, nil
	}
}

func TestCompile(t *testing.T) {
	d, log := newDriver(t)
	fake(d)
	unit, err := d.Compile([]byte{1})
	require.NoError(t, err)
	at, ok := d.memory.Unit(unit)
	require.True(t, ok)
	require.Equal(t, unit, at.Data)
	data := dataArea{cache.View(at.Data, at.DataSize), at.Data}
	require.EqualValues(t, uint64(pyabi.UnitMagic), data.word(0))
	require.EqualValues(t, at.Code, data.word(8))
	require.EqualValues(t, 1, data.word(pyabi.UnitValid))
	require.NotZero(t, data.word(unitCompileNS))
	require.EqualValues(t, at.Code, data.word(emitter.FuncOffset(0)+pyabi.FuncRegisterEntry))
	require.EqualValues(t, uint64(at.Data)+pyabi.UnitValid, binary.LittleEndian.Uint64(cache.View(at.Code, 11)[2:]))
	require.Empty(t, log.String())

	require.NoError(t, d.Release(unit))
	require.Zero(t, d.memory.Stats().Mapped)
	require.Zero(t, d.keepSize)
	require.Empty(t, d.keeping)
	require.ErrorContains(t, d.Release(unit), "no unit is at")
}

func TestFailuresOfStages(t *testing.T) {
	many := func() *ir.Func {
		f := small()
		for range build.MaxValues {
			f.NewValue(f.Blocks[0], ir.OpConstInt, ir.Type{Kind: ir.I64})
		}
		return f
	}
	for _, c := range []struct {
		name string
		harm func(*Driver)
		want string
	}{
		{"read fails", func(d *Driver) {
			d.stages.read = func([]byte) (*decoder.Snapshot, error) { return nil, errors.New("the snapshot is damaged") }
		}, "the snapshot is damaged"},
		{"read panics", func(d *Driver) {
			d.stages.read = func(b []byte) (*decoder.Snapshot, error) { panic(b[5]) }
		}, "the compiler failed: decode: runtime error: index out of range"},
		{"long code", func(d *Driver) {
			d.stages.read = func([]byte) (*decoder.Snapshot, error) {
				return &decoder.Snapshot{Codes: []*decoder.Code{{Bytecode: make([]byte, 2*maxUnits+2)}}}, nil
			}
		}, "it is too large to be worth it"},
		{"many locals", func(d *Driver) {
			d.stages.read = func([]byte) (*decoder.Snapshot, error) {
				code := &decoder.Code{Bytecode: make([]byte, maxUnits), NLocals: maxStates/maxUnits + 1}
				return &decoder.Snapshot{Codes: []*decoder.Code{code, code}}, nil
			}
		}, "it is too large to be worth it"},
		{"build fails", func(d *Driver) {
			d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) {
				return nil, errors.New("it is a generator")
			}
		}, "it is a generator"},
		{"build panics", func(d *Driver) {
			d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) { panic("BUG: odd") }
		}, "the compiler failed: build: BUG: odd"},
		{"build gives nothing", func(d *Driver) {
			d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) { return nil, nil }
		}, "the compiler failed: build: BUG: a unit without functions"},
		{"build gives nonsense", func(d *Driver) {
			d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) {
				return []*ir.Func{ir.NewFunc("empty")}, nil
			}
		}, "the compiler failed: verify: BUG: empty: no blocks"},
		{"build gives too much", func(d *Driver) {
			d.stages.build = func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error) { return []*ir.Func{many()}, nil }
		}, "it is too large to be worth it"},
		{"opt panics", func(d *Driver) {
			d.stages.opt = func(funcs []*ir.Func, _ opt.Options) (opt.Stats, error) {
				funcs[0].Blocks[0].Ctrl = nil
				_ = funcs[0].Blocks[0].Ctrl.Aux
				return nil, nil
			}
		}, "the compiler failed: opt: runtime error: invalid memory address"},
		{"opt makes nonsense", func(d *Driver) {
			d.stages.opt = func(funcs []*ir.Func, _ opt.Options) (opt.Stats, error) {
				funcs[0].Blocks = nil
				return nil, nil
			}
		}, "the compiler failed: verify: BUG: small: no blocks"},
		{"opt finds nonsense", func(d *Driver) {
			d.stages.opt = func([]*ir.Func, opt.Options) (opt.Stats, error) { return nil, errors.New("after pass fold") }
		}, "the compiler failed: opt: BUG: after pass fold"},
		{"emit fails", func(d *Driver) {
			d.stages.emit = func(emitter.Target, *emitter.Input) (*emitter.Unit, error) {
				return nil, errors.New("cannot be emitted")
			}
		}, "cannot be emitted"},
		{"emit gives nothing", func(d *Driver) {
			d.stages.emit = func(emitter.Target, *emitter.Input) (*emitter.Unit, error) { return &emitter.Unit{}, nil }
		}, "the compiler failed: emit: BUG: a unit without code"},
		{"emit gives nonsense", func(d *Driver) {
			d.stages.emit = func(emitter.Target, *emitter.Input) (*emitter.Unit, error) {
				return &emitter.Unit{Code: []byte{0xc3}, Refs: []emitter.Ref{{Off: 1}}}, nil
			}
		}, "the compiler failed: publish: runtime error: index out of range"},
		{"no memory", func(d *Driver) { d.memory = cache.New(4096) }, "the memory for native code is used up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, log := newDriver(t)
			fake(d)
			c.harm(d)
			unit, err := d.Compile([]byte{1})
			require.ErrorContains(t, err, c.want)
			require.Equal(t, strings.HasPrefix(c.want, "the compiler failed"), strings.HasPrefix(err.Error(), "the compiler failed"))
			require.Zero(t, unit)
			require.Zero(t, d.memory.Stats().Mapped)
			require.Empty(t, d.units)
			require.Zero(t, d.keepSize)
			require.Equal(t, 1, d.stats.failures)
			require.Empty(t, log.String())

			fake(d)
			d.memory = cache.New(codeLimit)
			_, err = d.Compile([]byte{1})
			require.NoError(t, err)
		})
	}
}

func TestFailuresTellWhereWhenAsked(t *testing.T) {
	d, log := newDriver(t, "GOPHERSNAKE_VERIFY=1")
	fake(d)
	d.stages.opt = func(_ []*ir.Func, o opt.Options) (opt.Stats, error) {
		require.True(t, o.Verify)
		panic("BUG: odd")
	}
	d.stages.emit = func(_ emitter.Target, in *emitter.Input) (*emitter.Unit, error) {
		require.True(t, in.Check)
		return nil, errors.New("unused")
	}
	_, err := d.Compile([]byte{1})
	require.EqualError(t, err, "the compiler failed: opt: BUG: odd")
	require.Contains(t, log.String(), "gophersnake: small (final): the compiler failed: opt: BUG: odd")
	require.Contains(t, log.String(), "compile_test.go")
}

func TestStages(t *testing.T) {
	d, log := newDriver(t, "GOPHERSNAKE_OPT=-dce,-fold")
	fake(d)
	var asked []string
	listing := false
	d.stages.opt = func(_ []*ir.Func, o opt.Options) (opt.Stats, error) {
		asked = o.Off
		require.True(t, o.QuietClass(ir.Class(d.abi.TypeInt)))
		require.False(t, o.QuietClass(ir.Class(d.abi.TypeList)))
		require.True(t, o.FixedClass(ir.Class(d.abi.TypeList)))
		require.False(t, o.FixedClass(ir.Class(d.abi.TypeFunction)))
		require.False(t, o.FixedClass(ir.Class(d.abi.TypeModule)))
		return nil, nil
	}
	emit := d.stages.emit
	d.stages.emit = func(t emitter.Target, in *emitter.Input) (*emitter.Unit, error) {
		listing = in.Listing
		return emit(t, in)
	}
	_, err := d.Compile([]byte{1})
	require.NoError(t, err)
	require.Equal(t, []string{"dce", "fold"}, asked)
	require.False(t, listing)
	require.Empty(t, log.String())

	require.NoError(t, d.SetDump("build, asm"))
	_, err = d.Compile([]byte{1})
	require.NoError(t, err)
	require.True(t, listing)
	require.Contains(t, log.String(), "---- gophersnake build: small (final) ----\nfunc \"small\"")
	require.Contains(t, log.String(), "---- gophersnake asm: small (final) ----\nsmall: register entry:\n")
	require.Contains(t, log.String(), "; the unit's validity\n")
	require.NotContains(t, log.String(), "opt:")

	log.Reset()
	require.EqualError(t, d.SetDump("opt,as"), `"as" is not a stage; they are decode, build, opt, asm`)
	require.NoError(t, d.SetDump(""))
	_, err = d.Compile([]byte{1})
	require.NoError(t, err)
	require.Empty(t, log.String())
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want options
		log  string
	}{
		{nil, options{}, ""},
		{[]string{"GOPHERSNAKE_VERIFY=0"}, options{}, ""},
		{[]string{"GOPHERSNAKE_VERIFY=1", "GOPHERSNAKE_PERF=1", "GOPHERSNAKE_OPT=-dce"}, options{off: []string{"dce"}, verify: true, perf: true}, ""},
		{[]string{"GOPHERSNAKE_VERIFY=yes"}, options{}, "gophersnake: GOPHERSNAKE_VERIFY=yes is ignored: it is 0 or 1\n"},
		{[]string{"GOPHERSNAKE_FORCE_GUARD=some"}, options{}, "gophersnake: GOPHERSNAKE_FORCE_GUARD=some is ignored: it is the number of a guard, all, or random:SEED\n"},
		{[]string{"GOPHERSNAKE_FORCE_GUARD=-1"}, options{}, "gophersnake: GOPHERSNAKE_FORCE_GUARD=-1 is ignored: "},
		{[]string{"GOPHERSNAKE_FORCE_GUARD=random:"}, options{}, "gophersnake: GOPHERSNAKE_FORCE_GUARD=random: is ignored: "},
		{[]string{"GOPHERSNAKE_OPT=dce"}, options{}, "gophersnake: GOPHERSNAKE_OPT=dce is ignored: \"dce\" is not -PASS; passes are "},
	} {
		var log strings.Builder
		require.Equal(t, c.want, readOptions(environment(c.set...), &log))
		require.True(t, strings.HasPrefix(log.String(), c.log) && (c.log != "" || log.Len() == 0), log.String())
	}
}

func TestForcedGuards(t *testing.T) {
	f := small()
	count := func(value string) (chosen, of int) {
		o := readOptions(environment("GOPHERSNAKE_FORCE_GUARD="+value), io.Discard)
		for n := range 1000 {
			if o.force(f, n) != 0 {
				chosen++
			}
			require.Equal(t, o.force(f, n), o.force(f, n))
		}
		return chosen, 1000
	}
	chosen, of := count("all")
	require.Equal(t, of, chosen)
	chosen, _ = count("7")
	require.Equal(t, 1, chosen)
	chosen, of = count("random:3")
	require.Greater(t, chosen, of/10)
	require.Less(t, chosen, of/2)
}

func TestInit(t *testing.T) {
	rows := testRows(t)
	cell := make([]byte, 8)
	rows["cell.gs_call_native"] = uint64(addressOf(cell))
	header := pyabi.AppendHeader(nil, rows)
	d := New()
	_, err := d.Compile(readSnapshot(t, "add_int"))
	require.EqualError(t, err, "the compiler was not given an ABI header")
	require.EqualError(t, d.Init(0), "the ABI header is missing")
	require.NoError(t, d.Init(addressOf(header)))
	bridge := uintptr(binary.LittleEndian.Uint64(cell))
	code, known := d.memory.Unit(bridge)
	require.True(t, known)
	require.Equal(t, d.target.Bridge(), cache.View(bridge, code.CodeSize))
	require.NoError(t, d.Init(addressOf(header)))
	require.EqualValues(t, bridge, binary.LittleEndian.Uint64(cell))
	require.Equal(t, 1, d.memory.Stats().Units)
	require.ErrorContains(t, d.Release(bridge), "no unit is at")
	unit, err := d.Compile(readSnapshot(t, "add_int"))
	require.NoError(t, err)
	require.NoError(t, d.Release(unit))
	require.NoError(t, d.memory.Release(bridge))

	delete(rows, "cell.gs_call_native")
	require.EqualError(t, New().Init(addressOf(pyabi.AppendHeader(nil, rows))), "the ABI header lacks cell.gs_call_native")
	header[0]++
	require.EqualError(t, New().Init(addressOf(header)), "the ABI header does not begin as one")
	abi, err := pyabi.New(rows)
	require.NoError(t, err)
	_, err = newTarget("mips", abi)
	require.EqualError(t, err, "there is no code generator for mips")
}

func TestStubArguments(t *testing.T) {
	for _, c := range []struct {
		code decoder.Code
		want int
	}{
		{decoder.Code{ArgCount: 2, PosOnly: 1}, 2},
		{decoder.Code{}, 0},
		{decoder.Code{ArgCount: 2, KwOnly: 1}, 3},
		{decoder.Code{ArgCount: 2, Flags: decoder.CoVarArgs}, 3},
		{decoder.Code{ArgCount: 2, KwOnly: 2, Flags: decoder.CoVarArgs | decoder.CoVarKeywords}, 6},
		{decoder.Code{ArgCount: 2, Flags: decoder.CoGenerator}, -1},
	} {
		require.Equal(t, c.want, stubArgs(&c.code))
	}
}
