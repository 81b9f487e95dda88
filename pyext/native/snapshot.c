/* The snapshot: what the compiler is told about a function, flattened into one buffer that it reads in place. The
   layout is decoder/snapshot.go's; the structs here are the records there. Everything that may change is a look at a
   live object, which the compiler guards; every object whose address is written down is held by gs_keep.

   Python code can run in the middle of it (making a record may collect garbage), so nothing borrowed is used across
   that; what is in a table here is held. Nothing recurses deeper than `depth`: functions, codes, classes and modules
   wait in their tables until it is their turn. */
#include "runtime.h"
#include <opcode.h>
#include <structmember.h>

enum { MAX_CODES = 32, MAX_UNITS = 20000, MAX_TEXT = 4096, MAX_ITEMS = 256, MAX_TYPES = 256, MAX_OBJECTS = 50000 };
#define NO_INDEX 0xffffffffu

enum kind {
    OTHER, NONE, BOOL, INT, FLOAT, STR, BYTES, TUPLE, LIST, DICT, CELL, FUNCTION, MODULE, TYPE, BUILTIN, METHOD, RANGE, CODE,
    ELLIPSIS, METHOD_DESCR, SET, MEMBER_DESCR,
};
enum { FITS = 1, SAME = 2, CUT = 4 };
enum { HEAP = 1, PLAIN_NEW = 2, PLAIN_INIT = 4, PLAIN_GET = 8, PLAIN_SET = 16, VERSIONED = 32 };
enum { NOWHERE, IN_GLOBALS, IN_BUILTINS, IN_MODULE, IN_TYPE, IN_INSTANCE };
enum { GUARDABLE = 1, GLOBALS_GUARDABLE = 2 };
enum { HAS_CLOSURE = 1, HAS_KWDEFAULTS = 2, ATTACHED = 4 };

struct span { uint32_t start, count; };

struct slot_row { uint8_t kind, owned; uint16_t pad; uint32_t object; uint64_t w[3]; };
struct object_row {
    uint64_t address, klass;
    uint32_t kind, flags, type, item, key, aux;
    uint64_t value;
    struct span span;
    uint64_t extra;
};
#define NO_ENTRY UINT64_MAX /* instances have no such attribute */
struct type_row {
    uint64_t address;
    uint32_t version, flags;
    uint64_t tp_flags, tp_new, tp_init, tp_getattro, tp_setattro;
    int64_t basicsize, dictoffset;
    uint64_t base;
    struct span name, attributes;
};
struct code_row {
    uint64_t address, record, profile, globals, builtins;
    uint32_t argcount, posonly, kwonly, flags, stacksize, nlocals, nlocalsplus, ncells, nfrees, firstlineno;
    struct span bytecode, exceptions, lines, name, qualname, filename, kinds, consts, names, locals, sites, resolved;
};
struct function_row {
    uint64_t address;
    uint32_t code, flags;
    uint64_t globals, builtins, closure, kwdefaults, vectorcall;
    uint32_t version, pad;
    struct span defaults, cells, kwdefault_items;
};
struct name_row {
    uint32_t name, where;
    uint64_t globals;
    uint32_t globals_version, flags;
    uint64_t dict;
    uint32_t version, object;
    uint64_t entry;
};
struct header {
    uint32_t magic, format;
    uint64_t size;
    uint8_t major, minor, micro, pad;
    uint32_t mode, off, nlocals, nstack, function;
    uint64_t callable, record;
    struct { uint32_t start, count; } sections[9];
};
_Static_assert(sizeof(struct slot_row) == 32 && sizeof(struct object_row) == 64 && sizeof(struct type_row) == 96
               && sizeof(struct code_row) == 176 && sizeof(struct function_row) == 88 && sizeof(struct name_row) == 48
               && sizeof(struct gs_site) == 16 && sizeof(struct header) == 128, "decoder/snapshot.go reads these");

/* A growing array. */
struct vector { char *data; size_t size, room; };

/* What is found under a name in a class or module; flushed at the end, so that each owner's rows lie together. */
struct attribute { struct name_row row; uint32_t next; };
/* nnames: how many of the attribute names were looked up in it; called: some code calls it, so __init__ was looked up, too; instance: one of those
   that were met, if they have values. */
struct owner { uint32_t first, last, nnames, called; PyObject *instance; };

struct map { PyObject **keys; uint32_t *values; size_t mask, count; };

struct writer {
    struct vector slots, objects, types, codes, functions, names, sites, lists, bytes;
    struct vector depths;              /* uint8_t of each object: how far was looked into it */
    struct vector attribute_names;     /* PyObject*: what some code looks up in objects */
    struct vector attributes, type_owners, modules, module_owners; /* modules: uint32_t object */
    struct vector records;             /* struct gs_record* of each code */
    struct map objects_by_address, types_by_address, functions_by_address, names_by_address;
    uint32_t nfunctions_done, ncodes_done;
    size_t units;
    int failed;                        /* with an exception */
};

/* ---- Memory ---- */

static void *
grow(struct writer *w, struct vector *v, size_t n)
{
    if (v->size + n > v->room) {
        size_t room = v->room ? v->room : 256;
        while (room < v->size + n) {
            room *= 2;
        }
        char *data = room < 1u << 30 ? PyMem_RawRealloc(v->data, room) : NULL;
        if (!data) {
            if (!w->failed) {
                PyErr_NoMemory();
            }
            w->failed = 1;
            return NULL;
        }
        v->data = data;
        v->room = room;
    }
    char *p = v->data + v->size;
    v->size += n;
    return p;
}

