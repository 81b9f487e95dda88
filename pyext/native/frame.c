/* Interpreter frames for native activations.

   A native function that calls out owns a real interpreter frame on the thread's data stack, so that tracebacks,
   sys._getframe, debuggers and the interpreter itself find what they know. CPython does not export what makes and ends such
   frames, so it is written anew here. While the frame belongs to native code its slots are borrowed from it, and own
   nothing; the interpreter's frames own everything. All that depends on the version's frame is in this file: 3.11. */
#include "helpers.h"
#include "runtime.h"

#define CHUNK_SIZE (16 * 1024) /* as CPython's own; its pop frees chunks of any size */
#define CHUNK_SPARE 1000       /* words that a new chunk has beyond the frame it is made for */

/* A new chunk of the data stack. CPython frees it by the arena allocator. */
static PyObject **
push_chunk(PyThreadState *ts, size_t words)
{
    if (words > INT_MAX / 16) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t bytes = CHUNK_SIZE;
    while (bytes < sizeof(PyObject *) * (words + CHUNK_SPARE)) {
        bytes *= 2;
    }
    PyObjectArenaAllocator arena;
    PyObject_GetArenaAllocator(&arena);
    _PyStackChunk *chunk = arena.alloc(arena.ctx, bytes);
    if (!chunk) {
        PyErr_NoMemory();
        return NULL;
    }
    chunk->previous = ts->datastack_chunk;
    chunk->size = bytes;
    chunk->top = 0;
    if (chunk->previous) {
        chunk->previous->top = (size_t)(ts->datastack_top - chunk->previous->data);
    }
    ts->datastack_chunk = chunk;
    ts->datastack_limit = (PyObject **)((char *)chunk + bytes);
    PyObject **base = &chunk->data[chunk->previous ? 0 : 1]; /* so that a pop never frees the root chunk */
    ts->datastack_top = base + words;
    return base;
}

static void
release(PyThreadState *ts, _PyInterpreterFrame *f)
{
    _PyStackChunk *chunk = ts->datastack_chunk;
    if ((PyObject **)f != chunk->data) {
        ts->datastack_top = (PyObject **)f;
        return;
    }
    _PyStackChunk *previous = chunk->previous;
    ts->datastack_top = previous->data + previous->top;
    ts->datastack_limit = (PyObject **)((char *)previous + previous->size);
    ts->datastack_chunk = previous;
    PyObjectArenaAllocator arena;
    PyObject_GetArenaAllocator(&arena);
    arena.free(arena.ctx, chunk, chunk->size);
}

_PyInterpreterFrame *
gs_frame_push(PyObject *callable)
{
    return gs_frame_push_code(callable, (PyCodeObject *)((PyFunctionObject *)callable)->func_code);
}

_PyInterpreterFrame *
gs_frame_push_code(PyObject *callable, PyCodeObject *code)
{
    PyThreadState *ts = _PyThreadState_GET();
    PyFunctionObject *func = (PyFunctionObject *)callable;
    size_t words = (size_t)code->co_nlocalsplus + (size_t)code->co_stacksize + FRAME_SPECIALS_SIZE;
    PyObject **base = ts->datastack_top;
    if (base && words < (size_t)(ts->datastack_limit - base)) {
        ts->datastack_top = base + words;
    } else if (!(base = push_chunk(ts, words))) {
        return NULL;
    }
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)base;
    Py_INCREF(func);
    _PyFrame_InitializeSpecials(f, func, code->co_flags & CO_OPTIMIZED ? NULL : func->func_globals, code->co_nlocalsplus);
    Py_SETREF(f->f_code, (PyCodeObject *)Py_NewRef(code));
    f->previous = NULL;
    memset(f->localsplus, 0, (size_t)code->co_nlocalsplus * sizeof(PyObject *));
    return f;
}

/* A frame object outlives its activation: the contents move into it, and it learns who called. */
static void
move_into(PyThreadState *ts, PyFrameObject *object, _PyInterpreterFrame *f)
{
    size_t size = (size_t)((char *)&f->localsplus[f->stacktop] - (char *)f);
    _PyInterpreterFrame *own = (_PyInterpreterFrame *)object->_f_frame_data;
    memcpy(own, f, size);
    own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    own->previous = NULL;
    if (_PyFrame_IsIncomplete(own)) { /* a dead frame counts as begun, or nobody may look at it */
        own->prev_instr = _PyCode_CODE(own->f_code) + own->f_code->_co_firsttraceable;
    }
    object->f_frame = own;
    /* The frame was unlinked, so the current one is the caller's. */
    object->f_back = PyThreadState_GetFrame(ts); /* NULL, without an exception, if there is none or no memory */
    if (!PyObject_GC_IsTracked((PyObject *)object)) {
        PyObject_GC_Track((PyObject *)object);
    }
}

static void
clear(PyThreadState *ts, _PyInterpreterFrame *f)
{
    PyFrameObject *object = f->frame_obj;
    if (object) {
        f->frame_obj = NULL;
        if (Py_REFCNT(object) > 1) {
            move_into(ts, object, f);
            Py_DECREF(object);
            return;
        }
        Py_DECREF(object);
    }
    for (int i = 0; i < f->stacktop; i++) {
        Py_XDECREF(f->localsplus[i]);
    }
    Py_XDECREF(f->f_locals);
    Py_DECREF(f->f_func);
    Py_DECREF(f->f_code);
}

void
gs_frame_clear_and_pop(PyThreadState *ts, _PyInterpreterFrame *f)
{
    ts->recursion_remaining--; /* what destructors call is one deeper, as in the interpreter */
    clear(ts, f);
    ts->recursion_remaining++;
    release(ts, f);
}

void
gs_frame_pop(_PyInterpreterFrame *f)
{
    PyThreadState *ts = _PyThreadState_GET();
    if (f->frame_obj && Py_REFCNT(f->frame_obj) > 1) {
        f->stacktop = f->f_code->co_nlocalsplus;
        for (int i = 0; i < f->stacktop; i++) {
            Py_XINCREF(f->localsplus[i]);
        }
    } else {
        f->stacktop = 0;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    gs_frame_clear_and_pop(ts, f);
    PyErr_Restore(type, value, traceback);
}

void
gs_frame_hide(_PyInterpreterFrame *f)
{
    PyCodeObject *code = f->f_code;
    int nfree = code->co_nfreevars, first = code->co_nlocalsplus - nfree;
    memset(f->localsplus, 0, (size_t)first * sizeof(PyObject *));
    for (int i = 0; i < nfree; i++) { /* f_locals follows the cells of free variables unasked */
        f->localsplus[first + i] = PyTuple_GET_ITEM(f->f_func->func_closure, i);
    }
    f->stacktop = code->co_nlocalsplus;
    f->previous = NULL;
    if (f->frame_obj) {
        gs_let_go(f);
    }
}

/* A frame object that nobody holds, and that no debugger has marked. */
void
gs_let_go(_PyInterpreterFrame *f)
{
    PyFrameObject *object = f->frame_obj;
    if (Py_REFCNT(object) == 1 && !object->f_trace && object->f_trace_lines && !object->f_trace_opcodes) {
        f->frame_obj = NULL;
        Py_DECREF(object);
    }
}

PyObject *
gs_frame_run(PyThreadState *ts, _PyInterpreterFrame *f)
{
    PyObject *result = _PyEval_EvalFrameDefault(ts, f, 0);
    gs_frame_clear_and_pop(ts, f); /* 3.12 and later do this themselves */
    return result;
}
