/* An activation that left native code: its state (values, partly raw) and its interpreter frame (objects), and who owns what.

   While native code runs, the frame owns nothing. "Shown" is in between: the frame is linked, because something may look at it,
   and its locals own references of their own, beside those of the state. In the end either the state goes into native code again,
   or everything moves into the frame and the interpreter runs it. */
#include "runtime.h"

static int
same_place(const struct gs_activation *a, uint32_t i, uint32_t j)
{
    const struct gs_slot *s = &a->slots[i], *t = &a->slots[j];
    return s->kind == t->kind && s->ncomp == t->ncomp
           && memcmp(&a->locs[s->first_loc], &a->locs[t->first_loc], s->ncomp * sizeof *a->locs) == 0;
}

/* A new reference for slot i. One raw value that lies in several slots becomes one object: `x is x`. Not so iterators: no bytecode makes
   another slot of one that has no object yet, and two of nested loops that are in the same round lie in the same place. */
static int
box_slot(const struct gs_activation *a, uint32_t i, const _PyInterpreterFrame *boxed, PyObject **result)
{
    const struct gs_value *v = &a->st.slots[i];
    int raw = v->kind == GS_INT || v->kind == GS_FLOAT || v->kind == GS_RANGE;
    if (raw && i < a->nslots && !a->changed) {
        for (uint32_t j = 0; j < i; j++) {
            if (cp_local(boxed, j) && same_place(a, i, j)) {
                *result = Py_NewRef(cp_local(boxed, j));
                return 0;
            }
        }
    }
    return gs_box(v, result);
}

void
gs_activation_share(struct gs_activation *a)
{
    for (uint32_t i = 1; i < a->st.nlocals + a->st.nstack && i < a->nslots; i++) {
        struct gs_value *v = &a->st.slots[i];
        int small = v->kind == GS_INT && (int64_t)v->w[0] >= -_PY_NSMALLNEGINTS && (int64_t)v->w[0] < _PY_NSMALLPOSINTS;
        if ((v->kind != GS_INT && v->kind != GS_FLOAT) || small) {
            continue;
        }
        for (uint32_t j = 0; j < i; j++) {
            struct gs_value *first = &a->st.slots[j];
            if (!same_place(a, i, j)) {
                continue;
            }
            if (first->kind == v->kind) {
                PyObject *o;
                if (gs_box(first, &o) < 0) {
                    PyErr_Clear();
                    return;
                }
                first->kind = v->kind == GS_INT ? GS_INT_ORIGIN : GS_FLOAT_ORIGIN;
                first->w[1] = (uint64_t)(uintptr_t)o;
                first->owned = 1;
            }
            *v = *first;
            Py_INCREF((PyObject *)(uintptr_t)v->w[1]);
            break;
        }
    }
}

/* The same, but the slot gives its reference away if it has one. */
static int
move_slot(struct gs_activation *a, uint32_t i, const _PyInterpreterFrame *boxed, PyObject **result)
{
    struct gs_value *v = &a->st.slots[i];
    if (!v->owned) {
        return box_slot(a, i, boxed, result);
    }
    *result = (PyObject *)(uintptr_t)v->w[v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN];
    v->kind = GS_NULL;
    v->owned = 0;
    return 0;
}

static int
make_frame(struct gs_activation *a)
{
    return a->st.frame || (a->st.frame = gs_frame_push_code(a->st.callable, a->code)) ? 0 : -1;
}

static void
drop_locals(_PyInterpreterFrame *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        PyObject *o = cp_local(f, i);
        cp_set_local(f, i, NULL);
        Py_XDECREF(o);
    }
}

static int
fill_locals(struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    for (uint32_t i = 0; i < a->st.nlocals; i++) {
        cp_set_local(f, i, NULL);
    }
    for (uint32_t i = 0; i < a->st.nlocals; i++) {
        struct gs_value *v = &a->st.slots[i];
        PyObject *o;
        if (box_slot(a, i, f, &o) < 0) {
            drop_locals(f, i);
            return -1;
        }
        cp_set_local(f, i, o);
        if (v->kind == GS_RANGE_ITER) { /* whoever sees the frame may advance it: there is only the object from now on */
            *v = (struct gs_value){.kind = GS_OBJ, .owned = 1, .w = {(uint64_t)(uintptr_t)Py_NewRef(o)}};
        }
    }
    a->filled = 1;
    return 0;
}

int
gs_activation_show(PyThreadState *ts, struct gs_activation *a, uint32_t instr)
{
    PyObject *type, *value, *traceback; /* of an exit that raises: making objects must not meet it */
    PyErr_Fetch(&type, &value, &traceback);
    if (make_frame(a) < 0 || (!a->filled && fill_locals(a) < 0)) {
        Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(traceback);
        return -1;
    }
    PyErr_Restore(type, value, traceback);
    _PyInterpreterFrame *f = a->st.frame;
    cp_set_depth(f, a->st.nlocals);
    cp_executing(f, instr);
    gs_frame_link(ts, f);
    return 0;
}