#define COUNT(v, type) ((uint32_t)((v)->size / sizeof(type)))
#define AT(v, type, i) ((type *)(v)->data + (i))

static void
append(struct writer *w, struct vector *v, const void *p, size_t n)
{
    void *there = grow(w, v, n);
    if (there && n) {
        memcpy(there, p, n);
    }
}

static struct span
put_bytes(struct writer *w, const void *p, size_t n)
{
    struct span s = {(uint32_t)w->bytes.size, (uint32_t)n};
    append(w, &w->bytes, p, n);
    return s;
}

static struct span
put_list(struct writer *w, const uint32_t *indexes, size_t n)
{
    struct span s = {COUNT(&w->lists, uint32_t), (uint32_t)n};
    append(w, &w->lists, indexes, n * sizeof *indexes);
    return s;
}

static size_t
map_place(const struct map *m, PyObject *key)
{
    size_t i = (size_t)(((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15ull >> 20) & m->mask;
    while (m->keys[i] && m->keys[i] != key) {
        i = (i + 1) & m->mask;
    }
    return i;
}

static uint32_t
map_get(const struct map *m, PyObject *key)
{
    if (!m->keys) {
        return NO_INDEX;
    }
    size_t i = map_place(m, key);
    return m->keys[i] ? m->values[i] : NO_INDEX;
}

static void
map_put(struct writer *w, struct map *m, PyObject *key, uint32_t value)
{
    if (!m->keys || 2 * m->count > m->mask) {
        struct map grown = {NULL, NULL, m->keys ? 2 * m->mask + 1 : 127, m->count};
        grown.keys = PyMem_RawCalloc(grown.mask + 1, sizeof *grown.keys);
        grown.values = PyMem_RawCalloc(grown.mask + 1, sizeof *grown.values);
        if (!grown.keys || !grown.values) {
            PyMem_RawFree(grown.keys), PyMem_RawFree(grown.values);
            if (!w->failed) {
                PyErr_NoMemory();
            }
            w->failed = 1;
            return;
        }
        for (size_t i = 0; m->keys && i <= m->mask; i++) {
            if (m->keys[i]) {
                size_t place = map_place(&grown, m->keys[i]);
                grown.keys[place] = m->keys[i];
                grown.values[place] = m->values[i];
            }
        }
        PyMem_RawFree(m->keys), PyMem_RawFree(m->values);
        *m = grown;
    }
    size_t i = map_place(m, key);
    m->count += !m->keys[i];
    m->keys[i] = key;
    m->values[i] = value;
}

static int
keep(struct writer *w, PyObject *o)
{
    if (!w->failed && gs_keep(o) < 0) {
        w->failed = 1;
    }
    return !w->failed;
}

/* ---- Dicts ---- */

/* The address of the entry's value of a str in keys that are all str; NULL: not there. Runs no Python. */
static PyObject **
find_entry(PyDictKeysObject *keys, PyObject *name)
{
    Py_hash_t hash = PyObject_Hash(name);
    size_t mask = (size_t)DK_SIZE(keys) - 1, perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;;) {
        int64_t index = keys->dk_log2_size < 8 ? ((int8_t *)keys->dk_indices)[i]
                      : keys->dk_log2_size < 16 ? ((int16_t *)keys->dk_indices)[i]
                      : keys->dk_log2_size < 32 ? ((int32_t *)keys->dk_indices)[i] : ((int64_t *)keys->dk_indices)[i];
        if (index == DKIX_EMPTY) {
            return NULL;
        }
        if (index >= 0) {
            PyDictUnicodeEntry *e = &DK_UNICODE_ENTRIES(keys)[index];
            if (e->me_key == name || (((PyASCIIObject *)e->me_key)->hash == hash && PyUnicode_Compare(e->me_key, name) == 0)) {
                return &e->me_value;
            }
        }
        perturb >>= 5;
        i = (i * 5 + perturb + 1) & mask;
    }
}

/* Whether names can be looked up without running Python, and values be found by their entry. */
static int
is_plain_dict(PyObject *dict)
{
    return PyDict_CheckExact(dict) && ((PyDictObject *)dict)->ma_keys->dk_kind == DICT_KEYS_UNICODE && !((PyDictObject *)dict)->ma_values;
}

static void
ensure_version(PyObject *dict)
{
    if (is_plain_dict(dict)) {
        cp_ensure_keys_version(((PyDictObject *)dict)->ma_keys, dict == cp_thread()->interp->builtins);
    }
}

/* ---- Looks at objects ---- */

static uint32_t object_at(struct writer *, PyObject *, int depth);

/* Text as UTF-8, with surrogates passed: no str is refused. */
static struct span
put_text(struct writer *w, PyObject *text, int *cut)
{
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(text);
        *cut = n > MAX_TEXT;
        return put_bytes(w, PyUnicode_DATA(text), *cut ? MAX_TEXT : n);
    }
    struct span s = {0, 0};
    PyObject *bytes = w->failed ? NULL : PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
    if (!bytes) {
        w->failed = 1;
        return s;
    }
    size_t n = (size_t)PyBytes_GET_SIZE(bytes);
    *cut = n > MAX_TEXT;
    s = put_bytes(w, PyBytes_AS_STRING(bytes), *cut ? MAX_TEXT : n);
    Py_DECREF(bytes);
    return s;
}

