/* One compile: a snapshot goes to the Go compiler, a unit comes back. This is the only place that calls gophersnake._compiler.

   The call gives up the GIL. So there is one compile at a time, whoever else wants one interprets meanwhile; what the
   snapshot refers to is kept alive by a list; and everybody looks again afterwards. */
#include "native.h"
#include "policy.h"
#include <unistd.h>

PyObject *gs_error;
struct gs_totals gs_totals;
int gs_log_compile, gs_log_exits;
PyObject *gs_dump;

#define LOAD_DEPTH 200 /* Python calls; ample for the imports of _load */

static struct { long pid; PyObject *compile, *last_error, *release, *describe; } compiler;
static long busy; /* the process that is compiling: a child forked in the middle of it is not */
static PyObject *kept;
int gs_compiling_casually;

int
gs_keep(PyObject *o)
{
    if (!kept && !(kept = PyList_New(0))) {
        return -1;
    }
    return PyList_Append(kept, o);
}

/* ---- The compiler of this process ---- */

static int
load(void)
{
    long pid = (long)getpid();
    if (compiler.pid == pid) {
        return 0;
    }
    PyObject *loader = PyImport_ImportModule("gophersnake._load");
    PyObject *module = loader ? PyObject_CallMethod(loader, "compiler", NULL) : NULL;
    PyObject *compile = module ? PyObject_GetAttrString(module, "pyext_Compile") : NULL;
    PyObject *last_error = compile ? PyObject_GetAttrString(module, "pyext_LastError") : NULL;
    PyObject *release = last_error ? PyObject_GetAttrString(module, "pyext_Release") : NULL;
    PyObject *describe = release ? PyObject_GetAttrString(module, "pyext_Describe") : NULL;
    char *header = describe ? gs_abi_header() : NULL;
    PyObject *problem = header ? PyObject_CallMethod(module, "pyext_Init", "n", (Py_ssize_t)(intptr_t)header) : NULL;
    int ok = problem != NULL;
    if (ok && PyUnicode_Check(problem) && PyUnicode_GET_LENGTH(problem)) {
        PyErr_SetObject(PyExc_ImportError, problem);
        ok = 0;
    }
    if (ok && gs_dump) {
        PyObject *wrong = PyObject_CallMethod(module, "pyext_SetDump", "O", gs_dump);
        ok = wrong != NULL;
        Py_XDECREF(wrong); /* the names were checked when they were read */
    }
    Py_XDECREF(loader), Py_XDECREF(module), Py_XDECREF(problem);
    if (!ok) {
        Py_XDECREF(compile), Py_XDECREF(last_error), Py_XDECREF(release), Py_XDECREF(describe);
        return -1;
    }
    /* What a forked child inherited stays referenced: it belongs to a runtime that must not be touched. */
    compiler.pid = pid;
    compiler.compile = compile;
    compiler.last_error = last_error;
    compiler.release = release;
    compiler.describe = describe;
    return 0;
}

/* Loading runs Python code, in the middle of the user's: nobody may notice. A signal's handler would raise into
   the import, where its exception is lost; it waits. (Signals are handled by the main thread only, so there is none
   for a moment.) Tracers do not see it. The first call may come at the recursion limit: the import has a depth of its own,
   for its failure would be remembered. */
static int
load_unnoticed(void)
{
    PyThreadState *ts = cp_thread();
    int traced = cp_is_watched(ts);
    unsigned long self = PyThread_get_thread_ident();
    int is_main = _PyRuntime.main_thread == self;
    if (traced) {
        PyThreadState_EnterTracing(ts);
    }
    if (is_main) {
        _PyRuntime.main_thread = 0;
    }
    *cp_recursion(ts) += LOAD_DEPTH;
    int rc = load();
    *cp_recursion(ts) -= LOAD_DEPTH;
    if (is_main) {
        _PyRuntime.main_thread = self;
        if (cp_signals_pending()) {
            cp_signals_waited(ts);
        }
    }
    if (traced) {
        PyThreadState_LeaveTracing(ts);
    }
    return rc;
}

