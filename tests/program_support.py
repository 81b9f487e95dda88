"""What a generated program meets, and how the plain and the jitted run of it are compared.

This file imports the standard library only, because a reproducing script carries its whole text.
"""

import ast
import builtins
import contextlib
import dis
import functools
import gc
import itertools
import linecache
import marshal
import math
import random
import re
import sys
import types
import warnings
import weakref

warnings.simplefilter("ignore", SyntaxWarning)  # programs say such things as `1 is None`

LOG = []


def log(value):
    """A call out that looks at its argument: order and value of all of them must agree."""
    LOG.append(describe(value, {}, {}))
    return value


class IntSub(int):
    """An int subclass that changes nothing: exact-class guards must see it, results are plain ints."""


class LoudInt(int):
    def __add__(self, other):
        LOG.append(("LoudInt.__add__", type(other).__name__))
        return int(self) + 100

    def __lt__(self, other):
        LOG.append(("LoudInt.__lt__", type(other).__name__))
        return int(self) < 3

    def __bool__(self):
        LOG.append("LoudInt.__bool__")
        return False


class FloatSub(float):
    def __mul__(self, other):
        LOG.append(("FloatSub.__mul__", type(other).__name__))
        return 0.5


class ListSub(list):
    def __getitem__(self, index):
        LOG.append(("ListSub.__getitem__", type(index).__name__))
        return 7

    def __len__(self):
        LOG.append("ListSub.__len__")
        return 2


class Dies:
    """Tells when it is freed, so that the moment of each release is compared, too."""

    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return Dies(self.n + 1)

    def __lt__(self, other):
        return self.n < 3

    def __hash__(self):
        return self.n  # that the order of a set is that of its twin's

    def __repr__(self):
        return f"Dies({self.n})"

    def __del__(self):
        LOG.append(("Dies", self.n))


class Evil:
    """Its operators are logged, and raise, answer a plain value, itself, or something of the wrong type."""

    def __init__(self, how):
        self.how = how

    def __repr__(self):
        return f"Evil({self.how!r})"


def _evil(name, value):
    def method(self, *args):
        LOG.append((name, *(type(a).__name__ for a in args)))
        if name == "__getitem__" and isinstance(args[0], int) and args[0] > 2:
            raise IndexError(name)  # so that iterating ends
        if self.how == "raise":
            raise ValueError(name)
        if self.how == "self":
            return self
        if self.how == "wrong":
            return "wrong"
        if self.how == "pass":
            return NotImplemented
        return value

    method.__name__ = name
    return method


_ANSWERS = {"__bool__": True, "__index__": 3, "__int__": 4, "__float__": 1.5, "__len__": 2, "__round__": 2, "__floor__": 1, "__hash__": 5}
for _name in (
    "add radd iadd sub rsub isub mul rmul truediv rtruediv floordiv rfloordiv mod rmod divmod pow rpow and rand or xor lshift rlshift rshift "
    "neg pos invert abs lt le gt ge eq ne bool index int float len round floor contains getitem"
).split():
    setattr(Evil, f"__{_name}__", _evil(f"__{_name}__", _ANSWERS.get(f"__{_name}__", 7)))
Evil.__hash__ = lambda self: 13  # hashes that are addresses would order sets by chance


class Ctx:
    """A context manager that logs, and swallows what it is told to."""

    def __init__(self, swallow):
        self.swallow = swallow

    def __hash__(self):
        return 17

    def __enter__(self):
        LOG.append("enter")
        return 5

    def __exit__(self, kind, value, traceback):
        LOG.append(("exit", kind and kind.__name__, _text(value)))
        return self.swallow


class Counter:
    """An iterator in Python that logs, and may end by an error."""

    def __init__(self, n, error=False):
        self.n = n
        self.error = error

    def __iter__(self):
        return self

    def __hash__(self):
        return 19

    def __repr__(self):
        return f"Counter({self.n})"

    def __next__(self):
        LOG.append(("next", self.n))
        if self.n <= 0:
            if self.error:
                raise KeyError(self.n)
            raise StopIteration
        self.n -= 1
        return self.n


FILE = "<program>"
WATCHED = []


