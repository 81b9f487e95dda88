// The snapshot: what _native knows of a function at the moment of its compile, in
// one flat little-endian buffer (pyext/native/snapshot.c writes it, the structs
// there are the ones here; tools/record_snapshot.py writes it for tests).
//
//	header  SnapshotHeader bytes: see readHeader; then the sections, each an
//	        array of records of fixed size that starts at a multiple of 8
//	slots      32  u8 kind, u8 owned, u16 0, u32 object; u64 words[3]
//	objects    64  u64 address, class; u32 kind, flags, type, item, key, aux; u64 value; u32 start, count; u64 extra
//	types      96  u64 address; u32 version, flags; u64 tp_flags, tp_new, tp_init, tp_getattro, tp_setattro;
//	               i64 basicsize, dictoffset; u64 base; u32 name, name size; u32 first attribute, attributes
//	codes     176  u64 address, record, profile, globals, builtins; u32 argcount, posonly, kwonly, flags, stacksize,
//	               nlocals, nlocalsplus, ncells, nfrees, firstlineno; spans bytecode, exceptions, lines, name,
//	               qualname, filename, kinds (in bytes), consts, names, locals (in lists), sites, globals (in names)
//	functions  88  u64 address; u32 code, flags; u64 globals, builtins, closure, kwdefaults, vectorcall; u32 version, 0;
//	               spans defaults, closure, kwdefaults (in lists)
//	names      48  u32 object of the name, where; u64 globals; u32 globals version, flags; u64 dict; u32 version, object; u64 entry
//	sites      16  struct gs_site
//	lists       4  u32 object
//	bytes       1
//
// A span is u32 start, u32 count. An index that is NoIndex means none.
package decoder

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	// SnapshotMagic is "GSSN".
	SnapshotMagic = 0x4e535347
	// SnapshotFormat changes with the layout.
	SnapshotFormat = 1
	// SnapshotHeader is the size of the header.
	SnapshotHeader = 128
	// NoEntry is the Entry of an attribute that instances lack.
	NoEntry = ^uint64(0)
	// NoIndex is an index that refers to nothing.
	NoIndex = ^uint32(0)
)

// Mode is what the compile is for.
type Mode uint32

const (
	ModeFinal     Mode = 0
	ModeRecording Mode = 1
	ModeGeneral   Mode = 2
)

func (m Mode) String() string { return [...]string{"final", "recording", "general"}[m] }

// Snapshot is one request to compile.
type Snapshot struct {
	Version   Version
	Micro     uint8
	Mode      Mode
	Off       uint32 // where the version begins
	NLocals   int
	Slots     []Slot // locals, then the stack
	Callable  uint64
	Record    uint64
	Function  *Function // of Callable; nil: it is none
	Codes     []*Code   // the first is the one to compile
	Functions []*Function
	Types     []*Type
	Objects   []*Object
}

// Slot is a local or a stack item as the version finds it. Kind is the contract's number.
type Slot struct {
	Kind   uint8
	Owned  bool
	Words  [3]uint64
	Object *Object // of the kinds that have one; nil: none
}

// ObjKind says what the snapshot tells of an object.
type ObjKind uint32

const (
	ObjOther       ObjKind = iota // Type is all there is
	ObjNone                       //
	ObjBool                       // Int
	ObjInt                        // Int, if FlagFits; else a big int
	ObjFloat                      // Float
	ObjStr                        // Text, cut to a cap: FlagCut; Len
	ObjBytes                      // Len
	ObjTuple                      // Items (all, up to a cap: FlagCut); Len; Same
	ObjList                       // Item: the first; Len; Same
	ObjDict                       // Key and Item: of the first entry; Len
	ObjCell                       // Item: its content, nil if empty
	ObjFunction                   // Function
	ObjModule                     // Attrs: those of its dict that some code names
	ObjType                       // TypeOf: the class that this object is
	ObjBuiltin                    // Item: __self__ where it is not a module; Value: address of the C function
	ObjMethod                     // Item: the function, Key: self
	ObjRange                      // Start, Stop, Step if FlagFits
	ObjCode                       // Code, if known
	ObjEllipsis                   //
	ObjMethodDescr                // Item: the class it is of; Value: address of the C function
	ObjSet                        // Item: some member; Len
	ObjMemberDescr                // of a class with __slots__; Value: offset of the field in the instance
	numObjKinds
)

