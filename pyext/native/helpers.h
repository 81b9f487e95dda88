/* Prototypes of the runtime's own helpers; helpers.def says what each takes, gives and raises. */
#ifndef GS_HELPERS_H
#define GS_HELPERS_H
#include "native.h"

/* helpers_object.c */
int64_t gs_compare_bool(PyObject *, PyObject *, int op);
int64_t gs_is_instance(PyObject *, PyObject *class);
PyObject *gs_dict_find(PyObject *dict, PyObject *key);
PyObject *gs_sequence_iter(PyObject *);
PyObject *gs_str_item(PyObject *, int64_t index);
PyObject *gs_get_slice(PyObject *, int64_t from, int64_t to);
PyObject *gs_binary_slice(PyObject *, PyObject *from, PyObject *to);
int64_t gs_store_slice(PyObject *, PyObject *from, PyObject *to, PyObject *value);
PyObject *gs_for_iter(PyObject *iterator);
int64_t gs_error_pending(void);
PyObject *gs_call(PyObject *kwnames, PyObject *const *stack, int64_t count);
PyObject *gs_call_ex(PyObject *callable, PyObject *args, PyObject *kwargs);
PyObject *gs_get_len(PyObject *);
PyObject *gs_box_int(int64_t);
PyObject *gs_list_room(PyObject *);
PyObject *gs_box_float(double);
PyObject *gs_box_dyn(int64_t tag, int64_t raw);
int64_t gs_unbox_int(PyObject *, int64_t *);
void gs_dealloc(PyObject *);

/* helpers_attr.c */
PyObject *gs_get_attr(PyObject *, PyObject *name);
int64_t gs_set_attr(PyObject *, PyObject *name, PyObject *value);
int64_t gs_del_attr(PyObject *, PyObject *name);
void gs_value_added(PyObject *, int64_t index);
PyObject *gs_new_instance(PyObject *class, int64_t *recursion);
int64_t gs_load_method(PyObject *, PyObject *name, PyObject **pair);
int64_t gs_super_method(PyObject *class, PyObject *self, PyObject *name, PyObject **pair);
PyObject *gs_load_super_attr(PyObject *super, PyObject *class, PyObject *self, PyObject *name, int64_t arguments);
int64_t gs_load_special(PyObject *, int64_t which, PyObject **pair);

/* helpers_build.c */
PyObject *gs_build_list(PyObject *const *, int64_t);
PyObject *gs_tuple_of(PyObject *const *, int64_t);
PyObject *gs_build_tuple(PyObject *const *, int64_t);
PyObject *gs_build_set(PyObject *const *, int64_t);
PyObject *gs_build_map(PyObject *const *, int64_t);
PyObject *gs_build_const_key_map(PyObject *keys, PyObject *const *values, int64_t);
PyObject *gs_build_string(PyObject *const *, int64_t);
PyObject *gs_build_slice(PyObject *start, PyObject *stop, PyObject *step);
PyObject *gs_format_value(PyObject *, PyObject *format, int64_t conversion);
int64_t gs_list_extend(PyObject *list, PyObject *iterable);
int64_t gs_dict_update(PyObject *dict, PyObject *mapping);
int64_t gs_dict_merge(PyObject *dict, PyObject *mapping, PyObject *callable);
int64_t gs_unpack_sequence(PyObject *, int64_t n, PyObject **items);
int64_t gs_unpack_ex(PyObject *, int64_t before, int64_t after, PyObject **items);
int64_t gs_str_append(PyObject **left, PyObject *right);

