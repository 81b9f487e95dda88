/* Whether a function is worth a compile now, that nobody chose: it was jitted with everything around it, by a rewritten source. Most of
   such functions run once or a few times, and a compile takes as long as thousands of their calls. So they earn it by calls, and all their
   compiles together are paid from a budget of time that fills as the process runs: the whole cannot become much slower than
   interpreted, whatever the functions are. What somebody decorated is compiled in its first call and pays nothing.

   A script that is run is the process's own work: a loop of it may be all that the process does, and is compiled in its first call. Modules that
   it imports are many, and most of what they do is done once: of them, what has been called often is compiled, and each compile after the first has to
   be earned again. */
#include "policy.h"
#include "runtime.h"
#include <time.h>

static struct purse { int64_t left, most, share; uint64_t filled_at; int look_again; } purses[] = {
    {.left = GS_BUDGET_NS, .most = GS_BUDGET_NS, .share = GS_BUDGET_SHARE},
    {.left = GS_MODULES_BUDGET_NS, .most = GS_MODULES_BUDGET_NS, .share = GS_MODULES_BUDGET_SHARE},
};

uint64_t
gs_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
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

enum { IN_SCRIPT = 1, HAS_LOOP = 2, LOOKED = 4 };

static int
nature(struct gs_record *r)
{
    if (!r->nature) {
        r->nature = (uint8_t)(LOOKED | (is_of_script(r) ? IN_SCRIPT : 0) | (gs_loop_ahead(r->code, 0) ? HAS_LOOP : 0));
    }
    return r->nature;
}

static struct purse *
purse_of(struct gs_record *r)
{
    return &purses[nature(r) & IN_SCRIPT ? 0 : 1];
}

void
gs_pay(struct gs_record *r, uint64_t ns)
{
    if (r->casual) {
        purse_of(r)->left -= (int64_t)ns;
    }
}

static int64_t
funds(struct purse *p)
{
    uint64_t now = gs_now();
    if (p->filled_at) {
        p->left += (int64_t)(now - p->filled_at) / p->share;
    }
    p->filled_at = now;
    p->left = p->left > p->most ? p->most : p->left;
    return p->left;
}

static int
has_earned(struct gs_record *r)
{
    uint64_t calls = nature(r) & HAS_LOOP ? GS_WARM_LOOPS : GS_WARM_CALLS;
    if (nature(r) & IN_SCRIPT) {
        return nature(r) & HAS_LOOP || r->interpreted >= calls;
    }
    return r->interpreted >= calls * (1 + r->compiles);
}

int
gs_is_warm(struct gs_record *r)
{
    if (!r->casual) {
        return 1;
    }
    struct purse *p = purse_of(r);
    int64_t more_than = nature(r) & IN_SCRIPT && r->interpreted < GS_WARM_LOOPS ? p->most / 2 : 0;
    if ((p->left <= more_than && p->look_again-- > 0) || !has_earned(r)) {
        return 0; /* a look at the clock costs as much as the call */
    }
    p->look_again = GS_BUDGET_LOOKS;
    return funds(p) > more_than;
}

int
gs_is_paid(struct gs_record *r)
{
    return !r->casual || funds(purse_of(r)) > 0;
}

int
gs_is_warm_exit(struct gs_record *r, uint32_t count)
{
    return !r->casual || nature(r) & IN_SCRIPT || count >= GS_WARM_EXITS;
}
