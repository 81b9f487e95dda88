/* CPython 3.12: what is too long for a header. cpython.h says what each function does. */
#define _PyOpcode_Caches gs_opcode_caches /* the header defines these tables with external linkage */
#define _PyOpcode_Deopt gs_opcode_deopt
#include "runtime.h"
#if PY_VERSION_HEX >> 16 == 0x030c
#define NEED_OPCODE_TABLES
#include <internal/pycore_opcode.h>
#include <opcode.h>

/* ---- The eval breaker ---- */

/* An empty function, whose first bytecode does all that the eval breaker asks for. */
static PyObject *
make_idle(void)
{
    PyObject *globals = PyDict_New(), *idle = NULL; /* nothing may run here: what is pending would come too early */
    PyObject *code = globals ? Py_CompileString("lambda: None", "<gophersnake>", Py_eval_input) : NULL;
    if (code) {
        idle = PyFunction_New(PyTuple_GET_ITEM(((PyCodeObject *)code)->co_consts, 0), globals);
    }
    Py_XDECREF(code);
    Py_XDECREF(globals);
    if (idle) { /* nobody sees its frame: it counts as not begun */
        ((PyCodeObject *)((PyFunctionObject *)idle)->func_code)->_co_firsttraceable = INT_MAX;
    }
    return idle;
}

int
cp_poll(PyThreadState *ts)
{
    static PyObject *idle;
    if (!idle && !(idle = make_idle())) {
        return -1;
    }
    /* Nor does anybody monitor it. */
    ((PyCodeObject *)((PyFunctionObject *)idle)->func_code)->_co_instrumentation_version = ts->interp->monitoring_version;
    ++*cp_recursion(ts); /* it is not there */
    cp_spare_recursion(ts);
    PyObject *none = cp_plain_vectorcall(idle, NULL, 0, NULL);
    cp_spared_recursion(ts);
    --*cp_recursion(ts);
    Py_XDECREF(none);
    return none ? 0 : -1;
}

/* ---- Tools ---- */

/* Tells the tools of an event that has an exception, as the interpreter does: what one of them raises takes the exception's place. */
static void
tell(PyThreadState *ts, _PyInterpreterFrame *f, int event)
{
    PyInterpreterState *interp = ts->interp;
    unsigned tools = interp->monitors.tools[event];
    if (ts->tracing || !tools) {
        return;
    }
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *offset = PyLong_FromLong(cp_at(f) * (long)sizeof(_Py_CODEUNIT));
    int ok = offset != NULL;
    int before = ts->what_event;
    for (int tool = 0; tools && ok; tool++, tools >>= 1) {
        PyObject *callback = tools & 1 ? interp->monitoring_callables[tool][event] : NULL;
        if (callback) {
            PyObject *args[] = {NULL, (PyObject *)cp_code(f), offset, exception};
            ts->what_event = event;
            ts->tracing++;
            PyObject *result = PyObject_Vectorcall(callback, args + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
            ts->tracing--;
            ts->what_event = before;
            ok = result != NULL;
            Py_XDECREF(result);
        }
    }
    Py_XDECREF(offset);
    if (ok) {
        PyErr_SetRaisedException(exception);
    } else {
        Py_DECREF(exception);
    }
}

void
cp_tell_raise(PyThreadState *ts, _PyInterpreterFrame *f)
{
    tell(ts, f, PY_MONITORING_EVENT_RAISE);
}

void
cp_tell_unwind(PyThreadState *ts, _PyInterpreterFrame *f)
{
    tell(ts, f, PY_MONITORING_EVENT_PY_UNWIND);
}

/* ---- Bytecode ---- */

int
cp_opcode(PyCodeObject *code, uint32_t unit)
{
    int opcode = _PyCode_CODE(code)[unit].op.code;
    if (opcode >= MIN_INSTRUMENTED_OPCODE) {
        PyObject *bytes = PyCode_GetCode(code); /* kept by the code object */
        if (!bytes) {
            PyErr_Clear();
            return NOP;
        }
        opcode = (uint8_t)PyBytes_AS_STRING(bytes)[2 * unit];
        Py_DECREF(bytes);
    }
    return _PyOpcode_Deopt[opcode];
}

int
cp_caches(int opcode)
{
    return _PyOpcode_Caches[opcode];
}

int
cp_jumps_back(int opcode)
{
    return opcode == JUMP_BACKWARD || opcode == JUMP_BACKWARD_NO_INTERRUPT;
}

int
cp_returns(int opcode)
{
    return opcode == RETURN_VALUE;
}

/* KW_NAMES leaves the names in a variable of the evaluation loop for the CALL that follows: the interpreter cannot begin
   between the two. A cache entry may look like KW_NAMES, so the instructions are read from the start to be sure. */
uint32_t
cp_begin(PyCodeObject *code, uint32_t off)
{
    if (off < 1 || off >= (uint32_t)Py_SIZE(code) || cp_opcode(code, off) != CALL || cp_opcode(code, off - 1) != KW_NAMES) {
        return off;
    }
    uint32_t begin = 0; /* of the instruction, with its prefixes */
    for (uint32_t at = 0; at < off - 1;) {
        int opcode = cp_opcode(code, at);
        at += 1u + _PyOpcode_Caches[opcode];
        if (opcode != EXTENDED_ARG) {
            begin = at;
        }
        if (at > off - 1) {
            return off;
        }
    }
    return begin;
}

int
cp_writes(int opcode, uint32_t arg, uint32_t locals[2])
{
    locals[0] = arg;
    return opcode == STORE_FAST || opcode == DELETE_FAST || opcode == MAKE_CELL || opcode == LOAD_FAST_AND_CLEAR;
}

/* ---- The self-test ---- */

const char *
cp_test(PyThreadState *ts, PyObject *freed)
{
    if (ts->py_recursion_limit != Py_GetRecursionLimit()) {
        return "thread state";
    }
    if (ts->interp->float_state.free_list != (PyFloatObject *)freed || ts->interp->float_state.numfree < 1) {
        return "float free list";
    }
    if (!cp_has_free_lists(ts)) {
        return "free lists of tuples and lists";
    }
    if ((uint32_t)Py_REFCNT(Py_None) != UINT32_MAX) {
        return "reference counts";
    }
    return NULL;
}

#endif
