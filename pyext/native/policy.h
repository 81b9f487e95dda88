/* When to compile, and when to stop: every number that is a choice, with its reason. */
#ifndef GS_POLICY_H
#define GS_POLICY_H

enum {
    GS_ENTRIES_MAX = 8,         /* argument types of a function; each costs a compile and a link in the chain of stubs. Then one for any classes */
    GS_COMPILES_MAX = 48,       /* entries of a record, over its life; then what there is stays: each of 8 for other types, as it learns */
    GS_VERSIONS_AT_OFFSET = 4,  /* continuations at one bytecode; then the general one, whose slots are objects of any class */
    GS_CONTINUATIONS_MAX = 64,  /* compiled for a record: past that its code is larger than the surprises are worth, and the interpreter goes on */
    GS_RECORDING_ROUNDS = 3,    /* how often code may ask to be compiled once more because it has now seen types; library code asked twice */
    GS_EXITS_FIRST_LOOK = 3,    /* one or two surprises are cheaper than a compile */
    GS_FAILURES_MAX = 4,        /* continuations that could not be compiled; then the record gives up asking */
    GS_RETRY_CALLS = 1000,      /* to interpret after a passing failure (recursion, memory), which would fail again at once */
    GS_SWEEP_BYTES = 16 << 20,  /* code and data between two sweeps of units that nobody enters any more: some hundred compiles, where a sweep takes a millisecond at most */
    GS_IDLE_MAX = 64,           /* records kept without a function: inner functions of a program that come and go at the same time */
    /* For functions that nobody chose (heat.c). Until it pays for itself, a function is compiled about three times, 1 ms each; a call
       of it that is interpreted costs some 30 ns more than undecorated. */
    GS_WARM_CALLS = 2000,       /* of a script's function without a loop, interpreted, before it is compiled */
    GS_WARM_LOOPS = 100,        /* calls of one with a loop; its first call while half of the budget is left */
    GS_BUDGET_NS = 100000000,   /* of compile time for a script; of a few hundred lines it takes less */
    GS_BUDGET_SHARE = 20,       /* and one part in so many of the time that passes */
    GS_BUDGET_LOOKS = 16,       /* calls between two looks at the clock when there is nothing left */
    /* Of modules that are imported most functions never pay their compile back: machine code that mostly calls saves a tenth or a fifth of
       the time, so it pays after five or ten times what the compile takes. */
    GS_WARM_NS = 20000000,      /* of a function's own, interpreted, before it is compiled */
    GS_MODULES_BUDGET_NS = 15000000,
    GS_MODULES_BUDGET_SHARE = 100,
    GS_WARM_EXITS = 200,        /* of one guard, before code is compiled that goes on there; of a script at once, if a loop lies ahead */
    GS_WARM_STRAIGHT = 500,     /* calls of one without a loop: what takes as long in fewer waits for C code */
    GS_TIMED_CALLS = 2,         /* of a function with a loop; a look at the clock takes 0.25 us */
    GS_TIMED_SHARE = 64,        /* and of the others one in so many */
    GS_TIMED_NS_MAX = 200000,   /* which counts as many times, up to here */
    GS_RECORDED_CALLS = 20,     /* and */
    GS_RECORDED_ROUNDS = 500,   /* of loops, to see most ways through it */
    GS_PARKED_MAX = 256,        /* functions that wait for a budget and are to be found again */

    /* For functions that were decorated: compiles after surprises, that is continuations and entries compiled anew. One of a function of some
       thousand bytecodes takes 30 ms, and its ways are many. */
    GS_FURTHER_NS = 30000000,   /* that cost nothing, for each function */
    GS_FURTHER_BUDGET_NS = 200000000, /* for all together that go beyond, */
    GS_FURTHER_BUDGET_SHARE = 5, /* and one part in so many of the time: what is short is interpreted meanwhile */

    /* To look at all classes takes 0.5 us for each; a function that is attached after it has run as __init__ makes it necessary. */
    GS_CLASSES_BUDGET_NS = 20000000, /* for all such looks together, */
    GS_CLASSES_BUDGET_SHARE = 50, /* and one part in so many of the time: past that a constructor may go on interpreted */

    GS_CODE_UNITS_MAX = 200000 /* 10,000 lines and more; a function longer than that is data, and its compile would be felt. Of 3.11's: CP_LENGTH */
};

#endif
