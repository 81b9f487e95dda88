// Descriptions of units, for explain: what each function was compiled for, what
// guards it has and how often they failed, its SSA form and its machine code.
package compile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/pyabi"
)

// listing is what Describe tells of a unit, in JSON.
type listing struct {
	Name      string         `json:"name"`
	File      string         `json:"file"`
	Line      int32          `json:"line"`
	Mode      string         `json:"mode"`   // final, recording or general
	Offset    uint32         `json:"offset"` // bytecode it begins at, in code units
	Valid     bool           `json:"valid"`
	CodeSize  int            `json:"code_size"`
	DataSize  int            `json:"data_size"`
	CompileNS uint64         `json:"compile_ns"`
	Functions []funcListing  `json:"functions"`
	Guards    []guardListing `json:"guards"` // of each exit, with its number
	Asm       []asmLine      `json:"asm"`
	// Remark tells why there is less than there might be.
	Remark string `json:"remark,omitempty"`
}

type funcListing struct {
	Name       string        `json:"name"`
	Offset     uint32        `json:"offset"`
	Key        []slotListing `json:"key"`   // locals, then the stack
	Types      string        `json:"types"` // the key in a line: of the parameters, or of all that is bound where it goes on
	CodeOffset int           `json:"code_offset"`
	CodeSize   int           `json:"code_size"`
	Recording  bool          `json:"recording"`
	General    bool          `json:"general"`
	Frame      bool          `json:"frame"`  // it calls out, and has an interpreter frame
	Callee     bool          `json:"callee"` // made for native callers only
	Register   bool          `json:"register_entry"`
	Stub       bool          `json:"stub"`
	Calls      uint64        `json:"calls"`
	IR         string        `json:"ir,omitempty"` // after opt
}

type slotListing struct {
	Name  string `json:"name,omitempty"` // of a local
	Kind  string `json:"kind"`
	Owned bool   `json:"owned,omitempty"`
	Type  string `json:"type"`
}

type guardListing struct {
	Exit     int    `json:"exit"`
	Kind     string `json:"kind"`
	Reason   string `json:"reason"`
	Function string `json:"function,omitempty"` // whose bytecode
	Offset   uint32 `json:"offset"`
	Raise    uint32 `json:"raise_offset"`
	Line     int    `json:"line,omitempty"`
	Op       string `json:"op,omitempty"` // the bytecode
	Inlined  bool   `json:"inlined,omitempty"`
	Count    uint64 `json:"count"` // how often it failed
}

// Offsets in struct gs_unit and struct gs_exitdesc.
const (
	unitExits     = 48
	unitSlots     = 64
	unitCallSites = 96
	unitCompileNS = 128

	exitKind     = 0
	exitReason   = 4
	exitOff      = 8
	exitRaiseOff = 12
	exitRecord   = 40
	exitParent   = 80
)

// dataArea is a unit's data area in memory. C counts in it meanwhile.
type dataArea struct {
	b       []byte
	address uintptr
}

func (d dataArea) word(off int) uint64 { return binary.LittleEndian.Uint64(d.b[off:]) }

// table is row number i of the table whose address is at an offset of the unit's struct.
func (d dataArea) table(off, i, size int) []byte {
	start := int(d.word(off)-uint64(d.address)) + i*size
	return d.b[start : start+size]
}

// callers are the descriptors that are not exits: the states of callers, of
// inlined code and at native calls.
func (d dataArea) callers(exits int) map[uint32]bool {
	callers := map[uint32]bool{}
	for i := range exits {
		callers[binary.LittleEndian.Uint32(d.table(unitExits, i, pyabi.SizeExit)[exitParent:])] = true
	}
	for i := range int(d.word(unitCallSites + 8)) {
		callers[binary.LittleEndian.Uint32(d.table(unitCallSites, i, pyabi.SizeCallSite)[8:])] = true
	}
	return callers
}

