/* What a CPython version decides for the C runtime, in one place: the header of the running version defines the functions, macros and rows
   listed here, and no other file asks for the version. A new version gets a header of its own, beginning as a copy of the one
   before it. All names begin with cp_ (CP_): CPython's.

   Frames
     struct _PyInterpreterFrame **cp_frames(ts)   the cell that leads to the thread's current frame
     PyCodeObject *cp_code(frame)                 borrowed, as are the next two
     PyObject *cp_function(frame)
     PyObject *cp_local(frame, i)                 local or stack item i, or NULL
     cp_set_local(frame, i, object)               takes a reference (or NULL) over; what was there is forgotten
     cp_set_lasti(frame, i, object)               likewise, of an int that tells a handler where its exception was raised
     int cp_depth(frame), cp_set_depth(frame, n)  how many of them there are
     size_t cp_frame_words(code)                  of the data stack
     int cp_holds(ts, args, n)                    whether the interpreter's stack holds the n arguments of a call, for as long as that takes
     cp_frame_begin(frame, function, code)        new: references of its own, the locals NULL, at the code's first instruction
     cp_frame_end(frame)                          gives up what it refers to but for the locals and the frame object
     cp_executing(frame, unit)                    the frame is inside of that instruction
     cp_resume_at(frame, unit)                    the interpreter begins there
     int cp_at(frame)                             the instruction that it is inside of
     cp_own(frame, object, copy)                  copy has become the object's own: it counts as begun
     cp_is_unused(object)                         nobody has read the locals of a frame object
     cp_shows_locals(frame)                       whether a dict of its locals, the same for each look, may be somebody's
     cp_frame_ended(ts, frame)                    it was popped: a profiler outside of the process may remember it as the innermost one
     CP_WRITES_THROUGH                            whether locals can be written in a frame that does not show such a dict
     CP_LAST_FIRST                                whether a frame that ends gives up its last local first
     CP_CLEARS_FRAME                              whether the interpreter clears and pops the frame that it has run
     CP_CONSTRUCTS                                whether native code calls an __init__ itself, which counts as one more C function, as calling a class does
     CP_MOVES_ARGUMENTS                           whether the interpreter moves the arguments of f(*args) into the frame
   Threads
     int cp_find_thread(void)                     before anything else: whether the next one can be answered
     PyThreadState *cp_thread(void)
     int cp_is_watched(ts)                        a tracer, profiler or monitoring tool is at work; native code tests the same, as the rows watch.* tell it
     cp_heed_monitors(code)                       a tool may monitor this function already, before anybody asks about it
     cp_spare_recursion(ts), cp_spared_recursion(ts)  around an evaluation entered from C, where the interpreter would not have gone through C
     int *cp_recursion(ts)                        how much deeper calls between Python functions may go
     int *cp_c_recursion(ts)                      how much deeper recursion in C may go, or NULL: it has no count of its own
     uint64_t cp_stack_floor(void)                below which the interpreter takes the C stack for used up, or 0
     int cp_breaker(ts)                           the eval breaker
     int cp_poll(ts)                              it was set: signals, pending calls, other threads, asynchronous exceptions, in the interpreter's
                                                  order. -1 with an exception
     cp_tell_raise(ts, frame), cp_tell_unwind(ts, frame)  to tracers and profilers: what raises.
     cp_unwind_tools(ts, frame)                   which tools want to be told of the latter (3.13+)
     int *cp_tracemalloc(void)                    whether it records allocations
     int cp_signals_pending(void)
     cp_signals_waited(ts)                        sets the eval breaker for them again: there was no main thread to handle them
     CP_RAISES_INSTANCES                          whether the current exception is an instance at once, not a class and what its instance is made of
     PyObject *cp_raised(ts)                      the current exception, borrowed
   Objects
     Py_ssize_t cp_digits(int)                    how many an int has
     uint32_t cp_digit(int, i)
     cp_set_int(int, magnitude, digits, negative)  writes a new int's one or two digits
     PyObject *cp_type_dict(type)                 borrowed
     uint32_t cp_type_version(type)               0: it has none
     int cp_keeps_values(class)                   whether instances have values, as the rows values.* tell native code
     PyDictValues *cp_values(object)              the values of an instance whose class has a managed dict, or NULL
     PyObject *cp_dict(object)                    the dict that an instance has, borrowed, or NULL
     CP_FREE_LISTS                                whether what follows is there, up to cp_has_free_lists
     struct cp_floats cp_free_floats(ts), cp_free_float(&floats, float), cp_freed_floats(ts, &floats)  floats that nobody has any more, and the list is
                                                  what it has become
     cp_track_new(ts, object)                     the collector has never heard of it
     cp_free_tuple(ts, tuple), cp_free_list(ts, list)  nobody has it any more; tuple and list are not tracked and hold nothing,
                                                  the tuple is not the empty one, the list has no room
     cp_take_tuple(ts, n)                         a new tuple, not tracked, whose items are to be set, or NULL: there is no free one
     int cp_count_tracked(ts), cp_uncount_tracked(ts)  of the collector's youngest objects there is one more; 0: not counted, one more would start it. One less
     int *cp_trash_nesting(ts)                    how many containers are being given up, each within the one before
     int cp_has_free_lists(ts)                    whether free tuples and lists are where the others look for them
     int cp_shares_values(object)                 a dict that it has shares its values: a store is told to who watches the dict, or not, by version
     cp_value_added(values, i)                    value i was NULL before
     int cp_is_split(dict), PyObject *cp_split_value(dict, i)
     int cp_ensure_keys_version(keys, builtins)   gives a dict's keys a version, if they may have one; builtins: whose dict it is
     PyObject *cp_import_function(void)           what __import__ is at first
     CP_DTOA                                      whether _Py_dg_dtoa can be called
     CP_COUNTS_VALUES                             whether the error of too many values tells how many
     CP_GROUP_MATCH                               whether except* matches by _PyEval_ExceptionGroupMatch
     CP_GROUP_TRACEBACK                           else: the first release in which it gives a group made for one exception a traceback
     CP_CALL_ERRORS                               whether _PyDict_MergeUniq, _PyEval_FormatKwargsError and _Py_Check_ArgsIterable can be called, for f(*a, **k)
     CP_COMPLETED                                 the first state of a generator's frame that has ended
     cp_is_found(value)                           whether what a namespace holds is what a name in it stands for
     PyObject *cp_found(namespace, name, value)   that, which it may put there; takes a reference (or NULL) over and gives one. NULL with an exception
     int cp_same_text(str, str)
     int cp_list_extend(list, iterable)           0, or -1 with an exception
     int cp_find_attribute(object, name, &value)  1: a new reference; 0: there is none, and no exception; -1
     int cp_as_int(int)                           -1 with an exception
   Functions
     vectorcallfunc cp_plain_vectorcall           of a function that nobody attached to
     int cp_init(void)                            before everything else: 0, or -1 with an exception
     PyObject **CP_ANNOTATE(function)             what makes its annotations, or NULL: there is no such thing
     int cp_name_annotate(function)               names that after the function, where the interpreter does: 0, or -1 with an exception
     int cp_may_run_inline(function)              whether the call of a class may run it as __init__ without a look at its vectorcall, or the read of a property it
     int cp_end_inline(function, attached)        no such read does, and no such call for what attached(f) is not NULL of: the classes are told apart anew. -1 with an exception
     CP_READS_INLINE                              whether reads of properties do so
     CP_POLLS_THERE                               a jump back polls when it has jumped, though what that raises is blamed on it: there a handler is looked for
   Bytecode
     int cp_opcode(code, unit), cp_caches(opcode) as compiled: neither specialised nor instrumented
     int cp_jumps_back(opcode), cp_returns(opcode)
     CP_LENGTH                                    how many times as long as on 3.11 the code of the same function is, for its caches
     uint32_t cp_begin(code, unit)                where the interpreter begins to go on at a unit: KW_NAMES before its CALL
     int cp_names_global(opcode, arg), cp_names_attribute(opcode, arg)  the index of the name, or -1
     int cp_writes(opcode, arg, locals)           how many locals it stores to, deletes or makes cells of
   The ABI header
     CP_ROWS                                      rows for abi_header.c
     CP_DIGITS                                    the offset of an int's digits
     cp_range_iterator, int cp_range_went(it)     of 7, 10, … 97, whether it is after its first step
     const char *cp_test(ts, freed)               what is not where the rows say, or NULL; may leave an exception. freed: the float that was freed last */
