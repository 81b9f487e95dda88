/* Drives the runtime's frames and exits without a compiler: it lays out what native code would leave (registers, a native
   stack, descriptors) for a real function at a given bytecode, and calls gs_exit. Where the runtime wants to go on natively, the
   driver plays the native code: it leaves at once through another exit. For tests only; built by tests/test_exits.py. */
#include "helpers.h"
#include "runtime.h"
#include <signal.h>

/* ---- What the other half of the runtime has ---- */

PyTypeObject gs_function_type = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = "none"};
static int native;       /* 0: there is no continuation, 1: frameless, 2: with a frame */
static struct gs_unit *units[64];
static int nunits;
static uint64_t exits_recorded, continuations, nested;

static struct { struct gs_func func; uint8_t kinds[512], owned[512]; } version; /* the latest one handed out */

struct gs_attached *gs_attached_find(PyObject *f) { (void)f; return NULL; }
PyObject *gs_call_learning(PyObject *kwnames, struct gs_site *site, PyObject *const *stack, int64_t n) { (void)site; return gs_call(kwnames, stack, n); }
PyObject *gs_call_unpacked(PyObject *callable, PyObject *args, PyObject *kwargs) { (void)callable, (void)args, (void)kwargs; return NULL; }
int gs_any_record(int (*is)(PyCodeObject *)) { (void)is; return 0; }
int gs_suspend(PyObject *f) { (void)f; return 0; }
void gs_resume(PyObject *f, int suspended) { (void)f, (void)suspended; }
void gs_record_exit(struct gs_record *r, const struct gs_unit *u, const struct gs_exitdesc *d) { (void)r, (void)u, (void)d; exits_recorded++; }
void gs_record_raised(struct gs_record *r, const struct gs_unit *u, const struct gs_exitdesc *d) { (void)r, (void)u, (void)d; }
struct gs_func *gs_compile_continuation(struct gs_record *r, struct gs_state *s, enum gs_mode m) { (void)r, (void)s, (void)m; return NULL; }
int gs_is_warm_exit(struct gs_record *r, uint32_t count) { (void)r, (void)count; return 1; }

struct gs_func *
gs_find_continuation(struct gs_record *r, const struct gs_state *s)
{
    if (!native || s->nlocals + s->nstack > 512) {
        return NULL;
    }
    version.func = (struct gs_func){.record = r, .off = s->off, .flags = native == 2 ? GS_FUNC_HAS_FRAME : 0, .nlocals = s->nlocals,
                                    .nstack = s->nstack, .memory_entry = 4711};
    return &version.func;
}

int
gs_fill_buffer(const struct gs_func *f, struct gs_state *s, uint64_t *buffer)
{
    (void)f;
    *buffer++ = (uint64_t)(uintptr_t)s->callable;
    *buffer++ = (uint64_t)(uintptr_t)s->frame;
    for (uint32_t i = 0; i < s->nlocals + s->nstack; i++) {
        struct gs_value *v = &s->slots[i];
        version.kinds[i] = v->kind;
        version.owned[i] = v->owned;
        memcpy(buffer, v->w, sizeof v->w);
        buffer += 3;
    }
    return 0;
}

struct gs_unit *
gs_unit_at(uint64_t address)
{
    for (int i = 0; i < nunits; i++) {
        if (address >= units[i]->code && address < units[i]->code + units[i]->code_size) {
            return units[i];
        }
    }
    return NULL;
}

/* ---- Slots told by Python: an object (owned), or (kind, ...) ---- */

enum { MOST = 512, CHAIN = 4 * (3 * MOST + 1) };
static uint64_t above[CHAIN]; /* the native stack from the return address up */

struct layout {
    struct gs_slot slots[MOST];
    struct gs_loc locs[3 * MOST];
    uint32_t nslots, nlocs;
    uint64_t stack[3 * MOST + CHAIN]; /* the native frame; what continues a caller's activation has the callers above */
    uint32_t nstack;
    struct gs_regs regs;
    uint32_t gpr, fpr;
};