// Describe tells something of a unit. what: "listing" is all in JSON; "decode",
// "build", "opt", "ir" (the same) and "asm" are texts. "stats" of unit 0 is about
// the compiler.
func (d *Driver) Describe(unit uintptr, what string) (string, error) {
	if unit == 0 && what == "stats" {
		return d.statistics()
	}
	p := d.units[unit]
	if p == nil {
		return "", fmt.Errorf("no unit is at %#x", unit)
	}
	if what == "ir" {
		what = "opt"
	}
	if what != "listing" && !slices.Contains(dumpable, what) {
		return "", fmt.Errorf("%q is not told of units; %s, ir and listing are", what, strings.Join(dumpable, ", "))
	}
	at, _ := d.memory.Unit(unit)
	w, text, remark := d.again(p, at, what)
	if what == "listing" {
		return d.listing(p, at, w, remark)
	}
	if what == "asm" && text == "" {
		text = asmText(d.published(p, at).disassemble())
	}
	if text == "" {
		return "", fmt.Errorf("%s", remark)
	}
	return text, nil
}

// again runs the pipeline once more on what a unit was made of, with notes. It
// gives what the stage made, as text. Where the snapshot is gone or the code is
// not that of the unit, there is nothing but a remark.
func (d *Driver) again(p *published, at cache.Unit, stage string) (*work, string, string) {
	if p.snapshot == nil {
		return nil, "", "it was compiled so long ago that only its machine code is left"
	}
	var text string
	w := &work{
		d: d, snapshot: p.snapshot, spent: &spent{}, wants: map[string]bool{stage: true, "asm": true},
		show: func(shown string, _ *work, t string) {
			if shown == stage {
				text = t
			}
		},
	}
	if err := w.run(); err != nil {
		return nil, "", err.Error()
	}
	code := append([]byte(nil), w.unit.Code...)
	w.unit.Relocate(code, uint64(at.Data))
	if !bytes.Equal(code, cache.View(at.Code, at.CodeSize)) {
		return nil, "", "the compiler does not make the same code again"
	}
	return w, text, ""
}

// published is the machine code in memory.
func (d *Driver) published(p *published, at cache.Unit) *assembly {
	a := &assembly{code: cache.View(at.Code, at.CodeSize), funcs: p.funcs, data: uint64(at.Data), names: d.names(nil), isa: d.target.Name()}
	data := dataArea{cache.View(at.Data, at.DataSize), at.Data}
	for i := range p.exits {
		g := guard(i, data.table(unitExits, i, pyabi.SizeExit), nil)
		a.exits = append(a.exits, exitText(i, g.Kind, g.Reason))
	}
	return a
}

