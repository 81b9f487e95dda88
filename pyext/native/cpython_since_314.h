/* What 3.14 and later have in common, and earlier versions lack: what a frame refers to is a _PyStackRef, the address of an object whose lowest bit says that
   this reference is not counted, as those to immortal objects are not; and the C stack is measured. cpython.h says what each name means. */
#ifndef GS_CPYTHON_SINCE_314_H
#define GS_CPYTHON_SINCE_314_H
#include <internal/pycore_freelist_state.h>
#include <internal/pycore_interpframe.h>
#include <internal/pycore_stackref.h>
#include <internal/pycore_tstate.h>
#include "cpython_since_313.h"

/* ---- Frames ---- */

/* Arguments that are looked for on a frame's stack: a frame has more words than that beneath it. */
#define CP_MOST_FOUND 8

#define CP_LENGTH 2 /* BINARY_OP has 5 caches, where it had one */

static inline PyCodeObject *
cp_code(const _PyInterpreterFrame *f)
{
    return (PyCodeObject *)PyStackRef_AsPyObjectBorrow(f->f_executable);
}

static inline PyObject *
cp_function(const _PyInterpreterFrame *f)
{
    return PyStackRef_AsPyObjectBorrow(f->f_funcobj);
}

static inline PyObject *
cp_local(const _PyInterpreterFrame *f, uint32_t i)
{
    return PyStackRef_IsTaggedInt(f->localsplus[i]) ? NULL : PyStackRef_AsPyObjectBorrow(f->localsplus[i]);
}

static inline void
cp_set_local(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    f->localsplus[i] = o ? PyStackRef_FromPyObjectSteal(o) : PyStackRef_NULL;
}

static inline void
cp_set_lasti(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    f->localsplus[i] = PyStackRef_TagInt(PyLong_AsLong(o));
    Py_DECREF(o);
}

static inline uint32_t
cp_depth(const _PyInterpreterFrame *f)
{
    return (uint32_t)(f->stackpointer - f->localsplus);
}

static inline void
cp_set_depth(_PyInterpreterFrame *f, uint32_t n)
{
    f->stackpointer = f->localsplus + n;
}

static inline int
cp_holds(PyThreadState *ts, PyObject *const *args, size_t n)
{
    const _PyInterpreterFrame *f = ts->current_frame;
    if (!f || n > CP_MOST_FOUND) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (((uintptr_t)args[i] ^ f->stackpointer[(Py_ssize_t)(i - n)].bits) > 1) {
            return 0;
        }
    }
    return 1;
}

static inline void
cp_frame_begin(_PyInterpreterFrame *f, PyFunctionObject *func, PyCodeObject *code)
{
    PyObject *locals = code->co_flags & CO_OPTIMIZED ? NULL : Py_NewRef(func->func_globals);
    _PyFrame_Initialize(_PyThreadState_GET(), f, PyStackRef_FromPyObjectNew(func), locals, code, 0, NULL);
}

static inline void
cp_frame_end(_PyInterpreterFrame *f)
{
    Py_XDECREF(f->f_locals);
    PyStackRef_CLOSE(f->f_funcobj);
    PyStackRef_CLOSE(f->f_executable);
}

static inline void
cp_own(_PyInterpreterFrame *f, PyFrameObject *object, _PyInterpreterFrame *own)
{
    _PyFrame_Copy(f, own);
    own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    if (_PyFrame_IsIncomplete(own)) {
        own->instr_ptr = _PyCode_CODE(cp_code(own)) + cp_code(own)->_co_firsttraceable + 1;
    }
    object->f_frame = own;
}

static inline int
cp_is_unused(const PyFrameObject *object)
{
    return !object->f_extra_locals && !object->f_locals_cache && !object->f_overwritten_fast_locals;
}

#define CP_LAST_FIRST 1

/* ---- Threads ---- */

static inline uint64_t
cp_stack_floor(void)
{
    return ((_PyThreadStateImpl *)cp_thread())->c_stack_soft_limit;
}

/* Calls between Python functions and calls from C take the same allowance. */
#define cp_spare_recursion(ts) ((void)(ts))
#define cp_spared_recursion(ts) ((void)(ts))
#define cp_c_recursion(ts) ((void)(ts), (int *)NULL)

/* ---- Objects ---- */

#define CP_COUNTS_VALUES 1
#define cp_same_text _PyUnicode_Equal
#define CP_GROUP_MATCH 1

/* ---- Functions ---- */

#define CP_READS_INLINE 1
#define CP_ANNOTATE(f) (&(f)->func_annotate)
int cp_name_annotate(PyFunctionObject *);
int cp_init_names(void);

/* ---- The ABI header ---- */

#define CP_ROWS_SINCE_314 \
    CP_ROWS_SINCE_313, \
    {"values.at", offsetof(PyDictValues, values)}, {"values.form", CP_VALUES_BEHIND}, {"values.valid", offsetof(PyDictValues, valid)}, \
    {"floats.list", CP_FREE_FLOATS + offsetof(struct _Py_freelist, freelist)}, \
    {"floats.link", 0}, {"floats.count", CP_FREE_FLOATS + offsetof(struct _Py_freelist, size)}, {"floats.most", Py_floats_MAXFREELIST}, \
    {"frame.null", PyStackRef_NULL_BITS}, {"frame.stackpointer", offsetof(_PyInterpreterFrame, stackpointer)}

#endif
