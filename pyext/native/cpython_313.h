/* CPython 3.13. cpython.h says what each name means. */
#ifndef GS_CPYTHON_313_H
#define GS_CPYTHON_313_H
#include <internal/pycore_ceval.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_long.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_range.h>
#include <internal/pycore_runtime.h>
#include <internal/pycore_setobject.h>
#include <internal/pycore_unicodeobject.h>

/* ---- Frames ---- */

#define CP_RAISES_INSTANCES 1
#define CP_MOVES_ARGUMENTS 1
#define CP_CLEARS_FRAME 1

static inline struct _PyInterpreterFrame **
cp_frames(PyThreadState *ts)
{
    return &ts->current_frame;
}

static inline PyCodeObject *
cp_code(const _PyInterpreterFrame *f)
{
    return (PyCodeObject *)f->f_executable;
}

static inline PyObject *
cp_function(const _PyInterpreterFrame *f)
{
    return f->f_funcobj;
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
    return (size_t)code->co_framesize;
}

static inline void
cp_frame_begin(_PyInterpreterFrame *f, PyFunctionObject *func, PyCodeObject *code)
{
    _PyFrame_Initialize(f, (PyFunctionObject *)Py_NewRef(func), code->co_flags & CO_OPTIMIZED ? NULL : Py_NewRef(func->func_globals), code, 0);
}

static inline void
cp_frame_end(_PyInterpreterFrame *f)
{
    Py_XDECREF(f->f_locals);
    Py_DECREF(f->f_funcobj);
    Py_DECREF(f->f_executable);
}

static inline void
cp_executing(_PyInterpreterFrame *f, uint32_t unit)
{
    f->instr_ptr = _PyCode_CODE(cp_code(f)) + unit;
}

static inline void
cp_resume_at(_PyInterpreterFrame *f, uint32_t unit)
{
    f->instr_ptr = _PyCode_CODE(cp_code(f)) + unit;
}

static inline int
cp_at(_PyInterpreterFrame *f)
{
    return _PyInterpreterFrame_LASTI(f);
}

static inline void
cp_own(_PyInterpreterFrame *f, PyFrameObject *object, _PyInterpreterFrame *own)
{
    memcpy(own, f, (size_t)((char *)&f->localsplus[f->stacktop] - (char *)f));
    own->previous = NULL;
    own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    if (_PyFrame_IsIncomplete(own)) {
        own->instr_ptr = _PyCode_CODE(cp_code(own)) + cp_code(own)->_co_firsttraceable;
    }
    object->f_frame = own;
}

static inline int
cp_is_unused(const PyFrameObject *object)
{
    return !object->f_extra_locals && !object->f_locals_cache;
}

static inline int
cp_shows_locals(const _PyInterpreterFrame *f)
{
    (void)f; /* f_locals is a view, which has the frame object */
    return 0;
}

/* ---- Threads ---- */

int cp_look_for_tools(PyInterpreterState *);

int cp_find_thread(void);

/* The running thread's state is a thread-local variable of CPython's that has no name here: cp_find_thread finds where it lies, the same place
   beside each thread's pointer. */
extern int64_t cp_thread_offset;

static inline PyThreadState *
cp_thread(void)
{
    return *(PyThreadState **)((char *)__builtin_thread_pointer() + cp_thread_offset);
}

/* What the version of the monitored events was when nobody monitored anything. */
extern uint64_t cp_quiet_version;

static inline uint64_t
cp_events_version(PyInterpreterState *interp)
{
    return interp->ceval.instrumentation_version;
}

static inline int
cp_is_watched(PyThreadState *ts)
{
    return cp_events_version(ts->interp) != cp_quiet_version && cp_look_for_tools(ts->interp);
}

static inline int *
cp_recursion(PyThreadState *ts)
{
    return &ts->py_recursion_remaining;
}

static inline int
cp_breaker(PyThreadState *ts)
{
    return (_Py_atomic_load_uintptr_relaxed(&ts->eval_breaker) & _PY_EVAL_EVENTS_MASK) != 0;
}

static inline int *
cp_tracemalloc(void)
{
    return &_PyRuntime.tracemalloc.config.tracing;
}

static inline int
cp_signals_pending(void)
{
    return _Py_atomic_load_int_relaxed(&_PyRuntime.signals.is_tripped);
}

static inline PyObject *
cp_raised(PyThreadState *ts)
{
    return ts->current_exception;
}

static inline int
cp_ensure_keys_version(PyDictKeysObject *keys, int builtins)
{
    (void)builtins;
    uint32_t *next = &cp_thread()->interp->dict_state.next_keys_version;
    if (!keys->dk_version && *next) {
        keys->dk_version = (*next)++;
    }
    return keys->dk_version != 0;
}

