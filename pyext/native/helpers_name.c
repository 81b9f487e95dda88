/* Helpers for names: globals, namespaces, cells, imports, and the functions made in functions. Errors have the interpreter's words. */
#include "helpers.h"

#define NOT_DEFINED "name '%.200s' is not defined"
#define UNBOUND_LOCAL "cannot access local variable '%s' where it is not associated with a value"
#define UNBOUND_FREE "cannot access free variable '%s' where it is not associated with a value in enclosing scope"

static PyObject *
interned(PyObject **cache, const char *text)
{
    return *cache ? *cache : (*cache = PyUnicode_InternFromString(text));
}

/* NameError carries the name, for the suggestion that is printed with it. */
static void
name_error(PyObject *class, const char *format, PyObject *name)
{
    static PyObject *attribute;
    const char *text = PyUnicode_AsUTF8(name);
    if (!text) {
        return;
    }
    PyErr_Format(class, format, text);
    if (class != PyExc_NameError || !interned(&attribute, "name")) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (PyErr_GivenExceptionMatches(value, PyExc_NameError) && !((PyNameErrorObject *)value)->name
        && PyObject_SetAttr(value, attribute, name) < 0) {
        PyErr_Clear();
    }
    PyErr_Restore(type, value, traceback);
}

static PyFunctionObject *
as_function(PyObject *o)
{
    return (PyFunctionObject *)o;
}

/* A new reference; NULL with an exception, or without one if the name is not there. */
static PyObject *
look_in(PyObject *namespace, PyObject *name)
{
    PyObject *value;
    if (PyDict_CheckExact(namespace)) {
        value = PyDict_GetItemWithError(namespace, name);
        return cp_found(namespace, name, Py_XNewRef(value));
    }
    value = PyObject_GetItem(namespace, name);
    if (!value && PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyErr_Clear();
    }
    return cp_found(namespace, name, value);
}

PyObject *
gs_load_global(PyObject *function, PyObject *name)
{
    PyObject *value = look_in(as_function(function)->func_globals, name);
    if (!value && !PyErr_Occurred()) {
        value = look_in(as_function(function)->func_builtins, name);
    }
    if (!value && !PyErr_Occurred()) {
        name_error(PyExc_NameError, NOT_DEFINED, name);
    }
    return value;
}

int64_t
gs_store_global(PyObject *function, PyObject *name, PyObject *value)
{
    return PyDict_SetItem(as_function(function)->func_globals, name, value);
}

int64_t
gs_delete_global(PyObject *function, PyObject *name)
{
    if (PyDict_DelItem(as_function(function)->func_globals, name) == 0) {
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_KeyError)) {
        name_error(PyExc_NameError, NOT_DEFINED, name);
    }
    return -1;
}

PyObject *
gs_load_name(PyObject *function, PyObject *namespace, PyObject *name)
{
    if (!namespace) {
        PyErr_Format(PyExc_SystemError, "no locals when loading %R", name);
        return NULL;
    }
    PyObject *value = look_in(namespace, name);
    return value || PyErr_Occurred() ? value : gs_load_global(function, name);
}

int64_t
gs_store_name(PyObject *namespace, PyObject *name, PyObject *value)
{
    if (!namespace) {
        PyErr_Format(PyExc_SystemError, "no locals found when storing %R", name);
        return -1;
    }
    return PyDict_CheckExact(namespace) ? PyDict_SetItem(namespace, name, value) : PyObject_SetItem(namespace, name, value);
}

int64_t
gs_delete_name(PyObject *namespace, PyObject *name)
{
    if (!namespace) {
        PyErr_Format(PyExc_SystemError, "no locals when deleting %R", name);
        return -1;
    }
    if (PyObject_DelItem(namespace, name) == 0) {
        return 0;
    }
    name_error(PyExc_NameError, NOT_DEFINED, name);
    return -1;
}

/* ---- Locals and cells ---- */

/* The code is the activation's: the function may have been given another. */
static PyObject *
name_of(PyObject *code, int64_t index)
{
    return PyTuple_GET_ITEM(((PyCodeObject *)code)->co_localsplusnames, index);
}

void
gs_unbound_local(PyObject *code, int64_t index)
{
    name_error(PyExc_UnboundLocalError, UNBOUND_LOCAL, name_of(code, index));
}

static void
unbound_cell(PyObject *code, int64_t index)
{
    if (index < ((PyCodeObject *)code)->co_nlocalsplus - ((PyCodeObject *)code)->co_nfreevars) {
        gs_unbound_local(code, index);
    } else {
        name_error(PyExc_NameError, UNBOUND_FREE, name_of(code, index));
    }
}

PyObject *
gs_load_deref(PyObject *code, PyObject *cell, int64_t index)
{
    PyObject *value = PyCell_GET(cell);
    if (!value) {
        unbound_cell(code, index);
    }
    return Py_XNewRef(value);
}

