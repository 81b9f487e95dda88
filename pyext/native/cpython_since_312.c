/* What 3.12 and later have in common, and 3.11 lacks: the thread-local variable that leads to the running thread's state, monitoring,
   and what of their bytecode is alike. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "runtime.h"
#if PY_VERSION_HEX >= 0x030c0000
#include <internal/pycore_instruments.h>
#include <link.h>
#include <opcode.h>
#include <pthread.h>

/* ---- The running thread's state ---- */

int64_t cp_thread_offset;

struct block { size_t module; char *start; size_t size; };

/* The blocks of thread-local variables that the calling thread has, of each loaded object. */
struct blocks { struct block at[256]; int n; };

static int
note_block(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct blocks *all = arg;
    if (size < sizeof *info || !info->dlpi_tls_data || all->n == Py_ARRAY_LENGTH(all->at)) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_TLS) {
            all->at[all->n++] = (struct block){info->dlpi_tls_modid, info->dlpi_tls_data, info->dlpi_phdr[i].p_memsz};
        }
    }
    return 0;
}

struct question { size_t module; int64_t offset; int same; };

/* In another thread: whether the block lies there, too, so that no variable in it need be looked for. */
static void *
compare(void *arg)
{
    struct question *q = arg;
    struct blocks all = {.n = 0};
    dl_iterate_phdr(note_block, &all);
    for (int i = 0; i < all.n; i++) {
        q->same |= all.at[i].module == q->module && all.at[i].start - (char *)__builtin_thread_pointer() == q->offset;
    }
    return NULL;
}

static int
is_static(const struct block *b)
{
    struct question q = {b->module, b->start - (char *)__builtin_thread_pointer(), 0};
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return 0;
    }
    pthread_attr_setstacksize(&attr, 256 * 1024);
    if (pthread_create(&thread, &attr, compare, &q) == 0) {
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attr);
    return q.same;
}

/* It is the word that is the thread's state while the thread runs Python, and NULL while it does not. */
int
cp_find_thread(void)
{
    PyThreadState *ts = PyThreadState_Get();
    struct blocks all = {.n = 0};
    dl_iterate_phdr(note_block, &all);
    for (int i = 0; i < all.n; i++) {
        struct block *b = &all.at[i];
        for (size_t k = 0; k + sizeof ts <= b->size; k += sizeof ts) {
            PyThreadState *volatile *word = (PyThreadState *volatile *)(b->start + k);
            if (*word != ts) {
                continue;
            }
            PyEval_SaveThread();
            int empty = *word == NULL;
            PyEval_RestoreThread(ts);
            if (empty && *word == ts && is_static(b)) {
                cp_thread_offset = (char *)word - (char *)__builtin_thread_pointer();
                return 1;
            }
        }
    }
    return 0;
}

/* ---- Monitoring ---- */

uint64_t cp_quiet_version = UINT64_MAX;

static int
has_tools(const uint8_t *tools, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tools[i]) {
            return 1;
        }
    }
    return 0;
}

static int
is_monitored(PyCodeObject *code)
{
    return code->_co_monitoring && has_tools(code->_co_monitoring->local_monitors.tools, sizeof code->_co_monitoring->local_monitors.tools);
}

void
cp_heed_monitors(PyCodeObject *code)
{
    if (is_monitored(code)) {
        cp_quiet_version = UINT64_MAX;
    }
}

/* What is monitored changes its version with each change, but for what is monitored of one function (see set_local_events). A tool that asks for events of one function is taken for one that asks for them all. */
int
cp_look_for_tools(PyInterpreterState *interp)
{
    if (has_tools(interp->monitors.tools, sizeof interp->monitors.tools) || gs_any_record(is_monitored)) {
        return 1;
    }
    cp_quiet_version = cp_events_version(interp);
    return 0;
}

