// The table of functions that native code may call: CPython's own and the runtime's (pyext/native/helpers.h has the C side).
// Helpers borrow their arguments, but for gs_tuple_of, which takes them over; objects they return are new references, or NULL with an exception set.

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
	Looks  bool // may run any Python code, so wants a linked frame, unless the operands are known not to have any
	Writes Heap // when operands are unknown
	Gives  bool // words with new references, unless the result is 0
	Pure   bool // arithmetic on raw values: no effect, may be numbered and dropped
}

// HelperIndex finds a helper by name; it panics if there is none.
func HelperIndex(name string) int64 {
	if i, ok := helperByName[name]; ok {
		return i
	}
	panic("BUG: no helper " + name)
}

var helperByName = make(map[string]int64, len(Helpers))

func init() {
	for i, h := range Helpers {
		if _, dup := helperByName[h.Name]; dup {
			panic("BUG: two helpers " + h.Name)
		}
		helperByName[h.Name] = int64(i)
	}
}

// Helpers is the table: rows of pyext/native/helpers.def, which a test compares.
var Helpers = []Helper{
	{Name: "PyNumber_Add", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Subtract", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Multiply", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_MatrixMultiply", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_TrueDivide", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_FloorDivide", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Remainder", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Power", Args: []Kind{Obj, Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Lshift", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Rshift", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_And", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Or", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Xor", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceAdd", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceSubtract", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceMultiply", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceMatrixMultiply", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceTrueDivide", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceFloorDivide", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceRemainder", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlacePower", Args: []Kind{Obj, Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceLshift", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceRshift", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceAnd", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceOr", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_InPlaceXor", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Negative", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Positive", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Invert", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Absolute", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Long", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Float", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyNumber_Index", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_RichCompare", Args: []Kind{Obj, Obj, I64}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_compare_bool", Args: []Kind{Obj, Obj, I64}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_IsTrue", Args: []Kind{Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_IsInstance", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_is_instance", Args: []Kind{Obj, Obj}, Result: I64, Writes: HeapRef | HeapOther},
	{Name: "PySequence_Contains", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_Size", Args: []Kind{Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_Hash", Args: []Kind{Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_Str", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_ASCII", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_Repr", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_GetItem", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_dict_find", Args: []Kind{Obj, Obj}, Result: ObjNull, Writes: HeapRef | HeapOther},
	{Name: "gs_sequence_iter", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_str_item", Args: []Kind{Obj, I64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_get_slice", Args: []Kind{Obj, I64, I64}, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_binary_slice", Args: []Kind{Obj, Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_store_slice", Args: []Kind{Obj, Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_SetItem", Args: []Kind{Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_DelItem", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_GetIter", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_for_iter", Args: []Kind{Obj}, Result: ObjNull, Looks: true, Writes: HeapAll},
	{Name: "gs_get_attr", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_set_attr", Args: []Kind{Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_value_added", Args: []Kind{Obj, I64}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_new_instance", Args: []Kind{Obj, Ptr}, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_del_attr", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_error_pending", Result: I64, Error: NegError, Writes: HeapThread},
	{Name: "gs_load_method", Args: []Kind{Obj, Obj, Ptr}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_load_super_attr", Args: []Kind{Obj, Obj, Obj, Obj, I64}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_super_method", Args: []Kind{Obj, Obj, Obj, Ptr}, Result: I64, Gives: true, Writes: HeapRef | HeapOther | HeapScratch},
	{Name: "gs_load_special", Args: []Kind{Obj, I64, Ptr}, Result: I64, Gives: true, Writes: HeapRef | HeapOther | HeapScratch},
	{Name: "gs_call", Args: []Kind{ObjNull}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_call_learning", Args: []Kind{ObjNull, Ptr}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_call_ex", Args: []Kind{Obj, Obj, ObjNull}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "PyObject_Call", Args: []Kind{Obj, Obj, ObjNull}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_build_list", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_build_tuple", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_tuple_of", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_build_set", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_build_map", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_build_const_key_map", Args: []Kind{Obj}, Vector: true, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_build_string", Args: []Kind{}, Vector: true, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_build_slice", Args: []Kind{Obj, Obj, ObjNull}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_format_value", Args: []Kind{Obj, ObjNull, I64}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_list_extend", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyList_Append", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Writes: HeapRef | HeapList},
	{Name: "PyList_AsTuple", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "PySet_Add", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "_PySet_Update", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_dict_update", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_dict_merge", Args: []Kind{Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyDict_SetItem", Args: []Kind{Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_unpack_sequence", Args: []Kind{Obj, I64, Ptr}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_unpack_ex", Args: []Kind{Obj, I64, I64, Ptr}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_str_append", Args: []Kind{Ptr, Obj}, Result: I64, Error: NegError, Writes: HeapRef | HeapOther | HeapScratch},
	{Name: "gs_match_keys", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_match_class", Args: []Kind{Obj, Obj, I64, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_get_len", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_make_range", Args: []Kind{I64, I64, I64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_make_range_iter", Args: []Kind{I64, I64, I64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_load_global", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_store_global", Args: []Kind{Obj, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_delete_global", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_load_name", Args: []Kind{Obj, ObjNull, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_store_name", Args: []Kind{ObjNull, Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_delete_name", Args: []Kind{ObjNull, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_load_classderef", Args: []Kind{Obj, Obj, Obj, I64}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_load_deref", Args: []Kind{Obj, Obj, I64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_delete_deref", Args: []Kind{Obj, Obj, I64}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyCell_Set", Args: []Kind{Obj, ObjNull}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "PyCell_New", Args: []Kind{ObjNull}, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_import_name", Args: []Kind{Obj, Obj, Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_import_from", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_load_build_class", Args: []Kind{Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_make_function", Args: []Kind{Obj, Obj, I64}, Vector: true, Result: ObjNull, Error: NullError, Writes: HeapAll},
	{Name: "gs_unbound_local", Args: []Kind{Obj, I64}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_raise", Args: []Kind{ObjNull, ObjNull}, Result: Void, Looks: true, Writes: HeapAll},
	{Name: "gs_reraise", Args: []Kind{Obj}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_handled", Result: ObjNull, Writes: HeapRef | HeapOther},
	{Name: "gs_push_exc_info", Args: []Kind{Obj}, Result: ObjNull, Writes: HeapRef | HeapOther},
	{Name: "gs_pop_except", Args: []Kind{Obj}, Result: ObjNull, Writes: HeapRef | HeapOther},
	{Name: "gs_check_exc_match", Args: []Kind{Obj, Obj}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll},
	{Name: "gs_check_eg_match", Args: []Kind{Obj, Obj, Ptr}, Result: I64, Error: NegError, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_star_knows", Args: []Kind{Obj, Obj}, Result: I64, Writes: HeapRef | HeapOther},
	{Name: "gs_prep_reraise_star", Args: []Kind{Obj, Obj}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_before_with", Args: []Kind{Obj, Ptr}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_with_except_start", Args: []Kind{Obj, Obj, ObjNull}, Result: ObjNull, Error: NullError, Looks: true, Writes: HeapAll},
	{Name: "gs_box_int", Args: []Kind{I64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_box_float", Args: []Kind{F64}, Result: ObjNull, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_box_dyn", Args: []Kind{I64, I64}, Result: ObjNull, Writes: HeapRef | HeapOther},
	{Name: "gs_unbox_int", Args: []Kind{Obj, Ptr}, Result: I64, Writes: HeapRef | HeapOther | HeapScratch},
	{Name: "gs_dealloc", Args: []Kind{Obj}, Result: Void, Looks: true, Writes: HeapAll},
	{Name: "gs_record_item", Args: []Kind{Obj, Obj, Ptr}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_record_attr", Args: []Kind{Obj, Obj, Ptr}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_record_type", Args: []Kind{ObjNull, Ptr}, Result: Void, Writes: HeapRef | HeapOther},
	{Name: "gs_int_floordiv", Args: []Kind{I64, I64}, Result: I64, Pure: true},
	{Name: "gs_int_mod", Args: []Kind{I64, I64}, Result: I64, Pure: true},
	{Name: "gs_int_truediv", Args: []Kind{I64, I64}, Result: F64, Pure: true},
	{Name: "gs_int_pow", Args: []Kind{I64, I64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_int_lshift", Args: []Kind{I64, I64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_int_rshift", Args: []Kind{I64, I64}, Result: I64, Pure: true},
	{Name: "gs_int_gcd", Args: []Kind{I64, I64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_range_length", Args: []Kind{I64, I64, I64}, Result: I64, Pure: true},
	{Name: "gs_compare_int_float", Args: []Kind{I64, F64}, Result: I64, Pure: true},
	{Name: "gs_float_floordiv", Args: []Kind{F64, F64}, Result: F64, Pure: true},
	{Name: "gs_float_mod", Args: []Kind{F64, F64}, Result: F64, Pure: true},
	{Name: "gs_float_pow", Args: []Kind{F64, F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_float_to_int", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_float_floor", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_float_ceil", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_float_round", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_float_round_digits", Args: []Kind{F64, I64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_sin", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_cos", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_tan", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_asin", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_acos", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_atan", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_sinh", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_cosh", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_tanh", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_exp", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_log", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_log2", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_math_log10", Args: []Kind{F64, Ptr}, Result: I64, Writes: HeapScratch},
	{Name: "gs_catch", Args: []Kind{ObjNull, I64, Ptr}, Result: ObjNull, Looks: true, Writes: HeapAll | HeapScratch},
	{Name: "gs_leave_raising", Args: []Kind{ObjNull, I64}, Vector: true, Result: Void, Looks: true, Writes: HeapAll},
	{Name: "gs_let_go", Args: []Kind{Ptr}, Result: Void, Writes: HeapRef | HeapOther | HeapThread},
	{Name: "gs_frame_push", Args: []Kind{Obj}, Result: Ptr, Error: NullError, Writes: HeapRef | HeapOther},
	{Name: "gs_frame_pop", Args: []Kind{Ptr}, Result: Void, Looks: true, Writes: HeapAll},
	{Name: "gs_exit", Args: []Kind{Ptr, Ptr}, Result: Void, Looks: true, Writes: HeapAll},
	{Name: "gs_locals_changed", Args: []Kind{Ptr, Ptr}, Result: I64, Writes: HeapRef | HeapOther | HeapThread},
	{Name: "gs_release_in", Args: []Kind{Obj, Ptr}, Result: Void, Looks: true, Writes: HeapAll},
}
