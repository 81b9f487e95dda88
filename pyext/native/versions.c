/* Compiled units in memory: what they hold on to, where they lie, which version serves which state, and their end.

   A unit lives as long as its record, in use or not, for somebody may be running it, unless a sweep finds that nobody
   does. At the end its address goes into a queue: the compiler is Python's to call, which a deallocation must not. The next compile frees it. */
#include "policy.h"
#include "runtime.h"
#include <unistd.h>

/* ---- Address ranges of code, sorted ---- */

static struct range { uint64_t start, end; struct gs_unit *unit; struct gs_unitobj *holder; } *ranges;
static size_t nranges, ranges_room;
static uint64_t code_bytes, data_bytes;

/* The first range that begins above the address. */
static size_t
range_above(uint64_t address)
{
    size_t low = 0, high = nranges;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct gs_unit *
gs_unit_at(uint64_t address)
{
    size_t i = range_above(address);
    return i && address < ranges[i - 1].end ? ranges[i - 1].unit : NULL;
}

/* Room for `more` items, or -1 with an exception. */
static int
reserve(void **items, uint32_t n, uint32_t more, uint32_t *room, size_t size)
{
    if (n + more > *room) {
        uint32_t wanted = n + more > 2 * *room ? n + more : 2 * *room;
        void *grown = PyMem_RawRealloc(*items, wanted * size);
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        *items = grown;
        *room = wanted;
    }
    return 0;
}

static int
range_reserve(void)
{
    if (nranges == ranges_room) {
        size_t room = ranges_room ? 2 * ranges_room : 64;
        struct range *grown = PyMem_RawRealloc(ranges, room * sizeof *grown);
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        ranges = grown;
        ranges_room = room;
    }
    return 0;
}

static void
range_add(struct gs_unit *unit, struct gs_unitobj *holder)
{
    size_t i = range_above(unit->code);
    memmove(&ranges[i + 1], &ranges[i], (nranges - i) * sizeof *ranges);
    ranges[i] = (struct range){unit->code, unit->code + unit->code_size, unit, holder};
    nranges++;
    code_bytes += unit->code_size;
    data_bytes += unit->data_size;
}

static void
range_remove(struct gs_unit *unit)
{
    size_t i = range_above(unit->code);
    if (i && ranges[i - 1].unit == unit) {
        memmove(&ranges[i - 1], &ranges[i], (nranges - i) * sizeof *ranges);
        nranges--;
        code_bytes -= unit->code_size;
        data_bytes -= unit->data_size;
    }
}

void
gs_unit_totals(uint64_t *units, uint64_t *code, uint64_t *data)
{
    *units = nranges;
    *code = code_bytes;
    *data = data_bytes;
}

/* ---- The queue of what is to be freed ---- */

static uint64_t *queue;
static uint32_t nqueue, queue_room;

uint64_t
gs_releasable(void)
{
    return nqueue ? queue[--nqueue] : 0;
}

void
gs_release_later(uint64_t unit)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (reserve((void **)&queue, nqueue, 1, &queue_room, sizeof *queue) == 0) {
        queue[nqueue++] = unit;
    } /* else it stays mapped */
    PyErr_Restore(type, value, traceback);
}

/* ---- The Python object of a unit ---- */

static int
unit_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct gs_unitobj *u = (struct gs_unitobj *)self;
    for (uint64_t i = 0; u->unit && i < u->unit->nobjects; i++) {
        if (u->counted[i]) {
            Py_VISIT((PyObject *)u->unit->objects[i]);
        }
    }
    for (uint32_t i = 0; i < u->nrecords; i++) {
        Py_VISIT(u->records[i]);
    }
    return 0;
}

