/* bench/mandelbrot.py in C. */
#include "python.h"

static int64_t escape(double cr, double ci, int64_t limit)
{
    double zr = 0.0, zi = 0.0;
    for (int64_t n = 0; n < limit; n++) {
        double rr = zr * zr, ii = zi * zi;
        if (rr + ii > 4.0)
            return n;
        zi = 2.0 * zr * zi + ci;
        zr = rr - ii + cr;
    }
    return limit;
}

static int64_t mandelbrot(int64_t width, int64_t height, int64_t limit)
{
    int64_t total = 0;
    if (width == 0 || height == 0)
        surprise("division by zero");
    for (int64_t row = 0; row < height; row++) {
        double ci = 2.0 * (double)row / (double)height - 1.0;
        for (int64_t column = 0; column < width; column++)
            total = add(total, escape(3.0 * (double)column / (double)width - 2.0, ci, limit));
    }
    return total;
}

static volatile int64_t width = 240, height = 160, limit = 100;
static int64_t result;
static void print(void) { printf("%" PRId64, result); }
static void run(void) { result = mandelbrot(width, height, limit); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"mandelbrot", run, print}, {0}};
    return measure(kernels, argc, argv);
}
