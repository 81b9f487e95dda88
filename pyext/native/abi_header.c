/* The ABI header: offsets, addresses and version numbers that the compiler cannot know, as rows (name, value). pyabi/header.go
   reads them and describes their layout in memory. Offsets are this C compiler's; what may drift between
   micro releases, or is private to a C file of CPython, is tested on live objects at import before anybody relies on it. */
#include "runtime.h"
#include <math.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#include <internal/pycore_global_objects.h>

#define HEADER_MAGIC 0x3164686962617367ull

/* Private to listobject.c. */
struct sequence_iterator { PyObject_HEAD Py_ssize_t it_index; PyObject *it_seq; };

struct row { const char *name; uint64_t value; };
#define OFFSET(type, field) {#type "." #field, offsetof(type, field)}
#define AT(name, type, field) {name, offsetof(type, field)}
#define ADDRESS(name, object) {name, (uint64_t)(uintptr_t)(object)}

static char *header;

/* Everything but what only an import or a loop can give. Not a static table: the addresses of another object's data are no
   constants to a C compiler. */
#define ROWS { \
    {"version.major", PY_MAJOR_VERSION}, {"version.minor", PY_MINOR_VERSION}, {"version.micro", Py_Version >> 8 & 0xff}, \
    CP_ROWS, {"constructs", CP_CONSTRUCTS}, \
    OFFSET(PyObject, ob_refcnt), OFFSET(PyObject, ob_type), OFFSET(PyVarObject, ob_size), \
    {"int.digits", CP_DIGITS}, {"int.digit_bits", PyLong_SHIFT}, OFFSET(PyFloatObject, ob_fval), \
    OFFSET(PyListObject, ob_item), OFFSET(PyListObject, allocated), OFFSET(PyTupleObject, ob_item), \
    OFFSET(PyDictObject, ma_used), OFFSET(PyDictObject, ma_keys), OFFSET(PyDictKeysObject, dk_version), \
    OFFSET(PyCellObject, ob_ref), OFFSET(PyASCIIObject, length), OFFSET(PyASCIIObject, state), \
    {"str.ascii_mask", ascii_state(7)}, {"str.ascii_bits", ascii_state(PyUnicode_1BYTE_KIND)}, {"str.ascii_data", sizeof(PyASCIIObject)}, \
    ADDRESS("char.first", first_character()), {"char.step", sizeof _Py_SINGLETON(strings).ascii[0]}, \
    AT("list_iterator.it_index", struct sequence_iterator, it_index), AT("list_iterator.it_seq", struct sequence_iterator, it_seq), \
    OFFSET(PyTypeObject, tp_version_tag), OFFSET(PyTypeObject, tp_flags), \
    OFFSET(PyFunctionObject, func_code), OFFSET(PyFunctionObject, func_defaults), OFFSET(PyFunctionObject, func_closure), OFFSET(PyFunctionObject, func_globals), \
    OFFSET(PyFunctionObject, func_builtins), \
    OFFSET(PyCodeObject, co_code_adaptive), \
    AT("thread.interp", PyThreadState, interp), AT("thread.datastack_chunk", PyThreadState, datastack_chunk), \
    AT("thread.datastack_limit", PyThreadState, datastack_limit), AT("interp.eval_frame", PyInterpreterState, eval_frame), \
    AT("frame.frame_obj", _PyInterpreterFrame, frame_obj), AT("frame.previous", _PyInterpreterFrame, previous), \
    AT("frame.localsplus", _PyInterpreterFrame, localsplus), \
    ADDRESS("type.object", &PyBaseObject_Type), ADDRESS("type.type", &PyType_Type), ADDRESS("type.int", &PyLong_Type), \
    ADDRESS("type.float", &PyFloat_Type), ADDRESS("type.bool", &PyBool_Type), ADDRESS("type.complex", &PyComplex_Type), \
    ADDRESS("type.NoneType", Py_TYPE(Py_None)), ADDRESS("type.str", &PyUnicode_Type), ADDRESS("type.bytes", &PyBytes_Type), \
    ADDRESS("type.bytearray", &PyByteArray_Type), ADDRESS("type.memoryview", &PyMemoryView_Type), ADDRESS("type.list", &PyList_Type), \
    ADDRESS("type.tuple", &PyTuple_Type), ADDRESS("type.dict", &PyDict_Type), ADDRESS("type.set", &PySet_Type), \
    ADDRESS("type.frozenset", &PyFrozenSet_Type), ADDRESS("type.slice", &PySlice_Type), ADDRESS("type.range", &PyRange_Type), \
    ADDRESS("type.range_iterator", &PyRangeIter_Type), ADDRESS("type.longrange_iterator", &PyLongRangeIter_Type), \
    ADDRESS("type.list_iterator", &PyListIter_Type), ADDRESS("type.tuple_iterator", &PyTupleIter_Type), \
    ADDRESS("type.str_iterator", &PyUnicodeIter_Type), ADDRESS("type.enumerate", &PyEnum_Type), ADDRESS("type.zip", &PyZip_Type), \
    ADDRESS("type.map", &PyMap_Type), ADDRESS("type.filter", &PyFilter_Type), ADDRESS("type.reversed", &PyReversed_Type), \
    ADDRESS("type.dict_keys", &PyDictKeys_Type), ADDRESS("type.dict_values", &PyDictValues_Type), \
    ADDRESS("type.dict_items", &PyDictItems_Type), ADDRESS("type.dict_keyiterator", &PyDictIterKey_Type), \
    ADDRESS("type.dict_valueiterator", &PyDictIterValue_Type), ADDRESS("type.dict_itemiterator", &PyDictIterItem_Type), \
    ADDRESS("type.function", &PyFunction_Type), ADDRESS("type.gs_function", &gs_function_type), \
    ADDRESS("type.builtin_function_or_method", &PyCFunction_Type), ADDRESS("type.method", &PyMethod_Type), \
    ADDRESS("type.method_descriptor", &PyMethodDescr_Type), ADDRESS("type.wrapper_descriptor", &PyWrapperDescr_Type), \
    ADDRESS("type.member_descriptor", &PyMemberDescr_Type), ADDRESS("type.getset_descriptor", &PyGetSetDescr_Type), \
    ADDRESS("type.module", &PyModule_Type), ADDRESS("type.cell", &PyCell_Type), ADDRESS("type.code", &PyCode_Type), \
    ADDRESS("type.generator", &PyGen_Type), ADDRESS("type.coroutine", &PyCoro_Type), ADDRESS("type.traceback", &PyTraceBack_Type), \
    ADDRESS("type.staticmethod", &PyStaticMethod_Type), ADDRESS("type.classmethod", &PyClassMethod_Type), \
    ADDRESS("type.property", &PyProperty_Type), ADDRESS("type.super", &PySuper_Type), \
    ADDRESS("obj.None", Py_None), ADDRESS("obj.True", Py_True), ADDRESS("obj.False", Py_False), \
    ADDRESS("obj.Ellipsis", Py_Ellipsis), ADDRESS("obj.NotImplemented", Py_NotImplemented), \
    ADDRESS("obj.empty_tuple", empty_tuple), ADDRESS("obj.empty_str", empty_str), \
    ADDRESS("smallint.first", &_Py_SINGLETON(small_ints)[0]), {"smallint.step", sizeof _Py_SINGLETON(small_ints)[0]}, \
    {"smallint.negatives", _PY_NSMALLNEGINTS}, {"smallint.positives", _PY_NSMALLPOSINTS}, \
    ADDRESS("cell.gs_spare_ints", &gs_spare_ints[1]), {"spare_ints.first", offsetof(struct gs_spare_ints, ints)}, \
    ADDRESS("cell.gs_stack_limit", &gs_stack_limit), ADDRESS("cell.gs_activation_buffer", &gs_activation_buffer), \
    ADDRESS("cell.gs_stack_size", &gs_stack_size), ADDRESS("cell.gs_call_native", &gs_call_native), \
    ADDRESS("runtime.tracemalloc_tracing", cp_tracemalloc()), \
    ADDRESS("runtime.vectorcall_miss", gs_vectorcall_miss), \
    {"libm.near_pow", near_pow()}, \
}

