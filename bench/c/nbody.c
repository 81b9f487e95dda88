/* bench/nbody.py in C: local variables, tuples made anew in each step, and lists written in place. */
#include "python.h"

#define PI 3.141592653589793
#define YEAR 365.24
#define SOLAR_MASS (4 * (PI * PI))

static volatile int64_t steps;

/* ---- A planet and its star, all in local variables ---- */

static double found[6];

static void two_bodies(int64_t steps)
{
    double x1 = 0.0, y1 = 0.0, z1 = 0.0, vx1 = 0.0, vy1 = 0.0, vz1 = 0.0;
    double x2 = 4.84143144246472090, y2 = -1.16032004402742839, z2 = -0.103622044471123109;
    double vx2 = 0.606326392995832, vy2 = 2.81198684491626, vz2 = -0.0252183616598876;
    double m1 = SOLAR_MASS, m2 = 0.0376936749870389, dt = 0.01;
    for (int64_t i = 0; i < steps; i++) {
        double dx = x1 - x2, dy = y1 - y2, dz = z1 - z2;
        double distance2 = dx * dx + dy * dy + dz * dz, divisor = distance2 * pow(distance2, 0.5);
        if (divisor == 0.0)
            surprise("division by zero");
        double force = dt / divisor;
        vx1 -= dx * m2 * force;
        vy1 -= dy * m2 * force;
        vz1 -= dz * m2 * force;
        vx2 += dx * m1 * force;
        vy2 += dy * m1 * force;
        vz2 += dz * m1 * force;
        x1 += dt * vx1;
        y1 += dt * vy1;
        z1 += dt * vz1;
        x2 += dt * vx2;
        y2 += dt * vy2;
        z2 += dt * vz2;
    }
    memcpy(found, (double[]){x1, y1, z1, x2, y2, z2}, sizeof found);
}

static void run_locals(void) { steps = 60000, two_bodies(steps); }

static void print_locals(void)
{
    printf("(");
    for (int i = 0; i < 6; i++) {
        print_float(found[i]);
        printf(",");
    }
    printf(")");
}

/* ---- The planets ---- */

static const double planets[5][7] = {
    {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, SOLAR_MASS},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694 * YEAR, 0.00769901118419740425 * YEAR,
     -0.0000690460016972063023 * YEAR, 0.000954791938424326609 * SOLAR_MASS},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411135 * YEAR, 0.00499852801234917238 * YEAR,
     0.0000230417297573763929 * YEAR, 0.000285885980666130812 * SOLAR_MASS},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618 * YEAR, 0.00237847173959480950 * YEAR,
     -0.0000296589568540237556 * YEAR, 0.0000436624404335156298 * SOLAR_MASS},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322 * YEAR, 0.00162824170038242295 * YEAR,
     -0.0000951592254519715870 * YEAR, 0.0000515138902046611451 * SOLAR_MASS},
};

/* ---- Each a tuple of seven floats, made anew ---- */

static object *pull(tuple_object *body, const tuple_object *others, double dt)
{
    if (body->size != 7)
        surprise("not seven");
    double x = float_of(body->items[0]), y = float_of(body->items[1]), z = float_of(body->items[2]);
    double vx = float_of(body->items[3]), vy = float_of(body->items[4]), vz = float_of(body->items[5]);
    for (int64_t i = 0; i < others->size; i++) {
        tuple_object *other = tuple_of(others->items[i]);
        if (other == body)
            continue;
        if (other->size != 7)
            surprise("not seven");
        double dx = x - float_of(other->items[0]), dy = y - float_of(other->items[1]), dz = z - float_of(other->items[2]);
        double distance2 = dx * dx + dy * dy + dz * dz, divisor = distance2 * pow(distance2, 0.5);
        if (divisor == 0.0)
            surprise("division by zero");
        double force = float_of(other->items[6]) * dt / divisor;
        vx -= dx * force;
        vy -= dy * force;
        vz -= dz * force;
    }
    tuple_object *moved = new_tuple(7);
    moved->items[0] = box_float(x + dt * vx);
    moved->items[1] = box_float(y + dt * vy);
    moved->items[2] = box_float(z + dt * vz);
    moved->items[3] = box_float(vx);
    moved->items[4] = box_float(vy);
    moved->items[5] = box_float(vz);
    moved->items[6] = own(body->items[6]);
    return &moved->head;
}

static tuple_object *bodies;

static void run_tuples(void)
{
    steps = 6000;
    if (bodies)
        drop(&bodies->head);
    bodies = new_tuple(5);
    for (int i = 0; i < 5; i++) {
        tuple_object *t = new_tuple(7);
        for (int k = 0; k < 7; k++)
            t->items[k] = box_float(planets[i][k]);
        bodies->items[i] = &t->head;
    }
    for (int64_t n = steps; n > 0; n--) {
        list_object *made = new_list(bodies->size);
        for (int64_t i = 0; i < bodies->size; i++)
            made->items[i] = pull(tuple_of(bodies->items[i]), bodies, 0.01);
        tuple_object *next = new_tuple(made->size);
        for (int64_t i = 0; i < made->size; i++)
            next->items[i] = own(made->items[i]);
        drop(&made->head);
        drop(&bodies->head);
        bodies = next;
    }
}

