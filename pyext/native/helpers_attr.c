/* Attributes of objects whose class looks them up as object does, as fast as the interpreter's specialised instructions find them. There, each
   instruction remembers one class; here, one table for the whole process remembers where instances of a class in its present version keep
   an attribute, so that sites which meet many classes are served, too. Whatever the table does not know, the C-API does. */
#include "helpers.h"
#include "runtime.h"
#include <structmember.h>

enum place {
    ELSEWHERE,   /* asking the C-API */
    IN_DICT,     /* in the dict of an instance, if anywhere */
    UNKNOWN_KEY, /* likewise, as long as the instances' shared keys are as many as at says */
    IN_VALUES,   /* likewise, or in the values of an instance whose dict is not made; at: the index */
    IN_INSTANCE, /* in a field, of a class with __slots__; at: the offset */
    READ_ONLY,   /* likewise */
    METHOD,      /* in the class, and instances have no dict */
    METHOD_UNLESS_IN_DICT, /* in the class, and not in the values of instances whose keys have the version at */
};

/* A version tag names one state of one class for ever; the class in that state keeps its method alive. */
struct known {
    uint32_t version;
    uint32_t place;
    uint64_t at;
    PyObject *name;   /* a reference: its address must not be used again */
    PyObject *method;
    Py_ssize_t hint;  /* where in the dict of an instance the name was found last */
};

#define MOST_KEYS 64 /* of a dict that is searched from its begin to its end */
#define ROWS 4096 /* the interpreter's own table of type lookups has as many */
static struct known table[ROWS];

static struct known *
row_of(uint32_t version, PyObject *name)
{
    return &table[(version ^ (uint32_t)((uintptr_t)name >> 4)) & (ROWS - 1)];
}

static PyDictKeysObject *
shared_keys(PyTypeObject *class)
{
    return class->tp_flags & Py_TPFLAGS_HEAPTYPE ? ((PyHeapTypeObject *)class)->ht_cached_keys : NULL;
}

static Py_ssize_t
index_in(PyDictKeysObject *keys, PyObject *name)
{
    if (!keys || !DK_IS_UNICODE(keys)) {
        return -1;
    }
    PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
        if (entries[i].me_key == name) { /* both are interned */
            return i;
        }
    }
    return -1;
}

/* Whether a name can be looked up in the class without Python code: a key that is no str may have the name's hash, and an __eq__ that is told of it. */
int
gs_looks_quietly(PyTypeObject *class)
{
    PyObject *mro = class->tp_mro;
    for (Py_ssize_t i = 0; mro && i < PyTuple_GET_SIZE(mro); i++) {
        PyObject *dict = cp_type_dict((PyTypeObject *)PyTuple_GET_ITEM(mro, i));
        if (!dict || ((PyDictObject *)dict)->ma_keys->dk_kind == DICT_KEYS_GENERAL) {
            return 0;
        }
    }
    return mro != NULL;
}

/* What the class has is no descriptor, and never will be one: the instance comes first, as with the default of a field. */
static int
is_plain_value(PyObject *attribute)
{
    PyTypeObject *t = Py_TYPE(attribute);
    return !(t->tp_flags & Py_TPFLAGS_HEAPTYPE) && !t->tp_descr_get && !t->tp_descr_set;
}

