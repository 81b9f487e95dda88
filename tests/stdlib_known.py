"""Tests of CPython's own that differ under Gophersnake, each with the reason why that is right.

Only what the design decrees belongs here (docs/design.md), and what the hook itself causes; a bug does not.
"""

_TRACED = "the import hook calls jit, a function in Python, where the test's tracer looks on"

KNOWN = {
    f"test.test_sys_settrace.{case}.{test}": _TRACED
    for case in ("TraceTestCase", "SkipLineEventsTraceTestCase", "TraceOpcodesTestCase")
    for test in ("test_class_creation_with_docstrings", "test_notrace_lambda")
}
