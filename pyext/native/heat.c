/* Whether a function is worth a compile now, that nobody chose: it was jitted with everything around it, by a rewritten source. Most of
   such functions run once or a few times, and a compile takes as long as thousands of their calls. So they earn it, and all their
   compiles together are paid from a budget of time that fills as the process runs: the whole cannot become much slower than
   interpreted, whatever the functions are. What somebody decorated is compiled in its first call and pays nothing, until it has surprised so often that
   its code was compiled for longer than most functions take together: a long function with many ways through it would be compiled for each of them.

   A script that is run is the process's own work: a loop of it may be all that the process does, and is compiled in its first call. Modules that
   it imports are many, and most of what they do is done once: of them, what has taken several times as long as its compile will is
   compiled, and each compile after the first has to be earned again. What has earned it and finds the budget empty becomes plain
   until there is one again: to be called by way of C costs more than undecorated. */
#include "policy.h"
#include "runtime.h"
#include <time.h>

static struct purse { int64_t left, most, share; uint64_t filled_at; int look_again; } purses[] = {
    {.left = GS_BUDGET_NS, .most = GS_BUDGET_NS, .share = GS_BUDGET_SHARE},
    {.left = GS_MODULES_BUDGET_NS, .most = GS_MODULES_BUDGET_NS, .share = GS_MODULES_BUDGET_SHARE},
    {.left = GS_FURTHER_BUDGET_NS, .most = GS_FURTHER_BUDGET_NS, .share = GS_FURTHER_BUDGET_SHARE},
    {.left = GS_CLASSES_BUDGET_NS, .most = GS_CLASSES_BUDGET_NS, .share = GS_CLASSES_BUDGET_SHARE},
};

static uint64_t
clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
gs_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* Of a processor: what waits, for a file or for its turn on a busy machine, neither earns nor pays. */
uint64_t
gs_worked(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int
is_of_script(const struct gs_record *r)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *name = PyDict_GetItemString(r->globals, "__name__");
    int is = name && PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "__main__") == 0;
    PyErr_Restore(type, value, traceback);
    return is;
}

/* Or a comprehension, which 3.11 has as a function of its own. */
static int
has_loop(PyCodeObject *code)
{
    PyObject *constants = code->co_consts;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); i++) {
        PyCodeObject *inner = (PyCodeObject *)PyTuple_GET_ITEM(constants, i);
        if (PyCode_Check(inner) && !(inner->co_flags & CO_GENERATOR) && PyUnicode_READ_CHAR(inner->co_name, 0) == '<' && gs_loop_ahead(inner, 0)) {
            return 1;
        }
    }
    return gs_loop_ahead(code, 0);
}

enum { IN_SCRIPT = 1, HAS_LOOP = 2, LOOKED = 4 };

static int
nature(struct gs_record *r)
{
    if (!r->nature) {
        r->nature = (uint8_t)(LOOKED | (is_of_script(r) ? IN_SCRIPT : 0) | (has_loop(r->code) ? HAS_LOOP : 0));
    }
    return r->nature;
}

static struct purse *
purse_of(struct gs_record *r)
{
    return &purses[!r->casual ? 2 : nature(r) & IN_SCRIPT ? 0 : 1];
}

void
gs_pay(struct gs_record *r, uint64_t ns, int further)
{
    if (!r->casual && !further) {
        return;
    }
    if (r->casual || r->further_ns > GS_FURTHER_NS) {
        purse_of(r)->left -= (int64_t)ns;
    }
    r->further_ns += ns;
}

static int64_t
funds(struct purse *p)
{
    uint64_t now = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (p->filled_at) {
        p->left += (int64_t)(now - p->filled_at) / p->share;
    }
    p->filled_at = now;
    p->left = p->left > p->most ? p->most : p->left;
    return p->left;
}

/* ---- Classes ---- */

/* A program that makes classes all the time, and attaches their __init__ later, has the looks that it can afford. */
void
gs_end_inline(PyFunctionObject *f)
{
    if (!cp_may_run_inline(f) || funds(&purses[3]) <= 0) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    uint64_t begin = gs_worked();
    (void)cp_end_inline(f, gs_attached_find); /* without memory they stay interpreted */
    PyErr_Clear();
    purses[3].left -= (int64_t)(gs_worked() - begin);
    PyErr_Restore(type, value, traceback);
}

/* ---- What calls take ---- */

/* Of the calls below the one that is timed: theirs, not its. */
static int64_t below;
uint32_t gs_lot = 1;

/* A call is timed if it is among the first of a function with a loop, or by lot, and counts then for as many as were not: the sum is right in the
   end. The lot is no clock and no count, so calls that alternate are drawn alike. */
int
gs_time_call(struct gs_record *r, struct gs_timing *t)
{
    if (nature(r) & IN_SCRIPT) {
        return 0;
    }
    if (r->nentries) {
        t->weight = gs_is_drawn() ? GS_TIMED_SHARE : 0;
    } else if (r->cold) { /* else it would not be here */
        t->weight = GS_TIMED_SHARE;
        r->interpreted += GS_TIMED_SHARE - 1;
    } else {
        t->weight = nature(r) & HAS_LOOP ? 1 : 0;
        if (r->interpreted >= GS_TIMED_CALLS) {
            r->cold = 1;
            gs_record_update_head(r);
        }
    }
    if (!t->weight) {
        return 0;
    }
    Py_INCREF(r);
    t->below = below;
    below = 0;
    t->began = gs_worked();
    return 1;
}

