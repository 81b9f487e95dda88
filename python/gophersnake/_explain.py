"""explain and versions: what became of a function, in words.

Everything comes from three places: the record (`_native.record_info`), the function's own bytecode and source, and,
for machine code, the compiler's listing. A function that was never jitted, or stays interpreted, has an answer too.
"""

import dis
import linecache
import os
import sys
from html import escape
from typing import NamedTuple

from . import _jit
from ._jit import _native

NULL, OBJ, OBJ_OR_NULL, INT, FLOAT, BOOL, NONE, INT_ORIGIN, FLOAT_ORIGIN = range(9)
RESUME, RAISE, POLL, RECOMPILE, TOUCHED, INTERPRET = range(6)
RECORDING, GENERAL = 1, 2
POLY, OVERFLOW, FAILED, DIVISOR, RANGE = 1, 2, 4, 8, 16

_CLASSES = {INT: int, INT_ORIGIN: int, FLOAT: float, FLOAT_ORIGIN: float, BOOL: bool, NONE: type(None)}
# enum gs_reason, as a guard would say it.
_GUARDS = (
    "another class", "int past 64 bits", "divisor 0 or -1", "index out of bounds", "a global changed", "types not seen yet",
    "unbound local", "shift count", "range", "the callee returned another class", "an exception", "signals and threads",
    "stack depth", "not compiled", "another callee", "a debugger looked", "another value", "types recorded", "no memory",
)  # fmt: skip
_SKIPPED = {"CACHE", "PRECALL", "RESUME"}


class Version(NamedTuple):
    """One compiled version: the classes of the arguments it is for (object: any), its size, its cost, its use."""

    types: tuple
    bytes: int
    compile_seconds: float
    calls: int
    exits: int


class Explanation(str):
    """Text; coloured where a terminal's prompt shows it, HTML in a notebook."""

    def __repr__(self):
        return _paint(self) if sys.stdout.isatty() and "NO_COLOR" not in os.environ else str(self)

    def _repr_html_(self):
        return f"<pre>{escape(self)}</pre>"


def _paint(text):
    lines = []
    for line in text.splitlines():
        if "  ; guard" in line:
            code, guard = line.split("  ; guard", 1)
            line = f"{code}\033[33m  ; guard{guard}\033[0m"
        if line.endswith("interpreted") or " interpreted: " in line:
            line = f"\033[31m{line}\033[0m"
        elif line and not line.startswith(" "):
            line = f"\033[1m{line}\033[0m"
        lines.append(line)
    return "\n".join(lines)


def _count(n, what):
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def _functions(o, asked):
    """The functions in what a user may have decorated, as jit finds them."""
    found = []
    if not _jit._each(o, found.append):
        raise TypeError(_jit._refusal(o).partition(";")[0].replace("jit()", asked))
    return found


def _class_at():
    """A function from addresses to classes; it touches none that is not alive."""
    alive = None

    def class_at(address):
        nonlocal alive
        if alive is None:
            alive, waiting = {}, [object]
            while waiting:
                cls = waiting.pop()
                if id(cls) not in alive:
                    alive[id(cls)] = cls
                    waiting += type.__subclasses__(cls)
        return alive.get(address)

    return class_at


def _types(function, slots, class_at):
    code = function.__code__
    n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    return tuple(_CLASSES.get(kind) or (class_at(klass) if klass else None) or object for kind, _, klass in slots[:n])


def _entries(info):
    for unit in info["units"]:
        for func in unit["funcs"]:
            if func["entry"]:
                yield unit, func


def versions(o):
    result = []
    for function in _functions(o, "versions()"):
        info = _native.record_info(function) if _native else None
        class_at = _class_at()
        for unit, func in _entries(info) if info else ():
            exits = sum(e["count"] for e in unit["exits"])
            types = _types(function, func["slots"], class_at)
            result.append(Version(types, unit["code_bytes"], unit["compile_ns"] / 1e9, func["calls"], exits))
    return result


def explain(o, asm):
    functions = _functions(o, "explain()")
    return Explanation("\n\n".join(_explain(f, asm) for f in functions) or "No function in it is written in Python.")


def _explain(function, asm):
    code = function.__code__
    lines = [f"{function.__module__}.{function.__qualname__}  ({code.co_filename}:{code.co_firstlineno})"]
    info = _native.record_info(function) if _native else None
    lines += _head(function, info)
    if info is not None:
        lines += _listing(code, info)
        if asm:
            lines += _machine_code(info)
    return "\n".join(lines)


