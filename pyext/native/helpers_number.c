/* Arithmetic on raw values with Python's results to the last bit. Where Python raises, or its result is no 64-bit int or float,
   these compute nothing and say so: the interpreter does the operation again and finds the words. */
#include "helpers.h"
#include <errno.h>
#include <float.h>
#include <internal/pycore_pymath.h>
#include <math.h>

/* ---- Ints ---- */

int64_t
gs_int_floordiv(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a ^ b) < 0);
}

int64_t
gs_int_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r && (r ^ b) < 0 ? r + b : r;
}

static uint64_t
magnitude(int64_t n)
{
    return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

double
gs_int_truediv(int64_t a, int64_t b)
{
    uint64_t n = magnitude(a), d = magnitude(b);
    if ((n | d) >> DBL_MANT_DIG == 0 || n == 0) { /* both are floats: one division, one rounding */
        return (double)a / (double)b;
    }
    /* The quotient to 55 or 56 bits, and whether anything is left in the lowest of them, rounds like the whole. */
    int bits = __builtin_clzll(d) - __builtin_clzll(n), shift = bits - DBL_MANT_DIG - 2, inexact = 0;
    unsigned __int128 wide = n;
    if (shift <= 0) {
        wide <<= -shift;
    } else {
        inexact = (n & ((1ull << shift) - 1)) != 0;
        wide >>= shift;
    }
    uint64_t q = (uint64_t)(wide / d);
    inexact |= wide % d != 0;
    double result = ldexp((double)(q | (uint64_t)inexact), shift);
    return (a < 0) != (b < 0) ? -result : result;
}

int64_t
gs_int_pow(int64_t base, int64_t exponent, int64_t *power)
{
    int64_t result = 1;
    if (exponent < 0) {
        return 0;
    }
    while (exponent) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) {
            return 0;
        }
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) {
            return 0;
        }
    }
    *power = result;
    return 1;
}

int64_t
gs_int_lshift(int64_t a, int64_t n, int64_t *shifted)
{
    if (n < 0 || (n > 63 && a != 0)) {
        return 0;
    }
    if (a == 0) {
        *shifted = 0;
        return 1;
    }
    int64_t result = (int64_t)((uint64_t)a << n);
    *shifted = result;
    return result >> n == a;
}

int64_t
gs_int_rshift(int64_t a, int64_t n)
{
    return a >> (n > 63 ? 63 : n);
}

int64_t
gs_range_length(int64_t start, int64_t stop, int64_t step)
{
    uint64_t low = (uint64_t)start, high = (uint64_t)stop, stride = (uint64_t)step;
    if (step < 0) {
        low = (uint64_t)stop, high = (uint64_t)start, stride = 0 - stride;
    }
    if (step > 0 ? start >= stop : start <= stop) {
        return 0;
    }
    uint64_t length = (high - low - 1) / stride + 1;
    return length > INT64_MAX ? -1 : (int64_t)length;
}

int64_t
gs_int_gcd(int64_t a, int64_t b, int64_t *divisor)
{
    uint64_t x = magnitude(a), y = magnitude(b);
    while (y) {
        uint64_t r = x % y;
        x = y;
        y = r;
    }
    *divisor = (int64_t)x;
    return x <= INT64_MAX;
}

int64_t
gs_compare_int_float(int64_t n, double x)
{
    if (isnan(x)) {
        return 2;
    }
    if (x >= 0x1p63) {
        return -1;
    }
    if (x < -0x1p63) {
        return 1;
    }
    int64_t whole = (int64_t)x;
    if (n != whole) {
        return n < whole ? -1 : 1;
    }
    double rest = x - (double)whole; /* exact: past 2**53 there is none */
    return rest > 0 ? -1 : rest < 0;
}

/* ---- Floats ---- */

/* Remainder with the sign of the divisor, even if it is 0; *quotient as Python snaps it. */
static double
divide(double x, double y, double *quotient)
{
    double mod = fmod(x, y), div = (x - mod) / y;
    if (mod != 0) {
        if ((y < 0) != (mod < 0)) {
            mod += y;
            div -= 1.0;
        }
    } else {
        mod = copysign(0.0, y);
    }
    if (div != 0) {
        double below = floor(div);
        *quotient = div - below > 0.5 ? below + 1.0 : below;
    } else {
        *quotient = copysign(0.0, x / y);
    }
    return mod;
}

double
gs_float_floordiv(double x, double y)
{
    double quotient;
    divide(x, y, &quotient);
    return quotient;
}

double
gs_float_mod(double x, double y)
{
    double quotient;
    return divide(x, y, &quotient);
}

