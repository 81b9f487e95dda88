/* CPython 3.13 and later: what is too long for a header and the same in all. cpython.h says what each function does. */
#define _PyOpcode_Caches gs_opcode_caches /* the header defines these tables with external linkage */
#define _PyOpcode_Deopt gs_opcode_deopt
#include "runtime.h"
#if PY_VERSION_HEX >= 0x030d0000
#define NEED_OPCODE_METADATA
#include <internal/pycore_ceval.h>
#include <internal/pycore_code.h>
#include <internal/pycore_descrobject.h>
#include <internal/pycore_instruments.h>
#include <internal/pycore_opcode_metadata.h>
#include <opcode.h>

/* ---- Threads ---- */

int
cp_poll(PyThreadState *ts)
{
    return _Py_HandlePending(ts);
}

/* ---- Tools ---- */

void
cp_tell_raise(PyThreadState *ts, _PyInterpreterFrame *f)
{
    _PyEval_MonitorRaise(ts, f, f->instr_ptr);
}

void
cp_tell_unwind(PyThreadState *ts, _PyInterpreterFrame *f)
{
    PyMonitoringState state = {.active = cp_unwind_tools(ts, f)};
    if (state.active) {
        PyObject *code = Py_NewRef(cp_code(f));
        (void)_PyMonitoring_FirePyUnwindEvent(&state, code, cp_at(f) * (int32_t)sizeof(_Py_CODEUNIT));
        Py_DECREF(code);
    }
}

/* ---- Functions ---- */

vectorcallfunc cp_plain_vectorcall;

int
cp_init(void)
{
    if (cp_init_monitoring() < 0 || cp_init_names() < 0) {
        return -1;
    }
    PyObject *globals = PyDict_New(), *code = (PyObject *)PyCode_NewEmpty("", "", 1);
    PyObject *function = globals && code ? PyFunction_New(code, globals) : NULL;
    if (function) {
        cp_plain_vectorcall = ((PyFunctionObject *)function)->vectorcall;
    }
    Py_XDECREF(function), Py_XDECREF(globals), Py_XDECREF(code);
    return cp_plain_vectorcall ? 0 : -1;
}

/* A site that calls a class keeps the class's version, and takes for __init__ what the class had then; one that reads a property, from 3.14 on, for
   the property's function likewise. A function that was never interpreted is at none. */
int
cp_may_run_inline(PyFunctionObject *f)
{
    PyCodeObject *code = (PyCodeObject *)f->func_code;
    int reads = CP_READS_INLINE && code->co_argcount == 1 && !code->co_kwonlyargcount && !(code->co_flags & (CO_VARARGS | CO_VARKEYWORDS));
    return (reads || PyUnicode_CompareWithASCIIString(code->co_name, "__init__") == 0) && _PyCode_CODE(code)[code->_co_firsttraceable].op.code != RESUME;
}

static int
has_property_of(PyTypeObject *class, PyFunctionObject *f)
{
    PyObject *name, *value, *dict = cp_type_dict(class);
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &name, &value);) {
        if (Py_IS_TYPE(value, &PyProperty_Type) && ((_PyPropertyObject *)value)->prop_get == (PyObject *)f) {
            return 1;
        }
    }
    return 0;
}

