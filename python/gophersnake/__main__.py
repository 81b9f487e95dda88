"""The commands: python -m gophersnake bench | explain | info | run.

Exit status: 0 fine, 1 a finding, 2 a mistake in the command line. What a command needs is imported by that
command, so that `info` works in a broken installation.
"""

import argparse
import builtins
import importlib.machinery
import json
import os
import sys
import types

import gophersnake
from gophersnake import _target
from gophersnake._target import UsageError

SCHEMA = 1


class Parser(argparse.ArgumentParser):
    """argparse with one-sentence errors that name the nearest word."""

    def __init__(self, *args, **options):
        super().__init__(*args, allow_abbrev=False, **options)

    def error(self, message):
        raise UsageError(message.rstrip(".") + ".")

    def parse(self, words):
        space, rest = self.parse_known_args(words)
        if rest:
            word = rest[0].partition("=")[0]
            what = "option" if word.startswith("-") else "argument"
            raise UsageError(f"{self.prog} knows no {what} {word}.{_target.nearest(word, self._option_string_actions)}")
        return space


def common(parser):
    parser.add_argument("--json", action="store_true", help="print JSON, with a schema number")
    parser.add_argument(
        "--color", nargs="?", const="always", default="auto", choices=["auto", "always", "never"], help="colours (auto: in a terminal)"
    )


def colored(choice):
    """Whether to write colours to standard output."""
    if choice == "auto":
        return sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return choice == "always"


def command_bench(words):
    """measure what functions gain, and compare their results"""
    parser = Parser(prog="python -m gophersnake bench", description=command_bench.__doc__)
    parser.add_argument("target", nargs="*", help="FILE.py with a list BENCH, FILE.py:FUNCTION or MODULE:FUNCTION; nothing: the set that comes with the package")
    parser.add_argument("--args", help='the arguments of FUNCTION, such as "(30,)"')
    parser.add_argument("--fast", action="store_true", help="fewer rounds")
    parser.add_argument("--peers", help="others to measure beside, of c, numba and pypy: numba,pypy")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the speed-ups")
    common(parser)
    chosen = parser.parse(words)
    from gophersnake._bench import bench
    from gophersnake._bench_peers import chosen as chosen_peers

    peers = chosen_peers(chosen.peers) if chosen.peers is not None else []
    console = {} if chosen.color == "auto" else {"force_terminal": True} if chosen.color == "always" else {"color_system": None}
    return bench(chosen.target, chosen.args, chosen.fast, chosen.json, console, peers, chosen.plot)


def command_explain(words):
    """show what was compiled for which types, and what each line became"""
    parser = Parser(prog="python -m gophersnake explain", description=command_explain.__doc__)
    parser.add_argument("target", help="FILE.py:FUNCTION or MODULE:FUNCTION")
    parser.add_argument("--args", help='call the function with these first, such as "(30,)": types come from calls')
    common(parser)
    chosen = parser.parse(words)
    where, dotted = _target.split(chosen.target)
    if dotted is None:
        raise UsageError(f"explain needs a function: {chosen.target}:FUNCTION.")
    function = _target.function_of(_target.load(*_target.find(where), True), dotted)
    if chosen.args is not None:
        function(*_target.arguments(chosen.args))
    report = gophersnake.explain(function)
    if chosen.json:
        print_json("explain", function=dotted, text=str(report), versions=[as_dict(v) for v in gophersnake.versions(function)])
    else:
        from gophersnake._explain import _paint

        print(_paint(report) if colored(chosen.color) else report)
    return 0


def command_info(words):
    """say what is installed; exit status 1 if functions are not compiled here"""
    parser = Parser(prog="python -m gophersnake info", description=command_info.__doc__)
    common(parser)
    chosen = parser.parse(words)
    facts = gophersnake.info()
    if chosen.json:
        print_json("info", **facts)
    else:
        bold, normal = ("\033[1m", "\033[0m") if colored(chosen.color) else ("", "")
        width = max(map(len, facts))
        for key, value in facts.items():
            print(f"{bold}{key:{width}}{normal}  {value}")
    return 0 if facts["compiles"] else 1


def command_run(words):
    """run a script with all its functions jitted"""
    parser = Parser(prog="python -m gophersnake run", description=command_run.__doc__)
    parser.add_argument("script")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="for the script").required = False
    chosen = parser.parse(words)
    from gophersnake._jit import jit_casually
    from gophersnake._rewrite import NAME, rewrite

    _, path = _target.find(os.path.join(os.path.dirname(chosen.script) or ".", os.path.basename(chosen.script)))
    with open(path, "rb") as file:
        source = file.read()
    main = types.ModuleType("__main__")
    main.__file__ = chosen.script
    if sys.version_info < (3, 15):  # later versions have none
        main.__cached__ = None
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", chosen.script)
    main.__builtins__ = builtins
    if sys.version_info < (3, 14):  # from then on a module without any has none
        main.__annotations__ = {}
    setattr(main, NAME, jit_casually)
    sys.argv = [chosen.script, *chosen.args]
    sys.path[0] = os.path.dirname(path)
    sys.modules["__main__"] = main
    try:
        code = rewrite(source, path)
    except SyntaxError as e:
        return uncaught(e, None)
    try:
        exec(code, vars(main))
    except SystemExit:
        raise
    except BaseException as e:
        return uncaught(e, e.__traceback__.tb_next)
    return 0


def uncaught(e, traceback):
    """Python's own way with what a script did not catch, without the frames that ran the script."""
    sys.last_type, sys.last_value, sys.last_traceback = type(e), e.with_traceback(traceback), traceback
    sys.excepthook(type(e), e, traceback)
    return 130 if isinstance(e, KeyboardInterrupt) else 1


def as_dict(version):
    return {**version._asdict(), "types": [t.__qualname__ for t in version.types]}


def print_json(command, **fields):
    print(json.dumps({"schema": SCHEMA, "command": command, "version": gophersnake.__version__, **fields}, indent=2, default=str))


COMMANDS = {"bench": command_bench, "explain": command_explain, "info": command_info, "run": command_run}


def usage():
    lines = ["usage: python -m gophersnake COMMAND ...", ""]
    lines += [f"  {name:8} {command.__doc__}" for name, command in COMMANDS.items()]
    return "\n".join([*lines, "", "python -m gophersnake COMMAND --help tells a command's options."])


def main(words):
    if not words:
        print(usage(), file=sys.stderr)
        return 2
    if words[0] in ("-h", "--help"):
        print(usage())
        return 0
    if words[0] == "--version":
        print(f"gophersnake {gophersnake.__version__}")
        return 0
    try:
        if words[0] not in COMMANDS:
            what = "option" if words[0].startswith("-") else "command"
            known = [*COMMANDS, "--help", "--version"]
            raise UsageError(f"there is no {what} {words[0]}.{_target.nearest(words[0], known)} The commands are {', '.join(COMMANDS)}.")
        return COMMANDS[words[0]](words[1:])
    except UsageError as e:
        print(f"gophersnake: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
