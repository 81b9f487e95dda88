/* What the C programs beside the bench set share: CPython's objects as far as the kernels' sources say objects, checked
 * arithmetic, and the measuring. A program is what a C compiler makes of a kernel that keeps Python's rules: integers are tested for
 * overflow, calls that recurse are counted, lists hold references, and an index is compared with the length.
 *
 * PYTHON is the version that a run compares with, as 311: from 3.12 on some objects are immortal, and ints have another header. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)

/* ---- What ends a kernel: in Python an exception or a longer int ---- */

__attribute__((cold, noreturn)) static void surprise(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(3);
}

/* ---- Integers of 64 bits; the interpreter goes on with long ones where these end ---- */

static inline int64_t add(int64_t a, int64_t b)
{
    int64_t r;
    if (__builtin_add_overflow(a, b, &r))
        surprise("overflow");
    return r;
}

static inline int64_t sub(int64_t a, int64_t b)
{
    int64_t r;
    if (__builtin_sub_overflow(a, b, &r))
        surprise("overflow");
    return r;
}

static inline int64_t mul(int64_t a, int64_t b)
{
    int64_t r;
    if (__builtin_mul_overflow(a, b, &r))
        surprise("overflow");
    return r;
}

/* Python's: rounded down, and the remainder has the divisor's sign. */
static inline int64_t floor_div(int64_t a, int64_t b)
{
    if (b == 0)
        surprise("division by zero");
    if (b == -1)
        return sub(0, a);
    int64_t q = a / b;
    return q - ((a % b != 0) & ((a ^ b) < 0));
}

static inline int64_t floor_mod(int64_t a, int64_t b)
{
    if (b == 0)
        surprise("division by zero");
    if (b == -1)
        return 0;
    int64_t r = a % b;
    return r != 0 && (r ^ b) < 0 ? r + b : r;
}

/* ---- Recursion, which the interpreter limits ---- */

static int64_t calls_left = 1000;
#define ENTER() do { if (--calls_left < 0) surprise("recursion"); } while (0)
#define LEAVE() (calls_left++)

/* ---- Objects ---- */

typedef struct object { int64_t references; void *type; } object;
typedef struct { object head; double value; } float_object;
#if PYTHON >= 312
typedef struct { object head; uint64_t tag; uint32_t digits[2]; } int_object;
#else
typedef struct { object head; int64_t size; uint32_t digits[2]; } int_object;
#endif
typedef struct { object head; int64_t size; object **items; int64_t allocated; } list_object;
typedef struct { object head; int64_t size; object *items[]; } tuple_object;

static char float_type, int_type, bool_type, list_type, tuple_type; /* their addresses are the types */

static void destroy(object *);

static inline object *own(object *o)
{
#if PYTHON >= 312
    if ((int32_t)o->references < 0)
        return o;
#endif
    o->references++;
    return o;
}

static inline void drop(object *o)
{
#if PYTHON >= 312
    if ((int32_t)o->references < 0)
        return;
#endif
    if (--o->references == 0)
        destroy(o);
}

/* Blocks of one size, as CPython's free lists and its allocator keep them. */
typedef struct block { struct block *next; } block;
static block *free_blocks[65]; /* by size / 8 */

static inline void *take(size_t bytes)
{
    block *b = bytes <= 512 ? free_blocks[bytes / 8] : NULL;
    if (LIKELY(b)) {
        free_blocks[bytes / 8] = b->next;
        return b;
    }
    return malloc(bytes);
}

static inline void give(void *p, size_t bytes)
{
    if (bytes > 512) {
        free(p);
        return;
    }
    block *b = p;
    b->next = free_blocks[bytes / 8];
    free_blocks[bytes / 8] = b;
}

static inline object *box_float(double x)
{
    float_object *f = take(sizeof *f);
    f->head = (object){1, &float_type};
    f->value = x;
    return &f->head;
}

static inline double float_of(const object *o)
{
    if (o->type != &float_type)
        surprise("not a float");
    return ((const float_object *)o)->value;
}

