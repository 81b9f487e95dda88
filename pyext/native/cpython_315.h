/* CPython 3.15. cpython.h says what each name means. */
#ifndef GS_CPYTHON_315_H
#define GS_CPYTHON_315_H
#include <internal/pycore_instruments.h>
#include <internal/pycore_lazyimportobject.h>
#include "cpython_since_314.h"

/* ---- Frames ---- */

static inline void
cp_frame_ended(PyThreadState *ts, _PyInterpreterFrame *f)
{
    _PyThreadState_UpdateLastProfiledFrame(ts, f, ts->current_frame);
}

/* ---- Threads ---- */

/* Events of one function may be asked for alone. */
static inline uint8_t
cp_unwind_tools(PyThreadState *ts, const _PyInterpreterFrame *f)
{
    const _PyCoMonitoringData *of_code = cp_code(f)->_co_monitoring;
    return of_code ? of_code->active_monitors.tools[PY_MONITORING_EVENT_PY_UNWIND] : ts->interp->monitors.tools[PY_MONITORING_EVENT_PY_UNWIND];
}

/* ---- Objects ---- */

#define CP_CALL_ERRORS 1
#define CP_COMPLETED FRAME_CLEARED

/* A lazy import stands for its module until somebody reads the name. */
static inline int
cp_is_found(PyObject *value)
{
    return !PyLazyImport_CheckExact(value);
}

static inline PyObject *
cp_found(PyObject *namespace, PyObject *name, PyObject *value)
{
    if (!value || cp_is_found(value)) {
        return value;
    }
    PyObject *imported = _PyLazyImport_Reify(cp_thread(), value, name, namespace);
    Py_DECREF(value);
    return imported;
}

/* ---- The ABI header ---- */

#define CP_ROWS CP_ROWS_SINCE_314

#endif
