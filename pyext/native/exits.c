/* Exits: what happens when a guard of native code fails.

   gs_exit reads the state of the activation out of registers and the native stack, as the exit's descriptor says, decides
   where it goes on, and either sends it into another native version (the common exit code jumps there, so the stack does not
   grow), or runs it to its end, beneath this C frame, and hands the result over. It runs beneath this frame where
   the interpreter must do it, where native callers without linked frames must be shown to whoever looks, and where the
   activation was inlined into another, which then goes on with the result. */
#include "helpers.h"
#include "runtime.h"

#define NONE 0xffffffffu
#define FEW 40             /* slots that need no allocation */
#define POLLS 4            /* in a row, for what comes meanwhile */
#define COLD_EXITS 200     /* straight code that is left this often gets a version of its own; a loop at once */
#define CLOSE_CALLERS 4    /* how far apart the functions of a recursion are looked for */

uint64_t (*gs_call_native)(uint64_t memory_entry, uint64_t *buffer, uint64_t *tag);

struct result { uint64_t value, tag; };

/* An activation of native code above the one that left: its state lies in the native stack, and stays there. */
struct caller {
    const struct gs_unit *unit;
    const struct gs_exitdesc *desc;
    const struct gs_regs *regs;      /* or NULL: a call site's descriptor names no registers */
    uint64_t sp;
    _PyInterpreterFrame *frame;      /* linked, or NULL */
    int own;                         /* it had a frame already */
    int fresh;                       /* which is left alone: it gets another */
};

/* What is to be run beneath this C frame, and who was linked for it, the innermost first. */
struct run {
    _PyInterpreterFrame *frame;      /* interpret this */
    uint64_t entry;                  /* or call this */
    struct result result;            /* or this has come out already */
    struct caller *callers;
    uint32_t first, ncallers, room;  /* those before the first are over */
    _PyInterpreterFrame *shown;      /* of the activation itself, from when it was a caller of one that raised */
    uint8_t linked;
    uint8_t only_own;                /* the activation has a frame: no other may be pushed that must be popped after it */
};

enum next { JUMP, RUN, RAISED, RETURNED };

/* ---- Reading the state ---- */

static inline uint64_t
read_place(int64_t place, const struct gs_regs *regs, uint64_t sp)
{
    return place & 1 ? *(const uint64_t *)(uintptr_t)(sp + (uint64_t)(place >> 1)) : regs->gpr[place >> 1];
}

static inline uint64_t
read_loc(const struct gs_loc *l, const struct gs_regs *regs, uint64_t sp)
{
    uint64_t word;
    switch (l->kind) {
    case GS_LOC_GPR:
        return regs->gpr[l->where] + (uint64_t)l->imm;
    case GS_LOC_FPR:
        memcpy(&word, &regs->fpr[l->where], sizeof word);
        return word;
    case GS_LOC_STACK:
        return *(const uint64_t *)(uintptr_t)(sp + (uint64_t)(int64_t)l->where) + (uint64_t)l->imm;
    case GS_LOC_IMM:
        return (uint64_t)l->imm;
    case GS_LOC_LESS:
        return (uint64_t)l->imm - read_place(l->where, regs, sp);
    case GS_LOC_DIFF:
        return read_place((int32_t)l->imm, regs, sp) - read_place(l->where, regs, sp) + (uint64_t)(l->imm >> 32);
    default:
        return 0;
    }
}

/* Added to a result's tag: no native code expects it, so the caller leaves by an exit, too. */
#define GS_TAG_SHOWN 64

static void
read_slots(const struct gs_unit *u, const struct gs_exitdesc *d, const struct gs_regs *regs, uint64_t sp, struct gs_value *out, uint32_t n)
{
    const struct gs_slot *s = u->slots + d->first_slot;
    for (uint32_t i = 0; i < n; i++, s++) {
        const struct gs_loc *l = u->locs + s->first_loc;
        struct gs_value *v = &out[i];
        for (uint32_t k = 0; k < s->ncomp; k++) {
            v->w[k] = read_loc(&l[k], regs, sp);
        }
        v->kind = s->kind;
        v->owned = 0;
        v->tagged = s->tagged;
        switch (s->kind) {
        case GS_INT_ORIGIN:
            if (l->kind == GS_LOC_NONE && !gs_unbox_int((PyObject *)(uintptr_t)v->w[1], (int64_t *)&v->w[0])) {
                v->kind = GS_OBJ;
                v->w[0] = v->w[1];
            }
            v->owned = s->owned;
            break;
        case GS_OBJ:
        case GS_FLOAT_ORIGIN:
            v->owned = s->owned;
            break;
        case GS_OBJ_OR_NULL:
            v->kind = v->w[0] ? GS_OBJ : GS_NULL;
            v->owned = s->owned && v->w[0];
            break;
        case GS_DYN:
        case GS_RESULT:
            v->kind = (uint8_t)(v->w[0] & ~(uint64_t)GS_TAG_SHOWN);
            v->w[0] = v->w[1];
            v->owned = v->kind == GS_OBJ;
            break;
        }
    }
}

