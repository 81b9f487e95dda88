/* What 3.12 and later have in common, and 3.11 lacks; included by the header of the version, which says where the interpreter keeps the version of
   what is monitored (CP_EVENTS). cpython.h says what each name means. */
#ifndef GS_CPYTHON_SINCE_312_H
#define GS_CPYTHON_SINCE_312_H
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_long.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_range.h>
#include <internal/pycore_runtime.h>

/* ---- Frames ---- */

#define CP_RAISES_INSTANCES 1
#define CP_MOVES_ARGUMENTS 1
#define CP_CLEARS_FRAME 1
#define CP_CONSTRUCTS 0

static inline size_t
cp_frame_words(const PyCodeObject *code)
{
    return (size_t)code->co_framesize;
}

/* ---- Threads ---- */

int cp_find_thread(void);

/* The running thread's state is a thread-local variable of CPython's that has no name here: cp_find_thread finds where it lies, the same place
   beside each thread's pointer. */
extern int64_t cp_thread_offset;

static inline PyThreadState *
cp_thread(void)
{
    return *(PyThreadState **)((char *)__builtin_thread_pointer() + cp_thread_offset);
}

int cp_look_for_tools(PyInterpreterState *);
void cp_heed_monitors(PyCodeObject *);
int cp_init_monitoring(void);

/* What the version of the monitored events was when nobody monitored anything. */
extern uint64_t cp_quiet_version;

static inline uint64_t
cp_events_version(PyInterpreterState *interp)
{
    return interp->CP_EVENTS;
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

static inline int *
cp_tracemalloc(void)
{
    return &_PyRuntime.tracemalloc.config.tracing;
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

static inline void
cp_set_int(PyObject *o, uint64_t magnitude, int digits, int negative)
{
    PyLongObject *n = (PyLongObject *)o;
    n->long_value.lv_tag = (uintptr_t)digits << NON_SIZE_BITS | (negative ? 2 : 0); /* the lowest bits are 1 - the sign */
    n->long_value.ob_digit[0] = (digit)(magnitude & PyLong_MASK);
    if (digits == 2) {
        n->long_value.ob_digit[1] = (digit)(magnitude >> PyLong_SHIFT);
    }
}

static inline void
cp_value_added(PyDictValues *values, Py_ssize_t i)
{
    _PyDictValues_AddToInsertionOrder(values, i);
}

/* ---- The ABI header ---- */

typedef _PyRangeIterObject cp_range_iterator;

static inline int
cp_range_went(const cp_range_iterator *it)
{
    return it->start == 10 && it->step == 3 && it->len == 30;
}

#define CP_DIGITS offsetof(PyLongObject, long_value.ob_digit)
#define CP_ROWS_SINCE_312 \
    {"int.size", offsetof(PyLongObject, long_value.lv_tag)}, {"int.tagged", 1}, {"refcount.immortal", 1}, \
    {"range_iterator.index", 0}, {"range_iterator.start", offsetof(cp_range_iterator, start)}, \
    {"range_iterator.step", offsetof(cp_range_iterator, step)}, {"range_iterator.len", offsetof(cp_range_iterator, len)}, \
    {"thread.current", 0}, {"thread.local", (uint64_t)cp_thread_offset}, {"thread.recursion", offsetof(PyThreadState, py_recursion_remaining)}, \
    {"watch.by", offsetof(PyThreadState, interp)}, {"watch.at", offsetof(PyInterpreterState, CP_EVENTS)}, {"watch.quiet", (uint64_t)(uintptr_t)&cp_quiet_version}

#endif