#ifndef GS_CPYTHON_H
#define GS_CPYTHON_H
#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1 /* the interpreter's frame, the thread's data stack and the runtime's small ints are not public */
#endif
#ifndef Py_BUILD_CORE_MODULE
#define Py_BUILD_CORE_MODULE 1 /* from 3.12 on: what is not exported is not asked for */
#endif
#include <Python.h>
#include <stddef.h>

#if PY_VERSION_HEX >> 16 == 0x030b
#include "cpython_311.h"
#elif PY_VERSION_HEX >> 16 == 0x030c
#include "cpython_312.h"
#elif PY_VERSION_HEX >> 16 == 0x030d
#include "cpython_313.h"
#elif PY_VERSION_HEX >> 16 == 0x030e
#include "cpython_314.h"
#elif PY_VERSION_HEX >> 16 == 0x030f
#include "cpython_315.h"
#else
#error "native code is not made for this version of Python"
#endif

/* Where the NULL lies that a call finds on the stack if there is no self: above the callable, or beneath it. */
#define CP_NULL_ABOVE (PY_VERSION_HEX >= 0x030d0000)

int cp_poll(PyThreadState *);
void cp_tell_raise(PyThreadState *, _PyInterpreterFrame *);
void cp_tell_unwind(PyThreadState *, _PyInterpreterFrame *);
int cp_opcode(PyCodeObject *, uint32_t unit);
int cp_caches(int opcode);
int cp_jumps_back(int opcode);
int cp_returns(int opcode);
uint32_t cp_begin(PyCodeObject *, uint32_t unit);
int cp_names_global(int opcode, uint32_t arg);
int cp_names_attribute(int opcode, uint32_t arg);
int cp_writes(int opcode, uint32_t arg, uint32_t locals[2]);
const char *cp_test(PyThreadState *ts, PyObject *freed);

/* Where the values of an instance with a managed dict are (row values.form). */
enum {
    CP_VALUES_POINTER = 0, /* at values.at before the object lies their address, or NULL */
    CP_VALUES_TAGGED = 1,  /* likewise, less 1, or the dict's, which is even */
    CP_VALUES_INLINE = 2,  /* they begin at values.at in the object, and count while the byte at values.valid is not 0; values.dict: a dict that shares them */
    CP_VALUES_BEHIND = 3,  /* likewise, from where the class's basic size ends */
};

#endif
