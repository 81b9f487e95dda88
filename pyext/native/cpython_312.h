/* CPython 3.12. cpython.h says what each name means. */
#ifndef GS_CPYTHON_312_H
#define GS_CPYTHON_312_H
#include <internal/pycore_dict.h>
#include <internal/pycore_dtoa.h>
#include <internal/pycore_floatobject.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_long.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pymem.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_range.h>
#include <internal/pycore_runtime.h>

/* ---- Frames ---- */

#define CP_RAISES_INSTANCES 1
#define CP_MOVES_ARGUMENTS 1
#define CP_CLEARS_FRAME 1

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

static inline int
cp_is_unused(const PyFrameObject *object)
{
    return !object->f_fast_as_locals;
}

static inline void
cp_frame_end(_PyInterpreterFrame *f)
{
    Py_XDECREF(f->f_locals);
    Py_DECREF(f->f_funcobj);
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

#define CP_EVALUATION 2 /* PY_EVAL_C_STACK_UNITS of ceval.c */

int cp_look_for_tools(PyInterpreterState *);

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
    return interp->monitoring_version;
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
    return _Py_atomic_load_relaxed(&ts->interp->ceval.eval_breaker);
}

static inline int *
cp_tracemalloc(void)
{
    return &_PyRuntime.tracemalloc.config.tracing;
}

static inline int
cp_signals_pending(void)
{
    return _Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending);
}

static inline PyObject *
cp_raised(PyThreadState *ts)
{
    return ts->current_exception;
}

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

/* ---- Objects ---- */

static inline Py_ssize_t
cp_digits(PyObject *o)
{
    return (Py_ssize_t)(((PyLongObject *)o)->long_value.lv_tag >> NON_SIZE_BITS);
}

static inline uint32_t
cp_digit(PyObject *o, Py_ssize_t i)
{
    return ((PyLongObject *)o)->long_value.ob_digit[i];
}

static inline PyObject *
cp_type_dict(PyTypeObject *t)
{
    PyObject *dict = PyType_GetDict(t);
    Py_XDECREF(dict); /* the type has it */
    return dict;
}

static inline uint32_t
cp_type_version(PyTypeObject *t)
{
    return t->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? t->tp_version_tag : 0;
}

static inline PyDictValues *
cp_values(PyObject *o)
{
    if (!(Py_TYPE(o)->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
    PyDictOrValues d = *_PyObject_DictOrValuesPointer(o);
    return _PyDictOrValues_IsValues(d) ? _PyDictOrValues_GetValues(d) : NULL;
}

static inline PyObject *
cp_dict(PyObject *o)
{
    PyTypeObject *class = Py_TYPE(o);
    if (class->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        PyDictOrValues d = *_PyObject_DictOrValuesPointer(o);
        return _PyDictOrValues_IsValues(d) ? NULL : _PyDictOrValues_GetDict(d);
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
#define cp_same_text(a, b) (PyUnicode_Compare(a, b) == 0)
#define cp_stack_floor() ((uint64_t)0)
#define CP_POLLS_THERE 1

/* ---- Functions ---- */

int cp_find_thread(void);
#define cp_init() 0

#define CP_RETYPES 1 /* CALL runs a plain function inline whatever its vectorcall says */
#define cp_plain_vectorcall _PyFunction_Vectorcall

/* ---- The ABI header ---- */


#define CP_DIGITS offsetof(PyLongObject, long_value.ob_digit)
#define CP_ROWS \
    {"int.size", offsetof(PyLongObject, long_value.lv_tag)}, {"int.tagged", 1}, {"refcount.immortal", 1}, \
    {"values.at", (uint64_t)(-3 * (int64_t)sizeof(PyObject *))}, {"values.form", CP_VALUES_TAGGED}, {"values.valid", 0}, \
    {"range_iterator.index", 0}, {"range_iterator.start", offsetof(_PyRangeIterObject, start)}, \
    {"range_iterator.step", offsetof(_PyRangeIterObject, step)}, {"range_iterator.len", offsetof(_PyRangeIterObject, len)}, \
    {"thread.current", 0}, {"thread.local", (uint64_t)cp_thread_offset}, \
    {"thread.recursion", offsetof(PyThreadState, py_recursion_remaining)}, \
    {"frames.by", offsetof(PyThreadState, cframe)}, {"frames.at", offsetof(_PyCFrame, current_frame)}, \
    {"watch.by", offsetof(PyThreadState, interp)}, {"watch.at", offsetof(PyInterpreterState, monitoring_version)}, \
    {"watch.quiet", (uint64_t)(uintptr_t)&cp_quiet_version}, \
    {"breaker.by", offsetof(PyThreadState, interp)}, {"breaker.at", offsetof(PyInterpreterState, ceval.eval_breaker)}, {"breaker.size", 4}, \
    {"floats.by", offsetof(PyThreadState, interp)}, {"floats.list", offsetof(PyInterpreterState, float_state.free_list)}, \
    {"floats.link", offsetof(PyObject, ob_type)}, {"floats.count", offsetof(PyInterpreterState, float_state.numfree)}, {"floats.most", PyFloat_MAXFREELIST}, \
    {"frame.ip", offsetof(_PyInterpreterFrame, prev_instr)}, {"frame.null", 0}

#endif
