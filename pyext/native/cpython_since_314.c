/* 3.14 and later: their part of the test at import; cpython_since_313.c has the rest. */
#include "runtime.h"
#if PY_VERSION_HEX >= 0x030e0000

const char *
cp_test_version(PyThreadState *ts, PyObject *freed)
{
    const struct _Py_freelist *floats = &ts->interp->object_state.freelists.floats;
    if (floats->freelist != freed || floats->size < 1) {
        return "float free list";
    }
    PyObject *once = PyFloat_FromDouble(0.25);
    int right = once && (int64_t)once->ob_refcnt_full == 1 && (Py_None->ob_flags & 1) && (int32_t)Py_None->ob_refcnt < 0;
    Py_XDECREF(once);
    if (!right) {
        return "reference count";
    }
    struct _PyInterpreterFrame *f = ts->current_frame;
    if (f && (!PyCode_Check(cp_code(f)) || cp_depth(f) > 1u << 20)) {
        return "frame";
    }
    return NULL;
}

#endif