static void print_tuples(void) { print_object(&bodies->head); }

/* ---- Each a position list, a velocity list and a mass, in pairs ---- */

static object *list3(const double *x)
{
    list_object *l = new_list(3);
    for (int i = 0; i < 3; i++)
        l->items[i] = box_float(x[i]);
    return &l->head;
}

static list_object *three(object *o)
{
    list_object *l = list_of(o);
    if (l->size != 3)
        surprise("not three");
    return l;
}

static double energy(const list_object *system, const list_object *pairs)
{
    double total = 0.0;
    for (int64_t i = 0; i < pairs->size; i++) {
        tuple_object *pair = tuple_of(pairs->items[i]), *a = tuple_of(pair->items[0]), *b = tuple_of(pair->items[1]);
        list_object *p = three(a->items[0]), *q = three(b->items[0]);
        double dx = float_of(p->items[0]) - float_of(q->items[0]), dy = float_of(p->items[1]) - float_of(q->items[1]);
        double dz = float_of(p->items[2]) - float_of(q->items[2]);
        total -= float_of(a->items[2]) * float_of(b->items[2]) / pow(dx * dx + dy * dy + dz * dz, 0.5);
    }
    for (int64_t i = 0; i < system->size; i++) {
        tuple_object *body = tuple_of(system->items[i]);
        list_object *v = three(body->items[1]);
        double vx = float_of(v->items[0]), vy = float_of(v->items[1]), vz = float_of(v->items[2]);
        total += float_of(body->items[2]) * (vx * vx + vy * vy + vz * vz) / 2.0;
    }
    return total;
}

static inline void change(list_object *l, int64_t i, double by) { set_float(l, i, float_of(ITEM(l, i)) + by); }

static void advance(const list_object *system, const list_object *pairs, double dt, int64_t steps)
{
    for (int64_t n = 0; n < steps; n++) {
        for (int64_t i = 0; i < pairs->size; i++) {
            tuple_object *pair = tuple_of(pairs->items[i]), *a = tuple_of(pair->items[0]), *b = tuple_of(pair->items[1]);
            list_object *p = three(a->items[0]), *q = three(b->items[0]), *v1 = list_of(a->items[1]), *v2 = list_of(b->items[1]);
            double m1 = float_of(a->items[2]), m2 = float_of(b->items[2]);
            double dx = float_of(p->items[0]) - float_of(q->items[0]), dy = float_of(p->items[1]) - float_of(q->items[1]);
            double dz = float_of(p->items[2]) - float_of(q->items[2]);
            double force = dt * pow(dx * dx + dy * dy + dz * dz, -1.5), f1 = m1 * force, f2 = m2 * force;
            change(v1, 0, -(dx * f2));
            change(v1, 1, -(dy * f2));
            change(v1, 2, -(dz * f2));
            change(v2, 0, dx * f1);
            change(v2, 1, dy * f1);
            change(v2, 2, dz * f1);
        }
        for (int64_t i = 0; i < system->size; i++) {
            tuple_object *body = tuple_of(system->items[i]);
            list_object *r = list_of(body->items[0]), *v = three(body->items[1]);
            double vx = float_of(v->items[0]), vy = float_of(v->items[1]), vz = float_of(v->items[2]);
            change(r, 0, dt * vx);
            change(r, 1, dt * vy);
            change(r, 2, dt * vz);
        }
    }
}

static double before, after;

static void run_lists(void)
{
    steps = 12000;
    list_object *system = new_list(5), *pairs = new_list(10);
    for (int i = 0; i < 5; i++) {
        tuple_object *t = new_tuple(3);
        t->items[0] = list3(planets[i]);
        t->items[1] = list3(planets[i] + 3);
        t->items[2] = box_float(planets[i][6]);
        system->items[i] = &t->head;
    }
    for (int i = 0, n = 0; i < 5; i++)
        for (int k = i + 1; k < 5; k++, n++) {
            tuple_object *t = new_tuple(2);
            t->items[0] = own(system->items[i]);
            t->items[1] = own(system->items[k]);
            pairs->items[n] = &t->head;
        }
    double momentum[3] = {0.0, 0.0, 0.0};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            momentum[k] -= planets[i][3 + k] * planets[i][6];
    for (int k = 0; k < 3; k++)
        set_float(list_of(tuple_of(system->items[0])->items[1]), k, momentum[k] / SOLAR_MASS);
    before = energy(system, pairs);
    advance(system, pairs, 0.01, steps);
    after = energy(system, pairs);
    drop(&pairs->head);
    drop(&system->head);
}

static void print_lists(void)
{
    printf("(");
    print_float(before);
    printf(",");
    print_float(after);
    printf(")");
}

int main(int argc, char **argv)
{
    static const kernel kernels[] = {
        {"nbody (locals)", run_locals, print_locals}, {"nbody (tuples)", run_tuples, print_tuples}, {"nbody (lists)", run_lists, print_lists}, {0}};
    return measure(kernels, argc, argv);
}