static void
place(struct layout *l, uint64_t word, int is_float)
{
    static const int registers[] = {0, 1, 2, 3, 6, 7, 8, 9, 10};
    struct gs_loc *loc = &l->locs[l->nlocs++];
    if (is_float && l->fpr < GS_REGS) {
        *loc = (struct gs_loc){.kind = GS_LOC_FPR, .where = (int32_t)l->fpr};
        memcpy(&l->regs.fpr[l->fpr++], &word, 8);
    } else if (!is_float && l->gpr < Py_ARRAY_LENGTH(registers) && l->nlocs % 2) {
        *loc = (struct gs_loc){.kind = GS_LOC_GPR, .where = registers[l->gpr]};
        l->regs.gpr[registers[l->gpr++]] = word;
    } else if (l->nlocs % 5 == 0 && !is_float) {
        *loc = (struct gs_loc){.kind = GS_LOC_IMM, .imm = (int64_t)word};
    } else {
        *loc = (struct gs_loc){.kind = GS_LOC_STACK, .where = (int32_t)(8 * l->nstack)};
        l->stack[l->nstack++] = word;
    }
}

/* An int, sometimes as what is computed of words that lie somewhere. */
static void
place_int(struct layout *l, PyObject *o)
{
    uint64_t word = (uint64_t)PyLong_AsLongLong(o);
    struct gs_loc *loc = &l->locs[l->nlocs];
    int32_t where = (int32_t)(8 * l->nstack);
    switch (l->nlocs % 5) {
    case 1:
        *loc = (struct gs_loc){.kind = GS_LOC_LESS, .where = 2 * where + 1, .imm = 1 << 20};
        word = (uint64_t)loc->imm - word;
        break;
    case 2: /* of a register that nothing else is in */
        l->regs.gpr[11] = 1 << 21;
        *loc = (struct gs_loc){.kind = GS_LOC_DIFF, .where = 2 * where + 1, .imm = -5 * (1LL << 32) + 2 * 11};
        word = l->regs.gpr[11] - 5 - word;
        break;
    case 3:
        *loc = (struct gs_loc){.kind = GS_LOC_STACK, .where = where, .imm = -99};
        word += 99;
        break;
    default:
        place(l, word, 0);
        return;
    }
    l->nlocs++;
    l->stack[l->nstack++] = word;
}

static uint64_t
bits(PyObject *o)
{
    double d = PyFloat_AsDouble(o);
    uint64_t word;
    memcpy(&word, &d, 8);
    return word;
}

static uint64_t
object_word(PyObject *o, int owned)
{
    if (owned) {
        Py_INCREF(o);
    }
    return (uint64_t)(uintptr_t)o;
}

static int
add_slot(struct layout *l, PyObject *told)
{
    struct gs_slot *s = &l->slots[l->nslots];
    *s = (struct gs_slot){.kind = GS_OBJ, .owned = 1, .first_loc = l->nlocs};
    const char *kind = "obj";
    PyObject *a = told, *b = NULL, *c = NULL;
    if (PyTuple_CheckExact(told) && PyTuple_GET_SIZE(told) && PyUnicode_CheckExact(PyTuple_GET_ITEM(told, 0))
        && PyUnicode_READ_CHAR(PyTuple_GET_ITEM(told, 0), 0) == '!') {
        Py_ssize_t n = PyTuple_GET_SIZE(told);
        kind = PyUnicode_AsUTF8(PyTuple_GET_ITEM(told, 0)) + 1;
        a = n > 1 ? PyTuple_GET_ITEM(told, 1) : NULL;
        b = n > 2 ? PyTuple_GET_ITEM(told, 2) : NULL;
        c = n > 3 ? PyTuple_GET_ITEM(told, 3) : NULL;
    }
    if (!strcmp(kind, "obj") || !strcmp(kind, "borrowed")) {
        s->owned = kind[0] == 'o';
        s->ncomp = 1;
        place(l, object_word(a, s->owned), 0);
    } else if (!strcmp(kind, "null")) {
        s->kind = GS_NULL;
    } else if (!strcmp(kind, "or_null")) {
        s->kind = GS_OBJ_OR_NULL;
        s->ncomp = 1;
        place(l, a ? object_word(a, 1) : 0, 0);
    } else if (!strcmp(kind, "none")) {
        s->kind = GS_NONE;
    } else if (!strcmp(kind, "int") || !strcmp(kind, "bool")) {
        s->kind = kind[0] == 'i' ? GS_INT : GS_BOOL;
        s->ncomp = 1;
        place_int(l, a);
    } else if (!strcmp(kind, "float")) {
        s->kind = GS_FLOAT;
        s->ncomp = 1;
        place(l, bits(a), 1);
    } else if (!strcmp(kind, "origin")) {
        int is_float = PyFloat_Check(a);
        s->kind = is_float ? GS_FLOAT_ORIGIN : GS_INT_ORIGIN;
        s->ncomp = 2;
        place(l, is_float ? bits(a) : (uint64_t)PyLong_AsLongLong(a), is_float);
        place(l, object_word(a, 1), 0);
    } else if (!strcmp(kind, "dyn") || !strcmp(kind, "result")) {
        s->kind = kind[0] == 'd' ? GS_DYN : GS_RESULT;
        s->ncomp = 2;
        long tag = PyLong_AsLong(a);
        place(l, (uint64_t)tag, 0);
        place(l, tag == GS_OBJ ? object_word(b, 1) : tag == GS_FLOAT ? bits(b) : b ? (uint64_t)PyLong_AsLongLong(b) : 0, 0);
    } else if (!strcmp(kind, "range") || !strcmp(kind, "range_iter")) {
        s->kind = kind[5] ? GS_RANGE_ITER : GS_RANGE;
        s->ncomp = 3;
        place_int(l, a);
        place_int(l, b);
        place_int(l, c);
    } else if (!strcmp(kind, "same")) {
        *s = l->slots[PyLong_AsLong(a)];
    } else {
        PyErr_Format(PyExc_ValueError, "no kind %s", kind);
    }
    l->nslots++;
    return PyErr_Occurred() ? -1 : 0;
}

