/* Helpers for objects of any class: comparing, iterating, calls, boxes. */
#include "helpers.h"
#include "runtime.h"
#include <internal/pycore_dict.h>
#include <internal/pycore_object.h>

int64_t
gs_compare_bool(PyObject *left, PyObject *right, int op)
{
    if (PyUnicode_CheckExact(left) && PyUnicode_CheckExact(right) && (op == Py_EQ || op == Py_NE) && PyUnicode_IS_READY(left) && PyUnicode_IS_READY(right)) {
        Py_ssize_t n = PyUnicode_GET_LENGTH(left);
        int kind = PyUnicode_KIND(left);
        int same = left == right
                   || (n == PyUnicode_GET_LENGTH(right) && kind == (int)PyUnicode_KIND(right)
                       && memcmp(PyUnicode_DATA(left), PyUnicode_DATA(right), (size_t)n * (size_t)kind) == 0);
        return same == (op == Py_EQ);
    }
    PyObject *result = PyObject_RichCompare(left, right, op);
    if (!result) {
        return -1;
    }
    int truth = PyObject_IsTrue(result);
    Py_DECREF(result);
    return truth;
}

/* Of classes made by `type` itself, for instances whose `__class__` is their class. */
int64_t
gs_is_instance(PyObject *o, PyObject *class)
{
    PyTypeObject *type = Py_TYPE(o);
    if ((PyObject *)type == class) {
        return 1;
    }
    if (Py_IS_TYPE(class, &PyType_Type)) {
        if (PyType_IsSubtype(type, (PyTypeObject *)class)) {
            return 1;
        }
        static PyObject *name, *plain;
        if (!plain && ((name = PyUnicode_InternFromString("__class__")))) {
            plain = _PyType_Lookup(&PyBaseObject_Type, name);
        }
        return type->tp_getattro == PyObject_GenericGetAttr && plain && _PyType_Lookup(type, name) == plain ? 0 : -1;
    }
    if (!PyTuple_CheckExact(class)) {
        return -1;
    }
    int64_t is = 0;
    for (Py_ssize_t i = 0; is == 0 && i < PyTuple_GET_SIZE(class); i++) {
        PyObject *item = PyTuple_GET_ITEM(class, i);
        is = PyTuple_Check(item) ? -1 : gs_is_instance(o, item);
    }
    return is;
}

/* ---- Dicts ---- */

static Py_ssize_t
index_at(const PyDictKeysObject *keys, size_t slot)
{
    if (keys->dk_log2_size < 8) {
        return ((const int8_t *)keys->dk_indices)[slot];
    }
    if (keys->dk_log2_size < 16) {
        return ((const int16_t *)keys->dk_indices)[slot];
    }
    return keys->dk_log2_size < 32 ? ((const int32_t *)keys->dk_indices)[slot] : (Py_ssize_t)((const int64_t *)keys->dk_indices)[slot];
}

/* Whether two keys of the same hash are equal; -1: Python code would have to tell. */
static int
are_equal_keys(PyObject *a, PyObject *b)
{
    if (PyLong_CheckExact(a) && PyLong_CheckExact(b)) {
        Py_ssize_t n = cp_digits(a);
        if (n != cp_digits(b) || _PyLong_Sign(a) != _PyLong_Sign(b)) {
            return 0;
        }
        for (Py_ssize_t i = 0; i < n; i++) {
            if (cp_digit(a, i) != cp_digit(b, i)) {
                return 0;
            }
        }
        return 1;
    }
    return PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b) ? cp_same_text(a, b) : -1;
}

/* What a dict has for a key, as the interpreter's lookup finds it. Where keys may be anything, one of the same hash could have an __eq__ of its own. */
PyObject *
gs_dict_find(PyObject *dict, PyObject *key)
{
    PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
    Py_hash_t hash = PyObject_Hash(key);
    if (hash == -1) { /* a str without memory */
        PyErr_Clear();
        return NULL;
    }
    if (DK_IS_UNICODE(keys)) {
        return PyUnicode_CheckExact(key) ? Py_XNewRef(_PyDict_GetItem_KnownHash(dict, key, hash)) : NULL;
    }
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1, perturb = (size_t)hash, slot = (size_t)hash & mask;
    for (Py_ssize_t i; (i = index_at(keys, slot)) != DKIX_EMPTY; slot = (slot * 5 + (perturb >>= 5) + 1) & mask) {
        const PyDictKeyEntry *entry = i >= 0 ? &DK_ENTRIES(keys)[i] : NULL;
        int same = !entry ? 0 : entry->me_key == key ? 1 : entry->me_hash == hash ? are_equal_keys(entry->me_key, key) : 0;
        if (same) {
            return same > 0 ? Py_XNewRef(entry->me_value) : NULL;
        }
    }
    return NULL;
}

