/* Attaching to a function in place: the function stays the object it is, and its calls run by its record.

   CPython 3.11 runs a plain function inline whatever its `vectorcall` says, so an attached function gets another
   type, a static subtype of the function type with the same layout that answers as the plain one, and func_version 0, so
   that no call site holds an assumption about it. Detaching puts the type back. The table here leads from a function to
   its record. It counts no function; the subtype's deallocation and traversal are what keep it true. */
#include "runtime.h"

/* ---- The marker in f.__dict__ ---- */

/* Its reduction attaches the function again where it is unpickled by value, and it says why a function stays
   interpreted. functools.wraps copies it into wrappers: only the owner and the code it was made for count. */
struct gs_marker {
    PyObject_HEAD
    struct gs_attached *attached; /* not counted, the entry clears it; NULL: stays interpreted */
    PyObject *code, *reason;
    PyObject *kept, *kept_for; /* a list of records, a weak reference to the function they are kept for; or NULL */
    int strict;
};

/* Native code of a function may run while it is detached, by itself even: what was compiled stays until the function's
   end. Its records are in the marker, where the collector finds them by way of the function: they lead back to it. */
static void keep_until_end_of(PyObject *function, PyObject *record);

/* Somebody took the marker away from its function. */
static void
marker_finalize(PyObject *self)
{
    struct gs_marker *m = (struct gs_marker *)self;
    PyObject *function = m->kept ? gs_referent(m->kept_for) : Py_None;
    if (function != Py_None) {
        Py_INCREF(function);
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(m->kept); i++) {
            keep_until_end_of(function, PyList_GET_ITEM(m->kept, i));
        }
        Py_CLEAR(m->kept);
        Py_DECREF(function);
    }
}

static void
marker_dealloc(PyObject *self)
{
    struct gs_marker *m = (struct gs_marker *)self;
    PyObject_GC_UnTrack(self);
    if (m->attached) {
        m->attached->marker = NULL;
    }
    marker_finalize(self);
    Py_XDECREF(m->kept);
    Py_XDECREF(m->kept_for);
    Py_XDECREF(m->code);
    Py_XDECREF(m->reason);
    PyObject_GC_Del(self);
}

static int
marker_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct gs_marker *)self)->kept);
    return 0;
}

static PyObject *
marker_owner(PyObject *self, void *unused)
{
    (void)unused;
    struct gs_marker *m = (struct gs_marker *)self;
    return Py_NewRef(m->attached ? (PyObject *)m->attached->func : Py_None);
}

static PyObject *
marker_get(PyObject *self, void *field)
{
    PyObject *value = *(PyObject **)((char *)self + (size_t)(uintptr_t)field);
    return Py_NewRef(value ? value : Py_None);
}

static PyObject *
travel(const char *function, PyObject *args)
{
    PyObject *module = args ? PyImport_ImportModule("gophersnake._travel") : NULL;
    PyObject *f = module ? PyObject_GetAttrString(module, function) : NULL;
    PyObject *result = f ? PyObject_CallObject(f, args) : NULL;
    Py_XDECREF(f);
    Py_XDECREF(module);
    Py_XDECREF(args);
    return result;
}

static PyObject *
marker_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct gs_marker *m = (struct gs_marker *)self;
    PyObject *owner = m->attached ? (PyObject *)m->attached->func : Py_None;
    PyObject *code = m->reason && m->code ? m->code : Py_None; /* it stays interpreted, and says so there as well */
    return travel("depart", Py_BuildValue("(OOOO)", owner, m->strict ? Py_True : Py_False, m->reason ? m->reason : Py_None, code));
}

static PyObject *
marker_repr(PyObject *self)
{
    struct gs_marker *m = (struct gs_marker *)self;
    if (m->attached) {
        return PyUnicode_FromFormat("<gophersnake: compiles %U>", m->attached->func->func_qualname);
    }
    return m->reason ? PyUnicode_FromFormat("<gophersnake: runs interpreted: %U>", m->reason) : PyUnicode_FromString("<gophersnake: off>");
}

