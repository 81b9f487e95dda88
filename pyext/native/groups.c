/* Exception groups and attached functions. `group.split(f)` and `group.subgroup(f)` ask in C whether f is a function, and mean
   the exact type, which an attached function does not have on 3.11. So these two methods get a look at their argument first:
   an attached function goes on as a plain one, made of the same parts. */
#include "native.h"

static PyObject *originals[2];

static PyObject *
plain_twin(PyFunctionObject *f)
{
    PyObject *twin = PyFunction_NewWithQualName(f->func_code, f->func_globals, f->func_qualname);
    if (!twin) {
        return NULL;
    }
    PyFunctionObject *t = (PyFunctionObject *)twin;
    Py_XSETREF(t->func_closure, Py_XNewRef(f->func_closure));
    Py_XSETREF(t->func_defaults, Py_XNewRef(f->func_defaults));
    Py_XSETREF(t->func_kwdefaults, Py_XNewRef(f->func_kwdefaults));
    return twin;
}

static PyObject *
call(int which, PyObject *self, PyObject *args)
{
    PyObject *condition = PyTuple_GET_SIZE(args) == 1 ? PyTuple_GET_ITEM(args, 0) : NULL;
    PyObject *twin = NULL, *with_self = PyTuple_New(1 + PyTuple_GET_SIZE(args));
    if (with_self && condition && Py_IS_TYPE(condition, &gs_function_type) && !(twin = plain_twin((PyFunctionObject *)condition))) {
        Py_CLEAR(with_self);
    }
    if (!with_self) {
        return NULL;
    }
    PyTuple_SET_ITEM(with_self, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); i++) {
        PyTuple_SET_ITEM(with_self, i + 1, Py_NewRef(twin ? twin : PyTuple_GET_ITEM(args, i)));
    }
    PyObject *result = PyObject_Call(originals[which], with_self, NULL);
    Py_DECREF(with_self);
    Py_XDECREF(twin);
    return result;
}

static PyObject *
split(PyObject *self, PyObject *args)
{
    return call(0, self, args);
}

static PyObject *
subgroup(PyObject *self, PyObject *args)
{
    return call(1, self, args);
}

static PyMethodDef methods[] = {
    {"split", split, METH_VARARGS, NULL},
    {"subgroup", subgroup, METH_VARARGS, NULL},
};

/* Once for the process: the class belongs to all interpreters. */
int
gs_groups_init(void)
{
    PyTypeObject *type = (PyTypeObject *)PyExc_BaseExceptionGroup;
    for (int i = 0; i < 2 && !originals[i]; i++) {
        PyObject *original = PyDict_GetItemString(cp_type_dict(type), methods[i].ml_name);
        if (!original || !Py_IS_TYPE(original, &PyMethodDescr_Type)) {
            return 0; /* another tool was here */
        }
        methods[i].ml_doc = ((PyMethodDescrObject *)original)->d_method->ml_doc;
        PyObject *descriptor = PyDescr_NewMethod(type, &methods[i]);
        originals[i] = Py_NewRef(original);
        if (!descriptor || PyDict_SetItemString(cp_type_dict(type), methods[i].ml_name, descriptor) < 0) {
            Py_XDECREF(descriptor);
            return -1;
        }
        Py_DECREF(descriptor);
        PyType_Modified(type);
    }
    return 0;
}