static inline _PyInterpreterFrame *
read_frame(const struct gs_exitdesc *d, const struct gs_regs *regs, uint64_t sp)
{
    return (_PyInterpreterFrame *)(uintptr_t)read_loc(&d->frame, regs, sp);
}

static inline PyObject *
read_callable(const struct gs_exitdesc *d, const struct gs_regs *regs, uint64_t sp)
{
    return (PyObject *)(uintptr_t)read_loc(&d->callable, regs, sp);
}

/* ---- The profile ---- */

/* Whether a subscript, its container and index on the stack, raises, and was not just a negative index; of a dict: perhaps. */
static int
raises_index_error(const struct gs_exitdesc *d, const struct gs_value *slots)
{
    if (d->nstack < 2) {
        return 0;
    }
    const struct gs_value *index = &slots[d->nlocals + d->nstack - 1], *sequence = index - 1;
    if (sequence->kind == GS_OBJ && PyDict_CheckExact((PyObject *)(uintptr_t)sequence->w[0])) {
        return 1; /* it was not found, or not without Python code */
    }
    if (sequence->kind != GS_OBJ || (index->kind != GS_INT && index->kind != GS_INT_ORIGIN && index->kind != GS_BOOL)) {
        return 0;
    }
    PyObject *o = (PyObject *)(uintptr_t)sequence->w[0];
    int64_t i = (int64_t)index->w[0];
    return (PyList_CheckExact(o) || PyTuple_CheckExact(o)) && (i >= Py_SIZE(o) || i < -Py_SIZE(o));
}

static void
learn(const struct gs_exitdesc *d, const struct gs_value *slots)
{
    if (d->site == NONE || !d->record->profile) {
        return;
    }
    struct gs_site *site = &d->record->profile[d->site];
    if (d->site_slot != NONE) {
        gs_learn_class(site, gs_class_of(&slots[d->site_slot]));
    }
    switch (d->reason) {
    case GS_WHY_UNSEEN:
        if (d->site_slot == NONE) { /* a store's: what it meets is recorded by the version that does it */
            site->type = site->flags & GS_SITE_GUESSED ? 0 : site->type;
            site->flags = (site->flags & ~(uint32_t)GS_SITE_GUESSED) | GS_SITE_UNSEEN;
        }
        break;
    case GS_WHY_OVERFLOW:
        site->flags |= GS_SITE_OVERFLOW | GS_SITE_FAILED;
        break;
    case GS_WHY_DIVISOR:
        site->flags |= GS_SITE_DIVISOR | GS_SITE_FAILED;
        break;
    case GS_WHY_BOUNDS:
        site->flags |= raises_index_error(d, slots) ? GS_SITE_RANGE | GS_SITE_FAILED : GS_SITE_FAILED;
        break;
    case GS_WHY_TYPE:
    case GS_WHY_GLOBAL:
    case GS_WHY_UNBOUND:
    case GS_WHY_SHIFT:
    case GS_WHY_RANGE:
    case GS_WHY_CALLEE:
    case GS_WHY_VALUE:
        site->flags |= GS_SITE_FAILED;
        break;
    case GS_WHY_RESULT: /* what was raised says nothing of how the callee returns */
        site->flags |= d->nstack && slots[d->nlocals + d->nstack - 1].kind == GS_TAG_ERROR ? 0 : GS_SITE_FAILED;
        break;
    }
}

/* ---- Callers whose frames are not linked ---- */

static void
add_caller(struct run *run, struct caller c)
{
    if (run->ncallers == run->room) { /* there are as many as the stack holds */
        uint32_t room = 2 * run->room + 8;
        struct caller *grown = PyMem_RawRealloc(run->callers, room * sizeof *grown);
        if (!grown) {
            return; /* without memory the frame stays unseen */
        }
        run->callers = grown;
        run->room = room;
    }
    run->callers[run->ncallers++] = c;
}

