/* Whether a function is worth a compile now, that nobody chose: it was jitted with everything around it, by a rewritten source. Most of
   such functions run once or a few times, and a compile takes as long as thousands of their calls. So they earn it by calls, and all their
   compiles together are paid from a budget of time that fills as the process runs: the whole cannot become much slower than
   interpreted, whatever the functions are. What somebody decorated is compiled in its first call and pays nothing. */
#include "policy.h"
#include "runtime.h"
#include <time.h>

static int64_t budget = GS_BUDGET_NS, look_again;
static uint64_t filled_at;

uint64_t
gs_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
gs_pay(const struct gs_record *r, uint64_t ns)
{
    if (r->casual) {
        budget -= (int64_t)ns;
    }
}

static int64_t
funds(void)
{
    uint64_t now = gs_now();
    if (filled_at) {
        budget += (int64_t)((now - filled_at) / GS_BUDGET_SHARE);
    }
    filled_at = now;
    budget = budget > GS_BUDGET_NS ? GS_BUDGET_NS : budget;
    return budget;
}

static int
has_loop(struct gs_record *r)
{
    if (!r->loops) {
        r->loops = (uint8_t)(1 + gs_loop_ahead(r->code, 0));
    }
    return r->loops == 2;
}

int
gs_is_warm(struct gs_record *r)
{
    if (!r->casual) {
        return 1;
    }
    int64_t more_than = r->interpreted < GS_WARM_LOOPS ? GS_BUDGET_NS / 2 : 0;
    if (budget <= more_than && look_again-- > 0) {
        return 0; /* a look at the clock costs as much as the call */
    }
    if (r->interpreted < GS_WARM_CALLS && !has_loop(r)) {
        return 0;
    }
    look_again = GS_BUDGET_LOOKS;
    return funds() > more_than;
}

int
gs_is_paid(const struct gs_record *r)
{
    return !r->casual || funds() > 0;
}
