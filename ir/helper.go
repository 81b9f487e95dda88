// The table of functions that native code may call: CPython's own and the runtime's (pyext/native/helpers.h has the C side).
// Helpers borrow their arguments; objects they return are new references, or NULL with an exception set.

package ir

// HelperError says how a helper tells of an exception.
type HelperError uint8

const (
	NoError   HelperError = iota
	NullError             // returns NULL
	NegError              // returns a negative number
)

// Helper is a row of the table.
type Helper struct {
	Name   string
	Args   []Kind // of the fixed arguments; a vector helper gets an array's address and its count after them
	Vector bool
	Result Kind
	Error  HelperError
	Looks  bool // may run Python code, or look at frames: wants a linked frame, unless the operands are known not to
	Writes Heap // when operands are unknown
	Pure   bool // arithmetic on raw values: no effect, may be numbered and dropped
}

// HelperIndex finds a helper by name; it panics if there is none.
func HelperIndex(name string) int64 {
	if i, ok := helperByName[name]; ok {
		return i
	}
	panic("BUG: no helper " + name)
}

var helperByName = map[string]int64{}

func init() {
	for i, h := range Helpers {
		if _, dup := helperByName[h.Name]; dup {
			panic("BUG: two helpers " + h.Name)
		}
		helperByName[h.Name] = int64(i)
	}
}

func object(name string, args ...Kind) Helper {
	return Helper{Name: name, Args: args, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll}
}

func status(name string, args ...Kind) Helper {
	return Helper{Name: name, Args: args, Result: I64, Error: NegError, Looks: true, Writes: HeapAll}
}

// quiet is a helper that makes an object without running any Python code.
func quiet(name string, args ...Kind) Helper {
	return Helper{Name: name, Args: args, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther}
}

// Helpers is the table.
var Helpers = []Helper{
	object("PyNumber_Add", Obj, Obj),
	object("PyNumber_Subtract", Obj, Obj),
	object("PyNumber_Multiply", Obj, Obj),
	object("PyNumber_MatrixMultiply", Obj, Obj),
	object("PyNumber_TrueDivide", Obj, Obj),
	object("PyNumber_FloorDivide", Obj, Obj),
	object("PyNumber_Remainder", Obj, Obj),
	object("PyNumber_Power", Obj, Obj, Obj),
	object("PyNumber_Lshift", Obj, Obj),
	object("PyNumber_Rshift", Obj, Obj),
	object("PyNumber_And", Obj, Obj),
	object("PyNumber_Or", Obj, Obj),
	object("PyNumber_Xor", Obj, Obj),
	object("PyNumber_InPlaceAdd", Obj, Obj),
	object("PyNumber_InPlaceSubtract", Obj, Obj),
	object("PyNumber_InPlaceMultiply", Obj, Obj),
	object("PyNumber_InPlaceMatrixMultiply", Obj, Obj),
	object("PyNumber_InPlaceTrueDivide", Obj, Obj),
	object("PyNumber_InPlaceFloorDivide", Obj, Obj),
	object("PyNumber_InPlaceRemainder", Obj, Obj),
	object("PyNumber_InPlacePower", Obj, Obj, Obj),
	object("PyNumber_InPlaceLshift", Obj, Obj),
	object("PyNumber_InPlaceRshift", Obj, Obj),
	object("PyNumber_InPlaceAnd", Obj, Obj),
	object("PyNumber_InPlaceOr", Obj, Obj),
	object("PyNumber_InPlaceXor", Obj, Obj),
	object("PyNumber_Negative", Obj),
	object("PyNumber_Positive", Obj),
	object("PyNumber_Invert", Obj),
	object("PyObject_RichCompare", Obj, Obj, I64),
	status("PyObject_IsTrue", Obj),
	object("PyObject_GetItem", Obj, Obj),
	status("PyObject_SetItem", Obj, Obj, Obj),
	object("PyObject_GetIter", Obj),
	object("PyObject_GetAttr", Obj, Obj),
	status("PyObject_SetAttr", Obj, Obj, Obj),
	status("PyObject_DelItem", Obj, Obj),
	status("PyObject_DelAttr", Obj, Obj),
	status("PySequence_Contains", Obj, Obj),
	status("PyList_Append", Obj, Obj),
	quiet("PyCell_New", ObjNull),

	{Name: "gs_call", Args: []Kind{ObjNull}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_build_tuple", Vector: true, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_build_list", Vector: true, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_for_iter", Args: []Kind{Obj}, Result: ObjNull, Looks: true, Writes: HeapAll},
	{Name: "gs_error_pending", Result: I64, Error: NegError},
	status("gs_load_method", Obj, Obj, Ptr),
	status("gs_unpack", Obj, I64, Ptr),
	object("gs_load_global", Ptr, Ptr, Obj),
	status("gs_store_global", Ptr, Obj, Obj),
	quiet("gs_box_dyn", I64, I64),
	quiet("gs_make_range", I64, I64, I64),
	quiet("gs_make_range_iter", I64, I64, I64),
	{Name: "gs_range_length", Args: []Kind{I64, I64, I64}, Result: I64, Pure: true},
	{Name: "gs_float_floordiv", Args: []Kind{F64, F64}, Result: F64, Pure: true},
	{Name: "gs_float_mod", Args: []Kind{F64, F64}, Result: F64, Pure: true},
	{Name: "gs_float_round", Args: []Kind{F64}, Result: F64, Pure: true},
	{Name: "gs_float_pow", Args: []Kind{F64, F64, Ptr}, Result: I64, Writes: HeapScratch},
}
