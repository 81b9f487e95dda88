/* Helpers that build and take apart: displays, unpacking, f-strings. Their errors have the interpreter's words. */
#include "helpers.h"
#if PY_VERSION_HEX >> 16 == 0x030e
#include <internal/pycore_tuple.h>
#endif

PyObject *
gs_build_list(PyObject *const *items, int64_t n)
{
    PyObject *list = PyList_New(n);
    for (int64_t i = 0; list && i < n; i++) {
        PyList_SET_ITEM(list, i, Py_NewRef(items[i]));
    }
    return list;
}

PyObject *
gs_build_tuple(PyObject *const *items, int64_t n)
{
    /* 3.14 and later do not track a tuple of what the collector does not track. */
#if PY_VERSION_HEX >= 0x030f0000
    return PyTuple_FromArray((PyObject **)items, n);
#elif PY_VERSION_HEX >= 0x030e0000
    return _PyTuple_FromArray(items, n);
#else
    PyObject *tuple = PyTuple_New(n);
    for (int64_t i = 0; tuple && i < n; i++) {
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(items[i]));
    }
    return tuple;
#endif
}

PyObject *
gs_tuple_of(PyObject *const *items, int64_t n)
{
#if CP_FREE_LISTS
    PyTupleObject *free = cp_take_tuple(cp_thread(), n);
    if (free) {
        for (int64_t i = 0; i < n; i++) {
            free->ob_item[i] = items[i];
        }
        _PyObject_GC_TRACK(free);
        return (PyObject *)free;
    }
#endif
    PyObject *tuple = gs_build_tuple(items, n);
    for (int64_t i = 0; i < n; i++) {
        Py_DECREF(items[i]);
    }
    return tuple;
}

PyObject *
gs_build_set(PyObject *const *items, int64_t n)
{
    PyObject *set = PySet_New(NULL);
    for (int64_t i = 0; set && i < n; i++) {
        if (PySet_Add(set, items[i]) < 0) {
            Py_CLEAR(set);
        }
    }
    return set;
}

static PyObject *
build_dict(PyObject *const *keys, PyObject *const *values, int64_t n, int64_t stride)
{
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; dict && i < n; i++) {
        if (PyDict_SetItem(dict, keys[i * stride], values[i * stride]) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

PyObject *
gs_build_map(PyObject *const *items, int64_t words)
{
    return build_dict(items, items + 1, words / 2, 2);
}

PyObject *
gs_build_const_key_map(PyObject *keys, PyObject *const *values, int64_t n)
{
    if (!PyTuple_CheckExact(keys) || PyTuple_GET_SIZE(keys) != n) {
        PyErr_SetString(PyExc_SystemError, "bad BUILD_CONST_KEY_MAP keys argument");
        return NULL;
    }
    return build_dict(((PyTupleObject *)keys)->ob_item, values, n, 1);
}

PyObject *
gs_build_string(PyObject *const *items, int64_t n)
{
    PyObject *empty = PyUnicode_New(0, 0);
    PyObject *result = empty ? _PyUnicode_JoinArray(empty, items, n) : NULL;
    Py_XDECREF(empty);
    return result;
}

PyObject *
gs_build_slice(PyObject *start, PyObject *stop, PyObject *step)
{
    return PySlice_New(start, stop, step);
}

PyObject *
gs_format_value(PyObject *value, PyObject *format, int64_t conversion)
{
    static PyObject *(*const converters[])(PyObject *) = {NULL, PyObject_Str, PyObject_Repr, PyObject_ASCII};
    PyObject *(*convert)(PyObject *) = converters[conversion & 3];
    PyObject *text = convert ? convert(value) : Py_NewRef(value);
    if (!text || (!format && PyUnicode_CheckExact(text))) {
        return text;
    }
    PyObject *result = PyObject_Format(text, format);
    Py_DECREF(text);
    return result;
}

int64_t
gs_list_extend(PyObject *list, PyObject *iterable)
{
    if (cp_list_extend(list, iterable) == 0) {
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_TypeError) && !Py_TYPE(iterable)->tp_iter && !PySequence_Check(iterable)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "Value after * must be an iterable, not %.200s", Py_TYPE(iterable)->tp_name);
    }
    return -1;
}

int64_t
gs_dict_update(PyObject *dict, PyObject *mapping)
{
    if (PyDict_Update(dict, mapping) == 0) {
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Format(PyExc_TypeError, "'%.200s' object is not a mapping", Py_TYPE(mapping)->tp_name);
    }
    return -1;
}

