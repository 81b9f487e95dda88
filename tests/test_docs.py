"""README and documents: links lead somewhere, code runs, commands exist, and what `explain` is said to print it prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import gophersnake
from gophersnake import _explain

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("index.md", "usage.md", "install.md"))]
COMPILES = gophersnake.info()["compiles"]


def blocks(path, language):
    return [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(), re.M | re.S) if name == language]


def prose(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchor(heading):
    """As GitHub and mkdocs make them."""
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text())):
        if "://" in target:
            continue
        file, _, part = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), target
        if part:
            assert part in [anchor(h) for h in re.findall(r"^#+ (.*)$", there.read_text(), re.M)], target


def test_every_document_is_listed():
    listed = (ROOT / "mkdocs.yml").read_text()
    readme = (ROOT / "README.md").read_text()
    for path in DOCUMENTS[1:]:
        assert path.name in listed
        assert path.name == "index.md" or f"](docs/{path.name})" in readme, path.name


@pytest.mark.parametrize("path", GUIDE, ids=lambda p: p.name)
def test_python_runs(path, tmp_path):
    code = "\n\n".join(blocks(path, "python"))
    if not code:
        pytest.skip("no code in it")
    (tmp_path / "code.py").write_text(code)
    ran = subprocess.run([sys.executable, "-W", "error", "code.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0 and not ran.stderr, ran.stderr
    if COMPILES and "print(explain" in code:
        assert "  version (" in ran.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_commands_exist(path):
    """Not run, most take minutes: but what they name is there."""
    extras = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().partition("optional-dependencies]")[2], re.M)
    for line in "\n".join(blocks(path, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words[:1] == ["sh"]:
            assert (ROOT / words[1]).is_file(), line
        elif words[:2] == ["python", "-m"]:
            if words[2].startswith("tests"):
                assert (ROOT / (words[2].replace(".", "/") + ".py")).is_file(), line
            else:
                assert words[2] in ("pytest", "gophersnake"), line
        elif words[:2] == ["go", "test"]:
            for word in words[2:]:
                assert not word.startswith("./") or (ROOT / word.removesuffix("...")).is_dir(), line
        elif words[:2] == ["pip", "install"]:
            for extra in re.findall(r"\[(\w+)\]", line):
                assert extra in extras, line


def numbers_masked(text):
    return re.sub(r"[\d,.]*\d", "#", text)


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the guide shows the bytecode of 3.11")
def test_explain_prints_what_the_guide_shows(tmp_path):
    (shown,) = [b for b in blocks(ROOT / "docs/usage.md", "") if b.startswith("$ cat stats.py")]
    _, source, command, report = re.match(r"\$ (cat stats.py)\n(.*?)^\$ (.*?)\n\n(.*)", shown, re.M | re.S).groups()
    (tmp_path / "stats.py").write_text(source)
    words = [sys.executable, *shlex.split(command)[1:]]
    assert shlex.split(command)[0] == "python"
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "200"})
    assert ran.returncode == 0, ran.stderr
    assert "\n" + numbers_masked(skeleton(ran.stdout.replace(f"{tmp_path}{os.sep}", ""))) == "\n" + numbers_masked(skeleton(report))
    notes = re.findall(r"; guard: (.*): (?:never failed|failed [\d,]+ times?)$", report, re.M)
    assert len(notes) == report.count("; guard") and set(notes) <= set(_explain._GUARDS)


def skeleton(report):
    """Without what changes with the compiler: which guards there are, what was recorded, how many versions."""
    lines = [line.partition("  ; ")[0].rstrip() for line in report.rstrip().splitlines() if not re.match(r"\s+; guard|  version|  \d+ more", line)]
    return "\n".join(lines).replace("times", "time").replace("calls", "call").replace("compiles", "compile")


@pytest.mark.parametrize("table", re.findall(r"^\| guard \|.*?\n\n", (ROOT / "docs/usage.md").read_text(), re.M | re.S))
def test_the_guide_knows_every_guard(table):
    told = re.split(r", |\n\| | \|", table)
    for name in set(_explain._GUARDS) - {"not compiled", "no memory"}:
        assert name in told, name


def test_the_guide_knows_every_variable():
    from gophersnake import _jit

    told = (ROOT / "docs/usage.md").read_text() + (ROOT / "docs/development.md").read_text()
    for name in _jit._VARIABLES:
        assert f"`GOPHERSNAKE_{name}=" in told, name


def test_the_site_has_no_dead_link(tmp_path):
    pytest.importorskip("mkdocs")
    built = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "index.html").is_file() and (tmp_path / "usage.html").is_file()