static uint32_t
type_at(struct writer *w, PyTypeObject *t)
{
    uint32_t index = map_get(&w->types_by_address, (PyObject *)t);
    if (index != NO_INDEX || w->failed) {
        return index;
    }
    index = COUNT(&w->types, struct type_row);
    if (index == MAX_TYPES || !keep(w, (PyObject *)t)) {
        return NO_INDEX;
    }
    struct type_row row = {.address = (uintptr_t)t};
    struct owner owner = {NO_INDEX, NO_INDEX, 0, 0, NULL};
    append(w, &w->types, &row, sizeof row);
    append(w, &w->type_owners, &owner, sizeof owner);
    map_put(w, &w->types_by_address, (PyObject *)t, index);
    return index;
}

static uint32_t
function_at(struct writer *w, PyObject *f)
{
    uint32_t index = map_get(&w->functions_by_address, f);
    if (index != NO_INDEX || w->failed || !keep(w, f)) {
        return index;
    }
    struct function_row row = {.address = (uintptr_t)f, .code = NO_INDEX};
    index = COUNT(&w->functions, struct function_row);
    append(w, &w->functions, &row, sizeof row);
    map_put(w, &w->functions_by_address, f, index);
    return index;
}

static uint32_t
indexes(struct writer *w, PyObject *const *items, Py_ssize_t n, int depth, uint32_t *out)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        out[i] = object_at(w, items[i], depth);
    }
    return (uint32_t)n;
}

static int
same_class(PyObject *const *items, Py_ssize_t n)
{
    for (Py_ssize_t i = 1; i < n && i < 8; i++) {
        if (Py_TYPE(items[i]) != Py_TYPE(items[0])) {
            return 0;
        }
    }
    return n > 0;
}

static void
look_at_number(PyObject *o, struct object_row *row)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(o, &overflow);
    row->kind = INT;
    if (!overflow) {
        row->flags = FITS;
        row->value = (uint64_t)value;
    }
}

static void
look_at_range(struct writer *w, PyObject *o, struct object_row *row)
{
    static const char *const names[] = {"start", "stop", "step"};
    long long words[3];
    int overflow = 0;
    row->kind = RANGE;
    for (int i = 0; i < 3 && !overflow; i++) {
        PyObject *n = PyObject_GetAttrString(o, names[i]);
        if (!n || !PyLong_Check(n)) {
            PyErr_Clear();
            overflow = 1;
        } else {
            words[i] = PyLong_AsLongLongAndOverflow(n, &overflow);
        }
        Py_XDECREF(n);
    }
    if (!overflow) {
        row->flags = FITS;
        row->span = put_bytes(w, words, sizeof words);
    }
}

/* The row of an object, looked into `depth` levels deep. */
static struct object_row
look(struct writer *w, PyObject *o, int depth)
{
    PyTypeObject *t = Py_TYPE(o);
    struct object_row row = {.address = (uintptr_t)o, .klass = (uintptr_t)t, .type = type_at(w, t),
                             .item = NO_INDEX, .key = NO_INDEX, .aux = NO_INDEX};
    if (row.type != NO_INDEX && cp_keeps_values(t)) {
        AT(&w->type_owners, struct owner, row.type)->instance = o;
    }
    if (o == Py_None) {
        row.kind = NONE;
    } else if (o == Py_Ellipsis) {
        row.kind = ELLIPSIS;
    } else if (t == &PyBool_Type) {
        row.kind = BOOL;
        row.value = o == Py_True;
    } else if (t == &PyLong_Type) {
        look_at_number(o, &row);
    } else if (t == &PyFloat_Type) {
        row.kind = FLOAT;
        memcpy(&row.value, &((PyFloatObject *)o)->ob_fval, 8);
    } else if (t == &PyUnicode_Type) {
        int cut = 0;
        row.kind = STR;
        if (PyUnicode_READY(o) < 0) {
            w->failed = 1;
            return row;
        }
        row.value = (uint64_t)PyUnicode_GET_LENGTH(o);
        row.span = put_text(w, o, &cut);
        row.flags = cut ? CUT : 0;
    } else if (t == &PyBytes_Type) {
        row.kind = BYTES;
        row.value = (uint64_t)PyBytes_GET_SIZE(o);
    } else if (t == &PyTuple_Type || t == &PyList_Type) {
        PyObject *const *items = t == &PyTuple_Type ? ((PyTupleObject *)o)->ob_item : ((PyListObject *)o)->ob_item;
        Py_ssize_t n = Py_SIZE(o);
        row.kind = t == &PyTuple_Type ? TUPLE : LIST;
        row.value = (uint64_t)n;
        row.flags = same_class(items, n) ? SAME : 0;
        if (n && depth > 0) {
            row.item = object_at(w, items[0], depth - 1);
        }
        if (t == &PyTuple_Type) {
            uint32_t list[MAX_ITEMS];
            Py_ssize_t shown = depth > 0 ? Py_MIN(n, MAX_ITEMS) : 0;
            row.flags |= shown < n ? CUT : 0;
            uint32_t count = indexes(w, items, shown, depth - 1, list);
            row.span = put_list(w, list, count);
        }
    } else if (t == &PyDict_Type) {
        PyObject *key, *value;
        Py_ssize_t at = 0;
        row.kind = DICT;
        row.value = (uint64_t)PyDict_GET_SIZE(o);
        if (depth > 0 && PyDict_Next(o, &at, &key, &value)) {
            row.key = object_at(w, key, depth - 1);
            row.item = object_at(w, value, depth - 1);
        }
    } else if (t == &PySet_Type) {
        PyObject *key;
        Py_hash_t hash;
        Py_ssize_t at = 0;
        row.kind = SET;
        row.value = (uint64_t)PySet_GET_SIZE(o);
        if (depth > 0 && _PySet_NextEntry(o, &at, &key, &hash)) {
            row.item = object_at(w, key, depth - 1);
        }
    } else if (t == &PyCell_Type) {
        row.kind = CELL;
        if (depth > 0 && PyCell_GET(o)) {
            row.item = object_at(w, PyCell_GET(o), depth - 1);
        }
    } else if (t == &PyFunction_Type || t == &gs_function_type) {
        row.kind = FUNCTION;
        row.aux = function_at(w, o);
    } else if (t == &PyModule_Type) {
        row.kind = MODULE; /* the caller puts it into modules, once */
    } else if (PyType_Check(o)) {
        row.kind = TYPE;
        row.aux = type_at(w, (PyTypeObject *)o);
    } else if (t == &PyCFunction_Type) {
        PyObject *self = PyCFunction_GET_SELF(o);
        row.kind = BUILTIN;
        row.value = (uintptr_t)PyCFunction_GET_FUNCTION(o);
        row.extra = (uint64_t)PyCFunction_GET_FLAGS(o);
        if (self && !PyModule_Check(self) && depth > 0) {
            row.item = object_at(w, self, depth - 1);
        }
    } else if (t == &PyMethodDescr_Type) {
        row.kind = METHOD_DESCR;
        row.value = (uintptr_t)((PyMethodDescrObject *)o)->d_method->ml_meth;
        row.extra = (uint64_t)((PyMethodDescrObject *)o)->d_method->ml_flags;
        row.item = object_at(w, (PyObject *)PyDescr_TYPE(o), 0);
    } else if (t == &PyMemberDescr_Type) {
        struct PyMemberDef *member = ((PyMemberDescrObject *)o)->d_member;
        if (member->type == T_OBJECT_EX) {
            row.kind = MEMBER_DESCR;
            row.value = (uint64_t)member->offset;
            row.flags = member->flags & READONLY ? CUT : 0;
        }
        row.item = object_at(w, (PyObject *)PyDescr_TYPE(o), 0);
    } else if (t == &PyMethod_Type) {
        row.kind = METHOD;
        if (depth > 0) {
            row.item = object_at(w, PyMethod_GET_FUNCTION(o), depth - 1);
            row.key = object_at(w, PyMethod_GET_SELF(o), depth - 1);
        }
    } else if (t == &PyRange_Type) {
        look_at_range(w, o, &row);
    } else if (t == &PyCode_Type) {
        row.kind = CODE;
    }
    return row;
}

