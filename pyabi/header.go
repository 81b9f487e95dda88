// The ABI header: rows (name, 64-bit value) that _native writes once at import
// and that stay valid for the process. In memory, little-endian:
//
//	0   u64 HeaderMagic ("gsabihd1")
//	8   u64 size of the whole in bytes
//	16  u64 number of rows
//	24  rows: u64 value, u32 length of the name, the name, zeros up to the next
//	    multiple of 8
//
// Names the compiler needs are the `abi` tags of struct ABI; a name that is
// missing is an error, one that is unknown is kept for Lookup and Help.
package pyabi

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// Where the values of an instance are, if its class manages dicts: ABI.ValuesForm.
const (
	ValuesPointer = 0 // at ValuesAt is their address, or 0: the instance has a dict
	ValuesTagged  = 1 // likewise, less 1; an even word is the dict's address
	ValuesInline  = 2 // they begin at ValuesAt, and count while the byte at ValuesValid is not 0
	ValuesBehind  = 3 // likewise, from where the class's basic size ends
)

const (
	// HeaderMagic opens the ABI header.
	HeaderMagic = 0x3164686962617367
	// HeaderPrefix is how many bytes HeaderSize wants to see.
	HeaderPrefix = 24

	maxHeader = 1 << 20
	maxName   = 128
)

