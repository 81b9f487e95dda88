/* What 3.12 and later have in common, and 3.11 lacks: the thread-local variable that leads to the running thread's state, monitoring,
   and what of their bytecode is alike. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "runtime.h"
#if PY_VERSION_HEX >= 0x030c0000
#include <link.h>
#include <opcode.h>
#include <pthread.h>

/* ---- The running thread's state ---- */

int64_t cp_thread_offset;

struct block { size_t module; char *start; size_t size; };

/* The blocks of thread-local variables that the calling thread has, of each loaded object. */
struct blocks { struct block at[256]; int n; };

static int
note_block(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct blocks *all = arg;
    if (size < sizeof *info || !info->dlpi_tls_data || all->n == Py_ARRAY_LENGTH(all->at)) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_TLS) {
            all->at[all->n++] = (struct block){info->dlpi_tls_modid, info->dlpi_tls_data, info->dlpi_phdr[i].p_memsz};
        }
    }
    return 0;
}

struct question { size_t module; int64_t offset; int same; };

/* In another thread: whether the block lies there, too, so that no variable in it need be looked for. */
static void *
compare(void *arg)
{
    struct question *q = arg;
    struct blocks all = {.n = 0};
    dl_iterate_phdr(note_block, &all);
    for (int i = 0; i < all.n; i++) {
        q->same |= all.at[i].module == q->module && all.at[i].start - (char *)__builtin_thread_pointer() == q->offset;
    }
    return NULL;
}

static int
is_static(const struct block *b)
{
    struct question q = {b->module, b->start - (char *)__builtin_thread_pointer(), 0};
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return 0;
    }
    pthread_attr_setstacksize(&attr, 256 * 1024);
    if (pthread_create(&thread, &attr, compare, &q) == 0) {
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attr);
    return q.same;
}

/* It is the word that is the thread's state while the thread runs Python, and NULL while it does not. */
int
cp_find_thread(void)
{
    PyThreadState *ts = PyThreadState_Get();
    struct blocks all = {.n = 0};
    dl_iterate_phdr(note_block, &all);
    for (int i = 0; i < all.n; i++) {
        struct block *b = &all.at[i];
        for (size_t k = 0; k + sizeof ts <= b->size; k += sizeof ts) {
            PyThreadState *volatile *word = (PyThreadState *volatile *)(b->start + k);
            if (*word != ts) {
                continue;
            }
            PyEval_SaveThread();
            int empty = *word == NULL;
            PyEval_RestoreThread(ts);
            if (empty && *word == ts && is_static(b)) {
                cp_thread_offset = (char *)word - (char *)__builtin_thread_pointer();
                return 1;
            }
        }
    }
    return 0;
}

/* ---- Monitoring ---- */

uint64_t cp_quiet_version = UINT64_MAX;

static int
has_tools(const uint8_t *tools, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tools[i]) {
            return 1;
        }
    }
    return 0;
}

static int
is_monitored(PyCodeObject *code)
{
    return code->_co_monitoring && has_tools(code->_co_monitoring->local_monitors.tools, sizeof code->_co_monitoring->local_monitors.tools);
}

void
cp_heed_monitors(PyCodeObject *code)
{
    if (is_monitored(code)) {
        cp_quiet_version = UINT64_MAX;
    }
}

/* What is monitored changes its version with each change, but for what 3.13 and later monitor of one function (see watch_locals there). A tool that asks for events of one function is taken for one that asks for them all. */
int
cp_look_for_tools(PyInterpreterState *interp)
{
    if (has_tools(interp->monitors.tools, sizeof interp->monitors.tools) || gs_any_record(is_monitored)) {
        return 1;
    }
    cp_quiet_version = cp_events_version(interp);
    return 0;
}

/* ---- Bytecode ---- */

int
cp_names_attribute(int opcode, uint32_t arg)
{
    return opcode == LOAD_ATTR ? (int)(arg >> 1) : opcode == STORE_ATTR ? (int)arg : -1;
}

#endif
