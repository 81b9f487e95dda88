/* Whether the end of an object may run Python code, which could look at the activation that let go of it. To link a frame costs as much
   as several deallocations, so it is done for those objects only of which a look at what dies with them cannot say no. */
#include "runtime.h"
#include <internal/pycore_dict.h>

#define MOST_LOOKS 256 /* objects looked at: what holds more that may die with it is shown without further looking */
#define MOST_SHARED 8  /* that have several references, which may all come from what dies */
#define MOST_DEPTH 16

struct look {
    uint32_t left, depth, nshared;
    struct { PyObject *object; Py_ssize_t left; } shared[MOST_SHARED];
};

static int may_run(PyObject *, struct look *);

/* It holds no object, and no weak reference can be made of it. */
static inline int
is_plain(PyTypeObject *t)
{
    if (t == &PyLong_Type || t == &PyFloat_Type || t == &PyUnicode_Type || t == &_PyNone_Type || t == &PyBool_Type) {
        return 1; /* without a look into the type */
    }
    return !(t->tp_flags & (Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HEAPTYPE)) && !t->tp_weaklistoffset && !t->tp_finalize && !t->tp_del;
}

static int
look_at(PyObject *o, void *arg)
{
    struct look *l = arg;
    if (is_plain(Py_TYPE(o))) {
        return 0;
    }
    if (l->left-- == 0) {
        return 1;
    }
    Py_ssize_t n = Py_REFCNT(o);
    if (n > MOST_LOOKS) {
        return 0;
    }
    if (n > 1) { /* it outlives this, unless all its references are among what dies */
        uint32_t i = 0;
        while (i < l->nshared && l->shared[i].object != o) {
            i++;
        }
        if (i == MOST_SHARED) {
            return 1;
        }
        if (i == l->nshared) {
            l->shared[l->nshared].object = o;
            l->shared[l->nshared++].left = n;
        }
        if (--l->shared[i].left > 0) {
            return 0;
        }
    }
    return may_run(o, l);
}

static int
may_run(PyObject *o, struct look *l)
{
    PyTypeObject *t = Py_TYPE(o);
    if (PyGen_CheckExact(o)) {
        if (((PyGenObject *)o)->gi_frame_state < CP_COMPLETED || ((PyGenObject *)o)->gi_weakreflist) {
            return 1;
        }
    } else if (t->tp_finalize || t->tp_del) {
        return 1;
    }
    if (t->tp_weaklistoffset && *PyObject_GET_WEAKREFS_LISTPTR(o)) {
        return 1;
    }
    if (!t->tp_traverse || ++l->depth == MOST_DEPTH) {
        return !is_plain(t);
    }
    int found = t->tp_traverse(o, look_at, l);
    l->depth--;
    return found;
}

/* Whether it stays alive when up to n references to it go, or its end is nothing. */
static inline int
survives(PyObject *o, Py_ssize_t n)
{
    return !o || Py_REFCNT(o) > n || is_plain(Py_TYPE(o));
}

static int
all_survive(PyObject *const *items, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!survives(items[i], n)) {
            return 0;
        }
    }
    return 1;
}

static int
is_quiet_function(const PyFunctionObject *f)
{
    PyObject *closure = f->func_closure;
    if (f->func_weakreflist || !survives(f->func_code, 1) || !survives(f->func_globals, 1) || !survives(f->func_builtins, 1)
        || !survives(f->func_defaults, 1) || !survives(f->func_kwdefaults, 1) || !survives(f->func_dict, 1) || !survives(f->func_annotations, 1)
        || !survives(f->func_doc, 1) || !survives(f->func_module, 1)) {
        return 0;
    }
    if (!closure || Py_REFCNT(closure) > 1) {
        return 1;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(closure);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *cell = PyTuple_GET_ITEM(closure, i);
        if (!survives(cell, n) && !survives(PyCell_GET(cell), 1)) {
            return 0;
        }
    }
    return 1;
}

/* Of a builtin class that adds nothing to what all exceptions have, raised here, its frame in use still. What its arguments name may be its context
   or its traceback, too. */
static int
is_quiet_exception(const PyBaseExceptionObject *e)
{
    const PyTracebackObject *tb = (const PyTracebackObject *)e->traceback;
    if (e->dict || e->notes || e->cause || !survives(e->context, 1) || !e->args) {
        return 0;
    }
    if (tb && Py_REFCNT(tb) == 1 && (tb->tb_next || Py_REFCNT(tb->tb_frame) == 1)) {
        return 0;
    }
    Py_ssize_t n = Py_SIZE(e->args);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!survives(PyTuple_GET_ITEM(e->args, i), n + 2)) {
            return 0;
        }
    }
    return 1;
}

#define FEW_ITEMS 16

static int
is_quiet_dict(PyObject *dict)
{
    Py_ssize_t n = 2 * PyDict_GET_SIZE(dict), i = 0;
    PyObject *key, *value;
    if (n == 0 || n > 2 * FEW_ITEMS) {
        return n == 0;
    }
    const PyDictObject *d = (PyDictObject *)dict;
    if (DK_IS_UNICODE(d->ma_keys) && !d->ma_values) { /* its keys are exact str */
        const PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(d->ma_keys);
        for (; i < d->ma_keys->dk_nentries; i++) {
            if (!survives(entries[i].me_value, n)) {
                return 0;
            }
        }
        return 1;
    }
    while (PyDict_Next(dict, &i, &key, &value)) {
        if (!survives(key, n) || !survives(value, n)) {
            return 0;
        }
    }
    return 1;
}

/* What dies often, and mostly without a look into all that it holds. */
static int
is_quiet(PyObject *o, PyTypeObject *t)
{
    if (t == &PyList_Type) {
        return all_survive(((PyListObject *)o)->ob_item, Py_SIZE(o));
    }
    if (t == &PyDict_Type) {
        return is_quiet_dict(o);
    }
    if (t == &PyListIter_Type || t == &PyTupleIter_Type) {
        return survives(((struct { PyObject_HEAD Py_ssize_t index; PyObject *sequence; } *)o)->sequence, 1);
    }
    if (t == &PySlice_Type) {
        const PySliceObject *s = (PySliceObject *)o;
        return survives(s->start, 1) && survives(s->stop, 1) && survives(s->step, 1);
    }
    if (t->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS && !(t->tp_flags & Py_TPFLAGS_HEAPTYPE) && t->tp_basicsize == sizeof(PyBaseExceptionObject)) {
        return is_quiet_exception((PyBaseExceptionObject *)o);
    }
    if (t == &PyFunction_Type || t == &gs_function_type) {
        return is_quiet_function((PyFunctionObject *)o);
    }
    return 0;
}

int
gs_end_may_run_python(PyObject *o)
{
    PyTypeObject *t = Py_TYPE(o);
    if (t == &PyTuple_Type ? all_survive(((PyTupleObject *)o)->ob_item, Py_SIZE(o)) : is_plain(t) || is_quiet(o, t)) {
        return 0;
    }
    struct look l;
    l.left = MOST_LOOKS;
    l.depth = l.nshared = 0;
    return may_run(o, &l);
}
