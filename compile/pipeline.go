// The way of a snapshot to a unit that has no addresses yet, stage by stage. A
// panic in a stage becomes an error that names it: then the function stays
// interpreted, and the process lives.
package compile

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/build"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

// stages are the packages that do the work. Tests put others in their place.
type stages struct {
	read   func([]byte) (*decoder.Snapshot, error)
	build  func(*decoder.Snapshot, *pyabi.ABI, *build.Memory) ([]*ir.Func, error)
	opt    func([]*ir.Func, opt.Options) (opt.Stats, error)
	emit   func(emitter.Target, *emitter.Input) (*emitter.Unit, error)
	target func(arch string, abi *pyabi.ABI) (target, error)
}

// target is what the driver needs of an instruction set: code for functions, and
// the bridge by which C calls them. (Two interfaces, because to make one of another takes a search for its methods.)
type target struct {
	emitter.Target
	processor
}

type processor interface {
	// Bridge is code in the C convention that works at any address: uint64_t
	// (uint64_t memory_entry, uint64_t *buffer, uint64_t *tag). It calls the entry
	// with the thread state loaded, and keeps what C wants kept.
	Bridge() []byte
	// Flush tells the instruction caches of code that was written.
	Flush(at uintptr, size int)
	// FMulAdd: the processor has an instruction for it.
	FMulAdd() bool
}

const (
	maxUnits = decoder.MaxUnits
	// Each guard tells where every local variable lies: a function of 1,000 lines that each made a new one took 16 MB of descriptors.
	maxStates = 2000000 // code units times local variables, of all code objects

	// The heap of a compile of more code than this is collected before it is twice as large as what lives.
	largeCode = 20000

	// Memory for so many values is not left to the next compile: 105,000 of an attempt that was given up held 65 MB in all stages.
	keepMemory = 10000
)

// failure is a panic in a stage.
type failure struct {
	stage string
	what  any
	stack []byte
}

func (f *failure) Error() string { return fmt.Sprintf("the compiler failed: %s: %v", f.stage, f.what) }

// about names a compile.
type about struct {
	name, file string
	line       int32
	mode       decoder.Mode
	off        uint32
}

func (a about) String() string {
	if a.off == 0 {
		return fmt.Sprintf("%s (%s)", a.name, a.mode)
	}
	return fmt.Sprintf("%s at %d (%s)", a.name, a.off, a.mode)
}

// work is one run of the pipeline.
type work struct {
	d        *Driver
	snapshot []byte // its own copy: what is made of it refers to it
	about    about
	spent    *spent
	wants    map[string]bool // stages to show
	show     func(stage string, w *work, text string)
	large    bool // the collector was told

	snap  *decoder.Snapshot
	funcs []*ir.Func
	unit  *emitter.Unit
}

// stage runs a stage, and accounts its time.
func (w *work) stage(name string, run func() error) (err error) {
	begin := time.Now()
	defer func() {
		w.spent.add(name, time.Since(begin))
		if p := recover(); p != nil {
			f := &failure{name, p, debug.Stack()}
			if w.d.options.verify || len(w.wants) > 0 {
				fmt.Fprintf(w.d.log, "gophersnake: %s: %v\n%s", w.about, f, f.stack)
			}
			err = f
		}
	}()
	return run()
}

// run makes w.unit, which is of no use after the next run.
func (w *work) run() error {
	if w.d.left == nil {
		w.d.left = &left{}
	}
	defer func() {
		if w.d.left.build.IR.Values() > keepMemory {
			w.d.left = nil
		}
	}()
	for _, s := range []struct {
		name string
		run  func() error
	}{
		{"decode", w.decode}, {"build", w.build}, {"opt", w.optimise}, {"verify", w.verify}, {"emit", w.emit},
	} {
		if err := w.stage(s.name, s.run); err != nil {
			return err
		}
		if w.large {
			w.d.left.dropScratch()
		}
	}
	return nil
}

// dropScratch lets go of what the stages that are over worked with.
func (l *left) dropScratch() { l.build.DropScratch(); l.opt = opt.Memory{} }

func (w *work) decode() (err error) {
	if w.snap, err = w.d.stages.read(w.snapshot); err != nil {
		return err
	}
	c := w.snap.Codes[0]
	w.about = about{name: c.QualName, file: c.FileName, line: c.FirstLine, mode: w.snap.Mode, off: w.snap.Off}
	states := 0
	if w.large = len(c.Bytecode)/2 > largeCode; w.large {
		w.d.collectAt(gcPercentOfLarge)
	}
	for _, c := range w.snap.Codes {
		states += len(c.Bytecode) / 2 * c.NLocals
	}
	if len(c.Bytecode)/2 > maxUnits || states > maxStates {
		return build.ErrTooLarge
	}
	if w.wants["decode"] {
		w.show("decode", w, w.decoded())
	}
	return nil
}