var objKinds = [numObjKinds]string{"object", "None", "bool", "int", "float", "str", "bytes", "tuple", "list", "dict", "cell",
	"function", "module", "type", "builtin", "method", "range", "code", "Ellipsis", "method_descriptor", "set", "member_descriptor"}

func (k ObjKind) String() string { return objKinds[k] }

// Flags of objects.
const (
	ObjFits = 1 // an int fits 64 bits
	ObjSame = 2 // the first (up to 8) items have the class of the first
	ObjCut  = 4 // Text or Items are not all; of a member descriptor: read only
)

// Object is a look at a live object. Only what does not change (constants, classes
// of ints) may be taken for granted; the rest is a guess to be guarded.
type Object struct {
	Index   uint32
	Address uint64
	Class   uint64 // exact class
	Kind    ObjKind
	Flags   uint32
	Type    *Type // of Class; nil: not looked at
	Item    *Object
	Key     *Object
	Int     int64 // value of an int that fits or a bool; length of what has one
	Float   float64
	Text    string
	Items   []*Object // of a tuple
	Attrs   []*Name   // of a module
	TypeOf  *Type
	Func    *Function
	Code    *Code
	Value   uint64 // as the snapshot has it
	Extra   uint64
	Range   [3]int64
}

// Fits tells that an int fits 64 bits.
func (o *Object) Fits() bool { return o.Flags&ObjFits != 0 }

// Same tells that the first items all have the class of the first.
func (o *Object) Same() bool { return o.Flags&ObjSame != 0 }

// Flags of types.
const (
	TypeHeap      = 1  // made by a class statement
	TypePlainNew  = 2  // tp_new is object's
	TypePlainInit = 4  // tp_init is object's
	TypePlainGet  = 8  // attributes are looked up as object's are
	TypePlainSet  = 16 // and set
	TypeVersioned = 32 // Version is valid
)

// Type is a class.
type Type struct {
	Address               uint64
	Version               uint32 // tp_version_tag; 0: none
	Flags                 uint32
	TPFlags               uint64
	New, Init             uint64
	GetAttr, SetAttr      uint64
	BasicSize, DictOffset int64
	Base                  uint64
	Name                  string
	Attrs                 []*Name // those of its MRO, or of its instances' shared keys, that some code names
}

// Attr gives what the class or its bases have of a name; nil: nothing, or no code names it.
func (t *Type) Attr(name string) *Name { return findName(t.Attrs, name, InType) }

// InstanceAttr tells where instances whose dict is not made yet keep the
// attribute; nil: nowhere, or no code names it.
func (t *Type) InstanceAttr(name string) *Name {
	if n := findName(t.Attrs, name, InInstance); n != nil && n.Entry != NoEntry {
		return n
	}
	return nil
}

// InstanceLacks tells that no instance whose dict is not made yet has the attribute, while the keys at address Dict, which its
// instances share, have the Version; nil: that cannot be told.
func (t *Type) InstanceLacks(name string) *Name {
	if n := findName(t.Attrs, name, InInstance); n != nil && n.Entry == NoEntry && n.Flags&NameGuardable != 0 {
		return n
	}
	return nil
}

// Attr gives what a module has of a name; nil: nothing, or no code names it.
func (o *Object) Attr(name string) *Name { return findName(o.Attrs, name, InModule) }

func findName(names []*Name, name string, where Where) *Name {
	for _, n := range names {
		if n.Name == name && n.Where == where {
			return n
		}
	}
	return nil
}

// Where a name was found.
type Where uint32

const (
	Nowhere    Where = 0
	InGlobals  Where = 1
	InBuiltins Where = 2
	InModule   Where = 3
	InType     Where = 4
	InInstance Where = 5 // Entry: where in the values of an instance, in bytes; Value: what one has there, if there is one
)

// Flags of names.
const (
	NameGuardable        = 1 // Version and Entry are valid
	NameGlobalsGuardable = 2 // GlobalsVersion is valid
)