void
gs_time_end(struct gs_record *r, const struct gs_timing *t)
{
    int64_t took = (int64_t)(gs_worked() - t->began);
    /* The rare call that takes long is no reason to count it for others. */
    int64_t all = took + (t->weight - 1) * (took < GS_TIMED_NS_MAX ? took : GS_TIMED_NS_MAX);
    r->took_ns += all - t->weight * below;
    below = t->below + all;
    Py_DECREF(r);
}

/* ---- Those that wait for a budget ---- */

/* Weak references to functions that are plain meanwhile. Attached again they earn the rest of their compile anew, so what takes most of the time
   is first. `waiting`, the last one, stays attached, to see that there is a budget: it may be the only one that runs. */
static PyObject *parked;
static struct gs_record *waiting, *to_park; /* not counted: cleared at its end; counted */
static uint32_t era = 1;                    /* of parking: what was parked before the last end of waiting no longer is */
static int rearranging;

void
gs_heat_forget(const struct gs_record *r)
{
    waiting = waiting == r ? NULL : waiting;
}

int
gs_is_parked(const struct gs_record *r)
{
    return r->parked == era;
}

void
gs_unpark(PyObject *function)
{
    for (Py_ssize_t i = parked ? PyList_GET_SIZE(parked) : 0; i > 0; i--) {
        if (gs_referent(PyList_GET_ITEM(parked, i - 1)) == function) {
            PyList_SetItem(parked, i - 1, PyWeakref_NewRef((PyObject *)&PyFunction_Type, NULL));
            PyErr_Clear();
        }
    }
}

static void
park(struct gs_record *r)
{
    r->parked = era;
    while (r->functions) {
        PyObject *function = Py_NewRef(r->functions->func);
        gs_detach(function, NULL);
        int room = (parked || (parked = PyList_New(0))) && PyList_GET_SIZE(parked) < GS_PARKED_MAX;
        PyObject *ref = room ? PyWeakref_NewRef(function, NULL) : NULL;
        if (ref) {
            PyList_Append(parked, ref);
        }
        PyErr_Clear();
        Py_XDECREF(ref);
        Py_DECREF(function);
    }
}

static void
end_waiting(void)
{
    PyObject *list = parked;
    parked = NULL;
    era++;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *function = Py_NewRef(gs_referent(PyList_GET_ITEM(list, i)));
        if (Py_IS_TYPE(function, &PyFunction_Type) && gs_attach(function, 0, 1) == 0) {
            struct gs_record *r = gs_attached_find(function)->record;
            r->took_ns = r->took_ns > GS_WARM_NS / 2 ? GS_WARM_NS / 2 : r->took_ns;
        }
        PyErr_Clear();
        Py_DECREF(function);
    }
    Py_DECREF(list);
}

/* Objects are made and end here, which may run anything: so not in the middle of a call, but between two bytecodes. */
static int
rearrange(void *unused)
{
    (void)unused;
    rearranging = 0;
    struct gs_record *r = to_park;
    to_park = NULL;
    if (r && !r->nunits) { /* what has code may be running */
        park(r);
    }
    Py_XDECREF(r);
    if (parked && purses[1].left > purses[1].most / 2) {
        end_waiting();
    }
    return 0;
}

static void
rearrange_soon(void)
{
    if (!rearranging) {
        rearranging = Py_AddPendingCall(rearrange, NULL) == 0;
    }
}

static void
wait_for_budget(struct gs_record *r)
{
    if (waiting && !waiting->nunits && !to_park) {
        to_park = (struct gs_record *)Py_NewRef(waiting);
        rearrange_soon();
    }
    waiting = r;
}

/* ---- The questions ---- */

static int
has_earned(struct gs_record *r)
{
    if (!(nature(r) & IN_SCRIPT)) {
        int64_t compiles = 1 + (int64_t)r->compiles - r->recording_rounds; /* what was recorded was compiled twice */
        return r->took_ns >= GS_WARM_NS * compiles && (nature(r) & HAS_LOOP || r->interpreted >= GS_WARM_STRAIGHT);
    }
    return nature(r) & HAS_LOOP || r->interpreted >= GS_WARM_CALLS;
}

int
gs_is_warm(struct gs_record *r)
{
    if (!r->casual) {
        return 1;
    }
    if (!has_earned(r)) {
        return 0;
    }
    struct purse *p = purse_of(r);
    int script = nature(r) & IN_SCRIPT;
    int64_t more_than = script && r->interpreted < GS_WARM_LOOPS ? p->most / 2 : 0;
    int look = p->left > more_than || p->look_again-- <= 0; /* at the clock, which costs as much as the call */
    if (look) {
        p->look_again = GS_BUDGET_LOOKS;
    }
    if (!look || funds(p) <= more_than) {
        if (!script && waiting != r) {
            wait_for_budget(r);
        }
        return 0;
    }
    if (!script && parked && p->left > p->most / 2) {
        rearrange_soon();
    }
    return 1;
}

int
gs_is_paid(struct gs_record *r)
{
    return (!r->casual && r->further_ns <= GS_FURTHER_NS) || funds(purse_of(r)) > 0;
}

int
gs_is_warm_exit(struct gs_record *r, uint32_t count)
{
    return !r->casual || nature(r) & IN_SCRIPT || count >= GS_WARM_EXITS;
}

/* Nobody waits for the speed of what had to earn its compile, and each way that was not seen costs another one. */
uint32_t
gs_calls_to_record(struct gs_record *r)
{
    return r->casual && !(nature(r) & IN_SCRIPT) ? GS_RECORDED_CALLS : 1;
}

uint32_t
gs_rounds_to_record(struct gs_record *r)
{
    return r->casual && !(nature(r) & IN_SCRIPT) ? GS_RECORDED_ROUNDS : 0;
}