static const struct gs_callsite *
find_callsite(const struct gs_unit *u, uint64_t address)
{
    uint64_t low = 0, high = u->ncallsites;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (u->callsites[middle].return_address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < u->ncallsites && u->callsites[low].return_address == address ? &u->callsites[low] : NULL;
}

/* The native caller of the function whose return address lies at *sp, and its stack pointer; NULL if that is no native code,
   a stub, or code whose frame is linked: above that everything is. */
static const struct gs_exitdesc *
native_caller(PyThreadState *ts, uint64_t *sp, struct gs_unit **unit)
{
    uint64_t address = *(const uint64_t *)(uintptr_t)*sp;
    *unit = gs_unit_at(address);
    const struct gs_callsite *site = *unit ? find_callsite(*unit, address) : NULL;
    if (!site) {
        return NULL;
    }
    *sp += 8;
    const struct gs_exitdesc *d = &(*unit)->exits[site->exit];
    _PyInterpreterFrame *f = read_frame(d, NULL, *sp);
    return f && f == *cp_frames(ts) ? NULL : d;
}

static int
has_hidden_callers(PyThreadState *ts, const struct gs_exitdesc *d, const struct gs_regs *regs)
{
    uint64_t sp = regs->gpr[GS_SP] + d->frame_size;
    struct gs_unit *u;
    return native_caller(ts, &sp, &u) != NULL;
}

static void
link_caller(PyThreadState *ts, struct caller *c, int only_own)
{
    const struct gs_exitdesc *d = c->desc;
    if (only_own && !read_frame(d, c->regs, c->sp)) {
        return;
    }
    struct gs_value few[FEW], *slots = d->nlocals <= FEW ? few : PyMem_RawMalloc(d->nlocals * sizeof *slots);
    if (!slots) {
        return;
    }
    read_slots(c->unit, d, c->regs, c->sp, slots, d->nlocals);
    for (uint32_t i = 0; i < d->nlocals; i++) {
        slots[i].owned = 0; /* what is owned stays the native code's */
    }
    struct gs_activation a = {
        .st = {.off = d->off, .nlocals = d->nlocals, .slots = slots, .callable = read_callable(d, c->regs, c->sp),
               .frame = c->fresh ? NULL : read_frame(d, c->regs, c->sp)},
        .code = d->record->code,
        .slots = c->unit->slots + d->first_slot, .locs = c->unit->locs, .nslots = d->nlocals,
    };
    c->own = a.st.frame != NULL;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    uint32_t instr = d->raise_off;
    if (c->fresh && d->nstack) { /* on the way to a handler after a reraise: where it was raised first */
        const struct gs_slot *s = c->unit->slots + d->first_slot + d->nlocals;
        instr = (uint32_t)PyLong_AsLong((PyObject *)(uintptr_t)read_loc(&c->unit->locs[s->first_loc], c->regs, c->sp));
    }
    if (gs_activation_show(ts, &a, instr) == 0) {
        c->frame = a.st.frame;
        for (uint32_t i = 0; i < d->nlocals; i++) {
            gs_release(&slots[i]); /* the object that a range iterator became */
        }
    } else if (a.st.frame && !c->own) {
        cp_set_depth(a.st.frame, 0);
        gs_frame_clear_and_pop(ts, a.st.frame);
    }
    PyErr_Restore(type, value, traceback);
    if (slots != few) {
        PyMem_RawFree(slots);
    }
}

static void
link_callers(PyThreadState *ts, struct run *run, const struct gs_unit *unit, const struct gs_exitdesc *d, const struct gs_regs *regs)
{
    if (run->linked) {
        return;
    }
    run->linked = 1;
    uint64_t sp = regs->gpr[GS_SP] + d->frame_size;
    while (d->parent != NONE) {
        d = &unit->exits[d->parent];
        add_caller(run, (struct caller){.unit = unit, .desc = d, .regs = regs, .sp = regs->gpr[GS_SP]});
    }
    struct gs_unit *u;
    while ((d = native_caller(ts, &sp, &u))) {
        add_caller(run, (struct caller){.unit = u, .desc = d, .sp = sp});
        sp += d->frame_size;
    }
    for (uint32_t i = run->ncallers; i-- > 0;) {
        link_caller(ts, &run->callers[i], run->only_own);
    }
}

static void
unlink_callers(PyThreadState *ts, struct run *run)
{
    for (uint32_t i = run->first; i < run->ncallers; i++) {
        struct caller *c = &run->callers[i];
        _PyInterpreterFrame *f = c->frame;
        if (!f) {
            continue;
        }
        gs_frame_unlink(ts, f);
        if (c->own) {
            for (uint32_t k = 0; k < c->desc->nlocals; k++) {
                PyObject *o = cp_local(f, k); /* the native code has references of its own */
                cp_set_local(f, k, NULL);
                Py_XDECREF(o);
            }
            gs_frame_hide(f);
        } else {
            gs_frame_clear_and_pop(ts, f);
        }
    }
    PyMem_RawFree(run->callers);
    run->callers = NULL;
    run->first = run->ncallers = run->room = 0;
    run->linked = 0;
}

/* An activation that ends with an exception sends its native caller into an exit, too. The frames of the callers stay linked until then: else an
   exception would cost the square of the depth that it leaves, and each frame object another one for the same caller. */
static struct left {
    PyThreadState *ts;
    struct run run;
    struct left *below;
} *left;

static int
leave_linked(PyThreadState *ts, const struct run *run)
{
    if (run->first == run->ncallers || !run->callers[run->first].frame) {
        return 0;
    }
    struct left *l = PyMem_RawMalloc(sizeof *l);
    if (!l) {
        return 0;
    }
    *l = (struct left){.ts = ts, .run = *run, .below = left};
    left = l;
    return 1;
}

/* Somebody has the frame object, or may have the dict of locals, which is one and the same for each look at an activation. */
static int
is_kept(const _PyInterpreterFrame *f)
{
    return f && (cp_shows_locals(f) || (f->frame_obj && Py_REFCNT(f->frame_obj) > 1));
}

/* Whether a frame that is shown has other locals than the native code has put there: f_locals writes into it from 3.13 on, before that only a tracer. */
static int
is_written(const struct caller *c)
{
    const struct gs_exitdesc *d = c->desc;
    struct gs_value few[FEW], *slots = d->nlocals <= FEW ? few : PyMem_RawMalloc(d->nlocals * sizeof *slots);
    int written = 0;
    if (slots) {
        read_slots(c->unit, d, c->regs, c->sp, slots, d->nlocals);
    }
    for (uint32_t i = 0; slots && i < d->nlocals && !written; i++) {
        written = !gs_same(&slots[i], cp_local(c->frame, i), 1);
    }
    if (slots != few) {
        PyMem_RawFree(slots);
    }
    return written;
}

/* Whether a caller goes on with the frame that is shown: somebody has the frame object and it has no frame of its own, or has left a tracer in it, for what
   it does from now on is to be seen there; or has written a local. */
static int
keeps_callers(const struct run *run)
{
    for (uint32_t i = run->first; i < run->ncallers; i++) {
        const struct caller *c = &run->callers[i];
        _PyInterpreterFrame *f = c->frame;
        if (f && (c->own ? f->frame_obj && is_written(c) : is_kept(f) || (f->frame_obj && (f->frame_obj->f_trace || is_written(c))))) {
            return 1;
        }
    }
    return 0;
}

/* What a destructor runs before the caller's exit, or another thread, has others: they lie above. */
static void
take_linked(PyThreadState *ts, const struct gs_exitdesc *d, const struct gs_regs *regs, struct run *run)
{
    struct left **link = &left;
    while (*link && (*link)->ts != ts) {
        link = &(*link)->below;
    }
    struct left *l = *link;
    if (!l || l->run.callers[l->run.first].sp != regs->gpr[GS_SP] || l->run.callers[l->run.first].frame != *cp_frames(ts)) {
        return;
    }
    *run = (struct run){.callers = l->run.callers, .first = l->run.first, .ncallers = l->run.ncallers, .room = l->run.room, .linked = 1};
    *link = l->below;
    PyMem_RawFree(l);
    if (d->parent != NONE) {
        unlink_callers(ts, run);
    } else {
        run->shown = run->callers[run->first++].frame;
    }
}

/* ---- Where to go on ---- */

/* Recursion is a loop: the surprise comes again in every activation, and the interpreter's way out of it shows all callers each time. */
static int
is_recursing(PyThreadState *ts, const struct gs_exitdesc *d, const struct gs_regs *regs)
{
    uint64_t sp = regs->gpr[GS_SP] + d->frame_size;
    const struct gs_exitdesc *caller;
    struct gs_unit *u;
    for (int i = 0; i < CLOSE_CALLERS && (caller = native_caller(ts, &sp, &u)); i++) {
        if (caller->record == d->record) {
            return 1;
        }
        sp += caller->frame_size;
    }
    return 0;
}

static struct gs_func *
choose(PyThreadState *ts, const struct gs_exitdesc *d, const struct gs_regs *regs, struct gs_state *st)
{
    struct gs_record *r = d->record;
    struct gs_func *f = gs_find_continuation(r, st);
    if (f || r->give_up) {
        return f;
    }
    int again = d->kind == GS_EXIT_RECOMPILE || d->count >= COLD_EXITS || (gs_is_warm_exit(r, d->count) && (gs_loop_ahead(r->code, st->off) || is_recursing(ts, d, regs)));
    if (!again) {
        return NULL;
    }
    /* What was recorded the first time serves from the second on. */
    return gs_compile_continuation(r, st, d->reason == GS_WHY_UNSEEN && d->count <= 1 ? GS_MODE_RECORDING : GS_MODE_FINAL);
}

/* A version that takes a state may leave at its first guard with the same state (a global has changed since it was compiled), and
   would be found again, for ever. So: the same exit, before the bytecode that the version begins with, into the same version with the same
   state twice in a row. Other exits are behind something that was done, if only a call: a loop may take them so. */
static int
is_stuck(const struct gs_unit *unit, const struct gs_exitdesc *d, const struct gs_func *f, const struct gs_state *st)
{
    int begins_there = f >= unit->funcs && f < unit->funcs + unit->nfuncs && f->off == d->off;
    if (!begins_there || d->kind != GS_EXIT_RESUME || d->raise_off != gs_skip_extended_arg(d->record->code, d->off)) {
        return 0;
    }
    static const struct gs_exitdesc *last_exit;
    static const struct gs_func *last_version;
    static uint64_t last_state;
    if (d != last_exit || f != last_version) {
        last_exit = d;
        last_version = f;
        last_state = 0;
        return 0;
    }
    uint64_t hash = 1;
    for (uint32_t i = 0; i < st->nlocals + st->nstack; i++) {
        const struct gs_value *v = &st->slots[i];
        static const uint8_t words[] = {0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 3, 3};
        hash = (hash ^ v->kind) * 0x100000001b3ull;
        for (int k = 0; k < words[v->kind]; k++) {
            hash = ((hash ^ v->w[k]) * 0x9e3779b97f4a7c15ull) ^ hash >> 29;
        }
    }
    int same = hash == last_state;
    last_state = hash;
    return same;
}

/* Whether the version goes on with the frame that the activation has: one that makes none can hold one, and must where
   somebody (a traceback) has the frame object, for that shows the locals as they are when the activation ends. */
static int
holds_frame(const struct gs_activation *a, const struct gs_func *f)
{
    return f->flags & GS_FUNC_HAS_FRAME || is_kept(a->st.frame);
}

/* Fills the activation buffer; then the state is the version's. -1: no memory, the state is as it was. */
static int
enter(PyThreadState *ts, struct gs_activation *a, struct gs_func *f)
{
    int takes_frame = f->off && holds_frame(a, f); /* at the beginning the prologue makes one */
    if (!takes_frame && is_kept(a->st.frame)) {
        return -1;
    }
    if (a->st.frame && takes_frame) {
        gs_activation_unshow(ts, a);
    } else if (a->st.frame) {
        gs_activation_drop_frame(ts, a);
    } else if (takes_frame && !(a->st.frame = gs_frame_push_code(a->st.callable, a->code))) {
        PyErr_Clear();
        return -1;
    }
    uint64_t most = 2 + 3 * (uint64_t)(a->st.nlocals + a->st.nstack);
    uint64_t few[2 + 3 * FEW], *words = most <= Py_ARRAY_LENGTH(few) ? few : PyMem_RawMalloc(most * sizeof *words);
    int rc = words && gs_buffer_reserve(most) == 0 ? gs_fill_buffer(f, &a->st, words) : -1;
    if (rc == 0) { /* only now: what filling runs may use the buffer itself */
        memcpy((void *)(uintptr_t)gs_activation_buffer, words, most * sizeof *words);
    } else {
        PyErr_Clear();
    }
    if (words != few) {
        PyMem_RawFree(words);
    }
    return rc;
}

/* At a return, with nothing that looks at the activation or at its callers when it ends: then neither the interpreter nor frames are
   needed. A recursion whose innermost call surprised returns so through all its activations. */
static int
return_quietly(PyThreadState *ts, struct gs_activation *a, PyObject *const *held, PyObject *constant, struct result *result)
{
    if (a->filled || a->changed || cp_is_watched(ts) || (a->st.frame && a->st.frame->frame_obj)) {
        return 0;
    }
    uint32_t n = a->st.nlocals + a->st.nstack - (constant ? 0 : 1);
    for (uint32_t i = 0; i < n; i++) {
        const struct gs_value *v = &a->st.slots[i];
        PyObject *o = v->owned && v->kind == GS_OBJ ? (PyObject *)(uintptr_t)v->w[0] : NULL;
        Py_ssize_t count = o ? Py_REFCNT(o) : 0;
        for (uint32_t j = 0; o && count <= (Py_ssize_t)(2 * n) && j < a->nslots; j++) {
            count -= held[j] == o;
        }
        if (o && count <= (Py_ssize_t)n && !PyLong_CheckExact(o) && !PyFloat_CheckExact(o) && !PyUnicode_CheckExact(o)) {
            return 0;
        }
    }
    struct gs_value known = {.kind = constant == Py_None ? GS_NONE : GS_OBJ, .w = {(uint64_t)(uintptr_t)constant}};
    struct gs_value *top = constant ? &known : &a->st.slots[n];
    switch (top->kind) {
    case GS_INT:
    case GS_FLOAT:
    case GS_BOOL:
    case GS_NONE:
        *result = (struct result){top->w[0], top->kind};
        break;
    case GS_OBJ:
    case GS_INT_ORIGIN:
    case GS_FLOAT_ORIGIN: {
        PyObject *o = (PyObject *)(uintptr_t)top->w[top->kind != GS_OBJ];
        if (!top->owned) {
            Py_INCREF(o);
        }
        *result = (struct result){(uint64_t)(uintptr_t)o, GS_OBJ};
        break;
    }
    default:
        return 0;
    }
    a->st.nstack -= !constant;
    gs_activation_end(ts, a);
    return 1;
}

/* What native code borrows, from a container perhaps that somebody changes while the GIL is given away here: by a compile, or a poll. */
static void
hold(const struct gs_value *slots, uint32_t n, PyObject **held)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct gs_value *v = &slots[i];
        int origin = v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN, object = origin || v->kind == GS_OBJ || v->kind == GS_OBJ_OR_NULL;
        held[i] = object && !v->owned ? Py_XNewRef((PyObject *)(uintptr_t)v->w[origin]) : NULL;
    }
}

