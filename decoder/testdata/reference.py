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


PAIRS = {
    "LOAD_FAST_LOAD_FAST": (1, 1),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": (1, 1),
    "STORE_FAST_LOAD_FAST": (-1, 1),
    "STORE_FAST_STORE_FAST": (-1, -1),
}
JUMPS = set(dis.hasjrel) | set(getattr(dis, "hasjump", ()))
JUMPS.discard(dis.opmap["END_ASYNC_FOR"])  # its argument is for monitoring
SKIPPED = {11: 0, 12: 1, 13: 2}.get(sys.version_info[1], 1)  # by FOR_ITER at its end: END_FOR, POP_TOP


def merged(code):
    """[offset of the first unit, the Instruction, offset after it, total stack effect, effect of a jump, second of a pair], as the decoder merges them."""
    start, effect, rows = None, 0, []
    listed = [i for i in dis.get_instructions(code)]
    ends = [i.offset for i in listed[1:]] + [len(code.co_code)]
    for n, i in enumerate(listed):
        start = i.offset if start is None else start
        arg = i.arg if i.opcode >= dis.HAVE_ARGUMENT else None
        own = dis.stack_effect(i.opcode, arg, jump=False)
        if i.opname == "SET_FUNCTION_ATTRIBUTE":
            rows[-1][2] = ends[n]
            rows[-1][3] += own
            start = None
            continue
        effect += own
        following = next(j.opname for j in listed[n + 1 :] if j.opname != "EXTENDED_ARG") if n + 1 < len(listed) else ""
        if i.opname in ("EXTENDED_ARG", "KW_NAMES", "PRECALL") or i.opname == "LOAD_CONST" and following == "CALL_KW":
            continue
        if i.opname in PAIRS:
            first, second = PAIRS[i.opname]
            rows += [start, i, ends[n], first, first, False], [start, i, ends[n], second, second, True]
        else:
            if i.opname == "RETURN_GENERATOR" and sys.version_info < (3, 13):
                effect = 1  # the compiler counts it as there at the start
            rows.append([start, i, ends[n], effect, dis.stack_effect(i.opcode, arg, jump=True), False])
        start, effect = None, 0
    return rows


def target(i, instructions, at):
    if i.opcode not in JUMPS:
        return -1
    n = at[i.jump_target if hasattr(i, "jump_target") else i.argval]
    if i.opname == "FOR_ITER" and instructions[n][1].opname == "END_FOR":
        n += SKIPPED
    return instructions[n][0]


def depths(instructions, handlers):
    at = {row[0]: n for n, row in reversed(list(enumerate(instructions)))}
    depth = {0: 0}
    work = [0]

    def reach(n, value):
        if n not in depth:
            depth[n] = value
            work.append(n)
        assert depth[n] == value, (n, depth[n], value)

    while work:
        n = work.pop()
        _, i, _, effect, jump, _ = instructions[n]
        for e in handlers:
            if e.start <= i.offset < e.end:
                reach(at[e.target], e.depth + 1 + e.lasti)
        if i.opcode in JUMPS:
            to = at[target(i, instructions, at)]
            skipped = instructions[to - SKIPPED : to] if i.opname == "FOR_ITER" else []
            reach(to, depth[n] + jump + sum(row[3] for row in skipped))
        if i.opname not in ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "RETURN_VALUE", "RETURN_CONST",
                            "RAISE_VARARGS", "RERAISE"):
            reach(n + 1, depth[n] + effect)
    return at, depth


def write(out, code):
    instructions = merged(code)
    handlers = dis._parse_exception_table(code)
    at, depth = depths(instructions, handlers)
    kinds = [0x20] * code.co_nlocals
    kinds += [0x40] * len([n for n in code.co_cellvars if n not in code.co_varnames]) + [0x80] * len(code.co_freevars)
    out.write(blob(code.co_qualname.encode("utf-8", "replace")) + blob(code.co_code) + blob(code.co_exceptiontable) + blob(code.co_linetable))
    out.write(ints(code.co_firstlineno, code.co_stacksize, code.co_flags, code.co_argcount, code.co_kwonlyargcount, len(code.co_names)))
    out.write(blob(bytes(kinds)))
    out.write(ints(len(code.co_consts), *(len(c) if type(c) is tuple else -1 for c in code.co_consts)))
    out.write(ints(len(instructions)))
    for n, (start, i, after, _, _, second) in enumerate(instructions):
        goes = target(i, instructions, at)
        p = i.positions
        where = (0, 0, -1, -1)
        if p and p.lineno is not None:
            where = (p.lineno, p.end_lineno, -1 if p.col_offset is None else p.col_offset, -1 if p.end_col_offset is None else p.end_col_offset)
        out.write(ints(start // 2, i.offset // 2, after // 2, goes // 2 if goes >= 0 else -1, depth.get(n, -1), *where, int(second)))
    out.write(ints(len(handlers)))
    for e in sorted(handlers, key=lambda e: e.start):
        out.write(ints(e.start // 2, e.end // 2, e.target // 2, e.depth, int(e.lasti)))


def main(path):
    with open(path, "wb") as out:
        root = pathlib.Path(sysconfig.get_path("stdlib"))
        for file in sorted(root.rglob("*.py")):
            if SKIP & set(file.relative_to(root).parts):
                continue
            try:
                module = compile(file.read_bytes(), file.name, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, OSError):  # the last: a link to nowhere
                continue
            for code in code_objects(module):
                if len(code.co_code) <= 40000:
                    write(out, code)


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    main(*sys.argv[1:])