/* ---- Records: made once for each code object, never freed ---- */

static PyObject *records;

static struct gs_record *
record_for(PyObject *function)
{
    PyObject *code = ((PyFunctionObject *)function)->func_code;
    PyObject *known = PyDict_GetItem(records, code);
    if (known) {
        return PyLong_AsVoidPtr(known);
    }
    struct gs_record *r = PyMem_RawCalloc(1, sizeof *r);
    r->code = (PyCodeObject *)Py_NewRef(code);
    r->profile = PyMem_RawCalloc((size_t)Py_SIZE(code), sizeof *r->profile);
    PyObject *address = PyLong_FromVoidPtr(r);
    PyDict_SetItem(records, code, address);
    Py_DECREF(address);
    return r;
}

/* ---- Leaving ---- */

static void
describe(struct gs_exitdesc *d, PyObject *function, struct layout *l, uint32_t first, uint32_t nlocals)
{
    *d = (struct gs_exitdesc){
        .off = 0, .nlocals = nlocals, .nstack = l->nslots - first - nlocals, .first_slot = first, .site = 0xffffffffu, .site_slot = 0xffffffffu,
        .record = record_for(function), .callable = {.kind = GS_LOC_IMM, .imm = (int64_t)(intptr_t)function}, .parent = 0xffffffffu,
    };
}

/* Native code that was entered at a continuation: it leaves at its first instruction, into the interpreter. */
static void
play(uint64_t *buffer, uint64_t *value, uint64_t *tag)
{
    struct layout *l = PyMem_RawCalloc(1, sizeof *l);
    struct gs_func f = version.func;
    PyObject *callable = (PyObject *)buffer[0];
    _PyInterpreterFrame *frame = (_PyInterpreterFrame *)buffer[1];
    continuations++;
    for (uint32_t i = 0; i < f.nlocals + f.nstack; i++) {
        static const uint8_t words[] = {0, 1, 1, 1, 1, 1, 0, 2, 2, 2, 3, 3, 2};
        struct gs_slot *s = &l->slots[i];
        *s = (struct gs_slot){.kind = version.kinds[i], .owned = version.owned[i], .ncomp = words[version.kinds[i]], .first_loc = l->nlocs};
        for (int k = 0; k < s->ncomp; k++) {
            place(l, buffer[2 + 3 * i + k], 0);
        }
    }
    l->nslots = f.nlocals + f.nstack;
    struct gs_exitdesc d;
    describe(&d, callable, l, 0, f.nlocals);
    d.off = d.raise_off = f.off;
    d.kind = GS_EXIT_INTERPRET;
    d.frame_size = 8 * 3 * MOST;
    memcpy(l->stack + 3 * MOST, above, sizeof above);
    d.frame = (struct gs_loc){.kind = frame ? GS_LOC_IMM : GS_LOC_NONE, .imm = (int64_t)(intptr_t)frame};
    struct gs_unit u = {.magic = GS_UNIT_MAGIC, .exits = &d, .nexits = 1, .slots = l->slots, .locs = l->locs};
    l->regs.gpr[GS_SP] = (uint64_t)(uintptr_t)l->stack;
    gs_exit(&u, &l->regs);
    *value = l->regs.value;
    *tag = l->regs.tag;
    PyMem_RawFree(l);
}

static uint64_t
call_native(uint64_t entry, uint64_t *buffer, uint64_t *tag)
{
    (void)entry;
    uint64_t value;
    nested++;
    memset(above, 0, sizeof above);
    play(buffer, &value, tag);
    return value;
}

