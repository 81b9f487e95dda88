"""CPython's own tests, plain and with every function of the tests and of what they test jitted.

    python -m tests.run_stdlib [--more] [--rounds 3] [--verify] [--record] [test_heapq ...]

Each module runs in two processes of its own, and each of its tests must end the same way in both. A test that
crashes or hangs its process is named, and the rest is run without it. `--verify` has the compiler check itself between
all passes; `--record` writes what came out into docs/stdlib-tests.md (for versions after 3.11, stdlib-tests-VERSION.md).
"""

import argparse
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.stdlib_known import KNOWN

ROOT = Path(__file__).resolve().parents[1]

# The test module -> the modules in Python that it tests; packages with all that is in them.
MODULES = {
    "test_grammar": [],
    "test_int": [],
    "test_float": [],
    "test_bool": [],
    "test_range": [],
    "test_list": ["test.list_tests", "test.seq_tests"],
    "test_tuple": ["test.seq_tests"],
    "test_dict": ["test.mapping_tests"],
    "test_iter": [],
    "test_generators": [],
    "test_exceptions": [],
    "test_raise": [],
    "test_with": [],
    "test_scope": [],
    "test_extcall": [],
    "test_heapq": ["heapq"],
    "test_bisect": ["bisect"],
    "test_statistics": ["statistics", "fractions", "random", "heapq", "bisect"],
    "test_fractions": ["fractions"],
    "test_random": ["random"],
    "test_sys_settrace": [],
    "test_inspect": ["inspect", "test.inspect_fodder", "test.inspect_fodder2"],
    "test_functools": ["functools"],
    "test_typing": ["typing"],
}
# More of the same, which takes minutes: --more.
MORE = dict.fromkeys(
    """test_abstract_numbers test_array test_asyncgen test_atexit test_augassign test_baseexception test_binop
    test_buffer test_builtin test_call test_capi test_class test_cmath test_code test_coroutines test_compare test_compile
    test_complex test_contains test_context test_crypt test_decorators test_defaultdict test_descr
    test_descrtut test_dictcomps test_dictviews test_dict_version test_dynamic test_dynamicclassattribute
    test_enumerate test_except_star test_exception_group test_exception_hierarchy test_exception_variations test_file
    test_fileio test_finalization test_flufl test_format test_frame test_fstring test_funcattrs test_gc test_generator_stop
    test_genericalias test_genericclass test_genexps test_global test_hash test_import test_importlib test_index
    test_int_literal test_isinstance test_iterlen test_itertools test_keywordonlyarg test_listcomps test_long
    test_longexp test_math test_memoryview test_metaclass test_module test_named_expressions test_opcache
    test_opcodes test_patma test_peepholer test_pep646_syntax test_picklebuffer test_positional_only_arg test_pow
    test_print test_property test_pyexpat test_richcmp test_set test_setcomps test_signal test_slice
    test_sort test_string_literals test_strtod test_struct test_structseq test_subclassinit test_super
    test_support test_syntax test_sys test_sys_setprofile test_thread test_threadsignals test_time
    test_type_annotations test_type_cache test_type_comments test_typechecks test_unary test_unicodedata
    test_univnewlines test_unpack test_unpack_ex test_yield_from test_zlib test_zoneinfo
    test___all__ test__locale test__opcode test__xxsubinterpreters test_audioop test_audit test_bigmem test_bufio
    test_c_locale_coercion test_cmd_line test_cmd_line_script
    test_embed test_epoll test_errno test_faulthandler test_fcntl test_file_eintr
    test_fileutils test_frozen test_getpath test_grp test_interpreters test_largefile
    test_multiprocessing_main_handling test_openpty test_peg_generator test_poll test_popen test_pwd test_readline test_regrtest
    test_repl test_resource test_script_helper test_source_encoding test_spwd test_stable_abi_ctypes test_sundry test_syslog test_termios
    test_monitoring test_type_aliases test_type_params test_tools test_turtle test_unicode_file_functions test_utf8_mode test_utf8source test_xxlimited test_xxtestfuzz test_zipimport_support""".split(),
    (),
) | {
    "test_asyncio": ["asyncio"],
    "test_json": ["json"],
    "test_tomllib": ["tomllib"],
    "test_zoneinfo": ["zoneinfo"],
    "test_sqlite3": ["sqlite3"],
    "test_email": ["email"],
    "test_ctypes": ["ctypes.test"],
    "test_unittest": ["unittest.test"],
    "test_abc": ["abc", "_py_abc"],
    "test_argparse": ["argparse"],
    "test_ast": ["ast"],
    "test_base64": ["base64"],
    "test_bdb": ["bdb"],
    "test_bytes": ["test.list_tests", "test.seq_tests", "test.string_tests"],
    "test_calendar": ["calendar"],
    "test_cmd": ["cmd"],
    "test_codecs": ["codecs"],
    "test_codeop": ["codeop"],
    "test_collections": ["collections", "_collections_abc"],
    "test_colorsys": ["colorsys"],
    "test_configparser": ["configparser"],
    "test_contextlib": ["contextlib"],
    "test_contextlib_async": ["contextlib"],
    "test_copy": ["copy", "copyreg"],
    "test_copyreg": ["copyreg"],
    "test_cprofile": ["cProfile", "test.profilee"],
    "test_csv": ["csv"],
    "test_dataclasses": ["dataclasses"],
    "test_datetime": ["datetime", "test.datetimetester", "_strptime"],
    "test_decimal": ["_pydecimal", "decimal"],
    "test_deque": ["test.seq_tests"],
    "test_difflib": ["difflib"],
    "test_doctest": ["doctest"],
    "test_enum": ["enum"],
    "test_filecmp": ["filecmp"],
    "test_fileinput": ["fileinput"],
    "test_fnmatch": ["fnmatch"],
    "test_getopt": ["getopt"],
    "test_gettext": ["gettext"],
    "test_glob": ["glob"],
    "test_graphlib": ["graphlib"],
    "test_gzip": ["gzip"],
    "test_hmac": ["hmac"],
    "test_html": ["html"],
    "test_htmlparser": ["html.parser", "_markupbase"],
    "test_http_cookiejar": ["http.cookiejar"],
    "test_http_cookies": ["http.cookies"],
    "test_io": ["_pyio"],
    "test_ipaddress": ["ipaddress"],
    "test_keyword": ["keyword"],
    "test_linecache": ["linecache"],
    "test_locale": ["locale"],
    "test_logging": ["logging"],
    "test_mailbox": ["mailbox"],
    "test_memoryio": ["_pyio"],
    "test_mimetypes": ["mimetypes"],
    "test_minidom": ["xml.dom.minidom"],
    "test_netrc": ["netrc"],
    "test_ntpath": ["ntpath", "genericpath"],
    "test_numeric_tower": ["numbers", "fractions"],
    "test_operator": ["operator"],
    "test_optparse": ["optparse"],
    "test_ordered_dict": ["collections", "test.mapping_tests"],
    "test_pathlib": ["pathlib"],
    "test_pickle": ["pickle", "test.pickletester"],
    "test_pickletools": ["pickletools", "test.pickletester"],
    "test_pkgutil": ["pkgutil"],
    "test_plistlib": ["plistlib"],
    "test_posixpath": ["posixpath", "genericpath", "test.test_genericpath"],
    "test_pprint": ["pprint"],
    "test_profile": ["profile", "pstats", "test.profilee"],
    "test_pulldom": ["xml.dom.pulldom"],
    "test_pyclbr": ["pyclbr"],
    "test_pydoc": ["pydoc"],
    "test_queue": ["queue"],
    "test_quopri": ["quopri"],
    "test_re": ["re"],
    "test_reprlib": ["reprlib"],
    "test_rlcompleter": ["rlcompleter"],
    "test_runpy": ["runpy"],
    "test_sax": ["xml.sax"],
    "test_sched": ["sched"],
    "test_secrets": ["secrets"],
    "test_selectors": ["selectors"],
    "test_shelve": ["shelve"],
    "test_shlex": ["shlex"],
    "test_shutil": ["shutil"],
    "test_stat": ["stat"],
    "test_string": ["string"],
    "test_stringprep": ["stringprep"],
    "test_strptime": ["_strptime"],
    "test_symtable": ["symtable"],
    "test_tarfile": ["tarfile"],
    "test_tempfile": ["tempfile"],
    "test_textwrap": ["textwrap"],
    "test_threading": ["threading", "test.lock_tests"],
    "test_threading_local": ["_threading_local"],
    "test_timeit": ["timeit"],
    "test_tokenize": ["tokenize"],
    "test_trace": ["trace"],
    "test_traceback": ["traceback", "linecache"],
    "test_tracemalloc": ["tracemalloc"],
    "test_types": [],
    "test_ucn": [],
    "test_unicode": ["test.string_tests"],
    "test_unparse": ["ast"],
    "test_urllib": ["urllib.request", "urllib.parse"],
    "test_urlparse": ["urllib.parse"],
    "test_userdict": ["collections", "test.mapping_tests"],
    "test_userlist": ["collections", "test.list_tests", "test.seq_tests"],
    "test_userstring": ["collections", "test.string_tests"],
    "test_uuid": ["uuid"],
    "test_warnings": ["warnings"],
    "test_weakref": ["weakref", "_weakrefset", "test.mapping_tests"],
    "test_weakset": ["_weakrefset"],
    "test_xml_etree": ["xml.etree"],
    "test_xmlrpc": ["xmlrpc.client"],
    "test_zipfile": ["zipfile"],
    "test_aifc": ["aifc", "chunk"],
    "test_asynchat": ["asynchat", "asyncore"],
    "test_asyncore": ["asyncore"],
    "test_binascii": [],
    "test_bz2": ["bz2"],
    "test_cgi": ["cgi"],
    "test_cgitb": ["cgitb"],
    "test_code_module": ["code"],
    "test_compileall": ["compileall"],
    "test_docxmlrpc": ["xmlrpc.server"],
    "test_dbm_dumb": ["dbm"],
    "test_ftplib": ["ftplib"],
    "test_future_stmt": [],
    "test_genericpath": ["genericpath"],
    "test_getpass": ["getpass"],
    "test_httplib": ["http.client"],
    "test_httpservers": ["http.server", "http.cookies"],
    "test_imaplib": ["imaplib"],
    "test_imghdr": ["imghdr"],
    "test_lib2to3": ["lib2to3"],
    "test_lzma": ["lzma"],
    "test_mailcap": ["mailcap"],
    "test_marshal": [],
    "test_mmap": [],
    "test_modulefinder": ["modulefinder"],
    "test_multibytecodec": [],
    "test_nntplib": ["nntplib"],
    "test_os": ["os"],
    "test_pdb": ["pdb", "bdb", "cmd"],
    "test_pipes": ["pipes"],
    "test_pkg": [],
    "test_platform": ["platform"],
    "test_poplib": ["poplib"],
    "test_posix": [],
    "test_pstats": ["pstats"],
    "test_py_compile": ["py_compile"],
    "test_robotparser": ["urllib.robotparser"],
    "test_select": [],
    "test_site": [],
    "test_smtpd": ["smtpd"],
    "test_smtplib": ["smtplib", "smtpd"],
    "test_sndhdr": ["sndhdr"],
    "test_socket": ["socket"],
    "test_strftime": [],
    "test_subprocess": ["subprocess"],
    "test_sunau": ["sunau"],
    "test_sysconfig": ["sysconfig"],
    "test_telnetlib": ["telnetlib"],
    "test_threadedtempfile": [],
    "test_timeout": [],
    "test_unicode_file": [],
    "test_unicode_identifiers": [],
    "test_urllib2": ["urllib.request"],
    "test_urllib_response": ["urllib.response"],
    "test_uu": ["uu"],
    "test_wave": ["wave"],
    "test_webbrowser": ["webbrowser"],
    "test_wsgiref": ["wsgiref"],
    "test_xdrlib": ["xdrlib"],
    "test_xml_dom_minicompat": ["xml.dom.minicompat"],
    "test_zipapp": ["zipapp"],
    "test_zipimport": [],
    "test_ssl": ["ssl"],
    "test_codeccallbacks": [],
    "test_charmapcodec": [],
    "test_eof": [],
    "test__osx_support": ["_osx_support"],
    "test_codecencodings_cn": ["test.multibytecodec_support"],
    "test_codecencodings_hk": ["test.multibytecodec_support"],
    "test_codecencodings_iso2022": ["test.multibytecodec_support"],
    "test_codecencodings_jp": ["test.multibytecodec_support"],
    "test_codecencodings_kr": ["test.multibytecodec_support"],
    "test_codecencodings_tw": ["test.multibytecodec_support"],
    "test_dbm": ["dbm"],
    "test_dis": ["dis"],
    "test_distutils": ["distutils"],
    "test_ensurepip": ["ensurepip"],
    "test_fork1": ["test.fork_wait"],
    "test_hashlib": ["hashlib"],
    "test_imp": ["imp"],
    "test_pty": ["pty"],
    "test_tabnanny": ["tabnanny"],
    "test_tty": ["tty"],
    "test_urllib2_localnet": ["urllib"],
    "test_venv": ["venv"],
    "test_wait3": ["test.fork_wait"],
    "test_wait4": ["test.fork_wait"],
    "test_xml_etree_c": ["test.test_xml_etree"],
    "test_idle": ["idlelib"],
}
# Of these, what CI runs besides: each takes a second or two.
SHARE = """
    test_augassign test_baseexception test_binop test_builtin test_call test_class test_cmath test_code test_compare test_complex
    test_contains test_decorators test_defaultdict test_descrtut test_dictcomps test_dictviews test_dict_version test_dynamic
    test_dynamicclassattribute test_enumerate test_except_star test_exception_group test_exception_hierarchy
    test_exception_variations test_fileio test_format test_frame test_fstring test_funcattrs test_genericalias test_genericclass
    test_index test_isinstance test_iterlen test_keywordonlyarg test_named_expressions test_opcache test_opcodes test_picklebuffer
    test_positional_only_arg test_print test_property test_pyexpat test_richcmp test_sort test_structseq test_subclassinit
    test_super test_syntax test_sys_setprofile test_type_annotations test_type_comments test_typechecks test_univnewlines
    test_yield_from test_abc test_base64 test_cmd test_codeop test_colorsys test_contextlib test_contextlib_async test_copy
    test_copyreg test_csv test_filecmp test_fileinput test_fnmatch test_getopt test_gettext test_glob test_graphlib test_hmac
    test_html test_http_cookies test_keyword test_linecache test_locale test_memoryio test_mimetypes test_netrc test_operator
    test_pkgutil test_pulldom test_reprlib test_secrets test_shlex test_stat test_stringprep test_symtable test_textwrap
    test_timeit test_types test_ucn test_userdict test_userlist test_sndhdr test_sunau test_unicode_file test_urllib_response
    test_wave test_xdrlib test_xml_dom_minicompat test_codeccallbacks
""".split()
SECONDS = int(os.environ.get("STDLIB_SECONDS", 300))  # for one module in one process
RESTARTS = 8


