"""The loader of the Go half: what it answers to junk, and that forks at every moment leave each process a compiler that answers."""

import os
import signal
import threading

import pytest
from gophersnake import _load

SECONDS = 20
GARBAGE = "x" * 1_000_000


def ask():
    """Calls that reach the Go side and come back with a failure in words."""
    module = _load.compiler()
    assert module.pyext_Init(0)
    assert module.pyext_Compile(0, 0) == 0
    assert module.pyext_LastError()
    # Go's collector must run and finish: an inherited runtime hangs there, while it still answers small calls.
    for _ in range(8):
        assert module.pyext_Describe(1, GARBAGE) == ""
    return module


def in_child(f):
    """Whether f() ran through in a forked child; one that hangs is ended by its own alarm."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        status = 1
        try:
            f()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_is_loaded_once():
    assert _load.compiler() is _load.compiler()


def test_junk_is_answered_in_words():
    module = ask()
    with pytest.raises(OverflowError):
        module.pyext_Describe(2**70, "")
    with pytest.raises(TypeError):
        module.pyext_SetDump(None)


def test_200_children():
    parent = ask()

    def child():
        assert ask() is not parent

    assert [i for i in range(200) if not in_child(child)] == []
    assert ask() is parent


def test_children_of_a_python_made_for_older_systems(monkeypatch):
    """Its os has no memfd_create."""
    parent = ask()
    monkeypatch.delattr(os, "memfd_create", raising=False)

    def child():
        assert ask() is not parent

    assert in_child(child)


def test_generations():
    ask()

    def child(depth):
        ask()
        if depth:
            assert in_child(lambda: child(depth - 1))
        ask()

    assert in_child(lambda: child(8))


def test_a_generation_that_never_compiles():
    ask()

    def child():
        assert in_child(ask)

    assert in_child(child)


def test_a_process_number_that_comes_round_again():
    """Without the hooks of os.fork, and with the number of the process that loaded: the child still gets its own."""
    parent = ask()

    def child():
        _load._renew()
        _load._state.pid = os.getpid()
        first = ask()
        _load._renew()
        assert len({id(m) for m in (parent, first, ask())}) == 3

    assert in_child(child)


def test_forks_while_threads_compile():
    ask()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            ask()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        assert [i for i in range(50) if not in_child(ask)] == []
    finally:
        stop.set()
        for t in threads:
            t.join()


def test_a_failure_is_told_and_remembered(monkeypatch, tmp_path):
    monkeypatch.setattr(_load, "_state", _load._State(0))
    monkeypatch.setattr(_load, "__file__", str(tmp_path / "_load.py"))
    with pytest.raises(ImportError, match="functions are interpreted"):
        _load.compiler()
    monkeypatch.undo()
    monkeypatch.setattr(_load, "_state", _load._State(_load._state.generation))
    _load._state.problem = "a reason"
    with pytest.raises(ImportError, match="a reason"):
        _load.compiler()
