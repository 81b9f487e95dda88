/* Whether the end of an object may run Python code, which could look at the activation that let go of it. To link a frame costs as much
   as several deallocations, so it is done for those objects only of which a look at what dies with them cannot say no. */
#include "runtime.h"
#include <internal/pycore_dict.h>
#include <internal/pycore_object.h>
#include <structmember.h>

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

/* What an exception's end gives up beside itself, its traceback and the frames in that: each object with how often. */
#define MOST_GIVEN 24
#define MOST_FRAMES 12

struct given {
    uint32_t n;
    struct { PyObject *object; Py_ssize_t times; } of[MOST_GIVEN];
};

/* 0: there are too many, or it dies now. */
static inline int
give(struct given *g, PyObject *o)
{
    if (!o || is_plain(Py_TYPE(o)) || Py_REFCNT(o) > MOST_LOOKS) {
        return 1; /* so often nobody is asked here */
    }
    uint32_t i = 0;
    while (i < g->n && g->of[i].object != o) {
        i++;
    }
    if (i == g->n) {
        if (i == MOST_GIVEN) {
            return 0;
        }
        g->n++;
        g->of[i].object = o;
        g->of[i].times = 0;
    }
    return ++g->of[i].times < Py_REFCNT(o);
}

/* The frames that a traceback leads through: of activations that go on, or of ended ones, which only the traceback and each other hold. */
static int
give_traceback(struct given *g, const PyTracebackObject *tb)
{
    const PyFrameObject *frames[MOST_FRAMES];
    int n = 0;
    for (; tb; tb = tb->tb_next) {
        if (Py_REFCNT(tb) > 1) {
            if (!give(g, (PyObject *)tb)) {
                return 0;
            }
            break;
        }
        if (n == MOST_FRAMES) {
            return 0;
        }
        frames[n++] = tb->tb_frame;
    }
    const PyFrameObject *after = NULL; /* ended, and leads back to the one before it */
    while (n-- > 0) {
        const PyFrameObject *object = frames[n];
        _PyInterpreterFrame *f = object->f_frame;
        if (f->owner == FRAME_OWNED_BY_THREAD) {
            after = NULL;
            continue;
        }
        if (f->owner != FRAME_OWNED_BY_FRAME_OBJECT || Py_REFCNT(object) != 1 + (after && after->f_back == object) || object->f_trace || cp_shows_locals(f) || !cp_is_unused(object)
            || (object->f_back && !(n > 0 && object->f_back == frames[n - 1]) && object->f_back->f_frame->owner != FRAME_OWNED_BY_THREAD)
            || !give(g, cp_function(f)) || !give(g, (PyObject *)cp_code(f))) {
            return 0;
        }
        for (uint32_t i = cp_depth(f); i-- > 0;) {
            if (!give(g, cp_local(f, i))) {
                return 0;
            }
        }
        after = object;
    }
    return 1;
}

/* The names that classes in Python have as __slots__, if those are all that they add to the builtin class. */
static int
give_slots(struct given *g, PyObject *o, PyTypeObject *t, const PyTypeObject *root)
{
    Py_ssize_t size = root->tp_basicsize + (t->tp_weaklistoffset ? (Py_ssize_t)sizeof(PyObject *) : 0);
    if (t->tp_finalize || t->tp_del || (t->tp_weaklistoffset && *PyObject_GET_WEAKREFS_LISTPTR(o)) || !give(g, (PyObject *)t)) {
        return 0;
    }
    for (PyTypeObject *c = t; c != root; c = c->tp_base) {
        const PyMemberDef *members = (const PyMemberDef *)((char *)c + Py_TYPE(c)->tp_basicsize);
        for (Py_ssize_t i = 0; i < Py_SIZE(c); i++) {
            if (members[i].type != T_OBJECT_EX || !give(g, *(PyObject **)((char *)o + members[i].offset))) {
                return 0;
            }
        }
        size += Py_SIZE(c) * (Py_ssize_t)sizeof(PyObject *);
    }
    return size == t->tp_basicsize;
}