/* What an __init__ returned is None; else TypeError, in the interpreter's words. */
static int
returned_none(struct gs_value *result)
{
    PyTypeObject *class = gs_class_of(result);
    if (class != Py_TYPE(Py_None)) {
        PyErr_Format(PyExc_TypeError, "__init__() should return None, not '%.200s'", class->tp_name);
    }
    gs_release(result);
    return class == Py_TYPE(Py_None);
}

/* Does everything up to the point where something is to be run beneath this frame, and keeps nothing on the C stack. */
static Py_NO_INLINE enum next
prepare(PyThreadState *ts, struct gs_unit *unit, struct gs_exitdesc *d, struct gs_regs *regs, const struct result *given, struct run *run)
{
    PyCodeObject *code = d->record->code;
    if (d->nlocals != (uint32_t)code->co_nlocalsplus) {
        Py_FatalError("BUG: an exit does not describe the locals of its code");
    }
    uint32_t deepest = Py_MAX(d->nstack, (uint32_t)code->co_stacksize) + 1, room = d->nlocals + deepest;
    struct gs_value few[FEW], *slots = room <= FEW ? few : PyMem_RawMalloc(room * (sizeof *slots + sizeof(PyObject *)));
    PyObject *few_held[FEW], **held = room <= FEW ? few_held : (PyObject **)(slots + room);
    if (!slots) { /* what the native code owns leaks: there is no place to write it down */
        PyErr_NoMemory();
        return RAISED;
    }
    struct gs_activation a = {
        .st = {.off = d->off, .nlocals = d->nlocals, .nstack = d->nstack, .slots = slots},
        .code = code,
        .slots = unit->slots + d->first_slot, .locs = unit->locs, .nslots = d->nlocals + d->nstack,
    };
    read_slots(unit, d, regs, regs->gpr[GS_SP], slots, a.nslots);
    hold(slots, a.nslots, held);
    a.st.callable = read_callable(d, regs, regs->gpr[GS_SP]);
    a.st.frame = run->shown ? run->shown : read_frame(d, regs, regs->gpr[GS_SP]);
    a.filled = run->shown != NULL;

    enum gs_exit_kind kind = d->kind;
    enum next next;
    uint8_t *top_kind = a.nslots ? &unit->slots[d->first_slot + a.nslots - 1].kind : NULL;
    int has_result = d->nstack && *top_kind == GS_RESULT;
    if (given) { /* of the function that was inlined here */
        kind = GS_EXIT_RESUME;
        if (!has_result) {
            a.st.nstack++;
        }
        struct gs_value *top = &slots[a.st.nlocals + a.st.nstack - 1];
        *top = (struct gs_value){.kind = (uint8_t)given->tag, .owned = given->tag == GS_OBJ, .w = {given->value}};
        has_result = 1;
    } else {
        learn(d, slots);
        if (d->reason == GS_WHY_FRAME && d->site != NONE && d->record->profile && a.st.frame && a.st.frame->frame_obj) {
            d->record->profile[d->site].flags |= GS_SITE_FRAME;
        }
        gs_record_exit(d->record, unit, d);
    }
    if (has_result && slots[a.st.nlocals + a.st.nstack - 1].kind == GS_TAG_ERROR) {
        a.st.nstack--;
        kind = GS_EXIT_RAISE;
    } else if (has_result && unit->slots[d->first_slot + a.nslots - 1].tagged) {
        a.st.nstack--;
        kind = returned_none(&slots[a.st.nlocals + a.st.nstack]) ? kind : GS_EXIT_RAISE;
    }
    if (a.st.frame) {
        if (*cp_frames(ts) == a.st.frame) {
            gs_frame_unlink(ts, a.st.frame);
        }
        if (!a.filled && a.st.frame->frame_obj && a.st.frame->previous) { /* not hidden: the locals are what Link stored */
            gs_activation_touched(&a);
        }
        if (a.filled) {
            gs_activation_learn(&a);
        }
    }
    run->only_own = a.st.frame != NULL;
    int interpret = kind == GS_EXIT_INTERPRET;
    if (interpret && d->reason == GS_WHY_STACK && *cp_recursion(ts) > GS_RECURSION_MARGIN && !gs_stack_is_short()) {
        interpret = 0; /* it was another thread's limit */
    }

    if (kind == GS_EXIT_POLL || kind == GS_EXIT_RAISE) {
        uint32_t blamed = gs_skip_extended_arg(code, d->raise_off);
        int raised = kind == GS_EXIT_RAISE, index = (int)blamed;
        link_callers(ts, run, unit, d, regs);
        if (gs_activation_show(ts, &a, blamed) < 0) {
            goto raised;
        }
        if (!raised) {
            for (int i = 0; i < POLLS && !raised && (i == 0 || cp_breaker(ts)); i++) {
                raised = cp_poll(ts) < 0;
            }
            index = CP_POLLS_THERE ? (int)a.st.off - 1 : (int)blamed;
        }
        int over = raised && !gs_raise_at(ts, &a, blamed, index);
        if (kind == GS_EXIT_RAISE) {
            gs_record_raised(d->record, unit, d);
        }
        if (over) {
            goto raised;
        }
        gs_activation_learn(&a);
        gs_frame_unlink(ts, a.st.frame);
        if (!raised && cp_breaker(ts)) {
            interpret = 1; /* what keeps it set is not for this thread: native code would meet the same poll again, for ever */
        }
    }

    /* Nothing is left to compile there; and where a frame object outlives the activation, native code would leave there again. */
    PyObject *constant;
    if (gs_returns_at(code, a.st.off, &constant)) {
        if (return_quietly(ts, &a, held, constant, &run->result)) {
            next = RETURNED;
            goto done;
        }
        interpret = 1;
    }
    if (((PyFunctionObject *)a.st.callable)->func_code != (PyObject *)code) {
        interpret = 1; /* versions that begin anew take the function's code for their own */
    }
    struct gs_func *f = NULL;
    if (!interpret && !a.changed && !cp_is_watched(ts)) {
        gs_activation_share(&a);
        f = choose(ts, d, regs, &a.st);
        if (f && is_stuck(unit, d, f, &a.st)) {
            d->record->failures++; /* which bounds how often */
            struct gs_func *newer = gs_compile_continuation(d->record, &a.st, GS_MODE_FINAL);
            f = newer != f ? newer : NULL;
        }
    }
    if (f) {
        if (run->linked && !holds_frame(&a, f) && d->parent == NONE && !keeps_callers(run)) {
            gs_activation_drop_frame(ts, &a);
            unlink_callers(ts, run);
        } else if (d->parent != NONE || (!a.st.frame && f->flags & GS_FUNC_HAS_FRAME && has_hidden_callers(ts, d, regs))) {
            link_callers(ts, run, unit, d, regs);
        }
        int beneath = d->parent != NONE || run->first < run->ncallers;
        if ((!beneath || gs_call_native) && enter(ts, &a, f) == 0) {
            if (beneath) {
                run->entry = f->memory_entry;
                next = RUN;
            } else {
                regs->resume = f->memory_entry;
                regs->buffer = gs_activation_buffer;
                next = JUMP;
            }
            goto done;
        }
    }
    link_callers(ts, run, unit, d, regs);
    if (!CP_POLLS_THERE && kind == GS_EXIT_POLL && a.st.off == d->off && cp_jumps_back(cp_opcode(code, gs_skip_extended_arg(code, d->raise_off)))) {
        a.st.off = d->raise_off; /* a tracer that was set meanwhile is told of the line to which it jumps */
    }
    run->frame = gs_activation_to_frame(ts, &a);
    next = run->frame ? RUN : RAISED;
    goto done;
raised:
    gs_activation_end(ts, &a);
    next = RAISED;
done:
    for (uint32_t i = 0; i < a.nslots; i++) {
        Py_XDECREF(held[i]); /* whoever goes on has references of its own, or borrows from who still has them */
    }
    if (slots != few) {
        PyMem_RawFree(slots);
    }
    return next;
}

