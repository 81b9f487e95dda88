"""Runs the tests of somebody's package in this process, plain or jitted, and reports how each ends; run_packages.py starts it.

It stands alone, under a name of its own: what it runs has a package `tests`, too.
"""

import argparse
import json
import os
import sys

import gophersnake
import gophersnake_import_hook as hook
from gophersnake import _rewrite
from gophersnake._jit import jit_casually


class Reporter:
    """A plugin of pytest: a line when a test begins and when it ends."""

    def __init__(self, out, skipped, rounds):
        self.file = open(out, "a", buffering=1)
        self.skipped = frozenset(skipped)
        self.rounds = rounds

    def line(self, *fields):
        print(*(json.dumps(f) for f in fields), sep="\t", file=self.file)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line("end", f"collection of {report.nodeid}", "failed", str(report.longrepr))

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if item.nodeid not in self.skipped]

    def pytest_collection_finish(self, session):
        # Only a test may decide how one ends: not the time it takes, nor what earlier runs left.
        hypothesis = sys.modules.get("hypothesis")
        if hypothesis:
            checks = list(hypothesis.HealthCheck)
            alike = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": checks}
            hypothesis.settings.register_profile("alike", **alike)
            hypothesis.settings.load_profile("alike")
            for item in session.items:  # those that were given when the test was made
                function = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
                given = getattr(function, "_hypothesis_internal_use_settings", None)
                if given:
                    function._hypothesis_internal_use_settings = hypothesis.settings(given, **alike)

    def pytest_runtest_protocol(self, item, nextitem):
        from _pytest.runner import runtestprotocol

        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for left in reversed(range(self.rounds)):
            self.line("begin", item.nodeid)
            if hasattr(item, "_initrequest"):
                item._initrequest()
            runtestprotocol(item, nextitem=item if left else nextitem, log=True)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            outcome = report.outcome + (" as expected" if hasattr(report, "wasxfail") else "")
            if report.when != "call":
                outcome = f"{report.when} {outcome}"
            self.line("end", report.nodeid, outcome, "" if report.passed or report.skipped else report.longreprtext)

    def pytest_sessionfinish(self):
        self.line("stats", gophersnake.stats())


def jit_tests(names):
    """pytest compiles the files with tests itself: jits those of the package's own, after it has rewritten their asserts."""
    from _pytest.assertion import rewrite

    rewrite_asserts = rewrite.rewrite_asserts
    here = os.path.join(os.getcwd(), "")

    def rewrite_and_jit(mod, source, module_path=None, config=None):
        rewrite_asserts(mod, source, module_path, config)
        if module_path and module_path.startswith(here):
            _rewrite.rewrite_tree(mod)

    rewrite.rewrite_asserts = rewrite_and_jit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--eager", action="store_true")
    parser.add_argument("--names", required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("arguments", nargs="*")
    chosen = parser.parse_args()
    names = chosen.names.split(",")
    if chosen.jit:
        hook.install(names, gophersnake.jit if chosen.eager else jit_casually, cached=True)
        jit_tests(names)
    import pytest

    plugin = Reporter(chosen.out, chosen.skip, chosen.rounds)
    return pytest.main(chosen.arguments, plugins=[plugin])


if __name__ == "__main__":
    sys.exit(main())
