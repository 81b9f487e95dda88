/* What the files of the C runtime share: the record of a code object, the state of an activation between two
   bytecodes, and the functions that cross from one file to another. contract.h has what the compiler knows too.

   Everything here runs under the GIL, and the GIL is the only lock. */
#ifndef GS_NATIVE_H
#define GS_NATIVE_H
#include "cpython.h"
#include "contract.h"

/* What a weak reference leads to, borrowed, or None: PyWeakref_GET_OBJECT, which 3.15 has no more. */
static inline PyObject *
gs_referent(PyObject *ref)
{
    PyObject *object = ((PyWeakReference *)ref)->wr_object;
    return Py_REFCNT(object) > 0 ? object : Py_None; /* it may be ending */
}

/* ---- The state of an activation between two bytecodes ---- */

/* One slot. Kinds are contract.h's but for DYN and RESULT: who reads a state out of registers resolves these
   to the kind that their tag names. w holds the components in the contract's order; owned: w's object counts; tagged: an int
   that says where an exception was raised, which some versions' interpreters have without an object. */
struct gs_value {
    uint8_t kind, owned, tagged;
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
    struct gs_marker *marker;     /* in its __dict__, or NULL; not counted: the marker's deallocation clears this */
    int strict;
    int casual;                   /* nobody chose it: it was jitted with everything around it */
    int embedded;                 /* a unit of its own record embeds it, uncounted */
};

/* A compiled unit with the references it holds. The units of a record live as long as the record, valid or not, for
   somebody may be running them; but for those that a sweep finds nobody in. A Python object so that the collector sees what native code refers to. */
struct gs_unitobj {
    PyObject_HEAD
    struct gs_unit *unit;
    struct gs_record **records; /* counted: whose descriptors and functions the unit holds, but for its own record */
    uint32_t nrecords;
    enum gs_mode mode;
    uint8_t *counted;           /* for each object: whether the unit holds a reference */
    struct gs_record *owner;    /* whose units it is among, or NULL; not counted */
    uint64_t profile;           /* of all its records when it was installed: with another sum today, it would become better code */
    long pid;                   /* the process that compiled it: a child's compiler does not know it */
    uint8_t found;              /* while units are swept: somebody enters it, or runs in it */
};

struct gs_version { struct gs_func *func; struct gs_unit *unit; };

/* (code, globals, builtins): what all function objects made of these share. A Python object, owned by the
   functions attached to it and by the units that call it or are about to. */
struct gs_record {
    PyObject_HEAD
    PyCodeObject *code;           /* these three are counted */
    PyObject *globals, *builtins;
    struct gs_site *profile;      /* nsites: one for each code unit, then one for each that stores twice */
    uint32_t nsites;
    struct gs_record *chain;      /* in the table of records */
    struct gs_attached *functions;

    struct gs_unitobj **units;    uint32_t nunits, units_room; /* what was compiled for this record */
    struct gs_version *entries;   uint32_t nentries, entries_room; /* offset 0, with a stub; the newest last, and first in the chain of stubs */
    struct gs_version *continuations; uint32_t ncontinuations, continuations_room; /* any offset, entered by memory; the newest last */
    vectorcallfunc head;          /* what `vectorcall` of the record's functions is: the newest stub or one of C's */

    uint64_t *borrowed;           /* bitmap of the parameters that the code never stores to, deletes or makes a cell of */
    uint32_t nparams;             /* locals that the caller fills: with *args and **kw */
    uint8_t simple;               /* no *args, **kw, keyword-only: a stub may stand in `vectorcall` */
    uint8_t general;              /* an entry for any classes exists */
    uint8_t casual;               /* so are all its functions: heat.c says when it may be compiled */
    uint8_t nature;               /* heat.c's: what the code is like; 0: not looked at yet */
    uint32_t parked;              /* heat.c's: since when */
    uint8_t cold;                 /* heat.c's: only calls that are drawn are looked at */
    uint64_t further_ns;          /* heat.c's: compiles after surprises */
    int64_t took_ns;              /* heat.c's: its interpreted calls, without attached functions that they called */
    uint8_t give_up;              /* no more compiles; what there is stays in use */
    uint32_t compiles, failures, recording_rounds; /* compiles: of entries */
    uint32_t continuation_compiles;
    uint32_t retry_after;         /* calls to interpret before the next attempt, after a passing failure */
    uint64_t exits;               /* taken, in all units */
    uint64_t interpreted;         /* calls that no version took */
    uint64_t compile_ns;
    char *reason;                 /* why its latest compile failed, or NULL */
    char *partly;                 /* which line stays interpreted in compiled code, or NULL */
    uint8_t idle;                 /* in record.c's list of those without a function */
    uint8_t named;                /* a call's site has it: the next version of that code may compile it along */
};