def watch(value, tag):
    """Tells when value is freed by a weak reference's callback; value."""
    try:
        WATCHED.append(weakref.ref(value, lambda _: LOG.append(("freed", tag))))
    except TypeError:
        LOG.append(("cannot be watched", tag))
    return value


def look():
    """What a debugger sees of the caller."""
    frame = sys._getframe(1)
    seen = tuple([(k, describe(v, {}, {})) for k, v in frame.f_locals.items()])
    LOG.append(("look", frame.f_code.co_name, frame.f_lineno, seen if frame.f_code.co_name != "<module>" else None))
    return len(frame.f_locals) if frame.f_code.co_name != "<module>" else 1


def stack():
    """Functions and lines of all callers in the program."""
    frame, entries = sys._getframe(1), []
    while frame is not None:
        if frame.f_code.co_filename == FILE:
            entries.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    LOG.append(("stack", tuple(entries)))
    return len(entries)


def lines(error):
    """The lines of a traceback as far as it has come."""
    entries, tb = [], error.__traceback__
    while tb is not None:
        entries.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    return tuple(entries)


def unraisable(what):
    """Errors of finalizers are compared, too."""
    LOG.append(("unraisable", type(what.exc_value).__name__, lines(what.exc_value)))


def gone(what):
    """What `__del__` tells."""
    LOG.append(("gone", describe(what, {}, {})))


FINALIZERS = ("Dies", "freed", "gone", "unraisable")


def without_moments(told):
    """A description in which objects die at some time in a call: an attached function's arguments are held by its caller, where plain code
    hands them over, so that they die a little later, and after the function's other locals."""
    log = dict(told).get("log", ())
    died = [entry for entry in log if isinstance(entry, tuple) and entry[0] in FINALIZERS]
    others = [entry for entry in log if entry not in died]
    return [(what, part) for what, part in told if what != "log"] + [("log", others), ("died", sorted(map(repr, died)))]