#define IMMORTAL 0xffffffff
static int_object small_ints[262], booleans[2]; /* -5 to 256 */

static inline void set_int(int_object *o, int64_t x)
{
    uint64_t magnitude = x < 0 ? -(uint64_t)x : (uint64_t)x;
    o->digits[0] = magnitude & 0x3fffffff;
#if PYTHON >= 312
    o->tag = magnitude >> 30 ? 2 << 3 | (x < 0 ? 2 : 0) : 1 << 3 | (x < 0 ? 2 : x == 0);
#else
    o->size = magnitude >> 30 ? (x < 0 ? -2 : 2) : (x > 0) - (x < 0);
#endif
    o->digits[1] = (uint32_t)(magnitude >> 30); /* the kernels store none of more than 60 bits */
}

static inline object *box_int(int64_t x)
{
    if (-5 <= x && x <= 256)
        return own(&small_ints[x + 5].head);
    int_object *o = take(sizeof *o);
    o->head = (object){1, &int_type};
    set_int(o, x);
    return &o->head;
}

static inline int64_t int_of(const object *o)
{
    const int_object *i = (const int_object *)o;
    if (o->type != &int_type)
        surprise("not an int");
#if PYTHON >= 312
    if (LIKELY(i->tag < 2 << 3))
        return (1 - (int64_t)(i->tag & 3)) * i->digits[0];
    int64_t x = (int64_t)((uint64_t)i->digits[1] << 30 | i->digits[0]);
    return i->tag & 2 ? -x : x;
#else
    if (LIKELY((uint64_t)(i->size + 1) <= 2))
        return i->size * i->digits[0];
    int64_t x = (int64_t)((uint64_t)i->digits[1] << 30 | i->digits[0]);
    return i->size < 0 ? -x : x;
#endif
}

#define BOOL(x) (&booleans[x].head)

/* The truth of a bool or an int. */
static inline int truth(const object *o)
{
    return o == BOOL(1) || (o != BOOL(0) && int_of(o) != 0);
}

static inline list_object *new_list(int64_t size)
{
    list_object *l = take(sizeof *l);
    l->head = (object){1, &list_type};
    l->size = l->allocated = size;
    l->items = take(8 * (size_t)(size ? size : 1));
    return l;
}

/* [o] * size */
static list_object *repeat(object *o, int64_t size)
{
    list_object *l = new_list(size);
    for (int64_t i = 0; i < size; i++)
        l->items[i] = own(o);
    return l;
}

/* l[:] */
static list_object *copy(const list_object *l)
{
    list_object *c = new_list(l->size);
    for (int64_t i = 0; i < l->size; i++)
        c->items[i] = own(l->items[i]);
    return c;
}

static inline list_object *list_of(object *o)
{
    if (o->type != &list_type)
        surprise("not a list");
    return (list_object *)o;
}

static inline tuple_object *tuple_of(object *o)
{
    if (o->type != &tuple_type)
        surprise("not a tuple");
    return (tuple_object *)o;
}

/* Where l[i] is. */
static inline object **slot(const list_object *l, int64_t i)
{
    if (i < 0)
        i += l->size;
    if ((uint64_t)i >= (uint64_t)l->size)
        surprise("index out of range");
    return &l->items[i];
}

#define ITEM(l, i) (*slot(l, i))

/* l[i] = o, which takes the reference */
static inline void set(list_object *l, int64_t i, object *o)
{
    object **p = slot(l, i), *old = *p;
    *p = o;
    drop(old);
}

/* l[i] = x: in the object that is there, if nobody else has it, for it would be freed and taken again */
static inline void set_float(list_object *l, int64_t i, double x)
{
    object **p = slot(l, i), *old = *p;
    if (LIKELY(old->type == &float_type && old->references == 1)) {
        ((float_object *)old)->value = x;
        return;
    }
    *p = box_float(x);
    drop(old);
}