static inline PyObject *
cp_import_function(void)
{
    return cp_thread()->interp->imports.import_func;
}

#define CP_EVALUATION 2 /* PY_EVAL_C_STACK_UNITS of ceval.c */

/* An evaluation of CPython's that is entered from C takes so much of the allowance for recursion in C, which calls between Python functions do
   not have to take. */
static inline void
cp_spare_recursion(PyThreadState *ts)
{
    ts->c_recursion_remaining += CP_EVALUATION;
}

static inline void
cp_spared_recursion(PyThreadState *ts)
{
    ts->c_recursion_remaining -= CP_EVALUATION;
}

/* ---- Objects ---- */

static inline Py_ssize_t
cp_digits(PyObject *o)
{
    return _PyLong_DigitCount((PyLongObject *)o);
}

static inline uint32_t
cp_digit(PyObject *o, Py_ssize_t i)
{
    return ((PyLongObject *)o)->long_value.ob_digit[i];
}

static inline PyObject *
cp_type_dict(PyTypeObject *t)
{
    return _PyType_GetDict(t);
}

static inline uint32_t
cp_type_version(PyTypeObject *t)
{
    return t->tp_version_tag;
}

static inline int
cp_keeps_values(PyTypeObject *t)
{
    return t->tp_flags & Py_TPFLAGS_INLINE_VALUES && t->tp_flags & Py_TPFLAGS_HEAPTYPE;
}

static inline PyDictValues *
cp_values(PyObject *o)
{
    PyTypeObject *class = Py_TYPE(o);
    if (!(class->tp_flags & Py_TPFLAGS_INLINE_VALUES) || _PyObject_GetManagedDict(o)) { /* a dict may count them */
        return NULL;
    }
    PyDictValues *values = _PyObject_InlineValues(o);
    return values->valid ? values : NULL;
}

static inline PyObject *
cp_dict(PyObject *o)
{
    PyTypeObject *class = Py_TYPE(o);
    if (class->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return (PyObject *)_PyObject_GetManagedDict(o);
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
    return PyList_Extend(list, iterable);
}

#define CP_COUNTS_VALUES 0
#define cp_stack_floor() ((uint64_t)0)
#define cp_same_text(a, b) (PyUnicode_Compare(a, b) == 0)
#define CP_POLLS_THERE 0
#define cp_find_attribute PyObject_GetOptionalAttr
#define cp_as_int PyLong_AsInt

/* ---- Functions ---- */

#define CP_RETYPES 1
extern vectorcallfunc cp_plain_vectorcall;
int cp_init(void);
const char *cp_test_version(PyThreadState *ts, PyObject *freed); /* the end of cp_test; freed: the float that was freed last */

/* ---- The ABI header ---- */

#define CP_DIGITS offsetof(PyLongObject, long_value.ob_digit)
#define CP_FREE_FLOATS offsetof(PyInterpreterState, object_state.freelists.floats)
#define CP_ROWS \
    {"int.size", offsetof(PyLongObject, long_value.lv_tag)}, {"int.tagged", 1}, {"refcount.immortal", 1}, \
    {"values.at", sizeof(PyObject) + offsetof(PyDictValues, values)}, {"values.form", CP_VALUES_INLINE}, {"values.valid", sizeof(PyObject) + offsetof(PyDictValues, valid)}, \
    {"range_iterator.index", 0}, {"range_iterator.start", offsetof(_PyRangeIterObject, start)}, \
    {"range_iterator.step", offsetof(_PyRangeIterObject, step)}, {"range_iterator.len", offsetof(_PyRangeIterObject, len)}, \
    {"thread.current", 0}, {"thread.local", (uint64_t)cp_thread_offset}, {"thread.recursion", offsetof(PyThreadState, py_recursion_remaining)}, \
    {"frames.by", 0}, {"frames.at", offsetof(PyThreadState, current_frame)}, \
    {"watch.by", offsetof(PyThreadState, interp)}, {"watch.at", offsetof(PyInterpreterState, ceval.instrumentation_version)}, \
    {"watch.quiet", (uint64_t)(uintptr_t)&cp_quiet_version}, \
    {"breaker.by", 0}, {"breaker.at", offsetof(PyThreadState, eval_breaker)}, {"breaker.size", 1}, \
    {"floats.by", offsetof(PyThreadState, interp)}, {"floats.list", CP_FREE_FLOATS + offsetof(struct _Py_float_freelist, items)}, \
    {"floats.link", offsetof(PyObject, ob_type)}, {"floats.count", CP_FREE_FLOATS + offsetof(struct _Py_float_freelist, numfree)}, {"floats.most", PyFloat_MAXFREELIST}, \
    {"frame.ip", offsetof(_PyInterpreterFrame, instr_ptr)}, {"frame.null", 0}

#endif
