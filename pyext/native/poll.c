/* What the interpreter does when it finds the eval breaker set, in the same order. Its own function is not exported; each part
   of it can be had exactly: Py_MakePendingCalls is "signals, then pending calls", and giving the GIL away is what
   PyEval_SaveThread and PyEval_RestoreThread do. */
#include "runtime.h"
#include <internal/pycore_interp.h>
#include <internal/pycore_pyerrors.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

/* 3.11: the eval breaker is the sum of its reasons, which all lie in the interpreter's state but for the signals. */
static void
recompute_breaker(PyInterpreterState *interp)
{
    struct _ceval_state *ceval = &interp->ceval;
    int set = _Py_atomic_load_relaxed(&ceval->gil_drop_request) || ceval->pending.async_exc;
    set |= _Py_atomic_load_relaxed(&_PyRuntime.ceval.signals_pending) && _Py_ThreadCanHandleSignals(interp);
    set |= _Py_atomic_load_relaxed(&ceval->pending.calls_to_do) && _Py_ThreadCanHandlePendingCalls();
    _Py_atomic_store_relaxed(&ceval->eval_breaker, set);
}

int
gs_poll(PyThreadState *ts)
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
    return 0;
}