static inline int
gs_is_borrowed(const struct gs_record *r, uint32_t local)
{
    return local < r->nparams && (r->borrowed[local >> 6] >> (local & 63) & 1);
}

/* attach.c */
extern PyTypeObject gs_function_type; /* of attached functions; answers as the plain function type */
extern PyTypeObject gs_marker_type;   /* of f.__gophersnake__ */
struct gs_attached *gs_attached_find(PyObject *function); /* or NULL, no exception */
int gs_attach(PyObject *function, int strict, int casual); /* 0, 1 if it stays plain (its marker tells why), -1 with an exception */
int gs_detach(PyObject *function, const char *reason);    /* reason: kept in the marker, or NULL: there is none, but for what may be running. Nothing raised is left */
void gs_unmark(PyObject *function);                       /* of one that is not attached: takes away what tells why */
int gs_decline(PyObject *function, const char *reason);   /* leaves or makes it plain; the marker tells why. -1 with an exception */
PyObject *gs_marker(PyObject *code, const char *reason, int strict); /* such a marker alone, new */
int gs_reattach(struct gs_attached *);                    /* __code__ was written: 0, or -1 if it is plain now; no exception */
int gs_suspend(PyObject *function);  /* plain until gs_resume, which wants what this returns, for calls that the C stack has no room for: plain calls need none. */
void gs_resume(PyObject *function, int suspended); /* 0: it is plain already. The caller holds a reference to it in between */
int gs_attach_init(PyObject *module);
int gs_groups_init(void);
int gs_caller_module_init(void);
uint64_t gs_attached_count(void);

/* record.c */
extern PyTypeObject gs_record_class;
struct gs_record *gs_record_make(PyFunctionObject *);     /* found or made; a new reference */
struct gs_record *gs_learn_callee(PyObject *, struct gs_site *); /* a new reference, or NULL: it is not to be compiled with its caller */
struct gs_record *gs_live_record(uint64_t address);      /* the record that a site names, or NULL if it is gone */
int gs_record_ready(struct gs_record *);                 /* has a profile and knows its borrowed parameters. -1 with an exception */
void gs_record_join(struct gs_record *, struct gs_attached *);  /* takes a reference over */
struct gs_record *gs_record_leave(struct gs_attached *);  /* gives it back */
void gs_record_release(struct gs_record *, int functions); /* drops a reference; the record may idle for the next closure of its code.
                                                        functions: how many references to its code are its function's and its marker's */
PyObject *gs_record_ending(PyObject *, PyObject *);       /* the process ends: no record idles any more */
void gs_record_detach_all(struct gs_record *, const char *reason);
const char *gs_why_plain(PyFunctionObject *);             /* why a function is never compiled, or NULL */
int gs_any_record(int (*is)(PyCodeObject *));              /* whether the code of some record is so */
uint64_t gs_profile_sum(const struct gs_record *);        /* changes as the profile learns */
int gs_record_init(void);
struct gs_record *gs_record_for(PyObject *function); /* found or made, borrowed from the function or, for one that is not
                                                        attached, from the pending list that the next installed unit clears;
                                                        NULL with an exception */
void gs_unit_retire_if_outdated(const struct gs_unit *); /* if its records have learned since: no new activation
                                                        enters it, what would have is compiled anew */
void gs_record_raised(struct gs_record *, const struct gs_unit *, const struct gs_exitdesc *); /* its bytecode has raised */
void gs_record_exit(struct gs_record *, const struct gs_unit *, const struct gs_exitdesc *); /* an exit was taken: the caller has updated count and profile */

/* versions.c: units in memory. The first four serve exits.c too */
struct gs_func *gs_find_continuation(struct gs_record *, const struct gs_state *); /* or NULL, no exception */
int gs_fill_buffer(const struct gs_func *, struct gs_state *, uint64_t *buffer); /* words for the memory entry; takes over what the
                                                        state owns. -1 with an exception: no memory; the state then still owns all */
struct gs_func *gs_compile_continuation(struct gs_record *, struct gs_state *, enum gs_mode); /* or NULL, no exception: interpret.
                                                        Gives up the GIL; keeps the current exception */
struct gs_unit *gs_unit_at(uint64_t code_address);     /* or NULL */

