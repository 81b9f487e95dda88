/* The part of the runtime that runs beneath native code: interpreter frames for native activations, exits, polls, the
   thread's stack, and the helpers (helpers.def). native.h has what the other half needs of it; here is what these files share. */
#ifndef GS_RUNTIME_H
#define GS_RUNTIME_H
#include "native.h"
#include "policy.h"

/* ---- frame.c ---- */

/* A frame on the thread's data stack, its locals NULL, not linked. NULL with MemoryError. Helper of emitted code. */
_PyInterpreterFrame *gs_frame_push(PyObject *callable);

/* The same for an activation that runs already: its function may have got other code since. */
_PyInterpreterFrame *gs_frame_push_code(PyObject *callable, PyCodeObject *);

/* At the return of native code that has a frame. What lies in the locals is borrowed; if a frame object outlives the
   activation it gets references of its own to it. Keeps a current exception. Helper of emitted code. */
void gs_frame_own(_PyInterpreterFrame *, uint32_t n);
void gs_frame_pop(_PyInterpreterFrame *);

/* As the interpreter does it: the frame owns its locals and stack. It must not be linked. */
void gs_frame_clear_and_pop(PyThreadState *, _PyInterpreterFrame *);

/* The frame stays, but native code will keep the locals to itself: the slots, which own nothing, hold from now on only what
   cannot dangle. Drops a frame object that nobody else has. */
void gs_frame_hide(_PyInterpreterFrame *);

/* Interprets a frame that owns everything, from its instruction on; clears and pops it. A new reference, or NULL with an exception. */
PyObject *gs_frame_run(PyThreadState *, _PyInterpreterFrame *);

static inline void
gs_frame_link(PyThreadState *ts, _PyInterpreterFrame *f)
{
    f->previous = *cp_frames(ts);
    *cp_frames(ts) = f;
}

static inline void
gs_frame_unlink(PyThreadState *ts, _PyInterpreterFrame *f)
{
    *cp_frames(ts) = f->previous;
}

/* ---- bytecode.c ---- */

int gs_find_handler(PyCodeObject *, int index, int *level, int *handler, int *lasti); /* 0: none */
int gs_loop_ahead(PyCodeObject *, uint32_t off);             /* whether a jump back is reachable by reading on */
int gs_returns_at(PyCodeObject *, uint32_t off, PyObject **constant); /* constant: what is returned if it does not lie on the stack, borrowed, or NULL */
uint32_t gs_skip_extended_arg(PyCodeObject *, uint32_t off);
enum gs_reraise { GS_RAISES, GS_RAISES_BARE, GS_RERAISES, GS_RERAISES_LASTI };
enum gs_reraise gs_reraise_at(PyCodeObject *, uint32_t off, int *lasti_depth); /* an exception that is passed on gets no traceback entry; a bare
                                                                `raise` may pass on or raise. lasti_depth: where on the stack the instruction to blame is */

/* ---- stack.c ---- */

extern uint64_t gs_stack_size;   /* cell: with gs_stack_limit: native code may run while (rsp - limit) <= size, unsigned */
void gs_stack_here(void);        /* sets both cells for the running thread */
uint64_t gs_stack_top(void);     /* the highest address of the stack that this C frame is on, or 0: it is not known to be the thread's */
int gs_stack_is_short(void);     /* below this C frame there is less left than native code must leave to C */
int gs_stack_ration(void);       /* bounds recursion in C by the rest of the stack, until gs_stack_end_ration, which wants what this returns */
void gs_stack_end_ration(int);
extern uint64_t gs_buffer_words; /* the room of the activation buffer */
int gs_buffer_reserve(uint64_t words); /* before a unit with a memory entry that reads so many is installed. -1 with an exception */

/* ---- activation.c ---- */

/* An activation that left native code, until it goes on somewhere. */
struct gs_activation {
    struct gs_state st;             /* slots has room for the deepest stack of the code, and one more */
    PyCodeObject *code;             /* what runs: the function may have got other code since */
    const struct gs_slot *slots;    /* the exit's descriptors of the first nslots of them */
    const struct gs_loc *locs;
    uint32_t nslots;
    uint8_t filled;                 /* the frame's locals own references of their own, beside the state */
    uint8_t changed;                /* a debugger wrote a local: no native version counts with that */
};

int gs_activation_show(PyThreadState *, struct gs_activation *, uint32_t instr); /* makes the frame, or what it lacks, and links it. -1 with
                                                                an exception: no memory, and then nothing is linked */
void gs_activation_learn(struct gs_activation *);               /* takes over what a debugger wrote into the shown frame */
void gs_activation_touched(struct gs_activation *);             /* the same, after native code showed its own references */
void gs_activation_share(struct gs_activation *);               /* a raw number that lies in several slots becomes one object, for a
                                                                version that does not know that they are the same */
