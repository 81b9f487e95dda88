/* Helpers of the match statement: what keys and classes of patterns find, and the errors in the interpreter's words. */
#include "helpers.h"

/* None: a key is missing. NULL with an exception. */
PyObject *
gs_match_keys(PyObject *subject, PyObject *keys)
{
    static PyObject *name;
    Py_ssize_t n = PyTuple_GET_SIZE(keys);
    PyObject *get = NULL, *seen = NULL, *missing = NULL, *values = NULL, *result = NULL;
    if (n == 0) {
        return PyTuple_New(0);
    }
    if (!name && !(name = PyUnicode_InternFromString("get"))) {
        return NULL;
    }
    int unbound = _PyObject_GetMethod(subject, name, &get);
    if (get && (seen = PySet_New(NULL)) && (missing = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type))) {
        values = PyTuple_New(n);
    }
    for (Py_ssize_t i = 0; values && i < n; i++) {
        PyObject *key = PyTuple_GET_ITEM(keys, i);
        int twice = PySet_Contains(seen, key);
        if (twice || PySet_Add(seen, key) < 0) {
            if (twice > 0) {
                PyErr_Format(PyExc_ValueError, "mapping pattern checks duplicate key (%R)", key);
            }
            goto done;
        }
        /* With a default, defaultdict and its like make no entry. */
        PyObject *args[] = {subject, key, missing};
        PyObject *value = PyObject_Vectorcall(get, unbound ? args : args + 1, unbound ? 3 : 2, NULL);
        if (!value) {
            goto done;
        }
        if (value == missing) {
            Py_DECREF(value);
            result = Py_NewRef(Py_None);
            goto done;
        }
        PyTuple_SET_ITEM(values, i, value);
    }
    result = values;
    values = NULL;
done:
    Py_XDECREF(get);
    Py_XDECREF(seen);
    Py_XDECREF(missing);
    Py_XDECREF(values);
    return result;
}

/* The n-th name of a class pattern, whose positional ones come first. */
static PyObject *
pattern_name(PyObject *positional, Py_ssize_t npositional, PyObject *keywords, Py_ssize_t n)
{
    return n < npositional ? PyTuple_GET_ITEM(positional, n) : PyTuple_GET_ITEM(keywords, n - npositional);
}

/* The classes that are themselves the only positional attribute have no __match_args__. */
static int
positional_names(PyTypeObject *class, Py_ssize_t n, PyObject **names, int *itself)
{
    static PyObject *name; /* one for all times: the types' cache of attributes keeps the names that it was asked for */
    *itself = 0;
    if (!name && !(name = PyUnicode_InternFromString("__match_args__"))) {
        return -1;
    }
    PyObject *found = PyObject_GetAttr((PyObject *)class, name);
    if (found && !PyTuple_CheckExact(found)) {
        PyErr_Format(PyExc_TypeError, "%s.__match_args__ must be a tuple (got %s)", class->tp_name, Py_TYPE(found)->tp_name);
        Py_DECREF(found);
        return -1;
    }
    if (!found) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        *itself = PyType_HasFeature(class, _Py_TPFLAGS_MATCH_SELF);
        if (!(found = PyTuple_New(0))) {
            return -1;
        }
    }
    Py_ssize_t allowed = *itself ? 1 : PyTuple_GET_SIZE(found);
    if (allowed < n) {
        PyErr_Format(PyExc_TypeError, "%s() accepts %d positional sub-pattern%s (%d given)", class->tp_name, (int)allowed, allowed == 1 ? "" : "s", (int)n);
        Py_DECREF(found);
        return -1;
    }
    *names = found;
    return 0;
}

/* The attributes; None: no match. NULL with an exception. */
PyObject *
gs_match_class(PyObject *subject, PyObject *type, int64_t npositional, PyObject *keywords)
{
    if (!PyType_Check(type)) {
        PyErr_SetString(PyExc_TypeError, "called match pattern must be a type");
        return NULL;
    }
    PyTypeObject *class = (PyTypeObject *)type;
    int is = PyObject_IsInstance(subject, type);
    if (is <= 0) {
        return is < 0 ? NULL : Py_NewRef(Py_None);
    }
    PyObject *positional = NULL, *attributes, *result = NULL;
    int itself = 0;
    if (npositional && positional_names(class, npositional, &positional, &itself) < 0) {
        return NULL;
    }
    Py_ssize_t first = itself ? 1 : 0, named = itself ? 0 : npositional, n = named + PyTuple_GET_SIZE(keywords);
    if (!(attributes = PyTuple_New(first + n))) {
        goto done;
    }
    if (itself) {
        PyTuple_SET_ITEM(attributes, 0, Py_NewRef(subject));
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *name = pattern_name(positional, named, keywords, i);
        if (!PyUnicode_CheckExact(name)) {
            PyErr_Format(PyExc_TypeError, "__match_args__ elements must be strings (got %s)", Py_TYPE(name)->tp_name);
            goto done;
        }
        for (Py_ssize_t k = 0; k < i; k++) { /* patterns are short */
            if (PyUnicode_Compare(pattern_name(positional, named, keywords, k), name) == 0) {
                PyErr_Format(PyExc_TypeError, "%s() got multiple sub-patterns for attribute %R", class->tp_name, name);
                goto done;
            }
        }
        PyObject *value = PyObject_GetAttr(subject, name);
        if (!value) {
            if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
                PyErr_Clear();
                result = Py_NewRef(Py_None);
            }
            goto done;
        }
        PyTuple_SET_ITEM(attributes, first + i, value);
    }
    result = attributes;
    attributes = NULL;
done:
    Py_XDECREF(positional);
    Py_XDECREF(attributes);
    return result;
}
