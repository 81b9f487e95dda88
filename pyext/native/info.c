/* What Python is told: a record as a dict, for explain and versions, and the contract's numbers, for its test. Classes are
   given by address: a profile may hold one that is gone. */
#include "native.h"

/* Appends what is new to a list; -1 with an exception, also when the thing could not be made. */
static int
append(PyObject *list, PyObject *thing)
{
    int rc = thing ? PyList_Append(list, thing) : -1;
    Py_XDECREF(thing);
    return rc;
}

static PyObject *
slots_of(const struct gs_unit *u, uint32_t first, uint32_t n)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < n; i++) {
        const struct gs_slot *s = &u->slots[first + i];
        if (append(list, Py_BuildValue("(iiK)", s->kind, s->owned, (unsigned long long)s->klass)) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static int
is_entry(const struct gs_record *r, const struct gs_func *f)
{
    for (uint32_t i = 0; i < r->nentries; i++) {
        if (r->entries[i].func == f) {
            return 1;
        }
    }
    return 0;
}

static PyObject *
funcs_of(const struct gs_record *r, const struct gs_unit *u)
{
    PyObject *list = PyList_New(0);
    for (uint64_t i = 0; list && i < u->nfuncs; i++) {
        const struct gs_func *f = &u->funcs[i];
        PyObject *slots = slots_of(u, f->first_slot, f->nlocals + f->nstack);
        PyObject *info = slots ? Py_BuildValue("{sOsOsIsIsIsKsIsIsN}", "entry", is_entry(r, f) ? Py_True : Py_False, "own",
                                               f->record == r ? Py_True : Py_False, "off", f->off, "flags", f->flags, "nlocals", f->nlocals,
                                               "calls", (unsigned long long)f->calls, "code_offset", f->code_offset, "code_size", f->code_size,
                                               "slots", slots)
                               : NULL;
        if (append(list, info) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *
exits_of(const struct gs_record *r, const struct gs_unit *u)
{
    PyObject *list = PyList_New(0);
    for (uint64_t i = 0; list && i < u->nexits; i++) {
        const struct gs_exitdesc *e = &u->exits[i];
        PyObject *owner = e->record ? (PyObject *)e->record->code : Py_None;
        if (append(list, Py_BuildValue("{sKsIsIsIsIsIsOsO}", "number", (unsigned long long)i, "kind", e->kind, "reason", e->reason, "off", e->off,
                                       "raise_off", e->raise_off, "count", e->count, "own",
                                       e->record == r ? Py_True : Py_False, "code", owner)) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *
units_of(const struct gs_record *r)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < r->nunits; i++) {
        const struct gs_unitobj *o = r->units[i];
        const struct gs_unit *u = o->unit;
        PyObject *funcs = funcs_of(r, u), *exits = funcs ? exits_of(r, u) : NULL, *info = NULL;
        if (exits) {
            info = Py_BuildValue("{sKsisKsKsKsOsKsOsO}", "address", (unsigned long long)(uintptr_t)u, "mode", (int)o->mode, "code_bytes",
                                 (unsigned long long)u->code_size, "data_bytes", (unsigned long long)u->data_size, "compile_ns",
                                 (unsigned long long)u->compile_ns, "valid", u->valid ? Py_True : Py_False, "objects",
                                 (unsigned long long)u->nobjects, "funcs", funcs, "exits", exits);
        }
        Py_XDECREF(funcs);
        Py_XDECREF(exits);
        if (append(list, info) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *
profile_of(const struct gs_record *r)
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = 0; list && i < (Py_ssize_t)r->nsites; i++) {
        const struct gs_site *s = &r->profile[i];
        if ((s->type || s->flags) && append(list, Py_BuildValue("(nKII)", i, (unsigned long long)s->type, s->flags, s->count)) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

PyObject *
gs_record_info(struct gs_record *r)
{
    PyObject *units = units_of(r), *profile = units ? profile_of(r) : NULL, *info = NULL;
    if (profile) {
        info = Py_BuildValue("{sOsIsIsIsIsKsKsKsOszszsOsO}", "code", r->code, "params", r->nparams, "compiles", r->compiles, "failures",
                             r->failures, "recording_rounds", r->recording_rounds, "exits", (unsigned long long)r->exits, "interpreted",
                             (unsigned long long)r->interpreted, "compile_ns", (unsigned long long)r->compile_ns, "give_up",
                             r->give_up ? Py_True : Py_False, "reason", r->reason, "partly", r->partly, "units", units, "profile", profile);
    }
    Py_XDECREF(units);
    Py_XDECREF(profile);
    return info;
}

PyObject *
gs_constants(void)
{
#define NUMBER(name) {#name, name}
#define SIZE(type) {"sizeof." #type, sizeof(struct type)}
    static const struct { const char *name; uint64_t value; } rows[] = {
        NUMBER(GS_NULL), NUMBER(GS_OBJ), NUMBER(GS_OBJ_OR_NULL), NUMBER(GS_INT), NUMBER(GS_FLOAT), NUMBER(GS_BOOL), NUMBER(GS_NONE),
        NUMBER(GS_INT_ORIGIN), NUMBER(GS_FLOAT_ORIGIN), NUMBER(GS_DYN), NUMBER(GS_RANGE), NUMBER(GS_RANGE_ITER), NUMBER(GS_RESULT),
        NUMBER(GS_TAG_ERROR),
        NUMBER(GS_EXIT_RESUME), NUMBER(GS_EXIT_RAISE), NUMBER(GS_EXIT_POLL), NUMBER(GS_EXIT_RECOMPILE), NUMBER(GS_EXIT_TOUCHED),
        NUMBER(GS_EXIT_INTERPRET), NUMBER(GS_RECURSION_MARGIN),
        NUMBER(GS_WHY_TYPE), NUMBER(GS_WHY_OVERFLOW), NUMBER(GS_WHY_DIVISOR), NUMBER(GS_WHY_BOUNDS), NUMBER(GS_WHY_GLOBAL),
        NUMBER(GS_WHY_UNSEEN), NUMBER(GS_WHY_UNBOUND), NUMBER(GS_WHY_SHIFT), NUMBER(GS_WHY_RANGE), NUMBER(GS_WHY_RESULT),
        NUMBER(GS_WHY_RAISED), NUMBER(GS_WHY_POLL), NUMBER(GS_WHY_STACK), NUMBER(GS_WHY_NOT_COMPILED), NUMBER(GS_WHY_CALLEE),
        NUMBER(GS_WHY_FRAME), NUMBER(GS_WHY_VALUE), NUMBER(GS_WHY_RECORDED), NUMBER(GS_WHY_NOMEM),
        NUMBER(GS_LOC_NONE), NUMBER(GS_LOC_GPR), NUMBER(GS_LOC_FPR), NUMBER(GS_LOC_STACK), NUMBER(GS_LOC_IMM), NUMBER(GS_LOC_LESS), NUMBER(GS_LOC_DIFF),
        NUMBER(GS_SITE_POLY), NUMBER(GS_SITE_OVERFLOW), NUMBER(GS_SITE_FAILED), NUMBER(GS_SITE_DIVISOR), NUMBER(GS_SITE_RANGE), NUMBER(GS_SITE_RAISED), NUMBER(GS_SITE_FRAME), NUMBER(GS_SITE_CALLEE), NUMBER(GS_SITE_ATTACHED), NUMBER(GS_SITE_EMPTY), NUMBER(GS_SITE_UNSEEN), NUMBER(GS_SITE_GUESSED),
        NUMBER(GS_FUNC_RECORDING), NUMBER(GS_FUNC_GENERAL), NUMBER(GS_FUNC_HAS_FRAME), NUMBER(GS_FUNC_CALLEE),
        NUMBER(GS_MODE_FINAL), NUMBER(GS_MODE_RECORDING), NUMBER(GS_MODE_GENERAL), NUMBER(GS_UNIT_MAGIC),
        SIZE(gs_loc), SIZE(gs_slot), SIZE(gs_site), SIZE(gs_exitdesc), SIZE(gs_callsite), SIZE(gs_guess), SIZE(gs_func), SIZE(gs_unit), SIZE(gs_regs),
    };
    PyObject *all = PyDict_New();
    for (size_t i = 0; all && i < Py_ARRAY_LENGTH(rows); i++) {
        PyObject *n = PyLong_FromUnsignedLongLong(rows[i].value);
        if (!n || PyDict_SetItemString(all, rows[i].name, n) < 0) {
            Py_CLEAR(all);
        }
        Py_XDECREF(n);
    }
    return all;
}
