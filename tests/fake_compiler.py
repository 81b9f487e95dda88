"""A compiler that makes tiny stubs by hand, so that attaching, dispatch and the life of units are tested without Go.

Its stubs compare the class of each argument with the one that the compile was asked for, and answer with an object chosen by
the test. `install(answer)` puts it in the place of the real one; that works once a process, before the first compile.
"""

import ctypes
import mmap
import os
import struct

from gophersnake import _load

MAGIC = 0x6772736E616B6531
KINDS = {7: int, 8: float, 5: bool, 6: type(None)}


class FakeCompiler:
    def __init__(self, answer):
        self.answer = answer  # (callable, [(kind, word)], mode, off) → the object that the stub returns, or None: cannot be compiled
        self.units = {}
        self.released = []
        self.requests = []
        self.flags = 0
        self.embed = []  # objects that the next units hold
        self.error = "the fake does not want to"
        self.before_return = None
        self.room = True

    def pyext_Init(self, header):
        assert ctypes.c_uint64.from_address(header).value == 0x3164686962617367
        return ""

    def pyext_SetDump(self, stages):
        return ""

    def pyext_LastError(self):
        return self.error

    def pyext_Describe(self, unit, what):
        return f"{what} of a unit" if unit in self.units else ""

    def pyext_Release(self, unit):
        del self.units[unit]
        self.released.append(unit)
        return True

    def pyext_Compile(self, address, size):
        snapshot = ctypes.string_at(address, size)
        mode, off, nlocals, nstack, _, callable_, record = struct.unpack_from("<IIIIIQQ", snapshot, 20)
        slots_at, nslots = struct.unpack_from("<II", snapshot, 56)
        rows = [struct.unpack_from("<BBHIQQQ", snapshot, slots_at + 32 * i) for i in range(nslots)]
        function = ctypes.cast(callable_, ctypes.py_object).value
        kinds = [(row[0], row[1], row[4]) for row in rows]
        self.requests.append((function.__name__, mode, off, kinds))
        result = self.answer(function, kinds, mode, off)
        if self.before_return:
            self.before_return()
        if result is None:
            return 0
        if not self.room:
            return 1
        return self._unit(function, record, kinds, result, off)

    def _unit(self, function, record, kinds, result, off):
        code = function.__code__
        n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        objects = [result, *self.embed]
        # Layout of the data: unit, func, slots, objects.
        unit_size, func_size, slot_size = 160, 80, 16
        data = ctypes.create_string_buffer(unit_size + func_size + slot_size * len(kinds) + 8 * len(objects) + 64)
        base = ctypes.addressof(data)
        func_at = base + unit_size
        slots_at = func_at + func_size
        objects_at = slots_at + slot_size * len(kinds)
        for i, (kind, owned, word) in enumerate(kinds):
            ncomp = {0: 0, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0, 7: 2, 8: 2}[kind]
            klass = id(type(ctypes.cast(word, ctypes.py_object).value)) if kind == 1 else 0
            struct.pack_into("<BBBBIQ", data, slots_at - base + slot_size * i, kind, owned, ncomp, 0, 0, klass)
        for i, o in enumerate(objects):
            struct.pack_into("<Q", data, objects_at - base + 8 * i, id(o))
        stub = self._stub_arm64 if os.uname().machine == "aarch64" else self._stub_x86
        text = stub(kinds[:n], id(result), func_at)
        memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        memory.write(text)
        entry = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        # Not executable before: so the kernel tells the instruction caches.
        if ctypes.CDLL(None).mprotect(ctypes.c_void_p(entry), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC):
            raise OSError("no executable memory")
        struct.pack_into(
            "<QIIIIIIQQQQQII", data, func_at - base, record, off, self.flags, len(kinds), 0, 0, 0, 0, 0, entry, 0, 0, 0, len(text)
        )
        struct.pack_into(
            "<QQQQ QQ QQ QQ QQ QQ QQ QQ", data, 0, MAGIC, entry, len(text), len(data), func_at, 1, 0, 0, slots_at, len(kinds), 0, 0, 0, 0,
            objects_at, len(objects), 1000, 1,
        )  # fmt: skip
        self.kept = objects  # until the runtime has its own references
        self.units[base] = (memory, data)
        return base

    @staticmethod
    def _stub_arm64(kinds, result, func_at):
        """ldr x4,[x1,8i]; ldr x4,[x4,8]; x5 = class; cmp; b.ne miss ...; count the call; return the result."""

        def move(register, value):  # movz, and a movk for each other part
            parts = [value >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
            return [(0xF2800000 if i else 0xD2800000) | i << 21 | part << 5 | register for i, part in enumerate(parts)]

        def count(register):  # the word at [register] + 1, by way of x5
            return [0xF9400005 | register << 5, 0x910004A5, 0xF9000005 | register << 5]

        n = len(kinds)
        checks = [0xB5000003, 0x9240F444, 0xF100009F | n << 10, None]  # cbnz x3; and x4, x2, 2**62 - 1; cmp x4, n
        for i, (kind, _, word) in enumerate(kinds):
            klass = KINDS.get(kind) or type(ctypes.cast(word, ctypes.py_object).value)
            checks += [0xF9400024 | i << 10, 0xF9400484, *move(5, id(klass)), 0xEB05009F, None]
        tail = [*move(4, func_at + 64), *count(4), *move(0, result), *count(0), 0xD65F03C0]
        miss = [*move(4, func_at + 56), 0xF9400084, 0xD61F0080]
        to = len(checks) + len(tail)
        checks = [0x54000001 | (to - i) << 5 if c is None else c for i, c in enumerate(checks)]  # b.ne
        checks[0] |= to << 5
        return struct.pack(f"<{to + len(miss)}I", *checks, *tail, *miss)

    @staticmethod
    def _stub_x86(kinds, result, func_at):
        """mov rax,[rsi+8i]; mov rax,[rax+8]; mov r10,class; cmp; jne miss ...; count the call; return the result."""
        checks = b""
        tail = b"\x48\xb9" + struct.pack("<Q", func_at + 64) + b"\x48\xff\x01"  # calls++
        tail += b"\x48\xb8" + struct.pack("<Q", result) + b"\x48\xff\x00\xc3"  # rax = result; its count + 1; ret
        miss = b"\x48\xb8" + struct.pack("<Q", func_at + 56) + b"\xff\x20"  # jmp [next]
        parts = [b"\x48\x85\xc9"]  # test rcx, rcx: keyword names
        parts += [b"\x48\x0f\xba\xf2\x3f\x48\x0f\xba\xf2\x3e\x48\x81\xfa" + struct.pack("<I", len(kinds))]  # btr rdx,63 and 62; cmp rdx, n
        for i, (kind, _, word) in enumerate(kinds):
            klass = KINDS.get(kind) or type(ctypes.cast(word, ctypes.py_object).value)
            load = b"\x48\x8b\x86" + struct.pack("<I", 8 * i) + b"\x48\x8b\x40\x08"
            parts.append(load + b"\x49\xba" + struct.pack("<Q", id(klass)) + b"\x4c\x39\xd0")
        total = sum(len(p) + 6 for p in parts)
        for p in parts:
            checks += p + b"\x0f\x85" + struct.pack("<i", total - len(checks) - len(p) - 6 + len(tail))
        return checks + tail + miss


def install(answer):
    fake = FakeCompiler(answer)
    _load.compiler = lambda: fake
    return fake