closing, partial, reduce = contextlib.closing, functools.partial, functools.reduce
NAMES = {
    name: value
    for name, value in globals().items()
    if name
    in (
        "log", "IntSub", "LoudInt", "FloatSub", "ListSub", "Dies", "Evil", "Ctx", "Counter", "math",
        "watch", "gone", "look", "stack", "lines", "closing", "partial", "reduce",
    )
}  # fmt: skip
_ORDERED = (int, str, float, bool, bytes, complex, type(None), Dies)  # whose hashes do not tell addresses
_SHARED = (type(None), bool, type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


def _is_shared(value):
    """Objects that there is one of anyway: their identity and their count say nothing."""
    kind = type(value)
    if kind is int:
        return -5 <= value <= 256
    if kind is str:
        return True  # interned ones belong to every code object that names them
    return kind in _SHARED or kind is tuple and not value or value is NotImplemented or value is Ellipsis


def reachable(args):
    """(path, object) of the arguments and of what they hold, each object once."""
    found, seen = [], set()
    work = [(f"arg{i}", a) for i, a in enumerate(args)]
    while work:
        path, value = work.pop()
        if id(value) in seen or _is_shared(value):
            continue
        seen.add(id(value))
        found.append((path, value))
        kind = type(value)
        if kind in (list, tuple) or kind is ListSub:
            work.extend((f"{path}[{i}]", v) for i, v in enumerate(list.__iter__(value) if kind is ListSub else value))
        elif kind is dict:
            for i, (k, v) in enumerate(value.items()):
                work += [(f"{path}.key{i}", k), (f"{path}.value{i}", v)]
        elif not isinstance(value, type):
            work.extend((f"{path}.{k}", v) for k, v in attributes(value))
    return found


def attributes(value):
    """(name, value) of what an instance holds itself, its slots included; runs nothing of its class."""
    kind = type(value)
    found = []
    for cls in kind.__mro__:
        for name, member in vars(cls).items():
            if type(member) is types.MemberDescriptorType and cls.__module__ == "program":
                try:
                    found.append((name, member.__get__(value)))
                except AttributeError:
                    pass
    try:
        found += object.__getattribute__(value, "__dict__").items()
    except AttributeError:
        pass
    return found


def describe(value, paths, seen):
    """A nested tuple that is equal exactly when type, value, and identity towards arguments (paths) and parts (seen) are."""
    kind = type(value)
    if kind is bool or value is None:
        return value
    if kind is int and -5 <= value <= 256:
        return ("int", value)
    at = paths.get(id(value))
    if kind is int or kind is float:
        body = hex(value) if kind is int else repr(value)
        numbers = seen.setdefault("numbers", {})  # counted apart, for `without_identity`
        if id(value) in numbers:
            return (kind.__name__, body, "same as", numbers[id(value)])
        numbers[id(value)] = len(numbers)
        seen.setdefault("keep", []).append(value)
        return (kind.__name__, body) if at is None else (kind.__name__, body, "is", at)
    if kind is not str:  # whether two strings are one depends on who interned them
        if id(value) in seen:
            return ("same as", seen[id(value)])
        seen[id(value)] = len(seen)
        # Keeps it alive, for a freed object's id could come again.
        seen.setdefault("keep", []).append(value)
    if kind in (str, bytes) and len(value) > 10**7:  # its text might not fit a second time
        body = (len(value), hash(value))
    elif kind in (complex, str, bytes):
        body = _ADDRESS.sub("", repr(value))
    elif isinstance(value, int):
        body = int.__repr__(value)
    elif isinstance(value, float):
        body = float.__repr__(value)
    elif isinstance(value, (list, tuple)):
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        body = tuple([describe(v, paths, seen) for v in items])
    elif kind is dict:
        body = tuple([(describe(k, paths, seen), describe(v, paths, seen)) for k, v in value.items()])
    elif kind in (set, frozenset):
        body = [describe(v, paths, seen) for v in value]
        if not all(type(v) in _ORDERED and v == v for v in value):  # the hash of a nan is its address
            body.sort(key=repr)
        body = tuple(body)
    elif isinstance(value, BaseException):
        body = tuple([describe(v, paths, seen) for v in value.args])
    elif kind in (types.FunctionType, types.MethodType, types.BuiltinFunctionType) or isinstance(value, types.FunctionType):
        return ("function", value.__name__)
    elif isinstance(value, (type, types.ModuleType)):
        return ("named", value.__name__)
    elif kind in (range, slice):
        body = repr(value)
    else:
        body = tuple([(k, describe(v, paths, seen)) for k, v in attributes(value)]) or None
    return (kind.__qualname__, body) if at is None else (kind.__qualname__, body, "is", at)


def describe_exception(error, paths):
    """Type, text, arguments, notes, every traceback entry with the frame's locals, and the chain."""
    told = []
    met = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        entries = []
        tb = error.__traceback__
        while tb is not None:
            code = tb.tb_frame.f_code
            if code.co_filename == FILE:
                frame_locals = tuple([(k, describe(v, paths, {})) for k, v in tb.tb_frame.f_locals.items() if code.co_name != "<module>"])
                # Not tb_lasti: for one and the same call it differs by how far the interpreter has specialised it.
                columns = next(itertools.islice(code.co_positions(), blamed(error, tb), None))
                entries.append((code.co_name, columns, frame_locals))
            elif "program" not in code.co_filename:  # the runner's own frames are its own business
                entries.append((code.co_name, tb.tb_lineno))
            tb = tb.tb_next
        told.append(
            (
                ("raised", type(error).__qualname__),
                ("text", _text(error)),
                ("arguments", describe(error.args, paths, {})),
                ("notes", tuple(getattr(error, "__notes__", ()))),
                ("traceback (function, lines and columns, locals)", tuple(entries)),
                ("suppressed context", error.__suppress_context__),
                ("cause", type(error.__cause__).__qualname__),
                ("group", tuple([describe_exception(e, paths) for e in error.exceptions]) if isinstance(error, BaseExceptionGroup) else ()),
            )
        )
        error = error.__cause__ or error.__context__
    return tuple(told)


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # two runs make two objects
_UNBOUND = re.compile(r"cannot access local variable '(\w+)'")


def blamed(error, tb):
    """The instruction that raised. The interpreter fuses loads and stores of locals once it is warm, and blames the first
    of the two for an unbound second one."""
    index = tb.tb_lasti // 2
    unbound = type(error) is UnboundLocalError and tb.tb_next is None and _UNBOUND.match(str(error))
    code = tb.tb_frame.f_code.co_code
    op, following = code[2 * index], code[2 * index + 2 : 2 * index + 4]
    if unbound and following and dis.opname[following[0]] == "LOAD_FAST" and dis.opname[op] in ("LOAD_FAST", "STORE_FAST", "LOAD_CONST"):
        names = tb.tb_frame.f_code.co_varnames
        if dis.opname[op] != "LOAD_FAST" or names[code[2 * index + 1]] != unbound[1]:
            return index + 1
    return index


def _text(error):
    try:
        return _ADDRESS.sub("", str(error))
    except Exception as e:
        return f"<str() raised {type(e).__name__}>"


def constants(code):
    """The ids of what the code holds, which machine code may hold, too: nobody counts references to them."""
    found, work = set(), [code]
    while work:
        value = work.pop()
        found.add(id(value))
        work += value.co_consts if isinstance(value, types.CodeType) else value if isinstance(value, (tuple, frozenset)) else ()
    return found


@functools.lru_cache(maxsize=1)
def compiled(source):
    """Marshalled: each run has a copy, so that neither meets bytecode that the other has specialised."""
    return marshal.dumps(compile(source, FILE, "exec", dont_inherit=True))


class Run:
    """One namespace in which the program was executed, plain or jitted."""

    def __init__(self, source, jit):
        linecache.cache.pop(FILE, None)
        self.namespace = {"__name__": "program", "JIT": jit, **NAMES}
        LOG.clear()
        WATCHED.clear()
        # What a program does to its builtins is its own affair.
        self.namespace["__builtins__"] = vars(builtins).copy() if "__builtins__" in source else builtins
        code = marshal.loads(compiled(source))
        self.code = code  # which keeps them alive: a freed object's id could come again
        self.constants = constants(code)
        exec(code, self.namespace)
        self.watched = [n for n in self.namespace if n.startswith("G")]

    def call(self, function, arguments):
        """[(what, description)] of all that can be seen of a call from outside."""
        LOG.clear()
        namespace = self.namespace
        try:
            args = list(eval(arguments, namespace))
        except Exception as e:
            return [("arguments", describe_exception(e, {}))]
        objects = reachable(args)
        paths = {id(v): path for path, v in objects}
        objects = [pair for pair in objects if id(pair[1]) not in self.constants]
        getrefcount = sys.getrefcount
        before = [getrefcount(pair[1]) for pair in objects]
        result = raised = None
        sys.unraisablehook = unraisable
        try:
            result = namespace[function](*args)
        except Exception as e:
            raised = describe_exception(e, paths)
        finally:
            sys.unraisablehook = sys.__unraisablehook__
        told = [("raised", raised)]
        state = sys.exc_info()
        if state != (None, None, None):
            told.append(("left behind in sys.exc_info()", str(state[0])))
        seen = {}
        told.append(("returned", describe(result, paths, seen)))
        told.append(("arguments afterwards", describe(args, paths, {})))
        told.append(("log", tuple(LOG)))
        told.append(("globals", tuple([(n, describe(namespace[n], paths, {})) for n in self.watched if n in namespace])))
        seen.clear()
        after = [getrefcount(pair[1]) for pair in objects]
        self.numbers = {path: (type(v).__name__, hex(v) if type(v) is int else repr(v)) for path, v in objects if type(v) in (int, float)}
        # What the exception's frames held in cycles is counted only after a collection.
        self.pending = (objects, before)
        self.result = result
        told.append(("reference counts", tuple([(pair[0], b - a) for pair, a, b in zip(objects, before, after) if a != b])))
        return told

    def recount(self):
        objects, before = self.pending
        after = [sys.getrefcount(pair[1]) for pair in objects]
        return ("reference counts", tuple([(pair[0], b - a) for pair, a, b in zip(objects, before, after) if a != b]))

    def growth(self, function, arguments, times):
        """By how many memory blocks repeated calls grow."""
        self.pending = self.result = None

        def calls(n):
            for _ in range(n):
                try:
                    self.namespace[function](*eval(arguments, self.namespace))
                except Exception:
                    pass
                LOG.clear()
            gc.collect()
            gc.collect()  # what the first one's finalisers let go of
            return sys.getallocatedblocks()

        start = calls(8)
        return calls(times) - start


def anonymous(source):
    """Which numbers are told apart by nobody: two literals of the same value may be one object or two; and so may the operand
    and the result of operators that CPython, sometimes, lets return an int itself; `min` and `max` of raw numbers return no object. Takes ("int" or "float", text)."""
    literals = set()
    sometimes = extremes = False
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            literals.add(node.value)
        operator = getattr(node, "op", None)
        sometimes |= isinstance(operator, (ast.RShift, ast.Mod)) or isinstance(node, ast.Name) and node.id in ("abs", "divmod", "pow")
        extremes |= isinstance(node, ast.Name) and node.id in ("min", "max")

    def is_anonymous(kind, text):
        value = int(text, 16) if kind == "int" else float(text)
        return abs(value) in literals or (sometimes and kind == "int") or extremes

    return is_anonymous


def without_identity(told, is_anonymous, numbers):
    """A description in which some numbers have a value only."""

    def strip(part):
        if not isinstance(part, tuple):
            return part
        if len(part) == 4 and part[0] in ("int", "float") and part[2] in ("is", "same as") and is_anonymous(*part[:2]):
            return part[:2]
        return tuple([strip(p) for p in part])

    counts = tuple([entry for entry in told[-1][1] if entry[0] not in numbers or not is_anonymous(*numbers[entry[0]])])
    return [strip(part) for part in told[:-1]] + [(told[-1][0], counts)]


LATE = set()  # programs in which only the moments differ at which objects die
CHANCE = set()  # programs in which two plain runs differ as well


def by_chance(source, calls, number):
    """Whether plain runs up to this call differ among themselves: the hash of a nan is its address, and a set's order goes by hashes."""
    expected = None
    for seed in range(48):
        floats = [float(i) for i in range(300)]
        random.Random(seed).shuffle(floats)
        del floats[150:]  # so the next ones lie anywhere
        run = Run(source, lambda f: f)
        answer = repr([run.call(*call)[:-1] for call in calls[: number + 1]])
        if answer != (expected or answer):
            return True
        expected = answer
    return False


def difference(source, calls, jit, leaks=False):
    """None, or the text that says in what the jitted run differs from the plain one."""
    plain = Run(source, lambda f: f)
    jitted = Run(source, jit)
    for number, (function, arguments) in enumerate(calls):
        expected = plain.call(function, arguments)
        got = jitted.call(function, arguments)
        if expected == got:
            continue
        if expected[:-1] == got[:-1]:
            gc.collect()
            expected[-1], got[-1] = plain.recount(), jitted.recount()
            if expected == got:
                continue
        told = [without_identity(t, anonymous(source), plain.numbers) for t in (expected, got)]
        if told[0] == told[1]:
            continue
        if without_moments(told[0]) == without_moments(told[1]):
            LATE.add(source)
            continue
        if by_chance(source, calls, number):
            CHANCE.add(source)
            return None
        lines = [f"call {number}: {function}{arguments}"]
        for (what, a), (_, b) in zip(expected, got):
            if a != b:
                lines += [f"  {what}:", f"    plain   {_narrow(a, b)[0]}", f"    jitted  {_narrow(a, b)[1]}"]
        return "\n".join(lines)
    if leaks and calls:
        function, arguments = calls[-1]
        # More than one block in three calls, more than plain code grows by (except* of CPython 3.11 leaks), and not once only.
        if jitted.growth(function, arguments, 30) > 20:
            by_itself = max(plain.growth(function, arguments, 30) for _ in range(3))  # the first series also fill caches and freelists

            def again():  # what leaks does so each time
                return min(jitted.growth(function, arguments, 30) for _ in range(2)) - by_itself

            # Ints wait for the next boxes, up to 1,000 of each of two sizes, if programs before missed as many: that has an end.
            if again() > 20 and jitted.growth(function, arguments, 2000) and (blocks := again()) > 20:
                return f"30 calls of {function}{arguments} leave {blocks} memory blocks behind"
    return None


def _narrow(a, b):
    """The innermost parts of two descriptions that still hold all of the difference."""
    while isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        unequal = [i for i in range(len(a)) if a[i] != b[i]]
        if len(unequal) != 1 or not isinstance(a[unequal[0]], tuple) or len(repr(a)) < 160:
            break
        a, b = a[unequal[0]], b[unequal[0]]
    return a, b