// Name is a name resolved in a dict.
//
// Native code may take Value for granted while
//
//	keys = dict->ma_keys; keys->dk_version == Version && *(keys + Entry) == Value.Address
//
// and, where it was found in the builtins, the globals' keys have GlobalsVersion
// (so that they still lack the name).
type Name struct {
	Name           string
	Where          Where
	Globals        uint64 // address of the globals' dict
	GlobalsVersion uint32
	Flags          uint32
	Dict           uint64 // address of the dict it was found in
	Version        uint32
	Entry          uint64 // bytes from the start of the keys object to the entry's value
	Value          *Object
}

// Guardable tells that native code can test whether the name is still bound so.
func (n *Name) Guardable() bool {
	return n.Flags&NameGuardable != 0 && (n.Where != InBuiltins || n.Flags&NameGlobalsGuardable != 0)
}

// Flags of functions.
const (
	FuncClosure    = 1
	FuncKwDefaults = 2
	FuncAttached   = 4 // runs by a record
)

// Function is a function object.
type Function struct {
	Index             uint32
	Address           uint64
	Code              *Code // nil: not in this snapshot
	Flags             uint32
	Globals, Builtins uint64
	Closure           uint64
	KwDefaults        uint64
	Vectorcall        uint64
	Version           uint32
	Defaults          []*Object
	Cells             []*Object // kind ObjCell
	KwDefaultItems    []*Object // key, value, key, value …
}

// LocalKind is what a local is.
type LocalKind uint8

const (
	LocalPlain LocalKind = 0x20
	LocalCell  LocalKind = 0x40
	LocalFree  LocalKind = 0x80
)

// Local is a local variable, cell or free variable.
type Local struct {
	Name string
	Kind LocalKind // of a parameter that is a cell: LocalPlain|LocalCell
}

// Site is the profile of one code unit, or of the second store of one.
type Site struct {
	Type         uint64
	Flags, Count uint32
}

// Flags of code objects, as CPython's.
const (
	CoOptimized      = 0x1
	CoNewLocals      = 0x2
	CoVarArgs        = 0x4
	CoVarKeywords    = 0x8
	CoGenerator      = 0x20
	CoCoroutine      = 0x80
	CoAsyncGenerator = 0x200
)

// Code is a code object with its globals and profile.
type Code struct {
	Index                               uint32
	Address, Record, Profile            uint64
	GlobalsDict, BuiltinsDict           uint64
	ArgCount, PosOnly, KwOnly           int
	Flags                               uint32
	StackSize, NLocals                  int
	NCells, NFrees                      int
	FirstLine                           int32
	Bytecode, ExceptionTable, LineTable []byte // in the snapshot's own memory
	Name, QualName, FileName            string
	Consts                              []*Object
	Names                               []string
	NameObjects                         []*Object // the str objects of Names
	Locals                              []Local
	Sites                               []Site  // by code unit, then one for each unit that stores twice; empty: no profile yet
	Globals                             []*Name // by index in Names; nil: no LOAD_GLOBAL of it
}

// Params is the number of locals that the caller fills.
func (c *Code) Params() int {
	n := c.ArgCount + c.KwOnly
	if c.Flags&CoVarArgs != 0 {
		n++
	}
	if c.Flags&CoVarKeywords != 0 {
		n++
	}
	return n
}

// Site gives the profile of an instruction, by its Site.
func (c *Code) Site(unit uint32) Site {
	if int64(unit) < int64(len(c.Sites)) {
		return c.Sites[unit]
	}
	return Site{}
}

// section is one array of records.
type section struct {
	b    []byte
	size int
}

func (s section) len() int        { return len(s.b) / s.size }
func (s section) at(n int) record { return record{b: s.b[n*s.size : (n+1)*s.size]} }

// record reads the fields of a record in order.
type record struct {
	b  []byte
	at int
}

func (r *record) u8() uint8 {
	r.at++
	return r.b[r.at-1]
}

func (r *record) u32() uint32 {
	r.at += 4
	return binary.LittleEndian.Uint32(r.b[r.at-4:])
}

func (r *record) u64() uint64 {
	r.at += 8
	return binary.LittleEndian.Uint64(r.b[r.at-8:])
}

const (
	secSlots = iota
	secObjects
	secTypes
	secCodes
	secFunctions
	secNames
	secSites
	secLists
	secBytes
	numSections
)

var recordSizes = [numSections]int{32, 64, 96, 176, 88, 48, 16, 4, 1}

