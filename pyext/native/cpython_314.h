/* CPython 3.14: nothing of its own. cpython.h says what each name means. */
#ifndef GS_CPYTHON_314_H
#define GS_CPYTHON_314_H
#include "cpython_since_314.h"
#include "cpython_until_314.h"

#define CP_ROWS CP_ROWS_SINCE_314

#endif