int
cp_end_inline(PyFunctionObject *f, struct gs_attached *(*attached)(PyObject *))
{
    static PyObject *name; /* one for all times: the types' cache of attributes keeps the names that it was asked for */
    if (!name && !(name = PyUnicode_InternFromString("__subclasses__"))) {
        return -1;
    }
    PyObject *subclasses = PyObject_GetAttr((PyObject *)&PyType_Type, name);
    PyObject *classes = subclasses ? PyList_New(0) : NULL;
    int rc = classes ? PyList_Append(classes, (PyObject *)&PyBaseObject_Type) : -1;
    for (Py_ssize_t i = 0; rc == 0 && i < PyList_GET_SIZE(classes); i++) {
        PyTypeObject *class = (PyTypeObject *)PyList_GET_ITEM(classes, i);
        if (class->tp_flags & Py_TPFLAGS_HEAPTYPE) {
            PyObject **init = &((PyHeapTypeObject *)class)->_spec_cache.init; /* not counted, and perhaps no longer there */
            if (*init && attached(*init)) {
                PyType_Modified(class);
                *init = NULL;
            } else if (CP_READS_INLINE && has_property_of(class, f)) {
                PyType_Modified(class);
            }
        }
        PyObject *below = PyObject_CallOneArg(subclasses, (PyObject *)class);
        rc = below ? 0 : -1;
        for (Py_ssize_t k = 0; rc == 0 && k < PyList_GET_SIZE(below); k++) {
            PyObject *one = PyList_GET_ITEM(below, k);
            if (((PyTypeObject *)one)->tp_base == class) { /* each is met once */
                rc = PyList_Append(classes, one);
            }
        }
        Py_XDECREF(below);
    }
    Py_XDECREF(classes);
    Py_XDECREF(subclasses);
    return rc;
}

/* ---- Bytecode ---- */

int
cp_opcode(PyCodeObject *code, uint32_t unit)
{
    int opcode = _PyCode_CODE(code)[unit].op.code;
    if (opcode < MIN_INSTRUMENTED_OPCODE) {
        return _PyOpcode_Deopt[opcode];
    }
    PyObject *bytes = PyCode_GetCode(code); /* tools and CPython's own JIT keep elsewhere what they have replaced; cached in the code */
    if (!bytes) {
        PyErr_Clear();
        return NOP;
    }
    opcode = (unsigned char)PyBytes_AS_STRING(bytes)[unit * sizeof(_Py_CODEUNIT)];
    Py_DECREF(bytes);
    return opcode;
}

int
cp_caches(int opcode)
{
    return _PyOpcode_Caches[opcode];
}

int
cp_jumps_back(int opcode)
{
    return opcode == JUMP_BACKWARD || opcode == JUMP_BACKWARD_NO_INTERRUPT;
}

int
cp_returns(int opcode)
{
    return opcode == RETURN_VALUE;
}

uint32_t
cp_begin(PyCodeObject *code, uint32_t off)
{
    (void)code;
    return off;
}

int
cp_writes(int opcode, uint32_t arg, uint32_t locals[2])
{
    switch (opcode) {
    case STORE_FAST:
    case DELETE_FAST:
    case MAKE_CELL:
    case LOAD_FAST_AND_CLEAR:
        locals[0] = arg;
        return 1;
    case STORE_FAST_LOAD_FAST:
        locals[0] = arg >> 4;
        return 1;
    case STORE_FAST_STORE_FAST:
        locals[0] = arg >> 4;
        locals[1] = arg & 15;
        return 2;
    default:
        return 0;
    }
}

/* ---- The self-test ---- */

/* Whether an instance's attribute is where the rows say. */
static int
values_are_right(void)
{
    PyObject *class = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "C");
    PyObject *instance = class ? PyObject_CallNoArgs(class) : NULL;
    int right = instance && PyObject_SetAttrString(instance, "a", class) == 0;
    if (right) {
        char *values = (char *)instance + ((PyTypeObject *)class)->tp_basicsize;
        right = *(PyObject **)(values + offsetof(PyDictValues, values)) == class && values[offsetof(PyDictValues, valid)] == 1
                && cp_values(instance) == (PyDictValues *)values && !cp_dict(instance);
        PyObject *dict = right ? PyObject_GenericGetDict(instance, NULL) : NULL;
        right = dict && cp_dict(instance) == dict;
        Py_XDECREF(dict);
    }
    Py_XDECREF(instance), Py_XDECREF(class);
    return right;
}

const char *
cp_test(PyThreadState *ts, PyObject *freed)
{
    if (ts->py_recursion_limit != Py_GetRecursionLimit()) {
        return "thread state";
    }
    if (!values_are_right()) {
        return "instances";
    }
    return cp_test_version(ts, freed);
}

#endif