static uint32_t
object_at(struct writer *w, PyObject *o, int depth)
{
    uint32_t index = map_get(&w->objects_by_address, o);
    if (w->failed) {
        return 0;
    }
    if (index == NO_INDEX) {
        index = COUNT(&w->objects, struct object_row);
        if (index >= MAX_OBJECTS) {
            PyErr_SetString(PyExc_MemoryError, "the function refers to too much");
            w->failed = 1;
        }
        if (!keep(w, o)) {
            return 0;
        }
        struct object_row row = {.kind = OTHER};
        uint8_t unseen = 0;
        append(w, &w->objects, &row, sizeof row);
        append(w, &w->depths, &unseen, 1);
        map_put(w, &w->objects_by_address, o, index);
        if (PyModule_CheckExact(o)) {
            struct owner owner = {NO_INDEX, NO_INDEX, 0, 0, NULL};
            append(w, &w->modules, &index, sizeof index);
            append(w, &w->module_owners, &owner, sizeof owner);
        }
    } else if (*AT(&w->depths, uint8_t, index) > depth) {
        return index;
    }
    if (w->failed) {
        return 0;
    }
    int leaf = PyUnicode_CheckExact(o); /* looked at once, for its text is copied */
    *AT(&w->depths, uint8_t, index) = (uint8_t)(leaf ? UINT8_MAX : depth + 1); /* before looking: it may hold itself */
    struct object_row row = look(w, o, depth);
    if (!w->failed) {
        *AT(&w->objects, struct object_row, index) = row;
    }
    return index;
}

/* ---- Names ---- */

static struct name_row
name_in_dict(struct writer *w, PyObject *name, int where, PyObject *dict)
{
    struct name_row row = {.name = object_at(w, name, 0), .where = NOWHERE, .object = NO_INDEX};
    PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
    PyObject **entry = find_entry(keys, name);
    row.dict = (uintptr_t)dict;
    row.version = keys->dk_version;
    row.flags = keys->dk_version ? GUARDABLE : 0;
    if (entry && *entry && !cp_is_found(*entry)) {
        row.flags = 0; /* whoever reads it gets something else */
    }
    if (entry && *entry) {
        row.where = (uint32_t)where;
        row.entry = (uint64_t)((char *)entry - (char *)keys);
        row.object = object_at(w, *entry, 2);
    }
    return row;
}

static void
put_attribute(struct writer *w, struct owner *owner, struct name_row row)
{
    struct attribute a = {row, NO_INDEX};
    uint32_t index = COUNT(&w->attributes, struct attribute);
    append(w, &w->attributes, &a, sizeof a);
    if (w->failed) {
        return;
    }
    if (owner->last == NO_INDEX) {
        owner->first = index;
    } else {
        AT(&w->attributes, struct attribute, owner->last)->next = index;
    }
    owner->last = index;
}

static PyObject *init_name;

/* A class that some code calls: its __init__ may be called with that code. */
static void
look_up_init(struct writer *w, PyTypeObject *t)
{
    uint32_t index = type_at(w, t);
    PyObject *found = index == NO_INDEX || t->tp_new != PyBaseObject_Type.tp_new || !gs_looks_quietly(t) ? NULL : _PyType_Lookup(t, init_name);
    if (found && !AT(&w->type_owners, struct owner, index)->called) {
        struct name_row row = {.where = IN_TYPE, .object = object_at(w, found, 1)};
        row.name = object_at(w, init_name, 0);
        struct owner owner = *AT(&w->type_owners, struct owner, index);
        put_attribute(w, &owner, row);
        owner.called = 1;
        *AT(&w->type_owners, struct owner, index) = owner;
    }
}