/* No tp_clear: whatever cycle runs through a unit runs through its record, which drops its units. */
static void
unit_dealloc(PyObject *self)
{
    struct gs_unitobj *u = (struct gs_unitobj *)self;
    struct gs_unit *unit = u->unit;
    PyObject_GC_UnTrack(self);
    if (unit) {
        unit->valid = 0;
        range_remove(unit);
        for (uint64_t i = 0; i < unit->nobjects; i++) {
            if (u->counted[i]) {
                Py_DECREF((PyObject *)unit->objects[i]);
            }
        }
        /* A forked child has no compiler that could free it; its pages are the parent's. */
        if (u->pid == (long)getpid()) {
            gs_release_later((uint64_t)(uintptr_t)unit);
        }
    }
    while (u->nrecords) {
        gs_record_release(u->records[--u->nrecords], 0);
    }
    PyMem_RawFree(u->records);
    PyMem_RawFree(u->counted);
    PyObject_GC_Del(self);
}

PyTypeObject gs_unit_class = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gophersnake._native.Unit",
    .tp_basicsize = sizeof(struct gs_unitobj),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = unit_dealloc,
    .tp_traverse = unit_traverse,
};

int
gs_unit_init(void)
{
    return PyType_Ready(&gs_unit_class);
}

/* ---- Which version takes what ---- */

static int
same_key(const struct gs_version *a, const struct gs_version *b)
{
    const struct gs_func *f = a->func, *g = b->func;
    if (f->off != g->off || f->nlocals != g->nlocals || f->nstack != g->nstack || (f->flags ^ g->flags) & GS_FUNC_GENERAL) {
        return 0;
    }
    const struct gs_slot *s = a->unit->slots + f->first_slot, *t = b->unit->slots + g->first_slot;
    for (uint32_t i = 0; i < f->nlocals + f->nstack; i++) {
        if (s[i].kind != t[i].kind || s[i].owned != t[i].owned || s[i].klass != t[i].klass) {
            return 0;
        }
    }
    return 1;
}

/* Whether a wanted slot takes a value, after the table of section 3 of docs/runtime.md. Beyond that table, an object
   passes where its unboxed form is wanted together with the object itself. */
static int
accepts(const struct gs_slot *want, const struct gs_value *v)
{
    int null = v->kind == GS_NULL || (v->kind == GS_OBJ_OR_NULL && !v->w[0]);
    uint8_t known = v->kind; /* what can be made of an object */
    if (!null && (known == GS_OBJ || known == GS_OBJ_OR_NULL) && want->kind != GS_OBJ && want->kind != GS_OBJ_OR_NULL) {
        struct gs_value of;
        gs_value_of(&of, (PyObject *)v->w[0], 0);
        known = of.kind;
    }
    switch (want->kind) {
    case GS_NULL:
        return null;
    case GS_OBJ_OR_NULL:
        return null || want->owned || !v->owned;
    case GS_OBJ:
        if (null || (want->klass && want->klass != (uint64_t)(uintptr_t)gs_class_of(v))) {
            return 0;
        }
        /* A borrowed slot cannot hold what somebody must drop: not an owned object, nor a box made for it. */
        return want->owned || (!v->owned && v->kind != GS_INT && v->kind != GS_FLOAT && v->kind != GS_RANGE && v->kind != GS_RANGE_ITER);
    case GS_INT_ORIGIN:
    case GS_FLOAT_ORIGIN:
        return !null && known == want->kind && (want->owned || !v->owned);
    case GS_BOOL:
    case GS_NONE:
        return !null && known == want->kind;
    case GS_DYN:
        return null || v->kind == GS_INT || v->kind == GS_FLOAT || known == GS_BOOL || known == GS_NONE;
    default: /* INT, FLOAT, RANGE, RANGE_ITER: no object exists */
        return v->kind == want->kind;
    }
}

/* An argument for an entry: the stub makes what its key wants of an object. */
static int
accepts_argument(const struct gs_slot *want, PyObject *o)
{
    if (want->kind == GS_OBJ || want->kind == GS_OBJ_OR_NULL) {
        return !want->klass || want->klass == (uint64_t)(uintptr_t)Py_TYPE(o);
    }
    struct gs_value v;
    gs_value_of(&v, o, 0);
    return v.kind == want->kind;
}

