/* What 3.11 and 3.12 have in common, and later versions lack: the C frame that leads to a thread's frames, and the instruction before the next one in
   a frame. cpython.h says what each name means. */
#ifndef GS_CPYTHON_UNTIL_312_H
#define GS_CPYTHON_UNTIL_312_H
#include <internal/pycore_dtoa.h>
#include <internal/pycore_floatobject.h>
#include <internal/pycore_list.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pymem.h>
#include <internal/pycore_tuple.h>
#include "cpython_until_313.h"

/* ---- Frames ---- */

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

static inline int
cp_is_unused(const PyFrameObject *object)
{
    return !object->f_fast_as_locals;
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

#define CP_WRITES_THROUGH 0

static inline int
cp_shows_locals(const _PyInterpreterFrame *f)
{
    return f->f_locals != NULL;
}

/* ---- Threads ---- */

static inline int
cp_breaker(PyThreadState *ts)
{
    return _Py_atomic_load_relaxed(&ts->interp->ceval.eval_breaker);
}

static inline int
cp_signals_pending(void)
{
    return _Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending);
}

static int
cp_do_nothing(void *unused)
{
    (void)unused;
    return 0;
}

static inline void
cp_signals_waited(PyThreadState *ts)
{
    (void)ts;
    Py_AddPendingCall(cp_do_nothing, NULL); /* who sets the breaker looks for signals, too */
}

#define CP_POLLS_THERE 1

/* ---- Objects ---- */

static inline uint32_t
cp_type_version(PyTypeObject *t)
{
    return t->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? t->tp_version_tag : 0;
}

/* Instances that another class than object makes, as those of a subclass of dict, begin with neither values nor a dict. */
static inline int
cp_keeps_values(PyTypeObject *t)
{
    if (!(t->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return 0;
    }
    while (t->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        t = t->tp_base;
    }
    return t == &PyBaseObject_Type;
}

#define cp_may_run_inline(function) ((void)(function), 0)
#define cp_end_inline(function, attached) 0

static inline int
cp_list_extend(PyObject *list, PyObject *iterable)
{
    PyObject *none = _PyList_Extend((PyListObject *)list, iterable);
    Py_XDECREF(none);
    return none ? 0 : -1;
}

/* ---- Free lists ---- */

#define CP_FREE_LISTS 1

/* What float_dealloc does with exact floats, of which mostly several in a row are freed: so the list's begin is kept at hand. */
struct cp_floats { PyFloatObject *free; int count; };

static inline struct cp_floats
cp_free_floats(PyThreadState *ts)
{
    return (struct cp_floats){ts->interp->float_state.free_list, ts->interp->float_state.numfree};
}

static inline void
cp_free_float(struct cp_floats *floats, PyObject *o)
{
    if (floats->count >= PyFloat_MAXFREELIST) {
        PyObject_Free(o);
        return;
    }
    floats->count++;
    Py_SET_TYPE(o, (PyTypeObject *)floats->free);
    floats->free = (PyFloatObject *)o;
}

static inline void
cp_freed_floats(PyThreadState *ts, const struct cp_floats *floats)
{
    ts->interp->float_state.free_list = floats->free;
    ts->interp->float_state.numfree = floats->count;
}

/* The collector tracks what it did not know yet. */
static inline void
cp_track_new(PyThreadState *ts, PyObject *o)
{
    PyGC_Head *gc = _Py_AS_GC(o), *youngest = ts->interp->gc.generation0, *last = (PyGC_Head *)youngest->_gc_prev;
    last->_gc_next = (uintptr_t)gc;
    gc->_gc_prev = (uintptr_t)last;
    gc->_gc_next = (uintptr_t)youngest;
    youngest->_gc_prev = (uintptr_t)gc;
}

static inline PyTupleObject *
cp_take_tuple(PyThreadState *ts, Py_ssize_t n)
{
    struct _Py_tuple_state *tuples = &ts->interp->tuple;
    if (n < 1 || n > PyTuple_NFREELISTS || !tuples->free_list[n - 1]) {
        return NULL;
    }
    PyTupleObject *t = tuples->free_list[n - 1];
    tuples->free_list[n - 1] = (PyTupleObject *)t->ob_item[0];
    tuples->numfree[n - 1]--;
    _Py_NewReference((PyObject *)t);
    return t;
}

static inline void
cp_free_tuple(PyThreadState *ts, PyTupleObject *t)
{
    struct _Py_tuple_state *tuples = &ts->interp->tuple;
    Py_ssize_t n = Py_SIZE(t);
    if (n > PyTuple_NFREELISTS || tuples->numfree[n - 1] >= PyTuple_MAXFREELIST) {
        PyObject_GC_Del(t);
        return;
    }
    t->ob_item[0] = (PyObject *)tuples->free_list[n - 1];
    tuples->free_list[n - 1] = t;
    tuples->numfree[n - 1]++;
}

static inline void
cp_free_list(PyThreadState *ts, PyListObject *l)
{
    struct _Py_list_state *lists = &ts->interp->list;
    if (lists->numfree >= PyList_MAXFREELIST) {
        PyObject_GC_Del(l);
        return;
    }
    lists->free_list[lists->numfree++] = l;
}

/* What _PyObject_GC_Link and PyObject_GC_Del count; 0: a collection is due, which they see to. */
static inline int
cp_count_tracked(PyThreadState *ts)
{
    struct gc_generation *youngest = &ts->interp->gc.generations[0];
    if (youngest->count >= youngest->threshold && ts->interp->gc.enabled) {
        return 0;
    }
    youngest->count++;
    return 1;
}

static inline void
cp_uncount_tracked(PyThreadState *ts)
{
    struct gc_generation *youngest = &ts->interp->gc.generations[0];
    youngest->count -= youngest->count > 0;
}

/* What was freed just now is taken first. */
static inline int
cp_has_free_lists(PyThreadState *ts)
{
    PyObject *t = PyTuple_New(3), *l = PyList_New(0);
    Py_XDECREF(t);
    Py_XDECREF(l);
    return t && l && ts->interp->list.numfree > 0 && ts->interp->list.free_list[ts->interp->list.numfree - 1] == (PyListObject *)l && ts->interp->tuple.free_list[2] == (PyTupleObject *)t && ts->interp->tuple.numfree[2] > 0;
}

#define cp_shares_values(object) 0
#define CP_DTOA 1
#define cp_find_attribute _PyObject_LookupAttr
#define cp_as_int _PyLong_AsInt

/* ---- Functions ---- */

#define cp_plain_vectorcall _PyFunction_Vectorcall

/* ---- The ABI header ---- */

#define CP_ROWS_UNTIL_312 \
    {"values.valid", 0}, {"values.dict", 0}, \
    {"frames.by", offsetof(PyThreadState, cframe)}, {"frames.at", offsetof(_PyCFrame, current_frame)}, \
    {"breaker.by", offsetof(PyThreadState, interp)}, {"breaker.at", offsetof(PyInterpreterState, ceval.eval_breaker)}, {"breaker.size", 4}, \
    {"floats.by", offsetof(PyThreadState, interp)}, {"floats.list", offsetof(PyInterpreterState, float_state.free_list)}, \
    {"floats.link", offsetof(PyObject, ob_type)}, {"floats.count", offsetof(PyInterpreterState, float_state.numfree)}, {"floats.most", PyFloat_MAXFREELIST}, \
    {"frame.ip", offsetof(_PyInterpreterFrame, prev_instr)}, {"frame.null", 0}, {"frame.stackpointer", 0}

#endif