static void
put_global(struct writer *w, struct gs_record *r, PyObject *name, int called)
{
    if (!is_plain_dict(r->globals) || !is_plain_dict(r->builtins)) {
        return;
    }
    struct name_row row = name_in_dict(w, name, IN_GLOBALS, r->globals);
    uint32_t version = ((PyDictObject *)r->globals)->ma_keys->dk_version;
    if (row.where == NOWHERE) {
        row = name_in_dict(w, name, IN_BUILTINS, r->builtins);
    }
    row.globals = (uintptr_t)r->globals;
    row.globals_version = version;
    row.flags |= version ? GLOBALS_GUARDABLE : 0;
    append(w, &w->names, &row, sizeof row);
    PyObject *value = row.where == NOWHERE || w->failed ? NULL : (PyObject *)(uintptr_t)AT(&w->objects, struct object_row, row.object)->address;
    if (called && value && Py_IS_TYPE(value, &PyType_Type)) {
        look_up_init(w, (PyTypeObject *)value);
    }
}

static void
look_up_in_type(struct writer *w, struct owner *owner, PyTypeObject *t, PyObject *name)
{
    PyObject *found = _PyType_Lookup(t, name);
    if (found) {
        struct name_row row = {.where = IN_TYPE, .object = object_at(w, found, 1)};
        row.name = object_at(w, name, 0);
        put_attribute(w, owner, row);
    }
    if (cp_keeps_values(t)) {
        PyDictKeysObject *keys = ((PyHeapTypeObject *)t)->ht_cached_keys;
        PyObject **entry = keys && keys->dk_kind == DICT_KEYS_SPLIT ? find_entry(keys, name) : NULL;
        if (entry) {
            size_t index = (size_t)((PyDictUnicodeEntry *)((char *)entry - offsetof(PyDictUnicodeEntry, me_value)) - DK_UNICODE_ENTRIES(keys));
            PyDictValues *values = owner->instance ? cp_values(owner->instance) : NULL;
            PyObject *value = values ? values->values[index] : NULL;
            struct name_row row = {.where = IN_INSTANCE, .object = value ? object_at(w, value, 1) : NO_INDEX, .entry = index * sizeof(PyObject *)};
            row.name = object_at(w, name, 0);
            put_attribute(w, owner, row);
        } else if (found && keys && keys->dk_kind == DICT_KEYS_SPLIT) { /* of a method: no instance has it, while the keys have the version */
            cp_ensure_keys_version(keys, 0);
            struct name_row row = {.name = object_at(w, name, 0), .where = IN_INSTANCE, .object = NO_INDEX, .entry = NO_ENTRY,
                                   .dict = (uintptr_t)keys, .version = keys->dk_version, .flags = keys->dk_version ? GUARDABLE : 0};
            put_attribute(w, owner, row);
        }
    }
}

/* Looks up, in each class and module met so far, each name that some code met so far asks of objects. */
static void
look_up_attributes(struct writer *w)
{
    uint32_t nnames = COUNT(&w->attribute_names, PyObject *);
    for (uint32_t i = 0; !w->failed && i < COUNT(&w->types, struct type_row); i++) {
        struct owner owner = *AT(&w->type_owners, struct owner, i);
        PyTypeObject *t = (PyTypeObject *)(uintptr_t)AT(&w->types, struct type_row, i)->address;
        if (owner.nnames < nnames && !gs_looks_quietly(t)) {
            owner.nnames = nnames;
        }
        for (; owner.nnames < nnames; owner.nnames++) {
            look_up_in_type(w, &owner, t, *AT(&w->attribute_names, PyObject *, owner.nnames));
        }
        *AT(&w->type_owners, struct owner, i) = owner;
    }
    for (uint32_t i = 0; !w->failed && i < COUNT(&w->modules, uint32_t); i++) {
        struct owner owner = *AT(&w->module_owners, struct owner, i);
        uint32_t object = *AT(&w->modules, uint32_t, i);
        PyObject *dict = PyModule_GetDict((PyObject *)(uintptr_t)AT(&w->objects, struct object_row, object)->address);
        if (owner.nnames < nnames) {
            ensure_version(dict);
        }
        for (; owner.nnames < nnames && is_plain_dict(dict); owner.nnames++) {
            struct name_row row = name_in_dict(w, *AT(&w->attribute_names, PyObject *, owner.nnames), IN_MODULE, dict);
            if (row.where == IN_MODULE) {
                put_attribute(w, &owner, row);
            }
        }
        *AT(&w->module_owners, struct owner, i) = owner;
    }
}

static struct span
flush_attributes(struct writer *w, struct owner owner)
{
    struct span s = {COUNT(&w->names, struct name_row), 0};
    for (uint32_t i = owner.first; i != NO_INDEX && !w->failed; i = AT(&w->attributes, struct attribute, i)->next) {
        append(w, &w->names, &AT(&w->attributes, struct attribute, i)->row, sizeof(struct name_row));
        s.count++;
    }
    return s;
}

/* ---- Codes and functions ---- */

