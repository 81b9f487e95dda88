/* Values as slots hold them, and the objects they stand for. */
#include "runtime.h"

static inline PyObject *
as_object(uint64_t word)
{
    return (PyObject *)(uintptr_t)word;
}

static inline double
as_double(uint64_t word)
{
    double d;
    memcpy(&d, &word, sizeof d);
    return d;
}

int
gs_box(const struct gs_value *v, PyObject **result)
{
    PyObject *o = NULL;
    switch (v->kind) {
    case GS_NULL:
        *result = NULL;
        return 0;
    case GS_OBJ:
    case GS_OBJ_OR_NULL:
        *result = Py_XNewRef(as_object(v->w[0]));
        return 0;
    case GS_INT:
        o = PyLong_FromLongLong((int64_t)v->w[0]);
        break;
    case GS_FLOAT:
        o = PyFloat_FromDouble(as_double(v->w[0]));
        break;
    case GS_BOOL:
        o = Py_NewRef(v->w[0] ? Py_True : Py_False);
        break;
    case GS_NONE:
        o = Py_NewRef(Py_None);
        break;
    case GS_INT_ORIGIN:
    case GS_FLOAT_ORIGIN:
        o = Py_NewRef(as_object(v->w[1]));
        break;
    case GS_RANGE:
        o = gs_make_range((int64_t)v->w[0], (int64_t)v->w[1], (int64_t)v->w[2]);
        break;
    case GS_RANGE_ITER:
        o = gs_make_range_iter((int64_t)v->w[0], (int64_t)v->w[1], (int64_t)v->w[2]);
        break;
    default:
        Py_FatalError("gophersnake: a slot of unknown kind");
    }
    *result = o;
    return o ? 0 : -1;
}

void
gs_release(struct gs_value *v)
{
    struct gs_value old = *v;
    v->kind = GS_NULL;
    v->owned = 0;
    if (old.owned) {
        Py_XDECREF(as_object(old.w[old.kind == GS_INT_ORIGIN || old.kind == GS_FLOAT_ORIGIN]));
    }
}

/* A value that never was an object has no identity to compare; a box that was made of it may be dead. */
int
gs_same(const struct gs_value *v, PyObject *o, int alive)
{
    switch (v->kind) {
    case GS_NULL:
        return o == NULL;
    case GS_OBJ:
    case GS_OBJ_OR_NULL:
        return o == as_object(v->w[0]);
    case GS_BOOL:
        return o == (v->w[0] ? Py_True : Py_False);
    case GS_NONE:
        return o == Py_None;
    case GS_INT_ORIGIN:
    case GS_FLOAT_ORIGIN:
        return o == as_object(v->w[1]);
    case GS_INT: {
        int overflow = 0;
        return !alive || (o && PyLong_CheckExact(o) && PyLong_AsLongLongAndOverflow(o, &overflow) == (int64_t)v->w[0] && !overflow);
    }
    case GS_FLOAT:
        return !alive || (o && PyFloat_CheckExact(o) && memcmp(&((PyFloatObject *)o)->ob_fval, &v->w[0], 8) == 0);
    default:
        return !alive || (o && Py_TYPE(o) == gs_class_of(v));
    }
}

PyTypeObject *
gs_class_of(const struct gs_value *v)
{
    switch (v->kind) {
    case GS_OBJ:
    case GS_OBJ_OR_NULL:
        return v->w[0] ? Py_TYPE(as_object(v->w[0])) : NULL;
    case GS_INT:
    case GS_INT_ORIGIN:
        return &PyLong_Type;
    case GS_FLOAT:
    case GS_FLOAT_ORIGIN:
        return &PyFloat_Type;
    case GS_BOOL:
        return &PyBool_Type;
    case GS_NONE:
        return Py_TYPE(Py_None);
    case GS_RANGE:
        return &PyRange_Type;
    case GS_RANGE_ITER:
        return &PyRangeIter_Type;
    default:
        return NULL;
    }
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