static PyMethodDef marker_methods[] = {
    {"__reduce__", marker_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef marker_getset[] = {
    {"owner", marker_owner, NULL, "The function that runs by this marker, or None.", NULL},
    {"code", marker_get, NULL, "The code object it was made for.", (void *)offsetof(struct gs_marker, code)},
    {"reason", marker_get, NULL, "Why the function runs interpreted, or None.", (void *)offsetof(struct gs_marker, reason)},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject gs_marker_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gophersnake._native.Marker",
    .tp_basicsize = sizeof(struct gs_marker),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = marker_dealloc,
    .tp_traverse = marker_traverse,
    .tp_finalize = marker_finalize,
    .tp_repr = marker_repr,
    .tp_methods = marker_methods,
    .tp_getset = marker_getset,
};

static struct gs_marker *
marker_new(PyObject *code, const char *reason, int strict)
{
    PyObject *text = NULL;
    if (reason && !(text = PyUnicode_FromString(reason))) {
        return NULL;
    }
    struct gs_marker *m = PyObject_GC_New(struct gs_marker, &gs_marker_type);
    if (!m) {
        Py_XDECREF(text);
        return NULL;
    }
    m->attached = NULL;
    m->kept = m->kept_for = NULL;
    m->code = Py_XNewRef(code);
    m->reason = text;
    m->strict = strict;
    PyObject_GC_Track((PyObject *)m);
    return m;
}

PyObject *
gs_marker(PyObject *code, const char *reason, int strict)
{
    return (PyObject *)marker_new(code, reason, strict);
}

static PyObject *marker_name; /* "__gophersnake__" */

/* The marker in the function's dict, be it somebody else's; or NULL. */
static struct gs_marker *
marker_in(PyFunctionObject *f)
{
    PyObject *m = f->func_dict ? PyDict_GetItemWithError(f->func_dict, marker_name) : NULL;
    return m && Py_IS_TYPE(m, &gs_marker_type) ? (struct gs_marker *)m : NULL;
}

/* Takes the marker over; into the dict past __setattr__, which a function has none of anyway. */
static int
put_marker(PyFunctionObject *f, struct gs_marker *m)
{
    if (!m || (!f->func_dict && !(f->func_dict = PyDict_New()))) {
        Py_XDECREF(m);
        return -1;
    }
    struct gs_marker *before = marker_in(f);
    if (before && before->kept && gs_referent(before->kept_for) == (PyObject *)f) {
        m->kept = before->kept;
        m->kept_for = before->kept_for;
        before->kept = before->kept_for = NULL;
    }
    int rc = PyDict_SetItem(f->func_dict, marker_name, (PyObject *)m);
    Py_DECREF(m);
    return rc;
}

static PyObject *
ignore(PyObject *self, PyObject *ref)
{
    (void)self, (void)ref;
    Py_RETURN_NONE;
}

static PyMethodDef ignore_def = {"ignore", ignore, METH_O, NULL};

/* A reference that a finalizer no longer finds a function by that the collector is about to clear: from 3.15 on, one with a callback. */
static PyObject *
reference_to(PyFunctionObject *f)
{
    PyObject *callback = PyCFunction_New(&ignore_def, NULL);
    PyObject *ref = callback ? PyWeakref_NewRef((PyObject *)f, callback) : NULL;
    Py_XDECREF(callback);
    return ref;
}

/* Keeps the record's code for as long as the function lives. */
static void
keep(PyFunctionObject *f, struct gs_record *r)
{
    struct gs_marker *m = marker_in(f);
    if (!m || !(m->kept ? gs_referent(m->kept_for) == (PyObject *)f : !m->attached || m->attached->func == f)) {
        m = marker_new(NULL, NULL, 0);
        m = put_marker(f, m) == 0 ? marker_in(f) : NULL;
    }
    if (m && !m->kept) {
        Py_XSETREF(m->kept_for, reference_to(f));
        m->kept = m->kept_for ? PyList_New(0) : NULL;
    }
    if (!m || !m->kept || PyList_Append(m->kept, (PyObject *)r) < 0) {
        keep_until_end_of((PyObject *)f, (PyObject *)r);
    }
    PyErr_Clear();
}

/* Only its own: a wrapper may hold a copy of somebody else's. */
static void
drop_marker(PyFunctionObject *f, struct gs_marker *m)
{
    if (f->func_dict && PyDict_GetItemWithError(f->func_dict, marker_name) == (PyObject *)m) {
        PyDict_DelItem(f->func_dict, marker_name);
    }
    PyErr_Clear();
}

/* ---- The table: function → entry ---- */

static struct gs_attached **table;
static size_t table_mask, table_count;

static size_t
slot_of(const void *f, size_t mask)
{
    return (size_t)(((uintptr_t)f >> 4) * 0x9e3779b97f4a7c15ull >> 20) & mask;
}

struct gs_attached *
gs_attached_find(PyObject *function)
{
    if (!table) {
        return NULL;
    }
    struct gs_attached *a = table[slot_of(function, table_mask)];
    while (a && (PyObject *)a->func != function) {
        a = a->chain;
    }
    return a;
}

static int
table_add(struct gs_attached *a)
{
    if (!table || table_count > table_mask) {
        size_t mask = table ? 2 * table_mask + 1 : 63;
        struct gs_attached **grown = PyMem_RawCalloc(mask + 1, sizeof *grown);
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        for (size_t i = 0; table && i <= table_mask; i++) {
            for (struct gs_attached *e = table[i], *next; e; e = next) {
                next = e->chain;
                size_t s = slot_of(e->func, mask);
                e->chain = grown[s];
                grown[s] = e;
            }
        }
        PyMem_RawFree(table);
        table = grown;
        table_mask = mask;
    }
    size_t s = slot_of(a->func, table_mask);
    a->chain = table[s];
    table[s] = a;
    table_count++;
    return 0;
}

static struct gs_attached *
table_take(PyObject *function)
{
    if (!table) {
        return NULL;
    }
    for (struct gs_attached **link = &table[slot_of(function, table_mask)]; *link; link = &(*link)->chain) {
        struct gs_attached *a = *link;
        if ((PyObject *)a->func == function) {
            *link = a->chain;
            table_count--;
            return a;
        }
    }
    return NULL;
}

uint64_t
gs_attached_count(void)
{
    return table_count;
}

/* ---- The type of an attached function ---- */

static void
forget(struct gs_attached *a)
{
    if (a->marker) {
        a->marker->attached = NULL;
    }
    PyMem_RawFree(a);
}

static void
make_plain(PyFunctionObject *f)
{
    f->vectorcall = cp_plain_vectorcall;
    f->func_version = 0; /* as after a write of __code__: CPython gives it a new one when it wants one */
    Py_SET_TYPE(f, &PyFunction_Type);
}

static void
function_dealloc(PyObject *self)
{
    struct gs_attached *a = table_take(self);
    if (a->embedded) {
        gs_retire_embedders(a->record, self);
    }
    struct gs_record *r = gs_record_leave(a);
    forget(a);
    PyFunction_Type.tp_dealloc(self);
    gs_record_release(r, 0); /* last: it looks at who else has the code object */
}

static int
function_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct gs_attached *a = gs_attached_find(self);
    if (a) {
        Py_VISIT(a->record);
    }
    return PyFunction_Type.tp_traverse(self, visit, arg);
}

static int
function_clear(PyObject *self)
{
    struct gs_attached *a = table_take(self);
    struct gs_record *r = NULL;
    if (a) {
        if (a->embedded) {
            gs_retire_embedders(a->record, self);
        }
        make_plain((PyFunctionObject *)self); /* whoever still calls it finds no code that may be gone */
        r = gs_record_leave(a);
        forget(a);
    }
    int rc = PyFunction_Type.tp_clear(self);
    Py_XDECREF(r);
    return rc;
}

static PyObject *
function_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    return travel("reduce_function", PyTuple_Pack(1, self));
}

