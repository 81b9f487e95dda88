"""--share K/N: only one of N parts of the tests, for Pythons on which not all of them are run (tools/test). The parts
are disjoint, together they are all, and what belongs to one depends on the tests' names alone. A test that is marked in_each_share
is in each: it runs on some versions only, or does one part of its work there (the fixture parts says how many there are)."""

import os
import signal
import subprocess
import zlib

import pytest

# A shell's background jobs ignore it, and so would the processes that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

if "EMULATED" in os.environ:  # tools/arm64: what is emulated takes its time
    _communicate = subprocess.Popen.communicate

    def _patiently(self, input=None, timeout=None):
        return _communicate(self, input, timeout and 20 * timeout)

    subprocess.Popen.communicate = _patiently


def pytest_addoption(parser):
    parser.addoption("--share", metavar="K/N", help="run the K-th of N parts of the tests")


def share(config):
    """(K, N)."""
    text = config.getoption("share") or "1/1"
    try:
        k, n = map(int, text.split("/"))
    except ValueError:
        raise pytest.UsageError(f"--share {text}: two numbers are wanted, as in 1/4") from None
    if not 1 <= k <= n:
        raise pytest.UsageError(f"--share {text}: there is no such part")
    return k, n


@pytest.fixture(scope="session")
def parts(request):
    return share(request.config)[1]


def pytest_configure(config):
    config.addinivalue_line("markers", "in_each_share: belongs to each part of --share, as it runs on some versions only or does less in a part")


def pytest_collection_modifyitems(config, items):
    k, n = share(config)
    left, taken = [], []
    for item in items:
        here = zlib.crc32(item.nodeid.encode()) % n == k - 1 or item.get_closest_marker("in_each_share")
        (taken if here else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = taken