#if CP_CALL_ERRORS
/* 3.15 and later tell a KeyError of the mapping's from a keyword that is there twice. */
int64_t
gs_dict_merge(PyObject *dict, PyObject *mapping, PyObject *callable)
{
    PyObject *twice = NULL;
    if (_PyDict_MergeUniq(dict, mapping, &twice) == 0) {
        return 0;
    }
    _PyEval_FormatKwargsError(cp_thread(), callable, mapping, twice);
    Py_XDECREF(twice);
    return -1;
}
#else
/* Says what is wrong with ** in a call, once merging failed. */
static void
kwargs_error(PyObject *callable, PyObject *kwargs)
{
    if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        PyObject *text = _PyObject_FunctionStr(callable);
        if (text) {
            PyErr_Format(PyExc_TypeError, "%U argument after ** must be a mapping, not %.200s", text, Py_TYPE(kwargs)->tp_name);
            Py_DECREF(text);
        }
    } else if (PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyObject *args = CP_RAISES_INSTANCES && value ? ((PyBaseExceptionObject *)value)->args : value;
        if (!args || !PyTuple_Check(args) || PyTuple_GET_SIZE(args) != 1) {
            PyErr_Restore(type, value, traceback);
            return;
        }
        PyObject *text = _PyObject_FunctionStr(callable);
        if (text) {
            PyErr_Format(PyExc_TypeError, "%U got multiple values for keyword argument '%S'", text, PyTuple_GET_ITEM(args, 0));
            Py_DECREF(text);
        }
        Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(traceback);
    }
}

int64_t
gs_dict_merge(PyObject *dict, PyObject *mapping, PyObject *callable)
{
    if (_PyDict_MergeEx(dict, mapping, 2) == 0) {
        return 0;
    }
    kwargs_error(callable, mapping);
    return -1;
}
#endif

/* ---- Unpacking ---- */

static PyObject *
iterate(PyObject *o)
{
    PyObject *iterator = PyObject_GetIter(o);
    if (!iterator && PyErr_ExceptionMatches(PyExc_TypeError) && !Py_TYPE(o)->tp_iter && !PySequence_Check(o)) {
        PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(o)->tp_name);
    }
    return iterator;
}

static void
release(PyObject **items, int64_t n)
{
    while (n-- > 0) { /* the last taken goes first, as from the stack */
        Py_DECREF(items[n]);
    }
}

/* Takes n items; gives how many it got, with an exception if they are too few. star: items after the starred one, or -1. */
static int64_t
take(PyObject *iterator, int64_t n, int64_t star, PyObject **items)
{
    for (int64_t i = 0; i < n; i++) {
        items[i] = PyIter_Next(iterator);
        if (!items[i]) {
            if (!PyErr_Occurred() && star < 0) {
                PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected %d, got %d)", (int)n, (int)i);
            } else if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %d, got %d)", (int)(n + star), (int)i);
            }
            return i;
        }
    }
    return n;
}

int64_t
gs_unpack_sequence(PyObject *o, int64_t n, PyObject **items)
{
    if ((PyTuple_CheckExact(o) || PyList_CheckExact(o)) && Py_SIZE(o) == n) {
        PyObject **from = PyTuple_CheckExact(o) ? ((PyTupleObject *)o)->ob_item : ((PyListObject *)o)->ob_item;
        for (int64_t i = 0; i < n; i++) {
            items[i] = Py_NewRef(from[i]);
        }
        return 0;
    }
    PyObject *iterator = iterate(o);
    if (!iterator) {
        return -1;
    }
    int64_t got = take(iterator, n, -1, items);
    if (got == n) {
        PyObject *more = PyIter_Next(iterator);
        if (!more && !PyErr_Occurred()) {
            Py_DECREF(iterator);
            return 0;
        }
        if (more) {
            Py_DECREF(more);
            Py_ssize_t size = PyList_CheckExact(o) || PyTuple_CheckExact(o) ? Py_SIZE(o) : PyDict_CheckExact(o) ? PyDict_Size(o) : 0;
            if (CP_COUNTS_VALUES && size > n) {
                PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %d, got %zd)", (int)n, size);
            } else {
                PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %d)", (int)n);
            }
        }
    }
    release(items, got);
    Py_DECREF(iterator);
    return -1;
}

int64_t
gs_unpack_ex(PyObject *o, int64_t before, int64_t after, PyObject **items)
{
    PyObject *iterator = iterate(o);
    if (!iterator) {
        return -1;
    }
    int64_t got = take(iterator, before, after, items);
    PyObject *rest = got == before ? PySequence_List(iterator) : NULL;
    if (!rest) {
        release(items, got);
        Py_DECREF(iterator);
        return -1;
    }
    int64_t n = PyList_GET_SIZE(rest);
    if (n < after) {
        PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %d, got %zd)", (int)(before + after), (Py_ssize_t)(before + n));
        Py_DECREF(rest);
        release(items, before);
        Py_DECREF(iterator);
        return -1;
    }
    items[before] = rest;
    for (int64_t i = 0; i < after; i++) {
        items[before + 1 + i] = PyList_GET_ITEM(rest, n - after + i); /* moved */
    }
    Py_SET_SIZE(rest, n - after);
    Py_DECREF(iterator);
    return 0;
}

int64_t
gs_str_append(PyObject **left, PyObject *right)
{
    PyUnicode_Append(left, right);
    return *left ? 0 : -1;
}
