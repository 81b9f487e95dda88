"""Gophersnake: put @jit on a function and it runs as machine code, with Python's exact meaning."""

__version__ = "0.1.0"
