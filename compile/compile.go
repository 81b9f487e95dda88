// Package compile is the driver: it takes the snapshot of a code object through
// decoder, ir/build, opt and emitter into the cache, and tells afterwards what it
// did. pyext is its only caller in the extension; tests call it directly, for it
// needs no Python.
//
// A unit's listing is not made while it is compiled. Its snapshot is kept, and
// the pipeline, which is a function of snapshot and ABI, runs once more for
// whoever asks.
package compile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/ir/build"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

const (
	codeLimit = 256 << 20 // bytes of native code and data of a process
	keepLimit = 16 << 20  // bytes of snapshots kept for listings; the oldest go first
	// What a compile leaves behind is garbage, and little else is on the heap: collecting it at 16 MB instead of 4 took
	// 200 compiles of a function with three loops from 1.0 s to 0.75 s of processor time.
	gcPercent = 400
	// Of a heap that lives on, five times its size would be much: above this, it is let grow to twice. (No memory limit: of a heap
	// that reaches it, a process did little else than collect.)
	largeHeap        = 32 << 20
	gcPercentOfLarge = 100
	gcLook           = 64 // compiles between two looks at the heap
)

// Driver is one compiler with its options and everything it has published.
// It is not safe for concurrent use: pyext serialises the calls.
type Driver struct {
	stages    stages
	abi       *pyabi.ABI
	target    target
	options   options
	dump      map[string]bool
	log       io.Writer
	memory    *cache.Cache
	bridge    uintptr
	units     map[uintptr]*published
	keeping   []uintptr // units with a snapshot, oldest first
	keepSize  int
	keepMax   int
	stats     statistics
	left      *left // nil: nothing
	gcPercent int   // 0: as the runtime has it
}

// left is the memory that a compile leaves to the next one.
type left struct {
	build   build.Memory
	opt     opt.Memory
	emitter emitter.Memory
}

// published is what is kept of a unit besides its memory.
type published struct {
	about    about
	funcs    []emitter.UnitFunc
	exits    int
	snapshot []byte // nil: dropped, others are newer
}

// New returns a driver that knows no ABI yet; Init must come first.
func New() *Driver {
	return &Driver{
		stages: realStages, log: os.Stderr, dump: map[string]bool{},
		memory: cache.New(codeLimit), units: map[uintptr]*published{}, keepMax: keepLimit,
	}
}

// Init reads the ABI header that _native keeps at the address, and the options
// from the environment. It is called once in a process, but the same header
// again is no mistake.
func (d *Driver) Init(header uintptr) error {
	if header == 0 {
		return errors.New("the ABI header is missing")
	}
	size, err := pyabi.HeaderSize(cache.View(header, pyabi.HeaderPrefix))
	if err != nil {
		return err
	}
	abi, err := pyabi.ReadHeader(cache.View(header, size))
	if err != nil {
		return err
	}
	cell, ok := abi.Lookup("cell.gs_call_native")
	if !ok {
		return errors.New("the ABI header lacks cell.gs_call_native")
	}
	if err := d.use(abi, os.Getenv); err != nil {
		return err
	}
	d.collectAt(gcPercent)
	needHeap()
	return d.publishBridge(uintptr(cell))
}

// collectAt sets how much the heap grows, in percent, before it is collected.
func (d *Driver) collectAt(percent int) {
	if d.gcPercent != percent {
		debug.SetGCPercent(percent)
		d.gcPercent = percent
	}
}

// lookAtHeap adapts the collector to what lives.
func (d *Driver) lookAtHeap() {
	var m runtime.MemStats // package runtime/metrics costs every process more, when it is loaded
	runtime.ReadMemStats(&m)
	if live := m.NextGC / uint64(1+d.gcPercent/100); live > largeHeap {
		d.collectAt(gcPercentOfLarge)
	} else {
		d.collectAt(gcPercent)
	}
}

// use prepares for an interpreter.
func (d *Driver) use(abi *pyabi.ABI, getenv func(string) string) error {
	target, err := d.stages.target(runtime.GOARCH, abi)
	if err != nil {
		return err
	}
	d.abi, d.target = abi, target
	d.memory.Flush = target.Flush
	d.options = readOptions(getenv, d.log)
	if d.options.perf {
		if err := d.memory.Perf(); err != nil {
			fmt.Fprintf(d.log, "gophersnake: no perf map: %v\n", err)
		}
	}
	return nil
}