/* Frees what ended since the last compile: here nobody runs in it, and the compiler may be called. */
static void
release_ended(void)
{
    for (uint64_t unit; (unit = gs_releasable());) {
        PyObject *result = PyObject_CallFunction(compiler.release, "n", (Py_ssize_t)unit);
        if (result) {
            gs_totals.released++;
            Py_DECREF(result);
        }
        PyErr_Clear();
    }
}

static void
set_reason(struct gs_record *r, const char *text)
{
    char *copy = PyMem_RawMalloc(strlen(text) + 1);
    if (copy) {
        strcpy(copy, text);
        PyMem_RawFree(r->reason);
        r->reason = copy;
    }
}

static enum gs_outcome
never(struct gs_record *r, const char *why)
{
    set_reason(r, why ? why : "the compiler failed");
    PyErr_Clear();
    r->failures++;
    gs_totals.failures++;
    return GS_NEVER;
}

/* Takes the current exception: what it means for the record. */
static enum gs_outcome
failed(struct gs_record *r)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    enum gs_outcome outcome = GS_NOT_NOW;
    /* Without an exception it was memory that is not Python's. */
    if (!type || PyErr_GivenExceptionMatches(type, PyExc_MemoryError) || PyErr_GivenExceptionMatches(type, PyExc_RecursionError)) {
        r->retry_after = GS_RETRY_CALLS;
    } else if (!PyErr_GivenExceptionMatches(type, PyExc_Exception)) {
        PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), type); /* somebody's, thrown into this thread: it comes again */
    } else {
        PyErr_NormalizeException(&type, &value, &traceback);
        PyObject *text = PyObject_Str(value);
        outcome = never(r, text ? PyUnicode_AsUTF8(text) : NULL);
        Py_XDECREF(text);
    }
    Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(traceback);
    return outcome;
}

#define NO_ROOM ((struct gs_unit *)1) /* what the compiler answers while the memory for native code is used up */
static uint64_t full_at = UINT64_MAX; /* how many units had been released when it answered so: until one more is, it would again */

static enum gs_outcome
compile(struct gs_record *r, PyObject *callable, const struct gs_state *state, enum gs_mode mode, struct gs_unitobj **installed)
{
    if (load_unnoticed() < 0) {
        return failed(r);
    }
    gs_units_sweep();
    release_ended();
    if (full_at == gs_totals.released) {
        r->retry_after = GS_RETRY_CALLS;
        return GS_NOT_NOW;
    }
    uint64_t began = gs_now(), worked = gs_worked();
    gs_compiling_casually = r->casual;
    void *snapshot;
    size_t size;
    if (gs_snapshot(r, callable, state, mode, &snapshot, &size) < 0) {
        return failed(r);
    }
    PyObject *result = PyObject_CallFunction(compiler.compile, "nn", (Py_ssize_t)(intptr_t)snapshot, (Py_ssize_t)size);
    PyMem_RawFree(snapshot);
    if (!result) {
        return failed(r);
    }
    struct gs_unit *unit = PyLong_AsVoidPtr(result);
    Py_DECREF(result);
    if (unit == NO_ROOM) {
        full_at = gs_totals.released;
        r->retry_after = GS_RETRY_CALLS;
        return GS_NOT_NOW;
    }
    if (!unit) {
        PyObject *text = PyObject_CallNoArgs(compiler.last_error);
        enum gs_outcome outcome = text && PyUnicode_Check(text) ? never(r, PyUnicode_AsUTF8(text)) : failed(r);
        Py_XDECREF(text);
        return outcome;
    }
    *installed = gs_unit_install(r, unit, mode);
    if (!*installed) {
        gs_release_later((uint64_t)(uintptr_t)unit);
        return failed(r);
    }
    uint64_t ns = gs_now() - began;
    r->compile_ns += ns;
    gs_totals.compile_ns += ns;
    gs_pay(r, gs_worked() - worked, state->off || r->compiles > 1);
    gs_totals.compiles++;
    return GS_COMPILED;
}

