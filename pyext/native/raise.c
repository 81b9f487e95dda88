/* Raising by hand, as the interpreter's `error` and `exception_unwind` do it, because _PyEval_EvalFrameDefault can only raise
   and go on by itself, while here the handler may be native. */
#include "helpers.h"
#include "runtime.h"

/* ---- Raising ---- */

static void
add_traceback(PyThreadState *ts, _PyInterpreterFrame *f)
{
    if (_PyFrame_IsIncomplete(f)) {
        return;
    }
    gs_take_spare(f);
    PyFrameObject *object = PyThreadState_GetFrame(ts);
    if (object) {
        PyTraceBack_Here(object);
        Py_DECREF(object);
    } else {
        PyErr_NoMemory(); /* in place of the exception, as in the interpreter */
    }
}

/* Whether the current exception is the one being handled: then a bare `raise` passes it on. */
static int
is_handled(PyThreadState *ts)
{
    PyObject *handled = PyErr_GetHandledException();
    int same = handled && cp_raised(ts) == handled;
    Py_XDECREF(handled);
    return same;
}

/* How the bytecode at fault raises: an exception that is passed on gets no entry in its traceback. */
static void
tell(PyThreadState *ts, _PyInterpreterFrame *f, enum gs_reraise how)
{
    if (how == GS_RAISES || (how == GS_RAISES_BARE && !is_handled(ts))) {
        add_traceback(ts, f);
        cp_tell_raise(ts, f);
    }
}

/* The current exception, taken off the thread: what a handler finds. */
static PyObject *
take_exception(void)
{
    PyObject *type, *value, *tb;
    PyErr_Fetch(&type, &value, &tb);
    PyErr_NormalizeException(&type, &value, &tb);
    PyException_SetTraceback(value, tb ? tb : Py_None);
    Py_XDECREF(tb);
    Py_XDECREF(type);
    return value;
}

/* For a handler in native code: its frame is linked, and hidden when this is done. */
PyObject *
gs_catch(PyObject *lasti, int64_t how, PyObject **out)
{
    PyThreadState *ts = cp_thread();
    _PyInterpreterFrame *f = *cp_frames(ts);
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_SystemError, "error return without exception set");
    }
    if (lasti && PyLong_Check(lasti)) {
        cp_executing(f, (uint32_t)PyLong_AsLong(lasti));
    }
    tell(ts, f, (enum gs_reraise)how);
    while (!(out[0] = PyLong_FromLong(cp_at(f)))) {
        /* MemoryError has taken the exception's place */
    }
    PyObject *value = take_exception();
    gs_frame_unlink(ts, f);
    gs_frame_hide(f);
    ((int64_t *)out)[1] = cp_is_watched(ts);
    return value;
}

/* For an exception that nobody handles in native code's activation, whose frame is linked: it is over when this is done, but for what native code
   has in its locals. */
void
gs_leave_raising(PyObject *lasti, int64_t how, PyObject *const *stack, int64_t count)
{
    PyThreadState *ts = cp_thread();
    _PyInterpreterFrame *f = *cp_frames(ts);
    uint32_t n = (uint32_t)cp_code(f)->co_nlocalsplus;
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_SystemError, "error return without exception set");
    }
    if (lasti && PyLong_Check(lasti)) {
        cp_executing(f, (uint32_t)PyLong_AsLong(lasti));
    }
    gs_frame_own(f, n);
    tell(ts, f, (enum gs_reraise)how);
    for (int64_t i = 0; i < count; i++) {
        Py_XDECREF(stack[i]);
    }
    if (cp_is_watched(ts)) {
        cp_tell_unwind(ts, f);
    }
    gs_frame_unlink(ts, f);
    gs_frame_clear_and_pop(ts, f);
}

static PyObject *
lasti_of(const struct gs_value *v)
{
    PyObject *o;
    return gs_box(v, &o) < 0 ? NULL : o;
}

int
gs_raise_at(PyThreadState *ts, struct gs_activation *a, uint32_t traceback, int index)
{
    _PyInterpreterFrame *f = a->st.frame;
    PyCodeObject *code = cp_code(f);
    struct gs_value *stack = a->st.slots + a->st.nlocals;
    int depth = 0, level, handler, wants_lasti;

    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_SystemError, "error return without exception set");
    }
    cp_executing(f, traceback);
    enum gs_reraise how = gs_reraise_at(code, traceback, &depth);
    if (how == GS_RERAISES_LASTI) {
        PyObject *lasti = depth > 0 && (uint32_t)depth <= a->st.nstack ? lasti_of(&stack[a->st.nstack - (uint32_t)depth]) : NULL;
        if (lasti && PyLong_Check(lasti)) {
            cp_executing(f, (uint32_t)PyLong_AsLong(lasti));
        }
        Py_XDECREF(lasti);
    }
    tell(ts, f, how);
    while (gs_find_handler(code, index, &level, &handler, &wants_lasti)) {
        while (a->st.nstack > (uint32_t)level) {
            gs_release(&stack[--a->st.nstack]);
        }
        if (wants_lasti) {
            PyObject *lasti = PyLong_FromLong(cp_at(f));
            if (!lasti) {
                continue; /* MemoryError: looked up for the same instruction */
            }
            stack[a->st.nstack++] = (struct gs_value){.kind = GS_OBJ, .owned = 1, .tagged = 1, .w = {(uint64_t)(uintptr_t)lasti}};
        }
        stack[a->st.nstack++] = (struct gs_value){.kind = GS_OBJ, .owned = 1, .w = {(uint64_t)(uintptr_t)take_exception()}};
        a->st.off = (uint32_t)handler;
        return 1;
    }
    while (a->st.nstack > 0) {
        gs_release(&stack[--a->st.nstack]);
    }
    if (cp_is_watched(ts)) {
        cp_tell_unwind(ts, f);
    }
    return 0;
}