struct gs_func *
gs_find_entry(struct gs_record *r, PyObject *const *args)
{
    for (uint32_t i = r->nentries; i > 0; i--) {
        const struct gs_version *e = &r->entries[i - 1];
        const struct gs_slot *want = e->unit->slots + e->func->first_slot;
        uint32_t n = 0;
        while (n < r->nparams && accepts_argument(&want[n], args[n])) {
            n++;
        }
        if (n == r->nparams) {
            return e->func;
        }
    }
    return NULL;
}

static int
accepts_state(const struct gs_version *c, const struct gs_state *s)
{
    const struct gs_func *f = c->func;
    if (f->off != s->off || f->nlocals != s->nlocals || f->nstack != s->nstack || !c->unit->valid) {
        return 0;
    }
    const struct gs_slot *want = c->unit->slots + f->first_slot;
    for (uint32_t i = 0; i < s->nlocals + s->nstack; i++) {
        if (!accepts(&want[i], &s->slots[i])) {
            return 0;
        }
    }
    return 1;
}

struct gs_func *
gs_find_continuation(struct gs_record *r, const struct gs_state *s)
{
    for (uint32_t i = r->ncontinuations; i > 0; i--) {
        struct gs_func *f = r->continuations[i - 1].func;
        if (!accepts_state(&r->continuations[i - 1], s)) {
            continue;
        }
        /* One that has recorded all its rounds would leave again at once: it is to be compiled with what it saw, and if that
           may not be, it stays as it is and asks no more. */
        if (f->flags & GS_FUNC_RECORDING && (int32_t)f->rounds <= 0) {
            if (gs_may_continue(r)) {
                continue;
            }
            f->rounds = INT32_MAX;
        }
        return f;
    }
    return NULL;
}

static struct gs_unit *
unit_of(const struct gs_func *f)
{
    struct gs_unit *u = gs_unit_at(f->memory_entry);
    if (!u) {
        Py_FatalError("BUG: a native function of no unit");
    }
    return u;
}

int
gs_fill_buffer(const struct gs_func *f, struct gs_state *s, uint64_t *buffer)
{
    const struct gs_slot *want = unit_of(f)->slots + f->first_slot;
    uint32_t n = s->nlocals + s->nstack;
    /* First what can fail: boxes go into the state, which stays whole. */
    for (uint32_t i = 0; i < n; i++) {
        struct gs_value *v = &s->slots[i];
        if ((want[i].kind != GS_OBJ && want[i].kind != GS_OBJ_OR_NULL) || v->kind == GS_NULL || v->kind == GS_OBJ
            || v->kind == GS_OBJ_OR_NULL) {
            continue;
        }
        if (v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN) {
            v->w[0] = v->w[1];
            v->kind = GS_OBJ;
            continue;
        }
        PyObject *o;
        if (gs_box(v, &o) < 0) {
            return -1;
        }
        *v = (struct gs_value){.kind = GS_OBJ, .owned = 1, .w = {(uint64_t)(uintptr_t)o}};
    }
    *buffer++ = (uint64_t)(uintptr_t)s->callable;
    *buffer++ = (uint64_t)(uintptr_t)s->frame;
    /* By reference: a copy of what has just been written field by field waits for those writes. */
    for (uint32_t i = 0; i < n; i++) {
        struct gs_value *v = &s->slots[i], known;
        uint8_t owned = v->owned, kind = want[i].kind;
        int as_object = kind == GS_OBJ || kind == GS_OBJ_OR_NULL;
        if ((v->kind == GS_OBJ || v->kind == GS_OBJ_OR_NULL) && !as_object) {
            gs_value_of(&known, (PyObject *)v->w[0], owned);
            owned = known.owned;
            v->owned = 0;
            v = &known;
        }
        s->slots[i].owned = 0;
        int object_at = as_object ? 0 : kind == GS_INT_ORIGIN || kind == GS_FLOAT_ORIGIN ? 1 : -1; /* the word that holds the object */
        if (kind == GS_NULL) {
            continue;
        }
        if (kind == GS_DYN) {
            buffer[0] = v->kind;
            buffer[1] = v->w[0];
        } else if (as_object) {
            buffer[0] = v->kind == GS_NULL ? 0 : v->w[0];
        } else {
            for (uint32_t k = 0; k < want[i].ncomp; k++) {
                buffer[k] = v->w[k];
            }
        }
        PyObject *o = object_at >= 0 ? (PyObject *)buffer[object_at] : NULL;
        if (want[i].owned && !owned) {
            Py_XINCREF(o);
        } else if (owned && !want[i].owned) {
            Py_XDECREF(o); /* the box of a bool or None, as `accepts` sees to: they live for ever */
        }
        buffer += want[i].ncomp;
    }
    return 0;
}

