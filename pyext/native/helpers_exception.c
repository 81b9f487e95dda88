/* Helpers for raising, handling, and the with statement. What a handler handles is the thread's, as in the interpreter, so native
   code and interpreter can take turns within one. */
#include "helpers.h"
#include <internal/pycore_object.h>
#include <internal/pycore_pyerrors.h>
#include <internal/pycore_pystate.h>

void
gs_reraise(PyObject *exception)
{
    PyErr_Restore(Py_NewRef(PyExceptionInstance_Class(exception)), Py_NewRef(exception), PyException_GetTraceback(exception));
}

/* An instance of what stands after `raise` or `from`; NULL with an exception, or without one if it is neither class nor instance. */
static PyObject *
instance_of(PyObject *o)
{
    if (PyExceptionClass_Check(o)) {
        return PyObject_CallNoArgs(o);
    }
    return PyExceptionInstance_Check(o) ? Py_NewRef(o) : NULL;
}

void
gs_raise(PyObject *exception, PyObject *cause)
{
    if (!exception) {
        PyObject *handled = _PyErr_GetTopmostException(_PyThreadState_GET())->exc_value;
        if (!handled || handled == Py_None) {
            PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
        } else {
            gs_reraise(handled);
        }
        return;
    }
    PyObject *value = instance_of(exception);
    if (!value) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
        }
        return;
    }
    if (!PyExceptionInstance_Check(value)) {
        PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", exception, Py_TYPE(value));
    } else {
        PyObject *because = cause && cause != Py_None ? instance_of(cause) : NULL;
        if (cause && cause != Py_None && !because) {
            if (!PyErr_Occurred()) {
                PyErr_SetString(PyExc_TypeError, "exception causes must derive from BaseException");
            }
        } else {
            if (cause) {
                PyException_SetCause(value, because); /* takes it */
            }
            PyErr_SetObject(PyExceptionClass_Check(exception) ? exception : PyExceptionInstance_Class(value), value);
        }
    }
    Py_DECREF(value);
}

PyObject *
gs_push_exc_info(PyObject *exception)
{
    _PyErr_StackItem *info = _PyThreadState_GET()->exc_info;
    PyObject *before = info->exc_value;
    info->exc_value = Py_NewRef(exception);
    return before ? before : Py_NewRef(Py_None);
}

void
gs_pop_except(PyObject *before)
{
    _PyErr_StackItem *info = _PyThreadState_GET()->exc_info;
    PyObject *handled = info->exc_value;
    info->exc_value = Py_NewRef(before);
    Py_XDECREF(handled);
}

static int
can_be_caught(PyObject *class)
{
    if (PyExceptionClass_Check(class)) {
        return 1;
    }
    PyErr_SetString(PyExc_TypeError, "catching classes that do not inherit from BaseException is not allowed");
    return 0;
}

int64_t
gs_check_exc_match(PyObject *exception, PyObject *classes)
{
    if (PyTuple_Check(classes)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(classes); i++) {
            if (!can_be_caught(PyTuple_GET_ITEM(classes, i))) {
                return -1;
            }
        }
    } else if (!can_be_caught(classes)) {
        return -1;
    }
    return PyErr_GivenExceptionMatches(exception, classes);
}

/* ---- with ---- */

static PyObject *
special(PyObject *manager, PyObject **cache, const char *name, const char *missed)
{
    if (!*cache && !(*cache = PyUnicode_InternFromString(name))) {
        return NULL;
    }
    PyObject *method = _PyObject_LookupSpecial(manager, *cache);
    if (!method && !PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "'%.200s' object does not support the context manager protocol%s", Py_TYPE(manager)->tp_name, missed);
    }
    return method;
}

PyObject *
gs_before_with(PyObject *manager, PyObject **exit)
{
    static PyObject *enter_name, *exit_name;
    PyObject *enter = special(manager, &enter_name, "__enter__", "");
    if (!enter) {
        return NULL;
    }
    PyObject *leave = special(manager, &exit_name, "__exit__", " (missed __exit__ method)");
    PyObject *result = leave ? PyObject_CallNoArgs(enter) : NULL;
    Py_DECREF(enter);
    if (!result) {
        Py_XDECREF(leave);
        return NULL;
    }
    *exit = leave;
    return result;
}

PyObject *
gs_with_except_start(PyObject *exit, PyObject *exception)
{
    PyObject *traceback = PyException_GetTraceback(exception);
    PyObject *args[] = {NULL, PyExceptionInstance_Class(exception), exception, traceback ? traceback : Py_None};
    PyObject *result = PyObject_Vectorcall(exit, args + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_XDECREF(traceback);
    return result;
}
