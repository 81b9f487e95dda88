/* CPython 3.13: its part of the test at import; cpython_since_313.c has the rest. */
#include "runtime.h"
#if PY_VERSION_HEX >> 16 == 0x030d

const char *
cp_test_version(PyThreadState *ts, PyObject *freed)
{
    const struct _Py_float_freelist *floats = &ts->interp->object_state.freelists.floats;
    if (floats->items != (PyFloatObject *)freed || floats->numfree < 1) {
        return "float free list";
    }
    if ((uint32_t)Py_REFCNT(Py_None) != UINT32_MAX) {
        return "reference counts";
    }
    struct _PyInterpreterFrame *f = ts->current_frame;
    if (f && !PyCode_Check(cp_code(f))) {
        return "frame";
    }
    return NULL;
}

#endif