struct caller_layout { struct gs_unit unit; struct gs_exitdesc desc; struct gs_callsite site; struct layout slots; };

/* leave(function, off, locals, stack, kind=0, raise_off=off, exc=None, before=None, frame=False, native=0, callers=(), parents=(), site=-1,
   site_slot=-1, recursion=0, reason=0, write={}): result. write: the frame was linked, somebody looked at it, and these locals were written. before: called by name with what makes a poll meet something. callers, parents: (function, off,
   locals) and for parents the stack, the innermost first. */
static PyObject *
leave(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    static char *names[] = {"function", "off", "locals", "stack", "kind", "raise_off", "exc", "before", "frame", "native", "callers", "parents",
                            "site", "site_slot", "recursion", "reason", "write", NULL};
    PyObject *function, *locals, *stack, *exc = Py_None, *callers = NULL, *parents = NULL, *write = NULL;
    const char *before = "";
    int off, kind = 0, raise_off = -1, frame = 0, site = -1, site_slot = -1, recursion = 0, reason = 0;
    native = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OiO!O!|iiOspiO!O!iiiiO!", names, &function, &off, &PyList_Type, &locals, &PyList_Type, &stack,
                                     &kind, &raise_off, &exc, &before, &frame, &native, &PyTuple_Type, &callers, &PyTuple_Type, &parents, &site,
                                     &site_slot, &recursion, &reason, &PyDict_Type, &write)) {
        return NULL;
    }
    PyThreadState *ts = PyThreadState_Get();
    struct layout *l = PyMem_RawCalloc(1, sizeof *l);
    Py_ssize_t nparents = parents ? PyTuple_GET_SIZE(parents) : 0, ncallers = callers ? PyTuple_GET_SIZE(callers) : 0;
    struct gs_exitdesc *exits = PyMem_RawCalloc((size_t)nparents + 1, sizeof *exits);
    struct caller_layout *c = PyMem_RawCalloc((size_t)ncallers + 1, sizeof *c);
    for (Py_ssize_t p = -1; p < nparents; p++) {
        PyObject *of = function, *its_locals = locals, *its_stack = stack;
        int its_off = off;
        if (p >= 0 && !PyArg_ParseTuple(PyTuple_GET_ITEM(parents, p), "OiOO", &of, &its_off, &its_locals, &its_stack)) {
            return NULL;
        }
        uint32_t first = l->nslots;
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(its_locals) + PyList_GET_SIZE(its_stack); i++) {
            Py_ssize_t k = i - PyList_GET_SIZE(its_locals);
            if (add_slot(l, k < 0 ? PyList_GET_ITEM(its_locals, i) : PyList_GET_ITEM(its_stack, k)) < 0) {
                return NULL;
            }
        }
        struct gs_exitdesc *d = &exits[p + 1];
        describe(d, of, l, first, (uint32_t)PyList_GET_SIZE(its_locals));
        d->off = d->raise_off = (uint32_t)its_off;
        d->parent = p + 1 < nparents ? (uint32_t)(p + 2) : 0xffffffffu;
    }
    struct gs_exitdesc *d = &exits[0];
    d->kind = (uint32_t)kind;
    d->reason = (uint32_t)reason;
    d->site = (uint32_t)site;
    d->site_slot = (uint32_t)site_slot;
    d->recursion = (uint32_t)recursion;
    *cp_recursion(ts) -= recursion;
    if (raise_off >= 0) {
        d->raise_off = (uint32_t)raise_off;
    }
    if (frame) {
        _PyInterpreterFrame *f = gs_frame_push(function);
        d->frame = (struct gs_loc){.kind = GS_LOC_IMM, .imm = (int64_t)(intptr_t)f};
    }
    PyFrameObject *looked_at = NULL;
    if (write) {
        _PyInterpreterFrame *f = gs_frame_push(function);
        d->frame = (struct gs_loc){.kind = GS_LOC_IMM, .imm = (int64_t)(intptr_t)f};
        for (uint32_t i = 0; i < d->nlocals; i++) { /* as emitted code stores them: borrowed; these locals are objects */
            const struct gs_loc *loc = &l->locs[l->slots[i].first_loc];
            uint64_t word = loc->kind == GS_LOC_IMM ? (uint64_t)loc->imm : loc->kind == GS_LOC_GPR ? l->regs.gpr[loc->where] : l->stack[loc->where / 8];
            cp_set_local(f, (uint32_t)i, l->slots[i].kind == GS_OBJ ? (PyObject *)(uintptr_t)word : NULL);
        }
        cp_executing(f, off);
        gs_frame_link(ts, f);
        looked_at = PyThreadState_GetFrame(ts);
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        while (PyDict_Next(write, &pos, &key, &value)) {
            PyObject *was = cp_local(f, (uint32_t)PyLong_AsLong(key));
            cp_set_local(f, (uint32_t)PyLong_AsLong(key), Py_NewRef(value));
            Py_XDECREF(was);
        }
        gs_frame_unlink(ts, f);
    }
    /* The native stack: this frame, its return address, the caller's frame, and so on; the last returns to no unit. */
    uint64_t size = l->nstack + 1;
    for (Py_ssize_t i = 0; i < ncallers; i++) {
        size += 3 * MOST + 1;
    }
    uint64_t *sp = PyMem_RawCalloc(size, sizeof *sp);
    memcpy(sp, l->stack, l->nstack * sizeof *sp);
    l->regs.gpr[GS_SP] = (uint64_t)(uintptr_t)sp;
    for (Py_ssize_t p = 0; p <= nparents; p++) {
        exits[p].frame_size = 8 * l->nstack;
    }
    uint64_t *at = sp + l->nstack;
    nunits = 0;
    for (Py_ssize_t i = 0; i < ncallers; i++) {
        PyObject *of, *its_locals;
        int its_off;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(callers, i), "OiO", &of, &its_off, &its_locals)) {
            return NULL;
        }
        struct layout *cl = &c[i].slots;
        cl->gpr = 99;
        cl->fpr = GS_REGS;
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(its_locals); k++) {
            add_slot(cl, PyList_GET_ITEM(its_locals, k));
        }
        describe(&c[i].desc, of, cl, 0, cl->nslots);
        c[i].desc.off = c[i].desc.raise_off = (uint32_t)its_off;
        c[i].desc.frame_size = 8 * 3 * MOST;
        uint64_t code = 0x1000 * (uint64_t)(i + 1);
        c[i].site = (struct gs_callsite){.return_address = code + 16};
        c[i].unit = (struct gs_unit){.magic = GS_UNIT_MAGIC, .code = code, .code_size = 64, .exits = &c[i].desc, .nexits = 1, .slots = cl->slots,
                                     .locs = cl->locs, .callsites = &c[i].site, .ncallsites = 1};
        units[nunits++] = &c[i].unit;
        *at++ = code + 16;
        memcpy(at, cl->stack, cl->nstack * sizeof *at);
        at += 3 * MOST;
    }
    struct gs_unit u = {.magic = GS_UNIT_MAGIC, .exits = exits, .nexits = (uint64_t)nparents + 1, .slots = l->slots, .nslots = l->nslots, .locs = l->locs};
    if (exc != Py_None) {
        PyErr_SetObject((PyObject *)Py_TYPE(exc), exc);
    }
    if (!strcmp(before, "signal")) {
        raise(SIGUSR1);
    } else if (!strcmp(before, "async")) {
        PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), PyExc_KeyboardInterrupt);
    }
    gs_exit(&u, &l->regs);
    uint64_t value = l->regs.value, tag = l->regs.tag;
    if (l->regs.resume) {
        memset(above, 0, sizeof above);
        memcpy(above, sp + l->nstack, (size - l->nstack) * sizeof *sp);
        play((uint64_t *)(uintptr_t)l->regs.buffer, &value, &tag);
    }
    /* As emitted callers do: an error sends each into an exit of its own, until one has a handler. */
    Py_ssize_t left = 0;
    for (uint64_t *above_it = sp + l->nstack + 1; tag == GS_TAG_ERROR && left < ncallers; left++, above_it += 3 * MOST + 1) {
        struct gs_regs regs = {.exit = 0};
        regs.gpr[GS_SP] = (uint64_t)(uintptr_t)above_it;
        c[left].desc.kind = GS_EXIT_RAISE;
        native = 0;
        gs_exit(&c[left].unit, &regs);
        value = regs.value;
        tag = regs.tag;
    }
    nunits = 0;
    for (Py_ssize_t i = left; i < ncallers; i++) { /* the others go on owning what they owned */
        for (uint32_t k = 0; k < c[i].slots.nslots; k++) {
            struct gs_slot *s = &c[i].slots.slots[k];
            const struct gs_loc *loc = &c[i].slots.locs[s->first_loc];
            if (s->kind == GS_OBJ && s->owned) {
                Py_DECREF((PyObject *)(uintptr_t)(loc->kind == GS_LOC_IMM ? (uint64_t)loc->imm : c[i].slots.stack[loc->where / 8]));
            }
        }
    }
    PyMem_RawFree(l), PyMem_RawFree(exits), PyMem_RawFree(c), PyMem_RawFree(sp);
    Py_XDECREF(looked_at);
    if (tag == GS_TAG_ERROR && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_AssertionError, "an error without an exception");
    }
    return tag == GS_TAG_ERROR ? NULL : (PyObject *)(uintptr_t)value;
}

