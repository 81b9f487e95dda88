"""The contract's numbers: what the C compiler makes of contract.h, beside what pyabi/contract.go says.

pyabi's own test compares the names and values of the enums with the header's text; here are the sizes, which only a C
compiler knows, and that `_native` was built from this very header.
"""

import re
from pathlib import Path

import pytest

from gophersnake import info

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)

from gophersnake import _native

ROOT = Path(__file__).parents[1]
SIZES = {
    "SizeLoc": "gs_loc", "SizeSlot": "gs_slot", "SizeSite": "gs_site", "SizeExit": "gs_exitdesc", "SizeCallSite": "gs_callsite",
    "SizeFunc": "gs_func", "SizeGuess": "gs_guess", "SizeUnit": "gs_unit",
}  # fmt: skip


def test_sizes_of_the_structs():
    text = (ROOT / "pyabi" / "contract.go").read_text()
    constants = _native.constants()
    found = {name: eval(size) for name, size in re.findall(r"^\s*(Size\w+)\s*=\s*([\d*+ ]+)$", text, re.M)}
    assert set(found) <= set(SIZES), "a struct that is not compared"
    assert found
    for name, size in found.items():
        assert constants[f"sizeof.{SIZES[name]}"] == size, name
    tail = int(re.search(r"TailSize\s*=\s*(\d+)$", text, re.M)[1])
    assert constants["sizeof.gs_regs"] in {2 * 8 * registers + tail for registers in (16, 32)}


def test_numbers_of_the_header():
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "pyext" / "native" / "contract.h").read_text(), flags=re.S)
    constants = _native.constants()
    rows = re.findall(r"\b(GS_[A-Z_]+) = (\d+)", text)
    assert len(rows) > 40
    for name, value in rows:
        assert constants[name] == int(value), name
