# Exceptions through recursion, generators, threads, context managers that swallow them, and groups.
import sys, threading, contextlib, traceback, functools

class Swallow:

    def __init__(self, *kinds, ret=True):
        self.kinds, self.ret = (kinds or (Exception,), ret)

    def __enter__(self):
        return self

    def __exit__(self, t, v, tb):
        if t is not None and issubclass(t, self.kinds):
            self.got = (t.__name__, str(v), tb.tb_lineno)
            return self.ret

class Truthy:

    def __init__(self, v):
        self.v = v

    def __bool__(self):
        print('bool', self.v)
        if self.v == 'raise':
            raise RuntimeError('bool of exit')
        return bool(self.v)

def swallow(n):
    out = []
    for i in range(n):
        with Swallow(KeyError, ZeroDivisionError) as s:
            try:
                if i % 3 == 0:
                    {}[i]
                if i % 3 == 1:
                    1 // (i - i)
                out.append(i)
            finally:
                out.append('f')
        out.append(getattr(s, 'got', None))
    return out
for n in (2, 6, 9):
    print(swallow(n))

def oddexit(v, n):
    r = []
    for i in range(n):
        try:
            with Swallow(ret=Truthy(v)):
                raise ValueError(i)
            r.append('swallowed')
        except Exception as e:
            r.append((type(e).__name__, str(e), type(e.__context__).__name__))
    return r
for v in (1, 0, 'raise', '', None):
    print(oddexit(v, 3))

def rec(n, how):
    try:
        if n == 0:
            if how == 'key':
                {}['x']
            if how == 'zero':
                return 1 // 0
            if how == 'raise':
                raise LookupError('deep')
            return n
        r = rec(n - 1, how) + 1
    except KeyError:
        if n % 5:
            raise
        return -100
    except ZeroDivisionError as e:
        e.add_note(f'at {n}')
        if n == 7:
            raise ValueError('seven') from e
        raise
    finally:
        if n == 3:
            cnt.append(how)
    return r
cnt = []
for how in ('none', 'key', 'zero', 'raise') * 3:
    try:
        print(rec(12, how))
    except Exception as e:
        print(type(e).__name__, e, getattr(e, '__notes__', None), repr(e.__cause__), repr(e.__context__))
        print([(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)])
        c = e.__cause__
        if c:
            print(c.__notes__, [(f.name, f.lineno) for f in traceback.extract_tb(c.__traceback__)])
print(cnt)

def final_return(n):
    for i in range(n):
        try:
            if i == 2:
                raise KeyError(i)
        except KeyError:
            try:
                return 'ret'
            finally:
                if n > 5:
                    continue
        finally:
            if n == 9:
                break
    else:
        return 'else'
    return 'broke'
print([final_return(n) for n in (1, 3, 4, 6, 8, 9) for _ in range(3)])

def gen(n, log):
    try:
        for i in range(n):
            try:
                x = (yield i)
                if x:
                    log.append(('sent', x))
            except ValueError as e:
                log.append(('thrown', str(e), type(e.__context__).__name__))
                yield 'caught'
    finally:
        log.append('closed')

def consume(n):
    log = []
    g = gen(n, log)
    out = []
    try:
        for v in g:
            out.append(v)
            if v == 2:
                out.append(g.throw(ValueError('x')))
            if v == 3:
                try:
                    {}[1]
                except KeyError:
                    out.append(g.throw(ValueError('in handler')))
            if v == 4:
                out.append(g.send('s'))
            if v == 6:
                break
    finally:
        g.close()
    return (out, log, next(g, 'done'))
for n in (2, 4, 8, 8, 3):
    print(consume(n))

def star(n):
    out = []
    for i in range(n):
        try:
            try:
                raise ExceptionGroup('g', [ValueError(i), TypeError(i), ExceptionGroup('h', [KeyError(i), ValueError(-i)])])
            except* ValueError as g:
                out.append(len(g.exceptions))
                if i % 2:
                    raise
            except* (TypeError, KeyError) as g:
                out.append(repr(g))
                if i % 3 == 0:
                    raise OSError(i)
        except BaseException as e:
            out.append(repr(e))
            out.append(repr(e.__context__))
            out.append(repr(e.__cause__))
    return out