def _head(function, info):
    if info is None:
        marker = vars(function).get("__gophersnake__")
        if _jit._problem:
            return [f"  runs interpreted: {_jit._problem}"]
        if isinstance(marker, _native.Marker) and marker.code is function.__code__ and marker.reason:
            return [f"  runs interpreted: {marker.reason}"]
        return ["  is not jitted"]
    lines = []
    if not info["units"]:
        calls = f"called {info['interpreted']} times, too few to be worth it" if info["interpreted"] else "not called"
        lines.append(f"  not compiled yet: it was {calls}" if not info["reason"] else f"  runs interpreted: {info['reason']}")
    class_at = _class_at()
    for unit, func in _entries(info):
        types = ", ".join(t.__name__ if t is not object else "any" for t in _types(function, func["slots"], class_at))
        notes = ["recording types"] * bool(func["flags"] & RECORDING) + ["for any types"] * bool(func["flags"] & GENERAL)
        lines.append(
            f"  version ({types}): {unit['code_bytes']:,} bytes, compiled in {unit['compile_ns'] / 1e6:.3f} ms, called {_count(func['calls'], 'time')}"
            + "".join(f", {note}" for note in notes)
        )
    entered = [func for unit in info["units"] for func in unit["funcs"] if func["own"] and not func["entry"]]
    if entered:
        lines.append(f"  {len(entered)} more {'entry' if len(entered) == 1 else 'entries'}, in the middle of it, for what guards met")
    if info["units"]:
        lines.append(f"  guards failed {_count(info['exits'], 'time')}, {_count(info['interpreted'], 'call')} ran interpreted, {_count(info['compiles'], 'compile')}")
        if info["reason"]:
            lines.append(f"  the latest compile failed: {info['reason']}")
    return lines


def _saw(site, class_at):
    _, address, flags, _ = site
    cls = class_at(address) if address else None
    words = [f"saw {cls.__name__}" if not flags & POLY else f"saw {cls.__name__} and others"] if cls else []
    words += ["saw int past 64 bits"] * bool(flags & OVERFLOW) + ["saw divisor 0 or -1"] * bool(flags & DIVISOR)
    words += ["saw index out of range"] * bool(flags & RANGE)
    return words


def _listing(code, info):
    """The lines of the source, each with its bytecode, the types met there, and the guards with how often each failed."""
    class_at = _class_at()
    guards, interpreted = {}, set()
    for unit in info["units"]:
        for e in unit["exits"]:
            if e["code"] is not code or e["kind"] in (POLL, RAISE) or e["kind"] in (TOUCHED, RECOMPILE) and not e["count"]:
                continue  # what is no assumption about the code, or was none yet
            here = guards.setdefault(e["raise_off"] * 2, {})  # the bytecode whose operands or result it is about
            here[e["reason"]] = here.get(e["reason"], 0) + e["count"]
            if e["kind"] == INTERPRET and _GUARDS[e["reason"]] == "not compiled":
                interpreted.add(e["off"] * 2)
    sites = {site[0] * 2: site for site in info["profile"]}
    compiled = bool(info["units"])
    instructions = [i for i in dis.get_instructions(code) if i.opname not in _SKIPPED]
    spans, line = [], code.co_firstlineno
    for i in instructions:
        here = i.positions.lineno if i.positions and i.positions.lineno else line
        if not spans or here != line:
            spans.append((here, []))
            line = here
        spans[-1][1].append(i)
    lines = [""]
    for line, part in spans:
        source = linecache.getline(code.co_filename, line).rstrip() if line else ""
        marks = [i.offset for i in part if i.offset in interpreted]
        lines.append(f"{line or '':>5} | {source}" + ("    <- interpreted" if marks else "" if compiled else ""))
        for i in part:
            text = f"{'':8}{i.offset:>5} {i.opname:<24} {i.argrepr}"
            notes = _saw(sites[i.offset], class_at) if i.offset in sites else []
            text += f"  ; {', '.join(notes)}" if notes else ""
            lines.append(text.rstrip())
            for reason, count in guards.get(i.offset, {}).items():
                failed = f"failed {_count(count, 'time')}" if count else "never failed"
                name = _GUARDS[reason] if reason < len(_GUARDS) else f"reason {reason}"
                lines.append(f"{'':14}  ; guard: {name}: {failed}")
    return lines


def _machine_code(info):
    lines = []
    for unit in info["units"]:
        lines += ["", f"Unit at {unit['address']:#x}, {unit['code_bytes']:,} bytes:"]
        try:
            lines.append(_native.describe(unit["address"], "asm").rstrip())
        except (ImportError, _jit.GophersnakeError) as e:
            lines.append(f"  (no listing: {e})")
    return lines