/* ---- Installing ---- */

void
gs_take_head(struct gs_attached *a)
{
    if (Py_IS_TYPE(a->func, &gs_function_type)) { /* not suspended */
        a->func->vectorcall = a->strict && a->record->partly ? gs_vectorcall_entry : a->record->head;
    }
}

/* It looks at each of the functions, of which there may be very many: not for what changes with one of them. */
void
gs_record_update_head(struct gs_record *r)
{
    uint64_t next = (uint64_t)(uintptr_t)(r->simple ? gs_vectorcall_miss : gs_vectorcall_unbind);
    for (uint32_t i = 0; i < r->nentries; i++) {
        r->entries[i].func->next = next;
        next = r->entries[i].func->stub;
    }
    const struct gs_func *newest = r->nentries ? r->entries[r->nentries - 1].func : NULL;
    int again = newest && newest->flags & GS_FUNC_RECORDING && r->recording_rounds < GS_RECORDING_ROUNDS && !r->give_up;
    int direct = newest && r->simple && !again;
    vectorcallfunc without = r->cold && r->casual && !newest ? gs_vectorcall_cold : gs_vectorcall_entry;
    r->head = direct ? (vectorcallfunc)(uintptr_t)newest->stub : without;
    for (struct gs_attached *a = r->functions; a; a = a->next) {
        gs_take_head(a);
    }
}

static void
forget_same(struct gs_version *list, uint32_t *n, const struct gs_version *newer)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *n; i++) {
        if (!same_key(&list[i], newer)) {
            list[kept++] = list[i];
        }
    }
    *n = kept;
}

static void
forget_unit(struct gs_version *list, uint32_t *n, const struct gs_unit *unit)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *n; i++) {
        if (list[i].unit != unit) {
            list[kept++] = list[i];
        }
    }
    *n = kept;
}

static uint64_t
profile_of(const struct gs_unitobj *u)
{
    uint64_t sum = gs_profile_sum(u->owner);
    for (uint32_t i = 0; i < u->nrecords; i++) {
        sum = sum * 31 + gs_profile_sum(u->records[i]);
    }
    return sum;
}

void
gs_unit_retire_if_outdated(const struct gs_unit *unit)
{
    size_t i = range_above(unit->code);
    struct gs_unitobj *u = i && ranges[i - 1].unit == unit ? ranges[i - 1].holder : NULL;
    if (u && u->owner && u->owner->compiles < GS_COMPILES_MAX && profile_of(u) != u->profile && (u->owner->casual || gs_is_paid(u->owner))) {
        forget_unit(u->owner->entries, &u->owner->nentries, unit);
        forget_unit(u->owner->continuations, &u->owner->ncontinuations, unit);
        gs_record_update_head(u->owner);
    }
}

void
gs_retire_embedders(struct gs_record *r, PyObject *function)
{
    for (uint32_t i = 0; i < r->nunits; i++) {
        struct gs_unitobj *u = r->units[i];
        for (uint64_t k = 0; k < u->unit->nobjects; k++) {
            if (u->unit->objects[k] == (uint64_t)(uintptr_t)function && !u->counted[k]) {
                u->unit->valid = 0;
                forget_unit(r->entries, &r->nentries, u->unit);
                forget_unit(r->continuations, &r->ncontinuations, u->unit);
                break;
            }
        }
    }
    gs_record_update_head(r);
}