/* Of a builtin class that adds nothing to what all exceptions have, raised here, its frame in use still. What its arguments name may be its context
   or its traceback, too. */
static int
is_simple_exception(const PyBaseExceptionObject *e, const PyTypeObject *t)
{
    const PyTracebackObject *tb = (const PyTracebackObject *)e->traceback;
    if (t->tp_flags & Py_TPFLAGS_HEAPTYPE || t->tp_basicsize != sizeof(PyBaseExceptionObject) || e->dict || e->notes || e->cause || !survives(e->context, 1) || !e->args
        || (tb && Py_REFCNT(tb) == 1 && (tb->tb_next || Py_REFCNT(tb->tb_frame) == 1))) {
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

/* Of a builtin class, or of one in Python beneath it, without a method that its end would run. What does not die is as good as not there. */
static int
is_quiet_exception(PyBaseExceptionObject *e, PyTypeObject *t)
{
    if (is_simple_exception(e, t)) {
        return 1;
    }
    struct given g;
    g.n = 0;
    const PyTypeObject *root = t;
    while (root->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        root = root->tp_base;
    }
    if (root->tp_basicsize == sizeof(PyAttributeErrorObject) && root == (PyTypeObject *)PyExc_AttributeError) {
        const PyAttributeErrorObject *a = (PyAttributeErrorObject *)e;
        if (!give(&g, a->obj) || !give(&g, a->name)) {
            return 0;
        }
    } else if (root == (PyTypeObject *)PyExc_StopIteration) {
        if (!give(&g, ((PyStopIterationObject *)e)->value)) {
            return 0;
        }
    } else if (root->tp_basicsize != sizeof(PyBaseExceptionObject)) {
        return 0;
    }
    if (root != t && !give_slots(&g, (PyObject *)e, t, root)) {
        return 0;
    }
    Py_ssize_t n = !e->args || Py_REFCNT(e->args) > 1 ? 0 : Py_SIZE(e->args), i = 0;
    for (; i < n; i++) {
        if (!give(&g, PyTuple_GET_ITEM(e->args, i))) {
            return 0;
        }
    }
    PyObject *key, *value;
    if (e->dict && Py_REFCNT(e->dict) > 1) {
        return 0;
    }
    for (i = 0; e->dict && PyDict_Next(e->dict, &i, &key, &value);) {
        if (!give(&g, key) || !give(&g, value)) {
            return 0;
        }
    }
    return give(&g, e->notes) && give(&g, e->cause) && give(&g, e->context) && give_traceback(&g, (const PyTracebackObject *)e->traceback);
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
        return survives(((struct iterator *)o)->sequence, 1);
    }
    if (t == &PySlice_Type) {
        const PySliceObject *s = (PySliceObject *)o;
        return survives(s->start, 1) && survives(s->stop, 1) && survives(s->step, 1);
    }
    if (t->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS) {
        return is_quiet_exception((PyBaseExceptionObject *)o, t);
    }
    if (t == &PyFunction_Type || t == &gs_function_type) {
        return is_quiet_function((PyFunctionObject *)o);
    }
    return 0;
}

static int
end_may_run_python(PyObject *o)
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

/* ---- The end ---- */

static inline void
end_other(PyObject *o, struct gs_ending *e)
{
    if (e && !e->shown && end_may_run_python(o)) {
        e->shown = 1;
        e->show(e);
    }
    _Py_Dealloc(o);
}

#if CP_FREE_LISTS
#define MOST_CONTAINERS 8     /* within each other */
#define MOST_TRASH_NESTING 30 /* CPython puts off what lies deeper than 50 containers */

static inline int
is_container(PyObject *o)
{
    return (Py_IS_TYPE(o, &PyTuple_Type) && Py_SIZE(o) > 0) || Py_IS_TYPE(o, &PyList_Type);
}

/* What tupledealloc and list_dealloc do, in their order, in one walk over the items: only at those that are neither numbers nor containers is asked whether their
   end may run Python code. Nothing that died before such an item can be missed. */
static void
end_container(PyThreadState *ts, PyObject *o, struct gs_ending *e, int depth)
{
    int within = 0, is_tuple = Py_IS_TYPE(o, &PyTuple_Type);
    PyObject **items = is_tuple ? ((PyTupleObject *)o)->ob_item : ((PyListObject *)o)->ob_item;
    if (_PyObject_GC_IS_TRACKED(o)) {
        _PyObject_GC_UNTRACK(o);
    }
    struct cp_floats floats = cp_free_floats(ts);
    for (Py_ssize_t i = Py_SIZE(o); i-- > 0;) {
        PyObject *item = items[i];
        if (!item) {
            continue;
        }
        if (Py_REFCNT(item) > 1) {
            Py_DECREF(item);
            continue;
        }
        Py_SET_REFCNT(item, 0);
        if (Py_IS_TYPE(item, &PyFloat_Type)) {
            cp_free_float(&floats, item);
            continue;
        }
        if (gs_keep_int(item)) {
            continue;
        }
        cp_freed_floats(ts, &floats);
        if (!within) {
            within = 1;
            ++*cp_trash_nesting(ts);
        }
        if (is_container(item) && depth < MOST_CONTAINERS) {
            end_container(ts, item, e, depth + 1);
        } else {
            end_other(item, e);
        }
        floats = cp_free_floats(ts);
    }
    cp_freed_floats(ts, &floats);
    if (is_tuple) {
        cp_free_tuple(ts, (PyTupleObject *)o);
    } else {
        PyMem_Free(items);
        cp_free_list(ts, (PyListObject *)o);
    }
    if (within) {
        _PyTrash_end(ts);
    }
}
#else
/* The list gives up its items from its end, as list_dealloc does, up to one whose end may run Python code: the numbers are in nobody's way. */
static void
empty_list(PyObject *l)
{
    PyObject **items = ((PyListObject *)l)->ob_item;
    Py_ssize_t n = Py_SIZE(l);
    for (; n > 0; n--) {
        PyObject *o = items[n - 1];
        if (!o || Py_REFCNT(o) > 1) {
            Py_XDECREF(o);
        } else if (Py_IS_TYPE(o, &PyLong_Type) || Py_IS_TYPE(o, &PyFloat_Type) || Py_IS_TYPE(o, &PyUnicode_Type)) {
            Py_SET_REFCNT(o, 0);
            if (!gs_keep_int(o)) {
                _Py_Dealloc(o);
            }
        } else {
            break;
        }
    }
    Py_SET_SIZE(l, n);
}
#endif

/* An object's count has become 0. */
void
gs_end(PyObject *o, struct gs_ending *e)
{
    if (gs_keep_int(o)) {
        return;
    }
#if CP_FREE_LISTS
    if (Py_IS_TYPE(o, &PyFloat_Type)) {
        PyThreadState *ts = cp_thread();
        struct cp_floats floats = cp_free_floats(ts);
        cp_free_float(&floats, o);
        cp_freed_floats(ts, &floats);
        return;
    }
    if (is_container(o)) {
        PyThreadState *ts = cp_thread();
        if (*cp_trash_nesting(ts) < MOST_TRASH_NESTING) {
            end_container(ts, o, e, 0);
            return;
        }
    } else if (Py_IS_TYPE(o, &PyTupleIter_Type) || Py_IS_TYPE(o, &PyListIter_Type)) {
        PyObject *sequence = ((struct iterator *)o)->sequence;
        if (!sequence || Py_REFCNT(sequence) > 1) {
            PyThreadState *ts = cp_thread();
            _PyObject_GC_UNTRACK(o);
            Py_XDECREF(sequence);
            if (!gs_keep_iterator(ts, o)) {
                PyObject_GC_Del(o);
            }
            return;
        }
    }
#else
    if (PyList_CheckExact(o)) {
        empty_list(o);
    }
#endif
    end_other(o, e);
}