/* They lie behind names of which each release has more: the running Python is asked, not its headers. */
static PyObject *
first_character(void)
{
    PyObject *c = PyUnicode_FromOrdinal(0);
    Py_XDECREF(c); /* it stays */
    return c;
}

/* The state of a compact string of ASCII characters, with kind in place of its kind, and nothing else in it. */
static uint32_t
ascii_state(unsigned kind)
{
    PyASCIIObject s = {.state = {0}};
    uint32_t bits;
    s.state.compact = s.state.ascii = 1;
    s.state.kind = kind & 7;
    memcpy(&bits, (char *)&s + offsetof(PyASCIIObject, state), sizeof bits);
    return bits;
}

/* ---- The self-test ---- */

#define FIELD(type, object, offset) (*(type *)((char *)(object) + (offset)))

static int
do_nothing(void *unused)
{
    (void)unused;
    return 0;
}

/* The first thing that is not where the header says, or NULL. With an exception if making an object failed. */
static const char *
test_layout(void)
{
    const char *wrong = NULL;
    PyThreadState *ts = PyThreadState_Get();
    PyInterpreterState *interp = PyInterpreterState_Get();
    PyObject *number = PyLong_FromLongLong(0x123456789abcdLL);
    PyObject *real = PyFloat_FromDouble(12.5);
    PyObject *list = PyList_New(0);
    PyObject *tuple = PyTuple_Pack(1, Py_None);
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "iii", 7, 100, 3);
    PyObject *steps = range ? PyObject_GetIter(range) : NULL, *step = steps ? PyIter_Next(steps) : NULL;
    PyObject *items = NULL, *none = NULL;
    if (list && PyList_Append(list, Py_None) == 0) {
        items = PyObject_GetIter(list);
        none = items ? PyIter_Next(items) : NULL;
    }
    if (!number || !real || !tuple || !none || !step) {
        goto done;
    }
    if (FIELD(digit, number, CP_DIGITS) != (0x123456789abcdLL & PyLong_MASK) || cp_digits(number) != 2
        || cp_digit(number, 1) != 0x123456789abcdLL >> PyLong_SHIFT) {
        wrong = "int";
    } else if (FIELD(double, real, offsetof(PyFloatObject, ob_fval)) != 12.5) {
        wrong = "float";
    } else if (((PyListObject *)list)->ob_item[0] != Py_None || ((PyListObject *)list)->allocated < 1 || ((PyTupleObject *)tuple)->ob_item[0] != Py_None) {
        wrong = "list or tuple";
    } else if (((struct sequence_iterator *)items)->it_index != 1 || ((struct sequence_iterator *)items)->it_seq != list) {
        wrong = "list iterator";
    } else if (!cp_range_went((cp_range_iterator *)steps)) {
        wrong = "range iterator";
    }
    for (int i = 0; i < _PY_NSMALLNEGINTS + _PY_NSMALLPOSINTS && !wrong; i++) {
        PyObject *small = PyLong_FromLong(i - _PY_NSMALLNEGINTS);
        if (small != (PyObject *)&_Py_SINGLETON(small_ints)[i]) {
            wrong = "small int";
        }
        Py_XDECREF(small);
    }
    for (int i = 0; i < 128 && !wrong; i++) {
        PyObject *c = PyUnicode_FromOrdinal(i);
        if (c && (c != (PyObject *)((char *)first_character() + (size_t)i * sizeof _Py_SINGLETON(strings).ascii[0]) || FIELD(uint8_t, c, sizeof(PyASCIIObject)) != i
                  || (FIELD(uint32_t, c, offsetof(PyASCIIObject, state)) & ascii_state(7)) != ascii_state(PyUnicode_1BYTE_KIND))) {
            wrong = "character";
        }
        Py_XDECREF(c);
    }
    if (!wrong && (ts->interp != interp || ts->thread_id != PyThread_get_thread_ident() || cp_thread() != ts)) {
        wrong = "thread state";
    }
    if (!wrong && ts->datastack_chunk
        && (ts->datastack_top < ts->datastack_chunk->data || ts->datastack_top > ts->datastack_limit)) {
        wrong = "data stack";
    }
    if (!wrong) {
        _PyFrameEvalFunction known = _PyInterpreterState_GetEvalFrameFunc(interp), there = interp->eval_frame;
        if (there != (known == _PyEval_EvalFrameDefault ? NULL : known)) {
            wrong = "frame evaluator";
        }
    }
    if (!wrong && Py_AddPendingCall(do_nothing, NULL) == 0 && !cp_breaker(ts)) {
        wrong = "eval breaker";
    }
    if (!wrong) {
        PyObject *freed = PyFloat_FromDouble(0.5);
        Py_XDECREF(freed);
        wrong = cp_test(ts, freed);
    }
