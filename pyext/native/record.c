/* Records: what all function objects made of one (code, globals, builtins) share. A record is a Python object, and so
   are its units, for the collector to see every cycle that runs through native code: function → record → unit → embedded object → function.

   A closure that is made anew in each call of its outer function would lose its code with every closure that dies.
   So a record without a function idles for a while, if somebody else has its code object, the outer function's
   constants. It is let go when two full collections found it idle: it holds the module's globals. */
#include "runtime.h"
#include "policy.h"
#include <opcode.h>


/* ---- The table, which counts nothing, and the idle ---- */

static struct gs_record **table;
static size_t table_mask, table_count;
static struct { struct gs_record *record; int seen; } idle[GS_IDLE_MAX]; /* counted; the longest idle first */
static int nidle;

static size_t
slot_of(const void *code, size_t mask)
{
    return (size_t)(((uintptr_t)code >> 4) * 0x9e3779b97f4a7c15ull >> 20) & mask;
}

static struct gs_record *
table_find(PyFunctionObject *f)
{
    struct gs_record *r = table ? table[slot_of(f->func_code, table_mask)] : NULL;
    while (r && ((PyObject *)r->code != f->func_code || r->globals != f->func_globals || r->builtins != f->func_builtins)) {
        r = r->chain;
    }
    return r;
}

static int
table_add(struct gs_record *r)
{
    if (!table || table_count > table_mask) {
        size_t mask = table ? 2 * table_mask + 1 : 63;
        struct gs_record **grown = PyMem_RawCalloc(mask + 1, sizeof *grown);
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        for (size_t i = 0; table && i <= table_mask; i++) {
            for (struct gs_record *e = table[i], *next; e; e = next) {
                next = e->chain;
                size_t s = slot_of(e->code, mask);
                e->chain = grown[s];
                grown[s] = e;
            }
        }
        PyMem_RawFree(table);
        table = grown;
        table_mask = mask;
    }
    size_t s = slot_of(r->code, table_mask);
    r->chain = table[s];
    table[s] = r;
    table_count++;
    return 0;
}

static void
table_remove(struct gs_record *r)
{
    for (struct gs_record **link = &table[slot_of(r->code, table_mask)]; *link; link = &(*link)->chain) {
        if (*link == r) {
            *link = r->chain;
            table_count--;
            return;
        }
    }
}

int
gs_any_record(int (*is)(PyCodeObject *))
{
    for (size_t i = 0; table && i <= table_mask; i++) {
        for (struct gs_record *r = table[i]; r; r = r->chain) {
            if (is(r->code)) {
                return 1;
            }
        }
    }
    return 0;
}

/* gives the reference back */
static void
idle_take(int i)
{
    idle[i].record->idle = 0;
    nidle--;
    memmove(&idle[i], &idle[i + 1], (size_t)(nidle - i) * sizeof idle[0]);
}

/* At exit a module's objects end with their module, and their destructors run. */
static int ending;

PyObject *
gs_record_ending(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    ending = 1;
    while (nidle) {
        struct gs_record *r = idle[nidle - 1].record;
        idle_take(nidle - 1);
        Py_DECREF(r);
    }
    Py_RETURN_NONE;
}

static int sweep_requested;

static int
sweep(void *unused)
{
    (void)unused;
    sweep_requested = 0;
    for (int i = 0; i < nidle; i++) {
        idle[i].seen++;
    }
    while (nidle && idle[0].seen >= 2) { /* the list is in order of age, and what dies with a record may change it */
        struct gs_record *r = idle[0].record;
        idle_take(0);
        Py_DECREF(r);
    }
    return 0;
}

/* The one object whose traversal tells that a full collection is under way: it is always among the oldest. */
static int
sentinel_traverse(PyObject *self, visitproc visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
    gs_drop_spare_ints();
    if (nidle && !sweep_requested) {
        sweep_requested = Py_AddPendingCall(sweep, NULL) == 0;
    }
    return 0;
}

static PyTypeObject sentinel_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gophersnake._native.Sentinel",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_traverse = sentinel_traverse,
};

/* ---- The record ---- */

