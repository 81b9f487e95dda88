"""Writes what dis makes of the standard library's code objects, for the decoder's test to compare with.

Little-endian int32 throughout; a byte string is its length and the bytes. See reference_test.go for the order.
"""

import dis
import pathlib
import struct
import sys
import sysconfig
import types

SKIP = {"test", "tests", "idlelib", "lib2to3", "site-packages", "turtledemo", "idle_test"}


def code_objects(code):
    work = [code]
    while work:
        code = work.pop()
        yield code
        work += [c for c in code.co_consts if isinstance(c, types.CodeType)]


def ints(*values):
    return struct.pack("<%di" % len(values), *values)


def blob(data):
    return ints(len(data)) + data


def merged(code):
    """(offset of the first unit, the Instruction, total stack effect, effect of a jump), as the decoder merges them."""
    start, effect = None, 0
    for i in dis.get_instructions(code):
        start = i.offset if start is None else start
        arg = i.arg if i.opcode >= dis.HAVE_ARGUMENT else None
        effect += dis.stack_effect(i.opcode, arg, jump=False)
        if i.opname in ("EXTENDED_ARG", "KW_NAMES", "PRECALL"):
            continue
        jump = dis.stack_effect(i.opcode, arg, jump=True)
        if i.opname == "RETURN_GENERATOR" and sys.version_info < (3, 13):
            effect = 1  # the compiler counts it as there at the start
        yield start, i, effect, jump
        start, effect = None, 0


def depths(instructions, handlers):
    at = {start: n for n, (start, *_) in enumerate(instructions)}
    depth = {0: 0}
    work = [0]

    def reach(offset, value):
        if offset not in depth:
            depth[offset] = value
            work.append(offset)
        assert depth[offset] == value, (offset, depth[offset], value)

    while work:
        start = work.pop()
        n = at[start]
        _, i, effect, jump = instructions[n]
        for e in handlers:
            if e.start <= i.offset < e.end:
                reach(e.target, e.depth + 1 + e.lasti)
        if i.opcode in dis.hasjrel:
            reach(i.argval, depth[start] + jump)
        if i.opname not in ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "RETURN_VALUE", "RETURN_CONST",
                            "RAISE_VARARGS", "RERAISE"):
            reach(instructions[n + 1][0], depth[start] + effect)
    return depth


def write(out, code):
    instructions = list(merged(code))
    handlers = dis._parse_exception_table(code)
    depth = depths(instructions, handlers)
    kinds = [0x20] * code.co_nlocals
    kinds += [0x40] * len([n for n in code.co_cellvars if n not in code.co_varnames]) + [0x80] * len(code.co_freevars)
    out.write(blob(code.co_qualname.encode("utf-8", "replace")) + blob(code.co_code) + blob(code.co_exceptiontable) + blob(code.co_linetable))
    out.write(ints(code.co_firstlineno, code.co_stacksize, code.co_flags, code.co_argcount, code.co_kwonlyargcount, len(code.co_names)))
    out.write(blob(bytes(kinds)))
    out.write(ints(len(code.co_consts), *(len(c) if type(c) is tuple else -1 for c in code.co_consts)))
    out.write(ints(len(instructions)))
    for n, (start, i, _, _) in enumerate(instructions):
        after = instructions[n + 1][0] if n + 1 < len(instructions) else len(code.co_code)
        target = i.argval // 2 if i.opcode in dis.hasjrel else -1
        p = i.positions
        where = (0, 0, -1, -1)
        if p and p.lineno is not None:
            where = (p.lineno, p.end_lineno, -1 if p.col_offset is None else p.col_offset, -1 if p.end_col_offset is None else p.end_col_offset)
        out.write(ints(start // 2, i.offset // 2, after // 2, target, depth.get(start, -1), *where))
    out.write(ints(len(handlers)))
    for e in sorted(handlers, key=lambda e: e.start):
        out.write(ints(e.start // 2, e.end // 2, e.target // 2, e.depth, int(e.lasti)))


def main(path, version):
    if "%d.%d" % sys.version_info[:2] != version:
        sys.exit(3)
    with open(path, "wb") as out:
        root = pathlib.Path(sysconfig.get_path("stdlib"))
        for file in sorted(root.rglob("*.py")):
            if SKIP & set(file.relative_to(root).parts):
                continue
            try:
                module = compile(file.read_bytes(), file.name, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue
            for code in code_objects(module):
                if len(code.co_code) <= 40000:
                    write(out, code)


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    main(*sys.argv[1:])