// publishBridge makes the code by which C calls native code, and tells the
// runtime where it is.
func (d *Driver) publishBridge(cell uintptr) error {
	if d.bridge == 0 {
		code := d.target.Bridge()
		bridge, err := d.memory.Publish(len(code), 0, func(_ cache.Unit, to, _ []byte) { copy(to, code) })
		if err != nil {
			return err
		}
		d.bridge = bridge
		d.name(bridge, len(code), "call_native")
	}
	cache.StoreWord(cell, d.bridge)
	return nil
}

// Compile makes a unit of native code from a snapshot, which it does not keep.
// The unit's address is that of its struct gs_unit.
func (d *Driver) Compile(snapshot []byte) (unit uintptr, err error) {
	if d.abi == nil {
		return 0, errors.New("the compiler was not given an ABI header")
	}
	begin := time.Now()
	needStack(false)
	w := &work{d: d, snapshot: append([]byte(nil), snapshot...), spent: &d.stats.spent, wants: d.dump, show: d.print}
	err = w.run()
	if err == nil {
		err = w.stage("publish", func() error {
			unit, err = d.publish(w, begin)
			return err
		})
	}
	d.stats.total += time.Since(begin)
	if w.large {
		debug.FreeOSMemory() // nothing of it is needed, and the next compile is hardly as large
		d.lookAtHeap()
	}
	if err != nil {
		d.stats.failures++
		return 0, err
	}
	d.stats.compiles++
	if d.stats.compiles%gcLook == 0 {
		d.lookAtHeap()
	}
	return unit, nil
}

func (d *Driver) publish(w *work, begin time.Time) (uintptr, error) {
	u := w.unit
	unit, err := d.memory.Publish(len(u.Code), u.DataSize(), func(at cache.Unit, code, data []byte) {
		copy(code, u.Code)
		u.Relocate(code, uint64(at.Data))
		u.CompileNS = uint64(time.Since(begin))
		u.Data(data[:0:len(data)], uint64(at.Code), uint64(at.Data))
	})
	if err != nil {
		return 0, err
	}
	at, _ := d.memory.Unit(unit)
	for i := range u.Funcs {
		f := &u.Funcs[i]
		d.name(at.Code+uintptr(f.CodeOffset), f.CodeSize, f.Name)
	}
	d.units[unit] = &published{about: w.about, funcs: u.Funcs, exits: len(u.Exits)}
	d.keep(unit, w.snapshot)
	return unit, nil
}

// name names code for perf.
func (d *Driver) name(address uintptr, size int, name string) {
	if err := d.memory.Name(address, size, "gophersnake:"+name); err != nil {
		fmt.Fprintf(d.log, "gophersnake: perf map: %v\n", err)
	}
}

// keep keeps a snapshot for listings, and drops the oldest ones for it.
func (d *Driver) keep(unit uintptr, snapshot []byte) {
	if len(snapshot) > d.keepMax {
		return
	}
	d.units[unit].snapshot = snapshot
	d.keeping = append(d.keeping, unit)
	for d.keepSize += len(snapshot); d.keepSize > d.keepMax; d.keeping = d.keeping[1:] {
		d.forget(d.keeping[0])
	}
}

// forget drops a unit's snapshot.
func (d *Driver) forget(unit uintptr) {
	if p := d.units[unit]; p != nil {
		d.keepSize -= len(p.snapshot)
		p.snapshot = nil
	}
}

// Release frees a unit that Compile returned. A unit that was inherited through
// fork is none of this driver's.
func (d *Driver) Release(unit uintptr) error {
	if d.units[unit] == nil {
		return fmt.Errorf("no unit is at %#x", unit)
	}
	d.forget(unit)
	d.keeping = slices.DeleteFunc(d.keeping, func(u uintptr) bool { return u == unit })
	delete(d.units, unit)
	d.stats.released++
	return d.memory.Release(unit)
}
