/* CPython 3.12. cpython.h says what each name means. */
#ifndef GS_CPYTHON_312_H
#define GS_CPYTHON_312_H
#include "cpython_until_312.h"
#define CP_EVENTS monitoring_version
#include "cpython_since_312.h"

/* ---- Frames ---- */

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
    Py_DECREF(f->f_code);
}

/* ---- Threads ---- */

#define CP_EVALUATION 2 /* PY_EVAL_C_STACK_UNITS of ceval.c */

static inline int *
cp_trash_nesting(PyThreadState *ts)
{
    return &ts->trash.delete_nesting;
}

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

static inline PyObject *
cp_type_dict(PyTypeObject *t)
{
    PyObject *dict = PyType_GetDict(t);
    Py_XDECREF(dict); /* the type has it */
    return dict;
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

#define cp_same_text(a, b) (PyUnicode_Compare(a, b) == 0)

/* ---- Functions ---- */

#define cp_init cp_init_monitoring

/* ---- The ABI header ---- */

#define CP_ROWS \
    CP_ROWS_SINCE_312, \
    {"values.at", (uint64_t)(-3 * (int64_t)sizeof(PyObject *))}, {"values.form", CP_VALUES_TAGGED}, \
    CP_ROWS_UNTIL_312

#define CP_GROUP_TRACEBACK 0x030C0900

#endif
