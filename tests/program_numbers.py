"""Random programs of numbers: statements, loops, calls and operators over ints, floats, bools and small containers.

The grammar keeps programs alive (variables have a usual type, loops and recursion are bounded, integers cannot
explode) and then breaks its own rules now and then: edge values, wrong types, objects whose operators raise.
`programs.py` runs them.
"""

BUDGET = 1500  # statements one call of a function may run, estimated
EDGES = sorted({s * (2**p + d) for p in (15, 30, 31, 32, 60, 62, 63, 64) for d in (-1, 0, 1) for s in (1, -1)})
INTS = ["0", "1", "2", "3", "7", "-1", "-2", "10", "100", "255", "256", "257", "-5", "-6"]
FLOATS = ["0.0", "1.0", "2.5", "-1.5", "0.1", "3.0", "-0.0", "1e10", "1e16", "5e-324", "1.7976931348623157e308", "1e-300", "4503599627370496.5"]
FLOAT_ARGS = [*FLOATS, "float('nan')", "float('inf')", "-float('inf')", "9007199254740993.0", "-9.223372036854775808e18"]
ODD = [
    "None", "True", "False", "IntSub(5)", "IntSub(2**40)", "LoudInt(2)", "FloatSub(2.5)", "Dies(1)", "Evil('raise')", "Evil('plain')",
    "Evil('self')", "Evil('wrong')", "Evil('pass')", "object", "1j",
]
SEQUENCES = ["'ab'", "''", "[1, 2]", "(1, 2.5)", "b'xy'", "ListSub([1, 2, 3])"]
ERRORS = ["ZeroDivisionError", "TypeError", "ValueError", "OverflowError", "IndexError", "KeyError", "ArithmeticError", "LookupError", "Exception"]
COMPARE = ["<", "<=", ">", ">=", "==", "!="]


class Function:
    """What callers must know of a generated function."""

    def __init__(self, name, kinds, returns):
        self.name = name
        self.kinds = kinds
        self.returns = returns
        self.required = len(kinds)
        self.params = []
        self.cost = 1
        self.grows = False
        self.generator = False


class Program:
    """source, and calls: [(function name, text of the argument tuple)]."""

    def __init__(self, rng):
        self.rng = rng
        self.lines = []
        self.indent = 0
        self.functions = []
        self.doubling = False  # some loop may double a sequence: no sequence is passed as a number then
        self.tokens = 4  # multiplications of two unbounded values left
        self.has_class = self.chance(0.35)
        self.globals = {"G0": "i", "G1": "f", "G2": "n"}
        self.emit("G0 = 3")
        self.emit("G1 = 2.5")
        self.emit(f"G2 = {self.one_of(['1', '0.5', '2**40', 'True'])}")
        if self.has_class:
            self.make_class()
        for i in range(1 + self.below(3)):
            Body(self, i).make()
        self.source = "\n".join(self.lines) + "\n"
        self.calls = self.make_calls()

    def below(self, n):
        return self.rng.randrange(n)

    def chance(self, p):
        return self.rng.random() >= 1 - p  # shrinks to False

    def one_of(self, options):
        return options[self.rng.randrange(len(options))]

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def make_class(self):
        self.emit("class P:")
        if self.chance(0.2):
            self.emit("    __slots__ = ('x', 'y', 'z')")
        self.emit("    @JIT")
        self.emit("    def __init__(self, x, y):")
        self.emit("        self.x = x")
        self.emit("        self.y = y")
        self.emit("    @JIT")
        self.emit("    def m(self, k):")
        self.emit(f"        {self.one_of(['return self.x + k', 'return self.y - self.x', 'self.x = k; return self.y', 'self.x += 1; return self.x + k'])}")
        self.emit("    @property")
        self.emit("    @JIT")
        self.emit("    def q(self):")
        self.emit(f"        return {self.one_of(['self.x', 'self.x + self.y', 'self.y > 0', 'self.z'])}")

    def argument(self, kind, wrong=0.12):
        if wrong and self.chance(wrong):
            kinds = "ifn" + ("" if self.doubling else "ltsd")
            if self.chance(0.5):
                return self.one_of(ODD)
            if not self.doubling and self.chance(0.3):
                return self.one_of(SEQUENCES)
            kind = self.one_of(kinds)
        if kind == "n":
            kind = self.one_of("ifb")
        if kind == "i":
            return self.one_of(INTS) if not self.chance(0.35) else str(self.one_of(EDGES))
        if kind == "f":
            return self.one_of(FLOAT_ARGS)
        if kind == "b":
            return self.one_of(["True", "False"])
        if kind == "s":
            return self.one_of(["'abc'", "''", "'x'", "'snake ' 'x'"])
        if kind == "d":
            return "{" + ", ".join(f"{self.one_of(INTS)}: {self.argument('n', 0)}" for _ in range(self.below(4))) + "}"
        if kind == "p":
            return f"P({self.argument('n', wrong / 2)}, {self.argument('n', wrong / 2)})"
        if kind in "lt":
            item = self.one_of("iifn")
            items = [self.argument(item, wrong / 3) for _ in range(self.one_of((2, 3, 3, 4, 5, 7, 1, 0)))]
            if kind == "l":
                return f"[{', '.join(items)}]"
            return f"({', '.join(items)}{',' if items else ''})"
        raise AssertionError(f"BUG: kind {kind}")

    def make_calls(self):
        calls = []
        callable_ = [f for f in self.functions if not f.generator] or self.functions
        for function in [callable_[-1]] * 3 + callable_[:-1]:
            repeat = None
            for n in range(1 + self.below(3)):
                count = len(function.kinds) if not self.chance(0.2) else function.required
                if repeat is None or self.chance(0.7):
                    # The first call decides for which types is compiled: usually the expected ones.
                    wrong = 0.03 if not calls else 0.15
                    repeat = "".join(self.argument(k, wrong) + ", " for k in function.kinds[:count])
                calls.append([function.name, f"({repeat})"])
        return calls


