/* What the compiler and the runtime agree on: slot kinds, exit kinds, and the layout of a compiled unit in memory.
   pyabi/contract.go has the same numbers; tests/test_contract.py compares them. docs/runtime.md explains. */
#ifndef GS_CONTRACT_H
#define GS_CONTRACT_H
#include <stdint.h>

enum gs_slot_kind {
    GS_NULL = 0, GS_OBJ = 1, GS_OBJ_OR_NULL = 2, GS_INT = 3, GS_FLOAT = 4, GS_BOOL = 5, GS_NONE = 6,
    GS_INT_ORIGIN = 7, GS_FLOAT_ORIGIN = 8, GS_DYN = 9, GS_RANGE = 10, GS_RANGE_ITER = 11, GS_RESULT = 12,
};
enum { GS_RECURSION_MARGIN = 48 }; /* the last activations before the recursion limit are interpreted: pyabi says why */
enum { GS_TAG_ERROR = 0 }; /* the other tags of a native result are slot kinds: OBJ, INT, FLOAT, BOOL, NONE */

enum gs_exit_kind {
    GS_EXIT_RESUME = 0, GS_EXIT_RAISE = 1, GS_EXIT_POLL = 2, GS_EXIT_RECOMPILE = 3, GS_EXIT_TOUCHED = 4, GS_EXIT_INTERPRET = 5,
};

/* Why a guard stands there; shown by explain, and kept in the profile so that the next version does better. */
enum gs_reason {
    GS_WHY_TYPE = 0, GS_WHY_OVERFLOW = 1, GS_WHY_DIVISOR = 2, GS_WHY_BOUNDS = 3, GS_WHY_GLOBAL = 4, GS_WHY_UNSEEN = 5, GS_WHY_UNBOUND = 6,
    GS_WHY_SHIFT = 7, GS_WHY_RANGE = 8, GS_WHY_RESULT = 9, GS_WHY_RAISED = 10, GS_WHY_POLL = 11, GS_WHY_STACK = 12, GS_WHY_NOT_COMPILED = 13,
    GS_WHY_CALLEE = 14, GS_WHY_FRAME = 15, GS_WHY_VALUE = 16, GS_WHY_RECORDED = 17, GS_WHY_NOMEM = 18,
};

enum gs_loc_kind {
    GS_LOC_NONE = 0, GS_LOC_GPR = 1, GS_LOC_FPR = 2, GS_LOC_STACK = 3 /* word at the stack pointer + where */, GS_LOC_IMM = 4,
    GS_LOC_LESS = 5 /* imm less the word at place where */, GS_LOC_DIFF = 6 /* the word at the place that imm's lower half tells, less that at place where, and imm's upper half */
}; /* a place: twice the number of a general register, or twice the offset from the stack pointer and one more */

struct gs_loc { uint32_t kind; int32_t where; int64_t imm; };                    /* 16 bytes; imm is added to what GPR and STACK tell; NONE: the int that the slot's object is, if it fits */
struct gs_slot { uint8_t kind, owned, ncomp, tagged; uint32_t first_loc; uint64_t klass; }; /* 16 bytes; tagged: an int that the interpreter has without an object, or what an __init__ returned, which lies above the instance; klass: of an OBJ in a key (0: any) */

struct gs_site { uint64_t type; uint32_t flags, count; };
enum { GS_SITE_POLY = 1, GS_SITE_OVERFLOW = 2, GS_SITE_FAILED = 4, GS_SITE_DIVISOR = 8, GS_SITE_RANGE = 16, GS_SITE_RAISED = 32, GS_SITE_FRAME = 64,
       GS_SITE_CALLEE = 128 /* type is not a class but a record: what a call called */, GS_SITE_ATTACHED = 256 /* and it was attached */,
       GS_SITE_EMPTY = 512 /* a store found nothing to replace */, GS_SITE_UNSEEN = 1024 /* code left here, and could not tell what it met: no class is guessed any more */,
       GS_SITE_GUESSED = 2048 /* type is what code that was compiled without a profile has assumed so far */ };

