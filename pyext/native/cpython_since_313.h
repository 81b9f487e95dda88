/* What 3.13 and later have in common, and earlier versions lack: the frames and the eval breaker of a thread, and values that are part of an instance.
   cpython.h says what each name means. */
#ifndef GS_CPYTHON_SINCE_313_H
#define GS_CPYTHON_SINCE_313_H
#include <internal/pycore_ceval.h>
#include <internal/pycore_setobject.h>
#include <internal/pycore_unicodeobject.h>
#define CP_EVENTS ceval.instrumentation_version
#include "cpython_since_312.h"

/* ---- Frames ---- */

static inline PyCodeObject *cp_code(const _PyInterpreterFrame *);

static inline struct _PyInterpreterFrame **
cp_frames(PyThreadState *ts)
{
    return &ts->current_frame;
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

#define CP_WRITES_THROUGH 1
#define CP_FREE_LISTS 0

static inline int
cp_shows_locals(const _PyInterpreterFrame *f)
{
    (void)f; /* f_locals is a view, which has the frame object */
    return 0;
}

/* ---- Threads ---- */

static inline int
cp_breaker(PyThreadState *ts)
{
    return (_Py_atomic_load_uintptr_relaxed(&ts->eval_breaker) & _PY_EVAL_EVENTS_MASK) != 0;
}

static inline int
cp_signals_pending(void)
{
    return _Py_atomic_load_int_relaxed(&_PyRuntime.signals.is_tripped);
}

static inline void
cp_signals_waited(PyThreadState *ts)
{
    _Py_set_eval_breaker_bit(ts, _PY_SIGNALS_PENDING_BIT);
}

#define CP_POLLS_THERE 0

/* ---- Objects ---- */

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

static inline int
cp_shares_values(PyObject *o)
{
    return Py_TYPE(o)->tp_flags & Py_TPFLAGS_INLINE_VALUES && _PyObject_InlineValues(o)->valid;
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

static inline int
cp_list_extend(PyObject *list, PyObject *iterable)
{
    return PyList_Extend(list, iterable);
}

#define cp_find_attribute PyObject_GetOptionalAttr
#define cp_as_int PyLong_AsInt

/* ---- Functions ---- */

extern vectorcallfunc cp_plain_vectorcall;
int cp_init(void);
struct gs_attached;
int cp_may_run_inline(PyFunctionObject *);
int cp_end_inline(PyFunctionObject *, struct gs_attached *(*attached)(PyObject *));
const char *cp_test_version(PyThreadState *ts, PyObject *freed); /* the end of cp_test */

/* ---- The ABI header ---- */

#define CP_FREE_FLOATS offsetof(PyInterpreterState, object_state.freelists.floats)
#define CP_ROWS_SINCE_313 \
    CP_ROWS_SINCE_312, \
    {"values.dict", (uint64_t)(int64_t)MANAGED_DICT_OFFSET}, \
    {"frames.by", 0}, {"frames.at", offsetof(PyThreadState, current_frame)}, \
    {"breaker.by", 0}, {"breaker.at", offsetof(PyThreadState, eval_breaker)}, {"breaker.size", 1}, \
    {"floats.by", offsetof(PyThreadState, interp)}, {"frame.ip", offsetof(_PyInterpreterFrame, instr_ptr)}

#endif