/* ---- The exit ---- */

void
gs_exit(struct gs_unit *unit, struct gs_regs *regs)
{
    PyThreadState *ts = cp_thread();
    struct gs_exitdesc *d = &unit->exits[regs->exit];
    struct result result, *given = NULL;
    d->count++;
    regs->resume = 0;
    gs_stack_here();
    *cp_recursion(ts) += (int)d->recursion;
    for (;;) {
        struct run run = {0};
        if (!given) {
            take_linked(ts, d, regs, &run);
        }
        int inlined = 0;
        for (uint32_t p = d->parent; p != NONE; p = unit->exits[p].parent) {
            inlined++; /* activations that still count as running */
        }
        *cp_recursion(ts) -= inlined;
        enum next next = prepare(ts, unit, d, regs, given, &run);
        if (next == JUMP) {
            break;
        }
        result = next == RETURNED ? run.result : (struct result){0, GS_TAG_ERROR};
        if (next == RUN && run.frame) {
            /* Calls between Python functions use no C stack, but calls of attached functions do: until the call returns that found the stack
               short, for whatever reason it left, the function is a plain one. */
            PyObject *callable = Py_NewRef(cp_function(run.frame));
            int suspended = gs_stack_is_short() ? gs_suspend(callable) : 0;
            PyObject *object = gs_frame_run(ts, run.frame);
            if (suspended) {
                gs_resume(callable, suspended);
            }
            Py_DECREF(callable);
            result = (struct result){(uint64_t)(uintptr_t)object, object ? GS_OBJ : GS_TAG_ERROR};
        } else if (next == RUN) {
            result.value = gs_call_native(run.entry, (uint64_t *)(uintptr_t)gs_activation_buffer, &result.tag);
        }
        int shown = result.tag != GS_TAG_ERROR && d->parent == NONE && keeps_callers(&run);
        if (d->parent != NONE || !(shown || result.tag == GS_TAG_ERROR) || !leave_linked(ts, &run)) {
            unlink_callers(ts, &run);
        } else if (shown) {
            result.tag |= GS_TAG_SHOWN;
        }
        *cp_recursion(ts) += inlined;
        if (d->parent == NONE) {
            regs->value = result.value;
            regs->tag = result.tag;
            break;
        }
        given = &result;
        d = &unit->exits[d->parent];
    }
    gs_stack_here(); /* another thread may have run */
}

