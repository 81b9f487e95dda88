/* The few questions that the runtime has about bytecode: who handles an exception, where the interpreter can begin, and
   whether there is a loop ahead. 3.11's numbers; the compiler's decoder knows all the rest. */
#define _PyOpcode_Caches gs_opcode_caches /* the header defines these tables with external linkage */
#define _PyOpcode_Deopt gs_opcode_deopt
#define NEED_OPCODE_TABLES
#include "runtime.h"
#include <internal/pycore_opcode.h>
#include <opcode.h>

/* ---- The exception table: (start, length, handler, depth << 1 | lasti) in 6-bit pieces, the first byte marked by bit 7 ---- */

static const unsigned char *
read_number(const unsigned char *p, int *number)
{
    int n = *p & 63;
    while (*p++ & 64) {
        n = n << 6 | (*p & 63);
    }
    *number = n;
    return p;
}

int
gs_find_handler(PyCodeObject *code, int index, int *level, int *handler, int *lasti)
{
    const unsigned char *p = (const unsigned char *)PyBytes_AS_STRING(code->co_exceptiontable);
    const unsigned char *end = p + PyBytes_GET_SIZE(code->co_exceptiontable);
    while (p < end) {
        int start, length, target, depth;
        p = read_number(p, &start);
        p = read_number(p, &length);
        p = read_number(p, &target);
        p = read_number(p, &depth);
        if (start > index) {
            return 0;
        }
        if (index < start + length) {
            *handler = target;
            *level = depth >> 1;
            *lasti = depth & 1;
            return 1;
        }
    }
    return 0;
}

/* ---- Instructions ---- */

static int
opcode_at(PyCodeObject *code, uint32_t off)
{
    return _PyOpcode_Deopt[_Py_OPCODE(_PyCode_CODE(code)[off])];
}

int
gs_loop_ahead(PyCodeObject *code, uint32_t off)
{
    uint32_t n = (uint32_t)Py_SIZE(code);
    while (off < n) {
        int opcode = opcode_at(code, off);
        switch (opcode) {
        case JUMP_BACKWARD:
        case JUMP_BACKWARD_NO_INTERRUPT:
        case POP_JUMP_BACKWARD_IF_FALSE:
        case POP_JUMP_BACKWARD_IF_TRUE:
        case POP_JUMP_BACKWARD_IF_NONE:
        case POP_JUMP_BACKWARD_IF_NOT_NONE:
            return 1;
        }
        off += 1u + _PyOpcode_Caches[opcode];
    }
    return 0;
}

int
gs_returns_at(PyCodeObject *code, uint32_t off)
{
    return opcode_at(code, off) == RETURN_VALUE;
}

/* KW_NAMES leaves the names in a variable of the evaluation loop for the CALL that follows: the interpreter cannot begin
   between the two. A cache entry may look like KW_NAMES, so the instructions are read from the start to be sure. */
uint32_t
gs_interpretable(PyCodeObject *code, uint32_t off)
{
    int opcode = off < (uint32_t)Py_SIZE(code) ? opcode_at(code, off) : NOP;
    if (opcode != PRECALL && opcode != CALL) {
        return off;
    }
    uint32_t back = opcode == CALL ? 2u + _PyOpcode_Caches[PRECALL] : 1;
    if (off < back || opcode_at(code, off - back) != KW_NAMES) {
        return off;
    }
    uint32_t begin = 0; /* of the instruction, with its prefixes */
    for (uint32_t at = 0; at < off - back;) {
        opcode = opcode_at(code, at);
        at += 1u + _PyOpcode_Caches[opcode];
        if (opcode != EXTENDED_ARG) {
            begin = at;
        }
        if (at > off - back) {
            return off;
        }
    }
    return begin;
}

uint32_t
gs_skip_extended_arg(PyCodeObject *code, uint32_t off)
{
    while (opcode_at(code, off) == EXTENDED_ARG) {
        off++;
    }
    return off;
}

enum gs_reraise
gs_reraise_at(PyCodeObject *code, uint32_t off, int *lasti_depth)
{
    int arg = _Py_OPARG(_PyCode_CODE(code)[off]);
    switch (opcode_at(code, off)) {
    case RERAISE:
        *lasti_depth = arg;
        return arg ? GS_RERAISES_LASTI : GS_RERAISES;
    case RAISE_VARARGS:
        return arg ? GS_RAISES : GS_RAISES_BARE;
    default:
        return GS_RAISES;
    }
}