const char *
gs_why_plain(PyFunctionObject *f)
{
    PyCodeObject *code = (PyCodeObject *)f->func_code;
    if (code->co_flags & CO_ASYNC_GENERATOR) {
        return "asynchronous generator function";
    }
    if (code->co_flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE)) {
        return "coroutine function";
    }
    if (code->co_flags & CO_GENERATOR) {
        return "generator function";
    }
    if (!(code->co_flags & CO_OPTIMIZED)) {
        return "its code is not a function's";
    }
    if (Py_SIZE(code) > GS_CODE_UNITS_MAX * CP_LENGTH) {
        return "it is too long";
    }
    if (!gs_attached_find((PyObject *)f) && f->vectorcall != cp_plain_vectorcall) {
        return "another tool has changed how it is called";
    }
    return NULL;
}

/* A bytecode that stores twice (3.13+) looks at the class of both. A cache that looks like one costs a site that nobody uses. */
static int
make_profile(struct gs_record *r)
{
    uint32_t nsites = (uint32_t)Py_SIZE(r->code);
#ifdef STORE_FAST_STORE_FAST
    PyObject *bytes = PyCode_GetCode(r->code);
    if (!bytes) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyBytes_GET_SIZE(bytes); i += 2) {
        nsites += (uint8_t)PyBytes_AS_STRING(bytes)[i] == STORE_FAST_STORE_FAST;
    }
    Py_DECREF(bytes);
#endif
    r->profile = PyMem_RawCalloc((size_t)nsites + 1, sizeof *r->profile);
    if (!r->profile) {
        PyErr_NoMemory();
        return -1;
    }
    r->nsites = nsites;
    return 0;
}

/* The parameters whose local the code only reads: their references stay the caller's. */
static int
find_borrowed(struct gs_record *r)
{
    uint64_t *borrowed = PyMem_RawCalloc(r->nparams / 64 + 1, 8);
    PyObject *bytes = borrowed ? PyCode_GetCode(r->code) : PyErr_NoMemory(); /* as compiled, without specialised bytecodes */
    if (!bytes) {
        PyMem_RawFree(borrowed);
        return -1;
    }
    for (uint32_t i = 0; i < r->nparams; i++) {
        borrowed[i >> 6] |= 1ull << (i & 63);
    }
    const uint8_t *p = (const uint8_t *)PyBytes_AS_STRING(bytes), *end = p + PyBytes_GET_SIZE(bytes);
    for (uint32_t extended = 0; p < end; p += 2) {
        uint32_t arg = extended << 8 | p[1];
        extended = p[0] == EXTENDED_ARG ? arg : 0;
        uint32_t written[2];
        for (int n = cp_writes(p[0], arg, written); n > 0; n--) {
            if (written[n - 1] < r->nparams) {
                borrowed[written[n - 1] >> 6] &= ~(1ull << (written[n - 1] & 63));
            }
        }
    }
    Py_DECREF(bytes);
    r->borrowed = borrowed;
    return 0;
}

/* What only a compile needs: most functions that were jitted with everything around them are never compiled. */
int
gs_record_ready(struct gs_record *r)
{
    if (!r->profile && make_profile(r) < 0) {
        return -1;
    }
    return r->borrowed ? 0 : find_borrowed(r);
}

static void
free_memory(struct gs_record *r)
{
    PyMem_RawFree(r->profile);
    PyMem_RawFree(r->entries);
    PyMem_RawFree(r->continuations);
    PyMem_RawFree(r->borrowed);
    PyMem_RawFree(r->units);
    PyMem_RawFree(r->reason);
    PyMem_RawFree(r->partly);
}

struct gs_record *
gs_record_make(PyFunctionObject *f)
{
    struct gs_record *r = table_find(f);
    if (r) {
        return (struct gs_record *)Py_NewRef(r);
    }
    r = PyObject_GC_New(struct gs_record, &gs_record_class);
    if (!r) {
        return NULL;
    }
    memset((char *)r + sizeof(PyObject), 0, sizeof *r - sizeof(PyObject));
    PyCodeObject *code = (PyCodeObject *)f->func_code;
    r->code = (PyCodeObject *)Py_NewRef(code);
    r->globals = Py_NewRef(f->func_globals);
    r->builtins = Py_NewRef(f->func_builtins);
    int stars = !!(code->co_flags & CO_VARARGS) + !!(code->co_flags & CO_VARKEYWORDS);
    r->nparams = (uint32_t)(code->co_argcount + code->co_kwonlyargcount + stars);
    r->simple = r->nparams == (uint32_t)code->co_argcount;
    r->head = gs_vectorcall_entry;
    if (table_add(r) < 0) {
        free_memory(r);
        Py_DECREF(r->code), Py_DECREF(r->globals), Py_DECREF(r->builtins);
        PyObject_GC_Del(r);
        return NULL;
    }
    PyObject_GC_Track(r);
    cp_heed_monitors(code);
    return r;
}