done:
    Py_XDECREF(number), Py_XDECREF(real), Py_XDECREF(list), Py_XDECREF(tuple), Py_XDECREF(items), Py_XDECREF(none);
    Py_XDECREF(range), Py_XDECREF(steps), Py_XDECREF(step);
    return wrong;
}

/* "" or why this interpreter gets no native code; NULL with an exception. */
PyObject *
gs_unusable(void)
{
    if (Py_Version >> 16 != PY_VERSION_HEX >> 16) {
        return PyUnicode_FromString("the native code was built for another version of Python");
    }
    if ((Py_Version >> 4 & 0xF) != PY_RELEASE_LEVEL_FINAL) { /* as _supported.py, for a wheel that was built with the release */
        return PyUnicode_FromString("this is a pre-release of Python, whose bytecode need not be that of the release");
    }
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        return PyUnicode_FromString("functions of a subinterpreter run interpreted");
    }
    if (!cp_find_thread()) {
        return PyUnicode_FromString("this Python does not show which thread runs");
    }
    const char *wrong = test_layout();
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (wrong) {
        return PyUnicode_FromFormat("this Python lays out its %s in another way than the headers that the native code was built with", wrong);
    }
    return PyUnicode_FromString("");
}

/* Whether pow errs by less than 0.515 units in the last place: glibc's does from 2.28 on. But pow may be another library's (LD_PRELOAD), so
   it is asked for some squares, roots and inverses that are no nearer to the middle of two doubles than that: 30 microseconds, once. */