// ABI is what the compiler knows of the running CPython. Offsets are in bytes.
type ABI struct {
	Major uint64 `abi:"version.major"`
	Minor uint64 `abi:"version.minor"`
	Micro uint64 `abi:"version.micro"`

	// Objects.
	ObRefcnt       uint64 `abi:"PyObject.ob_refcnt"`
	Immortal       uint64 `abi:"refcount.immortal"` // 1: counts are of 32 bits, and a negative one stays as it is
	ObType         uint64 `abi:"PyObject.ob_type"`
	ObSize         uint64 `abi:"PyVarObject.ob_size"`
	IntSize        uint64 `abi:"int.size"`   // a word: how many digits, negative for a negative int
	IntTagged      uint64 `abi:"int.tagged"` // 1: it is instead digits*8 + flag*4 + (0: positive, 1: zero, 2: negative)
	IntDigits      uint64 `abi:"int.digits"`
	IntShift       uint64 `abi:"int.digit_bits"`
	FloatVal       uint64 `abi:"PyFloatObject.ob_fval"`
	ListItem       uint64 `abi:"PyListObject.ob_item"`
	ListAllocated  uint64 `abi:"PyListObject.allocated"`
	TupleItem      uint64 `abi:"PyTupleObject.ob_item"`
	DictUsed       uint64 `abi:"PyDictObject.ma_used"`
	DictKeys       uint64 `abi:"PyDictObject.ma_keys"`
	KeysVersion    uint64 `abi:"PyDictKeysObject.dk_version"`
	CellRef        uint64 `abi:"PyCellObject.ob_ref"`
	UnicodeLength  uint64 `abi:"PyASCIIObject.length"`
	UnicodeState   uint64 `abi:"PyASCIIObject.state"`  // 32 bits
	ASCIIMask      uint64 `abi:"str.ascii_mask"`       // of the state: which bits tell that the characters are single bytes below 128, and where
	ASCIIBits      uint64 `abi:"str.ascii_bits"`       // what they are then
	ASCIIData      uint64 `abi:"str.ascii_data"`       // and where the characters are
	RangeIterIndex uint64 `abi:"range_iterator.index"` // how many it has given; 0: it changes its start and length instead
	RangeIterStart uint64 `abi:"range_iterator.start"`
	RangeIterStep  uint64 `abi:"range_iterator.step"`
	RangeIterLen   uint64 `abi:"range_iterator.len"`
	ListIterIndex  uint64 `abi:"list_iterator.it_index"`
	ListIterSeq    uint64 `abi:"list_iterator.it_seq"`

	// Of an instance with a managed dict: where its values are, and how.
	ValuesAt    uint64 `abi:"values.at"`    // in the object; negative before it
	ValuesForm  uint64 `abi:"values.form"`  // ValuesPointer, ValuesTagged, ValuesInline, ValuesBehind
	ValuesValid uint64 `abi:"values.valid"` // of inline ones
	ValuesDict  uint64 `abi:"values.dict"`  // likewise: the address of a dict that shares them; negative before the object

	// Types.
	TypeVersionTag uint64 `abi:"PyTypeObject.tp_version_tag"`
	TypeFlags      uint64 `abi:"PyTypeObject.tp_flags"`

	// Functions.
	FuncCode     uint64 `abi:"PyFunctionObject.func_code"`
	FuncDefaults uint64 `abi:"PyFunctionObject.func_defaults"`
	FuncClosure  uint64 `abi:"PyFunctionObject.func_closure"`
	FuncGlobals  uint64 `abi:"PyFunctionObject.func_globals"`
	FuncBuiltins uint64 `abi:"PyFunctionObject.func_builtins"`
	CodeAdaptive uint64 `abi:"PyCodeObject.co_code_adaptive"`

	// Threads and frames. Where a name ends in By, that is the offset in the thread state of the address of what has the field, or 0 if it is
	// the thread state's own.
	ThreadCurrent    uint64 `abi:"thread.current"` // address of the word that leads to the running thread's state; 0: see ThreadLocal
	ThreadLocal      uint64 `abi:"thread.local"`   // offset of that word from the thread pointer
	ThreadInterp     uint64 `abi:"thread.interp"`
	ThreadRecursion  uint64 `abi:"thread.recursion"` // 32 bits: how much deeper calls may go
	ThreadStackChunk uint64 `abi:"thread.datastack_chunk"`
	ThreadStackLimit uint64 `abi:"thread.datastack_limit"`
	FramesBy         uint64 `abi:"frames.by"`
	FramesAt         uint64 `abi:"frames.at"` // the current frame
	WatchBy          uint64 `abi:"watch.by"`
	WatchAt          uint64 `abi:"watch.at"`    // what says whether tools look on
	WatchQuiet       uint64 `abi:"watch.quiet"` // address of the word that is the same while nobody does; 0: a byte that is 0 then
	BreakerBy        uint64 `abi:"breaker.by"`
	BreakerAt        uint64 `abi:"breaker.at"`   // the eval breaker
	BreakerSize      uint64 `abi:"breaker.size"` // how many bytes of it are 0 while nothing is to be done
	InterpEvalFrame  uint64 `abi:"interp.eval_frame"`
	FloatsBy         uint64 `abi:"floats.by"`
	FloatsList       uint64 `abi:"floats.list"`  // free floats
	FloatsLink       uint64 `abi:"floats.link"`  // where each has the address of the next one
	FloatsCount      uint64 `abi:"floats.count"` // 32 bits
	FloatsMost       uint64 `abi:"floats.most"`
	FramePrevious    uint64 `abi:"frame.previous"`
	FrameObject      uint64 `abi:"frame.frame_obj"`
	FrameIP          uint64 `abi:"frame.ip"`
	FrameLocals      uint64 `abi:"frame.localsplus"`
	FrameStack       uint64 `abi:"frame.stackpointer"` // of the end of its stack, where the interpreter passes copies of what lies there; else 0
	FrameNull        uint64 `abi:"frame.null"`         // what a local without a value is

	// Addresses of types.
	TypeType        uint64 `abi:"type.type"`
	TypeInt         uint64 `abi:"type.int"`
	TypeFloat       uint64 `abi:"type.float"`
	TypeBool        uint64 `abi:"type.bool"`
	TypeComplex     uint64 `abi:"type.complex"`
	TypeNone        uint64 `abi:"type.NoneType"`
	TypeStr         uint64 `abi:"type.str"`
	TypeBytes       uint64 `abi:"type.bytes"`
	TypeByteArray   uint64 `abi:"type.bytearray"`
	TypeList        uint64 `abi:"type.list"`
	TypeTuple       uint64 `abi:"type.tuple"`
	TypeDict        uint64 `abi:"type.dict"`
	TypeSet         uint64 `abi:"type.set"`
	TypeFrozenSet   uint64 `abi:"type.frozenset"`
	TypeSlice       uint64 `abi:"type.slice"`
	TypeRange       uint64 `abi:"type.range"`
	TypeRangeIter   uint64 `abi:"type.range_iterator"`
	TypeLongRange   uint64 `abi:"type.longrange_iterator"`
	TypeListIter    uint64 `abi:"type.list_iterator"`
	TypeTupleIter   uint64 `abi:"type.tuple_iterator"`
	TypeEnumerate   uint64 `abi:"type.enumerate"`
	TypeZip         uint64 `abi:"type.zip"`
	TypeFunction    uint64 `abi:"type.function"`
	TypeAttached    uint64 `abi:"type.gs_function"`
	TypeBuiltin     uint64 `abi:"type.builtin_function_or_method"`
	TypeMethod      uint64 `abi:"type.method"`
	TypeMethodDescr uint64 `abi:"type.method_descriptor"`
	TypeModule      uint64 `abi:"type.module"`
	TypeCell        uint64 `abi:"type.cell"`
	TypeCode        uint64 `abi:"type.code"`
	TypeGenerator   uint64 `abi:"type.generator"`

	// Addresses of objects.
	ObjNone       uint64 `abi:"obj.None"`
	ObjTrue       uint64 `abi:"obj.True"`
	ObjFalse      uint64 `abi:"obj.False"`
	ObjEllipsis   uint64 `abi:"obj.Ellipsis"`
	ObjEmptyTuple uint64 `abi:"obj.empty_tuple"`

	// The contiguous small ints: first address, distance, and the numbers they cover.
	SmallInts    uint64 `abi:"smallint.first"`
	SmallIntStep uint64 `abi:"smallint.step"`
	SmallIntNeg  uint64 `abi:"smallint.negatives"` // 5: the first is -5
	SmallIntPos  uint64 `abi:"smallint.positives"` // 257: the last is 256

	// The ints of one digit that wait to be boxes: how many there are, and their offset from there.
	SpareInts      uint64 `abi:"cell.gs_spare_ints"`
	SpareIntsFirst uint64 `abi:"spare_ints.first"`

	// The strings of one ASCII character, which exist once: of character 0, and distance.
	Chars    uint64 `abi:"char.first"`
	CharStep uint64 `abi:"char.step"`

	// Cells of the runtime.
	StackLimit uint64 `abi:"cell.gs_stack_limit"`

	rows      map[string]uint64
	names     map[uint64]string
	synthetic bool
}