/* Of a function, with what a compile needs: a new reference. */
static struct gs_record *
ready_for(PyObject *function)
{
    struct gs_attached *a = gs_attached_find(function);
    struct gs_record *r;
    if (a && (PyObject *)a->record->code == a->func->func_code) {
        r = (struct gs_record *)Py_NewRef(a->record);
    } else if (!a && !Py_IS_TYPE(function, &PyFunction_Type)) {
        PyErr_SetString(PyExc_TypeError, "not a function");
        return NULL;
    } else {
        int known = table_find((PyFunctionObject *)function) != NULL;
        r = gs_record_make((PyFunctionObject *)function);
        if (r && !r->functions) {
            r->casual = gs_compiling_casually && (r->casual || !known);
        }
    }
    if (r && gs_record_ready(r) < 0) {
        Py_CLEAR(r);
    }
    return r;
}

struct gs_record *
gs_record_for(PyObject *function)
{
    struct gs_record *r = ready_for(function);
    int kept = r ? gs_keep((PyObject *)r) : -1;
    Py_XDECREF(r);
    return kept < 0 ? NULL : r;
}

/* A function that is made anew in each round, or that somebody passed: the next version guards its code. */
struct gs_record *
gs_learn_callee(PyObject *callable, struct gs_site *site)
{
    PyFunctionObject *f = (PyFunctionObject *)callable;
    int attached = Py_IS_TYPE(callable, &gs_function_type);
    if (site->flags & GS_SITE_POLY) {
        return NULL;
    }
    if ((!attached && !Py_IS_TYPE(callable, &PyFunction_Type)) || gs_why_plain(f)) {
        site->flags |= GS_SITE_POLY;
        return NULL;
    }
    int collects = PyGC_Disable();
    struct gs_record *r = ready_for(callable);
    if (collects) {
        PyGC_Enable();
    }
    if (!r) {
        PyErr_Clear();
        site->flags |= GS_SITE_POLY;
        return NULL;
    }
    r->named = 1;
    uint32_t flags = GS_SITE_CALLEE | (attached ? GS_SITE_ATTACHED : 0);
    if (!site->type) {
        site->type = (uint64_t)(uintptr_t)r;
        site->flags |= flags;
    } else if (site->type != (uint64_t)(uintptr_t)r || (site->flags & GS_SITE_ATTACHED) != (flags & GS_SITE_ATTACHED)) {
        site->flags |= GS_SITE_POLY;
    }
    return r;
}

struct gs_record *
gs_live_record(uint64_t address)
{
    for (size_t i = 0; table && i <= table_mask; i++) {
        for (struct gs_record *r = table[i]; r; r = r->chain) {
            if ((uint64_t)(uintptr_t)r == address) {
                return r;
            }
        }
    }
    return NULL;
}

void
gs_record_join(struct gs_record *r, struct gs_attached *a)
{
    if (r->idle) {
        for (int i = 0; i < nidle; i++) {
            if (idle[i].record == r) {
                idle_take(i);
                Py_DECREF(r); /* the one being joined stays */
                break;
            }
        }
    }
    if (!a->casual && r->casual) {
        r->casual = 0;
        gs_record_update_head(r);
    } else if (a->casual && !r->functions && !r->nunits) {
        r->casual = 1;
    }
    a->record = r;
    a->next = r->functions;
    a->link = &r->functions;
    if (a->next) {
        a->next->link = &a->next;
    }
    r->functions = a;
    gs_take_head(a);
}

struct gs_record *
gs_record_leave(struct gs_attached *a)
{
    struct gs_record *r = a->record;
    *a->link = a->next;
    if (a->next) {
        a->next->link = a->link;
    }
    a->record = NULL;
    return r;
}

void
gs_record_release(struct gs_record *r, int functions)
{
    /* Past the record's own reference to the code, and these: a closure may come again. */
    int warming = r->casual && r->interpreted && nidle < GS_IDLE_MAX;
    int worth = !ending && (r->nunits || r->named || warming || (r->give_up && r->reason));
    if (!r->functions && !r->idle && worth && Py_REFCNT(r->code) > 1 + functions) {
        if (nidle == GS_IDLE_MAX) {
            struct gs_record *oldest = idle[0].record;
            idle_take(0);
            Py_DECREF(oldest);
        }
        if (nidle < GS_IDLE_MAX && !r->idle) {
            idle[nidle].record = r;
            idle[nidle++].seen = 0;
            r->idle = 1;
            return;
        }
    }
    Py_DECREF(r);
}