/* The code's index, or none: it is too much, or never compiled. */
static uint32_t
code_of_record(struct writer *w, struct gs_record *r)
{
    for (uint32_t i = 0; i < COUNT(&w->records, struct gs_record *); i++) {
        if (*AT(&w->records, struct gs_record *, i) == r) {
            return i;
        }
    }
    uint32_t index = COUNT(&w->records, struct gs_record *);
    if (index && r->give_up && !r->nentries) {
        return NO_INDEX; /* it was tried, and would not be compiled with its callers either */
    }
    size_t units = (size_t)Py_SIZE(r->code);
    if (index == MAX_CODES || (index && w->units + units > MAX_UNITS) || !keep(w, (PyObject *)r)) {
        return NO_INDEX;
    }
    struct code_row row = {.address = (uintptr_t)r->code};
    w->units += units;
    append(w, &w->records, &r, sizeof r);
    append(w, &w->codes, &row, sizeof row);
    return index;
}

static struct span
put_bytes_object(struct writer *w, PyObject *bytes)
{
    return put_bytes(w, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

static struct span
put_tuple(struct writer *w, PyObject *tuple, int depth)
{
    Py_ssize_t n = PyTuple_GET_SIZE(tuple);
    uint32_t *list = PyMem_RawMalloc((size_t)n * sizeof *list + 1);
    if (!list) {
        if (!w->failed) {
            PyErr_NoMemory();
        }
        w->failed = 1;
        return (struct span){0, 0};
    }
    indexes(w, ((PyTupleObject *)tuple)->ob_item, n, depth, list);
    struct span s = put_list(w, list, (size_t)n);
    PyMem_RawFree(list);
    return s;
}

/* The names that the code reads as globals, resolved; the names that it asks of objects are collected. */
static struct span
put_names(struct writer *w, struct gs_record *r, const uint8_t *p, const uint8_t *end)
{
    struct span s = {COUNT(&w->names, struct name_row), 0};
    PyObject *names = r->code->co_names;
    Py_ssize_t n = PyTuple_GET_SIZE(names);
    uint8_t *seen = PyMem_RawCalloc((size_t)n + 1, 1);
    if (!seen) {
        if (!w->failed) {
            PyErr_NoMemory();
        }
        w->failed = 1;
        return s;
    }
    const uint8_t *begin = p;
    for (uint32_t extended = 0; CP_CONSTRUCTS && p < end; p += 2) {
        uint32_t arg = extended << 8 | p[1];
        extended = p[0] == EXTENDED_ARG ? arg : 0;
        int global = p[0] == LOAD_GLOBAL && arg & 1 ? cp_names_global(p[0], arg) : -1; /* with the NULL that a call wants */
        if (global >= 0 && global < n) {
            seen[global] |= 4;
        }
    }
    p = begin;
    for (uint32_t extended = 0; p < end && !w->failed; p += 2) {
        uint32_t arg = extended << 8 | p[1];
        extended = p[0] == EXTENDED_ARG ? arg : 0;
        int global = cp_names_global(p[0], arg), attribute = cp_names_attribute(p[0], arg);
        if (global >= 0 && global < n && !(seen[global] & 1)) {
            seen[global] |= 1;
            put_global(w, r, PyTuple_GET_ITEM(names, global), seen[global] & 4);
        }
        if (attribute >= 0 && attribute < n && !(seen[attribute] & 2)) {
            PyObject *name = PyTuple_GET_ITEM(names, attribute);
            seen[attribute] |= 2;
            if (map_get(&w->names_by_address, name) == NO_INDEX) {
                map_put(w, &w->names_by_address, name, 0);
                append(w, &w->attribute_names, &name, sizeof name);
            }
        }
    }
    PyMem_RawFree(seen);
    s.count = COUNT(&w->names, struct name_row) - s.start;
    return s;
}

/* Whether the code has a local variable, or a cell, of that name. */
static int
is_local(PyCodeObject *code, PyObject *name)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_localsplusnames); i++) {
        if (PyTuple_GET_ITEM(code->co_localsplusnames, i) == name) { /* both are interned */
            return 1;
        }
    }
    return 0;
}

/* The codes of what may be called where it is made: comprehensions, and functions that have a name there. */
static void
put_inner_codes(struct writer *w, struct gs_record *r)
{
    static PyObject *comprehension; /* how their names end */
    PyObject *consts = r->code->co_consts;
    if (!comprehension && !(comprehension = PyUnicode_InternFromString("comp>"))) {
        w->failed = 1;
        return;
    }
    for (Py_ssize_t i = 0; !w->failed && i < PyTuple_GET_SIZE(consts); i++) {
        PyCodeObject *code = (PyCodeObject *)PyTuple_GET_ITEM(consts, i);
        if (!PyCode_Check(code) || code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)
            || !(PyUnicode_Tailmatch(code->co_name, comprehension, 0, PY_SSIZE_T_MAX, 1) || is_local(r->code, code->co_name))) {
            continue;
        }
        PyObject *function = PyFunction_New((PyObject *)code, r->globals);
        struct gs_record *made = function ? gs_record_for(function) : NULL;
        Py_XDECREF(function);
        if (!made) {
            w->failed = 1;
        } else if (made->builtins == r->builtins) {
            uint32_t at = object_at(w, (PyObject *)code, 2), known = code_of_record(w, made);
            if (!w->failed) {
                AT(&w->objects, struct object_row, at)->aux = known;
            }
        }
    }
}

