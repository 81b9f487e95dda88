/* From slots to objects and back. Boxing makes the object that the interpreter would have had; a value that came
   from an object gives that object, for its identity can be seen. */
#include "native.h"

static PyObject *
range_of(int64_t start, int64_t stop, int64_t step)
{
    return PyObject_CallFunction((PyObject *)&PyRange_Type, "LLL", (long long)start, (long long)stop, (long long)step);
}

/* `left` more values from next on. The stop may lie past 64 bits; the values do not. */
static PyObject *
range_iterator_of(int64_t next, int64_t step, int64_t left)
{
    PyObject *range = NULL, *iterator = NULL, *stop = NULL;
    PyObject *n = PyLong_FromLongLong(left), *s = PyLong_FromLongLong(step), *start = PyLong_FromLongLong(next);
    PyObject *length = n && s ? PyNumber_Multiply(n, s) : NULL;
    stop = length && start ? PyNumber_Add(start, length) : NULL;
    range = stop ? PyObject_CallFunctionObjArgs((PyObject *)&PyRange_Type, start, stop, s, NULL) : NULL;
    iterator = range ? PyObject_GetIter(range) : NULL;
    Py_XDECREF(n), Py_XDECREF(s), Py_XDECREF(start), Py_XDECREF(length), Py_XDECREF(stop), Py_XDECREF(range);
    return iterator;
}

PyObject *
gs_box(const struct gs_value *v)
{
    double real;
    switch (v->kind) {
    case GS_OBJ:
    case GS_OBJ_OR_NULL:
        return Py_NewRef((PyObject *)v->w[0]);
    case GS_INT_ORIGIN:
    case GS_FLOAT_ORIGIN:
        return Py_NewRef((PyObject *)v->w[1]);
    case GS_INT:
        return PyLong_FromLongLong((int64_t)v->w[0]);
    case GS_FLOAT:
        memcpy(&real, &v->w[0], 8);
        return PyFloat_FromDouble(real);
    case GS_BOOL:
        return Py_NewRef(v->w[0] ? Py_True : Py_False);
    case GS_NONE:
        return Py_NewRef(Py_None);
    case GS_RANGE:
        return range_of((int64_t)v->w[0], (int64_t)v->w[1], (int64_t)v->w[2]);
    case GS_RANGE_ITER:
        return range_iterator_of((int64_t)v->w[0], (int64_t)v->w[1], (int64_t)v->w[2]);
    }
    Py_FatalError("BUG: a slot of this kind cannot be boxed");
}

void
gs_value_of(struct gs_value *v, PyObject *o, int owned)
{
    *v = (struct gs_value){.kind = GS_OBJ, .owned = (uint8_t)owned, .w = {(uint64_t)(uintptr_t)o}};
    if (!o) {
        v->kind = GS_NULL;
        v->owned = 0;
    } else if (PyLong_CheckExact(o)) {
        int overflow;
        long long n = PyLong_AsLongLongAndOverflow(o, &overflow);
        if (!overflow) {
            v->kind = GS_INT_ORIGIN;
            v->w[0] = (uint64_t)n;
            v->w[1] = (uint64_t)(uintptr_t)o;
        }
    } else if (PyFloat_CheckExact(o)) {
        v->kind = GS_FLOAT_ORIGIN;
        memcpy(&v->w[0], &((PyFloatObject *)o)->ob_fval, 8);
        v->w[1] = (uint64_t)(uintptr_t)o;
    } else if (PyBool_Check(o) || o == Py_None) {
        v->kind = o == Py_None ? GS_NONE : GS_BOOL;
        v->w[0] = o == Py_True;
        if (owned) {
            Py_DECREF(o); /* the slot has no object; these live for ever */
        }
        v->owned = 0;
    }
}