static void
log_compile(struct gs_record *r, const struct gs_state *state, enum gs_mode mode, enum gs_outcome outcome, struct gs_unitobj *u)
{
    static const char *const modes[] = {"final", "recording", "general"};
    const char *name = PyUnicode_AsUTF8(r->code->co_qualname);
    PyErr_Clear();
    fprintf(stderr, "gophersnake: compile: %s, bytecode %u, %s: ", name ? name : "?", state->off * 2, modes[mode]);
    if (outcome == GS_COMPILED) {
        fprintf(stderr, "%llu bytes in %.3f ms\n", (unsigned long long)u->unit->code_size, (double)u->unit->compile_ns / 1e6);
    } else {
        fprintf(stderr, "%s\n", outcome == GS_NEVER && r->reason ? r->reason : "not now");
    }
}

enum gs_outcome
gs_compile(struct gs_record *r, PyObject *callable, const struct gs_state *state, enum gs_mode mode, struct gs_unitobj **installed)
{
    long pid = (long)getpid();
    *installed = NULL;
    if (busy == pid || _PyRuntimeState_GetFinalizing(&_PyRuntime)) { /* modules, and what loads the compiler, are going */
        return GS_NOT_NOW;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    busy = pid;
    Py_INCREF(r);
    Py_INCREF(callable);
    enum gs_outcome outcome = compile(r, callable, state, mode, installed);
    if (gs_log_compile) {
        log_compile(r, state, mode, outcome, *installed);
    }
    busy = 0;
    PyObject *let_go = kept;
    kept = NULL;
    Py_XDECREF(let_go);
    Py_DECREF(callable);
    Py_DECREF(r);
    PyErr_Restore(type, value, traceback);
    return outcome;
}

int
gs_may_continue(const struct gs_record *r)
{
    return !r->give_up && r->continuation_compiles < GS_CONTINUATIONS_MAX && r->failures < GS_FAILURES_MAX;
}

struct gs_func *
gs_compile_continuation(struct gs_record *r, struct gs_state *state, enum gs_mode mode)
{
    if (!gs_may_continue(r)) {
        return NULL;
    }
    if (r->retry_after) {
        r->retry_after--;
        return NULL;
    }
    if (!gs_is_paid(r)) {
        return NULL;
    }
    uint32_t there = 0, general = 0;
    for (uint32_t i = 0; i < r->ncontinuations; i++) {
        const struct gs_func *f = r->continuations[i].func;
        there += f->off == state->off;
        general += f->off == state->off && f->flags & GS_FUNC_GENERAL;
    }
    if (there >= GS_VERSIONS_AT_OFFSET) {
        mode = GS_MODE_GENERAL;
    }
    if (mode == GS_MODE_GENERAL && general) {
        return NULL; /* it did not take this state, and another one would not */
    }
    struct gs_unitobj *unit;
    enum gs_outcome outcome = gs_compile(r, state->callable, state, mode, &unit);
    r->continuation_compiles += outcome != GS_NOT_NOW; /* else what many exits ask for while another thread compiles would be the last of them */
    if (outcome != GS_COMPILED) {
        return NULL;
    }
    struct gs_func *f = gs_find_continuation(r, state);
    if (!f) {
        r->failures++; /* the compiler made something else: asking again would give the same */
    }
    return f;
}

PyObject *
gs_describe(uint64_t unit, const char *what)
{
    if (load_unnoticed() < 0) {
        return NULL;
    }
    PyObject *text = PyObject_CallFunction(compiler.describe, "ns", (Py_ssize_t)unit, what);
    if (text && PyUnicode_Check(text) && !PyUnicode_GET_LENGTH(text)) {
        Py_DECREF(text);
        PyObject *why = PyObject_CallNoArgs(compiler.last_error);
        if (why) {
            PyErr_SetObject(gs_error, why);
            Py_DECREF(why);
        }
        return NULL;
    }
    return text;
}
