/* Calls of attached functions that no stub took: before the first compile, with keywords or defaults, with *args and
   **kw, with classes of arguments that are new. Arguments are bound to the parameters as CPython does it, then a version is found or
   compiled. Everything else, wrong calls first of all, is left to CPython's own entry. */
#include "helpers.h"
#include "policy.h"
#include "runtime.h"

#define ON_STACK 24 /* parameters of more functions than not */

/* tracemalloc is one: it asks the current frame for the line at each allocation, and native code links its frame only for calls out. */
static int
tools_watch(void)
{
    PyThreadState *ts = cp_thread();
    return cp_is_watched(ts) || ts->interp->eval_frame || *cp_tracemalloc();
}

static PyObject *
interpret(struct gs_record *r, PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (r) {
        r->interpreted++;
    }
    struct gs_timing timing;
    int timed = r && r->casual && gs_time_call(r, &timing);
    PyThreadState *ts = cp_thread();
    cp_spare_recursion(ts);
    PyObject *result = cp_plain_vectorcall(callable, args, nargsf, kwnames);
    cp_spared_recursion(ts);
    if (timed) {
        gs_time_end(r, &timing);
    }
    return result;
}

/* ---- Binding ---- */

/* Where a keyword goes, or -1. Names are interned, so identity nearly always answers. */
static int
find_parameter(PyCodeObject *code, PyObject *name)
{
    int n = code->co_argcount + code->co_kwonlyargcount;
    PyObject *const *names = &PyTuple_GET_ITEM(code->co_localsplusnames, 0);
    for (int i = code->co_posonlyargcount; i < n; i++) {
        if (names[i] == name) {
            return i;
        }
    }
    for (int i = code->co_posonlyargcount; i < n; i++) {
        if (PyUnicode_Compare(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void
drop(PyObject **bound, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        Py_XDECREF(bound[i]);
    }
}

/* Fills `bound` with one new reference for each parameter: 1; 0 if CPython must look at the call (an error in it, or
   a keyword that is no plain string); -1 with an exception. `bound` holds nothing then. */
static int
bind(struct gs_record *r, PyFunctionObject *f, PyObject *const *args, Py_ssize_t nargs, PyObject *const *names, PyObject *const *values, Py_ssize_t nkeywords,
     PyObject **bound)
{
    PyCodeObject *code = r->code;
    Py_ssize_t argcount = code->co_argcount, named = argcount + code->co_kwonlyargcount;
    Py_ssize_t given = nargs < argcount ? nargs : argcount;
    PyObject *keywords = NULL;
    int rc = 0;
    memset(bound, 0, r->nparams * sizeof *bound);
    if (nargs > argcount && !(code->co_flags & CO_VARARGS)) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < given; i++) {
        bound[i] = Py_NewRef(args[i]);
    }
    if (code->co_flags & CO_VARARGS) {
        bound[named] = PyTuple_New(nargs - given);
        if (!bound[named]) {
            goto failed;
        }
        for (Py_ssize_t i = given; i < nargs; i++) {
            PyTuple_SET_ITEM(bound[named], i - given, Py_NewRef(args[i]));
        }
    }
    if (code->co_flags & CO_VARKEYWORDS) {
        keywords = bound[r->nparams - 1] = PyDict_New();
        if (!keywords) {
            goto failed;
        }
    }
    for (Py_ssize_t k = 0; k < nkeywords; k++) {
        PyObject *name = names[k];
        if (!PyUnicode_CheckExact(name)) {
            goto refused;
        }
        int i = find_parameter(code, name);
        if (i >= 0 ? bound[i] != NULL : !keywords) {
            goto refused;
        }
        if (i >= 0) {
            bound[i] = Py_NewRef(values[k]);
        } else if (PyDict_SetItem(keywords, name, values[k]) < 0) {
            goto failed;
        }
    }
    Py_ssize_t ndefaults = f->func_defaults ? PyTuple_GET_SIZE(f->func_defaults) : 0;
    for (Py_ssize_t i = given; i < argcount; i++) {
        if (!bound[i]) {
            if (i < argcount - ndefaults) {
                goto refused;
            }
            bound[i] = Py_NewRef(PyTuple_GET_ITEM(f->func_defaults, i - (argcount - ndefaults)));
        }
    }
    for (Py_ssize_t i = argcount; i < named; i++) {
        if (!bound[i]) {
            PyObject *value = NULL;
            if (f->func_kwdefaults) {
                value = PyDict_GetItemWithError(f->func_kwdefaults, PyTuple_GET_ITEM(code->co_localsplusnames, i));
            }
            if (!value) {
                if (PyErr_Occurred()) {
                    goto failed;
                }
                goto refused;
            }
            bound[i] = Py_NewRef(value);
        }
    }
    return 1;
failed:
    rc = -1;
refused:
    drop(bound, r->nparams);
    return rc;
}

/* A stub refused arguments that were bound for it: a tool came up in between. An ordinary call is made of them again,
   and interpreted. */
PyObject *
gs_vectorcall_unbind(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    (void)nargsf, (void)kwnames; /* as many as there are parameters, and no names */
    struct gs_attached *a = gs_attached_find(callable);
    PyCodeObject *code = (PyCodeObject *)((PyFunctionObject *)callable)->func_code;
    Py_ssize_t named = code->co_argcount + code->co_kwonlyargcount;
    PyObject *const *rest = args + named;
    PyObject *star = code->co_flags & CO_VARARGS ? *rest++ : NULL;
    PyObject *keywords = code->co_flags & CO_VARKEYWORDS ? *rest : NULL;
    Py_ssize_t nstar = star ? PyTuple_GET_SIZE(star) : 0, nkeywords = keywords ? PyDict_GET_SIZE(keywords) : 0;
    Py_ssize_t n = 0, k = 0, i = 0;
    PyObject **stack = PyMem_Malloc((size_t)(named + nstar + nkeywords + 1) * sizeof *stack);
    PyObject *names = PyTuple_New(code->co_kwonlyargcount + nkeywords), *result = NULL, *key, *value;
    if (!stack || !names) {
        if (names) {
            PyErr_NoMemory();
        }
        goto done;
    }
    for (; i < code->co_argcount; i++) {
        stack[n++] = args[i];
    }
    for (i = 0; i < nstar; i++) {
        stack[n++] = PyTuple_GET_ITEM(star, i);
    }
    for (i = code->co_argcount; i < named; i++, k++) {
        stack[n + k] = args[i];
        PyTuple_SET_ITEM(names, k, Py_NewRef(PyTuple_GET_ITEM(code->co_localsplusnames, i)));
    }
    for (i = 0; keywords && PyDict_Next(keywords, &i, &key, &value); k++) {
        stack[n + k] = value;
        PyTuple_SET_ITEM(names, k, Py_NewRef(key));
    }
    result = interpret(a ? a->record : NULL, callable, stack, (size_t)n, names);
done:
    PyMem_Free(stack);
    Py_XDECREF(names);
    return result;
}

/* ---- Choosing a version ---- */

/* For these arguments; the mode is the record's choice. */
static enum gs_outcome
compile_entry(struct gs_record *r, PyObject *callable, PyObject *const *args)
{
    uint32_t nlocals = (uint32_t)r->code->co_nlocalsplus;
    struct gs_value *slots = PyMem_RawCalloc(nlocals + 1, sizeof *slots);
    if (!slots || gs_record_ready(r) < 0) {
        PyMem_RawFree(slots);
        PyErr_Clear();
        return GS_NOT_NOW;
    }
    for (uint32_t i = 0; i < r->nparams; i++) {
        gs_value_of(&slots[i], args[i], 0);
        /* In the key: what the code stores to is the activation's own. The stub takes the reference. */
        slots[i].owned = !gs_is_borrowed(r, i) && slots[i].kind != GS_BOOL && slots[i].kind != GS_NONE;
    }
    struct gs_state state = {.off = 0, .nlocals = nlocals, .slots = slots, .callable = callable};
    enum gs_mode mode = r->nentries >= GS_ENTRIES_MAX ? GS_MODE_GENERAL : r->compiles == 0 ? GS_MODE_RECORDING : GS_MODE_FINAL;
    int again = gs_find_entry(r, args) != NULL;
    struct gs_unitobj *unit;
    enum gs_outcome outcome = gs_compile(r, callable, &state, mode, &unit);
    PyMem_RawFree(slots);
    if (outcome == GS_COMPILED) {
        r->compiles++;
        r->recording_rounds += (uint32_t)again;
        gs_record_update_head(r); /* it asks for the rounds */
    } else if (outcome == GS_NEVER) {
        r->give_up = 1;
        gs_record_update_head(r);
    }
    return outcome;
}

static int
may_compile(struct gs_record *r)
{
    if (r->give_up || r->general) {
        return 0;
    }
    if (r->compiles >= GS_COMPILES_MAX) {
        r->give_up = 1;
        gs_record_update_head(r);
        return 0;
    }
    if (r->retry_after) {
        r->retry_after--;
        return 0;
    }
    return 1;
}

static int
refuse(struct gs_record *r, const char *why)
{
    PyErr_Format(gs_error, "%U: %s", r->code->co_qualname, why);
    return -1;
}

/* The version to call, or NULL: interpret. -1 with an exception (strict). The record may be gone afterwards. */
static int
choose(struct gs_attached *a, PyObject *const *args, int refused, struct gs_func **chosen)
{
    struct gs_record *r = a->record;
    PyObject *callable = (PyObject *)a->func;
    int strict = a->strict;
    struct gs_func *f = gs_find_entry(r, args);
    /* One that has recorded is compiled anew by its second call, or by a later one that had to earn it. */
    int learnt = f && f->flags & GS_FUNC_RECORDING && f->calls >= gs_calls_to_record(r) && r->recording_rounds < GS_RECORDING_ROUNDS;
    *chosen = NULL;
    if ((learnt ? r->casual && !gs_is_paid(r) : !f && r->nentries && !gs_is_warm(r))) {
        return 0; /* what has recorded all its rounds would leave at once */
    }
    if (f && refused) {
        return 0; /* its stub has just said no: for a reason that is no class of an argument */
    }
    if ((!f || learnt) && may_compile(r)) {
        Py_INCREF(r);
        enum gs_outcome outcome = compile_entry(r, callable, args);
        /* Another thread may have run meanwhile, and detached it. */
        a = gs_attached_find(callable);
        int rc = 0;
        if (!a || a->record != r) {
            f = NULL;
        } else if (outcome == GS_NEVER && !r->nentries) {
            f = NULL;
            if (strict) {
                rc = refuse(r, r->reason);
            } else {
                gs_record_detach_all(r, r->reason);
            }
        } else {
            f = gs_find_entry(r, args);
            if (!f && outcome == GS_COMPILED) { /* made for something else: asking again would give the same */
                r->give_up = 1;
                gs_record_update_head(r);
            }
        }
        if (rc == 0 && a && strict && r->partly) {
            rc = refuse(r, r->partly);
        }
        Py_DECREF(r);
        *chosen = f;
        return rc;
    }
    if (strict && (r->partly || (r->give_up && !r->nentries))) {
        return refuse(r, r->partly ? r->partly : r->reason ? r->reason : "it was not compiled");
    }
    *chosen = f;
    return 0;
}

/* Recording code calls a function that nobody knew: it records as well, though it is not attached, so that the next version can call it natively with
   what it does known. NULL without an exception: nothing was called. */
static PyObject *
record_callee(struct gs_record *r, PyObject *callable, PyObject *const *args, size_t nargs)
{
    if (!r->simple || nargs != (size_t)r->code->co_argcount || tools_watch() || gs_stack_is_short()) {
        return NULL;
    }
    struct gs_func *f = gs_find_entry(r, args);
    if (!f && r->compiles == 0 && may_compile(r)) {
        (void)compile_entry(r, callable, args);
        f = gs_find_entry(r, args);
    }
    return f ? ((vectorcallfunc)(uintptr_t)f->stub)(callable, args, nargs, NULL) : NULL;
}

PyObject *
gs_call_learning(PyObject *kwnames, struct gs_site *site, PyObject *const *stack, int64_t count)
{
    PyObject *callable = stack[CP_NULL_ABOVE ? 0 : 1];
    struct gs_record *r = stack[CP_NULL_ABOVE] ? NULL : gs_learn_callee(callable, site);
    if (r) {
        int alone = !kwnames && (site->flags & (GS_SITE_CALLEE | GS_SITE_ATTACHED | GS_SITE_POLY)) == GS_SITE_CALLEE;
        PyObject *result = alone ? record_callee(r, callable, stack + 2, (size_t)count - 2) : NULL;
        gs_record_release(r, 0);
        if (result || PyErr_Occurred()) {
            return result;
        }
    }
    return gs_call(kwnames, stack, count);
}

static PyObject *
dispatch(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames, int refused)
{
    int owned = nargsf & GS_ARGS_OWNED || cp_holds(cp_thread(), args, (size_t)PyVectorcall_NARGS(nargsf)); /* other callers in C may have borrowed them from anywhere */
    nargsf &= ~GS_ARGS_OWNED;
    struct gs_attached *a = gs_attached_find(callable);
    if (!a || tools_watch()) {
        return interpret(a ? a->record : NULL, callable, args, nargsf, kwnames);
    }
    int suspended = gs_stack_is_short() ? gs_suspend(callable) : 0;
    if (suspended) {
        PyObject *result = interpret(a->record, callable, args, nargsf, kwnames);
        gs_resume(callable, suspended);
        return result;
    }
    if (a->func->func_code != (PyObject *)a->record->code) {
        if (gs_reattach(a) < 0) {
            return interpret(NULL, callable, args, nargsf, kwnames);
        }
        refused = 0;
    }
    struct gs_record *r = a->record;
    if (!r->nentries && (r->give_up || r->retry_after > 1) && !a->strict) {
        r->retry_after -= r->retry_after > 1;
        return interpret(r, callable, args, nargsf, kwnames);
    }
    if (!r->nentries && !gs_is_warm(r)) {
        return interpret(r, callable, args, nargsf, kwnames);
    }
    Py_ssize_t nargs = PyVectorcall_NARGS(nargsf);
    int complete = r->simple && nargs == r->code->co_argcount && (!kwnames || !PyTuple_GET_SIZE(kwnames));
    uint32_t nparams = r->nparams;
    PyObject *small[ON_STACK], **bound = NULL;
    if (!complete || !owned) {
        bound = nparams <= ON_STACK ? small : PyMem_Malloc(nparams * sizeof *bound);
        int rc = bound ? bind(r, a->func, args, nargs, kwnames ? &PyTuple_GET_ITEM(kwnames, 0) : NULL, args + nargs, kwnames ? PyTuple_GET_SIZE(kwnames) : 0, bound) : 0;
        if (rc <= 0) {
            if (bound != small) {
                PyMem_Free(bound);
            }
            return rc < 0 ? NULL : interpret(r, callable, args, nargsf, kwnames);
        }
    }
    struct gs_func *f;
    PyObject *result = NULL;
    if (!complete && r->simple && r->nentries && r->head != gs_vectorcall_entry && !a->strict) {
        result = r->head(callable, bound, nparams | GS_ARGS_OWNED, NULL); /* the stubs find the version; the last one comes back here */
    } else if (choose(a, bound ? bound : args, complete && refused, &f) == 0) {
        if (f) {
            result = ((vectorcallfunc)(uintptr_t)f->stub)(callable, bound ? bound : args, nparams | GS_ARGS_OWNED, NULL);
        } else {
            a = gs_attached_find(callable);
            result = interpret(a ? a->record : NULL, callable, args, nargsf, kwnames);
        }
    }
    if (bound) {
        drop(bound, nparams);
        if (bound != small) {
            PyMem_Free(bound);
        }
    }
    return result;
}

/* f(*args, **kwargs) of a tuple and a dict, bound without names and values laid out for a call in between. NULL without an exception: it is left to
   an ordinary call. */
PyObject *
gs_call_unpacked(PyObject *callable, PyObject *args, PyObject *kwargs)
{
    struct gs_attached *a = gs_attached_find(callable);
    struct gs_record *r = a ? a->record : NULL;
    Py_ssize_t n = PyDict_GET_SIZE(kwargs), k = 0, i = 0;
    if (!r || !r->simple || a->strict || r->head == gs_vectorcall_entry || a->func->func_code != (PyObject *)r->code || r->nparams > ON_STACK || n > ON_STACK
        || tools_watch() || gs_stack_is_short()) {
        return NULL;
    }
    PyObject *bound[ON_STACK], *names[ON_STACK], *values[ON_STACK], *result;
    while (k < n && PyDict_Next(kwargs, &i, &names[k], &values[k])) {
        k++;
    }
    if (k < n || bind(r, a->func, ((PyTupleObject *)args)->ob_item, PyTuple_GET_SIZE(args), names, values, n, bound) <= 0) {
        return NULL;
    }
    result = r->head(callable, bound, r->nparams | GS_ARGS_OWNED, NULL);
    drop(bound, r->nparams);
    return result;
}

PyObject *
gs_vectorcall_entry(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    return dispatch(callable, args, nargsf, kwnames, 0);
}

/* What is called by way of C already costs more than undecorated: so no more here than must be. */
PyObject *
gs_vectorcall_cold(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (gs_is_drawn() || gs_stack_is_short()) {
        return dispatch(callable, args, nargsf, kwnames, 0);
    }
    PyThreadState *ts = cp_thread();
    cp_spare_recursion(ts);
    PyObject *result = cp_plain_vectorcall(callable, args, nargsf & ~GS_ARGS_OWNED, kwnames);
    cp_spared_recursion(ts);
    return result;
}

PyObject *
gs_vectorcall_miss(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    return dispatch(callable, args, nargsf, kwnames, 1);
}