static int
near_pow(void)
{
    static int known = -1;
    if (known >= 0) {
        return known;
    }
    known = 0;
#ifdef __GLIBC__
    int major, minor;
    known = sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor) == 2 && (major > 2 || (major == 2 && minor >= 28));
#endif
    uint64_t random = 1;
    for (int i = 0; i < 256 && known; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double x = ldexp((double)(random >> 11), (int)(random % 64) - 85);
        double square = x * x, root = sqrt(x), inverse = 1 / x;
        double beyond = 33. / 32; /* a rest that, made so much greater, does not change what it is added to is below 0.485 units */
        double square_rest = fma(x, x, -square) * beyond, root_rest = fma(-root, root, x) / (2 * root) * beyond;
        double inverse_rest = fma(-inverse, x, 1) * inverse * beyond;
        known = (square + square_rest != square || pow(x, 2) == square) && (root + root_rest != root || pow(x, 0.5) == root)
                && (inverse + inverse_rest != inverse || pow(x, -1) == inverse);
    }
    return known;
}

/* ---- The header ---- */

struct writer { char *at, *end; uint64_t rows; PyObject *objects; /* a list of what the rows embed */ };

/* Measures if there is no memory yet. */
static void
put(struct writer *w, const char *group, const char *name, uint64_t value)
{
    uint32_t group_len = (uint32_t)strlen(group), len = group_len + (uint32_t)strlen(name);
    size_t padded = (12 + len + 7) & ~(size_t)7;
    if (w->end) {
        memset(w->at, 0, padded);
        memcpy(w->at, &value, 8);
        memcpy(w->at + 8, &len, 4);
        memcpy(w->at + 12, group, group_len);
        memcpy(w->at + 12 + group_len, name, len - group_len);
    }
    w->at += padded;
    w->rows++;
}

/* Not what a user put in its place. */
static int
is_original(PyObject *value, const char *group, const char *name)
{
    if (PyCFunction_CheckExact(value)) {
        PyObject *module = ((PyCFunctionObject *)value)->m_module;
        return strcmp(((PyCFunctionObject *)value)->m_ml->ml_name, name) == 0 && module && PyUnicode_Check(module)
               && PyUnicode_CompareWithASCIIString(module, group[0] == 'm' ? "math" : strcmp(name, "open") ? "builtins" : "io") == 0;
    }
    PyTypeObject *type = (PyTypeObject *)value;
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return 1;
    }
    PyObject *module = PyDict_GetItemString(cp_type_dict(type), "__module__");
    return strcmp(type->tp_name, name) == 0 && module && PyUnicode_Check(module) && PyUnicode_CompareWithASCIIString(module, "builtins") == 0;
}