/* ---- Frame objects ---- */

/* An activation that handles an exception has a frame object, the traceback's: if nobody wrote to it during a call, code goes on as it is. The
   frame is hidden, as it is for a continuation: its slots are borrowed from what native code may now give up. */
int64_t
gs_locals_changed(struct gs_unit *unit, struct gs_regs *regs)
{
    const struct gs_exitdesc *d = &unit->exits[regs->exit];
    uint64_t sp = (uint64_t)(uintptr_t)(regs + 1) + 8;
    _PyInterpreterFrame *f = read_frame(d, regs, sp);
    if (!f->previous || cp_shows_locals(f)) {
        return 1;
    }
    if (CP_WRITES_THROUGH) {
        struct gs_value few[FEW];
        if (d->nlocals > FEW) {
            return 1;
        }
        read_slots(unit, d, regs, sp, few, d->nlocals);
        for (uint32_t i = 0; i < d->nlocals; i++) {
            if (!gs_same(&few[i], cp_local(f, i), 0)) {
                return 1;
            }
        }
    }
    gs_frame_hide(f);
    return 0;
}

/* ---- Destructors ---- */

/* A destructor or the callback of a weak reference sees who let go: the activation is linked for it, in a frame of its own for the time, because
   the frame that the activation may have keeps what native code put there. */
