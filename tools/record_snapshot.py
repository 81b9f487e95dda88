"""Records snapshots of functions for Go tests, in the format of decoder/snapshot.go, without the native
part: the same tables that pyext/native/snapshot.c writes, with made-up addresses (those that
pyabi/testdata/header-3.11.txt names are its own: they serve every version). So the result is the same on every machine.

    python3.11 tools/record_snapshot.py FOLDER [OUT]

reads each *.py in the folder, and writes into OUT, or the same. A line there such as

    # snapshot sum: total([1.0, 2.0], 3)  mode=recording  site=14:int  site=20:float:overflow

calls for FOLDER/sum.snap: total as it would be compiled in this call. After two spaces may stand mode (final,
recording, general), off (a bytecode offset in code units; slot=NAME:EXPRESSION gives locals,
stack=EXPRESSION the stack from its bottom) and site (OFFSET:CLASS[:FLAG...]: what the profile has seen).
A slot's value written int!3, float!2.5, bool!True, none!, null! is unboxed or nothing, as native code would have it.
"""

import builtins
import dis
import math
import pathlib
import re
import struct
import sys
import types

NONE = 0xFFFFFFFF
(OTHER, NONE_, BOOL, INT, FLOAT, STR, BYTES, TUPLE, LIST, DICT, CELL, FUNCTION, MODULE, TYPE, BUILTIN, METHOD, RANGE, CODE,
 ELLIPSIS, METHOD_DESCR, SET, MEMBER_DESCR) = range(22)
FITS, SAME, CUT = 1, 2, 4
HEAP, PLAIN_NEW, PLAIN_INIT, PLAIN_GET, PLAIN_SET, VERSIONED = 1, 2, 4, 8, 16, 32
GLOBALS, BUILTINS, IN_MODULE, IN_TYPE, IN_INSTANCE = 1, 2, 3, 4, 5
MODES = {"final": 0, "recording": 1, "general": 2}
SITE_FLAGS = {"poly": 1, "overflow": 2, "failed": 4, "divisor": 8}
KINDS = {"int": 3, "float": 4, "bool": 5, "none": 6, "null": 0}
MAX_CODES, MAX_UNITS, MAX_TEXT, MAX_ITEMS = 32, 20000, 4096, 256
HERE = pathlib.Path(__file__).resolve().parent


def known_addresses():
    """The recorded ABI header, from the object to its address there."""
    text = (HERE.parent / "pyabi" / "testdata" / "header-3.11.txt").read_text()
    rows = dict(line.split("#")[0].split() for line in text.splitlines() if line.split("#")[0].strip())
    rows = {name: int(value, 0) for name, value in rows.items()}
    special = {
        "type.NoneType": type(None), "type.function": types.FunctionType, "type.module": types.ModuleType,
        "type.builtin_function_or_method": types.BuiltinFunctionType, "type.method": types.MethodType,
        "type.method_descriptor": types.MethodDescriptorType, "type.cell": types.CellType, "type.code": types.CodeType,
        "type.generator": types.GeneratorType, "type.range_iterator": type(iter(range(0))),
        "type.longrange_iterator": type(iter(range(1 << 80))), "type.list_iterator": type(iter([])),
        "type.tuple_iterator": type(iter(())), "obj.empty_tuple": (), "obj.empty_str": "",
    }
    known = {}
    for name, address in rows.items():
        group, _, rest = name.partition(".")
        if name in special:
            known[id(special[name])] = address
        elif group in ("type", "obj", "builtin", "exc") and hasattr(builtins, rest):
            known[id(getattr(builtins, rest))] = address
        elif group == "math" and hasattr(math, rest):
            known[id(getattr(math, rest))] = address
    for n in range(-rows["smallint.negatives"], rows["smallint.positives"]):
        known[id(n)] = rows["smallint.first"] + rows["smallint.step"] * (n + rows["smallint.negatives"])
    return known