/* The builtin functions of a module, or its exception classes. */
static int
put_module(struct writer *w, const char *group, PyObject *dict, int exceptions)
{
    PyObject *key, *value;
    Py_ssize_t i = 0;
    while (PyDict_Next(dict, &i, &key, &value)) {
        int wanted = exceptions ? PyExceptionClass_Check(value) : PyCFunction_CheckExact(value);
        if (!wanted || !PyUnicode_CheckExact(key)) {
            continue;
        }
        const char *name = PyUnicode_AsUTF8(key);
        if (!name) {
            return -1;
        }
        if (strlen(name) < 100 && is_original(value, group, name)) { /* the reader takes 128 with the group */
            put(w, group, name, (uint64_t)(uintptr_t)value);
            if (w->objects && PyList_Append(w->objects, value) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* The method descriptors of a builtin type, which cannot change. */
static int
put_methods(struct writer *w, const char *group, PyTypeObject *type)
{
    PyObject *key, *value;
    Py_ssize_t i = 0;
    while (PyDict_Next(cp_type_dict(type), &i, &key, &value)) {
        if (Py_IS_TYPE(value, &PyMethodDescr_Type)) {
            const char *name = PyUnicode_AsUTF8(key);
            if (!name) {
                return -1;
            }
            put(w, group, name, (uint64_t)(uintptr_t)value);
        }
    }
    return 0;
}

static int
put_all(struct writer *w, PyObject *empty_tuple, PyObject *empty_str, PyObject *builtins, PyObject *math)
{
    const struct row rows[] = ROWS;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(rows); i++) {
        put(w, "", rows[i].name, rows[i].value);
    }
    PyObject *characters = PyObject_GetIter(empty_str); /* of a str of ASCII characters: a class that nobody else can name */
    if (!characters) {
        return -1;
    }
    put(w, "", "type.str_ascii_iterator", (uint64_t)(uintptr_t)Py_TYPE(characters));
    Py_DECREF(characters);
    for (const struct gs_helper *h = gs_helpers; h->name; h++) {
        put(w, "help.", h->name, (uint64_t)(uintptr_t)h->address);
    }
    if (put_module(w, "builtin.", builtins, 0) < 0 || put_module(w, "exc.", builtins, 1) < 0) {
        return -1;
    }
    if (put_methods(w, "method.list.", &PyList_Type) < 0 || put_methods(w, "method.str.", &PyUnicode_Type) < 0
        || put_methods(w, "method.dict.", &PyDict_Type) < 0 || put_methods(w, "method.set.", &PySet_Type) < 0
        || put_methods(w, "method.tuple.", &PyTuple_Type) < 0 || put_methods(w, "method.bytes.", &PyBytes_Type) < 0) {
        return -1;
    }
    return math ? put_module(w, "math.", math, 0) : 0;
}

/* Its address, the same for the process's life; NULL with an exception. Written at the first question: math and the
   user's changes to builtins count from then on, and the import of the package stays short. */
char *
gs_abi_header(void)
{
    if (header) {
        return header;
    }
    PyObject *empty_tuple = PyTuple_New(0), *empty_str = PyUnicode_New(0, 127); /* both singletons: never released */
    PyObject *builtins = PyImport_ImportModule("builtins"), *math = PyImport_ImportModule("math");
    if (!math) {
        PyErr_Clear();
    }
    if (empty_tuple && empty_str && builtins) {
        PyObject *b = PyDict_Copy(PyModule_GetDict(builtins)), *m = math ? PyDict_Copy(PyModule_GetDict(math)) : NULL;
        PyObject *objects = PyList_New(0);
        struct writer w = {NULL, NULL, 0, NULL};
        if (b && objects && put_all(&w, empty_tuple, empty_str, b, m) == 0) {
            uint64_t size = 24 + (uint64_t)(w.at - (char *)NULL);
            char *memory = PyMem_RawMalloc(size);
            if (memory) {
                w = (struct writer){memory + 24, memory + size, 0, objects};
                if (put_all(&w, empty_tuple, empty_str, b, m) == 0) {
                    uint64_t prefix[3] = {HEADER_MAGIC, size, w.rows};
                    memcpy(memory, prefix, sizeof prefix);
                    header = memory;
                    Py_INCREF(objects); /* what a row embeds must stay, even if somebody deletes it; nothing else may */
                }
            } else {
                PyErr_NoMemory();
            }
        }
        Py_XDECREF(b), Py_XDECREF(m), Py_XDECREF(objects);
    }
    Py_XDECREF(builtins), Py_XDECREF(math);
    return header;
}
