/* What 3.11 to 3.14 have in common, and later versions lack. cpython.h says what each name means. */
#ifndef GS_CPYTHON_UNTIL_314_H
#define GS_CPYTHON_UNTIL_314_H

/* ---- Frames ---- */

#define cp_frame_ended(ts, f) ((void)0)

/* ---- Threads ---- */

#define cp_unwind_tools(ts, f) ((ts)->interp->monitors.tools[PY_MONITORING_EVENT_PY_UNWIND])

/* ---- Objects ---- */

#define CP_CALL_ERRORS 0
#define CP_COMPLETED FRAME_COMPLETED
#define cp_found(namespace, name, value) (value)
#define cp_is_found(value) 1

#endif
