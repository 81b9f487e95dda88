/* CPython 3.11. cpython.h says what each name means. */
#ifndef GS_CPYTHON_311_H
#define GS_CPYTHON_311_H
#include <internal/pycore_dict.h>
#include <internal/pycore_dtoa.h>
#include <internal/pycore_floatobject.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pymem.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

/* ---- Frames ---- */

#define CP_RAISES_INSTANCES 0
#define CP_MOVES_ARGUMENTS 0
#define CP_CLEARS_FRAME 0

static inline struct _PyInterpreterFrame **
cp_frames(PyThreadState *ts)
{
    return &ts->cframe->current_frame;
}

static inline PyCodeObject *
cp_code(const _PyInterpreterFrame *f)
{
    return f->f_code;
}

static inline PyObject *
cp_function(const _PyInterpreterFrame *f)
{
    return (PyObject *)f->f_func;
}

static inline PyObject *
cp_local(const _PyInterpreterFrame *f, uint32_t i)
{
    return f->localsplus[i];
}

static inline void
cp_set_local(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    f->localsplus[i] = o;
}

static inline void
cp_set_lasti(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    cp_set_local(f, i, o);
}

static inline uint32_t
cp_depth(const _PyInterpreterFrame *f)
{
    return (uint32_t)f->stacktop;
}

static inline void
cp_set_depth(_PyInterpreterFrame *f, uint32_t n)
{
    f->stacktop = (int)n;
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

static inline int
cp_is_unused(const PyFrameObject *object)
{
    return !object->f_fast_as_locals;
}

static inline void
cp_frame_end(_PyInterpreterFrame *f)
{
    Py_XDECREF(f->f_locals);
    Py_DECREF(f->f_func);
    Py_DECREF(f->f_code);
}

static inline void
cp_executing(_PyInterpreterFrame *f, uint32_t unit)
{
    f->prev_instr = _PyCode_CODE(f->f_code) + unit;
}

static inline void
cp_resume_at(_PyInterpreterFrame *f, uint32_t unit)
{
    f->prev_instr = _PyCode_CODE(f->f_code) + unit - 1;
}

static inline int
cp_at(const _PyInterpreterFrame *f)
{
    return _PyInterpreterFrame_LASTI(f);
}

static inline void
cp_own(_PyInterpreterFrame *f, PyFrameObject *object, _PyInterpreterFrame *own)
{
    memcpy(own, f, (size_t)((char *)&f->localsplus[f->stacktop] - (char *)f));
    own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    own->previous = NULL;
    if (_PyFrame_IsIncomplete(own)) {
        own->prev_instr = _PyCode_CODE(own->f_code) + own->f_code->_co_firsttraceable;
    }
    object->f_frame = own;
}

static inline int
cp_shows_locals(const _PyInterpreterFrame *f)
{
    return f->f_locals != NULL;
}

/* ---- Threads ---- */

static inline PyThreadState *
cp_thread(void)
{
    return _PyThreadState_GET();
}

static inline int
cp_is_watched(PyThreadState *ts)
{
    return ts->cframe->use_tracing;
}

static inline int *
cp_recursion(PyThreadState *ts)
{
    return &ts->recursion_remaining;
}

static inline int
cp_breaker(PyThreadState *ts)
{
    return _Py_atomic_load_relaxed(&ts->interp->ceval.eval_breaker);
}

static inline int *
cp_tracemalloc(void)
{
    return &_Py_tracemalloc_config.tracing;
}

static inline int
cp_signals_pending(void)
{
    return _Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending);
}

static inline PyObject *
cp_raised(PyThreadState *ts)
{
    return ts->curexc_value;
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

static inline PyObject *
cp_type_dict(PyTypeObject *t)
{
    return t->tp_dict;
}

static inline uint32_t
cp_type_version(PyTypeObject *t)
{
    return t->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? t->tp_version_tag : 0;
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

static inline int
cp_list_extend(PyObject *list, PyObject *iterable)
{
    PyObject *none = _PyList_Extend((PyListObject *)list, iterable);
    Py_XDECREF(none);
    return none ? 0 : -1;
}

#define cp_find_attribute _PyObject_LookupAttr
#define cp_as_int _PyLong_AsInt

static inline int
cp_keeps_values(PyTypeObject *t)
{
    return t->tp_flags & Py_TPFLAGS_MANAGED_DICT && t->tp_flags & Py_TPFLAGS_HEAPTYPE;
}

#define CP_DTOA 1
#define CP_COUNTS_VALUES 0
#define cp_same_text _PyUnicode_EQ
#define cp_stack_floor() ((uint64_t)0)
#define CP_POLLS_THERE 1

/* ---- Functions ---- */

#define cp_find_thread() 1
#define cp_init() 0

#define CP_RETYPES 1 /* CALL runs a plain function inline whatever its vectorcall says */
#define cp_plain_vectorcall _PyFunction_Vectorcall

/* ---- The ABI header ---- */

struct cp_range_iterator { PyObject_HEAD long index, start, step, len; }; /* private to rangeobject.c */

#define CP_DIGITS offsetof(PyLongObject, ob_digit)
#define CP_ROWS \
    {"int.size", offsetof(PyVarObject, ob_size)}, {"int.tagged", 0}, {"refcount.immortal", 0}, \
    {"values.at", (uint64_t)(-4 * (int64_t)sizeof(PyObject *))}, {"values.form", CP_VALUES_POINTER}, {"values.valid", 0}, \
    {"range_iterator.index", offsetof(struct cp_range_iterator, index)}, {"range_iterator.start", offsetof(struct cp_range_iterator, start)}, \
    {"range_iterator.step", offsetof(struct cp_range_iterator, step)}, {"range_iterator.len", offsetof(struct cp_range_iterator, len)}, \
    {"thread.current", (uint64_t)(uintptr_t)&_PyRuntime.gilstate.tstate_current}, {"thread.local", 0}, \
    {"thread.recursion", offsetof(PyThreadState, recursion_remaining)}, \
    {"frames.by", offsetof(PyThreadState, cframe)}, {"frames.at", offsetof(_PyCFrame, current_frame)}, \
    {"watch.by", offsetof(PyThreadState, cframe)}, {"watch.at", offsetof(_PyCFrame, use_tracing)}, {"watch.quiet", 0}, \
    {"breaker.by", offsetof(PyThreadState, interp)}, {"breaker.at", offsetof(PyInterpreterState, ceval.eval_breaker)}, {"breaker.size", 4}, \
    {"floats.by", offsetof(PyThreadState, interp)}, {"floats.list", offsetof(PyInterpreterState, float_state.free_list)}, \
    {"floats.link", offsetof(PyObject, ob_type)}, \
    {"floats.count", offsetof(PyInterpreterState, float_state.numfree)}, {"floats.most", PyFloat_MAXFREELIST}, \
    {"frame.ip", offsetof(_PyInterpreterFrame, prev_instr)}, {"frame.null", 0}

#endif
