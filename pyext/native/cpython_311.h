/* CPython 3.11. cpython.h says what each name means. */
#ifndef GS_CPYTHON_311_H
#define GS_CPYTHON_311_H
#include "cpython_until_312.h"

/* ---- Frames ---- */

#define CP_RAISES_INSTANCES 0
#define CP_MOVES_ARGUMENTS 0
#define CP_CLEARS_FRAME 0
#define CP_CONSTRUCTS 1

static inline PyObject *
cp_function(const _PyInterpreterFrame *f)
{
    return (PyObject *)f->f_func;
}

static inline size_t
cp_frame_words(const PyCodeObject *code)
{
    return (size_t)code->co_nlocalsplus + (size_t)code->co_stacksize + FRAME_SPECIALS_SIZE;
}

static inline void
cp_frame_begin(_PyInterpreterFrame *f, PyFunctionObject *func, PyCodeObject *code)
{
    f->f_func = (PyFunctionObject *)Py_NewRef(func);
    f->f_code = (PyCodeObject *)Py_NewRef(code);
    f->f_builtins = func->func_builtins;
    f->f_globals = func->func_globals;
    f->f_locals = code->co_flags & CO_OPTIMIZED ? NULL : Py_NewRef(func->func_globals);
    f->stacktop = code->co_nlocalsplus;
    f->frame_obj = NULL;
    f->prev_instr = _PyCode_CODE(code) - 1;
    f->is_entry = false;
    f->owner = FRAME_OWNED_BY_THREAD;
    for (int i = 0; i < code->co_nlocalsplus; i++) { /* mostly a few */
        f->localsplus[i] = NULL;
    }
}

static inline void
cp_frame_end(_PyInterpreterFrame *f)
{
    Py_XDECREF(f->f_locals);
    Py_DECREF(f->f_func);
    Py_DECREF(f->f_code);
}

/* ---- Threads ---- */

static inline PyThreadState *
cp_thread(void)
{
    return _PyThreadState_GET();
}

#define cp_heed_monitors(code) ((void)(code))

static inline int
cp_is_watched(PyThreadState *ts)
{
    return ts->cframe->use_tracing;
}

static inline int *
cp_trash_nesting(PyThreadState *ts)
{
    return &ts->trash_delete_nesting;
}

static inline int *
cp_recursion(PyThreadState *ts)
{
    return &ts->recursion_remaining;
}

static inline int *
cp_tracemalloc(void)
{
    return &_Py_tracemalloc_config.tracing;
}

static inline PyObject *
cp_raised(PyThreadState *ts)
{
    return ts->curexc_value;
}

static inline int *
cp_c_recursion(PyThreadState *ts)
{
    (void)ts;
    return NULL;
}

static inline void
cp_spare_recursion(PyThreadState *ts)
{
    (void)ts;
}

static inline void
cp_spared_recursion(PyThreadState *ts)
{
    (void)ts;
}

static inline PyObject *
cp_import_function(void)
{
    return cp_thread()->interp->import_func;
}

/* ---- Objects ---- */

/* The interpreter gives keys a version where it specialises a read of a global or of a module's attribute, from a counter
   that is its own and begins at 1. Keys that have none yet get one from the other end of the 32 bits: nobody compares
   these by more than equality, and 3.11 keeps all 32. But for the builtins, whose version must fit 16 bits in its caches:
   these have one soon after the start, and until then count as not guardable. */
static inline int
cp_ensure_keys_version(PyDictKeysObject *keys, int builtins)
{
    extern uint32_t cp_next_keys_version;
    if (!keys->dk_version && !builtins && cp_next_keys_version > 0xf0000000u) {
        keys->dk_version = cp_next_keys_version--;
    }
    return keys->dk_version != 0;
}

static inline Py_ssize_t
cp_digits(PyObject *o)
{
    return Py_ABS(Py_SIZE(o));
}

static inline uint32_t
cp_digit(PyObject *o, Py_ssize_t i)
{
    return ((PyLongObject *)o)->ob_digit[i];
}

static inline void
cp_set_int(PyObject *o, uint64_t magnitude, int digits, int negative)
{
    PyLongObject *n = (PyLongObject *)o;
    Py_SET_SIZE(n, negative ? -digits : digits);
    n->ob_digit[0] = (digit)(magnitude & PyLong_MASK);
    if (digits == 2) {
        n->ob_digit[1] = (digit)(magnitude >> PyLong_SHIFT);
    }
}

static inline PyObject *
cp_type_dict(PyTypeObject *t)
{
    return t->tp_dict;
}

static inline PyDictValues *
cp_values(PyObject *o)
{
    return Py_TYPE(o)->tp_flags & Py_TPFLAGS_MANAGED_DICT ? *_PyObject_ValuesPointer(o) : NULL;
}

static inline PyObject *
cp_dict(PyObject *o)
{
    PyTypeObject *class = Py_TYPE(o);
    if (class->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return *_PyObject_ManagedDictPointer(o);
    }
    return class->tp_dictoffset > 0 ? *(PyObject **)((char *)o + class->tp_dictoffset) : NULL;
}

static inline void
cp_value_added(PyDictValues *values, Py_ssize_t i)
{
    _PyDictValues_AddToInsertionOrder(values, i);
}

#define cp_same_text _PyUnicode_EQ

/* ---- Functions ---- */

#define cp_find_thread() 1
#define cp_init() 0

/* ---- The ABI header ---- */

typedef struct { PyObject_HEAD long index, start, step, len; } cp_range_iterator; /* private to rangeobject.c */

static inline int
cp_range_went(const cp_range_iterator *it)
{
    return it->index == 1 && it->start == 7 && it->step == 3 && it->len == 31;
}


#define CP_DIGITS offsetof(PyLongObject, ob_digit)
#define CP_ROWS \
    {"int.size", offsetof(PyVarObject, ob_size)}, {"int.tagged", 0}, {"refcount.immortal", 0}, \
    {"values.at", (uint64_t)(-4 * (int64_t)sizeof(PyObject *))}, {"values.form", CP_VALUES_POINTER}, \
    {"range_iterator.index", offsetof(cp_range_iterator, index)}, {"range_iterator.start", offsetof(cp_range_iterator, start)}, \
    {"range_iterator.step", offsetof(cp_range_iterator, step)}, {"range_iterator.len", offsetof(cp_range_iterator, len)}, \
    {"thread.current", (uint64_t)(uintptr_t)&_PyRuntime.gilstate.tstate_current}, {"thread.local", 0}, \
    {"thread.recursion", offsetof(PyThreadState, recursion_remaining)}, \
    {"watch.by", offsetof(PyThreadState, cframe)}, {"watch.at", offsetof(_PyCFrame, use_tracing)}, {"watch.quiet", 0}, \
    CP_ROWS_UNTIL_312

#define CP_GROUP_TRACEBACK 0x030C0000 /* none of them */

#endif