// HeaderSize tells from the first HeaderPrefix bytes of a header how long it is.
func HeaderSize(prefix []byte) (int, error) {
	if len(prefix) < HeaderPrefix {
		return 0, fmt.Errorf("the ABI header is cut off")
	}
	if binary.LittleEndian.Uint64(prefix) != HeaderMagic {
		return 0, fmt.Errorf("the ABI header does not begin as one")
	}
	size := binary.LittleEndian.Uint64(prefix[8:])
	if size < HeaderPrefix || size > maxHeader {
		return 0, fmt.Errorf("the ABI header claims %d bytes", size)
	}
	return int(size), nil
}

// ReadHeader reads a whole header, which it does not keep.
func ReadHeader(b []byte) (*ABI, error) {
	size, err := HeaderSize(b)
	if err != nil {
		return nil, err
	}
	if size > len(b) {
		return nil, fmt.Errorf("the ABI header claims %d bytes, %d are there", size, len(b))
	}
	b = b[:size]
	count := binary.LittleEndian.Uint64(b[16:])
	rows := make(map[string]uint64, min(count, uint64(size)/16))
	text := string(b) // all names, copied at once
	at := HeaderPrefix
	for n := uint64(0); n < count; n++ {
		if len(b)-at < 12 {
			return nil, fmt.Errorf("the ABI header ends in row %d of %d", n, count)
		}
		value := binary.LittleEndian.Uint64(b[at:])
		length := binary.LittleEndian.Uint32(b[at+8:])
		at += 12
		if length == 0 || length > maxName || int(length) > len(b)-at {
			return nil, fmt.Errorf("the ABI header's row %d has a name of %d bytes", n, length)
		}
		name := text[at : at+int(length)]
		if rows[name] = value; uint64(len(rows)) == n {
			return nil, fmt.Errorf("the ABI header has %s twice", name)
		}
		at = min((at+int(length)+7)&^7, len(b))
	}
	return New(rows)
}