PyObject *
gs_str_item(PyObject *s, int64_t index)
{
    if (PyUnicode_READY(s) < 0) {
        return NULL;
    }
    Py_ssize_t n = PyUnicode_GET_LENGTH(s);
    if (index < 0) {
        index += n;
    }
    if (index < 0 || index >= n) {
        PyErr_SetString(PyExc_IndexError, "string index out of range");
        return NULL;
    }
    return PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(s, index));
}

PyObject *
gs_get_slice(PyObject *o, int64_t from, int64_t to)
{
    Py_ssize_t size = PyUnicode_Check(o) ? PyUnicode_GET_LENGTH(o) : Py_SIZE(o);
    PySlice_AdjustIndices(size, &from, &to, 1);
    if (PyUnicode_Check(o)) {
        return PyUnicode_Substring(o, from, Py_MAX(from, to));
    }
    return PyList_Check(o) ? PyList_GetSlice(o, from, to) : PyTuple_GetSlice(o, from, to);
}

PyObject *
gs_binary_slice(PyObject *o, PyObject *from, PyObject *to)
{
    PyObject *slice = PySlice_New(from, to, NULL);
    PyObject *part = slice ? PyObject_GetItem(o, slice) : NULL;
    Py_XDECREF(slice);
    return part;
}

int64_t
gs_store_slice(PyObject *o, PyObject *from, PyObject *to, PyObject *value)
{
    PyObject *slice = PySlice_New(from, to, NULL);
    int status = slice ? PyObject_SetItem(o, slice, value) : -1;
    Py_XDECREF(slice);
    return status;
}

PyObject *
gs_for_iter(PyObject *iterator)
{
    PyObject *item = Py_TYPE(iterator)->tp_iternext(iterator);
    if (!item && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_StopIteration)) {
        PyErr_Clear();
    }
    return item;
}

int64_t
gs_error_pending(void)
{
    return PyErr_Occurred() ? -1 : 0;
}

#define CALL_FLAGS (METH_VARARGS | METH_FASTCALL | METH_NOARGS | METH_O | METH_KEYWORDS | METH_METHOD)

static PyObject *
call_function(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (Py_IS_TYPE(callable, &gs_function_type)) {
        return PyObject_Vectorcall(callable, args, nargsf | GS_ARGS_OWNED, kwnames); /* nobody else knows the bit */
    }
    PyThreadState *ts = cp_thread();
    int plain = Py_IS_TYPE(callable, &PyFunction_Type);
    if (plain) {
        cp_spare_recursion(ts);
    }
    PyObject *result = PyObject_Vectorcall(callable, args, nargsf, kwnames);
    if (plain) {
        cp_spared_recursion(ts);
    }
    return result;
}

