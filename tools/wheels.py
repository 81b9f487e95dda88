"""Builds, checks and tries the wheels that are given away; run by tools/wheels, which has how.

A wheel is built from the commit alone: from an export of it, with pinned tools, with the commit's time. Another machine's is
compiled with the headers of this machine's CPython of that version: they are the same but for pyconfig.h, where what differs
(assembler for x87, the sign of wchar_t) is nothing that the package reads; the smoke test imports the result, which compares the
layout of objects with what was compiled.
"""

import argparse
import base64
import csv
import hashlib
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "build" / "wheels"
SMOKE = ROOT / "tools" / "wheels_smoke.py"
GLIBC = (2, 28)
LARGEST = 4_000_000
# What builds is pinned, because it writes its version into the wheel.
BUILD_TOOLS = ["setuptools==84.2.1", "pybindgen==0.22.1"]
# What native code may need of a machine; all of it is glibc.
LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def stop(sentence):
    raise SystemExit(f"tools/wheels: {sentence}")


def run(*command, **options):
    """Its output; the end, with the output, if it fails."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        stop(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.stdout


def supported():
    """The versions and the machines that get native code."""
    known = runpy.run_path(str(ROOT / "python/gophersnake/_supported.py"))
    return ["%d.%d" % version for version in known["VERSIONS"]], list(known["MACHINES"])


def wanted(words):
    """The (version, machine) that the command line asks for."""
    versions, machines = supported()
    chosen = []
    for word in words:
        version, _, machine = word.partition("-")
        if version not in versions or machine and machine not in machines:
            stop(f"{word} cannot be built: versions are {', '.join(versions)}, machines {' and '.join(machines)}, as in 3.11-x86_64")
        chosen += [(version, m) for m in ([machine] if machine else machines) if (version, m) not in chosen]
    return chosen or [(version, machine) for version in versions for machine in machines]


def find_pythons(versions):
    """{version: path}, with what is missing unpacked where that can be done."""
    for option in [], ["--install"]:
        lines = run("sh", ROOT / "tools/pythons", *option).splitlines()
        found = dict(line.split(" ", 1) for line in lines if re.match(r"3\.\d+ /", line))
        if set(versions) <= set(found):
            break
    return found


def export(folder):
    """The files of the commit."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
    return folder


def environment(version, machine, cache):
    """The variables that make setup.py build for that machine and that glibc. An empty cache shows that no wheel depends on what was in one."""
    zig = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages", "ziglang", "zig")
    cc = f"{zig} cc -target {machine}-linux-gnu.{'.'.join(map(str, GLIBC))}"
    env = {name: value for name, value in os.environ.items() if name not in ("CFLAGS", "LDFLAGS", "CPPFLAGS", "PYTHONPATH", "GOFLAGS")}
    return {
        **env,
        **({"ZIG_GLOBAL_CACHE_DIR": f"{cache}/zig", "GOCACHE": f"{cache}/go"} if cache else {}),
        "CC": cc,
        "LDSHARED": f"{cc} -shared -s",
        "SOURCE_DATE_EPOCH": str(commit_time()),
        "_PYTHON_HOST_PLATFORM": f"linux-{machine}",
        "SETUPTOOLS_EXT_SUFFIX": f".cpython-{version.replace('.', '')}-{machine}-linux-gnu.so",
        "GOTOOLCHAIN": "local",
    }


def build(python, version, machine, source, cache, out):
    """The wheel as it is given away."""
    tools = HERE / "tools" / version
    if not (tools / "ready").exists():
        run(python, "-m", "venv", "--clear", tools)
        run(tools / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *BUILD_TOOLS)
        (tools / "ready").touch()
    with tempfile.TemporaryDirectory() as raw, tempfile.TemporaryDirectory() as repaired:
        options = ["--no-build-isolation", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "-w", raw]
        run(tools / "bin/python", "-m", "pip", "wheel", *options, source, env=environment(version, machine, cache))
        (linux,) = Path(raw).iterdir()
        # It finds the oldest glibc that has all symbols, and refuses other libraries and instructions of newer processors.
        run("auditwheel", "repair", "-w", repaired, linux)
        (audited,) = Path(repaired).iterdir()
        oldest = tuple(map(int, re.search(r"manylinux_(\d+)_(\d+)_", audited.name).groups()))
        if oldest > GLIBC:
            stop(f"{audited.name} needs glibc {oldest[0]}.{oldest[1]}")
        out.mkdir(parents=True, exist_ok=True)
        return pack(audited, out, f"manylinux_{GLIBC[0]}_{GLIBC[1]}_{machine}", commit_time())


def commit_time():
    return int(run("git", "log", "-1", "--format=%ct", cwd=ROOT))


def pack(wheel, folder, platform, seconds):
    """The same wheel for that platform, with nothing of this machine in the archive: sorted, one time, two modes. An older glibc than
    GLIBC is not let in although it has the symbols: the compiler relies on what pow() of that one gives."""
    with zipfile.ZipFile(wheel) as z:
        files = {name: z.read(name) for name in z.namelist() if not name.endswith("/")}
    out = folder / f"{wheel.stem.rpartition('-')[0]}-{platform}.whl"
    tags = next(name for name in files if name.endswith(".dist-info/WHEEL"))
    lines = [line for line in files[tags].decode().splitlines() if line and not line.startswith("Tag:")]
    files[tags] = "\n".join([*lines, f"Tag: {'-'.join(out.stem.split('-')[2:])}", ""]).encode()
    record = next(name for name in files if name.endswith(".dist-info/RECORD"))
    order = sorted(files, key=lambda name: (name.partition("/")[0].endswith(".dist-info"), name))
    rows = io.StringIO()
    write = csv.writer(rows, lineterminator="\n").writerow
    for name in order:
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
        write((name, "", "") if name == record else (name, f"sha256={digest}", len(files[name])))
    files[record] = rows.getvalue().encode()
    when = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name in order:
            info = zipfile.ZipInfo(name, when)
            info.create_system = 3  # Unix, whose modes these are
            info.external_attr = (0o100755 if name.endswith(".so") else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, files[name])
    return out