static int
is_known(struct gs_unitobj *u, struct gs_record *r)
{
    uint32_t i = 0;
    while (i < u->nrecords && u->records[i] != r) {
        i++;
    }
    return i < u->nrecords;
}

/* The other records that the unit's code may exit into. */
static int
find_records(struct gs_unitobj *u, const struct gs_unit *unit, struct gs_record *own)
{
    uint32_t room = 0;
    for (uint64_t i = 0; i < unit->nexits + unit->nfuncs; i++) {
        struct gs_record *r = i < unit->nexits ? unit->exits[i].record : unit->funcs[i - unit->nexits].record;
        if (!r || r == own || is_known(u, r)) {
            continue;
        }
        if (reserve((void **)&u->records, u->nrecords, 1, &room, sizeof *u->records) < 0) {
            return -1;
        }
        u->records[u->nrecords++] = (struct gs_record *)Py_NewRef(r);
    }
    return 0;
}

/* The most words that an entry by memory of the unit reads. */
static uint64_t
buffer_words(const struct gs_unit *unit)
{
    uint64_t most = 0;
    for (uint64_t i = 0; i < unit->nfuncs; i++) {
        const struct gs_func *f = &unit->funcs[i];
        uint64_t n = 2;
        for (uint32_t k = 0; k < f->nlocals + f->nstack; k++) {
            n += unit->slots[f->first_slot + k].ncomp;
        }
        most = n > most ? n : most;
    }
    return most;
}

/* What nobody ever frees need not be held, and whoever counts references to it, to None or to 10, finds as many as ever. */
static int
lives_for_ever(PyObject *o)
{
    if (PyLong_CheckExact(o)) {
        int overflow;
        long n = PyLong_AsLongAndOverflow(o, &overflow);
        if (overflow || n < -_PY_NSMALLNEGINTS || n >= _PY_NSMALLPOSINTS) {
            return 0;
        }
        PyObject *small = PyLong_FromLong(n);
        Py_DECREF(small);
        return small == o;
    }
    return o == Py_None || o == Py_Ellipsis || o == Py_NotImplemented || PyBool_Check(o)
           || (PyType_Check(o) && !PyType_HasFeature((PyTypeObject *)o, Py_TPFLAGS_HEAPTYPE));
}

/* Nor what the record's code holds anyway. */
static int
is_constant(const struct gs_record *r, PyObject *o)
{
    PyObject *constants = r->code->co_consts;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); i++) {
        if (PyTuple_GET_ITEM(constants, i) == o) {
            return 1;
        }
    }
    return 0;
}

/* A function that calls itself embeds itself. Counted, that would make a cycle of every recursive function, and
   one more reference than the undecorated one has; so it is not, and its end retires the unit. */
static void
hold_objects(struct gs_unitobj *u, struct gs_record *own)
{
    for (uint64_t i = 0; i < u->unit->nobjects; i++) {
        PyObject *o = (PyObject *)u->unit->objects[i];
        struct gs_attached *a = gs_attached_find(o);
        if (a && a->record == own) {
            a->embedded = 1;
        } else if (!lives_for_ever(o) && !is_constant(own, o)) {
            u->counted[i] = 1;
            Py_INCREF(o);
        }
    }
}

/* The first of the record's own lines that the unit leaves to the interpreter, in words. */
static void
find_interpreted_line(struct gs_record *r, const struct gs_unit *unit)
{
    for (uint64_t i = 0; i < unit->nexits && !r->partly; i++) {
        const struct gs_exitdesc *e = &unit->exits[i];
        if (e->kind == GS_EXIT_INTERPRET && e->reason == GS_WHY_NOT_COMPILED && e->record == r) {
            char text[80];
            snprintf(text, sizeof text, "line %d stays interpreted", PyCode_Addr2Line(r->code, (int)e->off * 2));
            r->partly = PyMem_RawMalloc(strlen(text) + 1);
            if (r->partly) {
                strcpy(r->partly, text);
            }
        }
    }
}

