/* What the files of the C runtime share: the record of a code object, the state of an activation between two
   bytecodes, and the functions that cross from one file to another. contract.h has what the compiler knows too.

   Everything here runs under the GIL, and the GIL is the only lock. */
#ifndef GS_NATIVE_H
#define GS_NATIVE_H
#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1 /* the interpreter's frame, the thread's data stack and the runtime's small ints are not public */
#endif
#include <Python.h>
#include <internal/pycore_frame.h>
#include <stddef.h>
#include "contract.h"

/* ---- The state of an activation between two bytecodes ---- */

/* One slot. Kinds are contract.h's but for DYN and RESULT: who reads a state out of registers resolves these
   to the kind that their tag names. w holds the components in the contract's order; owned: w's object counts. */
struct gs_value {
    uint8_t kind, owned;
    uint64_t w[3];
};

struct gs_state {
    uint32_t off, nlocals, nstack; /* off in code units */
    struct gs_value *slots;        /* nlocals locals, then nstack stack items */
    PyObject *callable;            /* borrowed */
    _PyInterpreterFrame *frame;    /* or NULL */
};

/* ---- Records ---- */

enum gs_mode { GS_MODE_FINAL = 0, GS_MODE_RECORDING = 1, GS_MODE_GENERAL = 2 };

/* A function object that runs by its record. The table of attach.c finds it by the function's address. */
struct gs_attached {
    PyFunctionObject *func;       /* not counted: the function's deallocation removes the entry */
    struct gs_record *record;     /* counted */
    struct gs_attached *chain;    /* in the table */
    struct gs_attached *next, **link; /* among the functions of the record */
    int strict;
};

/* A compiled unit with the references it holds. The units of a record live as long as the record, valid or not:
   somebody may be running them. A Python object so that the collector sees what native code refers to. */
struct gs_unitobj {
    PyObject_HEAD
    struct gs_unit *unit;
    struct gs_record **records; /* counted: whose descriptors and functions the unit holds, but for its own record */
    uint32_t nrecords;
    enum gs_mode mode;
};

/* (code, globals, builtins): what all function objects made of these share. A Python object, owned by the
   functions attached to it and by the units that call it or are about to. */
struct gs_record {
    PyObject_HEAD
    PyCodeObject *code;           /* these three are counted */
    PyObject *globals, *builtins;
    struct gs_site *profile;      /* Py_SIZE(code), one for each code unit */
    struct gs_record *chain;      /* in the table of records */
    struct gs_attached *functions;

    struct gs_unitobj **units;    uint32_t nunits, units_room; /* what was compiled for this record */
    struct gs_func **entries;     uint32_t nentries, entries_room; /* offset 0, with a stub; the newest first in the chain of stubs */
    struct gs_func **continuations; uint32_t ncontinuations, continuations_room; /* any offset, entered by memory */
    vectorcallfunc head;          /* what `vectorcall` of the record's functions is: the newest stub or one of C's */

    uint64_t *borrowed;           /* bitmap of the parameters that the code never stores to, deletes or makes a cell of */
    uint32_t nparams;             /* locals that the caller fills: with *args and **kw */
    uint8_t simple;               /* no *args, **kw, keyword-only: a stub may stand in `vectorcall` */
    uint8_t busy;                 /* a compile of it is under way */
    uint8_t general;              /* an entry for any classes exists */
    uint8_t wants_compile;        /* at the next call: the profile knows more than the code */
    uint8_t give_up;              /* no more compiles; what there is stays in use */
    uint32_t compiles, failures, recording_rounds;
    uint32_t retry_after;         /* calls to interpret before the next attempt, after a passing failure */
    uint64_t exits;               /* taken, in all units */
    uint64_t exits_at_compile, profile_at_compile; /* both as of the latest compile of an entry */
    uint64_t interpreted;         /* calls that no version took */
    uint64_t compile_ns;
    char *reason;                 /* why it runs interpreted, or NULL */
};

static inline int
gs_is_borrowed(const struct gs_record *r, uint32_t local)
{
    return local < r->nparams && (r->borrowed[local >> 6] >> (local & 63) & 1);
}

/* record.c */
struct gs_record *gs_record_for(PyObject *function); /* found or made, borrowed from the function or, for one that is not
                                                        attached, from the pending list that the next installed unit clears;
                                                        NULL with an exception */
void gs_record_exit(struct gs_record *, struct gs_exitdesc *); /* an exit was taken: the caller has updated count and profile */

/* versions.c: used by exits.c */
struct gs_func *gs_find_continuation(struct gs_record *, const struct gs_state *); /* or NULL, no exception */
int gs_fill_buffer(const struct gs_func *, struct gs_state *, uint64_t *buffer); /* words for the memory entry; takes over what the
                                                        state owns. -1 with an exception: no memory; the state then still owns all */
struct gs_func *gs_compile_continuation(struct gs_record *, struct gs_state *, enum gs_mode); /* or NULL, no exception: interpret.
                                                        Gives up the GIL; keeps the current exception */
struct gs_unit *gs_unit_at(uint64_t code_address);     /* or NULL */

PyObject *gs_vectorcall_miss(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);

/* attach.c */
struct gs_attached *gs_attached_find(PyObject *function); /* or NULL, no exception */

/* versions.c: snapshot.c calls this for every object whose address it writes down: the compile gives up the GIL, and the object
   must outlive the compile. Held until the unit is installed, which takes its own references. -1 with an exception. */
int gs_keep(PyObject *);

/* snapshot.c: a buffer for the compiler (free with PyMem_RawFree). -1 with an exception. It may ask gs_record_for. */
int gs_snapshot(struct gs_record *, PyObject *callable, const struct gs_state *, uint32_t mode, void **buf, size_t *size);

/* frame.c, exits.c, poll.c, helpers.c */
struct gs_helper { const char *name; void *address; };
extern const struct gs_helper gs_helpers[]; /* ends with a NULL name */
extern uint64_t gs_stack_limit;       /* cell: native code must not go below, on the running thread */
extern uint64_t gs_activation_buffer; /* cell: where the running thread's memory entries find their state */

#endif