PyObject *
gs_call(PyObject *kwnames, PyObject *const *stack, int64_t count)
{
    int is_method = stack[CP_NULL_ABOVE] != NULL;
    PyObject *callable = is_method || CP_NULL_ABOVE ? stack[0] : stack[1];
    PyObject *const *args = is_method ? stack + 1 : stack + 2;
    size_t nargs = (size_t)(count - (is_method ? 1 : 2)) - (kwnames ? (size_t)PyTuple_GET_SIZE(kwnames) : 0);
    if (!is_method && Py_IS_TYPE(callable, &PyMethod_Type)) { /* which holds both; as the interpreter, self goes before the arguments */
        PyObject *function = PyMethod_GET_FUNCTION(callable), **self = (PyObject **)stack + 1, *was = *self;
        *self = PyMethod_GET_SELF(callable);
        PyObject *result = call_function(function, self, (nargs + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
        *self = was;
        return result;
    }
    if (Py_IS_TYPE(callable, &PyFunction_Type)) {
        return ((PyFunctionObject *)callable)->vectorcall(callable, args, nargs | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
    }
    /* The instructions that the interpreter has for hot calls count less recursion than `vectorcall` and tp_call do. */
    if (Py_IS_TYPE(callable, &PyCFunction_Type)) {
        PyObject *self = PyCFunction_GET_SELF(callable);
        PyCFunction function = PyCFunction_GET_FUNCTION(callable);
        switch (PyCFunction_GET_FLAGS(callable) & CALL_FLAGS) {
        case METH_FASTCALL:
            if (!kwnames) {
                return ((_PyCFunctionFast)(void (*)(void))function)(self, args, (Py_ssize_t)nargs);
            }
            break;
        case METH_FASTCALL | METH_KEYWORDS:
            return ((_PyCFunctionFastWithKeywords)(void (*)(void))function)(self, args, (Py_ssize_t)nargs, kwnames);
        }
    } else if (is_method && Py_IS_TYPE(callable, &PyMethodDescr_Type) && Py_IS_TYPE(args[0], PyDescr_TYPE(callable))) {
        PyMethodDef *def = ((PyMethodDescrObject *)callable)->d_method;
        PyCFunction function = def->ml_meth;
        switch (def->ml_flags & CALL_FLAGS) {
        case METH_FASTCALL:
            if (!kwnames) {
                return ((_PyCFunctionFast)(void (*)(void))function)(args[0], args + 1, (Py_ssize_t)nargs - 1);
            }
            break;
        case METH_FASTCALL | METH_KEYWORDS:
            return ((_PyCFunctionFastWithKeywords)(void (*)(void))function)(args[0], args + 1, (Py_ssize_t)nargs - 1, kwnames);
        }
    }
    const struct callable_cache *known = &cp_thread()->interp->callable_cache;
    if (callable == known->list_append && is_method && nargs == 2 && !kwnames && PyList_CheckExact(args[0])) {
        return PyList_Append(args[0], args[1]) < 0 ? NULL : Py_NewRef(Py_None);
    }
    if (nargs == 1 && !kwnames) {
        if (callable == known->len) {
            Py_ssize_t n = PyObject_Length(args[0]);
            return n < 0 ? NULL : PyLong_FromSsize_t(n);
        }
        if (callable == (PyObject *)&PyUnicode_Type) {
            return PyObject_Str(args[0]);
        }
        if (callable == (PyObject *)&PyTuple_Type) {
            return PySequence_Tuple(args[0]);
        }
        if (callable == (PyObject *)&PyType_Type) {
            return Py_NewRef(Py_TYPE(args[0]));
        }
    }
    return call_function(callable, args, nargs | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
}

/* Gives up the argument of a parameter. */
static void
clear_argument(PyCodeObject *code, int parameter, PyObject *tuple, PyObject *dict)
{
    if (parameter < code->co_argcount && parameter < PyTuple_GET_SIZE(tuple)) {
        if (Py_REFCNT(tuple) == 1) {
            Py_CLEAR(((PyTupleObject *)tuple)->ob_item[parameter]);
        }
    } else if (dict && parameter >= code->co_posonlyargcount) {
        PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, parameter);
        if (PyDict_GetItemWithError(dict, name)) {
            PyDict_DelItem(dict, name); /* cannot fail: it is there */
        }
    }
}

/* From 3.12 on the interpreter moves the arguments of such a call into the frame of a Python function, whose end lets go of the parameters in their
   order, of *args and of **kwargs; from 3.14 on backwards. A tuple's end begins with the last item, a dict's with the first. Where the arguments do not
   fit the parameters there is no frame, and the tuple ends before the dict. The dict is none that somebody else has, and has no keys whose comparison could run Python code. */
static void
let_go_of_items(PyCodeObject *code, PyObject *tuple, PyObject *dict)
{
    PyObject *type, *value, *traceback, *key;
    PyErr_Fetch(&type, &value, &traceback);
    int n = code->co_argcount + code->co_kwonlyargcount, bound = !type || traceback;
    if (Py_REFCNT(tuple) == 1) {
        PyObject_GC_UnTrack(tuple);
    }
    if (bound && CP_LAST_FIRST) {
        PyObject *keys = code->co_flags & CO_VARKEYWORDS && dict ? PyDict_Keys(dict) : NULL;
        for (Py_ssize_t i = 0; keys && i < PyList_GET_SIZE(keys); i++) {
            key = PyList_GET_ITEM(keys, i);
            int k = code->co_posonlyargcount;
            while (k < n && !cp_same_text(PyTuple_GET_ITEM(code->co_localsplusnames, k), key)) {
                k++;
            }
            if (k == n) {
                PyDict_DelItem(dict, key);
            }
        }
        Py_XDECREF(keys);
    }
    if (CP_LAST_FIRST && Py_REFCNT(tuple) == 1 && (bound || dict)) {
        for (Py_ssize_t i = PyTuple_GET_SIZE(tuple); --i >= (bound ? code->co_argcount : 0);) {
            Py_CLEAR(((PyTupleObject *)tuple)->ob_item[i]);
        }
    }
    for (int i = 0; bound && i < n; i++) {
        clear_argument(code, CP_LAST_FIRST ? n - 1 - i : i, tuple, dict);
    }
    PyErr_Restore(type, value, traceback);
}

/* How many objects end with the two, at most. A key whose comparison could run Python code: -1. */
static int
ending_with(PyObject *tuple, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int n = 0;
    for (Py_ssize_t i = 0; Py_REFCNT(tuple) == 1 && i < PyTuple_GET_SIZE(tuple); i++) {
        n += Py_REFCNT(PyTuple_GET_ITEM(tuple, i)) == 1;
    }
    while (dict && Py_REFCNT(dict) == 1 && PyDict_Next(dict, &at, &key, &value)) {
        if (!PyUnicode_CheckExact(key)) {
            return -1;
        }
        n += Py_REFCNT(value) == 1;
    }
    return n;
}

static int
may_follow_star(PyObject *callable, PyObject *args)
{
#if CP_CALL_ERRORS
    return _Py_Check_ArgsIterable(cp_thread(), callable, args) == 0;
#else
    if (Py_TYPE(args)->tp_iter || PySequence_Check(args)) {
        return 1;
    }
    PyObject *text = _PyObject_FunctionStr(callable);
    if (text) {
        PyErr_Format(PyExc_TypeError, "%U argument after * must be an iterable, not %.200s", text, Py_TYPE(args)->tp_name);
        Py_DECREF(text);
    }
    return 0;
#endif
}

/* CALL_FUNCTION_EX reads ** and * in this order, and complains in these words. */
PyObject *
gs_call_ex(PyObject *callable, PyObject *args, PyObject *kwargs)
{
    PyObject *result = NULL, *dict = kwargs, *tuple = args;
    if (kwargs && !PyDict_CheckExact(kwargs)) {
        dict = PyDict_New();
        if (!dict) {
            return NULL;
        }
        if (gs_dict_merge(dict, kwargs, callable) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    if (!PyTuple_CheckExact(args)) {
        tuple = may_follow_star(callable, args) ? PySequence_Tuple(args) : NULL;
        if (tuple && PyList_CheckExact(args) && Py_REFCNT(args) == 1) { /* [*a, b], which the interpreter has a tuple take the place of */
            PyList_SetSlice(args, 0, PY_SSIZE_T_MAX, NULL);
        }
    }
    if (tuple && Py_IS_TYPE(callable, &gs_function_type) && (!dict || PyDict_GET_SIZE(dict) == 0)) {
        result = PyObject_Vectorcall(callable, ((PyTupleObject *)tuple)->ob_item, (size_t)PyTuple_GET_SIZE(tuple) | GS_ARGS_OWNED, NULL); /* the tuple holds them */
    } else if (tuple && Py_IS_TYPE(callable, &gs_function_type)) {
        result = gs_call_unpacked(callable, tuple, dict);
        if (!result && !PyErr_Occurred()) {
            result = PyObject_Call(callable, tuple, dict);
        }
    } else if (tuple && Py_IS_TYPE(callable, &PyFunction_Type)) {
        PyThreadState *ts = cp_thread();
        cp_spare_recursion(ts);
        result = PyObject_Call(callable, tuple, dict);
        cp_spared_recursion(ts);
    } else if (tuple) {
        result = PyObject_Call(callable, tuple, dict);
    }
    if (CP_MOVES_ARGUMENTS && tuple && (Py_IS_TYPE(callable, &PyFunction_Type) || Py_IS_TYPE(callable, &gs_function_type))) {
        if (ending_with(tuple, dict) > 1) { /* their order can be told */
            let_go_of_items((PyCodeObject *)((PyFunctionObject *)callable)->func_code, tuple, dict && Py_REFCNT(dict) == 1 && PyDict_GET_SIZE(dict) ? dict : NULL);
        }
    }
    if (tuple != args) {
        Py_XDECREF(tuple);
    }
    if (dict != kwargs) {
        Py_DECREF(dict);
    }
    return result;
}

PyObject *
gs_get_len(PyObject *o)
{
    Py_ssize_t n = PyObject_Size(o);
    return n < 0 ? NULL : PyLong_FromSsize_t(n);
}

#define FEW_SPARE_INTS 16
struct gs_spare_ints gs_spare_ints[3] = {{.room = 0}, {.room = FEW_SPARE_INTS}, {.room = FEW_SPARE_INTS}};

void
gs_drop_spare_ints(void)
{
    for (int digits = 1; digits <= 2; digits++) {
        struct gs_spare_ints *spare = &gs_spare_ints[digits];
        while (spare->count) {
            _Py_Dealloc(spare->ints[--spare->count]);
        }
        spare->room = FEW_SPARE_INTS;
    }
}

#if CP_FREE_LISTS
/* Likewise iterators over lists and tuples, which an inner loop needs for each round of the outer one. The collector counts them as if they were made and
   freed. */
#define SPARE_ITERATORS 8
static struct { int count; PyObject *iterators[SPARE_ITERATORS]; } spare_iterators;

int
gs_keep_iterator(PyThreadState *ts, PyObject *o)
{
    if (spare_iterators.count == SPARE_ITERATORS) {
        return 0;
    }
    cp_uncount_tracked(ts);
    spare_iterators.iterators[spare_iterators.count++] = o;
    return 1;
}

PyObject *
gs_sequence_iter(PyObject *sequence)
{
    PyThreadState *ts = cp_thread();
    if (!spare_iterators.count || *cp_tracemalloc() || !cp_count_tracked(ts)) {
        return PyObject_GetIter(sequence);
    }
    struct iterator *it = (struct iterator *)spare_iterators.iterators[--spare_iterators.count];
    Py_SET_REFCNT(it, 1);
    Py_SET_TYPE(it, Py_IS_TYPE(sequence, &PyList_Type) ? &PyListIter_Type : &PyTupleIter_Type);
    it->index = 0;
    it->sequence = Py_NewRef(sequence);
    cp_track_new(ts, (PyObject *)it);
    return (PyObject *)it;
}
#else
PyObject *
gs_sequence_iter(PyObject *sequence)
{
    return PyObject_GetIter(sequence);
}
#endif

/* Room for another item, as append makes it. */
PyObject *
gs_list_room(PyObject *l)
{
    Py_ssize_t n = Py_SIZE(l);
    if (PyList_Append(l, Py_None) < 0) {
        return NULL;
    }
    Py_SET_SIZE(l, n);
    Py_DECREF(Py_None);
    return l;
}

PyObject *
gs_box_int(int64_t n)
{
    uint64_t magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int digits = magnitude >> PyLong_SHIFT ? 2 : 1;
    if ((n < -_PY_NSMALLNEGINTS || n >= _PY_NSMALLPOSINTS) && !(magnitude >> (2 * PyLong_SHIFT))) {
        if (gs_spare_ints[digits].count) {
            PyObject *o = gs_spare_ints[digits].ints[--gs_spare_ints[digits].count];
            Py_SET_REFCNT(o, 1);
            cp_set_int(o, magnitude, digits, n < 0);
            return o;
        }
        gs_spare_ints[digits].room += gs_spare_ints[digits].room < GS_SPARE_INTS;
    }
    return PyLong_FromLongLong(n);
}

PyObject *
gs_box_float(double x)
{
    return PyFloat_FromDouble(x);
}

PyObject *
gs_box_dyn(int64_t tag, int64_t raw)
{
    struct gs_value v = {.kind = (uint8_t)tag, .w = {(uint64_t)raw}};
    PyObject *o;
    return gs_box(&v, &o) < 0 ? NULL : o;
}

int64_t
gs_unbox_int(PyObject *o, int64_t *n)
{
    int overflow;
    *n = PyLong_AsLongLongAndOverflow(o, &overflow);
    return !overflow;
}

void
gs_dealloc(PyObject *o)
{
    gs_end(o, NULL);
}

/* ---- Ranges ---- */

static const unsigned char past_most[] = {0, 0, 0, 0, 0, 0, 0, 0x80, 0};              /* 2**63, least byte first */
static const unsigned char past_least[] = {255, 255, 255, 255, 255, 255, 255, 127, 255}; /* -2**63 - 1 */

PyObject *
gs_make_range(int64_t start, int64_t stop, int64_t step)
{
    return PyObject_CallFunction((PyObject *)&PyRange_Type, "LLL", (long long)start, (long long)stop, (long long)step);
}

/* A range from the next value to just past the last one has the same rest to come, and unlike next + left * step that bound
   nearly always fits 64 bits. */
PyObject *
gs_make_range_iter(int64_t next, int64_t step, int64_t left)
{
    int64_t last = (int64_t)((uint64_t)next + (uint64_t)(left - 1) * (uint64_t)step), stop;
    PyObject *range;
    if (left <= 0) {
        range = gs_make_range(0, 0, step);
    } else if (!__builtin_add_overflow(last, step > 0 ? 1 : -1, &stop)) {
        range = gs_make_range(next, stop, step);
    } else {
        range = PyObject_CallFunction((PyObject *)&PyRange_Type, "LNL", (long long)next,
                                      _PyLong_FromByteArray(step > 0 ? past_most : past_least, sizeof past_most, 1, 1), (long long)step);
    }
    PyObject *iterator = range ? PyObject_GetIter(range) : NULL;
    Py_XDECREF(range);
    return iterator;
}

/* ---- The profile ---- */

/* The classes that profiles name, by address, each with a weak reference: a profile keeps no class alive, so before anybody looks
   at a class that a site names, gs_live_class tells whether it still is one. */
static PyObject *classes;
static Py_ssize_t classes_room = 64; /* when so many are noted, those that are gone are dropped */

static void
drop_dead_classes(void)
{
    PyObject *alive = PyDict_New(), *key, *ref;
    Py_ssize_t pos = 0;
    while (alive && PyDict_Next(classes, &pos, &key, &ref)) {
        if (gs_referent(ref) != Py_None && PyDict_SetItem(alive, key, ref) < 0) {
            Py_CLEAR(alive);
        }
    }
    if (alive) {
        Py_SETREF(classes, alive);
        classes_room = 2 * PyDict_GET_SIZE(alive) + 64;
    }
}

static void
note_class(PyTypeObject *class)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *key = PyLong_FromVoidPtr(class), *ref = PyWeakref_NewRef((PyObject *)class, NULL);
    if (!classes) {
        classes = PyDict_New();
    } else if (PyDict_GET_SIZE(classes) >= classes_room) {
        drop_dead_classes();
    }
    if (key && ref && classes) {
        (void)PyDict_SetItem(classes, key, ref); /* failing, the class is taken for dead */
    }
    Py_XDECREF(key);
    Py_XDECREF(ref);
    PyErr_Restore(type, value, traceback);
}

PyTypeObject *
gs_live_class(uint64_t address)
{
    PyObject *key = PyLong_FromVoidPtr((void *)(uintptr_t)address);
    PyObject *ref = key && classes ? PyDict_GetItemWithError(classes, key) : NULL;
    PyTypeObject *class = NULL;
    if (ref && gs_referent(ref) == (PyObject *)(uintptr_t)address) {
        class = (PyTypeObject *)(uintptr_t)address;
    } else if (ref) {
        (void)PyDict_DelItem(classes, key);
    }
    Py_XDECREF(key);
    PyErr_Clear();
    return class;
}

void
gs_learn_class(struct gs_site *site, PyTypeObject *class)
{
    if (!class) {
        return;
    }
    site->count += site->count < UINT32_MAX;
    if (!site->type || site->flags & GS_SITE_GUESSED) {
        site->type = (uint64_t)(uintptr_t)class;
        site->flags &= ~(uint32_t)GS_SITE_GUESSED;
        note_class(class);
    } else if (site->type != (uint64_t)(uintptr_t)class) {
        site->flags |= GS_SITE_POLY;
    }
}

void
gs_assume(struct gs_site *site, const struct gs_guess *guess)
{
    if (site->type || site->flags & (GS_SITE_POLY | GS_SITE_UNSEEN)) {
        return;
    }
    site->type = guess->what;
    if (guess->flags & GS_SITE_CALLEE) {
        ((struct gs_record *)(uintptr_t)guess->what)->named = 1;
        site->flags |= guess->flags;
    } else {
        site->flags |= GS_SITE_GUESSED;
        note_class((PyTypeObject *)(uintptr_t)guess->what);
    }
}

void
gs_record_type(PyObject *o, struct gs_site *site)
{
    gs_learn_class(site, o ? Py_TYPE(o) : NULL);
}

void
gs_record_item(PyObject *list, PyObject *index, struct gs_site *site)
{
    if (!PyList_CheckExact(list) || !PyLong_CheckExact(index)) {
        return;
    }
    Py_ssize_t size = PyList_GET_SIZE(list), i = cp_digits(index) <= 1 ? (Py_ssize_t)PyLong_AsLong(index) : size;
    i += i < 0 ? size : 0;
    if (0 <= i && i < size) {
        gs_record_type(PyList_GET_ITEM(list, i), site);
    }
}
