"""The wheels that are given away: what tools/wheels lets pass, and that nothing of a machine is in them. `sh tools/wheels --twice` is the whole."""

import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

import gophersnake
from gophersnake import _supported

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("wheels_tool", ROOT / "tools/wheels.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(tool):
    """What is in a wheel as it should be."""
    package = ROOT / "python/gophersnake"
    held = {f"gophersnake/{f.name}": f.read_bytes() for f in package.iterdir() if f.suffix in (".py", ".pyi") or f.name == "py.typed"}
    held |= {f"gophersnake/_benchset/{f.relative_to(ROOT / 'bench')}": f.read_bytes() for kind in ("*.py", "c/*") for f in (ROOT / "bench").glob(kind)}
    held |= {f"g-1.dist-info/{name}": b"" for name in ("METADATA", "WHEEL", "RECORD", "top_level.txt", "licenses/LICENSE")}
    held["g-1.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n\n"
    elf = pathlib.Path(shutil.which("true")).resolve().read_bytes()
    return held | {f"gophersnake/{name}.so": elf for name in ("_native", "_compiler")}


def archive(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return path


def test_a_packed_wheel_depends_on_its_files_only(tool, files, tmp_path):
    one = archive(tmp_path / "g-1-cp311-cp311-linux_x86_64.whl", files)
    other = tmp_path / "g-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as z:
        for name in sorted(files, reverse=True):
            info = zipfile.ZipInfo(name, (2031, 5, 6, 7, 8, 9))
            info.external_attr = 0o777 << 16
            z.writestr(info, files[name])
    packed = []
    for wheel in one, other:
        out = tmp_path / f"packed {len(packed)}"
        out.mkdir()
        packed.append(tool.pack(wheel, out, "manylinux_2_28_x86_64", 1_700_000_000))
    assert [wheel.name for wheel in packed] == ["g-1-cp311-cp311-manylinux_2_28_x86_64.whl"] * 2
    assert packed[0].read_bytes() == packed[1].read_bytes()
    assert tool.differences(*packed) == []
    assert tool.problems(packed[0], ROOT, [ROOT]) == []
    with zipfile.ZipFile(packed[0]) as z:
        record = z.read("g-1.dist-info/RECORD").decode().splitlines()
        assert [line.split(",")[0] for line in record] == z.namelist()
        assert z.read("g-1.dist-info/WHEEL") == b"Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n"
        assert {info.date_time for info in z.infolist()} == {(2023, 11, 14, 22, 13, 20)}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"gophersnake/native.c": b""}, "gophersnake/native.c does not belong in it"),
        ({"gophersnake/_travel.py": None}, "gophersnake/_travel.py is not in it"),
        ({"g-1.dist-info/licenses/LICENSE": None}, "g-1.dist-info/licenses/LICENSE is not in it"),
        ({"gophersnake/_compiler.so": None}, "its native code is gophersnake/_native.so"),
        ({"gophersnake/_native.so": b"/home/somebody/build/native.c"}, "gophersnake/_native.so names /home/somebody"),
        ({"gophersnake/__main__.py": bytes(4_000_001)}, "more than 4000000"),
    ],
)
def test_what_is_wrong_with_a_wheel_is_told(tool, files, tmp_path, monkeypatch, change, said):
    changed = {name: data for name, data in (files | change).items() if data is not None}
    monkeypatch.setattr(tool, "needed", lambda data: set())
    (problem,) = tool.problems(archive(tmp_path / "w.whl", changed), ROOT, ["/home/somebody"])
    assert said in problem


def test_a_library_that_not_every_machine_has_is_told(tool, files, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "LIBRARIES", set())
    told = tool.problems(archive(tmp_path / "w.whl", files), ROOT, [])
    assert "gophersnake/_native.so needs libc.so.6" in told


def test_differences_are_named(tool, files, tmp_path):
    one = archive(tmp_path / "one.whl", files)
    other = archive(tmp_path / "other.whl", files | {"gophersnake/_jit.py": b"", "more": b""})
    assert tool.differences(one, other) == ["gophersnake/_jit.py", "more"]


def test_what_is_built_is_what_gets_native_code(tool):
    pairs = {("%d.%d" % v, machine) for machine in _supported.MACHINES for v in _supported.VERSIONS}
    assert set(tool.wanted([])) == pairs and len(tool.wanted([])) == len(pairs)
    assert set(tool.wanted(["3.11"])) == {pair for pair in pairs if pair[0] == "3.11"}
    assert tool.wanted(["3.11-aarch64", "3.11-aarch64"]) == [("3.11", "aarch64")]
    for word in "3.10", "3.11-mips", "cp311":
        with pytest.raises(SystemExit, match=f"{word} cannot be built"):
            tool.wanted([word])


def test_cibuildwheel_builds_them_too():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]["build"]
    assert {f"cp{a}{b}-manylinux_*" for a, b in _supported.VERSIONS} <= set(build)


def test_the_wheel_of_this_python_passes_the_smoke_test():
    """tools/wheels runs it with each wheel; here it is the installed package that must pass."""
    if not gophersnake.info()["compiles"]:
        pytest.skip("this Python gets no native code")
    ran = subprocess.run([sys.executable, str(ROOT / "tools/wheels_smoke.py")], cwd="/", capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0 and ran.stdout.startswith("gophersnake "), ran.stderr