struct release {
    struct gs_ending ending;
    struct gs_regs *regs;
    struct run run;
};

static void
show_release(struct gs_ending *ending)
{
    struct release *r = (struct release *)ending;
    struct gs_regs *regs = r->regs;
    const uint64_t *return_address = (const uint64_t *)(regs + 1);
    struct gs_unit *u = gs_unit_at(*return_address);
    const struct gs_callsite *site = u ? find_callsite(u, *return_address) : NULL;
    if (!site) {
        Py_FatalError("BUG: a reference is given up at a place that nothing describes");
    }
    const struct gs_exitdesc *d = &u->exits[site->exit];
    regs->gpr[GS_SP] = (uint64_t)(uintptr_t)(return_address + 1);
    r->run = (struct run){0};
    if (d->kind != GS_EXIT_RAISE) { /* else it is over, and its callers alone are seen */
        add_caller(&r->run, (struct caller){.unit = u, .desc = d, .regs = regs, .sp = regs->gpr[GS_SP], .fresh = 1});
    }
    link_callers(cp_thread(), &r->run, u, d, regs);
}

void
gs_release_in(PyObject *o, struct gs_regs *regs)
{
    struct release r;
    r.ending = (struct gs_ending){.show = show_release};
    r.regs = regs;
    gs_end(o, &r.ending);
    if (r.ending.shown) {
        unlink_callers(cp_thread(), &r.run);
    }
}
