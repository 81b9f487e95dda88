/* What 3.11, 3.12 and 3.13 have in common, and later versions lack: what a frame refers to is a plain address. cpython.h says what each name means. */
#ifndef GS_CPYTHON_UNTIL_313_H
#define GS_CPYTHON_UNTIL_313_H
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>
#include "cpython_until_314.h"

#define CP_LENGTH 1

/* They lie on the data stack themselves. */
static inline int
cp_holds(PyThreadState *ts, PyObject *const *args, size_t n)
{
    (void)n;
    return (uintptr_t)args >= (uintptr_t)ts->datastack_chunk && args < (PyObject *const *)ts->datastack_limit;
}

static inline PyObject *
cp_local(const _PyInterpreterFrame *f, uint32_t i)
{
    return f->localsplus[i];
}

static inline void
cp_set_local(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    f->localsplus[i] = o;
}

static inline void
cp_set_lasti(_PyInterpreterFrame *f, uint32_t i, PyObject *o)
{
    cp_set_local(f, i, o);
}

static inline uint32_t
cp_depth(const _PyInterpreterFrame *f)
{
    return (uint32_t)f->stacktop;
}

static inline void
cp_set_depth(_PyInterpreterFrame *f, uint32_t n)
{
    f->stacktop = (int)n;
}

#define CP_LAST_FIRST 0
#define CP_COUNTS_VALUES 0
#define cp_stack_floor() ((uint64_t)0)

/* ---- Functions ---- */

#define CP_ANNOTATE(f) NULL
#define cp_name_annotate(f) ((void)(f), 0)

#endif