/* Whether a version may stand for calls from Python: there an argument is an object, and who returns it must return that one. */
static int
keeps_identity(const struct gs_record *r, const struct gs_version *v)
{
    const struct gs_slot *want = v->unit->slots + v->func->first_slot;
    for (uint32_t i = 0; i < r->nparams; i++) {
        if (want[i].kind == GS_INT || want[i].kind == GS_FLOAT || want[i].kind == GS_DYN) {
            return 0;
        }
    }
    return 1;
}

struct gs_unitobj *
gs_unit_install(struct gs_record *r, struct gs_unit *unit, enum gs_mode mode)
{
    if (unit->magic != GS_UNIT_MAGIC) {
        PyErr_SetString(PyExc_SystemError, "the compiler's unit does not begin as one");
        return NULL;
    }
    struct gs_unitobj *u = PyObject_GC_New(struct gs_unitobj, &gs_unit_class);
    if (!u) {
        return NULL;
    }
    memset((char *)u + sizeof(PyObject), 0, sizeof *u - sizeof(PyObject));
    u->mode = mode;
    u->pid = (long)getpid();
    u->counted = PyMem_RawCalloc(unit->nobjects + 1, 1);
    int ok = u->counted || PyErr_NoMemory();
    ok = ok && find_records(u, unit, r) == 0 && gs_buffer_reserve(buffer_words(unit)) == 0 && range_reserve() == 0 && reserve((void **)&r->units, r->nunits, 1, &r->units_room, sizeof *r->units) == 0
         && reserve((void **)&r->entries, r->nentries, (uint32_t)unit->nfuncs, &r->entries_room, sizeof *r->entries) == 0
         && reserve((void **)&r->continuations, r->ncontinuations, (uint32_t)unit->nfuncs, &r->continuations_room, sizeof *r->continuations) == 0;
    if (!ok) {
        Py_DECREF(u); /* without a unit yet: the caller has that freed */
        return NULL;
    }
    u->unit = unit;
    hold_objects(u, r);
    u->owner = r;
    for (uint64_t i = 0; i < unit->nguesses; i++) {
        const struct gs_guess *g = &unit->guesses[i];
        if (g->record->profile && g->site < g->record->nsites) {
            gs_assume(&g->record->profile[g->site], g);
        }
    }
    u->profile = profile_of(u);
    range_add(unit, u);
    r->units[r->nunits++] = u;
    for (uint64_t i = 0; i < unit->nfuncs; i++) {
        struct gs_version v = {&unit->funcs[i], unit};
        if (v.func->record != r || v.func->flags & GS_FUNC_CALLEE) {
            continue;
        }
        if (v.func->flags & GS_FUNC_RECORDING && gs_rounds_to_record(r)) {
            v.func->rounds = gs_rounds_to_record(r);
        }
        if (v.func->off == 0 && v.func->stub && keeps_identity(r, &v)) {
            forget_same(r->entries, &r->nentries, &v);
            if (v.func->flags & GS_FUNC_GENERAL) { /* last in the chain, for it takes everything */
                memmove(r->entries + 1, r->entries, r->nentries * sizeof v);
                r->entries[0] = v;
                r->nentries++;
                r->general = 1;
            } else {
                r->entries[r->nentries++] = v;
            }
        }
        if (v.func->memory_entry) {
            forget_same(r->continuations, &r->ncontinuations, &v);
            r->continuations[r->ncontinuations++] = v;
        }
    }
    find_interpreted_line(r, unit);
    PyObject_GC_Track(u);
    gs_record_update_head(r);
    return u;
}

/* ---- Units that nobody enters any more ----

   As a function learns, newer versions take the place of older ones, which a library with large functions makes a hundred megabytes of. What still runs
   in one has an address of its code or data on the C stack: each native frame's return address, what the runtime has in hand. So a unit that no
   list has, and no word of the stack points into, is free. That takes that there is one stack: with several threads, or with
   greenlet, which keeps parts of the stack elsewhere, nothing is freed. */