func (d *Driver) listing(p *published, at cache.Unit, w *work, remark string) (string, error) {
	data := dataArea{cache.View(at.Data, at.DataSize), at.Data}
	l := &listing{
		Name: p.about.name, File: p.about.file, Line: p.about.line, Mode: p.about.mode.String(), Offset: p.about.off,
		CodeSize: at.CodeSize, DataSize: at.DataSize, Remark: remark,
		Valid: data.word(pyabi.UnitValid) != 0, CompileNS: data.word(unitCompileNS),
	}
	var s *decoder.Snapshot
	if w != nil {
		s = w.snap
		l.Asm = w.disassemble()
	} else {
		l.Asm = d.published(p, at).disassemble()
	}
	named := d.names(s)
	for i := range p.funcs {
		l.Functions = append(l.Functions, d.function(p, i, data, w, named))
	}
	codes := decodeAll(s)
	callers := data.callers(p.exits)
	for i := range p.exits {
		if !callers[uint32(i)] {
			l.Guards = append(l.Guards, guard(i, data.table(unitExits, i, pyabi.SizeExit), codes))
		}
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // <int> is easier to read, and the text is for no web page
	err := e.Encode(l)
	return text.String(), err
}

func (d *Driver) function(p *published, i int, data dataArea, w *work, named names) funcListing {
	f := &p.funcs[i]
	l := funcListing{
		Name: f.Name, Offset: f.Off, CodeOffset: f.CodeOffset, CodeSize: f.CodeSize,
		Recording: f.Flags&pyabi.FuncRecording != 0, General: f.Flags&pyabi.FuncGeneral != 0,
		Frame: f.Flags&pyabi.FuncHasFrame != 0, Callee: f.Flags&pyabi.FuncCallee != 0,
		Register: f.Register >= 0, Stub: f.Stub >= 0,
		Calls: data.word(emitter.FuncOffset(i) + pyabi.FuncCalls),
	}
	var locals []decoder.Local
	shown := int(f.NLocals + f.NStack)
	if w != nil {
		l.IR = named.replace(w.funcs[i].String())
		code := w.snap.Codes[w.funcs[i].Code]
		locals = code.Locals
		if f.Off == 0 {
			shown = code.Params()
		}
	}
	var types []string
	for n := range f.NLocals + f.NStack {
		b := data.table(unitSlots, int(f.FirstSlot+n), pyabi.SizeSlot)
		kind := pyabi.SlotKind(b[0])
		slot := slotListing{Kind: kind.String(), Owned: b[1] != 0, Type: slotType(kind, named.class(binary.LittleEndian.Uint64(b[8:])))}
		if n < f.NLocals && int(n) < len(locals) {
			slot.Name = locals[n].Name
		}
		l.Key = append(l.Key, slot)
		switch {
		case int(n) >= shown || kind == pyabi.Null && n < f.NLocals: // not bound
		case slot.Name != "":
			types = append(types, slot.Name+": "+slot.Type)
		default:
			types = append(types, slot.Type)
		}
	}
	l.Types = strings.Join(types, ", ")
	return l
}

// slotType is a slot as a Python programmer sees it.
func slotType(kind pyabi.SlotKind, class string) string {
	switch kind {
	case pyabi.Obj:
		return class
	case pyabi.ObjOrNull:
		return class + " or unbound"
	case pyabi.Int, pyabi.IntOrigin:
		return "int"
	case pyabi.Float, pyabi.FloatOrigin:
		return "float"
	case pyabi.Bool:
		return "bool"
	case pyabi.None:
		return "None"
	case pyabi.Dyn, pyabi.Result:
		return "int, float, bool or None"
	case pyabi.Range:
		return "range"
	case pyabi.RangeIter:
		return "range_iterator"
	}
	return "unbound"
}

// decodeAll decodes the codes of a snapshot (nil: none), by their record.
func decodeAll(s *decoder.Snapshot) map[uint64]*decoder.Func {
	codes := map[uint64]*decoder.Func{}
	if s == nil {
		return codes
	}
	for _, c := range s.Codes {
		if f, err := decoder.Decode(s.Version, c); err == nil {
			codes[c.Record] = f
		}
	}
	return codes
}

// guard reads a struct gs_exitdesc.
func guard(number int, b []byte, codes map[uint64]*decoder.Func) guardListing {
	word := func(off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
	kind := pyabi.ExitKind(word(exitKind))
	g := guardListing{
		Exit: number, Kind: kind.String(), Reason: pyabi.Reason(word(exitReason)).String(),
		Offset: word(exitOff), Raise: word(exitRaiseOff),
		Inlined: word(exitParent) != pyabi.NoIndex,
		Count:   uint64(word(pyabi.ExitCount)),
	}
	f := codes[binary.LittleEndian.Uint64(b[exitRecord:])]
	if f == nil {
		return g
	}
	at := g.Offset
	if kind == pyabi.ExitRaise {
		at = g.Raise
	}
	g.Function, g.Line = f.Code.QualName, f.Line(at)
	for f.InstrAt(at) == nil && at > 0 { // what raises may be a part of what the decoder sees as one
		at--
	}
	if in := f.InstrAt(at); in != nil {
		g.Op = f.Text(in)
	}
	return g
}