class Recorder:
    def __init__(self):
        self.addresses = known_addresses()
        self.keep = []  # so that no id is used twice
        self.next_address = 0x7F2000000000
        self.objects, self.types, self.codes, self.functions = {}, {}, {}, {}
        self.object_rows, self.type_rows, self.code_rows, self.function_rows = [], [], [], []
        self.names, self.sites, self.lists, self.bytes = [], [], [], bytearray()
        self.versions = {}
        self.attributes = []  # names that some code looks up in objects
        self.modules = {}
        self.instance_keys = {}  # in the order of the first instance met: nearest to the keys that a class shares
        self.pending = []
        self.units = 0

    def address(self, value):
        if id(value) not in self.addresses:
            self.keep.append(value)
            self.addresses[id(value)] = self.next_address
            self.next_address += 0x40
        return self.addresses[id(value)]

    def text(self, data):
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        start = len(self.bytes)
        self.bytes += data
        return start, len(data)

    def list(self, indexes):
        start = len(self.lists)
        self.lists += indexes
        return start, len(indexes)

    def object(self, value, depth=2):
        """The index of a look at a value. depth: how far to look into what it holds."""
        # Equal small values are one object as far as anybody can tell, and the same in every run.
        key = (type(value), repr(value)) if type(value) in (int, float, str) else id(value)
        if key in self.objects:
            return self.objects[key]
        self.keep.append(value)
        index = self.objects[key] = len(self.object_rows)
        self.object_rows.append(None)
        kind, flags, item, key_, aux, word, span, extra = OTHER, 0, NONE, NONE, NONE, 0, (0, 0), 0
        cls = type(value)
        if value is None:
            kind = NONE_
        elif value is Ellipsis:
            kind = ELLIPSIS
        elif cls is bool:
            kind, word = BOOL, int(value)
        elif cls is int:
            kind = INT
            if -(1 << 63) <= value < 1 << 63:
                flags, word = FITS, value & (1 << 64) - 1
        elif cls is float:
            kind, word = FLOAT, struct.unpack("<Q", struct.pack("<d", value))[0]
        elif cls is str:
            data = value.encode("utf-8", "surrogatepass")
            kind, word, span = STR, len(value), self.text(data[:MAX_TEXT])
            flags = CUT if len(data) > MAX_TEXT else 0
        elif cls is bytes:
            kind, word = BYTES, len(value)
        elif cls in (tuple, list):
            kind, word = (TUPLE, LIST)[cls is list], len(value)
            if value and all(type(x) is type(value[0]) for x in value[:8]):
                flags |= SAME
            if value and depth > 0:
                item = self.object(value[0], depth - 1)
            if cls is tuple and depth > 0:
                flags |= CUT if len(value) > MAX_ITEMS else 0
                span = self.list([self.object(x, depth - 1) for x in value[:MAX_ITEMS]])
            elif cls is tuple and value:
                flags |= CUT
        elif cls is dict:
            kind, word = DICT, len(value)
            if value and depth > 0:
                first = next(iter(value))
                key_, item = self.object(first, depth - 1), self.object(value[first], depth - 1)
        elif cls is set:
            kind, word = SET, len(value)
            if value and depth > 0:
                item = self.object(next(iter(value)), depth - 1)
        elif cls is types.CellType:
            kind = CELL
            try:
                item = self.object(value.cell_contents, depth) if depth > 0 else NONE
            except ValueError:
                pass
        elif cls is types.FunctionType:
            kind, aux = FUNCTION, self.function(value)
        elif cls is types.ModuleType:
            kind = MODULE
            self.modules[index] = (value, {})
        elif isinstance(value, type):
            kind, aux = TYPE, self.type(value)
        elif cls is types.BuiltinFunctionType:
            kind = BUILTIN
            if not isinstance(value.__self__, types.ModuleType) and depth > 0:
                item = self.object(value.__self__, depth - 1)
        elif cls is types.MethodDescriptorType:
            kind = METHOD_DESCR
            item = self.object(value.__objclass__, depth)
        elif cls is types.MemberDescriptorType:
            owner = value.__objclass__
            item = self.object(owner, 0)
            if isinstance(owner.__dict__.get("__slots__"), tuple):
                kind = MEMBER_DESCR
                word = owner.__base__.__basicsize__ + 8 * sorted(owner.__slots__).index(value.__name__)
        elif cls is types.MethodType:
            kind = METHOD
            if depth > 0:
                item, key_ = self.object(value.__func__, depth - 1), self.object(value.__self__, depth - 1)
        elif cls in (staticmethod, classmethod):
            item = self.object(value.__func__, depth)
        elif cls is range:
            kind = RANGE
            words = (value.start, value.stop, value.step)
            if all(-(1 << 63) <= w < 1 << 63 for w in words):
                flags, span = FITS, self.text(struct.pack("<3q", *words))
        elif cls is types.CodeType:
            kind = CODE
        elif cls.__flags__ & 1 << 9 and "__dict__" in dir(value):
            self.instance_keys.setdefault(cls, tuple(value.__dict__))
        self.object_rows[index] = [self.address(value), self.address(cls), kind, flags, self.type(cls), item, key_, aux, word, span, extra]
        return index

    def type(self, cls):
        if cls in self.types:
            return self.types[cls]
        index = self.types[cls] = len(self.type_rows)
        flags = VERSIONED
        flags |= HEAP if cls.__flags__ & 1 << 9 else 0
        flags |= PLAIN_NEW if cls.__new__ is object.__new__ else 0
        flags |= PLAIN_INIT if cls.__init__ is object.__init__ else 0
        # what is written in C repeats object's lookup under its own name, but for these
        special = issubclass(cls, (type, types.ModuleType, super, types.MethodType))
        in_c = (types.WrapperDescriptorType, types.MethodWrapperType)
        flags |= PLAIN_GET if isinstance(cls.__getattribute__, in_c) and not special and not hasattr(cls, "__getattr__") else 0
        flags |= PLAIN_SET if isinstance(cls.__setattr__, in_c) and not issubclass(cls, type) else 0
        self.type_rows.append([cls, flags, {}])
        for name in self.attributes:
            self.type_attribute(index, name)
        return index

    def type_attribute(self, index, name):
        cls, _, attributes = self.type_rows[index]
        for base in cls.__mro__:
            if name in base.__dict__ and name not in attributes:
                attributes[name] = None  # it may refer to itself
                attributes[name] = self.object(base.__dict__[name], 1)

    def module_attribute(self, index, name):
        module, attributes = self.modules[index]
        if name in module.__dict__ and name not in attributes:
            attributes[name] = None
            attributes[name] = self.object(module.__dict__[name], 1)

    def function(self, f):
        if f in self.functions:
            return self.functions[f]
        index = self.functions[f] = len(self.function_rows)
        self.function_rows.append(None)
        code = self.code(f)
        closure = f.__closure__ or ()
        items = [x for pair in (f.__kwdefaults__ or {}).items() for x in pair]
        self.function_rows[index] = [
            self.address(f), code, (1 if closure else 0) | (2 if f.__kwdefaults__ else 0), self.address(f.__globals__),
            self.address(builtins.__dict__), self.address(f.__closure__) if closure else 0,
            self.address(f.__kwdefaults__) if items else 0, 0x7F1000600000, 0,
            self.list([self.object(x, 1) for x in f.__defaults__ or ()]),
            self.list([self.object(x) for x in closure]),
            self.list([self.object(x, 1) for x in items]),
        ]
        return index

    def code(self, f):
        code = f.__code__
        if code in self.codes:
            return self.codes[code]
        units = len(code.co_code) // 2
        if len(self.codes) == MAX_CODES or self.codes and self.units + units > MAX_UNITS:
            return NONE
        self.units += units
        self.codes[code] = len(self.code_rows)
        self.code_rows.append(None)
        self.pending.append((f, code))
        return self.codes[code]

    def version(self, namespace):
        return self.versions.setdefault(id(namespace), 100 + len(self.versions))

    def row(self, name, where, globals_, namespace, value):
        """A row of the section of names."""
        entry = 0
        if namespace is not None:
            entry = 32 + 64 + 16 * list(namespace).index(name) + 8
        guardable = (1 if namespace is not None else 0) | (2 if globals_ is not None else 0)
        return [self.object(name), where, self.address(globals_) if globals_ is not None else 0,
                self.version(globals_) if globals_ is not None else 0, guardable,
                self.address(namespace) if namespace is not None else 0,
                self.version(namespace) if namespace is not None else 0, value, entry]

    def finish_code(self, f, code, sites):
        instructions = list(dis.get_instructions(code))
        used = dict.fromkeys(i.argval for i in instructions if i.opname == "LOAD_GLOBAL")
        rows = []
        for name in used:
            where, namespace, value = 0, None, NONE
            if name in f.__globals__:
                where, namespace = GLOBALS, f.__globals__
            elif name in builtins.__dict__:
                where, namespace = BUILTINS, builtins.__dict__
            if where:
                value = self.object(namespace[name])
            rows.append(self.row(name, where, f.__globals__, namespace, value))
        for i in instructions:
            if i.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR") and i.argval not in self.attributes:
                self.attributes.append(i.argval)
                for index in range(len(self.type_rows)):
                    self.type_attribute(index, i.argval)
                for index in list(self.modules):
                    self.module_attribute(index, i.argval)
        plain = code.co_varnames + tuple(n for n in code.co_cellvars if n not in code.co_varnames)
        kinds = [(0x20 if n in code.co_varnames else 0) | (0x40 if n in code.co_cellvars else 0) for n in plain] + [0x80] * len(code.co_freevars)
        names = plain + code.co_freevars
        globals_span = (len(self.names), len(rows))
        self.names += rows
        site_span = (0, 0)
        if sites:
            units = len(code.co_code) // 2
            table = [(0, 0, 0)] * units
            for offset, cls, flags in sites:
                table[offset] = (self.address(cls), flags, 1)
            site_span = (len(self.sites), units)
            self.sites += table
        index = self.codes[code]
        self.code_rows[index] = (
            [self.address(code), 0x7F3000000000 + 0x200 * index, 0x7F4000000000 + 0x10000 * index if sites else 0,
             self.address(f.__globals__), self.address(builtins.__dict__)],
            [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_stacksize, code.co_nlocals,
             len(names), len(code.co_cellvars), len(code.co_freevars), code.co_firstlineno],
            [self.text(code.co_code), self.text(code.co_exceptiontable), self.text(code.co_linetable), self.text(code.co_name),
             self.text(code.co_qualname), self.text(pathlib.Path(code.co_filename).name), self.text(bytes(kinds)),
             self.list([self.object(x, 2) for x in code.co_consts]), self.list([self.object(x) for x in code.co_names]),
             self.list([self.object(x) for x in names]), site_span, globals_span])

    def record(self, f, mode, off, slots, nlocals, sites):
        root = self.function(f)
        slots = [self.slot(s) for s in slots]
        first = True
        while self.pending:
            self.finish_code(*self.pending.pop(0), sites if first else [])
            first = False
            for index in list(self.modules):
                for name in self.attributes:
                    self.module_attribute(index, name)
        for index, (module, attributes) in self.modules.items():
            start = len(self.names)
            self.names += [self.row(n, IN_MODULE, None, module.__dict__, v) for n, v in attributes.items() if v is not None]
            self.object_rows[index][9] = (start, len(self.names) - start)
        type_bytes = b""
        for number, (cls, flags, attributes) in enumerate(self.type_rows):
            start = len(self.names)
            self.names += [self.row(n, IN_TYPE, None, None, v) for n, v in attributes.items() if v is not None]
            for place, name in enumerate(self.instance_keys.get(cls, ())):
                if name in self.attributes:
                    self.names.append(self.row(name, IN_INSTANCE, None, None, NONE)[:-1] + [8 * place])
            type_bytes += struct.pack("<QIIQQQQQqqQ", self.address(cls), 1000 + number, flags, cls.__flags__,
                                      self.address(cls.__new__), self.address(cls.__init__), self.address(cls.__getattribute__),
                                      self.address(cls.__setattr__), cls.__basicsize__, cls.__dictoffset__,
                                      self.address(cls.__base__) if cls.__base__ else 0)
            type_bytes += struct.pack("<IIII", *self.text(cls.__name__), start, len(self.names) - start)
        object_bytes = b"".join(
            struct.pack("<QQIIIIIIQIIQ", *row[:9], *row[9], row[10]) for row in self.object_rows)
        code_bytes = b"".join(struct.pack("<5Q10I24I", *a, *b, *(n for span in c for n in span)) for a, b, c in self.code_rows)
        function_bytes = b"".join(struct.pack("<QIIQQQQQII6I", *row[:9], 0, *row[9], *row[10], *row[11]) for row in self.function_rows)
        name_bytes = b"".join(struct.pack("<IIQIIQIIQ", *row) for row in self.names)
        sections = [(b"".join(slots), 32), (object_bytes, 64), (type_bytes, 96), (code_bytes, 176), (function_bytes, 88), (name_bytes, 48),
                    (b"".join(struct.pack("<QII", *s) for s in self.sites), 16),
                    (b"".join(struct.pack("<I", n) for n in self.lists), 4), (bytes(self.bytes), 1)]
        body, table = b"", b""
        for data, size in sections:
            assert len(data) % size == 0
            table += struct.pack("<II", 128 + len(body), len(data) // size)
            body += data + bytes(-len(data) % 8)
        header = struct.pack("<IIQBBBBIIIIIQQ", 0x4E535347, 1, 128 + len(body), *sys.version_info[:3], 0, MODES[mode], off, nlocals,
                             len(slots) - nlocals, root, self.address(f), self.code_rows[0][0][1])
        assert len(header) + len(table) == 128, len(header) + len(table)
        return header + table + body

    def slot(self, value):
        if isinstance(value, Raw):
            word = 0
            if value.kind in ("int", "bool"):
                word = int(value.value) & (1 << 64) - 1
            elif value.kind == "float":
                word = struct.unpack("<Q", struct.pack("<d", value.value))[0]
            return struct.pack("<BBHI3Q", KINDS[value.kind], 0, 0, NONE, word, 0, 0)
        return struct.pack("<BBHI3Q", 1, 0, 0, self.object(value), self.address(value), 0, 0)


class Raw:
    def __init__(self, kind, value=None):
        self.kind, self.value = kind, value


def slot_value(text, namespace):
    m = re.match(r"(\w+)!(.*)$", text)
    if m and m[1] in KINDS:
        return Raw(m[1], eval(m[2], namespace) if m[2] else None)
    return eval(text, namespace)


class Arguments:
    """Stands for the called function: remembers how it was called."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        import inspect
        code = self.function.__code__
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        return self.function, [bound.arguments[n] for n in code.co_varnames[: len(bound.arguments)]]


def record(namespace, call, options):
    name = re.match(r"([\w.]+)\(", call)[1]
    function = eval(name, namespace)
    if isinstance(function, types.MethodType):
        sys.exit(f"{call}: call the function with its self")
    function, arguments = eval("__call(" + call[len(name) + 1:], {**namespace, "__call": Arguments(function)})
    code = function.__code__
    names = list(code.co_varnames) + [n for n in code.co_cellvars if n not in code.co_varnames] + list(code.co_freevars)
    slots = arguments + [Raw("null")] * (len(names) - len(arguments))
    stack, sites, mode, off = [], [], "final", 0
    for key, value in options:
        if key == "mode":
            mode = value
        elif key == "off":
            off = int(value)
        elif key == "slot":
            local, _, text = value.partition(":")
            slots[names.index(local)] = slot_value(text, namespace)
        elif key == "stack":
            stack.append(slot_value(value, namespace))
        elif key == "site":
            offset, cls, *flags = value.split(":")
            sites.append((int(offset), eval(cls, namespace), sum(SITE_FLAGS[f] for f in flags)))
        else:
            sys.exit(f"{key}: no such option")
    return Recorder().record(function, mode, off, slots + stack, len(names), sites)


def main(folder, out=None):
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        source = path.read_text()
        namespace = {"__name__": path.stem}
        exec(compile(source, path.name, "exec"), namespace)
        for line in source.splitlines():
            m = re.match(r"# snapshot (\w+): (.*)", line)
            if m:
                call, *options = re.split(r"  +", m[2].strip())
                data = record(namespace, call, [o.split("=", 1) for o in options])
                pathlib.Path(out or folder, m[1] + ".snap").write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
