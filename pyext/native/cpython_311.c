/* CPython 3.11: what is too long for a header. cpython.h says what each function does. */
#define _PyOpcode_Caches gs_opcode_caches /* the header defines these tables with external linkage */
#define _PyOpcode_Deopt gs_opcode_deopt
#include "runtime.h"
#if PY_VERSION_HEX >> 16 == 0x030b
#define NEED_OPCODE_TABLES
#include <internal/pycore_opcode.h>
#include <internal/pycore_pyerrors.h>
#include <opcode.h>

uint32_t cp_next_keys_version = UINT32_MAX;

/* ---- The eval breaker ---- */

/* The sum of its reasons, which all lie in the interpreter's state but for the signals. */
static void
recompute_breaker(PyInterpreterState *interp)
{
    struct _ceval_state *ceval = &interp->ceval;
    int set = _Py_atomic_load_relaxed(&ceval->gil_drop_request) || ceval->pending.async_exc;
    set |= _Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending) && _Py_ThreadCanHandleSignals(interp);
    set |= _Py_atomic_load_relaxed(&ceval->pending.calls_to_do) && _Py_ThreadCanHandlePendingCalls();
    _Py_atomic_store_relaxed(&ceval->eval_breaker, set);
}

/* Its own function is not exported; each part of it can be had exactly: Py_MakePendingCalls is "signals, then pending calls", and giving the GIL
   away is what PyEval_SaveThread and PyEval_RestoreThread do. */
int
cp_poll(PyThreadState *ts)
{
    struct _ceval_state *ceval = &ts->interp->ceval;
    if (_Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending) || _Py_atomic_load_relaxed(&ceval->pending.calls_to_do)) {
        if (Py_MakePendingCalls() != 0) {
            return -1;
        }
    }
    if (_Py_atomic_load_relaxed(&ceval->gil_drop_request)) {
        PyEval_RestoreThread(PyEval_SaveThread());
    }
    PyObject *exc = ts->async_exc;
    if (exc) {
        ts->async_exc = NULL;
        ceval->pending.async_exc = 0;
        recompute_breaker(ts->interp);
        PyErr_SetNone(exc);
        Py_DECREF(exc);
        return -1;
    }
    /* What is left is for other threads (an exception thrown into one that sleeps, signals, which are the main thread's), or for nobody (one that was
       called off). The interpreter goes on with its breaker set; native code would come back for ever. Who takes the GIL sets it again. */
    ceval->pending.async_exc = 0;
    recompute_breaker(ts->interp);
    if (_Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending)) { /* one that came meanwhile */
        recompute_breaker(ts->interp);
    }
    return 0;
}

/* ---- Tools: the tracer's events. Native code does not begin under a tracer, but one may be set meanwhile ---- */

static int
call_tool(PyThreadState *ts, _PyInterpreterFrame *f, Py_tracefunc tool, PyObject *self, int what, PyObject *arg)
{
    PyFrameObject *object = PyThreadState_GetFrame(ts); /* f's, which is the current one */
    if (!object) {
        PyErr_NoMemory();
        return -1;
    }
    int before = ts->tracing_what;
    ts->tracing_what = what;
    PyThreadState_EnterTracing(ts);
    object->f_lineno = PyCode_Addr2Line(f->f_code, _PyInterpreterFrame_LASTI(f) * (int)sizeof(_Py_CODEUNIT));
    int result = tool(self, object, what, arg);
    object->f_lineno = 0;
    PyThreadState_LeaveTracing(ts);
    ts->tracing_what = before;
    Py_DECREF(object);
    return result;
}

/* An exception that a tool raises takes the place of the one it was told of. */
void
cp_tell_raise(PyThreadState *ts, _PyInterpreterFrame *f)
{
    if (!ts->c_tracefunc || ts->tracing) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *arg = PyTuple_Pack(3, type, value, traceback ? traceback : Py_None);
    if (arg && call_tool(ts, f, ts->c_tracefunc, ts->c_traceobj, PyTrace_EXCEPTION, arg) != 0) {
        Py_CLEAR(type);
        Py_CLEAR(value);
        Py_CLEAR(traceback);
    }
    Py_XDECREF(arg);
    if (type) {
        PyErr_Restore(type, value, traceback);
    }
}

void
cp_tell_unwind(PyThreadState *ts, _PyInterpreterFrame *f)
{
    for (int profiler = 0; profiler < 2; profiler++) {
        Py_tracefunc tool = profiler ? ts->c_profilefunc : ts->c_tracefunc;
        if (!tool || ts->tracing) {
            continue;
        }
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (call_tool(ts, f, tool, profiler ? ts->c_profileobj : ts->c_traceobj, PyTrace_RETURN, NULL) != 0) {
            Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(traceback);
            return;
        }
        PyErr_Restore(type, value, traceback);
    }
}

/* ---- Bytecode ---- */

int
cp_opcode(PyCodeObject *code, uint32_t unit)
{
    return _PyOpcode_Deopt[_Py_OPCODE(_PyCode_CODE(code)[unit])];
}

int
cp_caches(int opcode)
{
    return _PyOpcode_Caches[opcode];
}

int
cp_jumps_back(int opcode)
{
    switch (opcode) {
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE:
        return 1;
    default:
        return 0;
    }
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
    int opcode = off < (uint32_t)Py_SIZE(code) ? cp_opcode(code, off) : NOP;
    if (opcode != PRECALL && opcode != CALL) {
        return off;
    }
    uint32_t back = opcode == CALL ? 2u + _PyOpcode_Caches[PRECALL] : 1;
    if (off < back || cp_opcode(code, off - back) != KW_NAMES) {
        return off;
    }
    uint32_t begin = 0; /* of the instruction, with its prefixes */
    for (uint32_t at = 0; at < off - back;) {
        opcode = cp_opcode(code, at);
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

int
cp_names_attribute(int opcode, uint32_t arg)
{
    return opcode == LOAD_ATTR || opcode == LOAD_METHOD || opcode == STORE_ATTR ? (int)arg : -1;
}

int
cp_writes(int opcode, uint32_t arg, uint32_t locals[2])
{
    locals[0] = arg;
    return opcode == STORE_FAST || opcode == DELETE_FAST || opcode == MAKE_CELL;
}

/* ---- The self-test ---- */

const char *
cp_test(PyThreadState *ts, PyObject *freed)
{
    if (_Py_atomic_load_relaxed(&_PyRuntime.gilstate.tstate_current) != (uintptr_t)ts || ts->recursion_limit != Py_GetRecursionLimit()) {
        return "thread state";
    }
    if (ts->interp->float_state.free_list != (PyFloatObject *)freed || ts->interp->float_state.numfree < 1) {
        return "float free list";
    }
    if (!cp_has_free_lists(ts)) {
        return "free lists of tuples and lists";
    }
    return NULL;
}

#endif