/* What the compiler holds to be borrowed from the caller must not become anything else. */
static void
replace(struct gs_activation *a, struct gs_value *v, PyObject *owned)
{
    *v = (struct gs_value){.kind = owned ? GS_OBJ : GS_NULL, .owned = owned != NULL, .w = {(uint64_t)(uintptr_t)owned}};
    a->changed = 1;
}

void
gs_activation_learn(struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    if (!f->frame_obj) {
        return;
    }
    for (uint32_t i = 0; i < a->st.nlocals; i++) {
        struct gs_value *v = &a->st.slots[i];
        if (!gs_same(v, cp_local(f, i), 1)) {
            gs_release(v);
            replace(a, v, Py_XNewRef(cp_local(f, i)));
        }
    }
}

void
gs_activation_touched(struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    for (uint32_t i = 0; i < a->st.nlocals; i++) {
        struct gs_value *v = &a->st.slots[i];
        PyObject *now = cp_local(f, i);
        if (gs_same(v, now, 0)) {
            continue;
        }
        /* The write dropped the reference that it took to be the slot's: it was the native code's, or its caller's. */
        if (!v->owned) {
            PyObject *was = (PyObject *)(uintptr_t)v->w[v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN];
            if (v->kind == GS_OBJ || v->kind == GS_OBJ_OR_NULL || v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN) {
                Py_XINCREF(was);
            }
        }
        replace(a, v, now);
    }
    gs_frame_hide(f);
}

void
gs_activation_unshow(PyThreadState *ts, struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    if (*cp_frames(ts) == f) {
        gs_frame_unlink(ts, f);
    }
    if (a->filled) {
        drop_locals(f, a->st.nlocals);
        a->filled = 0;
    }
    gs_frame_hide(f);
}

void
gs_activation_drop_frame(PyThreadState *ts, struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    if (f->frame_obj && Py_REFCNT(f->frame_obj) > 1 && !a->filled) {
        /* What keeps the object sees the locals as they are now. */
        if (gs_activation_show(ts, a, (uint32_t)cp_at(f)) < 0) {
            PyErr_Clear();
            a->filled = 0;
        }
    }
    if (*cp_frames(ts) == f) {
        gs_frame_unlink(ts, f);
    }
    cp_set_depth(f, a->filled ? a->st.nlocals : 0);
    gs_frame_clear_and_pop(ts, f);
    a->st.frame = NULL;
    a->filled = 0;
}

_PyInterpreterFrame *
gs_activation_to_frame(PyThreadState *ts, struct gs_activation *a)
{
    uint32_t n = a->st.nlocals + a->st.nstack, i = 0;
    if (make_frame(a) < 0) {
        for (i = n; i-- > 0;) {
            gs_release(&a->st.slots[i]);
        }
        return NULL;
    }
    _PyInterpreterFrame *f = a->st.frame;
    if (*cp_frames(ts) == f) {
        gs_frame_unlink(ts, f);
    }
    if (a->filled) {
        for (; i < a->st.nlocals; i++) {
            gs_release(&a->st.slots[i]); /* the frame has its own */
        }
    }
    for (; i < n; i++) {
        PyObject *o;
        int tagged = a->st.slots[i].tagged;
        if (move_slot(a, i, f, &o) < 0) {
            cp_set_depth(f, i);
            for (; i < n; i++) {
                gs_release(&a->st.slots[i]);
            }
            gs_frame_clear_and_pop(ts, f);
            a->st.frame = NULL;
            return NULL;
        }
        if (tagged) {
            cp_set_lasti(f, i, o);
        } else {
            cp_set_local(f, i, o);
        }
    }
    cp_set_depth(f, n);
    cp_resume_at(f, cp_begin(a->code, a->st.off));
    a->st.frame = NULL;
    return f;
}

void
gs_activation_end(PyThreadState *ts, struct gs_activation *a)
{
    _PyInterpreterFrame *f = a->st.frame;
    for (uint32_t i = a->st.nstack; i-- > 0;) {
        gs_release(&a->st.slots[a->st.nlocals + i]);
    }
    if (f && *cp_frames(ts) == f) {
        gs_frame_unlink(ts, f);
    }
    for (uint32_t i = 0; i < a->st.nlocals; i++) {
        gs_release(&a->st.slots[CP_LAST_FIRST ? a->st.nlocals - 1 - i : i]); /* frees nothing where the frame has references of its own */
    }
    if (f) {
        cp_set_depth(f, a->filled ? a->st.nlocals : 0);
        gs_frame_clear_and_pop(ts, f);
        a->st.frame = NULL;
    }
}