class Body:
    """Makes one function. Variables have a usual kind: i int, f float, n any number, b bool, l list, t tuple, s str, d dict, p instance."""

    def __init__(self, program, number):
        self.program = program
        self.below, self.chance, self.one_of, self.emit = program.below, program.chance, program.one_of, program.emit
        self.number = number
        self.vars = {}
        self.maybe = {}  # variables that may be unbound here
        self.fixed = set()  # loop counters and others that must not be assigned
        self.mult = 1
        self.cost = 1
        self.loops = 0  # loops around this statement in this function
        self.depth = 0
        self.counter = 0
        self.recursive = 0
        self.locals_called = {}  # nested functions: name -> kinds
        self.handlers = []  # names of exceptions being handled
        self.statements = 0
        self.in_finally = False
        self.in_nested = False  # the expression being made is part of another function
        self.declared = set()
        self.impure = False  # the expression being made may be no integer where one is usual
        self.indexes = {}  # list variable -> loop variable that runs over its indices

    # ---- the function

    def make(self):
        p = self.program
        kinds = [self.one_of("iifnblltsd" + "p" * 2 * p.has_class) for _ in range(self.below(4))]
        kinds.insert(self.below(len(kinds) + 1), self.one_of("iif"))
        me = self.me = Function(f"f{self.number}", kinds, self.one_of("iifnbl"))
        me.params = [f"{'abcdefgh'[i]}" for i in range(len(kinds))]
        me.generator = self.number < 2 and self.chance(0.07)
        texts = list(me.params)
        if self.chance(0.25) and kinds[-1] in "ifnb":
            texts[-1] += f"={p.argument(kinds[-1], 0)}"
            me.required -= 1
        if self.chance(0.25) and not me.generator:
            self.recursive, limit = self.one_of([(1, 3), (1, 9), (2, 3)])
            texts.append(f"*, z={limit}")
            self.mult = (limit + 1) if self.recursive == 1 else 15
            p.doubling = True
        self.vars = dict(zip(me.params, kinds))
        if self.number == 0 or not self.chance(0.1):
            self.emit("@JIT")
        self.emit(f"def {me.name}({', '.join(texts)}):")
        p.indent += 1
        at = len(p.lines)
        used = [g for g in p.globals if self.chance(0.3)]
        self.globals = used
        self.preamble()
        self.block(3 + self.below(7), first=True)
        if me.generator:
            self.emit(f"yield {self.expr('n', 1)}")
        if not self.chance(0.06):
            self.emit(f"return {self.returned()}")
        if self.declared:
            p.lines.insert(at, "    " * p.indent + "global " + ", ".join(sorted(self.declared)))
        p.indent -= 1
        me.cost = self.cost
        p.functions.append(me)

    def preamble(self):
        """A few variables of the kinds that most statements need."""
        for kind in "ifl":
            if self.chance(0.6) and kind not in self.vars.values():
                self.counter += 1
                if kind == "l":
                    items = [self.expr(self.one_of("iif"), 0) for _ in range(2 + self.below(4))]
                    text = f"[{', '.join(items)}]"
                else:
                    text = self.literal(kind)
                self.emit(f"v{self.counter} = {text}")
                self.bind(f"v{self.counter}", kind)

    def returned(self):
        if self.chance(0.25):
            names = [n for n in self.vars][:4]
            return "(" + ", ".join([self.expr(self.me.returns, 2), *names]) + ")"
        return self.expr(self.me.returns, 3)

    # ---- statements

    def block(self, count, first=False):
        """Statements one level in; what is first assigned here may be unbound afterwards."""
        before = dict(self.vars)
        for _ in range(count):
            if self.statements > 45 or self.cost > BUDGET:
                break
            self.statement()
        if self.program.lines[-1].endswith(":"):
            self.emit("pass")
        if not first:
            for name in sorted(self.vars.keys() - before.keys()):
                self.maybe[name] = self.vars.pop(name)
            for name, kind in before.items():
                if name not in self.vars:
                    continue
                if self.vars[name] != kind:
                    self.vars[name] = "n" if kind in "ifbn" and self.vars[name] in "ifbn" else kind

    def nested(self, header):
        """A header and its indented block."""
        self.emit(header)
        self.program.indent += 1
        self.depth += 1
        self.block(1 + self.below(3))
        self.depth -= 1
        self.program.indent -= 1

    def statement(self):
        self.statements += 1
        self.cost += self.mult
        deep = self.depth >= 3
        pick = self.below(100)
        if pick < 30:
            self.assign()
        elif pick < 42:
            self.augmented()
        elif pick < 50 and not deep:
            self.if_()
        elif pick < 63 and not deep and self.mult * 4 < BUDGET / 4:
            self.loop()
        elif pick < 67 and not deep:
            self.try_()
        elif pick < 70:
            self.unpack()
        elif pick < 76:
            self.list_statement()
        elif pick < 79:
            self.emit(f"log({self.expr(self.one_of('iifnblt'), 1)})")
        elif pick < 81:
            self.global_()
        elif pick < 83:
            self.attribute()
        elif pick < 85:
            self.dict_statement()
        elif pick < 87 and self.loops and not self.in_finally:
            self.emit(f"if {self.expr('b', 1)}: {self.one_of(['break', 'continue'])}")
        elif pick < 88:
            self.emit(f"if {self.expr('b', 1)}: return {self.returned()}")
        elif pick < 89:
            self.emit(f"assert {self.expr('b', 1)} or {self.expr('b', 1)}, {self.expr('n', 1)}")
        elif pick < 91:
            self.raise_()
        elif pick < 92:
            self.delete()
        elif pick < 94 and not deep:
            self.inner_function()
        elif pick < 95 and not deep:
            self.nested(f"with Ctx({self.one_of(['False', 'True'])}){self.one_of(['', ' as w'])}:")
        elif pick < 96 and self.me.generator:
            self.emit(f"yield {self.expr('n', 1)}")
        elif pick < 97:
            self.emit(self.call_expr("n", 1) or "pass")
        elif self.loops and not deep:
            self.choice()
        else:
            self.assign()

    def target(self, kind):
        """A variable to assign to: often one that exists, sometimes with another kind than before."""
        names = [n for n, k in self.vars.items() if n not in self.fixed and (k == kind or kind in "ifnb" and k == "n")]
        if names and self.chance(0.6):
            return self.one_of(names)
        if self.chance(0.06):
            others = [n for n, k in self.vars.items() if n not in self.fixed and k in "ifnb"]
            if others and kind in "ifnb":
                return self.one_of(others)
        if self.maybe and self.chance(0.2):
            return self.one_of(sorted(self.maybe))
        self.counter += 1
        return f"v{self.counter}"

    def bind(self, name, kind):
        self.vars[name] = kind
        self.maybe.pop(name, None)

    def assign(self):
        kind = self.one_of("iiiifffnnbblts")
        self.impure = False
        text = self.expr(kind, 3)
        if kind == "i" and self.impure and not self.chance(0.1):
            kind = "n"
        name = self.target(kind)
        self.emit(f"{name} = {text}")
        self.bind(name, kind)
        if self.chance(0.05):
            other = self.target(kind)
            self.emit(f"{other} = {name} = {self.expr(kind, 1)}")
            self.bind(other, kind)

    def augmented(self):
        names = [n for n, k in self.vars.items() if k in "ifn" and n not in self.fixed]
        if not names:
            return self.assign()
        name = self.one_of(names)
        kind = self.vars[name]
        pick = self.below(14)
        if kind != "f" and pick < 5:
            op, text = self.one_of(
                [("&=", "i"), ("|=", "i"), ("^=", "i"), (">>=", "shift"), ("<<=", "small"), ("//=", "i"), ("%=", "i"), ("**=", "power")]
            )
            if text == "shift":
                text = self.one_of([str(self.below(70)), f"({self.bits(1)} & 63)", f"abs({self.expr('i', 1)})"])
            elif op in ("//=", "%="):
                text = self.divisor(1)
            elif text == "small":
                text = str(self.below(9) - self.chance(0.1))
            elif text == "power":
                text = self.one_of(["1", "0", "-1", "0.5"])
            else:
                text = self.bits(2)
            self.emit(f"{name} {op} {text}")
        elif pick < 7:
            self.emit(f"{name} *= {self.factor(kind)}")
        elif pick == 7:
            self.emit(f"{name} {self.one_of(['/=', '//=', '%='])} {self.divisor(1, 'f')}")
            self.vars[name] = "n"
        elif pick == 8:
            # Unbounded growth with the reset that a programmer would write.
            self.program.doubling = True
            self.emit(f"{name} = {name} * {self.expr('n', 1)}")
            self.emit(f"if not -{self.one_of(['10**9', '2**62', '2**200'])} < {name} < {self.one_of(['10**9', '2**63', '2**200'])}: {name} = {self.literal(kind)}")
        else:
            if self.repeated():
                self.program.doubling = True
            self.emit(f"{name} {self.one_of(['+=', '+=', '-='])} {self.expr(kind if kind != 'n' else self.one_of('if'), 2)}")

    def repeated(self):
        return self.loops > 0 or self.recursive

    def factor(self, kind="i"):
        return self.one_of(["2", "3", "-1", "10", "0", "1"] + ["0.5", "-2.0", "1e3"] * (kind != "i") + [f"({self.bits(1)} & 15)", f"({self.bits(1)} % 7)"])

    def if_(self):
        self.nested(f"if {self.expr('b', 2)}:")
        while self.chance(0.25):
            self.nested(f"elif {self.expr('b', 1)}:")
        if self.chance(0.45):
            self.nested("else:")

    def choice(self):
        """A branch that only computes one or two numbers, either way."""
        names = [n for n, k in self.vars.items() if k == "i" and n not in self.fixed]
        if not names:
            return self.assign()
        self.program.doubling = True
        a, b = self.one_of(names), self.one_of(names)
        x, y, n = self.variable("i"), self.variable("i"), self.one_of(["1", "2", "3", "5", "-7", str(self.one_of(EDGES))])
        condition = self.one_of([f"{x} & {self.one_of(['1', '2', '64'])}", f"{x} % 2 {self.one_of(['==', '!='])} {self.below(2)}", f"{x} {self.one_of(COMPARE)} {y}"])
        steps = [f"{a} += {n}", f"{a} -= {n}", f"{a} += {x}", f"{a} -= {y}", f"{a} = 3 * {b} + 1", f"{a} = {b} // 2", f"{a} = -{b}", f"{a} = {x} ^ {n}",
                 f"{a} = {y} - {x}", f"{a} = {b} * {n}", f"{a} = {b} >> 1", f"{b} = {x} + {n}"]
        self.emit(f"if {condition}:")
        for i in range(2):
            for _ in range(1 + self.below(2)):
                self.emit("    " + self.one_of(steps))
            if i == 0:
                if self.chance(0.4):
                    break
                self.emit("else:")

    def loop(self):
        self.counter += 1
        n = self.counter
        times = 2 + self.below(7)
        if self.mult == 1 and self.chance(0.2):
            times = 30
        pick = self.below(10)
        if pick < 4:
            name = f"i{n}"
            shape = self.below(6)
            limit = indexed = None
            if shape == 0:
                text = f"range({times})"
            elif shape == 1:
                start = self.below(9) - 4
                step = self.one_of([1, 2, -1, 3, -3])
                text = f"range({start}, {start + times * step}, {step})"
            elif shape == 2:
                text, times = f"range({self.bits(1)} & 7)", 7
            elif shape == 3:
                names = [n for n, k in self.vars.items() if k == "l"]
                if names:
                    indexed = self.one_of(names)
                text, times = f"range(len({indexed or '[7, 8, 9]'}))", 12
            elif shape == 4:
                edge = self.one_of(EDGES)
                text = f"range({edge}, {edge + times})"
            else:
                text, limit = f"range({self.expr('i', 1)}, {self.expr('i', 1)}{self.one_of(['', ', 1', ', -1', ', 2', ', ' + self.expr('i', 0)])})", times
            if indexed:
                self.indexes[indexed] = name
            self.run_loop(f"for {name} in {text}:", name, "i", times, limit)
            self.indexes.pop(indexed, None)
        elif pick < 7:
            name = f"x{n}"
            kind = self.one_of("lllts")
            text = self.expr(kind, 1)
            shape = self.below(7)
            if shape == 0:
                self.run_loop(f"for {name}, y{n} in enumerate({text}):", name, "i", 12, 12)
            elif shape == 1:
                self.run_loop(f"for {name}, y{n} in zip({text}, {self.expr('l', 0)}):", name, "n", 12, 12)
            elif shape == 2:
                self.run_loop(f"for {name} in Counter({self.below(5)}, {self.one_of(['False', 'True'])}):", name, "i", 5, None)
            elif shape == 3 and any(f.generator and f.cost * self.mult < BUDGET / 2 for f in self.program.functions):
                callee = [f for f in self.program.functions if f.generator][0]
                args = ", ".join(self.expr(k, 1) for k in callee.kinds)
                self.cost += self.mult * callee.cost
                self.program.doubling = True
                self.run_loop(f"for {name} in {callee.name}({args}):", name, "n", 12, 12)
            elif shape == 4:
                self.run_loop(f"for {name} in {self.expr('d', 0)}:", name, "i", 8, 10)
            else:
                self.run_loop(f"for {name} in {text}:", name, "s" if kind == "s" else self.one_of("in"), 12, 12)
        else:
            name = f"k{n}"
            self.emit(f"{name} = {self.one_of(['0', '0', '0', '0', '0', '0.0'])}")
            self.bind(name, "i")
            self.fixed.add(name)
            extra = f" and {self.expr('b', 1)}" if self.chance(0.5) else ""
            if extra and self.chance(0.3):
                extra = f" and ({extra[5:]} or {self.expr('b', 0)})"
            self.run_loop(f"while {name} < {times}{extra}:", name, "i", times, None, f"{name} += 1")

    def run_loop(self, header, name, kind, times, limit, first=None):
        """limit: the loop may be longer than it looks and is left after that many rounds."""
        if limit is not None:
            self.counter += 1
            guard = f"k{self.counter}"
            self.emit(f"{guard} = 0")
            first = f"{guard} += 1\n" + "    " * (self.program.indent + 1) + f"if {guard} > {limit}: break"
            self.fixed.add(guard)
            self.vars[guard] = "i"
        self.emit(header)
        if first:
            self.emit("    " + first)
        # A loop variable may be assigned inside, for that is legal; a counter may not.
        was_bound = name in self.vars
        self.vars[name] = kind
        was_fixed = name in self.fixed
        saved, self.in_finally = self.in_finally, False
        self.nested_body(times)
        self.in_finally = saved
        if not was_bound and not was_fixed:
            kind = self.vars.pop(name, kind)
            self.maybe[name] = kind
        if self.chance(0.2):
            self.nested("else:")

    def nested_body(self, times):
        p = self.program
        p.indent += 1
        self.depth += 1
        self.loops += 1
        outer, self.mult = self.mult, self.mult * times
        self.block(1 + self.below(4))
        self.mult = outer
        self.loops -= 1
        self.depth -= 1
        p.indent -= 1

    def try_(self):
        self.nested("try:")
        handlers = self.below(3)
        finally_ = handlers == 0 or self.chance(0.35)
        for i in range(handlers):
            error = self.one_of(ERRORS)
            if self.chance(0.2):
                error = f"({error}, {self.one_of(ERRORS)})"
            if self.chance(0.5):
                self.counter += 1
                name = f"e{self.counter}"
                self.emit(f"except {error} as {name}:")
                self.program.indent += 1
                self.emit(self.one_of([f"log(str({name}))", f"log(type({name}).__name__)", f"log({name}.__context__ is None)"]))
                self.program.indent -= 1
            else:
                name = None
                self.emit(f"except {error}:")
            self.handlers.append(name)
            self.program.indent += 1
            self.depth += 1
            self.block(1 + self.below(2))
            self.depth -= 1
            self.program.indent -= 1
            self.handlers.pop()
        if handlers and self.chance(0.2):
            self.nested("else:")
        if finally_:
            saved, self.in_finally = self.in_finally, True
            self.nested("finally:")
            self.in_finally = saved

    def raise_(self):
        what = f"{self.one_of(['ValueError', 'KeyError', 'IndexError', 'ZeroDivisionError'])}({self.expr(self.one_of('ins'), 1)})"
        if self.handlers and self.chance(0.6):
            name = self.handlers[-1]
            what = self.one_of([what, f"{what} from {name or 'None'}", ""])
        text = f"raise {what}".rstrip()
        self.emit(f"if {self.expr('b', 1)}: {text}" if self.loops or self.depth == 0 or not self.chance(0.2) else text)

    def delete(self):
        names = [n for n in self.vars if n not in self.fixed and n[0] == "v"]
        if not names:
            return self.assign()
        name = self.one_of(names)
        self.emit(f"del {name}")
        self.maybe[name] = self.vars.pop(name)

    def unpack(self):
        numbers = [n for n, k in self.vars.items() if k in "ifn" and n not in self.fixed]
        if len(numbers) >= 2 and self.chance(0.6):
            a, b = self.one_of(numbers), self.one_of(numbers)
            if self.chance(0.5):
                self.emit(f"{a}, {b} = {b}, {a}")
                self.vars[a], self.vars[b] = self.vars[b], self.vars[a]
            else:
                if self.repeated():
                    self.program.doubling = True
                self.emit(f"{a}, {b} = {b}, {self.expr('n', 2)}")
                self.vars[a] = self.vars[b] = "n"
            return
        a, b = self.target("n"), self.target("n")
        source = self.one_of([f"({self.expr('n', 1)}, {self.expr('n', 1)})", f"{self.expr('t', 0)}[:2]", f"{self.expr('l', 0)}[:2]", f"divmod({self.expr('i', 1)}, {self.divisor(1)})"])
        star = self.chance(0.2)
        if star and a != b and b not in self.me.params:
            self.emit(f"{a}, *{b} = {source}")
            self.bind(b, "l")
        else:
            self.emit(f"{a}, {b} = {source}")
            self.bind(b, "n")
        if a != b:
            self.bind(a, "n")

    def list_statement(self):
        names = [n for n, k in self.vars.items() if k == "l"]
        if not names:
            self.emit(f"v{self.counter + 1} = [{', '.join(self.expr('n', 1) for _ in range(self.below(4)))}]")
            self.counter += 1
            self.bind(f"v{self.counter}", "l")
            return
        name = self.one_of(names)
        pick = self.below(10)
        if pick < 3:
            grow = self.one_of([f"{name}.append({self.expr('n', 2)})", f"{name}.append({self.expr('n', 1)})", f"{name} += [{self.expr('n', 1)}]"])
            self.emit(f"if len({name}) < 12: {grow}")
        elif pick < 6:
            self.emit(f"{name}[{self.index(name)}] = {self.expr(self.one_of('iifn'), 2)}")
        elif pick == 6:
            if self.repeated():
                self.program.doubling = True
            self.emit(f"{name}[{self.index(name)}] {self.one_of(['+=', '-='])} {self.expr('i', 1)}")
        elif pick == 7:
            i = self.index(name)
            j = self.index(name)
            self.emit(f"{name}[{i}], {name}[{j}] = {name}[{j}], {name}[{i}]")
        elif pick == 8:
            self.emit(self.one_of([f"{name}.pop()", f"del {name}[{self.index(name)}]", f"{name}.reverse()", f"{name}.pop(0)"]))
        else:
            self.emit(f"{name}[{self.one_of(['', '1', '-2'])}:{self.one_of(['', '2', '-1'])}] = [{self.expr('n', 1)}]")

    def index(self, name=None):
        if name in self.indexes and self.chance(0.7):
            return self.indexes[name] + self.one_of(["", "", "", " - 1", " + 1"])
        if self.chance(0.6):
            return self.one_of(["0", "0", "1", "-1", "-1", "0", "1", "0", "-1", "1", "2", "-2", "5", "-13"])
        if self.chance(0.7):
            return f"{self.bits(0)} {self.one_of(['& 1', '& 1', '% 3', '% 2'])}"
        return self.expr("i", 1)

    def dict_statement(self):
        names = [n for n, k in self.vars.items() if k == "d"]
        if not names:
            return self.assign()
        name = self.one_of(names)
        if self.chance(0.5):
            self.emit(f"{name}[{self.expr('i', 1)} % 5] = {self.expr('n', 1)}")
        else:
            if self.repeated():
                self.program.doubling = True
            self.emit(f"{name}[{self.expr('i', 1)} % 5] = {name}.get({self.one_of(['0', '1', '2'])}, 0) + {self.expr('i', 1)}")

    def attribute(self):
        names = [n for n, k in self.vars.items() if k == "p"]
        if not names:
            return self.augmented()
        name = self.one_of(names)
        if self.repeated():
            self.program.doubling = True
        self.emit(
            self.one_of(
                [f"{name}.x = {self.expr('n', 1)}", f"{name}.y += {self.expr('n', 1)}", f"{name}.z = {self.expr('i', 1)}", f"{name}.x, {name}.y = {name}.y, {name}.x"]
            )
        )

    def global_(self):
        name = self.one_of(sorted(self.program.globals))
        kind = self.program.globals[name]
        self.declared.add(name)
        # Globals outlive the call, so what is stored stays small.
        self.emit(self.one_of([f"{name} = ({self.expr(kind, 2)}) % 1000003", f"{name} += 1", f"{name} = {self.literal(kind)}"]))

    def inner_function(self):
        self.counter += 1
        name = f"g{self.counter}"
        numbers = [n for n, k in self.vars.items() if k in "ifn" and n not in self.fixed]
        if self.chance(0.3):
            saved, self.vars = self.vars, {**self.vars, "u": "n"}
            nested, self.in_nested = self.in_nested, True
            called, self.locals_called = self.locals_called, {}
            text = self.expr("n", 2)
            self.vars, self.in_nested, self.locals_called = saved, nested, called
            self.emit(f"{name} = lambda u: {text}")
        else:
            if self.chance(0.5):
                self.emit("@JIT")
            self.emit(f"def {name}(u):")
            self.program.indent += 1
            captured = self.one_of(numbers) if numbers and self.chance(0.5) else None
            if captured:
                self.emit(f"nonlocal {captured}")
                self.program.doubling = True
                self.emit(f"{captured} {self.one_of(['+=', '-=', '='])} {self.one_of(['u', '1', '2.5'])}")
                self.vars[captured] = "n"
            state = dict(self.vars), dict(self.maybe), self.loops, self.locals_called
            self.vars, self.loops, self.locals_called, self.in_nested = {**self.vars, "u": "n"}, 1, {}, True
            self.nested_only_returns()
            self.vars, self.maybe, self.loops, self.locals_called = state
            self.in_nested = False
            self.program.indent -= 1
        self.locals_called[name] = "n"

    def nested_only_returns(self):
        if self.chance(0.3):
            self.emit(f"if {self.expr('b', 1)}: return {self.expr('n', 1)}")
        self.emit(f"return {self.expr('n', 2)}")

    # ---- expressions

    def literal(self, kind):
        if kind == "n":
            kind = self.one_of("if")
        if kind == "i":
            return self.one_of(INTS) if not self.chance(0.12) else str(self.one_of(EDGES))
        if kind == "f":
            return self.one_of(FLOATS)
        if kind == "b":
            return self.one_of(["True", "False"])
        if kind == "s":
            return self.one_of(["'ab'", "''", "'q'"])
        if kind == "l":
            return self.one_of(["[1, 2, 3]", "[0.5, 2, -1]", "[]"])
        if kind == "t":
            return "(1, 2.5)"
        if kind == "d":
            return "{1: 2, 0: 0.5}"
        raise AssertionError(f"BUG: kind {kind}")

    def variable(self, kind):
        if self.maybe and self.chance(0.02):
            names = [n for n, k in self.maybe.items() if k == kind]
            if names:
                return self.one_of(names)
        # A number of unknown kind in an integer's place mostly ends in a TypeError: seldom.
        fits = {"i": "in" if self.chance(0.03) else "i", "f": "fn", "n": "ifnb"}.get(kind, kind)
        names = [n for n, k in self.vars.items() if k in fits]
        if len(fits) > 1 and kind == "i":
            self.impure = True
        if kind in "ifn":
            names += [g for g in self.globals if self.program.globals[g] in fits]
            if self.chance(0.04):
                names = [n for n, k in self.vars.items() if k in "ifnb"] or names
        if not names:
            return self.literal(kind)
        return self.one_of(names)

    def expr(self, kind, depth):
        if depth <= 0:
            if kind in "ifnb" and self.chance(0.2):
                return self.literal(kind)
            return self.variable(kind)
        if kind == "n":
            kind = self.one_of("ifib")
        return getattr(self, f"expr_{kind}")(depth - 1)

    def grow(self, a, b, kind="i"):
        """a * b where both may be anything: only as often as the program's tokens last."""
        p = self.program
        if self.repeated() or self.in_nested or not p.tokens:
            return f"{a} * {self.factor(kind)}" if self.chance(0.5) else f"({b}) * ({self.bits(1)} & 255)"
        p.tokens -= 1
        self.me.grows = True
        return f"({a}) * ({b})"

    def plus(self):
        if self.repeated() or self.in_nested:
            self.program.doubling = True
        return "+"

    def bits(self, d):
        """An integer expression for operators that floats do not have."""
        saved, self.impure = self.impure, False
        text = self.expr("i", d)
        if self.impure and not self.chance(0.05):
            text = self.expr("i", 0)
        self.impure = saved
        return text

    def divisor(self, d, kind="i"):
        if self.chance(0.6):
            return self.one_of(["2", "3", "7", "10", "-3", "8", "16", "1", "-1"]) if kind == "i" else self.one_of(["2.0", "-0.5", "3.0", "1e10", "7", "0.1"])
        if self.chance(0.85):
            return f"({self.expr('i', d)} | 1)" if kind == "i" else f"(abs({self.expr(kind, d)}) + 0.5)"
        return self.expr(kind, d)

    def expr_i(self, d):
        pick = self.below(46)
        a = self.expr("i", d)
        if pick < 5:
            return self.variable("i")
        if pick < 8:
            return self.literal("i")
        if pick < 14:
            op = self.one_of(["+", "-", "+"])
            if op == "+":
                self.plus()
            return f"({a} {op} {self.expr('i', d)})"
        if pick < 17:
            return f"({self.bits(d)} {self.one_of('&|^')} {self.bits(d)})"
        if pick < 21:
            op = self.one_of(["//", "%"])
            return f"({a} {op} {self.divisor(d)})"
        if pick < 24:
            return self.grow(a, self.expr("i", d)) if self.chance(0.6) else f"{self.factor()} * {a}"
        if pick == 24:
            return f"({self.bits(d)} >> {self.one_of([f'({self.bits(0)} & 63)', str(self.below(70)), f'abs({self.expr(chr(105), 0)})' if self.chance(0.8) else self.expr('i', 0)])})"
        if pick == 25:
            return f"(({self.bits(d)} & {self.one_of(['1', '255', '65535'])}) << {self.one_of([f'({self.bits(0)} & 31)', '1', '62', '63', '31'])})"
        if pick == 26:
            return f"(({self.bits(d)} & 15) ** {self.one_of(['2', '3', '0', f'({self.bits(0)} & 7)', '2'])})"
        if pick == 27:
            return f"pow({self.bits(d)}, {self.bits(1)} & 31, {self.one_of(['13', '97', '1', '13', '-7', '2**61 - 1', self.expr('i', 0)])})"
        if pick < 30:
            return f"({self.one_of(['-', '~', '+'])}{a})"
        if pick == 30:
            return f"abs({a})"
        if pick == 31:
            self.impure = True
            return f"{self.one_of(['min', 'max'])}({a}, {self.expr('i', d)}{self.one_of(['', ', ' + self.expr('n', 0)])})"
        if pick == 32:
            return f"len({self.expr(self.one_of('lltsd'), d)})"
        if pick == 33:
            return f"{self.one_of(['int', 'round', 'math.floor', 'math.trunc'])}({self.expr(self.one_of('ffib'), d)})"
        if pick == 34:
            return f"divmod({a}, {self.divisor(d)})[{self.one_of(['0', '1'])}]"
        if pick < 38:
            names = [n for n, k in self.vars.items() if k in "lt"]
            if names:
                name = self.one_of(names)
                self.impure = True
                return f"{name}[{self.index(name)}]"
        if pick < 40:
            return f"({a} if {self.expr('b', d)} else {self.expr('i', d)})"
        if pick == 40:
            return f"({a} {self.one_of(['and', 'or'])} {self.expr('i', d)})"
        if pick in (41, 42, 43, 44, 45):
            self.impure = True
        if pick == 41:
            return f"{self.expr('d', 0)}{self.one_of(['.get(1, 0)', f'.get({self.expr(chr(105), 0)}, 0)', '.get(0, 2)', f'[{self.expr(chr(105), 0)}]'])}"
        if pick == 42:
            names = [n for n, k in self.vars.items() if k == "p"]
            if names:
                name = self.one_of(names)
                self.program.doubling = True
                return self.one_of([f"{name}.x", f"{name}.y", f"{name}.q", f"{name}.m({a})", f"{name}.z"])
        if pick == 43:
            return f"sum({self.expr('l', 0)})" if self.chance(0.6) else f"({a}).bit_length()"
        return self.call_expr("i", d) or a

    def call_expr(self, kind, d):
        """A call of an earlier function, of a nested one, or of this one again; None if there is none to call."""
        p = self.program
        if self.recursive and not self.loops and not self.in_nested and self.chance(0.7):
            self.recursive -= 1
            if self.recursive == 0:
                self.recursive = -1
            args = ", ".join(self.expr(k, d) for k in self.me.kinds)
            return f"({self.me.name}({args}, z=z - 1) if z > 0 else {self.literal('n')})" if self.recursive else None
        if self.locals_called and self.chance(0.5):
            return f"{self.one_of(sorted(self.locals_called))}({self.expr('n', d)})"
        fitting = [
            f
            for f in p.functions
            if not f.generator
            and f.cost * self.mult + self.cost < 2 * BUDGET
            and not (f.grows and (self.repeated() or self.in_nested))
            and not (self.in_nested and f.cost > 50)
        ]
        if not fitting:
            return None
        callee = self.one_of(fitting)
        self.cost += callee.cost * self.mult
        if self.repeated() or self.in_nested:
            p.doubling = True
        count = callee.required if self.chance(0.2) else len(callee.kinds)
        args = [self.expr(k, d if k in "ifnb" else 0) if k != "p" else self.instance() for k in callee.kinds[:count]]
        if args and self.chance(0.15):
            args[-1] = f"{callee.params[count - 1]}={args[-1]}"
        elif args and self.chance(0.05):
            args = [f"*({', '.join(args)},)"]
        return f"{callee.name}({', '.join(args)})"

    def instance(self):
        names = [n for n, k in self.vars.items() if k == "p"]
        return self.one_of(names) if names else f"P({self.expr('n', 0)}, {self.expr('n', 0)})"

    def expr_p(self, d):
        return self.instance()

    def expr_f(self, d):
        pick = self.below(26)
        a = self.expr("f", d)
        if pick < 5:
            return self.variable("f")
        if pick < 8:
            return self.literal("f")
        if pick < 14:
            op = self.one_of(["+", "-", "+", "/", "//", "%"])
            if op == "+":
                self.plus()
            if op in "//%":
                return f"({a} {op} {self.divisor(d, 'f')})"
            return f"({a} {op} {self.expr(self.one_of('ffi'), d)})"
        if pick < 17:
            return f"({self.grow(a, self.expr('f', d), 'f')})"
        if pick == 17:
            return f"({self.expr('i', d)} / {self.divisor(d)})"
        if pick == 18:
            return f"(-{a})"
        if pick == 19:
            return f"({a} ** {self.one_of(['0.5', '2.0', '0.0', '1.5', '2', '-1.0'])})"
        if pick == 20:
            return f"float({self.expr(self.one_of('ifb'), d)})"
        if pick == 21:
            return self.one_of([f"math.sqrt(abs({a}))", f"math.sqrt({a})", f"math.fabs({a})", f"math.floor({a})", f"math.copysign({a}, {self.expr('f', 0)})"])
        if pick == 22:
            return f"{self.one_of(['abs', 'round'])}({a})" if self.chance(0.7) else f"round({a}, 2)"
        if pick == 23:
            return f"{self.one_of(['min', 'max'])}({a}, {self.expr('n', d)})"
        if pick == 24:
            return f"({a} if {self.expr('b', d)} else {self.expr('f', d)})"
        return f"({a} {self.one_of(['and', 'or'])} {self.expr('f', d)})"

    def expr_b(self, d):
        pick = self.below(20)
        kind = self.one_of("iifn")
        a = self.expr(kind, d)
        if pick < 2:
            return self.variable("b")
        if pick < 10:
            return f"{self.expr(kind, 0) if d else self.variable(kind)} {self.one_of(COMPARE)} {a}" if pick < 8 else f"({a} {self.one_of(COMPARE)} {self.literal(kind)})"
        if pick == 10:
            return f"({self.expr(kind, 0)} {self.one_of(COMPARE)} {a} {self.one_of(COMPARE)} {self.expr(kind, 0)})"
        if pick == 11:
            return f"(not {self.expr(self.one_of('bnl'), d)})"
        if pick < 14:
            return f"({self.expr('b', d)} {self.one_of(['and', 'or'])} {self.expr('b', d)})"
        if pick == 14:
            return f"bool({self.expr(self.one_of('nnlsd'), d)})"
        if pick == 15:
            return f"({self.expr('n', 0)} {self.one_of(['in', 'not in'])} {self.expr(self.one_of('lltd'), 0)})"
        if pick == 16:
            return f"({self.variable(self.one_of('nnl'))} {self.one_of(['is', 'is not'])} {self.one_of(['None', 'None', self.variable('n')])})"
        if pick == 17:
            return f"isinstance({self.variable('n')}, {self.one_of(['int', 'float', '(int, float)', 'bool'])})"
        if pick == 18:
            return f"(type({self.variable('n')}) is {self.one_of(['int', 'float', 'bool'])})"
        return f"({self.variable('b')} {self.one_of(['&', '|', '^', '==', '+', '-'])} {self.expr('b', 0)})"

    def expr_l(self, d):
        pick = self.below(10)
        if pick < 4:
            return self.variable("l")
        if pick < 6:
            return f"[{', '.join(self.expr('n', d if i == 0 else 0) for i in range(self.one_of((2, 3, 1, 0))))}]"
        if pick == 6:
            return f"{self.variable('l')}[{self.one_of(['', '1', '-2', self.expr('i', 0)])}:{self.one_of(['', '2', '-1', '::2', ':-1'])}]".replace(":::", "::")
        if pick == 7:
            saved = dict(self.vars), self.in_nested, self.loops
            source = self.variable("l")
            self.vars, self.in_nested, self.loops = {**self.vars, "q": "n"}, True, 1
            text = f"[{self.expr('n', min(d, 1))} for q in {source}{self.one_of(['', f' if {self.expr(chr(98), 0)}'])}]"
            self.vars, self.in_nested, self.loops = saved
            return text
        if pick == 8:
            return self.one_of([f"list({self.variable('t')})", f"sorted({self.variable('l')})", f"[{self.expr('n', 0)}] * ({self.bits(1)} & 3)", f"list(range({self.bits(1)} & 7))"])
        return f"[{self.expr('n', 0)}, *{self.variable('t')}]"

    def expr_t(self, d):
        if self.chance(0.5):
            return self.variable("t")
        return self.one_of([f"({self.expr('n', d)}, {self.expr('n', 0)})", f"({self.expr('n', d)},)", "()", f"tuple({self.variable('l')})"])

    def expr_s(self, d):
        if self.chance(0.4):
            return self.variable("s")
        return self.one_of([self.literal("s"), f"str({self.expr('n', 0)})", f"f'{{{self.variable('n')}}}-{{{self.variable('b')}}}'", f"{self.variable('s')}[{self.index()}:]", f"({self.variable('s')} + 'z')[0]"])

    def expr_d(self, d):
        return self.variable("d")