/* The object in a slot, new, or NULL. 3.15 and later go over a list, a tuple or a str with an index above it, and native code with an iterator. */
static PyObject *
object_in(_PyInterpreterFrame *f, uint32_t i)
{
    PyObject *o = cp_local(f, i);
#if PY_VERSION_HEX >= 0x030f0000
    if (o && (PyList_CheckExact(o) || PyTuple_CheckExact(o) || PyUnicode_CheckExact(o)) && i + 1 < cp_depth(f)
        && PyStackRef_IsTaggedInt(f->localsplus[i + 1])) {
        PyObject *iterator = PyObject_GetIter(o);
        Py_XDECREF(PyObject_CallMethod(iterator, "__setstate__", "n", PyStackRef_UntagInt(f->localsplus[i + 1])));
        return iterator;
    }
#endif
    return Py_XNewRef(o);
}

/* state(frame): (off, locals, stack) of a frame that is being traced, NULL as ("!null",). */
static PyObject *
state(PyObject *self, PyObject *object)
{
    (void)self;
    _PyInterpreterFrame *f = ((PyFrameObject *)object)->f_frame;
    uint32_t n = (uint32_t)cp_code(f)->co_nlocalsplus;
    PyObject *lists[] = {PyList_New(0), PyList_New(0)};
    for (uint32_t i = 0; i < cp_depth(f); i++) {
        PyObject *o = object_in(f, i), *item = o ? Py_BuildValue("(sN)", "!obj", o) : Py_BuildValue("(s)", "!null");
        PyList_Append(lists[i >= n], item);
        Py_DECREF(item);
    }
    return Py_BuildValue("iNN", cp_at(f), lists[0], lists[1]);
}