def child(module, jitted, out, skipped, rounds):
    """Runs one module here; writes a line when a test begins and one when it ends."""
    import faulthandler
    import unittest

    import gophersnake

    from tests import jit_import_hook

    # Where it hangs, a moment before it is killed; where it crashes. Tests of the faulthandler itself end this.
    faulthandler.enable()
    faulthandler.dump_traceback_later(SECONDS - 5, exit=False)

    names = [f"test.{module}", *(MODULES | MORE)[module]]
    if jitted:
        jit_import_hook.install(names, gophersnake.jit)
    # What was imported on the way here is imported anew, in the plain process, too.
    for name in [n for n in sys.modules if jit_import_hook.covered(n, names)]:
        del sys.modules[name]
    import test.support

    test.support.use_resources = ()
    test.support.verbose = 0
    report = open(out, "a", buffering=1)
    counts = {}

    def identity(case):
        name = case.id() if callable(getattr(case, "id", None)) else str(case)
        # Some cases share a name; they run in the same order in both processes.
        return name if counts.get(name, 0) < 2 else f"{name}#{counts[name]}"

    class Result(unittest.TestResult):
        def startTest(self, case):
            super().startTest(case)
            counts[case.id()] = counts.get(case.id(), 0) + 1
            report.write(f"begin\t{identity(case)}\n")

        def told(self, case, outcome, detail=""):
            report.write(f"end\t{identity(case)}\t{outcome}\t{json.dumps(detail)}\n")

        def addSuccess(self, case):
            self.told(case, "ok")

        def addFailure(self, case, error):
            self.told(case, "fail", self._exc_info_to_string(error, case))

        def addError(self, case, error):
            self.told(case, "error", self._exc_info_to_string(error, case) if hasattr(case, "failureException") else str(error[1]))

        def addSkip(self, case, reason):
            self.told(case, "skip")

        def addExpectedFailure(self, case, error):
            self.told(case, "expected failure")

        def addUnexpectedSuccess(self, case):
            self.told(case, "unexpected success")

        def addSubTest(self, case, subtest, error):
            if error is not None:
                self.told(case, "fail", f"{subtest}: {self._exc_info_to_string(error, case)}")

    def flat(suite):
        for part in suite:
            if isinstance(part, unittest.TestSuite):
                yield from flat(part)
            else:
                yield part

    # What runs once is recorded, and compiled in its second round.
    tests = importlib.import_module(f"test.{module}")
    suites = [unittest.defaultTestLoader.loadTestsFromModule(tests) for _ in range(rounds)]
    skipped = set(skipped)
    seen = {}
    for case in [case for suite in suites for case in flat(suite)]:
        name = case.id()
        seen[name] = seen.get(name, 0) + 1
        if (name if seen[name] < 2 else f"{name}#{seen[name]}") in skipped:
            setattr(case, case._testMethodName, lambda: case.skipTest("it ended the process before"))
    for suite in suites:
        suite.run(Result())
    faulthandler.cancel_dump_traceback_later()
    report.write(f"stats\t{json.dumps(gophersnake.stats())}\n")
    import threading

    if any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate()):
        os._exit(0)  # a test that failed has left a thread that waits for ever