// decoded is the text of all codes of the snapshot.
func (w *work) decoded() string {
	var text strings.Builder
	for _, c := range w.snap.Codes {
		f, err := decoder.Decode(w.snap.Version, c)
		if err != nil {
			fmt.Fprintf(&text, "code %s: %v\n", c.QualName, err)
			continue
		}
		text.WriteString(decoder.Dump(f) + "\n")
	}
	return text.String()
}

func (w *work) build() (err error) {
	if w.funcs, err = w.d.stages.build(w.snap, w.d.abi, &w.d.left.build); err != nil {
		return err
	}
	if len(w.funcs) == 0 {
		panic("BUG: a unit without functions")
	}
	if w.wants["build"] {
		w.show("build", w, w.text())
	}
	return w.measure()
}

func (w *work) measure() error {
	values := 0
	for _, f := range w.funcs {
		values += f.NumValues()
	}
	if values > build.MaxValues {
		return build.ErrTooLarge
	}
	return nil
}

// text is the unit's SSA form, with names in place of addresses.
func (w *work) text() string {
	var text strings.Builder
	for _, f := range w.funcs {
		text.WriteString(f.String() + "\n")
	}
	return w.d.names(w.snap).replace(text.String())
}

// verify fails where the builder or the optimiser made a mistake, of which code would be made otherwise. (What the builder made is verified alone
// only where everything is: it took as long again.)
func (w *work) verify() error {
	for _, f := range w.funcs {
		if err := f.Verify(); err != nil {
			panic(fmt.Sprintf("BUG: %v", err))
		}
	}
	return nil
}

func (w *work) optimise() error {
	_, err := w.d.stages.opt(w.funcs, opt.Options{
		Off: w.d.options.off, Verify: w.d.options.verify,
		FixedClass: w.d.fixedClass, QuietClass: w.d.quietClass, NearPow: w.d.nearPow, Memory: &w.d.left.opt,
	})
	if err != nil {
		panic(fmt.Sprintf("BUG: %v", err)) // only a verifier inside fails
	}
	if w.wants["opt"] {
		w.show("opt", w, w.text())
	}
	return w.measure()
}

func (w *work) emit() (err error) {
	in := &emitter.Input{Funcs: w.funcs, Listing: w.wants["asm"], Check: w.d.options.verify, Memory: &w.d.left.emitter, Force: w.d.options.force}
	for _, c := range w.snap.Codes {
		in.Codes = append(in.Codes, emitter.Code{Record: c.Record, Object: c.Address, NArgs: stubArgs(c), Callee: c.Index != 0})
	}
	if w.unit, err = w.d.stages.emit(w.d.target.Target, in); err != nil {
		return err
	}
	if len(w.unit.Code) == 0 {
		panic("BUG: a unit without code")
	}
	if w.wants["asm"] {
		w.show("asm", w, asmText(w.disassemble()))
	}
	return nil
}

// stubArgs is how many arguments a vectorcall stub of the code passes on: one
// for each parameter. A stub of a code with *args, **kw or keyword-only ones is
// called by the runtime alone, which binds the arguments first. -1: no stub.
func stubArgs(c *decoder.Code) int {
	if c.Flags&(decoder.CoGenerator|decoder.CoCoroutine|decoder.CoAsyncGenerator) != 0 {
		return -1
	}
	n := c.ArgCount + c.KwOnly
	for _, more := range []uint32{decoder.CoVarArgs, decoder.CoVarKeywords} {
		if c.Flags&more != 0 {
			n++
		}
	}
	return n
}

// nearPow is asked when it matters: in a virtual machine it takes tens of microseconds to ask the processor.
func (d *Driver) nearPow() bool { return d.abi.NearPow() && d.target.FMulAdd() }

// quietClass: the end of an instance runs nothing.
func (d *Driver) quietClass(c ir.Class) bool {
	switch a := d.abi; uint64(c) {
	case a.TypeInt, a.TypeFloat, a.TypeStr, a.TypeBytes, a.TypeBool, a.TypeNone, a.TypeRange:
		return true
	}
	return false
}

// fixedClass: an instance never gets another class. Modules may, and functions do
// when they are attached.
func (d *Driver) fixedClass(c ir.Class) bool {
	switch a := d.abi; uint64(c) {
	case a.TypeInt, a.TypeFloat, a.TypeBool, a.TypeComplex, a.TypeNone, a.TypeStr, a.TypeBytes, a.TypeByteArray, a.TypeList, a.TypeTuple,
		a.TypeDict, a.TypeSet, a.TypeFrozenSet, a.TypeSlice, a.TypeRange, a.TypeRangeIter, a.TypeLongRange, a.TypeListIter,
		a.TypeTupleIter, a.TypeEnumerate, a.TypeZip, a.TypeBuiltin, a.TypeMethod, a.TypeMethodDescr, a.TypeCell, a.TypeCode, a.TypeGenerator:
		return true
	}
	return false
}