// AppendHeader writes rows as C does, sorted by name.
func AppendHeader(b []byte, rows map[string]uint64) []byte {
	start := len(b)
	b = append64(b, HeaderMagic, 0, uint64(len(rows)))
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		b = append64(b, rows[name])
		b = append32(b, uint32(len(name)))
		b = append(b, name...)
		for (len(b)-start)%8 != 0 {
			b = append(b, 0)
		}
	}
	binary.LittleEndian.PutUint64(b[start+8:], uint64(len(b)-start))
	return b
}

// New makes an ABI of rows, or tells which names are missing.
func New(rows map[string]uint64) (*ABI, error) {
	a := &ABI{rows: rows, names: make(map[uint64]string, len(rows))}
	var missing []string
	value := reflect.ValueOf(a).Elem()
	for i := range value.NumField() {
		name := value.Type().Field(i).Tag.Get("abi")
		if name == "" {
			continue
		}
		row, ok := rows[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		value.Field(i).SetUint(row)
	}
	if missing != nil {
		return nil, fmt.Errorf("the ABI header lacks %s", strings.Join(missing, ", "))
	}
	for name, address := range rows {
		switch group, _, _ := strings.Cut(name, "."); group {
		case "type", "obj", "builtin", "math", "method", "exc", "help", "cell":
			if other, taken := a.names[address]; !taken || name < other { // of several the first one, whatever the order of the map
				a.names[address] = name
			}
		}
	}
	return a, nil
}

// Names lists the names the compiler needs, in the order of struct ABI.
func Names() []string {
	var names []string
	t := reflect.TypeFor[ABI]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("abi"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Lookup gives the value of any row ("builtin.len", "exc.KeyError").
func (a *ABI) Lookup(name string) (uint64, bool) {
	v, ok := a.rows[name]
	return v, ok
}

// Constructs tells whether native code may make instances and call their __init__.
func (a *ABI) Constructs() bool { return a.rows["constructs"] != 0 }

// NearPow tells whether the C library's pow errs by less than pass powers of opt relies on.
func (a *ABI) NearPow() bool { return a.rows["libm.near_pow"] != 0 }

// Help gives the address of a helper function by its C name.
func (a *ABI) Help(name string) (uint64, bool) {
	v, ok := a.rows["help."+name]
	if !ok && a.synthetic {
		return syntheticHelper(name), true
	}
	return v, ok
}

// Name tells what lies at an address ("type.int", "builtin.len"), or "".
func (a *ABI) Name(address uint64) string { return a.names[address] }

// IsImmortal tells whether the object at an address is known to have no reference count.
func (a *ABI) IsImmortal(address uint64) bool {
	if a.Immortal == 0 {
		return false
	}
	size := (a.SmallIntNeg + a.SmallIntPos) * a.SmallIntStep
	return address-a.SmallInts < size || address == a.ObjNone || address == a.ObjTrue || address == a.ObjFalse || address == a.ObjEllipsis
}

// SmallInt gives the address of a small int's object.
func (a *ABI) SmallInt(n int64) (uint64, bool) {
	if n < -int64(a.SmallIntNeg) || n >= int64(a.SmallIntPos) {
		return 0, false
	}
	return a.SmallInts + uint64(n+int64(a.SmallIntNeg))*a.SmallIntStep, true
}