int64_t
gs_delete_deref(PyObject *code, PyObject *cell, int64_t index)
{
    PyObject *old = PyCell_GET(cell);
    if (!old) {
        unbound_cell(code, index);
        return -1;
    }
    PyCell_SET(cell, NULL);
    Py_DECREF(old);
    return 0;
}

PyObject *
gs_load_classderef(PyObject *code, PyObject *namespace, PyObject *cell, int64_t index)
{
    PyObject *value = look_in(namespace, name_of(code, index));
    return value || PyErr_Occurred() ? value : gs_load_deref(code, cell, index);
}

/* ---- Imports ---- */

PyObject *
gs_import_name(PyObject *function, PyObject *name, PyObject *fromlist, PyObject *level)
{
    static PyObject *import_name;
    if (!interned(&import_name, "__import__")) {
        return NULL;
    }
    PyObject *import = PyDict_GetItemWithError(as_function(function)->func_builtins, import_name);
    if (!import) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ImportError, "__import__ not found");
        }
        return NULL;
    }
    PyObject *globals = as_function(function)->func_globals;
    if (import == cp_import_function()) {
        int n = cp_as_int(level);
        return n == -1 && PyErr_Occurred() ? NULL : PyImport_ImportModuleLevelObject(name, globals, Py_None, fromlist, n);
    }
    PyObject *args[] = {NULL, name, globals, Py_None, fromlist, level};
    Py_INCREF(import);
    PyObject *module = PyObject_Vectorcall(import, args + 1, 5 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(import);
    return module;
}

static int
is_initializing(PyObject *spec)
{
    static PyObject *name;
    PyObject *value = NULL;
    if (spec && interned(&name, "_initializing")) {
        (void)cp_find_attribute(spec, name, &value);
    }
    int is = value && PyObject_IsTrue(value) > 0;
    Py_XDECREF(value);
    PyErr_Clear();
    return is;
}

static void
cannot_import(PyObject *module, PyObject *name, PyObject *package)
{
    static PyObject *spec_name;
    PyObject *known = package ? Py_NewRef(package) : PyUnicode_FromString("<unknown module name>");
    PyObject *path = PyModule_GetFilenameObject(module), *text;
    if (!known) {
        Py_XDECREF(path);
        return;
    }
    if (!path || !PyUnicode_Check(path)) {
        PyErr_Clear();
        Py_CLEAR(path);
        text = PyUnicode_FromFormat("cannot import name %R from %R (unknown location)", name, known);
    } else {
        PyObject *spec = interned(&spec_name, "__spec__") ? PyObject_GetAttr(module, spec_name) : NULL;
        const char *format = is_initializing(spec)
                                 ? "cannot import name %R from partially initialized module %R (most likely due to a circular import) (%S)"
                                 : "cannot import name %R from %R (%S)";
        Py_XDECREF(spec);
        text = PyUnicode_FromFormat(format, name, known, path);
    }
    PyErr_SetImportError(text, package, path);
    Py_XDECREF(text);
    Py_XDECREF(path);
    Py_DECREF(known);
}

PyObject *
gs_import_from(PyObject *module, PyObject *name)
{
    static PyObject *name_name;
    PyObject *value;
    if (cp_find_attribute(module, name, &value) != 0) {
        return value;
    }
    /* A circular import may have put the submodule into sys.modules already. */
    PyObject *package = interned(&name_name, "__name__") ? PyObject_GetAttr(module, name_name) : NULL;
    if (package && PyUnicode_Check(package)) {
        PyObject *full = PyUnicode_FromFormat("%U.%U", package, name);
        value = full ? PyImport_GetModule(full) : NULL;
        Py_XDECREF(full);
        if (value || !full || PyErr_Occurred()) {
            Py_DECREF(package);
            return value;
        }
    } else {
        Py_CLEAR(package);
    }
    cannot_import(module, name, package);
    Py_XDECREF(package);
    return NULL;
}

/* ---- Functions and classes ---- */

PyObject *
gs_load_build_class(PyObject *function)
{
    static PyObject *name;
    PyObject *value = interned(&name, "__build_class__") ? look_in(as_function(function)->func_builtins, name) : NULL;
    if (!value && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_NameError, "__build_class__ not found");
    }
    return value;
}

PyObject *
gs_make_function(PyObject *function, PyObject *code, int64_t flags, PyObject *const *parts, int64_t n)
{
    (void)n;
    PyFunctionObject *made = (PyFunctionObject *)PyFunction_New(code, as_function(function)->func_globals);
    if (!made) {
        return NULL;
    }
    struct { int64_t flag; PyObject **field; } fields[] = { /* as they lie on the stack */
        {1, &made->func_defaults}, {2, &made->func_kwdefaults}, {16, CP_ANNOTATE(made)}, {4, &made->func_annotations}, {8, &made->func_closure},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (flags & fields[i].flag) {
            *fields[i].field = Py_NewRef(*parts++);
        }
    }
    if (flags & 16 && cp_name_annotate(made) < 0) {
        Py_CLEAR(made);
    }
    return (PyObject *)made;
}