static void
put_code(struct writer *w, uint32_t index)
{
    struct gs_record *r = *AT(&w->records, struct gs_record *, index);
    PyCodeObject *code = r->code;
    ensure_version(r->globals);
    PyObject *bytes = w->failed ? NULL : PyCode_GetCode(code);
    if (!bytes) {
        w->failed = 1;
        return;
    }
    int cut;
    struct code_row row = {
        .address = (uintptr_t)code, .record = (uintptr_t)r, .profile = (uintptr_t)r->profile,
        .globals = (uintptr_t)r->globals, .builtins = (uintptr_t)r->builtins,
        .argcount = (uint32_t)code->co_argcount, .posonly = (uint32_t)code->co_posonlyargcount, .kwonly = (uint32_t)code->co_kwonlyargcount,
        .flags = (uint32_t)code->co_flags, .stacksize = (uint32_t)code->co_stacksize, .nlocals = (uint32_t)code->co_nlocals,
        .nlocalsplus = (uint32_t)code->co_nlocalsplus, .ncells = (uint32_t)code->co_ncellvars, .nfrees = (uint32_t)code->co_nfreevars,
        .firstlineno = (uint32_t)code->co_firstlineno,
    };
    row.bytecode = put_bytes_object(w, bytes);
    row.exceptions = put_bytes_object(w, code->co_exceptiontable);
    row.lines = put_bytes_object(w, code->co_linetable);
    row.name = put_text(w, code->co_name, &cut);
    row.qualname = put_text(w, code->co_qualname, &cut);
    row.filename = put_text(w, code->co_filename, &cut);
    row.kinds = put_bytes_object(w, code->co_localspluskinds);
    row.consts = put_tuple(w, code->co_consts, 2);
    put_inner_codes(w, r);
    row.names = put_tuple(w, code->co_names, 0);
    row.locals = put_tuple(w, code->co_localsplusnames, 0);
    row.sites = (struct span){COUNT(&w->sites, struct gs_site), r->profile ? r->nsites : 0};
    append(w, &w->sites, r->profile, row.sites.count * sizeof(struct gs_site));
    for (uint32_t i = 0; i < row.sites.count; i++) {
        if (r->profile[i].flags & GS_SITE_CALLEE) {
            struct gs_record *callee = r->profile[i].flags & (GS_SITE_POLY | GS_SITE_FAILED) ? NULL : gs_live_record(r->profile[i].type);
            if (callee && gs_record_ready(callee) == 0) {
                (void)code_of_record(w, callee);
            } else if (callee) {
                w->failed = 1;
            }
            continue;
        }
        PyTypeObject *met = r->profile[i].type ? gs_live_class(r->profile[i].type) : NULL;
        if (met) {
            type_at(w, met);
        }
    }
    const uint8_t *p = (const uint8_t *)PyBytes_AS_STRING(bytes);
    row.resolved = put_names(w, r, p, p + PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    if (!w->failed) {
        *AT(&w->codes, struct code_row, index) = row;
    }
}

static void
put_function(struct writer *w, uint32_t index)
{
    PyFunctionObject *f = (PyFunctionObject *)(uintptr_t)AT(&w->functions, struct function_row, index)->address;
    struct gs_record *r = NULL;
    if (!gs_why_plain(f)) {
        r = gs_record_for((PyObject *)f);
        if (!r) {
            w->failed = 1;
            return;
        }
    }
    struct function_row row = {
        .address = (uintptr_t)f, .code = r ? code_of_record(w, r) : NO_INDEX,
        .flags = (f->func_closure ? HAS_CLOSURE : 0) | (f->func_kwdefaults ? HAS_KWDEFAULTS : 0)
                 | (Py_IS_TYPE(f, &gs_function_type) ? ATTACHED : 0),
        .globals = (uintptr_t)f->func_globals, .builtins = (uintptr_t)f->func_builtins, .closure = (uintptr_t)f->func_closure,
        .kwdefaults = (uintptr_t)f->func_kwdefaults, .vectorcall = (uintptr_t)f->vectorcall, .version = f->func_version,
    };
    if (f->func_defaults) {
        row.defaults = put_tuple(w, f->func_defaults, 1);
    }
    if (f->func_closure && keep(w, f->func_closure)) {
        row.cells = put_tuple(w, f->func_closure, 2);
    }
    if (f->func_kwdefaults && PyDict_CheckExact(f->func_kwdefaults) && keep(w, f->func_kwdefaults)) {
        uint32_t list[MAX_ITEMS], n = 0;
        PyObject *key, *value;
        Py_ssize_t at = 0;
        while (n + 2 <= MAX_ITEMS && PyDict_Next(f->func_kwdefaults, &at, &key, &value)) {
            list[n++] = object_at(w, key, 0);
            list[n++] = object_at(w, value, 1);
        }
        row.kwdefault_items = put_list(w, list, n);
    }
    if (!w->failed) {
        *AT(&w->functions, struct function_row, index) = row;
    }
}

static void
fill_type(struct writer *w, uint32_t index)
{
    struct type_row *row = AT(&w->types, struct type_row, index);
    PyTypeObject *t = (PyTypeObject *)(uintptr_t)row->address;
    if (gs_looks_quietly(t)) {
        _PyType_Lookup(t, init_name); /* gives the class a version if it has none */
        row->version = cp_type_version(t);
    }
    row->flags = (t->tp_flags & Py_TPFLAGS_HEAPTYPE ? HEAP : 0) | (row->version ? VERSIONED : 0)
                 | (t->tp_new == PyBaseObject_Type.tp_new ? PLAIN_NEW : 0) | (t->tp_init == PyBaseObject_Type.tp_init ? PLAIN_INIT : 0)
                 | (t->tp_getattro == PyObject_GenericGetAttr ? PLAIN_GET : 0) | (t->tp_setattro == PyObject_GenericSetAttr ? PLAIN_SET : 0);
    row->tp_flags = t->tp_flags;
    row->tp_new = (uintptr_t)t->tp_new;
    row->tp_init = (uintptr_t)t->tp_init;
    row->tp_getattro = (uintptr_t)t->tp_getattro;
    row->tp_setattro = (uintptr_t)t->tp_setattro;
    row->basicsize = t->tp_basicsize;
    row->dictoffset = t->tp_dictoffset;
    row->base = (uintptr_t)t->tp_base;
    row->name = put_bytes(w, t->tp_name, Py_MIN(strlen(t->tp_name), (size_t)MAX_TEXT));
}

/* ---- The whole ---- */

static void
put_slots(struct writer *w, const struct gs_state *state)
{
    for (uint32_t i = 0; i < state->nlocals + state->nstack; i++) {
        const struct gs_value *v = &state->slots[i];
        struct slot_row row = {.kind = v->kind, .owned = v->owned, .object = NO_INDEX};
        memcpy(row.w, v->w, sizeof row.w);
        uint64_t object = v->kind == GS_OBJ || v->kind == GS_OBJ_OR_NULL ? v->w[0]
                        : v->kind == GS_INT_ORIGIN || v->kind == GS_FLOAT_ORIGIN ? v->w[1] : 0;
        if (object) {
            row.object = object_at(w, (PyObject *)(uintptr_t)object, 2);
        }
        append(w, &w->slots, &row, sizeof row);
    }
}

static void
fill(struct writer *w, struct gs_record *r, PyObject *callable, const struct gs_state *state, uint32_t *function)
{
    if (!init_name && !(init_name = PyUnicode_InternFromString("__init__"))) {
        w->failed = 1;
        return;
    }
    code_of_record(w, r); /* code 0 */
    *function = PyFunction_Check(callable) || Py_IS_TYPE(callable, &gs_function_type) ? function_at(w, callable) : NO_INDEX;
    put_slots(w, state);
    for (;;) { /* breadth first: functions give codes, codes give names, names give functions */
        if (w->failed) {
            return;
        }
        if (w->nfunctions_done < COUNT(&w->functions, struct function_row)) {
            put_function(w, w->nfunctions_done++);
        } else if (w->ncodes_done < COUNT(&w->codes, struct code_row)) {
            put_code(w, w->ncodes_done++);
        } else {
            look_up_attributes(w);
            if (w->nfunctions_done == COUNT(&w->functions, struct function_row) && w->ncodes_done == COUNT(&w->codes, struct code_row)) {
                break;
            }
        }
    }
    look_up_attributes(w); /* classes that the last round brought */
    for (uint32_t i = 0; !w->failed && i < COUNT(&w->modules, uint32_t); i++) {
        AT(&w->objects, struct object_row, *AT(&w->modules, uint32_t, i))->span = flush_attributes(w, *AT(&w->module_owners, struct owner, i));
    }
    for (uint32_t i = 0; !w->failed && i < COUNT(&w->types, struct type_row); i++) {
        fill_type(w, i);
        AT(&w->types, struct type_row, i)->attributes = flush_attributes(w, *AT(&w->type_owners, struct owner, i));
    }
}

int
gs_snapshot(struct gs_record *r, PyObject *callable, const struct gs_state *state, uint32_t mode, void **buf, size_t *size)
{
    struct writer w = {0};
    struct header h = {
        .magic = 0x4e535347, .format = 1, .major = PY_MAJOR_VERSION, .minor = PY_MINOR_VERSION, .micro = Py_Version >> 8 & 0xff,
        .mode = mode, .off = state->off, .nlocals = state->nlocals, .nstack = state->nstack,
        .callable = (uintptr_t)callable, .record = (uintptr_t)r,
    };
    fill(&w, r, callable, state, &h.function);
    struct vector *const sections[] = {&w.slots, &w.objects, &w.types, &w.codes, &w.functions, &w.names, &w.sites, &w.lists, &w.bytes};
    static const size_t sizes[] = {sizeof(struct slot_row), sizeof(struct object_row), sizeof(struct type_row), sizeof(struct code_row),
        sizeof(struct function_row), sizeof(struct name_row), sizeof(struct gs_site), 4, 1};
    size_t total = sizeof h;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(sections); i++) {
        h.sections[i].start = (uint32_t)total;
        h.sections[i].count = (uint32_t)(sections[i]->size / sizes[i]);
        total += (sections[i]->size + 7) & ~(size_t)7;
    }
    h.size = total;
    char *memory = w.failed || total > UINT32_MAX ? NULL : PyMem_RawCalloc(1, total);
    if (memory) {
        memcpy(memory, &h, sizeof h);
        for (size_t i = 0; i < Py_ARRAY_LENGTH(sections); i++) {
            if (sections[i]->size) {
                memcpy(memory + h.sections[i].start, sections[i]->data, sections[i]->size);
            }
        }
        *buf = memory;
        *size = total;
    } else if (!w.failed) {
        PyErr_NoMemory();
    }
    struct vector *const all[] = {&w.slots, &w.objects, &w.types, &w.codes, &w.functions, &w.names, &w.sites, &w.lists, &w.bytes, &w.depths,
        &w.attribute_names, &w.attributes, &w.type_owners, &w.modules, &w.module_owners, &w.records};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(all); i++) {
        PyMem_RawFree(all[i]->data);
    }
    struct map *const maps[] = {&w.objects_by_address, &w.types_by_address, &w.functions_by_address, &w.names_by_address};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(maps); i++) {
        PyMem_RawFree(maps[i]->keys), PyMem_RawFree(maps[i]->values);
    }
    return memory ? 0 : -1;
}
