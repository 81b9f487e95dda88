/* The C stack of the running thread, and the buffer that memory entries read.

   Native code compares its stack pointer with two cells: it may run while (rsp - gs_stack_limit) <= gs_stack_size, unsigned.
   One comparison, and it also fails on another thread's stack, whichever side it lies on: nobody need set the cells when
   threads take turns, for the failing prologue is an exit, and every exit sets them. They begin as a range that holds nothing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "runtime.h"
#include <pthread.h>

#define SPARE_MOST (256 * 1024) /* what native code leaves for the C functions it calls */
#define SPARE_LEAST (32 * 1024) /* above where C functions raise, if the interpreter has them look */
#define SPARE_PART 4            /* but of a small stack only one part in so many */

uint64_t gs_stack_limit = UINT64_MAX;
uint64_t gs_stack_size;

static __thread uint64_t lowest, height, bottom; /* native code may use `height` bytes from `lowest` on; C those below, too */

static void
find_bounds(void)
{
    pthread_attr_t attr;
    void *address;
    size_t size, guard = 0;
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        int ok = pthread_attr_getstack(&attr, &address, &size) == 0;
        pthread_attr_getguardsize(&attr, &guard);
        pthread_attr_destroy(&attr);
        uint64_t low = (uint64_t)(uintptr_t)address;
        if (ok && here >= low && here < low + size) {
            uint64_t spare = size / SPARE_PART < SPARE_MOST ? size / SPARE_PART : SPARE_MOST;
            lowest = low + guard + spare;
            uint64_t wanted = cp_stack_floor() + (spare < SPARE_LEAST ? spare : SPARE_LEAST);
            if (lowest < wanted && wanted < low + size) {
                lowest = wanted;
            }
            height = low + size - lowest;
            bottom = low + guard;
            return;
        }
    }
    /* Some library's own stack: nothing is known of it but that we are on it. Native code would be a risk. */
    lowest = here;
    height = 0;
}

void
gs_stack_here(void)
{
    if (!lowest) {
        find_bounds();
    }
    gs_stack_limit = lowest;
    gs_stack_size = height;
}

uint64_t
gs_stack_top(void)
{
    gs_stack_here();
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    return height && here >= bottom && here < lowest + height ? lowest + height : 0;
}

int
gs_stack_is_short(void)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (here - gs_stack_limit <= gs_stack_size) {
        return 0; /* the cells are this thread's: without a look at what each thread has */
    }
    gs_stack_here();
    return here - gs_stack_limit > gs_stack_size;
}

/* What is interpreted because the stack is short recurses in C no deeper than the rest of the stack has room for: CPython counts that for
   a whole stack, of which native code took none of the count. */
#define STACK_OF_UNIT 1024 /* CPython 3.13 allows 10,000 on 8 MB */

int
gs_stack_ration(void)
{
    int *units = cp_c_recursion(cp_thread());
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (!units || !height || here < bottom || here >= lowest + height) {
        return 0;
    }
    int64_t over = *units - (int64_t)((here - bottom) / STACK_OF_UNIT);
    *units -= over > 0 ? (int)over : 0;
    return over > 0 ? (int)over : 0;
}

void
gs_stack_end_ration(int over)
{
    if (over) {
        *cp_c_recursion(cp_thread()) += over;
    }
}

/* ---- The activation buffer ---- */

/* One for the process: it is filled when everything else is done, and read at the very beginning of a memory entry, so
   nothing comes between, and the GIL is held. */
enum { FIRST_WORDS = 2048 };
static uint64_t first_buffer[FIRST_WORDS];
uint64_t gs_activation_buffer = (uint64_t)(uintptr_t)first_buffer;
uint64_t gs_buffer_words = FIRST_WORDS;

int
gs_buffer_reserve(uint64_t words)
{
    if (words <= gs_buffer_words) {
        return 0;
    }
    uint64_t *grown = PyMem_RawMalloc(words * sizeof *grown);
    if (!grown) {
        PyErr_NoMemory();
        return -1;
    }
    if (gs_activation_buffer != (uint64_t)(uintptr_t)first_buffer) {
        PyMem_RawFree((void *)(uintptr_t)gs_activation_buffer);
    }
    gs_activation_buffer = (uint64_t)(uintptr_t)grown;
    gs_buffer_words = words;
    return 0;
}