static int
is_odd(double x)
{
    return fmod(fabs(x), 2.0) == 1.0;
}

/* Python does not leave the special cases to libm. */
int64_t
gs_float_pow(double x, double y, double *power)
{
    int negate = 0;
    if (y == 0) {
        *power = 1.0;
    } else if (isnan(x)) {
        *power = x;
    } else if (isnan(y)) {
        *power = x == 1.0 ? 1.0 : y;
    } else if (isinf(y)) {
        x = fabs(x);
        *power = x == 1.0 ? 1.0 : (y > 0) == (x > 1.0) ? fabs(y) : 0.0;
    } else if (isinf(x)) {
        *power = y > 0 ? (is_odd(y) ? x : fabs(x)) : is_odd(y) ? copysign(0.0, x) : 0.0;
    } else if (x == 0) {
        if (y < 0) {
            return 0; /* ZeroDivisionError */
        }
        *power = is_odd(y) ? x : 0.0;
    } else {
        if (x < 0) {
            if (y != floor(y)) {
                return 0; /* complex */
            }
            x = -x;
            negate = is_odd(y);
        }
        double result = 1.0;
        if (x != 1.0) {
            errno = 0;
            result = pow(x, y);
            if (isinf(result) || (errno && !(errno == ERANGE && result == 0))) {
                return 0; /* OverflowError */
            }
        }
        *power = negate ? -result : result;
    }
    return 1;
}

int64_t
gs_float_to_int(double x, int64_t *n)
{
    if (!(x >= -0x1p63 && x < 0x1p63)) {
        return 0; /* too wide, or infinite, or a nan */
    }
    *n = (int64_t)x;
    return 1;
}

int64_t
gs_float_floor(double x, int64_t *n)
{
    return gs_float_to_int(floor(x), n);
}

int64_t
gs_float_ceil(double x, int64_t *n)
{
    return gs_float_to_int(ceil(x), n);
}

int64_t
gs_float_round(double x, int64_t *n)
{
    double rounded = round(x);
    if (fabs(x - rounded) == 0.5) {
        rounded = 2.0 * round(x / 2.0);
    }
    return gs_float_to_int(rounded, n);
}

/* By way of the shortest decimal string, as Python does it. */
int64_t
gs_float_round_digits(double x, int64_t digits, double *rounded)
{
    if (!isfinite(x) || digits > 323) { /* (53 + 1021) * log10(2) */
        *rounded = x;
        return 1;
    }
    if (digits < -308) { /* 1025 * log10(2) */
        *rounded = 0.0 * x;
        return 1;
    }
#ifdef CP_DTOA
    int point, sign;
    char *end, *text = _Py_dg_dtoa(x, 3, (int)digits, &point, &sign, &end);
    if (!text) {
        return 0;
    }
    char buffer[400]; /* at most 309 digits before the point, 17 that count, and the exponent */
    int length = (int)(end - text);
    int ok = length < (int)sizeof buffer - 20;
    if (ok) {
        snprintf(buffer, sizeof buffer, "%s0%se%d", sign ? "-" : "", text, point - length);
        errno = 0;
        *rounded = _Py_dg_strtod(buffer, NULL);
        ok = !(errno == ERANGE && fabs(*rounded) >= 1.0);
    }
    _Py_dg_freedtoa(text);
    return ok;
#else
    if (digits < 0) {
        PyObject *o = PyFloat_FromDouble(x), *result = o ? PyObject_CallMethod(o, "__round__", "i", (int)digits) : NULL;
        *rounded = result ? PyFloat_AS_DOUBLE(result) : NAN;
        Py_XDECREF(o), Py_XDECREF(result);
    } else {
        char *text = PyOS_double_to_string(x, 'f', (int)digits, 0, NULL);
        *rounded = text ? PyOS_string_to_double(text, NULL, NULL) : NAN;
        PyMem_Free(text);
    }
    PyErr_Clear();
    return isfinite(*rounded);
#endif
}

/* ---- math's functions of one float: libm's result where Python raises nothing ---- */

static int
is_regular(double x, double result)
{
    return !(isnan(result) && !isnan(x)) && !(isinf(result) && isfinite(x));
}

#define MATH(name) \
    int64_t gs_math_##name(double x, double *result) \
    { \
        *result = name(x); \
        return is_regular(x, *result); \
    }
MATH(sin)
MATH(cos)
MATH(tan)
MATH(asin)
MATH(acos)
MATH(atan)
MATH(sinh)
MATH(cosh)
MATH(tanh)
MATH(exp)
MATH(log)
MATH(log2)
MATH(log10)