void gs_activation_unshow(PyThreadState *, struct gs_activation *);  /* unlinked, the locals are the state's alone again */
void gs_activation_drop_frame(PyThreadState *, struct gs_activation *); /* for a version that has no frame */
_PyInterpreterFrame *gs_activation_to_frame(PyThreadState *, struct gs_activation *); /* all of it, for the interpreter, not linked. NULL with an
                                                                exception: no memory, the activation is over */
void gs_activation_end(PyThreadState *, struct gs_activation *); /* over, by an exception */

/* ---- raise.c ---- */

/* An exception is set, the frame is shown. traceback: the instruction blamed, index: where the handler is looked up. Returns 1 if
   there is a handler: the state is the one at its beginning. 0: nobody handles it, the stack is empty. */
int gs_raise_at(PyThreadState *, struct gs_activation *, uint32_t traceback, int index);

/* ---- exits.c ---- */

void gs_exit(struct gs_unit *, struct gs_regs *); /* called by the common exit code of a unit */
int64_t gs_locals_changed(struct gs_unit *, struct gs_regs *); /* likewise called, with the exit's number: see helpers.def */
void gs_release_in(PyObject *, struct gs_regs *); /* the object's count has become 0. Behind the registers lies the return address, a call site's,
                                                     whose descriptor tells the state of the activation */

/* ---- heat.c ---- */

/* Whether this call, of as many as there are, is looked at. */
static inline int
gs_is_drawn(void)
{
    gs_lot = gs_lot * 1664525u + 1013904223u;
    return (gs_lot >> 16) % GS_TIMED_SHARE == 0;
}

/* ---- finalise.c ---- */

/* What runs before the end of an object may run Python code, once. */
struct gs_ending { void (*show)(struct gs_ending *); int shown; };
void gs_end(PyObject *, struct gs_ending *); /* its count has become 0; without gs_ending nothing needs to run */
struct iterator { PyObject_HEAD Py_ssize_t index; PyObject *sequence; }; /* over a list or a tuple */
int gs_keep_iterator(PyThreadState *, PyObject *); /* likewise one over a list or a tuple, which the collector does not track any more */

/* Ints that native code has let go of wait here for its next boxes, by their digits: a local that changes in each round, and is shown to what the
   loop calls, would cost an allocation and its end in each; and so would the items of a row that is made anew in each round. As many wait as were
   missed since the last full collection, which empties the list as it does CPython's own. */
#define GS_SPARE_INTS 1000
extern struct gs_spare_ints { int64_t count, room; PyObject *ints[GS_SPARE_INTS]; } gs_spare_ints[3];

void gs_drop_spare_ints(void);

/* Whether it is an int that waits for the next box from now on. Nobody has a reference to it any more. */
static inline int
gs_keep_int(PyObject *o)
{
    if (!Py_IS_TYPE(o, &PyLong_Type)) {
        return 0;
    }
    Py_ssize_t digits = cp_digits(o);
    if ((digits != 1 && digits != 2) || gs_spare_ints[digits].count >= gs_spare_ints[digits].room) {
        return 0;
    }
    gs_spare_ints[digits].ints[gs_spare_ints[digits].count++] = o;
    return 1;
}

/* cell: filled by the compiler's Init with the address of code in the C convention, which calls a memory entry with r15 set and
   returns its rax, and its rdx in *tag. While it is 0 the interpreter does what would need it. */
extern uint64_t (*gs_call_native)(uint64_t memory_entry, uint64_t *buffer, uint64_t *tag);

/* ---- values.c ---- */

int gs_box(const struct gs_value *, PyObject **);  /* a new reference, or NULL for GS_NULL; -1 with an exception */
void gs_value_of(struct gs_value *, PyObject *, int owned); /* an object as the slot that knows most about it; NULL is a NULL slot */
void gs_release(struct gs_value *);                /* drops what it owns, and is NULL afterwards */
int gs_same(const struct gs_value *, PyObject *, int alive); /* whether the object is the value's; alive: it may be looked into */
PyTypeObject *gs_class_of(const struct gs_value *); /* borrowed, or NULL */

/* ---- helpers_object.c, for other files; the rest is in helpers.h ---- */

PyObject *gs_make_range(int64_t start, int64_t stop, int64_t step);
PyObject *gs_make_range_iter(int64_t next, int64_t step, int64_t left);
void gs_record_type(PyObject *, struct gs_site *);
void gs_record_item(PyObject *list, PyObject *index, struct gs_site *);
void gs_record_attr(PyObject *, PyObject *name, struct gs_site *);
void gs_learn_class(struct gs_site *, PyTypeObject *);
void gs_assume(struct gs_site *, const struct gs_guess *);
PyTypeObject *gs_live_class(uint64_t address); /* the class that a site names, or NULL if it is gone. Keeps no exception */

#endif
