/* Who asks for the caller's module, and attached functions (3.12+). sys._getframemodulename, the classes of type parameters and sentinel (3.15) ask the frame's function in
   C, and mean the exact type, which an attached function does not have. So while they ask, it has. */
#include "native.h"

/* The function of a frame, if it is to be plain for a while; a new reference. */
static PyObject *
begin(int depth)
{
    _PyInterpreterFrame *f = *cp_frames(cp_thread());
    while (f && (_PyFrame_IsIncomplete(f) || depth-- > 0)) {
        f = f->previous;
    }
    PyObject *function = f ? cp_function(f) : NULL;
    if (!function || !Py_IS_TYPE(function, &gs_function_type)) {
        return NULL;
    }
    Py_SET_TYPE(function, &PyFunction_Type);
    return Py_NewRef(function);
}

static void
end(PyObject *function)
{
    if (function && gs_attached_find(function)) { /* else it was detached meanwhile */
        Py_SET_TYPE(function, &gs_function_type);
    }
    Py_XDECREF(function);
}

typedef PyObject *(*call)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
static call ask;

static PyObject *
get_frame_module_name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *arg = nargs + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0) > 0 ? args[0] : NULL;
    if (arg && !PyLong_Check(arg)) {
        return ask(self, args, nargs, kwnames);
    }
    int depth = arg ? cp_as_int(arg) : 0;
    PyErr_Clear();
    PyObject *function = begin(depth);
    PyObject *name = ask(self, args, nargs, kwnames);
    end(function);
    return name;
}

static struct { PyTypeObject *type; newfunc make; } classes[5];

static PyObject *
make(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    int i = 0;
    while (!PyType_IsSubtype(type, classes[i].type)) {
        i++;
    }
    PyObject *function = begin(0);
    PyObject *o = classes[i].make(type, args, kwargs);
    end(function);
    return o;
}

/* Has a class of C's, the i-th, ask in that way; takes a reference over, which is kept: make() looks at it. */
static void
wrap(int i, PyObject *class)
{
    classes[i].type = (PyTypeObject *)class;
    classes[i].make = classes[i].type->tp_new;
    classes[i].type->tp_new = make;
}

/* Once for the process: what these functions of C's do belongs to all interpreters. */
int
gs_caller_module_init(void)
{
    static const char *const names[] = {"TypeVar", "ParamSpec", "TypeVarTuple", "TypeAliasType"};
    PyObject *function = PySys_GetObject("_getframemodulename");
    if (!function) {
        return 0;
    }
    PyMethodDef *def = Py_IS_TYPE(function, &PyCFunction_Type) ? ((PyCFunctionObject *)function)->m_ml : NULL;
    if (def && def->ml_flags == (METH_FASTCALL | METH_KEYWORDS)) {
        ask = (call)(void (*)(void))def->ml_meth;
        def->ml_meth = (PyCFunction)(void (*)(void))get_frame_module_name;
    }
    PyObject *module = PyImport_ImportModule("_typing");
    for (int i = 0; module && i < (int)Py_ARRAY_LENGTH(names); i++) {
        PyObject *class = PyObject_GetAttrString(module, names[i]);
        if (!class) {
            Py_CLEAR(module);
            break;
        }
        wrap(i, class);
    }
    PyObject *sentinel = PyDict_GetItemString(PyEval_GetBuiltins(), "sentinel");
    if (sentinel && PyType_Check(sentinel) && !PyType_HasFeature((PyTypeObject *)sentinel, Py_TPFLAGS_HEAPTYPE)) {
        wrap(Py_ARRAY_LENGTH(names), Py_NewRef(sentinel));
    }
    Py_XDECREF(module);
    return module ? 0 : -1;
}