type snapshotReader struct {
	s        *Snapshot
	sections [numSections]section
	used     [numSections]int // by spans: none is named twice, so a damaged snapshot cannot grow in memory
	err      error
}

func (r *snapshotReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("the snapshot is damaged: "+format, args...)
	}
}

// ReadSnapshot reads a snapshot. What it returns refers to the buffer (byte
// strings of codes), so that must live as long.
func ReadSnapshot(b []byte) (*Snapshot, error) {
	r := &snapshotReader{s: &Snapshot{}}
	if len(b) < SnapshotHeader {
		return nil, fmt.Errorf("the snapshot has only %d bytes", len(b))
	}
	h := record{b: b}
	if h.u32() != SnapshotMagic {
		return nil, fmt.Errorf("the snapshot does not begin as one")
	}
	if format := h.u32(); format != SnapshotFormat {
		return nil, fmt.Errorf("the snapshot's format is %d, not %d", format, SnapshotFormat)
	}
	if size := h.u64(); size != uint64(len(b)) {
		return nil, fmt.Errorf("the snapshot has %d bytes, not %d", len(b), size)
	}
	s := r.s
	s.Version = Version{h.u8(), h.u8()}
	s.Micro = h.u8()
	h.u8()
	s.Mode = Mode(h.u32())
	s.Off = h.u32()
	locals, stack, function := h.u32(), h.u32(), h.u32()
	s.Callable = h.u64()
	s.Record = h.u64()
	if s.Mode > ModeGeneral {
		return nil, fmt.Errorf("the snapshot's mode is %d", s.Mode)
	}
	for n := range r.sections {
		start, count := h.u32(), h.u32()
		end := uint64(start) + uint64(count)*uint64(recordSizes[n])
		if start < SnapshotHeader || start%8 != 0 || end > uint64(len(b)) {
			return nil, fmt.Errorf("the snapshot is damaged: section %d is %d records at %d, of %d bytes", n, count, start, len(b))
		}
		r.sections[n] = section{b[start:end:end], recordSizes[n]}
	}
	if uint64(locals)+uint64(stack) != uint64(r.sections[secSlots].len()) {
		return nil, fmt.Errorf("the snapshot is damaged: %d slots, not %d and %d", r.sections[secSlots].len(), locals, stack)
	}
	if r.sections[secCodes].len() == 0 {
		return nil, fmt.Errorf("the snapshot has no code")
	}
	s.NLocals = int(locals)
	// Records refer to each other, so all exist before any is read.
	s.Objects = make([]*Object, r.sections[secObjects].len())
	objects := make([]Object, len(s.Objects))
	for n := range objects {
		objects[n].Index = uint32(n)
		s.Objects[n] = &objects[n]
	}
	s.Types = makeAll[Type](r.sections[secTypes].len())
	s.Codes = makeAll[Code](r.sections[secCodes].len())
	s.Functions = makeAll[Function](r.sections[secFunctions].len())
	for n := range objects {
		r.object(&objects[n], r.sections[secObjects].at(n))
	}
	// The strings of objects are there now, which the rest takes names from.
	names := make([]Name, r.sections[secNames].len())
	for n := range names {
		r.name(&names[n], r.sections[secNames].at(n))
	}
	for n, o := range s.Objects {
		if o.Kind == ObjModule {
			rec := r.sections[secObjects].at(n)
			rec.at = 48
			o.Attrs = r.names(names, rec.u32(), rec.u32())
		}
	}
	for n, t := range s.Types {
		r.typ(t, r.sections[secTypes].at(n), names)
	}
	for n, c := range s.Codes {
		c.Index = uint32(n)
		r.code(c, r.sections[secCodes].at(n), names)
	}
	for n, f := range s.Functions {
		f.Index = uint32(n)
		r.function(f, r.sections[secFunctions].at(n))
	}
	for n := range r.sections[secSlots].len() {
		rec := r.sections[secSlots].at(n)
		slot := Slot{Kind: rec.u8(), Owned: rec.u8() != 0}
		rec.at = 4
		slot.Object = r.objectAt(rec.u32())
		for w := range slot.Words {
			slot.Words[w] = rec.u64()
		}
		s.Slots = append(s.Slots, slot)
	}
	if function != NoIndex {
		if int64(function) >= int64(len(s.Functions)) {
			r.fail("function %d of %d", function, len(s.Functions))
		} else {
			s.Function = s.Functions[function]
		}
	}
	if r.err == nil && len(s.Codes[0].Locals) != s.NLocals {
		r.fail("%d slots for %d locals", s.NLocals, len(s.Codes[0].Locals))
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func makeAll[T any](n int) []*T {
	all := make([]T, n)
	refs := make([]*T, n)
	for i := range all {
		refs[i] = &all[i]
	}
	return refs
}

func pick[T any](r *snapshotReader, all []*T, index uint32) *T {
	if index == NoIndex {
		return nil
	}
	if int64(index) >= int64(len(all)) {
		r.fail("reference to %d of %d", index, len(all))
		return nil
	}
	return all[index]
}

func (r *snapshotReader) objectAt(index uint32) *Object { return pick(r, r.s.Objects, index) }

// span checks a span of a section and gives its bounds, 0 and 0 if it is wrong.
func (r *snapshotReader) span(sec int, start, count uint32) (int, int) {
	if uint64(start)+uint64(count) > uint64(r.sections[sec].len()) {
		r.fail("span of %d at %d in section %d, which has %d", count, start, sec, r.sections[sec].len())
		return 0, 0
	}
	if r.used[sec] += int(count); r.used[sec] > r.sections[sec].len() {
		r.fail("spans of section %d overlap", sec)
		return 0, 0
	}
	return int(start), int(start) + int(count)
}

func (r *snapshotReader) bytes(start, count uint32) []byte {
	a, z := r.span(secBytes, start, count)
	return r.sections[secBytes].b[a:z:z]
}

func (r *snapshotReader) objects(start, count uint32) []*Object {
	a, z := r.span(secLists, start, count)
	list := make([]*Object, 0, z-a)
	for n := a; n < z; n++ {
		rec := r.sections[secLists].at(n)
		o := r.objectAt(rec.u32())
		if o == nil {
			r.fail("nothing in a list")
			return nil
		}
		list = append(list, o)
	}
	return list
}

func (r *snapshotReader) names(all []Name, start, count uint32) []*Name {
	a, z := r.span(secNames, start, count)
	list := make([]*Name, 0, z-a)
	for n := a; n < z; n++ {
		list = append(list, &all[n])
	}
	return list
}

func (r *snapshotReader) object(o *Object, rec record) {
	o.Address, o.Class = rec.u64(), rec.u64()
	o.Kind, o.Flags = ObjKind(rec.u32()), rec.u32()
	o.Type = pick(r, r.s.Types, rec.u32())
	o.Item, o.Key = r.objectAt(rec.u32()), r.objectAt(rec.u32())
	aux := rec.u32()
	o.Value = rec.u64()
	start, count := rec.u32(), rec.u32()
	o.Extra = rec.u64()
	if o.Kind >= numObjKinds {
		r.fail("object of kind %d", o.Kind)
		o.Kind = ObjOther
	}
	switch o.Kind {
	case ObjFloat:
		o.Float = math.Float64frombits(o.Value)
	case ObjStr:
		o.Int = int64(o.Value)
		o.Text = string(r.bytes(start, count))
	case ObjTuple:
		o.Int = int64(o.Value)
		o.Items = r.objects(start, count)
	case ObjFunction:
		o.Func = pick(r, r.s.Functions, aux)
	case ObjType:
		o.TypeOf = pick(r, r.s.Types, aux)
	case ObjCode:
		o.Code = pick(r, r.s.Codes, aux)
	case ObjRange:
		if o.Fits() {
			words := r.bytes(start, count)
			if len(words) != 24 {
				r.fail("a range of %d bytes", len(words))
				break
			}
			for n := range o.Range {
				o.Range[n] = int64(binary.LittleEndian.Uint64(words[8*n:]))
			}
		}
	default:
		o.Int = int64(o.Value)
	}
}

func (r *snapshotReader) name(n *Name, rec record) {
	if o := r.objectAt(rec.u32()); o != nil {
		n.Name = o.Text
	} else {
		r.fail("a name without text")
	}
	n.Where = Where(rec.u32())
	n.Globals = rec.u64()
	n.GlobalsVersion, n.Flags = rec.u32(), rec.u32()
	n.Dict = rec.u64()
	n.Version = rec.u32()
	n.Value = r.objectAt(rec.u32())
	n.Entry = rec.u64()
	if n.Where > InInstance || n.Where != InInstance && (n.Where == Nowhere) != (n.Value == nil) {
		r.fail("%q is found in %d", n.Name, n.Where)
	}
}

func (r *snapshotReader) typ(t *Type, rec record, names []Name) {
	t.Address = rec.u64()
	t.Version, t.Flags = rec.u32(), rec.u32()
	t.TPFlags = rec.u64()
	t.New, t.Init, t.GetAttr, t.SetAttr = rec.u64(), rec.u64(), rec.u64(), rec.u64()
	t.BasicSize, t.DictOffset = int64(rec.u64()), int64(rec.u64())
	t.Base = rec.u64()
	t.Name = string(r.bytes(rec.u32(), rec.u32()))
	t.Attrs = r.names(names, rec.u32(), rec.u32())
}

func (r *snapshotReader) code(c *Code, rec record, names []Name) {
	c.Address, c.Record, c.Profile = rec.u64(), rec.u64(), rec.u64()
	c.GlobalsDict, c.BuiltinsDict = rec.u64(), rec.u64()
	var counts [10]int
	for n := range counts {
		v := rec.u32()
		if n != 3 && v > 1<<24 {
			r.fail("code with the count %d", v)
			return
		}
		counts[n] = int(v)
	}
	c.ArgCount, c.PosOnly, c.KwOnly, c.Flags = counts[0], counts[1], counts[2], uint32(counts[3])
	c.StackSize, c.NLocals, c.NCells, c.NFrees, c.FirstLine = counts[4], counts[5], counts[7], counts[8], int32(counts[9])
	c.Bytecode = r.bytes(rec.u32(), rec.u32())
	c.ExceptionTable = r.bytes(rec.u32(), rec.u32())
	c.LineTable = r.bytes(rec.u32(), rec.u32())
	c.Name = string(r.bytes(rec.u32(), rec.u32()))
	c.QualName = string(r.bytes(rec.u32(), rec.u32()))
	c.FileName = string(r.bytes(rec.u32(), rec.u32()))
	kinds := r.bytes(rec.u32(), rec.u32())
	c.Consts = r.objects(rec.u32(), rec.u32())
	c.NameObjects = r.objects(rec.u32(), rec.u32())
	c.Names = make([]string, len(c.NameObjects))
	for n, o := range c.NameObjects {
		c.Names[n] = o.Text
	}
	locals := r.objects(rec.u32(), rec.u32())
	if len(locals) != counts[6] || len(kinds) != counts[6] || c.Params() > counts[6] {
		r.fail("%d names and %d kinds of %d locals, %d parameters", len(locals), len(kinds), counts[6], c.Params())
		return
	}
	c.Locals = make([]Local, len(locals))
	for n, o := range locals {
		c.Locals[n] = Local{o.Text, LocalKind(kinds[n])}
	}
	a, z := r.span(secSites, rec.u32(), rec.u32())
	c.Sites = make([]Site, z-a)
	for n := range c.Sites {
		site := r.sections[secSites].at(a + n)
		c.Sites[n] = Site{site.u64(), site.u32(), site.u32()}
	}
	if units := len(c.Bytecode) / 2; len(c.Sites) != 0 && (len(c.Sites) < units || len(c.Sites) > 2*units) {
		r.fail("%d sites for %d units", len(c.Sites), len(c.Bytecode)/2)
	}
	c.Globals = make([]*Name, len(c.Names))
	for _, n := range r.names(names, rec.u32(), rec.u32()) {
		for i, name := range c.Names {
			if name == n.Name {
				c.Globals[i] = n
			}
		}
	}
}

func (r *snapshotReader) function(f *Function, rec record) {
	f.Address = rec.u64()
	f.Code = pick(r, r.s.Codes, rec.u32())
	f.Flags = rec.u32()
	f.Globals, f.Builtins, f.Closure, f.KwDefaults, f.Vectorcall = rec.u64(), rec.u64(), rec.u64(), rec.u64(), rec.u64()
	f.Version = rec.u32()
	rec.u32()
	f.Defaults = r.objects(rec.u32(), rec.u32())
	f.Cells = r.objects(rec.u32(), rec.u32())
	f.KwDefaultItems = r.objects(rec.u32(), rec.u32())
}