extern PyTypeObject gs_unit_class;
struct gs_unitobj *gs_unit_install(struct gs_record *, struct gs_unit *, enum gs_mode); /* borrowed; NULL with an exception: not installed */
struct gs_func *gs_find_entry(struct gs_record *, PyObject *const *args); /* the newest for nparams arguments, or NULL */
void gs_release_later(uint64_t unit);                    /* puts one in */
void gs_record_update_head(struct gs_record *);            /* and that of all its functions */
void gs_take_head(struct gs_attached *);
void gs_retire_embedders(struct gs_record *, PyObject *function); /* it dies: units of the record that embed it uncounted may not run again */
uint64_t gs_releasable(void);                           /* takes a unit off the queue of what the compiler may free; 0 if it is empty */
int gs_unit_init(void);
void gs_units_sweep(void);                              /* now and then: frees units that nobody enters any more, nor runs. Runs what dies with them */
void gs_unit_totals(uint64_t *units, uint64_t *code, uint64_t *data);

/* compile.c */
enum gs_outcome { GS_COMPILED, GS_NOT_NOW, GS_NEVER };  /* NEVER: the record's reason tells why. No exception; the current one is kept */
enum gs_outcome gs_compile(struct gs_record *, PyObject *callable, const struct gs_state *, enum gs_mode, struct gs_unitobj **);
PyObject *gs_describe(uint64_t unit, const char *what); /* text, or NULL with an exception */
extern PyObject *gs_error;                              /* gophersnake.GophersnakeError */
extern struct gs_totals { uint64_t compiles, failures, compile_ns, exits, released; } gs_totals;
extern int gs_log_compile, gs_log_exits;
extern PyObject *gs_dump;                               /* stages to print, or NULL */

/* heat.c */
int gs_is_warm(struct gs_record *);                     /* whether an entry may be compiled for it now */
uint32_t gs_calls_to_record(struct gs_record *);        /* before what they showed is compiled */
uint32_t gs_rounds_to_record(struct gs_record *);       /* of loops, likewise; 0: as the compiler has it */
struct gs_timing { uint64_t began; int64_t below; int32_t weight; };
int gs_time_call(struct gs_record *, struct gs_timing *); /* whether a call that is interpreted now is timed: then it needs gs_time_end */
void gs_time_end(struct gs_record *, const struct gs_timing *);
int gs_is_parked(const struct gs_record *);             /* its functions are plain until there is a budget, new ones too */
void gs_unpark(PyObject *function);                     /* it shall stay plain */
void gs_heat_forget(const struct gs_record *);          /* its end */
int gs_is_paid(struct gs_record *);                     /* whether what surprised may be compiled anew */
int gs_is_warm_exit(struct gs_record *, uint32_t count); /* taken so often */
void gs_pay(struct gs_record *, uint64_t ns, int further); /* for a compile; further: it is not its first */
void gs_end_inline(PyFunctionObject *);                  /* it was attached: who calls its class calls it */
extern int gs_compiling_casually;                       /* for a function that nobody chose: its callees were not chosen either */
uint64_t gs_now(void);                                  /* a clock of nanoseconds */
uint64_t gs_worked(void);                               /* what the running thread took of a processor */
extern uint32_t gs_lot;

int gs_looks_quietly(PyTypeObject *);                   /* helpers_attr.c: nobody is told that a name is looked up there */

/* dispatch.c */
PyObject *gs_vectorcall_entry(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames); /* before the first compile, and
                                                        where a stub alone would not do */
PyObject *gs_vectorcall_cold(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);  /* likewise, of what has to earn its compile */
PyObject *gs_vectorcall_miss(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);   /* ends a chain of stubs */
PyObject *gs_vectorcall_unbind(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames); /* ends one of bound arguments */

/* abi_header.c */
char *gs_abi_header(void);
PyObject *gs_unusable(void);

/* info.c */
PyObject *gs_record_info(struct gs_record *);
PyObject *gs_constants(void);

/* compile.c */
int gs_may_continue(const struct gs_record *);         /* whether a continuation may still be compiled, now or later */

/* snapshot.c calls this for every object whose address it writes down: the compile gives up the GIL, and the object
   must outlive the compile. Held until the unit is installed, which takes its own references. -1 with an exception. */
int gs_keep(PyObject *);

/* snapshot.c: a buffer for the compiler (free with PyMem_RawFree). -1 with an exception. It may ask gs_record_for. */
int gs_snapshot(struct gs_record *, PyObject *callable, const struct gs_state *, uint32_t mode, void **buf, size_t *size);

/* helpers.c, stack.c */
struct gs_helper { const char *name; void *address; };
extern const struct gs_helper gs_helpers[]; /* ends with a NULL name */
extern uint64_t gs_stack_limit;       /* cell: native code must not go below, on the running thread */
extern uint64_t gs_activation_buffer; /* cell: where the running thread's memory entries find their state */

#endif