def problems(wheel, source, folders):
    """What is wrong with a wheel of that source, as sentences. folders: those that must not be named in it."""
    found = []
    size = wheel.stat().st_size
    if size > LARGEST:
        found.append(f"it has {size} bytes, more than {LARGEST}")
    with zipfile.ZipFile(wheel) as z:
        files = {name: z.read(name) for name in z.namelist()}
    metadata = next(name.partition("/")[0] for name in files if ".dist-info/" in name)
    wanted = {f"gophersnake/{f.name}" for pattern in ("*.py", "*.pyi", "py.typed") for f in (source / "python/gophersnake").glob(pattern)}
    wanted |= {f"gophersnake/_benchset/{f.relative_to(source / 'bench').as_posix()}" for pattern in ("*.py", "c/*") for f in (source / "bench").glob(pattern)}
    wanted |= {f"{metadata}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE", "top_level.txt")}
    objects = {name for name in files if name.endswith(".so")}
    if sorted(Path(name).name.partition(".")[0] for name in objects) != ["_compiler", "_native"]:
        found.append(f"its native code is {', '.join(sorted(objects)) or 'nothing'}")
    found += [f"{name} does not belong in it" for name in sorted(set(files) - wanted - objects)]
    found += [f"{name} is not in it" for name in sorted(wanted - set(files))]
    for name in sorted(objects):
        found += [f"{name} names {folder}" for folder in folders if str(folder).encode() in files[name]]
        found += [f"{name} needs {library}" for library in sorted(needed(files[name]) - LIBRARIES)]
    return found


def needed(data):
    """The libraries that an object asks for."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        lines = run(shutil.which("readelf") or stop("readelf is missing: apt-get install binutils"), "-dW", f.name).splitlines()
    return {line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line}


def differences(one, other):
    """The files of two wheels that are not the same; [] if the wheels are."""
    if one.read_bytes() == other.read_bytes():
        return []
    with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
        names = sorted(set(a.namelist()) | set(b.namelist()))
        return [n for n in names if n not in a.namelist() or n not in b.namelist() or a.read(n) != b.read(n)] or ["the archive itself"]


def smoke(wheel, python, version, machine):
    """What the wheel does when it is installed on the machine that it is for: a sentence, of which "not" says that it was not tried."""
    with tempfile.TemporaryDirectory() as folder:
        if machine == os.uname().machine:
            run(python, "-m", "venv", folder)
            run(f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel)
            return run(f"{folder}/bin/python", SMOKE, cwd=folder).strip()
        emulator = shutil.which(f"qemu-{machine}-static")
        if not emulator:
            return f"not tried: qemu-{machine}-static is missing (apt-get install qemu-user-static)"
        root = ROOT / "build" / f"arm64-{version}" / "root"
        unpacked = subprocess.run(["sh", ROOT / "tools/debian_python", root, version.partition(".")[2], "arm64"], stderr=subprocess.PIPE, text=True)
        if unpacked.returncode:
            return f"not tried: {unpacked.stderr.strip().splitlines()[-1]}"
        platform = ["--platform", f"manylinux_{GLIBC[0]}_{GLIBC[1]}_{machine}", "--python-version", version, "--implementation", "cp", "--only-binary=:all:"]
        run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-compile", *platform, "--target", folder, wheel)
        env = {**os.environ, "PYTHONPATH": folder, "QEMU_CPU": "cortex-a72"}
        return run(emulator, "-L", root, root / f"usr/bin/python{version}", SMOKE, cwd=folder, env=env).strip()


def main(words):
    parser = argparse.ArgumentParser(prog="sh tools/wheels")
    parser.add_argument("wheel", nargs="*", help="3.12, or 3.12-aarch64; nothing: all that get native code")
    parser.add_argument("--twice", action="store_true", help="each once more, in another folder and with empty caches, and compare")
    chosen = parser.parse_args(words)
    if subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode:
        print("tools/wheels: what is not committed is not in the wheels", file=sys.stderr)
    pairs = wanted(chosen.wheel)
    pythons = find_pythons([version for version, _ in pairs])
    out = HERE / "dist"
    shutil.rmtree(out, ignore_errors=True)
    source = export(HERE / "source")
    again = Path(tempfile.mkdtemp(prefix="wheels again ")) if chosen.twice else None
    bad = 0
    try:
        for version, machine in pairs:
            if version not in pythons:
                print(f"{version}-{machine}: there is no CPython {version} here, and it could not be unpacked", flush=True)
                bad += 1
                continue
            begin = time.perf_counter()
            wheel = build(pythons[version], version, machine, source, None, out)
            seconds = time.perf_counter() - begin
            wrong = problems(wheel, source, [source, HERE, ROOT, Path.home(), sys.prefix])
            told = "" if wrong else smoke(wheel, pythons[version], version, machine)
            if again:
                second = build(pythons[version], version, machine, export(again / "another folder"), again / "cache", again / "dist")
                wrong += [f"{name} was another one in a second build" for name in differences(wheel, second)]
            bad += bool(wrong)
            print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, {seconds:.0f} s; {'; '.join(wrong) or told}{', the same twice' if again and not wrong else ''}", flush=True)
    finally:
        if again:
            shutil.rmtree(again)
    print(f"{len(pairs) - bad} of {len(pairs)} wheels in {out}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