struct span { uint64_t start, end; struct gs_unitobj *holder; };

static int
by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct span *)a)->start, y = ((const struct span *)b)->start;
    return (x > y) - (x < y);
}

static int
is_alone(void)
{
    PyInterpreterState *interp = PyInterpreterState_Head();
    PyThreadState *ts = interp ? PyInterpreterState_ThreadHead(interp) : NULL;
    PyObject *modules = PyImport_GetModuleDict();
    return ts == cp_thread() && !PyInterpreterState_Next(interp) && !PyThreadState_Next(ts) && modules && !PyDict_GetItemString(modules, "greenlet");
}

static void
find_versions(const struct gs_version *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        size_t at = range_above(list[i].unit->code);
        ranges[at - 1].holder->found = 1;
    }
}

/* In a C frame of its own, beneath which lie the registers that the caller has saved. */
static void __attribute__((noinline))
find_on_stack(struct span *spans, size_t n, uint64_t top)
{
    for (uint64_t at = (uint64_t)(uintptr_t)__builtin_frame_address(0); at + 8 <= top; at += 8) {
        uint64_t word = *(const volatile uint64_t *)(uintptr_t)at << 16 >> 16; /* arm64 may sign addresses */
        size_t low = 0, high = n;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (spans[middle].start <= word) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low && word <= spans[low - 1].end) {
            spans[low - 1].holder->found = 1;
        }
        if (low > 1 && word <= spans[low - 2].end) { /* where one ends the next may begin */
            spans[low - 2].holder->found = 1;
        }
    }
}

static void
sweep(uint64_t top)
{
    struct span *spans = PyMem_RawMalloc(2 * nranges * sizeof *spans);
    struct gs_unitobj **dead = PyMem_RawMalloc(nranges * sizeof *dead);
    size_t nspans = 0, ndead = 0;
    for (size_t i = 0; i < nranges; i++) {
        ranges[i].holder->found = 0;
    }
    for (size_t i = 0; i < nranges; i++) {
        const struct gs_record *r = ranges[i].holder->owner;
        if (r) {
            find_versions(r->entries, r->nentries);
            find_versions(r->continuations, r->ncontinuations);
        }
    }
    for (size_t i = 0; spans && dead && i < nranges; i++) {
        struct range *c = &ranges[i];
        if (c->holder->owner && !c->holder->found) {
            uint64_t data = (uint64_t)(uintptr_t)c->unit;
            spans[nspans++] = (struct span){c->start, c->end, c->holder};
            spans[nspans++] = (struct span){data, data + c->unit->data_size, c->holder};
        }
    }
    if (nspans) {
        qsort(spans, nspans, sizeof *spans, by_start);
        __builtin_unwind_init();
        find_on_stack(spans, nspans, top);
    }
    for (size_t i = 0; nspans && i < nranges; i++) {
        if (ranges[i].holder->owner && !ranges[i].holder->found) {
            dead[ndead++] = ranges[i].holder;
        }
    }
    for (size_t i = 0; i < ndead; i++) {
        struct gs_record *r = dead[i]->owner;
        uint32_t kept = 0;
        for (uint32_t k = 0; k < r->nunits; k++) {
            if (r->units[k] != dead[i]) {
                r->units[kept++] = r->units[k];
            }
        }
        r->nunits = kept;
        dead[i]->owner = NULL;
    }
    while (ndead) { /* only now: what dies with them may run anything */
        Py_DECREF(dead[--ndead]);
    }
    PyMem_RawFree(spans);
    PyMem_RawFree(dead);
}

void
gs_units_sweep(void)
{
    static uint64_t sweep_at = GS_SWEEP_BYTES;
    if (code_bytes + data_bytes < sweep_at) {
        return;
    }
    uint64_t top = is_alone() ? gs_stack_top() : 0;
    if (top) {
        sweep(top);
    }
    sweep_at = code_bytes + data_bytes + (top ? GS_SWEEP_BYTES : GS_SWEEP_BYTES / 16);
}