static void
look(PyTypeObject *class, PyObject *name, struct known *k)
{
    k->place = ELSEWHERE;
    if (!gs_looks_quietly(class)) {
        return;
    }
    PyObject *attribute = _PyType_Lookup(class, name);
    if (!attribute || is_plain_value(attribute)) {
        if (class->tp_flags & Py_TPFLAGS_MANAGED_DICT && shared_keys(class)) {
            Py_ssize_t i = index_in(shared_keys(class), name);
            k->place = i >= 0 ? IN_VALUES : UNKNOWN_KEY;
            k->at = i >= 0 ? (uint64_t)i : (uint64_t)shared_keys(class)->dk_nentries;
        } else {
            k->place = IN_DICT;
        }
    } else if (Py_IS_TYPE(attribute, &PyMemberDescr_Type)) {
        struct PyMemberDef *member = ((PyMemberDescrObject *)attribute)->d_member;
        if (member->type == T_OBJECT_EX && !(member->flags & ~READONLY) && PyType_IsSubtype(class, PyDescr_TYPE(attribute))) {
            k->place = member->flags & READONLY ? READ_ONLY : IN_INSTANCE;
            k->at = (uint64_t)member->offset;
        }
    } else if (PyType_HasFeature(Py_TYPE(attribute), Py_TPFLAGS_METHOD_DESCRIPTOR)) {
        k->method = attribute;
        if (!class->tp_dictoffset && !(class->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
            k->place = METHOD;
        } else if (class->tp_flags & Py_TPFLAGS_MANAGED_DICT && shared_keys(class) && index_in(shared_keys(class), name) < 0) {
            cp_ensure_keys_version(shared_keys(class), 0);
            k->at = shared_keys(class)->dk_version;
            k->place = k->at ? METHOD_UNLESS_IN_DICT : ELSEWHERE;
        }
    }
}

/* Shared keys grow without a change of their class. */
static int
is_stale(const struct known *k, PyTypeObject *class)
{
    return (k->place == UNKNOWN_KEY && (uint64_t)shared_keys(class)->dk_nentries != k->at)
           || (k->place == METHOD_UNLESS_IN_DICT && shared_keys(class)->dk_version != k->at);
}

/* Where instances of the class keep the attribute. */
static struct known *
place_of(PyTypeObject *class, PyObject *name)
{
    static struct known elsewhere = {.place = ELSEWHERE};
    uint32_t version = class->tp_version_tag;
    struct known *k = row_of(version, name);
    if (version && k->version == version && k->name == name && !is_stale(k, class)) {
        return k;
    }
    if (!PyUnicode_CheckExact(name) || !PyUnicode_CHECK_INTERNED(name)) {
        return &elsewhere;
    }
    struct known fresh = {.name = Py_NewRef(name)};
    look(class, name, &fresh); /* gives the class a version, if it had none */
    fresh.version = cp_type_version(class);
    k = row_of(fresh.version, name);
    PyObject *old = k->name;
    *k = fresh;
    Py_XDECREF(old);
    return fresh.version ? k : &elsewhere;
}

/* The value of the name in the dict of an instance, borrowed; NULL: the C-API knows. */
static PyObject *
dict_value(PyObject *dict, struct known *k)
{
    if (!dict || !DK_IS_UNICODE(((PyDictObject *)dict)->ma_keys)) {
        return NULL;
    }
    PyDictObject *d = (PyDictObject *)dict;
    PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(d->ma_keys);
    if (k->hint >= d->ma_keys->dk_nentries || entries[k->hint].me_key != k->name) {
        Py_ssize_t i = d->ma_keys->dk_nentries <= MOST_KEYS ? index_in(d->ma_keys, k->name) : -1;
        if (i < 0) {
            return NULL;
        }
        k->hint = i;
    }
    return d->ma_values ? d->ma_values->values[k->hint] : entries[k->hint].me_value;
}

PyObject *
gs_get_attr(PyObject *o, PyObject *name)
{
    PyTypeObject *class = Py_TYPE(o);
    if (class->tp_getattro == PyObject_GenericGetAttr) {
        struct known *k = place_of(class, name);
        PyObject *value = NULL;
        if (k->place == IN_VALUES || k->place == UNKNOWN_KEY || k->place == IN_DICT) {
            PyDictValues *values = k->place == IN_VALUES ? cp_values(o) : NULL;
            value = values ? values->values[k->at] : dict_value(cp_dict(o), k);
        } else if (k->place == IN_INSTANCE || k->place == READ_ONLY) {
            value = *(PyObject **)((char *)o + k->at);
        }
        if (value) {
            return Py_NewRef(value);
        }
    }
    return PyObject_GetAttr(o, name);
}

int64_t
gs_load_method(PyObject *o, PyObject *name, PyObject **pair)
{
    PyTypeObject *class = Py_TYPE(o);
    PyObject *method = NULL, *own = NULL, *dict;
    int unbound = 1;
    const struct known *k = class->tp_getattro == PyObject_GenericGetAttr ? place_of(class, name) : NULL;
    if (k && (k->place == METHOD || k->place == METHOD_UNLESS_IN_DICT)) {
        method = Py_NewRef(k->method);
        if (k->place == METHOD_UNLESS_IN_DICT && !cp_values(o)) {
            dict = Py_XNewRef(cp_dict(o));
            own = dict ? PyDict_GetItemWithError(dict, name) : Py_None; /* keys may have an __eq__ of their own */
            Py_XDECREF(dict);
            if (own || PyErr_Occurred()) {
                Py_CLEAR(method);
            }
        }
    }
    if (!method && PyErr_Occurred()) {
        return -1;
    }
    if (!method) {
        unbound = _PyObject_GetMethod(o, name, &method);
        if (!method) {
            return -1;
        }
    }
    pair[0] = unbound || CP_NULL_ABOVE ? method : NULL;
    pair[1] = unbound ? Py_NewRef(o) : CP_NULL_ABOVE ? NULL : method;
    return 0;
}

/* The method, if the builtin super would bind it to self and do nothing else. */
int64_t
gs_super_method(PyObject *class, PyObject *self, PyObject *name, PyObject **pair)
{
    PyTypeObject *type = Py_TYPE(self);
    if (!PyType_Check(class) || PyType_Check(self) || !PyUnicode_CheckExact(name) || !type->tp_mro
        || (PyUnicode_GET_LENGTH(name) == 9 && PyUnicode_CompareWithASCIIString(name, "__class__") == 0)) {
        return 0;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(type->tp_mro), i = 0;
    while (i < n && PyTuple_GET_ITEM(type->tp_mro, i) != class) {
        i++;
    }
    while (++i < n) {
        PyObject *dict = cp_type_dict((PyTypeObject *)PyTuple_GET_ITEM(type->tp_mro, i));
        if (!dict || !DK_IS_UNICODE(((PyDictObject *)dict)->ma_keys)) { /* a key may have an __eq__ of its own */
            return 0;
        }
        PyObject *found = PyDict_GetItemWithError(dict, name);
        if (found) {
            if (!PyType_HasFeature(Py_TYPE(found), Py_TPFLAGS_METHOD_DESCRIPTOR)) {
                return 0;
            }
            pair[0] = Py_NewRef(found);
            pair[1] = Py_NewRef(self);
            return 1;
        }
    }
    return 0;
}

PyObject *
gs_load_super_attr(PyObject *super, PyObject *class, PyObject *self, PyObject *name, int64_t arguments)
{
    /* Called without arguments, the builtin finds these two in the caller's frame. */
    size_t n = arguments || (super == (PyObject *)&PySuper_Type && PyType_Check(class)) ? 2 : 0;
    PyObject *args[] = {NULL, class, self};
    PyObject *found = NULL, *o = PyObject_Vectorcall(super, args + 1, n | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    if (o) {
        found = PyObject_GetAttr(o, name);
        Py_DECREF(o);
    }
    return found;
}

int64_t
gs_load_special(PyObject *o, int64_t which, PyObject **pair)
{
    static const char *const texts[] = {"__enter__", "__exit__", "__aenter__", "__aexit__"};
    static PyObject *names[sizeof texts / sizeof *texts];
    if (!names[which] && !(names[which] = PyUnicode_InternFromString(texts[which]))) {
        PyErr_Clear();
        return 0;
    }
    PyObject *method = _PyType_Lookup(Py_TYPE(o), names[which]);
    if (!method || !PyType_HasFeature(Py_TYPE(method), Py_TPFLAGS_METHOD_DESCRIPTOR)) {
        return 0;
    }
    pair[0] = Py_NewRef(method);
    pair[1] = Py_NewRef(o);
    return 1;
}

int64_t
gs_set_attr(PyObject *o, PyObject *name, PyObject *value)
{
    PyTypeObject *class = Py_TYPE(o);
    if (class->tp_setattro == PyObject_GenericSetAttr) {
        const struct known *k = place_of(class, name);
        PyObject *old, *dict;
        if (k->place == IN_VALUES || k->place == UNKNOWN_KEY || k->place == IN_DICT) {
            PyDictValues *values = k->place == IN_VALUES ? cp_values(o) : NULL;
            if (values) {
                old = values->values[k->at];
                values->values[k->at] = Py_NewRef(value);
                if (old) {
                    Py_DECREF(old);
                } else {
                    cp_value_added(values, (Py_ssize_t)k->at);
                }
                return 0;
            }
            if ((dict = cp_dict(o)) && !cp_shares_values(o)) {
                Py_INCREF(dict);
                int status = PyDict_SetItem(dict, name, value);
                Py_DECREF(dict);
                return status;
            }
        } else if (k->place == IN_INSTANCE) {
            PyObject **field = (PyObject **)((char *)o + k->at);
            old = *field;
            *field = Py_NewRef(value);
            Py_XDECREF(old);
            return 0;
        }
    }
    return PyObject_SetAttr(o, name, value);
}

/* Native code has set an attribute that the instance did not have: which was set first, its dict will tell. */
void
gs_value_added(PyObject *o, int64_t index)
{
    cp_value_added(cp_values(o), (Py_ssize_t)index);
}

/* What calling a class does before its __init__: object makes the instance, and one more C function counts as running. Whoever calls this gives that back. */
PyObject *
gs_new_instance(PyObject *class, int64_t *recursion)
{
    static PyObject *no_arguments;
    if (!no_arguments && !(no_arguments = PyTuple_New(0))) {
        return NULL;
    }
    if (Py_EnterRecursiveCall(" while calling a Python object")) {
        return NULL;
    }
    PyObject *o = PyBaseObject_Type.tp_new((PyTypeObject *)class, no_arguments, NULL);
    if (!o) {
        Py_LeaveRecursiveCall();
        return NULL;
    }
    *recursion = (int64_t)(uintptr_t)cp_recursion(cp_thread());
    return o;
}

int64_t
gs_del_attr(PyObject *o, PyObject *name)
{
    return PyObject_SetAttr(o, name, NULL);
}

/* The class of what a store is about to replace, where native code will replace it itself. */
void
gs_record_attr(PyObject *o, PyObject *name, struct gs_site *site)
{
    if (Py_TYPE(o)->tp_setattro != PyObject_GenericSetAttr) {
        return;
    }
    const struct known *k = place_of(Py_TYPE(o), name);
    if (k->place == UNKNOWN_KEY && cp_values(o)) { /* the first instance that gets it */
        site->flags |= GS_SITE_EMPTY;
    } else if (k->place == IN_VALUES && cp_values(o)) {
        PyObject *old = cp_values(o)->values[k->at];
        site->flags |= old ? 0 : GS_SITE_EMPTY;
        gs_record_type(old, site);
    } else if (k->place == IN_INSTANCE) {
        gs_record_type(*(PyObject **)((char *)o + k->at), site);
    }
}
