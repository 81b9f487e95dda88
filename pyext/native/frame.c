/* Interpreter frames for native activations.

   A native function that calls out owns a real interpreter frame on the thread's data stack, so that tracebacks,
   sys._getframe, debuggers and the interpreter itself find what they know. CPython does not export what makes and ends such
   frames, so it is written anew here. While the frame belongs to native code its slots are borrowed from it, and own
   nothing; the interpreter's frames own everything. */
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
    PyThreadState *ts = cp_thread();
    size_t words = cp_frame_words(code);
    PyObject **base = ts->datastack_top;
    if (base && words < (size_t)(ts->datastack_limit - base)) {
        ts->datastack_top = base + words;
    } else if (!(base = push_chunk(ts, words))) {
        return NULL;
    }
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)base;
    cp_frame_begin(f, (PyFunctionObject *)callable, code);
    f->previous = NULL;
    return f;
}

/* A frame object outlives its activation: the contents move into it, and it learns who called. */
static void
move_into(PyThreadState *ts, PyFrameObject *object, _PyInterpreterFrame *f)
{
    cp_own(f, object, (_PyInterpreterFrame *)object->_f_frame_data);
    /* The frame was unlinked, so the current one is the caller's. */
    object->f_back = PyThreadState_GetFrame(ts); /* NULL, without an exception, if there is none or no memory */
    if (!PyObject_GC_IsTracked((PyObject *)object)) {
        PyObject_GC_Track((PyObject *)object);
    }
}

/* A handler that is reached again and again would make a frame object each time, for the traceback, and free it. So the latest one that ended as it
   began waits here for the next frame of its size. */
static PyFrameObject *spare;
static int spare_words; /* what there is room for in it: it does not say */

static int
words_of(const _PyInterpreterFrame *f)
{
    return cp_code(f)->co_nlocalsplus + cp_code(f)->co_stacksize;
}

/* A frame object that nobody holds, and that no debugger has marked. */
void
gs_let_go(_PyInterpreterFrame *f)
{
    PyFrameObject *object = f->frame_obj;
    if (Py_REFCNT(object) != 1 || object->f_trace || !object->f_trace_lines || object->f_trace_opcodes) {
        return;
    }
    f->frame_obj = NULL;
    if (object->f_back || object->f_lineno || !cp_is_unused(object) || PyObject_GC_IsTracked((PyObject *)object)) {
        Py_DECREF(object);
        return;
    }
    object->f_frame = (_PyInterpreterFrame *)object->_f_frame_data;
    object->f_frame->owner = FRAME_OWNED_BY_THREAD; /* what its end looks at */
    PyFrameObject *before = spare;
    spare = object;
    spare_words = words_of(f);
    Py_XDECREF(before);
}

void
gs_take_spare(_PyInterpreterFrame *f)
{
    if (spare && !f->frame_obj && spare_words == words_of(f)) {
        f->frame_obj = spare;
        spare->f_frame = f;
        spare = NULL;
    }
}

static void
clear(PyThreadState *ts, _PyInterpreterFrame *f)
{
    if (f->frame_obj) {
        gs_let_go(f);
    }
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
    int n = (int)cp_depth(f);
    if (n < 0) { /* the interpreter had no memory for a cell at its beginning, and forgot how many there are */
        n = cp_code(f)->co_nlocalsplus;
    }
    for (int i = 0; i < n; i++) {
        Py_XDECREF(cp_local(f, (uint32_t)(CP_LAST_FIRST ? n - 1 - i : i)));
    }
    cp_frame_end(f);
}

void
gs_frame_clear_and_pop(PyThreadState *ts, _PyInterpreterFrame *f)
{
    --*cp_recursion(ts); /* what destructors call is one deeper, as in the interpreter */
    clear(ts, f);
    ++*cp_recursion(ts);
    cp_frame_ended(ts, f);
    release(ts, f);
}

/* The first n slots become as the interpreter's: counted, and without a value in its way, where native code has stored addresses of its own. */
void
gs_frame_own(_PyInterpreterFrame *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        cp_set_local(f, i, Py_XNewRef(cp_local(f, i)));
    }
    cp_set_depth(f, n);
}

void
gs_frame_pop(_PyInterpreterFrame *f)
{
    PyThreadState *ts = cp_thread();
    if (!f->frame_obj && !PyErr_Occurred()) { /* as nearly always */
        cp_set_depth(f, 0);
        gs_frame_clear_and_pop(ts, f);
        return;
    }
    uint32_t n = f->frame_obj && Py_REFCNT(f->frame_obj) > 1 ? (uint32_t)cp_code(f)->co_nlocalsplus : 0;
    gs_frame_own(f, n);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    gs_frame_clear_and_pop(ts, f);
    PyErr_Restore(type, value, traceback);
}

void
gs_frame_hide(_PyInterpreterFrame *f)
{
    PyCodeObject *code = cp_code(f);
    uint32_t n = (uint32_t)code->co_nlocalsplus, first = n - (uint32_t)code->co_nfreevars;
    for (uint32_t i = 0; i < first; i++) {
        cp_set_local(f, i, NULL);
    }
    for (uint32_t i = first; i < n; i++) { /* f_locals follows the cells of free variables unasked */
        cp_set_local(f, i, PyTuple_GET_ITEM(((PyFunctionObject *)cp_function(f))->func_closure, i - first));
    }
    cp_set_depth(f, n);
    f->previous = NULL;
    if (f->frame_obj && Py_REFCNT(f->frame_obj) == 1) {
        gs_let_go(f);
    }
}

PyObject *
gs_frame_run(PyThreadState *ts, _PyInterpreterFrame *f)
{
    cp_spare_recursion(ts);
    PyObject *result = _PyEval_EvalFrameDefault(ts, f, 0);
    cp_spared_recursion(ts);
    if (!CP_CLEARS_FRAME) {
        gs_frame_clear_and_pop(ts, f);
    }
    return result;
}