struct gs_record; /* runtime's own, see record.h */

struct gs_exitdesc {
    uint32_t kind, reason;
    uint32_t off, raise_off;        /* in code units */
    uint32_t nlocals, nstack;
    uint32_t first_slot;            /* in the unit's slots: nlocals + nstack of them */
    uint32_t frame_size;            /* bytes from the stack pointer at the exit to the return address */
    uint32_t site;                  /* code unit whose profile is to learn, or 0xffffffff */
    uint32_t site_slot;             /* index in the slots of the value whose class was a surprise, or 0xffffffff */
    struct gs_record *record;       /* whose code this is */
    struct gs_loc callable;         /* the function object */
    struct gs_loc frame;            /* its frame, or GS_LOC_NONE */
    uint32_t parent;                /* exit number of the caller's state if this was inlined, else 0xffffffff */
    uint32_t recursion;             /* how much of the recursion count the native frame holds */
    uint32_t count;                 /* how often taken */
    uint32_t force;                 /* counted down by a guard that fails although what it checks holds, when it comes to 0: for tests */
};

struct gs_callsite { uint64_t return_address; uint32_t exit; uint32_t pad; }; /* exit: descriptor of the caller's locals; sorted by address */

/* What is assumed of a site that knew nothing when the unit was compiled: a class, or with GS_SITE_CALLEE (and GS_SITE_ATTACHED) the record of what a call calls. */
struct gs_guess { struct gs_record *record; uint64_t what; uint32_t site, flags; };

enum { GS_FUNC_RECORDING = 1, GS_FUNC_GENERAL = 2, GS_FUNC_HAS_FRAME = 4, GS_FUNC_CALLEE = 8 /* made for native callers only */ };
struct gs_func {
    struct gs_record *record;
    uint32_t off, flags;
    uint32_t nlocals, nstack, first_slot;      /* the key: wanted slots */
    uint32_t rounds;                           /* that recording loops still go before they are compiled again */
    uint64_t register_entry, memory_entry, stub; /* addresses, or 0 */
    uint64_t next;                             /* the stub's next cell */
    uint64_t calls;                            /* counted by the stub */
    uint32_t code_offset, code_size;           /* within the unit's code */
};

struct gs_unit {
    uint64_t magic;                 /* GS_UNIT_MAGIC */
    uint64_t code, code_size;
    uint64_t data_size;
    struct gs_func *funcs;          uint64_t nfuncs;
    struct gs_exitdesc *exits;      uint64_t nexits;
    struct gs_slot *slots;          uint64_t nslots;
    struct gs_loc *locs;            uint64_t nlocs;
    struct gs_callsite *callsites;  uint64_t ncallsites;
    uint64_t *objects;              uint64_t nobjects;  /* PyObject* that the code embeds */
    uint64_t compile_ns;
    uint64_t valid;                 /* 1 while the assumptions hold */
    struct gs_guess *guesses;       uint64_t nguesses;
};
#define GS_UNIT_MAGIC 0x6772736e616b6531ull

/* In a stub's nargsf, beside PY_VECTORCALL_ARGUMENTS_OFFSET: the caller holds a reference to each argument, as the interpreter's stack does. */
#define GS_ARGS_OWNED (1ull << 62)

/* Registers of each class, as numbered by the instruction set, and which of the general ones is the stack pointer: rax rcx rdx rbx rsp ..,
   or x0 to x30 and sp. */
#if defined(__aarch64__)
#define GS_REGS 32
#define GS_SP 31
#else
#define GS_REGS 16
#define GS_SP 4
#endif

/* What the common exit code saves and reads back. */
struct gs_regs {
    uint64_t gpr[GS_REGS];          /* the stack pointer as it was at the exit */
    double fpr[GS_REGS];
    uint64_t exit;                  /* its number in the unit */
    uint64_t resume;                /* out: memory entry to jump to (its argument: buffer), or 0 */
    uint64_t buffer;                /* out: activation buffer */
    uint64_t value, tag;            /* out: the activation's result */
};
#endif