static inline void append(list_object *l, object *o)
{
    if (l->size == l->allocated) {
        int64_t more = (l->size + 1 + (l->size >> 3) + 6) & ~(int64_t)3; /* CPython's growth */
        object **items = take(8 * (size_t)more);
        memcpy(items, l->items, 8 * (size_t)l->size);
        give(l->items, 8 * (size_t)(l->allocated ? l->allocated : 1));
        l->items = items;
        l->allocated = more;
    }
    l->items[l->size++] = o;
}

static inline tuple_object *new_tuple(int64_t size)
{
    tuple_object *t = take(sizeof *t + 8 * (size_t)size);
    t->head = (object){1, &tuple_type};
    t->size = size;
    return t;
}

__attribute__((noinline)) static void destroy(object *o)
{
    if (o->type == &float_type) {
        give(o, sizeof(float_object));
    } else if (o->type == &int_type) {
        give(o, sizeof(int_object));
    } else if (o->type == &list_type) {
        list_object *l = (list_object *)o;
        for (int64_t i = 0; i < l->size; i++)
            drop(l->items[i]);
        give(l->items, 8 * (size_t)(l->allocated ? l->allocated : 1));
        give(l, sizeof *l);
    } else if (o->type == &tuple_type) {
        tuple_object *t = (tuple_object *)o;
        for (int64_t i = 0; i < t->size; i++)
            drop(t->items[i]);
        give(t, sizeof *t + 8 * (size_t)t->size);
    }
}

/* ---- Results, as Python literals ---- */

static void print_float(double x)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", x);
    printf("%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void print_object(const object *o)
{
    if (o->type == &float_type) {
        print_float(float_of(o));
    } else if (o->type == &int_type) {
        printf("%" PRId64, int_of(o));
    } else if (o->type == &bool_type) {
        printf(o == BOOL(1) ? "True" : "False");
    } else {
        int is_list = o->type == &list_type;
        object *const *items = is_list ? ((const list_object *)o)->items : ((const tuple_object *)o)->items;
        int64_t size = is_list ? ((const list_object *)o)->size : ((const tuple_object *)o)->size;
        printf(is_list ? "[" : "(");
        for (int64_t i = 0; i < size; i++) {
            print_object(items[i]);
            printf(",");
        }
        printf(is_list ? "]" : ")");
    }
}

/* ---- Measuring: PROGRAM KERNEL SECONDS prints seconds a call, the smallest of its samples, and the result on a second line ---- */

/* What it computed is kept in it for print, which runs once. */
typedef struct { const char *name; void (*run)(void); void (*print)(void); } kernel;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int measure(const kernel *kernels, int argc, char **argv)
{
    for (int i = 0; i < 2; i++) {
        booleans[i].head = (object){IMMORTAL / 4, &bool_type};
        set_int(&booleans[i], i);
    }
    for (int i = 0; i < 262; i++) {
        small_ints[i].head = (object){IMMORTAL / 4, &int_type};
        set_int(&small_ints[i], i - 5);
    }
#if PYTHON >= 312
    for (int i = 0; i < 2; i++)
        booleans[i].head.references = IMMORTAL;
    for (int i = 0; i < 262; i++)
        small_ints[i].head.references = IMMORTAL;
#endif
    for (const kernel *k = kernels; k->name; k++) {
        if (argc != 3 || strcmp(k->name, argv[1]) != 0)
            continue;
        double start = now();
        k->run();
        double best = now() - start, end = now() + atof(argv[2]);
        int loops = best < 0.005 ? (int)(0.005 / best) + 1 : 1; /* a shorter sample would measure the clock */
        for (int rounds = 0; rounds < 5 || now() < end; rounds++) {
            double begin = now();
            for (int i = 0; i < loops; i++)
                k->run();
            double seconds = (now() - begin) / loops;
            if (seconds < best)
                best = seconds;
        }
        printf("%.9g\n", best);
        k->print();
        printf("\n");
        return 0;
    }
    return 2;
}