static PyObject *
profile(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *function;
    int i;
    if (!PyArg_ParseTuple(args, "Oi", &function, &i)) {
        return NULL;
    }
    struct gs_site *s = &record_for(function)->profile[i];
    return Py_BuildValue("OII", s->type ? (PyObject *)(uintptr_t)s->type : Py_None, s->flags, s->count);
}

static PyObject *
counts(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return Py_BuildValue("KKK", exits_recorded, continuations, nested);
}

static PyObject *
recursion_remaining(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromLong(*cp_recursion(PyThreadState_Get()));
}

/* stuck(function, locals): how often the same exit goes on natively with the same state, until the interpreter takes it. */
static PyObject *
stuck(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *function, *locals;
    if (!PyArg_ParseTuple(args, "OO!", &function, &PyList_Type, &locals)) {
        return NULL;
    }
    struct layout *l = PyMem_RawCalloc(1, sizeof *l);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(locals); i++) {
        add_slot(l, PyList_GET_ITEM(locals, i));
    }
    struct gs_exitdesc d;
    describe(&d, function, l, 0, l->nslots);
    d.frame_size = 8 * 3 * MOST;
    struct gs_unit u = {.magic = GS_UNIT_MAGIC, .exits = &d, .nexits = 1, .slots = l->slots, .locs = l->locs, .funcs = &version.func, .nfuncs = 1};
    l->regs.gpr[GS_SP] = (uint64_t)(uintptr_t)l->stack;
    native = 1;
    int n = 0;
    do {
        gs_exit(&u, &l->regs);
    } while (l->regs.resume && ++n < 1000);
    PyObject *result = n < 1000 ? Py_BuildValue("iN", n, (PyObject *)(uintptr_t)l->regs.value) : PyErr_Format(PyExc_AssertionError, "for ever");
    PyMem_RawFree(l);
    return result;
}

/* stack(limit, size): sets the cells; then says what an exit makes of them, and whether the stack is short. */
static PyObject *
stack_cells(PyObject *self, PyObject *args)
{
    (void)self;
    unsigned long long limit, size;
    if (!PyArg_ParseTuple(args, "KK", &limit, &size)) {
        return NULL;
    }
    gs_stack_limit = limit;
    gs_stack_size = size;
    gs_stack_here();
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    return Py_BuildValue("NiK", PyBool_FromLong(here - gs_stack_limit <= gs_stack_size), gs_stack_is_short(), (unsigned long long)gs_stack_size);
}

