/* Helpers for raising, handling, and the with statement. What a handler handles is the thread's, as in the interpreter, so native
   code and interpreter can take turns within one. */
#include "helpers.h"

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
        PyObject *handled = PyErr_GetHandledException();
        if (!handled) {
            PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
        } else {
            gs_reraise(handled);
            Py_DECREF(handled);
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
            if (because && !PyExceptionInstance_Check(because) && PY_VERSION_HEX >= 0x030d0000) { /* before, it became the cause */
                PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", cause, Py_TYPE(because));
                Py_DECREF(because);
                Py_DECREF(value);
                return;
            }
            if (cause) {
                PyException_SetCause(value, because); /* takes it */
            }
            PyErr_SetObject(PyExceptionClass_Check(exception) ? exception : PyExceptionInstance_Class(value), value);
        }
    }
    Py_DECREF(value);
}

PyObject *
gs_handled(void)
{
    return PyErr_GetHandledException();
}

PyObject *
gs_push_exc_info(PyObject *exception)
{
    _PyErr_StackItem *info = cp_thread()->exc_info;
    PyObject *before = info->exc_value;
    info->exc_value = Py_NewRef(exception);
    return before ? before : Py_NewRef(Py_None);
}

PyObject *
gs_pop_except(PyObject *before)
{
    _PyErr_StackItem *info = cp_thread()->exc_info;
    PyObject *handled = info->exc_value;
    info->exc_value = Py_NewRef(before);
    return handled;
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

static int
are_caught(PyObject *classes)
{
    if (!PyTuple_Check(classes)) {
        return can_be_caught(classes);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(classes); i++) {
        if (!can_be_caught(PyTuple_GET_ITEM(classes, i))) {
            return 0;
        }
    }
    return 1;
}

int64_t
gs_check_exc_match(PyObject *exception, PyObject *classes)
{
    return are_caught(classes) ? PyErr_GivenExceptionMatches(exception, classes) : -1;
}

/* ---- except* ---- */

static int
is_group_class(PyObject *classes)
{
    if (!PyTuple_Check(classes)) {
        return PyObject_IsSubclass(classes, PyExc_BaseExceptionGroup);
    }
    int is = 0;
    for (Py_ssize_t i = 0; !is && i < PyTuple_GET_SIZE(classes); i++) {
        is = PyObject_IsSubclass(PyTuple_GET_ITEM(classes, i), PyExc_BaseExceptionGroup);
    }
    return is;
}

static PyObject *
group_of(PyObject *exceptions)
{
    return PyObject_CallFunction(PyExc_BaseExceptionGroup, "sO", "", exceptions);
}

#ifndef CP_GROUP_MATCH
/* Since CP_GROUP_TRACEBACK a group made for one exception has an entry of the activation in its traceback. */
static int
enter_group(PyObject *group)
{
    if (Py_Version < CP_GROUP_TRACEBACK) {
        return 0;
    }
    PyFrameObject *frame = PyThreadState_GetFrame(cp_thread());
    if (!frame) {
        return -1;
    }
    PyErr_Restore(Py_NewRef(Py_TYPE(group)), Py_NewRef(group), NULL); /* PyTraceBack_Here enters into what is being raised */
    PyTraceBack_Here(frame);
    PyObject *type, *raised, *traceback;
    PyErr_Fetch(&type, &raised, &traceback);
    int failed = raised != group || PyException_SetTraceback(group, traceback) < 0;
    if (raised == group) {
        Py_DECREF(type);
        Py_DECREF(raised);
        Py_XDECREF(traceback);
    } else {
        PyErr_Restore(type, raised, traceback); /* no memory for the entry */
    }
    Py_DECREF(frame);
    return failed ? -1 : 0;
}

/* What matched, as a group, and the rest, new references: None each if there is none. */
static int
split_group(PyObject *exception, PyObject *classes, PyObject **match, PyObject **rest)
{
    if (exception != Py_None && PyErr_GivenExceptionMatches(exception, classes)) {
        if (_PyBaseExceptionGroup_Check(exception)) {
            *match = Py_NewRef(exception);
        } else {
            PyObject *one = PyTuple_Pack(1, exception);
            *match = one ? group_of(one) : NULL;
            Py_XDECREF(one);
            if (!*match || enter_group(*match) < 0) {
                Py_CLEAR(*match);
                return -1;
            }
        }
        *rest = Py_NewRef(Py_None);
    } else if (exception != Py_None && _PyBaseExceptionGroup_Check(exception)) {
        PyObject *pair = PyObject_CallMethod(exception, "split", "(O)", classes);
        if (!pair) {
            return -1;
        }
        /* Interpreters before 3.12.9 and 3.13.2 read what is not there; the texts are those of later ones. */
        if (!PyTuple_Check(pair)) {
            PyErr_Format(PyExc_TypeError, "%.200s.split must return a tuple, not %.200s", Py_TYPE(exception)->tp_name, Py_TYPE(pair)->tp_name);
        } else if (PyTuple_GET_SIZE(pair) < 2) {
            PyErr_Format(PyExc_TypeError, "%.200s.split must return a 2-tuple, got tuple of size %zd", Py_TYPE(exception)->tp_name, PyTuple_GET_SIZE(pair));
        }
        if (PyErr_Occurred()) {
            Py_DECREF(pair);
            return -1;
        }
        *match = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
        *rest = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
        Py_DECREF(pair);
    } else {
        *match = Py_NewRef(Py_None);
        *rest = Py_NewRef(Py_None);
    }
    return 0;
}
#endif

int64_t
gs_check_eg_match(PyObject *exception, PyObject *classes, PyObject **pair)
{
    if (!are_caught(classes)) {
        return -1;
    }
    int group = is_group_class(classes);
    if (group) {
        if (group > 0) {
            PyErr_SetString(PyExc_TypeError, "catching ExceptionGroup with except* is not allowed. Use except instead.");
        }
        return -1;
    }
#ifdef CP_GROUP_MATCH /* it gives a group made for one exception a traceback */
    int split = _PyEval_ExceptionGroupMatch(*cp_frames(cp_thread()), exception, classes, &pair[1], &pair[0]);
#else
    int split = split_group(exception, classes, &pair[1], &pair[0]);
#endif
    if (split < 0) {
        return -1;
    }
    if (pair[1] != Py_None) {
        PyErr_SetExcInfo(NULL, Py_NewRef(pair[1]), NULL);
    }
#ifndef CP_GROUP_MATCH
    else {
        Py_SETREF(pair[0], Py_NewRef(exception));
    }
#endif
    return 0;
}

/* Whether the exception is a part of the group that nobody caught: a clause that raised anew left other marks on it. */
static int
is_part(PyObject *exception, PyObject *group)
{
    PyBaseExceptionObject *e = (PyBaseExceptionObject *)exception, *g = (PyBaseExceptionObject *)group;
    return e->notes == g->notes && e->traceback == g->traceback && e->cause == g->cause && e->context == g->context;
}

int64_t
gs_star_knows(PyObject *original, PyObject *raised)
{
    for (Py_ssize_t i = 0; _PyBaseExceptionGroup_Check(original) && i < PyList_GET_SIZE(raised); i++) {
        PyObject *exception = PyList_GET_ITEM(raised, i);
        if (exception != Py_None && is_part(exception, original)) {
            return 0;
        }
    }
    return 1;
}

PyObject *
gs_prep_reraise_star(PyObject *original, PyObject *raised)
{
    if (PyList_GET_SIZE(raised) == 0) {
        return Py_NewRef(Py_None);
    }
    if (!_PyBaseExceptionGroup_Check(original)) {
        return Py_NewRef(PyList_GET_ITEM(raised, 0)); /* one clause at most has run */
    }
    PyObject *anew = PyList_New(0);
    for (Py_ssize_t i = 0; anew && i < PyList_GET_SIZE(raised); i++) {
        PyObject *exception = PyList_GET_ITEM(raised, i);
        if (exception != Py_None && PyList_Append(anew, exception) < 0) {
            Py_CLEAR(anew);
        }
    }
    PyObject *result = NULL;
    if (anew && PyList_GET_SIZE(anew) == 0) {
        result = Py_NewRef(Py_None);
    } else if (anew && PyList_GET_SIZE(anew) == 1 && Py_Version >= 0x030B0400) { /* 3.11.4 raises a single one as it is */
        result = Py_NewRef(PyList_GET_ITEM(anew, 0));
    } else if (anew) {
        result = group_of(anew);
    }
    Py_XDECREF(anew);
    return result;
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
gs_with_except_start(PyObject *exit, PyObject *exception, PyObject *self)
{
    PyObject *traceback = PyException_GetTraceback(exception);
    PyObject *args[] = {NULL, self, PyExceptionInstance_Class(exception), exception, traceback ? traceback : Py_None};
    PyObject *result = PyObject_Vectorcall(exit, self ? args + 1 : args + 2, (self ? 4 : 3) | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_XDECREF(traceback);
    return result;
}