void
gs_record_detach_all(struct gs_record *r, const char *reason)
{
    Py_INCREF(r);
    while (r->functions) {
        gs_detach((PyObject *)r->functions->func, reason);
    }
    Py_DECREF(r);
}

static int
record_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct gs_record *r = (struct gs_record *)self;
    Py_VISIT(r->globals);
    Py_VISIT(r->builtins);
    for (uint32_t i = 0; i < r->nunits; i++) {
        Py_VISIT(r->units[i]);
    }
    return 0;
}

static void
drop_units(struct gs_record *r)
{
    uint32_t n = r->nunits;
    r->nunits = r->nentries = r->ncontinuations = 0;
    gs_record_update_head(r);
    while (n) {
        r->units[--n]->owner = NULL; /* somebody may have found it among the collector's objects */
        Py_DECREF(r->units[n]);
    }
}

/* Only for garbage. Functions first: none may lead to code that is on its way out. */
static int
record_clear(PyObject *self)
{
    ((struct gs_record *)self)->give_up = 1;
    drop_units((struct gs_record *)self);
    return 0;
}

static void
record_dealloc(PyObject *self)
{
    struct gs_record *r = (struct gs_record *)self;
    PyObject_GC_UnTrack(self);
    gs_heat_forget(r);
    table_remove(r);
    drop_units(r);
    free_memory(r);
    Py_DECREF(r->globals);
    Py_DECREF(r->builtins);
    Py_DECREF(r->code);
    PyObject_GC_Del(self);
}

PyTypeObject gs_record_class = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gophersnake._native.Record",
    .tp_basicsize = sizeof(struct gs_record),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = record_dealloc,
    .tp_traverse = record_traverse,
    .tp_clear = record_clear,
};

int
gs_record_init(void)
{
    if (PyType_Ready(&gs_record_class) < 0 || PyType_Ready(&sentinel_type) < 0) {
        return -1;
    }
    PyObject *sentinel = PyObject_GC_New(PyObject, &sentinel_type); /* for the process's life */
    if (!sentinel) {
        return -1;
    }
    PyObject_GC_Track(sentinel);
    return 0;
}

/* ---- What exits teach ---- */

uint64_t
gs_profile_sum(const struct gs_record *r)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->nsites; i++) {
        sum = (sum ^ r->profile[i].type ^ r->profile[i].flags * 0xff51afd7ed558ccdull) * 0x9e3779b97f4a7c15ull;
        sum ^= sum >> 32; /* else what differs in high bits only would stay there, and two such differences could cancel */
    }
    return sum;
}

/* A look costs a walk over the profile: at the third time, then at each doubling. */
static void
look_again(const struct gs_unit *unit, const struct gs_exitdesc *e)
{
    uint32_t n = e->count;
    if (n == GS_EXITS_FIRST_LOOK || (n > GS_EXITS_FIRST_LOOK && !(n & (n - 1)))) {
        gs_unit_retire_if_outdated(unit);
    }
}

void
gs_record_exit(struct gs_record *r, const struct gs_unit *unit, const struct gs_exitdesc *e)
{
    gs_totals.exits++;
    if (gs_log_exits) {
        PyObject *type, *value, *traceback; /* of an exit that raises */
        PyErr_Fetch(&type, &value, &traceback);
        const char *name = PyUnicode_AsUTF8(r->code->co_qualname);
        fprintf(stderr, "gophersnake: exit: %s, bytecode %u: kind %u, reason %u, taken %u times\n", name ? name : "?", e->off * 2, e->kind,
                e->reason, e->count);
        PyErr_Restore(type, value, traceback);
    }
    if (e->kind == GS_EXIT_TOUCHED) {
        look_again(unit, e);
        return;
    }
    if (e->kind != GS_EXIT_RESUME) {
        return; /* polls, raises and what is not compiled teach nothing about types */
    }
    r->exits++;
    look_again(unit, e);
}

/* From now on the way to the handler, or out, is compiled. */
void
gs_record_raised(struct gs_record *r, const struct gs_unit *unit, const struct gs_exitdesc *e)
{
    if (r->profile) {
        r->profile[e->raise_off].flags |= GS_SITE_RAISED;
        look_again(unit, e);
    }
}
