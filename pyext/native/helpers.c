/* The table of helpers.def, and a check by the C compiler that each row's types are true. */
#include "runtime.h"
#include "helpers.h"

typedef PyObject *obj, *obj_or_null;
typedef int64_t i64;
typedef uint64_t u64;
typedef int i32;
typedef double f64;
typedef PyObject *const *array;
typedef PyObject **out, **inout;
typedef int64_t *i64_out;
typedef double *f64_out;
typedef struct gs_site *site;
typedef _PyInterpreterFrame *frame;
typedef struct gs_unit *unit;
typedef struct gs_regs *regs;
typedef void none;

/* What C leaves in the upper half of an int's register is anything. */
#define WIDE1(name) static i64 wide_##name(obj a) { return name(a); }
#define WIDE2(name) static i64 wide_##name(obj a, obj b) { return name(a, b); }
#define WIDE3(name) static i64 wide_##name(obj a, obj b, obj c) { return name(a, b, c); }
WIDE1(PyObject_IsTrue)
WIDE2(PyObject_IsInstance)
WIDE2(PySequence_Contains)
WIDE3(PyObject_SetItem)
WIDE2(PyObject_DelItem)
WIDE2(PyList_Append)
WIDE2(PySet_Add)
WIDE2(_PySet_Update)
WIDE3(PyDict_SetItem)
WIDE2(PyCell_Set)

#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#define GS_HELPER(name, result, arguments, error, python) { result (*as_told) arguments = name; (void)as_told; }
#define GS_WIDE(name, result, arguments, error, python) { result (*as_told) arguments = wide_##name; (void)as_told; }
static inline void
check_types(void)
{
#include "helpers.def"
}
#undef GS_HELPER
#undef GS_WIDE

#define GS_HELPER(name, result, arguments, error, python) {#name, (void *)name},
#define GS_WIDE(name, result, arguments, error, python) {#name, (void *)wide_##name},
const struct gs_helper gs_helpers[] = {
#include "helpers.def"
    {NULL, NULL},
};