def run(module, jitted, rounds, verify=False):
    """({test: [(outcome, detail)]}, statistics) of a module, as often restarted as tests end its process."""
    outcomes = {}
    statistics = {}
    ended = []
    for _ in range(RESTARTS):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "report")
            words = ["--child", module, "--out", out, "--rounds", str(rounds), *(["--jit"] if jitted else []), *(f"--skip={name}" for name in ended)]
            watched = {"GOPHERSNAKE_VERIFY": "1", "GOPHERSNAKE_LOG": "compile"} if verify else {}
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "tests.run_stdlib", *words],
                    cwd=folder,
                    env={**os.environ, **watched, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    timeout=SECONDS,
                )
                how = f"ended the process by {signal.Signals(-done.returncode).name}" if done.returncode < 0 else f"exit status {done.returncode}"
                code, output = done.returncode, done.stdout
            except subprocess.TimeoutExpired as e:
                how, code, output = f"took more than {SECONDS} seconds", 1, (e.output or b"").decode(errors="replace")
            fresh, at = {}, None
            for line in Path(out).read_text().splitlines() if os.path.exists(out) else ():
                kind, *fields = line.split("\t")
                if kind == "begin":
                    at = fields[0]
                elif kind == "end":
                    fresh.setdefault(fields[0], []).append((fields[1], json.loads(fields[2])))
                else:
                    statistics = json.loads(fields[0])
                    at = None
        for name in ended:
            fresh[name] = outcomes[name]
        outcomes = fresh
        for line in re.findall(r".*: the compiler failed: .*", output):
            outcomes.setdefault(f"{module} (compile)", []).append(("bug", line))
        if code == 0:
            break
        name = at if at is not None and at not in outcomes else f"{module} (at {at or 'import'})"
        outcomes[name] = [("crash", f"{how}\n{output[-3000:]}")]
        if name != at:
            break
        ended.append(name)
    return outcomes, statistics