for n in (1, 3, 7):
    print(star(n))

def groups(f, n):
    g = ExceptionGroup('g', [ValueError(1), TypeError(2), ExceptionGroup('h', [KeyError(3), ValueError(4)])])
    r = []
    for i in range(n):
        r.append(repr(g.split(f)))
        r.append(repr(g.subgroup(lambda e: isinstance(e, ExceptionGroup) or f(e))))
    return r

def pred(e):
    return isinstance(e, ValueError)
print(groups(pred, 3))
print(groups(lambda e: '4' in str(e), 3))

class C:

    def m(self, e):
        return isinstance(e, KeyError)

    @staticmethod
    def s(e):
        return isinstance(e, KeyError)
print(groups(C.s, 2))
for bad in (C().m, functools.partial(pred), print, 3, C, None):
    try:
        print(groups(bad, 1))
    except Exception as e:
        print(type(e), e)

def defa(e, k=ValueError, *a, z=1, **kw):
    return isinstance(e, k) and z
print(groups(defa, 2))

def raising(e):
    raise RuntimeError('in pred')
try:
    groups(raising, 1)
except RuntimeError as e:
    print(e, [(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)], repr(e.__context__))

def sub():

    def inner(e):
        return cell[0](e)
    cell = [pred]
    return groups(inner, 2)
print(sub(), sub())

def chain(n):
    err = None
    for i in range(n):
        try:
            try:
                if err:
                    raise err
                raise KeyError(i)
            except KeyError as e:
                raise IndexError(i) from e if i % 2 else None
        except IndexError as e:
            err = e if i % 3 else None
            last = e
    out = []
    e = last
    while e is not None and len(out) < 10:
        out.append((repr(e), repr(e.__cause__), e.__suppress_context__, len(traceback.extract_tb(e.__traceback__))))
        e = e.__context__
    return out
for n in (1, 2, 5, 6):
    print(chain(n))

def info():
    r = [sys.exc_info()[0]]
    try:
        1 / 0
    except ZeroDivisionError:
        r.append(sys.exc_info()[0])
        try:
            {}[1]
        except KeyError:
            r.append(sys.exc_info()[0])
        r.append(sys.exc_info()[0])
    r.append(sys.exc_info()[0])
    return [x and x.__name__ for x in r]

def inhandler():
    try:
        raise OSError
    except OSError:
        return info()
for _ in range(4):
    print(info(), inhandler())

def worker(k, res):
    acc = []
    for i in range(200):
        try:
            if i % 7 == k % 7:
                raise KeyError(i)
            if i % 11 == 0:
                acc[i + 1000]
            acc.append(rec(i % 9, 'none'))
        except KeyError as e:
            acc.append(e.args[0])
        except IndexError:
            acc.append(-1)
    res[k] = sum(acc)
res = {}
ts = [threading.Thread(target=worker, args=(k, res)) for k in range(8)]
[t.start() for t in ts]
[t.join() for t in ts]
print(sorted(res.items()))

def nonexc(x):
    try:
        raise x
    except TypeError as e:
        return str(e)
for x in (3, 's', int, object()):
    print((re_ := nonexc(x).replace('0x', '')))

def badmatch(k):
    try:
        try:
            raise KeyError(1)
        except k:
            return 'm'
    except (TypeError, KeyError) as e:
        return (str(e), repr(e.__context__))
for k in (3, (KeyError, 3), (3, KeyError), KeyError, (), (ValueError, (KeyError,)), int):
    print(badmatch(k), badmatch(k))

@contextlib.contextmanager
def cm(log):
    log.append('in')
    try:
        yield log
    except KeyError as e:
        log.append(('swallow', e.args))
    finally:
        log.append('out')

def usecm(n):
    log = []
    for i in range(n):
        with cm(log) as l, Swallow(ZeroDivisionError):
            if i % 2:
                raise KeyError(i)
            1 / (i % 3)
    return log
for n in (1, 4, 7):
    print(usecm(n))
