/* 3.14 and later: their part of the test at import, and how they name functions; cpython_since_313.c has the rest. */
#include "runtime.h"
#if PY_VERSION_HEX >= 0x030e0000

/* ---- Functions ---- */

static int names_annotate;

/* The compiler of 3.14 leaves the function's name out of that of its __annotate__. Later releases of 3.14 put it in when the one is given to the
   other, and 3.15's compiler has it: what the interpreter does here is seen by a function that it makes. */
int
cp_init_names(void)
{
    PyObject *globals = PyDict_New(), *annotate = NULL;
    PyObject *none = globals ? PyRun_String("def f(x: x): pass", Py_file_input, globals, globals) : NULL;
    PyObject *f = none ? PyDict_GetItemString(globals, "f") : NULL;
    if (f && (annotate = PyFunction_Check(f) ? ((PyFunctionObject *)f)->func_annotate : NULL) && PyFunction_Check(annotate)) {
        PyFunctionObject *a = (PyFunctionObject *)annotate;
        names_annotate = PyUnicode_Compare(a->func_qualname, ((PyCodeObject *)a->func_code)->co_qualname) != 0;
    }
    Py_XDECREF(none);
    Py_XDECREF(globals);
    return none ? 0 : -1;
}

int
cp_name_annotate(PyFunctionObject *f)
{
    if (!names_annotate || !PyFunction_Check(f->func_annotate)) {
        return 0;
    }
    PyObject *name = PyUnicode_FromFormat("%U.__annotate__", f->func_qualname);
    if (name) {
        Py_SETREF(((PyFunctionObject *)f->func_annotate)->func_qualname, name);
    }
    return name ? 0 : -1;
}

/* ---- The self-test ---- */

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
