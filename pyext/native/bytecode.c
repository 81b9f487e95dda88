/* The few questions that the runtime has about bytecode: who handles an exception, and whether there is a loop ahead. The compiler's decoder
   knows all the rest; what a version's numbers are is told by cpython.h. */
#include "runtime.h"
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

int
gs_loop_ahead(PyCodeObject *code, uint32_t off)
{
    uint32_t n = (uint32_t)Py_SIZE(code);
    while (off < n) {
        int opcode = cp_opcode(code, off);
        if (cp_jumps_back(opcode)) {
            return 1;
        }
        off += 1u + (uint32_t)cp_caches(opcode);
    }
    return 0;
}

int
gs_returns_at(PyCodeObject *code, uint32_t off, PyObject **constant)
{
    *constant = NULL;
#ifdef RETURN_CONST
    size_t arg = 0;
    for (uint32_t at = off;; at++) {
        int opcode = cp_opcode(code, at);
        arg = arg << 8 | (size_t)_Py_OPARG(_PyCode_CODE(code)[at]);
        if (opcode == RETURN_CONST) {
            *constant = PyTuple_GET_ITEM(code->co_consts, (Py_ssize_t)arg);
            return 1;
        }
        if (opcode != EXTENDED_ARG) {
            break;
        }
    }
#endif
    return cp_returns(cp_opcode(code, off));
}

uint32_t
gs_skip_extended_arg(PyCodeObject *code, uint32_t off)
{
    while (cp_opcode(code, off) == EXTENDED_ARG) {
        off++;
    }
    return off;
}

enum gs_reraise
gs_reraise_at(PyCodeObject *code, uint32_t off, int *lasti_depth)
{
    int arg = _Py_OPARG(_PyCode_CODE(code)[off]);
    switch (cp_opcode(code, off)) {
    case RERAISE:
        *lasti_depth = arg;
        return arg ? GS_RERAISES_LASTI : GS_RERAISES;
    case RAISE_VARARGS:
        return arg ? GS_RAISES : GS_RAISES_BARE;
    default:
        return GS_RAISES;
    }
}

int
cp_names_global(int opcode, uint32_t arg)
{
    return opcode == LOAD_GLOBAL ? (int)(arg >> 1) : -1;
}
