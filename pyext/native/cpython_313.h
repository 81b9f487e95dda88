/* CPython 3.13. cpython.h says what each name means. */
#ifndef GS_CPYTHON_313_H
#define GS_CPYTHON_313_H
#include "cpython_since_313.h"
#include "cpython_until_313.h"

/* ---- Frames ---- */

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

/* ---- Threads ---- */

#define CP_EVALUATION 2 /* PY_EVAL_C_STACK_UNITS of ceval.c */

static inline int *
cp_c_recursion(PyThreadState *ts)
{
    return &ts->c_recursion_remaining;
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

/* ---- Objects ---- */

#define cp_same_text(a, b) (PyUnicode_Compare(a, b) == 0)

/* ---- Functions ---- */

#define CP_READS_INLINE 0
#define cp_init_names() 0

/* ---- The ABI header ---- */

#define CP_ROWS \
    CP_ROWS_SINCE_313, \
    {"values.at", sizeof(PyObject) + offsetof(PyDictValues, values)}, {"values.form", CP_VALUES_INLINE}, {"values.valid", sizeof(PyObject) + offsetof(PyDictValues, valid)}, \
    {"floats.list", CP_FREE_FLOATS + offsetof(struct _Py_float_freelist, items)}, \
    {"floats.link", offsetof(PyObject, ob_type)}, {"floats.count", CP_FREE_FLOATS + offsetof(struct _Py_float_freelist, numfree)}, {"floats.most", PyFloat_MAXFREELIST}, \
    {"frame.null", 0}, {"frame.stackpointer", 0}

#define CP_GROUP_TRACEBACK 0x030D0200

#endif