class Checked(NamedTuple):
    tests: int  # run, in one round
    found: list  # [(test, plain outcome, jitted outcome, detail)] of those that end differently
    known: list  # likewise, of those that are known to, with the reason
    statistics: dict


def compare(plain, jitted):
    """(differences, known differences) of a module."""

    def short(told):
        return ", ".join(sorted(outcome for outcome, _ in told)) or "not run"

    found, known = [], []
    for name in sorted({*plain, *jitted}):
        a, b = short(plain.get(name, [])), short(jitted.get(name, []))
        reason = KNOWN.get(name.partition("#")[0])
        if a != b and reason:
            known.append((name, a, b, reason))
        elif a != b:
            found.append((name, a, b, "\n".join(detail for _, detail in jitted.get(name, []) if detail)))
    return found, known


def check(module, rounds=1, verify=False):
    plain, _ = run(module, False, rounds)
    ended = [detail for told in plain.values() for outcome, detail in told if outcome == "crash"]
    if ended or not plain:
        raise RuntimeError(f"{module} does not run without Gophersnake: {ended[0] if ended else 'it has no tests'}")
    jitted, statistics = run(module, True, rounds, verify)
    ran = sum(outcome != "skip" for told in plain.values() for outcome, _ in told)
    return Checked(-(-ran // rounds), *compare(plain, jitted), statistics)


VERSION = "" if sys.version_info[:2] == (3, 11) else "-%d.%d" % sys.version_info[:2]
LIST = ROOT / "docs" / f"stdlib-tests{VERSION}.md"
ROWS = ROOT / "tests" / f"stdlib_results{VERSION}.json"  # what the list is made of, a line a module; a run of some modules replaces theirs
HEAD = """\
# CPython's own tests, jitted

Every function of the tests, and of the modules in Python that they test, is jitted at import; each test must end as it does without
Gophersnake. `python -m tests.run_stdlib --rounds {rounds} --record MODULE ...` wrote this page with CPython {version}: each module in two processes of
its own, plain and jitted, its tests {rounds} times over in each, so that what the first round records is compiled in the next.
[development.md](development.md) tells how to run a part of it; `tests/stdlib_known.py` has the differences that are by design.

{modules} modules, {tests} tests; {found} differ that should not, {known} differ by design.

| module | jitted with it | tests | functions | compiles | differences |
|---|---|--:|--:|--:|---|
"""


def recorded(rows, rounds):
    """The text of the list. A row is of a module: (tests, functions, compiles, {known difference: why}, {other: how}, whether its tests were run once only)."""
    reasons = {}
    lines = []
    rows = {module: row for module, row in rows.items() if row[0]}  # some skip all that they have
    for module in sorted(rows):
        tests, functions, compiles, known, found, once = (*rows[module], False)[:6]
        told = ["run once"] * once + ([f"{len(known)} by design"] if known else []) + [f"**{len(found)} not explained**"] * bool(found)
        with_it = ", ".join(f"`{name}`" for name in (MODULES | MORE)[module])
        lines.append(f"| {module} | {with_it} | {tests} | {functions} | {compiles} | {', '.join(told)} |\n")
        for name, why in known.items():
            reasons.setdefault(why, []).append(name)
    text = HEAD.format(
        rounds=rounds,
        version=sys.version.split()[0],
        modules=len(rows),
        tests=sum(row[0] for row in rows.values()),
        found=sum(len(row[4]) for row in rows.values()),
        known=sum(len(row[3]) for row in rows.values()),
    ) + "".join(lines)
    if reasons:
        text += "\n## Differences by design\n"
        for why, names in sorted(reasons.items()):
            text += f"\n{why[0].upper()}{why[1:]}:\n" + "".join(f"- `{name}`\n" for name in sorted(names))
    if any(row[4] for row in rows.values()):
        text += "\n## Not explained\n\n" + "".join(f"- `{name}`: {how}\n" for row in rows.values() for name, how in row[4].items())
    return text


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.run_stdlib", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="test_MODULE", help="default: all of the short list")
    parser.add_argument("--more", action="store_true", help="all of the long list, too")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="run each test so often in one process")
    parser.add_argument("--verify", action="store_true", help="check the compiler's work between all passes, and tell where it failed")
    parser.add_argument("--record", action="store_true", help=f"write the results into {LIST.relative_to(ROOT)}")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("--jit", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--skip", action="append", default=[], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.jit, chosen.out, chosen.skip, chosen.rounds)
        return 0
    unknown = [m for m in chosen.modules if m not in MODULES | MORE]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MODULES | MORE)}")
    tests = differing = 0
    rows = {}
    for module in chosen.modules or (MODULES | MORE if chosen.more else MODULES):
        began = time.monotonic()
        try:
            did = check(module, chosen.rounds, chosen.verify)
        except RuntimeError as e:
            print(f"{module}: {e}", flush=True)
            continue
        tests += did.tests
        differing += len(did.found)
        rows[module] = (
            did.tests,
            did.statistics.get("functions", 0),
            did.statistics.get("compiles", 0),
            {name.partition("#")[0]: why for name, _, _, why in did.known},
            {name.partition("#")[0]: f"{a} -> {b}" for name, a, b, _ in did.found},
            chosen.rounds == 1,
        )
        if chosen.record:  # at once: the next one may take minutes
            rows = (json.loads(ROWS.read_text()) if ROWS.exists() else {}) | rows
            ROWS.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows)) + "\n}\n")
            LIST.write_text(recorded(rows, max(3, chosen.rounds)))
        numbers = ", ".join(f"{value} {key}" for key, value in did.statistics.items() if isinstance(value, int) and value)
        print(f"{module}: {did.tests} tests, {len(did.found)} differ, {time.monotonic() - began:.0f} s  ({numbers})", flush=True)
        lost = [name for name, _, b, _ in did.found if b == "not run"]
        if lost:
            print(f"  {len(lost)} were not run, because the process ended; the first: {lost[0]}")
        for name, a, b, detail in did.found:
            if b == "not run":
                continue
            print(f"  {name}: {a} -> {b}")
            for line in detail.strip().splitlines()[-12:]:
                print(f"      {line}")
    print(f"{tests} tests, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