/* Puts another function in the place of one in sys.monitoring: 0, or -1 with an exception. */
static int
replace_monitoring(const char *name, _PyCFunctionFast function, _PyCFunctionFast *before)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    PyObject *there = monitoring ? PyObject_GetAttrString(monitoring, name) : NULL;
    int right = there && PyCFunction_CheckExact(there) && PyCFunction_GET_FLAGS(there) == METH_FASTCALL;
    if (right) {
        PyMethodDef *def = ((PyCFunctionObject *)there)->m_ml;
        *before = (_PyCFunctionFast)(void (*)(void))def->ml_meth;
        def->ml_meth = (PyCFunction)(void (*)(void))function;
    } else if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_ImportError, "sys.monitoring.%s is not CPython's", name);
    }
    Py_XDECREF(there);
    return right ? 0 : -1;
}

/* Where calls are monitored, the interpreter tells of the end of each one that it did not run inline, as of a C function's: of attached
   functions, too, of which it tells nothing otherwise. So a tool's callback for that sits in one of these. */
struct filter { PyObject_HEAD vectorcallfunc vectorcall; PyObject *callback; };

static PyObject *
filter_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (PyVectorcall_NARGS(nargsf) == 4 && gs_attached_find(args[2])) { /* code, offset, who was called, its first argument */
        Py_RETURN_NONE;
    }
    return PyObject_Vectorcall(((struct filter *)self)->callback, args, nargsf, kwnames);
}

static int
filter_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct filter *)self)->callback);
    return 0;
}

static void
filter_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_DECREF(((struct filter *)self)->callback);
    PyObject_GC_Del(self);
}

static PyTypeObject filter_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "gophersnake._native.Filter",
    .tp_basicsize = sizeof(struct filter),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(struct filter, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_traverse = filter_traverse,
    .tp_dealloc = filter_dealloc,
};

/* Of all tools but CPython's own tracer and profiler, which look at who was called themselves. */
static int
filter_callbacks(void)
{
    static const int events[] = {PY_MONITORING_EVENT_C_RETURN, PY_MONITORING_EVENT_C_RAISE};
    PyInterpreterState *interp = PyInterpreterState_Get();
    for (int tool = 0; interp == PyInterpreterState_Main() && tool < PY_MONITORING_SYS_PROFILE_ID; tool++) {
        for (size_t i = 0; i < Py_ARRAY_LENGTH(events); i++) {
            PyObject **callback = &interp->monitoring_callables[tool][events[i]];
            if (*callback && !Py_IS_TYPE(*callback, &filter_type)) {
                struct filter *f = PyObject_GC_New(struct filter, &filter_type);
                if (!f) {
                    return -1;
                }
                f->vectorcall = filter_call;
                f->callback = *callback;
                *callback = (PyObject *)f;
                PyObject_GC_Track(f);
            }
        }
    }
    return 0;
}

static _PyCFunctionFast plain_register_callback;

static PyObject *
register_callback(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    PyObject *before = plain_register_callback(module, args, n);
    if (before && Py_IS_TYPE(before, &filter_type)) {
        Py_SETREF(before, Py_NewRef(((struct filter *)before)->callback));
    }
    if (before && filter_callbacks() < 0) {
        Py_CLEAR(before);
    }
    return before;
}

static _PyCFunctionFast plain_set_local_events;

/* sys.monitoring.set_local_events instruments that function at once, and leaves no trace elsewhere: native code could not tell. So it tells. */
static PyObject *
set_local_events(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    PyObject *result = plain_set_local_events(module, args, n);
    cp_quiet_version = UINT64_MAX; /* who asks next looks again */
    return result;
}

int
cp_init_monitoring(void)
{
    if (PyType_Ready(&filter_type) < 0 || replace_monitoring("register_callback", register_callback, &plain_register_callback) < 0
        || replace_monitoring("set_local_events", set_local_events, &plain_set_local_events) < 0) {
        return -1;
    }
    return filter_callbacks();
}

/* ---- Bytecode ---- */

int
cp_names_attribute(int opcode, uint32_t arg)
{
    return opcode == LOAD_ATTR ? (int)(arg >> 1) : opcode == STORE_ATTR ? (int)arg : -1;
}

#endif