/* helpers_name.c */
PyObject *gs_load_global(PyObject *function, PyObject *name);
int64_t gs_store_global(PyObject *function, PyObject *name, PyObject *);
int64_t gs_delete_global(PyObject *function, PyObject *name);
PyObject *gs_load_name(PyObject *function, PyObject *namespace, PyObject *name);
int64_t gs_store_name(PyObject *namespace, PyObject *name, PyObject *);
int64_t gs_delete_name(PyObject *namespace, PyObject *name);
PyObject *gs_load_classderef(PyObject *code, PyObject *namespace, PyObject *cell, int64_t index);
PyObject *gs_load_deref(PyObject *code, PyObject *cell, int64_t index);
int64_t gs_delete_deref(PyObject *code, PyObject *cell, int64_t index);
PyObject *gs_import_name(PyObject *function, PyObject *name, PyObject *fromlist, PyObject *level);
PyObject *gs_import_from(PyObject *module, PyObject *name);
PyObject *gs_load_build_class(PyObject *function);
PyObject *gs_make_function(PyObject *function, PyObject *code, int64_t flags, PyObject *const *, int64_t);
void gs_unbound_local(PyObject *code, int64_t index);

/* helpers_exception.c */
void gs_raise(PyObject *exception, PyObject *cause);
void gs_reraise(PyObject *);
PyObject *gs_handled(void);
PyObject *gs_push_exc_info(PyObject *);
PyObject *gs_pop_except(PyObject *);
int64_t gs_check_exc_match(PyObject *, PyObject *classes);
int64_t gs_check_eg_match(PyObject *exception, PyObject *classes, PyObject **pair);
int64_t gs_star_knows(PyObject *original, PyObject *raised);
PyObject *gs_prep_reraise_star(PyObject *original, PyObject *raised);
PyObject *gs_before_with(PyObject *manager, PyObject **exit);
PyObject *gs_with_except_start(PyObject *exit, PyObject *, PyObject *self);

/* dispatch.c */
PyObject *gs_call_learning(PyObject *kwnames, struct gs_site *, PyObject *const *stack, int64_t count);

PyObject *gs_call_unpacked(PyObject *callable, PyObject *args, PyObject *kwargs);

/* raise.c, frame.c */
struct _PyInterpreterFrame;
PyObject *gs_catch(PyObject *lasti, int64_t how, PyObject **out);
void gs_leave_raising(PyObject *lasti, int64_t how, PyObject *const *stack, int64_t count);
void gs_let_go(struct _PyInterpreterFrame *);
void gs_take_spare(struct _PyInterpreterFrame *); /* before a frame object is made for it */

/* helpers_match.c */
PyObject *gs_match_keys(PyObject *subject, PyObject *keys);
PyObject *gs_match_class(PyObject *subject, PyObject *type, int64_t npositional, PyObject *keywords);

/* helpers_number.c */
int64_t gs_int_floordiv(int64_t, int64_t);
int64_t gs_int_mod(int64_t, int64_t);
double gs_int_truediv(int64_t, int64_t);
int64_t gs_int_pow(int64_t, int64_t, int64_t *);
int64_t gs_int_lshift(int64_t, int64_t, int64_t *);
int64_t gs_range_length(int64_t start, int64_t stop, int64_t step);
int64_t gs_int_rshift(int64_t, int64_t);
int64_t gs_int_gcd(int64_t, int64_t, int64_t *);
int64_t gs_compare_int_float(int64_t, double);
double gs_float_floordiv(double, double);
double gs_float_mod(double, double);
int64_t gs_float_pow(double, double, double *);
int64_t gs_float_to_int(double, int64_t *);
int64_t gs_float_floor(double, int64_t *);
int64_t gs_float_ceil(double, int64_t *);
int64_t gs_float_round(double, int64_t *);
int64_t gs_float_round_digits(double, int64_t, double *);
int64_t gs_math_sin(double, double *);
int64_t gs_math_cos(double, double *);
int64_t gs_math_tan(double, double *);
int64_t gs_math_asin(double, double *);
int64_t gs_math_acos(double, double *);
int64_t gs_math_atan(double, double *);
int64_t gs_math_sinh(double, double *);
int64_t gs_math_cosh(double, double *);
int64_t gs_math_tanh(double, double *);
int64_t gs_math_exp(double, double *);
int64_t gs_math_log(double, double *);
int64_t gs_math_log2(double, double *);
int64_t gs_math_log10(double, double *);

#endif
