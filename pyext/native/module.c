/* The module gophersnake._native: what stands between Python's functions and the machine code, loaded at import. No Go is
   in it. Python code of the package is the only caller of these functions, and checks what a user gave. */
#include "runtime.h"
#include <sys/mman.h>

static PyTypeObject *
wrong_type(PyObject *o)
{
    PyErr_Format(PyExc_TypeError, "a function is needed, not %.100s", Py_TYPE(o)->tp_name);
    return NULL;
}

static int
is_function(PyObject *o)
{
    return Py_IS_TYPE(o, &PyFunction_Type) || Py_IS_TYPE(o, &gs_function_type) || wrong_type(o);
}

static PyObject *
attach(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *function;
    int strict = 0;
    if (!PyArg_ParseTuple(args, "O|p", &function, &strict) || !is_function(function)) {
        return NULL;
    }
    int rc = gs_attach(function, strict, 0);
    return rc < 0 ? NULL : PyBool_FromLong(rc == 0);
}

/* The class statement treats functions of these names in its own way, but only plain ones. */
static int
is_for_classes(PyObject *name)
{
    return PyUnicode_GET_LENGTH(name) > 6 && PyUnicode_READ_CHAR(name, 0) == '_'
           && (PyUnicode_CompareWithASCIIString(name, "__new__") == 0 || PyUnicode_CompareWithASCIIString(name, "__init_subclass__") == 0
               || PyUnicode_CompareWithASCIIString(name, "__class_getitem__") == 0);
}

static PyObject *
jit_casually(PyObject *self, PyObject *o)
{
    (void)self;
    int fits = Py_IS_TYPE(o, &PyFunction_Type) && !is_for_classes(((PyFunctionObject *)o)->func_name);
    return fits && gs_attach(o, 0, 1) < 0 ? NULL : Py_NewRef(o);
}

static PyObject *
decline(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *function;
    const char *reason;
    if (!PyArg_ParseTuple(args, "Os", &function, &reason) || !is_function(function) || gs_decline(function, reason) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
marker(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *code;
    const char *reason;
    int strict;
    return PyArg_ParseTuple(args, "O!sp", &PyCode_Type, &code, &reason, &strict) ? gs_marker(code, reason, strict) : NULL;
}

static PyObject *
detach(PyObject *self, PyObject *function)
{
    (void)self;
    if (!is_function(function)) {
        return NULL;
    }
    int attached = gs_detach(function, NULL);
    if (!attached) {
        gs_unmark(function);
    }
    return PyBool_FromLong(attached);
}

static PyObject *
is_attached(PyObject *self, PyObject *o)
{
    (void)self;
    return PyBool_FromLong(Py_IS_TYPE(o, &gs_function_type) && gs_attached_find(o));
}

static PyObject *
record_info(PyObject *self, PyObject *function)
{
    (void)self;
    struct gs_attached *a = gs_attached_find(function);
    if (!a) {
        Py_RETURN_NONE;
    }
    return gs_record_info(a->record);
}

static PyObject *
stats(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    uint64_t units, code, data;
    gs_unit_totals(&units, &code, &data);
    return Py_BuildValue("{sKsKsKsKsKsKsKsKsK}", "functions", gs_attached_count(), "compiles", gs_totals.compiles, "failures",
                         gs_totals.failures, "compile_ns", gs_totals.compile_ns, "exits", gs_totals.exits, "units", units, "code_bytes", code,
                         "data_bytes", data, "released", gs_totals.released);
}

static PyObject *
header_address(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    char *header = gs_abi_header();
    return header ? PyLong_FromVoidPtr(header) : NULL;
}

static PyObject *
unusable(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return gs_unusable();
}

static PyObject *
constants(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return gs_constants();
}

static PyObject *
configure(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    static char *names[] = {"log_compile", "log_exits", "dump", NULL};
    PyObject *dump = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|ppO", names, &gs_log_compile, &gs_log_exits, &dump)) {
        return NULL;
    }
    Py_XSETREF(gs_dump, dump == Py_None ? NULL : Py_NewRef(dump));
    Py_RETURN_NONE;
}

static PyObject *
describe(PyObject *self, PyObject *args)
{
    (void)self;
    unsigned long long unit;
    const char *what;
    return PyArg_ParseTuple(args, "Ks", &unit, &what) ? gs_describe(unit, what) : NULL;
}

/* os.memfd_create is not in a Python that was built for older systems, as those of python-build-standalone are. */
static PyObject *
memory_file(PyObject *self, PyObject *name)
{
    (void)self;
    const char *text = PyUnicode_AsUTF8(name);
    int fd = text ? memfd_create(text, MFD_CLOEXEC) : -1;
    return fd >= 0 ? PyLong_FromLong(fd) : text ? PyErr_SetFromErrno(PyExc_OSError) : NULL;
}

static PyMethodDef methods[] = {
    {"attach", attach, METH_VARARGS, "attach(function, strict=False): whether its calls may now be compiled; its marker tells why not."},
    {"jit_casually", jit_casually, METH_O, "jit for whoever puts it on every function there is: it has to earn its compile. Gives what it was given, and never refuses."},
    {"decline", decline, METH_VARARGS, "decline(function, reason): leave it plain, and let its marker tell why."},
    {"marker", marker, METH_VARARGS, "marker(code, reason, strict): what tells of a function with this code why it stays plain."},
    {"detach", detach, METH_O, "detach(function): whether it was attached."},
    {"ending", gs_record_ending, METH_NOARGS, "The process ends: nothing of a module is kept for closures that may come."},
    {"is_attached", is_attached, METH_O, "Whether calls of the function may be compiled."},
    {"record_info", record_info, METH_O, "What is known of an attached function's versions, or None."},
    {"stats", stats, METH_NOARGS, "Counts of the process."},
    {"header_address", header_address, METH_NOARGS, "Where the ABI header lies."},
    {"unusable", unusable, METH_NOARGS, "Why this interpreter gets no native code, or an empty string. A test of the layout of objects."},
    {"memory_file", memory_file, METH_O, "memory_file(name): the descriptor of a new file that lies in memory alone."},
    {"constants", constants, METH_NOARGS, "The contract's numbers, as this C compiler sees them."},
    {"configure", (PyCFunction)(void (*)(void))configure, METH_VARARGS | METH_KEYWORDS, "What to log and to print."},
    {"describe", describe, METH_VARARGS, "describe(unit, what): the compiler's words on a unit."},
    {NULL, NULL, 0, NULL},
};

/* For the main interpreter: types and state are the process's. A second module, after somebody deleted the first one, has what that has. */
static int
execute(PyObject *m)
{
    static PyObject *first;
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "functions of a subinterpreter run interpreted");
        return -1;
    }
    if (first) {
        return PyDict_Merge(PyModule_GetDict(m), PyModule_GetDict(first), 0);
    }
    gs_error = PyErr_NewExceptionWithDoc("gophersnake.GophersnakeError", "What strict=True asked for could not be done.", NULL, NULL);
    if (!gs_error || cp_init() < 0 || PyModule_AddObjectRef(m, "GophersnakeError", gs_error) < 0 || gs_attach_init(m) < 0 || gs_record_init() < 0
        || gs_unit_init() < 0 || gs_groups_init() < 0 || gs_caller_module_init() < 0) {
        return -1;
    }
    first = Py_NewRef(m);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gophersnake._native",
    .m_doc = "Gophersnake's native half: attaching, dispatch, and frame hand-over.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