static PyObject *
with_bridge(PyObject *self, PyObject *yes)
{
    (void)self;
    gs_call_native = PyObject_IsTrue(yes) ? call_native : NULL;
    Py_RETURN_NONE;
}

/* call(name, result, argument kinds, arguments): a helper by name, for tests of those that take raw values or objects only. Results: what it
   returns, and the out word if there is one: ("i", int), ("f", float). */
static PyObject *
call(PyObject *self, PyObject *args)
{
    (void)self;
    const char *name, *shape;
    PyObject *a = NULL, *b = NULL, *c = NULL, *d = NULL, *e = NULL;
    if (!PyArg_ParseTuple(args, "ss|OOOOO", &name, &shape, &a, &b, &c, &d, &e)) {
        return NULL;
    }
    void *f = NULL;
    for (const struct gs_helper *h = gs_helpers; h->name; h++) {
        if (!strcmp(h->name, name)) {
            f = h->address;
        }
    }
    if (!f) {
        return PyErr_Format(PyExc_KeyError, "no helper %s", name);
    }
    int64_t i1 = a && PyLong_Check(a) ? PyLong_AsLongLong(a) : 0, i2 = b && PyLong_Check(b) ? PyLong_AsLongLong(b) : 0, n = 0;
    double f1 = a && PyFloat_Check(a) ? PyFloat_AsDouble(a) : 0, f2 = b && PyFloat_Check(b) ? PyFloat_AsDouble(b) : 0, x = 0;
    if (!strcmp(shape, "ii>i")) return PyLong_FromLongLong(((int64_t (*)(int64_t, int64_t))f)(i1, i2));
    if (!strcmp(shape, "ii>f")) return PyFloat_FromDouble(((double (*)(int64_t, int64_t))f)(i1, i2));
    if (!strcmp(shape, "if>i")) return PyLong_FromLongLong(((int64_t (*)(int64_t, double))f)(i1, f2));
    if (!strcmp(shape, "ff>f")) return PyFloat_FromDouble(((double (*)(double, double))f)(f1, f2));
    if (!strcmp(shape, "ii>?i")) return ((int64_t (*)(int64_t, int64_t, int64_t *))f)(i1, i2, &n) ? PyLong_FromLongLong(n) : Py_NewRef(Py_None);
    if (!strcmp(shape, "f>?i")) return ((int64_t (*)(double, int64_t *))f)(f1, &n) ? PyLong_FromLongLong(n) : Py_NewRef(Py_None);
    if (!strcmp(shape, "f>?f")) return ((int64_t (*)(double, double *))f)(f1, &x) ? PyFloat_FromDouble(x) : Py_NewRef(Py_None);
    if (!strcmp(shape, "ff>?f")) return ((int64_t (*)(double, double, double *))f)(f1, f2, &x) ? PyFloat_FromDouble(x) : Py_NewRef(Py_None);
    if (!strcmp(shape, "fi>?f")) return ((int64_t (*)(double, int64_t, double *))f)(f1, i2, &x) ? PyFloat_FromDouble(x) : Py_NewRef(Py_None);
    if (!strcmp(shape, "iii>o")) return ((PyObject *(*)(int64_t, int64_t, int64_t))f)(i1, i2, PyLong_AsLongLong(c));
    if (!strcmp(shape, "o>o")) return ((PyObject *(*)(PyObject *))f)(a);
    if (!strcmp(shape, "oo>o")) return ((PyObject *(*)(PyObject *, PyObject *))f)(a, b);
    if (!strcmp(shape, "ooo>o")) return ((PyObject *(*)(PyObject *, PyObject *, PyObject *))f)(a, b, c == Py_None ? NULL : c);
    if (!strcmp(shape, "oooo>o")) return ((PyObject *(*)(PyObject *, PyObject *, PyObject *, PyObject *))f)(a, b, c, d);
    if (!strcmp(shape, "ooooi>o")) return ((PyObject *(*)(PyObject *, PyObject *, PyObject *, PyObject *, int64_t))f)(a, b, c, d, PyLong_AsLongLong(e));
    if (!strcmp(shape, "ooi>o")) return ((PyObject *(*)(PyObject *, PyObject *, int64_t))f)(a, b == Py_None ? NULL : b, PyLong_AsLongLong(c));
    if (!strcmp(shape, "a>o")) return ((PyObject *(*)(PyObject **, int64_t))f)(((PyListObject *)a)->ob_item, PyList_GET_SIZE(a));
    if (!strcmp(shape, "oa>o")) return ((PyObject *(*)(PyObject *, PyObject **, int64_t))f)(a == Py_None ? NULL : a, ((PyListObject *)b)->ob_item, PyList_GET_SIZE(b));
    int64_t status;
    if (!strcmp(shape, "o>s")) status = ((int64_t (*)(PyObject *))f)(a);
    else if (!strcmp(shape, "oo>s")) status = ((int64_t (*)(PyObject *, PyObject *))f)(a, b);
    else if (!strcmp(shape, "ooo>s")) status = ((int64_t (*)(PyObject *, PyObject *, PyObject *))f)(a, b, c);
    else if (!strcmp(shape, "oooo>s")) status = ((int64_t (*)(PyObject *, PyObject *, PyObject *, PyObject *))f)(a, b, c, d);
    else if (!strcmp(shape, "ooi>s")) status = ((int64_t (*)(PyObject *, PyObject *, int64_t))f)(a, b, PyLong_AsLongLong(c));
    else if (!strcmp(shape, "o>e") || !strcmp(shape, "oo>e") || !strcmp(shape, "oi>e")) {
        if (!strcmp(shape, "oi>e")) {
            ((void (*)(PyObject *, int64_t))f)(a, i2);
        } else {
            ((void (*)(PyObject *, PyObject *))f)(a == Py_None ? NULL : a, !b || b == Py_Ellipsis ? NULL : b);
        }
        return NULL;
    } else if (!strcmp(shape, "oi>o*") || !strcmp(shape, "oii>o*")) {
        int64_t k = i2 + (c ? 1 + PyLong_AsLongLong(c) : 0);
        PyObject **items = PyMem_RawCalloc((size_t)k + 1, sizeof *items), *list = NULL;
        status = c ? ((int64_t (*)(PyObject *, int64_t, int64_t, PyObject **))f)(a, i2, PyLong_AsLongLong(c), items)
                   : ((int64_t (*)(PyObject *, int64_t, PyObject **))f)(a, i2, items);
        if (status == 0) {
            list = PyList_New(k);
            for (int64_t i = 0; i < k; i++) {
                PyList_SET_ITEM(list, i, items[i]);
            }
        }
        PyMem_RawFree(items);
        return list;
    } else if (!strcmp(shape, "oi>?oo")) {
        PyObject *pair[2];
        return ((int64_t (*)(PyObject *, int64_t, PyObject **))f)(a, i2, pair) ? Py_BuildValue("NN", pair[0], pair[1]) : Py_NewRef(Py_None);
    } else if (!strcmp(shape, "ooo>?oo")) {
        PyObject *pair[2];
        return ((int64_t (*)(PyObject *, PyObject *, PyObject *, PyObject **))f)(a, b, c, pair) ? Py_BuildValue("NN", pair[0], pair[1]) : Py_NewRef(Py_None);
    } else if (!strcmp(shape, "oo>o2")) {
        PyObject *pair[2];
        if (((int64_t (*)(PyObject *, PyObject *, PyObject **))f)(a, b, pair) < 0) {
            return NULL;
        }
        PyObject *result = Py_BuildValue("OO", pair[0] ? pair[0] : Py_None, pair[1] ? pair[1] : Py_None);
        Py_XDECREF(pair[0]), Py_XDECREF(pair[1]);
        return result;
    } else {
        return PyErr_Format(PyExc_ValueError, "no shape %s", shape);
    }
    return status < 0 ? NULL : PyLong_FromLongLong(status);
}

static PyMethodDef methods[] = {
    {"leave", (PyCFunction)(void (*)(void))leave, METH_VARARGS | METH_KEYWORDS, NULL},
    {"state", state, METH_O, NULL},
    {"profile", profile, METH_VARARGS, NULL},
    {"counts", counts, METH_NOARGS, NULL},
    {"recursion_remaining", recursion_remaining, METH_NOARGS, NULL},
    {"stuck", stuck, METH_VARARGS, NULL},
    {"stack_cells", stack_cells, METH_VARARGS, NULL},
    {"with_bridge", with_bridge, METH_O, NULL},
    {"call", call, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "native_driver", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC
PyInit_native_driver(void)
{
    if (!cp_find_thread() || cp_init() < 0) {
        return PyErr_Format(PyExc_ImportError, "no thread state");
    }
    records = PyDict_New();
    gs_call_native = call_native;
    return PyModule_Create(&module);
}