static PyObject *
function_class(PyObject *self, void *unused)
{
    (void)self, (void)unused;
    return Py_NewRef(&PyFunction_Type);
}

/* object's own: the same refusal in the same words. */
static int
function_set_class(PyObject *self, PyObject *value, void *unused)
{
    (void)unused;
    PyObject *d = PyDict_GetItemString(cp_type_dict(&PyBaseObject_Type), "__class__");
    return Py_TYPE(d)->tp_descr_set(d, self, value);
}

/* The class statement makes static or class methods of functions with these names, if they are plain ones. Here is what
   another decorator gave such a name. */
static PyObject *
function_set_name(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2 || !PyType_Check(args[0]) || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "__set_name__() takes a class and a name");
        return NULL;
    }
    PyTypeObject *owner = (PyTypeObject *)args[0];
    PyObject *method = NULL;
    if (PyUnicode_CompareWithASCIIString(args[1], "__new__") == 0) {
        method = PyStaticMethod_New(self);
    } else if (PyUnicode_CompareWithASCIIString(args[1], "__init_subclass__") == 0
               || PyUnicode_CompareWithASCIIString(args[1], "__class_getitem__") == 0) {
        method = PyClassMethod_New(self);
    } else {
        Py_RETURN_NONE;
    }
    if (!method) {
        return NULL;
    }
    /* Past the metaclass, as the class statement does. */
    int rc = PyDict_GetItemWithError(cp_type_dict(owner), args[1]) == self ? PyType_Type.tp_setattro(args[0], args[1], method) : 0;
    Py_DECREF(method);
    return rc < 0 || PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef function_methods[] = {
    {"__reduce__", function_reduce, METH_NOARGS, NULL},
    {"__set_name__", (PyCFunction)(void (*)(void))function_set_name, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef function_getset[] = {
    {"__class__", function_class, function_set_class, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject gs_function_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "function",
    .tp_basicsize = sizeof(PyFunctionObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(PyFunctionObject, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = function_dealloc,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_methods = function_methods,
    .tp_getset = function_getset,
};

/* ---- Attaching, detaching ---- */

/* An attached function's marker. */
static int
mark(struct gs_attached *a)
{
    struct gs_marker *m = marker_new(a->func->func_code, NULL, a->strict);
    Py_XINCREF(m);
    if (put_marker(a->func, m) < 0) {
        Py_XDECREF(m);
        return -1;
    }
    a->marker = m;
    m->attached = a;
    Py_DECREF(m);
    return 0;
}

static int
attached_again(struct gs_attached *a, int strict, int casual)
{
    a->strict |= strict;
    if (a->marker) {
        a->marker->strict = a->strict;
    } else if (!casual && mark(a) < 0) {
        return -1;
    }
    a->casual &= casual;
    if (a->record->casual && !casual) {
        a->record->casual = 0;
        gs_record_update_head(a->record);
    }
    gs_take_head(a);
    return 0;
}

/* What nobody decorated gets no marker: it is made as often as its `def` is run, and it keeps an empty __dict__. */
int
gs_attach(PyObject *function, int strict, int casual)
{
    struct gs_attached *a = gs_attached_find(function);
    if (a) {
        return attached_again(a, strict, casual);
    }
    PyFunctionObject *f = (PyFunctionObject *)function;
    const char *reason = gs_why_plain(f);
    if (reason) {
        return !casual && put_marker(f, marker_new(f->func_code, reason, strict)) < 0 ? -1 : 1;
    }
    struct gs_record *r = gs_record_make(f);
    if (!r) {
        return -1;
    }
    if (r->reason && r->give_up && !r->nentries && !strict) { /* tried before, with another function of the same code */
        int rc = !casual && put_marker(f, marker_new(f->func_code, r->reason, strict)) < 0 ? -1 : 1;
        gs_record_release(r, 1 + !casual);
        return rc;
    }
    if (casual && gs_is_parked(r)) {
        gs_record_release(r, 1);
        return 1;
    }
    a = PyMem_RawCalloc(1, sizeof *a);
    if (!a) {
        PyErr_NoMemory();
        goto failed;
    }
    a->func = f;
    a->strict = strict;
    a->casual = casual;
    if (!casual && mark(a) < 0) {
        goto failed;
    }
    if (table_add(a) < 0) {
        if (a->marker) {
            struct gs_marker *m = a->marker;
            m->attached = NULL;
            drop_marker(f, m);
        }
        goto failed;
    }
    f->func_version = 0;
    Py_SET_TYPE(f, &gs_function_type);
    gs_record_join(r, a); /* sets vectorcall */
    gs_end_inline(f);
    return 0;
failed:
    PyMem_RawFree(a);
    gs_record_release(r, 1);
    return -1;
}

int
gs_suspend(PyObject *function)
{
    if (!Py_IS_TYPE(function, &gs_function_type)) {
        return 0;
    }
    make_plain((PyFunctionObject *)function);
    return 1 + gs_stack_ration();
}

void
gs_resume(PyObject *function, int suspended)
{
    gs_stack_end_ration(suspended - 1);
    struct gs_attached *a = gs_attached_find(function);
    if (a) { /* else it was detached meanwhile */
        a->func->func_version = 0;
        Py_SET_TYPE(function, &gs_function_type);
        gs_take_head(a);
        gs_end_inline(a->func);
    }
}

/* For a function whose marker was taken away: a weak reference, whose callback at the function's end drops the record. The
   collector does not see through it. */
static PyObject *retired; /* the weak references */

static PyObject *
function_ended(PyObject *record, PyObject *ref)
{
    (void)record; /* this callback owns it, and dies with the reference */
    if (PySet_Discard(retired, ref) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef function_ended_def = {"function_ended", function_ended, METH_O, NULL};

static void
keep_until_end_of(PyObject *function, PyObject *record)
{
    PyObject *callback = PyCFunction_New(&function_ended_def, record);
    PyObject *ref = callback ? PyWeakref_NewRef(function, callback) : NULL;
    if (!ref || PySet_Add(retired, ref) < 0) {
        Py_INCREF(record); /* no memory: it stays for good, as code that may be running must */
        PyErr_Clear();
    }
    Py_XDECREF(ref);
    Py_XDECREF(callback);
}

int
gs_detach(PyObject *function, const char *reason)
{
    struct gs_attached *a = table_take(function);
    if (!a) {
        gs_unpark(function);
        return 0;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyFunctionObject *f = (PyFunctionObject *)function;
    make_plain(f);
    struct gs_record *r = gs_record_leave(a);
    struct gs_marker *m = a->marker;
    int strict = a->strict, embedded = a->embedded;
    forget(a);
    if (embedded) { /* nobody would notice its end any more */
        gs_retire_embedders(r, function);
    }
    if (reason) {
        put_marker(f, marker_new((PyObject *)f->func_code, reason, strict));
    } else if (m && !m->kept) {
        drop_marker(f, m);
    }
    if (r->nunits) {
        keep(f, r);
    }
    gs_record_release(r, 1 + (reason != NULL)); /* the marker has the code, too */
    PyErr_Restore(type, value, traceback);
    return 1;
}

void
gs_unmark(PyObject *function)
{
    PyFunctionObject *f = (PyFunctionObject *)function;
    struct gs_marker *m = marker_in(f);
    if (!m || m->code != f->func_code) {
        return;
    }
    if (m->kept) {
        put_marker(f, marker_new(NULL, NULL, 0)); /* takes over what is kept */
    } else {
        drop_marker(f, m);
    }
    PyErr_Clear();
}

int
gs_decline(PyObject *function, const char *reason)
{
    if (gs_attached_find(function)) {
        gs_detach(function, reason);
        return 0;
    }
    PyFunctionObject *f = (PyFunctionObject *)function;
    return put_marker(f, marker_new(f->func_code, reason, 0));
}

int
gs_reattach(struct gs_attached *a)
{
    PyObject *function = (PyObject *)a->func;
    const char *reason = gs_why_plain(a->func);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    struct gs_record *r = reason ? NULL : gs_record_make(a->func);
    PyErr_Restore(type, value, traceback);
    if (!r || (r->reason && r->give_up && !r->nentries && !a->strict)) {
        gs_detach(function, reason ? reason : r ? r->reason : "there was no memory to compile it");
        if (r) {
            gs_record_release(r, 1);
        }
        return -1;
    }
    struct gs_record *old = gs_record_leave(a);
    if (old->nunits) {
        keep(a->func, old);
    }
    if (a->embedded) {
        gs_retire_embedders(old, function);
        a->embedded = 0;
    }
    gs_record_join(r, a);
    if (a->marker) {
        Py_SETREF(a->marker->code, Py_NewRef(a->func->func_code));
    }
    gs_record_release(old, 0);
    return 0;
}

int
gs_attach_init(PyObject *module)
{
    gs_function_type.tp_base = &PyFunction_Type; /* the address of another object's data is no constant in C */
    if (PyType_Ready(&gs_function_type) < 0 || PyType_Ready(&gs_marker_type) < 0) {
        return -1;
    }
    /* A type without a docstring gets None, in front of the member that reads a function's own. */
    PyObject *doc = PyDict_GetItemString(cp_type_dict(&PyFunction_Type), "__doc__");
    if (!doc || PyDict_SetItemString(cp_type_dict(&gs_function_type), "__doc__", doc) < 0) {
        return -1;
    }
    PyType_Modified(&gs_function_type);
    marker_name = PyUnicode_InternFromString("__gophersnake__");
    retired = PySet_New(NULL);
    if (!marker_name || !retired) {
        return -1;
    }
    return PyModule_AddObjectRef(module, "Marker", (PyObject *)&gs_marker_type) < 0
                   ? -1
                   : PyModule_AddObjectRef(module, "FunctionType", (PyObject *)&gs_function_type);
}
